//! What always holds, checked by an observer who sees every node.

use netsplit_sim::node::NodeId;
use netsplit_sim::small::{Map, Set};
use netsplit_sim::view::Text;
use netsplit_sim::watch::{self, Breach};

use super::core::{Core, Role};
use super::message::{Ballot, CHOSEN, Command, Value, ballot_name};
use super::server::Server;
use crate::parts::host::Holds;

/// What a majority of acceptors has accepted in one ballot: it is chosen, whoever knows.
#[derive(Clone, Debug, Default)]
pub(super) struct Chosen {
    votes: Map<(u64, Ballot), u32>,
    values: Map<u64, (Ballot, Value)>,
    /// What was proposed in each ballot, by slot.
    proposed: Map<(u64, Ballot), Value>,
}

impl Chosen {
    /// What acceptor `who` has accepted: slot, ballot, value, and whether it has said so.
    pub(super) fn after(
        &mut self,
        nodes: usize,
        who: NodeId,
        accepted: impl Iterator<Item = (u64, Ballot, Value, bool)>,
    ) -> Option<Breach> {
        let mut found = None;
        for (slot, ballot, value, said) in accepted {
            if *self.proposed.slot((slot, ballot), || value) != value {
                let text = Text::new("breach-paxos-ballot").with("slot", slot);
                let text = text.with("ballot", ballot_name(ballot));
                found = found.or(Some(Breach::new("paxos_validity", &[who.index()], text)));
            }
            match self.values.get(&slot) {
                Some((chosen, known)) if ballot > *chosen && known.command != value.command => {
                    let text = Text::new("breach-paxos-chosen").with("slot", slot).with("node", who);
                    let text = text.with("ballot", ballot_name(ballot)).with("chosen", ballot_name(*chosen));
                    found = found.or(Some(Breach::new("paxos_chosen", &[who.index()], text)));
                }
                None if said => {
                    let votes = self.votes.slot((slot, ballot), || 0);
                    *votes |= 1 << (who.0 & 31);
                    if votes.count_ones() as usize * 2 > nodes {
                        self.values.insert(slot, (ballot, value));
                    }
                }
                _ => {}
            }
        }
        found
    }

    /// Whether some acceptor accepted this value for a slot.
    fn was_proposed(&self, slot: u64, value: &Value) -> bool {
        let first = (slot, 0);
        self.proposed.from(&first).take_while(|((at, _), _)| *at == slot).any(|(_, known)| known == value)
    }

    /// This slot is decided: what was decided long before is of no more use.
    pub(super) fn forget(&mut self, decided: u64) {
        if decided.is_multiple_of(512) && decided > 0 {
            self.votes = self.votes.split_off(&(decided - 256, 0));
            self.values = self.values.split_off(&(decided - 256));
            self.proposed = self.proposed.split_off(&(decided - 256, 0));
        }
    }
}

/// Watches the nodes of one log, event by event.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// The first value that anybody knew to be decided, by slot.
    pub decided: Vec<Value>,
    /// Who knew it first.
    first: Vec<u32>,
    /// For each node: how much of its log has been compared, and the highest ballot in which it answered.
    seen: Vec<(u64, Ballot)>,
    chosen: Chosen,
    /// Decided values that were compared with what another node, or an earlier life, had known.
    pub compared: u64,
    /// Ballots in which a node came to lead.
    pub ballots: u64,
    leading: Ballot,
    /// For each ballot: the last of its leader's own commands that is known to be decided.
    last: Map<Ballot, u64>,
    /// The latest that was decided without one before it: what is decided, its slot, and how many are missing.
    lost: Option<(Value, u64, u64)>,
    /// What was told of each node: once is enough.
    told: Set<(u32, &'static str)>,
}

impl Watch {
    /// After `who` handled an event. `core` gives the log of a node, if it has one and is up.
    ///
    /// - `paxos_chosen`: once a majority has accepted a value in one ballot, no acceptor accepts another one in a
    ///   higher ballot (P2b).
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
        if core.role == Role::Leading {
            self.ballots += u64::from(core.ballot > self.leading);
            self.leading = self.leading.max(core.ballot);
        }
        let open = core.accepted.iter().filter(|(_, (ballot, _))| *ballot != CHOSEN);
        let votes = open
            .map(|(slot, (ballot, value))| (*slot, *ballot, *value, core.voted.get(slot) == Some(ballot)));
        // All of them, for each keeps its own accounts; what is told is the first that is new.
        [self.promises(who, core), self.chosen.after(core.nodes(), who, votes), self.decisions(who, core)]
            .into_iter()
            .flatten()
            .find(|breach| self.told.add((who.0, breach.invariant)))
    }

    fn promises(&mut self, who: NodeId, core: &Core) -> Option<Breach> {
        let answered = &mut self.seen[who.index()].1;
        let before = std::mem::replace(answered, core.answered.max(*answered));
        (core.promised < before).then(|| {
            let text = Text::new("breach-paxos-promise").with("node", who);
            let text = text.with("ballot", ballot_name(before)).with("now", ballot_name(core.promised));
            Breach::new("paxos_promise", &[who.index()], text)
        })
    }

    fn decisions(&mut self, who: NodeId, core: &Core) -> Option<Breach> {
        let me = who.index();
        // A new life knows less, and is compared anew.
        let from = self.seen[me].0.min(core.decided());
        self.seen[me].0 = core.decided();
        let mut found = None;
        for slot in from + 1..=core.decided() {
            let Some(value) = core.chosen.get(slot as usize - 1) else { break };
            let Some(known) = self.decided.get(slot as usize - 1) else {
                if value.command != Command::Noop && !self.chosen.was_proposed(slot, value) {
                    let text = Text::new("breach-paxos-validity").with("slot", slot).with("node", who);
                    found = found.or(Some(Breach::new("paxos_validity", &[me], text)));
                }
                if value.serial > 0 {
                    let last = self.last.slot(value.origin, || 0);
                    if value.serial > *last + 1 {
                        self.lost = Some((*value, slot, value.serial - *last - 1));
                    }
                    *last = value.serial;
                }
                self.decided.push(*value);
                self.first.push(who.0);
                self.chosen.forget(slot);
                continue;
            };
            self.compared += 1;
            if known != value {
                let other = self.first[slot as usize - 1];
                let text = Text::new("breach-paxos-agreement").with("slot", slot);
                let text = text.with("node", who).with("other", NodeId(other));
                found = found.or(Some(Breach::new("paxos_agreement", &[me, other as usize], text)));
            }
        }
        found
    }
}

impl<N: Holds<Server>> watch::Watch<N> for Watch {
    /// Beside what [`Watch::look`] checks:
    ///
    /// - `primary_order`: of one leader's own commands none is decided unless all before it are (local primary order;
    ///   Junqueira, Reed, Serafini 2011). Paxos has it only while no more than one proposal is open.
    fn after(&mut self, nodes: &[N], who: NodeId, up: &[bool]) -> Option<Breach> {
        let core = |at: usize| nodes[at].server().filter(|_| up[at]).map(|server| &server.core);
        let found = self.look(nodes.len(), core, who);
        let lost = self.lost.take();
        found.or_else(|| {
            let (value, slot, count) = lost?;
            let text = Text::new("breach-paxos-order").with("slot", slot).with("count", count);
            Some(Breach::new("primary_order", &[who.index()], text.with("ballot", ballot_name(value.origin))))
        })
    }

    fn heap(&self) -> usize {
        let value = size_of::<Value>();
        (value + 4) * self.decided.len() + (value + 24) * self.chosen.proposed.len()
    }
}
