//! `bizauth dev trust`: the certificate authority, and what to paste so that clients believe it.

use std::net::SocketAddr;

use serde_json::json;

use super::name::Name;
use super::platform::Platform;
use super::running::{Found, Register};
use super::up;
use crate::cli::output::Output;
use crate::dev::snippets::{Place, Topic};

/// For whom, and where the platform listens.
#[derive(clap::Args)]
#[command(
    after_help = "The authority is made on first use, for this user of this machine. Its certificate allows it the platform's two\nhosts, localhost, 127.0.0.1 and ::1, and nothing else. To be rid of it, remove its folder.\n\nExample:\n  eval \"$(bizauth dev trust python proxy)\""
)]
pub(super) struct Command {
    /// Whom to show it for [default: all]
    #[arg(value_enum)]
    topics: Vec<Topic>,
    /// Where the platform listens [default: where the one of this name does, or 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = up::address)]
    listen: Option<SocketAddr>,
    /// The name of the platform
    #[arg(long, value_name = "NAME", default_value_t)]
    name: Name,
    /// Print where the files are and how long the certificate is valid, as one JSON document
    #[arg(long, conflicts_with = "topics")]
    json: bool,
    /// Keep the local certificate authority in this folder [default: bizauth/dev-ca in $XDG_DATA_HOME or ~/.local/share]
    #[arg(long, value_name = "DIR")]
    ca_dir: Option<std::path::PathBuf>,
}

impl Command {
    pub(super) fn run(self, output: &mut Output) -> anyhow::Result<()> {
        let authority = Platform::keeping(self.ca_dir).made_authority(output)?;
        if self.json {
            let until = authority.until().map(bizauth_core::time::Time::to_utc)?;
            let document =
                json!({ "certificate": authority.certificate(), "folder": authority.folder(), "until": until });
            return Ok(output.text(&format!("{document}\n"))?);
        }
        let running = match Register::of_user()?.find(&self.name)? {
            Found::Live(running) => Some(running.address),
            _ => None,
        };
        let listen = self.listen.or(running).unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080)));
        let topics = if self.topics.is_empty() { &Topic::ALL[..] } else { &self.topics };
        let place = Place { listen, certificate: authority.certificate() };
        Ok(output.text(&place.snippets(topics))?)
    }
}
