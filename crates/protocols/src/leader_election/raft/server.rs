//! A Raft server: follower, candidate, leader.

use netsplit_sim::small::Map;
use std::sync::Arc;

use netsplit_sim::digest::Digest;
use netsplit_sim::distribution::Distribution;
use netsplit_sim::draw::Purpose;
use netsplit_sim::history::{Cause, Function};
use netsplit_sim::node::{Action, Context, Ctx, Look, Node, NodeId, TimerId};
use netsplit_sim::small;
use netsplit_sim::time::Nanos;
use netsplit_sim::view::{ClusterView, Detail, NodeView, Text};

use super::message::{Command, Disk, Entry, Raft, Write};
use super::store::Store;
use super::{Planted, view};
use crate::parts::chunked::Chunked;
use crate::parts::client::{Answer, ClientMessage, Reply, Request};
use crate::parts::host::{ClientTotals, Envelope, Overview};

const ELECTION: Purpose = Purpose::named("raft.election");
/// Most entries in one AppendEntries.
const BATCH: usize = 64;

/// Settings that all servers share.
#[derive(Clone, Debug)]
pub struct Config {
    /// Least election timeout (ns).
    pub election_min: Nanos,
    /// Greatest election timeout (ns).
    pub election_max: Nanos,
    /// Interval of heartbeats (ns).
    pub heartbeat: Nanos,
    /// A leader that has not heard from a majority for an election timeout steps down.
    pub check_quorum: bool,
    /// Reads are answered from the leader's own state, without asking anybody: fast, and not linearizable.
    pub local_reads: bool,
    /// Work that one message costs (ns).
    pub service: Nanos,
    /// A deliberate mistake, for tests.
    pub planted: Planted,
}

/// A server's timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// No leader was heard for an election timeout.
    Election,
    /// Time for heartbeats.
    Heartbeat,
}

/// What a server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Follows.
    Follower,
    /// Stands for election.
    Candidate,
    /// Leads.
    Leader,
}

/// What waits until the writes before it are durable.
#[derive(Clone, Debug)]
enum Effect {
    Send(NodeId, Raft),
    OwnVote(u64),
    OwnLog(u64, u64),
}

/// What a leader knows of a follower.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Progress {
    pub next: u64,
    pub matched: u64,
    /// `next` at the heartbeat before: what was sent by then and is not acknowledged is sent again.
    pub sent: u64,
    /// When it was last heard (ns of `elapsed`).
    pub heard: Nanos,
}

type RaftCtx<'a> = Context<'a, Envelope<Raft>, Timer, Write>;

/// The server.
#[derive(Clone, Debug)]
pub struct Server {
    pub(super) config: Arc<Config>,
    pub(super) peers: Vec<NodeId>,
    /// Latest term.
    pub term: u64,
    pub(super) vote: Option<NodeId>,
    /// The log; entry i has index i + 1.
    pub log: Chunked<Entry>,
    /// What it is.
    pub role: Role,
    pub(super) leader: Option<NodeId>,
    /// Index of the last entry known to be committed.
    pub commit: u64,
    applied: u64,
    pub(super) votes: Vec<NodeId>,
    pub(super) progress: Map<u32, Progress>,
    durable: u64,
    /// The state machine.
    pub store: Store,
    replies: Map<u64, Request>,
    election: Option<TimerId>,
    elections: u64,
    pub(super) election_started: Nanos,
    pub(super) election_span: Nanos,
    ticket: u64,
    synced: u64,
    dirty: bool,
    waiting: Vec<(u64, Effect)>,
    /// Entries of its own log that it had to give up, in all lives of this memory.
    pub truncated: u64,
    pub(super) in_doubt: bool,
}

impl Server {
    /// A server that knows its peers.
    #[must_use]
    pub fn new(config: Arc<Config>, peers: Vec<NodeId>) -> Self {
        Self {
            config,
            peers,
            term: 0,
            vote: None,
            log: Chunked::default(),
            role: Role::Follower,
            leader: None,
            commit: 0,
            applied: 0,
            votes: Vec::new(),
            progress: Map::new(),
            durable: 0,
            store: Store::default(),
            replies: Map::new(),
            election: None,
            elections: 0,
            election_started: 0,
            election_span: 0,
            ticket: 0,
            synced: 0,
            dirty: false,
            waiting: Vec::new(),
            truncated: 0,
            in_doubt: false,
        }
    }

    fn majority(&self) -> usize {
        self.peers.len().div_ceil(2) + 1
    }

    /// Index of the last entry.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.log.len() as u64
    }

    fn term_at(&self, index: u64) -> u64 {
        if index == 0 { 0 } else { self.log.get(index as usize - 1).map_or(0, |entry| entry.term) }
    }

    // ---- disk ----

    fn save_term(&mut self, ctx: &mut RaftCtx<'_>) {
        if self.config.planted != Planted::VoteNotPersisted {
            // A full disk refuses; then nothing that depends on the write is ever sent.
            self.dirty |= ctx.write(Write::Term(self.term, self.vote)).is_ok();
        }
    }

    fn save_log(&mut self, keep: u64, entries: &[Entry], ctx: &mut RaftCtx<'_>) {
        self.dirty |= ctx.write(Write::Log(keep, entries.to_vec())).is_ok();
    }

    fn when_durable(&mut self, effect: Effect, ctx: &mut RaftCtx<'_>) {
        if self.dirty {
            self.dirty = false;
            self.ticket += 1;
            ctx.sync(self.ticket);
        }
        if self.synced >= self.ticket || self.config.planted == Planted::AckBeforeSync {
            self.run(effect, ctx);
        } else {
            self.waiting.push((self.ticket, effect));
        }
    }

    fn run(&mut self, effect: Effect, ctx: &mut RaftCtx<'_>) {
        match effect {
            Effect::Send(to, message) => ctx.send(to, Envelope::Server(message)),
            Effect::OwnVote(term) => {
                if term == self.term && self.role == Role::Candidate {
                    self.count_vote(ctx.me(), ctx);
                }
            }
            Effect::OwnLog(term, index) => {
                if term == self.term && self.role == Role::Leader {
                    self.durable = self.durable.max(index);
                    self.advance_commit(ctx);
                }
            }
        }
    }

    // ---- elections ----

    fn reset_election(&mut self, ctx: &mut RaftCtx<'_>) {
        if let Some(timer) = self.election.take() {
            ctx.cancel(timer);
        }
        self.elections += 1;
        let law = Distribution::Uniform { min: self.config.election_min, max: self.config.election_max };
        let span = law.sample(ctx.draw(ELECTION, self.elections));
        self.election_started = ctx.elapsed();
        self.election_span = span;
        self.election = Some(ctx.set_timer(span, Timer::Election));
    }

    /// A higher term was seen: follow, and forget for whom one voted.
    fn adopt(&mut self, term: u64, ctx: &mut RaftCtx<'_>) {
        let led = self.role == Role::Leader;
        self.term = term;
        self.vote = None;
        self.save_term(ctx);
        self.step_down(ctx);
        if led {
            ctx.notable(|| Text::new("raft-stepped-down").with("term", term));
        }
    }

    fn step_down(&mut self, ctx: &mut RaftCtx<'_>) {
        if self.role != Role::Follower {
            self.reset_election(ctx);
        }
        self.role = Role::Follower;
        self.leader = None;
        self.in_doubt = false;
        self.votes.clear();
        self.progress.clear();
        self.replies.clear();
    }

    fn stand(&mut self, ctx: &mut RaftCtx<'_>) {
        self.term += 1;
        self.vote = Some(ctx.me());
        self.role = Role::Candidate;
        self.leader = None;
        self.votes.clear();
        self.save_term(ctx);
        self.reset_election(ctx);
        let term = self.term;
        ctx.note(|| Text::new("raft-stands").with("term", term));
        self.when_durable(Effect::OwnVote(term), ctx);
        let request = Raft::RequestVote { term, last: self.last(), last_term: self.term_at(self.last()) };
        for peer in self.peers.clone() {
            self.when_durable(Effect::Send(peer, request.clone()), ctx);
        }
    }

    fn count_vote(&mut self, from: NodeId, ctx: &mut RaftCtx<'_>) {
        if !self.votes.contains(&from) {
            self.votes.push(from);
        }
        if self.votes.len() >= self.majority() && self.role == Role::Candidate {
            self.lead(ctx);
        }
    }

    fn lead(&mut self, ctx: &mut RaftCtx<'_>) {
        self.role = Role::Leader;
        self.leader = Some(ctx.me());
        self.durable = 0;
        if let Some(timer) = self.election.take() {
            ctx.cancel(timer);
        }
        let heard = ctx.elapsed();
        let next = self.last() + 1;
        let fresh = Progress { next, matched: 0, sent: next, heard };
        self.progress = self.peers.iter().map(|peer| (peer.0, fresh)).collect();
        let (term, votes) = (self.term, self.votes.len() as u64);
        ctx.notable(|| Text::new("raft-leads").with("term", term).with("votes", votes));
        self.append(Command::Noop, ctx);
        ctx.set_timer(self.config.heartbeat, Timer::Heartbeat);
    }

    fn vote_on(&mut self, from: NodeId, term: u64, last: u64, last_term: u64, ctx: &mut RaftCtx<'_>) {
        let mine = (self.term_at(self.last()), self.last());
        let fresh = (last_term, last) >= mine;
        let free = self.vote.is_none() || self.vote == Some(from);
        let granted = term == self.term && fresh && free && self.role == Role::Follower;
        if granted {
            if self.vote.is_none() {
                self.vote = Some(from);
                self.save_term(ctx);
            }
            self.reset_election(ctx);
        } else {
            let (now, vote, role) = (self.term, self.vote, self.role);
            ctx.note(|| {
                let why = if term < now {
                    Text::new("raft-refuses-old").with("now", now)
                } else if role == Role::Leader {
                    Text::new("raft-refuses-leads").with("now", now)
                } else if let (false, Some(other)) = (free, vote) {
                    Text::new("raft-refuses-voted").with("other", other)
                } else {
                    Text::new("raft-refuses-log").with("last", last).with("mine", mine.1)
                };
                why.with("candidate", from).with("term", term)
            });
        }
        self.when_durable(Effect::Send(from, Raft::Vote { term: self.term, granted }), ctx);
    }

    // ---- log ----

    /// The leader's own entry: kept, made durable and sent at the same time.
    fn append(&mut self, command: Command, ctx: &mut RaftCtx<'_>) -> u64 {
        let entry = Entry { term: self.term, command };
        let keep = self.last();
        self.log.push(entry);
        self.save_log(keep, &[entry], ctx);
        let index = self.last();
        for peer in self.peers.clone() {
            self.replicate(peer, ctx);
        }
        self.when_durable(Effect::OwnLog(self.term, index), ctx);
        index
    }

    fn replicate(&mut self, to: NodeId, ctx: &mut RaftCtx<'_>) {
        let Some(progress) = self.progress.get_mut(&to.0) else { return };
        let previous = progress.next - 1;
        let from = previous as usize;
        let until = self.log.len().min(from + BATCH);
        let entries: Arc<[Entry]> = self.log.slice(from, until).into();
        progress.next = until as u64 + 1;
        let message = Raft::Append {
            term: self.term,
            previous,
            previous_term: self.term_at(previous),
            entries,
            commit: self.commit,
        };
        ctx.send(to, Envelope::Server(message));
    }

    fn append_from(
        &mut self,
        from: NodeId,
        previous: u64,
        previous_term: u64,
        entries: &[Entry],
        commit: u64,
        ctx: &mut RaftCtx<'_>,
    ) {
        if self.role == Role::Candidate {
            self.role = Role::Follower;
        }
        self.leader = Some(from);
        self.reset_election(ctx);
        if previous > self.last() || self.term_at(previous) != previous_term {
            // Where to try next: the start of the term that conflicts, or the end of a log that is too short.
            let mut index = self.last().min(previous.saturating_sub(1));
            let conflict = self.term_at(previous);
            while index > self.commit && previous <= self.last() && self.term_at(index) == conflict {
                index -= 1;
            }
            let reply = Raft::Appended { term: self.term, success: false, index };
            self.when_durable(Effect::Send(from, reply), ctx);
            return;
        }
        let mut index = previous;
        let mut new: &[Entry] = &[];
        for (at, entry) in entries.iter().enumerate() {
            if self.last() <= index || self.term_at(index + 1) != entry.term {
                new = &entries[at..];
                break;
            }
            index += 1;
        }
        if self.config.planted == Planted::TruncateAlways {
            (index, new) = (previous, entries);
        }
        if !new.is_empty() || self.config.planted == Planted::TruncateAlways {
            let gone = self.last() - index;
            if gone > 0 {
                self.truncated += gone;
                ctx.note(|| Text::new("raft-truncates").with("count", gone).with("leader", from));
            }
            self.log.truncate(index as usize);
            self.log.extend(new);
            self.save_log(index, new, ctx);
        }
        let verified = previous + entries.len() as u64;
        if commit.min(verified) > self.commit {
            self.commit = commit.min(verified);
            self.apply(ctx);
        }
        let reply = Raft::Appended { term: self.term, success: true, index: verified };
        self.when_durable(Effect::Send(from, reply), ctx);
    }

    fn advance_commit(&mut self, ctx: &mut RaftCtx<'_>) {
        let mut matched: Vec<u64> = self.progress.values().map(|progress| progress.matched).collect();
        matched.push(self.durable);
        small::sort(&mut matched);
        let index = matched[matched.len() - self.majority()];
        // Only an entry of its own term commits by counting; earlier ones commit with it (section 5.4.2).
        if index > self.commit && self.term_at(index) == self.term {
            self.commit = index;
            self.apply(ctx);
        }
    }

    fn apply(&mut self, ctx: &mut RaftCtx<'_>) {
        while self.applied < self.commit {
            self.applied += 1;
            let Some(entry) = self.log.get(self.applied as usize - 1).copied() else { break };
            if let Command::Client(client, operation) = entry.command {
                let answer = self.store.apply(client.0, &operation);
                if let Some(request) = self.replies.remove(&self.applied) {
                    reply(&request, Answer::Ok(answer), ctx);
                }
            }
        }
    }

    fn heartbeat(&mut self, ctx: &mut RaftCtx<'_>) {
        if self.role != Role::Leader {
            return;
        }
        let now = ctx.elapsed();
        let limit = self.config.election_max;
        let heard = self.progress.values().filter(|p| now.saturating_sub(p.heard) <= limit).count();
        self.in_doubt = heard + 1 < self.majority();
        if self.in_doubt && self.config.check_quorum {
            let term = self.term;
            ctx.notable(|| Text::new("raft-quorum-lost").with("term", term));
            self.step_down(ctx);
            return;
        }
        for peer in self.peers.clone() {
            if let Some(progress) = self.progress.get_mut(&peer.0) {
                if progress.matched + 1 < progress.sent {
                    progress.next = progress.matched + 1;
                }
                progress.sent = progress.next;
            }
            self.replicate(peer, ctx);
        }
        ctx.set_timer(self.config.heartbeat, Timer::Heartbeat);
    }

    // ---- clients ----

    fn request(&mut self, request: Request, ctx: &mut RaftCtx<'_>) {
        if self.role != Role::Leader {
            let leader = self.leader.filter(|leader| *leader != ctx.me());
            let answer = leader.map_or(Answer::Refused(Cause::Unavailable), |l| Answer::Redirect(Some(l)));
            reply(&request, answer, ctx);
            return;
        }
        if request.operation.function == Function::Read && self.config.local_reads {
            reply(&request, Answer::Ok(self.store.get(request.operation.key)), ctx);
            return;
        }
        // The reply is remembered first: alone in its cluster, a leader may commit at once.
        self.replies.insert(self.last() + 1, request);
        self.append(Command::Client(request.client, request.operation), ctx);
    }

    fn handle(&mut self, from: NodeId, message: Raft, ctx: &mut RaftCtx<'_>) {
        let (Raft::Append { term, .. }
        | Raft::Appended { term, .. }
        | Raft::RequestVote { term, .. }
        | Raft::Vote { term, .. }
        | Raft::TimeoutNow { term }) = message;
        if term > self.term {
            self.adopt(term, ctx);
        }
        match message {
            Raft::RequestVote { term, last, last_term } => self.vote_on(from, term, last, last_term, ctx),
            Raft::Append { .. } if term < self.term => {
                let reply = Raft::Appended { term: self.term, success: false, index: 0 };
                self.when_durable(Effect::Send(from, reply), ctx);
            }
            Raft::Append { previous, previous_term, entries, commit, .. } => {
                self.append_from(from, previous, previous_term, &entries, commit, ctx);
            }
            // Replies of an older term say nothing about this one.
            _ if term < self.term => {}
            Raft::Vote { granted, .. } => {
                if granted && self.role == Role::Candidate {
                    self.count_vote(from, ctx);
                }
            }
            Raft::Appended { success, index, .. } => self.appended(from, success, index, ctx),
            Raft::TimeoutNow { .. } => {
                if self.role == Role::Follower {
                    self.stand(ctx);
                }
            }
        }
    }

    fn appended(&mut self, from: NodeId, success: bool, index: u64, ctx: &mut RaftCtx<'_>) {
        let last = self.last();
        let Some(progress) = self.progress.get_mut(&from.0).filter(|_| self.role == Role::Leader) else {
            return;
        };
        progress.heard = ctx.elapsed();
        if success {
            progress.matched = progress.matched.max(index);
            progress.next = progress.next.max(progress.matched + 1);
            let more = progress.next <= last;
            self.advance_commit(ctx);
            if more {
                self.replicate(from, ctx);
            }
        } else {
            progress.next = (index + 1).max(progress.matched + 1).min(progress.next.max(1));
            self.replicate(from, ctx);
        }
    }
}

fn reply(request: &Request, answer: Answer, ctx: &mut RaftCtx<'_>) {
    let reply = Reply { number: request.operation.number, attempt: request.attempt, answer, session: 0 };
    ctx.send(request.client, ClientMessage::Reply(reply).into());
}

impl Node for Server {
    type Message = Envelope<Raft>;
    type Timer = Timer;
    type Disk = Disk;

    fn start(&mut self, disk: &Disk, ctx: &mut Ctx<'_, Self>) {
        (self.term, self.vote, self.log) = (disk.term, disk.vote, disk.log.clone());
        self.reset_election(ctx);
    }

    fn receive(&mut self, from: NodeId, message: Envelope<Raft>, ctx: &mut Ctx<'_, Self>) {
        match message {
            Envelope::Client(ClientMessage::Request(request)) => self.request(request, ctx),
            Envelope::Client(ClientMessage::Reply(_) | ClientMessage::Cancel(..)) => {}
            Envelope::Server(message) => self.handle(from, message, ctx),
        }
    }

    fn timer(&mut self, timer: Timer, ctx: &mut Ctx<'_, Self>) {
        match timer {
            Timer::Election if self.role != Role::Leader => self.stand(ctx),
            Timer::Election => {}
            Timer::Heartbeat => self.heartbeat(ctx),
        }
    }

    fn synced(&mut self, ticket: u64, ctx: &mut Ctx<'_, Self>) {
        self.synced = self.synced.max(ticket);
        let at = self.waiting.partition_point(|(needed, _)| *needed <= ticket);
        let ready: Vec<Effect> = self.waiting.drain(..at).map(|(_, effect)| effect).collect();
        for effect in ready {
            self.run(effect, ctx);
        }
    }

    fn demand(&self, _: NodeId, _: &Envelope<Raft>) -> Nanos {
        self.config.service
    }

    fn act(&mut self, action: &Action, ctx: &mut Ctx<'_, Self>) -> bool {
        if action.id != "transfer_leadership" || self.role != Role::Leader {
            return false;
        }
        // To the follower that has most of the log.
        let best = self.progress.iter().max_by_key(|(_, p)| p.matched).map(|(peer, _)| NodeId(*peer));
        if let Some(to) = best {
            ctx.send(to, Envelope::Server(Raft::TimeoutNow { term: self.term }));
        }
        best.is_some()
    }

    fn heap(&self) -> usize {
        // In memory and on disk.
        2 * self.log.heap()
    }
    fn digest(&self) -> u64 {
        Digest::new()
            .add(self.term)
            .add(self.vote.map_or(0, |vote| u64::from(vote.0) + 1))
            .add(self.commit)
            .add(self.role as u64)
            .add(self.store.digest())
            .all(self.log.iter().rev().take(64).map(Entry::word))
            .add(self.last())
            .end()
    }

    fn observe(&self, look: &Look, detail: Detail) -> NodeView {
        view::node(self, look, detail)
    }
}

impl Overview for Server {
    fn overview(servers: &[(usize, &Self)], up: &[bool], _: ClientTotals) -> ClusterView {
        view::cluster(servers, up)
    }
}
