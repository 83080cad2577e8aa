//! `bizauth ip-list lint`: everything that is wrong or unwise about a list, before anybody believes it.

use std::path::PathBuf;

use super::super::desk::Desk;
use super::super::output::Rows;
use super::super::refusal::{Found, refuse};
use super::files;
use crate::ip_list::terms;

/// The exit status of a list that would be refused, as that of `bizauth ips lint`.
const REFUSED: u8 = 3;

/// Which list.
#[derive(clap::Args)]
#[command(
    after_help = "Exit status: 0 it may be published · 3 it would be refused\n\nExample:\n  bizauth ip-list lint list.json"
)]
pub(in crate::cli) struct Lint {
    /// A JSON file, or - for stdin; the newest version if it is left out
    file: Option<PathBuf>,
}

impl Lint {
    /// Says it, what is refused first.
    pub(super) async fn run(self, desk: &mut Desk<'_>) -> anyhow::Result<()> {
        let newest = desk.store.published_ips().await?;
        let (list, before) = match (&self.file, &newest) {
            (Some(file), _) => (files::list(file)?, newest.as_ref().map(|it| &*it.list)),
            (None, Some(newest)) => ((*newest.list).clone(), None),
            (None, None) => return Err(refuse("no IP list was ever published", "name a file")),
        };
        let verdict = list.verdict(before, &terms(&desk.config, desk.now));
        let all: Vec<_> = verdict.refusals.iter().chain(&verdict.others).collect();
        desk.output.data(all.iter().map(|it| super::remark(it)).collect(), || {
            let row = |it: &&bizauth_core::ips::Remark| {
                [super::weight(it).to_owned(), it.rule.to_string(), it.service.clone(), it.about.to_string()]
            };
            Rows::titled(["WEIGHT", "LIST", "SERVICE", "ABOUT"], all.iter().map(row))
        })?;
        if verdict.refusals.is_empty() {
            desk.output.note("\nit may be published");
            return Ok(());
        }
        desk.output.note("\nit would be refused");
        let _ = desk.output.finish();
        Err(Found(REFUSED).into())
    }
}
