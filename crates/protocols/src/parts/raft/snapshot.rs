//! Log compaction and InstallSnapshot (paper, section 7 and figure 13; dissertation, chapter 5). A leader that has taken a
//! newer snapshot begins with that one.

use std::any::Any;
use std::sync::Arc;

use netsplit_sim::NodeId;
use netsplit_sim::view::Text;

use super::disk::Effect;
use super::message::{Raft, Snapshot};
use super::replica::{RaftCtx, Replica, Role};

impl Replica {
    /// Whether the host should make a snapshot of its state, which is at this index.
    #[must_use]
    pub fn wants_snapshot(&self, applied: u64) -> bool {
        let taken = self.snapshot.as_ref().map_or(0, |snapshot| snapshot.index);
        self.rules.compact > 0 && applied >= taken + self.rules.compact
    }

    /// The host's state after the entry at an index. Half as many entries as lie between two snapshots are kept for
    /// followers that lag.
    pub fn compact(
        &mut self,
        index: u64,
        digest: u64,
        bytes: u32,
        state: Arc<dyn Any + Send + Sync>,
        ctx: &mut RaftCtx<'_>,
    ) {
        if index > self.commit || index <= self.log.base() {
            return;
        }
        let term = self.log.term_at(index);
        let members = self.members_at(index);
        let cut = index.saturating_sub(self.rules.compact / 2).max(self.log.base());
        let cut_term = self.log.term_at(cut);
        self.snapshot = Some(Arc::new(Snapshot { index, term, members, digest, bytes, state }));
        self.log.cover(cut, cut_term);
        self.snapshot_unsaved = Some((cut, cut_term));
        self.save(ctx);
        ctx.note(|| Text::new("raft-snapshot").with("index", index));
    }

    pub(super) fn send_snapshot(&mut self, to: NodeId, ctx: &mut RaftCtx<'_>) {
        let (Some(snapshot), Some(progress)) = (&self.snapshot, self.progress.get_mut(&to.0)) else { return };
        progress.snapshot = snapshot.index;
        progress.go_on(snapshot.index);
        if progress.chunk.0 != snapshot.index {
            progress.chunk = (snapshot.index, 0);
        }
        let offset = progress.chunk.1;
        let length = snapshot.bytes.saturating_sub(offset).min(self.rules.chunk);
        let (term, round) = (self.term, self.round);
        ctx.send(to, Raft::Install { term, snapshot: snapshot.clone(), offset, length, round });
    }

    /// A follower has so many bytes of a snapshot: the chunk after them is sent. It may have fewer than before, if it
    /// has started again since.
    pub(super) fn received(
        &mut self,
        from: NodeId,
        (index, offset): (u64, u32),
        round: u64,
        ctx: &mut RaftCtx<'_>,
    ) {
        let now = ctx.elapsed();
        let Some(progress) = self.progress.get_mut(&from.0).filter(|_| self.role == Role::Leader) else {
            return;
        };
        progress.heard = now;
        progress.round = progress.round.max(round);
        let news = progress.snapshot == index && progress.chunk != (index, offset);
        if news {
            progress.chunk = (index, offset);
            self.send_snapshot(from, ctx);
        }
        self.confirm(ctx);
    }

    pub(super) fn install(
        &mut self,
        from: NodeId,
        snapshot: Arc<Snapshot>,
        (offset, length): (u32, u32),
        round: u64,
        ctx: &mut RaftCtx<'_>,
    ) {
        let (index, term) = (snapshot.index, snapshot.term);
        if index > self.commit {
            // What is here without a gap; of another snapshot nothing is.
            let mut here = self.incoming.filter(|(of, _)| *of == (index, term)).map_or(0, |(_, here)| here);
            if offset <= here {
                here = here.max(offset.saturating_add(length));
            }
            if here < snapshot.bytes {
                self.incoming = Some(((index, term), here));
                let reply = Raft::Received { term: self.term, index, offset: here, round };
                self.when_durable(Effect::Send(from, reply), ctx);
                return;
            }
            self.incoming = None;
            // What follows the snapshot stays where it agrees with it.
            let kept = self.log.last() > index && self.log.term_at(index) == term;
            self.log.cover(index, term);
            if !kept {
                self.edit(index);
                self.unsaved = u64::MAX;
            }
            self.snapshot = Some(snapshot.clone());
            self.restored = Some(snapshot);
            self.snapshot_unsaved = Some((index, term));
            self.find_members();
            self.installed += 1;
            ctx.note(|| Text::new("raft-installs").with("index", index).with("leader", from));
            self.commit_to(index, ctx);
        }
        let reply = Raft::Appended { term: self.term, success: true, index, round, previous: index };
        self.when_durable(Effect::Send(from, reply), ctx);
    }
}
