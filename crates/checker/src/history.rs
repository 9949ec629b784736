//! Operation histories, in the convention that Jepsen and Maelstrom share: invocations and completions in the
//! order of real time; a failure did not happen, an unknown outcome (or no completion) may take effect at any
//! later time.

/// What a process asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// Reads a key.
    Read {
        /// Key.
        key: u64,
    },
    /// Writes a value.
    Write {
        /// Key.
        key: u64,
        /// Value.
        value: u64,
    },
    /// Writes `new` if the key holds `old` (`None`: nothing).
    Cas {
        /// Key.
        key: u64,
        /// Expected.
        old: Option<u64>,
        /// Written if so.
        new: u64,
    },
    /// Work without data: it counts for availability only.
    Work,
}

impl Call {
    /// The key, if it touches one.
    #[must_use]
    pub fn key(&self) -> Option<u64> {
        match self {
            Self::Read { key } | Self::Write { key, .. } | Self::Cas { key, .. } => Some(*key),
            Self::Work => None,
        }
    }
}

/// Why an operation did not succeed, in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// No answer in time.
    Timeout,
    /// Connection refused or reset.
    Refused,
    /// The server answered with an error.
    Error,
    /// No quorum, no leader, no authority.
    Unavailable,
    /// A queue was full.
    Overload,
    /// The client itself crashed.
    ClientCrash,
}

impl Cause {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Timeout, Self::Refused, Self::Error, Self::Unavailable, Self::Overload, Self::ClientCrash];

    /// Its name in reports.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Refused => "refused",
            Self::Error => "error",
            Self::Unavailable => "unavailable",
            Self::Overload => "overload",
            Self::ClientCrash => "client_crash",
        }
    }
}

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done; a read carries its value (`None`: nothing there), a cas 1 or 0.
    Ok(Option<u64>),
    /// Did not happen.
    Fail(Cause),
    /// May have happened, or may yet.
    Unknown(Cause),
}

/// A line of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// An operation begins.
    Invoke(Call),
    /// The operation whose invocation is the record at `invoke` ends.
    Complete {
        /// Index of the invocation in [`History::records`].
        invoke: usize,
        /// How.
        outcome: Outcome,
    },
}

/// A record: who, when, what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The process. One whose operation has an unknown outcome never acts again under this number.
    pub process: u64,
    /// When (ns); informative, the order of records is what counts.
    pub time: u64,
    /// Number of the run's event that caused it, for prefixes.
    pub event: u64,
    /// What.
    pub what: Event,
}

impl Record {
    /// Whether the operation that ends here was answered; nothing where one begins.
    #[must_use]
    pub fn ended(&self) -> Option<bool> {
        match &self.what {
            Event::Invoke(_) => None,
            Event::Complete { outcome, .. } => Some(matches!(outcome, Outcome::Ok(_))),
        }
    }
}

/// A history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    records: Vec<Record>,
}

impl History {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// All records, in the order of real time.
    #[must_use]
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The records up to this event of the run.
    #[must_use]
    pub fn prefix(&self, event: u64) -> &[Record] {
        &self.records[..self.records.partition_point(|record| record.event <= event)]
    }

    /// Records that an operation begins; the answer names it for [`History::complete`].
    pub fn invoke(&mut self, process: u64, call: Call, time: u64, event: u64) -> usize {
        self.records.push(Record { process, time, event, what: Event::Invoke(call) });
        self.records.len() - 1
    }

    /// Records that the operation invoked at `invoke` ended.
    pub fn complete(&mut self, invoke: usize, outcome: Outcome, time: u64, event: u64) {
        let process = self.records[invoke].process;
        self.records.push(Record { process, time, event, what: Event::Complete { invoke, outcome } });
    }

    /// Forgets all but the first so many records.
    pub fn truncate(&mut self, records: usize) {
        self.records.truncate(records);
    }

    /// The call that a record is about.
    #[must_use]
    pub fn call<'a>(&'a self, record: &'a Record) -> Option<&'a Call> {
        match &record.what {
            Event::Invoke(call) => Some(call),
            Event::Complete { invoke, .. } => match &self.records.get(*invoke)?.what {
                Event::Invoke(call) => Some(call),
                Event::Complete { .. } => None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_and_truncation_go_by_event() {
        let mut history = History::new();
        let a = history.invoke(0, Call::Write { key: 1, value: 7 }, 10, 3);
        let b = history.invoke(1, Call::Read { key: 1 }, 12, 4);
        history.complete(a, Outcome::Ok(None), 20, 9);
        history.complete(b, Outcome::Unknown(Cause::Timeout), 30, 12);
        assert_eq!(history.prefix(4).len(), 2);
        assert_eq!(history.prefix(11).len(), 3);
        assert_eq!(history.call(&history.records()[3]), Some(&Call::Read { key: 1 }));
        history.truncate(3);
        assert_eq!(history.records().len(), 3);
        assert!(history.prefix(2).is_empty());
    }
}
