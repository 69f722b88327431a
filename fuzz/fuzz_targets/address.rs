//! Any text as an address: no panic, spans in order.
#![no_main]

use gridweave_address::{Standard, parse, place_keys};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut at = 0;
    for element in parse(text) {
        assert!(element.start >= at && element.end > element.start);
        at = element.end;
    }
    let _ = (Standard::from_text(text), place_keys(text));
});
