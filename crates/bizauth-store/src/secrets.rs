//! The client secret of a REST API key: ON or OFF, issued and issued again, the old one living on beside the new for a
//! chosen time. Only digests come here.

use bizauth_core::id::KeyId;
use bizauth_core::secret::Digest;
use bizauth_core::time::Time;

use crate::audit::{By, Change};
use crate::db::{Result, Tx, commit, roll_back};
use crate::keys::SEE;

/// Which client secret another one takes the place of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replaces {
    /// Whichever there is.
    Whichever,
    /// This one, or none: what was there when somebody decided.
    This(Option<Digest>),
}

/// What became of a client secret to be issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssuedSecret {
    /// It is valid now.
    Issued,
    /// Another one was issued meanwhile. Nothing was done.
    Meanwhile,
    /// No such REST API key.
    NoSuchKey,
}

impl By {
    /// Switches the client secret of a REST API key ON or OFF. `false`: no such key.
    pub async fn set_secret_on(&self, id: KeyId, on: bool) -> Result<bool> {
        const SET: &str =
            "UPDATE app_keys SET secret_on = $1 WHERE id = $2 AND kind = 'rest_api' AND state <> 'deleted'";
        self.change_key("key.secret_state", id, SET, [on.into(), id.into()]).await
    }

    /// Gives a REST API key another client secret. The one it replaces stays valid until `overlap_until`; a
    /// predecessor of that one ends. `false`: no such key.
    pub async fn issue_secret(&self, id: KeyId, secret: Digest, overlap_until: Time) -> Result<bool> {
        let issued = self.replace_secret(id, Replaces::Whichever, secret, overlap_until).await?;
        Ok(issued == IssuedSecret::Issued)
    }

    /// The same in the place of a secret that somebody looked at: of two who decide at once one is heard, so that the
    /// overlap that was promised to the one is not cut short by the other.
    pub async fn replace_secret(
        &self,
        id: KeyId,
        replaces: Replaces,
        secret: Digest,
        overlap_until: Time,
    ) -> Result<IssuedSecret> {
        const CLAIM: &str = "UPDATE app_keys SET name = name WHERE id = $1 AND kind = 'rest_api' AND state <> 'deleted'
             RETURNING secret";
        const KEEP: &str = "UPDATE app_keys SET old_secret = $1, old_secret_until = $2, secret = $3 WHERE id = $4";
        let actor = self.actor.clone();
        let Some(app) = self.app_of(id).await? else { return Ok(IssuedSecret::NoSuchKey) };
        let change = Change::new("key.issue_secret", ("app", app), SEE, [id.into()]).about("key", id);
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let note = change.begin(tx, &actor).await?;
                let Some(row) = tx.row(CLAIM, &[id.into()]).await? else { return roll_back(IssuedSecret::NoSuchKey) };
                let current: Option<Digest> = row.get("secret")?;
                if let Replaces::This(seen) = replaces
                    && seen != current
                {
                    return roll_back(IssuedSecret::Meanwhile);
                }
                let old = current.filter(|_| actor.at < overlap_until);
                let until = old.map(|_| overlap_until);
                tx.execute(KEEP, &[old.into(), until.into(), secret.into(), id.into()]).await?;
                note.end(tx).await?;
                commit(IssuedSecret::Issued)
            })
            .await
    }

    /// Ends the old client secret before its time. `false`: none lives on beside the current one.
    pub async fn end_overlap(&self, id: KeyId) -> Result<bool> {
        const END: &str = "UPDATE app_keys SET old_secret = NULL, old_secret_until = NULL
             WHERE id = $1 AND kind = 'rest_api' AND state <> 'deleted' AND old_secret_until > $2";
        self.change_key("key.end_overlap", id, END, [id.into(), self.actor.at.into()]).await
    }
}
