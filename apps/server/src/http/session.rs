//! Signing in and out, and who one is.

use super::guard::{Body, COOKIE, RequestId, Who, token};
use super::problem::{Answer, HttpRefusal};
use super::route::{Access, Route, delete, get, post};
use super::{Problem, Server};
use axum::Json;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use gridweave_access::ops::{sign_in, sign_out};
use gridweave_access::{Action, queries, reach};
use gridweave_core::{Actor, Role, Scope};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(super) fn routes() -> Vec<Route> {
    vec![
        post("/api/v1/session", Access::Public, "Sign in", sign_in_route)
            .body::<SignInBody>()
            .returns::<Me>(),
        get("/api/v1/session", Access::SignedIn, "Who am I", me).returns::<Me>(),
        delete("/api/v1/session", Access::SignedIn, "Sign out", sign_out_route),
        get("/api/v1/settings", Access::Public, "What the sign-in page needs", settings)
            .returns::<Settings>(),
    ]
}

/// Name and password.
#[derive(Deserialize, JsonSchema)]
struct SignInBody {
    /// Sign-in name.
    login: String,
    /// Password; not asked for in the demonstration.
    #[serde(default)]
    password: String,
}

/// Who is signed in and what they may.
#[derive(Serialize, JsonSchema)]
struct Me {
    /// Account.
    account: String,
    /// Shown name.
    name: String,
    /// Roles held.
    roles: Vec<Role>,
    /// Division of the first grant, none for the whole city.
    division: Option<String>,
    /// Department code.
    department: Option<String>,
    /// Actions that are allowed somewhere.
    actions: Vec<&'static str>,
    /// To be sent as `X-CSRF-Token` with every change.
    csrf: String,
}

fn me_of(actor: &Actor, csrf: &str) -> Me {
    let allowed = |action: &&Action| reach(actor, **action).is_ok();
    Me {
        account: actor.account.0.clone(),
        name: actor.name.clone(),
        roles: actor.grants.iter().map(|grant| grant.role).collect(),
        division: actor.grants.first().and_then(|grant| grant.division).map(|code| code.to_string()),
        department: actor.department.clone(),
        actions: Action::ALL.iter().filter(allowed).map(|action| action.name()).collect(),
        csrf: csrf.to_owned(),
    }
}

async fn sign_in_route(
    State(server): State<Server>,
    Extension(RequestId(id)): Extension<RequestId>,
    Body(body): Body<SignInBody>,
) -> Answer<Response> {
    let mut ctx = server.app.system.clone();
    ctx.request_id = id;
    let trusted = server.app.config.demo;
    let outcome = server.run(move |tx| sign_in::run(tx, &ctx, &body.login, &body.password, trusted)).await?;
    match outcome {
        sign_in::Outcome::Refused(refusal) => Err(Problem::from(refusal)),
        sign_in::Outcome::In(signed) => {
            let secure = if server.app.config.secure_cookies { "; Secure" } else { "" };
            let cookie = format!(
                "{COOKIE}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{secure}",
                signed.token,
                sign_in::SESSION_MS / 1000
            );
            Ok(([(header::SET_COOKIE, cookie)], Json(me_of(&signed.actor, &signed.csrf))).into_response())
        }
    }
}

async fn me(State(server): State<Server>, headers: HeaderMap) -> Answer<Json<Me>> {
    let ctx = server.app.system.clone();
    let token = token(&headers).ok_or(HttpRefusal::SignIn)?;
    let session = server.read(move |tx| Ok(queries::session(tx, &ctx, &token)?)).await?;
    let session = session.ok_or(HttpRefusal::SignIn)?;
    Ok(Json(me_of(&session.actor, &session.csrf)))
}

async fn sign_out_route(State(server): State<Server>, Who(ctx): Who, headers: HeaderMap) -> Answer<Response> {
    let token = token(&headers).ok_or(HttpRefusal::SignIn)?;
    server.run(move |tx| sign_out::run(tx, &ctx, &token)).await?;
    let gone = format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
    Ok([(header::SET_COOKIE, gone)].into_response())
}

/// What the sign-in page needs.
#[derive(Serialize, JsonSchema)]
struct Settings {
    /// The city's name.
    city: String,
    /// Is one-click sign-in offered?
    demo: bool,
    /// The demonstration's accounts, one for each role.
    accounts: Vec<DemoAccount>,
}

/// An account of the demonstration.
#[derive(Serialize, JsonSchema)]
struct DemoAccount {
    /// Sign-in name.
    login: String,
    /// Shown name.
    name: String,
    /// Its role.
    role: Role,
}

async fn settings(State(server): State<Server>) -> Answer<Json<Settings>> {
    let demo = server.app.config.demo;
    let accounts = server
        .read(move |tx| {
            let mut accounts = Vec::new();
            for role in Role::ALL.into_iter().filter(|role| demo && *role != Role::Integrator) {
                let holders = queries::holders(tx, role, Scope::EVERYWHERE, 1)?;
                accounts.extend(holders.into_iter().map(|holder| DemoAccount {
                    login: holder.login,
                    name: holder.name,
                    role,
                }));
            }
            Ok(accounts)
        })
        .await?;
    Ok(Json(Settings { city: server.app.config.city.clone(), demo, accounts }))
}
