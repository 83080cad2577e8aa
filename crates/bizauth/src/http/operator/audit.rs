//! `/operator/audit`: the audit log, its export, and the walk along its chain.

use std::collections::HashMap;

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::IntoResponse;
use bizauth_store::AuditFilter;

use super::desk::{ROWS, Typed, refused, shown};
use crate::audit_entry::{day, filtered_lines, until};
use crate::http::state::AppState;
use crate::http::visit::{Page, Visit};
use crate::view::kit::Fields;
use crate::view::operator::audit::{Sought, list, verify as verified};
use crate::view::operator::slips;

/// What was asked for, as it was typed and as the store takes it.
fn read(it: &AppState, visit: &Visit) -> (Sought, AuditFilter, Fields) {
    let mut typed = Typed::of(it, visit, &["actor", "act", "kind", "id", "since", "until"]);
    let line = |name: &str| typed.line(name);
    let sought = Sought {
        actor: line("actor"),
        act: line("act"),
        kind: line("kind"),
        id: line("id"),
        since: line("since"),
        until: line("until"),
    };
    for (name, text) in [("since", &sought.since), ("until", &sought.until)] {
        if !text.is_empty() && day(text).is_none() {
            typed.refuse(name, slips::DATE);
        }
    }
    match (sought.kind.is_empty(), sought.id.is_empty()) {
        (true, false) => typed.refuse("kind", slips::KIND_MISSING),
        (false, true) => typed.refuse("id", slips::ID_MISSING),
        _ => {}
    }
    let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let filter = AuditFilter {
        actor: filled(&sought.actor),
        act: filled(&sought.act),
        on: filled(&sought.kind).zip(filled(&sought.id)),
        since: day(&sought.since),
        until: until(&sought.until),
    };
    (sought, filter, typed.fields)
}

/// `GET /operator/audit`: newest first.
pub async fn get(State(it): State<AppState>, visit: Visit) -> Page {
    let (sought, filter, fields) = read(&it, &visit);
    let before = visit.form().get("after").and_then(|text| text.parse().ok());
    if !fields.is_fine() {
        return refused(&it, &visit, "/operator/audit", |desk| {
            list(desk, &sought, fields, (&[], &HashMap::new()), false)
        });
    }
    let mut rows = it.store.audit_page(&filter, before, ROWS + 1).await?;
    let more = i64::try_from(rows.len()).unwrap_or(i64::MAX) > ROWS;
    rows.truncate(usize::try_from(ROWS).unwrap_or(usize::MAX));
    let names = it.store.audit_names(&rows).await?;
    shown(&it, &visit, |desk| list(desk, &sought, fields, (&rows, &names), more))
}

/// `GET /operator/audit/export`: all that the filter wants, newest first, as JSON lines.
pub async fn export(State(it): State<AppState>, visit: Visit) -> Page {
    let (sought, filter, fields) = read(&it, &visit);
    if !fields.is_fine() {
        // Without the part that was not understood it would be another export than the one that was meant.
        return refused(&it, &visit, "/operator/audit", |desk| {
            list(desk, &sought, fields, (&[], &HashMap::new()), false)
        });
    }
    let mut response = Body::from_stream(filtered_lines(it.store.clone(), filter)).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/jsonl"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"audit.jsonl\""));
    Ok(response)
}

/// `GET /operator/audit/verify`: where the log ends; with `run` what a walk along its chain finds.
pub async fn verify(State(it): State<AppState>, visit: Visit) -> Page {
    let head = it.store.audit_head().await?;
    let verdict = match visit.form().get("run") {
        Some(_) => Some(it.store.verify_audit().await?),
        None => None,
    };
    shown(&it, &visit, |desk| verified(desk, head, verdict.as_ref()))
}
