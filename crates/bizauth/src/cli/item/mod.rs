//! `bizauth item`: the consent items that are switched on for an app, and the list of all. Additions to the catalogue
//! are in `catalogue.rs`.

mod catalogue;

use bizauth_core::id::AppId;
use bizauth_core::scope::{Catalogue, Group, GroupId, Item, ItemId};
use clap::Subcommand;
use serde_json::{Value, json};

use super::desk::Desk;
use super::noun;
use super::open::Absent;
use super::output::Rows;
use super::read;
use super::refusal::refuse;

/// What can be done with consent items.
#[derive(Subcommand)]
pub(super) enum Verb {
    /// List the catalogue, or the items that are on for an app
    List {
        /// Only those that are on for this app, each with its purpose
        #[arg(long, value_name = "APP", value_parser = read::app_id)]
        app: Option<AppId>,
    },
    /// Switch an item on for an app
    #[command(
        after_help = "Example:\n  bizauth item on APP moment_management --purpose 'Daily reports of your campaigns'"
    )]
    On {
        /// The app
        #[arg(value_parser = read::app_id)]
        app: AppId,
        /// The consent item
        #[arg(value_parser = read::item_id)]
        item: ItemId,
        /// What the app wants it for, in a sentence that people read
        #[arg(long, value_parser = read::words)]
        purpose: String,
    },
    /// Switch an item off for an app
    Off {
        /// The app
        #[arg(value_parser = read::app_id)]
        app: AppId,
        /// The consent item
        #[arg(value_parser = read::item_id)]
        item: ItemId,
    },
    /// Add an item to the catalogue
    Add(catalogue::Add),
    /// Add an asset group to the catalogue
    GroupAdd(catalogue::GroupAdd),
}

impl noun::Verb for Verb {
    fn if_absent(&self) -> Absent {
        match self {
            Verb::Add(_) | Verb::GroupAdd(_) => Absent::Make,
            Verb::List { .. } | Verb::On { .. } | Verb::Off { .. } => Absent::Refuse,
        }
    }

    async fn run(self, desk: &mut Desk<'_>) -> anyhow::Result<()> {
        match self {
            Verb::List { app: Some(app) } => list_of_app(desk, app).await,
            Verb::List { app: None } => list(desk).await,
            Verb::On { app, item, purpose } => switch_on(desk, app, item, purpose).await,
            Verb::Off { app, item } => switch_off(desk, app, item).await,
            Verb::Add(add) => add.run(desk).await,
            Verb::GroupAdd(add) => add.run(desk).await,
        }
    }
}

async fn switch_on(desk: &mut Desk<'_>, app: AppId, item: ItemId, purpose: String) -> anyhow::Result<()> {
    desk.app(app).await?;
    if !desk.by().switch_item_on(app, item.clone(), purpose.clone()).await? {
        return Err(refuse(format!("there is no consent item {item}"), "`bizauth item list` shows the catalogue"));
    }
    let json = json!({ "app": app.to_string(), "item": item.0, "on": true, "purpose": purpose });
    desk.output.done(&format!("{item} is on for app {app}"), json)?;
    let catalogue = desk.catalogue().await?;
    let group = catalogue.item(&item.0).and_then(|item| catalogue.group(&item.group.0));
    if let Some(group) = group.filter(|group| group.needs_permission)
        && !desk.store.permissions_of(app).await?.contains(&group.id)
    {
        let (what, then) = (&group.id, format!("bizauth permission grant {app} {}", group.id));
        desk.output
            .note(&format!("note: the app may not ask for it without the permission of the group {what}: {then}"));
    }
    Ok(())
}

async fn switch_off(desk: &mut Desk<'_>, app: AppId, item: ItemId) -> anyhow::Result<()> {
    if !desk.by().switch_item_off(app, item.clone()).await? {
        let hint = format!("`bizauth item list --app {app}` shows what is");
        return Err(refuse(format!("{item} is not on for app {app}"), hint));
    }
    let json = json!({ "app": app.to_string(), "item": item.0, "on": false });
    Ok(desk.output.done(&format!("{item} is off for app {app}"), json)?)
}

async fn list_of_app(desk: &mut Desk<'_>, app: AppId) -> anyhow::Result<()> {
    desk.app(app).await?;
    let items = desk.store.items_of(app).await?;
    let rows: Vec<Value> = items.iter().map(|(item, purpose)| json!({ "id": item.0, "purpose": purpose })).collect();
    desk.output.data(json!({ "items": rows }), || {
        Rows::titled(["ITEM", "PURPOSE"], items.into_iter().map(|(item, purpose)| [item.0, purpose]))
    })?;
    Ok(())
}

async fn list(desk: &mut Desk<'_>) -> anyhow::Result<()> {
    let Catalogue { groups, items } = desk.catalogue().await?;
    let json = json!({
        "groups": groups.iter().map(group_json).collect::<Vec<_>>(),
        "items": items.iter().map(item_json).collect::<Vec<_>>(),
    });
    desk.output.data(json, || {
        let row = |item: &Item| {
            let group = groups.iter().find(|group| group.id == item.group);
            let marks = [
                (item.risky, "risky"),
                (item.never_alone, "never alone"),
                (item.needs_all, "needs *"),
                (item.shares_email, "shares e-mail"),
                (item.yields_channels, "yields channels"),
                (group.is_some_and(|group| group.needs_permission), "needs permission"),
            ];
            let marks: Vec<&str> = marks.iter().filter(|(set, _)| *set).map(|(_, mark)| *mark).collect();
            // Empty where the words built into the pages are used.
            [item.id.0.clone(), item.group.0.clone(), marks.join(", "), item.name.en.clone()]
        };
        Rows::titled(["ITEM", "GROUP", "MARKS", "NAME"], items.iter().map(row))
    })?;
    Ok(())
}

fn group_json(group: &Group) -> Value {
    json!({
        "id": group.id.0,
        "name_ko": group.name.ko,
        "name_en": group.name.en,
        "has_assets": group.has_assets,
        "has_ad_accounts": group.has_ad_accounts,
        "needs_permission": group.needs_permission,
    })
}

fn item_json(item: &Item) -> Value {
    json!({
        "id": item.id.0,
        "group": item.group.0,
        "name_ko": item.name.ko,
        "name_en": item.name.en,
        "about_ko": item.about.ko,
        "about_en": item.about.en,
        "risky": item.risky,
        "never_alone": item.never_alone,
        "needs_all": item.needs_all,
        "shares_email": item.shares_email,
        "yields_channels": item.yields_channels,
    })
}

/// That the catalogue has no such group.
pub(super) fn no_group(group: &GroupId) -> anyhow::Error {
    refuse(format!("there is no asset group {group}"), "`bizauth item list --json` shows the groups and their items")
}
