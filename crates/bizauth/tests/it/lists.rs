//! Long lists on the pages: walked by their links to the end and back, they show everything once and in one order.

use bizauth_core::app::AppKind;
use bizauth_core::asset::AssetKind;
use bizauth_core::operator::Scope;
use bizauth_core::secret::Digest;
use bizauth_core::user::UserState;
use bizauth_store::{Asked, Counts, NewApp, NewImport, NewSession, Turn};
use scraper::{Html, Selector};

use crate::console_apps::{developer, named};
use crate::operator_accounts::operator;
use crate::world::{Answer, Person, World, days};

/// Where the link to the next or the page before leads, within a part of the page.
fn way(page: &Answer, part: &str, rel: &str) -> Option<String> {
    let link = Selector::parse(&format!("{part} a[rel={rel}]")).unwrap();
    let href = Html::parse_document(&page.body).select(&link).next()?.value().attr("href")?.to_owned();
    Some(href)
}

/// What names the rows on a page: where they lead, or what they say.
fn names(page: &Answer, selector: &str) -> Vec<String> {
    let (html, selector) = (Html::parse_document(&page.body), Selector::parse(selector).unwrap());
    let words = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let rows = html.select(&selector);
    rows.map(|row| row.value().attr("href").map_or_else(|| words(row.text().collect()), str::to_owned)).collect()
}

/// Walks the list at `start` whose rows are named by what `row` selects in `part`.
async fn walk(who: &Person, start: &str, part: &str, row: &str) -> Vec<String> {
    let rows = |page: &Answer| names(page, &format!("{part} {row}"));
    let mut page = who.opens(start).await;
    assert_eq!(page.status, 200, "{start}: {page:?}");
    page.is_a_strict_page();
    let (mut seen, mut pages) = (rows(&page), 1);
    assert!(way(&page, part, "prev").is_none(), "{start} begins at its beginning");
    while let Some(next) = way(&page, part, "next") {
        page = who.opens(&next).await;
        assert!(page.status == 200 && !rows(&page).is_empty(), "{next}");
        seen.extend(rows(&page));
        pages += 1;
    }
    assert!(pages > 1, "{start} is long");
    let mut back = rows(&page);
    while let Some(previous) = way(&page, part, "prev") {
        page = who.opens(&previous).await;
        back.splice(0..0, rows(&page));
    }
    assert_eq!(back, seen, "{start}: and back");
    let mut once = seen.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), seen.len(), "{start} shows each row once");
    seen
}

/// Someone signs in to this account from so many browsers.
async fn signs_in_often(world: &World, kim: &Person, times: u8) {
    let account = world.store().user_by_email(&kim.email).await.unwrap().unwrap();
    for n in 0..times {
        let (digest, ends) = (Digest([n; 32]), world.now().plus(days(1)));
        let new = NewSession {
            session: (digest, ends),
            device: (digest, ends),
            earlier: None,
            known: None,
            address: Some(format!("192.0.2.{n}")),
            agent: None,
        };
        world.store().sign_in(kim.id, account.password.clone(), new, world.now()).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn an_operator_reaches_every_account_app_key_file_and_session() {
    let world = World::new().await;
    let lee = operator(&world).await;
    let kim = world.newcomer("kim@example.com").await;
    for n in 100..152 {
        let user = world.newcomer(&format!("a{n}@example.com")).await;
        assert!(world.by().set_user_state(user.id, UserState::Blocked).await.unwrap());
        let name = format!("App {n}");
        let new = NewApp { name, company: String::new(), kind: AppKind::Biz, parent: None, owner: Some(kim.id) };
        let app = world.by().create_app(new).await.unwrap().unwrap();
        assert!(world.by().set_sanction(app, true).await.unwrap());
        let (scopes, digest) = (vec![Scope::AuditRead], Digest([0; 32]));
        world.by().create_operator_key(format!("key {n}"), scopes, digest, None).await.unwrap();
        let new = NewImport {
            name: format!("{n}.csv"),
            format: "csv".to_owned(),
            body: String::new(),
            total: 0,
            refused: String::new(),
            n_refused: 0,
            counts: Counts::default(),
        };
        world.by().keep_import(new).await.unwrap();
    }
    let home = lee.opens("/operator").await;
    for (address, row, count) in [
        ("/operator/accounts?show=blocked", "tbody th", 52),
        ("/operator/apps?show=sanctioned", "tbody th", 52),
        ("/operator/keys", "tbody th", 52),
        ("/operator/assets/import", "#recent ~ table tbody th", 52),
    ] {
        assert_eq!(walk(&lee, address, "main", row).await.len(), count, "{address}");
        assert!(!address.contains("show=") || home.body.contains(address), "the overview leads to {address}");
    }
    let oldest = world.store().operator_keys(&Turn::First, 99).await.unwrap().rows.pop().unwrap().id;
    let revoke = format!("/operator/keys/{oldest}/revoke");
    let last = lee.opens(&format!("/operator/keys?after={}", oldest.0 + 1)).await;
    assert_eq!(lee.posts(&revoke, &[("form_token", &last.input(&revoke, "form_token"))]).await.status, 303);

    signs_in_often(&world, &kim, 13).await;
    let at = format!("/operator/accounts/{}", kim.id);
    assert_eq!(walk(&lee, &at, "[aria-labelledby=sessions]", "tbody td:nth-child(2)").await.len(), 13);
}

#[tokio::test]
async fn an_account_is_found_by_its_name_elsewhere() {
    let world = World::new().await;
    let lee = operator(&world).await;
    let (kim, park) = (world.newcomer("kim@example.com").await, world.newcomer("park@example.com").await);
    world.by().set_external_id(kim.id, Some("crm-7".to_owned())).await.unwrap();
    world.by().set_external_id(park.id, Some("kim".to_owned())).await.unwrap();
    let found = async |sought: &str| lee.opens(&format!("/operator/accounts?q={sought}")).await.all("tbody th");
    assert_eq!(found("crm-7").await, ["kim@example.com"]);
    assert_eq!(found("kim").await, ["park@example.com", "kim@example.com"], "and whose address begins so");
    assert!(found("crm").await.is_empty());
    let none = lee.opens("/operator/accounts?show=blocked").await;
    assert!(none.body.contains("No account is blocked"), "{none:?}");
    assert!(lee.opens("/operator/apps?show=sanctioned").await.body.contains("No app is under sanction"));
}

#[tokio::test]
async fn an_app_with_many_members_shows_all_of_them() {
    let world = World::new().await;
    let lee = operator(&world).await;
    let kim = developer(&world, "kim@example.com").await;
    let app = named(&world, "Shop", AppKind::Biz, &kim).await;
    for n in 100..130 {
        let member = world.newcomer(&format!("a{n}@example.com")).await;
        assert!(world.by().add_member(app, member.id, "editor").await.unwrap());
    }
    let at = format!("/console/apps/{app}/members");
    let all = walk(&kim, &at, "main", ".tools ~ table tbody th").await;
    assert_eq!((all.len(), all.is_sorted()), (31, true));
    let of_operator = walk(&lee, &format!("/operator/apps/{app}"), "[aria-labelledby=members]", "tbody th").await;
    assert_eq!(of_operator.len(), 31);
    let found = kim.opens(&format!("{at}?q=A12")).await;
    assert_eq!(found.all(".tools ~ table tbody th").len(), 10);
    // Whoever stands on another page can be chosen once they were looked for.
    let heir = world.store().user_by_email("a129@example.com").await.unwrap().unwrap().user.id;
    assert!(!kim.opens(&at).await.values("#transfer-to option").contains(&heir.to_string()));
    let searched = format!("{at}?q=a129");
    assert!(kim.opens(&searched).await.values("#transfer-to option").contains(&heir.to_string()));
    let act = format!("{at}/transfer");
    let unsure = kim.submits(&searched, &act, &[("to", &heir.to_string()), ("confirm", "Sho")]).await;
    assert_eq!((unsure.status, unsure.values("#transfer-to option[selected]")), (422, vec![heir.to_string()]));
    let done = kim.submits(&searched, &act, &[("to", &heir.to_string()), ("confirm", "Shop")]).await;
    assert_eq!(done.status, 303, "{done:?}");
    assert!(kim.opens(&format!("{at}?q=nobody")).await.body.contains("No member with such an address"));

    let robot = world.program(&[Scope::AppsRead, Scope::AccountsRead]).await;
    let page = robot.gets(&format!("/apps/{app}/members?limit=20&q=a1")).await;
    let rest = robot.gets(&format!("/apps/{app}/members?q=a1&after={}", page["next"].as_str().unwrap())).await;
    assert_eq!((page["items"].as_array().unwrap().len(), rest["items"].as_array().unwrap().len()), (20, 10));
    world.by().set_sanction(app, true).await.unwrap();
    world.by().set_user_state(kim.id, UserState::Blocked).await.unwrap();
    assert_eq!(robot.gets("/apps?sanctioned=true").await["items"][0]["id"], app.to_string());
    assert_eq!(robot.gets("/accounts?blocked=true").await["items"][0]["email"], "kim@example.com");
    assert_eq!(robot.asks("GET", "/accounts?blocked=no").await.status, 422);
}

#[tokio::test]
async fn what_an_app_asked_for_stays_readable() {
    let world = World::new().await;
    let kim = developer(&world, "kim@example.com").await;
    let app = named(&world, "Shop", AppKind::Basic, &kim).await;
    for n in 0..12 {
        let asked = world.by().ask_permission(app, None, format!("reason {n}")).await.unwrap();
        let Asked::Made(id) = asked else { panic!("{asked:?}") };
        if n < 11 {
            assert!(world.by().withdraw_biz_request(app, id).await.unwrap());
        }
    }
    let at = format!("/console/apps/{app}/settings");
    let reasons = walk(&kim, &at, "[aria-labelledby=biz]", ".requests .lines").await;
    assert_eq!((reasons.len(), reasons[0].as_str(), reasons[11].as_str()), (12, "reason 11", "reason 0"));
    let later = way(&kim.opens(&at).await, "[aria-labelledby=biz]", "next").unwrap();
    assert!(!kim.opens(&later).await.body.contains("/biz/request\""), "the open request stands on another page");
}

#[tokio::test]
async fn an_owner_sees_all_that_was_lent_and_to_whom() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.newcomer("kim@example.com").await);
    for n in 100..160 {
        world.gives(&kim, "moment", &n.to_string(), AssetKind::AdAccount, true).await;
    }
    let all: Vec<String> = (100..155).map(|n| n.to_string()).collect();
    let picks: Vec<(&str, &str)> = all.iter().map(|id| ("asset.moment", id.as_str())).collect();
    let (rest, all_of_it) = ("scope=moment_management", [("choice.moment", "all")]);
    app.buys(&world, &kim.consents(&app, rest, &picks).await).await;
    let at = format!("/me/apps/{}", app.id);
    assert_eq!(walk(&kim, &at, "#assets", "tbody td:nth-child(2)").await, all, "one by one");
    for _ in 0..26 {
        app.buys(&world, &kim.consents(&app, rest, &all_of_it).await).await;
    }
    let whole = walk(&kim, &at, "#assets", "tbody td:nth-child(2)").await;
    assert_eq!(whole.len(), 60, "all of the group");
    assert_eq!(walk(&kim, &at, "#tokens", "tbody th").await.len(), 27);
    assert_eq!(walk(&kim, &at, "#consents", "tbody th a").await.len(), 27);
    let found = kim.opens(&format!("{at}?q=COUNT+15")).await;
    assert_eq!(found.all("#assets tbody th").len(), 10, "anywhere in the name");
    let dev = developer(&world, "dev@example.com").await;
    world.by().add_member(app.id, dev.id, "owner").await.unwrap();
    let tokens = world.store().tokens_of(app.id, None, 99).await.unwrap();
    let (person, first) = (tokens[0].token.app_user, tokens.last().unwrap().token.id);
    let list = format!("/console/apps/{}/tokens", app.id);
    assert_eq!(walk(&dev, &list, "main", "tbody th").await.len(), 27);
    assert_eq!(walk(&dev, &format!("{list}?q={person}"), "main", "tbody th").await.len(), 27);
    assert_eq!(walk(&dev, &format!("{list}/{first}"), "main", ".pieces li > span code").await.len(), 55);

    for n in 0..22 {
        let other = world.app().await;
        assert!(world.by().rename_app(other.id, format!("Other {n}"), String::new()).await.unwrap());
        other.buys(&world, &kim.consents(&other, rest, &all_of_it).await).await;
    }
    let connected = walk(&kim, "/me", "main", ".app-name a").await;
    assert_eq!((connected.len(), connected[22].as_str()), (23, at.as_str()), "the first one stands last");
    assert_eq!(kim.opens("/me?q=THER+2").await.all(".app-name").len(), 3, "2, 20 and 21");
}
