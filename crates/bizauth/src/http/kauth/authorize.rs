//! `GET /oauth/business/authorize`: proves what an app asks for, then shows it to the person.

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use bizauth_core::app::Client;
use bizauth_core::authorize::{Asked, Query, Refused};
use bizauth_core::fault::{KauthFault, Refusal};
use bizauth_core::secret::Credential;
use bizauth_store::NewPending;
use std::time::Duration;

use crate::http::guard::{Asker, Browser, admit, find_client};
use crate::http::pages::{self, consent};
use crate::http::reply::{KauthError, redirect_with_error, see};
use crate::http::state::AppState;

/// How long a consent screen can be answered.
const PATIENCE: Duration = Duration::from_secs(60 * 60);
/// The longest query that is looked at: it must fit, escaped, into the address of the sign-in page that leads back.
const LONGEST: usize = 8000;

/// Checks 1 to 15, each with its code; then a screen is parked and shown. Shown on every request, whatever was agreed
/// before: there is no automatic path.
pub async fn get(State(it): State<AppState>, asker: Asker, browser: Browser, headers: HeaderMap, uri: Uri) -> Response {
    let raw = uri.query().unwrap_or_default();
    let page =
        |refusal: &Refusal<KauthFault>, app: Option<&str>| pages::fault_in(browser.frame(&it), &headers, refusal, app);
    if raw.len() > LONGEST {
        return page(&KauthFault::MalformedRequest.into(), None);
    }
    let unavailable = |error: bizauth_store::Error| {
        let KauthError(refusal) = error.into();
        page(&refusal, None)
    };
    let query = Query::read(raw);
    let client = match find_client(&it, &query).await {
        Ok(client) => client,
        Err(error) => return unavailable(error),
    };
    let name = client.as_ref().map(|client| client.app.name.as_str());
    if let Some(client) = &client {
        asker.is(client.app.id);
    }
    let catalogue = match it.store.catalogue().await {
        Ok(catalogue) => catalogue,
        Err(error) => return unavailable(error),
    };
    let asked = match query.judge(client.as_ref(), &catalogue, it.config.wildcard_redirects) {
        Ok(asked) => asked,
        Err(Refused::Page(refusal)) => return page(&refusal, name),
        Err(Refused::Redirect(to, state, refusal)) => return redirect_with_error(&to, &refusal, state.as_ref()),
    };
    // Proved above: without a client nothing is asked.
    let Some(client) = &client else { return page(&KauthFault::UnknownKey.into(), None) };
    if browser.unavailable {
        return page(&KauthFault::TemporaryFailure.into(), name);
    }
    if browser.session.is_none() {
        // They come back here from signing in, and are counted then.
        asker.forget();
        return see(&pages::login::address(browser.here()));
    }
    match park(&it, &browser, (client, query.client_id().unwrap_or_default()), asked).await {
        Ok(Ok(address)) => see(&address),
        Ok(Err(refusal)) => page(&refusal, name),
        Err(error) => unavailable(error),
    }
}

/// Parks the request and says where its screen is.
async fn park(
    it: &AppState,
    browser: &Browser,
    (client, client_id): (&Client, &str),
    asked: Asked,
) -> bizauth_store::Result<Result<String, Refusal<KauthFault>>> {
    if let Err(refusal) = admit(it, browser, client, &asked).await? {
        return Ok(Err(refusal));
    }
    let Some(session) = &browser.session else { return Ok(Err(KauthFault::AccountNotActive.into())) };
    let (now, secret) = (it.clock.now(), it.entropy.secret());
    let picks = consent::first_picks(it, (session.user.id, client.app.id), &asked).await?;
    let pending = NewPending {
        digest: secret.digest(),
        session: session.id,
        user: session.user.id,
        client_id: client_id.to_owned(),
        picks,
        asked,
        expires_at: now.plus(PATIENCE),
    };
    let id = it.store.park(pending, now).await?;
    Ok(Ok(consent::address(&Credential::Pending.spell(id.0, &secret))))
}
