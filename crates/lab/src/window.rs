//! A part of the run's trace, made again by replay, and what was said on the way.

use netsplit_sim::history::{Function, Observation, Outcome, What};
use netsplit_sim::trace::{Kind, Record};

use netsplit_protocols::parts::words;

use crate::experiment::Experiment;
use crate::log;
use crate::replay::Replay;
use crate::text::{instant, say};

/// Records in the order of their events, from a copy of the world on.
#[derive(Default)]
pub(crate) struct Window {
    pub records: Vec<Record>,
    pub heard: Vec<Observation>,
}

/// The name of a kind of event.
pub(crate) fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Start => "start",
        Kind::Arrive => "arrive",
        Kind::Served => "served",
        Kind::Timer => "timer",
        Kind::Synced => "synced",
        Kind::Broken => "broken",
        Kind::Schedule => "fault",
        Kind::Lost => "lost",
    }
}

impl Window {
    /// From the copy of the world before an event up to another one.
    pub(crate) fn of(x: &Experiment, from: u64, to: u64) -> Self {
        let mut window = Self::default();
        let mut replay = Replay::before_event(x, from);
        replay.watch(x, to, x.frontier(), &mut window.records, Some(&mut window.heard));
        // A fault on several nodes makes several events at once.
        window.records.truncate(window.records.partition_point(|record| record.event <= to));
        window
    }

    /// The number of its first event.
    pub(crate) fn first(&self) -> u64 {
        self.records.first().map_or(u64::MAX, |record| record.event)
    }

    /// The record of an event itself: losses on the way carry the number of the event that they happened in.
    pub(crate) fn event(&self, event: u64) -> Option<&Record> {
        let from = self.records.partition_point(|record| record.event < event);
        self.records.get(from).filter(|record| record.event == event)
    }

    /// The label of the message that a record is about.
    pub(crate) fn message(x: &Experiment, record: &Record) -> &'static str {
        x.algorithm.messages.get(usize::from(record.label)).map_or("message", |kind| kind.label)
    }

    /// What happened in an event, in a sentence: what its node said, otherwise what the engine knows.
    pub(crate) fn sentence(&self, x: &Experiment, record: &Record) -> String {
        let from = self.heard.partition_point(|seen| seen.event < record.event);
        let said = self.heard[from..].iter().take_while(|seen| seen.event == record.event);
        let said: Vec<String> = said.filter_map(|seen| spoken(x, seen)).collect();
        if !said.is_empty() {
            return said.join("; ");
        }
        let id = match record.kind {
            Kind::Served if record.peer == u32::MAX => "step-work",
            Kind::Start => "step-start",
            Kind::Arrive => "step-arrive",
            Kind::Served => "step-served",
            Kind::Timer => "step-timer",
            Kind::Synced => "step-synced",
            Kind::Broken => "step-broken",
            Kind::Schedule => "step-fault",
            Kind::Lost => "step-lost",
        };
        let args = [
            ("peer", x.name(record.peer)),
            ("message", Self::message(x, record).to_owned()),
            ("sent", instant(record.sent)),
        ];
        say(id, &args)
    }
}

/// What an observation says about its event; nothing for those that belong to other records.
fn spoken(x: &Experiment, seen: &Observation) -> Option<String> {
    Some(match &seen.what {
        What::Note(..) | What::Fault(..) | What::NoEffect(_) => log::spoken(x, seen)?,
        What::Invoke(operation, _) => {
            let what = match operation.function {
                Function::Read => "read",
                Function::Write => "write",
                Function::Cas => "cas",
                Function::Call => "call",
            };
            let what = say(&format!("operation-{what}"), &[("key", words::key(operation.key))]);
            say("step-invoke", &[("what", what)])
        }
        What::Complete(_, Outcome::Ok(_), _) => say("step-answered", &[]),
        What::Complete(..) => say("step-failed", &[]),
        What::Born | What::Died(_) | What::Lost(..) | What::Breach(_) => return None,
    })
}
