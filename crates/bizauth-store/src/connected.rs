//! Connected apps, in the eyes of the person who lent them something: what each can reach.
//!
//! A token is told of here by the very rules that admit it. What an app may do is told by the consents in effect: those
//! with a live token, or so young that their code may still buy one. What was taken back stays readable.

use std::time::Duration;

use bizauth_core::app::AppKind;
use bizauth_core::asset::{AssetId, AssetKind};
use bizauth_core::id::{AppId, ConsentId, TokenId, UserId};
use bizauth_core::scope::{self, GroupId, ItemId};
use bizauth_core::secret::Digest;
use bizauth_core::time::Time;

use crate::Store;
use crate::db::{Result, Row, Value};

/// Since when a thing must have stirred to be alive.
#[derive(Clone, Copy, Debug)]
pub struct Alive {
    /// A token must have been used after this time.
    pub used_after: Time,
    /// A consent without a token must have been given after this time.
    pub agreed_after: Time,
}

impl Alive {
    /// At `now`, with tokens that live so long unused and codes that live so long at all.
    pub fn at(now: Time, idle_lifetime: Duration, code_lifetime: Duration) -> Self {
        Alive { used_after: now.minus(idle_lifetime), agreed_after: now.minus(code_lifetime) }
    }
}

/// What an app can reach in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The group.
    pub group: GroupId,
    /// Whether all of it, those of the future too.
    pub whole: bool,
    /// How many assets are named one by one.
    pub assets: i64,
}

/// An app that a person agreed to.
#[derive(Clone, Debug)]
pub struct ConnectedApp {
    /// The app.
    pub id: AppId,
    /// Its name.
    pub name: String,
    /// Who is behind it.
    pub company: String,
    /// Its kind.
    pub kind: AppKind,
    /// The digest of its icon.
    pub icon: Option<Digest>,
    /// Its developer deleted it.
    pub deleted: bool,
    /// Its place in the list.
    pub sort: String,
    /// When the oldest consent that stands was given; `None` where none stands.
    pub since: Option<Time>,
    /// When a live token was last used.
    pub used_at: Option<Time>,
    /// How many tokens are alive.
    pub tokens: i64,
    /// What it may do.
    pub items: Vec<ItemId>,
    /// On what.
    pub reach: Vec<Reach>,
}

/// An asset that an app can reach now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReachedAsset {
    /// Its group.
    pub group: GroupId,
    /// The platform's id.
    pub id: AssetId,
    /// Ad account or channel.
    pub kind: AssetKind,
    /// Its name.
    pub name: String,
    /// Its place in the list.
    pub sort: String,
}

/// A live token, for the person who lent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LivingToken {
    /// The business token ID.
    pub id: TokenId,
    /// The consent behind it.
    pub consent: ConsentId,
    /// When the person agreed.
    pub agreed_at: Time,
    /// When it was last used.
    pub used_at: Time,
}

/// A consent, for the person who gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentRecord {
    /// Its id.
    pub id: ConsentId,
    /// What was agreed to.
    pub items: Vec<ItemId>,
    /// When.
    pub agreed_at: Time,
    /// When it was taken back as a whole.
    pub withdrawn_at: Option<Time>,
    /// How many tokens of it are alive.
    pub tokens: i64,
}

/// What was taken back of a consent: one asset, or all of a group (`*`, which named assets then replaced).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenBack {
    /// The group.
    pub group: GroupId,
    /// The platform's id, or `*`.
    pub asset: String,
    /// When.
    pub at: Time,
}

/// Whether the token `t` is alive; besides it stand its consent `c`, its account `u` and its app `a`.
macro_rules! live {
    ($used_after:literal) => {
        concat!(
            "t.revoked_at IS NULL AND t.used_at > ",
            $used_after,
            " AND t.app_era = a.era AND t.user_era = u.era AND a.deleted_at IS NULL
              AND u.state NOT IN ('blocked', 'withdrawn') AND a.sanctioned = 0
              AND EXISTS (SELECT 1 FROM app_keys k WHERE k.id = t.key_id AND k.state <> 'deleted')
              AND NOT EXISTS (SELECT 1 FROM apps p WHERE p.id = a.parent_id AND p.sanctioned = 1)
              AND NOT EXISTS (SELECT 1 FROM members m JOIN users o ON o.id = m.user_id
                  WHERE m.app_id = a.id AND m.role = 'owner' AND o.developer_sanctioned = 1)
              AND (a.kind <> 'test' OR EXISTS (SELECT 1 FROM members m WHERE m.app_id = a.id AND m.user_id = u.id))"
        )
    };
}
pub(crate) use live;

/// Whether the consent `c` is in effect.
macro_rules! in_effect {
    ($used_after:literal, $agreed_after:literal) => {
        concat!(
            "c.withdrawn_at IS NULL AND (c.agreed_at > ",
            $agreed_after,
            " OR EXISTS (SELECT 1 FROM tokens t WHERE t.consent_id = c.id AND ",
            live!($used_after),
            "))"
        )
    };
}

/// A page of connected apps: those whose name begins so, behind the last of the page before.
macro_rules! a_page {
    () => {
        "WITH a AS (
             SELECT a.id, a.name, a.company, a.kind, a.icon, a.era, a.parent_id, a.sanctioned, a.deleted_at, a.sort
             FROM app_users l JOIN apps a ON a.id = l.app_id
             WHERE l.user_id = $1 AND a.sort >= $2 AND a.sort < $3 AND (a.sort > $4 OR (a.sort = $4 AND a.id > $5))
               AND a.deleted_at IS NULL AND EXISTS (SELECT 1 FROM consents c
                   WHERE c.user_id = l.user_id AND c.app_id = l.app_id AND c.withdrawn_at IS NULL)
             ORDER BY a.sort, a.id LIMIT $6) "
    };
}

/// One app that the person ever agreed to.
macro_rules! one_app {
    () => {
        "WITH a AS (
             SELECT a.id, a.name, a.company, a.kind, a.icon, a.era, a.parent_id, a.sanctioned, a.deleted_at, a.sort
             FROM app_users l JOIN apps a ON a.id = l.app_id WHERE l.user_id = $1 AND a.id = $2) "
    };
}

macro_rules! summary {
    ($used_after:literal) => {
        concat!(
            "SELECT a.id, a.name, a.company, a.kind, a.icon, a.sort, CASE WHEN a.deleted_at IS NULL THEN 0 ELSE 1 END AS deleted,
                 MIN(c.agreed_at) AS since, COUNT(t.id) AS tokens, MAX(t.used_at) AS used_at
             FROM a JOIN users u ON u.id = $1
             LEFT JOIN consents c ON c.user_id = u.id AND c.app_id = a.id AND c.withdrawn_at IS NULL
             LEFT JOIN tokens t ON t.consent_id = c.id AND ",
            live!($used_after),
            " GROUP BY a.id, a.name, a.company, a.kind, a.icon, a.sort, a.deleted_at ORDER BY a.sort, a.id"
        )
    };
}

macro_rules! items {
    ($used_after:literal, $agreed_after:literal) => {
        concat!(
            "SELECT DISTINCT a.id, c.items FROM a JOIN users u ON u.id = $1
             JOIN consents c ON c.user_id = u.id AND c.app_id = a.id WHERE ",
            in_effect!($used_after, $agreed_after)
        )
    };
}

macro_rules! reach {
    ($used_after:literal, $agreed_after:literal) => {
        concat!(
            "SELECT a.id, l.group_id, COUNT(DISTINCT h.id) AS assets,
                 MAX(CASE WHEN l.holding_id IS NULL THEN 1 ELSE 0 END) AS whole
             FROM a JOIN users u ON u.id = $1 JOIN consents c ON c.user_id = u.id AND c.app_id = a.id
             JOIN lent_assets l ON l.consent_id = c.id AND l.withdrawn_at IS NULL
             LEFT JOIN holdings h ON h.id = l.holding_id AND h.user_id = c.user_id AND h.lendable = 1
             WHERE (l.holding_id IS NULL OR h.id IS NOT NULL) AND ",
            in_effect!($used_after, $agreed_after),
            " GROUP BY a.id, l.group_id ORDER BY a.id, l.group_id"
        )
    };
}

/// Behind every name that begins with the search.
const END: char = '\u{10ffff}';

impl Store {
    /// The apps that a person is connected with and whose names begin with `search`, by name: those behind `after`, at
    /// most `most`.
    pub async fn connected_apps(
        &self,
        user: UserId,
        search: &str,
        after: Option<(String, AppId)>,
        most: i64,
        alive: Alive,
    ) -> Result<Vec<ConnectedApp>> {
        const APPS: &str = concat!(a_page!(), summary!("$7"));
        const ITEMS: &str = concat!(a_page!(), items!("$8", "$7"));
        const REACH: &str = concat!(a_page!(), reach!("$8", "$7"));
        // PostgreSQL refuses the NUL; no name holds it.
        if search.contains('\0') {
            return Ok(Vec::new());
        }
        let from = search.to_lowercase();
        let to = format!("{from}{END}");
        let (sort, id) = after.unwrap_or((String::new(), AppId(0)));
        let page: Vec<Value> = vec![user.into(), from.into(), to.into(), sort.into(), id.into(), most.into()];
        let short = [&page[..], &[alive.used_after.into()]].concat();
        let long = [&page[..], &[alive.agreed_after.into(), alive.used_after.into()]].concat();
        let apps = self.db.rows(APPS, &short).await?;
        if apps.is_empty() {
            return Ok(Vec::new());
        }
        put_together(&apps, &self.db.rows(ITEMS, &long).await?, &self.db.rows(REACH, &long).await?)
    }

    /// An app that a person ever agreed to.
    pub async fn connected_app(&self, user: UserId, app: AppId, alive: Alive) -> Result<Option<ConnectedApp>> {
        const APP: &str = concat!(one_app!(), summary!("$3"));
        const ITEMS: &str = concat!(one_app!(), items!("$4", "$3"));
        const REACH: &str = concat!(one_app!(), reach!("$4", "$3"));
        let short = [user.into(), app.into(), alive.used_after.into()];
        let long = [user.into(), app.into(), alive.agreed_after.into(), alive.used_after.into()];
        let apps = self.db.rows(APP, &short).await?;
        if apps.is_empty() {
            return Ok(None);
        }
        let found = put_together(&apps, &self.db.rows(ITEMS, &long).await?, &self.db.rows(REACH, &long).await?)?;
        Ok(found.into_iter().next())
    }

    /// The assets that an app can reach now and whose names begin with `search`, by group and name: those behind
    /// `after` (group, place, id), at most `most`.
    pub async fn reached_assets(
        &self,
        (user, app): (UserId, AppId),
        search: &str,
        after: Option<(String, String, String)>,
        most: i64,
        alive: Alive,
    ) -> Result<Vec<ReachedAsset>> {
        const PAGE: &str = concat!(
            "WITH e AS (SELECT c.id, c.user_id FROM users u JOIN consents c ON c.user_id = u.id
                 JOIN apps a ON a.id = c.app_id WHERE u.id = $1 AND a.id = $2 AND ",
            in_effect!("$4", "$3"),
            "), x AS (
                 SELECT h.group_id, h.asset_id FROM e JOIN lent_assets l ON l.consent_id = e.id AND l.withdrawn_at IS NULL
                 JOIN holdings h ON h.id = l.holding_id AND h.user_id = e.user_id AND h.lendable = 1
                 UNION
                 SELECT h.group_id, h.asset_id FROM e JOIN lent_assets l ON l.consent_id = e.id AND l.withdrawn_at IS NULL
                     AND l.holding_id IS NULL
                 JOIN holdings h ON h.user_id = e.user_id AND h.group_id = l.group_id AND h.lendable = 1)
             SELECT n.group_id, n.asset_id, n.kind, n.name, n.sort
             FROM x JOIN assets n ON n.group_id = x.group_id AND n.asset_id = x.asset_id
             WHERE n.sort >= $5 AND n.sort < $6 AND (n.group_id > $7 OR (n.group_id = $7
                 AND (n.sort > $8 OR (n.sort = $8 AND n.asset_id > $9))))
             ORDER BY n.group_id, n.sort, n.asset_id LIMIT $10"
        );
        if search.contains('\0') {
            return Ok(Vec::new());
        }
        let from = search.to_lowercase();
        let to = format!("{from}{END}");
        let (group, sort, id) = after.unwrap_or_default();
        let params = [
            user.into(),
            app.into(),
            alive.agreed_after.into(),
            alive.used_after.into(),
            from.into(),
            to.into(),
            group.into(),
            sort.into(),
            id.into(),
            most.into(),
        ];
        self.db.rows(PAGE, &params).await?.iter().map(read_asset).collect()
    }

    /// An asset that is lent to an app, and whether as a part of all.
    pub async fn lent_asset(
        &self,
        (user, app): (UserId, AppId),
        group: &GroupId,
        asset: &AssetId,
    ) -> Result<Option<(ReachedAsset, bool)>> {
        const FIND: &str = "SELECT n.group_id, n.asset_id, n.kind, n.name, n.sort,
                 MAX(CASE WHEN l.holding_id IS NULL THEN 1 ELSE 0 END) AS whole
             FROM consents c JOIN lent_assets l ON l.consent_id = c.id AND l.withdrawn_at IS NULL
             JOIN holdings h ON h.user_id = c.user_id AND h.group_id = l.group_id AND h.lendable = 1
                 AND (l.holding_id IS NULL OR l.holding_id = h.id)
             JOIN assets n ON n.group_id = h.group_id AND n.asset_id = h.asset_id
             WHERE c.user_id = $1 AND c.app_id = $2 AND c.withdrawn_at IS NULL AND h.group_id = $3 AND h.asset_id = $4
             GROUP BY n.group_id, n.asset_id, n.kind, n.name, n.sort";
        let params = [user.into(), app.into(), group.clone().into(), asset.0.clone().into()];
        let row = self.db.row(FIND, &params).await?;
        row.map(|row| Ok((read_asset(&row)?, row.get("whole")?))).transpose()
    }

    /// The live tokens of a person for an app, newest first: those with a smaller id than `before`, at most `most`.
    pub async fn living_tokens(
        &self,
        (user, app): (UserId, AppId),
        before: Option<TokenId>,
        most: i64,
        alive: Alive,
    ) -> Result<Vec<LivingToken>> {
        const PAGE: &str = concat!(
            "SELECT t.id, t.consent_id, c.agreed_at, t.used_at
             FROM users u JOIN consents c ON c.user_id = u.id JOIN apps a ON a.id = c.app_id
             JOIN tokens t ON t.consent_id = c.id
             WHERE u.id = $1 AND a.id = $2 AND c.withdrawn_at IS NULL AND t.id < $3 AND ",
            live!("$4"),
            " ORDER BY t.id DESC LIMIT $5"
        );
        let read = |row: &Row| {
            Ok(LivingToken {
                id: row.get("id")?,
                consent: row.get("consent_id")?,
                agreed_at: row.get("agreed_at")?,
                used_at: row.get("used_at")?,
            })
        };
        let before = before.unwrap_or(TokenId(i64::MAX));
        let params = [user.into(), app.into(), before.into(), alive.used_after.into(), most.into()];
        self.db.rows(PAGE, &params).await?.iter().map(read).collect()
    }

    /// What a person agreed to for an app, newest first: consents with a smaller id than `before`, at most `most`.
    pub async fn consents_given(
        &self,
        (user, app): (UserId, AppId),
        before: Option<ConsentId>,
        most: i64,
        alive: Alive,
    ) -> Result<Vec<ConsentRecord>> {
        const PAGE: &str = concat!(
            "SELECT c.id, c.items, c.agreed_at, c.withdrawn_at,
                 (SELECT COUNT(*) FROM tokens t WHERE t.consent_id = c.id AND c.withdrawn_at IS NULL AND ",
            live!("$1"),
            ") AS tokens
             FROM users u JOIN consents c ON c.user_id = u.id JOIN apps a ON a.id = c.app_id
             WHERE u.id = $2 AND c.app_id = $3 AND c.id < $4 ORDER BY c.id DESC LIMIT $5"
        );
        let read = |row: &Row| {
            Ok(ConsentRecord {
                id: row.get("id")?,
                items: scope::ids(&row.get::<String>("items")?),
                agreed_at: row.get("agreed_at")?,
                withdrawn_at: row.get("withdrawn_at")?,
                tokens: row.get("tokens")?,
            })
        };
        let before = before.unwrap_or(ConsentId(i64::MAX));
        let params = [alive.used_after.into(), user.into(), app.into(), before.into(), most.into()];
        self.db.rows(PAGE, &params).await?.iter().map(read).collect()
    }

    /// What a person was shown when they gave this consent, with when it was given and taken back.
    pub async fn consent_shown(
        &self,
        (user, app): (UserId, AppId),
        consent: ConsentId,
    ) -> Result<Option<(String, Time, Option<Time>)>> {
        const FIND: &str =
            "SELECT shown, agreed_at, withdrawn_at FROM consents WHERE user_id = $1 AND app_id = $2 AND id = $3";
        let row = self.db.row(FIND, &[user.into(), app.into(), consent.into()]).await?;
        row.map(|row| Ok((row.get("shown")?, row.get("agreed_at")?, row.get("withdrawn_at")?))).transpose()
    }

    /// What was taken back of a consent, at most `most` of it.
    pub async fn taken_back(&self, consent: ConsentId, most: i64) -> Result<Vec<TakenBack>> {
        const ROWS: &str = "SELECT group_id, asset_id, withdrawn_at FROM lent_assets
             WHERE consent_id = $1 AND withdrawn_at IS NOT NULL ORDER BY position LIMIT $2";
        let read = |row: &Row| {
            Ok(TakenBack { group: row.get("group_id")?, asset: row.get("asset_id")?, at: row.get("withdrawn_at")? })
        };
        self.db.rows(ROWS, &[consent.into(), most.into()]).await?.iter().map(read).collect()
    }
}

fn read_asset(row: &Row) -> Result<ReachedAsset> {
    Ok(ReachedAsset {
        group: row.get("group_id")?,
        id: AssetId(row.get("asset_id")?),
        kind: row.get("kind")?,
        name: row.get("name")?,
        sort: row.get("sort")?,
    })
}

/// The apps, each with its items (every one once) and with what it can reach.
fn put_together(apps: &[Row], items: &[Row], reach: &[Row]) -> Result<Vec<ConnectedApp>> {
    let mut found = Vec::new();
    for row in apps {
        found.push(ConnectedApp {
            id: row.get("id")?,
            name: row.get("name")?,
            company: row.get("company")?,
            kind: row.get("kind")?,
            icon: row.get("icon")?,
            deleted: row.get("deleted")?,
            sort: row.get("sort")?,
            since: row.get("since")?,
            used_at: row.get("used_at")?,
            tokens: row.get("tokens")?,
            items: Vec::new(),
            reach: Vec::new(),
        });
    }
    for row in items {
        let id: AppId = row.get("id")?;
        if let Some(app) = found.iter_mut().find(|app| app.id == id) {
            for item in scope::ids(&row.get::<String>("items")?) {
                if !app.items.contains(&item) {
                    app.items.push(item);
                }
            }
        }
    }
    for row in reach {
        let id: AppId = row.get("id")?;
        if let Some(app) = found.iter_mut().find(|app| app.id == id) {
            let (group, whole, assets) = (row.get("group_id")?, row.get("whole")?, row.get("assets")?);
            app.reach.push(Reach { group, whole, assets });
        }
    }
    Ok(found)
}
