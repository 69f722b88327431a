//! The case desk.

use super::Server;
use super::guard::{Body, Page, Query, Who, idempotency_key, if_match, page_size};
use super::problem::{Answer, HttpRefusal};
use super::route::{Access, Route, get, post};
use crate::composed::ShortAddresses;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use gridweave_access::{self as access, Visible, reach};
use gridweave_cases::ops::{advance, dispatch, merge, open_case};
use gridweave_cases::queries::{self, Filter};
use gridweave_cases::{Action, Case, Category, Department, Handler, State as CaseState, Step};
use gridweave_core::{CaseNo, Ctx, DivisionCode, LonLat, PlaceId, Scope};
use gridweave_db::Tx;
use gridweave_visits::Visit;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(super) fn routes() -> Vec<Route> {
    let read = Access::May(access::Action::CasesRead);
    vec![
        get("/api/v1/categories", Access::SignedIn, "Categories and departments", categories)
            .returns::<Catalogue>(),
        get("/api/v1/cases", read, "A queue of cases", list).query::<ListQuery>().returns::<CasesPage>(),
        post("/api/v1/cases", Access::May(access::Action::CaseOpen), "Open a case (Idempotency-Key)", open)
            .body::<OpenBody>()
            .returns::<Case>(),
        get("/api/v1/cases/counts", read, "How many open cases of each state, and how many are late", counts)
            .returns::<Counts>(),
        get("/api/v1/cases/{no}", read, "A case with its time line", one).returns::<CasePage>(),
        post(
            "/api/v1/cases/{no}/dispatch",
            Access::May(access::Action::CaseDispatch),
            "Give a case to a worker or department",
            dispatch_route,
        )
        .body::<DispatchBody>()
        .returns::<Case>(),
        post(
            "/api/v1/cases/{no}/merge",
            Access::May(access::Action::CaseSteer),
            "Merge a case into another",
            merge_route,
        )
        .body::<MergeBody>()
        .returns::<Case>(),
        post(
            "/api/v1/cases/{no}/advance",
            Access::SignedIn,
            "Accept, refuse, return, handle, verify, close, withdraw, urge",
            advance_route,
        )
        .body::<AdvanceBody>()
        .returns::<Case>(),
    ]
}

/// Categories and departments.
#[derive(Serialize, JsonSchema)]
struct Catalogue {
    /// Categories.
    categories: Vec<Category>,
    /// Departments.
    departments: Vec<Department>,
}

async fn categories(State(server): State<Server>) -> Json<Catalogue> {
    let cases = &server.app.catalogues.cases;
    Json(Catalogue { categories: cases.categories.clone(), departments: cases.departments.clone() })
}

/// No list is counted further: "more than ten thousand" is all that anybody needs to know.
const COUNTED_MAX: i64 = 10_000;

/// Which cases.
#[derive(Deserialize, JsonSchema)]
struct ListQuery {
    /// One state.
    state: Option<CaseState>,
    /// One category.
    category: Option<String>,
    /// Division.
    division: Option<String>,
    /// Part of title, address or number.
    q: Option<String>,
    /// Only what has not ended.
    open: Option<bool>,
    /// Only open ones that are late.
    overdue: Option<bool>,
    /// Only those without a certain place.
    unlocated: Option<bool>,
    /// `new` (newest first) or `due` (open ones by their limit).
    sort: Option<String>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// At most so many.
    limit: Option<i64>,
}

/// A row of a queue.
#[derive(Serialize, JsonSchema)]
struct CaseRow {
    /// The case, without its description.
    #[serde(flatten)]
    case: Case,
    /// Is it late?
    overdue: bool,
    /// The address without the divisions it begins with.
    short_address: String,
}

/// A page of a queue.
#[derive(Serialize, JsonSchema)]
struct CasesPage {
    /// The page.
    #[serde(flatten)]
    page: Page<CaseRow>,
    /// How many fit the question in all, counted up to ten thousand; on the first page only.
    total: Option<i64>,
}

/// What this actor may see, narrowed to what is their own where the rules say so.
fn narrowed(ctx: &Ctx, visible: &Visible) -> String {
    match (visible.own_only, &ctx.actor.department) {
        (false, _) => String::new(),
        (true, Some(department)) => Handler::Department(department.clone()).stored(),
        (true, None) => Handler::Worker(ctx.actor.account.clone()).stored(),
    }
}

async fn list(
    State(server): State<Server>,
    Who(ctx): Who,
    Query(query): Query<ListQuery>,
) -> Answer<Json<CasesPage>> {
    let limit = page_size(query.limit);
    let wanted = match &query.division {
        Some(code) => DivisionCode::parse(code)
            .map(DivisionCode::scope)
            .map_err(|error| HttpRefusal::BadQuery(error.to_string()))?,
        None => Scope::EVERYWHERE,
    };
    let by_limit = query.sort.as_deref() == Some("due");
    let now = ctx.now().0;
    let found = server
        .read(move |tx| {
            let visible = reach(&ctx.actor, access::Action::CasesRead)?;
            let filter = Filter {
                state: query.state,
                handler: narrowed(&ctx, &visible),
                category: query.category.clone().unwrap_or_default(),
                text: query.q.clone().unwrap_or_default(),
                open_only: query.open.unwrap_or(false),
                due_before_ms: if query.overdue.unwrap_or(false) { now } else { 0 },
                unlocated_only: query.unlocated.unwrap_or(false),
            };
            let scope = visible.scope.intersect(wanted);
            let cursor = query.cursor.as_deref().unwrap_or("");
            let found = if by_limit {
                let (due, id) = cursor.split_once('.').unwrap_or(("0", ""));
                queries::by_limit(tx, scope, &filter, (due.parse().unwrap_or(0), id), limit + 1)?
            } else {
                queries::newest(tx, scope, &filter, cursor, limit + 1)?
            };
            let counted = Filter { open_only: filter.open_only || by_limit, ..filter };
            let total = match cursor.is_empty() {
                true => Some(queries::count(tx, scope, &counted, COUNTED_MAX)?),
                false => None,
            };
            let mut short = ShortAddresses::default();
            let mut rows = Vec::new();
            for case in found {
                rows.push(CaseRow {
                    overdue: case.is_overdue(now),
                    short_address: short.of(tx, case.division, &case.address)?,
                    case: Case { description: String::new(), ..case },
                });
            }
            Ok((rows, total))
        })
        .await?;
    let (rows, total) = found;
    let cursor = |row: &CaseRow| match by_limit {
        true => format!("{}.{}", row.case.due_at_ms, row.case.id),
        false => row.case.id.0.clone(),
    };
    Ok(Json(CasesPage { page: Page::new(rows, limit, cursor), total }))
}

/// Counts of open cases.
#[derive(Serialize, JsonSchema)]
struct Counts {
    /// State and how many.
    states: Vec<(String, i64)>,
    /// Open ones that are late.
    overdue: i64,
}

async fn counts(State(server): State<Server>, Who(ctx): Who) -> Answer<Json<Counts>> {
    let found = server
        .read(move |tx| {
            let visible = reach(&ctx.actor, access::Action::CasesRead)?;
            let handler = narrowed(&ctx, &visible);
            Ok(queries::counts(tx, visible.scope, &handler, ctx.now().0)?)
        })
        .await?;
    Ok(Json(Counts { states: found.0, overdue: found.1 }))
}

/// What is reported.
#[derive(Deserialize, JsonSchema)]
struct OpenBody {
    /// What it is, in a line.
    title: String,
    /// In the reporter's words.
    #[serde(default)]
    description: String,
    /// Category code.
    category: String,
    /// Where it comes from: `hotline`, `patrol`, `department`, `api`.
    #[serde(default)]
    source: String,
    /// The place, if it is known.
    place: Option<PlaceId>,
    /// The address as told.
    #[serde(default)]
    address: String,
    /// The point as told, WGS 84.
    point: Option<LonLat>,
}

async fn open(
    State(server): State<Server>,
    Who(ctx): Who,
    headers: HeaderMap,
    Body(body): Body<OpenBody>,
) -> Answer<Json<Case>> {
    let app = server.app.clone();
    let input = open_case::Input {
        title: body.title,
        description: body.description,
        category: body.category,
        source: if body.source.is_empty() { "api".to_owned() } else { body.source },
        place: body.place,
        address: body.address,
        point: body.point,
        once_key: idempotency_key(&headers, &ctx),
        ..open_case::Input::default()
    };
    let case = server
        .run(move |tx| open_case::run(tx, &ctx, &app.cells, &app.library, &app.catalogues.cases, &input))
        .await?;
    Ok(Json(case))
}

/// A visit with the form that it filled in.
#[derive(Serialize, JsonSchema)]
struct VisitView {
    /// The visit.
    #[serde(flatten)]
    visit: Visit,
    /// Who went there.
    worker_name: String,
    /// The form as JSON Schema, to read the answers by.
    form: Value,
}

/// A case with everything that its page shows.
#[derive(Serialize, JsonSchema)]
struct CasePage {
    /// The case.
    case: Case,
    /// Is it late?
    overdue: bool,
    /// The time line, oldest first.
    steps: Vec<Step>,
    /// Visits with their evidence.
    visits: Vec<VisitView>,
    /// What this caller may do now.
    actions: Vec<Action>,
    /// To whom it could be given, with the reason.
    options: Vec<dispatch::DispatchOption>,
}

fn allowed(ctx: &Ctx, case: &Case) -> Vec<Action> {
    let resource = advance::resource(case);
    let may = |action| access::may(&ctx.actor, action, &resource, None).is_ok();
    case.state
        .moves()
        .iter()
        .copied()
        .filter(|action| {
            let right = match action {
                Action::Dispatch => may(access::Action::CaseDispatch),
                Action::Accept | Action::Return | Action::Handle => may(access::Action::CaseHandle),
                Action::VerifyPass | Action::VerifyFail | Action::Close => may(access::Action::CaseVerify),
                Action::Refuse | Action::Merge | Action::Withdraw | Action::Urge => {
                    may(access::Action::CaseSteer)
                }
            };
            let reason = if action.needs_reason() { "…" } else { "" };
            right && case.after(*action, &ctx.actor.account, reason).is_ok()
        })
        .collect()
}

async fn one(State(server): State<Server>, Who(ctx): Who, Path(no): Path<String>) -> Answer<Response> {
    let app = server.app.clone();
    let page = server.read(move |tx| page(tx, &ctx, &app, &CaseNo(no.clone()))).await?;
    Ok(([(header::ETAG, format!("\"{}\"", page.case.version))], Json(page)).into_response())
}

fn page(
    tx: &mut Tx,
    ctx: &Ctx,
    app: &crate::App,
    no: &CaseNo,
) -> Result<CasePage, super::problem::TxProblem> {
    let case = queries::by_no(tx, no)?.ok_or(HttpRefusal::NotFound)?;
    access::may(&ctx.actor, access::Action::CasesRead, &advance::resource(&case), None)?;
    let actions = allowed(ctx, &case);
    let options = match actions.contains(&Action::Dispatch) {
        true => dispatch::options(tx, &app.cells, &app.catalogues.cases, &case)?,
        false => Vec::new(),
    };
    let mut visits = Vec::new();
    for (visit, form) in gridweave_visits::queries::for_case(tx, &case.id)? {
        let worker_name =
            access::queries::actor(tx, &visit.worker)?.map(|worker| worker.name).unwrap_or_default();
        let form = app.catalogues.forms.schema(&form).cloned().unwrap_or(Value::Null);
        visits.push(VisitView { visit, worker_name, form });
    }
    Ok(CasePage {
        overdue: case.is_overdue(ctx.now().0),
        steps: queries::steps(tx, &case.id)?,
        visits,
        actions,
        options,
        case,
    })
}

/// To whom and why.
#[derive(Deserialize, JsonSchema)]
struct DispatchBody {
    /// To whom.
    to: Handler,
    /// Why.
    #[serde(default)]
    reason: Value,
    /// The version that was looked at.
    version: Option<i64>,
}

async fn dispatch_route(
    State(server): State<Server>,
    Who(ctx): Who,
    Path(no): Path<String>,
    headers: HeaderMap,
    Body(body): Body<DispatchBody>,
) -> Answer<Json<Case>> {
    let app = server.app.clone();
    let version = body.version.or(if_match(&headers));
    let case = server
        .run(move |tx| {
            let no = CaseNo(no.clone());
            dispatch::run(tx, &ctx, &app.catalogues.cases, &no, version, &body.to, &body.reason)
        })
        .await?;
    Ok(Json(case))
}

/// Into which and why.
#[derive(Deserialize, JsonSchema)]
struct MergeBody {
    /// Number of the other case.
    into: CaseNo,
    /// Why.
    reason: String,
    /// The version that was looked at.
    version: Option<i64>,
}

async fn merge_route(
    State(server): State<Server>,
    Who(ctx): Who,
    Path(no): Path<String>,
    headers: HeaderMap,
    Body(body): Body<MergeBody>,
) -> Answer<Json<Case>> {
    let version = body.version.or(if_match(&headers));
    let case = server
        .run(move |tx| merge::run(tx, &ctx, &CaseNo(no.clone()), version, &body.into, &body.reason))
        .await?;
    Ok(Json(case))
}

/// What is done.
#[derive(Deserialize, JsonSchema)]
struct AdvanceBody {
    /// The action.
    action: Action,
    /// The reason, or what was done.
    #[serde(default)]
    note: String,
    /// Evidence: photos by their identifiers.
    #[serde(default)]
    data: Value,
    /// The version that was looked at.
    version: Option<i64>,
}

async fn advance_route(
    State(server): State<Server>,
    Who(ctx): Who,
    Path(no): Path<String>,
    headers: HeaderMap,
    Body(body): Body<AdvanceBody>,
) -> Answer<Json<Case>> {
    let app = server.app.clone();
    let version = body.version.or(if_match(&headers));
    let case = server
        .run(move |tx| {
            let no = CaseNo(no.clone());
            advance::run(tx, &ctx, &app.catalogues.cases, &no, version, body.action, &body.note, &body.data)
        })
        .await?;
    Ok(Json(case))
}
