//! The parameters that all algorithms of this pattern share, and each algorithm's own in front of them.

use netsplit_sim::declare::{Kind, Law, Param};
use netsplit_sim::time::{MILLISECOND, Nanos, SECOND};

const HOUR: Nanos = 3600 * SECOND;

const fn param(
    group: &'static str,
    id: &'static str,
    label: &'static str,
    kind: Kind,
    help: &'static str,
) -> Param {
    Param { id, label, unit: "", group, kind, help }
}

const fn percent(
    group: &'static str,
    id: &'static str,
    label: &'static str,
    usual: i64,
    help: &'static str,
) -> Param {
    Param { id, label, unit: "%", group, kind: Kind::Int(usual, 0, 100), help }
}

/// A span that is off at 0.
const fn off(group: &'static str, id: &'static str, label: &'static str, help: &'static str) -> Param {
    param(group, id, label, Kind::Duration(0, 0, HOUR), help)
}

/// A number that is off at 0.
const fn none(
    group: &'static str,
    id: &'static str,
    label: &'static str,
    most: i64,
    help: &'static str,
) -> Param {
    param(group, id, label, Kind::Int(0, 0, most), help)
}

const CHOICES: Param = param(
    "",
    "choices",
    "Choices",
    Kind::Int(2, 1, super::super::two_choices::MOST as i64),
    "How many distinct backends are drawn for each request.",
);
const DECAY: Param = param(
    "",
    "ewma_decay",
    "Decay time",
    Kind::Duration(10 * SECOND, MILLISECOND, HOUR),
    "How fast earlier response times are forgotten: two thirds of them after this time (Finagle: 10 s).",
);
const HASH_ON: Param = param(
    "",
    "hash_on",
    "Hash of",
    Kind::Choice(&[("key", "Key"), ("client", "Client")]),
    "What is hashed: the key that a request asks for, or the client that asks.",
);
const POINTS: Param = param(
    "",
    "points",
    "Virtual nodes",
    Kind::Int(160, 1, 4096),
    "Points of a backend of weight 1 on the ring.",
);
const LOAD_BOUND: Param = Param {
    id: "load_bound",
    label: "Bound",
    unit: "%",
    group: "",
    kind: Kind::Int(125, 0, 1000),
    help: "No backend gets more than this share of the mean number of open requests. 0: no bound.",
};
const TABLE_SIZE: Param = param(
    "",
    "table_size",
    "Table size",
    Kind::Choice(&[("65537", "65,537"), ("2039", "2,039"), ("251", "251")]),
    "Entries of the table, a prime: the more, the more even the shares and the fewer the moves.",
);

const MAIN: [Param; 3] = [
    param(
        "",
        "service",
        "Service time",
        Kind::Law(Law::Exponential(100 * MILLISECOND), HOUR),
        "Work that a request costs a backend.",
    ),
    param(
        "",
        "workers",
        "Workers per backend",
        Kind::Int(1, 1, 10_000),
        "How many requests a backend works on at once; the others wait.",
    ),
    param(
        "",
        "queue_limit",
        "Queue limit",
        Kind::Int(100, 0, 1_000_000),
        "Most requests waiting at a backend; further ones are turned away. 0 sets no limit.",
    ),
];

const BACKENDS: &str = "Backends";
const CHECKS: &str = "Health checks";
const RETRIES: &str = "Timeouts and retries";
const LIMITS: &str = "Limits and queues";
const TIERS: &str = "Tiers";

const SHARED: [Param; 49] = [
    param(
        BACKENDS,
        "weight",
        "Weight",
        Kind::Int(1, 1, 1000),
        "Share of a backend in rules that know weights; set it for single nodes.",
    ),
    param(
        BACKENDS,
        "discipline",
        "Discipline",
        Kind::Choice(&[("queue", "First come"), ("sharing", "Sharing")]),
        "First come, first served, a worker for each request; or all at once, sharing the workers equally (processor sharing).",
    ),
    off(
        BACKENDS,
        "warm_up",
        "Warm-up",
        "How long a backend that has just started stays slower: its caches are cold. 0: not at all.",
    ),
    param(
        BACKENDS,
        "cold_factor",
        "Slower when cold",
        Kind::Real(4.0, 1.0, 100.0),
        "How many times as long a request takes at the start of the warm-up; it falls evenly to 1.",
    ),
    off(
        BACKENDS,
        "shed_wait",
        "Shed after waiting",
        "A request that has waited this long at a backend is refused instead of worked on. 0: never.",
    ),
    param(
        BACKENDS,
        "abandoned",
        "Abandoned work",
        Kind::Choice(&[("finish", "Finished"), ("cancel", "Cancelled"), ("deadline", "Deadline")]),
        "What becomes of a request that nobody waits for any more: finished all the same; stopped by a message of whoever gave up; or dropped by each server at the deadline that came with it.",
    ),
    param(
        BACKENDS,
        "error_from",
        "Answers errors from",
        Kind::Duration(0, 0, 86_400 * SECOND),
        "From this moment a backend answers every request with an error. 0: never.",
    ),
    param(
        BACKENDS,
        "error_latency",
        "Time of an error",
        Kind::Duration(MILLISECOND, 0, HOUR),
        "How long a backend takes to answer an error.",
    ),
    off(
        CHECKS,
        "check_interval",
        "Active check every",
        "How often each backend is probed. 0: no active checks (HAProxy: 2 s).",
    ),
    param(
        CHECKS,
        "check_kind",
        "Probe",
        Kind::Choice(&[("shallow", "Shallow"), ("deep", "Deep")]),
        "Shallow: the backend only says that it is there. Deep: the probe does what a request does, queue, work and database.",
    ),
    param(
        CHECKS,
        "check_timeout",
        "Probe timeout",
        Kind::Duration(SECOND, MILLISECOND, HOUR),
        "How long a probe's answer may take.",
    ),
    param(
        CHECKS,
        "check_fall",
        "Fall",
        Kind::Int(3, 1, 100),
        "Probes in a row that must fail until a backend is down (HAProxy: 3).",
    ),
    param(
        CHECKS,
        "check_rise",
        "Rise",
        Kind::Int(2, 1, 100),
        "Probes in a row that must succeed until it is up again (HAProxy: 2).",
    ),
    none(
        CHECKS,
        "max_fails",
        "Failures until left out",
        1000,
        "Failures within the fail timeout after which a backend gets no requests for as long. 0: never (NGINX: 1).",
    ),
    param(
        CHECKS,
        "fail_timeout",
        "Fail timeout",
        Kind::Duration(10 * SECOND, MILLISECOND, HOUR),
        "The time in which failures count together, and for which a backend is then left out (NGINX: 10 s).",
    ),
    none(
        CHECKS,
        "outlier_errors",
        "Errors in a row until ejected",
        1000,
        "Failures in a row after which a backend is ejected. 0: never (Envoy: 5).",
    ),
    Param {
        id: "outlier_success",
        label: "Success rate below",
        unit: "‰ of a deviation",
        group: CHECKS,
        kind: Kind::Int(0, 0, 10_000),
        help: "A backend is ejected whose success rate lies further below the mean than so many thousandths of the standard deviation. 0: never (Envoy: 1900).",
    },
    param(
        CHECKS,
        "outlier_interval",
        "Sweep every",
        Kind::Duration(10 * SECOND, MILLISECOND, HOUR),
        "How often success rates are compared and ejected backends let back in (Envoy: 10 s).",
    ),
    param(
        CHECKS,
        "outlier_ejection",
        "Ejection time",
        Kind::Duration(30 * SECOND, MILLISECOND, HOUR),
        "How long the first ejection lasts; the n-th lasts n times as long, 300 s at most (Envoy: 30 s).",
    ),
    percent(
        CHECKS,
        "outlier_max_percent",
        "Most ejected",
        10,
        "Share of the backends that may be ejected at once (Envoy: 10, which is none of fewer than ten).",
    ),
    percent(
        CHECKS,
        "panic_threshold",
        "Panic threshold",
        0,
        "With fewer backends than this share in use, all get requests again, ill or not (Envoy: 50). 0: never.",
    ),
    off(
        RETRIES,
        "connect_timeout",
        "Connect timeout",
        "How long a connection may take to stand. 0: connections are there already (NGINX: 60 s).",
    ),
    param(
        RETRIES,
        "response_timeout",
        "Response timeout",
        Kind::Duration(60 * SECOND, MILLISECOND, HOUR),
        "How long a balancer waits for a backend's answer to one try (NGINX proxy_read_timeout: 60 s).",
    ),
    off(
        RETRIES,
        "request_timeout",
        "Request timeout",
        "How long a balancer works on a request in all, retries included. 0: no limit (Envoy: 15 s).",
    ),
    none(RETRIES, "retries", "Retries", 10, "Further tries of a request that failed, by the balancer."),
    param(
        RETRIES,
        "retry_on",
        "Retry on",
        Kind::Choice(&[("connect", "No connection"), ("timeout", "Timeout, too"), ("error", "Error, too")]),
        "Which failures are tried again: connections that never stood; those that broke or timed out as well; error answers as well.",
    ),
    param(
        RETRIES,
        "retry_elsewhere",
        "At another backend",
        Kind::Bool(true),
        "A retry goes to a backend that has not been tried yet, where there is one.",
    ),
    off(
        RETRIES,
        "retry_backoff",
        "Back-off",
        "Mean pause before the first retry; it doubles, up to ten times as long (Envoy: 12.5 ms on average).",
    ),
    none(
        RETRIES,
        "retry_open",
        "Retries at once",
        100_000,
        "Retries that may be under way at once; with a budget, at least so many. 0: no limit (Envoy: 3).",
    ),
    percent(
        RETRIES,
        "retry_budget",
        "Retry budget",
        0,
        "Retries that may be under way, as a share of the open requests. 0: no budget (Envoy: 20).",
    ),
    percent(
        RETRIES,
        "non_idempotent",
        "Not repeatable",
        0,
        "Share of requests (a POST, say) that must not be tried again once they were sent.",
    ),
    param(
        RETRIES,
        "hedge",
        "Second copy",
        Kind::Choice(&[("off", "Off"), ("hedged", "Hedged"), ("tied", "Tied")]),
        "A request that takes long is sent to a second backend as well. Hedged: the loser is cancelled when the first answer is there. Tied: when one of them begins to work.",
    ),
    param(
        RETRIES,
        "hedge_after",
        "Second copy after",
        Kind::Duration(50 * MILLISECOND, 0, HOUR),
        "How long the first try may take before the second copy is sent.",
    ),
    none(
        LIMITS,
        "maxconn",
        "Connections per backend",
        100_000,
        "Most requests that a balancer has open at one backend; further ones wait in the balancer. 0: no limit (HAProxy maxconn).",
    ),
    none(
        LIMITS,
        "queue_max",
        "Queue in the balancer",
        1_000_000,
        "Most requests waiting in a balancer; further ones are refused. 0: no limit.",
    ),
    off(
        LIMITS,
        "queue_timeout",
        "Queue timeout",
        "How long a request may wait in a balancer (HAProxy timeout queue). 0: no limit.",
    ),
    none(
        LIMITS,
        "max_open",
        "Circuit breaker",
        1_000_000,
        "Most requests that a balancer has open in all; further ones are refused at once. 0: no limit (Envoy max_requests: 1024).",
    ),
    off(
        LIMITS,
        "slow_start",
        "Slow start",
        "How long a backend that came (back) takes to get its full weight, in rules that know weights. 0: at once.",
    ),
    percent(
        LIMITS,
        "slow_start_least",
        "Slow start from",
        10,
        "Share of its weight with which it begins (Envoy: 10).",
    ),
    param(
        LIMITS,
        "sticky",
        "Stickiness",
        Kind::Choice(&[("off", "Off"), ("client", "By client")]),
        "A client stays with the backend that it got first, as with a cookie, while that is in use and below its limit.",
    ),
    param(
        TIERS,
        "balancers",
        "Balancers",
        Kind::Int(1, 1, 64),
        "How many balancers share the traffic; each knows only its own open requests.",
    ),
    off(
        TIERS,
        "view_sync",
        "Views shared every",
        "How often balancers tell each other how many requests they have open where. 0: never.",
    ),
    param(
        TIERS,
        "routers",
        "Front routers",
        Kind::Int(0, 0, 8),
        "Routers in front, which spread the clients over the balancers. 0: each client has its balancer.",
    ),
    param(
        TIERS,
        "spread",
        "Routers spread by",
        Kind::Choice(&[("ecmp", "ECMP"), ("maglev", "Maglev")]),
        "ECMP: the client's hash modulo the live balancers, so that most clients move when one leaves. Maglev: by its table, so that few do.",
    ),
    param(
        TIERS,
        "front_check",
        "Routers check every",
        Kind::Duration(SECOND, MILLISECOND, HOUR),
        "How often routers probe the balancers; one that misses two in a row gets no traffic.",
    ),
    param(
        TIERS,
        "fan_out",
        "Parts per request",
        Kind::Int(1, 1, 200),
        "Each request is split into so many parts, each for a backend of its own, and is answered when all are.",
    ),
    param(
        TIERS,
        "databases",
        "Shared database",
        Kind::Int(0, 0, 1),
        "1: each request, after its own work, calls a database that all backends share, and keeps its worker meanwhile.",
    ),
    param(
        TIERS,
        "database_service",
        "Database time",
        Kind::Law(Law::Exponential(10 * MILLISECOND), HOUR),
        "Work that a request costs the database.",
    ),
    param(
        TIERS,
        "database_workers",
        "Database workers",
        Kind::Int(4, 1, 10_000),
        "How many requests the database works on at once.",
    ),
];

/// An algorithm's own parameters and all that are shared.
const fn table<const OWN: usize, const ALL: usize>(own: [Param; OWN]) -> [Param; ALL] {
    let mut all = [CHOICES; ALL];
    let mut at = 0;
    while at < ALL {
        all[at] = if at < OWN {
            own[at]
        } else if at < OWN + MAIN.len() {
            MAIN[at - OWN]
        } else {
            SHARED[at - OWN - MAIN.len()]
        };
        at += 1;
    }
    all
}

const COMMON: usize = MAIN.len() + SHARED.len();

/// For rules without parameters of their own.
pub static PLAIN: &[Param] = &table::<0, COMMON>([]);
/// For rules that draw a few.
pub static WITH_CHOICES: &[Param] = &table::<1, { COMMON + 1 }>([CHOICES]);
/// For rules that remember response times.
pub static WITH_DECAY: &[Param] = &table::<1, { COMMON + 1 }>([DECAY]);
/// For rules with a ring.
pub static WITH_RING: &[Param] = &table::<3, { COMMON + 3 }>([HASH_ON, POINTS, LOAD_BOUND]);
/// For rules with a table.
pub static WITH_TABLE: &[Param] = &table::<2, { COMMON + 2 }>([HASH_ON, TABLE_SIZE]);
