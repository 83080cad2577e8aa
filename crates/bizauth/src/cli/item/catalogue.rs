//! `bizauth item add` and `group-add`: what an operator adds to the catalogue. What is there already is left alone
//! unless `--replace` says otherwise: apps and consents rely on it. The rules are those of the operator's pages and API.

use bizauth_core::scope::{Group, GroupId, Item, ItemId, Wording, begins_items, belongs_to};
use bizauth_store::{Added, Changed};

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
        let known = catalogue.item(&self.id.0).map(|item| item.group.clone());
        match &known {
            Some(_) if !self.replace => return Err(taken("consent item", &self.id.0)),
            Some(group) if *group != self.group => {
                let what = format!("{} belongs to the group {group}, which cannot be changed", self.id);
                return Err(refuse(what, "add an item with another id"));
            }
            None if !belongs_to(&self.id, &self.group) => {
                let what = format!("{} is no id of an item of the group {}", self.id, self.group);
                return Err(refuse(what, format!("it begins with the group's id and _, such as {}_read", self.group)));
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
        let (id, group) = (item.id.clone(), item.group.clone());
        let added = match (known, desk.by()) {
            (None, by) => by.add_item(item).await?,
            (Some(_), by) if by.change_item(item).await? => Added::Done,
            (Some(_), _) => Added::NoSuchGroup,
        };
        match added {
            Added::Done => {}
            Added::NoSuchGroup => return Err(no_group(&group)),
            Added::ItemThere(_) | Added::GroupThere => return Err(taken("consent item", &id.0)),
        }
        Ok(desk.output.done(&sentence, json)?)
    }
}

impl GroupAdd {
    /// Adds it.
    pub(super) async fn run(self, desk: &mut Desk<'_>) -> anyhow::Result<()> {
        let there = desk.catalogue().await?.group(&self.id.0).is_some();
        if there && !self.replace {
            return Err(taken("asset group", &self.id.0));
        }
        if !there && !begins_items(&self.id) {
            let what = format!("{} is no id for a group: an item's group is what stands before its first _", self.id);
            return Err(refuse(what, "choose an id without _"));
        }
        let group = Group {
            id: self.id,
            name: Wording { ko: self.name_ko, en: self.name_en },
            has_assets: !self.no_assets,
            has_ad_accounts: !self.no_assets && !self.channels_only,
            needs_permission: self.needs_permission,
        };
        let (sentence, json) = (format!("the group {} is in the catalogue", group.id), group_json(&group));
        let id = group.id.clone();
        if !there {
            if desk.by().add_group(group, Vec::new()).await? != Added::Done {
                return Err(taken("asset group", &id.0));
            }
            return Ok(desk.output.done(&sentence, json)?);
        }
        match desk.by().change_group(group).await? {
            Changed::Done => {}
            Changed::NotFound => return Err(no_group(&id)),
            Changed::HasAssets => {
                let what = format!("there are assets in the group {id} that it then could not have");
                return Err(refuse(what, "`bizauth asset remove` takes them away"));
            }
        }
        Ok(desk.output.done(&sentence, json)?)
    }
}

fn taken(what: &str, id: &str) -> anyhow::Error {
    refuse(format!("the {what} {id} is there already"), "give --replace to change it")
}
