//! `/operator/v1/keys`: the keys to this very API.

use axum::extract::State;
use axum::http::StatusCode;
use bizauth_core::id::OperatorKeyId;
use bizauth_core::operator::Scope;
use bizauth_core::secret::Credential;
use bizauth_core::time::{DAY, Time};
use bizauth_store::OperatorKeyRecord;
use serde_json::{Value, json};

use super::body;
use super::gate::Call;
use super::listing;
use super::problem::{Answer, Problem, done, fine, said};
use crate::http::state::AppState;

/// The longest life that can be chosen, in days.
const LONGEST_LIFE: i64 = 3650;

fn told(it: &OperatorKeyRecord) -> Value {
    json!({
        "id": it.id.to_string(),
        "name": it.name,
        "scopes": it.scopes.iter().map(|scope| scope.word()).collect::<Vec<_>>(),
        "made_at": it.made_at.to_utc(),
        "expires_at": it.expires_at.map(Time::to_utc),
        "used_at": it.used_at.map(Time::to_utc),
        "revoked_at": it.revoked_at.map(Time::to_utc),
    })
}

/// All of them, newest first, the ended ones too.
pub async fn list(State(it): State<AppState>, call: Call) -> Answer {
    call.only(&listing::PARAMETERS)?;
    let leaf = it.store.operator_keys(&listing::turn(&call)?, listing::limit(&call)?).await?;
    Ok(fine(&listing::page(&leaf, told, |it| it.id.to_string())))
}

fn scopes(value: &Value) -> Result<Vec<Scope>, String> {
    let words = value.as_array().filter(|words| !words.is_empty()).ok_or("must be an array of scopes, not empty")?;
    let known = Scope::ALL.map(Scope::word).join(", ");
    let read = |word: &Value| word.as_str().and_then(Scope::read).ok_or_else(|| format!("may hold {known}"));
    words.iter().map(read).collect()
}

/// Makes a key, told once. Nobody makes a key that may do more than their own.
pub async fn post(State(it): State<AppState>, call: Call) -> Answer {
    let mut body = call.object()?;
    let name = body.need("name", body::words);
    let scopes = body.need("scopes", scopes);
    let days = body.take("days", |value| {
        let days = body::number(value)?;
        if (1..=LONGEST_LIFE).contains(&days) { Ok(days) } else { Err(format!("must be 1 to {LONGEST_LIFE}")) }
    });
    body.finish()?;
    let (Some(name), Some(scopes)) = (name, scopes) else { return Err(Problem::broken()) };
    if let Some(scope) = scopes.iter().find(|scope| !scope.is_within(&call.key().scopes)) {
        return Err(Problem::missing_scope(*scope));
    }
    // Nor one that lives longer.
    let own_end = call.key().expires_at;
    let wanted = days.map(|days| call.at().plus(DAY * u32::try_from(days).unwrap_or(u32::MAX)));
    let expires_at = wanted.into_iter().chain(own_end).min();
    let secret = it.entropy.secret();
    let id = call.by(&it).create_operator_key(name, scopes, secret.digest(), expires_at).await?;
    let mut told = told(&it.store.operator_key_by_id(id).await?.ok_or_else(Problem::broken)?);
    told["key"] = json!(Credential::OperatorKey.spell(id.0, &secret));
    Ok(said(StatusCode::CREATED, &told))
}

/// Ends a key at once. That it has ended already is fine.
pub async fn delete(State(it): State<AppState>, call: Call) -> Answer {
    call.by(&it).revoke_operator_key(call.id::<OperatorKeyId>("key")?).await?;
    Ok(done())
}
