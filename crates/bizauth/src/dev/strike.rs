//! Carrying out a planned fault: the catalogue's own answer, a broken gateway's, or none that is whole.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_LENGTH;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use bizauth_core::authorize::{Query, Refused};
use bizauth_core::fault::{Answer, KapiFault, KauthFault};
use futures_util::stream;

use super::faults::{Endpoint, Mishap, Row};
use super::front::Cut;
use crate::http::form::Form;
use crate::http::guard::find_client;
use crate::http::pages;
use crate::http::reply::{KapiError, KauthError, kauth_json, redirect_with_error};
use crate::http::state::AppState;

/// What a call brought along, as far as a refusal may be about it.
pub struct Call<'c> {
    /// Its header.
    pub headers: &'c HeaderMap,
    /// Its address.
    pub uri: &'c Uri,
    /// Its form, if it has one.
    pub form: Option<&'c Form>,
}

/// The answer that this row of the catalogue gives at this endpoint. `None`: it would be a redirect, and the request
/// names nowhere to redirect to: then the truth is told.
pub async fn refuse(it: &AppState, endpoint: Endpoint, row: Row, call: &Call<'_>) -> Option<Response> {
    match row {
        Row::Kauth(fault) if endpoint == Endpoint::Authorize => refuse_authorize(it, fault, call).await,
        Row::Kauth(fault) => {
            let sent = |name: &str| call.form.and_then(|form| form.get(name)).unwrap_or_default().to_owned();
            Some(kauth_json(&fault.about(match fault {
                KauthFault::UnknownClient => sent("client_id"),
                KauthFault::CodeNotFound => sent("code"),
                KauthFault::UnsupportedGrantType => sent("grant_type"),
                KauthFault::CallerNotAllowed => "127.0.0.1".to_owned(),
                _ => "the request is malformed".to_owned(),
            })))
        }
        Row::Kapi(fault) => {
            let sent = call.headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
            let key = sent.split_once(' ').map_or("", |(_, key)| key);
            let refusal = fault.about(match fault {
                KapiFault::CallerNotAllowed => "127.0.0.1",
                KapiFault::BadParameter => "a parameter is wrong",
                _ => key,
            });
            let scheme = if endpoint == Endpoint::Ips { "KakaoAK" } else { "Bearer" };
            Some(match fault.row().status {
                401 => KapiError::Unauthorized(refusal, scheme).into_response(),
                _ => KapiError::from(refusal).into_response(),
            })
        }
    }
}

async fn refuse_authorize(it: &AppState, fault: KauthFault, call: &Call<'_>) -> Option<Response> {
    let raw = call.uri.query().unwrap_or_default();
    let query = Query::read(raw);
    let sent = Form::parse(raw).unwrap_or_default();
    let value = |name: &str| sent.get(name).unwrap_or_default().to_owned();
    let refusal = fault.about(match fault {
        KauthFault::UnknownKey => value("client_id"),
        KauthFault::UnregisteredRedirectUri => value("redirect_uri"),
        KauthFault::UnsupportedResponseType => value("response_type"),
        KauthFault::UnknownConsentItem => value("scope"),
        KauthFault::NoFeaturePermission | KauthFault::NoBusinessAsset => {
            let first = value("scope");
            first.split('_').next().unwrap_or_default().to_owned()
        }
        _ => "the parameters contradict each other".to_owned(),
    });
    let client = match find_client(it, &query).await {
        Ok(client) => client,
        Err(error) => return Some(KauthError::from(error).into_response()),
    };
    if fault.row().answer != Answer::Redirect {
        let name = client.as_ref().map(|client| client.app.name.as_str());
        return Some(pages::fault(it, call.headers, call.uri, &refusal, name));
    }
    let catalogue = it.store.catalogue().await.ok()?;
    match query.judge(client.as_ref(), &catalogue, it.config.wildcard_redirects) {
        Ok(asked) => Some(redirect_with_error(&asked.destination, &refusal, asked.state.as_ref())),
        Err(Refused::Redirect(to, state, _)) => Some(redirect_with_error(&to, &refusal, state.as_ref())),
        Err(Refused::Page(_)) => None,
    }
}

/// What a broken gateway says.
pub fn gateway(status: u16) -> Response {
    StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY).into_response()
}

/// What becomes of an answer on its way. The connection is cut where a body fails.
pub async fn mishap(mishap: Mishap, answer: Response) -> Response {
    match mishap {
        Mishap::Never => {
            // Until the caller hangs up, which drops this, or for longer than any of them waits.
            tokio::time::sleep(Duration::from_secs(24 * 60 * 60)).await;
            answer
        }
        Mishap::Cut => {
            let mut answer = answer;
            answer.extensions_mut().insert(Cut);
            answer
        }
        Mishap::CutMidway => {
            let (mut parts, whole) = whole(answer).await;
            parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(whole.len()));
            Response::from_parts(parts, failing(whole.slice(..whole.len() / 2)))
        }
        Mishap::Truncated => {
            let (mut parts, whole) = whole(answer).await;
            parts.headers.remove(CONTENT_LENGTH);
            Response::from_parts(parts, Body::from(whole.slice(..whole.len() / 2)))
        }
    }
}

async fn whole(answer: Response) -> (axum::http::response::Parts, Bytes) {
    let (parts, body) = answer.into_parts();
    (parts, axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default())
}

/// A body that breaks off after `first`.
fn failing(first: Bytes) -> Body {
    let broken = std::io::Error::new(std::io::ErrorKind::ConnectionAborted, "cut, as planned");
    Body::from_stream(stream::iter([Ok(first), Err(broken)]))
}
