//! The life of a try: it begins, perhaps with a connection, ends once, and may lead to another.

use netsplit_sim::NodeId;
use netsplit_sim::draw::{self, Purpose};
use netsplit_sim::history::Cause;
use netsplit_sim::node::Ctx;
use netsplit_sim::time::{Nanos, nanos_from_f64};
use netsplit_sim::view::{Arg, Text};

use super::super::backend::Abandoned;
use super::super::message::{Hop, Work};
use super::super::tier::{Tier, TierTimer};
use super::call::{End, Live, Phase, TICKETS, TRIED};
use super::timeouts::arm;
use super::{Balancer, BalancerTimer, Flaw, Hedge, RetryOn};
use crate::parts::client::{Answer, Request};
use crate::parts::host::Envelope;

const BACKOFF: Purpose = Purpose::named("balancer.backoff");
const REPEATABLE: Purpose = Purpose::named("balancer.repeatable");

impl Balancer {
    /// A try begins.
    pub(super) fn begin(&mut self, number: u64, backend: u32, copy: bool, ctx: &mut Ctx<'_, Tier>) {
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

    pub(super) fn forward(
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
    pub(super) fn first_of(&self, ticket: u64) -> u32 {
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
    pub(super) fn settle(&mut self, ticket: u64, end: End, ctx: &mut Ctx<'_, Tier>) {
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
    pub(super) fn remember(&mut self, live: &Live, well: bool, now: Nanos, ctx: &mut Ctx<'_, Tier>) {
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
    pub(super) fn retry(&mut self, number: u64, end: End, ctx: &mut Ctx<'_, Tier>) -> bool {
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
}
