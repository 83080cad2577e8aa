//! `bizauth ip-list`: publishing the platform's IP list, and looking at what is in force on a day.

mod import;
mod show;

use clap::Subcommand;

use super::desk::Desk;
use super::noun;
use super::open::Absent;

/// What can be done with the IP list.
#[derive(Subcommand)]
pub(super) enum Verb {
    /// Publish a list: it is the one in force from now on
    Import(import::Import),
    /// Show the list in force today or on another day
    Show(show::Show),
}

impl noun::Verb for Verb {
    fn if_absent(&self) -> Absent {
        match self {
            Verb::Import(_) => Absent::Make,
            Verb::Show(_) => Absent::Refuse,
        }
    }

    async fn run(self, desk: &mut Desk<'_>) -> anyhow::Result<()> {
        match self {
            Verb::Import(import) => import.run(desk).await,
            Verb::Show(show) => show.run(desk).await,
        }
    }
}
