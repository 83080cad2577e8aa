//! The app behind a `client_id`, and whether the person may lend to it: asked by the authorize address, by the sign-in
//! page that stands before it, and by the consent screen that comes after it.

use bizauth_core::app::Client;
use bizauth_core::authorize::{Asked, Query};
use bizauth_core::fault::{KauthFault, Refusal};
use bizauth_core::key::AppKey;

use super::Browser;
use crate::http::state::AppState;

/// The app behind `client_id`, if it has the form of a key and is one.
pub async fn find_client(it: &AppState, query: &Query) -> bizauth_store::Result<Option<Client>> {
    match query.client_id().and_then(AppKey::read) {
        Some(key) => it.store.client(&key, it.clock.now()).await,
        None => Ok(None),
    }
}

/// Checks 11 to 15. They are made again when the person agrees: an hour may lie between.
pub async fn admit(
    it: &AppState,
    browser: &Browser,
    client: &Client,
    asked: &Asked,
) -> bizauth_store::Result<Result<(), Refusal<KauthFault>>> {
    let Some(session) = &browser.session else { return Ok(Err(KauthFault::AccountNotActive.into())) };
    let (user, app, limit) = (session.user.clone(), client.app.id, it.issuance_limit());
    let issued = it.store.issued(limit, user.id, app, it.clock.now()).await?;
    let person = it.store.person(user, app, &asked.named(), issued).await?;
    Ok(asked.admit(client, &person, limit.most))
}
