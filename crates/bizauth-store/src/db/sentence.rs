//! A sentence of the embedded engine on its way through the writer thread and back to its caller.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::thread;

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::connection::Connection;
use super::{Engine, Error, Result, Tx, Verdict};

/// How often one sentence may run before its conflict is the caller's.
const TRIES: u32 = 8;

/// A sentence on its way through the writer thread, whatever its types.
pub(super) trait Job: Send {
    /// Runs the body. `false`: it has changed something that must be undone, or must run again.
    fn run(&mut self, connection: &mut Connection) -> bool;
    /// Runs the body in its own savepoint. `Err` means that the whole group is lost, not that the body failed.
    fn run_apart(&mut self, connection: &mut Connection) -> Result<()>;
    /// The event loop that asked: where a caller waits who was put into the queue together with others. It must go on or
    /// be dropped, or they are not told.
    fn home(&self) -> Option<&Handle>;
    /// Tells the caller, now that the fate of the group is known.
    fn answer(self: Box<Self>, group: Result<()>);
}

/// A body with what it said, and who asked for it.
pub(super) struct Sentence<F, T> {
    body: F,
    said: Option<thread::Result<Result<T>>>,
    caller: oneshot::Sender<thread::Result<Result<T>>>,
    home: Option<Handle>,
}

/// What shall become of what a body has changed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Keep,
    Undo,
    /// Nothing came of it but a conflict: it may succeed if run again.
    Again,
}

impl<F, T> Sentence<F, T>
where
    F: AsyncFn(&mut Tx<'_>) -> Result<Verdict<T>> + Send,
{
    /// `body`, whose fate `caller` hears.
    pub(super) fn new(body: F, caller: oneshot::Sender<thread::Result<Result<T>>>) -> Self {
        Sentence { body, said: None, caller, home: Handle::try_current().ok() }
    }

    /// Runs the body once, and keeps what it said.
    fn say(&mut self, connection: &mut Connection) -> Fate {
        let body = catch_unwind(AssertUnwindSafe(|| {
            let mut tx = Tx::new(Engine::Sqlite(connection));
            let said = poll_once((self.body)(&mut tx));
            tx.settle(said)
        }));
        let (fate, said) = match body {
            Ok(Ok(Verdict::Commit(value))) => (Fate::Keep, Ok(Ok(value))),
            Ok(Ok(Verdict::RollBack(value))) => (Fate::Undo, Ok(Ok(value))),
            Ok(Err(error)) if error.is_conflict() => (Fate::Again, Ok(Err(error))),
            Ok(Err(error)) => (Fate::Undo, Ok(Err(error))),
            Err(panic) => (Fate::Undo, Err(panic)),
        };
        self.said = Some(said);
        fate
    }
}

impl<F, T> Job for Sentence<F, T>
where
    F: AsyncFn(&mut Tx<'_>) -> Result<Verdict<T>> + Send,
    T: Send,
{
    fn run(&mut self, connection: &mut Connection) -> bool {
        let before = connection.changes();
        match self.say(connection) {
            Fate::Keep => true,
            // Most that is refused has changed nothing.
            Fate::Undo => connection.changes() == before && !connection.inner.is_autocommit(),
            Fate::Again => false,
        }
    }

    fn run_apart(&mut self, connection: &mut Connection) -> Result<()> {
        for again in 1..=TRIES {
            connection.execute("SAVEPOINT sentence", &[])?;
            let fate = self.say(connection);
            // Some failures (disk full, I/O) make SQLite roll back everything. Then the savepoint is gone, these fail
            // too, and the group learns it.
            if fate != Fate::Keep {
                connection.execute("ROLLBACK TO sentence", &[])?;
            }
            connection.execute("RELEASE sentence", &[])?;
            if fate != Fate::Again || again == TRIES {
                break;
            }
        }
        Ok(())
    }

    fn home(&self) -> Option<&Handle> {
        self.home.as_ref()
    }

    fn answer(self: Box<Self>, group: Result<()>) {
        let said = match (group, self.said) {
            // What went wrong in this body says more than what became of the group.
            (_, Some(said @ (Err(_) | Ok(Err(_))))) => said,
            (Ok(()), Some(said)) => said,
            (group, _) => Ok(Err(group.err().unwrap_or(Error::Closed))),
        };
        // The caller may have left. Its sentence stands: it was durable before anyone could be told.
        let _ = self.caller.send(said);
    }
}

/// On SQLite nothing inside a body ever waits, so that one poll takes it from beginning to end.
fn poll_once<T>(body: impl Future<Output = Result<T>>) -> Result<T> {
    match pin!(body).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(said) => said,
        Poll::Pending => Err(Error::Suspended),
    }
}

/// Tells all callers of a group. To wake an event loop from another thread is a system call, so each loop is woken once,
/// and those who wait in it are told there.
pub(super) fn tell(group: Vec<Box<dyn Job>>, fate: &Result<()>) {
    let mut homes: Vec<(Handle, Vec<Box<dyn Job>>)> = Vec::new();
    for job in group {
        let Some(home) = job.home() else {
            job.answer(fate.clone());
            continue;
        };
        let known = homes.iter().position(|(handle, _)| handle.id() == home.id());
        let at = known.unwrap_or_else(|| {
            homes.push((home.clone(), Vec::new()));
            homes.len() - 1
        });
        homes[at].1.push(job);
    }
    for (home, jobs) in homes {
        // One is told from here, by the drop: a task would not save a wake.
        let (several, told) = (jobs.len() > 1, Told { jobs, fate: fate.clone() });
        if several {
            home.spawn(async { drop(told) });
        }
    }
}

/// Callers who are told when this is dropped, even where their event loop has ended.
struct Told {
    jobs: Vec<Box<dyn Job>>,
    fate: Result<()>,
}

impl Drop for Told {
    fn drop(&mut self) {
        for job in self.jobs.drain(..) {
            job.answer(self.fate.clone());
        }
    }
}
