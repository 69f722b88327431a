//! Rounds as GeoJSON and CSV.

use super::clock_text;
use super::reading::Read;
use anyhow::Context;
use gridweave_atlas::geojson::{Feature, collection_json};
use gridweave_atlas::{Geometry, Point};
use gridweave_files::{write_csv, write_whole};
use gridweave_rounds::{Doing, Streets};
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;

const HEADER: [&str; 10] =
    ["worker", "number", "kind", "visit", "walk_minutes", "begins", "ends", "lon", "lat", "reason"];

/// Writes both beside each other, named as `out` without its ending.
pub fn write(
    out: &Path,
    read: &Read,
    times: &[Vec<Doing>],
    left_out: &[(usize, String)],
    streets: Option<&Streets>,
) -> anyhow::Result<()> {
    let rows = rows(read, times, left_out);
    let csv = out.with_extension("csv");
    let header = HEADER.map(str::to_owned);
    write_whole(&csv, |file| write_csv(file, &header, rows.into_iter()).map_err(std::io::Error::other))
        .with_context(|| csv.display().to_string())?;
    let mut features: Vec<Feature> = Vec::new();
    for (worker, doings) in times.iter().enumerate().filter(|(_, doings)| !doings.is_empty()) {
        let lines = vec![line(read, worker, doings, streets)];
        let properties =
            json!({ "kind": "round", "worker": read.worker_ids[worker], "visits": visits(doings).count() });
        features.push(feature(Geometry::Lines(lines), &properties));
        for (number, (visit, begins, ends)) in visits(doings).enumerate() {
            let properties = json!({
                "kind": "visit", "worker": read.worker_ids[worker], "visit": read.visit_ids[visit], "number": number + 1,
                "begins": clock_text(begins), "ends": clock_text(ends),
            });
            features.push(feature(Geometry::Point(read.visit_places[visit]), &properties));
        }
    }
    for (visit, why) in left_out {
        let properties = json!({ "kind": "left_out", "visit": read.visit_ids[*visit], "reason": why });
        features.push(feature(Geometry::Point(read.visit_places[*visit]), &properties));
    }
    let geojson = out.with_extension("geojson");
    let text = collection_json(&features).to_string();
    write_whole(&geojson, |file| file.write_all(text.as_bytes()))
        .with_context(|| geojson.display().to_string())
}

fn feature(geometry: Geometry, properties: &Value) -> Feature {
    Feature { geometry, properties: properties.as_object().cloned().unwrap_or_default() }
}

/// Visits of a round with their times.
pub fn visits(doings: &[Doing]) -> impl Iterator<Item = (usize, f64, f64)> + '_ {
    doings.iter().filter_map(|doing| match doing {
        Doing::Visit { visit, begins, ends, .. } => Some((*visit, *begins, *ends)),
        _ => None,
    })
}

/// The way of a round, along the streets where they are known.
pub fn line(read: &Read, worker: usize, doings: &[Doing], streets: Option<&Streets>) -> Vec<Point> {
    let [start, end] = [0, 1].map(|which| read.worker_places[worker * 2 + which]);
    let stops = visits(doings).map(|(visit, ..)| read.visit_places[visit]);
    let places: Vec<Point> = std::iter::once(start).chain(stops).chain([end]).collect();
    let Some(streets) = streets else { return places };
    let mut way = vec![start];
    for two in places.windows(2) {
        way.extend(streets.way(two[0], two[1]).into_iter().skip(1));
    }
    way
}

fn rows(read: &Read, times: &[Vec<Doing>], left_out: &[(usize, String)]) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for (worker, doings) in times.iter().enumerate() {
        for (number, doing) in doings.iter().enumerate() {
            let mut row = vec![read.worker_ids[worker].clone(), (number + 1).to_string()];
            let (kind, visit, walk, begins, ends, place) = match doing {
                Doing::Pause { begins, minutes } => ("pause", None, None, *begins, begins + minutes, None),
                Doing::Visit { visit, walk, begins, ends } => {
                    ("visit", Some(*visit), Some(*walk), *begins, *ends, Some(read.visit_places[*visit]))
                }
                Doing::Home { walk, at } => {
                    ("home", None, Some(*walk), *at, *at, Some(read.worker_places[worker * 2 + 1]))
                }
            };
            row.push(kind.to_owned());
            row.push(visit.map_or_else(String::new, |visit| read.visit_ids[visit].clone()));
            row.push(walk.map_or_else(String::new, |walk| format!("{walk:.1}")));
            row.extend([clock_text(begins), clock_text(ends)]);
            row.extend(
                [0, 1]
                    .map(|axis| place.map_or_else(String::new, |place: Point| format!("{:.7}", place[axis]))),
            );
            row.push(String::new());
            rows.push(row);
        }
    }
    for (visit, why) in left_out {
        let place = read.visit_places[*visit];
        let mut row =
            vec![String::new(), String::new(), "left_out".to_owned(), read.visit_ids[*visit].clone()];
        row.extend([String::new(), String::new(), String::new()]);
        row.extend(place.map(|value| format!("{value:.7}")));
        row.push(why.clone());
        rows.push(row);
    }
    rows
}
