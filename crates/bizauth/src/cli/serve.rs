//! `bizauth serve`: the platform for real, on records that stay.

use super::output::Output;
use super::settings::AllSettings;

/// Every setting.
#[derive(clap::Args)]
pub(super) struct Command {
    #[command(flatten)]
    settings: AllSettings,
}

impl Command {
    pub(super) async fn run(self, _output: &mut Output) -> anyhow::Result<()> {
        let config = self.settings.config()?;
        crate::log::start(&config.log, config.log_format)?;
        for warning in &config.warnings {
            tracing::warn!("{warning}");
        }
        crate::serve::serve(config).await?;
        Ok(())
    }
}
