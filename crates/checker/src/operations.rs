//! From records to whole operations over all keys, for the checks that look at sessions.

use crate::history::{Call, Event, Outcome, Record};
use crate::table::By;

/// What an operation did, as far as its answer tells. Nothing is the initial value of every key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Saw this value.
    Read(Option<u64>),
    /// Wrote this value.
    Write(u64),
    /// Saw the first value and wrote the second.
    Cas(Option<u64>, u64),
    /// A comparison that was answered and did not hold: saw any value but this one.
    Differs(Option<u64>),
}

impl Deed {
    /// The value that it saw.
    pub fn saw(self) -> Option<Option<u64>> {
        match self {
            Self::Read(value) | Self::Cas(value, _) => Some(value),
            Self::Write(_) | Self::Differs(_) => None,
        }
    }

    /// The value that it wrote.
    pub fn wrote(self) -> Option<u64> {
        match self {
            Self::Write(value) | Self::Cas(_, value) => Some(value),
            Self::Read(_) | Self::Differs(_) => None,
        }
    }
}

/// An operation that happened, or may have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operation {
    /// Index of its invocation in the records.
    pub invoke: usize,
    /// Index of its answer; none if its outcome is unknown.
    pub answer: Option<usize>,
    pub process: u64,
    pub key: u64,
    pub deed: Deed,
    /// When it was invoked and answered (ns).
    pub began: u64,
    pub ended: u64,
}

/// The operations of a history.
#[derive(Clone, Debug, Default)]
pub(crate) struct Operations {
    /// By their invocations. Without those that failed, and without reads of unknown outcome.
    pub list: Vec<Operation>,
    /// Some process began an operation while an earlier one of its own was open or of unknown outcome: then its
    /// operations have no order.
    pub overlap: bool,
}

impl Operations {
    /// Gathers them.
    pub fn of(records: &[Record]) -> Self {
        let mut answers: Vec<Option<(usize, u64, Outcome)>> = vec![None; records.len()];
        let (mut busy, mut overlap) = (By::default(), false);
        for (at, record) in records.iter().enumerate() {
            match &record.what {
                Event::Invoke(_) => {
                    overlap |= core::mem::replace(busy.slot(record.process, false), true);
                }
                Event::Complete { invoke, outcome } => {
                    if let Some(answer) = answers.get_mut(*invoke)
                        && answer.is_none()
                    {
                        *answer = Some((at, record.time, *outcome));
                        if !matches!(outcome, Outcome::Unknown(_)) {
                            *busy.slot(record.process, false) = false;
                        }
                    }
                }
            }
        }
        let mut list = Vec::new();
        for (invoke, record) in records.iter().enumerate() {
            let Event::Invoke(call) = &record.what else { continue };
            let answer = answers[invoke];
            let value = match answer {
                Some((_, _, Outcome::Ok(value))) => Some(value),
                Some((_, _, Outcome::Fail(_))) => continue,
                Some((_, _, Outcome::Unknown(_))) | None => None,
            };
            let (key, deed) = match (call, value) {
                (Call::Read { key }, Some(value)) => (*key, Deed::Read(value)),
                (Call::Write { key, value }, _) => (*key, Deed::Write(*value)),
                (Call::Cas { key, old, .. }, Some(Some(0))) => (*key, Deed::Differs(*old)),
                (Call::Cas { key, old, new }, _) => (*key, Deed::Cas(*old, *new)),
                (Call::Read { .. }, None) | (Call::Work, _) => continue,
            };
            let (answer, ended) = match (value, answer) {
                (Some(_), Some((at, time, _))) => (Some(at), time),
                _ => (None, u64::MAX),
            };
            let (process, began) = (record.process, record.time);
            list.push(Operation { invoke, answer, process, key, deed, began, ended });
        }
        Self { list, overlap }
    }
}

/// Who wrote each value of each key, as places in the list.
#[derive(Debug, Default)]
pub(crate) struct Writers(By<By<usize>>);

impl Writers {
    pub fn get(&self, key: u64, value: u64) -> Option<usize> {
        self.0.get(key)?.get(value).copied()
    }
}

/// Who wrote a value; [`None`] where two operations wrote the same value to the same key.
pub(crate) fn writers(list: &[Operation]) -> Option<Writers> {
    let mut writers = Writers::default();
    for (at, operation) in list.iter().enumerate() {
        if let Some(value) = operation.deed.wrote()
            && *writers.0.slot(operation.key, By::default()).slot(value, at) != at
        {
            return None;
        }
    }
    Some(writers)
}
