//! The settings that commands take as flags, straight from the table in `crate::config`.
//!
//! Read by hand rather than derived, so that a flag's name, help and rules are written down once.

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use crate::config::{self, Config};

/// Where the records are: what every command takes that opens them.
const RECORDS: [&str; 3] = ["config", "data", "database"];

/// The flags that say where the records are.
pub(super) struct Settings(ArgMatches);

/// The flags of every setting.
pub(super) struct AllSettings(ArgMatches);

impl Settings {
    /// The configuration by these flags, the environment and the file.
    pub(super) fn config(&self) -> anyhow::Result<Config> {
        Ok(Config::load(&self.0, config::environment)?)
    }
}

impl AllSettings {
    /// The configuration by these flags, the environment and the file.
    pub(super) fn config(&self) -> anyhow::Result<Config> {
        Ok(Config::load(&self.0, config::environment)?)
    }
}

impl FromArgMatches for Settings {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(Settings(matches.clone()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0 = matches.clone();
        Ok(())
    }
}

impl Args for Settings {
    fn augment_args(command: Command) -> Command {
        let here = |arg: &Arg| RECORDS.contains(&arg.get_id().as_str());
        // Global, so that they may stand behind the verb as well as behind the noun.
        command.args(config::arguments().into_iter().filter(here).map(|arg| arg.global(true)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Settings::augment_args(command)
    }
}

impl FromArgMatches for AllSettings {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(AllSettings(matches.clone()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0 = matches.clone();
        Ok(())
    }
}

impl Args for AllSettings {
    fn augment_args(command: Command) -> Command {
        command.args(config::arguments())
    }

    fn augment_args_for_update(command: Command) -> Command {
        AllSettings::augment_args(command)
    }
}
