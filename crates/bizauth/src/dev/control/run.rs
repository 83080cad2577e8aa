//! `/_dev/run`: all that happened in a world since its seed (or since the seed that a snapshot goes back to), as one file that replays.

use axum::extract::Extension;

use super::super::replay::Run;
use super::{Desk, Json, Said};

pub(super) async fn export(Extension(desk): Extension<Desk>) -> Said<Json<Run>> {
    Ok(Json(Run::of(&desk.world)))
}
