//! A plausible Chinese city of any size: streets, compounds, buildings, doors, people with invented
//! names, meters with their rhythm, and the truth of every planted change.
//!
//! The same options always give the same city. A reading is a function of seed, meter and day, so
//! that any day of any city can be asked for without the days before.
//!
//! What is planted and counted as truth: homes that fall silent for good, levels that rise (leaks,
//! more people) or fall (fewer people), homes registered as vacant that somebody uses. What is
//! planted to mislead: short trips, told and untold; guests; single silent days; holidays; addresses
//! that leave parts out or are wrong.

mod doors;
mod labelled;
mod layout;
mod messages;
mod meters;
mod names;
mod on_osm;
mod people;
mod several;
mod usage;
mod write;
mod writing;

pub use doors::{Building, Place};
pub use labelled::{DivisionLine, LabelledElement, LabelledWriter};
pub use layout::{Cell, Division, Line};
pub use messages::{MESSAGE_COLUMNS, MessageOptions, messages};
pub use meters::{FleetMeter, FleetTruth, MeterFleet, MeterOptions, Use, meter_fleet};
pub use people::{Absence, Care, Dwelling, Organisation, Person, Tie};
pub use several::{RECORD_COLUMNS, people_records};
pub use usage::{Meter, Planted, Reading};
pub use write::write;
pub use writing::{Noise, written_badly};

use gridweave_core::{SeededRng, Zone};
use std::path::PathBuf;

/// What city to make.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many homes, about: buildings are filled whole.
    pub households: usize,
    /// Everything follows from it.
    pub seed: u64,
    /// Days of readings.
    pub days: i64,
    /// First day.
    pub start_day: i64,
    /// Name of the city.
    pub name: String,
    /// An OpenStreetMap extract or a GeoJSON file of buildings to build it on.
    pub on: Option<PathBuf>,
    /// A GeoJSON file of roads, beside one of buildings.
    pub roads: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            households: 3000,
            seed: 1,
            days: 90,
            start_day: Zone::day_from_text("2026-08-24").unwrap_or_default(),
            name: "澜江市".to_owned(),
            on: None,
            roads: None,
        }
    }
}

/// Why no city was made.
#[derive(Debug, thiserror::Error)]
pub enum CityError {
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] gridweave_files::FileError),
    /// The given map holds nothing to live in.
    #[error("{0} holds no buildings to live in")]
    NoBuildings(String),
    /// The given map is no map.
    #[error("{0}")]
    BadMap(String),
}

/// A whole city.
#[derive(Clone, Debug)]
pub struct City {
    /// What it was made from.
    pub options: Options,
    /// City, districts, streets, communities.
    pub divisions: Vec<Division>,
    /// Cells of every network: network, cell.
    pub cells: Vec<(String, Cell)>,
    /// Roads, water and green for the base map.
    pub lines: Vec<Line>,
    /// Places, parents before children.
    pub places: Vec<Place>,
    /// People.
    pub people: Vec<Person>,
    /// Shops and offices.
    pub organisations: Vec<Organisation>,
    /// Homes as registered.
    pub dwellings: Vec<Dwelling>,
    /// Who lives, owns, rents, trades where.
    pub ties: Vec<Tie>,
    /// Absences that were told.
    pub absences: Vec<Absence>,
    /// People in care.
    pub care: Vec<Care>,
    /// Water meters.
    pub meters: Vec<Meter>,
    /// The truth of what was planted.
    pub truth: Vec<Planted>,
}

/// Makes the city.
pub fn make(options: &Options) -> Result<City, CityError> {
    let mut rng = SeededRng::new(options.seed);
    let ground = match &options.on {
        None => layout::invent(options, &mut rng),
        Some(path) => on_osm::read(options, path, &mut rng)?,
    };
    let built = doors::build(&ground, &mut rng);
    let society = people::settle(options, &built, &mut rng);
    let (meters, truth, absences) = usage::plant(options, &built, &society, &mut rng);
    let mut city = City {
        options: options.clone(),
        divisions: ground.divisions,
        cells: Vec::new(),
        lines: ground.lines,
        places: built.places,
        people: society.people,
        organisations: society.organisations,
        dwellings: society.dwellings,
        ties: society.ties,
        absences,
        care: society.care,
        meters,
        truth,
    };
    let mut base = ground.cells;
    let mut counts = vec![0i64; base.len()];
    for room in &built.rooms {
        counts[room.cell] += 1;
    }
    for (cell, count) in base.iter_mut().zip(counts) {
        cell.households = count;
    }
    city.cells = layout::networks(base);
    Ok(city)
}

impl City {
    /// Every meter's reading of a day; meters that were silent that day send zero.
    pub fn readings(&self, day: i64) -> Vec<Reading> {
        self.meters.iter().filter_map(|meter| usage::reading(&self.options, meter, day)).collect()
    }

    /// First and last day of readings.
    pub fn days(&self) -> std::ops::Range<i64> {
        self.options.start_day..self.options.start_day + self.options.days
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn small(seed: u64) -> City {
        make(&Options { households: 800, seed, ..Options::default() }).unwrap()
    }

    #[test]
    fn the_same_seed_gives_the_same_city_and_another_seed_another() {
        let (a, b, c) = (small(1), small(1), small(2));
        let day = a.options.start_day + 30;
        assert_eq!(format!("{:?}", a.places), format!("{:?}", b.places));
        assert_eq!(format!("{:?}", a.readings(day)), format!("{:?}", b.readings(day)));
        assert_ne!(format!("{:?}", a.people), format!("{:?}", c.people));
    }

    #[test]
    fn codes_numbers_and_places_are_whole() {
        let city = small(3);
        let codes: std::collections::HashSet<_> = city.places.iter().map(|p| p.code.as_str()).collect();
        assert_eq!(codes.len(), city.places.len());
        for person in city.people.iter().take(200) {
            assert!(gridweave_core::IdentityNumber::parse(&person.identity).is_ok(), "{}", person.identity);
        }
        for organisation in &city.organisations {
            assert!(gridweave_core::CreditCode::parse(&organisation.code).is_ok());
        }
        assert!(city.meters.iter().all(|meter| codes.contains(meter.place.as_str())));
        let homes = city.places.iter().filter(|p| p.kind == "room").count();
        assert!((700..1300).contains(&homes), "{homes} homes");
        assert!(!city.truth.is_empty());
        let outlines: Vec<_> = city
            .cells
            .iter()
            .filter(|(network, _)| network == "base")
            .map(|(_, cell)| (cell.shape.clone(), cell.code))
            .collect();
        assert_eq!(gridweave_atlas::check::check(&outlines), []);
    }
}
