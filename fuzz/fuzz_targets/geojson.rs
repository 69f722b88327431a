//! Any text as GeoJSON: no panic; what is good can be written and read again.
#![no_main]

use gridweave_atlas::geojson;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(found) = geojson::read(text) else { return };
    for feature in found.good {
        let value = geojson::geometry_json(&feature.geometry);
        geojson::geometry(&value).expect("what was written is read");
    }
});
