//! `/_dev/worlds`: isolated worlds in one process.

use std::sync::Arc;

use axum::extract::{Extension, Path};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::super::switchboard::lost;
use super::super::worlds::{DEFAULT, NewWorld, Source, Unmade};
use super::clock::moment;
use super::world::told;
use super::{Body, Desk, Json, Refused, Said, done};

/// How a world is asked for.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Wish {
    id: Option<String>,
    /// As it was sent, so that a mistake is told where its writer sees it.
    seed: Option<Box<RawValue>>,
    seed_toml: Option<String>,
    random: Option<u64>,
    clock: Option<ClockWish>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockWish {
    at: Option<String>,
    frozen: Option<bool>,
}

pub(super) async fn list(Extension(desk): Extension<Desk>) -> Said {
    let worlds: Vec<Value> =
        desk.worlds.all().iter().map(|world| json!({ "id": world.id, "base_url": world.base_url })).collect();
    Ok(Json(json!({ "worlds": worlds })))
}

pub(super) async fn make(Extension(desk): Extension<Desk>, Body(wish): Body<Wish>) -> Said<(StatusCode, Json<Value>)> {
    let seed = match (&wish.seed, &wish.seed_toml) {
        (Some(_), Some(_)) => {
            return Err(Refused(400, "two seeds", "give either seed or seed_toml".to_owned()));
        }
        (Some(json), None) => Some(source(json.get(), "seed.json")?),
        (None, Some(toml)) => Some(source(toml, "seed.toml")?),
        (None, None) => None,
    };
    let clock = wish.clock.as_ref();
    let at = clock.and_then(|clock| clock.at.as_deref()).map(moment).transpose()?;
    let frozen = clock.and_then(|clock| clock.frozen);
    let new = NewWorld { id: wish.id, seed, random: wish.random, at, frozen };
    match desk.worlds.make(new).await {
        Ok(world) => Ok((StatusCode::CREATED, Json(told(&world)))),
        Err(Unmade::Taken(id)) => Err(Refused(
            409,
            "this id is taken",
            format!("there is, or was, a world {id}; leave the id out to get a free one"),
        )),
        Err(Unmade::Malformed(id)) => {
            let allowed = "an id is up to 40 lowercase letters, digits and hyphens, and not kauth or kapi";
            Err(Refused(400, "this cannot be an id", format!("{id:?}: {allowed}")))
        }
        Err(Unmade::Full(most)) => Err(Refused(409, "too many worlds", format!("there are {most}; drop some first"))),
        Err(Unmade::Failed(error)) => Err(error.into()),
    }
}

/// A seed in a body: everything that is wrong with it at once, by the lines of the seed itself.
fn source(text: &str, file: &str) -> Said<Arc<Source>> {
    Source::read(text, file).map(Arc::new).map_err(|mistakes| {
        let told: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        Refused(422, "this seed has mistakes", told.join("\n"))
    })
}

pub(super) async fn get(Extension(desk): Extension<Desk>, Path(id): Path<String>) -> Response {
    match desk.worlds.named(&id) {
        Ok(world) => Json(told(&world)).into_response(),
        Err(none) => lost(&none),
    }
}

pub(super) async fn remove(Extension(desk): Extension<Desk>, Path(id): Path<String>) -> Response {
    if id == DEFAULT {
        let why = "the default world stays; POST /_dev/reset takes it back to its seed".to_owned();
        return Refused(409, "this world stays", why).into_response();
    }
    match desk.worlds.named(&id) {
        Ok(_) => {
            let world = desk.worlds.end(&id);
            // Its files are removed; nobody needs to wait for that.
            drop((desk, tokio::task::spawn_blocking(move || drop(world))));
            done().into_response()
        }
        Err(none) => lost(&none),
    }
}
