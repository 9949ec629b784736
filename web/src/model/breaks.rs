//! Breakpoints as the page has them: the list, the form that makes one, and what each says. Plain Rust.

use netsplit_lab::breakpoints::{self, Break, Breakpoint};
use netsplit_lab::scenario::Duration;
use netsplit_lab::scenario::json::number;
use netsplit_lab::{Experiment, Legend};

use super::format;

/// Kinds of breakpoint: id and name.
pub const KINDS: [(&str, &str); 4] =
    [("time", "Time"), ("event", "Event"), ("metric", "Metric"), ("fact", "Node's state")];

/// Kinds of event: id and what it says of itself.
pub const EVENTS: [(&str, &str); 10] = [
    ("notable", "Something notable"),
    ("fault", "A fault begins or ends"),
    ("failed", "An operation fails"),
    ("lost", "A message is lost"),
    ("start", "A node starts"),
    ("timer", "A timer fires"),
    ("arrive", "A message arrives"),
    ("served", "Work is served"),
    ("synced", "A write reaches the disk"),
    ("broken", "A stream breaks"),
];

/// A field of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// Id of [`KINDS`].
    Kind,
    /// An instant.
    At,
    /// Id of [`EVENTS`], or "m" and the number of a kind of message.
    Event,
    /// A node's number; any where it is empty.
    Node,
    /// Id of a number.
    Metric,
    /// "above" or "below".
    Side,
    /// A number.
    Limit,
    /// What of a node.
    Label,
    /// What it is to become.
    Value,
}

/// How many fields there are.
const SLOTS: usize = 9;

/// What a hand does.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// Unfolds the list, or folds it.
    Fold,
    /// Unfolds it, where the event log is, and begins a new one.
    Show,
    /// A field of the form.
    Set(Slot, String),
    /// What the form says: a new one, or in the place of the one that is edited.
    Keep,
    /// The form is emptied.
    Clear,
    /// Into the form.
    Edit(usize),
    /// On or off.
    Switch(usize),
    /// Away with it.
    Remove(usize),
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub struct Breaks {
    /// The list.
    pub list: Vec<Breakpoint>,
    /// The list is unfolded.
    pub open: bool,
    /// The one that is in the form.
    pub editing: Option<usize>,
    /// What is wrong with the form.
    pub trouble: String,
    /// Where one has stopped the run: its place in the list, and the instant (ns).
    pub hit: Option<(usize, u64)>,
    form: [String; SLOTS],
}

impl Breaks {
    /// What a field of the form says.
    pub fn field(&self, slot: Slot) -> &str {
        let said = self.form[slot as usize].as_str();
        match slot {
            Slot::Kind if said.is_empty() => "time",
            Slot::Event if said.is_empty() => "notable",
            Slot::Metric if said.is_empty() => "failed",
            Slot::Side if said.is_empty() => "above",
            Slot::Label if said.is_empty() => "state",
            _ => said,
        }
    }

    /// Something done to it, but for [`Deed::Show`].
    pub fn does(&mut self, deed: Deed) {
        self.trouble.clear();
        match deed {
            Deed::Fold => self.open = !self.open,
            Deed::Show => self.open = true,
            Deed::Set(slot, text) => self.form[slot as usize] = text,
            Deed::Clear => self.clear(),
            Deed::Keep => match self.made() {
                Ok(made) => {
                    match self.editing.and_then(|at| self.list.get_mut(at)) {
                        Some(old) => *old = Breakpoint::new(made),
                        None => self.list.push(Breakpoint::new(made)),
                    }
                    self.clear();
                }
                Err(trouble) => self.trouble = trouble.to_owned(),
            },
            Deed::Edit(at) => {
                if let Some(point) = self.list.get(at).cloned() {
                    self.take(&point.at);
                    self.editing = Some(at);
                }
            }
            Deed::Switch(at) => {
                if let Some(point) = self.list.get_mut(at) {
                    point.on = !point.on;
                }
            }
            Deed::Remove(at) => {
                if at < self.list.len() {
                    self.list.remove(at);
                    (self.hit, self.editing) = (None, None);
                }
            }
        }
    }

    /// Another system is open: what was said of its nodes and messages means nothing any more.
    pub fn forget(&mut self) {
        *self = Self { open: self.open, ..Self::default() };
    }

    fn clear(&mut self) {
        self.editing = None;
        for slot in [Slot::At, Slot::Limit, Slot::Value] {
            self.form[slot as usize].clear();
        }
    }

    fn put(&mut self, slot: Slot, text: impl Into<String>) {
        self.form[slot as usize] = text.into();
    }

    fn take(&mut self, at: &Break) {
        let kind = match at {
            Break::At(at) => {
                self.put(Slot::At, Duration(*at).to_string());
                "time"
            }
            Break::Event(kind, node) => {
                self.put(Slot::Event, kind.clone());
                self.put(Slot::Node, node.map(|node| node.to_string()).unwrap_or_default());
                "event"
            }
            Break::Message(kind) => {
                self.put(Slot::Event, format!("m{kind}"));
                "event"
            }
            Break::Metric(id, above, limit) => {
                self.put(Slot::Metric, id.clone());
                self.put(Slot::Side, if *above { "above" } else { "below" });
                self.put(Slot::Limit, format::short(*limit));
                "metric"
            }
            Break::Fact(node, label, value) => {
                self.put(Slot::Node, node.to_string());
                self.put(Slot::Label, label.clone());
                self.put(Slot::Value, value.clone());
                "fact"
            }
        };
        self.put(Slot::Kind, kind);
    }

    /// What the form says.
    fn made(&self) -> Result<Break, &'static str> {
        let node = || self.field(Slot::Node).parse::<u32>().ok();
        Ok(match self.field(Slot::Kind) {
            "time" => {
                let text = self.field(Slot::At).replace(' ', "");
                let plain = || number(&text).filter(|s| (0.0..1e9).contains(s)).map(|s| (s * 1e9) as u64);
                let at = text.parse::<Duration>().ok().map(|at| at.0).or_else(plain);
                Break::At(at.filter(|at| *at > 0).ok_or("Say when, as in 2.5 s.")?)
            }
            "event" => match self.field(Slot::Event) {
                known if EVENTS.iter().any(|(id, _)| *id == known) => Break::Event(known.to_owned(), node()),
                message => {
                    let kind = message.get(1..).and_then(|kind| kind.parse().ok());
                    Break::Message(kind.ok_or("Choose an event.")?)
                }
            },
            "metric" => {
                let limit =
                    number(self.field(Slot::Limit).trim()).ok_or("Say which number it is to pass.")?;
                Break::Metric(self.field(Slot::Metric).to_owned(), self.field(Slot::Side) == "above", limit)
            }
            _ => {
                let value = self.field(Slot::Value).trim();
                if value.is_empty() {
                    return Err("Say what it is to become.");
                }
                Break::Fact(node().unwrap_or(0), self.field(Slot::Label).to_owned(), value.to_owned())
            }
        })
    }
}

/// Where a breakpoint stops the run, in words.
pub fn sentence(at: &Break, x: &Experiment, legend: &[Legend]) -> String {
    let name = |node: u32| x.name(node);
    match at {
        Break::At(at) => format!("At {}", format::instant(*at)),
        Break::Event(kind, node) => {
            let words = EVENTS.iter().find(|(id, _)| id == kind).map_or("An event", |(_, words)| words);
            node.map_or_else(|| words.to_owned(), |node| format!("{words} at {}", name(node)))
        }
        Break::Message(kind) => {
            let label = legend.get(usize::from(*kind)).map_or("A message", |kind| kind.label.as_str());
            format!("{label} arrives")
        }
        Break::Metric(id, above, limit) => {
            let known = breakpoints::metrics(x).into_iter().find(|(known, _)| known == id);
            let label = known.map_or_else(|| id.clone(), |(_, label)| label);
            let passes = if *above { "rises above" } else { "falls below" };
            format!("{label} {passes} {}", format::short(*limit))
        }
        Break::Fact(node, label, value) => format!("{}: {label} becomes {value}", name(*node)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(breaks: &mut Breaks, fields: &[(Slot, &str)]) {
        fields.iter().for_each(|(slot, text)| breaks.does(Deed::Set(*slot, (*text).to_owned())));
        breaks.does(Deed::Keep);
    }

    #[test]
    fn the_form_makes_every_kind_and_takes_it_back() {
        let mut breaks = Breaks::default();
        fill(&mut breaks, &[(Slot::At, "2.5 s")]);
        fill(&mut breaks, &[(Slot::At, "3")]);
        fill(&mut breaks, &[(Slot::Kind, "event"), (Slot::Event, "failed"), (Slot::Node, "2")]);
        fill(&mut breaks, &[(Slot::Event, "m4")]);
        fill(&mut breaks, &[(Slot::Kind, "metric"), (Slot::Side, "below"), (Slot::Limit, "10.5")]);
        fill(
            &mut breaks,
            &[(Slot::Kind, "fact"), (Slot::Node, "1"), (Slot::Label, "term"), (Slot::Value, "3")],
        );
        let made: Vec<Break> = breaks.list.iter().map(|point| point.at.clone()).collect();
        let expected = [
            Break::At(2_500_000_000),
            Break::At(3_000_000_000),
            Break::Event("failed".to_owned(), Some(2)),
            Break::Message(4),
            Break::Metric("failed".to_owned(), false, 10.5),
            Break::Fact(1, "term".to_owned(), "3".to_owned()),
        ];
        assert_eq!(made, expected);
        // Into the form and back again changes none of them.
        for at in 0..made.len() {
            breaks.does(Deed::Edit(at));
            breaks.does(Deed::Keep);
            assert!(breaks.trouble.is_empty() && breaks.editing.is_none());
        }
        assert_eq!(breaks.list.iter().map(|point| point.at.clone()).collect::<Vec<_>>(), expected);
        breaks.does(Deed::Switch(1));
        assert!(!breaks.list[1].on);
        breaks.does(Deed::Remove(1));
        assert_eq!(breaks.list.len(), 5);
    }

    #[test]
    fn what_is_missing_is_said() {
        let mut breaks = Breaks::default();
        for fields in [
            &[(Slot::At, "soon")][..],
            &[(Slot::Kind, "metric"), (Slot::Limit, "many")],
            &[(Slot::Kind, "fact"), (Slot::Value, " ")],
        ] {
            fill(&mut breaks, fields);
            assert!(!breaks.trouble.is_empty() && breaks.list.is_empty());
        }
    }
}
