//! `GET /static/…`: the stylesheet, the script and the icon, built into the binary.

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::view::{ICON, SCRIPT, STYLESHEET};

/// One of the three, or 404.
pub async fn get(Path(name): Path<String>) -> Response {
    let files =
        [(STYLESHEET, "text/css; charset=utf-8"), (SCRIPT, "text/javascript; charset=utf-8"), (ICON, "image/svg+xml")];
    let found = files.into_iter().find(|((path, _), _)| path.strip_prefix("/static/") == Some(&name));
    match found {
        Some(((_, text), kind)) => file(text, kind),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// `GET /favicon.ico`, which browsers ask for by themselves.
pub async fn icon() -> Response {
    file(ICON.1, "image/svg+xml")
}

fn file(text: &'static str, kind: &'static str) -> Response {
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
