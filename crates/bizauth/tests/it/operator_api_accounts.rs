//! The operator's API about people: found, made, changed, signed out.

use bizauth_core::operator::Scope;
use bizauth_store::AuditFilter;
use serde_json::json;

use crate::world::{Answer, World};

const BOTH: [Scope; 1] = [Scope::AccountsWrite];

#[tokio::test]
async fn accounts_are_listed_page_by_page_and_found_by_name() {
    let world = World::new().await;
    let robot = world.program(&BOTH).await;
    for name in ["ann", "bob", "cho", "choi", "dan"] {
        world.newcomer(&format!("{name}@example.com")).await;
    }
    let (mut after, mut seen) = (String::new(), Vec::new());
    loop {
        let page = robot.gets(&format!("/accounts?limit=2{after}")).await;
        seen.extend(page["items"].as_array().unwrap().iter().map(|it| it["email"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ["ann@example.com", "bob@example.com", "cho@example.com", "choi@example.com", "dan@example.com"]);
    assert_eq!(robot.gets("/accounts?q=CHO").await["items"].as_array().unwrap().len(), 2);
    let one = robot.gets("/accounts?email=cho@example.com").await;
    assert_eq!((one["items"].as_array().unwrap().len(), &one["items"][0]["email"]), (1, &json!("cho@example.com")));
    assert_eq!(robot.gets("/accounts?email=nobody@example.com").await["items"], json!([]));
    assert_eq!(robot.gets("/accounts?external_id=none").await["items"], json!([]));
    assert_eq!(robot.asks("GET", "/accounts?email=a@b.cd&external_id=x").await.status, 422);
}

#[tokio::test]
async fn an_account_is_made_with_a_temporary_password_that_opens_it() {
    let world = World::new().await;
    let robot = world.program(&BOTH).await;
    let body = json!({ "email": "New@Example.com", "business_centre": true, "external_id": "E-1" });
    let made = robot.gets_from(201, "POST", "/accounts", body.clone()).await;
    assert_eq!((&made["email"], &made["external_id"]), (&json!("new@example.com"), &json!("E-1")));
    assert_eq!(made["temporary_password"].as_str().unwrap().len(), 16);
    assert_eq!(robot.says("POST", "/accounts", body).await.status, 409);
    let other = json!({ "email": "other@example.com", "external_id": "E-1" });
    assert_eq!(robot.says("POST", "/accounts", other).await.status, 409);
    assert_eq!(robot.gets("/accounts?email=other@example.com").await["items"], json!([]), "all of it, or nothing");
    let found = robot.gets("/accounts?external_id=E-1").await;
    assert_eq!(found["items"][0]["id"], made["id"]);
    let bad = json!({ "email": "x", "operator": "yes", "colour": 1 });
    let answer = robot.says("POST", "/accounts", bad).await;
    assert_eq!((answer.status, answer.json()["errors"].as_array().unwrap().len()), (422, 3), "{answer:?}");
    let short = json!({ "email": "short@example.com", "password": "short" });
    assert_eq!(robot.says("POST", "/accounts", short).await.json()["errors"][0]["pointer"], "#/password");
    assert_eq!(robot.gets("/accounts?email=short@example.com").await["items"], json!([]));
}

#[tokio::test]
async fn an_account_is_changed_and_the_log_says_by_whom() {
    let world = World::new().await;
    let robot = world.program(&BOTH).await;
    let (kim, lee) = (world.newcomer("kim@example.com").await, world.newcomer("lee@example.com").await);
    let path = format!("/accounts/{}", kim.id);
    let changed = robot
        .gets_from(
            200,
            "PATCH",
            &path,
            json!({ "state": "dormant", "business_centre": false, "reason": "Asked for it" }),
        )
        .await;
    assert_eq!((&changed["state"], &changed["business_centre"]), (&json!("dormant"), &json!(false)));
    assert_eq!(changed["second_factor"], false);
    let filter = AuditFilter { actor: Some("robot".to_owned()), ..AuditFilter::default() };
    let told = world.store().audit_page(&filter, None, 9).await.unwrap();
    let acts: Vec<_> = told.iter().map(|it| it.entry.act.as_str()).collect();
    assert_eq!(acts, ["account.business_centre", "account.state"]);
    assert_eq!(told[0].entry.actor_kind, "operator_key");
    assert!(told[1].entry.about.contains("Asked for it"), "{told:?}");

    robot.gets_from(200, "PATCH", &path, json!({ "external_id": "K", "email_verified": false })).await;
    let other = format!("/accounts/{}", lee.id);
    assert_eq!(robot.says("PATCH", &other, json!({ "external_id": "K" })).await.status, 409);
    assert_eq!(robot.gets_from(200, "PATCH", &path, json!({ "external_id": null })).await["external_id"], json!(null));
    for unreasoned in [
        json!({ "state": "active" }),
        json!({ "developer_sanctioned": true }),
        json!({ "state": "active", "reason": " " }),
    ] {
        let answer = robot.says("PATCH", &path, unreasoned.clone()).await;
        assert_eq!((answer.status, &answer.json()["errors"][0]["pointer"]), (422, &json!("#/reason")), "{unreasoned}");
    }
    // One of three cannot be: none of them is.
    robot.gets_from(200, "PATCH", &other, json!({ "external_id": "L" })).await;
    let three = json!({ "email_verified": true, "state": "active", "reason": "Back", "external_id": "L" });
    assert_eq!(robot.says("PATCH", &path, three).await.status, 409);
    let still = robot.gets(&path).await;
    assert_eq!((&still["state"], &still["email_verified"]), (&json!("dormant"), &json!(false)));
    let all = world.program(&Scope::ALL).await;
    assert_eq!(all.says("PATCH", &path, json!({ "operator": true })).await.status, 409, "a dormant operator");
    assert_eq!(robot.says("PATCH", &path, json!({ "state": "gone" })).await.status, 422);
    assert_eq!(all.gets_from(200, "PATCH", &other, json!({ "operator": true })).await["operator"], true);
    assert_eq!(
        all.says("PATCH", &other, json!({ "state": "blocked", "reason": "Fraud" })).await.status,
        409,
        "the last operator"
    );
    assert_eq!(
        all.gets_from(200, "PATCH", &other, json!({ "developer_sanctioned": true, "reason": "Fraud" })).await["state"],
        "active"
    );
    for unknown in ["/accounts/5", "/accounts/x"] {
        assert_eq!(robot.asks("GET", unknown).await.status, 404);
        assert_eq!(robot.says("PATCH", unknown, json!({})).await.status, 404);
    }
}

#[tokio::test]
async fn a_browser_is_signed_out_and_a_password_replaced() {
    let world = World::new().await;
    let robot = world.program(&BOTH).await;
    let kim = world.newcomer("kim@example.com").await;
    kim.signs_in().await;
    let path = format!("/accounts/{}", kim.id);
    let open = robot.gets(&format!("{path}/sessions")).await;
    let id = open["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(robot.asks("DELETE", &format!("{path}/sessions/{id}")).await.status, 204);
    assert_eq!(robot.gets(&format!("{path}/sessions")).await["items"], json!([]));
    for unknown in [id.as_str(), "5", "x"] {
        assert_eq!(robot.asks("DELETE", &format!("{path}/sessions/{unknown}")).await.status, 404, "{unknown}");
    }
    kim.signs_in().await;
    assert_eq!(robot.asks("DELETE", &format!("{path}/sessions")).await.status, 204);
    assert_eq!(robot.asks("DELETE", &format!("{path}/sessions")).await.status, 204);
    assert_eq!(robot.asks("DELETE", &format!("{path}/second-factor")).await.status, 204);
    let given: Answer = robot.asks("POST", &format!("{path}/password")).await;
    assert_eq!(given.json()["temporary_password"].as_str().unwrap().len(), 16);
    assert_eq!(given.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn what_an_account_has_is_listed() {
    let world = World::new().await;
    let robot = world.program(&BOTH).await;
    let kim = world.owner("kim@example.com").await;
    let app = world.app_of(bizauth_core::app::AppKind::Biz, None, Some(kim.id)).await;
    let apps = robot.gets(&format!("/accounts/{}/apps", kim.id)).await;
    assert_eq!(
        apps["items"][0],
        json!({ "app": app.id.to_string(), "name": "Ad report", "kind": "biz", "role": "owner" })
    );
    let first = robot.gets(&format!("/accounts/{}/assets?limit=3", kim.id)).await;
    let next = first["next"].as_str().unwrap();
    let rest = robot.gets(&format!("/accounts/{}/assets?limit=3&after={next}", kim.id)).await;
    assert_eq!((first["items"].as_array().unwrap().len(), rest["items"].as_array().unwrap().len()), (3, 1));
    assert_eq!((next, &rest["items"][0]["id"]), ("moment:12", &json!("19")));
    assert_eq!(robot.asks("GET", &format!("/accounts/{}/assets?after=x", kim.id)).await.status, 422);
}
