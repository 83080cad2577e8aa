//! An app's business tokens for those who look after it: listed, found, and one with all that it speaks for.

use bizauth_core::asset::{AssetId, AssetKind};
use bizauth_core::id::{AppId, AppUserId, KeyId, TokenId, UserId};
use bizauth_core::scope::GroupId;
use bizauth_core::time::Time;
use bizauth_core::token::{Ending, Token};

use crate::Store;
use crate::db::{Result, Row};
use crate::leaf::{Leaf, Turn};
use crate::tokens::{read_token, token_joins};

/// A token of an app, for lists: what [`Token::standing`] asks, and when the person agreed.
#[derive(Clone, Debug)]
pub struct TokenRecord {
    /// The token.
    pub token: Token,
    /// When the person agreed.
    pub agreed_at: Time,
    /// The key it was given to, and that key's name for people.
    pub key: (KeyId, String),
}

/// An asset that was lent with a token, or all of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LentRecord {
    /// Its place among what was lent.
    pub position: i64,
    /// Its group.
    pub group: GroupId,
    /// Which one; `None` is all of the group, present and future.
    pub asset: Option<LentOne>,
    /// Whether the token still speaks for it.
    pub still: bool,
}

/// One lent asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LentOne {
    /// The platform's id.
    pub id: AssetId,
    /// Ad account or channel, and its name; `None` if the person does not hold it any more.
    pub named: Option<(AssetKind, String)>,
}

/// Who ended a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndedBy {
    /// The person who had agreed.
    Owner,
    /// A member of the app, by the address they had then.
    Member(String),
    /// Whoever runs the platform.
    Operator,
    /// Whoever took a copy of the database for it.
    Restore,
    /// The app, with the token itself or by a replay of its code: neither is audited.
    App,
    /// Nobody knows any more: the audit log does not reach so far back.
    Unknown,
}

/// A token of a list.
macro_rules! record_columns {
    () => {
        concat!(
            "SELECT c.agreed_at, t.key_id AS given_key, k.name AS given_key_name, ",
            crate::tokens::token_columns!(),
        )
    };
}

/// What was lent with a token. Which asset a person took out of all of a group is theirs to know: that one was never named.
macro_rules! lent_with {
    ($rest:literal) => {
        concat!(
            "SELECT l.position, l.group_id, l.asset_id, l.holding_id, x.kind, x.name,
                 CASE WHEN l.withdrawn_at IS NULL AND (l.holding_id IS NULL OR h.lendable = 1) THEN 1 ELSE 0 END AS still
             FROM tokens t CROSS JOIN lent_assets l
             LEFT JOIN holdings h ON h.id = l.holding_id AND h.user_id = t.user_id
             LEFT JOIN assets x ON x.group_id = h.group_id AND x.asset_id = h.asset_id
             WHERE t.id = $1 AND l.consent_id = t.consent_id
                 AND (l.withdrawn_at IS NULL OR l.holding_id IS NULL OR NOT EXISTS (SELECT 1 FROM lent_assets w
                     WHERE w.consent_id = l.consent_id AND w.withdrawn_at = l.withdrawn_at
                         AND w.group_id = l.group_id AND w.holding_id IS NULL))",
            $rest
        )
    };
}

impl Store {
    /// The tokens of an app, newest first: those with a smaller id than `before`, at most `most`.
    pub async fn tokens_of(&self, app: AppId, before: Option<TokenId>, most: i64) -> Result<Vec<TokenRecord>> {
        const ALL: &str = concat!(
            record_columns!(),
            " FROM tokens t",
            token_joins!(),
            " WHERE (t.app_id, t.id) < ($1, $2) AND (t.app_id, t.id) > ($1, 0)
                 AND t.app_id IS NOT DISTINCT FROM $1 AND t.id < $2 ORDER BY t.app_id DESC, t.id DESC LIMIT $3"
        );
        let before = before.unwrap_or(TokenId(i64::MAX));
        self.db.rows(ALL, &[app.into(), before.into(), most.into()]).await?.iter().map(read_record).collect()
    }

    /// The tokens of an app that are newer than `after`: the `most` that are next to it, newest first.
    pub async fn tokens_after(&self, app: AppId, after: TokenId, most: i64) -> Result<Vec<TokenRecord>> {
        const NEXT: &str = concat!(
            record_columns!(),
            " FROM tokens t",
            token_joins!(),
            " WHERE (t.app_id, t.id) > ($1, $2) AND (t.app_id, t.id) < ($1, 9223372036854775807)
                 AND t.app_id IS NOT DISTINCT FROM $1 AND t.id > $2
             ORDER BY t.app_id, t.id LIMIT $3"
        );
        let rows = self.db.rows(NEXT, &[app.into(), after.into(), most.into()]).await?;
        rows.iter().rev().map(read_record).collect()
    }

    /// The tokens that one person gave an app, newest first, by the id that the app knows the person by.
    pub async fn tokens_of_person(
        &self,
        (app, person): (AppId, AppUserId),
        before: Option<TokenId>,
        most: i64,
    ) -> Result<Vec<TokenRecord>> {
        const ALL: &str = concat!(
            record_columns!(),
            " FROM tokens t",
            token_joins!(),
            " WHERE (t.user_id, t.app_id, t.id) < ($1, $2, $3) AND (t.user_id, t.app_id, t.id) > ($1, $2, 0)
                 AND t.user_id IS NOT DISTINCT FROM $1 AND t.app_id IS NOT DISTINCT FROM $2 AND t.id < $3
             ORDER BY t.user_id DESC, t.app_id DESC, t.id DESC LIMIT $4"
        );
        let Some(user) = self.known_as(app, person).await? else { return Ok(Vec::new()) };
        let before = before.unwrap_or(TokenId(i64::MAX));
        let params = [user.into(), app.into(), before.into(), most.into()];
        self.db.rows(ALL, &params).await?.iter().map(read_record).collect()
    }

    /// One token of an app, alive or not.
    pub async fn token_of(&self, app: AppId, token: TokenId) -> Result<Option<TokenRecord>> {
        const FIND: &str =
            concat!(record_columns!(), " FROM tokens t", token_joins!(), " WHERE t.id = $1 AND t.app_id = $2");
        self.db.row(FIND, &[token.into(), app.into()]).await?.as_ref().map(read_record).transpose()
    }

    /// The tokens that one person gave an app and that are newer than `after`: the `most` that are next to it, newest
    /// first.
    pub async fn tokens_of_person_after(
        &self,
        (app, person): (AppId, AppUserId),
        after: TokenId,
        most: i64,
    ) -> Result<Vec<TokenRecord>> {
        const NEXT: &str = concat!(
            record_columns!(),
            " FROM tokens t",
            token_joins!(),
            " WHERE (t.user_id, t.app_id, t.id) > ($1, $2, $3)
                 AND (t.user_id, t.app_id, t.id) < ($1, $2, 9223372036854775807)
                 AND t.user_id IS NOT DISTINCT FROM $1 AND t.app_id IS NOT DISTINCT FROM $2 AND t.id > $3
             ORDER BY t.user_id, t.app_id, t.id LIMIT $4"
        );
        let Some(user) = self.known_as(app, person).await? else { return Ok(Vec::new()) };
        let rows = self.db.rows(NEXT, &[user.into(), app.into(), after.into(), most.into()]).await?;
        rows.iter().rev().map(read_record).collect()
    }

    /// Who ended a token, as the audit log has it; `None` if it ended otherwise than by being revoked or withdrawn.
    pub async fn ended_by(&self, token: &Token) -> Result<Option<EndedBy>> {
        const DEEDS: &str = "SELECT act, actor_kind, actor_id, actor, on_id, about FROM audit_log
             WHERE at = $1 AND act IN ('token.revoke', 'token.withdraw', 'consent.withdraw', 'restore.accept')
             ORDER BY seq";
        const FORGOTTEN: &str = "SELECT trimmed_seq FROM audit_head WHERE trimmed_seq > 0
             AND NOT EXISTS (SELECT 1 FROM audit_log WHERE at <= $1)";
        let (Some(Ending::Revoked(at)) | Some(Ending::Withdrawn(at))) = token.ended else { return Ok(None) };
        let (this, app, user) =
            (format!(r#""token":"{}""#, token.id), format!(r#""app":"{}""#, token.app.id), token.user.id);
        for row in self.db.rows(DEEDS, &[at.into()]).await? {
            let (act, about): (String, String) = (row.get("act")?, row.get("about")?);
            let is_this = match act.as_str() {
                "consent.withdraw" => row.get::<String>("on_id")? == user.to_string() && about.contains(&app),
                "restore.accept" => return Ok(Some(EndedBy::Restore)),
                _ => about.contains(&this),
            };
            if is_this {
                let (kind, id): (String, Option<i64>) = (row.get("actor_kind")?, row.get("actor_id")?);
                return Ok(Some(match id.filter(|_| kind == "account") {
                    Some(_) if act == "token.revoke" => EndedBy::Member(row.get("actor")?),
                    Some(id) if id == user.0 => EndedBy::Owner,
                    _ => EndedBy::Operator,
                }));
            }
        }
        let forgotten = self.db.row(FORGOTTEN, &[at.into()]).await?.is_some();
        Ok(Some(if forgotten { EndedBy::Unknown } else { EndedBy::App }))
    }

    /// Whom an app knows by this id.
    async fn known_as(&self, app: AppId, person: AppUserId) -> Result<Option<UserId>> {
        const FIND: &str = "SELECT user_id FROM app_users WHERE id = $1 AND app_id = $2";
        let row = self.db.row(FIND, &[person.into(), app.into()]).await?;
        row.map(|row| row.get("user_id")).transpose()
    }

    /// A page of what was lent with a token, each with its name, and whether the token still speaks for it:
    /// [`Store::lent`] for people.
    pub async fn lent_with(&self, token: TokenId, turn: &Turn<i64>, most: i64) -> Result<Leaf<LentRecord>> {
        const ON: &str = lent_with!(" AND l.position > $2 ORDER BY l.position LIMIT $3");
        const BACK: &str = lent_with!(" AND l.position < $2 ORDER BY l.position DESC LIMIT $3");
        let read = |row: &Row| {
            let named = match row.get::<Option<AssetKind>>("kind")? {
                Some(kind) => Some((kind, row.get("name")?)),
                None => None,
            };
            let one = LentOne { id: AssetId(row.get("asset_id")?), named };
            // What stands for "all" was no holding.
            let asset = row.get::<Option<i64>>("holding_id")?.map(|_| one);
            let (position, group) = (row.get("position")?, row.get("group_id")?);
            Ok(LentRecord { position, group, asset, still: row.get("still")? })
        };
        let sql = if turn.is_back() { BACK } else { ON };
        let from = turn.key().copied().unwrap_or(i64::MIN);
        let rows = self.db.rows(sql, &[token.into(), from.into(), (most + 1).into()]).await?;
        Ok(Leaf::of(turn, rows.iter().map(read).collect::<Result<_>>()?, most))
    }
}

fn read_record(row: &Row) -> Result<TokenRecord> {
    Ok(TokenRecord {
        token: read_token(row)?,
        agreed_at: row.get("agreed_at")?,
        key: (row.get("given_key")?, row.get("given_key_name")?),
    })
}
