//! How well found changes meet planted ones.

use serde::{Deserialize, Serialize};

/// A change that is known to have happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// Meter, or any name of the home.
    pub meter: String,
    /// `zero_onset`, `return`, `shift_up` or `shift_down`.
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
    /// Of those, for a planted change of that home and kind.
    pub right: usize,
    /// recalled / planted, 1 where nothing was planted.
    pub recall: f64,
    /// right / found, 1 where nothing was found.
    pub precision: f64,
}

/// Days within which a change of a kind must be found.
pub fn days_allowed(kind: &str) -> i64 {
    if kind.starts_with("shift") { 7 } else { 14 }
}

/// Scores what was found until `last_day` against the truth. A planted change whose time allowed
/// ends after `last_day` is not counted against recall; a finding for it still counts as right.
pub fn score(found: &[Found], truth: &[Truth], last_day: i64) -> Score {
    let fits = |f: &Found, t: &Truth| f.meter == t.meter && f.kind == t.kind && f.detected >= t.since;
    let mut by_meter: std::collections::HashMap<&str, Vec<&Truth>> = std::collections::HashMap::new();
    for t in truth {
        by_meter.entry(&t.meter).or_default().push(t);
    }
    let right = found
        .iter()
        .filter(|f| by_meter.get(f.meter.as_str()).is_some_and(|ts| ts.iter().any(|t| fits(f, t))))
        .count();
    let mut found_by_meter: std::collections::HashMap<&str, Vec<&Found>> = std::collections::HashMap::new();
    for f in found {
        found_by_meter.entry(&f.meter).or_default().push(f);
    }
    let due: Vec<&Truth> = truth.iter().filter(|t| t.since + days_allowed(&t.kind) <= last_day).collect();
    let recalled = due
        .iter()
        .filter(|t| {
            found_by_meter.get(t.meter.as_str()).is_some_and(|fs| {
                fs.iter().any(|f| fits(f, t) && f.detected <= t.since + days_allowed(&t.kind))
            })
        })
        .count();
    let rate = |part: usize, whole: usize| if whole == 0 { 1.0 } else { part as f64 / whole as f64 };
    Score {
        planted: due.len(),
        recalled,
        found: found.len(),
        right,
        recall: rate(recalled, due.len()),
        precision: rate(right, found.len()),
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
        let score = score(&founds, &truths, 90);
        assert_eq!((score.planted, score.recalled, score.found, score.right), (3, 1, 3, 2));
    }
}
