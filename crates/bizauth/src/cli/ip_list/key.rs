//! `bizauth ip-list new-key`: makes a key that signs the list.

use std::path::PathBuf;

use serde_json::json;

use super::super::desk::Desk;
use super::super::output::Rows;
use super::super::refusal::refuse;
use crate::ip_list::signing;

/// Where to.
#[derive(clap::Args)]
#[command(after_help = "The setting ip_signing_key names the file; followers are given the public key.\n\n\
                        Example:\n  bizauth ip-list new-key /etc/bizauth/ip-list.key")]
pub(in crate::cli) struct NewKey {
    /// A file that is not there yet
    file: PathBuf,
}

impl NewKey {
    /// Makes it, and says its public half.
    pub(super) fn run(self, desk: &mut Desk<'_>) -> anyhow::Result<()> {
        let key = signing::make(&self.file, &desk.entropy).map_err(|error| {
            refuse(error.to_string(), "name a file that is not there yet, in a folder that you may write")
        })?;
        let (file, public) = (self.file.display().to_string(), key.public_key());
        desk.output.data(json!({ "file": file, "id": key.name(), "public_key": public }), || {
            Rows::card([("file", file.clone()), ("id", key.name()), ("public key", public.clone())])
        })?;
        Ok(())
    }
}
