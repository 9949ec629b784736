//! What must hold, checked by an observer who sees every node.

use netsplit_sim::node::NodeId;
use netsplit_sim::small::Map;
use netsplit_sim::view::Text;
use netsplit_sim::watch::{self, Breach};

use super::message::{Order, Token};
use super::node::Node;
use crate::leader_election::paxos;
use crate::parts::host::Holds;

/// Watches the nodes, event by event.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    log: paxos::Watch,
    /// Who got each token, with which order.
    pub granted: Map<Token, (NodeId, Order)>,
    /// Writes that the store accepted, and the highest token among them.
    pub accepted: u64,
    newest: Token,
    seen: u64,
    /// Most workers that believed to hold the lease at the same time.
    pub believers: usize,
    /// Whether more than one does.
    doubled: bool,
}

impl Watch {
    /// How often another lock server came to lead.
    #[must_use]
    pub fn leaders(&self) -> u64 {
        self.log.ballots
    }
}

impl<N: Holds<Node>> watch::Watch<N> for Watch {
    /// After `who` handled an event; `up[i]` says whether node i is running.
    ///
    /// - `lease_fenced`: the store accepts no write whose token is lower than one that it accepted before.
    /// - `one_holder`: no two workers believe at once that they hold the lease.
    /// - `lease_token`: no token is handed out twice, and each is higher than those before it.
    /// - those of the log, [`paxos::Watch`].
    fn after(&mut self, nodes: &[N], who: NodeId, up: &[bool]) -> Option<Breach> {
        let at = who.index();
        let server = |at: usize| nodes.get(at).and_then(Holds::server).filter(|_| up[at]);
        match server(at)? {
            Node::Worker(_) => {
                let holds =
                    |at: &usize| server(*at).and_then(Node::worker).is_some_and(|w| w.token.is_some());
                let believe: Vec<usize> = (0..nodes.len()).filter(holds).collect();
                self.believers = self.believers.max(believe.len());
                let before = std::mem::replace(&mut self.doubled, believe.len() > 1);
                if before || !self.doubled {
                    return None;
                }
                let text = Text::new("breach-lease-holders").with("count", believe.len() as u64);
                Some(Breach::new("one_holder", &believe, text))
            }
            Node::Lock(lock) => {
                let core = |at: usize| Some(&server(at)?.lock()?.core);
                if let Some(breach) = self.log.look(nodes.len(), core, who) {
                    return Some(breach);
                }
                let holder = lock.holder?;
                let last = self.granted.keys().last().copied().unwrap_or(0);
                match self.granted.get(&lock.token) {
                    Some(known) if *known == holder => None,
                    None if lock.token > last => {
                        self.granted.insert(lock.token, holder);
                        None
                    }
                    known => {
                        let other = known.map_or(who, |(node, _)| *node);
                        let text = Text::new("breach-lease-token").with("token", lock.token);
                        let text = text.with("holder", holder.0).with("other", other);
                        Some(Breach::new("lease_token", &[at, holder.0.index()], text))
                    }
                }
            }
            Node::Store(store) => {
                let (count, token) = store.accepted;
                // A new life counts anew.
                let new = count != self.seen && count > 0;
                self.seen = count;
                self.accepted += u64::from(new);
                if new && token < self.newest {
                    let text = Text::new("breach-lease-fenced").with("token", token);
                    let text = text.with("newest", self.newest);
                    return Some(Breach::new("lease_fenced", &[at], text));
                }
                self.newest = self.newest.max(if new { token } else { 0 });
                None
            }
        }
    }
}
