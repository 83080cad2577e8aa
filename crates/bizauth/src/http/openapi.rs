//! `GET /openapi.json`: the public endpoints, as a document that every answer in the tests is checked against.

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

/// The document.
pub const DOCUMENT: &str = include_str!("openapi.json");

/// The document.
pub async fn get() -> Response {
    ([(CONTENT_TYPE, "application/json")], DOCUMENT).into_response()
}
