//! Layer sets → vector tiles (Mapbox Vector Tile 2.1), without HTTP.
//!
//! A [`LayerSet`] is immutable: it is built from features, indexed by a grid, and swapped whole when
//! its source has changed. [`LayerSet::tile`] cuts, simplifies and encodes one tile.

use gridweave_atlas::tile::{EXTENT, TileId, cut, to_world};
use gridweave_atlas::{Bounds, Geometry};
use mvt::{GeomEncoder, GeomType, Tile};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

/// A property of a feature.
#[derive(Clone, Debug, PartialEq)]
pub enum Property {
    /// Text.
    Text(String),
    /// A whole number.
    Int(i64),
    /// A truth value.
    Bool(bool),
}

/// A feature to be drawn, in longitude and latitude.
#[derive(Clone, Debug)]
pub struct Feature {
    /// From this zoom on.
    pub min_zoom: u8,
    /// Up to this zoom.
    pub max_zoom: u8,
    /// Geometry.
    pub geometry: Geometry,
    /// Properties.
    pub properties: Vec<(&'static str, Property)>,
}

/// Features under one name.
#[derive(Clone, Debug, Default)]
pub struct LayerSource {
    /// The layer's name in the tile.
    pub name: String,
    /// Its features.
    pub features: Vec<Feature>,
}

/// Why a tile could not be encoded.
#[derive(Debug, thiserror::Error)]
#[error("the tile could not be encoded: {0}")]
pub struct TileError(#[from] mvt::Error);

/// Layers ready to be cut, with the tiles that were cut already.
pub struct LayerSet {
    layers: Vec<Layer>,
    cut: RwLock<HashMap<TileId, Arc<[u8]>>>,
}

/// Tiles that a set keeps; beyond, it forgets all and begins anew.
const KEPT_MAX: usize = 20_000;

struct Layer {
    name: String,
    features: Vec<(Bounds, Feature)>,
    /// Buckets of a grid over the layer's bounds: which features may reach there.
    bounds: Bounds,
    side: usize,
    buckets: Vec<Vec<u32>>,
}

const SIDE_MAX: usize = 256;

impl LayerSet {
    /// Projects and indexes the features.
    pub fn new(sources: Vec<LayerSource>) -> Self {
        Self { layers: sources.into_iter().map(Layer::new).collect(), cut: RwLock::default() }
    }

    /// The tiles of the zooms from `low` to `high` that something may be drawn in, zoom by zoom: found by
    /// going down only where there is something.
    pub fn tiles_within(&self, low: u8, high: u8) -> Vec<TileId> {
        let mut found = Vec::new();
        let mut level: Vec<TileId> = TileId::new(0, 0, 0).into_iter().collect();
        for z in 0..=high {
            level.retain(|id| {
                let reach = id.bounds();
                self.layers.iter().any(|layer| layer.any_near(&reach))
            });
            if z >= low {
                found.extend_from_slice(&level);
            }
            let below = |id: &TileId| {
                let (x, y) = (id.x * 2, id.y * 2);
                let four = [(x, y), (x + 1, y), (x, y + 1), (x + 1, y + 1)];
                four.into_iter().filter_map(move |(x, y)| TileId::new(z + 1, x, y))
            };
            level = level.iter().flat_map(below).collect();
        }
        found
    }

    /// Names of the layers with the names and types of their properties, as TileJSON lists them: a type is
    /// `String`, `Number` or `Boolean`.
    pub fn fields(&self) -> Vec<(&str, BTreeMap<&'static str, &'static str>)> {
        let fields = |layer: &Layer| {
            let properties = layer.features.iter().flat_map(|(_, feature)| &feature.properties);
            properties
                .map(|(name, value)| {
                    let kind = match value {
                        Property::Text(_) => "String",
                        Property::Int(_) => "Number",
                        Property::Bool(_) => "Boolean",
                    };
                    (*name, kind)
                })
                .collect()
        };
        self.layers.iter().map(|layer| (layer.name.as_str(), fields(layer))).collect()
    }

    /// The encoded tile, cut once and kept: the set never changes. Empty where nothing is drawn.
    pub fn kept_tile(&self, id: TileId) -> Result<Arc<[u8]>, TileError> {
        if let Some(known) = self.cut.read().unwrap_or_else(PoisonError::into_inner).get(&id) {
            return Ok(known.clone());
        }
        let fresh: Arc<[u8]> = self.tile(id)?.into();
        let mut cut = self.cut.write().unwrap_or_else(PoisonError::into_inner);
        if cut.len() >= KEPT_MAX {
            cut.clear();
        }
        cut.insert(id, fresh.clone());
        Ok(fresh)
    }

    /// The bounds of everything in longitude and latitude (west, south, east, north), if there is
    /// anything.
    pub fn bounds(&self) -> Option<[f64; 4]> {
        let all = self.layers.iter().fold(Bounds::EMPTY, |sum, layer| sum.union(layer.bounds));
        if all.is_empty() {
            return None;
        }
        let degrees = |p: [f64; 2]| {
            let half = gridweave_atlas::crs::MERCATOR_HALF_M;
            gridweave_atlas::crs::from_web_mercator([(p[0] * 2.0 - 1.0) * half, (1.0 - p[1] * 2.0) * half])
        };
        let (a, b) = (degrees(all.min), degrees(all.max));
        Some([a[0], b[1], b[0], a[1]])
    }

    /// The encoded tile; empty where nothing is drawn.
    pub fn tile(&self, id: TileId) -> Result<Vec<u8>, TileError> {
        let mut tile = Tile::new(EXTENT as u32);
        let reach = id.bounds();
        for layer in &self.layers {
            let mut drawn = tile.create_layer(&layer.name);
            let mut any = false;
            for feature in layer.near(&reach) {
                if id.z < feature.min_zoom || id.z > feature.max_zoom {
                    continue;
                }
                let Some(geometry) = cut(&feature.geometry, id) else { continue };
                let mut out = drawn.into_feature(encode(&geometry)?);
                for (key, value) in &feature.properties {
                    match value {
                        Property::Text(text) => out.add_tag_string(key, text),
                        Property::Int(number) => out.add_tag_int(key, *number),
                        Property::Bool(value) => out.add_tag_bool(key, *value),
                    }
                }
                drawn = out.into_layer();
                any = true;
            }
            if any {
                tile.add_layer(drawn)?;
            }
        }
        Ok(tile.to_bytes()?)
    }
}

impl Layer {
    fn new(source: LayerSource) -> Self {
        let features: Vec<(Bounds, Feature)> = source
            .features
            .into_iter()
            .map(|feature| {
                let geometry = feature.geometry.map(to_world);
                (geometry.bounds(), Feature { geometry, ..feature })
            })
            .collect();
        let bounds = features.iter().fold(Bounds::EMPTY, |sum, (b, _)| sum.union(*b));
        let side = ((features.len() as f64).sqrt().ceil() as usize).clamp(1, SIDE_MAX);
        let mut layer =
            Self { name: source.name, features, bounds, side, buckets: vec![Vec::new(); side * side] };
        for number in 0..layer.features.len() {
            let feature_bounds = layer.features[number].0;
            for bucket in layer.buckets_of(&feature_bounds) {
                layer.buckets[bucket].push(number as u32);
            }
        }
        layer
    }

    fn buckets_of(&self, reach: &Bounds) -> Vec<usize> {
        if self.bounds.is_empty() || reach.is_empty() || !self.bounds.meets(reach) {
            return Vec::new();
        }
        let at = |value: f64, axis: usize| {
            let extent = self.bounds.max[axis] - self.bounds.min[axis];
            if extent <= 0.0 {
                return 0;
            }
            let share = (value - self.bounds.min[axis]) / extent * self.side as f64;
            (share.max(0.0) as usize).min(self.side - 1)
        };
        let (x0, x1) = (at(reach.min[0], 0), at(reach.max[0], 0));
        let (y0, y1) = (at(reach.min[1], 1), at(reach.max[1], 1));
        (y0..=y1).flat_map(|y| (x0..=x1).map(move |x| y * self.side + x)).collect()
    }

    /// Does anything's bounds meet the box?
    fn any_near(&self, reach: &Bounds) -> bool {
        let meets = |number: &u32| self.features[*number as usize].0.meets(reach);
        self.buckets_of(reach).into_iter().any(|bucket| self.buckets[bucket].iter().any(meets))
    }

    /// Features whose bounds meet the box, each once, in the order of the source.
    fn near(&self, reach: &Bounds) -> Vec<&Feature> {
        let mut numbers: Vec<u32> = self
            .buckets_of(reach)
            .into_iter()
            .flat_map(|bucket| self.buckets[bucket].iter().copied())
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
            .into_iter()
            .map(|number| &self.features[number as usize])
            .filter(|(bounds, _)| bounds.meets(reach))
            .map(|(_, feature)| feature)
            .collect()
    }
}

fn encode(geometry: &Geometry) -> Result<mvt::GeomData, TileError> {
    let mut encoder: GeomEncoder<f64>;
    match geometry {
        Geometry::Point(p) => {
            encoder = GeomEncoder::new(GeomType::Point);
            encoder.add_point(p[0], p[1])?;
        }
        Geometry::Lines(lines) => {
            encoder = GeomEncoder::new(GeomType::Linestring);
            for line in lines {
                line.iter().try_for_each(|p| encoder.add_point(p[0], p[1]))?;
                encoder.complete_geom()?;
            }
        }
        Geometry::Shape(shape) => {
            encoder = GeomEncoder::new(GeomType::Polygon);
            for ring in shape.rings() {
                // The format closes rings itself.
                let open = ring.len().saturating_sub(1);
                ring[..open].iter().try_for_each(|p| encoder.add_point(p[0], p[1]))?;
                encoder.complete_geom()?;
            }
        }
    }
    Ok(encoder.encode()?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use gridweave_atlas::Polygon;

    fn set() -> LayerSet {
        let ring = vec![[114.30, 30.50], [114.31, 30.50], [114.31, 30.51], [114.30, 30.51], [114.30, 30.50]];
        let shape = Feature {
            min_zoom: 10,
            max_zoom: 24,
            geometry: Geometry::Shape(Polygon::from_ring(ring).into()),
            properties: vec![("name", Property::Text("东湖花园".into()))],
        };
        let point = Feature {
            min_zoom: 0,
            max_zoom: 24,
            geometry: Geometry::Point([114.305, 30.505]),
            properties: vec![("open", Property::Bool(true)), ("due", Property::Int(7))],
        };
        LayerSet::new(vec![
            LayerSource { name: "cells".into(), features: vec![shape] },
            LayerSource { name: "cases".into(), features: vec![point] },
            LayerSource { name: "empty".into(), features: vec![] },
        ])
    }

    fn tile_at(z: u8) -> TileId {
        let p = to_world([114.305, 30.505]);
        let scale = f64::from(1u32 << z);
        TileId::new(z, (p[0] * scale) as u32, (p[1] * scale) as u32).unwrap()
    }

    #[test]
    fn zoom_and_place_decide_what_a_tile_holds() {
        let set = set();
        let far = set.tile(tile_at(8)).unwrap();
        let near = set.tile(tile_at(14)).unwrap();
        let holds = |tile: &[u8], text: &str| tile.windows(text.len()).any(|w| w == text.as_bytes());
        assert!(holds(&far, "cases") && !holds(&far, "cells"));
        assert!(holds(&near, "东湖花园") && holds(&near, "cells"));
        assert!(set.tile(TileId::new(14, 0, 0).unwrap()).unwrap().is_empty());
        assert_eq!(&*set.kept_tile(tile_at(14)).unwrap(), near.as_slice());
        assert_eq!(&*set.kept_tile(tile_at(14)).unwrap(), near.as_slice(), "the same when it is kept");
        for z in 0..=14 {
            // Nothing that is drawn is left out.
            let all = set.tiles_within(z, z);
            let around = tile_at(z);
            for (dx, dy) in (0..9).map(|i| (i % 3, i / 3)) {
                let (x, y) = ((around.x + dx).saturating_sub(1), (around.y + dy).saturating_sub(1));
                let Some(id) = TileId::new(z, x, y) else { continue };
                assert!(set.tile(id).unwrap().is_empty() || all.contains(&id), "{id:?}");
            }
        }
        assert_eq!(
            set.fields()[1].1.iter().collect::<Vec<_>>(),
            [(&"due", &"Number"), (&"open", &"Boolean")]
        );
        let [west, south, east, north] = set.bounds().unwrap();
        assert!((west - 114.30).abs() < 1e-9 && (south - 30.50).abs() < 1e-9);
        assert!((east - 114.31).abs() < 1e-9 && (north - 30.51).abs() < 1e-9);
    }
}
