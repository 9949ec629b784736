//! Every kind of fault in a list, with its target, its amounts and how long it lasts.

use netsplit_lab::scenario::catalogue::{Catalogue, FaultDecl, TargetKind};
use netsplit_lab::scenario::{Duration, Fault, LinkName, Params, Target};
use serde_json::Value;
use yew::prelude::*;

use super::controls::{Param, chosen, typed};
use super::icons::icon;
use crate::app::{Msg, Shared};

/// What the list offers.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    /// The kinds.
    pub catalogue: Shared<Catalogue>,
    /// Names of nodes.
    pub nodes: Vec<String>,
    /// Messages in flight: (name, words).
    pub messages: Vec<(String, String)>,
    /// Hears what to break.
    pub on: Callback<Msg>,
}

/// The list of all faults.
#[component]
pub fn FaultList(props: &Props) -> Html {
    let kind = use_state(|| props.catalogue.faults.first().map(|f| f.kind.clone()).unwrap_or_default());
    let params = use_state(Params::new);
    let picked = use_state(Vec::<String>::new);
    let lasts = use_state(String::new);
    // The messages that were in flight when the dialog opened.
    let messages = use_state(|| props.messages.clone());
    let message = use_state(|| props.messages.first().map(|m| m.0.clone()).unwrap_or_default());
    let Some(decl) = props.catalogue.fault(&kind).cloned() else { return html! {} };
    let choose = {
        let (kind, params, picked) = (kind.clone(), params.clone(), picked.clone());
        Callback::from(move |next: String| {
            kind.set(next);
            params.set(Params::new());
            picked.set(Vec::new());
        })
    };
    let toggle = {
        let picked = picked.clone();
        Callback::from(move |name: String| {
            let mut next = (*picked).clone();
            match next.iter().position(|known| *known == name) {
                Some(at) => drop(next.remove(at)),
                None => next.push(name),
            }
            picked.set(next);
        })
    };
    let target = target(&decl, &picked, &message);
    let ready = target.is_some();
    let span = lasts.trim().parse::<Duration>().ok();
    let odd = !lasts.trim().is_empty() && span.is_none();
    let inject = {
        let fault = target.map(|target| Fault {
            at: Duration::ZERO,
            lasts: span.filter(|_| decl.has_duration),
            kind: decl.kind.clone(),
            target,
            params: (*params).clone(),
        });
        let on = props.on.clone();
        Callback::from(move |_: MouseEvent| {
            if let Some(fault) = fault.clone() {
                on.emit(Msg::Inject(fault));
            }
        })
    };
    let aim = {
        let kind = decl.kind.clone();
        props.on.reform(move |_: MouseEvent| Msg::Arm(Some(kind.clone())))
    };
    html! {
        <>
            <div class="body faultlist">
                <ul aria-label="Kinds of fault">
                    { for props.catalogue.faults.iter().map(|fault| {
                        let (choose, id) = (choose.clone(), fault.kind.clone());
                        html! {
                            <li><button
                                data-kind={fault.kind.clone()}
                                aria-pressed={(fault.kind == decl.kind).to_string()}
                                onclick={Callback::from(move |_| choose.emit(id.clone()))}
                            >{ &fault.label }</button></li>
                        }
                    }) }
                </ul>
                <div class="form">
                    <h3>{ &decl.label }</h3>
                    <p class="muted">{ &decl.help }</p>
                    { target_form(&decl, props, &picked, &toggle, &messages, &message) }
                    { for decl.params.iter().map(|param| {
                        let value = params.get(&param.id).cloned().unwrap_or_else(|| param.default.clone());
                        let (params, id) = (params.clone(), param.id.clone());
                        let on = Callback::from(move |value: Value| {
                            let mut next = (*params).clone();
                            next.insert(id.clone(), value);
                            params.set(next);
                        });
                        html! { <Param key={format!("{}-{}", decl.kind, param.id)} decl={param.clone()} {value} {on} /> }
                    }) }
                    if decl.has_duration {
                        <label class="line">
                            { "Lasts" }
                            <input
                                class="box"
                                type="text"
                                placeholder="until healed, or 2s, 500ms …"
                                value={(*lasts).clone()}
                                aria-invalid={odd.to_string()}
                                onchange={{ let lasts = lasts.clone(); Callback::from(move |event: Event| lasts.set(typed(&event))) }}
                            />
                        </label>
                    }
                </div>
            </div>
            <footer>
                <span class="grow">{ "It happens at this moment of the run, and is part of the link." }</span>
                if !matches!(decl.target, TargetKind::None) {
                    <button class="btn" onclick={aim}>{ icon("i-select", "") }{ "Aim on the stage" }</button>
                }
                <button class="btn solid" disabled={!ready || odd} onclick={inject}>{ "Apply now" }</button>
            </footer>
        </>
    }
}

/// The target that is picked, where it suffices.
fn target(decl: &FaultDecl, picked: &[String], message: &str) -> Option<Target> {
    match (decl.target, picked) {
        (TargetKind::None | TargetKind::Any, []) => Some(Target::None),
        (TargetKind::None, _) => Some(Target::None),
        (TargetKind::Message, _) => message.parse().ok().map(Target::Message),
        (TargetKind::Groups, [_, ..]) => Some(Target::Groups(vec![picked.to_vec()])),
        (TargetKind::Link, [from, to]) => {
            let both = decl.kind != "one_way";
            Some(Target::Link(LinkName { from: from.clone(), to: to.clone(), both }))
        }
        (_, [one]) => Some(Target::Node(one.clone())),
        (_, [_, _, ..]) => Some(Target::Nodes(picked.to_vec())),
        _ => None,
    }
}

fn target_form(
    decl: &FaultDecl,
    props: &Props,
    picked: &[String],
    toggle: &Callback<String>,
    messages: &[(String, String)],
    message: &UseStateHandle<String>,
) -> Html {
    let label = match decl.target {
        TargetKind::None => return html! {},
        TargetKind::Message if messages.is_empty() => {
            return html! { <p class="err">{ "No message is on the way at this moment." }</p> };
        }
        TargetKind::Message => {
            let message = message.clone();
            let now = (*message).clone();
            let onchange = Callback::from(move |event: Event| message.set(chosen(&event)));
            return html! {
                <label class="line">
                    { "Message" }
                    <span class="pick">
                        <select class="select sm" {onchange}>
                            { for messages.iter().map(|(id, words)| html! {
                                <option value={id.clone()} selected={*id == now}>{ words }</option>
                            }) }
                        </select>
                        { icon("i-down", "i16") }
                    </span>
                </label>
            };
        }
        TargetKind::Groups => "One side",
        TargetKind::Link => "Two nodes, or one for all its links",
        TargetKind::Node | TargetKind::Any => "Nodes",
    };
    html! {
        <div>
            <p class="muted">{ label }</p>
            <div class="picks" role="group" aria-label={label}>
                { for props.nodes.iter().take(400).map(|name| {
                    let (toggle, id) = (toggle.clone(), name.clone());
                    html! {
                        <button
                            class="chip"
                            aria-pressed={picked.contains(name).to_string()}
                            onclick={Callback::from(move |_| toggle.emit(id.clone()))}
                        >{ name }</button>
                    }
                }) }
            </div>
        </div>
    }
}
