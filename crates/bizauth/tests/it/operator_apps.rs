//! Apps in the operator's hands: sanction, quota, kind, permissions and deletion count at once.

use bizauth_core::app::AppKind;

use crate::operator_accounts::{noted, operator};
use crate::world::World;

#[tokio::test]
async fn apps_are_found_by_name_id_and_key() {
    let world = World::new().await;
    let (lee, app) = (operator(&world).await, world.app().await);
    let name = world.store().app(app.id).await.unwrap().unwrap().app.name;
    let keys = world.store().keys_of(app.id, world.now()).await.unwrap();
    let key = keys.iter().find_map(|key| key.value.clone()).unwrap();
    for sought in [name.to_lowercase(), app.id.to_string()] {
        let page = lee.browser.get(format!("{}/operator/apps", lee.base)).query(&[("q", &sought)]);
        let page = crate::world::Answer::of(page).await;
        assert!(page.body.contains(&format!("/operator/apps/{}", app.id)), "{sought}: {page:?}");
    }
    let found = lee.opens(&format!("/operator/apps?q={key}")).await;
    assert_eq!(found.location(), format!("/operator/apps/{}", app.id));
    let page = lee.opens(found.location()).await;
    assert!(page.all("section[aria-labelledby=keys] td").contains(&"REST API key".to_owned()), "{page:?}");
    assert!(!page.body.contains("rest_api"), "the words of the records are for programs: {page:?}");
    assert!(lee.opens("/operator/apps?q=nothing").await.body.contains("Nothing found"));
    assert_eq!(lee.opens("/operator/apps/999").await.status, 404);
}

#[tokio::test]
async fn a_sanction_ends_tokens_for_good_with_a_reason() {
    let world = World::new().await;
    let (lee, app) = (operator(&world).await, world.app().await);
    let kim = world.owner("kim@example.com").await;
    let token = kim.lends(&world, &app).await;
    let at = format!("/operator/apps/{}", app.id);
    assert_eq!(lee.submits(&at, &format!("{at}/sanction"), &[]).await.status, 422);
    assert_eq!(world.tokeninfo(&token).await.status, 200);
    let unsure = lee.submits(&at, &format!("{at}/sanction"), &[("reason", "spam")]).await;
    assert!(unsure.status == 422 && unsure.all("#sanction-sure-error") == ["Tick the box to go on."], "{unsure:?}");
    assert!(unsure.all("textarea").contains(&"spam".to_owned()), "what was typed stays: {unsure:?}");
    assert_eq!(world.tokeninfo(&token).await.status, 200);
    let sure = [("reason", "spam"), ("sure", "yes")];
    assert_eq!(lee.submits(&at, &format!("{at}/sanction"), &sure).await.status, 303);
    assert!(world.tokeninfo(&token).await.status >= 400);
    assert_eq!(lee.submits(&at, &format!("{at}/lift"), &[("reason", "sorted out")]).await.status, 303);
    assert_eq!(world.tokeninfo(&token).await.status, 401, "lifting revives none");
    assert!(noted(&world, "app.sanction").await[0].contains(r#"{"reason":"spam"}"#));
}

#[tokio::test]
async fn kind_quota_and_permissions_are_set_and_mistakes_keep_what_was_typed() {
    let world = World::new().await;
    let (lee, app) = (operator(&world).await, world.app().await);
    let at = format!("/operator/apps/{}", app.id);
    let refused = lee.submits(&at, &format!("{at}/quota"), &[("quota", "-5")]).await;
    assert!(refused.status == 422 && refused.body.contains("value=\"-5\""), "{refused:?}");
    for (text, quota) in [("1000", Some(1000)), ("", None)] {
        assert_eq!(lee.submits(&at, &format!("{at}/quota"), &[("quota", text)]).await.status, 303);
        assert_eq!(world.store().app(app.id).await.unwrap().unwrap().app.daily_quota, quota);
    }
    assert_eq!(lee.submits(&at, &format!("{at}/kind"), &[("kind", "test")]).await.status, 422);
    let unsure = lee.submits(&at, &format!("{at}/kind"), &[("kind", "basic"), ("reason", "closed")]).await;
    assert!(unsure.status == 422 && unsure.all("#kind-sure-error") == ["Tick the box to go on."], "{unsure:?}");
    assert!(unsure.all("textarea").contains(&"closed".to_owned()), "what was typed stays: {unsure:?}");
    assert_eq!(world.store().app(app.id).await.unwrap().unwrap().app.kind, AppKind::Biz);
    let kinds = [
        (vec![("kind", "biz")], AppKind::Biz),
        (vec![("kind", "basic"), ("sure", "yes")], AppKind::Basic),
        (vec![("kind", "basic")], AppKind::Basic),
        (vec![("kind", "biz")], AppKind::Biz),
    ];
    for (typed, kind) in kinds {
        assert_eq!(lee.submits(&at, &format!("{at}/kind"), &typed).await.status, 303, "{typed:?}");
        assert_eq!(world.store().app(app.id).await.unwrap().unwrap().app.kind, kind, "{typed:?}");
    }
    let granted = !world.store().permissions_of(app.id).await.unwrap().is_empty();
    let to = format!("{at}/{}", if granted { "take" } else { "grant" });
    assert_eq!(lee.submits(&at, &to, &[]).await.status, 303);
    assert_eq!(world.store().permissions_of(app.id).await.unwrap().is_empty(), granted);
    let back = format!("{at}/{}", if granted { "grant" } else { "take" });
    assert_eq!(lee.submits(&at, &back, &[("group", "nowhere")]).await.status, if granted { 404 } else { 303 });
}

#[tokio::test]
async fn an_app_is_deleted_once_its_name_is_typed() {
    let world = World::new().await;
    let (lee, app) = (operator(&world).await, world.app().await);
    let name = world.store().app(app.id).await.unwrap().unwrap().app.name;
    let at = format!("/operator/apps/{}", app.id);
    assert_eq!(lee.submits(&at, &format!("{at}/delete"), &[("confirm", "other")]).await.status, 422);
    assert_eq!(lee.submits(&at, &format!("{at}/delete"), &[("confirm", &name)]).await.status, 303);
    assert_eq!(lee.opens(&at).await.status, 404);
    assert!(noted(&world, "app.delete").await[0].starts_with("lee@example.com"));
}
