//! MapLibre Tiles: the same content in columns, smaller and quicker to draw for viewers that read it.

use crate::set::TileError;
use mlt_core::encoder::EncoderConfig;
use mlt_core::mvt::mvt_to_tile_layers;

/// An encoded vector tile as a MapLibre tile; empty stays empty.
pub(crate) fn of_mvt(tile: &[u8]) -> Result<Vec<u8>, TileError> {
    let mut out = Vec::new();
    for layer in mvt_to_tile_layers(tile)? {
        // The drawing order is the source's.
        let order = EncoderConfig::default()
            .with_spatial_morton_sort(false)
            .with_spatial_hilbert_sort(false)
            .with_id_sort(false);
        out.extend(layer.encode(order)?);
    }
    Ok(out)
}
