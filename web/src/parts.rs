//! The parts of the program that are fetched when a person asks for what they do. `cargo xtask build` cuts them out of
//! the finished module (`xtask::split`), and a loader (`parts.js`) brings them. Where the program is in one piece
//! everything is there.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::prelude::*;

use crate::browser;

/// What hands do, and the panels, the setup and the dialogs: a first visit has none of it before its first action.
pub const PANELS: &str = "panels";
/// The sheets beside the stage.
pub const SHEETS: &str = "sheets";
/// Files to save.
pub const EXPORT: &str = "export";
/// Links, made and read.
pub const SHARE: &str = "share";

/// Whose algorithms a run is compared with, whatever its pattern (`netsplit_lab::cap`).
pub const COMPARED: [&str; 4] = ["raft", "leader_election", "replication", "eventual_consistency"];

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = netsplitParts, js_name = has, catch)]
    fn has(part: &str) -> Result<bool, JsValue>;
    #[wasm_bindgen(js_namespace = netsplitParts, js_name = ready, catch)]
    fn is_ready(part: &str) -> Result<bool, JsValue>;
    #[wasm_bindgen(js_namespace = netsplitParts, js_name = load, catch)]
    fn load(part: &str) -> Result<JsValue, JsValue>;
}

/// Whether a part is there.
pub fn ready(part: &str) -> bool {
    is_ready(part).unwrap_or(true)
}

/// The part that runs an algorithm: its own, or its pattern's.
pub fn of<'a>(pattern: &'a str, algorithm: &'a str) -> &'a str {
    if has(algorithm).unwrap_or(false) { algorithm } else { pattern }
}

/// Brings parts, all at the same time; `done` hears whether all of them are there.
pub fn bring(parts: &[&str], done: impl FnOnce(bool) + 'static) {
    let open = Rc::new((Cell::new(parts.len()), Cell::new(true), Cell::new(Some(done))));
    if parts.is_empty() {
        return end(&open);
    }
    for part in parts {
        let open = open.clone();
        match load(part) {
            Ok(promise) => browser::after(&promise, move |value| {
                open.1.set(open.1.get() && value.is_some());
                open.0.set(open.0.get() - 1);
                end(&open);
            }),
            Err(_) => {
                open.0.set(open.0.get() - 1);
                end(&open);
            }
        }
    }
}

/// Tells whoever waits when nothing is open any more.
fn end<F: FnOnce(bool)>((open, good, done): &(Cell<usize>, Cell<bool>, Cell<Option<F>>)) {
    if open.get() == 0
        && let Some(done) = done.take()
    {
        done(good.get());
    }
}
