//! Messages on the wire. What happens to one is keyed by its name (sender, receiver, instant, count).

use super::effects::Work;
use super::{Body, Core, Due, NONE};
use crate::draw;
use crate::history::What;
use crate::network::Transport;
use crate::node::{NodeId, Wire};
use crate::time::Nanos;
use crate::trace::{Kind, Record};

/// One direction of a stream.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    /// Connections before this one.
    epoch: u32,
    /// Segments sent on this connection.
    sent: u32,
    /// The segment that must arrive next.
    expected: u32,
    /// No segment arrives before.
    last_at: Nanos,
    /// Segments that arrived before an earlier one, in order: (place, handle).
    held: Vec<(u32, u32)>,
}

/// A message in flight.
#[derive(Clone, Copy, Debug)]
pub struct InFlight {
    /// Sender.
    pub from: NodeId,
    /// Receiver.
    pub to: NodeId,
    /// Sent at (ns).
    pub sent: Nanos,
    /// Due at (ns).
    pub at: Nanos,
    /// Count within the instant of sending.
    pub count: u32,
    /// 1 for the network's copy.
    pub copy: u8,
    /// Kind of message.
    pub kind: u8,
    pub(crate) slot: u32,
}

/// What a link does at this moment: its profile and the faults in force.
struct Condition {
    loss: f64,
    duplicate: f64,
    reorder: f64,
    reorder_by: Nanos,
    add: Nanos,
    bandwidth: u64,
}

impl Core {
    /// All messages in flight, in order of their handles.
    pub fn in_flight(&self) -> impl Iterator<Item = InFlight> + '_ {
        self.bodies.iter().enumerate().filter(|(_, b)| b.due == Due::Message && !b.cancelled).map(
            |(slot, b)| InFlight {
                from: NodeId(b.peer),
                to: NodeId(b.node),
                sent: b.sent,
                at: b.at,
                count: b.count,
                copy: b.copy,
                kind: b.label,
                slot: slot as u32,
            },
        )
    }

    /// How many messages this sender has sent to this receiver at this instant before.
    #[inline]
    fn count_within_instant(&mut self, from: NodeId, to: NodeId) -> u32 {
        let now = self.now;
        let heard = std::mem::replace(&mut self.nodes[to.index()].heard_at, now);
        let sender = &mut self.nodes[from.index()];
        if sender.sent_at != now {
            sender.sent_at = now;
            sender.first_to = to.0;
            return 0;
        }
        Self::count_again(sender, to, heard == now)
    }

    #[inline(never)]
    fn count_again(sender: &mut super::NodeState, to: NodeId, heard: bool) -> u32 {
        if sender.first_to != NONE {
            sender.sent_to.clear();
            sender.sent_to.push(sender.first_to);
            sender.first_to = NONE;
        }
        let count = if heard { sender.sent_to.iter().filter(|n| **n == to.0).count() as u32 } else { 0 };
        sender.sent_to.push(to.0);
        count
    }

    /// Puts a message on the wire; a slot is returned for the copy if the network duplicates it.
    #[inline]
    pub(crate) fn send(&mut self, slot: u32, from: NodeId, to: NodeId, wire: Wire) -> Option<u32> {
        let now = self.now;
        let cause = self.events;
        let make = move |count: u32, life: u32| Body {
            due: Due::Message,
            label: wire.kind,
            node: to.0,
            peer: from.0,
            bytes: wire.bytes,
            digest: wire.digest,
            sent: now,
            cause,
            count,
            life,
            ..Body::BLANK
        };
        if from == to {
            self.enqueue(slot, now, make(0, 0));
            return None;
        }
        let count = self.count_within_instant(from, to);
        let (f, t) = (from.index(), to.index());
        let profile = if self.network.by_zone.is_empty() && self.network.by_link.is_empty() {
            &self.network.profiles[0]
        } else {
            self.network.profile(from.0, to.0, self.meta[f].zone, self.meta[t].zone)
        };
        let plain = self.effects.is_empty()
            && profile.transport == Transport::Datagram
            && profile.loss == 0.0
            && profile.duplicate == 0.0
            && profile.reorder == 0.0
            && profile.bandwidth == 0;
        if plain && let crate::distribution::Distribution::Constant(latency) = profile.latency {
            let life = self.nodes[t].life;
            self.enqueue(slot, now.saturating_add(latency), make(count, life));
            return None;
        }
        let pair = draw::join(self.nodes[f].wire, self.nodes[t].wire);
        let word = draw::word(pair, now.wrapping_add(u64::from(count).rotate_left(48)));
        let latency = profile.latency.sample(word);
        let life = self.nodes[t].life;
        if plain {
            self.enqueue(slot, now.saturating_add(latency), make(count, life));
            return None;
        }
        self.send_with_care(slot, from, to, &make(count, life), word, latency)
    }

    #[cold]
    fn condition(&self, from: NodeId, to: NodeId) -> (Transport, Condition) {
        let (f, t) = (from.index(), to.index());
        let profile = self.network.profile(from.0, to.0, self.meta[f].zone, self.meta[t].zone);
        let mut c = Condition {
            loss: profile.loss,
            duplicate: profile.duplicate,
            reorder: profile.reorder,
            reorder_by: profile.reorder_by,
            add: 0,
            bandwidth: profile.bandwidth,
        };
        for effect in self.effects.iter().filter(|e| e.concerns(f, t)) {
            match effect.what {
                Work::Loss(p) => c.loss = 1.0 - (1.0 - c.loss) * (1.0 - p),
                Work::Duplicate(p) => c.duplicate = 1.0 - (1.0 - c.duplicate) * (1.0 - p),
                Work::Reorder(p, by) => {
                    c.reorder = 1.0 - (1.0 - c.reorder) * (1.0 - p);
                    c.reorder_by = by;
                }
                Work::Latency(add) => c.add = c.add.saturating_add(add),
                Work::Bandwidth(b) => c.bandwidth = if c.bandwidth == 0 { b } else { c.bandwidth.min(b) },
                Work::Split | Work::Cut | Work::Flap(_) => {}
            }
        }
        (profile.transport, c)
    }

    #[inline(never)]
    fn send_with_care(
        &mut self,
        slot: u32,
        from: NodeId,
        to: NodeId,
        body: &Body,
        word: u64,
        latency: Nanos,
    ) -> Option<u32> {
        let mut body = *body;
        let now = self.now;
        let (transport, c) = self.condition(from, to);
        let mut at = now.saturating_add(latency).saturating_add(c.add);
        if c.bandwidth > 0 {
            // The link works off one message after the other.
            let takes = (u128::from(body.bytes) * 1_000_000_000 / u128::from(c.bandwidth)) as Nanos;
            let free = self.thin.slot((from.0, to.0), || 0);
            let starts = (*free).max(now);
            *free = starts.saturating_add(takes);
            at = at.saturating_add(*free - now);
        }
        let cut = self.is_cut(from, to);
        if transport == Transport::Stream {
            // Loss becomes delay: each lost transmission costs one retransmission timeout. It does not double, as
            // later segments' acknowledgements tell of the gap.
            let mut tries = 0;
            while tries < 10 && (c.loss > 0.0 && draw::chance(draw::word(word, 16 + tries), c.loss)) {
                at = at.saturating_add(self.network.retransmit);
                tries += 1;
            }
            if cut {
                body.tries = 1;
                at = at.saturating_add(self.network.retransmit);
            }
            let stream = self.streams[from.index()].slot(to.0, Stream::default);
            body.stream = true;
            body.epoch = stream.epoch;
            body.place = stream.sent;
            stream.sent += 1;
            stream.last_at = stream.last_at.max(at);
            let at = stream.last_at;
            self.enqueue(slot, at, body);
            return None;
        }
        if cut || (c.loss > 0.0 && draw::chance(draw::word(word, 1), c.loss)) {
            self.lost(&body);
            self.release(slot);
            return None;
        }
        if c.reorder > 0.0 && draw::chance(draw::word(word, 2), c.reorder) {
            at = at.saturating_add(c.reorder_by);
        }
        self.enqueue(slot, at, body);
        if c.duplicate > 0.0 && draw::chance(draw::word(word, 3), c.duplicate) {
            let profile =
                self.network.profile(from.0, to.0, self.meta[from.index()].zone, self.meta[to.index()].zone);
            let at = at.saturating_add(profile.latency.sample(draw::word(word, 4)));
            let copy = self.allocate();
            self.enqueue(copy, at, Body { copy: 1, ..body });
            return Some(copy);
        }
        None
    }

    /// Tells of a message that was lost. Its loss is in the trace, but is no event of the run.
    pub(crate) fn lost(&mut self, body: &Body) {
        self.trace.push(Record::new(self.events, self.now, Kind::Lost, body));
        self.tell(NodeId(body.peer), What::Lost(NodeId(body.node), body.label));
    }

    /// A message was lost when it was due: an event of the run, as it moves time on.
    fn lost_on_arrival(&mut self, body: &Body) {
        self.record(Kind::Lost, body);
        self.tell(NodeId(body.peer), What::Lost(NodeId(body.node), body.label));
    }

    /// Whether a message that is due may be handed over now. Otherwise it was dealt with: lost, refused, or
    /// scheduled anew.
    #[inline]
    pub(crate) fn admit(&mut self, slot: u32) -> bool {
        let body = &self.bodies[slot as usize];
        let state = &self.nodes[body.node as usize];
        if !body.stream && self.effects.is_empty() && state.up && !state.paused() {
            return true;
        }
        let body = self.bodies[slot as usize];
        self.admit_with_care(slot, &body)
    }

    #[inline(never)]
    fn admit_with_care(&mut self, slot: u32, body: &Body) -> bool {
        let (from, to) = (NodeId(body.peer), NodeId(body.node));
        let key = (body.peer, body.node);
        let cut = self.is_cut(from, to);
        let state = &self.nodes[to.index()];
        let (up, silent, paused, life) = (state.up, state.silent, state.paused(), state.life);
        if !body.stream {
            if cut || !up {
                self.lost_on_arrival(body);
                self.release(slot);
                return false;
            }
            return !self.park(slot, to, paused);
        }
        let stream = self.streams[key.0 as usize].slot(key.1, Stream::default);
        if body.epoch == stream.epoch && body.place > stream.expected {
            // An earlier segment is being retransmitted: this one waits for it.
            let at = stream.held.partition_point(|(place, _)| *place < body.place);
            stream.held.insert(at, (body.place, slot));
            return false;
        }
        if body.epoch != stream.epoch {
            self.lost_on_arrival(body);
            self.release(slot);
            return false;
        }
        if cut || (!up && silent) {
            if self.now - body.sent >= self.network.give_up {
                self.lost_on_arrival(body);
                self.release(slot);
                self.break_stream(from, to, 0, true);
            } else {
                let wait = self.network.retransmit << body.tries.min(3);
                let at = (self.now + wait).min(body.sent.saturating_add(self.network.give_up));
                self.bodies[slot as usize].tries = body.tries.saturating_add(1);
                self.bodies[slot as usize].at = at;
                self.queue.push(at, slot);
            }
            return false;
        }
        if !up || body.life != life {
            // Refused (no process) or reset (another life of it): the sender learns one latency later.
            self.lost_on_arrival(body);
            self.release(slot);
            let delay = self.notice_delay(to, from);
            self.break_stream(from, to, delay, false);
            return false;
        }
        if self.park(slot, to, paused) {
            return false;
        }
        let stream = self.streams[key.0 as usize].slot(key.1, Stream::default);
        stream.expected += 1;
        if stream.held.first().is_some_and(|(place, _)| *place == stream.expected) {
            let (_, next) = stream.held.remove(0);
            self.queue.push_first(self.now, next);
        }
        true
    }

    fn park(&mut self, slot: u32, node: NodeId, paused: bool) -> bool {
        if paused {
            self.nodes[node.index()].parked.push(slot);
        }
        paused
    }

    fn notice_delay(&self, from: NodeId, to: NodeId) -> Nanos {
        let (f, t) = (from.index(), to.index());
        let pair = draw::join(self.nodes[f].wire, self.nodes[t].wire);
        let profile = self.network.profile(from.0, to.0, self.meta[f].zone, self.meta[t].zone);
        profile.latency.sample(draw::word(pair, !self.now))
    }

    /// Breaks the connection from `from` to `to`: what is under way on it is lost.
    fn break_stream(&mut self, from: NodeId, to: NodeId, delay: Nanos, both: bool) {
        self.renew_stream((from.0, to.0));
        self.notice(from, to, self.now.saturating_add(delay));
        if both {
            self.notice(to, from, self.now.saturating_add(delay));
        }
    }

    /// The next segment opens a new connection; what waited on the old one is lost.
    fn renew_stream(&mut self, key: (u32, u32)) {
        let stream = self.streams[key.0 as usize].slot(key.1, Stream::default);
        let old = std::mem::take(stream);
        stream.epoch = old.epoch + 1;
        for (_, slot) in old.held {
            let body = self.bodies[slot as usize];
            self.lost(&body);
            self.release(slot);
        }
    }

    fn notice(&mut self, at_node: NodeId, about: NodeId, at: Nanos) {
        let state = &self.nodes[at_node.index()];
        let (life, up) = (state.life, state.up);
        if up {
            let slot = self.allocate();
            let cause = self.events;
            let body = Body { due: Due::Broken, node: at_node.0, peer: about.0, life, cause, ..Body::BLANK };
            self.enqueue(slot, at, body);
        }
    }

    /// A node died: the other ends of its streams learn it one latency later, after what it had sent; or, if
    /// its machine fell silent, when they give up.
    pub(crate) fn reset_streams(&mut self, node: NodeId, silent: bool) {
        let mut touched: Vec<(u32, u32)> = Vec::new();
        for (from, streams) in (0u32..).zip(&self.streams) {
            if from == node.0 {
                touched.extend(streams.keys().map(|to| (from, *to)));
            } else if streams.contains_key(&node.0) {
                touched.push((from, node.0));
            }
        }
        let mut peers: Vec<u32> = Vec::new();
        for (from, to) in touched {
            let peer = if from == node.0 { to } else { from };
            if !peers.contains(&peer) {
                peers.push(peer);
                let sent = self.streams[node.index()].get(&peer).map_or(0, |s| s.last_at);
                let delay = if silent || self.is_cut(node, NodeId(peer)) {
                    self.network.give_up
                } else {
                    self.notice_delay(node, NodeId(peer))
                };
                self.notice(NodeId(peer), node, sent.max(self.now.saturating_add(delay)));
            }
            if to == node.0 {
                self.renew_stream((from, to));
            }
        }
    }

    /// The handle of a message in flight, by its name.
    pub(crate) fn find_message(&self, name: &crate::fault::MessageName) -> Option<u32> {
        self.in_flight()
            .find(|m| {
                m.from == name.from
                    && m.to == name.to
                    && m.sent == name.sent
                    && m.count == name.count
                    && m.copy == name.copy
            })
            .map(|m| m.slot)
    }

    /// Work that waits at a node's processor: the next one's handle.
    pub(crate) fn next_work(&mut self, node: NodeId) -> Option<u32> {
        let state = &mut self.nodes[node.index()];
        let slot = state.queue_head;
        if slot == NONE {
            return None;
        }
        state.queue_head = self.bodies[slot as usize].next;
        if state.queue_head == NONE {
            state.queue_tail = NONE;
        }
        state.queued -= 1;
        Some(slot)
    }

    /// Adds work to a node's queue.
    pub(crate) fn queue_work(&mut self, slot: u32, node: NodeId) {
        self.bodies[slot as usize].next = NONE;
        let state = &mut self.nodes[node.index()];
        let tail = std::mem::replace(&mut state.queue_tail, slot);
        state.queued += 1;
        if tail == NONE {
            state.queue_head = slot;
        } else {
            self.bodies[tail as usize].next = slot;
        }
    }
}
