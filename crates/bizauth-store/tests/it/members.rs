//! Who may do what with an app, and the apps of one person.

use bizauth_core::app::{AppKind, Role};
use bizauth_core::id::{AppId, UserId};
use bizauth_store::{Membership, NewApp, NewInvitation, Place, Store, Turn};

use crate::engines::on_each_engine;
use crate::scene::{MINUTE, NOW, Scene, a_user, someone};

async fn roles(store: &Store, app: AppId) -> Vec<(UserId, String)> {
    let mut roles: Vec<_> = store
        .members_page(app, "", &Turn::First, 99)
        .await
        .unwrap()
        .rows
        .into_iter()
        .map(|it| (it.user, it.role))
        .collect();
    roles.sort();
    roles
}

async fn named(store: &Store, owner: UserId, name: &str) -> AppId {
    let (name, company) = (name.to_owned(), "Example".to_owned());
    let new = NewApp { name, company, kind: AppKind::Biz, parent: None, owner: Some(owner) };
    store.by(someone(NOW)).create_app(new).await.unwrap().unwrap()
}

#[tokio::test]
async fn the_last_owner_stays() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let (by, app, kim, lee) = (store.by(someone(NOW)), scene.app, scene.developer, scene.user);
        assert_eq!(by.end_membership(app, kim).await.unwrap(), Membership::LastOwner);
        assert_eq!(by.change_role(app, kim, Role::Editor).await.unwrap(), Membership::LastOwner);
        assert_eq!(by.end_membership(app, lee).await.unwrap(), Membership::NotMember);
        assert_eq!(
            by.change_role(app, lee, Role::Owner).await.unwrap(),
            Membership::NotMember,
            "nobody joins this way"
        );
        by.add_member(app, lee, "editor").await.unwrap();
        assert_eq!(by.end_membership(app, kim).await.unwrap(), Membership::LastOwner, "an editor is no owner");
        assert_eq!(by.change_role(app, lee, Role::Owner).await.unwrap(), Membership::Changed);
        assert_eq!(by.change_role(app, kim, Role::Editor).await.unwrap(), Membership::Changed);
        assert_eq!(by.end_membership(app, kim).await.unwrap(), Membership::Changed);
        assert_eq!(roles(&store, app).await, [(lee, "owner".to_owned())]);
        assert_eq!(by.end_membership(AppId(1), lee).await.unwrap(), Membership::NotMember);
        by.delete_app(app).await.unwrap();
        assert_eq!(by.end_membership(app, lee).await.unwrap(), Membership::NotMember);
    })
    .await;
}

/// Each of two owners removes the other, or steps down, at the same moment: one stays.
#[tokio::test]
async fn of_owners_who_go_at_once_one_stays() {
    on_each_engine(async |store| {
        for round in 0..10 {
            let scene = Scene::set(&store).await;
            let (app, kim, lee) = (scene.app, scene.developer, scene.user);
            store.by(someone(NOW)).add_member(app, lee, "owner").await.unwrap();
            let go = |user: UserId| {
                let by = store.by(someone(NOW));
                tokio::spawn(async move {
                    match round % 2 {
                        0 => by.end_membership(app, user).await.unwrap(),
                        _ => by.change_role(app, user, Role::Editor).await.unwrap(),
                    }
                })
            };
            let (first, second) = (go(kim), go(lee));
            let mut found = [first.await.unwrap(), second.await.unwrap()];
            found.sort_by_key(|it| *it != Membership::Changed);
            assert_eq!(found, [Membership::Changed, Membership::LastOwner]);
            assert_eq!(roles(&store, app).await.iter().filter(|it| it.1 == "owner").count(), 1);
        }
    })
    .await;
}

#[tokio::test]
async fn an_app_is_handed_on_to_a_member() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let (by, app, kim, lee) = (store.by(someone(NOW)), scene.app, scene.developer, scene.user);
        assert!(!by.transfer_app(app, kim, lee).await.unwrap(), "to a member only");
        by.add_member(app, lee, "editor").await.unwrap();
        assert!(!by.transfer_app(app, lee, kim).await.unwrap(), "by an owner only");
        assert!(!by.transfer_app(app, kim, kim).await.unwrap());
        assert!(!by.transfer_app(AppId(1), kim, lee).await.unwrap());
        assert!(by.transfer_app(app, kim, lee).await.unwrap());
        let mut wanted = [(kim, "editor".to_owned()), (lee, "owner".to_owned())];
        wanted.sort();
        assert_eq!(roles(&store, app).await, wanted);
        let last = store.audit_page(&Default::default(), None, 1).await.unwrap().remove(0).entry;
        assert_eq!(last.act, "app.transfer");
        assert!(last.about.contains(&kim.to_string()) && last.about.contains(&lee.to_string()), "{}", last.about);
    })
    .await;
}

#[tokio::test]
async fn an_owner_under_sanction_brings_it_along() {
    on_each_engine(async |store| {
        for act in 0..2 {
            let scene = Scene::set(&store).await;
            let (by, app, kim, lee) = (store.by(someone(NOW)), scene.app, scene.developer, scene.user);
            by.add_member(app, lee, "editor").await.unwrap();
            by.set_developer_sanction(lee, true).await.unwrap();
            let before = store.app(app).await.unwrap().unwrap().app;
            assert!(!before.sanctioned);
            match act {
                0 => assert_eq!(by.change_role(app, lee, Role::Owner).await.unwrap(), Membership::Changed),
                _ => assert!(by.transfer_app(app, kim, lee).await.unwrap()),
            }
            let after = store.app(app).await.unwrap().unwrap().app;
            assert!(after.sanctioned && after.era == before.era + 1, "its tokens have ended");
        }
    })
    .await;
}

/// Giving an app away does not free it.
#[tokio::test]
async fn an_owner_under_sanction_leaves_it_behind() {
    on_each_engine(async |store| {
        for act in 0..3 {
            let scene = Scene::set(&store).await;
            let (by, app, kim, lee) = (store.by(someone(NOW)), scene.app, scene.developer, scene.user);
            by.add_member(app, lee, "owner").await.unwrap();
            by.set_developer_sanction(kim, true).await.unwrap();
            match act {
                0 => assert_eq!(by.change_role(app, kim, Role::Editor).await.unwrap(), Membership::Changed),
                1 => assert_eq!(by.end_membership(app, kim).await.unwrap(), Membership::Changed),
                _ => assert!(by.transfer_app(app, kim, lee).await.unwrap()),
            }
            assert!(store.app(app).await.unwrap().unwrap().app.sanctioned, "{act}");
            let noted = store.audit_page(&Default::default(), None, 2).await.unwrap();
            let [left, member] = [&noted[0].entry, &noted[1].entry];
            assert_eq!((left.act.as_str(), left.on_id.clone()), ("app.sanction", app.to_string()));
            assert_eq!((left.before.as_str(), left.after.as_str()), (r#"{"sanctioned":0}"#, r#"{"sanctioned":1}"#));
            assert!(left.about.contains("left_by"), "{}", left.about);
            assert!(["member.role", "member.remove", "app.transfer"].contains(&member.act.as_str()), "{}", member.act);
            assert!(matches!(store.verify_audit().await.unwrap(), bizauth_store::AuditVerdict::Whole(_)));
            by.set_sanction(app, false).await.unwrap();
            assert!(!store.app(app).await.unwrap().unwrap().app.sanctioned, "the operator lifts it");
        }
    })
    .await;
}

/// An invitation speaks for the owner who made it.
#[tokio::test]
async fn an_owner_who_goes_takes_their_invitations_along() {
    on_each_engine(async |store| {
        for act in 0..3 {
            let scene = Scene::set(&store).await;
            let (app, kim, lee) = (scene.app, scene.developer, scene.user);
            let by = store.by(bizauth_store::Actor { who: bizauth_store::Who::Account(kim), ..someone(NOW) });
            by.add_member(app, lee, "owner").await.unwrap();
            let email = "park@example.com".to_owned();
            let new = NewInvitation { app, email, role: Role::Owner, expires_at: NOW.plus(MINUTE), most: 50 };
            by.invite(new).await.unwrap();
            assert_eq!(store.invitations_of(app, NOW).await.unwrap().len(), 1);
            match act {
                0 => drop(by.end_membership(app, kim).await.unwrap()),
                1 => drop(by.change_role(app, kim, Role::Editor).await.unwrap()),
                _ => assert!(by.transfer_app(app, kim, lee).await.unwrap()),
            }
            assert!(store.invitations_of(app, NOW).await.unwrap().is_empty(), "{act}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_apps_of_a_person_are_listed_by_name() {
    on_each_engine(async |store| {
        let (kim, lee) = (a_user(&store, "kim").await, a_user(&store, "lee").await);
        let mut apps = Vec::new();
        for name in ["나비", "Alpha", "alpha two", "Beta", "alPHA", "100%_"] {
            apps.push(named(&store, kim, name).await);
        }
        named(&store, lee, "Alpha of another").await;
        let gone = named(&store, kim, "Alpha gone").await;
        store.by(someone(NOW)).delete_app(gone).await.unwrap();
        store.by(someone(NOW)).add_member(apps[3], lee, "editor").await.unwrap();
        let names = async |search: &str, place: Option<Place<AppId>>, most: i64| -> Vec<String> {
            let found = store.apps_of(kim, search, place, most).await.unwrap();
            found.into_iter().map(|(record, _)| record.app.name).collect()
        };
        assert_eq!(names("", None, 9).await, ["100%_", "Alpha", "alPHA", "alpha two", "Beta", "나비"]);
        assert_eq!(names(" ALPHA", None, 9).await, ["Alpha", "alPHA", "alpha two"]);
        assert_eq!(names("%", None, 9).await, Vec::<String>::new(), "nothing is a wildcard");
        assert_eq!(names("나", None, 9).await, ["나비"]);
        assert_eq!(names("", None, 2).await, ["100%_", "Alpha"]);
        assert_eq!(names("", Some(Place::After(apps[1])), 2).await, ["alPHA", "alpha two"]);
        assert_eq!(names("", Some(Place::Before(apps[2])), 2).await, ["Alpha", "alPHA"], "the nearest two");
        assert_eq!(names("", Some(Place::Before(AppId(1))), 2).await, Vec::<String>::new(), "no place of this person");
        let of_lee = store.apps_of(lee, "beta", None, 9).await.unwrap();
        assert_eq!(of_lee.iter().map(|it| (it.0.app.id, it.1)).collect::<Vec<_>>(), [(apps[3], Role::Editor)]);
        let owned: Vec<_> = store.biz_apps_owned_by(lee, 9).await.unwrap().into_iter().map(|it| it.app.name).collect();
        assert_eq!(owned, ["Alpha of another"], "where they are owner");
    })
    .await;
}
