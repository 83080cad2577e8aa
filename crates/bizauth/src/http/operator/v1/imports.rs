//! `/operator/v1/imports`: files of assets and holders, looked at first and then applied.

use axum::extract::State;
use axum::http::StatusCode;
use bizauth_core::id::ImportId;
use bizauth_store::{ImportRecord, ImportState};
use serde_json::{Value, json};

use super::gate::Call;
use super::listing::{self, cut, limit, page};
use super::problem::{Answer, Mistake, Problem, fine, said};
use crate::asset_file::Format;
use crate::http::state::AppState;
use crate::import::{Importer, Refused, refused};
use crate::view::Language;

/// How many refused rows a refusal repeats; `/refusals` lists all.
const REPEATED: usize = 100;

fn told(it: &ImportRecord) -> Value {
    let counts = it.counts;
    json!({
        "id": it.id.to_string(),
        "name": it.name,
        "format": it.format,
        "made_by": it.maker,
        "made_at": it.made_at.to_utc(),
        "expires_at": it.expires_at.to_utc(),
        "state": it.state.word(),
        "rows": it.total,
        "applied": it.done,
        "refused": it.n_refused,
        "counts": {
            "assets_added": counts.added,
            "assets_changed": counts.changed,
            "holders_added": counts.gained,
            "holders_changed": counts.altered,
            "same": counts.same,
            "skipped": counts.skipped,
        },
    })
}

fn sentence(it: &AppState, row: &Refused) -> String {
    it.words.say_with(Language::En, &format!("import-bad-{}", row.word), &[("value", row.about.as_str().into())])
}

fn refusal(it: &AppState, row: &Refused) -> Value {
    json!({ "row": row.place, "column": row.column, "reason": row.word, "detail": sentence(it, row) })
}

fn importer(it: &AppState, call: &Call) -> Importer {
    Importer { store: it.store.clone(), clock: it.clock.clone(), actor: call.by(it).actor().clone() }
}

async fn named(it: &AppState, call: &Call) -> Result<ImportRecord, Problem> {
    let id: ImportId = call.id("import")?;
    it.store.import(id, call.at()).await?.ok_or_else(|| Problem::not_found(format!("import {id}")))
}

fn yes(call: &Call, name: &'static str, usual: bool) -> Result<bool, Problem> {
    match call.query().get(name) {
        None => Ok(usual),
        Some("true") => Ok(true),
        Some("false") => Ok(false),
        Some(_) => Err(Problem::invalid(vec![Mistake::of(name, "must be true or false")])),
    }
}

/// All of them, newest first.
pub async fn list(State(it): State<AppState>, call: Call) -> Answer {
    call.only(&listing::PARAMETERS)?;
    let leaf = it.store.imports(&listing::turn(&call)?, limit(&call)?, call.at()).await?;
    Ok(fine(&page(&leaf, told, |it| it.id.to_string())))
}

/// Looks at a file; applies it too if that is said and every row fits, or if the good ones are to do.
pub async fn post(State(it): State<AppState>, call: Call) -> Answer {
    call.only(&["dry_run", "good_rows_only", "name"])?;
    let (dry_run, good_only) = (yes(&call, "dry_run", true)?, yes(&call, "good_rows_only", false)?);
    let (kind, bytes) = call.sent();
    let format = match kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "text/csv" => Format::Csv,
        "application/json" => Format::Json,
        _ => return Err(Problem::unsupported("text/csv or application/json")),
    };
    let name = call.query().get("name").unwrap_or("-");
    let importer = importer(&it, &call);
    let id = match importer.check(name, format, bytes.to_vec()).await? {
        Ok(id) => id,
        Err(why) => {
            let (key, about) = why.words();
            let words = it.words.say_with(Language::En, key, &[("value", about.into())]);
            return Err(Problem::invalid(vec![Mistake::at("", words)]));
        }
    };
    let gone = || Problem::not_found(format!("import {id}"));
    let import = it.store.import(id, call.at()).await?.ok_or_else(gone)?;
    if dry_run {
        return Ok(said(StatusCode::CREATED, &told(&import)));
    }
    begin(&it, importer, &import, good_only).await?;
    let import = it.store.import(id, call.at()).await?.ok_or_else(gone)?;
    Ok(said(StatusCode::CREATED, &told(&import)))
}

async fn begin(it: &AppState, importer: Importer, import: &ImportRecord, good_only: bool) -> Result<(), Problem> {
    if import.n_refused > 0 && !good_only {
        let kept = it.store.import_refusals(import.id).await?;
        let mistake = |row: Refused| {
            Mistake::at(format!("/{}/{}", row.place, row.column), format!("row {}: {}", row.place, sentence(it, &row)))
        };
        let mistakes = refused(&kept).take(REPEATED).map(mistake).collect();
        return Err(Problem::invalid(mistakes).with("import", told(import)));
    }
    if importer.start(import.id).await? {
        importer.apply_behind(import.id);
    }
    Ok(())
}

/// Where one stands.
pub async fn get(State(it): State<AppState>, call: Call) -> Answer {
    Ok(fine(&told(&named(&it, &call).await?)))
}

/// Every row that does not fit, in the order of the file.
pub async fn refusals(State(it): State<AppState>, call: Call) -> Answer {
    call.only(&listing::PARAMETERS)?;
    let (import, limit) = (named(&it, &call).await?, limit(&call)?);
    let after: usize = match call.query().get("after") {
        None => 0,
        Some(text) => text.parse().map_err(|_| listing::stale())?,
    };
    let kept = it.store.import_refusals(import.id).await?;
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX) + 1;
    let rows: Vec<_> = refused(&kept).enumerate().skip(after).take(wanted).collect();
    Ok(fine(&page(&cut(rows, limit), |(_, row)| refusal(&it, row), |(at, _)| (at + 1).to_string())))
}

/// Applies one that waits, or goes on with one whose worker is gone.
pub async fn apply(State(it): State<AppState>, call: Call) -> Answer {
    call.only(&["good_rows_only"])?;
    let import = named(&it, &call).await?;
    if import.state != ImportState::Done {
        begin(&it, importer(&it, &call), &import, yes(&call, "good_rows_only", false)?).await?;
    }
    get(State(it), call).await
}
