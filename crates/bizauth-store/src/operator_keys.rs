//! Operators' keys to the operator API: scoped, ending, revocable; only digests are kept.

use std::time::Duration;

use bizauth_core::id::{OperatorKeyId, UserId};
use bizauth_core::operator::Scope;
use bizauth_core::secret::{Digest, Secret};
use bizauth_core::time::Time;

use crate::Store;
use crate::audit::{By, Change, Who};
use crate::db::{Result, Row, Tx, Value, commit};
use crate::leaf::{Leaf, Turn};

/// An operator key, as far as anyone may know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorKeyRecord {
    /// Its id.
    pub id: OperatorKeyId,
    /// A name for people; the audit log shows it.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// The account that made it; nobody if it was made by a program.
    pub made_by: Option<UserId>,
    /// When it was made.
    pub made_at: Time,
    /// When it ends by itself.
    pub expires_at: Option<Time>,
    /// When it was last used, give or take a few minutes.
    pub used_at: Option<Time>,
    /// When it was revoked.
    pub revoked_at: Option<Time>,
}

impl OperatorKeyRecord {
    /// Whether it opens anything at this time.
    pub fn is_alive(&self, now: Time) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}

/// How often the use of a key is written down at most.
const NOTED_EVERY: Duration = Duration::from_secs(5 * 60);

macro_rules! columns {
    () => {
        "SELECT id, name, scopes, made_by, made_at, expires_at, used_at, revoked_at, digest FROM operator_keys"
    };
}
const SEE: &str = "SELECT name, scopes, expires_at, revoked_at FROM operator_keys WHERE id = $1";

impl By {
    /// Makes an operator key. Its holder gets the id and the secret behind `digest`.
    pub async fn create_operator_key(
        &self,
        name: String,
        scopes: Vec<Scope>,
        digest: Digest,
        expires_at: Option<Time>,
    ) -> Result<OperatorKeyId> {
        const CREATE: &str = "INSERT INTO operator_keys (id, digest, name, scopes, made_by, made_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)";
        const MAKER: &str = "SELECT made_by FROM operator_keys WHERE id = $1";
        let scopes = Scope::tidy(scopes).into_iter().map(Scope::word).collect::<Vec<_>>().join(" ");
        let who = self.actor.who;
        let (ids, actor, now) = (self.store.ids.clone(), self.actor.clone(), self.actor.at);
        let change = Change::new("operator_key.create", ("operator_key", ""), SEE, []);
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let id = OperatorKeyId(ids.next(now));
                let note = change.begin_on(tx, &actor, id.to_string(), vec![id.into()]).await?;
                // A key that a key made belongs to the same person: it ends with what they may do.
                let made_by: Option<UserId> = match who {
                    Who::Account(id) => Some(id),
                    Who::OperatorKey(key) => {
                        let maker = tx.row(MAKER, &[key.into()]).await?;
                        maker.map(|row| row.get("made_by")).transpose()?.flatten()
                    }
                    Who::Unproved(_) | Who::CommandLine | Who::Server => None,
                };
                let (name, scopes) = (name.clone().into(), scopes.clone().into());
                let row: [Value; 7] =
                    [id.into(), digest.into(), name, scopes, made_by.into(), now.into(), expires_at.into()];
                tx.execute(CREATE, &row).await?;
                note.end(tx).await?;
                commit(id)
            })
            .await
    }

    /// Ends an operator key at once and for good. `false`: there is none, or it was revoked before.
    pub async fn revoke_operator_key(&self, id: OperatorKeyId) -> Result<bool> {
        const REVOKE: &str = "UPDATE operator_keys SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL";
        let change = Change::new("operator_key.revoke", ("operator_key", id), SEE, [id.into()]);
        self.change(change, REVOKE, [self.actor.at.into(), id.into()]).await
    }
}

/// Ends the keys of someone who may no longer operate the platform.
pub(crate) async fn end_keys_of(tx: &mut Tx<'_>, user: UserId, now: Time) -> Result<u64> {
    const END: &str = "UPDATE operator_keys SET revoked_at = $1 WHERE made_by = $2 AND revoked_at IS NULL";
    tx.execute(END, &[now.into(), user.into()]).await
}

impl Store {
    /// The living operator key with this id and secret. Its use is noted, now and then.
    pub async fn operator_key(
        &self,
        id: OperatorKeyId,
        secret: &Secret,
        now: Time,
    ) -> Result<Option<OperatorKeyRecord>> {
        const FIND: &str = concat!(columns!(), " WHERE id = $1");
        const NOTE: &str = "UPDATE operator_keys SET used_at = $1 WHERE id = $2 AND (used_at IS NULL OR used_at < $3)";
        let Some(row) = self.db.row(FIND, &[id.into()]).await? else { return Ok(None) };
        let (digest, key): (Digest, _) = (row.get("digest")?, read(&row)?);
        if digest != secret.digest() || !key.is_alive(now) {
            return Ok(None);
        }
        let long_ago = now.minus(NOTED_EVERY);
        if key.used_at.is_none_or(|used| used < long_ago) {
            self.change(NOTE, [now.into(), id.into(), long_ago.into()]).await?;
        }
        Ok(Some(key))
    }

    /// A page of the operator keys, newest first, the ended ones too.
    pub async fn operator_keys(&self, turn: &Turn<OperatorKeyId>, most: i64) -> Result<Leaf<OperatorKeyRecord>> {
        const ON: &str = concat!(columns!(), " WHERE id < $1 ORDER BY id DESC LIMIT $2");
        const BACK: &str = concat!(columns!(), " WHERE id > $1 ORDER BY id LIMIT $2");
        let sql = if turn.is_back() { BACK } else { ON };
        let from = turn.key().map_or(i64::MAX, |id| id.0);
        let rows = self.db.rows(sql, &[from.into(), (most + 1).into()]).await?;
        Ok(Leaf::of(turn, rows.iter().map(read).collect::<Result<_>>()?, most))
    }

    /// The operator key with this id, alive or not, for those who look after it.
    pub async fn operator_key_by_id(&self, id: OperatorKeyId) -> Result<Option<OperatorKeyRecord>> {
        const FIND: &str = concat!(columns!(), " WHERE id = $1");
        self.db.row(FIND, &[id.into()]).await?.as_ref().map(read).transpose()
    }
}

fn read(row: &Row) -> Result<OperatorKeyRecord> {
    let scopes: String = row.get("scopes")?;
    Ok(OperatorKeyRecord {
        id: row.get("id")?,
        name: row.get("name")?,
        // A word that a newer program wrote grants nothing here.
        scopes: scopes.split(' ').filter_map(Scope::read).collect(),
        made_by: row.get("made_by")?,
        made_at: row.get("made_at")?,
        expires_at: row.get("expires_at")?,
        used_at: row.get("used_at")?,
        revoked_at: row.get("revoked_at")?,
    })
}
