//! A key-value server on the log.

use netsplit_sim::digest::Digest;
use netsplit_sim::history::{Cause, Function};
use netsplit_sim::node::{Ctx, Look, Node, NodeId};
use netsplit_sim::small::Map;
use netsplit_sim::time::Nanos;
use netsplit_sim::view::{Body, Cell, ClusterView, Data, Detail, Item, Mark, NodeView};

use super::core::{Core, PaxosCtx, Role, Timer};
use super::message::{CHOSEN, Command, Disk, Paxos, Value, ballot_name};
use crate::parts::client::{Answer, ClientMessage, Reply, Request};
use crate::parts::host::{ClientTotals, Envelope, Overview};
use crate::parts::store::{Applied, Store};
use crate::parts::words;

/// Cells of the log shown.
const CELLS: u64 = 8;

/// A server.
#[derive(Clone, Debug)]
pub struct Server {
    /// Its part of the log.
    pub core: Core,
    /// What the decided commands made.
    pub store: Store,
    service: Nanos,
    /// Clients that wait, by client and operation.
    waiting: Map<(u32, u64), Request>,
}

impl Server {
    pub(super) fn new(core: Core, service: Nanos) -> Self {
        Self { core, store: Store::default(), service, waiting: Map::new() }
    }

    /// Lets the log act, then applies what it decided.
    fn with(&mut self, ctx: &mut Ctx<'_, Self>, act: impl FnOnce(&mut Core, &mut PaxosCtx<'_>)) {
        let core = &mut self.core;
        ctx.scoped(0, &Envelope::Server, &|timer| timer, &|write| write, |ctx| act(core, ctx));
        while let Some(value) = self.core.next_decided() {
            let Command::Client(client, operation) = value.command else { continue };
            let applied = self.store.apply(client.0, &operation);
            if let Some(request) = self.waiting.remove(&(client.0, operation.number)) {
                reply(&request, applied.answer(), ctx);
            }
        }
        if self.core.role != Role::Leading {
            self.waiting.clear();
        }
    }

    fn request(&mut self, request: Request, ctx: &mut Ctx<'_, Self>) {
        if self.core.role == Role::Leading {
            // The reply is remembered first: alone, a leader may decide at once.
            self.waiting.insert((request.client.0, request.operation.number), request);
            let command = Command::Client(request.client, request.operation);
            self.with(ctx, |core, ctx| {
                core.propose(command, ctx);
            });
            return;
        }
        let leader = self.core.leader.filter(|leader| *leader != ctx.me());
        let answer =
            leader.map_or(Answer::Refused(Cause::Unavailable), |leader| Answer::Redirect(Some(leader)));
        reply(&request, answer, ctx);
    }
}

fn reply(request: &Request, answer: Answer, ctx: &mut Ctx<'_, Server>) {
    let reply = Reply { number: request.operation.number, attempt: request.attempt, answer, session: 0 };
    ctx.send(request.client, ClientMessage::Reply(reply).into());
}

impl Node for Server {
    type Message = Envelope<Paxos>;
    type Timer = Timer;
    type Disk = Disk;
    type Watch = super::invariants::Watch;

    fn start(&mut self, disk: &Disk, ctx: &mut Ctx<'_, Self>) {
        self.with(ctx, |core, ctx| core.start(disk, ctx));
    }

    fn receive(&mut self, from: NodeId, message: Envelope<Paxos>, ctx: &mut Ctx<'_, Self>) {
        match message {
            Envelope::Client(ClientMessage::Request(request)) => self.request(request, ctx),
            Envelope::Client(ClientMessage::Reply(_) | ClientMessage::Cancel(..)) => {}
            Envelope::Server(message) => self.with(ctx, |core, ctx| core.receive(from, message, ctx)),
        }
    }

    fn timer(&mut self, timer: Timer, ctx: &mut Ctx<'_, Self>) {
        self.with(ctx, |core, ctx| core.timer(timer, ctx));
    }

    fn synced(&mut self, ticket: u64, ctx: &mut Ctx<'_, Self>) {
        self.with(ctx, |core, ctx| core.synced(ticket, ctx));
    }

    fn demand(&self, _: NodeId, _: &Envelope<Paxos>) -> Nanos {
        self.service
    }

    fn heap(&self) -> usize {
        self.store.heap() + 2 * self.core.chosen.heap()
    }

    fn digest(&self) -> u64 {
        Digest::new().add(self.core.digest()).add(self.store.digest()).end()
    }

    fn observe(&self, look: &Look, detail: Detail) -> NodeView {
        let mut view = log_view(&self.core, look, detail);
        if detail == Detail::Full {
            let rows = self.store.iter().map(|(key, value)| (words::key(key), words::value(value), 0));
            view.items.push(Item::Table("values", rows.collect()));
        }
        view
    }
}

/// Writes that a full disk refused, where there are any: nothing that is to follow them leaves the node.
pub(in crate::leader_election) fn refused(count: usize) -> Option<Item> {
    (count > 0).then(|| Item::Fact("paxos-refused-writes", count.to_string()))
}

/// How a node of the log wants to be seen.
pub(in crate::leader_election) fn log_view(core: &Core, look: &Look, detail: Detail) -> NodeView {
    let (role, mark) = match core.role {
        Role::Follower => ("role-acceptor", Mark::None),
        Role::Preparing => ("role-proposer", Mark::Candidate),
        Role::Leading => ("role-leader", Mark::Leader),
    };
    let mut view = NodeView::new(Body::Ring, role);
    view.mark = mark;
    view.hue = (core.promised >> 8) as u32;
    if detail == Detail::Dot {
        return view;
    }
    view.caption = format!("ballot {}", ballot_name(core.promised));
    if core.role != Role::Leading && core.armed.1 > 0 {
        let left = core.armed.1.saturating_sub(look.elapsed.saturating_sub(core.armed.0));
        view.items.push(Item::Timer("paxos-timer", left, core.armed.1));
    }
    let last = core.accepted.keys().last().copied().unwrap_or(0).max(core.decided());
    let at = |slot: u64| in_slot(core, slot);
    let shown = (last + 1).saturating_sub(CELLS).max(1)..=last;
    let cells = shown.clone().map(|slot| {
        let (ballot, label, hue) = at(slot).map_or((0, "–".to_owned(), 0), |(ballot, value)| {
            let noop = value.command == Command::Noop;
            let round = value.origin >> 8;
            (ballot, if noop { "×".to_owned() } else { round.to_string() }, round as u32)
        });
        Cell { label, hue, solid: ballot == CHOSEN }
    });
    view.items.push(Item::Cells("paxos-log", cells.collect()));
    view.items.push(Item::Fact("paxos-decided", format!("{} of {last}", core.decided())));
    if detail == Detail::Full {
        view.items.push(Item::Fact("paxos-promised", ballot_name(core.promised)));
        view.items.push(Item::Fact("paxos-order-lost", core.order_lost.to_string()));
        view.items.extend(refused(core.refused()));
        let rows = shown.filter_map(|slot| {
            let (ballot, value) = at(slot)?;
            let what = match value.command {
                Command::Noop => "no-op".to_owned(),
                Command::Client(_, op) if op.function == Function::Read => {
                    format!("read {}", words::key(op.key))
                }
                Command::Client(_, op) => format!("{} = {}", words::key(op.key), words::value(op.value)),
            };
            let state = if ballot == CHOSEN { "chosen".to_owned() } else { ballot_name(ballot) };
            Some((slot.to_string(), format!("{what} ({state})"), (value.origin >> 8) as u32))
        });
        view.items.push(Item::Table("paxos-log", rows.collect()));
    }
    view
}

impl Overview for Server {
    fn overview(servers: &[(usize, &Self)], up: &[bool], _: ClientTotals) -> ClusterView {
        let mut view = ClusterView::default();
        let (mut decided, mut lost, mut round) = (0, 0, 0);
        for (at, server) in servers {
            let core = &server.core;
            decided = decided.max(core.decided());
            lost = lost.max(core.order_lost);
            round = round.max(core.promised >> 8);
            if core.role == Role::Leading && up[*at] {
                let label = format!("n{}, round {}", at + 1, core.ballot >> 8);
                view.bands.push(("leaders", label, (core.ballot >> 8) as u32));
            }
        }
        view.values = vec![
            ("leaders", view.bands.len() as f64),
            ("round", round as f64),
            ("decided", decided as f64),
            ("order_lost", lost as f64),
        ];
        view
    }

    /// Of any majority, somebody has accepted what was chosen in a slot, by the highest ballot of all that they have.
    fn data(servers: &[(usize, &Self)], up: &[bool]) -> Data {
        let live: Vec<&Core> =
            servers.iter().filter(|(at, _)| up[*at]).map(|(_, server)| &server.core).collect();
        if live.len() * 2 <= servers.len() {
            return Data::default();
        }
        let last = |core: &&Core| core.accepted.keys().last().copied().unwrap_or(0).max(core.decided());
        let slots = 1..=live.iter().map(last).max().unwrap_or(0);
        let value = |slot: u64| {
            let all = live.iter().filter_map(|core| in_slot(core, slot));
            all.max_by_key(|(ballot, _)| *ballot).map(|(_, value)| value)
        };
        let mut store = Store::default();
        let mut writes = Vec::new();
        for value in slots.filter_map(value) {
            let Command::Client(client, operation) = value.command else { continue };
            let applied = store.apply(client.0, &operation);
            if matches!(
                (operation.function, applied),
                (Function::Write, Applied::Fresh(_)) | (Function::Cas, Applied::Fresh(Some(1)))
            ) {
                writes.push((operation.key, operation.value));
            }
        }
        Data::of_writes(writes)
    }
}

/// What a node has in a slot: the value that it knows to be chosen, or else what it has accepted, with its ballot.
fn in_slot(core: &Core, slot: u64) -> Option<(u64, Value)> {
    match core.chosen.get(slot as usize - 1) {
        Some(value) => Some((CHOSEN, *value)),
        None => core.accepted.get(&slot).copied(),
    }
}
