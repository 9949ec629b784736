//! The store that the holder of the lease writes to. Where it fences, it compares tokens.

use netsplit_sim::digest::Digest;
use netsplit_sim::node::{Ctx, NodeId};
use netsplit_sim::view::{Body, Detail, Item, NodeView, Text};
use std::sync::Arc;

use super::message::{Disk, Kept, Lease, Token, Write};
use super::node::Node;
use crate::leader_election::paxos::refused;
use crate::parts::durable::Durable;
use crate::parts::host::Envelope;
use crate::parts::words;

/// The store.
#[derive(Clone, Debug)]
pub struct Store {
    fences: bool,
    /// Mistake: the highest token is not kept on disk.
    forgets: bool,
    /// What it keeps.
    pub kept: Kept,
    /// Writes that it accepted in this life, and the token of the last one.
    pub accepted: (u64, Token),
    /// Orders that it refused, for an old token, in this life.
    pub fenced: u64,
    /// Writes that it accepted in this life although it had seen a newer token.
    pub stale: u64,
    dirty: bool,
    durable: Durable<(NodeId, Lease), Write>,
}

impl Store {
    pub(super) fn new(fences: bool, forgets: bool) -> Self {
        Self {
            fences,
            forgets,
            kept: Kept::default(),
            accepted: (0, 0),
            fenced: 0,
            stale: 0,
            dirty: false,
            durable: Durable::default(),
        }
    }

    pub(super) fn start(&mut self, disk: &Disk) {
        self.kept = disk.kept.clone();
    }

    /// Answers once all that the answer rests on is durable.
    fn answer(&mut self, to: NodeId, answer: Lease, ctx: &mut Ctx<'_, Node>) {
        if self.dirty {
            self.dirty = false;
            let token = if self.forgets { 0 } else { self.kept.token };
            self.durable.write(Write::Keep(Kept { token, ..self.kept.clone() }), ctx);
        }
        if let Some((to, answer)) = self.durable.after((to, answer), ctx) {
            ctx.send(to, Envelope::Server(answer));
        }
    }

    pub(super) fn synced(&mut self, ticket: u64, ctx: &mut Ctx<'_, Node>) {
        for (to, answer) in self.durable.synced(ticket) {
            ctx.send(to, Envelope::Server(answer));
        }
    }

    pub(super) fn receive(&mut self, from: NodeId, message: Lease, ctx: &mut Ctx<'_, Node>) {
        self.durable.retry(ctx);
        let (order, token) = match &message {
            Lease::Load(order, token) | Lease::Get(order, token, _) | Lease::Put(order, token, ..) => {
                (*order, *token)
            }
            _ => return,
        };
        let newest = self.kept.token;
        if self.fences && token < newest {
            self.fenced += 1;
            ctx.notable(|| {
                Text::new("lease-fenced").with("holder", from).with("token", token).with("newest", newest)
            });
            return self.answer(from, Lease::Fenced(order, newest), ctx);
        }
        // Whoever shows a token, reading or writing, shuts the older ones out.
        if token > newest {
            self.kept.token = token;
            self.dirty = true;
        }
        let answer = match message {
            Lease::Get(_, _, key) => Lease::Value(order, self.kept.document.values.get(&key).copied()),
            Lease::Put(_, _, count, document) => {
                let last = self.kept.last.slot(from.0, || (0, 0));
                // What its own later write has overtaken is in that one.
                if (token, count) > *last {
                    *last = (token, count);
                    if token < newest {
                        self.stale += 1;
                        ctx.notable(|| {
                            let text = Text::new("lease-overwrites").with("holder", from);
                            text.with("token", token).with("newest", newest)
                        });
                    }
                    self.kept.document = document;
                    self.accepted = (self.accepted.0 + 1, token);
                    self.dirty = true;
                }
                Lease::Stored(order)
            }
            _ => Lease::Loaded(order, Arc::clone(&self.kept.document)),
        };
        self.answer(from, answer, ctx);
    }

    pub(super) fn digest(&self) -> u64 {
        let last =
            self.kept.last.iter().flat_map(|(node, (token, count))| [u64::from(*node), *token, *count]);
        Digest::new().add(self.kept.token).add(self.kept.document.word()).all(last).add(self.fenced).end()
    }

    pub(super) fn observe(&self, detail: Detail) -> NodeView {
        let mut view = NodeView::new(Body::Backend, "role-store");
        view.hue = self.kept.token as u32;
        if detail == Detail::Dot {
            return view;
        }
        view.caption = format!("token {}", self.kept.token);
        view.items.push(Item::Fact("lease-fenced-count", self.fenced.to_string()));
        view.items.push(Item::Fact("lease-stale-count", self.stale.to_string()));
        if detail == Detail::Full {
            view.items.push(Item::Fact("lease-writes", self.accepted.0.to_string()));
            view.items.extend(refused(self.durable.refused()));
            let values = self.kept.document.values.iter();
            let rows = values.map(|(key, value)| (words::key(*key), words::value(*value), 0));
            view.items.push(Item::Table("values", rows.collect()));
        }
        view
    }
}
