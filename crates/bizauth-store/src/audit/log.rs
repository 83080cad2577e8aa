//! The audit log, read: by filter and page, whole for an export, its chain proved; and its old end cut off.

use std::time::Duration;

use bizauth_core::audit::Entry;
use bizauth_core::secret::Digest;
use bizauth_core::time::Time;

use super::{By, Change};
use crate::Store;
use crate::db::{Result, Row, Tx, Value, commit, roll_back};

/// An entry with its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// What happened.
    pub entry: Entry,
    /// The digest over it and everything before it.
    pub digest: Digest,
}

/// Which entries are wanted. An empty filter wants all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// By the actor of this name.
    pub actor: Option<String>,
    /// Of this act, such as `app.delete`.
    pub act: Option<String>,
    /// On a thing: its kind and its id.
    pub on: Option<(String, String)>,
    /// Not before this time.
    pub since: Option<Time>,
    /// Before this time.
    pub until: Option<Time>,
}

/// Where the log ends, and where it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditHead {
    /// The last entry's place; 0 where there is none.
    pub seq: i64,
    /// Its digest.
    pub digest: Option<Digest>,
    /// The last entry that retention took.
    pub trimmed: i64,
}

/// The head of a log in which nothing was ever written.
const NO_HEAD: AuditHead = AuditHead { seq: 0, digest: None, trimmed: 0 };

/// What a walk along the chain found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every entry is there and as it was written.
    Whole(AuditHead),
    /// The entry at this place was altered, or one before it.
    Altered(i64),
    /// The entry at this place is missing.
    Missing(i64),
    /// An entry stands behind the head: the head was put back.
    BeyondHead(i64),
}

/// The columns of an entry.
macro_rules! columns {
    () => {
        "SELECT seq, at, actor_kind, actor_id, actor, address, act, on_kind, on_id, about, before, after, digest FROM audit_log"
    };
}
/// An entry, and which.
macro_rules! audit {
    ($rest:literal) => {
        concat!(columns!(), $rest)
    };
}
/// How far the clocks of two nodes may be apart.
const CLOCKS_DIFFER: Duration = Duration::from_secs(60 * 60);
/// How many entries a walk reads at a time.
const STRIDE: i64 = 1000;

impl Store {
    /// A page of the log, newest first: entries before the place `before`, at most `most`.
    pub async fn audit_page(&self, filter: &AuditFilter, before: Option<i64>, most: i64) -> Result<Vec<AuditRecord>> {
        // A text for each index: a planner that sees "or no filter" can use none of them. The times were made bounds on
        // the place first: the oldest page of a long log costs what the newest does.
        const ALL: &str = audit!(" WHERE seq > $1 AND seq < $2 AND at >= $3 AND at < $4 ORDER BY seq DESC LIMIT $5");
        const BY: &str = audit!(
            " WHERE (actor, seq) > ($1, $2) AND (actor, seq) < ($1, $3)
                 AND actor IS NOT DISTINCT FROM $1 AND seq > $2 AND seq < $3
                 AND at >= $4 AND at < $5 ORDER BY actor DESC, seq DESC LIMIT $6"
        );
        const OF: &str = audit!(
            " WHERE (act, seq) > ($1, $2) AND (act, seq) < ($1, $3)
                 AND act IS NOT DISTINCT FROM $1 AND seq > $2 AND seq < $3
                 AND at >= $4 AND at < $5 ORDER BY act DESC, seq DESC LIMIT $6"
        );
        const BY_OF: &str = audit!(
            " WHERE (actor, act, seq) > ($1, $2, $3) AND (actor, act, seq) < ($1, $2, $4)
                 AND actor IS NOT DISTINCT FROM $1 AND act IS NOT DISTINCT FROM $2 AND seq > $3 AND seq < $4
                 AND at >= $5 AND at < $6 ORDER BY actor DESC, act DESC, seq DESC LIMIT $7"
        );
        const ON: &str = audit!(
            " WHERE (on_kind, on_id, seq) > ($1, $2, $3) AND (on_kind, on_id, seq) < ($1, $2, $4)
                 AND on_kind IS NOT DISTINCT FROM $1 AND on_id IS NOT DISTINCT FROM $2 AND seq > $3 AND seq < $4
                 AND at >= $5 AND at < $6 ORDER BY on_kind DESC, on_id DESC, seq DESC LIMIT $7"
        );
        const ON_BY: &str = audit!(
            " WHERE (on_kind, on_id, actor, seq) > ($1, $2, $3, $4) AND (on_kind, on_id, actor, seq) < ($1, $2, $3, $5)
                 AND on_kind IS NOT DISTINCT FROM $1 AND on_id IS NOT DISTINCT FROM $2
                 AND actor IS NOT DISTINCT FROM $3 AND seq > $4 AND seq < $5
                 AND at >= $6 AND at < $7 ORDER BY on_kind DESC, on_id DESC, actor DESC, seq DESC LIMIT $8"
        );
        const ON_OF: &str = audit!(
            " WHERE (on_kind, on_id, act, seq) > ($1, $2, $3, $4) AND (on_kind, on_id, act, seq) < ($1, $2, $3, $5)
                 AND on_kind IS NOT DISTINCT FROM $1 AND on_id IS NOT DISTINCT FROM $2
                 AND act IS NOT DISTINCT FROM $3 AND seq > $4 AND seq < $5
                 AND at >= $6 AND at < $7 ORDER BY on_kind DESC, on_id DESC, act DESC, seq DESC LIMIT $8"
        );
        // What one actor did of one kind to one thing is a part of what was done so to it; the joint with nothing keeps
        // SQLite from the actor's index, whose order is another.
        const ON_BY_OF: &str = audit!(
            " WHERE (on_kind, on_id, act, seq) > ($1, $2, $3, $4) AND (on_kind, on_id, act, seq) < ($1, $2, $3, $5)
                 AND on_kind IS NOT DISTINCT FROM $1 AND on_id IS NOT DISTINCT FROM $2
                 AND act IS NOT DISTINCT FROM $3 AND seq > $4 AND seq < $5
                 AND at >= $6 AND at < $7 AND actor || '' = $8 ORDER BY on_kind DESC, on_id DESC, act DESC, seq DESC LIMIT $9"
        );
        let (on, actor, act) = (&filter.on, &filter.actor, &filter.act);
        let sql: &'static str = match (on, actor, act) {
            (None, None, None) => ALL,
            (None, Some(_), None) => BY,
            (None, None, Some(_)) => OF,
            (None, Some(_), Some(_)) => BY_OF,
            (Some(_), None, None) => ON,
            (Some(_), Some(_), None) => ON_BY,
            (Some(_), None, Some(_)) => ON_OF,
            (Some(_), Some(_), Some(_)) => ON_BY_OF,
        };
        let on = on.iter().flat_map(|(kind, id)| [kind, id]);
        let texts: Vec<&String> = match on.clone().next() {
            Some(_) if act.is_some() => on.chain(act).collect(),
            Some(_) => on.chain(actor).collect(),
            None => actor.iter().chain(act).collect(),
        };
        let mut params: Vec<Value> = texts.into_iter().map(|text| text.as_str().into()).collect();
        let (behind, until) = self.places_between(filter.since, filter.until).await?;
        params.extend([behind.into(), until.min(before.unwrap_or(i64::MAX)).into()]);
        params.extend(
            [filter.since.map_or(i64::MIN, Time::millis), filter.until.map_or(i64::MAX, Time::millis)].map(Value::from),
        );
        params.extend(actor.as_ref().filter(|_| sql == ON_BY_OF).map(|actor| Value::from(actor.as_str())));
        params.push(most.into());
        let rows = self.db.rows_by_values(sql, &params).await?;
        rows.iter().map(read).collect()
    }

    /// Between which places everything lies that happened at these times. The log is in the order of its entries, and
    /// the clocks of several nodes may differ: an entry is looked for so much before and behind its time.
    async fn places_between(&self, since: Option<Time>, until: Option<Time>) -> Result<(i64, i64)> {
        const LAST_BEFORE: &str = "SELECT seq FROM audit_log WHERE at < $1 ORDER BY at DESC, seq DESC LIMIT 1";
        const FIRST_AFTER: &str = "SELECT seq FROM audit_log WHERE at >= $1 ORDER BY at, seq LIMIT 1";
        let (mut behind, mut before) = (i64::MIN, i64::MAX);
        if let Some(since) = since
            && let Some(row) = self.db.row(LAST_BEFORE, &[since.minus(CLOCKS_DIFFER).into()]).await?
        {
            behind = row.get("seq")?;
        }
        if let Some(until) = until
            && let Some(row) = self.db.row(FIRST_AFTER, &[until.plus(CLOCKS_DIFFER).into()]).await?
        {
            before = row.get("seq")?;
        }
        Ok((behind, before))
    }

    /// Where the log begins and ends.
    pub async fn audit_head(&self) -> Result<AuditHead> {
        const HEAD: &str = "SELECT seq, digest, trimmed_seq FROM audit_head WHERE id = 1";
        self.db.row(HEAD, &[]).await?.map_or(Ok(NO_HEAD), |row| read_head(&row))
    }

    /// The entries after the place `after`, oldest first, at most a thousand: for an export.
    pub async fn audit_after(&self, after: i64) -> Result<Vec<AuditRecord>> {
        const NEXT: &str = concat!(columns!(), " WHERE seq > $1 ORDER BY seq LIMIT $2");
        self.db.rows(NEXT, &[after.into(), STRIDE.into()]).await?.iter().map(read).collect()
    }

    /// Walks the chain from its first entry to the head it has now. Entries written meanwhile are not looked at.
    pub async fn verify_audit(&self) -> Result<Verdict> {
        const START: &str = "SELECT seq, digest, trimmed_seq, trimmed_digest FROM audit_head WHERE id = 1";
        loop {
            let (head, before) = match self.db.row(START, &[]).await? {
                Some(row) => (read_head(&row)?, row.get("trimmed_digest")?),
                None => (NO_HEAD, None),
            };
            let verdict = self.walk(head, before).await?;
            // Retention may have taken what the walk was about to read: then it begins anew behind that.
            if matches!(verdict, Verdict::Whole(_)) || self.audit_head().await?.trimmed == head.trimmed {
                return Ok(verdict);
            }
        }
    }

    /// The walk from behind what retention took, whose last digest is `previous`, to `head`.
    async fn walk(&self, head: AuditHead, mut previous: Option<Digest>) -> Result<Verdict> {
        let mut last = head.trimmed;
        while last < head.seq {
            let begun = last;
            let page = self.audit_after(last).await?;
            for AuditRecord { entry, digest } in page.into_iter().take_while(|record| record.entry.seq <= head.seq) {
                if entry.seq != last + 1 {
                    return Ok(Verdict::Missing(last + 1));
                }
                if entry.chain(previous) != digest {
                    return Ok(Verdict::Altered(entry.seq));
                }
                (previous, last) = (Some(digest), entry.seq);
            }
            if last == begun {
                return Ok(Verdict::Missing(last + 1));
            }
        }
        if previous != head.digest {
            return Ok(Verdict::Altered(head.seq));
        }
        // The head is read first, so what stands behind it now must also stand behind a head read now.
        let behind = self.audit_after(head.seq).await?;
        let now = self.audit_head().await?;
        match behind.into_iter().find(|record| record.entry.seq > now.seq) {
            Some(record) => Ok(Verdict::BeyondHead(record.entry.seq)),
            None => Ok(Verdict::Whole(head)),
        }
    }

    /// The digest of the entry at a place: what a head that was noted earlier is compared with.
    pub async fn audit_digest(&self, seq: i64) -> Result<Option<Digest>> {
        let row = self.db.row("SELECT digest FROM audit_log WHERE seq = $1", &[seq.into()]).await?;
        row.map(|row| row.get("digest")).transpose()
    }
}

impl By {
    /// Takes at most `most` of the oldest entries that are older than `before`, and notes that. The chain goes on from
    /// the last one taken. Says how many.
    pub async fn trim_audit(&self, before: Time, most: i64) -> Result<i64> {
        const LAST: &str =
            "SELECT MAX(seq) AS last FROM (SELECT seq FROM audit_log WHERE seq > $1 ORDER BY seq LIMIT $2) AS oldest
             WHERE seq < (SELECT COALESCE(MIN(seq), 9223372036854775807) FROM audit_log WHERE at >= $3)";
        const HEAD: &str = "SELECT seq AS head, trimmed_seq FROM audit_head WHERE id = 1";
        const SEE: &str = "SELECT trimmed_seq FROM audit_head WHERE id = $1";
        const CUT: &str = "UPDATE audit_head SET trimmed_seq = $1,
                 trimmed_digest = (SELECT digest FROM audit_log WHERE seq = $1) WHERE id = 1";
        let actor = self.actor.clone();
        let change = Change::new("audit.trim", ("platform", "audit"), SEE, vec![1.into()]).about("before", before);
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let note = change.begin(tx, &actor).await?;
                let Some(head) = tx.row(HEAD, &[]).await? else { return roll_back(0) };
                let trimmed: i64 = head.get("trimmed_seq")?;
                let last = tx.row(LAST, &[trimmed.into(), most.into(), before.into()]).await?;
                let last: Option<i64> = last.map(|row| row.get("last")).transpose()?.flatten();
                let Some(last) = last else { return roll_back(0) };
                tx.execute(CUT, &[last.into()]).await?;
                tx.execute("DELETE FROM audit_log WHERE seq <= $1", &[last.into()]).await?;
                note.end(tx).await?;
                commit(last - trimmed)
            })
            .await
    }
}

fn read_head(row: &Row) -> Result<AuditHead> {
    Ok(AuditHead { seq: row.get("seq")?, digest: row.get("digest")?, trimmed: row.get("trimmed_seq")? })
}

fn read(row: &Row) -> Result<AuditRecord> {
    Ok(AuditRecord {
        entry: Entry {
            seq: row.get("seq")?,
            at: row.get("at")?,
            actor_kind: row.get("actor_kind")?,
            actor_id: row.get("actor_id")?,
            actor: row.get("actor")?,
            address: row.get("address")?,
            act: row.get("act")?,
            on_kind: row.get("on_kind")?,
            on_id: row.get("on_id")?,
            about: row.get("about")?,
            before: row.get("before")?,
            after: row.get("after")?,
        },
        digest: row.get("digest")?,
    })
}
