//! What changes in a database that others write to as well, heard in the very statement that reads a token's row.
//!
//! Triggers of the schema (`migrations/0011_changes.sql`) write down which rows changed, in the transaction that changes
//! them. A node remembers up to which *snapshot* it has heard of that; each round of token checks brings the rows of its
//! tokens, and all changes that its own snapshot sees and that one did not, read at one instant. So whatever was revoked
//! or withdrawn before the statement began is known before anybody is answered, on every node, and who cannot reach the
//! database answers nobody.
//!
//! Where a node cannot know what changed it forgets all it remembers: another server answered than before (or the same
//! one, started anew), the tables were restored, changes were swept that it had not heard of, or there were too many.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bizauth_core::time::Time;

use super::postgres::Postgres;
use super::watch::Touch;
use super::{Error, Result, Row, Value, Watch};

/// How many changes are heard one by one. More at once, and everything is forgotten.
const MOST: usize = 1000;
/// How many stay behind the newest: a node that was asked for nothing while as many came forgets everything.
const KEPT: i64 = 8192;

/// The places of the ids of a round.
macro_rules! ids {
    () => {
        "($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
    };
}
pub(crate) use ids;

/// What one node has heard.
pub(crate) struct Changes {
    db: Arc<Postgres>,
    pub(crate) watch: Arc<Watch>,
    heard: Mutex<Heard>,
}

/// Up to where, and from whom.
#[derive(Clone)]
struct Heard {
    /// As `pg_current_snapshot()` writes it: the oldest transaction under way, the next to come, and all under way.
    snapshot: String,
    /// When the server was started, and the table's own number.
    from: String,
}

/// The oldest transaction that was under way, and the next to come.
fn ends(snapshot: &str) -> Option<(i64, i64)> {
    let mut parts = snapshot.split(':');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

impl Changes {
    /// Nothing was heard yet.
    pub(crate) fn new(db: Arc<Postgres>) -> Self {
        let watch = Watch::new();
        // Others may write, but not unheard.
        watch.alone_again(true);
        let heard = Heard { snapshot: "1:1:".to_owned(), from: String::new() };
        Changes { db, watch: Arc::new(watch), heard: Mutex::new(heard) }
    }

    /// When each of these tokens was used last, of those that are there and not revoked. When this answers `watch` knows
    /// of every change that could be seen in the instant in which these rows were read. There are as many ids as a round
    /// has places.
    ///
    /// # Errors
    /// As every reading.
    pub(crate) async fn living(&self, mut ids: Vec<Value>) -> Result<HashMap<i64, Time>> {
        const LIVING: &str = concat!(
            "SELECT CAST(-1 AS BIGINT) AS kind, id, used_at, '' AS said FROM tokens WHERE revoked_at IS NULL AND id IN ",
            ids!(),
            " UNION ALL (SELECT kind, row_id, CAST(0 AS BIGINT), '' FROM changes
                WHERE xid >= CAST(CAST(pg_snapshot_xmin(CAST(CAST($17 AS TEXT) AS pg_snapshot)) AS TEXT) AS BIGINT)
                    AND NOT pg_visible_in_snapshot(CAST(CAST(xid AS TEXT) AS xid8), CAST(CAST($17 AS TEXT) AS pg_snapshot))
                ORDER BY xid LIMIT 1000)
              UNION ALL SELECT CAST(-2 AS BIGINT), xid, CAST(0 AS BIGINT),
                CAST(pg_current_snapshot() AS TEXT) || ' ' || CAST(pg_postmaster_start_time() AS TEXT)
                    || ' ' || CAST(CAST(CAST('changes' AS regclass) AS oid) AS TEXT) FROM changes_swept"
        );
        let before = self.heard().clone();
        ids.push(before.snapshot.as_str().into());
        let rows = self.db.rows(LIVING, &ids).await?;
        self.hear(&before, &rows)
    }

    /// Tells the watch what these rows say, which were asked for with `before`.
    fn hear(&self, before: &Heard, rows: &[Row]) -> Result<HashMap<i64, Time>> {
        let (mut living, mut touched, mut now) = (HashMap::new(), Vec::new(), None);
        for row in rows {
            let (kind, id) = (row.get::<i64>("kind")?, row.get("id")?);
            match kind {
                -1 => drop(living.insert(id, row.get("used_at")?)),
                -2 => now = Some((id, row.get::<String>("said")?)),
                _ => touched.push(Touch::told(kind, id)),
            }
        }
        let (swept, said) = now.ok_or(Error::Closed)?;
        let (snapshot, from) = said.split_once(' ').ok_or(Error::Closed)?;
        let now = Heard { snapshot: snapshot.to_owned(), from: from.to_owned() };
        let missed = ends(&before.snapshot).is_none_or(|(oldest, _)| swept >= oldest);
        let mut heard = self.heard();
        if missed || touched.len() >= MOST || before.from != now.from || heard.from != now.from {
            self.watch.forget();
            *heard = now;
        } else {
            self.watch.heard(touched);
            // Rounds may come back in another order than they went. Nothing is lost by the older one: it would only be
            // told again what is known.
            if ends(&now.snapshot) >= ends(&heard.snapshot) {
                *heard = now;
            }
        }
        Ok(living)
    }

    fn heard(&self) -> std::sync::MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Postgres {
    /// Sweeps changes that every node has heard of by now, or will know that it has not; and those of another server,
    /// which came here by a restore: of a transaction that is yet to come.
    pub(super) async fn sweep_changes(&self) -> Result<()> {
        const SWEEP: &str = "WITH coming AS (
                SELECT CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS TEXT) AS BIGINT) AS xid),
             gone AS (
                DELETE FROM changes WHERE seq <= (SELECT max(seq) - CAST($1 AS BIGINT) FROM changes)
                    OR xid >= (SELECT xid FROM coming) RETURNING xid)
             UPDATE changes_swept SET xid = GREATEST(
                CASE WHEN xid < (SELECT xid FROM coming) THEN xid ELSE 0 END,
                COALESCE((SELECT max(gone.xid) FROM gone WHERE gone.xid < (SELECT xid FROM coming)), 0))
             WHERE id = 1 AND (EXISTS (SELECT 1 FROM gone) OR xid >= (SELECT xid FROM coming))";
        self.rows(SWEEP, &[KEPT.into()]).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{Kind, Mark};

    /// What a round brings: this change, and how far it saw, on which server.
    fn brings(changed: &[(i64, i64)], swept: i64, said: &str) -> Vec<Row> {
        let names: Arc<[Box<str>]> = ["kind", "id", "used_at", "said"].map(Box::from).into();
        let row = |kind: i64, id: i64, said: &str| {
            Row::new("SELECT", names.clone(), vec![kind.into(), id.into(), 0.into(), said.into()])
        };
        let last = row(-2, swept, said);
        changed.iter().map(|(kind, id)| row(*kind, *id, "")).chain([last]).collect()
    }

    #[test]
    fn who_cannot_know_what_changed_forgets() {
        let mine = Mark::of(Kind::Token, 7);
        for (what, changed, swept, said, stands) in [
            ("nothing", &[][..], 10, "20:25: one 1", true),
            ("an older round came late", &[], 10, "19:19: one 1", true),
            ("another token", &[(1, 8)], 10, "21:25: one 1", true),
            ("this token", &[(1, 7)], 10, "21:25: one 1", false),
            ("what a later program tells", &[(9, 8)], 10, "21:25: one 1", false),
            ("a server that was started anew", &[], 10, "21:25: two 1", false),
            ("a table that was made anew", &[], 10, "21:25: one 2", false),
            ("changes were swept that were heard of", &[], 19, "21:25: one 1", true),
            ("changes were swept that were not", &[], 20, "21:25: one 1", false),
            ("a standby that is behind", &[], 10, "5:9: two 1", false),
        ] {
            let changes = Changes::new(Arc::new(Postgres::open("host=/nowhere user=nobody", 1).unwrap()));
            let first = changes.heard().clone();
            changes.hear(&first, &brings(&[], 0, "20:25:21 one 1")).unwrap();
            let turn = changes.watch.turn().unwrap();
            assert!(changes.watch.stands(turn, &[mine]));
            let before = changes.heard().clone();
            changes.hear(&before, &brings(changed, swept, said)).unwrap();
            assert_eq!(changes.watch.stands(turn, &[mine]), stands, "{what}");
            // Whatever it was, from now on it is known.
            let (turn, before) = (changes.watch.turn().unwrap(), changes.heard().clone());
            let now = format!("{}:{}: {}", 30, 31, before.from);
            changes.hear(&before, &brings(&[], 0, &now)).unwrap();
            assert!(changes.watch.stands(turn, &[mine]), "{what}");
            assert_eq!(changes.heard().snapshot, "30:31:");
        }
        let changes = Changes::new(Arc::new(Postgres::open("host=/nowhere user=nobody", 1).unwrap()));
        let before = changes.heard().clone();
        assert!(changes.hear(&before, &[]).is_err(), "half an answer is none");
    }

    #[test]
    fn a_snapshot_has_two_ends() {
        assert_eq!(ends("1:1:"), Some((1, 1)));
        assert_eq!(ends("1042:1077:1042,1066"), Some((1042, 1077)));
        assert_eq!(ends(""), None);
        assert_eq!(ends("1042"), None);
    }
}
