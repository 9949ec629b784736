//! What elections declare alike: series with their lanes, and promises.

use netsplit_sim::declare::{Aspect, Promise, Series};

use crate::parts::declared::series;

/// Servers that lead.
pub(super) const LEADERS: Series = series("leaders", "Leaders");

/// The lane of [`LEADERS`].
pub(super) const LEADERS_LANE: (&str, &str) = (LEADERS.id, LEADERS.label);

/// Nodes that coordinate.
pub(super) const COORDINATORS: Series = series("coordinators", "Coordinators");

/// The lane of [`COORDINATORS`].
pub(super) const COORDINATORS_LANE: (&str, &str) = (COORDINATORS.id, COORDINATORS.label);

/// What a coordinator does for clients.
pub(super) const JOBS: Series = series("jobs", "Jobs done");

/// Clients that contend for a lock.
pub(super) const HOLDERS: Series = series("holders", "Believe that they hold the lock");

/// The lane of [`HOLDERS`].
pub(super) const HOLDERS_LANE: (&str, &str) = (HOLDERS.id, "Lock");

/// What clients that watch were told.
pub(super) const WATCH_EVENTS: Series = Series { counts: true, ..series("watch_events", "Watch events") };

/// Of what keeps its writes on disks.
pub(super) const LINEARIZABLE: Promise = Promise {
    id: "linearizable",
    aspect: Aspect::Consistency,
    promised: true,
    assuming: &["no disk is lost"],
    sentence: "Every read sees every write that was acknowledged before it began.",
};

/// Of what answers once a majority has it on disk.
pub(super) const DURABLE: Promise = Promise {
    id: "durable",
    aspect: Aspect::Durability,
    promised: true,
    assuming: &["fewer than half of the disks are lost"],
    sentence: "An acknowledged write is on a majority's disks.",
};

/// Of what a majority elects.
pub(super) const LIVE: Promise = Promise {
    id: "live",
    aspect: Aspect::Liveness,
    promised: true,
    assuming: &["a majority is up and connected", "delays are far below the election timeout"],
    sentence: "Some leader is elected and requests are answered.",
};

/// Of elections that assume synchrony; the sentence says whom all follow.
pub(super) const fn synchronous(sentence: &'static str) -> [Promise; 2] {
    let assuming = &["delays are bounded", "no message is lost", "failures are crashes"];
    [
        Promise { id: "one_coordinator", aspect: Aspect::Consistency, promised: true, assuming, sentence },
        Promise {
            id: "live",
            aspect: Aspect::Liveness,
            promised: true,
            assuming,
            sentence: "Some node coordinates soon after the coordinator crashed.",
        },
    ]
}
