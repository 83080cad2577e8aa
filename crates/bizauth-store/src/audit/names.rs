//! What the things are called now that entries of the log are about: the log itself keeps their ids.

use std::collections::HashMap;

use super::AuditRecord;
use crate::Store;
use crate::db::{Result, Value};

/// So many entries are looked up in one statement: a page of them.
const AT_ONCE: usize = 50;

impl Store {
    /// The names of the things that these entries are about, by the entry's place. What has no name, or is gone, is
    /// left out.
    pub async fn audit_names(&self, records: &[AuditRecord]) -> Result<HashMap<i64, String>> {
        // Only kinds whose ids are numbers are read as numbers: CASE takes care that nothing else is.
        const NAMES: &str = "SELECT l.seq, CASE l.on_kind
                 WHEN 'account' THEN (SELECT u.email FROM users u WHERE u.id = CAST(l.on_id AS BIGINT))
                 WHEN 'app' THEN (SELECT a.name FROM apps a WHERE a.id = CAST(l.on_id AS BIGINT))
                 WHEN 'request' THEN (SELECT a.name FROM permission_requests r JOIN apps a ON a.id = r.app_id
                     WHERE r.id = CAST(l.on_id AS BIGINT))
                 WHEN 'operator_key' THEN (SELECT k.name FROM operator_keys k WHERE k.id = CAST(l.on_id AS BIGINT))
                 WHEN 'import' THEN (SELECT i.name FROM imports i WHERE i.id = CAST(l.on_id AS BIGINT))
             END AS name
             FROM audit_log l WHERE l.seq IN (
                 $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
                 $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42,
                 $43, $44, $45, $46, $47, $48, $49, $50)";
        let mut names = HashMap::new();
        for page in records.chunks(AT_ONCE) {
            // There is no entry at the place 0, which fills up the list.
            let places = page.iter().map(|record| record.entry.seq).chain(std::iter::repeat(0));
            let places: Vec<Value> = places.take(AT_ONCE).map(Value::from).collect();
            for row in self.db.rows(NAMES, &places).await? {
                if let Some(name) = row.get::<Option<String>>("name")? {
                    names.insert(row.get("seq")?, name);
                }
            }
        }
        Ok(names)
    }
}
