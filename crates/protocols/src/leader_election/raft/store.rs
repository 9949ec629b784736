//! A key-value state machine with a session table: a command that a client sends twice is applied once.

use netsplit_sim::small::Map;

use netsplit_sim::digest::Digest;
use netsplit_sim::history::{Function, Operation};

/// Answers kept per client for commands that come again.
const KEPT: usize = 256;

/// The state machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Store {
    values: Map<u64, u64>,
    sessions: Map<u32, Map<u64, Option<u64>>>,
    applied: u64,
}

impl Store {
    /// Applies a client's command, or finds the answer that it had before.
    pub fn apply(&mut self, client: u32, operation: &Operation) -> Option<u64> {
        if let Some(answer) = self.sessions.get(&client).and_then(|session| session.get(&operation.number)) {
            return *answer;
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
        let session = self.sessions.slot(client, Map::new);
        session.insert(operation.number, answer);
        if session.len() > KEPT {
            session.pop_first();
        }
        answer
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

    /// Digest of the whole state.
    #[must_use]
    pub fn digest(&self) -> u64 {
        Digest::new().add(self.applied).all(self.values.iter().flat_map(|(k, v)| [*k, *v])).end()
    }
}
