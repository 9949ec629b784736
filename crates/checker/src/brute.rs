//! The definition of linearizability, tried out: every order, and every subset of the operations whose outcome is
//! unknown. Slow, and simple enough to be believed; everything faster is compared with it.

use crate::linear::{End, Op, Ops};
use crate::model::{Action, Model};

/// A state in full.
#[derive(Clone, PartialEq, Eq)]
enum State {
    Value(u32),
    Text(String),
}

/// Whether some order explains the operations on one key.
#[must_use]
pub fn linearizable(ops: &Ops, model: Model) -> bool {
    // What failed did not happen; what only observes and was not answered says nothing.
    let ops: Vec<&Op> =
        ops.list().iter().filter(|op| op.counts() && !matches!(op.end, End::Failed(_))).collect();
    let state = match model {
        Model::Register => State::Value(0),
        Model::Kv(_) => State::Text(String::new()),
    };
    place(&ops, model, &state)
}

/// The first operation whose end makes what is known by then inexplicable.
#[must_use]
pub fn first_violation(ops: &Ops, model: Model) -> Option<usize> {
    let ends = ops.order().iter().filter(|entry| *entry % 2 == 1).map(|entry| (entry / 2) as usize);
    ends.filter_map(|op| match ops.list()[op].end {
        End::Done(at) | End::Failed(at) => Some((op, at)),
        End::Unknown => None,
    })
    .find(|(_, at)| !linearizable(&ops.prefix(*at), model))
    .map(|(op, _)| op)
}

/// Whether the rest can follow this state.
fn place(rest: &[&Op], model: Model, state: &State) -> bool {
    let done = |op: &&Op| match op.end {
        End::Done(at) => Some(at),
        _ => None,
    };
    // Nothing comes after something that it ended before.
    let Some(first_end) = rest.iter().filter_map(done).min() else { return true };
    (0..rest.len()).filter(|next| rest[*next].begin < first_end).any(|next| {
        let mut others = rest.to_vec();
        let op = others.remove(next);
        apply(op.action, model, state).is_some_and(|state| place(&others, model, &state))
    })
}

fn apply(action: Action, model: Model, state: &State) -> Option<State> {
    let holds = |value: u32| match (state, model) {
        (State::Text(text), Model::Kv(names)) => text == names.text(value),
        (State::Value(held), _) => *held == value,
        (State::Text(_), Model::Register) => false,
    };
    let put = |value: u32| match model {
        Model::Kv(names) => State::Text(names.text(value).to_owned()),
        Model::Register => State::Value(value),
    };
    match action {
        Action::Read(value) => holds(value).then(|| state.clone()),
        Action::Differs(value) => (!holds(value)).then(|| state.clone()),
        Action::Write(value) => Some(put(value)),
        Action::Cas(old, new) => holds(old).then(|| put(new)),
        Action::Append(piece) => match (state, model) {
            (State::Text(text), Model::Kv(names)) => {
                Some(State::Text(format!("{text}{}", names.text(piece))))
            }
            _ => None,
        },
    }
}
