//! `POST /console/apps/{app}/test/send`: makes the call and answers with the page that shows what came of it.
//!
//! Of what was typed nothing is kept, here or in the store.

use axum::extract::State;
use axum::http::{Extensions, HeaderMap};
use bizauth_core::key::KeyKind;
use bizauth_store::KeyRecord;

use super::call::{Call, Caller, FORM, Word};
use super::{answer, belongs_here, chosen, curl, key, keys, page, parameters, shown};
use crate::http::state::AppState;
use crate::http::visit::{Page, Visit};
use crate::usage::Endpoint;
use crate::view::console::{FieldView, TestPage};
use crate::view::kit::Fields;

/// Reads the form, makes the call, shows it.
pub async fn post(State(it): State<AppState>, visit: Visit, extensions: Extensions, headers: HeaderMap) -> Page {
    let (endpoint, keys) = (chosen(&visit), keys(&it, &visit).await?);
    let key = key(&visit, &keys)?;
    let token = visit.form().get("token").unwrap_or_default().trim().to_owned();
    belongs_here(&it, &visit, &token).await?;
    let mut page = page(&it, &visit, endpoint, &keys, Fields::new());
    page.fields = typed(&visit, &page.parameters);
    judge(&mut page, key, &token);
    page.token.clone_from(&token);
    if !page.fields.is_fine() {
        return Ok(answer(&page));
    }
    let call = call(endpoint, &page.fields, key, visit.form().get("client_secret").unwrap_or_default());
    let from = Caller { extensions, headers };
    let origin = from.origin(&it, endpoint.door());
    page.curl = Some(curl::line(&call, &origin));
    if endpoint == Endpoint::Authorize {
        page.link = Some(format!("{origin}{}", call.target()));
        return Ok(answer(&page));
    }
    let answered = call.run(&it, &from).await;
    page.answer = Some(shown(&page.frame, endpoint, &answered));
    if let Some(token) = answered.field("access_token").filter(|_| endpoint == Endpoint::Token) {
        page.token = token;
    }
    Ok(answer(&page))
}

/// What was typed, but for the client secret.
fn typed(visit: &Visit, parameters: &[FieldView]) -> Fields {
    let shown = parameters.iter().map(|field| field.field).filter(|name| *name != "client_secret");
    Fields::typed(shown.map(|name| (name, visit.form().text(name).unwrap_or_default().trim().to_owned())))
}

/// What must be there, is; the admin key is not used here; a header can carry what goes into one.
fn judge(page: &mut TestPage, key: Option<&KeyRecord>, token: &str) {
    let refusals: Vec<(&'static str, String)> = page
        .parameters
        .iter()
        .filter_map(|field| {
            let missing = field.required && page.fields.value(field.field).is_empty();
            let refused = match field.field {
                _ if missing => page.missing(field.name),
                "key" if key.is_some_and(|record| record.key.kind == KeyKind::Admin) => page.no_admin_key(),
                "key" if !fits(page.endpoint, key) => page.missing(field.name),
                "code_challenge" if unbound(page, key) => page.no_challenge(),
                "token" if !token.bytes().all(|b| b.is_ascii_graphic()) => page.letters(field.name),
                _ => return None,
            };
            Some((field.field, refused))
        })
        .collect();
    for (field, sentence) in refusals {
        page.fields.refuse(field, sentence);
    }
}

/// Whether the key requires a PKCE challenge and none was typed.
fn unbound(page: &TestPage, key: Option<&KeyRecord>) -> bool {
    page.fields.value("code_challenge").is_empty() && key.is_some_and(|record| record.key.pkce_required)
}

fn fits(endpoint: Endpoint, key: Option<&KeyRecord>) -> bool {
    let kinds: &[KeyKind] = if endpoint == Endpoint::Ips { &parameters::PLATFORM } else { &parameters::REST };
    key.is_some_and(|record| kinds.contains(&record.key.kind))
}

/// The call that the form describes.
fn call(endpoint: Endpoint, fields: &Fields, key: Option<&KeyRecord>, secret: &str) -> Call {
    let mut call = Call::new(parameters::verb(endpoint), endpoint.path());
    let key = key.and_then(|record| record.value.as_deref()).unwrap_or_default();
    let filled = |name: &'static str| Some(fields.value(name)).filter(|value| !value.is_empty());
    match endpoint {
        Endpoint::Authorize => {
            call.parameter("client_id", key);
            for name in ["response_type", "redirect_uri", "scope", "state"] {
                filled(name).into_iter().for_each(|value| call.parameter(name, value));
            }
            let lines = fields.value("resource_ids").lines().map(str::trim).filter(|line| !line.is_empty());
            lines.for_each(|line| call.parameter("resource_ids", line));
            for name in ["code_challenge", "code_challenge_method"] {
                filled(name).into_iter().for_each(|value| call.parameter(name, value));
            }
        }
        Endpoint::Token => {
            call.header(FORM.0, vec![Word::plain(FORM.1)]);
            call.field("grant_type", Word::plain(fields.value("grant_type")));
            call.field("client_id", Word::plain(key));
            call.field("redirect_uri", Word::plain(fields.value("redirect_uri")));
            call.field("code", Word::Hidden("AUTHORIZE_CODE", fields.value("code").to_owned()));
            if !secret.is_empty() {
                call.field("client_secret", Word::Hidden("CLIENT_SECRET", secret.to_owned()));
            }
            if let Some(verifier) = filled("code_verifier") {
                call.field("code_verifier", Word::Hidden("CODE_VERIFIER", verifier.to_owned()));
            }
        }
        Endpoint::Tokeninfo | Endpoint::Userinfo | Endpoint::Revoke => {
            let token = Word::Hidden("BUSINESS_TOKEN", fields.value("token").to_owned());
            call.header("Authorization", vec![Word::plain("Bearer "), token]);
        }
        Endpoint::Ips => {
            call.header("Authorization", vec![Word::plain(&format!("KakaoAK {key}"))]);
            filled("rule_type").into_iter().for_each(|rule| call.parameter("rule_type", rule));
        }
    }
    call
}
