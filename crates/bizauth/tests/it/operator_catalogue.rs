//! The catalogue: a group comes with its items and can be asked for at once; mistakes change nothing.

use crate::operator_accounts::{noted, operator};
use crate::world::World;

const NEW: &str = "/operator/catalogue/new";

fn group<'a>(id: &'a str, item: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("id", id),
        ("name_ko", "메시지"),
        ("name_en", "Messages"),
        ("lends", "channels"),
        ("id_1", item),
        ("name_ko_1", "보내기"),
        ("name_en_1", "Send messages"),
        ("about_ko_1", "메시지를 보냅니다."),
        ("about_en_1", "Sends messages."),
        ("marks_1", "risky"),
        ("marks_1", "yields_channels"),
    ]
}

#[tokio::test]
async fn a_group_comes_with_its_items_or_not_at_all() {
    let world = World::new().await;
    let lee = operator(&world).await;
    let before = world.store().catalogue().await.unwrap();
    for (id, item, said) in [
        ("moment", "moment_send", "taken"),
        ("my_group", "my_group_send", "no _"),
        ("message", "other_send", "begin with"),
        ("message", "message send", "letters, digits"),
    ] {
        let refused = lee.submits(NEW, NEW, &group(id, item)).await;
        assert!(refused.status == 422 && refused.body.contains(said), "{id} {item}: {refused:?}");
        assert!(refused.body.contains("Send messages"), "what was typed is kept");
        assert_eq!(world.store().catalogue().await.unwrap(), before);
    }
    let mut lines = group("message", "message_send");
    lines[2].1 = "Messages\nand more";
    let refused = lee.submits(NEW, NEW, &lines).await;
    assert!(refused.status == 422 && refused.body.contains("in a single line"), "{refused:?}");
    let bare = lee.submits(NEW, NEW, &group("message", "message_send")[..4]).await;
    assert_eq!(bare.status, 422, "no group without an item");
    let told = bare.all(".summary a");
    assert!(told.iter().any(|line| line.starts_with("Consent item 1 · Name in English: ")), "{told:?}");
    assert_eq!(world.store().catalogue().await.unwrap(), before);
    let made = lee.submits(NEW, NEW, &group("message", "message_send")).await;
    assert_eq!(made.status, 303, "{made:?}");
    assert!(lee.opens(made.location()).await.body.contains("Send messages"));
    let catalogue = world.store().catalogue().await.unwrap();
    let (group, item) = (catalogue.group("message").unwrap(), catalogue.item("message_send").unwrap());
    assert!(group.has_assets && !group.has_ad_accounts && item.risky && item.yields_channels && !item.never_alone);
    assert!(noted(&world, "catalogue.add_group").await[0].contains("message_send"));
}

#[tokio::test]
async fn groups_and_items_are_changed_added_and_moved() {
    let world = World::new().await;
    let lee = operator(&world).await;
    let kim = world.owner("kim@example.com").await;
    let at = "/operator/catalogue/groups/moment";
    let refused = lee.submits(at, at, &[("lends", "nothing")]).await;
    assert!(refused.status == 422 && refused.body.contains("There are assets"), "{} {refused:?}", kim.id);
    let changed = lee.submits(at, at, &[("lends", "all"), ("name_en", "Moment ads")]).await;
    assert_eq!(changed.status, 303, "{changed:?}");
    assert!(!world.store().catalogue().await.unwrap().group("moment").unwrap().needs_permission);
    assert_eq!(lee.submits("/operator/catalogue", "/operator/catalogue/groups/keyword/raise", &[]).await.status, 303);
    assert_eq!(world.store().catalogue().await.unwrap().groups[1].id.0, "keyword");
    let to = "/operator/catalogue/items/moment_delete/raise";
    assert_eq!(lee.submits("/operator/catalogue", to, &[]).await.status, 303);

    let new = format!("{at}/new");
    let words = [("name_ko", "보고"), ("name_en", "Report"), ("about_ko", "보고"), ("about_en", "Reports.")];
    let mut fields = vec![("id", "keyword_report")];
    fields.extend(words);
    assert_eq!(lee.submits(&new, &new, &fields).await.status, 422, "its id begins with its group");
    fields[0].1 = "moment_report";
    assert_eq!(lee.submits(&new, &new, &fields).await.status, 303);
    assert!(lee.submits(&new, &new, &fields).await.body.contains("taken"));
    let item = "/operator/catalogue/items/moment_report";
    let changed = lee.submits(item, item, &[("name_en", "Monthly report"), ("marks", "needs_all")]).await;
    assert_eq!(changed.status, 303, "{changed:?}");
    assert!(world.store().catalogue().await.unwrap().item("moment_report").unwrap().needs_all);
    for path in ["/operator/catalogue/items/nothing", "/operator/catalogue/groups/nothing"] {
        assert_eq!(lee.opens(path).await.status, 404, "{path}");
    }
}
