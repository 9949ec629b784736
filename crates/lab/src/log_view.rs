//! The event log as a list of which only a part is seen: which lines a filter takes is known for all of them, sentences
//! are made of those that are looked at.

use crate::experiment::Experiment;
use crate::frame::LogEntry;
use crate::log::{KINDS, entry, kind};
use crate::recorder::{Line, LineKind};

/// Which lines are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// Of this kind ("note", "notable" …); of all where it is empty.
    pub kind: String,
    /// About this node.
    pub node: Option<u32>,
    /// With these letters in their sentence, large or small.
    pub text: String,
}

/// The lines that a filter takes, by their numbers: how many were written before them in this run.
#[derive(Clone, Debug, Default)]
pub struct LogView {
    filter: LogFilter,
    found: Vec<u64>,
    /// So many lines were looked at.
    seen: u64,
}

impl LogFilter {
    fn takes(&self, x: &Experiment, line: &Line) -> bool {
        if !self.kind.is_empty() && KINDS[kind(&line.what)] != self.kind {
            return false;
        }
        // A fault's sentence names whom it strikes.
        let fault = matches!(line.what, LineKind::Fault(..) | LineKind::NoEffect(_));
        let about = |node: u32| match line.what {
            LineKind::Lost(to, _) => line.node == node || to == node,
            _ if fault => {
                let name = x.name(node);
                entry(x, line).sentence.split([' ', ',', ':', '|', '<', '>']).any(|word| word == name)
            }
            _ => line.node == node,
        };
        if self.node.is_some_and(|node| !about(node)) {
            return false;
        }
        self.text.is_empty()
            || entry(x, line).sentence.to_ascii_lowercase().contains(&self.text.to_ascii_lowercase())
    }
}

impl LogView {
    /// The run has become another one.
    pub fn forget(&mut self) {
        self.found.clear();
        self.seen = 0;
    }

    /// Looks at what was written since, at so many lines at most; whether that was all.
    pub fn bring(&mut self, x: &Experiment, filter: &LogFilter, most: usize) -> bool {
        let written = x.recorder.written();
        let first = written - x.recorder.lines.len() as u64;
        if self.filter != *filter || written < self.seen {
            self.forget();
            self.filter = filter.clone();
        }
        // What the log has forgotten is not listed any more.
        let gone = self.found.partition_point(|line| *line < first);
        self.found.drain(..gone);
        let from = self.seen.max(first);
        let to = written.min(from.saturating_add(most as u64));
        for number in from..to {
            if let Some(line) = x.recorder.lines.get((number - first) as usize)
                && filter.takes(x, line)
            {
                self.found.push(number);
            }
        }
        self.seen = to;
        to == written
    }

    /// How many lines there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// How many of them are after the cursor.
    #[must_use]
    pub fn later(&self, x: &Experiment) -> usize {
        let past = |line: &Line| line.event <= x.events() && line.time <= x.now();
        let after = self.found.partition_point(|number| at(x, *number).is_none_or(past));
        self.found.len() - after
    }

    /// So many of them with their numbers, the newest first, after leaving out `skip`.
    #[must_use]
    pub fn rows(&self, x: &Experiment, skip: usize, count: usize) -> Vec<(u64, LogEntry)> {
        let shown = self.found.iter().rev().skip(skip).take(count);
        shown.filter_map(|number| Some((*number, entry(x, at(x, *number)?)))).collect()
    }

    /// The place of a line in the list, the newest first.
    #[must_use]
    pub fn place(&self, line: u64) -> Option<usize> {
        let after = self.found.partition_point(|known| *known < line);
        (self.found.get(after) == Some(&line)).then(|| self.found.len() - 1 - after)
    }

    /// The line of an event, the first one of several.
    #[must_use]
    pub fn of_event(&self, x: &Experiment, event: u64) -> Option<u64> {
        let after = self.found.partition_point(|number| at(x, *number).is_none_or(|line| line.event < event));
        let number = *self.found.get(after)?;
        at(x, number).filter(|line| line.event == event).map(|_| number)
    }
}

/// A line by its number, as long as the log has it.
fn at(x: &Experiment, number: u64) -> Option<&Line> {
    let first = x.recorder.written() - x.recorder.lines.len() as u64;
    x.recorder.lines.get(number.checked_sub(first)? as usize)
}
