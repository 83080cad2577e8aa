//! Business tokens in the console: listed, searched, looked at, revoked.

use bizauth_core::fault::KapiFault;
use bizauth_core::user::UserState;

use crate::console_keys::{a_developer, acts};
use crate::world::{BusinessToken, World, days, minutes};

async fn ids(world: &World, token: &BusinessToken) -> (String, String) {
    let told = world.tokeninfo(token).await.json();
    (told["id"].as_str().unwrap().to_owned(), told["token_user_id"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn tokens_are_listed_newest_first_by_pages_and_found_by_id() {
    let world = World::with(|config| config.issuance_limit = 100).await;
    let (kim, app) = a_developer(&world).await;
    let list = format!("/console/apps/{}/tokens", app.id);
    assert!(kim.opens(&list).await.body.contains("No token has been issued"));
    let lee = world.owner("lee@example.com").await;
    let theirs = lee.lends(&world, &app).await;
    for _ in 0..30 {
        kim.lends(&world, &app).await;
    }
    let first = kim.opens(&list).await;
    let seen = first.all("tbody th");
    assert_eq!(seen.len(), 25);
    assert!(seen.is_sorted_by(|a, b| a.parse::<i64>().unwrap() > b.parse::<i64>().unwrap()));
    let second = kim.opens(&format!("{list}?before={}", seen[24])).await;
    assert_eq!(second.all("tbody th").len(), 6);
    let back = kim.opens(&format!("{list}?after={}", second.all("tbody th")[0])).await;
    assert_eq!(back.all("tbody th"), seen, "the way back leads to the same page");
    assert_eq!((first.all("a[rel=prev]").len(), first.all("a[rel=next]").len()), (0, 1));
    assert_eq!((second.all("a[rel=prev]").len(), second.all("a[rel=next]").len()), (1, 0));
    assert_eq!((back.all("a[rel=prev]").len(), back.all("a[rel=next]").len()), (0, 1));

    let (id, user) = ids(&world, &theirs).await;
    for search in [&id, &user] {
        assert_eq!(kim.opens(&format!("{list}?q={search}")).await.all("tbody th"), std::slice::from_ref(&id));
    }
    assert!(kim.opens(&format!("{list}?q={}", &id[1..])).await.body.contains("There is no such token"));
    assert!(kim.opens(&format!("{list}?q=bzt_x")).await.body.contains("Only numbers"));
    assert!(kim.opens(&format!("{list}?q=99999999999999999999")).await.body.contains("Only numbers"));
}

#[tokio::test]
async fn a_token_is_looked_at_and_revoked_at_once() {
    let world = World::new().await;
    let (kim, app) = a_developer(&world).await;
    let code = kim.consents(&app, "scope=moment_management,biz_account_email", &[("asset.moment", "11")]).await;
    let token = app.buys(&world, &code).await;
    let (id, user) = ids(&world, &token).await;
    let page = format!("/console/apps/{}/tokens/{id}", app.id);
    let shown = kim.opens(&page).await;
    shown.is_a_strict_page();
    for text in [&id, &user, "Active", "moment_management", "biz_account_email", "Account 11", "Revoke it now"] {
        assert!(shown.body.contains(text), "{text}");
    }
    assert_eq!(shown.all("dl.facts code"), [id.clone(), user.clone()]);
    assert!(!shown.body.contains(&token.0) && !shown.body.contains("kim@example.com</dd>"));
    let revoke = format!("{page}/revoke");
    let unsure = kim.submits(&page, &revoke, &[]).await;
    assert_eq!((unsure.status, unsure.all("#revoke-sure-error").len()), (422, 1));
    assert_eq!(world.tokeninfo(&token).await.status, 200);
    let done = kim.submits(&page, &revoke, &[("sure", "yes")]).await;
    assert_eq!(done.leads(), format!("{page} token-revoked"));
    world.tokeninfo(&token).await.declines(KapiFault::NoSuchToken, "");
    let after = kim.opens(&page).await;
    assert!(after.body.contains("Revoked") && !after.body.contains("Revoke it now"));
    assert_eq!(acts(&world, &app).await, ["token.revoke"]);
}

#[tokio::test]
async fn a_token_says_how_it_stands() {
    let world = World::new().await;
    let (kim, app) = a_developer(&world).await;
    let lee = world.owner("lee@example.com").await;
    let list = format!("/console/apps/{}/tokens", app.id);
    let state = async || kim.opens(&list).await.all("tbody .badge").remove(0);
    lee.lends(&world, &app).await;
    assert_eq!(state().await, "Active");
    assert!(world.by().withdraw_consents(lee.id, app.id).await.unwrap() > 0);
    assert_eq!(state().await, "Consent withdrawn");
    lee.lends(&world, &app).await;
    world.advance(days(365));
    kim.signs_in().await;
    assert_eq!(state().await, "Unused for too long");
    lee.signs_in().await;
    lee.lends(&world, &app).await;
    assert!(world.by().set_user_state(lee.id, UserState::Blocked).await.unwrap());
    assert_eq!(state().await, "Account ended");
    kim.lends(&world, &app).await;
    assert!(world.by().set_sanction(app.id, true).await.unwrap());
    assert_eq!(state().await, "App under sanction");
    assert!(world.by().set_sanction(app.id, false).await.unwrap());
    assert_eq!(state().await, "Ended by a sanction");
    kim.lends(&world, &app).await;
    assert!(world.by().delete_key(app.key).await.unwrap());
    assert_eq!(state().await, "Key deleted");
}

#[tokio::test]
async fn a_token_says_who_ended_it() {
    let world = World::new().await;
    let (kim, app) = a_developer(&world).await;
    let lee = world.owner("lee@example.com").await;
    let list = format!("/console/apps/{}/tokens", app.id);
    let who = async |token: &BusinessToken, id: &str| {
        world.tokeninfo(token).await.declines(KapiFault::NoSuchToken, "");
        let facts = kim.opens(&format!("{list}/{id}")).await;
        let at = facts.all("dl.facts dt").iter().position(|name| name == "Ended by").unwrap();
        facts.all("dl.facts dd").remove(at)
    };
    let token = lee.lends(&world, &app).await;
    let (id, _) = ids(&world, &token).await;
    assert!(!kim.opens(&format!("{list}/{id}")).await.all("dl.facts dt").contains(&"Ended by".to_owned()));
    let (page, revoke) = (format!("{list}/{id}"), format!("{list}/{id}/revoke"));
    assert_eq!(kim.submits(&page, &revoke, &[("sure", "yes")]).await.status, 303);
    assert_eq!(who(&token, &id).await, "kim@example.com, a member of the app");

    world.advance(minutes(1));
    let token = lee.lends(&world, &app).await;
    let (id, _) = ids(&world, &token).await;
    let connected = lee.opens("/me").await.hrefs("main a").into_iter().find(|it| it.starts_with("/me/apps/")).unwrap();
    let take = format!("{connected}/tokens/{id}/withdraw");
    assert_eq!(lee.submits(&take, &take, &[]).await.status, 303);
    assert_eq!(who(&token, &id).await, "the person who had agreed");

    world.advance(minutes(1));
    let token = lee.lends(&world, &app).await;
    let (id, _) = ids(&world, &token).await;
    assert_eq!(world.revoke(&token).await.status, 200);
    assert!(who(&token, &id).await.starts_with("the app itself"));

    world.advance(minutes(1));
    let token = lee.lends(&world, &app).await;
    let (id, _) = ids(&world, &token).await;
    assert!(world.by().withdraw_consents(lee.id, app.id).await.unwrap() > 0);
    assert_eq!(who(&token, &id).await, "the operator of this platform");

    let token = lee.lends(&world, &app).await;
    let (id, _) = ids(&world, &token).await;
    world.advance(minutes(1));
    assert!(world.by().revoke_token_of(app.id, id.parse().unwrap()).await.unwrap());
    assert_eq!(who(&token, &id).await, "the operator of this platform");
}

#[tokio::test]
async fn tokens_of_other_apps_are_not_there() {
    let world = World::new().await;
    let (kim, app) = a_developer(&world).await;
    let other = world.app().await;
    let (mine, theirs) = (kim.lends(&world, &app).await, kim.lends(&world, &other).await);
    let (my_id, _) = ids(&world, &mine).await;
    let (id, user) = ids(&world, &theirs).await;
    let list = format!("/console/apps/{}/tokens", app.id);
    assert_eq!(kim.opens(&format!("{list}/{id}")).await.status, 404);
    for search in [&id, &user] {
        assert!(kim.opens(&format!("{list}?q={search}")).await.body.contains("There is no such token"));
    }
    assert_eq!(kim.opens(&format!("/console/apps/{}/tokens", other.id)).await.status, 404);
    let token = kim.form_token(&format!("{list}/{my_id}"), &format!("{list}/{my_id}/revoke")).await;
    let crossed = kim.posts(&format!("{list}/{id}/revoke"), &[("form_token", &token), ("sure", "yes")]).await;
    assert!([403, 404].contains(&crossed.status));
    assert_eq!(world.tokeninfo(&theirs).await.status, 200);
}
