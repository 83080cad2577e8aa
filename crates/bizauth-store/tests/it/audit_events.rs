//! What an auditor asks for beside changes: who lent what to which app, which operator signed in, whose second factor was
//! tried; and what the things are called that entries are about.

use bizauth_core::id::UserId;
use bizauth_core::secret::Digest;
use bizauth_store::{Actor, AuditFilter, AuditVerdict, Finish, NewLoginStep, NewSession, NewUser, Proof, Store, Who};

use crate::engines::on_each_engine;
use crate::scene::{MINUTE, NOW, Scene, a_browser, a_user, all, digest, give, held, number, secret, someone, these};

const HASH: &str = "$argon2id$none";

fn browser() -> NewSession {
    a_browser((digest(), NOW.plus(60 * MINUTE)), (digest(), NOW.plus(60 * MINUTE)))
}

async fn an_operator(store: &Store) -> UserId {
    let new = NewUser {
        email: format!("op-{}@example.com", number()),
        email_verified: true,
        password: HASH.to_owned(),
        in_business_centre: true,
        is_operator: true,
    };
    store.by(someone(NOW)).create_user(new).await.unwrap().unwrap()
}

async fn on_account(store: &Store, user: UserId) -> Vec<bizauth_store::AuditRecord> {
    let on = AuditFilter { on: Some(("account".to_owned(), user.to_string())), ..AuditFilter::default() };
    store.audit_page(&on, None, 100).await.unwrap()
}

#[tokio::test]
async fn who_lent_what_to_which_app_is_noted_with_the_consent() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        give(&store, scene.user, "moment", &[("1", "A"), ("2", "B")]).await;
        let mine = held(&store, scene.user, &[("moment", "1"), ("moment", "2")]).await;
        let kim = Actor {
            who: Who::Account(scene.user),
            name: "kim".to_owned(),
            from: Some("192.0.2.9".to_owned()),
            at: NOW,
        };
        let screen = scene.shows().await;
        let new = scene.agreement(screen, vec![these("moment", &mine), all("keyword")], digest()).await;
        store.by(kim.clone()).approve(new).await.unwrap();
        let noted = on_account(&store, scene.user).await.remove(0).entry;
        assert_eq!((noted.act.as_str(), noted.actor.as_str()), ("consent.give", "kim"));
        assert_eq!(noted.address.as_deref(), Some("192.0.2.9"));
        for told in [
            format!("\"app\":\"{}\"", scene.app),
            "moment:1 moment:2 keyword:*".to_owned(),
            "moment_management biz_account_email".to_owned(),
            "consent".to_owned(),
        ] {
            assert!(noted.about.contains(&told), "{told}: {}", noted.about);
        }
        // The screen was answered: nothing is kept twice, and nothing noted.
        let again = scene.agreement(screen, vec![all("moment")], digest()).await;
        store.by(kim).approve(again).await.unwrap();
        assert_eq!(on_account(&store, scene.user).await[0].entry.seq, noted.seq);
        assert!(matches!(store.verify_audit().await.unwrap(), AuditVerdict::Whole(_)));
    })
    .await;
}

#[tokio::test]
async fn an_operators_sign_in_is_noted_and_anybody_elses_is_not() {
    on_each_engine(async |store| {
        let (op, kim) = (an_operator(&store).await, a_user(&store, "kim").await);
        let head = store.audit_head().await.unwrap().seq;
        assert!(store.sign_in(kim, HASH.to_owned(), browser(), NOW).await.unwrap().is_some());
        assert!(store.sign_in(op, "another".to_owned(), browser(), NOW).await.unwrap().is_none());
        assert_eq!(store.audit_head().await.unwrap().seq, head);
        assert!(store.sign_in(op, HASH.to_owned(), browser(), NOW).await.unwrap().is_some());
        let noted = on_account(&store, op).await.remove(0).entry;
        assert_eq!((noted.seq, noted.act.as_str(), noted.actor_id), (head + 1, "session.begin", Some(op.0)));
        assert_eq!((noted.address.as_deref(), noted.about.as_str()), (Some("192.0.2.7"), r#"{"proof":"password"}"#));
        assert_eq!((noted.before.as_str(), noted.after.as_str()), (r#"{"sessions":0}"#, r#"{"sessions":1}"#));
    })
    .await;
}

#[tokio::test]
async fn a_second_factor_is_noted_where_it_let_an_operator_in_and_where_it_was_wrong() {
    on_each_engine(async |store| {
        let op = an_operator(&store).await;
        let by = store.by(someone(NOW));
        assert!(by.begin_second_factor(op, b"sealed".to_vec()).await.unwrap());
        assert!(by.confirm_second_factor(op, b"sealed".to_vec(), 10, Vec::<Digest>::new()).await.unwrap());
        let secret = secret();
        let new = NewLoginStep {
            digest: secret.digest(),
            user: (op, 0),
            proved: HASH.to_owned(),
            stay: false,
            next: "/operator".to_owned(),
            expires_at: NOW.plus(5 * MINUTE),
        };
        let step = store.begin_login_step(new, NOW).await.unwrap().unwrap();
        let finish =
            async |proof| store.finish_login_step((step, secret.digest()), proof, browser(), NOW).await.unwrap();
        let head = store.audit_head().await.unwrap().seq;
        assert_eq!(finish(Proof::Step(10)).await, Finish::Spent);
        assert_eq!(store.audit_head().await.unwrap().seq, head, "nothing happened");
        assert!(matches!(finish(Proof::Step(11)).await, Finish::In(..)));
        assert_eq!(on_account(&store, op).await[0].entry.about, r#"{"proof":"one-time password"}"#);
        let who = Actor { who: Who::Unproved(op), name: "op".to_owned(), from: None, at: NOW };
        store.by(who).note_wrong_factor(op, "sign-in").await.unwrap();
        let noted = on_account(&store, op).await.remove(0).entry;
        assert_eq!((noted.act.as_str(), noted.actor_kind.as_str()), ("second_factor.refuse", "unproved"));
        assert!(matches!(store.verify_audit().await.unwrap(), AuditVerdict::Whole(_)));
    })
    .await;
}

#[tokio::test]
async fn entries_tell_what_the_things_are_called_now() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let by = store.by(someone(NOW));
        for n in 0..60 {
            assert!(by.set_daily_quota(scene.app, Some(n)).await.unwrap());
        }
        assert!(by.rename_app(scene.app, "Renamed".to_owned(), String::new()).await.unwrap());
        give(&store, scene.user, "moment", &[("1", "A")]).await;
        let page = store.audit_page(&AuditFilter::default(), None, 100).await.unwrap();
        let names = store.audit_names(&page).await.unwrap();
        let email = store.account(scene.user).await.unwrap().unwrap().user.email;
        for record in &page {
            let name = names.get(&record.entry.seq).map(String::as_str);
            match (record.entry.on_kind.as_str(), record.entry.on_id.as_str()) {
                ("app", id) if id == scene.app.to_string() => assert_eq!(name, Some("Renamed")),
                ("account", id) if id == scene.user.to_string() => assert_eq!(name, Some(email.as_str())),
                ("asset" | "platform", _) => assert_eq!(name, None),
                _ => {}
            }
        }
        assert!(names.len() > 60, "{}", names.len());
        assert!(store.audit_names(&[]).await.unwrap().is_empty());
    })
    .await;
}
