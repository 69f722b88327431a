//! Layers that are drawn together.

use crate::LayerSource;
use crate::layer::Layer;
use fast_mvt::{MvtError, MvtTileBuilder};
use gridweave_atlas::tile::{Cutter, FixedBox, TileId, degrees_of};
use rayon::prelude::*;
use serde::Serialize;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

/// Why a tile could not be encoded.
#[derive(Debug, thiserror::Error)]
pub enum TileError {
    /// As a Mapbox Vector Tile.
    #[error("the tile could not be encoded: {0}")]
    Mvt(#[from] MvtError),
    /// As a MapLibre tile.
    #[error("the tile could not be encoded: {0}")]
    Mlt(#[from] mlt_core::MltError),
}

/// A layer as TileJSON describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VectorLayer {
    /// The layer's name.
    pub id: String,
    /// Names of the properties with their types: `String`, `Number` or `Boolean`.
    pub fields: BTreeMap<String, &'static str>,
}

/// Layers ready to be cut.
pub struct LayerSet {
    layers: Vec<Layer>,
    described: Vec<VectorLayer>,
    reach: Option<FixedBox>,
}

thread_local! {
    /// A thread's cutter keeps its memory from tile to tile.
    static CUTTER: RefCell<Cutter> = RefCell::default();
}

impl LayerSet {
    /// Projects and indexes the features; layers beside each other.
    pub fn new(sources: Vec<LayerSource>) -> Self {
        let layers: Vec<Layer> = sources.into_par_iter().map(Layer::new).collect();
        let described = layers
            .iter()
            .map(|layer| VectorLayer { id: layer.name.clone(), fields: layer.fields() })
            .collect();
        let reach = layers
            .iter()
            .filter_map(Layer::reach)
            .reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]);
        Self { layers, described, reach }
    }

    /// The tiles of the zooms from `low` to `high` that something may be drawn in, zoom by zoom: found by
    /// going down only where there is something.
    pub fn tiles_within(&self, low: u8, high: u8) -> Vec<TileId> {
        let mut found = Vec::new();
        let mut level: Vec<TileId> = TileId::new(0, 0, 0).into_iter().collect();
        for z in 0..=high {
            let zooms = (z.max(low), high);
            level = level
                .into_par_iter()
                .filter(|id| self.layers.iter().any(|layer| layer.any_near(id.reach(), zooms)))
                .collect();
            if z >= low {
                found.extend_from_slice(&level);
            }
            level = level.iter().flat_map(|id| id.below()).collect();
        }
        found
    }

    /// The layers as TileJSON describes them (`vector_layers`).
    pub fn vector_layers(&self) -> &[VectorLayer] {
        &self.described
    }

    /// The bounds of everything in longitude and latitude (west, south, east, north), if there is
    /// anything.
    pub fn bounds(&self) -> Option<[f64; 4]> {
        self.reach.map(degrees_of)
    }

    /// The encoded tile; empty where nothing is drawn.
    pub fn tile(&self, id: TileId) -> Result<Vec<u8>, TileError> {
        CUTTER.with_borrow_mut(|cutter| {
            let mut tile = MvtTileBuilder::new();
            for layer in &self.layers {
                tile = layer.encode(id, cutter, tile)?;
            }
            Ok(tile.encode())
        })
    }

    /// The boxes of what is drawn here and not there in the same way, and the other way round.
    pub(crate) fn differs_at(&self, other: &LayerSet) -> Vec<FixedBox> {
        let mut balance: HashMap<(&str, u64), (i64, FixedBox)> = HashMap::new();
        for (set, one) in [(self, 1), (other, -1)] {
            for layer in &set.layers {
                for (number, hash) in layer.hashes.iter().enumerate() {
                    let reach = layer.box_of(number);
                    balance.entry((&layer.name, *hash)).or_insert((0, reach)).0 += one;
                }
            }
        }
        balance.into_values().filter(|(count, _)| *count != 0).map(|(_, reach)| reach).collect()
    }
}

/// Does a tile reach into one of the boxes?
pub(crate) fn touched(id: TileId, boxes: &[FixedBox]) -> bool {
    let reach = id.reach();
    boxes.iter().any(|b| reach[0] <= b[2] && b[0] <= reach[2] && reach[1] <= b[3] && b[1] <= reach[3])
}
