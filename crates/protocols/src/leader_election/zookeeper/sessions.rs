//! A leader's sessions: when each expires, and through which server its client asks (SessionTrackerImpl.java).

use netsplit_sim::NodeId;
use netsplit_sim::time::Nanos;
use netsplit_sim::view::Text;

use super::server::{Server, ZkCtx};
use super::tree::Change;

impl Server {
    /// A session was heard of: it lives for its timeout from now, rounded up to the next tick (ExpiryQueue).
    pub(super) fn touch(&mut self, session: u64, now: Nanos) {
        let tick = self.config.tick;
        let until = (now + self.config.session) / tick * tick + tick;
        if let Some(deadline) = self.leading.sessions.get_mut(&session) {
            *deadline = until.max(*deadline);
        }
    }

    /// A client goes on with its session at this server: if it lives, that is where it is from now on.
    pub(super) fn revalidate(&mut self, server: NodeId, session: u64, now: Nanos) -> bool {
        self.touch(session, now);
        let valid = self.leading.sessions.contains_key(&session);
        if valid {
            self.leading.owners.insert(session, server);
        }
        valid
    }

    /// A session has ended.
    pub(super) fn untrack(&mut self, session: u64) {
        self.leading.sessions.remove(&session);
        self.leading.owners.remove(&session);
    }

    pub(super) fn expire(&mut self, now: Nanos, ctx: &mut ZkCtx<'_>) {
        loop {
            let due = |(_, deadline): &(&u64, &Nanos)| **deadline <= now;
            let next = self.leading.sessions.iter().find(due).map(|(session, _)| *session);
            let Some(session) = next else { return };
            self.untrack(session);
            let owner = self.tree.sessions.get(&session).copied().unwrap_or_default();
            ctx.notable(|| Text::new("zk-expires").with("owner", owner).with("session", session));
            self.expiries += 1;
            let number = u64::from(ctx.life() & 63) << 24 | self.expiries;
            self.propose(self.me, self.me, number, Change::Close(session, true), ctx);
        }
    }

    /// Whether a session is connected through another server. Whoever asks first in a leader's time is believed.
    pub(super) fn belongs_elsewhere(&mut self, session: u64, server: NodeId) -> bool {
        let lives = self.leading.sessions.contains_key(&session);
        lives && *self.leading.owners.slot(session, || server) != server
    }

    /// The same for a client without a session: what comes after a later request of its, by another server than that, or
    /// so late that nobody remembers whether it was done.
    pub(super) fn out_of_order(&mut self, server: NodeId, client: NodeId, number: u64, late: bool) -> bool {
        let late = late || self.tree.passed(client, number);
        let before = self.leading.asked.get(&client.0) == Some(&server);
        let refused = late && (!before || self.tree.forgotten(client, number));
        if !refused {
            self.leading.asked.insert(client.0, server);
        }
        refused
    }
}
