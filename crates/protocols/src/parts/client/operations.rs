//! What a client asks next: every draw is keyed by the operation's own number, so that nothing that happens to
//! the run shifts the traffic.

use netsplit_sim::draw::{self, Purpose};
use netsplit_sim::history::{Function, Operation};
use netsplit_sim::math;
use netsplit_sim::time::{Nanos, nanos_from_f64};

use super::config::{ClientConfig, Route};
use super::driver::ClientCtx;
use netsplit_sim::NodeId;

const ARRIVAL: Purpose = Purpose::named("client.arrival");
const SPIKE: Purpose = Purpose::named("client.spike");
const THINK: Purpose = Purpose::named("client.think");
const FUNCTION: Purpose = Purpose::named("client.function");
const KEY: Purpose = Purpose::named("client.key");
const HOT: Purpose = Purpose::named("client.hot");
const WORK: Purpose = Purpose::named("client.work");
const ROUTE: Purpose = Purpose::named("client.route");

/// Where an operation comes from. Each lane counts its own operations, so that an additional one in a lane
/// leaves the others as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    /// The workload.
    Base = 0,
    /// Additional traffic of a spike.
    Spike = 1,
    /// A person.
    Hand = 2,
}

/// The number of the n-th operation of a lane in this life; it fits 32 bits for 16 million operations in each
/// of 64 lives, so that no life acts under the name of an operation of another.
pub(super) fn number(lane: Lane, life: u32, n: u64) -> u64 {
    ((lane as u64) << 30) | (u64::from(life & 63) << 24) | n
}

/// Whether a person gave the operation of this number.
#[must_use]
pub fn is_by_hand(number: u64) -> bool {
    number >> 30 == Lane::Hand as u64
}

/// The lane of an operation's number.
pub(super) fn is_base(number: u64) -> bool {
    number >> 30 == 0
}

/// The unique value that this operation writes.
pub(super) fn value(index: u32, number: u64) -> u64 {
    ((u64::from(index) + 1) << 32) | (number + 1)
}

impl ClientConfig {
    /// From one arrival of the open loop to the n-th, for a client with this mean gap.
    pub(super) fn arrival_gap(gap: f64, n: u64, ctx: &ClientCtx<'_>) -> Nanos {
        exponential(gap, ctx.draw(ARRIVAL, n))
    }

    /// From one arrival of a spike to its n-th.
    pub(super) fn spike_gap(gap: f64, n: u64, extra_permille: u32, ctx: &ClientCtx<'_>) -> Nanos {
        exponential(gap * 1000.0 / f64::from(extra_permille), ctx.draw(SPIKE, n))
    }

    /// Pause before the n-th operation of the closed loop.
    pub(super) fn think(&self, n: u64, ctx: &ClientCtx<'_>) -> Nanos {
        self.workload.think.sample(ctx.draw(THINK, n))
    }

    /// The operation with this number.
    pub(super) fn operation(&self, index: u32, number: u64, ctx: &ClientCtx<'_>) -> Operation {
        let function = if self.calls {
            Function::Call
        } else if draw::chance(ctx.draw(FUNCTION, number), self.workload.read_share) {
            Function::Read
        } else {
            Function::Write
        };
        let traffic = ctx.traffic();
        let hot = traffic.hot_permille > 0 && draw::below(ctx.draw(HOT, number), 1000) < traffic.hot_permille;
        let key = if hot { traffic.hot_key } else { self.key(ctx.draw(KEY, number)) };
        let value = if function == Function::Write { value(index, number) } else { 0 };
        Operation { number, function, key, value, expected: 0 }
    }

    /// The quantile word of the service demand of an attempt.
    pub(super) fn work(number: u64, attempt: u32, ctx: &ClientCtx<'_>) -> u64 {
        ctx.draw(WORK, (number << 8) | u64::from(attempt & 0xff))
    }

    /// Whom to ask: `current` unless the route draws anew, and then never `not` if there is another.
    pub(super) fn target(
        &self,
        current: NodeId,
        not: Option<NodeId>,
        number: u64,
        attempt: u32,
        ctx: &ClientCtx<'_>,
    ) -> NodeId {
        if self.route != Route::Any || self.targets.is_empty() {
            return current;
        }
        let word = ctx.draw(ROUTE, (number << 8) | u64::from(attempt & 0xff));
        let avoid = not.and_then(|node| self.targets.iter().position(|t| *t == node));
        match avoid {
            Some(avoid) if self.targets.len() > 1 => {
                let at = draw::below(word, self.targets.len() as u32 - 1) as usize;
                self.targets[if at >= avoid { at + 1 } else { at }]
            }
            _ => self.targets[draw::below(word, self.targets.len() as u32) as usize],
        }
    }
}

fn exponential(mean: f64, word: u64) -> Nanos {
    nanos_from_f64(-mean * math::ln(draw::unit(word)))
}
