//! `/operator/keys`: keys to the operator API.

use axum::extract::State;
use bizauth_core::id::OperatorKeyId;
use bizauth_core::operator::Scope;

use super::desk::{ROWS, Typed, refused, shown, turn};
use crate::audit_entry::day;
use crate::http::state::AppState;
use crate::http::visit::{Page, PageError, Visit};
use crate::view::kit::Fields;
use crate::view::operator::keys::{list, new};
use crate::view::operator::slips;
use bizauth_core::secret::Credential;

const PATH: &str = "/operator/keys";

/// `GET /operator/keys`; a new key's value once.
pub async fn get(State(it): State<AppState>, visit: Visit) -> Page {
    let keys = it.store.operator_keys(&turn(visit.form()), ROWS).await?;
    let value = visit.shown_once();
    shown(&it, &visit, |desk| list(desk, &keys, visit.at(), value))
}

/// `GET /operator/keys/new`.
pub async fn blank(State(it): State<AppState>, visit: Visit) -> Page {
    shown(&it, &visit, |desk| new(desk, Fields::new()))
}

/// `POST /operator/keys/new`.
pub async fn create(State(it): State<AppState>, visit: Visit) -> Page {
    let mut typed = Typed::of(&it, &visit, &["name", "scopes", "expires"]);
    let name = typed.words("name");
    let scopes: Vec<Scope> = visit.form().all("scopes").filter_map(Scope::read).collect();
    if scopes.is_empty() {
        typed.refuse("scopes", slips::CHOOSE);
    }
    let text = typed.line("expires");
    // It ends with the day that was named.
    let expires = day(&text).map(|day| day.plus(bizauth_core::time::DAY));
    match expires {
        None if !text.is_empty() => typed.refuse("expires", slips::DATE),
        Some(end) if end <= visit.at() => typed.refuse("expires", slips::PAST),
        _ => {}
    }
    if !typed.is_fine() {
        return refused(&it, &visit, "/operator/keys/new", |desk| new(desk, typed.fields));
    }
    let secret = it.entropy.secret();
    let id = visit.by(&it).create_operator_key(name, scopes, secret.digest(), expires).await?;
    let response = visit.see(PATH, "op-key-made");
    Ok(visit.show_once(response, &Credential::OperatorKey.spell(id.0, &secret)))
}

/// `POST /operator/keys/{key}/revoke`: at once and for good.
pub async fn revoke(State(it): State<AppState>, visit: Visit) -> Page {
    let id: OperatorKeyId = visit.param("key")?;
    if it.store.operator_key_by_id(id).await?.is_none() {
        return Err(PageError::NotFound);
    }
    visit.by(&it).revoke_operator_key(id).await?;
    Ok(visit.see(PATH, "op-key-revoked"))
}
