//! The operator's API while others are at work: what left a list between two of its pages, and what was decided, made or
//! taken between looking and writing.

use std::collections::BTreeSet;

use bizauth_core::app::{AppKind, Role};
use bizauth_core::asset::{AssetId, AssetKind};
use bizauth_core::operator::Scope;
use bizauth_core::user::UserState;
use bizauth_store::Asked;
use serde_json::{Value, json};
use tokio::join;

use crate::console_apps::named;
use crate::world::{Answer, Program, World};

/// Walks a list row by row. Behind each page the row that `next` names is taken out of the list before the next is asked
/// for. What was seen, in its order: a list may begin anew, but must come to an end.
async fn walk(robot: &Program, path: &str, name: &str, take: impl AsyncFn(&str)) -> Vec<String> {
    let separator = if path.contains('?') { '&' } else { '?' };
    let (mut seen, mut after) = (Vec::new(), String::new());
    for _ in 0..50 {
        let page = robot.gets(&format!("{path}{separator}limit=1{after}")).await;
        seen.extend(page["items"].as_array().unwrap().iter().map(|it| it[name].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { return seen };
        take(next).await;
        after = format!("&after={next}");
    }
    panic!("{path} does not end: {seen:?}");
}

/// A list is read from a row that is named. Rows that leave it take no other row along.
#[tokio::test]
async fn a_list_is_walked_whole_while_rows_leave_it() {
    let world = World::new().await;
    let robot = world.program(&Scope::ALL).await;
    let kim = world.newcomer("kim@example.com").await;
    let (mut people, mut apps, mut assets) = (Vec::new(), Vec::new(), Vec::new());
    let shop = named(&world, "Shop", AppKind::Biz, &kim).await;
    for n in 1..=4 {
        let person = world.newcomer(&format!("a{n}@example.com")).await;
        world.by().set_user_state(person.id, UserState::Blocked).await.unwrap();
        assert!(world.by().add_member(shop, person.id, Role::Editor.word()).await.unwrap());
        world.gives(&person, "moment", "1", AssetKind::AdAccount, true).await;
        world.gives(&kim, "keyword", &format!("k{n}"), AssetKind::AdAccount, true).await;
        let app = named(&world, &format!("App {n}"), AppKind::Biz, &kim).await;
        world.by().set_sanction(app, true).await.unwrap();
        people.push(person.id.to_string());
        apps.push(app.to_string());
        assets.push(format!("k{n}"));
    }

    let blocked = walk(&robot, "/accounts?blocked=true", "id", async |next| {
        assert!(world.by().set_user_state(next.parse().unwrap(), UserState::Active).await.unwrap());
    });
    assert_eq!(blocked.await, people, "each once: the list goes by id, whether or not the row is still in it");
    assert_eq!(robot.gets("/accounts?blocked=true").await["items"][0]["id"], people[3]);

    let sanctioned = walk(&robot, "/apps?sanctioned=true", "id", async |next| {
        assert!(world.by().set_sanction(next.parse().unwrap(), false).await.unwrap());
    });
    assert_eq!(sanctioned.await, apps);

    let holders = walk(&robot, "/assets/moment/1/holders", "account", async |next| {
        assert!(world.by().lose_asset(next.parse().unwrap(), "moment".into(), AssetId("1".to_owned())).await.unwrap());
    });
    assert_eq!(holders.await, people);

    let mine = format!("/accounts/{}/assets", kim.id);
    let held = walk(&robot, &mine, "id", async |next| {
        let (group, asset) = next.split_once(':').unwrap();
        assert!(world.by().lose_asset(kim.id, group.into(), AssetId(asset.to_owned())).await.unwrap());
    });
    assert_eq!(held.await, assets);

    // By name and by address: behind a row that is gone the list begins anew, so that nothing is left out.
    for (path, name, all) in
        [("/assets?group=keyword".to_owned(), "id", &assets), (format!("/apps/{shop}/members?q=a"), "account", &people)]
    {
        let seen = walk(&robot, &path, name, async |next| match name {
            "id" => assert!(world.by().remove_asset("keyword".into(), AssetId(next.to_owned())).await.unwrap()),
            _ => drop(world.by().end_membership(shop, next.parse().unwrap()).await.unwrap()),
        });
        let seen = seen.await;
        assert_eq!(&seen, all, "{path}: what went is not shown again, what stayed is shown");
    }

    // A deleted app keeps its place, so that the list goes on behind it.
    let by_name = walk(&robot, "/apps?q=app", "id", async |next| {
        assert!(world.by().delete_app(next.parse().unwrap()).await.unwrap());
    });
    assert_eq!(by_name.await, apps);
    let left: Vec<Value> = robot.gets(&format!("/accounts/{}/apps", kim.id)).await["items"].as_array().unwrap().clone();
    assert_eq!(left.iter().map(|it| it["app"].as_str().unwrap()).collect::<BTreeSet<_>>().len(), 2, "{left:?}");
    // What is no row of the list, or never was one, is told apart.
    for (path, status) in
        [("/assets?group=keyword&after=never", 200), ("/accounts?after=x", 422), ("/apps?after=x", 422)]
    {
        assert_eq!(robot.asks("GET", path).await.status, status, "{path}");
    }
    for path in ["/accounts?blocked=false", "/apps?sanctioned=false"] {
        assert_eq!(robot.asks("GET", path).await.status, 422, "{path}: what is not so has no list of its own");
    }
}

fn statuses<const N: usize>(answers: &[Answer; N]) -> [u16; N] {
    let mut all = answers.each_ref().map(|answer| answer.status);
    all.sort_unstable();
    all
}

/// However they meet, one is first, and the other hears what is so now: never that the server is broken.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_at_once_one_is_first_and_the_other_hears_of_it() {
    let world = World::new().await;
    let robot = world.program(&Scope::ALL).await;
    let kim = world.newcomer("kim@example.com").await;
    let app = world.app_of(AppKind::Biz, None, Some(kim.id)).await;
    for n in 0..8 {
        let new = json!({ "email": format!("new{n}@example.com") });
        let made = join!(robot.says("POST", "/accounts", new.clone()), robot.says("POST", "/accounts", new));
        assert_eq!(statuses(&made.into()), [201, 409]);

        // The same group, told twice: whoever comes second finds it there as it was wished for, or hears of it.
        let path = format!("/catalogue/groups/g{n}");
        let put = || robot.says("PUT", &path, json!({ "items": [{ "id": format!("g{n}_read") }] }));
        let both = statuses(&join!(put(), put()).into());
        assert!(both == [200, 200] || both == [200, 409], "{both:?}");
        let item = format!("/catalogue/items/g{n}_write");
        let put = || robot.says("PUT", &item, json!({ "group": format!("g{n}") }));
        let both = statuses(&join!(put(), put()).into());
        assert!(both == [200, 200] || both == [200, 409], "{both:?}");

        // An asset is taken away while somebody is given it: nobody holds what there is not.
        let asset = format!("/assets/moment/{n}");
        robot.gets_from(200, "PUT", &asset, json!({ "kind": "ad_account", "name": "A" })).await;
        let holder = format!("{asset}/holders/{}", kim.id);
        let (gone, given) = join!(robot.asks("DELETE", &asset), robot.says("PUT", &holder, json!({ "role": "owner" })));
        assert_eq!(gone.status, 204);
        assert!([200, 404].contains(&given.status), "{given:?}");
        assert_eq!(robot.asks("GET", &asset).await.status, 404);
        assert_eq!(robot.gets(&format!("/accounts/{}/assets", kim.id)).await["items"], json!([]));

        // One request, two minds.
        let permission = format!("/apps/{}/permissions/moment", app.id);
        assert_eq!(robot.asks("DELETE", &permission).await.status, 204);
        let asked = world.by().ask_permission(app.id, Some("moment".into()), "We report".to_owned()).await.unwrap();
        let Asked::Made(request) = asked else { panic!("{asked:?}") };
        let path = format!("/requests/{request}/decision");
        let (grant, refuse) = (json!({ "decision": "grant" }), json!({ "decision": "refuse", "reason": "Not yet" }));
        let answers = join!(robot.says("POST", &path, grant), robot.says("POST", &path, refuse));
        let late = if answers.0.status == 409 { &answers.0 } else { &answers.1 };
        let stands = robot.gets(&format!("/requests/{request}")).await["state"].clone();
        assert_eq!(late.json()["request"]["state"], stands, "{late:?}");
        assert_eq!(statuses(&answers.into()), [200, 409]);
        let permissions = robot.gets(&format!("/apps/{}", app.id)).await["permissions"].clone();
        assert_eq!(permissions.as_array().unwrap().contains(&json!("moment")), stands == "granted");

        // A browser is signed out once.
        kim.signs_in().await;
        let sessions = robot.gets(&format!("/accounts/{}/sessions", kim.id)).await;
        let session = format!("/accounts/{}/sessions/{}", kim.id, sessions["items"][0]["id"].as_str().unwrap());
        let ended = join!(robot.asks("DELETE", &session), robot.asks("DELETE", &session));
        assert_eq!(statuses(&ended.into()), [204, 404]);

        // An app is deleted while it is granted something: the grant was before, or is told that there is none.
        let brief = world.app().await;
        let permission = format!("/apps/{}/permissions/keyword", brief.id);
        let path = format!("/apps/{}", brief.id);
        let (deleted, granted) = join!(robot.asks("DELETE", &path), robot.asks("PUT", &permission));
        assert!(deleted.status == 204 && [204, 404].contains(&granted.status), "{granted:?}");
        assert_eq!(robot.asks("GET", &path).await.status, 404);
    }
}
