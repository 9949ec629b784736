//! What was done to the run, to undo and to do again.

use std::rc::Rc;

use netsplit_scenario::Scenario;
use netsplit_scenario::document::View;

/// Steps that are kept.
const MOST: usize = 64;

/// A document, and where its cursor stood when something else took its place (ns).
#[derive(Clone, Debug)]
struct Entry {
    document: Rc<Scenario>,
    left: u64,
}

impl Entry {
    /// Whether it is this document, whichever of its courses of events is shown.
    fn is(&self, document: &Scenario) -> bool {
        let mut own = Scenario::clone(&self.document);
        own.view = View::default();
        own == *document
    }
}

/// The course of documents.
#[derive(Clone, Debug, Default)]
pub struct History {
    past: Vec<Entry>,
    now: Option<Entry>,
    future: Vec<Entry>,
}

impl History {
    /// The run has this document now; its cursor stood at `left` before. The same one again, at whatever moment of it,
    /// is no step. True where it is one.
    pub fn note(&mut self, mut document: Scenario, left: u64) -> bool {
        // Where one stands in a run, and how one looks at it, is no change of it; which course of events is shown is
        // known again when one comes back.
        let View { branch, compare, .. } = std::mem::take(&mut document.view);
        let shown = View { branch, compare, ..View::default() };
        document.semantics = None;
        if let Some(now) = self.now.as_mut().filter(|now| now.is(&document)) {
            if now.document.view != shown {
                document.view = shown;
                now.document = Rc::new(document);
            }
            return false;
        }
        document.view = shown;
        if let Some(mut now) = self.now.take() {
            now.left = left;
            self.past.push(now);
            if self.past.len() > MOST {
                self.past.remove(0);
            }
        }
        self.now = Some(Entry { document: Rc::new(document), left: 0 });
        self.future.clear();
        true
    }

    /// One step back, or forward again: the document, and where to go in it at least. `left` is where the cursor stands.
    pub fn step(&mut self, back: bool, left: u64) -> Option<(Rc<Scenario>, u64)> {
        let (from, to) =
            if back { (&mut self.past, &mut self.future) } else { (&mut self.future, &mut self.past) };
        let next = from.pop()?;
        if let Some(mut now) = self.now.take() {
            now.left = left;
            to.push(now);
        }
        self.now = Some(next.clone());
        Some((next.document, next.left))
    }

    /// Whether there is something to undo, or to do again.
    pub fn can(&self, back: bool) -> bool {
        self.next(back).is_some()
    }

    /// The document that is there now, and the one that a step leads to.
    pub fn step_between(&self, back: bool) -> Option<(&Scenario, &Scenario)> {
        Some((&self.now.as_ref()?.document, &self.next(back)?.document))
    }

    fn next(&self, back: bool) -> Option<&Entry> {
        if back { &self.past } else { &self.future }.last()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsplit_scenario::Seed;

    fn run(seed: u64) -> Scenario {
        let mut scenario = Scenario::new("leader_election", "raft");
        scenario.seed = Seed::Number(seed);
        scenario
    }

    fn seed(step: Option<(Rc<Scenario>, u64)>) -> Option<(String, u64)> {
        step.map(|(document, left)| (document.seed.to_string(), left))
    }

    #[test]
    fn steps_go_back_and_forth_until_something_new_is_done() {
        let mut history = History::default();
        assert!(history.step(true, 0).is_none());
        (1..=3).for_each(|at| assert!(history.note(run(at), at * 10)));
        let mut again = run(3);
        again.view.speed = Some(2.0);
        assert!(!history.note(again, 99));
        assert_eq!(seed(history.step(true, 35)), Some(("2".to_owned(), 30)));
        assert_eq!(seed(history.step(true, 30)), Some(("1".to_owned(), 20)));
        assert!(!history.can(true) && history.can(false));
        assert_eq!(seed(history.step(false, 5)), Some(("2".to_owned(), 30)));
        history.note(run(4), 31);
        assert!(history.can(true) && !history.can(false));
        assert_eq!(seed(history.step(true, 0)), Some(("2".to_owned(), 31)));
    }

    #[test]
    fn only_so_many_steps_are_kept() {
        let mut history = History::default();
        (0..200).for_each(|at| assert!(history.note(run(at), 0)));
        let back = std::iter::from_fn(|| history.step(true, 0)).count();
        assert_eq!(back, MOST);
    }
}
