//! The limit: a loop over the library's heap, with no nodes, links, faults, trace or hash.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use netsplit_sim::distribution::Distribution;
use netsplit_sim::draw;
use netsplit_sim::time::Nanos;

use crate::workload::{BETWEEN, LATENCY, LEAST, MOST, NODES, Run, SERVICE, WIRE, Workload};

/// Starts a workload.
#[must_use]
pub fn start(workload: Workload) -> Box<dyn Run> {
    let mut queue = Queue::default();
    match workload {
        Workload::PingPong => {
            queue.push(0, Event { from: 1, to: 0, content: 0 });
            Box::new(PingPong { queue, received: [0; 2] })
        }
        Workload::Random => {
            (0..NODES).for_each(|to| queue.push(0, Event { from: to, to, content: 0 }));
            Box::new(Random { queue, draws: Draws::default(), received: vec![0; NODES as usize] })
        }
        Workload::Queue => {
            queue.push(0, event(TIMER, 0));
            Box::new(Server { queue, draws: Draws::default(), busy: false, waiting: VecDeque::new() })
        }
    }
}

const SLOT_BITS: u32 = 24;
const NONE: u32 = u32::MAX;

/// An event: what a handler gets.
#[derive(Clone, Copy)]
struct Event {
    from: u32,
    to: u32,
    /// Number of the ball, or service time of the customer (ns).
    content: u64,
}

/// Keys of 16 bytes in the heap (time, then sequence and slot), events in a slab with a free list.
struct Queue {
    heap: BinaryHeap<Reverse<(Nanos, u64)>>,
    slab: Vec<(Event, u32)>,
    free: u32,
    sequence: u64,
}

impl Default for Queue {
    fn default() -> Self {
        Self { heap: BinaryHeap::new(), slab: Vec::new(), free: NONE, sequence: 0 }
    }
}

/// Called, not inlined: with one event pending, a compiler that sees both sides folds the heap away.
impl Queue {
    #[inline(never)]
    fn push(&mut self, at: Nanos, event: Event) {
        let slot = self.free;
        let slot = if slot == NONE {
            self.slab.push((event, NONE));
            self.slab.len() as u32 - 1
        } else {
            self.free = self.slab[slot as usize].1;
            self.slab[slot as usize].0 = event;
            slot
        };
        self.sequence += 1;
        self.heap.push(Reverse((at, (self.sequence << SLOT_BITS) | u64::from(slot))));
    }

    #[inline(never)]
    fn pop(&mut self) -> Option<(Nanos, Event)> {
        let Reverse((at, low)) = self.heap.pop()?;
        let slot = low as u32 & ((1 << SLOT_BITS) - 1);
        let entry = &mut self.slab[slot as usize];
        entry.1 = self.free;
        self.free = slot;
        Some((at, entry.0))
    }
}

#[derive(Default)]
struct Draws(u64);

impl Draws {
    fn word(&mut self) -> u64 {
        self.0 += 1;
        draw::word(7, self.0)
    }
}

struct PingPong {
    queue: Queue,
    received: [u64; 2],
}

impl Run for PingPong {
    fn advance(&mut self, events: u64) {
        for _ in 0..events {
            let Some((now, Event { from, to, content })) = self.queue.pop() else { return };
            self.received[to as usize] += 1;
            self.queue.push(now + LATENCY, Event { from: to, to: from, content: content + 1 });
        }
    }
}

struct Random {
    queue: Queue,
    draws: Draws,
    received: Vec<u64>,
}

impl Run for Random {
    fn advance(&mut self, events: u64) {
        let delay = Distribution::Uniform { min: LEAST, max: MOST };
        for _ in 0..events {
            let Some((now, Event { to: from, content, .. })) = self.queue.pop() else { return };
            self.received[from as usize] += 1;
            let to = draw::below(self.draws.word(), NODES);
            self.queue.push(now + delay.sample(self.draws.word()), Event { from, to, content });
        }
    }
}

const TIMER: u32 = 0;
const ARRIVAL: u32 = 1;
const COMPLETION: u32 = 2;

fn event(what: u32, content: u64) -> Event {
    Event { from: 0, to: what, content }
}

struct Server {
    queue: Queue,
    draws: Draws,
    busy: bool,
    /// Service times of those who wait (ns).
    waiting: VecDeque<Nanos>,
}

impl Run for Server {
    fn advance(&mut self, events: u64) {
        let (between, service) =
            (Distribution::Exponential { mean: BETWEEN }, Distribution::Exponential { mean: SERVICE });
        for _ in 0..events {
            let Some((now, Event { to: what, content, .. })) = self.queue.pop() else { return };
            match what {
                TIMER => {
                    let takes = service.sample(self.draws.word());
                    self.queue.push(now + WIRE, event(ARRIVAL, takes));
                    self.queue.push(now + between.sample(self.draws.word()), event(TIMER, 0));
                }
                ARRIVAL if self.busy => self.waiting.push_back(content),
                ARRIVAL => {
                    self.busy = true;
                    self.queue.push(now + content, event(COMPLETION, content));
                }
                _ => match self.waiting.pop_front() {
                    Some(takes) => self.queue.push(now + takes, event(COMPLETION, takes)),
                    None => self.busy = false,
                },
            }
        }
    }

    fn in_system(&self) -> usize {
        self.waiting.len() + usize::from(self.busy)
    }
}
