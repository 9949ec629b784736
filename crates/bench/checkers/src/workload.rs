//! The histories that everyone checks: clients act upon registers, each operation at some instant while it is
//! under way; so all of them are linearizable, but for one whose last read is stale.

use netsplit_checker::{Call, Cause, History, Outcome};

/// A history to be checked.
#[derive(Clone, Copy)]
pub struct Case {
    /// What the table calls it.
    pub name: &'static str,
    ops: u32,
    clients: u32,
    keys: u32,
    /// How many values there are; 0: each write has its own.
    values: u32,
    cas: bool,
    /// One operation in so many has an unknown outcome (0: none).
    unknown: u32,
    /// Whether the last read is stale.
    pub stale: bool,
}

const BASE: Case =
    Case { name: "", ops: 0, clients: 10, keys: 1, values: 0, cas: false, unknown: 0, stale: false };

/// All of them.
pub const CASES: [Case; 11] = [
    Case { name: "100 keys, 10,000 operations, 1 % unknown", ops: 10_000, keys: 100, unknown: 100, ..BASE },
    Case {
        name: "the same, 5 values and cas",
        ops: 10_000,
        keys: 100,
        unknown: 100,
        values: 5,
        cas: true,
        ..BASE
    },
    Case { name: "1 register, 10 clients, 100 operations", ops: 100, ..BASE },
    Case { name: "the same, 5 values and cas", ops: 100, values: 5, cas: true, ..BASE },
    Case { name: "the same, last read stale", ops: 100, values: 5, cas: true, stale: true, ..BASE },
    Case { name: "1 register, 30 clients, 300 operations", ops: 300, clients: 30, ..BASE },
    Case { name: "the same, last read stale", ops: 300, clients: 30, stale: true, ..BASE },
    Case { name: "the same, 5 values", ops: 300, clients: 30, values: 5, ..BASE },
    Case { name: "the same, 5 values and cas", ops: 300, clients: 30, values: 5, cas: true, ..BASE },
    Case {
        name: "the same, last read stale",
        ops: 300,
        clients: 30,
        values: 5,
        cas: true,
        stale: true,
        ..BASE
    },
    Case { name: "1 register, 10,000 operations, 5 values", ops: 10_000, values: 5, ..BASE },
];

struct Client {
    process: u64,
    running: Option<(usize, Call, Option<Option<u64>>)>,
}

/// The history.
pub fn history(case: Case) -> History {
    let mut word = 7_u64;
    let mut below = |limit: u32| {
        word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((word >> 33) % u64::from(limit)) as u32
    };
    let mut history = History::new();
    let mut held: Vec<Option<u64>> = vec![None; case.keys as usize];
    let mut clients: Vec<Client> =
        (0..u64::from(case.clients)).map(|process| Client { process, running: None }).collect();
    let (mut started, mut time, mut next) = (0, 0, u64::from(case.clients));
    while started < case.ops || clients.iter().any(|client| client.running.is_some()) {
        time += 1;
        let at = below(case.clients) as usize;
        let client = &mut clients[at];
        let Some((invoke, call, answer)) = client.running.take() else {
            if started < case.ops {
                started += 1;
                let key = u64::from(below(case.keys));
                let mut value = || match case.values {
                    0 => u64::from(started),
                    values => u64::from(below(values)),
                };
                let (one, other) = (value(), value());
                let call = match below(4) {
                    0 if case.cas => Call::Cas { key, old: Some(one), new: other },
                    0 | 1 => Call::Write { key, value: one },
                    _ => Call::Read { key },
                };
                client.running = Some((history.invoke(client.process, call.clone(), time, time), call, None));
            }
            continue;
        };
        let key = call.key().unwrap_or(0) as usize;
        if let Some(answer) = answer {
            let outcome = match case.unknown {
                unknown if unknown > 0 && below(unknown) == 0 => Outcome::Unknown(Cause::Timeout),
                _ => Outcome::Ok(answer),
            };
            history.complete(invoke, outcome, time, time);
            if let Outcome::Unknown(_) = outcome {
                client.process = next;
                next += 1;
            }
        } else {
            let answer = match call {
                Call::Write { value, .. } => {
                    held[key] = Some(value);
                    None
                }
                Call::Cas { old, new, .. } if held[key] == old => {
                    held[key] = Some(new);
                    Some(1)
                }
                Call::Cas { .. } => Some(0),
                Call::Read { .. } | Call::Work => held[key],
            };
            client.running = Some((invoke, call, Some(answer)));
        }
    }
    if case.stale {
        let read = history.invoke(0, Call::Read { key: 0 }, time, time);
        // Null was overwritten long ago.
        history.complete(read, Outcome::Ok(None), time, time);
    }
    history
}
