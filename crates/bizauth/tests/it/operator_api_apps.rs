//! The operator's API about apps and what they ask for.

use bizauth_core::app::AppKind;
use bizauth_core::operator::Scope;
use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn an_app_is_found_changed_and_deleted() {
    let world = World::new().await;
    let robot = world.program(&[Scope::AppsWrite]).await;
    let kim = world.newcomer("kim@example.com").await;
    let app = world.app_of(AppKind::Basic, None, Some(kim.id)).await;
    let path = format!("/apps/{}", app.id);
    let found = robot.gets("/apps?q=ad").await;
    assert_eq!((&found["items"][0]["id"], &found["next"]), (&json!(app.id.to_string()), &json!(null)));
    assert_eq!(robot.gets("/apps?q=zz").await["items"], json!([]));
    let told = robot.gets(&path).await;
    assert_eq!(told["members"][0], json!({ "account": kim.id.to_string(), "email": kim.email, "role": "owner" }));
    assert_eq!((&told["permissions"], &told["items"][0]["purpose"]), (&json!(["moment"]), &json!("For the report")));

    let wanted = json!({ "kind": "biz", "daily_quota": 5, "sanctioned": true, "reason": "A test" });
    let changed = robot.gets_from(200, "PATCH", &path, wanted).await;
    assert_eq!(
        (&changed["kind"], &changed["daily_quota"], &changed["sanctioned"]),
        (&json!("biz"), &json!(5), &json!(true))
    );
    let lifted = robot
        .gets_from(200, "PATCH", &path, json!({ "daily_quota": null, "sanctioned": false, "reason": "Over" }))
        .await;
    assert_eq!((&lifted["daily_quota"], &lifted["sanctioned"]), (&json!(null), &json!(false)));
    for bad in [
        json!({ "kind": "test" }),
        json!({ "kind": 5 }),
        json!({ "daily_quota": -1 }),
        json!({ "name": "x" }),
        json!({ "sanctioned": true }),
    ] {
        assert_eq!(robot.says("PATCH", &path, bad.clone()).await.status, 422, "{bad}");
    }
    for (method, group, status) in [
        ("PUT", "keyword", 204),
        ("PUT", "keyword", 204),
        ("DELETE", "moment", 204),
        ("DELETE", "moment", 204),
        ("PUT", "nowhere", 404),
    ] {
        assert_eq!(robot.asks(method, &format!("{path}/permissions/{group}")).await.status, status, "{method} {group}");
    }
    assert_eq!(robot.gets(&path).await["permissions"], json!(["keyword"]));
    assert_eq!(robot.asks("DELETE", &path).await.status, 204);
    assert_eq!(robot.asks("DELETE", &path).await.status, 204);
    assert_eq!(robot.asks("GET", &path).await.status, 404);

    let parent = world.app().await;
    let child = world.app_of(AppKind::Test, Some(parent.id), None).await;
    let path = format!("/apps/{}", child.id);
    let both = json!({ "daily_quota": 7, "kind": "biz" });
    assert_eq!(robot.says("PATCH", &path, both).await.status, 409);
    assert_eq!(robot.gets(&path).await["daily_quota"], json!(null), "all of it, or nothing");
}

#[tokio::test]
async fn what_an_app_has_is_listed_and_a_key_leads_to_it() {
    let world = World::new().await;
    let robot = world.program(&[Scope::AppsRead]).await;
    let app = world.app().await;
    let kim = world.owner("kim@example.com").await;
    let tokens = [kim.lends(&world, &app).await, kim.lends(&world, &app).await];
    let path = format!("/apps/{}", app.id);
    assert_eq!(robot.gets(&path).await["tokens"], json!({ "alive": 2, "of_newest": 2 }));
    let keys = robot.gets(&format!("{path}/keys")).await;
    let key = &keys["items"][0];
    assert_eq!(
        (&key["kind"], &key["value"], &key["enabled"]),
        (&json!("rest_api"), &json!(app.client_id), &json!(true))
    );
    let first = robot.gets(&format!("{path}/tokens?limit=1")).await;
    let next = first["next"].as_str().unwrap();
    let rest = robot.gets(&format!("{path}/tokens?after={next}")).await;
    assert_eq!((first["items"].as_array().unwrap().len(), rest["items"].as_array().unwrap().len()), (1, 1));
    assert_eq!((&first["items"][0]["alive"], &first["items"][0]["key"]), (&json!(true), &key["id"]));
    assert_eq!(world.revoke(&tokens[1]).await.status, 200);
    assert_eq!(robot.gets(&format!("{path}/tokens")).await["items"][0]["alive"], json!(false));
    let found = robot.gets_from(200, "POST", "/apps/find", json!({ "key": app.client_id })).await;
    assert_eq!(found["id"], json!(app.id.to_string()));
    assert_eq!(robot.says("POST", "/apps/find", json!({ "key": "0".repeat(32) })).await.status, 404);
    assert_eq!(robot.says("POST", "/apps/find", json!({ "key": "x" })).await.status, 422);
    assert_eq!(robot.says("POST", "/apps/find", json!({})).await.status, 422);
    for unknown in ["/apps/5/keys", "/apps/5/tokens", "/apps/%00"] {
        assert_eq!(robot.asks("GET", unknown).await.status, 404, "{unknown}");
    }
    let accounts = world.program(&[Scope::AccountsRead]).await;
    let lent = accounts.gets(&format!("/accounts/{}/lent", kim.id)).await;
    assert_eq!((&lent["items"][0]["app"], &lent["next"]), (&json!(app.id.to_string()), &json!(null)));
    assert!(lent["items"][0]["agreed_at"].is_string(), "{lent}");
    assert_eq!(accounts.asks("GET", "/accounts/5/lent").await.status, 404);
}

#[tokio::test]
async fn a_request_is_decided_once() {
    let world = World::new().await;
    let robot = world.program(&[Scope::AppsWrite]).await;
    let kim = world.newcomer("kim@example.com").await;
    let app = world.app_of(AppKind::Basic, None, Some(kim.id)).await;
    let asked = |id: i64, group: &str| {
        format!(
            "INSERT INTO permission_requests (id, app_id, group_id, reason, asked_by, asked_at, state, answer)
             VALUES ({id}, {}, {group}, 'We report', {}, 1795230000000, 'open', '')",
            app.id, kim.id
        )
    };
    let both = format!("{}; {}", asked(11, "NULL"), asked(12, "'keyword'"));
    world.alter([&both, &both]).await;
    let open = robot.gets("/requests?state=open&limit=1").await;
    assert_eq!(
        (&open["items"][0]["id"], &open["items"][0]["group"], &open["next"]),
        (&json!("11"), &json!(null), &json!("11"))
    );
    assert_eq!(robot.gets("/requests?after=11").await["items"][0]["group"], "keyword");
    assert_eq!(robot.asks("GET", "/requests?state=x").await.status, 422);

    let decide = async |id: &str, body| robot.says("POST", &format!("/requests/{id}/decision"), body).await;
    assert_eq!(decide("11", json!({ "decision": "refuse" })).await.status, 422, "a refusal says why");
    for _ in 0..2 {
        let answer = decide("11", json!({ "decision": "grant" })).await;
        assert_eq!((answer.status, &answer.json()["state"]), (200, &json!("granted")), "{answer:?}");
    }
    let late = decide("11", json!({ "decision": "refuse", "reason": "No" })).await;
    assert_eq!((late.status, &late.json()["request"]["state"]), (409, &json!("granted")));
    assert_eq!(robot.gets(&format!("/apps/{}", app.id)).await["kind"], "biz");
    let refused = decide("12", json!({ "decision": "refuse", "reason": "Not yet" })).await;
    assert_eq!((&refused.json()["answer"], &refused.json()["decided_by"]), (&json!("Not yet"), &json!("robot")));
    assert_eq!(robot.gets("/requests?state=decided").await["items"].as_array().unwrap().len(), 2);
    assert_eq!(robot.gets("/requests/12").await["state"], "refused");
    assert_eq!(robot.asks("GET", "/requests/5").await.status, 404);
    assert_eq!(decide("5", json!({ "decision": "grant" })).await.status, 404);
}
