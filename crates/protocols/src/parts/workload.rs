//! What clients do: the load of a run, the same declarations for every algorithm.

use netsplit_sim::declare::{Kind, Law, Param, Settings};
use netsplit_sim::distribution::Distribution;
use netsplit_sim::time::{MILLISECOND, Nanos, SECOND};

/// The workload's parameters, for documents and the page.
pub static PARAMS: &[Param] = &[
    Param {
        id: "clients",
        label: "Clients",
        unit: "",
        kind: Kind::Int(3, 0, 1000),
        help: "How many clients issue operations.",
    },
    Param {
        id: "mode",
        label: "Arrivals",
        unit: "",
        kind: Kind::Choice(&[("open", "Open loop"), ("closed", "Closed loop")]),
        help: "Open: Poisson arrivals at a given rate, whatever the system does. Closed: each client waits for its answer, thinks, then asks again.",
    },
    Param {
        id: "rate",
        label: "Request rate",
        unit: "/s",
        kind: Kind::Real(30.0, 0.01, 1_000_000.0),
        help: "Operations per second of all clients together (open loop).",
    },
    Param {
        id: "think",
        label: "Think time",
        unit: "",
        kind: Kind::Law(Law::Exponential(100 * MILLISECOND), 3600 * SECOND),
        help: "Pause between an answer and the next operation (closed loop).",
    },
    Param {
        id: "read_share",
        label: "Read share",
        unit: "",
        kind: Kind::Real(0.5, 0.0, 1.0),
        help: "Share of operations that read; the rest write.",
    },
    Param {
        id: "keys",
        label: "Keys",
        unit: "",
        kind: Kind::Int(8, 1, 1_000_000),
        help: "How many keys there are.",
    },
    Param {
        id: "skew",
        label: "Key skew (Zipf)",
        unit: "",
        kind: Kind::Real(0.0, 0.0, 3.0),
        help: "Exponent of Zipf's law: 0 takes every key equally often.",
    },
    Param {
        id: "timeout",
        label: "Timeout",
        unit: "",
        kind: Kind::Duration(SECOND, MILLISECOND, 3600 * SECOND),
        help: "How long a client waits for one attempt.",
    },
    Param {
        id: "retries",
        label: "Retries",
        unit: "",
        kind: Kind::Int(0, 0, 100),
        help: "Further attempts after a failed or unanswered one.",
    },
    Param {
        id: "backoff",
        label: "Backoff",
        unit: "",
        kind: Kind::Duration(0, 0, 60 * SECOND),
        help: "Pause before the first retry; it doubles with each further one.",
    },
    Param {
        id: "retry_budget",
        label: "Retry budget",
        unit: "",
        kind: Kind::Real(0.0, 0.0, 10.0),
        help: "Retries allowed for each request on average, with ten in reserve; 0 sets no limit.",
    },
    Param {
        id: "sticky",
        label: "Session",
        unit: "",
        kind: Kind::Choice(&[("sticky", "Same server"), ("any", "Any server")]),
        help: "Whether a client stays with one server or picks one anew for each operation.",
    },
    Param {
        id: "start",
        label: "Start",
        unit: "",
        kind: Kind::Duration(0, 0, 86_400 * SECOND),
        help: "When clients begin.",
    },
    Param {
        id: "stop",
        label: "Stop",
        unit: "",
        kind: Kind::Duration(86_400 * SECOND, 0, 86_400 * SECOND),
        help: "When clients begin no more operations.",
    },
];

/// The workload of a run.
#[derive(Clone, Debug)]
pub struct Workload {
    /// Number of clients.
    pub clients: u32,
    /// Open loop (Poisson) or closed loop.
    pub open: bool,
    /// Operations per second of all clients together.
    pub rate: f64,
    /// Think time of closed-loop clients.
    pub think: Distribution,
    /// Share of reads, 0 to 1.
    pub read_share: f64,
    /// Number of keys.
    pub keys: u64,
    /// Zipf exponent.
    pub skew: f64,
    /// Timeout of one attempt (ns).
    pub timeout: Nanos,
    /// Further attempts.
    pub retries: u32,
    /// Pause before the first retry (ns); doubles.
    pub backoff: Nanos,
    /// Retries allowed for each request on average, in thousandths; 0 for no limit.
    pub retry_permille: u32,
    /// Stay with one server.
    pub sticky: bool,
    /// First arrival not before (ns).
    pub start: Nanos,
    /// No arrival after (ns).
    pub stop: Nanos,
}

impl Workload {
    /// From settings made of [`PARAMS`].
    #[must_use]
    pub fn new(s: &Settings) -> Self {
        Self {
            clients: s.int("clients").clamp(0, 1000) as u32,
            open: s.choice("mode") != "closed",
            rate: s.real("rate"),
            think: s.law("think"),
            read_share: s.real("read_share"),
            keys: s.int("keys").max(1) as u64,
            skew: s.real("skew"),
            timeout: s.duration("timeout"),
            retries: s.int("retries").clamp(0, 100) as u32,
            backoff: s.duration("backoff"),
            retry_permille: (s.real("retry_budget").clamp(0.0, 10.0) * 1000.0) as u32,
            sticky: s.choice("sticky") == "sticky",
            start: s.duration("start"),
            stop: s.duration("stop"),
        }
    }
}

impl Default for Workload {
    fn default() -> Self {
        Self::new(&Settings::defaults(PARAMS))
    }
}
