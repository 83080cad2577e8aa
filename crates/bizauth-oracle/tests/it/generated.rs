//! Generated texts: any bytes, and texts put together from the pieces that each reader looks for.

use bizauth_oracle::authorize::{CLIENT_ID, REDIRECT_URI};
use bizauth_oracle::property;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Texts of a few pieces, some of them strange.
fn of(pieces: &'static [&'static str]) -> impl Strategy<Value = String> {
    let strange = prop_oneof!["\\PC{0,4}", "[ -~]{0,6}", "[%0-9a-fA-F.:/]{0,6}", Just("\n".to_owned())];
    let piece = prop_oneof![9 => select(pieces).prop_map(str::to_owned), 1 => strange];
    vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

/// So many cases, or as many as `PROPTEST_CASES` asks for: a long run without a fuzzer.
fn cases(usual: u32) -> ProptestConfig {
    let asked = std::env::var_os("PROPTEST_CASES").map(|_| ProptestConfig::default().cases);
    ProptestConfig { cases: asked.unwrap_or(usual), failure_persistence: None, ..ProptestConfig::default() }
}

/// Runs a property on generated texts with one of `starts` before them.
fn holds(name: &str, starts: &'static [&'static str], pieces: &'static [&'static str]) {
    let property = property(name);
    proptest!(cases(2000), |(start in select(starts), text in of(pieces))| {
        property(format!("{start}{text}").as_bytes());
    });
    proptest!(cases(500), |(bytes in vec(any::<u8>(), 0..80))| {
        property(&bytes);
    });
}

#[test]
fn authorize_queries() {
    let client = format!("client_id={CLIENT_ID}&redirect_uri={REDIRECT_URI}");
    let starts = ["", "0", "\u{1}", "\u{3}", "\u{7}", "\u{8}", "9"]
        .map(|app| format!("{app}{client}&response_type=code&scope="));
    let starts: Vec<&'static str> = starts.into_iter().map(|text| &*text.leak()).collect();
    let pieces = &[
        "moment_create",
        "moment_management",
        "keyword_create",
        "keyword_delete",
        "biz_account_email",
        "moment_x",
        ",",
        "+",
        "&resource_ids=moment:*",
        "&resource_ids=moment:11",
        "&resource_ids=keyword%3A%2A",
        "&resource_ids=keyword:21",
        "&resource_ids=personal:1",
        "&resource_ids=",
        "&state=a%20b",
        "&state=%ff",
        "&state=\u{d55c}#\"",
        "&scope=",
        "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "&code_challenge_method=S256",
        "&code_challenge=",
        "&code_challenge_method=plain",
        "&",
        "=",
        "&x=1",
        "&client_id=",
        "&response_type=token",
        "%00",
        "%0a",
    ];
    holds("authorize_query", starts.leak(), pieces);
}

#[test]
fn credentials() {
    let starts = &["", "bzc_", "bzt_", "bzs_", "bzd_", "bzp_", "bzo_", "bzl_"];
    let pieces = &[
        "AAAAAAAAACo",
        "HBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBw",
        "a",
        "0123456789abcdef",
        "_",
        "-",
        "=",
        "9",
        "A",
    ];
    holds("credential", starts, pieces);
}

#[test]
fn blocks_of_addresses() {
    let starts = &["", "10.0.0.0/8\n", "::/0\n", "211.249.203.104/24\n::ffff:1.2.3.4/112\n"];
    let pieces = &[
        "10.",
        "0.",
        "1",
        "255",
        "256",
        "01",
        "0",
        ".",
        "/",
        "8",
        "24",
        "32",
        "33",
        "128",
        "129",
        "::",
        ":",
        "ffff",
        "2001:",
        "db8",
        "1.2.3.4",
        "%eth0",
        "\n",
        "::ffff:",
        "10.0.0.0/9",
        "+",
        "FE80",
    ];
    holds("cidr", starts, pieces);
}

#[test]
fn redirect_uris() {
    let starts = &[
        "",
        "https://",
        "http://",
        "https://app.example.com",
        "http://localhost:3000/",
        "https://*.example.com",
        "HTTPS://",
    ];
    let pieces = &[
        "app.example.com",
        "/cb",
        "/",
        "..",
        ".",
        "%2e",
        "%252e",
        "%2f",
        "%252f",
        "%5c",
        "%25",
        "..;x=1",
        ";",
        "\\",
        "@",
        "user",
        ":443",
        ":80",
        ":8443",
        "#",
        "?",
        "x=1",
        "&",
        "*.",
        "*",
        "xn--9n2bp8q",
        "[::1]",
        "127.0.0.1",
        "0x7f.1",
        "javascript:",
        "data:",
        "\n",
        "https://",
        " ",
        "A",
        "evil.example",
        "_",
        "-",
    ];
    holds("redirect_uri", starts, pieces);
}

#[test]
fn scopes_and_resource_ids() {
    let pieces = &[
        "moment_create",
        "moment",
        "_",
        ",",
        " ",
        "\t",
        "\n",
        ":",
        "*",
        "11",
        "keyword:21",
        "moment:*",
        "a",
        "\u{3000}",
    ];
    holds("scope", &["", "moment:", "a,"], pieces);
}

#[test]
fn forms() {
    const FORM: &str = "application/x-www-form-urlencoded\n";
    let pieces = &[
        "grant_type=authorization_code",
        "client_id=0123456789abcdef0123456789abcdef",
        "code=bzc_x",
        "redirect_uri=https://a",
        "client_secret=",
        "code_verifier=x",
        "&",
        "=",
        "%0d%0a",
        "%0a",
        "%09",
        "%00",
        "%ff",
        "+",
        "%ED%95%9C",
        "a",
        "grant_type=",
    ];
    let starts = &[FORM, "!application/x-www-form-urlencoded; charset=\"UTF-8\"\n", "application/json\n", "!\n"];
    holds("token_form", starts, pieces);
    holds("form", starts, pieces);
}

#[test]
fn headers() {
    let pieces = &["Bearer", "bearer", "KakaoAK", " ", "\t", ",", "abc", "\n", "=", "\u{e9}", "Basic eDp5"];
    holds("authorization", &["", "Bearer ", "KakaoAK "], pieces);
    let pieces = &[
        "bizauth-session",
        "__Host-bizauth-session",
        "bizauth-form",
        "=",
        ";",
        "; ",
        " ",
        "\"",
        "\t",
        "a",
        ",",
        "\n",
        "%41",
    ];
    holds("cookies", &["", "bizauth-session=bzs_x; "], pieces);
}

#[test]
fn plain_requests() {
    const TOKEN: &str = "GET /v1/business/tokeninfo HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\n\r\n";
    let starts = &[
        "",
        TOKEN,
        "GET /v1/business/tokeninfo HTTP/1.1\r\nHost: a\r\n",
        "POST /oauth/business/token HTTP/1.1\r\nHost: a\r\n",
        "GET /v1/business/tokeninfo HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\n\r\n\n---\n\
         GET /v1/business/tokeninfo HTTP/1.1\r\nHost: a\r\nAuthorization: ",
    ];
    let pieces = &[
        TOKEN,
        "Authorization: Bearer y\r\n",
        "Authorization:",
        "Host: b\r\n",
        "Content-Length: 3\r\n",
        "Content-Length: 12\r\n",
        "Content-Length: ",
        "Connection: keep-alive\r\n",
        "Transfer-Encoding: chunked\r\n",
        "X: y\r\n",
        "x",
        ":",
        "1",
        "GET ",
        "/a?b=c",
        "#",
        " HTTP/1.1\r\n",
        "\r\n",
        "\r\n\r\n",
        "\n",
        "\r",
        " ",
        "\t",
        "\u{e9}",
        "\n---\n",
    ];
    holds("plain_request", starts, pieces);
}

#[test]
fn settings() {
    let pieces = &[
        "BIZAUTH_CODE_LIFETIME=10m\n",
        "BIZAUTH_TOKEN_RATE=",
        "600\n",
        "0\n",
        "---\n",
        "token_rate = 5\n",
        "code_lifetime = \"90s\"\n",
        "listen = \"127.0.0.1:80\"\n",
        "BIZAUTH_TRUSTED_PROXIES=10.0.0.0/8,",
        "::1\n",
        "BIZAUTH_DATABASE=postgres://u:hunter2hunter2@h/d\n",
        "database = \"postgres://u:hunter2hunter2@h/d\"\n",
        "BIZAUTH_",
        "=",
        "\n",
        "\"",
        "[x]\n",
        "tls_key = \"a\"\n",
        "x",
        "#",
        "true\n",
    ];
    holds("configuration", &["", "---\n"], pieces);
}

#[test]
fn files_of_assets() {
    const HEADER: &str = "cgroup,id,kind,name,email,role,lendable\n";
    let pieces = &[
        "moment,",
        "11,",
        "ad_account,",
        "channel,",
        "Shop,",
        "kim@example.com,",
        "owner,",
        "yes",
        "no",
        "\n",
        "\r\n",
        ",",
        "\"",
        "\"\"",
        "\"a\nb\",",
        " ",
        "moment,11,ad_account,Shop,kim@example.com,owner,yes\n",
        "moment,11,ad_account,Shop,,,\n",
    ];
    holds("asset_file", &[HEADER, "cgroup,id,kind,name\n", "c\u{feff}Name,KIND,id,group\r\n", "c"], pieces);
    let pieces = &[
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"group\":\"moment\"",
        "\"id\":11",
        "\"kind\":\"ad_account\"",
        "\"name\":\"Shop\"",
        "null",
        "{\"group\":\"moment\",\"id\":11,\"kind\":\"channel\",\"name\":\"Shop\"}",
        "\"x\":[]",
        " ",
    ];
    holds("asset_file", &["j[", "j", "j[{\"group\":\"moment\",\"id\":1,\"kind\":\"channel\",\"name\":\"a\"},"], pieces);
}

#[test]
fn ip_documents() {
    const START: &str = r#"{"updatedDate":"2023-06-28","outbound":[],"inbound":[{"service":"callback","updatedDate":"2023-06-28","ports":[443],"ips":["#;
    let pieces = &[
        "\"10.0.0.1/8\"",
        "\"::/0\"",
        "\"x\"",
        ",",
        "]",
        "}",
        "]}]}",
        "],\"addition\":{\"ips\":[\"10.1.0.0/16\"],\"date\":\"2023-06-30\"}",
        ",\"exclusion\":[{\"ips\":[\"10.2.0.0/16\"],\"date\":\"2024-02-29\"}]",
        "],\"addition\":{\"ips\":[\"10.1.0.0/16\"],\"date\":\"20230630\"}}]}",
        "],\"addition\":{\"ips\":[\"10.1.0.0/16\"],\"date\":\"-002023-06-30\"}}]}",
        "}]}",
        "],\"addition\":[]",
        "],\"addition\":{\"ips\":[\"1.1.0.0/16\"],\"date\":\"2023-06-30\",\"note\":\"a\",\"announcedBy\":\"b\"}",
    ];
    holds("ip_document", &[START, "{"], pieces);
}

#[test]
fn what_is_typed_around_the_list() {
    let pieces = &[
        "hooks.example",
        "localhost",
        "127.0.0.1",
        "0x7f.1",
        "2130706433",
        "10.0.0.7",
        "8.8.8.8",
        "[::1]",
        "[::ffff:10.0.0.1]",
        "[2606:4700::1]",
        "[fe80::1]",
        "[2001:",
        "[64:ff9b:1",
        "[64:ff9b::a00:1]",
        "[64:ff9b::808:808]",
        "[::",
        "]",
        "192.0.",
        "198.18.",
        "2.1",
        ":8443",
        "/",
        "@",
        "user:pass@",
        "?a=b",
        "#c",
        ".",
        "%31",
    ];
    holds("webhook_address", &["https://", "http://", "HTTPS://", ""], pieces);
    holds(
        "list_ends",
        &["", "12", "2026-12-01"],
        &["@", "0", "9", "-", "-00", "2026-12-01", "20261201", "02-29", "-12-01", "12", "+", "T00:00"],
    );
}
