//! Accounts in the operator's hands: what each change does to tokens and sign-ins, and what the log keeps of it.

use bizauth_core::user::UserState;
use bizauth_store::AuditFilter;
use scraper::{Html, Selector};

use crate::world::{Answer, Person, World};

/// Someone who is signed in as an operator.
pub async fn operator(world: &World) -> Person {
    let person = world.operator("lee@example.com").await.at(&world.operators);
    person.signs_in().await;
    person
}

/// Where the link of this kind leads.
fn way(page: &Answer, rel: &str) -> String {
    let (html, link) = (Html::parse_document(&page.body), Selector::parse(&format!("a[rel={rel}]")).unwrap());
    html.select(&link).next().unwrap().value().attr("href").unwrap().to_owned()
}

/// What the log has last, as act, about, before, after.
pub async fn noted(world: &World, act: &str) -> Vec<String> {
    let filter = AuditFilter { act: Some(act.to_owned()), ..AuditFilter::default() };
    let page = world.store().audit_page(&filter, None, 5).await.unwrap();
    page.into_iter()
        .map(|it| format!("{} {} {} {}", it.entry.actor, it.entry.about, it.entry.before, it.entry.after))
        .collect()
}

#[tokio::test]
async fn accounts_are_found_by_the_beginning_of_their_address_and_by_id() {
    let world = World::new().await;
    let lee = operator(&world).await;
    let kim = world.newcomer("kim@example.com").await;
    world.newcomer("park@example.com").await;
    let page = lee.opens("/operator/accounts?q=KIM").await;
    assert!(page.body.contains("kim@example.com") && !page.body.contains("park@example.com"), "{page:?}");
    page.is_a_strict_page();
    let page = lee.opens(&format!("/operator/accounts?q={}", kim.id)).await;
    assert!(page.body.contains("kim@example.com") && !page.body.contains("park@example.com"));
    assert!(lee.opens("/operator/accounts?q=nobody").await.body.contains("Nothing found"));
    for path in ["/operator/accounts/999", "/operator/accounts/x"] {
        assert_eq!(lee.opens(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_long_list_is_turned_page_by_page() {
    let world = World::new().await;
    let lee = operator(&world).await;
    for n in 100..152 {
        world.newcomer(&format!("a{n}@example.com")).await;
    }
    let first = lee.opens("/operator/accounts?q=a1").await;
    assert!(first.body.contains("a100@") && first.body.contains("a149@") && !first.body.contains("a150@"));
    let next = way(&first, "next");
    let second = lee.opens(&next).await;
    assert!(second.body.contains("a150@") && second.body.contains("a151@") && !second.body.contains("a149@"));
    let back = way(&second, "prev");
    let first = lee.opens(&back).await;
    assert!(first.body.contains("a100@") && !first.body.contains("a150@") && !first.body.contains("rel=\"prev\""));
}

#[tokio::test]
async fn a_new_account_signs_in_with_a_password_that_is_shown_once() {
    let world = World::new().await;
    let lee = operator(&world).await;
    let at = "/operator/accounts/new";
    let refused = lee.submits(at, at, &[("email", "kim@example"), ("password", "other")]).await;
    assert_eq!(refused.status, 422, "{refused:?}");
    assert!(
        refused.body.contains("value=\"kim@example\"") && refused.body.contains("Nothing is chosen yet."),
        "{refused:?}"
    );
    let fields = [("email", "Kim@Example.com"), ("verified", "yes"), ("centre", "yes"), ("password", "temporary")];
    let made = lee.submits(at, at, &fields).await;
    assert_eq!(made.status, 303, "{made:?}");
    let page = lee.opens(made.location()).await;
    let password = page.all("#secret").pop().unwrap();
    assert_eq!(password.len(), 16, "{page:?}");
    assert!(!lee.opens(made.location()).await.body.contains(&password), "it was shown once");
    let kim = world.store().user_by_email("kim@example.com").await.unwrap().unwrap();
    assert!(kim.user.in_business_centre && kim.user.email_verified && !kim.is_operator);
    let kim = Person {
        id: kim.user.id,
        email: "kim@example.com".to_owned(),
        browser: world.browser(),
        base: world.base.clone(),
    };
    assert_eq!(kim.tries_password(&password, "/").await.status, 303);
    let taken = lee.submits(at, at, &fields).await;
    assert!(taken.status == 422 && taken.body.contains("already"), "{taken:?}");
    let log = noted(&world, "account.create").await;
    assert!(log[0].starts_with("lee@example.com") && !log.iter().any(|line| line.contains(&password)), "{log:?}");
}

#[tokio::test]
async fn a_blocked_account_loses_its_tokens_for_good_and_the_log_knows_why() {
    let world = World::new().await;
    let (lee, app) = (operator(&world).await, world.app().await);
    let kim = world.owner("kim@example.com").await;
    let token = kim.lends(&world, &app).await;
    let (at, to) = (format!("/operator/accounts/{}", kim.id), format!("/operator/accounts/{}/state", kim.id));
    let refused = lee.submits(&at, &to, &[("state", "blocked"), ("reason", "stolen")]).await;
    assert!(refused.status == 422 && refused.body.contains("stolen"), "what ends tokens is confirmed: {refused:?}");
    assert_eq!(world.tokeninfo(&token).await.status, 200);
    let refused = lee.submits(&at, &to, &[("state", "dormant")]).await;
    assert_eq!(refused.status, 422, "a reason is needed");
    let done = lee.submits(&at, &to, &[("state", "blocked"), ("reason", "stolen"), ("sure", "yes")]).await;
    assert_eq!(done.status, 303, "{done:?}");
    assert_eq!(world.tokeninfo(&token).await.status, 401);
    let done = lee.submits(&at, &to, &[("state", "active"), ("reason", "returned")]).await;
    assert_eq!(done.status, 303);
    assert_eq!(world.tokeninfo(&token).await.status, 401, "it does not come back");
    let log = noted(&world, "account.state").await;
    assert_eq!(log[1], r#"lee@example.com {"reason":"stolen"} {"state":"active"} {"state":"blocked"}"#);
}

#[tokio::test]
async fn the_last_operator_cannot_stop_nor_be_blocked() {
    let world = World::new().await;
    let lee = operator(&world).await;
    let at = format!("/operator/accounts/{}", lee.id);
    let sure = [("sure", "yes")];
    let refused = lee.submits(&at, &format!("{at}/unmake"), &sure).await;
    assert!(refused.status == 422 && refused.body.contains("the last operator"), "{refused:?}");
    let block = [("state", "blocked"), ("reason", "x"), ("sure", "yes")];
    let refused = lee.submits(&at, &format!("{at}/state"), &block).await;
    assert!(refused.status == 422 && refused.body.contains("the last operator"), "{refused:?}");
    let kim = world.newcomer("kim@example.com").await;
    let theirs = format!("/operator/accounts/{}", kim.id);
    assert_eq!(lee.submits(&theirs, &format!("{theirs}/make"), &sure).await.status, 303);
    assert_eq!(lee.submits(&at, &format!("{at}/unmake"), &sure).await.status, 303);
    assert_eq!(lee.opens("/operator").await.status, 403, "at once");
    assert_eq!(noted(&world, "account.unmake_operator").await.len(), 1);
}

#[tokio::test]
async fn a_reset_password_signs_out_everywhere() {
    let world = World::new().await;
    let lee = operator(&world).await;
    let kim = world.newcomer("kim@example.com").await;
    kim.signs_in().await;
    let at = format!("/operator/accounts/{}", kim.id);
    assert!(lee.opens(&at).await.body.contains("Sign out everywhere"));
    let done = lee.submits(&at, &format!("{at}/password"), &[("sure", "yes")]).await;
    assert_eq!(done.status, 303, "{done:?}");
    let password = lee.opens(done.location()).await.all("#secret").pop().unwrap();
    assert_eq!(kim.opens("/me").await.status, 303, "signed out");
    assert_eq!(kim.tries_password(crate::world::PASSWORD, "/").await.status, 401);
    assert_eq!(kim.tries_password(&password, "/").await.status, 303);
    let end = lee.submits(&at, &format!("{at}/end"), &[]).await;
    assert_eq!(end.status, 303, "{end:?}");
    assert_eq!(kim.opens("/me").await.status, 303);
    assert_eq!(kim.tries_password(&password, "/").await.status, 303);
    assert_eq!(lee.submits(&at, &format!("{at}/end-all"), &[]).await.status, 303);
    assert_eq!(kim.opens("/me").await.status, 303);
}

#[tokio::test]
async fn switches_and_sanctions_count_at_once() {
    let world = World::new().await;
    let lee = operator(&world).await;
    let kim = world.newcomer("kim@example.com").await;
    let at = format!("/operator/accounts/{}", kim.id);
    assert_eq!(lee.submits(&at, &format!("{at}/centre"), &[]).await.status, 303);
    assert_eq!(lee.submits(&at, &format!("{at}/verified"), &[]).await.status, 303);
    let seen = world.store().account(kim.id).await.unwrap().unwrap();
    assert!(!seen.user.in_business_centre && !seen.user.email_verified && seen.user.state == UserState::Active);
    let reason = [("reason", "fraud")];
    assert_eq!(lee.submits(&at, &format!("{at}/sanction"), &[("reason", " ")]).await.status, 422);
    let unsure = lee.submits(&at, &format!("{at}/sanction"), &reason).await;
    assert!(unsure.status == 422 && unsure.all("#sanction-sure-error") == ["Tick the box to go on."], "{unsure:?}");
    assert!(
        unsure.body.contains(reason[0].1)
            && !world.store().account(kim.id).await.unwrap().unwrap().developer_sanctioned
    );
    let sure = [reason[0], ("sure", "yes")];
    assert_eq!(lee.submits(&at, &format!("{at}/sanction"), &sure).await.status, 303);
    assert!(world.store().account(kim.id).await.unwrap().unwrap().developer_sanctioned);
    assert_eq!(lee.submits(&at, &format!("{at}/lift"), &reason).await.status, 303);
    assert!(!world.store().account(kim.id).await.unwrap().unwrap().developer_sanctioned);
    // Without a second step there is no form that takes one away.
    assert!(!lee.opens(&at).await.body.contains(&format!("{at}/factor")));
}
