//! `bizauth dev`: every error by name, and what no catalogue has: latency, silence, cuts.

use std::time::{Duration, Instant};

use bizauth::dev::faults::{Endpoint, Row};
use serde_json::{Value, json};

use crate::world::dev::{Heard, Platform};

async fn call(dev: &Platform, endpoint: Endpoint) -> reqwest::Result<Heard> {
    let (key, ..) = dev.client().await;
    let request = match endpoint {
        Endpoint::Authorize => {
            dev.http.get(dev.authorize("moment_management", "").await).header("accept", "application/json")
        }
        Endpoint::Token => dev
            .http
            .post(format!("{}/oauth/business/token", dev.base))
            .form(&[("client_id", key.as_str()), ("code", "c")]),
        Endpoint::Tokeninfo => dev.http.get(format!("{}/v1/business/tokeninfo", dev.base)).bearer_auth("x"),
        Endpoint::Userinfo => dev.http.get(format!("{}/v1/business/userinfo", dev.base)).bearer_auth("x"),
        Endpoint::Revoke => dev.http.post(format!("{}/v1/business/revoke", dev.base)).bearer_auth("x"),
        Endpoint::Ips => {
            dev.http.get(format!("{}/v1/system/ips", dev.base)).header("authorization", format!("KakaoAK {key}"))
        }
    };
    let answer = request.send().await?;
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    Ok(Heard { status, headers, text: answer.text().await? })
}

#[tokio::test]
async fn every_row_of_the_catalogue_can_be_had_by_name_at_every_endpoint_that_has_it() {
    let dev = Platform::new().await;
    let mut n = 0;
    for endpoint in Endpoint::ALL {
        for row in Row::of(endpoint) {
            let plan = json!({ "endpoint": endpoint.word(), "code": row.name(), "times": 1 });
            assert_eq!(dev.post("/_dev/faults", plan).await.status, 201);
            let heard = call(&dev, endpoint).await.unwrap();
            let (status, code) = match row {
                Row::Kauth(fault) => (fault.row().status, json!(fault.row().code)),
                Row::Kapi(fault) => (fault.row().status, json!(fault.row().code)),
            };
            match heard.status {
                302 => assert!(heard.parameter("error").is_some(), "{}", row.name()),
                heard_status => {
                    assert_eq!(heard_status, status, "{} at {}: {}", row.name(), endpoint.word(), heard.text);
                    let body = heard.json();
                    assert_eq!(body.get("error_code").or(body.get("code")), Some(&code), "{}", heard.text);
                }
            }
            n += 1;
        }
    }
    assert!(n > 60, "{n}");
    let struck = dev.get("/_dev/requests?most=1000").await.json();
    let staged = struck["requests"].as_array().unwrap().iter().filter(|entry| entry["staged"].is_string());
    assert_eq!(staged.count(), n);
}

#[tokio::test]
async fn a_fault_strikes_as_often_as_it_says_for_the_app_it_names() {
    let dev = Platform::new().await;
    let token = dev.token().await;
    let (key, ..) = dev.client().await;
    dev.post("/_dev/faults", json!({ "endpoint": "token", "code": "KOE237", "times": 2, "app": key })).await;
    dev.post("/_dev/faults", json!({ "endpoint": "tokeninfo", "code": -9798 })).await;
    let codes: Vec<Value> = [
        call(&dev, Endpoint::Token).await.unwrap().json()["error_code"].clone(),
        call(&dev, Endpoint::Token).await.unwrap().json()["error_code"].clone(),
        call(&dev, Endpoint::Token).await.unwrap().json()["error_code"].clone(),
    ]
    .into();
    assert_eq!(codes, ["KOE237", "KOE237", "KOE001"]);
    for _ in 0..3 {
        assert_eq!(dev.tokeninfo(&token).await.json()["code"], -9798);
    }
    assert_eq!(dev.delete("/_dev/faults/2").await.status, 204);
    assert_eq!(dev.tokeninfo(&token).await.status, 200);
}

#[tokio::test]
async fn a_reply_may_be_late_cut_short_or_broken() {
    let dev = Platform::new().await;
    let token = dev.token().await;
    let plan = async |body: Value| assert_eq!(dev.post("/_dev/faults", body).await.status, 201);
    plan(json!({ "endpoint": "tokeninfo", "latency_ms": 80, "times": 1 })).await;
    let began = Instant::now();
    assert_eq!(dev.tokeninfo(&token).await.status, 200);
    assert!(began.elapsed() >= Duration::from_millis(80));
    plan(json!({ "endpoint": "tokeninfo", "status": 502, "times": 1 })).await;
    let broken = dev.tokeninfo(&token).await;
    assert_eq!((broken.status, broken.text.as_str()), (502, ""));
    plan(json!({ "endpoint": "tokeninfo", "mishap": "truncated", "times": 1 })).await;
    let half = dev.tokeninfo(&token).await;
    assert!(half.status == 200 && serde_json::from_str::<Value>(&half.text).is_err(), "{}", half.text);
    let info = || dev.http.get(format!("{}/v1/business/tokeninfo", dev.base)).bearer_auth(&token);
    plan(json!({ "endpoint": "tokeninfo", "mishap": "cut", "times": 1 })).await;
    assert!(info().send().await.is_err(), "nothing of the reply comes");
    plan(json!({ "endpoint": "tokeninfo", "mishap": "cut-midway", "times": 1 })).await;
    let begun = info().send().await.unwrap();
    assert_eq!(begun.status(), 200);
    assert!(begun.bytes().await.is_err(), "the body breaks off");
    plan(json!({ "endpoint": "tokeninfo", "mishap": "never", "times": 1 })).await;
    let silent = info().timeout(Duration::from_millis(150)).send().await.unwrap_err();
    assert!(silent.is_timeout());
    assert_eq!(dev.tokeninfo(&token).await.status, 200, "and then all is well");
}

#[tokio::test]
async fn a_fault_that_cannot_be_is_refused_when_it_is_set() {
    let dev = Platform::new().await;
    for (plan, told) in [
        (json!({ "endpoint": "token", "code": "KOE999" }), "KOE237"),
        (json!({ "endpoint": "tokeninfo", "code": "KOE237" }), "-9798"),
        (json!({ "endpoint": "tokn", "code": "KOE237" }), "tokeninfo"),
        (json!({ "endpoint": "token", "status": 404 }), "500 to 599"),
        (json!({ "endpoint": "token" }), "latency_ms"),
        (json!({ "endpoint": "token", "code": "KOE237", "mishap": "cut" }), "one answer"),
        (json!({ "endpoint": "token", "code": "KOE237", "chance": 0.5 }), "times"),
        (json!({ "endpoint": "token", "code": "KOE237", "app": "nobody" }), "name one by a key"),
    ] {
        let refused = dev.post("/_dev/faults", plan).await;
        assert!(matches!(refused.status, 400 | 422), "{}", refused.text);
        assert!(refused.text.contains(told), "{}", refused.text);
    }
    assert_eq!(dev.get("/_dev/faults").await.json()["faults"], json!([]));
}
