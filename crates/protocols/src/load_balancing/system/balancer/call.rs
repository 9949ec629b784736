//! The life of a request in a balancer: it is let in or not, finds a backend or waits for one, and ends once.

use netsplit_sim::NodeId;
use netsplit_sim::draw::{self, Purpose};
use netsplit_sim::history::Cause;
use netsplit_sim::node::Ctx;
use netsplit_sim::time::Nanos;
use netsplit_sim::view::Text;

use super::super::super::rule::Ask;
use super::super::backend::Abandoned;
use super::super::message::Hop;
use super::super::tier::Tier;
use super::timeouts::arm;
use super::{Balancer, BalancerTimer, Flaw, Hedge};
use crate::parts::client::{Answer, ClientMessage, Reply, Request};
use crate::parts::host::Envelope;

const CHOICE: Purpose = Purpose::named("balancer.choice");

/// Bits of a ticket that count the tries of its call; the rest is the call's number.
pub(super) const TICKETS: u32 = 8;
/// Backends that a call remembers to have tried.
pub(super) const TRIED: usize = 4;
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
    pub(super) ticket: u64,
    pub(super) backend: u32,
    pub(super) began: Nanos,
    /// The request itself has been sent.
    pub(super) sent: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
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
    pub(super) request: Request,
    /// Whose part it is.
    pub(super) gather: Option<u64>,
    pub(super) began: Nanos,
    /// Own elapsed time after which nobody waits.
    pub(super) expires: Nanos,
    pub(super) phase: Phase,
    /// Tries so far.
    pub(super) tries: u32,
    pub(super) retries: u32,
    /// It counts among the retries under way.
    pub(super) retrying: bool,
    pub(super) live: [Option<Live>; 2],
    pub(super) tried: [u32; TRIED],
    /// Where the second of two tied copies will go.
    pub(super) twin: Option<u32>,
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

/// Where a request can go.
pub(super) enum Place {
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

    pub(super) fn next_serial(&mut self, ctx: &Ctx<'_, Tier>) -> u64 {
        self.serial += 1;
        (u64::from(ctx.life()) << 28) | self.serial
    }

    /// Lets a request, or a part of one, in.
    pub(super) fn admit(&mut self, request: Request, gather: Option<u64>, ctx: &mut Ctx<'_, Tier>) {
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
    pub(super) fn dispatch(&mut self, number: u64, ctx: &mut Ctx<'_, Tier>) {
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

    pub(super) fn place(&mut self, call: &Call, ctx: &Ctx<'_, Tier>) -> Place {
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
    pub(super) fn choose_twin(&mut self, number: u64, first: u32, ctx: &mut Ctx<'_, Tier>) {
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

    /// A call ends, with an answer for the client unless that has gone.
    pub(super) fn end(&mut self, number: u64, with: Option<Answer>, ctx: &mut Ctx<'_, Tier>) {
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
    pub(super) fn conclude(
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
}

fn answer(request: &Request, answer: Answer, ctx: &mut Ctx<'_, Tier>) {
    let number = request.operation.number;
    let reply = Reply { number, attempt: request.attempt, answer, session: 0 };
    ctx.send(request.client, Envelope::Client(ClientMessage::Reply(reply)));
}
