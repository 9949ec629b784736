//! Seeded random histories of several keys, as a simulation records them.

use super::Draws;
use netsplit_checker::{Call, Cause, History, Outcome};

/// How they are made.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub ops: u32,
    pub clients: u32,
    pub keys: u32,
    /// How many values there are; 0: each write has its own.
    pub values: u32,
    /// Whether some operations compare and set.
    pub cas: bool,
    /// One operation in so many has an unknown outcome, and one fails (0: none).
    pub unknown: u32,
    /// One read in so many is made up (0: none).
    pub lies: u32,
}

/// A history; without lies, and if no failed operation was seen, it is linearizable.
pub fn history(draws: &mut Draws, shape: Shape) -> History {
    let mut history = History::new();
    let mut held: Vec<Option<u64>> = vec![None; shape.keys as usize];
    // Of each client: process, and invocation, call and answer of what it does.
    let mut clients: Vec<(u64, Option<(usize, Call, Option<Option<u64>>)>)> =
        (0..shape.clients).map(|client| (u64::from(client), None)).collect();
    let (mut started, mut time, mut fresh, mut next) = (0, 0, 0, u64::from(shape.clients));
    while started < shape.ops || clients.iter().any(|client| client.1.is_some()) {
        time += u64::from(draws.below(3));
        let event = time / 2;
        let client = draws.below(shape.clients) as usize;
        let process = clients[client].0;
        let Some((invoke, call, answer)) = clients[client].1.take() else {
            if started < shape.ops {
                started += 1;
                fresh += 1;
                let key = u64::from(draws.below(shape.keys));
                let value = |draws: &mut Draws| match shape.values {
                    0 => fresh,
                    values => u64::from(draws.below(values)),
                };
                let call = match draws.below(8) {
                    0 if shape.cas => Call::Cas { key, old: held[key as usize], new: value(draws) },
                    1 if shape.cas => Call::Cas { key, old: Some(value(draws)), new: value(draws) },
                    0..4 => Call::Write { key, value: value(draws) },
                    _ => Call::Read { key },
                };
                clients[client].1 = Some((history.invoke(process, call.clone(), time, event), call, None));
            }
            continue;
        };
        let key = call.key().unwrap_or(0) as usize;
        if let Some(answer) = answer {
            let lie = shape.lies > 0 && draws.one_in(shape.lies);
            let answer = match call {
                Call::Read { .. } if lie => Some(u64::from(draws.below(fresh as u32 + 1))),
                _ => answer,
            };
            let outcome = match shape.unknown {
                unknown if unknown > 0 && draws.one_in(unknown) => Outcome::Unknown(Cause::Timeout),
                unknown if unknown > 0 && draws.one_in(unknown * 4) => Outcome::Fail(Cause::Error),
                _ => Outcome::Ok(answer),
            };
            history.complete(invoke, outcome, time, event);
            if let Outcome::Unknown(_) = outcome {
                clients[client].0 = next;
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
            clients[client].1 = Some((invoke, call, Some(answer)));
        }
    }
    history
}
