//! The generic part of the engine: nodes, the payloads behind the core's handles, and dispatch. Thin, so that
//! each algorithm adds little code; everything else sees it through one object-safe trait.

mod lives;
mod population;
mod schedule;

use crate::core::{Body, Core, Due, NodeMeta};
use crate::fault::{Entry, Fault};
use crate::history::Observation;
use crate::network::Network;
use crate::node::{Action, Node, NodeId};
use crate::time::Nanos;
use crate::trace::Kind;
use crate::view::{ClusterView, Data, Detail, NodeView};
use lives::World;
use population::{Nodes, Payload, Population};

/// Every so many events, the digests of all nodes' states join the hash.
const CHECKPOINT: u64 = 1 << 14;

/// Why a run stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Everything due up to the given time has run.
    Time,
    /// The budget of events is used up; more is due.
    Events,
    /// Nothing will ever happen again.
    Idle,
    /// A documented limit was reached.
    Limit,
}

/// A run, whatever its algorithm. Virtual calls are per batch or per view, never per event.
pub trait Simulation {
    /// Runs everything due up to `until` (included), but at most so many events.
    fn run(&mut self, until: Nanos, max_events: u64) -> Stop;
    /// The part of the engine that is the same for all.
    fn core(&self) -> &Core;
    /// Now (ns).
    fn now(&self) -> Nanos {
        self.core().now
    }
    /// Events processed.
    fn events(&self) -> u64 {
        self.core().events
    }
    /// Hash of all events so far and of every node's state now.
    fn trace_hash(&self) -> u128;
    /// Adds a fault to the time line; its index in [`Core::entries`]. It must not begin before now.
    fn schedule_fault(&mut self, fault: Fault) -> usize;
    /// Adds an action to the time line.
    fn schedule_action(&mut self, at: Nanos, action: Action) -> usize;
    /// Ends the fault at this index at `at` instead of when it was to end.
    fn end_fault(&mut self, index: usize, at: Nanos);
    /// Whether notes, losses and faults are observed as well as operations.
    fn listen(&mut self, listening: bool);
    /// Whether invariants are watched. What a watch knows hangs on all that came before: where it is to be right, it
    /// watches from the start of the run, also while nobody listens.
    fn watch(&mut self, watching: bool);
    /// Takes the observations made since the last call.
    fn drain(&mut self, into: &mut Vec<Observation>);
    /// How a node wants to be seen.
    fn observe(&self, node: NodeId, detail: Detail) -> NodeView;
    /// Truths that no node knows.
    fn overview(&self) -> ClusterView;
    /// What data there is, and in which order it was written.
    fn data(&self) -> Data;
    /// The node that alone answers for a key now.
    fn keeper(&self, key: u64) -> Option<u32>;
    /// A copy of this moment, without the trace.
    fn fork(&self) -> Box<dyn Simulation>;
    /// About how many bytes a copy takes: what it does not share with this one.
    fn footprint(&self) -> usize;
}

/// Nodes of one algorithm in one simulated world.
#[derive(Clone)]
pub struct Cluster<N: Node> {
    core: Core,
    nodes: Nodes<N>,
}

impl<N: Node> Cluster<N> {
    /// A world at time 0: every node that is not absent starts there.
    #[must_use]
    pub fn new(seed: u64, network: Network, nodes: Vec<(NodeMeta, N)>) -> Self {
        let (meta, nodes): (Vec<NodeMeta>, Vec<N>) = nodes.into_iter().unzip();
        let mut core = Core::new(seed, network, meta);
        for index in 0..nodes.len() {
            if !core.nodes[index].absent {
                let slot = core.allocate();
                core.enqueue(slot, 0, Body { due: Due::Start, node: index as u32, ..Body::default() });
            }
        }
        Self { core, nodes: Nodes::new(nodes) }
    }

    /// The nodes' states, for invariants that look at all of them.
    #[must_use]
    pub fn nodes(&self) -> &[N] {
        &self.nodes.states
    }

    /// A node's state, to set it up before the run.
    pub fn node_mut(&mut self, node: NodeId) -> &mut N {
        &mut self.nodes.states[node.index()]
    }

    /// Gives a node so many workers (0: unlimited) and a queue of at most so much work (0: unlimited).
    pub fn set_workers(&mut self, node: NodeId, workers: u32, queue_limit: u32) {
        let meta = &mut std::sync::Arc::make_mut(&mut self.core.meta)[node.index()];
        (meta.workers, meta.queue_limit) = (workers, queue_limit);
    }

    /// What a node's disk holds durably.
    #[must_use]
    pub fn disk(&self, node: NodeId) -> &N::Disk {
        &self.nodes.disks[node.index()].durable
    }

    fn world(&mut self) -> World<'_> {
        World { core: &mut self.core, nodes: &mut self.nodes }
    }

    /// Runs one event; false where nothing of the run happened (cancelled, parked, lost).
    #[inline]
    fn dispatch(&mut self, slot: u32) -> bool {
        let body = &self.core.bodies[slot as usize];
        if body.cancelled {
            self.core.release(slot);
            return false;
        }
        if body.due == Due::Message { self.arrive(slot) } else { self.dispatch_other(slot) }
    }

    #[inline(never)]
    fn dispatch_other(&mut self, slot: u32) -> bool {
        let body = self.core.bodies[slot as usize];
        match body.due {
            Due::Timer | Due::Work => self.fire(slot, body),
            Due::Served => self.serve(slot, body),
            // The work that is done goes the way of any other, also where the node is paused.
            Due::Tick => match self.core.end_shared(slot, body.node) {
                Some(done) => self.dispatch_other(done),
                None => false,
            },
            _ => self.world().rare(slot, body),
        }
    }

    /// A timer fires, or work that the node began itself is done.
    #[inline]
    fn fire(&mut self, slot: u32, body: Body) -> bool {
        if !self.core.alive(slot, &body) {
            return false;
        }
        let payload = std::mem::replace(&mut self.nodes.payloads[slot as usize], Payload::None);
        self.core.release(slot);
        let kind = if body.due == Due::Timer { Kind::Timer } else { Kind::Served };
        self.core.record(kind, &body);
        if let Payload::Timer(timer) = payload {
            self.nodes.with(&mut self.core, body.node, |node, _, ctx| node.timer(timer, ctx));
        }
        true
    }

    #[inline]
    fn arrive(&mut self, slot: u32) -> bool {
        let before = self.core.events;
        if !self.core.admit(slot) {
            return self.core.events != before;
        }
        let (node, peer) = self.core.record_slot(Kind::Arrive, slot);
        let from = NodeId(peer);
        let at = node as usize;
        let demand = match &self.nodes.payloads[slot as usize] {
            Payload::Message(message) => self.nodes.states[at].demand(from, message),
            _ => 0,
        };
        if demand == 0 {
            let message = self.nodes.take_message(slot);
            self.core.release(slot);
            if let Some(message) = message {
                self.nodes.with(&mut self.core, node, |node, _, ctx| node.receive(from, message, ctx));
            }
            return true;
        }
        let body = self.core.bodies[slot as usize];
        let meta = &self.core.meta[at];
        let state = &self.core.nodes[at];
        if meta.workers == 0 || state.busy < meta.workers {
            let cause = self.core.events;
            self.core.start_work(slot, body, demand, cause);
        } else if meta.queue_limit > 0 && state.queued >= meta.queue_limit {
            let message = self.nodes.take_message(slot);
            self.core.release(slot);
            if let Some(message) = message {
                self.nodes.with(&mut self.core, body.node, |node, _, ctx| node.overflow(from, message, ctx));
            }
        } else {
            let cause = self.core.events;
            let waiting = &mut self.core.bodies[slot as usize];
            waiting.due = Due::Served;
            waiting.aux = demand;
            waiting.cause = cause;
            self.core.queue_work(slot, NodeId(body.node));
        }
        true
    }

    #[inline]
    fn serve(&mut self, slot: u32, body: Body) -> bool {
        if !self.core.alive(slot, &body) {
            return false;
        }
        self.core.record(Kind::Served, &body);
        let message = self.nodes.take_message(slot);
        self.core.release(slot);
        self.core.nodes[body.node as usize].busy -= 1;
        if let Some(next) = self.core.next_work(NodeId(body.node)) {
            let waiting = self.core.bodies[next as usize];
            self.core.start_work(next, waiting, waiting.aux, waiting.cause);
        }
        if let Some(message) = message {
            self.nodes.with(&mut self.core, body.node, |node, _, ctx| {
                node.receive(NodeId(body.peer), message, ctx)
            });
        }
        true
    }
}

impl<N: Node> Simulation for Cluster<N> {
    fn run(&mut self, until: Nanos, max_events: u64) -> Stop {
        let mut left = max_events;
        loop {
            if left == 0 {
                return Stop::Events;
            }
            let Some((time, slot)) = self.core.queue.pop(until) else {
                if until != Nanos::MAX {
                    self.core.now = self.core.now.max(until);
                }
                return if self.core.queue.next_time().is_none() { Stop::Idle } else { Stop::Time };
            };
            self.core.now = time;
            if self.dispatch(slot) {
                left -= 1;
                if self.core.events.is_multiple_of(CHECKPOINT) {
                    self.nodes.hash_states(&mut self.core.hash);
                    if self.core.overflowed {
                        return Stop::Limit;
                    }
                }
            }
        }
    }

    fn core(&self) -> &Core {
        &self.core
    }

    fn trace_hash(&self) -> u128 {
        let mut hash = self.core.hash;
        self.nodes.hash_states(&mut hash);
        hash.value()
    }

    fn schedule_fault(&mut self, fault: Fault) -> usize {
        let index = self.core.entries.len();
        self.core.place(index, Due::Begin, fault.at, 0);
        if let Some(duration) = fault.duration {
            self.core.place(index, Due::End, fault.at.saturating_add(duration), 0);
        }
        self.core.entries.push(Entry::Fault(fault));
        self.core.ends.push(0);
        index
    }

    fn schedule_action(&mut self, at: Nanos, action: Action) -> usize {
        let index = self.core.entries.len();
        self.core.place(index, Due::Begin, at, 0);
        self.core.entries.push(Entry::Action(at, action));
        self.core.ends.push(0);
        index
    }

    fn end_fault(&mut self, index: usize, at: Nanos) {
        if let Some(Entry::Fault(fault)) = self.core.entries.get_mut(index) {
            fault.duration = Some(at.saturating_sub(fault.at));
            self.core.ends[index] += 1;
            let stamp = self.core.ends[index];
            self.core.place(index, Due::End, at, stamp);
        }
    }

    fn listen(&mut self, listening: bool) {
        self.core.listening = listening;
    }

    fn watch(&mut self, watching: bool) {
        self.core.watching = watching;
    }

    fn drain(&mut self, into: &mut Vec<Observation>) {
        into.append(&mut self.core.observations);
    }

    fn observe(&self, node: NodeId, detail: Detail) -> NodeView {
        self.nodes.observe(node.0, &self.core.look(node), detail)
    }

    fn overview(&self) -> ClusterView {
        let up: Vec<bool> = self.core.nodes.iter().map(|node| node.up).collect();
        self.nodes.overview(&up)
    }

    fn data(&self) -> Data {
        let up: Vec<bool> = self.core.nodes.iter().map(|node| node.up).collect();
        N::data(&self.nodes.states, &up)
    }

    fn keeper(&self, key: u64) -> Option<u32> {
        self.nodes.states.iter().position(|node| node.keeps(key)).map(|at| at as u32)
    }

    fn fork(&self) -> Box<dyn Simulation> {
        Box::new(self.clone())
    }

    fn footprint(&self) -> usize {
        self.core.footprint() + self.nodes.footprint()
    }
}
