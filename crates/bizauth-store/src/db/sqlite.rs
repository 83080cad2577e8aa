//! SQLite: one writer thread that shares each fsync among all who wait, and a few connections that only read.
//!
//! Group commit: `BEGIN IMMEDIATE`, the queued sentences, one `COMMIT`. Nobody is answered before it. Only if a sentence
//! must be undone that has changed something, the group is undone and runs again with a savepoint for each.

use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use bizauth_core::time::Time;
use rusqlite::OpenFlags;
use tokio::sync::{mpsc, oneshot};

use super::alone::{self, Locks};
use super::connection::{BUSY, Connection};
use super::sentence::{Job, Sentence, tell};
use super::watch::Watch;
use super::{Error, Result, Row, Tx, Value, Verdict};

/// How many sentences may wait; the next caller waits for room.
const QUEUE: usize = 1024;
/// How many sentences may share one commit: bounds how long the first of them waits.
const BATCH: usize = 256;
/// How many groups after one that had to run again have a savepoint for each sentence from the first: where many
/// sentences are undone, running twice costs more than the savepoints do.
const WARY: u32 = 64;
/// How many connections read.
const READERS: usize = 4;

pub(crate) struct Sqlite {
    queue: Mutex<Option<mpsc::Sender<Box<dyn Job>>>>,
    writer: Mutex<Option<thread::JoinHandle<()>>>,
    readers: Vec<Mutex<Option<Connection>>>,
    path: PathBuf,
    turn: AtomicUsize,
    closed: AtomicBool,
    /// The first statement that found the file torn. It does not get well while it is open.
    torn: OnceLock<Error>,
    watch: Arc<Watch>,
    /// That this process may write. The writer keeps them, too, until it has written for the last time.
    locks: Mutex<Option<Arc<Locks>>>,
    looking: Mutex<Option<Looking>>,
}

/// The thread that looks after the locks, and what ends it.
type Looking = (std::sync::mpsc::Sender<()>, thread::JoinHandle<()>);

impl Sqlite {
    /// Opens the file, making it if there is none.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let it = Sqlite::open_as(path, "PRAGMA synchronous = FULL", READERS)?;
        for reader in &it.readers {
            it.with(&mut lock(reader), |_| Ok(()))?;
        }
        Ok(it)
    }

    /// The same without any promise that what was written outlives the machine's next second, and with one reader, which
    /// is opened when it is needed.
    pub(crate) fn open_throwaway(path: &Path) -> Result<Self> {
        Sqlite::open_as(path, "PRAGMA synchronous = OFF", 1)
    }

    fn open_as(path: &Path, synchronous: &'static str, n_readers: usize) -> Result<Self> {
        let writer = Connection::open(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        // The file's own name, whatever links lead there: everybody must find the same locks.
        let file = writer.inner.path().map_or(path.to_owned(), PathBuf::from);
        let locks = Arc::new(Locks::guest(&file).map_err(|error| Error::Locks(Arc::new(error)))?);
        let watch = Arc::new(Watch::new());
        watch.listen(&writer.inner).map_err(Error::sqlite("listen"))?;
        let (heard, kept) = (watch.clone(), locks.clone());
        writer.batch("PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON")?;
        writer.batch(synchronous)?;
        let (queue, waiting) = mpsc::channel(QUEUE);
        let writer = thread::Builder::new()
            .name("sqlite-writer".into())
            .spawn(move || {
                commit_in_groups(writer, waiting, BATCH, &heard);
                drop(kept);
            })
            .map_err(|_| Error::Closed)?;
        let (readers, path) = ((0..n_readers).map(|_| Mutex::default()).collect(), path.to_owned());
        let (queue, writer) = (Mutex::new(Some(queue)), Mutex::new(Some(writer)));
        let (turn, closed, locks) = (AtomicUsize::new(0), AtomicBool::new(false), Mutex::new(Some(locks)));
        let (torn, looking) = (OnceLock::new(), Mutex::new(None));
        Ok(Sqlite { queue, writer, readers, path, turn, closed, torn, watch, locks, looking })
    }

    /// From now on it is proved, whenever it is true, that no other process writes; only then [`Watch`] lets anything
    /// stand that was read. Other processes of ours ask by the locks beside the file; all others are kept out by the
    /// engine, because the writer holds its write lock between groups, too.
    pub(crate) fn watch(self: &Arc<Self>) -> Result<Arc<Watch>> {
        let Some(locks) = lock(&self.locks).take() else { return Ok(self.watch.clone()) };
        let (stop, stopped) = std::sync::mpsc::channel();
        let (looked, first) = std::sync::mpsc::channel();
        let (watch, queue) = (self.watch.clone(), lock(&self.queue).clone().ok_or(Error::Closed)?);
        let look = move || {
            let pause = || {
                watch.want(false);
                // The group that this is in is the last after which the writer keeps the lock.
                let _ = through(&queue, async |_: &mut Tx<'_>| super::commit(()));
                watch.not_alone();
            };
            let resume = || {
                let listens = async |tx: &mut Tx<'_>| super::commit(tx.script(include_str!("watched.sql")).await?);
                if through(&queue, listens).is_none() {
                    return false;
                }
                watch.want(true);
                let held = through(&queue, async |_: &mut Tx<'_>| super::commit(()));
                if held.is_none() || !watch.is_alone() {
                    pause();
                }
                watch.is_alone()
            };
            let stay = || {
                if !watch.is_alone() {
                    // Somebody came between two groups who knows nothing of our locks.
                    let _ = through(&queue, async |_: &mut Tx<'_>| super::commit(()));
                }
            };
            alone::look_after(&locks, looked, &stopped, (pause, resume, stay));
        };
        let thread = thread::Builder::new().name("sqlite-locks".into()).spawn(look).map_err(|_| Error::Closed)?;
        *lock(&self.looking) = Some((stop, thread));
        // Nothing is sent: the other end is gone after the first look.
        let _ = first.recv();
        Ok(self.watch.clone())
    }

    /// Lets the writer finish its queue, and waits until it has: the log is then in the file.
    pub(super) async fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        let looking = lock(&self.looking).take();
        if let Some((stop, thread)) = looking {
            drop(stop);
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
        drop(lock(&self.queue).take());
        let writer = lock(&self.writer).take();
        if let Some(writer) = writer {
            // A writer that panicked has nothing more to say.
            let _ = tokio::task::spawn_blocking(move || writer.join()).await;
        }
        // Nothing will be written any more: whoever waits for that may remember again.
        drop(lock(&self.locks).take());
    }

    pub(super) async fn write<T, F>(&self, body: F) -> Result<T>
    where
        F: AsyncFn(&mut Tx<'_>) -> Result<Verdict<T>> + Send + 'static,
        T: Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        let sentence = Sentence::new(body, caller);
        let queue = lock(&self.queue).clone().ok_or(Error::Closed)?;
        queue.send(Box::new(sentence)).await.map_err(|_| Error::Closed)?;
        // A panic goes on in the caller's task, as it does on PostgreSQL, where the body runs there.
        self.seen(answer.await.map_err(|_| Error::Closed)?.unwrap_or_else(|panic| resume_unwind(panic)))
    }

    /// Fails if any statement found the file torn, which others may not touch where it is.
    pub(super) fn is_whole(&self) -> Result<()> {
        self.torn.get().map_or(Ok(()), |error| Err(error.clone()))
    }

    /// Remembers a torn file.
    fn seen<T>(&self, result: Result<T>) -> Result<T> {
        if let Err(error) = &result
            && error.is_torn()
        {
            self.torn.get_or_init(|| error.clone());
        }
        result
    }

    pub(super) fn few(&self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>> {
        self.read(|connection| connection.rows(sql, params))
    }

    pub(super) async fn rows(self: Arc<Self>, sql: &'static str, params: Vec<Value>) -> Result<Vec<Row>> {
        let list = move || self.read(|connection| connection.rows(sql, &params));
        tokio::task::spawn_blocking(list).await.map_err(|_| Error::Closed)?
    }

    /// Copies the database as one reader sees it; the writer goes on meanwhile. Then marks the copy.
    pub(super) async fn copy_to(self: Arc<Self>, to: PathBuf, now: Time) -> Result<()> {
        const MARK: &str = "UPDATE home SET copied_at = $1 WHERE id = 1";
        let copy = move || {
            let name = to.to_str().ok_or_else(|| Error::Setting("the file's name is not UTF-8".to_owned()))?.to_owned();
            self.read(|reader| reader.execute("VACUUM INTO $1", &[name.into()]))?;
            let mut copy = Connection::open(&to, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
            copy.batch("PRAGMA synchronous = FULL")?;
            copy.execute(MARK, &[now.into()]).map(drop)
        };
        tokio::task::spawn_blocking(copy).await.map_err(|_| Error::Closed)?
    }

    /// Lends the first free reader: whoever is alone always has the same, which has the statements and the pages at hand,
    /// and the others hold none until as many read at once. Who finds none free waits for one in turn.
    fn read<T>(&self, work: impl FnOnce(&mut Connection) -> Result<T>) -> Result<T> {
        if self.closed.load(Ordering::Relaxed) {
            return Err(Error::Closed);
        }
        let free = self.readers.iter().find_map(|reader| reader.try_lock().ok());
        let next = || &self.readers[self.turn.fetch_add(1, Ordering::Relaxed) % self.readers.len()];
        self.seen(self.with(&mut free.unwrap_or_else(|| lock(next())), work))
    }

    /// Does the work with a reader, which is opened first if that was not done before.
    fn with<T>(&self, reader: &mut Option<Connection>, work: impl FnOnce(&mut Connection) -> Result<T>) -> Result<T> {
        let reader = match reader {
            Some(open) => open,
            closed => closed.insert(Connection::open(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY)?),
        };
        work(reader)
    }
}

/// What `body` says when the writer has run it. `None`: the writer is gone, or could not.
fn through<F>(queue: &mpsc::Sender<Box<dyn Job>>, body: F) -> Option<()>
where
    F: AsyncFn(&mut Tx<'_>) -> Result<Verdict<()>> + Send + 'static,
{
    let (caller, answer) = oneshot::channel();
    queue.blocking_send(Box::new(Sentence::new(body, caller))).ok()?;
    answer.blocking_recv().ok()?.ok()?.ok()
}

/// What these locks guard is whole between any two statements, so that a panic leaves nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The writer thread. While one group is at its fsync the next one gathers in the queue.
fn commit_in_groups(
    mut connection: Connection,
    mut waiting: mpsc::Receiver<Box<dyn Job>>,
    batch: usize,
    watch: &Watch,
) {
    let (mut version, mut wary, mut crowd) = (None, 0, false);
    while let Some(first) = waiting.blocking_recv() {
        let mut group = vec![first];
        // Who was answered with the last group comes again at the same moment: on a core that is shared with them they
        // get their turn before the commit, which then is one instead of several. Alone, nobody is waited for.
        let next =
            || waiting.try_recv().ok().or_else(|| crowd.then(thread::yield_now).and_then(|()| waiting.try_recv().ok()));
        let fate = commit_group(&mut connection, &mut group, next, (batch, &mut wary), (watch, &mut version));
        crowd = group.len() > 1;
        if fate.is_err() && !connection.inner.is_autocommit() {
            // If even this fails, the next BEGIN will too, and its callers will hear why.
            let _ = connection.execute("ROLLBACK", &[]);
        }
        watch.ended();
        match watch.is_wanted() {
            true => shut_out(&mut connection, watch, &mut version),
            false => watch.not_alone(),
        }
        tell(group, &fate);
    }
    if !connection.inner.is_autocommit() {
        let _ = connection.execute("COMMIT", &[]);
    }
    // SQLite does this by itself only when the last connection closes, and the readers are still open. A process that
    // reads at this moment may prevent it: then the log stays beside the file, where the next start finds it.
    let _ = connection.batch("PRAGMA wal_checkpoint(TRUNCATE)");
}

/// Begins the next transaction at once and thereby takes the engine's write lock, so that nobody else can write while
/// nothing is to be written here either. Whoever did in the instant between is found by the file's version: then nothing
/// stands that was read.
fn shut_out(connection: &mut Connection, watch: &Watch, version: &mut Option<i64>) {
    const VERSION: &str = "PRAGMA data_version";
    let begin = |connection: &mut Connection| {
        // Who has the lock now will have changed something; that is found out the next time.
        connection.inner.busy_timeout(Duration::ZERO).map_err(Error::sqlite("busy_timeout"))?;
        let begun = connection.execute("BEGIN IMMEDIATE", &[]);
        connection.inner.busy_timeout(BUSY).map_err(Error::sqlite("busy_timeout"))?;
        begun?;
        connection.rows(VERSION, &[])?.first().map_or(Err(Error::Closed), |row| row.get::<i64>("data_version"))
    };
    match begin(connection) {
        Ok(now) if watch.is_wanted() => watch.alone_again(version.replace(now) != Some(now)),
        _ => {
            watch.not_alone();
            if !connection.inner.is_autocommit() {
                let _ = connection.execute("ROLLBACK", &[]);
            }
        }
    }
}

/// Runs the group, and whoever joins it meanwhile, and commits. `wary`: for how many groups more each sentence has its own
/// savepoint from the first.
fn commit_group(
    connection: &mut Connection,
    group: &mut Vec<Box<dyn Job>>,
    mut next: impl FnMut() -> Option<Box<dyn Job>>,
    (batch, wary): (usize, &mut u32),
    (watch, version): (&Watch, &mut Option<i64>),
) -> Result<()> {
    connection.begin()?;
    let mut each = |connection: &mut Connection, run: fn(&mut dyn Job, &mut Connection) -> Result<bool>| {
        let mut done = 0;
        while done < group.len() {
            if !run(&mut *group[done], connection)? {
                return Ok(false);
            }
            done += 1;
            if group.len() < batch {
                group.extend(next());
            }
        }
        Ok(true)
    };
    let stand = *wary == 0 && each(connection, |job, connection| Ok(job.run(connection)))?;
    if !stand {
        if *wary == 0 {
            *wary = WARY;
            // Between two transactions another process could write: nobody is answered from memory until it is known
            // that none did.
            watch.not_alone();
            if !connection.inner.is_autocommit() {
                connection.execute("ROLLBACK", &[])?;
            }
            watch.ended();
            if watch.is_wanted() {
                shut_out(connection, watch, version);
            }
            connection.begin()?;
        }
        *wary -= 1;
        each(connection, |job, connection| job.run_apart(connection).map(|()| true))?;
    }
    watch.committing();
    connection.execute("COMMIT", &[]).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Locks that a program asks nobody for stop it, but for the instant between a COMMIT and the next BEGIN.
    #[test]
    fn who_writes_between_two_transactions_is_found_out_by_the_next() {
        let folder = tempfile::TempDir::new().unwrap();
        let file = folder.path().join("db");
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let (mut ours, watch, mut version) = (Connection::open(&file, flags).unwrap(), Watch::new(), None);
        ours.batch("PRAGMA journal_mode = WAL; CREATE TABLE things (n BIGINT)").unwrap();
        let other = rusqlite::Connection::open(&file).unwrap();
        other.busy_timeout(Duration::ZERO).unwrap();
        let write = || other.execute("INSERT INTO things (n) VALUES (1)", []);
        watch.want(true);

        shut_out(&mut ours, &watch, &mut version);
        let turn = watch.turn().expect("nobody else may write");
        write().expect_err("the write lock is held");
        assert!(watch.stands(turn, &[]));

        // Our own writing is no news.
        ours.execute("INSERT INTO things (n) VALUES (2)", &[]).unwrap();
        ours.execute("COMMIT", &[]).unwrap();
        shut_out(&mut ours, &watch, &mut version);
        assert!(watch.stands(turn, &[]));

        // Somebody slips in.
        ours.execute("COMMIT", &[]).unwrap();
        write().unwrap();
        shut_out(&mut ours, &watch, &mut version);
        assert!(!watch.stands(turn, &[]), "what was read before may be another now");
        let turn = watch.turn().expect("nobody else may write");
        write().expect_err("the write lock is held");
        assert!(watch.stands(turn, &[]));

        // Somebody is still at it.
        ours.execute("COMMIT", &[]).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        shut_out(&mut ours, &watch, &mut version);
        assert!(!watch.is_alone() && !watch.stands(turn, &[]));
        write().unwrap();
        other.execute_batch("COMMIT").unwrap();
        shut_out(&mut ours, &watch, &mut version);
        assert!(watch.is_alone() && !watch.stands(turn, &[]));
    }
}
