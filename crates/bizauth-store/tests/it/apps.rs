//! Apps: what they are, who may work on them, and what is switched on for them.

use bizauth_core::app::{AppKind, Role};
use bizauth_core::id::{AppId, UserId};
use bizauth_core::key::KeyKind;
use bizauth_core::time::DAY;
use bizauth_store::{Membership, NewApp, NewKey, Progress, RequestState, Turn};

use crate::engines::on_each_engine;
use crate::scene::{NOW, Scene, app_key, someone};

fn new(parent: Option<AppId>, owner: Option<UserId>) -> NewApp {
    let kind = if parent.is_some() { AppKind::Test } else { AppKind::Basic };
    NewApp { name: "광고 보고서".to_owned(), company: "예시".to_owned(), kind, parent, owner }
}

#[tokio::test]
async fn a_test_app_is_as_biz_as_its_parent() {
    on_each_engine(async |store| {
        let by = store.by(someone(NOW));
        let parent = by.create_app(new(None, None)).await.unwrap().unwrap();
        assert_eq!(by.create_app(new(Some(parent), None)).await.unwrap(), None, "only a Biz app has test apps");
        assert!(by.set_app_kind(parent, AppKind::Biz).await.unwrap());
        let child = by.create_app(new(Some(parent), None)).await.unwrap().unwrap();
        let counts = async || store.app(child).await.unwrap().unwrap().app.counts_as_biz();
        assert!(counts().await);
        assert!(by.set_app_kind(parent, AppKind::Basic).await.unwrap());
        assert!(!counts().await);
        assert!(by.set_app_kind(parent, AppKind::Biz).await.unwrap());
        assert!(!by.set_app_kind(child, AppKind::Biz).await.unwrap(), "a test app stays one");
        assert_eq!(store.app(child).await.unwrap().unwrap().parent, Some(parent));
        for (parent, owner) in [(Some(child), None), (None, Some(UserId(1))), (Some(AppId(1)), None)] {
            assert_eq!(by.create_app(new(parent, owner)).await.unwrap(), None, "{parent:?} {owner:?}");
        }
        assert_eq!(store.apps(9).await.unwrap().len(), 2, "what was refused left nothing");
    })
    .await;
}

#[tokio::test]
async fn a_form_makes_one_app_however_often_it_is_sent() {
    on_each_engine(async |store| {
        let form = || ("a form".to_owned(), NOW.plus(DAY));
        let send = async || store.by(someone(NOW)).create_app_once(new(None, None), form()).await.unwrap();
        let (a, b, c) = tokio::join!(send(), send(), send());
        assert!(a.is_some() && a == b && b == c, "{a:?} {b:?} {c:?}");
        assert_eq!(store.apps(9).await.unwrap().len(), 1);
        let other = ("another".to_owned(), NOW.plus(DAY));
        assert_ne!(store.by(someone(NOW)).create_app_once(new(None, None), other).await.unwrap(), a);
        let refused = ("refused".to_owned(), NOW.plus(DAY));
        let by = store.by(someone(NOW));
        assert_eq!(by.create_app_once(new(Some(AppId(1)), None), refused.clone()).await.unwrap(), None);
        assert!(
            by.create_app_once(new(None, None), refused).await.unwrap().is_some(),
            "a form that made nothing is new"
        );
        store.sweep(100, NOW.plus(3 * DAY)).await.unwrap();
        assert_ne!(send().await, a, "the mark is cleared away, and only the mark");
        assert_eq!(store.apps(9).await.unwrap().len(), 4);
    })
    .await;
}

#[tokio::test]
async fn test_apps_end_with_their_parent() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let by = store.by(someone(NOW));
        let child = by.create_app(new(Some(scene.app), Some(scene.developer))).await.unwrap().unwrap();
        let key = NewKey { app: child, kind: KeyKind::RestApi, value: app_key(), name: String::new(), secret: None };
        let value = key.value.clone();
        by.create_key(key).await.unwrap().unwrap();
        by.ask_permission(child, Some("moment".into()), "why".to_owned()).await.unwrap();
        for (viewer, is_member) in [(scene.developer, true), (scene.user, false)] {
            let children = store.test_apps_of(scene.app, viewer, 9).await.unwrap();
            assert_eq!(children.iter().map(|it| (it.0.app.id, it.1)).collect::<Vec<_>>(), [(child, is_member)]);
        }
        assert_eq!(store.count_test_apps(scene.app).await.unwrap(), 1);
        assert!(by.delete_app(scene.app).await.unwrap());
        assert!(store.app(child).await.unwrap().is_none());
        assert!(store.test_apps_of(scene.app, scene.developer, 9).await.unwrap().is_empty());
        assert_eq!(store.count_test_apps(scene.app).await.unwrap(), 0);
        assert!(store.client(&value, NOW).await.unwrap().is_none(), "its keys are none");
        assert_eq!(store.last_requests(child).await.unwrap()[0].state, RequestState::Withdrawn);
        assert_eq!(by.create_app(new(Some(scene.app), None)).await.unwrap(), None);
        let noted = store.audit_page(&Default::default(), None, 2).await.unwrap();
        let told = |at: usize| (noted[at].entry.act.as_str(), noted[at].entry.about.as_str());
        assert_eq!(told(1), ("app.delete", r#"{"test_apps":1}"#));
        assert_eq!(told(0), ("app.delete", format!("{{\"parent\":\"{}\"}}", scene.app).as_str()));
    })
    .await;
}

#[tokio::test]
async fn an_app_is_renamed() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let by = store.by(someone(NOW));
        assert!(by.rename_app(scene.app, "Éclair".to_owned(), "Other".to_owned()).await.unwrap());
        let app = store.app(scene.app).await.unwrap().unwrap().app;
        assert_eq!((app.name.as_str(), app.company.as_str()), ("Éclair", "Other"));
        assert_eq!(store.apps_of(scene.developer, "éclair", None, 9).await.unwrap().len(), 1, "found by its new name");
        assert!(!by.rename_app(AppId(1), "x".to_owned(), "y".to_owned()).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn an_app_comes_closer_to_its_first_token() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let by = store.by(someone(NOW));
        let progress = async || store.app_progress(scene.app).await.unwrap();
        let mut wanted = Progress { has_key: true, ..Progress::default() };
        assert_eq!(progress().await, wanted);
        by.add_redirect_uri(scene.key, "https://a.example/cb".to_owned()).await.unwrap();
        wanted.has_redirect_uri = true;
        assert_eq!(progress().await, wanted);
        by.switch_item_on(scene.app, "moment_create".into(), "x".to_owned()).await.unwrap();
        wanted.has_item = true;
        assert_eq!(progress().await, wanted, "its group needs a permission");
        by.grant_permission(scene.app, "moment".into()).await.unwrap();
        wanted.has_usable_item = true;
        assert_eq!(progress().await, wanted);
        scene.buys(scene.agrees().await).await;
        wanted.has_token = true;
        assert_eq!(progress().await, wanted);
    })
    .await;
}

#[tokio::test]
async fn a_deleted_app_is_none() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let app = scene.app;
        assert!(store.by(someone(NOW)).delete_app(app).await.unwrap());
        assert!(store.app(app).await.unwrap().is_none());
        assert!(store.apps(9).await.unwrap().is_empty());
        assert!(!store.by(someone(NOW)).delete_app(app).await.unwrap());
        assert!(!store.by(someone(NOW)).set_sanction(app, true).await.unwrap());
        assert!(!store.by(someone(NOW)).set_daily_quota(app, Some(1)).await.unwrap());
        assert!(!store.by(someone(NOW)).add_member(app, scene.user, "editor").await.unwrap());
        assert!(!store.by(someone(NOW)).switch_item_on(app, "moment_create".into(), String::new()).await.unwrap());
        assert!(!store.by(someone(NOW)).grant_permission(app, "moment".into()).await.unwrap());
        assert!(store.keys_of(app, NOW).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn members_have_one_role_each() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        for role in ["editor", "owner", "editor"] {
            assert!(store.by(someone(NOW)).add_member(scene.app, scene.user, role).await.unwrap());
        }
        let members = store.members_page(scene.app, "", &Turn::First, 9).await.unwrap().rows;
        let mut roles: Vec<_> = members.iter().map(|it| (it.user, it.role.as_str())).collect();
        roles.sort();
        assert_eq!(roles, [(scene.developer, "owner"), (scene.user, "editor")]);
        assert!(members.iter().all(|it| it.email.contains('@')));
        let by = store.by(someone(NOW));
        assert_eq!(by.end_membership(scene.app, scene.user).await.unwrap(), Membership::Changed);
        assert_eq!(by.end_membership(scene.app, scene.user).await.unwrap(), Membership::NotMember);
        assert!(!store.by(someone(NOW)).add_member(scene.app, UserId(1), "editor").await.unwrap());
        assert!(!store.by(someone(NOW)).add_member(AppId(1), scene.user, "editor").await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn an_app_shows_itself_to_its_members_only() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let role =
            async |app, user| store.app_for_member(app, user).await.unwrap().map(|(app, role)| (app.app.id, role));
        assert_eq!(role(scene.app, scene.developer).await, Some((scene.app, Role::Owner)));
        assert_eq!(role(scene.app, scene.user).await, None);
        assert!(store.by(someone(NOW)).add_member(scene.app, scene.user, "editor").await.unwrap());
        assert_eq!(role(scene.app, scene.user).await, Some((scene.app, Role::Editor)));
        assert_eq!(role(AppId(1), scene.user).await, None);
        assert!(store.by(someone(NOW)).delete_app(scene.app).await.unwrap());
        assert_eq!(role(scene.app, scene.developer).await, None);
    })
    .await;
}

#[tokio::test]
async fn a_client_has_what_is_switched_on_for_its_app() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let value = app_key();
        let key = NewKey { app: scene.app, kind: KeyKind::RestApi, value, name: String::new(), secret: None };
        let value = key.value.clone();
        store.by(someone(NOW)).create_key(key).await.unwrap().unwrap();
        for purpose in ["first", "reports"] {
            assert!(
                store
                    .by(someone(NOW))
                    .switch_item_on(scene.app, "moment_create".into(), purpose.to_owned())
                    .await
                    .unwrap()
            );
        }
        assert!(
            store.by(someone(NOW)).switch_item_on(scene.app, "keyword_create".into(), String::new()).await.unwrap()
        );
        assert!(!store.by(someone(NOW)).switch_item_on(scene.app, "no_such".into(), String::new()).await.unwrap());
        let items = store.items_of(scene.app).await.unwrap();
        assert_eq!(items[1], ("moment_create".into(), "reports".to_owned()));
        assert!(store.by(someone(NOW)).switch_item_off(scene.app, "keyword_create".into()).await.unwrap());
        assert!(!store.by(someone(NOW)).switch_item_off(scene.app, "keyword_create".into()).await.unwrap());
        for _ in 0..2 {
            assert!(store.by(someone(NOW)).grant_permission(scene.app, "moment".into()).await.unwrap());
        }
        assert!(!store.by(someone(NOW)).grant_permission(scene.app, "nowhere".into()).await.unwrap());
        assert!(store.by(someone(NOW)).set_daily_quota(scene.app, Some(30_000)).await.unwrap());
        let client = store.client(&value, NOW).await.unwrap().unwrap();
        assert_eq!(client.items, ["moment_create".into()]);
        assert_eq!(client.permissions, ["moment".into()]);
        assert_eq!(client.app.daily_quota, Some(30_000));
        assert!(store.by(someone(NOW)).take_permission(scene.app, "moment".into()).await.unwrap());
        assert!(!store.by(someone(NOW)).take_permission(scene.app, "moment".into()).await.unwrap());
        assert!(store.permissions_of(scene.app).await.unwrap().is_empty());
    })
    .await;
}
