//! `bizauth dev`: one clock over codes, tokens, sessions and the IP schedule; and the deaths of a token.

use serde_json::{Value, json};

use crate::world::dev::Platform;

fn whats(happenings: &[Value]) -> Vec<&str> {
    happenings.iter().filter_map(|event| event["what"].as_str()).collect()
}

#[tokio::test]
async fn what_falls_in_between_happens_in_order_and_is_told() {
    let dev = Platform::new().await;
    let token = dev.token().await;
    let unused = dev.agrees("keyword_management", &[]).await.parameter("code").unwrap();
    let happenings = dev.advance("11m").await;
    assert_eq!(whats(&happenings), ["code-expired"]);
    assert_eq!(dev.redeems(&unused).await.json()["error_code"], "KOE320");
    let happenings = dev.advance("1 year 1 day").await;
    let whats = whats(&happenings);
    assert!(
        whats.contains(&"token-unused") && whats.contains(&"ips-addition") && whats.contains(&"ips-exclusion"),
        "{whats:?}"
    );
    let times: Vec<&str> = happenings.iter().filter_map(|event| event["at"].as_str()).collect();
    assert!(times.is_sorted(), "{times:?}");
    assert_eq!(dev.tokeninfo(&token).await.json()["msg"], "this access token is already expired");
}

#[tokio::test]
async fn an_announced_address_is_listed_from_its_day_on() {
    let dev = Platform::new().await;
    let (key, ..) = dev.client().await;
    let list = async || {
        let ask = dev.http.get(format!("{}/v1/system/ips", dev.base)).header("authorization", format!("KakaoAK {key}"));
        dev.ask(ask).await.json()
    };
    let before = list().await;
    let service = |list: &Value| {
        let all =
            ["inbound", "outbound"].iter().flat_map(|of| list[of].as_array().unwrap().clone()).collect::<Vec<_>>();
        all.into_iter()
            .find(|service| service["addition"].is_object() || service["service"] == "found")
            .unwrap_or_default()
    };
    let announced = service(&before);
    let (date, ips) = (announced["addition"]["date"].as_str().unwrap(), &announced["addition"]["ips"]);
    let moved = dev.post("/_dev/clock", json!({ "at": format!("{date}T00:00:00+09:00") })).await.json();
    assert!(moved["happenings"].as_array().unwrap().iter().any(|event| event["what"] == "ips-addition"), "{moved}");
    let after = list().await.to_string();
    for ip in ips.as_array().unwrap() {
        assert!(after.contains(ip.as_str().unwrap()), "{ip}");
    }
    assert_ne!(list().await["updatedDate"], before["updatedDate"]);
}

#[tokio::test]
async fn the_clock_stands_runs_and_never_goes_back() {
    let dev = Platform::new().await;
    let now = async || dev.get("/_dev/clock").await.json();
    assert_eq!(now().await, now().await, "it stands");
    let back = dev.post("/_dev/clock", json!({ "at": "2020-01-01T00:00:00Z" })).await;
    assert_eq!((back.status, back.text.contains("snapshot")), (409, true), "{}", back.text);
    assert_eq!(dev.post("/_dev/clock", json!({ "advance": "-1h" })).await.status, 409);
    assert_eq!(dev.post("/_dev/clock", json!({ "advance": "soon" })).await.status, 400);
    assert_eq!(dev.post("/_dev/clock", json!({ "at": "2030-01-01T00:00:00Z", "advance": "1h" })).await.status, 400);
    assert_eq!(dev.post("/_dev/clock", json!({ "at": "2030-01-01T00:00:00Z", "frozen": false })).await.status, 200);
    let first = now().await;
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    assert_ne!(first, now().await, "it runs");
    assert!(first["now"].as_str().unwrap().starts_with("2030-01-01T00:00:0"), "{first}");
}

#[tokio::test]
async fn a_token_dies_of_each_reason_as_it_would_in_life() {
    for (reason, status, told) in [
        ("revoked", 401, "this access token does not exist"),
        ("unused", 401, "this access token is already expired"),
        ("withdrawn", 401, "this access token does not exist"),
        ("account-blocked", 401, "this access token does not exist"),
        ("app-sanctioned", 403, "the app or its developer is sanctioned"),
        ("key-deleted", 401, "this access token does not exist"),
    ] {
        let dev = Platform::new().await;
        let token = dev.token().await;
        let killed = dev.post("/_dev/tokens/kill", json!({ "token": token, "reason": reason })).await;
        assert_eq!(killed.status, 200, "{}", killed.text);
        let info = dev.tokeninfo(&token).await;
        assert_eq!((info.status, info.json()["msg"].as_str()), (status, Some(told)), "{reason}");
        assert_ne!(killed.json()["standing"], "active", "{reason}");
    }
    let dev = Platform::new().await;
    let token = dev.token().await;
    let before = dev.tokeninfo(&token).await.json();
    dev.post("/_dev/tokens/kill", json!({ "token": token, "reason": "asset-lost" })).await;
    let after = dev.tokeninfo(&token).await.json();
    assert!(before["biz_agreements"][0]["ad_account_ids"].as_array().is_some_and(|ids| !ids.is_empty()));
    assert_ne!(before["biz_agreements"], after["biz_agreements"], "it lives on, and speaks for nothing");
    assert_eq!(dev.post("/_dev/tokens/kill", json!({ "token": token, "reason": "boredom" })).await.status, 400);
    assert_eq!(dev.post("/_dev/tokens/kill", json!({ "token": "nobody", "reason": "revoked" })).await.status, 404);
}

#[tokio::test]
async fn ready_tokens_work_from_the_start_and_new_ones_go_through_the_whole_flow() {
    let dev = Platform::new().await;
    let ready = dev.told().await["tokens"][0].clone();
    assert_eq!(dev.tokeninfo(ready["value"].as_str().unwrap()).await.status, 200);
    let made = dev.post("/_dev/tokens", json!({ "scope": ["keyword_management"], "assets": ["keyword:730021"] })).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let token = made.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(dev.tokeninfo(&token).await.json()["biz_agreements"][0]["ad_account_ids"], json!(["730021"]));
    let refused = dev.post("/_dev/tokens", json!({ "user": "newcomer@example.com" })).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text.contains("KOE027"), "{}", refused.text);
    let all = dev.get("/_dev/tokens").await.json();
    assert!(all["tokens"].as_array().unwrap().len() >= 2, "{all}");
}
