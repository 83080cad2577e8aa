//! `bizauth backup`: a copy of the embedded database, made while it is served.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::open::{self, Absent};
use super::output::Output;
use super::refusal::refuse;
use super::settings::Settings;
use crate::clock::Clock;
use crate::config::{Config, Database};
use crate::seal::path_of;

/// Where to.
#[derive(clap::Args)]
#[command(
    after_help = "The server may go on meanwhile. The copy is as the database was at one instant, its owner's alone (0600),\nand marked: `bizauth serve` refuses it until `bizauth restore accept` has said what becomes of its tokens.\nThe master key is not in it: back that up apart.\n\nPostgreSQL has pg_dump for this."
)]
pub(super) struct Command {
    /// The copy; there must be no such file yet
    file: PathBuf,
    #[command(flatten)]
    settings: Settings,
    /// Print one JSON document instead of a sentence
    #[arg(long)]
    json: bool,
}

impl Command {
    /// Makes the copy, or leaves nothing behind.
    pub(super) async fn run(self, output: &mut Output) -> anyhow::Result<()> {
        output.json = self.json;
        let config = self.settings.config()?;
        if let Database::Postgres(_) = config.database {
            return Err(refuse(
                "PostgreSQL is not copied by this command",
                "use pg_dump; docs/operations.md says how, and what to do after a restore",
            ));
        }
        let now = Clock::System.now();
        let store = open::records(&config, Absent::Refuse, now, output).await?;
        make(&self.file)?;
        let copied = store.copy_to(&self.file, now).await.map_err(anyhow::Error::from);
        let copied = copied.and_then(|()| Ok(kept(&self.file)?));
        store.close().await;
        if copied.is_err() {
            // Half a copy would be taken for one; that it cannot be removed changes nothing about the failure.
            let _ = std::fs::remove_file(&self.file);
        }
        let bytes = copied?;
        let told = format!("copied {bytes} bytes to {}, as of {}", self.file.display(), now.to_utc());
        output.done(&told, json!({ "file": self.file, "bytes": bytes, "copied_at": now.to_utc() }))?;
        say_what_is_missing(&config, output);
        Ok(())
    }
}

/// An empty file that is its owner's alone from its first moment.
fn make(file: &Path) -> anyhow::Result<()> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    let name = file.display();
    match made {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Err(refuse(format!("{name} is there already"), "give another name: a backup is never overwritten"))
        }
        Err(error) => {
            Err(refuse(format!("{name} cannot be made: {error}"), "see that its folder is there and yours to write"))
        }
    }
}

/// Sees to it that the disk has the copy, and its name.
fn kept(file: &Path) -> std::io::Result<u64> {
    let written = File::open(file)?;
    written.sync_all()?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()?;
    Ok(written.metadata()?.len())
}

fn say_what_is_missing(config: &Config, output: &mut Output) {
    if let Ok(key) = path_of(config)
        && key.exists()
    {
        output.note(&format!("note: the master key {} is not in it; back it up apart", key.display()));
    }
}
