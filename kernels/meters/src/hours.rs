//! Readings within a day, by interval or from a register, into what the day used and the least that flowed at night.

use crate::amount::Amount;
use crate::registers::Readings;
use bytemuck::{Pod, Zeroable};
use rayon::prelude::*;
use std::collections::VecDeque;

/// Memory that readings of days which are not over may take.
const WINDOW_BYTES: usize = 3 << 29;
/// Days that are kept at least.
const WINDOW_DAYS_LEAST: usize = 3;
/// The night: hours from midnight on.
pub(crate) const NIGHT_HOURS: usize = 6;
/// Readings within this share of a day's are a day's use; the last day that is known goes on below the other.
const COVERAGE_LEAST: f64 = 0.5;
pub(crate) const COVERAGE_WHOLE: f64 = 0.95;
/// Of [`Hourly::seen`]: the day was not told of yet.
const PENDING: u64 = 1 << 63;

/// How readings come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Rhythm {
    /// Places for readings in a day: 1, 24, 48 or 96.
    pub slots: usize,
    /// Readings of a day, where none is missing.
    pub a_day: usize,
    /// Are they what a register shows, in place of what was used since the reading before?
    pub registers: bool,
}

/// What is kept of a meter's running day: 28 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct Hourly {
    /// The register's last value, as a double.
    register: [u32; 2],
    /// Half hours of the running day that have a reading.
    seen: [u32; 2],
    /// Minutes since 1970-01-01 of the register's last reading.
    pub(crate) minute: i32,
    /// Use of the running day so far.
    pub(crate) sum: f32,
    /// Least in an hour of its night so far.
    pub(crate) night: f32,
}

impl Default for Hourly {
    fn default() -> Self {
        let mut fresh = Self::zeroed();
        fresh.minute = i32::MIN;
        fresh.night = f32::INFINITY;
        fresh.set_register(f64::NAN);
        fresh
    }
}

impl Hourly {
    pub(crate) fn register(&self) -> f64 {
        f64::from_bits(u64::from(self.register[0]) | u64::from(self.register[1]) << 32)
    }

    pub(crate) fn set_register(&mut self, value: f64) {
        let bits = value.to_bits();
        self.register = [bits as u32, (bits >> 32) as u32];
    }

    fn bits(&self) -> u64 {
        u64::from(self.seen[0]) | u64::from(self.seen[1]) << 32
    }

    fn set_bits(&mut self, bits: u64) {
        self.seen = [bits as u32, (bits >> 32) as u32];
    }

    /// Half hours of the running day that have a reading.
    pub(crate) fn seen(&self) -> u64 {
        self.bits() & !PENDING
    }

    pub(crate) fn see(&mut self, slot: u64) {
        self.set_bits(self.bits() | 1 << slot);
    }

    fn is_pending(&self) -> bool {
        self.bits() & PENDING != 0
    }

    fn set_pending(&mut self, pending: bool) {
        let bits = self.bits();
        self.set_bits(if pending { bits | PENDING } else { bits & !PENDING });
    }

    fn begin_day(&mut self) {
        (self.seen, self.sum, self.night) = ([0; 2], 0.0, f32::INFINITY);
    }
}

/// The readings of a day.
#[derive(Debug, Default)]
struct DayCells {
    /// By meter and slot; NaN where there is none.
    values: Vec<f32>,
    /// How far into its slot a reading lies, in 250ths.
    within: Vec<u8>,
}

/// The running days of all meters.
#[derive(Debug)]
pub struct Hours {
    /// How readings come.
    pub rhythm: Rhythm,
    /// By place.
    pub meters: Vec<Hourly>,
    /// What registers are counted from, so that a float holds the rest.
    bases: Vec<f64>,
    days: VecDeque<DayCells>,
    first: i32,
    /// The day that `meters` hold the beginning of.
    pub running: Option<i32>,
    /// Readings that came for a day that is over.
    pub too_late: u64,
}

/// A day that is over, by place.
#[derive(Debug)]
pub struct DayOver {
    /// Which.
    pub day: i32,
    /// What was used, and the least in an hour of the night.
    pub amounts: Vec<(Amount, Amount)>,
}

impl Hours {
    /// No reading yet.
    pub fn new(rhythm: Rhythm) -> Self {
        Self {
            rhythm,
            meters: Vec::new(),
            bases: Vec::new(),
            days: VecDeque::new(),
            first: 0,
            running: None,
            too_late: 0,
        }
    }

    /// Takes a reading of a day; the same moment again takes its place, another moment of the same slot is added.
    /// What is no number is passed over. True when there are more days than can be kept: [`Hours::close`] some.
    #[inline]
    pub fn take(&mut self, place: usize, day: i32, second: u32, value: f64) -> bool {
        let slots = self.rhythm.slots;
        if !value.is_finite() {
            return false;
        }
        let at = i64::from(day) - i64::from(self.first);
        let reached = !self.days.is_empty() && (at as u64) < self.days.len() as u64;
        if !reached && !self.reach(day) {
            self.too_late += 1;
            return false;
        }
        let mut value = value;
        if self.rhythm.registers {
            if place >= self.bases.len() {
                self.bases.resize((place + 1).next_multiple_of(1024), f64::NAN);
            }
            if self.bases[place].is_nan() {
                let known = self.meters.get(place).map_or(f64::NAN, Hourly::register);
                self.bases[place] = if known.is_nan() { value } else { known };
            }
            value -= self.bases[place];
        }
        let cells = &mut self.days[(day - self.first) as usize];
        let second = (second as usize).min(86_399);
        let slot = second * slots / 86_400;
        let cell = place * slots + slot;
        if cell >= cells.values.len() {
            let room = ((place + 1).next_multiple_of(1024)) * slots;
            cells.values.resize(room, f32::NAN);
            cells.within.resize(room, 0);
        }
        let length = 86_400 / slots;
        let within = ((second - slot * length) * 250 / length) as u8;
        let held = &mut cells.values[cell];
        if held.is_nan() || cells.within[cell] == within || self.rhythm.registers {
            // Of a register the later one holds.
            if held.is_nan() || within >= cells.within[cell] {
                *held = value as f32;
                cells.within[cell] = within;
            }
        } else {
            *held += value as f32;
        }
        self.days.len() > self.most()
    }

    /// Days that are not over.
    pub fn days_kept(&self) -> usize {
        self.days.len()
    }

    fn most(&self) -> usize {
        let day = self.days.front().map_or(0, |cells| cells.values.len() * 5).max(1);
        (WINDOW_BYTES / day).max(WINDOW_DAYS_LEAST)
    }

    fn reach(&mut self, day: i32) -> bool {
        if self.running.is_some_and(|running| day < running) {
            return false;
        }
        if self.days.is_empty() {
            self.first = day;
        }
        if day < self.first {
            let more = (self.first - day) as usize;
            if self.days.len() + more > self.most() {
                return false;
            }
            (0..more).for_each(|_| self.days.push_front(DayCells::default()));
            self.first = day;
        }
        while (day - self.first) as usize >= self.days.len() {
            self.days.push_back(DayCells::default());
        }
        true
    }

    /// Closes days, oldest first, until so many are left. `usual` tells what a meter uses on a usual day, where that
    /// is known. The last day goes on: what comes for it later is added, and it is told of when it is whole or a later
    /// one begins.
    pub fn close(
        &mut self,
        left: usize,
        usual: &(dyn Fn(usize) -> Option<f64> + Sync),
        see: &mut dyn FnMut(DayOver),
    ) {
        while self.days.len() > left {
            let Some(cells) = self.days.pop_front() else { return };
            let day = self.first;
            self.first += 1;
            if cells.values.is_empty() {
                continue;
            }
            let slots = self.rhythm.slots;
            let count = cells.values.len() / slots;
            if self.meters.len() < count {
                self.meters.resize(count, Hourly::default());
            }
            let goes_on = self.running == Some(day);
            if !goes_on {
                self.tell_pending(see);
            }
            let is_last = self.days.iter().all(|cells| cells.values.is_empty());
            let empty = DayCells::default();
            let next = self.days.front().unwrap_or(&empty);
            let (rhythm, bases) = (self.rhythm, &self.bases);
            let amounts = self.meters.par_iter_mut().with_min_len(512).enumerate().map(|(place, meter)| {
                if !goes_on {
                    meter.begin_day();
                }
                let range = place * slots..(place + 1) * slots;
                let Some(values) = cells.values.get(range.clone()) else {
                    return (Amount::MISSING, Amount::MISSING);
                };
                if values.iter().all(|value| value.is_nan()) {
                    return (Amount::MISSING, Amount::MISSING);
                }
                let (amounts, whole) = if rhythm.registers {
                    let readings = Readings {
                        day,
                        values,
                        within: &cells.within[range.clone()],
                        next: next.values.get(range).unwrap_or(&[]),
                        base: bases[place],
                        usual: usual(place),
                    };
                    meter.registers(&readings)
                } else {
                    meter.intervals(values, rhythm)
                };
                let pending = is_last && !whole;
                meter.set_pending(pending);
                if pending { (Amount::MISSING, Amount::MISSING) } else { amounts }
            });
            let amounts = amounts.collect();
            self.running = Some(day);
            see(DayOver { day, amounts });
        }
    }
}

impl Hours {
    /// A later day begins: what the running one has is what it was.
    fn tell_pending(&mut self, see: &mut dyn FnMut(DayOver)) {
        let Some(day) = self.running else { return };
        let rhythm = self.rhythm;
        if !self.meters.iter().any(Hourly::is_pending) {
            return;
        }
        let amounts = self.meters.iter_mut().map(|meter| match meter.is_pending() {
            true => {
                meter.set_pending(false);
                meter.so_far(rhythm).0
            }
            false => (Amount::MISSING, Amount::MISSING),
        });
        let amounts = amounts.collect();
        see(DayOver { day, amounts });
    }
}

impl Hourly {
    /// The running day as far as it is known, and whether it is whole.
    fn so_far(&self, rhythm: Rhythm) -> ((Amount, Amount), bool) {
        let coverage = f64::from(self.seen().count_ones()) / rhythm.a_day.clamp(1, 48) as f64;
        if coverage < COVERAGE_LEAST {
            return ((Amount::MISSING, Amount::MISSING), false);
        }
        let used = Amount::of((f64::from(self.sum) / coverage.min(1.0)) as f32);
        ((used, self.night_amount(rhythm.a_day.min(48))), coverage >= COVERAGE_WHOLE)
    }

    /// Uses of intervals.
    fn intervals(&mut self, values: &[f32], rhythm: Rhythm) -> ((Amount, Amount), bool) {
        let slots = values.len();
        let before = self.seen();
        let an_hour = rhythm.a_day as f32 / 24.0;
        for (slot, value) in values.iter().enumerate() {
            let half_hour = (slot * 48 / slots) as u64;
            if value.is_nan() || (before >> half_hour & 1 == 1) {
                continue;
            }
            self.see(half_hour);
            self.sum += value;
            if slot * 24 / slots < NIGHT_HOURS {
                self.night = self.night.min(value * an_hour);
            }
        }
        self.so_far(rhythm)
    }

    pub(crate) fn night_amount(&self, a_day: usize) -> Amount {
        let hours = self.seen() & ((1 << (2 * NIGHT_HOURS)) - 1);
        let due = a_day * NIGHT_HOURS / 24;
        if a_day >= 12 && self.night.is_finite() && hours.count_ones() as usize * 3 >= due * 2 {
            Amount::of(self.night.max(0.0))
        } else {
            Amount::MISSING
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a meter's days said: day, use, least of the night.
    fn days(rhythm: Rhythm, usual: Option<f64>, readings: &[(i32, u32, f64)]) -> Vec<(i32, f64, f64)> {
        let mut hours = Hours::new(rhythm);
        for (day, hour, value) in readings {
            hours.take(0, *day, hour * 3600, *value);
        }
        let mut found = Vec::new();
        hours.close(0, &|_| usual, &mut |over| {
            let (used, night) = over.amounts[0];
            if used != Amount::MISSING {
                found.push((over.day, used.value(), night.value()));
            }
        });
        found
    }

    fn close_to(found: &[(i32, f64, f64)], wanted: &[(i32, f64)]) {
        assert_eq!(found.len(), wanted.len(), "{found:?}");
        for ((day, used, _), (wanted_day, wanted)) in found.iter().zip(wanted) {
            assert!(day == wanted_day && (used - wanted).abs() <= 0.002 * wanted.abs(), "{found:?} {wanted}");
        }
    }

    const HOURLY: Rhythm = Rhythm { slots: 24, a_day: 24, registers: false };

    #[test]
    fn hours_add_up_and_the_least_of_the_night_is_kept() {
        let readings: Vec<_> = (0..24).map(|hour| (5, hour, if hour < 6 { 2.0 } else { 10.0 })).collect();
        let found = days(HOURLY, None, &readings);
        close_to(&found, &[(5, 192.0)]);
        assert!((found[0].2 - 2.0).abs() < 0.01);
    }

    #[test]
    fn a_correction_takes_its_place_and_half_a_day_is_made_whole() {
        let mut readings: Vec<_> = (0..12).map(|hour| (5, hour, 1.0)).collect();
        readings.push((5, 3, 7.0));
        // Half a day is told of when the next one begins.
        assert_eq!(days(HOURLY, None, &readings), []);
        readings.push((6, 0, 1.0));
        close_to(&days(HOURLY, None, &readings), &[(5, 36.0)]);
        assert_eq!(days(HOURLY, None, &[&readings[..9], &[(6, 0, 1.0)]].concat()), []);
    }

    #[test]
    fn registers_are_followed_through_all_that_happens_to_them() {
        let daily = Rhythm { slots: 1, a_day: 1, registers: true };
        let read = |values: &[f64]| -> Vec<(i32, u32, f64)> {
            values.iter().enumerate().map(|(day, value)| (day as i32, 0, *value)).collect()
        };
        close_to(&days(daily, Some(10.0), &read(&[100.0, 110.0, 125.0])), &[(1, 10.0), (2, 15.0)]);
        // From all nines to nought.
        close_to(&days(daily, Some(10.0), &read(&[99_985.0, 99_995.0, 8.0])), &[(1, 10.0), (2, 13.0)]);
        // Exchanged: the new one begins anew.
        let exchanged = days(daily, Some(10.0), &read(&[54_000.0, 54_010.0, 3.0, 12.0, 24.0]));
        close_to(&exchanged, &[(1, 10.0), (3, 9.0), (4, 12.0)]);
        // A value that fits neither side is passed over.
        let glitch = days(daily, Some(10.0), &read(&[1000.0, 1010.0, 240_000.0, 1030.0, 1041.0]));
        close_to(&glitch, &[(1, 10.0), (4, 11.0)]);
        // Backwards.
        let found = days(daily, Some(10.0), &read(&[1000.0, 990.0]));
        assert_eq!(found, [(1, 0.0, 0.0)]);
    }

    #[test]
    fn a_day_that_goes_on_in_the_next_run_is_whole() {
        let mut hours = Hours::new(HOURLY);
        let mut found = Vec::new();
        for part in [0..14, 14..24] {
            for hour in part {
                hours.take(0, 9, hour * 3600, 1.0);
            }
            // Twice is once.
            hours.take(0, 9, 3600, 1.0);
            hours.close(0, &|_| None, &mut |over| {
                if over.amounts[0].0 != Amount::MISSING {
                    found.push((over.day, over.amounts[0].0.value().round()));
                }
            });
        }
        assert_eq!(found, [(9, 24.0)]);
        // A day that stays as it is, until the next one begins.
        hours.take(0, 10, 0, 1.0);
        for hour in 0..15 {
            hours.take(0, 10, hour * 3600, 2.0);
        }
        hours.close(0, &|_| None, &mut |_| ());
        hours.take(0, 11, 0, 1.0);
        hours.close(0, &|_| None, &mut |over| found.push((over.day, over.amounts[0].0.value().round())));
        assert_eq!(found, [(9, 24.0), (10, 48.0), (11, 0.0)]);
        assert!(!hours.take(0, 8, 0, 1.0));
        assert_eq!(hours.too_late, 1);
    }
}
