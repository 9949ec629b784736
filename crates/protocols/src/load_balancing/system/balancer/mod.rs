//! A balancer: it picks a backend for each request, waits for the answer, tries again or elsewhere, and remembers
//! who failed. It knows only what passes through it and what it is told.
//!
//! A request is a call; a call has one try under way, or two where it is hedged, or waits.

mod attempt;
mod call;
mod outlier;
mod passive;
mod peers;
mod probe;
pub(super) mod show;
mod timeouts;

use std::collections::VecDeque;
use std::sync::Arc;

use netsplit_sim::NodeId;
use netsplit_sim::digest::Digest;
use netsplit_sim::node::Ctx;
use netsplit_sim::time::Nanos;
use netsplit_sim::view::Text;

use super::super::rule::Rule;
use super::backend::Abandoned;
use super::message::Hop;
use super::tier::{Tier, TierTimer};
use crate::parts::deadlines::Deadlines;
use crate::parts::host::Envelope;
use crate::parts::slab::Slab;
pub use call::Ledger;
use call::{Call, End, Gather};
pub use peers::Peer;
use peers::Peers;

/// About how many bytes a rule keeps for each backend.
const RULE: usize = 16;
/// Bugs on purpose, which the checks must catch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// A retry counts as two open requests of its backend.
    RetryCountedTwice,
    /// A backend that a check has left out is chosen all the same.
    EjectedStillChosen,
    /// A try that times out goes on counting as open.
    LeakOnTimeout,
    /// The slower copy of a hedged request is forgotten, but not cancelled.
    LoserNotCancelled,
}

/// What a second copy is sent for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hedge {
    /// Nothing.
    Off,
    /// The first answer counts.
    Hedged,
    /// The first to begin counts.
    Tied,
}

/// How bad a failure must be to be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RetryOn {
    /// The connection never stood.
    Connect,
    /// It broke, or nothing came in time.
    Timeout,
    /// An error was answered.
    Error,
}

/// What the balancers of a run share. Spans in ns; 0 means none where the parameter's help says so.
#[derive(Debug)]
pub struct BalancerConfig {
    pub max_fails: u32,
    pub fail_timeout: Nanos,
    pub outlier_errors: u32,
    pub outlier_success: u32,
    pub outlier_interval: Nanos,
    pub outlier_ejection: Nanos,
    pub outlier_max_percent: u32,
    pub panic_percent: u32,
    pub check_interval: Nanos,
    pub check_deep: bool,
    pub check_timeout: Nanos,
    pub check_fall: u32,
    pub check_rise: u32,
    pub connect_timeout: Nanos,
    pub response_timeout: Nanos,
    pub request_timeout: Nanos,
    pub retries: u32,
    pub retry_on: RetryOn,
    pub retry_elsewhere: bool,
    pub retry_backoff: Nanos,
    pub retry_open: u32,
    pub retry_percent: u32,
    pub non_idempotent_percent: u32,
    pub hedge: Hedge,
    pub hedge_after: Nanos,
    pub maxconn: u32,
    pub queue_max: u32,
    pub queue_timeout: Nanos,
    pub max_open: u32,
    pub slow_start: (Nanos, u32),
    pub sticky: bool,
    pub abandoned: Abandoned,
    pub fan_out: u32,
    pub view_sync: Nanos,
    /// All balancers.
    pub balancers: Arc<[NodeId]>,
    /// Node number of the first backend.
    pub first: u32,
    /// Backends that are there from the start.
    pub present: u32,
    /// By backend.
    pub weights: Vec<u32>,
    /// Hash of each client, and the node number of the first one.
    pub flows: Arc<Vec<u64>>,
    pub first_client: u32,
    pub flaw: Option<Flaw>,
}

/// A balancer's timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BalancerTimer {
    /// The oldest connection has taken long enough.
    Connect,
    /// The oldest try has waited long enough for its answer.
    Response,
    /// The oldest first try has taken so long that a second copy is due.
    Hedge,
    /// The oldest of those that wait for a backend has waited long enough.
    Queue,
    /// The oldest request has taken long enough.
    Request,
    /// The pause before this call's next try is over.
    Retry(u64),
    /// Time to probe.
    Check,
    /// Time to compare success rates.
    Sweep,
    /// Time to tell the others.
    Share,
}

/// A balancer.
#[derive(Clone, Debug)]
pub struct Balancer {
    config: Arc<BalancerConfig>,
    rule: Box<dyn Rule>,
    peers: Peers,
    calls: Slab<Call>,
    gathers: Slab<Gather>,
    serial: u64,
    /// Calls that wait for a backend below its limit, oldest first; some may have ended.
    waiting: VecDeque<u64>,
    /// How many of them have not.
    waits: u32,
    retries_open: u32,
    connects: Deadlines,
    responses: Deadlines,
    hedges: Deadlines,
    queued: Deadlines,
    requests: Deadlines,
    probes: u64,
    /// What each balancer said that it has open, by backend.
    heard: Vec<Arc<[u32]>>,
    /// Backend of each client that sticks to one.
    stuck: Vec<u32>,
    /// Ready backends without those that a call has tried.
    untried: Vec<u32>,
    ledger: Ledger,
    /// The latest choice: own clock, and the client where it was made by stickiness.
    latest: Option<(Nanos, Option<(NodeId, u32)>)>,
    /// Own time when last asked, for views.
    seen: Nanos,
}

impl Balancer {
    pub(super) fn new(config: Arc<BalancerConfig>, rule: Box<dyn Rule>) -> Self {
        let mut peers = Peers::new(&config);
        peers.refresh(0, &config);
        let stuck = if config.sticky { vec![u32::MAX; config.flows.len()] } else { Vec::new() };
        let heard = vec![Arc::default(); if config.view_sync > 0 { config.balancers.len() } else { 0 }];
        Self {
            config,
            rule,
            peers,
            calls: Slab::default(),
            gathers: Slab::default(),
            serial: 0,
            waiting: VecDeque::new(),
            waits: 0,
            retries_open: 0,
            connects: Deadlines::default(),
            responses: Deadlines::default(),
            hedges: Deadlines::default(),
            queued: Deadlines::default(),
            requests: Deadlines::default(),
            probes: 0,
            heard,
            stuck,
            untried: Vec::new(),
            ledger: Ledger::default(),
            latest: None,
            seen: 0,
        }
    }

    /// What it has counted.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        Ledger { open: u64::from(self.calls.len()), waiting: u64::from(self.waits), ..self.ledger }
    }

    /// What it knows of each backend.
    #[must_use]
    pub fn peers(&self) -> &[Peer] {
        &self.peers.all
    }

    /// The tries under way: backend and ticket.
    pub fn tries(&self) -> impl Iterator<Item = (u32, u64)> {
        self.calls.iter().flat_map(|(_, call)| call.live()).map(|live| (live.backend, live.ticket))
    }

    /// Whether a check leaves this backend out at this moment of the balancer's elapsed time, and there is no panic.
    #[must_use]
    pub fn leaves_out(&self, backend: u32, now: Nanos) -> bool {
        let all = self.peers.members().count();
        let out = |peer: &Peer| peer.is_out(now, all == 1, &self.config);
        let well = self.peers.members().filter(|(_, peer)| !out(peer)).count();
        let panic = well * 100 < all * self.config.panic_percent as usize;
        !panic && out(&self.peers.all[backend as usize])
    }

    fn node(&self, backend: u32) -> NodeId {
        NodeId(self.config.first + backend)
    }

    fn backend(&self, node: NodeId) -> Option<u32> {
        node.0.checked_sub(self.config.first).filter(|at| (*at as usize) < self.peers.all.len())
    }

    pub(super) fn start(&mut self, ctx: &mut Ctx<'_, Tier>) {
        let config = &self.config;
        let compares = config.outlier_errors > 0 || config.outlier_success > 0;
        for (interval, timer) in [
            (config.check_interval, BalancerTimer::Check),
            (if compares { config.outlier_interval } else { 0 }, BalancerTimer::Sweep),
            (config.view_sync, BalancerTimer::Share),
        ] {
            if interval > 0 {
                ctx.set_timer(interval, TierTimer::Balancer(timer));
            }
        }
    }

    pub(super) fn timer(&mut self, timer: BalancerTimer, ctx: &mut Ctx<'_, Tier>) {
        self.seen = ctx.elapsed();
        match timer {
            BalancerTimer::Connect => self.overdue(End::NoConnection, ctx),
            BalancerTimer::Response => self.overdue(End::TimedOut, ctx),
            BalancerTimer::Hedge => self.second_copies(ctx),
            BalancerTimer::Queue => self.waited_too_long(ctx),
            BalancerTimer::Request => self.took_too_long(ctx),
            BalancerTimer::Retry(call) => self.again(call, ctx),
            BalancerTimer::Check => self.probe_all(ctx),
            BalancerTimer::Sweep => self.sweep(ctx),
            BalancerTimer::Share => self.share(ctx),
        }
    }

    pub(super) fn hear(&mut self, from: NodeId, hop: Hop, ctx: &mut Ctx<'_, Tier>) {
        self.seen = ctx.elapsed();
        match hop {
            Hop::Response(ticket, answer) => self.response(ticket, answer, ctx),
            Hop::Dropped(ticket) => self.dropped(ticket, ctx),
            Hop::Accepted(ticket) => self.accepted(ticket, ctx),
            Hop::Register(joins) => self.register(from, joins, ctx),
            Hop::Probe(number, ..) => ctx.send(from, Envelope::Server(Hop::Well(number, true))),
            Hop::Well(number, well) => {
                if let Some(backend) = self.backend(from) {
                    self.probed(backend, number, well, ctx);
                }
            }
            Hop::Idle => {
                if let Some(backend) = self.backend(from) {
                    self.rule.idle(backend);
                }
            }
            Hop::View(open) => self.told(from, open),
            Hop::Cancel(_) | Hop::Begun(..) | Hop::Forward(_) | Hop::Connect(_) => {}
        }
    }

    fn register(&mut self, from: NodeId, joins: bool, ctx: &mut Ctx<'_, Tier>) {
        let Some(backend) = self.backend(from) else { return };
        let was = std::mem::replace(&mut self.peers.all[backend as usize].member, joins);
        self.peers.changed();
        if joins {
            // Whoever registers again has begun a new life.
            self.peers.returns(backend, ctx.elapsed());
        }
        if was != joins {
            let id = if joins { Text::new("lb-joined") } else { Text::new("lb-left") };
            ctx.notable(|| id.with("node", from));
        }
        self.serve_waiting(ctx);
    }

    /// Compares success rates, and lets back in whoever's ejection is over.
    fn sweep(&mut self, ctx: &mut Ctx<'_, Tier>) {
        let now = ctx.elapsed();
        let config = Arc::clone(&self.config);
        let members: Vec<u32> = self.peers.members().map(|(backend, _)| backend).collect();
        let mut rates: Vec<(u32, f64)> = Vec::new();
        for backend in &members {
            let outlier = &mut self.peers.all[*backend as usize].outlier;
            let was_out = outlier.is_out();
            if outlier.sweep(now, config.outlier_ejection) {
                self.peers.returns(*backend, now);
                let node = self.node(*backend);
                ctx.notable(|| Text::new("lb-back-in").with("node", node));
            }
            let rate = self.peers.all[*backend as usize].outlier.rate();
            if let (Some(rate), false) = (rate, was_out) {
                rates.push((*backend, rate));
            }
        }
        let all: Vec<f64> = rates.iter().map(|(_, rate)| *rate).collect();
        if let Some(least) = outlier::threshold(&all, config.outlier_success) {
            for (backend, rate) in rates.into_iter().filter(|(_, rate)| *rate < least) {
                if self.eject(backend, now) {
                    let node = self.node(backend);
                    let (rate, least) = ((rate * 100.0) as u64, (least * 100.0) as u64);
                    ctx.notable(|| {
                        let text = Text::new("lb-outlier-rate").with("node", node);
                        text.with("rate", rate).with("least", least)
                    });
                }
            }
        }
        ctx.set_timer(config.outlier_interval, TierTimer::Balancer(BalancerTimer::Sweep));
        self.serve_waiting(ctx);
    }

    /// Ejects a backend, if one more may be.
    fn eject(&mut self, backend: u32, now: Nanos) -> bool {
        let members = self.peers.members();
        let (out, all) =
            members.fold((0, 0), |(out, all), (_, peer)| (out + usize::from(peer.outlier.is_out()), all + 1));
        let may = outlier::may_eject(out, all, self.config.outlier_max_percent);
        if may {
            self.peers.all[backend as usize].outlier.eject(now);
            self.peers.changed();
        }
        may
    }

    /// Tells the other balancers what is open.
    fn share(&mut self, ctx: &mut Ctx<'_, Tier>) {
        let open: Arc<[u32]> = self.peers.all.iter().map(|peer| peer.open).collect();
        let me = ctx.me();
        let others = self.config.balancers.iter().copied().filter(|node| *node != me);
        ctx.send_all(others, &Envelope::Server(Hop::View(open)));
        ctx.set_timer(self.config.view_sync, TierTimer::Balancer(BalancerTimer::Share));
    }

    fn told(&mut self, from: NodeId, open: Arc<[u32]>) {
        let Some(at) = self.config.balancers.iter().position(|node| *node == from) else { return };
        let Some(heard) = self.heard.get_mut(at) else { return };
        *heard = open;
        let all = &self.heard;
        self.peers.others(|backend| all.iter().filter_map(|heard| heard.get(backend)).sum());
    }

    pub(super) fn heap(&self) -> usize {
        let deadlines = [&self.connects, &self.responses, &self.hedges, &self.queued, &self.requests];
        let words = self.waiting.len() * 2 + self.heard.len() * 4 + self.stuck.len() + self.untried.len();
        // What a rule keeps is about a table of words for each backend.
        let each = size_of::<Peer>() + 16 + 1 + RULE;
        self.peers.all.len() * each
            + self.calls.heap()
            + self.gathers.heap()
            + deadlines.into_iter().map(Deadlines::heap).sum::<usize>()
            + words * size_of::<u32>()
    }

    pub(super) fn digest(&self) -> u64 {
        let ledger = &self.ledger;
        let digest = Digest::new().add(ledger.requests).add(ledger.tries).add(ledger.answered);
        let digest = digest.add(self.rule.digest()).add(self.probes).add(u64::from(self.retries_open));
        let digest = digest.add(u64::from(self.gathers.len()));
        let digest = self.peers.all.iter().fold(digest, |digest, peer| {
            let digest = digest.add(peer.word()).add(peer.passive.word());
            digest.add(peer.outlier.word()).add(peer.probed.word())
        });
        let digest = digest.all(self.calls.iter().map(|(number, call)| number ^ call.word()));
        digest.all(self.stuck.iter().map(|backend| u64::from(*backend))).end()
    }
}
