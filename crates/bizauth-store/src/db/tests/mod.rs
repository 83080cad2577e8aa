//! The promises of the seam, each kept on both engines: what becomes of a body that fails, panics, waits, meets
//! another, or loses its caller.
//!
//! Nothing here sleeps. Where many sentences must share one commit, a first one holds SQLite's writer at a gate until
//! the others are in the queue.

use std::collections::HashSet;
use std::future::poll_fn;
use std::io::{BufRead as _, BufReader};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Barrier, Once};
use std::task::Poll;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use tempfile::TempDir;
use tokio::sync::Notify;

use super::*;

#[path = "../../../tests/it/postgres.rs"]
mod postgres;
mod together;

const TABLES: &str = "
CREATE TABLE things (
    id    BIGINT NOT NULL PRIMARY KEY,
    word  TEXT   NOT NULL,
    bytes BYTEA,
    n     BIGINT NOT NULL
);
CREATE TABLE parts (
    id    BIGINT NOT NULL PRIMARY KEY,
    thing BIGINT NOT NULL REFERENCES things (id)
);
";
const CHANGE: &str = "UPDATE things SET n = $1 WHERE id = $2";
const ADD_ONE: &str = "UPDATE things SET n = n + 1 WHERE id = $1";

/// The file `name` in `folder`, with the tables.
async fn sqlite(folder: &TempDir, name: &str) -> Db {
    let db = Db::Sqlite(Arc::new(Sqlite::open(&folder.path().join(name)).unwrap()));
    make_tables(&db).await;
    db
}

async fn in_postgres() -> Db {
    let db = Db::Postgres(Arc::new(Postgres::open(&postgres::database(), 8).unwrap()));
    make_tables(&db).await;
    db
}

async fn make_tables(db: &Db) {
    db.write(async |tx: &mut Tx<'_>| commit(tx.script(TABLES).await?)).await.unwrap();
}

async fn on_each_engine(promise: impl AsyncFn(Db)) {
    let folder = TempDir::new().unwrap();
    eprintln!("on SQLite");
    promise(sqlite(&folder, "db").await).await;
    eprintln!("on PostgreSQL");
    promise(in_postgres().await).await;
}

async fn add(tx: &mut Tx<'_>, id: i64, n: i64) -> Result<u64> {
    tx.execute("INSERT INTO things (id, word, n) VALUES ($1, 'a word', $2)", &[id.into(), n.into()]).await
}

async fn keep(db: &Db, id: i64, n: i64) -> Result<()> {
    db.write(async move |tx: &mut Tx<'_>| {
        add(tx, id, n).await?;
        commit(())
    })
    .await
}

/// The number that thing `id` has, if there is such a thing.
async fn n_of(db: &Db, id: i64) -> Option<i64> {
    let row = db.row("SELECT n FROM things WHERE id = $1", &[id.into()]).await.unwrap();
    row.map(|row| row.get("n").unwrap())
}

/// The answer of `future`, or its panic.
async fn caught<T>(future: impl Future<Output = T>) -> std::thread::Result<T> {
    let mut future = pin!(future);
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
        Ok(poll) => poll.map(Ok),
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
}

/// A sentence that keeps SQLite's writer busy from its first poll until the gate is opened.
pub(crate) struct Gate {
    entered: Arc<Barrier>,
    opened: Arc<Barrier>,
    /// The group that it is in may run twice.
    once: Arc<Once>,
}

impl Gate {
    pub(crate) fn new() -> Self {
        let barrier = || Arc::new(Barrier::new(2));
        Gate { entered: barrier(), opened: barrier(), once: Arc::new(Once::new()) }
    }

    pub(crate) async fn hold(&self, db: &Db) -> Result<()> {
        let Db::Sqlite(_) = db else { return Ok(()) };
        let (entered, opened, once) = (self.entered.clone(), self.opened.clone(), self.once.clone());
        db.write(async move |_: &mut Tx<'_>| {
            once.call_once(|| {
                entered.wait();
                opened.wait();
            });
            commit(())
        })
        .await
    }

    pub(crate) async fn entered(&self, db: &Db) {
        if let Db::Sqlite(_) = db {
            self.entered.wait();
        }
    }

    pub(crate) async fn open(&self, db: &Db) {
        if let Db::Sqlite(_) = db {
            self.opened.wait();
        }
    }
}

/// On SQLite they all share one commit: their first polls put them into the queue, and only then the gate opens.
#[tokio::test]
async fn a_body_that_fails_harms_only_itself() {
    on_each_engine(async |db| {
        keep(&db, 1, 7).await.unwrap();
        let panics = caught(db.write(async |tx: &mut Tx<'_>| panic_after_a_change(tx).await));
        let waits = db.write(async |tx: &mut Tx<'_>| {
            tx.execute(CHANGE, &[666.into(), 1.into()]).await?;
            tokio::task::yield_now().await;
            roll_back(())
        });
        let refuses = db.write(async |tx: &mut Tx<'_>| {
            tx.execute(CHANGE, &[13.into(), 1.into()]).await?;
            roll_back("refused")
        });
        let fails = db.write(async |tx: &mut Tx<'_>| {
            tx.execute(CHANGE, &[14.into(), 1.into()]).await?;
            tx.execute("INSERT INTO things (id, word, n) VALUES (2, $1, 0)", &[Value::Null]).await?;
            commit(())
        });
        let gate = Gate::new();
        let (held, (), before, panics, waits, refuses, fails, after, ()) = tokio::join!(
            biased;
            gate.hold(&db), gate.entered(&db), keep(&db, 10, 1), panics, waits, refuses, fails, keep(&db, 11, 2),
            gate.open(&db)
        );
        held.unwrap();
        before.unwrap();
        after.unwrap();
        let panic = panics.expect_err("a panic goes on in the caller");
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"on purpose"));
        match &db {
            Db::Sqlite(_) => assert!(matches!(waits, Err(Error::Suspended))),
            Db::Postgres(_) => waits.unwrap(),
        }
        assert_eq!(refuses.unwrap(), "refused");
        assert!(fails.unwrap_err().to_string().contains("INSERT INTO things"), "the word is missing");
        assert_eq!(n_of(&db, 1).await, Some(7), "none of the four left a trace");
        assert_eq!((n_of(&db, 10).await, n_of(&db, 11).await), (Some(1), Some(2)), "their neighbours stand");
    })
    .await;
}

async fn panic_after_a_change(tx: &mut Tx<'_>) -> Result<Verdict<()>> {
    tx.execute(CHANGE, &[13.into(), 1.into()]).await?;
    panic!("on purpose");
}

#[tokio::test]
async fn a_swallowed_error_cannot_be_committed() {
    on_each_engine(async |db| {
        keep(&db, 1, 7).await.unwrap();
        let body = async |tx: &mut Tx<'_>| {
            tx.execute(CHANGE, &[8.into(), 1.into()]).await?;
            let _ = tx.execute("INSERT INTO things (id, word, n) VALUES ($1, 'twice', 0)", &[1.into()]).await;
            commit(())
        };
        assert!(matches!(db.write(body).await, Err(Error::Swallowed)));
        assert_eq!(n_of(&db, 1).await, Some(7));
    })
    .await;
}

#[tokio::test]
async fn errors_name_table_column_and_statement() {
    on_each_engine(async |db| {
        keep(&db, 1, 7).await.unwrap();
        let row = db.row("SELECT word, bytes FROM things WHERE id = $1", &[1.into()]).await.unwrap().unwrap();
        let said = |column| row.get::<i64>(column).unwrap_err().to_string();
        assert_eq!(said("word"), "column things.word: wanted i64, found text");
        assert_eq!(said("bytes"), "column things.bytes: wanted i64, found NULL");
        assert_eq!(said("n"), "column things.n: wanted i64, found no such column");
        assert_eq!(row.get::<Option<i64>>("bytes").unwrap(), None);
        let wrong = db.row("SELECT n FROM nowhere", &[]).await.unwrap_err();
        assert!(wrong.to_string().ends_with(": SELECT n FROM nowhere"), "{wrong}");
    })
    .await;
}

#[tokio::test]
async fn a_value_that_does_not_fit_its_column_is_an_error() {
    on_each_engine(async |db| {
        let body = async |tx: &mut Tx<'_>| {
            let row: [Value; 2] = [1.into(), "seven".into()];
            commit(tx.execute("INSERT INTO things (id, word, n) VALUES ($1, 'a word', $2)", &row).await?)
        };
        db.write(body).await.unwrap_err();
        assert_eq!(n_of(&db, 1).await, None);
    })
    .await;
}

/// SQLite would number them by appearance, PostgreSQL by name. The check is on SQLite, so that no statement passes both
/// engines with its parameters exchanged on one.
#[tokio::test]
async fn placeholders_out_of_order_are_refused() {
    let folder = TempDir::new().unwrap();
    let db = sqlite(&folder, "db").await;
    for sql in ["SELECT $2, $1", "SELECT $1, $3", "SELECT ?, ?"] {
        let error = db.row(sql, &[1.into(), 2.into()]).await.unwrap_err();
        assert!(format!("{error:?}").contains("must first appear in this order"), "{sql}: {error:?}");
    }
    db.row("SELECT $1 AS a, $2 AS b, $1 AS c", &[1.into(), 2.into()]).await.unwrap().unwrap();
    let error = db.row("SELECT $1 AS a, $2 AS a", &[1.into(), 2.into()]).await.unwrap_err();
    assert!(format!("{error:?}").contains("a stands there twice"), "{error:?}");
}

/// Nobody may be told that a sentence stands whose group did not. It also shows why the schema has no DEFERRABLE.
#[tokio::test]
async fn a_failed_commit_is_everyones_answer() {
    let folder = TempDir::new().unwrap();
    let db = sqlite(&folder, "db").await;
    let culprit = db.write(async |tx: &mut Tx<'_>| {
        tx.execute("PRAGMA defer_foreign_keys = ON", &[]).await?;
        tx.execute("INSERT INTO parts (id, thing) VALUES (1, 404)", &[]).await?;
        commit(())
    });
    let refused = db.write(async |_: &mut Tx<'_>| roll_back("refused"));
    let gate = Gate::new();
    let (held, (), culprit, refused, bystander, ()) = tokio::join!(
        biased;
        gate.hold(&db), gate.entered(&db), culprit, refused, keep(&db, 1, 7), gate.open(&db)
    );
    for answer in [held, culprit, bystander, refused.map(drop)] {
        assert_eq!(answer.unwrap_err().to_string(), "SQLite: COMMIT");
    }
    assert_eq!(n_of(&db, 1).await, None);
    keep(&db, 1, 8).await.unwrap();
    assert_eq!(n_of(&db, 1).await, Some(8), "the next group is none the worse");
}

#[tokio::test]
async fn an_id_that_is_taken_is_drawn_again() {
    on_each_engine(async |db| {
        for id in 1..=3 {
            keep(&db, id, 0).await.unwrap();
        }
        let next = AtomicI64::new(1);
        let body = async move |tx: &mut Tx<'_>| {
            tx.execute(ADD_ONE, &[1.into()]).await?;
            let id = next.fetch_add(1, Ordering::Relaxed);
            add(tx, id, 9).await?;
            commit(id)
        };
        assert_eq!(db.write(body).await.unwrap(), 4);
        assert_eq!(n_of(&db, 1).await, Some(1), "what the lost tries wrote is undone");
    })
    .await;
}

#[tokio::test]
async fn an_id_that_stays_taken_is_an_error_in_the_end() {
    on_each_engine(async |db| {
        keep(&db, 1, 7).await.unwrap();
        let error = keep(&db, 1, 8).await.unwrap_err();
        assert!(error.to_string().contains("INSERT INTO things"), "{error}");
        assert_eq!(n_of(&db, 1).await, Some(7));
        keep(&db, 2, 8).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadlock_is_run_again() {
    let db = in_postgres().await;
    keep(&db, 1, 0).await.unwrap();
    keep(&db, 2, 0).await.unwrap();
    let meet = Arc::new(tokio::sync::Barrier::new(2));
    let runs = Arc::new(AtomicU64::new(0));
    let cross = |first: i64, second: i64| {
        let (db, meet, runs) = (db.clone(), meet.clone(), runs.clone());
        tokio::spawn(async move {
            let body = async move |tx: &mut Tx<'_>| {
                tx.execute(ADD_ONE, &[first.into()]).await?;
                // Each holds one row before it wants the other's. Whoever runs again finds nobody to meet.
                if runs.fetch_add(1, Ordering::Relaxed) < 2 {
                    meet.wait().await;
                }
                tx.execute(ADD_ONE, &[second.into()]).await?;
                commit(())
            };
            db.write(body).await
        })
    };
    let (there, back) = (cross(1, 2), cross(2, 1));
    there.await.unwrap().unwrap();
    back.await.unwrap().unwrap();
    assert_eq!((n_of(&db, 1).await, n_of(&db, 2).await), (Some(2), Some(2)), "each of them once");
    // On a busy machine the victim may be back before the other has woken up, and both meet once more.
    let runs = runs.load(Ordering::Relaxed);
    assert!(runs >= 3, "one of the two was the victim and ran again: {runs}");
}

/// More callers than the pool has connections, so that one lost, or left inside a transaction, would show.
#[tokio::test]
async fn a_caller_who_leaves_takes_the_transaction_along() {
    let db = in_postgres().await;
    keep(&db, 1, 7).await.unwrap();
    for _ in 0..20 {
        let changed = Arc::new(Notify::new());
        let tell = changed.clone();
        let body = async move |tx: &mut Tx<'_>| {
            tx.execute(CHANGE, &[13.into(), 1.into()]).await?;
            tell.notify_one();
            std::future::pending::<Result<Verdict<()>>>().await
        };
        tokio::select! {
            _ = db.write(body) => panic!("it never ends"),
            () = changed.notified() => {}
        }
    }
    assert_eq!(n_of(&db, 1).await, Some(7));
    let change = async |tx: &mut Tx<'_>| commit(tx.execute(CHANGE, &[8.into(), 1.into()]).await?);
    db.write(change).await.expect("no lock is left");
    assert_eq!(n_of(&db, 1).await, Some(8));
}

/// On SQLite the sentence is on the writer's thread by then, and ends whether anyone hears of it or not.
#[tokio::test]
async fn on_sqlite_a_sentence_outlives_its_caller() {
    let folder = TempDir::new().unwrap();
    let db = sqlite(&folder, "db").await;
    let gate = Gate::new();
    let ((), ()) = tokio::join!(
        biased;
        async {
            tokio::select! {
                biased;
                _ = async { tokio::join!(biased; gate.hold(&db), gate.entered(&db), keep(&db, 1, 7)) } => {}
                () = std::future::ready(()) => {}
            }
        },
        gate.open(&db)
    );
    keep(&db, 2, 8).await.unwrap();
    assert_eq!(n_of(&db, 1).await, Some(7));
}

#[tokio::test(flavor = "multi_thread")]
async fn close_finishes_the_queue() {
    let folder = TempDir::new().unwrap();
    let db = sqlite(&folder, "db").await;
    // Every reading connection has the log open, as after an hour's work.
    for _ in 0..16 {
        assert_eq!(n_of(&db, 1).await, None);
    }
    let gate = Gate::new();
    let mut queued = tokio::task::JoinSet::new();
    let (held, (), (), (), ()) = tokio::join!(
        biased;
        gate.hold(&db),
        gate.entered(&db),
        async {
            for id in 1..=50 {
                // The first poll puts it into the queue, before `close` is asked for.
                let mut sentence = Box::pin({
                    let db = db.clone();
                    async move { keep(&db, id, 7).await }
                });
                let waits = poll_fn(|context| Poll::Ready(sentence.as_mut().poll(context).is_pending())).await;
                assert!(waits);
                queued.spawn(sentence);
            }
        },
        db.close(),
        gate.open(&db)
    );
    held.unwrap();
    for answer in queued.join_all().await {
        answer.unwrap();
    }
    assert!(matches!(keep(&db, 51, 7).await, Err(Error::Closed)));
    assert!(matches!(db.row("SELECT n FROM things WHERE id = 1", &[]).await, Err(Error::Closed)));
    db.close().await;

    // The file alone, without its log, has it all: that is what somebody copies who has closed the database.
    std::fs::copy(folder.path().join("db"), folder.path().join("copy")).unwrap();
    let copy = Db::Sqlite(Arc::new(Sqlite::open(&folder.path().join("copy")).unwrap()));
    assert_eq!(copy.rows("SELECT n FROM things", &[]).await.unwrap().len(), 50);
}

#[tokio::test]
async fn a_closed_postgres_is_closed() {
    let db = in_postgres().await;
    db.close().await;
    keep(&db, 1, 7).await.unwrap_err();
    db.row("SELECT n FROM things WHERE id = 1", &[]).await.unwrap_err();
}

/// Proves "answered only after COMMIT", and recovery of the log. (Not the fsync: a killed process keeps its page cache.)
#[test]
fn kill_nine_loses_nothing_acknowledged() {
    const FILE: &str = "BIZAUTH_STORE_TEST_FILE";
    if let Ok(path) = std::env::var(FILE) {
        return acknowledge_until_killed(path.as_ref());
    }
    let (_, here) = module_path!().split_once("::").unwrap();
    for round in 1..=4 {
        let folder = TempDir::new().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", &format!("{here}::kill_nine_loses_nothing_acknowledged"), "--nocapture"])
            .env(FILE, folder.path().join("db"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut acknowledged = Vec::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok) {
            let Some(id) = line.strip_prefix("ack ").and_then(|rest| rest.strip_suffix('.')) else { continue };
            acknowledged.push(id.parse::<i64>().unwrap());
            if acknowledged.len() == 300 * round {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(acknowledged.len() >= 300 * round, "{}", acknowledged.len());

        let db = Db::Sqlite(Arc::new(Sqlite::open(&folder.path().join("db")).unwrap()));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let kept = runtime.block_on(db.rows("SELECT id FROM things", &[])).unwrap();
        let kept: HashSet<i64> = kept.iter().map(|row| row.get("id").unwrap()).collect();
        let lost: Vec<_> = acknowledged.iter().filter(|id| !kept.contains(id)).collect();
        assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    }
}

fn acknowledge_until_killed(path: &std::path::Path) {
    let db = Db::Sqlite(Arc::new(Sqlite::open(path).unwrap()));
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        make_tables(&db).await;
        let mut calls = tokio::task::JoinSet::new();
        for caller in 0..64 {
            let db = db.clone();
            calls.spawn(async move {
                for id in (0..).map(|n| n * 64 + caller) {
                    keep(&db, id, 7).await.unwrap();
                    println!("ack {id}.");
                }
            });
        }
        calls.join_all().await;
    });
}

/// Compiles: the futures are `Send`, so a handler may await a sentence.
#[test]
fn a_handler_may_await_a_sentence() {
    async fn handler(State(db): State<Db>) -> String {
        format!("{:?}", keep(&db, 1, 7).await)
    }
    let _: Router<Db> = Router::new().route("/", post(handler));
}
