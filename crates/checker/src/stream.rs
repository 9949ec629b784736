//! Linearizability of one key's operations as they are told, for histories of any length: what is explained for good
//! is forgotten.
//!
//! It is forgotten at a quiet moment: a read that nothing which changes the key overlapped has just been answered,
//! and nothing is open. In every explanation of what came before, the key then holds what that read saw; so what
//! comes after can be asked about by itself, from that value on. Operations of unknown outcome stay, for they may
//! yet take effect, unless every explanation of what came before needs them: those had their turn, if nothing at all
//! overlapped the read, before it. Where neither is so (one of several unknown operations was needed, and it cannot
//! be told which) everything stays until the next quiet moment.
//!
//! Where a register has none for long, and all values written to it are different, it is judged as it goes on
//! ([`online`]); other keys are given up in the end.

mod online;

use crate::linear::{BUDGET, End, Op, Ops, Verdict, check};
use crate::model::{Action, Interner, Model};
use crate::witness::{Witness, witness};
use online::{Online, Open};

/// Operations of unknown outcome for which it is asked whether they were needed.
const ASKED: usize = 64;

/// The kind of object behind a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any value, initially null; read, write, compare-and-set.
    Register,
    /// A string, initially empty; get, put, append.
    Kv,
}

/// What is asked; texts stand for values, and nothing for null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask<'a> {
    /// What is there?
    Read,
    /// Put this there.
    Write(Option<&'a str>),
    /// If the first is there, put the second there.
    Cas(Option<&'a str>, Option<&'a str>),
    /// Put this text behind what is there.
    Append(&'a str),
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended<'a> {
    /// A read saw this.
    Saw(Option<&'a str>),
    /// It was done.
    Done,
    /// A comparison was answered and did not hold.
    Differed,
    /// It did not happen.
    Failed,
    /// Nobody knows.
    Unknown,
}

/// Where an operation is told: numbers of lines, or any other places in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Its invocation.
    pub begin: u64,
    /// Its completion; 0 if there is none.
    pub end: u64,
    /// It stands for all that was forgotten: the key held this value, as the read told of here had seen.
    pub start: bool,
    /// It ended, and nobody knows how.
    lost: bool,
}

/// Why nothing could be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The budget was spent.
    Budget,
    /// There was no quiet moment for too long.
    NeverQuiet,
}

/// A key's verdict.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// An order explains everything.
    Linearizable,
    /// None does.
    Violated(Box<Violation>),
    /// It is not known.
    Undecided(Why),
}

/// What no order explains.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// The operation with whose end it became inexplicable.
    pub last: Op,
    /// Where that is told.
    pub told: Told,
    /// Why; nothing where the budget did not do for it.
    pub witness: Option<Witness>,
    /// Where the operations of the witness are told.
    pub sources: Vec<Told>,
    /// The texts of the numbers in them.
    pub names: Interner,
}

/// What may be spent on a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Steps of each search.
    pub steps: u64,
    /// Operations that are kept before anything is forgotten: smaller histories are judged whole.
    pub window: usize,
    /// Operations that are kept without a quiet moment before registers are judged as they go on, where that can be.
    pub patience: usize,
    /// Operations that are kept without a quiet moment.
    pub kept: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { steps: BUDGET, window: 512, patience: 65_536, kept: 2_000_000 }
    }
}

/// The operations on one key.
#[derive(Clone, Debug)]
pub struct Stream {
    kind: Kind,
    limits: Limits,
    names: Interner,
    ops: Ops,
    told: Vec<Told>,
    /// The next position.
    at: u32,
    /// Operations that are open, and those among them that may change the key.
    open: u32,
    changing: u32,
    /// Position of the last beginning or end of one that may change it.
    changed: u32,
    /// Position of the last beginning at which nothing else was open.
    alone: u32,
    /// How many operations are to be there before something is forgotten.
    due: usize,
    forgotten: u64,
    over: Option<Why>,
    violated: Option<usize>,
    online: Option<Box<Online>>,
    /// What was inexplicable as it went on.
    odd: Option<Box<Violation>>,
    /// How many operations are to be there before it is tried to judge them as they go on.
    tried: usize,
}

impl Stream {
    /// None yet.
    #[must_use]
    pub fn new(kind: Kind, limits: Limits) -> Self {
        Self {
            kind,
            limits,
            names: Interner::new(),
            ops: Ops::new(),
            told: Vec::new(),
            at: 0,
            open: 0,
            changing: 0,
            changed: 0,
            alone: 0,
            due: limits.window,
            forgotten: 0,
            over: None,
            violated: None,
            online: None,
            odd: None,
            tried: limits.patience,
        }
    }

    fn number(&mut self, text: Option<&str>) -> u32 {
        match (self.kind, text) {
            (_, None) => 0,
            (Kind::Register, Some(text)) => self.names.value(text),
            (Kind::Kv, Some(text)) => self.names.string(text),
        }
    }

    fn settled(&self) -> bool {
        self.over.is_some() || self.violated.is_some() || self.odd.is_some()
    }

    /// An operation begins; the answer names it until it ends.
    pub fn invoke(&mut self, process: u64, ask: Ask, place: u64) -> u32 {
        if self.settled() {
            return u32::MAX;
        }
        if let Some(online) = &mut self.online {
            let begun = match ask {
                Ask::Read => online.begin(process, None, place),
                Ask::Write(Some(text)) => online.begin(process, Some(text), place),
                _ => None,
            };
            return begun.unwrap_or_else(|| {
                self.give_up(Why::NeverQuiet);
                u32::MAX
            });
        }
        let action = match ask {
            Ask::Read => Action::Read(0),
            Ask::Write(value) => Action::Write(self.number(value)),
            Ask::Cas(old, new) => Action::Cas(self.number(old), self.number(new)),
            Ask::Append(text) => Action::Append(self.number(Some(text))),
        };
        self.at += 1;
        let op = self.begin(process, action, Told { begin: place, ..Told::default() });
        if let Action::Cas(old, _) = action {
            // A comparison that does not hold is another operation: see `linear::registers`.
            self.begin(process, Action::Differs(old), Told { begin: place, ..Told::default() });
        }
        if self.open == 0 {
            self.alone = self.at;
        }
        self.open += 1;
        if !action.observes() {
            self.changing += 1;
            self.changed = self.at;
        }
        op as u32
    }

    fn begin(&mut self, process: u64, action: Action, told: Told) -> usize {
        self.told.push(told);
        self.ops.begin(process, self.at, action)
    }

    /// It ends. Now and then this takes time: what has come so far is checked, and forgotten if it can be.
    pub fn complete(&mut self, op: u32, ended: Ended, place: u64) {
        if self.settled() || op == u32::MAX {
            return;
        }
        if let Some(online) = &mut self.online {
            let (odd, saw) = match ended {
                Ended::Saw(saw) => (online.done(op, saw), Some(saw)),
                Ended::Done => (online.done(op, None), None),
                _ => (online.gone(op, ended == Ended::Failed), None),
            };
            if let Some(odd) = odd {
                self.odd(odd, saw, place);
            }
            return;
        }
        self.at += 1;
        let mut op = op as usize;
        let Op { begin, action, .. } = self.ops.list()[op];
        self.open -= 1;
        if !action.observes() {
            self.changing -= 1;
            self.changed = self.at;
        }
        match ended {
            Ended::Saw(value) => {
                let seen = self.number(value);
                self.ops.done(op, self.at, Action::Read(seen));
            }
            Ended::Done => self.ops.done(op, self.at, action),
            Ended::Differed => {
                self.ops.failed(op, self.at);
                if let Action::Cas(old, _) = action {
                    op += 1;
                    self.ops.done(op, self.at, Action::Differs(old));
                }
            }
            Ended::Failed => self.ops.failed(op, self.at),
            Ended::Unknown => {}
        }
        self.told[op].end = if ended == Ended::Unknown { 0 } else { place };
        self.told[op].lost = ended == Ended::Unknown;
        let quiet = matches!(ended, Ended::Saw(_)) && self.open == 0 && self.changed < begin;
        if quiet && self.ops.list().len() >= self.due {
            self.forget(op);
        }
        if self.ops.list().len() >= self.tried && !self.settled() {
            self.tried *= 2;
            self.go_online();
        }
        if self.ops.list().len() >= self.limits.kept && !self.settled() {
            self.give_up(Why::NeverQuiet);
        }
    }

    /// Judges what has come and what will come record by record, if it can be.
    fn go_online(&mut self) {
        if self.kind == Kind::Register {
            let told = &self.told;
            let begun = |op: usize| told[op].begin;
            let open = |op: usize| self.ops.list()[op].end == End::Unknown && !told[op].lost;
            if let Some(online) = Online::of(&self.ops, &self.names, begun, open, self.limits.window) {
                self.forgotten += self.ops.list().len() as u64;
                (self.ops, self.told, self.names) = (Ops::new(), Vec::new(), Interner::new());
                self.online = Some(Box::new(online));
            }
        }
    }

    /// An operation was inexplicable as it ended.
    fn odd(&mut self, open: Open, saw: Option<Option<&str>>, place: u64) {
        let mut names = Interner::new();
        let value = saw.flatten().map_or(0, |text| names.value(text));
        let action = if saw.is_some() { Action::Read(value) } else { Action::Write(value) };
        let last = Op { process: open.process, begin: open.began, end: End::Done(open.began + 1), action };
        let told = Told { begin: open.place, end: place, ..Told::default() };
        self.online = None;
        self.odd = Some(Box::new(Violation { last, told, witness: None, sources: Vec::new(), names }));
    }

    fn give_up(&mut self, why: Why) {
        self.online = None;
        (self.ops, self.told, self.names) = (Ops::new(), Vec::new(), Interner::new());
        self.over = Some(why);
    }

    fn model(&self) -> Model<'_> {
        match self.kind {
            Kind::Register => Model::Register,
            Kind::Kv => Model::Kv(&self.names),
        }
    }

    /// Forgets what came before the answer of a read that was alone.
    fn forget(&mut self, read: usize) {
        match check(&self.ops, self.model(), self.limits.steps) {
            Verdict::Linearizable => {}
            Verdict::Violated { op } => return self.violated = Some(op),
            Verdict::Undecided => return self.give_up(Why::Budget),
        }
        self.due = self.ops.list().len() * 2;
        let Some(needed) = self.needed() else { return };
        let list = self.ops.list();
        if !needed.is_empty() && (self.alone != list[read].begin || read + 1 != list.len()) {
            return;
        }
        let stays = |op: &usize| list[*op].end == End::Unknown && list[*op].counts() && !needed.contains(op);
        let staying: Vec<usize> = (0..list.len()).filter(stays).collect();
        let Op { process, action: Action::Read(seen), .. } = list[read] else { return };
        let mut next = Self {
            forgotten: self.forgotten + (list.len() - staying.len()) as u64,
            ..Self::new(self.kind, self.limits)
        };
        for op in staying {
            let Op { process, action, .. } = list[op];
            let mut renamed = |value| rename(self.kind, &self.names, &mut next.names, value);
            let action = match action {
                Action::Write(value) => Action::Write(renamed(value)),
                Action::Cas(old, new) => Action::Cas(renamed(old), renamed(new)),
                Action::Append(piece) => Action::Append(renamed(piece)),
                Action::Read(_) | Action::Differs(_) => continue,
            };
            next.at += 1;
            next.begin(process, action, self.told[op]);
        }
        let seen = rename(self.kind, &self.names, &mut next.names, seen);
        next.at += 1;
        // What a key holds initially needs nobody who put it there.
        if seen != 0 {
            let start = next.begin(process, Action::Write(seen), Told { start: true, ..self.told[read] });
            next.at += 1;
            next.ops.done(start, next.at, Action::Write(seen));
        }
        next.due = self.limits.window + 2 * next.ops.list().len();
        *self = next;
    }

    /// The operations of unknown outcome without which there is no explanation, if with those alone there is one.
    fn needed(&self) -> Option<Vec<usize>> {
        let list = self.ops.list();
        let unknown = |op: usize| list[op].end == End::Unknown;
        // What cannot be told is no answer: an operation that only seems to be needed must not be dropped.
        let explained = |left_out: &dyn Fn(usize) -> bool| {
            let ops = self.ops.only(|op, it| (!left_out(op)).then_some(*it));
            match check(&ops, self.model(), self.limits.steps.min(BUDGET)) {
                Verdict::Linearizable => Some(true),
                Verdict::Violated { .. } => Some(false),
                Verdict::Undecided => None,
            }
        };
        if explained(&unknown)? {
            return Some(Vec::new());
        }
        // Only what somebody may have seen can be needed.
        let seen = |value: u32| {
            list.iter().any(|op| {
                op.counts() && matches!(op.action, Action::Read(v) | Action::Cas(v, _) if v == value)
            })
        };
        let picky = list.iter().any(|op| op.counts() && matches!(op.action, Action::Differs(_)));
        let useful = |op: &usize| match list[*op].action {
            Action::Write(value) | Action::Cas(_, value) => picky || self.kind == Kind::Kv || seen(value),
            Action::Append(_) => true,
            Action::Read(_) | Action::Differs(_) => false,
        };
        let asked: Vec<usize> = (0..list.len()).filter(|op| unknown(*op)).filter(useful).collect();
        if asked.len() > ASKED {
            return None;
        }
        let mut needed = Vec::new();
        for op in asked {
            if !explained(&|other| other == op)? {
                needed.push(op);
            }
        }
        explained(&|op| unknown(op) && !needed.contains(&op))?.then_some(needed)
    }

    /// Operations that are forgotten, because they are explained for good.
    #[must_use]
    pub fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// Operations that are kept.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.online.as_ref().map_or(self.ops.list().len(), |online| online.known())
    }

    /// The verdict, when nothing more will come; with a witness if that is wanted.
    #[must_use]
    pub fn finish(self, explain: bool) -> Finding {
        if let Some(why) = self.over {
            return Finding::Undecided(why);
        }
        if let Some(odd) = self.odd {
            return Finding::Violated(odd);
        }
        if self.online.is_some() {
            return Finding::Linearizable;
        }
        let op = match self
            .violated
            .map_or_else(|| check(&self.ops, self.model(), self.limits.steps), |op| Verdict::Violated { op })
        {
            Verdict::Linearizable => return Finding::Linearizable,
            Verdict::Undecided => return Finding::Undecided(Why::Budget),
            Verdict::Violated { op } => op,
        };
        let found =
            if explain { witness(&self.ops, self.model(), op, self.limits.steps.min(BUDGET)) } else { None };
        let sources = found.iter().flat_map(|found| &found.sources).map(|op| self.told[*op]).collect();
        let (last, told) = (self.ops.list()[op], self.told[op]);
        Finding::Violated(Box::new(Violation { last, told, witness: found, sources, names: self.names }))
    }
}

/// The number of a value among other names.
fn rename(kind: Kind, from: &Interner, to: &mut Interner, value: u32) -> u32 {
    match kind {
        _ if value == 0 => 0,
        Kind::Register => to.value(from.text(value)),
        Kind::Kv => to.string(from.text(value)),
    }
}
