//! What a rule is: it picks a backend for a request, from what its own balancer knows and nothing else.

use std::fmt::Debug;

use netsplit_sim::NodeId;
use netsplit_sim::declare::Settings;
use netsplit_sim::draw;
use netsplit_sim::time::Nanos;
use netsplit_sim::view::Text;

use super::system::Peer;

/// What a rule may know of a request.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    /// A word drawn for this request and this try.
    pub word: u64,
    /// The client, hashed: the same for all its requests.
    pub flow: u64,
    /// The operation's key, hashed.
    pub key: u64,
}

/// What a balancer knows now.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    pub(super) peers: &'a [Peer],
    pub(super) load: &'a [u32],
    /// Backends in use (index, rising): members that no check has left out.
    pub usable: &'a [u32],
    /// Changes whenever `usable` or a weight does.
    pub generation: u64,
    /// Those of them that may get this request: below their limit of connections, not tried for it yet.
    pub ready: &'a [u32],
    /// Requests open at those in use, in all.
    pub open_in_use: u64,
    /// Weight of those in use, in all.
    pub weight_in_use: u64,
    /// All in use have the same weight, and none starts slowly.
    pub(super) even: bool,
    /// Length of a slow start (ns), 0 for none, and the share of its weight with which a backend begins (%).
    pub(super) slow_start: (Nanos, u32),
    /// The balancer's own elapsed time.
    pub now: Nanos,
    /// Node number of the first backend.
    pub(super) first: u32,
}

impl View<'_> {
    /// Requests under way at a backend, as far as this balancer knows: its own, and what the others told.
    #[must_use]
    pub fn open(&self, backend: u32) -> u32 {
        self.load[backend as usize]
    }

    /// A backend's weight in thousandths, less while it starts slowly; at least 1.
    #[must_use]
    pub fn weight(&self, backend: u32) -> u64 {
        let peer = &self.peers[backend as usize];
        let full = u64::from(peer.weight) * 1000;
        let (length, least) = self.slow_start;
        let since = self.now.saturating_sub(peer.since);
        if length == 0 || peer.since == Nanos::MAX || since >= length {
            return full.max(1);
        }
        // Envoy's slow start with an aggression of 1: linear, from a least share.
        let share = (u128::from(since) * 1000 / u128::from(length)) as u64;
        (full * share.max(u64::from(least) * 10) / 1000).max(1)
    }

    /// Whether `a` would have fewer requests for its weight than `b` once it has this one, too.
    #[must_use]
    pub fn lighter(&self, a: u32, b: u32) -> bool {
        if self.even {
            return self.open(a) < self.open(b);
        }
        let load = |backend| u64::from(self.open(backend)) + 1;
        load(a) * self.weight(b) < load(b) * self.weight(a)
    }

    /// Whether this backend may get the request.
    #[must_use]
    pub fn is_ready(&self, backend: u32) -> bool {
        self.ready.binary_search(&backend).is_ok()
    }

    /// The best of the ready ones; of equals the next at or after `turn`.
    #[must_use]
    pub fn best(&self, turn: u32, better: impl Fn(u32, u32) -> bool) -> Option<u32> {
        let at = self.ready.partition_point(|index| *index < turn);
        let (before, after) = self.ready.split_at(at);
        let all = after.iter().chain(before).copied();
        all.reduce(|best, next| if better(next, best) { next } else { best })
    }

    /// The next ready one at or after `turn`.
    #[must_use]
    pub fn in_turn(&self, turn: u32) -> Option<u32> {
        self.best(turn, |_, _| false)
    }

    /// One of the ready ones, each equally likely.
    #[must_use]
    pub fn any(&self, word: u64) -> Option<u32> {
        self.ready.get(draw::below(word, self.ready.len() as u32) as usize).copied()
    }

    /// A backend's node, for sentences.
    #[must_use]
    pub fn node(&self, backend: u32) -> NodeId {
        NodeId(self.first + backend)
    }
}

/// A rule by which a balancer picks.
pub trait Rule: Debug {
    /// Picks one of the ready backends; `None` only if there is none.
    fn pick(&mut self, ask: &Ask, view: &View<'_>) -> Option<u32>;
    /// A backend answered a request after this time.
    fn answered(&mut self, _backend: u32, _took: Nanos, _now: Nanos) {}
    /// A request failed at a backend.
    fn failed(&mut self, _backend: u32) {}
    /// A backend says that it is idle.
    fn idle(&mut self, _backend: u32) {}
    /// The latest choice and why.
    fn why(&self, view: &View<'_>) -> Option<Text>;
    /// A digest of its state.
    fn digest(&self) -> u64;
    /// A copy.
    fn boxed(&self) -> Box<dyn Rule>;
}

impl Clone for Box<dyn Rule> {
    fn clone(&self) -> Self {
        self.boxed()
    }
}

/// Makes a rule for so many backends under these settings.
pub type Make = fn(&Settings, u32) -> Box<dyn Rule>;

/// How two numbers compare, as a sign.
#[must_use]
pub fn sign<T: PartialOrd>(a: T, b: T) -> &'static str {
    if a < b {
        "<"
    } else if a > b {
        ">"
    } else {
        "="
    }
}
