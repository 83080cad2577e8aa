//! Copies of the database: they know that they are copies, and what they bring back is said.

use std::fs::File;

use bizauth_store::{Ends, Redemption, Store};
use tempfile::TempDir;

use crate::engines::{on_each_engine, on_each_place};
use crate::scene::{NOW, Scene, someone};

/// A file like the one that a command makes for a copy.
fn empty_file(folder: &TempDir) -> std::path::PathBuf {
    let path = folder.path().join("copy.db");
    File::create_new(&path).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_whole_and_knows_that_it_is_one() {
    let folder = TempDir::new().unwrap();
    let path = empty_file(&folder);
    let store = Store::embedded(&folder.path().join("db"), 1).unwrap();
    store.migrate(NOW).await.unwrap();
    let scene = Scene::set(&store).await;
    let token = scene.buys(scene.agrees().await).await;
    store.copy_to(&path, NOW).await.unwrap();
    assert_eq!(store.served_at().await.unwrap(), (None, None), "the original is none");
    assert!(store.copy_to(&path, NOW).await.is_err(), "nothing is overwritten");

    let copy = Store::embedded(&path, 2).unwrap();
    copy.check_schema().await.unwrap();
    let home = copy.home().await.unwrap();
    assert_eq!((home.copied_at, home.tokens), (Some(NOW), 1));
    assert!(scene.is_alive(&token).await);
    copy.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn accepting_a_copy_ends_what_it_says() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let (token, code) = (scene.buys(scene.agrees().await).await, scene.agrees().await);
        store.serve_at("elsewhere".to_owned()).await.unwrap();
        let by = store.by(someone(NOW));

        let kept = by.accept_copy(Ends::None, Some("here".to_owned())).await.unwrap();
        assert_eq!((kept.ended, kept.kept), (0, 1));
        assert_eq!(store.served_at().await.unwrap(), (Some("here".to_owned()), None));
        assert!(scene.is_alive(&token).await);
        let bought = scene.trades(code).await;
        assert!(!matches!(bought, Redemption::Issued { .. }), "a code that may have been redeemed since is spent");

        let of_others = by.accept_copy(Ends::OfKeys(vec![bizauth_core::id::KeyId(1)]), None).await.unwrap();
        assert_eq!((of_others.ended, of_others.kept), (0, 1));
        let ended = by.accept_copy(Ends::All, None).await.unwrap();
        assert_eq!((ended.ended, ended.kept), (1, 0));
        assert!(!scene.is_alive(&token).await);
        let acts = store.audit_page(&Default::default(), None, 1).await.unwrap();
        assert_eq!(acts[0].entry.act, "restore.accept");
    })
    .await;
}

/// A restore makes the tables anew, and with them the place.
#[tokio::test(flavor = "multi_thread")]
async fn postgres_says_where_it_is() {
    on_each_place(async |place| {
        let store = place.node(1);
        store.migrate(NOW).await.unwrap();
        let before = store.place().await.unwrap();
        assert_eq!(before, store.place().await.unwrap());
        place
            .spoil("CREATE TABLE other AS SELECT * FROM home; DROP TABLE home; ALTER TABLE other RENAME TO home")
            .await;
        let after = store.place().await.unwrap();
        match before {
            Some(before) => assert_ne!(Some(before), after),
            None => assert_eq!(after, None, "a file does not know where it is"),
        }
    })
    .await;
}
