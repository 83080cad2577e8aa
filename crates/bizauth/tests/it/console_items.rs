//! Consent items in the console: on with a purpose, feature permissions, and the preview of the consent screen.

use bizauth::view::Notice;
use bizauth_core::app::AppKind;
use bizauth_store::{Asked, Decision, NewApp};

use crate::console_keys::{a_developer, acts};
use crate::world::{App, World};

/// The same app with nothing switched on yet.
async fn bare(world: &World) -> (crate::world::Person, App) {
    let (kim, app) = a_developer(world).await;
    let new = NewApp {
        name: "Bare".to_owned(),
        company: "Example Inc.".to_owned(),
        kind: AppKind::Biz,
        parent: None,
        owner: Some(kim.id),
    };
    let id = world.by().create_app(new).await.unwrap().unwrap();
    (kim, App { id, ..app })
}

#[tokio::test]
async fn items_are_switched_on_with_a_purpose_all_or_none() {
    let world = World::new().await;
    let (kim, app) = bare(&world).await;
    let items = format!("/console/apps/{}/items", app.id);
    let page = kim.opens(&items).await;
    assert_eq!(page.all("input[type=checkbox]").len(), 8);
    let long = "p".repeat(201);
    let fields = [
        ("on.moment_management", "yes"),
        ("purpose.moment_management", "To run your ads"),
        ("on.keyword_delete", "yes"),
        ("purpose.keyword_delete", " "),
        ("on.keyword_create", "yes"),
        ("purpose.keyword_create", &long),
    ];
    let refused = kim.submits(&items, &items, &fields).await;
    assert_eq!(refused.status, 422);
    assert_eq!(refused.all("p .error").len(), 2, "{:?}", refused.all(".error"));
    assert_eq!(refused.all("input[type=checkbox][checked]").len(), 3, "the input stays");
    assert!(refused.values("input[name='purpose.moment_management']") == ["To run your ads"]);
    assert!(world.store().items_of(app.id).await.unwrap().is_empty(), "nothing is half-changed");

    // Two groups may have items of one name.
    let nothing = [("on.moment_create", "yes"), ("on.keyword_create", "yes")];
    let told = kim.submits(&items, &items, &nothing).await.all(".summary li");
    assert!(told.len() == 2 && told[0] != told[1], "{told:?}");
    assert!(told[0].contains("Kakao Moment: ") && told[1].contains("Keyword Ad: "), "{told:?}");

    let saved = kim.submits(&items, &items, &fields[..2]).await;
    assert_eq!(saved.leads(), format!("{items} items-saved"));
    let on = world.store().items_of(app.id).await.unwrap();
    assert_eq!(on, [("moment_management".into(), "To run your ads".to_owned())]);
    assert_eq!(acts(&world, &app).await, ["item.on"]);

    // Somebody else changes them while the form is open.
    let open = kim.opens(&items).await;
    let (token, seen) = (open.input(&items, "form_token"), open.input(&items, "seen"));
    assert!(world.by().switch_item_on(app.id, "keyword_delete".into(), "Other".to_owned()).await.unwrap());
    let fields = [("form_token", token.as_str()), ("seen", seen.as_str())];
    let meanwhile = kim.posts(&items, &fields).await;
    assert_eq!(meanwhile.status, 422);
    assert!(meanwhile.all(".summary")[0].contains("Somebody else changed"));
    assert_eq!(world.store().items_of(app.id).await.unwrap().len(), 2);
    assert_eq!(kim.submits(&items, &items, &[]).await.status, 303);
    assert!(world.store().items_of(app.id).await.unwrap().is_empty(), "all off");
}

#[tokio::test]
async fn a_permission_is_asked_for_answered_and_taken_back() {
    let world = World::new().await;
    let (kim, app) = bare(&world).await;
    let items = format!("/console/apps/{}/items", app.id);
    let ask = format!("/console/apps/{}/permissions/request", app.id);
    let short = kim.submits(&items, &ask, &[("reason", "please")]).await;
    assert_eq!((short.status, short.all("#ask-moment-reason-error").len()), (422, 1));
    assert_eq!(short.all("textarea"), ["please"]);
    let asked = kim.submits(&items, &ask, &[("reason", "We gather reports\nfor shop owners.")]).await;
    assert_eq!(asked.leads(), format!("{items} permission-asked"));
    let page = kim.opens(&items).await;
    assert!(page.body.contains("We gather reports") && page.all("textarea").is_empty());
    let request = world.store().last_requests(app.id).await.unwrap().remove(0).id;
    let withdraw = format!("/console/apps/{}/permissions/{request}/withdraw", app.id);
    let token = page.input(&withdraw, "form_token");
    assert_eq!(kim.submits(&items, &withdraw, &[]).await.leads(), format!("{items} permission-withdrawn"));
    let late = kim.posts(&withdraw, &[("form_token", &token)]).await;
    assert_eq!(late.leads(), format!("{items} permission-withdrawn"), "it is as it was wanted");
    assert_eq!(kim.opens(&items).await.all("textarea").len(), 1, "and can be asked for again");
    assert!(world.by().grant_permission(app.id, "moment".into()).await.unwrap());
    assert!(kim.opens(&items).await.all("textarea").is_empty());
    assert_eq!(acts(&world, &app).await, ["request.withdraw", "request.make"]);
}

/// What the operator remarks on a yes is read where the permission stands.
#[tokio::test]
async fn an_answer_to_a_granted_request_is_read_too() {
    let world = World::new().await;
    let (kim, app) = bare(&world).await;
    let items = format!("/console/apps/{}/items", app.id);
    let asked = world.by().ask_permission(app.id, Some("moment".into()), "x".to_owned()).await.unwrap();
    let Asked::Made(id) = asked else { panic!("{asked:?}") };
    world.by().decide_request(id, Decision::Grant, "For reports only.".to_owned()).await.unwrap();
    let page = kim.opens(&items).await;
    let said = page.all("[aria-labelledby~=permission-moment] .purpose");
    assert_eq!(said, ["What the operator said For reports only."], "{page:?}");
    kim.opens("/language?to=ko&next=/").await;
    assert!(kim.opens(&items).await.body.contains("For reports only."));
    assert!(world.by().take_permission(app.id, "moment".into()).await.unwrap());
    assert!(!kim.opens(&items).await.body.contains("For reports only."), "it is not granted any more");
    world.advance(std::time::Duration::from_secs(1));
    assert!(world.by().grant_permission(app.id, "moment".into()).await.unwrap());
    assert!(!kim.opens(&items).await.body.contains("For reports only."), "granted again, without these words");
}

/// Whoever asked to become a Biz app is told since when that waits, not to ask.
#[tokio::test]
async fn a_request_to_become_biz_that_waits_is_said_and_not_offered_again() {
    let world = World::new().await;
    let (kim, app) = bare(&world).await;
    world.by().set_app_kind(app.id, AppKind::Basic).await.unwrap();
    let (overview, items) = (format!("/console/apps/{}", app.id), format!("/console/apps/{}/items", app.id));
    let settings = format!("{overview}/settings#biz");
    let link = |page: &crate::world::Answer| page.all(&format!("main a[href='{settings}']"));
    assert_eq!(link(&kim.opens(&overview).await), ["Request it"]);
    assert_eq!(link(&kim.opens(&items).await), ["Ask to become a Biz app, in the settings"]);
    world.by().ask_permission(app.id, None, "x".to_owned()).await.unwrap();
    for (language, words, go) in [("en", "Waiting since", "See the request"), ("ko", "신청한 때:", "신청 내용 보기")]
    {
        kim.opens(&format!("/language?to={language}&next=/")).await;
        for at in [&overview, &items] {
            let page = kim.opens(at).await;
            assert!(page.body.contains(words), "{at}: {}", page.body);
            assert_eq!(link(&page), [go]);
        }
    }
}

/// Whoever takes a request back too late is told so, and led to the answer.
#[tokio::test]
async fn a_request_that_was_answered_cannot_be_taken_back() {
    let world = World::new().await;
    let (kim, app) = bare(&world).await;
    let (items, settings) = (format!("/console/apps/{}/items", app.id), format!("/console/apps/{}/settings", app.id));
    let of_group = world.by().ask_permission(app.id, Some("moment".into()), "x".to_owned()).await.unwrap();
    world.by().set_app_kind(app.id, AppKind::Basic).await.unwrap();
    let of_biz = world.by().ask_permission(app.id, None, "x".to_owned()).await.unwrap();
    for (asked, page, act) in [(of_group, &items, "permissions"), (of_biz, &settings, "biz")] {
        let Asked::Made(id) = asked else { panic!("{asked:?}") };
        let withdraw = format!("/console/apps/{}/{act}/{id}/withdraw", app.id);
        let token = kim.form_token(page, &withdraw).await;
        world.by().decide_request(id, Decision::Refuse, "no".to_owned()).await.unwrap();
        let late = kim.posts(&withdraw, &[("form_token", &token)]).await;
        assert_eq!(late.status, 409);
        late.says(Notice::RequestAnswered);
        assert_eq!(late.hrefs("main a"), [page.as_str()]);
    }
}

#[tokio::test]
async fn the_preview_is_the_screen_and_agrees_to_nothing() {
    let world = World::new().await;
    let (kim, app) = a_developer(&world).await;
    let preview = format!("/console/apps/{}/preview", app.id);
    let page = kim.opens(&format!("{preview}?scope=moment_management&scope=biz_account_email")).await;
    page.is_a_strict_page();
    assert_eq!(page.status, 200);
    assert_eq!(page.all("fieldset[disabled].consent button[value=agree]").len(), 1);
    assert!(page.all("form[action='/consent']").is_empty() && page.all("form[action='/logout']").is_empty());
    assert!(page.all(".purpose").iter().any(|text| text.contains("For the report")));
    assert!(page.body.contains("app.example.com") && page.body.contains("Sample business 1"));
    assert!(!page.body.contains("would be refused"));
    let alone = kim.opens(&format!("{preview}?scope=biz_account_email")).await;
    assert!(alone.body.contains("only be asked for together"));
    let all = kim.opens(&preview).await;
    assert_eq!(all.all(".preview input[checked]").len(), 8);
    let language = all.all("nav a[hreflang=ko]");
    assert_eq!(language, ["한국어"]);
    let other = world.app().await;
    assert_eq!(kim.opens(&format!("/console/apps/{}/preview", other.id)).await.status, 404);
}
