//! A set with the tiles that were cut from it.

use crate::mlt;
use crate::set::{LayerSet, TileError, touched};
use bytes::Bytes;
use gridweave_atlas::tile::TileId;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use xxhash_rust::xxh3::xxh3_64;

/// Bytes of tiles that a set keeps where nothing else is said.
const KEPT_BYTES: u64 = 256 << 20;
/// About the size of a tile, for the first guess of how many there will be.
const TILE_BYTES: u64 = 16 << 10;

/// How a tile is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Mapbox Vector Tile 2.1: every viewer reads it.
    Mvt,
    /// MapLibre Tile 1: smaller; made from the other.
    Mlt,
}

/// An encoded tile.
#[derive(Clone, Debug)]
pub struct KeptTile {
    /// Empty where nothing is drawn.
    pub bytes: Bytes,
    /// Names the content: the same bytes have the same tag.
    pub tag: u64,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<(TileId, Format), KeptTile> for ByBytes {
    fn weight(&self, _: &(TileId, Format), tile: &KeptTile) -> u64 {
        // What an empty one takes.
        tile.bytes.len() as u64 + 64
    }
}

/// A set, and each of its tiles once it has been asked for.
pub struct Tiles {
    set: LayerSet,
    kept: Cache<(TileId, Format), KeptTile, ByBytes>,
    bytes_max: u64,
}

impl Tiles {
    /// Nothing is cut yet.
    pub fn new(set: LayerSet) -> Self {
        Self::keeping(set, KEPT_BYTES)
    }

    /// The same, keeping so many bytes of tiles; beyond, those that were asked for least go. With 0 every
    /// tile is cut each time.
    pub fn keeping(set: LayerSet, bytes_max: u64) -> Self {
        let count = (bytes_max / TILE_BYTES) as usize;
        Self { set, kept: Cache::with_weighter(count, bytes_max, ByBytes), bytes_max }
    }

    /// A later state of the same source: tiles that the change does not touch need not be cut again.
    pub fn followed_by(&self, set: LayerSet) -> Self {
        let boxes = set.differs_at(&self.set);
        let next = Self::keeping(set, self.bytes_max);
        for (key, tile) in self.kept.iter() {
            if !touched(key.0, &boxes) {
                next.kept.insert(key, tile);
            }
        }
        next
    }

    /// What is drawn.
    pub fn set(&self) -> &LayerSet {
        &self.set
    }

    /// The tile where it has been cut already.
    pub fn known(&self, id: TileId, format: Format) -> Option<KeptTile> {
        self.kept.get(&(id, format))
    }

    /// The tile; who asks for one that somebody else is cutting waits for it.
    pub fn tile(&self, id: TileId, format: Format) -> Result<KeptTile, TileError> {
        self.kept.get_or_insert_with(&(id, format), || {
            let bytes = match format {
                Format::Mvt => Bytes::from(self.set.tile(id)?),
                Format::Mlt => Bytes::from(mlt::of_mvt(&self.tile(id, Format::Mvt)?.bytes)?),
            };
            let tag = xxh3_64(&bytes);
            Ok(KeptTile { bytes, tag })
        })
    }
}
