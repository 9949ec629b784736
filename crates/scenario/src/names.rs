//! Names: of nodes, links and messages.

use crate::limits;
use crate::record::{as_text, by_value};
use std::fmt;
use std::str::FromStr;

/// What a link's name may look like, for messages.
pub const LINK_ACCEPTED: &str = "a link such as \"n1>n2\" (one direction) or \"n1<>n2\" (both)";
/// What a message's name may look like, for messages.
pub const MESSAGE_ACCEPTED: &str = "a message such as \"n1>n2@12.480123456\" (sender, receiver, seconds), with \"/1\" for the second one of that \
     instant and \"+1\" for a copy";

/// A prefix of letters and an index from 1 on: `n12` is `("n", 12)`.
pub fn split_node(name: &str) -> Option<(&str, u32)> {
    let at = name.find(|c: char| !c.is_ascii_alphabetic())?;
    let (prefix, digits) = name.split_at(at);
    if prefix.is_empty() || digits.starts_with('0') || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().map(|index| (prefix, index))
}

/// The names of a system's nodes: `n1` to `n5`, `c1` to `c3`, and those that actions add.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeSpace {
    /// Each prefix with how many nodes bear it.
    pub ranges: Vec<(String, u32)>,
    /// Names that actions add.
    pub added: NameSet,
}

impl NodeSpace {
    /// Whether there is, at some time, a node of this name.
    pub fn contains(&self, name: &str) -> bool {
        self.initial(name) || self.added.contains(name)
    }

    /// Whether the run starts with a node of this name.
    pub fn initial(&self, name: &str) -> bool {
        split_node(name).is_some_and(|(prefix, index)| {
            self.ranges.iter().any(|(known, count)| known == prefix && index <= *count)
        })
    }

    /// The nearest name that exists, for "did you mean".
    pub fn nearest(&self, name: &str) -> Option<String> {
        let lower = name.to_ascii_lowercase();
        self.contains(&lower).then_some(lower)
    }

    /// In words: `n1 to n5, c1 to c3`.
    pub fn describe(&self) -> String {
        let mut parts: Vec<String> = Vec::new();
        for (prefix, count) in &self.ranges {
            match count {
                0 => {}
                1 => parts.push(format!("{prefix}1")),
                count => parts.push(format!("{prefix}1 to {prefix}{count}")),
            }
        }
        parts.extend(self.added.iter().take(8).cloned());
        if parts.is_empty() { "no node".to_owned() } else { parts.join(", ") }
    }
}

/// Text that is not a name of the kind that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAName(&'static str);

impl fmt::Display for NotAName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not {}", self.0)
    }
}

impl std::error::Error for NotAName {}

fn is_name(text: &str) -> bool {
    text.len() <= limits::NAME_CHARS && split_node(text).is_some()
}

/// A link between two nodes: `n1>n2` in one direction, `n1<>n2` in both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkName {
    /// Where it starts.
    pub from: String,
    /// Where it ends.
    pub to: String,
    /// Both directions are meant.
    pub both: bool,
}

impl fmt::Display for LinkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.from, if self.both { "<>" } else { ">" }, self.to)
    }
}

impl FromStr for LinkName {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        let error = NotAName(LINK_ACCEPTED);
        let (from, to) = text.split_once('>').ok_or(error)?;
        let (from, both) = from.strip_suffix('<').map_or((from, false), |from| (from, true));
        if !is_name(from) || !is_name(to) || from == to {
            return Err(error);
        }
        Ok(Self { from: from.to_owned(), to: to.to_owned(), both })
    }
}

/// A message, named by what a person sees: `n1>n2@12.480123456`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageName {
    /// Its sender.
    pub from: String,
    /// Its receiver.
    pub to: String,
    /// The instant of sending, in nanoseconds.
    pub at: u64,
    /// Which of those sent between the two at that instant: `/1` is the second.
    pub nth: u32,
    /// Which copy, if the network made some: `+1` is the first copy, 0 the message itself.
    pub copy: u32,
}

impl fmt::Display for MessageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, nanos) = (self.at / 1_000_000_000, self.at % 1_000_000_000);
        write!(f, "{}>{}@{seconds}", self.from, self.to)?;
        if nanos != 0 {
            write!(f, ".{}", format!("{nanos:09}").trim_end_matches('0'))?;
        }
        if self.nth != 0 {
            write!(f, "/{}", self.nth)?;
        }
        if self.copy != 0 {
            write!(f, "+{}", self.copy)?;
        }
        Ok(())
    }
}

impl FromStr for MessageName {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        let error = NotAName(MESSAGE_ACCEPTED);
        let number = |text: &str| -> Result<u64, NotAName> {
            let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            text.parse().ok().filter(|_| digits).ok_or(error)
        };
        let small = |text: &str| number(text).and_then(|n| u32::try_from(n).map_err(|_| error));
        let (link, when) = text.split_once('@').ok_or(error)?;
        let (from, to) = link.split_once('>').ok_or(error)?;
        if !is_name(from) || !is_name(to) {
            return Err(error);
        }
        let (when, copy) = match when.split_once('+') {
            Some((when, copy)) => (when, small(copy)?),
            None => (when, 0),
        };
        let (when, nth) = match when.split_once('/') {
            Some((when, nth)) => (when, small(nth)?),
            None => (when, 0),
        };
        let (seconds, fraction) = when.split_once('.').unwrap_or((when, "0"));
        if fraction.len() > 9 {
            return Err(error);
        }
        let nanos = (fraction.len()..9).fold(number(fraction)?, |nanos, _| nanos * 10);
        let at =
            number(seconds)?.checked_mul(1_000_000_000).and_then(|s| s.checked_add(nanos)).ok_or(error)?;
        Ok(Self { from: from.to_owned(), to: to.to_owned(), at, nth, copy })
    }
}

as_text!(LinkName, MessageName);
by_value!(LinkName, MessageName);

/// A set of names, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameSet(Vec<String>);

impl NameSet {
    /// Adds a name; whether it was new.
    pub fn insert(&mut self, name: &str) -> bool {
        match self.0.binary_search_by(|other| other.as_str().cmp(name)) {
            Ok(_) => false,
            Err(at) => {
                self.0.insert(at, name.to_owned());
                true
            }
        }
    }

    /// Whether it has a name.
    pub fn contains(&self, name: &str) -> bool {
        self.0.binary_search_by(|other| other.as_str().cmp(name)).is_ok()
    }

    /// All names.
    pub fn iter(&self) -> std::slice::Iter<'_, String> {
        self.0.iter()
    }
}

impl FromIterator<String> for NameSet {
    fn from_iter<I: IntoIterator<Item = String>>(names: I) -> Self {
        let mut set = Self::default();
        for name in names {
            set.insert(&name);
        }
        set
    }
}
