//! Opening the records for a command: as the server does it, and with a word for those who have none yet.

use bizauth_core::time::Time;
use bizauth_store::{Error, Store};

use super::output::Output;
use super::refusal::{refuse, unreadable};
use crate::config::{Config, Database};
use crate::serve::{DATABASE_FILE, open_store};

/// What to do where there is no embedded database yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Absent {
    /// Make it, for a first command on an empty folder.
    Make,
    /// Say so.
    Refuse,
}

/// The records, with a schema that is this program's.
///
/// A database that is not there yet is made for commands that set things up, if it is embedded. An older one is left
/// alone: to change the schema under a running server is the operator's decision.
pub(super) async fn records(config: &Config, absent: Absent, now: Time, output: &mut Output) -> anyhow::Result<Store> {
    let absent = match config.database {
        Database::Sqlite => absent,
        Database::Postgres(_) => Absent::Refuse,
    };
    if matches!(config.database, Database::Sqlite) && absent == Absent::Refuse {
        there_is_one(config)?;
    }
    let store = open_store(config)?;
    match (store.check_schema().await, absent) {
        (Err(Error::OlderSchema { found: 0, .. }), Absent::Make) => {
            store.migrate(now).await?;
            output.note(&format!("made a database in {}", config.data.display()));
        }
        (checked, _) => checked?,
    }
    Ok(store)
}

/// Asked before opening, which would make an empty database.
fn there_is_one(config: &Config) -> anyhow::Result<()> {
    let file = config.data.join(DATABASE_FILE);
    match file.try_exists().map_err(|error| unreadable(&file.display().to_string(), &error))? {
        true => Ok(()),
        false => Err(refuse(
            format!("there is no database in the folder {}", config.data.display()),
            "make one with `bizauth migrate`, or say where it is with --data or --database",
        )),
    }
}
