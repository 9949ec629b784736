//! A node that may coordinate.

use std::sync::Arc;

use netsplit_sim::digest::Digest;
use netsplit_sim::history::Cause;
use netsplit_sim::node::{Ctx, Look, Node, NodeId, TimerId};
use netsplit_sim::time::Nanos;
use netsplit_sim::view::{Body, ClusterView, Detail, Item, Mark, NodeView, Text};

use super::invariants::names;
use super::message::Bully;
use crate::parts::client::{Answer, ClientMessage, Reply, Request};
use crate::parts::host::{ClientTotals, Envelope, Overview};

/// Settings of a node.
#[derive(Clone, Debug)]
pub(super) struct Config {
    pub check: Nanos,
    pub patience: Nanos,
    pub timeout: Nanos,
    pub service: Nanos,
    pub no_wait: bool,
}

/// What a node is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It follows or coordinates.
    Normal,
    /// It has asked the higher nodes.
    Asking,
    /// A higher node answered; its announcement is due.
    Awaiting,
}

/// A node.
#[derive(Clone, Debug)]
pub struct Server {
    config: Arc<Config>,
    me: NodeId,
    count: u32,
    /// Whom it follows; itself where it coordinates.
    pub coordinator: Option<NodeId>,
    /// What it is doing.
    pub phase: Phase,
    /// Elections that it has begun, in this life.
    pub elections: u64,
    /// Messages sent in this life: election, answer, coordinator.
    pub sent: [u64; 3],
    /// Since when it has heard nothing that contradicts what it will do next (ns of its elapsed time): the last
    /// check of the coordinator, or the beginning of its election.
    pub evidence: Nanos,
    /// When its last event was (ns of its elapsed time).
    pub now: Nanos,
    jobs: u64,
    timer: Option<TimerId>,
    armed: (Nanos, Nanos),
}

impl Server {
    pub(super) fn new(config: Arc<Config>, me: NodeId, count: u32) -> Self {
        Self {
            config,
            me,
            count,
            coordinator: None,
            phase: Phase::Normal,
            elections: 0,
            sent: [0; 3],
            evidence: 0,
            now: 0,
            jobs: 0,
            timer: None,
            armed: (0, 0),
        }
    }

    /// It believes that it coordinates.
    #[must_use]
    pub fn coordinates(&self) -> bool {
        self.coordinator == Some(self.me)
    }

    /// So long after the last crash or restart all follow one node: a silence is noticed, elections that met the crash are
    /// held again, and the coordinator's next check finds whoever heard otherwise.
    pub(super) fn settles(&self) -> Nanos {
        2 * (self.config.patience + self.config.check) + 8 * self.config.timeout
    }

    /// A node has one timer; what it is for follows from what the node is doing.
    fn arm(&mut self, delay: Nanos, ctx: &mut Ctx<'_, Self>) {
        if let Some(timer) = self.timer.take() {
            ctx.cancel(timer);
        }
        self.armed = (ctx.elapsed(), delay);
        self.timer = Some(ctx.set_timer(delay, ()));
    }

    fn tell(&mut self, to: NodeId, message: Bully, ctx: &mut Ctx<'_, Self>) {
        match message {
            Bully::Election => self.sent[0] += 1,
            Bully::Answer => self.sent[1] += 1,
            Bully::Coordinator => self.sent[2] += 1,
            Bully::Check | Bully::Follows(_) => {}
        }
        ctx.send(to, Envelope::Server(message));
    }

    fn elect(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.elections += 1;
        self.evidence = ctx.elapsed();
        self.coordinator = None;
        self.phase = Phase::Asking;
        if self.me.0 + 1 == self.count || self.config.no_wait {
            return self.announce(ctx);
        }
        ctx.note(|| Text::new("bully-elects"));
        for higher in self.me.0 + 1..self.count {
            self.tell(NodeId(higher), Bully::Election, ctx);
        }
        self.arm(self.config.timeout, ctx);
    }

    fn announce(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.coordinator = Some(self.me);
        self.phase = Phase::Normal;
        ctx.notable(|| Text::new("bully-coordinates"));
        for lower in 0..self.me.0 {
            self.tell(NodeId(lower), Bully::Coordinator, ctx);
        }
        self.arm(self.config.check, ctx);
    }

    fn follow(&mut self, coordinator: NodeId, ctx: &mut Ctx<'_, Self>) {
        if self.coordinates() {
            ctx.notable(|| Text::new("bully-gives-way").with("coordinator", coordinator));
        }
        self.coordinator = Some(coordinator);
        self.phase = Phase::Normal;
        self.evidence = ctx.elapsed();
        self.arm(self.config.patience, ctx);
    }

    fn handle(&mut self, from: NodeId, message: Bully, ctx: &mut Ctx<'_, Self>) {
        match message {
            Bully::Election => {
                self.tell(from, Bully::Answer, ctx);
                if self.phase == Phase::Normal {
                    self.elect(ctx);
                }
            }
            Bully::Answer => {
                if self.phase == Phase::Asking {
                    self.phase = Phase::Awaiting;
                    // The higher one may have to wait for answers itself, and its word takes a trip.
                    self.arm(self.config.timeout.saturating_mul(2), ctx);
                }
            }
            Bully::Coordinator => self.follow(from, ctx),
            Bully::Check => {
                if self.coordinator == Some(from) {
                    self.evidence = ctx.elapsed();
                    self.arm(self.config.patience, ctx);
                }
                self.tell(from, Bully::Follows(self.coordinator), ctx);
            }
            Bully::Follows(whom) => {
                if self.coordinates() && whom.is_some_and(|whom| whom != self.me) {
                    ctx.note(|| Text::new("bully-not-followed").with("node", from));
                    self.elect(ctx);
                }
            }
        }
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
    type Message = Envelope<Bully>;
    type Timer = ();
    type Disk = ();
    type Watch = super::invariants::Watch;

    fn start(&mut self, (): &(), ctx: &mut Ctx<'_, Self>) {
        self.now = ctx.elapsed();
        self.elect(ctx);
    }

    fn receive(&mut self, from: NodeId, message: Envelope<Bully>, ctx: &mut Ctx<'_, Self>) {
        self.now = ctx.elapsed();
        match message {
            Envelope::Client(ClientMessage::Request(request)) => self.request(&request, ctx),
            Envelope::Client(ClientMessage::Reply(_) | ClientMessage::Cancel(..)) => {}
            Envelope::Server(message) => self.handle(from, message, ctx),
        }
    }

    fn timer(&mut self, (): (), ctx: &mut Ctx<'_, Self>) {
        self.timer = None;
        self.now = ctx.elapsed();
        match self.phase {
            Phase::Asking => self.announce(ctx),
            Phase::Awaiting => self.elect(ctx),
            Phase::Normal if self.coordinates() => {
                let me = self.me.0;
                for other in (0..self.count).filter(|other| *other != me) {
                    self.tell(NodeId(other), Bully::Check, ctx);
                }
                self.arm(self.config.check, ctx);
            }
            Phase::Normal => {
                let missed = self.coordinator.unwrap_or_default();
                ctx.note(|| Text::new("bully-misses").with("coordinator", missed));
                // The only higher node is the one that it misses: there is nobody to ask.
                if missed.0 + 1 == self.count && self.me.0 + 1 == missed.0 {
                    self.announce(ctx);
                } else {
                    self.elect(ctx);
                }
            }
        }
    }

    fn demand(&self, _: NodeId, _: &Envelope<Bully>) -> Nanos {
        self.config.service
    }

    fn digest(&self) -> u64 {
        let whom = self.coordinator.map_or(0, |node| u64::from(node.0) + 1);
        Digest::new().add(whom).add(self.phase as u64).add(self.elections).all(self.sent).add(self.jobs).end()
    }

    fn observe(&self, look: &Look, detail: Detail) -> NodeView {
        let (role, mark) = match self.phase {
            Phase::Normal if self.coordinates() => ("role-coordinator", Mark::Leader),
            Phase::Normal => ("role-member", Mark::None),
            Phase::Asking | Phase::Awaiting => ("role-electing", Mark::Candidate),
        };
        let mut view = NodeView::new(Body::Ring, role);
        view.mark = mark;
        view.hue = self.coordinator.map_or(0, |node| node.0 + 1);
        if detail == Detail::Dot {
            return view;
        }
        let follows = self.coordinator.map_or_else(|| "nobody".to_owned(), names);
        view.caption = match self.phase {
            // Nobody follows itself: the crown says it.
            Phase::Normal if self.coordinates() => String::new(),
            Phase::Normal => format!("follows {follows}"),
            Phase::Asking => "asks".to_owned(),
            Phase::Awaiting => "was answered".to_owned(),
        };
        if !self.coordinates() && self.armed.1 > 0 {
            let left = self.armed.1.saturating_sub(look.elapsed.saturating_sub(self.armed.0));
            view.items.push(Item::Timer("bully-timer", left, self.armed.1));
        }
        view.items.push(Item::Fact("bully-follows", follows));
        view.items.push(Item::Fact("bully-jobs", self.jobs.to_string()));
        if detail == Detail::Full {
            view.items.push(Item::Fact("bully-elections", self.elections.to_string()));
            for (label, sent) in ["bully-sent-election", "bully-sent-answer", "bully-sent-coordinator"]
                .into_iter()
                .zip(self.sent)
            {
                view.items.push(Item::Fact(label, sent.to_string()));
            }
        }
        view
    }
}

impl Overview for Server {
    fn overview(servers: &[(usize, &Self)], up: &[bool], _: ClientTotals) -> ClusterView {
        let mut view = ClusterView::default();
        let live = servers.iter().filter(|(at, _)| up[*at]);
        let mut electing = 0;
        for (at, server) in live {
            if server.coordinates() {
                view.bands.push(("coordinators", names(NodeId(*at as u32)), *at as u32 + 1));
            }
            electing += u32::from(server.phase != Phase::Normal);
        }
        let jobs: u64 = servers.iter().map(|(_, server)| server.jobs).sum();
        view.values = vec![
            ("coordinators", view.bands.len() as f64),
            ("electing", f64::from(electing)),
            ("jobs", jobs as f64),
        ];
        view
    }
}
