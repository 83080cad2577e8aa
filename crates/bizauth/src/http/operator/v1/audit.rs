//! `/operator/v1/audit`: who changed what; the whole log for an export, and the proof that it is whole.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use bizauth_core::time::Time;
use bizauth_store::{AuditFilter, AuditHead, AuditVerdict, Store};
use bytes::Bytes;
use futures_util::stream;
use serde_json::{Value, json};

use super::gate::Call;
use super::listing::{self, cut, limit, page};
use super::problem::{Answer, Mistake, Problem, fine};
use crate::audit_entry::{document, filtered_lines, instant, until};
use crate::http::reply::log_breakage;
use crate::http::state::AppState;

fn place(call: &Call) -> Result<Option<i64>, Problem> {
    call.query().get("after").map(|text| text.parse().map_err(|_| listing::stale())).transpose()
}

/// The parameters of a filter.
const FILTER: [&str; 5] = ["actor", "act", "on", "since", "until"];

fn filter(call: &Call) -> Result<AuditFilter, Problem> {
    let query = call.query();
    let bad = |name, what: &str| Problem::invalid(vec![Mistake::of(name, what)]);
    let time = |name: &'static str, read: fn(&str) -> Option<Time>| {
        let wrong = || bad(name, "must be a time such as 2026-11-21T12:00:00Z, or a day");
        query.get(name).map(|text| read(text).ok_or_else(wrong)).transpose()
    };
    let on = |text: &str| text.split_once(':').map(|(kind, id)| (kind.to_owned(), id.to_owned()));
    let wrong = || bad("on", "must be KIND:ID, such as app:512345678901234");
    Ok(AuditFilter {
        actor: query.get("actor").map(str::to_owned),
        act: query.get("act").map(str::to_owned),
        on: query.get("on").map(|text| on(text).ok_or_else(wrong)).transpose()?,
        since: time("since", instant)?,
        until: time("until", until)?,
    })
}

/// Entries, newest first.
pub async fn list(State(it): State<AppState>, call: Call) -> Answer {
    call.only(&[&listing::PARAMETERS[..], &FILTER].concat())?;
    let (filter, limit) = (filter(&call)?, limit(&call)?);
    let rows = it.store.audit_page(&filter, place(&call)?, limit + 1).await?;
    Ok(fine(&page(&cut(rows, limit), document, |record| record.entry.seq.to_string())))
}

/// The head, as it is told.
pub(super) fn head_of(head: &AuditHead) -> Value {
    json!({ "seq": head.seq, "digest": head.digest.map(|digest| digest.hex()), "trimmed": head.trimmed })
}

/// Where the log begins and ends: to be noted elsewhere.
pub async fn head(State(it): State<AppState>, call: Call) -> Answer {
    call.only(&[])?;
    Ok(fine(&head_of(&it.store.audit_head().await?)))
}

/// Walks the chain.
pub async fn verdict(State(it): State<AppState>, call: Call) -> Answer {
    call.only(&[])?;
    let (whole, seq) = match it.store.verify_audit().await? {
        AuditVerdict::Whole(head) => {
            return Ok(fine(&json!({
                "verdict": "whole",
                "head": head_of(&head),
            })));
        }
        AuditVerdict::Altered(seq) => ("altered", seq),
        AuditVerdict::Missing(seq) => ("missing", seq),
        AuditVerdict::BeyondHead(seq) => ("beyond-head", seq),
    };
    Ok(fine(&json!({ "verdict": whole, "seq": seq })))
}

/// The log as JSON lines, read as it is sent: whole and oldest first, or what a filter wants, newest first.
pub async fn export(State(it): State<AppState>, call: Call) -> Answer {
    call.only(&[&["after"][..], &FILTER].concat())?;
    let (filter, after) = (filter(&call)?, place(&call)?);
    let filtered = filter != AuditFilter::default();
    if filtered && after.is_some() {
        let why = "goes on with the whole log, and cannot be asked together with a filter";
        return Err(Problem::invalid(vec![Mistake::of("after", why)]));
    }
    // Before the first byte: a store that does not answer is a problem, not half a file.
    it.store.ping().await?;
    let body = match filtered {
        false => Body::from_stream(stream::try_unfold((it.store.clone(), after.unwrap_or(0)), next_lines)),
        true => Body::from_stream(filtered_lines(it.store.clone(), filter)),
    };
    let headers = [(CONTENT_TYPE, "application/x-ndjson"), (CACHE_CONTROL, "no-store")];
    Ok((headers, body).into_response())
}

async fn next_lines((store, after): (Store, i64)) -> Result<Option<(Bytes, (Store, i64))>, bizauth_store::Error> {
    let page = store.audit_after(after).await.inspect_err(log_breakage)?;
    let Some(last) = page.last().map(|record| record.entry.seq) else { return Ok(None) };
    let lines: String = page.iter().map(|record| format!("{}\n", document(record))).collect();
    Ok(Some((lines.into(), (store, last))))
}
