//! What was counted adds up, whoever adds, and is told by app and day.

use bizauth_core::id::AppId;
use bizauth_core::time::DAY;
use bizauth_store::Usage;

use crate::engines::{at_once, on_each_engine, on_two_nodes};
use crate::scene::NOW;

fn calls(app: i64, day: i64, endpoint: &str, outcome: &str, calls: i64) -> Usage {
    Usage { app: AppId(app), day, endpoint: endpoint.to_owned(), outcome: outcome.to_owned(), calls }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_when_nodes_add_at_once() {
    on_two_nodes(async |nodes| {
        let add = |store: bizauth_store::Store, turn: usize| async move {
            let mut rows = vec![calls(1, 20_000, "token", "ok", 2), calls(1, 20_000, "tokeninfo", "ok", 3)];
            if turn % 2 == 1 {
                rows.reverse();
            }
            store.add_usage(rows).await.unwrap();
        };
        at_once(&nodes, 50, add).await;
        let told = nodes[0].usage_of(AppId(1), 20_000, 20_000).await.unwrap();
        assert_eq!(told, [calls(1, 20_000, "token", "ok", 100), calls(1, 20_000, "tokeninfo", "ok", 150)]);
    })
    .await;
}

#[tokio::test]
async fn usage_is_told_by_app_and_by_day() {
    on_each_engine(async |store| {
        let rows = vec![
            calls(1, 20_002, "token", "BadClientSecret", 1),
            calls(1, 20_001, "token", "ok", 5),
            calls(1, 20_003, "token", "ok", 9),
            calls(2, 20_002, "token", "ok", 7),
        ];
        store.add_usage(rows).await.unwrap();
        store.add_usage(Vec::new()).await.unwrap();
        let told = store.usage_of(AppId(1), 20_001, 20_002).await.unwrap();
        assert_eq!(told, [calls(1, 20_001, "token", "ok", 5), calls(1, 20_002, "token", "BadClientSecret", 1)]);
        assert_eq!(store.usage_of(AppId(3), 0, i64::MAX).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn usage_is_forgotten_after_four_hundred_days() {
    on_each_engine(async |store| {
        let today = NOW.millis().div_euclid(i64::try_from(DAY.as_millis()).unwrap());
        let rows: Vec<Usage> = (0..8).map(|n| calls(n, today - 400, "token", "ok", 1)).collect();
        store.add_usage(rows).await.unwrap();
        store.add_usage(vec![calls(1, today - 399, "token", "ok", 1)]).await.unwrap();
        let first = store.sweep(5, NOW).await.unwrap();
        assert_eq!((first.rows, first.more), (5, true));
        let second = store.sweep(5, NOW).await.unwrap();
        assert_eq!((second.rows, second.more), (3, false));
        assert_eq!(store.usage_of(AppId(1), 0, i64::MAX).await.unwrap(), [calls(1, today - 399, "token", "ok", 1)]);
    })
    .await;
}
