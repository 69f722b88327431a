//! `gridweave meters score`: signals against a truth.

use super::register;
use crate::WrongCall;
use crate::args::ScoreCall;
use crate::columns::column;
use gridweave_core::Zone;
use gridweave_files::read_table;
use gridweave_meters::Kind;
use gridweave_meters::score::{Found, Score, Truth, days_allowed, score};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::process::ExitCode;

/// Days within which a silence of a home on the care list has to be said.
const CARE_DAYS: i64 = 2;

pub fn run(json: bool, call: &ScoreCall) -> anyhow::Result<ExitCode> {
    let within = within(&call.within)?;
    let allowed = |kind: &str| within.get(kind).copied().unwrap_or_else(|| days_allowed(kind));
    let found = rows(&call.signals, "detected")?;
    let found: Vec<Found> =
        found.into_iter().map(|(meter, kind, detected)| Found { meter, kind, detected }).collect();
    let truth: Vec<Truth> = rows(&call.truth, "since")?
        .into_iter()
        .map(|(meter, kind, since)| Truth { meter, kind, since })
        .collect();
    let last = match &call.until {
        Some(text) => Zone::day_from_text(text)
            .ok_or_else(|| WrongCall(format!("--until {text:?}: write YYYY-MM-DD")))?,
        None => found.iter().map(|found| found.detected).max().unwrap_or(0),
    };
    let mut care = HashSet::new();
    if let Some(path) = &call.care {
        register::rows(path, &[], |meter, on_list, _| {
            if on_list {
                care.insert(meter.to_owned());
            }
        })?;
    }
    let of =
        |kind: &str, on_list: bool| -> Score {
            let own = |meter: &str, of: &str| of == kind && care.contains(meter) == on_list;
            let found: Vec<Found> = found.iter().filter(|f| own(&f.meter, &f.kind)).cloned().collect();
            let truth: Vec<Truth> = truth.iter().filter(|t| own(&t.meter, &t.kind)).cloned().collect();
            score(&found, &truth, last, |kind| {
                if on_list && kind == "zero_onset" { CARE_DAYS } else { allowed(kind) }
            })
        };
    let months = call.days.map(|days| days as f64 / 30.0);
    let rate = |wrong: usize, meters: f64| {
        months.filter(|_| meters > 0.0).map(|months| wrong as f64 / (meters / 1000.0) / months)
    };
    let mut kinds = serde_json::Map::new();
    let mut wrong = 0;
    for kind in Kind::ALL {
        let score = of(kind.name(), false);
        if score.planted + score.found == 0 {
            continue;
        }
        if matches!(kind, Kind::ZeroOnset | Kind::ShiftUp | Kind::ShiftDown) {
            wrong += score.found - score.right;
        }
        kinds.insert(kind.name().to_owned(), json!(score));
    }
    let ordinary = call.meters.map_or(0.0, |meters| meters as f64 - care.len() as f64);
    let mut result = json!({
        "kinds": kinds,
        "false_alarms": wrong,
        "false_alarms_per_1000_meters_a_month": rate(wrong, ordinary),
    });
    if !care.is_empty() {
        let score = of("zero_onset", true);
        result["care"] = json!({
            "meters": care.len(),
            "zero_onset": score,
            "false_alarms_per_1000_meters_a_month": rate(score.found - score.right, care.len() as f64),
        });
    }
    if !json {
        print(&result);
    }
    println!("{result}");
    Ok(ExitCode::SUCCESS)
}

fn print(result: &Value) {
    let line = |name: &str, score: &Value| {
        let number = |key: &str| score[key].as_f64().unwrap_or(0.0);
        eprintln!(
            "{name:22} recall {:.3} ({}/{})  after {} days  precision {:.3} ({}/{})",
            number("recall"),
            score["recalled"],
            score["planted"],
            score["median_delay"],
            number("precision"),
            score["right"],
            score["found"]
        );
    };
    for (kind, score) in result["kinds"].as_object().into_iter().flatten() {
        line(kind, score);
    }
    let rate = |of: &Value| of["false_alarms_per_1000_meters_a_month"].as_f64();
    if let Some(rate) = rate(result) {
        eprintln!("false silences and shifts, a thousand meters a month: {rate:.3}");
    }
    if let Some(care) = result.get("care") {
        line("zero_onset, care list", &care["zero_onset"]);
        if let Some(rate) = rate(care) {
            eprintln!("false silences, a thousand homes on the care list a month: {rate:.1}");
        }
    }
}

fn within(given: &[String]) -> anyhow::Result<HashMap<String, i64>> {
    let pair = |text: &String| {
        let (kind, days) = text.split_once('=')?;
        Kind::from_name(kind)?;
        Some((kind.to_owned(), days.parse().ok()?))
    };
    given
        .iter()
        .map(|text| {
            pair(text).ok_or_else(|| WrongCall(format!("--within {text:?}: write zero_onset=14")).into())
        })
        .collect()
}

/// Meter, kind and a day of each row.
fn rows(path: &Path, day: &str) -> anyhow::Result<Vec<(String, String, i64)>> {
    let table = read_table(path)?;
    let at = |name: &str| column(&table.header, name, path);
    let (meter, kind, at_day) = (at("meter")?, at("kind")?, at(day)?);
    let read = |(line, row): &(u64, Vec<String>)| {
        let found = Zone::day_from_text(row[at_day].get(..10).unwrap_or(&row[at_day]));
        let found = found.ok_or_else(|| {
            anyhow::anyhow!(
                "{} line {line}: {day} {:?} is no day; write YYYY-MM-DD",
                path.display(),
                row[at_day]
            )
        })?;
        Ok((row[meter].clone(), row[kind].clone(), found))
    };
    table.rows.iter().map(read).collect()
}
