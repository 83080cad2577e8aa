//! What is shown of apps: a line each in the list, or one with everything that belongs to it.

use bizauth_core::id::AppId;
use bizauth_store::AppRecord;
use serde_json::{Value, json};

use super::super::desk::{AT_A_TIME, Desk, cut, every};
use super::super::key::key_json;
use super::super::output::{Rows, yes_no};

/// All apps.
pub(super) async fn list(desk: &mut Desk<'_>, limit: i64) -> anyhow::Result<()> {
    let mut apps = desk.store.apps(limit + 1).await?;
    let more = cut(&mut apps, limit);
    let rows: Vec<Value> = apps.iter().map(app_json).collect();
    desk.output.data(json!({ "apps": rows, "more": more }), || {
        let row = |record: &AppRecord| {
            let app = &record.app;
            let (kind, sanctioned) = (app.kind.word().to_owned(), yes_no(app.sanctioned));
            [app.id.to_string(), app.name.clone(), app.company.clone(), kind, sanctioned, record.created_at.to_utc()]
        };
        Rows::titled(["ID", "NAME", "COMPANY", "KIND", "SANCTIONED", "CREATED"], apps.iter().map(row))
    })?;
    if more {
        desk.output.note("there are more; --limit shows them");
    }
    Ok(())
}

/// One app with its keys, consent items, permissions and members.
pub(super) async fn one(desk: &mut Desk<'_>, id: AppId) -> anyhow::Result<()> {
    let record = desk.app(id).await?;
    let keys = desk.store.keys_of(id, desk.now).await?;
    let items = desk.store.items_of(id).await?;
    let permissions = desk.store.permissions_of(id).await?;
    let members =
        every(async |turn| desk.store.members_page(id, "", &turn, AT_A_TIME).await, |member| member.user).await?;

    let mut json = app_json(&record);
    json["keys"] = keys.iter().map(key_json).collect();
    json["items"] = items.iter().map(|(item, purpose)| json!({ "id": item.0, "purpose": purpose })).collect();
    json["permissions"] = permissions.iter().map(|group| group.0.clone()).collect();
    json["members"] = members.iter().map(|member| json!({ "email": member.email, "role": member.role })).collect();

    let app = &record.app;
    desk.output.data(json, || {
        let lines = |lines: Vec<String>| if lines.is_empty() { "none".to_owned() } else { lines.join("\n") };
        let quota = app.daily_quota.map_or("none".to_owned(), |calls| format!("{calls} calls a day"));
        let key = |record: &bizauth_store::KeyRecord| {
            let value = record.value.as_deref().unwrap_or("(hidden)");
            let off = if record.key.disabled { " disabled" } else { "" };
            format!("{} {} {value} {}{off}", record.key.id, record.key.kind.word(), record.name)
        };
        Rows::card([
            ("id", app.id.to_string()),
            ("name", app.name.clone()),
            ("company", app.company.clone()),
            ("kind", app.kind.word().to_owned()),
            ("counts as Biz", yes_no(app.counts_as_biz())),
            ("parent", record.parent.map_or("none".to_owned(), |parent| parent.to_string())),
            ("sanctioned", yes_no(app.sanctioned)),
            ("quota", quota),
            ("created", record.created_at.to_utc()),
            ("keys", lines(keys.iter().map(key).collect())),
            ("items", lines(items.iter().map(|(item, purpose)| format!("{item}: {purpose}")).collect())),
            ("permissions", lines(permissions.iter().map(ToString::to_string).collect())),
            ("members", lines(members.iter().map(|member| format!("{} {}", member.email, member.role)).collect())),
        ])
    })?;
    Ok(())
}

fn app_json(record: &AppRecord) -> Value {
    let app = &record.app;
    json!({
        "id": app.id.to_string(),
        "name": app.name,
        "company": app.company,
        "kind": app.kind.word(),
        "counts_as_biz": app.counts_as_biz(),
        "parent": record.parent.map(|parent| parent.to_string()),
        "sanctioned": app.sanctioned,
        "daily_quota": app.daily_quota,
        "created_at": record.created_at.to_utc(),
    })
}
