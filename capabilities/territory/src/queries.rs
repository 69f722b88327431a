//! Reading divisions, plans and cells.

use crate::model::*;
use crate::sql;
use gridweave_atlas::Shape;
use gridweave_core::{AccountId, PlanId, Scope};
use gridweave_db::{DbError, Row, Tx};

fn division_row(row: &Row) -> Result<Division, DbError> {
    Ok(Division {
        code: row.int(0)?,
        name: row.text(1)?,
        level: row.int(2)?,
        parent: row.int(3)?,
        lon: row.opt_float(4)?,
        lat: row.opt_float(5)?,
    })
}

/// One division.
pub fn division(tx: &mut Tx, code: i64) -> Result<Option<Division>, DbError> {
    tx.opt(&sql::DIVISION, &[code.into()], division_row)
}

/// What lies directly below a division, within a scope; the topmost ones for 0.
pub fn children(tx: &mut Tx, parent: i64, scope: Scope) -> Result<Vec<Division>, DbError> {
    if parent == 0 {
        return tx.all(&sql::TOP, &[], division_row);
    }
    tx.all(&sql::CHILDREN, &[parent.into(), scope.lo.into(), scope.hi.into()], division_row)
}

/// Divisions of that very name.
pub fn by_name(tx: &mut Tx, name: &str) -> Result<Vec<Division>, DbError> {
    tx.all(&sql::BY_NAME, &[name.into()], division_row)
}

/// From the city down to the division itself: the names of a lineage.
pub fn lineage(tx: &mut Tx, code: i64) -> Result<Vec<Division>, DbError> {
    let mut names = Vec::new();
    let mut at = code;
    while let Some(found) = division(tx, at)? {
        at = found.parent;
        names.push(found);
        if names.len() > 6 {
            break;
        }
    }
    names.reverse();
    Ok(names)
}

/// How many divisions are known.
pub fn count_divisions(tx: &mut Tx) -> Result<i64, DbError> {
    tx.one(&sql::COUNT_DIVISIONS, &[], |row| row.int(0))
}

/// The networks.
pub fn networks(tx: &mut Tx) -> Result<Vec<Network>, DbError> {
    tx.all(&sql::NETWORKS, &[], |row| {
        Ok(Network { id: row.text(0)?, name_zh: row.text(1)?, name_en: row.text(2)? })
    })
}

/// All plans, newest first.
pub fn plans(tx: &mut Tx) -> Result<Vec<Plan>, DbError> {
    tx.all(&sql::PLANS, &[], |row| {
        Ok(Plan {
            id: PlanId(row.text(0)?),
            network: row.text(1)?,
            name: row.text(2)?,
            state: PlanState::from_name(&row.text(3)?),
            drawn_at_ms: row.int(4)?,
            published_at_ms: row.opt_int(5)?,
            findings: row.json(6)?,
            version: row.int(7)?,
            cells: row.int(8)?,
        })
    })
}

/// Cells in force of a network within a scope of divisions, after a code, with their workers.
pub fn cells(tx: &mut Tx, network: &str, scope: Scope, after: i64, limit: i64) -> Result<Vec<Cell>, DbError> {
    let (lo, hi) = (scope.lo.saturating_mul(1000), scope.hi.saturating_mul(1000).saturating_add(999));
    let mut workers: std::collections::HashMap<i64, Vec<CellWorker>> = Default::default();
    tx.each(&sql::LIST_WORKERS, &[network.into(), lo.into(), hi.into()], |row| {
        let worker = CellWorker { account: row.text(1)?, name: row.text(2)? };
        workers.entry(row.int(0)?).or_default().push(worker);
        Ok(())
    })?;
    tx.all(&sql::LIST_CELLS, &[network.into(), lo.into(), hi.into(), after.into(), limit.into()], |row| {
        let code = row.int(0)?;
        Ok(Cell {
            code: format!("{code:015}"),
            name: row.text(1)?,
            network: network.to_owned(),
            households: row.int(2)?,
            workers: workers.remove(&code).unwrap_or_default(),
        })
    })
}

/// Who works in a cell of a network.
pub fn workers_of(tx: &mut Tx, network: &str, cell: i64) -> Result<Vec<(AccountId, String)>, DbError> {
    tx.all(&sql::WORKERS, &[network.into(), cell.into()], |row| Ok((AccountId(row.text(0)?), row.text(1)?)))
}

/// A cell with its outline, for the map.
pub struct DrawnCell {
    /// Its network.
    pub network: String,
    /// 15 digits.
    pub code: i64,
    /// Name.
    pub name: String,
    /// Households.
    pub households: i64,
    /// Outline.
    pub shape: Shape,
}

/// Every cell in force with its outline.
pub fn drawn_cells(tx: &mut Tx) -> Result<Vec<DrawnCell>, DbError> {
    let found = tx.all(&sql::CURRENT_CELLS, &[], |row| {
        Ok(crate::cells::shape_of(&row.bytes(4)?)?.map(|shape| (row.clone(), shape)))
    })?;
    found
        .into_iter()
        .flatten()
        .map(|(row, shape)| {
            Ok(DrawnCell {
                network: row.text(0)?,
                code: row.int(1)?,
                name: row.text(2)?,
                households: row.int(3)?,
                shape,
            })
        })
        .collect()
}

/// Every division with an outline: code, level, name, shape.
pub fn drawn_divisions(tx: &mut Tx) -> Result<Vec<(Division, Shape)>, DbError> {
    let mut found = Vec::new();
    tx.each(&sql::OUTLINES, &[], |row| {
        if let Some(shape) = crate::cells::shape_of(&row.bytes(2)?)? {
            let division = Division {
                code: row.int(0)?,
                name: row.text(3)?,
                level: row.int(1)?,
                parent: 0,
                lon: None,
                lat: None,
            };
            found.push((division, shape));
        }
        Ok(())
    })?;
    Ok(found)
}
