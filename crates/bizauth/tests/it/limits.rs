//! Limits: every entry at which something can be tried or done has one, by the tables of routes; each says when to come
//! again, counts what it should and nobody else's, and holds on every node.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bizauth::http::access::{Rule, place_of};
use bizauth::http::gate::purpose;
use bizauth::http::guard::form_token;
use bizauth::http::limits::{
    ACTIONS, ACTIONS_ADDRESS, CLIENT_ADDRESS, CLIENT_KEY, FIRST_CODES, INVITATIONS, KEY_ADDRESS, OPERATOR_KEY_ADDRESS,
    TEST_CALLS,
};
use bizauth::http::operator::v1;
use bizauth::http::{console, me, operator};
use bizauth::view::{Notice, Place};
use bizauth_core::app::AppKind;
use bizauth_core::fault::{KapiFault, KauthFault};
use bizauth_core::operator::Scope;
use bizauth_core::secret::{Credential, Secret};
use bizauth_store::Limit;

use crate::tidy;
use crate::world::{Answer, PASSWORD, Person, World, days, minutes};

/// The address that all tests come from.
const HERE: &str = "127.0.0.1";

/// Uses up a limit, as so many calls would.
async fn use_up(world: &World, limit: Limit, subject: &str) {
    while world.store().take(limit, subject.to_owned(), world.now()).await.unwrap() {}
}

/// Signs somebody in and keeps the session's secret, with which every form token is made.
async fn session_of(person: &Person) -> Secret {
    let answer = person.tries_password(PASSWORD, "/").await;
    let cookies = answer.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
    let session = cookies.filter_map(|cookie| cookie.split(';').next()?.strip_prefix("bizauth-session=")).next();
    Credential::Session.read(session.unwrap()).unwrap().1
}

/// The path with the app, or something that there is not, in the place of its parameters.
fn filled(path: &str, app: &str) -> String {
    let piece = |piece: &str| match piece {
        "{app}" => app.to_owned(),
        other if other.starts_with('{') => "999".to_owned(),
        other => other.to_owned(),
    };
    path.split('/').map(piece).collect::<Vec<_>>().join("/")
}

fn actions() -> Vec<Rule> {
    let all = [console::table(), me::table(), operator::pages_table()].into_iter().flatten();
    all.filter(|rule| rule.method == "POST").collect()
}

/// Rows that are added are tried without a word here: the gate counts every action.
#[tokio::test]
async fn every_action_of_the_tables_is_limited_by_account_and_by_address() {
    let world = World::new().await;
    let kim = world.operator("kim@example.com").await;
    let session = session_of(&kim).await;
    let app = world.app_of(AppKind::Biz, None, Some(kim.id)).await.id.to_string();
    assert!(actions().len() > 80);
    let head = world.store().audit_head().await.unwrap().seq;
    for (limit, subject) in [(ACTIONS, kim.id.to_string()), (ACTIONS_ADDRESS, HERE.to_owned())] {
        use_up(&world, limit, &subject).await;
        for rule in actions() {
            let path = filled(rule.path, &app);
            let token = form_token(&session, &purpose(&path));
            let at = if place_of(rule.path) == Place::Operator { &world.operators } else { &world.base };
            let told = kim.at(at).posts(&path, &[("form_token", &token)]).await;
            assert_eq!((told.status, told.header("retry-after")), (429, Some("60")), "{path} by {}", limit.kind);
            told.says(Notice::TooOften);
        }
        world.advance(minutes(1));
    }
    assert_eq!(world.store().audit_head().await.unwrap().seq, head, "nothing was done");
    let path = format!("/console/apps/{app}/rename");
    let renamed =
        kim.submits(&format!("/console/apps/{app}/settings"), &path, &[("name", "Later"), ("company", "Works")]).await;
    assert_eq!(renamed.status, 303, "{renamed:?}");
}

/// A form that is not the account's own does not use up what is.
#[tokio::test]
async fn forged_forms_cost_their_victim_nothing() {
    let world = World::new().await;
    let kim = world.newcomer("kim@example.com").await;
    kim.signs_in().await;
    kim.posts("/me/account/devices/forget-all", &[("form_token", "x")]).await.says(Notice::FormExpired);
    assert_eq!(world.store().taken(ACTIONS, &kim.id.to_string(), world.now()).await.unwrap(), 0);
    kim.submits("/me/account", "/me/account/devices/forget-all", &[]).await;
    assert_eq!(world.store().taken(ACTIONS, &kim.id.to_string(), world.now()).await.unwrap(), 1);
}

/// What bounds an entry.
enum Bound {
    /// What these tests prove; what it is.
    By(&'static str, &'static [&'static str]),
    /// Nothing, as there is nothing to try or to fill; why.
    Nothing(&'static str),
}

/// What lies outside the tables, by the text of the routers. A new entry must say here what bounds it, and name the tests
/// that prove it; an entry that is gone goes from here.
#[test]
fn every_entry_beside_the_tables_is_known_to_be_bounded() {
    const LOGIN: Bound =
        By("tries by address and account", &["passwords_and_codes_are_limited_by_address_and_by_account"]);
    const QUOTA: Bound = By(
        "the app's quota; a guess has 256 bits",
        &["a_quota_is_exact_however_many_call_at_once_and_on_whichever_node", "a_limit_says_when_it_begins_anew"],
    );
    use Bound::{By, Nothing};
    let bounded = BTreeMap::from([
        (
            "/oauth/business/authorize",
            By(
                "KOE236; of parked screens a session keeps the newest 30",
                &["an_account_may_issue_only_so_often_a_day", "nobody_fills_the_store_with_screens"],
            ),
        ),
        (
            "/oauth/business/token",
            By("wrong credentials", &["wrong_client_credentials_are_limited_and_right_ones_are_not"]),
        ),
        ("/v1/business/tokeninfo", QUOTA),
        ("/v1/business/userinfo", QUOTA),
        ("/v1/business/revoke", QUOTA),
        ("/v1/system/ips", By("wrong keys", &["wrong_app_keys_are_limited_and_right_ones_are_not"])),
        ("/login", LOGIN),
        ("/login/code", LOGIN),
        ("/logout", Nothing("it proves its form and ends its own session")),
        (
            "/consent",
            By(
                "KOE236; one answer a screen",
                &[
                    "two_screens_cannot_get_past_the_limit_together",
                    "cve_2025_46815_no_step_of_a_sign_in_can_be_used_again",
                ],
            ),
        ),
        ("/language", Nothing("it sets a cookie")),
        ("/operator/v1/openapi.json", Nothing("public")),
        ("/operator/v1/{*rest}", Nothing("nothing is there")),
        ("/", Nothing("public")),
        ("/static/{file}", Nothing("public")),
        ("/icons/{digest}", Nothing("public")),
        ("/favicon.ico", Nothing("public")),
        ("/openapi.json", Nothing("public")),
        ("/dev/callback", Nothing("of the demo, on loopback")),
        // The same keys as at system/ips, of which wrong ones count together with those sent there; else it is public.
        ("/ip-list", By("wrong keys", &["wrong_app_keys_are_limited_beside_the_list_too"])),
    ]);
    let routers = [
        include_str!("../../src/http/mod.rs"),
        include_str!("../../src/http/operator/mod.rs"),
        include_str!("../../src/http/operator/v1/mod.rs"),
    ]
    .concat();
    let found: Vec<&str> =
        routers.split(".route(\"").skip(1).map(|rest| rest.split('"').next().unwrap_or_default()).collect();
    assert!(found.len() > 15, "{found:?}");
    let found: BTreeSet<&str> =
        found.into_iter().map(|path| if path.starts_with("/ip-list/") { "/ip-list" } else { path }).collect();
    let known: BTreeSet<&str> = bounded.keys().copied().collect();
    let unknown: Vec<_> = found.difference(&known).collect();
    assert!(unknown.is_empty(), "say what bounds these entries, and prove it: {unknown:?}");
    let gone: Vec<_> = known.difference(&found).collect();
    assert!(gone.is_empty(), "there are no such entries: {gone:?}");
    let tests = tidy::black_box();
    for (path, bound) in bounded {
        match bound {
            By(what, named) => {
                let there = |name: &str| tests.contains(&format!("async fn {name}()"));
                let lost: Vec<_> = named.iter().filter(|name| !there(name)).collect();
                assert!(!named.is_empty() && lost.is_empty(), "{path}, {what}: no test is called {lost:?}");
            }
            Nothing(why) => assert!(!why.is_empty(), "{path}"),
        }
    }
}

#[tokio::test]
async fn every_route_of_the_operators_api_bounds_wrong_keys() {
    let world = World::new().await;
    let right = world.program(&[Scope::PlatformRead]).await;
    let secret = world.state.entropy.secret();
    let wrong = Credential::OperatorKey.spell(7, &secret);
    use_up(&world, OPERATOR_KEY_ADDRESS, HERE).await;
    for rule in v1::table() {
        let address = format!("{}{}", world.operators, filled(rule.path, "7"));
        let request = world.http.request(rule.method.clone(), &address);
        let told = Answer::of(request.header("authorization", format!("Bearer {wrong}"))).await;
        assert_eq!(told.status, 429, "{} {address}", rule.method);
    }
    assert_eq!(right.asks("GET", "/maintenance").await.status, 200);
}

#[tokio::test]
async fn a_limit_says_when_it_begins_anew() {
    let world = World::with(|config| (config.token_rate, config.issuance_limit) = (1, 2)).await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    world.advance(Duration::from_secs(20));
    let first = kim.consents(&app, "scope=moment_management", &[("asset.moment", "11")]).await;
    let second = kim.consents(&app, "scope=moment_management", &[("asset.moment", "11")]).await;
    let token = app.buys(&world, &first).await;
    // 03:00:20 in UTC: forty seconds of this minute are left, and 20 hours, 59 minutes and 40 seconds of this day.
    let told = app.redeems(&world, &second).await;
    told.refuses(KauthFault::TokenRateLimit, "");
    assert_eq!(told.header("retry-after"), Some("40"));
    let told = kim.asked(&app.authorize("scope=moment_management")).await;
    told.shows(KauthFault::IssuanceLimit);
    assert_eq!(told.header("retry-after"), Some("75580"));
    world.by().set_daily_quota(app.id, Some(1)).await.unwrap();
    assert_eq!(world.tokeninfo(&token).await.status, 200);
    for most in [1, 0] {
        world.by().set_daily_quota(app.id, Some(most)).await.unwrap();
        let told = world.tokeninfo(&token).await;
        told.declines(KapiFault::QuotaExceeded, "");
        assert_eq!(told.header("retry-after"), Some("75580"));
    }
    world.by().set_daily_quota(app.id, Some(3)).await.unwrap();
    assert_eq!(world.tokeninfo(&token).await.status, 200, "a quota that was raised counts at once");
    world.advance(Duration::from_secs(40));
    app.buys(&world, &second).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_is_exact_however_many_call_at_once_and_on_whichever_node() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let token = kim.lends(&world, &app).await;
    let other = world.another_node().await;
    // Both have seen the token of an app without a quota: the quota is for both at once.
    for node in [&world, &other, &world, &other] {
        assert_eq!(node.tokeninfo(&token).await.status, 200);
    }
    world.by().set_daily_quota(app.id, Some(10)).await.unwrap();
    let call = |base: &str| {
        let request = world.http.get(format!("{base}/v1/business/tokeninfo"));
        tokio::spawn(Answer::of(request.header("authorization", format!("Bearer {}", token.0))))
    };
    let calls: Vec<_> = (0..40).map(|n| call(if n % 2 == 0 { &world.base } else { &other.base })).collect();
    let mut heard = BTreeMap::<u16, usize>::new();
    for answer in calls {
        *heard.entry(answer.await.unwrap().status).or_default() += 1;
    }
    assert_eq!(heard, BTreeMap::from([(200, 10), (400, 30)]));
    for node in [&world, &other] {
        node.tokeninfo(&token).await.declines(KapiFault::QuotaExceeded, "");
    }
}

#[tokio::test]
async fn wrong_client_credentials_are_limited_and_right_ones_are_not() {
    let world = World::new().await;
    let (app, other) = (world.app().await, world.app().await);
    let with = |id: &str, secret: &str| {
        let fields = [("grant_type", "authorization_code"), ("redirect_uri", "https://a"), ("code", "x")];
        let own = [("client_id", id.to_owned()), ("client_secret", secret.to_owned())];
        fields.into_iter().map(|(name, value)| (name, value.to_owned())).chain(own).collect::<Vec<_>>()
    };
    let trade = async |fields: Vec<(&'static str, String)>| {
        Answer::of(world.request("POST", "/oauth/business/token").form(&fields)).await
    };
    // Tries of either kind: keys that no app has, and wrong secrets.
    use_up(&world, Limit { most: CLIENT_ADDRESS.most - 2, ..CLIENT_ADDRESS }, HERE).await;
    let nobody = "0".repeat(32);
    trade(with(&nobody, "x")).await.refuses(KauthFault::UnknownClient, &nobody);
    trade(with(&app.client_id, "x")).await.refuses(KauthFault::BadClientSecret, "");
    for fields in [with(&nobody, "x"), with(&app.client_id, "x"), with(&app.client_id, "x")] {
        trade(fields).await.refuses(KauthFault::TokenRateLimit, "");
    }
    trade(with(&app.client_id, &app.client_secret)).await.refuses(KauthFault::CodeNotFound, "x");
    world.advance(minutes(1));
    trade(with(&app.client_id, "x")).await.refuses(KauthFault::BadClientSecret, "");
    // For one key, wherever they come from.
    use_up(&world, CLIENT_KEY, &app.key.to_string()).await;
    trade(with(&app.client_id, "x")).await.refuses(KauthFault::TokenRateLimit, "");
    trade(with(&other.client_id, "x")).await.refuses(KauthFault::BadClientSecret, "");
    trade(with(&app.client_id, &app.client_secret)).await.refuses(KauthFault::CodeNotFound, "x");
}

#[tokio::test]
async fn wrong_app_keys_are_limited_and_right_ones_are_not() {
    let world = World::new().await;
    let app = world.app().await;
    let (_, admin) = world.key(&app, bizauth_core::key::KeyKind::Admin).await;
    let ask = async |key: &str| {
        Answer::of(world.request("GET", "/v1/system/ips").header("authorization", format!("KakaoAK {key}"))).await
    };
    use_up(&world, Limit { most: KEY_ADDRESS.most - 1, ..KEY_ADDRESS }, HERE).await;
    let wrong = "0".repeat(32);
    ask(&wrong).await.declines(KapiFault::UnknownKey, &wrong);
    let told = ask(&wrong).await;
    told.declines(KapiFault::QuotaExceeded, "");
    assert_eq!(told.header("retry-after"), Some("60"));
    // No list was published; so far comes only whoever was let in.
    ask(&admin).await.declines(KapiFault::StoreDown, "");
    world.advance(minutes(1));
    ask(&wrong).await.declines(KapiFault::UnknownKey, &wrong);
}

/// What stands beside the documented list asks for the same keys, unless it is public; then there is nothing to guess.
#[tokio::test]
async fn wrong_app_keys_are_limited_beside_the_list_too() {
    let world = World::with(|config| config.ip_list_public = false).await;
    let wrong = "0".repeat(32);
    let ask = async || {
        let beside = world.request("GET", "/ip-list/list.txt").header("authorization", format!("KakaoAK {wrong}"));
        Answer::of(beside).await
    };
    use_up(&world, Limit { most: KEY_ADDRESS.most - 1, ..KEY_ADDRESS }, HERE).await;
    ask().await.declines(KapiFault::UnknownKey, &wrong);
    ask().await.declines(KapiFault::QuotaExceeded, "");
}

/// Only listed proxies are believed. A stranger can neither hide behind invented addresses nor use up those of others.
#[tokio::test]
async fn forwarded_addresses_count_only_from_listed_proxies() {
    const INVENTED: &str = "203.0.113.9";
    let wrong = "0".repeat(32);
    for (listed, counted) in [(false, HERE), (true, INVENTED)] {
        let world = World::with(|config| {
            config.trusted_proxies = if listed { vec!["127.0.0.0/8".parse().unwrap()] } else { Vec::new() };
        })
        .await;
        let app = world.app().await;
        let from = |forwarded: &str, request: reqwest::RequestBuilder| request.header("x-forwarded-for", forwarded);
        let ask = || world.request("GET", "/v1/system/ips").header("authorization", format!("KakaoAK {wrong}"));
        Answer::of(from(INVENTED, ask())).await.declines(KapiFault::UnknownKey, &wrong);
        let fields = app.trade("x").into_iter().filter(|(name, _)| *name != "client_secret").collect::<Vec<_>>();
        let trade = || world.request("POST", "/oauth/business/token").form(&fields);
        Answer::of(from(INVENTED, trade())).await.refuses(KauthFault::BadClientSecret, "");
        let kim = world.newcomer("kim@example.com").await;
        let page = kim.opens("/login").await;
        let (token, email) = (page.input("/login", "form_token"), kim.email.as_str());
        let fields = [("email", email), ("password", "wrong"), ("next", "/"), ("form_token", token.as_str())];
        let login = kim.browser.post(format!("{}/login", world.base)).form(&fields);
        assert_eq!(Answer::of(from(INVENTED, login)).await.status, 401);
        for limit in [KEY_ADDRESS, CLIENT_ADDRESS, Limit { kind: "login address", most: 100, window: minutes(15) }] {
            for address in [HERE, INVENTED] {
                let taken = world.store().taken(limit, address, world.now()).await.unwrap();
                assert_eq!(taken, i64::from(address == counted), "{} of {address}, listed: {listed}", limit.kind);
            }
        }
        // Behind a listed proxy, what stands left of the last unlisted address is the caller's own invention.
        let told = Answer::of(from(&format!("198.51.100.1, {INVENTED}"), ask())).await;
        told.declines(KapiFault::UnknownKey, &wrong);
        assert_eq!(world.store().taken(KEY_ADDRESS, "198.51.100.1", world.now()).await.unwrap(), 0);
        assert_eq!(world.store().taken(KEY_ADDRESS, counted, world.now()).await.unwrap(), 2);
    }
}

/// The pages' own tests prove each number; here is that both kinds count at each entry.
#[tokio::test]
async fn passwords_and_codes_are_limited_by_address_and_by_account() {
    let world = World::new().await;
    let kim = world.newcomer("kim@example.com").await;
    kim.signs_in().await;
    let authenticator = kim.switches_on(&world).await;
    kim.signs_out().await;
    let address = |kind, minutes| Limit { kind, most: 100, window: crate::world::minutes(minutes) };
    kim.tries_password(PASSWORD, "/").await;
    let answer = kim.tries_code(&authenticator.wrong(&world)).await;
    assert_eq!(answer.status, 401);
    assert_eq!(kim.tries_password("wrong", "/").await.status, 401);
    for limit in [address("login address", 15), address("code address", 60)] {
        assert_eq!(world.store().taken(limit, HERE, world.now()).await.unwrap(), 1, "{}", limit.kind);
        use_up(&world, limit, HERE).await;
    }
    let told = kim.tries_password(PASSWORD, "/").await;
    assert_eq!((told.status, told.header("retry-after")), (429, Some("900")));
    // A little more than a minute is two.
    world.advance(minutes(15) - Duration::from_millis(60_400));
    assert_eq!(kim.tries_password(PASSWORD, "/").await.header("retry-after"), Some("120"));
    world.advance(Duration::from_millis(60_400));
    // The password is let in again; the code's hour is not over.
    assert_eq!(kim.tries_password(PASSWORD, "/").await.status, 303);
    let told = kim.tries_code(&authenticator.code(&world)).await;
    assert_eq!((told.status, told.header("retry-after")), (429, Some("2700")));
    world.advance(minutes(45));
    assert_eq!(kim.tries_password(PASSWORD, "/").await.status, 303);
    assert_eq!(kim.tries_code(&authenticator.code(&world)).await.status, 303);
}

#[tokio::test]
async fn invitations_and_calls_of_the_test_tool_have_limits_of_their_own() {
    let world = World::new().await;
    let kim = world.newcomer("kim@example.com").await;
    kim.signs_in().await;
    let app = world.app_of(AppKind::Biz, None, Some(kim.id)).await;
    let (members, tool) = (format!("/console/apps/{}/members", app.id), format!("/console/apps/{}/test", app.id));
    let limits: BTreeMap<&str, Limit> =
        console::table().into_iter().filter_map(|rule| Some((rule.path, rule.limit?))).collect();
    for (path, page, action, limit) in [
        ("/console/apps/{app}/members/invite", &members, format!("{members}/invite"), INVITATIONS),
        ("/console/apps/{app}/test/send", &tool, format!("{tool}/send"), TEST_CALLS),
        ("/console/apps/{app}/test/redeem", &tool, format!("{tool}/send"), TEST_CALLS),
    ] {
        assert_eq!(limits.get(path).map(|limit| limit.kind), Some(limit.kind), "{path}");
        world.advance(days(1));
        kim.signs_in().await;
        use_up(&world, limit, &kim.id.to_string()).await;
        let told = kim.submits(page, &action, &[("email", "lee@example.com")]).await;
        told.says(Notice::TooOften);
        let seconds = limit.window.as_secs().to_string();
        assert_eq!(told.header("retry-after"), Some(seconds.as_str()), "{path}");
    }
}

#[tokio::test]
async fn first_codes_are_limited() {
    let world = World::new().await;
    let kim = world.newcomer("kim@example.com").await;
    kim.signs_in().await;
    let (page, confirm) = ("/me/account/two-factor", "/me/account/two-factor/confirm");
    let begun = kim.submits(page, "/me/account/two-factor/begin", &[("current", PASSWORD)]).await;
    assert_eq!(begun.status, 303, "{begun:?}");
    for _ in 0..FIRST_CODES.most {
        assert_eq!(kim.submits(page, confirm, &[("code", "000000")]).await.status, 422);
    }
    let told = kim.submits(page, confirm, &[("code", "000000")]).await;
    assert_eq!((told.status, told.header("retry-after")), (429, Some("900")));
}
