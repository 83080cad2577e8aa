//! The icons of apps, as pictures that the door has drawn anew. Each is found by its digest.

use bizauth_core::id::AppId;
use bizauth_core::secret::Digest;

use crate::Store;
use crate::audit::{By, Change};
use crate::db::{Result, Tx, commit, roll_back};

/// What the log may know of an icon: whether there is one.
const SEE: &str = "SELECT CASE WHEN icon IS NULL THEN 0 ELSE 1 END AS has_icon FROM apps WHERE id = $1";

impl By {
    /// Gives an app an icon, in place of one it may have. `false`: no such app.
    pub async fn set_icon(&self, app: AppId, png: Vec<u8>) -> Result<bool> {
        const SET: &str = "UPDATE apps SET icon = $1 WHERE id = $2 AND deleted_at IS NULL";
        const KEEP: &str = "INSERT INTO app_icons (app_id, digest, png) VALUES ($1, $2, $3)
             ON CONFLICT (app_id) DO UPDATE SET digest = excluded.digest, png = excluded.png";
        let actor = self.actor.clone();
        let digest = Digest::of(&png);
        let change = Change::new("icon.set", ("app", app), SEE, [app.into()]);
        let change = change.about("bytes", i64::try_from(png.len()).unwrap_or(i64::MAX));
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let note = change.begin(tx, &actor).await?;
                if tx.execute(SET, &[digest.into(), app.into()]).await? == 0 {
                    return roll_back(false);
                }
                tx.execute(KEEP, &[app.into(), digest.into(), png.clone().into()]).await?;
                note.end(tx).await?;
                commit(true)
            })
            .await
    }

    /// Takes an app's icon away. `false`: it has none.
    pub async fn remove_icon(&self, app: AppId) -> Result<bool> {
        const REMOVE: &str = "UPDATE apps SET icon = NULL WHERE id = $1 AND icon IS NOT NULL AND deleted_at IS NULL";
        let actor = self.actor.clone();
        let change = Change::new("icon.remove", ("app", app), SEE, [app.into()]);
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let note = change.begin(tx, &actor).await?;
                if tx.execute(REMOVE, &[app.into()]).await? == 0 {
                    return roll_back(false);
                }
                tx.execute("DELETE FROM app_icons WHERE app_id = $1", &[app.into()]).await?;
                note.end(tx).await?;
                commit(true)
            })
            .await
    }
}

impl Store {
    /// The picture with this digest.
    pub async fn icon(&self, digest: Digest) -> Result<Option<Vec<u8>>> {
        let row = self.db.row("SELECT png FROM app_icons WHERE digest = $1 LIMIT 1", &[digest.into()]).await?;
        row.map(|row| row.get("png")).transpose()
    }
}
