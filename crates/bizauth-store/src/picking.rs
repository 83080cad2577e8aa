//! A person's own assets, to be picked from: page by page, searched, counted, and by name.

use bizauth_core::asset::{AssetId, Holding};
use bizauth_core::authorize::Person;
use bizauth_core::id::{AppId, UserId};
use bizauth_core::scope::GroupId;
use bizauth_core::user::User;

use crate::Store;
use crate::assets::read_holding;
use crate::db::{Result, Value};
use crate::leaf::{Leaf, Turn, behind, like};

/// So far one account's assets in a group are counted, and so many of them a search looks through for a text that may
/// stand anywhere in them: a few milliseconds along an index. Among more than that a search goes by how names begin.
pub const COUNTED: i64 = 20_000;

/// How many assets are named at a time.
const AT_A_TIME: usize = 32;

/// A page of what a person may pick from, and how much there is of it.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The page.
    pub listed: Leaf<Holding>,
    /// How many assets are listed on all pages, counted up to one more than [`COUNTED`].
    pub matching: i64,
    /// How many of them come before the page.
    pub earlier: i64,
    /// How many there are, whether sought or not.
    pub total: i64,
}

/// What of a person's assets is listed.
#[derive(Clone)]
pub(crate) struct Sought {
    /// Where the sort of what is listed begins, and before what it ends.
    pub(crate) range: (String, String),
    /// What it is like.
    pub(crate) pattern: String,
    /// What it contains: the same for those who have it at hand.
    text: String,
}

/// Which of a person's assets are meant.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Among {
    /// All of them.
    All,
    /// Those that may be lent.
    Lendable,
}

impl Sought {
    /// What a search means in a list that is `long` or not; `None` if no name can be so.
    pub(crate) fn of(search: &str, long: bool) -> Option<Self> {
        let (pattern, text) = (like(search)?, search.to_lowercase());
        Some(match long && !search.is_empty() {
            true => Sought { range: (text.clone(), behind(&text)), pattern: "%".to_owned(), text },
            false => Sought { range: (String::new(), behind("")), pattern, text },
        })
    }

    /// Whether what stands under this sort is listed.
    pub(crate) fn admits(&self, sort: &str) -> bool {
        *self.range.0 <= *sort && *sort < *self.range.1 && sort.contains(&self.text)
    }
}

macro_rules! columns {
    () => {
        "SELECT h.id, h.group_id, h.asset_id, a.kind, a.name, h.role, h.lendable "
    };
}

// CROSS JOIN: SQLite is to walk the person's index, not everybody's assets.
macro_rules! behind_place {
    ($among:literal) => {
        concat!(
            columns!(),
            "FROM holdings h CROSS JOIN assets a
             WHERE h.user_id = $1 AND h.group_id = $2 AND (h.sort, h.asset_id) > ($3, $4) AND h.sort < $5
                 AND h.sort LIKE $6 ESCAPE '!' ",
            $among,
            "AND a.group_id = h.group_id AND a.asset_id = h.asset_id
             ORDER BY h.sort, h.asset_id LIMIT $7"
        )
    };
}

macro_rules! before_place {
    ($among:literal) => {
        concat!(
            columns!(),
            "FROM holdings h CROSS JOIN assets a
             WHERE h.user_id = $1 AND h.group_id = $2 AND (h.sort, h.asset_id) < ($3, $4) AND h.sort >= $5
                 AND h.sort LIKE $6 ESCAPE '!' ",
            $among,
            "AND a.group_id = h.group_id AND a.asset_id = h.asset_id
             ORDER BY h.sort DESC, h.asset_id DESC LIMIT $7"
        )
    };
}

impl Store {
    /// A page of an account's assets in a group: those whose name or id contains `search`, by name. Of an account that
    /// holds more than [`COUNTED`] those whose name begins so, or the one of this id.
    pub async fn holdings_page(
        &self,
        (user, group): (UserId, &GroupId),
        search: &str,
        turn: &Turn<AssetId>,
        most: i64,
    ) -> Result<Leaf<Holding>> {
        let sought = self.sought(user, group, search).await?;
        self.page_of((user, group), (search, sought.as_ref()), turn, most).await
    }

    /// The same with how much there is to pick from. Whatever can be told without another walk along the list is.
    pub async fn choice(
        &self,
        (user, group): (UserId, &GroupId),
        search: &str,
        turn: &Turn<AssetId>,
        most: i64,
    ) -> Result<Choice> {
        // All are counted in any case, and in the same walk those whose name contains what is sought.
        const BOTH: &str = "SELECT COUNT(*) AS n, COUNT(CASE WHEN sort LIKE $1 ESCAPE '!' THEN 1 END) AS matching
             FROM (SELECT sort FROM holdings WHERE user_id = $2 AND group_id = $3
                 ORDER BY sort, asset_id LIMIT $4) AS listed";
        let long = !search.is_empty() && self.is_long(user, group).await?;
        let sought = Sought::of(search, long);
        let counted = async {
            let Some(pattern) = like(search).filter(|_| !search.is_empty()) else {
                let (total, _) = self.count_holdings((user, group), "", None).await?;
                return Ok((total, total));
            };
            let params = [pattern.into(), user.into(), group.clone().into(), (COUNTED + 1).into()];
            let rows = self.db.rows(BOTH, &params).await?;
            let count = |name| rows.first().map_or(Ok(0), |row| row.get(name));
            Ok((count("n")?, count("matching")?))
        };
        // Each walks thousands of rows, and neither needs the other.
        let page = self.page_of((user, group), (search, sought.as_ref()), turn, most);
        let (listed, (total, contained)) = tokio::try_join!(page, counted)?;
        let (matching, earlier) = match &sought {
            Some(sought) if listed.before || listed.after => {
                let first = listed.rows.first().filter(|_| listed.before).map(|held| &held.asset);
                let known = (search.is_empty() || !long).then_some(contained);
                self.count_sought((user, group), (search, sought), known, first).await?
            }
            _ => (i64::try_from(listed.rows.len()).unwrap_or(i64::MAX), 0),
        };
        Ok(Choice { listed, matching, earlier, total })
    }

    async fn page_of(
        &self,
        (user, group): (UserId, &GroupId),
        (search, sought): (&str, Option<&Sought>),
        turn: &Turn<AssetId>,
        most: i64,
    ) -> Result<Leaf<Holding>> {
        let Some(sought) = sought else {
            return Ok(Leaf { rows: Vec::new(), before: false, after: false });
        };
        let place = match turn.key() {
            Some(id) => self.place_of(user, group, id).await?,
            None => None,
        };
        // A row that is gone says nothing about where to go on: the list begins anew.
        let turn = if place.is_some() { turn } else { &Turn::First };
        let rows =
            self.holdings_from((user, group), sought.clone(), Among::All, place, (turn.is_back(), most + 1)).await?;
        if rows.is_empty() && *turn == Turn::First && !search.is_empty() {
            let named = [(group.clone(), AssetId(search.to_owned()))];
            let rows = self.holdings_named(user, &named).await?;
            return Ok(Leaf { rows, before: false, after: false });
        }
        Ok(Leaf::of(turn, rows, most))
    }

    /// The next `most` of a person's assets in a group, behind this place or before it, as the index has them.
    pub(crate) async fn holdings_from(
        &self,
        (user, group): (UserId, &GroupId),
        sought: Sought,
        among: Among,
        from: Option<(String, String)>,
        (back, most): (bool, i64),
    ) -> Result<Vec<Holding>> {
        let (low, high) = sought.range;
        let (sort, id) = match from {
            Some(place) => place,
            None if back => (high.clone(), String::new()),
            None => (low.clone(), String::new()),
        };
        let (sql, bound) = match (among, back) {
            (Among::All, false) => (behind_place!(""), high),
            (Among::All, true) => (before_place!(""), low),
            (Among::Lendable, false) => (behind_place!("AND h.lendable = 1 "), high),
            (Among::Lendable, true) => (before_place!("AND h.lendable = 1 "), low),
        };
        let params = [
            user.into(),
            group.clone().into(),
            sort.into(),
            id.into(),
            bound.into(),
            sought.pattern.into(),
            most.into(),
        ];
        self.db.rows(sql, &params).await?.iter().map(read_holding).collect()
    }

    /// How many assets [`Store::holdings_page`] lists on all pages, and how many of them come before the asset
    /// `before`. Both are counted up to one more than [`COUNTED`].
    pub async fn count_holdings(
        &self,
        (user, group): (UserId, &GroupId),
        search: &str,
        before: Option<&AssetId>,
    ) -> Result<(i64, i64)> {
        let Some(sought) = self.sought(user, group, search).await? else { return Ok((0, 0)) };
        self.count_sought((user, group), (search, &sought), None, before).await
    }

    /// The same for what is sought. `known`: how many are listed, if that is known.
    async fn count_sought(
        &self,
        (user, group): (UserId, &GroupId),
        (search, sought): (&str, &Sought),
        known: Option<i64>,
        before: Option<&AssetId>,
    ) -> Result<(i64, i64)> {
        // Where nothing is sought there is nothing to compare: the index alone is counted.
        const ALL: &str = "SELECT COUNT(*) AS n FROM (SELECT asset_id FROM holdings
             WHERE user_id = $1 AND group_id = $2 ORDER BY sort, asset_id LIMIT $3) AS listed";
        const ALL_EARLIER: &str = "SELECT COUNT(*) AS n FROM (SELECT asset_id FROM holdings
             WHERE user_id = $1 AND group_id = $2 AND (sort, asset_id) < ($3, $4) ORDER BY sort, asset_id LIMIT $5)
             AS listed";
        const SOUGHT: &str = "SELECT COUNT(*) AS n FROM (SELECT asset_id FROM holdings
             WHERE user_id = $1 AND group_id = $2 AND sort >= $3 AND sort < $4 AND sort LIKE $5 ESCAPE '!'
             ORDER BY sort, asset_id LIMIT $6) AS listed";
        const SOUGHT_EARLIER: &str = "SELECT COUNT(*) AS n FROM (SELECT asset_id FROM holdings
             WHERE user_id = $1 AND group_id = $2 AND (sort, asset_id) < ($3, $4) AND sort >= $5 AND sort LIKE $6 ESCAPE '!'
             ORDER BY sort, asset_id LIMIT $7) AS listed";
        let place = match before {
            Some(id) => self.place_of(user, group, id).await?,
            None => None,
        };
        let (all, (low, high)) = (search.is_empty(), sought.range.clone());
        let mine: [Value; 2] = [user.into(), group.clone().into()];
        let most: Value = (COUNTED + 1).into();
        let among: &[Value] = if all { &[] } else { &[low.clone().into(), high.into(), sought.pattern.clone().into()] };
        let params = [&mine[..], among, std::slice::from_ref(&most)].concat();
        let found = match known {
            Some(known) => known,
            None => self.count(if all { ALL } else { SOUGHT }, &params).await?,
        };
        let Some((sort, id)) = place else { return Ok((found, 0)) };
        let among: &[Value] = if all { &[] } else { &[low.into(), sought.pattern.clone().into()] };
        let params = [&mine[..], &[sort.into(), id.into()], among, &[most]].concat();
        let earlier = self.count(if all { ALL_EARLIER } else { SOUGHT_EARLIER }, &params).await?;
        Ok((found, earlier))
    }

    async fn count(&self, sql: &'static str, params: &[Value]) -> Result<i64> {
        self.db.rows(sql, params).await?.first().map_or(Ok(0), |row| row.get("n"))
    }

    /// What a search means among this account's assets; `None` if no name can be so.
    pub(crate) async fn sought(&self, user: UserId, group: &GroupId, search: &str) -> Result<Option<Sought>> {
        let long = !search.is_empty() && self.is_long(user, group).await?;
        Ok(Sought::of(search, long))
    }

    /// Whether the account holds more than are counted.
    async fn is_long(&self, user: UserId, group: &GroupId) -> Result<bool> {
        const LONG: &str = "SELECT asset_id FROM holdings WHERE user_id = $1 AND group_id = $2
             ORDER BY sort, asset_id LIMIT 1 OFFSET $3";
        let params = [user.into(), group.clone().into(), COUNTED.into()];
        Ok(!self.db.rows(LONG, &params).await?.is_empty())
    }

    /// Where an asset stands in the list of this account's.
    pub(crate) async fn place_of(
        &self,
        user: UserId,
        group: &GroupId,
        asset: &AssetId,
    ) -> Result<Option<(String, String)>> {
        const PLACE: &str =
            "SELECT sort, asset_id FROM holdings WHERE user_id = $1 AND group_id = $2 AND asset_id = $3";
        let row = self.db.row(PLACE, &[user.into(), group.clone().into(), asset.0.clone().into()]).await?;
        row.map(|row| Ok((row.get("sort")?, row.get("asset_id")?))).transpose()
    }

    /// The account's holdings among `named`: each is looked up by its key. Where PostgreSQL may choose it reads whatever the
    /// account holds instead, so the key is named in the order of its index.
    pub async fn holdings_named(&self, user: UserId, named: &[(GroupId, AssetId)]) -> Result<Vec<Holding>> {
        const ONE: &str = concat!(
            columns!(),
            "FROM holdings h JOIN assets a ON a.group_id = h.group_id AND a.asset_id = h.asset_id
             WHERE h.group_id = $1 AND h.asset_id = $2 AND h.user_id = $3"
        );
        const SEVERAL: &str = concat!(
            "WITH w (group_id, asset_id) AS (VALUES ",
            "($1, $2), ($3, $4), ($5, $6), ($7, $8), ($9, $10), ($11, $12), ($13, $14), ($15, $16), ($17, \
             $18), ($19, $20), ($21, $22), ($23, $24), ($25, $26), ($27, $28), ($29, $30), ($31, $32), ($33, \
             $34), ($35, $36), ($37, $38), ($39, $40), ($41, $42), ($43, $44), ($45, $46), ($47, $48), ($49, \
             $50), ($51, $52), ($53, $54), ($55, $56), ($57, $58), ($59, $60), ($61, $62), ($63, $64)",
            "), found (id) AS MATERIALIZED (SELECT DISTINCT (SELECT h.id FROM holdings h
                 WHERE (h.user_id, h.group_id, h.asset_id) >= ($65, w.group_id, w.asset_id)
                     AND (h.user_id, h.group_id, h.asset_id) <= ($65, w.group_id, w.asset_id)
                 ORDER BY h.user_id, h.group_id, h.asset_id LIMIT 1) FROM w) ",
            columns!(),
            "FROM found CROSS JOIN holdings h CROSS JOIN assets a
             WHERE h.id = found.id AND a.group_id = h.group_id AND a.asset_id = h.asset_id"
        );
        if let [(group, asset)] = named {
            let params = [group.clone().into(), asset.0.clone().into(), user.into()];
            return self.db.few(ONE, &params).await?.iter().map(read_holding).collect();
        }
        // Who names one twice holds it once.
        let mut keys: Vec<(&str, &str)> = named.iter().map(|(group, asset)| (&*group.0, &*asset.0)).collect();
        keys.sort_unstable();
        keys.dedup();
        let mut found: Vec<Holding> = Vec::new();
        for some in keys.chunks(AT_A_TIME) {
            // The empty places say the same again: a name of nothing PostgreSQL would look for among all the account has.
            let filled = some.iter().copied().cycle().take(AT_A_TIME);
            let names = filled.flat_map(|(group, asset)| [Value::from(group), Value::from(asset)]);
            let params: Vec<Value> = names.chain([user.into()]).collect();
            for row in &self.db.few(SEVERAL, &params).await? {
                found.push(read_holding(row)?);
            }
        }
        Ok(found)
    }

    /// What the authorize checks ask about a person: membership, assets, and what was issued to the app today.
    pub async fn person(
        &self,
        user: User,
        app: AppId,
        named: &[(GroupId, AssetId)],
        issued_today: i64,
    ) -> Result<Person> {
        // Group by group, for the index: asking the holdings would read all of them.
        const GROUPS: &str = "SELECT g.id AS group_id,
                 CASE WHEN EXISTS (SELECT 1 FROM holdings h WHERE h.user_id = $1 AND h.group_id = g.id AND h.lendable = 1)
                     THEN 1 ELSE 0 END AS lendable
             FROM asset_groups g WHERE EXISTS (SELECT 1 FROM holdings h WHERE h.user_id = $1 AND h.group_id = g.id)";
        const MEMBER: &str = "SELECT role FROM members WHERE app_id = $1 AND user_id = $2";
        let is_member = self.db.row(MEMBER, &[app.into(), user.id.into()]).await?.is_some();
        let groups = self.db.few(GROUPS, &[user.id.into()]).await?;
        let mut lendable_groups = Vec::new();
        for row in &groups {
            if row.get("lendable")? {
                lendable_groups.push(row.get("group_id")?);
            }
        }
        let mut named = self.holdings_named(user.id, named).await?;
        named.retain(|held| held.lendable);
        let lendable_named = named.into_iter().map(|held| (held.group, held.asset)).collect();
        Ok(Person { user, is_member, holds_any: !groups.is_empty(), lendable_groups, lendable_named, issued_today })
    }
}
