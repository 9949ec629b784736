//! A replica of the log: its state, and which message, timer or finished sync is whose.

use std::collections::VecDeque;
use std::sync::Arc;

use netsplit_sim::digest::Digest;
use netsplit_sim::node::{Context, NodeId, TimerId};
use netsplit_sim::small::Map;
use netsplit_sim::time::Nanos;
use netsplit_sim::view::Text;

use super::disk::Effect;
use super::log::Log;
use super::members::Members;
use super::membership::Change;
use super::message::{Disk, Entry, Raft, Snapshot, Write};
use super::reads::Waiting;
use super::rules::{Broken, Rules};

/// A replica's timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// No leader was heard for an election timeout.
    Election,
    /// Time for heartbeats.
    Heartbeat,
    /// What was collected is written and sent.
    Flush,
}

/// What a replica is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Follows.
    Follower,
    /// Asks whether it would be elected.
    PreCandidate,
    /// Stands for election.
    Candidate,
    /// Leads.
    Leader,
}

/// What a leader knows of another replica.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    /// Index of the entry that it is sent next.
    pub next: u64,
    /// Up to here its log is known to agree.
    pub matched: u64,
    /// The leader's round when that became known.
    pub known: u64,
    /// `next` at the heartbeat before: what was sent by then and is not acknowledged is sent again.
    pub sent: u64,
    /// When it was last heard (ns of `elapsed`).
    pub heard: Nanos,
    /// From here on, what was sent is under way: it has not been answered.
    pub base: u64,
    /// `matched` at the heartbeat before.
    pub before: u64,
    /// `matched` when something was sent again because of a gap.
    pub again: u64,
    /// Latest round of heartbeats that it has answered.
    pub round: u64,
    /// Index of the snapshot that is under way to it, or 0.
    pub snapshot: u64,
    /// Index of the latest snapshot that was sent to it, and how many bytes of that it has.
    pub chunk: (u64, u32),
    /// `chunk` at the heartbeat before.
    pub chunk_before: (u64, u32),
    /// Where its log agrees is not known: one AppendEntries at a time, with what follows `base`.
    pub probing: bool,
}

/// The context of a replica.
pub type RaftCtx<'a> = Context<'a, Raft, Timer, Write>;

/// A replica of the log. Its host passes on messages, timers and finished syncs, and after each of them applies what
/// is committed, restores what was installed and answers the reads that are ready.
#[derive(Clone, Debug)]
pub struct Replica {
    pub(super) rules: Arc<Rules>,
    pub(super) initial: Members,
    pub(super) me: NodeId,
    /// Latest term.
    pub term: u64,
    /// Vote in that term.
    pub vote: Option<NodeId>,
    /// The log.
    pub log: Log,
    /// The latest snapshot.
    pub snapshot: Option<Arc<Snapshot>>,
    /// Configuration in force: the latest in the log, committed or not.
    pub members: Members,
    /// Index of its entry.
    pub members_index: u64,
    /// What it is.
    pub role: Role,
    /// Whom it believes to lead its term.
    pub leader: Option<NodeId>,
    /// Index of the last entry known to be committed.
    pub commit: u64,
    /// A snapshot that the host has to restore.
    pub restored: Option<Arc<Snapshot>>,
    /// Reads that the host may answer from its state now.
    pub ready: Vec<u64>,
    /// What a leader knows of the others, voters or not, by number.
    pub progress: Map<u32, Progress>,
    /// Last entry on its disk.
    pub stable: u64,
    /// Entries of its own log that it had to give up, in this life.
    pub truncated: u64,
    /// Index and term of the snapshot that is on its way here, and how many bytes of it have come.
    pub(super) incoming: Option<((u64, u64), u32)>,
    /// Snapshots that it was sent and installed, in this life.
    pub installed: u64,
    /// It leads, but has lost its majority.
    pub in_doubt: bool,
    /// It was told to leave the cluster.
    pub leaving: bool,
    /// A voter told it that it is none any more, and no leader has been heard since.
    pub(super) removed: bool,
    /// Since when it waits for a leader, and how long it will (ns of `elapsed`).
    pub election_started: Nanos,
    /// Its election timeout (ns).
    pub election_span: Nanos,
    /// Until when its lease lasts (ns of `elapsed`).
    pub lease_until: Nanos,
    /// How long there was no leader before the present one (ns of its wall clock).
    pub without_leader: Nanos,
    /// Terms without a leader before the present one's.
    pub split_terms: u64,
    /// Lowest index that was written in the present event; for observers.
    pub edited: u64,
    pub(super) votes: u128,
    pub(super) durable: u64,
    pub(super) election: Option<TimerId>,
    pub(super) beat: Option<TimerId>,
    /// When it last sent its heartbeats (ns of `elapsed`).
    pub beat_at: Nanos,
    pub(super) elections: u64,
    /// When a leader was last heard (ns of `elapsed`), and by the wall clock.
    pub(super) heard: Option<Nanos>,
    pub(super) heard_clock: Nanos,
    pub(super) led_term: u64,
    pub(super) ticket: u64,
    pub(super) synced: u64,
    pub(super) unsaved: u64,
    pub(super) term_unsaved: bool,
    pub(super) snapshot_unsaved: Option<(u64, u64)>,
    pub(super) waiting: Vec<(u64, Effect)>,
    pub(super) flushing: bool,
    pub(super) round: u64,
    pub(super) rounds: VecDeque<(u64, Nanos)>,
    pub(super) reads: Vec<Waiting>,
    pub(super) reading: bool,
    pub(super) transfer: Option<(NodeId, Nanos)>,
    pub(super) transferred: bool,
    pub(super) changes: Vec<Change>,
    pub(super) asked: Nanos,
}

impl Replica {
    /// A replica that knows the first configuration. One that is not in it asks to join when it starts.
    #[must_use]
    pub fn new(me: NodeId, rules: Arc<Rules>, initial: Members) -> Self {
        Self {
            rules,
            initial,
            me,
            term: 0,
            vote: None,
            log: Log::default(),
            snapshot: None,
            members: initial,
            members_index: 0,
            role: Role::Follower,
            leader: None,
            commit: 0,
            restored: None,
            ready: Vec::new(),
            progress: Map::new(),
            stable: 0,
            truncated: 0,
            incoming: None,
            installed: 0,
            in_doubt: false,
            leaving: false,
            removed: false,
            election_started: 0,
            election_span: 0,
            lease_until: 0,
            without_leader: 0,
            split_terms: 0,
            edited: u64::MAX,
            votes: 0,
            durable: 0,
            election: None,
            beat: None,
            beat_at: 0,
            elections: 0,
            heard: None,
            heard_clock: 0,
            led_term: 0,
            ticket: 0,
            synced: 0,
            unsaved: u64::MAX,
            term_unsaved: false,
            snapshot_unsaved: None,
            waiting: Vec::new(),
            flushing: false,
            round: 0,
            rounds: VecDeque::new(),
            reads: Vec::new(),
            reading: false,
            transfer: None,
            transferred: false,
            changes: Vec::new(),
            asked: 0,
        }
    }

    /// A life begins, with what the disk holds.
    pub fn start(&mut self, disk: &Disk, ctx: &mut RaftCtx<'_>) {
        (self.term, self.vote, self.leaving) = (disk.term, disk.vote, disk.leaving);
        (self.log, self.snapshot) = (disk.log.clone(), disk.snapshot.clone());
        self.stable = self.log.last();
        self.commit = self.snapshot.as_ref().map_or(0, |snapshot| snapshot.index);
        self.restored = self.snapshot.clone();
        self.find_members();
        self.edited = 0;
        // An earlier life may have promised a leader not to vote, and this one does not remember.
        self.heard = (ctx.life() > 0).then(|| ctx.elapsed());
        self.heard_clock = ctx.clock();
        self.reset_election(ctx);
        if !self.members.has(self.me) {
            self.ask(ctx);
        }
    }

    /// Forgets what observers have seen: the host calls this before each event.
    pub fn begin(&mut self) {
        self.edited = u64::MAX;
    }

    /// A message arrived.
    pub fn receive(&mut self, from: NodeId, message: Raft, ctx: &mut RaftCtx<'_>) {
        let stale = self.rules.broken == Broken::StaleReplies;
        match message {
            Raft::Append(append) => {
                if self.admit(from, append.term, ctx) {
                    self.append_from(from, &append, ctx);
                }
            }
            Raft::Install { term, snapshot, offset, length, round } => {
                if self.admit(from, term, ctx) {
                    self.install(from, snapshot, (offset, length), round, ctx);
                }
            }
            Raft::Received { term, index, offset, round } => {
                if term > self.term {
                    self.adopt(term, ctx);
                } else if term == self.term {
                    self.received(from, (index, offset), round, ctx);
                }
            }
            Raft::RequestVote { term, last, last_term, pre, transfer } => {
                self.vote_on(from, (term, last, last_term), pre, transfer, ctx);
            }
            Raft::Vote { term, granted, pre } => {
                if pre && granted {
                    if self.role == Role::PreCandidate && term == self.term + 1 {
                        self.count_vote(from, ctx);
                    }
                } else if term > self.term {
                    self.adopt(term, ctx);
                } else if granted && self.role == Role::Candidate && (term == self.term || stale) {
                    self.count_vote(from, ctx);
                }
            }
            Raft::Appended { term, success, index, round, previous } => {
                if term > self.term {
                    self.adopt(term, ctx);
                } else if term == self.term || (stale && success) {
                    // Replies of an older term say nothing about this one.
                    self.appended(from, success.then_some(index).ok_or((index, previous)), round, ctx);
                }
            }
            Raft::TimeoutNow { term } => {
                if term == self.term && self.role != Role::Leader && self.members.has(self.me) {
                    self.stand(true, ctx);
                }
            }
            Raft::Change { node, add } => self.change(from, node, add, ctx),
            Raft::Removed { index } => self.told_removed(index, ctx),
        }
    }

    /// Whether a leader's message is of this term; a newer one is followed, an older one answered. The answer repeats no
    /// round: whoever sent it may have started again since, count its rounds anew and lead the present term.
    fn admit(&mut self, from: NodeId, term: u64, ctx: &mut RaftCtx<'_>) -> bool {
        if term > self.term {
            self.adopt(term, ctx);
        }
        if term < self.term {
            let reply = Raft::Appended { term: self.term, success: false, index: 0, round: 0, previous: 0 };
            self.when_durable(Effect::Send(from, reply), ctx);
            return false;
        }
        self.follow(from, ctx);
        true
    }

    /// A timer fired.
    pub fn timer(&mut self, timer: Timer, ctx: &mut RaftCtx<'_>) {
        match timer {
            Timer::Election => self.election_timeout(ctx),
            Timer::Heartbeat => self.heartbeat(ctx),
            Timer::Flush => self.flush(ctx),
        }
    }

    /// All writes before the sync with this ticket are durable.
    pub fn synced(&mut self, ticket: u64, ctx: &mut RaftCtx<'_>) {
        self.synced = self.synced.max(ticket);
        let at = self.waiting.partition_point(|(needed, _)| *needed <= ticket);
        let ready: Vec<Effect> = self.waiting.drain(..at).map(|(_, effect)| effect).collect();
        for effect in ready {
            self.run(effect, ctx);
        }
    }

    /// Others whom it knows: a leader those whom it sends to, else the configuration's.
    #[must_use]
    pub fn others(&self) -> Vec<NodeId> {
        if self.role == Role::Leader {
            self.progress.keys().map(|peer| NodeId(*peer)).collect()
        } else {
            let all = self.members.all() | if self.members_index == 0 { self.initial.all() } else { 0 };
            super::members::nodes(all).filter(|node| *node != self.me).collect()
        }
    }

    /// A higher term was seen: follow, and forget for whom one voted.
    pub(super) fn adopt(&mut self, term: u64, ctx: &mut RaftCtx<'_>) {
        let led = self.role == Role::Leader;
        self.term = term;
        self.vote = None;
        self.term_unsaved = true;
        self.step_down(ctx);
        if led {
            ctx.notable(|| Text::new("raft-stepped-down").with("term", term));
        }
    }

    /// Whether it leads, and an entry of its own term is committed: only then its commit index is up to date.
    #[must_use]
    pub fn settled(&self) -> bool {
        self.role == Role::Leader && self.log.term_at(self.commit) == self.term
    }

    /// Whether it has no vote, or was told so.
    #[must_use]
    pub fn out(&self) -> bool {
        self.removed || !self.members.has(self.me)
    }

    /// Which node it is.
    #[must_use]
    pub fn me(&self) -> NodeId {
        self.me
    }

    /// How long its leases are (ns).
    #[must_use]
    pub fn lease(&self) -> Nanos {
        self.rules.lease
    }

    /// Whom a leader is handing over to.
    #[must_use]
    pub fn handing_over(&self) -> Option<NodeId> {
        self.transfer.map(|(to, _)| to)
    }

    /// Who voted for it.
    pub fn voters(&self) -> impl Iterator<Item = NodeId> {
        super::members::nodes(self.votes)
    }

    /// Digest of the state.
    #[must_use]
    pub fn digest(&self) -> u64 {
        Digest::new()
            .add(self.term)
            .add(self.vote.map_or(0, |vote| u64::from(vote.0) + 1))
            .add(self.commit)
            .add(self.role as u64)
            .add(self.members.word())
            .add(self.log.base())
            .all(self.log.iter().rev().take(64).map(|(_, entry)| Entry::word(entry)))
            .add(self.log.last())
            .end()
    }
}
