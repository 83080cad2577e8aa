//! `bizauth ips show`, `diff` and `export`: the list on a day, against another day or list, and as a target has it.

use std::path::PathBuf;

use bizauth_core::ips::{Cover, Difference, Movement, RuleType, compare};
use bizauth_ips::picture::Picture;
use bizauth_ips::settings::Place;
use bizauth_ips::targets;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::super::output::Rows;
use super::super::read;
use super::super::refusal::{misused, refuse};
use super::check::{document, held, since, until};
use super::sources::{Which, list_in};
use super::{Bench, status};

/// The list on a day.
#[derive(clap::Args)]
pub(super) struct Show {
    #[command(flatten)]
    which: Which,
    /// Only one of the two lists
    #[arg(long, value_name = "inbound|outbound", value_parser = rule_type)]
    list: Option<RuleType>,
}

impl Show {
    /// Shows it, a row for each network and service.
    pub(super) fn run(self, bench: &mut Bench<'_>) -> anyhow::Result<()> {
        let subject = self.which.subject(bench)?;
        let mut rows = subject.chronicle.networks(subject.day, subject.window);
        rows.retain(|(_, it)| self.list.is_none_or(|list| it.rule == list));
        let json: Vec<Value> = rows
            .iter()
            .map(|(network, it)| {
                let mut row = document(it);
                row["network"] = network.to_string().into();
                row
            })
            .collect();
        let next = subject.chronicle.next_turn(subject.day, subject.window).map(|date| date.to_string());
        let json = json!({ "day": subject.day.to_string(), "next_apply": next, "networks": json });
        bench.output.data(json, || {
            let row = |(network, it): &(ipnet::IpNet, bizauth_core::ips::Standing)| {
                let ports: Vec<String> = it.ports.iter().map(ToString::to_string).collect();
                let (rule, through) = (it.rule.to_string(), held(it.held).to_owned());
                [rule, it.service.clone(), ports.join(" "), network.to_string(), through, since(it), until(it)]
            };
            let titles = ["LIST", "SERVICE", "PORTS", "NETWORK", "THROUGH", "SINCE", "UNTIL"];
            Rows::titled(titles, rows.iter().map(row))
        })?;
        let next = next.map_or_else(|| "no change is announced".to_owned(), |date| format!("next apply on {date}"));
        bench.output.note(&format!("\non {}; {next}", subject.day));
        Ok(())
    }
}

/// Two days, or two lists.
#[derive(clap::Args)]
pub(super) struct Diff {
    /// The later day
    #[arg(value_name = "YYYY-MM-DD", value_parser = read::date, required_unless_present = "with")]
    to: Option<Date>,
    /// Another list in a file, as if it were the next one
    #[arg(long, value_name = "FILE", conflicts_with = "to")]
    with: Option<PathBuf>,
    #[command(flatten)]
    which: Which,
}

impl Diff {
    /// Shows what goes and comes; exit status 3 if anything does.
    pub(super) fn run(self, bench: &mut Bench<'_>) -> anyhow::Result<()> {
        let subject = self.which.subject(bench)?;
        let current = subject.chronicle.believed_on(subject.day);
        let differences = match (&self.with, self.to) {
            (Some(file), _) => compare(current, subject.day, &list_in(file)?, subject.day),
            (None, Some(to)) if to >= subject.day => compare(current, subject.day, current, to),
            (None, _) => {
                return Err(misused("the later day lies before the earlier one", "give the earlier one with --at"));
            }
        };
        let json: Vec<Value> = differences.iter().map(differing).collect();
        bench.output.data(json.into(), || {
            let titles = ["", "NETWORK", "LIST", "SERVICE", "ANNOUNCED"];
            Rows::titled(titles, differences.iter().flat_map(lines))
        })?;
        for it in &differences {
            if let Some((before, after)) = &it.ports {
                bench.output.note(&format!("{} {:?}: ports {before:?} become {after:?}", it.rule, it.service));
            }
        }
        if differences.is_empty() { Ok(()) } else { Err(bench.found(status::DIFFERS)) }
    }
}

fn heaps(it: &Movement) -> [(&'static str, &Cover); 3] {
    [("yes", &it.on_time), ("for later", &it.too_soon), ("no", &it.unannounced)]
}

/// A line for each network that goes or comes.
pub(super) fn lines(it: &Difference) -> Vec<[String; 5]> {
    let mut lines = Vec::new();
    for (sign, movement) in [("-", &it.gone), ("+", &it.come)] {
        for (announced, cover) in heaps(movement) {
            for network in cover.networks() {
                let (rule, service) = (it.rule.to_string(), it.service.clone());
                lines.push([sign.to_owned(), network.to_string(), rule, service, announced.to_owned()]);
            }
        }
    }
    lines
}

/// A difference for programs.
pub(super) fn differing(it: &Difference) -> Value {
    let texts = |cover: &Cover| -> Vec<String> { cover.networks().iter().map(ToString::to_string).collect() };
    let heaps = |it: &Movement| {
        json!({
            "announced": texts(&it.on_time),
            "announced_for_later": texts(&it.too_soon),
            "unannounced": texts(&it.unannounced),
        })
    };
    json!({ "list": it.rule.as_str(), "service": it.service, "gone": heaps(&it.gone), "come": heaps(&it.come), "ports": it.ports })
}

/// The list as a target has it.
#[derive(clap::Args)]
pub(super) struct Export {
    /// The kind of target; `bizauth ips targets` shows all
    kind: String,
    /// Only one of the two lists
    #[arg(long, value_name = "inbound|outbound", value_parser = rule_type)]
    list: Option<RuleType>,
    /// Only this service; may be repeated
    #[arg(long = "service", value_name = "NAME")]
    services: Vec<String>,
    /// The name of the table, of the sets, of the variables
    #[arg(long, default_value = "bizauth")]
    name: String,
    #[command(flatten)]
    which: Which,
}

impl Export {
    /// Writes the text to stdout.
    pub(super) fn run(self, bench: &mut Bench<'_>) -> anyhow::Result<()> {
        let target = targets::named(&self.kind)
            .ok_or_else(|| misused(format!("there is no target {:?}", self.kind), "`bizauth ips targets` shows all"))?;
        let name = self.name;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if !name.starts_with(|c: char| c.is_ascii_lowercase()) || name.len() > 12 || !name.chars().all(plain) {
            return Err(misused(
                "a name is a letter, and then at most eleven letters, digits and _",
                "give another --name",
            ));
        }
        let place = Place { name, list: self.list, services: self.services, ..Place::of(target) };
        let subject = self.which.subject(bench)?;
        let allowed = subject.chronicle.wanted(subject.day, subject.window);
        let picture = Picture::new(&place, &allowed, &Cover::default())
            .map_err(|unknown| refuse(unknown.to_string(), "`bizauth ips show` shows the services"))?;
        let text = (target.render)(&picture).map_err(|excess| refuse(excess.what, excess.advice))?;
        Ok(bench.output.text(&text)?)
    }
}

fn rule_type(text: &str) -> Result<RuleType, String> {
    RuleType::read(text).ok_or_else(|| "it is inbound or outbound".to_owned())
}
