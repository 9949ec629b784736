//! A lock server: who has the lease is decided by a replicated log, and so is the token.

use netsplit_sim::digest::Digest;
use netsplit_sim::history::{Function, Operation};
use netsplit_sim::node::{Ctx, Look, NodeId};
use netsplit_sim::small::Map;
use netsplit_sim::time::Nanos;
use netsplit_sim::view::{Detail, Item, NodeView, Text};

use super::message::{Lease, Order, Token, Write};
use super::node::{Node, Timer};
use crate::leader_election::paxos::core::PaxosCtx;
use crate::leader_election::paxos::{Command, Core, Role, log_view};
use crate::parts::host::Envelope;

/// A lock server.
#[derive(Clone, Debug)]
pub struct Lock {
    /// Its part of the log.
    pub core: Core,
    ttl: Nanos,
    /// Mistake: the leader counts tokens itself instead of having the log count them.
    reuses: bool,
    first: Token,
    counted: Token,
    /// Who has the lease: the node and the order with which it asked.
    pub holder: Option<(NodeId, Order)>,
    /// The last token handed out.
    pub token: Token,
    renewals: u64,
    led: bool,
    /// Orders that this server put into the log and answers once they are decided.
    asked: Map<(u32, Order), ()>,
}

/// A command of the log. Nodes ask with a comparison and prolong with a write; the lock servers end with a call.
fn command(who: NodeId, number: Order, function: Function, token: Token) -> Command {
    Command::Client(who, Operation { number, function, key: 0, value: token, expected: 0 })
}

impl Lock {
    pub(super) fn new(core: Core, ttl: Nanos, first: Token, reuses: bool) -> Self {
        Self {
            core,
            ttl,
            reuses,
            first,
            counted: first - 1,
            holder: None,
            token: first - 1,
            renewals: 0,
            led: false,
            asked: Map::new(),
        }
    }

    /// Lets the log act, then does what it decided.
    pub(super) fn with(&mut self, ctx: &mut Ctx<'_, Node>, act: impl FnOnce(&mut Core, &mut PaxosCtx<'_>)) {
        let core = &mut self.core;
        ctx.scoped(0, &|m| Envelope::Server(Lease::Log(m)), &Timer::Log, &Write::Log, |ctx| act(core, ctx));
        while let Some(value) = self.core.next_decided() {
            if let Command::Client(who, operation) = value.command {
                self.apply(who, &operation, ctx);
            }
        }
        let leads = self.core.role == Role::Leading;
        if leads && !self.led {
            // How much of the lease is left is not known: it gets its whole span again. Never less.
            self.counted = self.first - 1;
            self.arm(ctx);
        }
        if !leads {
            self.asked.clear();
        }
        self.led = leads;
    }

    fn arm(&mut self, ctx: &mut Ctx<'_, Node>) {
        if self.holder.is_some() {
            ctx.set_timer(self.ttl, Timer::Expire(self.token, self.renewals));
        }
    }

    fn apply(&mut self, who: NodeId, operation: &Operation, ctx: &mut Ctx<'_, Node>) {
        let order = operation.number;
        let granted = match operation.function {
            Function::Cas => {
                if self.holder.is_none() {
                    self.token = if self.reuses { operation.value } else { self.token + 1 };
                    self.holder = Some((who, order));
                    self.renewals = 0;
                    let token = self.token;
                    if self.core.role == Role::Leading {
                        ctx.note(|| Text::new("lease-granted").with("holder", who).with("token", token));
                    }
                }
                self.holder == Some((who, order))
            }
            Function::Write => {
                let holds = self.token == operation.value && self.holder.is_some_and(|(node, _)| node == who);
                self.renewals += u64::from(holds);
                holds
            }
            _ => {
                // Whoever was prolonged meanwhile keeps it.
                if self.token == operation.value && self.renewals == order {
                    let token = self.token;
                    if self.core.role == Role::Leading {
                        ctx.note(|| Text::new("lease-expired").with("token", token));
                    }
                    self.holder = None;
                }
                return;
            }
        };
        if granted && self.core.role == Role::Leading {
            self.arm(ctx);
        }
        if self.asked.remove(&(who.0, order)).is_some() {
            let answer = if granted {
                Lease::Granted(order, self.token)
            } else {
                Lease::Refused(order, self.holder.map(|(node, _)| node))
            };
            ctx.send(who, Envelope::Server(answer));
        }
    }

    /// The lease has lasted its span since this server heard of it.
    pub(super) fn expire(&mut self, token: Token, renewals: u64, ctx: &mut Ctx<'_, Node>) {
        if self.token == token && self.renewals == renewals && self.holder.is_some() {
            let command = command(ctx.me(), renewals, Function::Call, token);
            self.with(ctx, |core, ctx| {
                core.propose(command, ctx);
            });
        }
    }

    pub(super) fn receive(&mut self, from: NodeId, message: Lease, ctx: &mut Ctx<'_, Node>) {
        let (order, function, token) = match message {
            Lease::Log(message) => return self.with(ctx, |core, ctx| core.receive(from, message, ctx)),
            Lease::Acquire(order) => (order, Function::Cas, 0),
            Lease::Renew(order, token) => (order, Function::Write, token),
            _ => return,
        };
        if self.core.role != Role::Leading {
            return ctx.send(from, Envelope::Server(Lease::Elsewhere(order, self.core.leader)));
        }
        let held = self.holder.filter(|holder| function == Function::Cas && *holder != (from, order));
        if let Some((holder, _)) = held {
            // The log would only say the same.
            return ctx.send(from, Envelope::Server(Lease::Refused(order, Some(holder))));
        }
        if self.asked.insert((from.0, order), ()).is_none() {
            self.counted += u64::from(function == Function::Cas);
            let token = if function == Function::Cas { self.counted } else { token };
            let command = command(from, order, function, token);
            self.with(ctx, |core, ctx| {
                core.propose(command, ctx);
            });
        }
    }

    pub(super) fn digest(&self) -> u64 {
        let (node, order) = self.holder.map_or((0, 0), |(node, order)| (u64::from(node.0) + 1, order));
        Digest::new().add(self.core.digest()).add(node).add(order).add(self.token).add(self.renewals).end()
    }

    pub(super) fn observe(&self, look: &Look, detail: Detail) -> NodeView {
        let mut view = log_view(&self.core, look, detail);
        if detail >= Detail::Card {
            let holder =
                self.holder.map_or_else(|| "nobody".to_owned(), |(node, _)| format!("n{}", node.0 + 1));
            view.items.insert(0, Item::Fact("lease-holder", holder));
            view.items.insert(1, Item::Fact("lease-token", self.token.to_string()));
        }
        view
    }
}
