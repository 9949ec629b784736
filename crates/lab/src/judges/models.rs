//! The checker's models, asked about what clients saw up to the cursor.

use netsplit_checker::linear;
use netsplit_checker::live::Live;
use netsplit_checker::model::Model;
use netsplit_checker::session::{self, Answer, Guarantee, Undecidable};
use netsplit_checker::staleness::{self, Building, Loss, Replica, Staleness};
use netsplit_checker::versions::Order;
use netsplit_checker::witness::witness;
use netsplit_checker::{Record, sequential};
use netsplit_sim::view::Data;

use super::Found;
use crate::experiment::Experiment;
use crate::text::{self, say};

/// All models, the strongest first.
pub(super) const ALL: [&str; 10] = [
    "linearizable",
    "sequential",
    "read_your_writes",
    "monotonic_reads",
    "monotonic_writes",
    "writes_follow_reads",
    "fresh_reads",
    "lost_updates",
    "durable",
    "eventual",
];

/// What there is to judge.
pub(super) struct Models<'a> {
    x: &'a Experiment,
    records: &'a [Record],
    data: Data,
    order: Option<Order>,
    /// Operations on keys that were answered.
    answered: usize,
}

impl<'a> Models<'a> {
    pub(super) fn of(x: &'a Experiment) -> Self {
        let records = x.history().prefix(x.events());
        let data = x.world.data();
        let order = data.versions.clone().and_then(Order::new);
        let keyed = |record: &&Record| {
            record.ended() == Some(true) && x.history().call(record).is_some_and(|call| call.key().is_some())
        };
        let answered = records.iter().filter(keyed).count();
        Self { x, records, data, order, answered }
    }

    /// What a model says; nothing where there is nothing that it could be about.
    pub(super) fn judge(&self, model: &str, steps: u64) -> Option<Found> {
        if self.answered == 0 {
            return None;
        }
        match model {
            "linearizable" => Some(self.linearizable(steps)),
            "sequential" => Some(self.sequential(steps)),
            "fresh_reads" => Some(self.fresh()),
            "lost_updates" => Some(self.lost(false)),
            "durable" => Some(self.lost(true)),
            "eventual" => self.converged(),
            _ => {
                let guarantee = Guarantee::ALL.into_iter().find(|guarantee| guarantee.id() == model)?;
                Some(self.session(guarantee, steps))
            }
        }
    }

    fn checked(&self) -> String {
        say("judged-kept", &[("count", self.answered.to_string())])
    }

    fn undecided(why: &str) -> Found {
        Found { undecided: true, sentence: say(&format!("judged-undecided-{why}"), &[]), ..Found::default() }
    }

    fn kept(&self) -> Found {
        Found { sentence: self.checked(), ..Found::default() }
    }

    /// When the operation with this invocation began.
    fn moment(&self, invoke: usize) -> Option<(u64, u64)> {
        self.records.get(invoke).map(|record| (record.event, record.time))
    }

    fn found(&self, id: &str, number: u64, operations: Vec<usize>, more: &[(&str, String)]) -> Found {
        let mut args = vec![("count", number.to_string())];
        args.extend(more.iter().cloned());
        Found {
            number,
            sentence: say(&format!("judged-{id}"), &args),
            first: operations.last().and_then(|last| self.moment(*last)),
            operations,
            ..Found::default()
        }
    }

    fn linearizable(&self, steps: u64) -> Found {
        let mut live = Live::new();
        let caught_up = live.feed(self.x.history(), steps.saturating_add(self.records.len() as u64));
        let known = live.as_of(self.x.events());
        let Some(first) = known.first else {
            return if caught_up && known.undecided == 0 { self.kept() } else { Self::undecided("budget") };
        };
        let shown = self.witness(first.key, first.record, steps);
        let mut found = self.found(
            "linearizable",
            known.violations as u64,
            shown,
            &[("time", text::instant(first.time))],
        );
        found.first = Some((first.event, first.time));
        found
    }

    /// The few operations that no order explains, where the search for them comes to an end.
    fn witness(&self, key: u64, record: usize, steps: u64) -> Vec<usize> {
        let registers = linear::registers(&self.records[..=record]);
        let ops =
            registers.into_iter().find(|(other, _)| *other == key).map(|(_, ops)| ops).unwrap_or_default();
        let last = ops.list().iter().position(|op| op.end.at() == Some(record as u32));
        let found = last.and_then(|last| witness(&ops, Model::Register, last, (steps / 10).max(1)));
        match (found, last) {
            (Some(found), _) => found.ops.list().iter().map(|op| op.begin as usize).collect(),
            (None, last) => last.iter().map(|op| ops.list()[*op].begin as usize).collect(),
        }
    }

    fn sequential(&self, steps: u64) -> Found {
        match sequential::check(self.records, steps) {
            sequential::Verdict::Consistent => self.kept(),
            sequential::Verdict::Undecided => Self::undecided("budget"),
            sequential::Verdict::Violated => {
                let shown = sequential::witness(self.records, steps).unwrap_or_default();
                self.found("sequential", 1, shown.clone(), &[("shown", shown.len().to_string())])
            }
        }
    }

    fn session(&self, guarantee: Guarantee, steps: u64) -> Found {
        let versions = self.order.as_ref().map_or(session::Versions::Unknown, session::Versions::Known);
        let mut report = session::check(self.records, versions, steps);
        if report.why == Some(Undecidable::ValueFromNowhere) && self.order.is_some() {
            report = session::check(self.records, session::Versions::Unknown, steps);
        }
        let alone = |breach: &&session::Breach| breach.guarantees == [guarantee];
        let breaches: Vec<&session::Breach> = report.breaches.iter().filter(alone).collect();
        match (report.answer(guarantee), breaches.first()) {
            (Answer::Broken, Some(first)) => {
                let shown = first.operations.clone();
                let client =
                    shown.last().map_or_else(String::new, |at| self.x.client(self.records[*at].process));
                let id = format!("session-{}", guarantee.id().replace('_', "-"));
                self.found(&id, breaches.len() as u64, shown, &[("client", client)])
            }
            (Answer::Kept, _) => self.kept(),
            _ => Self::undecided(match report.why {
                Some(Undecidable::ValueWrittenTwice) => "values",
                Some(Undecidable::ValueFromNowhere) => "nowhere",
                Some(Undecidable::NoSession) => "session",
                Some(Undecidable::NoOrder) => "order",
                Some(Undecidable::Budget) => "budget",
                None => "which",
            }),
        }
    }

    /// Stale reads, by the order of versions where it is known, otherwise as real time shows at least.
    fn fresh(&self) -> Found {
        let known = self.order.as_ref().and_then(|order| staleness::staleness(self.records, order));
        // What is gone is no version any more, but whoever read what was before it read what was stale.
        let stale = |found: &Staleness| !found.stale.is_empty();
        let shown = if known.as_ref().is_some_and(stale) { None } else { staleness::at_least(self.records) };
        let Some(found) = shown.filter(|shown| stale(shown) || known.is_none()).or(known) else {
            return Self::undecided("values");
        };
        let Some(worst) = found.stale.iter().max_by_key(|stale| stale.time) else { return self.kept() };
        let args = [
            ("reads", found.reads.to_string()),
            ("longest", text::span(worst.time)),
            ("versions", found.most_versions().to_string()),
        ];
        let mut told = self.found("fresh-reads", found.stale.len() as u64, vec![worst.read], &args);
        told.first = found.stale.first().and_then(|stale| self.moment(stale.read));
        told
    }

    /// Acknowledged writes that nobody was ever to see, or (`gone`) that are not there any more.
    fn lost(&self, gone: bool) -> Found {
        let Some(order) = &self.order else { return Self::undecided("order") };
        let Some(all) = staleness::lost_updates(self.records, order, Building::Comparisons, &[]) else {
            return Self::undecided("values");
        };
        let lost: Vec<usize> =
            all.iter().filter(|lost| (lost.how == Loss::Gone) == gone).map(|lost| lost.write).collect();
        if lost.is_empty() {
            return self.kept();
        }
        let core = self.x.world.core();
        let away = core.nodes.iter().zip(core.meta.iter()).any(|(node, meta)| {
            let client = self.x.algorithm.roles.get(usize::from(meta.role)).is_some_and(|role| role.client);
            !node.up && !node.absent && !client
        });
        let number = lost.len() as u64;
        let mut found = self.found(if gone { "durable" } else { "lost-updates" }, number, lost.clone(), &[]);
        found.first = lost.first().and_then(|write| self.moment(*write));
        // It may be on the disk of a server that is down.
        found.undecided = gone && away;
        found
    }

    fn converged(&self) -> Option<Found> {
        if self.data.replicas.len() < 2 {
            return None;
        }
        let replicas: Vec<Replica> = self.data.replicas.iter().map(|held| staleness::replica(held)).collect();
        let differ = staleness::divergences(&replicas).len() as u64;
        let id = if differ == 0 { "eventual-none" } else { "eventual" };
        let replicas = [("replicas", replicas.len().to_string())];
        // That they differ now says nothing about the end.
        Some(Found { undecided: differ > 0, ..self.found(id, differ, Vec::new(), &replicas) })
    }
}
