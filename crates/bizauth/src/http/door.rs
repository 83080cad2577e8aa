//! Which door a path belongs to, and what each says when there is no handler, none in time, or a broken one.

use std::any::Any;
use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::HOST;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri, Version};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use bizauth_core::fault::{KapiFault, KauthFault, Refusal};
use futures_util::FutureExt;

use super::access::{home_of, place_of};
use super::guard::Browser;
use super::pages;
use super::reply::{KapiError, kauth_json};
use super::state::AppState;
use crate::view::{Frame, Notice, Place};

/// The half of the platform that a path belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// `/oauth/*`.
    Kauth,
    /// `/v1/*`, and `/ip-list*` beside it.
    Kapi,
    /// Everything that only people ask for.
    Pages,
}

impl Door {
    /// The door of a path.
    pub fn of(path: &str) -> Self {
        let under =
            |prefix: &str| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        match path {
            _ if under("/oauth") => Door::Kauth,
            _ if under("/v1") || under("/ip-list") => Door::Kapi,
            _ => Door::Pages,
        }
    }

    /// The name in logs and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Door::Kauth => "kauth",
            Door::Kapi => "kapi",
            Door::Pages => "pages",
        }
    }
}

/// How many times as long as others what looks at much may take: a large file, the whole audit log.
pub const PATIENTLY: u32 = 10;

/// Puts around the routes of a door what turns panics and delays into its own words.
pub fn guarded(routes: Router<AppState>, state: &AppState) -> Router<AppState> {
    routes.layer(from_fn_with_state((state.clone(), 1), answer_always))
}

/// The same, [`PATIENTLY`].
pub fn guarded_patiently(routes: Router<AppState>, state: &AppState) -> Router<AppState> {
    routes.layer(from_fn_with_state((state.clone(), PATIENTLY), answer_always))
}

async fn answer_always(State((it, times)): State<(AppState, u32)>, request: Request, next: Next) -> Response {
    let (headers, uri) = (request.headers().clone(), request.uri().clone());
    always(&it, (&headers, &uri), it.config.request_timeout * times, next.run(request)).await
}

/// The answer to a request with these headers, whatever becomes of its handler, which may take so long.
pub async fn always<A: From<Response>>(
    it: &AppState,
    (headers, uri): (&HeaderMap, &Uri),
    patience: Duration,
    handler: impl Future<Output = A>,
) -> A {
    let door = Door::of(uri.path());
    let response = match AssertUnwindSafe(in_time(patience, handler)).catch_unwind().await {
        Ok(Some(answer)) => return answer,
        Ok(None) if door == Door::Kapi => KapiError::from(KapiFault::StoreDown).into_response(),
        Ok(None) => say(it, headers, uri, KauthFault::TemporaryFailure.into(), Notice::Unavailable),
        Err(panic) => {
            tracing::error!(door = door.name(), panic = ?words_of(&*panic), "a handler panicked");
            match door {
                Door::Kapi => KapiError::from(KapiFault::Broken).into_response(),
                _ => say(it, headers, uri, KauthFault::Broken.into(), Notice::Broken),
            }
        }
    };
    response.into()
}

/// What `handler` gives within `span`. Most have it at once, and no clock is wound up for them.
async fn in_time<T>(span: Duration, handler: impl Future<Output = T>) -> Option<T> {
    let mut handler = pin!(handler);
    if let Poll::Ready(given) = poll_fn(|context| Poll::Ready(handler.as_mut().poll(context))).await {
        return Some(given);
    }
    tokio::time::timeout(span, handler).await.ok()
}

fn words_of(panic: &(dyn Any + Send)) -> &str {
    let owned = panic.downcast_ref::<String>().map(String::as_str);
    owned.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no words")
}

/// No route has this path.
pub async fn unknown(State(it): State<AppState>, request: Request) -> Response {
    match Door::of(request.uri().path()) {
        Door::Kapi => KapiError::from(KapiFault::UnknownPath).into_response(),
        _ => say_there(&it, request, KauthFault::UnknownUrl, Notice::NotFound).await,
    }
}

/// No route of the public listener has this path. Where the operator's pages are, `bizauth dev` alone says; on any other
/// server nothing here looks as if there were any.
pub async fn unknown_in_public(State(it): State<AppState>, request: Request) -> Response {
    match place_of(request.uri().path()) {
        Place::Operator => {
            let notice = if it.dev.is_some() { Notice::OperatorElsewhere } else { Notice::NotFound };
            pages::notice(&it, request.headers(), request.uri(), notice)
        }
        _ => unknown(State(it), request).await,
    }
}

/// A route has this path, but not this method. The router adds `Allow`.
pub async fn wrong_method(State(it): State<AppState>, request: Request) -> Response {
    match Door::of(request.uri().path()) {
        Door::Kapi => KapiError::from(KapiFault::WrongMethod).into_response(),
        _ => say_there(&it, request, KauthFault::WrongMethod, Notice::WrongMethod).await,
    }
}

/// As [`say`]; below `/console`, `/me` and `/operator` in the words of that place, and for those who may be there within
/// its frame.
async fn say_there(it: &AppState, request: Request, fault: KauthFault, notice: Notice) -> Response {
    let place = place_of(request.uri().path());
    let (mut parts, _) = request.into_parts();
    if place == Place::Public {
        return say(it, &parts.headers, &parts.uri, fault.into(), notice);
    }
    let Ok(browser) = Browser::from_request_parts(&mut parts, it).await;
    let frame = match &browser.session {
        Some(session) if place != Place::Operator || session.is_operator => browser.frame(it),
        _ => Frame { place, ..pages::plain_frame(it, &parts.headers, &parts.uri) },
    };
    pages::say(frame, notice, Some(home_of(place).to_owned()))
}

/// A kauth path answers with its fault, page or JSON; any other page with a notice.
fn say(it: &AppState, headers: &HeaderMap, uri: &Uri, refusal: Refusal<KauthFault>, notice: Notice) -> Response {
    match Door::of(uri.path()) {
        Door::Pages => pages::notice(it, headers, uri, notice),
        // Nobody looks at the token endpoint with a browser.
        _ if uri.path() == "/oauth/business/token" => kauth_json(&refusal),
        _ => pages::fault(it, headers, uri, &refusal, None),
    }
}

/// How the host that a request names goes with its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// It answers for the path.
    Right,
    /// It answers for the other half.
    Foreign,
    /// RFC 9112, section 3.2: no Host, or two, is a bad request.
    Bad,
}

/// Judges the host of a request. One named `kauth.*` or `kapi.*` answers only for its half; any other for both.
pub fn host(parts: &Parts) -> Host {
    let mut named = parts.headers.get_all(HOST).iter();
    let (first, more) = (named.next(), named.next().is_some());
    let authority = parts.uri.authority().is_some();
    if more || (first.is_none() && !authority && parts.version >= Version::HTTP_11) {
        return Host::Bad;
    }
    let header = first.and_then(|host| host.to_str().ok());
    let name = parts.uri.host().or(header).unwrap_or_default();
    let door = Door::of(parts.uri.path());
    let foreign = match name.split(['.', ':']).next().unwrap_or_default() {
        first if first.eq_ignore_ascii_case("kauth") => door == Door::Kapi,
        first if first.eq_ignore_ascii_case("kapi") => door != Door::Kapi,
        _ => false,
    };
    if foreign { Host::Foreign } else { Host::Right }
}

/// Lets a request pass whose host is right.
pub async fn keep_hosts_apart(State(it): State<AppState>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match host(&parts) {
        Host::Right => next.run(Request::from_parts(parts, body)).await,
        Host::Foreign => unknown_in_public(State(it), Request::from_parts(parts, body)).await,
        Host::Bad => match Door::of(parts.uri.path()) {
            Door::Kapi => KapiError::from(KapiFault::BadHeader).into_response(),
            _ => say(&it, &parts.headers, &parts.uri, KauthFault::MalformedRequest.into(), Notice::NotFound),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_belongs_to_one_door() {
        for (path, door) in [
            ("/oauth", Door::Kauth),
            ("/oauth/business/token", Door::Kauth),
            ("/oauthx", Door::Pages),
            ("/v1/x", Door::Kapi),
            ("/v1", Door::Kapi),
            ("/v12", Door::Pages),
            ("/ip-list/feed.atom", Door::Kapi),
            ("/", Door::Pages),
        ] {
            assert_eq!(Door::of(path), door, "{path}");
        }
    }
}
