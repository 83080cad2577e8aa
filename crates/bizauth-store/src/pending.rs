//! Consent screens that were shown and wait for their answer.

use bizauth_core::asset::Resource;
use bizauth_core::authorize::{Asked, State, Wanted};
use bizauth_core::code::Challenge;
use bizauth_core::id::{PendingId, SessionId, UserId};
use bizauth_core::redirect::Destination;
use bizauth_core::scope::{self, GroupId, joined};
use bizauth_core::secret::{Digest, Secret};
use bizauth_core::time::Time;

use crate::Store;
use crate::db::{Error, Result, Row, Tx, commit};

/// Screens that one session may have open. Nobody answers more tabs than this, and nobody can fill the table.
const MOST_PER_SESSION: i64 = 30;

/// A request to be parked while the person decides.
#[derive(Clone, Debug)]
pub struct NewPending {
    /// What proves the right to its address.
    pub digest: Digest,
    /// The browser it was shown to.
    pub session: SessionId,
    /// The account it was shown to.
    pub user: UserId,
    /// The REST API key that asks.
    pub client_id: String,
    /// What it asks for.
    pub asked: Asked,
    /// What is ticked at first, as [`Parked::picks`].
    pub picks: String,
    /// When it ends.
    pub expires_at: Time,
}

/// A parked request.
#[derive(Clone, Debug)]
pub struct Parked {
    /// Its id.
    pub id: PendingId,
    /// The browser it was shown to: nobody else may answer.
    pub session: SessionId,
    /// The account it was shown to.
    pub user: UserId,
    /// The REST API key that asks.
    pub client_id: String,
    /// What it asks for.
    pub asked: Asked,
    /// What is ticked so far: the door's own notation.
    pub picks: String,
    /// Answered already, or too old.
    pub over: bool,
}

impl Store {
    /// Parks a request. A session keeps its newest few dozen; older ones are forgotten.
    pub async fn park(&self, new: NewPending, now: Time) -> Result<PendingId> {
        const PARK: &str =
            "INSERT INTO pending (id, digest, session_id, user_id, client_id, redirect_uri, state, items,
                 wanted, challenge, picks, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
        const FORGET: &str = "DELETE FROM pending WHERE session_id = $1
             AND id NOT IN (SELECT id FROM pending WHERE session_id = $2 ORDER BY id DESC LIMIT $3)";
        let ids = self.ids.clone();
        self.db
            .write(async move |tx: &mut Tx<'_>| {
                let id = PendingId(ids.next(now));
                let asked = &new.asked;
                let row = [
                    id.into(),
                    new.digest.into(),
                    new.session.into(),
                    new.user.into(),
                    new.client_id.clone().into(),
                    asked.destination.uri().into(),
                    asked.state.as_ref().map(|state| state.0.clone()).into(),
                    joined(&asked.items, ",").into(),
                    wanted_to_text(&asked.wanted).into(),
                    asked.challenge.as_ref().map(|challenge| challenge.text().to_owned()).into(),
                    new.picks.clone().into(),
                    new.expires_at.into(),
                ];
                tx.execute(PARK, &row).await?;
                let session = new.session;
                tx.execute(FORGET, &[session.into(), session.into(), MOST_PER_SESSION.into()]).await?;
                commit(id)
            })
            .await
    }

    /// The parked request with this id, if `secret` proves it and it was shown to this browser.
    pub async fn parked(&self, id: PendingId, secret: &Secret, now: Time) -> Result<Option<Parked>> {
        const FIND: &str =
            "SELECT id, digest, session_id, user_id, client_id, redirect_uri, state, items, wanted, challenge,
                 picks, expires_at, decided_at FROM pending WHERE id = $1";
        let Some(row) = self.db.row(FIND, &[id.into()]).await? else { return Ok(None) };
        if row.get::<Digest>("digest")? != secret.digest() {
            return Ok(None);
        }
        read(&row, now).map(Some)
    }

    /// Notes what is ticked so far. `false`: it is over.
    pub async fn keep_picks(&self, id: PendingId, digest: Digest, picks: String) -> Result<bool> {
        const KEEP: &str = "UPDATE pending SET picks = $1 WHERE id = $2 AND digest = $3 AND decided_at IS NULL";
        self.change(KEEP, [picks.into(), id.into(), digest.into()]).await
    }

    /// The person declined. `false`: it was over before.
    pub async fn decline(&self, id: PendingId, digest: Digest, session: SessionId, now: Time) -> Result<bool> {
        self.db.write(async move |tx: &mut Tx<'_>| commit(decide(tx, (id, digest), session, now).await?)).await
    }
}

/// Claims the answer to a parked request: exactly one caller ever gets `true`.
pub(crate) async fn decide(
    tx: &mut Tx<'_>,
    pending: (PendingId, Digest),
    session: SessionId,
    now: Time,
) -> Result<bool> {
    const DECIDE: &str = "UPDATE pending SET decided_at = $1
         WHERE id = $2 AND digest = $3 AND session_id = $4 AND decided_at IS NULL AND expires_at > $1";
    let params = [now.into(), pending.0.into(), pending.1.into(), session.into()];
    Ok(tx.execute(DECIDE, &params).await? > 0)
}

fn read(row: &Row, now: Time) -> Result<Parked> {
    let challenge: Option<String> = row.get("challenge")?;
    let asked = Asked {
        destination: Destination::recall(row.get("redirect_uri")?),
        state: row.get::<Option<String>>("state")?.map(State),
        items: scope::ids(&row.get::<String>("items")?),
        wanted: wanted_from_text(&row.get::<String>("wanted")?)?,
        challenge: challenge.as_deref().and_then(Challenge::read),
    };
    Ok(Parked {
        id: row.get("id")?,
        session: row.get("session_id")?,
        user: row.get("user_id")?,
        client_id: row.get("client_id")?,
        asked,
        picks: row.get("picks")?,
        over: row.get::<Option<Time>>("decided_at")?.is_some() || now >= row.get("expires_at")?,
    })
}

/// `moment:? keyword:*` or `moment:1 moment:2`: `?` is the person's choice. Neither sign occurs in ids.
fn wanted_to_text(wanted: &[(GroupId, Wanted)]) -> String {
    let mut words = Vec::new();
    for (group, wanted) in wanted {
        match wanted {
            Wanted::Choice => words.push(format!("{group}:?")),
            Wanted::All => words.push(format!("{group}:*")),
            Wanted::Named(ids) => words.extend(ids.iter().map(|id| format!("{group}:{id}"))),
        }
    }
    words.join(" ")
}

fn wanted_from_text(text: &str) -> Result<Vec<(GroupId, Wanted)>> {
    let wrong = Error::Column { table: "pending", column: "wanted", wanted: "group:asset words", found: "other text" };
    let mut wanted: Vec<(GroupId, Wanted)> = Vec::new();
    for word in text.split_whitespace() {
        if let Some(group) = word.strip_suffix(":?") {
            wanted.push((group.into(), Wanted::Choice));
            continue;
        }
        match (Resource::read(word).ok_or_else(|| wrong.clone())?, wanted.last_mut()) {
            (Resource::All(group), _) => wanted.push((group, Wanted::All)),
            (Resource::One(group, id), Some((last, Wanted::Named(ids)))) if *last == group => ids.push(id),
            (Resource::One(group, id), _) => wanted.push((group, Wanted::Named(vec![id]))),
        }
    }
    Ok(wanted)
}

#[cfg(test)]
mod tests {
    use bizauth_core::asset::AssetId;

    use super::*;

    #[test]
    fn what_was_asked_survives_the_record() {
        let ids = |ids: &[&str]| Wanted::Named(ids.iter().map(|id| AssetId((*id).to_owned())).collect());
        for wanted in [
            vec![],
            vec![("moment".into(), Wanted::Choice), ("keyword".into(), Wanted::All)],
            vec![("moment".into(), ids(&["1", "_x-2"])), ("keyword".into(), ids(&["1"])), ("x".into(), Wanted::Choice)],
        ] {
            assert_eq!(wanted_from_text(&wanted_to_text(&wanted)).unwrap(), wanted);
        }
        assert!(wanted_from_text("moment").is_err());
    }
}
