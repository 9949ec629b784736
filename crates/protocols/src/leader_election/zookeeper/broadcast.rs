//! A leader's proposals and commits: Zab's broadcast (Junqueira, Reed and Serafini 2011, phase 3), and `sync`.

use std::sync::Arc;

use netsplit_sim::NodeId;
use netsplit_sim::small;

use super::disk::Effect;
use super::leader::Stage;
use super::message::{Txn, Zab, counter, epoch};
use super::server::{Server, ZkCtx};
use super::tree::Change;

impl Server {
    /// A client's write becomes a transaction, unless it already is one, or its session has moved: what comes through
    /// another server than that is refused (checkSession in PrepRequestProcessor.java; a session's own beginning and end
    /// are not checked there). That a request is known by its number and done once is more than ZooKeeper does: there a
    /// client that asks again has to look first.
    pub(super) fn propose(
        &mut self,
        server: NodeId,
        client: NodeId,
        number: u64,
        change: Change,
        ctx: &mut ZkCtx<'_>,
    ) {
        if self.leading.stage != Stage::Broadcast {
            return;
        }
        let open = self.log.slice(self.place(self.tree.zxid), self.log.len());
        let same = |txn: &&Txn| txn.client == client && txn.number >> 24 == number >> 24;
        let mut known = open.iter().filter(same);
        if self.tree.done(client, number).is_some() || known.clone().any(|txn| txn.number == number) {
            return;
        }
        let late = known.any(|txn| txn.number > number);
        let moved = match change {
            Change::Create(_, session) => self.belongs_elsewhere(session, server),
            Change::Delete(path) => {
                let owner = self.tree.children.get(&path).map(|znode| znode.owner);
                owner.is_some_and(|session| self.belongs_elsewhere(session, server))
            }
            Change::Open | Change::Close(..) => false,
            Change::Nothing | Change::Set(..) | Change::SetIf(..) => {
                self.out_of_order(server, client, number, late)
            }
        };
        if moved {
            if server == self.me {
                self.moved(client, number, ctx);
            } else {
                self.down(server.0, Zab::Moved(client, number), ctx);
            }
            return;
        }
        let last = self.last();
        let count = if epoch(last) == self.leading.epoch { counter(last) } else { 0 };
        let txn = Txn { zxid: self.leading.epoch << 32 | (count + 1), client, number, change };
        if change == Change::Open {
            self.leading.owners.insert(txn.zxid, server);
        }
        let keep = self.log.len();
        self.log.push(txn);
        self.save_log(keep, Arc::new([txn]), ctx);
        let now = ctx.elapsed();
        for to in self.learners(|l| l.forwarding) {
            if let Some(learner) = self.leading.learners.get_mut(&to) {
                learner.proposed(txn.zxid, now);
            }
            self.down(to, Zab::Proposal(txn), ctx);
        }
        self.when_durable(Effect::OwnAck(txn.zxid), ctx);
    }

    /// Commits, in order, what a quorum has on disk.
    pub(super) fn advance(&mut self, ctx: &mut ZkCtx<'_>) {
        if self.leading.stage != Stage::Broadcast {
            return;
        }
        let mut acked: Vec<u64> =
            self.leading.learners.values().map(|l| if l.synced { l.acked } else { 0 }).collect();
        acked.push(self.leading.durable);
        acked.resize(self.peers.len() + 1, 0);
        small::sort(&mut acked);
        let safe = acked[acked.len() - self.majority()];
        let mut at = self.place(self.commit);
        while let Some(txn) = self.log.get(at).copied().filter(|txn| txn.zxid <= safe) {
            at += 1;
            self.commit = txn.zxid;
            self.down_all(&Zab::Commit(txn.zxid), |l| l.forwarding, ctx);
            self.apply(ctx);
        }
        while let Some((zxid, server, client, number)) = self.leading.syncs.first().copied() {
            if zxid > self.commit {
                break;
            }
            self.leading.syncs.remove(0);
            self.answer_sync(server, client, number, ctx);
        }
    }

    /// `sync`: answered in the stream of commits, after all that was proposed before. It asks nobody else: a leader that
    /// was deposed and does not know yet answers as well.
    pub(super) fn sync_for(&mut self, server: NodeId, client: NodeId, number: u64, ctx: &mut ZkCtx<'_>) {
        let last = self.last();
        if last <= self.commit {
            self.answer_sync(server, client, number, ctx);
        } else {
            self.leading.syncs.push((last, server, client, number));
        }
    }

    fn answer_sync(&mut self, server: NodeId, client: NodeId, number: u64, ctx: &mut ZkCtx<'_>) {
        if server == self.me {
            self.ready(client, number, 0, ctx);
        } else {
            self.down(server.0, Zab::Sync(client, number), ctx);
        }
    }
}
