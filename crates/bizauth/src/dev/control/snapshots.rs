//! `/_dev/snapshots`: a world kept under a name, put back, handed on as a file.

use std::sync::Arc;

use axum::extract::{Extension, Path};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::snapshots::Snapshot;
use super::super::world::{Stage, lock};
use super::world::told;
use super::{Body, Desk, Json, Refused, Said, done};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Named {
    name: String,
}

fn missing(name: &str) -> Refused {
    Refused(404, "no such snapshot", format!("there is no snapshot {name:?}; GET /_dev/snapshots lists them"))
}

fn found(desk: &Desk, name: &str) -> Said<Arc<Snapshot>> {
    lock(&desk.world.snapshots).get(name).cloned().ok_or_else(|| missing(name))
}

fn about(name: &str, snapshot: &Snapshot) -> Value {
    json!({ "name": name, "requests": snapshot.entries.len(), "bytes": snapshot.database.len() })
}

pub(super) async fn list(Extension(desk): Extension<Desk>) -> Said {
    let all: Vec<Value> = lock(&desk.world.snapshots).iter().map(|(name, kept)| about(name, kept)).collect();
    Ok(Json(json!({ "snapshots": all })))
}

pub(super) async fn save(
    Extension(desk): Extension<Desk>,
    Body(named): Body<Named>,
) -> Said<(StatusCode, Json<Value>)> {
    if named.name.is_empty() || named.name.len() > 100 || named.name.chars().any(|c| c.is_control() || c == '/') {
        return Err(Refused(400, "this cannot be a name", "1 to 100 characters without a slash".to_owned()));
    }
    let kept = Snapshot::take(&desk.world.stage()).await?;
    let told = about(&named.name, &kept);
    lock(&desk.world.snapshots).insert(named.name, Arc::new(kept));
    Ok((StatusCode::CREATED, Json(told)))
}

pub(super) async fn restore(Extension(desk): Extension<Desk>, Path(name): Path<String>) -> Said {
    let kept = found(&desk, &name)?;
    let stage = Stage::again(&desk.worlds.ground, &desk.world, &kept)?;
    desk.world.put(stage);
    desk.worlds.mark_all(&desk.world);
    Ok(Json(told(&desk.world)))
}

pub(super) async fn export(Extension(desk): Extension<Desk>, Path(name): Path<String>) -> Said<Json<Snapshot>> {
    Ok(Json(Snapshot::clone(&*found(&desk, &name)?)))
}

pub(super) async fn import(
    Extension(desk): Extension<Desk>,
    Path(name): Path<String>,
    Body(kept): Body<Snapshot>,
) -> Said<(StatusCode, Json<Value>)> {
    kept.check().map_err(|why| Refused(422, "this is no snapshot", why))?;
    let told = about(&name, &kept);
    lock(&desk.world.snapshots).insert(name, Arc::new(kept));
    Ok((StatusCode::CREATED, Json(told)))
}

pub(super) async fn remove(Extension(desk): Extension<Desk>, Path(name): Path<String>) -> Said<StatusCode> {
    match lock(&desk.world.snapshots).remove(&name) {
        Some(_) => Ok(done()),
        None => Err(missing(&name)),
    }
}
