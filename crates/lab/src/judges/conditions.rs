//! Conditions of promises, and the faults that break them.

use crate::experiment::Experiment;
use crate::frame::FaultBlock;

/// Those that a fault can break for good. Raft's stable disk survives the loss of what was not synced: nothing was said
/// about it. Conditions of liveness are not here: no row about liveness is ever broken.
const CONDITIONS: [(&str, &[&str]); 5] = [
    ("stable disk", &["disk_lost"]),
    ("no disk is lost", &["disk_lost"]),
    ("fewer than half of the disks are lost", &["disk_lost"]),
    ("every backup acknowledges", &["disk_lost"]),
    ("no node crashes during a move", &["crash"]),
];

/// Whether a fault up to this instant broke one of these conditions.
pub(super) fn broken(x: &Experiment, conditions: &[&str], until: u64) -> bool {
    let faults = x.faults();
    CONDITIONS.iter().filter(|(condition, _)| conditions.contains(condition)).any(|(_, kinds)| {
        let breaks = |fault: &FaultBlock| kinds.contains(&fault.kind.as_str()) && !fault.no_effect;
        faults.iter().any(|fault| fault.from <= until && breaks(fault))
    })
}
