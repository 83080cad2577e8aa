//! The catalogue of asset groups and consent items.

use bizauth_core::scope::{Catalogue, Group, GroupId, Item, ItemId, Wording};

use crate::Store;
use crate::audit::{By, Change};
use crate::db::{FromValue, Result, Row, Tx, Value, commit};

const SEE_GROUP: &str =
    "SELECT name_ko, name_en, has_assets, has_ad_accounts, needs_permission FROM asset_groups WHERE id = $1";
const SEE_ITEM: &str =
    "SELECT group_id, name_ko, name_en, about_ko, about_en, risky, never_alone, needs_all, shares_email,
         yields_channels FROM consent_items WHERE id = $1";
const SEE_COUNT: &str = "SELECT COUNT(*) AS items FROM consent_items";

impl Store {
    /// All groups and items, in their order.
    pub async fn catalogue(&self) -> Result<Catalogue> {
        const GROUPS: &str = "SELECT id, name_ko, name_en, has_assets, has_ad_accounts, needs_permission FROM asset_groups ORDER BY position, id";
        const ITEMS: &str =
            "SELECT i.id, i.group_id, i.name_ko, i.name_en, i.about_ko, i.about_en, i.risky, i.never_alone,
                                    i.needs_all, i.shares_email, i.yields_channels
                             FROM consent_items i JOIN asset_groups g ON g.id = i.group_id
                             ORDER BY g.position, i.position, i.id";
        let (groups, items) = (self.db.few(GROUPS, &[]), self.db.few(ITEMS, &[]));
        Ok(Catalogue {
            groups: groups.await?.iter().map(read_group).collect::<Result<_>>()?,
            items: items.await?.iter().map(read_item).collect::<Result<_>>()?,
        })
    }
}

impl By {
    /// Adds or changes the groups and items of `catalogue`; others stay as they are.
    pub async fn keep_catalogue(&self, catalogue: Catalogue) -> Result<()> {
        const GROUP: &str = "INSERT INTO asset_groups (id, position, name_ko, name_en, has_assets, has_ad_accounts,
                 needs_permission) VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (id) DO UPDATE SET name_ko = excluded.name_ko, name_en = excluded.name_en,
                 has_assets = excluded.has_assets, has_ad_accounts = excluded.has_ad_accounts,
                 needs_permission = excluded.needs_permission";
        const ITEM: &str =
            "INSERT INTO consent_items (id, group_id, position, name_ko, name_en, about_ko, about_en, risky,
                 never_alone, needs_all, shares_email, yields_channels)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
             ON CONFLICT (id) DO UPDATE SET name_ko = excluded.name_ko, name_en = excluded.name_en,
                 about_ko = excluded.about_ko, about_en = excluded.about_en, risky = excluded.risky,
                 never_alone = excluded.never_alone, needs_all = excluded.needs_all,
                 shares_email = excluded.shares_email, yields_channels = excluded.yields_channels";
        let actor = self.actor.clone();
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let groups = catalogue.groups.iter().map(|group| group.id.0.as_str());
                let items = catalogue.items.iter().map(|item| item.id.0.as_str());
                let ids = groups.chain(items).collect::<Vec<_>>().join(" ");
                // The one group or item that a page changes is looked at; of more the ids are told.
                let change = match (&catalogue.groups[..], &catalogue.items[..]) {
                    ([group], []) => {
                        Change::new("catalogue.group", ("group", &group.id), SEE_GROUP, [group.id.clone().into()])
                    }
                    ([], [item]) => {
                        Change::new("catalogue.item", ("item", &item.id), SEE_ITEM, [item.id.0.clone().into()])
                    }
                    _ => Change::new("catalogue.keep", ("platform", "catalogue"), SEE_COUNT, []),
                };
                let note = change.about("ids", ids).begin(tx, &actor).await?;
                let first = place_after(tx, "SELECT MAX(position) AS last FROM asset_groups").await?;
                for (at, group) in (first..).zip(&catalogue.groups) {
                    let Wording { ko, en } = group.name.clone();
                    let mut row: Vec<Value> = vec![group.id.0.clone().into(), at.into(), ko.into(), en.into()];
                    row.extend([group.has_assets, group.has_ad_accounts, group.needs_permission].map(Value::from));
                    tx.execute(GROUP, &row).await?;
                }
                let first = place_after(tx, "SELECT MAX(position) AS last FROM consent_items").await?;
                for (at, item) in (first..).zip(&catalogue.items) {
                    let mut row: Vec<Value> = vec![item.id.0.clone().into(), item.group.0.clone().into(), at.into()];
                    for text in [&item.name.ko, &item.name.en, &item.about.ko, &item.about.en] {
                        row.push(text.clone().into());
                    }
                    for flag in [item.risky, item.never_alone, item.needs_all, item.shares_email, item.yields_channels]
                    {
                        row.push(flag.into());
                    }
                    tx.execute(ITEM, &row).await?;
                }
                note.end(tx).await?;
                commit(())
            })
            .await
    }
}

async fn place_after(tx: &mut Tx<'_>, sql: &'static str) -> Result<i64> {
    let row = tx.row(sql, &[]).await?;
    Ok(row.map(|row| row.get::<Option<i64>>("last")).transpose()?.flatten().unwrap_or(0) + 1)
}

fn read_group(row: &Row) -> Result<Group> {
    Ok(Group {
        id: GroupId(row.get("id")?),
        name: wording(row, "name_ko", "name_en")?,
        has_assets: row.get("has_assets")?,
        has_ad_accounts: row.get("has_ad_accounts")?,
        needs_permission: row.get("needs_permission")?,
    })
}

fn read_item(row: &Row) -> Result<Item> {
    Ok(Item {
        id: ItemId(row.get("id")?),
        group: GroupId(row.get("group_id")?),
        name: wording(row, "name_ko", "name_en")?,
        about: wording(row, "about_ko", "about_en")?,
        risky: row.get("risky")?,
        never_alone: row.get("never_alone")?,
        needs_all: row.get("needs_all")?,
        shares_email: row.get("shares_email")?,
        yields_channels: row.get("yields_channels")?,
    })
}

fn wording(row: &Row, ko: &'static str, en: &'static str) -> Result<Wording> {
    Ok(Wording { ko: row.get(ko)?, en: row.get(en)? })
}

impl FromValue for GroupId {
    fn from_value(value: &Value) -> Option<Self> {
        String::from_value(value).map(GroupId)
    }
}

impl From<GroupId> for Value {
    fn from(id: GroupId) -> Value {
        id.0.into()
    }
}
