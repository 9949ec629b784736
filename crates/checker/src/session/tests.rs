use super::*;
use crate::history::{Call, Cause, History, Outcome};
use crate::operations::{Deed, Operation};
use crate::testing::{Dice, Said, cas, read, told, write};
use Guarantee::{MonotonicReads, MonotonicWrites, ReadYourWrites, WritesFollowReads};

fn asked(said: &[Said], versions: Versions) -> Report {
    check(told(said).records(), versions, BUDGET)
}

/// The guarantees of each breach and the operations that show it, by their place.
fn breaches(report: &Report) -> Vec<(Vec<Guarantee>, Vec<usize>)> {
    let place = |breach: &Breach| breach.operations.iter().map(|op| op / 2).collect();
    report.breaches.iter().map(|breach| (breach.guarantees.clone(), place(breach))).collect()
}

/// The answers for the four, in their order.
fn answers(report: &Report) -> [Answer; 4] {
    Guarantee::ALL.map(|guarantee| report.answer(guarantee))
}

const KEPT: [Answer; 4] = [Answer::Kept; 4];

fn order(values: &[u64]) -> Order {
    Order::new([(0, values.to_vec())]).expect("all different")
}

#[test]
fn each_guarantee_is_found_broken_alone() {
    let known = order(&[1, 2]);
    let known = Versions::Known(&known);
    let planted: [(&[Said], Guarantee, &[usize]); 4] = [
        (&[write(1, 0, 1), write(2, 0, 2), read(2, 0, 1)], ReadYourWrites, &[0, 1, 2]),
        (&[write(1, 0, 1), write(3, 0, 2), read(2, 0, 2), read(2, 0, 1)], MonotonicReads, &[0, 1, 2, 3]),
        (&[write(1, 0, 2), write(1, 0, 1)], MonotonicWrites, &[0, 1]),
        (&[write(1, 0, 2), read(2, 0, 2), write(2, 0, 1)], WritesFollowReads, &[0, 1, 2]),
    ];
    for (said, broken, operations) in planted {
        let report = asked(said, known);
        assert_eq!(breaches(&report), [(vec![broken], operations.to_vec())]);
        for guarantee in Guarantee::ALL {
            let expected = if guarantee == broken { Answer::Broken } else { Answer::Kept };
            assert_eq!(report.answer(guarantee), expected);
        }
        // Without the order of versions there is one that excuses each of them.
        assert_eq!(answers(&asked(said, Versions::Unknown)), KEPT);
    }
}

#[test]
fn some_breaches_need_no_order_of_versions() {
    // Nothing is older than nothing.
    let report = asked(&[write(1, 0, 1), read(1, 0, None)], Versions::Unknown);
    assert_eq!(breaches(&report), [(vec![ReadYourWrites], vec![0, 1])]);
    let report = asked(&[write(1, 0, 1), read(2, 0, 1), read(2, 0, None)], Versions::Unknown);
    assert_eq!(breaches(&report), [(vec![MonotonicReads], vec![0, 1, 2])]);
    // There and back again is wrong in any order.
    let said = [write(1, 0, 1), write(2, 0, 2), read(3, 0, 1), read(3, 0, 2), read(3, 0, 1)];
    assert_eq!(breaches(&asked(&said, Versions::Unknown)), [(vec![MonotonicReads], vec![0, 1, 2, 3, 4])]);
    assert_eq!(answers(&asked(&said[..4], Versions::Unknown)), KEPT);
    // A comparison that held says which is older.
    let said = [write(1, 0, 1), cas(1, 0, 1, 2), read(3, 0, 2), read(3, 0, 1)];
    assert_eq!(breaches(&asked(&said, Versions::Unknown)), [(vec![MonotonicReads], vec![0, 1, 2, 3])]);
    // Either the first read missed an own write, or the second went back.
    let said = [write(1, 0, 1), write(2, 0, 2), read(2, 0, 1), read(2, 0, 2)];
    let report = asked(&said, Versions::Unknown);
    assert_eq!(breaches(&report), [(vec![ReadYourWrites, MonotonicReads], vec![0, 1, 2, 3])]);
    assert_eq!(report.answer(MonotonicReads), Answer::Undecided);
}

#[test]
fn knowledge_goes_from_key_to_key() {
    // PRAM across keys: one of the two is broken, and nobody outside can say which.
    let said =
        [write(1, 0, 1), write(9, 5, 1), write(1, 1, 2), read(2, 1, 2), read(9, 5, 1), read(2, 0, None)];
    let report = asked(&said, Versions::Unknown);
    assert_eq!(breaches(&report), [(vec![MonotonicReads, MonotonicWrites], vec![0, 2, 3, 5])]);
    assert_eq!(answers(&report), [Answer::Kept, Answer::Undecided, Answer::Undecided, Answer::Kept]);
    // Causality: an answer is seen and its question is not.
    let said = [write(1, 0, 1), read(2, 0, 1), write(2, 1, 2), read(3, 1, 2), read(3, 0, None)];
    let report = asked(&said, Versions::Unknown);
    assert_eq!(breaches(&report), [(vec![MonotonicReads, WritesFollowReads], vec![0, 1, 2, 3, 4])]);
    // Two processes that each miss the other's write break no session guarantee.
    let said = [write(1, 0, 1), read(1, 1, None), write(2, 1, 1), read(2, 0, None)];
    assert_eq!(answers(&asked(&said, Versions::Unknown)), KEPT);
}

#[test]
fn real_time_is_an_assumption() {
    let said = [write(1, 0, 1), write(2, 0, 2), read(3, 0, 2), read(3, 0, 1)];
    assert_eq!(answers(&asked(&said, Versions::Unknown)), KEPT);
    assert_eq!(breaches(&asked(&said, Versions::RealTime)), [(vec![MonotonicReads], vec![0, 1, 2, 3])]);
}

#[test]
fn what_cannot_be_decided_is_not_guessed() {
    let why = |said: &[Said]| {
        let report = asked(said, Versions::Unknown);
        assert!(report.why.is_none() || answers(&report) == [Answer::Undecided; 4]);
        report.why
    };
    assert_eq!(why(&[write(1, 0, 1), write(2, 0, 1)]), Some(Undecidable::ValueWrittenTwice));
    assert_eq!(why(&[write(1, 0, 1), write(2, 1, 1)]), None);
    assert_eq!(why(&[read(1, 0, 1)]), Some(Undecidable::ValueFromNowhere));
    assert_eq!(why(&[read(1, 0, 1), write(1, 0, 1)]), Some(Undecidable::ValueFromNowhere));
    let lost = (1, Call::Write { key: 0, value: 1 }, Outcome::Unknown(Cause::Timeout));
    assert_eq!(why(&[lost.clone(), read(2, 0, 1)]), None);
    assert_eq!(why(&[lost, read(1, 0, 1)]), Some(Undecidable::NoSession));
    let no = (1, Call::Write { key: 0, value: 1 }, Outcome::Fail(Cause::Error));
    assert_eq!(why(&[no, read(2, 0, 1)]), Some(Undecidable::ValueFromNowhere));
    let contrary = asked(&[write(1, 0, 1), cas(1, 0, 1, 2)], Versions::Known(&order(&[2, 1])));
    assert_eq!(contrary.why, Some(Undecidable::NoOrder));
    let history = told(&[write(1, 0, 1), read(2, 0, 1)]);
    assert_eq!(check(history.records(), Versions::Unknown, 1).why, Some(Undecidable::Budget));
}

#[test]
fn a_comparison_may_see_what_began_after_it() {
    let mut history = History::new();
    let late = history.invoke(1, Call::Cas { key: 0, old: Some(1), new: 2 }, 0, 0);
    let first = history.invoke(2, Call::Write { key: 0, value: 1 }, 1, 1);
    history.complete(first, Outcome::Ok(None), 2, 2);
    let seen = history.invoke(3, Call::Read { key: 0 }, 3, 3);
    history.complete(seen, Outcome::Ok(Some(2)), 4, 4);
    history.complete(late, Outcome::Ok(Some(1)), 5, 5);
    assert_eq!(answers(&check(history.records(), Versions::Unknown, BUDGET)), KEPT);
    // Two that would each have to see the other.
    let mut history = History::new();
    let calls = [(1, Some(2), 1), (2, Some(1), 2)];
    let open = calls.map(|(process, old, new)| history.invoke(process, Call::Cas { key: 0, old, new }, 0, 0));
    for invoke in open {
        history.complete(invoke, Outcome::Ok(Some(1)), 1, 1);
    }
    let report = check(history.records(), Versions::Unknown, BUDGET);
    assert_eq!(report.why, Some(Undecidable::ValueFromNowhere));
}

/// Whether some order of versions keeps these guarantees, tried one after the other, from the definitions.
fn brute(list: &[Operation], set: u8) -> bool {
    // Parts: operation, whether it writes, value.
    let mut parts: Vec<(Operation, bool, Option<u64>)> = Vec::new();
    for op in list {
        parts.extend(op.deed.saw().map(|value| (*op, false, value)));
        parts.extend(op.deed.wrote().map(|value| (*op, true, Some(value))));
    }
    let before = |a: usize, b: usize| {
        let ((first, a_writes, a_value), (second, b_writes, b_value)) = (parts[a], parts[b]);
        let guarantee = match (a_writes, b_writes) {
            (true, false) => ReadYourWrites,
            (false, false) => MonotonicReads,
            (true, true) => MonotonicWrites,
            (false, true) => WritesFollowReads,
        };
        let session = a < b && first.process == second.process && set & guarantee.bit() != 0;
        session || (a_writes && !b_writes && first.key == second.key && a_value == b_value)
    };
    let row = |a: usize| (0..parts.len()).map(|b| before(a, b)).collect::<Vec<bool>>();
    let mut past: Vec<Vec<bool>> = (0..parts.len()).map(row).collect();
    for middle in 0..parts.len() {
        let onwards = past[middle].clone();
        for row in past.iter_mut().filter(|row| row[middle]) {
            for (known, also) in row.iter_mut().zip(&onwards) {
                *known |= also;
            }
        }
    }
    (0..2).all(|key| {
        let written = parts.iter().filter(|(op, writes, _)| *writes && op.key == key);
        let values: Vec<Option<u64>> = written.map(|(_, _, value)| *value).collect();
        orders(&values).iter().any(|order| {
            let rank = |value| order.iter().position(|it| *it == value).map_or(0, |at| at + 1);
            let fine = (0..parts.len()).all(|b| {
                let value = parts[b].2;
                let known = |a: &usize| past[*a][b] && parts[*a].1 && parts[*a].0.key == key;
                parts[b].0.key != key
                    || (0..parts.len()).filter(known).all(|a| rank(parts[a].2) <= rank(value))
            });
            let held = list.iter().filter(|op| op.key == key).all(|op| match op.deed {
                Deed::Cas(old, new) => rank(old) < rank(Some(new)),
                _ => true,
            });
            fine && held
        })
    })
}

fn orders(values: &[Option<u64>]) -> Vec<Vec<Option<u64>>> {
    let Some((first, rest)) = values.split_first() else { return vec![Vec::new()] };
    let mut all = Vec::new();
    for order in orders(rest) {
        for at in 0..=order.len() {
            let mut longer = order.clone();
            longer.insert(at, *first);
            all.push(longer);
        }
    }
    all
}

#[test]
fn the_same_as_every_order_of_versions_tried() {
    let mut dice = Dice(3);
    let (mut kept, mut broken, mut joint) = (0, 0, 0);
    for round in 0..20_000 {
        let mut said: Vec<Said> = Vec::new();
        let (sessions, keys, comparisons) = (2 + dice.below(2), 1 + dice.below(2), dice.below(2));
        let mut values: Vec<Vec<Option<u64>>> = vec![vec![None]; keys as usize];
        for at in 0..4 + dice.below(5) {
            let (process, key) = (dice.below(sessions), dice.below(keys));
            let there = &mut values[key as usize];
            let recent = there.len() - 1 - dice.below(there.len().min(3) as u64) as usize;
            let held = there[recent];
            match dice.below(8) {
                0..4 => said.push(read(process, key, held)),
                4 if comparisons > 0 => {
                    said.push(cas(process, key, held, at + 1));
                    there.push(Some(at + 1));
                }
                _ => {
                    said.push(write(process, key, at + 1));
                    there.push(Some(at + 1));
                }
            }
        }
        let history = told(&said);
        let list = Operations::of(history.records()).list;
        let report = check(history.records(), Versions::Unknown, BUDGET);
        assert_eq!(report.why, None);
        for set in 1..16_u8 {
            let of = |breach: &Breach| breach.guarantees.iter().fold(0, |set, it| set | it.bit());
            let found = report.breaches.iter().any(|breach| of(breach) & set == of(breach));
            assert_eq!(found, !brute(&list, set), "{round}, {set:04b}: {said:#?} {report:#?}");
        }
        match report.breaches.iter().map(|breach| breach.guarantees.len()).min() {
            None => kept += 1,
            Some(1) => broken += 1,
            Some(_) => joint += 1,
        }
    }
    println!("{kept} kept, {broken} broken, {joint} broken together only");
    assert!(kept > 5_000 && broken > 1_000 && joint > 1_000);
}

#[test]
fn thousands_of_operations_on_a_hundred_keys() {
    let mut dice = Dice(5);
    let mut said: Vec<Said> = Vec::new();
    let mut held = [None; 100];
    for at in 1..=10_000 {
        let (process, key) = (dice.below(10), dice.below(100));
        if dice.below(2) == 0 {
            said.push(read(process, key, held[key as usize]));
        } else {
            said.push(write(process, key, at));
            held[key as usize] = Some(at);
        }
    }
    assert_eq!(answers(&asked(&said, Versions::Unknown)), KEPT);
    assert_eq!(answers(&asked(&said, Versions::RealTime)), KEPT);
    said.extend([write(1, 500, 1), read(1, 500, None)]);
    assert_eq!(breaches(&asked(&said, Versions::Unknown)), [(vec![ReadYourWrites], vec![10_000, 10_001])]);
    // Many keys in trouble: as much as the budget allows, and the rest is undecided.
    for key in 0..20 {
        said.extend([write(1, 600 + key, 1), read(1, 600 + key, None)]);
    }
    let report = asked(&said, Versions::Unknown);
    assert_eq!(report.answer(ReadYourWrites), Answer::Broken);
    println!("{} breaches, {:?}", report.breaches.len(), report.why);
}
