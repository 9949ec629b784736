//! What always holds, checked by an observer who sees every server.

use netsplit_sim::node::NodeId;
use netsplit_sim::small::Map;
use netsplit_sim::view::Text;
use netsplit_sim::watch::{self, Breach};

use super::server::Server;
use crate::leader_election::paxos::invariants::Chosen;
use crate::leader_election::paxos::message::{Ballot, Value, ballot_name};
use crate::parts::host::Holds;

/// Watches the servers, event by event.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// The first value that anybody knew to be decided, by decree; and who.
    pub decided: Vec<(Value, u32)>,
    /// For each server: how many of its decrees were compared, and in which ballots it has answered for open ones.
    seen: Vec<(usize, Map<u64, Ballot>)>,
    chosen: Chosen,
}

impl<N: Holds<Server>> watch::Watch<N> for Watch {
    /// After `who` handled an event; `up[i]` says whether node i is running. The invariants are those of the log:
    /// `paxos_chosen`, `paxos_agreement` and `paxos_promise`, here for each decree.
    fn after(&mut self, nodes: &[N], who: NodeId, up: &[bool]) -> Option<Breach> {
        self.seen.resize(nodes.len(), (0, Map::new()));
        let me = who.index();
        let server = nodes.get(me).filter(|_| up[me]).and_then(Holds::server)?;
        let (compared, answered) = &mut self.seen[me];
        answered.retain(|decree, _| *decree >= server.next());
        for (decree, known) in answered.iter() {
            let promised = server.open.get(decree).map_or(0, |acceptor| acceptor.promised);
            if promised < *known && !server.later.contains_key(decree) {
                let text = Text::new("breach-paxos-promise").with("node", who);
                let text = text.with("ballot", ballot_name(*known)).with("now", ballot_name(promised));
                return Some(Breach::new("paxos_promise", &[me], text));
            }
        }
        for (decree, ballot) in server.answered.iter() {
            let known = answered.slot(*decree, || 0);
            *known = (*ballot).max(*known);
        }
        let votes = server.open.iter().filter_map(|(decree, acceptor)| {
            let (ballot, value) = acceptor.accepted?;
            Some((*decree, ballot, value, server.voted.get(decree) == Some(&ballot)))
        });
        if let Some(breach) = self.chosen.after(server.peers.len() + 1, who, votes) {
            return Some(breach);
        }
        self.chosen.forget(self.decided.len() as u64);
        let from = (*compared).min(server.decided.len());
        *compared = server.decided.len();
        for at in from..server.decided.len() {
            let Some(value) = server.decided.get(at) else { break };
            match self.decided.get(at) {
                Some((known, other)) if known.command != value.command => {
                    let text = Text::new("breach-paxos-agreement").with("slot", at as u64 + 1);
                    let text = text.with("node", who).with("other", NodeId(*other));
                    return Some(Breach::new("paxos_agreement", &[me, *other as usize], text));
                }
                Some(_) => {}
                None => self.decided.push((*value, who.0)),
            }
        }
        None
    }

    fn heap(&self) -> usize {
        size_of::<(Value, u32)>() * self.decided.len()
    }
}
