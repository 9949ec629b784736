//! Copies of the world at earlier moments, for going back. They lie about as far apart as a few milliseconds of the
//! engine's work, and farther where they would take more than their share of the memory: then the one goes whose
//! neighbours lie closest.

use std::ops::Range;
use std::rc::Rc;

use netsplit_sim::Simulation;

use crate::recorder::Mark;

/// All that a page keeps of the past, of all branches together, in bytes.
pub const BUDGET: usize = 64 << 20;
/// Copies may always take so much of it.
const FLOOR: usize = BUDGET / 8;
/// Most copies.
const MOST: usize = 64;
/// So many are kept however large they are: the first and a few more.
const LEAST: usize = 3;
/// Memory is made ready for copies of such a size (bytes): others take no time, or more memory than there is to spare.
const LARGE: Range<usize> = 1 << 19..1 << 23;
/// Events between the first copies, by the number of nodes. A crowd's copy takes milliseconds, which fall into one
/// picture in thirty when it plays at 100,000 events a second; so many events are made again in two or three pictures.
const FIRST_SPACING: [(usize, u64); 3] = [(16, 2_048), (100, 8_192), (usize::MAX, 49_152)];

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
    /// About how many bytes it takes.
    bytes: usize,
}

#[derive(Clone)]
pub(crate) struct Snapshots {
    list: Vec<Snapshot>,
    /// Bytes of all.
    bytes: usize,
    /// Least distance between two copies (events).
    spacing: u64,
    /// What they may take (bytes).
    share: usize,
    /// What the next copy is to lie in.
    bed: Bed,
}

/// Memory that is kept for a purpose, and is not copied.
#[derive(Default)]
struct Bed(Vec<u8>);

impl Clone for Bed {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Snapshots {
    /// Begins with the world at time 0.
    pub(crate) fn new(world: &dyn Simulation, mark: Mark) -> Self {
        let nodes = world.core().nodes.len();
        let spacing =
            FIRST_SPACING.iter().find(|(most, _)| nodes <= *most).map_or(2_048, |(_, spacing)| *spacing);
        let mut snapshots = Self { list: Vec::new(), bytes: 0, spacing, share: BUDGET, bed: Bed::default() };
        snapshots.keep(world, 0, mark);
        snapshots
    }

    /// Gives them so many bytes from now on.
    pub(crate) fn share(&mut self, bytes: usize) {
        self.share = bytes.max(FLOOR);
        self.fit();
    }

    fn fit(&mut self) {
        while self.list.len() > LEAST && (self.list.len() > MOST || self.bytes > self.share) {
            self.thin();
        }
    }

    /// About how many bytes all of them take.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Number of the event at which the next copy is due.
    pub(crate) fn next(&self) -> u64 {
        let Some(last) = self.list.last() else { return 0 };
        // As many as there is room for lie evenly over the run so far.
        let room = (self.share / last.bytes.max(1)).clamp(LEAST, MOST) as u64;
        last.events + self.spacing.max(last.events / room)
    }

    /// Keeps a copy.
    pub(crate) fn keep(&mut self, world: &dyn Simulation, pushed: usize, mark: Mark) {
        let (events, now) = (world.events(), world.now());
        let bytes = world.footprint() + mark.bytes();
        self.bed = Bed::default();
        let world = world.fork().into();
        self.bytes += bytes;
        self.list.push(Snapshot { events, now, pushed, mark: mark.into(), world, bytes });
        self.fit();
    }

    /// Makes memory ready for the next copy, the more of it the nearer that is: memory that is touched for the first time
    /// takes twice as long as what is copied into it, and would take it from one picture.
    pub(crate) fn prepare(&mut self, events: u64) {
        let Some(last) = self.list.last().filter(|last| LARGE.contains(&last.bytes)) else { return };
        let whole = last.bytes + last.bytes / 4;
        let (come, all) =
            (events.saturating_sub(last.events), self.next().saturating_sub(last.events).max(1));
        let ready = (whole as u64 * come.min(all) / all) as usize;
        let Bed(bed) = &mut self.bed;
        if bed.capacity() == 0 {
            bed.reserve_exact(whole);
        }
        if (bed.len()..bed.capacity()).contains(&ready) {
            bed.resize(ready, 0);
        }
    }

    /// Forgets the copy whose neighbours lie closest; never the first or the last one.
    fn thin(&mut self) {
        let gap = |at: &usize| self.list[at + 1].events - self.list[at - 1].events;
        if let Some(at) = (1..self.list.len() - 1).min_by_key(gap) {
            self.bytes -= self.list.remove(at).bytes;
        }
    }

    /// The latest copy that satisfies a condition which earlier ones satisfy as well; the first one otherwise.
    pub(crate) fn latest(&self, condition: impl Fn(&Snapshot) -> bool) -> &Snapshot {
        let at = self.list.partition_point(condition);
        &self.list[at.saturating_sub(1)]
    }

    /// Forgets what lies beyond one that it has.
    pub(crate) fn truncate(&mut self, last: &Snapshot) {
        let keep = self.list.partition_point(|s| s.events <= last.events && s.now <= last.now).max(1);
        self.bytes -= self.list[keep..].iter().map(|s| s.bytes).sum::<usize>();
        self.list.truncate(keep);
    }

    /// The bytes of the copies that `others` do not have as well.
    pub(crate) fn own_bytes<'a>(&self, others: impl Iterator<Item = &'a Self> + Clone) -> usize {
        // A copy that is shared is the same one.
        let shared = |own: &&Snapshot| {
            others.clone().any(|other| {
                let at = other.list.partition_point(|s| s.events < own.events);
                other.list[at..].iter().take_while(|s| s.events == own.events).any(|s| s.same(own))
            })
        };
        self.list.iter().filter(|own| !shared(own)).map(|s| s.bytes).sum()
    }
}

impl Snapshot {
    /// The world of that moment, to go on from.
    pub(crate) fn restore(&self) -> Box<dyn Simulation> {
        self.world.fork()
    }

    fn same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.mark, &other.mark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Experiment;

    #[test]
    fn copies_lie_evenly_within_their_share() {
        let mut scenario = crate::default_scenario("load_balancing", "two_choices");
        scenario.duration = netsplit_scenario::Duration::from_secs(3600);
        scenario.workload.mode = netsplit_scenario::Mode::Open;
        scenario.workload.rate = 400.0;
        let mut x = Experiment::open(&scenario).expect("valid");
        x.run_to_event(1_000_000);
        let list = &x.snapshots().list;
        assert!(list.len() > MOST / 2 && list.len() <= MOST, "{}", list.len());
        let widest = list.windows(2).map(|pair| pair[1].events - pair[0].events).max().unwrap_or(0);
        // Twice the mean distance is what thinning makes of it; the ends are as they come.
        assert!(widest <= 4 * 1_000_000 / list.len() as u64, "{widest}");
        assert_eq!(x.snapshots().bytes, list.iter().map(|s| s.bytes).sum::<usize>());
    }

    #[test]
    fn what_a_copy_takes_is_known() {
        let each = netsplit_protocols::registry::PATTERNS.iter().flat_map(|pattern| {
            pattern.algorithms.iter().map(|algorithm| crate::default_scenario(pattern.id, algorithm.id))
        });
        // A crowd: backends by the hundred, and thousands of requests on the way.
        let crowds = ["two_choices", "maglev", "least_connections"].map(|algorithm| {
            let mut scenario = crate::default_scenario("load_balancing", algorithm);
            (scenario.system.nodes, scenario.workload.mode) = (Some(1_000), netsplit_scenario::Mode::Open);
            scenario.workload.rate = 40_000.0;
            scenario
        });
        let mut wrong = Vec::new();
        for scenario in each.chain(crowds) {
            let mut x = Experiment::open(&scenario).expect("valid");
            x.run_to_event(150_000);
            let said = x.world.footprint() + x.recorder.mark().bytes();
            let info = allocation_counter::measure(|| {
                let copy = (x.world.fork(), x.recorder.mark());
                std::hint::black_box(&copy);
            });
            let taken = info.bytes_max as usize;
            // Much less than it says would be room that others could have had; much more breaks the budget.
            if taken > said + said / 2 + 49_152 || said > 2 * taken + 49_152 {
                wrong.push(format!("{}: {taken} bytes, said {said}", scenario.system.algorithm));
            }
        }
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    #[test]
    fn large_copies_are_few() {
        let scenario = crate::default_scenario("load_balancing", "random");
        let x = Experiment::open(&scenario).expect("valid");
        let mut snapshots = Snapshots::new(x.world.as_ref(), x.recorder.mark());
        let large = 5 << 20;
        for events in 1..200 {
            let first = snapshots.list[0].clone();
            snapshots.bytes += large;
            snapshots.list.push(Snapshot { events: events * 10_000, bytes: large, ..first });
            snapshots.fit();
        }
        assert!(snapshots.bytes <= BUDGET && snapshots.list.len() >= LEAST, "{}", snapshots.bytes);
        assert_eq!((snapshots.list[0].events, snapshots.list.last().map(|s| s.events)), (0, Some(1_990_000)));
    }
}
