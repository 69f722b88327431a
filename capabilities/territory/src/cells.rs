//! Point → cells and division, from memory. Built from the plans in force and swapped whole when
//! the epoch in the database has moved on.

use crate::sql;
use gridweave_atlas::{Geometry, Locator, Shape, wkb};
use gridweave_core::LonLat;
use gridweave_db::{DbError, Tx};
use std::sync::{Arc, RwLock};

/// The index of one epoch.
pub struct Snapshot {
    epoch: i64,
    networks: Vec<String>,
    cells: Locator,
    /// Division outlines by level, the deepest first.
    divisions: Locator,
    division_layers: usize,
}

impl Snapshot {
    /// The cell (15 digits) of a network at a point.
    pub fn cell_at(&self, network: &str, point: LonLat) -> Option<i64> {
        let layer = self.networks.iter().position(|name| name == network)?;
        self.cells.cell_at(layer, [point.lon, point.lat])
    }

    /// Every network's cell at a point.
    pub fn cells_at(&self, point: LonLat) -> Vec<(String, Option<i64>)> {
        let found = self.cells.cells_at([point.lon, point.lat]);
        self.networks.iter().cloned().zip(found).collect()
    }

    /// The deepest division at a point: the community of the base cell, else the deepest outline.
    /// 0 where there is none.
    pub fn division_at(&self, point: LonLat) -> i64 {
        if let Some(cell) = self.cell_at("base", point) {
            return cell / 1000;
        }
        (0..self.division_layers)
            .find_map(|layer| self.divisions.cell_at(layer, [point.lon, point.lat]))
            .unwrap_or(0)
    }
}

/// Shared by everything that asks where a point is. Cheap to clone.
#[derive(Clone, Default)]
pub struct CellIndex {
    current: Arc<RwLock<Option<Arc<Snapshot>>>>,
}

impl CellIndex {
    /// The index as of this transaction.
    pub fn current(&self, tx: &mut Tx) -> Result<Arc<Snapshot>, DbError> {
        let epoch = tx.one(&sql::EPOCH, &[], |row| row.int(0))?;
        let before = self.current.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        if let Some(snapshot) = before.clone().filter(|snapshot| snapshot.epoch == epoch) {
            return Ok(snapshot);
        }
        let fresh = Arc::new(build(tx, epoch, before.as_deref())?);
        *self.current.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(fresh.clone());
        Ok(fresh)
    }
}

/// The index of an epoch; from the one before where there is one, so that what is the same is not made again.
fn build(tx: &mut Tx, epoch: i64, before: Option<&Snapshot>) -> Result<Snapshot, DbError> {
    let mut networks: Vec<String> = Vec::new();
    let mut layers: Vec<Vec<(Shape, i64)>> = Vec::new();
    tx.each(&sql::CURRENT_CELLS, &[], |row| {
        let network = row.text(0)?;
        if networks.last() != Some(&network) {
            networks.push(network);
            layers.push(Vec::new());
        }
        if let (Some(layer), Some(shape)) = (layers.last_mut(), shape_of(&row.bytes(4)?)?) {
            layer.push((shape, row.int(1)?));
        }
        Ok(())
    })?;
    let mut by_level: std::collections::BTreeMap<i64, Vec<(Shape, i64)>> = Default::default();
    tx.each(&sql::OUTLINES, &[], |row| {
        if let Some(shape) = shape_of(&row.bytes(2)?)? {
            by_level.entry(-row.int(1)?).or_default().push((shape, row.int(0)?));
        }
        Ok(())
    })?;
    let division_layers: Vec<_> = by_level.into_values().collect();
    let (cells, broken_cells) = match before.filter(|before| before.networks == networks) {
        Some(before) => before.cells.followed_by(&layers),
        None => Locator::new(&layers),
    };
    let (divisions, broken_divisions) = match before {
        Some(before) => before.divisions.followed_by(&division_layers),
        None => Locator::new(&division_layers),
    };
    // A plan is published and an outline imported only when its rings are whole.
    for left_out in broken_cells.iter().chain(&broken_divisions) {
        tracing::warn!(code = left_out.code, fault = left_out.fault.what, "an outline cannot be located in");
    }
    Ok(Snapshot { epoch, networks, cells, divisions, division_layers: division_layers.len() })
}

/// The polygon of stored bytes; none for anything else.
pub fn shape_of(bytes: &[u8]) -> Result<Option<Shape>, DbError> {
    match wkb::read(bytes) {
        Ok(Geometry::Shape(shape)) => Ok(Some(shape)),
        Ok(_) => Ok(None),
        Err(error) => Err(DbError::Corrupt { what: "outline", why: error.to_string() }),
    }
}
