//! Forms: of the wire, of pages, and the one of the token endpoint.

use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use bizauth::http::form::{Form, MOST};
use bizauth::http::kauth::token;
use bizauth_core::fault::KauthFault;

use crate::plain::{form_decoded, has_control, pairs};

/// The first line is the content type, the rest the body.
fn split(bytes: &[u8]) -> (HeaderMap, &[u8]) {
    let at = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let mut headers = HeaderMap::new();
    if let Ok(kind) = HeaderValue::from_bytes(&bytes[..at]) {
        headers.insert(CONTENT_TYPE, kind);
    }
    (headers, bytes.get(at + 1..).unwrap_or_default())
}

/// Whether a content type is that of a form in UTF-8.
fn is_form(headers: &HeaderMap) -> bool {
    let sent = headers.get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    if !sent.iter().all(|byte| *byte == b'\t' || (0x20..0x7f).contains(byte)) {
        return false;
    }
    let sent = String::from_utf8_lossy(sent).to_lowercase();
    let parts: Vec<&str> = sent.split(';').map(str::trim).collect();
    let charset = parts[1..].iter().find_map(|part| part.strip_prefix("charset="));
    parts[0] == "application/x-www-form-urlencoded" && charset.is_none_or(|set| set.trim_matches('"') == "utf-8")
}

/// The fields of a body, if it may be one. `lines`: values may have several.
fn fields(headers: &HeaderMap, body: &[u8], lines: bool) -> Option<Vec<(String, String)>> {
    let text = std::str::from_utf8(body).ok().filter(|_| is_form(headers))?;
    query(text, lines)
}

fn query(text: &str, lines: bool) -> Option<Vec<(String, String)>> {
    let pairs = pairs(text);
    let mut fields = Vec::new();
    for (name, value) in &pairs {
        let (name, mut value) = (form_decoded(name)?, form_decoded(value)?);
        if lines {
            value = value.replace("\r\n", "\n");
        }
        let shown: String = value.chars().filter(|c| !lines || !"\n\t".contains(*c)).collect();
        if name.len() > 100 || has_control(&name) || has_control(&shown) || (!lines && value.len() > 8192) {
            return None;
        }
        fields.push((name, value));
    }
    (pairs.len() <= MOST).then_some(fields)
}

/// The readers of forms and queries.
pub fn form(bytes: &[u8]) {
    let (headers, body) = split(bytes);
    same(Form::read(&headers, body), fields(&headers, body, false));
    same(Form::written(&headers, body), fields(&headers, body, true));
    if let Ok(text) = std::str::from_utf8(body) {
        same(Form::parse(text), query(text, false));
    }
}

fn same(read: Result<Form, String>, naive: Option<Vec<(String, String)>>) {
    let form = match (read, naive) {
        (Ok(form), Some(fields)) => (form, fields),
        (Err(_), None) => return,
        (read, naive) => panic!("one takes it for a form, the other does not: {read:?}, {naive:?}"),
    };
    let (form, fields) = form;
    let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(form.names().collect::<Vec<_>>(), names);
    let repeated = (0..names.len()).find(|at| names[..*at].contains(&names[*at])).map(|at| names[at]);
    assert_eq!(form.repeated(), repeated);
    for name in names.iter().copied().chain(["", "absent"]) {
        let values: Vec<&str> = fields.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_str()).collect();
        let of_one_line: Vec<&str> = values.iter().copied().filter(|value| !has_control(value)).collect();
        assert_eq!(form.all(name).collect::<Vec<_>>(), of_one_line, "{name:?}");
        assert_eq!(form.get(name), of_one_line.first().copied().filter(|value| !value.is_empty()), "{name:?}");
        assert_eq!(form.clone().take(name).as_deref(), form.get(name), "{name:?}");
        assert_eq!(form.text(name), values.first().copied().filter(|value| !value.is_empty()), "{name:?}");
    }
}

/// The form of the token endpoint: checks 1 and 2 of the contract. A first line that begins with `!` brings an
/// `Authorization` header along.
pub fn token_form(bytes: &[u8]) {
    let (with, bytes) = bytes.strip_prefix(b"!").map_or((false, bytes), |rest| (true, rest));
    let (mut headers, body) = split(bytes);
    if with {
        headers.insert(AUTHORIZATION, HeaderValue::from_static("Basic eDp5"));
    }
    let read = token::read(&headers, body);
    let found = match &read {
        Ok(it) => Ok((
            it.client_id.as_str(),
            it.client_secret.as_deref(),
            it.code.as_str(),
            it.redirect_uri.as_str(),
            it.verifier.as_deref(),
        )),
        Err(refusal) => Err(refusal.fault),
    };
    let fields = fields(&headers, body, false);
    let naive = match &fields {
        Some(fields) => trade(fields, with),
        None => Err(KauthFault::MalformedTokenRequest),
    };
    assert_eq!(found, naive);
}

type Trade<'f> = (&'f str, Option<&'f str>, &'f str, &'f str, Option<&'f str>);

fn trade(fields: &[(String, String)], with_header: bool) -> Result<Trade<'_>, KauthFault> {
    let mut names: Vec<&String> = fields.iter().map(|(name, _)| name).collect();
    let all = names.len();
    names.sort();
    names.dedup();
    let field = |name: &str| {
        fields.iter().find(|(known, value)| known == name && !value.is_empty()).map(|(_, value)| value.as_str())
    };
    let client = field("client_id").or(with_header.then_some("null"));
    let complete = field("grant_type").zip(client).zip(field("code")).zip(field("redirect_uri"));
    let Some((((grant_type, client), code), uri)) = complete.filter(|_| names.len() == all) else {
        return Err(KauthFault::MalformedTokenRequest);
    };
    if grant_type != "authorization_code" {
        return Err(KauthFault::UnsupportedGrantType);
    }
    Ok((client, field("client_secret"), code, uri, field("code_verifier")))
}
