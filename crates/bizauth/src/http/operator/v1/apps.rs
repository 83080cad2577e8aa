//! `/operator/v1/apps`: apps, their kind, sanction, quota and permissions.

use axum::extract::State;
use bizauth_core::app::AppKind;
use bizauth_core::id::AppId;
use bizauth_core::scope::GroupId;
use bizauth_store::{AppRecord, MemberRecord, Turn};
use serde_json::{Value, json};

use super::body;
use super::gate::Call;
use super::listing::{flag, limit, page, turn};
use super::problem::{Answer, Problem, done, fine};
use crate::http::state::AppState;

/// How many members are told of along with their app. All are below `/members`.
const TOLD_ALONG: i64 = 100;

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
    Ok(fine(&told))
}

/// Changes kind, sanction or quota.
pub async fn patch(State(it): State<AppState>, call: Call) -> Answer {
    let mut body = call.object()?;
    let kind = body.take("kind", body::one_of(AppKind::read, "basic, biz"));
    let sanctioned = body.take("sanctioned", body::truth);
    let quota = body.take_or_null("daily_quota", body::number);
    let reason = body.take("reason", body::words);
    if kind == Some(AppKind::Test) {
        body.refuse(body.at("kind"), "must be basic or biz: what is made as a test app stays one");
    }
    body.finish()?;
    let record = named(&it, &call).await?;
    let id = record.app.id;
    let by = match reason {
        Some(reason) => call.by(&it).because(reason),
        None => call.by(&it),
    };
    if let Some(kind) = kind
        && (record.app.kind == AppKind::Test || !by.set_app_kind(id, kind).await?)
    {
        return Err(Problem::conflict("a test app stays one"));
    }
    if let Some(on) = sanctioned {
        by.set_sanction(id, on).await?;
    }
    if let Some(most) = quota {
        by.set_daily_quota(id, most).await?;
    }
    get(State(it), call).await
}

/// Deletes an app. That it is gone already is fine.
pub async fn delete(State(it): State<AppState>, call: Call) -> Answer {
    call.by(&it).delete_app(call.id("app")?).await?;
    Ok(done())
}

/// Grants the feature permission of a group.
pub async fn grant(State(it): State<AppState>, call: Call) -> Answer {
    let (record, group) = (named(&it, &call).await?, group(&it, &call).await?);
    if !it.store.permissions_of(record.app.id).await?.contains(&group) {
        call.by(&it).grant_permission(record.app.id, group).await?;
    }
    Ok(done())
}

/// Takes it back.
pub async fn take(State(it): State<AppState>, call: Call) -> Answer {
    let (record, group) = (named(&it, &call).await?, group(&it, &call).await?);
    call.by(&it).take_permission(record.app.id, group).await?;
    Ok(done())
}
