//! Power of two choices: of `choices` backends drawn at random, the one with the fewest open requests for its
//! weight.
//!
//! Mitzenmacher, "The power of two choices in randomized load balancing", IEEE TPDS 12(10), 2001; the choices
//! are distinct. NGINX has it as `random two least_conn`, Envoy as `LEAST_REQUEST` with `choice_count` 2. With
//! one choice it is random placement.

use netsplit_sim::declare::Settings;
use netsplit_sim::draw;
use netsplit_sim::small;
use netsplit_sim::view::Text;

use super::rule::{Ask, Rule, View, sign};
use super::system::declare;
use crate::registry::Algorithm;

/// See the module.
pub static ALGORITHM: Algorithm = Algorithm {
    id: "two_choices",
    label: "Two choices",
    summary: "Draws two backends and takes the one with fewer open requests. Nearly as good as asking all.",
    params: declare::WITH_CHOICES,
    build: |setup| declare::build(setup, make),
    ..declare::BASE
};

/// Most choices.
pub(super) const MOST: usize = 16;

/// Makes the rule.
#[must_use]
pub fn make(settings: &Settings, _backends: u32) -> Box<dyn Rule> {
    let choices = settings.int("choices").clamp(1, MOST as i64) as u32;
    Box::new(Choices { choices, drawn: Vec::new(), last: None })
}

/// `count` (at most [`MOST`]) distinct places below `len`, each ordered set equally likely, under this word.
pub(super) fn distinct(word: u64, len: u32, count: u32, into: &mut Vec<u32>) {
    into.clear();
    for i in 0..count.min(len) {
        // The place among those not drawn yet, moved past the drawn ones.
        let mut place = draw::below(draw::word(word, u64::from(i)), len - i);
        let mut order = [u32::MAX; MOST];
        let drawn = &mut order[..into.len()];
        drawn.copy_from_slice(into);
        small::sort(drawn);
        for taken in drawn.iter() {
            if place >= *taken {
                place += 1;
            }
        }
        into.push(place);
    }
}

/// Two of them, as they were drawn, and what they were compared by; `other` is none of them with one choice.
#[derive(Clone, Copy, Debug)]
struct Last {
    pick: (u32, u32),
    other: Option<(u32, u32)>,
    picked_first: bool,
    among: u32,
}

#[derive(Clone, Debug)]
struct Choices {
    choices: u32,
    drawn: Vec<u32>,
    last: Option<Last>,
}

impl Rule for Choices {
    fn pick(&mut self, ask: &Ask, view: &View<'_>) -> Option<u32> {
        distinct(ask.word, view.ready.len() as u32, self.choices, &mut self.drawn);
        self.drawn.iter_mut().for_each(|place| *place = view.ready[*place as usize]);
        let all = self.drawn.iter().copied();
        let pick = all.reduce(|best, next| if view.lighter(next, best) { next } else { best })?;
        let picked_first = self.drawn[0] == pick;
        let other = match self.drawn.as_slice() {
            [first, second] => Some(if picked_first { *second } else { *first }),
            _ => None,
        };
        self.last = Some(Last {
            pick: (pick, view.open(pick)),
            other: other.map(|other| (other, view.open(other))),
            picked_first,
            among: self.drawn.len() as u32,
        });
        Some(pick)
    }
    fn why(&self, view: &View<'_>) -> Option<Text> {
        let last = self.last?;
        let (pick, open) = last.pick;
        let picked = view.node(pick);
        let Some((other, others)) = last.other else {
            let few = Text::new("lb-choice-few").with("n", last.among);
            return Some(few.with("c", picked).with("q", open));
        };
        let other = view.node(other);
        let (a, qa, b, qb) =
            if last.picked_first { (picked, open, other, others) } else { (other, others, picked, open) };
        let text = Text::new("lb-choice-two").with("a", a).with("b", b).with("qa", qa);
        Some(text.with("cmp", sign(qa, qb)).with("qb", qb).with("c", picked))
    }
    fn digest(&self) -> u64 {
        0
    }
    fn boxed(&self) -> Box<dyn Rule> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_distinct_and_even() {
        let mut counts = [[0u32; 5]; 5];
        let mut drawn = Vec::new();
        for n in 0..200_000 {
            distinct(draw::word(3, n), 5, 2, &mut drawn);
            counts[drawn[0] as usize][drawn[1] as usize] += 1;
        }
        for (a, row) in counts.iter().enumerate() {
            for (b, count) in row.iter().enumerate() {
                if a == b {
                    assert_eq!(*count, 0);
                } else {
                    // 10,000 each; the standard deviation is about 97.
                    assert!(count.abs_diff(10_000) < 400, "{counts:?}");
                }
            }
        }
    }
}
