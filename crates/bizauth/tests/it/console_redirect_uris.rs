//! Redirect URIs and allowed callers in the console: each mistake in its own words, beside the field.

use bizauth_core::fault::KauthFault;

use crate::console_keys::{a_developer, acts};
use crate::world::World;

#[tokio::test]
async fn every_mistake_in_an_address_has_its_own_words() {
    let world = World::new().await;
    let (kim, app) = a_developer(&world).await;
    let page = format!("/console/apps/{}/keys/{}", app.id, app.key);
    let add = format!("{page}/redirect-uris/add");
    let long = format!("https://example.com/{}", "a".repeat(2000));
    for (uri, error) in [
        ("", "Give an address."),
        (long.as_str(), "too long"),
        ("https://app.example.com/my cb", "space in the address"),
        ("https://app.example.com/my cb", "Did you mean https://app.example.com/my%20cb"),
        ("https://app.example.com/\"cb\"", "Percent-encode"),
        ("app.example.com/cb", "begins with http:// or https://"),
        ("myapp://callback", "For example: https://app.example.com/callback"),
        ("https:///cb", "no proper host"),
        ("https://kim@app.example.com/cb", "no user name or password"),
        ("https://app.example.com/cb#top", "no fragment"),
        ("https://app.example.com/cb#top", "Did you mean https://app.example.com/cb ?"),
        ("https://app.example.com/a/../cb", "not contain . or .."),
        ("https://App.Example.com/cb", "normal form"),
        ("https://*.example.com/cb", "Wildcards (*) are not allowed on this server"),
        (app.redirect_uri.as_str(), "registered already"),
    ] {
        let answer = kim.submits(&page, &add, &[("uri", uri)]).await;
        assert_eq!(answer.status, 422, "{uri}");
        let told = answer.all("#redirect-uri-error");
        assert!(told.len() == 1 && told[0].contains(error), "{uri}: {told:?}");
        assert_eq!(answer.values("#redirect-uri"), [uri.to_owned()], "the input stays");
        assert!(!answer.body.contains('⟦'));
    }
    let korean = kim.opens(&format!("/language?to=ko&next={page}")).await;
    assert_eq!(korean.status, 303);
    let answer = kim.submits(&page, &add, &[("uri", "https://app.example.com/cb#top")]).await;
    let told = answer.all("#redirect-uri-error");
    assert!(told[0].contains("프래그먼트") && told[0].contains("혹시 https://app.example.com/cb 인가요?"), "{told:?}");
    assert!(acts(&world, &app).await.is_empty());
}

#[tokio::test]
async fn a_wildcard_is_for_biz_apps_and_the_first_label() {
    let world = World::with(|config| config.wildcard_redirects = true).await;
    let (kim, app) = a_developer(&world).await;
    let page = format!("/console/apps/{}/keys/{}", app.id, app.key);
    let add = format!("{page}/redirect-uris/add");
    let misplaced = kim.submits(&page, &add, &[("uri", "https://shop.*.example.com/cb")]).await;
    assert!(misplaced.all(".error")[0].contains("whole first label"));
    assert_eq!(kim.submits(&page, &add, &[("uri", "https://*.example.com/cb")]).await.status, 303);
    assert!(world.by().set_app_kind(app.id, bizauth_core::app::AppKind::Basic).await.unwrap());
    let basic = kim.submits(&page, &add, &[("uri", "https://*.example.org/cb")]).await;
    assert!(basic.all(".error")[0].contains("Only Biz apps"));
}

#[tokio::test]
async fn ten_addresses_fit_and_a_removed_one_makes_room() {
    let world = World::new().await;
    let (kim, app) = a_developer(&world).await;
    let page = format!("/console/apps/{}/keys/{}", app.id, app.key);
    let (add, remove) = (format!("{page}/redirect-uris/add"), format!("{page}/redirect-uris/remove"));
    for n in 1..=9 {
        let uri = format!(" https://{n}.example.com/cb?x=%2f ");
        assert_eq!(kim.submits(&page, &add, &[("uri", &uri)]).await.leads(), format!("{page} uri-added"));
    }
    let full = kim.submits(&page, &add, &[("uri", "https://11.example.com/cb")]).await;
    assert_eq!(full.status, 422);
    assert!(full.all("#redirect-uri-error")[0].contains("at most 10 addresses"));
    let gone = kim.submits(&page, &remove, &[("uri", &app.redirect_uri)]).await;
    assert_eq!(gone.leads(), format!("{page} uri-removed"));
    kim.opens(&app.authorize("scope=moment_management")).await.shows(KauthFault::UnregisteredRedirectUri);
    assert_eq!(kim.submits(&page, &add, &[("uri", "https://11.example.com/cb")]).await.status, 303);
    let uris = world.store().key_by_id(app.key, world.now()).await.unwrap().unwrap().redirect_uris;
    assert_eq!((uris.len(), uris[0].as_str()), (10, "https://1.example.com/cb?x=%2f"));
    assert_eq!(acts(&world, &app).await[..2], ["redirect_uri.add", "redirect_uri.remove"]);
}

#[tokio::test]
async fn callers_are_lines_and_bad_ones_are_named() {
    let world = World::new().await;
    let (kim, app) = a_developer(&world).await;
    let page = format!("/console/apps/{}/keys/{}", app.id, app.key);
    let callers = format!("{page}/callers");
    let text = "203.0.113.7\n\n203.0.113.300\n10.0.0.0/8\nexample.com";
    let refused = kim.submits(&page, &callers, &[("callers", text)]).await;
    assert_eq!(refused.status, 422);
    let told = refused.all("#allowed-callers-error");
    assert!(told[0].contains("Line 3, “203.0.113.300”") && told[0].contains("Line 5, “example.com”"), "{told:?}");
    assert!(!told[0].contains("Line 1"), "{told:?}");
    assert!(refused.all("textarea")[0].contains("203.0.113.300"), "the input stays");
    let good = "203.0.113.7\r\n 10.1.2.3/8\r\n2001:DB8::/32\r\n203.0.113.7";
    assert_eq!(kim.submits(&page, &callers, &[("callers", good)]).await.status, 303);
    let shown = kim.opens(&page).await;
    assert_eq!(shown.all("textarea"), ["203.0.113.7/32 10.0.0.0/8 2001:db8::/32"]);
    assert!(shown.all("[role=note]")[0].contains("127.0.0.1, is not in the list"));
    app.redeems(&world, "x").await.refuses(KauthFault::CallerNotAllowed, "127.0.0.1");
    assert_eq!(kim.submits(&page, &callers, &[("callers", "127.0.0.0/8")]).await.status, 303);
    assert!(kim.opens(&page).await.all("[role=note]").is_empty());
    assert_eq!(kim.submits(&page, &callers, &[("callers", "")]).await.status, 303);
    app.redeems(&world, "x").await.refuses(KauthFault::CodeNotFound, "x");
    let many: Vec<String> = (0..101).map(|n| format!("10.0.0.{n}")).collect();
    let many = kim.submits(&page, &callers, &[("callers", &many.join("\n"))]).await;
    assert!(many.all("#allowed-callers-error")[0].contains("at most 100"));
}
