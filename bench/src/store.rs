//! A throwaway store on either engine, and a way to fill it behind its back: a million rows by sentences of the store
//! would take an hour.

use std::path::{Path, PathBuf};

use anyhow::Context;
use bizauth_core::time::Time;
use bizauth_store::Store;
use tempfile::TempDir;

use crate::Engine;
use crate::postgres;

/// A store and where it is.
pub(crate) struct Place {
    pub(crate) store: Store,
    url: Option<String>,
    folder: TempDir,
}

impl Place {
    /// An empty store with its schema.
    pub(crate) async fn new(engine: Engine, now: Time) -> anyhow::Result<Self> {
        let folder = TempDir::new()?;
        let url = (engine == Engine::Postgres).then(postgres::database);
        let store = match &url {
            Some(url) => Store::postgres(url, 8, 1)?,
            None => Store::embedded(&folder.path().join("bizauth.db"), 1)?,
        };
        store.migrate(now).await?;
        Ok(Place { store, url, folder })
    }

    /// The folder of the embedded database, and of whatever else belongs to the place.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The file of the embedded database.
    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("bizauth.db")
    }

    /// The connection string on PostgreSQL.
    pub(crate) fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// Runs a script; `{blob}` in it stands for 32 bytes.
    pub(crate) async fn script(&self, script: &str) -> anyhow::Result<()> {
        match &self.url {
            None => {
                let connection = rusqlite::Connection::open(self.folder.path().join("bizauth.db"))?;
                let script = script.replace("{blob}", &format!("x'{}'", "00".repeat(32)));
                connection.execute_batch(&script).with_context(|| script.clone())?;
            }
            Some(url) => {
                let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
                let running = tokio::spawn(connection);
                let script = script.replace("{blob}", &format!("'\\x{}'::bytea", "00".repeat(32)));
                // No node has read anything yet: nobody need be told of a million rows one by one.
                client.batch_execute("SET session_replication_role = replica").await?;
                client.batch_execute(&script).await.with_context(|| script.clone())?;
                drop(client);
                running.await??;
            }
        }
        Ok(())
    }
}
