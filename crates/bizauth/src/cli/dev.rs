//! `bizauth dev`: the whole platform with demo data on this machine, gone when it stops.

use std::net::SocketAddr;

use super::output::Output;
use crate::config::LogFormat;
use crate::dev::Dev;

/// Where it listens, and how it introduces itself.
#[derive(clap::Args)]
pub(super) struct Command {
    /// Address and port to listen on, loopback only; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080", value_parser = loopback)]
    listen: SocketAddr,
    /// Print the banner as one line of JSON, and stay quiet from then on
    #[arg(long)]
    json: bool,
}

impl Command {
    pub(super) async fn run(self, output: &mut Output) -> anyhow::Result<()> {
        // Asked for as JSON, the banner is all there is to read.
        crate::log::start(if self.json { "off" } else { "info" }, LogFormat::Text)?;
        let stop = crate::serve::stopped()?;
        let dev = Dev::start(self.listen).await?;
        match self.json {
            true => output.text(&format!("{}\n", dev.banner.to_json()))?,
            false => output.text(&format!("{}\n", dev.banner))?,
        }
        dev.run(stop).await;
        Ok(())
    }
}

/// The demo accounts have passwords that everybody knows.
fn loopback(text: &str) -> Result<SocketAddr, String> {
    match text.parse::<SocketAddr>() {
        Ok(address) if address.ip().is_loopback() => Ok(address),
        Ok(_) => Err("not a loopback address; `bizauth serve` is for the others".to_owned()),
        Err(_) => Err("not an address and a port, such as 127.0.0.1:8080 or [::1]:8080".to_owned()),
    }
}
