//! What a balancer knows of its backends, and which of them may get a request.

use netsplit_sim::time::Nanos;

use super::outlier::Outlier;
use super::passive::Passive;
use super::probe::Probed;
use super::{BalancerConfig, Flaw};

/// What a balancer knows of a backend.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// Its own tries under way there.
    pub open: u32,
    /// What other balancers said that they have open there.
    pub others: u32,
    /// Weight.
    pub weight: u32,
    /// It wants requests.
    pub member: bool,
    /// Tries that went there.
    pub tries: u64,
    /// When it came (back) into use (own elapsed time); `Nanos::MAX` where it has been in use all along.
    pub(in super::super::super) since: Nanos,
    pub(super) passive: Passive,
    pub(super) outlier: Outlier,
    pub(super) probed: Probed,
}

impl Peer {
    /// Left out by any check.
    pub(super) fn is_out(&self, now: Nanos, config: &BalancerConfig) -> bool {
        self.probed.down
            || self.outlier.is_out()
            || self.passive.left_out(now, config.max_fails, config.fail_timeout).is_some()
    }

    pub(super) fn word(&self) -> u64 {
        let flags = u64::from(self.member) << 1 | u64::from(self.probed.down);
        u64::from(self.open) << 32 ^ u64::from(self.others) << 2 ^ flags ^ self.since.rotate_left(17)
    }
}

/// All of them.
#[derive(Clone, Debug)]
pub(super) struct Peers {
    pub all: Vec<Peer>,
    /// Backends in use, rising.
    pub usable: Vec<u32>,
    /// Those of them below their limit of connections.
    pub ready: Vec<u32>,
    pub generation: u64,
    /// In panic: everybody gets requests.
    pub panic: bool,
    /// `usable` may be wrong.
    stale: bool,
    /// `ready` may be wrong.
    moved: bool,
    /// `usable` may change by itself after this.
    until: Nanos,
}

impl Peers {
    pub(super) fn new(config: &BalancerConfig) -> Self {
        let peer = |index: u32| Peer {
            open: 0,
            others: 0,
            weight: config.weights[index as usize],
            member: index < config.present,
            tries: 0,
            since: Nanos::MAX,
            passive: Passive::default(),
            outlier: Outlier::default(),
            probed: Probed::default(),
        };
        Self {
            all: (0..config.weights.len() as u32).map(peer).collect(),
            usable: Vec::new(),
            ready: Vec::new(),
            generation: 0,
            panic: false,
            stale: true,
            moved: true,
            until: Nanos::MAX,
        }
    }

    /// Somebody's health or membership changed.
    pub(super) fn changed(&mut self) {
        self.stale = true;
    }

    /// Brings both lists up to date.
    pub(super) fn refresh(&mut self, now: Nanos, config: &BalancerConfig) {
        if self.stale || now > self.until {
            self.stale = false;
            self.until = Nanos::MAX;
            self.list_usable(now, config);
        }
        if self.moved {
            self.moved = false;
            self.ready.clear();
            let below = |at: &&u32| config.maxconn == 0 || self.all[**at as usize].open < config.maxconn;
            self.ready.extend(self.usable.iter().filter(below));
        }
    }

    fn list_usable(&mut self, now: Nanos, config: &BalancerConfig) {
        let members = || (0..self.all.len() as u32).filter(|at| self.all[*at as usize].member);
        let count = members().count();
        let mut usable: Vec<u32> = if config.flaw == Some(Flaw::EjectedStillChosen) {
            members().collect()
        } else {
            members().filter(|at| !self.all[*at as usize].is_out(now, config)).collect()
        };
        let left_out =
            |at| self.all[at as usize].passive.left_out(now, config.max_fails, config.fail_timeout);
        let until = members().filter_map(left_out).min();
        // A lone backend is never left out (NGINX); neither is anybody in panic (Envoy).
        let lone = count == 1;
        let panic = usable.len() * 100 < count * config.panic_percent as usize;
        if usable.len() < count && (lone || panic) {
            usable = members().collect();
        }
        self.panic = panic;
        self.until = until.unwrap_or(Nanos::MAX);
        if usable != self.usable {
            self.usable = usable;
            self.generation += 1;
        }
        self.moved = true;
    }

    /// A try begins at a backend.
    pub(super) fn begins(&mut self, backend: u32, now: Nanos, config: &BalancerConfig) {
        let peer = &mut self.all[backend as usize];
        peer.open += 1;
        peer.tries += 1;
        self.moved |= config.maxconn > 0 && peer.open >= config.maxconn;
        if config.max_fails > 0 && peer.passive.fails >= config.max_fails {
            peer.passive.picked(now, config.fail_timeout);
            self.stale = true;
        }
    }

    /// A try ends at a backend.
    pub(super) fn ends(&mut self, backend: u32, config: &BalancerConfig) {
        let peer = &mut self.all[backend as usize];
        peer.open = peer.open.saturating_sub(1);
        self.moved |= config.maxconn > 0 && peer.open + 1 >= config.maxconn;
    }

    /// A backend comes (back) into use: its slow start begins.
    pub(super) fn returns(&mut self, backend: u32, now: Nanos) {
        self.all[backend as usize].since = now;
        self.stale = true;
    }

    /// Members, with their numbers.
    pub(super) fn members(&self) -> impl Iterator<Item = (u32, &Peer)> {
        self.all.iter().enumerate().filter(|(_, peer)| peer.member).map(|(at, peer)| (at as u32, peer))
    }
}
