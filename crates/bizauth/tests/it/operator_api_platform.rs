//! The operator's API about the platform itself: the catalogue, maintenance, the audit log.

use bizauth_core::operator::Scope;
use bizauth_core::time::Time;
use bizauth_store::{AuditVerdict, Turn};
use serde_json::{Value, json};

use crate::world::{World, days, minutes};

#[tokio::test]
async fn a_group_with_its_items_is_added_without_touching_code() {
    let world = World::new().await;
    let robot = world.program(&[Scope::CatalogueWrite, Scope::AssetsWrite]).await;
    let group = json!({ "name": { "ko": "매장", "en": "Shops" }, "has_assets": true });
    for _ in 0..2 {
        let told = robot.gets_from(200, "PUT", "/catalogue/groups/shop", group.clone()).await;
        assert_eq!((&told["name"]["ko"], &told["needs_permission"]), (&json!("매장"), &json!(true)));
    }
    let item = json!({ "group": "shop", "name": { "ko": "매장 보기", "en": "See shops" }, "risky": true });
    for _ in 0..2 {
        robot.gets_from(200, "PUT", "/catalogue/items/shop_read", item.clone()).await;
    }
    let all = robot.gets("/catalogue").await;
    let found = |list: &Value, id: &str| list.as_array().unwrap().iter().find(|it| it["id"] == id).cloned().unwrap();
    assert_eq!(found(&all["items"], "shop_read")["risky"], true);
    assert_eq!(found(&all["groups"], "shop")["name"]["en"], "Shops");
    robot.gets_from(200, "PUT", "/assets/shop/1", json!({ "kind": "channel", "name": "Seoul" })).await;
    assert_eq!(robot.says("PUT", "/assets/shop/2", json!({ "kind": "ad_account", "name": "x" })).await.status, 422);
    let without = json!({ "has_assets": false });
    assert_eq!(robot.says("PUT", "/catalogue/groups/shop", without).await.status, 409, "there are assets in it");
    for (path, body) in [
        ("/catalogue/groups/a%20b", json!({})),
        ("/catalogue/groups/a_b", json!({})),
        ("/catalogue/groups/x", json!({ "has_assets": false, "has_ad_accounts": true })),
        ("/catalogue/groups/x", json!({ "name": "Shops" })),
        ("/catalogue/items/shop_x", json!({ "group": "nowhere" })),
        ("/catalogue/items/shop_x", json!({})),
    ] {
        assert_eq!(robot.says("PUT", path, body.clone()).await.status, 422, "{path} {body}");
    }
    let order = async || {
        let all = robot.gets("/catalogue").await;
        all["groups"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let before = order().await;
    assert_eq!(robot.asks("POST", "/catalogue/groups/shop/raise").await.status, 204);
    let after = order().await;
    assert_eq!(after[after.len() - 2], "shop", "{before:?} {after:?}");
    robot.gets_from(200, "PUT", "/catalogue/items/shop_write", json!({ "group": "shop" })).await;
    assert_eq!(robot.asks("POST", "/catalogue/items/shop_write/raise").await.status, 204);
    for nothing in ["/catalogue/groups/nothing/raise", "/catalogue/items/nothing_at_all/raise"] {
        assert_eq!(robot.asks("POST", nothing).await.status, 404);
    }
    let wrong = json!({ "group": "shop" });
    assert_eq!(robot.says("PUT", "/catalogue/items/store_x", wrong).await.status, 422, "it belongs to another");
    let moved = json!({ "group": "moment" });
    assert_eq!(robot.says("PUT", "/catalogue/items/shop_read", moved).await.status, 409);
}

#[tokio::test]
async fn a_group_comes_with_its_items_in_one_step() {
    let world = World::new().await;
    let robot = world.program(&[Scope::CatalogueWrite]).await;
    let first = json!({ "id": "store_read", "name": { "en": "See stores" } });
    for bad in ["shop_read", "store_", "other_x", "a b"] {
        let with = json!({ "items": [first, { "id": bad }] });
        let status = robot.says("PUT", "/catalogue/groups/store", with).await.status;
        assert!([409, 422].contains(&status), "{bad}: {status}");
    }
    assert!(!robot.gets("/catalogue").await.to_string().contains("store"), "all of it, or nothing");
    let with = json!({ "name": { "en": "Stores" }, "items": [first, { "id": "store_edit", "risky": true }] });
    for _ in 0..2 {
        robot.gets_from(200, "PUT", "/catalogue/groups/store", with.clone()).await;
    }
    let other = json!({ "items": [{ "id": "store_read", "risky": true }] });
    assert_eq!(robot.says("PUT", "/catalogue/groups/store", other).await.status, 409);
    let taken = json!({ "items": [{ "id": "store_read" }] });
    robot.gets_from(200, "PUT", "/catalogue/groups/store", json!({ "name": { "en": "Stores" } })).await;
    assert_eq!(robot.says("PUT", "/catalogue/groups/stores", taken).await.status, 422, "it is another group's");
}

#[tokio::test]
async fn the_platform_says_how_it_stands() {
    let world = World::new().await;
    let robot = world.program(&[Scope::PlatformRead]).await;
    let told = robot.gets("/overview").await;
    assert_eq!(
        (&told["maintenance"], &told["requests_open"], &told["ip_list"]),
        (&json!(false), &json!(0), &json!(null))
    );
    assert_eq!(told["audit_head"]["seq"], world.store().audit_head().await.unwrap().seq);
    assert_eq!(told["first_steps"]["app"], false);
    world.app().await;
    assert_eq!(robot.gets("/overview").await["first_steps"]["app"], true);
    let settings = robot.gets("/settings").await;
    let names: Vec<_> = settings["items"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"listen") && names.len() > 10, "{names:?}");
    let blind = world.program(&[Scope::AppsWrite]).await;
    assert_eq!(blind.asks("GET", "/settings").await.status, 403);
}

#[tokio::test]
async fn maintenance_is_switched_for_all() {
    let world = World::new().await;
    let robot = world.program(&[Scope::PlatformWrite]).await;
    assert_eq!(robot.gets("/maintenance").await, json!({ "on": false }));
    for on in [true, true, false] {
        assert_eq!(robot.gets_from(200, "PUT", "/maintenance", json!({ "on": on })).await, json!({ "on": on }));
        assert_eq!(world.store().maintenance().await.unwrap(), on);
    }
}

#[tokio::test]
async fn the_audit_log_is_read_exported_and_proved() {
    let world = World::new().await;
    let robot = world.program(&[Scope::AuditRead]).await;
    let kim = world.newcomer("kim@example.com").await;
    world.by().set_business_centre(kim.id, false).await.unwrap();
    let page = robot.gets("/audit?limit=2").await;
    assert_eq!(
        (&page["items"][0]["act"], page["items"].as_array().unwrap().len()),
        (&json!("account.business_centre"), 2)
    );
    let rest = robot.gets(&format!("/audit?after={}", page["next"].as_str().unwrap())).await;
    assert!(rest["items"][0]["seq"].as_i64() < page["items"][1]["seq"].as_i64());
    let on = robot.gets(&format!("/audit?on=account:{}&act=account.create", kim.id)).await;
    assert_eq!(
        (on["items"].as_array().unwrap().len(), &on["items"][0]["after"]["email"]),
        (1, &json!("kim@example.com"))
    );
    // A day is a whole day, as on the page.
    let in_seoul = |at: Time| at.plus(minutes(9 * 60)).to_utc()[..10].to_owned();
    let (today, yesterday) = (in_seoul(world.now()), in_seoul(world.now().minus(days(1))));
    assert_ne!(robot.gets(&format!("/audit?since={today}&until={today}")).await["items"], json!([]));
    assert_eq!(robot.gets(&format!("/audit?until={yesterday}")).await["items"], json!([]));
    assert_eq!(robot.gets(&format!("/audit?until={today}T00:00:00%2B09:00")).await["items"], json!([]));
    assert_eq!(robot.gets("/audit?actor=nobody&since=2026-01-01&until=2027-01-01T00:00:00Z").await["items"], json!([]));
    for query in ["on=x", "since=yesterday", "after=x", "colour=red"] {
        assert_eq!(robot.asks("GET", &format!("/audit?{query}")).await.status, 422, "{query}");
    }

    let head = robot.gets("/audit/head").await;
    let export = robot.asks("GET", "/audit/export").await;
    let lines: Vec<Value> = export.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(export.header("content-type"), Some("application/x-ndjson"));
    assert_eq!(lines.last().unwrap()["digest"], head["digest"]);
    assert_eq!(lines.len() as i64, head["seq"].as_i64().unwrap());
    assert_eq!(robot.asks("GET", "/audit/export?after=2").await.body.lines().count(), lines.len() - 2);
    let some = robot.asks("GET", &format!("/audit/export?on=account:{}", kim.id)).await;
    let told: Vec<Value> = some.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let acts: Vec<_> = told.iter().map(|line| line["act"].as_str().unwrap()).collect();
    assert_eq!(acts, ["account.business_centre", "account.create"], "newest first");
    assert_eq!(robot.asks("GET", "/audit/export?act=app.delete").await.body, "");
    for query in ["act=app.delete&after=2", "since=yesterday", "limit=5"] {
        assert_eq!(robot.asks("GET", &format!("/audit/export?{query}")).await.status, 422, "{query}");
    }
    let verdict = robot.gets("/audit/verdict").await;
    assert_eq!((&verdict["verdict"], &verdict["head"]), (&json!("whole"), &head));
    assert!(matches!(world.store().verify_audit().await.unwrap(), AuditVerdict::Whole(_)));
    let alter = "UPDATE audit_log SET actor = 'somebody else' WHERE seq = 2";
    world.alter([alter, alter]).await;
    assert_eq!(robot.gets("/audit/verdict").await, json!({ "verdict": "altered", "seq": 2 }));
}

/// Whoever can make an operator can do everything by signing in as one.
#[tokio::test]
async fn nobody_becomes_more_than_their_key() {
    let world = World::new().await;
    let robot = world.program(&[Scope::AccountsWrite, Scope::PlatformWrite]).await;
    let boss = world.operator("boss@example.com").await;
    let kim = world.newcomer("kim@example.com").await;
    let made = json!({ "email": "mine@example.com", "password": "correct horse battery", "operator": true });
    assert_eq!(robot.says("POST", "/accounts", made).await.status, 403);
    let boss = format!("/accounts/{}", boss.id);
    let kim = format!("/accounts/{}", kim.id);
    for (method, path, body) in [
        ("PATCH", kim.clone(), json!({ "operator": true })),
        ("PATCH", boss.clone(), json!({ "state": "dormant", "reason": "x" })),
    ] {
        assert_eq!(robot.says(method, &path, body).await.status, 403, "{method} {path}");
    }
    for (method, path) in [
        ("POST", format!("{boss}/password")),
        ("DELETE", format!("{boss}/second-factor")),
        ("DELETE", format!("{boss}/sessions")),
    ] {
        assert_eq!(robot.asks(method, &path).await.status, 403, "{method} {path}");
    }
    assert!(
        robot.says("PATCH", &kim, json!({ "state": "dormant", "reason": "Asked" })).await.status == 200,
        "of others it may"
    );
    let all = world.program(&Scope::ALL).await;
    all.gets_from(200, "PATCH", &kim, json!({ "state": "active", "reason": "Back" })).await;
    all.gets_from(200, "PATCH", &kim, json!({ "operator": true })).await;
}

/// A key that ends makes no key that does not; and keys end with the operator who made them.
#[tokio::test]
async fn a_key_outlives_neither_its_parent_nor_its_operator() {
    let world = World::new().await;
    let secret = world.state.entropy.secret();
    let (boss, other) = (world.operator("boss@example.com").await, world.operator("other@example.com").await);
    let hands = bizauth_store::Actor {
        who: bizauth_store::Who::Account(boss.id),
        name: boss.email.clone(),
        from: None,
        at: world.now(),
    };
    let end = world.now().plus(crate::world::days(1));
    let scopes = vec![Scope::PlatformWrite];
    let id = world
        .store()
        .by(hands)
        .create_operator_key("short".to_owned(), scopes, secret.digest(), Some(end))
        .await
        .unwrap();
    let key = bizauth_core::secret::Credential::OperatorKey.spell(id.0, &secret);
    let short = crate::world::Program { key, base: world.operators.clone(), http: world.http.clone() };
    let child = json!({ "name": "child", "scopes": ["platform:write"] });
    let made = short.gets_from(201, "POST", "/keys", child).await;
    assert_eq!(made["expires_at"], end.to_utc());
    assert!(world.by().set_operator(boss.id, false).await.unwrap());
    assert_eq!(short.asks("GET", "/maintenance").await.status, 401);
    let living = world.store().operator_keys(&Turn::First, 99).await.unwrap().rows;
    assert!(living.iter().all(|key| key.revoked_at.is_some()), "the child too: {living:?}");
    assert!(world.by().set_user_state(other.id, bizauth_core::user::UserState::Active).await.unwrap());
}
