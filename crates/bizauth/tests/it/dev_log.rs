//! `bizauth dev`: the log, what it explains, what tests ask of it; and that nothing of this is in `serve`.

use serde_json::{Value, json};

use crate::world::World;
use crate::world::dev::Platform;

async fn why(dev: &Platform) -> String {
    let log = dev.get("/_dev/requests?most=1").await.json();
    log["requests"][0]["why"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn the_log_says_what_would_have_passed_and_the_wire_does_not() {
    let dev = Platform::new().await;
    let (key, secret, uri) = dev.client().await;
    let form = |client_id: &str, secret: &str, uri: &str, code: &str| {
        vec![
            ("grant_type", "authorization_code".to_owned()),
            ("client_id", client_id.to_owned()),
            ("client_secret", secret.to_owned()),
            ("redirect_uri", uri.to_owned()),
            ("code", code.to_owned()),
        ]
    };
    let redeem = async |form: Vec<(&str, String)>| {
        dev.ask(dev.http.post(format!("{}/oauth/business/token", dev.base)).form(&form)).await
    };
    let code = dev.agrees("moment_management", &[]).await.parameter("code").unwrap();
    let wrong = redeem(form(&key, &format!("{secret} "), &uri, &code)).await;
    assert_eq!(wrong.json()["error_description"], "Bad client credentials", "the wire stays exact");
    assert!(why(&dev).await.contains("blanks"), "{}", why(&dev).await);
    redeem(form(&key, "nonsense", &uri, &code)).await;
    assert!(why(&dev).await.contains("no key of this world"), "{}", why(&dev).await);
    redeem(form(&key, &secret, &format!("{uri}/"), &code)).await;
    assert!(why(&dev).await.contains("slash"), "{}", why(&dev).await);
    assert_eq!(redeem(form(&key, &secret, &uri, &code)).await.status, 200);
    let n = dev.get("/_dev/requests?endpoint=token&status=200").await.json()["requests"][0]["n"].as_u64().unwrap();
    dev.advance("3s").await;
    redeem(form(&key, &secret, &uri, &code)).await;
    assert_eq!(
        why(&dev).await,
        format!("the code was spent 3 s ago by request {n}; the token that it bought is dead now")
    );
    let other = format!("{}{}", if key.starts_with('0') { "1" } else { "0" }, &key[1..]);
    redeem(form(&other, &secret, &uri, &code)).await;
    assert!(why(&dev).await.contains("differs in"), "{}", why(&dev).await);
    let late = dev.agrees("moment_management", &[]).await.parameter("code").unwrap();
    dev.advance("15m").await;
    redeem(form(&key, &secret, &uri, &late)).await;
    assert!(why(&dev).await.contains("expired 5 min ago"), "{}", why(&dev).await);
}

#[tokio::test]
async fn authorize_and_kapi_are_explained_too() {
    let dev = Platform::new().await;
    let address = dev.authorize("moment_management", "").await;
    let ask = async |address: &str| dev.ask(dev.http.get(address).header("accept", "application/json")).await;
    assert!(ask(&address.replace("callback", "callback%2F")).await.text.contains("KOE028"));
    assert!(why(&dev).await.contains("slash"), "{}", why(&dev).await);
    ask(&address.replace("moment_management", "moment_dance")).await;
    assert!(why(&dev).await.contains("moment_management"), "{}", why(&dev).await);
    dev.agrees("moment_management", &[("user", "newcomer@example.com")]).await;
    assert_eq!(why(&dev).await, "newcomer@example.com holds no asset at all");
    let token = dev.token().await;
    dev.ask(dev.http.post(format!("{}/v1/business/revoke", dev.base)).bearer_auth(&token)).await;
    dev.tokeninfo(&token).await;
    assert!(why(&dev).await.starts_with("the token was revoked 0 ms ago by request"), "{}", why(&dev).await);
    let (key, ..) = dev.client().await;
    dev.tokeninfo(&key).await;
    assert_eq!(why(&dev).await, "this is an app key, not a token");
    let other = dev.world(json!({ "random": 3 })).await;
    let theirs = other.token().await;
    let here = dev.http.get(format!("{}/_w/default/v1/business/tokeninfo", dev.base)).bearer_auth(&theirs);
    dev.ask(here).await;
    assert!(why(&dev).await.contains("of another world"), "{}", why(&dev).await);
}

#[tokio::test]
async fn what_newcomers_send_is_explained_as_what_it_is() {
    let dev = Platform::new().await;
    let wrong = dev.get("/oauth/business/token").await;
    assert_eq!(wrong.status, 405);
    assert_eq!(why(&dev).await, "POST would pass; GET is no method of this address");
    dev.ask(dev.http.post(format!("{}/v1/business/tokeninfo", dev.base)).bearer_auth("x")).await;
    assert!(why(&dev).await.contains("POST is no method of this address"), "{}", why(&dev).await);
    let last = dev.get("/_dev/requests?most=1").await.json()["requests"][0].clone();
    assert_eq!(last["code"], "-2");
    assert!(last["decided"].as_str().unwrap().contains("the method is wrong"), "{last}");
    for empty in ["Bearer", "Bearer "] {
        dev.ask(dev.http.get(format!("{}/v1/business/tokeninfo", dev.base)).header("authorization", empty)).await;
        assert_eq!(why(&dev).await, "the header says Bearer and no token follows: a variable may be empty");
    }
    dev.ask(dev.http.get(format!("{}/v1/system/ips", dev.base)).header("authorization", "KakaoAK ")).await;
    assert_eq!(why(&dev).await, "the header says KakaoAK and no key follows: a variable may be empty");
}

/// A token that died with its code's second use was not revoked by anybody who meant to.
#[tokio::test]
async fn a_token_whose_code_came_twice_is_explained_so() {
    let dev = Platform::new().await;
    let (key, secret, uri) = dev.client().await;
    let code = dev.agrees("moment_management", &[]).await.parameter("code").unwrap();
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", &key),
        ("client_secret", &secret),
        ("redirect_uri", &uri),
        ("code", &code),
    ];
    let trade = async || dev.ask(dev.http.post(format!("{}/oauth/business/token", dev.base)).form(&form)).await;
    let token = trade().await.json()["access_token"].as_str().unwrap().to_owned();
    dev.advance("2s").await;
    trade().await;
    let n = dev.get("/_dev/requests?most=1").await.json()["requests"][0]["n"].as_u64().unwrap();
    dev.advance("3s").await;
    dev.tokeninfo(&token).await;
    let told = why(&dev).await;
    assert!(told.starts_with(&format!("its code was used a second time 3 s ago by request {n}")), "{told}");
}

/// What comes after a token's end did not end it, also where the clock stands in between.
#[tokio::test]
async fn a_token_that_was_revoked_before_its_code_came_twice_is_explained_so() {
    for pause in [None, Some("2s")] {
        let dev = Platform::new().await;
        let buy = async || {
            let code = dev.agrees("moment_management", &[]).await.parameter("code").unwrap();
            let token = dev.redeems(&code).await.json()["access_token"].as_str().unwrap().to_owned();
            (code, token)
        };
        let retry = async |code: &str, token: &str| {
            if let Some(pause) = pause {
                dev.advance(pause).await;
            }
            assert_eq!(dev.redeems(code).await.json()["error_code"], "KOE320");
            dev.tokeninfo(token).await;
            why(&dev).await
        };
        let ago = pause.map_or("0 ms", |_| "2 s");
        let (code, token) = buy().await;
        let revoked = dev.ask(dev.http.post(format!("{}/v1/business/revoke", dev.base)).bearer_auth(&token)).await;
        assert_eq!(revoked.status, 200, "{}", revoked.text);
        let n = dev.get("/_dev/requests?most=1").await.json()["requests"][0]["n"].as_u64().unwrap();
        assert_eq!(retry(&code, &token).await, format!("the token was revoked {ago} ago by request {n}"));
        // As a person does on /me.
        let (code, token) = buy().await;
        let taken = dev.post("/_dev/tokens/kill", json!({ "token": token, "reason": "withdrawn" })).await;
        assert_eq!(taken.status, 200, "{}", taken.text);
        assert_eq!(retry(&code, &token).await, format!("the token was revoked {ago} ago"));
    }
}

/// Who types the code of an error into the log's search is told what it means, and which requests met it.
#[tokio::test]
async fn an_error_is_looked_up_in_the_log() {
    let dev = Platform::new().await;
    dev.tokeninfo("bzt_x").await;
    for (typed, heading, remedy) in [("-401", "What -401 means", "Remedy"), ("koe320", "What KOE320 means", "Remedy")] {
        let page = dev.ask(dev.http.get(format!("{}/_dev?contains={typed}", dev.base)).header("accept-language", "en"));
        let page = page.await.text;
        assert!(page.contains(heading) && page.contains(remedy), "{page}");
        assert_eq!(page.contains("/v1/business/tokeninfo</code>"), typed == "-401", "{page}");
    }
    let korean = dev.ask(dev.http.get(format!("{}/_dev?contains=KOE320", dev.base)).header("accept-language", "ko"));
    assert!(korean.await.text.contains("해결 방법"));
    let n = dev.get("/_dev/requests?most=1").await.json()["requests"][0]["n"].as_u64().unwrap();
    let call = dev.http.get(format!("{}/_dev/log/{n}", dev.base)).header("accept-language", "ko");
    assert!(dev.ask(call).await.text.contains("해결 방법"), "and beside the call itself");
    // By the name of a row only what met this row is found, and also a row that has no code.
    assert_eq!(dev.agrees("moment_management", &[("action", "deny")]).await.status, 302);
    for (typed, declined, unknown) in [
        ("-401", false, true),
        ("NoSuchToken", false, true),
        ("DisabledKey", false, false),
        ("AccessDenied", true, false),
        ("access_denied", true, false),
    ] {
        let page = dev.get(&format!("/_dev?contains={typed}")).await.text;
        assert_eq!(page.contains("/oauth/business/authorize</code>"), declined, "{typed}: {page}");
        assert_eq!(page.contains("/v1/business/tokeninfo</code>"), unknown, "{typed}: {page}");
    }
}

#[tokio::test]
async fn a_page_that_refuses_leads_to_what_the_log_says_of_it() {
    let dev = Platform::new().await;
    let address = dev.authorize("moment_management", "").await.replace("callback", "callback%2F");
    let page = dev.ask(dev.http.get(&address).header("accept", "text/html")).await;
    let n = dev.get("/_dev/requests?most=1").await.json()["requests"][0]["n"].as_u64().unwrap();
    assert!(page.text.contains(&format!("href=\"/_dev/log/{n}\"")), "{}", page.text);
    assert!(dev.get(&format!("/_dev/log/{n}")).await.text.contains("slash"));
    let world = World::new().await;
    let forged = world.http.get(format!("{}/oauth/business/authorize", world.base)).header("x-bizauth-number", "7");
    assert!(!forged.send().await.unwrap().text().await.unwrap().contains("_dev"), "nowhere else");
}

/// The demo of a seed whose key requires PKCE shows how it is done, and whoever leaves the challenge out is told.
#[tokio::test]
async fn a_demo_that_requires_pkce_shows_how_it_is_done() {
    let demo = Platform::new().await;
    let seed = json!({
        "users": [{ "email": "a@example.com", "assets": [{ "group": "keyword", "id": "1" }] }],
        "apps": [{ "name": "One", "items": ["keyword_management"],
                   "keys": [{ "pkce_required": true, "redirect_uris": ["{base_url}/dev/callback"] }] }],
    });
    let dev = demo.world(json!({ "id": "bound", "seed": seed, "random": 1 })).await;
    assert_eq!(dev.told().await["apps"][0]["keys"][0]["pkce_required"], true);
    assert_eq!(dev.post("/_dev/tokens", json!({})).await.status, 201);
    let printed = dev.told().await["client"]["authorize_url"].as_str().unwrap().to_owned();
    assert!(
        printed.ends_with("&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256")
    );
    let bare = dev.authorize("keyword_management", "").await;
    let refused = dev.ask(dev.http.get(&bare).header("accept", "application/json")).await;
    assert_eq!(refused.json()["error_code"], "KOE233", "{}", refused.text);
    assert!(why(&dev).await.contains("this key requires PKCE: send code_challenge"), "{}", why(&dev).await);
    let shown = dev.get("/dev/callback?code=bzc_x").await.text;
    assert!(shown.contains("code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"), "{shown}");
    assert!(!demo.get("/dev/callback?code=bzc_x").await.text.contains("code_verifier"));
}

#[tokio::test]
async fn the_explanation_is_in_a_header_only_where_it_is_asked_for() {
    let dev = Platform::new().await;
    let ask = || dev.http.get(format!("{}/v1/business/tokeninfo", dev.base));
    assert_eq!(dev.ask(ask()).await.header("x-bizauth-why"), "");
    let told = dev.ask(ask().header("x-bizauth-explain", "1")).await;
    assert!(told.header("x-bizauth-why").contains("Authorization: Bearer"), "{told:?}");
}

#[tokio::test]
async fn the_log_is_asked_and_held_to_expectations() {
    let dev = Platform::new().await;
    let (key, ..) = dev.client().await;
    dev.token().await;
    let expect = async |body: Value| dev.post("/_dev/requests/expect", body).await;
    let one = json!({ "where": { "endpoint": "token", "client_id": key, "status": 200 }, "exactly": 1 });
    assert_eq!(expect(one).await.json()["count"], 1);
    let none = expect(json!({ "where": { "endpoint": "revoke" }, "at_least": 1 })).await;
    assert_eq!(none.status, 417);
    assert!(
        none.text.contains("at least 1 expected, 0 came") && none.text.contains("/oauth/business/token"),
        "{}",
        none.text
    );
    assert_eq!(expect(json!({ "where": {} })).await.status, 400);
    assert_eq!(expect(json!({ "where": { "endpont": "token" }, "exactly": 1 })).await.status, 400);
    assert_eq!(dev.get("/_dev/requests?endpont=token").await.status, 400);
    dev.ask(dev.http.get(format!("{}/v1/business/tokeninfo?page=2", dev.base)).bearer_auth("x")).await;
    let last = dev.get("/_dev/requests?most=1").await.json();
    assert_eq!(last["requests"][0]["unread"], json!(["query page"]));
    let n = last["requests"][0]["n"].as_u64().unwrap();
    assert_eq!(dev.get(&format!("/_dev/requests/{n}")).await.json()["code"], "-401");
    assert_eq!(dev.delete("/_dev/requests").await.status, 204);
    assert_eq!(dev.get("/_dev/requests").await.json()["requests"], json!([]));
}

#[tokio::test]
async fn people_read_the_log_as_a_page() {
    let dev = Platform::new().await;
    dev.tokeninfo("bzt_x").await;
    let list = dev.get("/_dev").await;
    assert!(list.text.contains("/v1/business/tokeninfo") && list.text.contains("-401"), "{}", list.text);
    let n = dev.get("/_dev/requests?most=1").await.json()["requests"][0]["n"].as_u64().unwrap();
    let one = dev.get(&format!("/_dev/log/{n}")).await;
    assert!(one.text.contains("this access token does not exist"), "{}", one.text);
    assert!(one.header("content-security-policy").contains("default-src 'none'"));
    assert_eq!(dev.get("/_dev/log/999").await.status, 404);
}

/// Every path of the description, with something in the place of its parameters.
fn controls() -> Vec<(String, String)> {
    let document: Value = serde_json::from_str(bizauth::dev::control::OPENAPI).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let methods = |(path, of): (&String, &Value)| {
        let path = path.replace("{id}", "1").replace("{n}", "1").replace("{name}", "a");
        of.as_object().unwrap().keys().map(|method| (method.to_uppercase(), path.clone())).collect::<Vec<_>>()
    };
    paths.iter().flat_map(methods).collect()
}

#[tokio::test]
async fn the_description_names_every_control_and_each_answers() {
    let dev = Platform::new().await;
    let controls = controls();
    assert!(controls.len() >= 35, "{}", controls.len());
    for (method, path) in &controls {
        let request = dev.http.request(method.parse().unwrap(), format!("{}{path}", dev.base)).json(&json!({}));
        let heard = dev.ask(request).await;
        assert!(heard.status != 405, "{method} {path}");
        assert!(heard.status != 404 || !heard.text.contains("no such control"), "{method} {path}");
    }
    let described: std::collections::BTreeSet<&str> = controls.iter().map(|(_, path)| path.as_str()).collect();
    for path in bizauth::dev::control::PATHS {
        let filled = path.replace("{id}", "1").replace("{n}", "1").replace("{name}", "a");
        assert!(described.contains(filled.as_str()), "{path} is not described");
    }
    assert_eq!(dev.get("/_dev/openapi.json").await.json()["openapi"], "3.1.0");
    assert!(dev.get("/_dev/seed-schema.json").await.json()["properties"].is_object());
}

#[tokio::test]
async fn no_control_exists_in_serve() {
    let world = World::new().await;
    for (method, path) in controls() {
        for base in [&world.base, &world.operators] {
            let request = world
                .http
                .request(method.parse().unwrap(), format!("{base}{path}"))
                .header("content-type", "application/json")
                .body("{}");
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status().as_u16(), 404, "{method} {base}{path}");
        }
    }
    let posted = world.http.post(format!("{}/oauth/business/authorize", world.base)).send().await.unwrap();
    assert_eq!(posted.status().as_u16(), 405, "nobody consents without a browser");
    let prefixed = world.http.get(format!("{}/_w/default/v1/system/ips", world.base)).send().await.unwrap();
    assert_eq!(prefixed.status().as_u16(), 404);
}
