//! What the open days say against the baseline.

use crate::amount::Amount;
use crate::change::{Change, Kind, Stage, Words};
use crate::limits::Limits;
use crate::meter::{Around, ENDED_LENGTHS, Found, HABIT_DAYS, Meter, NIGHTS, OPEN_DAYS, night_value, told};

/// A return: so many days with use among the last [`RETURN_WITHIN`]; a single one may be a visitor or a cleaner.
const RETURN_DAYS: usize = 2;
/// Of an empty home more: a garage has a day with use now and then.
const MOVED_IN_DAYS: usize = 4;
const RETURN_WITHIN: usize = 7;
/// Days of use behind which a silence says something.
const SILENCE_HABIT_DAYS: u16 = 24;
/// A silence of so many days is no trip.
const TRIP_DAYS: u16 = 10;
/// A home is silent often from this share of its days on.
const OFTEN_SILENT: f64 = 0.2;
/// A home without use for so long that had none before is an empty one.
const EMPTY_DAYS: u16 = 14;
/// Days of use that it has had at the most.
const EMPTY_USED: u16 = 2;
/// What an empty home was silent for counts for no more than so many days of the habit of whoever uses it now.
const EMPTY_LONGEST: u16 = 20;
/// Days of the window on which a register ran backwards.
const BACKWARDS_DAYS: usize = 3;
/// Nights in a row in which it flowed …
const LEAK_NIGHTS: usize = NIGHTS;
/// … of a home where that is so in less than this share of nights …
const LEAK_HABIT: u8 = 26;
/// … of which so many are known …
const LEAK_KNOWN: u8 = 14;
/// … and that is more than this share of the usual day, flowing for 24 hours.
const LEAK_SHARE: f64 = 0.1;
/// Days alike are stuck where chance brings them less often than this.
const STUCK_CHANCE: f64 = 1e-6;
/// Chance repeats a day at least so often.
const REPEAT_LEAST: f64 = 0.03;

/// The silence that runs.
pub(crate) struct Silence {
    /// Days from its first to the last day.
    pub days: i32,
    /// Of those in the window, how many have a reading.
    pub read: usize,
}

impl Meter {
    /// Says what there is to say of the last day.
    #[inline]
    pub(crate) fn judge(&mut self, care: bool, around: Around<'_>, found: &mut Found) {
        let today = self.open[OPEN_DAYS - 1];
        if today.is_some() && !self.is_silent(today) {
            self.used_day(around, found);
        } else if today.is_known() {
            self.silent_day(care, around.limits, found);
        } else if today == Amount::BACKWARDS {
            self.backwards_day(found);
        }
    }

    fn silent_day(&mut self, care: bool, limits: &Limits, found: &mut Found) {
        if self.used <= EMPTY_USED && self.run + self.silent_in_window() as u16 >= EMPTY_DAYS {
            self.told |= told::EMPTY;
        }
        if self.used < SILENCE_HABIT_DAYS || self.told & told::CONFIRMED != 0 {
            return;
        }
        let silence = self.silence();
        let days = silence.days.clamp(0, i32::from(u16::MAX)) as u16;
        let well_read = silence.read * 3 >= usize::from(days.min(OPEN_DAYS as u16)) * 2;
        if well_read && days >= self.silence_due(limits) {
            let again = self.told & told::EARLY != 0;
            self.told |= told::CONFIRMED;
            found.changes.push(Change { again, ..self.onset(&silence, Stage::Confirmed) });
        } else if care && self.told & told::EARLY == 0 && silence.read >= 2 {
            let chance = self.silent_share().powi(silence.read as i32);
            if chance < limits.early_chance() {
                self.told |= told::EARLY;
                found.changes.push(self.onset(&silence, Stage::Early));
            }
        }
    }

    /// Days of silence that are unusual here: the limit, or half as long again as the longest that ended. Where that was
    /// no trip, twice as long; where the home is silent often besides, three times.
    fn silence_due(&self, limits: &Limits) -> u16 {
        let longest = self.longest_seen();
        limits.silence_days.max(match longest {
            0..TRIP_DAYS => longest * 3 / 2 + 1,
            _ if self.silent_share() < OFTEN_SILENT => longest * 2,
            _ => longest * 3,
        })
    }

    /// The longest silence that ended, in the window or before.
    fn longest_seen(&self) -> u16 {
        let mut longest = u16::from(self.longest);
        let mut run = self.run;
        for amount in &self.open {
            if !amount.is_known() {
                continue;
            }
            if self.is_silent(*amount) {
                run += 1;
            } else {
                longest = longest.max(run);
                run = 0;
            }
        }
        longest
    }

    /// The silence that runs on the last day.
    pub(crate) fn silence(&self) -> Silence {
        let mut first = OPEN_DAYS;
        let mut read = 0;
        for at in (0..OPEN_DAYS).rev() {
            let amount = self.open[at];
            if amount.is_known() {
                if !self.is_silent(amount) {
                    return Silence { days: (OPEN_DAYS - first) as i32, read };
                }
                first = at;
                read += 1;
            } else if amount == Amount::BACKWARDS {
                break;
            }
        }
        let days =
            if self.run > 0 { OPEN_DAYS as i32 + i32::from(self.run) } else { (OPEN_DAYS - first) as i32 };
        Silence { days, read }
    }

    fn onset(&self, silence: &Silence, stage: Stage) -> Change {
        let (days, seen) = (silence.days, u32::from(self.used) + u32::from(self.silent));
        let share = self.silent_share();
        let longest = self.longest_seen();
        let chance = share.powi(silence.read.min(20) as i32);
        Change {
            kind: Kind::ZeroOnset,
            again: false,
            stage,
            since: self.last - days + 1,
            detected: self.last,
            size: f64::from(days),
            confidence: match stage {
                Stage::Early => (1.0 - share * 4.0).clamp(0.5, 0.9),
                Stage::Confirmed => {
                    (0.99 - f64::from(longest) / f64::from(days.max(1)) * 0.2).clamp(0.5, 0.99)
                }
            },
            reason: Words {
                zh: format!(
                    "连续 {days} 天无用量；此前 {seen} 天中有 {} 天无用量，最长连续 {longest} 天；偶然出现的可能约 {chance:.1e}",
                    self.silent
                ),
                en: format!(
                    "{days} silent days; of {seen} days before, {} were silent, {longest} in a row at most; by chance about {chance:.1e}",
                    self.silent
                ),
            },
        }
    }

    #[inline]
    fn used_day(&mut self, around: Around<'_>, found: &mut Found) {
        let before = self.open[OPEN_DAYS - 2];
        if self.told != 0 || before.code() < 2 || self.is_silent(before) {
            self.rare_used_day(found);
        }
        if self.nights[NIGHTS - 1] > 1 {
            self.leak(found);
        } else if self.nights[NIGHTS - 1] == 1 {
            self.told &= !told::LEAK;
        }
        self.level_day(around, found);
        if before == self.open[OPEN_DAYS - 1] {
            self.stuck(found);
        } else {
            self.told &= !told::STUCK;
        }
    }

    /// A day with use behind a silent or missing one, or where something was said.
    #[cold]
    fn rare_used_day(&mut self, found: &mut Found) {
        if !self.open.contains(&Amount::BACKWARDS) {
            self.told &= !told::REVERSED;
        }
        let empty = self.told & told::EMPTY != 0;
        if self.told & told::CONFIRMED != 0 || empty {
            self.maybe_return(if empty { MOVED_IN_DAYS } else { RETURN_DAYS }, found);
            return;
        }
        self.told &= !told::EARLY;
        self.count_ended(found);
    }

    fn silent_in_window(&self) -> usize {
        self.open.iter().filter(|amount| amount.is_known() && self.is_silent(**amount)).count()
    }

    fn maybe_return(&mut self, due: usize, found: &mut Found) {
        let used = |at: usize| self.open[at].is_some() && !self.is_silent(self.open[at]);
        let mut first = OPEN_DAYS;
        let mut days = 0;
        for at in (OPEN_DAYS - RETURN_WITHIN..OPEN_DAYS).rev() {
            if used(at) {
                first = at;
                days += 1;
            }
        }
        if days < due {
            return;
        }
        let silence = (0..first).rev().take_while(|at| !used(*at)).count() as u16;
        let silence = if usize::from(silence) == first { silence + self.run } else { silence };
        let empty = self.told & told::EMPTY != 0;
        self.told &= !(told::CONFIRMED | told::EARLY | told::EMPTY);
        self.level_age = (OPEN_DAYS - first) as u16;
        if empty {
            // An empty home has no habits; whoever comes begins his own.
            (self.used, self.silent, self.run) = (0, 0, 0);
            self.longest = silence.min(EMPTY_LONGEST) as u8;
        } else {
            self.ended(silence, found);
        }
        found.changes.push(Change {
            kind: Kind::Return,
            again: false,
            stage: Stage::Confirmed,
            since: self.day_at(first),
            detected: self.last,
            size: f64::from(silence),
            confidence: 0.95,
            reason: Words {
                zh: format!("停用 {silence} 天后，{RETURN_WITHIN} 天内有 {days} 天有用量"),
                en: format!("use on {days} of the last {RETURN_WITHIN} days after {silence} silent days"),
            },
        });
    }

    /// A silence has ended by itself: was it one that might have been said?
    fn count_ended(&self, found: &mut Found) {
        if self.used < HABIT_DAYS {
            return;
        }
        let silent = |at: &usize| !self.open[*at].is_some() || self.is_silent(self.open[*at]);
        let days = (0..OPEN_DAYS - 1).rev().take_while(silent).count();
        let days = if days == OPEN_DAYS - 1 { days as u16 + self.run } else { days as u16 };
        self.ended(days, found);
    }

    fn ended(&self, days: u16, found: &mut Found) {
        if days > u16::from(self.longest) * 3 / 2 {
            found.ended[usize::from(days).min(ENDED_LENGTHS - 1)] += 1;
        }
    }

    fn leak(&mut self, found: &mut Found) {
        if self.told & told::LEAK != 0
            || self.nights_known < LEAK_KNOWN
            || self.nights_flowing > LEAK_HABIT
            || self.used < HABIT_DAYS
        {
            return;
        }
        let known = self.nights.iter().rev().filter(|night| **night != 0);
        let flowing = known.clone().take_while(|night| **night > 1).count();
        if flowing < LEAK_NIGHTS {
            return;
        }
        let least = known.take(LEAK_NIGHTS).min().map_or(0.0, |night| night_value(*night));
        let usual = crate::amount::value_of(self.level);
        if least * 24.0 < usual * LEAK_SHARE {
            return;
        }
        self.told |= told::LEAK;
        let first = (0..NIGHTS).find(|at| self.nights[*at..].iter().all(|night| *night != 1)).unwrap_or(0);
        let share = 100.0 * least * 24.0 / usual;
        found.changes.push(Change {
            kind: Kind::Leak,
            again: false,
            stage: Stage::Confirmed,
            since: self.last - (NIGHTS - 1 - first) as i32,
            detected: self.last,
            size: least,
            confidence: (1.0 - f64::from(self.nights_flowing) / 255.0 * 3.0).clamp(0.5, 0.97),
            reason: Words {
                zh: format!(
                    "连续 {flowing} 夜每小时用量不低于 {least:.3}（全天合计为平时的 {share:.0}%）；此前整夜不断流的夜晚占 {:.0}%",
                    f64::from(self.nights_flowing) / 2.55
                ),
                en: format!(
                    "at least {least:.3} in every hour of {flowing} nights ({share:.0} % of a usual day, over 24 hours); before, {:.0} % of nights were so",
                    f64::from(self.nights_flowing) / 2.55
                ),
            },
        });
    }

    fn stuck(&mut self, found: &mut Found) {
        if self.told & told::STUCK != 0 || self.used < HABIT_DAYS {
            return;
        }
        let today = self.open[OPEN_DAYS - 1];
        let alike = self.open.iter().rev().take_while(|amount| **amount == today).count();
        let chance = self.repeat_share().max(REPEAT_LEAST).powi(alike as i32 - 1);
        if chance > STUCK_CHANCE {
            return;
        }
        self.told |= told::STUCK;
        let value = today.value();
        found.changes.push(Change {
            kind: Kind::Stuck,
            again: false,
            stage: Stage::Confirmed,
            since: self.last - alike as i32 + 1,
            detected: self.last,
            size: alike as f64,
            confidence: 0.95,
            reason: Words {
                zh: format!("连续 {alike} 天读数同为 {value:.3}，可能是估读或表卡住"),
                en: format!("{alike} days of the same {value:.3}: estimated, or the meter is stuck"),
            },
        });
    }

    #[cold]
    fn backwards_day(&mut self, found: &mut Found) {
        let days = self.open.iter().filter(|amount| **amount == Amount::BACKWARDS).count();
        if days < BACKWARDS_DAYS || self.told & told::REVERSED != 0 {
            return;
        }
        self.told |= told::REVERSED;
        let first = self.open.iter().position(|amount| *amount == Amount::BACKWARDS).unwrap_or(0);
        found.changes.push(Change {
            kind: Kind::Reversed,
            again: false,
            stage: Stage::Confirmed,
            since: self.day_at(first),
            detected: self.last,
            size: days as f64,
            confidence: 0.9,
            reason: Words {
                zh: format!("{OPEN_DAYS} 天中有 {days} 天读数倒退，表可能装反或有回流"),
                en: format!("backwards on {days} of {OPEN_DAYS} days: the meter is mounted the wrong way round, or water flows back"),
            },
        });
    }
}
