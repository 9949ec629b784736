//! The fast checker says what trying all orders says: verdict and shortest prefix, on many small histories.

mod common;

use common::{Draws, Kind, Shape, history, show};
use netsplit_checker::brute;
use netsplit_checker::linear::{self, Verdict};
use netsplit_checker::model::{Interner, Model};

fn agree(kind: Kind, seed: u64) {
    const HISTORIES: u32 = 100_000;
    let mut draws = Draws(seed);
    let mut broken = 0;
    for number in 0..HISTORIES {
        let shape = Shape {
            kind,
            ops: 2 + draws.below(6),
            clients: 2 + draws.below(3),
            values: 1 + draws.below(3),
            unknown: [0, 4, 8, 16][draws.below(4) as usize],
            lies: 2 + draws.below(3),
        };
        let mut names = Interner::new();
        let ops = history(&mut draws, shape, &mut names);
        let model = if kind == Kind::Kv { Model::Kv(&names) } else { Model::Register };
        let expected = brute::first_violation(&ops, model);
        let verdict = linear::check(&ops, model, linear::BUDGET);
        match (expected, verdict) {
            (None, Verdict::Linearizable) => {}
            (Some(first), Verdict::Violated { op }) => {
                assert_eq!(op, first, "{kind:?} {number}: {}", show(&ops));
                broken += 1;
            }
            _ => panic!("{kind:?} {number}: {expected:?}, but {verdict:?}: {}", show(&ops)),
        }
    }
    let share = broken * 100 / HISTORIES;
    println!("{kind:?}: {share} % of {HISTORIES} broken");
    assert!((20..=80).contains(&share), "{kind:?}: {share} % of the histories are broken");
}

#[test]
fn registers() {
    agree(Kind::Register, 1);
}

#[test]
fn registers_with_values_of_their_own() {
    agree(Kind::Distinct, 2);
}

#[test]
fn registers_with_comparisons() {
    agree(Kind::Cas, 3);
}

#[test]
fn strings() {
    agree(Kind::Kv, 4);
}

#[test]
fn linearizable_by_construction() {
    let mut draws = Draws(5);
    for number in 0..4_000 {
        let kind = [Kind::Register, Kind::Distinct, Kind::Cas, Kind::Kv][number % 4];
        let shape = Shape {
            kind,
            ops: 20 + draws.below(100),
            clients: 2 + draws.below(5),
            values: 1 + draws.below(8),
            unknown: [0, 10, 30][draws.below(3) as usize],
            lies: 0,
        };
        let mut names = Interner::new();
        let ops = history(&mut draws, shape, &mut names);
        let model = if kind == Kind::Kv { Model::Kv(&names) } else { Model::Register };
        assert_eq!(linear::check(&ops, model, linear::BUDGET), Verdict::Linearizable, "{number} {shape:?}");
    }
}
