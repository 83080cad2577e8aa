//! The catalogue: a new store has the platform's, and an operator's additions come after it.

use bizauth_core::scope::{Catalogue, Group, Item, Wording};

use crate::engines::on_each_engine;
use crate::scene::{NOW, someone};

fn group(id: &str, ko: &str) -> Group {
    Group {
        id: id.into(),
        name: Wording { ko: ko.to_owned(), en: id.to_owned() },
        has_assets: true,
        has_ad_accounts: true,
        needs_permission: true,
    }
}

fn item(id: &str, group: &str) -> Item {
    Item {
        id: id.into(),
        group: group.into(),
        name: Wording { ko: "이름".to_owned(), en: "name".to_owned() },
        about: Wording { ko: "설명".to_owned(), en: "about".to_owned() },
        risky: true,
        never_alone: false,
        needs_all: true,
        shares_email: false,
        yields_channels: true,
    }
}

#[tokio::test]
async fn a_new_store_has_the_platforms_catalogue_in_its_order() {
    on_each_engine(async |store| {
        let (found, built_in) = (store.catalogue().await.unwrap(), Catalogue::platform());
        assert_eq!(found.groups, built_in.groups);
        assert_eq!(found.items, built_in.items);
    })
    .await;
}

#[tokio::test]
async fn additions_come_last_and_changes_stay_in_place() {
    on_each_engine(async |store| {
        let more = Catalogue {
            groups: vec![group("zebra", "얼룩말"), group("ape", "원숭이")],
            items: vec![
                item("zebra_b", "zebra"),
                item("ape_a", "ape"),
                item("zebra_a", "zebra"),
                item("moment_x", "moment"),
            ],
        };
        store.by(someone(NOW)).keep_catalogue(more.clone()).await.unwrap();
        let renamed = Catalogue { groups: vec![group("moment", "모먼트")], items: vec![item("zebra_b", "zebra")] };
        store.by(someone(NOW)).keep_catalogue(renamed).await.unwrap();
        store.by(someone(NOW)).keep_catalogue(Catalogue::default()).await.unwrap();
        let found = store.catalogue().await.unwrap();
        let groups: Vec<&str> = found.groups.iter().map(|group| group.id.0.as_str()).collect();
        assert_eq!(groups, ["personal", "moment", "keyword", "zebra", "ape"]);
        assert_eq!(found.group("moment").unwrap().name.ko, "모먼트");
        let of = |group: &str| -> Vec<&str> {
            found.items.iter().filter(|item| item.group.0 == group).map(|item| item.id.0.as_str()).collect()
        };
        assert_eq!(of("zebra"), ["zebra_b", "zebra_a"]);
        assert_eq!(of("moment").last(), Some(&"moment_x"));
        assert_eq!(found.item("ape_a"), Some(&more.items[1]));
        let last: Vec<&str> = found.items.iter().rev().take(3).map(|item| item.id.0.as_str()).collect();
        assert_eq!(last, ["ape_a", "zebra_a", "zebra_b"], "items lie in the order of their groups");
    })
    .await;
}

#[tokio::test]
async fn an_item_of_no_group_is_refused_with_all_that_came_with_it() {
    on_each_engine(async |store| {
        let wrong = Catalogue { groups: vec![group("ape", "원숭이")], items: vec![item("x", "nowhere")] };
        store.by(someone(NOW)).keep_catalogue(wrong).await.unwrap_err();
        assert!(store.catalogue().await.unwrap().group("ape").is_none());
    })
    .await;
}
