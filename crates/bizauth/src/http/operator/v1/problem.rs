//! Refusals of the operator's API, as RFC 9457 has them: a word for programs, a sentence for people, and every mistake
//! of a body with the place where it stands.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bizauth_core::operator::Scope;
use serde_json::{Value, json};

use crate::http::limits::Until;
use crate::http::reply::{Faulted, log_breakage};

/// What a handler answers.
pub type Answer = Result<Response, Problem>;

/// One mistake in a body or a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where: a JSON pointer (RFC 6901) into the body, or the name of a query parameter.
    pub place: Place,
    /// What is wrong there.
    pub detail: String,
}

/// Where a mistake stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the body.
    Pointer(String),
    /// In the query or the path.
    Parameter(String),
}

/// Why something was not done. Nothing was changed.
#[derive(Clone, Debug)]
pub struct Problem {
    status: StatusCode,
    word: &'static str,
    title: &'static str,
    detail: Box<str>,
    mistakes: Vec<Mistake>,
    /// What else programs may want to know.
    more: Vec<(&'static str, Value)>,
    /// Until when nothing is looked at.
    until: Option<Until>,
}

impl Mistake {
    /// A mistake in the body.
    pub fn at(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Mistake { place: Place::Pointer(pointer.into()), detail: detail.into() }
    }

    /// A mistake in the query or the path.
    pub fn of(parameter: impl Into<String>, detail: impl Into<String>) -> Self {
        Mistake { place: Place::Parameter(parameter.into()), detail: detail.into() }
    }

    fn to_json(&self) -> Value {
        match &self.place {
            Place::Pointer(pointer) => json!({ "pointer": format!("#{pointer}"), "detail": self.detail }),
            Place::Parameter(name) => json!({ "parameter": name, "detail": self.detail }),
        }
    }
}

impl Problem {
    fn new(status: StatusCode, word: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        let detail = detail.into().into_boxed_str();
        Problem { status, word, title, detail, mistakes: Vec::new(), more: Vec::new(), until: None }
    }

    /// No key, or none that opens anything.
    pub fn unauthorized(detail: &str) -> Self {
        Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", "An operator key is needed", detail)
    }

    /// A key that may not do this.
    pub fn missing_scope(scope: Scope) -> Self {
        let detail = format!("this needs a key with the scope {}", scope.word());
        let it = Problem::new(StatusCode::FORBIDDEN, "missing-scope", "The key may not do this", detail);
        Problem { more: vec![("scope", json!(scope.word()))], ..it }
    }

    /// Too many wrong keys from one address.
    pub fn too_many(until: Until) -> Self {
        let detail = "too many wrong keys came from this address; wait a minute";
        let it = Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", "Too many wrong keys", detail);
        Problem { until: Some(until), ..it }
    }

    /// There is no such path.
    pub fn unknown_path() -> Self {
        let detail = "no such path; /operator/v1/openapi.json describes all of them";
        Problem::new(StatusCode::NOT_FOUND, "unknown-path", "There is no such path", detail)
    }

    /// The path has other methods. The router adds `Allow`.
    pub fn wrong_method() -> Self {
        let detail = "this path has other methods; the header Allow names them";
        Problem::new(StatusCode::METHOD_NOT_ALLOWED, "wrong-method", "The path has no such method", detail)
    }

    /// There is no such thing.
    pub fn not_found(what: impl std::fmt::Display) -> Self {
        Problem::new(StatusCode::NOT_FOUND, "not-found", "There is no such thing", format!("there is no {what}"))
    }

    /// A body that cannot be read at all.
    pub fn malformed(detail: impl Into<String>) -> Self {
        Problem::new(StatusCode::BAD_REQUEST, "malformed", "The request cannot be read", detail)
    }

    /// A body of another content type.
    pub fn unsupported(wanted: &str) -> Self {
        let detail = format!("Content-Type must be {wanted}");
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        Problem::new(status, "unsupported-media-type", "The body is of another type", detail)
    }

    /// A body that is too long.
    pub fn too_large(most: usize) -> Self {
        let detail = format!("the body may have {most} bytes");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too long", detail)
    }

    /// Values that do not fit, all of them at once.
    pub fn invalid(mistakes: Vec<Mistake>) -> Self {
        let detail = match &mistakes[..] {
            [only] => only.detail.clone(),
            several => format!("{} values do not fit; nothing was changed", several.len()),
        };
        let it = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "Values do not fit", detail);
        Problem { mistakes, ..it }
    }

    /// What is asked for contradicts what is there.
    pub fn conflict(detail: impl Into<String>) -> Self {
        let title = "This contradicts what is there";
        Problem::new(StatusCode::CONFLICT, "conflict", title, detail)
    }

    /// The same, with something that programs may want to know.
    pub fn with(mut self, name: &'static str, value: Value) -> Self {
        self.more.push((name, value));
        self
    }

    /// The server cannot now.
    pub fn unavailable() -> Self {
        let detail = "the records cannot be reached; nothing was changed, try again";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Not now", detail)
    }

    /// A bug.
    pub fn broken() -> Self {
        let detail = "something is broken here; the log has more";
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "broken", "Something is broken", detail)
    }
}

impl From<bizauth_store::Error> for Problem {
    fn from(error: bizauth_store::Error) -> Self {
        log_breakage(&error);
        Problem::unavailable()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut body = json!({
            "type": format!("urn:bizauth:problem:{}", self.word),
            "title": self.title,
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        if !self.mistakes.is_empty() {
            body["errors"] = self.mistakes.iter().map(Mistake::to_json).collect();
        }
        for (name, value) in self.more {
            body[name] = value;
        }
        let mut response = (self.status, body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let more = match self.status {
            StatusCode::UNAUTHORIZED => Some((WWW_AUTHENTICATE, "Bearer realm=\"bizauth operator\"")),
            StatusCode::SERVICE_UNAVAILABLE => Some((RETRY_AFTER, "1")),
            _ => None,
        };
        if let Some((name, value)) = more {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response.extensions_mut().insert(Faulted(self.word));
        if let Some(until) = self.until {
            response.extensions_mut().insert(until);
        }
        response
    }
}

/// A successful answer.
pub fn said(status: StatusCode, body: &Value) -> Response {
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")];
    (status, headers, body.to_string()).into_response()
}

/// A successful answer, 200.
pub fn fine(body: &Value) -> Response {
    said(StatusCode::OK, body)
}

/// Done, and nothing to say.
pub fn done() -> Response {
    (StatusCode::NO_CONTENT, [(CACHE_CONTROL, "no-store")]).into_response()
}
