//! What waits for whoever is signed in: the numbers of a start page, each the size of a list.

use super::Server;
use super::guard::Who;
use super::problem::Answer;
use super::route::{Access, Route, get};
use axum::Json;
use axum::extract::State;
use gridweave_access::{Action, reach};
use schemars::JsonSchema;
use serde::Serialize;

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/waiting", Access::SignedIn, "How much waits for the caller, by inbox", waiting)
            .returns::<Waiting>(),
    ]
}

/// Sizes of inboxes; none where the caller may not read them.
#[derive(Serialize, JsonSchema)]
struct Waiting {
    /// Signals without a door.
    signals: Option<i64>,
    /// Open corrections of the address library.
    corrections: Option<i64>,
}

async fn waiting(State(server): State<Server>, Who(ctx): Who) -> Answer<Json<Waiting>> {
    let found = server
        .read(move |tx| {
            let signals = match reach(&ctx.actor, Action::SignalsRead) {
                Ok(visible) => Some(gridweave_signals::queries::count_waiting(tx, visible.scope)?),
                Err(_) => None,
            };
            let corrections = match reach(&ctx.actor, Action::CorrectionsRead) {
                Ok(visible) => Some(gridweave_addresses::queries::count_open_corrections(tx, visible.scope)?),
                Err(_) => None,
            };
            Ok(Waiting { signals, corrections })
        })
        .await?;
    Ok(Json(found))
}
