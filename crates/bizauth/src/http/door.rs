//! Which door a path belongs to, and what each says when there is no handler, none in time, or a broken one.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::HOST;
use axum::http::{HeaderMap, Uri, Version};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use bizauth_core::fault::{KapiFault, KauthFault, Refusal};
use futures_util::FutureExt;

use super::pages;
use super::reply::{KapiError, kauth_json};
use super::state::AppState;
use crate::view::Notice;

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
    let door = Door::of(uri.path());
    let patience = it.config.request_timeout * times;
    let answer = AssertUnwindSafe(tokio::time::timeout(patience, next.run(request))).catch_unwind();
    match answer.await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) if door == Door::Kapi => KapiError::from(KapiFault::StoreDown).into_response(),
        Ok(Err(_)) => say(&it, &headers, &uri, KauthFault::TemporaryFailure.into(), Notice::Unavailable),
        Err(panic) => {
            tracing::error!(door = door.name(), panic = ?words_of(&*panic), "a handler panicked");
            match door {
                Door::Kapi => KapiError::from(KapiFault::Broken).into_response(),
                _ => say(&it, &headers, &uri, KauthFault::Broken.into(), Notice::Broken),
            }
        }
    }
}

fn words_of(panic: &(dyn Any + Send)) -> &str {
    let owned = panic.downcast_ref::<String>().map(String::as_str);
    owned.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no words")
}

/// No route has this path.
pub async fn unknown(State(it): State<AppState>, headers: HeaderMap, uri: Uri) -> Response {
    match Door::of(uri.path()) {
        Door::Kapi => KapiError::from(KapiFault::UnknownPath).into_response(),
        _ => say(&it, &headers, &uri, KauthFault::UnknownUrl.into(), Notice::NotFound),
    }
}

/// A route has this path, but not this method. The router adds `Allow`.
pub async fn wrong_method(State(it): State<AppState>, headers: HeaderMap, uri: Uri) -> Response {
    match Door::of(uri.path()) {
        Door::Kapi => KapiError::from(KapiFault::WrongMethod).into_response(),
        _ => say(&it, &headers, &uri, KauthFault::WrongMethod.into(), Notice::WrongMethod),
    }
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

/// A host named `kauth.*` or `kapi.*` answers only for its half; any other host for both.
pub async fn keep_hosts_apart(State(it): State<AppState>, request: Request, next: Next) -> Response {
    let door = Door::of(request.uri().path());
    let n_hosts = request.headers().get_all(HOST).iter().count();
    let named = request.uri().authority().is_some() || n_hosts == 1;
    if n_hosts > 1 || (!named && request.version() >= Version::HTTP_11) {
        // RFC 9112, section 3.2: no Host, or two, is a bad request.
        return match door {
            Door::Kapi => KapiError::from(KapiFault::BadHeader).into_response(),
            _ => say(&it, request.headers(), request.uri(), KauthFault::MalformedRequest.into(), Notice::NotFound),
        };
    }
    let header = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let host = request.uri().host().or(header).unwrap_or_default();
    let foreign = match host.split(['.', ':']).next().unwrap_or_default() {
        first if first.eq_ignore_ascii_case("kauth") => door == Door::Kapi,
        first if first.eq_ignore_ascii_case("kapi") => door != Door::Kapi,
        _ => false,
    };
    if foreign {
        return unknown(State(it), request.headers().clone(), request.uri().clone()).await;
    }
    next.run(request).await
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
