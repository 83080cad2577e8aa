//! Every route of the operator's API, tried with every scope alone, without a key, and with what only looks like one.

use std::time::Duration;

use bizauth::http::operator::v1;
use bizauth_core::operator::Scope;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::world::{Answer, Program, World, days, minutes};

/// The path with something in the place of its parameters.
fn filled(path: &str) -> String {
    let piece = |piece: &str| if piece.starts_with('{') { "7".to_owned() } else { piece.to_owned() };
    path.split('/').map(piece).collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn a_key_opens_what_its_scope_says_and_nothing_else() {
    let world = World::new().await;
    let mut programs = Vec::new();
    for scope in Scope::ALL {
        programs.push((scope, world.program(&[scope]).await));
    }
    for rule in v1::table() {
        let path = filled(rule.path);
        let short = path.strip_prefix("/operator/v1").unwrap();
        for (scope, program) in &programs {
            if *scope == Scope::PlatformWrite && short == "/maintenance" && rule.method == "PUT" {
                continue;
            }
            let answer = program.says(rule.method.as_str(), short, json!({ "nothing": true })).await;
            let open = rule.scope.is_within(&[*scope]);
            assert_eq!(answer.status != 403, open, "{} {path} with {}: {answer:?}", rule.method, scope.word());
            if !open {
                assert_eq!(answer.json()["scope"], rule.scope.word());
                assert!(answer.json()["detail"].as_str().unwrap().contains(rule.scope.word()));
            }
            assert!(![401, 405, 500, 503].contains(&answer.status), "{} {path}: {answer:?}", rule.method);
        }
    }
}

#[tokio::test]
async fn nobody_comes_in_without_a_living_key() {
    let world = World::new().await;
    let operator = world.operator("op@example.com").await.at(&world.operators);
    operator.signs_in().await;
    for rule in v1::table() {
        let address = format!("{}{}", world.operators, filled(rule.path));
        // A signed-in operator's browser has cookies; the API does not look at them.
        let answer = Answer::of(operator.browser.request(rule.method.clone(), &address)).await;
        assert_eq!(answer.status, 401, "{} {address}: {answer:?}", rule.method);
        assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"bizauth operator\""));
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    }
}

#[tokio::test]
async fn wrong_keys_are_bounded_and_a_right_one_is_always_let_in() {
    let world = World::new().await;
    let right = world.program(&[Scope::PlatformRead]).await;
    let other = World::new().await.program(&[Scope::PlatformRead]).await;
    let with = async |header: &str| {
        let address = format!("{}/operator/v1/maintenance", world.operators);
        Answer::of(world.http.get(address).header("authorization", header)).await
    };
    for wrong in ["Bearer bzo_x", "Bearer", "Basic eDp5", "Bearer bzt_x"] {
        assert_eq!(with(wrong).await.status, 401, "{wrong}");
    }
    world.advance(Duration::from_secs(20));
    let mut said = Vec::new();
    for _ in 0..25 {
        said.push(with(&format!("Bearer {}", other.key)).await);
    }
    let [first, .., last] = said.as_slice() else { panic!("{said:?}") };
    assert_eq!((first.status, last.status), (401, 429), "{said:?}");
    assert_eq!(last.header("retry-after"), Some("40"), "the rest of the minute");
    assert_eq!(right.asks("GET", "/maintenance").await.status, 200);
    world.advance(minutes(2));
    assert_eq!(with(&format!("Bearer {}", other.key)).await.status, 401);
}

#[tokio::test]
async fn a_key_ends_when_it_is_revoked_or_over() {
    let world = World::new().await;
    let root = world.program(&[Scope::PlatformWrite, Scope::AuditRead]).await;
    let made =
        root.gets_from(201, "POST", "/keys", json!({ "name": "Short", "scopes": ["audit:read"], "days": 2 })).await;
    let short = Program { key: made["key"].as_str().unwrap().to_owned(), ..world.program(&[]).await };
    assert_eq!(short.asks("GET", "/audit/head").await.status, 200);
    let keys = root.gets("/keys").await;
    let listed = keys["items"].as_array().unwrap().iter().find(|key| key["name"] == "Short").unwrap();
    assert_eq!(
        (&listed["used_at"], &listed["expires_at"]),
        (&json!("2026-11-21T03:00:00Z"), &json!("2026-11-23T03:00:00Z"))
    );
    world.advance(days(3));
    assert_eq!(short.asks("GET", "/audit/head").await.status, 401);

    let body = json!({ "name": "Reader", "scopes": ["audit:read"] });
    let made = root.gets_from(201, "POST", "/keys", body).await;
    let reader = Program { key: made["key"].as_str().unwrap().to_owned(), ..world.program(&[]).await };
    assert_eq!(reader.asks("GET", "/audit").await.status, 200);
    for _ in 0..2 {
        let path = format!("/keys/{}", made["id"].as_str().unwrap());
        assert_eq!(root.asks("DELETE", &path).await.status, 204);
    }
    assert_eq!(reader.asks("GET", "/audit").await.status, 401);

    // Nobody makes a key that may do more than their own.
    let answer = root.says("POST", "/keys", json!({ "name": "More", "scopes": ["apps:read"] })).await;
    assert_eq!((answer.status, &answer.json()["scope"]), (403, &json!("apps:read")));
    let answer = root.says("POST", "/keys", json!({ "name": "", "scopes": [], "days": 0, "x": 1 })).await;
    let pointers: Vec<_> = answer.json()["errors"].as_array().unwrap().iter().map(|it| it["pointer"].clone()).collect();
    assert_eq!(
        (answer.status, pointers),
        (422, vec![json!("#/name"), json!("#/scopes"), json!("#/days"), json!("#/x")])
    );
}

#[tokio::test]
async fn what_is_no_request_is_told_so() {
    let world = World::new().await;
    let robot = world.program(&Scope::ALL).await;
    assert_eq!(robot.asks("GET", "/nowhere").await.status, 404);
    let answer = robot.asks("POST", "/maintenance").await;
    assert_eq!((answer.status, answer.header("allow").is_some()), (405, true));
    let send = async |kind: &str, body: String| {
        robot.sends(robot.request("PUT", "/maintenance").header("content-type", kind).body(body)).await.status
    };
    assert_eq!(send("text/plain", "{}".to_owned()).await, 415);
    assert_eq!(send("application/json", "{".to_owned()).await, 400);
    assert_eq!(send("application/json", "[]".to_owned()).await, 400);
    assert_eq!(send("application/json", "{\"on\": 1}".to_owned()).await, 422);
    assert_eq!(send("application/json", format!("{{\"on\":{}", " ".repeat(3 << 20))).await, 413);
    assert_eq!(send("application/json; charset=utf-8", "{\"on\": false}".to_owned()).await, 200);
    for query in ["limit=0", "limit=x", "limit=501", "after=x", "colour=red", "limit=5&limit=6"] {
        assert_eq!(robot.asks("GET", &format!("/accounts?{query}")).await.status, 422, "{query}");
    }
}

/// What cannot be read to its end is not too long.
#[tokio::test]
async fn a_body_that_is_broken_is_not_said_to_be_too_long() {
    let world = World::new().await;
    let robot = world.program(&[Scope::AssetsWrite]).await;
    let address = world.operators.trim_start_matches("http://").to_owned();
    let mut line = TcpStream::connect(&address).await.unwrap();
    let request = format!(
        "PUT /operator/v1/assets/moment/1 HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n\
         5\r\n{{\"kin\r\nnonsense\r\n",
        robot.key
    );
    line.write_all(request.as_bytes()).await.unwrap();
    let mut said = String::new();
    line.read_to_string(&mut said).await.unwrap();
    assert!(said.starts_with("HTTP/1.1 400 ") && said.contains("urn:bizauth:problem:malformed"), "{said}");
}
