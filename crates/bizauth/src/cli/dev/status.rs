//! `bizauth dev status`: whether a platform runs, and where.

use serde_json::{Value, json};

use super::name::Name;
use super::running::{Found, Register, Running};
use crate::cli::output::{Output, Rows};

/// Of which one.
#[derive(clap::Args)]
#[command(after_help = "Exit status: 0 it runs · 1 it does not")]
pub(super) struct Command {
    /// The name of the platform
    #[arg(long, value_name = "NAME", default_value_t)]
    name: Name,
    /// Of all that run, however many
    #[arg(long, conflicts_with = "name")]
    all: bool,
    /// Print one JSON document instead of a table
    #[arg(long)]
    json: bool,
}

impl Command {
    pub(super) fn run(self, output: &mut Output) -> anyhow::Result<()> {
        output.json = self.json;
        let register = Register::of_user()?;
        if !self.all {
            let running = register.live(&self.name)?;
            return Ok(output.data(as_json(&self.name, &running), || card(&self.name, &running))?);
        }
        let mut live = Vec::new();
        for name in register.names()? {
            if let Found::Live(running) = register.find(&name)? {
                live.push((name, running));
            }
        }
        let json = live.iter().map(|(name, running)| as_json(name, running)).collect::<Vec<_>>();
        let row = |(name, it): &(Name, Box<Running>)| {
            [name.to_string(), format!("http://{}", it.address), it.pid.to_string(), it.since.clone()]
        };
        output.data(Value::from(json), || Rows::titled(["NAME", "URL", "PROCESS", "SINCE"], live.iter().map(row)))?;
        Ok(())
    }
}

fn as_json(name: &Name, it: &Running) -> Value {
    json!({
        "name": name.to_string(),
        "running": true,
        "pid": it.pid,
        "since": it.since,
        "url": format!("http://{}", it.address),
        "proxy": it.proxy,
        "certificate": it.certificate,
        "log": it.log,
        "banner": it.banner,
    })
}

fn card(name: &Name, it: &Running) -> Rows {
    let dash = || "–".to_owned();
    Rows::card([
        ("name", name.to_string()),
        ("URL", format!("http://{}", it.address)),
        ("process", it.pid.to_string()),
        ("since", it.since.clone()),
        ("proxy", if it.proxy.is_some() { "on" } else { "off" }.to_owned()),
        ("log", it.log.as_ref().map_or_else(dash, |log| log.display().to_string())),
    ])
}
