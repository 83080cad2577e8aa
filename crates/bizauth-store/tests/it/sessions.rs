//! A browser is signed in by its secret, and known again by another.

use bizauth_core::id::{SessionId, UserId};
use bizauth_core::secret::Secret;
use bizauth_core::time::{DAY, Time};
use bizauth_core::user::UserState;
use bizauth_store::{NewSession, Store};

use crate::engines::on_each_engine;
use crate::scene::{MINUTE, NOW, a_browser, a_user, digest, secret, someone};

/// A browser, as its cookies know it.
struct Browser {
    session: (SessionId, Secret),
    device: (bizauth_core::id::DeviceId, Secret),
}

async fn sign_in(store: &Store, user: UserId, earlier: Option<(SessionId, bizauth_core::secret::Digest)>) -> Browser {
    let (session, device) = (secret(), secret());
    let (hour, year): (Time, Time) = (NOW.plus(60 * MINUTE), NOW.plus(365 * DAY));
    let new = NewSession { earlier, ..a_browser((session.digest(), hour), (device.digest(), year)) };
    let signed = store.sign_in(user, "$argon2id$none".to_owned(), new, NOW).await.unwrap();
    let (id, known) = signed.unwrap();
    Browser { session: (id, session), device: (known, device) }
}

async fn is_in(store: &Store, browser: &Browser) -> bool {
    store.session(browser.session.0, &browser.session.1, NOW).await.unwrap().is_some()
}

#[tokio::test]
async fn a_session_needs_its_secret_and_ends_in_time() {
    on_each_engine(async |store| {
        let user = a_user(&store, "kim").await;
        let browser = sign_in(&store, user, None).await;
        let (id, proof) = &browser.session;
        let found = store.session(*id, proof, NOW).await.unwrap().unwrap();
        assert_eq!((found.user.id, found.is_operator), (user, false));
        assert!(store.session(*id, &secret(), NOW).await.unwrap().is_none());
        assert!(store.session(SessionId(1), proof, NOW).await.unwrap().is_none());
        assert!(store.session(*id, proof, NOW.plus(60 * MINUTE)).await.unwrap().is_none());
        assert!(!store.sign_out(*id, digest()).await.unwrap(), "nothing happens without it");
        assert!(is_in(&store, &browser).await);
        assert!(store.sign_out(*id, proof.digest()).await.unwrap());
        assert!(!store.sign_out(*id, proof.digest()).await.unwrap());
        assert!(!is_in(&store, &browser).await);
    })
    .await;
}

#[tokio::test]
async fn a_new_sign_in_ends_the_browsers_earlier_session_if_it_proves_it() {
    on_each_engine(async |store| {
        let user = a_user(&store, "kim").await;
        let (first, beside) = (sign_in(&store, user, None).await, sign_in(&store, user, None).await);
        let guessed = sign_in(&store, user, Some((first.session.0, digest()))).await;
        assert!(is_in(&store, &first).await, "a planted id ends nobody's session");
        let second = sign_in(&store, user, Some((first.session.0, first.session.1.digest()))).await;
        assert!(!is_in(&store, &first).await);
        for browser in [beside, guessed, second] {
            assert!(is_in(&store, &browser).await);
        }
    })
    .await;
}

#[tokio::test]
async fn a_browser_is_known_to_one_account_by_its_secret() {
    on_each_engine(async |store| {
        let (user, other) = (a_user(&store, "kim").await, a_user(&store, "lee").await);
        let Browser { device: (id, proof), .. } = sign_in(&store, user, None).await;
        assert!(store.knows_device(id, &proof, user, NOW).await.unwrap());
        assert!(!store.knows_device(id, &secret(), user, NOW).await.unwrap());
        assert!(!store.knows_device(id, &proof, other, NOW).await.unwrap());
        assert!(!store.knows_device(id, &proof, user, NOW.plus(365 * DAY)).await.unwrap());
        assert!(!store.knows_device(bizauth_core::id::DeviceId(1), &proof, user, NOW).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn a_new_password_signs_out_everywhere() {
    on_each_engine(async |store| {
        let (user, other) = (a_user(&store, "kim").await, a_user(&store, "lee").await);
        let browsers = [sign_in(&store, user, None).await, sign_in(&store, user, None).await];
        let unharmed = sign_in(&store, other, None).await;
        assert!(store.by(someone(NOW)).set_password(user, "$argon2id$new".to_owned()).await.unwrap());
        for browser in &browsers {
            assert!(!is_in(&store, browser).await);
            assert!(!store.knows_device(browser.device.0, &browser.device.1, user, NOW).await.unwrap());
        }
        assert!(is_in(&store, &unharmed).await);
        assert!(!store.by(someone(NOW)).set_password(UserId(1), String::new()).await.unwrap());
        let email = store.users(10).await.unwrap().into_iter().find(|it| it.user.id == user).unwrap().user.email;
        assert_eq!(store.user_by_email(&email).await.unwrap().unwrap().password, "$argon2id$new");
    })
    .await;
}

/// Whatever becomes of the account, the person stays signed in, to be told so where they ask for something.
#[tokio::test]
async fn a_session_outlives_the_good_standing_of_its_account() {
    on_each_engine(async |store| {
        let user = a_user(&store, "kim").await;
        let browser = sign_in(&store, user, None).await;
        for state in [UserState::Dormant, UserState::Blocked, UserState::Withdrawn] {
            assert!(store.by(someone(NOW)).set_user_state(user, state).await.unwrap());
            assert!(is_in(&store, &browser).await, "{state:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_address_has_one_account() {
    on_each_engine(async |store| {
        let new = || bizauth_store::NewUser {
            email: "김@예시.한국".to_owned(),
            email_verified: false,
            password: "hash".to_owned(),
            in_business_centre: false,
            is_operator: true,
        };
        let id = store.by(someone(NOW)).create_user(new()).await.unwrap().unwrap();
        assert_eq!(store.by(someone(NOW)).create_user(new()).await.unwrap(), None);
        assert!(store.by(someone(NOW)).set_business_centre(id, true).await.unwrap());
        assert!(!store.by(someone(NOW)).set_business_centre(UserId(1), true).await.unwrap());
        let found = store.user_by_email("김@예시.한국").await.unwrap().unwrap();
        assert_eq!((found.user.id, found.user.email_verified, found.user.in_business_centre), (id, false, true));
        assert_eq!((found.is_operator, found.developer_sanctioned, found.created_at), (true, false, NOW));
        assert!(store.user_by_email("kim").await.unwrap().is_none());
        assert!(!store.by(someone(NOW)).set_user_state(UserId(1), UserState::Blocked).await.unwrap());
        assert!(!store.by(someone(NOW)).set_developer_sanction(UserId(1), true).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn an_account_sees_its_sessions_and_ends_them() {
    on_each_engine(async |store| {
        let (user, other) = (a_user(&store, "kim").await, a_user(&store, "lee").await);
        let [first, second, third] =
            [sign_in(&store, user, None).await, sign_in(&store, user, None).await, sign_in(&store, user, None).await];
        let foreign = sign_in(&store, other, None).await;
        store.note_visit(first.session.0, "198.51.100.9".to_owned(), NOW.plus(MINUTE)).await.unwrap();
        store.note_visit(first.session.0, "203.0.113.5".to_owned(), NOW).await.unwrap();
        let list = store.sessions_of(user, None, 2, NOW).await.unwrap();
        assert_eq!(list.iter().map(|it| it.id).collect::<Vec<_>>(), [third.session.0, second.session.0]);
        let rest = store.sessions_of(user, Some(second.session.0), 9, NOW).await.unwrap();
        assert_eq!((rest.len(), rest[0].address.as_deref()), (1, Some("198.51.100.9")), "a visit of before is no news");
        assert_eq!((rest[0].agent.as_deref(), rest[0].used_at), (Some("Mozilla/5.0"), NOW.plus(MINUTE)));
        let found = store.session(first.session.0, &first.session.1, NOW).await.unwrap().unwrap();
        assert_eq!(found.used_at, NOW.plus(MINUTE));
        assert!(store.sessions_of(user, None, 9, NOW.plus(60 * MINUTE)).await.unwrap().is_empty(), "what has ended");

        let by = store.by(someone(NOW));
        assert!(!by.end_session(user, foreign.session.0).await.unwrap());
        assert!(by.end_session(user, third.session.0).await.unwrap());
        assert!(!is_in(&store, &third).await);
        assert!(by.end_other_sessions(user, first.session.0).await.unwrap());
        assert!(!by.end_other_sessions(user, first.session.0).await.unwrap());
        assert!(is_in(&store, &first).await && !is_in(&store, &second).await && is_in(&store, &foreign).await);

        let known = store.devices_of(user, None, 9, NOW).await.unwrap();
        assert_eq!(known.len(), 3, "a browser is known beyond its session");
        assert!(!by.forget_device(other, known[0].id).await.unwrap());
        assert!(by.forget_device(user, known[0].id).await.unwrap());
        assert!(by.forget_devices(user).await.unwrap() && !by.forget_devices(user).await.unwrap());
        assert!(store.devices_of(user, None, 9, NOW).await.unwrap().is_empty());
        assert_eq!(store.devices_of(other, None, 9, NOW).await.unwrap().len(), 1);
    })
    .await;
}

/// A browser that signs in again is one browser, not two.
#[tokio::test]
async fn a_new_mark_takes_the_place_of_the_old_one() {
    on_each_engine(async |store| {
        let user = a_user(&store, "kim").await;
        let first = sign_in(&store, user, None).await;
        let ends = NOW.plus(DAY);
        let known = Some((first.device.0, first.device.1.digest()));
        let again = NewSession { known, ..a_browser((digest(), ends), (digest(), ends)) };
        store.sign_in(user, "$argon2id$none".to_owned(), again, NOW).await.unwrap().unwrap();
        assert!(!store.knows_device(first.device.0, &first.device.1, user, NOW).await.unwrap());
        assert_eq!(store.devices_of(user, None, 9, NOW).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_changes_of_a_password_one_counts() {
    crate::engines::on_two_nodes(async |nodes| {
        let user = a_user(&nodes[0], "kim").await;
        let before = sign_in(&nodes[0], user, None).await;
        let changed = crate::engines::at_once(&nodes, 8, |store, turn| async move {
            let ends = NOW.plus(DAY);
            let (old, new) = ("$argon2id$none".to_owned(), format!("$argon2id${turn}"));
            let session = a_browser((digest(), ends), (digest(), ends));
            store.by(someone(NOW)).change_password(user, (old, new), session).await.unwrap()
        })
        .await;
        assert_eq!(changed.iter().flatten().count(), 1);
        assert!(!is_in(&nodes[0], &before).await);
        assert_eq!(nodes[1].sessions_of(user, None, 9, NOW).await.unwrap().len(), 1, "the one that goes on");
        assert_eq!(nodes[1].devices_of(user, None, 9, NOW).await.unwrap().len(), 1);
    })
    .await;
}

/// A password that was changed, and a factor that was confirmed, while somebody was signing in.
#[tokio::test]
async fn what_was_proved_against_an_old_password_opens_nothing() {
    on_each_engine(async |store| {
        let kim = a_user(&store, "kim").await;
        let new = || a_browser((digest(), NOW.plus(60 * MINUTE)), (digest(), NOW.plus(60 * MINUTE)));
        let old = "$argon2id$none".to_owned();
        assert!(store.sign_in(kim, "another".to_owned(), new(), NOW).await.unwrap().is_none());
        assert!(store.sign_in(kim, old.clone(), new(), NOW).await.unwrap().is_some());
        assert!(store.by(someone(NOW)).set_password(kim, "changed".to_owned()).await.unwrap());
        assert!(store.sign_in(kim, old, new(), NOW).await.unwrap().is_none());
        assert_eq!(store.sessions_of(kim, None, 9, NOW).await.unwrap().len(), 0);
        let sealed = vec![1, 2, 3];
        assert!(store.by(someone(NOW)).begin_second_factor(kim, sealed.clone()).await.unwrap());
        assert!(store.sign_in(kim, "changed".to_owned(), new(), NOW).await.unwrap().is_some(), "not confirmed yet");
        assert!(store.by(someone(NOW)).confirm_second_factor(kim, sealed, 1, Vec::new()).await.unwrap());
        assert!(store.sign_in(kim, "changed".to_owned(), new(), NOW).await.unwrap().is_none());
    })
    .await;
}
