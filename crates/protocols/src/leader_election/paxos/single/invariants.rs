//! What always holds, checked by an observer who sees every server.

use netsplit_sim::history::Operation;
use netsplit_sim::node::NodeId;
use netsplit_sim::small::{Map, Set};
use netsplit_sim::view::Text;
use netsplit_sim::watch::{self, Breach};

use super::server::Server;
use crate::leader_election::paxos::invariants::Chosen;
use crate::leader_election::paxos::message::{Ballot, Command, Value, ballot_name};
use crate::parts::host::Holds;

/// Watches the servers, event by event.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// The first value that anybody knew to be decided, by decree; and who. Each of them was asked for, or that was told.
    pub decided: Vec<(Value, u32)>,
    /// For each server: how many of its decrees were compared, and in which ballots it has answered for open ones.
    seen: Vec<(usize, Map<u64, Ballot>)>,
    chosen: Chosen,
    /// What clients have asked servers for, by client and number.
    asked: Map<u32, Map<u64, Operation>>,
    /// Decided values that were compared with what another server, or an earlier life, had known.
    pub compared: u64,
    /// What was told of each server: once is enough.
    told: Set<(u32, &'static str)>,
}

impl Watch {
    fn promises(&mut self, who: NodeId, server: &Server) -> Option<Breach> {
        let answered = &mut self.seen[who.index()].1;
        answered.retain(|decree, _| *decree >= server.next());
        let promised = |decree: &u64| server.open.get(decree).map_or(0, |acceptor| acceptor.promised);
        let less =
            |decree: &u64, ballot: Ballot| promised(decree) < ballot && !server.later.contains_key(decree);
        let broken = answered.iter().find(|(decree, ballot)| less(decree, **ballot));
        let found = broken.map(|(decree, ballot)| {
            let text = Text::new("breach-paxos-promise").with("node", who);
            let text = text.with("ballot", ballot_name(*ballot)).with("now", ballot_name(promised(decree)));
            Breach::new("paxos_promise", &[who.index()], text)
        });
        for (decree, ballot) in server.answered.iter() {
            let known = answered.slot(*decree, || 0);
            *known = (*ballot).max(*known);
        }
        found
    }

    fn was_asked(&self, value: &Value) -> bool {
        let Command::Client(client, operation) = &value.command else { return false };
        self.asked.get(&client.0).and_then(|of| of.get(&operation.number)) == Some(operation)
    }

    fn decisions(&mut self, who: NodeId, server: &Server) -> Option<Breach> {
        let me = who.index();
        // A new life knows less, and is compared anew.
        let from = self.seen[me].0.min(server.decided.len());
        self.seen[me].0 = server.decided.len();
        let mut found = None;
        for at in from..server.decided.len() {
            let Some(value) = server.decided.get(at) else { break };
            let slot = at as u64 + 1;
            let Some((known, other)) = self.decided.get(at) else {
                if !self.was_asked(value) {
                    let text = Text::new("breach-paxos-validity").with("slot", slot).with("node", who);
                    found = found.or(Some(Breach::new("paxos_validity", &[me], text)));
                }
                self.decided.push((*value, who.0));
                self.chosen.forget(slot);
                continue;
            };
            self.compared += 1;
            if known.command != value.command {
                let text = Text::new("breach-paxos-agreement").with("slot", slot);
                let text = text.with("node", who).with("other", NodeId(*other));
                found = found.or(Some(Breach::new("paxos_agreement", &[me, *other as usize], text)));
            }
        }
        found
    }
}

impl<N: Holds<Server>> watch::Watch<N> for Watch {
    /// After `who` handled an event; `up[i]` says whether node i is running. The invariants are those of the log,
    /// `paxos_chosen`, `paxos_agreement`, `paxos_validity` and `paxos_promise`, here for each decree. Proposed is what a
    /// client has asked some server for: nothing else may be decided.
    fn after(&mut self, nodes: &[N], who: NodeId, up: &[bool]) -> Option<Breach> {
        self.seen.resize(nodes.len(), (0, Map::new()));
        let server = nodes.get(who.index()).filter(|_| up[who.index()]).and_then(Holds::server)?;
        if let Some((client, operation)) = server.asked {
            self.asked.slot(client.0, Map::new).insert(operation.number, operation);
        }
        let votes = server.open.iter().filter_map(|(decree, acceptor)| {
            let (ballot, value) = acceptor.accepted?;
            Some((*decree, ballot, value, server.voted.get(decree) == Some(&ballot)))
        });
        // All of them, for each keeps its own accounts; what is told is the first that is new.
        [
            self.promises(who, server),
            self.chosen.after(server.peers.len() + 1, who, votes),
            self.decisions(who, server),
        ]
        .into_iter()
        .flatten()
        .find(|breach| self.told.add((who.0, breach.invariant)))
    }

    fn heap(&self) -> usize {
        let asked: usize = self.asked.values().map(Map::len).sum();
        size_of::<(Value, u32)>() * self.decided.len() + size_of::<(u64, Operation)>() * asked
    }
}
