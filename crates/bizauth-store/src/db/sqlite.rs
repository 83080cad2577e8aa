//! SQLite: one writer thread that shares each fsync among all who wait, and a few connections that only read.
//!
//! Group commit: `BEGIN IMMEDIATE`, one savepoint per queued sentence, one `COMMIT`. Nobody is answered before it.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use bizauth_core::time::Time;
use rusqlite::config::DbConfig;
use rusqlite::{CachedStatement, OpenFlags, params_from_iter};
use tokio::sync::{mpsc, oneshot};

use super::alone::{self, Locks};
use super::watch::Watch;
use super::{Engine, Error, Result, Row, Tx, Value, Verdict};

/// How many sentences may wait; the next caller waits for room.
const QUEUE: usize = 1024;
/// How often one sentence may run before its conflict is the caller's.
const TRIES: u32 = 8;
/// How many sentences may share one commit: bounds how long the first of them waits.
const BATCH: usize = 256;
/// How long a connection waits for another process's lock.
const BUSY: Duration = Duration::from_secs(5);
/// How many connections read.
const READERS: usize = 4;
/// More than the store has statements. The default of 16 would prepare anew all day.
const STATEMENTS: usize = 512;

pub(crate) struct Sqlite {
    queue: Mutex<Option<mpsc::Sender<Box<dyn Job>>>>,
    writer: Mutex<Option<thread::JoinHandle<()>>>,
    readers: Vec<Mutex<Option<Connection>>>,
    path: PathBuf,
    turn: AtomicUsize,
    closed: AtomicBool,
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
        Ok(Sqlite { queue, writer, readers, path, turn, closed, watch, locks, looking: Mutex::new(None) })
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
        let sentence = Sentence { body, said: None, caller };
        let queue = lock(&self.queue).clone().ok_or(Error::Closed)?;
        queue.send(Box::new(sentence)).await.map_err(|_| Error::Closed)?;
        // A panic goes on in the caller's task, as it does on PostgreSQL, where the body runs there.
        answer.await.map_err(|_| Error::Closed)?.unwrap_or_else(|panic| resume_unwind(panic))
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

    /// Lends the first free reader, from a different one each time.
    fn read<T>(&self, work: impl FnOnce(&mut Connection) -> Result<T>) -> Result<T> {
        if self.closed.load(Ordering::Relaxed) {
            return Err(Error::Closed);
        }
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let reader = |i| &self.readers[(turn.wrapping_add(i)) % self.readers.len()];
        let free = (0..self.readers.len()).find_map(|i| reader(i).try_lock().ok());
        self.with(&mut free.unwrap_or_else(|| lock(reader(0))), work)
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
    queue.blocking_send(Box::new(Sentence { body, said: None, caller })).ok()?;
    answer.blocking_recv().ok()?.ok()?.ok()
}

/// What these locks guard is whole between any two statements, so that a panic leaves nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A sentence on its way through the writer thread, whatever its types.
trait Job: Send {
    /// Runs the body in its own savepoint. `Err` means that the whole group is lost, not that the body failed.
    fn run(&mut self, connection: &mut Connection) -> Result<()>;
    /// Tells the caller, now that the fate of the group is known.
    fn answer(self: Box<Self>, group: Result<()>);
}

struct Sentence<F, T> {
    body: F,
    said: Option<thread::Result<Result<T>>>,
    caller: oneshot::Sender<thread::Result<Result<T>>>,
}

impl<F, T> Job for Sentence<F, T>
where
    F: AsyncFn(&mut Tx<'_>) -> Result<Verdict<T>> + Send,
    T: Send,
{
    fn run(&mut self, connection: &mut Connection) -> Result<()> {
        for again in 1..=TRIES {
            connection.execute("SAVEPOINT sentence", &[])?;
            let body = catch_unwind(AssertUnwindSafe(|| {
                let mut tx = Tx::new(Engine::Sqlite(connection));
                let said = poll_once((self.body)(&mut tx));
                tx.settle(said)
            }));
            let retry = matches!(&body, Ok(Err(error)) if error.is_conflict() && again < TRIES);
            let (keep, said) = match body {
                Ok(Ok(Verdict::Commit(value))) => (true, Ok(Ok(value))),
                Ok(Ok(Verdict::RollBack(value))) => (false, Ok(Ok(value))),
                Ok(Err(error)) => (false, Ok(Err(error))),
                Err(panic) => (false, Err(panic)),
            };
            self.said = Some(said);
            // Some failures (disk full, I/O) make SQLite roll back everything. Then the savepoint is gone, these fail
            // too, and the group learns it.
            if !keep {
                connection.execute("ROLLBACK TO sentence", &[])?;
            }
            connection.execute("RELEASE sentence", &[])?;
            if !retry {
                break;
            }
        }
        Ok(())
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

/// The writer thread. While one group is at its fsync the next one gathers in the queue.
fn commit_in_groups(
    mut connection: Connection,
    mut waiting: mpsc::Receiver<Box<dyn Job>>,
    batch: usize,
    watch: &Watch,
) {
    let mut version = None;
    while let Some(first) = waiting.blocking_recv() {
        let mut group = vec![first];
        let fate = commit_group(&mut connection, &mut group, || waiting.try_recv().ok(), batch, watch);
        if fate.is_err() && !connection.inner.is_autocommit() {
            // If even this fails, the next BEGIN will too, and its callers will hear why.
            let _ = connection.execute("ROLLBACK", &[]);
        }
        watch.ended();
        if watch.is_wanted() {
            shut_out(&mut connection, watch, &mut version);
        }
        for job in group {
            job.answer(fate.clone());
        }
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

fn commit_group(
    connection: &mut Connection,
    group: &mut Vec<Box<dyn Job>>,
    mut next: impl FnMut() -> Option<Box<dyn Job>>,
    batch: usize,
    watch: &Watch,
) -> Result<()> {
    if connection.inner.is_autocommit() {
        connection.execute("BEGIN IMMEDIATE", &[])?;
    }
    let mut done = 0;
    while done < group.len() {
        group[done].run(connection)?;
        done += 1;
        if done < batch {
            group.extend(next());
        }
    }
    watch.committing();
    connection.execute("COMMIT", &[]).map(drop)
}

/// A connection and the column names of the statements it has seen.
pub(super) struct Connection {
    inner: rusqlite::Connection,
    names: HashMap<(usize, usize), Arc<[Box<str>]>>,
}

impl Connection {
    fn open(path: &Path, flags: OpenFlags) -> Result<Self> {
        let inner = rusqlite::Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .map_err(Error::sqlite("open"))?;
        inner.set_prepared_statement_cache_capacity(STATEMENTS);
        // A plan is made once. Without this word SQLite looks into the parameters of statements whose tables were analysed,
        // and makes a new plan for each call: most of what a read cost.
        inner.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(Error::sqlite("QPSG"))?;
        let connection = Connection { inner, names: HashMap::new() };
        connection.inner.busy_timeout(BUSY).map_err(Error::sqlite("busy_timeout"))?;
        Ok(connection)
    }

    fn batch(&self, sql: &'static str) -> Result<()> {
        self.inner.execute_batch(sql).map_err(Error::sqlite(sql))
    }

    /// Runs a migration.
    pub(super) fn script(&mut self, sql: &'static str) -> Result<()> {
        self.inner.execute_batch(&in_our_words(sql)).map_err(Error::sqlite("a migration"))
    }

    pub(super) fn rows(&mut self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>> {
        let mut run = || {
            let (mut statement, names) = self.statement(sql)?;
            let mut found = statement.query(params_from_iter(params))?;
            let mut rows = Vec::new();
            while let Some(row) = found.next()? {
                let values = (0..names.len()).map(|i| row.get(i)).collect::<rusqlite::Result<_>>()?;
                rows.push(Row { sql, names: names.clone(), values });
            }
            Ok(rows)
        };
        run().map_err(Error::sqlite(sql))
    }

    pub(super) fn execute(&mut self, sql: &'static str, params: &[Value]) -> Result<u64> {
        let mut run = || self.statement(sql)?.0.execute(params_from_iter(params));
        run().map(|count| count as u64).map_err(Error::sqlite(sql))
    }

    /// `sql` prepared, and the names of its columns.
    fn statement(&mut self, sql: &'static str) -> rusqlite::Result<(CachedStatement<'_>, Arc<[Box<str>]>)> {
        let statement = self.inner.prepare_cached(sql)?;
        // By address: a static text keeps it, and hashing the text would cost more than reading the row.
        let key = (sql.as_ptr() as usize, sql.len());
        if let Some(names) = self.names.get(&key) {
            return Ok((statement, names.clone()));
        }
        // SQLite numbers `$n` by first appearance, PostgreSQL by `n`: they agree only where the numbers ascend.
        let ascending = |i| statement.parameter_name(i) == Some(&*format!("${i}"));
        if !(1..=statement.parameter_count()).all(ascending) {
            return Err(rusqlite::Error::InvalidParameterName("$1, $2, … must first appear in this order".into()));
        }
        let names: Arc<[_]> = statement.column_names().map(Box::from).collect();
        self.names.insert(key, names.clone());
        #[cfg(test)]
        super::plans::note(self.inner.path().unwrap_or_default(), sql);
        Ok((statement, names))
    }
}

/// A shared script in SQLite's words. STRICT knows neither BIGINT nor BYTEA, and `id INTEGER PRIMARY KEY` is the row's
/// own number: rows append in order.
fn in_our_words(script: &str) -> String {
    let script = script.replace("BIGINT", "INTEGER").replace("BYTEA", "BLOB").replace("\n);", "\n) STRICT;");
    // Its own order compares bytes anyway.
    script.replace(" COLLATE \"C\"", "")
}
