//! `/operator/v1/accounts/{account}/sessions`: the browsers that are signed in to an account.

use axum::extract::State;
use bizauth_core::id::SessionId;
use serde_json::json;

use super::accounts::{named, touched};
use super::gate::Call;
use super::problem::{Answer, Problem, done, fine};
use crate::http::state::AppState;

/// Nobody has more browsers than this at once.
const MOST: i64 = 500;

/// Those that are open, newest first.
pub async fn list(State(it): State<AppState>, call: Call) -> Answer {
    call.only(&[])?;
    let id = named(&it, &call).await?.user.id;
    let item = |it: &bizauth_store::SessionRecord| {
        json!({
            "id": it.id.to_string(),
            "created_at": it.created_at.to_utc(),
            "used_at": it.used_at.to_utc(),
            "address": it.address,
            "agent": it.agent,
        })
    };
    let sessions = it.store.sessions_of(id, None, MOST, call.at()).await?;
    Ok(fine(&json!({ "items": sessions.iter().map(item).collect::<Vec<_>>(), "next": null })))
}

/// Signs the account out everywhere.
pub async fn delete_all(State(it): State<AppState>, call: Call) -> Answer {
    let id = touched(&it, &call).await?.user.id;
    call.by(&it).end_sessions(id).await?;
    Ok(done())
}

/// Signs one browser out.
pub async fn delete(State(it): State<AppState>, call: Call) -> Answer {
    let id = touched(&it, &call).await?.user.id;
    let session: SessionId = call.id("session")?;
    match call.by(&it).end_session(id, session).await? {
        true => Ok(done()),
        false => Err(Problem::not_found(format!("session {session} of account {id}"))),
    }
}
