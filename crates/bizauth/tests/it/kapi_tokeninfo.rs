//! `GET /v1/business/tokeninfo`: exactly the documents' fields, and nothing that the person no longer lends.

use bizauth_core::asset::{AssetId, AssetKind};
use bizauth_core::scope::Catalogue;

use crate::world::World;

#[tokio::test]
async fn tokeninfo_says_what_was_lent() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let rest = "scope=keyword_management,biz_account_email,keyword_create,moment_management&resource_ids=keyword:*";
    let code = kim.consents(&app, rest, &[("asset.moment", "12"), ("asset.moment", "11")]).await;
    let token = app.buys(&world, &code).await;
    let answer = world.tokeninfo(&token).await;
    let (id, user) = (answer.json()["id"].clone(), answer.json()["token_user_id"].clone());
    assert!(id.is_string() && user.is_string() && id != user);
    answer.is(&format!(
        concat!(
            r#"{{"id":{},"token_user_id":{},"biz_agreements":["#,
            r#"{{"group":"personal","scope":["biz_account_email"]}},"#,
            r#"{{"group":"moment","scope":["moment_management"],"ad_account_ids":["11","12"]}},"#,
            r#"{{"group":"keyword","scope":["keyword_management","keyword_create"],"ad_account_ids":["*"]}}"#,
            r#"],"status":"ACTIVE","updated_at":"2026-11-21T03:00:00Z"}}"#
        ),
        id, user
    ));
}

/// The documents contradict themselves; one switch follows the table instead of the sample.
#[tokio::test]
async fn the_table_can_be_followed_instead_of_the_sample() {
    let world = World::with(|config| config.tokeninfo_case = bizauth::config::TokeninfoCase::Table).await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let token = kim.lends(&world, &app).await;
    let info = world.tokeninfo(&token).await.json();
    assert_eq!((&info["status"], &info["biz_agreements"][0]["group"]), (&"active".into(), &"MOMENT".into()));
}

#[tokio::test]
async fn a_lost_asset_leaves_the_answer_at_once_and_does_not_come_back() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let code = kim.consents(&app, "scope=moment_management", &[("asset.moment", "11"), ("asset.moment", "12")]).await;
    let token = app.buys(&world, &code).await;
    let lent = async || world.tokeninfo(&token).await.json()["biz_agreements"][0]["ad_account_ids"].clone();
    assert_eq!(lent().await, serde_json::json!(["11", "12"]));
    world.by().lose_asset(kim.id, "moment".into(), AssetId("11".to_owned())).await.unwrap();
    assert_eq!(lent().await, serde_json::json!(["12"]));
    world.gives(&kim, "moment", "11", AssetKind::AdAccount, true).await;
    assert_eq!(lent().await, serde_json::json!(["12"]), "what was lost and regained must be lent anew");
    world.gives(&kim, "moment", "12", AssetKind::AdAccount, false).await;
    assert_eq!(lent().await, serde_json::json!([]));
}

#[tokio::test]
async fn one_person_has_another_id_in_each_app() {
    let world = World::new().await;
    let (one, two, kim) = (world.app().await, world.app().await, world.owner("kim@example.com").await);
    let mut ids = Vec::new();
    for app in [&one, &one, &two] {
        let token = kim.lends(&world, app).await;
        ids.push(world.tokeninfo(&token).await.json()["token_user_id"].clone());
    }
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[1], ids[2]);
}

/// "`channel_public_ids` only where a consent item of the catalogue says so": an operator's own group with channels.
#[tokio::test]
async fn channels_are_listed_where_the_catalogue_says_so() {
    let world = World::new().await;
    let mut catalogue = Catalogue::platform();
    let mut group = catalogue.groups[2].clone();
    let mut item = catalogue.item("keyword_management").unwrap().clone();
    (group.id, item.id, item.group, item.yields_channels) = ("talk".into(), "talk_send".into(), "talk".into(), true);
    group.has_ad_accounts = false;
    (catalogue.groups, catalogue.items) = (vec![group], vec![item]);
    world.by().keep_catalogue(catalogue).await.unwrap();
    let (app, kim) = (world.app().await, world.newcomer("kim@example.com").await);
    world.gives(&kim, "talk", "_ZeUTxl", AssetKind::Channel, true).await;
    let code = kim.consents(&app, "scope=talk_send", &[("asset.talk", "_ZeUTxl")]).await;
    let token = app.buys(&world, &code).await;
    let info = world.tokeninfo(&token).await.json();
    let entry = serde_json::json!({
        "group": "talk", "scope": ["talk_send"], "channel_public_ids": ["_ZeUTxl"]
    });
    assert_eq!(info["biz_agreements"], serde_json::json!([entry]));
}
