//! Copies of the world at earlier moments, for going back. When there are too many, every second one goes and
//! the distance between them doubles.

use std::rc::Rc;

use netsplit_sim::Simulation;

use crate::recorder::Mark;

const MOST: usize = 64;
/// Events between the first copies; with many nodes, whose copies take milliseconds, as many as are made again in a few
/// pictures.
const FIRST_SPACING: [(usize, u64); 3] = [(16, 2_048), (100, 16_384), (usize::MAX, 131_072)];
/// A rough size of all copies together.
const BUDGET: usize = 48 << 20;

#[derive(Clone)]
pub(crate) struct Snapshot {
    pub events: u64,
    pub now: u64,
    /// Entries of the time line that the engine had been given.
    pub pushed: usize,
    /// What had been recorded.
    pub mark: Rc<Mark>,
    /// A branch shares the copies of its parent.
    world: Rc<dyn Simulation>,
}

#[derive(Clone)]
pub(crate) struct Snapshots {
    list: Vec<Snapshot>,
    spacing: u64,
    most: usize,
}

impl Snapshots {
    /// Begins with the world at time 0.
    pub(crate) fn new(world: &dyn Simulation, mark: Mark) -> Self {
        // The engine itself, and for a node its state, disk and share of messages in flight.
        let nodes = world.core().nodes.len();
        let size = 700_000 + nodes * 8_192;
        let spacing =
            FIRST_SPACING.iter().find(|(most, _)| nodes <= *most).map_or(2_048, |(_, spacing)| *spacing);
        let first = Snapshot { events: 0, now: 0, pushed: 0, mark: mark.into(), world: world.fork().into() };
        Self { list: vec![first], spacing, most: (BUDGET / size).clamp(8, MOST) }
    }

    /// Number of the event at which the next copy is due.
    pub(crate) fn next(&self) -> u64 {
        self.list.last().map_or(0, |last| last.events) + self.spacing
    }

    /// Keeps a copy.
    pub(crate) fn keep(&mut self, world: &dyn Simulation, pushed: usize, mark: Mark) {
        let (events, now) = (world.events(), world.now());
        self.list.push(Snapshot { events, now, pushed, mark: mark.into(), world: world.fork().into() });
        if self.list.len() > self.most {
            let mut at = 0;
            self.list.retain(|_| {
                at += 1;
                at % 2 == 1
            });
            self.spacing *= 2;
        }
    }

    /// The latest copy that satisfies a condition which earlier ones satisfy as well; the first one otherwise.
    pub(crate) fn latest(&self, condition: impl Fn(&Snapshot) -> bool) -> &Snapshot {
        let at = self.list.partition_point(condition);
        &self.list[at.saturating_sub(1)]
    }

    /// Forgets what lies beyond one that it has.
    pub(crate) fn truncate(&mut self, last: &Snapshot) {
        let keep = self.list.partition_point(|s| s.events <= last.events && s.now <= last.now);
        self.list.truncate(keep.max(1));
    }
}

impl Snapshot {
    /// The world of that moment, to go on from.
    pub(crate) fn restore(&self) -> Box<dyn Simulation> {
        self.world.fork()
    }
}
