//! etcd's switches, and what is promised under them.

use netsplit_sim::declare::{Aspect, Kind, Param, Promise, Settings};
use netsplit_sim::time::{MILLISECOND, SECOND};

use super::server::Broken;
use crate::leader_election::declared::{DURABLE, LINEARIZABLE, LIVE};
use crate::parts::switches::{SERVICE, SYNC, mistakes, param};

const LOG: &str = "Log";
const CLIENTS: &str = "Watches and leases";
const MACHINE: &str = "Machine";

pub(super) static PARAMS: &[Param] = &[
    param(
        "heartbeat",
        "Heartbeat interval",
        "",
        Kind::Duration(100 * MILLISECOND, MILLISECOND, 10 * SECOND),
        "--heartbeat-interval: about a round trip between members.",
    ),
    param(
        "election",
        "Election timeout",
        "",
        Kind::Duration(SECOND, 2 * MILLISECOND, 50 * SECOND),
        "--election-timeout: at least ten round trips. A member waits between one and two of it.",
    ),
    param(
        "reads",
        "Reads",
        "",
        Kind::Choice(&[("linearizable", "Linearizable"), ("serializable", "Serializable")]),
        "Linearizable: the leader confirms by a round of heartbeats that it leads. Serializable: whoever is asked answers, perhaps with an old value.",
    ),
    param(
        "pre_vote",
        "PreVote",
        LOG,
        Kind::Bool(true),
        "--pre-vote: a member asks whether it would be elected before it raises its term.",
    ),
    Param {
        id: "snapshot_count",
        label: "Snapshot after",
        unit: "entries",
        group: LOG,
        kind: Kind::Int(10_000, 0, 1_000_000),
        help: "--snapshot-count: the state is saved and the log before it dropped, but for half as many entries; with 0 never.",
    },
    param(
        "retention",
        "History kept for",
        LOG,
        Kind::Duration(0, 0, 3600 * SECOND),
        "--auto-compaction-retention, periodic: older revisions are compacted; with 0 none are.",
    ),
    param(
        "watchers",
        "Watchers",
        CLIENTS,
        Kind::Int(1, 0, 100),
        "Clients that watch all keys, and go on at another member where theirs is gone.",
    ),
    param(
        "contenders",
        "Contenders for a lock",
        CLIENTS,
        Kind::Int(2, 0, 100),
        "Clients that put the key lock with a lease if it is not there, and otherwise wait until it is deleted.",
    ),
    param(
        "ttl",
        "Lease, time to live",
        CLIENTS,
        Kind::Duration(10 * SECOND, 100 * MILLISECOND, 3600 * SECOND),
        "etcdctl lock asks for 10 s. Members grant at least one and a half election timeouts, in whole seconds.",
    ),
    param(
        "hold",
        "Lock held for",
        CLIENTS,
        Kind::Duration(3 * SECOND, 0, 3600 * SECOND),
        "0: until the lease is lost.",
    ),
    Param { group: MACHINE, ..SYNC },
    Param { group: MACHINE, ..SERVICE },
    mistakes(
        BROKEN,
        "A mistake that is easily made. The promises stay as they are, so that the run shows which it breaks.",
    ),
];

static BROKEN: &[(&str, &str)] = &[
    ("none", "Nothing"),
    ("no_read_index", "Linearizable reads without ReadIndex"),
    ("watch_forgets", "Resumed watches begin with what comes next"),
    ("local_expiry", "Every member lets leases expire"),
    ("cas_unchecked", "Followers do not compare"),
    ("revokes_forwarded", "A deposed leader's revocations are forwarded"),
];

/// The mistake of this name.
pub(super) fn broken(id: &str) -> Broken {
    match id {
        "no_read_index" => Broken::NoReadIndex,
        "watch_forgets" => Broken::WatchForgets,
        "local_expiry" => Broken::LocalExpiry,
        "cas_unchecked" => Broken::Unchecked,
        "revokes_forwarded" => Broken::RevokesForwarded,
        _ => Broken::Nothing,
    }
}

/// A broken variant claims what the correct one does.
pub(super) fn promises(settings: &Settings) -> Vec<Promise> {
    let linearizable = match settings.choice("reads") {
        "linearizable" => LINEARIZABLE,
        _ => Promise {
            promised: false,
            sentence: "A member answers from its own state, which may lag.",
            ..LINEARIZABLE
        },
    };
    vec![
        linearizable,
        Promise {
            id: "watch_gapless",
            aspect: Aspect::Consistency,
            promised: true,
            assuming: &["no disk is lost"],
            sentence: "A watch is told every change after the revision from which it began, in order and once, or that they are compacted.",
        },
        Promise {
            id: "one_holder",
            aspect: Aspect::Consistency,
            promised: false,
            assuming: &[],
            sentence: "A lock's holder that pauses may go on after its lease: whoever it writes to has to compare revisions.",
        },
        DURABLE,
        LIVE,
    ]
}
