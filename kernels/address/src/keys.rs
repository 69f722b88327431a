//! The standard form of an address: its parts, each in standard writing.

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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writings_of_a_door_have_one_standard_form() {
        let standard = Standard::from_text("澜江市南桥区新华路202号东湖花园3栋1单元502室");
        let divisions = [(ElementKind::City, "澜江市"), (ElementKind::District, "南桥区")];
        assert_eq!(standard.divisions, divisions.map(|(kind, name)| (kind, name.to_owned())));
        let parts = |of: &Standard| {
            [&of.compound, &of.building, &of.unit, &of.room].map(|p| p.clone().unwrap_or_default())
        };
        assert_eq!(parts(&standard), ["东湖花园", "3", "1", "502"]);
        for text in ["东湖花园３幢一单元５０２室", "东湖花园3-1-502", "东湖花园三号楼1门502"]
        {
            assert_eq!(parts(&Standard::from_text(text)), parts(&standard), "{text}");
        }
        let number = Standard::from_text("Albrecht-Dürer-Straße 12号");
        assert_eq!(number.road_number.as_deref(), Some("12"));
    }
}
