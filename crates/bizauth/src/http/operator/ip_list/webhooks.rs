//! `/operator/ip-list/webhooks`: who is told of publications and of days that come.

use axum::extract::State;
use bizauth_core::id::{DeliveryId, WebhookId};
use bizauth_store::Webhook;

use super::super::desk::{ROWS, Typed, refused, shown, turn};
use crate::http::state::AppState;
use crate::http::visit::{Page, PageError, Visit};
use crate::ip_list::webhooks::{address, new_secret, spell};
use crate::seal::MasterKeys;
use crate::view::kit::Fields;
use crate::view::operator::ip_list::webhooks::{PATH, list, new, one, path};
use crate::view::operator::slips;

/// `GET /operator/ip-list/webhooks`.
pub async fn get(State(it): State<AppState>, visit: Visit) -> Page {
    let hooks = it.store.ip_webhooks().await?;
    shown(&it, &visit, |desk| list(desk, &hooks))
}

/// `GET …/webhooks/new`.
pub async fn blank(State(it): State<AppState>, visit: Visit) -> Page {
    shown(&it, &visit, |desk| new(desk, Fields::new()))
}

/// `POST …/webhooks/new`: its secret is shown once.
pub async fn create(State(it): State<AppState>, visit: Visit) -> Page {
    let mut typed = Typed::of(&it, &visit, &["url"]);
    let url = address(&typed.line("url"), it.config.ip_webhooks_inside);
    let keys = MasterKeys::of(&it.config).await;
    match (url, keys) {
        (None, _) => typed.refuse("url", slips::WEBHOOK),
        (_, Err(error)) => {
            tracing::error!(%error, "a webhook's secret cannot be sealed");
            typed.refuse("url", slips::NO_MASTER_KEY);
        }
        (Some(url), Ok(keys)) => {
            let (secret, entropy) = (new_secret(&it.entropy), it.entropy.clone());
            let seal = move |id: WebhookId| keys.seal(id, &secret, &entropy);
            match visit.by(&it).add_ip_webhook(url.into(), seal).await? {
                Some(id) => {
                    let response = visit.see(&path(id), "ip-webhook-added");
                    return Ok(visit.show_once(response, &spell(&secret)));
                }
                None => typed.refuse("url", slips::WEBHOOK_TAKEN),
            }
        }
    }
    refused(&it, &visit, &format!("{PATH}/new"), |desk| new(desk, typed.fields))
}

async fn named(it: &AppState, visit: &Visit) -> Result<Webhook, PageError> {
    let id: WebhookId = visit.param("webhook")?;
    it.store.ip_webhooks().await?.into_iter().find(|hook| hook.id == id).ok_or(PageError::NotFound)
}

/// `GET …/webhooks/{webhook}`.
pub async fn open(State(it): State<AppState>, visit: Visit) -> Page {
    let hook = named(&it, &visit).await?;
    let told = it.store.ip_deliveries(hook.id, &turn(visit.form()), ROWS).await?;
    let secret = visit.shown_once();
    shown(&it, &visit, |desk| one(desk, &hook, &told, visit.at(), secret, Fields::new()))
}

/// `POST …/webhooks/{webhook}/retry`: what was given up is told again.
pub async fn retry(State(it): State<AppState>, visit: Visit) -> Page {
    let hook = named(&it, &visit).await?;
    let id: Option<DeliveryId> = visit.form().get("delivery").and_then(|text| text.parse().ok());
    visit.by(&it).retry_ip_delivery(id.ok_or(PageError::NotFound)?).await?;
    Ok(visit.see(&path(hook.id), "ip-retried"))
}

/// `POST …/webhooks/{webhook}/remove`.
pub async fn remove(State(it): State<AppState>, visit: Visit) -> Page {
    let hook = named(&it, &visit).await?;
    let mut typed = Typed::of(&it, &visit, &["confirm"]);
    typed.confirm(&hook.url);
    if !typed.is_fine() {
        let told = it.store.ip_deliveries(hook.id, &turn(visit.form()), ROWS).await?;
        let fields = typed.fields;
        return refused(&it, &visit, &path(hook.id), |desk| one(desk, &hook, &told, visit.at(), None, fields));
    }
    visit.by(&it).remove_ip_webhook(hook.id).await?;
    Ok(visit.see(PATH, "ip-webhook-removed"))
}
