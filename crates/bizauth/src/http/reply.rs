//! Every refusal and every breakage becomes a response here, and nowhere else: in the words of its door, logged and
//! counted once.

use std::sync::{Arc, LazyLock};

use axum::http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, LOCATION, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bizauth_core::authorize::State;
use bizauth_core::fault::{KapiFault, KauthFault, Refusal};
use bizauth_core::redirect::Destination;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use super::given::{Given, Head};
use super::limits::Until;

/// The content type of every JSON answer, to the letter of the documents.
pub const JSON: HeaderValue = HeaderValue::from_static("application/json;charset=UTF-8");

/// How long a client should wait when the store does not answer, in seconds.
const TRY_AGAIN: HeaderValue = HeaderValue::from_static("5");

/// Everything but what RFC 3986 calls unreserved.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The name of the fault that an answer stands for, carried to the log and the metrics.
#[derive(Clone, Copy, Debug)]
pub struct Faulted(pub &'static str);

/// A refusal of the token endpoint, or of anything under `/oauth` that a program asked for: JSON.
#[derive(Debug)]
pub struct KauthError(pub Refusal<KauthFault>);

/// A refusal of the kapi door.
#[derive(Debug)]
pub enum KapiError {
    /// In the words of the catalogue.
    Refused(Refusal<KapiFault>),
    /// In the words of the catalogue, with the scheme that a 401 names.
    Unauthorized(Refusal<KapiFault>, &'static str),
    /// A limit is reached, until then.
    Limited(Until),
}

impl From<Refusal<KauthFault>> for KauthError {
    fn from(refusal: Refusal<KauthFault>) -> Self {
        KauthError(refusal)
    }
}

impl From<KauthFault> for KauthError {
    fn from(fault: KauthFault) -> Self {
        KauthError(fault.into())
    }
}

impl From<bizauth_store::Error> for KauthError {
    fn from(error: bizauth_store::Error) -> Self {
        log_breakage(&error);
        KauthFault::TemporaryFailure.into()
    }
}

impl From<KapiFault> for KapiError {
    fn from(fault: KapiFault) -> Self {
        KapiError::Refused(fault.into())
    }
}

impl From<Refusal<KapiFault>> for KapiError {
    fn from(refusal: Refusal<KapiFault>) -> Self {
        KapiError::Refused(refusal)
    }
}

impl From<bizauth_store::Error> for KapiError {
    fn from(error: bizauth_store::Error) -> Self {
        log_breakage(&error);
        match error.is_conflict() {
            true => KapiFault::Temporary.into(),
            false => KapiFault::StoreDown.into(),
        }
    }
}

/// The operator reads the whole chain; the client will hear one fixed sentence.
pub fn log_breakage(error: &bizauth_store::Error) {
    let mut chain = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        chain.push_str(": ");
        chain.push_str(&cause.to_string());
        source = cause.source();
    }
    tracing::error!(error = ?chain, "the store does not answer");
}

impl IntoResponse for KauthError {
    fn into_response(self) -> Response {
        kauth_json(&self.0)
    }
}

/// `{"error","error_description","error_code"}`, in this order.
pub fn kauth_json(refusal: &Refusal<KauthFault>) -> Response {
    let row = refusal.fault.row();
    let body = format!(
        r#"{{"error":{},"error_description":{},"error_code":{}}}"#,
        json!(row.error),
        json!(refusal.description()),
        json!(row.code)
    );
    let mut response = answer(row.status, body, row.name);
    if row.status == 401 {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer error=invalid_client"));
    }
    response
}

impl IntoResponse for KapiError {
    /// `{"msg","code"}`, in this order.
    fn into_response(self) -> Response {
        let (refusal, scheme, until) = match self {
            KapiError::Refused(refusal) => (refusal, None, None),
            KapiError::Unauthorized(refusal, scheme) => (refusal, Some(scheme), None),
            KapiError::Limited(until) => (KapiFault::QuotaExceeded.into(), None, Some(until)),
        };
        let row = refusal.fault.row();
        let body = format!(r#"{{"msg":{},"code":{}}}"#, json!(refusal.msg()), row.code);
        let mut response = answer(row.status, body, row.name);
        if row.status == 401 {
            let header = match scheme {
                Some("KakaoAK") => HeaderValue::from_static("KakaoAK error=invalid_token"),
                _ => HeaderValue::from_static("Bearer error=invalid_token"),
            };
            response.headers_mut().insert(WWW_AUTHENTICATE, header);
        }
        if let Some(until) = until {
            response.extensions_mut().insert(until);
        }
        response
    }
}

fn answer(status: u16, body: String, name: &'static str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, body).into_response();
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    no_store(response.headers_mut());
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, TRY_AGAIN);
    }
    response.extensions_mut().insert(Faulted(name));
    response
}

/// A successful JSON answer that no cache may keep.
pub fn json_answer(body: String) -> Response {
    json_given(body).into_response()
}

/// The same, before it is a response.
pub fn json_given(body: String) -> Given {
    static HEAD: LazyLock<Arc<Head>> = LazyLock::new(|| {
        let mut fields = HeaderMap::new();
        fields.insert(CONTENT_TYPE, JSON);
        no_store(&mut fields);
        Head::new(StatusCode::OK, fields)
    });
    Given { head: HEAD.clone(), body: body.into() }
}

/// RFC 6749, section 5.1: answers with tokens, and ours about tokens, are kept by nobody.
fn no_store(headers: &mut HeaderMap) {
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
}

/// `Location: <redirect_uri>?code=…[&state=…]`, 302, `Content-Length: 0`.
pub fn redirect_with_code(destination: &Destination, code: &str, state: Option<&State>) -> Response {
    redirect(destination.with(&with_state(format!("code={code}"), state)))
}

/// `Location: <redirect_uri>?error=…&error_description=…[&state=…]`; spaces as `%20`.
pub fn redirect_with_error(
    destination: &Destination,
    refusal: &Refusal<KauthFault>,
    state: Option<&State>,
) -> Response {
    let row = refusal.fault.row();
    let description = refusal.description();
    let query = format!("error={}&error_description={}", row.error, utf8_percent_encode(&description, ESCAPED));
    let mut response = redirect(destination.with(&with_state(query, state)));
    response.extensions_mut().insert(Faulted(row.name));
    response
}

fn with_state(query: String, state: Option<&State>) -> String {
    match state {
        Some(state) => format!("{query}&{}", state.to_query()),
        None => query,
    }
}

fn redirect(location: String) -> Response {
    // A destination was registered in a form that fits a header, and what is added to it is escaped.
    let location = HeaderValue::from_str(&location).unwrap_or(HeaderValue::from_static("/"));
    let mut response = StatusCode::FOUND.into_response();
    response.headers_mut().insert(LOCATION, location);
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    no_store(response.headers_mut());
    response
}

/// 303 to a page of ours.
pub fn see(path: &str) -> Response {
    let location = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static("/"));
    let mut response = StatusCode::SEE_OTHER.into_response();
    response.headers_mut().insert(LOCATION, location);
    response
}

/// `text`, as a value in the query of an address.
pub fn escape(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}
