//! Signed-in browsers, and browsers that have signed in before.

use bizauth_core::id::{DeviceId, SessionId, UserId};
use bizauth_core::secret::{Digest, Secret};
use bizauth_core::time::Time;
use bizauth_core::user::User;

use crate::Store;
use crate::db::{Result, Tx, commit};
use crate::users::{read_user, user_columns};

/// A session that is alive.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Its id.
    pub id: SessionId,
    /// Whose it is.
    pub user: User,
    /// Whether it operates this platform.
    pub is_operator: bool,
}

impl Store {
    /// Signs a browser in: a new session, and a mark by which the browser is known again. An earlier session of the
    /// same browser ends (an id kept over the login would let another's be planted).
    pub async fn sign_in(
        &self,
        user: UserId,
        session: (Digest, Time),
        device: (Digest, Time),
        earlier: Option<(SessionId, Digest)>,
        now: Time,
    ) -> Result<(SessionId, DeviceId)> {
        const SESSION: &str =
            "INSERT INTO sessions (id, digest, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)";
        const DEVICE: &str =
            "INSERT INTO devices (id, digest, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)";
        const END: &str = "DELETE FROM sessions WHERE id = $1 AND digest = $2";
        let ids = self.ids.clone();
        self.db
            .write(async move |tx: &mut Tx<'_>| {
                if let Some((id, digest)) = earlier {
                    tx.execute(END, &[id.into(), digest.into()]).await?;
                }
                let (id, known) = (SessionId(ids.next(now)), DeviceId(ids.next(now)));
                let row = [id.into(), session.0.into(), user.into(), now.into(), session.1.into()];
                tx.execute(SESSION, &row).await?;
                let row = [known.into(), device.0.into(), user.into(), now.into(), device.1.into()];
                tx.execute(DEVICE, &row).await?;
                commit((id, known))
            })
            .await
    }

    /// The session with this id, if `secret` proves it and it has not ended. In which
    /// state its account is, is for the rules to judge: a closed one is told so where it asks for something.
    pub async fn session(&self, id: SessionId, secret: &Secret, now: Time) -> Result<Option<SignedIn>> {
        const FIND: &str = concat!(
            "SELECT s.digest, s.expires_at, ",
            user_columns!(),
            ", u.is_operator
             FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = $1"
        );
        let Some(row) = self.db.row(FIND, &[id.into()]).await? else { return Ok(None) };
        if row.get::<Digest>("digest")? != secret.digest() || now >= row.get("expires_at")? {
            return Ok(None);
        }
        Ok(Some(SignedIn { id, user: read_user(&row)?, is_operator: row.get("is_operator")? }))
    }

    /// Ends a session. Nothing happens without its secret.
    pub async fn sign_out(&self, id: SessionId, digest: Digest) -> Result<bool> {
        self.change("DELETE FROM sessions WHERE id = $1 AND digest = $2", [id.into(), digest.into()]).await
    }

    /// Whether this browser has signed in to this account before.
    pub async fn knows_device(&self, id: DeviceId, secret: &Secret, user: UserId, now: Time) -> Result<bool> {
        const FIND: &str = "SELECT digest, user_id, expires_at FROM devices WHERE id = $1";
        let Some(row) = self.db.row(FIND, &[id.into()]).await? else { return Ok(false) };
        let proved = row.get::<Digest>("digest")? == secret.digest();
        Ok(proved && row.get::<UserId>("user_id")? == user && now < row.get("expires_at")?)
    }
}
