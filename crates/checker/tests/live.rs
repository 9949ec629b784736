//! The incremental checker says of every prefix what a check of that prefix says, however it is fed.

mod common;

use common::Draws;
use common::many::{Shape, history};
use netsplit_checker::brute;
use netsplit_checker::linear::{End, Op, Ops, registers};
use netsplit_checker::live::Live;
use netsplit_checker::model::Model;
use netsplit_checker::{Event, History, Outcome, Record};

/// All violations, each set aside before the next is looked for, by trying all orders.
fn expected(records: &[Record]) -> Vec<usize> {
    let mut found = Vec::new();
    for (_, mut ops) in registers(records) {
        while let Some(op) = brute::first_violation(&ops, Model::Register) {
            let at = ops.list()[op].end.at().expect("what is violated has ended");
            found.push(at as usize);
            ops = aside(&ops, at);
        }
    }
    found.sort_unstable();
    found
}

fn aside(ops: &Ops, at: u32) -> Ops {
    ops.only(|_, op| Some(if op.end.at() == Some(at) { Op { end: End::Unknown, ..*op } } else { *op }))
}

fn shape(draws: &mut Draws) -> Shape {
    Shape {
        ops: 4 + draws.below(8),
        clients: 2 + draws.below(3),
        keys: 1 + draws.below(2),
        values: [0, 0, 2, 3][draws.below(4) as usize],
        cas: draws.one_in(3),
        unknown: [0, 4, 8][draws.below(3) as usize],
        lies: [0, 3, 6][draws.below(3) as usize],
    }
}

fn records_of(live: &Live) -> Vec<usize> {
    live.violations().iter().map(|violation| violation.record).collect()
}

#[test]
fn every_prefix_is_judged_as_by_itself() {
    let mut draws = Draws(11);
    let (mut broken, mut twice) = (0, 0);
    for number in 0..6_000 {
        let shape = shape(&mut draws);
        let history = history(&mut draws, shape);
        let mut live = Live::new();
        // In slices of any size, while the history is still being made.
        let mut partly = History::new();
        for record in history.records() {
            match &record.what {
                Event::Invoke(call) => {
                    partly.invoke(record.process, call.clone(), record.time, record.event);
                }
                Event::Complete { invoke, outcome } => {
                    partly.complete(*invoke, *outcome, record.time, record.event);
                }
            }
            live.feed(&partly, u64::from(draws.below(6)));
        }
        while !live.feed(&history, 1 + u64::from(draws.below(9))) {}
        let mut at_once = Live::new();
        assert!(at_once.feed(&history, u64::MAX));
        assert_eq!(records_of(&live), records_of(&at_once), "{number} {shape:?} {:#?}", history.records());
        assert_eq!(live.fed(), history.records().len());
        let all = expected(history.records());
        assert_eq!(records_of(&live), all, "{number} {shape:?} {:#?}", history.records());
        broken += usize::from(!all.is_empty());
        twice += usize::from(all.len() > 1);
        if number % 4 == 0 {
            let last = history.records().last().map_or(0, |record| record.event);
            for event in 0..=last {
                let prefix = history.prefix(event);
                let seen = live.as_of(event);
                let expected = expected(prefix);
                assert_eq!(
                    seen.first.map(|first| first.record),
                    expected.first().copied(),
                    "{number} {event}"
                );
                assert_eq!(seen.violations, expected.len());
                let ended = |how: fn(&Outcome) -> bool| {
                    let ends = |record: &&Record| matches!(&record.what, Event::Complete { outcome, .. } if how(outcome));
                    prefix.iter().filter(ends).count()
                };
                assert_eq!(seen.operations, ended(|outcome| matches!(outcome, Outcome::Ok(_))));
                assert_eq!(seen.unknown, ended(|outcome| matches!(outcome, Outcome::Unknown(_))));
                assert_eq!(seen.undecided, 0);
            }
        }
    }
    println!("{broken} of 6000 broken, {twice} more than once");
    assert!(broken > 1_200 && broken < 4_800 && twice > 300, "{broken} broken, {twice} more than once");
}

#[test]
fn what_is_cut_off_is_forgotten() {
    let mut draws = Draws(12);
    for _ in 0..300 {
        let shape = Shape { ops: 30, lies: 5, ..shape(&mut draws) };
        let mut history = history(&mut draws, shape);
        let mut live = Live::new();
        assert!(live.feed(&history, u64::MAX));
        let keep = draws.below(history.records().len() as u32) as usize;
        history.truncate(keep);
        live.truncate(keep);
        assert!(live.feed(&history, u64::MAX));
        let mut fresh = Live::new();
        assert!(fresh.feed(&history, u64::MAX));
        assert_eq!(live.violations(), fresh.violations());
        assert_eq!(live.as_of(u64::MAX), fresh.as_of(u64::MAX));
    }
}

#[test]
fn long_histories_without_lies_are_never_called_broken() {
    let mut draws = Draws(13);
    for number in 0..60 {
        let values = [0, 4][number % 2];
        let shape =
            Shape { ops: 3_000, clients: 6, keys: 5, values, cas: number % 3 == 0, unknown: 0, lies: 0 };
        let history = history(&mut draws, shape);
        let mut live = Live::new();
        while !live.feed(&history, 10_000) {}
        assert_eq!(live.as_of(u64::MAX).violations, 0, "{shape:?}");
        assert_eq!(live.as_of(u64::MAX).undecided, 0, "{shape:?}");
    }
}
