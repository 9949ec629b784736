//! The single decree: every proposer runs both phases for every decree, and proposers duel.
//!
//! Lamport, "Paxos Made Simple", 2001, section 2. A server that a client asks proposes that command for the lowest
//! decree that it does not know to be decided; where another's command was decided instead, it proposes its own for
//! the next one. Without a distinguished proposer two of them can keep each other from ever deciding (2.4): whose
//! ballot was refused tries a higher one, at once or after a pause (`backoff`). Safety hangs on none of that.

use std::collections::VecDeque;
use std::sync::Arc;

use netsplit_sim::declare::{Kind, Law, MessageKind, Param, Role, Series, Shape};
use netsplit_sim::digest::Digest;
use netsplit_sim::distribution::Distribution;
use netsplit_sim::draw::Purpose;
use netsplit_sim::node::{Ctx, Look, Message, Node, NodeId, Storage, TimerId};
use netsplit_sim::small::Map;
use netsplit_sim::time::{MICROSECOND, MILLISECOND, Nanos, SECOND};
use netsplit_sim::view::{Body, Cell, ClusterView, Detail, Item, Mark, NodeView, Text};
use netsplit_sim::watch::{self, Breach};
use netsplit_sim::{Cluster, Simulation};

use super::invariants::Chosen;
use super::message::{Ballot, Command, Value, ballot, ballot_name};
use super::store::Store;
use super::{BROKEN, MULTI_PAXOS};
use crate::parts::chunked::Chunked;
use crate::parts::client::{Answer, ClientConfig, ClientMessage, Reply, Request, Route};
use crate::parts::durable::Durable;
use crate::parts::host::{ClientTotals, Envelope, Holds, Hosted, Overview, hosted_cluster};
use crate::parts::words;
use crate::registry::{Algorithm, Setup};

const BACKOFF: Purpose = Purpose::named("paxos.backoff");

/// The registry's entry.
pub static PAXOS: Algorithm = Algorithm {
    id: "paxos",
    label: "Paxos, single decree",
    summary: "Whoever is asked proposes. A majority's promises, then its acceptance, decide one value.",
    params: PARAMS,
    messages: MESSAGES,
    series: &[
        Series { id: "decided", label: "Decrees decided", unit: "", chart: "", counts: false },
        Series { id: "preempted", label: "Ballots refused", unit: "", chart: "", counts: false },
        Series { id: "round", label: "Highest round of a decree", unit: "", chart: "", counts: false },
    ],
    lanes: &[("proposers", "Proposers")],
    promises: |_| {
        let mut promises = (MULTI_PAXOS.promises)(&Default::default());
        promises.retain(|promise| promise.id != "primary_order");
        promises
    },
    build: |setup| Box::new(cluster(setup)) as Box<dyn Simulation>,
    ..MULTI_PAXOS
};

static PARAMS: &[Param] = &[
    Param {
        id: "backoff",
        label: "After a refusal",
        unit: "",
        group: "",
        kind: Kind::Choice(&[("random", "Random pause"), ("fixed", "Fixed pause"), ("none", "No pause")]),
        help: "When a proposer whose ballot was refused tries a higher one. A random pause grows with each refusal.",
    },
    Param {
        id: "pause",
        label: "Pause",
        unit: "",
        group: "",
        kind: Kind::Duration(50 * MILLISECOND, MILLISECOND, 10 * SECOND),
        help: "Length of the pause; if random, the most for the first refusal, doubled with each further one.",
    },
    Param {
        id: "timeout",
        label: "Wait for a majority",
        unit: "",
        group: "",
        kind: Kind::Duration(500 * MILLISECOND, MILLISECOND, 60 * SECOND),
        help: "A proposer that hears no majority for so long tries again with a higher ballot.",
    },
    Param {
        id: "sync",
        label: "Disk sync",
        unit: "",
        group: "",
        kind: Kind::Law(Law::Constant(MILLISECOND), 10 * SECOND),
        help: "Time until a write is durable. Promises and acceptances wait for it.",
    },
    Param {
        id: "service",
        label: "Work per message",
        unit: "",
        group: "",
        kind: Kind::Duration(50 * MICROSECOND, 0, SECOND),
        help: "Processor time of one message; the slow fault multiplies it.",
    },
    BROKEN,
];

/// Between servers; all of one decree, the first number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decree {
    /// Phase 1a.
    Prepare(u64, Ballot),
    /// Phase 1b, with what was accepted.
    Promise(u64, Ballot, Option<(Ballot, Value)>),
    /// Phase 2a.
    Accept(u64, Ballot, Value),
    /// Phase 2b.
    Accepted(u64, Ballot),
    /// This ballot was promised, which is higher.
    Refused(u64, Ballot),
    /// This was decided.
    Decided(u64, Value),
}

static MESSAGES: &[MessageKind] = &[
    MessageKind { label: "Client request", role: Role::Client, shape: Shape::Circle },
    MessageKind { label: "Reply", role: Role::Client, shape: Shape::HollowCircle },
    MessageKind { label: "Prepare", role: Role::VoteRequest, shape: Shape::Diamond },
    MessageKind { label: "Promise", role: Role::Vote, shape: Shape::Triangle },
    MessageKind { label: "Accept", role: Role::Append, shape: Shape::Square },
    MessageKind { label: "Accepted", role: Role::Append, shape: Shape::TickSquare },
    MessageKind { label: "Refused", role: Role::Vote, shape: Shape::HollowTriangle },
    MessageKind { label: "Decided", role: Role::Data, shape: Shape::Pill },
];

impl Message for Decree {
    fn kind(&self) -> u8 {
        match self {
            Self::Prepare(..) => 0,
            Self::Promise(..) => 1,
            Self::Accept(..) => 2,
            Self::Accepted(..) => 3,
            Self::Refused(..) => 4,
            Self::Decided(..) => 5,
        }
    }
    fn digest(&self) -> u64 {
        let digest = Digest::new().add(u64::from(self.kind()));
        match self {
            Self::Prepare(decree, ballot)
            | Self::Accepted(decree, ballot)
            | Self::Refused(decree, ballot) => digest.add(*decree).add(*ballot),
            Self::Promise(decree, ballot, accepted) => digest
                .add(*decree)
                .add(*ballot)
                .all(accepted.iter().flat_map(|(ballot, value)| [*ballot, value.word()])),
            Self::Accept(decree, ballot, value) => digest.add(*decree).add(*ballot).add(value.word()),
            Self::Decided(decree, value) => digest.add(*decree).add(value.word()),
        }
        .end()
    }
}

/// What an acceptor has promised and accepted for one decree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Acceptor {
    /// Nothing below this ballot is accepted.
    pub promised: Ballot,
    /// What was accepted, and in which ballot.
    pub accepted: Option<(Ballot, Value)>,
}

/// What is on disk: open decrees, and decided ones.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    open: Map<u64, Acceptor>,
    decided: Chunked<Value>,
}

/// One write: how an acceptor stands on a decree; or the next decree is decided.
#[derive(Clone, Copy, Debug)]
pub enum Write {
    /// How it stands.
    Open(u64, Acceptor),
    /// The decided value.
    Decided(Value),
}

impl Storage for Disk {
    type Write = Write;
    fn apply(&mut self, write: Write) {
        match write {
            Write::Open(decree, acceptor) => {
                self.open.insert(decree, acceptor);
            }
            Write::Decided(value) => {
                self.decided.push(value);
                self.open.remove(&(self.decided.len() as u64));
            }
        }
    }
}

/// A server's timers: the pause after a refusal is over, or a majority is overdue. The number tells attempts apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Again(u64);

/// An attempt to have a command decided.
#[derive(Clone, Copy, Debug)]
struct Attempt {
    decree: u64,
    ballot: Ballot,
    /// Its own command, or what it has to propose instead.
    value: Value,
    /// The ballot of the value that it adopted.
    adopted: Ballot,
    accepting: bool,
    heard: u32,
}

#[derive(Clone, Copy, Debug)]
struct Config {
    random: bool,
    pause: Nanos,
    timeout: Nanos,
    service: Nanos,
    forgets: bool,
    adopts_any: bool,
}

/// A server: proposer, acceptor and learner.
#[derive(Clone, Debug)]
pub struct Server {
    config: Arc<Config>,
    me: NodeId,
    peers: Arc<[NodeId]>,
    /// How it stands on open decrees.
    pub open: Map<u64, Acceptor>,
    /// The highest ballot in which it has answered for an open decree.
    pub answered: Map<u64, Ballot>,
    /// The ballot of its last answer that it had accepted, for open decrees.
    pub voted: Map<u64, Ballot>,
    /// The decided values, without a gap.
    pub decided: Chunked<Value>,
    /// Decided values after a gap.
    later: Map<u64, Value>,
    /// What the decided commands made.
    pub store: Store,
    attempt: Option<Attempt>,
    attempts: u64,
    refusals: u32,
    highest: Ballot,
    queue: VecDeque<Request>,
    timer: Option<TimerId>,
    /// Ballots of its own that were refused, in this life.
    pub preempted: u64,
    durable: Durable<(NodeId, Decree)>,
}

impl Server {
    fn next(&self) -> u64 {
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
        if let Some((to, message)) = self.durable.after((to, message), |ticket| ctx.sync(ticket)) {
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
        if !self.config.forgets && !self.durable.is_stuck() {
            self.durable.wrote(ctx.write(Write::Open(decree, acceptor)).is_ok());
        }
    }

    // ---- the proposer ----

    /// Proposes the first command in its queue for the next decree.
    fn propose(&mut self, ctx: &mut Ctx<'_, Self>) {
        let Some(request) = self.queue.front() else { return };
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
                ctx.send(*peer, Envelope::Server(Decree::Decided(decree, value)));
            }
            return self.learn(decree, value, ctx);
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
        let known = self.decided.get(decree as usize - 1).or(self.later.get(&decree)).copied();
        if let Some(value) = known {
            return ctx.send(from, Envelope::Server(Decree::Decided(decree, value)));
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

    fn learn(&mut self, decree: u64, value: Value, ctx: &mut Ctx<'_, Self>) {
        if decree < self.next() {
            return;
        }
        self.later.insert(decree, value);
        while let Some(value) = self.later.remove(&self.next()) {
            let decree = self.next();
            self.open.remove(&decree);
            self.answered.remove(&decree);
            self.voted.remove(&decree);
            self.decided.push(value);
            (self.highest, self.refusals) = (0, 0);
            if !self.config.forgets && !self.durable.is_stuck() {
                self.durable.wrote(ctx.write(Write::Decided(value)).is_ok());
            }
            let Command::Client(client, operation) = value.command else { continue };
            let answer = self.store.apply(client.0, &operation);
            let same = |r: &Request| r.client == client && r.operation.number == operation.number;
            while let Some(at) = self.queue.iter().position(same) {
                if let Some(request) = self.queue.remove(at) {
                    reply(&request, Answer::Ok(answer), ctx);
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
            Decree::Decided(decree, value) => self.learn(decree, value, ctx),
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
    type Watch = Watch;

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
        match message {
            Envelope::Client(ClientMessage::Request(request)) => {
                self.queue.push_back(request);
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
        let role = if self.attempt.is_some() { "role-proposer" } else { "role-acceptor" };
        let mut view = NodeView::new(Body::Ring, role);
        view.mark = if self.attempt.is_some() { Mark::Candidate } else { Mark::None };
        let acceptor = self.open.get(&self.next()).copied().unwrap_or_default();
        view.hue = (acceptor.promised >> 8) as u32;
        if detail == Detail::Dot {
            return view;
        }
        view.caption = format!("decree {}", self.next());
        let cells = (self.decided.len().saturating_sub(6)..self.decided.len()).filter_map(|at| {
            let round = (self.decided.get(at)?.origin >> 8) as u32;
            Some(Cell { label: round.to_string(), hue: round, solid: true })
        });
        let open = acceptor.accepted.map(|(ballot, _)| Cell {
            label: (ballot >> 8).to_string(),
            hue: (ballot >> 8) as u32,
            solid: false,
        });
        view.items.push(Item::Cells("decree-log", cells.chain(open).collect()));
        view.items.push(Item::Fact("decree-promised", ballot_name(acceptor.promised)));
        let accepted = acceptor.accepted.map_or(0, |(ballot, _)| ballot);
        view.items.push(Item::Fact("decree-accepted", ballot_name(accepted)));
        if detail == Detail::Full {
            view.items.push(Item::Fact("decree-preempted", self.preempted.to_string()));
            view.items.push(Item::Fact("decree-waiting", self.queue.len().to_string()));
            let rows = self.store.iter().map(|(key, value)| (words::key(*key), words::value(*value), 0));
            view.items.push(Item::Table("values", rows.collect()));
        }
        view
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
        let mut view = ClusterView::default();
        let (mut decided, mut preempted, mut round) = (0, 0, 0);
        for (at, server) in servers {
            decided = decided.max(server.decided.len());
            preempted += server.preempted;
            round = server.open.values().map(|acceptor| acceptor.promised >> 8).max().unwrap_or(0).max(round);
            if let Some(attempt) = server.attempt.filter(|_| up[*at]) {
                let label = format!("n{}, decree {}, round {}", at + 1, attempt.decree, attempt.ballot >> 8);
                view.bands.push(("proposers", label, *at as u32 + 1));
            }
        }
        view.values =
            vec![("decided", decided as f64), ("preempted", preempted as f64), ("round", round as f64)];
        view
    }
}

/// Watches the servers, event by event.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// The first value that anybody knew to be decided, by decree; and who.
    pub decided: Vec<(Value, u32)>,
    /// For each server: how many of its decrees were compared, and in which ballots it has answered for open ones.
    seen: Vec<(usize, Map<u64, Ballot>)>,
    chosen: Chosen,
}

impl<N: Holds<Server>> watch::Watch<N> for Watch {
    /// After `who` handled an event; `up[i]` says whether node i is running. The invariants are those of the log:
    /// `paxos_chosen`, `paxos_agreement` and `paxos_promise`, here for each decree.
    fn after(&mut self, nodes: &[N], who: NodeId, up: &[bool]) -> Option<Breach> {
        self.seen.resize(nodes.len(), (0, Map::new()));
        let me = who.index();
        let server = nodes.get(me).filter(|_| up[me]).and_then(Holds::server)?;
        let (compared, answered) = &mut self.seen[me];
        answered.retain(|decree, _| *decree >= server.next());
        for (decree, known) in answered.iter() {
            let promised = server.open.get(decree).map_or(0, |acceptor| acceptor.promised);
            if promised < *known && !server.later.contains_key(decree) {
                let text = Text::new("breach-paxos-promise").with("node", who);
                let text = text.with("ballot", ballot_name(*known)).with("now", ballot_name(promised));
                return Some(Breach::new("paxos_promise", &[me], text));
            }
        }
        for (decree, ballot) in server.answered.iter() {
            let known = answered.slot(*decree, || 0);
            *known = (*ballot).max(*known);
        }
        let votes = server.open.iter().filter_map(|(decree, acceptor)| {
            let (ballot, value) = acceptor.accepted?;
            Some((*decree, ballot, value, server.voted.get(decree) == Some(&ballot)))
        });
        if let Some(breach) = self.chosen.after(server.peers.len() + 1, who, votes) {
            return Some(breach);
        }
        self.chosen.forget(self.decided.len() as u64);
        let from = (*compared).min(server.decided.len());
        *compared = server.decided.len();
        for at in from..server.decided.len() {
            let Some(value) = server.decided.get(at) else { break };
            match self.decided.get(at) {
                Some((known, other)) if known.command != value.command => {
                    let text = Text::new("breach-paxos-agreement").with("slot", at as u64 + 1);
                    let text = text.with("node", who).with("other", NodeId(*other));
                    return Some(Breach::new("paxos_agreement", &[me, *other as usize], text));
                }
                Some(_) => {}
                None => self.decided.push((*value, who.0)),
            }
        }
        None
    }
}

/// The cluster itself, for tests that look into servers.
#[must_use]
pub fn cluster(setup: &Setup) -> Cluster<Hosted<Server>> {
    let servers: Vec<NodeId> = (0..setup.nodes).map(NodeId).collect();
    let nodes = servers.iter().map(|me| {
        let name = format!("n{}", me.0 + 1);
        let settings = setup.settings_of(&name);
        let backoff = settings.choice("backoff");
        let config = Config {
            random: backoff == "random",
            pause: if backoff == "none" { 0 } else { settings.duration("pause") },
            timeout: settings.duration("timeout"),
            service: settings.duration("service"),
            forgets: settings.choice("broken") == "acceptor_forgets",
            adopts_any: settings.choice("broken") == "adopts_any",
        };
        let mut meta = setup.meta(name, 0);
        meta.workers = 1;
        meta.sync = settings.law("sync");
        let server = Server {
            config: Arc::new(config),
            me: *me,
            peers: servers.iter().copied().filter(|peer| peer != me).collect(),
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
            timer: None,
            preempted: 0,
            durable: Durable::default(),
        };
        (meta, server)
    });
    let clients = ClientConfig::new(setup.workload.clone(), servers.clone(), Route::Sticky);
    hosted_cluster(setup, nodes.collect(), clients, 1)
}
