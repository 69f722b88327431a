//! Residents' messages with the truth about them: what each is about, which belong to one matter, which tell of danger.
//! What triage is measured with and what the model in the program learns from; it shares nothing with triage.
//!
//! A matter happens to a thing at a building at a time. Most are reported once, some by several people in their own
//! words within seven days and from up to fifty metres away, a few by many; some people send the same again. Planted to
//! mislead: the same at other places, other things at the same place, the same at the same place much later, and messages
//! that sound like danger while nothing is wrong.

mod wording;

use crate::{Options, doors, layout};
use gridweave_atlas::Point;
use gridweave_core::{Rng, SeededRng, Zone};
use serde::Deserialize;
use std::collections::HashMap;
use wording::{Wording, worded};

/// The columns of a message. The last four are the truth: the matter's number, whether it is its `first` report, a
/// `paraphrase` or a `resubmission`, the category (a path), and the signal of danger if there is any.
pub const MESSAGE_COLUMNS: [&str; 10] =
    ["id", "user", "time", "text", "lon", "lat", "true_matter", "true_kind", "true_category", "true_danger"];

/// Reports of one matter come within so many days.
const SPREAD_DAYS: f64 = 7.0;
/// Metres that two reports of a matter may lie apart.
const SPREAD_M: f64 = 50.0;
/// Days that lie between two matters of the same thing at the same compound at the least.
const APART_DAYS: f64 = 45.0;
/// The share of matters that are dangers, and of those that only sound so.
const DANGERS: f64 = 0.06;
const CALM: f64 = 0.06;

/// What messages to write.
#[derive(Clone, Debug)]
pub struct MessageOptions {
    /// How many, about: a matter's reports are written whole.
    pub count: usize,
    /// Days that they are spread over.
    pub days: i64,
    /// First day.
    pub start_day: i64,
    /// Name of the city.
    pub name: String,
    /// Everything follows from it.
    pub seed: u64,
}

#[derive(Deserialize)]
struct Phrases {
    matter: Vec<MatterPhrases>,
    danger: Vec<Danger>,
}

/// What may be said about one category: concepts, each with its names parted by commas.
#[derive(Deserialize)]
struct MatterPhrases {
    category: String,
    things: Vec<String>,
    faults: Vec<String>,
    harm: Vec<String>,
    wish: Vec<String>,
    en: [String; 2],
}

#[derive(Deserialize)]
struct Danger {
    signal: String,
    category: String,
    say: Vec<String>,
    calm: Vec<String>,
}

/// A building, as people name it.
struct Spot {
    compound: String,
    building: String,
    address: String,
    at: Point,
}

/// What a matter is about.
#[derive(Clone, Copy)]
enum About {
    Matter { of: usize, thing: usize, fault: usize, english: bool },
    Danger(usize),
    Calm(usize),
}

struct Matter {
    about: About,
    spot: usize,
    /// Days since the first.
    day: f64,
    reports: usize,
}

/// Writes messages in the order of their times.
pub fn messages(options: &MessageOptions, mut see: impl FnMut([String; MESSAGE_COLUMNS.len()])) {
    // The text is compiled in and read by a test.
    let Ok(phrases) = toml::from_str::<Phrases>(include_str!("matters.toml")) else { return };
    let mut rng = SeededRng::new(options.seed);
    let spots = spots(options, &mut rng);
    if spots.is_empty() {
        return;
    }
    let mut rows: Vec<(i64, [String; MESSAGE_COLUMNS.len()])> = Vec::with_capacity(options.count + 64);
    let mut last: HashMap<(String, usize, usize), f64> = HashMap::new();
    let mut number = 0;
    while rows.len() < options.count {
        let matter = matter(&phrases, &spots, options, &mut rng);
        // The same thing at the same compound is another matter only much later.
        let thing = match matter.about {
            About::Matter { of, thing, .. } => (of, thing),
            About::Danger(of) | About::Calm(of) => (phrases.matter.len() + of, 0),
        };
        let key = (spots[matter.spot].compound.clone(), thing.0, thing.1);
        // Where a small city is full of matters, they are left to lie closer.
        if last.get(&key).is_some_and(|day| (day - matter.day).abs() < APART_DAYS) && rng.chance(0.999) {
            continue;
        }
        last.insert(key, matter.day);
        number += 1;
        reports(&phrases, &spots[matter.spot], &matter, number, options, &mut rng, &mut rows);
    }
    rows.sort_by_key(|(second, _)| *second);
    for (id, (_, mut row)) in rows.into_iter().enumerate() {
        row[0] = format!("{}", id + 1);
        see(row);
    }
}

fn spots(options: &MessageOptions, rng: &mut SeededRng) -> Vec<Spot> {
    let city = Options {
        households: (options.count * 5).clamp(3_000, 600_000),
        seed: options.seed,
        name: options.name.clone(),
        ..Options::default()
    };
    let built = doors::build(&layout::invent(&city, rng), rng);
    let compounds: HashMap<&str, &doors::Place> = built
        .places
        .iter()
        .filter(|place| place.parent.is_none())
        .map(|place| (place.code.as_str(), place))
        .collect();
    let spot = |place: &doors::Place| {
        let compound = compounds.get(place.parent.as_deref()?)?;
        Some(Spot {
            compound: compound.name.clone(),
            building: place.name.clone(),
            address: compound.address.clone(),
            at: place.at,
        })
    };
    built.places.iter().filter(|place| place.kind == "building").filter_map(spot).collect()
}

fn matter(phrases: &Phrases, spots: &[Spot], options: &MessageOptions, rng: &mut dyn Rng) -> Matter {
    let danger = rng.below(phrases.danger.len());
    let about = if rng.chance(DANGERS) {
        About::Danger(danger)
    } else if rng.chance(CALM) {
        About::Calm(danger)
    } else {
        let of = rng.below(phrases.matter.len());
        let english = rng.chance(0.07);
        let these = &phrases.matter[of];
        let (thing, fault) = (rng.below(these.things.len()), rng.below(these.faults.len()));
        About::Matter { of, thing, fault, english }
    };
    let one = matches!(about, About::Calm(_));
    let reports = match rng.below(1000) {
        _ if one => 1,
        ..720 => 1,
        720..950 => 2 + rng.below(3),
        950..995 => 5 + rng.below(4),
        _ => 12 + rng.below(29),
    };
    Matter { about, spot: rng.below(spots.len()), day: uniform(rng) * options.days as f64, reports }
}

fn uniform(rng: &mut dyn Rng) -> f64 {
    rng.below(1 << 30) as f64 / f64::from(1 << 30)
}

fn reports(
    phrases: &Phrases,
    spot: &Spot,
    matter: &Matter,
    number: usize,
    options: &MessageOptions,
    rng: &mut dyn Rng,
    rows: &mut Vec<(i64, [String; MESSAGE_COLUMNS.len()])>,
) {
    const DAY_S: f64 = 86_400.0;
    let (category, danger) = match matter.about {
        About::Matter { of, .. } => (&phrases.matter[of].category, ""),
        About::Danger(of) => (&phrases.danger[of].category, phrases.danger[of].signal.as_str()),
        // What only sounds like danger is of many categories: none is claimed.
        About::Calm(_) => (&String::new(), ""),
    };
    let mut first: Vec<(String, String)> = Vec::new();
    for report in 0..matter.reports {
        let again = report > 0 && rng.chance(0.15);
        let (user, text) = match again {
            true => first[rng.below(first.len())].clone(),
            false => (
                format!("u{:06}", rng.below(options.count * 3)),
                worded(&Wording { phrases, spot }, matter.about, rng),
            ),
        };
        first.push((user.clone(), text.clone()));
        // Most come soon.
        let after = if report == 0 { 0.0 } else { uniform(rng) * uniform(rng) * SPREAD_DAYS };
        let second = ((matter.day + after) * DAY_S) as i64;
        let (lon, lat) = match rng.chance(0.15) {
            true => (String::new(), String::new()),
            false => {
                let (angle, far) =
                    (uniform(rng) * std::f64::consts::TAU, uniform(rng).sqrt() * SPREAD_M / 2.0);
                let degree = 111_320.0;
                let lon = spot.at[0] + far * angle.cos() / (degree * spot.at[1].to_radians().cos());
                (format!("{lon:.6}"), format!("{:.6}", spot.at[1] + far * angle.sin() / degree))
            }
        };
        let kind = if report == 0 {
            "first"
        } else if again {
            "resubmission"
        } else {
            "paraphrase"
        };
        let row = [
            String::new(),
            user,
            time(options.start_day, second),
            text,
            lon,
            lat,
            number.to_string(),
            kind.to_owned(),
            category.clone(),
            danger.to_owned(),
        ];
        rows.push((second, row));
    }
}

/// Local time, `second` seconds behind the beginning of a day.
fn time(start_day: i64, second: i64) -> String {
    let (day, second) = (start_day + second.div_euclid(86_400), second.rem_euclid(86_400));
    format!("{}T{:02}:{:02}:{:02}+08:00", Zone::date_text(day), second / 3600, second / 60 % 60, second % 60)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::collections::HashSet;

    fn some(seed: u64) -> Vec<[String; MESSAGE_COLUMNS.len()]> {
        let mut all = Vec::new();
        let options =
            MessageOptions { count: 4_000, days: 90, start_day: 20_000, name: "澜江市".to_owned(), seed };
        messages(&options, |row| all.push(row));
        all
    }

    #[test]
    fn the_same_seed_writes_the_same_and_the_truth_holds() {
        let (all, again, other) = (some(3), some(3), some(4));
        assert_eq!(all, again);
        assert_ne!(all, other);
        assert!(all.len() >= 4_000);
        assert!(all.is_sorted_by(|a, b| a[2] <= b[2]));
        let texts: HashSet<&str> = all.iter().map(|row| row[3].as_str()).collect();
        let again = all.iter().filter(|row| row[7] == "resubmission").count();
        assert!(again > 50 && texts.len() < all.len());
        let mut matters: HashMap<&str, Vec<&[String; MESSAGE_COLUMNS.len()]>> = HashMap::new();
        all.iter().for_each(|row| matters.entry(&row[6]).or_default().push(row));
        for of in matters.values() {
            assert!(of.iter().all(|row| row[8] == of[0][8] && row[9] == of[0][9]));
            assert_eq!(of.iter().filter(|row| row[7] == "first").count(), 1);
        }
        assert!(matters.values().any(|of| of.len() >= 12));
        assert!((100..500).contains(&all.iter().filter(|row| !row[9].is_empty()).count()));
        let levels: HashSet<usize> = all.iter().map(|row| row[8].split('/').count()).collect();
        assert_eq!(levels, HashSet::from([1, 3]), "three levels, or none where nothing is claimed");
    }
}
