//! The IP list with the samples of its document. The longer sample has comments and ellipses, which are left out here.

use bizauth_client::{Error, Fetched, IpDocument, RuleType, SecretString};

use super::{JSON, Platform};

const INBOUND: &str = r#"{
"inbound": [
{
"service": "callback",
"ips": [
"211.249.203.104/24", "220.64.110.190/25", "220.64.111.158/25", "220.64.109.84/31", "203.217.230.3/26"
],
"ports": [443],
"updatedDate": "2023-06-28"
}, {
"service": "scrap",
"ips": [
"211.231.96.0/20", "27.0.236.0/22"
],
"ports": [
80, 443
],
"updatedDate": "2023-06-28"
}
],
"updatedDate": "2023-06-28"
}"#;

const OUTBOUND: &str = r#"{
"outbound": [
{
"service": "https://kauth.kakao.com",
"ips": ["203.133.166.32/32", "27.0.237.15/32"],
"ports": [443],
"updatedDate": "2023-06-28"
},
{
"service": "https://kapi.kakao.com",
"ips": ["203.133.166.33/32", "211.249.200.134/32"],
"ports": [443],
"updatedDate": "2023-06-28",
"addition": {
"ips": ["111.111.111.0/32", "111.111.111.1/32"],
"date": "2023-06-30"
},
"exclusion": {
"ips": ["203.133.166.33/32", "211.249.200.134/32"],
"date": "2023-07-01"
},
"note": "a field that no document names"
}
],
"updatedDate": "2023-06-28"
}"#;

fn key() -> SecretString {
    "0123456789abcdef".to_owned().into()
}

async fn fetch(platform: &Platform, rule: Option<RuleType>) -> (IpDocument, Option<String>) {
    match platform.client().ip_list(&key(), rule, None).await.unwrap() {
        Fetched::List { document, etag } => (document, etag),
        Fetched::NotModified => panic!("no tag was sent"),
    }
}

#[tokio::test]
async fn the_inbound_sample_is_read_as_published() {
    let platform = Platform::answers("200\netag: \"abc\"", INBOUND).await;
    let (document, etag) = fetch(&platform, Some(RuleType::Inbound)).await;
    assert_eq!(etag.as_deref(), Some("\"abc\""));
    assert_eq!((document.outbound.as_ref(), document.updated_date.as_str()), (None, "2023-06-28"));
    let inbound = document.inbound.as_ref().unwrap();
    assert_eq!((inbound[0].service.as_str(), inbound[0].ips[0].as_str()), ("callback", "211.249.203.104/24"));
    assert_eq!((inbound[1].ports.as_slice(), inbound[1].addition.len()), (&[80, 443][..], 0));
    assert_eq!(platform.asked(), ["GET /v1/system/ips?rule_type=inbound\nauthorization: KakaoAK 0123456789abcdef"]);

    // Written again, it is the same document, spaces aside.
    let stripped: String = INBOUND.split_whitespace().collect();
    assert_eq!(serde_json::to_string(&document).unwrap(), stripped);
}

#[tokio::test]
async fn announced_changes_are_read_with_their_dates() {
    let platform = Platform::answers(JSON, OUTBOUND).await;
    let (document, etag) = fetch(&platform, None).await;
    assert_eq!((etag, document.inbound), (None, None));
    let outbound = document.outbound.unwrap();
    assert_eq!((outbound[0].addition.len(), outbound[0].exclusion.len()), (0, 0));
    assert_eq!(outbound[1].addition[0].date, "2023-06-30");
    assert_eq!(outbound[1].exclusion[0].ips, ["203.133.166.33/32", "211.249.200.134/32"]);
    assert_eq!(platform.asked(), ["GET /v1/system/ips\nauthorization: KakaoAK 0123456789abcdef"]);
}

#[tokio::test]
async fn a_known_list_is_not_sent_again() {
    let platform = Platform::answers("304\netag: \"abc\"", "").await;
    let fetched = platform.client().ip_list(&key(), Some(RuleType::Outbound), Some("\"abc\"")).await.unwrap();
    assert_eq!(fetched, Fetched::NotModified);
    let asked = platform.asked();
    assert!(asked[0].starts_with("GET /v1/system/ips?rule_type=outbound\n"), "{asked:?}");
    assert!(asked[0].ends_with("\nif-none-match: \"abc\""), "{asked:?}");

    let error = platform.client().ip_list(&key(), None, None).await.unwrap_err();
    assert!(matches!(error, Error::Unexpected { status: 304, .. }), "{error:?}");
}

#[tokio::test]
async fn a_refused_key_is_not_repeated_in_the_error() {
    let body = r#"{"msg":"wrong appKey(0123456789abcdef) format","code":-401}"#;
    let platform = Platform::answers("401", body).await;
    let error = platform.client().ip_list(&key(), None, None).await.unwrap_err();
    assert_eq!(error.to_string(), "kapi refused (401): wrong appKey([hidden]) format (-401)");
}
