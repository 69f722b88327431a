//! Takes cells as a new draft of a network's plan and says what is wrong with them.

use crate::sql;
use gridweave_access::{Action, Resource, may};
use gridweave_atlas::{
    Geometry, Shape,
    check::{Finding, check},
    wkb,
};
use gridweave_core::{CellCode, Ctx, Entry, PlanId};
use gridweave_db::{OpError, Tx};
use gridweave_ledger::record;
use serde_json::json;

/// One cell to draw.
#[derive(Debug, Clone)]
pub struct CellRow {
    /// Code.
    pub code: CellCode,
    /// Name.
    pub name: String,
    /// Households in it.
    pub households: i64,
    /// Outline in WGS 84.
    pub shape: Shape,
}

/// What is needed.
#[derive(Debug, Clone)]
pub struct Input {
    /// The network.
    pub network: String,
    /// A name for the plan.
    pub name: String,
    /// Its cells.
    pub cells: Vec<CellRow>,
}

gridweave_core::refusals! {
    /// Why a plan was not taken.
    pub enum DrawPlan {
        /// No such network.
        NoNetwork(id: String) = "network_not_found", NotFound, "没有网络“{0}”", "There is no network “{0}”";
        /// Nothing in it.
        Empty = "plan_empty", Invalid, "方案中没有网格", "The plan has no cells";
        /// The same code twice.
        TwiceCode(code: String) = "cell_code_twice", Invalid, "网格编码 {0} 出现两次", "Cell code {0} appears twice";
    }
}

/// The draft and what is wrong with it.
#[derive(Debug, Clone)]
pub struct Drawn {
    /// The draft.
    pub plan: PlanId,
    /// Broken rings, overlaps and gaps, with the place to mend.
    pub findings: Vec<Finding>,
}

/// Draws the draft.
pub fn run(tx: &mut Tx, ctx: &Ctx, input: &Input) -> Result<Drawn, OpError> {
    let division = common_division(&input.cells);
    may(&ctx.actor, Action::PlanDraw, &Resource::in_division(division), None)?;
    if !tx.exists(&sql::NETWORK, &[input.network.as_str().into()])? {
        return Err(DrawPlan::NoNetwork(input.network.clone()).into());
    }
    if input.cells.is_empty() {
        return Err(DrawPlan::Empty.into());
    }
    let mut seen = std::collections::HashSet::new();
    if let Some(twice) = input.cells.iter().find(|cell| !seen.insert(cell.code)) {
        return Err(DrawPlan::TwiceCode(twice.code.to_string()).into());
    }
    let pairs: Vec<(Shape, i64)> =
        input.cells.iter().map(|cell| (cell.shape.clone(), cell.code.number())).collect();
    let findings = check(&pairs);
    let plan: PlanId = ctx.new_id();
    let text = serde_json::to_string(&findings).unwrap_or_else(|_| "[]".to_owned());
    tx.exec(
        &sql::INSERT_PLAN,
        &[
            (&plan).into(),
            input.network.as_str().into(),
            input.name.as_str().into(),
            ctx.now().into(),
            text.into(),
            division.into(),
        ],
    )?;
    for cell in &input.cells {
        let outline = wkb::write(&Geometry::Shape(cell.shape.clone()));
        tx.exec(
            &sql::INSERT_CELL,
            &[
                (&plan).into(),
                cell.code.into(),
                cell.name.as_str().into(),
                cell.households.into(),
                outline.into(),
            ],
        )?;
    }
    let body = json!({ "network": input.network, "cells": input.cells.len(), "findings": findings.len() });
    record(tx, ctx, &Entry::new("territory.draw_plan", format!("plan:{plan}"), division, body))?;
    Ok(Drawn { plan, findings })
}

/// The smallest division that holds every cell; 0 where there is none.
fn common_division(cells: &[CellRow]) -> i64 {
    let mut codes = cells.iter().map(|cell| cell.code.community());
    let Some(mut common) = codes.next() else { return 0 };
    for code in codes {
        while !common.scope().contains(code.number()) {
            match common.parent() {
                Some(parent) => common = parent,
                None => return 0,
            }
        }
    }
    common.number()
}
