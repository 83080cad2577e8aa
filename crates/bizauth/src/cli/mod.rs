//! The command line: `bizauth <noun> <verb>`, a file for each noun, over the same rules and records as the server.
//!
//! Data goes to stdout, a table or with `--json` one document; everything else to stderr. The exit status is 0 for
//! done, 1 for refused or failed, 2 for a mistake in the command or the configuration; `ips` has more. A broken pipe is
//! success.

mod app;
mod asset;
mod audit;
mod backup;
mod completions;
mod config;
mod desk;
mod dev;
mod ip_list;
mod ips;
mod item;
mod key;
mod maintenance;
mod master_key;
mod member;
mod migrate;
mod noun;
mod open;
mod operator;
mod output;
mod password;
mod permission;
mod read;
mod refusal;
mod restore;
mod serve;
mod settings;
mod token;
mod user;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use noun::Noun;
use output::Output;

/// The platform side of Business Authentication, self-hosted
#[derive(Parser)]
#[command(
    name = "bizauth",
    version,
    propagate_version = true,
    disable_help_subcommand = true,
    after_help = "Try it on this machine:      bizauth dev\nSet up a server of your own: bizauth operator create you@example.com && bizauth serve"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server
    Serve(serve::Command),
    /// Run the whole platform on this machine with demo data
    Dev(dev::Command),
    /// Make the database, or bring its schema up to date
    Migrate(migrate::Command),
    /// Copy the embedded database to a file while it is served
    Backup(backup::Command),
    /// A restored database: what it is a copy of, and which tokens may live in it
    Restore(Noun<restore::Verb>),
    /// The settings: a documented file, and what is in effect
    #[command(subcommand)]
    Config(config::Command),
    /// Apps
    App(Noun<app::Verb>),
    /// App keys: redirect URIs, client secrets, allowed callers
    Key(Noun<key::Verb>),
    /// Members of apps
    Member(Noun<member::Verb>),
    /// Consent items: those of an app, and the catalogue
    Item(Noun<item::Verb>),
    /// Feature permissions of apps
    Permission(Noun<permission::Verb>),
    /// Accounts
    User(Noun<user::Verb>),
    /// Accounts that operate this platform
    Operator(Noun<operator::Verb>),
    /// Business assets, and who holds them
    Asset(Noun<asset::Verb>),
    /// Business tokens and the consents behind them
    Token(Noun<token::Verb>),
    /// The IP list that this platform publishes
    IpList(Noun<ip_list::Verb>),
    /// Follow an IP list, this platform's or another's, into firewalls and files
    Ips(ips::Command),
    /// The audit log: who changed what
    Audit(Noun<audit::Verb>),
    /// The master key, under which the seeds of two-factor sign-in are sealed
    MasterKey(Noun<master_key::Verb>),
    /// Maintenance mode: every kapi call is answered with -9798
    Maintenance(Noun<maintenance::Verb>),
    /// Write a completion script for a shell
    Completions(completions::Command),
}

/// Runs the command of this process.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(told) => {
            // Help and version are no errors, and whoever closed the pipe has read enough.
            let _ = told.print();
            return ExitCode::from(u8::try_from(told.exit_code()).unwrap_or(2));
        }
    };
    let mut output = Output::of_process();
    let result = run(cli.command, &mut output).and_then(|()| Ok(output.finish()?));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => refusal::tell(&error, &mut output),
    }
}

fn run(command: Command, output: &mut Output) -> anyhow::Result<()> {
    tokio::runtime::Runtime::new()?.block_on(async {
        match command {
            Command::Serve(command) => command.run(output).await,
            Command::Dev(command) => command.run(output).await,
            Command::Migrate(command) => command.run(output).await,
            Command::Backup(command) => command.run(output).await,
            Command::Restore(noun) => noun.run(output).await,
            Command::Config(command) => command.run(output),
            Command::App(noun) => noun.run(output).await,
            Command::Key(noun) => noun.run(output).await,
            Command::Member(noun) => noun.run(output).await,
            Command::Item(noun) => noun.run(output).await,
            Command::Permission(noun) => noun.run(output).await,
            Command::User(noun) => noun.run(output).await,
            Command::Operator(noun) => noun.run(output).await,
            Command::Asset(noun) => noun.run(output).await,
            Command::Token(noun) => noun.run(output).await,
            Command::IpList(noun) => noun.run(output).await,
            Command::Ips(command) => command.run(output).await,
            Command::Audit(noun) => noun.run(output).await,
            Command::MasterKey(noun) => noun.run(output).await,
            Command::Maintenance(noun) => noun.run(output).await,
            Command::Completions(command) => command.run(output),
        }
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Cli;

    #[test]
    fn the_command_line_does_not_contradict_itself() {
        Cli::command().debug_assert();
    }
}
