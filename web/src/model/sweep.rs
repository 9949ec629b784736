//! A sweep over seeds that several hands share: which seeds are left, what the others came to, and how one result
//! travels from a worker. Plain Rust.

use std::collections::BTreeMap;

use netsplit_lab::scenario::Scenario;
use netsplit_lab::scenario::document::View;
use netsplit_lab::sweep::{SeedResult, with_seed};

/// Seeds that a hand takes at once: few, so that all are done at about the same time.
const PART: u64 = 4;
/// How many seeds can be asked for.
pub const COUNTS: [u64; 5] = [50, 100, 200, 500, 1000];

/// What a hand does to the sheet.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// Begins, from the first seed.
    Start,
    /// Stops; what is done stays.
    Cancel,
    /// So many seeds.
    Count(u64),
    /// Shows this number.
    Metric(String),
    /// As a table, or as bars.
    Table,
    /// Opens the run with this seed.
    Open(u64),
    /// Opens a scenario of the gallery and sweeps it.
    Gallery(String),
}

/// How far it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Not begun.
    #[default]
    Idle,
    /// Under way.
    Running,
    /// Stopped before its end.
    Cancelled,
    /// All seeds are done.
    Done,
}

/// The seeds of a scenario, those that are done and those that are not.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// What runs, but for its seed.
    pub scenario: Scenario,
    /// How far it is.
    pub state: State,
    /// What is done, in the order of the seeds.
    pub results: Vec<SeedResult>,
    /// How many seeds there are: from 1 on.
    count: u64,
    next: u64,
    /// Parts whose hand has failed.
    back: Vec<(u64, u64)>,
}

/// A scenario without what differs from run to run.
fn bare(scenario: &Scenario) -> Scenario {
    Scenario { view: View::default(), ..with_seed(scenario, 0) }
}

impl Sweep {
    /// Of this scenario, not yet begun.
    pub fn new(scenario: &Scenario) -> Self {
        let state = State::Idle;
        Self { scenario: bare(scenario), state, results: Vec::new(), count: 0, next: 1, back: Vec::new() }
    }

    /// Whether it is one of this scenario.
    pub fn is_of(&self, scenario: &Scenario) -> bool {
        self.scenario == bare(scenario)
    }

    /// Begins with so many seeds.
    pub fn start(&mut self, count: u64) {
        *self = Self { count, state: State::Running, ..Self::new(&self.scenario) };
    }

    /// Stops where it is.
    pub fn cancel(&mut self) {
        if self.state == State::Running {
            self.state = State::Cancelled;
        }
    }

    /// Seeds for a hand that has nothing to do: from the first to the last, which is not among them.
    pub fn take(&mut self) -> Option<(u64, u64)> {
        if self.state != State::Running {
            return None;
        }
        if let Some(part) = self.back.pop() {
            return Some(part);
        }
        let (from, end) = (self.next, self.count + 1);
        self.next = (from + PART).min(end);
        (from < end).then_some((from, self.next))
    }

    /// A hand has failed at these seeds: those that it did not finish are for others.
    pub fn give_back(&mut self, (from, to): (u64, u64)) {
        let missing = (from..to).filter(|seed| self.place(*seed).is_err());
        let singly: Vec<(u64, u64)> = missing.map(|seed| (seed, seed + 1)).collect();
        self.back.extend(singly);
    }

    fn place(&self, seed: u64) -> Result<usize, usize> {
        let at = self.results.partition_point(|known| known.seed < seed);
        if self.results.get(at).is_some_and(|known| known.seed == seed) { Ok(at) } else { Err(at) }
    }

    /// One seed is done. Where it stands depends on the seed alone, not on who was first.
    pub fn put(&mut self, result: SeedResult) {
        if self.state != State::Running {
            return;
        }
        if let Err(at) = self.place(result.seed) {
            self.results.insert(at, result);
        }
        if self.results.len() as u64 >= self.count {
            self.state = State::Done;
        }
    }

    /// How many seeds are done, and how many there are.
    pub fn progress(&self) -> (u64, u64) {
        (self.results.len() as u64, self.count)
    }
}

/// A result as a line. Numbers travel bit by bit.
pub fn line(result: &SeedResult) -> String {
    let values: Vec<String> =
        result.values.iter().map(|(name, value)| format!("{name}={}", value.to_bits())).collect();
    let verdicts: Vec<String> =
        result.verdicts.iter().map(|(promise, grade)| format!("{promise}={grade}")).collect();
    format!(
        "{}\t{}\t{}\t{}\t{}\t{}",
        result.seed,
        result.trace_hash,
        result.events,
        values.join(","),
        verdicts.join(","),
        result.against.join(",")
    )
}

/// What such a line says; nothing where it is none.
pub fn result(line: &str) -> Option<SeedResult> {
    let mut parts = line.split('\t');
    let seed = parts.next()?.parse().ok()?;
    let trace_hash = parts.next()?.to_owned();
    let events = parts.next()?.parse().ok()?;
    let list = |text: &str| -> Vec<String> {
        text.split(',').filter(|item| !item.is_empty()).map(str::to_owned).collect()
    };
    let mut values = BTreeMap::new();
    for item in list(parts.next()?) {
        let (name, bits) = item.split_once('=')?;
        values.insert(name.to_owned(), f64::from_bits(bits.parse().ok()?));
    }
    let mut verdicts = BTreeMap::new();
    for item in list(parts.next()?) {
        let (promise, grade) = item.split_once('=')?;
        verdicts.insert(promise.to_owned(), grade.to_owned());
    }
    Some(SeedResult { seed, trace_hash, events, values, verdicts, against: list(parts.next()?) })
}

/// The names of measured numbers, in words.
const NAMES: [(&str, &str); 5] = [
    ("operations.ok", "Operations answered"),
    ("operations.failed", "Operations failed"),
    ("operations.timed_out", "Operations timed out"),
    ("goodput_per_s", "Answered per second"),
    ("throughput_per_s", "Completed per second"),
];

/// What a number is called; `own` are the algorithm's.
pub fn name(metric: &str, own: &[(String, String)]) -> String {
    if let Some((_, name)) = NAMES.iter().find(|(id, _)| *id == metric) {
        return (*name).to_owned();
    }
    if let Some((_, name)) = own.iter().find(|(id, _)| id == metric) {
        return name.clone();
    }
    match metric.split_once('.') {
        Some(("latency_ms", which)) => format!("Latency, {which} (ms)"),
        Some(("latency_from_intended_ms", which)) => format!("Latency from when it was due, {which} (ms)"),
        _ => super::format::sentence_case(metric),
    }
}

/// The number that is shown first: one that the scenario's notes speak of, else the latency of the slowest.
pub fn first(metrics: &[String], notes: &str) -> String {
    let named = metrics.iter().find(|metric| notes.contains(metric.as_str()));
    let slow = || metrics.iter().find(|metric| *metric == "latency_ms.p99");
    named.or_else(slow).or(metrics.first()).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsplit_lab::default_scenario;
    use netsplit_lab::sweep::{Running, one};

    fn scenario() -> Scenario {
        let mut scenario = default_scenario("leader_election", "raft");
        scenario.duration = netsplit_lab::scenario::Duration::from_secs(2);
        scenario
    }

    #[test]
    fn a_result_travels_bit_by_bit() {
        let result_ = one(&scenario(), 7).expect("valid");
        assert!(!result_.values.is_empty() && !result_.verdicts.is_empty());
        assert_eq!(result(&line(&result_)), Some(result_.clone()));
        for broken in ["", "7", "7\tx\t1\ta=b\t\t", "done", "7\tx\t1\ta\t\t"] {
            assert_eq!(result(broken), None, "{broken}");
        }
    }

    /// Hands take parts in any order, some fail half way: what comes out is the same.
    #[test]
    fn who_did_what_makes_no_difference() {
        let scenario = scenario();
        let count = 23;
        let mut straight = Running::new(&scenario, 1, count + 1).expect("valid");
        while !straight.advance(u64::MAX) {}
        let known = straight.results().to_vec();
        let of = |seed: u64| known[seed as usize - 1].clone();
        for hands in 1..5usize {
            let mut sweep = Sweep::new(&scenario);
            assert_eq!(sweep.take(), None);
            sweep.start(count);
            let mut busy: Vec<Option<(u64, u64)>> = vec![None; hands];
            let mut turn = hands;
            while sweep.state == State::Running {
                turn = (turn * 7 + 3) % 101;
                let hand = turn % hands;
                match busy[hand].take() {
                    None => busy[hand] = sweep.take(),
                    Some((from, to)) if turn % 5 == 0 => {
                        sweep.put(of(from));
                        sweep.give_back((from, to));
                    }
                    Some((from, to)) => (from..to).rev().for_each(|seed| sweep.put(of(seed))),
                }
            }
            assert_eq!((sweep.state, &sweep.results), (State::Done, &known));
        }
    }

    #[test]
    fn it_is_of_the_scenario_whatever_the_seed_and_the_cursor() {
        let own = scenario();
        let sweep = Sweep::new(&own);
        let mut other = with_seed(&own, 99);
        other.view.speed = Some(3.0);
        assert!(sweep.is_of(&other));
        other.system.nodes = Some(7);
        assert!(!sweep.is_of(&other));
        let metrics = ["latency_ms.p99", "without_leader"].map(str::to_owned);
        assert_eq!(first(&metrics, "see without_leader"), "without_leader");
        assert_eq!(first(&metrics, ""), "latency_ms.p99");
    }
}
