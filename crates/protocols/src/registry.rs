//! What an algorithm exports, and the table of all of them.

use netsplit_sim::Simulation;
use netsplit_sim::core::NodeMeta;
use netsplit_sim::declare::{
    ActionKind, Layout, MessageKind, NodeRole, Param, Promise, Series, Settings, Value,
};
use netsplit_sim::network::Network;

use crate::parts::workload::Workload;

/// An algorithm: declarations that every face reads, and how to build a run of it.
pub struct Algorithm {
    /// Name in documents ("raft").
    pub id: &'static str,
    /// Name on the page ("Raft").
    pub label: &'static str,
    /// Two short sentences: what it does.
    pub summary: &'static str,
    /// Raised whenever a run of the same scenario changes.
    pub semantics: u32,
    /// Number of servers: least, most, default.
    pub nodes: (u32, u32, u32),
    /// How many nodes beyond that an action may add while it runs.
    pub spares: u32,
    /// Parameters.
    pub params: &'static [Param],
    /// Values of them that belong together: the defaults of products.
    pub presets: &'static [Preset],
    /// Kinds of node, by [`NodeMeta::role`].
    pub roles: &'static [NodeRole],
    /// Kinds of message, by `Message::kind`.
    pub messages: &'static [MessageKind],
    /// Where nodes stand.
    pub layout: Layout,
    /// Series beyond the common metrics (from `overview().values`).
    pub series: &'static [Series],
    /// Lanes of the time line beyond faults: (id, label), fed by `overview().bands`.
    pub lanes: &'static [(&'static str, &'static str)],
    /// Actions that it accepts.
    pub actions: &'static [ActionKind],
    /// What it promises under these settings.
    pub promises: fn(&Settings) -> Vec<Promise>,
    /// Builds a run. The setup has been validated against the declarations.
    pub build: fn(&Setup) -> Box<dyn Simulation>,
}

/// Parameters as a product has them by default.
pub struct Preset {
    /// Name in reports ("nginx").
    pub id: &'static str,
    /// Name on the page, with the version that the values were read from.
    pub label: &'static str,
    /// One sentence: what sets it apart.
    pub summary: &'static str,
    /// What differs from our own defaults, or is the same for a reason that is worth a source.
    pub values: &'static [PresetValue],
}

/// One value of a preset.
pub struct PresetValue {
    /// Id of the parameter.
    pub param: &'static str,
    /// Its value.
    pub value: Value,
    /// The product's own name for it and the page that gives its default.
    pub source: &'static str,
}

/// A pattern of the handout.
pub struct Pattern {
    /// Name in documents ("leader_election").
    pub id: &'static str,
    /// Name on the page.
    pub label: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// Its algorithms, the default first.
    pub algorithms: &'static [&'static Algorithm],
}

/// All patterns, in the order of the page.
pub static PATTERNS: &[Pattern] = &[
    Pattern {
        id: "load_balancing",
        label: "Balance",
        summary: "Spread requests over backends.",
        algorithms: crate::load_balancing::ALGORITHMS,
    },
    Pattern {
        id: "sharding",
        label: "Shard",
        summary: "Split data over nodes.",
        algorithms: crate::sharding::ALGORITHMS,
    },
    Pattern {
        id: "replication",
        label: "Replicate",
        summary: "Keep copies of data on several nodes.",
        algorithms: crate::replication::ALGORITHMS,
    },
    Pattern {
        id: "leader_election",
        label: "Elect",
        summary: "Choose one node to coordinate others.",
        algorithms: crate::leader_election::ALGORITHMS,
    },
    Pattern {
        id: "eventual_consistency",
        label: "Converge",
        summary: "Accept writes anywhere, agree later.",
        algorithms: crate::eventual_consistency::ALGORITHMS,
    },
    Pattern {
        id: "time",
        label: "Time",
        summary: "See what clocks of different machines say about each other.",
        algorithms: crate::time::ALGORITHMS,
    },
];

/// The algorithm of this name in this pattern.
#[must_use]
pub fn find(pattern: &str, algorithm: &str) -> Option<&'static Algorithm> {
    PATTERNS
        .iter()
        .find(|p| p.id == pattern)
        .and_then(|p| p.algorithms.iter().find(|a| a.id == algorithm))
        .copied()
}

/// Whether an algorithm is at home on datagrams; otherwise it assumes streams.
#[must_use]
pub fn datagrams(pattern: &str, algorithm: &str) -> bool {
    match pattern {
        "leader_election" => !crate::leader_election::STREAMS.contains(&algorithm),
        "eventual_consistency" | "time" => true,
        _ => false,
    }
}

/// What a run is built from.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Seed of every draw.
    pub seed: u64,
    /// Number of servers (for load balancing: backends).
    pub nodes: u32,
    /// Servers beyond them that start absent, for actions that add one.
    pub spares: u32,
    /// Parameters.
    pub settings: Settings,
    /// Parameters of single nodes, by name; each is complete.
    pub overrides: Vec<(String, Settings)>,
    /// The network. Node zones are looked up by name with [`Setup::meta`].
    pub network: Network,
    /// Zone of each node that has one: (name, index of the zone).
    pub zones: Vec<(String, u16)>,
    /// What clients do.
    pub workload: Workload,
}

impl Setup {
    /// The settings of the node with this name.
    #[must_use]
    pub fn settings_of(&self, name: &str) -> &Settings {
        self.overrides.iter().find(|(node, _)| node == name).map_or(&self.settings, |(_, own)| own)
    }

    /// Metadata for a node of this role: name, zone, one unlimited processor, a fast disk.
    #[must_use]
    pub fn meta(&self, name: String, role: u8) -> NodeMeta {
        let zone = self.zones.iter().find(|(node, _)| *node == name).map_or(0, |(_, zone)| *zone);
        NodeMeta { zone, ..NodeMeta::new(name, role) }
    }
}
