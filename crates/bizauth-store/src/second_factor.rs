//! The second factor: sealed seeds of one-time passwords, recovery codes, and sign-ins that wait for either.
//!
//! Every step of a one-time password and every recovery code counts once: the guarded statement is the verdict, also
//! for those who come at the same time.

use bizauth_core::id::{DeviceId, LoginStepId, SessionId, UserId};
use bizauth_core::secret::{Digest, Secret};
use bizauth_core::time::Time;
use bizauth_core::user::User;

use crate::Store;
use crate::audit::{By, Change};
use crate::db::{Result, Row, Tx, commit, roll_back};
use crate::sessions::{NewSession, claim_password, noted, open};
use crate::users::{read_user, user_columns};

/// The second factor of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecondFactor {
    /// The seed, sealed.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub made_at: Time,
    /// Since when it is asked for; not before its owner proved to have it.
    pub confirmed_at: Option<Time>,
    /// Recovery codes that are left.
    pub recovery_left: i64,
}

/// What proves the second factor, judged right already: what is left to see is whether it counts for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The one-time password of this step.
    Step(i64),
    /// A recovery code.
    Recovery(Digest),
}

/// A sign-in whose password was right.
#[derive(Clone, Debug)]
pub struct NewLoginStep {
    /// What proves it.
    pub digest: Digest,
    /// The account and its era, as they were when the password was right.
    pub user: (UserId, i64),
    /// The hash that the password proved itself against.
    pub proved: String,
    /// Whether the session shall last.
    pub stay: bool,
    /// Where the person goes then.
    pub next: String,
    /// When it ends.
    pub expires_at: Time,
}

/// A sign-in that waits for its second factor.
#[derive(Clone, Debug)]
pub struct LoginStep {
    /// Its id.
    pub id: LoginStepId,
    /// Whose it is.
    pub user: User,
    /// Whether the session shall last.
    pub stay: bool,
    /// Where the person goes then.
    pub next: String,
}

/// What became of a sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// Signed in.
    In(SessionId, DeviceId),
    /// The sign-in was finished before, or is too old.
    Over,
    /// What was given counted before. The sign-in still waits.
    Spent,
}

/// What the log may know.
const SEE: &str = "SELECT t.confirmed_at, (SELECT COUNT(*) FROM recovery_codes r WHERE r.user_id = t.user_id
         AND r.used_at IS NULL) AS recovery_codes
     FROM totp t WHERE t.user_id = $1";

impl Store {
    /// The second factor of an account, confirmed or not.
    pub async fn second_factor(&self, user: UserId) -> Result<Option<SecondFactor>> {
        const FIND: &str = "SELECT t.sealed, t.made_at, t.confirmed_at, (SELECT COUNT(*) FROM recovery_codes r
                 WHERE r.user_id = t.user_id AND r.used_at IS NULL) AS recovery_left
             FROM totp t WHERE t.user_id = $1";
        let read = |row: Row| {
            Ok(SecondFactor {
                sealed: row.get("sealed")?,
                made_at: row.get("made_at")?,
                confirmed_at: row.get("confirmed_at")?,
                recovery_left: row.get("recovery_left")?,
            })
        };
        self.db.row(FIND, &[user.into()]).await?.map(read).transpose()
    }

    /// Keeps a sign-in whose password was right until its second factor comes. `None`: the password is another by now.
    pub async fn begin_login_step(&self, new: NewLoginStep, now: Time) -> Result<Option<LoginStepId>> {
        const BEGIN: &str = "INSERT INTO login_steps (id, digest, user_id, user_era, stay, next, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let ids = self.ids.clone();
        self.db
            .write(async move |tx: &mut Tx<'_>| {
                if !claim_password(tx, new.user.0, &new.proved).await? {
                    return roll_back(None);
                }
                let id = LoginStepId(ids.next(now));
                let row = [
                    id.into(),
                    new.digest.into(),
                    new.user.0.into(),
                    new.user.1.into(),
                    new.stay.into(),
                    new.next.clone().into(),
                    new.expires_at.into(),
                ];
                tx.execute(BEGIN, &row).await?;
                commit(Some(id))
            })
            .await
    }

    /// The sign-in with this id, if `secret` proves it and it still waits.
    pub async fn login_step(&self, id: LoginStepId, secret: &Secret, now: Time) -> Result<Option<LoginStep>> {
        const FIND: &str = concat!(
            "SELECT s.digest, s.stay, s.next, s.expires_at, s.used_at, s.user_era AS step_era, ",
            user_columns!(),
            " FROM login_steps s JOIN users u ON u.id = s.user_id WHERE s.id = $1"
        );
        let Some(row) = self.db.row(FIND, &[id.into()]).await? else { return Ok(None) };
        let user = read_user(&row)?;
        let over = now >= row.get("expires_at")?
            || row.get::<Option<Time>>("used_at")?.is_some()
            || row.get::<i64>("step_era")? != user.era;
        if over || row.get::<Digest>("digest")? != secret.digest() {
            return Ok(None);
        }
        Ok(Some(LoginStep { id, user, stay: row.get("stay")?, next: row.get("next")? }))
    }

    /// Finishes a sign-in: takes its one use, the proof's one use, and opens the session; or nothing of it.
    pub async fn finish_login_step(
        &self,
        step: (LoginStepId, Digest),
        proof: Proof,
        session: NewSession,
        now: Time,
    ) -> Result<Finish> {
        const WHOSE: &str = "SELECT user_id FROM login_steps WHERE id = $1";
        const CLAIM: &str = "UPDATE login_steps SET used_at = $1
             WHERE id = $2 AND digest = $3 AND used_at IS NULL AND expires_at > $1
               AND user_era = (SELECT u.era FROM users u WHERE u.id = login_steps.user_id)
             RETURNING user_id";
        let ids = self.ids.clone();
        self.db
            .write(async move |tx: &mut Tx<'_>| {
                let Some(row) = tx.row(WHOSE, &[step.0.into()]).await? else { return roll_back(Finish::Over) };
                let proved = match proof {
                    Proof::Step(_) => "one-time password",
                    Proof::Recovery(_) => "recovery code",
                };
                let note = noted(tx, row.get("user_id")?, proved, &session, now).await?;
                let Some(row) = tx.row(CLAIM, &[now.into(), step.0.into(), step.1.into()]).await? else {
                    return roll_back(Finish::Over);
                };
                let user: UserId = row.get("user_id")?;
                if !spend(tx, user, proof, now).await? {
                    return roll_back(Finish::Spent);
                }
                let (session, device) = open(tx, &ids, user, &session, now).await?;
                if let Some(note) = note {
                    note.end(tx).await?;
                }
                commit(Finish::In(session, device))
            })
            .await
    }

    /// A page of all sealed seeds, by account: those behind `after`, at most `most`. For the change of a master key.
    pub async fn sealed_seeds(&self, after: UserId, most: i64) -> Result<Vec<(UserId, Vec<u8>)>> {
        const PAGE: &str = "SELECT user_id, sealed FROM totp WHERE user_id > $1 ORDER BY user_id LIMIT $2";
        let rows = self.db.rows(PAGE, &[after.into(), most.into()]).await?;
        rows.iter().map(|row| Ok((row.get("user_id")?, row.get("sealed")?))).collect()
    }
}

impl By {
    /// Puts other seals on the same seeds: of each account the old seal and the new one. Says how many there were; a
    /// seed that is another by now is left as it is.
    pub async fn reseal(&self, seals: Vec<(UserId, Vec<u8>, Vec<u8>)>) -> Result<u64> {
        const RESEAL: &str = "UPDATE totp SET sealed = $1 WHERE user_id = $2 AND sealed = $3";
        let actor = self.actor.clone();
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let change = Change::event("master_key.reseal", ("platform", "master_key"));
                let mut note = change.begin(tx, &actor).await?;
                let mut changed = 0;
                for (user, from, to) in &seals {
                    changed += tx.execute(RESEAL, &[to.clone().into(), (*user).into(), from.clone().into()]).await?;
                }
                if changed == 0 {
                    return roll_back(0);
                }
                note.fact("seeds", i64::try_from(changed).unwrap_or(i64::MAX));
                note.end(tx).await?;
                commit(changed)
            })
            .await
    }

    /// Notes that somebody who knew the password gave a wrong second factor. `step` says where: signing in, or on a
    /// page that asks for it.
    pub async fn note_wrong_factor(&self, user: UserId, step: &'static str) -> Result<()> {
        let actor = self.actor.clone();
        let change = Change::event("second_factor.refuse", ("account", user)).about("step", step);
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                change.begin(tx, &actor).await?.end(tx).await?;
                commit(())
            })
            .await
    }

    /// Keeps the seed of a second factor that is not asked for yet, in the place of an earlier such seed. `false`: the
    /// account has a second factor.
    pub async fn begin_second_factor(&self, user: UserId, sealed: Vec<u8>) -> Result<bool> {
        const BEGIN: &str = "INSERT INTO totp (user_id, sealed, made_at, last_step) VALUES ($1, $2, $3, 0)
             ON CONFLICT (user_id) DO UPDATE SET sealed = excluded.sealed, made_at = excluded.made_at
                 WHERE totp.confirmed_at IS NULL";
        let change = Change::new("second_factor.begin", ("account", user), SEE, [user.into()]);
        self.change(change, BEGIN, [user.into(), sealed.into(), self.actor.at.into()]).await
    }

    /// Asks for the second factor from now on: its owner proved to have this very seed with the password of `step`.
    /// `false`: it was confirmed before, or the seed is another by now.
    pub async fn confirm_second_factor(
        &self,
        user: UserId,
        sealed: Vec<u8>,
        step: i64,
        recovery: Vec<Digest>,
    ) -> Result<bool> {
        const CONFIRM: &str = "UPDATE totp SET confirmed_at = $1, last_step = $2
             WHERE user_id = $3 AND sealed = $4 AND confirmed_at IS NULL";
        let actor = self.actor.clone();
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let change = Change::new("second_factor.confirm", ("account", user), SEE, [user.into()]);
                let note = change.begin(tx, &actor).await?;
                // Whoever is signing in with the password alone comes before, or hears of the factor.
                tx.execute("UPDATE users SET era = era WHERE id = $1", &[user.into()]).await?;
                let params = [actor.at.into(), step.into(), user.into(), sealed.clone().into()];
                if tx.execute(CONFIRM, &params).await? == 0 {
                    return roll_back(false);
                }
                give_recovery(tx, user, &recovery).await?;
                note.end(tx).await?;
                commit(true)
            })
            .await
    }

    /// Gives out other recovery codes; those of before count no more. `false`: the proof counted before.
    pub async fn replace_recovery_codes(&self, user: UserId, proof: Proof, recovery: Vec<Digest>) -> Result<bool> {
        let actor = self.actor.clone();
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let change = Change::new("recovery_codes.replace", ("account", user), SEE, [user.into()]);
                let note = change.begin(tx, &actor).await?;
                if !spend(tx, user, proof, actor.at).await? {
                    return roll_back(false);
                }
                give_recovery(tx, user, &recovery).await?;
                note.end(tx).await?;
                commit(true)
            })
            .await
    }

    /// Takes the second factor away in the hands of its owner. `false`: the proof counted before.
    pub async fn disable_second_factor(&self, user: UserId, proof: Proof) -> Result<bool> {
        let actor = self.actor.clone();
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let change = Change::new("second_factor.disable", ("account", user), SEE, [user.into()]);
                let note = change.begin(tx, &actor).await?;
                if !spend(tx, user, proof, actor.at).await? {
                    return roll_back(false);
                }
                remove(tx, user).await?;
                note.end(tx).await?;
                commit(true)
            })
            .await
    }

    /// Takes an account's second factor away: what an operator does for somebody who has lost it. Sign-ins that wait
    /// for it are over. `false`: there was none.
    pub async fn remove_second_factor(&self, user: UserId) -> Result<bool> {
        let actor = self.actor.clone();
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let change = Change::new("second_factor.remove", ("account", user), SEE, [user.into()]);
                let note = change.begin(tx, &actor).await?;
                if remove(tx, user).await? == 0 {
                    return roll_back(false);
                }
                note.end(tx).await?;
                commit(true)
            })
            .await
    }
}

/// Takes the proof's one use.
async fn spend(tx: &mut Tx<'_>, user: UserId, proof: Proof, now: Time) -> Result<bool> {
    const STEP: &str =
        "UPDATE totp SET last_step = $1 WHERE user_id = $2 AND last_step < $1 AND confirmed_at IS NOT NULL";
    const RECOVERY: &str =
        "UPDATE recovery_codes SET used_at = $1 WHERE user_id = $2 AND digest = $3 AND used_at IS NULL";
    let spent = match proof {
        Proof::Step(step) => tx.execute(STEP, &[step.into(), user.into()]).await?,
        Proof::Recovery(digest) => tx.execute(RECOVERY, &[now.into(), user.into(), digest.into()]).await?,
    };
    Ok(spent > 0)
}

/// Recovery codes in the place of all that were given out before.
async fn give_recovery(tx: &mut Tx<'_>, user: UserId, recovery: &[Digest]) -> Result<()> {
    tx.execute("DELETE FROM recovery_codes WHERE user_id = $1", &[user.into()]).await?;
    for digest in recovery {
        const GIVE: &str = "INSERT INTO recovery_codes (user_id, digest) VALUES ($1, $2)";
        tx.execute(GIVE, &[user.into(), (*digest).into()]).await?;
    }
    Ok(())
}

async fn remove(tx: &mut Tx<'_>, user: UserId) -> Result<u64> {
    tx.execute("DELETE FROM recovery_codes WHERE user_id = $1", &[user.into()]).await?;
    tx.execute("DELETE FROM login_steps WHERE user_id = $1", &[user.into()]).await?;
    tx.execute("DELETE FROM totp WHERE user_id = $1", &[user.into()]).await
}
