//! The search of Wing and Gong with Lowe's refinements: take any operation that has begun and whose turn may be
//! next, go on, and come back where an operation's end is reached before its turn. Operations are lifted from a
//! linked list of beginnings and ends and put back in constant time, and no pair of (operations lifted, state)
//! is looked at twice. The furthest end that any path reached is where the shortest inexplicable prefix ends.
//!
//! What keeps it small, each of them without effect on any prefix's verdict:
//!
//! - An operation that only observes is lifted as soon as it fits, with no way back: it never hurts.
//! - Values that nobody asks for are one state. A write of such a value is lifted with no way back before
//!   another write that began when it had begun already, or while nobody asks for the state anyway.
//! - If its outcome is unknown besides, it is left out. Of unknown operations that do the same, the first goes
//!   first. What one of them put there must be seen before it is overwritten, or it might as well have waited.
//! - A failed operation may have its turn, but then its end is never passed: until there, nobody knew.

use super::Verdict;
use super::ops::{End, Ops};
use crate::model::{Action, JUNK, Model, Steps};
use crate::table::{Seen, mix};

/// How an operation is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Only observes.
    Observer,
    /// Writes what nobody asks for, and was answered.
    Idle,
    /// Changes the state, and was answered.
    Done,
    /// Changes the state, and failed.
    Failed,
    /// Changes the state, perhaps.
    Unknown,
}

#[derive(Clone, Copy, Debug)]
struct Turn {
    op: u32,
    /// State before.
    state: u32,
    /// No way back: it never hurts.
    free: bool,
}

/// A search under way.
#[derive(Clone, Debug)]
pub(crate) struct Search {
    steps: Steps,
    kinds: Vec<Kind>,
    /// Of each operation: places in the list of its beginning and its end; 0 for none.
    begins: Vec<u32>,
    ends: Vec<u32>,
    /// Of each operation of unknown outcome: the one before that does the same.
    twins: Vec<u32>,
    lifted: Vec<bool>,
    /// The list; place 0 is before the first one and after the last one.
    entries: Vec<u32>,
    next: Vec<u32>,
    prev: Vec<u32>,
    /// Operations that have an end to be passed.
    left: u32,
    state: u32,
    hash: (u64, u64),
    path: Vec<Turn>,
    seen: Seen,
    at: u32,
    furthest: u32,
    spent: u64,
}

const NONE: u32 = u32::MAX;

impl Search {
    /// Prepares one.
    pub fn new(ops: &Ops, model: Model) -> Self {
        // What does not count must not be asked for either.
        let actions = ops.list().iter().map(|op| if op.counts() { op.action } else { Action::Differs(0) });
        let steps = Steps::of(actions.collect(), model);
        let picky = ops.list().iter().any(|op| op.counts() && matches!(op.action, Action::Differs(_)));
        let count = ops.list().len();
        let mut search = Self {
            kinds: Vec::with_capacity(count),
            begins: vec![0; count],
            ends: vec![0; count],
            twins: vec![NONE; count],
            lifted: vec![false; count],
            entries: vec![NONE],
            next: Vec::new(),
            prev: Vec::new(),
            left: 0,
            state: 0,
            hash: (0, 0),
            path: Vec::new(),
            seen: Seen::default(),
            at: 0,
            furthest: 0,
            spent: 0,
            steps,
        };
        for (op, action) in ops.list().iter().zip(&search.steps.actions) {
            let idle = !picky && matches!(action, Action::Write(JUNK) | Action::Cas(_, JUNK));
            search.kinds.push(match op.end {
                _ if action.observes() => Kind::Observer,
                End::Done(_) if idle && matches!(action, Action::Write(_)) => Kind::Idle,
                End::Done(_) => Kind::Done,
                End::Failed(_) => Kind::Failed,
                End::Unknown => Kind::Unknown,
            });
            let useless = op.action.observes() && !op.counts()
                || idle && matches!(op.end, End::Unknown | End::Failed(_));
            search.lifted[search.kinds.len() - 1] = useless;
        }
        search.link(ops);
        search.find_twins();
        search.settle(0);
        search
    }

    fn link(&mut self, ops: &Ops) {
        for entry in ops.order() {
            let op = (entry / 2) as usize;
            if self.lifted[op] {
                continue;
            }
            let place = self.entries.len() as u32;
            self.entries.push(*entry);
            if entry & 1 == 0 {
                self.begins[op] = place;
            } else {
                self.ends[op] = place;
                self.left += 1;
            }
        }
        let count = self.entries.len() as u32;
        self.next = (1..=count).map(|place| if place == count { 0 } else { place }).collect();
        self.prev = (0..count).map(|place| place.checked_sub(1).unwrap_or(count - 1)).collect();
    }

    fn find_twins(&mut self) {
        // Few are unknown, or else few kinds of them are useful: a walk is enough.
        let mut firsts: Vec<u32> = Vec::new();
        for op in 0..self.kinds.len() {
            if self.kinds[op] == Kind::Unknown && !self.lifted[op] {
                let action = self.steps.actions[op];
                match firsts.iter_mut().find(|first| self.steps.actions[**first as usize] == action) {
                    Some(last) => self.twins[op] = core::mem::replace(last, op as u32),
                    None => firsts.push(op as u32),
                }
            }
        }
    }

    /// Steps taken.
    pub fn spent(&self) -> u64 {
        self.spent
    }

    /// The operations that had their turn, in order. Of a search that found the history linearizable, this is an
    /// order that explains it.
    pub fn order(&self) -> Vec<usize> {
        let mut order = Vec::with_capacity(self.path.len());
        let mut choice = 0;
        for turn in &self.path {
            let op = turn.op as usize;
            if turn.op & DROPPED != 0 {
                continue;
            }
            if !turn.free {
                choice = order.len();
                order.push(op);
            } else if self.kinds[op] == Kind::Idle && turn.state != JUNK {
                // It was overwritten by the choice before.
                order.insert(choice, op);
                choice += 1;
            } else {
                order.push(op);
            }
        }
        order
    }

    /// Goes on until there is a verdict, or until so many steps were taken in all.
    pub fn run(&mut self, until: u64) -> Option<Verdict> {
        loop {
            if self.left == 0 {
                return Some(Verdict::Linearizable);
            }
            if self.spent >= until {
                return None;
            }
            let entry = self.entries[self.at as usize];
            if self.at != 0 && entry & 1 == 0 {
                self.try_turn(entry / 2);
            } else if !self.pass_end(entry) && !self.back() {
                let op = (self.entries[self.furthest as usize] / 2) as usize;
                return Some(Verdict::Violated { op });
            }
        }
    }

    /// Gives this operation its turn if that leads anywhere new; else the next one is looked at.
    fn try_turn(&mut self, op: u32) {
        self.spent += 1;
        let twin = self.twins[op as usize];
        let wasted = matches!(self.steps.actions[op as usize], Action::Write(_)) && self.unseen();
        let allowed = !wasted && (twin == NONE || self.lifted[twin as usize]);
        match self.steps.apply(op, self.state) {
            // One of unknown outcome that changes nothing may wait.
            Some(state) if allowed && !(state == self.state && self.kinds[op as usize] == Kind::Unknown) => {
                let boundary = match self.steps.actions[op as usize] {
                    Action::Write(_) => self.first_end(),
                    _ => 0,
                };
                self.lift(op, state, false);
                self.settle(boundary);
                // What may follow hangs on whether somebody has seen the state.
                let state = u64::from(self.state) + (u64::from(self.unseen()) << 32);
                let key = (self.hash.0 ^ mix(state + 1), self.hash.1 ^ state);
                if !self.seen.insert(key) {
                    self.back();
                }
            }
            _ => self.at = self.next[self.at as usize],
        }
    }

    /// Whether the state is of an operation of unknown outcome, and nobody has seen it.
    fn unseen(&self) -> bool {
        let passed =
            |turn: &&Turn| turn.op & DROPPED != 0 || turn.free && self.kinds[turn.op as usize] == Kind::Idle;
        let last = self.path.iter().rev().find(|turn| !passed(turn));
        last.is_some_and(|turn| !turn.free && self.kinds[turn.op as usize] == Kind::Unknown)
    }

    /// The first end in the list.
    fn first_end(&self) -> u32 {
        let mut at = self.next[0];
        while self.entries[at as usize] & 1 == 0 {
            at = self.next[at as usize];
        }
        at
    }

    /// Lifts all that never hurts to lift, and goes to the front of the list. What began before `boundary` may
    /// have been overwritten just now.
    fn settle(&mut self, boundary: u32) {
        let mut at = self.next[0];
        while at != 0 {
            let entry = self.entries[at as usize];
            let op = entry / 2;
            if entry & 1 == 1 {
                break;
            }
            let next = self.next[at as usize];
            let free = match self.kinds[op as usize] {
                Kind::Observer => self.steps.apply(op, self.state).is_some(),
                Kind::Idle => self.state == JUNK || at < boundary,
                _ => false,
            };
            if free {
                // Its end may be the next entry, and goes as well.
                let next = if next == self.ends[op as usize] { self.next[next as usize] } else { next };
                self.lift(op, self.state, true);
                at = next;
            } else {
                at = next;
            }
        }
        self.at = self.next[0];
    }

    /// At the end of an operation that is not explained yet. Whether it can be passed.
    fn pass_end(&mut self, entry: u32) -> bool {
        let op = entry / 2;
        if self.at != 0 && self.kinds[op as usize] == Kind::Failed && !self.lifted[op as usize] {
            let begin = self.begins[op as usize];
            self.unlink(begin);
            self.unlink(self.at);
            self.left -= 1;
            // Marked by having no state before.
            self.path.push(Turn { op: op | DROPPED, state: self.state, free: true });
            self.settle(0);
            return true;
        }
        self.furthest = self.furthest.max(self.at);
        false
    }

    /// Takes back the last turn that was a choice, and looks at the operation after it. False if there is none.
    fn back(&mut self) -> bool {
        while let Some(Turn { op, state, free }) = self.path.pop() {
            let dropped = op & DROPPED != 0;
            let op = op & !DROPPED;
            let (begin, end) = (self.begins[op as usize], self.ends[op as usize]);
            if end != 0 && (dropped || self.kinds[op as usize] != Kind::Failed) {
                self.relink(end);
                self.left += 1;
            }
            self.relink(begin);
            if !dropped {
                self.lifted[op as usize] = false;
                self.state = state;
                self.stir(op);
            }
            if !free {
                self.at = self.next[begin as usize];
                return true;
            }
        }
        false
    }

    fn lift(&mut self, op: u32, state: u32, free: bool) {
        self.path.push(Turn { op, state: self.state, free });
        let (begin, end) = (self.begins[op as usize], self.ends[op as usize]);
        self.unlink(begin);
        if end != 0 && self.kinds[op as usize] != Kind::Failed {
            self.unlink(end);
            self.left -= 1;
        }
        self.lifted[op as usize] = true;
        self.state = state;
        self.stir(op);
    }

    /// An operation enters or leaves the hash of those that are lifted.
    fn stir(&mut self, op: u32) {
        self.hash.0 ^= mix(u64::from(op) * 2 + 1);
        self.hash.1 ^= mix((u64::from(op) + 1) << 32);
    }

    fn unlink(&mut self, place: u32) {
        let (prev, next) = (self.prev[place as usize], self.next[place as usize]);
        self.next[prev as usize] = next;
        self.prev[next as usize] = prev;
    }

    fn relink(&mut self, place: u32) {
        let (prev, next) = (self.prev[place as usize], self.next[place as usize]);
        self.next[prev as usize] = place;
        self.prev[next as usize] = place;
    }
}

/// Mark of a failed operation that was passed without a turn.
const DROPPED: u32 = 1 << 31;
