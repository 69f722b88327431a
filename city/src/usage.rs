//! Water: how homes use it, and what was planted.

use crate::Options;
use crate::doors::{Built, Room};
use crate::people::{Absence, Society};
use gridweave_core::{Rng, SeededRng};

/// A water meter with the habits of its home.
#[derive(Clone, Debug)]
pub struct Meter {
    /// Number on it.
    pub code: String,
    /// Code of the room.
    pub place: String,
    /// Is it in the register of devices? Else only its address tells where it is.
    pub registered: bool,
    /// The address as the water company writes it.
    pub address: String,
    index: u64,
    /// Cubic metres on an ordinary day.
    base: f64,
    /// Scatter of the logarithm from day to day.
    scatter: f64,
    /// How much more on Saturdays and Sundays.
    weekend: f64,
    /// Chance of a silent day.
    silent: f64,
    phases: Vec<Phase>,
}

/// From `from` to `until` (excluded) the use is multiplied.
#[derive(Clone, Copy, Debug)]
struct Phase {
    from: i64,
    until: i64,
    factor: f64,
}

/// A planted change.
#[derive(Clone, Debug)]
pub struct Planted {
    /// Meter.
    pub meter: String,
    /// Code of the room.
    pub place: String,
    /// `zero_onset`, `shift_up`, `shift_down`, `return`.
    pub kind: &'static str,
    /// First day of the new state.
    pub since: i64,
    /// What happened: `moved_out`, `died`, `left_untold`, `leak`, `more_people`, `fewer_people`, `moved_in`.
    pub cause: &'static str,
}

/// A reading.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// Meter.
    pub meter: String,
    /// Day.
    pub day: i64,
    /// Cubic metres.
    pub value: f64,
    /// The address as the water company writes it, for meters that are in no register.
    pub address: Option<String>,
}

/// A change is planted at least this long after the start, so that habits can be known …
const LEAD_DAYS: i64 = 30;
/// … and this long before the end, so that it can be found.
const TAIL_DAYS: i64 = 15;

pub(crate) fn plant(
    options: &Options,
    built: &Built,
    society: &Society,
    rng: &mut SeededRng,
) -> (Vec<Meter>, Vec<Planted>, Vec<Absence>) {
    let (mut meters, mut truth, mut absences) = (Vec::new(), Vec::new(), Vec::new());
    let end = options.start_day + options.days;
    let room_to_plant = options.days > LEAD_DAYS + TAIL_DAYS;
    for (i, (room, household)) in built.rooms.iter().zip(&society.households).enumerate() {
        let registered = rng.chance(0.9);
        let mut meter = Meter {
            code: format!("W{:07}", i + 1),
            place: room.code.clone(),
            registered,
            address: written(room, rng),
            index: i as u64,
            base: 0.11 * household.people.max(1) as f64 * (0.25 * normal(rng)).exp(),
            scatter: 0.16 + 0.16 * rng.unit(),
            weekend: 1.0 + 0.2 * rng.unit(),
            silent: if household.people == 1 { 0.03 * rng.unit() } else { 0.004 },
            phases: Vec::new(),
        };
        if household.elderly_alone {
            // They are at home, and steady.
            meter.silent = 0.002;
            meter.scatter = 0.15 + 0.1 * rng.unit();
        }
        let day_between = |rng: &mut SeededRng| {
            options.start_day
                + LEAD_DAYS
                + rng.below((options.days - LEAD_DAYS - TAIL_DAYS).max(1) as usize) as i64
        };
        let mut planted = |meter: &mut Meter, rng: &mut SeededRng, kind, cause, factor: f64| {
            let since = day_between(rng);
            meter.phases.push(Phase { from: since, until: end, factor });
            truth.push(Planted { meter: meter.code.clone(), place: room.code.clone(), kind, since, cause });
        };
        if household.registered_vacant {
            meter.phases.push(Phase { from: options.start_day, until: end, factor: 0.0 });
            if room_to_plant && rng.chance(0.04) {
                meter.phases.clear();
                let since = day_between(rng);
                meter.phases.push(Phase { from: options.start_day, until: since, factor: 0.0 });
                let (meter, place) = (meter.code.clone(), room.code.clone());
                truth.push(Planted { meter, place, kind: "return", since, cause: "moved_in" });
            }
        } else if room_to_plant && rng.chance(0.03) {
            match rng.below(12) {
                0..=2 => planted(&mut meter, rng, "zero_onset", "moved_out", 0.0),
                3 => planted(&mut meter, rng, "zero_onset", "died", 0.0),
                4..=5 => planted(&mut meter, rng, "zero_onset", "left_untold", 0.0),
                6..=8 => {
                    let factor = 2.5 + 3.5 * rng.unit();
                    planted(&mut meter, rng, "shift_up", "leak", factor);
                }
                9 => {
                    let factor = 2.2 + 0.8 * rng.unit();
                    planted(&mut meter, rng, "shift_up", "more_people", factor);
                }
                _ => {
                    let factor = 0.25 + 0.15 * rng.unit();
                    planted(&mut meter, rng, "shift_down", "fewer_people", factor);
                }
            }
        } else {
            mislead(options, household.elderly_alone, room, &mut meter, &mut absences, rng);
        }
        meters.push(meter);
    }
    (meters, truth, absences)
}

/// What looks like a change and is none: trips, told absences, guests.
fn mislead(
    options: &Options,
    elderly_alone: bool,
    room: &Room,
    meter: &mut Meter,
    absences: &mut Vec<Absence>,
    rng: &mut SeededRng,
) {
    let span = |rng: &mut SeededRng, shortest: usize, longest: usize| {
        let days = (shortest + rng.below(longest - shortest + 1)) as i64;
        let from = options.start_day + rng.below((options.days - days).max(1) as usize) as i64;
        (from, from + days)
    };
    let mut tell = |from: i64, until: i64| {
        absences.push(Absence { place: room.code.clone(), from, until: until - 1 });
    };
    if rng.chance(if elderly_alone { 0.01 } else { 0.3 }) {
        let (from, until) = span(rng, 2, 7);
        meter.phases.push(Phase { from, until, factor: 0.0 });
        if elderly_alone && rng.chance(0.6) {
            tell(from, until);
        }
    } else if rng.chance(0.02) {
        let (from, until) = span(rng, 12, 25);
        meter.phases.push(Phase { from, until, factor: 0.0 });
        tell(from, until);
    }
    if rng.chance(0.06) {
        let (from, until) = span(rng, 2, 4);
        let factor = 1.3 + 0.5 * rng.unit();
        meter.phases.push(Phase { from, until, factor });
    }
}

/// The reading of a day: a function of seed, meter and day alone.
pub(crate) fn reading(options: &Options, meter: &Meter, day: i64) -> Option<Reading> {
    let mut rng = SeededRng::new(options.seed ^ meter.index.rotate_left(20) ^ (day as u64).rotate_left(44));
    let noise = normal(&mut rng);
    let (silent, missing) = (rng.unit(), rng.unit());
    // One reading in two hundred does not arrive.
    if missing < 0.005 {
        return None;
    }
    let factor: f64 =
        meter.phases.iter().filter(|p| (p.from..p.until).contains(&day)).map(|p| p.factor).product();
    // 1970-01-01 was a Thursday.
    let weekend = matches!((day + 3).rem_euclid(7), 5 | 6);
    let rhythm = if weekend { meter.weekend } else { 1.0 };
    let value = if silent < meter.silent {
        0.0
    } else {
        meter.base * factor * rhythm * (meter.scatter * noise).exp()
    };
    Some(Reading {
        meter: meter.code.clone(),
        day,
        value: (value * 1000.0).round() / 1000.0,
        address: (!meter.registered).then(|| meter.address.clone()),
    })
}

/// A standard normal number (Box and Muller).
fn normal(rng: &mut dyn Rng) -> f64 {
    let (u, v) = (rng.unit().max(1e-12), rng.unit());
    (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}

/// The address as a water company writes it: short, dashed, with other words, sometimes without the
/// unit, sometimes wrong.
fn written(room: &Room, rng: &mut dyn Rng) -> String {
    // Divisions at the front end with the community; the rest is road, number and compound.
    let short = room.anchor.split_once("社区").map_or(room.anchor.as_str(), |(_, rest)| rest);
    let compound =
        short.split_once('号').map(|(_, rest)| rest).filter(|rest| !rest.is_empty()).unwrap_or(short);
    let building = room.building.trim_end_matches('栋');
    let (unit, number) = (room.unit, room.number);
    match rng.below(20) {
        0..=5 => room.address.clone(),
        6..=8 => format!("{compound}{}{unit}单元{number}", room.building),
        9..=11 if !building.is_empty() => format!("{compound}{building}幢{unit}-{number}"),
        12..=13 if !building.is_empty() => format!("{short}{building}号楼{unit}单元{number}室"),
        14..=15 => format!("{short} {}{unit}门{number}户", room.building),
        16 => format!("{compound}{}{number}", room.building),
        17 => format!("{compound}{}{unit}单元{}", room.building, number + 7),
        18 => format!("{}{unit}单元{number}", room.building),
        _ => format!("{short}{}{unit}单元{number}室", room.building),
    }
}
