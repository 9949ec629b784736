//! The space-time diagram of a part of the run: a lane for each node, a dot for each event, an arrow for each message.
//! Made by replay; clocks count from the beginning of the part.

use netsplit_sim::NodeId;
use netsplit_sim::fault::FaultKind;
use netsplit_sim::small::Map;
use netsplit_sim::trace::{Kind, Record};
use serde::Serialize;

use crate::experiment::Experiment;
use crate::replay::Replay;
use crate::timeline::What;
use crate::window;

/// Readings of each node's own clock over the part.
const READINGS: u64 = 8;

/// A part of the run as a diagram.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SpaceTime {
    /// From (ns).
    pub from: u64,
    /// To (ns): earlier than asked for where there is more in it than was asked for, or the run has not come so far.
    pub to: u64,
    /// Nodes, clients included, by their numbers; without those that have not been there so far in the run.
    pub lanes: Vec<Lane>,
    /// Events in the order in which they happened.
    pub events: Vec<Dot>,
    /// Messages that were on the way in this part.
    pub arrows: Vec<Arrow>,
    /// There would have been more.
    pub cut: bool,
}

/// A node's line.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Lane {
    /// The node's number.
    pub node: u32,
    /// Its name.
    pub name: String,
    /// When its first life began (ns): before that it is not there.
    pub born: Option<u64>,
    /// When it was down (ns).
    pub down: Vec<(u64, u64)>,
    /// When it was paused (ns).
    pub paused: Vec<(u64, u64)>,
    /// Instants (ns) and what its own wall clock showed then (ns).
    pub clock: Vec<(u64, u64)>,
}

/// An event.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Dot {
    /// Its number.
    pub event: u64,
    /// When (ns).
    pub time: u64,
    /// Where; `u32::MAX` for the time line of faults and actions.
    pub node: u32,
    /// "start", "arrive", "served", "timer", "synced", "broken", "fault".
    pub kind: &'static str,
    /// The event that caused it, 0 for none.
    pub cause: u64,
}

/// A message.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Arrow {
    /// Sender.
    pub from: u32,
    /// Receiver.
    pub to: u32,
    /// Sent (ns).
    pub sent: u64,
    /// Arrived, or lost, or due (ns).
    pub at: u64,
    /// Kind of message: index in the legend.
    pub kind: u8,
    /// The event that sent it; 0 for one still on the way.
    pub cause: u64,
    /// The event in which it arrived; 0 for one that was lost or is still on the way.
    pub event: u64,
    /// It was lost.
    pub lost: bool,
}

/// A part of the run, with at most so many events.
#[must_use]
pub fn space_time(x: &Experiment, from: u64, to: u64, most: usize) -> SpaceTime {
    let mut making = Making::new(x, from, to, most);
    making.go_on(x, u64::MAX);
    making.done(x)
}

/// A diagram that is being made, bit by bit: thousands of events take longer than a picture may.
pub struct Making {
    from: u64,
    to: u64,
    most: usize,
    replay: Replay,
    records: Vec<Record>,
    /// Once the part has begun: the event before it.
    first: Option<u64>,
    /// Of each node: readings of its clock so far.
    clocks: Vec<Vec<(u64, u64)>>,
    tick: u64,
}

impl Making {
    /// Nothing of it is made yet.
    #[must_use]
    pub fn new(x: &Experiment, from: u64, to: u64, most: usize) -> Self {
        let to = to.min(x.frontier()).max(from);
        let clocks = vec![Vec::new(); x.names.len()];
        let replay = Replay::before(x, from.max(1));
        Self { from, to, most, replay, records: Vec::new(), first: None, clocks, tick: 0 }
    }

    /// Simulates so many events more, of the same run; true once there is nothing left to do.
    pub fn go_on(&mut self, x: &Experiment, budget: u64) -> bool {
        let replay = &mut self.replay;
        let last = replay.world.events().saturating_add(budget);
        let first = match self.first {
            Some(first) => first,
            None if self.from > 0 && !replay.run(x, self.from - 1, budget) => return false,
            None => *self.first.insert(replay.world.events()),
        };
        let limit = first.saturating_add(self.most as u64);
        while self.tick <= READINGS && replay.world.events() < limit {
            let part = u128::from(self.to - self.from) * u128::from(self.tick) / u128::from(READINGS);
            if !replay.watch(x, limit.min(last), self.from + part as u64, &mut self.records, None) {
                return replay.world.events() >= limit;
            }
            let core = replay.world.core();
            for (clock, node) in self.clocks.iter_mut().zip(0..) {
                clock.push((core.now, core.clock(NodeId(node))));
            }
            self.tick += 1;
        }
        true
    }

    /// The diagram of what there is.
    #[must_use]
    pub fn done(self, x: &Experiment) -> SpaceTime {
        let (from, world, first) = (self.from, self.replay.world, self.first.unwrap_or_default());
        let cut = world.events() >= first.saturating_add(self.most as u64);
        let to = if cut { world.now() } else { self.to };
        let dot = |record: &Record| Dot {
            event: record.event,
            time: record.time,
            node: record.node,
            kind: window::kind(record.kind),
            cause: record.cause(),
        };
        let seen = self.records.iter().filter(|record| record.event > first || record.kind == Kind::Lost);
        let events = seen.clone().filter(|record| record.kind != Kind::Lost).map(dot).collect();
        let messages = seen.filter(|record| {
            matches!(record.kind, Kind::Arrive | Kind::Lost)
                && record.peer != record.node
                && record.peer != u32::MAX
        });
        let mut arrows: Vec<Arrow> = messages
            .map(|record| Arrow {
                from: record.peer,
                to: record.node,
                sent: record.sent,
                at: record.time,
                kind: record.label,
                cause: record.cause(),
                event: if record.kind == Kind::Arrive { record.event } else { 0 },
                lost: record.kind == Kind::Lost,
            })
            .collect();
        let flying = world.core().in_flight().filter(|message| message.from != message.to);
        arrows.extend(flying.map(|message| Arrow {
            from: message.from.0,
            to: message.to.0,
            sent: message.sent,
            at: message.at,
            kind: message.kind,
            ..Arrow::default()
        }));
        let lanes = self.clocks.into_iter().zip(0..).map(|(clock, node)| lane(x, node, (from, to), clock));
        let lanes = lanes.filter(|lane| lane.born.is_some()).collect();
        SpaceTime { from, to, lanes, events, arrows, cut }
    }
}

fn lane(x: &Experiment, node: u32, part: (u64, u64), clock: Vec<(u64, u64)>) -> Lane {
    let within = |spans: Vec<(u64, u64)>| {
        let cut = spans.into_iter().map(|(from, to)| (from.max(part.0), to.min(part.1)));
        cut.filter(|(from, to)| from < to).collect()
    };
    // Down is what lies between its lives.
    let (mut down, mut since, mut born) = (Vec::new(), None, None);
    for turn in x.recorder.lives.iter().filter(|turn| turn.node == node) {
        born = born.or(Some(turn.time));
        match (turn.died, since) {
            (Some(_), _) => since = Some(turn.time),
            (None, Some(from)) => {
                down.push((from, turn.time));
                since = None;
            }
            (None, None) => {}
        }
    }
    down.extend(since.map(|from| (from, u64::MAX)));
    Lane { node, name: x.name(node), born, down: within(down), paused: within(paused(x, node)), clock }
}

/// When a node was paused: by the time line's faults, until a restart at the latest.
fn paused(x: &Experiment, node: u32) -> Vec<(u64, u64)> {
    let core = x.world.core();
    let mut spans: Vec<(u64, u64)> = Vec::new();
    for item in &x.timeline {
        let What::Fault(fault) = &item.what else { continue };
        let concerns = || core.selected(&fault.from).iter().any(|at| at.0 == node);
        match fault.kind {
            FaultKind::Pause if concerns() => {
                spans.push((
                    fault.at,
                    fault.duration.map_or(u64::MAX, |lasts| fault.at.saturating_add(lasts)),
                ));
            }
            FaultKind::Restart if concerns() => {
                spans.iter_mut().for_each(|span| span.1 = span.1.min(fault.at.max(span.0)));
            }
            _ => {}
        }
    }
    spans
}

/// Logical clocks of an event, counted from the beginning of the part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Logical {
    /// Lamport's clock (Lamport 1978): one more than at the node's last event and at the event that caused it.
    pub lamport: u64,
    /// The vector clock (Fidge and Mattern 1988): events known of each node, by the node's number.
    pub vector: Vec<(u32, u64)>,
}

/// Which of these lanes is a node's.
#[must_use]
pub fn row(lanes: &[Lane], node: u32) -> usize {
    lanes.partition_point(|lane| lane.node < node)
}

impl SpaceTime {
    /// The logical clocks of one event; nothing where it is not in this part.
    #[must_use]
    pub fn logical(&self, event: u64) -> Option<Logical> {
        let end = self.events.partition_point(|dot| dot.event <= event);
        let mut clocks = Clocks::default();
        let mut last = None;
        for dot in &self.events[..end] {
            last = Some((dot.event, clocks.next(dot.node, dot.event, dot.cause)));
        }
        last.filter(|(found, _)| *found == event).map(|(_, clock)| clock)
    }
}

/// Logical clocks over the events of a trace, in order.
#[derive(Default)]
pub(crate) struct Clocks {
    nodes: Map<u32, Logical>,
    /// Of events that may still cause another one.
    events: Map<u64, Logical>,
}

impl Clocks {
    /// Takes the next event in; gives its clocks.
    pub(crate) fn next(&mut self, node: u32, event: u64, cause: u64) -> Logical {
        let mut clock = self.nodes.remove(&node).unwrap_or_default();
        if let Some(cause) = self.events.get(&cause) {
            clock.lamport = clock.lamport.max(cause.lamport);
            let mut merged: Map<u32, u64> = clock.vector.iter().copied().collect();
            for (of, count) in &cause.vector {
                let own = merged.slot(*of, || 0);
                *own = (*own).max(*count);
            }
            clock.vector = merged.into_iter().collect();
        }
        clock.lamport += 1;
        match clock.vector.iter_mut().find(|(of, _)| *of == node) {
            Some((_, count)) => *count += 1,
            None => {
                let at = clock.vector.partition_point(|(of, _)| *of < node);
                clock.vector.insert(at, (node, 1));
            }
        }
        self.nodes.insert(node, clock.clone());
        self.events.insert(event, clock.clone());
        clock
    }
}
