//! Accounts in an operator's hands: the list of all, what one of them has, and who operates the platform.

use bizauth_core::app::AppKind;
use bizauth_core::asset::Holding;
use bizauth_core::id::{AppId, UserId};
use bizauth_core::scope::GroupId;
use bizauth_core::time::Time;
use bizauth_core::user;

use crate::Store;
use crate::assets::read_holding;
use crate::audit::{Acting, By, Change};
use crate::db::{Result, Row, Tx};
use crate::leaf::{Leaf, Turn, behind};
use crate::operator_keys::end_keys_of;
use crate::sessions::end_sign_ins;
use crate::users::{UserRecord, read_record, told, user_columns};

/// An app that an account is a member of.
#[derive(Clone, Debug)]
pub struct MemberOf {
    /// The app.
    pub app: AppId,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: AppKind,
    /// `owner` or `editor`.
    pub role: String,
}

/// An app that an account lent something to.
#[derive(Clone, Debug)]
pub struct LentApp {
    /// The app.
    pub app: AppId,
    /// Its name.
    pub name: String,
    /// When the account agreed last; nothing if it took everything back.
    pub agreed_at: Option<Time>,
}

const SEE: &str = "SELECT email, state, is_operator FROM users WHERE id = $1";
const SEE_SESSIONS: &str = "SELECT COUNT(*) AS sessions FROM sessions WHERE user_id = $1";

macro_rules! records {
    () => {
        concat!(
            "SELECT ",
            user_columns!(),
            ", u.password, u.developer_sanctioned, u.is_operator, u.created_at, u.external_id FROM users u"
        )
    };
}

impl Store {
    /// The account with this id.
    pub async fn account(&self, id: UserId) -> Result<Option<UserRecord>> {
        const FIND: &str = concat!(records!(), " WHERE u.id = $1");
        self.db.row(FIND, &[id.into()]).await?.as_ref().map(read_record).transpose()
    }

    /// The account behind what someone typed: an address or an id.
    pub async fn account_named(&self, text: &str) -> Result<Option<UserRecord>> {
        if let Ok(id) = text.trim().parse::<UserId>() {
            return self.account(id).await;
        }
        match user::email(text) {
            Some(email) => self.user_by_email(&email).await,
            None => Ok(None),
        }
    }

    /// A page of the accounts whose address begins with `prefix`, by address.
    pub async fn accounts_page(&self, prefix: &str, turn: &Turn<UserId>, most: i64) -> Result<Leaf<UserRecord>> {
        const ON: &str =
            concat!(records!(), " WHERE (u.sort, u.id) > ($1, $2) AND u.sort < $3 ORDER BY u.sort, u.id LIMIT $4");
        const BACK: &str = concat!(
            records!(),
            " WHERE (u.sort, u.id) < ($1, $2) AND u.sort >= $3 ORDER BY u.sort DESC, u.id DESC LIMIT $4"
        );
        const PLACE: &str = "SELECT sort, id FROM users WHERE id = $1";
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

    /// A page of the accounts that are blocked, those that have been there for longest first.
    pub async fn blocked_accounts(&self, turn: &Turn<UserId>, most: i64) -> Result<Leaf<UserRecord>> {
        const ON: &str = concat!(records!(), " WHERE u.state = 'blocked' AND u.id > $1 ORDER BY u.id LIMIT $2");
        const BACK: &str = concat!(records!(), " WHERE u.state = 'blocked' AND u.id < $1 ORDER BY u.id DESC LIMIT $2");
        let sql = if turn.is_back() { BACK } else { ON };
        let from = turn.key().map_or(i64::MIN, |id| id.0);
        let rows = self.db.rows(sql, &[from.into(), (most + 1).into()]).await?;
        Ok(Leaf::of(turn, rows.iter().map(read_record).collect::<Result<_>>()?, most))
    }

    /// A page of the apps that an account is a member of, oldest first.
    pub async fn memberships(&self, user: UserId, turn: &Turn<AppId>, most: i64) -> Result<Leaf<MemberOf>> {
        const ON: &str = "SELECT a.id, a.name, a.kind, m.role FROM members m JOIN apps a ON a.id = m.app_id
             WHERE m.user_id = $1 AND m.app_id > $2 AND a.deleted_at IS NULL ORDER BY m.app_id LIMIT $3";
        const BACK: &str = "SELECT a.id, a.name, a.kind, m.role FROM members m JOIN apps a ON a.id = m.app_id
             WHERE m.user_id = $1 AND m.app_id < $2 AND a.deleted_at IS NULL ORDER BY m.app_id DESC LIMIT $3";
        let sql = if turn.is_back() { BACK } else { ON };
        let from = turn.key().map_or(i64::MIN, |app| app.0);
        let read = |row: &Row| {
            Ok(MemberOf { app: row.get("id")?, name: row.get("name")?, kind: row.get("kind")?, role: row.get("role")? })
        };
        let rows = self.db.rows(sql, &[user.into(), from.into(), (most + 1).into()]).await?;
        Ok(Leaf::of(turn, rows.iter().map(read).collect::<Result<_>>()?, most))
    }

    /// A page of what an account holds, by group and id.
    pub async fn holdings_of(&self, user: UserId, turn: &Turn<(GroupId, String)>, most: i64) -> Result<Leaf<Holding>> {
        const ON: &str = "SELECT h.id, h.group_id, h.asset_id, a.kind, a.name, h.role, h.lendable
             FROM holdings h JOIN assets a ON a.group_id = h.group_id AND a.asset_id = h.asset_id
             WHERE h.user_id = $1 AND (h.group_id, h.asset_id) > ($2, $3) ORDER BY h.group_id, h.asset_id LIMIT $4";
        const BACK: &str = "SELECT h.id, h.group_id, h.asset_id, a.kind, a.name, h.role, h.lendable
             FROM holdings h JOIN assets a ON a.group_id = h.group_id AND a.asset_id = h.asset_id
             WHERE h.user_id = $1 AND (h.group_id, h.asset_id) < ($2, $3)
             ORDER BY h.group_id DESC, h.asset_id DESC LIMIT $4";
        let sql = if turn.is_back() { BACK } else { ON };
        let (group, asset) = turn.key().map_or(("", ""), |(group, asset)| (group.0.as_str(), asset.as_str()));
        let rows = self.db.rows(sql, &[user.into(), group.into(), asset.into(), (most + 1).into()]).await?;
        Ok(Leaf::of(turn, rows.iter().map(read_holding).collect::<Result<_>>()?, most))
    }

    /// A page of the apps that an account ever lent something to, oldest first.
    pub async fn lent_apps(&self, user: UserId, turn: &Turn<AppId>, most: i64) -> Result<Leaf<LentApp>> {
        const ON: &str = "SELECT a.id, a.name, (SELECT c.agreed_at FROM consents c WHERE c.user_id = l.user_id
                 AND c.app_id = l.app_id AND c.withdrawn_at IS NULL ORDER BY c.id DESC LIMIT 1) AS agreed_at
             FROM app_users l JOIN apps a ON a.id = l.app_id
             WHERE l.user_id = $1 AND l.app_id > $2 AND a.deleted_at IS NULL ORDER BY l.app_id LIMIT $3";
        const BACK: &str = "SELECT a.id, a.name, (SELECT c.agreed_at FROM consents c WHERE c.user_id = l.user_id
                 AND c.app_id = l.app_id AND c.withdrawn_at IS NULL ORDER BY c.id DESC LIMIT 1) AS agreed_at
             FROM app_users l JOIN apps a ON a.id = l.app_id
             WHERE l.user_id = $1 AND l.app_id < $2 AND a.deleted_at IS NULL ORDER BY l.app_id DESC LIMIT $3";
        let sql = if turn.is_back() { BACK } else { ON };
        let from = turn.key().map_or(i64::MIN, |app| app.0);
        let read =
            |row: &Row| Ok(LentApp { app: row.get("id")?, name: row.get("name")?, agreed_at: row.get("agreed_at")? });
        let rows = self.db.rows(sql, &[user.into(), from.into(), (most + 1).into()]).await?;
        Ok(Leaf::of(turn, rows.iter().map(read).collect::<Result<_>>()?, most))
    }
}

impl By {
    /// Makes an account an operator, or ends that and the keys it made. `false`: no such account; one that is not in good standing cannot
    /// begin, the last in good standing cannot stop.
    pub async fn set_operator(&self, id: UserId, on: bool) -> Result<bool> {
        let actor = self.actor.clone();
        self.store.db.write(async move |tx: &mut Tx<'_>| told(put_operator(tx, &actor, id, on).await?)).await
    }

    /// Says whether an account's address is verified. `false`: no such account.
    pub async fn set_email_verified(&self, id: UserId, verified: bool) -> Result<bool> {
        let actor = self.actor.clone();
        self.store.db.write(async move |tx: &mut Tx<'_>| told(put_verified(tx, &actor, id, verified).await?)).await
    }

    /// Signs an account out everywhere, also where somebody is halfway in. `false`: it was signed in nowhere.
    pub async fn end_sessions(&self, user: UserId) -> Result<bool> {
        self.sign_out_all(Change::new("session.end_all", ("account", user), SEE_SESSIONS, [user.into()]), user, None)
            .await
    }
}

/// [`By::set_operator`] within a transaction, which `false` must roll back.
pub(crate) async fn put_operator(tx: &mut Tx<'_>, actor: &Acting, id: UserId, on: bool) -> Result<bool> {
    const RAISE: &str = "UPDATE users SET is_operator = 1 WHERE id = $1 AND state = 'active' AND is_operator = 0";
    const IS_ONE: &str = "SELECT id FROM users WHERE id = $1 AND state = 'active' AND is_operator = 1";
    const STOP: &str = "UPDATE users SET is_operator = 0 WHERE id = $1 AND (is_operator = 0 OR EXISTS
         (SELECT 1 FROM users o WHERE o.is_operator = 1 AND o.state = 'active' AND o.id <> $1))";
    if on {
        let change = Change::new("account.make_operator", ("account", id), SEE, [id.into()]);
        let mut note = change.begin(tx, actor).await?;
        if tx.execute(RAISE, &[id.into()]).await? > 0 {
            // No session rises with its account: whoever knew an id of before must not hold an operator's (CVE-2024-7341).
            let (_, ended) = end_sign_ins(tx, id, None).await?;
            note.fact("sessions_ended", i64::try_from(ended).unwrap_or(i64::MAX));
        } else if tx.row(IS_ONE, &[id.into()]).await?.is_none() {
            return Ok(false);
        }
        note.end(tx).await?;
        return Ok(true);
    }
    let change = Change::new("account.unmake_operator", ("account", id), SEE, [id.into()]);
    let mut note = change.begin(tx, actor).await?;
    if tx.execute(STOP, &[id.into()]).await? == 0 {
        return Ok(false);
    }
    let keys = end_keys_of(tx, id, actor.at).await?;
    if keys > 0 {
        note.fact("operator_keys_ended", i64::try_from(keys).unwrap_or(i64::MAX));
    }
    note.end(tx).await?;
    Ok(true)
}

/// [`By::set_email_verified`] within a transaction, which `false` must roll back.
pub(crate) async fn put_verified(tx: &mut Tx<'_>, actor: &Acting, id: UserId, verified: bool) -> Result<bool> {
    const SEE: &str = "SELECT email, email_verified FROM users WHERE id = $1";
    let change = Change::new("account.email_verified", ("account", id), SEE, [id.into()]);
    let set = "UPDATE users SET email_verified = $1 WHERE id = $2";
    change.make(tx, actor, set, &[verified.into(), id.into()]).await
}
