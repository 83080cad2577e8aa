//! Limits: how often something may happen within a window, counted in the store, so that parallel tries on any number
//! of nodes cannot beat them.
//!
//! Taking is one guarded statement. A *slot* is first held and then given back or kept: a good password must not count
//! against the person, and a hundred at once must not get past the limit while none has failed yet.

use std::time::Duration;

use bizauth_core::time::Time;

use crate::Store;
use crate::db::{Result, Tx, Value, commit, roll_back};

/// So many within so long.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// What is counted: its own name space.
    pub kind: &'static str,
    /// How many fit into a window; 0 or less is no limit.
    pub most: i64,
    /// How long a window is. Windows lie on the clock, so that all nodes agree on them.
    pub window: Duration,
}

/// What became of a wish for a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// Held, in the window that began at this time: settle it with [`Store::settle_slot`].
    Held(Time),
    /// All that are left are held by others who are not settled yet: ask again in a moment.
    Busy,
    /// Used up until this time.
    Full(Time),
}

impl Limit {
    /// When the window that `now` lies in begins and ends.
    fn window_at(&self, now: Time) -> (Time, Time) {
        let length = i64::try_from(self.window.as_millis()).unwrap_or(i64::MAX).max(1);
        let start = now.millis().div_euclid(length) * length;
        (Time::from_millis(start), Time::from_millis(start.saturating_add(length)))
    }

    /// When the window that `now` lies in is over, and counting begins anew.
    pub fn ends_at(&self, now: Time) -> Time {
        self.window_at(now).1
    }
}

/// A statement that counts one. If it touches no row the limit is reached, and nothing was counted.
pub(crate) struct Taking([Value; 5]);

impl Taking {
    /// `None`: there is no limit.
    pub(crate) fn new(limit: Limit, subject: String, now: Time) -> Option<Self> {
        let (start, end) = limit.window_at(now);
        (limit.most > 0)
            .then(|| Taking([limit.kind.into(), subject.into(), start.into(), end.into(), limit.most.into()]))
    }

    /// The statement with its parameters.
    pub(crate) fn statement(&self) -> (&'static str, &[Value]) {
        const TAKE: &str = "INSERT INTO counters (kind, subject, starts_at, expires_at, taken, held)
             VALUES ($1, $2, $3, $4, 1, 0)
             ON CONFLICT (kind, subject, starts_at) DO UPDATE SET taken = counters.taken + 1
                 WHERE counters.taken < $5";
        (TAKE, &self.0)
    }
}

/// Counts one within a transaction. `false`: the limit is reached, and nothing was counted.
pub(crate) async fn take(tx: &mut Tx<'_>, limit: Limit, subject: String, now: Time) -> Result<bool> {
    let Some(taking) = Taking::new(limit, subject, now) else { return Ok(true) };
    let (sql, params) = taking.statement();
    Ok(tx.execute(sql, params).await? > 0)
}

/// Marks a form as the one that made `id`, within the transaction that makes it. `Some`: it made something before, and
/// nothing was marked.
pub(crate) async fn made_before(tx: &mut Tx<'_>, form: &str, until: Time, id: i64) -> Result<Option<i64>> {
    // A mark is a row of the counters, so that it is cleared away like them.
    const MARK: &str = "INSERT INTO counters (kind, subject, starts_at, expires_at, taken, held)
         VALUES ('made', $1, 0, $2, $3, 0) ON CONFLICT (kind, subject, starts_at) DO NOTHING";
    const MADE: &str = "SELECT taken FROM counters WHERE kind = 'made' AND subject = $1 AND starts_at = 0";
    if tx.execute(MARK, &[form.into(), until.into(), id.into()]).await? > 0 {
        return Ok(None);
    }
    tx.row(MADE, &[form.into()]).await?.map(|row| row.get("taken")).transpose()
}

impl Store {
    /// Counts one against `limit`. `false`: it is reached, and nothing was counted.
    pub async fn take(&self, limit: Limit, subject: String, now: Time) -> Result<bool> {
        if limit.most <= 0 {
            return Ok(true);
        }
        self.db
            .write(async move |tx: &mut Tx<'_>| match take(tx, limit, subject.clone(), now).await? {
                true => commit(true),
                false => roll_back(false),
            })
            .await
    }

    /// Counts one against each limit, or against none of them: the place of the first that is reached.
    pub async fn take_all(&self, limits: Vec<(Limit, String)>, now: Time) -> Result<Option<usize>> {
        if limits.iter().all(|(limit, _)| limit.most <= 0) {
            return Ok(None);
        }
        self.db
            .write(async move |tx: &mut Tx<'_>| {
                for (at, (limit, subject)) in limits.iter().enumerate() {
                    if !take(tx, *limit, subject.clone(), now).await? {
                        return roll_back(Some(at));
                    }
                }
                commit(None)
            })
            .await
    }

    /// How many were counted in the window that `now` lies in.
    pub async fn taken(&self, limit: Limit, subject: &str, now: Time) -> Result<i64> {
        const TAKEN: &str = "SELECT taken FROM counters WHERE kind = $1 AND subject = $2 AND starts_at = $3";
        let (start, _) = limit.window_at(now);
        let row = self.db.row(TAKEN, &[limit.kind.into(), subject.into(), start.into()]).await?;
        row.map_or(Ok(0), |row| row.get("taken"))
    }

    /// Holds one of the slots that `limit` leaves to `subject`.
    pub async fn hold_slot(&self, limit: Limit, subject: String, now: Time) -> Result<Slot> {
        const HOLD: &str = "INSERT INTO counters (kind, subject, starts_at, expires_at, taken, held)
             VALUES ($1, $2, $3, $4, 0, 1)
             ON CONFLICT (kind, subject, starts_at) DO UPDATE SET held = counters.held + 1
                 WHERE counters.taken + counters.held < $5";
        const FULL: &str =
            "SELECT taken FROM counters WHERE kind = $1 AND subject = $2 AND starts_at = $3 AND taken >= $4";
        let (start, end) = limit.window_at(now);
        if limit.most <= 0 {
            return Ok(Slot::Held(start));
        }
        let hold = [limit.kind.into(), subject.as_str().into(), start.into(), end.into(), limit.most.into()];
        let full = [limit.kind.into(), subject.into(), start.into(), limit.most.into()];
        self.db
            .write(async move |tx: &mut Tx<'_>| {
                if tx.execute(HOLD, &hold).await? > 0 {
                    return commit(Slot::Held(start));
                }
                match tx.row(FULL, &full).await? {
                    Some(_) => roll_back(Slot::Full(end)),
                    None => roll_back(Slot::Busy),
                }
            })
            .await
    }

    /// Gives back a held slot, or keeps it as one that was used up.
    pub async fn settle_slot(&self, limit: Limit, subject: String, since: Time, used_up: bool) -> Result<()> {
        const SETTLE: &str = "UPDATE counters SET taken = taken + $1, held = held - 1
             WHERE kind = $2 AND subject = $3 AND starts_at = $4 AND held > 0";
        let params = [used_up.into(), limit.kind.into(), subject.into(), since.into()];
        self.change(SETTLE, params).await?;
        Ok(())
    }
}
