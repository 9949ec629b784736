//! A node that works for clients while it holds the lease.

use std::sync::Arc;

use netsplit_sim::digest::Digest;
use netsplit_sim::history::{Cause, Function};
use netsplit_sim::node::{Ctx, Look, NodeId, TimerId};
use netsplit_sim::small::Map;
use netsplit_sim::time::{MICROSECOND, Nanos};
use netsplit_sim::view::{Body, Detail, Item, Mark, NodeView, Text};

use super::message::{Document, Lease, Order, Token};
use super::node::{Node, Timer};
use crate::parts::client::{Answer, ClientMessage, Reply, Request};
use crate::parts::host::Envelope;

/// How a holder makes sure that it may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Not at all: it goes on until it is told that it lost the lease.
    None,
    /// It looks at its clock just before.
    Check,
    /// The store compares tokens. As with the check, it stops when its clock says that the lease is over.
    Fencing,
}

/// Settings of a worker.
#[derive(Clone, Debug)]
pub(super) struct Config {
    pub guard: Guard,
    pub ttl: Nanos,
    pub poll: Nanos,
    pub join: Nanos,
    pub gap: Nanos,
    pub wall: bool,
    pub service: Nanos,
}

/// Where it stands with the lock service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Asking {
    order: Order,
    /// Its clock when it first asked: the lease counts from there.
    since: Nanos,
}

/// A worker.
#[derive(Clone, Debug)]
pub struct Worker {
    config: Arc<Config>,
    locks: Arc<[NodeId]>,
    store: NodeId,
    orders: Order,
    lock: usize,
    asking: Option<Asking>,
    /// Its token, while it believes that it holds the lease.
    pub token: Option<Token>,
    /// By its clock the lease ends here.
    until: Nanos,
    began: Nanos,
    timer: Option<TimerId>,
    loading: Option<Order>,
    document: Option<Document>,
    /// Writes sent under this token.
    count: u64,
    /// Who holds it, as it was last told.
    holder: Option<NodeId>,
    /// What the store is to answer, by order.
    open: Map<Order, Request>,
    /// Writes that are being prepared, with the token of their beginning.
    jobs: Map<Order, (Request, Token)>,
    /// Orders of its own that the store turned away, in this life.
    pub rejected: u64,
}

impl Worker {
    pub(super) fn new(config: Arc<Config>, locks: Arc<[NodeId]>, store: NodeId) -> Self {
        Self {
            config,
            locks,
            store,
            orders: 0,
            lock: 0,
            asking: None,
            token: None,
            until: 0,
            began: 0,
            timer: None,
            loading: None,
            document: None,
            count: 0,
            holder: None,
            open: Map::new(),
            jobs: Map::new(),
            rejected: 0,
        }
    }

    pub(super) fn service(&self) -> Nanos {
        self.config.service
    }

    /// The clock by which it measures its lease.
    fn now(&self, ctx: &Ctx<'_, Node>) -> Nanos {
        if self.config.wall { ctx.clock() } else { ctx.elapsed() }
    }

    fn order(&mut self) -> Order {
        self.orders += 1;
        self.orders
    }

    pub(super) fn start(&mut self, ctx: &mut Ctx<'_, Node>) {
        // No life uses another's numbers.
        self.orders = u64::from(ctx.life()) << 32;
        ctx.set_timer(if ctx.life() == 0 { self.config.join } else { 0 }, Timer::Poll);
    }

    // ---- the lease ----

    /// Asks the lock service for the lease, or for more of it; again with the same number where no answer came.
    fn ask(&mut self, ctx: &mut Ctx<'_, Node>) {
        let asking = match self.asking {
            Some(asking) => asking,
            None => Asking { order: self.order(), since: self.now(ctx) },
        };
        self.asking = Some(asking);
        let message = match self.token {
            Some(token) => Lease::Renew(asking.order, token),
            None => Lease::Acquire(asking.order),
        };
        ctx.send(self.locks[self.lock], Envelope::Server(message));
    }

    /// The time to ask has come.
    pub(super) fn poll(&mut self, ctx: &mut Ctx<'_, Node>) {
        if self.asking.is_some() {
            // No answer: perhaps that server is gone.
            self.lock = (self.lock + 1) % self.locks.len();
        }
        // The holder asks for more once a third of the lease is over.
        let rests = self.token.is_some() && self.now(ctx) < self.began + self.config.ttl / 3;
        if !rests || self.asking.is_some() {
            self.ask(ctx);
        }
        if let (Some(token), None) = (self.token, &self.document) {
            let order = self.order();
            self.loading = Some(order);
            ctx.send(self.store, Envelope::Server(Lease::Load(order, token)));
        }
        ctx.set_timer(self.config.poll, Timer::Poll);
    }

    fn granted(&mut self, order: Order, token: Token, ctx: &mut Ctx<'_, Node>) {
        let Some(asking) = self.asking.filter(|asking| asking.order == order) else { return };
        self.asking = None;
        self.began = asking.since;
        self.until = asking.since.saturating_add(self.config.ttl);
        if self.now(ctx) >= self.until {
            return self.lose(ctx);
        }
        if self.token != Some(token) {
            ctx.notable(|| Text::new("lease-holds").with("token", token));
            self.token = Some(token);
            self.holder = Some(ctx.me());
            (self.count, self.document) = (0, None);
            let order = self.order();
            self.loading = Some(order);
            ctx.send(self.store, Envelope::Server(Lease::Load(order, token)));
        }
        self.watch(ctx);
    }

    fn watch(&mut self, ctx: &mut Ctx<'_, Node>) {
        if let Some(timer) = self.timer.take() {
            ctx.cancel(timer);
        }
        if self.config.guard == Guard::None {
            return;
        }
        // Never at once again: a timer of a clock that runs fast may fire a nanosecond early.
        let left = self.until.saturating_sub(self.now(ctx)).max(MICROSECOND);
        self.timer = Some(ctx.set_timer(left, Timer::Lease));
    }

    /// A lease may have run out: by its clock, which may have jumped, it may also not.
    pub(super) fn run_out(&mut self, ctx: &mut Ctx<'_, Node>) {
        self.timer = None;
        if self.token.is_some() && self.now(ctx) >= self.until {
            self.lose(ctx);
        } else if self.token.is_some() {
            self.watch(ctx);
        }
    }

    fn lose(&mut self, ctx: &mut Ctx<'_, Node>) {
        if let Some(token) = self.token.take() {
            ctx.notable(|| Text::new("lease-lost").with("token", token));
        }
        self.asking = None;
        self.loading = None;
        self.holder = None;
    }

    // ---- clients ----

    pub(super) fn request(&mut self, request: Request, ctx: &mut Ctx<'_, Node>) {
        if self.config.guard == Guard::Check && self.token.is_some() && self.now(ctx) >= self.until {
            self.lose(ctx);
        }
        let Some(token) = self.token.filter(|_| self.document.is_some()) else {
            let holder = self.holder.filter(|holder| *holder != ctx.me());
            let answer =
                holder.map_or(Answer::Refused(Cause::Unavailable), |holder| Answer::Redirect(Some(holder)));
            return reply(&request, answer, ctx);
        };
        let order = self.order();
        let operation = request.operation;
        match operation.function {
            Function::Write if self.config.gap > 0 => {
                // It was checked, and is written when the work is done. What happens in between is the point.
                self.jobs.insert(order, (request, token));
                ctx.set_timer(self.config.gap, Timer::Write(order));
            }
            Function::Write => self.write(order, request, token, ctx),
            Function::Read => {
                self.open.insert(order, request);
                ctx.send(self.store, Envelope::Server(Lease::Get(order, token, operation.key)));
            }
            Function::Cas | Function::Call => reply(&request, Answer::Refused(Cause::Unavailable), ctx),
        }
    }

    pub(super) fn worked(&mut self, order: Order, ctx: &mut Ctx<'_, Node>) {
        if let Some((request, token)) = self.jobs.remove(&order) {
            self.write(order, request, token, ctx);
        }
    }

    fn write(&mut self, order: Order, request: Request, token: Token, ctx: &mut Ctx<'_, Node>) {
        let Some(document) = &mut self.document else { return };
        if self.token.is_some_and(|now| now != token) {
            // The document is that of a later lease of its own.
            return reply(&request, Answer::Refused(Cause::Unavailable), ctx);
        }
        let operation = request.operation;
        if !document.write(request.client, operation.number, operation.key, operation.value) {
            return reply(&request, Answer::Refused(Cause::Error), ctx);
        }
        self.count += 1;
        let document = Arc::new(document.clone());
        self.open.insert(order, request);
        ctx.send(self.store, Envelope::Server(Lease::Put(order, token, self.count, document)));
    }

    pub(super) fn receive(&mut self, from: NodeId, message: Lease, ctx: &mut Ctx<'_, Node>) {
        match message {
            Lease::Granted(order, token) => self.granted(order, token, ctx),
            Lease::Refused(order, holder) if self.asking.is_some_and(|asking| asking.order == order) => {
                self.lose(ctx);
                self.holder = holder;
            }
            Lease::Elsewhere(order, leader) => {
                let known = leader.and_then(|leader| self.locks.iter().position(|lock| *lock == leader));
                let new = known.filter(|at| *at != self.lock && self.locks[self.lock] == from);
                if let (Some(at), true) = (new, self.asking.is_some_and(|asking| asking.order == order)) {
                    self.lock = at;
                    self.ask(ctx);
                }
            }
            Lease::Loaded(order, document) if self.loading == Some(order) => {
                self.loading = None;
                self.document = Some(Document::clone(&document));
            }
            Lease::Value(order, value) => {
                if let Some(request) = self.open.remove(&order) {
                    reply(&request, Answer::Ok(value), ctx);
                }
            }
            Lease::Stored(order) => {
                if let Some(request) = self.open.remove(&order) {
                    reply(&request, Answer::Ok(None), ctx);
                }
            }
            Lease::Fenced(order, newest) => {
                self.rejected += 1;
                if self.token.is_some_and(|token| token < newest) {
                    self.lose(ctx);
                }
                if let Some(request) = self.open.remove(&order) {
                    reply(&request, Answer::Refused(Cause::Unavailable), ctx);
                }
            }
            _ => {}
        }
    }

    pub(super) fn digest(&self) -> u64 {
        let document = self.document.as_ref().map_or(0, Document::word);
        Digest::new()
            .add(self.token.map_or(0, |token| token + 1))
            .add(self.until)
            .add(self.orders)
            .add(self.count)
            .add(document)
            .all(self.open.keys().copied())
            .all(self.jobs.keys().copied())
            .end()
    }

    pub(super) fn observe(&self, look: &Look, detail: Detail) -> NodeView {
        let mut view =
            NodeView::new(Body::Ring, if self.token.is_some() { "role-holder" } else { "role-waiter" });
        let now = if self.config.wall { look.clock } else { look.elapsed };
        let Some(token) = self.token else {
            if detail == Detail::Full {
                let holder = self.holder.map_or_else(|| "unknown".to_owned(), |n| format!("n{}", n.0 + 1));
                view.items.push(Item::Fact("lease-holder", holder));
                view.items.push(Item::Fact("lease-rejected", self.rejected.to_string()));
            }
            return view;
        };
        // By its own clock the lease is over, and it has not noticed.
        view.mark = if now < self.until { Mark::Leader } else { Mark::LeaderInDoubt };
        view.hue = token as u32;
        if detail >= Detail::Card {
            view.caption = format!("token {token}");
            view.items.push(Item::Timer("lease-left", self.until.saturating_sub(now), self.config.ttl));
            view.items.push(Item::Fact("lease-token", token.to_string()));
            view.items.push(Item::Fact("lease-jobs", self.jobs.len().to_string()));
        }
        if detail == Detail::Full {
            view.items.push(Item::Interval("lease", self.began, self.until));
            view.items.push(Item::Fact("lease-rejected", self.rejected.to_string()));
        }
        view
    }
}

fn reply(request: &Request, answer: Answer, ctx: &mut Ctx<'_, Node>) {
    let reply = Reply { number: request.operation.number, attempt: request.attempt, answer, session: 0 };
    ctx.send(request.client, ClientMessage::Reply(reply).into());
}
