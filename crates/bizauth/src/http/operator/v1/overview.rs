//! `/operator/v1/overview` and `/operator/v1/settings`: what waits for an operator, and how this server is set up.

use axum::extract::State;
use serde_json::{Value, json};

use super::audit::head_of;
use super::gate::Call;
use super::problem::{Answer, fine};
use crate::http::state::AppState;
use crate::view::operator::home::COUNTED;

/// What waits, counted up to a bound, and how the platform stands.
pub async fn get(State(it): State<AppState>, call: Call) -> Answer {
    call.only(&[])?;
    let waiting = it.store.waiting(COUNTED).await?;
    let [app, account, asset, permission, consent] = it.store.first_steps().await?;
    Ok(fine(&json!({
        "requests_open": waiting.requests,
        "accounts_blocked": waiting.blocked,
        "apps_sanctioned": waiting.sanctioned,
        "counted_to": COUNTED,
        "maintenance": it.store.maintenance().await?,
        "audit_head": head_of(&it.store.audit_head().await?),
        "ip_list": it.store.published_ips().await?.map(|published| published.serial),
        "first_steps": {
            "app": app, "account": account, "asset": asset, "permission": permission, "consent": consent,
        },
    })))
}

/// Every setting in effect, passwords hidden, and who gave it.
pub async fn settings(State(it): State<AppState>, call: Call) -> Answer {
    call.only(&[])?;
    let item = |(name, value, source): (&str, String, crate::config::Source)| json!({ "name": name, "value": value, "source": source.to_string() });
    let items: Vec<Value> = it.config.shown().into_iter().map(item).collect();
    Ok(fine(&json!({ "items": items, "next": null })))
}
