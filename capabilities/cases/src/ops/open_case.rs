//! Intake: takes an event once, finds its place, starts its clock.

use crate::catalogue::Catalogue;
use crate::model::*;
use crate::{sql, store};
use gridweave_access as access;
use gridweave_address::Hints;
use gridweave_addresses::AddressLibrary;
use gridweave_addresses::ops::learn_match;
use gridweave_addresses::queries::{match_address, place};
use gridweave_core::{
    CaseId, CaseNo, Ctx, DivisionCode, Entry, Event, LonLat, PlaceId, Zone, time::MINUTE_MS,
};
use gridweave_db::{OpError, Tx};
use gridweave_jobs::emit;
use gridweave_ledger::record;
use gridweave_territory::{CellIndex, queries::children};
use serde_json::{Value, json};

const TITLE_MAX: usize = 200;
const DESCRIPTION_MAX: usize = 20_000;

/// What is reported.
#[derive(Debug, Clone, Default)]
pub struct Input {
    /// What it is, in a line.
    pub title: String,
    /// In the reporter's words.
    pub description: String,
    /// Category code.
    pub category: String,
    /// Where it comes from.
    pub source: String,
    /// The place, if it is known.
    pub place: Option<PlaceId>,
    /// The address as told.
    pub address: String,
    /// The point as told.
    pub point: Option<LonLat>,
    /// The same key opens one case only.
    pub once_key: Option<String>,
    /// Minutes to the limit, where a rule says otherwise than the category.
    pub limit_min: Option<i64>,
    /// Urgency, where a rule says otherwise than the category.
    pub urgency: Option<String>,
    /// Why it exists.
    pub reason: Value,
}

gridweave_core::refusals! {
    /// Why no case was opened.
    pub enum OpenCase {
        /// It has no title.
        NoTitle = "title_missing", Invalid, "请填写事由", "Say in a line what it is";
        /// Too long.
        TooLong(max: usize) = "text_too_long", Invalid, "文字过长，最多 {0} 字", "The text is too long: at most {0} characters";
        /// No such category.
        NoCategory(code: String) = "category_not_found", Invalid, "没有事项类别“{0}”", "There is no category “{0}”";
        /// No such place.
        NoPlace = "place_not_found", NotFound, "没有这个地址", "There is no such place";
    }
}

/// Where the case is, as far as is certain.
struct Where {
    place: Option<PlaceId>,
    address: String,
    point: Option<LonLat>,
    division: i64,
    located: bool,
}

/// Opens the case; the same key again gives the first one.
pub fn run(
    tx: &mut Tx,
    ctx: &Ctx,
    cells: &CellIndex,
    library: &AddressLibrary,
    catalogue: &Catalogue,
    input: &Input,
) -> Result<Case, OpError> {
    if let Some(key) = &input.once_key
        && let Some(known) = tx.opt(&sql::BY_ONCE, &[key.into()], store::case_row)?
    {
        return Ok(known);
    }
    if input.title.trim().is_empty() {
        return Err(OpenCase::NoTitle.into());
    }
    if input.title.chars().count() > TITLE_MAX {
        return Err(OpenCase::TooLong(TITLE_MAX).into());
    }
    if input.description.chars().count() > DESCRIPTION_MAX {
        return Err(OpenCase::TooLong(DESCRIPTION_MAX).into());
    }
    let category =
        catalogue.category(&input.category).ok_or_else(|| OpenCase::NoCategory(input.category.clone()))?;
    let at = locate(tx, ctx, cells, library, input)?;
    access::may(&ctx.actor, access::Action::CaseOpen, &access::Resource::in_division(at.division), None)
        // Somebody who may open cases somewhere may report what cannot be located.
        .or_else(|denied| match at.division {
            0 => access::reach(&ctx.actor, access::Action::CaseOpen).map(drop),
            _ => Err(denied),
        })?;
    let now = ctx.now();
    let id: CaseId = ctx.new_id();
    let no = number(tx, ctx, at.division)?;
    let limit = input.limit_min.unwrap_or(category.limit_min) * MINUTE_MS;
    let urgency = input.urgency.clone().unwrap_or_else(|| category.urgency.clone());
    tx.exec(
        &sql::INSERT,
        &[
            (&id).into(),
            (&no).into(),
            category.code.as_str().into(),
            input.title.trim().into(),
            input.description.as_str().into(),
            input.source.as_str().into(),
            urgency.into(),
            at.place.as_ref().into(),
            at.address.into(),
            at.point.map(|p| p.lon).into(),
            at.point.map(|p| p.lat).into(),
            at.division.into(),
            at.located.into(),
            now.into(),
            now.plus_ms(limit).into(),
            (&ctx.actor.account).into(),
            input.reason.to_string().into(),
            input.once_key.clone().into(),
        ],
    )?;
    let case = tx.one(&sql::BY_NO, &[(&no).into()], store::case_row)?;
    store::add_step(
        tx,
        ctx,
        &case,
        "establish",
        "",
        &json!({ "source": case.source, "located": case.located }),
    )?;
    let body = json!({ "no": no, "category": case.category, "located": case.located });
    record(tx, ctx, &Entry::new("cases.open_case", format!("case:{id}"), case.division, body))?;
    emit(tx, ctx, &Event::CaseEstablished { case: id, no, division: case.division })?;
    Ok(case)
}

fn locate(
    tx: &mut Tx,
    ctx: &Ctx,
    cells: &CellIndex,
    library: &AddressLibrary,
    input: &Input,
) -> Result<Where, OpError> {
    let known = match &input.place {
        Some(id) => Some(place(tx, id)?.ok_or(OpenCase::NoPlace)?),
        None if input.address.trim().is_empty() => None,
        None => {
            let hints = Hints { point: input.point.map(|p| [p.lon, p.lat]), ..Hints::default() };
            let matched = match_address(tx, library, &input.address, &hints)?;
            match matched.accepted {
                Some(ranked) => place(tx, &PlaceId(ranked.id))?,
                None => {
                    learn_match::failed(tx, ctx, &input.address, &matched)?;
                    None
                }
            }
        }
    };
    if let Some(found) = known {
        return Ok(Where {
            address: found.address,
            point: found.point.or(input.point),
            division: found.division,
            place: Some(found.id),
            located: true,
        });
    }
    let division = match input.point {
        Some(point) => cells.current(tx)?.division_at(point),
        None => 0,
    };
    Ok(Where {
        place: None,
        address: input.address.trim().to_owned(),
        point: input.point,
        division,
        located: input.point.is_some() && division != 0,
    })
}

/// The next number of the county and day; the city's own county where it is not known.
fn number(tx: &mut Tx, ctx: &Ctx, division: i64) -> Result<CaseNo, OpError> {
    let county = match DivisionCode::from_number(division) {
        Some(code) => code.county(),
        None => children(tx, 0, gridweave_core::Scope::EVERYWHERE)?
            .first()
            .and_then(|top| DivisionCode::from_number(top.code))
            .map_or(0, DivisionCode::county),
    };
    let day = ctx.today();
    let order = tx.one(&sql::NEXT_NO, &[county.into(), day.into()], |row| row.int(0))?;
    Ok(CaseNo::new(county, &Zone::compact_date(day), order))
}
