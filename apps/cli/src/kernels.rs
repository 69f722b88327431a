//! `gridweave meters`, and what several commands need.

use crate::args::MetersCommand;
use crate::columns::column;
use anyhow::Context;
use gridweave_core::{TimeMs, Zone};
use gridweave_files::{read_table, write_csv};
use gridweave_meters::Detector;
use gridweave_meters::score::{Found, Truth, score};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

fn output(path: Option<&Path>) -> anyhow::Result<Box<dyn Write>> {
    Ok(match path {
        Some(path) => {
            let file = std::fs::File::create(path).with_context(|| path.display().to_string())?;
            Box::new(std::io::BufWriter::new(file))
        }
        None => Box::new(std::io::stdout().lock()),
    })
}

/// Bytes written as hexadecimal.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let bytes = text.as_bytes();
    if !bytes.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..bytes.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).ok()).collect()
}

/// The most memory that this process has held, where the system tells.
pub fn peak_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<f64>().ok().map(|kib| kib / 1024.0)
}

/// `gridweave meters`.
pub fn meters(what: MetersCommand) -> anyhow::Result<ExitCode> {
    match what {
        MetersCommand::Scan { files, out, meter, time, value } => {
            let zone = Zone::china();
            let mut days: BTreeMap<String, BTreeMap<i64, f64>> = BTreeMap::new();
            let mut bad = 0;
            for path in &files {
                let table = read_table(path)?;
                let at = [&meter, &time, &value].map(|name| column(&table.header, name, path));
                let [m, t, v] = at;
                let (m, t, v) = (m?, t?, v?);
                for (line, row) in &table.rows {
                    match (zone.parse(&row[t]), row[v].parse::<f64>()) {
                        (Some(TimeMs(ms)), Ok(number)) => {
                            *days
                                .entry(row[m].clone())
                                .or_default()
                                .entry(zone.day_of(TimeMs(ms)))
                                .or_default() += number;
                        }
                        _ => {
                            bad += 1;
                            if bad <= 20 {
                                eprintln!("{} line {line}: time or value cannot be read", path.display());
                            }
                        }
                    }
                }
            }
            let header =
                ["meter", "kind", "since", "detected", "size", "confidence", "reason"].map(str::to_owned);
            let mut rows = Vec::new();
            for (meter, series) in days {
                let mut detector = Detector::default();
                for (day, value) in series {
                    for change in detector.push(day, value) {
                        rows.push(vec![
                            meter.clone(),
                            change.kind.name().to_owned(),
                            Zone::date_text(change.since),
                            Zone::date_text(change.detected),
                            format!("{:.2}", change.size),
                            format!("{:.2}", change.confidence),
                            change.reason.en,
                        ]);
                    }
                }
            }
            eprintln!("{} signals, {bad} rows not read", rows.len());
            write_csv(&mut output(Some(&out))?, &header, rows.into_iter())?;
        }
        MetersCommand::Score { signals, truth } => {
            let table = read_table(&signals)?;
            let [m, k, d] = ["meter", "kind", "detected"].map(|name| column(&table.header, name, &signals));
            let (m, k, d) = (m?, k?, d?);
            let day = |text: &str| Zone::day_from_text(text).unwrap_or(i64::MAX);
            let found: Vec<Found> = table
                .rows
                .iter()
                .map(|(_, row)| Found { meter: row[m].clone(), kind: row[k].clone(), detected: day(&row[d]) })
                .collect();
            let table = read_table(&truth)?;
            let [m, k, s] = ["meter", "kind", "since"].map(|name| column(&table.header, name, &truth));
            let (m, k, s) = (m?, k?, s?);
            let truths: Vec<Truth> = table
                .rows
                .iter()
                .map(|(_, row)| Truth { meter: row[m].clone(), kind: row[k].clone(), since: day(&row[s]) })
                .collect();
            let last = found.iter().map(|f| f.detected).filter(|d| *d != i64::MAX).max().unwrap_or(0);
            println!("{}", serde_json::to_string(&score(&found, &truths, last))?);
        }
    }
    Ok(ExitCode::SUCCESS)
}
