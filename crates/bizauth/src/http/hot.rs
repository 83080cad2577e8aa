//! The four addresses that programs ask all day, answered around the router and its layers.
//!
//! A request comes this way only if it is plainly one of them: path and method to the letter, at the right host. Anything
//! else, wrong or merely unusual, goes to the router, which has the same routes. Here as there the handler is the same,
//! and so is whatever surrounds it: hosts, panics and delays in `door.rs`, counting and logging in `observe.rs`.

use std::pin::pin;
use std::sync::Arc;

use axum::BoxError;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::Method;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use http_body_util::{BodyExt, Limited};

use super::given::Answer;
use super::guard::{Asker, caller_behind};
use super::listen::Peer;
use super::observe::{Beginning, Watched};
use super::state::AppState;
use super::{LONGEST_BODY, door, kapi, kauth};
use crate::metrics::Line;
use crate::usage::Endpoint;

/// Answers what it knows.
#[derive(Clone)]
pub struct Hot {
    it: AppState,
    watched: Watched,
    lines: Arc<[Line; Endpoint::ALL.len()]>,
}

impl Hot {
    /// Over this state, counted as the router's answers are.
    pub fn new(it: &AppState) -> Self {
        let lines = Arc::new(Endpoint::ALL.map(|endpoint| it.metrics.line(endpoint.path())));
        Hot { it: it.clone(), watched: Watched::new(it, std::iter::empty()), lines }
    }

    /// Which of the addresses is asked, if it is one.
    pub fn knows(&self, parts: &Parts) -> Option<Endpoint> {
        let (path, method) = (parts.uri.path(), &parts.method);
        let endpoint = match path {
            "/v1/business/tokeninfo" if method == Method::GET => Endpoint::Tokeninfo,
            "/oauth/business/token" if method == Method::POST => Endpoint::Token,
            "/v1/business/revoke" if method == Method::POST => Endpoint::Revoke,
            "/v1/system/ips" if method == Method::GET => Endpoint::Ips,
            _ => return None,
        };
        (door::host(parts) == door::Host::Right).then_some(endpoint)
    }

    /// Answers a request with these parts and this body.
    pub async fn answer<B: Sent>(&self, endpoint: Endpoint, parts: &Parts, body: B, peer: Peer) -> Answer {
        let beginning = Beginning::of(parts, endpoint.path(), Some(peer));
        let asker = Asker::default();
        // Pinned here: whoever is handed it by value keeps it twice.
        let handler = pin!(self.ask(endpoint, parts, body, (&asker, peer)));
        let patience = self.it.config.request_timeout;
        let answer = door::always(&self.it, (&parts.headers, &parts.uri), patience, handler).await;
        let line = &self.lines[endpoint as usize];
        self.watched.finish(beginning, Some((endpoint, &asker)), Some(line), answer)
    }

    /// The answer of the handler. Those that write wait in a box, so that those that do not stay small: what a request
    /// carries is copied from hand to hand a dozen times, and was a quarter of all the time of a token check.
    async fn ask<B: Sent>(&self, endpoint: Endpoint, parts: &Parts, body: B, by: (&Asker, Peer)) -> Answer {
        let (it, headers, (asker, peer)) = (&self.it, &parts.headers, by);
        let from = || caller_behind(peer.address.ip(), headers, &it.config.trusted_proxies);
        match endpoint {
            Endpoint::Tokeninfo => kapi::tokeninfo::answer(it, asker, headers).await.into(),
            Endpoint::Revoke => Box::pin(kapi::revoke::answer(it, asker, headers)).await.into_response().into(),
            Endpoint::Ips => kapi::ips::answer(it, asker, from(), headers, parts.uri.query()).await.into(),
            // No other is known.
            _ => {
                let answer = async { kauth::token::answer(it, asker, from(), headers, read(body).await).await };
                Box::pin(answer).await.into_response().into()
            }
        }
    }
}

/// A body as it is sent.
pub trait Sent: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static {}

impl<B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static> Sent for B {}

/// A body, if it is no longer than any may be.
async fn read(body: impl Sent) -> Option<Bytes> {
    Limited::new(Body::new(body), LONGEST_BODY).collect().await.ok().map(http_body_util::Collected::to_bytes)
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};

    use axum::http::Request;

    use super::*;
    use crate::config::Config;

    #[tokio::test]
    async fn what_a_hot_request_carries_is_small() {
        let folder = tempfile::tempdir().unwrap();
        let store = bizauth_store::Store::embedded(&folder.path().join("bizauth.db"), 1).unwrap();
        let hot = Hot::new(&AppState::new(store, Config::default()));
        let peer = Peer { address: SocketAddr::from((Ipv4Addr::LOCALHOST, 1)), tls: false };
        let (parts, body) = Request::new(Body::empty()).into_parts();
        let answering = hot.answer(Endpoint::Tokeninfo, &parts, body, peer);
        let carried = size_of_val(&answering);
        assert!(carried < 2500, "{carried} bytes");
    }
}
