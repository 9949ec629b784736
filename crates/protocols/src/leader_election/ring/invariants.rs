//! What must hold while the algorithm's assumptions do, checked by an observer who sees every node.

use netsplit_sim::node::NodeId;
use netsplit_sim::view::Text;
use netsplit_sim::watch::{self, Breach};

use super::message::Token;
use super::server::Server;
use crate::leader_election::calm::Calm;
use crate::parts::host::Holds;

/// What the observer remembers of a node.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    /// Its latest start, and the event with which it began.
    start: u64,
    started: u64,
    coordinates: bool,
    passed: Option<Token>,
}

/// Watches the nodes, event by event.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    event: u64,
    /// Since which event every live node sends to the next live one; 0 while that is not so.
    whole: u64,
    seen: Vec<Seen>,
    calm: Calm,
    /// Nodes that became coordinator.
    pub elected: u64,
}

impl<N: Holds<Server>> watch::Watch<N> for Watch {
    /// After `who` handled an event; `up[i]` says whether node i is running.
    ///
    /// - `ring_highest`: nobody is elected while a node with a higher number is up, where the ring has been whole and
    ///   the same since the winner sent its own number.
    /// - `ring_passed`: nobody passes on a number that is lower than its own.
    /// - `all_follow`: all follow the highest number that is up, once crashes and restarts have paused for long
    ///   enough.
    fn after(&mut self, nodes: &[N], who: NodeId, up: &[bool]) -> Option<Breach> {
        self.event += 1;
        let servers: Vec<&Server> = nodes.iter().filter_map(Holds::server).collect();
        let count = servers.len();
        self.seen.resize(count, Seen::default());
        let next = |at: usize| (1..=count as u32).find(|steps| up[servers[at].along(*steps).index()]);
        let whole = (0..count).filter(|at| up[*at]).all(|at| next(at) == Some(servers[at].ahead));
        self.whole = match (whole, self.whole) {
            (false, _) => 0,
            (true, 0) => self.event,
            (true, since) => since,
        };
        let me = who.index();
        let server = servers.get(me).copied().filter(|_| up[me])?;
        let calm = self.calm.lasts(count, up, (me, server.now), server.settles());
        let seen = &mut self.seen[me];
        if server.start != seen.start {
            (seen.start, seen.started) = (server.start, self.event);
        }
        let started = seen.started;
        let began = server.coordinates() && !seen.coordinates;
        seen.coordinates = server.coordinates();
        if began {
            self.elected += 1;
            let higher = (0..count).find(|other| {
                let higher = up[*other] && servers[*other].number() > server.number();
                higher && (1..started).contains(&self.whole)
            });
            if let Some(higher) = higher {
                let text = Text::new("breach-ring-highest").with("node", who);
                let text = text.with("higher", NodeId(higher as u32));
                return Some(Breach::new("ring_highest", &[me, higher], text));
            }
        }
        let highest = (0..count).filter(|at| up[*at]).max_by_key(|at| servers[*at].number())?;
        if calm && server.coordinator != Some(NodeId(highest as u32)) {
            return self.calm.breach("breach-ring-apart", me, highest);
        }
        let passed = (server.passed != self.seen[me].passed).then_some(server.passed).flatten();
        self.seen[me].passed = server.passed;
        let lower = passed.filter(|token| token.number < server.number())?;
        let text = Text::new("breach-ring-passed").with("node", who).with("other", lower.number);
        let text = text.with("number", server.number());
        Some(Breach::new("ring_passed", &[me, lower.owner.index()], text))
    }
}
