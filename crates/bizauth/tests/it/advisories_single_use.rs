//! What went wrong with one-shot things in servers like this one: codes, steps, screens, marks, parallel tries.
//! `docs/advisories.md` has all the names.

use std::collections::BTreeMap;

use bizauth_core::fault::{KapiFault, KauthFault};
use bizauth_core::operator::Scope;

use crate::world::{Answer, App, BusinessToken, Jar, PASSWORD, World, days, minutes, the_one_bought};

const SCOPE: &str = "scope=moment_management,biz_account_email";
const PICK: &[(&str, &str)] = &[("asset.moment", "11")];
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";

/// Every secret of one kind, presented wherever another kind is looked at.
#[tokio::test]
async fn cve_2026_4282_a_secret_of_one_kind_opens_nothing_else() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let mut jar = Jar::default();
    assert_eq!(jar.gives_password(&world, &kim).await.status, 303);
    let parked = jar.opens(&world, &app.authorize(SCOPE)).await.location().to_owned();
    let screen = jar.opens(&world, &parked).await;
    let robot = world.program(&Scope::ALL).await;
    let code = kim.consents(&app, SCOPE, PICK).await;
    let token = kim.lends(&world, &app).await;
    let [session, device, form] = ["session", "device", "form"].map(|name| jar.0[&format!("bizauth-{name}")].clone());
    let pending = screen.input("/consent", "id");
    let form_token = screen.input("/consent", "form_token");
    let kinds = [&code, &token.0, &session, &device, &form, &pending, &form_token, &robot.key, &app.client_secret];
    let bearer = |base: &str, path: &str, value: &str| {
        Answer::of(world.http.get(format!("{base}{path}")).header("authorization", format!("Bearer {value}")))
    };
    for value in kinds {
        if *value != code {
            app.redeems(&world, value).await.refuses(KauthFault::CodeNotFound, value);
        }
        if *value != token.0 {
            let told = world.tokeninfo(&BusinessToken(value.clone())).await;
            told.declines(KapiFault::NoSuchToken, "");
            let told = world.revoke(&BusinessToken(value.clone())).await;
            told.declines(KapiFault::NoSuchToken, "");
        }
        if *value != robot.key {
            assert_eq!(bearer(&world.operators, "/operator/v1/accounts", value).await.status, 401);
        }
        if *value != session {
            let request = world.request("GET", "/console").header("cookie", format!("bizauth-session={value}"));
            assert_eq!(Answer::of(request).await.location(), "/login?next=%2Fconsole");
        }
        if *value != pending {
            assert_eq!(jar.opens(&world, &format!("/consent?id={value}")).await.status, 404);
        }
        if *value != app.client_secret {
            let fields: Vec<(&str, &str)> = app
                .trade(&code)
                .into_iter()
                .map(|(name, sent)| (name, if name == "client_secret" { value.as_str() } else { sent }))
                .collect();
            world.trade(&fields).await.refuses(KauthFault::BadClientSecret, "");
        }
        let fields = [("id", pending.as_str()), ("action", "agree"), ("asset.moment", "11"), ("form_token", value)];
        if *value != form_token {
            let told = jar.ask(world.request("POST", "/consent").form(&fields)).await;
            assert_eq!(told.status, 403);
        }
    }
    // None of them was hurt by it.
    assert_eq!(world.tokeninfo(&token).await.status, 200);
    app.buys(&world, &code).await;
    let fields = [("id", pending.as_str()), ("action", "agree"), ("asset.moment", "11"), ("form_token", &form_token)];
    assert_eq!(jar.ask(world.request("POST", "/consent").form(&fields)).await.status, 302);
}

/// Nothing that anybody can do frees a spent code, and the sweep does not for a month.
#[tokio::test]
async fn cve_2026_4325_one_shot_marks_survive_everything_but_their_sweep() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let code = kim.consents(&app, SCOPE, PICK).await;
    let other = kim.consents(&app, SCOPE, PICK).await;
    let token = app.buys(&world, &code).await;
    kim.submits("/me/account", "/me/account/devices/forget-all", &[]).await;
    kim.signs_out().await;
    assert!(world.by().set_password(kim.id, "$argon2id$none".to_owned()).await.unwrap());
    world
        .by()
        .issue_secret(app.key, bizauth_core::secret::Digest::of(app.client_secret.as_bytes()), world.now())
        .await
        .unwrap();
    for on in [true, false] {
        world.by().set_key_disabled(app.key, on).await.unwrap();
        world.by().set_maintenance(on).await.unwrap();
    }
    for passed in [minutes(1), days(1), days(28)] {
        world.advance(passed);
        while world.store().sweep(500, world.now()).await.unwrap().more {}
        app.redeems(&world, &code).await.refuses(KauthFault::CodeNotFound, &code);
        world.tokeninfo(&token).await.declines(KapiFault::NoSuchToken, "");
    }
    app.redeems(&world, &other).await.refuses(KauthFault::CodeNotFound, &other);
}

/// Another app's own, valid credentials: refused, and the code still works for the app it was issued to.
#[tokio::test]
async fn cve_2026_16089_a_code_belongs_to_the_app_that_asked() {
    let world = World::new().await;
    let (app, other, kim) = (world.app().await, world.app().await, world.owner("kim@example.com").await);
    let code = kim.consents(&app, SCOPE, PICK).await;
    other.redeems(&world, &code).await.refuses(KauthFault::WrongApp, "");
    // Also where it is the same app, and another key of it.
    let (key, client_id, client_secret) = world.rest_key(app.id, &app.redirect_uri).await;
    let sibling = App { key, client_id, client_secret, ..app.clone() };
    sibling.redeems(&world, &code).await.refuses(KauthFault::WrongApp, "");
    let token = app.buys(&world, &code).await;
    other.redeems(&world, &code).await.refuses(KauthFault::CodeNotFound, &code);
    assert_eq!(world.tokeninfo(&token).await.status, 200, "a stranger's replay kills nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_6749_4_1_2_a_replay_kills_the_first_token_also_when_concurrent() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let code = kim.consents(&app, SCOPE, PICK).await;
    let token = app.buys(&world, &code).await;
    app.redeems(&world, &code).await.refuses(KauthFault::CodeNotFound, &code);
    world.tokeninfo(&token).await.declines(KapiFault::NoSuchToken, "");
    let code = kim.consents(&app, SCOPE, PICK).await;
    let bought = the_one_bought(at_once(&world, &[&world.base], &app, &code, 2), &code).await;
    world.tokeninfo(&bought).await.declines(KapiFault::NoSuchToken, "");
}

/// `n` redemptions of a code at once, spread over these servers.
fn at_once(world: &World, bases: &[&String], app: &App, code: &str, n: usize) -> Vec<tokio::task::JoinHandle<Answer>> {
    let one = |n: usize| {
        let request = world.http.post(format!("{}/oauth/business/token", bases[n % bases.len()]));
        tokio::spawn(Answer::of(request.form(&app.trade(code))))
    };
    (0..n).map(one).collect()
}

/// Of redemptions on two nodes one succeeds, and the others end what it bought: for both nodes, also where both had seen
/// the token alive.
#[tokio::test(flavor = "multi_thread")]
async fn cve_2026_1035_of_parallel_redemptions_one_succeeds() {
    let world = World::new().await;
    let other = world.another_node().await;
    let (nodes, bases) = ([&world, &other], [&world.base, &other.base]);
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    for _ in 0..3 {
        let code = kim.consents(&app, SCOPE, PICK).await;
        let bought = the_one_bought(at_once(&world, &bases, &app, &code, 32), &code).await;
        for node in nodes {
            node.tokeninfo(&bought).await.declines(KapiFault::NoSuchToken, "");
        }
        let code = kim.consents(&app, SCOPE, PICK).await;
        let bought = app.buys(&world, &code).await;
        for node in [nodes, nodes].concat() {
            assert_eq!(node.tokeninfo(&bought).await.status, 200);
        }
        for replay in at_once(&world, &bases, &app, &code, 8) {
            replay.await.unwrap().refuses(KauthFault::CodeNotFound, &code);
        }
        for node in nodes {
            node.tokeninfo(&bought).await.declines(KapiFault::NoSuchToken, "");
        }
    }
}

/// A screen is answered in the session it was shown to, with the form that was on it, and by no link.
#[tokio::test]
async fn cve_2022_39222_consent_is_bound_to_session_and_request() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let (eve, evil) = (world.owner("eve@example.com").await, world.app().await);
    let mine = kim.asked(&app.authorize(SCOPE)).await;
    let theirs = eve.asked(&evil.authorize(SCOPE)).await;
    let (id, form) = (mine.input("/consent", "id"), mine.input("/consent", "form_token"));
    let (their_id, their_form) = (theirs.input("/consent", "id"), theirs.input("/consent", "form_token"));
    // Whoever opens somebody else's screen makes a request of their own, and is asked themselves.
    for (who, id) in [(&eve, &id), (&kim, &their_id)] {
        let led = who.opens(&format!("/consent?id={id}")).await;
        assert!(led.status == 303 && led.location().starts_with("/oauth/business/authorize?"), "{led:?}");
    }
    for (who, id, form) in
        [(&eve, &id, &form), (&eve, &id, &their_form), (&kim, &their_id, &form), (&kim, &their_id, &their_form)]
    {
        let fields = [("id", id.as_str()), ("form_token", form), ("action", "agree"), ("asset.moment", "11")];
        let told = who.posts("/consent", &fields).await;
        assert!([403, 404].contains(&told.status), "{told:?}");
        assert_eq!(told.header("location"), None);
    }
    // Two screens of one person: the form of one is none for the other.
    let second = kim.asked(&evil.authorize(SCOPE)).await;
    let fields = [("id", id.as_str()), ("form_token", &second.input("/consent", "form_token")), ("action", "agree")];
    assert_eq!(kim.posts("/consent", &fields).await.status, 403);
    let query = format!("/consent?id={id}&form_token={form}&action=agree&asset.moment=11");
    assert_eq!(kim.opens(&query).await.status, 200, "a link only shows the screen");
    assert_eq!(kim.answers(&mine, "agree", PICK).await.status, 302);
}

#[tokio::test]
async fn cve_2023_48228_a_missing_verifier_does_not_skip_the_check() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let code = kim.consents(&app, &format!("{SCOPE}&{CHALLENGE}"), PICK).await;
    app.redeems(&world, &code).await.refuses(KauthFault::BadVerifier, "");
    for wrong in ["", "x", &VERIFIER[1..], &VERIFIER.to_uppercase(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"] {
        let fields = [app.trade(&code), vec![("code_verifier", wrong)]].concat();
        world.trade(&fields).await.refuses(KauthFault::BadVerifier, "");
    }
    let fields = [app.trade(&code), vec![("code_verifier", VERIFIER)]].concat();
    assert_eq!(world.trade(&fields).await.status, 200);
}

/// Whoever strips the challenge from the address gains nothing: the verifier then has nothing to answer to.
#[tokio::test]
async fn cve_2024_23647_a_verifier_without_a_challenge_is_refused() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let code = kim.consents(&app, SCOPE, PICK).await;
    let fields = [app.trade(&code), vec![("code_verifier", VERIFIER)]].concat();
    world.trade(&fields).await.refuses(KauthFault::BadVerifier, "");
    for half in [
        "code_challenge_method=S256",
        &CHALLENGE.replace("S256", "plain"),
        &CHALLENGE.replace("&code_challenge_method=S256", ""),
    ] {
        kim.asked(&app.authorize(&format!("{SCOPE}&{half}"))).await.shows(KauthFault::BadAuthorizeParameter);
    }
}

/// Whoever strips the challenge and sends no verifier either gets through only where the app lets plain requests through.
#[tokio::test]
async fn cve_2024_23647_a_key_that_requires_pkce_lets_no_stripped_request_through() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let before = kim.asked(&app.authorize(SCOPE)).await;
    let issued = kim.consents(&app, SCOPE, PICK).await;
    assert!(world.by().set_pkce_required(app.key, true).await.unwrap());
    let why = "code_challenge is missing: this REST API key requires PKCE";
    for asks in [
        kim.asked(&app.authorize(SCOPE)).await,
        kim.answers(&before, "agree", PICK).await,
        world.newcomer("lee@example.com").await.opens(&app.authorize(SCOPE)).await,
    ] {
        asks.shows(KauthFault::BadAuthorizeParameter);
        assert!(asks.body.contains(why) && asks.header("location").is_none(), "{asks:?}");
    }
    assert_eq!(app.redeems(&world, &issued).await.status, 200, "a code that was issued is traded as it was asked for");
    let bound = kim.consents(&app, &format!("{SCOPE}&{CHALLENGE}"), PICK).await;
    app.redeems(&world, &bound).await.refuses(KauthFault::BadVerifier, "");
    let fields = [app.trade(&bound), vec![("code_verifier", VERIFIER)]].concat();
    assert_eq!(world.trade(&fields).await.status, 200);
    assert!(world.by().set_pkce_required(app.key, false).await.unwrap());
    assert_eq!(kim.asked(&app.authorize(SCOPE)).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn cve_2023_47111_of_a_hundred_parallel_wrong_passwords_ten_are_looked_at() {
    let world = World::new().await;
    let kim = world.newcomer("kim@example.com").await;
    let token = kim.opens("/login").await.input("/login", "form_token");
    let form = [("email", "kim@example.com"), ("password", "wrong horse"), ("next", "/"), ("form_token", &token)];
    let call = |_| tokio::spawn(Answer::of(kim.browser.post(format!("{}/login", world.base)).form(&form)));
    let calls: Vec<_> = (0..100).map(call).collect();
    let mut heard = BTreeMap::<u16, usize>::new();
    for call in calls {
        *heard.entry(call.await.unwrap().status).or_default() += 1;
    }
    assert_eq!(heard, BTreeMap::from([(401, 10), (429, 90)]));
}

/// What bounds wrong passwords must not keep right ones out, also when they come all at once.
#[tokio::test(flavor = "multi_thread")]
async fn keycloak_48272_and_cve_2026_16103_parallel_good_logins_pass() {
    let world = World::new().await;
    let kim = world.newcomer("kim@example.com").await;
    let token = kim.opens("/login").await.input("/login", "form_token");
    let form = [("email", "kim@example.com"), ("password", PASSWORD), ("next", "/"), ("form_token", &token)];
    let call = |_| tokio::spawn(Answer::of(kim.browser.post(format!("{}/login", world.base)).form(&form)));
    let calls: Vec<_> = (0..24).map(call).collect();
    for call in calls {
        assert_eq!(call.await.unwrap().status, 303);
    }
    kim.signs_out().await;
    assert_eq!(kim.tries_password("wrong", "/").await.status, 401, "and none of them was counted");
}

/// Every step between the first page and the token works once: password, second factor, screen, code.
#[tokio::test]
async fn cve_2025_46815_no_step_of_a_sign_in_can_be_used_again() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    kim.signs_in().await;
    let phone = kim.switches_on(&world).await;
    world.advance(minutes(1));
    let mut jar = Jar::default();
    assert_eq!(jar.gives_password(&world, &kim).await.location(), "/login/code?next=%2F");
    let mut stolen = Jar(jar.0.clone());
    let token = jar.opens(&world, "/login/code").await.input("/login/code", "form_token");
    let code = phone.code(&world);
    let fields = [("code", code.as_str()), ("next", "/"), ("form_token", &token)];
    assert_eq!(jar.ask(world.request("POST", "/login/code").form(&fields)).await.location(), "/");
    // The same cookies, the same form, a code that nobody used: the step is over.
    world.advance(minutes(1));
    let code = phone.code(&world);
    let fields = [("code", code.as_str()), ("next", "/"), ("form_token", &token)];
    let again = stolen.ask(world.request("POST", "/login/code").form(&fields)).await;
    assert!(again.location().starts_with("/login?"), "{again:?}");
    assert!(stolen.0.get("bizauth-session").is_none_or(String::is_empty));
    let screen = jar.opens(&world, &app.authorize(SCOPE)).await;
    let screen = jar.opens(&world, screen.location()).await;
    let (id, form) = (screen.input("/consent", "id"), screen.input("/consent", "form_token"));
    let fields = [("id", id.as_str()), ("form_token", &form), ("action", "agree"), ("asset.moment", "11")];
    let agreed = jar.ask(world.request("POST", "/consent").form(&fields)).await;
    assert_eq!(agreed.status, 302);
    assert_eq!(jar.ask(world.request("POST", "/consent").form(&fields)).await.status, 409);
    let code = agreed.location().split("code=").nth(1).unwrap().to_owned();
    app.buys(&world, &code).await;
    app.redeems(&world, &code).await.refuses(KauthFault::CodeNotFound, &code);
}

/// There are no client assertions here. What identifies one use of anything is kept, and bounded.
#[tokio::test]
async fn cve_2020_5300_no_identifier_counts_twice() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    kim.signs_in().await;
    let phone = kim.switches_on(&world).await;
    world.advance(minutes(1));
    for (given, works) in [
        (phone.code(&world), true),
        (phone.code(&world), false),
        (phone.recovery[0].clone(), true),
        (phone.recovery[0].clone(), false),
    ] {
        kim.signs_out().await;
        assert_eq!(kim.tries_password(PASSWORD, "/me").await.status, 303);
        assert_eq!(kim.tries_code(&given).await.status, if works { 303 } else { 401 });
        if !works {
            assert_eq!(kim.tries_code(&phone.recovery[if given.len() > 6 { 1 } else { 2 }]).await.status, 303);
        }
    }
    let assertion = [
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", "eyJhbGciOiJub25lIn0.e30."),
    ];
    let without: Vec<_> = app.trade("x").into_iter().filter(|(name, _)| *name != "client_secret").collect();
    world.trade(&[without, assertion.to_vec()].concat()).await.refuses(KauthFault::BadClientSecret, "");
}
