//! `bizauth dev`: consent by rule, by queue, by the caller's word, and by somebody who decides while it waits.

use std::time::Duration;

use serde_json::json;

use crate::world::dev::Platform;

#[tokio::test]
async fn a_posted_authorize_request_is_answered_without_a_browser() {
    let dev = Platform::new().await;
    let agreed = dev.agrees("moment_management", &[("user", "owner@example.com")]).await;
    assert_eq!((agreed.status, agreed.header("content-length").as_str()), (302, "0"), "{}", agreed.text);
    let bought = dev.redeems(&agreed.parameter("code").unwrap()).await;
    let token = bought.json()["access_token"].as_str().unwrap().to_owned();
    assert!(dev.tokeninfo(&token).await.json()["biz_agreements"][0]["ad_account_ids"].as_array().unwrap().len() > 1);
}

#[tokio::test]
async fn only_the_assets_that_are_named_are_lent() {
    let dev = Platform::new().await;
    let agreed = dev.agrees("moment_management", &[("assets", "moment:482910")]).await;
    let bought = dev.redeems(&agreed.parameter("code").unwrap()).await;
    let token = bought.json()["access_token"].as_str().unwrap().to_owned();
    let told = dev.tokeninfo(&token).await.json();
    assert_eq!(told["biz_agreements"][0]["ad_account_ids"], json!(["482910"]));
    let refused = dev.agrees("moment_management", &[("assets", "moment:482913")]).await;
    assert_eq!(refused.status, 422, "a viewer may not lend: {}", refused.text);
    assert!(refused.text.contains("moment:482913"), "{}", refused.text);
}

#[tokio::test]
async fn a_person_may_deny_or_walk_away() {
    let dev = Platform::new().await;
    let denied = dev.agrees("moment_management", &[("action", "deny")]).await;
    assert_eq!(denied.parameter("error").as_deref(), Some("access_denied"));
    let abandoned = dev.agrees("moment_management", &[("action", "abandon")]).await;
    assert_eq!((abandoned.status, abandoned.header("location").as_str()), (204, ""));
}

#[tokio::test]
async fn a_cause_in_the_account_refuses_by_itself() {
    let dev = Platform::new().await;
    for (user, code) in
        [("newcomer@example.com", "KOE027"), ("outsider@example.com", "KOE025"), ("dormant@example.com", "KOE026")]
    {
        let refused = dev.agrees("moment_management", &[("user", user)]).await;
        assert_eq!(refused.json()["error_code"], code, "{user}: {}", refused.text);
    }
}

#[tokio::test]
async fn a_rule_answers_a_browser_and_a_queue_comes_first() {
    let dev = Platform::new().await;
    let address = dev.authorize("moment_management", "&state=s1").await;
    let by_hand = dev.ask(dev.http.get(&address)).await;
    assert!(by_hand.header("location").starts_with("/login"), "without a rule the screen is a person's");
    assert_eq!(dev.post("/_dev/consents", json!({ "as": "owner@example.com" })).await.status, 201);
    assert_eq!(dev.post("/_dev/consents", json!({ "action": "deny", "times": 1 })).await.status, 201);
    assert_eq!(dev.ask(dev.http.get(&address)).await.parameter("error").as_deref(), Some("access_denied"));
    let agreed = dev.ask(dev.http.get(&address)).await;
    assert_eq!(agreed.parameter("state").as_deref(), Some("s1"));
    assert!(agreed.parameter("code").is_some());
    let rules = dev.get("/_dev/consents").await.json();
    assert_eq!(
        (rules["consents"][0]["decided"].as_u64(), rules["consents"][1]["decided"].as_u64()),
        (Some(1), Some(1))
    );
    assert_eq!(dev.delete("/_dev/consents/1").await.status, 204);
    assert_eq!(dev.delete("/_dev/consents/1").await.status, 404);
    assert!(dev.ask(dev.http.get(&address)).await.header("location").starts_with("/login"));
}

#[tokio::test]
async fn a_rule_may_refuse_by_name() {
    let dev = Platform::new().await;
    dev.post("/_dev/consents", json!({ "code": "KOE005" })).await;
    let refused = dev.agrees("moment_management", &[]).await;
    assert!(refused.text.contains("KOE005"), "{}", refused.text);
}

#[tokio::test]
async fn a_held_request_waits_until_it_is_decided() {
    let dev = Platform::new().await;
    dev.post("/_dev/consents", json!({ "action": "hold" })).await;
    let address = dev.authorize("moment_management", "").await;
    let waiting = tokio::spawn(dev.http.get(&address).send());
    let n = loop {
        let pending = dev.get("/_dev/pending").await.json();
        match pending["pending"][0]["n"].as_u64() {
            Some(n) => break n,
            None => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    };
    assert!(!waiting.is_finished());
    assert_eq!(dev.post(&format!("/_dev/pending/{n}"), json!({ "action": "deny" })).await.status, 200);
    let answer = waiting.await.unwrap().unwrap();
    assert!(answer.headers()["location"].to_str().unwrap().contains("access_denied"));
    assert_eq!(dev.post(&format!("/_dev/pending/{n}"), json!({})).await.status, 404);
}

#[tokio::test]
async fn rules_that_cannot_be_kept_say_what_is_allowed() {
    let dev = Platform::new().await;
    for (rule, told) in [
        (json!({ "action": "dance" }), "approve"),
        (json!({ "acton": "deny" }), "action"),
        (json!({ "code": "KOE237" }), "KOE005"),
        (json!({ "app": "nobody" }), "name one by a key"),
        (json!({ "as": "nobody@example.com" }), "nobody@example.com"),
        (json!({ "scope": ["moment_dance"] }), "moment_management"),
    ] {
        let refused = dev.post("/_dev/consents", rule).await;
        assert!(matches!(refused.status, 400 | 422), "{}", refused.text);
        assert_eq!(refused.header("content-type"), "application/problem+json");
        assert!(refused.text.contains(told), "{}", refused.text);
    }
}
