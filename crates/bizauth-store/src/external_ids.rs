//! What an account is called elsewhere, so that a directory can name it.

use bizauth_core::id::UserId;

use crate::Store;
use crate::audit::{Acting, By, Change};
use crate::db::{Result, Tx, commit, roll_back};

/// What became of an account's external id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// It is as wanted.
    Done,
    /// Another account has it.
    Taken,
    /// There is no such account.
    NoSuchAccount,
}

impl By {
    /// Says what an account is called elsewhere; `None` takes the name away.
    pub async fn set_external_id(&self, id: UserId, external_id: Option<String>) -> Result<Named> {
        let actor = self.actor.clone();
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| match put_external_id(tx, &actor, id, external_id.clone()).await? {
                Named::Done => commit(Named::Done),
                other => roll_back(other),
            })
            .await
    }
}

/// [`By::set_external_id`] within a transaction, which anything but [`Named::Done`] must roll back.
pub(crate) async fn put_external_id(
    tx: &mut Tx<'_>,
    actor: &Acting,
    id: UserId,
    external_id: Option<String>,
) -> Result<Named> {
    const SEE: &str = "SELECT email, external_id FROM users WHERE id = $1";
    const TAKEN: &str = "SELECT id FROM users WHERE external_id = $1 AND id <> $2";
    const SET: &str = "UPDATE users SET external_id = $1 WHERE id = $2";
    let note = Change::new("account.external_id", ("account", id), SEE, [id.into()]).begin(tx, actor).await?;
    if tx.row(TAKEN, &[external_id.clone().into(), id.into()]).await?.is_some() {
        return Ok(Named::Taken);
    }
    if tx.execute(SET, &[external_id.into(), id.into()]).await? == 0 {
        return Ok(Named::NoSuchAccount);
    }
    note.end(tx).await?;
    Ok(Named::Done)
}

impl Store {
    /// The account that is called so elsewhere.
    pub async fn account_called(&self, external_id: &str) -> Result<Option<UserId>> {
        const FIND: &str = "SELECT id FROM users WHERE external_id = $1";
        let row = self.db.row(FIND, &[external_id.into()]).await?;
        row.map(|row| row.get("id")).transpose()
    }
}
