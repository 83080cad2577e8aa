//! App keys: making, finding and ending them, and from where they may be used. Client secrets are in `secrets.rs`,
//! redirect URIs in `redirect_uris.rs`.

use std::sync::Arc;

use bizauth_core::app::{App, Client};
use bizauth_core::id::{AppId, KeyId};
use bizauth_core::key::{AppKey, KEYS_PER_KIND, Key, KeyKind, USE_NOTED_EVERY};
use bizauth_core::scope::ItemId;
use bizauth_core::secret::Digest;
use bizauth_core::time::Time;
use ipnet::IpNet;

use crate::Store;
use crate::apps::{app_columns, read_app};
use crate::audit::{By, Change};
use crate::db::{FromValue, Result, Row, Tx, Value, commit, roll_back};
use crate::memory::Memory;
use crate::users::words;

/// A key to be made.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// Its app.
    pub app: AppId,
    /// Its kind.
    pub kind: KeyKind,
    /// Its value.
    pub value: AppKey,
    /// A name for people.
    pub name: String,
    /// For a REST API key: the digest of its client secret.
    pub secret: Option<Digest>,
}

/// A key, for lists and the console.
#[derive(Clone, Debug)]
pub struct KeyRecord {
    /// The key.
    pub key: Key,
    /// Its value; an admin key's is not known to the store.
    pub value: Option<String>,
    /// A name for people.
    pub name: String,
    /// Its business redirect URIs.
    pub redirect_uris: Vec<String>,
    /// The digest of its client secret, if it was ever given one.
    pub secret: Option<Digest>,
    /// Until when the previous client secret is valid too.
    pub old_secret_until: Option<Time>,
    /// When it was made.
    pub created_at: Time,
    /// When it was last used, to within [`bizauth_core::key::USE_NOTED_EVERY`].
    pub used_at: Option<Time>,
}

/// A key as a caller presents it, with its app.
#[derive(Clone, Debug)]
pub struct Presented {
    /// The key.
    pub key: Key,
    /// Its app.
    pub app: App,
    /// Its business redirect URIs.
    pub redirect_uris: Vec<String>,
    /// When it was last used, to within [`bizauth_core::key::USE_NOTED_EVERY`].
    pub used_at: Option<Time>,
    /// Whether the platform is in maintenance.
    pub maintenance: bool,
}

/// The columns of a [`KeyRecord`].
macro_rules! record_columns {
    () => {
        "SELECT id, app_id, kind, lookup, name, state, secret_on, secret, old_secret, old_secret_until, callers,
             redirect_uris, may_read_ips, pkce_required, created_at, used_at FROM app_keys"
    };
}

/// What the log may know of a key: which value it has is for its app's members, and secrets are for nobody.
pub(crate) const SEE: &str =
    "SELECT kind, name, state, secret_on, old_secret_until, callers, redirect_uris, may_read_ips, pkce_required
     FROM app_keys WHERE id = $1";

impl By {
    /// Makes a key. `None`: no such app, or it has as many of this kind as it may have.
    pub async fn create_key(&self, new: NewKey) -> Result<Option<KeyId>> {
        // Locks the app's row first, so that two at once are counted one after the other on PostgreSQL too.
        const LOCK: &str = "UPDATE apps SET name = name WHERE id = $1 AND deleted_at IS NULL";
        const COUNT: &str =
            "SELECT COUNT(*) AS keys FROM app_keys WHERE app_id = $1 AND kind = $2 AND state <> 'deleted'";
        const CREATE: &str = "INSERT INTO app_keys (id, app_id, kind, lookup, name, state, secret_on, secret, callers,
                 redirect_uris, may_read_ips, created_at)
             VALUES ($1, $2, $3, $4, $5, 'active', 1, $6, '', '', 1, $7)";
        let (ids, actor, now) = (self.store.ids.clone(), self.actor.clone(), self.actor.at);
        let change = Change::new("key.create", ("app", new.app), SEE, []);
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let id = KeyId(ids.next(now));
                let mut note = change.begin_on(tx, &actor, new.app.to_string(), vec![id.into()]).await?;
                note.fact("key", id);
                if tx.execute(LOCK, &[new.app.into()]).await? == 0 {
                    return roll_back(None);
                }
                let count = tx.row(COUNT, &[new.app.into(), new.kind.word().into()]).await?;
                if count.map_or(Ok(0), |row| row.get::<i64>("keys"))? >= KEYS_PER_KIND as i64 {
                    return roll_back(None);
                }
                let row = [
                    id.into(),
                    new.app.into(),
                    new.kind.word().into(),
                    new.value.lookup(new.kind).into(),
                    new.name.clone().into(),
                    new.secret.into(),
                    now.into(),
                ];
                tx.execute(CREATE, &row).await?;
                note.end(tx).await?;
                commit(Some(id))
            })
            .await
    }
}

impl Store {
    /// The key with this value, whatever its kind, with its app. A deleted key, or one of a deleted app, is none.
    pub async fn key(&self, value: &AppKey, now: Time) -> Result<Option<Arc<Presented>>> {
        let reading = self.reading();
        if let Some((memory, _)) = reading
            && let Some(known) = memory.keys.find(&memory.watch, value, now)
        {
            return Ok(Some(known));
        }
        // Boxed: who finds it remembered carries no room for reading it.
        Box::pin(self.read_key(value, now, reading)).await
    }

    /// [`Self::key`] from the records.
    async fn read_key(
        &self,
        value: &AppKey,
        now: Time,
        reading: Option<(&Memory, u64)>,
    ) -> Result<Option<Arc<Presented>>> {
        const FIND: &str = concat!(
            "SELECT k.id, k.kind, k.lookup, k.name, k.state, k.secret_on, k.secret, k.old_secret, k.old_secret_until,
                 k.callers, k.redirect_uris, k.may_read_ips, k.pkce_required, k.used_at, s.maintenance, ",
            app_columns!(),
            " FROM app_keys k JOIN apps a ON a.id = k.app_id JOIN settings s ON s.id = 1
             WHERE k.lookup IN ($1, $2) AND k.state <> 'deleted' AND a.deleted_at IS NULL"
        );
        let params = [value.expose().into(), value.hidden().into()];
        for row in self.db.few(FIND, &params).await? {
            let kind: KeyKind = row.get("kind")?;
            // An admin key's digest is no key.
            let lookup: String = row.get("lookup")?;
            if lookup == value.lookup(kind) {
                let found = Arc::new(Presented {
                    key: read_key(&row, now)?,
                    app: read_app(&row)?,
                    redirect_uris: lines(&row)?,
                    used_at: row.get("used_at")?,
                    maintenance: row.get("maintenance")?,
                });
                if let Some((memory, turn)) = reading {
                    let overlap: Option<Time> = row.get("old_secret_until")?;
                    memory.keys.keep(turn, lookup, (overlap, now), &found);
                }
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The app behind a `client_id`, with all that the authorize checks ask about it.
    pub async fn client(&self, value: &AppKey, now: Time) -> Result<Option<Client>> {
        let Some(found) = self.key(value, now).await? else { return Ok(None) };
        let Presented { key, app, redirect_uris, .. } = Arc::unwrap_or_clone(found);
        let items: Vec<ItemId> = self.items_of(app.id).await?.into_iter().map(|(item, _)| item).collect();
        let permissions = self.permissions_of(app.id).await?;
        Ok(Some(Client { app, key, redirect_uris, items, permissions }))
    }

    /// The keys of an app that are not deleted.
    pub async fn keys_of(&self, app: AppId, now: Time) -> Result<Vec<KeyRecord>> {
        const ALL: &str = concat!(record_columns!(), " WHERE app_id = $1 AND state <> 'deleted' ORDER BY id");
        self.db.rows(ALL, &[app.into()]).await?.iter().map(|row| read_record(row, now)).collect()
    }

    /// The key with this id, unless it was deleted.
    pub async fn key_by_id(&self, id: KeyId, now: Time) -> Result<Option<KeyRecord>> {
        const FIND: &str = concat!(record_columns!(), " WHERE id = $1 AND state <> 'deleted'");
        self.db.row(FIND, &[id.into()]).await?.map(|row| read_record(&row, now)).transpose()
    }

    /// Writes down that a key was used, if that is not known already: of many callers at once one writes.
    pub async fn note_key_use(&self, key: KeyId, now: Time) -> Result<()> {
        const NOTE: &str = "UPDATE app_keys SET used_at = $1 WHERE id = $2 AND state <> 'deleted'
             AND (used_at IS NULL OR used_at <= $3)";
        self.change(NOTE, [now.into(), key.into(), now.minus(USE_NOTED_EVERY).into()]).await?;
        Ok(())
    }
}

impl By {
    /// The app of a key, which never changes.
    pub(crate) async fn app_of(&self, id: KeyId) -> Result<Option<AppId>> {
        let row = self.store.db.row("SELECT app_id FROM app_keys WHERE id = $1", &[id.into()]).await?;
        row.map(|row| row.get("app_id")).transpose()
    }

    /// A change of one key, noted with its app.
    pub(crate) async fn change_key<const N: usize>(
        &self,
        act: &'static str,
        id: KeyId,
        sql: &'static str,
        params: [Value; N],
    ) -> Result<bool> {
        let Some(app) = self.app_of(id).await? else { return Ok(false) };
        self.change(Change::new(act, ("app", app), SEE, [id.into()]).about("key", id), sql, params).await
    }

    /// Gives a key another name. `false`: no such key.
    pub async fn rename_key(&self, id: KeyId, name: String) -> Result<bool> {
        const SET: &str = "UPDATE app_keys SET name = $1 WHERE id = $2 AND state <> 'deleted'";
        self.change_key("key.rename", id, SET, [name.into(), id.into()]).await
    }

    /// Switches a key off or on again. `false`: no such key.
    pub async fn set_key_disabled(&self, id: KeyId, disabled: bool) -> Result<bool> {
        const SET: &str = "UPDATE app_keys SET state = $1 WHERE id = $2 AND state <> 'deleted'";
        let act = if disabled { "key.disable" } else { "key.enable" };
        self.change_key(act, id, SET, [if disabled { "disabled" } else { "active" }.into(), id.into()]).await
    }

    /// Deletes a key for good; the tokens it was given have ended. `false`: no such key.
    pub async fn delete_key(&self, id: KeyId) -> Result<bool> {
        const DELETE: &str = "UPDATE app_keys SET state = 'deleted' WHERE id = $1 AND state <> 'deleted'";
        self.change_key("key.delete", id, DELETE, [id.into()]).await
    }

    /// Whether an admin key may call `system/ips`. `false`: no such admin key.
    pub async fn set_may_read_ips(&self, id: KeyId, may: bool) -> Result<bool> {
        const SET: &str =
            "UPDATE app_keys SET may_read_ips = $1 WHERE id = $2 AND kind = 'admin' AND state <> 'deleted'";
        self.change_key("key.may_read_ips", id, SET, [may.into(), id.into()]).await
    }

    /// Whether authorize requests with a REST API key must send a PKCE challenge. `false`: no such key.
    pub async fn set_pkce_required(&self, id: KeyId, required: bool) -> Result<bool> {
        const SET: &str =
            "UPDATE app_keys SET pkce_required = $1 WHERE id = $2 AND kind = 'rest_api' AND state <> 'deleted'";
        self.change_key("key.pkce", id, SET, [required.into(), id.into()]).await
    }

    /// From where a REST API key may be used; none is anywhere. `false`: no such key.
    pub async fn set_callers(&self, id: KeyId, callers: &[IpNet]) -> Result<bool> {
        const SET: &str = "UPDATE app_keys SET callers = $1 WHERE id = $2 AND kind = 'rest_api' AND state <> 'deleted'";
        let text: Vec<String> = callers.iter().map(ToString::to_string).collect();
        self.change_key("key.callers", id, SET, [text.join(" ").into(), id.into()]).await
    }
}

pub(crate) fn lines(row: &Row) -> Result<Vec<String>> {
    Ok(row.get::<String>("redirect_uris")?.lines().map(str::to_owned).collect())
}

fn read_record(row: &Row, now: Time) -> Result<KeyRecord> {
    let key = read_key(row, now)?;
    let lookup: String = row.get("lookup")?;
    Ok(KeyRecord {
        value: (key.kind != KeyKind::Admin).then_some(lookup),
        key,
        name: row.get("name")?,
        redirect_uris: lines(row)?,
        secret: row.get("secret")?,
        old_secret_until: row.get::<Option<Time>>("old_secret_until")?.filter(|until| now < *until),
        created_at: row.get("created_at")?,
        used_at: row.get("used_at")?,
    })
}

fn read_key(row: &Row, now: Time) -> Result<Key> {
    let old: Option<Digest> = row.get("old_secret")?;
    let overlap: Option<Time> = row.get("old_secret_until")?;
    let current: Option<Digest> = row.get("secret")?;
    Ok(Key {
        id: row.get("id")?,
        app: row.get("app_id")?,
        kind: row.get("kind")?,
        disabled: row.get::<String>("state")? != "active",
        secret_on: row.get("secret_on")?,
        secrets: current.into_iter().chain(old.filter(|_| overlap.is_some_and(|until| now < until))).collect(),
        callers: words(&row.get::<String>("callers")?, "callers")?,
        may_read_ips: row.get("may_read_ips")?,
        pkce_required: row.get("pkce_required")?,
    })
}

impl FromValue for KeyKind {
    fn from_value(value: &Value) -> Option<Self> {
        KeyKind::read(&String::from_value(value)?)
    }
}
