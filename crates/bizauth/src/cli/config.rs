//! `bizauth config`: the settings file with its documentation, and the values in effect with where each comes from.

use serde_json::{Value, json};

use super::output::{Output, Rows};
use super::settings::AllSettings;
use crate::config;

/// What to show.
#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// Print a settings file in which every setting is documented
    #[command(after_help = "Example:\n  bizauth config template > bizauth.toml")]
    Template,
    /// Show every setting in effect and where it comes from, passwords hidden
    Show(Show),
}

/// How to show it; all flags of the server are taken into account.
#[derive(clap::Args)]
pub(super) struct Show {
    #[command(flatten)]
    settings: AllSettings,
    /// Print one JSON document instead of a table
    #[arg(long)]
    json: bool,
}

impl Command {
    /// Shows it.
    pub(super) fn run(self, output: &mut Output) -> anyhow::Result<()> {
        match self {
            Command::Template => Ok(output.text(&config::template())?),
            Command::Show(show) => show.run(output),
        }
    }
}

impl Show {
    fn run(self, output: &mut Output) -> anyhow::Result<()> {
        output.json = self.json;
        let config = self.settings.config()?;
        let shown = config.shown();
        let row = |(name, value, source): &(&str, String, config::Source)| json!({ "name": name, "value": value, "source": source.to_string() });
        let settings: Vec<Value> = shown.iter().map(row).collect();
        output.data(json!({ "settings": settings, "warnings": config.warnings }), || {
            let row = |(name, value, source): &(&str, String, config::Source)| {
                [(*name).to_owned(), value.clone(), source.to_string()]
            };
            Rows::titled(["SETTING", "VALUE", "FROM"], shown.iter().map(row))
        })?;
        for warning in &config.warnings {
            output.note(&format!("warning: {warning}"));
        }
        Ok(())
    }
}
