//! Faults and actions take effect.

use super::lives::World;
use crate::core::Body;
use crate::fault::{Entry, Fault, FaultKind, MessageName};
use crate::history::What;
use crate::node::{Action, NodeId};

impl World<'_> {
    /// A fault begins or ends, or an action runs.
    pub(super) fn schedule_event(&mut self, index: usize, begins: bool) {
        let entry = self.core.entries[index].clone();
        match entry {
            Entry::Action(_, action) => self.act(index, &action),
            Entry::Fault(fault) => {
                self.core.tell(NodeId(0), What::Fault(index as u32, begins));
                if begins {
                    self.core.active.push(index as u32);
                    crate::small::sort(&mut self.core.active);
                } else {
                    self.core.active.retain(|at| *at != index as u32);
                }
                let had_effect = self.apply(&fault, begins);
                if begins && !had_effect {
                    self.core.tell(NodeId(0), What::NoEffect(index as u32));
                }
                let traffic = self.core.traffic;
                self.core.recompute();
                if begins && fault.duration.is_none() && fault.kind.is_instant() {
                    self.core.active.retain(|at| *at != index as u32);
                }
                if traffic != self.core.traffic {
                    for node in 0..self.core.nodes.len() as u32 {
                        if self.core.nodes[node as usize].up {
                            self.nodes.environment(self.core, node);
                        }
                    }
                }
            }
        }
    }

    fn apply(&mut self, fault: &Fault, begins: bool) -> bool {
        let targets = self.core.selected(&fault.from);
        let mut effect = false;
        match &fault.kind {
            FaultKind::Crash { host } => {
                for node in targets {
                    let state = &mut self.core.nodes[node.index()];
                    if state.absent {
                        continue;
                    }
                    effect = true;
                    if begins {
                        state.crashes += 1;
                        self.end_life(node.0, *host);
                    } else {
                        state.crashes = state.crashes.saturating_sub(1);
                        if state.crashes == 0 {
                            self.begin_life(node.0, self.core.events);
                        }
                    }
                }
            }
            FaultKind::Restart => {
                for node in targets {
                    let state = &mut self.core.nodes[node.index()];
                    if state.absent || (state.crashes == 0 && state.pauses == 0) {
                        continue;
                    }
                    effect = true;
                    (state.crashes, state.pauses) = (0, 0);
                    if state.up {
                        self.resume(node.0);
                    } else {
                        self.begin_life(node.0, self.core.events);
                    }
                }
            }
            FaultKind::Pause => {
                for node in targets {
                    let state = &mut self.core.nodes[node.index()];
                    effect |= state.up;
                    if begins {
                        state.pauses += 1;
                    } else {
                        state.pauses = state.pauses.saturating_sub(1);
                        if state.pauses == 0 {
                            self.resume(node.0);
                        }
                    }
                }
            }
            FaultKind::LoseDisk | FaultKind::LoseUnsynced => {
                for node in targets {
                    if self.core.nodes[node.index()].absent {
                        continue;
                    }
                    effect = true;
                    let was_up = self.core.nodes[node.index()].up;
                    self.end_life(node.0, false);
                    if fault.kind == FaultKind::LoseDisk {
                        self.nodes.lose_disk(node.0);
                    }
                    if was_up {
                        self.begin_life(node.0, self.core.events);
                    }
                }
            }
            FaultKind::ClockJump(by) => {
                for node in targets {
                    effect = true;
                    self.core.nodes[node.index()].clock.jumped += by;
                }
            }
            FaultKind::DropMessage | FaultKind::DelayMessage(_) | FaultKind::DuplicateMessage(_) => {
                effect = fault.message.is_some_and(|name| self.touch(&name, &fault.kind));
            }
            FaultKind::Partition(_) | FaultKind::TrafficSpike(_) | FaultKind::HotKey(..) => effect = true,
            _ => effect = !targets.is_empty(),
        }
        effect
    }

    /// A fault on one message in flight; false where there is no such message (any more).
    fn touch(&mut self, name: &MessageName, kind: &FaultKind) -> bool {
        let Some(slot) = self.core.find_message(name) else { return false };
        let body = self.core.bodies[slot as usize];
        let (later, copies) = match kind {
            // A stream sends a lost segment again.
            FaultKind::DropMessage if body.stream => (self.core.network.retransmit, false),
            FaultKind::DropMessage => {
                self.core.bodies[slot as usize].cancelled = true;
                self.core.lost(&body);
                return true;
            }
            FaultKind::DelayMessage(by) => (*by, false),
            FaultKind::DuplicateMessage(after) => (*after, true),
            _ => return false,
        };
        if copies && body.stream {
            return false;
        }
        let new = self.core.allocate();
        let at = body.at.saturating_add(later);
        self.nodes.copy_payload(slot, new);
        let copy = if copies { body.copy + 1 } else { body.copy };
        self.core.enqueue(new, at, Body { copy, ..body });
        if !copies {
            self.core.bodies[slot as usize].cancelled = true;
        }
        true
    }

    fn act(&mut self, index: usize, action: &Action) {
        self.core.tell(NodeId(0), What::Fault(index as u32, true));
        let effect = match (action.id.as_str(), action.node) {
            // Joining is the engine's: an absent node's first life begins.
            ("add_node", named) => {
                let node = named.map(NodeId::index).or_else(|| self.core.nodes.iter().position(|n| n.absent));
                match node {
                    Some(at) if self.core.nodes[at].absent => {
                        self.begin_life(at as u32, self.core.events);
                        true
                    }
                    _ => false,
                }
            }
            (_, Some(node)) if self.core.nodes.get(node.index()).is_some_and(|n| n.up && !n.paused()) => {
                self.nodes.act(self.core, node.0, action)
            }
            (_, None) => {
                let mut done = false;
                for node in 0..self.core.nodes.len() as u32 {
                    let state = &self.core.nodes[node as usize];
                    if !done && state.up && !state.paused() {
                        done = self.nodes.act(self.core, node, action);
                    }
                }
                done
            }
            _ => false,
        };
        if !effect {
            self.core.tell(NodeId(0), What::NoEffect(index as u32));
        }
    }
}
