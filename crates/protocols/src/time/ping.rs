//! A distributed ping: machines ask each other for the time and write down, by their own clocks, when they sent and received
//! what. What the two logs say side by side may be impossible; what an exchange says about the other clock is
//! [`super::estimate`]'s.
//!
//! A machine keeps what its last eight exchanges with a peer said and believes the one with the least delay: NTP's clock
//! filter (RFC 5905, section 10). Nobody sets a clock: this is for looking at.

use std::sync::Arc;

use netsplit_sim::Cluster;
use netsplit_sim::declare::{
    Aspect, Kind, Layout, MessageKind, NodeRole, Param, Promise, Role, Series, Settings, Shape,
};
use netsplit_sim::digest::{self, Digest};
use netsplit_sim::history::{Cause, Function, Operation, Outcome};
use netsplit_sim::node::{Ctx, Look, Message, Node, NodeId};
use netsplit_sim::small::Map;
use netsplit_sim::time::{MILLISECOND, Nanos, SECOND};
use netsplit_sim::view::{Arg, Body, ClusterView, Detail, Item, NodeView, Text};

use super::estimate::{Estimate, Exchange};
use crate::registry::{Algorithm, Setup};

/// Exchanges that the filter looks at.
const FILTER: usize = 8;

/// The registry's entry.
pub static PING: Algorithm = Algorithm {
    id: "ping",
    label: "Distributed ping",
    summary: "Machines ping each other and log times by their own clocks. Offsets by Cristian's and NTP's rules.",
    semantics: 1,
    nodes: (2, 12, 3),
    spares: 0,
    params: PARAMS,
    presets: &[],
    roles: &[NodeRole { id: "machine", prefix: "n", tier: 1, client: false }],
    messages: &[
        MessageKind { label: "Ping", role: Role::Client, shape: Shape::Circle },
        MessageKind { label: "Pong", role: Role::Client, shape: Shape::HollowCircle },
    ],
    layout: Layout::Circle,
    series: &[
        Series { id: "apart", label: "Farthest offset", unit: "ms", chart: "offsets", counts: false },
        Series { id: "error", label: "How far off it may be", unit: "ms", chart: "offsets", counts: false },
        Series {
            id: "impossible",
            label: "Received before sent by the logs",
            unit: "",
            chart: "",
            counts: true,
        },
    ],
    lanes: &[],
    actions: &[],
    promises,
    build: |setup| Box::new(cluster(setup)),
};

static PARAMS: &[Param] = &[
    Param {
        id: "interval",
        label: "Ping every",
        unit: "",
        group: "",
        kind: Kind::Duration(250 * MILLISECOND, MILLISECOND, 3600 * SECOND),
        help: "How often a machine pings each of the others, by its own clock.",
    },
    Param {
        id: "turnaround",
        label: "Answer after",
        unit: "",
        group: "",
        kind: Kind::Duration(0, 0, 10 * SECOND),
        help: "How long a machine takes to answer. NTP takes it out of the delay, Cristian does not.",
    },
    Param {
        id: "least",
        label: "Least one-way delay",
        unit: "",
        group: "",
        kind: Kind::Duration(0, 0, 10 * SECOND),
        help: "What is known of the network: no message takes less. Cristian's bound is the narrower for it.",
    },
    Param {
        id: "drift",
        label: "Drift at most",
        unit: "ppm",
        group: "",
        kind: Kind::Int(200, 0, 100_000),
        help: "What is known of the clocks: none is faster or slower than this.",
    },
    Param {
        id: "timeout",
        label: "Give up after",
        unit: "",
        group: "",
        kind: Kind::Duration(2 * SECOND, MILLISECOND, 3600 * SECOND),
        help: "When a ping counts as lost.",
    },
];

fn promises(_: &Settings) -> Vec<Promise> {
    vec![
        Promise {
            id: "offset_within_bound",
            aspect: Aspect::Consistency,
            promised: true,
            assuming: &["no clock drifts by more than the bound", "no clock jumps during an exchange"],
            sentence: "The true offset lies within an estimate's bound, however unequal the two ways are.",
        },
        Promise {
            id: "logs_in_order",
            aspect: Aspect::Consistency,
            promised: false,
            assuming: &[],
            sentence: "By the timestamps of two logs an effect may come before its cause.",
        },
    ]
}

/// What machines say to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Say {
    /// Number and when it was sent, by the sender's clock.
    Ping(u64, Nanos),
    /// The ping's number and time, when it was received and when this was sent, by the answering machine's clock.
    Pong(u64, Nanos, Nanos, Nanos),
}

impl Message for Say {
    fn kind(&self) -> u8 {
        u8::from(matches!(self, Self::Pong(..)))
    }
    fn digest(&self) -> u64 {
        match self {
            Self::Ping(number, t1) => digest::of(&[0, *number, *t1]),
            Self::Pong(number, t1, t2, t3) => digest::of(&[1, *number, *t1, *t2, *t3]),
        }
    }
}

/// What a machine waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Time for the next ping.
    Next,
    /// The answer to a ping that was received then is due.
    Answer(NodeId, u64, Nanos, Nanos),
    /// A ping of this number counts as lost.
    Lost(u64),
}

#[derive(Clone, Debug)]
struct Config {
    interval: Nanos,
    turnaround: Nanos,
    least: Nanos,
    ppm: u64,
    timeout: Nanos,
    machines: u32,
}

/// What a machine knows of another one's clock.
#[derive(Clone, Debug, Default)]
pub struct Peer {
    /// The last exchanges, newest last.
    pub exchanges: Vec<Exchange>,
}

/// A machine.
#[derive(Clone, Debug)]
pub struct Machine {
    config: Arc<Config>,
    sent: u64,
    /// Number of a ping that is not answered yet, to whom.
    open: Map<u64, NodeId>,
    peers: Map<u32, Peer>,
    /// Pings that came before they were sent, by the logs.
    impossible: u64,
    /// From whom such pings came.
    warned: Map<u32, ()>,
}

impl Machine {
    /// What it knows of another one, by its number.
    #[must_use]
    pub fn peer(&self, node: NodeId) -> Option<&Peer> {
        self.peers.get(&node.0)
    }

    /// Cristian's estimate by the last exchange with another machine.
    #[must_use]
    pub fn cristian(&self, node: NodeId) -> Option<Estimate> {
        let last = self.peer(node)?.exchanges.last()?;
        Some(last.cristian(self.config.least, self.config.ppm))
    }

    /// NTP's estimate by the last exchange.
    #[must_use]
    pub fn ntp(&self, node: NodeId) -> Option<Estimate> {
        self.peer(node)?.exchanges.last().map(|last| last.ntp(self.config.ppm))
    }

    /// NTP's estimate by the exchange of the filter that it believes, as of the reading `now` of its own clock: both clocks
    /// may have drifted since.
    #[must_use]
    pub fn filtered(&self, node: NodeId, now: Nanos) -> Option<Estimate> {
        let best = self.peer(node)?.exchanges.iter().min_by_key(|exchange| exchange.delay())?;
        let estimate = best.ntp(self.config.ppm);
        let age = u128::from(now.saturating_sub(best.t4));
        let aged = (2 * age * u128::from(self.config.ppm)).div_ceil(1_000_000) as Nanos;
        Some(Estimate { error: estimate.error.saturating_add(aged), ..estimate })
    }

    fn ping_all(&mut self, ctx: &mut Ctx<'_, Self>) {
        let me = ctx.me();
        for peer in (0..self.config.machines).map(NodeId).filter(|peer| *peer != me) {
            // Unique over lives, and not among the numbers of operations by hand.
            let number = (u64::from(ctx.life() & 0x3ff) << 20) | (self.sent & 0xf_ffff);
            self.sent += 1;
            self.open.insert(number, peer);
            let operation = Operation { number, function: Function::Call, key: 0, value: 0, expected: 0 };
            ctx.invoke(operation, ctx.elapsed());
            let clock = ctx.clock();
            ctx.note(|| {
                Text::new("ping-sent").with("peer", peer).with("number", number).with("clock", own(clock))
            });
            ctx.send(peer, Say::Ping(number, clock));
            ctx.set_timer(self.config.timeout, Wait::Lost(number));
        }
        ctx.set_timer(self.config.interval, Wait::Next);
    }

    fn pinged(&mut self, from: NodeId, number: u64, t1: Nanos, ctx: &mut Ctx<'_, Self>) {
        let t2 = ctx.clock();
        let text = |id| {
            let text = Text::new(id).with("peer", from).with("number", number).with("clock", own(t2));
            text.with("early", Arg::Time(t1.saturating_sub(t2)))
        };
        if t2 < t1 {
            self.impossible += 1;
            // One is worth a stop; the others say the same.
            if self.warned.add(from.0) {
                ctx.notable(|| text("ping-impossible"));
            } else {
                ctx.note(|| text("ping-impossible"));
            }
        } else {
            ctx.note(|| text("ping-received"));
        }
        if self.config.turnaround == 0 {
            ctx.send(from, Say::Pong(number, t1, t2, t2));
        } else {
            ctx.set_timer(self.config.turnaround, Wait::Answer(from, number, t1, t2));
        }
    }

    fn answered(&mut self, from: NodeId, number: u64, times: Exchange, ctx: &mut Ctx<'_, Self>) {
        // A late or second answer says nothing that is asked for.
        if self.open.get(&number) != Some(&from) {
            return;
        }
        self.open.remove(&number);
        let peer = self.peers.slot(from.0, Peer::default);
        if peer.exchanges.len() == FILTER {
            peer.exchanges.remove(0);
        }
        peer.exchanges.push(times);
        let ntp = times.ntp(self.config.ppm);
        ctx.note(|| {
            let text = Text::new("ping-answered").with("peer", from).with("number", number);
            let text = text.with("clock", own(times.t4)).with("offset", signed(ntp.offset));
            text.with("error", Arg::Time(ntp.error))
        });
        ctx.complete(number, Outcome::Ok(None), 1);
    }
}

impl Node for Machine {
    type Message = Say;
    type Timer = Wait;
    type Disk = ();
    type Watch = ();

    fn start(&mut self, (): &(), ctx: &mut Ctx<'_, Self>) {
        // Not all at once: each by its place in the first interval.
        let machines = u64::from(self.config.machines.max(1));
        ctx.set_timer(self.config.interval / machines * u64::from(ctx.me().0), Wait::Next);
    }

    fn receive(&mut self, from: NodeId, message: Say, ctx: &mut Ctx<'_, Self>) {
        match message {
            Say::Ping(number, t1) => self.pinged(from, number, t1, ctx),
            Say::Pong(number, t1, t2, t3) => {
                self.answered(from, number, Exchange { t1, t2, t3, t4: ctx.clock() }, ctx);
            }
        }
    }

    fn timer(&mut self, timer: Wait, ctx: &mut Ctx<'_, Self>) {
        match timer {
            Wait::Next => self.ping_all(ctx),
            Wait::Answer(to, number, t1, t2) => ctx.send(to, Say::Pong(number, t1, t2, ctx.clock())),
            Wait::Lost(number) => {
                if let Some(peer) = self.open.remove(&number) {
                    ctx.note(|| Text::new("ping-lost").with("peer", peer).with("number", number));
                    ctx.complete(number, Outcome::Unknown(Cause::Timeout), 1);
                }
            }
        }
    }

    fn digest(&self) -> u64 {
        let peers = self.peers.iter().flat_map(|(node, peer)| {
            let times = peer.exchanges.iter().flat_map(|e| [e.t1, e.t2, e.t3, e.t4]);
            std::iter::once(u64::from(*node)).chain(times)
        });
        let open = self.open.iter().map(|(number, _)| *number);
        Digest::new().all([self.sent, self.impossible]).all(open).all(peers).end()
    }

    fn observe(&self, look: &Look, detail: Detail) -> NodeView {
        let mut view = NodeView::new(Body::Ring, "role-machine");
        if detail == Detail::Dot {
            return view;
        }
        view.caption = reading(look.clock);
        let rows = |of: &dyn Fn(NodeId) -> Option<Estimate>| -> Vec<(u32, String, u32)> {
            let row = |node: &u32| {
                let Estimate { offset, error } = of(NodeId(*node))?;
                Some((*node, format!("{} ± {}", signed(offset), millis(error)), 0))
            };
            self.peers.keys().filter_map(row).collect()
        };
        view.items.push(Item::Matrix("ping-filtered", rows(&|node| self.filtered(node, look.clock))));
        if detail == Detail::Full {
            view.items.push(Item::Matrix("ping-ntp", rows(&|node| self.ntp(node))));
            view.items.push(Item::Matrix("ping-cristian", rows(&|node| self.cristian(node))));
            view.items.push(Item::Fact("ping-open", self.open.len().to_string()));
            view.items.push(Item::Fact("ping-early", self.impossible.to_string()));
        }
        view
    }

    fn overview(nodes: &[Self], up: &[bool]) -> ClusterView {
        let known = nodes.iter().zip(up).filter(|(_, up)| **up).flat_map(|(machine, _)| {
            let peers = machine.peers.keys();
            peers.filter_map(|peer| machine.ntp(NodeId(*peer)))
        });
        let farthest = known.max_by_key(|estimate| estimate.offset.unsigned_abs());
        let impossible: u64 = nodes.iter().map(|machine| machine.impossible).sum();
        let mut values = vec![("impossible", impossible as f64)];
        if let Some(estimate) = farthest {
            values.push(("apart", estimate.offset.unsigned_abs() as f64 / 1e6));
            values.push(("error", estimate.error as f64 / 1e6));
        }
        ClusterView { values, ..ClusterView::default() }
    }
}

/// A clock's reading: "12.480 s".
fn reading(clock: Nanos) -> String {
    format!("{}.{:03} s", clock / SECOND, clock / MILLISECOND % 1000)
}

fn own(clock: Nanos) -> Arg {
    Arg::Word(reading(clock))
}

/// A span in milliseconds: "5.125 ms".
fn millis(span: Nanos) -> String {
    format!("{}.{:03} ms", span / MILLISECOND, span / 1_000 % 1000)
}

/// "+80.125 ms".
fn signed(span: i64) -> String {
    format!("{}{}", if span < 0 { "−" } else { "+" }, millis(span.unsigned_abs()))
}

/// The machines in one world.
#[must_use]
pub fn cluster(setup: &Setup) -> Cluster<Machine> {
    let settings = &setup.settings;
    let config = Arc::new(Config {
        interval: settings.duration("interval"),
        turnaround: settings.duration("turnaround"),
        least: settings.duration("least"),
        ppm: settings.int("drift").max(0) as u64,
        timeout: settings.duration("timeout"),
        machines: setup.nodes,
    });
    let machine = |at: u32| {
        let (open, peers, warned) = (Map::new(), Map::new(), Map::new());
        let machine = Machine { config: Arc::clone(&config), sent: 0, open, peers, impossible: 0, warned };
        (setup.meta(format!("n{}", at + 1), 0), machine)
    };
    Cluster::new(setup.seed, setup.network.clone(), (0..setup.nodes).map(machine).collect())
}
