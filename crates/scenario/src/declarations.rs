//! The declarations of the document's own parameters: `network` and `workload`. Their defaults are those of
//! [`crate::migrate::v1`] (a test compares them).

use crate::catalogue::{Control, ParamDecl, ParamKind};
use crate::document::{Network, Workload};
use crate::record::Field;
use crate::{Duration, limits};

const LOG: Control = Control::Slider { log: true };
const LINEAR: Control = Control::Slider { log: false };

fn param(
    id: &str,
    label: &str,
    help: &str,
    unit: &str,
    kind: ParamKind,
    control: Control,
    default: &mut dyn Field,
) -> ParamDecl {
    ParamDecl {
        id: id.to_owned(),
        label: label.to_owned(),
        help: help.to_owned(),
        unit: unit.to_owned(),
        group: String::new(),
        kind,
        default: default.write(),
        control,
    }
}

fn choice(options: &[(&str, &str)]) -> ParamKind {
    let owned = |(id, label): &(&str, &str)| ((*id).to_owned(), (*label).to_owned());
    ParamKind::Choice { options: options.iter().map(owned).collect() }
}

fn time(min: Duration) -> ParamKind {
    ParamKind::Duration { min, max: limits::DURATION }
}

/// The parameters of `network`.
pub fn network() -> Vec<ParamDecl> {
    let mut d = Network::default();
    let share = ParamKind::Real { min: 0.0, max: 1.0 };
    let spread = ParamKind::Distribution { max: Duration::from_secs(600) };
    let transports =
        choice(&[("auto", "As the algorithm assumes"), ("datagram", "Datagrams"), ("stream", "Streams")]);
    let bytes = ParamKind::Int { min: 0, max: 1_000_000_000_000 };
    vec![
        param(
            "latency",
            "Latency",
            "How long a message takes.",
            "",
            spread,
            Control::Distribution,
            &mut d.latency,
        ),
        param(
            "loss",
            "Loss",
            "The probability that a message is lost.",
            "",
            share.clone(),
            LINEAR,
            &mut d.loss,
        ),
        param(
            "duplicate",
            "Duplication",
            "The probability that a message arrives twice.",
            "",
            share.clone(),
            LINEAR,
            &mut d.duplicate,
        ),
        param(
            "reorder",
            "Reordering",
            "The probability that a message is held back behind later ones.",
            "",
            share,
            LINEAR,
            &mut d.reorder,
        ),
        param(
            "bandwidth",
            "Bandwidth",
            "What a link carries; 0 is unlimited.",
            "bytes/s",
            bytes,
            Control::Number,
            &mut d.bandwidth,
        ),
        param(
            "transport",
            "Transport",
            "Datagrams may overtake each other; a stream keeps their order.",
            "",
            transports,
            Control::Segmented,
            &mut d.transport,
        ),
    ]
}

/// The parameters of `workload`.
pub fn workload() -> Vec<ParamDecl> {
    let mut d = Workload::default();
    let whole = |min: i64, max: i64| ParamKind::Int { min, max };
    let real = |min: f64, max: f64| ParamKind::Real { min, max };
    let spread = ParamKind::Distribution { max: Duration::from_secs(3_600) };
    let modes = choice(&[("closed", "Closed loop"), ("open", "Open loop"), ("paced", "Paced")]);
    vec![
        param(
            "clients",
            "Clients",
            "How many clients send operations.",
            "",
            whole(0, i64::from(limits::CLIENTS)),
            LOG,
            &mut d.clients,
        ),
        param(
            "mode",
            "Arrivals",
            "Closed loop: each client waits for its answer, thinks, and sends again. Open loop: nobody waits. Paced: as in the open loop, but a client waits for its answer before it sends the next one, late if need be.",
            "",
            modes,
            Control::Segmented,
            &mut d.mode,
        ),
        param(
            "rate",
            "Rate",
            "Operations of all clients together, in an open loop or paced.",
            "1/s",
            real(0.0, 1_000_000.0),
            LOG,
            &mut d.rate,
        ),
        param(
            "think",
            "Think time",
            "The pause between an answer and the next operation, in a closed loop.",
            "",
            spread,
            Control::Distribution,
            &mut d.think,
        ),
        param("read_share", "Reads", "The share of reads.", "", real(0.0, 1.0), LINEAR, &mut d.read_share),
        param("keys", "Keys", "How many keys there are.", "", whole(1, 1_000_000), LOG, &mut d.keys),
        param(
            "skew",
            "Skew",
            "The exponent of Zipf's law over the keys; 0 is uniform.",
            "",
            real(0.0, 5.0),
            LINEAR,
            &mut d.skew,
        ),
        param(
            "value_bytes",
            "Value size",
            "The size of a written value. No algorithm here depends on it yet.",
            "bytes",
            whole(0, 1 << 30),
            Control::Number,
            &mut d.value_bytes,
        ),
        param(
            "timeout",
            "Timeout",
            "How long a client waits for an answer.",
            "",
            time(Duration(1)),
            LOG,
            &mut d.timeout,
        ),
        param(
            "retries",
            "Retries",
            "How often a client tries again.",
            "",
            whole(0, 1_000),
            LINEAR,
            &mut d.retries,
        ),
        param(
            "backoff",
            "Backoff",
            "The pause before the first retry; it doubles with each.",
            "",
            time(Duration::ZERO),
            LOG,
            &mut d.backoff,
        ),
        param(
            "retry_budget",
            "Retry budget",
            "Retries that a client may make for each request, on average; ten can be saved up. 0: no limit.",
            "",
            real(0.0, 1.0),
            LINEAR,
            &mut d.retry_budget,
        ),
        param(
            "client_skew",
            "Client skew",
            "How unevenly clients share the rate of an open loop: client k sends in proportion to 1/k to this power. 0: all the same.",
            "",
            real(0.0, 3.0),
            LINEAR,
            &mut d.client_skew,
        ),
        param(
            "sessions",
            "Sessions",
            "Each client keeps a session, so that a retried write can be recognised. Raft's clients always do; the others never.",
            "",
            ParamKind::Bool,
            Control::Switch,
            &mut d.sessions,
        ),
        param(
            "start",
            "Start",
            "When the first operation may start.",
            "",
            time(Duration::ZERO),
            Control::Number,
            &mut d.start,
        ),
        param(
            "stop",
            "Stop",
            "When the last operation may start; without it the run's end.",
            "",
            time(Duration::ZERO),
            Control::Number,
            &mut d.stop,
        ),
    ]
}
