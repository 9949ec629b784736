//! Whether clients were answered. A run that ends cannot refute that an answer comes some day; what it can show is a spell in
//! which somebody waited and nobody was answered, for longer than a fault is felt after its end ([`RECENT`]).

use netsplit_checker::{Event, Outcome};

use super::Found;
use crate::experiment::Experiment;
use crate::text::{self, say};
use crate::verdict::RECENT;

/// Who asks nothing for so long waits for nothing (ns).
const IDLE: u64 = 1_000_000_000;

/// A spell in which somebody waited.
#[derive(Clone, Copy)]
struct Spell {
    from: u64,
    to: u64,
    /// The first that was asked for in it, and not before.
    asked: Option<usize>,
}

/// The spells between answers in which somebody waited, and how many answers there were.
fn spells(x: &Experiment) -> (Vec<Spell>, usize) {
    let (mut spells, mut answers) = (Vec::new(), 0);
    let (mut waiting, mut ended) = (0_usize, 0);
    let mut open: Option<Spell> = None;
    for (index, record) in x.history().prefix(x.events()).iter().enumerate() {
        let time = record.time;
        match &record.what {
            Event::Invoke(_) => {
                if waiting == 0 && time.saturating_sub(ended) > IDLE {
                    // They had given up; the spell has ended with that.
                    spells.extend(open.take().map(|spell| Spell { to: ended, ..spell }));
                }
                let spell = open.get_or_insert(Spell { from: time, to: time, asked: None });
                spell.asked.get_or_insert(index);
                waiting += 1;
            }
            Event::Complete { outcome, .. } => {
                (waiting, ended) = (waiting.saturating_sub(1), time);
                if matches!(outcome, Outcome::Ok(_)) {
                    answers += 1;
                    spells.extend(open.take().map(|spell| Spell { to: time, ..spell }));
                    open = (waiting > 0).then_some(Spell { from: time, to: time, asked: None });
                }
            }
        }
    }
    let to = if waiting > 0 { x.now() } else { ended };
    spells.extend(open.map(|spell| Spell { to, ..spell }));
    (spells, answers)
}

/// The longest part of a spell without a fault in force; `faults` are in the order in which they begin.
fn calm(spell: Spell, faults: &[(u64, u64)]) -> u64 {
    let (mut longest, mut from) = (0, spell.from);
    for (begin, end) in faults.iter().filter(|(begin, end)| *begin < spell.to && *end > spell.from) {
        longest = longest.max(begin.saturating_sub(from));
        from = from.max(*end);
    }
    longest.max(spell.to.saturating_sub(from))
}

/// What the run says about the promise to answer; nothing where nobody was answered, and nobody waited for long.
pub(super) fn answered(x: &Experiment) -> Option<Found> {
    let (spells, answers) = spells(x);
    let mut faults: Vec<(u64, u64)> =
        x.faults().iter().filter(|fault| !fault.no_effect).map(|fault| (fault.from, fault.to)).collect();
    netsplit_sim::small::sort_by_key(&mut faults, |fault| fault.0);
    let long = |spell: &&Spell| spell.to - spell.from > RECENT;
    let all: Vec<Spell> = spells.iter().filter(long).copied().collect();
    let bare: Vec<Spell> = all.iter().filter(|spell| calm(**spell, &faults) > RECENT).copied().collect();
    let (shown, id) = if bare.is_empty() { (&all, "judged-live-excused") } else { (&bare, "judged-live") };
    let Some(first) = shown.first() else {
        let longest = spells.iter().map(|spell| calm(*spell, &faults)).max().unwrap_or(0);
        let args = [("count", answers.to_string()), ("longest", text::span(longest))];
        return (answers > 0).then(|| Found { sentence: say("judged-live-kept", &args), ..Found::default() });
    };
    let number = shown.len() as u64;
    let args = [("count", number.to_string()), ("time", text::instant(first.from))];
    let records = x.history().records();
    Some(Found {
        number,
        excused: bare.is_empty(),
        sentence: say(id, &args),
        first: first.asked.map(|asked| (records[asked].event, records[asked].time)),
        operations: shown.iter().filter_map(|spell| spell.asked).collect(),
        ..Found::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_calm_of_a_spell_is_between_the_faults() {
        let spell = |from: u64, to: u64| Spell { from, to, asked: None };
        assert_eq!(calm(spell(5, 25), &[]), 20);
        assert_eq!(calm(spell(5, 25), &[(0, 10)]), 15);
        assert_eq!(calm(spell(5, 25), &[(0, 8), (9, 12), (10, 11), (20, 99)]), 8);
        assert_eq!(calm(spell(5, 25), &[(0, 30)]), 0);
        assert_eq!(calm(spell(5, 25), &[(0, 5), (25, 30)]), 20);
        assert_eq!(calm(spell(5, 25), &[(6, 22), (7, 9)]), 3);
    }
}
