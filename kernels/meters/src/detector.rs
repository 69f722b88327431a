//! The detector of one meter.

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Days kept.
const WINDOW_DAYS: usize = 42;
/// Days of use before a home has habits.
const HABIT_DAYS: usize = 14;
/// A run of this many silent days is an onset whatever the home's habits.
const CONFIRMED_DAYS: u32 = 10;
/// An early signal when chance would bring such a run less often than this.
const SURPRISE: f64 = 1e-3;
/// Silent: below this share of the usual day.
const SILENT_SHARE: f64 = 0.02;
/// Shortest and longest stretch that is compared with what went before.
const RECENT_DAYS: std::ops::RangeInclusive<usize> = 3..=7;
/// A shift has to be at least this large, as a logarithm: 1.6-fold.
const SHIFT_MIN: f64 = 0.47;
/// A shorter stretch than this may be a visit of guests or a short absence …
const STEADY_DAYS: usize = 5;
/// … unless it is this large, as a logarithm: 2.5-fold.
const SHIFT_LARGE: f64 = 0.92;
/// And at least this far outside the scatter.
const SHIFT_Z: f64 = 5.0;
/// No home is steadier than this (standard deviation of the logarithm).
const SCATTER_MIN: f64 = 0.15;

/// What kind of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Use stopped.
    ZeroOnset,
    /// Use came back after a confirmed stop, or began at a home that had none.
    Return,
    /// Use rose to a new level.
    ShiftUp,
    /// Use fell to a new level.
    ShiftDown,
}

impl Kind {
    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            Kind::ZeroOnset => "zero_onset",
            Kind::Return => "return",
            Kind::ShiftUp => "shift_up",
            Kind::ShiftDown => "shift_down",
        }
    }
}

/// How sure a zero onset is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Unusual for this home.
    Early,
    /// Ten days and more.
    Confirmed,
}

/// A sentence in both languages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Words {
    /// 中文。
    pub zh: String,
    /// English.
    pub en: String,
}

/// One change found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// What.
    pub kind: Kind,
    /// How sure; shifts and returns are confirmed at once.
    pub stage: Stage,
    /// First day of the new state.
    pub since: i64,
    /// Day on which it was found.
    pub detected: i64,
    /// Days of silence for an onset; new level over old for a shift.
    pub size: f64,
    /// From 0 to 1.
    pub confidence: f64,
    /// The numbers behind it, in words.
    pub reason: Words,
}

/// All that is kept of a meter. Serialisable; about 400 bytes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Detector {
    /// Last day seen.
    last: Option<i64>,
    /// Daily values, oldest first, none for missing days.
    window: VecDeque<Option<f32>>,
    /// Days of use and silent days seen in ordinary times, for the home's habit of silence.
    used_days: u32,
    silent_days: u32,
    /// The running silence: its first day and its length in days with readings.
    silent_since: i64,
    silent_run: u32,
    reported: Option<Stage>,
    /// Days with use since the silence ended, while a return is being judged.
    return_days: Vec<i64>,
    /// The current level began on this day; nothing before it is compared with.
    level_since: i64,
}

impl Detector {
    /// The last day that was pushed.
    pub fn last_day(&self) -> Option<i64> {
        self.last
    }

    /// Takes the value of a day (a day number; days must come in order, gaps are missing days) and
    /// gives the changes that it reveals. A day at or before the last one, and a value that is
    /// negative or not finite, are passed over. O(window).
    pub fn push(&mut self, day: i64, value: f64) -> Vec<Change> {
        if self.last.is_some_and(|last| day <= last) || !value.is_finite() || value < 0.0 {
            return Vec::new();
        }
        let missing = self.last.map_or(0, |last| day - last - 1);
        for _ in 0..missing.min(WINDOW_DAYS as i64) {
            self.keep(None);
        }
        if self.last.is_none() {
            self.level_since = day;
        }
        self.last = Some(day);
        let silent = value <= self.silent_below();
        self.keep(Some(if silent { 0.0 } else { value as f32 }));
        if silent { self.silent_day(day) } else { self.used_day(day) }.into_iter().collect()
    }

    fn keep(&mut self, value: Option<f32>) {
        self.window.push_back(value);
        if self.window.len() > WINDOW_DAYS {
            self.window.pop_front();
        }
    }

    /// A fiftieth of the usual day; 0 where nothing is known.
    fn silent_below(&self) -> f64 {
        let mut used: Vec<f32> = self.window.iter().flatten().copied().filter(|v| *v > 0.0).collect();
        if used.len() < 5 {
            return 0.0;
        }
        let middle = used.len() / 2;
        let (_, median, _) = used.select_nth_unstable_by(middle, f32::total_cmp);
        f64::from(*median) * SILENT_SHARE
    }

    fn silent_day(&mut self, day: i64) -> Option<Change> {
        self.return_days.clear();
        if self.silent_run == 0 {
            self.silent_since = day;
        }
        self.silent_run += 1;
        if (self.used_days as usize) < HABIT_DAYS {
            return None;
        }
        let habit =
            (f64::from(self.silent_days) + 0.5) / (f64::from(self.used_days + self.silent_days) + 1.0);
        let chance = habit.powi(self.silent_run as i32);
        let stage = if self.silent_run >= CONFIRMED_DAYS {
            Stage::Confirmed
        } else if self.silent_run >= 2 && chance < SURPRISE {
            Stage::Early
        } else {
            return None;
        };
        if self.reported >= Some(stage) {
            return None;
        }
        self.reported = Some(stage);
        Some(Change {
            kind: Kind::ZeroOnset,
            stage,
            since: self.silent_since,
            detected: day,
            size: f64::from(self.silent_run),
            confidence: if stage == Stage::Confirmed { 0.97 } else { 1.0 - chance.max(0.05) },
            reason: self.silence_in_words(),
        })
    }

    fn silence_in_words(&self) -> Words {
        let (run, before) = (self.silent_run, self.used_days + self.silent_days);
        Words {
            zh: format!("连续 {run} 天无用量；此前 {before} 天中有 {} 天无用量", self.silent_days),
            en: format!("{run} silent days; before, {} of {before} days were silent", self.silent_days),
        }
    }

    fn used_day(&mut self, day: i64) -> Option<Change> {
        let never_used = self.used_days == 0 && self.silent_run >= HABIT_DAYS as u32;
        if self.reported == Some(Stage::Confirmed) || never_used {
            return self.maybe_return(day);
        }
        // A short silence is part of the home's habits.
        self.silent_days += self.silent_run;
        self.silent_run = 0;
        self.reported = None;
        self.used_days += 1;
        self.shift(day)
    }

    /// Two days of use end a confirmed silence: a single one may be a visitor or a cleaner.
    fn maybe_return(&mut self, day: i64) -> Option<Change> {
        self.return_days.push(day);
        if self.return_days.len() < 2 {
            return None;
        }
        let since = self.return_days[0];
        let silence = self.silent_run;
        self.return_days.clear();
        self.silent_run = 0;
        self.reported = None;
        self.used_days = self.used_days.max(1) + 2;
        self.level_since = since;
        Some(Change {
            kind: Kind::Return,
            stage: Stage::Confirmed,
            since,
            detected: day,
            size: f64::from(silence),
            confidence: 0.95,
            reason: Words {
                zh: format!("停用 {silence} 天后连续两天有用量"),
                en: format!("use on two days after {silence} silent days"),
            },
        })
    }

    /// Compares the last days with what went before, at every length allowed; the first that is
    /// clear enough counts.
    fn shift(&mut self, day: i64) -> Option<Change> {
        let first_day = day - self.window.len() as i64 + 1;
        let logs: Vec<(i64, f64)> = self
            .window
            .iter()
            .enumerate()
            .filter_map(|(i, value)| {
                value.filter(|v| *v > 0.0).map(|v| (first_day + i as i64, f64::from(v).ln()))
            })
            .filter(|(at, _)| *at >= self.level_since)
            .collect();
        RECENT_DAYS.rev().find_map(|recent| {
            let (before, after) = logs.split_at_checked(logs.len().checked_sub(recent)?)?;
            self.compare(before, after, day)
        })
    }

    fn compare(&mut self, before: &[(i64, f64)], after: &[(i64, f64)], day: i64) -> Option<Change> {
        // Silent days among the recent ones mean absence, not another way of living.
        let stretch = after.last()?.0 - after.first()?.0 + 1;
        if before.len() < HABIT_DAYS || stretch as usize > after.len() + 1 {
            return None;
        }
        let (level, scatter) = center_and_scatter(before);
        let mean = after.iter().map(|(_, v)| v).sum::<f64>() / after.len() as f64;
        let step = mean - level;
        let error = scatter * (1.0 / after.len() as f64 + 1.0 / before.len() as f64).sqrt();
        if after.len() < STEADY_DAYS && step.abs() < SHIFT_LARGE {
            return None;
        }
        let same_side = after.iter().filter(|(_, v)| (v - level) * step.signum() > SHIFT_MIN / 2.0).count();
        if step.abs() < SHIFT_MIN || step.abs() / error < SHIFT_Z || same_side < after.len() {
            return None;
        }
        let since = after[0].0;
        self.level_since = since;
        let ratio = step.exp();
        Some(Change {
            kind: if step > 0.0 { Kind::ShiftUp } else { Kind::ShiftDown },
            stage: Stage::Confirmed,
            since,
            detected: day,
            size: ratio,
            confidence: (1.0 - (-(step.abs() / error - SHIFT_Z)).exp() * 0.1).clamp(0.9, 0.99),
            reason: Words {
                zh: format!(
                    "用量为此前 {} 天水平的 {ratio:.1} 倍，偏离 {:.1} 个标准差",
                    before.len(),
                    step.abs() / error
                ),
                en: format!(
                    "{ratio:.1} times the level of the {} days before, {:.1} scatters away",
                    before.len(),
                    step.abs() / error
                ),
            },
        })
    }
}

/// Median, and the scatter from the median absolute deviation (Hampel 1974), of logarithms.
fn center_and_scatter(days: &[(i64, f64)]) -> (f64, f64) {
    let median = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        let n = values.len();
        if n % 2 == 1 { values[n / 2] } else { (values[n / 2 - 1] + values[n / 2]) / 2.0 }
    };
    let center = median(days.iter().map(|(_, v)| *v).collect());
    let mad = median(days.iter().map(|(_, v)| (v - center).abs()).collect());
    // The larger of the robust and the plain scatter: few outlying days must not look like calm.
    let mean = days.iter().map(|(_, v)| v).sum::<f64>() / days.len() as f64;
    let plain = (days.iter().map(|(_, v)| (v - mean).powi(2)).sum::<f64>() / days.len() as f64).sqrt();
    (center, (1.4826 * mad).max(plain * 0.8).max(SCATTER_MIN))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    /// A wobble that repeats every seven days.
    fn usual(day: i64) -> f64 {
        0.3 * (1.0 + 0.2 * ((day % 7) as f64 - 3.0) / 3.0)
    }

    fn run(value: impl Fn(i64) -> Option<f64>) -> Vec<Change> {
        let mut detector = Detector::default();
        (0..90)
            .filter_map(|day| value(day).map(|v| (day, v)))
            .flat_map(|(day, v)| detector.push(day, v))
            .collect()
    }

    #[test]
    fn a_steady_home_says_nothing() {
        assert_eq!(run(|day| Some(usual(day))), []);
    }

    #[test]
    fn a_silence_is_seen_early_and_then_confirmed_once_each() {
        let found = run(|day| Some(if day < 50 { usual(day) } else { 0.0 }));
        let brief: Vec<_> = found.iter().map(|c| (c.kind, c.stage, c.since, c.detected)).collect();
        assert_eq!(
            brief,
            [(Kind::ZeroOnset, Stage::Early, 50, 51), (Kind::ZeroOnset, Stage::Confirmed, 50, 59),]
        );
    }

    #[test]
    fn a_home_that_is_often_silent_is_not_reported_for_it() {
        assert_eq!(run(|day| Some(if day % 7 >= 4 { 0.0 } else { 0.3 })), []);
    }

    #[test]
    fn use_in_an_empty_home_is_a_return() {
        let found = run(|day| Some(if day < 40 { 0.0 } else { usual(day) }));
        assert_eq!(found.iter().map(|c| (c.kind, c.since)).collect::<Vec<_>>(), [(Kind::Return, 40)]);
    }

    #[test]
    fn shifts_are_found_within_a_week_and_once() {
        for (factor, kind) in [(3.0, Kind::ShiftUp), (0.3, Kind::ShiftDown)] {
            let found = run(|day| Some(if day < 50 { usual(day) } else { factor * usual(day) }));
            assert_eq!(found.len(), 1, "{found:?}");
            assert_eq!(found[0].kind, kind);
            assert!(found[0].detected <= 57 && (found[0].since - 50).abs() <= 1);
            assert!((found[0].size / factor - 1.0).abs() < 0.25);
        }
    }

    #[test]
    fn missing_days_are_neither_silent_nor_used() {
        assert_eq!(run(|day| (!(30..45).contains(&day)).then(|| usual(day))), []);
    }

    proptest! {
        #[test]
        fn storing_and_loading_changes_nothing(values in prop::collection::vec(0.0f64..2.0, 0..70), cut in 0usize..70) {
            let mut whole = Detector::default();
            let mut parts = Detector::default();
            for (day, value) in values.iter().enumerate() {
                if day == cut {
                    let text = serde_json::to_string(&parts).unwrap();
                    parts = serde_json::from_str(&text).unwrap();
                }
                prop_assert_eq!(whole.push(day as i64, *value), parts.push(day as i64, *value));
            }
        }

        #[test]
        fn any_value_is_survived(values in prop::collection::vec((any::<i32>(), any::<f64>()), 0..60)) {
            let mut detector = Detector::default();
            for (day, value) in values {
                detector.push(i64::from(day), value);
            }
        }
    }
}
