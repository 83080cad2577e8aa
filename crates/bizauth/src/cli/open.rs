//! Opening the records: the file in the data folder or the PostgreSQL server, whichever the configuration names.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use bizauth_core::time::Time;
use bizauth_store::{Error, Store};

use super::output::Output;
use super::refusal::refuse;
use crate::config::{Config, Database};
use crate::entropy::Entropy;

/// Connections to PostgreSQL for one command, which does one thing at a time.
const CONNECTIONS: usize = 2;

/// What to do where there is no embedded database yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Absent {
    /// Make it, for a first command on an empty folder.
    Make,
    /// Say so.
    Refuse,
}

/// The file of the embedded database.
pub(crate) fn database_file(config: &Config) -> PathBuf {
    config.data.join("bizauth.db")
}

/// Makes the data folder, for its owner alone, if it is not there.
pub(crate) fn make_data_folder(folder: &Path) -> anyhow::Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.with_context(|| format!("the data folder {} cannot be made", folder.display()))
}

/// The records, with a schema that is this program's.
///
/// A database that is not there yet is made for commands that set things up. An older one is left alone: to change the
/// schema under a running server is the operator's decision.
pub(super) async fn records(config: &Config, absent: Absent, now: Time, output: &mut Output) -> anyhow::Result<Store> {
    let (store, absent) = match &config.database {
        Database::Postgres(url) => (Store::postgres(url.expose(), CONNECTIONS, Entropy.node())?, Absent::Refuse),
        Database::Sqlite => (embedded(config, absent)?, absent),
    };
    match (store.check_schema().await, absent) {
        (Err(Error::OlderSchema { found: 0, .. }), Absent::Make) => {
            store.migrate(now).await?;
            output.note(&format!("made a database in {}", config.data.display()));
        }
        (checked, _) => checked?,
    }
    Ok(store)
}

/// The records as they are, made where they are missing, to be migrated next.
pub(super) fn to_migrate(config: &Config) -> anyhow::Result<Store> {
    match &config.database {
        Database::Postgres(url) => Ok(Store::postgres(url.expose(), CONNECTIONS, Entropy.node())?),
        Database::Sqlite => embedded(config, Absent::Make),
    }
}

fn embedded(config: &Config, absent: Absent) -> anyhow::Result<Store> {
    let file = database_file(config);
    let there = file.try_exists().with_context(|| format!("{} cannot be looked at", file.display()))?;
    match absent {
        _ if there => {}
        Absent::Make => make_data_folder(&config.data)?,
        Absent::Refuse => {
            return Err(refuse(
                format!("there is no database in the folder {}", config.data.display()),
                "make one with `bizauth migrate`, or say where it is with --data or --database",
            ));
        }
    }
    Ok(Store::embedded(&file, Entropy.node())?)
}
