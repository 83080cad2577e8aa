//! The page of all errors, `docs/errors.md`, made from the catalogue, from the words of the pages and from the recipes
//! below. A test keeps the file current. What a fault looks like is not decided here, only told.

use bizauth_core::fault::{Answer, KapiFault, KapiRow, KauthFault, KauthRow, Standing};

use crate::view::{Language, Words};

const HEAD: &str = "\
# Errors

Every refusal of the two doors, by code and by name. This page is made from the catalogue in
`crates/bizauth-core/src/fault.rs`; change it there and run the tests with `BIZAUTH_BLESS=1`.

The name is ours: logs (`fault=…`) and metrics (`bizauth_faults_total{fault=\"…\"}`) use it, the wire never does.
*Standing* says who vouches for the row: **D** documented by the platform, **O** observed by integrators on the live
platform, **C** our choice, because nothing public says.

The recipes use an app of `bizauth dev`: `$BASE` is where it listens, `$KEY` its REST API key, `$SECRET` its client
secret, `$TOKEN` a business token, and the *demo link* the address of its consent screen. Where a recipe needs a
command of the operator, give it the data folder that the banner names while the demo runs, as in
`bizauth app list --data FOLDER`, or try it on a server of your own.
";

const KAUTH: &str = "
## kauth: `/oauth/business/*`

A *page* is HTML for the person in the browser, and never redirects; a client whose `Accept` names `application/json`
and not `text/html` gets JSON instead, and so does every client of the token endpoint. A *redirect* goes to the
registered redirect URI, with `error`, `error_description` and `state`. JSON has three keys, in this order:

```json
{\"error\":\"invalid_client\",\"error_description\":\"Bad client credentials\",\"error_code\":\"KOE010\"}
```

A 401 carries `WWW-Authenticate: Bearer error=invalid_client`; a 503, and what is about a limit, `Retry-After`.

| error_code | name | answer | status | error | standing |
|---|---|---|---|---|---|
";

const KAPI: &str = "
## kapi: `/v1/*`

Always JSON, with two keys, in this order:

```json
{\"msg\":\"this access token does not exist\",\"code\":-401}
```

A 401 carries `WWW-Authenticate: Bearer error=invalid_token` or `KakaoAK error=invalid_token`; a 503 and -10 carry
`Retry-After`.

| code | name | status | msg | standing |
|---|---|---|---|---|
";

/// The whole page.
pub fn errors_page() -> String {
    let words = Words::new();
    let mut page = format!("{HEAD}{KAUTH}");
    for row in KauthFault::ALL.iter().map(|fault| fault.row()) {
        page.push_str(&format!(
            "| {} | `{}` | {} | {} | `{}` | {} |\n",
            code(row),
            row.name,
            answer(row.answer),
            if row.answer == Answer::Redirect { 302 } else { row.status },
            row.error,
            letter(row.standing)
        ));
    }
    for fault in KauthFault::ALL {
        page.push_str(&kauth_section(*fault, &words));
    }
    page.push_str(KAPI);
    for row in KapiFault::ALL.iter().map(|fault| fault.row()) {
        let (msg, letter) = (told(row.msg), letter(row.standing));
        page.push_str(&format!("| {} | `{}` | {} | {msg} | {letter} |\n", row.code, row.name, row.status));
    }
    for fault in KapiFault::ALL {
        page.push_str(&kapi_section(*fault));
    }
    page
}

fn kauth_section(fault: KauthFault, words: &Words) -> String {
    let row: &KauthRow = fault.row();
    let mut text = format!("\n### {} `{}`\n\n{}\n\n", code(row), row.name, row.meaning.trim());
    text.push_str(&format!("- `error_description`: {}\n", told(row.description)));
    if let Some(words) = words.fault(row.code, Language::En) {
        text.push_str(&format!("- Cause, as the page tells it: {}\n- Remedy: {}\n", words.cause, words.remedy));
    }
    text.push_str(&format!("- Provoke it: {}\n", provoke_kauth(fault)));
    text
}

fn kapi_section(fault: KapiFault) -> String {
    let row: &KapiRow = fault.row();
    let (remedy, provoke) = help_kapi(fault);
    format!(
        "\n### {} `{}`\n\n{}\n\n- `msg`: {}\n- Remedy: {remedy}\n- Provoke it: {provoke}\n",
        row.code,
        row.name,
        row.meaning.trim(),
        told(row.msg)
    )
}

fn code(row: &KauthRow) -> &'static str {
    if row.code.is_empty() { "(no code)" } else { row.code }
}

/// The words of a row for a reader; `{}` alone means that the sentence names what is wrong.
fn told(words: &str) -> String {
    match words {
        "{}" => "a sentence that names what is wrong".to_owned(),
        _ => format!("`{}`", words.replacen("{}", "…", 1)),
    }
}

fn answer(answer: Answer) -> &'static str {
    match answer {
        Answer::Page => "page",
        Answer::Redirect => "redirect",
        Answer::Json => "JSON",
    }
}

fn letter(standing: Standing) -> &'static str {
    match standing {
        Standing::Documented => "D",
        Standing::Observed => "O",
        Standing::Ours => "C",
    }
}

/// How to see a refusal of kauth. Without a recipe a new row does not compile.
pub fn provoke_kauth(fault: KauthFault) -> &'static str {
    match fault {
        KauthFault::UnknownKey => "change a digit of `client_id` in the demo link.",
        KauthFault::NotRestApiKey => "put the JavaScript, native or admin key into the demo link as `client_id`.",
        KauthFault::AppSanctioned => "`bizauth app sanction APP on`, then open the demo link.",
        KauthFault::UnregisteredRedirectUri => "add a slash to the end of `redirect_uri` in the demo link.",
        KauthFault::NotBizApp => "`bizauth app kind APP basic`, then open the demo link.",
        KauthFault::NoFeaturePermission => "`bizauth permission take APP moment`, then open the demo link.",
        KauthFault::UnsupportedResponseType => "write `response_type=token` in the demo link.",
        KauthFault::UnknownConsentItem => {
            "add `,moment_dance` to `scope` in the demo link, or `bizauth item off APP moment_management` first."
        }
        KauthFault::BadAuthorizeParameter => {
            "ask for `scope=biz_account_email` alone, or for `moment_create` without `resource_ids=moment:*`, or add \
             any parameter that does not exist, or `bizauth key pkce KEYID on` and open the demo link."
        }
        KauthFault::NotMember => {
            "make a test app (`bizauth app create NAME --company COMPANY --kind test --parent APP`), give it a REST \
             API key, a redirect URI and items, and sign in with an account that is no member."
        }
        KauthFault::NotBusinessUser => "`bizauth user business-centre owner@example.com off`, then open the demo link.",
        KauthFault::AccountNotActive => "`bizauth user state owner@example.com dormant`, then open the demo link.",
        KauthFault::NoBusinessAsset => {
            "sign in as `newcomer@example.com`; or name an asset that is not yours, as in `resource_ids=moment:1`."
        }
        KauthFault::IssuanceLimit => {
            "run `bizauth serve --issuance-limit 1` and agree twice on one day (the days are those of UTC)."
        }
        KauthFault::AccessDenied => "press Cancel on the consent screen.",
        KauthFault::MalformedTokenRequest => {
            "leave `code` out of the token request, send a field twice, or send JSON instead of a form."
        }
        KauthFault::UnsupportedGrantType => "send `grant_type=refresh_token` with the other fields as they were.",
        KauthFault::UnknownClient => {
            "change a digit of `client_id` in the token request; or send it by HTTP Basic only, which gives `[null]`."
        }
        KauthFault::BadClientSecret => "change a letter of `client_secret` in the token request, or leave it out.",
        KauthFault::CallerNotAllowed => "`bizauth key callers KEYID 203.0.113.0/24`, then send a token request.",
        KauthFault::CodeNotFound => "trade a code twice (which also ends its token), or wait until it has expired.",
        KauthFault::WrongApp => "trade a code with the REST API key, and the secret, of another app.",
        KauthFault::RedirectUriMismatch => "change `redirect_uri` in the token request.",
        KauthFault::BadVerifier => {
            "add `code_verifier` to a token request whose authorize request had no `code_challenge`, or leave it out \
             where there was one."
        }
        KauthFault::TokenRateLimit => "run `bizauth serve --token-rate 1` and trade two codes within a minute.",
        KauthFault::MalformedRequest => {
            "open the authorize address with a query of more than 8,000 bytes, or send a request without `Host`."
        }
        KauthFault::UnknownUrl => "`curl -H 'Accept: application/json' $BASE/oauth/business/nowhere`.",
        KauthFault::WrongMethod => "`curl $BASE/oauth/business/token`, which is a GET.",
        KauthFault::TemporaryFailure => "run `bizauth serve` on PostgreSQL, stop PostgreSQL, and send any request.",
        KauthFault::Broken => "not at will: it takes a bug. The log has an error line that names the panic.",
    }
}

/// How to see a refusal of kapi.
pub fn provoke_kapi(fault: KapiFault) -> &'static str {
    help_kapi(fault).1
}

/// What to do about a refusal of kapi, and how to see it.
fn help_kapi(fault: KapiFault) -> (&'static str, &'static str) {
    match fault {
        KapiFault::Temporary => (
            "Send the request again. After a revoke ask tokeninfo what became of it: nothing may be concluded.",
            "run `bizauth serve --request-timeout 1s` on a PostgreSQL whose disk or lock makes it wait.",
        ),
        KapiFault::StoreDown => (
            "Send the request again after the time that `Retry-After` gives.",
            "ask `/v1/system/ips` of a server that never had `bizauth ip-list import`; or stop its PostgreSQL.",
        ),
        KapiFault::Broken => ("Tell the operator, who has an error line in the log.", "not at will: it takes a bug."),
        KapiFault::BadParameter => (
            "Send `rule_type=inbound` or `rule_type=outbound`, once, or leave it out.",
            "`curl \"$BASE/v1/system/ips?rule_type=both\" -H \"Authorization: KakaoAK $KEY\"`.",
        ),
        KapiFault::UnknownPath => ("Compare the path with the documentation.", "`curl $BASE/v1/nowhere`."),
        KapiFault::WrongMethod => {
            ("Use the method that the `Allow` header names.", "`curl -X POST $BASE/v1/business/tokeninfo`.")
        }
        KapiFault::ApiNotAllowed => (
            "Use another of the app's keys, or allow this API on the admin key's page in the console.",
            "`bizauth key ips KEYID off` on the admin key, then ask `/v1/system/ips` with it.",
        ),
        KapiFault::PermissionDenied => (
            "Add the account to the members of the test app, or use an app that is not a test app.",
            "take a member's token of a test app, `bizauth member remove APP EMAIL`, then ask tokeninfo.",
        ),
        KapiFault::BadHeader => (
            "Send one `Authorization` header with a scheme, one space and one value.",
            "`curl $BASE/v1/business/tokeninfo -H 'Authorization: Bearer'`.",
        ),
        KapiFault::QuotaExceeded => (
            "Wait as long as `Retry-After` says: a quota begins anew with the day (UTC); ask the operator for a larger one.",
            "`bizauth app quota APP 1`, then ask tokeninfo twice.",
        ),
        KapiFault::AppSanctioned => (
            "Ask the operator for the reason. The tokens of the app have ended; lifting the sanction revives none.",
            "`bizauth app sanction APP on`, then ask tokeninfo with a token from before.",
        ),
        KapiFault::NoKey => (
            "Send `Authorization: Bearer <business token>`, or `KakaoAK <app key>` to `/v1/system/ips`.",
            "`curl $BASE/v1/business/tokeninfo`.",
        ),
        KapiFault::NoSuchToken => {
            ("Forget the token and ask the person for consent again.", "revoke a token, then ask tokeninfo with it.")
        }
        KapiFault::TokenExpired => (
            "Forget the token and ask the person for consent again.",
            "run `bizauth serve --token-idle-lifetime 1s`, trade a code, wait, ask tokeninfo.",
        ),
        KapiFault::MalformedKey => (
            "Send the key as the app has it: 32 digits, the letters in lower case.",
            "`curl $BASE/v1/system/ips -H 'Authorization: KakaoAK abc'`.",
        ),
        KapiFault::UnknownKey => (
            "Compare the key with those of the app; a deleted key never comes back.",
            "change a digit of `$KEY` in a request to `/v1/system/ips`.",
        ),
        KapiFault::DisabledKey => (
            "Enable the key on its page in the console, or use another one.",
            "`bizauth key disable KEYID`, then ask `/v1/system/ips` with it.",
        ),
        KapiFault::CallerNotAllowed => (
            "Call from one of the addresses that are allowed for the key, or have this one added.",
            "`bizauth key callers KEYID 203.0.113.0/24`, then ask `/v1/system/ips` with the key.",
        ),
        KapiFault::Maintenance => {
            ("Wait, and send the request again.", "`bizauth maintenance on`; `bizauth maintenance off` ends it.")
        }
    }
}
