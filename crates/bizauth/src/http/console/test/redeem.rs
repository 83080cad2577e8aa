//! `POST /console/apps/{app}/test/redeem`: trades the code at the real token endpoint, and opens the tool with the token.

use axum::extract::State;
use axum::http::{Extensions, HeaderMap, StatusCode};

use super::call::{Call, Caller, FORM, Word};
use super::{callback, issue, key, keys, page, parameters, shown};
use crate::http::pages::html;
use crate::http::state::AppState;
use crate::http::visit::{Page, PageError, Visit};
use crate::usage::Endpoint;
use crate::view::kit::Fields;

/// The token goes into the page, and nowhere else.
pub async fn post(State(it): State<AppState>, visit: Visit, extensions: Extensions, headers: HeaderMap) -> Page {
    let keys = keys(&it, &visit).await?;
    let record = key(&visit, &keys)?.ok_or(PageError::NotFound)?;
    let field = |name: &str| visit.form().get(name).unwrap_or_default().trim().to_owned();
    let (code, secret, verifier) = (field("code"), field("client_secret"), field("code_verifier"));
    let from = Caller { extensions, headers };
    let mut call = Call::new(parameters::verb(Endpoint::Token), Endpoint::Token.path());
    call.header(FORM.0, vec![Word::plain(FORM.1)]);
    call.field("grant_type", Word::plain("authorization_code"));
    call.field("client_id", Word::plain(record.value.as_deref().unwrap_or_default()));
    call.field("redirect_uri", Word::plain(&issue::callback(&it, &from)));
    call.field("code", Word::Hidden("AUTHORIZE_CODE", code.clone()));
    if !secret.is_empty() {
        call.field("client_secret", Word::Hidden("CLIENT_SECRET", secret));
    }
    let verifier = Some(verifier).filter(|verifier| !verifier.is_empty());
    if let Some(verifier) = &verifier {
        call.field("code_verifier", Word::Hidden("CODE_VERIFIER", verifier.clone()));
    }
    let answered = call.run(&it, &from).await;
    if let Some(token) = answered.field("access_token") {
        let mut page = page(&it, &visit, Endpoint::Tokeninfo, &keys, Fields::typed([("token", token.as_str())]));
        page.show_issued(token);
        return Ok(html(StatusCode::OK, &page, None));
    }
    let member = (visit.app().clone(), visit.role());
    let mut page = callback::page(&it, &visit, &member, record);
    page.answer = Some(shown(&page.frame, Endpoint::Token, &answered));
    (page.code, page.verifier) = (Some(code), verifier);
    if answered.code().as_deref() == Some("KOE010") {
        page.refuse_secret();
    }
    Ok(html(StatusCode::UNPROCESSABLE_ENTITY, &page, None))
}
