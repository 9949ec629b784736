//! Switches that several algorithms have, and a short way to declare others.

use netsplit_sim::declare::{Kind, Law, Param};
use netsplit_sim::time::{MICROSECOND, MILLISECOND, SECOND};

/// A switch without a unit.
#[must_use]
pub const fn param(
    id: &'static str,
    label: &'static str,
    group: &'static str,
    kind: Kind,
    help: &'static str,
) -> Param {
    Param { id, label, unit: "", group, kind, help }
}

/// Mistakes that can be made on purpose; the first choice is none of them.
#[must_use]
pub const fn mistakes(choices: &'static [(&'static str, &'static str)], help: &'static str) -> Param {
    param("broken", "Mistake", "Broken on purpose", Kind::Choice(choices), help)
}

/// What a message costs its receiver.
pub const SERVICE: Param = Param {
    id: "service",
    label: "Work per message",
    unit: "",
    group: "",
    kind: Kind::Duration(50 * MICROSECOND, 0, SECOND),
    help: "Processor time of one message; the slow fault multiplies it.",
};

/// What a sync of the disk costs.
pub const SYNC: Param = Param {
    id: "sync",
    label: "Disk sync",
    unit: "",
    group: "",
    kind: Kind::Law(Law::Constant(MILLISECOND), 10 * SECOND),
    help: "Time until a write is durable. Votes and acknowledgements wait for it.",
};
