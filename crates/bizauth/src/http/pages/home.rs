//! `GET /`: what this server is, and who is signed in.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::html;
use crate::http::guard::Browser;
use crate::http::state::AppState;
use crate::view::HomePage;

/// The page.
pub async fn get(State(it): State<AppState>, browser: Browser) -> Response {
    let demo_url = it.dev.as_ref().map(|demo| demo.authorize_url.clone());
    html(StatusCode::OK, &HomePage { frame: browser.frame(&it), demo_url }, None)
}
