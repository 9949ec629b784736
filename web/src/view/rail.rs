//! The left rail: pattern, algorithm, parameters, workload, network, seed.

use netsplit_lab::advice::{Advice, advice};
use netsplit_lab::scenario::catalogue::{
    AlgorithmDecl, Catalogue, Control, ParamDecl, ParamKind, PatternDecl, PresetValueDecl,
};
use netsplit_scenario::document::Mode;
use serde_json::Value;
use yew::prelude::*;

use super::controls::{Param, option, param, pick, typed};
use super::dom::{El, el, fragment};
use super::icons::icon;
use super::island::{Change, Props};
use crate::app::Msg;
use crate::model::setup::{self, Part};

/// Pattern id, icon and short name.
const TABS: [(&str, &str, &str); 6] = [
    ("load_balancing", "i-balance", "Balance"),
    ("sharding", "i-shard", "Shard"),
    ("replication", "i-replicate", "Replicate"),
    ("leader_election", "i-elect", "Elect"),
    ("eventual_consistency", "i-converge", "Converge"),
    ("time", "i-skew", "Time"),
];

/// A pattern's icon.
pub fn pattern_icon(pattern: &str) -> &'static str {
    TABS.iter().find(|(id, ..)| *id == pattern).map_or("i-shard", |(_, icon, _)| *icon)
}

/// What is shown first of network and workload; the rest is behind "More".
const NETWORK: [&str; 2] = ["latency", "loss"];
const WORKLOAD: [&str; 6] = ["clients", "mode", "rate", "think", "read_share", "skew"];

/// What a control of the rail needs.
struct Rail<'a> {
    props: &'a Props,
    draft: &'a Option<(String, Value)>,
    change: &'a Callback<Change>,
    advice: Vec<Advice>,
}

/// The choice of pattern: all that a first visit has of the rail.
pub fn tabs(catalogue: &Catalogue, pattern: &str, on: &Callback<Msg>) -> El {
    let tab = |known: &PatternDecl| {
        let selected = known.id == pattern;
        let short = TABS.iter().find(|(id, ..)| *id == known.id).map_or("", |(.., short)| *short);
        let msg = match known.algorithms.first() {
            Some(first) => Msg::Choose(known.id.clone(), first.id.clone()),
            None => Msg::Say("This pattern has no algorithm yet.".to_owned()),
        };
        el("button")
            .set("role", "tab")
            .set("aria-selected", selected)
            .set("tabindex", if selected { "0" } else { "-1" })
            .set("title", &known.label)
            .set("data-pattern", &known.id)
            .sends(on, msg)
            .with(icon(pattern_icon(&known.id), "i20"))
            .with(if short.is_empty() { known.label.clone() } else { short.to_owned() })
    };
    let tabs = el("div").class("tabs5").set("role", "tablist").set("aria-label", "Pattern");
    tabs.each(catalogue.patterns.iter().map(tab))
}

/// The rail.
pub fn rail(props: &Props, clients: bool, draft: &Option<(String, Value)>, change: &Callback<Change>) -> El {
    let Props { catalogue, scenario, on, .. } = props;
    let rail = Rail { props, draft, change, advice: advice(scenario) };
    let system = &scenario.system;
    let algorithm = setup::algorithm(catalogue, scenario);
    let pattern = catalogue.pattern(&system.pattern);
    let choose = {
        let (on, pattern) = (on.clone(), system.pattern.clone());
        Callback::from(move |event: Event| on.emit(Msg::Choose(pattern.clone(), typed(&event))))
    };
    let entry =
        |known: &AlgorithmDecl| option(known.id.clone(), known.label.clone(), known.id == system.algorithm);
    let list = el("select")
        .class("select")
        .set("aria-label", "Algorithm")
        .on_change(choose)
        .each(pattern.iter().flat_map(|p| &p.algorithms).map(entry));
    let head = el("div")
        .class("sec")
        .with(el("span").class("pick").with(list).with(icon("i-down", "")))
        .with(el("p").class("hint").with(algorithm.map(|a| a.summary.clone()).unwrap_or_default()));
    // Where nobody asks, there is nothing to be set about it.
    let workload = clients
        .then(|| rail.part(Part::Workload, "Workload", "More workload", &catalogue.workload, &WORKLOAD));
    let scroll = el("div")
        .class("scroll")
        .with(head)
        .with(algorithm.map(|algorithm| rail.cluster(algorithm)))
        .with(workload)
        .with(rail.part(Part::Network, "Network", "More network", &catalogue.network, &NETWORK));
    let seed = el("input")
        .set("id", "seed")
        .class("box mono")
        .set("type", "text")
        .value(scenario.seed.to_string())
        .set("spellcheck", "false")
        .set("autocomplete", "off")
        .tells(on, Msg::Seed);
    let dice = el("button")
        .class("btn line sq")
        .set("aria-label", "Draw a new seed")
        .sends(on, Msg::Dice)
        .with(icon("i-dice", ""));
    fragment().with(tabs(catalogue, &system.pattern, on)).with(scroll).with(
        el("div")
            .class("railend")
            .with(el("label").set("for", "seed").with("Seed"))
            .with(seed)
            .with(dice)
            .with(super::sheet::sweep::entry(on)),
    )
}

impl Rail<'_> {
    fn cluster(&self, algorithm: &AlgorithmDecl) -> El {
        let on = &self.props.on;
        let (min, max) = (i64::from(algorithm.nodes.min), i64::from(algorithm.nodes.max));
        let count = ParamDecl {
            id: "nodes".to_owned(),
            label: "Nodes".to_owned(),
            help: "How many nodes the system has.".to_owned(),
            unit: String::new(),
            group: String::new(),
            kind: ParamKind::Int { min, max },
            default: Value::from(algorithm.nodes.default),
            control: Control::Slider { log: max > 64 },
        };
        // Another algorithm's field starts anew: what was wrong in the last one says nothing about it.
        let nodes = || {
            let on = on.clone();
            let set = Callback::from(move |value: Value| {
                on.emit(Msg::Nodes(value.as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or(1)));
            });
            self.param(
                &count,
                format!("nodes-{}", algorithm.id),
                Value::from(algorithm.node_count(&self.props.scenario)),
                set,
            )
        };
        let reset = el("button").class("btn sm").sends(on, Msg::Defaults).with("Reset");
        let (mut always, mut groups) = (fragment(), Vec::<(&str, Vec<&ParamDecl>)>::new());
        for decl in &algorithm.params {
            let name = decl.group.as_str();
            if name.is_empty() {
                always = always.with(self.control(Part::System, decl));
                continue;
            }
            match groups.iter_mut().find(|group| group.0 == name) {
                Some(group) => group.1.push(decl),
                None => groups.push((name, vec![decl])),
            }
        }
        let section = el("section")
            .class("sec")
            .set("aria-label", "Cluster")
            .with(el("h2").with("Cluster").with(reset))
            .with((!algorithm.presets.is_empty()).then(|| self.presets(algorithm)))
            .with((max > min).then(nodes))
            .with(always);
        let group = |(name, decls): &(&str, Vec<&ParamDecl>)| self.fold(Part::System, name, decls);
        fragment().with(section).each(groups.iter().map(group))
    }

    /// Whose defaults the parameters are, and where those come from.
    fn presets(&self, algorithm: &AlgorithmDecl) -> El {
        let now = setup::adopted(&self.props.scenario, algorithm);
        let entry = |id: &str, label: &str| option(id.to_owned(), label.to_owned(), id == now);
        let list = el("select")
            .class("select sm")
            .set("id", "preset")
            .tells(&self.props.on, Msg::Preset)
            .with(entry("", "netsplit"))
            .each(algorithm.presets.iter().map(|preset| entry(&preset.id, &preset.label)))
            .with((now == setup::CUSTOM).then(|| entry(setup::CUSTOM, "custom")));
        let row = el("div")
            .class("param")
            .with(el("label").set("for", "preset").with("Defaults of"))
            .with(pick("pick wide", list));
        let value = |said: &PresetValueDecl| {
            let decl = algorithm.params.iter().find(|decl| decl.id == said.param);
            let name = decl.map_or(&said.param, |decl| &decl.label);
            let value = decl.map_or_else(String::new, |decl| setup::words(decl, &said.value));
            el("li")
                .with(el("span").with(name))
                .with(el("b").with(value))
                .with(el("small").with(source(&said.source)))
        };
        let about = algorithm.presets.iter().find(|preset| preset.id == now).map(|preset| {
            let summary = el("summary").with("Where these values come from").with(icon("i-down", "i16"));
            let list = el("ul").each(preset.values.iter().map(value));
            fragment()
                .with(el("p").class("hint").with(&preset.summary))
                .with(el("details").class("sources").with(summary).with(list))
        });
        fragment().with(row).with(about)
    }

    /// What is shown on demand. How many of its values are not the default stands beside its name, so that nobody
    /// overlooks one. Whether it is open is the browser's affair: its key keeps the element, and no attribute here
    /// says anything about it.
    fn fold(&self, part: Part, name: &str, decls: &[&ParamDecl]) -> El {
        let mut set = 0;
        let mut inside = fragment();
        for decl in decls {
            set += usize::from(!decl.same(&setup::get(&self.props.scenario, part, decl), &decl.default));
            inside = inside.with(self.control(part, decl));
        }
        let count = (set > 0).then(|| el("span").class("tag").with(format!("{set} set")));
        let summary = el("summary").with(name.to_owned()).with(count).with(icon("i-down", "i16"));
        el("details").class("sec").key(name.to_owned()).with(summary).with(inside)
    }

    fn param(&self, decl: &ParamDecl, name: String, value: Value, on: Callback<Value>) -> El {
        param(Param { decl, value, name, on, draft: self.draft, drags: self.change })
    }

    fn control(&self, part: Part, decl: &ParamDecl) -> El {
        let (on, id) = (self.props.on.clone(), decl.id.clone());
        let set = Callback::from(move |value| on.emit(Msg::Set(part, id.clone(), value)));
        let value = setup::get(&self.props.scenario, part, decl);
        let control = self.param(decl, format!("{}.{}", part as u8, decl.id), value, set);
        let said = self.advice.iter().find(|advice| part != Part::Network && advice.param == decl.id);
        let said = said.map(|advice| {
            let line = el("p").class("advice").set("role", "status");
            line.with(icon("i-warn", "i16")).with(&advice.sentence)
        });
        fragment().with(control).with(said)
    }

    /// A section: what matters most, and the rest on demand. What means nothing in this mode is left out.
    fn part(
        &self,
        part: Part,
        name: &'static str,
        more: &'static str,
        table: &[ParamDecl],
        first: &[&str],
    ) -> El {
        let closed = self.props.scenario.workload.mode == Mode::Closed;
        let (mut shown, mut rest) = (fragment(), Vec::new());
        for decl in table {
            let id = decl.id.as_str();
            if part == Part::Workload
                && matches!((id, closed), ("rate" | "client_skew", true) | ("think", false))
            {
                continue;
            }
            if first.contains(&id) {
                shown = shown.with(self.control(part, decl));
            } else {
                rest.push(decl);
            }
        }
        let section =
            el("section").class("sec").set("aria-label", name).with(el("h2").with(name)).with(shown);
        fragment().with(section).with(self.fold(part, more, &rest))
    }
}

/// Where a value comes from: words, and an address that becomes a link under the words before it.
fn source(text: &str) -> El {
    let Some((before, rest)) = text.split_once("https://") else {
        return el("span").with(text.to_owned());
    };
    let (address, after) = rest.split_once(' ').unwrap_or((rest, ""));
    let (address, words) = (bare(address), bare(before));
    let host = address.split_once('/').map_or(address, |(host, _)| host);
    let link = el("a")
        .class("link")
        .set("href", format!("https://{address}"))
        .set("target", "_blank")
        .set("rel", "noopener")
        .with(if words.is_empty() { host } else { words }.to_owned());
    fragment().with(link).with((!after.is_empty()).then(|| fragment().with(" ").with(source(after))))
}

/// Without the punctuation at its end.
fn bare(text: &str) -> &str {
    text.trim_end_matches([' ', ',', '.', ':', ';', '(', ')'])
}
