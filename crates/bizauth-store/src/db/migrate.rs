//! The schema's history: an ordered list of scripts, applied once each, under a lock.
//!
//! The lock is a row: whoever updates it first holds it until its transaction ends, on both engines, so that any number
//! of nodes may start at once. Everything pending is one transaction; a start that dies half-way leaves nothing.

use std::time::Duration;

use bizauth_core::secret::Digest;
use bizauth_core::time::Time;

use super::{Db, Error, Result, Tx, commit};

/// Version, name and text. Append only: what was applied somewhere is never edited.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "everything", include_str!("../migrations/0001_everything.sql")),
    (2, "console", include_str!("../migrations/0002_console.sql")),
    (3, "lists", include_str!("../migrations/0003_lists.sql")),
    (4, "risks", include_str!("../migrations/0004_risks.sql")),
    (5, "ip publishing", include_str!("../migrations/0005_ip_publishing.sql")),
    (7, "home", include_str!("../migrations/0007_home.sql")),
    (8, "pkce", include_str!("../migrations/0008_pkce.sql")),
    (9, "import maker", include_str!("../migrations/0009_import_maker.sql")),
    (10, "test apps", include_str!("../migrations/0010_test_apps.sql")),
    (11, "changes", include_str!("../migrations/0011_changes.sql")),
    (12, "taken back", include_str!("../migrations/0012_taken_back.sql")),
];

/// Those that say something to PostgreSQL alone. The embedded engine counts them, too: one history for both.
const SHARED_ONLY: &[i64] = &[11];

const BOOTSTRAP: &str = "
CREATE TABLE IF NOT EXISTS migration_lock (
    id     BIGINT NOT NULL PRIMARY KEY,
    turns  BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS migrations (
    version    BIGINT NOT NULL PRIMARY KEY,
    name       TEXT   NOT NULL,
    checksum   BYTEA  NOT NULL,
    applied_at BIGINT NOT NULL
);
INSERT INTO migration_lock (id, turns) VALUES (1, 0) ON CONFLICT (id) DO NOTHING";

/// `CREATE TABLE IF NOT EXISTS` is no lock on PostgreSQL: two that meet may both try, and one hears of a duplicate.
const BOOTSTRAP_TRIES: u64 = 10;
/// On the embedded engine whoever writes may be another that migrates; each try waits for it.
const LOCKED_TRIES: u64 = 3;

impl Db {
    /// Brings the schema up to date, and says which versions were applied now.
    ///
    /// # Errors
    /// [`Error::NewerSchema`], [`Error::ChangedMigration`], or what the engine says.
    pub(crate) async fn migrate(&self, now: Time) -> Result<Vec<i64>> {
        let mut again = 1;
        while let Err(error) = self.write(async |tx: &mut Tx<'_>| commit(tx.script(BOOTSTRAP).await?)).await {
            if again == BOOTSTRAP_TRIES || (error.is_locked() && again == LOCKED_TRIES) {
                return Err(error);
            }
            tokio::time::sleep(Duration::from_millis(20 * again)).await;
            again += 1;
        }
        self.write(async move |tx: &mut Tx<'_>| {
            tx.take_your_time().await?;
            tx.execute("UPDATE migration_lock SET turns = turns + 1 WHERE id = 1", &[]).await?;
            let mut applied = Vec::new();
            for row in tx.rows("SELECT version, checksum FROM migrations ORDER BY version", &[]).await? {
                applied.push((row.get::<i64>("version")?, row.get::<Digest>("checksum")?));
            }
            let pending = pending(&applied)?;
            for (version, name, script) in pending {
                if tx.is_shared() || !SHARED_ONLY.contains(version) {
                    tx.script(script).await?;
                }
                let checksum = Digest::of(script.as_bytes());
                let sql = "INSERT INTO migrations (version, name, checksum, applied_at) VALUES ($1, $2, $3, $4)";
                tx.execute(sql, &[(*version).into(), (*name).into(), checksum.into(), now.into()]).await?;
            }
            commit(pending.iter().map(|(version, ..)| *version).collect())
        })
        .await
    }

    /// Refuses a schema that is not this program's: older, newer, or edited.
    pub(crate) async fn check_schema(&self) -> Result<()> {
        let rows = match self.few("SELECT version, checksum FROM migrations ORDER BY version", &[]).await {
            Ok(rows) => rows,
            // No such table: nothing was ever migrated here.
            Err(error) if error.is_missing_table() => Vec::new(),
            Err(error) => return Err(error),
        };
        let mut applied = Vec::new();
        for row in rows {
            applied.push((row.get::<i64>("version")?, row.get::<Digest>("checksum")?));
        }
        match pending(&applied)? {
            [] => Ok(()),
            _ => Err(Error::OlderSchema { found: applied.last().map_or(0, |last| last.0), known: newest() }),
        }
    }
}

fn newest() -> i64 {
    MIGRATIONS.last().map_or(0, |last| last.0)
}

/// What is still to be applied, given what was.
fn pending(applied: &[(i64, Digest)]) -> Result<&'static [(i64, &'static str, &'static str)]> {
    if let Some((found, _)) = applied.last().filter(|(version, _)| *version > newest()) {
        return Err(Error::NewerSchema { found: *found, known: newest() });
    }
    for ((version, checksum), (known, _, script)) in applied.iter().zip(MIGRATIONS) {
        if version != known || *checksum != Digest::of(script.as_bytes()) {
            return Err(Error::ChangedMigration { version: *version });
        }
    }
    Ok(&MIGRATIONS[applied.len().min(MIGRATIONS.len())..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_ascend_and_a_newer_or_edited_history_is_refused() {
        assert!(MIGRATIONS.is_sorted_by(|a, b| a.0 < b.0));
        let first = (MIGRATIONS[0].0, Digest::of(MIGRATIONS[0].2.as_bytes()));
        assert_eq!(pending(&[]).unwrap().len(), MIGRATIONS.len());
        assert_eq!(pending(&[first]).unwrap().len(), MIGRATIONS.len() - 1);
        assert!(matches!(pending(&[(999, first.1)]), Err(Error::NewerSchema { found: 999, .. })));
        assert!(matches!(pending(&[(1, Digest::of(b"edited"))]), Err(Error::ChangedMigration { version: 1 })));
    }
}
