//! `bizauth dev stop`: ends a platform, and says that it has ended once it has.

use std::time::Duration;

use rustix::process::Signal;
use tokio::time::{Instant, sleep};

use super::name::Name;
use super::process;
use super::running::{Found, Register};
use crate::cli::output::Output;
use crate::cli::refusal::refuse;

/// How long it may take to finish what it has in hand.
const PATIENCE: Duration = Duration::from_secs(15);

/// Which one.
#[derive(clap::Args)]
pub(super) struct Command {
    /// The name of the platform
    #[arg(long, value_name = "NAME", default_value_t)]
    name: Name,
}

impl Command {
    pub(super) async fn run(self, output: &mut Output) -> anyhow::Result<()> {
        let (name, register) = (&self.name, Register::of_user()?);
        let running = match register.find(name)? {
            Found::Live(running) => running,
            // What was wanted is the case; a script that cleans up after itself must not stumble here.
            Found::Nothing => {
                output.note(&format!("no `bizauth dev` named {name} runs"));
                return Ok(());
            }
            Found::Stale => {
                register.clear(name);
                output
                    .note(&format!("the `bizauth dev` named {name} had ended without saying so; its file is removed"));
                return Ok(());
            }
        };
        process::signal(running.pid, Signal::TERM);
        let until = Instant::now() + PATIENCE;
        while running.is_alive() {
            if Instant::now() > until {
                return Err(refuse(
                    format!("the `bizauth dev` named {name} (process {}) does not end", running.pid),
                    format!("see its log, or end it with `kill -9 {}`", running.pid),
                ));
            }
            sleep(Duration::from_millis(10)).await;
        }
        register.clear(name);
        output.note(&format!("stopped `bizauth dev` named {name}"));
        Ok(())
    }
}
