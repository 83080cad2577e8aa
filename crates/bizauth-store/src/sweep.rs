//! Clearing away what has ended, a bounded number of rows at a time.
//!
//! One-shot marks outlive what they guard: a spent code stays long after its end, so that a late replay still kills
//! the token it bought. Consents and tokens are never swept: they answer disputes.

use std::time::Duration;

use bizauth_core::time::{DAY, Time};

use crate::Store;
use crate::db::{Result, Value};

/// How long the mark of a spent code stays after the code's end.
const SPENT_CODES_STAY: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How long it can be seen what webhooks were told. Longer than a schedule is looked back on, so that no day that came
/// is told twice.
const DELIVERIES_STAY: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// How long it can be told how often an app was answered: more than a year, so that a month can be held against itself.
const USAGE_STAYS: i64 = 400;

/// How many rows were cleared away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Rows of all kinds.
    pub rows: u64,
    /// Whether some kind had as many as one sweep takes, so that another is worth while.
    pub more: bool,
}

impl Store {
    /// Clears away at most `most` rows of each kind that ended long enough ago.
    pub async fn sweep(&self, most: i64, now: Time) -> Result<Swept> {
        const SESSIONS: &str = "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
        const DEVICES: &str = "DELETE FROM devices WHERE id IN (SELECT id FROM devices WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
        const LOGIN_STEPS: &str = "DELETE FROM login_steps WHERE id IN (SELECT id FROM login_steps WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
        const PENDING: &str = "DELETE FROM pending WHERE id IN (SELECT id FROM pending WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
        const CODES: &str =
            "DELETE FROM codes WHERE id IN (SELECT id FROM codes WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
        const COUNTERS: &str = "DELETE FROM counters WHERE expires_at <= $1
             AND (kind, subject, starts_at) IN (SELECT kind, subject, starts_at FROM counters WHERE expires_at <= $1
                 ORDER BY expires_at LIMIT $2)";
        const IMPORTS: &str = "DELETE FROM imports WHERE id IN (SELECT id FROM imports WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
        const INVITATIONS: &str = "DELETE FROM invitations WHERE id IN (SELECT id FROM invitations WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
        const USAGE: &str = "DELETE FROM usage_counts WHERE day <= $1
             AND (app_id, day, endpoint, outcome) IN (SELECT app_id, day, endpoint, outcome FROM usage_counts
                 WHERE day <= $1 ORDER BY day LIMIT $2)";
        const DELIVERIES: &str = "DELETE FROM ip_deliveries WHERE id IN (SELECT id FROM ip_deliveries WHERE ended_at <= $1 ORDER BY ended_at LIMIT $2)";
        let today = now.millis().div_euclid(DAY.as_millis() as i64);
        let ended = [
            (SESSIONS, Value::from(now)),
            (DEVICES, now.into()),
            (LOGIN_STEPS, now.into()),
            (PENDING, now.into()),
            (IMPORTS, now.into()),
            (CODES, now.minus(SPENT_CODES_STAY).into()),
            (COUNTERS, now.minus(DAY).into()),
            (USAGE, (today - USAGE_STAYS).into()),
            (INVITATIONS, now.into()),
            (DELIVERIES, now.minus(DELIVERIES_STAY).into()),
        ];
        let mut swept = Swept::default();
        // A transaction each, so that nobody waits for all of them.
        for (sql, before) in ended {
            let rows = self.change_all(sql, [before, most.into()]).await?;
            swept.rows += rows;
            swept.more |= i64::try_from(rows).unwrap_or(i64::MAX) >= most;
        }
        self.db.sweep_changes().await?;
        Ok(swept)
    }
}
