//! The event log as it is scrolled: which rows are on the page, and where the list stands. Plain Rust.
//!
//! The list has a row for every entry that the filter takes, the newest first, but only those near what is seen are
//! made. It follows the cursor until somebody scrolls elsewhere.

use netsplit_lab::log_view::{LogFilter, LogView};
use netsplit_lab::{Experiment, LogEntry};

/// Height of a row (px).
pub const ROW: f64 = 30.0;
/// Rows that are made beyond what is seen, at either side.
const BEYOND: usize = 20;
/// Entries after the cursor that are seen above it.
const AFTER: usize = 6;
/// Lines that are looked at in one go: a search makes a sentence of each.
const GO: usize = 6_000;

/// What a hand does.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// Letters that are looked for.
    Text(String),
    /// About this node, or about any.
    Node(Option<u32>),
    /// So many rows down (towards older ones), or up.
    Walk(i64),
    /// To the cursor's moment of the row that the keys are at.
    Go,
    /// Back to where the cursor is.
    Follow,
}

/// The list.
#[derive(Debug)]
pub struct EventLog {
    view: LogView,
    /// What is listed.
    pub filter: LogFilter,
    /// The rows that are made, with the numbers of their lines; the newest first.
    pub rows: Vec<(u64, LogEntry)>,
    /// How many rows are before them.
    pub first: usize,
    /// How many there are in all, and how many of them are after the cursor.
    pub of: usize,
    /// How many of them are after the cursor.
    pub later: usize,
    /// The line that the keys are at.
    pub line: Option<u64>,
    /// It follows the cursor.
    pub follows: bool,
    /// All lines have been looked at.
    pub done: bool,
    /// Where the list is to be scrolled to: so far below its upper edge (px); its whole panel's top where it is negative.
    pub wanted: Option<f64>,
    /// What is seen of it: from its upper edge (px), and how much.
    seen: (f64, f64),
}

impl Default for EventLog {
    fn default() -> Self {
        Self {
            view: LogView::default(),
            filter: LogFilter::default(),
            rows: Vec::new(),
            first: 0,
            of: 0,
            later: 0,
            line: None,
            follows: true,
            done: true,
            wanted: None,
            seen: (0.0, 600.0),
        }
    }
}

impl EventLog {
    /// The run has become another one.
    pub fn forget(&mut self) {
        self.view.forget();
    }

    /// Brings it up to the run.
    #[inline(never)]
    pub fn bring(&mut self, x: &Experiment) {
        let (of, later) = (self.of, self.later);
        self.done =
            self.view.bring(x, &self.filter, if self.filter.text.is_empty() { usize::MAX } else { GO });
        self.of = self.view.len();
        self.later = self.view.later(x);
        if self.follows {
            if self.later != later || self.of < of {
                self.wanted = Some(match self.later {
                    few if few <= AFTER => -1.0,
                    many => (many - AFTER) as f64 * ROW,
                });
            }
        } else if self.of > of && self.seen.0 > 0.0 {
            // What is read stays where it is.
            self.wanted = Some(self.wanted.unwrap_or(self.seen.0) + (self.of - of) as f64 * ROW);
        }
        if let Some(to) = self.wanted {
            self.seen.0 = to;
        }
        self.make(x);
    }

    /// Makes the rows near what is seen.
    fn make(&mut self, x: &Experiment) {
        let top = (self.seen.0.max(0.0) / ROW) as usize;
        let many = (self.seen.1 / ROW) as usize + 1 + 2 * BEYOND;
        // A whole number of steps: a list that is scrolled a little has the same rows.
        self.first = top.saturating_sub(BEYOND).min(self.of.saturating_sub(1)) / 10 * 10;
        self.rows = self.view.rows(x, self.first, many);
    }

    /// It was scrolled: what is seen of it now, from its upper edge, and how much (px). Whether other rows are needed.
    pub fn scrolled(&mut self, x: &Experiment, seen: (f64, f64), by_hand: bool) -> bool {
        self.seen = seen;
        if by_hand {
            self.follows = self.later == 0 && seen.0 <= 0.0;
        }
        let top = (seen.0.max(0.0) / ROW) as usize;
        let shown = top + (seen.1 / ROW) as usize + 1;
        let missing = top < self.first || shown.min(self.of) > self.first + self.rows.len();
        if missing {
            self.make(x);
        }
        missing
    }

    /// The keys go so many rows down, or up; from the cursor's row, if they were nowhere.
    pub fn walk(&mut self, x: &Experiment, by: i64) {
        let Some(last) = self.of.checked_sub(1) else { return };
        let to = match self.line.and_then(|line| self.view.place(line)) {
            Some(at) => (at as i64).saturating_add(by).clamp(0, last as i64) as usize,
            None => self.later.min(last),
        };
        self.line = self.view.rows(x, to, 1).first().map(|(line, _)| *line);
        self.reveal(to);
        self.make(x);
    }

    /// The entry that the keys are at.
    pub fn entry(&self, x: &Experiment) -> Option<LogEntry> {
        let at = self.view.place(self.line?)?;
        self.view.rows(x, at, 1).pop().map(|(_, entry)| entry)
    }

    /// Puts the keys to an event, where the list has it.
    pub fn select(&mut self, x: &Experiment, event: u64) {
        self.line = self.view.of_event(x, event);
        if let Some(at) = self.line.and_then(|line| self.view.place(line)) {
            self.reveal(at);
            self.follows = false;
        }
    }

    fn reveal(&mut self, at: usize) {
        let (top, room) = (at as f64 * ROW, self.seen.1.max(4.0 * ROW));
        // Above it the filters stay in sight.
        if top < self.seen.0 + ROW {
            self.wanted = Some((top - 2.0 * ROW).max(if at == 0 { -1.0 } else { 0.0 }));
        } else if top + 3.0 * ROW > self.seen.0 + room {
            self.wanted = Some(top + 4.0 * ROW - room);
        }
        if let Some(to) = self.wanted {
            self.seen.0 = to;
        }
    }

    /// Back to where the cursor is.
    pub fn follow(&mut self) {
        self.follows = true;
        // As if it had moved.
        self.later = usize::MAX;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsplit_lab::default_scenario;
    use netsplit_lab::scenario::Duration;

    /// A run with many entries.
    fn busy() -> Experiment {
        let mut scenario = default_scenario("leader_election", "raft");
        scenario.duration = Duration::from_secs(200);
        scenario.network.loss = 0.3;
        let mut x = Experiment::open(&scenario).expect("valid");
        x.seek(200_000_000_000);
        x
    }

    #[test]
    fn only_what_is_near_is_made_and_nothing_is_missed() {
        let mut x = busy();
        let mut log = EventLog::default();
        log.bring(&x);
        assert!(log.of > 5_000 && log.rows.len() < 100, "{} {}", log.of, log.rows.len());
        assert_eq!(log.later, 0);
        // Scrolled through, every entry is seen once.
        let (mut met, mut top) = (Vec::new(), 0.0);
        while top < log.of as f64 * ROW {
            log.scrolled(&x, (top, 600.0), true);
            let (from, to) = ((top / ROW) as usize, ((top + 600.0) / ROW) as usize);
            for at in from..to.min(log.of) {
                met.push(log.rows[at - log.first].1.clone());
            }
            top += 600.0;
        }
        met.reverse();
        let all = x.log(0, usize::MAX);
        assert_eq!(met.len(), all.len());
        assert!(met == all);
        // In the past the cursor's row stays in sight.
        log.follow();
        x.seek(100_000_000_000);
        log.bring(&x);
        assert!(log.later > 1_000);
        let row = log.later - log.first;
        assert!(log.rows[row].1.time <= 100_000_000_000 && log.rows[row - 1].1.time > 100_000_000_000);
        assert_eq!(log.wanted, Some((log.later - AFTER) as f64 * ROW));
    }

    #[test]
    fn filters_take_what_they_say() {
        let x = busy();
        let all = x.log(0, usize::MAX);
        let mut log = EventLog::default();
        let mut count = |filter: LogFilter| {
            log.filter = filter;
            log.bring(&x);
            while !log.done {
                log.bring(&x);
            }
            log.of
        };
        let kind = |kind: &str| LogFilter { kind: kind.to_owned(), ..LogFilter::default() };
        assert_eq!(count(kind("lost")), all.iter().filter(|entry| entry.kind == "lost").count());
        let text = LogFilter { text: "LEADER of".to_owned(), ..LogFilter::default() };
        assert_eq!(count(text), all.iter().filter(|entry| entry.sentence.contains("leader of")).count());
        let node = LogFilter { node: Some(1), kind: "notable".to_owned(), ..LogFilter::default() };
        let own = all.iter().filter(|entry| entry.node == "n2" && entry.kind == "notable").count();
        assert_eq!(count(node), own);
    }

    #[test]
    fn keys_walk_and_an_event_is_found() {
        let x = busy();
        let mut log = EventLog::default();
        log.bring(&x);
        log.walk(&x, 1);
        let newest = log.entry(&x).expect("there is one");
        log.walk(&x, 1_000);
        let older = log.entry(&x).expect("there is one");
        assert!(older.event < newest.event && log.wanted.is_some());
        log.walk(&x, -5_000_000);
        assert_eq!(log.entry(&x), Some(newest));
        log.select(&x, older.event);
        assert_eq!(log.entry(&x).map(|entry| entry.event), Some(older.event));
    }
}
