//! Matching by keys: for a library that can only be asked what stands under a key, as a database can. It knows
//! the ways of writing numbers and levels, but no name that is written badly; [`crate::match_text`] does.

use crate::keys::Standard;
use crate::matching::{ACCEPT, Hints, Match, Ranked};

/// A place that a key led to.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The place.
    pub id: String,
    /// Its kind, as the library names it.
    pub kind: String,
    /// Standard address.
    pub address: String,
    /// Longitude and latitude, where known.
    pub point: Option<[f64; 2]>,
    /// Division code of 12 digits.
    pub division: i64,
}

/// A library that finds places by key.
pub trait Library {
    /// What can go wrong when looking.
    type Error;

    /// The places known under a key.
    fn find(&mut self, key: &str) -> Result<Vec<Candidate>, Self::Error>;
}

const CANDIDATES_MAX: usize = 8;

/// Matches a text. At most six look-ups.
pub fn match_by_keys<L: Library>(text: &str, library: &mut L, hints: &Hints) -> Result<Match, L::Error> {
    let standard = Standard::from_text(text);
    let mut ranked: Vec<Ranked> = Vec::new();
    for anchor in standard.anchors() {
        let levels = [
            ("room", standard.room_key(&anchor)),
            ("building", standard.building_key(&anchor)),
            ("anchor", Some(anchor.clone())),
        ];
        for (level, key) in levels {
            let Some(key) = key else { continue };
            let found = library.find(&key)?;
            let fits: Vec<Candidate> = found.into_iter().filter(|c| plausible(c, &standard, hints)).collect();
            if fits.is_empty() {
                continue;
            }
            let rivals = fits.len();
            ranked.extend(fits.into_iter().map(|c| rank(c, level, rivals, &standard)));
            break;
        }
    }
    ranked.sort_by(|a, b| b.confidence.total_cmp(&a.confidence).then_with(|| a.id.cmp(&b.id)));
    let mut seen = std::collections::HashSet::new();
    ranked.retain(|r| seen.insert(r.id.clone()));
    ranked.truncate(CANDIDATES_MAX);
    let accepted = match ranked.as_slice() {
        [first] if first.confidence >= ACCEPT => Some(first.clone()),
        // Two anchors that point to different doors contradict each other.
        [first, second, ..] if first.confidence >= ACCEPT && second.level != first.level => {
            Some(first.clone())
        }
        _ => None,
    };
    Ok(Match { accepted, candidates: ranked })
}

/// A place in another division than the text or the sender says is another place.
fn plausible(candidate: &Candidate, standard: &Standard, hints: &Hints) -> bool {
    let here = hints.division.is_none_or(|(lo, hi)| (lo..=hi).contains(&candidate.division));
    // The city may be left out of the library's address; the rest must not be contradicted.
    let known = Standard::from_text(&candidate.address);
    let contradicted = standard
        .divisions
        .iter()
        .any(|(kind, name)| known.divisions.iter().any(|(level, other)| level == kind && other != name));
    let roads_differ = match (&standard.road, &known.road, &standard.road_number, &known.road_number) {
        (Some(a), Some(b), Some(m), Some(n)) => a != b || m != n,
        _ => false,
    };
    here && !contradicted && !roads_differ
}

fn rank(candidate: Candidate, level: &str, rivals: usize, standard: &Standard) -> Ranked {
    let known = Standard::from_text(&candidate.address);
    let mut reasons = vec![format!("level:{level}")];
    let mut confidence: f64 = match level {
        "room" => 0.99,
        "building" if standard.room.is_some() => 0.6,
        "anchor" if standard.building.is_some() || standard.room.is_some() => 0.4,
        _ => 0.95,
    };
    if rivals > 1 {
        reasons.push(format!("rivals:{rivals}"));
        confidence *= 0.5 / rivals as f64;
    }
    if level == "room" && standard.unit.is_none() && known.unit.is_some() {
        reasons.push("unit_missing".to_owned());
        confidence -= 0.03;
    }
    for division in &standard.divisions {
        if known.divisions.contains(division) {
            reasons.push(format!("division_agrees:{}", division.1));
        }
    }
    Ranked { id: candidate.id, level: level.to_owned(), address: candidate.address, confidence, reasons }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::keys::place_keys;
    use std::collections::HashMap;
    use std::convert::Infallible;

    struct Small(HashMap<String, Vec<Candidate>>);

    impl Small {
        fn of(addresses: &[&str]) -> Self {
            let mut map: HashMap<String, Vec<Candidate>> = HashMap::new();
            for (i, address) in addresses.iter().enumerate() {
                let place = Candidate {
                    id: i.to_string(),
                    kind: "room".to_owned(),
                    address: (*address).to_owned(),
                    point: None,
                    division: 420_106_001_001,
                };
                for key in place_keys(address) {
                    map.entry(key).or_default().push(place.clone());
                }
            }
            Self(map)
        }
    }

    impl Library for Small {
        type Error = Infallible;
        fn find(&mut self, key: &str) -> Result<Vec<Candidate>, Infallible> {
            Ok(self.0.get(key).cloned().unwrap_or_default())
        }
    }

    fn accepted(library: &mut Small, text: &str) -> Option<String> {
        match_by_keys(text, library, &Hints::default()).unwrap().accepted.map(|r| r.id)
    }

    #[test]
    fn every_writing_of_a_door_finds_it() {
        let mut library = Small::of(&[
            "南桥区和平社区新华路202号东湖花园3栋1单元502室",
            "南桥区和平社区新华路202号东湖花园3栋2单元602室",
            "南桥区和平社区新华路202号东湖花园3栋",
        ]);
        for text in [
            "南桥区和平社区新华路202号东湖花园3栋1单元502室",
            "东湖花园3幢1单元502",
            "东湖花园３栋1-502室",
            "新华路202号3栋1单元502",
            "南桥区东湖花园三号楼502",
        ] {
            assert_eq!(accepted(&mut library, text).as_deref(), Some("0"), "{text}");
        }
        assert_eq!(accepted(&mut library, "东湖花园3栋").as_deref(), Some("2"));
    }

    #[test]
    fn it_abstains_rather_than_guess() {
        let mut library = Small::of(&[
            "南桥区新华路202号东湖花园3栋1单元502室",
            "南桥区新华路202号东湖花园3栋2单元502室",
            "北湖区新华路202号东湖花园3栋1单元502室",
            "南桥区新华路202号东湖花园3栋",
        ]);
        assert_eq!(accepted(&mut library, "南桥区东湖花园3栋502"), None, "two units have a 502");
        assert_eq!(accepted(&mut library, "东湖花园3栋1单元502"), None, "two districts have it");
        assert_eq!(accepted(&mut library, "北湖区东湖花园3栋1单元502").as_deref(), Some("2"));
        assert_eq!(accepted(&mut library, "东湖花园9栋1单元502"), None);
        let unknown_room =
            match_by_keys("南桥区东湖花园3栋1单元999", &mut library, &Hints::default()).unwrap();
        assert_eq!(unknown_room.accepted, None);
        assert_eq!(unknown_room.candidates[0].level, "building");
        assert_eq!(accepted(&mut library, "东湖花园西路202号3栋1单元502"), None);
    }
}
