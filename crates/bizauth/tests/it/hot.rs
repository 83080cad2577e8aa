//! What is answered around the router is what the router would answer, to the letter.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{HeaderMap, Request};
use http_body_util::BodyExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::ServiceExt;

use crate::world::World;

/// Status, headers and body; the fields that hyper adds to what the router gives are left out.
fn shape(status: u16, headers: &HeaderMap, body: &[u8]) -> (u16, BTreeMap<String, String>, String) {
    let fields = headers.iter().filter(|(name, _)| !["date", "content-length"].contains(&name.as_str()));
    let text = |value: &axum::http::HeaderValue| value.to_str().unwrap().to_owned();
    let fields = fields.map(|(name, value)| (name.to_string(), text(value))).collect();
    (status, fields, String::from_utf8(body.to_vec()).unwrap())
}

/// Method, path, header and body of a request.
type Asked<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], &'a str);

#[tokio::test]
async fn around_the_router_the_answers_are_the_routers() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let code = kim.consents(&app, "scope=moment_management", &[("asset.moment", "11")]).await;
    let token = format!("Bearer {}", app.buys(&world, &code).await.0);
    let key = format!("KakaoAK {}", app.client_id);
    let form = ("content-type", "application/x-www-form-urlencoded");
    let body = format!("grant_type=authorization_code&client_id={}&code={code}&redirect_uri=x", app.client_id);
    let long = "x".repeat(200_000);
    let bearer = ("authorization", token.as_str());
    let (tokeninfo, revoke, ips) = ("/v1/business/tokeninfo", "/v1/business/revoke", "/v1/system/ips");
    let requests: &[Asked<'_>] = &[
        ("GET", tokeninfo, &[bearer], ""),
        ("GET", tokeninfo, &[bearer], ""),
        ("HEAD", tokeninfo, &[bearer], ""),
        ("POST", tokeninfo, &[bearer], ""),
        ("GET", "/v1/business/tokeninfo/", &[bearer], ""),
        ("GET", "/v1/business/tokeninfo?x=1", &[bearer], ""),
        ("GET", tokeninfo, &[], ""),
        ("GET", tokeninfo, &[("authorization", "Bearer x y")], ""),
        ("GET", tokeninfo, &[("authorization", "Bearer bzt_x")], ""),
        ("GET", tokeninfo, &[bearer, ("host", "kauth.example.com")], ""),
        ("GET", tokeninfo, &[bearer, ("host", "kapi.example.com")], ""),
        ("GET", revoke, &[bearer], ""),
        ("POST", revoke, &[("authorization", "Bearer bzt_x")], ""),
        ("GET", ips, &[("authorization", key.as_str())], ""),
        ("GET", "/v1/system/ips?rule_type=x", &[("authorization", key.as_str())], ""),
        ("GET", ips, &[bearer], ""),
        ("POST", "/oauth/business/token", &[form], &body),
        ("POST", "/oauth/business/token", &[form], &long),
        ("POST", "/oauth/business/token", &[], &body),
        ("GET", "/oauth/business/token", &[], ""),
    ];
    for (method, path, fields, body) in requests {
        let mut sent = world.http.request(method.parse().unwrap(), format!("{}{path}", world.base));
        let mut asked = Request::builder().method(*method).uri(*path);
        for (name, value) in *fields {
            (sent, asked) = (sent.header(*name, *value), asked.header(*name, *value));
        }
        if !fields.iter().any(|(name, _)| *name == "host") {
            asked = asked.header("host", world.base.strip_prefix("http://").unwrap());
        }
        let answer = sent.body((*body).to_owned()).send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let around = shape(status, &headers, &answer.bytes().await.unwrap());
        let router = bizauth::http::router(world.state.clone());
        let answer = router.oneshot(asked.body(Body::from((*body).to_owned())).unwrap()).await.unwrap();
        let (parts, said) = answer.into_parts();
        let through = shape(parts.status.as_u16(), &parts.headers, &said.collect().await.unwrap().to_bytes());
        assert_eq!(around, through, "{method} {path} {fields:?}");
    }
}

/// The bytes of the answer to `request`, but for its time; on a connection on which `before` was asked first.
async fn told(address: &str, before: &str, request: &str) -> String {
    let mut socket = TcpStream::connect(address).await.unwrap();
    let mut said = String::new();
    for asked in [before, request].into_iter().filter(|text| !text.is_empty()) {
        socket.write_all(asked.as_bytes()).await.unwrap();
        said.clear();
        let mut bytes = vec![0; 64 * 1024];
        // Answers come in one piece, but need not.
        while !said.ends_with("\r\n\r\n") && !said.ends_with('}') && !said.ends_with("</html>\n") {
            let n = socket.read(&mut bytes).await.unwrap();
            assert_ne!(n, 0, "{asked}");
            said.push_str(std::str::from_utf8(&bytes[..n]).unwrap());
        }
    }
    said.split_inclusive("\r\n").filter(|line| !line.starts_with("date: ")).collect()
}

#[tokio::test]
async fn before_hyper_the_answers_are_hypers() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    crate::kapi_ips::publish(&world).await;
    let code = kim.consents(&app, "scope=moment_management", &[("asset.moment", "11")]).await;
    let token = app.buys(&world, &code).await.0;
    let address = world.base.strip_prefix("http://").unwrap();
    let get = |path: &str, fields: &str| format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n{fields}\r\n");
    let odd = get("/v1/nowhere", "");
    let key = format!("Authorization: KakaoAK {}\r\n", app.client_id);
    let list = told(address, "", &get("/v1/system/ips", &key)).await;
    let tag = list.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap();
    for (request, status) in [
        (get("/v1/business/tokeninfo", &format!("Authorization: Bearer {token}\r\n")), "200 OK"),
        (get("/v1/business/tokeninfo", "Authorization: Bearer bzt_x\r\n"), "401 Unauthorized"),
        (get("/v1/system/ips?rule_type=inbound", &key), "200 OK"),
        (get("/v1/system/ips", &format!("{key}If-None-Match: {tag}\r\n")), "304 Not Modified"),
        (get("/v1/system/ips?rule_type=x", &key), "400 Bad Request"),
        (get("/v1/business/revoke", "").replace("GET", "POST"), "401 Unauthorized"),
    ] {
        let plainly = told(address, "", &request).await;
        assert!(plainly.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{plainly}");
        assert_eq!(plainly, told(address, &odd, &request).await, "{request}");
    }
}
