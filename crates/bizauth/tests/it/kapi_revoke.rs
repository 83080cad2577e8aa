//! `POST /v1/business/revoke`: dead at once, once.

use bizauth_core::fault::KapiFault;

use crate::world::{Answer, World};

#[tokio::test]
async fn a_revoked_token_is_dead_at_once() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let (token, other) = (kim.lends(&world, &app).await, kim.lends(&world, &app).await);
    let info = world.tokeninfo(&token).await.json();
    let answer = world.revoke(&token).await;
    answer.is(&format!(r#"{{"id":{},"token_user_id":{}}}"#, info["id"], info["token_user_id"]));
    for (method, path) in
        [("POST", "/v1/business/revoke"), ("GET", "/v1/business/tokeninfo"), ("GET", "/v1/business/userinfo")]
    {
        world.call(method, path, &token).await.declines(KapiFault::NoSuchToken, "");
    }
    assert_eq!(world.tokeninfo(&other).await.status, 200, "and no other token is");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_revocations_one_succeeds() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let token = kim.lends(&world, &app).await;
    let call = || {
        let request = world.request("POST", "/v1/business/revoke");
        tokio::spawn(Answer::of(request.header("authorization", format!("Bearer {}", token.0))))
    };
    let calls: Vec<_> = (0..20).map(|_| call()).collect();
    let mut succeeded = 0;
    for call in calls {
        let answer = call.await.unwrap();
        match answer.status {
            200 => succeeded += 1,
            _ => answer.declines(KapiFault::NoSuchToken, ""),
        }
    }
    assert_eq!(succeeded, 1);
}

/// A `HEAD` or `GET` ends nothing.
#[tokio::test]
async fn only_a_post_revokes() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let token = kim.lends(&world, &app).await;
    let answer = world.call("GET", "/v1/business/revoke", &token).await;
    answer.declines(KapiFault::WrongMethod, "");
    assert_eq!(answer.header("allow"), Some("POST"));
    assert_eq!(world.tokeninfo(&token).await.status, 200);
}
