//! `GET /v1/business/userinfo`: the person, as far as they agreed to be known.

use crate::world::World;

#[tokio::test]
async fn the_email_is_shown_only_if_it_was_agreed_to() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let pick = [("asset.moment", "11")];
    for (scope, email) in [
        ("moment_management", ""),
        ("moment_management,biz_account_email", r#","email":"kim@example.com","email_verified":true"#),
    ] {
        let code = kim.consents(&app, &format!("scope={scope}"), &pick).await;
        let token = app.buys(&world, &code).await;
        let user = world.tokeninfo(&token).await.json()["token_user_id"].clone();
        let answer = world.call("GET", "/v1/business/userinfo", &token).await;
        answer.is(&format!(r#"{{"token_user_id":{user}{email}}}"#));
    }
}
