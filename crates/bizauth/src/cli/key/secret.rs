//! `bizauth key secret`: the business client secret of a REST API key. It is printed by the command that makes it, once.

use std::time::Duration;

use bizauth_core::secret::Digest;
use clap::Subcommand;
use serde_json::json;

use super::super::desk::{Desk, no_key};
use super::super::output::Rows;
use super::super::read::{self, KeyName, Switch};

/// What can be done with a client secret.
#[derive(Subcommand)]
pub(in crate::cli) enum Verb {
    /// Demand the client secret at the token endpoint
    On {
        /// The REST API key
        #[arg(value_name = "KEYID", value_parser = read::key_name)]
        key: KeyName,
    },
    /// Demand it no longer
    Off {
        /// The REST API key
        #[arg(value_name = "KEYID", value_parser = read::key_name)]
        key: KeyName,
    },
    /// Make a new client secret, and print it once
    #[command(after_help = "Example: the old secret stays valid for a day, so that running apps can be changed\n  \
                            bizauth key secret issue KEYID --overlap 24h")]
    Issue {
        /// The REST API key
        #[arg(value_name = "KEYID", value_parser = read::key_name)]
        key: KeyName,
        /// How long the old secret stays valid beside the new one
        #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = read::overlap)]
        overlap: Duration,
    },
}

impl Verb {
    /// Does it.
    pub(super) async fn run(self, desk: &mut Desk<'_>) -> anyhow::Result<()> {
        match self {
            Verb::On { key } => switch(desk, &key, Switch::On).await,
            Verb::Off { key } => switch(desk, &key, Switch::Off).await,
            Verb::Issue { key, overlap } => issue(desk, &key, overlap).await,
        }
    }
}

async fn switch(desk: &mut Desk<'_>, name: &KeyName, state: Switch) -> anyhow::Result<()> {
    let id = desk.key_id(name).await?;
    if !desk.by().set_secret_on(id, state.is_on()).await? {
        return Err(no_key("REST API key", name));
    }
    let json = json!({ "id": id.to_string(), "secret_on": state.is_on() });
    Ok(desk.output.done(&format!("the client secret of key {id} is {state}"), json)?)
}

async fn issue(desk: &mut Desk<'_>, name: &KeyName, overlap: Duration) -> anyhow::Result<()> {
    let id = desk.key_id(name).await?;
    let (secret, until) = (desk.entropy.client_secret(), desk.now.plus(overlap));
    if !desk.by().issue_secret(id, Digest::of(secret.as_bytes()), until).await? {
        return Err(no_key("REST API key", name));
    }
    let old = (!overlap.is_zero()).then(|| until.to_utc());
    desk.output.data(json!({ "id": id.to_string(), "client_secret": secret, "old_secret_until": old }), || {
        let old = old.unwrap_or_else(|| "ended".to_owned());
        Rows::card([("id", id.to_string()), ("client_secret", secret), ("old secret until", old)])
    })?;
    desk.output.note("note: keep the client secret now, it is never shown again");
    Ok(())
}
