//! `/operator/v1/audit`: who changed what; the whole log for an export, and the proof that it is whole.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use bizauth_core::secret::Digest;
use bizauth_store::{AuditFilter, AuditVerdict, Store};
use bytes::Bytes;
use futures_util::stream;
use serde_json::json;

use super::gate::Call;
use super::listing::{self, cut, limit, page};
use super::problem::{Answer, Mistake, Problem, fine};
use crate::audit_entry::{document, hex, instant};
use crate::http::reply::log_breakage;
use crate::http::state::AppState;

fn place(call: &Call) -> Result<Option<i64>, Problem> {
    call.query().get("after").map(|text| text.parse().map_err(|_| listing::stale())).transpose()
}

/// Entries, newest first.
pub async fn list(State(it): State<AppState>, call: Call) -> Answer {
    call.only(&["limit", "after", "actor", "act", "on", "since", "until"])?;
    let query = call.query();
    let bad = |name, what: &str| Problem::invalid(vec![Mistake::of(name, what)]);
    let time = |name: &'static str| {
        let wrong = || bad(name, "must be a time such as 2026-11-21T12:00:00Z, or a day");
        query.get(name).map(|text| instant(text).ok_or_else(wrong)).transpose()
    };
    let on = |text: &str| text.split_once(':').map(|(kind, id)| (kind.to_owned(), id.to_owned()));
    let wrong = || bad("on", "must be KIND:ID, such as app:512345678901234");
    let filter = AuditFilter {
        actor: query.get("actor").map(str::to_owned),
        act: query.get("act").map(str::to_owned),
        on: query.get("on").map(|text| on(text).ok_or_else(wrong)).transpose()?,
        since: time("since")?,
        until: time("until")?,
    };
    let limit = limit(&call)?;
    let rows = it.store.audit_page(&filter, place(&call)?, limit + 1).await?;
    Ok(fine(&page(&cut(rows, limit), document, |record| record.entry.seq.to_string())))
}

fn head_of(seq: i64, digest: Option<Digest>, trimmed: i64) -> serde_json::Value {
    json!({ "seq": seq, "digest": digest.as_ref().map(hex), "trimmed": trimmed })
}

/// Where the log begins and ends: to be noted elsewhere.
pub async fn head(State(it): State<AppState>, call: Call) -> Answer {
    call.only(&[])?;
    let head = it.store.audit_head().await?;
    Ok(fine(&head_of(head.seq, head.digest, head.trimmed)))
}

/// Walks the chain.
pub async fn verdict(State(it): State<AppState>, call: Call) -> Answer {
    call.only(&[])?;
    let (whole, seq) = match it.store.verify_audit().await? {
        AuditVerdict::Whole(head) => {
            return Ok(fine(&json!({
                "verdict": "whole",
                "head": head_of(head.seq, head.digest, head.trimmed),
            })));
        }
        AuditVerdict::Altered(seq) => ("altered", seq),
        AuditVerdict::Missing(seq) => ("missing", seq),
        AuditVerdict::BeyondHead(seq) => ("beyond-head", seq),
    };
    Ok(fine(&json!({ "verdict": whole, "seq": seq })))
}

/// The whole log as JSON lines, oldest first, read as it is sent.
pub async fn export(State(it): State<AppState>, call: Call) -> Answer {
    call.only(&["after"])?;
    let after = place(&call)?.unwrap_or(0);
    // The first page before the first byte: a store that does not answer is a problem, not half a file.
    it.store.ping().await?;
    let lines = stream::try_unfold((it.store.clone(), after), next_lines);
    let headers = [(CONTENT_TYPE, "application/x-ndjson"), (CACHE_CONTROL, "no-store")];
    Ok((headers, Body::from_stream(lines)).into_response())
}

async fn next_lines((store, after): (Store, i64)) -> Result<Option<(Bytes, (Store, i64))>, bizauth_store::Error> {
    let page = store.audit_after(after).await.inspect_err(log_breakage)?;
    let Some(last) = page.last().map(|record| record.entry.seq) else { return Ok(None) };
    let lines: String = page.iter().map(|record| format!("{}\n", document(record))).collect();
    Ok(Some((lines.into(), (store, last))))
}
