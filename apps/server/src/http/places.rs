//! The address library and its corrections.

use super::Server;
use super::guard::{Body, Page, Query, Who, idempotency_key, if_match, page_size};
use super::problem::{Answer, HttpRefusal};
use super::route::{Access, Route, get, patch, post};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use gridweave_access::{Action, reach};
use gridweave_address::Hints;
use gridweave_addresses::ops::{decide_correction, edit_place, open_correction, take_permit};
use gridweave_addresses::queries::{self, Former};
use gridweave_addresses::{Correction, CorrectionState, Permit, Place, PlaceKind, PlaceStatus, Problem};
use gridweave_core::time::TimeMs;
use gridweave_core::{CorrectionId, DivisionCode, LonLat, PlaceId, Scope, Zone};
use gridweave_signals::model::CandidateDoor;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(super) fn routes() -> Vec<Route> {
    let read = Access::May(Action::PlacesRead);
    let inbox = Access::May(Action::CorrectionsRead);
    vec![
        get("/api/v1/places", read, "Topmost places of a division, or places below one", list)
            .query::<ListQuery>()
            .returns::<Page<Place>>(),
        get("/api/v1/places/suggest", read, "Places that a half-typed address may mean", suggest)
            .query::<SuggestQuery>()
            .returns::<Vec<Place>>(),
        get(
            "/api/v1/places/match",
            read,
            "What place does this text mean, and how sure is that",
            match_route,
        )
        .query::<MatchQuery>()
        .returns::<Matched>(),
        get("/api/v1/places/counts", read, "How many places of each kind", counts)
            .returns::<Vec<(String, i64)>>(),
        get(
            "/api/v1/places/changes",
            Access::May(Action::PlacesExport),
            "What changed in the library after a number, for departments that keep a copy",
            changes,
        )
        .query::<ChangesQuery>()
        .returns::<Changes>(),
        get("/api/v1/places/{id}", read, "One place, now or as it was at a time", place)
            .query::<PlaceQuery>()
            .returns::<Place>(),
        get("/api/v1/places/{id}/aliases", read, "Other addresses of a place", aliases)
            .returns::<Vec<String>>(),
        patch("/api/v1/places/{id}", Access::May(Action::PlaceEdit), "Change a place (If-Match)", edit)
            .body::<EditBody>()
            .returns::<Place>(),
        get("/api/v1/places/{id}/history", read, "What a place was before", history).returns::<Vec<Former>>(),
        get("/api/v1/places/{id}/lineage", read, "From the topmost place down", lineage)
            .returns::<Vec<Place>>(),
        get("/api/v1/corrections", inbox, "Corrections, oldest first", corrections)
            .query::<CorrectionsQuery>()
            .returns::<Page<CorrectionView>>(),
        post("/api/v1/corrections", Access::May(Action::CorrectionOpen), "Propose a correction", open)
            .body::<OpenBody>()
            .returns::<Opened>(),
        post(
            "/api/v1/corrections/{id}/decide",
            Access::May(Action::CorrectionDecide),
            "Accept or refuse a correction",
            decide,
        )
        .body::<DecideBody>(),
    ]
}

/// Which places.
#[derive(Deserialize, JsonSchema)]
struct ListQuery {
    /// Directly below this place.
    parent: Option<String>,
    /// Of this division.
    division: Option<String>,
    /// Of this kind (topmost places only).
    kind: Option<PlaceKind>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// At most so many.
    limit: Option<i64>,
}

pub(super) fn scope_of(division: Option<&str>) -> Result<Scope, HttpRefusal> {
    match division {
        Some(code) => DivisionCode::parse(code)
            .map(DivisionCode::scope)
            .map_err(|error| HttpRefusal::BadQuery(error.to_string())),
        None => Ok(Scope::EVERYWHERE),
    }
}

async fn list(State(server): State<Server>, Query(query): Query<ListQuery>) -> Answer<Json<Page<Place>>> {
    let scope = scope_of(query.division.as_deref())?;
    let limit = page_size(query.limit);
    let found = server
        .read(move |tx| {
            let after = query.cursor.as_deref().unwrap_or("");
            Ok(match &query.parent {
                Some(id) => queries::children(tx, &PlaceId::from(id.as_str()), after, limit + 1)?,
                None => queries::top(tx, scope, query.kind.map_or("", PlaceKind::name), after, limit + 1)?,
            })
        })
        .await?;
    Ok(Json(Page::new(found, limit, |place| place.code.clone())))
}

/// A half-typed address.
#[derive(Deserialize, JsonSchema)]
struct SuggestQuery {
    /// The text.
    q: String,
    /// At most so many; 10 where it is not given, 50 at most.
    limit: Option<usize>,
    /// Where the one who types is: longitude. What is near comes first among equals.
    lon: Option<f64>,
    /// Latitude.
    lat: Option<f64>,
}

async fn suggest(
    State(server): State<Server>,
    Query(query): Query<SuggestQuery>,
) -> Answer<Json<Vec<Place>>> {
    let limit = query.limit.unwrap_or(10).clamp(1, 50);
    let near = query.lon.zip(query.lat).and_then(|(lon, lat)| LonLat::new(lon, lat));
    let library = server.app.library.clone();
    let found = server.read(move |tx| Ok(queries::suggest(tx, &library, &query.q, near, limit)?)).await?;
    Ok(Json(found))
}

/// A text to be matched.
#[derive(Deserialize, JsonSchema)]
struct MatchQuery {
    /// The address as written.
    text: String,
    /// Only in this division.
    division: Option<String>,
    /// A coordinate that came with the text: longitude. Among doors that fit equally the near ones are likelier.
    lon: Option<f64>,
    /// Latitude.
    lat: Option<f64>,
}

/// What a text means.
#[derive(Serialize, JsonSchema)]
struct Matched {
    /// The one place, where it is certain.
    accepted: Option<CandidateDoor>,
    /// What else might be meant.
    candidates: Vec<CandidateDoor>,
}

async fn match_route(State(server): State<Server>, Query(query): Query<MatchQuery>) -> Answer<Json<Matched>> {
    let division = query.division.as_deref().map(|code| scope_of(Some(code))).transpose()?;
    let division = division.map(|scope| (scope.lo, scope.hi));
    let point = query.lon.zip(query.lat).map(|(lon, lat)| [lon, lat]);
    let library = server.app.library.clone();
    let found = server
        .read(move |tx| {
            let hints = Hints { division, point, ..Hints::default() };
            Ok(queries::match_address(tx, &library, &query.text, &hints)?)
        })
        .await?;
    Ok(Json(Matched {
        accepted: found.accepted.map(CandidateDoor::from),
        candidates: found.candidates.into_iter().map(CandidateDoor::from).collect(),
    }))
}

async fn counts(State(server): State<Server>) -> Answer<Json<Vec<(String, i64)>>> {
    Ok(Json(server.read(|tx| Ok(queries::counts(tx)?)).await?))
}

/// Where the copy stands.
#[derive(Deserialize, JsonSchema)]
struct ChangesQuery {
    /// The number that the last answer ended with; 0 for all.
    since: Option<i64>,
    /// Only in this division.
    division: Option<String>,
    /// At most so many; 500 where it is not given, 5,000 at most.
    limit: Option<i64>,
}

/// Changes in their order. A place that changed more than once is told once, as it is now.
#[derive(Serialize, JsonSchema)]
struct Changes {
    /// Places that changed; abandoned ones too, with what took over from them.
    changes: Vec<queries::PlaceChange>,
    /// Ask with this number the next time.
    next: i64,
    /// Is there more at once?
    more: bool,
}

async fn changes(
    State(server): State<Server>,
    Who(ctx): Who,
    Query(query): Query<ChangesQuery>,
) -> Answer<Json<Changes>> {
    let since = query.since.unwrap_or(0);
    if since < 0 {
        return Err(
            HttpRefusal::BadQuery("since: a number that an answer ended with, or 0".to_owned()).into()
        );
    }
    let limit = query.limit.unwrap_or(500).clamp(1, 5000);
    let wanted = scope_of(query.division.as_deref())?;
    let visible =
        reach(&ctx.actor, Action::PlacesExport).map_err(|d| super::problem::TxProblem::from(d).0)?;
    let scope = visible.scope.intersect(wanted);
    let answer = server
        .read(move |tx| {
            let last = queries::last_change(tx)?;
            let mut changes = queries::changes(tx, since, scope, limit + 1)?;
            let more = changes.len() as i64 > limit;
            changes.truncate(limit as usize);
            // Changes elsewhere are passed over, so that they are not looked through again.
            let next = match changes.last() {
                Some(change) if more => change.seq,
                _ => last.max(since),
            };
            Ok(Changes { changes, next, more })
        })
        .await?;
    Ok(Json(answer))
}

async fn aliases(State(server): State<Server>, Path(id): Path<String>) -> Answer<Json<Vec<String>>> {
    Ok(Json(server.read(move |tx| Ok(queries::aliases(tx, &PlaceId(id.clone()))?)).await?))
}

/// A time, or the end of a day.
fn moment(zone: &Zone, text: &str) -> Result<TimeMs, HttpRefusal> {
    let time = zone.parse(text).ok_or_else(|| {
        HttpRefusal::BadQuery("at: write 2026-11-23 or 2026-11-23T08:00:00+08:00".to_owned())
    })?;
    let whole_day = text.trim().len() <= "2026-11-23".len();
    Ok(if whole_day { TimeMs(zone.start_of_day(zone.day_of(time) + 1).0 - 1) } else { time })
}

/// When.
#[derive(Deserialize, JsonSchema)]
struct PlaceQuery {
    /// As it was then: a time as RFC 3339 or a day (its end). Now where it is not given.
    at: Option<String>,
}

async fn place(
    State(server): State<Server>,
    Path(id): Path<String>,
    Query(query): Query<PlaceQuery>,
) -> Answer<Response> {
    let zone = server.app.system.zone.clone();
    let at = query.at.as_deref().map(|text| moment(&zone, text)).transpose()?;
    let found = server
        .read(move |tx| {
            let id = PlaceId(id.clone());
            Ok(match at {
                Some(at) => queries::place_at(tx, &id, at)?,
                None => queries::place(tx, &id)?,
            })
        })
        .await?;
    let found = found.ok_or(HttpRefusal::NotFound)?;
    Ok(([(header::ETAG, format!("\"{}\"", found.version))], Json(found)).into_response())
}

/// What to change.
#[derive(Deserialize, JsonSchema)]
struct EditBody {
    /// Its own element.
    name: Option<String>,
    /// Where it is.
    point: Option<LonLat>,
    /// Its status.
    status: Option<PlaceStatus>,
    /// Why, for the history.
    reason: String,
}

async fn edit(
    State(server): State<Server>,
    Who(ctx): Who,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(body): Body<EditBody>,
) -> Answer<Json<Place>> {
    let version = if_match(&headers)
        .ok_or_else(|| HttpRefusal::BadQuery("send If-Match with the version".to_owned()))?;
    let cells = server.app.cells.clone();
    let input =
        edit_place::Input { name: body.name, point: body.point, status: body.status, reason: body.reason };
    let changed = server
        .run(move |tx| edit_place::run(tx, &ctx, &cells, &PlaceId(id.clone()), version, &input))
        .await?;
    Ok(Json(changed))
}

async fn history(State(server): State<Server>, Path(id): Path<String>) -> Answer<Json<Vec<Former>>> {
    Ok(Json(server.read(move |tx| Ok(queries::history(tx, &PlaceId(id.clone()))?)).await?))
}

async fn lineage(State(server): State<Server>, Path(id): Path<String>) -> Answer<Json<Vec<Place>>> {
    Ok(Json(server.read(move |tx| Ok(queries::lineage(tx, &PlaceId(id.clone()))?)).await?))
}

/// Which corrections.
#[derive(Deserialize, JsonSchema)]
struct CorrectionsQuery {
    /// State; open where it is not given.
    state: Option<CorrectionState>,
    /// Open ones of this cause: what is wrong.
    problem: Option<Problem>,
    /// Open ones of this cause: where; empty where nobody knows.
    place: Option<String>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// At most so many.
    limit: Option<i64>,
}

/// A correction with the place as the library holds it now, side by side.
#[derive(Serialize, JsonSchema)]
struct CorrectionView {
    /// The correction.
    correction: Correction,
    /// The place that is wrong, or under which one is missing.
    place: Option<Place>,
    /// Permits of another department that ask for it.
    permits: Vec<Permit>,
}

async fn corrections(
    State(server): State<Server>,
    Who(ctx): Who,
    Query(query): Query<CorrectionsQuery>,
) -> Answer<Json<Page<CorrectionView>>> {
    let limit = page_size(query.limit);
    let found = server
        .read(move |tx| {
            let visible = reach(&ctx.actor, Action::CorrectionsRead)?;
            let state = query.state.unwrap_or(CorrectionState::Open);
            let after = query.cursor.as_deref().unwrap_or("");
            let mut views = Vec::new();
            let found = match query.problem {
                Some(problem) => {
                    let place = query.place.as_deref().unwrap_or("");
                    queries::of_cause(tx, problem, place, visible.scope, limit)?
                }
                None => queries::corrections(tx, state, visible.scope, after, limit + 1)?,
            };
            for correction in found {
                let place = match correction.place.as_ref().or(correction.parent.as_ref()) {
                    Some(id) => queries::place(tx, id)?,
                    None => None,
                };
                let permits = take_permit::of_correction(tx, &correction.id)?;
                views.push(CorrectionView { correction, place, permits });
            }
            Ok(views)
        })
        .await?;
    Ok(Json(Page::new(found, limit, |view| view.correction.id.0.clone())))
}

/// A proposal.
#[derive(Deserialize, JsonSchema)]
struct OpenBody {
    /// The place that is wrong.
    place: Option<PlaceId>,
    /// Under which one is missing.
    parent: Option<PlaceId>,
    /// What is wrong.
    problem: Problem,
    /// The right name.
    name: Option<String>,
    /// The kind of a missing one.
    kind: Option<PlaceKind>,
    /// The right point.
    point: Option<LonLat>,
    /// In the proposer's words.
    #[serde(default)]
    note: String,
}

/// An opened ticket.
#[derive(Serialize, JsonSchema)]
struct Opened {
    /// The ticket.
    id: CorrectionId,
}

async fn open(
    State(server): State<Server>,
    Who(ctx): Who,
    headers: HeaderMap,
    Body(body): Body<OpenBody>,
) -> Answer<Json<Opened>> {
    let input = open_correction::Input {
        place: body.place,
        parent: body.parent,
        problem: body.problem,
        name: body.name,
        kind: body.kind,
        point: body.point,
        note: body.note,
        source: idempotency_key(&headers, &ctx),
        opener: None,
    };
    let id = server.run(move |tx| open_correction::run(tx, &ctx, &input)).await?;
    Ok(Json(Opened { id }))
}

/// A decision.
#[derive(Deserialize, JsonSchema)]
struct DecideBody {
    /// Accept or refuse.
    accept: bool,
    /// Why not, when refused.
    #[serde(default)]
    reason: String,
    /// The version that was looked at.
    version: i64,
    /// The right place, where the correction names none or another.
    place: Option<PlaceId>,
}

async fn decide(
    State(server): State<Server>,
    Who(ctx): Who,
    Path(id): Path<String>,
    Body(body): Body<DecideBody>,
) -> Answer<()> {
    let cells = server.app.cells.clone();
    let decision = decide_correction::Decision {
        accept: body.accept,
        reason: body.reason,
        version: body.version,
        place: body.place,
    };
    server.run(move |tx| decide_correction::run(tx, &ctx, &cells, &CorrectionId(id.clone()), &decision)).await
}
