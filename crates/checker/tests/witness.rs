//! Planted violations are found, and told with as few operations as will do.

mod common;

use common::{Draws, Kind, Shape, history, show};
use netsplit_checker::brute;
use netsplit_checker::linear::{self, BUDGET, End, Ops, Verdict};
use netsplit_checker::model::{Action, Interner, Model};
use netsplit_checker::witness::{Witness, may_go, witness};

use Action::{Append, Cas, Differs, Read, Write};

/// Operations (process, begin, end, action), in any order; the end 0 is unknown.
fn ops(list: &[(u64, u32, u32, Action)]) -> Ops {
    let mut events: Vec<(u32, usize, bool)> = Vec::new();
    for (place, (_, begin, end, _)) in list.iter().enumerate() {
        events.push((*begin, place, false));
        if *end != 0 {
            events.push((*end, place, true));
        }
    }
    events.sort_unstable();
    let mut ops = Ops::new();
    let mut names = vec![0; list.len()];
    for (at, place, end) in events {
        let (process, _, _, action) = list[place];
        if end {
            ops.done(names[place], at, action);
        } else {
            names[place] = ops.begin(process, at, action);
        }
    }
    ops
}

fn violated(ops: &Ops, model: Model) -> Witness {
    let Verdict::Violated { op } = linear::check(ops, model, BUDGET) else {
        panic!("not found:{}", show(ops))
    };
    assert_eq!(brute::first_violation(ops, model), Some(op));
    let found = witness(ops, model, op, BUDGET).expect("a violation has a witness");
    proper(&found, ops, model);
    found
}

/// Inexplicable, minimal, and explained as far as it can be.
fn proper(found: &Witness, asked: &Ops, model: Model) {
    let kept = &found.ops;
    assert!(!brute::linearizable(kept, model), "{}", show(kept));
    for (op, source) in kept.list().iter().zip(&found.sources) {
        let asked = asked.list()[*source];
        assert_eq!((op.process, op.begin, op.action), (asked.process, asked.begin, asked.action));
    }
    for op in 0..kept.list().len() {
        if may_go(kept, op, model) {
            let fewer = kept.only(|other, it| (other != op).then_some(*it));
            assert!(brute::linearizable(&fewer, model), "without {op}:{}", show(kept));
        }
    }
    // The order keeps real time and has all that ended but the last.
    let turns: Vec<usize> = found.explained.iter().map(|turn| turn.op).collect();
    for (place, op) in turns.iter().enumerate() {
        for later in &turns[place + 1..] {
            assert_ne!(op, later);
            let end = kept.list()[*later].end.at().unwrap_or(u32::MAX);
            assert!(end > kept.list()[*op].begin, "{later} ended before {op} began:{}", show(kept));
        }
    }
    for (op, it) in kept.list().iter().enumerate() {
        assert!(
            op == found.last || it.end == End::Unknown || turns.contains(&op),
            "{op} missing:{}",
            show(kept)
        );
    }
    if let Model::Register = model {
        let mut value = 0;
        for turn in &found.explained {
            match kept.list()[turn.op].action {
                Read(seen) => assert_eq!(seen, value),
                Differs(other) => assert_ne!(other, value),
                Cas(old, new) => {
                    assert_eq!(old, value);
                    value = new;
                }
                Write(new) => value = new,
                Append(_) => unreachable!("not on registers"),
            }
            assert_eq!(turn.state, Some(value));
        }
        if let Read(seen) = kept.list()[found.last].action {
            assert!(!found.possible.contains(&seen) && !found.possible.is_empty(), "{found:?}");
        }
    }
}

#[test]
fn stale_read() {
    let found = violated(
        &ops(&[
            (0, 1, 2, Write(1)),
            (1, 3, 4, Read(1)),
            (0, 5, 6, Write(2)),
            (2, 7, 8, Read(2)),
            (1, 9, 10, Read(1)),
        ]),
        Model::Register,
    );
    assert_eq!(found.sources.last(), Some(&4));
    assert_eq!((found.last, found.possible.as_slice()), (found.sources.len() - 1, [2].as_slice()));
    assert!(found.certain);
}

#[test]
fn new_then_old() {
    let found = violated(
        &ops(&[
            (0, 1, 2, Write(1)),
            (0, 3, 20, Write(2)),
            (1, 4, 5, Read(2)),
            (2, 6, 7, Read(1)),
            (3, 8, 9, Read(1)),
        ]),
        Model::Register,
    );
    assert_eq!(found.sources, [0, 1, 2, 3]);
    assert_eq!(found.possible, [2]);
}

#[test]
fn never_written() {
    let found = violated(&ops(&[(0, 1, 2, Write(1)), (1, 3, 4, Read(7))]), Model::Register);
    assert_eq!((found.sources, found.possible), (vec![1], vec![0]));
}

#[test]
fn lost_update() {
    // Both compare-and-sets say that they found 1.
    let found = violated(
        &ops(&[(0, 1, 2, Write(1)), (0, 3, 6, Cas(1, 2)), (1, 4, 5, Cas(1, 3)), (2, 7, 8, Read(3))]),
        Model::Register,
    );
    assert_eq!(found.sources, [0, 1, 2]);
    assert_eq!(found.last, 1);
    assert_eq!(found.possible, [1, 3]);
}

#[test]
fn a_comparison_that_should_have_held() {
    let found = violated(&ops(&[(0, 1, 2, Write(1)), (1, 3, 4, Differs(1))]), Model::Register);
    assert_eq!((found.sources.len(), found.possible), (2, vec![1]));
}

/// Without the write of 2 the comparison could not have failed: that is no contradiction of the history's.
#[test]
fn what_a_failed_comparison_has_seen_stays() {
    let history = ops(&[
        (0, 1, 2, Write(1)),
        (0, 3, 4, Write(2)),
        (1, 5, 6, Differs(1)),
        (2, 7, 8, Write(3)),
        (1, 9, 10, Differs(3)),
    ]);
    // The writes before stay: a comparison that did not hold may have seen any of them.
    let found = violated(&history, Model::Register);
    assert_eq!((found.sources, found.last), (vec![0, 1, 3, 4], 3));
}

/// What may not have happened and was not seen is not needed to contradict anything.
#[test]
fn comparisons_of_unknown_outcome_go() {
    let history = ops(&[(0, 1, 0, Cas(4, 2)), (1, 2, 0, Write(4)), (2, 3, 0, Cas(0, 3)), (3, 4, 5, Read(7))]);
    assert_eq!(violated(&history, Model::Register).sources, [3]);
}

#[test]
fn an_append_is_lost() {
    let mut names = Interner::new();
    let [a, b] = ["a", "b"].map(|text| names.string(text));
    let history = ops(&[(0, 1, 2, Append(a)), (1, 3, 4, Append(b)), (0, 5, 6, Read(b))]);
    let found = violated(&history, Model::Kv(&names));
    assert_eq!(found.sources, [0, 1, 2]);
}

#[test]
fn unknown_writes_take_effect_late_once_or_never() {
    let late = ops(&[(0, 1, 0, Write(1)), (1, 2, 3, Write(2)), (1, 4, 5, Read(2)), (1, 6, 7, Read(1))]);
    assert_eq!(linear::check(&late, Model::Register, BUDGET), Verdict::Linearizable);
    let twice = ops(&[
        (0, 1, 0, Write(1)),
        (1, 2, 3, Read(1)),
        (1, 4, 5, Write(2)),
        (1, 6, 7, Read(2)),
        (1, 8, 9, Read(1)),
    ]);
    assert_eq!(violated(&twice, Model::Register).possible, [2]);
}

#[test]
fn many_unknown_writes_cost_little() {
    // Of one value, of values of their own, and of values that somebody read.
    for spread in [1, 1_000, 7] {
        let mut history = Ops::new();
        for n in 0..300 {
            history.begin(n, n as u32 * 10, Write(1 + n as u32 % spread));
            let op = history.begin(1_000, n as u32 * 10 + 1, Write(2_000));
            history.done(op, n as u32 * 10 + 2, Write(2_000));
            let seen = if n % 3 == 0 { 2_000 } else { 1 + (n as u32 / 2) % spread };
            let op = history.begin(1_000, n as u32 * 10 + 3, Read(0));
            history.done(op, n as u32 * 10 + 4, Read(seen));
        }
        let verdict = linear::check(&history, Model::Register, 100_000);
        assert_ne!(verdict, Verdict::Undecided, "{spread}");
    }
}

#[test]
fn a_budget_that_does_not_do_says_so() {
    let mut history = Ops::new();
    // Thirty writes at once, each read later in an order that no order explains, twice over.
    let writes: Vec<usize> = (0..30).map(|n| history.begin(n, n as u32, Write(1 + n as u32 % 15))).collect();
    for (n, op) in writes.iter().enumerate() {
        history.done(*op, 30 + n as u32, Write(1 + n as u32 % 15));
    }
    let op = history.begin(0, 100, Read(0));
    history.done(op, 101, Read(40));
    assert_eq!(linear::check(&history, Model::Register, 1), Verdict::Undecided);
    assert!(matches!(linear::check(&history, Model::Register, BUDGET), Verdict::Violated { op: 30 }));
}

#[test]
fn witnesses_of_random_histories_are_proper() {
    let mut draws = Draws(21);
    let (mut found, mut large) = (0, 0);
    for number in 0..8_000 {
        let kind = [Kind::Register, Kind::Distinct, Kind::Cas, Kind::Kv][number % 4];
        let shape = Shape {
            kind,
            ops: 6 + draws.below(if number % 10 == 0 { 30 } else { 6 }),
            clients: 2 + draws.below(3),
            values: 2 + draws.below(3),
            unknown: [0, 8, 16][draws.below(3) as usize],
            lies: 10,
        };
        let mut names = Interner::new();
        let ops = history(&mut draws, shape, &mut names);
        let model = if kind == Kind::Kv { Model::Kv(&names) } else { Model::Register };
        if let Verdict::Violated { op } = linear::check(&ops, model, BUDGET) {
            let witness = witness(&ops, model, op, BUDGET)
                .unwrap_or_else(|| panic!("{number} {kind:?} {op}: none for{}", show(&ops)));
            if witness.ops.list().len() <= 9 {
                proper(&witness, &ops, model);
                found += 1;
            } else {
                large += 1;
            }
        }
    }
    println!("{found} witnesses, {large} more too large to try");
    assert!(found > 2_000 && large * 20 < found, "{found} witnesses, {large} too large");
}
