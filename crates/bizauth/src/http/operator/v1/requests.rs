//! `/operator/v1/requests`: what apps ask for, and the one decision each request gets.

use axum::extract::State;
use bizauth_core::id::RequestId;
use bizauth_core::time::Time;
use bizauth_store::{Decided, Decision, RequestSeen};
use serde_json::{Value, json};

use super::body;
use super::gate::Call;
use super::listing::{limit, page, turn};
use super::problem::{Answer, Mistake, Problem, fine};
use crate::http::state::AppState;

fn told(it: &RequestSeen) -> Value {
    json!({
        "id": it.id.to_string(),
        "app": it.app.to_string(),
        "app_name": it.app_name,
        "company": it.company,
        "group": it.group.as_ref().map(|group| &group.0),
        "reason": it.reason,
        "asked_by": it.asked_by.to_string(),
        "email": it.email,
        "asked_at": it.asked_at.to_utc(),
        "state": it.state,
        "answer": it.answer,
        "decided_at": it.decided_at.map(Time::to_utc),
        "decided_by": it.decided_by,
    })
}

/// Those that wait, oldest first; or those that are over, newest first.
pub async fn list(State(it): State<AppState>, call: Call) -> Answer {
    call.only(&["limit", "after", "state"])?;
    let (turn, limit) = (turn(&call)?, limit(&call)?);
    let leaf = match call.query().get("state") {
        None | Some("open") => it.store.open_requests(&turn, limit).await?,
        Some("decided") => it.store.decided_requests(&turn, limit).await?,
        Some(_) => return Err(Problem::invalid(vec![Mistake::of("state", "must be open or decided")])),
    };
    Ok(fine(&page(&leaf, told, |it| it.id.to_string())))
}

/// One request.
pub async fn get(State(it): State<AppState>, call: Call) -> Answer {
    let id: RequestId = call.id("request")?;
    let found = it.store.request_seen(id).await?.ok_or_else(|| Problem::not_found(format!("request {id}")))?;
    Ok(fine(&told(&found)))
}

/// Grants or refuses. The same decision once more is fine; another one is a conflict.
pub async fn decide(State(it): State<AppState>, call: Call) -> Answer {
    let id: RequestId = call.id("request")?;
    let read = |word: &str| match word {
        "grant" => Some(Decision::Grant),
        "refuse" => Some(Decision::Refuse),
        _ => None,
    };
    let mut body = call.object()?;
    let decision = body.need("decision", body::one_of(read, "grant, refuse"));
    let reason = body.take("reason", body::lines).unwrap_or_default();
    if decision == Some(Decision::Refuse) && reason.is_empty() {
        body.refuse(body.at("reason"), "must say why it is refused; the developer reads it");
    }
    body.finish()?;
    let decision = decision.ok_or_else(Problem::broken)?;
    let wanted = if decision == Decision::Grant { "granted" } else { "refused" };
    match call.by(&it).decide_request(id, decision, reason).await? {
        Decided::Done => {}
        Decided::Before(known) if known.state == wanted => {}
        Decided::Before(known) => {
            let detail = format!("the request is {} already", known.state);
            return Err(Problem::conflict(detail).with("request", told(&known)));
        }
        Decided::NotFound => return Err(Problem::not_found(format!("request {id}"))),
        Decided::Impossible => {
            return Err(Problem::conflict("the app was deleted, or cannot become what it asked for"));
        }
    }
    get(State(it), call).await
}
