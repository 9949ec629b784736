//! Breakpoints: where a run that goes on stops by itself. A condition stops it when it comes true, not while it is.

use netsplit_scenario::{BreakpointSpec, Duration, limits};
use netsplit_sim::NodeId;
use netsplit_sim::history::{Observation, Outcome, What};
use netsplit_sim::view::{Detail, Item};

use crate::experiment::Experiment;
use crate::text;
use crate::window;

/// Where to stop.
#[derive(Clone, Debug, PartialEq)]
pub enum Break {
    /// At an instant (ns).
    At(u64),
    /// After an event of this kind: "start", "arrive", "served", "timer", "synced", "broken", "fault", "lost", or
    /// "notable" (what a node calls worth a stop), "failed" (an operation that fails); at this node, or at any.
    Event(String, Option<u32>),
    /// When a message of this kind (index in the legend) arrives.
    Message(u8),
    /// When a number passes a limit: one of the algorithm's series, "ok", "failed" (operations so far) or "waiting" (work
    /// that waits at servers); upwards, or downwards. Looked at as often as the charts are.
    Metric(String, bool, f64),
    /// When a fact, the state or the caption of a node becomes this text; its label, "state" or "caption".
    Fact(u32, String, String),
}

/// A breakpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct Breakpoint {
    /// Where to stop.
    pub at: Break,
    /// Only then.
    pub on: bool,
    /// The condition holds already.
    held: bool,
}

impl Breakpoint {
    /// One that is on.
    #[must_use]
    pub fn new(at: Break) -> Self {
        Self { at, on: true, held: false }
    }
}

/// As a document says it. Nothing where it is about what the run does not have, or too large for a document.
#[must_use]
pub fn spec(x: &Experiment, point: &Breakpoint) -> Option<BreakpointSpec> {
    let short = |text: &String, most: usize| {
        let fits = !text.is_empty() && text.chars().count() <= most;
        fits.then(|| Some(text.clone()))
    };
    let named = |text: &String| short(text, limits::NAME_CHARS);
    let node = |node: u32| x.names.get(node as usize).cloned();
    let mut spec = BreakpointSpec { off: !point.on, ..BreakpointSpec::default() };
    match &point.at {
        Break::At(at) => spec.at = Some(Duration(*at)).filter(|at| at.0 > 0 && *at <= limits::DURATION),
        Break::Event(kind, at) => {
            spec.event = Some(kind.clone());
            if let Some(at) = at {
                spec.node = Some(node(*at)?);
            }
        }
        Break::Message(kind) => {
            spec.message = x.algorithm.messages.get(usize::from(*kind)).map(|kind| kind.label.to_owned());
        }
        Break::Metric(id, above, limit) => {
            spec.metric = named(id)?;
            let limit = Some(*limit).filter(|limit| limit.abs() <= limits::BREAK_LIMIT)?;
            *(if *above { &mut spec.above } else { &mut spec.below }) = Some(limit);
        }
        Break::Fact(at, label, value) => {
            (spec.node, spec.fact) = (Some(node(*at)?), named(label)?);
            spec.becomes = short(value, limits::TEXT_CHARS)?;
        }
    }
    let place = [&spec.event, &spec.message, &spec.metric, &spec.fact].into_iter().any(Option::is_some);
    (place || spec.at.is_some()).then_some(spec)
}

/// What a document says, but for what is about something that the run does not have.
#[must_use]
#[inline(never)]
pub fn of_specs(x: &Experiment, all: &[BreakpointSpec]) -> Vec<Breakpoint> {
    all.iter().filter_map(|spec| of_spec(x, spec)).collect()
}

fn of_spec(x: &Experiment, spec: &BreakpointSpec) -> Option<Breakpoint> {
    let node = |name: &String| x.names.iter().position(|known| known == name).map(|at| at as u32);
    let at = if let Some(at) = spec.at {
        Break::At(at.0)
    } else if let Some(kind) = &spec.event {
        let at = match &spec.node {
            Some(name) => Some(node(name)?),
            None => None,
        };
        Break::Event(kind.clone(), at)
    } else if let Some(name) = &spec.message {
        let kind = x.algorithm.messages.iter().position(|kind| kind.label == name)?;
        Break::Message(u8::try_from(kind).ok()?)
    } else if let Some(id) = &spec.metric {
        Break::Metric(id.clone(), spec.above.is_some(), spec.above.or(spec.below)?)
    } else {
        Break::Fact(node(spec.node.as_ref()?)?, spec.fact.clone()?, spec.becomes.clone()?)
    };
    Some(Breakpoint { on: !spec.off, ..Breakpoint::new(at) })
}

/// What a fact's label or "state" or "caption" says now.
fn fact(x: &Experiment, node: u32, label: &str) -> Option<String> {
    if node as usize >= x.names.len() {
        return None;
    }
    let core = x.world.core();
    let state = &core.nodes[node as usize];
    if label == "state" && !state.up {
        return Some("crashed".to_owned());
    }
    let view = x.world.observe(NodeId(node), Detail::Full);
    match label {
        "state" => Some(text::say(view.role, &[])),
        "caption" => Some(text::label(&view.caption)),
        _ => view.items.into_iter().find_map(|item| match item {
            Item::Fact(known, value) if text::label(known) == label => Some(value),
            _ => None,
        }),
    }
}

fn metric(x: &Experiment, id: &str) -> Option<f64> {
    let core = x.world.core();
    match id {
        "ok" => Some(core.tally.ok as f64),
        "failed" => Some(core.tally.failed as f64),
        "waiting" => Some(core.nodes.iter().map(|node| u64::from(node.queued)).sum::<u64>() as f64),
        _ => x.world.overview().values.into_iter().find(|(known, _)| *known == id).map(|(_, value)| value),
    }
}

/// Whether a condition holds; false for what is no condition.
fn holds(x: &Experiment, at: &Break) -> bool {
    match at {
        Break::Metric(id, above, limit) => {
            metric(x, id).is_some_and(|value| if *above { value > *limit } else { value < *limit })
        }
        Break::Fact(node, label, value) => fact(x, *node, label).is_some_and(|now| now == *value),
        Break::At(_) | Break::Event(..) | Break::Message(_) => false,
    }
}

/// Numbers that a condition can be on: id and name.
#[must_use]
pub fn metrics(x: &Experiment) -> Vec<(String, String)> {
    let own = x.algorithm.series.iter().map(|series| (series.id, series.label, series.unit));
    let all = [
        ("ok", "Operations answered", ""),
        ("failed", "Operations failed", ""),
        ("waiting", "Work waiting", ""),
    ];
    let named = |label: &str, unit: &str| match unit {
        "" => label.to_owned(),
        unit => format!("{label} ({unit})"),
    };
    all.into_iter().chain(own).map(|(id, label, unit)| (id.to_owned(), named(label, unit))).collect()
}

/// What can be asked of a node, with what it says now: "state", "caption", the labels of its facts.
#[must_use]
pub fn facts(x: &Experiment, node: u32) -> Vec<(String, String)> {
    let frame = x.inspect(node);
    let own = frame.facts.into_iter().map(|(label, _)| label);
    let all = ["state".to_owned(), "caption".to_owned()].into_iter().chain(own);
    all.filter_map(|label| fact(x, node, &label).map(|value| (label, value))).collect()
}

/// Before the run goes on from somewhere else: what holds already stops nothing.
pub(crate) fn arm(x: &Experiment, breaks: &mut [Breakpoint]) {
    for point in breaks.iter_mut().filter(|point| point.on) {
        point.held = holds(x, &point.at);
    }
}

/// The next instant at which a breakpoint stops the run by itself, or looks at a number.
pub(crate) fn next(x: &Experiment, breaks: &[Breakpoint]) -> u64 {
    let tick = x.recorder.tick.max(1);
    let on = breaks.iter().filter(|point| point.on);
    on.filter_map(|point| match &point.at {
        Break::At(at) => Some(*at).filter(|at| *at > x.now()),
        Break::Metric(..) => Some((x.now() / tick + 1) * tick),
        _ => None,
    })
    .min()
    .unwrap_or(u64::MAX)
}

/// After an event, or at an instant: the breakpoint that stops the run here. `before` is the number of events and the
/// instant where it was looked at last, `heard` what was observed since.
pub(crate) fn hit(
    x: &Experiment,
    breaks: &mut [Breakpoint],
    before: (u64, u64),
    heard: &[Observation],
) -> Option<usize> {
    let core = x.world.core();
    let new = || core.trace.iter().rev().take_while(|record| record.event > before.0);
    let tick = x.recorder.tick.max(1);
    let mut found = None;
    for (index, point) in breaks.iter_mut().enumerate().filter(|(_, point)| point.on) {
        let here = |node: u32, wanted: &Option<u32>| wanted.is_none_or(|wanted| wanted == node);
        let stops = match &point.at {
            Break::At(at) => before.1 < *at && *at <= x.now(),
            Break::Message(kind) => {
                new().any(|r| r.kind == netsplit_sim::trace::Kind::Arrive && r.label == *kind)
            }
            Break::Event(kind, node) => match kind.as_str() {
                "notable" => heard
                    .iter()
                    .any(|seen| matches!(seen.what, What::Note(_, true)) && here(seen.node.0, node)),
                "failed" => heard.iter().any(|seen| {
                    let failed =
                        matches!(seen.what, What::Complete(_, Outcome::Fail(_) | Outcome::Unknown(_), _));
                    failed && here(seen.node.0, node)
                }),
                "lost" => {
                    heard.iter().any(|seen| matches!(seen.what, What::Lost(..)) && here(seen.node.0, node))
                }
                kind => new().any(|record| window::kind(record.kind) == kind && here(record.node, node)),
            },
            Break::Metric(..) | Break::Fact(..) => {
                let concerned = match &point.at {
                    Break::Fact(node, ..) => new().any(|r| r.node == *node || r.node == u32::MAX),
                    _ => before.1 / tick != x.now() / tick,
                };
                if !concerned {
                    continue;
                }
                let now = holds(x, &point.at);
                let comes = now && !point.held;
                point.held = now;
                comes
            }
        };
        found = found.or(stops.then_some(index));
    }
    found
}
