//! What the default world begins with: flags that a platform of any kind takes.

use std::path::PathBuf;

use bizauth_core::time::Time;

use crate::cli::refusal::{misused, unreadable};
use crate::dev::Setup;
use crate::dev::worlds::Source;

/// The seed, and what makes a run repeatable.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct Beginning {
    /// What is in it: a TOML or JSON file, see `bizauth dev init`; without, the demo
    #[arg(long, value_name = "FILE")]
    seed: Option<PathBuf>,
    /// The number that keys, codes, tokens and ids follow from; without, the seed's, or another one each time
    #[arg(long, value_name = "NUMBER")]
    random: Option<u64>,
    /// When its clock begins, such as 2026-12-01T09:00:00+09:00; without, the seed's word, or now
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    at: Option<Time>,
    /// Let its clock stand still until it is moved
    #[arg(long)]
    frozen: bool,
}

impl Beginning {
    /// Reads the seed, if one is named.
    pub(super) fn setup(&self) -> anyhow::Result<Setup> {
        let seed = self.seed.as_ref().map(|path| {
            let file = path.display().to_string();
            let text = std::fs::read_to_string(path).map_err(|error| unreadable(&file, &error))?;
            Source::read(&text, &file).map_err(|mistakes| {
                let told: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
                misused(
                    told.join("\n"),
                    "nothing was started; `bizauth dev init` writes a seed with a comment on each field",
                )
            })
        });
        let (random, at, frozen) = (self.random, self.at, self.frozen.then_some(true));
        Ok(Setup { seed: seed.transpose()?, random, at, frozen, log: None })
    }
}

fn moment(text: &str) -> Result<Time, String> {
    let at: jiff::Timestamp = text.parse().map_err(|error: jiff::Error| error.to_string())?;
    Ok(Time::from_millis(at.as_millisecond()))
}
