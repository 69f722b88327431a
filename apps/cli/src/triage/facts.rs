//! What stands in a message, as columns.

use gridweave_address::{AddressIndex, Hints, match_text};
use gridweave_core::personal::{mask_identity, mask_phone};
use gridweave_triage::facts::{FactKind, facts, masked};
use gridweave_triage::urgent::signals;

/// The columns: signals of danger, places, times, amounts of money, telephone numbers.
pub const COLUMNS: [&str; 5] = ["urgent", "places", "times", "amounts", "phones"];
/// The cells of a row.
pub type Row = [Option<String>; COLUMNS.len()];

/// The facts of a text.
pub fn of(text: &str) -> Row {
    let some = |all: Vec<String>| Some(all.join("; ")).filter(|all| !all.is_empty());
    let signals =
        signals(text).into_iter().map(|signal| format!("{}: {}", signal.danger.name(), signal.words));
    let found = facts(text);
    let of = |kind: FactKind| -> Vec<String> {
        found.iter().filter(|fact| fact.kind == kind).map(|fact| fact.text.clone()).collect()
    };
    let phones = of(FactKind::Phone).iter().map(|number| mask_phone(number)).collect();
    [
        some(signals.collect()),
        some(of(FactKind::Place)),
        some(of(FactKind::Time)),
        some(of(FactKind::Amount)),
        some(phones),
    ]
}

/// The place of a library that a text names with certainty, the most precisely named first.
pub fn place(text: &str, library: &AddressIndex) -> Option<String> {
    let mut named: Vec<String> =
        facts(text).into_iter().filter(|fact| fact.kind == FactKind::Place).map(|fact| fact.text).collect();
    named.sort_by_key(|name| std::cmp::Reverse(name.chars().count()));
    named.iter().find_map(|name| match_text(name, library, &Hints::default()).accepted).map(|place| place.id)
}

/// A text with its telephone and identity numbers masked.
pub fn mask(text: &str) -> String {
    masked(text, |kind, number| match kind {
        FactKind::Identity => mask_identity(number),
        _ => mask_phone(number),
    })
}
