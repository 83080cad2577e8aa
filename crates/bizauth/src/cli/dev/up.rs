//! `bizauth dev`: runs a platform until it is stopped, here or in the background.

use std::io::{self, IsTerminal};
use std::net::SocketAddr;

use super::detach;
use super::name::Name;
use super::platform::Platform;
use super::running::Register;
use crate::cli::output::Output;

/// All but the line of each request.
const QUIET: &str = "info,bizauth::http::observe=warn";

/// Where it listens, and how it introduces itself.
#[derive(clap::Args)]
pub(super) struct Up {
    /// Address and port to listen on, loopback only; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080", value_parser = address)]
    listen: SocketAddr,
    /// Print the banner as one line of JSON, and stay quiet from then on
    #[arg(long)]
    json: bool,
    /// Go on in the background: print the banner once it is ready, and end. See `wait`, `env`, `status`, `stop`
    #[arg(long)]
    detach: bool,
    /// The name by which other commands find it [default with --detach: default]
    #[arg(long, value_name = "NAME")]
    name: Option<Name>,
    /// Be an HTTP proxy too: for the platform's two hosts, and for nobody else
    #[arg(long)]
    proxy: bool,
    #[command(flatten)]
    platform: Platform,
    /// This is the background.
    #[arg(long, hide = true)]
    detached: bool,
}

impl Up {
    pub(super) async fn run(self, output: &mut Output) -> anyhow::Result<()> {
        if self.detach {
            self.platform.check(self.listen, output)?;
            return detach::run(&self.name.unwrap_or_default(), self.json, output).await;
        }
        if self.detached {
            // Out of the terminal's reach. It fails only for the leader of a group, which has nobody to hide from.
            let _ = rustix::process::setsid();
        }
        let terminal = io::stderr().is_terminal();
        let log = self.platform.log(unless_asked(self.json && !self.detached, terminal))?;
        let stop = crate::serve::stopped()?;
        let name = self.name.or_else(|| self.detached.then(Name::default));
        let register = name.as_ref().map(|_| Register::of_user()).transpose()?;
        let mut claim = match (&register, &name) {
            (Some(register), Some(name)) => Some((register.claim(name)?, register.log(name))),
            _ => None,
        };
        let started = self.platform.start(self.listen, (self.proxy, log), output).await?;
        if let Some((claim, log)) = &mut claim {
            claim.write(&started.running(self.detached.then(|| log.clone()))?)?;
        }
        match (self.detached, self.json) {
            (true, _) => {}
            (_, true) => output.text(&format!("{}\n", started.dev.banner.to_json()))?,
            (_, false) => output.text(&format!("{}\n", started.dev.banner))?,
        }
        started.dev.run(stop).await;
        Ok(())
    }
}

/// What is logged where nobody asks for anything else.
fn unless_asked(json: bool, terminal: bool) -> &'static str {
    match (json, terminal) {
        // Asked for as JSON, the banner is all there is to read.
        (true, _) => "off",
        // A person reads the banner here, with its keys and links; what was asked is on the page of the log.
        (false, true) => QUIET,
        (false, false) => "info",
    }
}

pub(super) fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(|_| "not an address and a port, such as 127.0.0.1:8080 or [::1]:8080")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_a_terminal_requests_are_no_lines() {
        for (json, terminal, logs) in
            [(false, true, QUIET), (false, false, "info"), (true, true, "off"), (true, false, "off")]
        {
            assert_eq!(unless_asked(json, terminal), logs);
        }
    }
}
