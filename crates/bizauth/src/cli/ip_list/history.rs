//! `bizauth ip-list history` and `export`: every version, and one of them whole.

use bizauth_store::{Turn, Version};
use serde_json::Value;

use super::super::desk::{AT_A_TIME, Desk, every};
use super::super::output::Rows;
use crate::http::ip_list::told::{Reader, version};
use crate::ip_list::hex;
use crate::ip_list::source::{document_of, to_text};

/// All of it.
#[derive(clap::Args)]
pub(in crate::cli) struct History {}

impl History {
    /// Shows every version, newest first.
    pub(super) async fn run(self, desk: &mut Desk<'_>) -> anyhow::Result<()> {
        let store = desk.store.clone();
        let read = async |turn: Turn<i64>| store.ip_versions(&turn, AT_A_TIME).await;
        let versions = every(read, |it: &Version| it.serial).await?;
        let json: Vec<Value> = versions.iter().map(|it| version(it, Reader::Operator)).collect();
        desk.output.data(json.into(), || {
            let row = |it: &Version| {
                let content = it.content.map(|content| hex(&content.0[..6])).unwrap_or_default();
                [it.serial.to_string(), it.published_at.to_utc(), it.author.clone(), it.reason.clone(), content]
            };
            Rows::titled(["SERIAL", "PUBLISHED", "BY", "REASON", "CONTENT"], versions.iter().map(row))
        })?;
        Ok(())
    }
}

/// Which version.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  bizauth ip-list export > list.json && $EDITOR list.json && bizauth ip-list import list.json"
)]
pub(in crate::cli) struct Export {
    /// The newest if it is left out
    serial: Option<i64>,
    /// The text that the content hash is the SHA-256 of, instead of the JSON document
    #[arg(long)]
    text: bool,
}

impl Export {
    /// Prints it.
    pub(super) async fn run(self, desk: &mut Desk<'_>) -> anyhow::Result<()> {
        let published = match self.serial {
            Some(serial) => super::version(desk, serial).await?,
            None => super::newest(desk).await?,
        };
        let text = match self.text {
            true => published.list.text(),
            false => format!("{}\n", to_text(&document_of(&published.list))),
        };
        Ok(desk.output.text(&text)?)
    }
}
