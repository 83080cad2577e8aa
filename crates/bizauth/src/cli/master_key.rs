//! `bizauth master-key`: the key under which the seeds of two-factor sign-in are sealed, made and rotated.

use clap::Subcommand;
use serde_json::json;

use super::desk::Desk;
use super::noun;
use super::refusal::refuse;
use crate::seal::{MasterKeys, create, path_of, put_first, reseal};

/// What can be done with it.
#[derive(Subcommand)]
pub(super) enum Verb {
    /// Make the file with its first key; with PostgreSQL, which several nodes may share, none does so by itself
    #[command(
        after_help = "The file is the one that the setting master_key names. Every node needs the same: make it once and copy it.\nIt is never overwritten. Back it up apart from the database."
    )]
    Create,
    /// Put a new key first in the file, and seal everything anew with it
    #[command(
        after_help = "The old keys stay in the file behind the new one. Once this command has said that everything is\nsealed with the new key, their lines may be removed; keep them with the backups they belong to.\n\nWith several nodes that have a copy each: put the new line last everywhere, then first everywhere,\nand run `bizauth master-key reseal`."
    )]
    Rotate,
    /// Seal everything anew with the first key of the file
    Reseal,
}

impl noun::Verb for Verb {
    async fn run(self, desk: &mut Desk<'_>) -> anyhow::Result<()> {
        if matches!(self, Verb::Create) {
            let path = path_of(&desk.config)?;
            create(&path, &desk.entropy)?;
            let told = format!("made the master key {}; every node needs the same file", path.display());
            return Ok(desk.output.done(&told, json!({ "made": path.display().to_string() }))?);
        }
        // Read first, which also makes the file where there is none.
        let mut keys = MasterKeys::of(&desk.config).await?;
        if matches!(self, Verb::Rotate) {
            put_first(&path_of(&desk.config)?, &desk.entropy)?;
            keys = MasterKeys::of(&desk.config).await?;
        }
        let done = reseal(&desk.store, desk.by().actor().clone(), &keys, &desk.entropy).await?;
        if done.closed > 0 {
            return Err(refuse(
                format!("{} seals are of a key that the file does not hold; {} are done", done.closed, done.changed),
                "put the missing line back into the file and run `bizauth master-key reseal`",
            ));
        }
        let told =
            format!("sealed {} seeds with the first key; its predecessors are not needed any more", done.changed);
        Ok(desk.output.done(&told, json!({ "resealed": done.changed }))?)
    }
}
