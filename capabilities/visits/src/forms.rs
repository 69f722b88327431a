//! Forms: JSON Schema files of `catalogues/forms/`, and what their answers mean for the registers.

use gridweave_core::{Zone, event::Finding};
use serde_json::Value;
use std::collections::BTreeMap;

/// The forms, compiled once.
pub struct Forms {
    schemas: BTreeMap<String, (Value, jsonschema::Validator)>,
}

/// A fault in an answer.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Fault {
    /// Where, as a JSON pointer: `/occupancy`.
    pub at: String,
    /// What.
    pub what: String,
}

impl Forms {
    /// Compiles the files; the error names the form.
    pub fn new(texts: impl IntoIterator<Item = (String, String)>) -> Result<Self, String> {
        let mut schemas = BTreeMap::new();
        for (name, text) in texts {
            let schema: Value =
                serde_json::from_str(&text).map_err(|error| format!("form {name}: {error}"))?;
            check_order(&schema).map_err(|why| format!("form {name}: {why}"))?;
            let validator = jsonschema::options()
                .should_validate_formats(true)
                .build(&schema)
                .map_err(|error| format!("form {name}: {error}"))?;
            schemas.insert(name, (schema, validator));
        }
        Ok(Self { schemas })
    }

    /// The schema of a form.
    pub fn schema(&self, name: &str) -> Option<&Value> {
        self.schemas.get(name).map(|(schema, _)| schema)
    }

    /// Everything that is wrong with answers; empty when they fit. None where there is no such form.
    pub fn faults(&self, name: &str, answers: &Value) -> Option<Vec<Fault>> {
        let (_, validator) = self.schemas.get(name)?;
        let fault = |error: jsonschema::ValidationError<'_>| Fault {
            at: error.instance_path().to_string(),
            what: error.to_string(),
        };
        Some(validator.iter_errors(answers).map(fault).collect())
    }
}

/// JSON objects have no order, so a form says in `x-order` in which its questions are asked: each once.
fn check_order(schema: &Value) -> Result<(), String> {
    let asked: Vec<&str> =
        schema["x-order"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let known: Vec<&String> =
        schema["properties"].as_object().into_iter().flat_map(|map| map.keys()).collect();
    if let Some(lost) = known.iter().find(|key| asked.iter().filter(|name| *name == **key).count() != 1) {
        return Err(format!("x-order must name the question {lost:?} once"));
    }
    match asked.iter().find(|name| !known.iter().any(|key| key == *name)) {
        Some(extra) => Err(format!("x-order names {extra:?}, which is no question")),
        None => Ok(()),
    }
}

/// The questions of a form in their order.
fn questions(schema: &Value) -> impl Iterator<Item = &str> {
    schema["x-order"].as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// What answers mean for the registers and the address library. `day` is the day of the visit.
pub fn findings(answers: &Value, day: i64) -> Vec<Finding> {
    let text = |key: &str| answers[key].as_str().filter(|value| !value.trim().is_empty());
    let mut found = Vec::new();
    match text("occupancy") {
        Some("no_such_door") => found.push(Finding::Address { problem: "absent".into(), name: None }),
        Some(word @ ("occupied" | "vacant" | "rented")) => {
            found.push(Finding::Occupancy { occupancy: word.to_owned() });
        }
        _ => {}
    }
    if let Some(until) = text("away_until").and_then(Zone::day_from_text)
        && until >= day
    {
        found.push(Finding::PlannedAbsence { from_day: day, to_day: until });
    }
    if let Some(name) = text("right_name") {
        found.push(Finding::Address { problem: "renamed".into(), name: Some(name.to_owned()) });
    }
    match (text("outcome"), text("phone")) {
        (Some("needs_help"), _) | (None, Some("needs_help")) => {
            found.push(Finding::Care { outcome: "needs_help".into() });
        }
        (Some("well"), _) | (None, Some("well")) => found.push(Finding::Care { outcome: "well".into() }),
        (Some("not_found"), _) => found.push(Finding::Care { outcome: "not_found".into() }),
        _ => {}
    }
    match text("as_reported") {
        Some("yes") => found.push(Finding::Confirmed { cause: "as_reported".into() }),
        Some("no") => found.push(Finding::FalseAlarm { cause: "as_reported".into() }),
        _ => {}
    }
    match (text("cause"), text("found")) {
        (Some(cause @ ("leak" | "more_people" | "business")), _)
        | (_, Some(cause @ ("solved" | "persists" | "needs_department"))) => {
            found.push(Finding::Confirmed { cause: cause.to_owned() });
        }
        (Some(cause @ "harmless"), _) | (_, Some(cause @ "not_found")) => {
            found.push(Finding::FalseAlarm { cause: cause.to_owned() });
        }
        _ => {}
    }
    found
}

/// One line for the time line: the answers in the form's own words.
pub fn summary(schema: &Value, answers: &Value) -> String {
    let Some(given) = answers.as_object() else { return String::new() };
    let mut parts = Vec::new();
    for key in questions(schema) {
        let Some(value) = given.get(key) else { continue };
        let property = &schema["properties"][key];
        let title = property["title"].as_str().unwrap_or(key);
        let shown = match value {
            Value::String(text) => {
                let words = property["enum"].as_array();
                let place = words.and_then(|list| list.iter().position(|word| word == text));
                let zh = place.and_then(|i| property["x-enum-zh"][i].as_str());
                zh.unwrap_or(text).to_owned()
            }
            Value::Bool(true) => "是".to_owned(),
            Value::Bool(false) => "否".to_owned(),
            other => other.to_string(),
        };
        parts.push(format!("{title}：{shown}"));
    }
    parts.join("；")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn forms() -> Forms {
        Forms::new([
            ("care-visit".to_owned(), include_str!("../../../catalogues/forms/care-visit.json").to_owned()),
            (
                "verify-occupancy".to_owned(),
                include_str!("../../../catalogues/forms/verify-occupancy.json").to_owned(),
            ),
            ("leak-check".to_owned(), include_str!("../../../catalogues/forms/leak-check.json").to_owned()),
            (
                "general-check".to_owned(),
                include_str!("../../../catalogues/forms/general-check.json").to_owned(),
            ),
        ])
        .unwrap()
    }

    #[test]
    fn a_call_that_was_answered_needs_no_door_and_one_that_was_not_does() {
        let forms = forms();
        let faults = |answers| forms.faults("care-visit", &answers).unwrap();
        assert_eq!(faults(json!({ "phone": "well" })), []);
        assert_eq!(faults(json!({ "phone": "no_answer" })).len(), 1);
        assert_eq!(faults(json!({ "phone": "no_answer", "outcome": "well" })), []);
        assert_eq!(faults(json!({ "phone": "maybe" }))[0].at, "/phone");
        assert_eq!(faults(json!({ "phone": "well", "religion": "x" })).len(), 1);
        assert_eq!(faults(json!({ "phone": "well", "away_until": "soon" })).len(), 1);
    }

    #[test]
    fn answers_become_findings_and_a_line() {
        let day = Zone::day_from_text("2026-11-23").unwrap();
        let answers = json!({ "occupancy": "vacant", "right_name": "503室" });
        assert_eq!(
            findings(&answers, day),
            [
                Finding::Occupancy { occupancy: "vacant".into() },
                Finding::Address { problem: "renamed".into(), name: Some("503室".into()) },
            ]
        );
        let away = findings(&json!({ "occupancy": "away", "away_until": "2026-12-01" }), day);
        assert_eq!(away, [Finding::PlannedAbsence { from_day: day, to_day: day + 8 }]);
        let cause = |word: &str| findings(&json!({ "cause": word }), day);
        assert_eq!(cause("leak"), [Finding::Confirmed { cause: "leak".into() }]);
        assert_eq!(cause("harmless"), [Finding::FalseAlarm { cause: "harmless".into() }]);
        assert_eq!(cause("unknown"), []);
        let nothing = findings(&json!({ "found": "not_found" }), day);
        assert_eq!(nothing, [Finding::FalseAlarm { cause: "not_found".into() }]);
        let forms = forms();
        let line = summary(forms.schema("verify-occupancy").unwrap(), &json!({ "occupancy": "vacant" }));
        assert_eq!(line, "居住状态：空置");
    }
}
