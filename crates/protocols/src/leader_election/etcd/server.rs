//! A member: the replicated log, the store on it, and who waits for an answer. Any member takes any request: what
//! changes the store goes to the leader, who proposes it; whoever took the request answers once it has applied it.
//!
//! Nobody remembers which requests were done, so a client does not send a change again whose outcome it does not know,
//! as etcd's client library does not ("etcd3 client design", Client Requirements; its retry policy "non-repeatable"). A
//! member that knows no leader holds proposals back; after the request timeout (5 s and two election timeouts) it gives up.

use std::sync::Arc;

use netsplit_sim::NodeId;
use netsplit_sim::digest::Digest;
use netsplit_sim::history::{Cause, Function, Operation};
use netsplit_sim::node::{Action, Context};
use netsplit_sim::small::Map;
use netsplit_sim::time::{MILLISECOND, Nanos, SECOND};
use netsplit_sim::view::Text;

use super::lessor::{Keep, Lessor};
use super::message::{Etcd, Talk};
use super::serve::{Asking, Reads, Watcher};
use super::session;
use super::store::{Event, Kind, Store};
use crate::parts::client::{Answer, ClientMessage, Reply, Request};
use crate::parts::host::Envelope;
use crate::parts::raft::{self, Command, Disk, Members, Payload, RaftCtx, Replica, Role, Rules, Write};

/// How often a member looks at leases, at reads without an answer and at the time (etcd's lessor: 500 ms; its
/// `readIndexRetryTime`: 500 ms).
pub(super) const TICK: Nanos = 500 * MILLISECOND;

/// A deliberate mistake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Broken {
    /// etcd as documented.
    #[default]
    Nothing,
    /// Linearizable reads are answered without asking the leader.
    NoReadIndex,
    /// A watch that is resumed begins with what comes next.
    WatchForgets,
    /// Every member decides by its own clock that a lease is over.
    LocalExpiry,
    /// Followers apply a transaction without its comparison.
    Unchecked,
    /// A leader that was deposed hands its revocations to the next one (etcd's issues 12528 and 15247).
    RevokesForwarded,
}

/// A member's settings.
#[derive(Clone, Debug)]
pub struct Config {
    /// The log's rules.
    pub rules: Arc<Rules>,
    /// Reads are served by whoever is asked, from its own state.
    pub serializable: bool,
    /// History is kept for so long (ns); 0: for ever.
    pub retention: Nanos,
    /// Work that one message costs (ns).
    pub service: Nanos,
    /// A deliberate mistake.
    pub broken: Broken,
}

impl Config {
    /// etcd's request timeout.
    pub(super) fn patience(&self) -> Nanos {
        5 * SECOND + 2 * self.rules.election_min
    }

    /// The least time to live that is granted: one and a half election timeouts, in whole seconds.
    fn least_ttl(&self) -> Nanos {
        (self.rules.election_min * 3 / 2).next_multiple_of(SECOND)
    }
}

/// Timers of all nodes.
#[derive(Clone, Copy, Debug)]
pub enum Timer {
    /// The log's.
    Raft(raft::Timer),
    /// A member looks around.
    Tick,
    /// A watching or locking client's.
    Session(session::Timer),
}

/// What a member did in the present event, as far as invariants speak of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// A read that is to be linearizable arrived: (client, number).
    Asked(NodeId, u64),
    /// It was answered from this revision.
    Answered(NodeId, u64, u64),
    /// A change was acknowledged, with this revision.
    Acknowledged(u64),
    /// A lease was revoked as expired that had time left by the clock of this leader.
    Early(u64),
}

#[derive(Clone, Copy, Debug)]
enum Asker {
    Client(Request),
    Session(NodeId, u64),
}

/// The context of all nodes.
pub type EtcdCtx<'a> = Context<'a, Envelope<Etcd>, Timer, Write>;

/// A member.
#[derive(Clone, Debug)]
pub struct Server {
    pub(super) config: Arc<Config>,
    /// The log.
    pub replica: Replica,
    /// The state machine.
    pub store: Store,
    /// Index of the last entry in it.
    pub applied: u64,
    waiting: Map<u64, (Nanos, Asker)>,
    held: Vec<Command>,
    requests: u64,
    pub(super) reads: Reads,
    pub(super) watchers: Vec<Watcher>,
    /// Up to which revision watchers were looked after.
    pub(super) notified: u64,
    /// The leases' clocks.
    pub lessor: Lessor,
    /// Counts its events.
    pub events: u64,
    /// Which life it is in.
    pub life: u32,
    /// What it did in the present event.
    pub deeds: Vec<Deed>,
    /// Changes that it applied in the present event.
    pub fresh: Vec<Event>,
}

/// Lets the log act in its own context.
pub(super) fn within<R>(ctx: &mut EtcdCtx<'_>, run: impl FnOnce(&mut RaftCtx<'_>) -> R) -> R {
    ctx.scoped(0, &|message| Envelope::Server(Etcd::Raft(message)), &Timer::Raft, &|write| write, run)
}

pub(super) fn say(to: NodeId, message: Etcd, ctx: &mut EtcdCtx<'_>) {
    ctx.send(to, Envelope::Server(message));
}

pub(super) fn reply(request: &Request, answer: Answer, ctx: &mut EtcdCtx<'_>) {
    let reply = Reply { number: request.operation.number, attempt: request.attempt, answer, session: 0 };
    ctx.send(request.client, ClientMessage::Reply(reply).into());
}

impl Server {
    /// A member that knows the first configuration.
    #[must_use]
    pub fn new(me: NodeId, config: Arc<Config>, initial: Members) -> Self {
        Self {
            replica: Replica::new(me, Arc::clone(&config.rules), initial),
            config,
            store: Store::default(),
            applied: 0,
            waiting: Map::new(),
            held: Vec::new(),
            requests: 0,
            reads: Reads::default(),
            watchers: Vec::new(),
            notified: 0,
            lessor: Lessor::default(),
            events: 0,
            life: 0,
            deeds: Vec::new(),
            fresh: Vec::new(),
        }
    }

    /// Whom proposals go to; nobody while a leader hands over.
    pub(super) fn leader(&self) -> Option<NodeId> {
        self.replica.leader.filter(|_| self.replica.handing_over().is_none())
    }

    pub(super) fn leads(&self) -> bool {
        self.replica.role == Role::Leader
    }

    /// A command of a member's own, for which nobody waits.
    pub(super) fn own(&self, kind: Kind, key: u64) -> Command {
        let operation = Operation { number: 0, function: Function::Write, key, value: 0, expected: 0 };
        Command { client: self.replica.me(), operation, tag: kind as u64 }
    }

    /// Proposes a command, or hands it to the leader, or keeps it until there is one.
    pub(super) fn propose(&mut self, command: Command, ctx: &mut EtcdCtx<'_>) {
        match self.leader() {
            Some(leader) if leader == self.replica.me() => {
                within(ctx, |ctx| self.replica.propose(Payload::Command(command), ctx));
            }
            Some(leader) => say(leader, Etcd::Propose(command), ctx),
            None => self.held.push(command),
        }
    }

    fn begin_request(
        &mut self,
        kind: Kind,
        client: NodeId,
        operation: Operation,
        asker: Asker,
        ctx: &mut EtcdCtx<'_>,
    ) {
        self.requests += 1;
        let place = u64::from(self.replica.me().0) << 8 | u64::from(ctx.life() & 0xff);
        let id = place << 32 | self.requests;
        self.waiting.insert(id, (ctx.elapsed(), asker));
        self.propose(Command { client, operation, tag: id << 8 | kind as u64 }, ctx);
    }

    fn request(&mut self, request: Request, ctx: &mut EtcdCtx<'_>) {
        let operation = request.operation;
        match operation.function {
            Function::Read => self.get(request, ctx),
            Function::Call => reply(&request, Answer::Refused(Cause::Error), ctx),
            Function::Write | Function::Cas => {
                self.begin_request(Kind::Client, request.client, operation, Asker::Client(request), ctx);
            }
        }
    }

    fn ask(&mut self, client: NodeId, number: u64, kind: Kind, about: u64, ctx: &mut EtcdCtx<'_>) {
        let (key, value, expected) = match kind {
            Kind::Grant => (0, about.max(self.config.least_ttl()), 0),
            Kind::Acquire => (session::LOCK, u64::from(client.0), about),
            Kind::Release => (session::LOCK, 0, about),
            _ => (about, 0, 0),
        };
        let operation = Operation { number, function: Function::Write, key, value, expected };
        self.begin_request(kind, client, operation, Asker::Session(client, number), ctx);
    }

    fn talk(&mut self, from: NodeId, talk: Talk, ctx: &mut EtcdCtx<'_>) {
        match talk {
            Talk::Ask(number, kind, about) => self.ask(from, number, kind, about, ctx),
            Talk::KeepAlive(lease) => {
                let leader = self.replica.leader.filter(|_| !self.leads());
                if let Some(leader) = leader {
                    say(leader, Etcd::Renew(from, lease, None), ctx);
                } else {
                    self.keep_alive(Keep { client: from, via: self.replica.me(), lease }, ctx);
                }
            }
            Talk::Watch(turn, key, start) => self.watch(from, turn, key, start, ctx),
            Talk::Progress(turn) => self.progress(from, turn, ctx),
            Talk::Answer(..) | Talk::Alive(..) | Talk::Events(..) | Talk::Compacted(..) => {}
        }
    }

    pub(super) fn begin(&mut self) {
        self.events += 1;
        self.deeds.clear();
        self.fresh.clear();
        self.replica.begin();
    }

    /// Applies what is committed, and answers who waited for it.
    fn settle(&mut self, ctx: &mut EtcdCtx<'_>) {
        let leads = self.leads().then_some(self.replica.term);
        if self.lessor.term.is_some() && self.lessor.term != leads {
            self.demote();
        }
        if let Some(snapshot) = self.replica.restored.take()
            && let Some(store) = snapshot.state.downcast_ref::<Store>()
        {
            self.store = store.clone();
            self.applied = snapshot.index;
        }
        if self.replica.wants_snapshot(self.applied) {
            let (index, state) = (self.applied, self.store.clone());
            let (digest, bytes) = (state.digest(), state.bytes());
            within(ctx, |ctx| self.replica.compact(index, digest, bytes, Arc::new(state), ctx));
        }
        while self.applied < self.replica.commit
            && let Some(entry) = self.replica.log.get(self.applied + 1).copied()
        {
            self.applied += 1;
            match entry.payload {
                Payload::Noop if leads == Some(entry.term) => self.promote(ctx),
                Payload::Command(command) => self.apply(&command, ctx),
                Payload::Noop | Payload::Members(_) => {}
            }
        }
        self.settle_reads(ctx);
        self.notify(ctx);
        if self.leader().is_some() {
            for command in std::mem::take(&mut self.held) {
                self.propose(command, ctx);
            }
        }
    }

    fn apply(&mut self, command: &Command, ctx: &mut EtcdCtx<'_>) {
        let before = self.store.revision;
        let unchecked = self.config.broken == Broken::Unchecked && !self.leads();
        let done = self.store.apply(self.applied, command, unchecked);
        self.fresh.extend(self.store.since(before + 1));
        let kind = Kind::of(command);
        match kind {
            Kind::Grant => self.granted(self.applied, ctx),
            Kind::Revoke | Kind::Expire if done.ok => self.ended(command.operation.key, kind, ctx),
            Kind::Compact if done.ok && self.leads() => {
                let revision = self.store.compacted;
                ctx.note(|| Text::new("etcd-compacts").with("revision", revision));
            }
            _ => {}
        }
        let Some((_, asker)) = self.waiting.remove(&(command.tag >> 8)) else { return };
        match asker {
            Asker::Client(request) => {
                self.deeds.push(Deed::Acknowledged(self.store.revision));
                let compared = request.operation.function == Function::Cas;
                reply(&request, Answer::Ok(compared.then_some(u64::from(done.ok))), ctx);
            }
            Asker::Session(client, number) => {
                let answer = Talk::Answer(number, done, self.store.revision);
                say(client, Etcd::Talk(answer), ctx);
            }
        }
    }

    /// Gives up what has waited too long. What was never proposed surely has no effect.
    fn give_up(&mut self, ctx: &mut EtcdCtx<'_>) {
        let (now, patience) = (ctx.elapsed(), self.config.patience());
        let late = |since: Nanos| now.saturating_sub(since) > patience;
        let old: Vec<(u64, Asker)> = self
            .waiting
            .iter()
            .filter(|(_, (since, _))| late(*since))
            .map(|(id, (_, who))| (*id, *who))
            .collect();
        for (id, asker) in old {
            self.waiting.remove(&id);
            let held = self.held.len();
            self.held.retain(|command| command.tag >> 8 != id);
            if let (true, Asker::Client(request)) = (self.held.len() < held, asker) {
                reply(&request, Answer::Refused(Cause::Unavailable), ctx);
            }
        }
    }

    pub(super) fn start(&mut self, disk: &Disk, ctx: &mut EtcdCtx<'_>) {
        self.begin();
        self.life = ctx.life();
        // The answer to a question of an earlier life is none to one of this life.
        self.reads.number_from(u64::from(self.life) << 32);
        within(ctx, |ctx| self.replica.start(disk, ctx));
        self.settle(ctx);
        ctx.set_timer(TICK, Timer::Tick);
    }

    pub(super) fn receive(&mut self, from: NodeId, message: Envelope<Etcd>, ctx: &mut EtcdCtx<'_>) {
        self.begin();
        match message {
            Envelope::Client(ClientMessage::Request(request)) => self.request(request, ctx),
            Envelope::Client(ClientMessage::Reply(_) | ClientMessage::Cancel(..)) => {}
            Envelope::Server(Etcd::Raft(message)) => {
                within(ctx, |ctx| self.replica.receive(from, message, ctx));
            }
            Envelope::Server(Etcd::Propose(command)) => {
                // Raft drops what it knows nobody for.
                if self.leader().is_some_and(|leader| leader != from) {
                    self.propose(command, ctx);
                }
            }
            Envelope::Server(Etcd::ReadIndex(number)) => {
                if self.leads() {
                    self.confirm(Asking::Index(from, number), ctx);
                }
            }
            Envelope::Server(Etcd::ReadIndexed(number, index)) => self.reads.indexed(number, index),
            Envelope::Server(Etcd::Renew(client, lease, None)) => {
                self.keep_alive(Keep { client, via: from, lease }, ctx);
            }
            Envelope::Server(Etcd::Renew(client, lease, Some(ttl))) => {
                say(client, Etcd::Talk(Talk::Alive(lease, ttl)), ctx);
            }
            Envelope::Server(Etcd::Talk(talk)) => self.talk(from, talk, ctx),
        }
        self.settle(ctx);
    }

    pub(super) fn timer(&mut self, timer: Timer, ctx: &mut EtcdCtx<'_>) {
        self.begin();
        match timer {
            Timer::Raft(timer) => within(ctx, |ctx| self.replica.timer(timer, ctx)),
            Timer::Tick => {
                self.look_at_leases(ctx);
                self.look_at_history(ctx);
                self.read_again(ctx);
                self.give_up(ctx);
                ctx.set_timer(TICK, Timer::Tick);
            }
            Timer::Session(_) => {}
        }
        self.settle(ctx);
    }

    pub(super) fn synced(&mut self, ticket: u64, ctx: &mut EtcdCtx<'_>) {
        self.begin();
        within(ctx, |ctx| self.replica.synced(ticket, ctx));
        self.settle(ctx);
    }

    pub(super) fn act(&mut self, action: &Action, ctx: &mut EtcdCtx<'_>) -> bool {
        self.begin();
        let done = match action.id.as_str() {
            "transfer_leadership" => within(ctx, |ctx| self.replica.transfer(ctx)),
            "compact" if self.leads() && self.store.revision > self.store.compacted => {
                self.propose(self.own(Kind::Compact, self.store.revision), ctx);
                true
            }
            _ => false,
        };
        self.settle(ctx);
        done
    }

    pub(super) fn heap(&self) -> usize {
        // The log is in memory and on disk.
        2 * self.replica.log.heap() + self.store.heap() + 120 * (self.waiting.len() + self.watchers.len())
    }

    pub(super) fn digest(&self) -> u64 {
        Digest::new()
            .add(self.replica.digest())
            .add(self.store.digest())
            .all(self.lessor.expiry.iter().flat_map(|(lease, until)| [*lease, *until]))
            .add(self.waiting.len() as u64)
            .end()
    }
}
