//! `bizauth dev`: the whole platform with demo data on this machine, gone when it stops; and what scripts need around it.

mod beginning;
mod detach;
mod env;
mod exec;
mod init;
mod name;
mod platform;
mod process;
mod replay;
mod running;
mod status;
mod stop;
mod trust;
mod trust_stores;
mod up;
mod variables;
mod wait;

use clap::Subcommand;

use super::output::Output;

/// Runs the platform, or does something about one that runs.
#[derive(clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "In a script:  bizauth dev --detach; eval \"$(bizauth dev env)\"; …; bizauth dev stop\nOr in one go: bizauth dev exec -- npm test"
)]
pub(super) struct Command {
    #[command(flatten)]
    up: up::Up,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Subcommand)]
enum Verb {
    /// Run a command with a platform of its own, and end as the command ended
    Exec(exec::Command),
    /// Print what a client needs to know of a running platform, as variables
    Env(env::Command),
    /// Say whether a platform runs
    Status(status::Command),
    /// Wait until a platform answers
    Wait(wait::Command),
    /// Stop a platform
    Stop(stop::Command),
    /// Write a seed with a comment on each field, to begin with
    Init(init::Init),
    /// Print the JSON Schema of a seed
    Schema(init::Schema),
    /// Run again what happened in a world, and see whether the same comes of it
    Replay(replay::Replay),
    /// Make the local certificate authority, and show how clients are told to trust it
    Trust(trust::Command),
}

impl Command {
    pub(super) async fn run(self, output: &mut Output) -> anyhow::Result<()> {
        match self.verb {
            None => self.up.run(output).await,
            Some(Verb::Exec(command)) => command.run(output).await,
            Some(Verb::Env(command)) => command.run(output).await,
            Some(Verb::Status(command)) => command.run(output),
            Some(Verb::Wait(command)) => command.run(output).await,
            Some(Verb::Stop(command)) => command.run(output).await,
            Some(Verb::Init(command)) => command.run(output),
            Some(Verb::Schema(command)) => command.run(output),
            Some(Verb::Replay(command)) => command.run(output).await,
            Some(Verb::Trust(command)) => command.run(output),
        }
    }
}
