//! Apps: what they are, who may work on them, and what is switched on for them.

use bizauth_core::app::{AppKind, Role};
use bizauth_core::id::{AppId, UserId};
use bizauth_core::key::KeyKind;
use bizauth_store::{NewApp, NewKey};

use crate::engines::on_each_engine;
use crate::scene::{NOW, Scene, app_key, someone};

fn new(parent: Option<AppId>, owner: Option<UserId>) -> NewApp {
    let kind = if parent.is_some() { AppKind::Test } else { AppKind::Basic };
    NewApp { name: "광고 보고서".to_owned(), company: "예시".to_owned(), kind, parent, owner }
}

#[tokio::test]
async fn a_test_app_is_as_biz_as_its_parent() {
    on_each_engine(async |store| {
        let parent = store.by(someone(NOW)).create_app(new(None, None)).await.unwrap().unwrap();
        let child = store.by(someone(NOW)).create_app(new(Some(parent), None)).await.unwrap().unwrap();
        let counts = async || store.app(child).await.unwrap().unwrap().app.counts_as_biz();
        assert!(!counts().await);
        assert!(store.by(someone(NOW)).set_app_kind(parent, AppKind::Biz).await.unwrap());
        assert!(counts().await);
        assert!(!store.by(someone(NOW)).set_app_kind(child, AppKind::Biz).await.unwrap(), "a test app stays one");
        assert_eq!(store.app(child).await.unwrap().unwrap().parent, Some(parent));
        assert!(store.by(someone(NOW)).delete_app(parent).await.unwrap());
        assert!(!counts().await);
        for (parent, owner) in [(Some(parent), None), (Some(child), None), (None, Some(UserId(1)))] {
            assert_eq!(
                store.by(someone(NOW)).create_app(new(parent, owner)).await.unwrap(),
                None,
                "{parent:?} {owner:?}"
            );
        }
        let listed: Vec<AppId> = store.apps(9).await.unwrap().iter().map(|it| it.app.id).collect();
        assert_eq!(listed, [child], "what was refused left nothing");
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
        let members = store.members(scene.app).await.unwrap();
        let mut roles: Vec<_> = members.iter().map(|it| (it.user, it.role.as_str())).collect();
        roles.sort();
        assert_eq!(roles, [(scene.developer, "owner"), (scene.user, "editor")]);
        assert!(members.iter().all(|it| it.email.contains('@')));
        assert!(store.by(someone(NOW)).remove_member(scene.app, scene.user).await.unwrap());
        assert!(!store.by(someone(NOW)).remove_member(scene.app, scene.user).await.unwrap());
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
