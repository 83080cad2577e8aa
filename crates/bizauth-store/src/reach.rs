//! One connected app, in the eyes of the person who lent: the assets it can reach, its live tokens, and what was agreed
//! to. Page by page, each along an index.

use bizauth_core::asset::{AssetId, AssetKind, Holding};
use bizauth_core::id::{AppId, ConsentId, TokenId, UserId};
use bizauth_core::scope::{self, GroupId, ItemId};
use bizauth_core::time::Time;

use crate::Store;
use crate::connected::{Alive, Connection, NamedAsset, Reach, live, works};
use crate::db::{Result, Row, Value};
use crate::leaf::{Leaf, Turn};
use crate::picking::{Among, Sought};

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

impl ReachedAsset {
    fn of(Holding { group, asset, kind, name, .. }: Holding) -> Self {
        ReachedAsset { group, id: asset, kind, name }
    }
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
    /// When an asset of it was last taken back.
    pub taken_at: Option<Time>,
}

/// What was taken back of a consent: one asset, or all of a group (`*`, which named assets then replaced).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenBack {
    /// Its place among what was lent.
    pub position: i64,
    /// The group.
    pub group: GroupId,
    /// The platform's id, or `*`.
    pub asset: String,
    /// When.
    pub at: Time,
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
            ") AS tokens,
                 (SELECT MAX(l.withdrawn_at) FROM lent_assets l WHERE l.consent_id = c.id
                     AND l.withdrawn_at > 0) AS taken_at
             FROM users u CROSS JOIN apps a CROSS JOIN consents c WHERE u.id = $2 AND a.id = $3 ",
            $rest
        )
    };
}

impl Store {
    /// A page of the assets that an app can reach now and whose names or ids contain `search`, by group and name.
    pub async fn reached_assets(
        &self,
        connection: &Connection,
        search: &str,
        turn: &Turn<(GroupId, AssetId)>,
        most: i64,
    ) -> Result<Leaf<ReachedAsset>> {
        let place = match turn.key() {
            Some((group, asset)) => {
                self.place_of(connection.user, group, asset).await?.map(|place| (group.clone(), place))
            }
            None => None,
        };
        let turn = if place.is_some() { turn } else { &Turn::First };
        let mut groups: Vec<&Reach> = connection.app.reach.iter().collect();
        if turn.is_back() {
            groups.reverse();
        }
        let wanted = most + 1;
        let mut rows: Vec<ReachedAsset> = Vec::new();
        for reach in groups {
            let from = match &place {
                Some((at, place)) if *at == reach.group => Some(place.clone()),
                // Groups before the one that is named were on the pages before.
                Some((at, _)) if (reach.group.0 < at.0) != turn.is_back() => continue,
                _ => None,
            };
            let missing = wanted - i64::try_from(rows.len()).unwrap_or(0);
            let of_group = self.reached_of_group((connection, reach), search, from, (turn.is_back(), missing));
            rows.extend(of_group.await?);
            if i64::try_from(rows.len()).unwrap_or(0) >= wanted {
                break;
            }
        }
        Ok(Leaf::of(turn, rows, most))
    }

    /// The next of a group. All of a group is read along the holder's index; of what was lent one by one the connection
    /// knows the order, and those on the page are read.
    async fn reached_of_group(
        &self,
        (connection, reach): (&Connection, &Reach),
        search: &str,
        from: Option<(String, String)>,
        (back, most): (bool, i64),
    ) -> Result<Vec<ReachedAsset>> {
        let (user, group) = (connection.user, &reach.group);
        if !reach.whole {
            // They are at hand, however many the account holds.
            let Some(sought) = Sought::of(search, false) else { return Ok(Vec::new()) };
            let most = usize::try_from(most).unwrap_or(0);
            let page = page_of(connection, group, &sought, from.as_ref(), (back, most));
            let named: Vec<_> = page.iter().map(|it| (it.group.clone(), it.asset.clone())).collect();
            let mut held = self.holdings_named(user, &named).await?;
            // They come in the order of their ids.
            let mut take = |(group, asset): &(GroupId, AssetId)| {
                let at = held.iter().position(|held| held.group == *group && held.asset == *asset)?;
                Some(ReachedAsset::of(held.swap_remove(at)))
            };
            return Ok(named.iter().filter_map(&mut take).collect());
        }
        let Some(sought) = self.sought(user, group, search).await? else { return Ok(Vec::new()) };
        let whole = self.holdings_from((user, group), sought, Among::Lendable, from, (back, most)).await?;
        Ok(whole.into_iter().map(ReachedAsset::of).collect())
    }

    /// An asset that is lent to an app, and whether as a part of all.
    pub async fn lent_asset(
        &self,
        (user, app): (UserId, AppId),
        group: &GroupId,
        asset: &AssetId,
    ) -> Result<Option<(ReachedAsset, bool)>> {
        // Of all consents, however many: what is named in an address has to be found. What a page shows is in one of the
        // newest, and the walk ends there.
        const LENT: &str = "SELECT CASE WHEN l.holding_id IS NULL THEN 1 ELSE 0 END AS whole
             FROM consents c CROSS JOIN lent_assets l
             WHERE (c.user_id, c.app_id, c.id) < ($1, $2, 9223372036854775807)
                 AND (c.user_id, c.app_id, c.id) > ($1, $2, 0) AND c.withdrawn_at IS NULL AND l.consent_id = c.id
                 AND l.group_id = $3 AND l.withdrawn_at IS NULL AND (l.holding_id IS NULL OR l.holding_id = $4)
             ORDER BY c.user_id DESC, c.app_id DESC, c.id DESC LIMIT 1";
        // Of the consents that everything here is told by.
        const WHOLE: &str = "SELECT 1 AS whole
             FROM (SELECT c.id FROM consents c WHERE (c.user_id, c.app_id, c.id) < ($1, $2, 9223372036854775807)
                     AND (c.user_id, c.app_id, c.id) > ($1, $2, 0) AND c.withdrawn_at IS NULL
                 ORDER BY c.user_id DESC, c.app_id DESC, c.id DESC LIMIT 300) AS c CROSS JOIN lent_assets l
             WHERE l.consent_id = c.id AND l.group_id = $3 AND l.withdrawn_at IS NULL AND l.holding_id IS NULL LIMIT 1";
        let held = self.holdings_named(user, &[(group.clone(), asset.clone())]).await?.pop();
        let Some(Holding { id: holding, kind, name, .. }) = held.filter(|held| held.lendable) else { return Ok(None) };
        let of_group: [Value; 3] = [user.into(), app.into(), group.clone().into()];
        let lent = self.db.rows(LENT, &[&of_group[..], &[holding.into()]].concat()).await?;
        let Some(lent) = lent.first() else { return Ok(None) };
        let whole = lent.get("whole")? || !self.db.rows(WHOLE, &of_group).await?.is_empty();
        Ok(Some((ReachedAsset { group: group.clone(), id: asset.clone(), kind, name }, whole)))
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
                 AND t.user_id IS NOT DISTINCT FROM $1 AND t.app_id IS NOT DISTINCT FROM $2 AND t.id < $4
             ORDER BY t.user_id DESC, t.app_id DESC, t.id DESC LIMIT $5"
        );
        const BACK: &str = living!(
            "AND (t.user_id, t.app_id, t.id) > ($1, $2, $4)
             AND (t.user_id, t.app_id, t.id) < ($1, $2, 9223372036854775807)
                 AND t.user_id IS NOT DISTINCT FROM $1 AND t.app_id IS NOT DISTINCT FROM $2 AND t.id > $4
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
                 AND c.user_id IS NOT DISTINCT FROM $2 AND c.app_id IS NOT DISTINCT FROM $3 AND c.id < $4
             ORDER BY c.user_id DESC, c.app_id DESC, c.id DESC LIMIT $5"
        );
        const BACK: &str = given!(
            "AND (c.user_id, c.app_id, c.id) > ($2, $3, $4)
             AND (c.user_id, c.app_id, c.id) < ($2, $3, 9223372036854775807)
                 AND c.user_id IS NOT DISTINCT FROM $2 AND c.app_id IS NOT DISTINCT FROM $3 AND c.id > $4
             ORDER BY c.user_id, c.app_id, c.id LIMIT $5"
        );
        let read = |row: &Row| {
            Ok(ConsentRecord {
                id: row.get("id")?,
                items: scope::ids(&row.get::<String>("items")?),
                agreed_at: row.get("agreed_at")?,
                withdrawn_at: row.get("withdrawn_at")?,
                tokens: row.get("tokens")?,
                taken_at: row.get("taken_at")?,
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

    /// A page of what was taken back of a consent, in the order in which it was lent.
    pub async fn taken_back(&self, consent: ConsentId, turn: &Turn<i64>, most: i64) -> Result<Leaf<TakenBack>> {
        const ON: &str = "SELECT position, group_id, asset_id, withdrawn_at FROM lent_assets
             WHERE consent_id = $1 AND position > $2 AND withdrawn_at IS NOT NULL ORDER BY position LIMIT $3";
        const BACK: &str = "SELECT position, group_id, asset_id, withdrawn_at FROM lent_assets
             WHERE consent_id = $1 AND position < $2 AND withdrawn_at IS NOT NULL ORDER BY position DESC LIMIT $3";
        let read = |row: &Row| {
            let (position, group) = (row.get("position")?, row.get("group_id")?);
            Ok(TakenBack { position, group, asset: row.get("asset_id")?, at: row.get("withdrawn_at")? })
        };
        let sql = if turn.is_back() { BACK } else { ON };
        let from = turn.key().copied().unwrap_or(i64::MIN);
        let rows = self.db.rows(sql, &[consent.into(), from.into(), (most + 1).into()]).await?;
        Ok(Leaf::of(turn, rows.iter().map(read).collect::<Result<_>>()?, most))
    }
}

/// Of what is named one by one in a group and sought, the next `most`.
fn page_of<'c>(
    connection: &'c Connection,
    group: &GroupId,
    sought: &Sought,
    from: Option<&(String, String)>,
    (back, most): (bool, usize),
) -> Vec<&'c NamedAsset> {
    let listed = connection.named.iter().filter(|it| it.group == *group && sought.admits(&it.sort));
    let place = |it: &NamedAsset| (it.sort.clone(), it.asset.0.clone());
    match back {
        false => listed.filter(|it| from.is_none_or(|from| place(it) > *from)).take(most).collect(),
        true => listed.rev().filter(|it| from.is_none_or(|from| place(it) < *from)).take(most).collect(),
    }
}
