//! `/operator/v1/apps`: apps, their kind, sanction, quota and permissions, keys and tokens.

use axum::extract::State;
use bizauth_core::app::AppKind;
use bizauth_core::id::{AppId, TokenId};
use bizauth_core::key::AppKey;
use bizauth_core::scope::GroupId;
use bizauth_core::time::Time;
use bizauth_core::token::Standing;
use bizauth_store::{AppChange, AppChanged, AppRecord, KeyRecord, MemberRecord, TokenRecord, Turn};
use serde_json::{Value, json};

use super::body;
use super::gate::Call;
use super::listing::{self, cut, flag, limit, page, turn};
use super::problem::{Answer, Problem, done, fine};
use crate::http::state::AppState;

/// How many members are told of along with their app. All are below `/members`.
const TOLD_ALONG: i64 = 100;
/// How many of an app's newest tokens are looked at.
const TOKENS: i64 = 1000;

fn told(AppRecord { app, parent, created_at }: &AppRecord) -> Value {
    json!({
        "id": app.id.to_string(),
        "name": app.name,
        "company": app.company,
        "kind": app.kind.word(),
        "parent": parent.map(|id| id.to_string()),
        "sanctioned": app.sanctioned,
        "daily_quota": app.daily_quota,
        "created_at": created_at.to_utc(),
    })
}

async fn named(it: &AppState, call: &Call) -> Result<AppRecord, Problem> {
    let id: AppId = call.id("app")?;
    it.store.app(id).await?.ok_or_else(|| Problem::not_found(format!("app {id}")))
}

async fn group(it: &AppState, call: &Call) -> Result<GroupId, Problem> {
    let name = call.piece("group");
    let known = it.store.catalogue().await?;
    let found = known.group(name).map(|group| group.id.clone());
    found.ok_or_else(|| Problem::not_found(format!("group {name}")))
}

/// A list by name.
pub async fn list(State(it): State<AppState>, call: Call) -> Answer {
    call.only(&["limit", "after", "q", "sanctioned"])?;
    let prefix = call.query().get("q").unwrap_or_default();
    let leaf = match flag(&call, "sanctioned")? {
        true => it.store.sanctioned_apps(&turn(&call)?, limit(&call)?).await?,
        false => it.store.apps_page(prefix, &turn(&call)?, limit(&call)?).await?,
    };
    Ok(fine(&page(&leaf, told, |it| it.app.id.to_string())))
}

fn member(it: &MemberRecord) -> Value {
    json!({ "account": it.user.to_string(), "email": it.email, "role": it.role })
}

/// The members of an app, by address.
pub async fn members(State(it): State<AppState>, call: Call) -> Answer {
    call.only(&["limit", "after", "q"])?;
    let id = named(&it, &call).await?.app.id;
    let prefix = call.query().get("q").unwrap_or_default();
    let leaf = it.store.members_page(id, prefix, &turn(&call)?, limit(&call)?).await?;
    Ok(fine(&page(&leaf, member, |it| it.user.to_string())))
}

/// One app, with its first members, its items and permissions.
pub async fn get(State(it): State<AppState>, call: Call) -> Answer {
    let record = named(&it, &call).await?;
    let id = record.app.id;
    let mut told = told(&record);
    let members = it.store.members_page(id, "", &Turn::First, TOLD_ALONG).await?;
    told["members"] = members.rows.iter().map(member).collect();
    let items = it.store.items_of(id).await?;
    told["items"] = items.iter().map(|(item, purpose)| json!({ "id": item.0, "purpose": purpose })).collect();
    told["permissions"] = it.store.permissions_of(id).await?.iter().map(|group| json!(group.0)).collect();
    let tokens = it.store.alive_tokens(id, call.at().minus(it.config.token_idle_lifetime), TOKENS).await?;
    told["tokens"] = json!({ "alive": tokens.alive, "of_newest": tokens.seen });
    Ok(fine(&told))
}

/// Its keys, which are not deleted. The value of an admin key is not known to anyone but its holder.
pub async fn keys(State(it): State<AppState>, call: Call) -> Answer {
    call.only(&[])?;
    let id = named(&it, &call).await?.app.id;
    let item = |it: &KeyRecord| {
        json!({
            "id": it.key.id.to_string(),
            "kind": it.key.kind.word(),
            "name": it.name,
            "value": it.value,
            "enabled": !it.key.disabled,
            "created_at": it.created_at.to_utc(),
            "used_at": it.used_at.map(Time::to_utc),
        })
    };
    let keys = it.store.keys_of(id, call.at()).await?;
    Ok(fine(&json!({ "items": keys.iter().map(item).collect::<Vec<_>>(), "next": null })))
}

/// Its tokens, newest first, alive or not.
pub async fn tokens(State(it): State<AppState>, call: Call) -> Answer {
    call.only(&listing::PARAMETERS)?;
    let (id, limit) = (named(&it, &call).await?.app.id, limit(&call)?);
    let before: Option<TokenId> = match turn(&call)? {
        Turn::After(id) => Some(id),
        Turn::First | Turn::Before(_) => None,
    };
    let (idle, now) = (it.config.token_idle_lifetime, call.at());
    let item = |it: &TokenRecord| {
        json!({
            "id": it.token.id.to_string(),
            "user": it.token.app_user.to_string(),
            "key": it.key.0.to_string(),
            "agreed_at": it.agreed_at.to_utc(),
            "used_at": it.token.used_at.to_utc(),
            "alive": it.token.standing(idle, now) == Standing::Active,
        })
    };
    let rows = it.store.tokens_of(id, before, limit + 1).await?;
    Ok(fine(&page(&cut(rows, limit), item, |it| it.token.id.to_string())))
}

/// The app of a key. The key comes in the body, for it may be a secret: no address holds it.
pub async fn find(State(it): State<AppState>, call: Call) -> Answer {
    let mut body = call.object()?;
    let read = |value: &Value| value.as_str().and_then(AppKey::read).ok_or("must be an app key".to_owned());
    let key = body.need("key", read);
    body.finish()?;
    let found = it.store.key(&key.ok_or_else(Problem::broken)?, call.at()).await?;
    let app = match found {
        Some(found) => it.store.app(found.app.id).await?,
        None => None,
    };
    Ok(fine(&told(&app.ok_or_else(|| Problem::not_found("app with this key"))?)))
}

/// Changes kind, sanction and quota, in one sentence: all of it, or nothing.
pub async fn patch(State(it): State<AppState>, call: Call) -> Answer {
    let mut body = call.object()?;
    let kind = body.take("kind", body::one_of(AppKind::read, "basic, biz"));
    let sanctioned = body.take("sanctioned", body::truth);
    let daily_quota = body.take_or_null("daily_quota", body::number);
    let reason = body::reason(&mut body, sanctioned.is_some());
    if kind == Some(AppKind::Test) {
        body.refuse(body.at("kind"), "must be basic or biz: what is made as a test app stays one");
    }
    body.finish()?;
    let id = named(&it, &call).await?.app.id;
    match call.because(&it, reason).change_app(id, AppChange { kind, sanctioned, daily_quota }).await? {
        AppChanged::Done => get(State(it), call).await,
        AppChanged::NotFound => Err(Problem::not_found(format!("app {id}"))),
        AppChanged::TestApp => Err(Problem::conflict("a test app stays one")),
    }
}

/// Deletes an app. That it is gone already is fine.
pub async fn delete(State(it): State<AppState>, call: Call) -> Answer {
    call.by(&it).delete_app(call.id("app")?).await?;
    Ok(done())
}

/// Grants the feature permission of a group.
pub async fn grant(State(it): State<AppState>, call: Call) -> Answer {
    let (record, group) = (named(&it, &call).await?, group(&it, &call).await?);
    if !it.store.permissions_of(record.app.id).await?.contains(&group)
        && !call.by(&it).grant_permission(record.app.id, group).await?
    {
        // It was deleted between looking and granting.
        return Err(Problem::not_found(format!("app {}", record.app.id)));
    }
    Ok(done())
}

/// Takes it back.
pub async fn take(State(it): State<AppState>, call: Call) -> Answer {
    let (record, group) = (named(&it, &call).await?, group(&it, &call).await?);
    call.by(&it).take_permission(record.app.id, group).await?;
    Ok(done())
}
