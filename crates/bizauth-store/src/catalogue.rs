//! The catalogue of asset groups and consent items.

use std::sync::Arc;

use bizauth_core::scope::{Catalogue, Group, GroupId, Item, ItemId, Wording};

use crate::Store;
use crate::audit::{By, Change};
use crate::db::{FromValue, Result, Row, Tx, Value, commit, roll_back};

/// What became of a group or an item to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Added {
    /// It is in the catalogue.
    Done,
    /// There is a group of this id.
    GroupThere,
    /// There is an item of this id.
    ItemThere(ItemId),
    /// There is no such group.
    NoSuchGroup,
}

/// What became of a change to a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// It is as wanted.
    Done,
    /// There is no such group.
    NotFound,
    /// It has assets, so that it must go on having them.
    HasAssets,
}

const SEE_GROUP: &str =
    "SELECT name_ko, name_en, has_assets, has_ad_accounts, needs_permission FROM asset_groups WHERE id = $1";
const SEE_ITEM: &str =
    "SELECT group_id, name_ko, name_en, about_ko, about_en, risky, never_alone, needs_all, shares_email,
         yields_channels FROM consent_items WHERE id = $1";
const SEE_COUNT: &str = "SELECT COUNT(*) AS items FROM consent_items";

pub(crate) const GROUPS: &str = "SELECT id, name_ko, name_en, has_assets, has_ad_accounts, needs_permission FROM asset_groups ORDER BY position, id";
pub(crate) const ITEMS: &str = "SELECT i.id, i.group_id, i.name_ko, i.name_en, i.about_ko, i.about_en, i.risky,
         i.never_alone, i.needs_all, i.shares_email, i.yields_channels
     FROM consent_items i JOIN asset_groups g ON g.id = i.group_id ORDER BY g.position, i.position, i.id";

impl Store {
    /// [`Store::catalogue`], read anew only if it may have changed.
    pub(crate) async fn known_catalogue(&self) -> Result<Arc<Catalogue>> {
        let Some((memory, turn)) = self.reading() else { return Ok(Arc::new(self.catalogue().await?)) };
        if let Some(known) = memory.catalogue.find(|turn| memory.watch.stands(turn, &[])) {
            return Ok(known);
        }
        let fresh = Arc::new(self.catalogue().await?);
        memory.catalogue.keep(turn, &fresh);
        Ok(fresh)
    }

    /// All groups and items, in their order.
    pub async fn catalogue(&self) -> Result<Catalogue> {
        let (groups, items) = (self.db.few(GROUPS, &[]), self.db.few(ITEMS, &[]));
        read(&groups.await?, &items.await?)
    }
}

/// What [`GROUPS`] and [`ITEMS`] gave.
pub(crate) fn read(groups: &[Row], items: &[Row]) -> Result<Catalogue> {
    Ok(Catalogue {
        groups: groups.iter().map(read_group).collect::<Result<_>>()?,
        items: items.iter().map(read_item).collect::<Result<_>>()?,
    })
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

impl By {
    /// Adds a group that is not there yet, with its items: all of it or nothing.
    pub async fn add_group(&self, group: Group, items: Vec<Item>) -> Result<Added> {
        let actor = self.actor.clone();
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let key = [group.id.clone().into()];
                let mut note =
                    Change::new("catalogue.add_group", ("group", &group.id), SEE_GROUP, key).begin(tx, &actor).await?;
                let last = place_after(tx, "SELECT MAX(position) AS last FROM asset_groups").await?;
                if !insert_group(tx, last, &group).await? {
                    return roll_back(Added::GroupThere);
                }
                for item in &items {
                    if !insert_item(tx, item).await? {
                        return roll_back(Added::ItemThere(item.id.clone()));
                    }
                }
                let ids: Vec<&str> = items.iter().map(|item| item.id.0.as_str()).collect();
                note.fact("items", ids.join(" "));
                note.end(tx).await?;
                commit(Added::Done)
            })
            .await
    }

    /// Adds an item that is not there yet to a group that is.
    pub async fn add_item(&self, item: Item) -> Result<Added> {
        const GROUP: &str = "SELECT id FROM asset_groups WHERE id = $1";
        let actor = self.actor.clone();
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let key = [item.id.0.clone().into()];
                let note =
                    Change::new("catalogue.add_item", ("item", &item.id), SEE_ITEM, key).begin(tx, &actor).await?;
                if tx.row(GROUP, &[item.group.clone().into()]).await?.is_none() {
                    return roll_back(Added::NoSuchGroup);
                }
                if !insert_item(tx, &item).await? {
                    return roll_back(Added::ItemThere(item.id.clone()));
                }
                note.end(tx).await?;
                commit(Added::Done)
            })
            .await
    }

    /// Changes the words and the flags of a group. Where there are assets, the group must go on having them.
    pub async fn change_group(&self, group: Group) -> Result<Changed> {
        const SET: &str = "UPDATE asset_groups SET name_ko = $1, name_en = $2, has_assets = $3, has_ad_accounts = $4,
                 needs_permission = $5 WHERE id = $6";
        const LEFT: &str = "SELECT asset_id FROM assets WHERE group_id = $1 AND (CAST($2 AS BIGINT) = 0 OR (CAST($3 AS BIGINT) = 0 AND kind = 'ad_account')) LIMIT 1";
        let actor = self.actor.clone();
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let key = [group.id.clone().into()];
                let note =
                    Change::new("catalogue.group", ("group", &group.id), SEE_GROUP, key).begin(tx, &actor).await?;
                let row = [
                    group.name.ko.clone().into(),
                    group.name.en.clone().into(),
                    group.has_assets.into(),
                    group.has_ad_accounts.into(),
                    group.needs_permission.into(),
                    group.id.clone().into(),
                ];
                if tx.execute(SET, &row).await? == 0 {
                    return roll_back(Changed::NotFound);
                }
                let left = [group.id.clone().into(), group.has_assets.into(), group.has_ad_accounts.into()];
                if tx.row(LEFT, &left).await?.is_some() {
                    return roll_back(Changed::HasAssets);
                }
                note.end(tx).await?;
                commit(Changed::Done)
            })
            .await
    }

    /// Changes the words and the flags of an item; the group it is in stays. `false`: no such item.
    pub async fn change_item(&self, item: Item) -> Result<bool> {
        const SET: &str =
            "UPDATE consent_items SET name_ko = $1, name_en = $2, about_ko = $3, about_en = $4, risky = $5,
                 never_alone = $6, needs_all = $7, shares_email = $8, yields_channels = $9 WHERE id = $10";
        let change = Change::new("catalogue.item", ("item", &item.id), SEE_ITEM, [item.id.0.clone().into()]);
        let row = [
            item.name.ko.into(),
            item.name.en.into(),
            item.about.ko.into(),
            item.about.en.into(),
            item.risky.into(),
            item.never_alone.into(),
            item.needs_all.into(),
            item.shares_email.into(),
            item.yields_channels.into(),
            item.id.0.into(),
        ];
        self.change(change, SET, row).await
    }

    /// Moves a group one place up in the order of answers and screens. `false`: no such group, or it is the first.
    pub async fn raise_group(&self, id: GroupId) -> Result<bool> {
        const RAISE: &str = "UPDATE asset_groups SET position = CASE WHEN id = $1 THEN CAST($2 AS BIGINT) ELSE CAST($3 AS BIGINT) END WHERE id IN ($1, $4)";
        const ABOVE: &str = "SELECT id, position FROM asset_groups ORDER BY position, id";
        const SEE: &str = "SELECT position FROM asset_groups WHERE id = $1";
        let actor = self.actor.clone();
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let change = Change::new("catalogue.raise_group", ("group", &id), SEE, [id.clone().into()]);
                let note = change.begin(tx, &actor).await?;
                let rows = tx.rows(ABOVE, &[]).await?;
                let Some(row) = swapped(&rows, &id.0)? else { return roll_back(false) };
                tx.execute(RAISE, &row).await?;
                note.end(tx).await?;
                commit(true)
            })
            .await
    }

    /// Moves an item one place up within its group. `false`: no such item, or it is the first of its group.
    pub async fn raise_item(&self, id: ItemId) -> Result<bool> {
        const RAISE: &str = "UPDATE consent_items SET position = CASE WHEN id = $1 THEN CAST($2 AS BIGINT) ELSE CAST($3 AS BIGINT) END WHERE id IN ($1, $4)";
        const ABOVE: &str = "SELECT id, position FROM consent_items
             WHERE group_id = (SELECT group_id FROM consent_items WHERE id = $1) ORDER BY position, id";
        const SEE: &str = "SELECT position FROM consent_items WHERE id = $1";
        let actor = self.actor.clone();
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let change = Change::new("catalogue.raise_item", ("item", &id), SEE, [id.0.clone().into()]);
                let note = change.begin(tx, &actor).await?;
                let rows = tx.rows(ABOVE, &[id.0.clone().into()]).await?;
                let Some(row) = swapped(&rows, &id.0)? else { return roll_back(false) };
                tx.execute(RAISE, &row).await?;
                note.end(tx).await?;
                commit(true)
            })
            .await
    }
}

/// The row named and the one above it, with each other's places.
fn swapped(rows: &[Row], id: &str) -> Result<Option<[Value; 4]>> {
    let mut above: Option<(String, i64)> = None;
    for row in rows {
        let (known, place): (String, i64) = (row.get("id")?, row.get("position")?);
        if known == id {
            // Two of one place are told apart by their ids; then the one that rises needs a place of its own.
            let lower = |upper: i64| if upper == place { (upper - 1, place) } else { (upper, place) };
            return Ok(above.map(|(other, upper)| {
                let (to, from) = lower(upper);
                [known.into(), to.into(), from.into(), other.into()]
            }));
        }
        above = Some((known, place));
    }
    Ok(None)
}

async fn insert_group(tx: &mut Tx<'_>, place: i64, group: &Group) -> Result<bool> {
    const ADD: &str = "INSERT INTO asset_groups (id, position, name_ko, name_en, has_assets, has_ad_accounts,
             needs_permission) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING";
    let Wording { ko, en } = group.name.clone();
    let mut row: Vec<Value> = vec![group.id.0.clone().into(), place.into(), ko.into(), en.into()];
    row.extend([group.has_assets, group.has_ad_accounts, group.needs_permission].map(Value::from));
    Ok(tx.execute(ADD, &row).await? > 0)
}

async fn insert_item(tx: &mut Tx<'_>, item: &Item) -> Result<bool> {
    const ADD: &str = "INSERT INTO consent_items (id, group_id, position, name_ko, name_en, about_ko, about_en, risky,
             never_alone, needs_all, shares_email, yields_channels)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (id) DO NOTHING";
    let place = place_after(tx, "SELECT MAX(position) AS last FROM consent_items").await?;
    let mut row: Vec<Value> = vec![item.id.0.clone().into(), item.group.0.clone().into(), place.into()];
    for text in [&item.name.ko, &item.name.en, &item.about.ko, &item.about.en] {
        row.push(text.clone().into());
    }
    for flag in [item.risky, item.never_alone, item.needs_all, item.shares_email, item.yields_channels] {
        row.push(flag.into());
    }
    Ok(tx.execute(ADD, &row).await? > 0)
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
