//! `/operator/platform`: maintenance mode, and the settings in effect.

use axum::extract::State;

use super::desk::{Typed, refused, shown};
use crate::http::state::AppState;
use crate::http::visit::{Page, Visit};
use crate::view::kit::Fields;
use crate::view::operator::platform::page;

const PATH: &str = "/operator/platform";

fn settings(it: &AppState) -> Vec<(String, String, String)> {
    let shown = it.config.shown().into_iter();
    shown.map(|(name, value, source)| (name.to_owned(), value, source.to_string())).collect()
}

/// `GET /operator/platform`.
pub async fn get(State(it): State<AppState>, visit: Visit) -> Page {
    let maintenance = it.store.maintenance().await?;
    shown(&it, &visit, |desk| page(desk, maintenance, settings(&it), Fields::new()))
}

/// `POST /operator/platform/close`: every call of the APIs is answered with -9798 from now on.
pub async fn close(State(it): State<AppState>, visit: Visit) -> Page {
    set(&it, &visit, true).await
}

/// `POST /operator/platform/open`: the APIs answer again.
pub async fn open(State(it): State<AppState>, visit: Visit) -> Page {
    set(&it, &visit, false).await
}

async fn set(it: &AppState, visit: &Visit, on: bool) -> Page {
    let mut typed = Typed::of(it, visit, &["reason", "sure"]);
    let reason = typed.may_reason("reason");
    if on {
        typed.sure("sure");
    }
    if !typed.is_fine() {
        let maintenance = it.store.maintenance().await?;
        return refused(it, visit, PATH, |desk| page(desk, maintenance, settings(it), typed.fields));
    }
    let by = if reason.is_empty() { visit.by(it) } else { visit.by(it).because(reason) };
    by.set_maintenance(on).await?;
    Ok(visit.see(PATH, if on { "op-maintenance-on" } else { "op-maintenance-off" }))
}
