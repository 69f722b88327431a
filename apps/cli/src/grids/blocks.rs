//! What blocks there are: a graph, or polygons and points with what lies between.

use super::lines::{Lines, read_lines};
use super::ways::{Costs, Ways, join_strays};
use crate::WrongCall;
use crate::args::{GroundCall, Touching};
use crate::convert::system;
use crate::layer_files;
use anyhow::Context;
use gridweave_atlas::crs::{Converter, Crs};
use gridweave_atlas::ground::{AroundBlocks, Barriers, Ground};
use gridweave_atlas::{Geometry, NearIndex, Point, Shape};
use gridweave_partition::{Graph, InvalidProblem};
use gridweave_tiles::{Feature, Property};
use serde::Deserialize;
use std::collections::HashMap;
use std::path::Path;

/// A property that is worked out: the metres that a block adds to a round through all.
const WALKING: &str = "walking_m";
/// Of the edges of polygons that tile at least this share has a block on both sides.
const TILES: f64 = 0.25;

/// Blocks and all that is known of them.
pub struct Blocks {
    /// Their names.
    pub ids: Vec<String>,
    /// Their work.
    pub work: Vec<f64>,
    /// What touches what, and what a border between costs.
    pub edges: Vec<(u32, u32, f64)>,
    /// Where they are; empty where that is not known.
    pub places: Vec<Point>,
    /// Their doors, where those count.
    pub doors: Option<Vec<u32>>,
    /// The number of each one's division; empty where there is none.
    pub divisions: Vec<u32>,
    /// Names of divisions.
    pub division_names: Vec<String>,
    /// The cell that each is in now; empty where that is not told.
    pub former: Vec<Option<String>>,
    /// Their ground, where they have a shape.
    pub ground: Option<Ground>,
    /// What the map shows besides.
    pub lines: Lines,
    /// How far each join of pieces that touch nothing is, in metres.
    pub joined: Vec<f64>,
    /// Borders between blocks that are none, as people would walk a long way round.
    pub detours: usize,
    /// Pieces of ground that could be no cell of their own and were joined across what is closed.
    pub strays: usize,
    /// Blocks that could not be read.
    pub left_out: u64,
}

#[derive(Deserialize)]
struct GraphFile {
    weights: Vec<f64>,
    #[serde(default)]
    xy: Vec<Point>,
    edges: Vec<(u32, u32)>,
    #[serde(default)]
    costs: Vec<f64>,
    #[serde(default)]
    doors: Option<Vec<u32>>,
    #[serde(default)]
    divisions: Vec<serde_json::Value>,
}

impl Blocks {
    /// Reads what a call names.
    pub fn read(call: &GroundCall) -> anyhow::Result<Self> {
        match (&call.graph, &call.blocks) {
            (Some(path), _) => graph(path),
            (None, Some(path)) => shapes(path, call),
            (None, None) => Err(WrongCall("name --graph or --blocks".to_owned()).into()),
        }
    }

    /// The name of a block's division; none where there are no divisions.
    pub fn division_of(&self, block: usize) -> Option<&str> {
        self.divisions.get(block).map(|number| self.division_names[*number as usize].as_str())
    }

    /// Joins pieces of ground with less than half the work of a cell, to which nothing leads, to the nearest all the same, if there are to
    /// be so many cells: somebody has to go there. Nothing is done where only a graph is known, or the call joins nothing.
    pub fn join_strays(&mut self, cells: usize, call: &GroundCall) -> anyhow::Result<()> {
        if self.ground.is_none() || call.no_joins {
            return Ok(());
        }
        let least = self.work.iter().sum::<f64>() / cells.max(1) as f64 / 2.0;
        let mut costs: Costs = self.edges.iter().map(|(a, b, cost)| ((*a, *b), *cost)).collect();
        self.strays = join_strays(&self.places, &self.divisions, (&self.work, least), &mut costs)?;
        self.edges = costs.into_iter().map(|((a, b), cost)| (a, b, cost)).collect();
        Ok(())
    }

    /// The graph that cells are drawn on.
    pub fn graph(&self) -> Result<Graph, InvalidProblem> {
        Graph::new(&self.work, &self.edges)
    }
}

fn wrong(path: &Path, why: impl std::fmt::Display) -> anyhow::Error {
    WrongCall(format!("{}: {why}", path.display())).into()
}

fn graph(path: &Path) -> anyhow::Result<Blocks> {
    let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
    let file: GraphFile = serde_json::from_slice(&bytes).map_err(|why| wrong(path, why))?;
    let count = file.weights.len();
    let lengths = [
        ("xy", file.xy.len(), count, "weights"),
        ("costs", file.costs.len(), file.edges.len(), "edges"),
        ("divisions", file.divisions.len(), count, "weights"),
        ("doors", file.doors.as_ref().map_or(0, Vec::len), count, "weights"),
    ];
    for (what, is, should, of) in lengths {
        if is != 0 && is != should {
            return Err(wrong(path, format!("{what} has {is} entries and {of} has {should}")));
        }
    }
    let cost = |at: usize| file.costs.get(at).copied().unwrap_or(1.0);
    let names =
        file.divisions.iter().map(|name| name.as_str().map_or_else(|| name.to_string(), str::to_owned));
    let (divisions, division_names) = numbered(names);
    Ok(Blocks {
        ids: (0..count).map(|block| block.to_string()).collect(),
        edges: file.edges.iter().enumerate().map(|(at, (a, b))| (*a, *b, cost(at))).collect(),
        work: file.weights,
        places: file.xy,
        doors: file.doors,
        divisions,
        division_names,
        former: Vec::new(),
        ground: None,
        lines: Lines::default(),
        joined: Vec::new(),
        detours: 0,
        strays: 0,
        left_out: 0,
    })
}

/// Names by numbers, in the order of the names.
fn numbered(names: impl Iterator<Item = String>) -> (Vec<u32>, Vec<String>) {
    let names: Vec<String> = names.collect();
    let mut order: Vec<&String> = names.iter().collect();
    order.sort();
    order.dedup();
    let number: HashMap<&String, u32> =
        order.iter().enumerate().map(|(at, name)| (*name, at as u32)).collect();
    (names.iter().map(|name| number[name]).collect(), order.into_iter().cloned().collect())
}

/// A property as text.
pub fn text_of(feature: &Feature, name: &str) -> Option<String> {
    feature.properties.iter().find(|(key, _)| key == name).map(|(_, value)| match value {
        Property::Text(text) => text.clone(),
        Property::Int(value) => value.to_string(),
        Property::Float(value) => value.to_string(),
        Property::Bool(value) => value.to_string(),
    })
}

/// A property as a number; what is not told counts nothing.
fn number_of(feature: &Feature, name: &str) -> Result<f64, String> {
    match feature.properties.iter().find(|(key, _)| key == name).map(|(_, value)| value) {
        None => Ok(0.0),
        Some(Property::Int(value)) => Ok(*value as f64),
        Some(Property::Float(value)) => Ok(*value),
        Some(Property::Bool(value)) => Ok(f64::from(u8::from(*value))),
        Some(Property::Text(text)) => {
            text.trim().parse().map_err(|_| format!("{name} is {text:?}, no number"))
        }
    }
}

/// Properties that a call names have to be there.
fn known_properties(features: &[Feature], call: &GroundCall, path: &Path) -> anyhow::Result<()> {
    let mut there: Vec<&str> =
        features.iter().flat_map(|feature| feature.properties.iter().map(|(key, _)| key.as_ref())).collect();
    there.sort_unstable();
    there.dedup();
    let asked = [&call.id, &call.work, &call.doors, &call.division, &call.former].into_iter().flatten();
    for name in asked.chain(call.minutes.iter().map(|(name, _)| name).filter(|name| *name != WALKING)) {
        if !there.contains(&name.as_str()) {
            return Err(wrong(path, format!("no property {name:?}; there are: {}", there.join(", "))));
        }
    }
    Ok(())
}

fn shapes(path: &Path, call: &GroundCall) -> anyhow::Result<Blocks> {
    let to_wgs84 = Converter::new(system(&call.crs)?, Crs::Wgs84);
    let read = layer_files::read_counted(path)?;
    let (features, mut left_out) = (read.0.features, read.1);
    known_properties(&features, call, path)?;
    let id_property = call.id.clone().or_else(|| {
        let has = |name: &&str| features.first().is_some_and(|feature| text_of(feature, name).is_some());
        ["id", "code"].into_iter().find(has).map(str::to_owned)
    });
    let (mut ids, mut work, mut doors, mut geometries) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut division, mut former) = (Vec::new(), Vec::new());
    let mut seen = HashMap::new();
    for (at, feature) in features.into_iter().enumerate() {
        let id = id_property
            .as_ref()
            .and_then(|name| text_of(&feature, name))
            .unwrap_or_else(|| (at + 1).to_string());
        let told = match work_of(&feature, call) {
            Ok(told) => told,
            Err(why) => {
                eprintln!("{}: block {id}: {why}; left out", path.display());
                left_out += 1;
                continue;
            }
        };
        let geometry = feature.geometry.clone().map(|p| to_wgs84.convert(p));
        if geometry.bounds().is_empty() || geometry.bounds().min.iter().any(|value| !value.is_finite()) {
            eprintln!("{}: block {id}: has no place; left out", path.display());
            left_out += 1;
            continue;
        }
        if let Some(first) = seen.insert(id.clone(), at + 1) {
            return Err(wrong(
                path,
                format!(
                    "blocks {first} and {} are both called {id:?}; name another property with --id",
                    at + 1
                ),
            ));
        }
        let doors_here = call.doors.as_ref().map_or(Ok(0.0), |name| number_of(&feature, name));
        doors.push(doors_here.map_err(|why| wrong(path, format!("block {id}: {why}")))?.max(0.0) as u32);
        division.push(call.division.as_ref().and_then(|name| text_of(&feature, name)).unwrap_or_default());
        former.push(call.former.as_ref().and_then(|name| text_of(&feature, name)));
        ids.push(id);
        work.push(told);
        geometries.push(geometry);
    }
    if ids.is_empty() {
        return Err(wrong(path, "there are no blocks"));
    }
    add_walking(&geometries, call, &mut work);
    let lines = read_lines(call, &to_wgs84)?;
    let barriers = Barriers::new(&lines.barriers);
    let ground = ground_of(&geometries, call);
    let places: Vec<Point> = geometries.iter().map(place_of).collect();
    let mut costs = Costs::new();
    for contact in ground.contacts() {
        let share = barriers.share(contact.across);
        if share > 0.0 {
            let [a, b] = contact.blocks;
            *costs.entry((a.min(b), a.max(b))).or_default() += contact.length_m.max(0.01) * share;
        }
    }
    let ways = Ways::new(&lines, &barriers);
    let detours = ways.close_detours(&places, &mut costs);
    ways.add_bridges(&geometries, place_of, &mut costs);
    let (divisions, division_names) = match call.division {
        Some(_) => numbered(division.into_iter()),
        None => Default::default(),
    };
    let joined = if call.no_joins { Vec::new() } else { ways.join_pieces(&places, &divisions, &mut costs)? };
    Ok(Blocks {
        ids,
        work,
        edges: costs.into_iter().map(|((a, b), cost)| (a, b, cost)).collect(),
        places,
        doors: call.doors.is_some().then_some(doors),
        divisions,
        division_names,
        former: if call.former.is_some() { former } else { Vec::new() },
        ground: Some(ground),
        lines,
        joined,
        detours,
        strays: 0,
        left_out,
    })
}

/// The work of a block: a property, minutes a month of several, or the same for all.
fn work_of(feature: &Feature, call: &GroundCall) -> Result<f64, String> {
    let told = match (&call.work, call.minutes.is_empty()) {
        (Some(name), _) => number_of(feature, name)?,
        (None, false) => {
            let each =
                call.minutes.iter().map(|(name, minutes)| number_of(feature, name).map(|of| of * minutes));
            each.sum::<Result<f64, _>>()?
        }
        (None, true) => 1.0,
    };
    if !told.is_finite() || told < 0.0 {
        return Err(format!("has work of {told}"));
    }
    Ok(told)
}

/// Adds minutes for the metres that a round through all blocks takes for each, where the call asks for those: so many times as far as
/// to the nearest other block as the shortest round through places by chance is longer than that (Beardwood, Halton and Hammersley
/// 1959: 0.7124 against 0.5 times the root of area times places).
fn add_walking(geometries: &[Geometry], call: &GroundCall, work: &mut [f64]) {
    const ROUND_OVER_NEAREST: f64 = 0.7124 / 0.5;
    let Some((_, minutes)) = call.minutes.iter().find(|(name, _)| name == WALKING) else { return };
    let places: Vec<Point> = geometries.iter().map(place_of).collect();
    let index = NearIndex::new(places.iter().copied().map(Geometry::Point).collect());
    for (block, place) in places.iter().enumerate() {
        let near = index.nearest(*place, 2, None);
        let other = near.into_iter().find(|near| near.number != block);
        work[block] += other.map_or(0.0, |near| near.distance_m) * ROUND_OVER_NEAREST * minutes;
    }
}

fn place_of(geometry: &Geometry) -> Point {
    match geometry {
        Geometry::Point(p) => *p,
        Geometry::Lines(_) => geometry.bounds().center(),
        Geometry::Shape(shape) => shape.inner_point(),
    }
}

fn ground_of(geometries: &[Geometry], call: &GroundCall) -> Ground {
    let near = || Ground::around(geometries, AroundBlocks { reach_m: call.reach });
    let shapes: Option<Vec<Shape>> = geometries
        .iter()
        .map(|geometry| match geometry {
            Geometry::Shape(shape) => Some(shape.clone()),
            _ => None,
        })
        .collect();
    match (call.touching, shapes) {
        (Touching::Edges, Some(shapes)) => Ground::of_tiling(&shapes),
        (Touching::Auto, Some(shapes)) => {
            let tiling = Ground::of_tiling(&shapes);
            if tiling.shared() >= TILES { tiling } else { near() }
        }
        _ => near(),
    }
}
