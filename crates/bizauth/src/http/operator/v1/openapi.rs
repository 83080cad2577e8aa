//! `GET /operator/v1/openapi.json`: the operator's API, described.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

/// The description, written by hand; the tests hold every answer to it.
pub const DOCUMENT: &str = include_str!("openapi.json");

/// The description.
pub async fn get() -> Response {
    ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-cache")], DOCUMENT).into_response()
}
