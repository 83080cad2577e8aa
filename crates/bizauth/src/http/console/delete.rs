//! `POST /console/apps/{app}/delete`: the end of an app and of its test apps, once its name was typed.

use axum::extract::State;

use super::page::head;
use super::settings::{Forms, frame, show};
use super::typed;
use crate::http::state::AppState;
use crate::http::visit::{Page, PageError, Visit};

/// Deletes it.
pub async fn post(State(it): State<AppState>, visit: Visit) -> Page {
    let (head, mut confirm) = (head(&visit), typed(&visit, &["confirm"]));
    confirm.confirm(&frame(&it, &visit, &head), &head.name);
    if !confirm.is_fine() {
        return show(&it, &visit, Forms { confirm, ..Forms::default() }).await;
    }
    match visit.by(&it).delete_app(head.id).await? {
        true => Ok(visit.see("/console", "app-deleted")),
        false => Err(PageError::NotFound),
    }
}
