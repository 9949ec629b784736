//! Raft's switches, and what is promised under them.

use netsplit_sim::declare::{Kind, Param, Promise, Settings};
use netsplit_sim::time::{MILLISECOND, SECOND};

use crate::leader_election::declared::{DURABLE, LINEARIZABLE, LIVE};
use crate::parts::raft::BROKEN;
use crate::parts::switches::{SERVICE, SYNC, mistakes, param};

const ELECTIONS: &str = "Elections";
const READS: &str = "Reads";
const LOG: &str = "Log";
const MACHINE: &str = "Machine";

pub(super) static PARAMS: &[Param] = &[
    param(
        "election_min",
        "Election timeout, least",
        "",
        Kind::Duration(150 * MILLISECOND, MILLISECOND, 60 * SECOND),
        "A follower that hears no leader for a random time between least and most stands for election.",
    ),
    param(
        "election_max",
        "Election timeout, most",
        "",
        Kind::Duration(300 * MILLISECOND, MILLISECOND, 60 * SECOND),
        "The wider the range, the rarer split votes.",
    ),
    param(
        "heartbeat",
        "Heartbeat",
        "",
        Kind::Duration(50 * MILLISECOND, MILLISECOND, 10 * SECOND),
        "How often a leader tells that it lives.",
    ),
    param(
        "pre_vote",
        "PreVote",
        ELECTIONS,
        Kind::Bool(false),
        "A server asks whether it would be elected before it raises its term.",
    ),
    param(
        "check_quorum",
        "CheckQuorum",
        ELECTIONS,
        Kind::Bool(false),
        "A leader that hears no majority for an election timeout steps down.",
    ),
    param(
        "refuse_votes",
        "Refuse votes while a leader is heard",
        ELECTIONS,
        Kind::Bool(false),
        "For the least election timeout after a heartbeat no vote is granted. Leases imply it.",
    ),
    param(
        "reads",
        "Reads served by",
        "",
        Kind::Choice(&[
            ("log", "Log"),
            ("read_index", "ReadIndex"),
            ("lease", "Lease"),
            ("leader_local", "Leader, unsafe"),
        ]),
        "An entry, a round of heartbeats, a lease that rests on clocks, or the leader's own state, which can be stale.",
    ),
    Param {
        id: "drift",
        label: "Clock drift bound",
        unit: "ppm",
        group: READS,
        kind: Kind::Real(1000.0, 0.0, 500_000.0),
        help: "No clock is assumed to run faster than another by more. A lease is shorter than the timeout by as much.",
    },
    Param {
        id: "max_entries",
        label: "Entries in a message",
        unit: "",
        group: LOG,
        kind: Kind::Int(64, 1, 1024),
        help: "Most entries in one AppendEntries.",
    },
    Param {
        id: "inflight",
        label: "Messages under way",
        unit: "",
        group: LOG,
        kind: Kind::Int(64, 1, 1024),
        help: "Most AppendEntries with entries that a follower has not answered. With 1 there is no pipelining.",
    },
    param(
        "batch",
        "Collect for",
        LOG,
        Kind::Duration(0, 0, SECOND),
        "How long a leader collects commands before it writes and sends them together.",
    ),
    Param {
        id: "snapshot_every",
        label: "Snapshot after",
        unit: "entries",
        group: LOG,
        kind: Kind::Int(1000, 0, 1_000_000),
        help: "The state is saved and the log before it dropped, but for half as many entries; with 0 never.",
    },
    Param {
        id: "snapshot_chunk",
        label: "Bytes in InstallSnapshot",
        unit: "bytes",
        group: LOG,
        kind: Kind::Int(65_536, 64, 1_048_576),
        help: "A snapshot goes to a follower in chunks of so many bytes, each sent when the one before has arrived.",
    },
    param(
        "membership",
        "Membership changes",
        LOG,
        Kind::Choice(&[("single", "One server at a time"), ("joint", "Joint consensus")]),
        "One by one any two majorities meet; joint consensus needs a majority of both configurations.",
    ),
    Param { group: MACHINE, ..SYNC },
    Param { group: MACHINE, ..SERVICE },
    param(
        "measure_from",
        "Count time without a leader from",
        MACHINE,
        Kind::Duration(0, 0, 3600 * SECOND),
        "When the leader is known to crash; with 0 it counts from the last heartbeat that a server heard.",
    ),
    mistakes(
        BROKEN,
        "A mistake that somebody has made. The promises stay as they are, so that the run shows which it breaks.",
    ),
];

pub(super) fn promises(settings: &Settings) -> Vec<Promise> {
    let linearizable = match settings.choice("reads") {
        "leader_local" => Promise {
            promised: false,
            sentence: "A deposed leader may answer a read with an old value.",
            ..LINEARIZABLE
        },
        "lease" => Promise { assuming: &["no disk is lost", "clock drift within bound"], ..LINEARIZABLE },
        _ => LINEARIZABLE,
    };
    vec![linearizable, DURABLE, LIVE]
}
