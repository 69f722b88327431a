//! How well found changes meet planted ones.

use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// A change that is known to have happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// Meter, or any name of the home.
    pub meter: String,
    /// A [`crate::Kind`] by its name.
    pub kind: String,
    /// First day of the new state.
    pub since: i64,
}

/// A change, or a visit for it, that was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// Meter, or any name of the home.
    pub meter: String,
    /// As in the truth.
    pub kind: String,
    /// Day on which it was found.
    pub detected: i64,
}

/// Counts and rates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Score {
    /// Planted changes that could have been found in time.
    pub planted: usize,
    /// Of those, found in time.
    pub recalled: usize,
    /// Everything found.
    pub found: usize,
    /// Of those, for a planted change of that home and kind, be it late.
    pub right: usize,
    /// recalled / planted, 1 where nothing was planted.
    pub recall: f64,
    /// right / found, 1 where nothing was found.
    pub precision: f64,
    /// Days from a planted change to its finding, in the middle of those recalled; 0 where there is none.
    pub median_delay: i64,
}

/// Days within which a change of a kind must be found: five for a shift, two weeks for others.
pub fn days_allowed(kind: &str) -> i64 {
    if kind.starts_with("shift") { 5 } else { 14 }
}

/// A finding so long after the truth is about something else.
const ABOUT_DAYS: i64 = 30;

/// Scores what was found until `last_day` against the truth, each kind within the days that `allowed` gives it. A
/// planted change whose time allowed ends after `last_day` is not counted against recall; a finding for it still counts
/// as right, as does one that comes late, up to a month.
pub fn score(found: &[Found], truth: &[Truth], last_day: i64, allowed: impl Fn(&str) -> i64) -> Score {
    let mut truths: HashMap<&str, Vec<&Truth>> = HashMap::new();
    for t in truth {
        truths.entry(&t.meter).or_default().push(t);
    }
    let mut findings: HashMap<&str, Vec<&Found>> = HashMap::new();
    for f in found {
        findings.entry(&f.meter).or_default().push(f);
    }
    let is_right = |f: &Found| {
        let about = |t: &&Truth| t.kind == f.kind && (0..=ABOUT_DAYS).contains(&(f.detected - t.since));
        truths.get(f.meter.as_str()).is_some_and(|own| own.iter().any(about))
    };
    let delay = |t: &Truth| {
        let own = findings.get(t.meter.as_str())?;
        let delays = own.iter().filter(|f| f.kind == t.kind).map(|f| f.detected - t.since);
        delays.filter(|delay| (0..=allowed(&t.kind)).contains(delay)).min()
    };
    let due: Vec<&Truth> = truth.iter().filter(|t| t.since + allowed(&t.kind) <= last_day).collect();
    let mut delays: Vec<i64> = due.iter().filter_map(|t| delay(t)).collect();
    delays.sort_unstable();
    let right = found.iter().filter(|f| is_right(f)).count();
    let rate = |part: usize, whole: usize| if whole == 0 { 1.0 } else { part as f64 / whole as f64 };
    Score {
        planted: due.len(),
        recalled: delays.len(),
        found: found.len(),
        right,
        recall: rate(delays.len(), due.len()),
        precision: rate(right, found.len()),
        median_delay: delays.get(delays.len() / 2).copied().unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_wrong_and_missing_findings_are_told_apart() {
        let truth = |meter: &str, kind: &str, since| Truth { meter: meter.into(), kind: kind.into(), since };
        let found =
            |meter: &str, kind: &str, detected| Found { meter: meter.into(), kind: kind.into(), detected };
        let truths = [
            truth("a", "zero_onset", 10),
            truth("b", "shift_up", 10),
            truth("c", "shift_up", 10),
            truth("d", "zero_onset", 85),
        ];
        let founds = [found("a", "zero_onset", 20), found("b", "shift_up", 20), found("x", "shift_up", 5)];
        let score = score(&founds, &truths, 90, days_allowed);
        assert_eq!((score.planted, score.recalled, score.found, score.right), (3, 1, 3, 2));
        assert_eq!(score.median_delay, 10);
    }
}
