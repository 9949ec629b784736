//! The client: when it asks, whom, how long it waits, and what it makes of the answers.
//!
//! Open loop: Poisson arrivals, many operations under way at once. Closed loop: one at a time (Schroeder,
//! Wierman, Harchol-Balter, "Open versus closed: a cautionary tale", NSDI 2006). An operation that was due
//! earlier than it began keeps its intended start, so that latency hides no waiting ("coordinated omission").

use std::convert::Infallible;
use std::sync::Arc;

use netsplit_sim::NodeId;
use netsplit_sim::digest::Digest;
use netsplit_sim::history::{Cause, Function, Operation, Outcome};
use netsplit_sim::node::{Action, Context};
use netsplit_sim::small::Window;
use netsplit_sim::time::{MILLISECOND, Nanos};
use netsplit_sim::view::{Body, Detail, Item, NodeView, Text};

use super::config::{ClientConfig, Route};
use super::operations::{self, Lane};
use super::{Answer, ClientMessage, Reply, Request, function_word};
use crate::parts::deadlines::Deadlines;
use crate::parts::workload::Arrivals;

/// The context of a client: its own messages and timers, no disk.
pub type ClientCtx<'a> = Context<'a, ClientMessage, ClientTimer, Infallible>;

/// A client's timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientTimer {
    /// The next operation of the workload is due.
    Arrival,
    /// The next operation of the spike with this stamp is due.
    Spike(u32),
    /// The oldest attempt under way has waited long enough.
    Deadline,
    /// The pause before this attempt of an operation is over.
    Retry(u64, u32),
    /// The pause after a round of redirects is over: (operation, attempt, redirects so far).
    Again(u64, u32, u32),
}

/// Retries that may be saved up, in thousandths.
const RESERVE: u64 = 10_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// An attempt is under way.
    Asked,
    /// An attempt is under way, but pauses between two servers.
    Pausing,
    /// The last attempt failed; the next one follows.
    BackingOff,
}

/// An operation that was given by hand.
struct Given {
    function: Function,
    key: u64,
    value: u64,
    expected: u64,
    /// Whom it is sent to first.
    target: Option<NodeId>,
}

#[derive(Clone, Debug)]
struct Open {
    operation: Operation,
    attempt: u32,
    redirects: u32,
    target: NodeId,
    phase: Phase,
    /// Some attempt may have taken effect or may still do so.
    doubtful: bool,
}

/// One client.
#[derive(Clone, Debug)]
pub struct Client {
    config: Arc<ClientConfig>,
    index: u32,
    /// Mean gap between its arrivals (ns).
    gap: f64,
    /// Numbers of the next operations, by lane.
    next: [u64; 3],
    /// When the next one is due (own elapsed time).
    arrival: Nanos,
    spike: Nanos,
    spike_stamp: u32,
    extra_permille: u32,
    stop: Nanos,
    current: NodeId,
    session: u64,
    open: Window<Open>,
    deadlines: Deadlines,
    budget: u64,
    answered: u64,
    failed: u64,
    unknown: u64,
}

impl Client {
    /// The client with this index (c1 has 0).
    #[must_use]
    pub fn new(index: u32, config: Arc<ClientConfig>) -> Self {
        let count = config.targets.len().max(1);
        let current = config.targets.get(index as usize % count).copied().unwrap_or_default();
        Self {
            gap: config.gap_of(index),
            config,
            index,
            next: [0; 3],
            arrival: 0,
            spike: 0,
            spike_stamp: 0,
            extra_permille: 0,
            stop: 0,
            current,
            session: 0,
            open: Window::default(),
            deadlines: Deadlines::default(),
            budget: RESERVE,
            answered: 0,
            failed: 0,
            unknown: 0,
        }
    }

    /// Operations answered and not answered so far, in this life.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        (self.answered, self.failed + self.unknown)
    }

    /// Operations under way.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.open.len()
    }

    /// A life begins.
    pub fn start(&mut self, ctx: &mut ClientCtx<'_>) {
        // The workload speaks of the run's time; this client knows its wall clock.
        let (now, wall) = (ctx.elapsed(), ctx.clock());
        self.arrival = now.saturating_add(self.config.workload.start.saturating_sub(wall));
        self.stop = now.saturating_add(self.config.workload.stop.saturating_sub(wall));
        self.plan(ctx);
        self.environment(ctx);
    }

    /// Schedules the workload's next operation.
    fn plan(&mut self, ctx: &mut ClientCtx<'_>) {
        let n = self.next[Lane::Base as usize];
        let now = ctx.elapsed();
        if self.config.workload.arrivals == Arrivals::Closed {
            self.arrival = self.arrival.max(now).saturating_add(self.config.think(n, ctx));
        } else {
            self.arrival = self.arrival.saturating_add(ClientConfig::arrival_gap(self.gap, n, ctx));
        }
        if self.arrival <= self.stop {
            ctx.set_timer(self.arrival.saturating_sub(now), ClientTimer::Arrival);
        }
    }

    fn plan_spike(&mut self, ctx: &mut ClientCtx<'_>) {
        let n = self.next[Lane::Spike as usize];
        self.spike =
            self.spike.saturating_add(ClientConfig::spike_gap(self.gap, n, self.extra_permille, ctx));
        if self.spike <= self.stop {
            ctx.set_timer(self.spike.saturating_sub(ctx.elapsed()), ClientTimer::Spike(self.spike_stamp));
        }
    }

    /// Traffic faults began or ended. The workload's own arrivals stay as they are; a spike adds others.
    pub fn environment(&mut self, ctx: &mut ClientCtx<'_>) {
        let extra = ctx.traffic().extra_permille;
        if extra != self.extra_permille && self.config.workload.arrivals == Arrivals::Open {
            self.extra_permille = extra;
            self.spike_stamp += 1;
            if extra > 0 {
                let begins = self.config.workload.start.saturating_sub(ctx.clock());
                self.spike = ctx.elapsed().saturating_add(begins);
                self.plan_spike(ctx);
            }
        }
    }

    /// A timer fired.
    pub fn timer(&mut self, timer: ClientTimer, ctx: &mut ClientCtx<'_>) {
        match timer {
            ClientTimer::Arrival => {
                let intended = self.arrival;
                self.issue(Lane::Base, intended, None, ctx);
                if self.config.workload.arrivals == Arrivals::Open {
                    self.plan(ctx);
                }
            }
            ClientTimer::Spike(stamp) => {
                if stamp == self.spike_stamp {
                    let intended = self.spike;
                    self.issue(Lane::Spike, intended, None, ctx);
                    self.plan_spike(ctx);
                }
            }
            ClientTimer::Deadline => {
                self.deadlines.fired();
                let now = ctx.elapsed();
                while let Some((number, _)) = {
                    let open = &self.open;
                    self.deadlines.due(now, |number, attempt| awaits(open, number, attempt))
                } {
                    self.cancel(number, ctx);
                    self.attempt_failed(number, Cause::Timeout, true, ctx);
                }
                self.arm(ctx);
            }
            ClientTimer::Retry(number, attempt) => {
                if self.is_in(number, attempt, Phase::BackingOff) {
                    self.ask(number, ctx);
                }
            }
            ClientTimer::Again(number, attempt, redirects) => {
                let same = self.open.get(number).is_some_and(|open| open.redirects == redirects);
                if same && self.is_in(number, attempt, Phase::Pausing) {
                    self.send(number, ctx);
                }
            }
        }
    }

    fn is_in(&self, number: u64, attempt: u32, phase: Phase) -> bool {
        self.open.get(number).is_some_and(|open| open.attempt == attempt && open.phase == phase)
    }

    /// Begins an operation: the one that the workload has next, or the one given.
    fn issue(&mut self, lane: Lane, intended: Nanos, given: Option<Given>, ctx: &mut ClientCtx<'_>) {
        let n = self.next[lane as usize];
        self.next[lane as usize] += 1;
        let number = operations::number(lane, ctx.life(), n);
        let mut operation = self.config.operation(self.index, number, ctx);
        if let Some(given) = &given {
            operation.function = given.function;
            operation.key = given.key;
            operation.expected = given.expected;
            operation.value = match given.function {
                Function::Write | Function::Cas if given.value == 0 => operations::value(self.index, number),
                Function::Write | Function::Cas => given.value,
                _ => 0,
            };
        }
        ctx.invoke(operation, intended);
        let permille = u64::from(self.config.workload.retry_permille);
        self.budget = (self.budget + permille).min(RESERVE.max(permille));
        let open = Open {
            operation,
            attempt: 0,
            redirects: 0,
            target: given
                .and_then(|given| given.target)
                .unwrap_or_else(|| self.config.target(self.current, None, number, 0, ctx)),
            phase: Phase::Asked,
            doubtful: false,
        };
        self.open.add(number, open);
        if self.config.targets.is_empty() {
            self.finish(number, Outcome::Fail(Cause::Unavailable), ctx);
        } else {
            self.ask(number, ctx);
        }
    }

    /// Begins an attempt.
    fn ask(&mut self, number: u64, ctx: &mut ClientCtx<'_>) {
        let Some(open) = self.open.get_mut(number) else { return };
        if open.attempt > 0 {
            open.target = self.config.target(self.current, Some(open.target), number, open.attempt, ctx);
        }
        open.redirects = 0;
        let attempt = open.attempt;
        self.send(number, ctx);
        if self.config.workload.timeout > 0 {
            let at = ctx.elapsed().saturating_add(self.config.workload.timeout);
            self.deadlines.push(at, number, attempt);
            self.arm(ctx);
        }
    }

    /// Sends the attempt under way to its target.
    fn send(&mut self, number: u64, ctx: &mut ClientCtx<'_>) {
        let Some(open) = self.open.get_mut(number) else { return };
        open.phase = Phase::Asked;
        let request = Request {
            client: ctx.me(),
            operation: open.operation,
            attempt: open.attempt,
            work: ClientConfig::work(number, open.attempt, ctx),
            session: self.session,
            patience: if self.config.tells_patience { self.config.workload.timeout } else { 0 },
        };
        let target = open.target;
        ctx.send(target, ClientMessage::Request(request));
    }

    /// Tells the server that the attempt under way is given up.
    fn cancel(&mut self, number: u64, ctx: &mut ClientCtx<'_>) {
        if let (true, Some(open)) = (self.config.cancels, self.open.get(number)) {
            ctx.send(open.target, ClientMessage::Cancel(ctx.me(), number, open.attempt));
        }
    }

    fn arm(&mut self, ctx: &mut ClientCtx<'_>) {
        if let Some(delay) = self.deadlines.arm(ctx.elapsed()) {
            ctx.set_timer(delay, ClientTimer::Deadline);
        }
    }

    /// A message arrived.
    pub fn receive(&mut self, from: NodeId, message: ClientMessage, ctx: &mut ClientCtx<'_>) {
        if let ClientMessage::Reply(reply) = message {
            self.reply(from, reply, ctx);
        }
    }

    fn reply(&mut self, from: NodeId, reply: Reply, ctx: &mut ClientCtx<'_>) {
        self.session = self.session.max(reply.session);
        let Some(open) = self.open.get(reply.number) else { return };
        // A late success of an earlier attempt is a success; other late answers have been given up on.
        let asked = open.target == from || self.config.relayed;
        let current = open.attempt == reply.attempt && open.phase == Phase::Asked && asked;
        match reply.answer {
            Answer::Ok(value) => self.finish(reply.number, Outcome::Ok(value), ctx),
            Answer::Refused(cause) if current => self.attempt_failed(reply.number, cause, false, ctx),
            Answer::Redirect(hint) if current => self.redirect(reply.number, hint, ctx),
            Answer::Refused(_) | Answer::Redirect(_) => {}
        }
    }

    /// Follows a redirect within the attempt and its timeout, with a pause after each round of them.
    fn redirect(&mut self, number: u64, hint: Option<NodeId>, ctx: &mut ClientCtx<'_>) {
        let Some(open) = self.open.get_mut(number) else { return };
        let next = hint.filter(|to| *to != open.target).unwrap_or_else(|| self.config.after(open.target));
        if self.config.route == Route::Leader && (self.current == open.target || hint.is_some()) {
            self.current = next;
        }
        open.target = next;
        open.redirects += 1;
        let (attempt, redirects) = (open.attempt, open.redirects);
        if redirects.is_multiple_of(self.config.targets.len().max(1) as u32) {
            open.phase = Phase::Pausing;
            let workload = &self.config.workload;
            let pause = (workload.timeout / 20).max(workload.backoff).max(10 * MILLISECOND);
            ctx.set_timer(pause, ClientTimer::Again(number, attempt, redirects));
        } else {
            self.send(number, ctx);
        }
    }

    /// The connection to a server broke: whether it received what was under way is not known.
    pub fn connection_lost(&mut self, peer: NodeId, ctx: &mut ClientCtx<'_>) {
        let lost: Vec<u64> = self
            .open
            .iter()
            .filter(|(_, open)| open.target == peer && open.phase == Phase::Asked)
            .map(|(number, _)| number)
            .collect();
        for number in lost {
            self.attempt_failed(number, Cause::Refused, true, ctx);
        }
    }

    /// The attempt under way failed: try again, or give up.
    fn attempt_failed(&mut self, number: u64, cause: Cause, doubtful: bool, ctx: &mut ClientCtx<'_>) {
        let limited = self.config.workload.retry_permille > 0;
        let Some(open) = self.open.get_mut(number) else { return };
        open.doubtful |= doubtful;
        // Who is silent, or knows no leader, is not asked again before the others were.
        let elsewhere = doubtful || cause == Cause::Unavailable;
        if self.config.route == Route::Leader && elsewhere && self.current == open.target {
            self.current = self.config.after(open.target);
        }
        let data = matches!(open.operation.function, Function::Write | Function::Cas);
        let careful = self.config.careful && data && open.doubtful;
        if careful || open.attempt >= self.config.workload.retries || (limited && self.budget < 1000) {
            let unknown = data && (open.doubtful || !self.config.exact);
            let outcome = if unknown { Outcome::Unknown(cause) } else { Outcome::Fail(cause) };
            self.finish(number, outcome, ctx);
            return;
        }
        if limited {
            self.budget -= 1000;
        }
        let pause = self.config.workload.backoff.saturating_mul(1 << open.attempt.min(20));
        open.attempt += 1;
        open.phase = Phase::BackingOff;
        if pause == 0 {
            self.ask(number, ctx);
        } else {
            ctx.set_timer(pause, ClientTimer::Retry(number, open.attempt));
        }
    }

    fn finish(&mut self, number: u64, outcome: Outcome, ctx: &mut ClientCtx<'_>) {
        let Some(open) = self.open.remove(number) else { return };
        let still = &self.open;
        self.deadlines.trim(|number, attempt| awaits(still, number, attempt));
        ctx.complete(number, outcome, open.attempt + 1);
        let cause = match outcome {
            Outcome::Ok(_) => {
                self.answered += 1;
                None
            }
            Outcome::Fail(cause) => {
                self.failed += 1;
                Some(cause)
            }
            Outcome::Unknown(cause) => {
                self.unknown += 1;
                Some(cause)
            }
        };
        if let Some(cause) = cause {
            ctx.note(|| {
                let text = Text::new(sentence(cause)).with("number", number + 1).with("server", open.target);
                text.with("attempts", open.attempt + 1)
            });
        }
        if self.config.workload.arrivals != Arrivals::Open && operations::is_base(number) {
            self.plan(ctx);
        }
    }

    /// An operation by hand: function (0 read, 1 write, 2 compare and set), key, value (0 for a unique one), what a comparison expects, and
    /// one more than the number of the node that is asked first (0: whom the client would ask).
    pub fn act(&mut self, action: &Action, ctx: &mut ClientCtx<'_>) -> bool {
        if action.id != "operation" {
            return false;
        }
        let argument = |at: usize| action.args.get(at).copied().unwrap_or(0);
        let function = match argument(0) {
            _ if self.config.calls => Function::Call,
            0 => Function::Read,
            1 => Function::Write,
            2 if self.config.compares => Function::Cas,
            _ => return false,
        };
        let now = ctx.elapsed();
        let target = argument(4).checked_sub(1).map(|node| NodeId(node as u32));
        let expected = if function == Function::Cas { argument(3) } else { 0 };
        let given = Given { function, key: argument(1), value: argument(2), expected, target };
        self.issue(Lane::Hand, now, Some(given), ctx);
        true
    }

    /// About how many bytes a copy takes beyond its own size.
    #[must_use]
    pub fn heap(&self) -> usize {
        self.open.len() * size_of::<(u64, Open)>() + self.deadlines.heap()
    }

    /// Digest of the state.
    #[must_use]
    pub fn digest(&self) -> u64 {
        let digest = Digest::new()
            .all(self.next)
            .add(self.arrival)
            .add(self.spike)
            .add(u64::from(self.current.0))
            .add(self.session)
            .add(self.budget)
            .add(self.answered)
            .add(self.failed)
            .add(self.unknown);
        let digest = self.open.iter().fold(digest, |digest, (_, open)| {
            digest
                .add(open.operation.number)
                .add(function_word(open.operation.function))
                .add(open.operation.key)
                .add(open.operation.value)
                .add(u64::from(open.attempt) << 32 | u64::from(open.redirects))
                .add(u64::from(open.target.0) << 8 | (open.phase as u64) << 1 | u64::from(open.doubtful))
        });
        digest.end()
    }

    /// How it wants to be seen.
    #[must_use]
    pub fn observe(&self, detail: Detail) -> NodeView {
        let mut view = NodeView::new(Body::Client, "role-client");
        if detail >= Detail::Card {
            view.items.push(Item::Fact("client-in-flight", self.open.len().to_string()));
            view.items.push(Item::Fact("client-answered", self.answered.to_string()));
            view.items.push(Item::Fact("client-failed", self.failed.to_string()));
        }
        if detail == Detail::Full {
            view.items.push(Item::Fact("client-unknown", self.unknown.to_string()));
            if self.session > 0 {
                view.items.push(Item::Fact("client-session", self.session.to_string()));
            }
        }
        view
    }
}

fn awaits(open: &Window<Open>, number: u64, attempt: u32) -> bool {
    open.get(number).is_some_and(|open| open.attempt == attempt && open.phase != Phase::BackingOff)
}

fn sentence(cause: Cause) -> &'static str {
    match cause {
        Cause::Timeout => "client-timeout",
        Cause::Refused => "client-refused",
        Cause::Error => "client-error",
        Cause::Unavailable => "client-unavailable",
        Cause::Overload => "client-overload",
        Cause::ClientCrash => "client-crash",
    }
}
