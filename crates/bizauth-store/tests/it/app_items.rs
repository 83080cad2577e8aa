//! The consent items of an app, set all at once.

use bizauth_core::scope::ItemId;
use bizauth_store::{AuditFilter, KeptItems, Store};

use crate::engines::{at_once, on_each_engine, on_two_nodes};
use crate::scene::{NOW, Scene, someone};

fn items(named: &[(&str, &str)]) -> Vec<(ItemId, String)> {
    named.iter().map(|(item, purpose)| (ItemId::from(*item), (*purpose).to_owned())).collect()
}

async fn acts(store: &Store) -> Vec<String> {
    let page = store.audit_page(&AuditFilter::default(), None, 100).await.unwrap();
    let of_items = page.into_iter().filter(|it| it.entry.act.starts_with("item."));
    of_items.map(|it| format!("{} {}", it.entry.act, it.entry.after)).collect()
}

#[tokio::test]
async fn items_are_kept_all_or_none_and_noted_one_by_one() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let by = store.by(someone(NOW));
        let first = items(&[("moment_create", "To make"), ("moment_management", "To run")]);
        assert_eq!(by.keep_items(scene.app, Vec::new(), first.clone()).await.unwrap(), KeptItems::Kept(2));
        assert_eq!(store.items_of(scene.app).await.unwrap(), first);
        let second = items(&[("moment_delete", "To clear"), ("moment_management", "To run it")]);
        assert_eq!(by.keep_items(scene.app, first.clone(), second.clone()).await.unwrap(), KeptItems::Kept(3));
        assert_eq!(store.items_of(scene.app).await.unwrap(), second);
        assert_eq!(by.keep_items(scene.app, second.clone(), second.clone()).await.unwrap(), KeptItems::Kept(0));
        assert_eq!(by.keep_items(scene.app, first.clone(), first.clone()).await.unwrap(), KeptItems::Meanwhile);
        let mut unknown = items(&[("moment_create", "x")]);
        unknown.extend(items(&[("no_such_item", "x")]));
        assert_eq!(by.keep_items(scene.app, second.clone(), unknown).await.unwrap(), KeptItems::NoSuchItem);
        assert_eq!(store.items_of(scene.app).await.unwrap(), second, "nothing is half-changed");
        assert_eq!(
            acts(&store).await,
            [
                "item.off {}",
                r#"item.on {"purpose":"To run it"}"#,
                r#"item.on {"item_id":"moment_delete","purpose":"To clear"}"#,
                r#"item.on {"item_id":"moment_management","purpose":"To run"}"#,
                r#"item.on {"item_id":"moment_create","purpose":"To make"}"#,
            ]
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_change_the_items_at_once_one_is_heard() {
    on_two_nodes(async |nodes| {
        let app = Scene::set(&nodes[0]).await.app;
        let said = at_once(&nodes, 8, |store, turn| async move {
            let mine = items(&[("moment_create", &format!("purpose {turn}"))]);
            store.by(someone(NOW)).keep_items(app, Vec::new(), mine).await.unwrap()
        })
        .await;
        assert_eq!(said.iter().filter(|it| **it == KeptItems::Kept(1)).count(), 1, "{said:?}");
        assert_eq!(said.iter().filter(|it| **it == KeptItems::Meanwhile).count(), 7, "{said:?}");
    })
    .await;
}
