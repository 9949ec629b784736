//! What all clients of a run share: the load, whom to ask, and the law of the keys.

use netsplit_sim::NodeId;
use netsplit_sim::draw;
use netsplit_sim::math;
use netsplit_sim::network::{Network, Transport};

use crate::parts::workload::Workload;

/// Whom a client asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// Always the same server.
    Sticky,
    /// One drawn anew for each attempt; a retry never asks the one that has just failed.
    Any,
    /// As the workload's session setting says: sticky or any.
    Session,
    /// The same server until it redirects, breaks the connection or times out; then the one that it named, or
    /// the next one.
    Leader,
}

/// Shared by the clients of a run (behind an `Arc`).
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// The load.
    pub workload: Workload,
    /// Servers that a client may ask.
    pub targets: Vec<NodeId>,
    /// Which of them it asks.
    pub route: Route,
    /// Operations are calls without data (load balancing) instead of reads and writes.
    pub calls: bool,
    /// Messages arrive at most once, so that a refused write surely has no effect. Over datagrams a second
    /// copy of the refused request may still arrive at a server that then accepts it.
    pub exact: bool,
    /// A client that gives up an attempt tells the server ([`super::ClientMessage::Cancel`]).
    pub cancels: bool,
    /// A request says how long its client will wait.
    pub tells_patience: bool,
    /// Another node than the one asked may answer.
    pub relayed: bool,
    /// A write whose outcome is not known is not sent again: servers remember no requests.
    pub careful: bool,
    /// Servers take comparisons by hand.
    pub compares: bool,
    /// Cumulative probabilities of the keys, by Zipf's law; empty where all are equally likely.
    cdf: Vec<f64>,
    /// Mean gap between the arrivals of the client with the mean share of the rate (ns); infinite without arrivals.
    gap: f64,
    /// Mean of the clients' weights; client k has the weight 1/k^`client_skew`.
    mean_weight: f64,
}

impl ClientConfig {
    /// For reads and writes, over exact transport.
    #[must_use]
    pub fn new(workload: Workload, targets: Vec<NodeId>, route: Route) -> Self {
        let cdf = if workload.skew > 0.0 { zipf(workload.keys, workload.skew) } else { Vec::new() };
        let route = match route {
            Route::Session if workload.sticky => Route::Sticky,
            Route::Session => Route::Any,
            other => other,
        };
        let clients = workload.clients.max(1);
        let gap = f64::from(clients) / workload.rate * 1e9;
        let sum: f64 = (0..clients).map(|index| weight(index, workload.client_skew)).sum();
        let mean_weight = sum / f64::from(clients);
        Self {
            workload,
            targets,
            route,
            calls: false,
            exact: true,
            cancels: false,
            tells_patience: false,
            relayed: false,
            careful: false,
            compares: false,
            cdf,
            gap,
            mean_weight,
        }
    }

    /// For calls without data.
    #[must_use]
    pub fn calls(mut self) -> Self {
        self.calls = true;
        self
    }

    /// Over this network.
    #[must_use]
    pub fn over(mut self, network: &Network) -> Self {
        self.exact = network.profiles.iter().all(|profile| profile.transport == Transport::Stream);
        self
    }

    /// The key that a word stands for; 0 is the most popular one.
    #[must_use]
    pub fn key(&self, word: u64) -> u64 {
        if self.cdf.is_empty() {
            return u64::from(draw::below(word, u32::try_from(self.workload.keys).unwrap_or(u32::MAX)));
        }
        let at = draw::unit(word);
        (self.cdf.partition_point(|p| *p < at) as u64).min(self.workload.keys - 1)
    }

    /// Mean gap between the arrivals of the client with this index (ns).
    pub(super) fn gap_of(&self, index: u32) -> f64 {
        self.gap * (self.mean_weight / weight(index, self.workload.client_skew))
    }

    /// The target after this one; the first where it is none of them.
    pub(super) fn after(&self, target: NodeId) -> NodeId {
        let next = self.targets.iter().position(|t| *t == target).map_or(0, |at| at + 1);
        self.targets.get(next).or(self.targets.first()).copied().unwrap_or(target)
    }
}

/// Weight of the client with this index (c1 has 0). Exactly 1 without a skew: old runs stay as they are.
fn weight(index: u32, skew: f64) -> f64 {
    if skew > 0.0 { math::pow(f64::from(index) + 1.0, -skew) } else { 1.0 }
}

fn zipf(keys: u64, skew: f64) -> Vec<f64> {
    let mut sum = 0.0;
    let mut cdf: Vec<f64> = (1..=keys)
        .map(|rank| {
            sum += math::pow(rank as f64, -skew);
            sum
        })
        .collect();
    for p in &mut cdf {
        *p /= sum;
    }
    cdf
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_share_the_rate_by_their_weights() {
        let shares = |clients, skew| -> Vec<f64> {
            let workload = Workload { clients, client_skew: skew, rate: 110.0, ..Workload::default() };
            let config = ClientConfig::new(workload, Vec::new(), Route::Sticky);
            (0..clients).map(|index| 1e9 / config.gap_of(index)).collect()
        };
        for (share, expected) in shares(3, 1.0).iter().zip([60.0, 30.0, 20.0]) {
            assert!((share - expected).abs() < 1e-9, "{share} is not {expected}");
        }
        for skew in [0.0, 0.5, 3.0] {
            for clients in [1, 7, 1000] {
                let total: f64 = shares(clients, skew).iter().sum();
                assert!((total - 110.0).abs() < 1e-6, "{clients} clients, skew {skew}: {total}");
            }
        }
    }

    #[test]
    fn without_a_skew_the_gap_is_bit_for_bit_what_it_was() {
        for clients in [1, 3, 999] {
            let config =
                ClientConfig::new(Workload { clients, ..Workload::default() }, Vec::new(), Route::Any);
            let gap = f64::from(clients) / config.workload.rate * 1e9;
            assert_eq!(config.gap_of(clients - 1).to_bits(), gap.to_bits());
        }
    }

    #[test]
    fn keys_follow_zipf() {
        let workload = Workload { keys: 3, skew: 1.0, ..Workload::default() };
        let config = ClientConfig::new(workload, Vec::new(), Route::Sticky);
        let mut counts = [0u32; 3];
        for n in 0..110_000 {
            counts[config.key(draw::word(7, n)) as usize] += 1;
        }
        // 1 : 1/2 : 1/3 is 6 : 3 : 2 elevenths.
        for (count, expected) in counts.iter().zip([60_000u32, 30_000, 20_000]) {
            assert!(count.abs_diff(expected) < 600, "{counts:?}");
        }
    }
}
