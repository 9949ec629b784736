//! Linearizability of the operations on one key: is there an order that keeps real time and explains all
//! answers? It is asked key by key, which is sound for linearizability and for nothing weaker.
//!
//! - [`ops`]: the operations on one key;
//! - [`gather`]: from a history of many keys to the operations on each;
//! - [`zones`]: registers whose values are all different, without a search;
//! - [`search`]: everything else, by a search with a memo and a budget.

mod gather;
mod ops;
pub(crate) mod search;
pub(crate) mod zones;

pub(crate) use gather::register;
pub use gather::registers;
pub use ops::{End, Op, Ops};

use crate::model::{Action, Model};
use search::Search;
use zones::Zones;

/// Steps that a search may take for one key unless told otherwise: some seconds at most.
pub const BUDGET: u64 = 5_000_000;

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There is such an order.
    Linearizable,
    /// There is none.
    Violated {
        /// The operation with whose end the history became inexplicable: all before that is explicable.
        op: usize,
    },
    /// The budget was spent.
    Undecided,
}

/// Checks the operations on one key. The budget is in steps of the search, never in time: the same question has
/// the same answer on every machine.
#[must_use]
pub fn check(ops: &Ops, model: Model, budget: u64) -> Verdict {
    if let (Model::Register, Some(verdict)) = (model, by_zones(ops)) {
        return verdict;
    }
    let mut search = Search::new(ops, model);
    search.run(budget).unwrap_or(Verdict::Undecided)
}

/// The verdict if no search is needed for it.
fn by_zones(ops: &Ops) -> Option<Verdict> {
    let mut zones = Zones::default();
    for entry in ops.order() {
        let op = (entry / 2) as usize;
        let Op { begin, end, action, .. } = ops.list()[op];
        // Zones keep position 0 for the initial value.
        let begin = begin + 1;
        let fine = match (action, entry & 1 == 1, end) {
            (Action::Write(0), ..) => return None,
            (Action::Write(value), false, _) => {
                if !zones.write_begins(u64::from(value), begin) {
                    return None;
                }
                true
            }
            (Action::Write(value), true, End::Failed(_)) => zones.write_fails(u64::from(value)),
            (Action::Write(value), true, End::Done(end)) => {
                zones.write_ends(u64::from(value), end + 1);
                true
            }
            (Action::Read(value), true, End::Done(end)) => {
                zones.read((value != 0).then_some(u64::from(value)), begin, end + 1)
            }
            (Action::Read(_), ..) => true,
            _ => return None,
        };
        if !fine {
            return Some(Verdict::Violated { op });
        }
    }
    Some(Verdict::Linearizable)
}
