//! Any text as a link, and any bytes as the compressed content of a sound one.
#![no_main]

#[path = "../../tests/common/mod.rs"]
mod common;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;
use netsplit_scenario::{Decoded, decode, encode};

fuzz_target!(|data: &[u8]| {
    let catalogue = common::catalogue();
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = decode(text, &catalogue);
    }
    let deflated = miniz_oxide::deflate::compress_to_vec(data, 1);
    for bytes in [data, &deflated] {
        let link = format!("#s=1.{}.{:08x}", URL_SAFE_NO_PAD.encode(bytes), crc32fast::hash(bytes));
        if let Decoded::Scenario(scenario) = decode(&link, &catalogue) {
            assert_eq!(decode(&encode(&scenario), &catalogue), Decoded::Scenario(scenario));
        }
    }
});
