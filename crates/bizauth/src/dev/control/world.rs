//! `/_dev/world` and `/_dev/reset`: what is in a world, and back to its seed.

use axum::extract::Extension;
use serde_json::{Value, json};

use super::super::banner::Banner;
use super::super::world::World;
use super::clock::{rfc3339, stands};
use super::{Desk, Json, Said};

/// All that a test needs to know of a world.
pub(super) fn told(world: &World) -> Value {
    let stage = world.stage();
    json!({
        "id": world.id,
        "base_url": world.base_url,
        "random": world.beginning.random,
        "clock": { "now": rfc3339(stage.now()), "frozen": stands(&stage) },
        "client": Banner::of(world, String::new()).client(),
        "apps": stage.planted.apps,
        "users": stage.planted.users,
        "tokens": stage.planted.tokens,
    })
}

pub(super) async fn get(Extension(desk): Extension<Desk>) -> Said {
    let mut told = told(&desk.world);
    // Only here: answers that are written down name nothing that differs from run to run.
    told["data"] = json!(desk.world.stage().folder().display().to_string());
    Ok(Json(told))
}

pub(super) async fn reset(Extension(desk): Extension<Desk>) -> Said {
    desk.world.reset(&desk.worlds.ground).await?;
    desk.worlds.mark_all(&desk.world);
    Ok(Json(told(&desk.world)))
}
