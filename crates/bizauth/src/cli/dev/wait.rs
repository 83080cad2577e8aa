//! `bizauth dev wait`: until a platform answers.

use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use super::name::Name;
use super::running::{Found, Register};
use crate::cli::output::Output;
use crate::cli::refusal::refuse;
use crate::config;

/// For which one, and how long.
#[derive(clap::Args)]
pub(super) struct Command {
    /// The name of the platform
    #[arg(long, value_name = "NAME", default_value_t)]
    name: Name,
    /// How long to wait
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration)]
    timeout: Duration,
}

impl Command {
    pub(super) async fn run(self, output: &mut Output) -> anyhow::Result<()> {
        let register = Register::of_user()?;
        let until = Instant::now() + self.timeout;
        loop {
            if let Found::Live(running) = register.find(&self.name)?
                && TcpStream::connect(running.address).await.is_ok()
            {
                output.note(&format!("ready: http://{}", running.address));
                return Ok(());
            }
            if Instant::now() >= until {
                return Err(refuse(
                    format!("no `bizauth dev` named {} was ready within {}s", self.name, self.timeout.as_secs()),
                    format!("start one with `bizauth dev --detach{}`", self.name.flag()),
                ));
            }
            sleep(Duration::from_millis(20)).await;
        }
    }
}

fn duration(text: &str) -> Result<Duration, &'static str> {
    let most = Duration::from_secs(3600);
    config::duration(text).filter(|span| *span <= most).ok_or("a time of at most an hour is wanted, such as 30s or 2m")
}
