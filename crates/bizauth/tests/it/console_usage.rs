//! Usage: every answered call of an app is counted once, on the platform's day, and the page adds it up.

use std::collections::BTreeMap;
use std::time::Duration;

use bizauth::config::Config;
use bizauth::http::state::AppState;
use bizauth::serve;
use bizauth::usage::{Endpoint, OK, day_of};
use bizauth_core::app::AppKind;
use bizauth_core::id::AppId;
use bizauth_core::key::KeyKind;
use bizauth_store::Store;

use crate::world::{App, NOON, Person, World, database_url, minutes};

/// Endpoint and outcome of everything that was counted for an app on a day.
async fn counted(world: &World, app: AppId, day: i64) -> BTreeMap<String, i64> {
    world.state.usage.keep(world.store()).await.unwrap();
    let rows = world.store().usage_of(app, day, day).await.unwrap();
    rows.into_iter().map(|row| (format!("{} {}", row.endpoint, row.outcome), row.calls)).collect()
}

fn today(world: &World) -> i64 {
    day_of(world.now(), &world.state.config.ip_zone)
}

async fn a_developer(world: &World) -> (Person, App) {
    let kim = world.owner("kim@example.com").await;
    let app = world.app_of(AppKind::Biz, None, Some(kim.id)).await;
    (kim, app)
}

#[tokio::test]
async fn every_call_is_counted_by_endpoint_and_outcome() {
    let world = World::new().await;
    let (kim, app) = a_developer(&world).await;
    let other = world.app().await;
    let token = kim.lends(&world, &app).await;
    for _ in 0..3 {
        assert_eq!(world.tokeninfo(&token).await.status, 200);
    }
    app.redeems(&world, "no-such-code").await;
    let mut wrong = app.trade("x");
    wrong[4].1 = "wrong";
    world.trade(&wrong).await;
    kim.opens(&app.authorize("scope=moment_dance")).await;
    world.get("/v1/system/ips").await;
    world
        .request("GET", "/v1/system/ips")
        .header("authorization", format!("KakaoAK {}", app.client_id))
        .send()
        .await
        .unwrap();
    world.revoke(&token).await;
    assert_eq!(world.tokeninfo(&token).await.status, 401);
    let today = today(&world);
    let counts: Vec<(String, i64)> = counted(&world, app.id, today).await.into_iter().collect();
    let wanted = [
        ("authorize UnknownConsentItem", 1),
        // Asked for once; the detour by way of the sign-in page is no second time.
        ("authorize ok", 1),
        // No IP list was published.
        ("ips StoreDown", 1),
        ("revoke ok", 1),
        ("token BadClientSecret", 1),
        ("token CodeNotFound", 1),
        ("token ok", 1),
        ("tokeninfo NoSuchToken", 1),
        ("tokeninfo ok", 3),
    ];
    assert_eq!(counts, wanted.map(|(name, calls)| (name.to_owned(), calls)));
    assert!(counted(&world, other.id, today).await.is_empty());
}

#[tokio::test]
async fn what_could_not_be_kept_is_kept_later() {
    let world = World::new().await;
    let folder = tempfile::TempDir::new().unwrap();
    let without_tables = Store::embedded(&folder.path().join("empty.db"), 3).unwrap();
    for n in 1..=700 {
        world.state.usage.count(AppId(n), Endpoint::Token, OK, world.now());
    }
    assert!(world.state.usage.keep(&without_tables).await.is_err());
    for n in [1, 700] {
        assert_eq!(counted(&world, AppId(n), today(&world)).await["token ok"], 1);
    }
    world.state.usage.keep(world.store()).await.unwrap();
    assert_eq!(counted(&world, AppId(1), today(&world)).await["token ok"], 1, "and once only");
}

#[tokio::test]
async fn what_was_counted_last_is_kept_when_the_server_stops() {
    let folder = tempfile::TempDir::new().unwrap();
    let url = database_url();
    let open = || match &url {
        Some(url) => Store::postgres(url, 2, 7).unwrap(),
        None => Store::embedded(&folder.path().join("bizauth.db"), 7).unwrap(),
    };
    let state = AppState::new(open(), Config::default());
    state.store.migrate(NOON).await.unwrap();
    state.usage.count(AppId(1), Endpoint::Token, OK, NOON);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let zone = state.config.ip_zone.clone();
    serve::run(state, listener, None, None, async {}).await;
    let day = day_of(NOON, &zone);
    assert_eq!(open().usage_of(AppId(1), day, day).await.unwrap()[0].calls, 1);
}

#[tokio::test]
async fn a_day_is_the_platforms() {
    let world = World::new().await;
    let (kim, app) = a_developer(&world).await;
    let token = kim.lends(&world, &app).await;
    let first = today(&world);
    world.tokeninfo(&token).await;
    // Midnight in Seoul, nine hours before that of UTC.
    world.advance(minutes(12 * 60) - Duration::from_millis(1));
    world.tokeninfo(&token).await;
    assert_eq!(counted(&world, app.id, first).await["tokeninfo ok"], 2);
    world.advance(Duration::from_millis(1));
    world.tokeninfo(&token).await;
    world.tokeninfo(&token).await;
    assert_eq!(today(&world), first + 1);
    assert_eq!(counted(&world, app.id, first).await["tokeninfo ok"], 2);
    assert_eq!(counted(&world, app.id, first + 1).await["tokeninfo ok"], 2);
}

#[tokio::test]
async fn the_page_adds_up_what_was_counted_and_what_is_left() {
    let world = World::new().await;
    let (kim, app) = a_developer(&world).await;
    let page = format!("/console/apps/{}/usage", app.id);
    kim.signs_in().await;
    let nothing = kim.opens(&page).await;
    assert_eq!(nothing.all(".nothing-title"), ["No calls in this period"]);
    assert!(nothing.all("svg[role=img]").is_empty());
    assert!(nothing.body.contains("The app has no quota"), "{nothing:?}");

    assert!(world.by().set_daily_quota(app.id, Some(4)).await.unwrap());
    let token = kim.lends(&world, &app).await;
    for _ in 0..6 {
        world.tokeninfo(&token).await;
    }
    let (_, javascript) = world.key(&app, KeyKind::JavaScript).await;
    world
        .request("GET", "/v1/system/ips")
        .header("authorization", format!("KakaoAK {javascript}"))
        .send()
        .await
        .unwrap();
    // Nobody waits: what was counted a moment ago is on the page.
    let shown = kim.opens(&format!("{page}?days=7")).await;
    shown.is_a_strict_page();
    assert_eq!(shown.all("#calls-title + p"), ["9 calls: authorize 1, token 1, tokeninfo 6, ips 1."]);
    assert_eq!(shown.all("#refusals-title + p"), ["3 refusals: -10 3."]);
    assert_eq!(shown.all("a[aria-current=page]").into_iter().filter(|text| text.ends_with("days")).count(), 1);
    let charts = shown.all("svg[role=img] > title");
    assert_eq!(charts, ["Calls a day, by endpoint", "Refusals a day, by code"]);
    // The same numbers as a table: a row for each of the seven days, the newest first, and a sum.
    let rows = shown.all("figure:first-of-type tbody tr");
    assert_eq!(rows.len(), 14, "{rows:?}");
    assert!(rows[0].starts_with("21 November 2026 1 1 6 0 0 1 9"), "{rows:?}");
    let refusals = shown.all("#refusals-title ~ table tbody tr");
    assert_eq!(refusals[0], "-10 The quota for today is used up tokeninfo 2 21 November 2026");
    assert_eq!(refusals.len(), 2);
    let left = shown.all("#quota + .facts dd");
    assert_eq!(left[0], "0 of 4 calls");
    assert_eq!(left[2], "22 November 2026, 09:00 KST", "days of quotas are those of UTC");
    for days in ["30", "90", "12", "x"] {
        let rows = kim.opens(&format!("{page}?days={days}")).await.all("figure tbody tr").len();
        assert_eq!(rows, if days == "90" { 180 } else { 60 }, "{days}");
    }
}
