//! What stands beside the documented endpoint of the IP list: the list on any day with its reasons, history, difference,
//! feed, calendar, exports and signature. The documented endpoint stays as it is.

use std::process::Command;
use std::time::Duration;

use bizauth::ip_list::signing;
use bizauth_core::fault::KapiFault;
use serde_json::{Value, json};

use crate::kapi_ips::{document, on_the_eve, publish_document, set_clock};
use crate::world::{Answer, NOON, World, days};

/// The documents' list with a note, and one change more.
fn noted() -> Value {
    let mut list = document();
    list["outbound"][1]["addition"]["note"] = json!("새 데이터 센터, \"둘째\"");
    list["outbound"][1]["addition"]["announcedBy"] = json!("network@platform.example");
    list["inbound"][1]["exclusion"] = json!([
        { "ips": ["211.231.96.0/24"], "date": "2023-07-02", "note": "returned <early>" },
        { "ips": ["27.0.236.0/23"], "date": "2023-08-01" }
    ]);
    list
}

async fn asked(world: &World, path: &str, headers: &[(&str, &str)]) -> Answer {
    let request = headers.iter().fold(world.request("GET", path), |it, (name, value)| it.header(*name, *value));
    Answer::of(request).await
}

/// A world on the eve of the documents' first change, in which one list was published a day before another.
async fn two_versions() -> (World, String) {
    let (world, key) = on_the_eve().await;
    world.advance(days(1));
    publish_document(&world, &noted()).await;
    (world, key)
}

#[tokio::test]
async fn the_documented_endpoint_says_not_a_byte_more() {
    let world = World::new().await;
    let key = world.app().await.client_id;
    publish_document(&world, &noted()).await;
    set_clock(&world, 1_688_050_799_999);
    let answer = asked(&world, "/v1/system/ips", &[("authorization", &format!("KakaoAK {key}"))]).await;
    let mut wire = document();
    wire["inbound"][1]["exclusion"] = json!({ "ips": ["211.231.96.0/24"], "date": "2023-07-02" });
    assert_eq!(answer.json(), wire, "the nearest of each kind, and no note");
}

#[tokio::test]
async fn a_list_that_did_not_change_is_not_sent_again_by_date_either() {
    let (world, key) = on_the_eve().await;
    let key = format!("KakaoAK {key}");
    world.advance(Duration::from_millis(1));
    let first = asked(&world, "/v1/system/ips", &[("authorization", &key)]).await;
    assert_eq!(first.header("last-modified"), None, "this second is not over");
    world.advance(days(1) - Duration::from_secs(60));
    let changed = asked(&world, "/v1/system/ips", &[("authorization", &key)]).await;
    // Published later by this world's clock than the midnight that made the edition.
    let changed = changed.header("last-modified").map(str::to_owned);
    assert_eq!(changed, None, "a publication of the future has no date that is past");
    set_clock(&world, NOON.millis() + 1000);
    let changed = asked(&world, "/v1/system/ips", &[("authorization", &key)]).await;
    let changed = changed.header("last-modified").unwrap().to_owned();
    assert_eq!(changed, "Sat, 21 Nov 2026 03:00:00 GMT");
    let again = asked(&world, "/v1/system/ips", &[("authorization", &key), ("if-modified-since", &changed)]).await;
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    let other = [("authorization", key.as_str()), ("if-modified-since", &changed), ("if-none-match", "\"x\"")];
    assert_eq!(asked(&world, "/v1/system/ips", &other).await.status, 200);
}

/// At midnight the list is another, and was changed at midnight.
#[tokio::test]
async fn a_midnight_is_a_change() {
    let world = World::new().await;
    let mut list = document();
    list["inbound"][0]["addition"] = json!({ "ips": ["1.1.1.0/24"], "date": "2026-11-22" });
    publish_document(&world, &list).await;
    world.advance(days(1));
    let answer = asked(&world, "/ip-list/list.txt", &[]).await;
    assert_eq!(answer.header("last-modified"), Some("Sat, 21 Nov 2026 15:00:00 GMT"));
    assert!(answer.body.contains("1.1.1.0/24\n"));
    let tag = answer.header("etag").unwrap().to_owned();
    assert_eq!(asked(&world, "/ip-list/list.txt", &[("if-none-match", &tag)]).await.status, 304);
    assert_eq!(answer.header("cache-control"), Some("public, no-cache"));
}

#[tokio::test]
async fn every_entry_has_its_reason_on_any_day() {
    let world = World::new().await;
    publish_document(&world, &noted()).await;
    let view = async |query: &str| asked(&world, &format!("/ip-list{query}"), &[]).await.json();
    let seen = view("?serial=1&at=2023-07-01").await;
    assert_eq!(
        (&seen["serial"], &seen["at"], &seen["nextChange"]),
        (&json!(1), &json!("2023-07-01"), &json!("2023-07-02"))
    );
    let kapi = &seen["outbound"][1];
    assert_eq!(
        kapi["ips"][0],
        json!({
            "cidr": "111.111.111.0/32",
            "network": "111.111.111.0/32",
            "reason": "added",
            "of": null,
            "since": "2023-06-30",
            "note": "새 데이터 센터, \"둘째\"",
            "until": null
        })
    );
    assert_eq!(kapi["left"][0]["ips"], json!(["203.133.166.33/32", "211.249.200.134/32"]));
    let callback = &seen["inbound"][0]["ips"][0];
    assert_eq!(
        (&callback["cidr"], &callback["network"], &callback["reason"]),
        (&json!("211.249.203.104/24"), &json!("211.249.203.0/24"), &json!("listed"))
    );
    let scrap = &view("?serial=1&at=2023-07-02&rule_type=inbound").await["inbound"][1];
    assert_eq!(scrap["ips"][0]["reason"], "rest");
    assert_eq!(
        (&scrap["ips"][0]["of"], &scrap["ips"][0]["note"]),
        (&json!("211.231.96.0/20"), &json!("returned <early>"))
    );
    assert_eq!(scrap["announced"][0]["date"], "2023-08-01");
    let whole = view("").await.to_string();
    assert!(!whole.contains("network@platform.example") && !whole.contains("tester"), "who announced it is not public");
    for query in ["?at=today", "?serial=9", "?serial=x", "?rule_type=both", "?at=2023-07-01&at=2023-07-01", "?date=1"] {
        assert_eq!(asked(&world, &format!("/ip-list{query}"), &[]).await.status, 400, "{query}");
    }
}

#[tokio::test]
async fn a_day_that_is_past_is_answered_with_what_counted_then() {
    let world = World::new().await;
    asked(&world, "/ip-list", &[]).await.declines(KapiFault::StoreDown, "");
    publish_document(&world, &document()).await;
    world.advance(days(2));
    publish_document(&world, &noted()).await;
    let serial = async |at: &str| asked(&world, &format!("/ip-list?at={at}"), &[]).await.json()["serial"].clone();
    assert_eq!(serial("2026-11-21").await, 1);
    assert_eq!(serial("2026-11-22").await, 1);
    assert_eq!(serial("2026-11-23").await, 2);
    assert_eq!(serial("2030-01-01").await, 2);
    let before = asked(&world, "/ip-list?at=2026-11-20", &[]).await;
    before.declines(KapiFault::BadParameter, "nothing was published by 2026-11-20");
}

#[tokio::test]
async fn the_history_has_every_version_with_its_content() {
    let (world, _) = two_versions().await;
    let history = asked(&world, "/ip-list/history", &[]).await.json();
    let serials: Vec<_> = history["versions"].as_array().unwrap().iter().map(|it| it["serial"].clone()).collect();
    assert_eq!((serials, &history["next"]), (vec![json!(2), json!(1)], &json!(null)));
    assert!(history["versions"][0].get("author").is_none(), "who published it is not public");
    for version in history["versions"].as_array().unwrap() {
        let text = asked(&world, &format!("/ip-list/history/{}", version["serial"]), &[]).await.body;
        assert_eq!(version["content"], sha256(&text), "the hash is that of the text");
    }
    let second = asked(&world, "/ip-list/history/2", &[]).await.body;
    assert!(second.contains("\naddition 2023-06-30 새 데이터 센터, \"둘째\"\nip 111.111.111.0/32\n"), "{second}");
    assert_eq!(asked(&world, "/ip-list/history?before=2", &[]).await.json()["versions"][0]["serial"], 1);
    assert_eq!(asked(&world, "/ip-list/history/3", &[]).await.status, 400);
}

fn sha256(text: &str) -> String {
    let digest = bizauth_core::secret::Digest::of(text.as_bytes());
    digest.0.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn a_difference_is_told_between_versions_and_days() {
    let (world, _) = two_versions().await;
    let diff = async |query: &str| asked(&world, &format!("/ip-list/diff?{query}"), &[]).await.json();
    let versions = diff("from=1@2023-06-29&to=2@2023-06-29").await;
    let scrap = &versions["changes"][0];
    assert_eq!((&scrap["service"], &scrap["revision"]), (&json!("scrap"), &json!("changed")));
    assert_eq!(scrap["announced"].as_array().unwrap().len(), 2);
    assert_eq!(versions["networks"], json!([]), "announced, and nothing has moved");
    let turned = diff("from=2@2023-06-29&to=2@2023-07-02").await;
    let kapi = turned["networks"].as_array().unwrap().iter().find(|it| it["service"] == "https://kapi.kakao.com");
    assert_eq!(
        kapi.unwrap()["left"],
        json!({ "announced": ["203.133.166.33/32", "211.249.200.134/32"], "unannounced": [] })
    );
    assert_eq!(kapi.unwrap()["came"]["announced"], json!(["111.111.111.0/31"]));
    assert_eq!(diff("from=2@2023-06-29&to=2@2023-06-29").await["changes"], json!([]));
    for query in ["", "from=x", "from=1&to=x", "from=7", "from=1&too=2"] {
        assert_eq!(asked(&world, &format!("/ip-list/diff?{query}"), &[]).await.status, 400, "{query}");
    }
}

#[tokio::test]
async fn a_feed_has_an_entry_for_each_version() {
    let (world, _) = two_versions().await;
    let answer = asked(&world, "/ip-list/feed.atom", &[]).await;
    assert_eq!(answer.header("content-type"), Some("application/atom+xml;charset=UTF-8"));
    assert_eq!(answer.body.matches("<entry>").count(), 2);
    assert!(answer.body.contains("<title>Version 2: 2 changes are announced</title>"), "{answer:?}");
    assert!(
        answer.body.contains("announced: exclusion on 2023-07-02 of 211.231.96.0/24 (returned &lt;early&gt;)"),
        "{answer:?}"
    );
    let ids = |body: &str| body.split("<id>").skip(1).map(|it| it[..45].to_owned()).collect::<Vec<_>>();
    let before = ids(&answer.body);
    world.advance(days(3));
    publish_document(&world, &document()).await;
    let after = ids(&asked(&world, "/ip-list/feed.atom", &[]).await.body);
    assert_eq!((&after[0], &after[2..]), (&before[0], &before[1..]), "ids stay");
    assert_eq!(after.iter().collect::<std::collections::BTreeSet<_>>().len(), 4);
}

#[tokio::test]
async fn a_calendar_keeps_its_events() {
    let (world, _) = two_versions().await;
    let uids = |body: &str| -> Vec<String> {
        body.lines().filter(|line| line.starts_with("UID:")).map(str::to_owned).collect()
    };
    let first = asked(&world, "/ip-list/calendar.ics", &[]).await;
    assert_eq!(first.header("content-type"), Some("text/calendar;charset=UTF-8"));
    assert!(first.body.starts_with("BEGIN:VCALENDAR\r\n"));
    assert_eq!(uids(&first.body).len(), 6);
    let mut moved = noted();
    moved["inbound"][1]["exclusion"][0]["ips"] = json!(["211.231.97.0/24"]);
    publish_document(&world, &moved).await;
    assert_eq!(uids(&asked(&world, "/ip-list/calendar.ics", &[]).await.body), uids(&first.body));
}

#[tokio::test]
async fn exports_are_canonical_and_whole() {
    let (world, key) = two_versions().await;
    let text = asked(&world, "/ip-list/list.txt?rule_type=inbound&serial=2&at=2023-06-29", &[]).await;
    assert_eq!(
        text.body,
        "27.0.236.0/22\n203.217.230.0/26\n211.231.96.0/20\n211.249.203.0/24\n220.64.109.84/31\n220.64.110.128/25\n\
         220.64.111.128/25\n"
    );
    assert_eq!(asked(&world, "/ip-list/list.txt?family=6", &[]).await.body, "");
    let csv = asked(&world, "/ip-list/list.csv?service=https%3A%2F%2Fkapi.kakao.com&serial=2&at=2023-07-01", &[]).await;
    assert_eq!(
        csv.body,
        "list,service,ports,cidr,network,reason,since,until,note\r\n\
         outbound,https://kapi.kakao.com,443,111.111.111.0/32,111.111.111.0/32,added,2023-06-30,,\"새 데이터 센터, \"\"둘째\"\"\"\r\n\
         outbound,https://kapi.kakao.com,443,111.111.111.1/32,111.111.111.1/32,added,2023-06-30,,\"새 데이터 센터, \"\"둘째\"\"\"\r\n"
    );
    assert_eq!(asked(&world, "/ip-list/list.txt?service=calback", &[]).await.status, 400, "not an empty list");
    assert_eq!(asked(&world, "/ip-list/list.txt?family=5", &[]).await.status, 400);
    let wire = asked(&world, "/v1/system/ips", &[("authorization", &format!("KakaoAK {key}"))]).await;
    assert_eq!(asked(&world, "/ip-list/list.json", &[]).await.body, wire.body, "to the byte");
}

#[tokio::test]
async fn minisign_accepts_the_signature_of_what_the_documented_endpoint_answers() {
    let room = tempfile::TempDir::new().unwrap();
    let path = |name: &str| room.path().join(name);
    signing::make(&path("key"), &bizauth::entropy::Entropy::System).unwrap();
    let world = World::with(|config| config.ip_signing_key = Some(path("key"))).await;
    let key = format!("KakaoAK {}", world.app().await.client_id);
    publish_document(&world, &noted()).await;
    let wire = asked(&world, "/v1/system/ips", &[("authorization", &key)]).await;
    std::fs::write(path("list.json"), &wire.body).unwrap();
    for (url, file) in [("list.json.minisig", "list.json.minisig"), ("minisign.pub", "key.pub")] {
        let answer = asked(&world, &format!("/ip-list/{url}"), &[]).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        std::fs::write(path(file), answer.body).unwrap();
    }
    let verify = || {
        let files = [path("key.pub"), path("list.json")];
        Command::new("minisign").arg("-Vp").arg(&files[0]).arg("-m").arg(&files[1]).output().unwrap()
    };
    let told = verify();
    let words = String::from_utf8_lossy(&told.stdout).into_owned();
    // Every day of change of the documents' list has come.
    assert!(told.status.success() && words.contains("serial:100004 version:1 updated:2023-08-01"), "{told:?}");
    std::fs::write(path("list.json"), wire.body.replace("443", "444")).unwrap();
    assert!(!verify().status.success());
    // What the server logs and shows of its settings names the file, and nothing of the key.
    let secret = std::fs::read_to_string(path("key")).unwrap();
    let shown = format!("{:?}", world.state.config);
    assert!(!shown.contains(secret.lines().nth(1).unwrap()));
}

#[tokio::test]
async fn without_a_key_there_is_no_signature() {
    let world = World::new().await;
    publish_document(&world, &document()).await;
    asked(&world, "/ip-list/list.json.minisig", &[]).await.declines(KapiFault::UnknownPath, "");
    asked(&world, "/ip-list/minisign.pub", &[]).await.declines(KapiFault::UnknownPath, "");
    let world = World::with(|config| config.ip_signing_key = Some("/nowhere/key".into())).await;
    publish_document(&world, &document()).await;
    asked(&world, "/ip-list/list.json.minisig", &[]).await.declines(KapiFault::StoreDown, "");
}

#[tokio::test]
async fn where_the_settings_say_so_all_of_it_needs_a_key() {
    let world = World::with(|config| config.ip_list_public = false).await;
    let key = format!("KakaoAK {}", world.app().await.client_id);
    publish_document(&world, &document()).await;
    for path in ["", "/history", "/history/1", "/diff?from=1", "/feed.atom", "/calendar.ics", "/list.txt", "/list.csv"]
    {
        let path = format!("/ip-list{path}");
        asked(&world, &path, &[]).await.declines(KapiFault::NoKey, "");
        let answer = asked(&world, &path, &[("authorization", &key)]).await;
        assert_eq!((answer.status, answer.header("cache-control")), (200, Some("private, no-cache")), "{path}");
    }
    asked(&world, "/ip-list/nothing", &[]).await.declines(KapiFault::UnknownPath, "");
}
