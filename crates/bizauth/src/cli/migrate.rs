//! `bizauth migrate`: makes the database, or brings its schema up to date.

use serde_json::json;

use super::output::{Output, Rows};
use super::settings::Settings;
use crate::clock::Clock;
use crate::serve::open_store;

/// Which database.
#[derive(clap::Args)]
pub(super) struct Command {
    #[command(flatten)]
    settings: Settings,
    /// Print one JSON document instead of a table
    #[arg(long)]
    json: bool,
}

impl Command {
    /// Applies what is pending, and prints the versions applied.
    pub(super) async fn run(self, output: &mut Output) -> anyhow::Result<()> {
        output.json = self.json;
        let store = open_store(&self.settings.config()?)?;
        let applied = store.migrate(Clock::System.now()).await;
        store.close().await;
        let applied = applied?;
        if applied.is_empty() && !output.json {
            output.note("the schema is up to date");
            return Ok(());
        }
        output.data(json!({ "applied": applied }), || {
            Rows::titled(["APPLIED"], applied.iter().map(|version| [version.to_string()]))
        })?;
        Ok(())
    }
}
