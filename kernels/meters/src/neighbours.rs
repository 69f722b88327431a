//! Who lies beside whom: what falls silent together was cut off.

use crate::change::{Change, Kind, Stage, Words};
use crate::period::PERIOD;
use crate::scan::{Told, Whose};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};

/// Levels of neighbourhoods: building, street and the whole feed, say.
pub const LEVELS: usize = 3;
const NONE: u32 = u32::MAX;

/// The neighbourhoods of meters, from the narrowest to the widest.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Neighbours {
    /// Names of the neighbourhoods.
    names: Vec<String>,
    /// The level of each.
    levels: Vec<u8>,
    /// The last day on which each was cut off.
    last_cut: Vec<i32>,
    /// Numbers by name, of each level.
    #[serde(skip)]
    known: [HashMap<String, u32>; LEVELS],
    /// Of each meter, by place.
    #[serde(skip)]
    of: Vec<[u32; LEVELS]>,
}

/// Silent homes of a neighbourhood that make a cut, at the least, of homes in use.
fn is_cut(silent: u32, in_use: u32) -> bool {
    silent >= 4 && f64::from(silent) >= f64::from(in_use) * if silent >= 6 { 0.6 } else { 0.75 }
}

impl Neighbours {
    /// How many neighbourhoods there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The name of a neighbourhood.
    pub fn name(&self, number: u32) -> &str {
        &self.names[number as usize]
    }

    /// The number of the neighbourhood of a name and level, 0 being the narrowest; a new one where there is none.
    pub fn numbered(&mut self, name: &str, level: usize) -> u32 {
        let level = level.min(LEVELS - 1);
        if self.known.iter().map(HashMap::len).sum::<usize>() < self.len() {
            // Read from what was kept.
            for (number, (name, level)) in self.names.iter().zip(&self.levels).enumerate() {
                self.known[usize::from(*level)].insert(name.clone(), number as u32);
            }
        }
        if let Some(number) = self.known[level].get(name) {
            return *number;
        }
        let number = self.len() as u32;
        self.known[level].insert(name.to_owned(), number);
        self.names.push(name.to_owned());
        self.levels.push(level as u8);
        self.last_cut.push(i32::MIN);
        number
    }

    /// Puts a meter into a neighbourhood.
    pub fn put(&mut self, place: usize, neighbourhood: u32) {
        if place >= self.of.len() {
            self.of.resize(place + 1, [NONE; LEVELS]);
        }
        let level = usize::from(self.levels[neighbourhood as usize]);
        self.of[place][level] = neighbourhood;
    }

    fn of(&self, place: usize) -> [u32; LEVELS] {
        self.of.get(place).copied().unwrap_or([NONE; LEVELS])
    }

    pub(crate) fn counter(&self, days: usize) -> Counter {
        let cells = || (0..self.len() * PERIOD).map(|_| AtomicU32::new(0)).collect();
        Counter { days, in_use: cells(), silent: cells() }
    }

    /// Which neighbourhoods were cut off on which days; each cut is said once, on its first day, of the widest.
    pub(crate) fn cuts(&mut self, first: i32, cuts: &Cuts, told: &mut Vec<Told>) -> CutDays {
        let mut days = vec![0u32; self.len()];
        let mut any = false;
        // The wide ones first, so that what lies in them is silent.
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.sort_by_key(|number| std::cmp::Reverse(self.levels[*number]));
        for number in order {
            for at in 0..cuts.days {
                let cell = number * PERIOD + at;
                let (in_use, silent) = (cuts.in_use[cell], cuts.silent[cell]);
                if !is_cut(silent, in_use) {
                    continue;
                }
                any = true;
                days[number] |= 1 << at;
                let day = first + at as i32;
                let goes_on = self.last_cut[number] >= day - 1 && self.last_cut[number] != i32::MIN;
                self.last_cut[number] = day;
                if goes_on || self.inside_a_cut(number, at, &days) {
                    continue;
                }
                told.push(Told {
                    of: Whose::Neighbourhood(number as u32),
                    change: Change {
                        kind: Kind::SupplyCut,
                        stage: Stage::Confirmed,
                        again: false,
                        since: day,
                        detected: day,
                        size: f64::from(silent),
                        confidence: (f64::from(silent) / f64::from(in_use)).clamp(0.5, 0.99),
                        reason: Words {
                            zh: format!("在用 {in_use} 户中有 {silent} 户同日无用量：停供，不是逐户停用"),
                            en: format!(
                                "{silent} of {in_use} homes in use fell silent on one day: a supply cut, not so many homes"
                            ),
                        },
                    },
                });
            }
        }
        CutDays { days, any }
    }

    /// Does a wider neighbourhood around this one say so already?
    fn inside_a_cut(&self, number: usize, at: usize, days: &[u32]) -> bool {
        let level = usize::from(self.levels[number]);
        if level + 1 >= LEVELS {
            return false;
        }
        let wider = self.of.iter().find(|of| of[level] == number as u32);
        wider.is_some_and(|of| {
            of[level + 1..].iter().any(|wide| *wide != NONE && days[*wide as usize] >> at & 1 == 1)
        })
    }
}

/// The days of a period on which neighbourhoods were cut off.
pub(crate) struct CutDays {
    days: Vec<u32>,
    any: bool,
}

impl CutDays {
    pub(crate) fn is_empty(&self) -> bool {
        !self.any
    }

    /// The days on which a meter was cut off, the first in the lowest bit.
    pub(crate) fn days_of(&self, neighbours: &Neighbours, place: usize) -> u32 {
        let of = neighbours.of(place);
        of.iter().filter(|number| **number != NONE).fold(0, |days, number| days | self.days[*number as usize])
    }
}

/// Homes in use and silent homes, by neighbourhood and day.
pub(crate) struct Counter {
    days: usize,
    in_use: Vec<AtomicU32>,
    silent: Vec<AtomicU32>,
}

/// The counts.
pub(crate) struct Cuts {
    days: usize,
    in_use: Vec<u32>,
    silent: Vec<u32>,
}

impl Counter {
    pub(crate) fn part(&self) -> Part<'_> {
        Part { all: self, of: [NONE; LEVELS], in_use: [0; PERIOD], silent: [0; PERIOD] }
    }

    pub(crate) fn whole(self) -> Cuts {
        let plain = |cells: Vec<AtomicU32>| cells.into_iter().map(AtomicU32::into_inner).collect();
        Cuts { days: self.days, in_use: plain(self.in_use), silent: plain(self.silent) }
    }
}

/// Counts of meters that follow each other: those of the same neighbourhoods are added up before they are shared.
pub(crate) struct Part<'a> {
    all: &'a Counter,
    of: [u32; LEVELS],
    in_use: [u32; PERIOD],
    silent: [u32; PERIOD],
}

impl Part<'_> {
    /// The counts of this meter follow.
    #[inline]
    pub(crate) fn begin(&mut self, neighbours: &Neighbours, place: usize) {
        let of = neighbours.of(place);
        if of != self.of {
            self.end();
            self.of = of;
        }
    }

    #[inline]
    pub(crate) fn count(&mut self, at: usize, silent: bool) {
        self.in_use[at] += 1;
        self.silent[at] += u32::from(silent);
    }

    /// Shares what was counted.
    pub(crate) fn end(&mut self) {
        for number in self.of.iter().filter(|number| **number != NONE) {
            let cells = *number as usize * PERIOD;
            for at in 0..self.all.days {
                self.all.in_use[cells + at].fetch_add(self.in_use[at], Ordering::Relaxed);
                self.all.silent[cells + at].fetch_add(self.silent[at], Ordering::Relaxed);
            }
        }
        self.in_use = [0; PERIOD];
        self.silent = [0; PERIOD];
    }
}
