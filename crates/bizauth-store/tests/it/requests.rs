//! What apps ask the operator for.

use bizauth_core::app::AppKind;
use bizauth_core::id::{AppId, RequestId};
use bizauth_store::{Actor, Asked, NewApp, RequestState, Turn, Who};

use crate::engines::on_each_engine;
use crate::scene::{NOW, Scene, someone};

#[tokio::test]
async fn one_request_is_open_for_a_group_at_a_time() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let actor = Actor { who: Who::Account(scene.developer), ..someone(NOW) };
        let by = store.by(actor);
        let ask = async |group: &str| by.ask_permission(scene.app, Some(group.into()), "why".to_owned()).await.unwrap();
        let Asked::Made(first) = ask("moment").await else { panic!("it can be asked for") };
        assert_eq!(ask("moment").await, Asked::AlreadyOpen);
        assert!(matches!(ask("keyword").await, Asked::Made(_)), "another group is another request");
        assert_eq!(ask("nowhere").await, Asked::NoSuchApp);
        assert!(!by.withdraw_request(AppId(1), first).await.unwrap(), "somebody else's");
        assert!(by.withdraw_request(scene.app, first).await.unwrap());
        assert!(!by.withdraw_request(scene.app, first).await.unwrap(), "no longer open");
        assert!(!by.withdraw_request(scene.app, RequestId(1)).await.unwrap());
        assert!(matches!(ask("moment").await, Asked::Made(_)), "withdrawn, it can be asked for again");
        let requests = store.last_requests(scene.app).await.unwrap();
        let mut states: Vec<_> = requests.iter().map(|it| (it.group.clone().unwrap().0, it.state)).collect();
        states.sort_by(|a, b| a.0.cmp(&b.0));
        let open = RequestState::Open;
        assert_eq!(states, [("keyword".to_owned(), open), ("moment".to_owned(), open)], "the last of each group");
        let earlier = store.request_of(scene.app, first).await.unwrap().unwrap();
        assert_eq!(earlier.state, RequestState::Withdrawn);
        assert!(store.request_of(AppId(1), first).await.unwrap().is_none(), "of another app");
        assert!(requests.iter().all(|it| it.asked_by == scene.developer && it.reason == "why" && it.asked_at == NOW));
        by.grant_permission(scene.app, "keyword".into()).await.unwrap();
        assert_eq!(ask("keyword").await, Asked::AlreadyGranted);
        by.delete_app(scene.app).await.unwrap();
        assert_eq!(ask("moment").await, Asked::NoSuchApp);
    })
    .await;
}

#[tokio::test]
async fn a_basic_app_may_ask_to_become_biz() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let by = store.by(someone(NOW));
        let ask = async |app| by.ask_permission(app, None, "a business".to_owned()).await.unwrap();
        assert_eq!(ask(scene.app).await, Asked::AlreadyGranted, "it is one");
        let new = |kind, parent| NewApp {
            name: "Another".to_owned(),
            company: "Example".to_owned(),
            kind,
            parent,
            owner: Some(scene.developer),
        };
        let child = by.create_app(new(AppKind::Test, Some(scene.app))).await.unwrap().unwrap();
        assert_eq!(ask(child).await, Asked::NoSuchApp, "a test app is what its parent is");
        let basic = by.create_app(new(AppKind::Basic, None)).await.unwrap().unwrap();
        let Asked::Made(asked) = ask(basic).await else { panic!("it may ask") };
        assert_eq!(ask(basic).await, Asked::AlreadyOpen);
        assert!(!by.withdraw_request(basic, asked).await.unwrap(), "it asks for no permission");
        assert_eq!(store.biz_requests(basic, &Turn::First, 9).await.unwrap().rows[0].group, None);
        assert!(!by.withdraw_biz_request(scene.app, asked).await.unwrap(), "somebody else's");
        assert!(by.withdraw_biz_request(basic, asked).await.unwrap());
    })
    .await;
}
