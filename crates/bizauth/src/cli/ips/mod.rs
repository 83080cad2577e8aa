//! `bizauth ips`: following an IP list into firewalls and files. The work is done by `bizauth_ips`; here it is asked
//! for, and told.
//!
//! Exit status, for scripts: see [`status`].

mod check;
mod put;
mod reports;
mod show;
mod sources;
mod update;

use std::path::PathBuf;

use bizauth_ips::Timestamp;
use bizauth_ips::apply::ApplyError;
use bizauth_ips::fetch::{FetchError, Reason};
use bizauth_ips::settings::{Mistake, Settings};
use bizauth_ips::state::{Folder, StateError};
use clap::Subcommand;

use super::output::Output;
use super::refusal::{misused, refuse, refuse_with};
use crate::clock::Clock;

/// What the exit status means, beside 0 for done, 1 for failed and 2 for a mistake in the command or configuration.
mod status {
    /// Something differs or would change; the address does not come through; the list should not be published.
    pub(super) const DIFFERS: u8 = 3;
    /// The list was refused, and the last one that was believed stays in force.
    pub(super) const REFUSED: u8 = 4;
    /// The list is too old, or somebody changed what was put into place.
    pub(super) const UNWELL: u8 = 5;
    /// Nothing was done, for safety: the session would be cut off, or something foreign is in the way.
    pub(super) const UNSAFE: u8 = 6;
    /// Another follower is at work in the same folder.
    pub(super) const BUSY: u8 = 7;
}

/// Following a list.
#[derive(clap::Args)]
#[command(
    after_help = "Exit status: 0 done · 1 failed · 2 usage or configuration · 3 something differs or would change · \
                        4 list refused, the last one stays · 5 list too old, or drift · 6 not done, for safety · \
                        7 another follower is at work\n\n\
                        Examples:\n  bizauth ips export nginx --file list.json\n  \
                        bizauth ips fetch && bizauth ips plan\n  bizauth ips check 211.249.203.7 --at 2026-12-01"
)]
pub(super) struct Command {
    /// The follower's configuration
    #[arg(long, global = true, value_name = "FILE", default_value = Settings::FILE, env = "BIZAUTH_IPS_CONFIG")]
    config: PathBuf,
    /// Print one JSON document instead of a table
    #[arg(long, global = true, display_order = 900)]
    json: bool,
    #[command(subcommand)]
    verb: Verb,
}

/// What can be done with a list that is followed.
#[derive(Subcommand)]
enum Verb {
    /// Ask for the list, and believe it or say why not
    Fetch(update::Fetch),
    /// What is let through on a day, network by network, since and until when
    Show(show::Show),
    /// What differs between two days, or between the list and a file
    Diff(show::Diff),
    /// Whether an address comes through, for which services, since and until when
    Check(check::Check),
    /// Announced changes as a calendar (.ics)
    Calendar(reports::Calendar),
    /// Whether the list is wise
    Lint(reports::Lint),
    /// Write the list as one of the targets would have it
    Export(show::Export),
    /// What would change where
    Plan(put::Plan),
    /// Put the list where the configuration says
    Apply(put::Apply),
    /// Fetch and apply, again and again, and at every midnight
    Watch(update::Watch),
    /// How old the list is, what comes next, what is where
    Status(reports::Status),
    /// Take the list believed last back
    Rollback(update::Rollback),
    /// Which connections and log lines still use what is about to leave
    Preflight(check::Preflight),
    /// The kinds of target
    Targets,
}

/// What a verb works with.
struct Bench<'o> {
    config: PathBuf,
    output: &'o mut Output,
}

impl Command {
    /// Does what the verb says.
    pub(super) async fn run(self, output: &mut Output) -> anyhow::Result<()> {
        output.json = self.json;
        let mut bench = Bench { config: self.config, output };
        match self.verb {
            Verb::Fetch(verb) => verb.run(&mut bench).await,
            Verb::Show(verb) => verb.run(&mut bench),
            Verb::Diff(verb) => verb.run(&mut bench),
            Verb::Check(verb) => verb.run(&mut bench),
            Verb::Calendar(verb) => verb.run(&mut bench),
            Verb::Lint(verb) => verb.run(&mut bench),
            Verb::Export(verb) => verb.run(&mut bench),
            Verb::Plan(verb) => verb.run(&mut bench),
            Verb::Apply(verb) => verb.run(&mut bench),
            Verb::Watch(verb) => verb.run(&mut bench).await,
            Verb::Status(verb) => verb.run(&mut bench),
            Verb::Rollback(verb) => verb.run(&mut bench),
            Verb::Preflight(verb) => verb.run(&mut bench),
            Verb::Targets => reports::targets(&mut bench),
        }
    }
}

impl Bench<'_> {
    fn now(&self) -> Timestamp {
        let millis = Clock::System.now().millis();
        Timestamp::from_millisecond(millis).unwrap_or_default()
    }

    fn settings(&self) -> anyhow::Result<Settings> {
        Settings::load(&self.config).map_err(|mistake| {
            let hint = match &mistake {
                Mistake::File(..) => "name one with --config; docs/ips.md has one to start from",
                _ => "docs/ips.md has every setting",
            };
            misused(mistake.to_string(), hint)
        })
    }

    fn open(&self, settings: &Settings) -> anyhow::Result<Folder> {
        Folder::open(&settings.state).map_err(of_state)
    }

    fn look(&self, settings: &Settings) -> anyhow::Result<Folder> {
        Folder::look(&settings.state).map_err(of_state)
    }

    /// Data is out, and the exit status says what was found.
    fn found(&mut self, status: u8) -> anyhow::Error {
        // A pipe that is closed has read enough.
        let _ = self.output.finish();
        super::refusal::Found(status).into()
    }
}

fn of_state(error: StateError) -> anyhow::Error {
    let told = error.to_string();
    match error {
        StateError::Locked(_) => refuse_with(status::BUSY, told, "wait for it, or see which one it is"),
        StateError::NoList => refuse(told, "`bizauth ips fetch` asks for one"),
        StateError::Damaged(..) => refuse(told, "move the folder away, and fetch again: what is applied stays applied"),
        StateError::Io(..) => refuse(told, "see that the folder is there and that you may write it"),
    }
}

fn of_fetch(error: FetchError) -> anyhow::Error {
    let told = error.to_string();
    match error {
        FetchError::Refused { reason, .. } => {
            let hint = match reason.may_be_overruled() {
                true => "the last list stays in force; `bizauth ips fetch --insist` believes this one all the same",
                false if matches!(reason, Reason::Status) => {
                    "if it is about the key: `key_file` or BIZAUTH_IPS_KEY must hold one of the app's; a list believed \
                     before stays in force"
                }
                false => "a list believed before stays in force, with its schedule",
            };
            refuse_with(status::REFUSED, told, hint)
        }
        FetchError::Setting(_) => misused(told, "docs/ips.md has every setting"),
        FetchError::NoEarlier => refuse(told, "`bizauth ips status` shows which list is believed"),
        FetchError::State(error) => of_state(error),
    }
}

fn of_apply(error: ApplyError) -> anyhow::Error {
    let told = error.to_string();
    match error {
        ApplyError::State(error) => of_state(error),
        ApplyError::Foreign { .. } => {
            refuse_with(status::UNSAFE, told, "move it away, or give the place another name or file")
        }
        ApplyError::CutOff { .. } => {
            refuse_with(status::UNSAFE, told, "put your address into `allow`, or do not enforce that list")
        }
        ApplyError::Excess { .. } | ApplyError::Unknown { .. } => refuse(told, "the other places can be applied"),
        ApplyError::Tool { .. } => refuse(told, "what the program says is above; nothing was left half-done"),
        ApplyError::File { .. } => refuse(told, "see that the folder is there and that you may write it"),
    }
}
