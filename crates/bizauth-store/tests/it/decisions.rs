//! Requests: each is decided once, and what is granted is so.

use bizauth_core::app::AppKind;
use bizauth_core::id::RequestId;
use bizauth_store::{Actor, AuditFilter, Decided, Decision, Turn, Who};

use crate::engines::{Place, at_once, on_each_place};
use crate::scene::{NOW, Scene, someone};

/// Puts a request there, as the console does.
async fn asks(place: &Place, scene: &Scene, id: i64, group: Option<&str>) {
    let group = group.map_or("NULL".to_owned(), |group| format!("'{group}'"));
    let row = format!(
        "INSERT INTO permission_requests (id, app_id, group_id, reason, asked_by, asked_at, state, answer)
         VALUES ({id}, {}, {group}, 'reports', {}, 1, 'open', '')",
        scene.app, scene.developer
    );
    place.spoil(&row).await;
}

#[tokio::test]
async fn a_granted_request_is_so_at_once() {
    on_each_place(async |place| {
        let store = place.node(1);
        store.migrate(NOW).await.unwrap();
        let scene = Scene::set(&store).await;
        let by = store.by(someone(NOW));
        by.set_app_kind(scene.app, AppKind::Basic).await.unwrap();
        for (id, group) in [(1, Some("moment")), (2, None), (3, Some("keyword"))] {
            asks(&place, &scene, id, group).await;
        }
        let open = store.open_requests(&Turn::First, 2).await.unwrap();
        assert_eq!((open.rows.iter().map(|it| it.id.0).collect::<Vec<_>>(), open.after), (vec![1, 2], true));
        assert_eq!((open.rows[0].app_name.as_str(), open.rows[0].reason.as_str()), ("Ad reports", "reports"));
        assert_eq!(store.open_requests(&Turn::After(RequestId(2)), 2).await.unwrap().rows[0].id, RequestId(3));
        assert_eq!(store.open_requests(&Turn::Before(RequestId(3)), 2).await.unwrap().rows.len(), 2);
        let decide = async |id, decision| by.decide_request(RequestId(id), decision, "fine".to_owned()).await.unwrap();
        assert_eq!(decide(1, Decision::Grant).await, Decided::Done);
        assert_eq!(decide(2, Decision::Grant).await, Decided::Done);
        assert_eq!(decide(3, Decision::Refuse).await, Decided::Done);
        assert_eq!(store.permissions_of(scene.app).await.unwrap(), ["moment".into()]);
        let decided = store.request_seen(RequestId(2)).await.unwrap().unwrap().decided_at.unwrap();
        assert_eq!(store.grants_of(scene.app).await.unwrap(), [("moment".into(), decided)]);
        assert_eq!(store.app(scene.app).await.unwrap().unwrap().app.kind, AppKind::Biz);
        let Decided::Before(known) = decide(3, Decision::Grant).await else { panic!("it was decided") };
        assert_eq!((known.state.as_str(), known.decided_by.as_deref()), ("refused", Some("tester")));
        assert_eq!(decide(4, Decision::Grant).await, Decided::NotFound);
        assert!(store.open_requests(&Turn::First, 2).await.unwrap().rows.is_empty());
        let over = store.decided_requests(&Turn::First, 2).await.unwrap();
        assert_eq!((over.rows[0].id, over.rows[1].id, over.after), (RequestId(3), RequestId(2), true));
        assert_eq!(store.decided_requests(&Turn::After(RequestId(2)), 2).await.unwrap().rows.len(), 1);
        assert_eq!(store.decided_requests(&Turn::Before(RequestId(1)), 2).await.unwrap().rows, over.rows);
        assert_eq!(store.request_seen(RequestId(1)).await.unwrap().unwrap().answer, "fine");
        let on = Some(("app".to_owned(), scene.app.to_string()));
        let noted = store.audit_page(&AuditFilter { on, ..AuditFilter::default() }, None, 2).await.unwrap();
        let acts: Vec<&str> = noted.iter().map(|it| it.entry.act.as_str()).collect();
        assert_eq!(acts, ["app.kind", "permission.grant"]);
        assert_eq!(noted[0].entry.about, r#"{"request":2}"#);
    })
    .await;
}

#[tokio::test]
async fn of_two_operators_one_decides_and_the_other_is_told() {
    on_each_place(async |place| {
        let nodes = [place.node(1), place.node(2)];
        nodes[0].migrate(NOW).await.unwrap();
        let scene = Scene::set(&nodes[0]).await;
        asks(&place, &scene, 1, Some("moment")).await;
        let said = at_once(&nodes, 8, |node, turn| async move {
            let who = Actor { who: Who::CommandLine, name: format!("operator {}", turn % 2), from: None, at: NOW };
            let decision = if turn % 2 == 0 { Decision::Grant } else { Decision::Refuse };
            node.by(who).decide_request(RequestId(1), decision, String::new()).await.unwrap()
        })
        .await;
        assert_eq!(said.iter().filter(|it| **it == Decided::Done).count(), 1, "{said:?}");
        let known = nodes[0].request_seen(RequestId(1)).await.unwrap().unwrap();
        let told = said.iter().filter(|it| **it == Decided::Before(Box::new(known.clone()))).count();
        assert_eq!(told, 7, "{said:?}");
        let granted = !nodes[0].permissions_of(scene.app).await.unwrap().is_empty();
        assert_eq!(granted, known.state == "granted");
        assert!(matches!(nodes[0].verify_audit().await.unwrap(), bizauth_store::AuditVerdict::Whole(_)));
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_granted_stays_open() {
    on_each_place(async |place| {
        let store = place.node(1);
        store.migrate(NOW).await.unwrap();
        let scene = Scene::set(&store).await;
        asks(&place, &scene, 1, None).await;
        // Deleting an app takes its requests back; this is what a node of before may have left behind.
        place.spoil("UPDATE apps SET deleted_at = 1;").await;
        let said = store.by(someone(NOW)).decide_request(RequestId(1), Decision::Grant, String::new()).await.unwrap();
        assert_eq!(said, Decided::Impossible);
        assert_eq!(store.request_seen(RequestId(1)).await.unwrap().unwrap().state, "open");
    })
    .await;
}
