//! Any text as a document: what is valid is written back the same.
#![no_main]

#[path = "../../tests/common/mod.rs"]
mod common;

use libfuzzer_sys::fuzz_target;
use netsplit_scenario::read;

fuzz_target!(|text: &str| {
    let catalogue = common::catalogue();
    if let Ok(scenario) = read(text, &catalogue) {
        assert_eq!(read(&scenario.to_json(), &catalogue), Ok(scenario));
    }
});
