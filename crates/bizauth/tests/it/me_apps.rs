//! `/me` and below: connected apps, what was agreed to, and taking back an app, an asset, a token, with effect at once.

use bizauth::view::Notice;
use bizauth_core::asset::AssetKind;
use bizauth_core::fault::{KapiFault, KauthFault};
use bizauth_core::user::UserState;
use bizauth_store::AuditFilter;
use serde_json::json;

use crate::world::{Answer, App, BusinessToken, Person, World, days, minutes};

async fn account_ids(world: &World, token: &BusinessToken) -> serde_json::Value {
    world.tokeninfo(token).await.json()["biz_agreements"][0]["ad_account_ids"].clone()
}

fn path(app: &App) -> String {
    format!("/me/apps/{}", app.id)
}

/// Opens a page of a confirmation and confirms.
async fn confirms(person: &Person, page: &str) -> Answer {
    let action = page.split('?').next().unwrap();
    person.submits(page, action, &[]).await
}

async fn acts(world: &World) -> Vec<String> {
    let page = world.store().audit_page(&AuditFilter::default(), None, 50).await.unwrap();
    page.into_iter().map(|record| format!("{} by {}", record.entry.act, record.entry.actor)).collect()
}

#[tokio::test]
async fn whoever_lent_nothing_is_told_what_would_be_here() {
    let world = World::new().await;
    let kim = world.newcomer("kim@example.com").await;
    kim.signs_in().await;
    let page = kim.opens("/me").await;
    assert_eq!(page.status, 200);
    page.is_a_strict_page();
    assert_eq!(page.all(".nothing-title"), ["No app is connected"]);
    kim.opens("/me/apps/5").await.says(Notice::NotFound);
    kim.opens("/me/apps/x").await.says(Notice::NotFound);
}

#[tokio::test]
async fn a_connected_app_is_told_of_in_full() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let rest = "scope=biz_account_email,moment_management,keyword_management";
    let picks = [("asset.moment", "11"), ("asset.moment", "12"), ("choice.keyword", "all")];
    let code = kim.consents(&app, rest, &picks).await;
    let token = app.buys(&world, &code).await;
    world.advance(minutes(90));
    world.tokeninfo(&token).await;

    let list = kim.opens("/me").await;
    assert_eq!(list.all(".connected h2"), ["Ad report"]);
    for words in ["Example Inc.", "카카오모먼트", "1 token", "2 assets", "everything, now and in future"] {
        let words = if words == "카카오모먼트" { "Kakao" } else { words };
        assert!(list.body.contains(words), "{words}: {}", list.body);
    }
    let page = kim.opens(&path(&app)).await;
    page.is_a_strict_page();
    assert_eq!(page.all("#assets tbody th"), ["Account 21", "Account 11", "Account 12"]);
    assert_eq!((page.all("#tokens tbody th").len(), page.all("#consents tbody th").len()), (1, 1));
    assert!(page.body.contains("13:30"), "last used at half past one: {}", page.body);
    for (language, words) in [("en", "up to an hour old"), ("ko", "최대 한 시간 이전")] {
        kim.opens(&format!("/language?to={language}&next=/")).await;
        for at in ["/me".to_owned(), path(&app)] {
            assert!(kim.opens(&at).await.body.contains(words), "{at}");
        }
    }
}

#[tokio::test]
async fn an_app_that_is_disconnected_can_do_nothing_any_more() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let token = kim.lends(&world, &app).await;
    let code = kim.consents(&app, "scope=moment_management", &[("asset.moment", "12")]).await;
    let page = format!("{}/withdraw", path(&app));
    let ask = kim.opens(&page).await;
    assert!(ask.body.contains("The one live token of Ad report ends."), "{}", ask.body);
    assert_eq!(world.tokeninfo(&token).await.status, 200, "a look changes nothing");
    let done = confirms(&kim, &page).await;
    assert_eq!(done.leads(), "/me app-withdrawn");
    world.tokeninfo(&token).await.declines(KapiFault::NoSuchToken, "");
    app.redeems(&world, &code).await.refuses(KauthFault::CodeNotFound, &code);
    let list = kim.opens(done.location()).await;
    assert_eq!((list.all(".connected li").len(), list.all("[role=status]").len()), (0, 1));
    let record = kim.opens(&path(&app)).await;
    assert_eq!(record.all("#consents tbody th").len(), 2, "the record stays");
    kim.opens(&page).await.says(Notice::NotFound);
    assert_eq!(acts(&world).await[0], "consent.withdraw by kim@example.com");
}

#[tokio::test]
async fn an_asset_that_is_taken_back_leaves_tokeninfo_at_once() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let picks = [("asset.moment", "11"), ("asset.moment", "12")];
    let code = kim.consents(&app, "scope=moment_management", &picks).await;
    let token = app.buys(&world, &code).await;
    let waiting = kim.consents(&app, "scope=moment_management", &picks).await;
    let before = world.tokeninfo(&token).await.json()["updated_at"].clone();
    world.advance(minutes(1));
    let page = format!("{}/assets/withdraw?asset=moment:11", path(&app));
    assert!(!kim.opens(&page).await.body.contains("no longer be included"));
    let done = confirms(&kim, &page).await;
    assert_eq!(done.leads(), format!("{} asset-withdrawn", path(&app)));
    assert_eq!(account_ids(&world, &token).await, json!(["12"]));
    assert_ne!(world.tokeninfo(&token).await.json()["updated_at"], before);
    let late = app.buys(&world, &waiting).await;
    assert_eq!(account_ids(&world, &late).await, json!(["12"]), "a code does not escape it");
    let page = kim.opens(&path(&app)).await;
    assert_eq!(page.all("#assets tbody th"), ["Account 12"]);
    assert!(!page.body.contains("any more, so the app can do nothing here"), "it still has one");
    confirms(&kim, &format!("{}/assets/withdraw?asset=moment:12", path(&app))).await;
    assert_eq!(account_ids(&world, &token).await, json!([]), "the group stays, its list is empty");
    let nowhere = "None of your assets is lent for this any more";
    assert!(kim.opens(&path(&app)).await.body.contains(nowhere), "and so the app can do nothing with it");
    for gone in ["moment:11", "moment:404", "moment:*", "x"] {
        kim.opens(&format!("{}/assets/withdraw?asset={gone}", path(&app))).await.says(Notice::NotFound);
    }
    assert_eq!(acts(&world).await[0], "asset.withdraw by kim@example.com");
    // The consent screen no longer has it ticked.
    let screen = kim.asked(&app.authorize("scope=moment_management")).await;
    assert!(screen.values("input[type=checkbox][checked]").is_empty());
    assert!(screen.body.contains("href=\"/me\""), "it says where things are taken back");
}

#[tokio::test]
async fn one_asset_out_of_everything_leaves_a_list() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let code = kim.consents(&app, "scope=moment_management", &[("choice.moment", "all")]).await;
    let token = app.buys(&world, &code).await;
    assert_eq!(account_ids(&world, &token).await, json!(["*"]));
    let page = format!("{}/assets/withdraw?asset=moment:11", path(&app));
    assert!(kim.opens(&page).await.body.contains("no longer be included"), "said before the button");
    confirms(&kim, &page).await;
    assert_eq!(account_ids(&world, &token).await, json!(["12"]), "19 could not be lent");
    world.gives(&kim, "moment", "13", AssetKind::AdAccount, true).await;
    assert_eq!(account_ids(&world, &token).await, json!(["12"]));

    let mine = kim.opens(&path(&app)).await;
    assert!(mine.body.contains("Part of it taken back, last on"), "{}", mine.body);
    let paper = mine.hrefs("main a").into_iter().find(|it| it.contains("/consents/")).unwrap();
    let record = kim.opens(paper.split('#').next().unwrap()).await;
    let [one] = record.all(".changes li").try_into().unwrap();
    assert!(one.contains("Account 11") && one.contains("out of “all, now and in future”"), "{one}");
    assert_eq!(
        record.all("details li").iter().filter(|it| it.contains("Taken back")).count(),
        1,
        "beside its name, too"
    );
    // What came after the consent is named as it is called now.
    let code = kim.consents(&app, "scope=moment_management", &[("choice.moment", "all")]).await;
    app.buys(&world, &code).await;
    world.gives(&kim, "moment", "14", AssetKind::AdAccount, true).await;
    confirms(&kim, &format!("{}/assets/withdraw?asset=moment:14", path(&app))).await;
    kim.opens("/language?to=ko&next=/").await;
    let mine = kim.opens(&path(&app)).await;
    let paper = mine.hrefs("main a").into_iter().find(|it| it.ends_with("#taken")).unwrap();
    let record = kim.opens(paper.split('#').next().unwrap()).await;
    let [one] = record.all(".changes li").try_into().unwrap();
    assert!(one.contains("Account 14") && one.contains("나머지는 그대로"), "{one}");
}

#[tokio::test]
async fn each_asset_taken_out_of_all_is_told_once_whatever_was_taken_before() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    world.gives(&kim, "keyword", "22", AssetKind::AdAccount, true).await;
    let picks = [("choice.moment", "all"), ("asset.keyword", "21"), ("asset.keyword", "22")];
    let code = kim.consents(&app, "scope=moment_management,keyword_management", &picks).await;
    app.buys(&world, &code).await;
    let whole = kim.consents(&app, "scope=moment_management", &[("choice.moment", "all")]).await;
    app.buys(&world, &whole).await;
    for asset in ["keyword:21", "moment:11", "keyword:22"] {
        confirms(&kim, &format!("{}/assets/withdraw?asset={asset}", path(&app))).await;
        world.advance(minutes(1));
    }
    let mine = kim.opens(&path(&app)).await;
    let papers = mine.hrefs("main a").into_iter().filter(|it| it.ends_with("#taken"));
    let mut told = Vec::new();
    for paper in papers {
        let record = kim.opens(paper.split('#').next().unwrap()).await;
        let lines = record.all(".changes li");
        let out = lines.iter().filter(|line| line.contains("out of “all, now and in future”")).count();
        told.push((lines.len(), out));
    }
    assert_eq!(told, [(1, 1), (3, 1)], "newest first");
}

#[tokio::test]
async fn one_token_of_several_is_taken_back() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let (first, second) = (kim.lends(&world, &app).await, kim.lends(&world, &app).await);
    let id = world.tokeninfo(&first).await.json()["id"].as_str().unwrap().to_owned();
    let page = format!("{}/tokens/{id}/withdraw", path(&app));
    assert!(kim.opens(&page).await.body.contains("Other tokens of Ad report stay"));
    let done = confirms(&kim, &page).await;
    assert_eq!(done.leads(), format!("{} token-withdrawn", path(&app)));
    let last = world.tokeninfo(&second).await.json()["id"].as_str().unwrap().to_owned();
    let last = kim.opens(&format!("{}/tokens/{last}/withdraw", path(&app))).await;
    assert!(last.body.contains("It is the only live one"), "{}", last.body);
    world.tokeninfo(&first).await.declines(KapiFault::NoSuchToken, "");
    assert_eq!(world.tokeninfo(&second).await.status, 200);
    kim.opens(&page).await.says(Notice::NotFound);
    assert_eq!(acts(&world).await[0], "token.withdraw by kim@example.com");
}

#[tokio::test]
async fn what_is_anothers_does_not_exist() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let lee = world.owner("lee@example.com").await;
    let (kims, lees) = (kim.lends(&world, &app).await, lee.lends(&world, &app).await);
    let id = world.tokeninfo(&lees).await.json()["id"].as_str().unwrap().to_owned();
    let page = lee.opens(&path(&app)).await;
    let consent = page.body.split("/consents/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert_eq!(lee.opens(&format!("{}/consents/{consent}", path(&app))).await.status, 200);
    for foreign in [format!("{}/tokens/{id}/withdraw", path(&app)), format!("{}/consents/{consent}", path(&app))] {
        kim.opens(&foreign).await.says(Notice::NotFound);
    }
    let forged = lee
        .form_token(&format!("{}/tokens/{id}/withdraw", path(&app)), &format!("{}/tokens/{id}/withdraw", path(&app)))
        .await;
    let refused = kim.posts(&format!("{}/tokens/{id}/withdraw", path(&app)), &[("form_token", &forged)]).await;
    refused.says(Notice::FormExpired);
    for token in [kims, lees] {
        assert_eq!(world.tokeninfo(&token).await.status, 200);
    }
}

#[tokio::test]
async fn a_blocked_account_still_takes_back() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    kim.lends(&world, &app).await;
    world.by().set_user_state(kim.id, UserState::Blocked).await.unwrap();
    let list = kim.opens("/me").await;
    assert!(list.body.contains("No live token: it can do nothing at the moment."), "its tokens ended with the block");
    let done = confirms(&kim, &format!("{}/withdraw", path(&app))).await;
    assert_eq!(done.leads(), "/me app-withdrawn");
    assert_eq!(world.store().earlier_consent(kim.id, app.id).await.unwrap(), None);
}

#[tokio::test]
async fn what_was_shown_is_read_in_the_words_of_then() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let picks = [("asset.moment", "11"), ("asset.moment", "12"), ("choice.keyword", "all")];
    let rest = "scope=moment_management,keyword_management";
    kim.opens("/language?to=ko&next=/").await;
    let code = kim.consents(&app, rest, &picks).await;
    app.buys(&world, &code).await;
    kim.opens("/language?to=en&next=/").await;
    world.alter(["UPDATE apps SET name = 'Renamed'"; 2]).await;
    confirms(&kim, &format!("{}/assets/withdraw?asset=moment:11", path(&app))).await;
    let page = kim.opens(&path(&app)).await;
    let consent = page.body.split("/consents/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let paper = kim.opens(&format!("{}/consents/{consent}", path(&app))).await;
    paper.is_a_strict_page();
    for words in [
        "Ad report",
        "한국어",
        "광고 운영과 조회",
        "광고비를 쓸 수 있음",
        "For the report",
        "Account 11",
        "kim@example.com",
    ] {
        assert!(paper.body.contains(words), "{words}: {}", paper.body);
    }
    assert!(paper.body.contains("https://app.example.com/callback") && paper.body.contains(&app.client_id));
    assert_eq!(paper.all(".changes li").len(), 1, "what was taken back since");
    assert!(!paper.body.contains("Renamed") || paper.all("dd").iter().all(|fact| fact != "Renamed"));
}

#[tokio::test]
async fn long_lists_are_searched_and_paged() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.newcomer("kim@example.com").await);
    for n in 100..125 {
        world.gives(&kim, "moment", &n.to_string(), AssetKind::AdAccount, true).await;
    }
    let code = kim.consents(&app, "scope=moment_management", &[("choice.moment", "all")]).await;
    app.buys(&world, &code).await;
    let first = kim.opens(&path(&app)).await;
    assert_eq!(first.all("#assets tbody th").len(), 20);
    let next = first.body.split("href=\"").find(|rest| rest.contains("rel=\"next\"") && rest.contains("assets="));
    let next = next.unwrap().split('"').next().unwrap().replace("&amp;", "&");
    let second = kim.opens(next.split('#').next().unwrap()).await;
    assert_eq!(second.all("#assets tbody th").len(), 5, "{next}");
    let found = kim.opens(&format!("{}?q=ACCOUNT+11", path(&app))).await;
    assert_eq!(found.all("#assets tbody th").len(), 10);
    assert_eq!(kim.opens(&format!("{}?q=%25", path(&app))).await.all("#assets tbody th").len(), 0);
    assert_eq!(kim.opens("/me?q=ad").await.all(".connected li").len(), 1);
    assert_eq!(kim.opens("/me?q=x").await.all(".connected li").len(), 0);
    world.advance(days(365));
    kim.signs_in().await;
    assert_eq!(kim.opens(&path(&app)).await.all("#tokens tbody th").len(), 0, "dead of disuse");
}

/// An app whose tokens are all gone must not look like one that works.
#[tokio::test]
async fn an_app_without_a_live_token_is_said_to_do_nothing() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let token = kim.lends(&world, &app).await;
    let said = [("en", "No live token: it can do nothing"), ("ko", "유효한 토큰이 없어 지금은 아무것도")];
    for (language, words) in said {
        kim.opens(&format!("/language?to={language}&next=/")).await;
        for at in ["/me".to_owned(), path(&app)] {
            assert!(!kim.opens(&at).await.body.contains(words), "{at}: one lives");
        }
    }
    let id = world.tokeninfo(&token).await.json()["id"].as_str().unwrap().to_owned();
    confirms(&kim, &format!("{}/tokens/{id}/withdraw", path(&app))).await;
    for (language, words) in said {
        kim.opens(&format!("/language?to={language}&next=/")).await;
        for at in ["/me".to_owned(), path(&app)] {
            let page = kim.opens(&at).await;
            page.is_a_strict_page();
            assert!(page.body.contains(words), "{at}: {}", page.body);
        }
    }
}

/// What was taken back of a consent is on pages, however much it is.
#[tokio::test]
async fn what_was_taken_back_is_read_page_by_page() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.newcomer("kim@example.com").await);
    for n in 100..160 {
        world.gives(&kim, "moment", &n.to_string(), AssetKind::AdAccount, true).await;
    }
    let token =
        app.buys(&world, &kim.consents(&app, "scope=moment_management", &[("choice.moment", "all")]).await).await;
    for n in 100..158 {
        let asset = bizauth_core::asset::AssetId(n.to_string());
        assert!(world.by().withdraw_asset(kim.id, app.id, "moment".into(), asset).await.unwrap());
    }
    assert_eq!(account_ids(&world, &token).await, json!(["158", "159"]));
    let paper = kim.opens(&path(&app)).await.hrefs("main a").into_iter().find(|it| it.contains("/consents/")).unwrap();
    let first = kim.opens(&paper).await;
    assert_eq!(first.all(".changes li").len(), 49, "the first of all is told in one line");
    let older = first.hrefs(".changes a").pop().unwrap();
    let second = kim.opens(older.split('#').next().unwrap()).await;
    assert_eq!(second.all(".changes li").len(), 9, "57 one by one, and the first out of all");
    assert_eq!(second.hrefs(".changes a").len(), 1, "and back");
}
