//! `/_dev/pending`: authorize requests and screens that wait for an answer, and that answer.

use axum::extract::{Extension, Path};
use serde_json::json;

use super::super::consents::Action;
use super::super::script::{self, Decision, Unscripted};
use super::{Body, Desk, Json, Refused, Said};

pub(super) async fn list(Extension(desk): Extension<Desk>) -> Said {
    Ok(Json(json!({ "pending": desk.world.stage().held.open() })))
}

/// A held request is answered where it waits; a screen here, and its person finds it answered.
pub(super) async fn decide(
    Extension(desk): Extension<Desk>,
    Path(n): Path<u64>,
    Body(decision): Body<Decision>,
) -> Said {
    let stage = desk.world.stage();
    if matches!(decision.action, Action::Hold | Action::Ask) {
        let allowed = "allowed are approve, deny and abandon".to_owned();
        return Err(Refused(422, "this decides nothing", allowed));
    }
    if let Some(screen) = stage.held.take_screen(n) {
        if decision.action == Action::Abandon {
            return Ok(Json(json!({ "abandoned": true })));
        }
        let answer = script::answer(&stage.state, &screen, &decision).await;
        let answer = answer.map_err(|Unscripted(why)| Refused(422, "nobody could answer so", why))?;
        let location = answer.headers().get("location").and_then(|to| to.to_str().ok());
        return Ok(Json(json!({ "status": answer.status().as_u16(), "location": location })));
    }
    match stage.held.decide(n, decision) {
        true => Ok(Json(json!({ "decided": n }))),
        false => {
            let why = format!("nothing waits under the number {n}; GET /_dev/pending lists what does");
            Err(Refused(404, "nothing waits here", why))
        }
    }
}
