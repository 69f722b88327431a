//! Readings of many meters, in any order within a window, into changes.

use crate::amount::Amount;
use crate::change::Change;
use crate::fleet::{Fleet, PERIOD_DAYS};
use crate::hours::{Hours, Rhythm};
use crate::keys::Keys;
use crate::meter::{Around, Day, Found, Meter};
use crate::neighbours::Neighbours;
use crate::period::{Calendar, PERIOD};
use rayon::prelude::*;
use std::collections::VecDeque;

/// Memory that days which are not judged yet may take.
const WINDOW_BYTES: usize = 1 << 30;
/// Days that a window has at least.
const WINDOW_DAYS_LEAST: usize = 2 * PERIOD_DAYS as usize;
/// Meters that a thread takes at a time.
pub(crate) const CHUNK: usize = 2048;

/// A change and the meter that it is of.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// Whose it is.
    pub of: Whose,
    /// What.
    pub change: Change,
}

/// Whose a change is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Whose {
    /// The meter at this place of [`Scan::keys`].
    Meter(u32),
    /// The neighbourhood of this number.
    Neighbourhood(u32),
}

/// What came of the readings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Days of a meter that were judged.
    pub meter_days: u64,
    /// Days that came too late to be judged.
    pub too_late: u64,
}

/// A day's amounts of all meters, by their places.
#[derive(Debug, Default)]
pub(crate) struct Column {
    pub(crate) used: Vec<Amount>,
    /// Empty where hours are not known.
    pub(crate) night: Vec<Amount>,
}

/// The meters of a feed, and the days that are not judged yet.
pub struct Scan {
    /// Names of the meters, by place.
    pub keys: Keys,
    /// The meters, by place.
    pub meters: Vec<Meter>,
    /// All of them.
    pub fleet: Fleet,
    /// Who lies beside whom.
    pub neighbours: Neighbours,
    /// Meters on the care list, by place; those behind the end are not.
    pub care: Vec<bool>,
    /// Readings of running days; none where each day is one value.
    pub hours: Option<Hours>,
    /// The meter whose days are kept as they are judged.
    pub watched: Option<usize>,
    /// Those days.
    pub seen: Vec<Day>,
    days: VecDeque<Column>,
    pub(crate) first: i32,
    /// Days before this one were judged.
    judged: i32,
    told: Vec<Told>,
    taken: Taken,
}

impl Scan {
    /// No meter yet.
    pub fn new(fleet: Fleet) -> Self {
        Self {
            keys: Keys::default(),
            meters: Vec::new(),
            fleet,
            neighbours: Neighbours::default(),
            care: Vec::new(),
            hours: None,
            watched: None,
            seen: Vec::new(),
            days: VecDeque::new(),
            first: 0,
            judged: i32::MIN,
            told: Vec::new(),
            taken: Taken::default(),
        }
    }

    /// Takes what a meter used on a day. Days may come in any order; the same day again takes its place. A day that
    /// was judged already goes to its meter at once, if it is still open there.
    #[inline]
    pub fn take(&mut self, place: usize, day: i32, used: Amount) {
        let at = i64::from(day) - i64::from(self.first);
        if !self.days.is_empty() && (at as u64) < self.days.len() as u64 {
            let column = &mut self.days[at as usize].used;
            if place < column.len() {
                column[place] = used;
                return;
            }
        }
        self.take_elsewhere(place, day, used, Amount::MISSING);
    }

    /// Takes what so many meters used on a day, as [`Scan::take`] does for each: whose, and what, by row. One thread: those
    /// that decode the rows ahead have the others to themselves.
    #[inline]
    pub fn take_many(
        &mut self,
        day: i32,
        rows: usize,
        whose: impl Fn(&mut Keys, usize) -> usize,
        used: impl Fn(usize) -> f32,
    ) {
        for row in 0..rows {
            let place = whose(&mut self.keys, row);
            self.take(place, day, Amount::of(used(row)));
        }
    }

    /// Is there something for a meter on a day that is not judged yet?
    pub fn holds(&self, place: usize, day: i32) -> bool {
        let at = i64::from(day) - i64::from(self.first);
        let column = usize::try_from(at).ok().and_then(|at| self.days.get(at));
        column.and_then(|column| column.used.get(place)).is_some_and(|used| *used != Amount::MISSING)
    }

    /// Takes a reading at a second of a day, where days have several or a register is read.
    #[inline]
    pub fn take_reading(&mut self, place: usize, day: i32, second: u32, value: f64, rhythm: Rhythm) {
        let hours = self.hours.get_or_insert_with(|| Hours::new(rhythm));
        if hours.take(place, day, second, value) {
            let left = hours.days_kept() / 2;
            self.close_hours(left);
        }
    }

    /// Ends the oldest running days, until so many are left. What they say is judged period by period, so that what
    /// a meter usually uses is known for the readings that follow.
    fn close_hours(&mut self, left: usize) {
        while let Some(mut hours) = self.hours.take_if(|hours| hours.days_kept() > left) {
            let some = left.max(hours.days_kept().saturating_sub(PERIOD_DAYS as usize));
            self.meters.resize(self.keys.len().max(self.meters.len()), Meter::default());
            let meters = std::mem::take(&mut self.meters);
            let mut over = Vec::new();
            hours.close(some, &|place| meters.get(place).and_then(Meter::usual), &mut |day| over.push(day));
            self.meters = meters;
            for day in over {
                for (place, (used, night)) in day.amounts.into_iter().enumerate() {
                    if used != Amount::MISSING {
                        self.take_elsewhere(place, day.day, used, night);
                    }
                }
            }
            if let Some(running) = hours.running {
                self.judge_until(running - running.rem_euclid(PERIOD_DAYS));
            }
            self.hours = Some(hours);
        }
    }

    fn take_elsewhere(&mut self, place: usize, day: i32, used: Amount, night: Amount) {
        if place >= self.meters.len() {
            self.meters.resize(self.keys.len().max(place + 1), Meter::default());
        }
        if day < self.judged {
            return self.take_late(place, Day { day, used, night });
        }
        let Some(column) = self.column(day) else {
            return self.take_late(place, Day { day, used, night });
        };
        let set = |amounts: &mut Vec<Amount>, amount| {
            if place >= amounts.len() {
                // With room for the meters that are still to come.
                amounts.resize((place + 1).next_multiple_of(CHUNK), Amount::MISSING);
            }
            amounts[place] = amount;
        };
        set(&mut column.used, used);
        if night != Amount::MISSING {
            set(&mut column.night, night);
        }
    }

    /// The column of a day, made where there is none; none where the window cannot reach so far.
    fn column(&mut self, day: i32) -> Option<&mut Column> {
        if self.days.is_empty() {
            self.first = day;
            self.days.push_back(Column::default());
        }
        let most = (WINDOW_BYTES / (4 * self.meters.len().max(1))).max(WINDOW_DAYS_LEAST);
        if day < self.first {
            let more = (self.first - day) as usize;
            if self.days.len() + more > most {
                return None;
            }
            (0..more).for_each(|_| self.days.push_front(Column::default()));
            self.first = day;
        }
        while (day - self.first) as usize >= self.days.len() {
            if self.days.len() >= most {
                // Half of the window, and whole periods.
                let until = self.first + (most / 2) as i32;
                self.judge_until(until - until.rem_euclid(PERIOD_DAYS));
                if self.days.is_empty() {
                    self.first = day;
                }
            }
            self.days.push_back(Column::default());
        }
        self.days.get_mut((day - self.first) as usize)
    }

    /// A day behind the window: open to its meter, or lost.
    fn take_late(&mut self, place: usize, day: Day) {
        if self.meters[place].too_late(day.day) {
            self.taken.too_late += 1;
            return;
        }
        self.taken.meter_days += 1;
        let care = self.care.get(place).copied().unwrap_or(false);
        let around = Around { limits: &self.fleet.limits, season: &self.fleet.season };
        let mut found = Found::default();
        self.meters[place].push(day, care, around, &mut found);
        self.told.extend(found.changes.into_iter().map(|change| told(place, change)));
    }

    /// Judges what is left and hands out all that was said, by day and meter, with what came of the readings.
    pub fn finish(&mut self) -> (Vec<Told>, Taken) {
        self.close_hours(0);
        if let Some(hours) = &mut self.hours {
            self.taken.too_late += std::mem::take(&mut hours.too_late);
        }
        let end = self.first.saturating_add(self.days.len() as i32);
        if !self.days.is_empty() {
            self.judge_until(end);
        }
        let mut told = std::mem::take(&mut self.told);
        told.sort_by_key(|told| (told.change.detected, told.of));
        (told, std::mem::take(&mut self.taken))
    }

    /// Judges the days before this one.
    fn judge_until(&mut self, until: i32) {
        self.meters.resize(self.keys.len().max(self.meters.len()), Meter::default());
        while !self.days.is_empty() && self.first < until {
            let period = Fleet::period(self.first);
            let end = ((period + 1) * PERIOD_DAYS).min(until);
            let columns: Vec<Column> = self.days.drain(..(end - self.first) as usize).collect();
            self.fleet.enter(period);
            self.judge(&columns);
            self.first = end;
        }
        self.judged = self.judged.max(until);
    }

    /// Judges days of one period.
    fn judge(&mut self, columns: &[Column]) {
        let first = self.first;
        if let Some(place) = self.watched {
            let amount = |amounts: &[Amount]| amounts.get(place).copied().unwrap_or(Amount::MISSING);
            let days = (first..).zip(columns);
            let days = days.map(|(day, column)| Day {
                day,
                used: amount(&column.used),
                night: amount(&column.night),
            });
            self.seen.extend(days.filter(|day| day.used != Amount::MISSING));
        }
        let together = self.together(columns);
        self.fleet.season.extend(first, &together.steps);
        let cuts = self.neighbours.cuts(first, &together.cuts, &mut self.told);
        let around = Around { limits: &self.fleet.limits, season: &self.fleet.season };
        let (care, neighbours) = (&self.care, &self.neighbours);
        let calendar = Calendar::new(first, &self.fleet.season);
        let hourly = columns.iter().any(|column| !column.night.is_empty());
        let chunks = self.meters.par_chunks_mut(CHUNK).enumerate().map(|(chunk, meters)| {
            let mut done = Done::default();
            let mut used = [Amount::MISSING; PERIOD];
            let mut nights = [Amount::MISSING; PERIOD];
            for (i, meter) in meters.iter_mut().enumerate() {
                let place = chunk * CHUNK + i;
                for (used, column) in used.iter_mut().zip(columns) {
                    *used = column.used.get(place).copied().unwrap_or(Amount::MISSING);
                }
                let used = &mut used[..columns.len()];
                let seen =
                    |used: &[Amount]| used.iter().filter(|used| **used != Amount::MISSING).count() as u64;
                done.meter_days += seen(used);
                // Days that come again are no more days of which something might have been said.
                let known = (i64::from(meter.last) + 1 - i64::from(first)).clamp(0, used.len() as i64);
                done.new_days += seen(&used[known as usize..]);
                let cut = if cuts.is_empty() { 0 } else { cuts.days_of(neighbours, place) };
                if cut != 0 {
                    for (at, used) in used.iter_mut().enumerate() {
                        if cut >> at & 1 == 1 && meter.is_silent(*used) {
                            *used = Amount::MISSING;
                        }
                    }
                }
                let nights = if hourly { &mut nights[..columns.len()] } else { &mut nights[..0] };
                for (night, column) in nights.iter_mut().zip(columns) {
                    *night = column.night.get(place).copied().unwrap_or(Amount::MISSING);
                }
                let care = care.get(place).is_some_and(|care| *care);
                meter.push_days(&calendar, used, nights, care, around, &mut done.found);
                done.told.extend(done.found.changes.drain(..).map(|change| told(place, change)));
            }
            done
        });
        let done = chunks.reduce(Done::default, Done::and);
        self.fleet.saw(&done.found, done.new_days);
        self.taken.meter_days += done.meter_days;
        self.told.extend(done.told);
    }
}

#[derive(Default)]
struct Done {
    found: Found,
    told: Vec<Told>,
    meter_days: u64,
    /// Of those, days behind the last one of their meter.
    new_days: u64,
}

impl Done {
    fn and(mut self, other: Self) -> Self {
        self.told.extend(other.told);
        let own = self.found.ended.iter_mut().chain(&mut self.found.went_back);
        for (sum, more) in own.zip(other.found.ended.iter().chain(&other.found.went_back)) {
            *sum += more;
        }
        self.meter_days += other.meter_days;
        self.new_days += other.new_days;
        self
    }
}

fn told(place: usize, change: Change) -> Told {
    Told { of: Whose::Meter(place as u32), change }
}
