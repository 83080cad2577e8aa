//! What people see. Every page leaves by [`html`], with the strict headers; every form carries a token.

pub mod callback;
pub mod consent;
pub mod files;
pub mod home;
pub mod icons;
pub mod language;
pub mod login;
pub mod logout;

use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, RETRY_AFTER};
use axum::http::header::{VARY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use bizauth_core::fault::{KauthFault, Refusal};

use super::guard::language;
use super::reply::{Faulted, kauth_json};
use super::state::AppState;
use crate::view::{Audience, FaultPage, Frame, Notice, NoticePage, Template};

/// In `bizauth dev` what its log calls a request, set on the way in; nowhere else is it looked at.
pub const NUMBER: HeaderName = HeaderName::from_static("x-bizauth-number");

/// A page with its headers. `form_to`: the origin that a form's answer may be redirected to; Chromium applies
/// `form-action` to the redirect as well.
pub fn html(status: StatusCode, page: &impl Template, form_to: Option<&str>) -> Response {
    let Ok(text) = page.render() else {
        tracing::error!("a template failed");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let form_to = form_to.map(|origin| format!(" {origin}")).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'{form_to}; \
         base-uri 'none'; frame-ancestors 'none'"
    );
    let mut response = (status, text).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(VARY, HeaderValue::from_static("Accept, Accept-Language, Cookie"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("5"));
    }
    response
}

/// A refusal of the kauth door: a page that never redirects, or JSON for a client that asks for JSON.
pub fn fault(
    it: &AppState,
    headers: &HeaderMap,
    uri: &Uri,
    refusal: &Refusal<KauthFault>,
    app: Option<&str>,
) -> Response {
    fault_in(plain_frame(it, headers, uri), headers, refusal, app)
}

/// The same in a frame that is at hand: with an account in it, the page offers to sign in as someone else.
pub fn fault_in(frame: Frame, headers: &HeaderMap, refusal: &Refusal<KauthFault>, app: Option<&str>) -> Response {
    if wants_json(headers) {
        return kauth_json(refusal);
    }
    let row = refusal.fault.row();
    let number = headers.get(NUMBER).filter(|_| frame.test).and_then(|n| n.to_str().ok());
    let page = FaultPage {
        explained: number.map(|n| format!("/_dev/log/{n}")),
        frame,
        code: row.code.to_owned(),
        app_name: app.map(str::to_owned),
        detail: Some(refusal.description()),
        help: Audience::of(row.code),
    };
    let status = StatusCode::from_u16(row.status).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = html(status, &page, None);
    response.extensions_mut().insert(Faulted(row.name));
    response
}

/// A notice, with the way on that fits it.
pub fn notice(it: &AppState, headers: &HeaderMap, uri: &Uri, notice: Notice) -> Response {
    say(plain_frame(it, headers, uri), notice, None)
}

/// A notice in a frame that is at hand.
pub fn say(frame: Frame, notice: Notice, next: Option<String>) -> Response {
    let status = match notice {
        Notice::SignedOut => StatusCode::OK,
        Notice::ConsentGone | Notice::NotFound | Notice::OperatorElsewhere => StatusCode::NOT_FOUND,
        Notice::ConsentAnswered | Notice::RequestAnswered => StatusCode::CONFLICT,
        Notice::FormExpired
        | Notice::SessionOver
        | Notice::OwnersOnly
        | Notice::OperatorsOnly
        | Notice::AccountDormant
        | Notice::AccountBlocked
        | Notice::AccountClosed => StatusCode::FORBIDDEN,
        Notice::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Notice::Malformed => StatusCode::BAD_REQUEST,
        Notice::TooOften => StatusCode::TOO_MANY_REQUESTS,
        Notice::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
        Notice::SealUnavailable | Notice::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Notice::Broken => StatusCode::INTERNAL_SERVER_ERROR,
    };
    html(status, &NoticePage { frame, notice, next, kept: Vec::new() }, None)
}

/// A frame for a page that shows nobody's account: it asks the store nothing, so it can also say that the store is
/// down.
pub fn plain_frame(it: &AppState, headers: &HeaderMap, uri: &Uri) -> Frame {
    let here = uri.path_and_query().map_or("/", |here| here.as_str());
    let mut frame = Frame::new(it.words.clone(), language(headers), local(here));
    frame.test = it.dev.is_some();
    frame
}

/// Whether a client asks for JSON rather than for a page.
fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.contains("application/json") && !accept.contains("text/html")
}

/// `next`, if it is a path of this very server; the home page otherwise.
pub fn local(next: &str) -> String {
    let plain = next.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    let ours = next.starts_with('/') && !next.starts_with("//");
    if plain && ours { next.to_owned() } else { "/".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_path_of_our_own_is_gone_back_to() {
        for (next, goes) in [
            ("/consent?id=1", "/consent?id=1"),
            ("/", "/"),
            ("", "/"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("javascript:alert(1)", "/"),
            ("/a b", "/"),
            ("/a\r\nSet-Cookie: x=1", "/"),
        ] {
            assert_eq!(local(next), goes, "{next:?}");
        }
    }

    #[test]
    fn json_is_for_those_who_ask_for_it() {
        for (accept, json) in [
            ("application/json", true),
            ("application/json, */*", true),
            ("text/html,application/xhtml+xml,application/json", false),
            ("*/*", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, accept.parse().unwrap());
            assert_eq!(wants_json(&headers), json, "{accept}");
        }
    }
}
