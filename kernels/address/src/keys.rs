//! The standard form of an address and the keys under which the library knows it.
//!
//! A door is known by an *anchor* (`C:` compound or `R:` road and number) and what lies below it:
//! `C:东湖花园|3|1|502`. Keys without the unit are kept as well, because people leave it out; where
//! two doors share such a key the match abstains.

use crate::ElementKind;
use crate::normalise::numeral;
use crate::parse::{Element, parse};

/// An address in its parts, each in standard writing.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Standard {
    /// Divisions, large to small, as written.
    pub divisions: Vec<(ElementKind, String)>,
    /// Road.
    pub road: Option<String>,
    /// Number on the road.
    pub road_number: Option<String>,
    /// Compound, or the name of whatever stands alone.
    pub compound: Option<String>,
    /// Building.
    pub building: Option<String>,
    /// Unit.
    pub unit: Option<String>,
    /// Room.
    pub room: Option<String>,
}

/// 十二 → 12, 007 → 7, A stays.
fn standard_number(text: &str) -> String {
    numeral(text).map_or_else(|| text.to_owned(), |value| value.to_string())
}

impl Standard {
    /// Parses and standardises a text.
    pub fn from_text(text: &str) -> Self {
        Self::from_elements(&parse(text))
    }

    /// Standardises parsed elements.
    pub fn from_elements(elements: &[Element]) -> Self {
        let mut standard = Self::default();
        for Element { kind, text, .. } in elements {
            let number = || Some(standard_number(text));
            match kind {
                ElementKind::Prov
                | ElementKind::City
                | ElementKind::District
                | ElementKind::Town
                | ElementKind::Community => standard.divisions.push((*kind, text.clone())),
                ElementKind::Road => standard.road = Some(text.clone()),
                ElementKind::RoadNo => standard.road_number = number(),
                ElementKind::Poi => standard.compound = Some(text.clone()),
                ElementKind::HouseNo => standard.building = number(),
                ElementKind::CellNo => standard.unit = number(),
                ElementKind::RoomNo => standard.room = number(),
                _ => {}
            }
        }
        standard
    }

    /// The anchors that the text names, surest first.
    pub fn anchors(&self) -> Vec<String> {
        let (compound, road) = match (&self.road, &self.compound, &self.road_number) {
            // A name that does not end like a road, with a number behind it, is a road all the same.
            (None, Some(name), Some(number)) => (None, Some(format!("R:{name}{number}"))),
            (Some(road), name, Some(number)) => (name.clone(), Some(format!("R:{road}{number}"))),
            (_, name, None) => (name.clone(), None),
            (None, None, Some(_)) => (None, None),
        };
        let compound = compound.map(|name| format!("C:{name}"));
        compound.into_iter().chain(road).collect()
    }

    /// The key of the room under an anchor; with the unit where it is known.
    pub fn room_key(&self, anchor: &str) -> Option<String> {
        let room = self.room.as_ref()?;
        let building = self.building.as_deref().unwrap_or("");
        Some(format!("{anchor}|{building}|{}|{room}", self.unit.as_deref().unwrap_or("")))
    }

    /// The key of the building under an anchor.
    pub fn building_key(&self, anchor: &str) -> Option<String> {
        self.building.as_ref().map(|building| format!("{anchor}|{building}"))
    }
}

/// The anchor keys of a compound, road number or other named place.
pub fn anchor_keys(full_address: &str) -> Vec<String> {
    Standard::from_text(full_address).anchors()
}

/// Every key under which a place of the library should be found, from its standard address.
pub fn place_keys(full_address: &str) -> Vec<String> {
    let standard = Standard::from_text(full_address);
    let mut keys = Vec::new();
    for anchor in standard.anchors() {
        if standard.room.is_some() {
            keys.extend(standard.room_key(&anchor));
            if standard.unit.is_some() {
                let without = Standard { unit: None, ..standard.clone() };
                keys.extend(without.room_key(&anchor));
            }
        } else if standard.unit.is_some() {
            let building = standard.building.as_deref().unwrap_or("");
            keys.push(format!("{anchor}|{building}|{}", standard.unit.as_deref().unwrap_or("")));
        } else if let Some(key) = standard.building_key(&anchor) {
            keys.push(key);
        } else {
            keys.push(anchor);
        }
    }
    if keys.is_empty() && standard.road.is_some() {
        keys.extend(standard.road.map(|road| format!("R:{road}")));
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_is_known_with_and_without_its_unit_and_by_both_anchors() {
        let keys = place_keys("澜江市南桥区新华路202号东湖花园3栋1单元502室");
        for key in ["C:东湖花园|3|1|502", "C:东湖花园|3||502", "R:新华路202|3|1|502"] {
            assert!(keys.iter().any(|k| k == key), "{key} in {keys:?}");
        }
        assert_eq!(place_keys("澜江市南桥区东湖花园3栋"), ["C:东湖花园|3"]);
        assert_eq!(place_keys("澜江市南桥区新华路202号"), ["R:新华路202"]);
        assert_eq!(place_keys("新华路"), ["R:新华路"]);
        assert_eq!(place_keys("Albrecht-Dürer-Straße 12号3单元502室")[0], "R:ALBRECHT-DüRER-STRAßE12||3|502");
    }
}
