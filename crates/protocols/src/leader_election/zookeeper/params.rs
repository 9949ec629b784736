//! ZooKeeper's switches, and what is promised under them.

use netsplit_sim::declare::{Aspect, Kind, Param, Promise, Settings};
use netsplit_sim::time::{MILLISECOND, SECOND};

use super::config::Broken;
use crate::leader_election::declared::{DURABLE, LINEARIZABLE, LIVE};
use crate::parts::switches::{SERVICE, SYNC, mistakes, param};

const SESSIONS: &str = "Sessions";

pub(super) static PARAMS: &[Param] = &[
    param(
        "tick",
        "Tick",
        "",
        Kind::Duration(2 * SECOND, 10 * MILLISECOND, 60 * SECOND),
        "tickTime: the leader pings twice a tick; all limits count ticks.",
    ),
    param(
        "init_limit",
        "Ticks to join",
        "",
        Kind::Int(10, 1, 1000),
        "initLimit: so long may a new leader and its followers take to come into sync.",
    ),
    param(
        "sync_limit",
        "Ticks of silence",
        "",
        Kind::Int(5, 1, 1000),
        "syncLimit: after so long without a word a leader and a follower give each other up, and a leader a follower that acknowledges nothing.",
    ),
    param(
        "reads",
        "Reads",
        "",
        Kind::Choice(&[("local", "Own state"), ("sync", "sync, then read"), ("write", "Write, then read")]),
        "sync lets a server catch up with the leader before it reads. A write before the read takes a place in the order of all writes.",
    ),
    param(
        "kept",
        "Committed log",
        "",
        Kind::Int(500, 1, 100_000),
        "commitLogCount: a follower that lacks more than so many transactions is sent a snapshot.",
    ),
    param(
        "contenders",
        "Contenders",
        SESSIONS,
        Kind::Int(0, 0, 100),
        "Clients with a session that contend for a lock: each makes an ephemeral sequential znode.",
    ),
    param(
        "recipe",
        "They watch",
        SESSIONS,
        Kind::Choice(&[("predecessor", "Predecessor"), ("holder", "Holder")]),
        "If all watch the holder, all wake up when it goes: the herd effect.",
    ),
    param(
        "hold",
        "Lock held for",
        SESSIONS,
        Kind::Duration(2 * SECOND, 0, 3600 * SECOND),
        "0: until the holder's session ends, as in an election.",
    ),
    param(
        "session",
        "Session timeout",
        SESSIONS,
        Kind::Duration(10 * SECOND, 10 * MILLISECOND, 3600 * SECOND),
        "What the client asks for; servers grant 2 to 20 ticks.",
    ),
    Param { help: "Time until a write is durable. Acknowledgements wait for it.", ..SYNC },
    SERVICE,
    mistakes(
        &[
            ("none", "Nothing"),
            ("no_synchronisation", "No synchronisation phase"),
            ("no_epoch_check", "Epochs are not compared"),
            ("ack_before_sync", "Acknowledged before the disk has it"),
            ("no_zxid_check", "Servers take clients that have seen more"),
            ("no_version", "Compare and set without the version"),
            ("late_watches", "Watch events wait for the next tick"),
        ],
        "What happens without a part that looks dispensable.",
    ),
];

/// The mistake of this name.
pub(super) fn broken(id: &str) -> Broken {
    match id {
        "no_synchronisation" => Broken::Synchronisation,
        "no_epoch_check" => Broken::Epochs,
        "ack_before_sync" => Broken::Sync,
        "no_zxid_check" => Broken::Seen,
        "no_version" => Broken::Version,
        "late_watches" => Broken::Watches,
        _ => Broken::Nothing,
    }
}

/// A broken variant claims what the correct one does.
pub(super) fn promises(settings: &Settings) -> Vec<Promise> {
    let (promised, sentence) = match settings.choice("reads") {
        "write" => (
            true,
            "A read sees every write that was acknowledged before it began: it has a place among them.",
        ),
        "sync" => (
            false,
            "After a sync a server knows what its leader had committed; but a leader that was deposed and does not know yet answers as well.",
        ),
        _ => (false, "A server answers from its own state, which may lag."),
    };
    vec![
        Promise { promised, sentence, ..LINEARIZABLE },
        Promise {
            id: "linearizable_writes",
            aspect: Aspect::Consistency,
            promised: true,
            assuming: &["no disk is lost"],
            sentence: "All writes have one order, which agrees with real time.",
        },
        Promise {
            id: "sequential",
            aspect: Aspect::Consistency,
            promised: true,
            assuming: &["no disk is lost"],
            sentence: "A client sees all writes in their order and never goes back, whichever server it asks.",
        },
        DURABLE,
        Promise { assuming: &["a majority is up and connected", "delays are far below a tick"], ..LIVE },
    ]
}
