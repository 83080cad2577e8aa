//! What went wrong with sessions in servers like this one: an id that somebody knew before a sign-in, and held after it.
//! `docs/advisories.md` has all the names.

use bizauth_core::secret::Credential;

use crate::world::{Answer, Authenticator, Jar, PASSWORD, Person, World, minutes};

const SESSION: &str = "bizauth-session";

/// Whether this session opens the page at `address` now, and is this person's.
async fn opens(world: &World, session: &str, address: &str, who: &Person) -> bool {
    let told = Answer::of(world.http.get(address).header("cookie", format!("{SESSION}={session}"))).await;
    told.status == 200 && told.body.contains(&who.email)
}

/// The password, given in a browser into which somebody plants the cookie of a session when the page is open already;
/// the browser has no cookies of its own before. Over a session that is alive the form is shown again, and sent again.
async fn signs_in_over(planted: &str, world: &World, base: &str, who: &Person) -> (Jar, Answer) {
    let (mut jar, address) = (Jar::default(), format!("{base}/login"));
    let mut page = jar.ask(world.http.get(&address)).await;
    jar.0.insert(SESSION.to_owned(), planted.to_owned());
    for _ in 0..2 {
        let token = page.input("/login", "form_token");
        let fields = [("email", who.email.as_str()), ("password", PASSWORD), ("next", "/"), ("form_token", &token)];
        page = jar.ask(world.http.post(&address).form(&fields)).await;
        if page.status == 303 {
            break;
        }
        assert_eq!((page.status, jar.0[SESSION].as_str()), (403, planted), "{page:?}");
    }
    assert_eq!(page.status, 303, "{page:?}");
    (jar, page)
}

/// Session ids that somebody may know before `who` signs in: one that was made up, one that has ended, one of somebody
/// else that is alive, one of the very same person that is alive.
async fn known_ids(world: &World, who: &Person, phone: Option<&Authenticator>) -> [String; 4] {
    let made_up = Credential::Session.spell(world.now().millis(), &world.state.entropy.secret());
    let eve = world.newcomer(&format!("eve{}@example.com", world.now().millis())).await;
    let (ended, alive) = (session_of(world, &eve, None).await, session_of(world, &eve, None).await);
    let mut jar = Jar([(SESSION.to_owned(), ended.clone())].into());
    let token = jar.opens(world, "/").await.input("/logout", "form_token");
    assert_eq!(jar.ask(world.request("POST", "/logout").form(&[("form_token", token)])).await.status, 200);
    let page = format!("{}/me", world.base);
    assert!(!opens(world, &ended, &page, &eve).await && opens(world, &alive, &page, &eve).await);
    [made_up, ended, alive, session_of(world, who, phone).await]
}

/// A sign-in as any other; the session's id.
async fn session_of(world: &World, who: &Person, phone: Option<&Authenticator>) -> String {
    let mut jar = Jar::default();
    assert_eq!(jar.gives_password(world, who).await.status, 303);
    if let Some(phone) = phone {
        gives_code(&mut jar, world, phone).await;
    }
    jar.0[SESSION].clone()
}

/// The second factor, with a code that nobody has used.
async fn gives_code(jar: &mut Jar, world: &World, phone: &Authenticator) {
    world.advance(minutes(1));
    let token = jar.opens(world, "/login/code").await.input("/login/code", "form_token");
    let fields = [("code", phone.code(world)), ("next", "/".to_owned()), ("form_token", token)];
    let told = jar.ask(world.request("POST", "/login/code").form(&fields)).await;
    assert_eq!((told.status, told.location()), (303, "/"), "{told:?}");
}

#[tokio::test]
async fn cve_2024_7341_a_session_has_a_new_id_after_every_proof() {
    let world = World::new().await;
    let kim = world.newcomer("kim@example.com").await;
    let page = format!("{}/me", world.base);
    for planted in known_ids(&world, &kim, None).await {
        let (jar, _) = signs_in_over(&planted, &world, &world.base, &kim).await;
        let fresh = &jar.0[SESSION];
        assert!(*fresh != planted && opens(&world, fresh, &page, &kim).await);
        let told = world.request("GET", "/me").header("cookie", format!("{SESSION}={planted}"));
        assert_eq!(Answer::of(told).await.status, 303, "the old id opens nothing, for nobody");
    }
    // Another password, from within a session.
    kim.signs_in().await;
    let before = session_of(&world, &kim, None).await;
    let fields = [("current", PASSWORD), ("new", "another horse battery"), ("again", "another horse battery")];
    let mut jar = Jar([(SESSION.to_owned(), before.clone())].into());
    let form = jar.opens(&world, "/me/account/password").await.input("/me/account/password", "form_token");
    let request = world.request("POST", "/me/account/password");
    let told = jar.ask(request.form(&[&fields[..], &[("form_token", &form)]].concat())).await;
    assert_eq!(told.status, 303, "{told:?}");
    let after = &jar.0[SESSION];
    assert!(*after != before && opens(&world, after, &page, &kim).await && !opens(&world, &before, &page, &kim).await);
}

/// The password alone changes nothing of the session that was there; the code does, and ends it.
#[tokio::test]
async fn cve_2024_7341_a_session_has_a_new_id_after_the_second_factor() {
    let world = World::new().await;
    let kim = world.newcomer("kim@example.com").await;
    kim.signs_in().await;
    let phone = kim.switches_on(&world).await;
    let page = format!("{}/me", world.base);
    for (nth, planted) in known_ids(&world, &kim, Some(&phone)).await.into_iter().enumerate() {
        let (mut jar, told) = signs_in_over(&planted, &world, &world.base, &kim).await;
        assert!(told.location().starts_with("/login/code"), "{told:?}");
        assert_eq!(jar.0[SESSION], planted, "no session is opened before the code");
        assert_eq!(opens(&world, &planted, &page, &kim).await, nth == 3, "nor does an old one become this account's");
        gives_code(&mut jar, &world, &phone).await;
        let fresh = &jar.0[SESSION];
        assert!(*fresh != planted && opens(&world, fresh, &page, &kim).await);
        let told = world.request("GET", "/me").header("cookie", format!("{SESSION}={planted}"));
        assert_eq!(Answer::of(told).await.status, 303, "the old id opens nothing, for nobody");
    }
}

/// Operators sign in on a listener of their own, with cookies that know no ports.
#[tokio::test]
async fn cve_2024_7341_an_operators_session_has_a_new_id_too() {
    let world = World::new().await;
    let boss = world.operator("boss@example.com").await;
    let (page, public) = (format!("{}/operator", world.operators), format!("{}/me", world.base));
    for (nth, planted) in known_ids(&world, &boss, None).await.into_iter().enumerate() {
        for address in [&page, &public] {
            assert_eq!(
                opens(&world, &planted, address, &boss).await,
                nth == 3,
                "the last is a session of theirs: {address}"
            );
        }
        let (jar, _) = signs_in_over(&planted, &world, &world.operators, &boss).await;
        let fresh = &jar.0[SESSION];
        for address in [&page, &public] {
            assert!(*fresh != planted && opens(&world, fresh, address, &boss).await, "{address}");
            assert!(!opens(&world, &planted, address, &boss).await, "{address}");
        }
    }
}

/// Whoever is made an operator signs in anew: no session, and no half of a sign-in, rises with its account.
#[tokio::test]
async fn cve_2024_7341_no_session_rises_with_its_account() {
    let world = World::new().await;
    let boss = world.operator("boss@example.com").await.at(&world.operators);
    boss.signs_in().await;
    let kim = world.newcomer("kim@example.com").await;
    kim.signs_in().await;
    let phone = kim.switches_on(&world).await;
    let (page, public) = (format!("{}/operator", world.operators), format!("{}/me", world.base));
    let known = session_of(&world, &kim, Some(&phone)).await;
    assert!(opens(&world, &known, &public, &kim).await && !opens(&world, &known, &page, &kim).await);
    let mut half = Jar::default();
    assert_eq!(half.gives_password(&world, &kim).await.status, 303);
    let of_kim = format!("/operator/accounts/{}", kim.id);
    let made = boss.submits(&of_kim, &format!("{of_kim}/make"), &[("sure", "yes")]).await;
    assert_eq!(made.status, 303, "{made:?}");
    for address in [&page, &public] {
        assert!(!opens(&world, &known, address, &kim).await, "{address}");
    }
    assert!(half.opens(&world, "/login/code").await.location().starts_with("/login?"), "the half is over");
    let fresh = session_of(&world, &kim, Some(&phone)).await;
    assert!(opens(&world, &fresh, &page, &kim).await);
    assert!(world.by().set_operator(kim.id, true).await.unwrap());
    assert!(opens(&world, &fresh, &page, &kim).await, "who is an operator already stays signed in");
}
