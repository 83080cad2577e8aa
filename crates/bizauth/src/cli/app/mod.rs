//! `bizauth app`: making, changing and ending apps. What is shown of them is in `show.rs`.

mod show;

use std::io::IsTerminal;

use bizauth_core::app::AppKind;
use bizauth_core::id::AppId;
use bizauth_store::NewApp;
use clap::Subcommand;
use serde_json::json;

use super::desk::Desk;
use super::noun;
use super::open::Absent;
use super::output::Rows;
use super::read::{self, Quota, Switch};
use super::refusal::{misused, refuse};

/// What can be done with apps.
#[derive(Subcommand)]
pub(super) enum Verb {
    /// Make an app
    #[command(after_help = "Examples:\n  bizauth app create 'Ad Reports' --company 'Report Works' --kind biz\n  \
                            bizauth app create 'Ad Reports (test)' --company 'Report Works' --kind test --parent ID")]
    Create(Create),
    /// List the apps, newest first
    List {
        /// How many at most
        #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(i64).range(1..=1_000_000))]
        limit: i64,
    },
    /// Show an app with its keys, consent items, permissions and members
    Show {
        /// The app
        #[arg(value_parser = read::app_id)]
        id: AppId,
    },
    /// Make an app basic or Biz; a test app stays one
    Kind {
        /// The app
        #[arg(value_parser = read::app_id)]
        id: AppId,
        /// Only Biz apps may use Business Authentication
        #[arg(value_parser = read::own_app_kind())]
        kind: AppKind,
    },
    /// Put an app under sanction, which ends its tokens for good, or lift it
    Sanction {
        /// The app
        #[arg(value_parser = read::app_id)]
        id: AppId,
        /// On or off
        state: Switch,
    },
    /// Limit how many kapi calls an app may make a day
    Quota {
        /// The app
        #[arg(value_parser = read::app_id)]
        id: AppId,
        /// A number, or `none`
        #[arg(value_parser = read::quota)]
        calls: Quota,
    },
    /// Delete an app: its keys and tokens have ended for good
    Delete {
        /// The app
        #[arg(value_parser = read::app_id)]
        id: AppId,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

/// The app to be made.
#[derive(clap::Args)]
pub(super) struct Create {
    /// The name people see on the consent screen
    #[arg(value_parser = read::words)]
    name: String,
    /// The developer's company, shown beside it
    #[arg(long, value_parser = read::words)]
    company: String,
    /// Only Biz apps, and test apps of one, may use Business Authentication
    #[arg(long, value_parser = read::app_kind())]
    kind: AppKind,
    /// For a test app: its parent
    #[arg(long, value_name = "ID", value_parser = read::app_id, required_if_eq("kind", "test"))]
    parent: Option<AppId>,
    /// An account that becomes its first member, with the role of owner
    #[arg(long, value_name = "EMAIL", value_parser = read::email)]
    owner: Option<String>,
}

impl noun::Verb for Verb {
    fn if_absent(&self) -> Absent {
        match self {
            Verb::Create(_) => Absent::Make,
            _ => Absent::Refuse,
        }
    }

    async fn run(self, desk: &mut Desk<'_>) -> anyhow::Result<()> {
        match self {
            Verb::Create(new) => create(desk, new).await,
            Verb::List { limit } => show::list(desk, limit).await,
            Verb::Show { id } => show::one(desk, id).await,
            Verb::Kind { id, kind } => set_kind(desk, id, kind).await,
            Verb::Sanction { id, state } => {
                let name = desk.app(id).await?.app.name;
                desk.by().set_sanction(id, state.is_on()).await?;
                let said =
                    if state.is_on() { "is under sanction; its tokens have ended" } else { "is free of its sanction" };
                let json = json!({ "id": id.to_string(), "sanctioned": state.is_on() });
                Ok(desk.output.done(&format!("app {id} ({name}) {said}"), json)?)
            }
            Verb::Quota { id, calls: Quota(calls) } => {
                let name = desk.app(id).await?.app.name;
                desk.by().set_daily_quota(id, calls).await?;
                let said = calls.map_or("any number of calls".to_owned(), |calls| format!("{calls} calls"));
                let json = json!({ "id": id.to_string(), "daily_quota": calls });
                Ok(desk.output.done(&format!("app {id} ({name}) may make {said} a day"), json)?)
            }
            Verb::Delete { id, yes } => delete(desk, id, yes).await,
        }
    }
}

async fn create(desk: &mut Desk<'_>, new: Create) -> anyhow::Result<()> {
    if let (Some(_), AppKind::Basic | AppKind::Biz) = (new.parent, new.kind) {
        return Err(misused("only a test app has a parent", "leave --parent out, or give --kind test"));
    }
    if let Some(parent) = new.parent
        && let kind @ (AppKind::Basic | AppKind::Test) = desk.app(parent).await?.app.kind
    {
        let hint = "only a Biz app has test apps; `bizauth app kind` makes a basic app one";
        return Err(refuse(format!("app {parent} is a {} app", kind.word()), hint));
    }
    let owner = match &new.owner {
        Some(email) => Some(desk.user(email).await?.user.id),
        None => None,
    };
    let (name, kind) = (new.name.clone(), new.kind);
    let app = NewApp { name: new.name, company: new.company, kind, parent: new.parent, owner };
    let made = desk.by().create_app(app).await?;
    let id = made.ok_or_else(|| refuse("its parent or its owner is gone", "run the command again to see which"))?;
    let id = id.to_string();
    desk.output.data(json!({ "id": id, "name": name, "kind": kind.word() }), || {
        Rows::card([("id", id.clone()), ("name", name.clone()), ("kind", kind.word().to_owned())])
    })?;
    if !desk.output.json {
        desk.output.note(&format!("\nnext: bizauth key create {id} --kind rest_api"));
    }
    Ok(())
}

async fn set_kind(desk: &mut Desk<'_>, id: AppId, kind: AppKind) -> anyhow::Result<()> {
    let name = desk.app(id).await?.app.name;
    if !desk.by().set_app_kind(id, kind).await? {
        return Err(refuse(format!("app {id} is a test app and stays one"), "change the kind of its parent"));
    }
    let json = json!({ "id": id.to_string(), "kind": kind.word() });
    Ok(desk.output.done(&format!("app {id} ({name}) is now {}", kind.word()), json)?)
}

async fn delete(desk: &mut Desk<'_>, id: AppId, yes: bool) -> anyhow::Result<()> {
    let name = desk.app(id).await?.app.name;
    if !yes {
        confirm(desk, id, &name)?;
    }
    if !desk.by().delete_app(id).await? {
        return Err(refuse(format!("app {id} was deleted by someone else"), "there is nothing left to do"));
    }
    Ok(desk.output.done(&format!("app {id} ({name}) is deleted"), json!({ "id": id.to_string(), "deleted": true }))?)
}

fn confirm(desk: &mut Desk<'_>, id: AppId, name: &str) -> anyhow::Result<()> {
    if !std::io::stdin().is_terminal() {
        return Err(refuse(format!("deleting app {id} ({name}) needs a confirmation"), "give --yes to confirm it"));
    }
    desk.output.note(&format!("This deletes app {id} ({name}). Its keys and tokens end at once and never come back."));
    desk.output.ask("Type the id of the app to confirm:");
    let mut typed = String::new();
    std::io::stdin().read_line(&mut typed)?;
    match typed.trim() == id.to_string() {
        true => Ok(()),
        false => Err(refuse("that is not the id of the app; nothing was deleted", "run the command again")),
    }
}
