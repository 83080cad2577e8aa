//! `GET /console`: where a developer begins.

use axum::extract::State;
use axum::http::StatusCode;

use crate::http::pages::html;
use crate::http::state::AppState;
use crate::http::visit::{Page, Visit};
use crate::view::ConsoleHome;

/// The page.
pub async fn get(State(it): State<AppState>, visit: Visit) -> Page {
    Ok(html(StatusCode::OK, &ConsoleHome { frame: visit.frame(&it) }, None))
}
