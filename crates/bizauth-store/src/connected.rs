//! Connected apps, in the eyes of the person who lent them something: what each can reach.
//!
//! A token is told of here by the very rules that admit it. What an app may do is told by the consents in effect: those
//! with a live token, or so young that their code may still buy one. What was taken back stays readable.
//!
//! Of an app the newest three hundred consents that stand are looked at, and it is told if there are more: each was given
//! by hand, and hardly anybody comes near that. It keeps a page from reading ten thousand rows where a program did what no
//! person does.

use std::collections::BTreeMap;
use std::time::Duration;

use bizauth_core::app::AppKind;
use bizauth_core::asset::AssetId;
use bizauth_core::id::{AppId, UserId};
use bizauth_core::scope::{self, GroupId, ItemId};
use bizauth_core::secret::Digest;
use bizauth_core::time::Time;

use crate::Store;
use crate::db::{Result, Row, Value};
use crate::leaf::{Leaf, Turn, like};

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
    /// More consents stand than were looked at: all that is told here is told from the newest [`LOOKED_AT`].
    pub cut: bool,
}

/// Of how many consents that stand an app is told; the statements have the number, too.
pub const LOOKED_AT: usize = 300;

/// One app that a person agreed to, and what it can reach, as one reading found it.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The app.
    pub app: ConnectedApp,
    pub(crate) user: UserId,
    /// What is named one by one, by group and name.
    pub(crate) named: Vec<NamedAsset>,
}

/// An asset that an app can reach by name, in the order of lists.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NamedAsset {
    pub(crate) group: GroupId,
    pub(crate) sort: String,
    pub(crate) asset: AssetId,
}

/// Whether tokens for the app `a` work at all, whosever they are. Here and below what is named by its key is asked for
/// its value: an EXISTS PostgreSQL may answer from the other end, and read all accounts, owners or keys for it.
macro_rules! app_works {
    () => {
        "a.deleted_at IS NULL AND a.sanctioned = 0
              AND COALESCE((SELECT p.sanctioned FROM apps p WHERE p.id = a.parent_id), 0) = 0
              AND COALESCE((SELECT MAX((SELECT o.developer_sanctioned FROM users o WHERE o.id = m.user_id))
                  FROM members m WHERE m.app_id = a.id AND m.role = 'owner'), 0) = 0"
    };
}
pub(crate) use app_works;

/// Whether tokens of the account `u` work at all for the app `a`, if any do.
macro_rules! account_works {
    () => {
        "u.state NOT IN ('blocked', 'withdrawn')
              AND (a.kind <> 'test'
                  OR (SELECT m.role FROM members m WHERE m.app_id = a.id AND m.user_id = u.id) IS NOT NULL)"
    };
}
pub(crate) use account_works;

/// Whether tokens for the app `a` work at all for the account `u`.
macro_rules! works {
    () => {
        concat!(crate::connected::app_works!(), " AND ", crate::connected::account_works!())
    };
}
pub(crate) use works;

/// Whether the token `t` is alive, where tokens work and these are the eras of app and account.
macro_rules! live {
    ($used_after:literal, $app_era:literal, $user_era:literal) => {
        concat!(
            "t.revoked_at IS NULL AND t.used_at > ",
            $used_after,
            " AND t.app_era = ",
            $app_era,
            " AND t.user_era = ",
            $user_era,
            " AND (SELECT k.state FROM app_keys k WHERE k.id = t.key_id) <> 'deleted'"
        )
    };
}
pub(crate) use live;

/// Of the app `a` the consents `c` that stand and are looked at.
macro_rules! standing {
    () => {
        "c.user_id = a.user_id AND c.app_id = a.id AND c.withdrawn_at IS NULL AND c.id > a.from_id"
    };
}

/// Whether the consent `c` is in effect.
macro_rules! in_effect {
    ($agreed_after:literal, $used_after:literal) => {
        concat!(
            "(c.agreed_at > ",
            $agreed_after,
            " OR (a.works = 1 AND EXISTS (SELECT 1 FROM tokens t WHERE t.consent_id = c.id AND ",
            live!($used_after, "a.era", "a.user_era"),
            ")))"
        )
    };
}

/// What is asked of an app `a` that the account `u` lent to, by the entry `l`.
macro_rules! seen {
    ($($rest:literal),+) => {
        concat!(
            "WITH a AS MATERIALIZED (
             SELECT a.id, a.name, a.company, a.kind, a.icon, a.era, a.deleted_at, l.id AS age, u.id AS user_id,
                 u.era AS user_era, CASE WHEN ",
            works!(),
            " THEN 1 ELSE 0 END AS works,
                 (SELECT c.agreed_at FROM consents c WHERE c.user_id = u.id AND c.app_id = a.id
                     AND c.withdrawn_at IS NULL ORDER BY c.id LIMIT 1) AS since,
                 COALESCE((SELECT c.id FROM consents c WHERE c.user_id = u.id AND c.app_id = a.id
                     AND c.withdrawn_at IS NULL ORDER BY c.id DESC LIMIT 1 OFFSET 300), 0) AS from_id
             FROM users u CROSS JOIN app_users l CROSS JOIN apps a
             WHERE u.id = $1 AND l.user_id = $1 AND a.id = l.app_id ",
            $($rest,)+
            ") "
        )
    };
}

/// A page of connected apps: those whose name is like this, beside an entry. A name stands anywhere in any order of
/// entries, so a search walks those of one person, each agreed to by hand, until the page is full.
macro_rules! a_page {
    ($rest:literal) => {
        seen!(
            "AND a.deleted_at IS NULL AND a.sort LIKE $2 ESCAPE '!' AND EXISTS (SELECT 1 FROM consents c
                 WHERE c.user_id = l.user_id AND c.app_id = l.app_id AND c.withdrawn_at IS NULL) ",
            $rest
        )
    };
}

/// One app that the person ever agreed to.
macro_rules! one_app {
    () => {
        seen!("AND l.app_id = $2 LIMIT 1")
    };
}

/// What is told of the apps `a`: a row for every text of items, with the tokens of the consents that say so. It is in
/// effect if one of these tokens lives, or one of the consents is `young`.
macro_rules! told {
    ($agreed_after:literal, $used_after:literal) => {
        concat!(
            "SELECT a.id, a.name, a.company, a.kind, a.icon, a.since,
                 CASE WHEN a.deleted_at IS NULL THEN 0 ELSE 1 END AS deleted,
                 CASE WHEN a.from_id = 0 THEN 0 ELSE 1 END AS cut, c.items, MAX(CASE WHEN c.agreed_at > ",
            $agreed_after,
            " THEN 1 ELSE 0 END) AS young, COUNT(t.id) AS tokens, MAX(t.used_at) AS used_at
             FROM a LEFT JOIN consents c ON ",
            standing!(),
            " LEFT JOIN tokens t ON a.works = 1 AND t.consent_id = c.id AND ",
            live!($used_after, "a.era", "a.user_era"),
            " GROUP BY a.id, a.name, a.company, a.kind, a.icon, a.since, a.deleted_at, a.from_id, a.age, c.items
             ORDER BY a.age DESC"
        )
    };
}

/// By what of it the apps `a` can reach anything: the consents in effect `c` and what was lent with them.
macro_rules! lent {
    ($agreed_after:literal, $used_after:literal) => {
        concat!(
            "FROM a CROSS JOIN consents c CROSS JOIN lent_assets l
             LEFT JOIN holdings h ON h.id = l.holding_id AND h.user_id = a.user_id AND h.lendable = 1
             WHERE l.consent_id = c.id AND l.withdrawn_at IS NULL AND (l.holding_id IS NULL OR h.id IS NOT NULL) AND ",
            standing!(),
            " AND ",
            in_effect!($agreed_after, $used_after)
        )
    };
}

macro_rules! reach {
    ($agreed_after:literal, $used_after:literal) => {
        concat!(
            "SELECT a.id, l.group_id, COUNT(DISTINCT h.id) AS assets,
                 MAX(CASE WHEN l.holding_id IS NULL THEN 1 ELSE 0 END) AS whole ",
            lent!($agreed_after, $used_after),
            " GROUP BY a.id, l.group_id ORDER BY a.id, l.group_id"
        )
    };
}

impl Store {
    /// A page of the apps that a person is connected with and whose names contain `search`: those they agreed to first
    /// stand last.
    pub async fn connected_apps(
        &self,
        user: UserId,
        search: &str,
        turn: &Turn<AppId>,
        most: i64,
        alive: Alive,
    ) -> Result<Leaf<ConnectedApp>> {
        // Each is a text of its own, with the page in it: what is asked about a page must be of the same apps.
        const ON: [&str; 2] = [
            concat!(
                a_page!(
                    "AND (l.user_id, l.id) < ($1, $3) AND (l.user_id, l.id) > ($1, 0)
                         AND l.user_id IS NOT DISTINCT FROM $1 AND l.id < $3
                 ORDER BY l.user_id DESC, l.id DESC LIMIT $4"
                ),
                told!("$5", "$6")
            ),
            concat!(
                a_page!(
                    "AND (l.user_id, l.id) < ($1, $3) AND (l.user_id, l.id) > ($1, 0)
                         AND l.user_id IS NOT DISTINCT FROM $1 AND l.id < $3
                 ORDER BY l.user_id DESC, l.id DESC LIMIT $4"
                ),
                reach!("$5", "$6")
            ),
        ];
        const BACK: [&str; 2] = [
            concat!(
                a_page!(
                    "AND (l.user_id, l.id) > ($1, $3) AND (l.user_id, l.id) < ($1, 9223372036854775807)
                         AND l.user_id IS NOT DISTINCT FROM $1 AND l.id > $3
                 ORDER BY l.user_id, l.id LIMIT $4"
                ),
                told!("$5", "$6")
            ),
            concat!(
                a_page!(
                    "AND (l.user_id, l.id) > ($1, $3) AND (l.user_id, l.id) < ($1, 9223372036854775807)
                         AND l.user_id IS NOT DISTINCT FROM $1 AND l.id > $3
                 ORDER BY l.user_id, l.id LIMIT $4"
                ),
                reach!("$5", "$6")
            ),
        ];
        const PLACE: &str = "SELECT id FROM app_users WHERE user_id = $1 AND app_id = $2";
        let nothing = Leaf { rows: Vec::new(), before: false, after: false };
        let Some(pattern) = like(search) else { return Ok(nothing) };
        let place = match turn.key() {
            Some(app) => self.db.row(PLACE, &[user.into(), (*app).into()]).await?,
            None => None,
        };
        let turn = if place.is_some() { turn } else { &Turn::First };
        let from: i64 = place.map_or(Ok(i64::MAX), |row| row.get("id"))?;
        let [told, reach] = if turn.is_back() { BACK } else { ON };
        let mut page: Vec<Value> = vec![user.into(), pattern.into(), from.into(), (most + 1).into()];
        page.extend([alive.agreed_after.into(), alive.used_after.into()]);
        let (told, reach) = tokio::try_join!(self.db.rows(told, &page), self.db.rows(reach, &page))?;
        let mut found = read_told(&told)?;
        if found.is_empty() {
            return Ok(Leaf { after: turn.is_back(), ..nothing });
        }
        for row in &reach {
            let id: AppId = row.get("id")?;
            if let Some(app) = found.iter_mut().find(|app| app.id == id) {
                let (group, whole, assets) = (row.get("group_id")?, row.get("whole")?, row.get("assets")?);
                app.reach.push(Reach { group, whole, assets });
            }
        }
        if turn.is_back() {
            found.reverse();
        }
        Ok(Leaf::of(turn, found, most))
    }

    /// An app that a person ever agreed to, with all that it can reach.
    pub async fn connected_app(&self, user: UserId, app: AppId, alive: Alive) -> Result<Option<Connection>> {
        const TOLD: &str = concat!(one_app!(), told!("$3", "$4"));
        // Each asset once, however often it was lent.
        const LENT: &str =
            concat!(one_app!(), "SELECT DISTINCT l.group_id, l.holding_id, h.asset_id, h.sort ", lent!("$3", "$4"));
        let params = [user.into(), app.into(), alive.agreed_after.into(), alive.used_after.into()];
        let Some(mut app) = read_told(&self.db.rows(TOLD, &params).await?)?.pop() else { return Ok(None) };
        let (mut reach, mut named) = (BTreeMap::new(), Vec::new());
        for row in &self.db.rows(LENT, &params).await? {
            let group: GroupId = row.get("group_id")?;
            let nothing = || Reach { group: group.clone(), whole: false, assets: 0 };
            let of_group = reach.entry(group.0.clone()).or_insert_with(nothing);
            match row.get::<Option<String>>("asset_id")? {
                None => of_group.whole = true,
                Some(asset) => {
                    of_group.assets += 1;
                    named.push(NamedAsset { group, sort: row.get("sort")?, asset: AssetId(asset) });
                }
            }
        }
        app.reach = reach.into_values().collect();
        named.sort();
        Ok(Some(Connection { app, user, named }))
    }

    /// The name of an app that a person ever agreed to.
    pub async fn agreed_app(&self, user: UserId, app: AppId) -> Result<Option<String>> {
        const FIND: &str = "SELECT a.name FROM app_users l JOIN apps a ON a.id = l.app_id
             WHERE l.user_id = $1 AND l.app_id = $2";
        let row = self.db.row(FIND, &[user.into(), app.into()]).await?;
        row.map(|row| row.get("name")).transpose()
    }
}

/// Reads what [`told`] gives: the apps, each with its items, every one once. What they reach is not in it.
fn read_told(rows: &[Row]) -> Result<Vec<ConnectedApp>> {
    let mut found: Vec<ConnectedApp> = Vec::new();
    for row in rows {
        let id: AppId = row.get("id")?;
        if found.last().is_none_or(|app| app.id != id) {
            found.push(ConnectedApp {
                id,
                name: row.get("name")?,
                company: row.get("company")?,
                kind: row.get("kind")?,
                icon: row.get("icon")?,
                deleted: row.get("deleted")?,
                cut: row.get("cut")?,
                since: row.get("since")?,
                used_at: None,
                tokens: 0,
                items: Vec::new(),
                reach: Vec::new(),
            });
        }
        // No consent of it stands: then it has no items.
        let (Some(items), Some(app)) = (row.get::<Option<String>>("items")?, found.last_mut()) else { continue };
        let tokens: i64 = row.get("tokens")?;
        app.tokens += tokens;
        app.used_at = app.used_at.max(row.get("used_at")?);
        if tokens > 0 || row.get("young")? {
            for item in scope::ids(&items) {
                if !app.items.contains(&item) {
                    app.items.push(item);
                }
            }
        }
    }
    Ok(found)
}
