//! `GET /v1/system/ips`: the documents' list, to the letter, and what midnight in Seoul makes of it.

use std::time::Duration;

use bizauth::ip_document::list_from_document;
use bizauth_client::IpDocument;
use bizauth_core::fault::KapiFault;
use bizauth_store::{NewVersion, Publication};
use serde_json::{Value, json};

use crate::world::{Answer, World};

/// 2023-06-29T23:59:59.999+09:00: the last instant before the documents' first announcement takes effect.
const EVE: i64 = 1_688_050_799_999;

/// The documents' list.
pub fn document() -> Value {
    serde_json::from_str(include_str!("../../src/ip_list/ips.json")).unwrap()
}

/// Publishes the documents' list.
pub async fn publish(world: &World) {
    publish_document(world, &document()).await;
}

/// Publishes a document, and says the version's serial.
pub async fn publish_document(world: &World, document: &Value) -> i64 {
    let document = IpDocument::from_json(document.to_string().as_bytes()).unwrap();
    let terms = bizauth::ip_list::terms(&world.state.config, world.now());
    let version = NewVersion::of(list_from_document(&document).unwrap(), terms);
    match world.by().publish_ips(version).await.unwrap() {
        Publication::Done(serial) => serial,
        other => panic!("{other:?}"),
    }
}

/// Sets the clock of a world, backwards too.
pub fn set_clock(world: &World, millis: i64) {
    let bizauth::clock::Clock::Set(clock) = &world.state.clock else { panic!("the clock stands") };
    clock.store(millis, std::sync::atomic::Ordering::SeqCst);
}

/// A world on the eve of the documents' first change, with a key to the list.
pub async fn on_the_eve() -> (World, String) {
    let world = World::new().await;
    let key = world.app().await.client_id;
    publish(&world).await;
    set_clock(&world, EVE);
    (world, key)
}

async fn list(world: &World, key: &str, query: &str) -> Answer {
    let request = world.request("GET", &format!("/v1/system/ips{query}"));
    Answer::of(request.header("authorization", format!("KakaoAK {key}"))).await
}

#[tokio::test]
async fn the_list_goes_out_exactly_as_published() {
    let (world, key) = on_the_eve().await;
    let answer = list(&world, &key, "").await;
    assert_eq!(answer.json(), document());
    assert!(answer.body.starts_with(
        r#"{"inbound":[{"service":"callback","ips":["211.249.203.104/24","220.64.110.190/25","220.64.111.158/25""#
    ));
    assert_eq!(answer.header("content-type"), Some("application/json;charset=UTF-8"));
}

#[tokio::test]
async fn rule_type_leaves_the_other_list_out() {
    let (world, key) = on_the_eve().await;
    for (rule, other) in [("inbound", "outbound"), ("outbound", "inbound")] {
        let mut expected = document();
        expected.as_object_mut().unwrap().remove(other);
        assert_eq!(list(&world, &key, &format!("?rule_type={rule}")).await.json(), expected);
    }
    for (query, about) in [
        ("?rule_type=", "rule_type must be inbound or outbound"),
        ("?rule_type=INBOUND", "rule_type must be inbound or outbound"),
        ("?rule_type=both", "rule_type must be inbound or outbound"),
        ("?rule_type=inbound&rule_type=inbound", "rule_type was sent twice"),
        ("?rule_type=%ff", "rule_type is not UTF-8"),
        ("?rule_type=%00", "rule_type holds a control character"),
    ] {
        list(&world, &key, query).await.declines(KapiFault::BadParameter, about);
    }
}

/// "At 00:00 Asia/Seoul of the date the addition moves into `ips`, the exclusion out of it."
#[tokio::test]
async fn announcements_take_effect_at_midnight_in_seoul() {
    let (world, key) = on_the_eve().await;
    let tag = list(&world, &key, "").await.header("etag").unwrap().to_owned();
    world.advance(Duration::from_millis(1));
    let answer = list(&world, &key, "").await;
    assert_ne!(answer.header("etag").unwrap(), tag);
    let after = answer.json();
    let kapi = json!({
        "service": "https://kapi.kakao.com",
        "ips": ["203.133.166.33/32", "211.249.200.134/32", "111.111.111.0/32", "111.111.111.1/32"],
        "ports": [443],
        "updatedDate": "2023-06-30",
        "exclusion": { "ips": ["203.133.166.33/32", "211.249.200.134/32"], "date": "2023-07-01" }
    });
    assert_eq!(after["outbound"][1], kapi);
    assert_eq!((&after["updatedDate"], &after["outbound"][3]), (&json!("2023-06-30"), &document()["outbound"][3]));

    world.advance(crate::world::days(1));
    let after = list(&world, &key, "").await.json();
    let kapi = json!({
        "service": "https://kapi.kakao.com",
        "ips": ["111.111.111.0/32", "111.111.111.1/32"],
        "ports": [443],
        "updatedDate": "2023-07-01"
    });
    assert_eq!(after["outbound"][1], kapi);
    assert_eq!(after["outbound"][3]["ips"], json!(["110.76.141.64/32"]));
    assert_eq!(after["updatedDate"], json!("2023-07-01"));
    assert_eq!(after["inbound"], document()["inbound"]);
}

#[tokio::test]
async fn a_list_that_is_known_is_not_sent_again() {
    let (world, key) = on_the_eve().await;
    let tag = list(&world, &key, "").await.header("etag").unwrap().to_owned();
    let known = async |header: String| {
        let request = world.request("GET", "/v1/system/ips").header("authorization", format!("KakaoAK {key}"));
        Answer::of(request.header("if-none-match", header)).await
    };
    for header in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
        let answer = known(header).await;
        assert_eq!((answer.status, answer.body.as_str(), answer.header("etag")), (304, "", Some(tag.as_str())));
    }
    assert_eq!(known("\"other\"".to_owned()).await.status, 200);
    let inbound = list(&world, &key, "?rule_type=inbound").await;
    assert_ne!(inbound.header("etag").unwrap(), tag, "another list has another tag");
}

#[tokio::test]
async fn the_newest_publication_counts() {
    let (world, key) = on_the_eve().await;
    let mut newer = document();
    newer["inbound"] = json!([]);
    newer["updatedDate"] = json!("2023-06-29");
    publish_document(&world, &newer).await;
    assert_eq!(list(&world, &key, "").await.json(), newer);
}

/// No list is not an empty list: whoever believed one would lock everyone out.
#[tokio::test]
async fn before_the_first_publication_there_is_no_answer() {
    let world = World::new().await;
    let key = world.app().await.client_id;
    list(&world, &key, "").await.declines(KapiFault::StoreDown, "");
}
