//! `bizauth maintenance`: a switch for the whole platform, obeyed by every node at once.

use clap::Subcommand;
use serde_json::json;

use super::desk::Desk;
use super::noun;
use super::output::{Rows, on_off};

/// What can be done with it.
#[derive(Subcommand)]
pub(super) enum Verb {
    /// Answer every kapi call with -9798 from now on
    On,
    /// Serve again
    Off,
    /// Say which it is
    Status,
}

impl noun::Verb for Verb {
    async fn run(self, desk: &mut Desk<'_>) -> anyhow::Result<()> {
        let on = match self {
            Verb::On => true,
            Verb::Off => false,
            Verb::Status => {
                let on = desk.store.maintenance().await?;
                let rows = || Rows::card([("maintenance", on_off(on))]);
                return Ok(desk.output.data(json!({ "maintenance": on }), rows)?);
            }
        };
        desk.by().set_maintenance(on).await?;
        Ok(desk.output.done(&format!("maintenance mode is {}", on_off(on)), json!({ "maintenance": on }))?)
    }
}
