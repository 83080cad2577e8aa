//! `/login`, `/logout`, `/language`: signing in and out, and the limits that parallel tries cannot beat.

use bizauth_core::fault::KauthFault;
use bizauth_core::id::SessionId;
use bizauth_core::secret::Credential;
use bizauth_core::user::UserState;

use crate::world::{Answer, PASSWORD, Person, World, days, minutes};

fn cookie(answer: &Answer, name: &str) -> Option<String> {
    let lines = answer.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap().to_owned());
    lines.into_iter().find(|line| line.starts_with(name))
}

#[tokio::test]
async fn the_page_says_who_waits_and_leads_back() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let address = app.authorize("scope=moment_management&state=x%2Fy");
    let there = kim.opens(&address).await;
    let page = kim.opens(there.location()).await;
    page.is_a_strict_page();
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Ad report") && page.body.contains("app.example.com"));
    assert!(page.body.contains("Ask the operator of this site for a new one."), "{page:?}");
    let back = kim.tries_password(PASSWORD, &page.input("/login", "next")).await;
    assert_eq!((back.status, back.location()), (303, address.as_str()));
    let on = kim.opens(there.location()).await;
    assert_eq!((on.status, on.location()), (303, address.as_str()), "who is signed in goes on");
}

#[tokio::test]
async fn a_session_lasts_a_day_or_thirty() {
    let world = World::new().await;
    let kim = world.newcomer("kim@example.com").await;
    for (stay, lasts) in [(None, days(1)), (Some(("stay", "yes")), days(30))] {
        let page = kim.opens("/login").await;
        let token = page.input("/login", "form_token");
        let mut fields =
            vec![("email", " KIM@example.com "), ("password", PASSWORD), ("next", "/"), ("form_token", &token)];
        fields.extend(stay);
        let answer = kim.posts("/login", &fields).await;
        let session = cookie(&answer, "bizauth-session=").unwrap();
        assert!(session.contains("HttpOnly") && session.contains("SameSite=Lax") && session.contains("Path=/"));
        assert_eq!(session.contains("Max-Age=2592000"), stay.is_some(), "{session}");
        world.advance(lasts - minutes(1));
        assert!(kim.opens("/").await.body.contains("kim@example.com"));
        world.advance(minutes(1));
        assert!(!kim.opens("/").await.body.contains("kim@example.com"));
    }
}

/// CVE-2024-7341: the id of a session does not survive the sign-in.
#[tokio::test]
async fn a_session_id_is_new_at_every_sign_in() {
    let world = World::new().await;
    let kim = world.newcomer("kim@example.com").await;
    let first = cookie(&kim.tries_password(PASSWORD, "/").await, "bizauth-session=").unwrap();
    let first = first.split(['=', ';']).nth(1).unwrap().to_owned();
    let (id, secret) = Credential::Session.read(&first).unwrap();
    let page = kim.opens("/consent?id=x").await;
    assert_eq!(page.status, 404);
    // Sign in again from the page of another tab, whose form belongs to the session that is still alive.
    let token = page.input("/logout", "form_token");
    assert!(!token.is_empty());
    kim.posts("/logout", &[("form_token", &token)]).await;
    assert!(world.store().session(SessionId(id), &secret, world.now()).await.unwrap().is_none(), "ended in the store");
    let second = cookie(&kim.tries_password(PASSWORD, "/").await, "bizauth-session=").unwrap();
    assert!(!second.contains(&first));
}

#[tokio::test]
async fn a_form_without_its_token_does_nothing() {
    let world = World::new().await;
    let (kim, eve) = (world.newcomer("kim@example.com").await, world.newcomer("eve@example.com").await);
    let foreign = eve.opens("/login").await.input("/login", "form_token");
    let fields = |token| [("email", "kim@example.com"), ("password", PASSWORD), ("next", "/"), ("form_token", token)];
    kim.opens("/login").await;
    for token in ["", "x", &foreign] {
        let answer = kim.posts("/login", &fields(token)).await;
        assert_eq!((answer.status, cookie(&answer, "bizauth-session")), (403, None));
        assert_eq!(answer.values("input[name=email]"), ["kim@example.com"], "what was typed is kept");
        assert!(!answer.body.contains(PASSWORD));
    }
    kim.signs_in().await;
    let answer = kim.posts("/logout", &[("form_token", &foreign)]).await;
    assert_eq!(answer.status, 403);
    assert!(kim.opens("/").await.body.contains("kim@example.com"), "still signed in");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_account_look_alike() {
    let world = World::new().await;
    let kim = world.newcomer("kim@example.com").await;
    let nobody = Person { email: "nobody@example.com".to_owned(), ..world.newcomer("lee@example.com").await };
    let texts = [kim.tries_password("wrong horse", "/").await, nobody.tries_password(PASSWORD, "/").await];
    for answer in &texts {
        assert_eq!(answer.status, 401);
        answer.is_a_strict_page();
    }
    assert_eq!(texts[0].all("[role=alert]"), texts[1].all("[role=alert]"));
}

/// Dormant, blocked or closed: it signs in, and is told so where it asks for something.
#[tokio::test]
async fn an_account_that_is_not_active_signs_in_to_be_told_so() {
    let world = World::new().await;
    let app = world.app().await;
    for (n, state) in [UserState::Dormant, UserState::Blocked, UserState::Withdrawn].into_iter().enumerate() {
        let kim = world.owner(&format!("kim{n}@example.com")).await;
        world.by().set_user_state(kim.id, state).await.unwrap();
        kim.asked(&app.authorize("scope=moment_management")).await.shows(KauthFault::AccountNotActive);
    }
}

/// CVE-2023-47111: parallel tries never beat the limit.
#[tokio::test(flavor = "multi_thread")]
async fn forty_wrong_passwords_at_once_are_ten_tries() {
    let world = World::new().await;
    let kim = world.newcomer("kim@example.com").await;
    let page = kim.opens("/login").await;
    let token = page.input("/login", "form_token");
    let form = [("email", "kim@example.com"), ("password", "wrong horse"), ("next", "/"), ("form_token", &token)];
    let calls: Vec<_> = (0..40)
        .map(|_| tokio::spawn(Answer::of(kim.browser.post(format!("{}/login", world.base)).form(&form))))
        .collect();
    let mut heard = [0, 0];
    for call in calls {
        match call.await.unwrap().status {
            401 => heard[0] += 1,
            429 => heard[1] += 1,
            other => panic!("{other}"),
        }
    }
    assert_eq!(heard, [10, 30]);
    let right = kim.tries_password(PASSWORD, "/").await;
    assert_eq!(right.status, 429, "and a right one does not slip through either");
    world.advance(minutes(15));
    kim.signs_in().await;
}

/// Keycloak 48272: the guard must not stop those who are right.
#[tokio::test(flavor = "multi_thread")]
async fn thirty_right_passwords_at_once_all_pass() {
    let world = World::new().await;
    let kim = world.newcomer("kim@example.com").await;
    let page = kim.opens("/login").await;
    let token = page.input("/login", "form_token");
    let form = [("email", "kim@example.com"), ("password", PASSWORD), ("next", "/"), ("form_token", &token)];
    let cookie = page.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let calls: Vec<_> = (0..30)
        .map(|_| {
            let request = world.request("POST", "/login").header("cookie", &cookie);
            tokio::spawn(Answer::of(request.form(&form)))
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap().status, 303);
    }
}

/// A stranger's wrong tries must not lock a person out of the browser they always use.
#[tokio::test]
async fn a_known_browser_has_tries_of_its_own() {
    let world = World::new().await;
    let kim = world.newcomer("kim@example.com").await;
    kim.signs_in().await;
    let token = kim.opens("/").await.input("/logout", "form_token");
    kim.posts("/logout", &[("form_token", &token)]).await;
    let stranger = Person { browser: world.browser(), ..world.newcomer("other@example.com").await };
    let stranger = Person { email: "kim@example.com".to_owned(), ..stranger };
    for _ in 0..10 {
        assert_eq!(stranger.tries_password("wrong horse", "/").await.status, 401);
    }
    assert_eq!(stranger.tries_password(PASSWORD, "/").await.status, 429);
    kim.signs_in().await;
}

#[tokio::test]
async fn one_address_may_try_only_so_many_accounts() {
    let world = World::new().await;
    let someone = world.newcomer("someone@example.com").await;
    let page = someone.opens("/login").await;
    let token = page.input("/login", "form_token");
    for n in 0..100 {
        let email = format!("user{n}@example.com");
        let form = [("email", email.as_str()), ("password", "wrong horse"), ("next", "/"), ("form_token", &token)];
        assert_eq!(someone.posts("/login", &form).await.status, 401, "{n}");
    }
    assert_eq!(someone.tries_password(PASSWORD, "/").await.status, 429);
}

#[tokio::test]
async fn next_is_a_path_of_ours_or_nothing() {
    let world = World::new().await;
    let kim = world.newcomer("kim@example.com").await;
    for next in ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"] {
        let answer = kim.tries_password(PASSWORD, next).await;
        assert_eq!((answer.status, answer.location()), (303, "/"), "{next}");
        let token = kim.opens("/").await.input("/logout", "form_token");
        kim.posts("/logout", &[("form_token", &token)]).await;
        let answer = kim.opens(&format!("/language?to=en&next={}", bizauth::http::reply::escape(next))).await;
        assert_eq!(answer.location(), "/", "{next}");
    }
}

#[tokio::test]
async fn signing_out_ends_the_session_and_says_so() {
    let world = World::new().await;
    let kim = world.newcomer("kim@example.com").await;
    kim.signs_in().await;
    let token = kim.opens("/").await.input("/logout", "form_token");
    let page = kim.posts("/logout", &[("form_token", &token)]).await;
    assert_eq!(page.status, 200);
    page.is_a_strict_page();
    assert!(!kim.opens("/").await.body.contains("kim@example.com"));
}

#[tokio::test]
async fn the_language_is_the_browsers_until_it_is_chosen() {
    let world = World::new().await;
    let kim = world.newcomer("kim@example.com").await;
    assert!(kim.opens("/login").await.body.contains("<html lang=\"en\""));
    let switch = kim.opens("/language?to=ko&next=%2Flogin").await;
    assert_eq!((switch.status, switch.location()), (303, "/login"));
    assert!(kim.opens("/login").await.body.contains("<html lang=\"ko\""));
    kim.opens("/language?to=xx&next=%2F").await;
    assert!(kim.opens("/login").await.body.contains("<html lang=\"ko\""));
}

#[tokio::test]
async fn behind_tls_cookies_are_bound_to_the_host() {
    let world = World::with(|config| {
        let matches = clap::Command::new("x").args(bizauth::config::arguments());
        let matches = matches.get_matches_from(["x", "--origin", "https://auth.example.com"]);
        config.origin = bizauth::config::Config::load(&matches, |_| None).unwrap().origin;
    })
    .await;
    let page = world.get("/login").await;
    assert_eq!(page.header("strict-transport-security"), Some("max-age=31536000"));
    let form = page.header("set-cookie").unwrap();
    assert!(form.starts_with("__Host-bizauth-form=") && form.contains("Secure"), "{form}");
}

/// What the store could not finish looking at was no try: nobody is locked out by it.
#[tokio::test]
async fn a_store_that_breaks_in_the_middle_of_a_try_keeps_no_slot() {
    let world = World::new().await;
    let kim = world.newcomer("kim@example.com").await;
    let broken = [
        "CREATE TRIGGER broken BEFORE INSERT ON counters WHEN NEW.kind = 'login account'
         BEGIN SELECT RAISE(ABORT, 'broken'); END",
        "ALTER TABLE counters ADD CONSTRAINT broken CHECK (kind <> 'login account') NOT VALID",
    ];
    world.alter(broken).await;
    let token = kim.form_token("/login", "/login").await;
    let fields = [("email", kim.email.as_str()), ("password", PASSWORD), ("form_token", token.as_str())];
    // As many as one address may be wrong.
    for _ in 0..100 {
        assert_eq!(kim.posts("/login", &fields).await.status, 503);
    }
    world.alter(["DROP TRIGGER broken", "ALTER TABLE counters DROP CONSTRAINT broken"]).await;
    assert_eq!(kim.posts("/login", &fields).await.status, 303);
}
