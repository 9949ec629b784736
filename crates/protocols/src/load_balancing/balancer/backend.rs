//! A backend: it works on requests, turns away what its queue cannot hold, and may begin to answer errors.

use std::sync::Arc;

use netsplit_sim::NodeId;
use netsplit_sim::digest;
use netsplit_sim::distribution::Distribution;
use netsplit_sim::history::Cause;
use netsplit_sim::node::{Action, Ctx, Look};
use netsplit_sim::time::Nanos;
use netsplit_sim::view::{Body, Detail, Item, NodeView, Text};

use super::server::{Hop, Tier, TierTimer};
use crate::parts::client::{Answer, Request};
use crate::parts::host::Envelope;

/// How a backend is set up.
#[derive(Debug)]
pub struct BackendConfig {
    pub(super) service: Distribution,
    /// 0: never.
    pub(super) error_from: Nanos,
    pub(super) error_latency: Nanos,
    pub(super) queue_limit: u32,
    pub(super) balancers: Arc<[NodeId]>,
    /// Not known to the balancers from the start.
    pub(super) registers: bool,
}

/// A backend's timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackendTimer {
    /// From now on it answers errors.
    Fails,
}

/// A backend.
#[derive(Clone, Debug)]
pub struct Backend {
    config: Arc<BackendConfig>,
    failing: bool,
    draining: bool,
    served: u64,
    errors: u64,
    turned_away: u64,
}

impl Backend {
    pub(super) fn new(config: Arc<BackendConfig>) -> Self {
        Self { config, failing: false, draining: false, served: 0, errors: 0, turned_away: 0 }
    }

    pub(super) fn start(&mut self, ctx: &mut Ctx<'_, Tier>) {
        if self.config.error_from > 0 {
            let delay = self.config.error_from.saturating_sub(ctx.clock());
            ctx.set_timer(delay, TierTimer::Backend(BackendTimer::Fails));
        }
        if self.config.registers {
            self.register(true, ctx);
        }
    }

    fn register(&self, joins: bool, ctx: &mut Ctx<'_, Tier>) {
        ctx.send_all(self.config.balancers.iter().copied(), &Envelope::Server(Hop::Register(joins)));
    }

    pub(super) fn timer(&mut self, timer: BackendTimer, ctx: &mut Ctx<'_, Tier>) {
        match timer {
            BackendTimer::Fails => {
                self.failing = true;
                let me = ctx.me();
                ctx.notable(|| Text::new("lb-fails-fast").with("node", me));
            }
        }
    }

    /// A request always takes some time of a worker.
    pub(super) fn demand(&self, request: &Request) -> Nanos {
        let takes =
            if self.failing { self.config.error_latency } else { self.config.service.sample(request.work) };
        takes.max(1)
    }

    pub(super) fn served(&mut self, from: NodeId, ticket: u64, ctx: &mut Ctx<'_, Tier>) {
        let answer = if self.failing {
            self.errors += 1;
            Answer::Refused(Cause::Error)
        } else {
            self.served += 1;
            Answer::Ok(None)
        };
        ctx.send(from, Envelope::Server(Hop::Response(ticket, answer)));
    }

    pub(super) fn turned_away(&mut self, from: NodeId, ticket: u64, ctx: &mut Ctx<'_, Tier>) {
        self.turned_away += 1;
        let (me, limit) = (ctx.me(), self.config.queue_limit);
        ctx.note(|| Text::new("lb-queue-full").with("node", me).with("limit", limit));
        ctx.send(from, Envelope::Server(Hop::Response(ticket, Answer::Refused(Cause::Overload))));
    }

    pub(super) fn act(&mut self, action: &Action, ctx: &mut Ctx<'_, Tier>) -> bool {
        let named = action.id == "decommission" && action.node == Some(ctx.me()) && !self.draining;
        if named {
            self.draining = true;
            self.register(false, ctx);
            let me = ctx.me();
            ctx.notable(|| Text::new("lb-drains").with("node", me));
        }
        named
    }

    pub(super) fn digest(&self) -> u64 {
        let flags = u64::from(self.failing) << 1 | u64::from(self.draining);
        digest::of(&[flags, self.served, self.errors, self.turned_away])
    }

    pub(super) fn observe(&self, look: &Look, detail: Detail) -> NodeView {
        let mut view = NodeView::new(Body::Backend, "role-backend");
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
        }
        view
    }
}
