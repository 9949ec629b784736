//! The life of a request in a balancer: it is let in or not, waits or is tried, is tried again, and ends once.

use netsplit_sim::NodeId;
use netsplit_sim::draw::{self, Purpose};
use netsplit_sim::history::Cause;
use netsplit_sim::node::Ctx;
use netsplit_sim::time::{Nanos, nanos_from_f64};
use netsplit_sim::view::{Arg, Text};

use super::super::super::rule::Ask;
use super::super::backend::Abandoned;
use super::super::message::{Hop, Work};
use super::super::tier::{Tier, TierTimer};
use super::{Balancer, BalancerTimer, Flaw, Hedge, RetryOn};
use crate::parts::client::{Answer, ClientMessage, Reply, Request};
use crate::parts::deadlines::Deadlines;
use crate::parts::host::Envelope;

const CHOICE: Purpose = Purpose::named("balancer.choice");
const BACKOFF: Purpose = Purpose::named("balancer.backoff");
const REPEATABLE: Purpose = Purpose::named("balancer.repeatable");

/// Bits of a ticket that count the tries of its call; the rest is the call's number.
const TICKETS: u32 = 8;
/// Backends that a call remembers to have tried.
const TRIED: usize = 4;
const NOBODY: u32 = u32::MAX;

/// How a try ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The connection did not come about: refused, or nothing was heard in time.
    NoConnection,
    /// The connection broke while the backend had the request.
    Broken,
    /// No answer in time.
    TimedOut,
    /// An answer, good or bad.
    Answered(Answer),
}

/// A try under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Live {
    pub ticket: u64,
    pub backend: u32,
    began: Nanos,
    /// The request itself has been sent.
    sent: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Tried, or between two tries in the same instant.
    Trying,
    /// Waits for a backend below its limit.
    Waiting,
    /// Pauses before the next try.
    Pausing,
}

/// A request that was split into parts, each a call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gather {
    request: Request,
    /// Parts that have not ended.
    left: u32,
    failed: Option<Cause>,
    /// Its client has gone.
    cancelled: bool,
}

/// A request that has not ended, or a part of one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    request: Request,
    /// Whose part it is.
    gather: Option<u64>,
    began: Nanos,
    /// Own elapsed time after which nobody waits.
    expires: Nanos,
    phase: Phase,
    /// Tries so far.
    tries: u32,
    retries: u32,
    /// It counts among the retries under way.
    retrying: bool,
    live: [Option<Live>; 2],
    tried: [u32; TRIED],
    /// Where the second of two tied copies will go.
    twin: Option<u32>,
}

impl Call {
    pub(super) fn live(&self) -> impl Iterator<Item = &Live> {
        self.live.iter().flatten()
    }

    pub(super) fn word(&self) -> u64 {
        let live =
            self.live().fold(0, |word, live| word ^ live.ticket.rotate_left(7) ^ u64::from(live.backend));
        live ^ u64::from(self.tries) << 48 ^ (self.phase as u64) << 60
    }
}

/// What a balancer has counted in this life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Requests that came; with a fan-out, their parts.
    pub requests: u64,
    /// Those that were answered well.
    pub answered: u64,
    /// Those that failed, by cause: in the order of [`Cause`].
    pub failed: [u64; 6],
    /// Those whose client gave up and said so.
    pub cancelled: u64,
    /// Those that have not ended.
    pub open: u64,
    /// Those of them that wait for a backend.
    pub waiting: u64,
    /// Tries, of which so many were retries and second copies.
    pub tries: u64,
    /// Tries after a failure.
    pub retries: u64,
    /// Second copies.
    pub hedges: u64,
    /// Tries that were answered well.
    pub tries_answered: u64,
    /// Tries that failed.
    pub tries_failed: u64,
    /// Tries that were given up because their request had ended, or because a twin began.
    pub tries_given_up: u64,
    /// Answers that nobody waited for any more.
    pub late: u64,
    /// Retries that a budget or a limit forbade.
    pub retries_forbidden: u64,
    /// Backends left out by a check, counted each time.
    pub ejections: u64,
}

impl Ledger {
    /// Requests that failed, whatever the cause.
    #[must_use]
    pub fn all_failed(&self) -> u64 {
        self.failed.iter().sum()
    }

    /// Requests that were refused because something was full.
    #[must_use]
    pub fn shed(&self) -> u64 {
        self.failed[Cause::Overload as usize]
    }
}

fn arm(deadlines: &mut Deadlines, timer: BalancerTimer, ctx: &mut Ctx<'_, Tier>) {
    if let Some(delay) = deadlines.arm(ctx.elapsed()) {
        ctx.set_timer(delay, TierTimer::Balancer(timer));
    }
}

/// Where a request can go.
enum Place {
    Backend(u32),
    /// All that are in use are at their limit.
    Full,
    Nobody,
}

impl Balancer {
    pub(in super::super) fn request(&mut self, request: Request, ctx: &mut Ctx<'_, Tier>) {
        self.seen = ctx.elapsed();
        let parts = self.config.fan_out;
        if parts < 2 {
            self.admit(request, None, ctx);
            return;
        }
        let gather = Gather { request, left: parts, failed: None, cancelled: false };
        let serial = self.next_serial(ctx);
        let Some(gather) = self.gathers.add(serial, gather) else {
            answer(&request, Answer::Refused(Cause::Overload), ctx);
            return;
        };
        for part in 0..parts {
            let work = draw::join(request.work, u64::from(part));
            self.admit(Request { work, ..request }, Some(gather), ctx);
        }
    }

    fn next_serial(&mut self, ctx: &Ctx<'_, Tier>) -> u64 {
        self.serial += 1;
        (u64::from(ctx.life()) << 28) | self.serial
    }

    /// Lets a request, or a part of one, in.
    fn admit(&mut self, request: Request, gather: Option<u64>, ctx: &mut Ctx<'_, Tier>) {
        let now = ctx.elapsed();
        self.ledger.requests += 1;
        let (max_open, limit) = (self.config.max_open, self.config.request_timeout);
        let patience = if self.config.abandoned == Abandoned::Deadline { request.patience } else { 0 };
        let limit = [limit, patience].into_iter().filter(|span| *span > 0).min();
        let call = Call {
            request,
            gather,
            began: now,
            expires: limit.map_or(Nanos::MAX, |limit| now.saturating_add(limit)),
            phase: Phase::Trying,
            tries: 0,
            retries: 0,
            retrying: false,
            live: [None; 2],
            tried: [NOBODY; TRIED],
            twin: None,
        };
        let serial = self.next_serial(ctx);
        let full = max_open > 0 && self.calls.len() >= max_open;
        let number = if full { None } else { self.calls.add(serial, call) };
        let Some(number) = number else {
            ctx.note(|| Text::new("lb-breaker").with("limit", max_open));
            self.ledger.failed[Cause::Overload as usize] += 1;
            self.conclude(&request, gather, Some(Answer::Refused(Cause::Overload)), ctx);
            return;
        };
        if call.expires != Nanos::MAX {
            self.requests.push(call.expires, number, 0);
            arm(&mut self.requests, BalancerTimer::Request, ctx);
        }
        self.dispatch(number, ctx);
    }

    /// Finds a backend for a call and tries it there, or lets it wait, or gives up.
    fn dispatch(&mut self, number: u64, ctx: &mut Ctx<'_, Tier>) {
        let Some(call) = self.calls.get(number).copied() else { return };
        match self.place(&call, ctx) {
            Place::Backend(backend) => {
                if self.config.hedge == Hedge::Tied && call.tries == 0 {
                    self.choose_twin(number, backend, ctx);
                }
                self.begin(number, backend, false, ctx);
            }
            Place::Full => self.wait(number, ctx),
            Place::Nobody => {
                ctx.note(|| Text::new("lb-none-left"));
                self.end(number, Some(Answer::Refused(Cause::Unavailable)), ctx);
            }
        }
    }

    fn place(&mut self, call: &Call, ctx: &Ctx<'_, Tier>) -> Place {
        let now = ctx.elapsed();
        self.peers.refresh(now, &self.config);
        if self.peers.usable.is_empty() {
            return Place::Nobody;
        }
        // The draw hangs on the operation's own word: the same operation draws the same backends in every run.
        let work = call.request.work;
        let occasion = if call.tries == 0 { work } else { draw::join(work, u64::from(call.tries)) };
        let client = call.request.client.0.wrapping_sub(self.config.first_client) as usize;
        let ask = Ask {
            word: ctx.draw(CHOICE, occasion),
            flow: self.config.flows.get(client).copied().unwrap_or(0),
            key: draw::mix(call.request.operation.key),
        };
        if call.retrying && !self.config.retry_elsewhere {
            let last = call.tried[(call.tries as usize + TRIED - 1) % TRIED];
            if self.peers.usable.contains(&last) {
                let below = self.peers.ready.contains(&last);
                return if below { Place::Backend(last) } else { Place::Full };
            }
        }
        let mut untried = std::mem::take(&mut self.untried);
        untried.clear();
        let elsewhere = call.tries > 0;
        if elsewhere {
            untried.extend(self.peers.ready.iter().copied().filter(|at| !call.tried.contains(at)));
        }
        let ready: &[u32] = if untried.is_empty() { &self.peers.ready } else { &untried };
        let stuck = self.stuck.get(client).copied().filter(|at| ready.binary_search(at).is_ok());
        let place = if ready.is_empty() {
            Place::Full
        } else if let Some(backend) = stuck {
            self.latest = Some((ctx.clock(), Some((call.request.client, backend))));
            Place::Backend(backend)
        } else {
            let view = self.peers.view(ready, now, &self.config);
            match self.rule.pick(&ask, &view) {
                Some(backend) => {
                    self.latest = Some((ctx.clock(), None));
                    let in_use = self.stuck.get(client).is_some_and(|at| self.peers.usable.contains(at));
                    if let (Some(stuck), false) = (self.stuck.get_mut(client), in_use) {
                        *stuck = backend;
                    }
                    Place::Backend(backend)
                }
                None => Place::Nobody,
            }
        };
        self.untried = untried;
        place
    }

    /// The second of two tied copies is chosen with the first, so that each can name the other.
    fn choose_twin(&mut self, number: u64, first: u32, ctx: &mut Ctx<'_, Tier>) {
        let Some(call) = self.calls.get_mut(number) else { return };
        (call.tries, call.tried[0]) = (1, first);
        let call = *call;
        let twin = match self.place(&call, ctx) {
            Place::Backend(twin) if twin != first => Some(twin),
            _ => None,
        };
        if let Some(call) = self.calls.get_mut(number) {
            (call.tries, call.tried[0], call.twin) = (0, NOBODY, twin);
        }
    }

    /// A try begins.
    fn begin(&mut self, number: u64, backend: u32, copy: bool, ctx: &mut Ctx<'_, Tier>) {
        let now = ctx.elapsed();
        let Some(call) = self.calls.get_mut(number) else { return };
        let ticket = number << TICKETS | u64::from(call.tries & 0xff);
        let connects = self.config.connect_timeout > 0;
        let live = Live { ticket, backend, began: now, sent: !connects };
        let Some(free) = call.live.iter_mut().find(|live| live.is_none()) else { return };
        *free = Some(live);
        call.phase = Phase::Trying;
        call.tried[call.tries as usize % TRIED] = backend;
        let again = call.tries > 0 && !copy;
        call.tries += 1;
        let (request, first, twin) = (call.request, call.tries == 1, call.twin);
        let expires = call.expires;
        self.ledger.tries += 1;
        self.ledger.retries += u64::from(again);
        self.ledger.hedges += u64::from(copy);
        self.peers.begins(backend, now, &self.config);
        if again && self.config.flaw == Some(Flaw::RetryCountedTwice) {
            self.peers.begins(backend, now, &self.config);
        }
        if first && (self.config.hedge == Hedge::Hedged || twin.is_some()) {
            self.hedges.push(now.saturating_add(self.config.hedge_after), number, 0);
            arm(&mut self.hedges, BalancerTimer::Hedge, ctx);
        }
        if connects {
            ctx.send(self.node(backend), Envelope::Server(Hop::Connect(ticket)));
            self.connects.push(now.saturating_add(self.config.connect_timeout), ticket, 0);
            arm(&mut self.connects, BalancerTimer::Connect, ctx);
        } else {
            self.forward(&request, &live, twin, expires, ctx);
        }
    }

    fn forward(
        &mut self,
        request: &Request,
        live: &Live,
        twin: Option<u32>,
        expires: Nanos,
        ctx: &mut Ctx<'_, Tier>,
    ) {
        let now = ctx.elapsed();
        // The first copy has the even place among the first two tries of its call.
        let other = live.ticket ^ 1;
        let twin = twin.filter(|_| live.ticket & 0xff < 2).map(|second| {
            let place = if live.ticket & 1 == 0 { second } else { self.first_of(live.ticket) };
            (self.node(place), other)
        });
        let limit = now.saturating_add(self.config.response_timeout);
        let deadline = self.config.abandoned == Abandoned::Deadline;
        let patience = if deadline { expires.min(limit).saturating_sub(now).max(1) } else { 0 };
        // What a try costs belongs to the operation and to the number of the try, whichever backend it meets.
        let place = live.ticket & 0xff;
        let demand = if place == 0 { request.work } else { draw::join(request.work, place) };
        let request = Request { work: demand, ..*request };
        let work = Work { ticket: live.ticket, request, patience, twin };
        ctx.send(self.node(live.backend), Envelope::Server(Hop::Forward(work)));
        self.responses.push(limit, live.ticket, 0);
        arm(&mut self.responses, BalancerTimer::Response, ctx);
    }

    /// Where the first try of this ticket's call went.
    fn first_of(&self, ticket: u64) -> u32 {
        self.calls.get(ticket >> TICKETS).map_or(0, |call| call.tried[0])
    }

    /// A connection stands.
    pub(super) fn accepted(&mut self, ticket: u64, ctx: &mut Ctx<'_, Tier>) {
        let Some(call) = self.calls.get_mut(ticket >> TICKETS) else { return };
        let (request, twin, expires) = (call.request, call.twin, call.expires);
        let Some(live) = call.live.iter_mut().flatten().find(|live| live.ticket == ticket && !live.sent)
        else {
            return;
        };
        live.sent = true;
        let live = *live;
        self.forward(&request, &live, twin, expires, ctx);
    }

    /// No backend is below its limit: the call waits.
    fn wait(&mut self, number: u64, ctx: &mut Ctx<'_, Tier>) {
        let (most, timeout) = (self.config.queue_max, self.config.queue_timeout);
        if most > 0 && self.waits >= most {
            ctx.note(|| Text::new("lb-balancer-full").with("limit", most));
            self.end(number, Some(Answer::Refused(Cause::Overload)), ctx);
            return;
        }
        let Some(call) = self.calls.get_mut(number) else { return };
        call.phase = Phase::Waiting;
        self.waits += 1;
        self.waiting.push_back(number);
        if timeout > 0 {
            self.queued.push(ctx.elapsed().saturating_add(timeout), number, call.tries);
            arm(&mut self.queued, BalancerTimer::Queue, ctx);
        }
    }

    /// Some backend may be below its limit again.
    pub(super) fn serve_waiting(&mut self, ctx: &mut Ctx<'_, Tier>) {
        while self.waits > 0 {
            self.peers.refresh(ctx.elapsed(), &self.config);
            if self.peers.ready.is_empty() {
                return;
            }
            let Some(number) = self.waiting.pop_front() else { return };
            if let Some(call) = self.calls.get_mut(number)
                && call.phase == Phase::Waiting
            {
                call.phase = Phase::Trying;
                self.waits -= 1;
                self.dispatch(number, ctx);
            }
        }
        self.waiting.clear();
    }

    pub(super) fn response(&mut self, ticket: u64, answer: Answer, ctx: &mut Ctx<'_, Tier>) {
        self.settle(ticket, End::Answered(answer), ctx);
        self.trim();
    }

    /// The backend dropped this copy, because the other one is being worked on.
    pub(super) fn dropped(&mut self, ticket: u64, ctx: &mut Ctx<'_, Tier>) {
        let Some(call) = self.calls.get_mut(ticket >> TICKETS) else { return };
        let Some(live) = call.live.iter_mut().find(|live| live.is_some_and(|live| live.ticket == ticket))
        else {
            return;
        };
        if let Some(live) = live.take() {
            self.ledger.tries_given_up += 1;
            self.peers.ends(live.backend, &self.config);
            let number = ticket >> TICKETS;
            let alone = self.calls.get(number).is_some_and(|call| call.live().next().is_none());
            // The other copy began, and has failed since.
            if alone && !self.retry(number, End::Broken, ctx) {
                self.end(number, Some(Answer::Refused(Cause::Error)), ctx);
            }
            self.serve_waiting(ctx);
        }
    }

    /// A try ends: the call ends with it, or waits for the other copy, or is tried again.
    fn settle(&mut self, ticket: u64, end: End, ctx: &mut Ctx<'_, Tier>) {
        let number = ticket >> TICKETS;
        let call = self.calls.get_mut(number);
        let live = call.and_then(|call| {
            call.live.iter_mut().find(|live| live.is_some_and(|live| live.ticket == ticket))?.take()
        });
        let Some(live) = live else {
            self.ledger.late += u64::from(matches!(end, End::Answered(Answer::Ok(_))));
            return;
        };
        let now = ctx.elapsed();
        self.seen = now;
        let leaks = self.config.flaw == Some(Flaw::LeakOnTimeout) && end == End::TimedOut;
        if !leaks {
            self.peers.ends(live.backend, &self.config);
        }
        let well = matches!(end, End::Answered(Answer::Ok(_)));
        self.remember(&live, well, now, ctx);
        if well {
            self.ledger.tries_answered += 1;
            self.end(number, Some(Answer::Ok(None)), ctx);
            return;
        }
        self.ledger.tries_failed += 1;
        let gave_up = matches!(end, End::TimedOut | End::NoConnection);
        if gave_up && self.config.abandoned == Abandoned::Cancel {
            ctx.send(self.node(live.backend), Envelope::Server(Hop::Cancel(ticket)));
        }
        let other = self.calls.get(number).is_some_and(|call| call.live().next().is_some());
        if !other && !self.retry(number, end, ctx) {
            let cause = match end {
                End::NoConnection | End::Broken => Cause::Refused,
                End::TimedOut => Cause::Timeout,
                End::Answered(Answer::Refused(cause)) => cause,
                End::Answered(_) => Cause::Error,
            };
            self.end(number, Some(Answer::Refused(cause)), ctx);
        } else {
            self.serve_waiting(ctx);
        }
    }

    /// What a try's end says of its backend.
    fn remember(&mut self, live: &Live, well: bool, now: Nanos, ctx: &mut Ctx<'_, Tier>) {
        let config = std::sync::Arc::clone(&self.config);
        let node = self.node(live.backend);
        let peer = &mut self.peers.all[live.backend as usize];
        if well {
            self.rule.answered(live.backend, now.saturating_sub(live.began), now);
        } else {
            self.rule.failed(live.backend);
        }
        let row = peer.outlier.ended(well, config.outlier_errors);
        if config.max_fails > 0 && well {
            if peer.passive.succeeded() {
                self.peers.returns(live.backend, now);
                ctx.notable(|| Text::new("lb-returned").with("node", node));
            }
        } else if config.max_fails > 0 {
            let left_out = peer.passive.failed(now, config.max_fails, config.fail_timeout);
            let fails = peer.passive.fails;
            self.peers.changed();
            if left_out {
                self.ledger.ejections += 1;
                ctx.notable(|| {
                    let text = Text::new("lb-left-out").with("node", node).with("fails", fails);
                    text.with("span", Arg::Time(config.fail_timeout))
                });
            }
        }
        if row && self.eject(live.backend, now) {
            self.ledger.ejections += 1;
            ctx.notable(|| Text::new("lb-ejected").with("node", node).with("errors", config.outlier_errors));
        }
    }

    /// Tries a call again, if that is allowed.
    fn retry(&mut self, number: u64, end: End, ctx: &mut Ctx<'_, Tier>) -> bool {
        let open = self.calls.len();
        let Some(call) = self.calls.get_mut(number) else { return false };
        if std::mem::take(&mut call.retrying) {
            self.retries_open -= 1;
        }
        let config = &self.config;
        let class = match end {
            End::NoConnection => RetryOn::Connect,
            End::Broken | End::TimedOut => RetryOn::Timeout,
            End::Answered(_) => RetryOn::Error,
        };
        let fixed = draw::below(ctx.draw(REPEATABLE, call.request.work), 100) < config.non_idempotent_percent;
        let repeatable = class == RetryOn::Connect || !fixed;
        let tries_left = call.retries < config.retries && call.tries < (1 << TICKETS) - 2;
        if !tries_left || class > config.retry_on || !repeatable || ctx.elapsed() >= call.expires {
            return false;
        }
        let limited = config.retry_open > 0 || config.retry_percent > 0;
        let budget = (u64::from(config.retry_percent) * u64::from(open) / 100) as u32;
        if limited && self.retries_open >= config.retry_open.max(budget) {
            self.ledger.retries_forbidden += 1;
            return false;
        }
        call.retries += 1;
        call.retrying = true;
        self.retries_open += 1;
        let mean = config.retry_backoff;
        if mean == 0 {
            self.dispatch(number, ctx);
            return true;
        }
        // Envoy: anything up to twice the mean, which doubles each time, up to ten times the first.
        let most = mean.saturating_mul(2 << (call.retries - 1).min(10)).min(mean.saturating_mul(20));
        let word = ctx.draw(BACKOFF, draw::join(call.request.work, u64::from(call.retries)));
        call.phase = Phase::Pausing;
        let pause = nanos_from_f64(draw::unit(word) * most as f64);
        ctx.set_timer(pause, TierTimer::Balancer(BalancerTimer::Retry(number)));
        true
    }

    /// The pause before the next try is over.
    pub(super) fn again(&mut self, number: u64, ctx: &mut Ctx<'_, Tier>) {
        if self.calls.get(number).is_some_and(|call| call.phase == Phase::Pausing) {
            self.dispatch(number, ctx);
        }
    }

    /// A call ends, with an answer for the client unless that has gone.
    fn end(&mut self, number: u64, with: Option<Answer>, ctx: &mut Ctx<'_, Tier>) {
        let Some(call) = self.calls.remove(number) else { return };
        if call.phase == Phase::Waiting {
            self.waits -= 1;
        }
        if call.retrying {
            self.retries_open -= 1;
        }
        for live in call.live() {
            self.ledger.tries_given_up += 1;
            self.peers.ends(live.backend, &self.config);
            // A loser is cancelled; what a client gave up on, as the balancers are set.
            let loser =
                matches!(with, Some(Answer::Ok(_))) && self.config.flaw != Some(Flaw::LoserNotCancelled);
            if loser || self.config.abandoned == Abandoned::Cancel {
                ctx.send(self.node(live.backend), Envelope::Server(Hop::Cancel(live.ticket)));
            }
        }
        match with {
            Some(Answer::Refused(cause)) => self.ledger.failed[cause as usize] += 1,
            Some(_) => self.ledger.answered += 1,
            None => self.ledger.cancelled += 1,
        }
        self.conclude(&call.request, call.gather, with, ctx);
        self.serve_waiting(ctx);
    }

    /// Answers the client, once all parts have ended.
    fn conclude(
        &mut self,
        request: &Request,
        gather: Option<u64>,
        with: Option<Answer>,
        ctx: &mut Ctx<'_, Tier>,
    ) {
        let Some(number) = gather else {
            if let Some(with) = with {
                answer(request, with, ctx);
            }
            return;
        };
        let Some(gather) = self.gathers.get_mut(number) else { return };
        gather.left -= 1;
        gather.cancelled |= with.is_none();
        if let Some(Answer::Refused(cause)) = with {
            gather.failed = Some(cause);
        }
        if gather.left == 0 {
            let Gather { request, failed, cancelled, .. } = *gather;
            self.gathers.remove(number);
            if !cancelled {
                answer(&request, failed.map_or(Answer::Ok(None), Answer::Refused), ctx);
            }
        }
    }

    /// Connections or answers that took too long.
    pub(super) fn overdue(&mut self, end: End, ctx: &mut Ctx<'_, Tier>) {
        let connects = end == End::NoConnection;
        let now = ctx.elapsed();
        if connects { &mut self.connects } else { &mut self.responses }.fired();
        while let Some((ticket, _)) = {
            let calls = &self.calls;
            let alive = |ticket: u64, _| {
                let live = calls.get(ticket >> TICKETS).map(|call| call.live().find(|l| l.ticket == ticket));
                live.flatten().is_some_and(|live| live.sent != connects)
            };
            if connects { &mut self.connects } else { &mut self.responses }.due(now, alive)
        } {
            let calls = &self.calls;
            let live = calls.get(ticket >> TICKETS).and_then(|c| c.live().find(|l| l.ticket == ticket));
            if let Some(node) = live.map(|live| self.node(live.backend)) {
                let text = if connects { Text::new("lb-no-connection") } else { Text::new("lb-timeout") };
                ctx.note(|| text.with("node", node));
            }
            self.settle(ticket, end, ctx);
        }
        if connects {
            arm(&mut self.connects, BalancerTimer::Connect, ctx);
        } else {
            arm(&mut self.responses, BalancerTimer::Response, ctx);
        }
    }

    /// First tries that have taken so long that a second copy is due.
    pub(super) fn second_copies(&mut self, ctx: &mut Ctx<'_, Tier>) {
        self.hedges.fired();
        let now = ctx.elapsed();
        while let Some((number, _)) = {
            let calls = &self.calls;
            self.hedges.due(now, |number, _| {
                calls.get(number).is_some_and(|call| call.tries == 1 && call.live().next().is_some())
            })
        } {
            let Some(call) = self.calls.get(number).copied() else { continue };
            let backend = match call.twin {
                Some(twin) => Place::Backend(twin),
                None => self.place(&call, ctx),
            };
            // A copy at the same backend would only add to its queue.
            if let Place::Backend(backend) = backend
                && call.live().all(|live| live.backend != backend)
            {
                self.begin(number, backend, true, ctx);
            }
        }
        arm(&mut self.hedges, BalancerTimer::Hedge, ctx);
    }

    /// Calls that have waited too long for a backend.
    pub(super) fn waited_too_long(&mut self, ctx: &mut Ctx<'_, Tier>) {
        self.queued.fired();
        let now = ctx.elapsed();
        while let Some((number, _)) = {
            let calls = &self.calls;
            let waits = |number, tries| {
                calls.get(number).is_some_and(|call| call.phase == Phase::Waiting && call.tries == tries)
            };
            self.queued.due(now, waits)
        } {
            ctx.note(|| Text::new("lb-queue-timeout"));
            self.end(number, Some(Answer::Refused(Cause::Timeout)), ctx);
        }
        arm(&mut self.queued, BalancerTimer::Queue, ctx);
    }

    /// Calls that have taken too long in all.
    pub(super) fn took_too_long(&mut self, ctx: &mut Ctx<'_, Tier>) {
        self.requests.fired();
        let now = ctx.elapsed();
        while let Some((number, _)) = {
            let calls = &self.calls;
            self.requests.due(now, |number, _| calls.get(number).is_some())
        } {
            if let Some(call) = self.calls.get(number).copied() {
                let took = now.saturating_sub(call.began);
                ctx.note(|| Text::new("lb-request-timeout").with("span", Arg::Time(took)));
                // Whoever has the request has not answered it: that counts against it.
                for live in call.live() {
                    self.remember(live, false, now, ctx);
                }
            }
            self.end(number, Some(Answer::Refused(Cause::Timeout)), ctx);
        }
        arm(&mut self.requests, BalancerTimer::Request, ctx);
    }

    /// A client gave up and said so.
    pub(in super::super) fn cancelled(
        &mut self,
        client: NodeId,
        number: u64,
        attempt: u32,
        ctx: &mut Ctx<'_, Tier>,
    ) {
        let named = |call: &Call| {
            let request = &call.request;
            (request.client, request.operation.number, request.attempt) == (client, number, attempt)
        };
        let calls = self.calls.iter().filter(|(_, call)| named(call));
        let calls: Vec<u64> = calls.map(|(call, _)| call).collect();
        for call in calls {
            self.end(call, None, ctx);
        }
    }

    /// A backend's connection broke: what was under way there fails.
    pub(in super::super) fn connection_lost(&mut self, peer: NodeId, ctx: &mut Ctx<'_, Tier>) {
        let Some(backend) = self.backend(peer) else { return };
        let there = |live: &&Live| live.backend == backend;
        let calls = self.calls.iter().flat_map(|(_, call)| call.live());
        let lost: Vec<(u64, bool)> = calls.filter(there).map(|live| (live.ticket, live.sent)).collect();
        if !lost.is_empty() {
            let count = lost.len() as u64;
            ctx.note(|| Text::new("lb-backend-lost").with("node", peer).with("count", count));
        }
        self.probe_refused(backend, ctx);
        for (ticket, sent) in lost {
            self.settle(ticket, if sent { End::Broken } else { End::NoConnection }, ctx);
        }
        self.trim();
    }

    /// What is no longer awaited must not pile up.
    fn trim(&mut self) {
        let calls = &self.calls;
        let awaited = |ticket: u64, _| calls.get(ticket >> TICKETS).is_some();
        self.responses.trim(awaited);
        self.connects.trim(awaited);
        let there = |number: u64, _| calls.get(number).is_some();
        self.hedges.trim(there);
        self.queued.trim(there);
        self.requests.trim(there);
    }
}

fn answer(request: &Request, answer: Answer, ctx: &mut Ctx<'_, Tier>) {
    let number = request.operation.number;
    let reply = Reply { number, attempt: request.attempt, answer, session: 0 };
    ctx.send(request.client, Envelope::Client(ClientMessage::Reply(reply)));
}
