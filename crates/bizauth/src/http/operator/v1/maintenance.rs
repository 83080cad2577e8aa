//! `/operator/v1/maintenance`: every kapi call is answered with -9798 while it lasts.

use axum::extract::State;
use serde_json::json;

use super::body;
use super::gate::Call;
use super::problem::{Answer, Problem, fine};
use crate::http::state::AppState;

/// Whether it is on.
pub async fn get(State(it): State<AppState>, _: Call) -> Answer {
    Ok(fine(&json!({ "on": it.store.maintenance().await? })))
}

/// Switches it.
pub async fn put(State(it): State<AppState>, call: Call) -> Answer {
    let mut body = call.object()?;
    let on = body.need("on", body::truth);
    let reason = body::reason(&mut body, false);
    body.finish()?;
    let on = on.ok_or_else(Problem::broken)?;
    if it.store.maintenance().await? != on {
        call.because(&it, reason).set_maintenance(on).await?;
    }
    Ok(fine(&json!({ "on": on })))
}
