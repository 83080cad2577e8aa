//! One line in the log and one count for each request. Never a secret, a code, a token, an address or an e-mail.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::HeaderValue;
use axum::http::header::STRICT_TRANSPORT_SECURITY;
use axum::middleware::Next;
use axum::response::Response;

use super::access::Rule;
use super::door::Door;
use super::guard::Asker;
use super::limits;
use super::listen::Peer;
use super::reply::Faulted;
use super::state::AppState;
use crate::config::Origin;
use crate::usage::{self, Endpoint};

/// The labels that metrics know beside the paths of the tables: a path that is none of these is `other`, so that nobody can make labels.
const ENDPOINTS: [&str; 26] = [
    "/",
    "/oauth/business/authorize",
    "/oauth/business/token",
    "/v1/business/tokeninfo",
    "/v1/business/userinfo",
    "/v1/business/revoke",
    "/v1/system/ips",
    "/ip-list",
    "/ip-list/history",
    "/ip-list/history/{serial}",
    "/ip-list/diff",
    "/ip-list/feed.atom",
    "/ip-list/calendar.ics",
    "/ip-list/list.txt",
    "/ip-list/list.csv",
    "/ip-list/list.json",
    "/ip-list/list.json.minisig",
    "/ip-list/minisign.pub",
    "/login",
    "/login/code",
    "/logout",
    "/consent",
    "/language",
    "/static/{file}",
    "/icons/{digest}",
    "/dev/callback",
];

/// What is watched: the server, and the labels that metrics may use. They come from the routes, never from a caller.
#[derive(Clone)]
pub struct Watched {
    it: AppState,
    endpoints: Arc<[&'static str]>,
}

impl Watched {
    /// With the paths of these rules beside the others.
    pub fn new<'r>(it: &AppState, rules: impl Iterator<Item = &'r Rule>) -> Self {
        Watched { it: it.clone(), endpoints: ENDPOINTS.into_iter().chain(rules.map(|rule| rule.path)).collect() }
    }

    /// The same with these paths too.
    pub fn with(self, paths: impl Iterator<Item = &'static str>) -> Self {
        let endpoints = self.endpoints.iter().copied().chain(paths).collect();
        Watched { endpoints, ..self }
    }
}

/// Runs the request, then counts it and writes its line.
pub async fn observe(State(Watched { it, endpoints }): State<Watched>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let door = Door::of(request.uri().path());
    let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let endpoint = endpoints.iter().copied().find(|known| *known == path).unwrap_or("other");
    let over_tls = request.extensions().get::<Peer>().is_some_and(|peer| peer.tls);
    let counted = Endpoint::of(path).map(|endpoint| (endpoint, Asker::default()));
    if let Some((_, asker)) = &counted {
        request.extensions_mut().insert(asker.clone());
    }
    let mut response = next.run(request).await;
    // RFC 6797: only where the browser came over TLS, here or at the proxy in front.
    if over_tls || it.config.origin.as_ref().is_some_and(Origin::is_https) {
        response.headers_mut().insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    limits::announce(&it, &mut response);
    let (status, took) = (response.status().as_u16(), started.elapsed());
    it.metrics.request(endpoint, status, took.as_secs_f64());
    let fault = response.extensions().get::<Faulted>().map_or("", |faulted| faulted.0);
    if !fault.is_empty() {
        it.metrics.fault(door.name(), fault);
    }
    if let Some((endpoint, asker)) = counted
        && let Some(app) = asker.app()
    {
        it.usage.count(app, endpoint, if fault.is_empty() { usage::OK } else { fault }, it.clock.now());
    }
    tracing::info!(%method, endpoint, status, ms = took.as_millis(), fault, "request");
    response
}
