//! Files of assets, by the operator's API and by the operator's page: looked at first, every bad row named, then applied.

use bizauth_core::operator::Scope;
use serde_json::{Value, json};

use crate::world::{Answer, Person, Program, World, minutes};

const GOOD: &str = "group,id,kind,name,email,role,lendable
moment,1,ad_account,봄,kim@example.com,owner,yes
moment,1,ad_account,봄,lee@example.com,manager,no
moment,2,channel,Summer,,,
";
const MIXED: &str = "group,id,kind,name,email,role
moment,1,ad_account,Spring,kim@example.com,owner
moment,2,house,Summer,,
moment,3,ad_account,Autumn,nobody@example.com,owner
nowhere,4,ad_account,Winter,,
";

async fn hands_in(robot: &Program, query: &str, kind: &str, file: &str) -> Answer {
    let request = robot.request("POST", &format!("/imports?{query}"));
    robot.sends(request.header("content-type", kind.to_owned()).body(file.to_owned())).await
}

/// Asks until the import is over. Each question waits for its answer and nothing else: the worker has the time between.
async fn done(robot: &Program, id: &Value) -> Value {
    let path = format!("/imports/{}", id.as_str().unwrap());
    let asks = async {
        loop {
            let import = robot.gets(&path).await;
            if import["state"] == "done" {
                return import;
            }
        }
    };
    let patience = std::time::Duration::from_secs(60);
    tokio::time::timeout(patience, asks).await.unwrap_or_else(|_| panic!("the import {id} does not end"))
}

async fn scene() -> (World, Program) {
    let world = World::new().await;
    world.newcomer("kim@example.com").await;
    world.newcomer("lee@example.com").await;
    let robot = world.program(&[Scope::AssetsWrite]).await;
    (world, robot)
}

#[tokio::test]
async fn a_dry_run_changes_nothing_and_says_what_would() {
    let (_world, robot) = scene().await;
    let answer = hands_in(&robot, "name=assets.csv", "text/csv", GOOD).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let import = answer.json();
    assert_eq!((&import["state"], &import["rows"], &import["refused"]), (&json!("checked"), &json!(3), &json!(0)));
    assert_eq!((&import["counts"]["assets_added"], &import["counts"]["holders_added"]), (&json!(2), &json!(2)));
    assert_eq!(robot.gets("/assets?group=moment").await["items"], json!([]));
    let listed = robot.gets("/imports").await["items"][0].clone();
    assert_eq!((&listed["name"], &listed["made_by"]), (&json!("assets.csv"), &json!("robot")), "by the key's name");

    let path = format!("/imports/{}/apply", import["id"].as_str().unwrap());
    assert_eq!(robot.asks("POST", &path).await.status, 200);
    let over = done(&robot, &import["id"]).await;
    assert_eq!((&over["applied"], &over["counts"]["assets_added"]), (&json!(3), &json!(2)));
    assert_eq!(robot.gets("/assets/moment/1/holders").await["items"].as_array().unwrap().len(), 2);
    assert_eq!(robot.asks("POST", &path).await.json()["state"], "done", "once more is fine");

    let again = hands_in(&robot, "dry_run=false", "text/csv", GOOD).await.json();
    let over = done(&robot, &again["id"]).await;
    assert_eq!((&over["counts"]["same"], &over["counts"]["holders_added"]), (&json!(3), &json!(0)));
}

#[tokio::test]
async fn every_bad_row_is_named_and_the_others_wait_for_a_word() {
    let (_world, robot) = scene().await;
    let answer = hands_in(&robot, "dry_run=false", "text/csv", MIXED).await;
    assert_eq!(answer.status, 422);
    let told = answer.json();
    let details: Vec<_> = told["errors"].as_array().unwrap().iter().map(|it| it["detail"].as_str().unwrap()).collect();
    assert_eq!(details.len(), 3);
    assert!(details[0].starts_with("row 3: “house”") && details[1].starts_with("row 4: "), "{details:?}");
    let id = told["import"]["id"].as_str().unwrap();
    let refusals = robot.gets(&format!("/imports/{id}/refusals?limit=2")).await;
    assert_eq!((&refusals["items"][1]["column"], &refusals["next"]), (&json!("email"), &json!("2")));
    let last = robot.gets(&format!("/imports/{id}/refusals?after=2")).await;
    assert_eq!((&last["items"][0]["reason"], &last["next"]), (&json!("no-such-group"), &json!(null)));
    assert_eq!(robot.asks("POST", &format!("/imports/{id}/apply")).await.status, 422);
    assert_eq!(robot.gets("/assets?group=moment").await["items"], json!([]));

    assert_eq!(robot.asks("POST", &format!("/imports/{id}/apply?good_rows_only=true")).await.status, 200);
    assert_eq!(done(&robot, &json!(id)).await["applied"], 1);
    assert_eq!(robot.gets("/assets?group=moment").await["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_no_such_file_is_told_whole() {
    let (_world, robot) = scene().await;
    for (kind, file, status) in [
        ("text/csv", "group,id\n", 422),
        ("text/csv", "", 422),
        ("application/json", "{}", 422),
        ("application/json", "[", 422),
        ("text/plain", GOOD, 415),
    ] {
        assert_eq!(hands_in(&robot, "", kind, file).await.status, status, "{kind} {file}");
    }
    assert_eq!(hands_in(&robot, "dry_run=perhaps", "text/csv", GOOD).await.status, 422);
    let rows = json!([{ "group": "moment", "id": 7, "kind": "ad_account", "name": "A" }]).to_string();
    assert_eq!(hands_in(&robot, "", "application/json", &rows).await.json()["rows"], 1);
    assert_eq!(robot.asks("GET", "/imports/5").await.status, 404);
}

/// Several chunks, and one that somebody began and left.
#[tokio::test]
async fn an_import_goes_on_where_it_stopped() {
    let (world, robot) = scene().await;
    let rows: String = (0..1001).map(|n| format!("moment,a{n},channel,Name {n},kim@example.com,owner,yes\n")).collect();
    let file = format!("group,id,kind,name,email,role,lendable\n{rows}");
    let import = hands_in(&robot, "", "text/csv", &file).await.json();
    let id = import["id"].as_str().unwrap().parse().unwrap();
    assert!(world.by().start_import(id).await.unwrap());
    let path = format!("/imports/{id}/apply");
    assert_eq!(robot.asks("POST", &path).await.json()["applied"], 0, "somebody is at work on it");
    world.advance(minutes(1));
    robot.asks("POST", &path).await;
    let over = done(&robot, &import["id"]).await;
    assert_eq!((&over["applied"], &over["counts"]["holders_added"]), (&json!(1001), &json!(1001)));
    let filter = bizauth_store::AuditFilter { act: Some("import.rows".to_owned()), ..Default::default() };
    assert_eq!(world.store().audit_page(&filter, None, 9).await.unwrap().len(), 3, "an entry for each chunk");
}

async fn uploads(operator: &Person, world: &World, name: &str, file: &str) -> Answer {
    let here = "/operator/assets/import";
    let page = operator.opens(here).await;
    let token = page.input(here, "form_token");
    let body = format!(
        "--x\r\ncontent-disposition: form-data; name=\"form_token\"\r\n\r\n{token}\r\n--x\r\n\
         content-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n{file}\r\n--x--\r\n"
    );
    let post = operator.browser.post(format!("{}{here}", world.operators));
    Answer::of(post.header("content-type", "multipart/form-data; boundary=x").body(body)).await
}

#[tokio::test]
async fn an_operator_imports_by_page() {
    let (world, robot) = scene().await;
    let operator = world.operator("op@example.com").await.at(&world.operators);
    operator.signs_in().await;
    let bad = uploads(&operator, &world, "assets.csv", "group,id\n").await;
    assert_eq!(bad.status, 422);
    assert!(bad.body.contains("The first line lacks the column “kind”."), "{bad:?}");

    let seen = uploads(&operator, &world, "assets.csv", MIXED).await;
    assert_eq!(seen.status, 303, "{seen:?}");
    let here = seen.location().split('?').next().unwrap().to_owned();
    let page = operator.opens(&here).await;
    assert!(
        page.body.contains("is no kind of asset") && page.body.contains("Apply only the rows that fit"),
        "{page:?}"
    );
    assert_eq!(page.header("refresh"), None);
    assert!(page.all("dd").contains(&"op@example.com".to_owned()), "who handed it in: {page:?}");
    let by_program = hands_in(&robot, "", "text/csv", GOOD).await.json();
    let theirs = operator.opens(&format!("/operator/assets/imports/{}", by_program["id"].as_str().unwrap())).await;
    assert!(theirs.all("dd").contains(&"robot".to_owned()), "{theirs:?}");
    let listed = operator.opens("/operator/assets/import").await.all("td");
    assert!(["op@example.com", "robot"].iter().all(|who| listed.contains(&(*who).to_owned())), "{listed:?}");
    let apply = format!("{here}/apply");
    let token = page.input(&apply, "form_token");
    let post = async |fields: &[(&str, &str)]| {
        Answer::of(operator.browser.post(format!("{}{apply}", world.operators)).form(fields)).await
    };
    assert_eq!(post(&[("form_token", &token)]).await.location(), here, "nobody said that the good rows will do");
    assert_eq!(robot.gets("/assets?group=moment").await["items"], json!([]));
    assert_eq!(post(&[("form_token", &token), ("good", "yes")]).await.status, 303);
    done(&robot, &json!(here.rsplit('/').next().unwrap())).await;
    let page = operator.opens(&here).await;
    assert!(page.body.contains("This is what changed"), "{page:?}");
    assert_eq!(robot.gets("/assets/moment/1/holders").await["items"][0]["email"], "kim@example.com");
    assert!(operator.opens("/operator/assets/import").await.body.contains("assets.csv"));
    let filter = bizauth_store::AuditFilter { actor: Some("op@example.com".to_owned()), ..Default::default() };
    let acts: Vec<_> =
        world.store().audit_page(&filter, None, 9).await.unwrap().into_iter().map(|it| it.entry.act).collect();
    assert_eq!(acts, ["import.finish", "import.rows", "import.start", "import.check", "session.begin"]);

    // While it runs the page renews itself; left alone, it offers to go on.
    let seen = uploads(&operator, &world, "more.csv", GOOD).await;
    let here = seen.location().split('?').next().unwrap().to_owned();
    let id = here.rsplit('/').next().unwrap().parse().unwrap();
    assert!(world.by().start_import(id).await.unwrap());
    assert_eq!(operator.opens(&here).await.header("refresh"), Some("3"));
    world.advance(minutes(1));
    let stuck = operator.opens(&here).await;
    assert!(stuck.header("refresh").is_none() && stuck.body.contains("Go on"), "{stuck:?}");
    assert_eq!(operator.opens("/operator/assets/imports/5").await.status, 404);
}

/// Not every store keeps a NUL: rows that hold one are named, and the others can be applied.
#[tokio::test]
async fn a_row_with_a_nul_is_named_and_the_file_is_kept() {
    let (_world, robot) = scene().await;
    let file = "group,id,kind,name,email,role,lendable
moment,1,ad_account,Sp\0ring,,,
moment,1,ad_account,Spring,kim@example.com,owner,
moment,2,ad_account,Summer,,,\0
moment,3,ad_account,Autumn,,\u{1},
";
    let answer = hands_in(&robot, "", "text/csv", file).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let import = answer.json();
    assert_eq!((&import["rows"], &import["refused"]), (&json!(1), &json!(3)));
    let id = import["id"].as_str().unwrap();
    let refusals = robot.gets(&format!("/imports/{id}/refusals")).await;
    let told: Vec<_> =
        refusals["items"].as_array().unwrap().iter().map(|it| (&it["row"], &it["column"], &it["reason"])).collect();
    let (control, row) = (json!("control"), |n: u64| json!(n));
    assert_eq!(
        told,
        [
            (&row(2), &json!("name"), &control),
            (&row(4), &json!("lendable"), &control),
            (&row(5), &json!("role"), &control)
        ]
    );
    assert_eq!(robot.asks("POST", &format!("/imports/{id}/apply?good_rows_only=true")).await.status, 200);
    assert_eq!(done(&robot, &json!(id)).await["applied"], 1);
    assert_eq!(robot.gets("/assets/moment/1").await["name"], "Spring");
}

/// A role that nobody knows is a slip of the pen: the row is named, with what would do.
#[tokio::test]
async fn an_unknown_role_is_refused_with_those_that_are_known() {
    let world = World::new().await;
    world.newcomer("kim@example.com").await;
    let lee = crate::operator_accounts::operator(&world).await;
    let file = "group,id,kind,name,email,role\nmoment,1,ad_account,A,kim@example.com,ownr\n\
                moment,2,ad_account,B,kim@example.com,viewer\n";
    let kept = uploads(&lee, &world, "roles.csv", file).await;
    for (language, words) in
        [("en", "“ownr” is no known role. Write owner, manager"), ("ko", "모르는 역할입니다. owner")]
    {
        lee.opens(&format!("/language?to={language}&next=/")).await;
        let told = lee.opens(kept.location().split('?').next().unwrap()).await;
        assert!(told.body.contains(words), "{told:?}");
    }
    let semicolons = uploads(&lee, &world, "semicolons.csv", "group;id;kind;name\nmoment;1;ad_account;A\n").await;
    assert_eq!(semicolons.status, 422);
    assert!(semicolons.body.contains("‘;’(으)로 나뉘어"), "{semicolons:?}");
}

/// Nothing is called by a name with control characters, and no store is asked for one.
#[tokio::test]
async fn a_path_with_a_nul_leads_nowhere() {
    let world = World::new().await;
    let robot = world.program(&Scope::ALL).await;
    for path in
        ["/assets/moment/a%00", "/accounts/%00", "/directories/a%00b", "/catalogue/groups/a%01/raise", "/imports/%00"]
    {
        for method in ["GET", "PUT", "POST", "DELETE"] {
            let status = robot.asks(method, path).await.status;
            assert!([404, 405].contains(&status), "{method} {path}: {status}");
        }
    }
    let lee = crate::operator_accounts::operator(&world).await;
    for path in ["/operator/assets/moment/a%00", "/operator/catalogue/groups/%00", "/operator/catalogue/items/a%01"] {
        assert_eq!(lee.opens(path).await.status, 404, "{path}");
    }
}
