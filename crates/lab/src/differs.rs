//! How one run's time line differs from another's: from when on, in words, and as a branch of a document.

use netsplit_scenario::{Action, Branch, Duration, Fault, Operation, Scenario};

use netsplit_sim::small;

use crate::text::{instant, say};
use crate::timeline;

/// What has an instant on a time line.
trait Entry: PartialEq + Clone {
    fn at(&self) -> u64;
    /// From when on a run with one of them may differ from a run with the other.
    fn first(&self, other: &Self) -> u64 {
        self.at().min(other.at())
    }
    fn label(&self) -> String;
}

impl Entry for Fault {
    fn at(&self) -> u64 {
        self.at.0
    }
    fn first(&self, other: &Self) -> u64 {
        let end = |fault: &Self| fault.lasts.map_or(u64::MAX, |lasts| fault.at.0.saturating_add(lasts.0));
        let same = Self { lasts: other.lasts, ..self.clone() } == *other;
        if same && self.chaos().is_none() { end(self).min(end(other)) } else { self.at.0.min(other.at.0) }
    }
    fn label(&self) -> String {
        let mut label = timeline::label(self);
        label.get_mut(..1).into_iter().for_each(str::make_ascii_lowercase);
        label
    }
}

impl Entry for Action {
    fn at(&self) -> u64 {
        self.at.0
    }
    fn label(&self) -> String {
        format!("{} {}", self.kind.replace('_', " "), self.node.as_deref().unwrap_or(""))
            .trim_end()
            .to_owned()
    }
}

impl Entry for Operation {
    fn at(&self) -> u64 {
        self.at.0
    }
    fn label(&self) -> String {
        format!("{} {} {}", self.client, self.f, self.key.as_deref().unwrap_or("k0"))
    }
}

/// The entries that only one or only the other list has, in order; what both have is taken out once each.
fn only<'a, E: Entry>(a: &'a [E], b: &'a [E]) -> (Vec<&'a E>, Vec<&'a E>) {
    let mut right: Vec<&E> = b.iter().collect();
    let mut left: Vec<&E> = Vec::new();
    for entry in a {
        match right.iter().position(|other| *other == entry) {
            Some(at) => drop(right.remove(at)),
            None => left.push(entry),
        }
    }
    (left, right)
}

fn first_of<E: Entry>(a: &[E], b: &[E]) -> Option<u64> {
    let (left, right) = only(a, b);
    // An entry that was changed stands in both; where something else was changed as well, the earlier one counts.
    match (&left[..], &right[..]) {
        ([one], [other]) => Some(one.first(other)),
        _ => left.iter().chain(&right).map(|entry| entry.at()).min(),
    }
}

/// The first instant at which the two runs may differ; nothing where their time lines are the same.
pub(crate) fn first(a: &Scenario, b: &Scenario) -> Option<u64> {
    let faults = first_of(&a.faults, &b.faults);
    // Chaos entries draw by their place among each other.
    let chaos =
        |s: &Scenario| s.faults.iter().filter(|fault| fault.chaos().is_some()).cloned().collect::<Vec<_>>();
    let (left, right) = (chaos(a), chaos(b));
    let first_chaos = || left.iter().chain(&right).map(|fault| fault.at.0).min();
    let chaos = if left == right { None } else { first_chaos() };
    let actions = first_of(&a.actions, &b.actions);
    let operations = first_of(&a.operations, &b.operations);
    [faults, chaos, actions, operations].into_iter().flatten().min()
}

/// Whether two runs are the same but for what happens to them.
pub(crate) fn in_time_only(a: &Scenario, b: &Scenario) -> bool {
    a.system == b.system
        && a.seed == b.seed
        && a.workload == b.workload
        && a.network == b.network
        && a.topology == b.topology
        && a.duration == b.duration
}

/// Says each entry that is gone, changed or new by these sentences.
fn say_only<E: Entry>(parent: &[E], own: &[E], by: [&str; 3], out: &mut Vec<String>) {
    let (mut gone, mut new) = only(parent, own);
    let what = |entry: &E| format!("{} ({})", entry.label(), instant(entry.at()));
    // One that was changed is said once.
    gone.retain(|entry| {
        let same = new.iter().position(|other| what(other) == what(entry));
        if let Some(at) = same {
            out.push(say(by[1], &[("what", what(new.remove(at)))]));
        }
        same.is_none()
    });
    out.extend(gone.into_iter().map(|entry| say(by[0], &[("what", what(entry))])));
    out.extend(new.into_iter().map(|entry| say(by[2], &[("what", what(entry))])));
}

/// The same of all that a time line has.
fn say_time_line(parent: &Scenario, own: &Scenario, by: [&str; 3], out: &mut Vec<String>) {
    say_only(&parent.faults, &own.faults, by, out);
    say_only(&parent.actions, &own.actions, by, out);
    say_only(&parent.operations, &own.operations, by, out);
}

/// How a run differs from its parent: "without crash n1 (5.000 s), with slow n2 (6.000 s)".
#[inline(never)]
pub(crate) fn words(parent: &Scenario, own: &Scenario) -> String {
    let mut all = Vec::new();
    say_time_line(parent, own, ["branch-without", "branch-changed", "branch-with"], &mut all);
    all.join(", ")
}

/// What was done between two documents, in few words: "crash n2 (1.200 s)". Empty where nothing is known.
#[must_use]
#[inline(never)]
pub fn step(before: &Scenario, after: &Scenario) -> String {
    let mut done = Vec::new();
    if before.system.algorithm != after.system.algorithm {
        done.push(say("step-algorithm", &[]));
    } else if !in_time_only(&Scenario { seed: after.seed.clone(), ..before.clone() }, after) {
        done.push(say("step-setup", &[]));
    } else if before.seed != after.seed {
        done.push(say("step-seed", &[]));
    }
    say_time_line(before, after, ["step-out", "branch-changed", "step-in"], &mut done);
    if done.is_empty() && before.branches != after.branches {
        say_branches(before, after, &mut done);
    }
    if done.is_empty() && before.compare != after.compare {
        done.push(say("step-compare", &[]));
    }
    // A list is no name: of several, the first and that there are more.
    match &done[..] {
        [] => String::new(),
        [one] => one.clone(),
        [first, rest @ ..] => say("step-more", &[("what", first.clone()), ("count", rest.len().to_string())]),
    }
}

/// The main line of a document and its branches, each with the place of the line that it leaves, and its scenario.
fn lines(document: &Scenario) -> Vec<(usize, Scenario)> {
    let mut all = vec![(0, Scenario { branches: Vec::new(), ..document.clone() })];
    for branch in &document.branches {
        let of = document.branches.iter().position(|other| Some(&other.name) == branch.of.as_ref());
        let of = of.map_or(0, |at| at + 1).min(all.len() - 1);
        let own = apply(&all[of].1, branch);
        all.push((of, own));
    }
    all
}

/// What was done to branches: what happens in them, that they are new or gone, or have another name.
fn say_branches(before: &Scenario, after: &Scenario, out: &mut Vec<String>) {
    let by = ["step-out", "branch-changed", "step-in"];
    let (old, new) = (lines(before), lines(after));
    // A branch may be called after what happens in it: where none is new or gone, they are known by their places.
    let alike = old.len() == new.len();
    let place = |of: &[Branch], at: usize, name: &str| match alike {
        true => Some(at),
        false => of.iter().position(|other| other.name == name),
    };
    for (at, branch) in after.branches.iter().enumerate() {
        let (of, own) = &new[at + 1];
        match place(&before.branches, at, &branch.name) {
            Some(at) => say_time_line(&old[at + 1].1, own, by, out),
            None => {
                let said = out.len();
                say_time_line(&new[*of].1, own, by, out);
                if out.len() == said {
                    out.push(say("step-in", &[("what", branch.name.clone())]));
                }
            }
        }
    }
    for (at, branch) in before.branches.iter().enumerate() {
        if place(&after.branches, at, &branch.name).is_none() {
            out.push(say("step-out", &[("what", branch.name.clone())]));
        }
    }
    if out.is_empty() {
        out.push(say("step-branch", &[]));
    }
}

/// The scenario of a branch.
pub(crate) fn apply(parent: &Scenario, branch: &Branch) -> Scenario {
    fn joined<E: Entry>(parent: &[E], branch: &Branch, own: &[E]) -> Vec<E> {
        let kept = parent.iter().filter(|entry| branch.keep || entry.at() < branch.from.0);
        kept.chain(own).cloned().collect()
    }
    Scenario {
        faults: joined(&parent.faults, branch, &branch.faults),
        actions: joined(&parent.actions, branch, &branch.actions),
        operations: joined(&parent.operations, branch, &branch.operations),
        branches: Vec::new(),
        ..parent.clone()
    }
}

/// The branch of a document, without its name, that makes the one run of the other. It leaves at `from`, or earlier
/// where the difference concerns something that had begun before.
#[inline(never)]
pub(crate) fn branch(parent: &Scenario, own: &Scenario, from: u64) -> Branch {
    fn rest<E: Entry>(parent: &[E], own: &[E], from: u64, keep: bool) -> Vec<E> {
        let skip = if keep { parent.len() } else { parent.iter().filter(|entry| entry.at() < from).count() };
        own.iter().skip(skip).filter(|entry| entry.at() >= from).cloned().collect()
    }
    let attempt = |from: u64, keep: bool| Branch {
        from: Duration(from),
        keep,
        faults: rest(&parent.faults, &own.faults, from, keep),
        actions: rest(&parent.actions, &own.actions, from, keep),
        operations: rest(&parent.operations, &own.operations, from, keep),
        ..Branch::default()
    };
    let right = |branch: &Branch| {
        let made = apply(parent, branch);
        made.faults == own.faults && made.actions == own.actions && made.operations == own.operations
    };
    let ats = |s: &Scenario| -> Vec<u64> {
        let faults = s.faults.iter().map(Entry::at);
        faults.chain(s.actions.iter().map(Entry::at)).chain(s.operations.iter().map(Entry::at)).collect()
    };
    let mut starts = [ats(parent), ats(own), vec![from]].concat();
    starts.retain(|at| *at <= from);
    small::sort(&mut starts);
    let attempts = starts.into_iter().rev().flat_map(|from| [(from, true), (from, false)]);
    let found = attempts.map(|(from, keep)| attempt(from, keep)).find(right);
    // From the very start, everything is the branch's own.
    found.unwrap_or_else(|| attempt(0, false))
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsplit_scenario::Target;

    fn fault(at: u64, kind: &str, node: &str, lasts: Option<u64>) -> Fault {
        let mut fault = Fault::new(Duration::from_secs(at), kind);
        fault.lasts = lasts.map(Duration::from_secs);
        fault.target = Target::Node(node.to_owned());
        fault
    }

    fn with(faults: &[Fault]) -> Scenario {
        Scenario { faults: faults.to_vec(), ..Scenario::new("leader_election", "raft") }
    }

    #[test]
    fn a_branch_makes_the_run_that_it_was_made_of() {
        let (a, b) = (fault(2, "crash", "n1", Some(5)), fault(4, "pause", "n2", None));
        let (c, d) = (fault(6, "slow", "n3", Some(1)), fault(3, "cut", "n1", None));
        let lists = [
            vec![],
            vec![a.clone()],
            vec![a.clone(), b.clone()],
            vec![b.clone(), a.clone()],
            vec![a.clone(), b.clone(), c.clone()],
            vec![c.clone(), d.clone(), a.clone()],
            vec![fault(2, "crash", "n1", Some(3)), b.clone(), d],
            vec![a.clone(), a.clone()],
            vec![fault(5, "chaos", "n1", Some(3)), fault(1, "chaos", "n1", Some(3))],
        ];
        let second = 1_000_000_000;
        for (parent, own) in lists.iter().flat_map(|p| lists.iter().map(move |o| (with(p), with(o)))) {
            let from = first(&parent, &own).unwrap_or(5 * second);
            assert!(parent != own || first(&parent, &own).is_none());
            let branch = branch(&parent, &own, from);
            assert!(branch.faults.iter().all(|fault| fault.at >= branch.from) && branch.from.0 <= from);
            assert_eq!(apply(&parent, &branch).faults, own.faults);
        }
        // A crash that ends sooner differs from then on; a fault that is added says so from its beginning on.
        assert_eq!(first(&with(&lists[1]), &with(&[fault(2, "crash", "n1", Some(3))])), Some(5 * second));
        assert_eq!(first(&with(&lists[1]), &with(&lists[2])), Some(4 * second));
        let kept = branch(&with(&lists[1]), &with(&lists[2]), 4 * second);
        assert!(kept.keep && kept.faults == [b]);
        assert_eq!(
            words(&with(&lists[1]), &with(&[c])),
            "without crash n1 (2.000 s), with slow n3 (6.000 s)"
        );
    }

    #[test]
    fn a_step_in_a_branch_is_named_by_what_was_done_there() {
        let (a, b) = (fault(2, "crash", "n1", Some(5)), fault(4, "pause", "n2", None));
        let main = with(std::slice::from_ref(&a));
        // A document with branches, each with its name, that of the line that it leaves, and its faults.
        let branched = |all: &[(&str, Option<&str>, &[Fault])]| {
            let mut document = main.clone();
            for (name, of, faults) in all {
                let (own, known) = (with(faults), lines(&document));
                let place = document.branches.iter().position(|other| Some(other.name.as_str()) == *of);
                let made = branch(&known[place.map_or(0, |at| at + 1)].1, &own, 0);
                document.branches.push(Branch { name: (*name).into(), of: of.map(Into::into), ..made });
            }
            document
        };
        let both = [a.clone(), b.clone()];
        let fork = branched(&[("fork", None, std::slice::from_ref(&a))]);
        let paused = branched(&[("fork", None, &both)]);
        assert_eq!(step(&main, &fork), "fork");
        assert_eq!(step(&main, &paused), "pause n2 (4.000 s)");
        assert_eq!(step(&fork, &paused), "pause n2 (4.000 s)");
        assert_eq!(step(&paused, &main), "fork taken out");
        // What is shaped may give its branch another name.
        let shaped = branched(&[("shaped", None, &[a.clone(), fault(4, "pause", "n2", Some(1))])]);
        assert_eq!(step(&paused, &shaped), "pause n2 (4.000 s) changed");
        assert_eq!(step(&paused, &branched(&[("mine", None, &both)])), "another name of a branch");
        // A branch of a branch differs by what it has of its own.
        let two = branched(&[("fork", None, &both), ("second", Some("fork"), std::slice::from_ref(&b))]);
        assert_eq!(step(&paused, &two), "crash n1 (2.000 s) taken out");
        // Whoever left a branch that is gone leaves its parent now, and is what it was.
        let left = branched(&[("second", None, std::slice::from_ref(&b))]);
        assert_eq!(step(&two, &left), "fork taken out");
    }

    #[test]
    fn a_step_is_named_by_what_was_done() {
        let (a, b) = (fault(2, "crash", "n1", Some(5)), fault(4, "pause", "n2", None));
        let (none, one, two) = (with(&[]), with(std::slice::from_ref(&a)), with(&[a, b]));
        assert_eq!(step(&none, &one), "crash n1 (2.000 s)");
        assert_eq!(step(&one, &none), "crash n1 (2.000 s) taken out");
        assert_eq!(step(&one, &with(&[fault(2, "crash", "n1", None)])), "crash n1 (2.000 s) changed");
        assert_eq!(step(&none, &two), "crash n1 (2.000 s), and 1 more");
        assert_eq!(step(&one, &one), "");
        let seed = Scenario { seed: netsplit_scenario::Seed::Number(9), ..one.clone() };
        assert_eq!(step(&one, &seed), "another seed");
        let mut setup = seed.clone();
        setup.system.nodes = Some(7);
        assert_eq!(step(&one, &setup), "a change of the set-up");
        setup.system.algorithm = "paxos".to_owned();
        assert_eq!(step(&one, &setup), "another algorithm");
        let compared = Scenario { compare: Some(netsplit_scenario::Compare::default()), ..one.clone() };
        assert_eq!(step(&one, &compared), "what is compared");
    }
}
