//! `GET /v1/business/userinfo`: the person behind a business token, as far as they agreed to be known.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::json;

use crate::http::guard::{self, Asker};
use crate::http::reply::{KapiError, json_answer};
use crate::http::state::AppState;

/// `email` and `email_verified` are absent, not null, unless the e-mail item was agreed to.
pub async fn get(State(it): State<AppState>, asker: Asker, headers: HeaderMap) -> Result<Response, KapiError> {
    let token = guard::token(&it, &headers, &asker).await?;
    let catalogue = it.store.catalogue().await?;
    let mut body = format!(r#"{{"token_user_id":"{}""#, token.app_user);
    if token.may_see_email(&catalogue) {
        let (email, verified) = (json!(token.user.email), token.user.email_verified);
        body.push_str(&format!(r#","email":{email},"email_verified":{verified}"#));
    }
    body.push('}');
    Ok(json_answer(body))
}
