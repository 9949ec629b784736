//! What is told piece by piece and forgotten where it is explained has the verdict of the whole; and it is forgotten.

mod common;

use common::{Draws, Kind, Shape, history, show};
use netsplit_checker::brute;
use netsplit_checker::linear::{self, End, Op, Ops, Verdict};
use netsplit_checker::model::{Action, Interner, Model};
use netsplit_checker::stream::{self, Ask, Ended, Finding, Limits, Stream, Why};

/// Tells the operations to a stream.
fn tell(ops: &Ops, kind: Kind, names: &Interner, limits: Limits) -> Stream {
    let text = |value: u32| match (kind, value) {
        (Kind::Kv, value) => Some(names.text(value).to_owned()),
        (_, 0) => None,
        (_, value) => Some(value.to_string()),
    };
    let mut events: Vec<(u32, bool, usize)> = Vec::new();
    for (at, op) in ops.list().iter().enumerate() {
        events.push((op.begin, false, at));
        events.extend(op.end.at().map(|end| (end, true, at)));
        if op.end == End::Unknown {
            // Told a moment after it began.
            events.push((op.begin, true, at));
        }
    }
    events.sort_unstable();
    let kind = if kind == Kind::Kv { stream::Kind::Kv } else { stream::Kind::Register };
    let mut stream = Stream::new(kind, limits);
    let mut open = vec![0; ops.list().len()];
    for (at, ends, op) in events {
        let Op { process, action, end, .. } = ops.list()[op];
        let place = u64::from(at) + 1;
        if !ends {
            let texts: Vec<Option<String>> = match action {
                Action::Read(_) => vec![],
                Action::Write(v) | Action::Append(v) => vec![text(v)],
                Action::Cas(old, new) => vec![text(old), text(new)],
                // What it would have written is not known any more.
                Action::Differs(old) => vec![text(old), text(1)],
            };
            let texts: Vec<Option<&str>> = texts.iter().map(Option::as_deref).collect();
            let ask = match action {
                Action::Read(_) => Ask::Read,
                Action::Write(_) => Ask::Write(texts[0]),
                Action::Append(_) => Ask::Append(texts[0].unwrap_or("")),
                Action::Cas(..) | Action::Differs(_) => Ask::Cas(texts[0], texts[1]),
            };
            open[op] = stream.invoke(process, ask, place);
            continue;
        }
        let seen = if let Action::Read(value) = action { text(value) } else { None };
        let ended = match (end, action) {
            (End::Unknown, _) => Ended::Unknown,
            (End::Failed(_), _) => Ended::Failed,
            (_, Action::Read(_)) => Ended::Saw(seen.as_deref()),
            (_, Action::Differs(_)) => Ended::Differed,
            _ => Ended::Done,
        };
        stream.complete(open[op], ended, place);
    }
    stream
}

#[test]
fn what_is_forgotten_changes_no_verdict() {
    let mut draws = Draws(21);
    for kind in [Kind::Register, Kind::Distinct, Kind::Cas, Kind::Kv] {
        let (mut broken, mut forgot) = (0, 0);
        for number in 0..12_000 {
            let shape = Shape {
                kind,
                ops: 4 + draws.below(40),
                clients: 1 + draws.below(3),
                values: 1 + draws.below(4),
                unknown: [0, 6, 12, 24][draws.below(4) as usize],
                lies: [0, 8, 20, 40][draws.below(4) as usize],
            };
            let mut names = Interner::new();
            let ops = history(&mut draws, shape, &mut names);
            let model = if kind == Kind::Kv { Model::Kv(&names) } else { Model::Register };
            let whole = linear::check(&ops, model, linear::BUDGET);
            let limits = Limits { window: 1 + draws.below(6) as usize, ..Limits::default() };
            let stream = tell(&ops, kind, &names, limits);
            forgot += u32::from(stream.forgotten() > 0);
            match (whole, stream.finish(true)) {
                (Verdict::Linearizable, Finding::Linearizable) => {}
                (Verdict::Violated { op }, Finding::Violated(found)) => {
                    broken += 1;
                    if kind != Kind::Cas {
                        // Where a comparison does not hold, the stream knows more: what it would have written.
                        let end = ops.list()[op].end.at().map_or(0, |at| u64::from(at) + 1);
                        assert_eq!(found.told.end, end, "{kind:?} {number}: {}", show(&ops));
                    }
                    let kept = found.witness.expect("the budget does");
                    let model = if kind == Kind::Kv { Model::Kv(&found.names) } else { Model::Register };
                    assert_eq!(found.sources.len(), kept.ops.list().len());
                    assert!(kept.ops.list().len() > 10 || !brute::linearizable(&kept.ops, model));
                }
                (whole, found) => panic!("{kind:?} {number}: {whole:?}, but {found:?}: {}", show(&ops)),
            }
        }
        println!("{kind:?}: {broken} broken, {forgot} forgot something");
        assert!(broken > 1_500 && broken < 10_000 && forgot > 4_000, "{kind:?}: {broken} {forgot}");
    }
}

#[test]
fn long_streams_are_forgotten() {
    let mut draws = Draws(22);
    for kind in [Kind::Register, Kind::Distinct, Kind::Cas] {
        let shape = Shape { kind, ops: 60_000, clients: 3, values: 6, unknown: 0, lies: 0 };
        let mut names = Interner::new();
        let ops = history(&mut draws, shape, &mut names);
        let stream = tell(&ops, kind, &names, Limits::default());
        assert!(stream.kept() < 8_000, "{kind:?}: {} kept", stream.kept());
        assert_eq!(stream.finish(true), Finding::Linearizable);
    }
}

/// Registers that are judged as they go on, with values of their own and operations of unknown outcome.
#[test]
fn what_is_judged_as_it_goes_on_has_the_verdict_of_the_whole() {
    let mut draws = Draws(23);
    let (mut broken, mut online) = (0, 0);
    for number in 0..20_000 {
        let long = number % 400 == 0;
        let shape = Shape {
            kind: Kind::Distinct,
            ops: if long { 20_000 } else { 4 + draws.below(60) },
            clients: 2 + draws.below(8),
            values: 1,
            unknown: [0, 6, 12, 24][draws.below(4) as usize],
            lies: if long { 0 } else { [0, 8, 20, 40][draws.below(4) as usize] },
        };
        let mut names = Interner::new();
        let ops = history(&mut draws, shape, &mut names);
        // The odd comparison that keeps zones away is not for this.
        let ops = ops.only(|_, op| (!matches!(op.action, Action::Cas(..))).then_some(*op));
        let whole = linear::check(&ops, Model::Register, linear::BUDGET);
        let window = 8 + draws.below(20) as usize;
        let limits = Limits { patience: 1 + draws.below(6) as usize, window, ..Limits::default() };
        let stream = tell(&ops, Kind::Distinct, &names, limits);
        online += u32::from(stream.forgotten() > 0);
        assert!(!long || shape.unknown > 0 || stream.kept() < 300, "{} values known", stream.kept());
        match (whole, stream.finish(true)) {
            (Verdict::Linearizable, Finding::Linearizable) => {}
            (Verdict::Violated { op }, Finding::Violated(found)) => {
                broken += 1;
                let end = ops.list()[op].end.at().map_or(0, |at| u64::from(at) + 1);
                assert_eq!(found.told.end, end, "{number}: {}", show(&ops));
            }
            (whole, found) => panic!("{number}: {whole:?}, but {found:?}: {}", show(&ops)),
        }
    }
    println!("{broken} broken, {online} judged as they went on");
    assert!(broken > 3_000 && online > 15_000, "{broken} {online}");
}

#[test]
fn without_a_quiet_moment_it_says_so() {
    let limits = Limits { window: 8, patience: 1_000, kept: 100, ..Limits::default() };
    let mut stream = Stream::new(stream::Kind::Register, limits);
    let open = stream.invoke(0, Ask::Write(Some("1")), 1);
    for n in 0..200 {
        let read = stream.invoke(1, Ask::Read, 2 * n + 2);
        stream.complete(read, Ended::Saw(None), 2 * n + 3);
    }
    stream.complete(open, Ended::Done, 1_000);
    assert_eq!(stream.finish(true), Finding::Undecided(Why::NeverQuiet));
}
