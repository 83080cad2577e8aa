//! One line in the log and one count for each request. Never a secret, a code, a token, an address or an e-mail.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::access::Rule;
use super::door::Door;
use super::given::Answer;
use super::guard::Asker;
use super::limits;
use super::listen::Peer;
use super::reply::Faulted;
use super::state::AppState;
use crate::config::Origin;
use crate::metrics::Line;
use crate::request_lines;
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

/// What is known of a request when it comes.
pub struct Beginning {
    started: Instant,
    method: Method,
    door: Door,
    endpoint: &'static str,
    over_tls: bool,
}

impl Beginning {
    /// Of a request for this endpoint, which is a label of the metrics.
    pub fn of(parts: &Parts, endpoint: &'static str, peer: Option<Peer>) -> Self {
        Beginning {
            started: Instant::now(),
            method: parts.method.clone(),
            door: Door::of(parts.uri.path()),
            endpoint,
            over_tls: peer.is_some_and(|peer| peer.tls),
        }
    }
}

/// Runs the request, then counts it and writes its line.
pub async fn observe(State(watched): State<Watched>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let path = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let endpoint = watched.endpoints.iter().copied().find(|known| *known == path).unwrap_or("other");
    let counted = Endpoint::of(path).map(|endpoint| (endpoint, Asker::default()));
    let beginning = Beginning::of(&parts, endpoint, parts.extensions.get().copied());
    if let Some((_, asker)) = &counted {
        parts.extensions.insert(asker.clone());
    }
    let answer = next.run(Request::from_parts(parts, body)).await.into();
    let counted = counted.as_ref().map(|(endpoint, asker)| (*endpoint, asker));
    watched.finish(beginning, counted, None, answer).into_response()
}

impl Watched {
    /// Counts an answer and writes its line. `counted`: as which endpoint, and for whom; `line`: its counters, if known.
    pub fn finish(
        &self,
        beginning: Beginning,
        counted: Option<(Endpoint, &Asker)>,
        line: Option<&Line>,
        mut answer: Answer,
    ) -> Answer {
        let Watched { it, .. } = self;
        let Beginning { started, method, door, endpoint, over_tls } = beginning;
        // RFC 6797: only where the browser came over TLS, here or at the proxy in front.
        if over_tls || it.config.origin.as_ref().is_some_and(Origin::is_https) {
            answer.ask_for_tls();
        }
        let mut fault = "";
        if let Answer::Response(response) = &mut answer {
            limits::announce(it, response);
            fault = response.extensions().get::<Faulted>().map_or("", |faulted| faulted.0);
        }
        let (status, took, now) = (answer.status().as_u16(), started.elapsed(), it.clock.now());
        match line {
            Some(line) => it.metrics.request_on(line, status, took.as_secs_f64()),
            None => it.metrics.request(endpoint, status, took.as_secs_f64()),
        }
        if !fault.is_empty() {
            it.metrics.fault(door.name(), fault);
        }
        if let Some((endpoint, asker)) = counted
            && let Some(app) = asker.app()
        {
            it.usage.count(app, endpoint, if fault.is_empty() { usage::OK } else { fault }, now);
        }
        // No u128: the log writes one as text.
        let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        match &it.lines {
            Some(lines) => {
                lines.add(&request_lines::Line { at: now, method: method.as_str(), endpoint, status, ms, fault });
            }
            None => tracing::info!(%method, endpoint, status, ms, fault, "request"),
        }
        answer
    }
}
