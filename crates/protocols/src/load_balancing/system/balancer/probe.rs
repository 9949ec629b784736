//! Active health checks, as in HAProxy: a probe each interval, down after `fall` failures in a row, up again after
//! `rise` successes in a row. A backend that has not answered a probe is not sent another one before the timeout.

use netsplit_sim::draw::Purpose;
use netsplit_sim::node::Ctx;
use netsplit_sim::time::Nanos;
use netsplit_sim::view::Text;

use super::super::message::Hop;
use super::super::tier::{Tier, TierTimer};
use super::{Balancer, BalancerTimer};
use crate::parts::host::Envelope;

/// Demand of a deep probe.
const DEMAND: Purpose = Purpose::named("balancer.probe");

/// What probes say of a backend.
#[derive(Clone, Copy, Debug, Default)]
pub(in super::super) struct Probed {
    pub down: bool,
    /// Results in a row that speak against the present state.
    against: u32,
    /// Number of the probe that is not answered yet, and when it was sent.
    asked: Option<(u64, Nanos)>,
}

impl Probed {
    /// Takes in a result; true where the state changes.
    fn result(&mut self, well: bool, fall: u32, rise: u32) -> bool {
        self.asked = None;
        if well != self.down {
            self.against = 0;
            return false;
        }
        self.against += 1;
        let turns = self.against >= if self.down { rise } else { fall };
        if turns {
            self.down = !self.down;
            self.against = 0;
        }
        turns
    }

    pub(super) fn word(&self) -> u64 {
        let (number, at) = self.asked.unwrap_or_default();
        u64::from(self.against) ^ number << 8 ^ at.rotate_left(32)
    }
}

impl Balancer {
    /// Probes everybody who owes no answer, and counts those who owe one for too long.
    pub(super) fn probe_all(&mut self, ctx: &mut Ctx<'_, Tier>) {
        let now = ctx.elapsed();
        for backend in 0..self.peers.all.len() as u32 {
            let peer = &self.peers.all[backend as usize];
            if !peer.member {
                continue;
            }
            if let Some((number, sent)) = peer.probed.asked {
                if now.saturating_sub(sent) < self.config.check_timeout {
                    continue;
                }
                self.probed(backend, number, false, ctx);
            }
            self.probes += 1;
            let number = self.probes;
            self.peers.all[backend as usize].probed.asked = Some((number, now));
            let probe = Hop::Probe(number, self.config.check_deep, ctx.draw(DEMAND, number));
            ctx.send(self.node(backend), Envelope::Server(probe));
        }
        ctx.set_timer(self.config.check_interval, TierTimer::Balancer(BalancerTimer::Check));
    }

    /// The connection to a backend broke: a probe that is under way there has failed.
    pub(super) fn probe_refused(&mut self, backend: u32, ctx: &mut Ctx<'_, Tier>) {
        if let Some((number, _)) = self.peers.all[backend as usize].probed.asked {
            self.probed(backend, number, false, ctx);
        }
    }

    /// A probe has been answered, or will not be.
    pub(super) fn probed(&mut self, backend: u32, number: u64, well: bool, ctx: &mut Ctx<'_, Tier>) {
        let (fall, rise) = (self.config.check_fall, self.config.check_rise);
        let now = ctx.elapsed();
        let Some(peer) = self.peers.all.get_mut(backend as usize) else { return };
        let Some((asked, sent)) = peer.probed.asked else { return };
        let late = now.saturating_sub(sent) > self.config.check_timeout;
        if asked != number || !peer.probed.result(well && !late, fall, rise) {
            return;
        }
        let down = peer.probed.down;
        let node = self.node(backend);
        if down {
            self.peers.changed();
            ctx.notable(|| Text::new("lb-check-down").with("node", node).with("fall", fall));
        } else {
            self.peers.returns(backend, now);
            ctx.notable(|| Text::new("lb-check-up").with("node", node).with("rise", rise));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn falls_and_rises() {
        let mut probed = Probed::default();
        let mut of = |results: &str| -> String {
            let down = |result| {
                probed.result(result == '+', 3, 2);
                if probed.down { 'd' } else { 'u' }
            };
            results.chars().map(down).collect()
        };
        assert_eq!(of("--+--"), "uuuuu");
        assert_eq!(of("-"), "d");
        assert_eq!(of("+-+"), "ddd");
        assert_eq!(of("+"), "u");
    }
}
