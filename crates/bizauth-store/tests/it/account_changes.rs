//! Several changes at once to an account or an app: all of them stand, each with its entry in the log, or none.

use bizauth_core::app::AppKind;
use bizauth_core::id::{AppId, UserId};
use bizauth_core::user::UserState;
use bizauth_store::{
    AccountChange, AccountChanged, AppChange, AppChanged, AuditFilter, MadeAccount, NewApp, NewUser, Store,
};

use crate::engines::{at_once, on_each_engine, on_two_nodes};
use crate::scene::{NOW, Scene, a_user, number, someone};

fn new_user(operator: bool) -> NewUser {
    NewUser {
        email: format!("new-{}@example.com", number()),
        email_verified: false,
        password: "$argon2id$none".to_owned(),
        in_business_centre: false,
        is_operator: operator,
    }
}

async fn acts(store: &Store, most: usize) -> Vec<String> {
    let page = store.audit_page(&AuditFilter::default(), None, i64::try_from(most).unwrap()).await.unwrap();
    page.into_iter().map(|record| record.entry.act).collect()
}

#[tokio::test]
async fn an_account_is_made_with_its_name_elsewhere_or_not_at_all() {
    on_each_engine(async |store| {
        let by = store.by(someone(NOW));
        let name = || Some(format!("E-{}", number()));
        let (new, external) = (new_user(false), name());
        let MadeAccount::Done(id) = by.make_account(new.clone(), external.clone()).await.unwrap() else { panic!() };
        let found = store.account(id).await.unwrap().unwrap();
        assert_eq!((found.user.email.clone(), found.external_id), (new.email.clone(), external.clone()));
        let head = store.audit_head().await.unwrap().seq;
        assert_eq!(by.make_account(new, name()).await.unwrap(), MadeAccount::EmailTaken);
        let other = new_user(false);
        assert_eq!(by.make_account(other.clone(), external).await.unwrap(), MadeAccount::ExternalIdTaken);
        assert!(store.user_by_email(&other.email).await.unwrap().is_none(), "nothing of it was made");
        assert_eq!(store.audit_head().await.unwrap().seq, head);
        assert!(matches!(by.make_account(other, None).await.unwrap(), MadeAccount::Done(_)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_those_who_want_one_name_at_once_one_gets_it() {
    on_two_nodes(async |nodes| {
        let said = at_once(&nodes, 8, |store, _| async move {
            store.by(someone(NOW)).make_account(new_user(false), Some("E-shared".to_owned())).await.unwrap()
        })
        .await;
        assert_eq!(said.iter().filter(|said| matches!(said, MadeAccount::Done(_))).count(), 1, "{said:?}");
        assert_eq!(said.iter().filter(|said| **said == MadeAccount::ExternalIdTaken).count(), 7, "{said:?}");
    })
    .await;
}

#[tokio::test]
async fn an_account_is_changed_in_all_ways_or_in_none() {
    on_each_engine(async |store| {
        let by = store.by(someone(NOW));
        let (kim, lee) = (a_user(&store, "kim").await, a_user(&store, "lee").await);
        let external = format!("E-{}", number());
        let all = AccountChange {
            state: Some(UserState::Active),
            operator: Some(true),
            external_id: Some(Some(external.clone())),
            email_verified: Some(false),
            business_centre: Some(false),
            developer_sanctioned: Some(true),
        };
        assert_eq!(by.change_account(kim, all.clone()).await.unwrap(), AccountChanged::Done);
        let found = store.account(kim).await.unwrap().unwrap();
        assert!(found.is_operator && found.developer_sanctioned);
        assert!(!found.user.email_verified && !found.user.in_business_centre);
        assert_eq!(found.external_id, Some(external.clone()));
        let mut told = acts(&store, 6).await;
        told.reverse();
        assert_eq!(
            told,
            [
                "account.state",
                "account.make_operator",
                "account.external_id",
                "account.email_verified",
                "account.business_centre",
                "account.sanction_developer"
            ]
        );

        let head = store.audit_head().await.unwrap().seq;
        let centre = AccountChange { business_centre: Some(false), ..AccountChange::default() };
        for (id, wanted, refused) in [
            (UserId(1), centre.clone(), AccountChanged::NotFound),
            (
                lee,
                AccountChange { external_id: Some(Some(external)), ..centre.clone() },
                AccountChanged::ExternalIdTaken,
            ),
            (
                lee,
                AccountChange { state: Some(UserState::Dormant), operator: Some(true), ..centre },
                AccountChanged::NotActive,
            ),
        ] {
            assert_eq!(by.change_account(id, wanted).await.unwrap(), refused);
        }
        let found = store.account(lee).await.unwrap().unwrap();
        assert_eq!((found.user.state, found.user.in_business_centre), (UserState::Active, true), "nothing was changed");
        assert_eq!(store.audit_head().await.unwrap().seq, head, "and nothing noted");
        assert!(matches!(store.verify_audit().await.unwrap(), bizauth_store::AuditVerdict::Whole(_)));
    })
    .await;
}

#[tokio::test]
async fn the_last_operator_is_not_changed_in_passing() {
    on_each_engine(async |store| {
        let by = store.by(someone(NOW));
        let MadeAccount::Done(only) = by.make_account(new_user(true), None).await.unwrap() else { panic!() };
        for wanted in [
            AccountChange { email_verified: Some(true), state: Some(UserState::Blocked), ..AccountChange::default() },
            AccountChange { email_verified: Some(true), operator: Some(false), ..AccountChange::default() },
        ] {
            assert_eq!(by.change_account(only, wanted).await.unwrap(), AccountChanged::LastOperator);
        }
        assert!(!store.account(only).await.unwrap().unwrap().user.email_verified);
    })
    .await;
}

async fn with_test_app(store: &Store) -> (Scene, AppId) {
    let scene = Scene::set(store).await;
    let new = NewApp {
        name: "Trial".to_owned(),
        company: String::new(),
        kind: AppKind::Test,
        parent: Some(scene.app),
        owner: Some(scene.developer),
    };
    let child = store.by(someone(NOW)).create_app(new).await.unwrap().unwrap();
    (scene, child)
}

#[tokio::test]
async fn an_app_is_changed_in_all_ways_or_in_none() {
    on_each_engine(async |store| {
        let (scene, child) = with_test_app(&store).await;
        let by = store.by(someone(NOW));
        let wanted = AppChange { kind: Some(AppKind::Basic), sanctioned: Some(true), daily_quota: Some(Some(5)) };
        assert_eq!(by.change_app(child, wanted).await.unwrap(), AppChanged::TestApp);
        assert_eq!(by.change_app(AppId(1), wanted).await.unwrap(), AppChanged::NotFound);
        let found = store.app(child).await.unwrap().unwrap().app;
        assert_eq!((found.sanctioned, found.daily_quota), (false, None));
        assert_eq!(by.change_app(scene.app, wanted).await.unwrap(), AppChanged::Done);
        let found = store.app(scene.app).await.unwrap().unwrap().app;
        assert_eq!((found.kind, found.sanctioned, found.daily_quota), (AppKind::Basic, true, Some(5)));
    })
    .await;
}

#[tokio::test]
async fn a_test_app_has_an_entry_of_its_own_where_it_shares_a_fate() {
    on_each_engine(async |store| {
        let (scene, child) = with_test_app(&store).await;
        let by = store.by(someone(NOW));
        let on = AuditFilter { on: Some(("app".to_owned(), child.to_string())), ..AuditFilter::default() };
        let mut wanted = vec!["app.create"];
        for act in ["app.sanction", "app.lift_sanction", "app.delete"] {
            match act {
                "app.sanction" => assert!(by.set_sanction(scene.app, true).await.unwrap()),
                "app.lift_sanction" => assert!(by.set_sanction(scene.app, false).await.unwrap()),
                _ => assert!(by.delete_app(scene.app).await.unwrap()),
            }
            wanted.insert(0, act);
            let noted = store.audit_page(&on, None, 9).await.unwrap();
            let acts: Vec<_> = noted.iter().map(|record| record.entry.act.as_str()).collect();
            assert_eq!(acts, wanted);
            assert!(noted[0].entry.about.contains(&format!("\"parent\":\"{}\"", scene.app)), "{:?}", noted[0].entry);
        }
        assert!(store.app(child).await.unwrap().is_none());
        assert!(matches!(store.verify_audit().await.unwrap(), bizauth_store::AuditVerdict::Whole(_)));
    })
    .await;
}
