//! Sentences that share a commit run once, unless one of them must be undone; statements of one breath keep their order.

use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Wake};
use std::thread::{self, ThreadId};

use super::*;

/// How often a sentence ran beside another, in one group.
async fn runs_beside<T: Send + 'static>(
    db: &Db,
    id: i64,
    other: impl AsyncFn(&mut Tx<'_>) -> Result<Verdict<T>> + Send + Sync + 'static,
) -> u64 {
    let (runs, gate) = (Arc::new(AtomicU64::new(0)), Gate::new());
    let counted = runs.clone();
    let counts = db.write(async move |tx: &mut Tx<'_>| {
        counted.fetch_add(1, Ordering::Relaxed);
        commit(add(tx, id, 1).await?)
    });
    let (held, (), counted, other, ()) =
        tokio::join!(biased; gate.hold(db), gate.entered(db), counts, db.write(other), gate.open(db));
    held.unwrap();
    assert_eq!((counted.unwrap(), other.is_ok()), (1, true));
    assert_eq!(n_of(db, id).await, Some(1), "once, however often it ran");
    runs.load(Ordering::Relaxed)
}

#[tokio::test]
async fn a_group_runs_again_only_if_a_change_must_be_undone() {
    let folder = TempDir::new().unwrap();
    let db = sqlite(&folder, "db").await;
    keep(&db, 1, 7).await.unwrap();
    let looks = async |tx: &mut Tx<'_>| {
        tx.rows("SELECT n FROM things WHERE id = $1", &[1.into()]).await?;
        tx.execute(CHANGE, &[8.into(), 99.into()]).await?;
        roll_back(())
    };
    assert_eq!(runs_beside(&db, 10, looks).await, 1, "nothing was changed");
    let undone = async |tx: &mut Tx<'_>| {
        tx.execute(CHANGE, &[8.into(), 1.into()]).await?;
        roll_back(())
    };
    assert_eq!(runs_beside(&db, 11, undone).await, 2);
    assert_eq!(runs_beside(&db, 12, undone).await, 1, "the next groups are wary");
    let made = async |tx: &mut Tx<'_>| {
        tx.script("CREATE TABLE others (id BIGINT NOT NULL PRIMARY KEY);").await?;
        roll_back(())
    };
    let other = sqlite(&folder, "other").await;
    assert_eq!(runs_beside(&other, 13, made).await, 2, "a table is a change");
    assert!(other.few("SELECT id FROM others", &[]).await.is_err());
    assert_eq!(n_of(&db, 1).await, Some(7));
}

/// Where a caller was told.
#[derive(Default)]
struct ToldIn(Mutex<Option<ThreadId>>);

impl Wake for ToldIn {
    fn wake(self: Arc<Self>) {
        *self.0.lock().unwrap() = Some(thread::current().id());
    }
}

/// Callers of one commit are told in the event loop that they asked in, or, if it ends before, all the same.
#[test]
fn callers_of_several_event_loops_share_a_commit() {
    let folder = TempDir::new().unwrap();
    let event_loop = || tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (here, there, ended, gate) = (event_loop(), event_loop(), event_loop(), Gate::new());
    let db = here.block_on(sqlite(&folder, "db"));
    type Asked = (Arc<ToldIn>, Pin<Box<dyn Future<Output = Result<()>>>>);
    let ask = |ids: std::ops::Range<i64>| -> Vec<Asked> {
        let ask = |id| {
            let (db, told) = (db.clone(), Arc::new(ToldIn::default()));
            let mut sentence: Pin<Box<dyn Future<Output = Result<()>>>> =
                Box::pin(async move { keep(&db, id, 7).await });
            assert!(sentence.as_mut().poll(&mut Context::from_waker(&told.clone().into())).is_pending());
            (told, sentence)
        };
        ids.map(ask).collect()
    };
    let within = |runtime: &tokio::runtime::Runtime, ids| {
        let _here = runtime.enter();
        ask(ids)
    };
    let (first, second, third) = thread::scope(|scope| {
        let held = scope.spawn(|| event_loop().block_on(gate.hold(&db)));
        gate.entered.wait();
        let all = (within(&here, 0..3), within(&there, 10..13), within(&ended, 20..23));
        drop(ended);
        gate.opened.wait();
        held.join().unwrap().unwrap();
        all
    });
    // This loop runs, and tells its callers on its own thread.
    let told = |asked: &[Asked]| asked.iter().all(|(told, _)| told.0.lock().unwrap().is_some());
    here.block_on(async {
        while !told(&first) {
            tokio::task::yield_now().await;
        }
    });
    assert!(first.iter().all(|(told, _)| *told.0.lock().unwrap() == Some(thread::current().id())));
    // This one never runs again, and the one before has ended long since.
    drop(there);
    for (_, sentence) in [first, second, third].into_iter().flatten() {
        here.block_on(sentence).unwrap();
    }
    assert_eq!(here.block_on(db.rows("SELECT id FROM things", &[])).unwrap().len(), 9);
}

#[tokio::test]
async fn statements_of_one_breath_are_counted_in_their_order() {
    on_each_engine(async |db| {
        keep(&db, 1, 7).await.unwrap();
        let counts = db.write(async |tx: &mut Tx<'_>| {
            let (two, one, none): ([Value; 2], [Value; 1], [Value; 1]) =
                ([8.into(), 1.into()], [1.into()], [99.into()]);
            commit(tx.each(&[(CHANGE, &two), (ADD_ONE, &none), (ADD_ONE, &one)]).await?)
        });
        assert_eq!(counts.await.unwrap(), [1, 0, 1]);
        assert_eq!(n_of(&db, 1).await, Some(9));
        // The first that fails is told, and nothing of it stands, whether or not the failure was swallowed.
        let fails = async |tx: &mut Tx<'_>| {
            let (two, null): ([Value; 2], [Value; 1]) = ([3.into(), 1.into()], [Value::Null]);
            let insert = "INSERT INTO things (id, word, n) VALUES (2, $1, 0)";
            tx.each(&[(CHANGE, &two), (insert, &null), (ADD_ONE, &null)]).await
        };
        let told = db.write(async move |tx: &mut Tx<'_>| commit(fails(tx).await?)).await;
        assert!(told.unwrap_err().to_string().contains("INSERT INTO things"));
        let swallowed = db.write(async move |tx: &mut Tx<'_>| commit(fails(tx).await.is_ok())).await;
        assert!(matches!(swallowed, Err(Error::Swallowed)), "{swallowed:?}");
        assert_eq!(n_of(&db, 1).await, Some(9));
    })
    .await;
}

/// A round of token checks has always as many ids. With empty places a plan for this very round would look cheaper than
/// the one for all, and PostgreSQL would make one for each: ten times the cost of the round.
#[tokio::test]
async fn a_round_of_token_checks_is_not_planned_anew() {
    const PLANS: &str = "SELECT generic_plans, custom_plans FROM pg_prepared_statements
         WHERE statement LIKE 'SELECT s.maintenance, t.digest%' OR statement LIKE 'SELECT (SELECT string_agg(t.id%'";
    // One connection: the server tells of statements to who prepared them.
    let store = crate::Store::postgres(&postgres::database(), 1, 1).unwrap();
    store.migrate(bizauth_core::time::Time::from_millis(1)).await.unwrap();
    let store = store.remembering(1000).unwrap();
    for id in 1..=12 {
        store.gathered(bizauth_core::id::TokenId(id), &bizauth_core::secret::Digest([1; 32])).await.unwrap();
    }
    let plans = store.db.few(PLANS, &[]).await.unwrap();
    assert_eq!(plans.len(), 2, "what changed, and what was not remembered");
    for plan in plans {
        let count = |name| plan.get::<i64>(name).unwrap();
        assert_eq!((count("generic_plans"), count("custom_plans")), (7, 5), "five are looked at, and then one is kept");
    }
}
