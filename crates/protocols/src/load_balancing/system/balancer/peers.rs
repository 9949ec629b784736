//! What a balancer knows of its backends, and which of them may get a request.

use netsplit_sim::time::Nanos;

use super::super::super::rule::View;
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
    /// Left out by any check; NGINX's passive ones spare a `lone` backend.
    pub(super) fn is_out(&self, now: Nanos, lone: bool, config: &BalancerConfig) -> bool {
        let passive = || self.passive.left_out(now, config.max_fails, config.fail_timeout).is_some();
        self.probed.down || self.outlier.is_out() || (!lone && passive())
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
    /// Requests open at each, its own and the others': what rules compare, close together in memory.
    pub load: Vec<u32>,
    /// Backends in use, rising.
    pub usable: Vec<u32>,
    in_use: Vec<bool>,
    /// Their load in all.
    pub open: u64,
    /// Their weight in all.
    pub weight: u64,
    /// They all have the same weight.
    pub even: bool,
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
            load: vec![0; config.weights.len()],
            usable: Vec::new(),
            in_use: vec![false; config.weights.len()],
            open: 0,
            weight: 0,
            even: true,
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
            members().filter(|at| !self.all[*at as usize].is_out(now, count == 1, config)).collect()
        };
        let left_out =
            |at| self.all[at as usize].passive.left_out(now, config.max_fails, config.fail_timeout);
        let until = members().filter_map(left_out).min();
        let panic = usable.len() * 100 < count * config.panic_percent as usize;
        if panic {
            usable = members().collect();
        }
        self.panic = panic;
        self.until = until.unwrap_or(Nanos::MAX);
        if usable != self.usable {
            self.in_use.fill(false);
            usable.iter().for_each(|at| self.in_use[*at as usize] = true);
            let weights = || usable.iter().map(|at| self.all[*at as usize].weight);
            self.weight = weights().map(u64::from).sum();
            self.even = weights().min() == weights().max();
            self.usable = usable;
            self.sum();
            self.generation += 1;
        }
        self.moved = true;
    }

    fn sum(&mut self) {
        self.open = self.usable.iter().map(|at| u64::from(self.load[*at as usize])).sum();
    }

    /// The other balancers said that so much is open.
    pub(super) fn others(&mut self, open: impl Fn(usize) -> u32) {
        for (at, peer) in self.all.iter_mut().enumerate() {
            peer.others = open(at);
            self.load[at] = peer.open + peer.others;
        }
        self.sum();
    }

    /// A try begins at a backend.
    pub(super) fn begins(&mut self, backend: u32, now: Nanos, config: &BalancerConfig) {
        let at = backend as usize;
        let peer = &mut self.all[at];
        peer.open += 1;
        peer.tries += 1;
        self.load[at] += 1;
        self.open += u64::from(self.in_use[at]);
        self.moved |= config.maxconn > 0 && peer.open >= config.maxconn;
        if config.max_fails > 0 && peer.passive.fails >= config.max_fails {
            peer.passive.picked(now, config.fail_timeout);
            self.stale = true;
        }
    }

    /// A try ends at a backend.
    pub(super) fn ends(&mut self, backend: u32, config: &BalancerConfig) {
        let at = backend as usize;
        let peer = &mut self.all[at];
        if peer.open > 0 {
            peer.open -= 1;
            self.load[at] -= 1;
            self.open -= u64::from(self.in_use[at]);
        }
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

    /// What a rule may look at, for a request that may go to these.
    pub(super) fn view<'a>(&'a self, ready: &'a [u32], now: Nanos, config: &BalancerConfig) -> View<'a> {
        View {
            peers: &self.all,
            load: &self.load,
            usable: &self.usable,
            generation: self.generation,
            ready,
            open_in_use: self.open,
            weight_in_use: self.weight,
            even: self.even && config.slow_start.0 == 0,
            slow_start: config.slow_start,
            now,
            first: config.first,
        }
    }
}
