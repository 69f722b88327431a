//! Water meters of many homes with the truth about each: what the `meters` kernel is measured with.
//!
//! A reading is a function of seed, meter and day, so that any day can be asked for alone.

use gridweave_chance::Chance;
use gridweave_core::{Rng, SeededRng};

/// What meters to invent.
#[derive(Clone, Debug)]
pub struct MeterOptions {
    /// How many meters.
    pub count: usize,
    /// Days of readings.
    pub days: i64,
    /// First day.
    pub start_day: i64,
    /// Everything follows from it.
    pub seed: u64,
}

/// What a meter measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// A home that is lived in: 87 in 100.
    Home,
    /// A home of weekends: 3 in 100.
    Weekend,
    /// An empty home: 4 in 100.
    Vacant,
    /// A garage or a cellar that hardly ever uses any: 3 in 100.
    Garage,
    /// A shop, closed on Sundays: 3 in 100.
    Shop,
}

impl Use {
    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            Use::Home => "home",
            Use::Weekend => "weekend",
            Use::Vacant => "vacant",
            Use::Garage => "garage",
            Use::Shop => "shop",
        }
    }
}

/// An invented meter.
#[derive(Clone, Debug)]
pub struct FleetMeter {
    /// What it measures.
    pub of: Use,
    /// An old person living alone, on the care list: 5 in 100 homes.
    pub care: bool,
    /// Number of the building, of 40 meters, and of the street, of 12 buildings.
    pub building: usize,
    /// Street.
    pub street: usize,
    base: f64,
    scatter: f64,
    weekend: f64,
    silent: f64,
    season: f64,
    wander: (f64, f64, f64),
    spells: Vec<Spell>,
}

/// From `from` to `until` (excluded) something holds.
#[derive(Clone, Copy, Debug)]
struct Spell {
    from: i64,
    until: i64,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum What {
    Times(f64),
    Missing,
    Stuck,
    Backwards,
    /// So much of the usual day, day and night alike.
    Leak(f64),
    /// A hundred times too much.
    Spike,
}

/// A change that was planted, or something that is none and could be taken for one.
#[derive(Clone, Debug)]
pub struct FleetTruth {
    /// Number of the meter, or of the building or street that was cut off.
    pub of: usize,
    /// `zero_onset`, `return`, `shift_up`, `shift_down`, `stuck`, `reversed`, `implausible`, `supply_cut`.
    pub kind: &'static str,
    /// First day.
    pub since: i64,
    /// New level over old for a shift.
    pub size: f64,
    /// `moved_out`, `died`, `leak`, `more_people`, `fewer_people`, `moved_in`, `meter`, `building`, `street`.
    pub cause: &'static str,
}

/// A whole fleet.
#[derive(Debug)]
pub struct MeterFleet {
    options: MeterOptions,
    /// The meters, by number.
    pub meters: Vec<FleetMeter>,
    /// What was planted.
    pub truth: Vec<FleetTruth>,
}

/// Nothing is planted in so many days at the start, so that habits can be known.
const LEAD_DAYS: i64 = 35;
/// Meters of a building, and buildings of a street.
const BUILDING: usize = 40;
const STREET: usize = 12;
/// The festival: two weeks in which all use less and many are away, from this day of the run on.
const FESTIVAL: std::ops::Range<i64> = 50..57;

/// Invents the meters.
///
/// In proportions, for each 90 days: of homes 0.4 in 100 moved out of, 0.1 with a death, 0.4 with a leak of 3 to 8
/// times the use, 0.3 with more and 0.3 with fewer people (3 to 6 times); of empty homes 5 in 100 moved into; trips
/// of 4 to 9 days in 25 of 100 homes and in 2 of 100 on the care list, longer ones in 0.05; guests in 6; readings
/// that do not arrive 0.5 in 100, and none for 3 to 10 days in 1 of 100 meters; stuck meters
/// 0.05 and backwards ones 0.03 in 100, and a day a hundred times too large in 0.05; a cut of one to three days in 8 of 100
/// streets and 4 of 100 buildings.
pub fn meter_fleet(options: &MeterOptions) -> MeterFleet {
    let mut rng = SeededRng::new(options.seed);
    let mut fleet = MeterFleet { options: options.clone(), meters: Vec::new(), truth: Vec::new() };
    for number in 0..options.count {
        let meter = invent(options, number, &mut fleet.truth, &mut rng);
        fleet.meters.push(meter);
    }
    cut_off(&mut fleet, &mut rng);
    fleet
}

fn invent(
    options: &MeterOptions,
    number: usize,
    truth: &mut Vec<FleetTruth>,
    rng: &mut SeededRng,
) -> FleetMeter {
    let of = match rng.below(100) {
        0..87 => Use::Home,
        87..90 => Use::Weekend,
        90..94 => Use::Vacant,
        94..97 => Use::Garage,
        _ => Use::Shop,
    };
    let care = of == Use::Home && rng.chance(0.05);
    let people = if care { 1 } else { 1 + rng.below(5) };
    let mut meter = FleetMeter {
        of,
        care,
        building: number / BUILDING,
        street: number / BUILDING / STREET,
        base: 0.11 * people as f64 * (0.3 * normal(rng.unit(), rng.unit())).exp(),
        scatter: 0.14 + 0.22 * rng.unit(),
        weekend: 0.95 + 0.35 * rng.unit(),
        silent: if care {
            0.004 * rng.unit()
        } else if people == 1 {
            0.05 * rng.unit()
        } else {
            0.008 * rng.unit()
        },
        season: 0.15 * rng.unit(),
        wander: (0.1 * rng.unit(), 30.0 + 60.0 * rng.unit(), rng.unit()),
        spells: Vec::new(),
    };
    let (start, end) = (options.start_day, options.start_day + options.days);
    let often = options.days as f64 / 90.0;
    let planted = (options.days - LEAD_DAYS).max(0);
    let day = |rng: &mut SeededRng| start + LEAD_DAYS + rng.below(planted.max(1) as usize) as i64;
    let mut tell = |meter: &mut FleetMeter, kind, since, size: f64, cause, what| {
        meter.spells.push(Spell { from: since, until: end, what });
        truth.push(FleetTruth { of: number, kind, since, size, cause });
    };
    match of {
        Use::Vacant if planted > 0 && rng.chance(0.05 * often) => {
            let since = day(rng);
            meter.spells.push(Spell { from: start, until: since, what: What::Times(0.0) });
            truth.push(FleetTruth { of: number, kind: "return", since, size: 1.0, cause: "moved_in" });
        }
        Use::Vacant => meter.spells.push(Spell { from: start, until: end, what: What::Times(0.0) }),
        Use::Garage => meter.silent = 0.97,
        Use::Home if planted > 0 && rng.chance(0.015 * often) => match rng.below(30) {
            0..8 => tell(&mut meter, "zero_onset", day(rng), 0.0, "moved_out", What::Times(0.0)),
            8..10 => tell(&mut meter, "zero_onset", day(rng), 0.0, "died", What::Times(0.0)),
            10..18 => {
                let size = 3.0 + 5.0 * rng.unit();
                tell(&mut meter, "shift_up", day(rng), size, "leak", What::Leak(size - 1.0));
            }
            18..24 => {
                let size = 3.0 + 3.0 * rng.unit();
                tell(&mut meter, "shift_up", day(rng), size, "more_people", What::Times(size));
            }
            _ => {
                let size = 1.0 / (3.0 + 3.0 * rng.unit());
                tell(&mut meter, "shift_down", day(rng), size, "fewer_people", What::Times(size));
            }
        },
        _ => {}
    }
    mislead(options, &mut meter, number, truth, rng);
    meter
}

/// What looks like a change and is none, and what is wrong with meters.
fn mislead(
    options: &MeterOptions,
    meter: &mut FleetMeter,
    number: usize,
    truth: &mut Vec<FleetTruth>,
    rng: &mut SeededRng,
) {
    let often = options.days as f64 / 90.0;
    let begin = |rng: &mut SeededRng, days: i64| {
        let from = options.start_day + rng.below((options.days - days).max(1) as usize) as i64;
        (from, from + days)
    };
    let planted = !meter.spells.is_empty();
    if meter.of == Use::Home {
        let trips = if meter.care { 0.02 } else { 0.25 } * often;
        let (whole, rest) = (trips.floor() as usize, trips.fract());
        for _ in 0..whole + usize::from(rng.chance(rest)) {
            let length = 4 + rng.below(6) as i64;
            let (from, until) = begin(rng, length);
            // A trip just before or into a planted change would change its truth.
            if !planted {
                meter.spells.push(Spell { from, until, what: What::Times(0.0) });
            }
        }
        if !planted && rng.chance(0.0005 * often) {
            let length = 12 + rng.below(14) as i64;
            let (from, until) = begin(rng, length);
            meter.spells.push(Spell { from, until, what: What::Times(0.0) });
        }
        if rng.chance(0.06 * often) {
            let length = 2 + rng.below(3) as i64;
            let (from, until) = begin(rng, length);
            meter.spells.push(Spell { from, until, what: What::Times(1.3 + 0.5 * rng.unit()) });
        }
    }
    if rng.chance(0.01 * often) {
        let length = 3 + rng.below(8) as i64;
        let (from, until) = begin(rng, length);
        meter.spells.push(Spell { from, until, what: What::Missing });
    }
    let faults = [
        (0.0005, "stuck", What::Stuck),
        (0.0003, "reversed", What::Backwards),
        (0.0005, "implausible", What::Spike),
    ];
    for (chance, kind, what) in faults {
        if meter.of == Use::Home && !planted && options.days > LEAD_DAYS + 15 && rng.chance(chance * often) {
            let length = if what == What::Spike { 1 } else { 10 + rng.below(11) as i64 };
            let room = (options.days - LEAD_DAYS - length).max(1) as usize;
            let from = options.start_day + LEAD_DAYS + rng.below(room) as i64;
            meter.spells.push(Spell { from, until: from + length, what });
            truth.push(FleetTruth { of: number, kind, since: from, size: length as f64, cause: "meter" });
        }
    }
}

/// Cuts off the supply of streets and buildings for a day to three.
fn cut_off(fleet: &mut MeterFleet, rng: &mut SeededRng) {
    let often = fleet.options.days as f64 / 90.0;
    let buildings = fleet.options.count.div_ceil(BUILDING);
    let streets = buildings.div_ceil(STREET);
    let cut =
        |fleet: &mut MeterFleet, number: usize, meters: usize, chance: f64, cause, rng: &mut SeededRng| {
            if fleet.options.days <= LEAD_DAYS || !rng.chance(chance * often) {
                return;
            }
            let days = 1 + rng.below(3) as i64;
            let room = (fleet.options.days - LEAD_DAYS - days).max(1) as usize;
            let from = fleet.options.start_day + LEAD_DAYS + rng.below(room) as i64;
            let end = ((number + 1) * meters).min(fleet.options.count);
            for meter in &mut fleet.meters[(number * meters).min(end)..end] {
                meter.spells.push(Spell { from, until: from + days, what: What::Times(0.0) });
            }
            fleet.truth.push(FleetTruth {
                of: number,
                kind: "supply_cut",
                since: from,
                size: days as f64,
                cause,
            });
        };
    for street in 0..streets {
        cut(fleet, street, BUILDING * STREET, 0.08, "street", rng);
    }
    for building in 0..buildings {
        cut(fleet, building, BUILDING, 0.04, "building", rng);
    }
}

impl MeterFleet {
    /// Days of readings.
    pub fn days(&self) -> std::ops::Range<i64> {
        self.options.start_day..self.options.start_day + self.options.days
    }

    /// What a meter says of a day, cubic metres to the litre; none where the reading did not arrive.
    pub fn reading(&self, number: usize, day: i64) -> Option<f64> {
        let (value, _) = self.parts(number, day)?;
        Some((value * 1000.0).round() / 1000.0)
    }

    /// The day's half hours: the day's use spread over the waking hours, with silent nights; a leak flows through all.
    pub fn half_hours(&self, number: usize, day: i64) -> Option<[f64; 48]> {
        let (value, leak) = self.parts(number, day)?;
        let mut draw = Draws::of(self.options.seed ^ 0x5851_f42d, number, day);
        let mut shares = [0.0; 48];
        for (at, share) in shares.iter_mut().enumerate() {
            let hour = at as f64 / 2.0;
            let busy = 0.15 + (-((hour - 7.5) / 1.5).powi(2)).exp() + (-((hour - 20.0) / 2.5).powi(2)).exp();
            let awake = if (1.0..5.5).contains(&hour) { 0.02 } else { 0.6 };
            *share = if draw.unit() < awake { busy * -draw.unit().max(1e-9).ln() } else { 0.0 };
        }
        let sum: f64 = shares.iter().sum();
        let own = value - leak;
        if sum <= 0.0 {
            shares[15] = own;
        } else {
            shares.iter_mut().for_each(|share| *share *= own / sum);
        }
        shares.iter_mut().for_each(|share| *share = ((*share + leak / 48.0) * 10000.0).round() / 10000.0);
        Some(shares)
    }

    /// A day's use, and what of it is a leak.
    fn parts(&self, number: usize, day: i64) -> Option<(f64, f64)> {
        let meter = &self.meters[number];
        let mut draw = Draws::of(self.options.seed, number, day);
        let noise = normal(draw.unit(), draw.unit());
        if draw.unit() < 0.005 {
            return None;
        }
        let silent = draw.unit() < meter.silent;
        let run = day - self.options.start_day;
        // 1970-01-01 was a Thursday.
        let weekday = (day + 3).rem_euclid(7);
        let mut times = if weekday >= 5 { meter.weekend } else { 1.0 };
        match meter.of {
            Use::Weekend if weekday < 4 => times = 0.0,
            Use::Shop if weekday == 6 => times = 0.0,
            _ => {}
        }
        let turn = |days: f64, shift: f64| (std::f64::consts::TAU * (day as f64 / days + shift)).sin();
        times *= 1.0 + meter.season * turn(365.25, 0.3);
        times *= (meter.wander.0 * turn(meter.wander.1, meter.wander.2)).exp();
        if FESTIVAL.contains(&run) {
            times *= 0.8;
        }
        let (mut leak, mut stuck) = (0.0, false);
        let (mut backwards, mut spike) = (false, false);
        for spell in meter.spells.iter().filter(|spell| (spell.from..spell.until).contains(&day)) {
            match spell.what {
                What::Times(factor) => times *= factor,
                What::Missing => return None,
                What::Spike => spike = true,
                What::Stuck => stuck = true,
                What::Backwards => backwards = true,
                What::Leak(share) => leak += share * meter.base,
            }
        }
        if stuck {
            return Some((meter.base, 0.0));
        }
        // A cut closes the leak too.
        let shut = meter
            .spells
            .iter()
            .any(|spell| spell.what == What::Times(0.0) && (spell.from..spell.until).contains(&day));
        let leak = if shut { 0.0 } else { leak };
        let mut own = if silent { 0.0 } else { meter.base * times * (meter.scatter * noise).exp() };
        if backwards {
            return Some((-own, 0.0));
        }
        if spike {
            own *= 100.0;
        }
        Some((own + leak, leak))
    }
}

/// Even draws that follow from seed, meter and day (Steele, Lea and Flood 2014).
struct Draws(Chance);

impl Draws {
    fn of(seed: u64, number: usize, day: i64) -> Self {
        let mut draws = Self(Chance::new(
            seed ^ (number as u64).rotate_left(32) ^ (day as u64).wrapping_mul(0xd6e8_feb8_6659_fd93),
        ));
        draws.unit();
        draws
    }

    fn unit(&mut self) -> f64 {
        self.0.unit()
    }
}

/// A standard normal number from two even ones (Box and Muller 1958).
fn normal(u: f64, v: f64) -> f64 {
    (-2.0 * u.max(1e-12).ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}
