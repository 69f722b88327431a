//! Lines on the ground: what divides, what closes, what leads across.

use super::blocks::text_of;
use crate::args::GroundCall;
use crate::layer_files;
use gridweave_atlas::crs::Converter;
use gridweave_atlas::ground::Barrier;
use gridweave_atlas::{Geometry, Point};
use gridweave_files::osm;
use gridweave_tiles::{Feature, Property};

/// What a border along a line costs, as a share of one in the open, by its kind. Nobody crosses what has 0 but by a bridge.
const SHARES: [(&str, f64); 24] = [
    ("river", 0.0),
    ("canal", 0.0),
    ("railway", 0.0),
    ("rail", 0.0),
    ("light_rail", 0.0),
    ("wall", 0.0),
    ("motorway", 0.05),
    ("motorway_link", 0.1),
    ("trunk", 0.08),
    ("trunk_link", 0.1),
    ("primary", 0.12),
    ("primary_link", 0.15),
    ("secondary", 0.18),
    ("secondary_link", 0.2),
    ("tertiary", 0.28),
    ("tertiary_link", 0.3),
    ("unclassified", 0.45),
    ("residential", 0.55),
    ("living_street", 0.65),
    ("road", 0.5),
    ("street", 0.5),
    ("pedestrian", 0.7),
    ("stream", 0.6),
    ("ditch", 0.8),
];
/// Kinds that lead across what is closed.
const ACROSS: [&str; 5] = ["bridge", "crossing", "tunnel", "underpass", "ferry"];
/// Streets on which nobody walks.
const NOT_ON_FOOT: [&str; 4] = ["motorway", "motorway_link", "construction", "proposed"];

/// Lines on the ground.
#[derive(Default)]
pub struct Lines {
    /// What is hard to cross.
    pub barriers: Vec<Barrier>,
    /// Ways that lead across what is closed.
    pub ways: Vec<Vec<Point>>,
    /// Streets are among the ways, not only what leads across.
    pub has_streets: bool,
}

fn share_of(kind: &str) -> Option<f64> {
    SHARES.iter().find(|(name, _)| *name == kind).map(|(_, share)| *share)
}

/// The lines that a call names.
pub fn read_lines(call: &GroundCall, to_wgs84: &Converter) -> anyhow::Result<Lines> {
    let mut lines = Lines::default();
    for path in &call.barriers {
        let (layer, _) = layer_files::read_counted(path)?;
        for feature in layer.features {
            let (kind, share) = (
                text_of(&feature, "kind").or_else(|| text_of(&feature, "highway")),
                share_property(&feature),
            );
            let leads = kind.as_deref().is_some_and(|kind| ACROSS.contains(&kind));
            // A line of which nothing is said is a street.
            let share = share.or_else(|| kind.as_deref().and_then(share_of)).unwrap_or(0.5);
            for line in lines_of(&feature.geometry) {
                let line: Vec<Point> = line.iter().map(|p| to_wgs84.convert(*p)).collect();
                let on_foot = kind.as_deref().is_none_or(|kind| !NOT_ON_FOOT.contains(&kind));
                if leads || (share > 0.0 && on_foot) {
                    lines.ways.push(line.clone());
                    lines.has_streets |= !leads;
                }
                if !leads {
                    lines.barriers.push(Barrier { line, share });
                }
            }
        }
    }
    if let Some(path) = &call.streets {
        let extract = osm::read(path)?;
        for feature in &extract.roads {
            for line in lines_of(&feature.geometry) {
                if let Some(share) = share_of(&feature.class) {
                    lines.barriers.push(Barrier { line: line.clone(), share });
                }
                if !NOT_ON_FOOT.contains(&feature.class.as_str()) {
                    lines.ways.push(line.clone());
                    lines.has_streets = true;
                }
            }
        }
        for feature in extract.water.iter().chain(&extract.rails) {
            let share = share_of(&feature.class);
            let is_water = feature.class == "water" || feature.class == "riverbank";
            for line in lines_of(&feature.geometry) {
                // A lake's shore is as hard to cross as a river.
                if let Some(share) = share.or(is_water.then_some(0.0)) {
                    lines.barriers.push(Barrier { line: line.clone(), share });
                }
            }
        }
    }
    Ok(lines)
}

fn share_property(feature: &Feature) -> Option<f64> {
    let share = feature.properties.iter().find(|(key, _)| key == "share").map(|(_, value)| match value {
        Property::Float(value) => Some(*value),
        Property::Int(value) => Some(*value as f64),
        Property::Text(text) => text.parse().ok(),
        Property::Bool(_) => None,
    });
    share.flatten().map(|share: f64| share.clamp(0.0, 1.0))
}

fn lines_of(geometry: &Geometry) -> Vec<Vec<Point>> {
    match geometry {
        Geometry::Point(_) => Vec::new(),
        Geometry::Lines(lines) => lines.clone(),
        Geometry::Shape(shape) => shape.rings().cloned().collect(),
    }
}
