//! `bizauth dev env`: what a client needs to know, as variables for a shell, a program or a file.

use std::time::Duration;

use serde_json::Value;
use url::Url;

use super::name::Name;
use super::running::{Register, Running};
use super::variables::{self, Format};
use crate::cli::output::Output;
use crate::cli::refusal::refuse;
use crate::dev::worlds::DEFAULT;

/// Of which platform, in which form.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  eval \"$(bizauth dev env)\"\n  eval \"$(bizauth dev env --world w1)\"\n  bizauth dev env --format fish | source\n  bizauth dev env --format dotenv > .env.test"
)]
pub(super) struct Command {
    /// The name of the platform
    #[arg(long, value_name = "NAME", default_value_t)]
    name: Name,
    /// Of one of its worlds
    #[arg(long, value_name = "ID", default_value = DEFAULT)]
    world: String,
    /// For whom
    #[arg(long, value_enum, default_value_t = Format::Sh)]
    format: Format,
    /// With the proxy and the trust that lead clients with the platform's hosts in them here; it must run with --proxy
    #[arg(long)]
    intercept: bool,
}

impl Command {
    pub(super) async fn run(self, output: &mut Output) -> anyhow::Result<()> {
        let running = Register::of_user()?.live(&self.name)?;
        let mut variables = match self.world.as_str() {
            DEFAULT => variables::of(&running.banner),
            id => variables::of(&client(&running, id).await?),
        };
        if self.intercept {
            variables.extend(variables::intercepting(&running, output)?);
        }
        Ok(output.text(&self.format.render(&variables))?)
    }
}

/// What a client of a world is set up with, as the running platform tells it.
async fn client(running: &Running, id: &str) -> anyhow::Result<Value> {
    let mut url = Url::parse(&format!("http://{}/_dev/worlds/", running.address))?;
    url.path_segments_mut().map_err(|()| anyhow::anyhow!("a URL without a path"))?.pop_if_empty().push(id);
    // It runs on this machine, whatever proxy the caller's shell names.
    let asking = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build()?;
    let answer = asking.get(url).send().await?;
    if !answer.status().is_success() {
        let known = format!("GET {}/_dev/worlds lists those that are there", running.address);
        return Err(refuse(format!("there is no world {id}"), known));
    }
    Ok(answer.json::<Value>().await?["client"].take())
}
