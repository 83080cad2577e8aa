//! `/_dev/faults`: what the next calls of an endpoint answer instead of the truth.

use axum::extract::{Extension, Path};
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::super::faults::Plan;
use super::super::world::lock;
use super::{Body, Desk, Json, Refused, Said, done};

pub(super) async fn list(Extension(desk): Extension<Desk>) -> Said {
    let stage = desk.world.stage();
    let faults = lock(&stage.faults).all().to_vec();
    Ok(Json(json!({ "faults": faults })))
}

pub(super) async fn plan(Extension(desk): Extension<Desk>, Body(plan): Body<Plan>) -> Said<(StatusCode, Json<Value>)> {
    let refuse = |why| Refused(422, "this fault cannot be planned", why);
    plan.check().map_err(refuse)?;
    let stage = desk.world.stage();
    if let Some(app) = plan.app.as_deref().filter(|app| !super::consents::is_known(&stage, app)) {
        return Err(refuse(super::consents::no_app(&stage, app)));
    }
    let planned = lock(&stage.faults).plan(plan);
    Ok((StatusCode::CREATED, Json(json!(planned))))
}

pub(super) async fn clear(Extension(desk): Extension<Desk>) -> StatusCode {
    lock(&desk.world.stage().faults).clear(None);
    done()
}

pub(super) async fn remove(Extension(desk): Extension<Desk>, Path(id): Path<u64>) -> Said<StatusCode> {
    match lock(&desk.world.stage().faults).clear(Some(id)) {
        0 => Err(Refused(404, "no such fault", format!("there is no fault {id}; GET /_dev/faults lists them"))),
        _ => Ok(done()),
    }
}
