//! Any text as an address: no panic, spans in order; against a small library, within a limit of work.
#![no_main]

use gridweave_address::{AddressIndex, Entry, Hints, LibraryBuilder, Standard, match_text, parse};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static LIBRARY: LazyLock<AddressIndex> = LazyLock::new(|| {
    let addresses = [
        "澜江市南桥区和平社区新华路202号东湖花园3栋1单元502室",
        "澜江市南桥区和平社区新华路202号东湖花园3栋2单元502室",
        "澜江市北湖区建设一路20号12栋A座1203室",
        "Rue Saint-Martin 12号1单元101室",
    ];
    let entry = |(i, address): (usize, &&str)| Entry {
        id: i.to_string(),
        address: (*address).to_owned(),
        ..Entry::default()
    };
    let mut builder = LibraryBuilder::default();
    builder.add(&addresses.iter().enumerate().map(entry).collect::<Vec<_>>());
    builder.finish()
});

fuzz_target!(|text: &str| {
    let mut at = 0;
    for element in parse(text) {
        assert!(element.start >= at && element.end > element.start);
        at = element.end;
    }
    let _ = Standard::from_text(text);
    let found = match_text(text, &LIBRARY, &Hints::default());
    assert!(found.candidates.iter().all(|c| (0.0..=1.0).contains(&c.confidence)));
    assert!(LIBRARY.suggest(text, None, 5).len() <= 5);
    // What is in the library as it stands is also how it may be asked for.
    let mut builder = LibraryBuilder::default();
    builder.add(&[Entry { id: "x".to_owned(), address: text.to_owned(), ..Entry::default() }]);
    let library = builder.finish();
    let _ = (match_text(text, &library, &Hints::default()), library.suggest(text, None, 5));
});
