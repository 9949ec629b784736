//! A control for a declared parameter.

use netsplit_lab::scenario::ParamKind;
use netsplit_lab::scenario::catalogue::{Control, ParamDecl};
use netsplit_scenario::Distribution;
use netsplit_scenario::json::number;
use serde_json::Value;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use super::icons::icon;
use crate::model::setup;

/// What a control is for.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    /// The declaration.
    pub decl: ParamDecl,
    /// What it stands at.
    pub value: Value,
    /// Hears a new value.
    pub on: Callback<Value>,
}

/// A control for a declared parameter, with its name.
#[component]
pub fn Param(props: &Props) -> Html {
    let Props { decl, value, on } = props;
    match (&decl.kind, &decl.control) {
        (ParamKind::Bool, _) => {
            let checked = value.as_bool().unwrap_or(false);
            html! {
                <div class="param" title={decl.help.clone()}>
                    <span class="lab">{ &decl.label }</span>
                    <button
                        class="switch"
                        role="switch"
                        aria-label={decl.label.clone()}
                        aria-checked={checked.to_string()}
                        onclick={on.reform(move |_| Value::from(!checked))}
                    ></button>
                </div>
            }
        }
        (ParamKind::Choice { options }, control) => choice(props, options, *control),
        (ParamKind::Distribution { .. }, _) => html! { <Law ..props.clone() /> },
        (ParamKind::Text { .. } | ParamKind::Node, _) => field_row(props),
        (_, Control::Slider { .. }) => html! { <Slider ..props.clone() /> },
        _ => field_row(props),
    }
}

fn choice(props: &Props, options: &[(String, String)], control: Control) -> Html {
    let Props { decl, value, on } = props;
    let now = value.as_str().unwrap_or_default().to_owned();
    let letters: usize = options.iter().map(|o| o.1.len()).sum();
    let body = if control == Control::Segmented && letters <= 36 {
        html! {
            <div class="seg wide" role="group" aria-label={decl.label.clone()}>
                { for options.iter().map(|(id, label)| {
                    let chosen = id.clone();
                    html! {
                        <button
                            aria-pressed={(*id == now).to_string()}
                            title={label.clone()}
                            onclick={on.reform(move |_| Value::from(chosen.clone()))}
                        >{ label }</button>
                    }
                }) }
            </div>
        }
    } else {
        let change = on.reform(|event: Event| Value::from(chosen(&event)));
        html! {
            <span class="pick wide">
                <select class="select sm" aria-label={decl.label.clone()} onchange={change}>
                    { for options.iter().map(|(id, label)| html! {
                        <option value={id.clone()} selected={*id == now}>{ label }</option>
                    }) }
                </select>
                { icon("i-down", "i16") }
            </span>
        }
    };
    html! { <div class="param" title={decl.help.clone()}><span class="lab">{ &decl.label }</span>{ body }</div> }
}

/// The value that a list was set to.
pub fn chosen(event: &Event) -> String {
    event.target_dyn_into::<HtmlSelectElement>().map(|select| select.value()).unwrap_or_default()
}

/// The text that was put into a field.
pub fn typed(event: &Event) -> String {
    event.target_dyn_into::<HtmlInputElement>().map(|input| input.value()).unwrap_or_default()
}

fn field_row(props: &Props) -> Html {
    let (text, unit) = setup::shown(&props.decl, &props.value);
    let decl = props.decl.clone();
    let on = props.on.clone();
    let behind = unit.clone();
    let text: AttrValue = if props.value.is_null() { "".into() } else { text.into() };
    let commit = Callback::from(move |event: Event| commit(&decl, &event, &behind, &on));
    html! {
        <div class="prow field-row" title={props.decl.help.clone()}>
            <label>{ &props.decl.label }</label>
            <span class="num">
                <input
                    type="text"
                    inputmode="decimal"
                    value={text}
                    placeholder="none"
                    aria-label={props.decl.label.clone()}
                    onchange={commit}
                /><u>{ unit }</u>
            </span>
        </div>
    }
}

fn commit(decl: &ParamDecl, event: &Event, unit: &str, on: &Callback<Value>) {
    let Some(input) = event.target_dyn_into::<HtmlInputElement>() else { return };
    match setup::typed(decl, &input.value(), unit) {
        Some(value) => {
            let _ = input.remove_attribute("aria-invalid");
            on.emit(value);
        }
        None => drop(input.set_attribute("aria-invalid", "true")),
    }
}

/// A slider with its field: dragging shows the value, letting go takes it.
#[component]
pub fn Slider(props: &Props) -> Html {
    let draft = use_state_eq(|| None::<Value>);
    let start = setup::number(&props.decl, &props.value).unwrap_or(0.0);
    let value = draft.as_ref().unwrap_or(&props.value).clone();
    let now = setup::number(&props.decl, &value).unwrap_or(start);
    // The ends stay where they are while it is dragged.
    let place = setup::place_in(setup::span(&props.decl, start), now);
    let long = props.decl.label.chars().count() > 15;
    let (text, unit) = setup::shown(&props.decl, &value);
    let place_of = |event: &InputEvent| {
        event.target_dyn_into::<HtmlInputElement>().and_then(|input| number(&input.value()))
    };
    let oninput = {
        let (draft, decl) = (draft.clone(), props.decl.clone());
        Callback::from(move |event: InputEvent| {
            if let Some(place) = place_of(&event) {
                draft.set(Some(setup::at_place(&decl, start, place)));
            }
        })
    };
    let onchange = {
        let (draft, decl, on) = (draft.clone(), props.decl.clone(), props.on.clone());
        Callback::from(move |event: Event| {
            let place = number(&typed(&event));
            draft.set(None);
            if let Some(place) = place {
                on.emit(setup::at_place(&decl, start, place));
            }
        })
    };
    let field = {
        let (decl, on, behind) = (props.decl.clone(), props.on.clone(), unit.clone());
        Callback::from(move |event: Event| commit(&decl, &event, &behind, &on))
    };
    let range = use_node_ref();
    {
        let range = range.clone();
        use_effect_with(place.round() as i64, move |place| {
            if let Some(element) = range.cast::<web_sys::Element>() {
                crate::browser::style(&element, "--v", &format!("{:.1}%", *place as f64 / 10.0));
            }
        });
    }
    html! {
        <div class={classes!("prow", long.then_some("long"))} title={props.decl.help.clone()}>
            <label>{ &props.decl.label }</label>
            <input
                ref={range}
                type="range"
                min="0"
                max={setup::STEPS.to_string()}
                step="1"
                value={format!("{place:.0}")}
                aria-label={props.decl.label.clone()}
                aria-valuetext={format!("{text} {unit}")}
                {oninput}
                {onchange}
            />
            <span class="num">
                <input
                    type="text"
                    inputmode="decimal"
                    value={text}
                    aria-label={format!("{}, value", props.decl.label)}
                    onchange={field}
                /><u>{ unit }</u>
            </span>
        </div>
    }
}

/// A distribution: its kind and its fields.
#[component]
pub fn Law(props: &Props) -> Html {
    let law: Distribution = netsplit_scenario::from_value(&props.value).unwrap_or_default();
    let (kind, fields) = setup::law_fields(&law);
    let change = {
        let (on, law) = (props.on.clone(), law.clone());
        Callback::from(move |event: Event| {
            if let Some(next) = setup::recast(&law, &chosen(&event)) {
                on.emit(netsplit_scenario::to_value(&next));
            }
        })
    };
    let known = setup::LAWS.iter().find(|(id, ..)| *id == kind);
    let names: &[&str] = known.map_or(&[], |(_, _, names)| *names);
    let label = &props.decl.label;
    html! {
        <div class="param" title={props.decl.help.clone()}>
            <span class="lab">{ label }</span>
            <div class="law wide">
                <span class="pick">
                    <select class="select sm" aria-label={format!("{label}, distribution")} onchange={change}>
                        { for setup::LAWS.iter().map(|(id, name, _)| html! {
                            <option value={*id} selected={*id == kind}>{ *name }</option>
                        }) }
                        if known.is_none() {
                            <option value={kind} selected=true>{ kind }</option>
                        }
                    </select>
                    { icon("i-down", "i16") }
                </span>
                { for names.iter().zip(fields.clone()).enumerate().map(|(at, (name, text))| {
                    let (on, fields) = (props.on.clone(), fields.clone());
                    let onchange = Callback::from(move |event: Event| {
                        let mut next = fields.clone();
                        next[at] = typed(&event);
                        let made = setup::law(kind, &next);
                        if let Some(input) = event.target_dyn_into::<HtmlInputElement>() {
                            let _ = match made {
                                Some(_) => input.remove_attribute("aria-invalid"),
                                None => input.set_attribute("aria-invalid", "true"),
                            };
                        }
                        if let Some(law) = made {
                            on.emit(netsplit_scenario::to_value(&law));
                        }
                    });
                    html! {
                        <label>
                            <span class="muted">{ *name }</span>
                            <input class="box sm" type="text" value={text} {onchange} aria-label={format!("{label}, {name}")} />
                        </label>
                    }
                }) }
            </div>
        </div>
    }
}
