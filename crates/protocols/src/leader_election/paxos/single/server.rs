//! A server: proposer, acceptor and learner.

use std::collections::VecDeque;
use std::sync::Arc;

use netsplit_sim::digest::Digest;
use netsplit_sim::distribution::Distribution;
use netsplit_sim::draw::Purpose;
use netsplit_sim::history::Operation;
use netsplit_sim::node::{Ctx, Look, Node, NodeId, TimerId};
use netsplit_sim::small::Map;
use netsplit_sim::time::Nanos;
use netsplit_sim::view::{ClusterView, Detail, NodeView, Text};

use super::message::{Acceptor, Decree, Disk, Write};
use super::view;
use crate::leader_election::paxos::message::{Ballot, Command, Value, ballot, ballot_name};
use crate::parts::chunked::Chunked;
use crate::parts::client::{Answer, ClientMessage, Reply, Request};
use crate::parts::durable::Durable;
use crate::parts::host::{ClientTotals, Envelope, Overview};
use crate::parts::store::Store;

/// Most decided values in one message to a server that missed them.
const BATCH: usize = 64;
const BACKOFF: Purpose = Purpose::named("paxos.backoff");

/// A server's timers: the pause after a refusal is over, or a majority is overdue. The number tells attempts apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Again(u64);

/// An attempt to have a command decided.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt {
    pub decree: u64,
    pub ballot: Ballot,
    /// Its own command, or what it has to propose instead.
    value: Value,
    /// The ballot of the value that it adopted.
    adopted: Ballot,
    accepting: bool,
    heard: u32,
}

/// Settings of a server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Config {
    pub random: bool,
    pub pause: Nanos,
    pub timeout: Nanos,
    pub service: Nanos,
    pub forgets: bool,
    pub adopts_any: bool,
}

/// A server: proposer, acceptor and learner.
#[derive(Clone, Debug)]
pub struct Server {
    config: Arc<Config>,
    me: NodeId,
    pub(super) peers: Arc<[NodeId]>,
    /// How it stands on open decrees.
    pub open: Map<u64, Acceptor>,
    /// The highest ballot in which it has answered for an open decree.
    pub answered: Map<u64, Ballot>,
    /// The ballot of its last answer that it had accepted, for open decrees.
    pub voted: Map<u64, Ballot>,
    /// The decided values, without a gap.
    pub decided: Chunked<Value>,
    /// Decided values after a gap.
    pub(super) later: Map<u64, Value>,
    /// What the decided commands made.
    pub store: Store,
    pub(super) attempt: Option<Attempt>,
    attempts: u64,
    refusals: u32,
    highest: Ballot,
    /// What clients wait for, and until when (ns of its elapsed time).
    pub(super) queue: VecDeque<(Nanos, Request)>,
    /// What a client asked for last; for observers.
    pub asked: Option<(NodeId, Operation)>,
    timer: Option<TimerId>,
    /// Ballots of its own that were refused, in this life.
    pub preempted: u64,
    pub(super) durable: Durable<(NodeId, Decree), Write>,
}

impl Server {
    pub(super) fn new(config: Arc<Config>, me: NodeId, peers: Arc<[NodeId]>) -> Self {
        Self {
            config,
            me,
            peers,
            open: Map::new(),
            answered: Map::new(),
            voted: Map::new(),
            decided: Chunked::default(),
            later: Map::new(),
            store: Store::default(),
            attempt: None,
            attempts: 0,
            refusals: 0,
            highest: 0,
            queue: VecDeque::new(),
            asked: None,
            timer: None,
            preempted: 0,
            durable: Durable::default(),
        }
    }

    pub(super) fn next(&self) -> u64 {
        self.decided.len() as u64 + 1
    }

    fn arm(&mut self, delay: Nanos, ctx: &mut Ctx<'_, Self>) {
        if let Some(timer) = self.timer.take() {
            ctx.cancel(timer);
        }
        self.timer = Some(ctx.set_timer(delay, Again(self.attempts)));
    }

    /// Sends once all writes so far are durable; to itself at once then.
    fn send(&mut self, to: NodeId, message: Decree, ctx: &mut Ctx<'_, Self>) {
        if let Some((to, message)) = self.durable.after((to, message), ctx) {
            self.deliver(to, message, ctx);
        }
    }

    fn deliver(&mut self, to: NodeId, message: Decree, ctx: &mut Ctx<'_, Self>) {
        if let Decree::Promise(decree, ballot, _) | Decree::Accepted(decree, ballot) = message
            && decree >= self.next()
        {
            let answered = self.answered.slot(decree, || 0);
            *answered = ballot.max(*answered);
            if let Decree::Accepted(..) = message {
                self.voted.insert(decree, ballot);
            }
        }
        if to == self.me {
            self.handle(to, message, ctx);
        } else {
            ctx.send(to, Envelope::Server(message));
        }
    }

    fn stand(&mut self, decree: u64, acceptor: Acceptor, ctx: &mut Ctx<'_, Self>) {
        self.open.insert(decree, acceptor);
        if !self.config.forgets {
            self.durable.write(Write::Open(decree, acceptor), ctx);
        }
    }

    // ---- the proposer ----

    /// Proposes the first command in its queue for the next decree.
    fn propose(&mut self, ctx: &mut Ctx<'_, Self>) {
        let now = ctx.elapsed();
        // What nobody waits for any more only holds up the others.
        self.queue.retain(|(until, _)| *until > now);
        let Some((_, request)) = self.queue.front() else { return };
        let decree = self.next();
        let known = self.open.get(&decree).map_or(0, |acceptor| acceptor.promised);
        let ballot = ballot((self.highest.max(known) >> 8) + 1, self.me);
        let command = Command::Client(request.client, request.operation);
        let value = Value { origin: ballot, serial: 0, command };
        self.attempts += 1;
        self.attempt = Some(Attempt { decree, ballot, value, adopted: 0, accepting: false, heard: 0 });
        ctx.note(|| Text::new("decree-prepares").with("decree", decree).with("ballot", ballot_name(ballot)));
        self.arm(self.config.timeout, ctx);
        // It promises itself first: a ballot that a crash forgets might be used again, for something else.
        self.acceptor(self.me, Decree::Prepare(decree, ballot), ctx);
        for peer in Arc::clone(&self.peers).iter() {
            self.send(*peer, Decree::Prepare(decree, ballot), ctx);
        }
    }

    /// Its ballot was refused, or no majority answered.
    fn pause(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.attempt = None;
        self.attempts += 1;
        let most = self.config.pause;
        let pause = if self.config.random {
            let most = most.saturating_mul(1 << self.refusals.min(6));
            Distribution::Uniform { min: 0, max: most }.sample(ctx.draw(BACKOFF, self.attempts))
        } else {
            most
        };
        self.refusals += 1;
        if pause == 0 { self.propose(ctx) } else { self.arm(pause, ctx) }
    }

    fn heard(&mut self, from: NodeId, decree: u64, ballot: Ballot, accepting: bool, ctx: &mut Ctx<'_, Self>) {
        let nodes = self.peers.len() + 1;
        let Some(attempt) = self.attempt.as_mut() else { return };
        if (attempt.decree, attempt.ballot, attempt.accepting) != (decree, ballot, accepting) {
            return;
        }
        attempt.heard |= 1 << (from.0 & 31);
        if (attempt.heard.count_ones() as usize) * 2 <= nodes {
            return;
        }
        let value = attempt.value;
        if accepting {
            ctx.note(|| {
                Text::new("decree-decided").with("decree", decree).with("ballot", ballot_name(ballot))
            });
            for peer in self.peers.iter() {
                ctx.send(*peer, Envelope::Server(Decree::Decided(decree, [value].into())));
            }
            return self.learn(decree, &[value], ctx);
        }
        (attempt.accepting, attempt.heard) = (true, 0);
        for peer in self.peers.iter() {
            ctx.send(*peer, Envelope::Server(Decree::Accept(decree, ballot, value)));
        }
        self.acceptor(self.me, Decree::Accept(decree, ballot, value), ctx);
    }

    // ---- the acceptor ----

    fn acceptor(&mut self, from: NodeId, message: Decree, ctx: &mut Ctx<'_, Self>) {
        let (Decree::Prepare(decree, ballot) | Decree::Accept(decree, ballot, _)) = message else { return };
        let at = decree as usize - 1;
        let mut known = self.decided.slice(at, at + BATCH);
        known.extend(self.later.get(&decree).filter(|_| known.is_empty()));
        if !known.is_empty() {
            return ctx.send(from, Envelope::Server(Decree::Decided(decree, known.into())));
        }
        let mut acceptor = self.open.get(&decree).copied().unwrap_or_default();
        if ballot < acceptor.promised {
            return self.send(from, Decree::Refused(decree, acceptor.promised), ctx);
        }
        let before = acceptor;
        acceptor.promised = ballot;
        let answer = if let Decree::Accept(.., value) = message {
            acceptor.accepted = Some((ballot, value));
            Decree::Accepted(decree, ballot)
        } else {
            Decree::Promise(decree, ballot, acceptor.accepted)
        };
        if acceptor != before {
            self.stand(decree, acceptor, ctx);
        }
        self.send(from, answer, ctx);
    }

    // ---- the learner ----

    fn learn(&mut self, first: u64, values: &[Value], ctx: &mut Ctx<'_, Self>) {
        let next = self.next();
        self.later.extend((first..).zip(values.iter().copied()).filter(|(decree, _)| *decree >= next));
        while let Some(value) = self.later.remove(&self.next()) {
            let decree = self.next();
            self.open.remove(&decree);
            self.answered.remove(&decree);
            self.voted.remove(&decree);
            self.decided.push(value);
            (self.highest, self.refusals) = (0, 0);
            if !self.config.forgets {
                self.durable.write(Write::Decided(value), ctx);
            }
            let Command::Client(client, operation) = value.command else { continue };
            let answer = self.store.apply(client.0, &operation).answer();
            let same =
                |(_, r): &(Nanos, Request)| r.client == client && r.operation.number == operation.number;
            while let Some(at) = self.queue.iter().position(same) {
                if let Some((_, request)) = self.queue.remove(at) {
                    reply(&request, answer, ctx);
                }
            }
        }
        if self.attempt.is_none_or(|attempt| attempt.decree < self.next()) {
            // The duel for that decree is over, however it ended.
            if self.attempt.take().is_some() {
                self.propose(ctx);
            }
        }
    }

    fn handle(&mut self, from: NodeId, message: Decree, ctx: &mut Ctx<'_, Self>) {
        match message {
            Decree::Prepare(..) | Decree::Accept(..) => self.acceptor(from, message, ctx),
            Decree::Promise(decree, ballot, accepted) => {
                let any = self.config.adopts_any;
                if let (Some(attempt), Some((theirs, value))) = (&mut self.attempt, accepted)
                    && (attempt.decree, attempt.ballot, attempt.accepting) == (decree, ballot, false)
                    && if any { attempt.adopted == 0 } else { theirs > attempt.adopted }
                {
                    // P2c: the value of the highest ballot that any of a majority accepted.
                    (attempt.adopted, attempt.value) = (theirs, value);
                }
                self.heard(from, decree, ballot, false, ctx);
            }
            Decree::Accepted(decree, ballot) => self.heard(from, decree, ballot, true, ctx),
            Decree::Refused(decree, promised) => {
                if let Some(attempt) = self.attempt
                    && attempt.decree == decree
                    && attempt.ballot < promised
                {
                    self.highest = self.highest.max(promised);
                    self.preempted += 1;
                    ctx.note(|| {
                        let text = Text::new("decree-refused").with("decree", decree);
                        text.with("ballot", ballot_name(attempt.ballot)).with("higher", ballot_name(promised))
                    });
                    self.pause(ctx);
                }
            }
            Decree::Decided(first, values) => self.learn(first, &values, ctx),
        }
    }
}

fn reply(request: &Request, answer: Answer, ctx: &mut Ctx<'_, Server>) {
    let reply = Reply { number: request.operation.number, attempt: request.attempt, answer, session: 0 };
    ctx.send(request.client, ClientMessage::Reply(reply).into());
}

impl Node for Server {
    type Message = Envelope<Decree>;
    type Timer = Again;
    type Disk = Disk;
    type Watch = super::invariants::Watch;

    fn start(&mut self, disk: &Disk, _: &mut Ctx<'_, Self>) {
        self.open = disk.open.clone();
        self.decided = disk.decided.clone();
        for value in self.decided.iter() {
            if let Command::Client(client, operation) = value.command {
                self.store.apply(client.0, &operation);
            }
        }
    }

    fn receive(&mut self, from: NodeId, message: Envelope<Decree>, ctx: &mut Ctx<'_, Self>) {
        self.durable.retry(ctx);
        match message {
            Envelope::Client(ClientMessage::Request(request)) => {
                self.asked = Some((request.client, request.operation));
                let patience = if request.patience == 0 { Nanos::MAX } else { request.patience };
                self.queue.push_back((ctx.elapsed().saturating_add(patience), request));
                if self.attempt.is_none() && self.timer.is_none() {
                    self.propose(ctx);
                }
            }
            Envelope::Client(ClientMessage::Reply(_) | ClientMessage::Cancel(..)) => {}
            Envelope::Server(message) => self.handle(from, message, ctx),
        }
        self.rest(ctx);
    }

    fn timer(&mut self, timer: Again, ctx: &mut Ctx<'_, Self>) {
        self.durable.retry(ctx);
        self.timer = None;
        if timer.0 == self.attempts {
            if self.attempt.is_some() { self.pause(ctx) } else { self.propose(ctx) }
        }
        self.rest(ctx);
    }

    fn synced(&mut self, ticket: u64, ctx: &mut Ctx<'_, Self>) {
        for (to, message) in self.durable.synced(ticket) {
            self.deliver(to, message, ctx);
        }
        self.rest(ctx);
    }

    fn demand(&self, _: NodeId, _: &Envelope<Decree>) -> Nanos {
        self.config.service
    }

    fn heap(&self) -> usize {
        self.store.heap() + 2 * self.decided.heap()
    }

    fn digest(&self) -> u64 {
        let open = self.open.iter().flat_map(|(decree, acceptor)| {
            let (ballot, word) = acceptor.accepted.map_or((0, 0), |(ballot, value)| (ballot, value.word()));
            [*decree, acceptor.promised, ballot, word]
        });
        Digest::new()
            .add(self.decided.len() as u64)
            .all(self.decided.iter().rev().take(64).map(Value::word))
            .all(open)
            .add(self.attempts)
            .add(self.queue.len() as u64)
            .end()
    }

    fn observe(&self, _: &Look, detail: Detail) -> NodeView {
        view::node(self, detail)
    }
}

impl Server {
    /// Nothing to propose: the timer of the last attempt means nothing any more.
    fn rest(&mut self, ctx: &mut Ctx<'_, Self>) {
        if self.queue.is_empty() {
            self.attempt = None;
            if let Some(timer) = self.timer.take() {
                ctx.cancel(timer);
            }
        }
    }
}

impl Overview for Server {
    fn overview(servers: &[(usize, &Self)], up: &[bool], _: ClientTotals) -> ClusterView {
        view::cluster(servers, up)
    }
}
