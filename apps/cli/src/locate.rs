//! `gridweave locate`: points of any number against layers of cells.

use crate::WrongCall;
use crate::args::LocateCall;
use crate::columns::{column, geometry, no_column};
use crate::faults::Faults;
use anyhow::Context;
use gridweave_atlas::{Geometry, Index, IndexBuilder, NONE, Point, Shape, geojson, wkb};
use gridweave_files::batches::{BatchWriter, Batches, Column, Kind, open_batches, read_ahead};
use gridweave_files::{map_file, unfinished};
use indicatif::ProgressBar;
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

/// Rows that are held at a time.
const POINTS_AT_ONCE: usize = 1 << 20;
const CELLS_AT_ONCE: usize = 4096;
pub(crate) fn ends_in(path: &Path, endings: &[&str]) -> bool {
    let name = path.to_string_lossy().to_lowercase();
    endings.iter().any(|ending| name.ends_with(ending))
}

/// Gathers cells; what cannot be located in is told with its code and the place of the fault.
struct Gather<'a> {
    builder: IndexBuilder,
    faults: &'a mut Faults,
    /// Coordinates that would do as latitude and longitude, but not the other way about.
    exchanged: u64,
}

impl Gather<'_> {
    fn add(&mut self, layer: &str, code: &str, shape: &Shape, place: &str) {
        let layer = self.builder.layer(layer);
        let bounds = shape.bounds();
        let beyond = |low: f64, high: f64, limit: f64| low < -limit || high > limit;
        let (x, y) = (0, 1);
        self.exchanged += u64::from(
            beyond(bounds.min[y], bounds.max[y], 90.0)
                && !beyond(bounds.min[y], bounds.max[y], 180.0)
                && !beyond(bounds.min[x], bounds.max[x], 90.0),
        );
        if let Err(fault) = self.builder.add(layer, code, shape) {
            self.faults.tell(|| {
                format!(
                    "{place}: cell {code} is left out: {} at {}, {}",
                    fault.what, fault.at[0], fault.at[1]
                )
            });
        }
    }

    fn fault(&mut self, what: String) {
        self.faults.tell(|| what);
    }

    fn table(&mut self, call: &LocateCall) -> anyhow::Result<()> {
        let path = &call.cells;
        let batches = open_batches(path)?;
        let header = batches.header().to_vec();
        let wanted = [
            column(&header, &call.layer_column, path)?,
            column(&header, &call.cell_column, path)?,
            column(&header, "geometry", path)?,
        ];
        for batch in read_ahead(batches, wanted.to_vec(), CELLS_AT_ONCE) {
            let batch = batch?;
            for bad in &batch.bad {
                self.fault(format!("{} line {}: {}", path.display(), bad.line, bad.why));
            }
            let [layers, codes, shapes] = [&batch.columns[0], &batch.columns[1], &batch.columns[2]];
            for row in 0..batch.rows {
                let place = || format!("{} row {}", path.display(), batch.first_row + row as u64);
                let read = geometry(shapes, row);
                let code = codes.text(row);
                match read {
                    Some(Ok(Geometry::Shape(shape))) => {
                        self.add(&layers.text(row), &code, &shape, &place());
                    }
                    Some(Ok(_)) => self.fault(format!("{}: cell {code} is no polygon", place())),
                    Some(Err(why)) => self.fault(format!("{}: cell {code}: {why}", place())),
                    None => self.fault(format!("{}: cell {code} has no geometry", place())),
                }
            }
        }
        Ok(())
    }

    fn geojson(&mut self, call: &LocateCall) -> anyhow::Result<()> {
        let path = &call.cells;
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let found = geojson::read(&text).map_err(|why| WrongCall(format!("{}: {why}", path.display())))?;
        for bad in &found.bad {
            self.fault(format!("{} feature {}: {}", path.display(), bad.number, bad.why));
        }
        for (i, feature) in found.good.iter().enumerate() {
            let place = format!("{} feature {}", path.display(), i + 1);
            let get = |key: &str| {
                feature.properties.get(key).map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned))
            };
            let layer = get(&call.layer_column).unwrap_or_else(|| "cell".to_owned());
            let code = get(&call.cell_column).or_else(|| get("code")).unwrap_or_else(|| (i + 1).to_string());
            match &feature.geometry {
                Geometry::Shape(shape) => self.add(&layer, &code, shape, &place),
                _ => self.fault(format!("{place}: cell {code} is no polygon")),
            }
        }
        Ok(())
    }
}

/// What a snapshot must have been made of to be still true: the cells' file as it is now, and how it is read.
fn made_of(call: &LocateCall) -> anyhow::Result<String> {
    let meta = call.cells.metadata().with_context(|| call.cells.display().to_string())?;
    let changed = meta.modified()?.duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_nanos();
    let made = json!({
        "bytes": meta.len(), "changed_ns": changed.to_string(),
        "layer_column": call.layer_column, "cell_column": call.cell_column,
    });
    Ok(made.to_string())
}

/// Seconds of the phases.
#[derive(Default)]
struct Clocked {
    read: f64,
    build: f64,
    lookup: f64,
}

/// The index: from the snapshot where it is still true, else from the cells.
fn index(call: &LocateCall, faults: &mut Faults, clocked: &mut Clocked) -> anyhow::Result<Index> {
    let made_of = made_of(call)?;
    let known = call.snapshot.as_ref().filter(|path| path.exists());
    if let Some(path) = known {
        let clock = Instant::now();
        let mapped = map_file(path).with_context(|| path.display().to_string())?;
        match Index::open(Arc::new(mapped)) {
            Ok((index, from)) if from == made_of => {
                clocked.build += clock.elapsed().as_secs_f64();
                return Ok(index);
            }
            Ok(_) => eprintln!("{}: the cells have changed since; it is made anew", path.display()),
            Err(why) => eprintln!("{}: {why}", path.display()),
        }
    }
    let clock = Instant::now();
    let mut gather = Gather { builder: IndexBuilder::default(), faults, exchanged: 0 };
    if ends_in(&call.cells, &[".geojson", ".json"]) {
        gather.geojson(call)?;
    } else {
        gather.table(call)?;
    }
    if gather.exchanged > 0 {
        let path = call.cells.display();
        eprintln!(
            "{path}: {} cells look as if longitude and latitude were exchanged (x within ±90, y beyond)",
            gather.exchanged
        );
    }
    let builder = gather.builder;
    clocked.read += clock.elapsed().as_secs_f64();
    let clock = Instant::now();
    let index = builder.build();
    clocked.build += clock.elapsed().as_secs_f64();
    if let Some(path) = &call.snapshot {
        save(&index, &made_of, path)?;
    }
    Ok(index)
}

/// Writes the snapshot beside its name and renames it: readers of an older one go on undisturbed.
fn save(index: &Index, made_of: &str, path: &Path) -> anyhow::Result<()> {
    let unfinished = unfinished(path);
    let shown = || path.display().to_string();
    let mut out = std::io::BufWriter::new(std::fs::File::create(&unfinished).with_context(shown)?);
    index.write(made_of, &mut out).with_context(shown)?;
    out.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all().with_context(shown)?;
    std::fs::rename(&unfinished, path).with_context(shown)
}

/// The columns that say where the points are: longitude and latitude, or one of WKB points.
fn place_columns(header: &[String], path: &Path) -> anyhow::Result<Vec<usize>> {
    let at = |name: &str| header.iter().position(|column| column == name);
    match (at("lon"), at("lat"), at("geometry")) {
        (Some(lon), Some(lat), _) => Ok(vec![lon, lat]),
        (_, _, Some(geometry)) => Ok(vec![geometry]),
        _ => Err(no_column(header, "lon, lat (or geometry)", path)),
    }
}

/// The points of a batch; what is none becomes one that no cell holds.
fn points_of(place: &[&Column], faults: &mut Faults, told: impl Fn(usize) -> String) -> Vec<Point> {
    let rows = place.first().map_or(0, |column| column.len());
    let nowhere = [f64::NAN; 2];
    let found = |row: usize| match place {
        [Column::Float(lon), Column::Float(lat)] => Some([lon[row]?, lat[row]?]),
        [lon, lat] => Some([lon.number(row)?, lat.number(row)?]),
        [Column::Bytes(all)] => match wkb::read(all[row].as_deref()?) {
            Ok(Geometry::Point(p)) => Some(p),
            _ => None,
        },
        _ => None,
    };
    (0..rows)
        .map(|row| {
            let point = found(row).filter(|p| p[0].is_finite() && p[1].is_finite());
            if point.is_none() {
                faults.tell(|| format!("{}: no point can be read here", told(row)));
            }
            point.unwrap_or(nowhere)
        })
        .collect()
}

/// A column for a layer: the codes of the cells that were found.
fn codes(index: &Index, layer: usize, found: &[u32]) -> Column {
    let layers = index.layers();
    let code = |cell: &u32| index.code(layer, *cell).map(str::to_owned);
    Column::Text(found.iter().skip(layer).step_by(layers).map(code).collect())
}

/// `gridweave locate`.
pub fn locate(call: &LocateCall, json_only: bool) -> anyhow::Result<ExitCode> {
    if json_only && !call.count && call.out.is_none() {
        return Err(
            WrongCall("--json leaves standard output to the summary: say --out FILE".to_owned()).into()
        );
    }
    let source: Box<dyn Batches> = open_batches(&call.points)?;
    let header = source.header().to_vec();
    let place = place_columns(&header, &call.points)?;
    let (mut bad_cells, mut bad_points) = (Faults::default(), Faults::default());
    let mut clocked = Clocked::default();
    let index = index(call, &mut bad_cells, &mut clocked)?;
    let layers = index.layers();
    // Counting reads the places alone, so that they stand first in a batch.
    let (wanted, place) = match call.count {
        true => (place.clone(), (0..place.len()).collect()),
        false => ((0..header.len()).collect(), place),
    };
    let mut writer = match call.count {
        true => None,
        false => {
            let names = (0..layers).map(|layer| index.layer_name(layer).to_owned());
            let all: Vec<String> = header.iter().cloned().chain(names).collect();
            let mut kinds = source.kinds();
            kinds.extend(vec![Kind::Text; layers]);
            Some(BatchWriter::create(call.out.as_deref(), &all, &kinds)?)
        }
    };
    let bar = match source.rows() {
        Some(rows) => ProgressBar::new(rows),
        None => ProgressBar::no_length(),
    };
    let mut batches = read_ahead(source, wanted, POINTS_AT_ONCE);
    let (mut points_read, mut pairs) = (0u64, 0u64);
    let mut found = Vec::new();
    loop {
        let clock = Instant::now();
        let Some(mut batch) = batches.next().transpose()? else { break };
        for bad in &batch.bad {
            bad_points.tell(|| format!("{} line {}: {}", call.points.display(), bad.line, bad.why));
        }
        let place: Vec<&Column> = place.iter().map(|i| &batch.columns[*i]).collect();
        let told = |row: usize| format!("{} row {}", call.points.display(), batch.first_row + row as u64);
        let points = points_of(&place, &mut bad_points, told);
        if writer.is_none() {
            batch.columns = Vec::new();
        }
        found.resize(points.len() * layers, NONE);
        clocked.read += clock.elapsed().as_secs_f64();
        let clock = Instant::now();
        index.locate(&points, &mut found);
        clocked.lookup += clock.elapsed().as_secs_f64();
        points_read += points.len() as u64;
        pairs += found.iter().filter(|cell| **cell != NONE).count() as u64;
        if let Some(writer) = &mut writer {
            let added: Vec<Column> = (0..layers).map(|layer| codes(&index, layer, &found)).collect();
            writer.write(&batch.columns.iter().chain(&added).collect::<Vec<_>>())?;
        }
        bar.inc(batch.rows as u64);
    }
    bar.finish_and_clear();
    if let Some(writer) = writer {
        writer.finish()?;
    }
    let summary = json!({
        "points": points_read, "layers": layers, "pairs": pairs, "read_s": clocked.read,
        "build_s": clocked.build, "lookup_s": clocked.lookup, "peak_mib": crate::kernels::peak_mib(),
        "cells": (0..layers).map(|layer| index.cells(layer)).sum::<usize>(),
        "index_bytes": index.bytes(), "coordinate_bytes": index.coordinate_bytes(),
        "cells_left_out": bad_cells.count(), "points_left_out": bad_points.count(),
    });
    if call.count || json_only {
        println!("{summary}");
    } else if call.out.is_some() {
        eprintln!("{points_read} points in {layers} layers: {pairs} cells found");
    }
    Ok(ExitCode::SUCCESS)
}
