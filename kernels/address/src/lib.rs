//! What place does this text mean? Parses Chinese addresses into elements, brings them to a standard
//! form, and matches them against a library of places.
//!
//! ```
//! use gridweave_address::{Entry, Hints, LibraryBuilder, Standard, match_text, parse};
//! let door = "澜江市南桥区北苑街道新华路202号东湖花园3栋1单元502室";
//! let mut builder = LibraryBuilder::default();
//! builder.add(&[Entry { id: "7".into(), address: door.into(), ..Entry::default() }]);
//! let library = builder.finish();
//! let found = match_text("東湖花园３幢一单元５０２", &library, &Hints::default());
//! assert_eq!(found.accepted.map(|place| place.id).as_deref(), Some("7"));
//! assert_eq!(library.suggest("dhhy", None, 5)[0].id, "7");
//! assert_eq!(Standard::from_text(door).compound.as_deref(), Some("东湖花园"));
//! assert_eq!(parse("新华路202号")[0].text, "新华路");
//! ```
//!
//! A match abstains when two doors fit equally or none does, and falls back to the deepest level
//! that is certain (the building when the room is unknown), and says so.

mod keys;
mod kinds;
mod letters;
mod library;
mod matching;
mod normalise;
mod parse;
mod rules;
mod slots;
pub mod tagger;

pub use keys::Standard;
pub use kinds::ElementKind;
pub use library::{AddressIndex, Entry, InvalidLibrary, KnownPlace, LibraryBuilder, LiveLibrary, Source};
pub use matching::{ACCEPT, Hints, Match, Ranked, Suggestion, match_text};
pub use normalise::{normalise, numeral};
pub use parse::{Element, parse};
