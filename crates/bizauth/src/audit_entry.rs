//! An entry of the audit log as it is exported: by the command line and by the operator's API alike.

use bizauth_core::secret::Digest;
use bizauth_core::time::Time;
use bizauth_store::AuditRecord;
use serde_json::{Value, json};

use crate::ip_document::strict_date;

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
        "digest": hex(&record.digest),
    })
}

/// A digest in small hexadecimal digits.
pub fn hex(digest: &Digest) -> String {
    digest.0.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An instant, or a day for its midnight (UTC).
pub fn instant(text: &str) -> Option<Time> {
    let day = || strict_date(text)?.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|midnight| midnight.timestamp());
    let instant = text.parse::<jiff::Timestamp>().ok().or_else(day)?;
    Some(Time::from_millis(instant.as_millisecond()))
}
