//! Puts a plan into force; the one before it retires and can be published again to roll back.

use crate::model::PlanState;
use crate::sql;
use gridweave_access::{Action, Resource, may};
use gridweave_core::{Ctx, Entry, Event, PlanId};
use gridweave_db::{OpError, Tx};
use gridweave_jobs::emit;
use gridweave_ledger::record;
use serde_json::{Value, json};

gridweave_core::refusals! {
    /// Why a plan was not published.
    pub enum PublishPlan {
        /// No such plan.
        NotFound = "plan_not_found", NotFound, "没有这个网格方案", "There is no such plan";
        /// It is in force already.
        Already = "plan_already_published", Conflict, "该方案已生效", "The plan is in force already";
        /// Somebody changed it meanwhile.
        Stale = "plan_stale", Stale, "方案已被他人修改，请重新载入", "The plan was changed meanwhile; load it again";
        /// Its rings cannot be used.
        Broken(count: usize) = "plan_broken", Invalid, "方案有 {0} 处图形错误，须先修正", "The plan has {0} broken rings; mend them first";
    }
}

const MENDABLE: [&str; 2] = ["gap", "overlap"];

/// Publishes the plan, if it is still of the version that was looked at.
pub fn run(tx: &mut Tx, ctx: &Ctx, plan: &PlanId, version: Option<i64>) -> Result<(), OpError> {
    let row = tx.opt(&sql::PLAN, &[plan.into()], |row| {
        let state = PlanState::from_name(&row.text(3)?);
        Ok((row.text(1)?, state, row.json::<Value>(6)?, row.int(7)?, row.int(8)?))
    })?;
    let (network, state, findings, found_version, division) = row.ok_or(PublishPlan::NotFound)?;
    may(&ctx.actor, Action::PlanPublish, &Resource::in_division(division), None)?;
    if version.is_some_and(|version| version != found_version) {
        return Err(PublishPlan::Stale.into());
    }
    if state == PlanState::Published {
        return Err(PublishPlan::Already.into());
    }
    let broken = findings.as_array().map_or(0, |list| {
        list.iter().filter(|f| !f["what"].as_str().is_some_and(|what| MENDABLE.contains(&what))).count()
    });
    if broken > 0 {
        return Err(PublishPlan::Broken(broken).into());
    }
    tx.exec(&sql::RETIRE, &[network.as_str().into()])?;
    tx.exec(&sql::PUBLISH, &[plan.into(), ctx.now().into()])?;
    tx.exec(&sql::NEXT_EPOCH, &[])?;
    let body = json!({ "network": network });
    record(tx, ctx, &Entry::new("territory.publish_plan", format!("plan:{plan}"), division, body))?;
    emit(tx, ctx, &Event::PlanPublished { plan: plan.clone(), network, division })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::CellIndex;
    use crate::ops::draw_plan::{self, CellRow};
    use gridweave_atlas::Polygon;
    use gridweave_core::{Actor, CellCode, DivisionCode, Grant, LonLat, Role, Zone};
    use gridweave_db::{Db, migrate::Migration, testkit::on_both};

    const STEPS: &[&[Migration]] = &[
        gridweave_ledger::MIGRATIONS,
        gridweave_jobs::MIGRATIONS,
        gridweave_access::MIGRATIONS,
        crate::MIGRATIONS,
    ];

    fn cell(code: &str, x: f64) -> CellRow {
        let ring = vec![[x, 0.0], [x + 1.0, 0.0], [x + 1.0, 1.0], [x, 1.0], [x, 0.0]];
        CellRow {
            code: CellCode::parse(code).unwrap(),
            name: code.into(),
            households: 300,
            shape: Polygon::from_ring(ring).into(),
        }
    }

    fn draw(db: &Db, shift: f64) -> PlanId {
        let ctx = Ctx::system(Zone::china());
        db.write_blocking(move |tx| {
            let cells = vec![cell("420106001001001", shift), cell("420106001001002", shift + 1.0)];
            draw_plan::run(tx, &ctx, &draw_plan::Input { network: "base".into(), name: "a".into(), cells })
        })
        .unwrap()
        .plan
    }

    fn publish(db: &Db, plan: &PlanId, actor: Actor) -> Result<(), OpError> {
        let (plan, ctx) = (plan.clone(), Ctx::system(Zone::china()).acting_as(actor));
        db.write_blocking(move |tx| run(tx, &ctx, &plan, None))
    }

    #[test]
    fn a_published_plan_answers_and_can_be_rolled_back() {
        on_both(STEPS, |db| {
            let index = CellIndex::default();
            let at = |lon| {
                let index = index.clone();
                let point = LonLat::new(lon, 0.5).unwrap();
                db.read_blocking(move |tx| Ok::<_, OpError>(index.current(tx)?.cell_at("base", point)))
                    .unwrap()
            };
            let (first, second) = (draw(db, 0.0), draw(db, 1.0));
            assert_eq!(at(0.5), None);
            publish(db, &first, Actor::system()).unwrap();
            assert_eq!(at(0.5), Some(420_106_001_001_001));
            publish(db, &second, Actor::system()).unwrap();
            assert_eq!(at(0.5), None);
            publish(db, &first, Actor::system()).unwrap();
            assert_eq!(at(0.5), Some(420_106_001_001_001));
            let again = publish(db, &first, Actor::system()).unwrap_err();
            assert_eq!(again.refusal().unwrap().code, "plan_already_published");
        });
    }

    #[test]
    fn a_planner_of_another_district_may_not() {
        on_both(STEPS, |db| {
            let plan = draw(db, 0.0);
            let elsewhere = Actor {
                account: "p".into(),
                name: "p".into(),
                department: None,
                grants: vec![Grant { role: Role::Planner, division: DivisionCode::parse("420107").ok() }],
            };
            assert_eq!(publish(db, &plan, elsewhere).unwrap_err().refusal().unwrap().code, "not_found");
        });
    }
}
