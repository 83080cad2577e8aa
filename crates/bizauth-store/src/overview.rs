//! What an operator sees at a glance, and the long lists: apps by name, assets by name, who holds one. Counts are
//! bounded: beyond a few hundred nobody needs to know how many.

use bizauth_core::asset::{AssetId, AssetKind};
use bizauth_core::id::{AppId, UserId};
use bizauth_core::scope::GroupId;
use bizauth_core::time::Time;

use crate::Store;
use crate::apps::{AppRecord, app_columns, read_record};
use crate::assets::{AssetRecord, HoldingRecord, read_holding};
use crate::connected::{account_works, app_works, live};
use crate::db::{Result, Row};
use crate::leaf::{Leaf, Turn, behind};

/// What waits for an operator, each counted up to a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Requests that nobody has decided.
    pub requests: i64,
    /// Accounts that are blocked.
    pub blocked: i64,
    /// Apps under sanction.
    pub sanctioned: i64,
}

/// How many of an app's newest tokens are alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AliveTokens {
    /// So many are.
    pub alive: i64,
    /// Among so many that were looked at.
    pub seen: i64,
}

macro_rules! app_records {
    () => {
        concat!("SELECT ", app_columns!(), ", a.parent_id, a.created_at FROM apps a")
    };
}

macro_rules! holders {
    () => {
        "SELECT u.id AS user_id, u.email, h.id, h.group_id, h.asset_id, a.kind, a.name, h.role, h.lendable
         FROM holdings h JOIN assets a ON a.group_id = h.group_id AND a.asset_id = h.asset_id
         JOIN users u ON u.id = h.user_id"
    };
}

impl Store {
    /// What waits for an operator, counted up to `most`.
    pub async fn waiting(&self, most: i64) -> Result<Waiting> {
        const COUNT: &str =
            "SELECT (SELECT COUNT(*) FROM (SELECT id FROM permission_requests WHERE state = 'open' LIMIT $1) AS r)
                 AS requests,
             (SELECT COUNT(*) FROM (SELECT id FROM users WHERE state = 'blocked' LIMIT $1) AS b) AS blocked,
             (SELECT COUNT(*) FROM (SELECT id FROM apps WHERE sanctioned = 1 AND deleted_at IS NULL LIMIT $1) AS s)
                 AS sanctioned";
        let row = self.db.row(COUNT, &[most.into()]).await?;
        let count = |name| row.as_ref().map_or(Ok(0), |row| row.get(name));
        Ok(Waiting { requests: count("requests")?, blocked: count("blocked")?, sanctioned: count("sanctioned")? })
    }

    /// What a platform has on its way to the first grant: an app, an account of a customer, an asset that somebody
    /// holds, a feature permission, a consent.
    pub async fn first_steps(&self) -> Result<[bool; 5]> {
        const STEPS: &str = "SELECT EXISTS (SELECT 1 FROM apps WHERE deleted_at IS NULL) AS app,
             EXISTS (SELECT 1 FROM users WHERE is_operator = 0) AS account, EXISTS (SELECT 1 FROM holdings) AS asset,
             EXISTS (SELECT 1 FROM app_permissions) AS permission, EXISTS (SELECT 1 FROM consents) AS consent";
        let Some(row) = self.db.row(STEPS, &[]).await? else { return Ok([false; 5]) };
        Ok([row.get("app")?, row.get("account")?, row.get("asset")?, row.get("permission")?, row.get("consent")?])
    }

    /// A page of the apps whose name begins with `prefix`, by name.
    pub async fn apps_page(&self, prefix: &str, turn: &Turn<AppId>, most: i64) -> Result<Leaf<AppRecord>> {
        const ON: &str = concat!(
            app_records!(),
            " WHERE (a.sort, a.id) > ($1, $2) AND a.sort < $3 AND a.deleted_at IS NULL
             ORDER BY a.sort, a.id LIMIT $4"
        );
        const BACK: &str = concat!(
            app_records!(),
            " WHERE (a.sort, a.id) < ($1, $2) AND a.sort >= $3 AND a.deleted_at IS NULL
             ORDER BY a.sort DESC, a.id DESC LIMIT $4"
        );
        const PLACE: &str = "SELECT sort, id FROM apps WHERE id = $1";
        let prefix = prefix.trim().to_lowercase();
        let place = match turn.key() {
            Some(id) => self.db.row(PLACE, &[(*id).into()]).await?,
            None => None,
        };
        let turn = if place.is_some() { turn } else { &Turn::First };
        let (sort, id) = match place {
            Some(row) => (row.get("sort")?, row.get::<i64>("id")?),
            None => (prefix.clone(), i64::MIN),
        };
        let (sql, bound) = if turn.is_back() { (BACK, prefix) } else { (ON, behind(&prefix)) };
        let rows = self.db.rows(sql, &[sort.into(), id.into(), bound.into(), (most + 1).into()]).await?;
        Ok(Leaf::of(turn, rows.iter().map(read_record).collect::<Result<_>>()?, most))
    }

    /// A page of the apps that are under sanction themselves, those that have been there for longest first.
    pub async fn sanctioned_apps(&self, turn: &Turn<AppId>, most: i64) -> Result<Leaf<AppRecord>> {
        const ON: &str = concat!(
            app_records!(),
            " WHERE a.sanctioned = 1 AND a.deleted_at IS NULL AND a.id > $1 ORDER BY a.id LIMIT $2"
        );
        const BACK: &str = concat!(
            app_records!(),
            " WHERE a.sanctioned = 1 AND a.deleted_at IS NULL AND a.id < $1 ORDER BY a.id DESC LIMIT $2"
        );
        let sql = if turn.is_back() { BACK } else { ON };
        let from = turn.key().map_or(i64::MIN, |id| id.0);
        let rows = self.db.rows(sql, &[from.into(), (most + 1).into()]).await?;
        Ok(Leaf::of(turn, rows.iter().map(read_record).collect::<Result<_>>()?, most))
    }

    /// How many of the newest `most` tokens of an app are alive, if those last used at `idle` or before have ended.
    pub async fn alive_tokens(&self, app: AppId, idle: Time, most: i64) -> Result<AliveTokens> {
        // What is one app's for all of its tokens is asked once. What each depends on is looked up: for a join
        // PostgreSQL would read all accounts.
        const COUNT: &str = concat!(
            "WITH a AS MATERIALIZED (SELECT a.id, a.era, a.kind, CASE WHEN ",
            app_works!(),
            " THEN 1 ELSE 0 END AS works FROM apps a WHERE a.id = $1)
             SELECT COUNT(*) AS seen, COUNT(CASE WHEN a.works = 1
                 AND (SELECT COALESCE(c.withdrawn_at, 0) FROM consents c WHERE c.id = t.consent_id) = 0
                 AND (SELECT CASE WHEN ",
            account_works!(),
            " THEN u.era END FROM users u WHERE u.id = t.user_id) = t.user_era AND ",
            live!("$2", "a.era", "t.user_era"),
            " THEN 1 END) AS alive
             FROM (SELECT consent_id, key_id, user_id, app_era, user_era, used_at, revoked_at FROM tokens
                   WHERE (app_id, id) < ($1, 9223372036854775807) AND (app_id, id) > ($1, 0)
                   ORDER BY app_id DESC, id DESC LIMIT $3) AS t CROSS JOIN a"
        );
        let row = self.db.row(COUNT, &[app.into(), idle.into(), most.into()]).await?;
        let count = |name| row.as_ref().map_or(Ok(0), |row| row.get(name));
        Ok(AliveTokens { alive: count("alive")?, seen: count("seen")? })
    }

    /// The asset with this id.
    pub async fn asset(&self, group: &GroupId, id: &AssetId) -> Result<Option<AssetRecord>> {
        const FIND: &str = "SELECT group_id, asset_id, kind, name FROM assets WHERE group_id = $1 AND asset_id = $2";
        let row = self.db.row(FIND, &[group.clone().into(), id.0.clone().into()]).await?;
        row.as_ref().map(read_asset).transpose()
    }

    /// A page of a group's assets whose name begins with `prefix`, by name.
    pub async fn assets_page(
        &self,
        group: &GroupId,
        prefix: &str,
        turn: &Turn<AssetId>,
        most: i64,
    ) -> Result<Leaf<AssetRecord>> {
        const ON: &str = "SELECT group_id, asset_id, kind, name FROM assets
             WHERE group_id = $1 AND (sort, asset_id) > ($2, $3) AND sort < $4 ORDER BY sort, asset_id LIMIT $5";
        const BACK: &str = "SELECT group_id, asset_id, kind, name FROM assets
             WHERE group_id = $1 AND (sort, asset_id) < ($2, $3) AND sort >= $4
             ORDER BY sort DESC, asset_id DESC LIMIT $5";
        const PLACE: &str = "SELECT sort, asset_id FROM assets WHERE group_id = $1 AND asset_id = $2";
        let prefix = prefix.trim().to_lowercase();
        let place = match turn.key() {
            Some(id) => self.db.row(PLACE, &[group.clone().into(), id.0.clone().into()]).await?,
            None => None,
        };
        // A row that is gone says nothing about where to go on: the list begins anew.
        let turn = if place.is_some() { turn } else { &Turn::First };
        let (sort, id) = match place {
            Some(row) => (row.get("sort")?, row.get("asset_id")?),
            None => (prefix.clone(), String::new()),
        };
        let (sql, bound) = if turn.is_back() { (BACK, prefix) } else { (ON, behind(&prefix)) };
        let params = [group.clone().into(), sort.into(), id.into(), bound.into(), (most + 1).into()];
        let rows = self.db.rows(sql, &params).await?;
        Ok(Leaf::of(turn, rows.iter().map(read_asset).collect::<Result<_>>()?, most))
    }

    /// A page of those who hold an asset, those who have had an account for longest first.
    pub async fn holders(
        &self,
        group: &GroupId,
        asset: &AssetId,
        turn: &Turn<UserId>,
        most: i64,
    ) -> Result<Leaf<(UserId, HoldingRecord)>> {
        const ON: &str = concat!(
            holders!(),
            " WHERE h.group_id = $1 AND h.asset_id = $2 AND h.user_id > $3 ORDER BY h.user_id LIMIT $4"
        );
        const BACK: &str = concat!(
            holders!(),
            " WHERE h.group_id = $1 AND h.asset_id = $2 AND h.user_id < $3 ORDER BY h.user_id DESC LIMIT $4"
        );
        let sql = if turn.is_back() { BACK } else { ON };
        let from = turn.key().map_or(i64::MIN, |user| user.0);
        let params = [group.clone().into(), asset.0.clone().into(), from.into(), (most + 1).into()];
        let read = |row: &Row| {
            Ok((row.get("user_id")?, HoldingRecord { email: row.get("email")?, holding: read_holding(row)? }))
        };
        let rows = self.db.rows(sql, &params).await?;
        Ok(Leaf::of(turn, rows.iter().map(read).collect::<Result<_>>()?, most))
    }
}

fn read_asset(row: &Row) -> Result<AssetRecord> {
    Ok(AssetRecord {
        group: row.get("group_id")?,
        id: AssetId(row.get("asset_id")?),
        kind: row.get::<AssetKind>("kind")?,
        name: row.get("name")?,
    })
}
