//! The servers: what they say to each other, what is on their disks, and how keys move to a joiner.

use std::sync::Arc;

use netsplit_sim::declare::Settings;
use netsplit_sim::digest::{self, Digest};
use netsplit_sim::history::{Cause, Function};
use netsplit_sim::node::{Ctx, Look, Message, Node, NodeId, Storage};
use netsplit_sim::small::{Map, Set};
use netsplit_sim::time::Nanos;
use netsplit_sim::view::{Arc as RingArc, Body, ClusterView, Detail, Item, Mark, NodeView, Text};

use super::invariants;
use crate::parts::client::{Answer, ClientMessage, Reply, Request};
use crate::parts::hashing::{Ring, place};
use crate::parts::host::{ClientTotals, Envelope, Overview};
use crate::parts::words;

/// Keys from here on are stock: data that is there to be moved and that no client touches.
const STOCK: u64 = 1 << 40;

type Items = Arc<[(u64, u64)]>;

/// What servers say to each other.
#[derive(Clone, Debug, PartialEq)]
pub enum Move {
    /// A request for the key's owner, from a node that is not.
    Forward(Request, u8),
    /// Joiner to old owner: send keys after this one that will be mine.
    Pull(u64),
    /// Old owner: keys after the one asked for; true with the last ones.
    Copy(u64, Items, bool),
    /// Joiner to old owner: stop answering for them.
    HandOver,
    /// Old owner: I have stopped; this is what was written since it was copied.
    Handed(Items),
    /// Joiner to all: these nodes have handed over.
    Map(Arc<[u32]>),
}

impl Message for Move {
    fn kind(&self) -> u8 {
        match self {
            Self::Forward(..) => 0,
            Self::Pull(_) => 1,
            Self::Copy(..) => 2,
            Self::HandOver => 3,
            Self::Handed(_) => 4,
            Self::Map(_) => 5,
        }
    }
    fn digest(&self) -> u64 {
        let items = |items: &Items| Digest::new().all(items.iter().flat_map(|(k, v)| [*k, *v])).end();
        match self {
            Self::Forward(request, hops) => {
                digest::of(&[1, ClientMessage::Request(*request).digest(), u64::from(*hops)])
            }
            Self::Pull(after) => digest::of(&[2, *after]),
            Self::Copy(after, list, last) => digest::of(&[3, *after, items(list), u64::from(*last)]),
            Self::HandOver => 4,
            Self::Handed(list) => digest::of(&[5, items(list)]),
            Self::Map(nodes) => Digest::new().all(nodes.iter().map(|n| u64::from(*n))).end(),
        }
    }
    fn bytes(&self) -> u32 {
        match self {
            Self::Copy(_, items, _) | Self::Handed(items) => 64 + 128 * items.len() as u32,
            _ => 64,
        }
    }
}

/// What is on disk.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    items: Map<u64, u64>,
    given: bool,
    taken: Set<u32>,
    seen: bool,
}

/// One write.
#[derive(Clone, Debug)]
pub enum Write {
    /// Keys and values.
    Items(Items),
    /// What is now the joiner's is no longer ours.
    Given,
    /// What was this node's is now ours.
    Taken(u32),
}

impl Storage for Disk {
    type Write = Write;
    fn apply(&mut self, write: Write) {
        self.seen = true;
        match write {
            Write::Items(items) => self.items.extend(items.iter().copied()),
            Write::Given => self.given = true,
            Write::Taken(owner) => {
                self.taken.add(owner);
            }
        }
    }
}

/// The rings before and after the join, known to all as a function of the members.
#[derive(Debug)]
pub(super) struct Rings {
    before: Ring,
    after: Ring,
    members: u32,
    /// Shares of the stock that move with the join: on the ring, and if keys were placed by hash modulo N.
    moved_share: f64,
    modulo_share: f64,
}

impl Rings {
    pub(super) fn new(members: u32, points: u32, stock: u64) -> Self {
        let name = |node: u32| format!("n{}", node + 1);
        let before = Ring::new(0..members, points, name);
        let after = Ring::new(0..=members, points, name);
        let mut rings = Self { before, after, members, moved_share: 0.0, modulo_share: 0.0 };
        let share = |count: usize| count as f64 / stock.max(1) as f64;
        let (old, new) = (u64::from(members.max(1)), u64::from(members + 1));
        let all = STOCK..STOCK + stock;
        rings.moved_share = share(all.clone().filter(|key| rings.moves(*key)).count());
        rings.modulo_share = share(all.filter(|key| Self::key(*key) % old != Self::key(*key) % new).count());
        rings
    }

    fn key(key: u64) -> u64 {
        place(&format!("key:{key}"))
    }
    fn before(&self, key: u64) -> u32 {
        self.before.owner(Self::key(key))
    }
    /// Whether the joiner gets it.
    fn moves(&self, key: u64) -> bool {
        self.after.owner(Self::key(key)) == self.members
    }
}

/// How far the joiner is with one old owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Copying(u64),
    Asking,
}

/// Time to ask the old owners again, or to tell the map again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick;

#[derive(Clone, Debug)]
enum Then {
    Reply(Request, Answer),
    Hand(NodeId),
    Own(u32),
}

/// A server.
#[derive(Clone, Debug)]
pub struct Shard {
    rings: Arc<Rings>,
    pub(super) me: u32,
    stock: u64,
    batch: usize,
    pace: Nanos,
    service: Nanos,
    items: Map<u64, u64>,
    /// As an old owner: what the joiner gets has been handed over.
    pub(super) given: bool,
    /// As an old owner: how many keys it still holds and no longer owns.
    gone: usize,
    /// As an old owner: keys written since the joiner began to copy.
    dirty: Set<u64>,
    copying: bool,
    /// Old owners known to have handed over.
    pub(super) moved: Set<u32>,
    /// As the joiner: how far it is with each old owner.
    phases: Map<u32, Phase>,
    held: Vec<Request>,
    ticket: u64,
    waiting: Vec<(u64, Then)>,
    requests: u64,
    received: u64,
}

impl Shard {
    /// One of the first members, or the joiner, with the settings of its node.
    pub(super) fn new(rings: Arc<Rings>, me: u32, stock: u64, settings: &Settings) -> Self {
        Self {
            rings,
            me,
            stock,
            batch: settings.int("batch").max(1) as usize,
            pace: settings.duration("pace"),
            service: settings.duration("service"),
            items: Map::new(),
            given: false,
            gone: 0,
            dirty: Set::new(),
            copying: false,
            moved: Set::new(),
            phases: Map::new(),
            held: Vec::new(),
            ticket: 0,
            waiting: Vec::new(),
            requests: 0,
            received: 0,
        }
    }

    pub(super) fn joiner(&self) -> u32 {
        self.rings.members
    }

    fn owner(&self, key: u64) -> u32 {
        let old = self.rings.before(key);
        if self.moved.contains(&old) && self.rings.moves(key) { self.joiner() } else { old }
    }

    /// Whether this node may answer for the key.
    fn authority(&self, key: u64) -> bool {
        let old = self.rings.before(key);
        if self.me == self.joiner() {
            self.rings.moves(key) && self.moved.contains(&old)
        } else {
            old == self.me && !(self.given && self.rings.moves(key))
        }
    }

    fn then(&mut self, then: Then, ctx: &mut Ctx<'_, Self>) {
        self.ticket += 1;
        self.waiting.push((self.ticket, then));
        ctx.sync(self.ticket);
    }

    fn request(&mut self, request: Request, hops: u8, ctx: &mut Ctx<'_, Self>) {
        let op = request.operation;
        if !self.authority(op.key) {
            let mine_soon = self.me == self.joiner() && self.rings.moves(op.key);
            let owner =
                if self.given && self.rings.moves(op.key) { self.joiner() } else { self.owner(op.key) };
            if mine_soon && hops > 0 {
                // The old owner has stopped, its last writes are on the way: a moment's patience.
                self.held.push(request);
            } else if owner == self.me || hops > 4 {
                reply(&request, Answer::Refused(Cause::Unavailable), ctx);
            } else {
                ctx.send(NodeId(owner), Envelope::Server(Move::Forward(request, hops + 1)));
            }
            return;
        }
        self.requests += 1;
        match op.function {
            Function::Read | Function::Call => {
                reply(&request, Answer::Ok(self.items.get(&op.key).copied()), ctx);
            }
            Function::Cas => reply(&request, Answer::Refused(Cause::Unavailable), ctx),
            Function::Write => {
                if ctx.write(Write::Items([(op.key, op.value)].into())).is_err() {
                    return reply(&request, Answer::Refused(Cause::Error), ctx);
                }
                self.items.insert(op.key, op.value);
                if self.copying && self.rings.moves(op.key) {
                    self.dirty.add(op.key);
                }
                self.then(Then::Reply(request, Answer::Ok(None)), ctx);
            }
        }
    }

    fn handle(&mut self, from: NodeId, message: Move, ctx: &mut Ctx<'_, Self>) {
        match message {
            Move::Forward(request, hops) => self.request(request, hops, ctx),
            Move::Pull(after) => {
                self.copying = true;
                let mut items: Vec<(u64, u64)> = Vec::new();
                for (key, value) in self.items.from(&after) {
                    if self.rings.moves(*key) && self.rings.before(*key) == self.me {
                        items.push((*key, *value));
                        if items.len() > self.batch {
                            break;
                        }
                    }
                }
                let last = items.len() <= self.batch;
                items.truncate(self.batch);
                ctx.send(from, Envelope::Server(Move::Copy(after, items.into(), last)));
            }
            Move::Copy(after, items, last) => self.copied(from, after, &items, last, ctx),
            Move::HandOver => {
                if !self.given {
                    if ctx.write(Write::Given).is_err() {
                        return;
                    }
                    self.give();
                    let moved = self.dirty.len() as u64;
                    ctx.notable(|| Text::new("ring-hands-over").with("joiner", from).with("count", moved));
                }
                self.then(Then::Hand(from), ctx);
            }
            Move::Handed(items) => {
                if self.phases.get(&from.0) == Some(&Phase::Asking)
                    && ctx.write(Write::Items(items.clone())).is_ok()
                {
                    self.items.extend(items.iter().copied());
                    if ctx.write(Write::Taken(from.0)).is_ok() {
                        self.then(Then::Own(from.0), ctx);
                    }
                }
            }
            Move::Map(owners) => self.moved.extend(owners.iter().map(|owner| (*owner, ()))),
        }
    }

    fn copied(&mut self, from: NodeId, after: u64, items: &Items, last: bool, ctx: &mut Ctx<'_, Self>) {
        if self.phases.get(&from.0) != Some(&Phase::Copying(after)) {
            return;
        }
        if ctx.write(Write::Items(items.clone())).is_err() {
            return;
        }
        self.received += items.len() as u64;
        self.items.extend(items.iter().copied());
        let next = items.last().map_or(after, |(key, _)| key + 1);
        if last {
            self.phases.insert(from.0, Phase::Asking);
            ctx.send(from, Envelope::Server(Move::HandOver));
        } else {
            self.phases.insert(from.0, Phase::Copying(next));
        }
    }

    /// What moves is no longer this old owner's.
    fn give(&mut self) {
        self.given = true;
        self.moved.add(self.me);
        self.gone = self.items.keys().filter(|key| self.rings.moves(**key)).count();
    }

    /// Share of old owners' moves that is done, in thousandths.
    fn progress(&self) -> u16 {
        let total = u64::from(self.joiner()).max(1);
        (self.moved.len() as u64 * 1000 / total) as u16
    }
}

fn reply(request: &Request, answer: Answer, ctx: &mut Ctx<'_, Shard>) {
    let reply = Reply { number: request.operation.number, attempt: request.attempt, answer, session: 0 };
    ctx.send(request.client, ClientMessage::Reply(reply).into());
}

impl Node for Shard {
    type Message = Envelope<Move>;
    type Timer = Tick;
    type Disk = Disk;
    type Watch = invariants::Invariants;

    fn start(&mut self, disk: &Disk, ctx: &mut Ctx<'_, Self>) {
        let own = (STOCK..STOCK + self.stock)
            .filter(|key| self.me != self.joiner() && self.rings.before(*key) == self.me);
        self.items = own.map(|key| (key, 0)).collect();
        self.items.extend(disk.items.iter().map(|(k, v)| (*k, *v)));
        // After a restart everything that moves may have been written since it was copied.
        self.copying = disk.seen && self.me != self.joiner();
        if self.copying {
            self.dirty.extend(disk.items.keys().filter(|key| self.rings.moves(**key)).map(|key| (*key, ())));
        }
        self.moved = disk.taken.clone();
        if disk.given {
            self.give();
        }
        if self.me == self.joiner() {
            let owners = (0..self.joiner()).filter(|owner| !self.moved.contains(owner));
            self.phases = owners.map(|owner| (owner, Phase::Copying(0))).collect();
            ctx.notable(|| Text::new("ring-joins"));
            self.timer(Tick, ctx);
        }
    }

    fn receive(&mut self, from: NodeId, message: Envelope<Move>, ctx: &mut Ctx<'_, Self>) {
        match message {
            Envelope::Client(ClientMessage::Request(request)) => self.request(request, 0, ctx),
            Envelope::Client(ClientMessage::Reply(_) | ClientMessage::Cancel(..)) => {}
            Envelope::Server(message) => self.handle(from, message, ctx),
        }
    }

    fn timer(&mut self, _: Tick, ctx: &mut Ctx<'_, Self>) {
        for (owner, phase) in self.phases.clone() {
            let message = match phase {
                Phase::Copying(after) => Move::Pull(after),
                Phase::Asking => Move::HandOver,
            };
            ctx.send(NodeId(owner), Envelope::Server(message));
        }
        if !self.moved.is_empty() {
            let map: Arc<[u32]> = self.moved.keys().copied().collect();
            let peers = (0..self.joiner()).map(NodeId);
            ctx.send_all(peers, &Envelope::Server(Move::Map(map)));
        }
        // Once all has moved, the map is still told now and then, for nodes that were away.
        let pause = if self.phases.is_empty() { self.pace.saturating_mul(20) } else { self.pace };
        ctx.set_timer(pause, Tick);
    }

    fn synced(&mut self, ticket: u64, ctx: &mut Ctx<'_, Self>) {
        let at = self.waiting.partition_point(|(number, _)| *number <= ticket);
        let done: Vec<Then> = self.waiting.drain(..at).map(|(_, then)| then).collect();
        for then in done {
            match then {
                Then::Reply(request, answer) => reply(&request, answer, ctx),
                Then::Hand(to) => {
                    let items: Items =
                        self.dirty.keys().map(|k| (*k, self.items.get(k).copied().unwrap_or(0))).collect();
                    ctx.send(to, Envelope::Server(Move::Handed(items)));
                }
                Then::Own(owner) => {
                    self.phases.remove(&owner);
                    self.moved.add(owner);
                    ctx.notable(|| Text::new("ring-takes-over").with("owner", NodeId(owner)));
                    for request in std::mem::take(&mut self.held) {
                        self.request(request, 1, ctx);
                    }
                }
            }
        }
    }

    fn demand(&self, _: NodeId, _: &Envelope<Move>) -> Nanos {
        self.service
    }

    fn keeps(&self, key: u64) -> bool {
        self.authority(key)
    }
    fn digest(&self) -> u64 {
        Digest::new()
            .add(self.items.len() as u64)
            .add(self.requests)
            .add(self.received)
            .add(u64::from(self.given))
            .all(self.moved.keys().map(|n| u64::from(*n)))
            .all(self.items.iter().take_while(|(key, _)| **key < STOCK).flat_map(|(k, v)| [*k, *v]))
            .end()
    }

    fn observe(&self, _: &Look, detail: Detail) -> NodeView {
        let mut view = NodeView::new(Body::Ring, "role-shard");
        view.hue = self.me + 1;
        if self.me == self.joiner() && !self.phases.is_empty() {
            view.mark = Mark::Joining(self.progress());
        }
        if detail == Detail::Dot {
            return view;
        }
        // Keys that were handed over stay on the old owner's disk as orphans; they are not its own any more.
        let own = self.items.len() - self.gone;
        view.caption = format!("{own} keys");
        view.items.push(Item::Fact("keys", own.to_string()));
        view.items.push(Item::Fact("requests", self.requests.to_string()));
        if detail == Detail::Full {
            view.items.push(Item::Fact("orphans", self.gone.to_string()));
            let rows = self
                .items
                .iter()
                .take_while(|(key, _)| **key < STOCK)
                .map(|(key, value)| (words::key(*key), words::value(*value), self.owner(*key) + 1));
            view.items.push(Item::Table("values", rows.collect()));
        }
        view
    }
}

impl Overview for Shard {
    fn overview(servers: &[(usize, &Self)], up: &[bool], _: ClientTotals) -> ClusterView {
        let Some((_, first)) = servers.first() else { return ClusterView::default() };
        let rings = &first.rings;
        let joiner = servers.iter().find(|(_, s)| s.me == rings.members).map(|(at, s)| (up[*at], *s));
        let (joined, done) = joiner.map_or((false, None), |(up, s)| (up || s.received > 0, Some(&s.moved)));
        let ring = if joined { &rings.after } else { &rings.before };
        let points = ring.points();
        let mut view = ClusterView::default();
        for (at, (point, node)) in points.iter().enumerate() {
            let before = points[(at + points.len() - 1) % points.len()].0;
            let old = rings.before.owner(*point);
            let pending = *node == rings.members && !done.is_some_and(|moved| moved.contains(&old));
            view.ring.push(RingArc {
                from: (before >> 32) as u32,
                to: (point >> 32) as u32,
                owner: *node,
                moving_from: pending.then_some(old),
            });
        }
        let members = rings.members + u32::from(joined);
        view.bands.push(("members", format!("{members} shards"), 0));
        let received = joiner.map_or(0, |(_, s)| s.received);
        view.values = vec![
            ("keys_moved", received as f64),
            ("moved_share", if joined { rings.moved_share } else { 0.0 }),
            ("modulo_share", if joined { rings.modulo_share } else { 0.0 }),
        ];
        view
    }
}
