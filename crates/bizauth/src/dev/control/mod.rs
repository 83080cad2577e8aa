//! The control surface of `bizauth dev`: `/_dev/…`, JSON in and out, problem documents where something is refused.
//!
//! One path, one file. It exists in no other mode: `bizauth serve` has no route of it.

mod clock;
mod consents;
mod faults;
mod leaks;
mod log_page;
mod pending;
mod requests;
mod run;
mod snapshots;
mod tokens;
mod world;
mod worlds;

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::Request;
use axum::http::header::{CONTENT_TYPE, HOST, ORIGIN};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tower::ServiceExt;

use super::switchboard::{Received, problem};
use super::world::World;
use super::worlds::Worlds;

pub use clock::{rfc3339, stands};
pub use requests::Wanted;

/// The description of all this, for any language.
pub const OPENAPI: &str = include_str!("openapi.json");

/// Every path of the control surface; a test holds the description to them.
pub const PATHS: [&str; 25] = [
    "/_dev",
    "/_dev/log/{n}",
    "/_dev/openapi.json",
    "/_dev/seed-schema.json",
    "/_dev/world",
    "/_dev/reset",
    "/_dev/worlds",
    "/_dev/worlds/{id}",
    "/_dev/clock",
    "/_dev/faults",
    "/_dev/faults/{id}",
    "/_dev/consents",
    "/_dev/consents/{id}",
    "/_dev/pending",
    "/_dev/pending/{n}",
    "/_dev/tokens",
    "/_dev/tokens/kill",
    "/_dev/requests",
    "/_dev/requests/expect",
    "/_dev/requests/{n}",
    "/_dev/run",
    "/_dev/snapshots",
    "/_dev/snapshots/{name}",
    "/_dev/snapshots/{name}/restore",
    "/_dev/leaks",
];

/// The worlds, and the one that a call is about.
#[derive(Clone)]
pub struct Desk {
    worlds: Arc<Worlds>,
    world: Arc<World>,
}

/// A refusal: status, what, and why in words for whoever called.
#[derive(Debug)]
pub struct Refused(u16, &'static str, String);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        problem(self.0, self.1, self.2)
    }
}

impl From<bizauth_store::Error> for Refused {
    fn from(error: bizauth_store::Error) -> Self {
        Refused(503, "the store does not answer", error.to_string())
    }
}

impl From<super::Error> for Refused {
    fn from(error: super::Error) -> Self {
        match error {
            super::Error::Unusable(why) => Refused(422, "this cannot be used", why),
            error => Refused(500, "this could not be done", error.to_string()),
        }
    }
}

/// A JSON body on its way out.
pub struct Json<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => ([(CONTENT_TYPE, "application/json")], body).into_response(),
            Err(error) => Refused(500, "this cannot be told", error.to_string()).into_response(),
        }
    }
}

/// What a control call says.
type Said<T = Json<serde_json::Value>> = Result<T, Refused>;

/// Every route of the control surface, with its path below the base of a world. Built once: a world is made in a few
/// milliseconds, and building them with each call was a large part of that.
static ROUTES: LazyLock<Router> = LazyLock::new(|| {
    Router::new()
        .route("/_dev", get(log_page::list))
        .route("/_dev/", get(log_page::list))
        .route("/_dev/log/{n}", get(log_page::one))
        .route("/_dev/openapi.json", get(openapi))
        .route("/_dev/seed-schema.json", get(schema))
        .route("/_dev/world", get(world::get))
        .route("/_dev/reset", post(world::reset))
        .route("/_dev/worlds", get(worlds::list).post(worlds::make))
        .route("/_dev/worlds/{id}", get(worlds::get).delete(worlds::remove))
        .route("/_dev/clock", get(clock::get).post(clock::steer))
        .route("/_dev/faults", get(faults::list).post(faults::plan).delete(faults::clear))
        .route("/_dev/faults/{id}", delete(faults::remove))
        .route("/_dev/consents", get(consents::list).post(consents::rule).delete(consents::clear))
        .route("/_dev/consents/{id}", delete(consents::remove))
        .route("/_dev/pending", get(pending::list))
        .route("/_dev/pending/{n}", post(pending::decide))
        .route("/_dev/tokens", get(tokens::list).post(tokens::issue))
        .route("/_dev/tokens/kill", post(tokens::kill))
        .route("/_dev/requests", get(requests::list).delete(requests::forget))
        .route("/_dev/requests/expect", post(requests::expect))
        .route("/_dev/requests/{n}", get(requests::one))
        .route("/_dev/run", get(run::export))
        .route("/_dev/snapshots", get(snapshots::list).post(snapshots::save))
        .route("/_dev/snapshots/{name}", get(snapshots::export).put(snapshots::import).delete(snapshots::remove))
        .route("/_dev/snapshots/{name}/restore", post(snapshots::restore))
        .route("/_dev/leaks", get(leaks::list).put(leaks::name).delete(leaks::forget))
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
});

/// Whether a path is of the control surface.
pub fn is_control(path: &str) -> bool {
    path == "/_dev" || path.starts_with("/_dev/")
}

/// Answers a control call about a world.
pub async fn answer(worlds: &Arc<Worlds>, world: &Arc<World>, received: Received) -> Response {
    let desk = Desk { worlds: worlds.clone(), world: world.clone() };
    let mut request: Request = Request::from_parts(received.parts, received.body.into());
    request.extensions_mut().insert(desk);
    match ROUTES.clone().oneshot(request).await {
        Ok(answer) => answer,
        Err(never) => match never {},
    }
}

/// A page of another origin in a browser on this machine can reach loopback too. It cannot hide its origin, nor, where it
/// bends a name of its own to loopback, that name.
pub fn not_from_a_page(received: &Received) -> Result<(), Refused> {
    let header = |name| received.parts.headers.get(name).and_then(|value| value.to_str().ok());
    let host = received.parts.uri.authority().map(axum::http::uri::Authority::as_str).or_else(|| header(HOST));
    let host = host.unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, port)| if port.ends_with(']') { host } else { name });
    let ours = name == "localhost"
        || name.ends_with(".localhost")
        || super::hosts::PLATFORM.contains(&name)
        || name.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok();
    if !ours {
        let why = format!("the request came for the host {host:?}; use 127.0.0.1, localhost or ID.localhost");
        return Err(Refused(421, "this is no name of bizauth dev", why));
    }
    let origin = header(ORIGIN).filter(|_| received.parts.method != Method::GET);
    match origin {
        Some(origin) if origin.split_once("://").map(|(_, of)| of) != Some(host) => {
            Err(Refused(403, "a page of another origin may not steer", format!("the request came from {origin}")))
        }
        _ => Ok(()),
    }
}

/// Reads a JSON body, strictly; none at all is an empty object.
fn read<T: DeserializeOwned>(received: &Request<()>, body: &[u8]) -> Said<T> {
    let kind = received.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if body.is_empty() {
        return from_json(b"{}");
    }
    if !kind.starts_with("application/json") {
        return Err(Refused(415, "a body is JSON", "send Content-Type: application/json".to_owned()));
    }
    from_json(body)
}

fn from_json<T: DeserializeOwned>(body: &[u8]) -> Said<T> {
    serde_json::from_slice(body).map_err(|error| Refused(400, "this body cannot be read", error.to_string()))
}

/// A JSON body of a control call.
pub struct Body<T>(pub T);

impl<S: Sync, T: DeserializeOwned> axum::extract::FromRequest<S> for Body<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refused> {
        let (parts, body) = request.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
        Ok(Body(read(&Request::from_parts(parts, ()), &body)?))
    }
}

async fn openapi() -> Response {
    ([(CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}

async fn schema() -> Response {
    ([(CONTENT_TYPE, "application/schema+json")], super::seed::schema()).into_response()
}

async fn unknown() -> Refused {
    Refused(404, "no such control", "GET /_dev/openapi.json describes all of them".to_owned())
}

async fn wrong_method() -> Refused {
    Refused(405, "wrong method", "GET /_dev/openapi.json describes all of them".to_owned())
}

fn done() -> StatusCode {
    StatusCode::NO_CONTENT
}
