//! Replication: AppendEntries and its answers (paper, 5.3; dissertation, 10.2: pipelining and batching).

use std::sync::Arc;

use netsplit_sim::NodeId;
use netsplit_sim::time::Nanos;
use netsplit_sim::view::Text;

use super::disk::Effect;
use super::members::bit;
use super::message::{Append, Entry, Payload, Raft};
use super::replica::{Progress, RaftCtx, Replica, Role, Timer};
use super::rules::Broken;

impl Progress {
    /// One whose log is taken to agree up to an index, until it says otherwise.
    pub(super) fn new(agrees: u64, heard: Nanos) -> Self {
        let next = agrees + 1;
        Self { next, sent: next, base: agrees, heard, ..Self::default() }
    }

    /// What comes next is the entry after this one, and nothing is taken to be under way.
    pub(super) fn go_on(&mut self, after: u64) {
        (self.next, self.base) = (after + 1, after);
    }
}

impl Replica {
    /// A leader takes a command; the index of its entry.
    pub fn propose(&mut self, payload: Payload, ctx: &mut RaftCtx<'_>) -> u64 {
        let index = self.append(payload, ctx);
        self.flush_later(ctx);
        index
    }

    /// Writes and sends now, or when the time for collecting is over.
    pub(super) fn flush_later(&mut self, ctx: &mut RaftCtx<'_>) {
        if self.rules.batch == 0 {
            self.flush(ctx);
        } else if !self.flushing {
            self.flushing = true;
            ctx.set_timer(self.rules.batch, Timer::Flush);
        }
    }

    pub(super) fn append(&mut self, payload: Payload, ctx: &mut RaftCtx<'_>) -> u64 {
        self.edit(self.log.last());
        self.log.push(Entry { term: self.term, payload });
        let index = self.log.last();
        if let Payload::Members(members) = payload {
            self.enter(members, index, ctx);
        }
        index
    }

    /// The leader's own entries are sent and made durable at the same time.
    pub(super) fn flush(&mut self, ctx: &mut RaftCtx<'_>) {
        self.flushing = false;
        if self.role != Role::Leader {
            return;
        }
        let reading = std::mem::take(&mut self.reading);
        if reading {
            self.new_round(ctx);
        }
        for peer in self.others() {
            self.replicate(peer, reading, ctx);
        }
        if self.unsaved != u64::MAX {
            let effect = Effect::OwnLog(self.term, self.log.last());
            self.when_durable(effect, ctx);
        }
        // Alone, a leader is its own majority.
        self.confirm(ctx);
    }

    /// Sends what a follower lacks, as far as it may be sent before answers arrive; with `force` a heartbeat if there is
    /// nothing else.
    pub(super) fn replicate(&mut self, to: NodeId, force: bool, ctx: &mut RaftCtx<'_>) {
        let mut force = force;
        let last = self.log.last();
        while let Some(progress) = self.progress.get_mut(&to.0) {
            // Full messages but for the last one.
            let most = if progress.probing { 1 } else { u64::from(self.rules.inflight) };
            let window = (most - 1) * self.rules.max_entries as u64 + 1;
            let more = progress.next <= last && progress.next <= progress.base + window;
            if !more && !force {
                return;
            }
            if progress.next <= self.log.base() {
                if progress.snapshot < self.log.base() {
                    self.send_snapshot(to, ctx);
                    return;
                }
                // Nothing after the snapshot makes sense to it yet; a heartbeat still does.
                progress.go_on(progress.snapshot);
                continue;
            }
            let previous = progress.next - 1;
            let until = if more { last.min(previous + self.rules.max_entries as u64) } else { previous };
            progress.next = until + 1;
            self.send_entries(to, previous, until, ctx);
            force = false;
        }
    }

    fn send_entries(&self, to: NodeId, previous: u64, until: u64, ctx: &mut RaftCtx<'_>) {
        let message = Append {
            term: self.term,
            previous,
            previous_term: self.log.term_at(previous),
            entries: Arc::from(self.log.slice(previous, until)),
            commit: self.commit,
            round: self.round,
        };
        ctx.send(to, Raft::Append(message));
    }

    pub(super) fn heartbeat(&mut self, ctx: &mut RaftCtx<'_>) {
        if self.role != Role::Leader {
            return;
        }
        let now = ctx.elapsed();
        let limit = self.rules.election_max;
        let recent = |progress: &Progress| now.saturating_sub(progress.heard) <= limit;
        let heard = self.progress.iter().filter(|(_, progress)| recent(progress));
        let heard = heard.fold(bit(self.me), |set, (peer, _)| set | bit(NodeId(*peer)));
        self.in_doubt = !self.members.quorum(heard);
        if self.in_doubt && self.rules.check_quorum {
            let term = self.term;
            ctx.notable(|| Text::new("raft-quorum-lost").with("term", term));
            self.step_down(ctx);
            return;
        }
        if self.unsaved != u64::MAX && !self.flushing {
            // A full disk refused it, and nothing else may come to be written.
            self.when_durable(Effect::OwnLog(self.term, self.log.last()), ctx);
        }
        self.beat_at = now;
        self.new_round(ctx);
        for peer in self.others() {
            if let Some(progress) = self.progress.get_mut(&peer.0) {
                // Sent long ago, and nothing has come of it since the heartbeat before: once more.
                let chunks = progress.chunk.1 > 0 && progress.chunk != progress.chunk_before;
                let still = progress.matched == progress.before && !chunks;
                if progress.matched + 1 < progress.sent && still {
                    progress.go_on(progress.matched);
                    progress.snapshot = 0;
                }
                (progress.sent, progress.before) = (progress.next, progress.matched);
                progress.chunk_before = progress.chunk;
            }
            self.replicate(peer, true, ctx);
        }
        self.hand_over(ctx);
        self.advance_changes(ctx);
        self.beat = Some(ctx.set_timer(self.rules.heartbeat, Timer::Heartbeat));
    }

    pub(super) fn append_from(&mut self, from: NodeId, append: &Append, ctx: &mut RaftCtx<'_>) {
        self.ask_to_leave(ctx);
        let round = append.round;
        let base = self.log.base();
        let (mut previous, mut previous_term) = (append.previous, append.previous_term);
        let mut entries = &append.entries[..];
        // What a snapshot covers was committed, and so it agrees.
        let covered = (base.saturating_sub(previous) as usize).min(entries.len());
        if covered > 0 {
            previous_term = entries[covered - 1].term;
            entries = &entries[covered..];
            previous += covered as u64;
        }
        let agrees =
            previous < base || (previous <= self.log.last() && self.log.term_at(previous) == previous_term);
        if !agrees {
            // Where to try next: the start of the term that conflicts, or the end of a log that is too short.
            let mut index = self.log.last().min(previous.saturating_sub(1));
            let conflict = self.log.term_at(previous);
            while index > self.commit && previous <= self.log.last() && self.log.term_at(index) == conflict {
                index -= 1;
            }
            let reply =
                Raft::Appended { term: self.term, success: false, index, round, previous: append.previous };
            self.when_durable(Effect::Send(from, reply), ctx);
            return;
        }
        let verified = previous + entries.len() as u64;
        let mut index = previous;
        while let Some(entry) = entries.first()
            && index < self.log.last()
            && self.log.term_at(index + 1) == entry.term
        {
            index += 1;
            entries = &entries[1..];
        }
        if self.rules.broken == Broken::TruncateAlways && previous >= base {
            index = previous;
            entries = &append.entries[append.entries.len() - (verified - previous) as usize..];
            self.replace(from, index, entries, ctx);
        } else if !entries.is_empty() {
            self.replace(from, index, entries, ctx);
        }
        let known = if self.rules.broken == Broken::LeaderCommit { self.log.last() } else { verified };
        self.commit_to(append.commit.min(known), ctx);
        let reply = Raft::Appended {
            term: self.term,
            success: true,
            index: verified,
            round,
            previous: append.previous,
        };
        self.when_durable(Effect::Send(from, reply), ctx);
    }

    /// Keeps its log up to an index and takes the leader's entries from there.
    fn replace(&mut self, from: NodeId, keep: u64, entries: &[Entry], ctx: &mut RaftCtx<'_>) {
        let gone = self.log.last() - keep;
        if gone > 0 {
            self.truncated += gone;
            ctx.note(|| Text::new("raft-truncates").with("count", gone).with("leader", from));
        }
        self.edit(keep);
        self.log.replace(keep, entries);
        let new = entries.iter().any(|entry| matches!(entry.payload, Payload::Members(_)));
        if new || self.members_index > keep {
            self.find_members();
        }
    }

    /// A follower has answered: up to which entry its log agrees, or else where to try next and what did not match.
    pub(super) fn appended(
        &mut self,
        from: NodeId,
        answer: Result<u64, (u64, u64)>,
        round: u64,
        ctx: &mut RaftCtx<'_>,
    ) {
        let now = ctx.elapsed();
        let Some(progress) = self.progress.get_mut(&from.0).filter(|_| self.role == Role::Leader) else {
            return;
        };
        progress.heard = now;
        progress.round = progress.round.max(round);
        match answer {
            Ok(index) => {
                if index > progress.matched {
                    (progress.matched, progress.known) = (index, self.round);
                }
                progress.next = progress.next.max(progress.matched + 1);
                progress.probing &= index < progress.base;
                progress.base = progress.base.max(progress.matched);
                if progress.matched >= progress.snapshot {
                    progress.snapshot = 0;
                }
                self.advance_commit(ctx);
            }
            Err((index, previous)) if previous <= progress.matched && round > progress.known => {
                // What it refuses was sent after it had acknowledged that: it has lost it, and is asked anew.
                let agrees = index.min(previous.saturating_sub(1));
                *progress = Progress { round, probing: true, ..Progress::new(agrees, now) };
                ctx.notable(|| Text::new("raft-lost").with("server", from));
            }
            Err((index, previous)) => {
                // What was sent before the leader stepped back may be answered still, and says nothing new.
                let stale =
                    if progress.probing { previous != progress.base } else { previous <= progress.matched };
                let matched = progress.matched;
                let news = !stale && progress.snapshot == 0;
                if news && (matched == 0 || progress.probing) {
                    progress.go_on(index.max(matched).min(previous.saturating_sub(1)));
                    progress.probing = true;
                } else if news && progress.again != matched && matched >= self.log.base() {
                    // It agrees that far, so a message was lost or overtaken: what is missing is sent again, once.
                    progress.again = matched;
                    let until = self.log.last().min(matched + self.rules.max_entries as u64);
                    self.send_entries(from, matched, until, ctx);
                }
            }
        }
        self.confirm(ctx);
        if !self.transferred {
            self.hand_over(ctx);
        }
        self.advance_changes(ctx);
        self.replicate(from, false, ctx);
    }
}
