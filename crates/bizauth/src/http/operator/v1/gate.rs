//! What stands before every route of the operator's API: a living key, with the scope that the route needs. And what
//! turns panics and delays into the API's own words.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::str::FromStr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequestParts, RawPathParams, Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bizauth_core::id::OperatorKeyId;
use bizauth_core::operator::Scope;
use bizauth_core::secret::Credential;
use bizauth_core::time::Time;
use bizauth_store::{Actor, By, OperatorKeyRecord, Who};
use bytes::Bytes;
use futures_util::FutureExt;

use super::body::Object;
use super::problem::{Mistake, Problem};
use crate::http::door::PATIENTLY;
use crate::http::form::{Form, Unread, whole};
use crate::http::guard::caller;
use crate::http::limits::{OPERATOR_KEY_ADDRESS, neighbourhood, spend};
use crate::http::state::AppState;

/// What the gate must know of the route it keeps.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// What a key must be allowed.
    pub scope: Scope,
    /// The longest body in bytes.
    pub body: usize,
}

/// One request that the gate let in. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Call(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    key: OperatorKeyRecord,
    params: Vec<(String, String)>,
    query: Form,
    content_type: String,
    body: Bytes,
    from: IpAddr,
    at: Time,
}

impl<S: Sync> FromRequestParts<S> for Call {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        // A route without the gate lets nobody in.
        parts.extensions.get().cloned().ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl Call {
    /// The records in the hands of the key: whatever is changed is in the audit log under its name.
    pub fn by(&self, it: &AppState) -> By {
        let (who, name) = (Who::OperatorKey(self.0.key.id), self.0.key.name.clone());
        it.store.by(Actor { who, name, from: Some(self.0.from.to_string()), at: self.0.at })
    }

    /// The same, for a reason if there is one.
    pub fn because(&self, it: &AppState, reason: Option<String>) -> By {
        match reason {
            Some(reason) => self.by(it).because(reason),
            None => self.by(it),
        }
    }

    /// The key.
    pub fn key(&self) -> &OperatorKeyRecord {
        &self.0.key
    }

    /// When the request came.
    pub fn at(&self) -> Time {
        self.0.at
    }

    /// A named piece of the path, percent-decoded.
    pub fn piece(&self, name: &str) -> &str {
        self.0.params.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    }

    /// An id in the path.
    ///
    /// # Errors
    /// There is no such thing, if it cannot be an id.
    pub fn id<T: FromStr>(&self, name: &'static str) -> Result<T, Problem> {
        self.piece(name).parse().map_err(|_| Problem::not_found(format!("{name} {}", self.piece(name))))
    }

    /// The query.
    pub fn query(&self) -> &Form {
        &self.0.query
    }

    /// Refuses query parameters that mean nothing here.
    ///
    /// # Errors
    /// Each of them.
    pub fn only(&self, known: &[&str]) -> Result<(), Problem> {
        let unknown = self.0.query.names().filter(|name| !known.contains(name));
        let mistakes: Vec<_> = unknown.map(|name| Mistake::of(name, "is not known here")).collect();
        if mistakes.is_empty() { Ok(()) } else { Err(Problem::invalid(mistakes)) }
    }

    /// What was sent, and what it is said to be.
    pub fn sent(&self) -> (&str, &Bytes) {
        (&self.0.content_type, &self.0.body)
    }

    /// The body as a JSON object.
    ///
    /// # Errors
    /// It is not one.
    pub fn object(&self) -> Result<Object, Problem> {
        let kind = self.0.content_type.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            return Err(Problem::unsupported("application/json"));
        }
        Object::read(&self.0.body)
    }
}

/// Lets a request in, or says why not.
pub async fn key_gate(State((it, terms)): State<(AppState, Terms)>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match admit(&it, terms, &mut parts, body).await {
        Ok(call) => {
            parts.extensions.insert(call);
            next.run(Request::from_parts(parts, Body::empty())).await
        }
        Err(problem) => problem.into_response(),
    }
}

async fn admit(it: &AppState, terms: Terms, parts: &mut Parts, body: Body) -> Result<Call, Problem> {
    let (at, from) = (it.clock.now(), caller(&parts.extensions, &parts.headers, &it.config.trusted_proxies));
    let key = key(it, &parts.headers, from, at).await?;
    if !terms.scope.is_within(&key.scopes) {
        return Err(Problem::missing_scope(terms.scope));
    }
    let params = RawPathParams::from_request_parts(parts, &()).await;
    let params = params.map_err(|_| Problem::malformed("the path is not UTF-8"))?;
    let params: Vec<_> = params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    if params.iter().any(|(_, value)| value.contains(char::is_control)) {
        // Nothing is called so, and not every store could even be asked.
        return Err(Problem::not_found("thing with such a name"));
    }
    let query = Form::parse(parts.uri.query().unwrap_or_default()).map_err(Problem::malformed)?;
    if let Some(name) = query.repeated() {
        return Err(Problem::invalid(vec![Mistake::of(name, "is sent twice")]));
    }
    let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if text(CONTENT_LENGTH).parse().is_ok_and(|length: usize| length > terms.body) {
        return Err(Problem::too_large(terms.body));
    }
    let body = whole(body, terms.body).await.map_err(|why| match why {
        Unread::TooLong => Problem::too_large(terms.body),
        Unread::Broken => Problem::malformed("the body cannot be read to its end"),
    })?;
    let content_type = text(CONTENT_TYPE).to_owned();
    Ok(Call(Arc::new(Inner { key, params, query, content_type, body, from, at })))
}

/// The living key behind `Authorization: Bearer`. Whoever tries too many wrong ones is told to wait; a right one is
/// always let in.
async fn key(it: &AppState, headers: &HeaderMap, from: IpAddr, now: Time) -> Result<OperatorKeyRecord, Problem> {
    let mut sent = headers.get_all(AUTHORIZATION).iter();
    let (Some(header), None) = (sent.next(), sent.next()) else {
        return Err(Problem::unauthorized("send one header Authorization: Bearer with an operator key"));
    };
    let key = header.to_str().ok().and_then(|text| text.split_once(' '));
    let key = key.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, key)| key.trim());
    if let Some((id, secret)) = key.and_then(|key| Credential::OperatorKey.read(key))
        && let Some(found) = it.store.operator_key(OperatorKeyId(id), &secret, now).await?
    {
        return Ok(found);
    }
    match spend(it, &[(OPERATOR_KEY_ADDRESS, neighbourhood(from))]).await? {
        None => Err(Problem::unauthorized("there is no such key, or it has ended")),
        Some(until) => Err(Problem::too_many(until)),
    }
}

/// Around all routes: a handler that panics or takes too long still answers.
pub async fn answer_always(State(it): State<AppState>, request: Request, next: Next) -> Response {
    // A large file is looked at, and a long log is walked, for longer than a page may take.
    let slow = ["/operator/v1/imports", "/operator/v1/audit/verdict"].contains(&request.uri().path());
    let patience = it.config.request_timeout * if slow { PATIENTLY } else { 1 };
    let answer = AssertUnwindSafe(tokio::time::timeout(patience, next.run(request))).catch_unwind();
    match answer.await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => Problem::unavailable().into_response(),
        Err(_) => {
            tracing::error!("a handler of the operator's API panicked");
            Problem::broken().into_response()
        }
    }
}
