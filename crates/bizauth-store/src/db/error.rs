//! What can break in a store. Cloneable, because one failed COMMIT is the answer to everyone who waited for it.

use std::sync::Arc;

use tokio_postgres::error::SqlState;

/// Our breakage, never the caller's: the operator reads the chain, the client one fixed sentence.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// SQLite failed in this statement.
    #[error("SQLite: {sql}")]
    Sqlite {
        /// The statement.
        sql: &'static str,
        /// What SQLite said.
        source: Arc<rusqlite::Error>,
    },
    /// The lock files beside the embedded database cannot be used.
    #[error("the locks beside the database")]
    Locks(#[source] Arc<std::io::Error>),
    /// PostgreSQL failed in this statement.
    #[error("PostgreSQL: {sql}")]
    Postgres {
        /// The statement.
        sql: &'static str,
        /// What the driver or the server said.
        source: Arc<tokio_postgres::Error>,
    },
    /// No connection could be had in time.
    #[error("no connection to PostgreSQL")]
    Pool(#[source] Arc<deadpool_postgres::PoolError>),
    /// The server took a statement and said nothing more. What became of it is not known.
    #[error("PostgreSQL has not answered within 12 s, longer than any statement may take")]
    Silent,
    /// A row that is not as the code expects it.
    #[error("column {table}.{column}: wanted {wanted}, found {found}")]
    Column {
        /// Its table.
        table: &'static str,
        /// Its column.
        column: &'static str,
        /// The type asked for.
        wanted: &'static str,
        /// The type that is there.
        found: &'static str,
    },
    /// The connection string, the folder, or a certificate cannot be used.
    #[error("{0}")]
    Setting(String),
    /// The schema was made by a newer bizauth.
    #[error("the database has schema version {found}, this program knows {known}: run the newer program")]
    NewerSchema {
        /// The version in the database.
        found: i64,
        /// The newest version of this program.
        known: i64,
    },
    /// A migration that was applied is not the one in this program.
    #[error("migration {version} was applied in another form than this program has: do not edit migrations")]
    ChangedMigration {
        /// Its version.
        version: i64,
    },
    /// The schema is older than this program's.
    #[error("the database has schema version {found}, this program needs {known}: run `bizauth migrate`")]
    OlderSchema {
        /// The version in the database.
        found: i64,
        /// The newest version of this program.
        known: i64,
    },
    /// A bug: on SQLite nobody would ever wake the body again.
    #[error("a transaction body awaited something other than its transaction")]
    Suspended,
    /// A bug: after a failed statement there is nothing left to commit.
    #[error("a transaction body ignored the failure of a statement and asked to commit")]
    Swallowed,
    /// The database was closed, or its writer is gone.
    #[error("the database is closed")]
    Closed,
}

impl Error {
    pub(crate) fn sqlite(sql: &'static str) -> impl Fn(rusqlite::Error) -> Error {
        move |source| Error::Sqlite { sql, source: Arc::new(source) }
    }

    pub(crate) fn postgres(sql: &'static str) -> impl Fn(tokio_postgres::Error) -> Error {
        move |source| Error::Postgres { sql, source: Arc::new(source) }
    }

    /// Nothing happened and the same transaction may succeed if run again: a conflict, or an id that another node drew
    /// in the same instant.
    pub fn is_conflict(&self) -> bool {
        match self {
            Error::Postgres { source, .. } => match source.as_db_error() {
                Some(e) if *e.code() == SqlState::UNIQUE_VIOLATION => {
                    e.constraint().is_some_and(|name| name.ends_with("_pkey"))
                }
                Some(e) => [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED].contains(e.code()),
                None => false,
            },
            Error::Sqlite { source, .. } => {
                use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_ROWID};
                source
                    .sqlite_error()
                    .is_some_and(|e| [SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_ROWID].contains(&e.extended_code))
            }
            _ => false,
        }
    }

    /// The embedded database's file is not what was written to it.
    pub(super) fn is_torn(&self) -> bool {
        use rusqlite::{Error as Said, ErrorCode};
        let Error::Sqlite { source, .. } = self else { return false };
        let torn = [ErrorCode::DatabaseCorrupt, ErrorCode::NotADatabase];
        // Every table is STRICT: a value of another type was not put there by a statement.
        source.sqlite_error_code().is_some_and(|code| torn.contains(&code))
            || matches!(
                **source,
                Said::FromSqlConversionFailure(..) | Said::InvalidColumnType(..) | Said::Utf8Error(..)
            )
    }

    /// Another program holds the write lock of the embedded database's file, and kept it for longer than we wait.
    pub fn is_locked(&self) -> bool {
        let Error::Sqlite { source, .. } = self else { return false };
        source.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy)
    }

    /// The role that we connect as may not do this.
    pub fn is_forbidden(&self) -> bool {
        matches!(self, Error::Postgres { source, .. } if source.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE))
    }

    /// The statement speaks of a table that is not there.
    pub(super) fn is_missing_table(&self) -> bool {
        match self {
            Error::Postgres { source, .. } => source.code() == Some(&SqlState::UNDEFINED_TABLE),
            Error::Sqlite { source, .. } => source.to_string().contains("no such table"),
            _ => false,
        }
    }
}
