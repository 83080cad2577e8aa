//! The schema: made once however many start, and refused where it is not this program's.

use bizauth_core::scope::Catalogue;
use bizauth_store::Error;

use crate::engines::on_each_place;
use crate::scene::{NOW, Scene, someone};

#[tokio::test(flavor = "multi_thread")]
async fn four_nodes_migrate_one_empty_database_at_once() {
    on_each_place(async |place| {
        // Opened at once too: on SQLite that is where the file is made.
        let place = std::sync::Arc::new(place);
        let mut nodes = tokio::task::JoinSet::new();
        for number in 1..=4 {
            let place = place.clone();
            nodes.spawn(async move {
                let store = place.node(number);
                let applied = store.migrate(NOW).await.unwrap();
                store.check_schema().await.unwrap();
                store.ping().await.unwrap();
                let found = store.catalogue().await.unwrap();
                assert_eq!(found, Catalogue::platform(), "whoever comes back may serve");
                (applied.len(), store)
            });
        }
        let nodes = nodes.join_all().await;
        let mut applied: Vec<usize> = nodes.iter().map(|node| node.0).collect();
        applied.sort_unstable();
        assert_eq!(applied[..3], [0, 0, 0], "one of them did it");
        assert!(applied[3] > 0);
        for (_, store) in &nodes {
            let scene = Scene::set(store).await;
            scene.buys(scene.agrees().await).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_second_start_changes_nothing() {
    on_each_place(async |place| {
        assert!(!place.node(1).migrate(NOW).await.unwrap().is_empty());
        assert!(place.node(1).migrate(NOW).await.unwrap().is_empty());
    })
    .await;
}

/// The first start may die between making the tables and filling them.
#[tokio::test]
async fn a_store_without_a_catalogue_gets_it_at_the_next_start() {
    on_each_place(async |place| {
        place.node(1).migrate(NOW).await.unwrap();
        place.spoil("DELETE FROM consent_items; DELETE FROM asset_groups;").await;
        let store = place.node(1);
        store.migrate(NOW).await.unwrap();
        assert_eq!(store.catalogue().await.unwrap(), Catalogue::platform());
    })
    .await;
}

#[tokio::test]
async fn an_empty_database_is_older_than_this_program() {
    on_each_place(async |place| {
        let store = place.node(1);
        assert!(matches!(store.check_schema().await, Err(Error::OlderSchema { found: 0, .. })));
        store.ping().await.unwrap_err();
        store.migrate(NOW).await.unwrap();
        store.check_schema().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    on_each_place(async |place| {
        place.node(1).migrate(NOW).await.unwrap();
        let newer = "INSERT INTO migrations (version, name, checksum, applied_at)
            SELECT 999, 'of tomorrow', checksum, 1 FROM migrations WHERE version = 1";
        place.spoil(newer).await;
        let store = place.node(2);
        assert!(matches!(store.check_schema().await, Err(Error::NewerSchema { found: 999, .. })));
        assert!(matches!(store.migrate(NOW).await, Err(Error::NewerSchema { found: 999, .. })));
    })
    .await;
}

#[tokio::test]
async fn an_edited_migration_is_refused() {
    on_each_place(async |place| {
        place.node(1).migrate(NOW).await.unwrap();
        let bytes = match &place {
            crate::engines::Place::File(_) => "UPDATE migrations SET checksum = zeroblob(32) WHERE version = 1",
            crate::engines::Place::Server(_) => {
                "UPDATE migrations SET checksum = decode(repeat('00', 32), 'hex') WHERE version = 1"
            }
        };
        place.spoil(bytes).await;
        let store = place.node(2);
        assert!(matches!(store.check_schema().await, Err(Error::ChangedMigration { version: 1 })));
        assert!(matches!(store.migrate(NOW).await, Err(Error::ChangedMigration { version: 1 })));
    })
    .await;
}

#[tokio::test]
async fn a_migration_that_fails_leaves_nothing() {
    on_each_place(async |place| {
        // In the way of a table that is made late.
        place.spoil("CREATE TABLE ip_prefixes (x BIGINT)").await;
        let store = place.node(1);
        store.migrate(NOW).await.unwrap_err();
        assert!(matches!(store.check_schema().await, Err(Error::OlderSchema { found: 0, .. })));
        place.spoil("DROP TABLE ip_prefixes").await;
        store.migrate(NOW).await.unwrap();
        store.ping().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_restart() {
    on_each_place(async |place| {
        let store = place.node(1);
        store.migrate(NOW).await.unwrap();
        let scene = Scene::set(&store).await;
        let token = scene.buys(scene.agrees().await).await;
        store.close().await;
        assert!(store.ping().await.is_err(), "later sentences fail");
        assert!(store.by(someone(NOW)).set_maintenance(true).await.is_err());
        assert!(crate::scene::is_alive(&place.node(1), &token).await);
    })
    .await;
}
