//! An entry of the audit log as it is exported: by the command line and by the operator's API alike.

use bizauth_core::time::{DAY, Time};
use bizauth_store::{AuditFilter, AuditRecord, Store};
use bytes::Bytes;
use futures_util::stream::{Stream, try_unfold};
use jiff::tz::{Offset, TimeZone};
use serde_json::{Value, json};

use crate::http::reply::log_breakage;
use crate::ip_document::strict_date;

/// Entries that an export reads at a time.
const STRIDE: i64 = 500;

/// An entry, as the export has it.
pub fn document(record: &AuditRecord) -> Value {
    let it = &record.entry;
    let facts = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_else(|_| Value::from(text));
    json!({
        "seq": it.seq,
        "at": it.at.to_utc(),
        "actor": { "kind": it.actor_kind, "id": it.actor_id.map(|id| id.to_string()), "name": it.actor },
        "address": it.address,
        "act": it.act,
        "on": { "kind": it.on_kind, "id": it.on_id },
        "about": facts(&it.about),
        "before": facts(&it.before),
        "after": facts(&it.after),
        "digest": record.digest.hex(),
    })
}

/// What a filter wants as JSON lines, newest first, read as they are asked for.
pub fn filtered_lines(store: Store, filter: AuditFilter) -> impl Stream<Item = bizauth_store::Result<Bytes>> {
    try_unfold((store, filter, Some(i64::MAX)), async |(store, filter, before)| {
        let Some(before) = before else { return Ok(None) };
        let page = store.audit_page(&filter, Some(before), STRIDE).await.inspect_err(log_breakage)?;
        let lines: String = page.iter().map(|record| format!("{}\n", document(record))).collect();
        let whole = i64::try_from(page.len()).is_ok_and(|n| n == STRIDE);
        let next = page.last().filter(|_| whole).map(|record| record.entry.seq);
        Ok(Some((Bytes::from(lines), (store, filter, next))))
    })
}

/// Since when: an instant, or a day for its midnight.
pub fn instant(text: &str) -> Option<Time> {
    let instant = text.parse::<jiff::Timestamp>().ok().map(|instant| Time::from_millis(instant.as_millisecond()));
    instant.or_else(|| day(text))
}

/// Until when: an instant, which is not included, or a day, all of which is.
pub fn until(text: &str) -> Option<Time> {
    day(text).map(|midnight| midnight.plus(DAY)).or_else(|| instant(text))
}

/// The midnight that a day begins at: in Seoul, whatever door asks, because that is whose days people look back on.
pub fn day(text: &str) -> Option<Time> {
    let midnight = strict_date(text)?.to_zoned(TimeZone::fixed(Offset::constant(9))).ok()?;
    Some(Time::from_millis(midnight.timestamp().as_millisecond()))
}
