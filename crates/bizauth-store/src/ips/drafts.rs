//! The draft of the next version of the IP list: one for all operators, so that two do not publish past each other.
//!
//! What is in it is the door's to say; here it is a text with a revision, and whoever writes says which one they read.

use bizauth_core::time::Time;

use crate::Store;
use crate::audit::{By, Change};
use crate::db::{Result, Tx, commit, roll_back};

/// A draft, as it was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Counts its changes, from 1.
    pub revision: i64,
    /// The version that it began with; 0 if there was none.
    pub based_on: i64,
    /// What is in it, as the door wrote it down.
    pub content: String,
    /// When it was last changed.
    pub changed_at: Time,
    /// By whom, for people.
    pub changed_by: String,
}

/// What became of a change of the draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It was kept, as this revision.
    Done(i64),
    /// Somebody else was first. Nothing was changed.
    Overtaken,
}

impl Store {
    /// The draft, if there is one.
    pub async fn ip_draft(&self) -> Result<Option<Draft>> {
        const DRAFT: &str = "SELECT revision, based_on, content, changed_at, changed_by FROM ip_drafts WHERE id = 1";
        let Some(row) = self.db.row(DRAFT, &[]).await? else { return Ok(None) };
        Ok(Some(Draft {
            revision: row.get("revision")?,
            based_on: row.get("based_on")?,
            content: row.get("content")?,
            changed_at: row.get("changed_at")?,
            changed_by: row.get("changed_by")?,
        }))
    }
}

impl By {
    /// Keeps `content` as the draft. `read` is the revision that was read, 0 if there was no draft; `based_on` counts
    /// for a new one only.
    pub async fn keep_ip_draft(&self, content: String, based_on: i64, read: i64) -> Result<Kept> {
        // Revisions of one draft and the next never meet: a page that is open since the one before changes nothing.
        const MAKE: &str = "INSERT INTO ip_drafts (id, revision, based_on, content, changed_at, changed_by)
             VALUES (1, $1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING RETURNING revision";
        const CHANGE: &str =
            "UPDATE ip_drafts SET revision = revision + 1, content = $1, changed_at = $2, changed_by = $3
             WHERE id = 1 AND revision = $4 RETURNING revision";
        let (actor, now, ids) = (self.actor.clone(), self.actor.at, self.store.ids.clone());
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let note = SEEN.change("ip_list.draft").begin(tx, &actor).await?;
                let (content, name) = (content.as_str(), actor.name.as_str());
                let row = match read {
                    0 => {
                        let first = ids.next(now);
                        tx.row(MAKE, &[first.into(), based_on.into(), content.into(), now.into(), name.into()]).await?
                    }
                    _ => tx.row(CHANGE, &[content.into(), now.into(), name.into(), read.into()]).await?,
                };
                let Some(row) = row else { return roll_back(Kept::Overtaken) };
                note.end(tx).await?;
                commit(Kept::Done(row.get("revision")?))
            })
            .await
    }

    /// Throws the draft away, if it is still the one that was read.
    pub async fn discard_ip_draft(&self, read: i64) -> Result<bool> {
        const DISCARD: &str = "DELETE FROM ip_drafts WHERE id = 1 AND revision = $1";
        self.change(SEEN.change("ip_list.discard"), DISCARD, [read.into()]).await
    }
}

/// What the log says of a draft: that there is one, not what is in it. What is published is kept for good anyway.
struct Seen(&'static str);

const SEEN: Seen = Seen("SELECT based_on FROM ip_drafts WHERE id = 1");

impl Seen {
    fn change(&self, act: &'static str) -> Change {
        Change::new(act, ("ip_list", "draft"), self.0, [])
    }
}
