//! Keys in the console: made, shown, renamed, switched, deleted; and when they were last used.

use bizauth_core::app::AppKind;
use bizauth_core::fault::{KapiFault, KauthFault};
use bizauth_store::AuditFilter;

use crate::world::{Answer, App, Person, World, minutes};

/// A developer who is signed in, and their app with one REST API key.
pub async fn a_developer(world: &World) -> (Person, App) {
    let kim = world.owner("kim@example.com").await;
    let app = world.app_of(AppKind::Biz, None, Some(kim.id)).await;
    kim.signs_in().await;
    (kim, app)
}

/// What members did with an app, newest first.
pub async fn acts(world: &World, app: &App) -> Vec<String> {
    let filter = AuditFilter { on: Some(("app".to_owned(), app.id.to_string())), ..AuditFilter::default() };
    let page = world.store().audit_page(&filter, None, 100).await.unwrap();
    page.into_iter().filter(|it| it.entry.actor_kind == "account").map(|it| it.entry.act).collect()
}

/// The whole audit log and the metrics as text, to look for what must not be there.
pub async fn everything_kept(world: &World) -> String {
    let page = world.store().audit_page(&AuditFilter::default(), None, 1000).await.unwrap();
    format!("{page:?} {}", world.state.metrics.text())
}

async fn system_ips(world: &World, key: &str) -> Answer {
    Answer::of(world.request("GET", "/v1/system/ips").header("authorization", format!("KakaoAK {key}"))).await
}

#[tokio::test]
async fn a_key_is_made_and_its_secret_is_shown_once() {
    let world = World::new().await;
    let (kim, app) = a_developer(&world).await;
    let keys = format!("/console/apps/{}/keys", app.id);
    let create = format!("{keys}/create");
    for (kind, secret) in [("rest_api", true), ("admin", true), ("native", false), ("javascript", false)] {
        let made = kim.submits(&keys, &create, &[("kind", kind), ("name", "운영 <서버>")]).await;
        assert_eq!(made.status, 303, "{made:?}");
        let there = made.location().to_owned();
        assert!(there.starts_with(&format!("{keys}/")) && made.leads() == format!("{there} key-created"), "{there}");
        let page = kim.opens(&there).await;
        page.is_a_strict_page();
        assert_eq!(page.all("h1"), ["운영 <서버>"]);
        let shown = page.all("#shown");
        assert_eq!(shown.len(), usize::from(secret), "{kind}");
        if let [secret] = &shown[..] {
            assert_eq!(secret.len(), 32);
            assert!(!there.contains(secret.as_str()));
            assert!(!kim.opens(&there).await.body.contains(secret.as_str()), "shown once");
            assert!(!kim.opens(&keys).await.body.contains(secret.as_str()));
            assert!(!everything_kept(&world).await.contains(secret.as_str()));
        }
        if kind == "rest_api" {
            let value = page.all("#value").remove(0);
            let (redirect_uri, secret) = (app.redirect_uri.clone(), shown[0].clone());
            let mine = App { client_id: value, client_secret: secret, redirect_uri, ..app.clone() };
            mine.redeems(&world, "x").await.refuses(KauthFault::CodeNotFound, "x");
        }
        if kind == "admin" {
            assert_eq!(page.all("#value").len(), 0);
            system_ips(&world, &shown[0]).await.declines(KapiFault::StoreDown, "");
        }
    }
    assert_eq!(acts(&world, &app).await, ["key.create"; 4]);
}

#[tokio::test]
async fn mistakes_are_told_beside_the_field_and_the_input_stays() {
    let world = World::new().await;
    let (kim, app) = a_developer(&world).await;
    let keys = format!("/console/apps/{}/keys", app.id);
    let create = format!("{keys}/create");
    let long = "n".repeat(51);
    for (kind, name, error) in [
        ("", "A name", "Choose what kind of key it is."),
        ("gold", "A name", "Choose what kind of key it is."),
        ("native", " ", "Give the key a name"),
        ("native", &long, "at most 50 characters"),
    ] {
        let answer = kim.submits(&keys, &create, &[("kind", kind), ("name", name)]).await;
        assert_eq!(answer.status, 422);
        assert!(answer.all(".error").iter().any(|text| text.contains(error)), "{error}: {:?}", answer.all(".error"));
        assert_eq!(answer.values("input[name=name]"), [name.to_owned()]);
        assert!(!answer.body.contains('⟦'));
    }
    assert_eq!(world.store().keys_of(app.id, world.now()).await.unwrap().len(), 1, "nothing was done");
}

#[tokio::test]
async fn five_of_a_kind_are_all_there_may_be_however_they_are_asked_for() {
    let world = World::new().await;
    let (kim, app) = a_developer(&world).await;
    let keys = format!("/console/apps/{}/keys", app.id);
    let create = format!("{keys}/create");
    let token = kim.form_token(&keys, &create).await;
    let fields = [("kind", "native"), ("name", "x"), ("form_token", token.as_str())];
    for _ in 0..4 {
        assert_eq!(kim.posts(&create, &fields).await.status, 303);
    }
    let (a, b, c, d, e, f) = tokio::join!(
        kim.posts(&create, &fields),
        kim.posts(&create, &fields),
        kim.posts(&create, &fields),
        kim.posts(&create, &fields),
        kim.posts(&create, &fields),
        kim.posts(&create, &fields)
    );
    let answers = [a, b, c, d, e, f];
    assert_eq!(answers.iter().filter(|answer| answer.status == 303).count(), 1);
    for refused in answers.iter().filter(|answer| answer.status != 303) {
        assert_eq!(refused.status, 422);
        assert!(refused.all(".error").iter().any(|text| text.contains("There are 5 of this kind already")));
    }
}

#[tokio::test]
async fn a_key_is_renamed_switched_and_deleted() {
    let world = World::new().await;
    let (kim, app) = a_developer(&world).await;
    let token = kim.lends(&world, &app).await;
    let page = format!("/console/apps/{}/keys/{}", app.id, app.key);
    let to = |end: &str| format!("{page}/{end}");
    let renamed = kim.submits(&page, &to("rename"), &[("name", "Server")]).await;
    assert_eq!(renamed.leads(), format!("{page} key-renamed"));
    let empty = kim.submits(&page, &to("rename"), &[("name", "")]).await;
    assert_eq!(empty.status, 422);
    assert_eq!(kim.opens(&page).await.all("h1"), ["Server"]);

    assert_eq!(kim.submits(&page, &to("disable"), &[]).await.status, 303);
    app.redeems(&world, "x").await.refuses(KauthFault::UnknownClient, &app.client_id);
    assert_eq!(world.tokeninfo(&token).await.status, 200, "a token outlives a switched-off key");
    assert_eq!(kim.submits(&page, &to("enable"), &[]).await.status, 303);
    app.redeems(&world, "x").await.refuses(KauthFault::CodeNotFound, "x");

    let wrong = kim.submits(&page, &to("delete"), &[("confirm", "server")]).await;
    assert_eq!((wrong.status, wrong.values("input[name=confirm]")), (422, vec!["server".to_owned()]));
    assert_eq!(world.tokeninfo(&token).await.status, 200);
    let deleted = kim.submits(&page, &to("delete"), &[("confirm", &app.client_id[28..])]).await;
    assert_eq!(deleted.leads(), format!("/console/apps/{}/keys key-deleted", app.id));
    world.tokeninfo(&token).await.declines(KapiFault::NoSuchToken, "");
    assert_eq!(kim.opens(&page).await.status, 404, "it never comes back");
    assert_eq!(acts(&world, &app).await, ["key.delete", "key.enable", "key.disable", "key.rename"]);
}

#[tokio::test]
async fn an_admin_key_may_be_kept_from_the_ip_list() {
    let world = World::new().await;
    let (kim, app) = a_developer(&world).await;
    let (id, value) = world.key(&app, bizauth_core::key::KeyKind::Admin).await;
    let page = format!("/console/apps/{}/keys/{id}", app.id);
    let switch = format!("{page}/system-ips");
    assert_eq!(kim.submits(&page, &switch, &[]).await.leads(), format!("{page} ips-forbidden"));
    system_ips(&world, &value).await.declines(KapiFault::ApiNotAllowed, "");
    assert_eq!(kim.submits(&page, &switch, &[]).await.leads(), format!("{page} ips-allowed"));
    system_ips(&world, &value).await.declines(KapiFault::StoreDown, "");
}

#[tokio::test]
async fn a_rest_api_key_may_be_made_to_require_pkce() {
    let world = World::new().await;
    let (kim, app) = a_developer(&world).await;
    let page = format!("/console/apps/{}/keys/{}", app.id, app.key);
    let switch = format!("{page}/pkce");
    let section = async || kim.opens(&page).await.all("section[aria-labelledby=pkce] .badge");
    let asks = async || kim.asked(&app.authorize("scope=moment_management")).await;
    assert_eq!((section().await, asks().await.status), (vec!["Not required".to_owned()], 200));
    assert_eq!(kim.submits(&page, &switch, &[]).await.leads(), format!("{page} pkce-required"));
    assert_eq!(section().await, ["Required"]);
    asks().await.shows(KauthFault::BadAuthorizeParameter);
    assert_eq!(kim.submits(&page, &switch, &[]).await.leads(), format!("{page} pkce-optional"));
    assert_eq!((section().await, asks().await.status), (vec!["Not required".to_owned()], 200));
    assert_eq!(acts(&world, &app).await, ["key.pkce"; 2]);
    let (native, _) = world.key(&app, bizauth_core::key::KeyKind::Native).await;
    let native = format!("/console/apps/{}/keys/{native}", app.id);
    assert!(kim.opens(&native).await.all("section[aria-labelledby=pkce]").is_empty());
    let token = kim.form_token(&native, &format!("{native}/rename")).await;
    let crossed = kim.posts(&format!("{native}/pkce"), &[("form_token", &token), ("required", "yes")]).await;
    assert!([403, 404].contains(&crossed.status), "{crossed:?}");
}

#[tokio::test]
async fn the_last_use_of_a_key_is_noted_every_few_minutes() {
    let world = World::new().await;
    let (_, app) = a_developer(&world).await;
    let used = async || world.store().key_by_id(app.key, world.now()).await.unwrap().unwrap().used_at;
    let mut wrong = app.trade("x");
    wrong[4].1 = "wrong";
    world.trade(&wrong).await;
    assert_eq!(used().await, None, "a refused client used nothing");
    let first = world.now();
    app.redeems(&world, "x").await;
    assert_eq!(used().await, Some(first));
    world.advance(minutes(4));
    app.redeems(&world, "x").await;
    assert_eq!(used().await, Some(first));
    world.advance(minutes(1));
    system_ips(&world, &app.client_id).await;
    assert_eq!(used().await, Some(world.now()));
}

#[tokio::test]
async fn keys_of_other_apps_are_not_there() {
    let world = World::new().await;
    let (kim, app) = a_developer(&world).await;
    let other = world.app().await;
    let mine = format!("/console/apps/{}/keys/{}", app.id, app.key);
    let crossed = format!("/console/apps/{}/keys/{}", app.id, other.key);
    let theirs = format!("/console/apps/{}/keys/{}", other.id, other.key);
    for page in [&crossed, &theirs] {
        assert_eq!(kim.opens(page).await.status, 404);
        for end in [
            "rename",
            "disable",
            "enable",
            "delete",
            "system-ips",
            "redirect-uris/add",
            "redirect-uris/remove",
            "secret/on",
            "secret/off",
            "secret/issue",
            "secret/end-overlap",
            "pkce",
            "callers",
        ] {
            let token = kim.form_token(&mine, &format!("{mine}/rename")).await;
            let answer = kim.posts(&format!("{page}/{end}"), &[("form_token", &token), ("name", "x")]).await;
            assert!([403, 404].contains(&answer.status), "{page}/{end}: {}", answer.status);
        }
    }
    assert!(acts(&world, &app).await.is_empty() && acts(&world, &other).await.is_empty());
}
