//! A database that goes away: every sentence ends in an error, soon, and works again when it is back. And callers who go
//! away within theirs.

use std::sync::Arc;
use std::time::Duration;

use bizauth_store::{Limit, Store};

use crate::engines::at_once;
use crate::postgres::{self, Server};
use crate::scene::{MINUTE, NOW, Scene};

/// Longer than a connection may take to come, and much shorter than a client's patience.
const SOON: Duration = Duration::from_secs(8);

async fn control(server: &Arc<Server>, what: &'static str) {
    let server = server.clone();
    tokio::task::spawn_blocking(move || server.control(what)).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_server_is_an_error_and_not_a_wait() {
    let server = Arc::new(Server::start().unwrap());
    let store = Store::postgres(&server.database().unwrap(), 4, 1).unwrap();
    store.migrate(NOW).await.unwrap();
    let scene = Scene::set(&store).await;
    let (token, code) = (scene.buys(scene.agrees().await).await, scene.agrees().await);

    for _ in 0..2 {
        control(&server, "stop").await;
        // More callers than connections: those who wait for one must hear of it too.
        let limit = Limit { kind: "calls", most: 9, window: MINUTE };
        let said = at_once(std::slice::from_ref(&store), 24, |store, turn| async move {
            let call = async {
                match turn % 2 {
                    0 => store.ping().await,
                    _ => store.take(limit, "kim".to_owned(), NOW).await.map(drop),
                }
            };
            tokio::time::timeout(SOON, call).await
        })
        .await;
        assert!(said.iter().all(|said| matches!(said, Ok(Err(_)))), "{said:?}");
        control(&server, "start").await;
        store.ping().await.expect("the first sentence after the outage");
    }
    assert!(scene.is_alive(&token).await);
    scene.buys(code).await;
}

/// Whoever resets an HTTP/2 stream leaves what was asked for them where it is: while a statement is prepared, within it, or
/// at its COMMIT. Connections that were closed for it would have to be made anew, which costs more than all else.
#[tokio::test]
async fn whoever_leaves_within_a_transaction_leaves_its_connection_and_nothing_done() {
    const WHO: &str = "SELECT string_agg(pid::text, ' ' ORDER BY pid) FROM pg_stat_activity
         WHERE application_name = 'bizauth' AND datname = current_database()";
    const SLOW_COMMIT: &str = "CREATE FUNCTION waits() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NULL; END $$;
         CREATE CONSTRAINT TRIGGER waits AFTER INSERT OR UPDATE ON counters DEFERRABLE INITIALLY DEFERRED
         FOR EACH ROW EXECUTE FUNCTION waits(); SELECT pg_advisory_lock(1)";
    let url = postgres::database();
    let store = Store::postgres(&url, 1, 1).unwrap();
    store.migrate(NOW).await.unwrap();
    let (other, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    let limit = Limit { kind: "calls", most: 9, window: MINUTE };
    let take = || store.take(limit, "kim".to_owned(), NOW);
    let leaves = async |why: &str| {
        tokio::time::timeout(Duration::from_millis(100), take()).await.expect_err(why);
    };
    let before: String = other.query_one(WHO, &[]).await.unwrap().get(0);
    // The first of these keeps a statement from being prepared, too.
    for mode in ["ACCESS EXCLUSIVE", "ACCESS EXCLUSIVE", "EXCLUSIVE", "EXCLUSIVE"] {
        other.batch_execute(&format!("BEGIN; LOCK TABLE counters IN {mode} MODE")).await.unwrap();
        leaves("the table is locked").await;
        other.batch_execute("ROLLBACK").await.unwrap();
        tokio::time::timeout(SOON, store.ping()).await.unwrap().unwrap();
        assert_eq!(store.taken(limit, "kim", NOW).await.unwrap(), 0, "what was left was undone");
    }
    assert!(take().await.unwrap());
    other.batch_execute(SLOW_COMMIT).await.unwrap();
    leaves("its COMMIT waits").await;
    other.batch_execute("SELECT pg_advisory_unlock(1)").await.unwrap();
    tokio::time::timeout(SOON, store.ping()).await.unwrap().unwrap();
    assert_eq!(store.taken(limit, "kim", NOW).await.unwrap(), 2, "what was to be kept is kept");
    let after: String = other.query_one(WHO, &[]).await.unwrap().get(0);
    assert_eq!(before, after);
    drop(other);
    connection.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_error() {
    let nowhere = tempfile::TempDir::new().unwrap();
    let store = Store::postgres(&format!("host={} user=nobody", nowhere.path().display()), 4, 1).unwrap();
    tokio::time::timeout(SOON, store.ping()).await.unwrap().unwrap_err();
    tokio::time::timeout(SOON, store.migrate(NOW)).await.unwrap().unwrap_err();
    let secret = "postgres://kim:hunter2@[broken/db";
    let Err(error) = Store::postgres(secret, 4, 1) else { panic!("it cannot be read") };
    assert!(!format!("{error:?} {error}").contains("hunter2"), "{error:?}");
}

/// Bytes that are no database, a folder that is not there.
#[test]
fn a_file_that_is_none_of_ours_is_an_error() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("letter");
    std::fs::write(&path, "Dear Sir or Madam,\n".repeat(1000)).unwrap();
    assert!(Store::embedded(&path, 1).is_err());
    assert!(Store::embedded(&folder.path().join("nowhere/db"), 1).is_err());
}
