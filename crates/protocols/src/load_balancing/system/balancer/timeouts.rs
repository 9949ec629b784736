//! Waiting and its ends: the queue in the balancer, and everything that has taken long enough.

use netsplit_sim::history::Cause;
use netsplit_sim::node::Ctx;
use netsplit_sim::view::{Arg, Text};

use super::super::tier::{Tier, TierTimer};
use super::call::{End, Phase, Place, TICKETS};
use super::{Balancer, BalancerTimer};
use crate::parts::client::Answer;
use crate::parts::deadlines::Deadlines;

/// Sets the timer of these deadlines, unless it is set.
pub(super) fn arm(deadlines: &mut Deadlines, timer: BalancerTimer, ctx: &mut Ctx<'_, Tier>) {
    if let Some(delay) = deadlines.arm(ctx.elapsed()) {
        ctx.set_timer(delay, TierTimer::Balancer(timer));
    }
}

impl Balancer {
    /// No backend is below its limit: the call waits.
    pub(super) fn wait(&mut self, number: u64, ctx: &mut Ctx<'_, Tier>) {
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

    /// What is no longer awaited must not pile up.
    pub(super) fn trim(&mut self) {
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
