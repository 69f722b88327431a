//! `gridweave convert-crs`: coordinates of a table or a GeoJSON file from one system to another.

use crate::WrongCall;
use crate::args::ConvertCall;
use crate::columns::column;
use anyhow::Context;
use gridweave_atlas::Geometry;
use gridweave_atlas::crs::{Converter, Crs};
use gridweave_atlas::geojson;
use gridweave_files::batches::{BatchWriter, Column, Kind, open_batches, read_ahead};
use gridweave_files::unfinished;
use serde_json::{Value, json};
use std::path::Path;
use std::process::ExitCode;

const ROWS_AT_ONCE: usize = 1 << 18;
/// Faults that are told one by one.
const TOLD: u64 = 20;

/// A coordinate system by its name; a wrong call where there is none.
pub fn system(name: &str) -> anyhow::Result<Crs> {
    Crs::from_name(name).ok_or_else(|| {
        let known = "wgs84, cgcs2000, gcj02, bd09, epsg:3857, epsg:4491–4554 (Gauss–Krüger), epsg:32601–32660 (UTM north)";
        WrongCall(format!("no coordinate system {name:?}; there are: {known}")).into()
    })
}

/// `gridweave convert-crs`.
pub fn convert(call: &ConvertCall, json_only: bool) -> anyhow::Result<ExitCode> {
    let converter = Converter::new(system(&call.from)?, system(&call.to)?);
    let is_geojson = |path: &Path| {
        path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("geojson") || ending == "json")
    };
    let (done, left_out) = match (is_geojson(&call.input), is_geojson(&call.out)) {
        (true, true) => features(call, &converter)?,
        (false, false) => table(call, &converter)?,
        _ => {
            let why = "GeoJSON goes to GeoJSON, and tables (CSV, Parquet) to tables";
            return Err(WrongCall(why.to_owned()).into());
        }
    };
    if json_only {
        println!("{}", json!({ "converted": done, "left_out": left_out }));
    } else {
        eprintln!("{done} converted, {left_out} left out");
    }
    Ok(ExitCode::SUCCESS)
}

/// Rows whose coordinates cannot be converted keep empty ones; they are told and counted.
fn table(call: &ConvertCall, converter: &Converter) -> anyhow::Result<(u64, u64)> {
    let source = open_batches(&call.input)?;
    let header = source.header().to_vec();
    let [lon, lat] = [&call.lon, &call.lat].map(|name| column(&header, name, &call.input));
    let (lon, lat) = (lon?, lat?);
    let mut kinds = source.kinds();
    (kinds[lon], kinds[lat]) = (Kind::Float, Kind::Float);
    let mut writer = BatchWriter::create(Some(&call.out), &header, &kinds)?;
    let (mut done, mut left_out) = (0, 0);
    for batch in read_ahead(source, (0..header.len()).collect(), ROWS_AT_ONCE) {
        let mut batch = batch?;
        for bad in &batch.bad {
            eprintln!("{} line {}: {}", call.input.display(), bad.line, bad.why);
            left_out += 1;
        }
        let (mut xs, mut ys) = (Vec::with_capacity(batch.rows), Vec::with_capacity(batch.rows));
        for row in 0..batch.rows {
            let read = batch.columns[lon].number(row).zip(batch.columns[lat].number(row));
            let made = read.map(|(x, y)| converter.convert([x, y]));
            match made.filter(|p| p[0].is_finite() && p[1].is_finite()) {
                Some([x, y]) => {
                    xs.push(Some(x));
                    ys.push(Some(y));
                    done += 1;
                }
                None => {
                    xs.push(None);
                    ys.push(None);
                    left_out += 1;
                    if left_out <= TOLD {
                        let number = batch.first_row + row as u64;
                        eprintln!("{} row {number}: no coordinates to convert", call.input.display());
                    }
                }
            }
        }
        batch.columns[lon] = Column::Float(xs);
        batch.columns[lat] = Column::Float(ys);
        writer.write(&batch.columns.iter().collect::<Vec<_>>())?;
    }
    writer.finish()?;
    Ok((done, left_out))
}

fn features(call: &ConvertCall, converter: &Converter) -> anyhow::Result<(u64, u64)> {
    let shown = || call.input.display().to_string();
    let text = std::fs::read_to_string(&call.input).with_context(shown)?;
    let found = geojson::read(&text).map_err(|why| WrongCall(format!("{}: {why}", shown())))?;
    for bad in &found.bad {
        eprintln!("{} feature {}: {}", shown(), bad.number, bad.why);
    }
    let mut left_out = found.bad.len() as u64;
    let mut converted: Vec<Value> = Vec::new();
    for (i, feature) in found.good.into_iter().enumerate() {
        let geometry: Geometry = feature.geometry.map(|p| converter.convert(p));
        let bounds = geometry.bounds();
        if bounds.is_empty() || bounds.min.iter().chain(&bounds.max).any(|v| !v.is_finite()) {
            eprintln!("{} feature {}: has no place in the other system", shown(), i + 1);
            left_out += 1;
            continue;
        }
        converted.push(json!({
            "type": "Feature", "geometry": geojson::geometry_json(&geometry), "properties": feature.properties,
        }));
    }
    let done = converted.len() as u64;
    let unfinished = unfinished(&call.out);
    let collection = json!({ "type": "FeatureCollection", "features": converted });
    std::fs::write(&unfinished, collection.to_string()).with_context(|| call.out.display().to_string())?;
    std::fs::rename(&unfinished, &call.out).with_context(|| call.out.display().to_string())?;
    Ok((done, left_out))
}
