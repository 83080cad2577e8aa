//! Signed-in browsers, and browsers that have signed in before.

use std::time::Duration;

use bizauth_core::id::{DeviceId, IdSource, SessionId, UserId};
use bizauth_core::secret::{Digest, Secret};
use bizauth_core::time::Time;
use bizauth_core::user::User;

use crate::Store;
use crate::audit::{Acting, Actor, By, Change, Note, Who};
use crate::db::{Result, Row, Tx, commit, roll_back};
use crate::leaf::{Leaf, Turn};
use crate::users::{read_user, user_columns};

/// A session that is alive.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Its id.
    pub id: SessionId,
    /// Whose it is.
    pub user: User,
    /// Whether the account operates this platform.
    pub is_operator: bool,
    /// When it was last seen, as far as that was noted.
    pub used_at: Time,
    /// How long it lives, from its beginning to its end.
    pub life: Duration,
}

/// A browser that is about to be signed in.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// The digest of the session, and when it ends.
    pub session: (Digest, Time),
    /// The digest of the mark by which the browser is known again, and when that ends.
    pub device: (Digest, Time),
    /// The session that the same browser had: it ends (an id kept over the login would let another's be planted).
    pub earlier: Option<(SessionId, Digest)>,
    /// The mark that the same browser had: the new one takes its place.
    pub known: Option<(DeviceId, Digest)>,
    /// Where it comes from.
    pub address: Option<String>,
    /// What it says it is.
    pub agent: Option<String>,
}

/// A session, for its owner's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    /// Its id.
    pub id: SessionId,
    /// Where it was last seen.
    pub address: Option<String>,
    /// What the browser says it is.
    pub agent: Option<String>,
    /// When it began.
    pub created_at: Time,
    /// When it was last seen.
    pub used_at: Time,
}

/// A browser that has signed in before, for its owner's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRecord {
    /// Its id.
    pub id: DeviceId,
    /// What the browser says it is.
    pub agent: Option<String>,
    /// When it last signed in.
    pub created_at: Time,
}

impl Store {
    /// Signs a browser in: a new session, and a mark by which the browser is known again. `proved` is the hash that the
    /// password proved itself against. `None`: the password is another by now, or a second factor is asked for.
    pub async fn sign_in(
        &self,
        user: UserId,
        proved: String,
        new: NewSession,
        now: Time,
    ) -> Result<Option<(SessionId, DeviceId)>> {
        const FACTOR: &str = "SELECT user_id FROM totp WHERE user_id = $1 AND confirmed_at IS NOT NULL";
        let ids = self.ids.clone();
        self.db
            .write(async move |tx: &mut Tx<'_>| {
                let note = noted(tx, user, "password", &new, now).await?;
                // The account's row is claimed first, in a statement of its own: what is read next is what whoever
                // changed the password or confirmed a factor meanwhile has committed.
                if !claim_password(tx, user, &proved).await? || tx.row(FACTOR, &[user.into()]).await?.is_some() {
                    return roll_back(None);
                }
                let opened = open(tx, &ids, user, &new, now).await?;
                if let Some(note) = note {
                    note.end(tx).await?;
                }
                commit(Some(opened))
            })
            .await
    }

    /// The session with this id, if `secret` proves it and it has not ended. In which
    /// state its account is, is for the rules to judge: a closed one is told so where it asks for something.
    pub async fn session(&self, id: SessionId, secret: &Secret, now: Time) -> Result<Option<SignedIn>> {
        const FIND: &str = concat!(
            "SELECT s.digest, s.created_at AS began_at, s.expires_at, COALESCE(s.used_at, s.created_at) AS used_at, ",
            user_columns!(),
            ", u.is_operator
             FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = $1"
        );
        let Some(row) = self.db.row(FIND, &[id.into()]).await? else { return Ok(None) };
        let ends_at: Time = row.get("expires_at")?;
        if row.get::<Digest>("digest")? != secret.digest() || now >= ends_at {
            return Ok(None);
        }
        let (is_operator, used_at) = (row.get("is_operator")?, row.get("used_at")?);
        let life = ends_at.since(row.get("began_at")?);
        Ok(Some(SignedIn { id, user: read_user(&row)?, is_operator, used_at, life }))
    }

    /// Writes down that a session was seen, and where.
    pub async fn note_visit(&self, id: SessionId, address: String, now: Time) -> Result<()> {
        const NOTE: &str = "UPDATE sessions SET used_at = $1, address = $2
             WHERE id = $3 AND COALESCE(used_at, created_at) < $1";
        self.change(NOTE, [now.into(), address.into(), id.into()]).await?;
        Ok(())
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

    /// The live sessions of an account, newest first: those with a smaller id than `before`, at most `most`.
    pub async fn sessions_of(
        &self,
        user: UserId,
        before: Option<SessionId>,
        most: i64,
        now: Time,
    ) -> Result<Vec<SessionRecord>> {
        const ALL: &str =
            "SELECT id, address, agent, created_at, COALESCE(used_at, created_at) AS used_at FROM sessions
             WHERE (user_id, id) < ($1, $2) AND (user_id, id) > ($1, 0)
                 AND user_id IS NOT DISTINCT FROM $1 AND id < $2 AND expires_at > $3
             ORDER BY user_id DESC, id DESC LIMIT $4";
        let before = before.unwrap_or(SessionId(i64::MAX));
        let params = [user.into(), before.into(), now.into(), most.into()];
        self.db.rows(ALL, &params).await?.iter().map(read_session).collect()
    }

    /// A page of the live sessions of an account, newest first, for those who look after it.
    pub async fn sessions_page(
        &self,
        user: UserId,
        turn: &Turn<SessionId>,
        most: i64,
        now: Time,
    ) -> Result<Leaf<SessionRecord>> {
        const BACK: &str =
            "SELECT id, address, agent, created_at, COALESCE(used_at, created_at) AS used_at FROM sessions
             WHERE (user_id, id) > ($1, $2) AND (user_id, id) < ($1, 9223372036854775807)
                 AND user_id IS NOT DISTINCT FROM $1 AND id > $2 AND expires_at > $3
             ORDER BY user_id, id LIMIT $4";
        let rows = match turn {
            Turn::First => self.sessions_of(user, None, most + 1, now).await?,
            Turn::After(id) => self.sessions_of(user, Some(*id), most + 1, now).await?,
            Turn::Before(id) => {
                let params = [user.into(), (*id).into(), now.into(), (most + 1).into()];
                self.db.rows(BACK, &params).await?.iter().map(read_session).collect::<Result<_>>()?
            }
        };
        Ok(Leaf::of(turn, rows, most))
    }

    /// The browsers that are known to an account, newest first: those with a smaller id than `before`, at most `most`.
    pub async fn devices_of(
        &self,
        user: UserId,
        before: Option<DeviceId>,
        most: i64,
        now: Time,
    ) -> Result<Vec<DeviceRecord>> {
        const ALL: &str = "SELECT id, agent, created_at FROM devices
             WHERE (user_id, id) < ($1, $2) AND (user_id, id) > ($1, 0)
                 AND user_id IS NOT DISTINCT FROM $1 AND id < $2 AND expires_at > $3
             ORDER BY user_id DESC, id DESC LIMIT $4";
        let read = |row: &Row| {
            Ok(DeviceRecord { id: row.get("id")?, agent: row.get("agent")?, created_at: row.get("created_at")? })
        };
        let before = before.unwrap_or(DeviceId(i64::MAX));
        self.db.rows(ALL, &[user.into(), before.into(), now.into(), most.into()]).await?.iter().map(read).collect()
    }
}

fn read_session(row: &Row) -> Result<SessionRecord> {
    Ok(SessionRecord {
        id: row.get("id")?,
        address: row.get("address")?,
        agent: row.get("agent")?,
        created_at: row.get("created_at")?,
        used_at: row.get("used_at")?,
    })
}

/// What the log may know of the sessions of an account, or of the browsers that are known to it.
const SEE_SESSIONS: &str = "SELECT COUNT(*) AS sessions FROM sessions WHERE user_id = $1";
const SEE_DEVICES: &str = "SELECT COUNT(*) AS known_browsers FROM devices WHERE user_id = $1";

impl By {
    /// Ends one session of an account. `false`: it has no such session.
    pub async fn end_session(&self, user: UserId, session: SessionId) -> Result<bool> {
        const END: &str = "DELETE FROM sessions WHERE id = $1 AND user_id = $2";
        let change = Change::new("session.end", ("account", user), SEE_SESSIONS, [user.into()]);
        self.change(change.about("session", session), END, [session.into(), user.into()]).await
    }

    /// Ends all sessions of an account but this one, and sign-ins that wait for their second factor. `false`: there was
    /// no other.
    pub async fn end_other_sessions(&self, user: UserId, but: SessionId) -> Result<bool> {
        let change = Change::new("session.end_others", ("account", user), SEE_SESSIONS, [user.into()]);
        self.sign_out_all(change, user, Some(but)).await
    }

    /// Ends the sessions of an account, all or all but one, and its sign-ins that wait for their second factor.
    pub(crate) async fn sign_out_all(&self, change: Change, user: UserId, but: Option<SessionId>) -> Result<bool> {
        let actor = self.actor.clone();
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let note = change.begin(tx, &actor).await?;
                let (steps, sessions) = end_sign_ins(tx, user, but).await?;
                if steps + sessions == 0 {
                    return roll_back(false);
                }
                note.end(tx).await?;
                commit(true)
            })
            .await
    }

    /// Forgets a known browser of an account; its session goes on. `false`: the account knows no such browser.
    pub async fn forget_device(&self, user: UserId, device: DeviceId) -> Result<bool> {
        const FORGET: &str = "DELETE FROM devices WHERE id = $1 AND user_id = $2";
        let change = Change::new("device.forget", ("account", user), SEE_DEVICES, [user.into()]);
        self.change(change.about("device", device), FORGET, [device.into(), user.into()]).await
    }

    /// Forgets all known browsers of an account. `false`: it knew none.
    pub async fn forget_devices(&self, user: UserId) -> Result<bool> {
        const FORGET: &str = "DELETE FROM devices WHERE user_id = $1";
        let change = Change::new("device.forget_all", ("account", user), SEE_DEVICES, [user.into()]);
        self.change(change, FORGET, [user.into()]).await
    }

    /// Gives an account another password in the hands of its owner: every session ends, no other browser is known any
    /// more, and this browser goes on with a session of a new id. `old` is the hash that the password proved itself
    /// against: of two changes at once, one counts. `None`: the password is another by now.
    pub async fn change_password(
        &self,
        user: UserId,
        (old, new): (String, String),
        session: NewSession,
    ) -> Result<Option<(SessionId, DeviceId)>> {
        const SET: &str = "UPDATE users SET password = $1 WHERE id = $2 AND password = $3";
        let (ids, actor) = (self.store.ids.clone(), self.actor.clone());
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let change = Change::new("account.password", ("account", user), SEE_SESSIONS, [user.into()]);
                let note = change.begin(tx, &actor).await?;
                if tx.execute(SET, &[new.clone().into(), user.into(), old.clone().into()]).await? == 0 {
                    return roll_back(None);
                }
                end_all(tx, user).await?;
                let opened = open(tx, &ids, user, &session, actor.at).await?;
                note.end(tx).await?;
                commit(Some(opened))
            })
            .await
    }
}

/// Ends the sign-ins of an account that wait for their second factor, and its sessions, all or all but one; how many there
/// were of each. The former first: whoever is finishing one has committed the session when the next statement looks.
pub(crate) async fn end_sign_ins(tx: &mut Tx<'_>, user: UserId, but: Option<SessionId>) -> Result<(u64, u64)> {
    const STEPS: &str = "DELETE FROM login_steps WHERE user_id = $1 AND used_at IS NULL";
    const SESSIONS: &str = "DELETE FROM sessions WHERE user_id = $1 AND id <> $2";
    let steps = tx.execute(STEPS, &[user.into()]).await?;
    let sessions = tx.execute(SESSIONS, &[user.into(), but.unwrap_or(SessionId(0)).into()]).await?;
    Ok((steps, sessions))
}

/// Begins the entry about an operator's sign-in; those of others are in the list of their sessions. Before anything else
/// of the transaction: whoever changes the account claims the log first, too.
pub(crate) async fn noted(
    tx: &mut Tx<'_>,
    user: UserId,
    proof: &'static str,
    new: &NewSession,
    now: Time,
) -> Result<Option<Note>> {
    const OPERATOR: &str = "SELECT email FROM users WHERE id = $1 AND is_operator = 1";
    let Some(row) = tx.row(OPERATOR, &[user.into()]).await? else { return Ok(None) };
    let (who, name) = (Who::Account(user), row.get("email")?);
    let actor = Acting::of(Actor { who, name, from: new.address.clone(), at: now });
    let change = Change::new("session.begin", ("account", user), SEE_SESSIONS, [user.into()]);
    change.about("proof", proof).begin(tx, &actor).await.map(Some)
}

/// Ends all that an old password opened: sessions, known browsers, sign-ins that wait for their second factor.
pub(crate) async fn end_all(tx: &mut Tx<'_>, user: UserId) -> Result<()> {
    // The steps first: who is finishing one holds its row, and has committed the session when the next statement looks.
    tx.execute("DELETE FROM login_steps WHERE user_id = $1", &[user.into()]).await?;
    tx.execute("DELETE FROM sessions WHERE user_id = $1", &[user.into()]).await?;
    tx.execute("DELETE FROM devices WHERE user_id = $1", &[user.into()]).await?;
    Ok(())
}

/// Claims the account's row, if its password is still the one of this hash: whoever changes it comes before or after.
pub(crate) async fn claim_password(tx: &mut Tx<'_>, user: UserId, proved: &str) -> Result<bool> {
    const CLAIM: &str = "UPDATE users SET era = era WHERE id = $1 AND password = $2";
    Ok(tx.execute(CLAIM, &[user.into(), proved.into()]).await? > 0)
}

/// A new session and a new mark, in the place of those that the browser had.
pub(crate) async fn open(
    tx: &mut Tx<'_>,
    ids: &IdSource,
    user: UserId,
    new: &NewSession,
    now: Time,
) -> Result<(SessionId, DeviceId)> {
    const SESSION: &str = "INSERT INTO sessions (id, digest, user_id, created_at, expires_at, address, agent, used_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    const DEVICE: &str =
        "INSERT INTO devices (id, digest, user_id, created_at, expires_at, agent) VALUES ($1, $2, $3, $4, $5, $6)";
    if let Some((id, digest)) = new.earlier {
        tx.execute("DELETE FROM sessions WHERE id = $1 AND digest = $2", &[id.into(), digest.into()]).await?;
    }
    if let Some((id, digest)) = new.known {
        const FORGET: &str = "DELETE FROM devices WHERE id = $1 AND digest = $2 AND user_id = $3";
        tx.execute(FORGET, &[id.into(), digest.into(), user.into()]).await?;
    }
    let (id, known) = (SessionId(ids.next(now)), DeviceId(ids.next(now)));
    let agent = || new.agent.clone().into();
    let ((digest, ends), from) = (new.session, new.address.clone().into());
    let row = [id.into(), digest.into(), user.into(), now.into(), ends.into(), from, agent(), now.into()];
    tx.execute(SESSION, &row).await?;
    let (digest, ends) = new.device;
    let row = [known.into(), digest.into(), user.into(), now.into(), ends.into(), agent()];
    tx.execute(DEVICE, &row).await?;
    Ok((id, known))
}
