//! Seeded random histories of one key.

#![allow(dead_code)]

pub mod many;

use netsplit_checker::linear::Ops;
use netsplit_checker::model::{Action, Interner};

/// splitmix64.
pub struct Draws(pub u64);

impl Draws {
    pub fn below(&mut self, limit: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((word ^ (word >> 31)) % u64::from(limit)) as u32
    }

    pub fn one_in(&mut self, times: u32) -> bool {
        self.below(times) == 0
    }
}

/// What histories are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Reads and writes.
    Register,
    /// Reads and writes, no value written twice.
    Distinct,
    /// And comparisons.
    Cas,
    /// Strings.
    Kv,
}

/// How histories are made.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub kind: Kind,
    pub ops: u32,
    pub clients: u32,
    pub values: u32,
    /// One operation in so many has an unknown outcome, and another one fails.
    pub unknown: u32,
    /// One answer in so many is made up (0: none).
    pub lies: u32,
}

/// The object itself.
#[derive(Clone, Debug, Default)]
pub struct Object {
    value: u32,
}

impl Object {
    /// Does it; answers what it then turns out to have been.
    fn act(&mut self, action: Action, names: &mut Interner) -> Action {
        match action {
            Action::Read(_) => Action::Read(self.value),
            Action::Write(value) => {
                self.value = value;
                action
            }
            Action::Cas(old, new) if self.value == old => {
                self.value = new;
                action
            }
            Action::Cas(old, _) => Action::Differs(old),
            Action::Append(piece) => {
                let text = format!("{}{}", names.text(self.value), names.text(piece));
                self.value = names.string(&text);
                action
            }
            Action::Differs(_) => action,
        }
    }
}

/// A client's operation under way.
struct Running {
    op: usize,
    process: u64,
    /// What it does, and what it turned out to be once it happened.
    action: Action,
    happened: Option<Action>,
}

/// A history: clients act upon an object one at a time, each operation at some instant while it is under way.
/// Without lies, it is linearizable. Operations of unknown outcome happen at once, much later, or never.
pub fn history(draws: &mut Draws, shape: Shape, names: &mut Interner) -> Ops {
    let mut ops = Ops::new();
    if shape.kind == Kind::Distinct && draws.one_in(2) {
        // Nothing can come of it, but zones are not for it: the search must say the same.
        ops.begin(u64::MAX, 0, Action::Cas(u32::MAX - 1, 1));
    }
    let mut object = Object::default();
    let mut clients: Vec<Option<Running>> = (0..shape.clients).map(|_| None).collect();
    let mut lost: Vec<Action> = Vec::new();
    let (mut at, mut started, mut fresh, mut process) = (0, 0, 0, u64::from(shape.clients));
    let mut processes: Vec<u64> = (0..u64::from(shape.clients)).collect();
    while started < shape.ops || clients.iter().any(Option::is_some) {
        let client = draws.below(shape.clients) as usize;
        at += 1 + draws.below(2);
        if !lost.is_empty() && draws.one_in(8) {
            let late = lost.swap_remove(draws.below(lost.len() as u32) as usize);
            object.act(late, names);
        }
        let Some(mut running) = clients[client].take() else {
            if started < shape.ops {
                started += 1;
                fresh += 1;
                let action = draw_action(draws, shape, fresh, names);
                let op = ops.begin(processes[client], at, action);
                clients[client] = Some(Running { op, process: processes[client], action, happened: None });
            }
            continue;
        };
        if running.happened.is_none() && shape.unknown > 0 && draws.one_in(shape.unknown) {
            if draws.one_in(2) {
                ops.failed(running.op, at);
            } else {
                lost.push(running.action);
                process += 1;
                processes[client] = process;
            }
            continue;
        }
        match running.happened {
            None => {
                running.happened = Some(object.act(running.action, names));
                clients[client] = Some(running);
            }
            Some(happened) => {
                let lie = shape.lies > 0 && draws.one_in(shape.lies);
                let told = match happened {
                    Action::Read(_) if lie => Action::Read(made_up(draws, shape, fresh, names)),
                    Action::Cas(old, _) if lie => Action::Differs(old),
                    Action::Differs(old) if lie => match running.action {
                        Action::Cas(_, new) => Action::Cas(old, new),
                        other => other,
                    },
                    other => other,
                };
                let _ = running.process;
                ops.done(running.op, at, told);
            }
        }
    }
    ops
}

fn draw_action(draws: &mut Draws, shape: Shape, fresh: u32, names: &mut Interner) -> Action {
    let value = |draws: &mut Draws| 1 + draws.below(shape.values);
    match (shape.kind, draws.below(4)) {
        (Kind::Kv, 0) => {
            let texts = ["", "a", "b", "ab"];
            Action::Write(names.string(texts[draws.below(4) as usize]))
        }
        (Kind::Kv, 1) => {
            let texts = ["a", "b", "ba"];
            Action::Append(names.string(texts[draws.below(3) as usize]))
        }
        (Kind::Cas, 0) => Action::Cas(draws.below(shape.values + 1), value(draws)),
        (Kind::Distinct, 0 | 1) => Action::Write(fresh),
        (_, 0 | 1) => Action::Write(value(draws)),
        _ => Action::Read(0),
    }
}

fn made_up(draws: &mut Draws, shape: Shape, fresh: u32, names: &mut Interner) -> u32 {
    match shape.kind {
        Kind::Kv => {
            let texts = ["", "a", "b", "ab", "aa", "ba", "bab", "aba"];
            names.string(texts[draws.below(8) as usize])
        }
        Kind::Distinct => draws.below(fresh + 1),
        _ => draws.below(shape.values + 1),
    }
}

/// In a few lines.
pub fn show(ops: &Ops) -> String {
    ops.list()
        .iter()
        .enumerate()
        .map(|(n, op)| format!("\n{n}: p{} {} {:?} {:?}", op.process, op.begin, op.end, op.action))
        .collect()
}
