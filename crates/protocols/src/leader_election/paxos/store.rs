//! The state machine on the log: keys and values, and what each client was answered, so that a command which comes
//! twice is applied once.

use netsplit_sim::digest::Digest;
use netsplit_sim::history::{Function, Operation};
use netsplit_sim::small::Map;

/// Answers kept for each client.
const KEPT: usize = 256;

/// Keys and values.
#[derive(Clone, Debug, Default)]
pub struct Store {
    values: Map<u64, u64>,
    answers: Map<u32, Map<u64, Option<u64>>>,
}

impl Store {
    /// About how many bytes a copy takes.
    #[must_use]
    pub fn heap(&self) -> usize {
        16 * self.values.len() + self.answers.values().map(|kept| 24 * kept.len()).sum::<usize>()
    }

    /// Applies a command; whether it has changed something: a first write, or a comparison that held.
    pub fn changes(&mut self, client: u32, operation: &Operation) -> bool {
        let first = self.answers.get(&client).is_none_or(|answers| answers.get(&operation.number).is_none());
        let answer = self.apply(client, operation);
        let holds = matches!((operation.function, answer), (Function::Write, _) | (Function::Cas, Some(1)));
        first && holds
    }

    /// Applies a command, or finds the answer that it had before.
    pub fn apply(&mut self, client: u32, operation: &Operation) -> Option<u64> {
        let answers = self.answers.slot(client, Map::new);
        if let Some(answer) = answers.get(&operation.number) {
            return *answer;
        }
        let before = self.values.get(&operation.key).copied();
        let answer = match operation.function {
            Function::Read => before,
            Function::Write => None,
            Function::Cas => Some(u64::from(before.unwrap_or(0) == operation.expected)),
            Function::Call => None,
        };
        if operation.function == Function::Write || (operation.function == Function::Cas && answer == Some(1))
        {
            self.values.insert(operation.key, operation.value);
        }
        answers.insert(operation.number, answer);
        if answers.len() > KEPT {
            answers.pop_first();
        }
        answer
    }

    /// Keys and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&u64, &u64)> {
        self.values.iter()
    }

    /// Digest of the state.
    #[must_use]
    pub fn digest(&self) -> u64 {
        Digest::new().all(self.values.iter().flat_map(|(key, value)| [*key, *value])).end()
    }
}
