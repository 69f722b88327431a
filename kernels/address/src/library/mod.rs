//! The address library, compiled: names, what doors hang on, and every door by its numbers. A file that
//! is mapped and shared; changes lie over it until it is compiled again.

mod build;
mod doors;
mod file;
mod live;
mod names;
mod records;
mod spelled;

pub use build::{Entry, LibraryBuilder};
pub(crate) use doors::{ANY, Doors};
pub use file::{InvalidLibrary, Source};
pub(crate) use live::Layer;
pub use live::LiveLibrary;
pub(crate) use names::{Mention, Names, cost};
pub(crate) use records::{AnchorRecord, DIVISIONS, NONE, PlaceRecord, number_code};
pub(crate) use spelled::{Continued, Spelled, Spelling};

use file::{File, Part};
use records::ALIAS;
use std::sync::Arc;

/// A compiled library. Cheap to clone.
#[derive(Clone)]
pub struct AddressIndex {
    file: File,
}

/// A place as the library holds it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KnownPlace<'a> {
    /// Identifier.
    pub id: &'a str,
    /// Kind, as the library names it.
    pub kind: &'a str,
    /// Address.
    pub address: &'a str,
    /// Longitude and latitude.
    pub point: Option<[f64; 2]>,
    /// Division code; 0 where unknown.
    pub division: i64,
}

impl AddressIndex {
    /// Opens a compiled library in place. Reads every byte once, for its checksum.
    pub fn open(source: Arc<dyn Source>) -> Result<Self, InvalidLibrary> {
        Ok(Self { file: File::open(source)? })
    }

    /// The compiled library, to be written to a file.
    pub fn bytes(&self) -> &[u8] {
        self.file.bytes()
    }

    /// How many places there are.
    pub fn len(&self) -> usize {
        self.places().partition_point(|place| place.kind & ALIAS == 0)
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The place of a number below [`len`](Self::len), and of one that matching found.
    pub fn place(&self, number: u32) -> Option<KnownPlace<'_>> {
        let record = self.places().get(number as usize)?;
        let text = self.file.text(Part::Text);
        let start = record.id as usize;
        let middle = start + usize::from(record.id_length);
        let end = middle + usize::from(record.address_length);
        let part = |from: usize, to: usize| text.get(from..to).and_then(|t| std::str::from_utf8(t).ok());
        let point = (record.lon_e7 != i32::MAX)
            .then(|| [f64::from(record.lon_e7) / 1e7, f64::from(record.lat_e7) / 1e7]);
        Some(KnownPlace {
            id: part(start, middle)?,
            kind: kind_name(record.kind),
            address: part(middle, end)?,
            point,
            division: record.division(),
        })
    }

    /// The number of an identifier's place.
    pub fn number_of(&self, id: &str) -> Option<u32> {
        self.doors().of_id(id, |number| self.place(number).is_some_and(|place| place.id == id))
    }

    /// The same for all records of a place.
    pub(crate) fn identity(&self, number: u32) -> u32 {
        self.places().get(number as usize).map_or(NONE, |place| place.id)
    }

    pub(crate) fn names(&self) -> Names<'_> {
        Names::of(&self.file)
    }

    pub(crate) fn anchors(&self) -> &[AnchorRecord] {
        self.file.records(Part::Anchors)
    }

    pub(crate) fn places(&self) -> &[PlaceRecord] {
        self.file.records(Part::Places)
    }

    /// The numbers of the places of an anchor, in the order of their numbers.
    pub(crate) fn below(&self, anchor: u32) -> &[u32] {
        let (all, places): (&[u32], _) = (self.file.records(Part::ByAnchor), self.places());
        let of = |number: &u32| places.get(*number as usize).map_or(NONE, |place| place.anchor);
        let from = all.partition_point(|number| of(number) < anchor);
        let count = all[from..].partition_point(|number| of(number) == anchor);
        &all[from..from + count]
    }

    pub(crate) fn spelled(&self, how: Spelling) -> Spelled<'_> {
        let part = match how {
            Spelling::Letters => Part::ByLetters,
            Spelling::Pinyin => Part::ByPinyin,
            Spelling::Initials => Part::ByInitials,
        };
        Spelled { entries: self.file.records(part), how }
    }

    pub(crate) fn doors(&self) -> Doors<'_> {
        Doors { slots: self.file.records(Part::DoorSlots), places: self.places() }
    }
}

/// Kinds of places that a library tells apart; others have none.
const KINDS: [&str; 12] = [
    "",
    "road",
    "lane",
    "compound",
    "door_plate",
    "building",
    "unit",
    "floor",
    "room",
    "poi",
    "village",
    "other",
];

/// The name of a record's kind.
pub(crate) fn kind_name(kind: u8) -> &'static str {
    KINDS.get(usize::from(kind & !ALIAS)).copied().unwrap_or("")
}

fn kind_number(kind: &str) -> u8 {
    KINDS.iter().position(|known| *known == kind).unwrap_or(0) as u8
}
