//! A token's life with the samples of the Business Authentication document.

use bizauth_client::{CodeTrade, Error, SecretString, Verifier};

use super::{JSON, Platform};

fn secret(text: &str) -> SecretString {
    text.to_owned().into()
}

fn trade() -> CodeTrade {
    CodeTrade {
        client_id: "rest key".into(),
        client_secret: Some(secret("hush hush")),
        redirect_uri: "https://app.example/back?a=1".into(),
        code: secret("the-code"),
        verifier: None,
    }
}

#[tokio::test]
async fn a_code_buys_a_token() {
    let sample = r#"{
"access_token":"${BUSINESS_ACCESS_TOKEN}",
"token_type":"bearer",
"scope":"moment_create moment_management moment_delete"
}"#;
    let platform = Platform::answers(JSON, sample).await;
    let token = platform.client().trade_code(&trade()).await.unwrap();
    assert_eq!((token.token_type.as_str(), token.scope.split(' ').count()), ("bearer", 3));
    assert!(!format!("{token:?}{:?}", trade()).contains("BUSINESS_ACCESS_TOKEN"));
    for hidden in ["hush", "the-code"] {
        assert!(!format!("{:?}", trade()).contains(hidden));
    }

    let bare = CodeTrade { client_secret: None, verifier: Some(Verifier::from_random(&[0; 32])), ..trade() };
    platform.client().trade_code(&bare).await.unwrap();
    let head = "POST /oauth/business/token\ncontent-type: application/x-www-form-urlencoded;charset=utf-8\n\
                grant_type=authorization_code&client_id=rest+key\
                &redirect_uri=https%3A%2F%2Fapp.example%2Fback%3Fa%3D1&code=the-code";
    let verifier = "A".repeat(43);
    assert_eq!(
        platform.asked(),
        [format!("{head}&client_secret=hush+hush"), format!("{head}&code_verifier={verifier}")]
    );
}

#[tokio::test]
async fn a_refused_code_is_an_error_with_the_platforms_code_and_without_the_secret() {
    let body = r#"{"error":"invalid_grant","error_description":"authorization code not found for code=the-code","error_code":"KOE320"}"#;
    let platform = Platform::answers("400\ncontent-type: application/json;charset=UTF-8", body).await;
    let error = platform.client().trade_code(&trade()).await.unwrap_err();
    let Error::Kauth { status: 400, error: word, error_description: Some(sentence), error_code: Some(code) } = &error
    else {
        panic!("{error:?}")
    };
    assert_eq!((word.as_str(), code.as_str()), ("invalid_grant", "KOE320"));
    assert_eq!(sentence, "authorization code not found for code=[hidden]");
    assert_eq!(
        error.to_string(),
        "kauth refused (400): invalid_grant: authorization code not found for code=[hidden] KOE320"
    );
    assert!(!format!("{error:?}").contains("the-code"));

    // The standard asks for `error` only.
    let platform = Platform::answers("401", r#"{"error":"invalid_client"}"#).await;
    let error = platform.client().trade_code(&trade()).await.unwrap_err();
    assert_eq!(error.to_string(), "kauth refused (401): invalid_client");
}

#[tokio::test]
async fn a_token_tells_what_it_stands_for() {
    let sample = r#"{
"id": "${ID}",
"token_user_id": "${TOKEN_USER_ID}",
"biz_agreements": [
{
"group": "personal",
"scope": [
"biz_account_email"
]
},
{
"group": "keyword",
"scope": [
"keyword_management",
"keyword_create",
"keyword_delete"
],
"ad_account_ids": [
"*"
]
}
],
"status": "ACTIVE",
"updated_at": "2024-08-21T01:56:59Z"
}"#;
    let platform = Platform::answers(JSON, sample).await;
    let token = platform.client().token_info(&secret("b1z-7")).await.unwrap();
    assert_eq!((token.id.as_str(), token.token_user_id.as_str()), ("${ID}", "${TOKEN_USER_ID}"));
    assert_eq!((token.status.as_str(), token.updated_at.as_str()), ("ACTIVE", "2024-08-21T01:56:59Z"));
    let [personal, keyword] = token.biz_agreements.as_slice() else { panic!("{token:?}") };
    assert_eq!((personal.group.as_str(), &personal.ad_account_ids), ("personal", &None));
    assert_eq!(keyword.scope, ["keyword_management", "keyword_create", "keyword_delete"]);
    assert_eq!(keyword.ad_account_ids.as_deref(), Some(&["*".to_owned()][..]));
    assert_eq!(platform.asked(), ["GET /v1/business/tokeninfo\nauthorization: Bearer b1z-7"]);
}

#[tokio::test]
async fn a_person_shows_an_address_only_by_consent() {
    let sample = r#"{
"token_user_id": "${TOKEN_USER_ID}",
"email": "${EMAIL}",
"email_verified": true
}"#;
    for (sample, email, verified) in [(sample, Some("${EMAIL}"), Some(true)), (r#"{"token_user_id":"7"}"#, None, None)]
    {
        let platform = Platform::answers(JSON, sample).await;
        let user = platform.client().user_info(&secret("b1z-7")).await.unwrap();
        assert_eq!((user.email.as_deref(), user.email_verified), (email, verified));
        assert_eq!(platform.asked(), ["GET /v1/business/userinfo\nauthorization: Bearer b1z-7"]);
    }
}

#[tokio::test]
async fn a_token_is_given_back_once() {
    let platform = Platform::answers(JSON, "{\n\"id\": \"${ID}\",\n\"token_user_id\": \"${TOKEN_USER_ID}\"\n}").await;
    let revoked = platform.client().revoke(&secret("b1z-7")).await.unwrap();
    assert_eq!((revoked.id.as_str(), revoked.token_user_id.as_str()), ("${ID}", "${TOKEN_USER_ID}"));
    assert_eq!(platform.asked(), ["POST /v1/business/revoke\nauthorization: Bearer b1z-7"]);

    let platform = Platform::answers("401", r#"{"msg":"this access token does not exist","code":-401}"#).await;
    let error = platform.client().revoke(&secret("b1z-7")).await.unwrap_err();
    assert!(matches!(error, Error::Kapi { status: 401, code: -401, .. }), "{error:?}");
    assert_eq!(error.to_string(), "kapi refused (401): this access token does not exist (-401)");
}
