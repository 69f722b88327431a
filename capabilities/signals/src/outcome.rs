//! What visits found of signals: was it so?

use gridweave_core::event::Finding;
use serde::{Deserialize, Serialize};

/// What a visit found of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was so, and worth the way.
    Confirmed,
    /// It was not, or there was nothing behind it; a journey that was over counts as such.
    FalseAlarm,
    /// The visit does not say.
    Unclear,
}

impl Outcome {
    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Confirmed => "confirmed",
            Outcome::FalseAlarm => "false_alarm",
            Outcome::Unclear => "unclear",
        }
    }

    /// The outcome of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Confirmed, Self::FalseAlarm, Self::Unclear].into_iter().find(|outcome| outcome.name() == name)
    }

    /// What the findings of a visit say of a signal of a kind. Who filled in the cause has said it; else a silence was right
    /// where nobody lives or somebody needs help, and use in an empty home where somebody lives.
    pub fn of(kind: &str, findings: &[Finding]) -> Self {
        let says = |finding: &Finding| match finding {
            Finding::Confirmed { .. } => Some(Self::Confirmed),
            Finding::FalseAlarm { .. } => Some(Self::FalseAlarm),
            _ => None,
        };
        if let Some(said) = findings.iter().find_map(says) {
            return said;
        }
        let silent = matches!(kind, "zero_onset" | "zero_use");
        let used = matches!(kind, "return" | "shift_up" | "sudden_change");
        let follows = |finding: &Finding| match finding {
            Finding::Care { outcome } if silent => match outcome.as_str() {
                "needs_help" => Some(Self::Confirmed),
                "well" => Some(Self::FalseAlarm),
                _ => None,
            },
            Finding::PlannedAbsence { .. } if silent => Some(Self::FalseAlarm),
            Finding::Occupancy { occupancy } if silent || used => {
                Some(if (occupancy == "vacant") == silent { Self::Confirmed } else { Self::FalseAlarm })
            }
            _ => None,
        };
        findings.iter().find_map(follows).unwrap_or(Self::Unclear)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_visit_found_is_held_against_what_was_said() {
        let home = |occupancy: &str| vec![Finding::Occupancy { occupancy: occupancy.into() }];
        let care = |outcome: &str| vec![Finding::Care { outcome: outcome.into() }];
        let of = |kind, findings: Vec<Finding>| Outcome::of(kind, &findings);
        assert_eq!(of("zero_onset", home("vacant")), Outcome::Confirmed);
        assert_eq!(of("zero_onset", home("occupied")), Outcome::FalseAlarm);
        assert_eq!(of("return", home("rented")), Outcome::Confirmed);
        assert_eq!(of("shift_up", home("vacant")), Outcome::FalseAlarm);
        assert_eq!(of("shift_down", home("occupied")), Outcome::Unclear);
        assert_eq!(of("zero_onset", care("needs_help")), Outcome::Confirmed);
        assert_eq!(of("zero_onset", care("not_found")), Outcome::Unclear);
        let away = vec![Finding::PlannedAbsence { from_day: 1, to_day: 9 }];
        assert_eq!(of("zero_onset", away), Outcome::FalseAlarm);
        // The worker's own word counts before what follows from the rest.
        let leak = [vec![Finding::Confirmed { cause: "leak".into() }], home("vacant")].concat();
        assert_eq!(of("shift_up", leak), Outcome::Confirmed);
        let gone = vec![Finding::Address { problem: "absent".into(), name: None }];
        assert_eq!(of("zero_onset", gone), Outcome::Unclear);
    }
}
