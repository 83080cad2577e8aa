//! `GET /dev/callback`: the demo app's redirect URI, on `bizauth dev` only. The flow ends here, with the next commands.

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::{html, say};
use crate::http::form::Form;
use crate::http::guard::Browser;
use crate::http::state::{AppState, Demo};
use crate::view::{CallbackPage, Notice};

/// Shows what arrived, and what to paste next.
pub async fn get(State(it): State<AppState>, browser: Browser, RawQuery(query): RawQuery) -> Response {
    let Some(demo) = it.dev.clone() else { return say(browser.frame(&it), Notice::NotFound, None) };
    let form = Form::parse(query.as_deref().unwrap_or_default()).unwrap_or_default();
    let field = |name: &str| form.get(name).map(str::to_owned);
    let code = field("code");
    let base = &demo.base_url;
    let bearer = "-H \"Authorization: Bearer ${BUSINESS_ACCESS_TOKEN}\"";
    let page = CallbackPage {
        frame: browser.frame(&it),
        trade_command: trade_command(&demo, code.as_deref()),
        code,
        state: field("state"),
        error: field("error"),
        error_description: field("error_description"),
        next_commands: vec![
            ("access_token".to_owned(), "export BUSINESS_ACCESS_TOKEN='…'".to_owned()),
            ("tokeninfo".to_owned(), format!("curl -X GET \"{base}/v1/business/tokeninfo\" \\\n  {bearer}")),
            ("userinfo".to_owned(), format!("curl -X GET \"{base}/v1/business/userinfo\" \\\n  {bearer}")),
            ("revoke".to_owned(), format!("curl -X POST \"{base}/v1/business/revoke\" \\\n  {bearer}")),
        ],
    };
    html(StatusCode::OK, &page, None)
}

/// A continued line of a command.
const INDENT: &str = "  ";

/// The PKCE verifier of the demo, which is the example of RFC 7636: it shows how things go, and keeps nothing secret.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// The documents' own command line, with the demo app's values. `code` came from outside and is quoted for no shell:
/// nothing but the signs of a code gets through.
pub fn trade_command(demo: &Demo, code: Option<&str>) -> String {
    let clean = |code: &str| code.chars().filter(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect();
    let code = code.map_or("${AUTHORIZE_CODE}".to_owned(), clean);
    let verifier = demo.verifier.map(|text| format!(" \\\n{INDENT}-d \"code_verifier={text}\"")).unwrap_or_default();
    format!(
        "curl -v -X POST \"{}/oauth/business/token\" \\\n\
         {INDENT}-H \"Content-Type: application/x-www-form-urlencoded;charset=utf-8\" \\\n\
         {INDENT}-d \"grant_type=authorization_code\" \\\n\
         {INDENT}-d \"client_id={}\" \\\n\
         {INDENT}--data-urlencode \"redirect_uri={}\" \\\n\
         {INDENT}-d \"code={code}\" \\\n\
         {INDENT}-d \"client_secret={}\"{verifier}",
        demo.base_url, demo.rest_api_key, demo.redirect_uri, demo.client_secret
    )
}
