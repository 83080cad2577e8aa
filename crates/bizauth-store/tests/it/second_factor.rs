//! Every step of a one-time password, every recovery code and every waiting sign-in counts once, whoever comes at the
//! same time.

use bizauth_core::id::{LoginStepId, SessionId, UserId};
use bizauth_core::secret::{Digest, Secret};
use bizauth_core::user::UserState;
use bizauth_store::{Finish, NewLoginStep, NewSession, Proof, Store};

use crate::engines::{at_once, on_each_engine, on_two_nodes};
use crate::scene::{MINUTE, NOW, a_browser, a_user, digest, secret, someone};

fn browser() -> NewSession {
    a_browser((digest(), NOW.plus(60 * MINUTE)), (digest(), NOW.plus(60 * MINUTE)))
}

async fn waits(store: &Store, user: UserId) -> (LoginStepId, Secret) {
    let secret = secret();
    let next = "/me?x=1".to_owned();
    let (user, expires_at) = ((user, 0), NOW.plus(5 * MINUTE));
    let proved = "$argon2id$none".to_owned();
    let new = NewLoginStep { digest: secret.digest(), user, proved, stay: true, next, expires_at };
    (store.begin_login_step(new, NOW).await.unwrap().unwrap(), secret)
}

/// An account whose second factor is asked for, with these recovery codes.
async fn with_second_factor(store: &Store, recovery: &[Digest]) -> UserId {
    let user = a_user(store, "kim").await;
    let by = store.by(someone(NOW));
    assert!(by.begin_second_factor(user, b"sealed".to_vec()).await.unwrap());
    assert!(by.confirm_second_factor(user, b"sealed".to_vec(), 10, recovery.to_vec()).await.unwrap());
    user
}

/// Whoever knows the password and stands before the second factor is signed out, too: everywhere, or everywhere else.
#[tokio::test]
async fn signing_out_ends_those_who_are_halfway_in() {
    on_each_engine(async |store| {
        let user = with_second_factor(&store, &[]).await;
        let alive =
            async |(id, secret): &(LoginStepId, Secret)| store.login_step(*id, secret, NOW).await.unwrap().is_some();
        let by = store.by(someone(NOW));
        let step = waits(&store, user).await;
        assert!(alive(&step).await && by.end_sessions(user).await.unwrap() && !alive(&step).await);
        assert!(!by.end_sessions(user).await.unwrap(), "nobody is left");
        let step = waits(&store, user).await;
        assert!(by.end_other_sessions(user, SessionId(5)).await.unwrap() && !alive(&step).await);
        let done = (step.0, step.1.digest());
        assert!(matches!(store.finish_login_step(done, Proof::Step(11), browser(), NOW).await.unwrap(), Finish::Over));
    })
    .await;
}

#[tokio::test]
async fn a_second_factor_is_asked_for_once_it_is_confirmed() {
    on_each_engine(async |store| {
        let user = a_user(&store, "kim").await;
        let by = store.by(someone(NOW));
        assert_eq!(store.second_factor(user).await.unwrap(), None);
        assert!(!by.confirm_second_factor(user, b"a".to_vec(), 1, vec![]).await.unwrap());
        assert!(by.begin_second_factor(user, b"a".to_vec()).await.unwrap());
        assert!(by.begin_second_factor(user, b"b".to_vec()).await.unwrap(), "begun anew");
        assert_eq!(store.second_factor(user).await.unwrap().unwrap().confirmed_at, None);
        assert!(!by.replace_recovery_codes(user, Proof::Step(5), vec![digest()]).await.unwrap(), "not confirmed");
        assert!(!by.confirm_second_factor(user, b"a".to_vec(), 1, vec![]).await.unwrap(), "another seed");
        assert!(by.confirm_second_factor(user, b"b".to_vec(), 10, vec![digest(), digest()]).await.unwrap());
        assert!(!by.confirm_second_factor(user, b"b".to_vec(), 11, vec![]).await.unwrap());
        assert!(!by.begin_second_factor(user, b"c".to_vec()).await.unwrap(), "a confirmed one is never overwritten");
        let found = store.second_factor(user).await.unwrap().unwrap();
        assert_eq!((found.sealed.as_slice(), found.recovery_left), (&b"b"[..], 2));
        assert_eq!((found.made_at, found.confirmed_at), (NOW, Some(NOW)));

        assert!(!by.replace_recovery_codes(user, Proof::Step(10), vec![]).await.unwrap(), "the step of the set-up");
        assert!(by.replace_recovery_codes(user, Proof::Step(11), vec![digest()]).await.unwrap());
        assert_eq!(store.second_factor(user).await.unwrap().unwrap().recovery_left, 1);
        assert!(!by.disable_second_factor(user, Proof::Recovery(digest())).await.unwrap());
        assert!(by.disable_second_factor(user, Proof::Step(12)).await.unwrap());
        assert_eq!(store.second_factor(user).await.unwrap(), None);
        assert!(!by.remove_second_factor(user).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn a_sign_in_waits_for_its_second_factor_for_a_while() {
    on_each_engine(async |store| {
        let user = with_second_factor(&store, &[]).await;
        let (id, proof) = waits(&store, user).await;
        let found = store.login_step(id, &proof, NOW).await.unwrap().unwrap();
        assert_eq!((found.id, found.user.id, found.stay, found.next.as_str()), (id, user, true, "/me?x=1"));
        assert!(store.login_step(id, &secret(), NOW).await.unwrap().is_none());
        assert!(store.login_step(LoginStepId(1), &proof, NOW).await.unwrap().is_none());
        let late = NOW.plus(5 * MINUTE);
        assert!(store.login_step(id, &proof, late).await.unwrap().is_none());
        let step = (id, proof.digest());
        for (step, now) in [((id, digest()), NOW), (step, late)] {
            assert_eq!(store.finish_login_step(step, Proof::Step(11), browser(), now).await.unwrap(), Finish::Over);
        }
        let old = store.finish_login_step(step, Proof::Step(10), browser(), NOW).await.unwrap();
        assert_eq!(old, Finish::Spent);
        let done = store.finish_login_step(step, Proof::Step(11), browser(), NOW).await.unwrap();
        assert!(matches!(done, Finish::In(..)), "a code that was spent left the sign-in waiting");
        assert!(store.login_step(id, &proof, NOW).await.unwrap().is_none());
        assert_eq!(store.finish_login_step(step, Proof::Step(12), browser(), NOW).await.unwrap(), Finish::Over);
    })
    .await;
}

#[tokio::test]
async fn what_ends_a_sign_in_that_waits() {
    on_each_engine(async |store| {
        let by = store.by(someone(NOW));
        for way in 0..3 {
            let user = with_second_factor(&store, &[]).await;
            let (id, proof) = waits(&store, user).await;
            match way {
                0 => assert!(by.set_password(user, "new".to_owned()).await.unwrap()),
                1 => assert!(by.set_user_state(user, UserState::Blocked).await.unwrap()),
                _ => assert!(by.remove_second_factor(user).await.unwrap()),
            }
            assert!(store.login_step(id, &proof, NOW).await.unwrap().is_none(), "{way}");
            let done = store.finish_login_step((id, proof.digest()), Proof::Step(11), browser(), NOW).await.unwrap();
            assert_eq!(done, Finish::Over, "{way}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_signs_in_once_however_many_wait() {
    on_two_nodes(async |nodes| {
        let code = digest();
        let user = with_second_factor(&nodes[0], &[code]).await;
        for (proof, wins) in [(Proof::Step(11), 1), (Proof::Step(11), 0), (Proof::Recovery(code), 1)] {
            let mut steps = Vec::new();
            for _ in 0..16 {
                let (id, secret) = waits(&nodes[0], user).await;
                steps.push((id, secret.digest()));
            }
            let said = at_once(&nodes, steps.len(), |store, turn| {
                let step = steps[turn];
                async move { store.finish_login_step(step, proof, browser(), NOW).await.unwrap() }
            })
            .await;
            let won = said.iter().filter(|said| matches!(said, Finish::In(..))).count();
            assert_eq!(
                (won, said.iter().filter(|said| **said == Finish::Spent).count()),
                (wins, 16 - wins),
                "{proof:?}"
            );
        }
        assert_eq!(nodes[1].second_factor(user).await.unwrap().unwrap().recovery_left, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_is_finished_once_whatever_proves_it() {
    on_two_nodes(async |nodes| {
        let user = with_second_factor(&nodes[0], &[]).await;
        let (id, secret) = waits(&nodes[0], user).await;
        let step = (id, secret.digest());
        let said = at_once(&nodes, 16, |store, turn| async move {
            let proof = Proof::Step(20 + i64::try_from(turn).unwrap());
            store.finish_login_step(step, proof, browser(), NOW).await.unwrap()
        })
        .await;
        assert_eq!(said.iter().filter(|said| matches!(said, Finish::In(..))).count(), 1, "{said:?}");
        assert_eq!(nodes[1].sessions_of(user, None, 9, NOW).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn seals_are_changed_together_and_noted_once() {
    on_each_engine(async |store| {
        let (first, second) = (with_second_factor(&store, &[]).await, with_second_factor(&store, &[]).await);
        let page = store.sealed_seeds(UserId(0), 1).await.unwrap();
        assert_eq!(page, [(first, b"sealed".to_vec())]);
        assert_eq!(store.sealed_seeds(first, 9).await.unwrap(), [(second, b"sealed".to_vec())]);
        let by = store.by(someone(NOW));
        let anew = |user, from: &[u8]| (user, from.to_vec(), b"anew".to_vec());
        let seals = vec![anew(first, b"sealed"), anew(second, b"another")];
        assert_eq!(by.reseal(seals.clone()).await.unwrap(), 1, "a seed that is another by now stays");
        let last = store.audit_page(&Default::default(), None, 1).await.unwrap().remove(0).entry;
        assert_eq!((last.act.as_str(), last.about.as_str()), ("master_key.reseal", r#"{"seeds":1}"#));
        assert!(!format!("{last:?}").contains("anew"));
        assert_eq!(by.reseal(seals).await.unwrap(), 0);
        assert_eq!(store.audit_head().await.unwrap().seq, last.seq, "nothing was done, and nothing noted");
        assert_eq!(store.sealed_seeds(UserId(0), 1).await.unwrap(), [(first, b"anew".to_vec())]);
    })
    .await;
}
