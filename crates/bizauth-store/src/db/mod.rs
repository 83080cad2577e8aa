//! The seam: one `Db`, one `Tx`, two engines.
//!
//! A sentence of the store is an async closure over `&mut Tx`. On PostgreSQL its awaits are real. On SQLite every
//! operation is finished when it returns, so the writer thread polls the closure's future exactly once.
//! The engines live in `sqlite.rs` and `postgres.rs`; what crosses the seam, in `value.rs`; the schema's history in
//! `migrate.rs`.

mod alone;
mod changes;
mod connection;
mod error;
mod lent;
mod migrate;
#[cfg(test)]
mod plans;
mod postgres;
mod sentence;
mod sqlite;
mod value;
mod watch;

use std::path::Path;
use std::sync::Arc;

use bizauth_core::time::Time;

pub(crate) use changes::{Changes, ids};
pub use error::Error;
pub(crate) use postgres::Postgres;
pub(crate) use sqlite::Sqlite;
pub(crate) use value::{FromValue, Row, Value};
pub(crate) use watch::{Kind, Mark, Watch};

/// What a sentence of the store answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What becomes of the transaction. An `Err` always rolls back; a refusal is a value and says here what it wants.
#[derive(Debug)]
pub(crate) enum Verdict<T> {
    Commit(T),
    RollBack(T),
}

/// Ends a body: keep what it wrote, answer `value` once that is durable.
pub(crate) fn commit<T>(value: T) -> Result<Verdict<T>> {
    Ok(Verdict::Commit(value))
}

/// Ends a body: undo what it wrote, answer `value`.
pub(crate) fn roll_back<T>(value: T) -> Result<Verdict<T>> {
    Ok(Verdict::RollBack(value))
}

/// A database on one of the two engines. Cheap to clone; every clone is the same pool.
#[derive(Clone)]
pub(crate) enum Db {
    Sqlite(Arc<Sqlite>),
    Postgres(Arc<Postgres>),
}

impl Db {
    /// Runs `body` as one transaction and answers when its verdict is durable.
    ///
    /// The body may run more than once (serialization failures, deadlocks, an id drawn twice, on SQLite a neighbour that
    /// was undone) and must await nothing but its `Tx`. On SQLite it moves to the writer thread, hence `'static`: capture
    /// owned values, which each run borrows; do not hand a body to another body (rustc 1.95 then loses `Send`), call an `async fn` over `&mut Tx`.
    /// If the caller stops waiting, PostgreSQL rolls back, unless the COMMIT is under way, and SQLite finishes; after a
    /// lost connection the outcome is unknown on both, so a sentence must bear being asked twice.
    pub(crate) async fn write<T, F>(&self, body: F) -> Result<T>
    where
        F: AsyncFn(&mut Tx<'_>) -> Result<Verdict<T>> + Send + Sync + 'static,
        T: Send + 'static,
    {
        match self {
            Db::Sqlite(db) => db.write(body).await,
            Db::Postgres(db) => db.write(&body).await,
        }
    }

    /// Reads at most one row. SQLite answers inline, on the async thread: it takes microseconds.
    pub(crate) async fn row(&self, sql: &'static str, params: &[Value]) -> Result<Option<Row>> {
        Ok(self.few(sql, params).await?.into_iter().next())
    }

    /// Reads a list known to be short and indexed. SQLite answers inline.
    pub(crate) async fn few(&self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>> {
        match self {
            Db::Sqlite(db) => db.few(sql, params),
            Db::Postgres(db) => db.rows(sql, params).await,
        }
    }

    /// Reads a list. SQLite works on the blocking pool: a list may take milliseconds.
    pub(crate) async fn rows(&self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>> {
        match self {
            Db::Sqlite(db) => db.clone().rows(sql, params.to_vec()).await,
            Db::Postgres(db) => db.rows(sql, params).await,
        }
    }

    /// Reads a list whose plan hangs on the values: PostgreSQL, once it has seen a statement five times, may take a plan for
    /// all values that it believes to be cheaper, and walk a whole log to find what one actor did.
    pub(crate) async fn rows_by_values(&self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>> {
        match self {
            Db::Sqlite(_) => self.rows(sql, params).await,
            Db::Postgres(db) => db.rows_by_values(sql, params).await,
        }
    }

    /// Whether the database is somewhere else, and reading it is a way to go; then reading together saves most of it.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self, Db::Postgres(_))
    }

    /// Reads several short lists, on PostgreSQL without waiting for one before the next is asked for.
    pub(crate) async fn together<const N: usize>(&self, asks: [(&'static str, &[Value]); N]) -> Result<[Vec<Row>; N]> {
        let mut all = [const { Vec::new() }; N];
        match self {
            Db::Sqlite(db) => {
                for (rows, (sql, params)) in all.iter_mut().zip(asks) {
                    *rows = db.few(sql, params)?;
                }
            }
            Db::Postgres(db) => db.together(&asks, &mut all).await?,
        }
        Ok(all)
    }

    /// Copies an embedded database while it is in use.
    pub(crate) async fn copy_to(&self, to: &Path, now: Time) -> Result<()> {
        match self {
            Db::Sqlite(db) => db.clone().copy_to(to.to_owned(), now).await,
            Db::Postgres(_) => {
                Err(Error::Setting("PostgreSQL is copied by its own programs, such as pg_dump".to_owned()))
            }
        }
    }

    /// Whether all was as it was written, as far as anybody looked. PostgreSQL says it itself, with each statement.
    pub(crate) fn is_whole(&self) -> Result<()> {
        match self {
            Db::Sqlite(db) => db.is_whole(),
            Db::Postgres(_) => Ok(()),
        }
    }

    /// Where the engine says that the database is.
    pub(crate) async fn place(&self) -> Result<Option<String>> {
        match self {
            Db::Sqlite(_) => Ok(None),
            Db::Postgres(db) => db.place().await.map(Some),
        }
    }

    /// Who hears of what others change here. On the embedded engine nobody else does.
    pub(crate) fn changes(&self) -> Option<Changes> {
        match self {
            Db::Sqlite(_) => None,
            Db::Postgres(db) => Some(Changes::new(db.clone())),
        }
    }

    /// Sweeps what was written down for others to hear.
    pub(crate) async fn sweep_changes(&self) -> Result<()> {
        match self {
            Db::Sqlite(_) => Ok(()),
            Db::Postgres(db) => db.sweep_changes().await,
        }
    }

    /// Finishes what is queued, then closes the connections. Later calls fail.
    pub(crate) async fn close(&self) {
        match self {
            Db::Sqlite(db) => db.close().await,
            Db::Postgres(db) => db.close(),
        }
    }
}

/// A transaction in progress.
///
/// SQL is `&'static str`: it can be neither glued together nor injected into, and its address serves as a key.
pub(crate) struct Tx<'c> {
    engine: Engine<'c>,
    /// A statement failed. PostgreSQL then answers COMMIT with a ROLLBACK that the driver reports as success, so a
    /// body that swallowed the error must not be believed.
    failed: bool,
}

enum Engine<'c> {
    // `&mut`, not `&`: a connection is `Send` but not `Sync`, and a shared borrow would cost the future its `Send`.
    Sqlite(&'c mut connection::Connection),
    Postgres(postgres::Link<'c>),
}

impl<'c> Tx<'c> {
    fn new(engine: Engine<'c>) -> Self {
        Tx { engine, failed: false }
    }

    /// The first row that `sql` gives: a guarded claim (`UPDATE … RETURNING`), or a read by key.
    pub(crate) async fn row(&mut self, sql: &'static str, params: &[Value]) -> Result<Option<Row>> {
        Ok(self.rows(sql, params).await?.into_iter().next())
    }

    /// Every row that `sql` gives.
    pub(crate) async fn rows(&mut self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>> {
        let rows = match &mut self.engine {
            Engine::Sqlite(tx) => tx.rows(sql, params),
            Engine::Postgres(tx) => tx.rows(sql, params).await,
        };
        rows.inspect_err(|_| self.failed = true)
    }

    /// Runs `sql` and counts the rows it touched.
    pub(crate) async fn execute(&mut self, sql: &'static str, params: &[Value]) -> Result<u64> {
        let count = match &mut self.engine {
            Engine::Sqlite(tx) => tx.execute(sql, params),
            Engine::Postgres(tx) => tx.execute(sql, params).await,
        };
        count.inspect_err(|_| self.failed = true)
    }

    /// Runs statements of which none needs the answer of another, one after the other, and counts the rows that each
    /// touched. PostgreSQL is told all of them before it has answered the first.
    pub(crate) async fn each(&mut self, statements: &[(&'static str, &[Value])]) -> Result<Vec<u64>> {
        let counts = match &mut self.engine {
            Engine::Sqlite(tx) => statements.iter().map(|(sql, params)| tx.execute(sql, params)).collect(),
            Engine::Postgres(tx) => tx.each(statements).await,
        };
        counts.inspect_err(|_| self.failed = true)
    }

    /// Lifts the bound on how long a statement may take, for the rest of this transaction: migrations take their time,
    /// and so do those who wait for one.
    pub(crate) async fn take_your_time(&mut self) -> Result<()> {
        match &mut self.engine {
            Engine::Sqlite(_) => Ok(()),
            Engine::Postgres(tx) => tx.take_your_time().await,
        }
    }

    /// Whether others write to the database as well.
    pub(super) fn is_shared(&self) -> bool {
        matches!(self.engine, Engine::Postgres(_))
    }

    /// Whether this sentence sees these rows, and the platform's, as they were when its group began: no sentence before it
    /// has touched them. `watch` must be this database's. Never on PostgreSQL, where others write too.
    pub(crate) fn is_first_at(&self, watch: &Watch, marks: &[Mark]) -> bool {
        !self.is_shared() && watch.is_untouched(marks)
    }

    /// Runs a script of several statements, written in PostgreSQL's type names: a migration.
    pub(crate) async fn script(&mut self, sql: &'static str) -> Result<()> {
        let done = match &mut self.engine {
            Engine::Sqlite(tx) => tx.script(sql),
            Engine::Postgres(tx) => tx.script(sql).await,
        };
        done.inspect_err(|_| self.failed = true)
    }

    /// What the engine shall do, now that the body has spoken.
    fn settle<T>(self, said: Result<Verdict<T>>) -> Result<Verdict<T>> {
        match said {
            Ok(Verdict::Commit(_)) if self.failed => Err(Error::Swallowed),
            said => said,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
