//! What went wrong with redirects and forged links in servers like this one. `docs/advisories.md` has all the names.

use bizauth_core::fault::KauthFault;
use bizauth_store::AddedUri;

use crate::console_keys::a_developer;
use crate::world::{Answer, App, World, sources};

/// Asks to be sent to `uri`; it must be refused on a page.
async fn refused(world: &World, app: &App, uri: &str) {
    let escaped = bizauth::http::reply::escape(uri);
    let address = format!(
        "/oauth/business/authorize?client_id={}&response_type=code&redirect_uri={escaped}&scope=moment_management",
        app.client_id
    );
    let answer = world.get(&address).await;
    assert_eq!(answer.header("location"), None, "{uri}");
    answer.shows(KauthFault::UnregisteredRedirectUri);
}

/// Asks for it to be registered, at the page and at the records, to which every other way leads.
async fn unfit(world: &World, uri: &str) {
    let (kim, app) = a_developer(world).await;
    for uri in uri.split('\n') {
        let page = format!("/console/apps/{}/keys/{}", app.id, app.key);
        let answer = kim.submits(&page, &format!("{page}/redirect-uris/add"), &[("uri", uri)]).await;
        assert_eq!(answer.status, 422, "{uri}");
        let said = world.by().add_redirect_uri(app.key, uri.to_owned()).await.unwrap();
        assert!(matches!(said, AddedUri::Unfit(_)), "{uri}: {said:?}");
    }
    let key = world.state.store.key(&bizauth_core::key::AppKey::read(&app.client_id).unwrap(), world.now()).await;
    assert_eq!(key.unwrap().unwrap().redirect_uris, [app.redirect_uri]);
}

#[tokio::test]
async fn cve_2026_3872_dot_segments_in_the_path() {
    let world = World::new().await;
    let app = world.app().await;
    for path in [
        "/callback/..;/callback",
        "/x/..;/callback",
        "/x/..%2fcallback",
        "/x/..%252fcallback",
        "/x/%2e%2e/callback",
        "/./callback",
        "//callback",
        "/x/..\\callback",
        "\\callback",
        "/callback/..;/../evil",
        "/callback;x=1",
        "/callback%2f",
        "/callback/",
    ] {
        refused(&world, &app, &format!("https://app.example.com{path}")).await;
    }
    let dots =
        ["/a/..;/b", "/a/..%2fb", "/a/%2e%2e/b", "/a/%252e%252e/b", "/a/..%252fb", "/./b", "/a/..%5cb", "/a\\..\\b"];
    unfit(&world, &dots.map(|path| format!("https://app.example.com{path}")).join("\n")).await;
}

#[tokio::test]
async fn cve_2024_52289_a_registered_address_is_no_pattern() {
    let world = World::with(|config| config.wildcard_redirects = true).await;
    let (app, odd) = (world.app().await, world.app().await);
    for uri in
        ["https://appXexample.com/callback", "https://app.exampleXcom/callback", "https://app.example.com/callbac"]
    {
        refused(&world, &app, uri).await;
    }
    // What would be a pattern elsewhere stands for itself here.
    let letters = "https://app.example.com/a+b.(c)?$";
    assert_eq!(world.by().add_redirect_uri(odd.key, letters.to_owned()).await.unwrap(), AddedUri::Added);
    for uri in ["https://app.example.com/aab.c", "https://app.example.com/a+bX(c)?$", "https://app.example.com/a+b.(c)"]
    {
        refused(&world, &odd, uri).await;
    }
    unfit(&world, "https://.*\nhttps://app.example.com/[a-z]+|x\nhttps://*.*.example.com/\n^https://app.example.com/$")
        .await;
}

#[tokio::test]
async fn cve_2026_9086_only_http_and_https_can_be_registered() {
    let world = World::new().await;
    let schemes = [
        "JaVaScRiPt:alert(1)",
        "javascript://app.example.com/%0aalert(1)",
        "data:text/html,x",
        "data://app.example.com/",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:https://app.example.com/x",
        "myapp://callback",
        "//app.example.com/callback",
        "https:app.example.com/callback",
    ];
    unfit(&world, &schemes.join("\n")).await;
}

/// The records have one way in for redirect URIs, and it judges them: nothing beside it writes the column.
#[test]
fn cve_2026_9086_the_records_have_one_way_in() {
    let mut writers = Vec::new();
    for (path, text) in [sources("bizauth-store"), sources("bizauth")].concat() {
        // Set alone or among others; a row of `INSERT` begins without any.
        if text.contains("redirect_uris = ") && text.contains("UPDATE app_keys SET") {
            assert!(text.contains("redirect::register(&uri, true)"), "{path} judges nothing");
            writers.push(path);
        }
    }
    assert_eq!(writers, ["redirect_uris.rs"]);
}

#[tokio::test]
async fn cve_2023_6291_and_cve_2024_8883_prefixes_suffixes_and_encodings() {
    let world = World::new().await;
    let (app, local) = (world.app().await, world.app().await);
    world.by().remove_redirect_uri(local.key, local.redirect_uri.clone()).await.unwrap();
    let added = world.by().add_redirect_uri(local.key, "http://localhost:3000/cb".to_owned()).await.unwrap();
    assert_eq!(added, AddedUri::Added);
    let registered = "https://app.example.com/callback";
    let mut bent = Vec::new();
    for more in
        ["x", "/", "?", "#", "?x=1", "&x=1", "%20", " ", "\t", "%00", ".evil.example", "@evil.example", ":443", ";x"]
    {
        bent.push(format!("{registered}{more}"));
        bent.push(format!("https://app.example.com{more}/callback"));
        bent.push(format!("https://{more}app.example.com/callback"));
        bent.push(format!("{more}{registered}"));
    }
    for (at, letter) in registered.char_indices() {
        // Each letter left out, doubled, in capitals, encoded once and twice.
        let (before, after) = (&registered[..at], &registered[at + 1..]);
        let code = u32::from(letter);
        bent.push(format!("{before}{after}"));
        bent.push(format!("{before}{letter}{letter}{after}"));
        bent.push(format!("{before}%{code:02x}{after}"));
        bent.push(format!("{before}%25{code:02x}{after}"));
        bent.push(format!("{before}{}{after}", letter.to_ascii_uppercase()));
    }
    for uri in bent.iter().filter(|uri| *uri != registered) {
        refused(&world, &app, uri).await;
    }
    for uri in [
        "http://localhost/cb",
        "http://localhost:3001/cb",
        "http://localhost:3000",
        "http://localhost:3000/cb/x",
        "http://127.0.0.1:3000/cb",
        "http://[::1]:3000/cb",
        "http://localhost:3000@evil.example/cb",
        "http://localhost.evil.example:3000/cb",
        "https://localhost:3000/cb",
    ] {
        refused(&world, &local, uri).await;
    }
}

/// Links and redirects of our own never take a host from the request.
#[tokio::test]
async fn cve_2025_64101_links_come_from_the_configured_origin_only() {
    let origin = |name: &str| (name == "BIZAUTH_ORIGIN").then(|| "http://auth.example.com".to_owned());
    let bare = clap::Command::new("it").args(bizauth::config::arguments()).get_matches_from(["it"]);
    let loaded = bizauth::config::Config::load(&bare, origin).unwrap();
    let world = World::with(|config| {
        config.origin = loaded.origin;
        config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    let (kim, app) = a_developer(&world).await;
    let forged = [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "https"),
        ("forwarded", "host=evil.example"),
    ];
    let pages = ["/", "/login", "/console", "/me", "/me/account", "/me/account/two-factor"].map(str::to_owned);
    let of_app = ["", "/settings", "/keys", "/members", "/items", "/tokens", "/test", "/test/issue", "/usage"];
    let of_app = of_app.map(|page| format!("/console/apps/{}{page}", app.id));
    for path in pages.iter().chain(&of_app).chain([&app.authorize("scope=moment_management")]) {
        for browser in [&kim.browser, &world.browser()] {
            let mut request = browser.get(format!("{}{path}", world.base));
            for (name, value) in forged {
                request = request.header(name, value);
            }
            let answer = Answer::of(request).await;
            assert!(!answer.body.contains("evil.example"), "{path}");
            let location = answer.header("location").unwrap_or("/");
            assert!(location.starts_with('/') && !location.contains("evil.example"), "{path}: {location}");
        }
    }
    let tool = kim.opens(&format!("/console/apps/{}/test/issue", app.id)).await;
    assert!(tool.body.contains("http://auth.example.com/console/test/callback"), "{}", tool.body);
}
