//! Drilling down the map: what lies below a division, where, and how much is open there.

use super::Server;
use super::guard::{Query, Who};
use super::problem::{Answer, HttpRefusal};
use super::route::{Access, Route, get};
use crate::kept::Kept;
use axum::Json;
use axum::extract::State;
use gridweave_access::{Action, reach};
use gridweave_atlas::Bounds;
use gridweave_cases::queries as cases;
use gridweave_core::{DivisionCode, Scope};
use gridweave_db::{DbError, Tx};
use gridweave_territory::queries as territory;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) fn routes() -> Vec<Route> {
    vec![
        get(
            "/api/v1/map/below",
            Access::May(Action::TerritoryRead),
            "What lies below a division (its cells below a community), with extents and open cases",
            below,
        )
        .query::<BelowQuery>()
        .returns::<Below>(),
    ]
}

/// Extents of base cells and division outlines by code.
struct Extents {
    /// Base cell (15 digits) → number of homes, name and extent.
    cells: BTreeMap<i64, (String, i64, Bounds)>,
    /// Division (12 digits) → extent of its outline.
    outlines: BTreeMap<i64, Bounds>,
}

impl Extents {
    /// The extent of a division: its outline and those below it, else its cells.
    fn of(&self, scope: Scope) -> Bounds {
        let outlines = self.outlines.range(scope.lo..=scope.hi);
        let all = outlines.fold(Bounds::EMPTY, |sum, (_, bounds)| sum.union(*bounds));
        if !all.is_empty() {
            return all;
        }
        let cells = self.cells.range(scope.lo * 1000..=scope.hi * 1000 + 999);
        cells.fold(Bounds::EMPTY, |sum, (_, (_, _, bounds))| sum.union(*bounds))
    }
}

/// Extents, made anew when the plans or outlines have changed.
#[derive(Default)]
pub struct ExtentCache(Kept<Extents>);

impl ExtentCache {
    fn current(&self, tx: &mut Tx) -> Result<Arc<Extents>, DbError> {
        let epoch = tx.one(&gridweave_territory::sql::EPOCH, &[], |row| row.int(0))?;
        self.0.of(epoch, |_| {
            let cells = territory::drawn_cells(tx)?.into_iter().filter(|cell| cell.network == "base");
            let cells =
                cells.map(|cell| (cell.code, (cell.name, cell.households, cell.shape.bounds()))).collect();
            let outlines = territory::drawn_divisions(tx)?.into_iter();
            let outlines = outlines.map(|(division, shape)| (division.code, shape.bounds())).collect();
            Ok(Extents { cells, outlines })
        })
    }
}

/// Below what.
#[derive(Deserialize, JsonSchema)]
struct BelowQuery {
    /// Division code; the topmost ones where it is not given.
    division: Option<String>,
}

/// One thing to go on to.
#[derive(Serialize, JsonSchema)]
struct DrillStep {
    /// Division of 12 digits, or base cell of 15.
    code: String,
    /// Its name.
    name: String,
    /// Where to look: west, south, east, north; none where nothing is drawn of it.
    bounds: Option<[f64; 4]>,
    /// Homes, for cells.
    households: Option<i64>,
    /// Open cases there; none for cells, and for callers who see no cases of others.
    open: Option<i64>,
}

/// A level of the drill.
#[derive(Serialize, JsonSchema)]
struct Below {
    /// From the city down to the division that was asked for.
    above: Vec<DrillStep>,
    /// What lies directly below it.
    below: Vec<DrillStep>,
}

fn bounds(found: Bounds) -> Option<[f64; 4]> {
    (!found.is_empty()).then_some([found.min[0], found.min[1], found.max[0], found.max[1]])
}

async fn below(
    State(server): State<Server>,
    Who(ctx): Who,
    Query(query): Query<BelowQuery>,
) -> Answer<Json<Below>> {
    let at = match query.division.as_deref().filter(|code| !code.is_empty()) {
        Some(code) => {
            DivisionCode::parse(code).map_err(|error| HttpRefusal::BadQuery(error.to_string()))?.number()
        }
        None => 0,
    };
    let cache = server.extents.clone();
    let found = server
        .read(move |tx| {
            let extents = cache.current(tx)?;
            let seen = reach(&ctx.actor, Action::CasesRead).ok().filter(|visible| !visible.own_only);
            let step =
                |tx: &mut Tx, division: &gridweave_territory::Division| -> Result<DrillStep, DbError> {
                    let scope =
                        DivisionCode::from_number(division.code).map_or(Scope::NOWHERE, DivisionCode::scope);
                    let open = match &seen {
                        Some(visible) => Some(cases::count_open(tx, scope.intersect(visible.scope))?),
                        None => None,
                    };
                    Ok(DrillStep {
                        code: division.code.to_string(),
                        name: division.name.clone(),
                        bounds: bounds(extents.of(scope)),
                        households: None,
                        open,
                    })
                };
            let mut above = Vec::new();
            for division in territory::lineage(tx, at)? {
                above.push(step(tx, &division)?);
            }
            let mut below = Vec::new();
            for division in territory::children(tx, at, Scope::EVERYWHERE)? {
                below.push(step(tx, &division)?);
            }
            if below.is_empty() && at != 0 {
                let cells = extents.cells.range(at * 1000..=at * 1000 + 999);
                below.extend(cells.map(|(code, (name, households, extent))| DrillStep {
                    code: format!("{code:015}"),
                    name: name.clone(),
                    bounds: bounds(*extent),
                    households: Some(*households),
                    open: None,
                }));
            }
            Ok(Below { above, below })
        })
        .await?;
    Ok(Json(found))
}
