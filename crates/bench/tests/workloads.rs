//! The workloads are what they say.

use netsplit_bench::{Run, Workload, bare, netsplit};

/// Mean number of customers at load 0.9 is 9; seen just after an arrival it is 10, and a third of the events
/// are arrivals.
#[test]
fn the_queue_is_as_long_as_theory_says() {
    for start in [netsplit::start as fn(Workload) -> Box<dyn Run>, bare::start] {
        let mut run = start(Workload::Queue);
        let samples = 60_000;
        let sum: usize = (0..samples)
            .map(|_| {
                run.advance(100);
                run.in_system()
            })
            .sum();
        let mean = sum as f64 / f64::from(samples);
        assert!((8.4..10.3).contains(&mean), "{mean}");
    }
}
