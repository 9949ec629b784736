//! Other checkers, each used the way its own documentation does. All share what an operation does to a register.
//! None of them knows operations of unknown outcome: those end after everything else, which comes to the same.

use netsplit_checker::History;
use netsplit_checker::linear::{End, Op, registers};
use netsplit_checker::model::Action;

/// The operations that happened or may have, by key.
pub fn operations(history: &History) -> Vec<(u64, Vec<Op>)> {
    let counts = |op: &&Op| op.counts() && !matches!(op.end, End::Failed(_));
    let keys = registers(history.records()).into_iter();
    keys.map(|(key, ops)| (key, ops.list().iter().filter(counts).copied().collect())).collect()
}

/// What an operation does, and whether its outcome is unknown: then a comparison need not have held.
type Done = (Action, bool);

fn done(op: &Op) -> Done {
    (op.action, op.end == End::Unknown)
}

fn apply((action, unknown): Done, state: u32) -> (bool, u32) {
    match action {
        Action::Read(v) => (state == v, state),
        Action::Differs(v) => (state != v, state),
        Action::Write(v) => (true, v),
        Action::Cas(old, new) => (state == old || unknown, if state == old { new } else { state }),
        Action::Append(_) => (false, state),
    }
}

fn end(op: &Op, place: usize) -> u32 {
    op.end.at().unwrap_or(1 << 30 | place as u32)
}

/// porcupine-rs.
pub mod porcupine {
    use super::{Done, Op, apply, done, end};
    use porcupine_rs::{Model, Operation, check_operations};

    /// Registers by key.
    #[derive(Clone)]
    pub struct Registers;

    impl Model for Registers {
        type State = u32;
        type Op = (u64, Done);
        type Metadata = ();

        fn partition_operations(history: &[Operation<Self>]) -> Vec<Vec<Operation<Self>>> {
            let mut keys = std::collections::BTreeMap::<u64, Vec<Operation<Self>>>::new();
            for operation in history {
                keys.entry(operation.op.0).or_default().push(operation.clone());
            }
            keys.into_values().collect()
        }

        fn init() -> u32 {
            0
        }

        fn step(state: &u32, op: &(u64, Done)) -> (bool, u32) {
            apply(op.1, *state)
        }
    }

    /// Its form of the history.
    pub fn prepare(keys: &[(u64, Vec<Op>)]) -> Vec<Operation<Registers>> {
        let one = |key: u64, place: usize, op: &Op| Operation {
            client_id: Some(op.process as u32),
            call_time: i64::from(op.begin),
            return_time: i64::from(end(op, place)),
            op: (key, done(op)),
            metadata: None,
        };
        keys.iter()
            .flat_map(|(key, ops)| ops.iter().enumerate().map(move |(place, op)| one(*key, place, op)))
            .collect()
    }

    /// Whether it is linearizable.
    pub fn check(history: &[Operation<Registers>]) -> bool {
        check_operations(history)
    }
}

/// Beginnings and ends in order.
fn events(ops: &[Op]) -> Vec<(u32, bool, usize)> {
    let mut events: Vec<_> = ops.iter().enumerate().map(|(place, op)| (op.begin, false, place)).collect();
    events.extend(ops.iter().enumerate().map(|(place, op)| (end(op, place), true, place)));
    events.sort_unstable();
    events
}

/// todc-utils.
pub mod todc {
    use super::{Done, Op, apply, done, events};
    use todc_utils::linearizability::WGLChecker;
    use todc_utils::linearizability::history::{Action as Step, History};
    use todc_utils::specifications::Specification;

    /// One register.
    pub struct Register;

    impl Specification for Register {
        type State = u32;
        type Operation = Done;

        fn init() -> u32 {
            0
        }

        fn apply(op: &Done, state: &u32) -> (bool, u32) {
            apply(*op, *state)
        }
    }

    /// Its form of one key's history.
    pub fn prepare(ops: &[Op]) -> Vec<(usize, Step<Done>)> {
        let step = |ended: bool, done| if ended { Step::Response(done) } else { Step::Call(done) };
        events(ops)
            .into_iter()
            .map(|(_, ended, op)| (ops[op].process as usize, step(ended, done(&ops[op]))))
            .collect()
    }

    /// Whether one key is linearizable.
    pub fn check(steps: Vec<(usize, Step<Done>)>) -> bool {
        WGLChecker::<Register>::is_linearizable(History::from_actions(steps))
    }
}

/// stateright's tester.
pub mod stateright {
    use super::{Done, Op, apply, done, events};
    use stateright::semantics::{ConsistencyTester, LinearizabilityTester, SequentialSpec};

    /// One register. An operation carries its answer.
    #[derive(Clone)]
    pub struct Register(u32);

    impl SequentialSpec for Register {
        type Op = Done;
        type Ret = bool;

        fn invoke(&mut self, op: &Done) -> bool {
            let (fits, state) = apply(*op, self.0);
            self.0 = state;
            fits
        }
    }

    /// Its form of one key's history.
    pub fn prepare(ops: &[Op]) -> LinearizabilityTester<u64, Register> {
        let mut tester = LinearizabilityTester::new(Register(0));
        for (_, ended, op) in events(ops) {
            let op = ops[op];
            let told = if !ended {
                tester.on_invoke(op.process, done(&op))
            } else if op.end.at().is_some() {
                tester.on_return(op.process, true)
            } else {
                continue;
            };
            told.expect("every process does one thing at a time");
        }
        tester
    }

    /// Whether one key is linearizable.
    pub fn check(tester: &LinearizabilityTester<u64, Register>) -> bool {
        tester.is_consistent()
    }
}
