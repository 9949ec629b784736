//! What a node is: a state machine without I/O, and the context that collects its effects.

use crate::core::Core;
use crate::draw::{self, Purpose};
use crate::history::{Operation, Outcome};
use crate::time::Nanos;
use crate::view::{ClusterView, Data, Detail, NodeView, Text};
use crate::watch::Watch;

/// A node's number, in the order of the set-up. It is never hashed or drawn from: names are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct NodeId(pub u32);

impl NodeId {
    /// As an index.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What nodes say to each other.
pub trait Message: Clone + 'static {
    /// Index in the algorithm's table of message kinds.
    fn kind(&self) -> u8;
    /// A digest of the whole content, taken once, when the message is sent (see [`crate::digest`]).
    fn digest(&self) -> u64;
    /// Size on the wire, for links with a bandwidth.
    fn bytes(&self) -> u32 {
        64
    }
}

/// What survives a crash: a state to which writes apply, each durable once it has been synced.
pub trait Storage: Clone + Default + 'static {
    /// One write.
    type Write: Clone + 'static;
    /// Applies a write that has become durable. Writes apply in the order in which they were made.
    fn apply(&mut self, write: Self::Write);
}

impl Storage for () {
    type Write = ();
    fn apply(&mut self, (): ()) {}
}

/// Names a timer that was set, so that it can be cancelled. Cancelling one that has fired does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimerId {
    pub(crate) slot: u32,
    pub(crate) stamp: u32,
}

/// Names work that was begun, so that it can be stopped. Stopping what is done, or what a crash ended, does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkId {
    pub(crate) slot: u32,
    pub(crate) stamp: u32,
}

/// What a node can read about itself when it is observed.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Its own wall clock.
    pub clock: Nanos,
    /// Its own monotonic clock, since the start of this life.
    pub elapsed: Nanos,
    /// Running (not crashed, not absent).
    pub up: bool,
    /// Work in service, by the engine's count or as the node itself reported.
    pub busy: u32,
    /// Work waiting, likewise.
    pub waiting: u32,
}

/// The context type of a node's handlers.
pub type Ctx<'a, N> =
    Context<'a, <N as Node>::Message, <N as Node>::Timer, <<N as Node>::Disk as Storage>::Write>;

/// A state machine: it reacts to a start, a message, a timer, a finished sync, and nothing else. It cannot
/// see global time or another node. Different kinds of node in one system are one enum.
///
/// A crash replaces the node by a copy of what it was when the run was set up, then `start` is called with
/// what the disk holds: nothing in memory can survive by mistake.
pub trait Node: Clone + 'static {
    /// Messages.
    type Message: Message;
    /// Timers.
    type Timer: Copy + 'static;
    /// Disk.
    type Disk: Storage;
    /// Who looks for broken invariants; `()` for nobody.
    type Watch: Watch<Self>;

    /// A life begins: at the start of the run, after a restart, or when an absent node joins.
    fn start(&mut self, disk: &Self::Disk, ctx: &mut Ctx<'_, Self>);
    /// A message has arrived and (where it costs work) a worker has finished working on it.
    fn receive(&mut self, from: NodeId, message: Self::Message, ctx: &mut Ctx<'_, Self>);
    /// A timer fired, or work of [`Context::work`] is done.
    fn timer(&mut self, timer: Self::Timer, ctx: &mut Ctx<'_, Self>);
    /// All writes made before the sync with this ticket are durable.
    fn synced(&mut self, _ticket: u64, _ctx: &mut Ctx<'_, Self>) {}
    /// Work that an arriving message costs, in nanoseconds of one worker at normal speed; 0 takes no worker.
    fn demand(&self, _from: NodeId, _message: &Self::Message) -> Nanos {
        0
    }
    /// A message arrived that costs work, and the node's bounded queue was full.
    fn overflow(&mut self, _from: NodeId, _message: Self::Message, _ctx: &mut Ctx<'_, Self>) {}
    /// The stream to `peer` broke: refused, reset or given up. What was under way on it is lost.
    fn connection_lost(&mut self, _peer: NodeId, _ctx: &mut Ctx<'_, Self>) {}
    /// Traffic faults (spike, hot key) began or ended; read [`Context::traffic`].
    fn environment(&mut self, _ctx: &mut Ctx<'_, Self>) {}
    /// An action named on the time line; false where it has no meaning now ("had no effect").
    fn act(&mut self, _action: &Action, _ctx: &mut Ctx<'_, Self>) -> bool {
        false
    }
    /// A digest of the whole state, for comparison between two runs.
    fn digest(&self) -> u64;
    /// About how many bytes a copy of this node takes beyond its own size; what copies share does not count. It decides
    /// how many copies of the world are kept. Where a node does not say: a few lists and maps with a handful in each.
    fn heap(&self) -> usize {
        2_048
    }
    /// How this node wants to be seen.
    fn observe(&self, look: &Look, detail: Detail) -> NodeView;
    /// Truths that no node knows. `up[i]` says whether node i is running.
    fn overview(_nodes: &[Self], _up: &[bool]) -> ClusterView {
        ClusterView::default()
    }
    /// What data there is, and in which order it was written.
    fn data(_nodes: &[Self], _up: &[bool]) -> Data {
        Data::default()
    }
    /// Whether this node alone answers for a key now.
    fn keeps(&self, _key: u64) -> bool {
        false
    }
}

/// An action, as an algorithm sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// Id from the algorithm's table, or "operation" for a client operation by hand.
    pub id: String,
    /// The node it names.
    pub node: Option<NodeId>,
    /// Operands: key and value of a client operation, or the algorithm's own.
    pub args: Vec<u64>,
}

/// What a message looks like to the engine.
#[derive(Clone, Copy, Debug)]
pub struct Wire {
    /// Index in the table of message kinds.
    pub kind: u8,
    /// Digest of the content.
    pub digest: u64,
    /// Size.
    pub bytes: u32,
}

/// Where payloads go; the engine itself moves only handles.
pub trait Sink<M, T, W> {
    /// Keeps a message under a handle.
    fn message(&mut self, slot: u32, message: M) -> Wire;
    /// Keeps a timer under a handle.
    fn timer(&mut self, slot: u32, timer: T);
    /// Adds a write that is not yet durable.
    fn write(&mut self, write: W);
}

/// A write was refused because the disk is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiskFull;

/// Collects what a node does in one step. Everything it offers is the node's own: its clock, disk, draws.
pub struct Context<'a, M, T, W> {
    pub(crate) core: &'a mut Core,
    pub(crate) sink: &'a mut dyn Sink<M, T, W>,
    pub(crate) me: NodeId,
    pub(crate) scope: u64,
}

impl<M: Message, T: Copy, W> Context<'_, M, T, W> {
    /// This node.
    #[must_use]
    pub fn me(&self) -> NodeId {
        self.me
    }

    /// Sends a message. It leaves at once and arrives when the network says, or never.
    pub fn send(&mut self, to: NodeId, message: M) {
        let slot = self.core.allocate();
        let wire = self.sink.message(slot, message);
        if let Some(copy) = self.core.send(slot, self.me, to, wire) {
            // The network duplicated it: the payload is cloned into the copy's handle by the cluster.
            self.core.copies.push((slot, copy));
        }
    }

    /// Sends the same message to each of `to`.
    pub fn send_all(&mut self, to: impl IntoIterator<Item = NodeId>, message: &M) {
        for node in to {
            self.send(node, message.clone());
        }
    }

    /// Sets a timer that fires after `delay` of this node's own time.
    pub fn set_timer(&mut self, delay: Nanos, timer: T) -> TimerId {
        let slot = self.core.allocate();
        self.sink.timer(slot, timer);
        self.core.set_timer(slot, self.me, delay)
    }

    /// Cancels a timer; nothing happens if it has fired.
    pub fn cancel(&mut self, timer: TimerId) {
        self.core.cancel(timer);
    }

    /// Begins with work of `demand` nanoseconds of one processor at normal speed; when it is done, `timer` is called.
    /// The node itself decides how much it begins at once: the engine's queue and `NodeMeta::workers` have no part
    /// in it.
    ///
    /// With `NodeMeta::cores` 0 each piece has a processor of its own, and a fault that slows the node counts as it
    /// was when the piece began. With `cores` above 0 all pieces under way share so many cores equally, each piece at
    /// most one, and a change of that factor concerns them at once. Work is done at the first whole nanosecond at
    /// which its demand is met; what is done at the same instant ends in the order in which it began.
    ///
    /// A pause does not hold work up, but what is done meanwhile is heard of only when it is over. A crash ends all
    /// work.
    pub fn work(&mut self, demand: Nanos, timer: T) -> WorkId {
        let slot = self.core.allocate();
        self.sink.timer(slot, timer);
        self.core.begin_work(slot, self.me, demand)
    }

    /// Stops work: its timer is never called, and what shares cores with it goes on the faster. True if it was under
    /// way (or done, but this node had not heard of it yet); false if it was done, stopped, of an earlier life or
    /// of another node.
    pub fn stop_work(&mut self, work: WorkId) -> bool {
        self.core.stop_work(self.me, work)
    }

    /// Says how much work is in service and waiting, for a node that schedules its own: what [`Context::load`],
    /// [`Look`] and the engine's `NodeState` show from now on; a crash sets both to 0. Not for a node whose messages
    /// the engine queues ([`Node::demand`] above 0): there the engine counts.
    pub fn report_load(&mut self, busy: u32, waiting: u32) {
        let node = &mut self.core.nodes[self.me.index()];
        (node.busy, node.queued) = (busy, waiting);
    }

    /// This node's wall clock (ns): skewed, drifting, and it may jump.
    #[must_use]
    pub fn clock(&self) -> Nanos {
        self.core.clock(self.me)
    }

    /// This node's monotonic clock (ns since this life began): it drifts, but never jumps.
    #[must_use]
    pub fn elapsed(&self) -> Nanos {
        self.core.elapsed(self.me)
    }

    /// A word for this purpose and occasion; the same ones give the same word.
    #[must_use]
    pub fn draw(&self, purpose: Purpose, occasion: u64) -> u64 {
        draw::word(draw::join(self.core.key(self.me), purpose.0 ^ self.scope), occasion)
    }

    /// Which life this is, from 0.
    #[must_use]
    pub fn life(&self) -> u32 {
        self.core.nodes[self.me.index()].life
    }

    /// Writes to this node's disk. Not durable before a sync that is asked for afterwards has finished.
    ///
    /// # Errors
    /// Where the disk is full.
    pub fn write(&mut self, write: W) -> Result<(), DiskFull> {
        self.core.disk_write(self.me)?;
        self.sink.write(write);
        Ok(())
    }

    /// Asks for all writes so far to be made durable; `synced(ticket)` follows.
    pub fn sync(&mut self, ticket: u64) {
        self.core.disk_sync(self.me, ticket);
    }

    /// Work in service and waiting at this node, by the engine's count or as [`Context::report_load`] said.
    #[must_use]
    pub fn load(&self) -> (u32, u32) {
        let node = &self.core.nodes[self.me.index()];
        (node.busy, node.queued)
    }

    /// Traffic faults in force.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.core.traffic
    }

    /// A client operation begins. `intended` is when it should have begun by this node's schedule (ns of
    /// [`Context::elapsed`]), so that waiting before the start is not forgotten.
    pub fn invoke(&mut self, operation: Operation, intended: Nanos) {
        self.core.invoke(self.me, operation, intended);
    }

    /// A client operation ends; an outcome that is unknown may still take effect later.
    pub fn complete(&mut self, number: u64, outcome: Outcome, attempts: u32) {
        self.core.complete(self.me, number, outcome, attempts);
    }

    /// Tells what happened and why, for people. The closure runs only when somebody listens.
    pub fn note(&mut self, text: impl FnOnce() -> Text) {
        if self.core.listening {
            self.core.note(self.me, text(), false);
        }
    }

    /// A note on something that deserves a stop: a new leader, a lost write, a violation.
    pub fn notable(&mut self, text: impl FnOnce() -> Text) {
        if self.core.listening {
            self.core.note(self.me, text(), true);
        }
    }

    /// Hosts a part (a replicated log, a client): a state machine with its own message, timer and write
    /// types. `scope` separates its draws from those of its siblings.
    pub fn scoped<'b, PM: Message, PT: Copy, PW, R>(
        &'b mut self,
        scope: u64,
        message: &'b dyn Fn(PM) -> M,
        timer: &'b dyn Fn(PT) -> T,
        write: &'b dyn Fn(PW) -> W,
        run: impl FnOnce(&mut Context<'_, PM, PT, PW>) -> R,
    ) -> R {
        let mut mapped = Mapped { inner: self.sink, message, timer, write };
        let mut context = Context {
            core: self.core,
            sink: &mut mapped,
            me: self.me,
            scope: draw::join(self.scope, scope.wrapping_add(1)),
        };
        run(&mut context)
    }
}

/// Traffic faults in force: what a client reads to shape its load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Traffic {
    /// Extra arrivals in thousandths of the base rate (1000 doubles the traffic).
    pub extra_permille: u32,
    /// Share of operations that go to the hot key, in thousandths.
    pub hot_permille: u32,
    /// The hot key.
    pub hot_key: u64,
}

struct Mapped<'a, M, T, W, PM, PT, PW> {
    inner: &'a mut dyn Sink<M, T, W>,
    message: &'a dyn Fn(PM) -> M,
    timer: &'a dyn Fn(PT) -> T,
    write: &'a dyn Fn(PW) -> W,
}

impl<M, T, W, PM, PT, PW> Sink<PM, PT, PW> for Mapped<'_, M, T, W, PM, PT, PW> {
    fn message(&mut self, slot: u32, message: PM) -> Wire {
        self.inner.message(slot, (self.message)(message))
    }
    fn timer(&mut self, slot: u32, timer: PT) {
        self.inner.timer(slot, (self.timer)(timer));
    }
    fn write(&mut self, write: PW) {
        self.inner.write((self.write)(write));
    }
}
