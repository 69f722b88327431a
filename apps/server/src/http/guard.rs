//! Before a handler runs: who is it, is the request their own, may they do this anywhere.

use crate::http::Server;
use crate::http::problem::{Answer, HttpRefusal, Problem, TxProblem, of};
use crate::http::route::Access;
use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use base64::prelude::{BASE64_STANDARD, Engine};
use gridweave_access::{Session, queries, reach};
use gridweave_core::{Ctx, Purpose};
use gridweave_db::{OpError, Tx};

/// The session cookie.
pub const COOKIE: &str = "gridweave_session";
/// Carries the session's second half; browsers do not send it by themselves.
pub const CSRF_HEADER: &str = "x-csrf-token";
/// Names the purpose of reading personal data, percent-encoded UTF-8.
pub const PURPOSE_HEADER: &str = "x-purpose";

/// Who calls: surroundings for operations, made by the guard.
#[derive(Clone)]
pub struct Who(pub Ctx);

/// The request's number, made by the outermost layer.
#[derive(Clone)]
pub struct RequestId(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Who {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Who>().cloned().ok_or_else(|| HttpRefusal::SignIn.into())
    }
}

/// A JSON body whose faults become a problem of ours.
pub struct Body<T>(pub T);

impl<T: serde::de::DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let bytes =
            axum::body::Bytes::from_request(request, state).await.map_err(|_| HttpRefusal::TooLarge)?;
        serde_json::from_slice(&bytes)
            .map(Body)
            .map_err(|error| HttpRefusal::BadBody(error.to_string()).into())
    }
}

/// A query whose faults become a problem of ours.
pub struct Query<T>(pub T);

impl<T: serde::de::DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        axum::extract::Query::<T>::from_request_parts(parts, state)
            .await
            .map(|query| Query(query.0))
            .map_err(|error| HttpRefusal::BadQuery(error.body_text()).into())
    }
}

/// The token of a request: `Authorization: Bearer …`, the password of `Authorization: Basic …` (desktop maps send
/// a key in no other way), or the cookie.
pub fn token(headers: &HeaderMap) -> Option<String> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(basic) = text(header::AUTHORIZATION).and_then(|value| value.strip_prefix("Basic ")) {
        let pair = String::from_utf8(BASE64_STANDARD.decode(basic.trim()).ok()?).ok()?;
        return pair.split_once(':').map(|(_, key)| key.to_owned());
    }
    if let Some(bearer) = text(header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer ")) {
        return Some(bearer.trim().to_owned());
    }
    text(header::COOKIE)?
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, value)| value.to_owned())
}

/// The guard of every route.
pub async fn check(
    State((server, access)): State<(Server, Access)>,
    mut request: Request,
    next: Next,
) -> Answer<Response> {
    let session = match token(request.headers()) {
        Some(token) => find(&server, token).await?,
        None => None,
    };
    match (&session, access) {
        (None, Access::Public) => {}
        (None, _) => return Err(HttpRefusal::SignIn.into()),
        (Some(session), access) => {
            let changing = !matches!(*request.method(), Method::GET | Method::HEAD);
            let sent = request.headers().get(CSRF_HEADER).and_then(|value| value.to_str().ok()).unwrap_or("");
            let forged = !session.is_key && sent != session.csrf;
            if changing && forged && access != Access::Public {
                return Err(HttpRefusal::Csrf.into());
            }
            if let Access::May(action) = access {
                reach(&session.actor, action).map_err(|denied| TxProblem::from(denied).0)?;
            }
        }
    }
    let id = request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
    if let Some(session) = session {
        let mut ctx = server.app.system.acting_as(session.actor);
        ctx.request_id = id;
        ctx.purpose = purpose(request.headers());
        request.extensions_mut().insert(Who(ctx));
    }
    Ok(next.run(request).await)
}

fn purpose(headers: &HeaderMap) -> Option<Purpose> {
    let raw = headers.get(PURPOSE_HEADER)?.to_str().ok()?;
    let mut bytes = Vec::new();
    let mut rest = raw.bytes();
    while let Some(byte) = rest.next() {
        let digit = |b: Option<u8>| b.and_then(|b| char::from(b).to_digit(16));
        match byte {
            b'%' => bytes.push((digit(rest.next())? * 16 + digit(rest.next())?) as u8),
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).ok().map(Purpose)
}

async fn find(server: &Server, token: String) -> Answer<Option<Session>> {
    let (writes, now) = (server.app.db.writes(), server.app.system.now());
    if let Some(session) = server.sessions.get(token.as_str(), writes, now) {
        return Ok(Some(session));
    }
    let (ctx, asked) = (server.app.system.clone(), token.clone());
    let found = server.read(move |tx| Ok(queries::session(tx, &ctx, &asked)?)).await?;
    // Who is not signed in is asked about each time: nobody fills the memory with guesses.
    if let Some(session) = &found {
        server.sessions.put(token, writes, now, session.clone());
    }
    Ok(found)
}

impl Server {
    /// Runs a reading transaction for a handler.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Tx) -> Result<T, TxProblem> + Send + 'static,
    ) -> Answer<T> {
        self.app.db.read(work).await.map_err(|problem| problem.0)
    }

    /// Runs a writing transaction for a handler.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Tx) -> Result<T, TxProblem> + Send + 'static,
    ) -> Answer<T> {
        self.app.db.write(work).await.map_err(|problem| problem.0)
    }

    /// Runs one operation.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Tx) -> Result<T, OpError> + Send + 'static,
    ) -> Answer<T> {
        self.app.db.write(work).await.map_err(of)
    }
}

/// A page of a list.
#[derive(Debug, serde::Serialize, schemars::JsonSchema)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Hand this over as `cursor` for the next page; none at the end.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// A page of at most `limit` items out of up to one more.
    pub fn new(mut items: Vec<T>, limit: i64, cursor: impl Fn(&T) -> String) -> Self {
        let more = items.len() as i64 > limit;
        items.truncate(usize::try_from(limit).unwrap_or(0));
        let next = items.last().filter(|_| more).map(cursor);
        Self { items, next }
    }
}

/// How many items a page has: 50 where nothing is asked for, 200 at most.
pub fn page_size(asked: Option<i64>) -> i64 {
    asked.unwrap_or(50).clamp(1, 200)
}

/// The version in `If-Match`, as `"3"` or `3`.
pub fn if_match(headers: &HeaderMap) -> Option<i64> {
    headers
        .get(header::IF_MATCH)?
        .to_str()
        .ok()?
        .trim_matches(|c| c == '"' || c == 'W' || c == '/')
        .parse()
        .ok()
}

/// The caller's `Idempotency-Key`, made distinct by account.
pub fn idempotency_key(headers: &HeaderMap, ctx: &Ctx) -> Option<String> {
    let key = headers.get("idempotency-key")?.to_str().ok()?.trim();
    (!key.is_empty()).then(|| format!("{}:{key}", ctx.actor.account))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_key_comes_as_bearer_as_password_or_in_the_cookie() {
        let told = |name: header::HeaderName, value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            token(&headers)
        };
        assert_eq!(told(header::AUTHORIZATION, "Bearer abc").as_deref(), Some("abc"));
        // anyone:abc
        assert_eq!(told(header::AUTHORIZATION, "Basic YW55b25lOmFiYw==").as_deref(), Some("abc"));
        assert_eq!(told(header::AUTHORIZATION, "Basic ###"), None);
        assert_eq!(told(header::COOKIE, "x=1; gridweave_session=abc").as_deref(), Some("abc"));
        assert_eq!(told(header::COOKIE, "x=1"), None);
    }
}
