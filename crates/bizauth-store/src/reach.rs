//! One connected app, in the eyes of the person who lent: the assets it can reach, its live tokens, and what was agreed
//! to. Page by page, each along an index.

use bizauth_core::asset::{AssetId, AssetKind};
use bizauth_core::id::{AppId, ConsentId, TokenId, UserId};
use bizauth_core::scope::{self, GroupId, ItemId};
use bizauth_core::time::Time;

use crate::Store;
use crate::connected::{Alive, in_effect, live, one_app, reach, standing, works};
use crate::db::{Result, Row};
use crate::leaf::{Leaf, Turn};

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

/// The holdings `h` behind a place, with their assets `n`.
macro_rules! on {
    ($sort:literal, $id:literal, $bound:literal, $pattern:literal, $most:literal) => {
        concat!(
            "(h.sort, h.asset_id) > (",
            $sort,
            ", ",
            $id,
            ") AND h.sort < ",
            $bound,
            " AND h.sort LIKE ",
            $pattern,
            " ESCAPE '!' AND h.lendable = 1 AND n.group_id = h.group_id AND n.asset_id = h.asset_id
             ORDER BY h.sort, h.asset_id LIMIT ",
            $most
        )
    };
}

/// The holdings `h` before a place.
macro_rules! back {
    ($sort:literal, $id:literal, $bound:literal, $pattern:literal, $most:literal) => {
        concat!(
            "(h.sort, h.asset_id) < (",
            $sort,
            ", ",
            $id,
            ") AND h.sort >= ",
            $bound,
            " AND h.sort LIKE ",
            $pattern,
            " ESCAPE '!' AND h.lendable = 1 AND n.group_id = h.group_id AND n.asset_id = h.asset_id
             ORDER BY h.sort DESC, h.asset_id DESC LIMIT ",
            $most
        )
    };
}

/// The holdings `h` that the consents in effect name one by one, each once.
macro_rules! named {
    () => {
        concat!(
            one_app!(),
            ", x AS MATERIALIZED (SELECT DISTINCT l.holding_id FROM a CROSS JOIN consents c CROSS JOIN lent_assets l WHERE ",
            standing!(),
            " AND ",
            in_effect!("$4", "$3"),
            " AND l.consent_id = c.id AND l.withdrawn_at IS NULL AND l.group_id = $5 AND l.holding_id IS NOT NULL)
             SELECT h.group_id, h.asset_id, n.kind, n.name FROM x CROSS JOIN holdings h CROSS JOIN assets n
             WHERE h.id = x.holding_id AND h.user_id = $1 AND "
        )
    };
}

/// The live tokens `t` of one person for one app.
macro_rules! living {
    ($rest:literal) => {
        concat!(
            "SELECT t.id, t.consent_id, c.agreed_at, t.used_at
             FROM users u CROSS JOIN apps a CROSS JOIN tokens t CROSS JOIN consents c
             WHERE u.id = $1 AND a.id = $2 AND c.id = t.consent_id AND c.withdrawn_at IS NULL AND ",
            works!(),
            " AND ",
            live!("$3", "a.era", "u.era"),
            " ",
            $rest
        )
    };
}

/// The consents `c` of one person to one app, each with how many of its tokens live.
macro_rules! given {
    ($rest:literal) => {
        concat!(
            "SELECT c.id, c.items, c.agreed_at, c.withdrawn_at,
                 (SELECT COUNT(*) FROM tokens t WHERE t.consent_id = c.id AND c.withdrawn_at IS NULL AND ",
            works!(),
            " AND ",
            live!("$1", "a.era", "u.era"),
            ") AS tokens
             FROM users u CROSS JOIN apps a CROSS JOIN consents c WHERE u.id = $2 AND a.id = $3 ",
            $rest
        )
    };
}

impl Store {
    /// A page of the assets that an app can reach now and whose names or ids contain `search`, by group and name.
    pub async fn reached_assets(
        &self,
        (user, app): (UserId, AppId),
        search: &str,
        turn: &Turn<(GroupId, AssetId)>,
        most: i64,
        alive: Alive,
    ) -> Result<Leaf<ReachedAsset>> {
        const GROUPS: &str = concat!(one_app!(), reach!("$4", "$3"));
        let params = [user.into(), app.into(), alive.agreed_after.into(), alive.used_after.into()];
        let mut groups: Vec<(GroupId, bool)> = Vec::new();
        for row in &self.db.rows(GROUPS, &params).await? {
            groups.push((row.get("group_id")?, row.get("whole")?));
        }
        let place = match turn.key() {
            Some((group, asset)) => self.place_of(user, group, asset).await?.map(|place| (group.clone(), place)),
            None => None,
        };
        let turn = if place.is_some() { turn } else { &Turn::First };
        if turn.is_back() {
            groups.reverse();
        }
        let wanted = most + 1;
        let mut rows: Vec<ReachedAsset> = Vec::new();
        for (group, whole) in groups {
            let from = match &place {
                Some((at, place)) if *at == group => Some(place.clone()),
                // Groups before the one that is named were on the pages before.
                Some((at, _)) if (group.0 < at.0) != turn.is_back() => continue,
                _ => None,
            };
            let missing = wanted - i64::try_from(rows.len()).unwrap_or(0);
            let of_group = (&group, whole, from);
            rows.extend(self.reached_of_group((user, app), search, of_group, (turn.is_back(), missing), alive).await?);
            if i64::try_from(rows.len()).unwrap_or(0) >= wanted {
                break;
            }
        }
        Ok(Leaf::of(turn, rows, most))
    }

    /// The next of a group. All of a group is read along the holder's index; what was lent one by one is put in order,
    /// and is no more than people picked.
    async fn reached_of_group(
        &self,
        (user, app): (UserId, AppId),
        search: &str,
        (group, whole, from): (&GroupId, bool, Option<(String, String)>),
        (back, most): (bool, i64),
        alive: Alive,
    ) -> Result<Vec<ReachedAsset>> {
        const WHOLE: &str = concat!(
            "SELECT h.group_id, h.asset_id, n.kind, n.name FROM holdings h CROSS JOIN assets n WHERE ",
            "h.user_id = $1 AND h.group_id = $2 AND ",
            on!("$3", "$4", "$5", "$6", "$7")
        );
        const WHOLE_BACK: &str = concat!(
            "SELECT h.group_id, h.asset_id, n.kind, n.name FROM holdings h CROSS JOIN assets n WHERE ",
            "h.user_id = $1 AND h.group_id = $2 AND ",
            back!("$3", "$4", "$5", "$6", "$7")
        );
        const NAMED: &str = concat!(named!(), on!("$6", "$7", "$8", "$9", "$10"));
        const NAMED_BACK: &str = concat!(named!(), back!("$6", "$7", "$8", "$9", "$10"));
        let Some(sought) = self.sought(user, group, search).await? else { return Ok(Vec::new()) };
        let (low, high) = sought.range;
        let (sort, id) = match from {
            Some(place) => place,
            None if back => (high.clone(), String::new()),
            None => (low.clone(), String::new()),
        };
        let bound = if back { low } else { high };
        let place = [sort.into(), id.into(), bound.into(), sought.pattern.into(), most.into()];
        let (sql, who) = match (whole, back) {
            (true, false) => (WHOLE, vec![user.into(), group.clone().into()]),
            (true, true) => (WHOLE_BACK, vec![user.into(), group.clone().into()]),
            (false, _) => {
                let who = [user.into(), app.into(), alive.agreed_after.into(), alive.used_after.into()];
                let sql = if back { NAMED_BACK } else { NAMED };
                (sql, [&who[..], &[group.clone().into()]].concat())
            }
        };
        self.db.rows(sql, &[&who[..], &place].concat()).await?.iter().map(read_asset).collect()
    }

    /// An asset that is lent to an app, and whether as a part of all.
    pub async fn lent_asset(
        &self,
        (user, app): (UserId, AppId),
        group: &GroupId,
        asset: &AssetId,
    ) -> Result<Option<(ReachedAsset, bool)>> {
        // Of all consents, however many: what is named in an address has to be found.
        const FIND: &str = "SELECT n.group_id, n.asset_id, n.kind, n.name,
                 MAX(CASE WHEN l.holding_id IS NULL THEN 1 ELSE 0 END) AS whole
             FROM consents c JOIN lent_assets l ON l.consent_id = c.id AND l.withdrawn_at IS NULL
             JOIN holdings h ON h.user_id = c.user_id AND h.group_id = l.group_id AND h.lendable = 1
                 AND (l.holding_id IS NULL OR l.holding_id = h.id)
             JOIN assets n ON n.group_id = h.group_id AND n.asset_id = h.asset_id
             WHERE c.user_id = $1 AND c.app_id = $2 AND c.withdrawn_at IS NULL AND h.group_id = $3 AND h.asset_id = $4
             GROUP BY n.group_id, n.asset_id, n.kind, n.name";
        let params = [user.into(), app.into(), group.clone().into(), asset.0.clone().into()];
        let row = self.db.row(FIND, &params).await?;
        row.map(|row| Ok((read_asset(&row)?, row.get("whole")?))).transpose()
    }

    /// A page of the live tokens of a person for an app, newest first.
    pub async fn living_tokens(
        &self,
        (user, app): (UserId, AppId),
        turn: &Turn<TokenId>,
        most: i64,
        alive: Alive,
    ) -> Result<Leaf<LivingToken>> {
        const ON: &str = living!(
            "AND (t.user_id, t.app_id, t.id) < ($1, $2, $4) AND (t.user_id, t.app_id, t.id) > ($1, $2, 0)
             ORDER BY t.user_id DESC, t.app_id DESC, t.id DESC LIMIT $5"
        );
        const BACK: &str = living!(
            "AND (t.user_id, t.app_id, t.id) > ($1, $2, $4)
             AND (t.user_id, t.app_id, t.id) < ($1, $2, 9223372036854775807)
             ORDER BY t.user_id, t.app_id, t.id LIMIT $5"
        );
        let read = |row: &Row| {
            Ok(LivingToken {
                id: row.get("id")?,
                consent: row.get("consent_id")?,
                agreed_at: row.get("agreed_at")?,
                used_at: row.get("used_at")?,
            })
        };
        let sql = if turn.is_back() { BACK } else { ON };
        let from = turn.key().map_or(i64::MAX, |id| id.0);
        let params = [user.into(), app.into(), alive.used_after.into(), from.into(), (most + 1).into()];
        let rows = self.db.rows(sql, &params).await?;
        Ok(Leaf::of(turn, rows.iter().map(read).collect::<Result<_>>()?, most))
    }

    /// A page of what a person agreed to for an app, newest first.
    pub async fn consents_given(
        &self,
        (user, app): (UserId, AppId),
        turn: &Turn<ConsentId>,
        most: i64,
        alive: Alive,
    ) -> Result<Leaf<ConsentRecord>> {
        const ON: &str = given!(
            "AND (c.user_id, c.app_id, c.id) < ($2, $3, $4) AND (c.user_id, c.app_id, c.id) > ($2, $3, 0)
             ORDER BY c.user_id DESC, c.app_id DESC, c.id DESC LIMIT $5"
        );
        const BACK: &str = given!(
            "AND (c.user_id, c.app_id, c.id) > ($2, $3, $4)
             AND (c.user_id, c.app_id, c.id) < ($2, $3, 9223372036854775807)
             ORDER BY c.user_id, c.app_id, c.id LIMIT $5"
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
        let sql = if turn.is_back() { BACK } else { ON };
        let from = turn.key().map_or(i64::MAX, |id| id.0);
        let params = [alive.used_after.into(), user.into(), app.into(), from.into(), (most + 1).into()];
        let rows = self.db.rows(sql, &params).await?;
        Ok(Leaf::of(turn, rows.iter().map(read).collect::<Result<_>>()?, most))
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
    })
}
