//! `GET /me`: where a person begins.

use axum::extract::State;
use axum::http::StatusCode;

use crate::http::pages::html;
use crate::http::state::AppState;
use crate::http::visit::{Page, Visit};
use crate::view::MeHome;

/// The page.
pub async fn get(State(it): State<AppState>, visit: Visit) -> Page {
    Ok(html(StatusCode::OK, &MeHome { frame: visit.frame(&it) }, None))
}
