//! The time line of a run: faults, actions and operations of the document, resolved by name.
//!
//! Entries reach the engine only when the run is about to pass their instant, in the order of (instant, kind,
//! place in the document). A fault injected live at the cursor + 1 ns therefore gets the same place among its
//! neighbours as the same fault in a document, and a recorded run replays exactly.

use netsplit_protocols::parts::words;
use netsplit_protocols::registry::Algorithm;
use netsplit_scenario::{Action, Fault, LinkName, Operation, Scenario, Target};
use netsplit_sim::declare::Settings;
use netsplit_sim::draw::{self, Purpose};
use netsplit_sim::fault::{self, FAULTS, FaultKind, MessageName, Selector};
use netsplit_sim::node::NodeId;
use netsplit_sim::small;
use netsplit_sim::{Simulation, node};
use serde_json::Value;

use crate::declared;

const CHAOS: Purpose = Purpose::named("lab.chaos");

/// Where an entry comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Origin {
    /// The fault at this index of the document.
    Fault(usize),
    /// One of those that the document's chaos entries made.
    Chaos(usize),
    /// The action at this index.
    Action(usize),
    /// The operation at this index.
    Operation(usize),
}

/// What happens.
#[derive(Clone, Debug)]
pub(crate) enum What {
    Fault(fault::Fault),
    Action(node::Action),
}

/// An entry of the time line.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub at: u64,
    pub origin: Origin,
    pub what: What,
}

/// Names as numbers.
pub(crate) struct Resolver<'a> {
    pub simulation: &'a dyn Simulation,
    pub algorithm: &'static Algorithm,
    pub scenario: &'a Scenario,
}

/// The scenario's faults with chaos made into ordinary ones; those that chaos made are apart.
pub(crate) fn chaos(scenario: &Scenario, algorithm: &Algorithm, servers: &[String]) -> Vec<Fault> {
    let entries: Vec<Fault> = scenario.faults.iter().filter(|f| f.chaos().is_some()).cloned().collect();
    if entries.is_empty() { Vec::new() } else { expanded(scenario, algorithm, servers, &entries) }
}

#[inline(never)]
fn expanded(scenario: &Scenario, algorithm: &Algorithm, servers: &[String], entries: &[Fault]) -> Vec<Fault> {
    let members = |target: &Target| members(scenario, algorithm, servers, target);
    let key = draw::mix(scenario.seed.value() ^ CHAOS.0);
    netsplit_scenario::expand::expand(
        entries,
        declared::shared(),
        scenario.duration,
        &members,
        &|entry, occasion| draw::word(draw::join(key, entry), occasion),
    )
}

fn members(scenario: &Scenario, algorithm: &Algorithm, servers: &[String], target: &Target) -> Vec<String> {
    match target {
        Target::Node(node) => vec![node.clone()],
        Target::Nodes(nodes) => nodes.clone(),
        Target::Zone(zone) => {
            scenario.topology.zones.iter().find(|z| z.name == *zone).map_or(Vec::new(), |z| z.nodes.clone())
        }
        Target::Role(role) => {
            let prefix = algorithm.roles.iter().find(|r| r.id == *role).map_or("", |r| r.prefix);
            let in_role = |name: &&String| {
                !prefix.is_empty() && name.trim_end_matches(|c: char| c.is_ascii_digit()) == prefix
            };
            servers.iter().filter(in_role).cloned().collect()
        }
        _ => servers.to_vec(),
    }
}

/// The whole time line of a scenario, in order.
pub(crate) fn items(resolver: &Resolver<'_>, servers: &[String]) -> Vec<Item> {
    let scenario = resolver.scenario;
    let mut items: Vec<Item> = Vec::new();
    for (index, fault) in scenario.faults.iter().enumerate() {
        if fault.chaos().is_none() {
            items.extend(resolver.fault(fault, Origin::Fault(index)));
        }
    }
    for (index, fault) in chaos(scenario, resolver.algorithm, servers).iter().enumerate() {
        items.extend(resolver.fault(fault, Origin::Chaos(index)));
    }
    for (index, action) in scenario.actions.iter().enumerate() {
        items.push(resolver.action(action, Origin::Action(index)));
    }
    for (index, operation) in scenario.operations.iter().enumerate() {
        items.extend(resolver.operation(operation, Origin::Operation(index)));
    }
    // They were added in the order in which they happen within an instant.
    small::sort_by_key(&mut items, |item| item.at);
    items
}

impl Resolver<'_> {
    /// Nodes that are no clients and exist from the start.
    pub(crate) fn servers(&self) -> Vec<String> {
        let client = |role: u8| self.algorithm.roles.get(usize::from(role)).is_some_and(|r| r.client);
        let meta = self.simulation.core().meta.iter();
        meta.filter(|meta| !client(meta.role) && !meta.absent).map(|meta| meta.name.clone()).collect()
    }

    fn node(&self, name: &str) -> Option<NodeId> {
        crate::setup::number(self.simulation, name).map(NodeId)
    }

    fn selectors(&self, target: &Target) -> Vec<Selector> {
        let node = |name: &String| self.node(name).map(Selector::Node);
        match target {
            Target::Node(name) => node(name).into_iter().collect(),
            Target::Nodes(names) => names.iter().filter_map(node).collect(),
            Target::Zone(zone) => {
                let at = self.scenario.topology.zones.iter().position(|z| z.name == *zone);
                at.map(|at| Selector::Zone(at as u16 + 1)).into_iter().collect()
            }
            Target::Role(role) => {
                let at = self.algorithm.roles.iter().position(|r| r.id == *role);
                at.map(|at| Selector::Role(at as u8)).into_iter().collect()
            }
            Target::All => vec![Selector::All],
            Target::None | Target::Link(_) | Target::Message(_) | Target::Groups(_) => Vec::new(),
        }
    }

    /// A fault for the engine; nothing where its kind is unknown.
    pub(crate) fn fault(&self, said: &Fault, origin: Origin) -> Option<Item> {
        let table = FAULTS.iter().find(|declared| declared.id == said.kind)?;
        let settings = declared::settings(table.params, &[&said.params]);
        let mut kind = kind(table.id, &settings)?;
        let (mut from, mut to, mut message) = (self.selectors(&said.target), Vec::new(), None);
        let mut directed = false;
        match &said.target {
            Target::Link(LinkName { from: a, to: b, both }) => {
                from = self.node(a).map(Selector::Node).into_iter().collect();
                to = self.node(b).map(Selector::Node).into_iter().collect();
                // One direction, or both, is what the link's name says.
                directed = !both;
                match kind {
                    FaultKind::Cut if directed => kind = FaultKind::OneWay,
                    FaultKind::OneWay if *both => kind = FaultKind::Cut,
                    _ => {}
                }
            }
            Target::Message(name) => {
                message = Some(MessageName {
                    from: self.node(&name.from)?,
                    to: self.node(&name.to)?,
                    sent: name.at,
                    count: name.nth,
                    copy: u8::try_from(name.copy).unwrap_or(u8::MAX),
                });
            }
            Target::Groups(groups) => {
                let group = |names: &Vec<String>| {
                    names.iter().filter_map(|name| self.node(name).map(Selector::Node)).collect()
                };
                kind = FaultKind::Partition(groups.iter().map(group).collect());
            }
            _ => {
                if matches!(kind, FaultKind::Partition(_)) {
                    kind = FaultKind::Partition(vec![std::mem::take(&mut from)]);
                }
            }
        }
        let duration = said.lasts.map(|lasts| lasts.0).filter(|_| table.lasts);
        let fault = fault::Fault { at: said.at.0, duration, kind, from, to, message, directed };
        Some(Item { at: said.at.0, origin, what: What::Fault(fault) })
    }

    pub(crate) fn action(&self, said: &Action, origin: Origin) -> Item {
        let node = said.node.as_deref().and_then(|name| self.node(name));
        let action = node::Action { id: said.kind.clone(), node, args: Vec::new() };
        Item { at: said.at.0, origin, what: What::Action(action) }
    }

    /// An operation by hand: function (0 read, 1 write, 2 cas), key, value, expected.
    fn operation(&self, said: &Operation, origin: Origin) -> Option<Item> {
        let node = Some(self.node(&said.client)?);
        let named = |text: &str| words::name(text).unwrap_or_else(|| draw::hash_bytes(text.as_bytes()) >> 12);
        let number = |value: Option<&Value>| match value {
            Some(Value::String(text)) => text.parse().unwrap_or_else(|_| named(text)),
            Some(value) => value.as_u64().unwrap_or(0),
            None => 0,
        };
        let key = said
            .key
            .as_deref()
            .map_or(0, |key| key.strip_prefix('k').unwrap_or(key).parse().unwrap_or_else(|_| named(key)));
        let asked =
            said.node.as_deref().and_then(|name| self.node(name)).map_or(0, |node| u64::from(node.0) + 1);
        let (function, value, expected) = match said.f.as_str() {
            "read" | "get" => (0, 0, 0),
            "cas" => {
                let pair = said.value.as_ref().and_then(Value::as_array);
                let side = |at: usize| number(pair.and_then(|pair| pair.get(at)));
                (2, side(1), side(0))
            }
            _ => (1, number(said.value.as_ref()), 0),
        };
        let action = node::Action {
            id: "operation".to_owned(),
            node,
            args: vec![function, key, value, expected, asked],
        };
        Some(Item { at: said.at.0, origin, what: What::Action(action) })
    }
}

/// The engine's fault of this id with these amounts.
fn kind(id: &str, settings: &Settings) -> Option<FaultKind> {
    let signed = |amount: &str, negative: &str| {
        let span = i64::try_from(settings.duration(amount)).unwrap_or(i64::MAX);
        if settings.bool(negative) { -span } else { span }
    };
    Some(match id {
        "crash" => FaultKind::Crash { host: settings.bool("host") },
        "restart" => FaultKind::Restart,
        "pause" => FaultKind::Pause,
        "slow" => FaultKind::Slow(settings.real("factor")),
        "disk_lost" => FaultKind::LoseDisk,
        "disk_stalled" => FaultKind::StallDisk,
        "disk_full" => FaultKind::FillDisk,
        "unsynced_lost" => FaultKind::LoseUnsynced,
        "clock_offset" => FaultKind::ClockOffset(signed("offset", "behind")),
        "clock_drift" => FaultKind::ClockDrift(settings.real("ppm")),
        "clock_jump" => FaultKind::ClockJump(signed("by", "back")),
        "partition" => FaultKind::Partition(Vec::new()),
        "one_way" => FaultKind::OneWay,
        "cut" => FaultKind::Cut,
        "flap" => FaultKind::Flap(settings.duration("period")),
        "loss" => FaultKind::Loss(settings.real("p")),
        "duplicate" => FaultKind::Duplicate(settings.real("p")),
        "reorder" => FaultKind::Reorder(settings.real("p"), settings.duration("by")),
        "latency" => FaultKind::Latency(settings.duration("add")),
        "bandwidth" => FaultKind::Bandwidth(settings.int("bytes_per_s").max(1) as u64),
        "traffic_spike" => FaultKind::TrafficSpike(settings.real("factor")),
        "hot_key" => FaultKind::HotKey(settings.int("key").max(0) as u64, settings.real("share")),
        "drop_message" => FaultKind::DropMessage,
        "delay_message" => FaultKind::DelayMessage(settings.duration("by")),
        "duplicate_message" => FaultKind::DuplicateMessage(settings.duration("after")),
        _ => return None,
    })
}

/// A fault in few words: "crash n5", "partition n1 n2 | n3 n4 n5".
pub(crate) fn label(fault: &Fault) -> String {
    let target = match &fault.target {
        Target::None => String::new(),
        Target::Node(node) => node.clone(),
        Target::Nodes(nodes) => nodes.join(" "),
        Target::Link(link) => link.to_string(),
        Target::Message(name) => name.to_string(),
        Target::Groups(groups) => groups.iter().map(|group| group.join(" ")).collect::<Vec<_>>().join(" | "),
        Target::Zone(name) | Target::Role(name) => name.clone(),
        Target::All => "all".to_owned(),
    };
    let name = FAULTS.iter().find(|f| f.id == fault.kind).map_or(fault.kind.as_str(), |f| f.label);
    if target.is_empty() { name.to_owned() } else { format!("{name} {target}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_declared_fault_can_be_made() {
        for declared in FAULTS {
            assert!(kind(declared.id, &Settings::defaults(declared.params)).is_some(), "{}", declared.id);
        }
    }
}
