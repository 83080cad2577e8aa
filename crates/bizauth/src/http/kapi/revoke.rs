//! `POST /v1/business/revoke`: the app gives a business token back.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use bizauth_core::fault::KapiFault;

use crate::http::guard::{self, Asker};
use crate::http::reply::{KapiError, json_answer};
use crate::http::state::AppState;

/// After a 200 no node answers for the token again: the answer waits for the record. Of two at once one succeeds.
pub async fn post(State(it): State<AppState>, asker: Asker, headers: HeaderMap) -> Result<Response, KapiError> {
    answer(&it, &asker, &headers).await
}

/// [`post`], for who has the request in parts.
pub async fn answer(it: &AppState, asker: &Asker, headers: &HeaderMap) -> Result<Response, KapiError> {
    match guard::revoke(it, headers, asker).await? {
        Some((id, app_user)) => Ok(json_answer(format!(r#"{{"id":"{id}","token_user_id":"{app_user}"}}"#))),
        None => Err(KapiError::Unauthorized(KapiFault::NoSuchToken.into(), "Bearer")),
    }
}
