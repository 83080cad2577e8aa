//! `GET /console/errors?code=`: what a refusal means, and what to do about it.

use axum::extract::State;
use axum::http::StatusCode;

use crate::http::pages::html;
use crate::http::state::AppState;
use crate::http::visit::{Page, Visit};
use crate::view::console::ErrorsPage;
use crate::view::kit::Crumb;

/// Everything there is to know of what was typed; of everything, if nothing was.
pub async fn get(State(it): State<AppState>, visit: Visit) -> Page {
    let frame = visit.frame(&it);
    let console = Crumb::new(frame.say("nav-console"), "/console");
    let page = ErrorsPage::new(frame.below([console]), visit.form().get("code").unwrap_or_default());
    Ok(html(StatusCode::OK, &page, None))
}
