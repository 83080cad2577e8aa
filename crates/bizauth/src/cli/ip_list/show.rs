//! `bizauth ip-list show`: the list in force on a day, as a table or as the document of the wire.

use std::path::PathBuf;

use bizauth_core::ips::{Change, Cidr, Edition, RuleType, Service, Step};
use jiff::civil::Date;

use super::super::desk::Desk;
use super::super::output::Rows;
use super::super::read;
use super::files;
use crate::http::kapi::ips::to_json;
use crate::ip_list::today;

/// Which part of the list, and of which day.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  bizauth ip-list show --at 2026-12-01\n  bizauth ip-list show --rule-type outbound --json"
)]
pub(in crate::cli) struct Show {
    /// The day; today if it is left out
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = read::date)]
    at: Option<Date>,
    /// Only one of the two lists
    #[arg(long, value_name = "inbound|outbound", value_parser = rule_type)]
    rule_type: Option<RuleType>,
    /// A version of the history; the newest if it is left out
    #[arg(long)]
    serial: Option<i64>,
}

impl Show {
    /// Shows it.
    pub(super) async fn run(self, desk: &mut Desk<'_>) -> anyhow::Result<()> {
        let published = match self.serial {
            Some(serial) => super::version(desk, serial).await?,
            None => super::newest(desk).await?,
        };
        let day = self.at.unwrap_or_else(|| today(&desk.config, desk.now));
        let edition = match self.rule_type {
            Some(rule) => published.list.on(day).only(rule),
            None => published.list.on(day),
        };
        if desk.output.json {
            return Ok(desk.output.text(&format!("{}\n", to_json(&edition)))?);
        }
        desk.output.table(rows(&edition))?;
        let (serial, updated) = (published.serial, edition.updated);
        desk.output.note(&format!("\nversion {serial}, as of {day}, last changed {updated}"));
        Ok(())
    }
}

/// Which list, and which day.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  bizauth ip-list preview list.json --at 2026-12-01")]
pub(in crate::cli) struct Preview {
    /// A JSON file, or - for stdin
    file: PathBuf,
    /// The day; today if it is left out
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = read::date)]
    at: Option<Date>,
}

impl Preview {
    /// Shows it. Nothing is published.
    pub(super) fn run(self, desk: &mut Desk<'_>) -> anyhow::Result<()> {
        let day = self.at.unwrap_or_else(|| today(&desk.config, desk.now));
        let edition = files::list(&self.file)?.on(day);
        if desk.output.json {
            return Ok(desk.output.text(&format!("{}\n", to_json(&edition)))?);
        }
        desk.output.table(rows(&edition))?;
        desk.output.note(&format!("\nnot published, as of {day}, last changed {}", edition.updated));
        Ok(())
    }
}

fn rule_type(text: &str) -> Result<RuleType, String> {
    RuleType::read(text).ok_or_else(|| "it is inbound or outbound".to_owned())
}

fn rows(edition: &Edition) -> Rows {
    let of = |rule: RuleType, services: &Option<Vec<Service>>| {
        services.iter().flatten().map(move |service| row(rule, service)).collect::<Vec<_>>()
    };
    let inbound = of(RuleType::Inbound, &edition.inbound);
    let rows = inbound.into_iter().chain(of(RuleType::Outbound, &edition.outbound));
    Rows::titled(["LIST", "SERVICE", "PORTS", "ADDRESSES", "UPDATED", "PENDING"], rows)
}

fn row(rule: RuleType, service: &Service) -> [String; 6] {
    let ports: Vec<String> = service.ports.iter().map(ToString::to_string).collect();
    // All of them: the wire shows the nearest of each kind only, the operator wants to see what is to come.
    let pending = |step: &Step| {
        let sign = if step.change == Change::Addition { '+' } else { '-' };
        step.ips.iter().map(|cidr| format!("{} {sign}{cidr}", step.date)).collect::<Vec<_>>().join("\n")
    };
    let pending: Vec<String> = service.steps.iter().map(pending).collect();
    let ips = texts(&service.ips).join("\n");
    let name = service.name.clone();
    [rule.to_string(), name, ports.join(" "), ips, service.updated.to_string(), pending.join("\n")]
}

fn texts(cidrs: &[Cidr]) -> Vec<String> {
    cidrs.iter().map(|cidr| cidr.as_published().to_owned()).collect()
}
