//! The client against a whole platform: worlds of `bizauth dev`, where BIZAUTH_CONTROL_URL says that one runs.

use bizauth_client::dev::{Error, Platform, World};
use bizauth_client::{AuthorizeRequest, CodeTrade, Error as Refusal};
use serde_json::json;

/// A world of the demo's seed, or none where no platform runs.
async fn world() -> Option<World> {
    let Some(platform) = Platform::from_env().unwrap() else {
        println!("skipped: run this as `bizauth dev exec -- cargo test -p bizauth-client --features dev`");
        return None;
    };
    Some(platform.world(json!({})).await.unwrap())
}

#[tokio::test]
async fn a_token_dies_after_a_year_of_disuse() {
    let Some(world) = world().await else { return };
    let client = world.client().unwrap();
    let token = world.token(json!({ "scope": ["moment_management"] })).await.unwrap();
    client.token_info(&token).await.unwrap();
    let happened = world.advance("400 days").await.unwrap();
    assert!(happened.iter().any(|event| event["what"] == "token-unused"), "{happened:?}");
    let refused = client.token_info(&token).await.unwrap_err();
    assert!(matches!(refused, Refusal::Kapi { status: 401, code: -401, .. }), "{refused}");
    world.drop().await.unwrap();
}

#[tokio::test]
async fn the_next_person_denies_and_the_one_after_agrees() {
    let Some(world) = world().await else { return };
    let client = world.client().unwrap();
    let (key, secret, uri) = world.key().unwrap();
    world.consent(json!({ "action": "approve" })).await.unwrap();
    world.consent(json!({ "action": "deny", "times": 1 })).await.unwrap();
    let address = client.authorize_url(&AuthorizeRequest::new(&key, &uri).scopes(["moment_management"]).state("s"));
    let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
    let asked = async || {
        let answer = browser.get(&address).send().await.unwrap();
        let back = url::Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap();
        back.query_pairs().into_owned().collect::<std::collections::HashMap<_, _>>()
    };
    assert_eq!(asked().await["error"], "access_denied");
    let code = asked().await["code"].clone().into();
    let trade = CodeTrade { client_id: key, client_secret: Some(secret), redirect_uri: uri, code, verifier: None };
    client.trade_code(&trade).await.unwrap();
    assert_eq!(world.requests("endpoint=token&status=200").await.unwrap().len(), 1);
    world.drop().await.unwrap();
}

#[tokio::test]
async fn a_fault_strikes_as_often_as_it_says_and_a_mistake_says_what_is_allowed() {
    let Some(world) = world().await else { return };
    let client = world.client().unwrap();
    let token = world.token(json!({ "scope": ["moment_management"] })).await.unwrap();
    world.fault(json!({ "endpoint": "tokeninfo", "code": "-9798", "times": 1 })).await.unwrap();
    let refused = client.token_info(&token).await.unwrap_err();
    assert!(matches!(refused, Refusal::Kapi { code: -9798, .. }), "{refused}");
    client.token_info(&token).await.unwrap();
    let refused = world.fault(json!({ "endpoint": "tokn", "code": "-9798" })).await.unwrap_err();
    assert!(matches!(&refused, Error::Refused { problem, .. } if problem.contains("tokeninfo")), "{refused}");
    world.clone().drop().await.unwrap();
    let gone = world.advance("1h").await.unwrap_err();
    assert!(matches!(gone, Error::Refused { status: 410, .. }), "{gone}");
}
