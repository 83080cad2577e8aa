//! `bizauth dev`: isolated worlds in one process, snapshots, reset, and a run that is run again.

use std::net::{Ipv4Addr, SocketAddr};

use bizauth::config::Config;
use bizauth::dev::replay::Run;
use bizauth::dev::{Dev, Setup, ground};
use bizauth_core::time::Time;
use serde_json::{Value, json};

use crate::world::dev::Platform;

#[tokio::test]
async fn a_world_is_meant_by_prefix_header_host_key_token_or_cookie() {
    let dev = Platform::new().await;
    let world = dev.world(json!({ "id": "ci-1", "random": 9 })).await;
    let (key, ..) = world.client().await;
    let token = world.token().await;
    let info = |at: &str| dev.http.get(format!("{at}/v1/business/tokeninfo"));
    assert_eq!(dev.ask(info(&world.base).bearer_auth(&token)).await.status, 200, "by the prefix");
    assert_eq!(dev.ask(info(&dev.base).bearer_auth(&token)).await.status, 200, "by its token");
    let told = |heard: crate::world::dev::Heard| heard.json()["id"].as_str().unwrap_or_default().to_owned();
    let named = dev.http.get(format!("{}/_dev/world", dev.base)).header("x-bizauth-world", "ci-1");
    assert_eq!(told(dev.ask(named).await), "ci-1");
    let hosted = dev.http.get(format!("{}/_dev/world", dev.base)).header("host", "ci-1.localhost");
    assert_eq!(told(dev.ask(hosted).await), "ci-1");
    let cookie = dev.http.get(format!("{}/_dev/world", dev.base)).header("cookie", "bizauth-dev-world=ci-1");
    assert_eq!(told(dev.ask(cookie).await), "ci-1");
    let ips = dev.http.get(format!("{}/v1/system/ips", dev.base)).header("authorization", format!("KakaoAK {key}"));
    assert_eq!(dev.ask(ips).await.status, 200, "by its key");
    let page = world.get("/login").await;
    let cookies: Vec<_> = page.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok()).collect();
    let stays = cookies.iter().any(|cookie| cookie.starts_with("bizauth-dev-world=ci-1;"));
    assert!(stays, "a browser stays in the world of a page: {cookies:?}");
    assert_eq!(told(dev.get("/_dev/world").await), "default");
}

#[tokio::test]
async fn a_world_that_is_gone_answers_410_with_its_id() {
    let dev = Platform::new().await;
    let world = dev.world(json!({ "id": "gone" })).await;
    let token = world.token().await;
    assert_eq!(dev.delete("/_dev/worlds/gone").await.status, 204);
    for heard in
        [world.get("/v1/system/ips").await, dev.get("/_dev/worlds/gone").await, dev.delete("/_dev/worlds/gone").await]
    {
        assert_eq!((heard.status, heard.json()["world"].as_str()), (410, Some("gone")), "{}", heard.text);
    }
    assert_eq!(dev.tokeninfo(&token).await.status, 401, "its token is nobody's");
    assert_eq!(dev.post("/_dev/worlds", json!({ "id": "gone" })).await.status, 409, "an id is not used again");
    assert_eq!(dev.get("/_w/never/").await.status, 404);
    assert_eq!(dev.delete("/_dev/worlds/default").await.status, 409);
}

#[tokio::test]
async fn two_workers_and_a_thousand_worlds_do_not_meet() {
    const EACH: usize = 500;
    let dev = Platform::new().await;
    let seed = json!({
        "users": [{ "email": "a@example.com", "assets": [{ "group": "keyword", "id": "1" }] }],
        "apps": [{ "name": "One", "kind": "biz", "items": ["keyword_management"],
                   "keys": [{ "kind": "rest_api", "redirect_uris": ["http://localhost/cb"] }] }],
    });
    let worker = async |name: &str| {
        let mut tokens = Vec::new();
        for n in 0..EACH {
            let world = dev.world(json!({ "id": format!("{name}-{n}"), "seed": seed, "random": n, "clock": { "at": "2026-11-21T12:00:00+09:00", "frozen": true } })).await;
            let made = world.post("/_dev/tokens", json!({})).await;
            assert_eq!(made.status, 201, "{}", made.text);
            tokens.push((world, made.json()["access_token"].as_str().unwrap().to_owned()));
        }
        for (world, token) in &tokens {
            let seen = world.get("/_dev/requests").await.json()["requests"].as_array().unwrap().len();
            assert_eq!(seen, 0, "nobody else's call is in its log");
            assert_eq!(world.tokeninfo(token).await.status, 200);
        }
        tokens
    };
    let (one, two) = tokio::join!(worker("one"), worker("two"));
    // The same number in both: two worlds whose chance is the same have the same tokens, and are told apart by the path.
    assert_eq!(one[3].1, two[3].1);
    assert_eq!(
        one[3]
            .0
            .ask(dev.http.post(format!("{}/v1/business/revoke", one[3].0.base)).bearer_auth(&one[3].1))
            .await
            .status,
        200
    );
    assert_eq!(two[3].0.tokeninfo(&two[3].1).await.status, 200, "what one revoked lives in the other");
    assert_eq!(dev.tokeninfo(&two[3].1).await.status, 421, "and without a path nobody guesses");
    for (world, _) in one.iter().chain(&two) {
        let id = world.base.rsplit('/').next().unwrap();
        assert_eq!(dev.delete(&format!("/_dev/worlds/{id}")).await.status, 204);
    }
}

/// What a test does: consent, redemption, a wrong secret, a replay, a fault, a clock.
async fn a_run(dev: &Platform) -> String {
    let token = dev.token().await;
    dev.tokeninfo(&token).await;
    dev.agrees("moment_management", &[("action", "deny")]).await;
    let agreed = dev.agrees("keyword_management", &[]).await;
    let code = agreed.parameter("code").unwrap();
    dev.redeems(&code).await;
    dev.redeems(&code).await;
    dev.post("/_dev/faults", json!({ "endpoint": "userinfo", "code": "-9798", "times": 1 })).await;
    dev.ask(dev.http.get(format!("{}/v1/business/userinfo", dev.base)).bearer_auth(&token)).await;
    dev.advance("400 days").await;
    dev.tokeninfo(&token).await;
    dev.get("/_dev/requests?control=true&most=1000").await.text
}

#[tokio::test]
async fn the_same_run_twice_gives_the_same_bytes() {
    let at = || Setup {
        random: Some(7),
        at: Some(Time::from_millis(1_795_230_000_000)),
        frozen: Some(true),
        ..Setup::default()
    };
    let (one, two) = (Platform::with(at()).await, Platform::with(at()).await);
    assert_ne!(one.base, two.base);
    let logs = (a_run(&one).await, a_run(&two).await);
    assert!(logs.0.len() > 5000 && logs.0.contains("KOE320"), "{}", logs.0);
    assert_eq!(logs.0, logs.1);
    assert_eq!(one.post("/_dev/reset", json!({})).await.status, 200);
    assert_eq!(a_run(&one).await, logs.0.clone(), "and after a reset again");
}

#[tokio::test]
async fn a_run_is_one_file_that_runs_again() {
    let dev = Platform::new().await;
    a_run(&dev).await;
    let file = dev.get("/_dev/run").await.text;
    let run: Run = serde_json::from_str(&file).unwrap();
    let (same, difference) =
        run.again(ground("http://127.0.0.1:1".to_owned(), Config::default()).await.unwrap()).await.unwrap();
    assert!(difference.is_none(), "{difference:?}");
    assert!(same > 10, "{same}");
    let mut other: Value = serde_json::from_str(&file).unwrap();
    let last = other["calls"].as_array().unwrap().len() - 1;
    other["calls"][last]["answer"]["status"] = json!(299);
    let run: Run = serde_json::from_value(other).unwrap();
    let (_, difference) =
        run.again(ground("http://127.0.0.1:1".to_owned(), Config::default()).await.unwrap()).await.unwrap();
    assert_eq!(difference.unwrap().then.unwrap().status, Some(299), "what came out otherwise is told");
}

#[tokio::test]
async fn a_snapshot_brings_everything_back_and_goes_elsewhere_as_a_file() {
    let dev = Platform::new().await;
    let token = dev.token().await;
    dev.post("/_dev/faults", json!({ "endpoint": "userinfo", "code": "-9798" })).await;
    assert_eq!(dev.post("/_dev/snapshots", json!({ "name": "before" })).await.status, 201);
    let before = dev.told().await["clock"].clone();
    assert_eq!(
        dev.ask(dev.http.post(format!("{}/v1/business/revoke", dev.base)).bearer_auth(&token)).await.status,
        200
    );
    dev.delete("/_dev/faults").await;
    dev.advance("1 day").await;
    assert_eq!(dev.tokeninfo(&token).await.status, 401);
    assert_eq!(dev.post("/_dev/snapshots/before/restore", json!({})).await.status, 200);
    assert_eq!(dev.tokeninfo(&token).await.status, 200);
    assert_eq!(dev.told().await["clock"], before);
    assert_eq!(dev.get("/_dev/faults").await.json()["faults"].as_array().unwrap().len(), 1);
    let first = dev.token().await;
    dev.post("/_dev/snapshots/before/restore", json!({})).await;
    assert_eq!(dev.token().await, first, "what follows is the same too");
    let file = dev.get("/_dev/snapshots/before").await.json();
    let elsewhere = Platform::new().await;
    let put = elsewhere.http.put(format!("{}/_dev/snapshots/theirs", elsewhere.base)).json(&file);
    assert_eq!(elsewhere.ask(put).await.status, 201);
    elsewhere.post("/_dev/snapshots/theirs/restore", json!({})).await;
    assert_eq!(elsewhere.tokeninfo(&token).await.status, 200);
    assert_eq!(dev.post("/_dev/snapshots/nothing/restore", json!({})).await.status, 404);
}

#[tokio::test]
async fn reset_is_back_to_the_seed() {
    let dev = Platform::new().await;
    let (token, told) = (dev.token().await, dev.told().await);
    dev.post("/_dev/consents", json!({ "action": "deny" })).await;
    assert_eq!(dev.post("/_dev/reset", json!({})).await.status, 200);
    assert_eq!(dev.tokeninfo(&token).await.status, 401);
    assert_eq!(dev.get("/_dev/consents").await.json()["consents"], json!([]));
    let strip = |mut told: Value| {
        told["data"] = Value::Null;
        told
    };
    assert_eq!(strip(dev.told().await), strip(told), "keys, secrets and ids are those of the seed");
}

#[tokio::test]
async fn a_seed_with_mistakes_makes_no_world_and_says_where() {
    let dev = Platform::new().await;
    let toml = "[[users]]\nemail = \"a@example.com\"\nstate = \"sleepy\"\n";
    let refused = dev.post("/_dev/worlds", json!({ "id": "w", "seed_toml": toml })).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    for part in ["seed.toml:3:", "dormant"] {
        assert!(refused.text.contains(part), "{}", refused.text);
    }
    assert_eq!(dev.get("/_dev/worlds/w").await.status, 404);
    let body = "{\"id\": \"w\",\n \"seed\": {\n  \"users\": [{\"email\": \"a@example.com\", \"state\": \"sleepy\"}]}}";
    let sent = dev.http.post(format!("{}/_dev/worlds", dev.base)).header("content-type", "application/json").body(body);
    let refused = dev.ask(sent).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    assert!(refused.text.contains("seed.json:2:49: "), "by the seed's own lines, as sent: {}", refused.text);
    assert_eq!(dev.post("/_dev/worlds", json!({ "sed": {} })).await.status, 400);
    assert_eq!(dev.post("/_dev/worlds", json!({ "id": "A/B" })).await.status, 400);
}

#[tokio::test]
async fn a_page_of_another_origin_does_not_steer() {
    let dev = Platform::new().await;
    let steer = |name: &'static str, value: &str| {
        dev.http.post(format!("{}/_dev/reset", dev.base)).header(name, value.to_owned())
    };
    assert_eq!(dev.ask(steer("origin", "https://evil.example")).await.status, 403);
    assert_eq!(dev.ask(steer("host", "evil.example")).await.status, 421, "a name bent to loopback");
    assert_eq!(dev.ask(steer("origin", &dev.base)).await.status, 200);
    let forged = dev.authorize("moment_management", "").await;
    assert_eq!(dev.ask(dev.http.post(forged).header("origin", "https://evil.example")).await.status, 403);
    let plain = dev.http.post(format!("{}/_dev/faults", dev.base)).header("content-type", "text/plain").body("{}");
    assert_eq!(dev.ask(plain).await.status, 415);
}

#[tokio::test]
async fn two_platforms_do_not_share_a_port() {
    let dev = Platform::new().await;
    let taken: SocketAddr = dev.base.strip_prefix("http://").unwrap().parse().unwrap();
    assert!(Dev::start(taken, Setup::default()).await.is_err());
    assert!(Dev::start((Ipv4Addr::LOCALHOST, 0).into(), Setup::default()).await.is_ok());
}

#[tokio::test]
async fn the_public_door_says_that_the_operators_pages_are_elsewhere() {
    let dev = Platform::new().await;
    for path in ["/operator", "/operator/audit"] {
        let told = dev.get(path).await;
        assert!(told.status == 404 && told.text.contains("on a listener of their own"), "{path}: {}", told.text);
    }
    let desk = dev.ask(dev.http.get(format!("{}/operator", dev.operators))).await;
    assert_eq!((desk.status, desk.header("location")), (303, "/login?next=%2Foperator".to_owned()));
}

/// The platform's own page shows what runs, not what would run without a word.
#[tokio::test]
async fn the_page_of_settings_tells_what_this_platform_runs_with() {
    let dev = Platform::with(Setup { log: Some("warn".to_owned()), ..Setup::default() }).await;
    let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).cookie_store(true);
    let browser = browser.build().unwrap();
    let open = async |path: &str| dev.ask(browser.get(format!("{}{path}", dev.operators))).await;
    let page = open("/login").await.text;
    let token = page.split("name=\"form_token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let told = dev.told().await;
    let is_operator = |user: &&Value| user["email"] == "operator@example.com";
    let operator = told["users"].as_array().unwrap().iter().find(is_operator).unwrap();
    let password = operator["password"].as_str().unwrap();
    let form = [("email", "operator@example.com"), ("password", password), ("next", "/"), ("form_token", token)];
    let signed_in = dev.ask(browser.post(format!("{}/login", dev.operators)).form(&form)).await;
    assert_eq!(signed_in.status, 303, "{}", signed_in.text);
    let settings = open("/operator/platform").await.text;
    let bare = |url: &str| url.strip_prefix("http://").unwrap().to_owned();
    for (name, value) in
        [("listen", bare(&dev.root)), ("operator_listen", bare(&dev.operators)), ("log", "warn".into())]
    {
        let row = settings.split(&format!(">{name}</code>")).nth(1).unwrap().split("</tr>").next().unwrap();
        assert!(row.contains(&format!(">{value}</code>")) && row.contains("bizauth dev"), "{name}: {row}");
    }
    let data = settings.split(">data</code>").nth(1).unwrap().split("</tr>").next().unwrap();
    assert!(data.contains("bizauth-dev-") && !data.contains("bizauth-data"), "{data}");
}
