//! `/operator/assets/imports/{import}`: one file, what it would do, and applying it.

use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use bizauth_core::id::ImportId;
use bizauth_core::time::Time;
use bizauth_store::{ImportRecord, ImportState};

use crate::asset_file::Format;
use crate::http::pages::html;
use crate::http::state::AppState;
use crate::http::visit::{Page, PageError, Visit};
use crate::import::{Importer, Refused, refused};
use crate::view::import::Standing;
use crate::view::kit::{Crumb, Pager};
use crate::view::{ImportedPage, RefusedRow};

/// How many refused rows stand on a page.
const ROWS: usize = 100;
/// After how many seconds the page of a running import renews itself. Every browser knows this header, and it needs
/// neither a script nor a word in the page.
const RENEW: (HeaderName, HeaderValue) = (HeaderName::from_static("refresh"), HeaderValue::from_static("3"));

/// How long whoever applies a file waits for the end of it.
const SHORT: Duration = Duration::from_secs(1);

/// Whoever is signed in, at work on a file.
pub(super) fn importer(it: &AppState, visit: &Visit) -> Importer {
    Importer { store: it.store.clone(), clock: it.clock.clone(), actor: visit.by(it).actor().clone() }
}

/// Where an import stands.
pub(super) fn standing(import: &ImportRecord, now: Time) -> Standing {
    match import.state {
        ImportState::Checked => Standing::Waits,
        ImportState::Running if import.is_stuck(now) => Standing::Stuck,
        ImportState::Running => Standing::Runs,
        ImportState::Done => Standing::Done,
    }
}

async fn named(it: &AppState, visit: &Visit) -> Result<ImportRecord, PageError> {
    let id: ImportId = visit.param("import")?;
    it.store.import(id, visit.at()).await?.ok_or(PageError::NotFound)
}

/// The page.
pub async fn get(State(it): State<AppState>, visit: Visit) -> Page {
    let (frame, import) = (visit.frame(&it), named(&it, &visit).await?);
    let here = format!("/operator/assets/imports/{}", import.id);
    let from: usize = visit.form().get("from").and_then(|text| text.parse().ok()).unwrap_or(0);
    let kept = match import.n_refused {
        0 => String::new(),
        _ => it.store.import_refusals(import.id).await?,
    };
    let row = |row: Refused| RefusedRow {
        place: row.place,
        reason: frame.fill(&format!("import-bad-{}", row.word), "value", row.about.as_str()),
        column: Some(row.column).filter(|column| column != "row"),
    };
    let mut rows: Vec<RefusedRow> = refused(&kept).skip(from).take(ROWS + 1).map(row).collect();
    let pager = Pager {
        newer: (from > 0).then(|| format!("{here}?from={}", from.saturating_sub(ROWS))),
        older: (rows.len() > ROWS).then(|| format!("{here}?from={}", from + ROWS)),
    };
    rows.truncate(ROWS);
    let (standing, counts) = (standing(&import, visit.at()), import.counts);
    let crumbs = [
        Crumb::new(frame.say("nav-assets"), "/operator/assets"),
        Crumb::new(frame.say("import-title"), "/operator/assets/import"),
    ];
    let page = ImportedPage {
        name: import.name.clone(),
        standing,
        by: import.maker.clone(),
        at: import.made_at.into(),
        total: import.total,
        done: import.done,
        n_refused: import.n_refused,
        counts: [counts.added, counts.changed, counts.gained, counts.altered, counts.same, counts.skipped],
        lines: import.format == Format::Csv.word(),
        refused: rows,
        pager,
        apply: visit.form_to(format!("{here}/apply")),
        frame: frame.below(crumbs),
    };
    let mut response = html(StatusCode::OK, &page, None);
    if standing == Standing::Runs {
        response.headers_mut().insert(RENEW.0, RENEW.1);
    }
    Ok(response)
}

/// Applies it, or goes on. Where rows do not fit, the person has said that the others are to be applied.
pub async fn apply(State(it): State<AppState>, visit: Visit) -> Page {
    let import = named(&it, &visit).await?;
    let here = format!("/operator/assets/imports/{}", import.id);
    if import.n_refused > 0 && visit.form().get("good") != Some("yes") {
        return Ok(crate::http::reply::see(&here));
    }
    let importer = importer(&it, &visit);
    let mut done = "import-started";
    if import.total > 0 && importer.start(import.id).await? {
        // A short file is done before the page is shown; a long one goes on behind it.
        let applied = tokio::time::timeout(SHORT, importer.apply_behind(import.id)).await;
        if matches!(applied, Ok(Ok(true))) {
            done = "import-applied";
        }
    }
    Ok(visit.see(&here, done))
}
