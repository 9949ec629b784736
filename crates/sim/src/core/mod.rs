//! The part of the engine that is not generic: queue, links, faults, clocks, draws, trace, hash. It moves
//! handles; the payloads behind them belong to the cluster.

mod clock;
mod disk;
mod effects;
mod share;
mod wire;

pub use effects::Effect;
pub use wire::InFlight;
pub(crate) use wire::Stream;

use std::sync::Arc;

use crate::distribution::Distribution;
use crate::draw;
use crate::fault::Entry;
use crate::history::{Observation, Operation, Outcome, Tally, What};
use crate::network::Network;
use crate::node::{Look, NodeId, TimerId, Traffic};
use crate::queue::{MAX_PENDING, Queue};
use crate::small::Map;
use crate::time::Nanos;
use crate::trace::{Hash, Kind, Record, Ring};
use crate::view::Text;

pub(crate) const NONE: u32 = u32::MAX;

/// What the engine knows of a node besides its state.
#[derive(Clone, Debug)]
pub struct NodeMeta {
    /// Stable name: draws hang on it.
    pub name: String,
    /// Index in the algorithm's roles.
    pub role: u8,
    /// Zone.
    pub zone: u16,
    /// Workers that share the node's queue; 0 for as many as there is work.
    pub workers: u32,
    /// Most work waiting, 0 for no limit.
    pub queue_limit: u32,
    /// Cores that the work of [`crate::Context::work`] shares equally, each piece at most one core; 0: each piece
    /// has a core of its own. It has nothing to do with `workers`.
    pub cores: u32,
    /// Not there until it joins.
    pub absent: bool,
    /// Disk: time of one write.
    pub write: Distribution,
    /// Disk: time of one sync.
    pub sync: Distribution,
}

impl NodeMeta {
    /// Unlimited workers, no queue limit, no shared cores, a disk that takes 1 ms to sync.
    #[must_use]
    pub fn new(name: String, role: u8) -> Self {
        Self {
            name,
            role,
            zone: 0,
            workers: 0,
            queue_limit: 0,
            cores: 0,
            absent: false,
            write: Distribution::Constant(0),
            sync: Distribution::Constant(crate::time::MILLISECOND),
        }
    }
}

/// What the engine keeps of a running node. What every message touches lies together in one line of the cache.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub struct NodeState {
    /// Running (perhaps paused).
    pub up: bool,
    /// Never joined yet.
    pub absent: bool,
    /// Down because its machine died: silence instead of refusals.
    pub silent: bool,
    /// Disk does not finish syncs.
    pub stalled: bool,
    /// Disk refuses writes.
    pub full: bool,
    /// Lives begun before this one.
    pub life: u32,
    pub(crate) pauses: u32,
    /// Who was sent to first at `sent_at`; `NONE` once `sent_to` lists them all.
    pub(crate) first_to: u32,
    pub(crate) wire: u64,
    pub(crate) key: u64,
    pub(crate) sent_at: Nanos,
    pub(crate) heard_at: Nanos,
    /// Work in service, by the engine's count or as the node itself reported.
    pub busy: u32,
    /// Work waiting, likewise.
    pub queued: u32,
    pub(crate) queue_head: u32,
    pub(crate) queue_tail: u32,
    /// Work takes so many times as long.
    pub slow: f64,
    pub(crate) crashes: u32,
    pub(crate) parked: Vec<u32>,
    pub(crate) clock: clock::Clock,
    pub(crate) disk: disk::Device,
    pub(crate) sent_to: Vec<u32>,
    /// From the first work that shares cores on.
    pub(crate) sharing: Option<Box<share::Sharing>>,
}

impl NodeState {
    /// Frozen by a pause.
    #[must_use]
    pub fn paused(&self) -> bool {
        self.pauses > 0
    }

    /// How long work takes that begins now and has a processor of its own.
    #[inline]
    fn slowed(&self, demand: Nanos) -> Nanos {
        // A factor of exactly one keeps whole nanoseconds whole.
        #[expect(clippy::float_cmp, reason = "set to exactly 1.0 where no fault slows the node")]
        if self.slow == 1.0 { demand } else { crate::time::nanos_from_f64(demand as f64 * self.slow) }
    }
}

/// What an event in the queue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    Free,
    Start,
    Message,
    Served,
    Timer,
    /// Work that a node began itself and that has a core of its own, or that is done.
    Work,
    /// Work that shares cores: not in the queue.
    Shared,
    /// The next end of work that shares cores.
    Tick,
    Synced,
    Broken,
    Begin,
    End,
}

/// An event: the handle's fixed part. Its payload, if any, is in the cluster under the same slot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Body {
    pub due: Due,
    pub label: u8,
    pub copy: u8,
    pub cancelled: bool,
    pub stream: bool,
    pub tries: u8,
    pub node: u32,
    pub peer: u32,
    pub life: u32,
    pub stamp: u32,
    pub next: u32,
    pub count: u32,
    pub bytes: u32,
    pub epoch: u32,
    pub place: u32,
    pub sent: Nanos,
    pub at: Nanos,
    pub digest: u64,
    pub cause: u64,
    pub aux: u64,
}

impl Default for Body {
    fn default() -> Self {
        Self::BLANK
    }
}

impl Body {
    const BLANK: Self = Self {
        due: Due::Free,
        label: 0,
        copy: 0,
        cancelled: false,
        stream: false,
        tries: 0,
        node: 0,
        peer: NONE,
        life: 0,
        stamp: 0,
        next: NONE,
        count: 0,
        bytes: 0,
        epoch: 0,
        place: 0,
        sent: 0,
        at: 0,
        digest: 0,
        cause: 0,
        aux: 0,
    };
}

/// The engine's core.
#[derive(Clone, Debug)]
pub struct Core {
    /// Now (ns).
    pub now: Nanos,
    /// Events processed.
    pub events: u64,
    /// Nodes, by number.
    pub nodes: Vec<NodeState>,
    /// What they were set up as; copies share it.
    pub meta: Arc<Vec<NodeMeta>>,
    /// The network as set up; copies share it.
    pub network: Arc<Network>,
    /// The time line: faults and actions in the document's order.
    pub entries: Vec<Entry>,
    /// Indices of the faults in force.
    pub active: Vec<u32>,
    /// Traffic faults in force.
    pub traffic: Traffic,
    /// Clients' operations so far.
    pub tally: Tally,
    /// Recent records.
    pub trace: Ring,
    pub(crate) hash: Hash,
    pub(crate) listening: bool,
    pub(crate) watching: bool,
    pub(crate) observations: Vec<Observation>,
    pub(crate) queue: Queue,
    pub(crate) bodies: Vec<Body>,
    pub(crate) free: u32,
    pub(crate) copies: Vec<(u32, u32)>,
    pub(crate) effects: Vec<Effect>,
    /// By sender, then by receiver.
    pub(crate) streams: Vec<Map<u32, Stream>>,
    /// When a link with a bandwidth is free again.
    pub(crate) thin: Map<(u32, u32), Nanos>,
    pub(crate) overflowed: bool,
    /// How often the end of each entry was moved: only the latest one counts.
    pub(crate) ends: Vec<u64>,
}

impl Core {
    pub(crate) fn new(seed: u64, network: Network, meta: Vec<NodeMeta>) -> Self {
        let nodes: Vec<NodeState> = meta
            .iter()
            .map(|meta| {
                let wire = draw::join(draw::mix(seed ^ 0x5eed), draw::hash_bytes(meta.name.as_bytes()));
                NodeState {
                    life: 0,
                    up: false,
                    absent: meta.absent,
                    silent: true,
                    busy: 0,
                    queued: 0,
                    slow: 1.0,
                    stalled: false,
                    full: false,
                    crashes: 0,
                    pauses: 0,
                    key: draw::join(wire, 1),
                    wire,
                    queue_head: NONE,
                    queue_tail: NONE,
                    parked: Vec::new(),
                    clock: clock::Clock::default(),
                    disk: disk::Device::default(),
                    sent_at: u64::MAX,
                    first_to: NONE,
                    sent_to: Vec::new(),
                    sharing: None,
                    heard_at: u64::MAX,
                }
            })
            .collect();
        Self {
            now: 0,
            events: 0,
            streams: vec![Map::new(); nodes.len()],
            nodes,
            meta: Arc::new(meta),
            network: Arc::new(network),
            entries: Vec::new(),
            active: Vec::new(),
            traffic: Traffic { extra_permille: 0, hot_permille: 0, hot_key: 0 },
            tally: Tally::default(),
            trace: Ring::new(14),
            hash: Hash::default(),
            listening: false,
            watching: false,
            observations: Vec::new(),
            queue: Queue::default(),
            bodies: Vec::new(),
            free: NONE,
            copies: Vec::new(),
            effects: Vec::new(),
            thin: Map::new(),
            overflowed: false,
            ends: Vec::new(),
        }
    }

    /// Whether a node's own event still belongs to its life and may run now.
    #[inline]
    pub(crate) fn alive(&mut self, slot: u32, body: &Body) -> bool {
        let state = &mut self.nodes[body.node as usize];
        if body.life != state.life || !state.up {
            self.release(slot);
            return false;
        }
        if state.paused() {
            state.parked.push(slot);
            return false;
        }
        true
    }

    /// What a node can read about itself.
    pub(crate) fn look(&self, node: NodeId) -> Look {
        let state = &self.nodes[node.index()];
        Look {
            clock: self.clock(node),
            elapsed: self.elapsed(node),
            up: state.up,
            busy: state.busy,
            waiting: state.queued,
        }
    }

    /// A worker begins with a message.
    #[inline]
    pub(crate) fn start_work(&mut self, slot: u32, body: Body, demand: Nanos, cause: u64) {
        let state = &mut self.nodes[body.node as usize];
        state.busy += 1;
        let takes = state.slowed(demand);
        let life = state.life;
        let at = self.now.saturating_add(takes);
        self.enqueue(slot, at, Body { due: Due::Served, life, cause, aux: demand, ..body });
    }

    /// Puts the beginning or end of an entry of the time line into the queue.
    pub(crate) fn place(&mut self, index: usize, due: Due, at: Nanos, stamp: u64) {
        let slot = self.allocate();
        let body = Body { due, place: index as u32, aux: stamp, node: u32::MAX, ..Body::default() };
        self.fill(slot, at, body);
        let order = 2 * index as u64 + u64::from(due == Due::End);
        self.queue.push_schedule(at, order, slot);
    }

    /// A slot for an event; its payload goes under the same number.
    #[inline]
    pub(crate) fn allocate(&mut self) -> u32 {
        let slot = self.free;
        if slot == NONE {
            // Beyond the cap the run ends with a word; the slot is still valid until then.
            if self.bodies.len() >= MAX_PENDING {
                self.overflowed = true;
                return (MAX_PENDING - 1) as u32;
            }
            self.bodies.push(Body::BLANK);
            return (self.bodies.len() - 1) as u32;
        }
        self.free = self.bodies[slot as usize].next;
        slot
    }

    #[inline]
    pub(crate) fn release(&mut self, slot: u32) {
        let free = self.free;
        let body = &mut self.bodies[slot as usize];
        body.due = Due::Free;
        body.stamp = body.stamp.wrapping_add(1);
        body.next = free;
        self.free = slot;
    }

    /// Fills a slot, field by field: a whole record made elsewhere would be copied through the stack.
    #[inline]
    pub(crate) fn fill(&mut self, slot: u32, at: Nanos, body: Body) {
        let old = &mut self.bodies[slot as usize];
        old.at = at;
        old.due = body.due;
        old.label = body.label;
        old.copy = body.copy;
        old.cancelled = body.cancelled;
        old.stream = body.stream;
        old.tries = body.tries;
        old.node = body.node;
        old.peer = body.peer;
        old.life = body.life;
        old.next = body.next;
        old.count = body.count;
        old.bytes = body.bytes;
        old.epoch = body.epoch;
        old.place = body.place;
        old.sent = body.sent;
        old.digest = body.digest;
        old.cause = body.cause;
        old.aux = body.aux;
    }

    /// Fills a slot and schedules it.
    #[inline]
    pub(crate) fn enqueue(&mut self, slot: u32, at: Nanos, body: Body) {
        self.fill(slot, at, body);
        self.queue.push(at, slot);
    }

    pub(crate) fn set_timer(&mut self, slot: u32, node: NodeId, delay: Nanos) -> TimerId {
        let state = &self.nodes[node.index()];
        let at = self.now.saturating_add(state.clock.true_span(delay));
        let life = state.life;
        let cause = self.events;
        self.enqueue(slot, at, Body { due: Due::Timer, node: node.0, life, cause, ..Body::BLANK });
        TimerId { slot, stamp: self.bodies[slot as usize].stamp }
    }

    pub(crate) fn cancel(&mut self, timer: TimerId) {
        let body = &mut self.bodies[timer.slot as usize];
        if body.stamp == timer.stamp && body.due == Due::Timer {
            body.cancelled = true;
        }
    }

    pub(crate) fn key(&self, node: NodeId) -> u64 {
        self.nodes[node.index()].key
    }

    /// Counts an event: trace and hash.
    #[inline]
    pub(crate) fn record(&mut self, kind: Kind, body: &Body) {
        self.events += 1;
        self.hash.event(self.now, kind, body.node, body.peer, body.digest);
        self.trace.push(Record::new(self.events, self.now, kind, body));
    }

    /// Records the event in a slot; gives its node and peer.
    #[inline]
    pub(crate) fn record_slot(&mut self, kind: Kind, slot: u32) -> (u32, u32) {
        self.events += 1;
        let b = &self.bodies[slot as usize];
        let (node, peer) = (b.node, b.peer);
        self.hash.event(self.now, kind, node, peer, b.digest);
        self.trace.push(Record::new(self.events, self.now, kind, b));
        (node, peer)
    }

    pub(crate) fn observe(&mut self, node: NodeId, what: What) {
        self.observations.push(Observation { event: self.events, time: self.now, node, what });
    }

    pub(crate) fn invoke(&mut self, node: NodeId, operation: Operation, intended: Nanos) {
        // The node speaks of its own clock; lateness is a span, so it carries over to true time.
        let late = self.elapsed(node).saturating_sub(intended);
        self.tally.invoked += 1;
        self.observe(node, What::Invoke(operation, self.now.saturating_sub(late)));
    }

    pub(crate) fn complete(&mut self, node: NodeId, number: u64, outcome: Outcome, attempts: u32) {
        self.tally.end(self.now, matches!(outcome, Outcome::Ok(_)));
        self.observe(node, What::Complete(number, outcome, attempts));
    }

    pub(crate) fn note(&mut self, node: NodeId, text: Text, notable: bool) {
        self.observe(node, What::Note(text, notable));
    }

    pub(crate) fn tell(&mut self, node: NodeId, what: What) {
        if self.listening {
            self.observe(node, what);
        }
    }

    /// About how many bytes a copy takes.
    pub(crate) fn footprint(&self) -> usize {
        let streams = self.streams.iter().map(|to| to.len() * size_of::<(u32, Stream)>());
        let parked = self.nodes.iter().map(|node| 4 * (node.parked.len() + node.sent_to.len()));
        streams.chain(parked).sum::<usize>()
            + size_of::<Self>()
            + self.nodes.len() * size_of::<NodeState>()
            + self.bodies.len() * (size_of::<Body>() + size_of::<u128>())
            + self.entries.len() * size_of::<Entry>()
            + self.thin.len() * size_of::<((u32, u32), Nanos)>()
    }

    /// Why the run cannot go on, if it cannot: a documented limit was reached.
    #[must_use]
    pub fn limit_reached(&self) -> Option<&'static str> {
        self.overflowed.then_some("more than 16,777,214 events pending at once")
    }
}
