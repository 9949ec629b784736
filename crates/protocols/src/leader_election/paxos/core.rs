//! The replicated log: proposer, acceptor and learner in one, hosted by whoever needs an order on which a majority
//! agrees.

use std::collections::VecDeque;
use std::sync::Arc;

use netsplit_sim::digest::Digest;
use netsplit_sim::distribution::Distribution;
use netsplit_sim::draw::Purpose;
use netsplit_sim::node::{Context, NodeId, TimerId};
use netsplit_sim::small::Map;
use netsplit_sim::time::Nanos;
use netsplit_sim::view::Text;

use super::message::{Ballot, CHOSEN, Command, Disk, Paxos, Value, Write, ballot, ballot_name};
use crate::parts::chunked::Chunked;
use crate::parts::durable::Durable;

const ELECTION: Purpose = Purpose::named("paxos.election");
/// Most values in one message to a learner.
const BATCH: usize = 64;

/// Settings that all nodes share.
#[derive(Clone, Debug)]
pub struct Config {
    /// Least and greatest time without a leader after which a node proposes itself (ns).
    pub election: (Nanos, Nanos),
    /// Interval of heartbeats (ns).
    pub heartbeat: Nanos,
    /// Most slots that a leader has proposed and does not know to be decided.
    pub window: u64,
    /// Mistake: the acceptor keeps nothing on disk.
    pub forgets: bool,
    /// Mistake: a proposer adopts the first accepted value that it hears of instead of that of the highest ballot.
    pub adopts_any: bool,
}

/// A node's timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// No leader was heard.
    Election,
    /// Time for heartbeats in this ballot.
    Heartbeat(Ballot),
}

/// What a node is as a proposer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It proposes nothing.
    Follower,
    /// It has asked for promises.
    Preparing,
    /// A majority promised: it proposes.
    Leading,
}

/// What waits until the writes before it are durable.
#[derive(Clone, Debug)]
enum Effect {
    Send(NodeId, Paxos),
    OwnPromise(Ballot),
    OwnAccept(Ballot, u64),
}

/// A part's context.
pub type PaxosCtx<'a> = Context<'a, Paxos, Timer, Write>;

/// The log of one node.
#[derive(Clone, Debug)]
pub struct Core {
    config: Arc<Config>,
    me: NodeId,
    peers: Arc<[NodeId]>,
    /// As an acceptor: nothing below this ballot is accepted.
    pub promised: Ballot,
    /// The highest ballot in which it has answered: promised or accepted. No restart may undo that.
    pub answered: Ballot,
    /// The ballot of its last answer that it had accepted, for slots that are not decided.
    pub voted: Map<u64, Ballot>,
    /// The decided values, without a gap; the value at place i is that of slot i + 1.
    pub chosen: Chunked<Value>,
    /// What it accepted after them, by slot.
    pub accepted: Map<u64, (Ballot, Value)>,
    /// As a proposer.
    pub role: Role,
    /// Its own latest ballot.
    pub ballot: Ballot,
    /// Who leads, as far as it knows.
    pub leader: Option<NodeId>,
    highest: Ballot,
    next: u64,
    serial: u64,
    promises: u32,
    reported: Map<u64, (Ballot, Value)>,
    votes: Map<u64, u32>,
    /// Slots below this one were proposed a heartbeat ago: what is open of them is sent again.
    again: u64,
    queue: VecDeque<Command>,
    applied: u64,
    /// The last command of each ballot that was applied.
    last: Map<Ballot, u64>,
    /// Commands that were skipped: their proposer's later ones were decided, they never will be.
    pub order_lost: u64,
    election: Option<TimerId>,
    elections: u64,
    /// When the election timer was set, and for how long (ns of elapsed time).
    pub armed: (Nanos, Nanos),
    durable: Durable<Effect, Write>,
}

impl Core {
    /// A node that knows its peers.
    #[must_use]
    pub fn new(config: Arc<Config>, me: NodeId, peers: Arc<[NodeId]>) -> Self {
        Self {
            config,
            me,
            peers,
            promised: 0,
            answered: 0,
            voted: Map::new(),
            chosen: Chunked::default(),
            accepted: Map::new(),
            role: Role::Follower,
            ballot: 0,
            leader: None,
            highest: 0,
            next: 1,
            serial: 0,
            promises: 0,
            reported: Map::new(),
            votes: Map::new(),
            again: 0,
            queue: VecDeque::new(),
            applied: 0,
            last: Map::new(),
            order_lost: 0,
            election: None,
            elections: 0,
            armed: (0, 0),
            durable: Durable::default(),
        }
    }

    /// Slots up to this one are decided, as far as it knows.
    #[must_use]
    pub fn decided(&self) -> u64 {
        self.chosen.len() as u64
    }

    /// How many nodes there are.
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.peers.len() + 1
    }

    /// A majority of all nodes, of which `set` has a bit for each.
    fn is_majority(&self, set: u32) -> bool {
        set.count_ones() as usize * 2 > self.peers.len() + 1
    }

    fn bit(node: NodeId) -> u32 {
        1 << (node.0 & 31)
    }

    fn tell(&self, message: &Paxos, ctx: &mut PaxosCtx<'_>) {
        ctx.send_all(self.peers.iter().copied(), message);
    }

    // ---- disk ----

    fn write(&mut self, write: Write, ctx: &mut PaxosCtx<'_>) {
        if !self.config.forgets {
            self.durable.write(write, ctx);
        }
    }

    fn when_durable(&mut self, effect: Effect, ctx: &mut PaxosCtx<'_>) {
        if let Some(effect) = self.durable.after(effect, ctx) {
            self.run(effect, ctx);
        }
    }

    fn run(&mut self, effect: Effect, ctx: &mut PaxosCtx<'_>) {
        match effect {
            Effect::Send(to, message) => {
                if let Paxos::Promise { ballot, .. } | Paxos::Accepted { ballot, .. } = message {
                    self.answered = self.answered.max(ballot);
                }
                if let Paxos::Accepted { ballot, slot } = message {
                    self.voted.insert(slot, ballot);
                }
                ctx.send(to, message);
            }
            // Only now: a ballot that a crash forgets might be used again, for something else.
            Effect::OwnPromise(ballot) if ballot == self.ballot && self.role == Role::Preparing => {
                self.answered = self.answered.max(ballot);
                // What it accepted itself is the first report.
                self.reported = self.accepted.clone();
                self.tell(&Paxos::Prepare { ballot, from: self.decided() + 1 }, ctx);
                self.promise(self.me, ballot, &[], ctx);
            }
            Effect::OwnPromise(_) => {}
            Effect::OwnAccept(ballot, slot) => {
                self.answered = self.answered.max(ballot);
                self.voted.insert(slot, ballot);
                self.vote(self.me, ballot, slot, ctx);
            }
        }
    }

    /// All writes before the sync with this ticket are durable.
    pub fn synced(&mut self, ticket: u64, ctx: &mut PaxosCtx<'_>) {
        for effect in self.durable.synced(ticket) {
            self.run(effect, ctx);
        }
    }

    // ---- lives and timers ----

    /// A life begins with what the disk holds.
    pub fn start(&mut self, disk: &Disk, ctx: &mut PaxosCtx<'_>) {
        (self.promised, self.chosen, self.accepted) =
            (disk.promised, disk.chosen.clone(), disk.accepted.clone());
        self.highest = self.promised;
        self.wait(ctx);
    }

    fn wait(&mut self, ctx: &mut PaxosCtx<'_>) {
        if let Some(timer) = self.election.take() {
            ctx.cancel(timer);
        }
        self.elections += 1;
        let (min, max) = self.config.election;
        let span = Distribution::Uniform { min, max }.sample(ctx.draw(ELECTION, self.elections));
        self.armed = (ctx.elapsed(), span);
        self.election = Some(ctx.set_timer(span, Timer::Election));
    }

    /// A timer fired.
    pub fn timer(&mut self, timer: Timer, ctx: &mut PaxosCtx<'_>) {
        self.durable.retry(ctx);
        match timer {
            Timer::Election => {
                self.election = None;
                self.prepare(ctx);
            }
            Timer::Heartbeat(ballot) if ballot == self.ballot && self.role == Role::Leading => {
                let chosen = self.decided();
                self.tell(&Paxos::Heartbeat { ballot, chosen }, ctx);
                for slot in chosen + 1..self.again {
                    self.accept(slot, ctx);
                }
                self.again = self.next;
                ctx.set_timer(self.config.heartbeat, timer);
            }
            Timer::Heartbeat(_) => {}
        }
    }

    // ---- the proposer ----

    fn prepare(&mut self, ctx: &mut PaxosCtx<'_>) {
        self.ballot = ballot((self.highest >> 8) + 1, self.me);
        (self.highest, self.promised) = (self.ballot, self.ballot);
        self.role = Role::Preparing;
        self.leader = None;
        self.promises = 0;
        let ballot = self.ballot;
        ctx.note(|| Text::new("paxos-prepares").with("ballot", ballot_name(ballot)));
        self.write(Write::Promise(ballot), ctx);
        self.wait(ctx);
        self.when_durable(Effect::OwnPromise(ballot), ctx);
    }

    /// Another proposer's ballot is higher.
    fn give_way(&mut self, seen: Ballot, ctx: &mut PaxosCtx<'_>) {
        self.highest = self.highest.max(seen);
        if seen > self.ballot && self.role != Role::Follower {
            ctx.notable(|| Text::new("paxos-gives-way").with("ballot", ballot_name(seen)));
            self.role = Role::Follower;
            self.leader = None;
            self.queue.clear();
            self.votes.clear();
            self.wait(ctx);
        }
    }

    fn promise(
        &mut self,
        from: NodeId,
        ballot: Ballot,
        accepted: &[(u64, Ballot, Value)],
        ctx: &mut PaxosCtx<'_>,
    ) {
        if self.role != Role::Preparing || ballot != self.ballot {
            return;
        }
        for (slot, ballot, value) in accepted {
            let known = self.reported.get(slot).map(|(known, _)| *known);
            // P2c: the value of the highest ballot below this one, whatever the others say.
            if known.is_none_or(|known| known < *ballot && !self.config.adopts_any) {
                self.reported.insert(*slot, (*ballot, *value));
            }
        }
        self.promises |= Self::bit(from);
        if self.is_majority(self.promises) {
            self.lead(ctx);
        }
    }

    fn lead(&mut self, ctx: &mut PaxosCtx<'_>) {
        self.role = Role::Leading;
        self.leader = Some(self.me);
        if let Some(timer) = self.election.take() {
            ctx.cancel(timer);
        }
        let (ballot, promises) = (self.ballot, self.promises.count_ones());
        ctx.notable(|| {
            Text::new("paxos-leads").with("ballot", ballot_name(ballot)).with("promises", promises)
        });
        self.serial = 0;
        self.votes.clear();
        let reported = std::mem::take(&mut self.reported);
        let first = self.decided() + 1;
        let last = reported.keys().last().copied().unwrap_or(0).max(self.decided());
        self.next = last + 1;
        for slot in first..=last {
            match reported.get(&slot) {
                Some((CHOSEN, value)) => self.learn(slot, *value, ctx),
                Some((_, value)) => self.propose_in(slot, *value, ctx),
                None => {
                    ctx.note(|| Text::new("paxos-fills").with("slot", slot));
                    let noop = Value { origin: ballot, serial: 0, command: Command::Noop };
                    self.propose_in(slot, noop, ctx);
                }
            }
        }
        self.advance(ctx);
        self.again = self.next;
        let chosen = self.decided();
        self.tell(&Paxos::Heartbeat { ballot, chosen }, ctx);
        ctx.set_timer(self.config.heartbeat, Timer::Heartbeat(ballot));
    }

    /// Proposes a command, at once or when the window has room; false where this node does not lead.
    pub fn propose(&mut self, command: Command, ctx: &mut PaxosCtx<'_>) -> bool {
        if self.role != Role::Leading {
            return false;
        }
        self.queue.push_back(command);
        self.propose_more(ctx);
        true
    }

    fn propose_more(&mut self, ctx: &mut PaxosCtx<'_>) {
        while self.role == Role::Leading && self.next <= self.decided() + self.config.window {
            let Some(command) = self.queue.pop_front() else { return };
            self.serial += 1;
            let value = Value { origin: self.ballot, serial: self.serial, command };
            self.next += 1;
            self.propose_in(self.next - 1, value, ctx);
        }
    }

    fn propose_in(&mut self, slot: u64, value: Value, ctx: &mut PaxosCtx<'_>) {
        let ballot = self.ballot;
        self.accepted.insert(slot, (ballot, value));
        self.votes.insert(slot, 0);
        self.write(Write::Accept(slot, ballot, value), ctx);
        self.accept(slot, ctx);
        self.when_durable(Effect::OwnAccept(ballot, slot), ctx);
    }

    /// Sends phase 2a for a slot that is open.
    fn accept(&self, slot: u64, ctx: &mut PaxosCtx<'_>) {
        if let Some((ballot, value)) = self.accepted.get(&slot).filter(|(ballot, _)| *ballot != CHOSEN) {
            let message = Paxos::Accept { ballot: *ballot, slot, value: *value, chosen: self.decided() };
            self.tell(&message, ctx);
        }
    }

    fn vote(&mut self, from: NodeId, ballot: Ballot, slot: u64, ctx: &mut PaxosCtx<'_>) {
        if self.role != Role::Leading || ballot != self.ballot {
            return;
        }
        let Some(votes) = self.votes.get_mut(&slot) else { return };
        *votes |= Self::bit(from);
        let votes = *votes;
        if self.is_majority(votes) {
            self.votes.remove(&slot);
            if let Some(entry) = self.accepted.get_mut(&slot) {
                entry.0 = CHOSEN;
            }
            self.advance(ctx);
            self.propose_more(ctx);
        }
    }

    // ---- the learner ----

    fn learn(&mut self, slot: u64, value: Value, ctx: &mut PaxosCtx<'_>) {
        if slot > self.decided() && self.accepted.get(&slot).is_none_or(|(ballot, _)| *ballot != CHOSEN) {
            self.accepted.insert(slot, (CHOSEN, value));
            self.write(Write::Accept(slot, CHOSEN, value), ctx);
        }
    }

    /// Moves what is known to be chosen and has no gap before it.
    fn advance(&mut self, ctx: &mut PaxosCtx<'_>) {
        let before = self.decided();
        while let Some((CHOSEN, value)) = self.accepted.get(&(self.decided() + 1)).copied() {
            self.accepted.remove(&(self.decided() + 1));
            self.chosen.push(value);
        }
        if self.decided() > before {
            self.write(Write::Chosen(self.decided()), ctx);
            self.voted = self.voted.split_off(&(self.decided() + 1));
        }
    }

    /// The leader of this ballot says that slots up to here are decided.
    fn follow(&mut self, from: NodeId, ballot: Ballot, chosen: u64, ctx: &mut PaxosCtx<'_>) {
        self.give_way(ballot, ctx);
        if self.leader != Some(from) {
            self.leader = Some(from);
        }
        self.wait(ctx);
        for slot in self.decided() + 1..=chosen {
            // What was accepted in that very ballot is what its leader proposed.
            match self.accepted.get_mut(&slot) {
                Some(entry) if entry.0 == ballot || entry.0 == CHOSEN => entry.0 = CHOSEN,
                _ => break,
            }
        }
        self.advance(ctx);
        if self.decided() < chosen {
            ctx.send(from, Paxos::Learn(self.decided() + 1));
        }
    }

    /// The next decided value that has not been applied, in order.
    pub fn next_decided(&mut self) -> Option<Value> {
        let value = *self.chosen.get(self.applied as usize)?;
        self.applied += 1;
        if value.serial > 0 {
            let last = self.last.slot(value.origin, || 0);
            self.order_lost += value.serial.saturating_sub(*last + 1);
            *last = value.serial;
        }
        Some(value)
    }

    // ---- messages ----

    /// A message arrived.
    pub fn receive(&mut self, from: NodeId, message: Paxos, ctx: &mut PaxosCtx<'_>) {
        self.durable.retry(ctx);
        match message {
            Paxos::Prepare { ballot, .. }
            | Paxos::Accept { ballot, .. }
            | Paxos::Heartbeat { ballot, .. }
                if ballot < self.promised =>
            {
                ctx.send(from, Paxos::Refused { promised: self.promised });
            }
            Paxos::Prepare { ballot, from: first } => {
                self.give_way(ballot, ctx);
                self.promised = ballot;
                self.write(Write::Promise(ballot), ctx);
                let decided = (first..=self.decided())
                    .filter_map(|slot| Some((slot, CHOSEN, *self.chosen.get(slot as usize - 1)?)));
                let open = self.accepted.from(&first).map(|(slot, (ballot, value))| (*slot, *ballot, *value));
                let accepted = decided.chain(open).collect();
                // Whoever asks gets its time.
                self.wait(ctx);
                self.when_durable(Effect::Send(from, Paxos::Promise { ballot, accepted }), ctx);
            }
            Paxos::Promise { ballot, accepted } => self.promise(from, ballot, &accepted, ctx),
            Paxos::Accept { ballot, slot, value, chosen } => {
                if ballot > self.promised {
                    self.promised = ballot;
                    self.write(Write::Promise(ballot), ctx);
                }
                let open = self.accepted.get(&slot).map(|(ballot, _)| *ballot);
                if slot > self.decided() && open != Some(CHOSEN) && open != Some(ballot) {
                    self.accepted.insert(slot, (ballot, value));
                    self.write(Write::Accept(slot, ballot, value), ctx);
                }
                self.follow(from, ballot, chosen, ctx);
                self.when_durable(Effect::Send(from, Paxos::Accepted { ballot, slot }), ctx);
            }
            Paxos::Accepted { ballot, slot } => self.vote(from, ballot, slot, ctx),
            Paxos::Refused { promised } => self.give_way(promised, ctx),
            Paxos::Heartbeat { ballot, chosen } => self.follow(from, ballot, chosen, ctx),
            Paxos::Learn(first) => {
                let values = self.chosen.slice(first as usize - 1, first as usize - 1 + BATCH);
                ctx.send(from, Paxos::Chosen(first, values.into()));
            }
            Paxos::Chosen(first, values) => {
                for (slot, value) in (first..).zip(values.iter()) {
                    self.learn(slot, *value, ctx);
                }
                self.advance(ctx);
                if values.len() == BATCH {
                    ctx.send(from, Paxos::Learn(self.decided() + 1));
                }
            }
        }
    }

    /// Writes that a full disk refused and that wait for room.
    #[must_use]
    pub fn refused(&self) -> usize {
        self.durable.refused()
    }

    /// Digest of the state.
    #[must_use]
    pub fn digest(&self) -> u64 {
        Digest::new()
            .add(self.promised)
            .add(self.ballot)
            .add(self.role as u64)
            .add(self.decided())
            .all(self.chosen.iter().rev().take(64).map(Value::word))
            .all(self.accepted.iter().flat_map(|(slot, (ballot, value))| [*slot, *ballot, value.word()]))
            .end()
    }
}
