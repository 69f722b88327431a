//! Refusals and failures as `application/problem+json` (RFC 9457), with a stable code, in the
//! language that was asked for.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use gridweave_core::{Refusal, RefusalKind, Refuse};
use gridweave_db::{DbError, OpError};
use serde_json::json;

gridweave_core::refusals! {
    /// Refusals of the face itself.
    pub enum HttpRefusal {
        /// Nobody signed in.
        SignIn = "sign_in_required", Unauthenticated, "请先登录", "Sign in first";
        /// The header that protects from forged requests is missing.
        Csrf = "csrf_token_invalid", Forbidden, "页面已过期，请刷新后重试", "The page is out of date; load it again";
        /// The body is not what the route takes.
        BadBody(why: String) = "body_invalid", Invalid, "请求内容有误：{0}", "The request body is not right: {0}";
        /// A parameter is not what the route takes.
        BadQuery(why: String) = "query_invalid", Invalid, "参数有误：{0}", "A parameter is not right: {0}";
        /// A parameter of a standard interface is unknown or wrong (400, as these standards ask).
        BadParameter(what: String) = "parameter_invalid", Malformed, "参数未知或有误：{0}", "A parameter is unknown or not right: {0}";
        /// Nothing is there.
        NoRoute = "route_not_found", NotFound, "没有这个地址", "There is nothing at this address";
        /// Too large.
        TooLarge = "body_too_large", TooLarge, "内容过大", "The request is too large";
        /// No such thing.
        NotFound = "not_found", NotFound, "没有找到，或不在您的范围内", "Not found, or outside your area";
        /// No such feed.
        NoFeed(name: String) = "feed_not_found", NotFound, "没有数据源“{0}”", "There is no feed “{0}”";
        /// Others push to the same feed.
        FeedBusy = "feed_busy", Conflict, "该数据源正在处理其他推送，请稍后重新推送", "Other pushes to this feed came between; push again";
        /// No such file of a day.
        NoExport(name: String) = "export_not_found", NotFound, "没有导出文件“{0}”，可能已过保留期",
            "There is no export “{0}”; perhaps it was kept no longer";
        /// The days' files hold the whole city.
        NotWhole = "export_whole_city", Forbidden, "每日导出包含全市地址，请按区划导出您的范围",
            "The daily files hold the whole city; export your own division";
        /// A file is not what it should be.
        BadFile(why: String) = "file_invalid", Invalid, "文件无法读取：{0}", "The file cannot be read: {0}";
    }
}

/// An answer that says no, or that something failed.
#[derive(Debug)]
pub struct Problem {
    refusal: Option<Refusal>,
    /// For the log, never for the client.
    failure: Option<String>,
}

impl Problem {
    /// A failure inside: logged whole, told as a reference.
    pub fn failure(error: &dyn std::error::Error) -> Self {
        let mut chain = error.to_string();
        let mut source = error.source();
        while let Some(inner) = source {
            chain.push_str(": ");
            chain.push_str(&inner.to_string());
            source = inner.source();
        }
        Self { refusal: None, failure: Some(chain) }
    }

    /// The status that the kind maps to.
    pub fn status(&self) -> StatusCode {
        match self.refusal.as_ref().map(|refusal| refusal.kind) {
            None => StatusCode::INTERNAL_SERVER_ERROR,
            Some(RefusalKind::Malformed) => StatusCode::BAD_REQUEST,
            Some(RefusalKind::Invalid) => StatusCode::UNPROCESSABLE_ENTITY,
            Some(RefusalKind::Unauthenticated) => StatusCode::UNAUTHORIZED,
            Some(RefusalKind::Forbidden) => StatusCode::FORBIDDEN,
            Some(RefusalKind::NotFound) => StatusCode::NOT_FOUND,
            Some(RefusalKind::Conflict) => StatusCode::CONFLICT,
            Some(RefusalKind::Stale) => StatusCode::PRECONDITION_FAILED,
            Some(RefusalKind::TooMany) => StatusCode::TOO_MANY_REQUESTS,
            Some(RefusalKind::TooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
        }
    }
}

impl<R: Refuse> From<R> for Problem {
    fn from(refusal: R) -> Self {
        Self { refusal: Some(refusal.refusal()), failure: None }
    }
}

/// Lets `?` work on what operations return.
pub fn of(error: OpError) -> Problem {
    match error {
        OpError::Refused(refusal) => Problem { refusal: Some(refusal), failure: None },
        OpError::Db(error) => Problem::failure(&error),
    }
}

/// What handlers return.
pub type Answer<T> = Result<T, Problem>;

/// What closures over a transaction return: a refusal or a failure, or one of the face itself.
#[derive(Debug)]
pub struct TxProblem(pub Problem);

impl From<DbError> for TxProblem {
    fn from(error: DbError) -> Self {
        Self(Problem::failure(&error))
    }
}

impl From<OpError> for TxProblem {
    fn from(error: OpError) -> Self {
        Self(of(error))
    }
}

impl From<HttpRefusal> for TxProblem {
    fn from(refusal: HttpRefusal) -> Self {
        Self(refusal.into())
    }
}

impl From<gridweave_access::Denied> for TxProblem {
    fn from(denied: gridweave_access::Denied) -> Self {
        Self(gridweave_access::rules::AccessRefusal::from(denied).into())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        let mut response = (status, [(header::CONTENT_TYPE, "application/problem+json")]).into_response();
        response.extensions_mut().insert(std::sync::Arc::new(self));
        response
    }
}

/// Writes the body of a problem when language and request are known: called once, at the edge.
pub fn write(problem: &Problem, headers: &HeaderMap, request_id: &str) -> Vec<u8> {
    if let Some(failure) = &problem.failure {
        tracing::error!(request_id, failure, "request failed");
    }
    let english = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.trim_start().to_ascii_lowercase().starts_with("en"));
    let status = problem.status();
    let (code, title) = match &problem.refusal {
        Some(refusal) => (refusal.code, if english { refusal.en.clone() } else { refusal.zh.clone() }),
        None if english => ("internal", format!("Something went wrong; reference {request_id}")),
        None => ("internal", format!("系统出错，编号 {request_id}")),
    };
    json!({ "type": "about:blank", "status": status.as_u16(), "code": code, "title": title, "request_id": request_id })
        .to_string()
        .into_bytes()
}
