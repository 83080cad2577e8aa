//! `/_dev/leaks`: where clients behind the proxy tried to go that is not this platform.

use axum::extract::Extension;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::super::guard::{Guard, Others, Pattern};
use super::{Body, Desk, Json, Refused, Said, done};

/// Which destinations are refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Named {
    /// Hosts that are refused whatever `others` says: `api.example.com`, `*.example.com`.
    #[serde(default)]
    refuse: Vec<Pattern>,
    /// What is done with all others: `refuse` (the default) or `pass`.
    #[serde(default)]
    others: Others,
}

fn guard(desk: &Desk) -> Said<&Guard> {
    let off = || Refused(409, "there is no proxy", "start with --proxy to have one".to_owned());
    desk.worlds.ground.guard.get().map(AsRef::as_ref).ok_or_else(off)
}

pub(super) async fn list(Extension(desk): Extension<Desk>) -> Said {
    let leaks = guard(&desk)?.leaks();
    Ok(Json(json!({ "count": leaks.len(), "leaks": leaks })))
}

pub(super) async fn name(Extension(desk): Extension<Desk>, Body(named): Body<Named>) -> Said<StatusCode> {
    guard(&desk)?.name(named.refuse, named.others);
    Ok(done())
}

pub(super) async fn forget(Extension(desk): Extension<Desk>) -> Said<StatusCode> {
    guard(&desk)?.forget();
    Ok(done())
}
