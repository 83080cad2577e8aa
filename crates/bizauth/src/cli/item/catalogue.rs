//! `bizauth item add` and `group-add`: what an operator adds to the catalogue. What is there already is left alone
//! unless `--replace` says otherwise: apps and consents rely on it.

use bizauth_core::scope::{Catalogue, Group, GroupId, Item, ItemId, Wording};

use super::super::desk::Desk;
use super::super::read;
use super::super::refusal::refuse;
use super::{group_json, item_json, no_group};

/// The item to be added.
#[derive(clap::Args)]
pub(in crate::cli) struct Add {
    /// What apps put into `scope`
    #[arg(value_parser = read::item_id)]
    id: ItemId,
    /// The group it belongs to
    #[arg(long, value_name = "GROUP", value_parser = read::group_id)]
    group: GroupId,
    /// The name people read, in Korean
    #[arg(long, value_name = "TEXT", value_parser = read::words)]
    name_ko: String,
    /// The name people read, in English
    #[arg(long, value_name = "TEXT", value_parser = read::words)]
    name_en: String,
    /// What it lets an app do, in a sentence, in Korean
    #[arg(long, value_name = "TEXT", value_parser = read::words)]
    about_ko: String,
    /// What it lets an app do, in a sentence, in English
    #[arg(long, value_name = "TEXT", value_parser = read::words)]
    about_en: String,
    /// Mark it on the consent screen as one to think about twice
    #[arg(long)]
    risky: bool,
    /// It may be asked only together with others
    #[arg(long)]
    never_alone: bool,
    /// It demands `resource_ids=<group>:*`
    #[arg(long)]
    needs_all: bool,
    /// It lets userinfo show the e-mail address
    #[arg(long)]
    shares_email: bool,
    /// It lets tokeninfo list the channels of its group
    #[arg(long)]
    yields_channels: bool,
    /// Change an item that is there already
    #[arg(long)]
    replace: bool,
}

/// The group to be added.
#[derive(clap::Args)]
pub(in crate::cli) struct GroupAdd {
    /// What `resource_ids` and tokeninfo call it
    #[arg(value_parser = read::group_id)]
    id: GroupId,
    /// The name people read, in Korean
    #[arg(long, value_name = "TEXT", value_parser = read::words)]
    name_ko: String,
    /// The name people read, in English
    #[arg(long, value_name = "TEXT", value_parser = read::words)]
    name_en: String,
    /// Apps need the operator's permission before they may ask for its items
    #[arg(long)]
    needs_permission: bool,
    /// There is nothing in it that could be lent
    #[arg(long)]
    no_assets: bool,
    /// What can be lent are channels, and never ad accounts
    #[arg(long, conflicts_with = "no_assets")]
    channels_only: bool,
    /// Change a group that is there already
    #[arg(long)]
    replace: bool,
}

impl Add {
    /// Adds it.
    pub(super) async fn run(self, desk: &mut Desk<'_>) -> anyhow::Result<()> {
        let catalogue = desk.catalogue().await?;
        if catalogue.group(&self.group.0).is_none() {
            return Err(no_group(&self.group));
        }
        match catalogue.item(&self.id.0) {
            Some(_) if !self.replace => return Err(taken("consent item", &self.id.0)),
            Some(known) if known.group != self.group => {
                let what = format!("{} belongs to the group {}, which cannot be changed", self.id, known.group);
                return Err(refuse(what, "add an item with another id"));
            }
            _ => {}
        }
        let item = Item {
            id: self.id,
            group: self.group,
            name: Wording { ko: self.name_ko, en: self.name_en },
            about: Wording { ko: self.about_ko, en: self.about_en },
            risky: self.risky,
            never_alone: self.never_alone,
            needs_all: self.needs_all,
            shares_email: self.shares_email,
            yields_channels: self.yields_channels,
        };
        let (sentence, json) = (format!("{} is in the catalogue", item.id), item_json(&item));
        desk.by().keep_catalogue(Catalogue { groups: Vec::new(), items: vec![item] }).await?;
        Ok(desk.output.done(&sentence, json)?)
    }
}

impl GroupAdd {
    /// Adds it.
    pub(super) async fn run(self, desk: &mut Desk<'_>) -> anyhow::Result<()> {
        if desk.catalogue().await?.group(&self.id.0).is_some() && !self.replace {
            return Err(taken("asset group", &self.id.0));
        }
        let group = Group {
            id: self.id,
            name: Wording { ko: self.name_ko, en: self.name_en },
            has_assets: !self.no_assets,
            has_ad_accounts: !self.no_assets && !self.channels_only,
            needs_permission: self.needs_permission,
        };
        let (sentence, json) = (format!("the group {} is in the catalogue", group.id), group_json(&group));
        desk.by().keep_catalogue(Catalogue { groups: vec![group], items: Vec::new() }).await?;
        Ok(desk.output.done(&sentence, json)?)
    }
}

fn taken(what: &str, id: &str) -> anyhow::Error {
    refuse(format!("the {what} {id} is there already"), "give --replace to change it")
}
