//! One line of the exported audit log, the same wherever it is exported.

use bizauth_core::secret::Digest;
use bizauth_store::AuditRecord;
use serde_json::{Value, json};

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

/// A digest as people write it down.
pub fn hex(digest: &Digest) -> String {
    digest.0.iter().map(|byte| format!("{byte:02x}")).collect()
}
