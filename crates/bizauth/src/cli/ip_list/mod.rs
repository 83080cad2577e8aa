//! `bizauth ip-list`: publishing the platform's IP list, and looking at what was, is and will be in force.

mod diff;
mod files;
mod history;
mod import;
mod key;
mod lint;
mod show;

use bizauth_core::ips::{Remark, Weight};
use bizauth_store::Published;
use clap::Subcommand;
use serde_json::{Value, json};

use super::desk::Desk;
use super::noun;
use super::open::Absent;
use super::refusal::refuse;

/// What can be done with the IP list.
#[derive(Subcommand)]
pub(super) enum Verb {
    /// Publish a list: it is the one in force from now on
    Import(import::Import),
    /// Show the list in force today or on another day
    Show(show::Show),
    /// Say what is wrong or unwise about a list before it is published
    Lint(lint::Lint),
    /// Show what a list that is not published yet would be on a day
    Preview(show::Preview),
    /// Show what differs between two versions, two days, or the newest version and a file
    Diff(diff::Diff),
    /// Every version that was published
    History(history::History),
    /// Print a version with its whole schedule, as a file that can be changed and imported
    Export(history::Export),
    /// Make a key that signs the list
    NewKey(key::NewKey),
}

impl noun::Verb for Verb {
    fn if_absent(&self) -> Absent {
        match self {
            Verb::Import(_) => Absent::Make,
            _ => Absent::Refuse,
        }
    }

    async fn run(self, desk: &mut Desk<'_>) -> anyhow::Result<()> {
        match self {
            Verb::Import(verb) => verb.run(desk).await,
            Verb::Show(verb) => verb.run(desk).await,
            Verb::Lint(verb) => verb.run(desk).await,
            Verb::Preview(verb) => verb.run(desk),
            Verb::Diff(verb) => verb.run(desk).await,
            Verb::History(verb) => verb.run(desk).await,
            Verb::Export(verb) => verb.run(desk).await,
            Verb::NewKey(verb) => verb.run(desk),
        }
    }
}

/// The newest version, or a refusal.
async fn newest(desk: &Desk<'_>) -> anyhow::Result<Published> {
    let published = desk.store.published_ips().await?;
    published.ok_or_else(|| refuse("no IP list was ever published", "`bizauth ip-list import FILE` publishes one"))
}

/// The version of this serial, or a refusal.
async fn version(desk: &Desk<'_>, serial: i64) -> anyhow::Result<Published> {
    let published = desk.store.ip_version(serial).await?;
    published
        .ok_or_else(|| refuse(format!("there is no version {serial}"), "`bizauth ip-list history` shows all versions"))
}

/// How bad a remark is, in a word.
fn weight(remark: &Remark) -> &'static str {
    match remark.about.weight() {
        Weight::Refusal => "refused",
        Weight::Warning => "warning",
        Weight::Note => "note",
    }
}

fn remark(it: &Remark) -> Value {
    json!({
        "weight": weight(it),
        "list": it.rule.as_str(),
        "service": it.service,
        "about": it.about.to_string(),
    })
}
