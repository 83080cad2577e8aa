//! Which list a question is about: the one that is followed, or one in a file.

use std::path::PathBuf;

use bizauth_core::ips::{Chronicle, IpList, Window, seoul};
use bizauth_ips::document;
use bizauth_ips::{Timestamp, apply};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::super::read;
use super::super::refusal::{refuse, unreadable};
use super::{Bench, of_state};

/// The list, and the day.
#[derive(clap::Args)]
pub(super) struct Which {
    /// A list in a file, instead of the one that is followed
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// The day; today if it is left out
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = read::date)]
    at: Option<Date>,
}

/// A list with what is needed to ask about it.
pub(super) struct Subject {
    pub(super) chronicle: Chronicle,
    pub(super) window: Window,
    pub(super) zone: TimeZone,
    /// The day that is asked about.
    pub(super) day: Date,
    /// When the list was believed.
    pub(super) stamp: Timestamp,
}

impl Which {
    /// Reads it. A list in a file is taken by its dates alone, without days early or late.
    pub(super) fn subject(&self, bench: &Bench<'_>) -> anyhow::Result<Subject> {
        let now = bench.now();
        if let Some(file) = &self.file {
            let (list, zone) = (list_in(file)?, seoul());
            let day = self.at.unwrap_or_else(|| zone.to_datetime(now).date());
            let chronicle = Chronicle::new(day, list);
            return Ok(Subject { chronicle, window: Window::default(), zone, day, stamp: now });
        }
        let settings = bench.settings()?;
        let folder = bench.look(&settings)?;
        let day = self.at.unwrap_or_else(|| apply::day(&settings, &folder, now));
        let chronicle = folder.chronicle(&settings, day).map_err(of_state)?;
        let stamp = folder.journal.versions.last().map_or(now, |kept| bizauth_ips::state::time(kept.accepted));
        Ok(Subject { chronicle, window: settings.window, zone: settings.zone, day, stamp })
    }
}

/// The list in a file; `-` is stdin.
pub(super) fn list_in(file: &PathBuf) -> anyhow::Result<IpList> {
    let name = file.display().to_string();
    let bytes = match name.as_str() {
        "-" => {
            let mut bytes = Vec::new();
            let limit = document::LARGEST as u64 + 1;
            std::io::Read::read_to_end(&mut std::io::Read::take(std::io::stdin().lock(), limit), &mut bytes)
                .map(|_| bytes)
        }
        _ => std::fs::read(file),
    };
    let bytes = bytes.map_err(|error| unreadable(&name, &error))?;
    let hint = "the file must be what GET /v1/system/ips answers: inbound, outbound and updatedDate, as plain JSON";
    document::read(&bytes).map_err(|error| refuse(format!("{name}: {error}"), hint))
}
