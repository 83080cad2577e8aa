//! `POST /v1/business/revoke`: the app gives a business token back.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use bizauth_core::fault::KapiFault;
use bizauth_store::Revocation;

use crate::http::guard::{self, Asker};
use crate::http::reply::{KapiError, json_answer};
use crate::http::state::AppState;

/// After a 200 no node answers for the token again: the answer waits for the record. Of two at once one succeeds.
pub async fn post(State(it): State<AppState>, asker: Asker, headers: HeaderMap) -> Result<Response, KapiError> {
    answer(&it, &asker, &headers).await
}

/// [`post`], for who has the request in parts.
pub async fn answer(it: &AppState, asker: &Asker, headers: &HeaderMap) -> Result<Response, KapiError> {
    let (id, app_user, digest) = guard::proved(it, headers, asker).await?;
    match it.store.revoke_token((id, digest), it.clock.now()).await? {
        Revocation::Revoked => Ok(json_answer(format!(r#"{{"id":"{id}","token_user_id":"{app_user}"}}"#))),
        Revocation::AlreadyDead => Err(KapiError::Unauthorized(KapiFault::NoSuchToken.into(), "Bearer")),
    }
}
