//! `bizauth ips check` and `preflight`: one address against the list, and who still uses what is about to leave.

use std::fs::File;
use std::io::{BufReader, Cursor};
use std::net::IpAddr;
use std::path::PathBuf;

use bizauth_core::ips::{Held, Standing};
use bizauth_ips::{tool, traffic};
use serde_json::{Value, json};

use super::super::output::Rows;
use super::super::refusal::unreadable;
use super::sources::Which;
use super::{Bench, status};

/// Which address.
#[derive(clap::Args)]
pub(super) struct Check {
    /// The address
    address: IpAddr,
    /// Only services that use this port
    #[arg(long)]
    port: Option<u16>,
    #[command(flatten)]
    which: Which,
}

impl Check {
    /// Shows what the address is to every service that ever has it; exit status 3 if none lets it through.
    pub(super) fn run(self, bench: &mut Bench<'_>) -> anyhow::Result<()> {
        let subject = self.which.subject(bench)?;
        let mut standings = subject.chronicle.standings(self.address.to_canonical(), subject.day, subject.window);
        standings.retain(|it| self.port.is_none_or(|port| it.ports.contains(&port)));
        let through = standings.iter().any(|it| it.held != Held::No);
        let json: Vec<Value> = standings.iter().map(document).collect();
        let json = json!({ "day": subject.day.to_string(), "through": through, "services": json });
        bench.output.data(json, || {
            Rows::titled(["LIST", "SERVICE", "PORTS", "THROUGH", "SINCE", "UNTIL"], standings.iter().map(row))
        })?;
        let told = if through { "comes through" } else { "does not come through" };
        bench.output.note(&format!("\n{} {told} on {}", self.address, subject.day));
        if through { Ok(()) } else { Err(bench.found(status::DIFFERS)) }
    }
}

/// In words: whether it comes through, and why if the list does not have it.
pub(super) fn held(held: Held) -> &'static str {
    match held {
        Held::Listed => "yes",
        Held::Early => "yes, early",
        Held::Late => "yes, late",
        Held::No => "no",
    }
}

pub(super) fn document(it: &Standing) -> Value {
    let word = match it.held {
        Held::Listed => "listed",
        Held::Early => "early",
        Held::Late => "late",
        Held::No => "no",
    };
    json!({
        "list": it.rule.as_str(),
        "service": it.service,
        "ports": it.ports,
        "listed": it.stretch.listed,
        "held": word,
        "since": it.stretch.since.map(|date| date.to_string()),
        "until": it.stretch.until.map(|date| date.to_string()),
    })
}

fn row(it: &Standing) -> [String; 6] {
    let ports: Vec<String> = it.ports.iter().map(ToString::to_string).collect();
    [it.rule.to_string(), it.service.clone(), ports.join(" "), held(it.held).to_owned(), since(it), until(it)]
}

/// Since when it is as it is.
pub(super) fn since(it: &Standing) -> String {
    it.stretch.since.map_or_else(|| "always".to_owned(), |date| date.to_string())
}

/// Until when it is as it is.
pub(super) fn until(it: &Standing) -> String {
    it.stretch.until.map_or_else(|| "open".to_owned(), |date| date.to_string())
}

/// Which texts.
#[derive(clap::Args)]
#[command(
    after_help = "Without a file the connections of this machine are looked at, with `ss` and, where there is one, `conntrack`.\n\n\
                        Example:\n  bizauth ips preflight /var/log/nginx/access.log"
)]
pub(super) struct Preflight {
    /// Connection tables and access logs, of whatever form; - is stdin
    files: Vec<PathBuf>,
    #[command(flatten)]
    which: Which,
}

impl Preflight {
    /// Shows, for every network that is about to leave, how many lines have an address of it; exit status 3 if any.
    pub(super) fn run(self, bench: &mut Bench<'_>) -> anyhow::Result<()> {
        let subject = self.which.subject(bench)?;
        let mut leaving = traffic::leaving(&subject.chronicle, subject.day);
        for file in &self.files {
            let name = file.display().to_string();
            let counted = match name.as_str() {
                "-" => traffic::count(&mut leaving, std::io::stdin().lock()),
                _ => File::open(file).and_then(|file| traffic::count(&mut leaving, BufReader::new(file))),
            };
            counted.map_err(|error| unreadable(&name, &error))?;
        }
        if self.files.is_empty() {
            let sockets =
                tool::run(&["ss", "-Htuna"], "").map_err(|error| super::refuse(error.to_string(), "name files"))?;
            // Not everywhere is there one, and only root may ask it.
            let tracked = tool::run(&["conntrack", "-L"], "").unwrap_or_default();
            traffic::count(&mut leaving, Cursor::new(sockets + &tracked))?;
        }
        let used = leaving.iter().any(|it| it.lines > 0);
        let document = |it: &traffic::Leaving| {
            json!({
                "date": it.date.to_string(),
                "list": it.rule.as_str(),
                "service": it.service,
                "network": it.network.to_string(),
                "lines": it.lines,
                "example": it.example.map(|address| address.to_string()),
            })
        };
        bench.output.data(leaving.iter().map(document).collect(), || {
            let row = |it: &traffic::Leaving| {
                let example = it.example.map(|address| address.to_string()).unwrap_or_default();
                let (date, rule) = (it.date.to_string(), it.rule.to_string());
                [date, rule, it.service.clone(), it.network.to_string(), it.lines.to_string(), example]
            };
            Rows::titled(["LEAVES", "LIST", "SERVICE", "NETWORK", "LINES", "EXAMPLE"], leaving.iter().map(row))
        })?;
        match (leaving.is_empty(), used) {
            (true, _) => bench.output.note("nothing is about to leave"),
            (false, false) => bench.output.note("\nnobody uses what is about to leave"),
            (false, true) => bench.output.note("\nwhat is about to leave is still in use"),
        }
        if used { Err(bench.found(status::DIFFERS)) } else { Ok(()) }
    }
}
