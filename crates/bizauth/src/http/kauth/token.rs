//! `POST /oauth/business/token`: trades an authorization code for a business token.

use std::net::IpAddr;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::AUTHORIZATION;
use axum::http::{Extensions, HeaderMap};
use axum::response::Response;
use bizauth_core::code::Trade;
use bizauth_core::fault::{KauthFault, Refusal};
use bizauth_core::id::{CodeId, KeyId};
use bizauth_core::key::{AppKey, KeyKind};
use bizauth_core::scope::joined;
use bizauth_core::secret::Credential;
use bizauth_store::Redemption;
use serde_json::json;

use crate::http::form::Form;
use crate::http::guard::{Asker, caller, note_key_use};
use crate::http::limits::{CLIENT_ADDRESS, CLIENT_KEY, neighbourhood, spend};
use crate::http::reply::{KauthError, json_answer};
use crate::http::state::AppState;

/// The checks of the contract in its order. Those of the client come before that of the code: integrators tell a bad
/// secret from a bad code by it.
pub async fn post(
    State(it): State<AppState>,
    asker: Asker,
    extensions: Extensions,
    headers: HeaderMap,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<Response, KauthError> {
    let from = caller(&extensions, &headers, &it.config.trusted_proxies);
    answer(&it, &asker, from, &headers, body.ok()).await
}

/// [`post`], for who has the request in parts. `from`: the caller. Without a `body`: it could not be read.
pub async fn answer(
    it: &AppState,
    asker: &Asker,
    from: IpAddr,
    headers: &HeaderMap,
    body: Option<Bytes>,
) -> Result<Response, KauthError> {
    let unread = || KauthFault::MalformedTokenRequest.about("the body is too long or broke off");
    let TokenRequest { client_id, client_secret, code: sent, redirect_uri, verifier } =
        read(headers, &body.ok_or_else(unread)?)?;
    let now = it.clock.now();
    let unknown = || KauthFault::UnknownClient.about(&client_id);
    let key = AppKey::read(&client_id).ok_or_else(unknown)?;
    let found = it.store.key(&key, now).await?;
    let found = found.filter(|found| found.key.kind == KeyKind::RestApi && !found.key.disabled);
    let Some(found) = found else { return Err(guessed(it, from, None, unknown()).await) };
    let key = &found.key;
    asker.is(key.app);
    if !key.admits_secret(client_secret.as_deref()) {
        return Err(guessed(it, from, Some(key.id), KauthFault::BadClientSecret.into()).await);
    }
    if !key.admits_caller(from) {
        return Err(KauthFault::CallerNotAllowed.about(from.to_string()).into());
    }
    note_key_use(it, &found, now).await;
    let not_found = || KauthFault::CodeNotFound.about(&sent);
    let (code, proof) = Credential::Code.read(&sent).ok_or_else(not_found)?;
    let secret = it.entropy.secret();
    let trade = Trade { key: key.id, redirect_uri, verifier };
    let redeemed = it
        .store
        .redeem_code(
            (CodeId(code), proof.digest()),
            key.id,
            secret.digest(),
            it.token_rate(),
            move |code| code.admits(&trade, now),
            now,
        )
        .await?;
    match redeemed {
        Redemption::Issued { token, items, .. } => Ok(json_answer(format!(
            r#"{{"access_token":{},"token_type":"bearer","scope":{}}}"#,
            json!(Credential::Token.spell(token.0, &secret)),
            json!(joined(&items, " "))
        ))),
        Redemption::NotFound | Redemption::Spent | Redemption::Refused(KauthFault::CodeNotFound) => {
            Err(not_found().into())
        }
        Redemption::Refused(fault) => Err(fault.into()),
        Redemption::RateLimited => Err(KauthFault::TokenRateLimit.into()),
    }
}

/// The answer to credentials that are wrong, unless there were too many of them. Right ones are never counted.
async fn guessed(it: &AppState, from: IpAddr, key: Option<KeyId>, refusal: Refusal<KauthFault>) -> KauthError {
    let mut limits = vec![(CLIENT_ADDRESS, neighbourhood(from))];
    limits.extend(key.map(|key| (CLIENT_KEY, key.to_string())));
    match spend(it, &limits).await {
        Ok(None) => refusal.into(),
        Ok(Some(_)) => KauthFault::TokenRateLimit.into(),
        Err(error) => error.into(),
    }
}

/// A token request, as far as it can be read without asking anyone. No `Debug`: it holds secrets.
pub struct TokenRequest {
    /// `client_id`.
    pub client_id: String,
    /// `client_secret`.
    pub client_secret: Option<String>,
    /// `code`.
    pub code: String,
    /// `redirect_uri`.
    pub redirect_uri: String,
    /// `code_verifier`.
    pub verifier: Option<String>,
}

/// Checks 1 and 2.
///
/// # Errors
/// The first that fails.
pub fn read(headers: &HeaderMap, body: &[u8]) -> Result<TokenRequest, Refusal<KauthFault>> {
    let mut form = Form::read(headers, body).map_err(|why| KauthFault::MalformedTokenRequest.about(why))?;
    if let Some(name) = form.repeated() {
        return Err(KauthFault::MalformedTokenRequest.about(format!("{name} was sent twice")));
    }
    let missing = |name: &str| KauthFault::MalformedTokenRequest.about(format!("{name} is missing"));
    let mut required = |name: &str| form.take(name).ok_or_else(|| missing(name));
    let grant_type = required("grant_type")?;
    let client_id = match required("client_id") {
        // HTTP Basic is not read: the client is as unknown as one that says nothing.
        Err(_) if headers.contains_key(AUTHORIZATION) => "null".to_owned(),
        client_id => client_id?,
    };
    let (code, redirect_uri) = (required("code")?, required("redirect_uri")?);
    if grant_type != "authorization_code" {
        return Err(KauthFault::UnsupportedGrantType.about(grant_type));
    }
    let (client_secret, verifier) = (form.take("client_secret"), form.take("code_verifier"));
    Ok(TokenRequest { client_id, client_secret, code, redirect_uri, verifier })
}
