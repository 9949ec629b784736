//! What the WebAssembly module offers to `runners/wasm.mjs`.

use std::cell::RefCell;

use wasm_bindgen::prelude::wasm_bindgen;

use crate::workload::{Run, Workload};
use crate::{bare, netsplit};

thread_local! {
    static RUNS: RefCell<[[Option<Box<dyn Run>>; 3]; 2]> = RefCell::default();
}

/// Handles so many more events of a workload (its place in [`Workload::ALL`]) on engine 0 (netsplit) or 1
/// (the bare loop).
#[wasm_bindgen]
pub fn advance(engine: u32, workload: u32, events: u32) {
    RUNS.with_borrow_mut(|runs| {
        let start = if engine == 0 { netsplit::start } else { bare::start };
        let run = &mut runs[engine as usize][workload as usize];
        run.get_or_insert_with(|| start(Workload::ALL[workload as usize])).advance(u64::from(events));
    });
}
