//! `GET /v1/business/tokeninfo`: what a business token stands for.

use std::fmt::Write as _;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use bizauth_core::scope::Catalogue;
use bizauth_core::token::{Lent, Token};
use bizauth_store::Seen;
use serde_json::json;

use crate::config::TokeninfoCase;
use crate::http::given::Given;
use crate::http::guard::{self, Asker};
use crate::http::reply::{KapiError, json_given};
use crate::http::state::AppState;

/// The fields of the documents, in their order.
pub async fn get(State(it): State<AppState>, asker: Asker, headers: HeaderMap) -> Result<Response, KapiError> {
    answer(&it, &asker, &headers).await.map(IntoResponse::into_response)
}

/// [`get`], for who has the request in parts.
pub async fn answer(it: &AppState, asker: &Asker, headers: &HeaderMap) -> Result<Given, KapiError> {
    let seen = guard::seen(it, headers, asker).await?;
    Ok(json_given(to_json(&seen, it.config.tokeninfo_case)))
}

/// Written by hand into one buffer: this is what resource servers ask on every call of theirs.
fn to_json(seen: &Seen, case: TokeninfoCase) -> String {
    // The documents' table and sample contradict each other; the configuration says whom we follow.
    let status = match case {
        TokeninfoCase::Sample => "ACTIVE",
        TokeninfoCase::Table => "active",
    };
    let (mut id, mut app_user) = (itoa::Buffer::new(), itoa::Buffer::new());
    let mut text = String::with_capacity(512);
    for part in [
        r#"{"id":""#,
        id.format(seen.id.0),
        r#"","token_user_id":""#,
        app_user.format(seen.app_user.0),
        r#"","biz_agreements":["#,
    ] {
        text.push_str(part);
    }
    seen.write(&mut text);
    for part in [r#"],"status":""#, status, r#"","updated_at":""#] {
        text.push_str(part);
    }
    seen.updated_at.write_utc(&mut text);
    text.push_str(r#""}"#);
    text
}

/// `biz_agreements` without its brackets, with a NUL wherever ids of assets belong, and these ids: what many tokens have
/// in common, and what is each one's own.
pub fn said_of(token: &Token, lent: &[Lent], catalogue: &Catalogue, case: TokeninfoCase) -> (String, Vec<String>) {
    let (mut text, mut blanks) = (String::new(), Vec::new());
    for agreement in token.agreements(lent, catalogue) {
        let group = match case {
            TokeninfoCase::Sample => agreement.group,
            TokeninfoCase::Table => agreement.group.to_uppercase(),
        };
        if !text.is_empty() {
            text.push(',');
        }
        let _ = write!(text, r#"{{"group":{},"scope":{}"#, json!(group), json!(agreement.scope));
        for (name, ids) in
            [("ad_account_ids", agreement.ad_account_ids), ("channel_public_ids", agreement.channel_public_ids)]
        {
            if let Some(ids) = ids {
                let _ = write!(text, ",\"{name}\":[\0]");
                let ids: Vec<String> = ids.iter().map(|id| json!(id).to_string()).collect();
                blanks.push(ids.join(","));
            }
        }
        text.push('}');
    }
    (text, blanks)
}
