//! Health and metrics, open to whoever reaches the operator's listener: machines ask for them. Nothing about apps,
//! people or tokens is said here.

use std::{fmt::Display, sync::Arc, time::Duration};

use axum::{
    Router,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::json;

use crate::metrics::{CONTENT_TYPE, Metrics};

/// An orchestrator that waits longer than this for an answer has given up already.
const PROBE_BOUND: Duration = Duration::from_secs(2);

/// Health and metrics.
///
/// `probe` says whether this node can do its work now: it asks the store, and refuses while the server drains. Its
/// error is shown to the operator, so it must be a sentence without secrets. No answer within two seconds is a no.
pub fn router<P, F, E>(metrics: Arc<Metrics>, probe: P) -> Router
where
    P: Fn() -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<(), E>> + Send,
    E: Display,
{
    Router::new()
        .route("/health/live", get(live))
        .route("/health/ready", get(async move || ready(tokio::time::timeout(PROBE_BOUND, probe()).await)))
        .route("/metrics", get(async move || ([(header::CONTENT_TYPE, CONTENT_TYPE)], metrics.text())))
}

/// Alive is whoever answers: a probe of the store here would make an orchestrator restart every node of a cluster
/// whose database is down.
async fn live() -> Response {
    say(StatusCode::OK, json!({ "status": "live" }))
}

fn ready<E: Display>(probed: Result<Result<(), E>, tokio::time::error::Elapsed>) -> Response {
    match probed {
        Ok(Ok(())) => say(StatusCode::OK, json!({ "status": "ready" })),
        Ok(Err(reason)) => not_ready(&reason.to_string()),
        Err(_) => not_ready("no answer within 2 s"),
    }
}

fn not_ready(reason: &str) -> Response {
    say(StatusCode::SERVICE_UNAVAILABLE, json!({ "status": "not ready", "reason": reason }))
}

fn say(status: StatusCode, body: serde_json::Value) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, body.to_string()).into_response()
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::Request};
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    async fn asked<F>(path: &str, probe: impl Fn() -> F + Clone + Send + Sync + 'static) -> (u16, String)
    where
        F: Future<Output = Result<(), String>> + Send,
    {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = router(Arc::new(Metrics::new()), probe).oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn health_is_what_the_probe_says_and_life_is_not() {
        let yes = async || Ok(());
        let no = async || Err("the store does not answer".to_owned());
        assert_eq!(asked("/health/live", no).await, (200, r#"{"status":"live"}"#.to_owned()));
        assert_eq!(asked("/health/ready", yes).await, (200, r#"{"status":"ready"}"#.to_owned()));
        let (status, body) = asked("/health/ready", no).await;
        assert_eq!((status, body.contains("the store does not answer")), (503, true), "{body}");
        let (status, body) = asked("/health/ready", std::future::pending::<Result<(), String>>).await;
        assert_eq!((status, body.contains("no answer within 2 s")), (503, true), "{body}");
        assert_eq!(asked("/elsewhere", yes).await.0, 404);
    }

    #[tokio::test]
    async fn metrics_are_told_as_text() {
        let (status, body) = asked("/metrics", async || Ok(())).await;
        assert_eq!((status, body.contains("bizauth_build_info")), (200, true), "{body}");
    }
}
