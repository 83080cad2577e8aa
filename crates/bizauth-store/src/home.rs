//! Copies of the database: making one, knowing one again, and accepting one.
//!
//! What was revoked after a copy was made lives again in it. So a copy made here bears a mark, and every database knows
//! where it is at home; whoever serves asks both first.

use std::path::Path;

use bizauth_core::id::KeyId;
use bizauth_core::time::Time;

use crate::audit::{By, Change};
use crate::db::{Result, Tx, Value, commit, roll_back};
use crate::{Error, Store};

/// What a database knows of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    /// Where it was served last; nothing before the first time.
    pub place: Option<String>,
    /// When it was copied, if it is a copy that nobody has accepted.
    pub copied_at: Option<Time>,
    /// Tokens that nobody has revoked, as far as it knows.
    pub tokens: i64,
}

/// Which tokens of a copy end with its acceptance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ends {
    /// All of them: nothing that was revoked since can live.
    All,
    /// Those of these keys.
    OfKeys(Vec<KeyId>),
    /// None: what was revoked since the copy was made lives again.
    None,
}

/// What an acceptance did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// Tokens that ended.
    pub ended: u64,
    /// Tokens that go on, some of which may have been revoked since.
    pub kept: i64,
    /// Sessions that ended.
    pub sessions: u64,
}

impl Store {
    /// Copies the embedded database into the new file at `to`, as it is at this instant, while it is served; and marks
    /// the copy. The file must be there and empty, so that whoever calls decides who may read it.
    ///
    /// # Errors
    /// What SQLite says; and on PostgreSQL, which has its own programs for that.
    pub async fn copy_to(&self, to: &Path, now: Time) -> Result<()> {
        self.db.copy_to(to, now).await
    }

    /// Where the engine itself says that this database is: a restore by PostgreSQL's programs makes other tables, with
    /// other numbers. An embedded one is a file, which does not know.
    pub async fn place(&self) -> Result<Option<String>> {
        self.db.place().await
    }

    /// What this database knows of itself.
    pub async fn home(&self) -> Result<Home> {
        const HOME: &str = "SELECT place, copied_at, (SELECT COUNT(*) FROM tokens WHERE revoked_at IS NULL) AS tokens
             FROM home WHERE id = 1";
        let row = self.db.row(HOME, &[]).await?.ok_or(Error::Closed)?;
        Ok(Home { place: row.get("place")?, copied_at: row.get("copied_at")?, tokens: row.get("tokens")? })
    }

    /// Where the database is served and whether it is a copy: [`Store::home`] without the counting, for every start.
    pub async fn served_at(&self) -> Result<(Option<String>, Option<Time>)> {
        let row = self.db.row("SELECT place, copied_at FROM home WHERE id = 1", &[]).await?.ok_or(Error::Closed)?;
        Ok((row.get("place")?, row.get("copied_at")?))
    }

    /// Writes down where the database is served from now on.
    pub async fn serve_at(&self, place: String) -> Result<()> {
        self.change("UPDATE home SET place = $1 WHERE id = 1", [place.into()]).await.map(drop)
    }
}

impl By {
    /// Takes a copy for the database from now on, at home in `place`. Sessions, consent screens and codes of the copy
    /// end in any case: they are short-lived, and a code that was redeemed since would work once more.
    pub async fn accept_copy(&self, ends: Ends, place: Option<String>) -> Result<Accepted> {
        const SEE: &str = "SELECT place, copied_at FROM home WHERE id = $1";
        const KEEP: &str = "UPDATE home SET place = $1, copied_at = NULL WHERE id = 1";
        const SPEND: &str = "UPDATE codes SET redeemed_at = $1 WHERE redeemed_at IS NULL";
        const ALL: &str = "UPDATE tokens SET revoked_at = $1, updated_at = $1 WHERE revoked_at IS NULL";
        const OF_KEY: &str =
            "UPDATE tokens SET revoked_at = $1, updated_at = $1 WHERE key_id = $2 AND revoked_at IS NULL";
        const LEFT: &str = "SELECT COUNT(*) AS kept FROM tokens WHERE revoked_at IS NULL";
        let actor = self.actor.clone();
        let said = match &ends {
            Ends::All => "all".to_owned(),
            Ends::None => "none".to_owned(),
            Ends::OfKeys(keys) => keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        };
        let change = Change::new("restore.accept", ("platform", "database"), SEE, vec![1.into()]);
        let change = change.about("tokens_ended_of", said);
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                tx.take_your_time().await?;
                let note = change.begin(tx, &actor).await?;
                let now: Value = actor.at.into();
                if tx.execute(KEEP, &[place.clone().into()]).await? == 0 {
                    return roll_back(Accepted::default());
                }
                let mut done =
                    Accepted { sessions: tx.execute("DELETE FROM sessions", &[]).await?, ..Accepted::default() };
                tx.execute("DELETE FROM login_steps", &[]).await?;
                tx.execute("DELETE FROM pending", &[]).await?;
                tx.execute(SPEND, std::slice::from_ref(&now)).await?;
                match &ends {
                    Ends::All => done.ended = tx.execute(ALL, &[now]).await?,
                    Ends::None => {}
                    Ends::OfKeys(keys) => {
                        for key in keys {
                            done.ended += tx.execute(OF_KEY, &[now.clone(), (*key).into()]).await?;
                        }
                    }
                }
                let left = tx.row(LEFT, &[]).await?;
                done.kept = left.map_or(Ok(0), |row| row.get("kept"))?;
                note.end(tx).await?;
                commit(done)
            })
            .await
    }
}
