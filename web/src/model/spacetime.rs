//! The space-time diagram: which part of the run it shows, what is selected, where things are. Plain Rust.

use netsplit_lab::Experiment;
use netsplit_lab::causes::{self, Past, Step};
use netsplit_lab::spacetime::{Dot, Lane, Making, SpaceTime, row};

/// Most events in a picture.
const MOST: usize = 20_000;
/// Events that it shows at first.
const SHOWN: u64 = 160;
/// The shortest and the longest part that it shows (ns).
const SPANS: (u64, u64) = (20_000, 120_000_000_000);
/// Where in the picture the cursor is put when it left.
const CURSOR: f64 = 0.72;
/// Room at the left for names, above for the axis, and around (px).
pub const LEFT: f64 = 58.0;
/// Room for the axis (px).
pub const TOP: f64 = 70.0;
/// Room at the right (px).
pub const RIGHT: f64 = 20.0;
/// Room below (px).
pub const BOTTOM: f64 = 14.0;
/// A click is meant for an event that is so near (px).
const NEAR: f64 = 14.0;

/// What a hand does to the diagram.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// Selects an event by its number.
    Pick(u64),
    /// Selects what is at a place (px), or nothing.
    Click(f64, f64),
    /// Nothing is selected any more.
    Drop,
    /// To the next event of the lane, or the previous one.
    Along(bool),
    /// To the other end of a message: where it arrives, or where it was sent.
    Across(bool),
    /// Closer, or farther away; around a share of the width.
    Zoom(bool, f64),
    /// By this factor closer; around a share of the width.
    Scale(f64, f64),
    /// Moved by a share of the width.
    Pan(f64),
    /// The cursor goes to the selected event.
    Go,
    /// Older causes of the chain.
    Older,
    /// Saved as a file: "svg", "png", "stage-svg", "stage-png", "jsonl", "shiviz", "csv", "prometheus".
    Save(&'static str),
}

impl Deed {
    /// It comes many times a second: only the picture is to be made anew at once.
    pub fn glides(&self) -> bool {
        matches!(self, Self::Scale(..) | Self::Pan(_))
    }
}

/// From (ns), to (ns), and the frontier (ns) where it goes so far: there will be more.
type Part = (u64, u64, u64);

/// The diagram.
#[derive(Default)]
pub struct Diagram {
    /// What is shown.
    pub data: SpaceTime,
    /// From where (ns), and how much (ns).
    pub from: u64,
    /// How much of time is shown (ns); 0 before it was shown first.
    pub span: u64,
    /// The selected event and what happened before it.
    pub past: Option<Past>,
    /// What `data` was made of.
    made: Option<Part>,
    /// What is being made to take its place.
    making: Option<(Part, Box<Making>)>,
    cursor: u64,
    /// Which run, and which making of its diagram.
    pub version: (u64, u64),
    /// It is to be drawn anew.
    pub stale: bool,
    /// It has been moved since what it shows was made.
    pub gliding: bool,
}

impl Diagram {
    /// The run has become another one.
    pub fn forget(&mut self) {
        (self.made, self.making, self.past, self.stale) = (None, None, None, true);
        self.version.0 += 1;
    }

    /// Another run is open.
    pub fn restart(&mut self) {
        *self = Self { stale: true, version: (self.version.0 + 1, 0), ..Self::default() };
    }

    /// Makes what is shown, if that is another part of the run by now.
    #[inline(never)]
    pub fn bring(&mut self, x: &Experiment) {
        while !self.begin(x) {
            self.go_on(x, u64::MAX);
        }
        self.go_on(x, u64::MAX);
    }

    /// Begins to make what is shown, if that is another part of the run by now. False where an earlier part that
    /// touches it is still being made: that is shown first, or a hand that never rests would never see anything.
    #[inline(never)]
    pub fn begin(&mut self, x: &Experiment) -> bool {
        let now = x.now();
        if self.span == 0 {
            self.span = (SHOWN * now / x.events().max(1)).clamp(SPANS.0, SPANS.1);
            self.cursor = u64::MAX;
        }
        if self.cursor != now {
            self.cursor = now;
            let edge = self.span / 50;
            if now < self.from || now > (self.from + self.span).saturating_sub(edge) {
                self.from = now.saturating_sub((self.span as f64 * CURSOR) as u64);
            }
        }
        // Only what was simulated can be shown.
        let to = (self.from + self.span).min(x.frontier());
        let wanted = (self.from, to, if to == x.frontier() { to } else { 0 });
        match &self.making {
            Some((part, _)) if *part == wanted => true,
            Some((part, _)) if part.0 < to && self.from < part.1 => false,
            _ => {
                let new = || (wanted, Box::new(Making::new(x, self.from, to, MOST)));
                self.making = (self.made != Some(wanted)).then(new);
                true
            }
        }
    }

    /// Simulates so many events for what is being made; true where it is there now.
    #[inline(never)]
    pub fn go_on(&mut self, x: &Experiment, budget: u64) -> bool {
        let Some((part, mut making)) = self.making.take() else { return false };
        if !making.go_on(x, budget) {
            self.making = Some((part, making));
            return false;
        }
        let before = self.data.lanes.len();
        (self.made, self.data, self.stale) = (Some(part), making.done(x), true);
        self.version.1 += 1;
        // With other lanes an older image has things elsewhere.
        self.version.0 += u64::from(before != self.data.lanes.len());
        true
    }

    /// Whether something is being made.
    pub fn making(&self) -> bool {
        self.making.is_some()
    }

    /// The selected event's number.
    pub fn selected(&self) -> Option<u64> {
        self.past.as_ref().map(|past| past.event)
    }

    /// Selects an event; the picture moves where it is outside.
    pub fn pick(&mut self, x: &Experiment, event: u64) {
        let first = self.data.events.first().map_or(event, |dot| dot.event).min(event);
        let near = event.saturating_sub(causes::NEAR);
        self.past = causes::past(x, event, first.max(near));
        self.stale = true;
        if let Some(last) = self.past.as_ref().and_then(|past| past.chain.last())
            && (last.time < self.from || last.time > self.from + self.span)
        {
            self.from = last.time.saturating_sub(self.span / 2);
            self.bring(x);
        }
    }

    /// Adds older causes to the chain.
    pub fn older(&mut self, x: &Experiment) {
        let Some(past) = self.past.as_mut() else { return };
        let mut chain = causes::chain(x, past.older, causes::STEPS);
        past.older = chain.first().map_or(0, |step| step.cause);
        chain.append(&mut past.chain);
        past.chain = chain;
        self.stale = true;
    }

    fn dot(&self, event: u64) -> Option<&Dot> {
        let at = self.data.events.partition_point(|dot| dot.event < event);
        self.data.events.get(at).filter(|dot| dot.event == event)
    }

    /// The event that the keys start from: the selected one, or the last one up to the cursor.
    fn start(&self) -> Option<&Dot> {
        match self.selected() {
            Some(event) => self.dot(event),
            None => {
                let up_to = self.data.events.partition_point(|dot| dot.time <= self.cursor);
                self.data.events[..up_to].iter().rev().find(|dot| dot.node != u32::MAX)
            }
        }
    }

    /// The next event of the lane, or the previous one.
    pub fn along(&self, forward: bool) -> Option<u64> {
        let here = self.start()?;
        if self.past.is_none() {
            return Some(here.event);
        }
        let own = |dot: &&Dot| dot.node == here.node;
        let at = self.data.events.partition_point(|dot| dot.event < here.event);
        let found = if forward {
            self.data.events.get(at + 1..)?.iter().find(own)
        } else {
            self.data.events[..at].iter().rev().find(own)
        };
        found.map(|dot| dot.event)
    }

    /// Where what the event sent arrives first, or else what it caused; backwards where it was caused.
    pub fn across(&self, forward: bool) -> Option<u64> {
        let here = self.start()?;
        if !forward {
            return Some(here.cause).filter(|cause| *cause > 0);
        }
        let arrived = self.data.arrows.iter().find(|arrow| arrow.cause == here.event && arrow.event > 0);
        let caused = || self.data.events.iter().find(|dot| dot.cause == here.event).map(|dot| dot.event);
        arrived.map(|arrow| arrow.event).or_else(caused)
    }

    /// Shows more or less of time; the instant at this share of the width stays where it is.
    pub fn zoom(&mut self, closer: bool, share: f64) {
        self.scale(if closer { 1.5 } else { 1.0 / 1.5 }, share);
    }

    /// Shows less of time by a factor, or more where it is below 1.
    pub fn scale(&mut self, factor: f64, share: f64) {
        let fixed = self.from as f64 + self.span as f64 * share;
        let span = self.span as f64 / factor.clamp(0.01, 100.0);
        self.span = (span as u64).clamp(SPANS.0, SPANS.1);
        self.from = (fixed - self.span as f64 * share).max(0.0) as u64;
    }

    /// Moves by a share of the width.
    pub fn pan(&mut self, share: f64) {
        self.from = (self.from as f64 + self.span as f64 * share).max(0.0) as u64;
    }

    /// The step of the chain that an event is, from 1.
    pub fn number(&self, event: u64) -> Option<usize> {
        let at = self.past.as_ref()?.chain.iter().position(|step| step.event == event)?;
        Some(at + 1)
    }

    /// The selected event as a step.
    pub fn step(&self) -> Option<&Step> {
        let past = self.past.as_ref()?;
        past.chain.iter().find(|step| step.event == past.event)
    }

    /// The event at a place (px) in a picture of this size.
    pub fn at(&self, x: f64, y: f64, size: (f64, f64)) -> Option<u64> {
        let places = self.places(size);
        let far = |dot: &&Dot| {
            let (dx, dy) = (places.x(dot.time) - x, places.y(dot.node) - y);
            dx * dx + dy * dy
        };
        let dots = self.data.events.iter().filter(|dot| dot.node != u32::MAX);
        let found = dots.min_by(|a, b| far(a).total_cmp(&far(b)));
        found.filter(|dot| far(dot) <= NEAR * NEAR).map(|dot| dot.event)
    }

    /// The share of what is shown that a place is at (px), in a picture so wide.
    pub fn share(x: f64, width: f64) -> f64 {
        ((x - LEFT) / (width - LEFT - RIGHT).max(1.0)).clamp(0.0, 1.0)
    }

    /// Where things are in a picture of this size.
    pub fn places(&self, size: (f64, f64)) -> Places<'_> {
        self.places_of((self.from, self.span), size)
    }

    /// Where things would be if it showed another part: from where (ns), and how much (ns).
    pub fn places_of(&self, (from, span): (u64, u64), size: (f64, f64)) -> Places<'_> {
        let lanes = &self.data.lanes[..];
        Places {
            from: from as f64,
            scale: (size.0 - LEFT - RIGHT).max(1.0) / span.max(1) as f64,
            lane: (size.1 - TOP - BOTTOM).max(1.0) / lanes.len().max(1) as f64,
            lanes,
        }
    }
}

/// From instants and nodes to places in the picture (px).
#[derive(Clone, Copy, Debug)]
pub struct Places<'a> {
    from: f64,
    scale: f64,
    lanes: &'a [Lane],
    /// Height of a lane.
    pub lane: f64,
}

impl Places<'_> {
    /// Of an instant (ns).
    pub fn x(&self, time: u64) -> f64 {
        LEFT + (time as f64 - self.from) * self.scale
    }

    /// Of a node's line.
    pub fn y(&self, node: u32) -> f64 {
        TOP + self.lane * (row(self.lanes, node) as f64 + 0.5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsplit_lab::default_scenario;

    fn raft() -> (Experiment, Diagram) {
        let mut x = Experiment::open(&default_scenario("leader_election", "raft")).expect("valid");
        x.seek(3_000_000_000);
        let mut diagram = Diagram::default();
        diagram.bring(&x);
        (x, diagram)
    }

    #[test]
    fn it_shows_the_cursor_and_about_as_many_events_as_one_can_tell_apart() {
        let (mut x, mut diagram) = raft();
        let shown = |d: &Diagram| d.from <= d.cursor && d.cursor <= d.from + d.span;
        assert!(shown(&diagram) && (40..400).contains(&diagram.data.events.len()));
        x.seek(1_000_000_000);
        diagram.bring(&x);
        assert!(shown(&diagram) && diagram.cursor == 1_000_000_000);
        // Zooming keeps the instant under the pointer.
        let before = diagram.places((800.0, 400.0)).x(1_000_000_000);
        diagram.zoom(true, (before - LEFT) / (800.0 - LEFT - RIGHT));
        let after = diagram.places((800.0, 400.0)).x(1_000_000_000);
        assert!((before - after).abs() < 1.0, "{before} {after}");
    }

    #[test]
    fn keys_walk_along_lanes_and_messages() {
        let (x, mut diagram) = raft();
        let first = diagram.along(true).expect("there is one");
        diagram.pick(&x, first);
        let node = diagram.step().expect("selected").node;
        for _ in 0..4 {
            let back = diagram.along(false).expect("there are more");
            assert!(back < diagram.selected().expect("selected"));
            diagram.pick(&x, back);
            assert_eq!(diagram.step().expect("selected").node, node);
        }
        // Down a message and up again.
        let sender = diagram.data.arrows.iter().find(|a| a.event > 0 && diagram.dot(a.cause).is_some());
        let (sender, arrived) = sender.map(|a| (a.cause, a.event)).expect("some message is whole");
        diagram.pick(&x, arrived);
        assert_eq!(diagram.across(false), Some(sender));
        diagram.pick(&x, sender);
        let down = diagram.across(true).expect("it sent something");
        diagram.pick(&x, down);
        assert_eq!(diagram.across(false), Some(sender));
        // A click finds it again.
        let places = diagram.places((900.0, 500.0));
        let dot = diagram.dot(down).expect("shown").clone();
        assert_eq!(diagram.at(places.x(dot.time), places.y(dot.node), (900.0, 500.0)), Some(down));
        assert_eq!(
            diagram.at(places.x(dot.time), places.y(dot.node) + 0.5 * places.lane, (900.0, 500.0)),
            None
        );
    }

    #[test]
    fn older_causes_come_when_asked_for() {
        let (x, mut diagram) = raft();
        let last = diagram.along(true).expect("there is one");
        diagram.pick(&x, last);
        let (before, older) = diagram.past.as_ref().map(|p| (p.chain.len(), p.older)).expect("selected");
        diagram.older(&x);
        let past = diagram.past.as_ref().expect("selected");
        assert_eq!(past.chain.len() > before, older > 0);
        assert!(past.chain.windows(2).all(|two| two[0].event < two[1].event));
        diagram.forget();
        assert!(diagram.past.is_none() && diagram.stale);
    }
}
