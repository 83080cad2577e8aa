//! The console: finding, making, renaming and deleting apps, and asking to become a Biz app.

use bizauth::view::Notice;
use bizauth_core::app::{AppKind, Role};
use bizauth_core::id::AppId;
use bizauth_store::{AuditFilter, NewApp, RequestState, Turn};

use crate::world::{Answer, Person, World};

/// Someone who is signed in.
pub async fn developer(world: &World, email: &str) -> Person {
    let person = world.newcomer(email).await;
    person.signs_in().await;
    person
}

/// An app with a name and an owner.
pub async fn named(world: &World, name: &str, kind: AppKind, owner: &Person) -> AppId {
    let (name, company) = (name.to_owned(), "Works".to_owned());
    let new = NewApp { name, company, kind, parent: None, owner: Some(owner.id) };
    world.by().create_app(new).await.unwrap().unwrap()
}

/// What the newest entry of the log says was done, and by whom.
pub async fn last_act(world: &World) -> (String, String) {
    let entry = world.store().audit_page(&AuditFilter::default(), None, 1).await.unwrap().remove(0).entry;
    (entry.act, entry.actor)
}

async fn acts(world: &World) -> i64 {
    world.store().audit_head().await.unwrap().seq
}

/// A refused form: the page itself, each sentence at its field and in the summary; nothing was done.
#[track_caller]
pub fn refused(answer: &Answer, sentences: &[&str]) {
    assert_eq!(answer.status, 422, "{answer:?}");
    assert_eq!(answer.all("span.error"), sentences, "{}", answer.body);
    assert_eq!(answer.all(".summary a"), sentences);
    answer.is_a_strict_page();
}

/// The answer leads to a page, which says what was done.
pub async fn done(who: &Person, answer: &Answer, path: &str, says: &str) -> Answer {
    assert_eq!(answer.status, 303, "{answer:?}");
    assert_eq!(answer.location().split('?').next(), Some(path));
    let page = who.opens(answer.location()).await;
    assert_eq!((page.status, page.all(".done p")), (200, vec![says.to_owned()]), "{page:?}");
    page
}

/// A finger that trembles, a line that is slow: the button is pressed twice, and there is one app.
#[tokio::test]
async fn a_form_that_is_sent_twice_makes_one_app() {
    const NEW: &str = "/console/apps/new";
    let world = World::new().await;
    let kim = developer(&world, "kim@example.com").await;
    let form = kim.opens(NEW).await.hidden(NEW);
    let with = |form: &[(String, String)], name: &str| -> Vec<(String, String)> {
        let typed = [("name", name), ("company", "Works")].map(|(field, text)| (field.to_owned(), text.to_owned()));
        form.iter().cloned().chain(typed).collect()
    };
    let send = async |form: &[(String, String)], name: &str| {
        let fields = with(form, name);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(field, text)| (field.as_str(), text.as_str())).collect();
        kim.posts(NEW, &fields).await.leads()
    };
    let (first, second) = tokio::join!(send(&form, "Shop"), send(&form, "Shop"));
    assert!(first == second && first.ends_with(" app-made"), "{first} {second}");
    assert_eq!(world.store().apps(9).await.unwrap().len(), 1);
    assert_ne!(send(&form, "Other").await, first, "gone back to, and filled otherwise");
    assert_ne!(send(&kim.opens(NEW).await.hidden(NEW), "Shop").await, first, "a form of its own");
    assert_eq!(world.store().apps(9).await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_new_developer_is_led_from_nothing_to_a_first_app() {
    let world = World::new().await;
    let kim = developer(&world, "kim@example.com").await;
    let empty = kim.opens("/console").await;
    assert_eq!(empty.all(".nothing-title"), ["You have no apps yet"]);
    assert!(empty.values("input[type='search']").is_empty(), "there is nothing to look for");
    let form = kim.opens("/console/apps/new").await;
    assert!(form.values("input[type='radio']").is_empty(), "without a Biz app there is nothing to choose");
    let fields = [("name", " 달빛 상점 "), ("company", "달빛 주식회사")];
    let made = kim.submits("/console/apps/new", "/console/apps/new", &fields).await;
    let (record, role) = world.store().apps_of(kim.id, "", None, 9).await.unwrap().remove(0);
    assert_eq!((record.app.name.as_str(), record.app.kind, role), ("달빛 상점", AppKind::Basic, Role::Owner));
    let path = format!("/console/apps/{}", record.app.id);
    let page = done(&kim, &made, &path, "The app has been made. Here is what comes next.").await;
    assert_eq!(page.all("h1"), ["달빛 상점"]);
    assert_eq!(page.all(".steps-list .button.primary"), ["Request it"]);
    assert_eq!(last_act(&world).await, ("app.create".to_owned(), "kim@example.com".to_owned()));
    assert_eq!(kim.opens("/console").await.all(".list tbody th a"), ["달빛 상점"]);
}

#[tokio::test]
async fn what_cannot_be_an_app_is_told_beside_its_field() {
    let world = World::new().await;
    let kim = developer(&world, "kim@example.com").await;
    let eve = developer(&world, "eve@example.com").await;
    let before = acts(&world).await;
    let long = "가".repeat(61);
    for (name, company, sentences) in [
        ("", " ", vec!["Enter a name.", "Enter the company."]),
        (long.as_str(), "Works", vec!["Use 60 characters at most."]),
        ("Bank\u{202e}", "a\nb", vec!["This holds characters that cannot be seen. Type it afresh, on one line."; 2]),
    ] {
        let fields = [("name", name), ("company", company)];
        let answer = kim.submits("/console/apps/new", "/console/apps/new", &fields).await;
        refused(&answer, &sentences);
        assert_eq!(answer.values("input[name='name']"), [name], "what was typed is kept");
    }
    let mine = named(&world, "Mine", AppKind::Biz, &kim).await.to_string();
    let basic = named(&world, "Basic", AppKind::Basic, &kim).await;
    let theirs = named(&world, "Theirs", AppKind::Biz, &eve).await;
    world.by().add_member(theirs, kim.id, "editor").await.unwrap();
    let made = acts(&world).await;
    assert_eq!(made, before + 4);
    assert_eq!(kim.opens("/console/apps/new").await.all("option").len(), 2, "only what one owns is offered");
    for (kind, parent, sentence) in [
        ("test", basic.to_string(), "This is not a Biz app that you own. Choose another."),
        ("test", theirs.to_string(), "This is not a Biz app that you own. Choose another."),
        ("test", "999".to_owned(), "This is not a Biz app that you own. Choose another."),
        ("test", "x".to_owned(), "Choose the Biz app that the test app belongs to."),
        ("biz", mine.clone(), "Choose a kind."),
    ] {
        let fields = [("name", "Shop"), ("company", "Works"), ("kind", kind), ("parent", &parent)];
        refused(&kim.submits("/console/apps/new", "/console/apps/new", &fields).await, &[sentence]);
    }
    assert_eq!(acts(&world).await, made, "nothing was done");
    let fields = [("name", "Trial"), ("company", "Works"), ("kind", "test"), ("parent", mine.as_str())];
    let answer = kim.submits("/console/apps/new", "/console/apps/new", &fields).await;
    assert_eq!(answer.status, 303);
    let page = kim.opens(answer.location()).await;
    assert!(page.body.contains("Test app") && page.body.contains("Mine"));
    assert!(kim.opens(&format!("/console/apps/{mine}")).await.body.contains("Trial"), "the Biz app names its test app");
}

#[tokio::test]
async fn apps_are_found_by_the_beginning_of_their_names_page_by_page() {
    let world = World::new().await;
    let kim = developer(&world, "kim@example.com").await;
    for n in 10..55 {
        named(&world, &format!("App {n}"), AppKind::Basic, &kim).await;
    }
    named(&world, "\"><b>Odd", AppKind::Basic, &kim).await;
    let names = |page: &Answer| page.all(".list tbody th a");
    let link = |page: &Answer, rel: &str| -> Option<String> {
        let found = scraper::Html::parse_document(&page.body);
        let selector = scraper::Selector::parse(&format!(".pager a[rel='{rel}']")).unwrap();
        found.select(&selector).next().map(|link| link.value().attr("href").unwrap().to_owned())
    };
    let first = kim.opens("/console?q=app").await;
    assert_eq!((names(&first).len(), names(&first)[0].as_str(), link(&first, "prev")), (20, "App 10", None));
    assert_eq!(
        first.all("nav.top a"),
        ["Console", "Connected apps", "Account"],
        "a search leaves nobody without a way on"
    );
    let second = kim.opens(&link(&first, "next").unwrap()).await;
    let third = kim.opens(&link(&second, "next").unwrap()).await;
    assert_eq!((names(&second)[0].as_str(), names(&third).len(), link(&third, "next")), ("App 30", 5, None));
    let back = kim.opens(&link(&third, "prev").unwrap()).await;
    assert_eq!(names(&back), names(&second));
    let start = kim.opens(&link(&back, "prev").unwrap()).await;
    assert_eq!((names(&start), link(&start, "prev")), (names(&first), None));
    let odd = kim.opens("/console?q=%22%3E%3CB%3E").await;
    assert_eq!(
        (names(&odd), odd.values("input[type='search']")),
        (vec!["\"><b>Odd".to_owned()], vec!["\"><B>".to_owned()])
    );
    for nothing in ["/console?q=zebra", "/console?after=1", "/console?q=%25"] {
        assert_eq!(kim.opens(nothing).await.all(".nothing-title"), ["No app of yours begins like this"], "{nothing}");
    }
    assert_eq!(kim.opens("/console?after=x").await.status, 200);
}

#[tokio::test]
async fn an_app_is_renamed_by_its_members() {
    let world = World::new().await;
    let (kim, lee) = (developer(&world, "kim@example.com").await, developer(&world, "lee@example.com").await);
    let app = named(&world, "Shop", AppKind::Biz, &kim).await;
    world.by().add_member(app, lee.id, "editor").await.unwrap();
    let (page, act) = (format!("/console/apps/{app}/settings"), format!("/console/apps/{app}/rename"));
    let answer = lee.submits(&page, &act, &[("name", ""), ("company", "Works")]).await;
    refused(&answer, &["Enter a name."]);
    assert_eq!(answer.all(".crumbs a"), ["Console", "Shop"], "the page is the one of the settings");
    let answer = lee.submits(&page, &act, &[("name", "Moon"), ("company", "Other")]).await;
    let page = done(&lee, &answer, &page, "The name and the company have been saved.").await;
    assert_eq!(page.values("input[name='company']"), ["Other"]);
    assert_eq!(last_act(&world).await, ("app.rename".to_owned(), "lee@example.com".to_owned()));
    assert!(!page.body.contains(&format!("/console/apps/{app}/delete")), "an editor is not shown what owners may");
}

#[tokio::test]
async fn a_sanction_says_what_it_means() {
    let world = World::new().await;
    let kim = developer(&world, "kim@example.com").await;
    let app = named(&world, "Shop", AppKind::Biz, &kim).await;
    world.by().set_sanction(app, true).await.unwrap();
    world.by().set_daily_quota(app, Some(30_000)).await.unwrap();
    let page = kim.opens(&format!("/console/apps/{app}")).await;
    assert!(page.body.contains("This app is under sanction") && page.body.contains("up to 30,000"), "{}", page.body);
}

#[tokio::test]
async fn an_app_ends_with_its_test_apps_once_its_name_is_typed() {
    let world = World::new().await;
    let kim = developer(&world, "kim@example.com").await;
    let app = named(&world, "Shop", AppKind::Biz, &kim).await;
    let (name, company) = ("Trial".to_owned(), "Works".to_owned());
    let new = NewApp { name, company, kind: AppKind::Test, parent: Some(app), owner: Some(kim.id) };
    let child = world.by().create_app(new).await.unwrap().unwrap();
    let (page, act) = (format!("/console/apps/{app}/settings"), format!("/console/apps/{app}/delete"));
    assert!(kim.opens(&page).await.body.contains("One test app will be deleted along with this app."));
    for typed in ["", "shop", "Trial"] {
        refused(&kim.submits(&page, &act, &[("confirm", typed)]).await, &["Type exactly “Shop” to confirm."]);
    }
    assert!(world.store().app(app).await.unwrap().is_some());
    let answer = kim.submits(&page, &act, &[("confirm", "Shop")]).await;
    done(&kim, &answer, "/console", "The app has been deleted.").await;
    for id in [app, child] {
        kim.opens(&format!("/console/apps/{id}")).await.says(Notice::NotFound);
    }
    assert_eq!(last_act(&world).await, ("app.delete".to_owned(), "kim@example.com".to_owned()));
}

#[tokio::test]
async fn an_owner_asks_to_become_biz_and_may_take_it_back() {
    let world = World::new().await;
    let (kim, lee) = (developer(&world, "kim@example.com").await, developer(&world, "lee@example.com").await);
    let app = named(&world, "Shop", AppKind::Basic, &kim).await;
    world.by().add_member(app, lee.id, "editor").await.unwrap();
    let (page, act) = (format!("/console/apps/{app}/settings"), format!("/console/apps/{app}/biz/request"));
    assert!(lee.opens(&page).await.body.contains("Only an owner of the app can request this."));
    refused(
        &kim.submits(&page, &act, &[("reason", " \r\n ")]).await,
        &["Say something about your business and the app."],
    );
    let long = "x".repeat(1001);
    let answer = kim.submits(&page, &act, &[("reason", &long)]).await;
    refused(&answer, &["Use 1,000 characters at most."]);
    assert_eq!(answer.all("textarea"), [long], "what was typed is kept");
    let token = kim.form_token(&page, &act).await;
    let answer = kim.submits(&page, &act, &[("reason", "We sell moons.\r\nMany.")]).await;
    let waits = done(&kim, &answer, &page, "The request has been sent. The answer will appear on this page.").await;
    assert!(waits.body.contains("Waiting") && waits.body.contains("We sell moons.\nMany."));
    assert!(waits.values(&format!("form[action='{act}'] input")).is_empty(), "one at a time");
    let again = kim.posts(&act, &[("form_token", &token), ("reason", "again")]).await;
    assert_eq!(again.status, 422);
    let request = world.store().biz_requests(app, &Turn::First, 9).await.unwrap().rows.remove(0);
    assert_eq!((request.group, request.asked_by, request.state), (None, kim.id, RequestState::Open));
    let back = format!("/console/apps/{app}/biz/{}/withdraw", request.id);
    let answer = kim.submits(&page, &back, &[]).await;
    done(&kim, &answer, &page, "The request has been taken back.").await;
    assert_eq!(last_act(&world).await.0, "request.withdraw");
    assert_eq!(world.store().biz_requests(app, &Turn::First, 9).await.unwrap().rows[0].state, RequestState::Withdrawn);
}

/// A request of another app, and one that is no number.
#[tokio::test]
async fn others_requests_are_not_found() {
    let world = World::new().await;
    let (kim, eve) = (developer(&world, "kim@example.com").await, developer(&world, "eve@example.com").await);
    let app = named(&world, "Shop", AppKind::Basic, &kim).await;
    let theirs = named(&world, "Theirs", AppKind::Basic, &eve).await;
    world.by().ask_permission(theirs, None, "x".to_owned()).await.unwrap();
    world.by().ask_permission(app, None, "x".to_owned()).await.unwrap();
    let theirs_id = world.store().biz_requests(theirs, &Turn::First, 9).await.unwrap().rows[0].id;
    let act = |id: &str| format!("/console/apps/{app}/biz/{id}/withdraw");
    // No page shows a form for it, so none has its token: the gate refuses before anything is looked up.
    let answer = kim.posts(&act(&theirs_id.to_string()), &[("form_token", "x")]).await;
    answer.says(Notice::FormExpired);
    assert_eq!(world.store().biz_requests(theirs, &Turn::First, 9).await.unwrap().rows[0].state, RequestState::Open);
}

/// However many Biz apps somebody owns, each can have a test app: its own page leads to the form.
#[tokio::test]
async fn a_test_app_is_made_from_the_page_of_its_biz_app() {
    let world = World::new().await;
    let kim = developer(&world, "kim@example.com").await;
    for n in 0..200 {
        named(&world, &format!("A{n:03}"), AppKind::Biz, &kim).await;
    }
    let last = named(&world, "Z", AppKind::Biz, &kim).await;
    let link = kim.opens(&format!("/console/apps/{last}")).await.hrefs("a[href^='/console/apps/new']");
    assert_eq!(link, [format!("/console/apps/new?parent={last}")]);
    let listed = kim.opens("/console/apps/new").await;
    assert!(listed.body.contains("Only the first 200 of your Biz apps") && !listed.body.contains(&last.to_string()));
    let form = kim.opens(&link[0]).await;
    assert_eq!(form.values("option[selected]"), [last.to_string()]);
    let fields = [("name", "Trial"), ("company", "Works"), ("kind", "test"), ("parent", &last.to_string())];
    let made = kim.submits(&link[0], "/console/apps/new", &fields).await;
    assert_eq!(made.status, 303, "{made:?}");
    assert_eq!(world.store().count_test_apps(last).await.unwrap(), 1);
    let lee = developer(&world, "lee@example.com").await;
    assert!(lee.opens(&link[0]).await.values("option").is_empty(), "another's is not offered");
}
