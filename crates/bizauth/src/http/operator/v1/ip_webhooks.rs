//! `/operator/v1/ip-list/webhooks`: who is told of publications and of days that come, and what they were told.

use axum::extract::State;
use axum::http::StatusCode;
use bizauth_core::id::{DeliveryId, WebhookId};
use bizauth_store::{Delivery, Webhook};
use serde_json::{Value, json};

use super::body;
use super::gate::Call;
use super::listing::{self, limit, page, turn};
use super::problem::{Answer, Mistake, Problem, done, fine, said};
use crate::http::state::AppState;
use crate::ip_list::webhooks::{address, new_secret, spell};
use crate::seal::MasterKeys;

fn told(it: &Webhook) -> Value {
    json!({ "id": it.id.to_string(), "url": it.url, "made_at": it.made_at.to_utc(), "made_by": it.made_by })
}

fn delivery(it: &Delivery) -> Value {
    json!({
        "id": it.id.to_string(),
        "event": it.event,
        "serial": it.serial,
        "date": (!it.date.is_empty()).then_some(it.date.as_str()),
        "made_at": it.made_at.to_utc(),
        "due_at": it.ended_at.is_none().then(|| it.due_at.to_utc()),
        "attempts": it.attempts,
        "ended_at": it.ended_at.map(bizauth_core::time::Time::to_utc),
        "answer": it.answer,
    })
}

async fn named(it: &AppState, call: &Call) -> Result<Webhook, Problem> {
    let id: WebhookId = call.id("webhook")?;
    let found = it.store.ip_webhooks().await?.into_iter().find(|hook| hook.id == id);
    found.ok_or_else(|| Problem::not_found(format!("webhook {id}")))
}

/// All of them.
pub async fn list(State(it): State<AppState>, call: Call) -> Answer {
    call.only(&[])?;
    let hooks = it.store.ip_webhooks().await?;
    Ok(fine(&json!({ "items": hooks.iter().map(told).collect::<Vec<_>>(), "next": null })))
}

/// Adds one. Its secret is told once.
pub async fn post(State(it): State<AppState>, call: Call) -> Answer {
    let inside = it.config.ip_webhooks_inside;
    let mut body = call.object()?;
    let read = |value: &Value| {
        let url = value.as_str().and_then(|text| address(text, inside));
        url.ok_or_else(|| "must be an https address of a public host, without user or fragment".to_owned())
    };
    let url = body.need("url", read);
    let reason = body::reason(&mut body, false);
    body.finish()?;
    let url = url.ok_or_else(Problem::broken)?;
    let keys = MasterKeys::of(&it.config).await.map_err(|error| {
        tracing::error!(%error, "a webhook's secret cannot be sealed");
        Problem::conflict("the secret cannot be sealed: there is no master key")
    })?;
    let (secret, entropy) = (new_secret(&it.entropy), it.entropy.clone());
    let seal = move |id: WebhookId| keys.seal(id, &secret, &entropy);
    let id = call.because(&it, reason).add_ip_webhook(url.to_string(), seal).await?;
    let id = id.ok_or_else(|| Problem::conflict("a webhook goes to this address already"))?;
    let body = json!({ "id": id.to_string(), "url": url.as_str(), "secret": spell(&secret) });
    Ok(said(StatusCode::CREATED, &body))
}

/// What it was told and will be, newest first.
pub async fn deliveries(State(it): State<AppState>, call: Call) -> Answer {
    call.only(&listing::PARAMETERS)?;
    let hook = named(&it, &call).await?;
    let leaf = it.store.ip_deliveries(hook.id, &turn(&call)?, limit(&call)?).await?;
    Ok(fine(&page(&leaf, delivery, |it| it.id.to_string())))
}

/// Has it told again what was given up.
pub async fn retry(State(it): State<AppState>, call: Call) -> Answer {
    call.only(&[])?;
    named(&it, &call).await?;
    let id: DeliveryId = call.id("delivery")?;
    match call.by(&it).retry_ip_delivery(id).await? {
        true => Ok(done()),
        false => Err(Problem::invalid(vec![Mistake::of("delivery", "there is none that has ended")])),
    }
}

/// Ends it.
pub async fn delete(State(it): State<AppState>, call: Call) -> Answer {
    call.only(&[])?;
    call.by(&it).remove_ip_webhook(call.id("webhook")?).await?;
    Ok(done())
}
