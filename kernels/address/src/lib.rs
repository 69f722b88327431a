//! What place does this text mean? Parses Chinese addresses into elements, brings them to a standard
//! form, and matches them against a library of places.
//!
//! ```
//! use gridweave_address::{parse, Standard};
//! let a = Standard::from_text("澜江市南桥区北苑街道新华路202号东湖花园３幢一单元５０２室");
//! let b = Standard::from_text("东湖花园3栋1-502");
//! assert_eq!(a.compound.as_deref(), Some("东湖花园"));
//! assert_eq!(a.room_key("C:东湖花园"), b.room_key("C:东湖花园"));
//! assert_eq!(parse("新华路202号")[0].text, "新华路");
//! ```
//!
//! A match abstains when two doors fit equally or none does, and falls back to the deepest level
//! that is certain (the building when the room is unknown), and says so.

mod keyed;
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

pub use keyed::{Candidate, Library, match_by_keys};
pub use keys::{Standard, anchor_keys, place_keys};
pub use kinds::ElementKind;
pub use library::{AddressIndex, Entry, InvalidLibrary, KnownPlace, LibraryBuilder, Source};
pub use matching::{ACCEPT, Hints, Match, Ranked, match_text};
pub use normalise::{normalise, numeral};
pub use parse::{Element, parse};
