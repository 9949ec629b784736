use super::*;
use crate::history::{Call, Cause, History, Outcome};
use crate::testing::{Dice, Said, cas, read, told, write};

fn order(values: &[u64]) -> Order {
    Order::new([(0, values.to_vec())]).expect("all different")
}

fn replica(value: Option<u64>) -> Replica {
    value.into_iter().map(|value| (0, value)).collect()
}

fn lost(said: &[Said], order: &Order, building: Building, replicas: &[Replica]) -> Vec<(usize, Loss)> {
    let found = lost_updates(told(said).records(), order, building, replicas).expect("values are different");
    found.iter().map(|lost| (lost.write / 2, lost.how)).collect()
}

#[test]
fn staleness_is_counted_in_versions_and_time() {
    // Each begins at twice its place and ends one later.
    let said = [
        write(1, 0, 1),
        write(1, 0, 2),
        write(1, 0, 3),
        read(2, 0, 3),
        read(2, 0, 1),
        read(2, 0, None),
        read(2, 0, 77),
        cas(3, 0, 3, 4),
        read(2, 1, None),
    ];
    let found = staleness(told(&said).records(), &order(&[1, 2, 3, 4])).expect("values are different");
    assert_eq!((found.reads, found.unknown), (5, 1));
    let stale = |at: usize, versions, time| Stale { read: at * 2, key: 0, versions, time };
    assert_eq!(found.stale, [stale(4, 2, 8 - 3), stale(5, 3, 10 - 1)]);
    assert_eq!((found.most_versions(), found.longest()), (3, 9));
    // The order decides, not the clock on the wall.
    let found = staleness(told(&said).records(), &order(&[3, 2, 1, 4])).expect("values are different");
    assert_eq!(found.stale.iter().map(|read| read.versions).collect::<Vec<_>>(), [2, 3, 2]);
    assert_eq!(staleness(told(&[write(1, 0, 1), write(2, 0, 1)]).records(), &order(&[1])), None);
}

#[test]
fn what_is_written_while_a_read_runs_does_not_make_it_stale() {
    let mut history = History::new();
    let read = history.invoke(1, Call::Read { key: 0 }, 10, 0);
    let write = history.invoke(2, Call::Write { key: 0, value: 1 }, 11, 1);
    history.complete(write, Outcome::Ok(None), 12, 2);
    let open = history.invoke(3, Call::Write { key: 0, value: 2 }, 13, 3);
    history.complete(read, Outcome::Ok(None), 14, 4);
    // One that was never acknowledged makes nobody stale either.
    history.complete(open, Outcome::Unknown(Cause::Timeout), 15, 5);
    let late = history.invoke(4, Call::Read { key: 0 }, 16, 6);
    history.complete(late, Outcome::Ok(Some(1)), 17, 7);
    let found = staleness(history.records(), &order(&[1, 2])).expect("values are different");
    assert_eq!((found.reads, found.stale), (2, Vec::new()));
}

#[test]
fn an_update_is_lost_if_it_is_overwritten_unseen() {
    let said = [read(1, 0, None), read(2, 0, None), write(1, 0, 1), write(2, 0, 2)];
    let order = order(&[1, 2]);
    let two = [replica(Some(2))];
    assert_eq!(lost(&said, &order, Building::AllWrites, &two), [(2, Loss::Overwritten { by: 6 })]);
    // Blind writes mean to overwrite.
    assert_eq!(lost(&said, &order, Building::Comparisons, &two), []);
    // A comparison that held although its old value was no longer there.
    let said = [cas(1, 0, None, 1), cas(2, 0, None, 2)];
    assert_eq!(lost(&said, &order, Building::Comparisons, &two), [(0, Loss::Overwritten { by: 2 })]);
    // Having seen it makes it right.
    let said = [read(2, 0, None), write(1, 0, 1), read(2, 0, 1), write(2, 0, 2)];
    assert_eq!(lost(&said, &order, Building::AllWrites, &two), []);
    let said = [cas(1, 0, None, 1), cas(2, 0, 1, 2)];
    assert_eq!(lost(&said, &order, Building::AllWrites, &two), []);
}

#[test]
fn an_update_is_lost_if_clocks_put_it_below_an_earlier_one() {
    let said = [write(1, 0, 1), write(2, 0, 2)];
    let buried = lost(&said, &order(&[2, 1]), Building::AllWrites, &[replica(Some(1))]);
    assert_eq!(buried, [(1, Loss::Buried { under: 0 })]);
    // Those that overlap may be in any order.
    let mut history = History::new();
    let both = [1, 2].map(|value| history.invoke(value, Call::Write { key: 0, value }, 0, 0));
    for invoke in both {
        history.complete(invoke, Outcome::Ok(None), 1, 1);
    }
    let order = order(&[2, 1]);
    let found = lost_updates(history.records(), &order, Building::AllWrites, &[]).expect("different");
    assert_eq!(found, []);
}

#[test]
fn an_update_is_lost_if_nobody_holds_it() {
    let said = [write(1, 0, 1), write(1, 0, 2)];
    let all = order(&[1, 2]);
    for (replicas, gone) in [
        (vec![replica(Some(1)), replica(Some(2))], vec![]),
        (vec![replica(Some(1)), replica(None)], vec![(1, Loss::Gone)]),
        (vec![replica(None), replica(None)], vec![(0, Loss::Gone), (1, Loss::Gone)]),
        (vec![], vec![]),
    ] {
        assert_eq!(lost(&said, &all, Building::Comparisons, &replicas), gone);
    }
    // Rolled back: the log does not have it.
    let found = lost(&said, &order(&[1]), Building::Comparisons, &[replica(Some(1))]);
    assert_eq!(found, [(1, Loss::Gone)]);
    // Nobody promised a write that was not acknowledged.
    let open = [(1, Call::Write { key: 0, value: 1 }, Outcome::Unknown(Cause::Timeout))];
    assert_eq!(lost(&open, &order(&[]), Building::AllWrites, &[replica(None)]), []);
}

#[test]
fn replicas_converge_or_differ() {
    assert_eq!(divergences(&[]), []);
    assert_eq!(divergences(&[replica(Some(1)), replica(Some(1))]), []);
    let mut other = replica(Some(2));
    other.insert(9, 5);
    let found = divergences(&[replica(Some(1)), other, replica(Some(2))]);
    assert_eq!(
        found,
        [
            Divergence { key: 0, values: vec![(Some(1), 1), (Some(2), 2)] },
            Divergence { key: 9, values: vec![(None, 2), (Some(5), 1)] },
        ]
    );
}

/// One log, copies that lag behind it by a known number of versions; and then the same with one fault planted.
#[test]
fn lag_is_measured_exactly_and_correct_histories_pass() {
    let mut dice = Dice(11);
    for _ in 0..300 {
        let (mut said, mut log, mut lags) = (Vec::new(), Vec::new(), Vec::new());
        for at in 1..=60 {
            match dice.below(3) {
                0 => {
                    let last = log.last().copied();
                    said.push(cas(dice.below(3), 0, last, at));
                    log.push(at);
                }
                _ => {
                    let lag = (dice.below(4) as usize).min(log.len());
                    let held = log.len().checked_sub(lag + 1).map(|at| log[at]);
                    said.push(read(5 + dice.below(3), 0, held));
                    lags.extend((lag > 0).then_some(lag as u32));
                }
            }
        }
        let versions = order(&log);
        let found = staleness(told(&said).records(), &versions).expect("values are different");
        assert_eq!(found.stale.iter().map(|read| read.versions).collect::<Vec<_>>(), lags);
        let end = [replica(log.last().copied())];
        assert_eq!(lost(&said, &versions, Building::AllWrites, &end), []);
        // One more that builds on what is not the latest.
        if let [.., old, last] = log[..] {
            said.push(cas(9, 0, old, 1_000));
            log.push(1_000);
            let found = lost(&said, &order(&log), Building::Comparisons, &[replica(Some(1_000))]);
            let place =
                said.iter().position(|(_, call, _)| matches!(call, Call::Cas { new, .. } if *new == last));
            assert_eq!(found, [(place.expect("written"), Loss::Overwritten { by: 120 })]);
        }
    }
}

#[test]
fn real_time_shows_some_of_it_without_an_order() {
    let history = told(&[
        read(1, 1, None),
        write(0, 1, 7),
        write(0, 1, 8),
        write(0, 1, 9),
        read(1, 1, 7),
        read(1, 1, 9),
        read(1, 1, None),
        read(1, 2, None),
        read(1, 1, 55),
    ]);
    let found = at_least(history.records()).expect("all values differ");
    assert_eq!((found.reads, found.unknown), (5, 1));
    let stale: Vec<(usize, u32, u64)> = found.stale.iter().map(|s| (s.read, s.versions, s.time)).collect();
    // Answered at 5 and 7 (8 and 9), and at 3 (7); the reads began at 8 and at 12.
    assert_eq!(stale, [(8, 2, 3), (12, 3, 9)]);
    // The order says the same here.
    let order = Order::new([(1, vec![7, 8, 9])]).expect("all different");
    assert_eq!(staleness(history.records(), &order).map(|known| known.stale), Some(found.stale));
}
