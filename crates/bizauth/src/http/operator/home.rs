//! `GET /operator`: where an operator begins.

use axum::extract::State;
use axum::http::StatusCode;

use crate::http::pages::html;
use crate::http::state::AppState;
use crate::http::visit::{Page, Visit};
use crate::view::OperatorHome;

/// The page.
pub async fn get(State(it): State<AppState>, visit: Visit) -> Page {
    Ok(html(StatusCode::OK, &OperatorHome { frame: visit.frame(&it) }, None))
}
