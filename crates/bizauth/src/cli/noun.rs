//! What all nouns have in common: the flags that say where the records are, the form of the answer, and the order of
//! things: configuration, records, verb, close.

use clap::{Args, Subcommand};

use super::desk::Desk;
use super::open::{self, Absent};
use super::output::Output;
use super::settings::Settings;
use crate::clock::Clock;
use crate::entropy::Entropy;

/// A noun of the command line, to be followed by one of its verbs.
#[derive(Args)]
pub(super) struct Noun<V: Subcommand> {
    #[command(flatten)]
    settings: Settings,
    /// Print one JSON document instead of a table
    #[arg(long, global = true, display_order = 900)]
    json: bool,
    #[command(subcommand)]
    verb: V,
}

/// What can be done with a noun.
pub(super) trait Verb: Subcommand {
    /// What to do where there is no database yet: those that set things up make one.
    fn if_absent(&self) -> Absent {
        Absent::Refuse
    }

    /// Does it.
    async fn run(self, desk: &mut Desk<'_>) -> anyhow::Result<()>;
}

impl<V: Verb> Noun<V> {
    /// Opens the records, does what the verb says, closes them.
    pub(super) async fn run(self, output: &mut Output) -> anyhow::Result<()> {
        output.json = self.json;
        let config = self.settings.config()?;
        let (now, entropy) = (Clock::System.now(), Entropy::System);
        let store = open::records(&config, self.verb.if_absent(), now, output).await?;
        let mut desk = Desk { store: store.clone(), config, now, entropy, output };
        let result = self.verb.run(&mut desk).await;
        store.close().await;
        result
    }
}
