//! What a leader keeps of one follower (LearnerHandler.java).

use netsplit_sim::time::Nanos;

/// What a leader knows of a follower.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Learner {
    pub link: u64,
    pub sent: u32,
    pub got: u32,
    pub accepted: u64,
    /// Its current epoch and last zxid, once it has acknowledged the epoch.
    pub history: Option<(u64, u64)>,
    pub counts: bool,
    /// It has been sent what it lacks: proposals follow.
    pub forwarding: bool,
    /// It has acknowledged NEWLEADER.
    pub synced: bool,
    pub acked: u64,
    /// The proposal whose acknowledgement it waits for, and the last one after it: zxid and when it was sent.
    pub waits: [Option<(u64, Nanos)>; 2],
    pub heard: Nanos,
    pub since: Nanos,
}

impl Learner {
    /// A proposal is sent. One is watched at a time (SyncLimitCheck in LearnerHandler.java), once the learner is in sync.
    pub(super) fn proposed(&mut self, zxid: u64, now: Nanos) {
        if self.synced {
            self.waits[usize::from(self.waits[0].is_some())] = Some((zxid, now));
        }
    }

    pub(super) fn acknowledged(&mut self, zxid: u64) {
        self.acked = self.acked.max(zxid);
        if self.waits[0].is_some_and(|(waits, _)| waits == zxid) {
            self.waits = [self.waits[1], None];
        }
    }

    /// Whether it is to be given up: it was silent, or has not acknowledged, for too long.
    pub(super) fn late(&self, now: Nanos, init: Nanos, sync: Nanos) -> bool {
        let (start, limit) = if self.synced { (self.heard, sync) } else { (self.since, init) };
        let waits = self.waits[0].is_some_and(|(_, sent)| now.saturating_sub(sent) >= sync);
        now.saturating_sub(start) >= limit || waits
    }
}
