//! How often each app was answered, by day, endpoint and outcome.
//!
//! Counted in memory at the door and added here in bundles; every node adds its own. Numbers for people, no limit is
//! taken by them.

use bizauth_core::id::AppId;

use crate::Store;
use crate::db::{Result, Row, Tx, commit};

/// The most rows that one question is answered with: 90 days of six endpoints with fifty outcomes each, and then some.
const MOST: i64 = 30_000;

/// Calls of one app on one day at one endpoint with one outcome.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Usage {
    /// Whose.
    pub app: AppId,
    /// The day, counted from 1970-01-01 on the platform's calendar.
    pub day: i64,
    /// The endpoint's own name.
    pub endpoint: String,
    /// `ok`, or the name of the fault.
    pub outcome: String,
    /// How many.
    pub calls: i64,
}

impl Store {
    /// Adds these calls to what was counted before.
    pub async fn add_usage(&self, mut rows: Vec<Usage>) -> Result<()> {
        const ADD: &str = "INSERT INTO usage_counts (app_id, day, endpoint, outcome, calls) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (app_id, day, endpoint, outcome) DO UPDATE SET calls = usage_counts.calls + excluded.calls";
        // Two nodes that add the same rows lock them in the same order.
        rows.sort();
        self.db
            .write(async move |tx: &mut Tx<'_>| {
                for row in &rows {
                    let (endpoint, outcome) = (row.endpoint.as_str().into(), row.outcome.as_str().into());
                    tx.execute(ADD, &[row.app.into(), row.day.into(), endpoint, outcome, row.calls.into()]).await?;
                }
                commit(())
            })
            .await
    }

    /// What an app was answered from the day `first` to the day `last`, both included, in the order of the days.
    pub async fn usage_of(&self, app: AppId, first: i64, last: i64) -> Result<Vec<Usage>> {
        const OF: &str = "SELECT day, endpoint, outcome, calls FROM usage_counts
             WHERE app_id = $1 AND day >= $2 AND day <= $3 ORDER BY day, endpoint, outcome LIMIT $4";
        let read = |row: &Row| {
            Ok(Usage {
                app,
                day: row.get("day")?,
                endpoint: row.get("endpoint")?,
                outcome: row.get("outcome")?,
                calls: row.get("calls")?,
            })
        };
        let rows = self.db.rows(OF, &[app.into(), first.into(), last.into(), MOST.into()]).await?;
        rows.iter().map(read).collect()
    }
}
