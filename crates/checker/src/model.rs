//! The objects that clients talk to, as if only one client existed: what each operation does to a state.
//!
//! Two objects: a [`Model::Register`] per key, initially null, and a [`Model::Kv`] string per key, initially
//! empty. Values are numbers that the caller gives out ([`Interner`], or any other way): 0 is what a key holds
//! initially, and `u32::MAX` is not for values.

use std::collections::BTreeMap;

use crate::table::Table;

/// What an operation does, with its answer if it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Saw this value.
    Read(u32),
    /// Puts this value there, whatever was there.
    Write(u32),
    /// Finds the first value and puts the second one there.
    Cas(u32, u32),
    /// A comparison that did not hold: saw anything but this value.
    Differs(u32),
    /// Puts this text behind what is there (strings only).
    Append(u32),
}

impl Action {
    /// Whether it only looks: left out where its answer is not known, and harmless to put anywhere it fits.
    #[must_use]
    pub fn observes(self) -> bool {
        matches!(self, Self::Read(_) | Self::Differs(_))
    }
}

/// The kind of object behind a key.
#[derive(Clone, Copy, Debug)]
pub enum Model<'a> {
    /// Any value; read, write, compare-and-set.
    Register,
    /// A string; get, put, append. The numbers in actions are of this interner.
    Kv(&'a Interner),
}

/// Numbers for texts, in the order of their first appearance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interner {
    texts: Vec<String>,
    ids: BTreeMap<String, u32>,
}

impl Default for Interner {
    fn default() -> Self {
        Self { texts: vec![String::new()], ids: BTreeMap::new() }
    }
}

impl Interner {
    /// One that knows nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of a register's value: never 0, which is null. The empty text is a value like any other.
    pub fn value(&mut self, text: &str) -> u32 {
        if let Some(id) = self.ids.get(text) {
            return *id;
        }
        let id = self.texts.len() as u32;
        self.texts.push(text.to_owned());
        self.ids.insert(text.to_owned(), id);
        id
    }

    /// The number of a string: 0 for the empty one, which every key holds initially.
    pub fn string(&mut self, text: &str) -> u32 {
        if text.is_empty() { 0 } else { self.value(text) }
    }

    /// The number of a string, if it has one.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<u32> {
        if text.is_empty() { Some(0) } else { self.ids.get(text).copied() }
    }

    /// The text of a number; 0 has the empty one.
    #[must_use]
    pub fn text(&self, id: u32) -> &str {
        self.texts.get(id as usize).map_or("", String::as_str)
    }
}

/// The value of a state that no operation of the history can tell from others like it, because none asks for it.
pub(crate) const JUNK: u32 = u32::MAX;

/// What is left of all values once those that nobody ever asks for are one: [`JUNK`]. Nothing that can be
/// observed changes, in any prefix of the history, and far fewer states are left.
#[derive(Clone, Debug, Default)]
pub(crate) struct Steps {
    /// Actions upon states.
    pub actions: Vec<Action>,
    /// Where the states are strings.
    texts: Option<Prefixes>,
}

impl Steps {
    /// Registers: a state is a value.
    pub fn register(mut actions: Vec<Action>) -> Self {
        let mut asked = Table::default();
        for action in &actions {
            if let Action::Read(v) | Action::Differs(v) | Action::Cas(v, _) = *action {
                asked.get_or_insert(u64::from(v), 0);
            }
        }
        for action in &mut actions {
            if let Action::Write(v) | Action::Cas(_, v) = action
                && asked.get(u64::from(*v)).is_none()
            {
                *v = JUNK;
            }
        }
        Self { actions, texts: None }
    }

    /// Strings: a state is a beginning of a string that was read.
    pub fn kv(mut actions: Vec<Action>, names: &Interner) -> Self {
        let mut texts = Prefixes::default();
        for action in &mut actions {
            if let Action::Read(v) | Action::Differs(v) = action {
                *v = texts.learn(names.text(*v).as_bytes());
            }
        }
        for action in &mut actions {
            match action {
                Action::Write(v) => *v = texts.follow(0, names.text(*v).as_bytes()),
                Action::Append(v) => {
                    texts.pieces.push(names.text(*v).as_bytes().to_vec());
                    *v = texts.pieces.len() as u32 - 1;
                }
                _ => {}
            }
        }
        Self { actions, texts: Some(texts) }
    }

    /// For this kind of object.
    pub fn of(actions: Vec<Action>, model: Model) -> Self {
        match model {
            Model::Register => Self::register(actions),
            Model::Kv(names) => Self::kv(actions, names),
        }
    }

    /// The state after this operation, if it can happen in this state with the answer that it had.
    pub fn apply(&self, op: u32, state: u32) -> Option<u32> {
        match self.actions[op as usize] {
            Action::Read(v) => (state == v).then_some(state),
            Action::Differs(v) => (state != v).then_some(state),
            Action::Write(v) => Some(v),
            Action::Cas(old, new) => (state == old).then_some(new),
            Action::Append(piece) => Some(
                self.texts.as_ref().map_or(JUNK, |texts| texts.follow(state, &texts.pieces[piece as usize])),
            ),
        }
    }
}

/// All beginnings of the strings that were read, as a tree; the root, 0, is the empty one.
#[derive(Clone, Debug)]
struct Prefixes {
    /// First child, next sibling, byte.
    nodes: Vec<(u32, u32, u8)>,
    pieces: Vec<Vec<u8>>,
}

impl Default for Prefixes {
    fn default() -> Self {
        Self { nodes: vec![(0, 0, 0)], pieces: Vec::new() }
    }
}

impl Prefixes {
    fn child(&self, node: u32, byte: u8) -> Option<u32> {
        let mut child = self.nodes[node as usize].0;
        while child != 0 {
            let (_, sibling, label) = self.nodes[child as usize];
            if label == byte {
                return Some(child);
            }
            child = sibling;
        }
        None
    }

    fn learn(&mut self, text: &[u8]) -> u32 {
        text.iter().fold(0, |node, byte| {
            self.child(node, *byte).unwrap_or_else(|| {
                let child = self.nodes.len() as u32;
                self.nodes.push((0, self.nodes[node as usize].0, *byte));
                self.nodes[node as usize].0 = child;
                child
            })
        })
    }

    fn follow(&self, node: u32, text: &[u8]) -> u32 {
        if node == JUNK {
            return JUNK;
        }
        text.iter().try_fold(node, |node, byte| self.child(node, *byte)).unwrap_or(JUNK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_and_the_empty_text_differ_in_a_register_only() {
        let mut names = Interner::new();
        assert_eq!(names.string(""), 0);
        let empty = names.value("");
        assert_ne!(empty, 0);
        assert_eq!((names.value(""), names.text(empty), names.text(0)), (empty, "", ""));
        assert_eq!(names.value("a"), names.string("a"));
    }

    #[test]
    fn what_nobody_asks_for_is_one_state() {
        let steps =
            Steps::register(vec![Action::Write(1), Action::Write(2), Action::Read(2), Action::Write(9)]);
        assert_eq!((steps.apply(0, 0), steps.apply(3, 0)), (Some(JUNK), Some(JUNK)));
        assert_eq!((steps.apply(1, JUNK), steps.apply(2, 2), steps.apply(2, JUNK)), (Some(2), Some(2), None));
    }

    #[test]
    fn strings_grow_along_what_was_read() {
        let mut names = Interner::new();
        let [ab, b, abc] = ["ab", "b", "abc"].map(|text| names.string(text));
        let steps = Steps::kv(
            vec![Action::Write(ab), Action::Append(b), Action::Read(abc), Action::Append(names.string("c"))],
            &names,
        );
        let state = steps.apply(0, 0).expect("a write always happens");
        assert_ne!(state, JUNK);
        assert_eq!(steps.apply(1, state), Some(JUNK));
        let state = steps.apply(3, state).expect("an append always happens");
        assert_eq!(steps.apply(2, state), Some(state));
        assert_eq!(steps.apply(1, JUNK), Some(JUNK));
    }
}
