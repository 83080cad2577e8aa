//! `bizauth asset`: business assets, and which accounts hold them.

mod import;

use bizauth_core::asset::{AssetId, AssetKind, Holding};
use bizauth_core::id::HoldingId;
use bizauth_core::scope::GroupId;
use bizauth_store::{AssetRecord, HoldingRecord};
use clap::Subcommand;
use serde_json::{Value, json};

use super::desk::{Desk, cut};
use super::noun;
use super::open::Absent;
use super::output::{Rows, yes_no};
use super::read;
use super::refusal::refuse;
use crate::view::ROLES;

/// What can be done with assets.
#[derive(Subcommand)]
pub(super) enum Verb {
    /// Add an asset, or change its name and kind
    #[command(after_help = "Example:\n  bizauth asset add moment 1234567 --name 'Spring campaign'")]
    Add {
        /// The group it belongs to
        #[arg(value_parser = read::group_id)]
        group: GroupId,
        /// The platform's id
        #[arg(value_parser = read::asset_id)]
        id: AssetId,
        /// Its name
        #[arg(long, value_parser = read::words)]
        name: String,
        /// What it is
        #[arg(long, default_value = "ad_account", value_parser = read::asset_kind())]
        kind: AssetKind,
    },
    /// Give an account an asset to hold, or change its role
    #[command(after_help = "Example:\n  bizauth asset hold kim@example.com moment 1234567 --role owner")]
    Hold(Hold),
    /// Take an asset from an account; it leaves the answer of every token at once
    Lose {
        /// The account
        #[arg(value_parser = read::email)]
        email: String,
        /// The group
        #[arg(value_parser = read::group_id)]
        group: GroupId,
        /// The asset
        #[arg(value_parser = read::asset_id)]
        id: AssetId,
    },
    /// Take an asset away from everyone
    Remove {
        /// The group
        #[arg(value_parser = read::group_id)]
        group: GroupId,
        /// The asset
        #[arg(value_parser = read::asset_id)]
        id: AssetId,
    },
    /// Add assets and holders, or change them, from a CSV or JSON file
    Import(import::Import),
    /// List the assets that somebody holds, with who holds them
    List {
        /// How many at most
        #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(i64).range(1..=1_000_000))]
        limit: i64,
    },
}

/// Who holds what, and how.
#[derive(clap::Args)]
pub(super) struct Hold {
    /// The account
    #[arg(value_parser = read::email)]
    email: String,
    /// The group
    #[arg(value_parser = read::group_id)]
    group: GroupId,
    /// The asset
    #[arg(value_parser = read::asset_id)]
    id: AssetId,
    /// The account's role on it
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(ROLES))]
    role: String,
    /// The account may not lend it
    #[arg(long)]
    not_lendable: bool,
}

impl noun::Verb for Verb {
    fn if_absent(&self) -> Absent {
        match self {
            Verb::Add { .. } => Absent::Make,
            _ => Absent::Refuse,
        }
    }

    async fn run(self, desk: &mut Desk<'_>) -> anyhow::Result<()> {
        match self {
            Verb::Add { group, id, name, kind } => add(desk, AssetRecord { group, id, kind, name }).await,
            Verb::Hold(hold) => hold.run(desk).await,
            Verb::Lose { email, group, id } => lose(desk, email, group, id).await,
            Verb::Remove { group, id } => remove(desk, group, id).await,
            Verb::Import(import) => import.run(desk).await,
            Verb::List { limit } => list(desk, limit).await,
        }
    }
}

async fn add(desk: &mut Desk<'_>, asset: AssetRecord) -> anyhow::Result<()> {
    let sentence = format!("{} {} is {}", asset.group, asset.id, asset.name);
    let json = json!({ "group": asset.group.0, "id": asset.id.0, "name": asset.name, "kind": asset.kind.word() });
    let (group, kind) = (asset.group.clone(), asset.kind);
    if !desk.by().keep_asset(asset).await? {
        let known = desk.catalogue().await?;
        if kind == AssetKind::AdAccount && known.group(&group.0).is_some_and(|group| group.has_assets) {
            return Err(refuse(format!("the group {group} has no ad accounts"), "give --kind channel"));
        }
        let hint = "`bizauth item list --json` shows the groups and which have assets";
        return Err(refuse(format!("there is no group {group} that has assets"), hint));
    }
    Ok(desk.output.done(&sentence, json)?)
}

impl Hold {
    async fn run(self, desk: &mut Desk<'_>) -> anyhow::Result<()> {
        let Hold { email, group, id, role, not_lendable } = self;
        let user = desk.user(&email).await?.user.id;
        let json = json!({ "email": email, "group": group.0, "id": id.0, "role": role, "lendable": !not_lendable });
        let sentence = format!("{email} holds {group} {id} as {role}");
        // Id, kind and name are the store's to know.
        let (holding, kind, name) = (HoldingId(0), AssetKind::AdAccount, String::new());
        let (place, lendable) = (format!("{group} {id}"), !not_lendable);
        let holding = Holding { id: holding, group, asset: id, kind, name, role, lendable };
        if !desk.by().hold_asset(user, holding).await? {
            let hint = format!("`bizauth asset add {place} --name NAME` adds it");
            return Err(refuse(format!("there is no asset {place}"), hint));
        }
        Ok(desk.output.done(&sentence, json)?)
    }
}

async fn lose(desk: &mut Desk<'_>, email: String, group: GroupId, id: AssetId) -> anyhow::Result<()> {
    let user = desk.user(&email).await?.user.id;
    if !desk.by().lose_asset(user, group.clone(), id.clone()).await? {
        let hint = "`bizauth asset list` shows who holds what";
        return Err(refuse(format!("{email} does not hold {group} {id}"), hint));
    }
    let json = json!({ "email": email, "group": group.0, "id": id.0, "role": null, "lendable": false });
    Ok(desk.output.done(&format!("{email} no longer holds {group} {id}"), json)?)
}

async fn remove(desk: &mut Desk<'_>, group: GroupId, id: AssetId) -> anyhow::Result<()> {
    if !desk.by().remove_asset(group.clone(), id.clone()).await? {
        return Err(refuse(
            format!("there is no asset {group} {id}"),
            "`bizauth asset list` shows those that are held",
        ));
    }
    Ok(desk.output.done(&format!("{group} {id} is gone"), json!({ "group": group.0, "id": id.0, "removed": true }))?)
}

async fn list(desk: &mut Desk<'_>, limit: i64) -> anyhow::Result<()> {
    let mut holdings = desk.store.holdings(limit + 1).await?;
    let more = cut(&mut holdings, limit);
    let json = |HoldingRecord { email, holding }: &HoldingRecord| {
        json!({
            "email": email,
            "group": holding.group.0,
            "id": holding.asset.0,
            "kind": holding.kind.word(),
            "name": holding.name,
            "role": holding.role,
            "lendable": holding.lendable,
        })
    };
    let rows: Vec<Value> = holdings.iter().map(json).collect();
    desk.output.data(json!({ "assets": rows, "more": more }), || {
        let row = |HoldingRecord { email, holding }: HoldingRecord| {
            let (kind, lendable) = (holding.kind.word().to_owned(), yes_no(holding.lendable));
            [email, holding.group.0, holding.asset.0, kind, holding.name, holding.role, lendable]
        };
        let titles = ["HELD BY", "GROUP", "ID", "KIND", "NAME", "ROLE", "LENDABLE"];
        Rows::titled(titles, holdings.into_iter().map(row))
    })?;
    if more {
        desk.output.note("there are more; --limit shows them");
    }
    Ok(())
}
