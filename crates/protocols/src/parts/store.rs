//! A key-value state machine with a session table: a command that a client sends twice is applied once (dissertation,
//! chapter 6). A client's lives and lanes of operations are sessions of their own.

use netsplit_sim::digest::Digest;
use netsplit_sim::history::{Cause, Function, Operation};
use netsplit_sim::small::Map;

use crate::parts::client::Answer;

/// Answers kept in a session for commands that come again.
const KEPT: usize = 256;

/// What a client's commands came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Session {
    answers: Map<u64, Option<u64>>,
    /// Commands up to this number whose answers are not kept any more are never applied.
    floor: Option<u64>,
}

/// The session of a client's operation: its lives and lanes begin sessions of their own.
fn session(client: u32, number: u64) -> u64 {
    u64::from(client) << 32 | number >> 24
}

/// What came of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It took effect, with this answer.
    Fresh(Option<u64>),
    /// It had taken effect before, with this answer.
    Known(Option<u64>),
    /// Whether it has taken effect is not known any more: it does not take effect now.
    Expired,
}

impl Applied {
    /// What its client is told.
    pub(crate) fn answer(self) -> Answer {
        match self {
            Self::Fresh(answer) | Self::Known(answer) => Answer::Ok(answer),
            Self::Expired => Answer::Refused(Cause::Error),
        }
    }
}

/// The state machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Store {
    values: Map<u64, u64>,
    sessions: Map<u64, Session>,
    applied: u64,
}

impl Store {
    /// Applies a client's command, or finds the answer that it had before.
    pub fn apply(&mut self, client: u32, operation: &Operation) -> Applied {
        let number = operation.number;
        let session = self.sessions.slot(session(client, number), Session::default);
        if let Some(answer) = session.answers.get(&number) {
            return Applied::Known(*answer);
        }
        if session.floor.is_some_and(|floor| number <= floor) {
            return Applied::Expired;
        }
        self.applied += 1;
        let answer = match operation.function {
            Function::Read => self.values.get(&operation.key).copied(),
            Function::Write => {
                self.values.insert(operation.key, operation.value);
                None
            }
            Function::Cas => {
                let held = self.values.get(&operation.key).copied().unwrap_or(0) == operation.expected;
                if held {
                    self.values.insert(operation.key, operation.value);
                }
                Some(u64::from(held))
            }
            Function::Call => None,
        };
        session.answers.insert(number, answer);
        if session.answers.len() > KEPT {
            session.floor = session.answers.pop_first().map(|(number, _)| number).max(session.floor);
        }
        Applied::Fresh(answer)
    }

    /// The answer that a client's command had, where it has been applied and that is remembered.
    #[must_use]
    pub fn known(&self, client: u32, number: u64) -> Option<Option<u64>> {
        self.sessions.get(&session(client, number))?.answers.get(&number).copied()
    }

    /// Forgets which commands have been applied.
    pub fn forget_sessions(&mut self) {
        self.sessions.clear();
    }

    /// What a key holds.
    #[must_use]
    pub fn get(&self, key: u64) -> Option<u64> {
        self.values.get(&key).copied()
    }

    /// Keys and values, in order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.values.iter().map(|(key, value)| (*key, *value))
    }

    /// How many sessions there are.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.sessions.len()
    }

    /// Size of a snapshot: a word for each key, value, session and kept answer.
    #[must_use]
    pub fn bytes(&self) -> u32 {
        let answers: usize = self.sessions.values().map(|session| session.answers.len() + 1).sum();
        16 * (self.values.len() + answers) as u32
    }

    /// About how many bytes a copy takes.
    #[must_use]
    pub fn heap(&self) -> usize {
        let answers: usize = self.sessions.values().map(|session| 24 * session.answers.len() + 64).sum();
        16 * self.values.len() + answers
    }

    /// Digest of the whole state.
    #[must_use]
    pub fn digest(&self) -> u64 {
        Digest::new().add(self.applied).all(self.values.iter().flat_map(|(k, v)| [*k, *v])).end()
    }
}
