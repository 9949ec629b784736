//! Why a history cannot be explained, with as few operations as will do.
//!
//! From the shortest inexplicable prefix, operations are removed one by one while it stays inexplicable. Only
//! those may go whose absence cannot itself make a history inexplicable: what only observes, and writes whose
//! value no kept operation saw. What is left is minimal in that sense, and is tried in every order once more
//! where it is small enough.

use crate::brute;
use crate::linear::search::Search;
use crate::linear::{End, Op, Ops, Verdict, check};
use crate::model::{Action, Model};
use crate::sort;

/// An operation of the explained part, at its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Index in [`Witness::ops`].
    pub op: usize,
    /// What it left behind: for a register its value, for a string the number of its text if it has one.
    pub state: Option<u32>,
}

/// Operations that no order explains, and how far an order can be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// The operations, by their beginnings, with process, action and times.
    pub ops: Ops,
    /// Index of each in the history that was asked about.
    pub sources: Vec<usize>,
    /// The operation (index in `ops`) with whose end nothing explains them any more.
    pub last: usize,
    /// An order that explains all others, and `last` too if it changes something that others saw. Operations of
    /// unknown outcome that are not in it need not have happened.
    pub explained: Vec<Turn>,
    /// What the key may have held at some instant of `last` in some explanation of the others: of the values
    /// that occur. What a read saw is not among them; of a comparison that did not hold, it alone is; what a
    /// comparison that held found may be, and then others contradict what it wrote. Empty if `last` saw nothing.
    pub possible: Vec<u32>,
    /// Whether every order was tried.
    pub certain: bool,
}

/// Histories of at most so many operations are tried in every order.
const SMALL: usize = 10;

/// The witness for operations of which [`check`] said that they are inexplicable from the end of `violated` on.
/// Nothing if they are not, or if the budget, which is for each check of many, does not do.
#[must_use]
pub fn witness(ops: &Ops, model: Model, violated: usize, budget: u64) -> Option<Witness> {
    let at = ops.list().get(violated)?.end.at()?;
    // What failed until then did not happen; what says nothing is not needed.
    let prefix = ops.prefix(at);
    let counts = |op: &Op| op.counts() && !matches!(op.end, End::Failed(_));
    let mut sources: Vec<usize> = (0..prefix.list().len()).filter(|op| counts(&prefix.list()[*op])).collect();
    let mut kept = keep(&prefix, &sources);
    let inexplicable = |ops: &Ops| matches!(check(ops, model, budget), Verdict::Violated { .. });
    if !inexplicable(&kept) {
        return None;
    }
    halve(&mut sources, &prefix, model, &inexplicable);
    kept = keep(&prefix, &sources);
    loop {
        let before = sources.len();
        // The latest operations tell most about the last one: the earliest go first, observers before writes.
        for observers in [true, false] {
            let mut place = 0;
            while place < sources.len() {
                let op = kept.list()[place];
                if op.action.observes() == observers && may_go(&kept, place, model) {
                    let mut fewer = sources.clone();
                    fewer.remove(place);
                    let smaller = keep(&prefix, &fewer);
                    if inexplicable(&smaller) {
                        (sources, kept) = (fewer, smaller);
                        continue;
                    }
                }
                place += 1;
            }
        }
        if sources.len() == before {
            break;
        }
    }
    let Verdict::Violated { op: last } = check(&kept, model, budget) else { return None };
    let certain = sources.len() <= SMALL;
    if certain && brute::linearizable(&kept, model) {
        return None;
    }
    // Others may have seen what it did.
    let explained = order(&kept, model, last, budget)?;
    let possible = possible(&kept, last, model, budget);
    Some(Witness { ops: kept, sources, last, explained, possible, certain })
}

/// An order that explains all operations but one, which is in it only if others saw what it changed; nothing if the
/// budget does not do.
#[must_use]
pub fn order(ops: &Ops, model: Model, without: usize, budget: u64) -> Option<Vec<Turn>> {
    let open = |op, it: &Op| Some(if op == without { Op { end: End::Unknown, ..*it } } else { *it });
    explain(&ops.only(open), model, budget)
}

/// Whether this operation may be removed: its absence explains nothing away.
#[must_use]
pub fn may_go(ops: &Ops, op: usize, model: Model) -> bool {
    let rest =
        || ops.list().iter().enumerate().filter(|(other, _)| *other != op).map(|(_, other)| other.action);
    let text = |value: u32| match model {
        Model::Kv(names) => names.text(value),
        Model::Register => "",
    };
    let unknown = ops.list()[op].end == End::Unknown;
    match (ops.list()[op].action, model) {
        (Action::Read(_) | Action::Differs(_), _) => true,
        // A comparison of unknown outcome need not have happened. One that did not hold has seen any other value.
        (Action::Write(value), Model::Register) | (Action::Cas(_, value), Model::Register)
            if unknown || !matches!(ops.list()[op].action, Action::Cas(..)) =>
        {
            !rest().any(|other| match other {
                Action::Read(v) | Action::Cas(v, _) => v == value,
                Action::Differs(v) => v != value,
                Action::Write(_) | Action::Append(_) => false,
            })
        }
        // A string shows what was put or appended in part of it.
        (Action::Write(value) | Action::Append(value), Model::Kv(_)) => {
            !rest().any(|other| matches!(other, Action::Read(v) if text(v).contains(text(value))))
        }
        (Action::Write(_) | Action::Cas(..) | Action::Append(_), _) => false,
    }
}

fn keep(ops: &Ops, sources: &[usize]) -> Ops {
    ops.only(|op, it| sources.binary_search(&op).is_ok().then_some(*it))
}

/// Removes large parts at once, as far as that goes: one by one would be long for thousands of operations.
fn halve(sources: &mut Vec<usize>, ops: &Ops, model: Model, inexplicable: &impl Fn(&Ops) -> bool) {
    let mut size = sources.len() / 2;
    while size > 1 {
        let mut from = 0;
        while from < sources.len() {
            let kept = keep(ops, sources);
            let to = (from + size).min(sources.len());
            // First what observes within this part, then the writes that nobody saw any more.
            let mut fewer = sources.clone();
            let mut place = 0;
            fewer.retain(|_| {
                place += 1;
                !((from..to).contains(&(place - 1)) && kept.list()[place - 1].action.observes())
            });
            let without = keep(ops, &fewer);
            let part = sources[from..to].to_vec();
            let unseen: Vec<usize> = (0..fewer.len())
                .filter(|op| part.binary_search(&fewer[*op]).is_ok() && may_go(&without, *op, model))
                .map(|op| fewer[op])
                .collect();
            fewer.retain(|source| unseen.binary_search(source).is_err());
            if fewer.len() < sources.len() && inexplicable(&keep(ops, &fewer)) {
                *sources = fewer;
            } else {
                from = to;
            }
        }
        size /= 2;
    }
}

/// An order that explains these, with what each left behind.
fn explain(ops: &Ops, model: Model, budget: u64) -> Option<Vec<Turn>> {
    let mut search = Search::new(ops, model);
    if search.run(budget) != Some(Verdict::Linearizable) {
        return None;
    }
    let (mut value, mut text) = (0, String::new());
    let turns = search.order().into_iter().map(|op| {
        let action = ops.list()[op].action;
        let state = match model {
            Model::Register => {
                if let Action::Write(new) | Action::Cas(_, new) = action {
                    value = new;
                }
                Some(value)
            }
            Model::Kv(names) => {
                match action {
                    Action::Write(new) => names.text(new).clone_into(&mut text),
                    Action::Append(piece) => text.push_str(names.text(piece)),
                    _ => {}
                }
                names.find(&text)
            }
        };
        Turn { op, state }
    });
    Some(turns.collect())
}

/// The values for which a read in the place of `last` would be explicable.
fn possible(ops: &Ops, last: usize, model: Model, budget: u64) -> Vec<u32> {
    if matches!(ops.list()[last].action, Action::Write(_) | Action::Append(_)) {
        return Vec::new();
    }
    let mut values = vec![0];
    for op in ops.list() {
        match op.action {
            Action::Read(v) | Action::Write(v) | Action::Cas(_, v) => values.push(v),
            Action::Differs(_) | Action::Append(_) => {}
        }
    }
    sort::by_key(&mut values, |value| u64::from(*value));
    values.dedup();
    values.retain(|value| {
        let asked = ops
            .only(|op, it| Some(if op == last { Op { action: Action::Read(*value), ..*it } } else { *it }));
        check(&asked, model, budget) == Verdict::Linearizable
    });
    values
}
