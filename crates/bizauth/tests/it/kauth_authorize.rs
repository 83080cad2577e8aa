//! `GET /oauth/business/authorize`: each check with its code, in the contract's order.

use bizauth_core::app::AppKind;
use bizauth_core::fault::KauthFault;
use bizauth_core::key::KeyKind;
use bizauth_core::redirect;
use bizauth_core::user::UserState;

use crate::world::{Answer, World};

const SCOPE: &str = "scope=moment_management";

#[tokio::test]
async fn a_request_leads_through_login_to_the_screen_and_back_with_a_code() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let answer = kim.agrees(&app, &format!("{SCOPE}&state=a%2Bb+c"), &[("asset.moment", "11")]).await;
    assert_eq!((answer.status, answer.header("content-length")), (302, Some("0")));
    let (to, query) = answer.location().split_once('?').unwrap();
    assert_eq!(to, app.redirect_uri);
    let (code, state) = query.split_once('&').unwrap();
    assert!(code.starts_with("code=bzc_"));
    assert_eq!(state, "state=a%2Bb+c", "state goes back exactly as it came");
}

#[tokio::test]
async fn the_screen_is_shown_on_every_request() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    kim.consents(&app, SCOPE, &[("asset.moment", "11")]).await;
    let again = kim.asked(&app.authorize(SCOPE)).await;
    assert_eq!((again.status, again.all("form[action='/consent'] button[value=agree]").len()), (200, 1));
}

#[tokio::test]
async fn an_unknown_client_gets_a_page() {
    let world = World::new().await;
    let app = world.app().await;
    let uri = "redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback&response_type=code";
    let zeros = "0".repeat(32);
    for client in ["", "client_id=", "client_id=%00", "client_id=%ff", "client_id=x", &format!("client_id={zeros}")] {
        world.get(&format!("/oauth/business/authorize?{client}&{uri}&{SCOPE}")).await.shows(KauthFault::UnknownKey);
    }
    assert!(world.by().set_key_disabled(app.key, true).await.unwrap());
    world.get(&app.authorize(SCOPE)).await.shows(KauthFault::UnknownKey);
    assert!(world.by().delete_key(app.key).await.unwrap());
    world.get(&app.authorize(SCOPE)).await.shows(KauthFault::UnknownKey);
    let page = world.get(&app.authorize(SCOPE)).await;
    assert!(page.body.contains(&format!("Not exist client_id [{}]", app.client_id)));
}

#[tokio::test]
async fn only_a_rest_api_key_is_a_client_id() {
    let world = World::new().await;
    let mut app = world.app().await;
    for kind in [KeyKind::Native, KeyKind::JavaScript, KeyKind::Admin] {
        app.client_id = world.key(&app, kind).await.1;
        world.get(&app.authorize(SCOPE)).await.shows(KauthFault::NotRestApiKey);
    }
}

#[tokio::test]
async fn a_sanctioned_app_or_developer_may_not_ask() {
    let world = World::new().await;
    let developer = world.newcomer("dev@example.com").await;
    let app = world.app_of(AppKind::Biz, None, Some(developer.id)).await;
    world.by().set_sanction(app.id, true).await.unwrap();
    world.get(&app.authorize(SCOPE)).await.shows(KauthFault::AppSanctioned);
    world.by().set_sanction(app.id, false).await.unwrap();
    assert_eq!(world.get(&app.authorize(SCOPE)).await.status, 303);
    world.by().set_developer_sanction(developer.id, true).await.unwrap();
    world.get(&app.authorize(SCOPE)).await.shows(KauthFault::AppSanctioned);
}

/// CVE-2026-3872, CVE-2024-52289, CVE-2023-6291, CVE-2024-8883: nothing but the registered bytes.
#[tokio::test]
async fn an_unregistered_redirect_uri_gets_a_page_not_a_redirect() {
    let world = World::new().await;
    let mut app = world.app().await;
    for uri in [
        "",
        "https://app.example.com/callback/",
        "https://app.example.com/Callback",
        "https://APP.example.com/callback",
        "http://app.example.com/callback",
        "https://app.example.com:443/callback",
        "https://app.example.com:8443/callback",
        "https://app.example.com/callback?x=1",
        "https://app.example.com/callback#x",
        "https://app.example.com/x/..;/callback",
        "https://app.example.com/x/..%2fcallback",
        "https://app.example.com/x/%252e%252e%252fcallback",
        "https://app.example.com/./callback",
        "https://app.example.com//callback",
        "https://app.example.com\\callback",
        "https://app.example.com/%63allback",
        "https://evil.example/https://app.example.com/callback",
        "https://user@app.example.com/callback",
        "https://app.example.com@evil.example/callback",
        "https://a@b@app.example.com/callback",
        "https://appXexample.com/callback",
        "https://app.example.com.evil.example/callback",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "//app.example.com/callback",
    ] {
        app.redirect_uri = uri.to_owned();
        world.get(&app.authorize(SCOPE)).await.shows(KauthFault::UnregisteredRedirectUri);
    }
    let missing = format!("/oauth/business/authorize?client_id={}&response_type=code&{SCOPE}", app.client_id);
    world.get(&missing).await.shows(KauthFault::UnregisteredRedirectUri);
}

/// "A registered business redirect URI of that key": another key's is none.
#[tokio::test]
async fn a_redirect_uri_belongs_to_its_key() {
    let world = World::new().await;
    let mut app = world.app().await;
    (_, app.client_id, _) = world.rest_key(app.id, "https://second.example.com/cb").await;
    world.get(&app.authorize(SCOPE)).await.shows(KauthFault::UnregisteredRedirectUri);
    app.redirect_uri = "https://second.example.com/cb".to_owned();
    assert_eq!(world.get(&app.authorize(SCOPE)).await.status, 303);
}

#[tokio::test]
async fn a_wildcard_matches_only_where_it_is_switched_on() {
    let uri = "https://*.example.com/cb";
    assert!(redirect::register(uri, false).is_err());
    for (on, fault) in [(false, Some(KauthFault::UnregisteredRedirectUri)), (true, None)] {
        let world = World::with(|config| config.wildcard_redirects = on).await;
        let mut app = world.app().await;
        world.by().add_redirect_uri(app.key, uri.to_owned()).await.unwrap();
        app.redirect_uri = "https://shop.example.com/cb".to_owned();
        let answer = world.get(&app.authorize(SCOPE)).await;
        match fault {
            Some(fault) => answer.shows(fault),
            None => assert_eq!(answer.status, 303),
        }
        app.redirect_uri = "https://a.b.example.com/cb".to_owned();
        world.get(&app.authorize(SCOPE)).await.shows(KauthFault::UnregisteredRedirectUri);
    }
}

#[tokio::test]
async fn only_biz_apps_may_ask_and_test_apps_of_one() {
    let world = World::new().await;
    let basic = world.app_of(AppKind::Basic, None, None).await;
    world.get(&basic.authorize(SCOPE)).await.shows(KauthFault::NotBizApp);
    let once_biz = world.app().await;
    let orphan = world.app_of(AppKind::Test, Some(once_biz.id), None).await;
    assert!(world.by().set_app_kind(once_biz.id, AppKind::Basic).await.unwrap());
    world.get(&orphan.authorize(SCOPE)).await.shows(KauthFault::NotBizApp);
    let biz = world.app().await;
    let child = world.app_of(AppKind::Test, Some(biz.id), None).await;
    assert_eq!(world.get(&child.authorize(SCOPE)).await.status, 303);
}

#[tokio::test]
async fn moment_needs_a_feature_permission_and_keyword_does_not() {
    let world = World::new().await;
    let app = world.app().await;
    world.by().take_permission(app.id, "moment".into()).await.unwrap();
    world.get(&app.authorize(SCOPE)).await.shows(KauthFault::NoFeaturePermission);
    world.get(&app.authorize("scope=keyword_management,moment_delete")).await.shows(KauthFault::NoFeaturePermission);
    assert_eq!(world.get(&app.authorize("scope=keyword_management")).await.status, 303);
}

/// The one refusal of the app that is sent to it.
#[tokio::test]
async fn another_response_type_is_told_to_the_app() {
    let world = World::new().await;
    let app = world.app().await;
    let address = app.authorize(&format!("{SCOPE}&state=s%20t")).replace("response_type=code", "response_type=token");
    let answer = world.get(&address).await;
    answer.redirects(KauthFault::UnsupportedResponseType, "token", &app.redirect_uri, "s%20t");
    let says = "error=invalid_request&error_description=Unsupported%20response%20type%3A%20token&state=s%20t";
    assert_eq!(answer.location(), format!("{}?{says}", app.redirect_uri));
    let missing = app.authorize(SCOPE).replace("response_type=code&", "");
    assert!(world.get(&missing).await.location().contains("Unsupported%20response%20type%3A%20null"));
}

#[tokio::test]
async fn consent_items_must_be_known_and_switched_on() {
    let world = World::new().await;
    let app = world.app().await;
    world.by().switch_item_off(app.id, "moment_delete".into()).await.unwrap();
    for scope in ["", "scope=", "scope=,", "scope=moment_fly", "scope=moment_management,moment_delete", "scope=%00"] {
        world.get(&app.authorize(scope)).await.shows(KauthFault::UnknownConsentItem);
    }
}

/// The e-mail alone, `_create` without a star, `resource_ids` of every wrong kind, and whatever is malformed.
#[tokio::test]
async fn parameters_that_contradict_the_rules_get_a_page() {
    let world = World::new().await;
    let app = world.app().await;
    let long = format!("{SCOPE}&state={}", "x".repeat(3000));
    for rest in [
        "scope=biz_account_email",
        "scope=moment_create",
        "scope=moment_create&resource_ids=moment:11",
        "scope=keyword_create&resource_ids=moment:*",
        "scope=moment_management&resource_ids=moment",
        "scope=moment_management&resource_ids=keyword:21",
        "scope=moment_management&resource_ids=moment:*&resource_ids=moment:11",
        "scope=moment_management&resource_ids=nobody:*",
        "scope=moment_management&unknown=1",
        "scope=moment_management&scope=moment_management",
        "scope=moment_management&state=1&state=2",
        "scope=moment_management&state=%0d%0aSet-Cookie:x",
        "scope=moment_management&state=%ff",
        "scope=moment_management&code_challenge=x&code_challenge_method=S256",
        "scope=moment_management&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=plain",
        &long,
    ] {
        world.get(&app.authorize(rest)).await.shows(KauthFault::BadAuthorizeParameter);
    }
    let endless = format!("{SCOPE}&state={}", "x".repeat(20_000));
    world.get(&app.authorize(&endless)).await.shows(KauthFault::MalformedRequest);
}

#[tokio::test]
async fn someone_elses_asset_cannot_be_asked_for() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let lee = world.newcomer("lee@example.com").await;
    world.gives(&lee, "moment", "99", bizauth_core::asset::AssetKind::AdAccount, true).await;
    for id in ["99", "19", "404", "1_"] {
        let rest = format!("scope=moment_management&resource_ids=moment:11&resource_ids=moment:{id}");
        kim.asked(&app.authorize(&rest)).await.shows(KauthFault::NoBusinessAsset);
    }
    let good = kim.asked(&app.authorize("scope=moment_management&resource_ids=moment:11")).await;
    assert_eq!(good.status, 200);
}

#[tokio::test]
async fn a_person_without_assets_is_told_what_to_do() {
    let world = World::new().await;
    let (app, new) = (world.app().await, world.newcomer("new@example.com").await);
    new.asked(&app.authorize(SCOPE)).await.shows(KauthFault::NoBusinessAsset);
    new.asked(&app.authorize("scope=moment_create&resource_ids=moment:*")).await.shows(KauthFault::NoBusinessAsset);
    world.gives(&new, "keyword", "7", bizauth_core::asset::AssetKind::AdAccount, true).await;
    new.asked(&app.authorize(SCOPE)).await.shows(KauthFault::NoBusinessAsset);
    let first = new.asked(&app.authorize("scope=moment_create&resource_ids=moment:*")).await;
    assert_eq!(first.status, 200, "that is how a first ad account gets created");
}

#[tokio::test]
async fn the_person_is_judged_in_the_contracts_order() {
    let world = World::new().await;
    let biz = world.app().await;
    let app = world.app_of(AppKind::Test, Some(biz.id), None).await;
    let kim = world.newcomer("kim@example.com").await;
    kim.signs_in().await;
    world.by().set_business_centre(kim.id, false).await.unwrap();
    world.by().set_user_state(kim.id, UserState::Dormant).await.unwrap();
    kim.opens(&app.authorize(SCOPE)).await.shows(KauthFault::NotMember);
    world.by().add_member(app.id, kim.id, "editor").await.unwrap();
    kim.opens(&app.authorize(SCOPE)).await.shows(KauthFault::NotBusinessUser);
    world.by().set_business_centre(kim.id, true).await.unwrap();
    for state in [UserState::Dormant, UserState::Blocked, UserState::Withdrawn] {
        world.by().set_user_state(kim.id, state).await.unwrap();
        kim.opens(&app.authorize(SCOPE)).await.shows(KauthFault::AccountNotActive);
    }
    world.by().set_user_state(kim.id, UserState::Active).await.unwrap();
    kim.opens(&app.authorize(SCOPE)).await.shows(KauthFault::NoBusinessAsset);
}

#[tokio::test]
async fn an_account_may_issue_only_so_often_a_day() {
    let world = World::with(|config| config.issuance_limit = 2).await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    for _ in 0..2 {
        kim.consents(&app, SCOPE, &[("asset.moment", "11")]).await;
    }
    kim.asked(&app.authorize(SCOPE)).await.shows(KauthFault::IssuanceLimit);
    let other = world.app().await;
    assert_eq!(kim.asked(&other.authorize(SCOPE)).await.status, 200, "each app has its own");
    world.advance(crate::world::days(1));
    kim.signs_in().await;
    assert_eq!(kim.asked(&app.authorize(SCOPE)).await.status, 200, "and each day");
}

#[tokio::test]
async fn two_screens_cannot_get_past_the_limit_together() {
    let world = World::with(|config| config.issuance_limit = 1).await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let (one, two) = (kim.asked(&app.authorize(SCOPE)).await, kim.asked(&app.authorize(SCOPE)).await);
    assert_eq!(kim.answers(&one, "agree", &[("asset.moment", "11")]).await.status, 302);
    kim.answers(&two, "agree", &[("asset.moment", "11")]).await.shows(KauthFault::IssuanceLimit);
}

/// "HTML, or JSON when the client asks for JSON."
#[tokio::test]
async fn a_program_that_asks_for_json_gets_json() {
    let world = World::new().await;
    let request = world.request("GET", "/oauth/business/authorize?client_id=x").header("accept", "application/json");
    let answer = Answer::of(request).await;
    let body = r#"{"error":"invalid_client","error_description":"Not exist client_id [x]","error_code":"KOE101"}"#;
    assert_eq!((answer.status, answer.body.as_str()), (400, body));
}

#[tokio::test]
async fn a_page_speaks_korean_and_english() {
    let world = World::new().await;
    for (language, html) in [("ko-KR,ko;q=0.9", "lang=\"ko\""), ("en-US", "lang=\"en\"")] {
        let request = world.request("GET", "/oauth/business/authorize?client_id=x").header("accept-language", language);
        let answer = Answer::of(request).await;
        answer.shows(KauthFault::UnknownKey);
        assert!(answer.body.contains(html), "{language}");
    }
}

#[tokio::test]
async fn a_redirect_uri_with_a_query_keeps_it() {
    let world = World::new().await;
    let (mut app, kim) = (world.app().await, world.owner("kim@example.com").await);
    app.redirect_uri = "https://app.example.com/callback?tenant=7".to_owned();
    world.by().add_redirect_uri(app.key, app.redirect_uri.clone()).await.unwrap();
    let answer = kim.agrees(&app, SCOPE, &[("asset.moment", "11")]).await;
    assert!(answer.location().starts_with("https://app.example.com/callback?tenant=7&code=bzc_"));
}
