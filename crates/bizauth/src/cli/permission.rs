//! `bizauth permission`: for which asset groups the operator granted an app the feature permission.

use bizauth_core::id::AppId;
use bizauth_core::scope::GroupId;
use clap::Subcommand;
use serde_json::json;

use super::desk::Desk;
use super::item::no_group;
use super::noun;
use super::output::Rows;
use super::read;
use super::refusal::refuse;

/// What can be done with permissions.
#[derive(Subcommand)]
pub(super) enum Verb {
    /// Grant an app the permission of a group
    #[command(after_help = "Example:\n  bizauth permission grant APP moment")]
    Grant {
        /// The app
        #[arg(value_parser = read::app_id)]
        app: AppId,
        /// The asset group
        #[arg(value_parser = read::group_id)]
        group: GroupId,
    },
    /// Take it back
    Take {
        /// The app
        #[arg(value_parser = read::app_id)]
        app: AppId,
        /// The asset group
        #[arg(value_parser = read::group_id)]
        group: GroupId,
    },
    /// List the permissions of an app
    List {
        /// The app
        #[arg(value_parser = read::app_id)]
        app: AppId,
    },
}

impl noun::Verb for Verb {
    async fn run(self, desk: &mut Desk<'_>) -> anyhow::Result<()> {
        match self {
            Verb::Grant { app, group } => grant(desk, app, group).await,
            Verb::Take { app, group } => take(desk, app, group).await,
            Verb::List { app } => {
                desk.app(app).await?;
                let groups = desk.store.permissions_of(app).await?;
                let ids: Vec<&String> = groups.iter().map(|group| &group.0).collect();
                let rows = || Rows::titled(["GROUP"], groups.iter().map(|group| [group.to_string()]));
                Ok(desk.output.data(json!({ "permissions": ids }), rows)?)
            }
        }
    }
}

async fn grant(desk: &mut Desk<'_>, app: AppId, group: GroupId) -> anyhow::Result<()> {
    desk.app(app).await?;
    if !desk.by().grant_permission(app, group.clone()).await? {
        return Err(no_group(&group));
    }
    let json = json!({ "app": app.to_string(), "group": group.0, "granted": true });
    desk.output.done(&format!("app {app} has the permission of the group {group}"), json)?;
    if desk.catalogue().await?.group(&group.0).is_some_and(|known| !known.needs_permission) {
        desk.output.note(&format!("note: the group {group} needs no permission"));
    }
    Ok(())
}

async fn take(desk: &mut Desk<'_>, app: AppId, group: GroupId) -> anyhow::Result<()> {
    if !desk.by().take_permission(app, group.clone()).await? {
        let hint = format!("`bizauth permission list {app}` shows what it has");
        return Err(refuse(format!("app {app} has no permission of the group {group}"), hint));
    }
    let json = json!({ "app": app.to_string(), "group": group.0, "granted": false });
    Ok(desk.output.done(&format!("app {app} no longer has the permission of the group {group}"), json)?)
}
