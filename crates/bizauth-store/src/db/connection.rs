//! One connection to SQLite: its statements, prepared once, and the names of their columns.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{CachedStatement, OpenFlags, params_from_iter};

use super::{Error, Result, Row, Value};

/// How long a connection waits for another process's lock.
pub(super) const BUSY: Duration = Duration::from_secs(5);
/// More than the store has statements. The default of 16 would prepare anew all day.
const STATEMENTS: usize = 512;

/// A connection and the column names of the statements it has seen.
pub(super) struct Connection {
    pub(super) inner: rusqlite::Connection,
    names: HashMap<(usize, usize), Arc<[Box<str>]>>,
    scripts: u64,
}

impl Connection {
    pub(super) fn open(path: &Path, flags: OpenFlags) -> Result<Self> {
        let inner = rusqlite::Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .map_err(Error::sqlite("open"))?;
        inner.set_prepared_statement_cache_capacity(STATEMENTS);
        // A plan is made once. Without this word SQLite looks into the parameters of statements whose tables were analysed,
        // and makes a new plan for each call: most of what a read cost.
        inner.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(Error::sqlite("QPSG"))?;
        let connection = Connection { inner, names: HashMap::new(), scripts: 0 };
        connection.inner.busy_timeout(BUSY).map_err(Error::sqlite("busy_timeout"))?;
        Ok(connection)
    }

    pub(super) fn batch(&self, sql: &'static str) -> Result<()> {
        self.inner.execute_batch(sql).map_err(Error::sqlite(sql))
    }

    /// Begins to write, unless that was begun before.
    pub(super) fn begin(&mut self) -> Result<()> {
        match self.inner.is_autocommit() {
            true => self.execute("BEGIN IMMEDIATE", &[]).map(drop),
            false => Ok(()),
        }
    }

    /// How much was changed so far: two numbers that were not different say that nothing was, in between.
    pub(super) fn changes(&self) -> (u64, u64) {
        (self.inner.total_changes(), self.scripts)
    }

    /// Runs a migration.
    pub(super) fn script(&mut self, sql: &'static str) -> Result<()> {
        // What makes tables is not counted as a change.
        self.scripts += 1;
        self.inner.execute_batch(&in_our_words(sql)).map_err(Error::sqlite("a migration"))
    }

    pub(super) fn rows(&mut self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>> {
        let mut run = || {
            let (mut statement, names) = self.statement(sql)?;
            let mut found = statement.query(params_from_iter(params))?;
            let mut rows = Vec::new();
            while let Some(row) = found.next()? {
                // Room for all at once: what collects results makes it bit by bit.
                let mut values = Vec::with_capacity(names.len());
                for i in 0..names.len() {
                    values.push(row.get(i)?);
                }
                rows.push(Row::new(sql, names.clone(), values));
            }
            Ok(rows)
        };
        run().map_err(Error::sqlite(sql))
    }

    pub(super) fn execute(&mut self, sql: &'static str, params: &[Value]) -> Result<u64> {
        let mut run = || self.statement(sql)?.0.execute(params_from_iter(params));
        run().map(|count| count as u64).map_err(Error::sqlite(sql))
    }

    /// `sql` prepared, and the names of its columns.
    fn statement(&mut self, sql: &'static str) -> rusqlite::Result<(CachedStatement<'_>, Arc<[Box<str>]>)> {
        let statement = self.inner.prepare_cached(sql)?;
        // By address: a static text keeps it, and hashing the text would cost more than reading the row.
        let key = (sql.as_ptr() as usize, sql.len());
        if let Some(names) = self.names.get(&key) {
            return Ok((statement, names.clone()));
        }
        // SQLite numbers `$n` by first appearance, PostgreSQL by `n`: they agree only where the numbers ascend.
        let ascending = |i| statement.parameter_name(i) == Some(&*format!("${i}"));
        if !(1..=statement.parameter_count()).all(ascending) {
            return Err(rusqlite::Error::InvalidParameterName("$1, $2, … must first appear in this order".into()));
        }
        let names: Arc<[Box<str>]> = statement.column_names().map(Box::from).collect();
        // Columns are read by name: which of two would it be?
        if let Some(twice) = (1..names.len()).find(|i| names[..*i].contains(&names[*i])) {
            return Err(rusqlite::Error::InvalidColumnName(format!("{} stands there twice", names[twice])));
        }
        self.names.insert(key, names.clone());
        #[cfg(test)]
        super::plans::note(self.inner.path().unwrap_or_default(), sql);
        Ok((statement, names))
    }
}

/// A shared script in SQLite's words. STRICT knows neither BIGINT nor BYTEA, and `id INTEGER PRIMARY KEY` is the row's
/// own number: rows append in order.
fn in_our_words(script: &str) -> String {
    let script = script.replace("BIGINT", "INTEGER").replace("BYTEA", "BLOB").replace("\n);", "\n) STRICT;");
    // Its own order compares bytes anyway.
    script.replace(" COLLATE \"C\"", "")
}
