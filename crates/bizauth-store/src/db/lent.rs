//! A connection of PostgreSQL's pool while somebody has it, and what becomes of it when they leave.

use std::mem::take;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use deadpool_postgres::{Object, Pool};
use tokio::runtime::Handle;
use tokio::time::timeout;
use tokio_postgres::{Error as Failure, Statement};

use super::postgres::SILENCE;

/// Where a borrower is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// In no transaction.
    Outside,
    /// BEGIN was sent.
    Within,
    /// COMMIT or ROLLBACK was sent, and is not answered.
    Ending,
}

/// A connection that returns to the pool in no transaction and with nothing left in it. Where its borrower leaves within
/// one (a caller who hangs up, a panic) it is ended behind their back: who could make us close connections by leaving would
/// have us do little else than make new ones. Where the server does not answer to that the connection is closed, and the
/// server rolls back by itself.
pub(super) struct Lent {
    client: Option<Object>,
    stage: AtomicU8,
    /// What is being prepared: left alone it would stay in the server, without anybody who knows its name.
    preparing: Mutex<Option<&'static str>>,
}

impl Lent {
    pub(super) fn of(client: Object) -> Lent {
        Lent { client: Some(client), stage: AtomicU8::new(Stage::Outside as u8), preparing: Mutex::new(None) }
    }

    pub(super) fn client(&self) -> &Object {
        self.client.as_ref().expect("only who closes it takes it")
    }

    /// From here on the borrower is there.
    pub(super) fn begins(&self, stage: Stage) {
        self.stage.store(stage as u8, Ordering::Relaxed);
    }

    /// A statement of this connection, which is prepared once.
    pub(super) async fn prepared(&self, sql: &'static str) -> Result<Statement, Failure> {
        *self.preparing() = Some(sql);
        let statement = self.client().prepare_cached(sql).await;
        // Where several are asked for at once it may be another's by now.
        self.preparing().take_if(|preparing| std::ptr::eq(*preparing, sql));
        statement
    }

    fn preparing(&self) -> MutexGuard<'_, Option<&'static str>> {
        self.preparing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes it: nobody would hear a ROLLBACK.
    pub(super) fn close(&mut self) {
        drop(self.client.take().map(Object::take));
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let Some(client) = self.client.take() else { return };
        let preparing = take(self.preparing.get_mut().unwrap_or_else(PoisonError::into_inner));
        let end = match *self.stage.get_mut() {
            within if within == Stage::Within as u8 => Some("ROLLBACK"),
            // To a transaction that is over already a ROLLBACK would be a line in the server's log, at the caller's bidding.
            // Within one that is not, because its COMMIT failed, this fails, too.
            ending if ending == Stage::Ending as u8 => Some("SELECT"),
            _ => None,
        };
        if end.is_none() && preparing.is_none() {
            return;
        }
        let left = Left(Some(client));
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(left.settled(end, preparing));
        }
    }
}

/// A connection that somebody left in the middle. Dropped before that is settled it is closed.
struct Left(Option<Object>);

impl Left {
    async fn settled(mut self, end: Option<&'static str>, preparing: Option<&'static str>) {
        let Some(client) = &self.0 else { return };
        // What was sent before is answered before.
        let settled = async {
            if let Some(end) = end {
                client.batch_execute(end).await?;
            }
            // Once more, and kept: whoever leaves here again and again leaves nothing more behind.
            if let Some(sql) = preparing {
                client.prepare_cached(sql).await?;
            }
            Ok::<_, Failure>(())
        };
        match timeout(SILENCE, settled).await {
            Ok(Ok(())) => drop(self.0.take()),
            Ok(Err(_)) => {}
            Err(_) => drop(Object::pool(client).map(|pool| distrust(&pool))),
        }
    }
}

impl Drop for Left {
    fn drop(&mut self) {
        drop(self.0.take().map(Object::take));
    }
}

/// One connection has gone silent, and its neighbours go the same way: all that are idle are closed, so that those who
/// come next are not each kept waiting to find that out.
pub(super) fn distrust(pool: &Pool) {
    pool.retain(|_, _| false);
}
