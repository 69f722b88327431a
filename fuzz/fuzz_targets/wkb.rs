//! Any bytes as WKB: no panic; what is read and written again is read the same.
#![no_main]

use gridweave_atlas::wkb;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(geometry) = wkb::read(bytes) {
        let written = wkb::write(&geometry);
        let again = wkb::read(&written).expect("what was written is read");
        // By bytes, since no number equals itself when it is none.
        assert_eq!(wkb::write(&again), written);
    }
});
