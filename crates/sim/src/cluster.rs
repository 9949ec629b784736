//! The generic part of the engine: nodes, the payloads behind the core's handles, and dispatch. Thin, so that
//! each algorithm adds little code; everything else sees it through one object-safe trait.

use crate::core::{Body, Core, Due, NodeMeta};
use crate::draw;
use crate::fault::{Entry, Fault, FaultKind, MessageName};
use crate::history::{Observation, What};
use crate::network::Network;
use crate::node::{Action, Context, Ctx, Look, Message, Node, NodeId, Sink, Storage, Wire};
use crate::time::Nanos;
use crate::trace::Kind;
use crate::view::{ClusterView, Detail, NodeView};

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
    /// Takes the observations made since the last call.
    fn drain(&mut self, into: &mut Vec<Observation>);
    /// How a node wants to be seen.
    fn observe(&self, node: NodeId, detail: Detail) -> NodeView;
    /// Truths that no node knows.
    fn overview(&self) -> ClusterView;
    /// A copy of this moment, without the trace.
    fn fork(&self) -> Box<dyn Simulation>;
}

#[derive(Clone)]
enum Payload<M, T> {
    None,
    Message(M),
    Timer(T),
}

#[derive(Clone)]
struct DiskState<D: Storage> {
    durable: D,
    /// Writes that are not durable yet, in order.
    pending: Vec<D::Write>,
    /// Number of the first pending write.
    first: u64,
}

/// Nodes of one algorithm in one simulated world.
#[derive(Clone)]
pub struct Cluster<N: Node> {
    core: Core,
    nodes: Vec<N>,
    newborn: Vec<N>,
    payloads: Vec<Payload<N::Message, N::Timer>>,
    disks: Vec<DiskState<N::Disk>>,
}

struct Outbox<'a, N: Node> {
    payloads: &'a mut Vec<Payload<N::Message, N::Timer>>,
    pending: &'a mut Vec<<N::Disk as Storage>::Write>,
}

impl<N: Node> Outbox<'_, N> {
    #[inline]
    fn put(&mut self, slot: u32, payload: Payload<N::Message, N::Timer>) {
        let at = slot as usize;
        if at >= self.payloads.len() {
            self.payloads.resize_with(at + 1, || Payload::None);
        }
        self.payloads[at] = payload;
    }
}

impl<N: Node> Sink<N::Message, N::Timer, <N::Disk as Storage>::Write> for Outbox<'_, N> {
    #[inline]
    fn message(&mut self, slot: u32, message: N::Message) -> Wire {
        let wire = Wire { kind: message.kind(), digest: message.digest(), bytes: message.bytes() };
        self.put(slot, Payload::Message(message));
        wire
    }
    #[inline]
    fn timer(&mut self, slot: u32, timer: N::Timer) {
        self.put(slot, Payload::Timer(timer));
    }
    fn write(&mut self, write: <N::Disk as Storage>::Write) {
        self.pending.push(write);
    }
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
        let disks =
            nodes.iter().map(|_| DiskState { durable: N::Disk::default(), pending: Vec::new(), first: 0 });
        Self { disks: disks.collect(), newborn: nodes.clone(), nodes, core, payloads: Vec::new() }
    }

    /// The nodes' states, for invariants that look at all of them.
    #[must_use]
    pub fn nodes(&self) -> &[N] {
        &self.nodes
    }

    /// A node's state, to set it up before the run.
    pub fn node_mut(&mut self, node: NodeId) -> &mut N {
        &mut self.nodes[node.index()]
    }

    /// Gives a node so many workers (0: unlimited) and a queue of at most so much work (0: unlimited).
    pub fn set_workers(&mut self, node: NodeId, workers: u32, queue_limit: u32) {
        let meta = &mut self.core.meta[node.index()];
        (meta.workers, meta.queue_limit) = (workers, queue_limit);
    }

    /// What a node's disk holds durably.
    #[must_use]
    pub fn disk(&self, node: NodeId) -> &N::Disk {
        &self.disks[node.index()].durable
    }

    /// Lets a node handle something, then does what the network duplicated.
    #[inline]
    fn with(&mut self, node: u32, handle: impl FnOnce(&mut N, &N::Disk, &mut Ctx<'_, N>)) {
        let at = node as usize;
        let disk = &mut self.disks[at];
        let mut outbox = Outbox::<N> { payloads: &mut self.payloads, pending: &mut disk.pending };
        let mut context = Context { core: &mut self.core, sink: &mut outbox, me: NodeId(node), scope: 0 };
        handle(&mut self.nodes[at], &disk.durable, &mut context);
        if !self.core.copies.is_empty() {
            self.copy_payloads();
        }
    }

    #[cold]
    fn copy_payloads(&mut self) {
        while let Some((from, to)) = self.core.copies.pop() {
            let payload = self.payloads[from as usize].clone();
            if to as usize >= self.payloads.len() {
                self.payloads.resize_with(to as usize + 1, || Payload::None);
            }
            self.payloads[to as usize] = payload;
        }
    }

    fn take_message(&mut self, slot: u32) -> Option<N::Message> {
        match std::mem::replace(&mut self.payloads[slot as usize], Payload::None) {
            Payload::Message(message) => Some(message),
            _ => None,
        }
    }

    /// Runs one event; false where nothing of the run happened (cancelled, parked, lost).
    #[inline]
    fn dispatch(&mut self, slot: u32) -> bool {
        let body = self.core.bodies[slot as usize];
        if body.cancelled {
            self.core.release(slot);
            return false;
        }
        match body.due {
            Due::Message => self.arrive(slot, body),
            Due::Timer => self.fire(slot, body),
            Due::Served => self.serve(slot, body),
            Due::Start => {
                self.core.release(slot);
                // A crash at the very start comes first: then there is no life to begin yet.
                if self.core.nodes[body.node as usize].crashes == 0 {
                    self.begin_life(body.node);
                }
                true
            }
            Due::Synced => self.synced(slot, body),
            Due::Broken => {
                if !self.alive(slot, &body) {
                    return false;
                }
                self.core.release(slot);
                self.core.record(Kind::Broken, &body);
                self.with(body.node, |node, _, ctx| node.connection_lost(NodeId(body.peer), ctx));
                true
            }
            Due::Begin | Due::End => {
                self.core.release(slot);
                let index = body.place as usize;
                let begins = body.due == Due::Begin;
                // An end that was moved is no event of the run: only the latest one counts.
                if !begins && (self.core.ends[index] != body.aux || !self.core.active.contains(&body.place)) {
                    return false;
                }
                self.core.record(Kind::Schedule, &body);
                self.schedule_event(index, begins);
                true
            }
            Due::Free => false,
        }
    }

    /// Whether a node's own event still belongs to its life and may run now.
    #[inline]
    fn alive(&mut self, slot: u32, body: &Body) -> bool {
        let state = &mut self.core.nodes[body.node as usize];
        if body.life != state.life || !state.up {
            self.core.release(slot);
            return false;
        }
        if state.paused() {
            state.parked.push(slot);
            return false;
        }
        true
    }

    #[inline]
    fn fire(&mut self, slot: u32, body: Body) -> bool {
        if !self.alive(slot, &body) {
            return false;
        }
        let payload = std::mem::replace(&mut self.payloads[slot as usize], Payload::None);
        self.core.release(slot);
        self.core.record(Kind::Timer, &body);
        if let Payload::Timer(timer) = payload {
            self.with(body.node, |node, _, ctx| node.timer(timer, ctx));
        }
        true
    }

    #[inline]
    fn arrive(&mut self, slot: u32, body: Body) -> bool {
        let before = self.core.events;
        if !self.core.admit(slot, &body) {
            return self.core.events != before;
        }
        self.core.record(Kind::Arrive, &body);
        let from = NodeId(body.peer);
        let at = body.node as usize;
        let demand = match &self.payloads[slot as usize] {
            Payload::Message(message) => self.nodes[at].demand(from, message),
            _ => 0,
        };
        if demand == 0 {
            let message = self.take_message(slot);
            self.core.release(slot);
            if let Some(message) = message {
                self.with(body.node, |node, _, ctx| node.receive(from, message, ctx));
            }
            return true;
        }
        let meta = &self.core.meta[at];
        let state = &self.core.nodes[at];
        if meta.workers == 0 || state.busy < meta.workers {
            let cause = self.core.events;
            self.start_work(slot, body, demand, cause);
        } else if meta.queue_limit > 0 && state.queued >= meta.queue_limit {
            let message = self.take_message(slot);
            self.core.release(slot);
            if let Some(message) = message {
                self.with(body.node, |node, _, ctx| node.overflow(from, message, ctx));
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
    fn start_work(&mut self, slot: u32, body: Body, demand: Nanos, cause: u64) {
        let state = &mut self.core.nodes[body.node as usize];
        state.busy += 1;
        // A factor of exactly one keeps whole nanoseconds whole.
        #[expect(clippy::float_cmp, reason = "set to exactly 1.0 where no fault slows the node")]
        let takes =
            if state.slow == 1.0 { demand } else { crate::time::nanos_from_f64(demand as f64 * state.slow) };
        let life = state.life;
        let at = self.core.now.saturating_add(takes);
        self.core.enqueue(slot, at, Body { due: Due::Served, life, cause, aux: demand, ..body });
    }

    #[inline]
    fn serve(&mut self, slot: u32, body: Body) -> bool {
        if !self.alive(slot, &body) {
            return false;
        }
        self.core.record(Kind::Served, &body);
        let message = self.take_message(slot);
        self.core.release(slot);
        self.core.nodes[body.node as usize].busy -= 1;
        if let Some(next) = self.core.next_work(NodeId(body.node)) {
            let waiting = self.core.bodies[next as usize];
            self.start_work(next, waiting, waiting.aux, waiting.cause);
        }
        if let Some(message) = message {
            self.with(body.node, |node, _, ctx| node.receive(NodeId(body.peer), message, ctx));
        }
        true
    }

    fn synced(&mut self, slot: u32, body: Body) -> bool {
        if !self.alive(slot, &body) {
            return false;
        }
        if self.core.nodes[body.node as usize].stalled {
            self.core.nodes[body.node as usize].disk.held.push(slot);
            return false;
        }
        self.core.release(slot);
        self.core.record(Kind::Synced, &body);
        // `sent` holds the number of writes that this sync covers.
        let disk = &mut self.disks[body.node as usize];
        let covered = body.sent.saturating_sub(disk.first) as usize;
        for write in disk.pending.drain(..covered.min(disk.pending.len())) {
            disk.durable.apply(write);
            disk.first += 1;
        }
        self.with(body.node, |node, _, ctx| node.synced(body.aux, ctx));
        true
    }

    fn begin_life(&mut self, node: u32) {
        let at = node as usize;
        let state = &mut self.core.nodes[at];
        if state.up {
            return;
        }
        state.absent = false;
        state.up = true;
        state.silent = false;
        state.key = draw::join(state.wire, u64::from(state.life) + 1);
        state.clock.born = state.clock.local(self.core.now);
        self.core.record(Kind::Start, &Body { node, ..Body::default() });
        self.with(node, |state, disk, ctx| state.start(disk, ctx));
    }

    fn end_life(&mut self, node: u32, silent: bool) {
        let at = node as usize;
        if !self.core.nodes[at].up {
            self.core.nodes[at].silent &= silent;
            return;
        }
        self.core.reset_streams(NodeId(node), silent);
        while let Some(slot) = self.core.next_work(NodeId(node)) {
            self.payloads[slot as usize] = Payload::None;
            self.core.release(slot);
        }
        let state = &mut self.core.nodes[at];
        state.up = false;
        state.silent = silent;
        state.life += 1;
        state.busy = 0;
        let parked = std::mem::take(&mut state.parked);
        for slot in parked {
            // What waited for a paused process dies with it: it had been delivered to its machine.
            self.core.release(slot);
        }
        self.core.disk_reset(NodeId(node));
        let disk = &mut self.disks[at];
        disk.first += disk.pending.len() as u64;
        disk.pending.clear();
        self.nodes[at] = self.newborn[at].clone();
    }

    fn resume(&mut self, node: u32) {
        let parked = std::mem::take(&mut self.core.nodes[node as usize].parked);
        for slot in parked {
            self.core.queue.push_first(self.core.now, slot);
        }
    }

    /// A fault begins or ends, or an action runs.
    fn schedule_event(&mut self, index: usize, begins: bool) {
        let entry = self.core.entries[index].clone();
        match entry {
            Entry::Action(_, action) => self.act(index, &action),
            Entry::Fault(fault) => {
                self.core.tell(NodeId(0), What::Fault(index as u32, begins));
                if begins {
                    self.core.active.push(index as u32);
                    self.core.active.sort_unstable();
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
                    for node in 0..self.nodes.len() as u32 {
                        if self.core.nodes[node as usize].up {
                            self.with(node, |state, _, ctx| state.environment(ctx));
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
                            self.begin_life(node.0);
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
                        self.begin_life(node.0);
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
                        self.disks[node.index()].durable = N::Disk::default();
                    }
                    if was_up {
                        self.begin_life(node.0);
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
        if new as usize >= self.payloads.len() {
            self.payloads.resize_with(new as usize + 1, || Payload::None);
        }
        let at = body.at.saturating_add(later);
        self.payloads[new as usize] = self.payloads[slot as usize].clone();
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
                        self.begin_life(at as u32);
                        true
                    }
                    _ => false,
                }
            }
            (_, Some(node)) if self.core.nodes.get(node.index()).is_some_and(|n| n.up && !n.paused()) => {
                let mut done = false;
                self.with(node.0, |state, _, ctx| done = state.act(action, ctx));
                done
            }
            (_, None) => {
                let mut done = false;
                for node in 0..self.nodes.len() as u32 {
                    let state = &self.core.nodes[node as usize];
                    if !done && state.up && !state.paused() {
                        self.with(node, |state, _, ctx| done = state.act(action, ctx));
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

    fn place(&mut self, index: usize, due: Due, at: Nanos, stamp: u64) {
        let slot = self.core.allocate();
        let body = Body { due, place: index as u32, aux: stamp, node: u32::MAX, ..Body::default() };
        self.core.fill(slot, at, body);
        let order = 2 * index as u64 + u64::from(due == Due::End);
        self.core.queue.push_schedule(at, order, slot);
    }

    fn hash_states(&self, mut hash: crate::trace::Hash) -> crate::trace::Hash {
        for node in &self.nodes {
            hash.word(node.digest());
        }
        hash
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
                    self.core.hash = self.hash_states(self.core.hash);
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
        self.hash_states(self.core.hash).value()
    }

    fn schedule_fault(&mut self, fault: Fault) -> usize {
        let index = self.core.entries.len();
        self.place(index, Due::Begin, fault.at, 0);
        if let Some(duration) = fault.duration {
            self.place(index, Due::End, fault.at.saturating_add(duration), 0);
        }
        self.core.entries.push(Entry::Fault(fault));
        self.core.ends.push(0);
        index
    }

    fn schedule_action(&mut self, at: Nanos, action: Action) -> usize {
        let index = self.core.entries.len();
        self.place(index, Due::Begin, at, 0);
        self.core.entries.push(Entry::Action(at, action));
        self.core.ends.push(0);
        index
    }

    fn end_fault(&mut self, index: usize, at: Nanos) {
        if let Some(Entry::Fault(fault)) = self.core.entries.get_mut(index) {
            fault.duration = Some(at.saturating_sub(fault.at));
            self.core.ends[index] += 1;
            let stamp = self.core.ends[index];
            self.place(index, Due::End, at, stamp);
        }
    }

    fn listen(&mut self, listening: bool) {
        self.core.listening = listening;
    }

    fn drain(&mut self, into: &mut Vec<Observation>) {
        into.append(&mut self.core.observations);
    }

    fn observe(&self, node: NodeId, detail: Detail) -> NodeView {
        let state = &self.core.nodes[node.index()];
        let look = Look {
            clock: self.core.clock(node),
            elapsed: self.core.elapsed(node),
            up: state.up,
            busy: state.busy,
            waiting: state.queued,
        };
        self.nodes[node.index()].observe(&look, detail)
    }

    fn overview(&self) -> ClusterView {
        let up: Vec<bool> = self.core.nodes.iter().map(|node| node.up).collect();
        N::overview(&self.nodes, &up)
    }

    fn fork(&self) -> Box<dyn Simulation> {
        Box::new(self.clone())
    }
}
