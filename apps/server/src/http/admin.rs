//! The ledger, accounts, the list of refusal codes.

use super::Server;
use super::guard::{Body, Page, Query, Who, page_size};
use super::problem::{Answer, HttpRefusal};
use super::route::{Access, Route, get, post};
use axum::Json;
use axum::extract::State;
use gridweave_access::ops::create_account;
use gridweave_access::queries::{Holder, actor, holders};
use gridweave_access::{Action, reach};
use gridweave_core::{AccountId, DivisionCode, Grant, Role, Scope};
use gridweave_ledger::{Cursor, Stored};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/ledger", Access::May(Action::LedgerRead), "Who did and read what, newest first", ledger)
            .query::<LedgerQuery>()
            .returns::<Page<LedgerRow>>(),
        get("/api/v1/ledger/verify", Access::May(Action::LedgerRead), "Does every chain hold?", verify),
        get(
            "/api/v1/accounts",
            Access::May(Action::TerritoryRead),
            "Who holds a role in a division",
            accounts,
        )
        .query::<AccountsQuery>()
        .returns::<Vec<Holder>>(),
        post("/api/v1/accounts", Access::May(Action::Administer), "Make an account", create)
            .body::<CreateBody>()
            .returns::<Created>(),
        get("/api/v1/refusals", Access::Public, "Every stable code with both texts", refusals),
    ]
}

/// Which entries.
#[derive(Deserialize, JsonSchema)]
struct LedgerQuery {
    /// About one subject: `person:…`, `case:…`.
    subject: Option<String>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// At most so many.
    limit: Option<i64>,
}

/// An entry with the name of who acted.
#[derive(Serialize, JsonSchema)]
struct LedgerRow {
    /// The entry.
    #[serde(flatten)]
    entry: Stored,
    /// Shown name of the account; empty where it is gone.
    actor_name: String,
}

async fn ledger(
    State(server): State<Server>,
    Who(ctx): Who,
    Query(query): Query<LedgerQuery>,
) -> Answer<Json<Page<LedgerRow>>> {
    let limit = page_size(query.limit);
    let found = server
        .read(move |tx| {
            let visible = reach(&ctx.actor, Action::LedgerRead)?;
            let before = match query.cursor.as_deref() {
                None | Some("") => Cursor::NEWEST,
                Some(text) => {
                    Cursor::parse(text).ok_or_else(|| HttpRefusal::BadQuery(format!("cursor: {text:?}")))?
                }
            };
            let subject = query.subject.as_deref().unwrap_or("");
            let mut names: HashMap<String, String> = HashMap::new();
            let mut rows = Vec::new();
            for entry in gridweave_ledger::recent(tx, visible.scope, before, subject, limit + 1)? {
                if !names.contains_key(&entry.actor) {
                    let found = actor(tx, &AccountId(entry.actor.clone()))?;
                    names.insert(entry.actor.clone(), found.map(|actor| actor.name).unwrap_or_default());
                }
                let actor_name = names.get(&entry.actor).cloned().unwrap_or_default();
                rows.push(LedgerRow { entry, actor_name });
            }
            Ok(rows)
        })
        .await?;
    Ok(Json(Page::new(found, limit, |row| Cursor::after(&row.entry).to_string())))
}

async fn verify(State(server): State<Server>) -> Answer<Json<gridweave_ledger::Verification>> {
    Ok(Json(server.read(|tx| Ok(gridweave_ledger::verify(tx)?)).await?))
}

/// Which accounts.
#[derive(Deserialize, JsonSchema)]
struct AccountsQuery {
    /// Role.
    role: Role,
    /// Division.
    division: Option<String>,
}

async fn accounts(
    State(server): State<Server>,
    Query(query): Query<AccountsQuery>,
) -> Answer<Json<Vec<Holder>>> {
    let scope = query
        .division
        .as_deref()
        .and_then(|code| DivisionCode::parse(code).ok())
        .map_or(Scope::EVERYWHERE, DivisionCode::scope);
    Ok(Json(server.read(move |tx| Ok(holders(tx, query.role, scope, 200)?)).await?))
}

/// A new account.
#[derive(Deserialize, JsonSchema)]
struct CreateBody {
    /// Sign-in name.
    login: String,
    /// Shown name.
    name: String,
    /// Department code of a handler.
    department: Option<String>,
    /// None makes a program's account with a key.
    password: Option<String>,
    /// Roles by division.
    grants: Vec<Grant>,
}

/// A made account.
#[derive(Serialize, JsonSchema)]
struct Created {
    /// The account.
    account: AccountId,
    /// A program's key: shown once, stored nowhere.
    key: Option<String>,
}

async fn create(
    State(server): State<Server>,
    Who(ctx): Who,
    Body(body): Body<CreateBody>,
) -> Answer<Json<Created>> {
    let input = create_account::Input {
        login: body.login,
        name: body.name,
        department: body.department,
        password: body.password,
        grants: body.grants,
    };
    let made = server.run(move |tx| create_account::run(tx, &ctx, &input)).await?;
    Ok(Json(Created { account: made.account, key: made.key }))
}

async fn refusals() -> Json<serde_json::Value> {
    Json(crate::refusals::as_json())
}
