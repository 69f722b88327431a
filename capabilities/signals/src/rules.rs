//! What turns a signal and the facts of a home into work: `catalogues/rules/visits.toml`.

use serde::{Deserialize, Serialize};

/// What a rule may know of a home. The server fills it from the registers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// A person over 75 lives alone.
    pub elderly_alone: bool,
    /// Registered as vacant.
    pub registered_vacant: bool,
    /// A planned absence covers the first silent day.
    pub planned_absence: bool,
    /// People registered there.
    pub residents: i64,
}

/// One rule. A condition that is not given holds always.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Stable name; shown with the reason.
    pub id: String,
    /// Kinds of signals.
    pub kinds: Vec<String>,
    /// Stage of the signal.
    #[serde(default)]
    pub stage: Option<String>,
    /// See [`Facts::elderly_alone`].
    #[serde(default)]
    pub elderly_alone: Option<bool>,
    /// See [`Facts::registered_vacant`].
    #[serde(default)]
    pub registered_vacant: Option<bool>,
    /// See [`Facts::planned_absence`].
    #[serde(default)]
    pub planned_absence: Option<bool>,
    /// `silence`, `watch` or a category's code.
    pub then: String,
    /// Telephone before going.
    #[serde(default)]
    pub call_first: bool,
    /// 理由。
    pub zh: String,
    /// The reason in English.
    pub en: String,
}

/// The rules in their order.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// The first that fits decides.
    #[serde(default, rename = "rule")]
    pub rules: Vec<Rule>,
}

impl Rules {
    /// Reads the catalogue; unknown keys are refused with their position.
    pub fn from_toml(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    /// The first rule that fits.
    pub fn decide(&self, kind: &str, stage: &str, facts: &Facts) -> Option<&Rule> {
        let holds = |wanted: Option<bool>, is: bool| wanted.is_none_or(|wanted| wanted == is);
        self.rules.iter().find(|rule| {
            rule.kinds.iter().any(|k| k == kind)
                && rule.stage.as_deref().is_none_or(|wanted| wanted == stage)
                && holds(rule.elderly_alone, facts.elderly_alone)
                && holds(rule.registered_vacant, facts.registered_vacant)
                && holds(rule.planned_absence, facts.planned_absence)
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn then(kind: &str, stage: &str, facts: Facts) -> String {
        let rules = Rules::from_toml(include_str!("../../../catalogues/rules/visits.toml")).unwrap();
        rules.decide(kind, stage, &facts).map(|rule| rule.then.clone()).unwrap_or_default()
    }

    #[test]
    fn the_shipped_rules_say_what_the_field_asks_for() {
        let none = Facts::default();
        let elderly = Facts { elderly_alone: true, ..none };
        let vacant = Facts { registered_vacant: true, ..none };
        assert_eq!(then("zero_onset", "early", elderly), "care.zero-use");
        assert_eq!(then("zero_onset", "early", none), "watch");
        assert_eq!(then("zero_onset", "confirmed", none), "housing.verify-occupancy");
        assert_eq!(then("zero_onset", "confirmed", Facts { planned_absence: true, ..elderly }), "silence");
        // A home on the water company's list is judged on the same facts.
        assert_eq!(then("zero_use", "confirmed", elderly), "care.zero-use");
        assert_eq!(then("zero_use", "confirmed", vacant), "silence");
        let away = Facts { planned_absence: true, ..none };
        assert_eq!(then("zero_use", "confirmed", away), "silence");
        assert_eq!(then("zero_use", "confirmed", none), "housing.verify-occupancy");
        assert_eq!(then("sudden_change", "confirmed", vacant), "housing.verify-occupancy");
        assert_eq!(then("return", "confirmed", vacant), "housing.verify-occupancy");
        assert_eq!(then("return", "confirmed", none), "silence");
        assert_eq!(then("shift_up", "confirmed", none), "utilities.leak-check");
    }
}
