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
        "($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, \
          $25, $26, $27, $28, $29, $30, $31, $32)"
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

/// The pairs of numbers that the statement lists; `None` for one that cannot be read.
fn pairs(list: &str) -> impl Iterator<Item = Option<(i64, i64)>> {
    list.split_ascii_whitespace().map(|pair| {
        let (one, other) = pair.split_once(':')?;
        Some((one.parse().ok()?, other.parse().ok()?))
    })
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
    pub(crate) async fn living(&self, mut ids: Vec<Value>) -> Result<Vec<(i64, Time)>> {
        // One row, whose lists are texts: taking a row apart costs more than a place in a text.
        const LIVING: &str = concat!(
            "SELECT (SELECT string_agg(t.id || ':' || t.used_at, ' ') FROM tokens t WHERE t.revoked_at IS NULL AND t.id IN ",
            ids!(),
            ") AS living,
                (SELECT string_agg(c.kind || ':' || c.row_id, ' ') FROM (SELECT kind, row_id FROM changes
                    WHERE xid >= CAST(CAST(pg_snapshot_xmin(CAST(CAST($33 AS TEXT) AS pg_snapshot)) AS TEXT) AS BIGINT)
                        AND NOT pg_visible_in_snapshot(CAST(CAST(xid AS TEXT) AS xid8),
                            CAST(CAST($33 AS TEXT) AS pg_snapshot))
                    ORDER BY xid LIMIT 1000) c) AS changed,
                s.xid AS swept, CAST(pg_current_snapshot() AS TEXT) AS snapshot,
                CAST(pg_postmaster_start_time() AS TEXT) || ' ' || CAST(CAST('changes' AS regclass) AS oid) AS server
             FROM changes_swept s WHERE s.id = 1"
        );
        let before = self.heard().clone();
        ids.push(before.snapshot.as_str().into());
        let rows = self.db.rows(LIVING, &ids).await?;
        self.hear(&before, rows.first().ok_or(Error::Closed)?)
    }

    /// Tells the watch what this row says, which was asked for with `before`.
    fn hear(&self, before: &Heard, row: &Row) -> Result<Vec<(i64, Time)>> {
        let list = |name| row.get::<Option<String>>(name).map(Option::unwrap_or_default);
        let (living, changed) = (list("living")?, list("changed")?);
        // What cannot be read may be anything.
        let touch = |pair: Option<_>| pair.map_or(Touch::Platform, |(kind, id)| Touch::told(kind, id));
        let touched: Vec<Touch> = pairs(&changed).map(touch).collect();
        let now = Heard { snapshot: row.get("snapshot")?, from: row.get("server")? };
        let swept: i64 = row.get("swept")?;
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
        Ok(pairs(&living).flatten().map(|(id, used_at)| (id, Time::from_millis(used_at))).collect())
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

    /// What a round brings: these changes, and how far it saw, on which server.
    fn brings(changed: &str, swept: i64, snapshot: &str, server: &str) -> Row {
        let names: Arc<[Box<str>]> = ["living", "changed", "swept", "snapshot", "server"].map(Box::from).into();
        let values = vec!["7:5 8:6".into(), changed.into(), swept.into(), snapshot.into(), server.into()];
        Row::new("SELECT", names, values)
    }

    #[test]
    fn who_cannot_know_what_changed_forgets() {
        let mine = Mark::of(Kind::Token, 7);
        for (what, changed, swept, said, stands) in [
            ("nothing", "", 10, ("20:25:", "one 1"), true),
            ("an older round came late", "", 10, ("19:19:", "one 1"), true),
            ("another token", "1:8", 10, ("21:25:", "one 1"), true),
            ("this token", "1:8 1:7", 10, ("21:25:", "one 1"), false),
            ("what a later program tells", "9:8", 10, ("21:25:", "one 1"), false),
            ("what cannot be read", "1:8 1:x", 10, ("21:25:", "one 1"), false),
            ("half a pair", "1", 10, ("21:25:", "one 1"), false),
            ("a server that was started anew", "", 10, ("21:25:", "two 1"), false),
            ("a table that was made anew", "", 10, ("21:25:", "one 2"), false),
            ("changes were swept that were heard of", "", 19, ("21:25:", "one 1"), true),
            ("changes were swept that were not", "", 20, ("21:25:", "one 1"), false),
            ("a standby that is behind", "", 10, ("5:9:", "two 1"), false),
        ] {
            let changes = Changes::new(Arc::new(Postgres::open("host=/nowhere user=nobody", 1).unwrap()));
            let first = changes.heard().clone();
            changes.hear(&first, &brings("", 0, "20:25:21", "one 1")).unwrap();
            let turn = changes.watch.turn().unwrap();
            assert!(changes.watch.stands(turn, &[mine]));
            let before = changes.heard().clone();
            let living = changes.hear(&before, &brings(changed, swept, said.0, said.1)).unwrap();
            assert_eq!(living, [(7, Time::from_millis(5)), (8, Time::from_millis(6))]);
            assert_eq!(changes.watch.stands(turn, &[mine]), stands, "{what}");
            // Whatever it was, from now on it is known.
            let (turn, before) = (changes.watch.turn().unwrap(), changes.heard().clone());
            changes.hear(&before, &brings("", 0, "30:31:", said.1)).unwrap();
            assert!(changes.watch.stands(turn, &[mine]), "{what}");
            assert_eq!(changes.heard().snapshot, "30:31:");
        }
    }

    #[test]
    fn a_snapshot_has_two_ends() {
        assert_eq!(ends("1:1:"), Some((1, 1)));
        assert_eq!(ends("1042:1077:1042,1066"), Some((1042, 1077)));
        assert_eq!(ends(""), None);
        assert_eq!(ends("1042"), None);
    }
}
