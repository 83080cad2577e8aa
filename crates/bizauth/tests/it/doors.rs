//! What each door says when there is no handler, none in time, or a broken one; and which host may ask for what.

use bizauth::view::Notice;
use bizauth_core::fault::{KapiFault, KauthFault};

use crate::world::{Answer, World};

async fn json(world: &World, method: &str, path: &str) -> Answer {
    Answer::of(world.request(method, path).header("accept", "application/json")).await
}

#[tokio::test]
async fn an_unknown_path_is_told_in_the_doors_own_words() {
    let world = World::new().await;
    for path in ["/v1", "/v1/", "/v1/business", "/v1/business/tokeninfo/", "/v1/nope?x=1"] {
        world.get(path).await.declines(KapiFault::UnknownPath, "");
    }
    for path in ["/oauth", "/oauth/business", "/oauth/business/authorize/", "/oauth/token"] {
        json(&world, "GET", path).await.refuses(KauthFault::UnknownUrl, "");
        world.get(path).await.shows(KauthFault::UnknownUrl);
    }
    for path in ["/nope", "/static/nope.css", "/static/../Cargo.toml", "/dev/callback", "/_dev/worlds"] {
        assert_eq!(world.get(path).await.status, 404, "{path}");
    }
    world.get("/nope").await.is_a_strict_page();
}

#[tokio::test]
async fn a_wrong_method_names_the_right_one() {
    let world = World::new().await;
    for (method, path, allow) in [
        ("POST", "/v1/business/tokeninfo", "GET,HEAD"),
        ("DELETE", "/v1/business/userinfo", "GET,HEAD"),
        ("GET", "/v1/business/revoke", "POST"),
        ("PUT", "/v1/system/ips", "GET,HEAD"),
    ] {
        let answer = json(&world, method, path).await;
        answer.declines(KapiFault::WrongMethod, "");
        assert_eq!(answer.header("allow"), Some(allow));
    }
    for (method, path, allow) in
        [("POST", "/oauth/business/authorize", "GET,HEAD"), ("GET", "/oauth/business/token", "POST")]
    {
        let answer = json(&world, method, path).await;
        answer.refuses(KauthFault::WrongMethod, "");
        assert_eq!(answer.header("allow"), Some(allow));
    }
    assert_eq!(json(&world, "PUT", "/login").await.status, 405);
}

#[tokio::test]
async fn a_host_named_kauth_or_kapi_answers_for_its_half() {
    let world = World::new().await;
    let ask = async |host: &str, path: &str| {
        Answer::of(world.request("GET", path).header("host", host).header("accept", "application/json")).await
    };
    assert_eq!(ask("kauth.example.com", "/oauth/business/authorize").await.status, 400);
    ask("kauth.example.com", "/v1/business/tokeninfo").await.declines(KapiFault::UnknownPath, "");
    ask("KAPI.example.com:8080", "/v1/business/tokeninfo").await.declines(KapiFault::NoKey, "");
    ask("kapi.example.com", "/oauth/nowhere").await.refuses(KauthFault::UnknownUrl, "");
    ask("KAPI:80", "/oauth/nowhere").await.refuses(KauthFault::UnknownUrl, "");
    assert_eq!(ask("kapi:80", "/login").await.status, 404);
    assert_eq!(ask("kapi.example.com", "/login").await.status, 404);
    assert_eq!(ask("kauth.example.com", "/login").await.status, 200);
    ask("kapix.example.com", "/v1/business/tokeninfo").await.declines(KapiFault::NoKey, "");
}

#[tokio::test]
async fn two_hosts_are_a_bad_request() {
    let world = World::new().await;
    let ask = async |path: &str| {
        let request = world.request("GET", path).header("host", "a.example").header("host", "b.example");
        Answer::of(request.header("accept", "application/json")).await
    };
    ask("/v1/system/ips").await.declines(KapiFault::BadHeader, "");
    ask("/oauth/business/authorize").await.refuses(KauthFault::MalformedRequest, "");
}

/// "If the store cannot be read or written: 503 with the envelope of that door."
#[tokio::test]
async fn without_a_store_every_door_says_503() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let token = kim.lends(&world, &app).await;
    let code = kim.consents(&app, "scope=moment_management", &[("asset.moment", "11")]).await;
    let screen = kim.asked(&app.authorize("scope=moment_management")).await;
    world.store().close().await;

    for (method, path) in
        [("GET", "/v1/business/tokeninfo"), ("GET", "/v1/business/userinfo"), ("POST", "/v1/business/revoke")]
    {
        let answer = world.call(method, path, &token).await;
        answer.declines(KapiFault::StoreDown, "");
        assert!(answer.header("retry-after").is_some());
    }
    let ips = world.request("GET", "/v1/system/ips").header("authorization", format!("KakaoAK {}", app.client_id));
    Answer::of(ips).await.declines(KapiFault::StoreDown, "");
    let answer = app.redeems(&world, &code).await;
    answer.refuses(KauthFault::TemporaryFailure, "");
    assert!(answer.header("retry-after").is_some());
    kim.opens(&app.authorize("scope=moment_management")).await.shows(KauthFault::TemporaryFailure);
    json(&world, "GET", &app.authorize("scope=moment_management")).await.refuses(KauthFault::TemporaryFailure, "");
    assert_eq!(kim.answers(&screen, "agree", &[("asset.moment", "11")]).await.status, 503);
    assert_eq!(kim.posts("/logout", &[("form_token", "x")]).await.status, 503);
    assert_eq!(kim.posts("/login", &[("form_token", "x")]).await.status, 503);
    assert_eq!(kim.opens("/login").await.status, 503);
    assert_eq!(world.get("/openapi.json").await.status, 200, "what needs no store still works");
}

/// A request that is not answered in time is told so, and nothing may be concluded from it.
#[tokio::test]
async fn an_answer_that_takes_too_long_is_a_503() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let token = kim.lends(&world, &app).await;
    let code = kim.consents(&app, "scope=moment_management", &[("asset.moment", "11")]).await;
    let slow = world.impatient().await;
    let held = world.writes_held().await;
    slow.revoke(&token).await.declines(KapiFault::StoreDown, "");
    app.redeems(&slow, &code).await.refuses(KauthFault::TemporaryFailure, "");
    drop(held);
}

/// Internal, temporary (-1): a conflict that outlasts every try. Nothing was done.
#[tokio::test]
async fn a_conflict_that_does_not_end_is_temporary() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let token = kim.lends(&world, &app).await;
    let conflict = [
        "CREATE TRIGGER clash BEFORE UPDATE OF revoked_at ON tokens
         BEGIN INSERT INTO settings (id, maintenance) VALUES (1, 0); END",
        "CREATE FUNCTION clash() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'clash' USING ERRCODE = '40001'; END $$
         LANGUAGE plpgsql;
         CREATE TRIGGER clash BEFORE UPDATE OF revoked_at ON tokens FOR EACH ROW EXECUTE FUNCTION clash()",
    ];
    world.alter(conflict).await;
    world.revoke(&token).await.declines(KapiFault::Temporary, "");
    assert_eq!(world.tokeninfo(&token).await.status, 200, "nothing was done");
}

/// "A panic would be a 500 in the right envelope and a logged error."
#[tokio::test]
async fn a_panic_is_a_500_in_the_doors_words() {
    use axum::Router;
    use axum::routing::get;
    use bizauth::http::door::guarded;
    use tower::ServiceExt;

    let world = World::new().await;
    let ask = async |path: &str| {
        let broken = get(|| async { assert!(std::hint::black_box(false), "on purpose") });
        let router = guarded(Router::new().fallback_service(broken), &world.state).with_state(world.state.clone());
        let request = axum::http::Request::get(path).body(axum::body::Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.status(), 500);
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 100_000).await.unwrap();
        Answer { status: 500, headers: parts.headers, body: String::from_utf8(bytes.to_vec()).unwrap() }
    };
    ask("/v1/x").await.declines(KapiFault::Broken, "");
    ask("/oauth/business/token").await.refuses(KauthFault::Broken, "");
    ask("/oauth/business/authorize").await.shows(KauthFault::Broken);
    assert!(ask("/consent").await.body.starts_with("<!doctype html>"));
}

/// A page's form that is too long is none, and is told so by a page.
#[tokio::test]
async fn an_endless_form_gets_a_page() {
    let world = World::new().await;
    for path in ["/login", "/logout", "/consent"] {
        let answer = Answer::of(world.request("POST", path).form(&[("email", "x".repeat(1 << 20))])).await;
        assert_eq!(answer.status, 403, "{path}");
        answer.is_a_strict_page();
    }
}

#[tokio::test]
async fn the_static_files_have_their_types() {
    let world = World::new().await;
    for (path, kind) in [
        ("/static/bizauth.css", "text/css; charset=utf-8"),
        ("/static/bizauth.js", "text/javascript; charset=utf-8"),
        ("/static/icon.svg", "image/svg+xml"),
        ("/favicon.ico", "image/svg+xml"),
    ] {
        let answer = world.get(path).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some(kind)));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
}

/// What is not there is said where it was looked for: with the pages beside it, and the way to the first of them.
#[tokio::test]
async fn a_place_says_in_its_own_frame_that_a_page_is_not_there() {
    let world = World::new().await;
    let (kim, lee) = (world.newcomer("kim@example.com").await, world.operator("lee@example.com").await);
    let nobody = kim.opens("/console/nowhere").await;
    nobody.says(Notice::NotFound);
    assert!(nobody.all("nav.top a").is_empty());
    assert_eq!(
        (nobody.all("main a"), nobody.hrefs("main a")),
        (vec!["To the console".into()], vec!["/console".into()])
    );
    assert!(world.get("/nowhere").await.body.contains("If an app sent you here"));
    kim.signs_in().await;
    lee.signs_in().await;
    // The public listener does not tell that there are pages for operators, not even to one.
    for outside in ["/operator", "/operator/audit"] {
        let told = lee.opens(outside).await;
        told.says(Notice::NotFound);
        assert!(told.all("nav.top a").is_empty() && !told.all("main").concat().contains("perator"), "{told:?}");
    }
    let desk = lee.at(&world.operators);
    for (who, path, home, link) in [
        (&kim, "/console/nowhere", "/console", "To the console"),
        (&kim, "/console/apps/5", "/console", "To the console"),
        (&kim, "/me/nowhere", "/me", "To your connected apps"),
        (&desk, "/operator/nowhere/at/all", "/operator", "To the overview"),
    ] {
        let told = who.opens(path).await;
        assert_eq!(told.status, 404);
        told.says(Notice::NotFound);
        assert_eq!((told.hrefs("main a"), told.all("main a")), (vec![home.to_owned()], vec![link.to_owned()]));
        assert!(told.body.contains("it is not yours to see") && !told.body.contains("If an app sent you"), "{told:?}");
        assert!(told.all("nav.top a").len() > 1 && told.all("form.account strong") == [who.email.as_str()], "{path}");
    }
    let wrong = kim.opens("/console/apps/1/rename").await;
    assert_eq!((wrong.status, wrong.hrefs("main a")), (405, vec!["/console".to_owned()]));
    let stranger = kim.at(&world.operators).opens("/operator/nowhere").await;
    assert_eq!((stranger.status, stranger.all("nav.top a").len()), (404, 0), "nothing of the operator's is shown");
}
