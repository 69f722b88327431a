//! Today: tasks, forms, photos, visits.

use super::Server;
use super::guard::{Body, Query, Who};
use super::problem::{Answer, HttpRefusal, Problem};
use super::route::{Access, Route, get, post};
use crate::composed::ShortAddresses;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use gridweave_access::{Action, Resource, may, reach};
use gridweave_core::{FileId, LonLat, TaskId, TimeMs};
use gridweave_registers::queries as registers;
use gridweave_visits::ops::{accept_task, add_photo, submit_visit};
use gridweave_visits::{Task, Visit, queries};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const TODAY_MAX: i64 = 200;

pub(super) fn routes() -> Vec<Route> {
    let submit = Access::May(Action::VisitSubmit);
    vec![
        get(
            "/api/v1/tasks",
            Access::May(Action::TasksRead),
            "A worker's tasks with what is known already",
            tasks,
        )
        .query::<TasksQuery>()
        .returns::<Vec<TaskView>>(),
        post("/api/v1/tasks/{id}/accept", submit, "Take a task on", accept).returns::<Task>(),
        post("/api/v1/visits", submit, "Hand in a visit; the same key twice is one visit", submit_route)
            .body::<VisitBody>()
            .returns::<Visit>(),
        post("/api/v1/photos", Access::SignedIn, "Send a photo (the body), to be named in a visit", add)
            .limit(add_photo::BYTES_MAX + 1024)
            .returns::<Added>(),
        get("/api/v1/photos/{id}", Access::SignedIn, "A photo", photo),
        get("/api/v1/forms/{name}", Access::SignedIn, "A form as JSON Schema", form),
    ]
}

/// Which tasks.
#[derive(Deserialize, JsonSchema)]
struct TasksQuery {
    /// What was done lately, instead of what is to do.
    done: Option<bool>,
}

/// A task with what is known already.
#[derive(Serialize, JsonSchema)]
struct TaskView {
    /// The task.
    task: Task,
    /// The form.
    form: Value,
    /// Answers that the registers hold already.
    prefill: Value,
    /// Facts for the door, without names.
    facts: Value,
    /// Is it late?
    overdue: bool,
    /// The address without the divisions it begins with.
    short_address: String,
}

/// A fact that somebody saw within this time is not asked again.
const FRESH_MS: i64 = 30 * gridweave_core::time::DAY_MS;

async fn tasks(
    State(server): State<Server>,
    Who(ctx): Who,
    Query(query): Query<TasksQuery>,
) -> Answer<Json<Vec<TaskView>>> {
    let app = server.app.clone();
    let found = server
        .read(move |tx| {
            let now = ctx.now().0;
            let visible = reach(&ctx.actor, Action::TasksRead)?;
            let tasks = match visible.own_only {
                true => queries::of_worker(tx, &ctx.actor.account, query.done.unwrap_or(false), TODAY_MAX)?,
                false => queries::open_in(tx, visible.scope, "", TODAY_MAX)?,
            };
            let mut views = Vec::new();
            let mut short = ShortAddresses::default();
            for task in tasks {
                let mut prefill = json!({});
                let mut facts = json!({});
                if let Some(place) = &task.place {
                    let known = registers::place_facts(tx, &app.vault, place, ctx.today())?;
                    let home = registers::home_facts(tx, place, ctx.today())?;
                    let fresh = known.verified_at_ms.is_some_and(|at| now - at < FRESH_MS);
                    if fresh && known.occupancy != "unknown" {
                        prefill["occupancy"] = json!(known.occupancy);
                    }
                    facts = json!({
                        "occupancy": known.occupancy,
                        "verified_at_ms": known.verified_at_ms,
                        "residents": home.residents,
                        "elderly_alone": home.elderly_alone,
                        "absence": known.absence,
                    });
                }
                let form = app.catalogues.forms.schema(&task.form).cloned().unwrap_or(Value::Null);
                views.push(TaskView {
                    overdue: task.state.is_open() && task.due_at_ms < now,
                    short_address: short.of(tx, task.division, &task.address)?,
                    task,
                    form,
                    prefill,
                    facts,
                });
            }
            Ok(views)
        })
        .await?;
    Ok(Json(found))
}

async fn accept(State(server): State<Server>, Who(ctx): Who, Path(id): Path<String>) -> Answer<Json<Task>> {
    Ok(Json(server.run(move |tx| accept_task::run(tx, &ctx, &TaskId(id.clone()))).await?))
}

/// What the phone sends.
#[derive(Deserialize, JsonSchema)]
struct VisitBody {
    /// The task.
    task: TaskId,
    /// Made by the phone; the same key is the same visit.
    once_key: String,
    /// When, by the phone, UTC milliseconds.
    at_ms: i64,
    /// The form's answers.
    answers: Value,
    /// Where the phone was, WGS 84.
    point: Option<LonLat>,
    /// Photos that were sent before.
    #[serde(default)]
    photos: Vec<FileId>,
}

async fn submit_route(
    State(server): State<Server>,
    Who(ctx): Who,
    Body(body): Body<VisitBody>,
) -> Answer<Json<Visit>> {
    let catalogues = server.app.catalogues.clone();
    let input = submit_visit::Input {
        task: body.task,
        once_key: body.once_key,
        at: TimeMs(body.at_ms),
        answers: body.answers,
        point: body.point,
        photos: body.photos,
    };
    Ok(Json(server.run(move |tx| submit_visit::run(tx, &ctx, &catalogues.forms, &input)).await?))
}

/// A stored photo.
#[derive(Serialize, JsonSchema)]
struct Added {
    /// To be named in the visit.
    id: FileId,
}

async fn add(State(server): State<Server>, Who(ctx): Who, bytes: Bytes) -> Answer<Json<Added>> {
    if bytes.len() > add_photo::BYTES_MAX {
        return Err(add_photo::AddPhoto::TooLarge.into());
    }
    let kind = add_photo::media_type(&bytes).ok_or(add_photo::AddPhoto::BadType)?;
    let (blobs, size) = (server.app.blobs.clone(), bytes.len());
    let digest = tokio::task::spawn_blocking(move || blobs.put(&bytes))
        .await
        .map_err(|error| Problem::failure(&error))?
        .map_err(|error| Problem::failure(&error))?;
    let id = server.run(move |tx| add_photo::run(tx, &ctx, kind, size, &digest)).await?;
    Ok(Json(Added { id }))
}

async fn photo(State(server): State<Server>, Who(ctx): Who, Path(id): Path<String>) -> Answer<Response> {
    let found = server
        .read(move |tx| {
            let photo = queries::photo(tx, &FileId(id.clone()))?.ok_or(HttpRefusal::NotFound)?;
            if photo.owner != ctx.actor.account {
                may(&ctx.actor, Action::CasesRead, &Resource::in_division(photo.division), None)?;
            }
            Ok(photo)
        })
        .await?;
    let blobs = server.app.blobs.clone();
    let bytes = tokio::task::spawn_blocking(move || blobs.get(&found.digest))
        .await
        .map_err(|error| Problem::failure(&error))?
        .map_err(|_| HttpRefusal::NotFound)?;
    Ok((
        [
            (header::CONTENT_TYPE, found.media_type),
            (header::CACHE_CONTROL, "private, max-age=86400".to_owned()),
        ],
        bytes,
    )
        .into_response())
}

async fn form(State(server): State<Server>, Path(name): Path<String>) -> Answer<Json<Value>> {
    let schema = server.app.catalogues.forms.schema(&name).cloned().ok_or(HttpRefusal::NotFound)?;
    Ok(Json(schema))
}
