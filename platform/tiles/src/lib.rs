//! Layer sets → vector tiles (Mapbox Vector Tile 2.1, MapLibre Tile 1), without HTTP.
//!
//! A [`LayerSet`] is immutable: it is compiled from features and swapped whole when its source has
//! changed. [`LayerSet::tile`] cuts and encodes one tile; [`Tiles`] keeps what was cut, and from one set
//! to the next those tiles that the change did not touch.
//!
//! ```
//! use gridweave_atlas::{Geometry, tile::TileId};
//! use gridweave_tiles::{Feature, LayerSet, LayerSource};
//! let here = Feature::new(Geometry::Point([114.3, 30.5])).with("name", "东湖花园");
//! let set = LayerSet::new(vec![LayerSource { name: "place".into(), features: vec![here] }]);
//! assert!(!set.tile(TileId::new(0, 0, 0).unwrap()).unwrap().is_empty());
//! assert!(set.tile(TileId::new(1, 0, 0).unwrap()).unwrap().is_empty());
//! ```

mod kept;
mod layer;
mod mlt;
mod set;

pub use kept::{Format, KeptTile, Tiles};
pub use set::{LayerSet, TileError, VectorLayer};

use gridweave_atlas::Geometry;
use std::borrow::Cow;

/// A property of a feature.
#[derive(Clone, Debug, PartialEq)]
pub enum Property {
    /// Text.
    Text(String),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// A truth value.
    Bool(bool),
}

impl Property {
    /// Its type as TileJSON names it.
    fn kind(&self) -> &'static str {
        match self {
            Property::Text(_) => "String",
            Property::Int(_) | Property::Float(_) => "Number",
            Property::Bool(_) => "Boolean",
        }
    }
}

impl From<&str> for Property {
    fn from(text: &str) -> Self {
        Property::Text(text.to_owned())
    }
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
    pub properties: Vec<(Cow<'static, str>, Property)>,
}

impl Feature {
    /// A feature that is drawn at every zoom, without properties.
    pub fn new(geometry: Geometry) -> Self {
        Self { min_zoom: 0, max_zoom: gridweave_atlas::tile::ZOOM_MAX, geometry, properties: Vec::new() }
    }

    /// The same, drawn from this zoom on.
    pub fn from_zoom(self, min_zoom: u8) -> Self {
        Self { min_zoom, ..self }
    }

    /// The same with one more property.
    pub fn with(mut self, key: impl Into<Cow<'static, str>>, value: impl Into<Property>) -> Self {
        self.properties.push((key.into(), value.into()));
        self
    }
}

/// Features under one name.
#[derive(Clone, Debug, Default)]
pub struct LayerSource {
    /// The layer's name in the tile.
    pub name: String,
    /// Its features, drawn in this order.
    pub features: Vec<Feature>,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use fast_mvt::{MvtGeometry, MvtReaderRef};
    use gridweave_atlas::Polygon;
    use gridweave_atlas::tile::{TileId, to_world};
    use proptest::prelude::*;

    fn square(lon: f64, lat: f64, size: f64) -> Geometry {
        let ring = [[0., 0.], [1., 0.], [1., 1.], [0., 1.], [0., 0.]];
        Geometry::Shape(
            Polygon::from_ring(ring.map(|[x, y]| [lon + x * size, lat + y * size]).to_vec()).into(),
        )
    }

    fn set(cells: &[(f64, &str)]) -> LayerSet {
        let shapes = cells
            .iter()
            .map(|(lon, name)| Feature::new(square(*lon, 30.5, 0.01)).from_zoom(10).with("name", *name));
        let mut point = Feature::new(Geometry::Point([114.305, 30.505]));
        point.properties = vec![
            ("open".into(), Property::Bool(true)),
            ("due".into(), Property::Int(-7)),
            ("share".into(), Property::Float(0.5)),
        ];
        LayerSet::new(vec![
            LayerSource { name: "cells".into(), features: shapes.collect() },
            LayerSource { name: "cases".into(), features: vec![point] },
            LayerSource { name: "empty".into(), features: vec![] },
        ])
    }

    fn tile_at(lon: f64, z: u8) -> TileId {
        let p = to_world([lon, 30.505]);
        let scale = f64::from(1u32 << z);
        TileId::new(z, (p[0] * scale) as u32, (p[1] * scale) as u32).unwrap()
    }

    fn layers(tile: &[u8]) -> Vec<(String, usize)> {
        let reader = MvtReaderRef::new(tile).unwrap();
        reader.layers().map(|layer| (layer.name().to_owned(), layer.features().count())).collect()
    }

    #[test]
    fn zoom_and_place_decide_what_a_tile_holds() {
        let set = set(&[(114.30, "东湖花园")]);
        assert_eq!(layers(&set.tile(tile_at(114.305, 8)).unwrap()), [("cases".to_owned(), 1)]);
        let near = set.tile(tile_at(114.305, 14)).unwrap();
        assert_eq!(layers(&near), [("cells".to_owned(), 1), ("cases".to_owned(), 1)]);
        let reader = MvtReaderRef::new(&near).unwrap();
        let told: Vec<String> = reader
            .layers()
            .flat_map(|layer| {
                layer
                    .features()
                    .map(|f| format!("{:?}", f.properties().collect::<Vec<_>>()))
                    .collect::<Vec<_>>()
            })
            .collect();
        assert!(
            told[0].contains("东湖花园") && told[1].contains("-7") && told[1].contains("0.5"),
            "{told:?}"
        );
        assert!(set.tile(TileId::new(14, 0, 0).unwrap()).unwrap().is_empty());
        for z in 0..=14 {
            // Nothing that is drawn is left out.
            let all = set.tiles_within(z, z);
            let around = tile_at(114.305, z);
            for (dx, dy) in (0..9).map(|i| (i % 3, i / 3)) {
                let (x, y) = ((around.x + dx).saturating_sub(1), (around.y + dy).saturating_sub(1));
                let Some(id) = TileId::new(z, x, y) else { continue };
                assert!(set.tile(id).unwrap().is_empty() || all.contains(&id), "{id:?}");
            }
        }
        let fields: Vec<_> = set.vector_layers()[1].fields.iter().map(|(k, v)| (k.as_str(), *v)).collect();
        assert_eq!(fields, [("due", "Number"), ("open", "Boolean"), ("share", "Number")]);
        let found = set.bounds().unwrap();
        let expected = [114.30, 30.50, 114.31, 30.51];
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{found:?}");
    }

    #[test]
    fn a_maplibre_tile_holds_the_same_features() {
        use mlt_core::{Decoder, Parser};
        let tiles = Tiles::new(set(&[(114.30, "东湖花园"), (114.301, "岳湖花园")]));
        let id = tile_at(114.305, 14);
        let bytes = tiles.tile(id, Format::Mlt).unwrap().bytes;
        let found: Vec<(String, usize, String)> = Parser::default()
            .parse_layers(&bytes)
            .unwrap()
            .into_iter()
            .map(|layer| {
                let parsed = layer.into_layer01().unwrap().into_tile(&mut Decoder::default()).unwrap();
                (parsed.name().to_owned(), parsed.features().len(), format!("{:?}", parsed.features()))
            })
            .collect();
        assert_eq!(
            found.iter().map(|(name, count, _)| (name.as_str(), *count)).collect::<Vec<_>>(),
            [("cells", 2), ("cases", 1)]
        );
        assert!(found[0].2.contains("东湖花园") && found[0].2.contains("岳湖花园"), "{}", found[0].2);
        assert!(tiles.tile(TileId::new(14, 0, 0).unwrap(), Format::Mlt).unwrap().bytes.is_empty());
        assert!(tiles.known(id, Format::Mlt).is_some());
    }

    #[test]
    fn a_change_leaves_the_tiles_alone_that_it_does_not_touch() {
        let (here, there) = (tile_at(114.305, 14), tile_at(114.505, 14));
        let old = Tiles::new(set(&[(114.30, "a"), (114.50, "b")]));
        let before = (old.tile(here, Format::Mvt).unwrap(), old.tile(there, Format::Mvt).unwrap());
        assert!(old.known(here, Format::Mvt).is_some() && old.known(tile_at(0.0, 14), Format::Mvt).is_none());
        let new = old.followed_by(set(&[(114.30, "a"), (114.50, "renamed")]));
        assert!(new.known(there, Format::Mvt).is_none() && new.known(here, Format::Mvt).is_some());
        let after = (new.tile(here, Format::Mvt).unwrap(), new.tile(there, Format::Mvt).unwrap());
        assert_eq!(before.0.tag, after.0.tag);
        assert_ne!(before.1.tag, after.1.tag);
        // Both where it was and where it is.
        let moved = new.followed_by(set(&[(114.30, "a"), (114.40, "renamed")]));
        assert!(moved.known(there, Format::Mvt).is_none());
        assert!(moved.tile(there, Format::Mvt).unwrap().bytes.is_empty());
        // Nothing has changed: everything is kept.
        let same = moved.followed_by(set(&[(114.30, "a"), (114.40, "renamed")]));
        assert!(same.known(here, Format::Mvt).is_some() && same.known(there, Format::Mvt).is_some());
    }

    proptest! {
        /// By the specification: outer rings wind one way and holes the other, closed, with area, within the
        /// extent and its buffer; read back by a reader that knows nothing of this crate.
        #[test]
        fn tiles_are_valid_and_read_back(
            shapes in prop::collection::vec((-0.05f64..0.05, -0.05f64..0.05, 0.0001f64..0.05, 0.1f64..0.9), 1..12),
            zoom in 8u8..18,
        ) {
            let features = shapes.iter().map(|(x, y, size, hole)| {
                let ring = |x: f64, y: f64, s: f64| vec![[x, y], [x + s, y], [x + s, y + s], [x, y + s], [x, y]];
                let (x, y) = (114.3 + x, 30.5 + y);
                let inner = ring(x + size * (1.0 - hole) / 2.0, y + size * (1.0 - hole) / 2.0, size * hole);
                Feature::new(Geometry::Shape(Polygon { rings: vec![ring(x, y, *size), inner] }.into()))
            });
            let set = LayerSet::new(vec![LayerSource { name: "a".into(), features: features.collect() }]);
            for id in set.tiles_within(zoom, zoom).into_iter().take(30) {
                let bytes = set.tile(id).unwrap();
                if bytes.is_empty() {
                    continue;
                }
                let reader = MvtReaderRef::new(&bytes).unwrap();
                for feature in reader.layers().flat_map(|l| l.features().map(|f| f.geometry().unwrap()).collect::<Vec<_>>()) {
                    let polygons = match feature {
                        MvtGeometry::Polygon(polygon) => vec![polygon],
                        MvtGeometry::MultiPolygon(several) => several.0,
                        other => panic!("{other:?}"),
                    };
                    for polygon in polygons {
                        let outer = std::iter::once((polygon.exterior(), true));
                        for (ring, outer) in outer.chain(polygon.interiors().iter().map(|r| (r, false))) {
                            let points: Vec<(i64, i64)> = ring.0.iter().map(|c| (c.x.into(), c.y.into())).collect();
                            prop_assert!(points.first() == points.last() && points.len() >= 4);
                            let twice: i64 = points.windows(2).map(|p| p[0].0 * p[1].1 - p[1].0 * p[0].1).sum();
                            let winds = if outer { twice > 0 } else { twice < 0 };
                            prop_assert!(winds, "{:?}", points);
                            prop_assert!(points.iter().all(|p| (-64..=4160).contains(&p.0) && (-64..=4160).contains(&p.1)));
                        }
                    }
                }
            }
        }
    }
}
