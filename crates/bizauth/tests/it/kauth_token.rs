//! `POST /oauth/business/token`: the checks in their order, and one token for one code.

use bizauth_core::fault::KauthFault;
use bizauth_core::key::KeyKind;
use bizauth_core::secret::{Credential, Digest, Secret};
use bizauth_core::user::UserState;

use crate::world::{Answer, BusinessToken, World, minutes, the_one_bought};

const SCOPE: &str = "scope=moment_management,biz_account_email";
const PICK: &[(&str, &str)] = &[("asset.moment", "11")];

#[tokio::test]
async fn a_code_buys_one_token() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let code = kim.consents(&app, SCOPE, PICK).await;
    let answer = app.redeems(&world, &code).await;
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    let body =
        format!(r#"{{"access_token":"{token}","token_type":"bearer","scope":"moment_management biz_account_email"}}"#);
    answer.is(&body);
    assert!(token.starts_with("bzt_"));
    assert_eq!((answer.header("cache-control"), answer.header("pragma")), (Some("no-store"), Some("no-cache")));
}

/// RFC 6749, section 4.1.2 (doorkeeper 1865).
#[tokio::test]
async fn a_second_use_of_a_code_kills_the_token_that_the_first_one_bought() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let code = kim.consents(&app, SCOPE, PICK).await;
    let token = app.buys(&world, &code).await;
    assert_eq!(world.tokeninfo(&token).await.status, 200);
    app.redeems(&world, &code).await.refuses(KauthFault::CodeNotFound, &code);
    world.tokeninfo(&token).await.declines(bizauth_core::fault::KapiFault::NoSuchToken, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_redemptions_of_one_code_issue_one_token() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let code = kim.consents(&app, SCOPE, PICK).await;
    let calls = (0..50).map(|_| {
        let (request, fields) = (world.request("POST", "/oauth/business/token"), app.trade(&code));
        tokio::spawn(Answer::of(request.form(&fields)))
    });
    let bought = the_one_bought(calls.collect(), &code).await;
    world.tokeninfo(&bought).await.declines(bizauth_core::fault::KapiFault::NoSuchToken, "");
}

#[tokio::test]
async fn a_request_that_is_no_form_is_malformed() {
    let world = World::new().await;
    let app = world.app().await;
    let path = "/oauth/business/token";
    let form = "application/x-www-form-urlencoded";
    for (kind, body, about) in [
        ("application/json", &b"{}"[..], "Content-Type must be application/x-www-form-urlencoded"),
        ("application/x-www-form-urlencoded;charset=euc-kr", b"a=1", "charset must be utf-8"),
        (form, b"grant_type=%ff", "grant_type is not UTF-8"),
        (form, b"grant_type=\xff", "the body is not UTF-8"),
        (form, b"code=a%00b", "code holds a control character"),
        (form, b"", "grant_type is missing"),
        (form, b"grant_type=&client_id=x", "grant_type is missing"),
        (form, b"grant_type=authorization_code", "client_id is missing"),
        (form, b"grant_type=authorization_code&client_id=x", "code is missing"),
        (form, b"grant_type=authorization_code&client_id=x&code=y", "redirect_uri is missing"),
        (form, b"code=1&grant_type=authorization_code&code=2", "code was sent twice"),
        (form, b"x=1&x=2", "x was sent twice"),
    ] {
        let request = world.request("POST", path).header("content-type", kind).body(body.to_vec());
        Answer::of(request).await.refuses(KauthFault::MalformedTokenRequest, about);
    }
    let long = format!("code={}", "x".repeat(10_000));
    let request = world.request("POST", path).header("content-type", form).body(long);
    Answer::of(request).await.refuses(KauthFault::MalformedTokenRequest, "code is longer than 8192 bytes");
    let huge = world.request("POST", path).header("content-type", form).body("x".repeat(1 << 20));
    Answer::of(huge).await.refuses(KauthFault::MalformedTokenRequest, "the body is too long or broke off");
    let query =
        Answer::of(world.request("POST", &format!("{path}?client_id={}", app.client_id)).form(&[("a", "1")])).await;
    query.refuses(KauthFault::MalformedTokenRequest, "grant_type is missing");
}

/// Integrators tell a bad secret from a bad code by it: each request breaks one more rule than the one before.
#[tokio::test]
async fn the_checks_come_in_the_contracts_order() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let (_, other_id, other_secret) = world.rest_key(app.id, &app.redirect_uri).await;
    let code = kim.consents(&app, SCOPE, PICK).await;
    let mut fields = app.trade(&code);
    let mut set = |name: &'static str, value: &'static str| {
        fields.iter_mut().find(|field| field.0 == name).unwrap().1 = value;
        fields.clone()
    };
    world
        .trade(&set("redirect_uri", "https://app.example.com/callback/"))
        .await
        .refuses(KauthFault::RedirectUriMismatch, "");
    world.trade(&set("code", "bzc_nonsense")).await.refuses(KauthFault::CodeNotFound, "bzc_nonsense");
    world.trade(&set("client_secret", "wrong")).await.refuses(KauthFault::BadClientSecret, "");
    world.trade(&set("client_id", "x")).await.refuses(KauthFault::UnknownClient, "x");
    world.trade(&set("grant_type", "password")).await.refuses(KauthFault::UnsupportedGrantType, "password");
    // Another key with valid credentials: refused, and the code still works for its own (CVE-2026-16089).
    let stolen: Vec<_> = app
        .trade(&code)
        .into_iter()
        .map(|(name, value)| match name {
            "client_id" => (name, other_id.as_str()),
            "client_secret" => (name, other_secret.as_str()),
            _ => (name, value),
        })
        .collect();
    world.trade(&stolen).await.refuses(KauthFault::WrongApp, "");
    let token = app.buys(&world, &code).await;
    world.trade(&stolen).await.refuses(KauthFault::CodeNotFound, &code);
    assert_eq!(world.tokeninfo(&token).await.status, 200, "a stranger's replay kills nothing");
}

/// CVE-2026-16089: valid credentials of another app buy nothing, and leave the code to its own.
#[tokio::test]
async fn another_app_cannot_use_the_code() {
    let world = World::new().await;
    let (app, other, kim) = (world.app().await, world.app().await, world.owner("kim@example.com").await);
    let code = kim.consents(&app, SCOPE, PICK).await;
    other.redeems(&world, &code).await.refuses(KauthFault::WrongApp, "");
    app.buys(&world, &code).await;
}

#[tokio::test]
async fn only_a_rest_api_key_in_the_body_is_a_client() {
    let world = World::new().await;
    let (mut app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let code = kim.consents(&app, SCOPE, PICK).await;
    let body = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", &app.redirect_uri)];
    let basic = world.request("POST", "/oauth/business/token").basic_auth(&app.client_id, Some(&app.client_secret));
    Answer::of(basic.form(&body)).await.refuses(KauthFault::UnknownClient, "null");
    for kind in [KeyKind::Native, KeyKind::JavaScript, KeyKind::Admin] {
        app.client_id = world.key(&app, kind).await.1;
        app.redeems(&world, &code).await.refuses(KauthFault::UnknownClient, &app.client_id);
    }
    app.client_id = "A".repeat(32);
    app.redeems(&world, &code).await.refuses(KauthFault::UnknownClient, &app.client_id);
}

/// "The Client secret feature is enabled by default."
#[tokio::test]
async fn a_client_secret_is_needed_while_it_is_on() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let code = kim.consents(&app, SCOPE, PICK).await;
    let without: Vec<_> = app.trade(&code).into_iter().filter(|field| field.0 != "client_secret").collect();
    world.trade(&without).await.refuses(KauthFault::BadClientSecret, "");
    let login_secret = [&without[..], &[("client_secret", "")]].concat();
    world.trade(&login_secret).await.refuses(KauthFault::BadClientSecret, "");
    world.by().set_secret_on(app.key, false).await.unwrap();
    assert_eq!(world.trade(&without).await.status, 200);
}

#[tokio::test]
async fn an_old_secret_overlaps_with_its_successor_for_the_chosen_time() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let mut renewed = app.clone();
    renewed.client_secret = world.state.entropy.client_secret();
    let digest = Digest::of(renewed.client_secret.as_bytes());
    world.by().issue_secret(app.key, digest, world.now().plus(minutes(5))).await.unwrap();
    for client in [&app, &renewed] {
        let code = kim.consents(&app, SCOPE, PICK).await;
        client.buys(&world, &code).await;
    }
    let code = kim.consents(&app, SCOPE, PICK).await;
    world.advance(minutes(5));
    app.redeems(&world, &code).await.refuses(KauthFault::BadClientSecret, "");
    renewed.buys(&world, &code).await;
}

#[tokio::test]
async fn a_key_may_be_bound_to_addresses() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let code = kim.consents(&app, SCOPE, PICK).await;
    world.by().set_callers(app.key, &["203.0.113.0/24".parse().unwrap()]).await.unwrap();
    app.redeems(&world, &code).await.refuses(KauthFault::CallerNotAllowed, "127.0.0.1");
    let forged = world.request("POST", "/oauth/business/token").header("x-forwarded-for", "203.0.113.9");
    Answer::of(forged.form(&app.trade(&code))).await.refuses(KauthFault::CallerNotAllowed, "127.0.0.1");
    world.by().set_callers(app.key, &["127.0.0.0/8".parse().unwrap()]).await.unwrap();
    app.buys(&world, &code).await;
}

#[tokio::test]
async fn a_code_lives_ten_minutes() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let (early, late) = (kim.consents(&app, SCOPE, PICK).await, kim.consents(&app, SCOPE, PICK).await);
    world.advance(minutes(10) - std::time::Duration::from_millis(1));
    app.buys(&world, &early).await;
    world.advance(std::time::Duration::from_millis(1));
    app.redeems(&world, &late).await.refuses(KauthFault::CodeNotFound, &late);
}

/// A right id with a wrong secret neither claims nor revokes anything; no credential passes for another
/// (CVE-2026-4282).
#[tokio::test]
async fn nothing_but_the_code_itself_is_the_code() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let code = kim.consents(&app, SCOPE, PICK).await;
    let (id, secret) = Credential::Code.read(&code).unwrap();
    let forged = Credential::Code.spell(id, &Secret::from_bytes([1; 32]));
    app.redeems(&world, &forged).await.refuses(KauthFault::CodeNotFound, &forged);
    let as_token = Credential::Token.spell(id, &secret);
    app.redeems(&world, &as_token).await.refuses(KauthFault::CodeNotFound, &as_token);
    world.tokeninfo(&BusinessToken(code.clone())).await.declines(bizauth_core::fault::KapiFault::NoSuchToken, "");
    let token = app.buys(&world, &code).await;
    app.redeems(&world, &forged).await.refuses(KauthFault::CodeNotFound, &forged);
    app.redeems(&world, &token.0).await.refuses(KauthFault::CodeNotFound, &token.0);
    assert_eq!(world.tokeninfo(&token).await.status, 200);
}

/// RFC 7636; a missing verifier skips nothing (CVE-2023-48228), nor does a stripped challenge (CVE-2024-23647).
#[tokio::test]
async fn a_challenge_asks_for_its_verifier() {
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let bound = kim.consents(&app, &format!("{SCOPE}&{CHALLENGE}"), PICK).await;
    app.redeems(&world, &bound).await.refuses(KauthFault::BadVerifier, "");
    let with = |code, verifier| [app.trade(code), vec![("code_verifier", verifier)]].concat();
    world.trade(&with(&bound, &VERIFIER[1..])).await.refuses(KauthFault::BadVerifier, "");
    let free = kim.consents(&app, SCOPE, PICK).await;
    world.trade(&with(&free, VERIFIER)).await.refuses(KauthFault::BadVerifier, "");
    assert_eq!(world.trade(&with(&bound, VERIFIER)).await.status, 200);
}

#[tokio::test]
async fn a_key_may_have_only_so_many_tokens_a_minute() {
    let world = World::with(|config| config.token_rate = 2).await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    for _ in 0..2 {
        let code = kim.consents(&app, SCOPE, PICK).await;
        app.buys(&world, &code).await;
    }
    let code = kim.consents(&app, SCOPE, PICK).await;
    app.redeems(&world, &code).await.refuses(KauthFault::TokenRateLimit, "");
    world.advance(minutes(1));
    app.buys(&world, &code).await;
}

/// CVE-2025-64521, CVE-2026-1609, CVE-2026-1486, CVE-2026-9705: what has ended buys nothing, and lifting revives nothing.
#[tokio::test]
async fn a_code_dies_with_what_it_stands_for() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let code = kim.consents(&app, SCOPE, PICK).await;
    world.by().set_user_state(kim.id, UserState::Blocked).await.unwrap();
    app.redeems(&world, &code).await.refuses(KauthFault::CodeNotFound, &code);
    world.by().set_user_state(kim.id, UserState::Active).await.unwrap();
    app.redeems(&world, &code).await.refuses(KauthFault::CodeNotFound, &code);

    let code = kim.consents(&app, SCOPE, PICK).await;
    for on in [true, false] {
        world.by().set_sanction(app.id, on).await.unwrap();
        app.redeems(&world, &code).await.refuses(KauthFault::CodeNotFound, &code);
    }
    let code = kim.consents(&app, SCOPE, PICK).await;
    world.by().withdraw_consents(kim.id, app.id).await.unwrap();
    app.redeems(&world, &code).await.refuses(KauthFault::CodeNotFound, &code);

    let code = kim.consents(&app, SCOPE, PICK).await;
    world.by().delete_app(app.id).await.unwrap();
    app.redeems(&world, &code).await.refuses(KauthFault::UnknownClient, &app.client_id);
}
