//! A balancer: it picks a backend for each request, waits for the answer, and remembers who failed.

use std::sync::Arc;

use netsplit_sim::NodeId;
use netsplit_sim::digest::Digest;
use netsplit_sim::draw::Purpose;
use netsplit_sim::history::Cause;
use netsplit_sim::node::{Ctx, Look};
use netsplit_sim::small::Window;
use netsplit_sim::time::Nanos;
use netsplit_sim::view::{Body, ClusterView, Detail, Item, NodeView, Text};

use super::health::Health;
use super::pick::{self, Choice, Rule};
use super::server::{Hop, Tier, TierTimer};
use crate::parts::client::{Answer, ClientMessage, Reply, Request};
use crate::parts::deadlines::Deadlines;
use crate::parts::host::Envelope;

const CHOICE: Purpose = Purpose::named("balancer.choice");

/// What the balancers of a run share.
#[derive(Debug)]
pub struct BalancerConfig {
    pub(super) rule: Rule,
    pub(super) choices: u32,
    pub(super) response_timeout: Nanos,
    /// 0: no checks.
    pub(super) max_fails: u32,
    pub(super) fail_timeout: Nanos,
    pub(super) panic_percent: u32,
    /// Node number of the first backend.
    pub(super) first: u32,
    pub(super) names: Vec<String>,
    /// Backends that are there from the start.
    pub(super) present: u32,
}

/// The one timer of a balancer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResponseTimer;

/// What a balancer knows of a backend.
#[derive(Clone, Copy, Debug)]
struct Peer {
    open: u32,
    member: bool,
    health: Health,
}

/// A request under way at a backend.
#[derive(Clone, Copy, Debug)]
struct Pending {
    client: NodeId,
    number: u64,
    attempt: u32,
    backend: u32,
}

/// A balancer.
#[derive(Clone, Debug)]
pub struct Balancer {
    config: Arc<BalancerConfig>,
    peers: Vec<Peer>,
    pending: Window<Pending>,
    deadlines: Deadlines,
    tickets: u64,
    turn: u32,
    /// Backends that may be picked, rising; kept while nothing about them changes.
    ready: Vec<u32>,
    /// Nobody's health is in doubt, and `ready` holds all members.
    settled: bool,
    drawn: Vec<u32>,
    choice: Option<(Nanos, Choice)>,
    refused: u64,
    /// Own time when last asked, for views.
    seen: Nanos,
}

impl Balancer {
    pub(super) fn new(config: Arc<BalancerConfig>) -> Self {
        let peers = (0..config.names.len() as u32)
            .map(|index| Peer { open: 0, member: index < config.present, health: Health::default() })
            .collect();
        Self {
            config,
            peers,
            pending: Window::default(),
            deadlines: Deadlines::default(),
            tickets: 0,
            turn: 0,
            ready: Vec::new(),
            settled: false,
            drawn: Vec::new(),
            choice: None,
            refused: 0,
            seen: 0,
        }
    }

    fn node(&self, backend: u32) -> NodeId {
        NodeId(self.config.first + backend)
    }

    fn ejected(&self, peer: &Peer, now: Nanos) -> bool {
        peer.health.ejected(now, self.config.max_fails, self.config.fail_timeout)
    }

    /// Which backends may be picked now.
    fn refresh(&mut self, now: Nanos) {
        if self.settled {
            return;
        }
        let mut ready = std::mem::take(&mut self.ready);
        ready.clear();
        ready.extend((0..self.peers.len() as u32).filter(|at| self.peers[*at as usize].member));
        let members = ready.len();
        let doubtful = self.peers.iter().any(|peer| peer.health.fails > 0);
        // A lone backend is never left out.
        if doubtful && members > 1 {
            ready.retain(|at| !self.ejected(&self.peers[*at as usize], now));
            if ready.len() * 100 < members * self.config.panic_percent as usize {
                ready.clear();
                ready.extend((0..self.peers.len() as u32).filter(|at| self.peers[*at as usize].member));
            }
        }
        self.ready = ready;
        self.settled = !doubtful;
    }

    fn pick(&mut self, word: u64) -> Option<Choice> {
        let open = |index: u32| self.peers[index as usize].open;
        let among = self.ready.len() as u32;
        let plain = |index: u32| Choice { pick: (index, open(index)), other: None, first: true, among };
        match self.config.rule {
            Rule::RoundRobin => {
                let index = pick::in_turn(&self.ready, self.turn)?;
                self.turn = index + 1;
                Some(plain(index))
            }
            Rule::LeastConnections => {
                let index = pick::least(&self.ready, self.turn, open)?;
                self.turn = index + 1;
                Some(plain(index))
            }
            Rule::Choices => {
                pick::distinct(word, among, self.config.choices.min(16), &mut self.drawn);
                let drawn = self.drawn.iter().map(|place| self.ready[*place as usize]);
                let index = drawn.min_by_key(|index| open(*index))?;
                let first = self.ready[self.drawn[0] as usize];
                let other = match self.drawn.as_slice() {
                    [_, second] if first == index => Some(self.ready[*second as usize]),
                    [_, _] => Some(first),
                    _ => None,
                };
                let other = other.map(|other| (other, open(other)));
                let among = self.drawn.len() as u32;
                Some(Choice { pick: (index, open(index)), other, first: first == index, among })
            }
        }
    }

    pub(super) fn request(&mut self, request: Request, ctx: &mut Ctx<'_, Tier>) {
        let now = ctx.elapsed();
        self.seen = now;
        self.refresh(now);
        // The draw hangs on the operation's own word: the same operation draws the same backends in every run.
        let word = if self.config.rule == Rule::Choices { ctx.draw(CHOICE, request.work) } else { 0 };
        let Some(choice) = self.pick(word) else {
            self.refused += 1;
            ctx.note(|| Text::new("lb-none-left"));
            answer(
                request.client,
                request.operation.number,
                request.attempt,
                Answer::Refused(Cause::Unavailable),
                ctx,
            );
            return;
        };
        self.choice = Some((ctx.clock(), choice));
        let backend = choice.pick.0;
        let peer = &mut self.peers[backend as usize];
        peer.open += 1;
        peer.health.picked(now, self.config.fail_timeout);
        // Answers to a request of an earlier life find no ticket.
        let ticket = (u64::from(ctx.life()) << 40) | self.tickets;
        self.tickets += 1;
        let number = request.operation.number;
        self.pending
            .add(ticket, Pending { client: request.client, number, attempt: request.attempt, backend });
        ctx.send(self.node(backend), Envelope::Server(Hop::Forward(ticket, request)));
        self.deadlines.push(now.saturating_add(self.config.response_timeout), ticket, 0);
        self.arm(ctx);
    }

    fn arm(&mut self, ctx: &mut Ctx<'_, Tier>) {
        if let Some(delay) = self.deadlines.arm(ctx.elapsed()) {
            ctx.set_timer(delay, TierTimer::Response(ResponseTimer));
        }
    }

    pub(super) fn response(&mut self, ticket: u64, reply: Answer, ctx: &mut Ctx<'_, Tier>) {
        self.settle(ticket, reply, ctx);
        // What is no longer awaited must not pile up.
        let pending = &self.pending;
        self.deadlines.trim(|ticket, _| pending.get(ticket).is_some());
    }

    /// The request with this ticket ends with this answer.
    fn settle(&mut self, ticket: u64, reply: Answer, ctx: &mut Ctx<'_, Tier>) {
        let Some(pending) = self.pending.remove(ticket) else { return };
        let now = ctx.elapsed();
        self.seen = now;
        let (max_fails, fail_timeout) = (self.config.max_fails, self.config.fail_timeout);
        let node = self.node(pending.backend);
        let peer = &mut self.peers[pending.backend as usize];
        peer.open -= 1;
        if max_fails > 0 {
            if matches!(reply, Answer::Ok(_)) {
                if peer.health.succeeded() {
                    self.settled = false;
                    ctx.notable(|| Text::new("lb-returned").with("node", node));
                }
            } else {
                self.settled = false;
                if peer.health.failed(now, max_fails, fail_timeout) {
                    let fails = peer.health.fails;
                    ctx.notable(|| {
                        Text::new("lb-ejected")
                            .with("node", node)
                            .with("fails", fails)
                            .with("span", fail_span(fail_timeout))
                    });
                }
            }
        }
        answer(pending.client, pending.number, pending.attempt, reply, ctx);
    }

    /// Requests that waited too long.
    pub(super) fn overdue(&mut self, ctx: &mut Ctx<'_, Tier>) {
        self.deadlines.fired();
        let now = ctx.elapsed();
        while let Some((ticket, _)) = {
            let pending = &self.pending;
            self.deadlines.due(now, |ticket, _| pending.get(ticket).is_some())
        } {
            if let Some(backend) = self.pending.get(ticket).map(|pending| pending.backend) {
                let node = self.node(backend);
                ctx.note(|| Text::new("lb-timeout").with("node", node));
            }
            self.settle(ticket, Answer::Refused(Cause::Timeout), ctx);
        }
        self.arm(ctx);
    }

    /// A backend's connection broke: what was under way there fails.
    pub(super) fn connection_lost(&mut self, peer: NodeId, ctx: &mut Ctx<'_, Tier>) {
        let Some(backend) = peer.0.checked_sub(self.config.first) else { return };
        let lost: Vec<u64> =
            self.pending.iter().filter(|(_, p)| p.backend == backend).map(|(ticket, _)| ticket).collect();
        if !lost.is_empty() {
            let count = lost.len() as u64;
            ctx.note(|| Text::new("lb-backend-lost").with("node", peer).with("count", count));
        }
        for ticket in lost {
            self.settle(ticket, Answer::Refused(Cause::Refused), ctx);
        }
    }

    pub(super) fn register(&mut self, from: NodeId, joins: bool, ctx: &mut Ctx<'_, Tier>) {
        let backend = from.0.checked_sub(self.config.first).map(|at| at as usize);
        if let Some(peer) = backend.and_then(|at| self.peers.get_mut(at)) {
            peer.member = joins;
            self.settled = false;
            let id = if joins { "lb-joined" } else { "lb-left" };
            ctx.notable(|| Text::new(id).with("node", from));
        }
    }

    pub(super) fn digest(&self) -> u64 {
        let digest = Digest::new().add(self.tickets).add(u64::from(self.turn)).add(self.refused);
        let digest = self.peers.iter().fold(digest, |digest, peer| {
            digest.add(u64::from(peer.open) << 1 | u64::from(peer.member)).add(peer.health.word())
        });
        digest.all(self.pending.iter().map(|(ticket, _)| ticket)).end()
    }

    pub(super) fn observe(&self, look: &Look, detail: Detail) -> NodeView {
        let mut view = NodeView::new(Body::Balancer, "role-balancer");
        if detail >= Detail::Card {
            view.items.push(Item::Fact("lb-open", self.pending.len().to_string()));
            let rows = self.members().map(|(at, peer)| {
                let ejected = self.ejected(peer, look.elapsed);
                (self.node(at).0, peer.open.to_string(), u32::from(ejected))
            });
            view.items.push(Item::Matrix("lb-open-by-backend", rows.collect()));
            if let Some((_, choice)) = &self.choice {
                view.items.push(Item::Line(self.sentence(choice)));
            }
        }
        if detail == Detail::Full {
            view.items.push(Item::Fact("lb-forwarded", self.tickets.to_string()));
            view.items.push(Item::Fact("lb-refused", self.refused.to_string()));
        }
        view
    }

    fn members(&self) -> impl Iterator<Item = (u32, &Peer)> {
        self.peers.iter().enumerate().filter(|(_, peer)| peer.member).map(|(at, peer)| (at as u32, peer))
    }

    /// The choice just made, and why.
    fn sentence(&self, choice: &Choice) -> Text {
        let (pick, open) = choice.pick;
        let picked = self.node(pick);
        match (self.config.rule, choice.other) {
            (Rule::RoundRobin, _) => Text::new("lb-choice-turn").with("c", picked),
            (Rule::LeastConnections, _) => {
                Text::new("lb-choice-least").with("c", picked).with("q", open).with("n", choice.among)
            }
            (Rule::Choices, Some((other, others))) => {
                let other = self.node(other);
                let (a, qa, b, qb) =
                    if choice.first { (picked, open, other, others) } else { (other, others, picked, open) };
                let sign = match qa.cmp(&qb) {
                    std::cmp::Ordering::Less => "<",
                    std::cmp::Ordering::Equal => "=",
                    std::cmp::Ordering::Greater => ">",
                };
                Text::new("lb-choice-two")
                    .with("a", a)
                    .with("b", b)
                    .with("qa", qa)
                    .with("cmp", sign)
                    .with("qb", qb)
                    .with("c", picked)
            }
            (Rule::Choices, None) => {
                Text::new("lb-choice-few").with("n", choice.among).with("c", picked).with("q", open)
            }
        }
    }
}

fn fail_span(span: Nanos) -> netsplit_sim::view::Arg {
    netsplit_sim::view::Arg::Time(span)
}

fn answer(client: NodeId, number: u64, attempt: u32, answer: Answer, ctx: &mut Ctx<'_, Tier>) {
    let reply = Reply { number, attempt, answer, session: 0 };
    ctx.send(client, Envelope::Client(ClientMessage::Reply(reply)));
}

/// What all balancers together know.
pub(super) fn overview(fronts: &[&Balancer]) -> ClusterView {
    let mut view = ClusterView::default();
    let Some(one) = fronts.first() else { return view };
    let backends = one.peers.len();
    let (mut most, mut total, mut members, mut ejected) = (0u64, 0u64, 0u64, 0u64);
    for at in 0..backends {
        let of = |front: &&Balancer| u64::from(front.peers[at].open);
        let open: u64 = fronts.iter().map(of).sum();
        let out = fronts.iter().any(|front| front.ejected(&front.peers[at], front.seen));
        if fronts.iter().any(|front| front.peers[at].member) {
            members += 1;
            if out {
                ejected += 1;
                view.bands.push(("ejected", one.config.names[at].clone(), at as u32 + 1));
            }
        }
        most = most.max(open);
        total += open;
    }
    let imbalance = if total == 0 { 1.0 } else { most as f64 * members as f64 / total as f64 };
    view.values =
        vec![("open_requests", total as f64), ("imbalance", imbalance), ("ejected", ejected as f64)];
    // The latest choice of any of them.
    let latest = fronts.iter().filter_map(|front| front.choice.map(|(at, choice)| (at, front, choice)));
    view.line = latest.max_by_key(|(at, ..)| *at).map(|(_, front, choice)| front.sentence(&choice));
    view
}
