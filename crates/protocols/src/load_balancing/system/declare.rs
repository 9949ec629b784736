//! What the algorithms of this pattern declare alike.

use netsplit_sim::Simulation;
use netsplit_sim::declare::{
    ActionKind, Aspect, Layout, MessageKind, NodeRole, Promise, Role, Series, Settings, Shape,
};

use super::super::presets::PRESETS;
use super::super::rule::Make;
pub use super::params::{WITH_CHOICES, WITH_DECAY, WITH_RING, WITH_TABLE};
use super::{cluster, cluster_with, params};
use crate::registry::{Algorithm, Setup};

/// Role of balancers.
pub(super) const BALANCER: u8 = 0;
/// Role of backends.
pub(super) const BACKEND: u8 = 1;
/// Role of clients.
pub(super) const CLIENT: u8 = 2;
/// Role of routers.
pub(super) const ROUTER: u8 = 3;
/// Role of the database.
pub(super) const DATABASE: u8 = 4;

/// Builds a run with this rule.
#[must_use]
pub fn build(setup: &Setup, rule: Make) -> Box<dyn Simulation> {
    Box::new(cluster(setup, rule))
}

/// Builds a run with this rule, in which backends say when they are idle.
#[must_use]
pub fn build_telling(setup: &Setup, rule: Make) -> Box<dyn Simulation> {
    Box::new(cluster_with(setup, rule, true, None))
}

const fn message(label: &'static str, role: Role, shape: Shape) -> MessageKind {
    MessageKind { label, role, shape }
}

const fn gauge(id: &'static str, chart: &'static str, label: &'static str, unit: &'static str) -> Series {
    Series { id, label, unit, chart, counts: false }
}

const fn total(id: &'static str, chart: &'static str, label: &'static str) -> Series {
    Series { id, label, unit: "", chart, counts: true }
}

/// What all algorithms here have in common.
pub const BASE: Algorithm = Algorithm {
    id: "",
    label: "",
    summary: "",
    semantics: 2,
    nodes: (1, 10_000, 4),
    spares: 4,
    params: params::PLAIN,
    presets: PRESETS,
    roles: &[
        NodeRole { id: "balancer", prefix: "lb", tier: 2, client: false },
        NodeRole { id: "backend", prefix: "b", tier: 3, client: false },
        NodeRole { id: "client", prefix: "c", tier: 0, client: true },
        NodeRole { id: "router", prefix: "r", tier: 1, client: false },
        NodeRole { id: "database", prefix: "db", tier: 4, client: false },
    ],
    messages: &[
        message("Request", Role::Client, Shape::Circle),
        message("Reply", Role::Client, Shape::HollowCircle),
        message("Cancel", Role::Vote, Shape::HollowTriangle),
        message("Forward", Role::Client, Shape::Circle),
        message("Response", Role::Client, Shape::HollowCircle),
        message("Connect", Role::Client, Shape::Diamond),
        message("Accepted", Role::Client, Shape::Triangle),
        message("Register", Role::Gossip, Shape::Hexagon),
        message("Probe", Role::Append, Shape::HollowSquare),
        message("Probe answer", Role::Append, Shape::TickSquare),
        message("Idle", Role::Gossip, Shape::Hexagon),
        message("View", Role::Gossip, Shape::Hexagon),
    ],
    layout: Layout::Tiers,
    series: &[
        total("finished", "work", "finished"),
        total("answered", "work", "of use"),
        total("tries", "attempts", "tries"),
        total("requests", "attempts", "requests"),
        gauge("imbalance", "", "Most loaded over mean", "×"),
        gauge("open_requests", "open", "open", ""),
        gauge("waiting", "open", "waiting", ""),
        gauge("ejected", "", "Backends left out", ""),
    ],
    lanes: &[("ejected", "Left out")],
    actions: &[
        ActionKind { id: "add_node", label: "Add backend", on_node: false },
        ActionKind { id: "decommission", label: "Drain", on_node: true },
    ],
    promises,
    build: |setup| build(setup, super::super::round_robin::make),
};

fn promises(settings: &Settings) -> Vec<Promise> {
    let on = |id| settings.int(id) > 0 || settings.duration(id) > 0;
    let checks = on("max_fails") || on("outlier_errors") || on("check_interval");
    let retries = on("retries");
    vec![
        Promise {
            id: "answers",
            aspect: Aspect::Liveness,
            promised: true,
            assuming: &["the load is below the capacity", "every backend works", "a balancer is up"],
            sentence: "Every request is answered.",
        },
        Promise {
            id: "survives_backend_failure",
            aspect: Aspect::Liveness,
            promised: checks,
            assuming: &["the other backends can carry the load", "failures show in what the checks look at"],
            sentence: if checks {
                "A backend that fails is left out after a few failures."
            } else {
                "Without checks a failed backend goes on getting its share of requests."
            },
        },
        Promise {
            id: "no_request_lost",
            aspect: Aspect::Durability,
            promised: retries,
            assuming: &["another backend can answer", "the request may be repeated", "a retry is left"],
            sentence: if retries {
                "A request that fails at a backend is tried again."
            } else {
                "A request that was under way at a failed backend is not tried at another one."
            },
        },
    ]
}
