//! The binary as people run it: two nodes on one PostgreSQL, the demo, an embedded server, an orderly stop.

use bizauth_core::fault::{KapiFault, KauthFault};
use bizauth_store::Store;

use crate::world::{Answer, NOON, PASSWORD, Person, Process, World, postgres, process, the_one_bought};

/// Two servers on one database, made ready by migrations that both ran.
async fn two_nodes() -> (Process, Process, World, World) {
    let url = postgres::database();
    let (one, two) = std::thread::scope(|scope| {
        let start = || Process::serve(&["--database", &url, "--token-rate", "0"]);
        let (one, two) = (scope.spawn(start), scope.spawn(start));
        (one.join().unwrap(), two.join().unwrap())
    });
    let (here, there) = (World::around(&one, &url).await, World::around(&two, &url).await);
    (one, two, here, there)
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_redemptions_through_two_processes_issue_one_token() {
    let (_one, _two, here, there) = two_nodes().await;
    let (app, kim) = (here.app().await, here.owner("kim@example.com").await);
    for _ in 0..3 {
        let code = kim.consents(&app, "scope=moment_management", &[("asset.moment", "11")]).await;
        let calls = (0..50).map(|n| {
            let node = if n % 2 == 0 { &here } else { &there };
            tokio::spawn(Answer::of(node.request("POST", "/oauth/business/token").form(&app.trade(&code))))
        });
        let bought = the_one_bought(calls.collect(), &code).await;
        for node in [&here, &there] {
            node.tokeninfo(&bought).await.declines(KapiFault::NoSuchToken, "");
        }
    }
}

/// CVE-2016-6582: dead at once, on every node; and a session, a screen, a code of one node are good on the other.
#[tokio::test(flavor = "multi_thread")]
async fn any_node_can_answer_any_request() {
    let (_one, _two, here, there) = two_nodes().await;
    let (app, kim) = (here.app().await, here.owner("kim@example.com").await);
    let screen = kim.asked(&app.authorize("scope=moment_management")).await;
    // Cookies know no ports: the browser of one node is the browser of the other.
    let beyond =
        Person { base: there.base.clone(), browser: kim.browser.clone(), email: kim.email.clone(), id: kim.id };
    let answer = beyond.answers(&screen, "agree", &[("asset.moment", "11")]).await;
    let code = answer.location().split("code=").nth(1).unwrap().to_owned();
    let token = app.buys(&here, &code).await;
    assert_eq!(there.tokeninfo(&token).await.status, 200);
    assert_eq!(here.revoke(&token).await.status, 200);
    there.tokeninfo(&token).await.declines(KapiFault::NoSuchToken, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_prints_one_line_and_completes_the_flow() {
    let (demo, banner) = Process::dev();
    let text = |name: &str| banner[name].as_str().unwrap().to_owned();
    let keys =
        ["base_url", "rest_api_key", "client_secret", "redirect_uri", "admin_key", "javascript_key", "native_app_key"];
    assert!(keys.iter().all(|key| !text(key).is_empty()), "{banner}");
    let browser = reqwest::Client::builder().cookie_store(true).build().unwrap();
    let user = |n: usize, name: &str| banner["users"][n][name].as_str().unwrap().to_owned();
    let sign_in = async |n: usize| {
        let page = Answer::of(browser.get(text("authorize_url"))).await;
        let (token, next) = (page.input("/login", "form_token"), page.input("/login", "next"));
        let (email, password) = (user(n, "email"), user(n, "password"));
        let form = [("email", &email), ("password", &password), ("form_token", &token), ("next", &next)];
        Answer::of(browser.post(format!("{}/login", demo.base)).form(&form)).await
    };
    let refused = sign_in(1).await;
    refused.shows(KauthFault::NoBusinessAsset);
    let browser_of_owner = reqwest::Client::builder().cookie_store(true).build().unwrap();
    let page = Answer::of(browser_of_owner.get(text("authorize_url"))).await;
    let (token, next) = (page.input("/login", "form_token"), page.input("/login", "next"));
    let (email, password) = (user(0, "email"), user(0, "password"));
    let form = [("email", &email), ("password", &password), ("form_token", &token), ("next", &next)];
    let screen = Answer::of(browser_of_owner.post(format!("{}/login", demo.base)).form(&form)).await;
    let (id, token) = (screen.input("/consent", "id"), screen.input("/consent", "form_token"));
    let (moment, keyword) = (screen.values("input[name='asset.moment']"), screen.values("input[name='asset.keyword']"));
    assert!(moment.len() >= 2 && keyword.len() >= 2, "several of each");
    let form = [
        ("id", id.as_str()),
        ("form_token", &token),
        ("action", "agree"),
        ("asset.moment", &moment[0]),
        ("asset.keyword", &keyword[0]),
    ];
    let end = Answer::of(browser_of_owner.post(format!("{}/consent", demo.base)).form(&form)).await;
    assert_eq!(end.status, 200, "the flow ends on a page of our own");
    let commands = end.all("pre").join(" ");
    let code = commands.split("code=").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let (key, secret, uri) = (text("rest_api_key"), text("client_secret"), text("redirect_uri"));
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", &key),
        ("client_secret", &secret),
        ("redirect_uri", &uri),
        ("code", &code),
    ];
    let bought = Answer::of(browser.post(format!("{}/oauth/business/token", demo.base)).form(&fields)).await;
    let token = bought.json()["access_token"].as_str().unwrap().to_owned();
    let info = browser.get(format!("{}/v1/business/tokeninfo", demo.base)).bearer_auth(&token);
    assert_eq!(Answer::of(info).await.json()["biz_agreements"][1]["ad_account_ids"], serde_json::json!([moment[0]]));
    for key in ["rest_api_key", "admin_key", "javascript_key", "native_app_key"] {
        let request = browser.get(format!("{}/v1/system/ips", demo.base));
        let list = Answer::of(request.header("authorization", format!("KakaoAK {}", text(key)))).await;
        assert_eq!((list.status, &list.json()["inbound"][0]["ips"][0]), (200, &"211.249.203.104/24".into()));
    }
    demo.terminate();
    let (code, log) = demo.ended();
    assert_eq!((code, log.as_str()), (Some(0), ""), "it stays quiet");
}

#[test]
fn the_demo_is_for_this_machine_only() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let ran = process::run(&["dev", "--listen", address]);
        assert_eq!(ran.status.code(), Some(2), "{address}");
        assert!(String::from_utf8_lossy(&ran.stderr).contains("loopback"));
    }
}

/// From an empty folder to a token by commands alone, on the embedded database; the log says what happened and holds
/// no secret.
#[tokio::test(flavor = "multi_thread")]
async fn an_embedded_server_is_set_up_and_watched() {
    let folder = tempfile::TempDir::new().unwrap();
    let data = folder.path().join("data").display().to_string();
    let server = Process::serve(&["--data", &data, "--token-rate", "0"]);
    let store = Store::embedded(&folder.path().join("data/bizauth.db"), 3).unwrap();
    store.check_schema().await.unwrap();
    let mut world = World::new().await;
    (world.state.store, world.base, world.state.clock) = (store, server.base.clone(), bizauth::clock::Clock::System);
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let code = kim.consents(&app, "scope=moment_management", &[("asset.moment", "11")]).await;
    let token = app.buys(&world, &code).await;
    assert_eq!(world.tokeninfo(&token).await.status, 200);
    app.redeems(&world, &code).await.refuses(KauthFault::CodeNotFound, &code);

    let ask = async |path: &str| Answer::of(world.http.get(format!("{}{path}", server.operator))).await;
    assert_eq!((ask("/health/live").await.status, ask("/health/ready").await.status), (200, 200));
    let metrics = ask("/metrics").await.body;
    assert!(metrics.contains("CodeNotFound") && metrics.contains("/oauth/business/token"), "{metrics}");
    assert_eq!(world.get("/metrics").await.status, 404, "not on the public listener");

    server.terminate();
    let (status, log) = server.ended();
    assert_eq!(status, Some(0));
    assert!(log.contains("\"endpoint\":\"/oauth/business/token\"") && log.contains("CodeNotFound"));
    let secrets = [&code, &token.0, &app.client_secret, &app.client_id, &kim.email, PASSWORD, "bzs_", "bzp_"];
    for secret in secrets {
        assert!(!log.contains(secret), "the log holds {secret}");
    }
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(&data).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700, "the data folder is its owner's alone");
    let mode = std::fs::metadata(format!("{data}/bizauth.db")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "and so is the database");
    assert!(NOON < bizauth::clock::Clock::System.now());
}

/// Revoked means revoked, at once, everywhere: also what the server has answered from memory all day.
#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_from_the_command_line_holds_beside_a_running_server() {
    let folder = tempfile::TempDir::new().unwrap();
    let data = folder.path().join("data").display().to_string();
    let server = Process::serve(&["--data", &data, "--token-rate", "0"]);
    let store = Store::embedded(&folder.path().join("data/bizauth.db"), 3).unwrap();
    let mut world = World::new().await;
    (world.state.store, world.base, world.state.clock) = (store, server.base.clone(), bizauth::clock::Clock::System);
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let mut tokens = Vec::new();
    for _ in 0..3 {
        let code = kim.consents(&app, "scope=moment_management", &[("asset.moment", "11")]).await;
        tokens.push(app.buys(&world, &code).await);
    }
    // From here on nobody but the server has the file open, and it may remember.
    world.store().close().await;
    for token in &tokens {
        let mut id = String::new();
        for _ in 0..100 {
            let answer = world.tokeninfo(token).await;
            assert_eq!(answer.status, 200);
            id = answer.json()["id"].as_str().unwrap().to_owned();
        }
        let ran = process::run(&["token", "revoke", &app.id.to_string(), &id, "--data", &data]);
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        assert_eq!(world.tokeninfo(token).await.status, 401);
    }
    server.terminate();
    assert_eq!(server.ended().0, Some(0));
}

/// From certificate files; who comes over TLS gets cookies that stay with the host.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_can_end_tls_itself() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    std::fs::write(path("chain.pem"), made.cert.pem()).unwrap();
    std::fs::write(path("key.pem"), made.signing_key.serialize_pem()).unwrap();
    let (data, chain, key) = (path("data"), path("chain.pem"), path("key.pem"));
    let server = Process::serve(&["--data", &data, "--tls-certificate", &chain, "--tls-key", &key]);
    assert!(server.base.starts_with("https://"));
    let trusting = reqwest::Certificate::from_pem(made.cert.pem().as_bytes()).unwrap();
    let client = reqwest::Client::builder().tls_certs_only([trusting]).build().unwrap();
    let page = Answer::of(client.get(format!("{}/login", server.base))).await;
    assert_eq!((page.status, page.header("strict-transport-security")), (200, Some("max-age=31536000")));
    assert!(page.header("set-cookie").unwrap().starts_with("__Host-bizauth-form="));
    server.terminate();
    assert_eq!(server.ended().0, Some(0));
}

#[test]
fn a_server_that_cannot_start_says_why_and_what_to_do() {
    let folder = tempfile::TempDir::new().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, data) = (taken.local_addr().unwrap().to_string(), folder.path().display().to_string());
    let ran = process::run(&["serve", "--data", &data, "--listen", &address, "--operator-listen", "127.0.0.1:0"]);
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(ran.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("error: cannot listen on {address}")) && said.contains("hint: "), "{said}");
    let ran = process::run(&["serve", "--listen", "nowhere", "--code-lifetime", "soon"]);
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(ran.status.code(), Some(2), "{said}");
    assert!(said.contains("listen") && said.contains("code_lifetime"), "all mistakes at once: {said}");
}
