//! Business redirect URIs of REST API keys. What may be registered is judged by [`bizauth_core::redirect::register`], here
//! once more than at the doors: no other way leads into the records (CVE-2026-9086). Only whether an app may have a
//! wildcard is theirs to say. How many there may be is judged here, where two at once meet.

use bizauth_core::id::KeyId;
use bizauth_core::redirect::{self, Flaw, URIS_PER_KEY};

use crate::Store;
use crate::audit::{By, Change};
use crate::db::{Result, Tx, commit, roll_back};
use crate::keys::{SEE, lines};

/// What became of a redirect URI to be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddedUri {
    /// It is registered.
    Added,
    /// It was registered before.
    AlreadyThere,
    /// The key has as many as it may have.
    Full,
    /// No such REST API key.
    NoSuchKey,
    /// Nobody may register this.
    Unfit(Flaw),
}

impl By {
    /// Registers a business redirect URI.
    pub async fn add_redirect_uri(&self, id: KeyId, uri: String) -> Result<AddedUri> {
        // A write before the read locks the row: two at once are added one after the other on PostgreSQL too.
        const CLAIM: &str = "UPDATE app_keys SET name = name WHERE id = $1 AND kind = 'rest_api' AND state <> 'deleted'
             RETURNING redirect_uris";
        const KEEP: &str = "UPDATE app_keys SET redirect_uris = $1 WHERE id = $2";
        if let Err(flaw) = redirect::register(&uri, true) {
            return Ok(AddedUri::Unfit(flaw));
        }
        let actor = self.actor.clone();
        let Some(app) = self.app_of(id).await? else { return Ok(AddedUri::NoSuchKey) };
        let change = Change::new("redirect_uri.add", ("app", app), SEE, [id.into()]).about("key", id);
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let note = change.begin(tx, &actor).await?;
                let Some(row) = tx.row(CLAIM, &[id.into()]).await? else { return roll_back(AddedUri::NoSuchKey) };
                let mut uris = lines(&row)?;
                if uris.contains(&uri) {
                    return roll_back(AddedUri::AlreadyThere);
                }
                if uris.len() >= URIS_PER_KEY {
                    return roll_back(AddedUri::Full);
                }
                uris.push(uri.clone());
                tx.execute(KEEP, &[uris.join("\n").into(), id.into()]).await?;
                note.end(tx).await?;
                commit(AddedUri::Added)
            })
            .await
    }

    /// Takes a business redirect URI away. `false`: it was not registered.
    pub async fn remove_redirect_uri(&self, id: KeyId, uri: String) -> Result<bool> {
        const CLAIM: &str =
            "UPDATE app_keys SET name = name WHERE id = $1 AND state <> 'deleted' RETURNING redirect_uris";
        const KEEP: &str = "UPDATE app_keys SET redirect_uris = $1 WHERE id = $2";
        let actor = self.actor.clone();
        let Some(app) = self.app_of(id).await? else { return Ok(false) };
        let change = Change::new("redirect_uri.remove", ("app", app), SEE, [id.into()]).about("key", id);
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let note = change.begin(tx, &actor).await?;
                let Some(row) = tx.row(CLAIM, &[id.into()]).await? else { return roll_back(false) };
                let mut uris = lines(&row)?;
                let before = uris.len();
                uris.retain(|known| *known != uri);
                if uris.len() == before {
                    return roll_back(false);
                }
                tx.execute(KEEP, &[uris.join("\n").into(), id.into()]).await?;
                note.end(tx).await?;
                commit(true)
            })
            .await
    }
}

impl Store {
    /// Lets what is registered below `from` be registered below `to` instead, for keys of a staged world that is a copy of
    /// one that answered elsewhere. `false`, and nothing is done: that could not have been registered.
    pub async fn stage_redirect_uris(&self, keys: Vec<KeyId>, from: String, to: String) -> Result<bool> {
        const SEE: &str = "SELECT redirect_uris FROM app_keys WHERE id = $1";
        const KEEP: &str = "UPDATE app_keys SET redirect_uris = $1 WHERE id = $2";
        self.db
            .write(async move |tx: &mut Tx<'_>| {
                for key in &keys {
                    let Some(row) = tx.row(SEE, &[(*key).into()]).await? else { return roll_back(false) };
                    let mut uris = lines(&row)?;
                    for uri in &mut uris {
                        let rest = uri.strip_prefix(&from);
                        // Otherwise it is another host whose name only begins so.
                        let Some(rest) = rest.filter(|rest| rest.is_empty() || rest.starts_with(['/', '?'])) else {
                            continue;
                        };
                        *uri = format!("{to}{rest}");
                        if redirect::register(uri, true).is_err() {
                            return roll_back(false);
                        }
                    }
                    tx.execute(KEEP, &[uris.join("\n").into(), (*key).into()]).await?;
                }
                commit(true)
            })
            .await
    }
}
