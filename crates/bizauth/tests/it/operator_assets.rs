//! Assets and who holds them: what is lost leaves every token's answer at once.

use bizauth_core::asset::{AssetId, AssetKind, Holding};
use bizauth_core::id::HoldingId;

use crate::operator_accounts::{noted, operator};
use crate::world::World;

#[tokio::test]
async fn an_asset_is_added_found_and_given_to_somebody() {
    let world = World::new().await;
    let lee = operator(&world).await;
    let kim = world.newcomer("kim@example.com").await;
    let new = "/operator/assets/new";
    let empty = lee.opens("/operator/assets").await;
    assert!(empty.body.contains("No assets in this group"), "{empty:?}");
    let wrong = [("group", "moment"), ("id", "1 2"), ("name", "Spring sale"), ("kind", "ad_account")];
    let refused = lee.submits(new, new, &wrong).await;
    assert!(refused.status == 422 && refused.body.contains("value=\"Spring sale\""), "{refused:?}");
    let right = [("group", "moment"), ("id", "77"), ("name", "Spring sale"), ("kind", "ad_account")];
    let made = lee.submits(new, new, &right).await;
    assert!(made.location().starts_with("/operator/assets/moment/77"), "{made:?}");
    assert!(lee.submits(new, new, &right).await.body.contains("taken"));
    for query in ["q=sPring", "q=77", "group=moment"] {
        assert!(lee.opens(&format!("/operator/assets?{query}")).await.body.contains("/operator/assets/moment/77"));
    }
    let at = "/operator/assets/moment/77";
    let roles = lee.opens(at).await.values("select[name=role] option");
    assert_eq!(roles, ["", "owner", "manager", "operator", "editor", "member", "viewer"]);
    let nobody = [("email", "nobody@example.com"), ("role", "owner")];
    let refused = lee.submits(at, &format!("{at}/hold"), &nobody).await;
    assert!(refused.status == 422 && refused.body.contains("nobody@example.com"), "{refused:?}");
    let held = [("email", "kim@example.com"), ("role", "manager"), ("lendable", "yes")];
    assert_eq!(lee.submits(at, &format!("{at}/hold"), &held).await.status, 303);
    let holdings = world.store().holdings(9).await.unwrap();
    assert!(holdings[0].email == kim.email && holdings[0].holding.lendable && holdings[0].holding.role == "manager");
    // A directory or a file may tell of a role that there are no words for.
    let agent = world.newcomer("agent@example.com").await;
    let id = AssetId("77".to_owned());
    let other = Holding {
        id: HoldingId(0),
        group: "moment".into(),
        asset: id,
        kind: AssetKind::AdAccount,
        name: String::new(),
        role: "제휴사".to_owned(),
        lendable: false,
    };
    assert!(world.by().hold_asset(agent.id, other).await.unwrap());
    let page = lee.opens(at).await;
    assert_eq!(page.values("select[name=role] option").last().unwrap(), "제휴사");
    assert_eq!(page.values("select[name=role] option[selected]"), ["owner"]);
    assert_eq!(lee.submits(at, &format!("{at}/rename"), &[("name", "Autumn sale")]).await.status, 303);
    assert!(lee.opens("/operator/assets?q=autumn").await.body.contains(at));
    assert_eq!(lee.opens("/operator/assets/moment/78").await.status, 404);
    assert_eq!(noted(&world, "asset.hold").await.len(), 2);
}

#[tokio::test]
async fn what_is_lost_or_removed_leaves_every_tokens_answer_at_once() {
    let world = World::new().await;
    let (lee, app) = (operator(&world).await, world.app().await);
    let kim = world.owner("kim@example.com").await;
    let picks = [("asset.moment", "11"), ("asset.moment", "12")];
    let code = kim.consents(&app, "scope=moment_management", &picks).await;
    let token = app.buys(&world, &code).await;
    let ids = async || world.tokeninfo(&token).await.body;
    assert!(ids().await.contains("11") && ids().await.contains("12"));
    let at = "/operator/assets/moment/11";
    assert_eq!(lee.submits(at, &format!("{at}/lose"), &[]).await.status, 303);
    let lost = [("moment".into(), AssetId("11".to_owned()))];
    assert!(world.store().holdings_named(kim.id, &lost).await.unwrap().is_empty());
    assert!(!ids().await.contains("\"11\""), "{}", ids().await);
    let at = "/operator/assets/moment/12";
    assert_eq!(lee.submits(at, &format!("{at}/remove"), &[("confirm", "11")]).await.status, 422);
    assert_eq!(lee.submits(at, &format!("{at}/remove"), &[("confirm", "12")]).await.status, 303);
    assert!(!ids().await.contains("\"12\""), "{}", ids().await);
    assert_eq!(lee.opens(at).await.status, 404);
}
