//! `gridweave city meters`: invented readings with the truth.

use crate::WrongCall;
use crate::args::FleetCall;
use crate::progress::Progress;
use anyhow::Context;
use gridweave_city::{MeterFleet, MeterOptions, meter_fleet};
use gridweave_core::Zone;
use gridweave_files::batches::{BatchWriter, Column, Kind, Numbered, Texts};
use gridweave_files::{write_csv, write_whole};
use rayon::prelude::*;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// Rows of a row group.
const ROWS: usize = 1 << 18;

fn name(number: usize) -> String {
    format!("W{number:07}")
}

fn building(number: usize) -> String {
    format!("B{number:06}")
}

fn street(number: usize) -> String {
    format!("S{number:05}")
}

/// Numbers of meters and of times, and values.
type Rows = (Vec<u32>, Vec<u32>, Vec<Option<f64>>);

pub fn write(json: bool, call: &FleetCall) -> anyhow::Result<ExitCode> {
    let start_day = Zone::day_from_text(&call.start)
        .ok_or_else(|| WrongCall(format!("--start {:?}: write YYYY-MM-DD", call.start)))?;
    if call.meters == 0 || call.days < 1 {
        return Err(WrongCall("--meters and --days must be at least 1".to_owned()).into());
    }
    let options = MeterOptions { count: call.meters, days: call.days, start_day, seed: call.seed };
    let mut progress = Progress::new();
    progress.show("inventing", 0.0);
    let fleet = meter_fleet(&options);
    std::fs::create_dir_all(&call.out).with_context(|| call.out.display().to_string())?;
    registers(&fleet, &call.out)?;
    let readings = readings(&fleet, call, &mut progress)?;
    progress.done();
    if !json {
        eprintln!("{readings} readings of {} meters in {}", call.meters, call.out.display());
    }
    println!(
        "{}",
        serde_json::json!({ "meters": call.meters, "readings": readings, "planted": fleet.truth.len() })
    );
    Ok(ExitCode::SUCCESS)
}

fn registers(fleet: &MeterFleet, folder: &Path) -> anyhow::Result<()> {
    let header = ["meter", "use", "care", "building", "street"].map(str::to_owned);
    let rows = fleet.meters.iter().enumerate().map(|(number, meter)| {
        let care = if meter.care { "yes" } else { "no" };
        vec![
            name(number),
            meter.of.name().to_owned(),
            care.to_owned(),
            building(meter.building),
            street(meter.street),
        ]
    });
    write_whole::<anyhow::Error>(&folder.join("meters.csv"), |out| Ok(write_csv(out, &header, rows)?))?;
    let header = ["meter", "kind", "since", "size", "cause"].map(str::to_owned);
    let rows = fleet.truth.iter().map(|truth| {
        let of = match truth.cause {
            "building" => building(truth.of),
            "street" => street(truth.of),
            _ => name(truth.of),
        };
        vec![
            of,
            truth.kind.to_owned(),
            Zone::date_text(truth.since),
            format!("{:.3}", truth.size),
            truth.cause.to_owned(),
        ]
    });
    write_whole::<anyhow::Error>(&folder.join("truth.csv"), |out| Ok(write_csv(out, &header, rows)?))
}

/// Writes the readings, by time and meter.
fn readings(fleet: &MeterFleet, call: &FleetCall, progress: &mut Progress) -> anyhow::Result<u64> {
    let header = ["meter", "time", "value"].map(str::to_owned);
    let path = call.out.join("readings.parquet");
    let mut out = BatchWriter::create(Some(&path), &header, &[Kind::Text, Kind::Text, Kind::Float])?;
    let meters: Arc<dyn Texts> = Arc::new((0..call.meters).map(name).collect::<Vec<_>>());
    let slots = if call.half_hourly { 48 } else { 1 };
    let mut times = Vec::new();
    for day in fleet.days() {
        let date = Zone::date_text(day);
        match slots {
            1 => times.push(date),
            _ => {
                times.extend((0..slots).map(|slot| format!("{date} {:02}:{:02}:00", slot / 2, slot % 2 * 30)))
            }
        }
    }
    let times: Arc<dyn Texts> = Arc::new(times);
    let (mut rows, mut written): (Rows, u64) = (Rows::default(), 0);
    let mut flush = |rows: &mut Rows, out: &mut BatchWriter| -> anyhow::Result<()> {
        let (of, at, values) = std::mem::take(rows);
        written += of.len() as u64;
        let of = Column::Numbered(Numbered { texts: meters.clone(), of });
        let at = Column::Numbered(Numbered { texts: times.clone(), of: at });
        out.write(&[&of, &at, &Column::Float(values)])?;
        Ok(())
    };
    for (n, day) in fleet.days().enumerate() {
        progress.show("writing", n as f64 / call.days as f64);
        let values: Vec<Option<Vec<f64>>> = (0..call.meters)
            .into_par_iter()
            .map(|number| match slots {
                1 => fleet.reading(number, day).map(|value| vec![value]),
                _ => fleet.half_hours(number, day).map(|values| values.to_vec()),
            })
            .collect();
        for slot in 0..slots {
            for (number, values) in values.iter().enumerate() {
                let Some(values) = values else { continue };
                rows.0.push(number as u32);
                rows.1.push((n * slots + slot) as u32);
                rows.2.push(Some(values[slot]));
                if rows.0.len() == ROWS {
                    flush(&mut rows, &mut out)?;
                }
            }
        }
    }
    flush(&mut rows, &mut out)?;
    out.finish()?;
    Ok(written)
}
