//! A world as it was at one moment: records, clock, chance, faults, rules and log.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Error;
use super::consents::Rules;
use super::faults::Faults;
use super::journal::Entry;
use super::seed::Planted;
use super::world::{Stage, lock};
use crate::clock::Course;
use crate::serve::DATABASE_FILE;

/// How every SQLite database begins.
const SQLITE: &[u8] = b"SQLite format 3\0";
/// The file with the keys under which seeds of second factors are sealed.
const MASTER_KEY: &str = "master.key";

/// All of a world but its seed.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// The number of its node.
    pub node: u16,
    /// Where its ids are.
    pub ids: i64,
    /// Where its clock stood: milliseconds since the Unix epoch.
    at: i64,
    /// Whether it stood still.
    frozen: bool,
    /// How often chance was drawn.
    pub drawn: u64,
    /// What the seed put in.
    pub planted: Planted,
    /// The planned faults.
    pub faults: Faults,
    /// The rules of consent.
    pub rules: Rules,
    /// The log.
    pub entries: Vec<Entry>,
    /// The records.
    #[serde(serialize_with = "as_text", deserialize_with = "as_bytes")]
    pub database: Vec<u8>,
    /// The master key, if one was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    master_key: Option<String>,
}

impl Snapshot {
    /// Keeps a stage as it is now. Calls that are under way are in it as far as they have come.
    ///
    /// # Errors
    /// The store, or the folder.
    pub async fn take(stage: &Stage) -> Result<Snapshot, Error> {
        let now = stage.now();
        let copy = stage.folder().join("snapshot.db");
        stage.state.store.copy_to(&copy, now).await?;
        let database = std::fs::read(&copy).map_err(Error::Folder)?;
        std::fs::remove_file(&copy).map_err(Error::Folder)?;
        Ok(Snapshot {
            node: stage.node,
            ids: stage.state.store.ids(),
            at: now.millis(),
            frozen: matches!(stage.clock.how(), Course::Frozen(_)),
            drawn: stage.state.entropy.drawn(),
            planted: stage.planted.clone(),
            faults: lock(&stage.faults).clone(),
            rules: lock(&stage.rules).clone(),
            entries: stage.journal.all().iter().map(|entry| Entry::clone(entry)).collect(),
            database,
            master_key: std::fs::read_to_string(stage.folder().join(MASTER_KEY)).ok(),
        })
    }

    /// Whether it can be put back.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self) -> Result<(), String> {
        match self.database.starts_with(SQLITE) {
            true => Ok(()),
            false => Err("its database is none".to_owned()),
        }
    }

    /// Writes its records into a folder.
    ///
    /// # Errors
    /// The folder.
    pub fn write_to(&self, folder: &Path) -> Result<(), Error> {
        std::fs::write(folder.join(DATABASE_FILE), &self.database).map_err(Error::Folder)?;
        match &self.master_key {
            Some(key) => std::fs::write(folder.join(MASTER_KEY), key).map_err(Error::Folder),
            None => Ok(()),
        }
    }

    /// How the clock goes on from it.
    pub fn course(&self) -> Course {
        Course::at(bizauth_core::time::Time::from_millis(self.at), self.frozen)
    }
}

fn as_text<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(bytes))
}

fn as_bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    STANDARD.decode(text).map_err(serde::de::Error::custom)
}
