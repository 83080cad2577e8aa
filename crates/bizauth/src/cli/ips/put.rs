//! `bizauth ips plan` and `apply`: what would change where, and making it so.

use bizauth_ips::Timestamp;
use bizauth_ips::apply::{self, ApplyError, Finding, Planned};
use bizauth_ips::session::Session;
use bizauth_ips::settings::Settings;
use bizauth_ips::state::{Folder, replace};
use bizauth_ips::{metrics, status as health};
use serde_json::{Value, json};

use super::{Bench, of_apply, of_state, status};

/// So many lines of a difference are shown.
const SHOWN: usize = 200;

/// What would change.
#[derive(clap::Args)]
pub(super) struct Plan {}

impl Plan {
    /// Shows it; exit status 3 if anything would change, and that of the first failure if a place has one.
    pub(super) fn run(self, bench: &mut Bench<'_>) -> anyhow::Result<()> {
        let settings = bench.settings()?;
        let folder = bench.look(&settings)?;
        let plans = apply::plan(&settings, &folder, bench.now()).map_err(of_state)?;
        show(bench, plans)
    }
}

/// Making it so.
#[derive(clap::Args)]
pub(super) struct Apply {
    /// Only show what would change
    #[arg(long)]
    dry_run: bool,
}

impl Apply {
    /// Applies what differs; nothing that does not.
    pub(super) fn run(self, bench: &mut Bench<'_>) -> anyhow::Result<()> {
        if self.dry_run {
            return Plan {}.run(bench);
        }
        let settings = bench.settings()?;
        let mut folder = bench.open(&settings)?;
        let changed = now(&settings, &mut folder, bench.now());
        write_metrics(&settings, &folder, bench.now());
        let changed = changed.map_err(of_apply)?;
        let told =
            if changed.is_empty() { "nothing to change".to_owned() } else { format!("changed {}", changed.join(", ")) };
        Ok(bench.output.done(&told, json!({ "changed": changed }))?)
    }
}

/// Plans, and carries out what can be; then the first thing that could not be planned or done.
pub(super) fn now(settings: &Settings, folder: &mut Folder, now: Timestamp) -> Result<Vec<String>, ApplyError> {
    let session = Session::of_process(std::env::var("SSH_CONNECTION").ok().as_deref());
    let (mut plans, mut wrong) = (Vec::new(), None);
    for plan in apply::plan(settings, folder, now)? {
        match plan {
            Ok(planned) => plans.push(planned),
            Err(error) => wrong = wrong.or(Some(error)),
        }
    }
    let changed = apply::carry_out(settings, folder, &plans, now, session)?;
    wrong.map_or(Ok(changed), Err)
}

/// Writes the figures, if anybody wants them. That they cannot be written keeps nobody from anything.
pub(super) fn write_metrics(settings: &Settings, folder: &Folder, now: Timestamp) {
    if let Some(file) = &settings.metrics_file {
        let status = health::Status::of(settings, folder, now).ok();
        let _ = replace(file, metrics::render(settings, folder, status.as_ref(), now).as_bytes());
    }
}

fn show(bench: &mut Bench<'_>, plans: Vec<Result<Planned<'_>, ApplyError>>) -> anyhow::Result<()> {
    let (mut json, mut text, mut differs, mut wrong) = (Vec::<Value>::new(), String::new(), false, None);
    for plan in plans {
        let planned = match plan {
            Ok(planned) => planned,
            Err(error) => {
                bench.output.note(&format!("error: {error}"));
                wrong = wrong.or(Some(error));
                continue;
            }
        };
        let (word, lines) = match &planned.finding {
            Finding::Same => ("same", &[][..]),
            Finding::New => ("new", &[][..]),
            Finding::Changed(lines) => ("changed", &lines[..]),
            Finding::Drifted(lines) => ("drifted", &lines[..]),
        };
        differs |= planned.finding != Finding::Same;
        let id = planned.place.id();
        text.push_str(&match word {
            "same" => format!("{id}: as it should be\n"),
            "new" => format!("{id}: to be made, {} networks\n", planned.picture.networks()),
            "changed" => format!("{id}: to be changed\n"),
            _ => format!("{id}: somebody changed it, to be put right\n"),
        });
        lines.iter().take(SHOWN).for_each(|line| text.push_str(&format!("    {line}\n")));
        if lines.len() > SHOWN {
            text.push_str(&format!("    … and {} more\n", lines.len() - SHOWN));
        }
        json.push(json!({ "place": id, "finding": word, "lines": lines }));
    }
    match bench.output.json {
        true => bench.output.text(&format!("{}\n", json!({ "places": json, "differs": differs })))?,
        false => bench.output.text(&text)?,
    }
    match wrong {
        Some(error) => Err(of_apply(error)),
        None if differs => Err(bench.found(status::DIFFERS)),
        None => Ok(()),
    }
}
