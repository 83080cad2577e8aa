//! `/_dev/consents`: the rules by which authorize requests are answered without a person.

use axum::extract::{Extension, Path};
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::super::consents::Rule;
use super::super::world::{Stage, lock};
use super::{Body, Desk, Json, Refused, Said, done};

pub(super) async fn list(Extension(desk): Extension<Desk>) -> Said {
    let stage = desk.world.stage();
    let rules = lock(&stage.rules).all().to_vec();
    Ok(Json(json!({ "consents": rules })))
}

pub(super) async fn rule(Extension(desk): Extension<Desk>, Body(rule): Body<Rule>) -> Said<(StatusCode, Json<Value>)> {
    let refuse = |why| Refused(422, "this rule cannot be kept", why);
    rule.check().map_err(refuse)?;
    let stage = desk.world.stage();
    if let Some(app) = rule.app.as_deref().filter(|app| !is_known(&stage, app)) {
        return Err(refuse(no_app(&stage, app)));
    }
    let catalogue = stage.state.store.catalogue().await?;
    let unknown = rule.scope.iter().find(|item| !catalogue.items.iter().any(|known| known.id.0 == **item));
    if let Some(item) = unknown {
        let known: Vec<&str> = catalogue.items.iter().map(|item| item.id.0.as_str()).collect();
        return Err(refuse(format!("there is no consent item {item:?}; allowed are {}", known.join(", "))));
    }
    for email in [&rule.user, &rule.by].into_iter().flatten() {
        if stage.state.store.user_by_email(email).await?.is_none() {
            return Err(refuse(format!("no account has the e-mail address {email}")));
        }
    }
    let ruled = lock(&stage.rules).rule(rule);
    Ok((StatusCode::CREATED, Json(json!(ruled))))
}

/// Whether an app goes by this name or key. One that was made since the seed goes by its keys.
pub(super) fn is_known(stage: &Stage, app: &str) -> bool {
    stage.app_named(app).is_some() || bizauth_core::key::AppKey::read(app).is_some()
}

/// Words for whoever named an app that is none.
pub(super) fn no_app(stage: &Stage, app: &str) -> String {
    let names: Vec<&str> = stage.planted.apps.iter().map(|app| app.name.as_str()).collect();
    format!("there is no app {app:?}; name one by a key, or as the seed does: {}", names.join(", "))
}

pub(super) async fn clear(Extension(desk): Extension<Desk>) -> StatusCode {
    lock(&desk.world.stage().rules).clear(None);
    done()
}

pub(super) async fn remove(Extension(desk): Extension<Desk>, Path(id): Path<u64>) -> Said<StatusCode> {
    match lock(&desk.world.stage().rules).clear(Some(id)) {
        0 => Err(Refused(404, "no such rule", format!("there is no rule {id}; GET /_dev/consents lists them"))),
        _ => Ok(done()),
    }
}
