//! The operations on one key, in the order of real time.

use crate::model::Action;

/// How an operation ended, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Answered.
    Done(u32),
    /// Did not happen, and that is known from here on.
    Failed(u32),
    /// May have happened, or may yet.
    Unknown,
}

impl End {
    /// When, if it is known how.
    #[must_use]
    pub fn at(self) -> Option<u32> {
        match self {
            Self::Done(at) | Self::Failed(at) => Some(at),
            Self::Unknown => None,
        }
    }
}

/// An operation on one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Op {
    /// Who.
    pub process: u64,
    /// When it began: a position such as a record's index, no two the same.
    pub begin: u32,
    /// How it ended.
    pub end: End,
    /// What it did. One that observes counts only once it is answered.
    pub action: Action,
}

impl Op {
    /// Whether it is to be explained: answered, or it may have changed something.
    #[must_use]
    pub fn counts(&self) -> bool {
        matches!(self.end, End::Done(_)) || !self.action.observes()
    }
}

/// The operations on one key. Beginnings and ends are told in the order of real time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ops {
    list: Vec<Op>,
    /// Beginnings (operation's index, doubled) and ends (and one) in order.
    order: Vec<u32>,
}

impl Ops {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// All of them, by their beginnings.
    #[must_use]
    pub fn list(&self) -> &[Op] {
        &self.list
    }

    /// Beginnings (operation's index, doubled) and ends (and one) in order.
    pub(crate) fn order(&self) -> &[u32] {
        &self.order
    }

    /// An operation begins; the answer names it.
    pub fn begin(&mut self, process: u64, at: u32, action: Action) -> usize {
        self.list.push(Op { process, begin: at, end: End::Unknown, action });
        let op = self.list.len() - 1;
        self.order.push(op as u32 * 2);
        op
    }

    /// It is answered; this is what it did, as far as that is known now.
    pub fn done(&mut self, op: usize, at: u32, action: Action) {
        self.list[op].end = End::Done(at);
        self.list[op].action = action;
        self.order.push(op as u32 * 2 + 1);
    }

    /// It did not happen.
    pub fn failed(&mut self, op: usize, at: u32) {
        self.list[op].end = End::Failed(at);
        self.order.push(op as u32 * 2 + 1);
    }

    /// Those that this accepts, each as it answers, in the same order of real time.
    #[must_use]
    pub fn only(&self, mut keep: impl FnMut(usize, &Op) -> Option<Op>) -> Self {
        let mut kept = Self::new();
        let mut places = vec![None; self.list.len()];
        for at in &self.order {
            let op = (at / 2) as usize;
            if at & 1 == 0 {
                if let Some(new) = keep(op, &self.list[op]) {
                    places[op] = Some(kept.list.len());
                    kept.order.push(kept.list.len() as u32 * 2);
                    kept.list.push(new);
                }
            } else if let Some(place) = places[op]
                && kept.list[place].end != End::Unknown
            {
                kept.order.push(place as u32 * 2 + 1);
            }
        }
        kept
    }

    /// What was known just after this position.
    #[must_use]
    pub fn prefix(&self, at: u32) -> Self {
        self.only(|_, op| {
            let end = match op.end {
                End::Done(end) | End::Failed(end) if end > at => End::Unknown,
                end => end,
            };
            (op.begin <= at).then_some(Op { end, ..*op })
        })
    }
}
