//! `GET /v1/business/tokeninfo`: what a business token stands for.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use bizauth_core::token::Agreement;
use serde_json::json;

use crate::config::TokeninfoCase;
use crate::http::guard::{self, Asker};
use crate::http::reply::{KapiError, json_answer};
use crate::http::state::AppState;

/// The fields of the documents, in their order.
pub async fn get(State(it): State<AppState>, asker: Asker, headers: HeaderMap) -> Result<Response, KapiError> {
    let (token, _) = guard::token(&it, &headers, &asker).await?;
    let lent = it.store.lent(token.id).await?;
    let catalogue = it.store.catalogue().await?;
    let case = it.config.tokeninfo_case;
    let agreements: Vec<String> = token.agreements(&lent, &catalogue).iter().map(|a| entry(a, case)).collect();
    // The documents' table and sample contradict each other; the configuration says whom we follow.
    let status = match case {
        TokeninfoCase::Sample => "ACTIVE",
        TokeninfoCase::Table => "active",
    };
    Ok(json_answer(format!(
        r#"{{"id":"{}","token_user_id":"{}","biz_agreements":[{}],"status":"{status}","updated_at":"{}"}}"#,
        token.id,
        token.app_user,
        agreements.join(","),
        token.updated_at.to_utc()
    )))
}

fn entry(agreement: &Agreement, case: TokeninfoCase) -> String {
    let group = match case {
        TokeninfoCase::Sample => agreement.group.clone(),
        TokeninfoCase::Table => agreement.group.to_uppercase(),
    };
    let mut text = format!(r#"{{"group":{},"scope":{}"#, json!(group), json!(agreement.scope));
    for (name, ids) in
        [("ad_account_ids", &agreement.ad_account_ids), ("channel_public_ids", &agreement.channel_public_ids)]
    {
        if let Some(ids) = ids {
            text.push_str(&format!(r#","{name}":{}"#, json!(ids)));
        }
    }
    text.push('}');
    text
}
