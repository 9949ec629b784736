//! What a replica is told: spans, switches, and the mistakes that it can be asked to make.

use netsplit_sim::time::Nanos;

/// Settings of a replica.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Least election timeout (ns).
    pub election_min: Nanos,
    /// Greatest election timeout (ns).
    pub election_max: Nanos,
    /// Interval of heartbeats (ns).
    pub heartbeat: Nanos,
    /// Ask whether one would be elected before standing (dissertation, 9.6).
    pub pre_vote: bool,
    /// A leader that has not heard from a majority for an election timeout steps down (dissertation, 6.2).
    pub check_quorum: bool,
    /// No vote within the least election timeout of hearing a leader (dissertation, 4.2.3).
    pub refuse: bool,
    /// How long a heartbeat that a majority has answered lets the leader read without asking, counted from its sending
    /// (ns); 0 where reads do not rest on time (dissertation, 6.4.1).
    pub lease: Nanos,
    /// Membership changes by joint consensus (paper, section 6) instead of one server at a time (dissertation, 4.1).
    pub joint: bool,
    /// Most entries in one AppendEntries.
    pub max_entries: usize,
    /// Most AppendEntries with entries under way to one follower; 1 is no pipelining (dissertation, 10.2.1).
    pub inflight: u32,
    /// How long a leader collects before it writes and sends (ns; dissertation, 10.2.2).
    pub batch: Nanos,
    /// What commits is told to all at once, and not with the next heartbeat or entry.
    pub announce: bool,
    /// A snapshot is taken after so many entries; 0: never.
    pub compact: u64,
    /// Most bytes of a snapshot in one InstallSnapshot.
    pub chunk: u32,
    /// Time without a leader counts from this instant of the wall clock (ns); 0: from the last heartbeat heard.
    pub measure_from: Nanos,
    /// A deliberate mistake.
    pub broken: Broken,
}

/// Deliberate mistakes, each of which somebody has made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Broken {
    /// Raft as published.
    #[default]
    Nothing,
    /// Term and vote are kept in memory only.
    VoteNotPersisted,
    /// Entries are kept in memory only.
    LogNotPersisted,
    /// Votes and acknowledgements do not wait for the disk.
    AckBeforeSync,
    /// A majority commits an entry of an earlier term.
    CommitByCounting,
    /// A vote is granted whatever the candidate's log.
    NoLogCheck,
    /// A follower cuts its log at every AppendEntries, not only on conflict.
    TruncateAlways,
    /// A follower takes the leader's commit index though the message verified less of its log.
    LeaderCommit,
    /// Replies of an older term count.
    StaleReplies,
    /// ReadIndex before the leader has committed in its own term.
    EarlyReadIndex,
    /// The lease begins when the acknowledgement arrives.
    LeaseFromAck,
    /// The lease outlives a leadership transfer.
    LeaseKept,
    /// The lease is as long as the greatest election timeout.
    LeaseTooLong,
    /// The session table is left out of snapshots.
    SnapshotWithoutSessions,
    /// A command that comes again is applied again.
    NoSessions,
    /// A membership change before a commit in the leader's own term (the bug of 2015).
    EarlyChange,
    /// A membership change while another is under way.
    TwoAtOnce,
}

/// The choice as scenarios name it, in the order of [`Broken`].
pub static BROKEN: &[(&str, &str)] = &[
    ("none", "Nothing"),
    ("vote_not_persisted", "Term and vote not written to disk"),
    ("log_not_persisted", "Log not written to disk"),
    ("ack_before_sync", "Acknowledges before the sync"),
    ("commit_by_counting", "Commits earlier terms by counting"),
    ("no_log_check", "Votes without the log check"),
    ("truncate_always", "Truncates without a conflict"),
    ("leader_commit", "Takes the leader's commit index"),
    ("stale_replies", "Counts replies of older terms"),
    ("early_read_index", "ReadIndex before a commit of its term"),
    ("lease_from_ack", "Lease from the acknowledgement's arrival"),
    ("lease_kept", "Lease kept across a transfer"),
    ("lease_too_long", "Lease of the greatest timeout"),
    ("snapshot_without_sessions", "Snapshot without the session table"),
    ("no_sessions", "Retry without a session"),
    ("early_change", "Membership change before a commit of its term"),
    ("two_at_once", "Two membership changes at once"),
];

const ALL: [Broken; 17] = [
    Broken::Nothing,
    Broken::VoteNotPersisted,
    Broken::LogNotPersisted,
    Broken::AckBeforeSync,
    Broken::CommitByCounting,
    Broken::NoLogCheck,
    Broken::TruncateAlways,
    Broken::LeaderCommit,
    Broken::StaleReplies,
    Broken::EarlyReadIndex,
    Broken::LeaseFromAck,
    Broken::LeaseKept,
    Broken::LeaseTooLong,
    Broken::SnapshotWithoutSessions,
    Broken::NoSessions,
    Broken::EarlyChange,
    Broken::TwoAtOnce,
];

impl Broken {
    /// The mistake of this name; none where there is no such name.
    #[must_use]
    pub fn of(id: &str) -> Self {
        BROKEN.iter().position(|(name, _)| *name == id).map_or(Self::Nothing, |at| ALL[at])
    }
}
