//! Keeping the address library right: changes with their effects and undo, the rules and what breaks them, what the
//! stewards' inbox is about.

use super::Server;
use super::guard::{Body, Page, Query, Who, page_size};
use super::places::scope_of;
use super::problem::{Answer, HttpRefusal, TxProblem, of};
use super::route::{Access, Route, get, post};
use crate::composed::{self, Effects};
use axum::Json;
use axum::extract::{Path, State};
use gridweave_access::{Action, reach};
use gridweave_addresses::ops::edit_library::{self, Change, Edited};
use gridweave_addresses::ops::undo_edit;
use gridweave_addresses::quality::{self, FindingView, Rule};
use gridweave_addresses::queries::{self, Cause};
use gridweave_addresses::{Place, PlaceEdit, PlaceKind};
use gridweave_atlas::{Geometry, geojson};
use gridweave_core::time::TimeMs;
use gridweave_core::{Ctx, EditId, LonLat, PlaceId, Scope, Zone};
use gridweave_db::{DbError, OpError, Tx};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

pub(super) fn routes() -> Vec<Route> {
    let (read, edit) = (Access::May(Action::PlacesRead), Access::May(Action::PlaceEdit));
    let inbox = Access::May(Action::CorrectionsRead);
    vec![
        get("/api/v1/places/{id}/outline", read, "The outline of a place as GeoJSON", outline)
            .returns::<Value>(),
        post("/api/v1/places/edits", edit, "Change the library, or see what a change would touch", change)
            .body::<ChangeBody>()
            .returns::<EditDone>(),
        get("/api/v1/places/edits", edit, "Changes that stewards made, newest first", edits)
            .query::<EditsQuery>()
            .returns::<Page<PlaceEdit>>(),
        post("/api/v1/places/edits/{id}/undo", edit, "Take a change back", undo)
            .body::<UndoBody>()
            .returns::<EditDone>(),
        get("/api/v1/places/quality", edit, "How many places break each rule, with the trend", rules)
            .query::<RulesQuery>()
            .returns::<Quality>(),
        post("/api/v1/places/quality/check", edit, "Look through the library by its rules now", check_now)
            .returns::<Quality>(),
        get("/api/v1/places/quality/{rule}", edit, "Places that break a rule", findings)
            .query::<FindingsQuery>()
            .returns::<Page<FindingView>>(),
        get("/api/v1/corrections/causes", inbox, "Open corrections by cause, most harmful first", causes)
            .returns::<Causes>(),
    ]
}

async fn outline(State(server): State<Server>, Path(id): Path<String>) -> Answer<Json<Value>> {
    let found = server.read(move |tx| Ok(queries::outline(tx, &PlaceId(id.clone()))?)).await?;
    Ok(Json(found.as_ref().map_or(Value::Null, geojson::geometry_json)))
}

/// What is to be done, by its `kind`.
#[derive(Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum ChangeKind {
    /// A new place below another, or a topmost one where it stands.
    Add {
        /// The place above.
        parent: Option<PlaceId>,
        /// Its kind.
        of: PlaceKind,
        /// Its own element.
        name: String,
        /// Where.
        point: Option<LonLat>,
        /// Its outline, a GeoJSON polygon.
        outline: Option<Value>,
    },
    /// It is called otherwise.
    Rename {
        /// The place.
        place: PlaceId,
        /// Its own element.
        name: String,
    },
    /// It stands elsewhere.
    Move {
        /// The place.
        place: PlaceId,
        /// Where.
        point: LonLat,
    },
    /// Its outline is another, or none.
    Draw {
        /// The place.
        place: PlaceId,
        /// A GeoJSON polygon; null takes the outline away.
        outline: Option<Value>,
    },
    /// Places hang below another one.
    Hang {
        /// The places.
        places: Vec<PlaceId>,
        /// The place above.
        parent: PlaceId,
    },
    /// Some of what lies directly below becomes a place of its own beside it.
    Split {
        /// The place.
        place: PlaceId,
        /// The new one's own element.
        name: String,
        /// What goes along.
        children: Vec<PlaceId>,
        /// The new one's outline, a GeoJSON polygon.
        outline: Option<Value>,
    },
    /// It is the same as another.
    Merge {
        /// The place that is given up.
        place: PlaceId,
        /// The place that stays.
        into: PlaceId,
    },
    /// It is there no more, nor what is below it.
    Retire {
        /// The place.
        place: PlaceId,
        /// What takes over.
        redirect: Option<PlaceId>,
    },
    /// A text means it too.
    Alias {
        /// The place.
        place: PlaceId,
        /// The text.
        address: String,
    },
}

fn outline_of(value: Option<Value>) -> Result<Option<Geometry>, HttpRefusal> {
    let read = |value: Value| {
        geojson::geometry(&value).map_err(|why| HttpRefusal::BadQuery(format!("outline: {why}")))
    };
    value.filter(|value| !value.is_null()).map(read).transpose()
}

impl ChangeKind {
    fn read(self) -> Result<Change, HttpRefusal> {
        Ok(match self {
            Self::Add { parent, of: kind, name, point, outline } => {
                Change::Add { parent, kind, name, point, outline: outline_of(outline)? }
            }
            Self::Rename { place, name } => Change::Rename { place, name },
            Self::Move { place, point } => Change::Move { place, point },
            Self::Draw { place, outline } => Change::Draw { place, outline: outline_of(outline)? },
            Self::Hang { places, parent } => Change::Hang { places, parent },
            Self::Split { place, name, children, outline } => {
                Change::Split { place, name, children, outline: outline_of(outline)? }
            }
            Self::Merge { place, into } => Change::Merge { place, into },
            Self::Retire { place, redirect } => Change::Retire { place, redirect },
            Self::Alias { place, address } => Change::Alias { place, address },
        })
    }
}

/// A change.
#[derive(Deserialize, JsonSchema)]
struct ChangeBody {
    /// What is to be done.
    change: ChangeKind,
    /// The version of the place that was looked at; a later one refuses the change.
    version: Option<i64>,
    /// Why, for the history.
    #[serde(default)]
    reason: String,
    /// Only tell what it would touch.
    #[serde(default)]
    preview: bool,
}

/// What was done, or would be.
#[derive(Serialize, JsonSchema)]
struct EditDone {
    /// The change, to be undone by; none of a preview.
    edit: Option<EditId>,
    /// The place that it is about: the new one, the one that stays.
    place: Place,
    /// What it touches.
    effects: Effects,
    /// Rules that its name breaks.
    warnings: Vec<Rule>,
}

/// How a preview ends: with its answer, so that nothing is kept.
enum Ended {
    Preview(Box<EditDone>),
    Failed(OpError),
}

impl From<DbError> for Ended {
    fn from(error: DbError) -> Self {
        Ended::Failed(error.into())
    }
}

/// Does something to the library, or does it and takes it back at once to tell what it would touch.
async fn done(
    server: &Server,
    ctx: Ctx,
    preview: bool,
    work: impl Fn(&mut Tx, &Ctx) -> Result<Edited, OpError> + Send + 'static,
) -> Answer<Json<EditDone>> {
    let outcome = server
        .app
        .db
        .write(move |tx| -> Result<EditDone, Ended> {
            let edited = work(tx, &ctx).map_err(Ended::Failed)?;
            let effects = composed::effects(tx, &ctx, &edited.touched)?;
            let well_named = quality::well_named(edited.place.kind, &edited.place.name);
            let warnings = if well_named { vec![] } else { vec![Rule::NameForm] };
            let edit = Some(edited.edit).filter(|_| !preview);
            let done = EditDone { edit, place: edited.place, effects, warnings };
            if preview { Err(Ended::Preview(Box::new(done))) } else { Ok(done) }
        })
        .await;
    match outcome {
        Ok(done) => Ok(Json(done)),
        Err(Ended::Preview(done)) => Ok(Json(*done)),
        Err(Ended::Failed(error)) => Err(of(error)),
    }
}

async fn change(
    State(server): State<Server>,
    Who(ctx): Who,
    Body(body): Body<ChangeBody>,
) -> Answer<Json<EditDone>> {
    let input =
        edit_library::Input { change: body.change.read()?, version: body.version, reason: body.reason };
    let cells = server.app.cells.clone();
    done(&server, ctx, body.preview, move |tx, ctx| edit_library::run(tx, ctx, &cells, &input)).await
}

/// Whether it is only to be told.
#[derive(Deserialize, JsonSchema)]
struct UndoBody {
    /// Only tell what it would touch.
    #[serde(default)]
    preview: bool,
}

async fn undo(
    State(server): State<Server>,
    Who(ctx): Who,
    Path(id): Path<String>,
    Body(body): Body<UndoBody>,
) -> Answer<Json<EditDone>> {
    let id = EditId(id);
    done(&server, ctx, body.preview, move |tx, ctx| undo_edit::run(tx, ctx, &id)).await
}

/// Which changes.
#[derive(Deserialize, JsonSchema)]
struct EditsQuery {
    /// That touched this place.
    place: Option<String>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// At most so many.
    limit: Option<i64>,
}

async fn edits(
    State(server): State<Server>,
    Who(ctx): Who,
    Query(query): Query<EditsQuery>,
) -> Answer<Json<Page<PlaceEdit>>> {
    let limit = page_size(query.limit);
    let found = server
        .read(move |tx| {
            let visible = reach(&ctx.actor, Action::PlaceEdit)?;
            Ok(match &query.place {
                Some(place) => queries::edits_of(tx, &PlaceId(place.clone()), limit)?,
                None => queries::edits(tx, visible.scope, query.cursor.as_deref().unwrap_or(""), limit + 1)?,
            })
        })
        .await?;
    Ok(Json(Page::new(found, limit, |edit| edit.id.0.clone())))
}

/// A rule with what breaks it.
#[derive(Serialize, JsonSchema)]
struct RuleView {
    /// The rule.
    rule: Rule,
    /// How many places that the caller may see break it.
    found: i64,
    /// Day and how many in the whole library, the oldest first.
    trend: Vec<(String, i64)>,
}

/// The state of the library.
#[derive(Serialize, JsonSchema)]
struct Quality {
    /// Every rule.
    rules: Vec<RuleView>,
    /// When the library was last looked through; none where never.
    checked_at_ms: Option<i64>,
}

/// Where.
#[derive(Deserialize, JsonSchema)]
struct RulesQuery {
    /// Only in this division.
    division: Option<String>,
}

/// Days of the trend.
const TREND_DAYS: i64 = 60;

fn quality_of(tx: &mut Tx, ctx: &Ctx, wanted: Scope) -> Result<Quality, TxProblem> {
    let scope = reach(&ctx.actor, Action::PlaceEdit)?.scope.intersect(wanted);
    let counts = quality::counts(tx, scope)?;
    let days = quality::days(tx, ctx.today() - TREND_DAYS)?;
    let mut trends: BTreeMap<&str, Vec<(String, i64)>> = BTreeMap::new();
    for day in &days {
        trends.entry(&day.rule).or_default().push((Zone::date_text(day.day), day.found));
    }
    let rules = Rule::ALL
        .iter()
        .map(|rule| RuleView {
            rule: *rule,
            found: counts.get(rule.name()).copied().unwrap_or(0),
            trend: trends.remove(rule.name()).unwrap_or_default(),
        })
        .collect();
    Ok(Quality { rules, checked_at_ms: days.iter().map(|day| day.at_ms).max() })
}

async fn rules(
    State(server): State<Server>,
    Who(ctx): Who,
    Query(query): Query<RulesQuery>,
) -> Answer<Json<Quality>> {
    let wanted = scope_of(query.division.as_deref())?;
    Ok(Json(server.read(move |tx| quality_of(tx, &ctx, wanted)).await?))
}

async fn check_now(State(server): State<Server>, Who(ctx): Who) -> Answer<Json<Quality>> {
    let app = server.app.clone();
    let checked = tokio::task::spawn_blocking(move || crate::library_files::check_quality(&app, true)).await;
    match checked {
        Ok(Ok(_)) => Ok(Json(server.read(move |tx| quality_of(tx, &ctx, Scope::EVERYWHERE)).await?)),
        Ok(Err(error)) => Err(super::problem::Problem::failure(&error)),
        Err(error) => Err(super::problem::Problem::failure(&error)),
    }
}

/// Which findings.
#[derive(Deserialize, JsonSchema)]
struct FindingsQuery {
    /// Only in this division.
    division: Option<String>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// At most so many.
    limit: Option<i64>,
}

async fn findings(
    State(server): State<Server>,
    Who(ctx): Who,
    Path(rule): Path<String>,
    Query(query): Query<FindingsQuery>,
) -> Answer<Json<Page<FindingView>>> {
    let rule = Rule::from_name(&rule).ok_or(HttpRefusal::NotFound)?;
    let wanted = scope_of(query.division.as_deref())?;
    let limit = page_size(query.limit);
    let found = server
        .read(move |tx| {
            let scope = reach(&ctx.actor, Action::PlaceEdit)?.scope.intersect(wanted);
            let after = query.cursor.as_deref().unwrap_or("");
            Ok(quality::findings(tx, rule, scope, after, limit + 1)?)
        })
        .await?;
    Ok(Json(Page::new(found, limit, |one| one.place.0.clone())))
}

/// The inbox from above.
#[derive(Serialize, JsonSchema)]
struct Causes {
    /// What is wrong where, most harmful first.
    causes: Vec<Cause>,
    /// How many corrections were decided in the last 30 days.
    decided: i64,
    /// How long the decision in the middle took, in milliseconds.
    median_ms: Option<i64>,
}

const CAUSES_MAX: i64 = 200;
const DECISIONS_DAYS: i64 = 30;

async fn causes(State(server): State<Server>, Who(ctx): Who) -> Answer<Json<Causes>> {
    let answer = server
        .read(move |tx| {
            let scope = reach(&ctx.actor, Action::CorrectionsRead)?.scope;
            let since = TimeMs(ctx.now().0 - DECISIONS_DAYS * 86_400_000);
            let (decided, median_ms) = queries::decisions(tx, since, scope)?;
            Ok(Causes { causes: queries::causes(tx, scope, CAUSES_MAX)?, decided, median_ms })
        })
        .await?;
    Ok(Json(answer))
}
