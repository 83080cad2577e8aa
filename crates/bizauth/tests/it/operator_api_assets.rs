//! The operator's API about assets and those who hold them; and directories that keep them in step from elsewhere.

use bizauth_core::operator::Scope;
use bizauth_store::Turn;
use serde_json::{Value, json};

use crate::world::World;

#[tokio::test]
async fn assets_and_holders_are_put_as_often_as_one_likes() {
    let world = World::new().await;
    let robot = world.program(&[Scope::AssetsWrite]).await;
    let kim = world.newcomer("kim@example.com").await;
    for _ in 0..2 {
        let put = robot.gets_from(200, "PUT", "/assets/moment/7", json!({ "kind": "ad_account", "name": "봄" })).await;
        assert_eq!(put, json!({ "group": "moment", "id": "7", "kind": "ad_account", "name": "봄" }));
    }
    let entries = world.store().audit_head().await.unwrap().seq;
    robot.gets_from(200, "PUT", "/assets/moment/7", json!({ "kind": "ad_account", "name": "봄" })).await;
    assert_eq!(world.store().audit_head().await.unwrap().seq, entries, "nothing happened, nothing is told");
    robot.gets_from(200, "PUT", "/assets/moment/8", json!({ "kind": "channel", "name": "가을" })).await;
    let page = robot.gets("/assets?group=moment&limit=1").await;
    assert_eq!((&page["items"][0]["name"], &page["next"]), (&json!("가을"), &json!("8")));
    assert_eq!(robot.gets("/assets?group=moment&limit=1&after=8").await["items"][0]["id"], "7");
    assert_eq!(robot.gets("/assets?group=moment&q=%EB%B4%84").await["items"].as_array().unwrap().len(), 1);
    assert_eq!(robot.asks("GET", "/assets").await.status, 422);
    assert_eq!(robot.gets("/assets/moment/7").await["name"], "봄");
    for (path, body) in [
        ("/assets/personal/7", json!({ "kind": "ad_account", "name": "x" })),
        ("/assets/nowhere/7", json!({ "kind": "ad_account", "name": "x" })),
        ("/assets/moment/a%20b", json!({ "kind": "ad_account", "name": "x" })),
        ("/assets/moment/9", json!({ "kind": "house", "name": "" })),
    ] {
        assert_eq!(robot.says("PUT", path, body).await.status, 422, "{path}");
    }

    let holder = format!("/assets/moment/7/holders/{}", kim.id);
    let moment = "moment".into();
    let held = async || world.store().holdings_page((kim.id, &moment), "", &Turn::First, 9).await.unwrap().rows;
    for _ in 0..2 {
        let told = robot.gets_from(200, "PUT", &holder, json!({ "role": "owner" })).await;
        assert_eq!((&told["email"], &told["lendable"]), (&json!("kim@example.com"), &json!(true)));
    }
    let first = held().await[0].id;
    robot.gets_from(200, "PUT", &holder, json!({ "role": "manager", "lendable": false })).await;
    assert_eq!((held().await[0].id, held().await[0].role.as_str()), (first, "manager"));
    assert_eq!(robot.gets("/assets/moment/7/holders").await["items"][0]["role"], "manager");
    assert_eq!(robot.says("PUT", "/assets/moment/7/holders/5", json!({ "role": "owner" })).await.status, 404);
    assert_eq!(robot.says("PUT", "/assets/moment/99/holders/5", json!({ "role": "owner" })).await.status, 404);
    for path in [&holder, "/assets/moment/7", "/assets/moment/7", &holder] {
        assert_eq!(robot.asks("DELETE", path).await.status, 204);
    }
    assert!(held().await.is_empty());
    assert_eq!(robot.asks("GET", "/assets/moment/7").await.status, 404);
}

fn put(external_id: &str, id: &str, holders: Value) -> Value {
    json!({ "put": {
        "external_id": external_id, "group": "moment", "id": id, "kind": "ad_account", "name": "A", "holders": holders,
    } })
}

#[tokio::test]
async fn losing_an_asset_in_the_directory_takes_it_out_of_every_token_at_once() {
    let world = World::new().await;
    let robot = world.program(&[Scope::AssetsWrite]).await;
    let (app, kim) = (world.app().await, world.newcomer("kim@example.com").await);
    let holders = json!([{ "account": { "email": "kim@example.com" }, "role": "owner" }]);
    let batch = json!({ "cursor": "1", "changes": [put("a", "71", holders.clone()), put("b", "72", holders.clone())] });
    let done = robot.gets_from(200, "POST", "/directories/crm/changes", batch.clone()).await;
    assert_eq!(done["results"][1], json!({ "result": "added", "gained": 1, "altered": 0, "lost": 0 }));
    let code = kim.consents(&app, "scope=moment_management", &[("asset.moment", "71"), ("asset.moment", "72")]).await;
    let token = app.buys(&world, &code).await;
    let lent = async || world.tokeninfo(&token).await.json()["biz_agreements"][0]["ad_account_ids"].clone();
    assert_eq!(lent().await, json!(["71", "72"]));

    let again = robot.gets_from(200, "POST", "/directories/crm/changes", batch).await;
    assert_eq!(again["results"][0]["result"], "same");
    assert_eq!(lent().await, json!(["71", "72"]), "told again, what was lent stays lent");

    let body = json!({ "group": "moment", "id": "71", "kind": "ad_account", "name": "A", "holders": [] });
    let put = robot.gets_from(200, "PUT", "/directories/crm/assets/a", body).await;
    assert_eq!((&put["result"], &put["lost"]), (&json!("changed"), &json!(1)));
    assert_eq!(lent().await, json!(["72"]));
    for _ in 0..2 {
        assert_eq!(robot.asks("DELETE", "/directories/crm/assets/b").await.status, 204);
    }
    assert_eq!(lent().await, json!([]));
}

#[tokio::test]
async fn a_batch_stands_whole_or_not_at_all_and_every_mistake_has_its_place() {
    let world = World::new().await;
    let robot = world.program(&[Scope::AssetsWrite, Scope::AccountsWrite]).await;
    let kim = world.newcomer("kim@example.com").await;
    robot.gets_from(200, "PATCH", &format!("/accounts/{}", kim.id), json!({ "external_id": "K/1" })).await;
    let says = async |body: Value| robot.says("POST", "/directories/crm/changes", body).await;
    let holders = json!([
        { "account": { "external_id": "K/1" }, "role": "owner" },
        { "account": { "id": kim.id.to_string() }, "role": "manager" },
    ]);
    let mut personal = put("c", "1", json!([]));
    personal["put"]["group"] = json!("personal");
    let nobody = json!([{ "account": { "email": "nobody@example.com" }, "role": "owner" }]);
    let changes = json!([put("good", "1", json!([])), personal, put("d", "2", nobody), put("e", "3", holders)]);
    let answer = says(json!({ "cursor": "1", "changes": changes })).await;
    let pointers: Vec<_> = answer.json()["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["pointer"].as_str().unwrap().to_owned())
        .collect();
    let wanted = ["#/changes/1/put/group", "#/changes/2/put/holders/0/account", "#/changes/3/put/holders/1/account"];
    assert_eq!((answer.status, pointers), (422, wanted.map(str::to_owned).to_vec()));
    assert_eq!(robot.asks("GET", "/directories/crm").await.status, 404, "nothing was changed");
    assert_eq!(robot.gets("/assets?group=moment").await["items"], json!([]));

    let broken = json!({ "cursor": 5, "changes": [
        { "put": { "external_id": "", "group": "mo ment", "kind": "x", "holders": [{ "role": "r" }], "y": 1 } },
        { "delete": {}, "put": {} },
        7,
    ] });
    let answer = says(broken).await;
    assert_eq!(answer.status, 422);
    for place in [
        "#/cursor",
        "#/changes/0/put/external_id",
        "#/changes/0/put/group",
        "#/changes/0/put/id",
        "#/changes/0/put/holders/0/account",
        "#/changes/0/put/y",
        "#/changes/1",
        "#/changes/2",
    ] {
        assert!(answer.body.contains(&format!("\"{place}\"")), "{place}: {answer:?}");
    }
    let many: Vec<Value> = (0..1001).map(|n| json!({ "delete": { "external_id": n.to_string() } })).collect();
    assert_eq!(says(json!({ "cursor": "1", "changes": many })).await.status, 422);
    assert_eq!(robot.asks("GET", "/directories/CRM").await.status, 422);
}

#[tokio::test]
async fn a_directory_says_how_far_it_has_come() {
    let world = World::new().await;
    let robot = world.program(&[Scope::AssetsWrite]).await;
    let says = async |after: &str, cursor: &str| {
        let body = json!({ "after": after, "cursor": cursor, "changes": [put(cursor, cursor, json!([]))] });
        robot.says("POST", "/directories/crm/changes", body).await
    };
    assert_eq!(says("", "1").await.status, 200);
    assert_eq!(says("1", "2").await.status, 200);
    let late = says("1", "3").await;
    assert_eq!((late.status, &late.json()["cursor"]), (409, &json!("2")));
    assert_eq!(says("1", "2").await.json()["results"][0]["result"], "same", "a batch that is sent again");
    assert_eq!(robot.gets("/directories/crm").await["cursor"], "2");
    assert_eq!(robot.gets("/directories").await["items"][0]["source"], "crm");
    let page = robot.gets("/directories/crm/assets?limit=1").await;
    assert_eq!((&page["items"][0]["external_id"], &page["next"]), (&json!("1"), &json!("1")));
    assert_eq!(robot.gets("/directories/crm/assets?after=1").await["items"][0]["id"], "2");
    let other = json!({ "group": "moment", "id": "1", "kind": "ad_account", "name": "A" });
    assert_eq!(robot.says("PUT", "/directories/erp/assets/x", other).await.status, 422, "another directory keeps it");
}
