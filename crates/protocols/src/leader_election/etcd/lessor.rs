//! Leases: the leader alone counts their time, and lets one expire by a command in the log; and the compaction of history.
//!
//! etcd's `server/lease/lessor.go`: the lessor of the leader is the primary one. It is promoted when the leader has
//! applied the first entry of its term, and gives every lease its whole time to live again and an election timeout more,
//! as it does not know what its predecessor told clients; no clocks need agree for that. Renewals do
//! not go through the log. Twice a second it looks for leases that are over and proposes to revoke them, and after 3 s
//! again where that has come to nothing. A lease that is over is not renewed any more: it may be on its way out.
//!
//! A follower passes keep-alives on to the leader. A leader that was held up, and may not have heard of its successor yet,
//! renews nothing before a round of heartbeats has confirmed it (`ensureLeadership` of `v3_server.go`, after issue 15247):
//! the successor counts from earlier on. History is kept for `--auto-compaction-retention`, periodically, by the leader.

use netsplit_sim::NodeId;
use netsplit_sim::small::Map;
use netsplit_sim::time::{Nanos, SECOND};
use netsplit_sim::view::Text;

use super::message::{Etcd, Talk};
use super::serve::Asking;
use super::server::{Broken, Deed, EtcdCtx, Server, say};
use super::store::Kind;

/// After so long a revocation is proposed once more (`defaultExpiredleaseRetryInterval`).
const AGAIN: Nanos = 3 * SECOND;

/// A leader that has sent heartbeats within so many of their intervals takes itself for the leader (`isActive`).
const ACTIVE: Nanos = 3;

/// A lease that a client keeps alive.
#[derive(Clone, Copy, Debug)]
pub struct Keep {
    /// The client.
    pub client: NodeId,
    /// The member that it asked.
    pub via: NodeId,
    /// The lease.
    pub lease: u64,
}

/// What a leader knows of the leases' time.
#[derive(Clone, Debug, Default)]
pub struct Lessor {
    /// The term in which it is the primary one.
    pub term: Option<u64>,
    /// Until when leases last (ns of `elapsed`).
    pub expiry: Map<u64, Nanos>,
    /// Leases whose revocation was proposed, and when.
    revoking: Map<u64, Nanos>,
    /// When history is compacted next, and up to which revision.
    compaction: (Nanos, u64),
}

impl Server {
    /// The first entry of its term is applied.
    pub(super) fn promote(&mut self, ctx: &mut EtcdCtx<'_>) {
        let (now, extend) = (ctx.elapsed(), self.config.rules.election_min);
        self.lessor.term = Some(self.replica.term);
        self.lessor.expiry =
            self.store.leases.iter().map(|(lease, ttl)| (*lease, now + ttl + extend)).collect();
        self.lessor.revoking.clear();
        self.lessor.compaction = (now + self.config.retention, self.store.revision);
        let count = self.store.leases.len() as u64;
        if count > 0 {
            ctx.note(|| Text::new("etcd-extends").with("count", count));
        }
    }

    /// It leads no more.
    pub(super) fn demote(&mut self) {
        self.lessor.term = None;
        if !matches!(self.config.broken, Broken::LocalExpiry | Broken::RevokesForwarded) {
            self.lessor.expiry.clear();
        }
        self.lessor.revoking.clear();
    }

    pub(super) fn granted(&mut self, lease: u64, ctx: &EtcdCtx<'_>) {
        if self.lessor.term.is_some() || self.config.broken == Broken::LocalExpiry {
            let ttl = self.store.leases.get(&lease).copied().unwrap_or(0);
            self.lessor.expiry.insert(lease, ctx.elapsed() + ttl);
        }
    }

    /// A lease is no more.
    pub(super) fn ended(&mut self, lease: u64, kind: Kind, ctx: &mut EtcdCtx<'_>) {
        let until = self.lessor.expiry.remove(&lease).unwrap_or(0);
        self.lessor.revoking.remove(&lease);
        if self.lessor.term.is_some() && kind == Kind::Expire {
            if until > ctx.elapsed() {
                self.deeds.push(Deed::Early(lease));
            }
            ctx.note(|| Text::new("etcd-expired").with("lease", lease));
        }
    }

    /// A client keeps a lease alive, through the member that it asked. A leader that has sent no heartbeats for a while
    /// makes sure first that it still leads.
    pub(super) fn keep_alive(&mut self, keep: Keep, ctx: &mut EtcdCtx<'_>) {
        let quiet = ctx.elapsed().saturating_sub(self.replica.beat_at);
        if self.lessor.term.is_some() && quiet > ACTIVE * self.config.rules.heartbeat {
            self.confirm(Asking::Keep(keep), ctx);
        } else {
            self.renew_for(keep, ctx);
        }
    }

    /// Renews a lease, and answers.
    pub(super) fn renew_for(&mut self, keep: Keep, ctx: &mut EtcdCtx<'_>) {
        let Some(ttl) = self.renew(keep.lease, ctx) else { return };
        if keep.via == self.replica.me() {
            say(keep.client, Etcd::Talk(Talk::Alive(keep.lease, ttl)), ctx);
        } else {
            say(keep.via, Etcd::Renew(keep.client, keep.lease, Some(ttl)), ctx);
        }
    }

    /// The time to live of a lease that is renewed, 0 where it is gone, where that can be said.
    fn renew(&mut self, lease: u64, ctx: &EtcdCtx<'_>) -> Option<Nanos> {
        self.lessor.term?;
        let Some(ttl) = self.store.leases.get(&lease) else { return Some(0) };
        let (now, until) = (ctx.elapsed(), self.lessor.expiry.get_mut(&lease)?);
        (*until > now).then(|| {
            *until = now + ttl;
            *ttl
        })
    }

    /// Looks for leases that are over.
    pub(super) fn look_at_leases(&mut self, ctx: &mut EtcdCtx<'_>) {
        let now = ctx.elapsed();
        let local = self.config.broken == Broken::LocalExpiry;
        let over = self.lessor.expiry.iter().filter(|(_, until)| **until <= now);
        let over: Vec<u64> = over.map(|(lease, _)| *lease).collect();
        if self.lessor.term.is_none() && !local {
            // Its lessor has not heard yet that it leads no more: only in a member that is broken there is anything.
            if let Some(leader) = self.leader() {
                over.iter().for_each(|lease| say(leader, Etcd::Propose(self.own(Kind::Expire, *lease)), ctx));
                self.lessor.expiry.clear();
            }
            return;
        }
        if self.leader() != Some(self.replica.me()) && !local {
            // While it hands over, what it proposed would reach its successor, who counts anew.
            return;
        }
        for lease in over {
            if local {
                let before = self.store.revision;
                self.store.revoke(lease);
                self.lessor.expiry.remove(&lease);
                self.fresh.extend(self.store.since(before + 1));
            } else if self.lessor.revoking.get(&lease).is_none_or(|since| now - since >= AGAIN) {
                self.lessor.revoking.insert(lease, now);
                self.propose(self.own(Kind::Expire, lease), ctx);
            }
        }
    }

    /// Drops the history that is older than the retention.
    pub(super) fn look_at_history(&mut self, ctx: &mut EtcdCtx<'_>) {
        let (due, revision) = self.lessor.compaction;
        if self.lessor.term.is_none() || self.config.retention == 0 || ctx.elapsed() < due {
            return;
        }
        self.lessor.compaction = (due + self.config.retention, self.store.revision);
        if revision > self.store.compacted {
            self.propose(self.own(Kind::Compact, revision), ctx);
        }
    }
}
