//! `bizauth member`: who belongs to an app. Owners answer for it; only members may sign in to a test app.

use bizauth_core::id::AppId;
use bizauth_store::Membership;
use clap::Subcommand;
use serde_json::{Value, json};

use super::desk::{AT_A_TIME, Desk, every};
use super::noun;
use super::output::Rows;
use super::read;
use super::refusal::refuse;

/// What can be done with members.
#[derive(Subcommand)]
pub(super) enum Verb {
    /// Make an account a member of an app, or change its role
    Add {
        /// The app
        #[arg(value_parser = read::app_id)]
        app: AppId,
        /// The account
        #[arg(value_parser = read::email)]
        email: String,
        /// What it may do with the app
        #[arg(long)]
        role: Role,
    },
    /// End a membership
    Remove {
        /// The app
        #[arg(value_parser = read::app_id)]
        app: AppId,
        /// The account
        #[arg(value_parser = read::email)]
        email: String,
    },
    /// List the members of an app
    List {
        /// The app
        #[arg(value_parser = read::app_id)]
        app: AppId,
    },
}

/// The role of a member.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(super) enum Role {
    /// Answers for the app
    Owner,
    /// Works on it
    Editor,
}

impl Role {
    fn word(self) -> &'static str {
        match self {
            Role::Owner => "owner",
            Role::Editor => "editor",
        }
    }
}

impl From<Role> for bizauth_core::app::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Owner => bizauth_core::app::Role::Owner,
            Role::Editor => bizauth_core::app::Role::Editor,
        }
    }
}

impl noun::Verb for Verb {
    async fn run(self, desk: &mut Desk<'_>) -> anyhow::Result<()> {
        match self {
            Verb::Add { app, email, role } => {
                desk.app(app).await?;
                let user = desk.user(&email).await?.user.id;
                // Whoever is a member keeps to the rule that an app has an owner; whoever is not can break no rule.
                match desk.by().change_role(app, user, role.into()).await? {
                    Membership::Changed => {}
                    Membership::LastOwner => return Err(last_owner(&email, app)),
                    Membership::NotMember => {
                        if !desk.by().add_member(app, user, role.word()).await? {
                            return Err(refuse(format!("app {app} is gone"), "`bizauth app list` shows the apps"));
                        }
                    }
                }
                let json = json!({ "app": app.to_string(), "email": email, "role": role.word() });
                Ok(desk.output.done(&format!("{email} is {} of app {app}", role.word()), json)?)
            }
            Verb::Remove { app, email } => {
                let user = desk.user(&email).await?.user.id;
                match desk.by().end_membership(app, user).await? {
                    Membership::Changed => {}
                    Membership::LastOwner => return Err(last_owner(&email, app)),
                    Membership::NotMember => {
                        let hint = format!("`bizauth member list {app}` shows who is");
                        return Err(refuse(format!("{email} is no member of app {app}"), hint));
                    }
                }
                let json = json!({ "app": app.to_string(), "email": email, "role": null });
                Ok(desk.output.done(&format!("{email} is no longer a member of app {app}"), json)?)
            }
            Verb::List { app } => list(desk, app).await,
        }
    }
}

fn last_owner(email: &str, app: AppId) -> anyhow::Error {
    let hint = format!("make somebody else an owner first: `bizauth member add {app} EMAIL --role owner`");
    refuse(format!("{email} is the last owner of app {app}, which must have one"), hint)
}

async fn list(desk: &mut Desk<'_>, app: AppId) -> anyhow::Result<()> {
    desk.app(app).await?;
    let members =
        every(async |turn| desk.store.members_page(app, "", &turn, AT_A_TIME).await, |member| member.user).await?;
    let rows: Vec<Value> = members.iter().map(|member| json!({ "email": member.email, "role": member.role })).collect();
    desk.output.data(json!({ "members": rows }), || {
        Rows::titled(["EMAIL", "ROLE"], members.into_iter().map(|member| [member.email, member.role]))
    })?;
    Ok(())
}
