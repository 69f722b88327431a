//! A steward accepts or refuses a correction.

use crate::model::*;
use crate::ops::edit_library::{self, Change};
use crate::{queries, sql};
use gridweave_access::{Action, Resource, may};
use gridweave_core::{CorrectionId, Ctx, Entry, PlaceId};
use gridweave_db::{OpError, Tx};
use gridweave_ledger::record;
use gridweave_territory::CellIndex;
use serde_json::json;

gridweave_core::refusals! {
    /// Why the decision was not taken.
    pub enum DecideCorrection {
        /// No such ticket.
        NotFound = "correction_not_found", NotFound, "没有这条纠错", "There is no such correction";
        /// It was decided before.
        Decided = "correction_decided", Conflict, "该纠错已被处理", "The correction has been decided already";
        /// Somebody changed it meanwhile.
        Stale = "correction_stale", Stale, "该纠错已变化，请重新载入", "The correction has changed; load it again";
        /// A refusal says why.
        NoReason = "reason_missing", Invalid, "不采纳须说明理由", "A refusal needs a reason";
        /// The place is gone.
        NoPlace = "place_not_found", NotFound, "没有这个地址", "There is no such place";
        /// Nobody said under which place the missing one belongs.
        NoParent = "parent_missing", Invalid, "请选择它的上级地址", "Choose the place that it belongs to";
    }
}

/// The decision.
#[derive(Debug, Clone)]
pub struct Decision {
    /// Accept or refuse.
    pub accept: bool,
    /// Why not, when refused.
    pub reason: String,
    /// The version that was looked at.
    pub version: i64,
    /// The right place, where the correction names none or another; of a missing one the place above.
    pub place: Option<PlaceId>,
}

/// Decides the ticket; an accepted one changes the library at once.
pub fn run(
    tx: &mut Tx,
    ctx: &Ctx,
    cells: &CellIndex,
    id: &CorrectionId,
    decision: &Decision,
) -> Result<(), OpError> {
    let mut ticket = tx
        .opt(&sql::CORRECTION_LOCKED, &[id.into()], queries::correction_row)?
        .ok_or(DecideCorrection::NotFound)?;
    may(&ctx.actor, Action::CorrectionDecide, &Resource::in_division(ticket.division), None)?;
    if ticket.state != CorrectionState::Open {
        return Err(DecideCorrection::Decided.into());
    }
    if ticket.version != decision.version {
        return Err(DecideCorrection::Stale.into());
    }
    if !decision.accept && decision.reason.trim().is_empty() {
        return Err(DecideCorrection::NoReason.into());
    }
    let state = if decision.accept { CorrectionState::Accepted } else { CorrectionState::Refused };
    tx.exec(
        &sql::DECIDE,
        &[
            id.into(),
            state.name().into(),
            (&ctx.actor.account).into(),
            ctx.now().into(),
            decision.reason.as_str().into(),
        ],
    )?;
    if let (true, Some(place)) = (decision.accept, &decision.place) {
        let (chosen, which) = match ticket.problem {
            Problem::Missing => (&mut ticket.parent, &sql::SET_PARENT),
            _ => (&mut ticket.place, &sql::SET_CORRECTED),
        };
        *chosen = Some(place.clone());
        tx.exec(which, &[id.into(), place.into()])?;
    }
    if decision.accept {
        apply(tx, ctx, cells, &ticket)?;
    } else {
        tx.exec(&sql::REFUSE_PERMITS, &[id.into()])?;
    }
    let body = json!({ "accepted": decision.accept, "reason": decision.reason });
    record(
        tx,
        ctx,
        &Entry::new("addresses.decide_correction", format!("correction:{id}"), ticket.division, body),
    )?;
    Ok(())
}

fn apply(tx: &mut Tx, ctx: &Ctx, cells: &CellIndex, ticket: &Correction) -> Result<(), OpError> {
    let place = || ticket.place.clone().ok_or(DecideCorrection::NoPlace);
    let name = ticket.name.clone().unwrap_or_default();
    let change = match ticket.problem {
        Problem::Missing => missing(tx, ticket, name)?,
        Problem::Absent => Change::Retire { place: place()?, redirect: None },
        Problem::Renamed => Change::Rename { place: place()?, name },
        Problem::AlsoCalled => Change::Alias { place: place()?, address: name },
        Problem::Moved => {
            Change::Move { place: place()?, point: ticket.point.ok_or(DecideCorrection::NoPlace)? }
        }
    };
    edit_library::apply(tx, ctx, cells, &change, &format!("correction {}", ticket.id)).map(drop)
}

/// The level below, for a missing place whose kind was not said.
fn below(kind: PlaceKind) -> PlaceKind {
    match kind {
        PlaceKind::Road | PlaceKind::Lane => PlaceKind::DoorPlate,
        PlaceKind::Compound | PlaceKind::DoorPlate => PlaceKind::Building,
        PlaceKind::Building => PlaceKind::Unit,
        _ => PlaceKind::Room,
    }
}

fn missing(tx: &mut Tx, ticket: &Correction, name: String) -> Result<Change, OpError> {
    let Some(parent_id) = &ticket.parent else {
        return match (ticket.kind, ticket.point) {
            (Some(kind), Some(point)) => {
                Ok(Change::Add { parent: None, kind, name, point: Some(point), outline: None })
            }
            _ => Err(DecideCorrection::NoParent.into()),
        };
    };
    let named = queries::place(tx, parent_id)?.ok_or(DecideCorrection::NoPlace)?;
    // "A door is missing here", said at a door, means a door beside it.
    let parent = match (named.kind, &named.parent) {
        (PlaceKind::Room, Some(above)) => queries::place(tx, above)?.unwrap_or(named),
        _ => named,
    };
    let kind = ticket.kind.unwrap_or_else(|| below(parent.kind));
    Ok(Change::Add { parent: Some(parent.id), kind, name, point: ticket.point, outline: None })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ops::{
        import_places::{self, PlaceRow},
        open_correction,
    };
    use crate::tests::STEPS;
    use gridweave_address::Hints;
    use gridweave_core::{Actor, DivisionCode, Grant, Role, Zone};
    use gridweave_db::{Db, testkit::on_both};

    fn steward(division: &str) -> Ctx {
        let grants = vec![Grant { role: Role::Steward, division: DivisionCode::parse(division).ok() }];
        let actor = Actor { account: "s".into(), name: "钱".into(), department: None, grants };
        Ctx::system(Zone::china()).acting_as(actor)
    }

    fn row(code: &str, kind: PlaceKind, parent: Option<&str>, name: &str, address: &str) -> PlaceRow {
        PlaceRow {
            line: 1,
            code: code.into(),
            kind,
            parent: parent.map(str::to_owned),
            name: name.into(),
            address: address.into(),
            aliases: vec![],
            point: gridweave_core::LonLat::new(114.3, 30.5),
            outline: None,
            division: Some(420_106_001_001),
        }
    }

    fn library(db: &Db) {
        let ctx = Ctx::system(Zone::china());
        db.write_blocking(move |tx| {
            let rows = [
                row("c", PlaceKind::Compound, None, "东湖花园", "武昌区东湖花园"),
                row("b", PlaceKind::Building, Some("c"), "3栋", ""),
                row("u", PlaceKind::Unit, Some("b"), "1单元", ""),
                row("r", PlaceKind::Room, Some("u"), "502室", ""),
                row("x", PlaceKind::Room, Some("nowhere"), "1室", ""),
            ];
            import_places::run(tx, &ctx, &CellIndex::default(), &rows)
        })
        .unwrap();
    }

    fn found(db: &Db, text: &'static str) -> Option<String> {
        let library = crate::AddressLibrary::default();
        let matched =
            db.read_blocking(|tx| queries::match_address(tx, &library, text, &Hints::default())).unwrap();
        matched.accepted.map(|ranked| ranked.address)
    }

    fn propose(db: &Db, code: &'static str, problem: Problem, name: Option<&'static str>) -> CorrectionId {
        let ctx = steward("4201");
        db.write_blocking(move |tx| {
            let id: PlaceId = queries::by_code(tx, code)?.unwrap().id;
            let missing = problem == Problem::Missing;
            let input = open_correction::Input {
                place: Some(id.clone()).filter(|_| !missing),
                parent: Some(id).filter(|_| missing),
                problem,
                name: name.map(str::to_owned),
                kind: None,
                point: None,
                note: String::new(),
                source: None,
                opener: None,
            };
            open_correction::run(tx, &ctx, &input)
        })
        .unwrap()
    }

    fn decide(db: &Db, ctx: Ctx, id: &CorrectionId, accept: bool) -> Result<(), OpError> {
        let id = id.clone();
        db.write_blocking(move |tx| {
            let decision = Decision { accept, reason: String::new(), version: 1, place: None };
            run(tx, &ctx, &CellIndex::default(), &id, &decision)
        })
    }

    #[test]
    fn a_renamed_compound_is_found_under_both_names_and_its_doors_follow() {
        on_both(STEPS, |db| {
            library(db);
            let id = propose(db, "c", Problem::Renamed, Some("滨湖花园"));
            decide(db, steward("420106"), &id, true).unwrap();
            let door = Some("武昌区滨湖花园3栋1单元502室".to_owned());
            assert_eq!(found(db, "滨湖花园3栋1单元502"), door);
            assert_eq!(found(db, "东湖花园3栋1单元502"), door);
            let before = db.read_blocking(|tx| {
                let id = queries::by_code(tx, "r")?.unwrap().id;
                queries::history(tx, &id)
            });
            assert_eq!(before.unwrap()[0].place.address, "武昌区东湖花园3栋1单元502室");
        });
    }

    #[test]
    fn an_absent_door_is_found_no_more_and_a_missing_one_is() {
        on_both(STEPS, |db| {
            library(db);
            assert!(found(db, "东湖花园3栋1单元502").is_some());
            let gone = propose(db, "r", Problem::Absent, None);
            decide(db, steward("420106"), &gone, true).unwrap();
            assert_eq!(found(db, "东湖花园3栋1单元502"), None);
            let new = propose(db, "u", Problem::Missing, Some("503室"));
            decide(db, steward("420106"), &new, true).unwrap();
            assert!(found(db, "东湖花园3栋1单元503").is_some());
        });
    }

    #[test]
    fn twice_unreasoned_or_from_elsewhere_is_refused() {
        on_both(STEPS, |db| {
            library(db);
            let id = propose(db, "r", Problem::Absent, None);
            let code = |result: Result<(), OpError>| result.unwrap_err().refusal().unwrap().code;
            assert_eq!(code(decide(db, steward("420107"), &id, true)), "not_found");
            assert_eq!(code(decide(db, steward("420106"), &id, false)), "reason_missing");
            decide(db, steward("420106"), &id, true).unwrap();
            assert_eq!(code(decide(db, steward("420106"), &id, true)), "correction_decided");
        });
    }
}
