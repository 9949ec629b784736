//! The kinds of node in one system.

use netsplit_sim::node::{Ctx, Look, NodeId};
use netsplit_sim::time::Nanos;
use netsplit_sim::view::{ClusterView, Detail, NodeView};

use super::lock::Lock;
use super::message::{Disk, Lease, Order, Token};
use super::store::Store;
use super::worker::Worker;
use crate::leader_election::paxos::core::Timer as LogTimer;
use crate::parts::client::ClientMessage;
use crate::parts::host::{ClientTotals, Envelope, Overview};

/// Timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// A lock server's log.
    Log(LogTimer),
    /// At a lock server: the lease with this token, prolonged so many times, is over.
    Expire(Token, u64),
    /// At a worker: time to ask for the lease, or for more of it.
    Poll,
    /// At a worker: its lease is over.
    Lease,
    /// At a worker: the write of this order is ready.
    Write(Order),
}

/// A node.
#[derive(Clone, Debug)]
pub enum Node {
    /// Works for clients.
    Worker(Worker),
    /// One of the lock service.
    Lock(Box<Lock>),
    /// Keeps the document.
    Store(Store),
}

impl Node {
    /// The worker, where it is one.
    #[must_use]
    pub fn worker(&self) -> Option<&Worker> {
        if let Self::Worker(worker) = self { Some(worker) } else { None }
    }
    /// The lock server, where it is one.
    #[must_use]
    pub fn lock(&self) -> Option<&Lock> {
        if let Self::Lock(lock) = self { Some(lock) } else { None }
    }
    /// The store, where it is it.
    #[must_use]
    pub fn store(&self) -> Option<&Store> {
        if let Self::Store(store) = self { Some(store) } else { None }
    }
}

impl netsplit_sim::Node for Node {
    type Message = Envelope<Lease>;
    type Timer = Timer;
    type Disk = Disk;
    type Watch = super::invariants::Watch;

    fn start(&mut self, disk: &Disk, ctx: &mut Ctx<'_, Self>) {
        match self {
            Self::Worker(worker) => worker.start(ctx),
            Self::Lock(lock) => lock.with(ctx, |core, ctx| core.start(&disk.log, ctx)),
            Self::Store(store) => store.start(disk),
        }
    }

    fn receive(&mut self, from: NodeId, message: Envelope<Lease>, ctx: &mut Ctx<'_, Self>) {
        match (self, message) {
            (Self::Worker(worker), Envelope::Client(ClientMessage::Request(request))) => {
                worker.request(request, ctx);
            }
            (Self::Worker(worker), Envelope::Server(message)) => worker.receive(from, message, ctx),
            (Self::Lock(lock), Envelope::Server(message)) => lock.receive(from, message, ctx),
            (Self::Store(store), Envelope::Server(message)) => store.receive(from, message, ctx),
            _ => {}
        }
    }

    fn timer(&mut self, timer: Timer, ctx: &mut Ctx<'_, Self>) {
        match (self, timer) {
            (Self::Lock(lock), Timer::Log(timer)) => lock.with(ctx, |core, ctx| core.timer(timer, ctx)),
            (Self::Lock(lock), Timer::Expire(token, renewals)) => lock.expire(token, renewals, ctx),
            (Self::Worker(worker), Timer::Poll) => worker.poll(ctx),
            (Self::Worker(worker), Timer::Lease) => worker.run_out(ctx),
            (Self::Worker(worker), Timer::Write(order)) => worker.worked(order, ctx),
            _ => {}
        }
    }

    fn synced(&mut self, ticket: u64, ctx: &mut Ctx<'_, Self>) {
        match self {
            Self::Lock(lock) => lock.with(ctx, |core, ctx| core.synced(ticket, ctx)),
            Self::Store(store) => store.synced(ticket, ctx),
            Self::Worker(_) => {}
        }
    }

    fn demand(&self, _: NodeId, _: &Envelope<Lease>) -> Nanos {
        if let Self::Worker(worker) = self { worker.service() } else { 0 }
    }

    fn digest(&self) -> u64 {
        match self {
            Self::Worker(worker) => worker.digest(),
            Self::Lock(lock) => lock.digest(),
            Self::Store(store) => store.digest(),
        }
    }

    fn observe(&self, look: &Look, detail: Detail) -> NodeView {
        match self {
            Self::Worker(worker) => worker.observe(look, detail),
            Self::Lock(lock) => lock.observe(look, detail),
            Self::Store(store) => store.observe(detail),
        }
    }
}

impl Overview for Node {
    fn overview(nodes: &[(usize, &Self)], up: &[bool], _: ClientTotals) -> ClusterView {
        let mut view = ClusterView::default();
        let (mut token, mut fenced, mut stale) = (0, 0, 0);
        for (at, node) in nodes {
            match node {
                Self::Worker(worker) => {
                    if let Some(token) = worker.token.filter(|_| up[*at]) {
                        view.bands.push(("holders", format!("n{}, token {token}", at + 1), token as u32));
                    }
                }
                Self::Lock(lock) => token = token.max(lock.token),
                Self::Store(store) => (fenced, stale) = (store.fenced, store.stale),
            }
        }
        view.values = vec![
            ("holders", view.bands.len() as f64),
            ("token", token as f64),
            ("fenced", fenced as f64),
            ("stale", stale as f64),
        ];
        view
    }
}
