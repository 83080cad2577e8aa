//! `/login/code`: the second factor. No session without it, every code once, and limits that parallel tries cannot beat.

use bizauth::entropy::Entropy;
use bizauth::seal;
use bizauth_core::user::UserState;

use crate::world::{Answer, Authenticator, PASSWORD, Person, World, minutes};

/// Someone with two-factor sign-in who has just given the right password in another browser, half a minute later.
async fn waits(world: &World, email: &str) -> (Person, Authenticator) {
    let kim = world.newcomer(email).await;
    kim.signs_in().await;
    let app = kim.switches_on(world).await;
    world.advance(minutes(1));
    let kim = Person { browser: world.browser(), ..kim };
    gives_password(&kim).await;
    (kim, app)
}

async fn gives_password(kim: &Person) {
    let answer = kim.tries_password(PASSWORD, "/me").await;
    assert_eq!((answer.status, answer.location()), (303, "/login/code?next=%2Fme"), "{answer:?}");
    let cookies: Vec<_> = answer.headers.get_all("set-cookie").iter().map(|it| it.to_str().unwrap()).collect();
    assert!(!cookies.iter().any(|cookie| cookie.starts_with("bizauth-session=")), "{cookies:?}");
    let step = cookies.iter().find(|cookie| cookie.starts_with("bizauth-step=bzl_")).unwrap();
    assert!(step.contains("HttpOnly") && step.contains("SameSite=Strict") && step.contains("Max-Age=300"), "{step}");
}

async fn is_in(kim: &Person) -> bool {
    kim.opens("/me").await.status == 200
}

#[tokio::test]
async fn a_password_alone_is_no_session() {
    let world = World::new().await;
    let (kim, app) = waits(&world, "kim@example.com").await;
    assert!(!is_in(&kim).await);
    let page = kim.opens("/login/code?next=%2Fme").await;
    page.is_a_strict_page();
    assert_eq!(page.status, 200);
    let done = kim.tries_code(&app.code(&world)).await;
    assert_eq!((done.status, done.location()), (303, "/me"), "{done:?}");
    assert!(is_in(&kim).await);
    assert_eq!(kim.opens("/login/code").await.location(), "/", "nothing waits any more");
}

#[tokio::test]
async fn it_leads_back_to_the_very_same_request() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    kim.signs_in().await;
    let phone = kim.switches_on(&world).await;
    kim.signs_out().await;
    world.advance(minutes(1));
    let address = app.authorize("scope=moment_management&state=a%26b");
    let first = kim.tries_password(PASSWORD, &address).await;
    assert!(first.location().starts_with("/login/code?next=%2Foauth"), "a known browser skips nothing: {first:?}");
    let page = kim.opens(first.location()).await;
    let fields = [("code", phone.code(&world)), ("form_token", page.input("/login/code", "form_token"))];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let done = kim.posts("/login/code", &fields).await;
    assert_eq!(done.location(), address, "as the record has it, not the form");
}

#[tokio::test]
async fn a_code_counts_once() {
    let world = World::new().await;
    let (kim, app) = waits(&world, "kim@example.com").await;
    let code = app.code(&world);
    assert_eq!(kim.tries_code(&code).await.status, 303);
    let eve = Person { browser: world.browser(), email: kim.email.clone(), ..world.newcomer("eve@example.com").await };
    gives_password(&eve).await;
    let replayed = eve.tries_code(&code).await;
    assert_eq!((replayed.status, replayed.all("[role=alert]").len()), (401, 1));
    assert!(!is_in(&eve).await);
    world.advance(minutes(1));
    assert_eq!(eve.tries_code(&app.code(&world)).await.status, 303, "the next one is another");
}

#[tokio::test]
async fn a_recovery_code_counts_once_and_in_any_spelling() {
    let world = World::new().await;
    let (kim, app) = waits(&world, "kim@example.com").await;
    assert_eq!(app.recovery.len(), 10);
    assert_eq!(kim.tries_code(&app.recovery[0].to_uppercase().replace('-', " ")).await.status, 303);
    assert!(kim.opens("/me/account").await.body.contains("9 recovery codes left"));
    kim.signs_out().await;
    gives_password(&kim).await;
    assert_eq!(kim.tries_code(&app.recovery[0]).await.status, 401);
    assert_eq!(kim.tries_code(&app.recovery[1]).await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_with_one_code_one_gets_in() {
    let world = World::new().await;
    let (kim, app) = waits(&world, "kim@example.com").await;
    let mut calls = Vec::new();
    for _ in 0..4 {
        let kim = Person { browser: world.browser(), email: kim.email.clone(), id: kim.id, base: kim.base.clone() };
        gives_password(&kim).await;
        let token = kim.opens("/login/code").await.input("/login/code", "form_token");
        for _ in 0..2 {
            let form = [("code", app.code(&world)), ("form_token", token.clone())];
            calls.push(tokio::spawn(Answer::of(kim.browser.post(format!("{}/login/code", world.base)).form(&form))));
        }
    }
    let mut sessions = 0;
    for call in calls {
        let answer = call.await.unwrap();
        let cookies = answer.headers.get_all("set-cookie").iter();
        sessions += cookies.filter(|it| it.to_str().unwrap().starts_with("bizauth-session=bzs_")).count();
    }
    assert_eq!(sessions, 1);
}

/// As with passwords: parallel tries never beat the limit.
#[tokio::test(flavor = "multi_thread")]
async fn wrong_codes_are_limited_for_a_sign_in_and_for_an_account() {
    let world = World::new().await;
    let (kim, app) = waits(&world, "kim@example.com").await;
    let token = kim.opens("/login/code").await.input("/login/code", "form_token");
    let form = [("code", app.wrong(&world)), ("form_token", token)];
    let calls: Vec<_> = (0..20)
        .map(|_| tokio::spawn(Answer::of(kim.browser.post(format!("{}/login/code", world.base)).form(&form))))
        .collect();
    let mut heard = [0, 0];
    for call in calls {
        match call.await.unwrap().status {
            401 => heard[0] += 1,
            429 => heard[1] += 1,
            other => panic!("{other}"),
        }
    }
    assert_eq!(heard, [5, 15], "one sign-in");
    assert_eq!(kim.tries_code(&app.code(&world)).await.status, 429, "a right one does not slip through");
    gives_password(&kim).await;
    for _ in 0..5 {
        assert_eq!(kim.tries_code(&app.wrong(&world)).await.status, 401);
    }
    gives_password(&kim).await;
    assert_eq!(kim.tries_code(&app.code(&world)).await.status, 429, "the account's tries are used up, too");
    assert_eq!(kim.tries_code("nonsense").await.status, 422, "what can be no code is no try");
    world.advance(minutes(60));
    gives_password(&kim).await;
    assert_eq!(kim.tries_code(&app.code(&world)).await.status, 303);
}

#[tokio::test]
async fn a_sign_in_waits_five_minutes_for_its_own_account_alone() {
    let world = World::new().await;
    let (kim, kims) = waits(&world, "kim@example.com").await;
    let (lee, lees) = waits(&world, "lee@example.com").await;
    assert_eq!(kim.tries_code(&lees.code(&world)).await.status, 401, "another's code");
    assert_eq!(kim.tries_code(&lees.recovery[0]).await.status, 401);
    let token = kim.opens("/login/code").await.input("/login/code", "form_token");
    let foreign = lee.posts("/login/code", &[("code", &lees.code(&world)), ("form_token", &token)]).await;
    assert_eq!(foreign.status, 403, "another's form");
    world.advance(minutes(5));
    let late = kim.posts("/login/code", &[("code", &kims.code(&world)), ("form_token", &token)]).await;
    assert_eq!((late.status, late.location()), (303, "/login?next=%2F&over=1"));
    let page = kim.opens(late.location()).await;
    assert_eq!((page.status, page.all("[role=alert]").len()), (403, 1), "it says why");
    assert_eq!(kim.opens("/login/code?next=%2Fme").await.location(), "/login?next=%2Fme&over=1");
    assert!(!is_in(&kim).await && !is_in(&lee).await);
}

#[tokio::test]
async fn without_a_password_there_is_no_such_page() {
    let world = World::new().await;
    let eve = world.newcomer("eve@example.com").await;
    assert_eq!(eve.opens("/login/code").await.location(), "/login?next=%2F&over=1");
    let answer = eve.posts("/login/code", &[("code", "123456")]).await;
    assert_eq!(answer.status, 403);
}

#[tokio::test]
async fn what_the_operator_does_ends_a_sign_in_that_waits() {
    let world = World::new().await;
    let (kim, _) = waits(&world, "kim@example.com").await;
    assert!(world.by().remove_second_factor(kim.id).await.unwrap());
    let over = kim.opens("/login/code").await;
    assert_eq!(over.location(), "/login?next=%2F&over=1");
    kim.signs_in().await;

    let (lee, lees) = waits(&world, "lee@example.com").await;
    world.by().set_user_state(lee.id, UserState::Blocked).await.unwrap();
    assert_eq!(lee.opens("/login/code").await.location(), "/login?next=%2F&over=1");
    gives_password(&lee).await;
    assert_eq!(lee.tries_code(&lees.code(&world)).await.status, 303, "it signs in to be told so");
}

/// A sealed seed moved into another account's row, or sealed with a key that is lost, opens nothing.
#[tokio::test]
async fn a_seed_that_does_not_open_lets_nobody_in() {
    let world = World::new().await;
    let (kim, app) = waits(&world, "kim@example.com").await;
    let code = app.code(&world);
    let key = world.state.config.data.join("master.key");
    let kept = std::fs::read_to_string(&key).unwrap();
    std::fs::write(&key, seal::new_key(&Entropy::System)).unwrap();
    assert_eq!(kim.tries_code(&code).await.status, 503);
    assert!(!is_in(&kim).await);
    std::fs::write(&key, format!("{}{kept}", seal::new_key(&Entropy::System))).unwrap();
    assert_eq!(kim.tries_code(&code).await.status, 303, "an old line of the file still opens");
}

#[tokio::test]
async fn the_operators_door_asks_for_it_too() {
    let world = World::new().await;
    let boss = world.operator("boss@example.com").await;
    boss.signs_in().await;
    let app = boss.switches_on(&world).await;
    boss.signs_out().await;
    world.advance(minutes(1));
    let there = boss.at(&world.operators);
    let answer = there.tries_password(PASSWORD, "/operator").await;
    assert_eq!(answer.location(), "/login/code?next=%2Foperator");
    let token = there.opens(answer.location()).await.input("/login/code", "form_token");
    let done = there.posts("/login/code", &[("code", &app.code(&world)), ("form_token", &token)]).await;
    assert_eq!(done.location(), "/operator");
    assert_eq!(there.opens("/operator").await.status, 200);
}

#[tokio::test]
async fn after_a_rotation_the_old_key_may_go() {
    let world = World::new().await;
    let (kim, app) = waits(&world, "kim@example.com").await;
    let key = world.state.config.data.join("master.key");
    let old = std::fs::read_to_string(&key).unwrap();
    seal::put_first(&key, &Entropy::System).unwrap();
    let both = std::fs::read_to_string(&key).unwrap();
    assert!(both.ends_with(&old) && both.lines().count() == 2);
    let keys = seal::MasterKeys::of(&world.state.config).await.unwrap();
    let done = seal::reseal(world.store(), world.by().actor().clone(), &keys, &Entropy::System).await.unwrap();
    assert_eq!((done.changed, done.closed), (1, 0));
    assert_eq!(
        seal::reseal(world.store(), world.by().actor().clone(), &keys, &Entropy::System).await.unwrap(),
        seal::Resealed::default()
    );
    std::fs::write(&key, both.lines().next().unwrap()).unwrap();
    assert_eq!(kim.tries_code(&app.code(&world)).await.status, 303);
    std::fs::write(&key, seal::new_key(&Entropy::System)).unwrap();
    let keys = seal::MasterKeys::of(&world.state.config).await.unwrap();
    assert_eq!(
        seal::reseal(world.store(), world.by().actor().clone(), &keys, &Entropy::System).await.unwrap().closed,
        1,
        "it says what it cannot open"
    );
}
