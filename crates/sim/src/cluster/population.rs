//! What depends on the nodes' type: their states, disks, and the payloads behind the core's handles.

use std::sync::Arc;

use crate::core::Core;
use crate::history::What;
use crate::node::{Action, Context, Ctx, Look, Message, Node, NodeId, Sink, Storage, Wire};
use crate::trace::Hash;
use crate::view::{ClusterView, Detail, NodeView};
use crate::watch::Watch;

#[derive(Clone)]
pub(super) enum Payload<M, T> {
    None,
    Message(M),
    Timer(T),
}

#[derive(Clone)]
pub(super) struct DiskState<D: Storage> {
    pub(super) durable: D,
    /// Writes that are not durable yet, in order.
    pending: Vec<D::Write>,
    /// Number of the first pending write.
    first: u64,
}

/// The nodes and what belongs to them.
#[derive(Clone)]
pub(super) struct Nodes<N: Node> {
    pub(super) states: Vec<N>,
    /// What each was when the run was set up; copies share it.
    newborn: Arc<[N]>,
    pub(super) payloads: Vec<Payload<N::Message, N::Timer>>,
    pub(super) disks: Vec<DiskState<N::Disk>>,
    watch: N::Watch,
    /// Which nodes run, for the watch.
    up: Vec<bool>,
}

/// What the rare events (lives, faults, actions) need of the nodes, whatever their type: one copy of that code
/// serves every algorithm.
pub(super) trait Population {
    fn start(&mut self, core: &mut Core, node: u32);
    /// A crash: memory and unsynced writes are gone.
    fn forget(&mut self, node: u32);
    fn lose_disk(&mut self, node: u32);
    /// The writes before this number are durable.
    fn harden(&mut self, node: u32, before: u64);
    fn synced(&mut self, core: &mut Core, node: u32, ticket: u64);
    fn connection_lost(&mut self, core: &mut Core, node: u32, peer: NodeId);
    fn environment(&mut self, core: &mut Core, node: u32);
    fn act(&mut self, core: &mut Core, node: u32, action: &Action) -> bool;
    fn copy_payload(&mut self, from: u32, to: u32);
    fn drop_payload(&mut self, slot: u32);
    fn observe(&self, node: u32, look: &Look, detail: Detail) -> NodeView;
    fn overview(&self, up: &[bool]) -> ClusterView;
    /// Adds every node's state to a hash.
    fn hash_states(&self, hash: &mut Hash);
    /// About how many bytes a copy takes.
    fn footprint(&self) -> usize;
}

struct Outbox<'a, N: Node> {
    payloads: &'a mut Vec<Payload<N::Message, N::Timer>>,
    pending: &'a mut Vec<<N::Disk as Storage>::Write>,
}

impl<N: Node> Outbox<'_, N> {
    #[inline]
    fn put(&mut self, slot: u32, payload: Payload<N::Message, N::Timer>) {
        let at = slot as usize;
        if at >= self.payloads.len() {
            self.payloads.resize_with(at + 1, || Payload::None);
        }
        self.payloads[at] = payload;
    }
}

impl<N: Node> Sink<N::Message, N::Timer, <N::Disk as Storage>::Write> for Outbox<'_, N> {
    #[inline]
    fn message(&mut self, slot: u32, message: N::Message) -> Wire {
        let wire = Wire { kind: message.kind(), digest: message.digest(), bytes: message.bytes() };
        self.put(slot, Payload::Message(message));
        wire
    }
    #[inline]
    fn timer(&mut self, slot: u32, timer: N::Timer) {
        self.put(slot, Payload::Timer(timer));
    }
    fn write(&mut self, write: <N::Disk as Storage>::Write) {
        self.pending.push(write);
    }
}

impl<N: Node> Nodes<N> {
    pub(super) fn new(states: Vec<N>) -> Self {
        let disks =
            states.iter().map(|_| DiskState { durable: N::Disk::default(), pending: Vec::new(), first: 0 });
        Self {
            disks: disks.collect(),
            newborn: states.clone().into(),
            watch: N::Watch::default(),
            up: vec![false; states.len()],
            states,
            payloads: Vec::new(),
        }
    }

    /// Lets a node handle something, then does what the network duplicated.
    #[inline]
    pub(super) fn with(
        &mut self,
        core: &mut Core,
        node: u32,
        handle: impl FnOnce(&mut N, &N::Disk, &mut Ctx<'_, N>),
    ) {
        let at = node as usize;
        let disk = &mut self.disks[at];
        let mut outbox = Outbox::<N> { payloads: &mut self.payloads, pending: &mut disk.pending };
        let mut context = Context { core: &mut *core, sink: &mut outbox, me: NodeId(node), scope: 0 };
        handle(&mut self.states[at], &disk.durable, &mut context);
        if !core.copies.is_empty() {
            self.copy_duplicates(core);
        }
        if N::Watch::ACTIVE && core.watching {
            self.look(core, node);
        }
    }

    /// Lets the watch look at what a node did. What it finds is observed whether anybody listens to notes or not.
    fn look(&mut self, core: &mut Core, node: u32) {
        if let Some(breach) = self.watch.after(&self.states, NodeId(node), &self.up) {
            core.observe(NodeId(node), What::Breach(breach));
        }
    }

    #[cold]
    fn copy_duplicates(&mut self, core: &mut Core) {
        while let Some((from, to)) = core.copies.pop() {
            self.copy_payload(from, to);
        }
    }

    #[inline]
    pub(super) fn take_message(&mut self, slot: u32) -> Option<N::Message> {
        match std::mem::replace(&mut self.payloads[slot as usize], Payload::None) {
            Payload::Message(message) => Some(message),
            _ => None,
        }
    }
}

impl<N: Node> Population for Nodes<N> {
    fn start(&mut self, core: &mut Core, node: u32) {
        self.up[node as usize] = true;
        self.with(core, node, |state, disk, ctx| state.start(disk, ctx));
    }

    fn forget(&mut self, node: u32) {
        let disk = &mut self.disks[node as usize];
        disk.first += disk.pending.len() as u64;
        disk.pending.clear();
        self.up[node as usize] = false;
        self.states[node as usize] = self.newborn[node as usize].clone();
    }

    fn lose_disk(&mut self, node: u32) {
        self.disks[node as usize].durable = N::Disk::default();
    }

    fn harden(&mut self, node: u32, before: u64) {
        let disk = &mut self.disks[node as usize];
        let covered = before.saturating_sub(disk.first) as usize;
        for write in disk.pending.drain(..covered.min(disk.pending.len())) {
            disk.durable.apply(write);
            disk.first += 1;
        }
    }

    fn synced(&mut self, core: &mut Core, node: u32, ticket: u64) {
        self.with(core, node, |state, _, ctx| state.synced(ticket, ctx));
    }

    fn connection_lost(&mut self, core: &mut Core, node: u32, peer: NodeId) {
        self.with(core, node, |state, _, ctx| state.connection_lost(peer, ctx));
    }

    fn environment(&mut self, core: &mut Core, node: u32) {
        self.with(core, node, |state, _, ctx| state.environment(ctx));
    }

    fn act(&mut self, core: &mut Core, node: u32, action: &Action) -> bool {
        let mut done = false;
        self.with(core, node, |state, _, ctx| done = state.act(action, ctx));
        done
    }

    fn copy_payload(&mut self, from: u32, to: u32) {
        let payload = self.payloads[from as usize].clone();
        if to as usize >= self.payloads.len() {
            self.payloads.resize_with(to as usize + 1, || Payload::None);
        }
        self.payloads[to as usize] = payload;
    }

    fn drop_payload(&mut self, slot: u32) {
        self.payloads[slot as usize] = Payload::None;
    }

    fn observe(&self, node: u32, look: &Look, detail: Detail) -> NodeView {
        self.states[node as usize].observe(look, detail)
    }

    fn overview(&self, up: &[bool]) -> ClusterView {
        N::overview(&self.states, up)
    }

    fn footprint(&self) -> usize {
        let disks =
            self.disks.iter().map(|disk| disk.pending.len() * size_of::<<N::Disk as Storage>::Write>());
        let nodes = self.states.iter().map(|state| size_of::<N>() + state.heap());
        nodes.chain(disks).sum::<usize>()
            + self.payloads.len() * size_of::<Payload<N::Message, N::Timer>>()
            + self.disks.len() * size_of::<DiskState<N::Disk>>()
            + self.watch.heap()
    }

    fn hash_states(&self, hash: &mut Hash) {
        self.states.iter().for_each(|state| hash.word(state.digest()));
    }
}
