//! Business assets, and who holds them.

use bizauth_core::asset::{AssetId, AssetKind, Holding};
use bizauth_core::id::{HoldingId, UserId};
use bizauth_core::scope::GroupId;

use crate::Store;
use crate::audit::{By, Change};
use crate::db::{FromValue, Result, Row, Tx, Value, commit, roll_back};

/// An asset, for lists.
#[derive(Clone, Debug)]
pub struct AssetRecord {
    /// Its group.
    pub group: GroupId,
    /// The platform's id.
    pub id: AssetId,
    /// Ad account or channel.
    pub kind: AssetKind,
    /// Its name.
    pub name: String,
}

/// An asset and one who holds it, for lists.
#[derive(Clone, Debug)]
pub struct HoldingRecord {
    /// The holder's e-mail address.
    pub email: String,
    /// The hold.
    pub holding: Holding,
}

/// What became of an asset to be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddedAsset {
    /// It is there.
    Added,
    /// It was there before.
    AlreadyThere,
    /// There is no such group, or nothing in it can be lent.
    NoSuchGroup,
    /// The group has channels only.
    NotOfThisKind,
}

impl AssetRecord {
    fn on(&self) -> String {
        format!("{}:{}", self.group, self.id)
    }

    fn key(&self) -> [Value; 2] {
        [self.group.clone().into(), self.id.0.clone().into()]
    }
}

/// A change of what an account holds.
fn hold(act: &'static str, user: UserId, group: &GroupId, asset: &AssetId) -> Change {
    let key = [user.into(), group.clone().into(), asset.0.clone().into()];
    Change::new(act, ("account", user), SEE_HOLDING, key).about("asset", format!("{group}:{asset}"))
}

/// Whoever holds an asset finds it by the name it has now.
pub(crate) const SORT_HOLDINGS: &str =
    "UPDATE holdings SET sort = (SELECT a.search FROM assets a WHERE a.group_id = $1 AND a.asset_id = $2)
     WHERE group_id = $1 AND asset_id = $2";

const SEE: &str = "SELECT kind, name FROM assets WHERE group_id = $1 AND asset_id = $2";
const SEE_HOLDING: &str =
    "SELECT id AS holding, role, lendable FROM holdings WHERE user_id = $1 AND group_id = $2 AND asset_id = $3";

impl By {
    /// Adds an asset, or changes its name and kind. `false`: no such group, or it is one without such assets.
    pub async fn keep_asset(&self, asset: AssetRecord) -> Result<bool> {
        const KEEP: &str = "INSERT INTO assets (group_id, asset_id, kind, name, search, sort)
             SELECT g.id, CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS TEXT)
             FROM asset_groups g
             WHERE g.id = $6 AND g.has_assets = 1 AND (g.has_ad_accounts = 1 OR CAST($2 AS TEXT) <> 'ad_account')
             ON CONFLICT (group_id, asset_id) DO UPDATE SET kind = excluded.kind, name = excluded.name, search = excluded.search,
                 sort = excluded.sort";
        let search = format!("{} {}", asset.name.to_lowercase(), asset.id.0.to_lowercase());
        let sort = asset.name.to_lowercase();
        let change = Change::new("asset.keep", ("asset", asset.on()), SEE, asset.key());
        let (id, kind, name) = (asset.id.0, asset.kind.word(), asset.name);
        let row = vec![id.into(), kind.into(), name.into(), search.into(), sort.into(), asset.group.into()];
        self.change_asset(change, KEEP, row).await
    }

    /// A change of one asset: whether it found the asset. The change's key names it.
    async fn change_asset(&self, change: Change, sql: &'static str, row: Vec<Value>) -> Result<bool> {
        let (actor, statement) = (self.actor.clone(), crate::Statement(sql));
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let note = change.begin(tx, &actor).await?;
                if tx.execute(statement.text(), &row).await? == 0 {
                    return roll_back(false);
                }
                tx.execute(SORT_HOLDINGS, change.key()).await?;
                note.end(tx).await?;
                commit(true)
            })
            .await
    }

    /// Adds an asset that is not there yet.
    pub async fn add_asset(&self, asset: AssetRecord) -> Result<AddedAsset> {
        const ADD: &str = "INSERT INTO assets (group_id, asset_id, kind, name, search, sort)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (group_id, asset_id) DO NOTHING";
        const GROUP: &str = "SELECT has_ad_accounts FROM asset_groups WHERE id = $1 AND has_assets = 1";
        let actor = self.actor.clone();
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let change = Change::new("asset.add", ("asset", asset.on()), SEE, asset.key());
                let note = change.begin(tx, &actor).await?;
                let Some(group) = tx.row(GROUP, &[asset.group.clone().into()]).await? else {
                    return roll_back(AddedAsset::NoSuchGroup);
                };
                if asset.kind == AssetKind::AdAccount && !group.get::<bool>("has_ad_accounts")? {
                    return roll_back(AddedAsset::NotOfThisKind);
                }
                let search = format!("{} {}", asset.name.to_lowercase(), asset.id.0.to_lowercase());
                let row = [
                    asset.group.clone().into(),
                    asset.id.0.clone().into(),
                    asset.kind.word().into(),
                    asset.name.clone().into(),
                    search.into(),
                    asset.name.to_lowercase().into(),
                ];
                if tx.execute(ADD, &row).await? == 0 {
                    return roll_back(AddedAsset::AlreadyThere);
                }
                note.end(tx).await?;
                commit(AddedAsset::Added)
            })
            .await
    }

    /// Gives an asset that is there another name. `false`: there is none.
    pub async fn rename_asset(&self, group: GroupId, asset: AssetId, name: String) -> Result<bool> {
        const SET: &str = "UPDATE assets SET name = $1, search = $2, sort = $3 WHERE group_id = $4 AND asset_id = $5";
        let key: [Value; 2] = [group.clone().into(), asset.0.clone().into()];
        let change = Change::new("asset.rename", ("asset", format!("{group}:{asset}")), SEE, key);
        let search = format!("{} {}", name.to_lowercase(), asset.0.to_lowercase());
        let sort = name.to_lowercase();
        let row = vec![name.into(), search.into(), sort.into(), group.into(), asset.0.into()];
        self.change_asset(change, SET, row).await
    }

    /// Takes an asset away, from everyone who holds it. `false`: there was none.
    pub async fn remove_asset(&self, group: GroupId, asset: AssetId) -> Result<bool> {
        let actor = self.actor.clone();
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let key: [Value; 2] = [group.clone().into(), asset.0.clone().into()];
                let change = Change::new("asset.remove", ("asset", format!("{group}:{asset}")), SEE, key.clone());
                let mut note = change.begin(tx, &actor).await?;
                let holders = tx.execute("DELETE FROM holdings WHERE group_id = $1 AND asset_id = $2", &key).await?;
                if tx.execute("DELETE FROM assets WHERE group_id = $1 AND asset_id = $2", &key).await? == 0 {
                    return roll_back(false);
                }
                note.fact("holders", i64::try_from(holders).unwrap_or(i64::MAX));
                note.end(tx).await?;
                commit(true)
            })
            .await
    }

    /// Gives an account an asset to hold, or changes role and lendability. `false`: no such account or asset.
    pub async fn hold_asset(&self, user: UserId, holding: Holding) -> Result<bool> {
        const HOLD: &str = "INSERT INTO holdings (id, user_id, group_id, asset_id, role, lendable, sort)
             SELECT CAST($1 AS BIGINT), u.id, a.group_id, a.asset_id, CAST($2 AS TEXT), CAST($3 AS BIGINT), a.search
             FROM users u, assets a WHERE u.id = $4 AND a.group_id = $5 AND a.asset_id = $6
             ON CONFLICT (user_id, group_id, asset_id) DO UPDATE SET role = excluded.role, lendable = excluded.lendable";
        let (ids, actor, now) = (self.store.ids.clone(), self.actor.clone(), self.actor.at);
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let note = hold("asset.hold", user, &holding.group, &holding.asset).begin(tx, &actor).await?;
                let row = [
                    HoldingId(ids.next(now)).into(),
                    holding.role.clone().into(),
                    holding.lendable.into(),
                    user.into(),
                    holding.group.clone().into(),
                    holding.asset.0.clone().into(),
                ];
                if tx.execute(HOLD, &row).await? == 0 {
                    return roll_back(false);
                }
                note.end(tx).await?;
                commit(true)
            })
            .await
    }

    /// Takes an asset from an account: it leaves the answer of every token at once, for good. `false`: not held.
    pub async fn lose_asset(&self, user: UserId, group: GroupId, asset: AssetId) -> Result<bool> {
        const LOSE: &str = "DELETE FROM holdings WHERE user_id = $1 AND group_id = $2 AND asset_id = $3";
        let change = hold("asset.lose", user, &group, &asset);
        self.change(change, LOSE, [user.into(), group.into(), asset.0.into()]).await
    }
}

impl Store {
    /// All assets with those who hold them, at most `most` rows.
    pub async fn holdings(&self, most: i64) -> Result<Vec<HoldingRecord>> {
        const ALL: &str = "SELECT u.email, h.id, h.group_id, h.asset_id, a.kind, a.name, h.role, h.lendable
             FROM holdings h JOIN assets a ON a.group_id = h.group_id AND a.asset_id = h.asset_id
             JOIN users u ON u.id = h.user_id ORDER BY u.email, h.group_id, h.asset_id LIMIT $1";
        let read = |row: &Row| Ok(HoldingRecord { email: row.get("email")?, holding: read_holding(row)? });
        self.db.rows(ALL, &[most.into()]).await?.iter().map(read).collect()
    }
}

pub(crate) fn read_holding(row: &Row) -> Result<Holding> {
    Ok(Holding {
        id: row.get("id")?,
        group: row.get("group_id")?,
        asset: AssetId(row.get("asset_id")?),
        kind: row.get("kind")?,
        name: row.get("name")?,
        role: row.get("role")?,
        lendable: row.get("lendable")?,
    })
}

impl FromValue for AssetKind {
    fn from_value(value: &Value) -> Option<Self> {
        AssetKind::read(&String::from_value(value)?)
    }
}
