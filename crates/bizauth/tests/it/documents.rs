//! The documents' own command lines and samples, with our hosts and values in their places.

use std::process::Command;

use crate::world::World;

/// Runs a command line as a person would paste it.
async fn sh(world: &World, line: &str, values: &[(&str, &str)]) -> serde_json::Value {
    let line = line.replace("https://kauth.kakao.com", &world.base).replace("https://kapi.kakao.com", &world.base);
    let mut command = Command::new("sh");
    command.args(["-c", &line]).envs(values.iter().copied()).env("NO_PROXY", "*");
    let ran = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    let noise = String::from_utf8_lossy(&ran.stderr).into_owned();
    serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said:?}\n{noise}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documents_command_lines_work() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    crate::kapi_ips::publish(&world).await;
    let rest = "scope=moment_create,moment_management,moment_delete&resource_ids=moment:*";
    let code = kim.consents(&app, rest, &[]).await;
    let values = [
        ("REST_API_KEY", app.client_id.as_str()),
        ("REDIRECT_URI", &app.redirect_uri),
        ("AUTHORIZE_CODE", &code),
        ("CLIENT_SECRET", &app.client_secret),
    ];
    let bought = sh(
        &world,
        r#"curl -v -X POST "https://kauth.kakao.com/oauth/business/token" \
-H "Content-Type: application/x-www-form-urlencoded;charset=utf-8" \
-d "grant_type=authorization_code" \
-d "client_id=${REST_API_KEY}" \
--data-urlencode "redirect_uri=${REDIRECT_URI}" \
-d "code=${AUTHORIZE_CODE}" \
-d "client_secret=${CLIENT_SECRET}""#,
        &values,
    )
    .await;
    assert_eq!(bought["scope"], "moment_create moment_management moment_delete");
    let token = [("BUSINESS_ACCESS_TOKEN", bought["access_token"].as_str().unwrap())];
    let ask = async |method: &str, name: &str| {
        let line = format!(
            r#"curl -X {method} "https://kapi.kakao.com/v1/business/{name}" \
-H "Authorization: Bearer ${{BUSINESS_ACCESS_TOKEN}}""#
        );
        sh(&world, &line, &token).await
    };
    assert_eq!(ask("GET", "tokeninfo").await["status"], "ACTIVE");
    assert!(ask("GET", "userinfo").await["token_user_id"].is_string());
    assert!(ask("POST", "revoke").await["id"].is_string());
    assert_eq!(ask("POST", "revoke").await["code"], -401);

    let all = r#"curl -v -X GET "https://kapi.kakao.com/v1/system/ips" \
-H "Authorization: KakaoAK ${REST_API_KEY}""#;
    assert_eq!(sh(&world, all, &values).await["inbound"][0]["service"], "callback");
    // The document writes `-G GET`, which makes curl look for a host called GET first; without it the line is the same.
    let inbound = r#"curl -v -G "https://kapi.kakao.com/v1/system/ips" \
-H "Authorization: KakaoAK ${REST_API_KEY}" \
-d "rule_type=inbound""#;
    assert!(sh(&world, inbound, &values).await.get("outbound").is_none());
}

/// The tokeninfo sample: an e-mail, and all of Keyword Ad with the items in its order.
#[tokio::test]
async fn the_documents_tokeninfo_sample_comes_out() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let rest = "scope=biz_account_email,keyword_management,keyword_create,keyword_delete&resource_ids=keyword:*";
    let code = kim.consents(&app, rest, &[]).await;
    let token = app.buys(&world, &code).await;
    let sample = serde_json::json!([
        { "group": "personal", "scope": ["biz_account_email"] },
        {
            "group": "keyword",
            "scope": ["keyword_management", "keyword_create", "keyword_delete"],
            "ad_account_ids": ["*"]
        }
    ]);
    assert_eq!(world.tokeninfo(&token).await.json()["biz_agreements"], sample);
}
