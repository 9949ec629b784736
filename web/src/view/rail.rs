//! The left rail: pattern, algorithm, parameters, workload, network, seed.

use netsplit_lab::scenario::catalogue::{AlgorithmDecl, Control, ParamDecl, ParamKind};
use netsplit_lab::scenario::{Catalogue, Scenario};
use serde_json::Value;
use yew::prelude::*;

use super::controls::{Param, chosen, typed};
use super::icons::icon;
use crate::app::{Msg, Shared};
use crate::model::setup::{self, Part};

/// Pattern id, icon and short name.
const TABS: [(&str, &str, &str); 5] = [
    ("load_balancing", "i-balance", "Balance"),
    ("sharding", "i-shard", "Shard"),
    ("replication", "i-replicate", "Replicate"),
    ("leader_election", "i-elect", "Elect"),
    ("eventual_consistency", "i-converge", "Converge"),
];

/// What is shown first of network and workload; the rest is behind "More".
const NETWORK: [&str; 2] = ["latency", "loss"];
const WORKLOAD: [&str; 6] = ["clients", "mode", "rate", "think", "read_share", "skew"];

/// What the rail shows.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    /// What there is to choose from.
    pub catalogue: Shared<Catalogue>,
    /// What is chosen.
    pub scenario: Shared<Scenario>,
    /// Hears changes.
    pub on: Callback<Msg>,
}

/// The rail.
#[component]
pub fn Rail(props: &Props) -> Html {
    let Props { catalogue, scenario, on } = props;
    let system = &scenario.system;
    let algorithm = setup::algorithm(catalogue, scenario);
    let pattern = catalogue.pattern(&system.pattern);
    let choose = {
        let pattern = system.pattern.clone();
        on.reform(move |event: Event| Msg::Choose(pattern.clone(), chosen(&event)))
    };
    html! {
        <>
            <div class="tabs5" role="tablist" aria-label="Pattern">
                { for catalogue.patterns.iter().map(|known| {
                    let selected = known.id == system.pattern;
                    let (_, id, short) =
                        TABS.iter().find(|(id, ..)| *id == known.id).copied().unwrap_or(("", "i-shard", ""));
                    let first = known.algorithms.first().map(|a| a.id.clone());
                    let target = known.id.clone();
                    let onclick = on.reform(move |_| match &first {
                        Some(first) => Msg::Choose(target.clone(), first.clone()),
                        None => Msg::Say("This pattern has no algorithm yet.".to_owned()),
                    });
                    let name = if short.is_empty() { known.label.as_str() } else { short };
                    html! {
                        <button
                            role="tab"
                            aria-selected={selected.to_string()}
                            tabindex={if selected { "0" } else { "-1" }}
                            title={known.label.clone()}
                            data-pattern={known.id.clone()}
                            {onclick}
                        >{ icon(id, "i20") }{ name }</button>
                    }
                }) }
            </div>
            <div class="scroll">
                <div class="sec">
                    <span class="pick">
                        <select class="select" aria-label="Algorithm" onchange={choose}>
                            { for pattern.iter().flat_map(|p| &p.algorithms).map(|known| html! {
                                <option value={known.id.clone()} selected={known.id == system.algorithm}>
                                    { &known.label }
                                </option>
                            }) }
                        </select>
                        { icon("i-down", "") }
                    </span>
                    <p class="hint">{ algorithm.map(|a| a.summary.clone()).unwrap_or_default() }</p>
                </div>
                if let Some(algorithm) = algorithm { { cluster(props, algorithm) } }
                { part(props, Part::Workload, "Workload", &catalogue.workload, &WORKLOAD) }
                { part(props, Part::Network, "Network", &catalogue.network, &NETWORK) }
            </div>
            <div class="railend">
                <label for="seed">{ "Seed" }</label>
                <input
                    id="seed"
                    class="box mono"
                    type="text"
                    value={scenario.seed.to_string()}
                    spellcheck="false"
                    autocomplete="off"
                    onchange={on.reform(|event: Event| Msg::Seed(typed(&event)))}
                />
                <button class="btn line sq" aria-label="Draw a new seed" onclick={on.reform(|_| Msg::Dice)}>
                    { icon("i-dice", "") }
                </button>
            </div>
        </>
    }
}

fn cluster(props: &Props, algorithm: &AlgorithmDecl) -> Html {
    let on = &props.on;
    let (min, max) = (i64::from(algorithm.nodes.min), i64::from(algorithm.nodes.max));
    let count = ParamDecl {
        id: "nodes".to_owned(),
        label: "Nodes".to_owned(),
        help: "How many nodes the system has.".to_owned(),
        unit: String::new(),
        kind: ParamKind::Int { min, max },
        default: Value::from(algorithm.nodes.default),
        control: Control::Slider { log: max > 64 },
    };
    let nodes = Value::from(algorithm.node_count(&props.scenario));
    let set_nodes =
        on.reform(|value: Value| Msg::Nodes(value.as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or(1)));
    html! {
        <section class="sec" aria-label="Cluster">
            <h2>{ "Cluster" }<button class="btn sm" onclick={on.reform(|_| Msg::Defaults)}>{ "Reset" }</button></h2>
            if max > min { <Param decl={count} value={nodes} on={set_nodes} /> }
            { for algorithm.params.iter().map(|decl| control(props, Part::System, decl)) }
        </section>
    }
}

fn control(props: &Props, part: Part, decl: &ParamDecl) -> Html {
    let id = decl.id.clone();
    let on = props.on.reform(move |value| Msg::Set(part, id.clone(), value));
    html! { <Param key={decl.id.clone()} decl={decl.clone()} value={setup::get(&props.scenario, part, decl)} {on} /> }
}

/// A section: what matters most, and the rest on demand. What means nothing in this mode is left out.
fn part(props: &Props, part: Part, name: &'static str, table: &[ParamDecl], first: &[&str]) -> Html {
    use netsplit_scenario::document::Mode;
    let open = props.scenario.workload.mode == Mode::Open;
    let means = |decl: &&ParamDecl| {
        part != Part::Workload || !matches!((decl.id.as_str(), open), ("rate", false) | ("think", true))
    };
    let (shown, rest): (Vec<&ParamDecl>, Vec<&ParamDecl>) =
        table.iter().filter(means).partition(|decl| first.contains(&decl.id.as_str()));
    html! {
        <>
            <section class="sec" aria-label={name}>
                <h2>{ name }</h2>
                { for shown.into_iter().map(|decl| control(props, part, decl)) }
            </section>
            <details class="sec">
                <summary>{ format!("More {}", name.to_ascii_lowercase()) }{ icon("i-down", "i16") }</summary>
                { for rest.into_iter().map(|decl| control(props, part, decl)) }
            </details>
        </>
    }
}
