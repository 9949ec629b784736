//! How the world is moved: forward through the time line, back by snapshots.

use netsplit_sim::cluster::Stop;

use super::{Advance, Experiment, MAX_EVENTS, Moment};
use crate::breakpoints;
use crate::replay::Replay;
use crate::snapshots::{Snapshot, Snapshots};
use crate::timeline::What;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pumped {
    /// Everything due has run.
    Done,
    /// The budget of events is used up.
    Budget,
}

impl Experiment {
    /// Puts the world to the latest snapshot that satisfies a condition that earlier ones satisfy as well, and makes
    /// that moment the frontier: what follows is recorded anew.
    pub(super) fn cut_back(&mut self, condition: impl Fn(&Snapshot) -> bool) {
        let snapshot = self.restore(condition);
        self.recorder.rewind(&snapshot.mark);
        self.judge.truncate(self.recorder.history.records().len());
        self.findings.borrow_mut().clear();
        self.snapshots.truncate(&snapshot);
        self.frontier = Moment { events: snapshot.events, now: snapshot.now };
        self.limit = None;
    }

    /// Puts the world to the latest snapshot that satisfies a condition that earlier ones satisfy as well.
    pub(super) fn restore(&mut self, condition: impl Fn(&Snapshot) -> bool) -> Snapshot {
        let snapshot = self.snapshots.latest(condition).clone();
        self.world = snapshot.restore();
        self.pushed = snapshot.pushed;
        self.scratch.clear();
        self.world.drain(&mut self.scratch);
        self.scratch.clear();
        snapshot
    }

    /// Leaves to the copies of the world what the rest of the history does not take.
    pub(super) fn share(&mut self) {
        let rest = self.recorder.bytes([].into_iter()) + self.world.core().trace.most();
        self.snapshots.share(self.budget.saturating_sub(rest));
    }

    /// The ways back.
    pub(crate) fn snapshots(&self) -> &Snapshots {
        &self.snapshots
    }

    pub(super) fn live(&self) -> bool {
        self.events() >= self.frontier.events && self.now() >= self.frontier.now
    }

    /// Runs everything due up to `until`, but at most so many events.
    pub(super) fn pump(&mut self, until: u64, budget: u64) -> Pumped {
        let mut left = budget;
        // Everything due at the cursor's instant has run.
        let mut settled = false;
        loop {
            while self.timeline.get(self.pushed).is_some_and(|item| item.at <= self.now()) {
                self.push_next();
            }
            if left == 0 {
                return Pumped::Budget;
            }
            if self.limit.is_some() && self.live() {
                return Pumped::Done;
            }
            // An entry is handed to the engine when everything before its instant has run and the run is about to
            // enter it: not before, for a hand may still put something in front of it.
            let mut entry = self.timeline.get(self.pushed).map(|item| item.at).filter(|at| *at <= until);
            if let Some(at) = entry.filter(|at| settled && *at == self.now() + 1) {
                while self.timeline.get(self.pushed).is_some_and(|item| item.at == at) {
                    self.push_next();
                }
                entry = self.timeline.get(self.pushed).map(|item| item.at).filter(|at| *at <= until);
            }
            let live = self.live();
            self.world.listen((live && !self.lean) || self.watching);
            self.world.watch(self.watched);
            let (mut target, mut most) = (until, left);
            if let Some(at) = entry {
                target = target.min(at - 1);
            }
            if live {
                if !self.lean {
                    target = target.min(self.recorder.next_sample());
                    most = most.min(self.snapshots.next().saturating_sub(self.events()).max(1));
                }
                most = most.min(MAX_EVENTS.saturating_sub(self.events()).max(1));
            } else {
                // Singly through the frontier's instant, in whose midst it may lie: one fault can make several
                // events at once.
                let before = self.frontier.now.saturating_sub(1);
                if self.now() < before {
                    target = target.min(before);
                } else {
                    target = target.min(self.frontier.now);
                    most = 1;
                }
            }
            let before = self.events();
            let stop = self.world.run(target, most);
            left -= (self.events() - before).min(left);
            self.take(live, stop);
            settled = stop != Stop::Events && self.now() >= target;
            if settled && target >= until && entry.is_none() {
                return Pumped::Done;
            }
        }
    }

    /// Runs on event by event, and stops at the first breakpoint that is hit.
    pub(super) fn advance_to_break(&mut self, until: u64, budget: u64) -> Advance {
        let mut breaks = std::mem::take(&mut self.breaks);
        // Numbers are looked at now and then: one that has come true since the last look is still to be met.
        if self.armed != Some((self.events(), self.now())) {
            breakpoints::arm(self, &mut breaks);
        }
        self.watching = true;
        let last = self.events().saturating_add(budget);
        let mut done = until <= self.now();
        while !done && self.events() < last {
            let before = (self.events(), self.now());
            let target = until.min(breakpoints::next(self, &breaks));
            let pumped = self.pump(target, 1);
            // What was observed is kept until the next event.
            let heard = std::mem::take(&mut self.heard);
            self.stopped = breakpoints::hit(self, &mut breaks, before, &heard);
            self.heard = heard;
            self.heard.clear();
            done = self.stopped.is_some() || (pumped == Pumped::Done && target >= until) || self.finished();
        }
        (self.breaks, self.watching) = (breaks, false);
        self.armed = Some((self.events(), self.now()));
        Advance { reached_ns: self.now(), done }
    }

    fn push_next(&mut self) {
        let item = &self.timeline[self.pushed];
        match &item.what {
            What::Fault(fault) => self.world.schedule_fault(fault.clone()),
            What::Action(action) => self.world.schedule_action(item.at, action.clone()),
        };
        self.pushed += 1;
    }

    /// Takes what was observed; at the frontier it is recorded, before it is known already.
    fn take(&mut self, live: bool, stop: Stop) {
        let mut seen = std::mem::take(&mut self.scratch);
        self.world.drain(&mut seen);
        if self.watching {
            self.heard.extend(seen.iter().cloned());
        }
        if live {
            seen.drain(..).for_each(|observation| self.recorder.observe(observation));
            self.frontier = Moment { events: self.events(), now: self.now() };
            if stop == Stop::Limit {
                self.limit = self.world.core().limit_reached();
            } else if self.events() >= MAX_EVENTS {
                self.limit = Some("more than 200,000,000 events");
            }
            if !self.lean {
                if stop != Stop::Events && self.now() >= self.recorder.next_sample() {
                    self.recorder.sample(self.world.as_ref());
                }
                self.snapshots.prepare(self.world.events());
                if self.events() >= self.snapshots.next() {
                    self.share();
                    self.snapshots.keep(self.world.as_ref(), self.pushed, self.recorder.mark());
                }
            }
        }
        seen.clear();
        self.scratch = seen;
    }

    /// How many events of the cursor's instant have run.
    pub(super) fn events_at_this_instant(&self) -> u64 {
        let now = self.now();
        if now == 0 {
            return self.events();
        }
        let mut replay = Replay::before(self, now);
        replay.run(self, now - 1, u64::MAX);
        self.events() - replay.world.events()
    }
}
