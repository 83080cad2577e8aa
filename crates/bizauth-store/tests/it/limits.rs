//! Limits are exact, however many ask at once and on whichever node.

use std::time::Duration;

use bizauth_core::time::Time;
use bizauth_store::{Limit, Slot};

use crate::engines::{at_once, on_each_engine, on_two_nodes};
use crate::scene::{MINUTE, NOW};

const LIMIT: Limit = Limit { kind: "tries", most: 10, window: MINUTE };

fn kim() -> String {
    "kim".to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_is_exact() {
    on_two_nodes(async |nodes| {
        let said = at_once(&nodes, 100, |store, _| async move { store.take(LIMIT, kim(), NOW).await.unwrap() }).await;
        assert_eq!(said.iter().filter(|taken| **taken).count(), 10);
        assert_eq!(nodes[0].taken(LIMIT, "kim", NOW).await.unwrap(), 10, "a refusal is not counted");
    })
    .await;
}

/// Counting against several is all or nothing: whoever is over one limit uses up none of the others.
#[tokio::test(flavor = "multi_thread")]
async fn several_limits_are_counted_together_or_not_at_all() {
    let wide = Limit { kind: "wide", most: 30, ..LIMIT };
    on_two_nodes(async |nodes| {
        let both = move || vec![(wide, "all".to_owned()), (Limit { most: 0, ..LIMIT }, kim()), (LIMIT, kim())];
        let take = move |store: bizauth_store::Store, _| async move { store.take_all(both(), NOW).await.unwrap() };
        let said = at_once(&nodes, 60, take).await;
        assert_eq!(said.iter().filter(|full| full.is_none()).count(), 10);
        assert_eq!(said.iter().filter(|full| **full == Some(2)).count(), 50, "the third is the one that is full");
        assert_eq!(nodes[0].taken(wide, "all", NOW).await.unwrap(), 10, "and the first was not charged for it");
    })
    .await;
}

#[tokio::test]
async fn limits_do_not_touch_each_other() {
    on_each_engine(async |store| {
        let one = Limit { most: 1, ..LIMIT };
        assert!(store.take(one, kim(), NOW).await.unwrap());
        assert!(!store.take(one, kim(), NOW).await.unwrap());
        assert!(store.take(one, "lee".to_owned(), NOW).await.unwrap());
        assert!(store.take(Limit { kind: "others", ..one }, kim(), NOW).await.unwrap());
        assert_eq!(store.taken(one, "nobody", NOW).await.unwrap(), 0);
        for _ in 0..3 {
            assert!(store.take(Limit { most: 0, ..one }, kim(), NOW).await.unwrap(), "0 is no limit");
            let slot = store.hold_slot(Limit { most: 0, ..one }, kim(), NOW).await.unwrap();
            assert!(matches!(slot, Slot::Held(_)), "nor for slots: {slot:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_window_lies_on_the_clock() {
    on_each_engine(async |store| {
        let one = Limit { most: 1, ..LIMIT };
        let start = Time::from_millis(NOW.millis() / 60_000 * 60_000);
        let last = start.plus(MINUTE - Duration::from_millis(1));
        assert!(store.take(one, kim(), last).await.unwrap());
        assert!(!store.take(one, kim(), start).await.unwrap());
        assert!(store.take(one, kim(), start.plus(MINUTE)).await.unwrap());
        let slot = store.hold_slot(Limit { kind: "slots", ..one }, kim(), last).await.unwrap();
        assert_eq!(slot, Slot::Held(start));
        store.settle_slot(Limit { kind: "slots", ..one }, kim(), start, true).await.unwrap();
        let slot = store.hold_slot(Limit { kind: "slots", ..one }, kim(), last).await.unwrap();
        assert_eq!(slot, Slot::Full(start.plus(MINUTE)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_at_once_hold_no_more_slots_than_there_are() {
    on_two_nodes(async |nodes| {
        let hold = |store: bizauth_store::Store, _| async move { store.hold_slot(LIMIT, kim(), NOW).await.unwrap() };
        let said = at_once(&nodes, 100, hold).await;
        let held: Vec<Time> =
            said.iter().filter_map(|s| if let Slot::Held(since) = s { Some(*since) } else { None }).collect();
        assert_eq!(held.len(), 10);
        assert_eq!(said.iter().filter(|slot| **slot == Slot::Busy).count(), 90, "{said:?}");

        // Four were right and give theirs back, six were wrong.
        for (turn, since) in held.iter().enumerate() {
            nodes[turn % 2].settle_slot(LIMIT, kim(), *since, turn >= 4).await.unwrap();
        }
        assert_eq!(nodes[0].taken(LIMIT, "kim", NOW).await.unwrap(), 6);
        let said = at_once(&nodes, 100, hold).await;
        assert_eq!(said.iter().filter(|slot| matches!(slot, Slot::Held(_))).count(), 4);
        for _ in 0..4 {
            nodes[0].settle_slot(LIMIT, kim(), held[0], true).await.unwrap();
        }
        let said = at_once(&nodes, 20, hold).await;
        assert!(said.iter().all(|slot| matches!(slot, Slot::Full(_))), "{said:?}");
        nodes[0].settle_slot(LIMIT, kim(), held[0], false).await.unwrap();
        assert_eq!(nodes[0].taken(LIMIT, "kim", NOW).await.unwrap(), 10, "nothing held, nothing to give back");
    })
    .await;
}
