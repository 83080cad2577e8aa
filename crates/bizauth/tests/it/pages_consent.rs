//! `/consent`: what a person sees, what they may choose, and that a screen has one answer.

use bizauth_core::asset::{AssetId, AssetKind};
use bizauth_core::fault::KauthFault;
use bizauth_store::{Alive, Turn};

use crate::world::{PASSWORD, World, minutes};

const SCOPE: &str = "scope=moment_management,keyword_management,biz_account_email&state=s";

#[tokio::test]
async fn the_screen_says_who_what_and_where() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let screen = kim.asked(&app.authorize(SCOPE)).await;
    screen.is_a_strict_page();
    for text in ["Ad report", "Example Inc.", "app.example.com", "kim@example.com", "For the report", "Account 11"] {
        assert!(screen.body.contains(text), "{text}");
    }
    assert_eq!(screen.all("h3").len(), 3, "three services: {:?}", screen.all("h3"));
    assert_eq!(screen.values("input[name='asset.moment']"), ["11", "12"], "19 may not be lent");
    assert!(screen.body.contains("Account 19"), "but it is listed, with the reason");
    assert_eq!(screen.values("input[type=checkbox][checked]"), [""; 0], "nothing is ticked the first time");
    assert_eq!(screen.values("input[type=radio][checked]"), ["some", "some"], "and `all` is never the default");
    let buttons = screen.all("form[action='/consent'] .buttons button");
    assert_eq!(buttons.len(), 2, "{buttons:?}");
    let policy = screen.header("content-security-policy").unwrap();
    assert!(policy.contains("form-action 'self' https://app.example.com;"), "{policy}");
}

#[tokio::test]
async fn declining_tells_the_app() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let screen = kim.asked(&app.authorize(SCOPE)).await;
    let answer = kim.answers(&screen, "cancel", &[]).await;
    let says = "error=access_denied&error_description=User%20denied%20access&state=s";
    assert_eq!((answer.status, answer.location()), (302, format!("{}?{says}", app.redirect_uri).as_str()));
    answer.redirects(KauthFault::AccessDenied, "", &app.redirect_uri, "s");
    assert_eq!(kim.answers(&screen, "agree", &[("asset.moment", "11")]).await.status, 409, "it was answered");
}

#[tokio::test]
async fn agreeing_without_a_choice_asks_for_one_and_keeps_what_was_typed() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let screen = kim.asked(&app.authorize(SCOPE)).await;
    let answer =
        kim.answers(&screen, "agree", &[("asset.moment", "11"), ("shown.moment", "11"), ("shown.moment", "12")]).await;
    assert_eq!(answer.status, 303, "every POST answers with a redirect");
    let again = kim.opens(answer.location()).await;
    assert_eq!(again.status, 422);
    assert_eq!(again.all("[role=alert] li").len(), 1, "keyword is missing");
    assert_eq!(again.values("input[type=checkbox][checked]"), ["11"], "moment is still ticked");
    let done = kim.answers(&again, "agree", &[("asset.moment", "11"), ("asset.keyword", "21")]).await;
    assert_eq!(done.status, 302);
}

/// Whoever ticked nothing at all is told of every group at once, not of one after the other.
#[tokio::test]
async fn every_group_without_a_choice_is_named() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let screen = kim.asked(&app.authorize(SCOPE)).await;
    let again = kim.opens(kim.answers(&screen, "agree", &[]).await.location()).await;
    assert_eq!(
        (again.status, again.hrefs("[role=alert] a")),
        (422, vec!["#group-moment".into(), "#group-keyword".into()])
    );
    let half = kim.answers(&again, "agree", &[("asset.moment", "404")]).await;
    let half = kim.opens(half.location()).await;
    assert_eq!(half.all("[role=alert] li").len(), 2, "each for its own reason");
    let done = kim.answers(&half, "agree", &[("asset.moment", "11"), ("asset.keyword", "21")]).await;
    assert_eq!(done.status, 302);
}

#[tokio::test]
async fn nothing_can_be_lent_that_is_not_ones_own() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let lee = world.newcomer("lee@example.com").await;
    world.gives(&lee, "moment", "99", AssetKind::AdAccount, true).await;
    for id in ["99", "19", "21", "404"] {
        let screen = kim.asked(&app.authorize("scope=moment_management")).await;
        let answer = kim.answers(&screen, "agree", &[("asset.moment", "11"), ("asset.moment", id)]).await;
        assert_eq!(answer.status, 303, "{id}");
        assert!(answer.location().contains("unfit.moment=gone"), "{id}");
        assert_eq!(kim.opens(answer.location()).await.values("input[type=checkbox][checked]"), ["11"]);
    }
}

#[tokio::test]
async fn all_now_and_in_future_is_an_explicit_choice() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let code = kim.consents(&app, "scope=moment_management", &[("choice.moment", "all")]).await;
    let token = app.buys(&world, &code).await;
    let info = world.tokeninfo(&token).await.json();
    assert_eq!(info["biz_agreements"][0]["ad_account_ids"], serde_json::json!(["*"]));
}

#[tokio::test]
async fn what_the_app_pins_is_shown_locked_and_cannot_be_changed() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let rest = "scope=moment_management,keyword_create&resource_ids=moment:12&resource_ids=keyword:*";
    let screen = kim.asked(&app.authorize(rest)).await;
    assert!(screen.body.contains("Account 12") && !screen.body.contains("Account 11"));
    assert_eq!(screen.values("input[type=checkbox]").len() + screen.values("input[type=radio]").len(), 0);
    let fields = [("asset.moment", "11"), ("choice.moment", "all"), ("asset.keyword", "21")];
    let done = kim.answers(&screen, "agree", &fields).await;
    let code = done.location().split("code=").nth(1).unwrap().to_owned();
    let token = app.buys(&world, &code).await;
    let info = world.tokeninfo(&token).await.json();
    assert_eq!(info["biz_agreements"][0]["ad_account_ids"], serde_json::json!(["12"]));
    assert_eq!(info["biz_agreements"][1]["ad_account_ids"], serde_json::json!(["*"]));
}

/// Without a script the list can be ticked while "all" stands chosen, as it does where all was lent last time.
#[tokio::test]
async fn all_and_single_ones_at_once_lend_no_more_than_the_single_ones() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    kim.consents(&app, "scope=moment_management", &[("choice.moment", "all")]).await;
    let screen = kim.asked(&app.authorize("scope=moment_management")).await;
    let fields = [("choice.moment", "all"), ("shown.moment", "11"), ("shown.moment", "12"), ("asset.moment", "12")];
    let asked_again = kim.answers(&screen, "agree", &fields).await;
    assert!(asked_again.location().contains("unfit.moment=both"), "{asked_again:?}");
    let screen = kim.opens(asked_again.location()).await;
    assert!(screen.body.contains("you chose all ad accounts, and ticked single ones"), "{screen:?}");
    assert_eq!(screen.values("input[type=radio][checked]"), ["some"]);
    assert_eq!(screen.values("input[type=checkbox][checked]"), ["12"]);
    let fields = [("choice.moment", "some"), ("shown.moment", "11"), ("shown.moment", "12"), ("asset.moment", "12")];
    let done = kim.answers(&screen, "agree", &fields).await;
    let code = done.location().split("code=").nth(1).unwrap().to_owned();
    let info = world.tokeninfo(&app.buys(&world, &code).await).await.json();
    assert_eq!(info["biz_agreements"][0]["ad_account_ids"], serde_json::json!(["12"]));

    // A script sets the ticks aside and says so: then all is what was chosen.
    let screen = kim.asked(&app.authorize("scope=moment_management")).await;
    let fields = [("choice.moment", "all"), ("aside.moment", "1"), ("shown.moment", "11"), ("asset.moment", "11")];
    let done = kim.answers(&screen, "agree", &fields).await;
    let code = done.location().split("code=").nth(1).unwrap().to_owned();
    let info = world.tokeninfo(&app.buys(&world, &code).await).await.json();
    assert_eq!(info["biz_agreements"][0]["ad_account_ids"], serde_json::json!(["*"]));
}

#[tokio::test]
async fn a_long_list_is_searched_and_paged_on_the_server() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.newcomer("kim@example.com").await);
    for n in 100..145 {
        world.gives(&kim, "moment", &n.to_string(), AssetKind::AdAccount, true).await;
    }
    let screen = kim.asked(&app.authorize("scope=moment_management")).await;
    let shown = screen.values("input[name='shown.moment']");
    assert_eq!((shown.len(), shown[0].as_str()), (20, "100"));
    let mut fields: Vec<(&str, &str)> = shown.iter().map(|id| ("shown.moment", id.as_str())).collect();
    fields.push(("asset.moment", "105"));
    let turned = kim.answers(&screen, "after:moment:119", &fields).await;
    assert_eq!(turned.status, 303);
    let second = kim.opens(turned.location()).await;
    assert_eq!(second.all("nav.pages span"), ["Page 2 of 3"]);
    let ways = second.values("nav.pages button");
    assert_eq!(ways, ["before:moment:120", "after:moment:139"]);
    let third = kim.opens(kim.answers(&second, &ways[1], &[]).await.location()).await;
    assert_eq!(third.values("input[name='shown.moment']"), ["140", "141", "142", "143", "144"]);
    let back = kim.opens(kim.answers(&third, "before:moment:140", &[]).await.location()).await;
    assert_eq!(back.values("input[name='shown.moment']"), second.values("input[name='shown.moment']"));
    // Where another group is searched, this one stays.
    let stays = kim.answers(&third, "find:keyword", &[("at.moment", "after:139")]).await;
    assert_eq!(kim.opens(stays.location()).await.values("input[name='shown.moment']").len(), 5);
    let found = kim.answers(&third, "find:moment", &[("asset.moment", "144"), ("find.moment", "ACCOUNT 12")]).await;
    let found = kim.opens(found.location().split('#').next().unwrap()).await;
    assert_eq!(found.values("input[name='shown.moment']").len(), 10);
    let done = kim.answers(&found, "agree", &[("asset.moment", "120"), ("find.moment", "ACCOUNT 12")]).await;
    let code = done.location().split("code=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let token = app.buys(&world, &code).await;
    let info = world.tokeninfo(&token).await.json();
    assert_eq!(
        info["biz_agreements"][0]["ad_account_ids"],
        serde_json::json!(["105", "120", "144"]),
        "ticks of all pages"
    );
}

#[tokio::test]
async fn the_second_time_the_first_choice_is_ticked_with_the_difference() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    kim.consents(&app, "scope=moment_management", &[("asset.moment", "11"), ("asset.moment", "12")]).await;
    world.by().lose_asset(kim.id, "moment".into(), AssetId("12".to_owned())).await.unwrap();
    let again = kim.asked(&app.authorize("scope=moment_management,moment_delete")).await;
    assert_eq!(again.values("input[type=checkbox][checked]"), ["11"]);
    assert_eq!(again.all(".changes li").len(), 2, "an item more, an asset less: {:?}", again.all(".changes li"));
    assert_eq!(again.all(".badge.new").len(), 1);
    let agreed = kim.answers(&again, "agree", &[("asset.moment", "11")]).await;
    assert!(agreed.location().contains("code="), "what is gone was ticked by nobody: {}", agreed.location());
}

#[tokio::test]
async fn what_was_shown_and_agreed_to_is_kept() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let before = world.state.clock.now();
    kim.consents(&app, SCOPE, &[("asset.moment", "11"), ("choice.keyword", "all")]).await;
    let earlier = world.store().earlier_consent(kim.id, app.id).await.unwrap().unwrap();
    assert_eq!((earlier.agreed_at, earlier.items.len()), (before, 3));
    let tokens = world.store().tokens_of(app.id, None, 10).await.unwrap();
    assert!(tokens.is_empty(), "a consent is no token yet");
    let (mine, alive) = ((kim.id, app.id), Alive { used_after: before, agreed_after: before });
    let given = world.store().consents_given(mine, &Turn::First, 1, alive).await.unwrap().rows.remove(0);
    let (shown, ..) = world.store().consent_shown(mine, given.id).await.unwrap().unwrap();
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!((&shown["account"], &shown["client_id"]), (&"kim@example.com".into(), &app.client_id.as_str().into()));
    assert_eq!(shown["groups"][1]["items"][0]["purpose"], "For the report");
    assert_eq!((&shown["app"], &shown["language"]), (&"Ad report".into(), &"en".into()));
    assert_eq!(shown["groups"][1]["lent"], serde_json::json!([{ "id": "11", "name": "Account 11" }]));
    assert_eq!(shown["groups"][2]["lent"], "*");
    assert_eq!(shown["groups"][1]["items"][0]["risk_marked"], true);
    let listed: Vec<_> = shown["groups"][1]["listed"].as_array().unwrap().iter().map(|it| it["id"].clone()).collect();
    assert_eq!(listed, ["11", "12", "19"], "ticked or not");
}

/// CVE-2022-39222: the answer is bound to session and screen.
#[tokio::test]
async fn a_screen_is_answered_by_whom_it_was_shown_to() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let kims = kim.asked(&app.authorize(SCOPE)).await;
    let (id, token) = (kims.input("/consent", "id"), kims.input("/consent", "form_token"));
    let eve = world.newcomer("eve@example.com").await;
    world.gives(&eve, "moment", "77", AssetKind::AdAccount, true).await;
    world.gives(&eve, "keyword", "78", AssetKind::AdAccount, true).await;
    eve.signs_in().await;
    let picks = [("asset.moment", "77"), ("asset.keyword", "78")];
    let forged = [&[("id", id.as_str()), ("form_token", token.as_str()), ("action", "agree")][..], &picks].concat();
    assert_eq!(eve.posts("/consent", &forged).await.status, 403);
    let eves = eve.asked(&app.authorize(SCOPE)).await;
    let own = eves.input("/consent", "form_token");
    let crossed = [&[("id", id.as_str()), ("form_token", own.as_str()), ("action", "agree")][..], &picks].concat();
    assert_eq!(eve.posts("/consent", &crossed).await.status, 403, "her own token is for her own screen");
    assert_eq!(kim.answers(&kims, "agree", &[("asset.moment", "11"), ("asset.keyword", "21")]).await.status, 302);
}

#[tokio::test]
async fn not_you_leads_to_the_same_request_for_someone_else() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let lee = world.newcomer("lee@example.com").await;
    world.gives(&lee, "moment", "55", AssetKind::AdAccount, true).await;
    world.gives(&lee, "keyword", "56", AssetKind::AdAccount, true).await;
    let screen = kim.asked(&app.authorize(SCOPE)).await;
    let token = screen.input("/logout", "form_token");
    let next = screen.input("/logout", "next");
    let login = kim.posts("/logout", &[("form_token", &token), ("next", &next)]).await;
    assert_eq!(login.status, 303);
    let page = kim.opens(login.location()).await;
    let form = page.input("/login", "form_token");
    let next = page.input("/login", "next");
    let fields = [("email", "lee@example.com"), ("password", PASSWORD), ("next", &next), ("form_token", &form)];
    let mut answer = kim.posts("/login", &fields).await;
    while answer.status == 303 {
        answer = kim.opens(answer.location()).await;
    }
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.body.contains("lee@example.com") && answer.body.contains("Account 55"));
    let done = kim.answers(&answer, "agree", &[("asset.moment", "55"), ("asset.keyword", "56")]).await;
    assert!(done.location().ends_with("&state=s"), "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_agreements_at_once_are_one() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let screen = kim.asked(&app.authorize("scope=moment_management")).await;
    let (id, token) = (screen.input("/consent", "id"), screen.input("/consent", "form_token"));
    let form = [("id", id.as_str()), ("form_token", &token), ("action", "agree"), ("asset.moment", "11")];
    let calls: Vec<_> = (0..20)
        .map(|_| {
            tokio::spawn(crate::world::Answer::of(kim.browser.post(format!("{}/consent", world.base)).form(&form)))
        })
        .collect();
    let mut codes = 0;
    for call in calls {
        match call.await.unwrap().status {
            302 => codes += 1,
            other => assert_eq!(other, 409),
        }
    }
    assert_eq!(codes, 1);
}

#[tokio::test]
async fn a_screen_waits_an_hour() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let screen = kim.asked(&app.authorize("scope=moment_management")).await;
    world.advance(minutes(60));
    assert_eq!(kim.answers(&screen, "agree", &[("asset.moment", "11")]).await.status, 409);
}

/// What is remembered between two pages is what could be lent, and of the newest screens only.
#[tokio::test]
async fn nobody_fills_the_store_with_screens() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let first = kim.asked(&app.authorize("scope=moment_management")).await;
    let made_up: Vec<String> = (0..500).map(|n| format!("made-up-{n}")).collect();
    let mut fields: Vec<(&str, &str)> = made_up.iter().map(|id| ("asset.moment", id.as_str())).collect();
    fields.push(("asset.moment", "11"));
    let found = kim.answers(&first, "find", &fields).await;
    assert_eq!(kim.opens(found.location()).await.values("input[type=checkbox][checked]"), ["11"]);
    for _ in 0..30 {
        kim.asked(&app.authorize("scope=moment_management")).await;
    }
    assert_eq!(kim.answers(&first, "agree", &[("asset.moment", "11")]).await.status, 404, "forgotten");
}

/// A change of language keeps what is ticked, and where each list is.
#[tokio::test]
async fn another_language_loses_nothing() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let screen = kim.asked(&app.authorize(SCOPE)).await;
    let switch = kim.answers(&screen, "language:ko", &[("asset.moment", "11"), ("at.moment", "1")]).await;
    let back = kim.opens(switch.location()).await;
    let korean = kim.opens(back.location()).await;
    assert!(korean.body.contains("<html lang=\"ko\""));
    assert_eq!(korean.values("input[type=checkbox][checked]"), ["11"]);
}

/// KOE005, 025, 026, 027 and 236 are about the person: the page offers to sign in as someone else.
#[tokio::test]
async fn a_refused_person_may_sign_in_as_someone_else() {
    let world = World::new().await;
    let (app, new) = (world.app().await, world.newcomer("new@example.com").await);
    let address = app.authorize(SCOPE);
    let page = new.asked(&address).await;
    page.shows(KauthFault::NoBusinessAsset);
    assert_eq!(page.input("/logout", "next"), address);
}

/// Every check is made again when the answer comes: an hour may lie between.
#[tokio::test]
async fn what_changed_meanwhile_is_seen() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let pick = [("asset.moment", "11")];
    let rest = "scope=moment_management";

    let screen = kim.asked(&app.authorize(rest)).await;
    world.by().switch_item_off(app.id, "moment_management".into()).await.unwrap();
    kim.answers(&screen, "agree", &pick).await.shows(KauthFault::UnknownConsentItem);
    world.by().switch_item_on(app.id, "moment_management".into(), String::new()).await.unwrap();
    world.by().take_permission(app.id, "moment".into()).await.unwrap();
    kim.answers(&screen, "agree", &pick).await.shows(KauthFault::NoFeaturePermission);
    world.by().grant_permission(app.id, "moment".into()).await.unwrap();
    world.by().set_business_centre(kim.id, false).await.unwrap();
    kim.answers(&screen, "agree", &pick).await.shows(KauthFault::NotBusinessUser);
    world.by().set_business_centre(kim.id, true).await.unwrap();
    world.by().remove_redirect_uri(app.key, app.redirect_uri.clone()).await.unwrap();
    kim.answers(&screen, "agree", &pick).await.shows(KauthFault::UnregisteredRedirectUri);
    world.by().add_redirect_uri(app.key, app.redirect_uri.clone()).await.unwrap();
    world.by().set_sanction(app.id, true).await.unwrap();
    kim.answers(&screen, "agree", &pick).await.shows(KauthFault::AppSanctioned);
    world.by().set_sanction(app.id, false).await.unwrap();
    assert_eq!(kim.answers(&screen, "agree", &pick).await.status, 302, "all this used nothing up");
}
