//! Accounts in an operator's hands: lists that turn both ways, sessions, the second step, and the last operator.

use bizauth_core::id::UserId;
use bizauth_core::user::UserState;
use bizauth_store::{Actor, AuditFilter, NewSession, NewUser, Store, Turn, Who};

use crate::engines::{at_once, on_each_engine, on_two_nodes};
use crate::scene::{MINUTE, NOW, Scene, a_user, all, digest, give, someone};

async fn named(store: &Store, email: &str) -> UserId {
    let new = NewUser {
        email: email.to_owned(),
        email_verified: true,
        password: "$argon2id$none".to_owned(),
        in_business_centre: true,
        is_operator: false,
    };
    store.by(someone(NOW)).create_user(new).await.unwrap().unwrap()
}

#[tokio::test]
async fn accounts_are_listed_by_address_and_turned_both_ways() {
    on_each_engine(async |store| {
        for name in ["b3", "a2", "b1", "b2", "c1", "김"] {
            named(&store, &format!("{name}@example.com")).await;
        }
        let page = async |prefix: &str, turn: Turn<UserId>| {
            let leaf = store.accounts_page(prefix, &turn, 2).await.unwrap();
            let names: Vec<String> = leaf.rows.iter().map(|it| it.user.email[..2].to_owned()).collect();
            let ends = (leaf.rows.first().unwrap().user.id, leaf.rows.last().unwrap().user.id);
            (names, (leaf.before, leaf.after), ends)
        };
        let (names, more, (_, last)) = page("B", Turn::First).await;
        assert_eq!((names, more), (vec!["b1".to_owned(), "b2".to_owned()], (false, true)));
        let (names, more, (first, _)) = page("b", Turn::After(last)).await;
        assert_eq!((names, more), (vec!["b3".to_owned()], (true, false)));
        let (names, more, _) = page("b", Turn::Before(first)).await;
        assert_eq!((names, more), (vec!["b1".to_owned(), "b2".to_owned()], (false, true)));
        let leaf = store.accounts_page("김", &Turn::First, 2).await.unwrap();
        assert_eq!((leaf.rows.len(), leaf.before, leaf.after), (1, false, false));
        let all = store.accounts_page("", &Turn::After(UserId(1)), 9).await.unwrap();
        assert_eq!((all.rows.len(), all.before), (6, false), "from a row that is not there the list begins anew");
        assert!(store.accounts_page("zz", &Turn::First, 2).await.unwrap().rows.is_empty());
        let found = store.account_named(&last.to_string()).await.unwrap().unwrap();
        assert_eq!(store.account_named(" B2@example.com").await.unwrap().unwrap().user.id, found.user.id);
        assert!(store.account_named("nobody").await.unwrap().is_none());
        assert!(store.account(UserId(1)).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn an_operator_sees_what_an_account_has_and_lent() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        give(&store, scene.user, "moment", &[("2", "B"), ("1", "A")]).await;
        give(&store, scene.user, "keyword", &[("9", "C")]).await;
        let leaf = store.holdings_of(scene.user, &Turn::First, 2).await.unwrap();
        let ids = |rows: &[bizauth_core::asset::Holding]| rows.iter().map(|it| it.asset.0.clone()).collect::<Vec<_>>();
        assert_eq!((ids(&leaf.rows), leaf.after), (vec!["9".to_owned(), "1".to_owned()], true));
        let next = store.holdings_of(scene.user, &Turn::After(("moment".into(), "1".to_owned())), 2).await.unwrap();
        assert_eq!((ids(&next.rows), next.before, next.after), (vec!["2".to_owned()], true, false));
        let back = store.holdings_of(scene.user, &Turn::Before(("moment".into(), "2".to_owned())), 2).await.unwrap();
        assert_eq!(ids(&back.rows), ids(&leaf.rows));

        let of = store.memberships(scene.developer, &Turn::First, 5).await.unwrap();
        assert_eq!((of.rows[0].app, of.rows[0].role.as_str(), of.after), (scene.app, "owner", false));
        assert!(store.memberships(scene.developer, &Turn::After(scene.app), 5).await.unwrap().rows.is_empty());
        assert_eq!(store.memberships(scene.developer, &Turn::Before(scene.app), 5).await.unwrap().rows.len(), 0);

        assert!(store.lent_apps(scene.user, &Turn::First, 5).await.unwrap().rows.is_empty());
        scene.buys(scene.lends(vec![all("moment")]).await).await;
        let lent = store.lent_apps(scene.user, &Turn::First, 5).await.unwrap();
        assert_eq!((lent.rows[0].app, lent.rows[0].agreed_at), (scene.app, Some(NOW)));
        store.by(someone(NOW)).withdraw_consents(scene.user, scene.app).await.unwrap();
        assert_eq!(store.lent_apps(scene.user, &Turn::First, 5).await.unwrap().rows[0].agreed_at, None);
        assert!(store.lent_apps(scene.user, &Turn::Before(scene.app), 5).await.unwrap().rows.is_empty());
    })
    .await;
}

#[tokio::test]
async fn an_operator_signs_somebody_out_everywhere() {
    on_each_engine(async |store| {
        let (kim, lee) = (a_user(&store, "kim").await, a_user(&store, "lee").await);
        for user in [kim, kim, lee] {
            let new = NewSession {
                session: (digest(), NOW.plus(10 * MINUTE)),
                device: (digest(), NOW.plus(10 * MINUTE)),
                earlier: None,
                known: None,
                address: None,
                agent: None,
            };
            store.sign_in(user, "$argon2id$none".to_owned(), new, NOW).await.unwrap().unwrap();
        }
        let open = async |user| store.sessions_of(user, None, 9, NOW).await.unwrap().len();
        let by = store.by(someone(NOW)).because("lost laptop");
        assert!(by.end_sessions(kim).await.unwrap());
        assert!(!by.end_sessions(kim).await.unwrap());
        assert_eq!((open(kim).await, open(lee).await), (0, 1));
        let filter = AuditFilter { act: Some("session.end_all".to_owned()), ..AuditFilter::default() };
        let noted = store.audit_page(&filter, None, 9).await.unwrap();
        assert!(noted.len() == 1 && noted[0].entry.about == r#"{"reason":"lost laptop"}"#, "{noted:?}");
    })
    .await;
}

#[tokio::test]
async fn an_address_is_verified_or_not() {
    on_each_engine(async |store| {
        let kim = a_user(&store, "kim").await;
        assert!(store.by(someone(NOW)).set_email_verified(kim, false).await.unwrap());
        assert!(!store.account(kim).await.unwrap().unwrap().user.email_verified);
        assert!(!store.by(someone(NOW)).set_email_verified(UserId(1), false).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn the_last_operator_stays_one() {
    on_each_engine(async |store| {
        let by = store.by(someone(NOW));
        let (kim, lee) = (a_user(&store, "kim").await, a_user(&store, "lee").await);
        assert!(by.set_operator(kim, true).await.unwrap());
        assert!(!by.set_operator(kim, false).await.unwrap());
        assert!(!by.set_user_state(kim, UserState::Blocked).await.unwrap());
        assert!(!by.set_user_state(kim, UserState::Dormant).await.unwrap());
        assert!(by.set_operator(lee, true).await.unwrap());
        assert!(by.set_user_state(lee, UserState::Blocked).await.unwrap());
        assert!(!by.set_operator(kim, false).await.unwrap(), "one who is blocked operates nothing");
        assert!(by.set_user_state(lee, UserState::Active).await.unwrap());
        assert!(by.set_operator(kim, false).await.unwrap());
        assert!(by.set_user_state(kim, UserState::Withdrawn).await.unwrap());
        assert!(!by.set_operator(kim, true).await.unwrap());
        assert!(!by.set_operator(UserId(1), true).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn two_operators_who_stop_each_other_leave_one() {
    on_two_nodes(async |nodes| {
        let two = [a_user(&nodes[0], "kim").await, a_user(&nodes[0], "lee").await];
        for id in two {
            assert!(nodes[0].by(someone(NOW)).set_operator(id, true).await.unwrap());
        }
        let stopped = at_once(&nodes, 8, |node, turn| async move {
            let actor = Actor { who: Who::Account(two[turn % 2]), name: "x".to_owned(), from: None, at: NOW };
            node.by(actor).set_operator(two[(turn + 1) % 2], false).await.unwrap()
        })
        .await;
        assert!(stopped.contains(&true));
        let mut left = 0;
        for id in two {
            left += usize::from(nodes[0].account(id).await.unwrap().unwrap().is_operator);
        }
        assert_eq!(left, 1);
    })
    .await;
}
