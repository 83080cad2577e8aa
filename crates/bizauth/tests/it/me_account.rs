//! `/me/account`: password, sessions, known browsers, and setting up the second factor.

use bizauth::config::Config;
use bizauth::http::gate::purpose;
use bizauth::http::guard::form_token;
use bizauth::view::Notice;
use bizauth_store::AuditFilter;

use crate::world::{PASSWORD, Person, World, minutes};

const HERE: &str = "/me/account";
const FACTOR: &str = "/me/account/two-factor";
const NEW: &str = "battery staple";

/// The same person with another browser, signed in.
async fn elsewhere(world: &World, kim: &Person) -> Person {
    let other = Person { browser: world.browser(), email: kim.email.clone(), id: kim.id, base: kim.base.clone() };
    other.signs_in().await;
    other
}

async fn is_in(kim: &Person) -> bool {
    kim.opens(HERE).await.status == 200
}

async fn acts(world: &World) -> Vec<String> {
    let page = world.store().audit_page(&AuditFilter::default(), None, 50).await.unwrap();
    page.into_iter().map(|record| record.entry.act).collect()
}

#[tokio::test]
async fn an_account_sees_where_it_is_signed_in_and_ends_it() {
    let world = World::new().await;
    let kim = world.newcomer("kim@example.com").await;
    kim.signs_in().await;
    let agent = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/124.0.0.0 Safari/537.36";
    let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).cookie_store(true);
    let browser = builder.user_agent(agent.to_owned() + &"x".repeat(1000)).build().unwrap();
    let other = Person { browser, email: kim.email.clone(), id: kim.id, base: kim.base.clone() };
    other.signs_in().await;
    let third = elsewhere(&world, &kim).await;
    world.advance(minutes(6));
    assert!(is_in(&other).await);
    let page = kim.opens(HERE).await;
    page.is_a_strict_page();
    assert_eq!(page.all("#sessions tbody th").len(), 3);
    assert_eq!(page.all("#sessions tbody th")[1], "Chrome on Windows");
    assert!(page.all("#sessions tbody th")[2].ends_with("This browser"));
    assert!(page.all("#sessions tbody td")[6].contains("12:06"), "{:?}", page.all("#sessions tbody td"));
    assert!(page.body.contains("127.0.0.1"));
    let known = world.store().sessions_of(kim.id, None, 9, world.now()).await.unwrap();
    assert!(known.iter().all(|it| it.agent.as_ref().is_none_or(|agent| agent.len() <= 200)));

    let path = format!("{HERE}/sessions/{}/end", known[1].id);
    let done = kim.submits(HERE, &path, &[]).await;
    assert_eq!(done.leads(), "/me/account session-ended");
    assert!(!is_in(&other).await && is_in(&third).await && is_in(&kim).await);
    kim.submits(HERE, &format!("{HERE}/sessions/end-others"), &[]).await;
    assert!(!is_in(&third).await && is_in(&kim).await);
    assert_eq!(acts(&world).await[..2], ["session.end_others", "session.end"]);

    let lee = world.newcomer("lee@example.com").await;
    lee.signs_in().await;
    let foreign = world.store().sessions_of(lee.id, None, 9, world.now()).await.unwrap()[0].id;
    let own = known[2].id;
    let token = kim.opens(HERE).await;
    assert!(!token.body.contains(&format!("sessions/{own}/end")), "one's own session ends by signing out");
    let path = format!("{HERE}/sessions/{foreign}/end");
    kim.posts(&path, &[("form_token", "x")]).await.says(Notice::FormExpired);
    assert!(is_in(&lee).await);
}

/// Other people's sessions and browsers look like none.
#[tokio::test]
async fn the_ids_of_others_are_not_found() {
    let world = World::new().await;
    let (kim, lee) = (world.newcomer("kim@example.com").await, world.newcomer("lee@example.com").await);
    lee.signs_in().await;
    let secret = kim.session_secret().await;
    let session = world.store().sessions_of(lee.id, None, 9, world.now()).await.unwrap()[0].id.to_string();
    let device = world.store().devices_of(lee.id, None, 9, world.now()).await.unwrap()[0].id.to_string();
    let done = world.store().audit_head().await.unwrap().seq;
    for id in [session.as_str(), device.as_str(), "999", "x", "%00"] {
        for path in [format!("{HERE}/sessions/{id}/end"), format!("{HERE}/devices/{id}/forget")] {
            let token = form_token(&secret, &purpose(&path));
            let answer = kim.posts(&path, &[("form_token", &token)]).await;
            assert_eq!(answer.status, 404, "{path}: {answer:?}");
            answer.says(Notice::NotFound);
        }
    }
    assert!(is_in(&lee).await);
    assert_eq!(world.store().devices_of(lee.id, None, 9, world.now()).await.unwrap().len(), 1);
    assert_eq!(world.store().audit_head().await.unwrap().seq, done);
}

#[tokio::test]
async fn known_browsers_are_forgotten() {
    let world = World::new().await;
    let kim = world.newcomer("kim@example.com").await;
    kim.signs_in().await;
    kim.signs_out().await;
    kim.signs_in().await;
    let other = elsewhere(&world, &kim).await;
    assert_eq!(kim.opens(HERE).await.all("#devices tbody th").len(), 2, "the same browser is one");
    let known = world.store().devices_of(kim.id, None, 9, world.now()).await.unwrap();
    let done = kim.submits(HERE, &format!("{HERE}/devices/{}/forget", known[0].id), &[]).await;
    assert_eq!(done.leads(), "/me/account device-forgotten");
    assert!(is_in(&other).await, "its session goes on");
    let done = kim.submits(HERE, &format!("{HERE}/devices/forget-all"), &[]).await;
    assert_eq!(done.leads(), "/me/account devices-forgotten");
    assert_eq!(kim.opens(HERE).await.all("#devices .nothing-title"), ["No browser is known"]);
    assert_eq!(acts(&world).await[..2], ["device.forget_all", "device.forget"]);
}

#[tokio::test]
async fn a_new_password_signs_out_everywhere_else() {
    let world = World::new().await;
    let kim = world.newcomer("kim@example.com").await;
    kim.signs_in().await;
    let other = elsewhere(&world, &kim).await;
    let before = world.store().sessions_of(kim.id, None, 9, world.now()).await.unwrap();
    let path = format!("{HERE}/password");
    for (current, new, again, status) in [
        ("wrong horse", NEW, NEW, 422),
        (PASSWORD, "short", "short", 422),
        (PASSWORD, NEW, "battery stable", 422),
        (PASSWORD, PASSWORD, PASSWORD, 422),
    ] {
        let fields = [("current", current), ("new", new), ("again", again)];
        let refused = kim.submits(&path, &path, &fields).await;
        assert_eq!((refused.status, refused.all(".error").len()), (status, 1), "{current} {new} {again}");
        for typed in [current, new, again] {
            assert!(!refused.body.contains(typed), "no password goes back into a page");
        }
    }
    let fields = [("current", PASSWORD), ("new", NEW), ("again", NEW)];
    let done = kim.submits(&path, &path, &fields).await;
    assert_eq!(done.leads(), "/me/account password-changed");
    assert!(is_in(&kim).await && !is_in(&other).await);
    let after = world.store().sessions_of(kim.id, None, 9, world.now()).await.unwrap();
    assert_eq!(after.len(), 1);
    assert!(before.iter().all(|it| it.id != after[0].id), "a session of a new id");
    kim.signs_out().await;
    assert_eq!(kim.tries_password(PASSWORD, "/").await.status, 401);
    assert_eq!(kim.tries_password(NEW, "/").await.status, 303);
    assert!(acts(&world).await.contains(&"account.password".to_owned()));
}

/// Whoever ticked that they stay signed in does; whoever did not is out when the browser closes, as before.
#[tokio::test]
async fn another_password_keeps_how_long_one_stays_signed_in() {
    for stay in [true, false] {
        let world = World::new().await;
        let kim = world.newcomer("kim@example.com").await;
        let token = kim.form_token("/login", "/login").await;
        let mut fields = vec![("email", kim.email.as_str()), ("password", PASSWORD), ("form_token", &token)];
        fields.extend(stay.then_some(("stay", "yes")));
        assert_eq!(kim.posts("/login", &fields).await.status, 303);
        let path = format!("{HERE}/password");
        let done = kim.submits(&path, &path, &[("current", PASSWORD), ("new", NEW), ("again", NEW)]).await;
        assert_eq!(done.leads(), format!("{HERE} password-changed"));
        assert_eq!(
            kim.opens(HERE).await.all(".done p"),
            ["The password is changed. You are signed out on all other devices."]
        );
        let cookies = done.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap());
        let session = cookies.into_iter().find(|line| line.starts_with("bizauth-session=")).unwrap();
        assert_eq!(session.contains("Max-Age=2592000"), stay, "{session}");
        world.advance(minutes(25 * 60));
        assert_eq!(is_in(&kim).await, stay);
    }
}

/// Whoever finds a browser signed in guesses no more than a stranger.
#[tokio::test]
async fn guesses_of_the_current_password_are_limited() {
    let world = World::new().await;
    let kim = world.newcomer("kim@example.com").await;
    kim.signs_in().await;
    let path = format!("{HERE}/password");
    for _ in 0..10 {
        let fields = [("current", "wrong horse"), ("new", NEW), ("again", NEW)];
        assert_eq!(kim.submits(&path, &path, &fields).await.status, 422);
    }
    let fields = [("current", PASSWORD), ("new", NEW), ("again", NEW)];
    assert_eq!(kim.submits(&path, &path, &fields).await.status, 429);
    let begin = format!("{FACTOR}/begin");
    assert_eq!(kim.submits(FACTOR, &begin, &[("current", PASSWORD)]).await.status, 429);
}

#[tokio::test]
async fn a_second_factor_is_set_up_with_a_code_and_leaves_recovery_codes_once() {
    let world = World::new().await;
    let kim = world.newcomer("kim@example.com").await;
    kim.signs_in().await;
    let begin = format!("{FACTOR}/begin");
    assert_eq!(kim.submits(FACTOR, &begin, &[("current", "wrong horse")]).await.status, 422);
    assert_eq!(world.store().second_factor(kim.id).await.unwrap(), None);
    kim.submits(FACTOR, &begin, &[("current", PASSWORD)]).await;
    let page = kim.opens(FACTOR).await;
    page.is_a_strict_page();
    assert!(page.body.contains("<svg") && !page.body.contains("<?xml") && page.all("#seed")[0].len() == 39);
    let wrong = kim.submits(FACTOR, &format!("{FACTOR}/confirm"), &[("code", "12345")]).await;
    assert_eq!((wrong.status, wrong.all("#seed")), (422, page.all("#seed")), "the same key stays on the page");
    world.advance(minutes(15));
    assert!(kim.opens(FACTOR).await.all("#seed").is_empty(), "begin anew");

    let app = kim.switches_on(&world).await;
    assert_eq!(app.recovery.len(), 10);
    assert!(kim.opens(FACTOR).await.all("#recovery").is_empty(), "shown once");
    let sealed = world.store().second_factor(kim.id).await.unwrap().unwrap().sealed;
    assert_eq!(sealed.len(), 4 + 12 + 20 + 16, "what is stored is sealed");

    // Other recovery codes: with password and code, and the old ones count no more.
    let codes = format!("{FACTOR}/codes");
    assert_eq!(kim.submits(&codes, &codes, &[("current", PASSWORD), ("code", &app.code(&world))]).await.status, 422);
    world.advance(minutes(1));
    let fields = [("current", "wrong horse"), ("code", &app.code(&world))];
    assert_eq!(kim.submits(&codes, &codes, &fields).await.status, 422);
    let done = kim.submits(&codes, &codes, &[("current", PASSWORD), ("code", &app.code(&world))]).await;
    assert_eq!(done.leads(), format!("{FACTOR} recovery-replaced"));
    let fresh = kim.recovery_codes(done.location()).await;
    assert!(fresh.len() == 10 && fresh.iter().all(|code| !app.recovery.contains(code)));

    let disable = format!("{FACTOR}/disable");
    let fields = |code| [("current", PASSWORD), ("code", code)];
    assert_eq!(kim.submits(&disable, &disable, &fields(&app.recovery[0])).await.status, 422, "of before");
    let done = kim.submits(&disable, &disable, &fields(&fresh[0])).await;
    assert_eq!(done.leads(), "/me/account two-factor-off");
    kim.opens(&disable).await.says(Notice::NotFound);
    kim.signs_out().await;
    kim.signs_in().await;
    let acts = acts(&world).await;
    assert_eq!(acts[..3], ["second_factor.disable", "second_factor.refuse", "recovery_codes.replace"]);
    assert!(acts.contains(&"second_factor.confirm".to_owned()) && acts.contains(&"second_factor.begin".to_owned()));
}

#[tokio::test]
async fn without_a_master_key_for_all_nodes_nothing_is_set_up() {
    let world = World::with(|config| {
        let matches = clap::Command::new("x").args(bizauth::config::arguments());
        let matches = matches.get_matches_from(["x", "--database", "postgres://db.example/bizauth"]);
        config.database = Config::load(&matches, |_| None).unwrap().database;
    })
    .await;
    let kim = world.newcomer("kim@example.com").await;
    kim.signs_in().await;
    let begun = kim.submits(FACTOR, &format!("{FACTOR}/begin"), &[("current", PASSWORD)]).await;
    assert_eq!(begun.status, 503);
    begun.says(Notice::SealUnavailable);
    assert_eq!(world.store().second_factor(kim.id).await.unwrap(), None);
}

/// When a browser was seen is noted now and then only, and the page says so.
#[tokio::test]
async fn how_old_what_was_seen_may_be_is_said() {
    let world = World::new().await;
    let kim = world.newcomer("kim@example.com").await;
    kim.signs_in().await;
    for (language, words) in [("en", "up to five minutes old"), ("ko", "최대 5분 이전")] {
        kim.opens(&format!("/language?to={language}&next=/")).await;
        assert!(kim.opens("/me/account").await.body.contains(words));
    }
}
