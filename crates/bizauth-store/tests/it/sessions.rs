//! A browser is signed in by its secret, and known again by another.

use bizauth_core::id::{SessionId, UserId};
use bizauth_core::secret::Secret;
use bizauth_core::time::{DAY, Time};
use bizauth_core::user::UserState;
use bizauth_store::Store;

use crate::engines::on_each_engine;
use crate::scene::{MINUTE, NOW, a_user, digest, secret, someone};

/// A browser, as its cookies know it.
struct Browser {
    session: (SessionId, Secret),
    device: (bizauth_core::id::DeviceId, Secret),
}

async fn sign_in(store: &Store, user: UserId, earlier: Option<(SessionId, bizauth_core::secret::Digest)>) -> Browser {
    let (session, device) = (secret(), secret());
    let (hour, year): (Time, Time) = (NOW.plus(60 * MINUTE), NOW.plus(365 * DAY));
    let (id, known) =
        store.sign_in(user, (session.digest(), hour), (device.digest(), year), earlier, NOW).await.unwrap();
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
