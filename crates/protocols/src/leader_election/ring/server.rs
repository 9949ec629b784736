//! A node of the ring.

use std::sync::Arc;

use netsplit_sim::digest::Digest;
use netsplit_sim::history::Cause;
use netsplit_sim::node::{Ctx, Look, Node, NodeId, TimerId};
use netsplit_sim::time::Nanos;
use netsplit_sim::view::{Body, ClusterView, Detail, Item, Mark, NodeView, Text};

use super::message::{Ring, Token};
use crate::parts::client::{Answer, ClientMessage, Reply, Request};
use crate::parts::host::{ClientTotals, Envelope, Overview};

/// Settings of a node.
#[derive(Clone, Debug)]
pub(super) struct Config {
    pub check: Nanos,
    pub timeout: Nanos,
    pub retry: Nanos,
    pub service: Nanos,
    pub passes_all: bool,
}

/// A node's timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// Time to ask the neighbours.
    Check,
    /// The neighbours had their time to answer the check of this number.
    Answers(u64),
    /// The result of the election should have come.
    Retry,
}

/// A node.
#[derive(Clone, Debug)]
pub struct Server {
    config: Arc<Config>,
    numbers: Arc<[u32]>,
    me: NodeId,
    /// How far along the ring the next node is that seems to be up: 1 for the neighbour, n for nobody.
    pub ahead: u32,
    /// Whether it has heard from that one since it began to send to it.
    confirmed: bool,
    /// An election is to begin as soon as it knows its neighbour.
    due: bool,
    /// Takes part in an election: it has sent a number on and knows no result.
    pub participant: bool,
    /// Whom it follows; itself where it coordinates.
    pub coordinator: Option<NodeId>,
    /// Its latest start.
    pub start: u64,
    /// The latest number that it passed on, where its own is higher.
    pub passed: Option<Token>,
    /// Messages sent in this life: election, elected.
    pub sent: [u64; 2],
    /// When its last event was (ns of its elapsed time).
    pub now: Nanos,
    checks: u64,
    answered: u32,
    jobs: u64,
    retry: Option<TimerId>,
    armed: Nanos,
}

impl Server {
    pub(super) fn new(config: Arc<Config>, numbers: Arc<[u32]>, me: NodeId) -> Self {
        Self {
            config,
            numbers,
            me,
            ahead: 1,
            confirmed: false,
            due: false,
            participant: false,
            coordinator: None,
            start: 0,
            passed: None,
            sent: [0; 2],
            now: 0,
            checks: 0,
            answered: 0,
            jobs: 0,
            retry: None,
            armed: 0,
        }
    }

    /// So long after the last crash or restart all follow one node: the ring closes, a number that was lost with a node is
    /// sent again, and that may meet a result of before.
    pub(super) fn settles(&self) -> Nanos {
        let closes = 2 * (self.config.check + Nanos::from(self.count()) * self.config.timeout);
        closes + 3 * self.config.retry
    }

    fn count(&self) -> u32 {
        self.numbers.len() as u32
    }

    /// Its number.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.numbers[self.me.index()]
    }

    /// It believes that it coordinates.
    #[must_use]
    pub fn coordinates(&self) -> bool {
        self.coordinator == Some(self.me)
    }

    /// The node that is so far along the ring.
    #[must_use]
    pub fn along(&self, steps: u32) -> NodeId {
        NodeId((self.me.0 + steps) % self.count())
    }

    /// Sends a number on, unless its owner was left out: then it would go round for ever.
    fn pass(&mut self, message: Ring, ctx: &mut Ctx<'_, Self>) {
        let (kind, token) = match message {
            Ring::Election(token) => (0, token),
            Ring::Elected(token) => (1, token),
            Ring::Check(_) | Ring::Here(_) => return,
        };
        if self.leaves_out(token.owner) {
            return ctx.note(|| Text::new("ring-drops").with("node", token.owner));
        }
        self.sent[kind] += 1;
        ctx.send(self.along(self.ahead), Envelope::Server(message));
    }

    /// Whether it sends past this node, which seemed to be down.
    fn leaves_out(&self, node: NodeId) -> bool {
        (1..self.ahead).contains(&((node.0 + self.count() - self.me.0) % self.count()))
    }

    fn wait(&mut self, ctx: &mut Ctx<'_, Self>) {
        if let Some(timer) = self.retry.take() {
            ctx.cancel(timer);
        }
        self.armed = ctx.elapsed();
        self.retry = Some(ctx.set_timer(self.config.retry, Timer::Retry));
    }

    fn elect(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.due = false;
        self.participant = true;
        self.coordinator = None;
        self.start += 1;
        let number = self.number();
        ctx.note(|| Text::new("ring-elects").with("number", number));
        let token = Token { number, owner: self.me, start: self.start };
        self.wait(ctx);
        self.pass(Ring::Election(token), ctx);
    }

    fn election(&mut self, token: Token, ctx: &mut Ctx<'_, Self>) {
        let number = self.number();
        if token.owner == self.me {
            // An earlier start of its own says nothing about now.
            if token.start == self.start {
                self.participant = false;
                self.coordinator = Some(self.me);
                ctx.notable(|| Text::new("ring-elected").with("number", number));
                self.pass(Ring::Elected(token), ctx);
            }
        } else if token.number > number || self.config.passes_all {
            self.passed = Some(token);
            if !self.participant {
                self.participant = true;
                self.wait(ctx);
            }
            self.pass(Ring::Election(token), ctx);
        } else if self.participant {
            ctx.note(|| Text::new("ring-swallows").with("other", token.number).with("number", number));
        } else {
            self.elect(ctx);
        }
    }

    fn elected(&mut self, token: Token, ctx: &mut Ctx<'_, Self>) {
        if token.owner == self.me {
            return;
        }
        // Whoever announced it did not know of this node.
        if token.number < self.number() && !self.config.passes_all {
            if !self.participant {
                self.elect(ctx);
            }
            return;
        }
        if self.leaves_out(token.owner) {
            // It crashed as it was elected. Nobody asks after it any more: those behind would follow it for ever.
            ctx.note(|| Text::new("ring-drops").with("node", token.owner));
            (self.participant, self.coordinator, self.due) = (false, None, true);
            return;
        }
        if self.coordinates() {
            let (coordinator, number) = (token.owner, token.number);
            ctx.notable(|| {
                Text::new("ring-gives-way").with("coordinator", coordinator).with("number", number)
            });
        }
        self.participant = false;
        self.coordinator = Some(token.owner);
        self.pass(Ring::Elected(token), ctx);
    }

    /// Asks the next node, and those before it that were left out.
    fn check(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.checks += 1;
        self.answered = self.count();
        for steps in 1..=self.ahead.min(self.count() - 1) {
            ctx.send(self.along(steps), Envelope::Server(Ring::Check(self.checks)));
        }
        ctx.set_timer(self.config.timeout, Timer::Answers(self.checks));
    }

    fn here(&mut self, from: NodeId, check: u64, ctx: &mut Ctx<'_, Self>) {
        if check != self.checks {
            return;
        }
        let steps = (from.0 + self.count() - self.me.0) % self.count();
        self.answered = self.answered.min(steps);
        self.confirmed |= steps == self.ahead;
        if self.due && self.confirmed {
            self.elect(ctx);
        }
    }

    /// Whoever sends is up: a node that was left out is taken back.
    fn hear(&mut self, from: NodeId, ctx: &mut Ctx<'_, Self>) {
        if self.leaves_out(from) {
            self.ahead = (from.0 + self.count() - self.me.0) % self.count();
            self.confirmed = true;
            ctx.note(|| Text::new("ring-back").with("node", from));
            // It has missed what went round meanwhile, or had a ring of its own.
            self.due |= !self.participant;
        }
    }

    fn answers(&mut self, ctx: &mut Ctx<'_, Self>) {
        let gone = self.along(self.ahead);
        if self.answered <= self.ahead || gone == self.me {
            if gone == self.me && self.due {
                self.elect(ctx);
            }
            ctx.set_timer(self.config.check, Timer::Check);
            return;
        }
        ctx.note(|| Text::new("ring-skips").with("node", gone));
        self.ahead += 1;
        self.confirmed = false;
        self.due |= self.coordinator == Some(gone) || self.coordinator.is_none() && !self.participant;
        if self.coordinator == Some(gone) {
            self.coordinator = None;
        }
        self.check(ctx);
    }

    fn request(&mut self, request: &Request, ctx: &mut Ctx<'_, Self>) {
        let answer = match self.coordinator {
            Some(coordinator) if coordinator == self.me => {
                self.jobs += 1;
                Answer::Ok(None)
            }
            Some(coordinator) => Answer::Redirect(Some(coordinator)),
            None => Answer::Refused(Cause::Unavailable),
        };
        let reply = Reply { number: request.operation.number, attempt: request.attempt, answer, session: 0 };
        ctx.send(request.client, ClientMessage::Reply(reply).into());
    }
}

impl Node for Server {
    type Message = Envelope<Ring>;
    type Timer = Timer;
    type Disk = ();
    type Watch = super::invariants::Watch;

    fn start(&mut self, (): &(), ctx: &mut Ctx<'_, Self>) {
        self.now = ctx.elapsed();
        self.start = u64::from(ctx.life()) << 32;
        if ctx.life() == 0 {
            // All are there, and all start.
            self.elect(ctx);
        } else {
            self.due = true;
        }
        self.check(ctx);
    }

    fn receive(&mut self, from: NodeId, message: Envelope<Ring>, ctx: &mut Ctx<'_, Self>) {
        self.now = ctx.elapsed();
        if let Envelope::Server(_) = message {
            self.hear(from, ctx);
        }
        match message {
            Envelope::Client(ClientMessage::Request(request)) => self.request(&request, ctx),
            Envelope::Client(ClientMessage::Reply(_) | ClientMessage::Cancel(..)) => {}
            Envelope::Server(Ring::Election(token)) => self.election(token, ctx),
            Envelope::Server(Ring::Elected(token)) => self.elected(token, ctx),
            Envelope::Server(Ring::Check(number)) => ctx.send(from, Envelope::Server(Ring::Here(number))),
            Envelope::Server(Ring::Here(number)) => self.here(from, number, ctx),
        }
    }

    fn timer(&mut self, timer: Timer, ctx: &mut Ctx<'_, Self>) {
        self.now = ctx.elapsed();
        match timer {
            Timer::Check => self.check(ctx),
            Timer::Answers(check) if check == self.checks => self.answers(ctx),
            Timer::Answers(_) => {}
            Timer::Retry => {
                self.retry = None;
                if self.participant {
                    ctx.note(|| Text::new("ring-stuck"));
                    self.elect(ctx);
                }
            }
        }
    }

    fn demand(&self, _: NodeId, _: &Envelope<Ring>) -> Nanos {
        self.config.service
    }

    fn digest(&self) -> u64 {
        let whom = self.coordinator.map_or(0, |node| u64::from(node.0) + 1);
        let flags = u64::from(self.participant) | u64::from(self.due) << 1 | u64::from(self.confirmed) << 2;
        Digest::new()
            .add(whom)
            .add(flags)
            .add(self.start)
            .add(u64::from(self.ahead))
            .all(self.sent)
            .add(self.jobs)
            .end()
    }

    fn observe(&self, look: &Look, detail: Detail) -> NodeView {
        let (role, mark) = if self.participant {
            ("role-electing", Mark::Candidate)
        } else if self.coordinates() {
            ("role-coordinator", Mark::Leader)
        } else {
            ("role-member", Mark::None)
        };
        let mut view = NodeView::new(Body::Ring, role);
        view.mark = mark;
        view.hue = self.coordinator.map_or(0, |node| self.numbers[node.index()]);
        if detail == Detail::Dot {
            return view;
        }
        let name = |node: NodeId| format!("n{}", node.0 + 1);
        view.caption = format!("number {}", self.number());
        if self.participant {
            let left = self.config.retry.saturating_sub(look.elapsed.saturating_sub(self.armed));
            view.items.push(Item::Timer("ring-timer", left, self.config.retry));
        }
        view.items.push(Item::Fact("ring-number", self.number().to_string()));
        view.items
            .push(Item::Fact("ring-follows", self.coordinator.map_or_else(|| "nobody".to_owned(), name)));
        if detail == Detail::Full {
            view.items.push(Item::Fact("ring-next", name(self.along(self.ahead))));
            view.items.push(Item::Fact("ring-jobs", self.jobs.to_string()));
            view.items.push(Item::Fact("ring-sent-election", self.sent[0].to_string()));
            view.items.push(Item::Fact("ring-sent-elected", self.sent[1].to_string()));
        }
        view
    }
}

impl Overview for Server {
    fn overview(servers: &[(usize, &Self)], up: &[bool], _: ClientTotals) -> ClusterView {
        let mut view = ClusterView::default();
        for (at, server) in servers {
            if up[*at] && server.coordinates() {
                let label = format!("n{}, number {}", at + 1, server.number());
                view.bands.push(("coordinators", label, server.number()));
            }
        }
        let sum = |of: fn(&Self) -> u64| servers.iter().map(|(_, server)| of(server)).sum::<u64>() as f64;
        view.values = vec![
            ("coordinators", view.bands.len() as f64),
            ("election_messages", sum(|server| server.sent[0])),
            ("jobs", sum(|server| server.jobs)),
        ];
        view
    }
}
