//! The operations on one key around a violation, as a picture of them needs them: a lane for each client, the order that
//! explains all but one, what the key held along it, and the parts of time in which there is something to see.

use netsplit_checker::linear::{End, Op};
use netsplit_checker::live::{Live, Violation};
use netsplit_checker::model::Model;
use netsplit_checker::witness;
use netsplit_sim::small;
use serde::Serialize;

use crate::experiment::Experiment;
use crate::why::{BUDGET, OnKey};

/// Longest and shortest time that is shown on either side of an operation (ns).
const BESIDE: (u64, u64) = (2_000_000, 2_000_000_000);

/// The operations around a violation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Around {
    /// The key.
    pub key: String,
    /// The clients that asked for it in the time shown, in the order of their names.
    pub clients: Vec<String>,
    /// Operations, by their beginnings.
    pub bars: Vec<Bar>,
    /// An order that explains all but one: indices in `bars` with an instant at which each may have taken effect.
    pub order: Vec<(usize, u64)>,
    /// What the key holds along it: from when (ns), and the value.
    pub held: Vec<(u64, String)>,
    /// How many operations on the key the order explains, and how many there are.
    pub fits: (usize, usize),
    /// The parts of time that are shown (ns), in order, with the operations that the fold behind each hides.
    pub spans: Vec<(u64, u64, usize)>,
}

/// An operation as an interval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bar {
    /// Its client: index in [`Around::clients`].
    pub client: usize,
    /// When it asked (ns).
    pub from: u64,
    /// When it was answered (ns); nothing if it was not by then.
    pub to: Option<u64>,
    /// Whether it wrote.
    pub write: bool,
    /// The value.
    pub label: String,
    /// Its number in the witness, from 1; 0 for all others.
    pub number: usize,
    /// Nothing explains it.
    pub odd: bool,
}

/// The picture of a violation.
pub(crate) fn around(x: &Experiment, live: &Live, violation: &Violation) -> Option<Around> {
    let records = x.history().records();
    let on_key = OnKey::of(records, live, violation)?;
    let list = on_key.ops.list();
    let time = |at: u32| records[at as usize].time;
    let end = |op: &Op| match op.end {
        End::Done(at) => Some(time(at)),
        End::Failed(_) | End::Unknown => None,
    };
    let witness = on_key.witness();
    let sources = witness.map_or_else(|| vec![on_key.violated], |found| found.sources);
    let spans = spans(sources.iter().map(|at| (time(list[*at].begin), end(&list[*at]))), violation.time);
    let within = |from: u64, to: u64| spans.iter().any(|(a, b)| from <= *b && to >= *a);
    let mut around = Around { key: on_key.key().to_owned(), ..Around::default() };
    let mut places = vec![None; list.len()];
    let mut owners: Vec<u32> = Vec::new();
    for (at, op) in list.iter().enumerate().filter(|(_, op)| op.counts() && !matches!(op.end, End::Failed(_)))
    {
        around.fits.1 += 1;
        let (from, to) = (time(op.begin), end(op));
        let number = sources.iter().position(|source| *source == at).map_or(0, |place| place + 1);
        // What has no answer is shown where it begins.
        if number == 0 && !within(from, to.unwrap_or(from)) {
            continue;
        }
        let owner = x.recorder.owners.get(op.process as usize).copied().unwrap_or(0);
        if !owners.contains(&owner) {
            owners.push(owner);
        }
        places[at] = Some(around.bars.len());
        let write = !op.action.observes();
        let label = on_key.label(op.action);
        around.bars.push(Bar {
            client: owner as usize,
            from,
            to,
            write,
            label,
            number,
            odd: at == on_key.violated,
        });
    }
    small::sort(&mut owners);
    for bar in &mut around.bars {
        bar.client = owners.iter().position(|owner| *owner as usize == bar.client).unwrap_or(0);
    }
    around.clients = owners.iter().map(|owner| x.name(*owner)).collect();
    let turns = witness::order(&on_key.ops, Model::Register, on_key.violated, BUDGET).unwrap_or_default();
    // Each takes effect between its start and its end, and none before the one before it.
    let mut earliest = 0;
    let mut latest = violation.time;
    let mut instants: Vec<u64> = turns
        .iter()
        .map(|turn| {
            earliest = earliest.max(time(list[turn.op].begin));
            earliest
        })
        .collect();
    for (instant, turn) in instants.iter_mut().zip(&turns).rev() {
        latest = latest.min(end(&list[turn.op]).unwrap_or(latest));
        *instant = u64::midpoint(*instant, latest.max(*instant));
    }
    let mut value = None;
    for (turn, instant) in turns.iter().zip(&instants) {
        if turn.state != value {
            value = turn.state;
            around.held.push((*instant, on_key.value(value.unwrap_or(0))));
        }
        if let Some(bar) = places[turn.op] {
            around.order.push((bar, *instant));
        }
    }
    around.fits.0 = turns.len().min(around.fits.1 - 1);
    around.spans = (0..spans.len())
        .map(|at| {
            let (from, to) = spans[at];
            let next = spans.get(at + 1).map_or(to, |next| next.0);
            let hidden =
                |op: &&Op| op.counts() && time(op.begin) > to && end(op).is_some_and(|end| end < next);
            (from, to, list.iter().filter(hidden).count())
        })
        .collect();
    Some(around)
}

/// The parts of time around these operations; those that nearly touch are one.
fn spans(ops: impl Iterator<Item = (u64, Option<u64>)>, until: u64) -> Vec<(u64, u64)> {
    let ops: Vec<(u64, u64)> = ops.map(|(from, to)| (from, to.unwrap_or(from))).collect();
    let longest = ops.iter().map(|(from, to)| to - from).max().unwrap_or(0);
    // As much as an operation lasts; but the odd one is seen beside what it contradicts, if that is not far away.
    let beside = longest.saturating_mul(2).clamp(BESIDE.0, BESIDE.1);
    let mut spans: Vec<(u64, u64)> = Vec::new();
    for (from, to) in ops {
        let (from, to) = (from.saturating_sub(beside), to.saturating_add(beside));
        match spans.last_mut().filter(|last| from <= last.1.saturating_add(beside)) {
            Some(last) => last.1 = last.1.max(to),
            None => spans.push((from, to)),
        }
    }
    if let Some(last) = spans.last_mut() {
        last.1 = last.1.min(until.saturating_add(beside / 2)).max(until);
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_time_is_folded_and_near_operations_share_a_part() {
        let ms = |ms: u64| ms * 1_000_000;
        let ops = [(ms(1000), Some(ms(1100))), (ms(6000), Some(ms(6050))), (ms(6300), Some(ms(6400)))];
        let found = spans(ops.into_iter(), ms(6400));
        assert_eq!(found, [(ms(800), ms(1300)), (ms(5800), ms(6500))]);
        assert_eq!(spans([(ms(5), None)].into_iter(), ms(5)), [(ms(3), ms(6))]);
    }
}
