//! What the algorithms of this folder declare alike.

use netsplit_sim::declare::{
    ActionKind, Aspect, Kind, Law, Layout, MessageKind, NodeRole, Param, Promise, Role, Series, Settings,
    Shape,
};
use netsplit_sim::time::{MILLISECOND, SECOND};

use super::{Rule, build};
use crate::registry::Algorithm;

const fn param(id: &'static str, label: &'static str, kind: Kind, help: &'static str) -> Param {
    Param { id, label, unit: "", group: "", kind, help }
}

const WORKERS: Param = param(
    "workers",
    "Workers per backend",
    Kind::Int(1, 1, 10_000),
    "How many requests a backend works on at once; the others wait.",
);
const QUEUE: Param = param(
    "queue_limit",
    "Queue limit",
    Kind::Int(100, 0, 1_000_000),
    "Most requests waiting at a backend; further ones are turned away. 0 sets no limit.",
);
const SERVICE: Param = param(
    "service",
    "Service time",
    Kind::Law(Law::Exponential(100 * MILLISECOND), 3600 * SECOND),
    "Work that a request costs a backend.",
);
const ERROR_FROM: Param = param(
    "error_from",
    "Answers errors from",
    Kind::Duration(0, 0, 86_400 * SECOND),
    "From this moment a backend answers every request with an error. 0: never.",
);
const ERROR_LATENCY: Param = param(
    "error_latency",
    "Time of an error",
    Kind::Duration(MILLISECOND, 0, 3600 * SECOND),
    "How long a backend takes to answer an error.",
);
const BALANCERS: Param = param(
    "balancers",
    "Balancers",
    Kind::Int(1, 1, 64),
    "How many balancers share the traffic; each knows only its own open requests.",
);
const RESPONSE_TIMEOUT: Param = param(
    "response_timeout",
    "Response timeout",
    Kind::Duration(60 * SECOND, MILLISECOND, 3600 * SECOND),
    "How long a balancer waits for a backend (NGINX proxy_read_timeout: 60 s).",
);
const MAX_FAILS: Param = param(
    "max_fails",
    "Failures until ejected",
    Kind::Int(0, 0, 1000),
    "Failures within the fail timeout after which a backend gets no requests for as long. 0: never (NGINX: 1).",
);
const FAIL_TIMEOUT: Param = param(
    "fail_timeout",
    "Fail timeout",
    Kind::Duration(10 * SECOND, MILLISECOND, 3600 * SECOND),
    "The time in which failures count together, and for which a backend is then left out (NGINX: 10 s).",
);
const PANIC: Param = Param {
    id: "panic_threshold",
    label: "Panic threshold",
    unit: "%",
    group: "",
    kind: Kind::Int(0, 0, 100),
    help: "With fewer backends than this share in use, ejected ones get requests again (Envoy: 50). 0: never.",
};
const CHOICES: Param = param(
    "choices",
    "Choices",
    Kind::Int(2, 1, 16),
    "How many distinct backends are drawn for each request.",
);

/// Parameters of every algorithm here.
pub static PARAMS: &[Param] = &[
    WORKERS,
    QUEUE,
    SERVICE,
    ERROR_FROM,
    ERROR_LATENCY,
    BALANCERS,
    RESPONSE_TIMEOUT,
    MAX_FAILS,
    FAIL_TIMEOUT,
    PANIC,
];

/// Those, and how many backends are drawn.
pub static PARAMS_WITH_CHOICES: &[Param] = &[
    CHOICES,
    WORKERS,
    QUEUE,
    SERVICE,
    ERROR_FROM,
    ERROR_LATENCY,
    BALANCERS,
    RESPONSE_TIMEOUT,
    MAX_FAILS,
    FAIL_TIMEOUT,
    PANIC,
];

/// Role of balancers.
pub(super) const BALANCER: u8 = 0;
/// Role of backends.
pub(super) const BACKEND: u8 = 1;
/// Role of clients.
pub(super) const CLIENT: u8 = 2;

/// What all algorithms here have in common.
pub const BASE: Algorithm = Algorithm {
    id: "",
    label: "",
    summary: "",
    semantics: 1,
    nodes: (1, 1000, 4),
    spares: 4,
    params: &[],
    presets: &[],
    roles: &[
        NodeRole { id: "balancer", prefix: "lb", tier: 1, client: false },
        NodeRole { id: "backend", prefix: "b", tier: 2, client: false },
        NodeRole { id: "client", prefix: "c", tier: 0, client: true },
    ],
    messages: &[
        MessageKind { label: "Request", role: Role::Client, shape: Shape::Circle },
        MessageKind { label: "Reply", role: Role::Client, shape: Shape::HollowCircle },
        MessageKind { label: "Forward", role: Role::Client, shape: Shape::Circle },
        MessageKind { label: "Response", role: Role::Client, shape: Shape::HollowCircle },
        MessageKind { label: "Register", role: Role::Gossip, shape: Shape::Hexagon },
    ],
    layout: Layout::Tiers,
    series: &[
        Series { id: "open_requests", label: "Open requests", unit: "" },
        Series { id: "imbalance", label: "Most open over mean", unit: "" },
        Series { id: "ejected", label: "Ejected backends", unit: "" },
    ],
    lanes: &[("ejected", "Ejected")],
    actions: &[
        ActionKind { id: "add_node", label: "Add a backend", on_node: false },
        ActionKind { id: "decommission", label: "Drain", on_node: true },
    ],
    promises,
    build: |setup| build(setup, Rule::RoundRobin),
};

fn promises(settings: &Settings) -> Vec<Promise> {
    let checks = settings.int("max_fails") > 0;
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
            assuming: &["the other backends can carry the load", "failures show as errors or timeouts"],
            sentence: if checks {
                "A backend that fails is left out after a few failures."
            } else {
                "Without checks a failed backend goes on getting its share of requests."
            },
        },
        Promise {
            id: "no_request_lost",
            aspect: Aspect::Durability,
            promised: false,
            assuming: &[],
            sentence: "A request that was under way at a failed backend is not tried at another one.",
        },
    ]
}
