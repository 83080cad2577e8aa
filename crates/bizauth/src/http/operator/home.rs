//! `GET /operator`: where an operator begins.

use axum::extract::State;

use super::desk::shown;
use crate::http::state::AppState;
use crate::http::visit::{Page, Visit};
use crate::view::operator::home::{COUNTED, Overview, page};

/// The page.
pub async fn get(State(it): State<AppState>, visit: Visit) -> Page {
    let overview = Overview {
        waiting: it.store.waiting(COUNTED).await?,
        maintenance: it.store.maintenance().await?,
        head: it.store.audit_head().await?,
        ips: it.store.published_ips().await?.map(|published| published.serial),
        steps: it.store.first_steps().await?,
    };
    shown(&it, &visit, |desk| page(desk, &overview))
}
