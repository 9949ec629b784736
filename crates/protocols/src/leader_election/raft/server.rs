//! A server: the replicated log, the key-value state machine on it, and its clients.

use std::sync::Arc;

use netsplit_sim::NodeId;
use netsplit_sim::digest::Digest;
use netsplit_sim::history::{Cause, Function};
use netsplit_sim::node::{Action, Ctx, Look, Node};
use netsplit_sim::small::Map;
use netsplit_sim::time::Nanos;
use netsplit_sim::view::{ClusterView, Data, Detail, NodeView};

use super::view;
use crate::parts::client::{Answer, ClientMessage, Reply, Request};
use crate::parts::host::{ClientTotals, Envelope, Overview};
use crate::parts::raft::{
    Broken, Command, Disk, Members, Payload, Raft, RaftCtx, Replica, Role, Rules, Timer,
};
use crate::parts::store::{Applied, Store};

/// How a leader answers reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// Through the log.
    Log,
    /// After a round of heartbeats, or by its lease where it has one.
    Index,
    /// From its own state, without asking anybody: fast, and not linearizable.
    Local,
}

/// What a server does beyond its log.
#[derive(Clone, Debug)]
pub struct Config {
    /// The log's rules.
    pub rules: Arc<Rules>,
    /// How reads are answered.
    pub reads: Reads,
    /// Work that one message costs (ns).
    pub service: Nanos,
}

/// What a server did in the present event, as far as invariants speak of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// A client's operation arrived at a leader: (client, number, key).
    Asked(NodeId, u64, u64),
    /// A command at this index took effect: (index, client, number).
    Applied(u64, NodeId, u64),
    /// A write of this key was answered; its entry has this index and term: (index, term, key).
    Acknowledged(u64, u64, u64),
    /// A read was answered from the state after this index: (index, client, number, key).
    Answered(u64, NodeId, u64, u64),
}

/// The server.
#[derive(Clone, Debug)]
pub struct Server {
    config: Arc<Config>,
    /// The log.
    pub replica: Replica,
    /// The state machine.
    pub store: Store,
    /// Index of the last entry in it.
    pub applied: u64,
    /// Who waits for the entry at an index.
    replies: Map<u64, Request>,
    reads: Map<u64, Request>,
    read: u64,
    /// Which insider it names next.
    turn: u32,
    /// Counts its events.
    pub events: u64,
    /// What it did in the present one.
    pub deeds: Vec<Deed>,
}

type ServerCtx<'a> = Ctx<'a, Server>;

/// Lets the log act in its own context.
fn within<R>(ctx: &mut ServerCtx<'_>, run: impl FnOnce(&mut RaftCtx<'_>) -> R) -> R {
    ctx.scoped(0, &Envelope::Server, &|timer| timer, &|write| write, run)
}

impl Server {
    /// A server that knows the first configuration.
    #[must_use]
    pub fn new(me: NodeId, config: Arc<Config>, initial: Members) -> Self {
        Self {
            replica: Replica::new(me, Arc::clone(&config.rules), initial),
            config,
            store: Store::default(),
            applied: 0,
            replies: Map::new(),
            reads: Map::new(),
            read: 0,
            turn: 0,
            events: 0,
            deeds: Vec::new(),
        }
    }

    fn begin(&mut self) {
        self.events += 1;
        self.deeds.clear();
        self.replica.begin();
    }

    /// Applies what is committed, answers who waited for it, and makes a snapshot where one is due.
    fn settle(&mut self, ctx: &mut ServerCtx<'_>) {
        if let Some(snapshot) = self.replica.restored.take()
            && let Some(store) = snapshot.state.downcast_ref::<Store>()
        {
            self.store = store.clone();
            self.applied = snapshot.index;
        }
        // Of the state before this event: observers see each entry before it is dropped.
        if self.replica.wants_snapshot(self.applied) {
            let mut state = self.store.clone();
            if self.broken() == Broken::SnapshotWithoutSessions {
                state.forget_sessions();
            }
            let (index, digest, bytes) = (self.applied, state.digest(), state.bytes());
            within(ctx, |ctx| self.replica.compact(index, digest, bytes, Arc::new(state), ctx));
        }
        if self.replica.role != Role::Leader {
            self.replies.clear();
            self.reads.clear();
        }
        while self.applied < self.replica.commit
            && let Some(entry) = self.replica.log.get(self.applied + 1).copied()
        {
            self.applied += 1;
            if let Payload::Command(command) = entry.payload {
                self.apply(entry.term, &command, ctx);
            }
        }
        for read in std::mem::take(&mut self.replica.ready) {
            if let Some(request) = self.reads.remove(&read) {
                self.answer_read(&request, ctx);
            }
        }
    }

    fn apply(&mut self, term: u64, command: &Command, ctx: &mut ServerCtx<'_>) {
        let operation = command.operation;
        if self.broken() == Broken::NoSessions {
            self.store.forget_sessions();
        }
        let applied = self.store.apply(command.client.0, &operation);
        if let Applied::Fresh(_) = applied {
            self.deeds.push(Deed::Applied(self.applied, command.client, operation.number));
        }
        let Some(request) = self.replies.remove(&self.applied) else { return };
        if operation.function == Function::Read {
            let number = operation.number;
            self.deeds.push(Deed::Answered(self.applied, command.client, number, operation.key));
        } else if applied != Applied::Expired {
            self.deeds.push(Deed::Acknowledged(self.applied, term, operation.key));
        }
        reply(&request, applied.answer(), ctx);
    }

    fn answer_read(&mut self, request: &Request, ctx: &mut ServerCtx<'_>) {
        let operation = request.operation;
        self.deeds.push(Deed::Answered(self.applied, request.client, operation.number, operation.key));
        reply(request, Answer::Ok(self.store.get(operation.key)), ctx);
    }

    /// Who is out of the cluster and knows no leader names the servers that are in, as far as it knows, one after the
    /// other: clients know the first ones only.
    fn insider(&mut self) -> Option<NodeId> {
        if !self.replica.out() {
            return None;
        }
        let others = self.replica.others();
        self.turn += 1;
        others.get(self.turn as usize % others.len().max(1)).copied()
    }

    fn broken(&self) -> Broken {
        self.config.rules.broken
    }

    fn request(&mut self, request: Request, ctx: &mut ServerCtx<'_>) {
        let operation = request.operation;
        let read = operation.function == Function::Read;
        let leads = self.replica.role == Role::Leader;
        // A leader that hands over takes nothing more into its log.
        let logged = !read || matches!(self.config.reads, Reads::Log);
        let elsewhere =
            if leads { self.replica.handing_over().filter(|_| logged) } else { self.replica.leader };
        if !leads || elsewhere.is_some() {
            let elsewhere = elsewhere.filter(|leader| *leader != ctx.me()).or_else(|| self.insider());
            let answer =
                elsewhere.map_or(Answer::Refused(Cause::Unavailable), |to| Answer::Redirect(Some(to)));
            reply(&request, answer, ctx);
            return;
        }
        // What has been applied was committed: the client that asks again has its answer at once (dissertation, 6.3).
        let known = self.store.known(request.client.0, operation.number);
        if let Some(answer) = known.filter(|_| self.broken() != Broken::NoSessions) {
            reply(&request, Answer::Ok(answer), ctx);
            return;
        }
        self.deeds.push(Deed::Asked(request.client, operation.number, operation.key));
        match self.config.reads {
            Reads::Local if read => self.answer_read(&request, ctx),
            Reads::Index if read => {
                self.read += 1;
                self.reads.insert(self.read, request);
                within(ctx, |ctx| self.replica.read(self.read, ctx));
            }
            _ => {
                // Who waits is noted first: alone in its cluster, a leader may commit at once.
                self.replies.insert(self.replica.log.last() + 1, request);
                let command = Command { client: request.client, operation, tag: 0 };
                within(ctx, |ctx| self.replica.propose(Payload::Command(command), ctx));
            }
        }
    }
}

fn reply(request: &Request, answer: Answer, ctx: &mut ServerCtx<'_>) {
    let reply = Reply { number: request.operation.number, attempt: request.attempt, answer, session: 0 };
    ctx.send(request.client, ClientMessage::Reply(reply).into());
}

impl Node for Server {
    type Message = Envelope<Raft>;
    type Timer = Timer;
    type Disk = Disk;
    type Watch = super::invariants::Watch;

    fn start(&mut self, disk: &Disk, ctx: &mut Ctx<'_, Self>) {
        self.begin();
        within(ctx, |ctx| self.replica.start(disk, ctx));
        self.settle(ctx);
    }

    fn receive(&mut self, from: NodeId, message: Envelope<Raft>, ctx: &mut Ctx<'_, Self>) {
        self.begin();
        match message {
            Envelope::Client(ClientMessage::Request(request)) => self.request(request, ctx),
            Envelope::Client(ClientMessage::Reply(_) | ClientMessage::Cancel(..)) => {}
            Envelope::Server(message) => within(ctx, |ctx| self.replica.receive(from, message, ctx)),
        }
        self.settle(ctx);
    }

    fn timer(&mut self, timer: Timer, ctx: &mut Ctx<'_, Self>) {
        self.begin();
        within(ctx, |ctx| self.replica.timer(timer, ctx));
        self.settle(ctx);
    }

    fn synced(&mut self, ticket: u64, ctx: &mut Ctx<'_, Self>) {
        self.begin();
        within(ctx, |ctx| self.replica.synced(ticket, ctx));
        self.settle(ctx);
    }

    fn demand(&self, _: NodeId, _: &Envelope<Raft>) -> Nanos {
        self.config.service
    }

    fn act(&mut self, action: &Action, ctx: &mut Ctx<'_, Self>) -> bool {
        self.begin();
        let done = within(ctx, |ctx| match action.id.as_str() {
            "transfer_leadership" => self.replica.transfer(ctx),
            "remove_node" => self.replica.leave(ctx),
            "remove_silent" => self.replica.remove_silent(ctx),
            _ => false,
        });
        self.settle(ctx);
        done
    }

    fn heap(&self) -> usize {
        // In memory and on disk.
        2 * self.replica.log.heap()
    }

    fn digest(&self) -> u64 {
        Digest::new().add(self.replica.digest()).add(self.store.digest()).end()
    }

    fn observe(&self, look: &Look, detail: Detail) -> NodeView {
        view::node(self, look, detail)
    }
}

impl Overview for Server {
    fn overview(servers: &[(usize, &Self)], up: &[bool], _: ClientTotals) -> ClusterView {
        view::cluster(servers, up)
    }

    fn data(servers: &[(usize, &Self)], up: &[bool]) -> Data {
        view::data(servers, up)
    }
}
