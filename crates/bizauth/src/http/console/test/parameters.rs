//! What each endpoint is called with, as the documents' tables say: name, type, place, whether it must be there.

use axum::http::Method;
use bizauth_core::key::KeyKind;
use bizauth_store::KeyRecord;

use super::picks;
use crate::usage::Endpoint;
use crate::view::Frame;
use crate::view::console::{FieldView, Input};
use crate::view::kit::Pick;

/// What `client_id` can be.
pub const REST: [KeyKind; 1] = [KeyKind::RestApi];
/// What `system/ips` can be asked with here. The documents keep the admin key out of the test tool.
pub const PLATFORM: [KeyKind; 3] = [KeyKind::RestApi, KeyKind::JavaScript, KeyKind::Native];

/// How an endpoint is called.
pub fn method(endpoint: Endpoint) -> &'static str {
    match endpoint {
        Endpoint::Token | Endpoint::Revoke => "POST",
        _ => "GET",
    }
}

/// The same for the call.
pub fn verb(endpoint: Endpoint) -> Method {
    if method(endpoint) == "POST" { Method::POST } else { Method::GET }
}

/// The parameters of an endpoint, in the documents' order.
pub fn of(frame: &Frame, endpoint: Endpoint, keys: &[KeyRecord]) -> Vec<FieldView> {
    let row = |name: &'static str, part: &'static str, required: bool, input: Input| FieldView {
        name,
        field: name,
        kind: "String",
        part,
        required,
        input,
    };
    let key = |name, part, kinds: &[KeyKind]| FieldView {
        field: "key",
        ..row(name, part, true, Input::Choice(picks(frame, keys, kinds)))
    };
    match endpoint {
        Endpoint::Authorize => vec![
            key("client_id", "Query", &REST),
            row("response_type", "Query", true, Input::Text),
            row("redirect_uri", "Query", true, Input::Text),
            row("scope", "Query", true, Input::Text),
            row("state", "Query", false, Input::Text),
            FieldView { kind: "String[]", ..row("resource_ids", "Query", false, Input::Lines) },
            row("code_challenge", "Query", false, Input::Text),
            row("code_challenge_method", "Query", false, Input::Text),
        ],
        Endpoint::Token => vec![
            row("grant_type", "Body", true, Input::Text),
            key("client_id", "Body", &REST),
            row("code", "Body", true, Input::Text),
            row("redirect_uri", "Body", true, Input::Text),
            row("client_secret", "Body", false, Input::Secret),
            row("code_verifier", "Body", false, Input::Text),
        ],
        Endpoint::Tokeninfo | Endpoint::Userinfo | Endpoint::Revoke => {
            vec![FieldView { field: "token", ..row("Authorization", "Header", true, Input::Text) }]
        }
        Endpoint::Ips => vec![
            key("Authorization", "Header", &PLATFORM),
            row(
                "rule_type",
                "Query",
                false,
                Input::Choice(vec![Pick::new("inbound", "inbound"), Pick::new("outbound", "outbound")]),
            ),
        ],
    }
}
