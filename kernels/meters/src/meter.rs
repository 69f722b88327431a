//! What is kept of a meter, and how a day changes it.

use crate::amount::{Amount, OCTAVE};
use crate::change::Change;
use crate::limits::Limits;
use crate::season::Season;
use bytemuck::{Pod, Zeroable};

/// Days that are kept one by one: what is said of today is said of them, against a baseline of all days before.
/// A day in here can still arrive or be corrected.
pub const OPEN_DAYS: usize = 14;
/// Nights that are kept one by one.
pub(crate) const NIGHTS: usize = 7;
/// Days of use before a home has habits.
pub(crate) const HABIT_DAYS: u16 = 14;
/// Days over which the level forgets: it follows the seasons.
const LEVEL_MEMORY: f32 = 28.0;
/// Days over which the scatter forgets.
const SCATTER_MEMORY: f32 = 56.0;
/// No home is steadier than this (standard deviation of the logarithm): a sixth.
pub(crate) const SCATTER_LEAST: f32 = 0.22 * OCTAVE as f32;
/// What is believed of a home of which little is known: two fifths.
const SCATTER_PRIOR: f32 = 0.5 * OCTAVE as f32;
/// Silent: below a fiftieth of the usual day.
const SILENT_BELOW: f32 = 5.64 * OCTAVE as f32;
/// Steps of a code to one of a weekday's offset.
pub(crate) const WEEK_STEP: f32 = 8.0;
/// Days counted before the habit of silence begins to forget.
const HABIT_MEMORY: u16 = 400;

/// All that is kept of a meter: 72 bytes, the same on disk.
///
/// The baseline is learnt from days as they leave the window of open days, so that what is being judged never
/// judges itself:
///
/// - `level`, `scatter`: a robust running mean of the logarithm of days with use and of its distance (Huber 1964,
///   as exponentially weighted by Gelper, Fried and Croux 2010);
/// - `week`: how much each weekday differs;
/// - `used`, `silent`, `longest`: how often and how long this home is silent;
/// - `open`, `nights`: the last days and the least that flowed in their nights.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct Meter {
    /// The last day, since 1970-01-01; [`Meter::NO_DAY`] before the first.
    pub(crate) last: i32,
    /// The level's code.
    pub(crate) level: f32,
    /// In steps of a code.
    pub(crate) scatter: f32,
    /// Oldest first, the last day at the end.
    pub(crate) open: [Amount; OPEN_DAYS],
    /// Least an hour in the night, by quarters of an octave: 0 unknown, 1 nothing.
    pub(crate) nights: [u8; NIGHTS],
    /// In steps of [`WEEK_STEP`].
    pub(crate) week: [i8; 7],
    /// Share of days like the day before, in 255ths.
    repeats: u8,
    /// How far the farthest excursion of the level went that ended by itself, in sixteenths; slowly forgotten.
    pub(crate) restless: u8,
    /// Days with use that the baseline holds.
    pub(crate) used: u16,
    /// Silent days that it holds.
    pub(crate) silent: u16,
    /// Days of the running silence that have left the window.
    pub(crate) run: u16,
    /// Days since the level began, the last included.
    pub(crate) level_age: u16,
    /// The level's code before a shift that was said.
    pub(crate) before: u16,
    /// Longest silence that ended.
    pub(crate) longest: u8,
    /// Days since a shift was said; 255: long ago.
    pub(crate) shift_age: u8,
    /// Nights counted.
    pub(crate) nights_known: u8,
    /// Share of nights in which it flowed all the time, in 255ths.
    pub(crate) nights_flowing: u8,
    /// What was said.
    pub(crate) told: u8,
    /// How far the running excursion of the level went, in sixteenths of a standard error.
    pub(crate) peak: u8,
}

/// Bits of [`Meter::told`].
pub(crate) mod told {
    pub const EARLY: u8 = 1;
    pub const CONFIRMED: u8 = 2;
    pub const LEAK: u8 = 4;
    pub const STUCK: u8 = 8;
    pub const REVERSED: u8 = 16;
    /// Nobody lives there: what is used from now on is somebody's who comes.
    pub const EMPTY: u8 = 32;
}

/// A day of one meter.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Day {
    /// Days since 1970-01-01.
    pub day: i32,
    /// What was used.
    pub used: Amount,
    /// The least in an hour of the night, where hours are known.
    pub night: Amount,
}

/// What holds for all meters.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    /// The operating point.
    pub limits: &'a Limits,
    /// What all meters did.
    pub season: &'a Season,
}

/// What a push brings.
#[derive(Clone, Debug)]
pub struct Found {
    /// Changes, in the order of their days.
    pub changes: Vec<Change>,
    /// Silences that ended by themselves and that were unusual for their homes: how many of each length, the last
    /// for all that were longer.
    pub ended: [u32; ENDED_LENGTHS],
    /// Levels that went back by themselves: how many by how far they had gone, in [`PEAK_STEP`]s of a standard error.
    pub went_back: [u32; PEAKS],
}

/// Standard errors of an excursion that are told apart …
pub const PEAK_STEP: f32 = 0.25;
/// … and how many of them.
pub const PEAKS: usize = 64;
/// Lengths of silences that are told apart.
pub const ENDED_LENGTHS: usize = 32;

impl Default for Found {
    fn default() -> Self {
        Self { changes: Vec::new(), ended: [0; ENDED_LENGTHS], went_back: [0; PEAKS] }
    }
}

impl Default for Meter {
    fn default() -> Self {
        Self { last: Self::NO_DAY, level_age: u16::MAX, shift_age: u8::MAX, ..Self::zeroed() }
    }
}

impl Meter {
    /// No day was seen.
    pub const NO_DAY: i32 = i32::MIN;

    /// The last day seen.
    pub fn last_day(&self) -> Option<i32> {
        (self.last != Self::NO_DAY).then_some(self.last)
    }

    /// What is used on a usual day; none before that is known.
    pub fn usual(&self) -> Option<f64> {
        (self.used >= 5).then(|| crate::amount::value_of(self.level))
    }

    /// Is a day so old that it cannot be taken any more?
    pub fn too_late(&self, day: i32) -> bool {
        self.last != Self::NO_DAY && day <= self.last - OPEN_DAYS as i32
    }

    /// Takes a day and says what it shows. Days between the last and this one are missing; a day within the last
    /// [`OPEN_DAYS`] takes the place of what was known of it; an earlier one is passed over ([`Meter::too_late`]).
    /// `care`: the home is on the care list, its silence is said early. A day costs the same at any length of the
    /// past.
    #[inline]
    pub fn push(&mut self, day: Day, care: bool, around: Around<'_>, found: &mut Found) {
        if self.last == Self::NO_DAY {
            self.last = day.day - 1;
        }
        let ahead = day.day - self.last;
        if ahead <= 0 {
            return self.correct(day, care, around, found);
        }
        // Behind two windows of nothing there is nothing left to leave.
        for _ in 1..ahead.min(2 * OPEN_DAYS as i32) {
            self.step(Amount::MISSING, 0, around.season);
        }
        self.last = day.day - 1;
        self.step(day.used, night_code(day.night), around.season);
        self.judge(care, around, found);
    }

    /// Takes the place of an open day.
    fn correct(&mut self, day: Day, care: bool, around: Around<'_>, found: &mut Found) {
        let back = (self.last - day.day) as usize;
        if back >= OPEN_DAYS {
            return;
        }
        let at = OPEN_DAYS - 1 - back;
        let used = day.used;
        let night = night_code(day.night);
        let same_night = back >= NIGHTS || self.nights[NIGHTS - 1 - back] == night;
        if self.open[at] == used && same_night {
            return;
        }
        self.open[at] = used;
        if back < NIGHTS {
            self.nights[NIGHTS - 1 - back] = night;
        }
        self.judge(care, around, found);
    }

    /// The window moves on by a day.
    #[inline]
    fn step(&mut self, used: Amount, night: u8, season: &Season) {
        // The window is of whole weeks: the day that leaves is of the same weekday as the day that comes.
        let leaving = self.last + 1 - OPEN_DAYS as i32;
        let window = self.open;
        self.absorb(&window, weekday(leaving), season.at(leaving), self.level_age);
        self.open = moved_on(self.open, used);
        self.night_moves_on(night);
        self.last += 1;
        self.level_age = self.level_age.saturating_add(1);
        self.shift_age = self.shift_age.saturating_add(1);
    }

    #[inline]
    pub(crate) fn night_moves_on(&mut self, night: u8) {
        if night != 0 || self.nights != [0; NIGHTS] {
            let leaving = self.nights[0];
            if leaving != 0 {
                self.absorb_night(leaving);
            }
            self.nights = moved_on(self.nights, night);
        }
    }

    /// The baseline learns the first day of a window, which leaves it. `level_age` counts to its last day.
    #[inline]
    pub(crate) fn absorb(
        &mut self,
        window: &[Amount; OPEN_DAYS],
        weekday: usize,
        common: f32,
        level_age: u16,
    ) {
        let used = window[0];
        if !used.is_known() {
            self.run += u16::from(self.run > 0);
            return;
        }
        if self.is_silent(used) {
            self.run = self.run.saturating_add(1);
            // A silence of weeks is one absence, not a habit of each of its days.
            if self.run <= OPEN_DAYS as u16 {
                self.silent += 1;
            }
            return;
        }
        if self.run > 0 {
            self.longest = self.longest.max(self.run.min(255) as u8);
            self.run = 0;
        }
        if usize::from(level_age) < OPEN_DAYS + 1 {
            // From before the level began.
            return;
        }
        if self.used == 0 {
            self.begin(window);
        }
        let code = used.code() as f32;
        let of_week = &mut self.week[weekday];
        let offset = f32::from(*of_week) * WEEK_STEP;
        // The level follows the season by itself; what a day differs by is told without it.
        let whole = code - self.level - offset;
        let rates = RATES[usize::from(self.used).min(RATES.len() - 1)];
        let wide = if self.used < 8 { 4.0 } else { 2.5 };
        let distance = (whole - common).clamp(-wide * self.scatter, wide * self.scatter);
        self.level += (distance + common) * rates.level;
        self.scatter += (1.2533 * distance.abs() - self.scatter) * rates.scatter;
        self.scatter = self.scatter.max(SCATTER_LEAST);
        let learnt = (offset + distance * rates.week) * (1.0 / WEEK_STEP);
        // Rounded to the nearest, and kept within what a byte holds.
        *of_week = (learnt + 0.5f32.copysign(learnt)) as i8;
        if self.repeats != 0 || used == window[1] {
            self.repeats = follow(self.repeats, used == window[1], 16);
        }
        self.used += 1;
        if self.used.is_multiple_of(128) {
            self.forget();
        }
    }

    #[cold]
    fn forget(&mut self) {
        self.longest -= self.longest / 8;
        self.restless -= self.restless / 8;
        if self.used + self.silent > HABIT_MEMORY {
            self.silent /= 2;
            self.used /= 2;
        }
    }

    fn absorb_night(&mut self, night: u8) {
        let slow = if self.nights_known < 28 { self.nights_known / 2 + 1 } else { 28 };
        self.nights_flowing = follow(self.nights_flowing, night > 1, slow);
        self.nights_known = self.nights_known.saturating_add(1);
    }

    /// The first level: the middle of the open days.
    fn begin(&mut self, window: &[Amount; OPEN_DAYS]) {
        let mut codes = [0; OPEN_DAYS];
        let mut n = 0;
        for amount in window.iter().filter(|amount| amount.is_some()) {
            codes[n] = amount.code();
            n += 1;
        }
        let codes = &mut codes[..n];
        codes.sort_unstable();
        self.level = codes.get(n / 2).map_or(0.0, |code| *code as f32);
        codes.iter_mut().for_each(|code| *code = (*code - self.level as i32).abs());
        codes.sort_unstable();
        let seen = codes.get(n / 2).map_or(SCATTER_PRIOR, |middle| 1.4826 * *middle as f32);
        let weight = n as f32 / (n as f32 + 6.0);
        self.scatter = (weight * seen + (1.0 - weight) * SCATTER_PRIOR).max(SCATTER_LEAST);
    }

    /// Is this next to nothing for this home?
    #[inline]
    pub(crate) fn is_silent(&self, used: Amount) -> bool {
        used == Amount::ZERO
            || (used.is_some() && self.used >= 5 && (used.code() as f32) < self.level - SILENT_BELOW)
    }

    /// The day of an open day.
    pub(crate) fn day_at(&self, at: usize) -> i32 {
        self.last - (OPEN_DAYS - 1 - at) as i32
    }

    /// How far an open day lies above the level that its weekday and season have, in steps of a code.
    #[inline]
    pub(crate) fn above(&self, at: usize, season: &Season) -> f32 {
        let day = self.day_at(at);
        let offset = f32::from(self.week[weekday(day)]) * WEEK_STEP;
        self.open[at].code() as f32 - self.level - offset - season.at(day)
    }

    /// Share of days that are like the day before.
    pub(crate) fn repeat_share(&self) -> f64 {
        f64::from(self.repeats) / 255.0
    }

    /// How usual a silent day is, from 0 to 1.
    pub(crate) fn silent_share(&self) -> f64 {
        (f64::from(self.silent) + 0.5) / (f64::from(self.used) + f64::from(self.silent) + 1.0)
    }
}

/// The days move on by one.
#[inline]
fn moved_on<T: Copy, const N: usize>(days: [T; N], last: T) -> [T; N] {
    let mut moved = days;
    let mut at = 0;
    while at + 1 < N {
        moved[at] = days[at + 1];
        at += 1;
    }
    moved[N - 1] = last;
    moved
}

/// How much of a day's distance the baseline takes over, by how many days it holds.
#[derive(Clone, Copy)]
struct Rates {
    level: f32,
    scatter: f32,
    week: f32,
}

const RATES: [Rates; 64] = {
    const fn one_of(days: f32, most: f32) -> f32 {
        1.0 / if days < most { days } else { most }
    }
    let mut rates = [Rates { level: 0.0, scatter: 0.0, week: 0.0 }; 64];
    let mut used = 0;
    while used < rates.len() {
        let n = used as f32;
        rates[used] = Rates {
            level: one_of(n + 1.0, LEVEL_MEMORY),
            scatter: one_of(n + 6.0, SCATTER_MEMORY),
            week: one_of(4.0 + n / 7.0, 12.0),
        };
        used += 1;
    }
    rates
};

/// A share in 255ths follows what was seen.
fn follow(share: u8, seen: bool, slow: u8) -> u8 {
    let aim = if seen { 255 } else { 0 };
    let step = aim - i32::from(share);
    // Rounded away from zero, so that it arrives.
    let step =
        step.signum() * ((step.abs() + i32::from(slow) / 2) / i32::from(slow)).max(i32::from(step != 0));
    (i32::from(share) + step).clamp(0, 255) as u8
}

/// A night's least, by quarters of an octave.
#[inline]
pub(crate) fn night_code(night: Amount) -> u8 {
    match night {
        Amount::ZERO => 1,
        night if night.is_some() => (night.code() >> 8).max(2) as u8,
        _ => 0,
    }
}

/// The amount in the middle of a night's code.
pub(crate) fn night_value(code: u8) -> f64 {
    if code < 2 { 0.0 } else { crate::amount::value_of(f32::from(code) * 256.0 + 128.0) }
}

/// Monday is 0; 1970-01-01 was a Thursday.
#[inline]
pub(crate) fn weekday(day: i32) -> usize {
    // Far enough from nought that no day is negative: a remainder is cheap then.
    (day.wrapping_add(3) as u32).wrapping_add(7 * 300_000_000) as usize % 7
}
