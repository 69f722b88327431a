//! Places by what they hang on and their numbers.

use super::names::spread;
use super::records::{NONE, PlaceRecord};
use crate::slots::each;

/// Stands for any unit or building in a key.
pub(crate) const ANY: u32 = NONE - 1;

/// The hash of a door's key.
pub(super) fn door_hash(anchor: u32, building: u32, unit: u32, room: u32) -> u64 {
    [building, unit, room].iter().fold(spread(u64::from(anchor) + 1), |hash, part| {
        spread(hash.rotate_left(17) ^ u64::from(*part).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    })
}

pub(super) fn id_hash(id: &str) -> u64 {
    xxhash_rust::xxh3::xxh3_64_with_seed(id.as_bytes(), 7)
}

/// The doors of an open library.
#[derive(Clone, Copy)]
pub(crate) struct Doors<'a> {
    pub(super) slots: &'a [u64],
    pub(super) places: &'a [PlaceRecord],
}

impl Doors<'_> {
    pub(super) fn of_id(&self, id: &str, is: impl Fn(u32) -> bool) -> Option<u32> {
        let mut found = None;
        each(self.slots, id_hash(id), |number| {
            found = is(number).then_some(number);
            found.is_some()
        });
        found
    }

    /// The places with these numbers below an anchor, a few at most; [`ANY`] for a building or unit that is
    /// not known.
    pub fn find(&self, anchor: u32, building: u32, unit: u32, room: u32, found: &mut Vec<u32>) {
        let fits = |wanted: u32, is: u32| wanted == ANY || wanted == is;
        each(self.slots, door_hash(anchor, building, unit, room), |number| {
            let Some(place) = self.places.get(number as usize) else { return false };
            if place.anchor == anchor
                && fits(building, place.building)
                && fits(unit, place.unit)
                && place.room == room
                && !found.contains(&number)
            {
                found.push(number);
            }
            found.len() >= 8
        });
    }
}
