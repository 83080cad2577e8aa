//! `GET /icons/…`: the icons of apps, as drawn by this server, each at an address that names its digest.

use axum::extract::{Path, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bizauth_core::secret::Digest;

use crate::http::reply::log_breakage;
use crate::http::state::AppState;

/// One icon, or 404. What an address names never changes, so it can be kept for ever.
pub async fn get(State(it): State<AppState>, Path(name): Path<String>) -> Response {
    let Some(digest) = Digest::read_hex(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let png = match it.store.icon(digest).await {
        Ok(Some(png)) => png,
        Ok(None) => return StatusCode::NOT_FOUND.into_response(),
        Err(error) => {
            log_breakage(&error);
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
    };
    let mut response = png.into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, "image/png"),
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CONTENT_DISPOSITION, "inline; filename=\"icon.png\""),
        (CONTENT_SECURITY_POLICY, "default-src 'none'"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    response
}
