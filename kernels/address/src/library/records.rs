//! What the library holds, as it lies in the file.

use crate::kinds::ElementKind;
use crate::normalise::numeral;
use bytemuck::{Pod, Zeroable};
use xxhash_rust::xxh3::xxh3_64;

/// No name, number, anchor or place.
pub(crate) const NONE: u32 = u32::MAX;
/// Divisions that tell anchors apart: from the province down to the community.
pub(crate) const DIVISIONS: [ElementKind; 5] =
    [ElementKind::Prov, ElementKind::City, ElementKind::District, ElementKind::Town, ElementKind::Community];

/// A name that elements of addresses have.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct NameRecord {
    /// Its text.
    pub text: u32,
    /// Bytes of it.
    pub text_length: u16,
    /// Letters of it.
    pub letters: u16,
    /// Kinds that it is the name of, a bit each.
    pub kinds: u32,
    /// Where its anchors begin: those of a compound first, then those of a road by their number.
    pub postings: u32,
    /// Anchors that it is the compound of.
    pub as_compound: u32,
    /// Anchors that it is the road of.
    pub as_road: u32,
}

/// What doors hang on: a number on a road, a compound, or both.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct AnchorRecord {
    /// Names of the divisions.
    pub divisions: [u32; 5],
    /// Name of the road.
    pub road: u32,
    /// Number on the road.
    pub number: u32,
    /// Name of the compound.
    pub compound: u32,
    /// How many buildings.
    pub buildings: u32,
}

/// Bit of a record's kind: the same place as another record, by another address.
pub(crate) const ALIAS: u8 = 0x80;

/// A place.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct PlaceRecord {
    /// Its identifier; all records of a place share it.
    pub id: u32,
    /// Its address, behind the identifier.
    pub address_length: u16,
    pub id_length: u8,
    /// Its kind, by number, perhaps with [`ALIAS`].
    pub kind: u8,
    /// What it hangs on.
    pub anchor: u32,
    /// Numbers, [`NONE`] where there is none.
    pub building: u32,
    pub unit: u32,
    pub room: u32,
    /// Longitude and latitude in ten-millionths of a degree; `i32::MAX` where unknown.
    pub lon_e7: i32,
    pub lat_e7: i32,
    /// Division code, in two halves.
    pub division: [u32; 2],
}

impl PlaceRecord {
    /// The division's code as it is kept: in two halves, so that records need no gaps.
    pub fn halves(division: i64) -> [u32; 2] {
        [(division as u64 >> 32) as u32, division as u32]
    }

    /// The division's code; 0 where unknown.
    pub fn division(&self) -> i64 {
        (u64::from(self.division[0]) << 32 | u64::from(self.division[1])) as i64
    }
}

/// A number or letter of an address as one word: 3 and 三 are 3, `3A` is a hash above them.
pub(crate) fn number_code(text: &str) -> u32 {
    // Eight digits at most.
    numeral(text).unwrap_or_else(|| (xxh3_64(text.as_bytes()) as u32 >> 2) | 1 << 30)
}
