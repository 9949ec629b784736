//! A backend: it works on requests, one for each worker or all at once, turns away what its queue cannot hold,
//! calls the database where there is one, and may begin to answer errors. The database is a backend that calls
//! nobody.

use std::collections::VecDeque;
use std::sync::Arc;

use netsplit_sim::NodeId;
use netsplit_sim::digest::Digest;
use netsplit_sim::distribution::Distribution;
use netsplit_sim::draw::{self, Purpose};
use netsplit_sim::history::Cause;
use netsplit_sim::node::{Action, Ctx, Look, WorkId};
use netsplit_sim::time::{Nanos, nanos_from_f64};
use netsplit_sim::view::{Body, Detail, Item, NodeView, Text};

use super::message::{Hop, Work};
use super::tier::{Tier, TierTimer};
use crate::parts::client::Answer;
use crate::parts::host::Envelope;
use crate::parts::slab::Slab;

/// Which balancer an idle backend tells.
const TELLS: Purpose = Purpose::named("backend.tells");
/// What the database has to do for a request is not what the backend has to do for it.
const DATABASE: u64 = 0x64_62;
/// Cancellations of twins that have not arrived yet, kept so that they are dropped on arrival.
const EARLY: usize = 64;

/// What becomes of work that nobody waits for any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Abandoned {
    /// It is finished all the same.
    Finish,
    /// A message stops it.
    Cancel,
    /// It is dropped at the deadline that came with it.
    Deadline,
}

/// How a backend is set up.
#[derive(Debug)]
pub struct BackendConfig {
    pub(super) service: Distribution,
    pub(super) workers: u32,
    /// All work shares the workers.
    pub(super) sharing: bool,
    /// 0: no limit.
    pub(super) queue_limit: u32,
    /// 0: never.
    pub(super) shed_wait: Nanos,
    /// 0: not at all.
    pub(super) warm_up: Nanos,
    pub(super) cold_factor: f64,
    /// 0: never.
    pub(super) error_from: Nanos,
    pub(super) error_latency: Nanos,
    pub(super) abandoned: Abandoned,
    pub(super) balancers: Arc<[NodeId]>,
    /// Not known to the balancers from the start.
    pub(super) registers: bool,
    /// Says when it has run out of work.
    pub(super) tells_idle: bool,
    /// Called after the own work.
    pub(super) database: Option<NodeId>,
    pub(super) is_database: bool,
}

/// A backend's timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackendTimer {
    /// From now on it answers errors.
    Fails,
    /// The own work on this job is done.
    Done(u64),
    /// Nobody waits for this job any more.
    Expired(u64),
}

#[derive(Clone, Copy, Debug)]
struct Job {
    from: NodeId,
    work: Work,
    arrived: Nanos,
    /// Elapsed time after which nobody waits; `Nanos::MAX` where that is not known.
    expires: Nanos,
    probe: bool,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    /// Own work.
    Own(WorkId),
    /// The database works on it.
    Called,
}

#[derive(Clone, Copy, Debug)]
struct Running {
    job: Job,
    stage: Stage,
}

/// A backend.
#[derive(Clone, Debug)]
pub struct Backend {
    config: Arc<BackendConfig>,
    queue: VecDeque<Job>,
    running: Slab<Running>,
    serial: u64,
    early: VecDeque<(NodeId, u64)>,
    failing: bool,
    draining: bool,
    served: u64,
    errors: u64,
    turned_away: u64,
    stopped: u64,
}

impl Backend {
    pub(super) fn new(config: Arc<BackendConfig>) -> Self {
        Self {
            config,
            queue: VecDeque::new(),
            running: Slab::default(),
            serial: 0,
            early: VecDeque::new(),
            failing: false,
            draining: false,
            served: 0,
            errors: 0,
            turned_away: 0,
            stopped: 0,
        }
    }

    /// Whether it is the shared database.
    #[must_use]
    pub fn is_database(&self) -> bool {
        self.config.is_database
    }

    /// Requests that it has finished, well or with an error, in this life.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.served + self.errors
    }

    /// Requests queued and being worked on.
    #[must_use]
    pub fn load(&self) -> (usize, u32) {
        (self.queue.len(), self.running.len())
    }

    /// The requests here, queued or being worked on: who sent them, under which ticket.
    pub fn tickets(&self) -> impl Iterator<Item = (NodeId, u64)> {
        let running = self.running.iter().map(|(_, running)| &running.job);
        self.queue.iter().chain(running).filter(|job| !job.probe).map(|job| (job.from, job.work.ticket))
    }

    pub(super) fn start(&mut self, ctx: &mut Ctx<'_, Tier>) {
        if self.config.error_from > 0 {
            let delay = self.config.error_from.saturating_sub(ctx.clock());
            ctx.set_timer(delay, TierTimer::Backend(BackendTimer::Fails));
        }
        if self.config.registers {
            self.register(true, ctx);
        }
        self.tell_idle(ctx);
    }

    fn register(&self, joins: bool, ctx: &mut Ctx<'_, Tier>) {
        ctx.send_all(self.config.balancers.iter().copied(), &Envelope::Server(Hop::Register(joins)));
    }

    fn tell_idle(&mut self, ctx: &mut Ctx<'_, Tier>) {
        let balancers = &self.config.balancers;
        if !self.config.tells_idle || self.draining || !self.running.is_empty() || balancers.is_empty() {
            return;
        }
        let at = draw::below(ctx.draw(TELLS, self.serial), balancers.len() as u32) as usize;
        ctx.send(balancers[at], Envelope::Server(Hop::Idle));
    }

    pub(super) fn hear(&mut self, from: NodeId, hop: Hop, ctx: &mut Ctx<'_, Tier>) {
        match hop {
            Hop::Forward(work) => self.arrive(from, work, false, ctx),
            Hop::Cancel(ticket) => self.cancel(from, ticket, ctx),
            Hop::Begun(owner, ticket) => self.twin_begun(owner, ticket, ctx),
            Hop::Connect(ticket) => ctx.send(from, Envelope::Server(Hop::Accepted(ticket))),
            Hop::Probe(number, false, _) => ctx.send(from, Envelope::Server(Hop::Well(number, true))),
            Hop::Probe(number, true, word) => {
                self.arrive(from, Work::probe(number, word), true, ctx);
            }
            Hop::Response(job, answer) => self.called_back(job, answer, ctx),
            _ => {}
        }
        ctx.report_load(self.running.len(), self.queue.len() as u32);
    }

    pub(super) fn timer(&mut self, timer: BackendTimer, ctx: &mut Ctx<'_, Tier>) {
        match timer {
            BackendTimer::Fails => {
                self.failing = true;
                let me = ctx.me();
                ctx.notable(|| Text::new("lb-fails-fast").with("node", me));
            }
            BackendTimer::Done(job) => self.own_work_done(job, ctx),
            BackendTimer::Expired(job) => {
                if self.running.get(job).is_some() {
                    self.stop(job, ctx);
                    self.next(ctx);
                }
            }
        }
        ctx.report_load(self.running.len(), self.queue.len() as u32);
    }

    fn arrive(&mut self, from: NodeId, work: Work, probe: bool, ctx: &mut Ctx<'_, Tier>) {
        let now = ctx.elapsed();
        if let Some(at) = self.early.iter().position(|early| *early == (from, work.ticket)) {
            self.early.remove(at);
            ctx.send(from, Envelope::Server(Hop::Dropped(work.ticket)));
            return;
        }
        let deadline = self.config.abandoned == Abandoned::Deadline && work.patience > 0;
        let expires = if deadline { now.saturating_add(work.patience) } else { Nanos::MAX };
        let job = Job { from, work, arrived: now, expires, probe };
        let (workers, limit) = (self.config.workers, self.config.queue_limit);
        let full = if self.config.sharing {
            limit > 0 && self.running.len() >= workers.saturating_add(limit)
        } else {
            limit > 0 && self.running.len() >= workers && self.queue.len() >= limit as usize
        };
        if full {
            let me = ctx.me();
            ctx.note(|| Text::new("lb-queue-full").with("node", me).with("limit", limit));
            self.refuse(&job, ctx);
        } else if self.config.sharing || self.running.len() < workers {
            self.begin(job, ctx);
        } else {
            self.queue.push_back(job);
        }
    }

    fn refuse(&mut self, job: &Job, ctx: &mut Ctx<'_, Tier>) {
        self.turned_away += 1;
        Self::answer(job, Answer::Refused(Cause::Overload), ctx);
    }

    fn answer(job: &Job, answer: Answer, ctx: &mut Ctx<'_, Tier>) {
        let hop = if job.probe {
            Hop::Well(job.work.ticket, matches!(answer, Answer::Ok(_)))
        } else {
            Hop::Response(job.work.ticket, answer)
        };
        ctx.send(job.from, Envelope::Server(hop));
    }

    /// How many times as long a request takes now, because the caches are cold.
    fn coldness(&self, now: Nanos, life: u32) -> f64 {
        let warm_up = self.config.warm_up;
        // Those that are there from the beginning have been there before.
        if warm_up == 0 || now >= warm_up || (life == 0 && !self.config.registers) {
            return 1.0;
        }
        let left = 1.0 - now as f64 / warm_up as f64;
        1.0 + (self.config.cold_factor - 1.0) * left
    }

    fn begin(&mut self, job: Job, ctx: &mut Ctx<'_, Tier>) {
        let takes = if self.failing && !self.config.is_database {
            self.config.error_latency
        } else {
            let word = if self.config.is_database {
                draw::join(job.work.request.work, DATABASE)
            } else {
                job.work.request.work
            };
            let takes = self.config.service.sample(word);
            let cold = self.coldness(ctx.elapsed(), ctx.life());
            if cold > 1.0 { nanos_from_f64(takes as f64 * cold) } else { takes }
        };
        if let Some((node, ticket)) = job.work.twin {
            // Tied requests (Dean and Barroso 2013): whoever begins tells the other one.
            ctx.send(node, Envelope::Server(Hop::Begun(job.from, ticket)));
        }
        self.serial += 1;
        let serial = (u64::from(ctx.life()) << 28) | self.serial;
        // The place is needed for the timer, and the timer's work for the place: first the place.
        let nothing = Running { job, stage: Stage::Called };
        let Some(number) = self.running.add(serial, nothing) else {
            self.refuse(&job, ctx);
            return;
        };
        // A request always takes some time of a worker.
        let work = ctx.work(takes.max(1), TierTimer::Backend(BackendTimer::Done(number)));
        if let Some(running) = self.running.get_mut(number) {
            running.stage = Stage::Own(work);
        }
        if job.expires != Nanos::MAX {
            let left = job.expires.saturating_sub(ctx.elapsed());
            ctx.set_timer(left, TierTimer::Backend(BackendTimer::Expired(number)));
        }
    }

    fn own_work_done(&mut self, number: u64, ctx: &mut Ctx<'_, Tier>) {
        let Some(running) = self.running.get_mut(number) else { return };
        match self.config.database {
            Some(database) if !self.failing => {
                running.stage = Stage::Called;
                let job = &running.job;
                let left = job.expires.saturating_sub(ctx.elapsed());
                let patience = if job.expires == Nanos::MAX { 0 } else { left.max(1) };
                let work = Work { ticket: number, request: job.work.request, patience, twin: None };
                ctx.send(database, Envelope::Server(Hop::Forward(work)));
            }
            _ => {
                let answer = if self.failing { Answer::Refused(Cause::Error) } else { Answer::Ok(None) };
                self.finish(number, answer, ctx);
            }
        }
    }

    /// The database has answered.
    fn called_back(&mut self, number: u64, answer: Answer, ctx: &mut Ctx<'_, Tier>) {
        if matches!(self.running.get(number), Some(Running { stage: Stage::Called, .. })) {
            // Whatever is wrong behind a backend is an error of its own to the balancer.
            let answer = if let Answer::Ok(_) = answer { answer } else { Answer::Refused(Cause::Error) };
            self.finish(number, answer, ctx);
        }
    }

    fn finish(&mut self, number: u64, answer: Answer, ctx: &mut Ctx<'_, Tier>) {
        let Some(running) = self.running.remove(number) else { return };
        if !running.job.probe {
            if let Answer::Ok(_) = answer {
                self.served += 1;
            } else {
                self.errors += 1;
            }
        }
        Self::answer(&running.job, answer, ctx);
        self.next(ctx);
    }

    /// A worker is free.
    fn next(&mut self, ctx: &mut Ctx<'_, Tier>) {
        while self.running.len() < self.config.workers {
            let Some(job) = self.queue.pop_front() else { break };
            let now = ctx.elapsed();
            if job.expires <= now {
                self.stopped += 1;
            } else if self.config.shed_wait > 0 && now.saturating_sub(job.arrived) >= self.config.shed_wait {
                self.refuse(&job, ctx);
            } else {
                self.begin(job, ctx);
            }
        }
        if self.queue.is_empty() {
            self.tell_idle(ctx);
        }
    }

    /// Work ends before it is done, and nobody is told.
    fn stop(&mut self, number: u64, ctx: &mut Ctx<'_, Tier>) {
        let Some(running) = self.running.remove(number) else { return };
        self.stopped += 1;
        match (running.stage, self.config.database) {
            (Stage::Own(work), _) => {
                ctx.stop_work(work);
            }
            (Stage::Called, Some(database)) => {
                ctx.send(database, Envelope::Server(Hop::Cancel(number)));
            }
            (Stage::Called, None) => {}
        }
    }

    fn cancel(&mut self, from: NodeId, ticket: u64, ctx: &mut Ctx<'_, Tier>) {
        let named = |job: &Job| job.work.ticket == ticket && job.from == from && !job.probe;
        if let Some(at) = self.queue.iter().position(named) {
            self.queue.remove(at);
            self.stopped += 1;
            return;
        }
        let running = self.running.iter().find(|(_, running)| named(&running.job)).map(|(number, _)| number);
        if let Some(number) = running {
            self.stop(number, ctx);
            self.next(ctx);
        }
    }

    /// Another backend works on the twin: what is still queued here is dropped; what is not here yet, on arrival.
    fn twin_begun(&mut self, owner: NodeId, ticket: u64, ctx: &mut Ctx<'_, Tier>) {
        let named = |job: &Job| job.work.ticket == ticket && job.from == owner && !job.probe;
        if let Some(at) = self.queue.iter().position(named) {
            self.queue.remove(at);
            self.stopped += 1;
            ctx.send(owner, Envelope::Server(Hop::Dropped(ticket)));
        } else if !self.running.iter().any(|(_, running)| named(&running.job)) {
            if self.early.len() == EARLY {
                self.early.pop_front();
            }
            self.early.push_back((owner, ticket));
        }
    }

    pub(super) fn connection_lost(&mut self, peer: NodeId, ctx: &mut Ctx<'_, Tier>) {
        if self.config.database != Some(peer) {
            return;
        }
        let lost: Vec<u64> = self
            .running
            .iter()
            .filter(|(_, running)| matches!(running.stage, Stage::Called))
            .map(|(number, _)| number)
            .collect();
        for number in lost {
            self.finish(number, Answer::Refused(Cause::Error), ctx);
        }
        ctx.report_load(self.running.len(), self.queue.len() as u32);
    }

    pub(super) fn act(&mut self, action: &Action, ctx: &mut Ctx<'_, Tier>) -> bool {
        let named = action.id == "decommission" && action.node == Some(ctx.me()) && !self.draining;
        let named = named && !self.config.is_database;
        if named {
            self.draining = true;
            self.register(false, ctx);
            let me = ctx.me();
            ctx.notable(|| Text::new("lb-drains").with("node", me));
        }
        named
    }

    pub(super) fn heap(&self) -> usize {
        let lists = self.queue.len() * size_of::<Job>() + self.early.len() * size_of::<(NodeId, u64)>();
        lists + self.running.heap()
    }

    pub(super) fn digest(&self) -> u64 {
        let flags = u64::from(self.failing) << 1 | u64::from(self.draining);
        let digest = Digest::new().add(flags).add(self.served).add(self.errors).add(self.turned_away);
        let digest = digest.add(self.stopped).add(self.serial);
        let queued = self.queue.iter().map(|job| job.work.ticket);
        digest.all(queued).all(self.running.iter().map(|(_, running)| running.job.work.ticket)).end()
    }

    pub(super) fn observe(&self, look: &Look, detail: Detail) -> NodeView {
        let role = if self.config.is_database { "role-database" } else { "role-backend" };
        let mut view = NodeView::new(Body::Backend, role);
        view.hue = u32::from(self.failing);
        if detail >= Detail::Card {
            view.items.push(Item::Queue(look.busy, look.waiting, self.config.queue_limit));
            view.items.push(Item::Fact("lb-served", self.served.to_string()));
            view.items.push(Item::Fact("lb-errors", self.errors.to_string()));
            if self.failing {
                view.items.push(Item::Line(Text::new("lb-answers-errors")));
            }
            if self.draining {
                view.items.push(Item::Line(Text::new("lb-draining")));
            }
        }
        if detail == Detail::Full {
            view.items.push(Item::Fact("lb-turned-away", self.turned_away.to_string()));
            view.items.push(Item::Fact("lb-stopped", self.stopped.to_string()));
            let called = self.running.iter().filter(|(_, r)| matches!(r.stage, Stage::Called)).count();
            if self.config.database.is_some() {
                view.items.push(Item::Fact("lb-waits-for-database", called.to_string()));
            }
        }
        view
    }
}
