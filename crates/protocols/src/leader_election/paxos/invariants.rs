//! What always holds, checked by an observer who sees every node.

use netsplit_sim::node::NodeId;
use netsplit_sim::small::Map;
use netsplit_sim::view::Text;
use netsplit_sim::watch::{self, Breach};

use super::core::{Core, Role};
use super::message::{Ballot, CHOSEN, Command, Value, ballot_name};
use super::server::Server;
use crate::parts::host::Holds;

/// Watches the nodes of one log, event by event.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// The first value that anybody knew to be decided, by slot.
    pub decided: Vec<Value>,
    /// Who knew it first.
    first: Vec<u32>,
    /// For each node: how much of its log has been compared, and the highest ballot in which it answered.
    seen: Vec<(u64, Ballot)>,
    /// What was proposed in each ballot, by slot.
    proposed: Map<(u64, Ballot), Value>,
    /// Ballots in which a node came to lead.
    pub ballots: u64,
    leading: Ballot,
}

impl Watch {
    /// After `who` handled an event. `core` gives the log of a node, if it has one and is up.
    ///
    /// - `paxos_agreement`: no two nodes know different values to be decided for one slot.
    /// - `paxos_validity`: what is decided was proposed, and in one ballot one value alone is proposed for a slot.
    /// - `paxos_promise`: an acceptor never promises less than the highest ballot in which it has answered.
    pub fn look<'a>(
        &mut self,
        count: usize,
        core: impl Fn(usize) -> Option<&'a Core>,
        who: NodeId,
    ) -> Option<Breach> {
        self.seen.resize(count.max(self.seen.len()), (0, 0));
        let me = who.index();
        if me >= count {
            return None;
        }
        let core = core(me)?;
        let (compared, answered) = &mut self.seen[me];
        if core.promised < *answered {
            let text = Text::new("breach-paxos-promise").with("node", who);
            let text = text.with("ballot", ballot_name(*answered)).with("now", ballot_name(core.promised));
            return Some(Breach::new("paxos_promise", &[me], text));
        }
        *answered = core.answered.max(*answered);
        let from = (*compared).min(core.decided());
        *compared = core.decided();
        if core.role == Role::Leading {
            self.ballots += u64::from(core.ballot > self.leading);
            self.leading = self.leading.max(core.ballot);
        }
        for (slot, (ballot, value)) in core.accepted.iter().filter(|(_, (ballot, _))| *ballot != CHOSEN) {
            let known = self.proposed.slot((*slot, *ballot), || *value);
            if known != value {
                let text = Text::new("breach-paxos-ballot").with("slot", *slot);
                let text = text.with("ballot", ballot_name(*ballot));
                return Some(Breach::new("paxos_validity", &[me], text));
            }
        }
        for slot in from + 1..=core.decided() {
            let Some(value) = core.chosen.get(slot as usize - 1) else { break };
            match self.decided.get(slot as usize - 1) {
                Some(known) if known != value => {
                    let other = self.first[slot as usize - 1];
                    let text = Text::new("breach-paxos-agreement").with("slot", slot);
                    let text = text.with("node", who).with("other", NodeId(other));
                    return Some(Breach::new("paxos_agreement", &[me, other as usize], text));
                }
                Some(_) => {}
                None => {
                    let known = self
                        .proposed
                        .from(&(slot, 0))
                        .take_while(|((at, _), _)| *at == slot)
                        .any(|(_, proposed)| proposed == value);
                    if !known && value.command != Command::Noop {
                        let text = Text::new("breach-paxos-validity").with("slot", slot).with("node", who);
                        return Some(Breach::new("paxos_validity", &[me], text));
                    }
                    self.decided.push(*value);
                    self.first.push(who.0);
                    // What was decided long ago is of no more use.
                    if slot.is_multiple_of(512) {
                        self.proposed = self.proposed.split_off(&(slot - 256, 0));
                    }
                }
            }
        }
        None
    }
}

impl<N: Holds<Server>> watch::Watch<N> for Watch {
    fn after(&mut self, nodes: &[N], who: NodeId, up: &[bool]) -> Option<Breach> {
        let core = |at: usize| nodes[at].server().filter(|_| up[at]).map(|server| &server.core);
        self.look(nodes.len(), core, who)
    }
}
