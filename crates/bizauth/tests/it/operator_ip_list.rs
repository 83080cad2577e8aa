//! The IP list by page and by the operator's API: a draft is changed step by step, judged, previewed and published with a
//! reason; nothing is written over; whoever has no leave gets nothing.

use bizauth_core::operator::Scope;
use bizauth_store::AuditFilter;
use serde_json::{Value, json};

use crate::kapi_ips::{document, publish_document};
use crate::world::{Answer, Person, Program, World, days};

const HERE: &str = "/operator/ip-list";

/// Fills and submits the form that posts to `action` on the page at `page`, hidden fields and all.
async fn submits(person: &Person, world: &World, page: &str, action: &str, typed: &[(&str, &str)]) -> Answer {
    let shown = person.opens(page).await;
    assert_eq!(shown.status, 200, "{page}: {shown:?}");
    let mut fields = shown.hidden(action);
    fields.extend(typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    Answer::of(person.browser.post(format!("{}{action}", world.operators)).form(&fields)).await
}

async fn scene() -> (World, Person) {
    let world = World::new().await;
    let operator = world.operator("op@example.com").await.at(&world.operators);
    operator.signs_in().await;
    (world, operator)
}

async fn wire(world: &World) -> Value {
    let key = world.app().await.client_id;
    let request = world.request("GET", "/v1/system/ips").header("authorization", format!("KakaoAK {key}"));
    Answer::of(request).await.json()
}

#[tokio::test]
async fn a_first_list_is_drafted_judged_previewed_and_published_by_page() {
    let (world, operator) = scene().await;
    assert!(operator.opens(HERE).await.body.contains("No list has been published"));
    let new = format!("{HERE}/draft/new");
    let service =
        [("list", "inbound"), ("name", "callback"), ("ports", "443, 80"), ("ips", "211.249.203.104/24\n1.1.1.0/33")];
    let refused = submits(&operator, &world, &new, &new, &service).await;
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("“1.1.1.0/33” is not a network"), "{refused:?}");
    let service =
        [("list", "inbound"), ("name", "callback"), ("ports", "443, 80"), ("ips", "211.249.203.104/24\n10.0.0.0/8")];
    let made = submits(&operator, &world, &new, &new, &service).await;
    assert_eq!(made.status, 303, "{made:?}");
    let place = format!("{HERE}/draft/inbound/0");
    assert!(made.location().starts_with(&place), "{made:?}");

    // A step, for a day to come only.
    let step = format!("{place}/new");
    let past =
        [("change", "addition"), ("date", "2026-11-21"), ("ips", "1.201.0.0/16"), ("note", ""), ("announced_by", "")];
    assert_eq!(submits(&operator, &world, &step, &step, &past).await.status, 422);
    let soon = [
        ("change", "addition"),
        ("date", "2026-12-01"),
        ("ips", "1.201.0.0/16"),
        ("note", "둘째 센터"),
        ("announced_by", "network team"),
    ];
    assert_eq!(submits(&operator, &world, &step, &step, &soon).await.status, 303);

    // The check refuses it, so there is nothing to publish it with.
    let draft = format!("{HERE}/draft");
    let page = operator.opens(&draft).await;
    assert!(page.body.contains("10.0.0.0/8 is private or reserved"), "{page:?}");
    assert!(!page.body.contains("draft/publish"), "{page:?}");
    let fields = [("name", "callback"), ("ports", "443, 80"), ("ips", "211.249.203.104/24 220.64.110.190/25")];
    assert_eq!(submits(&operator, &world, &place, &place, &fields).await.status, 303);
    let page = operator.opens(&draft).await;
    assert!(page.body.contains("Nothing stands in the way") && page.body.contains("has host bits"), "{page:?}");
    let preview = operator.opens(&format!("{HERE}/preview?of=draft&at=2026-12-01")).await;
    assert!(preview.body.contains("Added on 2026-12-01 (둘째 센터)"), "{preview:?}");
    assert!(world.store().published_ips().await.unwrap().is_none(), "nothing is published yet");

    // Not without a reason, and not unread.
    let publish = format!("{draft}/publish");
    assert_eq!(submits(&operator, &world, &draft, &publish, &[("reason", ""), ("sure", "yes")]).await.status, 422);
    assert_eq!(submits(&operator, &world, &draft, &publish, &[("reason", "first list")]).await.status, 422);
    let done = submits(&operator, &world, &draft, &publish, &[("reason", "first list"), ("sure", "yes")]).await;
    assert!(done.location().starts_with(&format!("{HERE}/versions/1")), "{done:?}");
    let version = operator.opens(&format!("{HERE}/versions/1")).await;
    for told in ["op@example.com", "first list", "network team", "New service"] {
        assert!(version.body.contains(told), "{told}: {version:?}");
    }
    let wire = wire(&world).await;
    assert_eq!(wire["inbound"][0]["ips"], json!(["211.249.203.104/24", "220.64.110.190/25"]), "as typed");
    assert_eq!(wire["inbound"][0]["addition"], json!({ "ips": ["1.201.0.0/16"], "date": "2026-12-01" }));
    assert_eq!(wire["updatedDate"], "2026-11-21");

    // It is in the log, with its reason.
    let filter = AuditFilter { act: Some("ip_list.publish".to_owned()), ..Default::default() };
    let entry = &world.store().audit_page(&filter, None, 9).await.unwrap()[0].entry;
    assert_eq!(entry.actor, "op@example.com");
    assert!(entry.about.contains("first list"), "{entry:?}");
    assert!(operator.opens("/operator/audit").await.body.contains("IP list published"));
}

#[tokio::test]
async fn a_draft_begins_with_today_and_is_published_over_nobody() {
    let (world, operator) = scene().await;
    publish_document(&world, &document()).await;
    let draft = format!("{HERE}/draft");
    let page = operator.opens(&draft).await;
    assert!(page.body.contains("The draft does not differ from the published list."), "{page:?}");
    // The second service of the outbound list: what was announced has come.
    let place = format!("{HERE}/draft/outbound/1");
    let shown = operator.opens(&place).await;
    assert!(shown.body.contains("111.111.111.0/32\n111.111.111.1/32</textarea>"), "{shown:?}");
    let late = operator.opens(&place).await.hidden(&place);
    let fields = [("name", "https://kapi.kakao.com"), ("ports", "443"), ("ips", "111.111.111.0/31")];
    assert_eq!(submits(&operator, &world, &place, &place, &fields).await.status, 303);

    // A form that was opened before writes over nothing.
    let mut old: Vec<(String, String)> = late;
    old.extend(fields.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let overtaken = Answer::of(operator.browser.post(format!("{}{place}", world.operators)).form(&old)).await;
    assert_eq!(overtaken.status, 422);
    assert!(overtaken.body.contains("Somebody else has changed the draft"), "{overtaken:?}");

    // Another publication meanwhile: the draft would undo it.
    let page = operator.opens(&draft).await;
    assert!(page.body.contains("111.111.111.0/31") && page.body.contains("draft/publish"), "{page:?}");
    let hidden = page.hidden(&format!("{draft}/publish"));
    let mut other = document();
    other["inbound"][0]["ports"] = json!([8443]);
    publish_document(&world, &other).await;
    let mut typed = hidden;
    typed.extend([("reason", "x"), ("sure", "yes")].map(|(name, value)| (name.to_owned(), value.to_owned())));
    let refused = Answer::of(operator.browser.post(format!("{}{draft}/publish", world.operators)).form(&typed)).await;
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("Another version has been published since"), "{refused:?}");
    assert_eq!(wire(&world).await["inbound"][0]["ports"], json!([8443]));
    let discard = format!("{draft}/discard");
    assert_eq!(submits(&operator, &world, &draft, &discard, &[]).await.status, 303);
    assert!(operator.opens(&draft).await.body.contains("The draft does not differ"));
}

#[tokio::test]
async fn steps_and_services_are_changed_and_removed_by_page() {
    let (world, operator) = scene().await;
    let mut list = document();
    list["inbound"][1]["exclusion"] = json!([{ "ips": ["211.231.96.0/24"], "date": "2026-12-05" }]);
    publish_document(&world, &list).await;
    let place = format!("{HERE}/draft/inbound/1");
    let step = format!("{place}/exclusion/0");
    assert!(operator.opens(&step).await.body.contains("211.231.96.0/24</textarea>"));
    let later = [
        ("change", "exclusion"),
        ("date", "2026-12-24"),
        ("ips", "211.231.96.0/24"),
        ("note", "later"),
        ("announced_by", ""),
    ];
    assert_eq!(submits(&operator, &world, &step, &step, &later).await.status, 303);
    let page = operator.opens(&format!("{HERE}/draft")).await;
    assert!(page.body.contains("No longer announced: Exclusion on 2026-12-05"), "{page:?}");
    assert!(page.body.contains("Announced: Exclusion on 2026-12-24"), "{page:?}");
    assert_eq!(submits(&operator, &world, &place, &format!("{step}/remove"), &[]).await.status, 303);
    assert_eq!(operator.opens(&step).await.status, 404);
    let remove = format!("{place}/remove");
    assert_eq!(submits(&operator, &world, &place, &remove, &[("confirm", "scarp")]).await.status, 422);
    assert_eq!(submits(&operator, &world, &place, &remove, &[("confirm", "scrap")]).await.status, 303);
    let page = operator.opens(&format!("{HERE}/draft")).await;
    assert!(page.body.contains("Service removed") && page.body.contains("no exclusion announced it"), "{page:?}");
    for path in ["/draft/inbound/7", "/draft/sideways/0", "/versions/9", "/preview?serial=9", "/webhooks/9"] {
        assert_eq!(operator.opens(&format!("{HERE}{path}")).await.status, 404, "{path}");
    }
    assert_eq!(operator.opens(&format!("{HERE}/preview?at=tomorrow")).await.status, 422);
}

async fn robot(world: &World, scope: Scope) -> Program {
    world.program(&[scope]).await
}

#[tokio::test]
async fn a_program_drafts_and_publishes_too() {
    let world = World::new().await;
    let robot = robot(&world, Scope::IpListWrite).await;
    assert_eq!(robot.asks("GET", "/ip-list").await.status, 404);
    let mut list = document();
    list["inbound"][0]["addition"] =
        json!([{ "ips": ["1.201.0.0/16"], "date": "2026-12-01", "note": "new", "announcedBy": "kim" }]);
    let draft = robot.gets_from(200, "PUT", "/ip-list/draft", json!({ "document": list })).await;
    assert_eq!((&draft["flaws"], &draft["refusals"], &draft["based_on"]), (&json!([]), &json!([]), &json!(0)));
    let revision = draft["revision"].clone();
    let stale = json!({ "document": list, "revision": "5" });
    robot.gets_from(409, "PUT", "/ip-list/draft", stale).await;
    let seen = robot.gets("/ip-list?draft=true&at=2026-12-01").await;
    assert_eq!((&seen["serial"], &seen["inbound"][0]["ips"][5]["reason"]), (&json!(null), &json!("added")));
    assert_eq!(seen["inbound"][0]["ips"][5]["note"], "new");
    robot.gets_from(422, "POST", "/ip-list/versions", json!({})).await;
    let body = json!({ "reason": "first", "revision": revision });
    let version = robot.gets_from(201, "POST", "/ip-list/versions", body).await;
    assert_eq!(
        (&version["serial"], &version["author"], &version["reason"]),
        (&json!(1), &json!("robot"), &json!("first"))
    );
    assert_eq!(robot.gets("/ip-list/draft").await["changed_at"], json!(null));
    let whole = robot.gets("/ip-list/versions/1").await;
    assert_eq!(whole["document"]["inbound"][0]["addition"]["announcedBy"], "kim");
    assert_eq!(whole["changes"].as_array().unwrap().len(), 6);

    // A document at once, and what lint refuses with its reasons.
    list["inbound"][0]["ips"] = json!(["0.0.0.0/0", "10.0.0.0/8"]);
    let refused = robot.gets_from(422, "POST", "/ip-list/versions", json!({ "reason": "x", "document": list })).await;
    let told: Vec<_> = refused["errors"].as_array().unwrap().iter().map(|it| it["detail"].as_str().unwrap()).collect();
    assert!(told.contains(&"inbound \"callback\": 0.0.0.0/0 is every address there is"), "{told:?}");
    list["inbound"][0]["ips"] = json!(["8.8.8.0"]);
    let flawed = robot.gets_from(422, "POST", "/ip-list/versions", json!({ "reason": "x", "document": list })).await;
    assert!(flawed["detail"].as_str().unwrap().contains("has no prefix length"), "{flawed}");
    world.advance(days(1));
    let mut other = document();
    other["outbound"][0]["ports"] = json!([443, 8443]);
    robot.gets_from(201, "POST", "/ip-list/versions", json!({ "reason": "ports", "document": other })).await;
    let diff = robot.gets("/ip-list/diff?from=1&to=2").await;
    let ports = diff["changes"].as_array().unwrap().iter().find(|it| it["service"] == "https://kauth.kakao.com");
    assert_eq!(ports.unwrap()["ports"], json!({ "before": [443], "after": [443, 8443] }));
    let versions = robot.gets("/ip-list/versions?limit=1").await;
    assert_eq!((&versions["items"][0]["serial"], &versions["next"]), (&json!(2), &json!("2")));
    // Who changed nothing is dated as before.
    assert_eq!(wire(&world).await["outbound"][0]["updatedDate"], "2026-11-22");
    assert_eq!(wire(&world).await["inbound"][1]["updatedDate"], "2026-11-21");
    robot.gets_from(200, "PUT", "/ip-list/draft", json!({ "document": other })).await;
    assert_eq!(robot.asks("DELETE", "/ip-list/draft").await.status, 204);
    assert_eq!(robot.asks("DELETE", "/ip-list/draft").await.status, 204);
}

#[tokio::test]
async fn a_key_that_may_read_changes_nothing() {
    let world = World::new().await;
    let robot = robot(&world, Scope::IpListRead).await;
    assert_eq!(robot.gets("/ip-list/draft").await["changes"], json!([]));
    let body = json!({ "reason": "x", "document": document() });
    assert_eq!(robot.says("POST", "/ip-list/versions", body).await.status, 403);
    assert_eq!(robot.says("POST", "/ip-list/webhooks", json!({ "url": "https://a.example" })).await.status, 403);
}
