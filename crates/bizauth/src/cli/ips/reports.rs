//! `bizauth ips status`, `lint`, `calendar` and `targets`: what the follower tells.

use bizauth_core::ips::Weight;
use bizauth_ips::settings::Settings;
use bizauth_ips::state::time;
use bizauth_ips::status::{How, Status as Health};
use bizauth_ips::{Timestamp, calendar};
use serde_json::{Value, json};

use super::super::output::Rows;
use super::sources::Which;
use super::{Bench, of_state, status};

/// How the follower is.
#[derive(clap::Args)]
pub(super) struct Status {}

impl Status {
    /// Shows it; exit status 5 if somebody should look.
    pub(super) fn run(self, bench: &mut Bench<'_>) -> anyhow::Result<()> {
        let settings = bench.settings()?;
        let folder = bench.look(&settings)?;
        let it = Health::of(&settings, &folder, bench.now()).map_err(of_state)?;
        bench.output.data(document(&it), || Rows::titled(["", ""], lines(&it, &settings)))?;
        if it.is_well() { Ok(()) } else { Err(bench.found(status::UNWELL)) }
    }
}

fn document(it: &Health) -> Value {
    let place = |(id, how, at): &(String, How, Option<Timestamp>)| {
        let (word, detail) = how_in_words(how);
        json!({ "place": id, "state": word, "detail": detail, "applied": at.map(|at| at.to_string()) })
    };
    let refusal = it
        .last_refusal
        .as_ref()
        .map(|it| json!({ "at": time(it.at).to_string(), "reason": it.reason, "detail": it.detail }));
    json!({
        "well": it.is_well(),
        "digest": it.kept.digest,
        "serial": it.kept.serial,
        "updated": it.updated.to_string(),
        "confirmed": time(it.kept.confirmed).to_string(),
        "age_seconds": it.age,
        "stale": it.stale,
        "failing_since": it.failing_since.map(|at| at.to_string()),
        "next_change": it.next_change.map(|date| date.to_string()),
        "next_apply": it.next_turn.map(|date| date.to_string()),
        "last_refusal": refusal,
        "places": it.places.iter().map(place).collect::<Vec<_>>(),
    })
}

fn how_in_words(how: &How) -> (&'static str, String) {
    match how {
        How::Current => ("current", String::new()),
        How::Due => ("due", String::new()),
        How::Drifted(lines) => ("drifted", lines.iter().take(5).cloned().collect::<Vec<_>>().join(" ")),
        How::Broken(why) => ("broken", why.clone()),
    }
}

fn lines(it: &Health, settings: &Settings) -> Vec<[String; 2]> {
    let date = |date: Option<jiff::civil::Date>| date.map_or_else(|| "none".to_owned(), |date| date.to_string());
    let at = |at: Timestamp| at.to_zoned(settings.zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string();
    let stale = if it.stale { ", too old" } else { "" };
    let mut lines = vec![
        ["list of".to_owned(), it.updated.to_string()],
        ["confirmed".to_owned(), format!("{} ({} h ago{stale})", at(time(it.kept.confirmed)), it.age / 3600)],
        ["next change".to_owned(), date(it.next_change)],
        ["next apply".to_owned(), date(it.next_turn)],
    ];
    lines.extend(it.kept.serial.map(|serial| ["serial".to_owned(), serial.to_string()]));
    if let (Some(since), Some(refusal)) = (it.failing_since, &it.last_refusal) {
        lines.push(["failing since".to_owned(), format!("{}: {}: {}", at(since), refusal.reason, refusal.detail)]);
    }
    for (id, how, applied) in &it.places {
        let (word, detail) = how_in_words(how);
        let applied = applied.map(|applied| format!(", applied {}", at(applied))).unwrap_or_default();
        let detail = if detail.is_empty() { detail } else { format!(": {detail}") };
        lines.push([id.clone(), format!("{word}{applied}{detail}")]);
    }
    lines
}

/// Whether a list is wise.
#[derive(clap::Args)]
pub(super) struct Lint {
    #[command(flatten)]
    which: Which,
}

impl Lint {
    /// Shows every remark; exit status 3 if the list should not be published.
    pub(super) fn run(self, bench: &mut Bench<'_>) -> anyhow::Result<()> {
        let subject = self.which.subject(bench)?;
        let remarks = subject.chronicle.believed_on(subject.day).lint(subject.day);
        let word = |weight: Weight| match weight {
            Weight::Note => "note",
            Weight::Warning => "warning",
            Weight::Refusal => "refusal",
        };
        let json = remarks.iter().map(|it| {
            let weight = word(it.about.weight());
            json!({ "weight": weight, "list": it.rule.as_str(), "service": it.service, "about": it.about.to_string() })
        });
        bench.output.data(json.collect(), || {
            let row = |it: &bizauth_core::ips::Remark| {
                [word(it.about.weight()).to_owned(), it.rule.to_string(), it.service.clone(), it.about.to_string()]
            };
            Rows::titled(["WEIGHT", "LIST", "SERVICE", "ABOUT"], remarks.iter().map(row))
        })?;
        let refused = remarks.iter().any(|it| it.about.weight() == Weight::Refusal);
        if refused { Err(bench.found(status::DIFFERS)) } else { Ok(()) }
    }
}

/// The calendar.
#[derive(clap::Args)]
pub(super) struct Calendar {
    #[command(flatten)]
    which: Which,
}

impl Calendar {
    /// Writes it to stdout.
    pub(super) fn run(self, bench: &mut Bench<'_>) -> anyhow::Result<()> {
        let subject = self.which.subject(bench)?;
        let list = subject.chronicle.believed_on(subject.day);
        Ok(bench.output.text(&calendar::render(list, &subject.zone, subject.stamp))?)
    }
}

/// Shows every kind of target.
pub(super) fn targets(bench: &mut Bench<'_>) -> anyhow::Result<()> {
    let all = bizauth_ips::targets::ALL;
    let json = all.iter().map(|it| json!({ "kind": it.name, "about": it.about, "live": it.live.is_some() })).collect();
    bench.output.data(json, || {
        let row = |it: &&bizauth_ips::targets::Target| {
            let how = if it.live.is_some() { "kernel" } else { "file" };
            [it.name.to_owned(), how.to_owned(), it.about.to_owned()]
        };
        Rows::titled(["KIND", "WHERE", "ABOUT"], all.iter().map(row))
    })?;
    Ok(())
}
