//! `bizauth ip-list diff`: what differs between two versions, two days, or the newest version and a file.

use std::path::PathBuf;
use std::sync::Arc;

use bizauth_core::ips::{Cidr, Revised, Revision, Step, revise};
use bizauth_store::Published;
use jiff::civil::Date;

use super::super::desk::Desk;
use super::super::output::Rows;
use super::super::read;
use super::super::refusal::refuse;
use super::files;
use crate::http::ip_list::diff::between;
use crate::http::ip_list::told::Reader;
use crate::ip_list::{today, version_on};

/// Between what.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  bizauth ip-list diff 11 12\n  bizauth ip-list diff 2026-11-21 2026-12-01\n  \
                        bizauth ip-list diff --with list.json")]
pub(in crate::cli) struct Diff {
    /// A serial, or a day; the newest version and today if it is left out
    #[arg(value_name = "SERIAL|YYYY-MM-DD")]
    from: Option<String>,
    /// A serial, or a day; the newest version and today if it is left out
    #[arg(value_name = "SERIAL|YYYY-MM-DD", conflicts_with = "with")]
    to: Option<String>,
    /// A list in a file, or - for stdin, that is not published yet
    #[arg(long, value_name = "FILE")]
    with: Option<PathBuf>,
}

impl Diff {
    /// Shows it.
    pub(super) async fn run(self, desk: &mut Desk<'_>) -> anyhow::Result<()> {
        let from = end(desk, self.from.as_deref()).await?;
        let to = match &self.with {
            None => end(desk, self.to.as_deref()).await?,
            Some(file) => {
                let newest = super::newest(desk).await?;
                let list = Arc::new(files::list(file)?);
                (Published { serial: newest.serial + 1, list, ..newest }, today(&desk.config, desk.now))
            }
        };
        let changes = revise(Some(&from.0.list.on(from.1)), &to.0.list.on(to.1));
        let json = between((&from.0, from.1), (&to.0, to.1), Reader::Operator);
        desk.output.data(json, || Rows::titled(["LIST", "SERVICE", "CHANGE"], changes.iter().map(row)))?;
        if changes.is_empty() {
            desk.output.note("nothing differs");
        }
        Ok(())
    }
}

/// A version on a day.
async fn end(desk: &Desk<'_>, text: Option<&str>) -> anyhow::Result<(Published, Date)> {
    let today = today(&desk.config, desk.now);
    let Some(text) = text else { return Ok((super::newest(desk).await?, today)) };
    if let Ok(serial) = text.parse() {
        return Ok((super::version(desk, serial).await?, today));
    }
    let day = read::date(text).map_err(|why| refuse(why, "name a serial, or a day"))?;
    super::newest(desk).await?;
    let published = version_on(&desk.store, &desk.config, day, desk.now).await?;
    let none = || refuse(format!("nothing was published by {day}"), "`bizauth ip-list history` shows all versions");
    Ok((published.ok_or_else(none)?, day))
}

fn row(it: &Revised) -> [String; 3] {
    let mut lines = Vec::new();
    match it.revision {
        Revision::Come => lines.push("new service".to_owned()),
        Revision::Gone => lines.push("service removed".to_owned()),
        Revision::Changed => {}
    }
    lines.extend(it.ports.iter().filter_map(|(before, after)| match it.revision {
        Revision::Come => Some(format!("ports {}", words(after))),
        Revision::Gone => None,
        Revision::Changed => Some(format!("ports {} -> {}", words(before), words(after))),
    }));
    lines.extend(it.gone.iter().map(|cidr| format!("- {cidr}")));
    lines.extend(it.come.iter().map(|cidr| format!("+ {cidr}")));
    lines.extend(it.withdrawn.iter().map(|step| format!("withdrawn: {}", told(step))));
    lines.extend(it.announced.iter().map(|step| format!("announced: {}", told(step))));
    [it.rule.to_string(), it.service.clone(), lines.join("\n")]
}

fn words(ports: &[u16]) -> String {
    ports.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn told(step: &Step) -> String {
    let ips: Vec<&str> = step.ips.iter().map(Cidr::as_published).collect();
    let note = if step.note.is_empty() { String::new() } else { format!(" ({})", step.note) };
    format!("{} on {} of {}{note}", step.change.as_str(), step.date, ips.join(" "))
}
