//! The catalogue: a new store has the platform's, and an operator's additions come after it.

use bizauth_core::scope::{Catalogue, Group, Item, Wording};
use bizauth_store::{Added, Changed};

use crate::engines::on_each_engine;
use crate::scene::{NOW, an_asset, someone};

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

fn own_group(id: &str, has_assets: bool) -> Group {
    Group {
        id: id.into(),
        name: Wording { ko: "메시지".to_owned(), en: "Messages".to_owned() },
        has_assets,
        has_ad_accounts: has_assets,
        needs_permission: true,
    }
}

fn own_item(id: &str, group: &str) -> Item {
    let words = Wording { ko: "보내기".to_owned(), en: "Send".to_owned() };
    Item {
        id: id.into(),
        group: group.into(),
        name: words.clone(),
        about: words,
        risky: true,
        never_alone: false,
        needs_all: false,
        shares_email: false,
        yields_channels: true,
    }
}

#[tokio::test]
async fn a_group_comes_with_its_items_or_not_at_all() {
    on_each_engine(async |store| {
        let by = store.by(someone(NOW));
        let before = store.catalogue().await.unwrap();
        let two = || vec![own_item("message_send", "message"), own_item("message_read", "message")];
        let mut mixed = two();
        mixed.push(own_item("moment_create", "message"));
        let said = by.add_group(own_group("message", true), mixed).await.unwrap();
        assert_eq!(said, Added::ItemThere("moment_create".into()));
        assert_eq!(store.catalogue().await.unwrap(), before);
        assert_eq!(by.add_group(own_group("message", true), two()).await.unwrap(), Added::Done);
        assert_eq!(by.add_group(own_group("message", true), Vec::new()).await.unwrap(), Added::GroupThere);
        assert_eq!(
            by.add_item(own_item("message_send", "message")).await.unwrap(),
            Added::ItemThere("message_send".into())
        );
        assert_eq!(by.add_item(own_item("other_send", "other")).await.unwrap(), Added::NoSuchGroup);
        assert_eq!(by.add_item(own_item("message_stop", "message")).await.unwrap(), Added::Done);
        let catalogue = store.catalogue().await.unwrap();
        assert_eq!(catalogue.groups.last().unwrap().id.0, "message");
        assert_eq!(catalogue.items.last().unwrap().id.0, "message_stop");
    })
    .await;
}

#[tokio::test]
async fn groups_and_items_change_and_rise() {
    on_each_engine(async |store| {
        let by = store.by(someone(NOW));
        let groups = async || store.catalogue().await.unwrap().groups.into_iter().map(|it| it.id.0).collect::<Vec<_>>();
        assert!(by.raise_group("keyword".into()).await.unwrap());
        assert_eq!(groups().await, ["personal", "keyword", "moment"]);
        assert!(by.raise_group("keyword".into()).await.unwrap());
        assert!(!by.raise_group("keyword".into()).await.unwrap(), "it is the first");
        assert!(!by.raise_group("nowhere".into()).await.unwrap());
        assert_eq!(groups().await, ["keyword", "personal", "moment"]);
        assert!(by.raise_item("keyword_delete".into()).await.unwrap());
        assert!(!by.raise_item("keyword_create".into()).await.unwrap());
        let items: Vec<String> = store.catalogue().await.unwrap().items.into_iter().map(|it| it.id.0).collect();
        assert_eq!(items[..3], ["keyword_create", "keyword_delete", "keyword_management"]);

        an_asset(&store, "moment", "1", "Spring").await;
        assert_eq!(by.change_group(own_group("moment", false)).await.unwrap(), Changed::HasAssets);
        let channels = Group { has_ad_accounts: false, ..own_group("moment", true) };
        assert_eq!(by.change_group(channels).await.unwrap(), Changed::HasAssets, "an ad account is among them");
        assert_eq!(by.change_group(own_group("moment", true)).await.unwrap(), Changed::Done);
        assert_eq!(by.change_group(own_group("nowhere", true)).await.unwrap(), Changed::NotFound);
        assert_eq!(store.catalogue().await.unwrap().group("moment").unwrap().name.en, "Messages");
        assert!(by.change_item(own_item("moment_create", "elsewhere")).await.unwrap());
        let item = store.catalogue().await.unwrap().item("moment_create").unwrap().clone();
        assert_eq!((item.name.en.as_str(), item.group.0.as_str(), item.needs_all), ("Send", "moment", false));
        assert!(!by.change_item(own_item("nothing", "moment")).await.unwrap());
    })
    .await;
}
