use std::collections::BTreeMap;

use super::*;
use crate::history::{Call, Cause, History, Outcome};
use crate::operations::Deed;
use crate::testing::{Dice, Said, read, told, write};

/// Every order there is, one after the other.
fn brute(list: &[Operation]) -> bool {
    fn go(list: &[Operation], taken: &mut Vec<bool>, held: &mut BTreeMap<u64, Option<u64>>) -> bool {
        if (0..list.len()).all(|at| taken[at] || list[at].answer.is_none()) {
            return true;
        }
        for at in 0..list.len() {
            let op = list[at];
            let earlier = (0..at).any(|other| list[other].process == op.process && !taken[other]);
            let now = held.get(&op.key).copied().flatten();
            let fits = match op.deed {
                Deed::Read(value) | Deed::Cas(value, _) => now == value,
                Deed::Differs(value) => now != value,
                Deed::Write(_) => true,
            };
            if taken[at] || earlier || !fits {
                continue;
            }
            taken[at] = true;
            if let Some(value) = op.deed.wrote() {
                held.insert(op.key, Some(value));
            }
            let found = go(list, taken, held);
            held.insert(op.key, now);
            taken[at] = false;
            if found {
                return true;
            }
        }
        false
    }
    go(list, &mut vec![false; list.len()], &mut BTreeMap::new())
}

/// Processes upon copies of two registers that lag behind each other, or anything at all.
fn random(dice: &mut Dice) -> History {
    let (processes, keys) = (2 + dice.below(2), 1 + dice.below(2));
    let unique = dice.below(3) > 0;
    let (wild, doubt) = (dice.below(4) == 0, dice.below(3) == 0);
    let mut copies = vec![BTreeMap::<u64, Option<u64>>::new(); processes as usize];
    let mut said = Vec::new();
    let mut gone = vec![false; processes as usize];
    for at in 0..3 + dice.below(5) {
        let process = dice.below(processes);
        if gone[process as usize] {
            continue;
        }
        let key = dice.below(keys);
        let fresh = if unique { at + 1 } else { 1 + dice.below(2) };
        let held = copies[process as usize].get(&key).copied().flatten();
        let any = dice.below(at + 2).checked_sub(1);
        let held = if wild { any } else { held };
        let lost = doubt && dice.below(4) == 0;
        let (call, mut outcome) = match dice.below(8) {
            0..4 => (Call::Read { key }, Outcome::Ok(held)),
            4..7 => (Call::Write { key, value: fresh }, Outcome::Ok(None)),
            _ => {
                let old = if dice.below(2) == 0 { held } else { any };
                (Call::Cas { key, old, new: fresh }, Outcome::Ok(Some(u64::from(old == held))))
            }
        };
        let changes = !matches!((&call, outcome), (Call::Read { .. }, _) | (_, Outcome::Ok(Some(0))));
        if lost {
            outcome = Outcome::Unknown(Cause::Timeout);
            gone[process as usize] = true;
        }
        if changes {
            for (other, copy) in copies.iter_mut().enumerate() {
                if other as u64 == process || dice.below(3) > 0 {
                    copy.insert(key, Some(fresh));
                }
            }
        }
        said.push((process, call, outcome));
    }
    told(&said)
}

#[test]
fn each_key_alone_is_fine_and_both_are_not() {
    let both = [write(1, 0, 1), read(1, 1, None), write(2, 1, 1), read(2, 0, None)];
    assert_eq!(check(told(&both).records(), BUDGET), Verdict::Violated);
    for key in 0..2 {
        let one: Vec<_> = both.iter().filter(|(_, call, _)| call.key() == Some(key)).cloned().collect();
        assert_eq!(check(told(&one).records(), BUDGET), Verdict::Consistent);
    }
    // All four are the witness, whatever else happened.
    let mut more = vec![write(3, 7, 5), read(3, 7, Some(5)), read(4, 0, None)];
    more.extend(both);
    assert_eq!(witness(told(&more).records(), BUDGET), Some(vec![6, 8, 10, 12]));
    assert_eq!(witness(told(&more[..5]).records(), BUDGET), None);
}

#[test]
fn stale_reads_are_fine_and_reads_that_go_back_are_not() {
    let stale = [write(1, 0, 1), write(1, 0, 2), read(2, 0, None), read(2, 0, Some(1)), read(2, 0, Some(2))];
    assert_eq!(check(told(&stale).records(), BUDGET), Verdict::Consistent);
    let back = [write(1, 0, 1), write(1, 0, 2), read(2, 0, Some(2)), read(2, 0, Some(1))];
    assert_eq!(check(told(&back).records(), BUDGET), Verdict::Violated);
    assert_eq!(check(told(&[read(2, 0, Some(1))]).records(), BUDGET), Verdict::Violated);
}

#[test]
fn budgets_and_processes_with_two_operations_at_once_are_undecided() {
    let both = [write(1, 0, 1), read(1, 1, None), write(2, 1, 1), read(2, 0, Some(1))];
    assert_eq!(check(told(&both).records(), 1), Verdict::Undecided);
    let mut history = History::new();
    history.invoke(1, Call::Write { key: 0, value: 1 }, 0, 0);
    history.invoke(1, Call::Write { key: 0, value: 2 }, 1, 1);
    assert_eq!(check(history.records(), BUDGET), Verdict::Undecided);
    assert_eq!(witness(history.records(), BUDGET), None);
}

#[test]
fn the_same_as_every_order_tried() {
    let mut dice = Dice(1);
    let (mut kinds, mut witnesses) = ([0_u32; 2], 0);
    for round in 0..60_000 {
        let history = random(&mut dice);
        let list = Operations::of(history.records()).list;
        let fine = brute(&list);
        let expected = if fine { Verdict::Consistent } else { Verdict::Violated };
        assert_eq!(check(history.records(), BUDGET), expected, "{round}: {list:#?}");
        kinds[usize::from(fine)] += 1;
        if !fine && round % 20 == 0 {
            let kept = witness(history.records(), BUDGET).expect("violated");
            let few: Vec<Operation> = list.iter().filter(|op| kept.contains(&op.invoke)).copied().collect();
            assert!(!brute(&few));
            for at in 0..few.len() {
                let mut fewer = few.clone();
                let gone = fewer.remove(at);
                let seen = gone.deed.wrote().is_some_and(|value| {
                    few.iter().any(|op| op.key == gone.key && op.deed.saw() == Some(Some(value)))
                });
                assert!(seen || brute(&fewer), "{gone:?} is not needed in {few:#?}");
            }
            witnesses += 1;
        }
    }
    println!("{} consistent, {} violated, {witnesses} witnesses", kinds[1], kinds[0]);
    assert!(kinds.iter().all(|kind| *kind > 10_000), "{kinds:?}");
}

/// Processes that read copies which follow one log, each at its own pace.
fn followers(dice: &mut Dice, processes: usize, keys: u64, operations: u64) -> Vec<Said> {
    let mut log: Vec<(u64, u64)> = Vec::new();
    let mut at = vec![0_usize; processes];
    let mut said = Vec::new();
    for value in 1..=operations {
        let process = dice.below(processes as u64) as usize;
        let key = dice.below(keys);
        if dice.below(3) == 0 {
            log.push((key, value));
            at[process] = log.len();
            said.push(write(process as u64, key, value));
        } else {
            at[process] = (at[process] + dice.below(6) as usize).min(log.len());
            let held = log[..at[process]].iter().rev().find(|(of, _)| *of == key).map(|(_, value)| *value);
            said.push(read(process as u64, key, held));
        }
    }
    said
}

#[test]
fn thousands_of_operations_are_decided() {
    let mut dice = Dice(7);
    for (processes, keys) in [(5, 1), (8, 10), (40, 5)] {
        let mut said = followers(&mut dice, processes, keys, 3_000);
        assert_eq!(check(told(&said).records(), BUDGET), Verdict::Consistent, "{processes}");
        // Two writes that two processes see in different orders.
        said.extend([write(900, 99, 1), write(901, 99, 2)]);
        said.extend([read(902, 99, Some(1)), read(902, 99, Some(2))]);
        said.extend([read(903, 99, Some(2)), read(903, 99, Some(1))]);
        let history = told(&said);
        assert_eq!(check(history.records(), BUDGET), Verdict::Violated);
        assert_eq!(witness(history.records(), 20 * BUDGET).map(|kept| kept.len()), Some(6));
    }
}
