//! What the map's tiles are cut from: the base map and the cells, as sets of layers.

use gridweave_addresses::queries as places;
use gridweave_atlas::Geometry;
use gridweave_db::{DbError, Tx};
use gridweave_territory::queries as territory;
use gridweave_tiles::{Feature, LayerSet, LayerSource, Property};
use std::borrow::Cow;

/// A set of layers that is drawn together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MapSet {
    /// The base map: roads, water, green, buildings and compounds.
    Base,
    /// Divisions and the cells of every network.
    Cells,
}

impl MapSet {
    /// The set of a name: `base` or `cells`.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "base" => Some(Self::Base),
            "cells" => Some(Self::Cells),
            _ => None,
        }
    }

    /// Changes whenever what it shows has changed.
    pub fn epoch(self, tx: &mut Tx) -> Result<i64, DbError> {
        match self {
            Self::Base => places::map_epoch(tx),
            Self::Cells => tx.one(&gridweave_territory::sql::EPOCH, &[], |row| row.int(0)),
        }
    }

    /// Its layers as of this transaction.
    pub fn layers(self, tx: &mut Tx) -> Result<LayerSet, DbError> {
        match self {
            Self::Base => base(tx),
            Self::Cells => cells(tx),
        }
    }
}

fn text(key: &'static str, value: &str) -> (Cow<'static, str>, Property) {
    (key.into(), value.into())
}

/// From which zoom a class of road is drawn.
fn road_zoom(class: &str) -> u8 {
    match class {
        "motorway" | "trunk" | "primary" => 8,
        "secondary" | "tertiary" => 11,
        // A street network without classes.
        "road" => 11,
        "residential" | "unclassified" | "living_street" | "minor_road" => 13,
        _ => 14,
    }
}

/// The base map: roads, water, green, buildings and compounds with their labels.
fn base(tx: &mut Tx) -> Result<LayerSet, DbError> {
    let mut layers: std::collections::BTreeMap<String, Vec<Feature>> = Default::default();
    for feature in places::base_features(tx)? {
        // Slip roads are drawn as the road that they belong to.
        let class = feature.class.trim_end_matches("_link");
        let min_zoom = match feature.layer.as_str() {
            "road" => road_zoom(class),
            "water" => 8,
            "green" => 12,
            "poi" => 16,
            _ => 14,
        };
        let mut properties = vec![text("class", class)];
        properties.extend(feature.name.as_deref().map(|name| text("name", name)));
        let drawn = Feature { min_zoom, max_zoom: 24, geometry: feature.geometry, properties };
        layers.entry(feature.layer).or_default().push(drawn);
    }
    for place in places::drawn_places(tx)? {
        let min_zoom = if place.kind == "compound" { 14 } else { 15 };
        let layer = if matches!(place.kind.as_str(), "compound") { "compound" } else { "building" };
        let properties = vec![text("id", &place.id.0), text("name", &place.name), text("kind", &place.kind)];
        // A label of its own stands once in the middle; outlines repeat at the edges of tiles.
        let label = Feature {
            min_zoom: min_zoom + 1,
            max_zoom: 24,
            geometry: Geometry::Point(place.geometry.anchor()),
            properties: properties.clone(),
        };
        layers.entry(format!("{layer}_label")).or_default().push(label);
        let drawn = Feature { min_zoom, max_zoom: 24, geometry: place.geometry, properties };
        layers.entry(layer.to_owned()).or_default().push(drawn);
    }
    let sources = layers.into_iter().map(|(name, features)| LayerSource { name, features }).collect();
    Ok(LayerSet::new(sources))
}

/// Divisions and the cells of every network in force, with their labels.
fn cells(tx: &mut Tx) -> Result<LayerSet, DbError> {
    let (mut areas, mut labels, mut divisions, mut division_labels) = (vec![], vec![], vec![], vec![]);
    for cell in territory::drawn_cells(tx)? {
        let properties = vec![
            text("network", &cell.network),
            text("code", &format!("{:015}", cell.code)),
            text("name", &cell.name),
            ("households".into(), Property::Int(cell.households)),
        ];
        let at = Geometry::Point(cell.shape.inner_point());
        labels.push(Feature { min_zoom: 14, max_zoom: 24, geometry: at, properties: properties.clone() });
        areas.push(Feature { min_zoom: 9, max_zoom: 24, geometry: Geometry::Shape(cell.shape), properties });
    }
    for (division, shape) in territory::drawn_divisions(tx)? {
        let properties = vec![
            text("code", &division.code.to_string()),
            text("name", &division.name),
            ("level".into(), Property::Int(division.level)),
        ];
        let at = Geometry::Point(shape.inner_point());
        division_labels.push(Feature {
            min_zoom: 5,
            max_zoom: 13,
            geometry: at,
            properties: properties.clone(),
        });
        divisions.push(Feature { min_zoom: 3, max_zoom: 24, geometry: Geometry::Shape(shape), properties });
    }
    let named = [
        ("cell", areas),
        ("cell_label", labels),
        ("division", divisions),
        ("division_label", division_labels),
    ];
    let sources =
        named.into_iter().map(|(name, features)| LayerSource { name: name.to_owned(), features }).collect();
    Ok(LayerSet::new(sources))
}
