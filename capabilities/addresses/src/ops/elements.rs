//! What a text names of an address, element by element, and how far the library follows it.

use crate::model::*;
use gridweave_address::{Ranked, Standard};

/// Does the text ask for more than the place that was found?
pub(crate) fn falls_short(ranked: &Ranked) -> bool {
    ranked.reasons.iter().any(|reason| reason == "not_in_library")
}

/// The own elements that a text names from the compound or the number on a road down, as the standard writes them.
pub(crate) struct Elements(pub Vec<(String, PlaceKind)>);

impl Elements {
    pub fn of(text: &str) -> Self {
        let standard = Standard::from_text(text);
        // 青松里小区 is one name, though 青松里 might be a lane.
        let compound = match (&standard.road, standard.compound) {
            (Some(road), Some(compound)) if text.contains(&format!("{road}{compound}")) => {
                Some(format!("{road}{compound}"))
            }
            (_, compound) => compound,
        };
        let numbered = |part: Option<String>, ending: &str| part.map(|number| format!("{number}{ending}"));
        // A compound bears a number of its road; without one the number is a door plate of its own.
        let plate = numbered(standard.road_number, "号").filter(|_| compound.is_none());
        let all = [
            (compound, PlaceKind::Compound),
            (plate, PlaceKind::DoorPlate),
            (numbered(standard.building, "栋"), PlaceKind::Building),
            (numbered(standard.unit, "单元"), PlaceKind::Unit),
            (numbered(standard.room, "室"), PlaceKind::Room),
        ];
        Self(all.into_iter().filter_map(|(name, kind)| name.map(|name| (name, kind))).collect())
    }

    /// The topmost element that a place and what is above it do not have.
    pub fn below(&self, place: &Place) -> Option<(String, PlaceKind)> {
        let has = Self::of(&place.address);
        let fresh = |(_, kind): &&(String, PlaceKind)| !has.0.iter().any(|(_, known)| known == kind);
        self.0.iter().find(fresh).filter(|(_, kind)| kind.lies_below(place.kind)).cloned()
    }
}
