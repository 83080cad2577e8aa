//! `bizauth ips fetch`, `watch` and `rollback`: another list is believed, or the last one no longer.

use std::path::Path;
use std::time::Duration;

use bizauth_client::SecretString;
use bizauth_ips::Timestamp;
use bizauth_ips::fetch::{self, Arrived, FetchError, Insist, Outcome};
use bizauth_ips::settings::{Settings, Source};
use bizauth_ips::state::Folder;
use serde_json::json;

use super::super::output::Rows;
use super::super::refusal::{misused, unreadable};
use super::show::{differing, lines};
use super::{Bench, of_apply, of_fetch, put};

/// Asking for the list.
#[derive(clap::Args)]
pub(super) struct Fetch {
    /// Believe it although it is older, shrinks unannounced, is too wide or was taken back
    #[arg(long)]
    insist: bool,
}

impl Fetch {
    /// Asks, and believes the answer or says why not.
    pub(super) async fn run(self, bench: &mut Bench<'_>) -> anyhow::Result<()> {
        let settings = bench.settings()?;
        let mut folder = bench.open(&settings)?;
        let key = key(&settings)?;
        let insist = if self.insist { Insist::Yes } else { Insist::No };
        let is_first = folder.journal.versions.is_empty();
        let outcome = once(&settings, &mut folder, key.as_ref(), insist, bench.now()).await;
        put::write_metrics(&settings, &folder, bench.now());
        match outcome.map_err(of_fetch)? {
            Outcome::Confirmed => {
                Ok(bench.output.done("the list is the one that is known", json!({ "changed": false }))?)
            }
            Outcome::Believed(differences) => {
                let services: Vec<_> = differences.iter().map(differing).collect();
                if differences.is_empty() {
                    let told = match is_first {
                        true => "the first list is believed; `bizauth ips plan` shows what it would change",
                        false => "a list is believed; nothing in it differs today",
                    };
                    return Ok(bench.output.done(told, json!({ "changed": true, "services": services }))?);
                }
                bench.output.data(json!({ "changed": true, "services": services }), || {
                    Rows::titled(["", "NETWORK", "LIST", "SERVICE", "ANNOUNCED"], differences.iter().flat_map(lines))
                })?;
                bench.output.note("\na list is believed that differs in these networks");
                Ok(())
            }
        }
    }
}

/// Asks once, and notes what came of it.
async fn once(
    settings: &Settings,
    folder: &mut Folder,
    key: Option<&SecretString>,
    insist: Insist,
    now: Timestamp,
) -> Result<Outcome, FetchError> {
    // Who insists wants the list itself, and not to hear that it is still the one that was refused.
    let known = folder.journal.versions.last().and_then(|kept| kept.etag.clone()).filter(|_| insist == Insist::No);
    match fetch::ask(settings, key, known.as_deref()).await {
        Ok(Arrived::NotModified) => {
            fetch::confirm(folder, None, now)?;
            Ok(Outcome::Confirmed)
        }
        Ok(Arrived::Offer(offer)) => fetch::consider(folder, settings, &offer, now, insist),
        Err(FetchError::Refused { reason, detail }) => {
            folder.refuse(now, reason.word(), &detail)?;
            Err(FetchError::Refused { reason, detail })
        }
        Err(other) => Err(other),
    }
}

/// The key, from the file that the configuration names or from the environment; never from the command line, which
/// everybody on the machine can read.
fn key(settings: &Settings) -> anyhow::Result<Option<SecretString>> {
    if matches!(settings.source, Source::File(_)) {
        return Ok(None);
    }
    let text = match &settings.key_file {
        Some(file) => std::fs::read_to_string(file).map_err(|error| unreadable(&name(file), &error))?,
        None => std::env::var("BIZAUTH_IPS_KEY").unwrap_or_default(),
    };
    match text.trim() {
        "" => Err(misused(
            "there is no key to ask the platform with",
            "set key_file, or BIZAUTH_IPS_KEY in the environment",
        )),
        key => Ok(Some(key.into())),
    }
}

fn name(path: &Path) -> String {
    path.display().to_string()
}

/// The agent.
#[derive(clap::Args)]
pub(super) struct Watch {}

impl Watch {
    /// Fetches and applies until it is told to end, by a signal: a fetch is given up then, and what is being
    /// applied is finished. A failure is told, and tried again.
    pub(super) async fn run(self, bench: &mut Bench<'_>) -> anyhow::Result<()> {
        let settings = bench.settings()?;
        // Held all the time, so that nobody applies something else in between.
        let mut folder = bench.open(&settings)?;
        let key = key(&settings)?;
        // Listened for from here on, so that no signal ends it in the middle of what it applies.
        let mut stopped = std::pin::pin!(crate::serve::stopped()?);
        loop {
            let fetched = tokio::select! {
                biased;
                // Nothing is written down before the answer is there whole, so that giving up loses nothing.
                () = &mut stopped => return Ok(()),
                fetched = once(&settings, &mut folder, key.as_ref(), Insist::No, bench.now()) => fetched,
            };
            if let Err(error) = fetched {
                bench.output.note(&format!("fetch: {error}"));
            }
            let mut now = bench.now();
            let next_fetch = now + jiff::SignedDuration::from_mins(i64::from(settings.interval_minutes));
            // What is due at midnight is done at midnight, whenever the next fetch is.
            loop {
                match put::now(&settings, &mut folder, now) {
                    Ok(changed) if changed.is_empty() => {}
                    Ok(changed) => bench.output.note(&format!("changed {}", changed.join(", "))),
                    Err(error) => bench.output.note(&format!("apply: {error}")),
                }
                put::write_metrics(&settings, &folder, now);
                let wake = settings.next_midnight(now).map_or(next_fetch, |midnight| midnight.min(next_fetch));
                let pause = Duration::try_from(wake.duration_since(bench.now())).unwrap_or_default();
                tokio::select! {
                    biased;
                    () = &mut stopped => return Ok(()),
                    () = tokio::time::sleep(pause) => {}
                }
                now = bench.now();
                if now >= next_fetch {
                    break;
                }
            }
        }
    }
}

/// Taking the last list back.
#[derive(clap::Args)]
pub(super) struct Rollback {
    /// Do not apply the list before it at once
    #[arg(long)]
    no_apply: bool,
}

impl Rollback {
    /// Believes the list before the last one again, and applies it.
    pub(super) fn run(self, bench: &mut Bench<'_>) -> anyhow::Result<()> {
        let settings = bench.settings()?;
        let mut folder = bench.open(&settings)?;
        let digest = fetch::roll_back(&mut folder, &settings, bench.now()).map_err(of_fetch)?;
        let changed = match self.no_apply {
            true => Vec::new(),
            false => put::now(&settings, &mut folder, bench.now()).map_err(of_apply)?,
        };
        put::write_metrics(&settings, &folder, bench.now());
        let told = "the list before is believed again; the one taken back is refused until `fetch --insist`";
        Ok(bench.output.done(told, json!({ "digest": digest, "changed": changed }))?)
    }
}
