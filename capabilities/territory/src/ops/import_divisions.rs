//! Imports divisions and their outlines. The same rows twice change nothing.

use crate::sql;
use gridweave_access::{Action, Resource, may};
use gridweave_atlas::{Geometry, Shape, wkb};
use gridweave_core::{Ctx, DivisionCode, Entry};
use gridweave_db::{OpError, Tx};
use gridweave_ledger::record;
use serde_json::json;

/// One division to import.
#[derive(Debug, Clone)]
pub struct DivisionRow {
    /// Code.
    pub code: DivisionCode,
    /// Name.
    pub name: String,
    /// Point in WGS 84.
    pub point: Option<[f64; 2]>,
    /// Outline in WGS 84.
    pub outline: Option<Shape>,
}

/// What changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Imported {
    /// Rows read.
    pub rows: u64,
    /// Divisions new or changed.
    pub changed: u64,
    /// Outlines taken.
    pub outlines: u64,
}

/// Imports the rows.
pub fn run(tx: &mut Tx, ctx: &Ctx, rows: &[DivisionRow]) -> Result<Imported, OpError> {
    may(&ctx.actor, Action::DivisionsImport, &Resource::city(), None)?;
    let mut done = Imported { rows: rows.len() as u64, ..Imported::default() };
    for row in rows {
        let code = row.code;
        let (lon, lat) = row.point.map_or((None, None), |p| (Some(p[0]), Some(p[1])));
        let parent = code.parent().map_or(0, DivisionCode::number);
        let level = code.significant_digits();
        done.changed += tx.exec(
            &sql::PUT_DIVISION,
            &[code.into(), row.name.as_str().into(), level.into(), parent.into(), lon.into(), lat.into()],
        )?;
        if let Some(shape) = &row.outline {
            let anchor = row.point.unwrap_or_else(|| shape.inner_point());
            let bytes = wkb::write(&Geometry::Shape(shape.clone()));
            let params = [code.into(), bytes.into(), anchor[0].into(), anchor[1].into()];
            done.outlines += tx.exec(&sql::SET_OUTLINE, &params)?;
        }
    }
    if done.changed + done.outlines > 0 {
        tx.exec(&sql::NEXT_EPOCH, &[])?;
        let division = rows.first().map_or(0, |row| row.code.number());
        let body = json!({ "rows": done.rows, "changed": done.changed, "outlines": done.outlines });
        record(tx, ctx, &Entry::new("territory.import_divisions", "divisions", division, body))?;
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::queries;
    use gridweave_core::{Scope, Zone};
    use gridweave_db::{migrate::Migration, testkit::on_both};

    const STEPS: &[&[Migration]] =
        &[gridweave_ledger::MIGRATIONS, gridweave_access::MIGRATIONS, crate::MIGRATIONS];

    fn row(code: &str, name: &str) -> DivisionRow {
        DivisionRow {
            code: DivisionCode::parse(code).unwrap(),
            name: name.into(),
            point: None,
            outline: None,
        }
    }

    #[test]
    fn twice_changes_nothing_and_the_tree_stands() {
        on_both(STEPS, |db| {
            let import = || {
                let ctx = Ctx::system(Zone::china());
                db.write_blocking(move |tx| {
                    run(
                        tx,
                        &ctx,
                        &[row("4201", "武汉市"), row("420106", "武昌区"), row("420106001", "积玉桥街")],
                    )
                })
                .unwrap()
            };
            assert_eq!(import().changed, 3);
            assert_eq!(import().changed, 0);
            let below =
                db.read_blocking(|tx| queries::children(tx, 420_106_000_000, Scope::EVERYWHERE)).unwrap();
            assert_eq!(below[0].name, "积玉桥街");
            let top = db.read_blocking(|tx| queries::children(tx, 0, Scope::EVERYWHERE)).unwrap();
            assert_eq!(top.len(), 1);
            let line = db.read_blocking(|tx| queries::lineage(tx, 420_106_001_000)).unwrap();
            assert_eq!(
                line.iter().map(|d| d.name.as_str()).collect::<Vec<_>>(),
                ["武汉市", "武昌区", "积玉桥街"]
            );
        });
    }
}
