//! What must hold while the algorithm's assumptions do, checked by an observer who sees every node.

use netsplit_sim::node::NodeId;
use netsplit_sim::time::Nanos;
use netsplit_sim::view::Text;
use netsplit_sim::watch::{self, Breach};

use super::server::Server;
use crate::leader_election::calm::Calm;
use crate::parts::host::Holds;

/// What the observer remembers of a node.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    up: bool,
    /// Number of the event with which this life began.
    since: u64,
    /// Its evidence, and the number of the event at which that became what it is.
    evidence: Nanos,
    asked: u64,
    coordinates: bool,
    /// When its last event was, by its own clock.
    now: Nanos,
}

/// Watches the nodes, event by event.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    event: u64,
    seen: Vec<Seen>,
    calm: Calm,
    /// Nodes that became coordinator.
    pub announced: u64,
}

impl<N: Holds<Server>> watch::Watch<N> for Watch {
    /// After `who` handled an event; `up[i]` says whether node i is running.
    ///
    /// - `bully_highest`: nobody begins to coordinate while a higher node has been up for as long as it looked for
    ///   one.
    /// - `all_follow`: all follow the highest one that is up, once crashes and restarts have paused for long enough.
    fn after(&mut self, nodes: &[N], who: NodeId, up: &[bool]) -> Option<Breach> {
        self.event += 1;
        self.seen.resize(nodes.len(), Seen::default());
        for (seen, up) in self.seen.iter_mut().zip(up) {
            if *up && !seen.up {
                *seen = Seen { since: self.event, asked: self.event, ..Seen::default() };
            }
            seen.up = *up;
        }
        let me = who.index();
        let server = nodes.get(me).filter(|_| self.seen[me].up).and_then(Holds::server)?;
        let count = nodes.iter().filter_map(Holds::server).count();
        let calm = self.calm.lasts(count, up, (me, server.now), server.settles());
        let seen = &mut self.seen[me];
        // Nobody did anything while it was down.
        if server.now < seen.now {
            *seen = Seen { up: true, since: self.event, asked: self.event, ..Seen::default() };
        }
        seen.now = server.now;
        let began = server.coordinates() && !seen.coordinates;
        seen.coordinates = server.coordinates();
        if server.evidence != seen.evidence {
            (seen.evidence, seen.asked) = (server.evidence, self.event);
        }
        let asked = seen.asked;
        if began {
            self.announced += 1;
            let standing = |other: &usize| nodes[*other].server().is_some() && self.seen[*other].up;
            let higher = (me + 1..nodes.len()).filter(standing).find(|other| self.seen[*other].since < asked);
            if let Some(higher) = higher {
                let text = Text::new("breach-bully-highest").with("node", who).with("higher", id(higher));
                return Some(Breach::new("bully_highest", &[me, higher], text));
            }
        }
        let highest = (0..count).rev().find(|at| up[*at])?;
        if calm && server.coordinator != Some(id(highest)) {
            return self.calm.breach("breach-bully-apart", me, highest);
        }
        None
    }
}

fn id(node: usize) -> NodeId {
    NodeId(node as u32)
}

/// A node's name.
pub(super) fn names(node: NodeId) -> String {
    format!("n{}", node.0 + 1)
}
