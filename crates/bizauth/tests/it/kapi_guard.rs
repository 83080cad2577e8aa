//! What every kapi call passes first: header, maintenance, key or token, caller, sanction, quota.

use bizauth_core::app::AppKind;
use bizauth_core::fault::KapiFault;
use bizauth_core::key::KeyKind;
use bizauth_core::secret::{Credential, Secret};
use bizauth_core::user::UserState;

use crate::world::{Answer, App, BusinessToken, World, days};

const BUSINESS: [(&str, &str); 3] =
    [("GET", "/v1/business/tokeninfo"), ("GET", "/v1/business/userinfo"), ("POST", "/v1/business/revoke")];

async fn with(world: &World, method: &str, path: &str, authorization: &[&str]) -> Answer {
    let request = authorization.iter().fold(world.request(method, path), |r, value| r.header("authorization", *value));
    Answer::of(request).await
}

async fn ips(world: &World, key: &str) -> Answer {
    with(world, "GET", "/v1/system/ips", &[&format!("KakaoAK {key}")]).await
}

#[tokio::test]
async fn a_token_comes_in_the_header_and_nowhere_else() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let token = kim.lends(&world, &app).await.0;
    for (method, path) in BUSINESS {
        with(&world, method, path, &[]).await.declines(KapiFault::NoKey, "");
        let query = format!("{path}?access_token={token}");
        with(&world, method, &query, &[]).await.declines(KapiFault::NoKey, "");
        let body = Answer::of(world.request(method, path).form(&[("access_token", &token)])).await;
        body.declines(KapiFault::NoKey, "");
        with(&world, method, path, &[&format!("KakaoAK {}", app.client_id)]).await.declines(KapiFault::NoKey, "");
        for header in ["Bearer", "Bearer ", "Bearer a b", "Bearer a,b", "", "caf\u{e9} x"] {
            with(&world, method, path, &[header]).await.declines(KapiFault::BadHeader, "");
        }
        let value = format!("Bearer {token}");
        with(&world, method, path, &[&value, &value]).await.declines(KapiFault::BadHeader, "");
    }
    assert_eq!(world.tokeninfo(&BusinessToken(token)).await.status, 200, "nothing was revoked by all this");
}

#[tokio::test]
async fn a_401_names_the_scheme() {
    let world = World::new().await;
    let bearer = with(&world, "GET", "/v1/business/tokeninfo", &["Bearer x"]).await;
    assert_eq!(bearer.header("www-authenticate"), Some("Bearer error=invalid_token"));
    let key = ips(&world, "x").await;
    assert_eq!(key.header("www-authenticate"), Some("KakaoAK error=invalid_token"));
}

/// A right id alone opens nothing and ends nothing.
#[tokio::test]
async fn a_token_is_known_only_whole() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let token = kim.lends(&world, &app).await;
    let (id, secret) = Credential::Token.read(&token.0).unwrap();
    let forged = Credential::Token.spell(id, &Secret::from_bytes([1; 32]));
    let other = Credential::Token.spell(id + 1, &secret);
    for wrong in [forged, other, "x".to_owned(), token.0.to_uppercase(), format!("{}=", token.0), "한".to_owned()] {
        for (method, path) in BUSINESS {
            let answer = with(&world, method, path, &[&format!("Bearer {wrong}")]).await;
            match wrong.is_ascii() {
                true => answer.declines(KapiFault::NoSuchToken, ""),
                false => answer.declines(KapiFault::BadHeader, ""),
            }
        }
    }
    assert_eq!(world.tokeninfo(&token).await.status, 200);
}

#[tokio::test]
async fn a_token_dies_of_disuse_and_lives_by_use() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let token = kim.lends(&world, &app).await;
    world.advance(days(364));
    assert_eq!(world.tokeninfo(&token).await.status, 200);
    world.advance(days(364));
    assert_eq!(world.tokeninfo(&token).await.status, 200, "the use a year ago counted");
    world.advance(days(365));
    world.tokeninfo(&token).await.declines(KapiFault::TokenExpired, "");
}

/// It dies at once, and for good: lifting the cause revives nothing.
#[tokio::test]
async fn a_token_dies_with_what_it_stands_for() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let dead = async |token: &BusinessToken| world.tokeninfo(token).await.declines(KapiFault::NoSuchToken, "");

    let token = kim.lends(&world, &app).await;
    world.by().set_user_state(kim.id, UserState::Dormant).await.unwrap();
    assert_eq!(world.tokeninfo(&token).await.status, 200, "a sleeping account's tokens sleep on");
    world.by().set_user_state(kim.id, UserState::Blocked).await.unwrap();
    dead(&token).await;
    world.by().set_user_state(kim.id, UserState::Active).await.unwrap();
    dead(&token).await;

    let token = kim.lends(&world, &app).await;
    world.by().set_sanction(app.id, true).await.unwrap();
    world.tokeninfo(&token).await.declines(KapiFault::AppSanctioned, "");
    world.by().set_sanction(app.id, false).await.unwrap();
    dead(&token).await;

    let token = kim.lends(&world, &app).await;
    world.by().withdraw_consents(kim.id, app.id).await.unwrap();
    dead(&token).await;

    let token = kim.lends(&world, &app).await;
    world.by().delete_key(app.key).await.unwrap();
    dead(&token).await;

    let app = world.app().await;
    let token = kim.lends(&world, &app).await;
    world.by().delete_app(app.id).await.unwrap();
    dead(&token).await;

    let app = world.app().await;
    let token = kim.lends(&world, &app).await;
    world.by().set_user_state(kim.id, UserState::Withdrawn).await.unwrap();
    dead(&token).await;
}

#[tokio::test]
async fn a_test_apps_token_works_for_members_only() {
    let world = World::new().await;
    let kim = world.owner("kim@example.com").await;
    let biz = world.app().await;
    let app = world.app_of(AppKind::Test, Some(biz.id), Some(kim.id)).await;
    let token = kim.lends(&world, &app).await;
    assert_eq!(world.tokeninfo(&token).await.status, 200);
    let lee = world.newcomer("lee@example.com").await;
    world.by().add_member(app.id, lee.id, "owner").await.unwrap();
    assert_eq!(world.by().end_membership(app.id, kim.id).await.unwrap(), bizauth_store::Membership::Changed);
    world.tokeninfo(&token).await.declines(KapiFault::PermissionDenied, "");
}

async fn listed(world: &World) -> App {
    let app = world.app().await;
    crate::kapi_ips::publish(world).await;
    app
}

#[tokio::test]
async fn each_of_the_four_kinds_of_key_opens_the_ip_list() {
    let world = World::new().await;
    let app = listed(&world).await;
    for kind in KeyKind::ALL {
        let (_, key) = world.key(&app, kind).await;
        assert_eq!(ips(&world, &key).await.status, 200, "{kind:?}");
    }
}

#[tokio::test]
async fn a_key_says_what_is_wrong_with_it() {
    let world = World::new().await;
    let app = listed(&world).await;
    with(&world, "GET", "/v1/system/ips", &[]).await.declines(KapiFault::NoKey, "");
    with(&world, "GET", "/v1/system/ips", &["Bearer x"]).await.declines(KapiFault::NoKey, "");
    with(&world, "GET", "/v1/system/ips", &["KakaoAK"]).await.declines(KapiFault::BadHeader, "");
    let capital = app.client_id.to_uppercase() + "A";
    for malformed in ["x", &capital] {
        ips(&world, malformed).await.declines(KapiFault::MalformedKey, malformed);
    }
    let unknown = "0".repeat(32);
    ips(&world, &unknown).await.declines(KapiFault::UnknownKey, &unknown);
    let (id, key) = world.key(&app, KeyKind::Native).await;
    world.by().set_key_disabled(id, true).await.unwrap();
    ips(&world, &key).await.declines(KapiFault::DisabledKey, &key);
    world.by().delete_key(id).await.unwrap();
    ips(&world, &key).await.declines(KapiFault::UnknownKey, &key);
    world.by().set_callers(app.key, &["203.0.113.1/32".parse().unwrap()]).await.unwrap();
    ips(&world, &app.client_id).await.declines(KapiFault::CallerNotAllowed, "127.0.0.1");
}

#[tokio::test]
async fn an_admin_key_may_be_kept_from_an_api() {
    let world = World::new().await;
    let app = listed(&world).await;
    let (id, key) = world.key(&app, KeyKind::Admin).await;
    world.by().set_may_read_ips(id, false).await.unwrap();
    ips(&world, &key).await.declines(KapiFault::ApiNotAllowed, "");
    world.by().set_may_read_ips(id, true).await.unwrap();
    assert_eq!(ips(&world, &key).await.status, 200);
}

#[tokio::test]
async fn a_sanctioned_app_is_told_so() {
    let world = World::new().await;
    let app = listed(&world).await;
    world.by().set_sanction(app.id, true).await.unwrap();
    ips(&world, &app.client_id).await.declines(KapiFault::AppSanctioned, "");
}

#[tokio::test]
async fn a_quota_is_counted_per_app_and_day() {
    let world = World::new().await;
    let (app, kim) = (listed(&world).await, world.owner("kim@example.com").await);
    let token = kim.lends(&world, &app).await;
    world.by().set_daily_quota(app.id, Some(2)).await.unwrap();
    assert_eq!(ips(&world, &app.client_id).await.status, 200);
    assert_eq!(world.tokeninfo(&token).await.status, 200);
    world.tokeninfo(&token).await.declines(KapiFault::QuotaExceeded, "");
    ips(&world, &app.client_id).await.declines(KapiFault::QuotaExceeded, "");
    world.advance(days(1));
    assert_eq!(world.tokeninfo(&token).await.status, 200);
    world.by().set_daily_quota(app.id, Some(0)).await.unwrap();
    world.tokeninfo(&token).await.declines(KapiFault::QuotaExceeded, "");
}

#[tokio::test]
async fn maintenance_closes_the_door_for_all() {
    let world = World::new().await;
    let (app, kim) = (listed(&world).await, world.owner("kim@example.com").await);
    let token = kim.lends(&world, &app).await;
    world.by().set_maintenance(true).await.unwrap();
    for (method, path) in BUSINESS {
        world.call(method, path, &token).await.declines(KapiFault::Maintenance, "");
        with(&world, method, path, &["Bearer x"]).await.declines(KapiFault::Maintenance, "");
    }
    let closed = ips(&world, &app.client_id).await;
    closed.declines(KapiFault::Maintenance, "");
    assert!(closed.header("retry-after").is_some());
    ips(&world, &"0".repeat(32)).await.declines(KapiFault::Maintenance, "");
    world.by().set_maintenance(false).await.unwrap();
    assert_eq!(world.tokeninfo(&token).await.status, 200);
}
