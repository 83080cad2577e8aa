//! `GET /console/apps/{app}/test?api=`: the REST API test. The same address opens with a token when it is posted to:
//! tokens travel in forms, never in addresses.
//!
//! The endpoints are called through the server's own router (`call.rs`); what one is called with is in `parameters.rs`.

pub mod call;
pub mod callback;
pub mod curl;
pub mod issue;
pub mod parameters;
pub mod redeem;
pub mod register;
pub mod send;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use bizauth_core::id::KeyId;
use bizauth_core::key::KeyKind;
use bizauth_core::scope::ItemId;
use bizauth_core::secret::Credential;
use bizauth_store::KeyRecord;

use super::page::app_frame;
use crate::http::pages::html;
use crate::http::state::AppState;
use crate::http::visit::{Page, PageError, Visit};
use crate::usage::Endpoint;
use crate::view::Frame;
use crate::view::console::errors;
use crate::view::console::{AnswerView, ApiLink, AppHead, TestPage};
use crate::view::kit::{Fields, Pick};
use call::{Answered, pretty};
use parameters::method;

/// Where a consent that this tool asked for comes back to, below the origin.
pub const CALLBACK: &str = "/console/test/callback";

/// The form of an endpoint.
pub async fn get(State(it): State<AppState>, visit: Visit) -> Page {
    let keys = keys(&it, &visit).await?;
    let page = page(&it, &visit, chosen(&visit), &keys, Fields::new());
    Ok(html(StatusCode::OK, &filled(page, &it, &visit, &keys).await?, None))
}

/// The same with a token at hand. Nothing is changed.
pub async fn open(State(it): State<AppState>, visit: Visit) -> Page {
    let keys = keys(&it, &visit).await?;
    let token = visit.form().get("token").unwrap_or_default();
    belongs_here(&it, &visit, token).await?;
    let mut page = page(&it, &visit, chosen(&visit), &keys, Fields::typed([("token", token)]));
    token.clone_into(&mut page.token);
    Ok(html(StatusCode::OK, &page, None))
}

/// The endpoint that was asked for; the one that is used most, if none was.
pub(super) fn chosen(visit: &Visit) -> Endpoint {
    let asked = visit.form().get("api");
    Endpoint::ALL.into_iter().find(|endpoint| Some(endpoint.word()) == asked).unwrap_or(Endpoint::Tokeninfo)
}

/// The keys of the app.
pub(super) async fn keys(it: &AppState, visit: &Visit) -> Result<Vec<KeyRecord>, PageError> {
    Ok(it.store.keys_of(visit.app().app.id, visit.at()).await?)
}

/// The key that was chosen in a form. One that is no key of this app does not exist.
pub(super) fn key<'k>(visit: &Visit, keys: &'k [KeyRecord]) -> Result<Option<&'k KeyRecord>, PageError> {
    let Some(sent) = visit.form().get("key") else { return Ok(None) };
    let id = sent.parse().map(KeyId).map_err(|_| PageError::NotFound)?;
    keys.iter().find(|record| record.key.id == id).map(Some).ok_or(PageError::NotFound)
}

/// A token that is proved to be another app's does not exist here; any other goes to the endpoint, which will say.
pub(super) async fn belongs_here(it: &AppState, visit: &Visit, token: &str) -> Result<(), PageError> {
    let Some((id, secret)) = Credential::Token.read(token) else { return Ok(()) };
    let found = it.store.token(bizauth_core::id::TokenId(id), &secret).await?.token;
    match found.is_some_and(|token| token.app.id != visit.app().app.id) {
        true => Err(PageError::NotFound),
        false => Ok(()),
    }
}

/// What a key is called in a choice.
pub(super) fn key_name(frame: &Frame, record: &KeyRecord) -> String {
    let value = record.value.as_deref().unwrap_or_default();
    let start = value.get(..8).unwrap_or(value);
    let name = match record.name.as_str() {
        "" => TestPage::unnamed(frame, start),
        name => format!("{name} · {start}…"),
    };
    if record.key.disabled { TestPage::switched_off(frame, &name) } else { name }
}

/// The keys of these kinds, to choose from.
pub(super) fn picks(frame: &Frame, keys: &[KeyRecord], kinds: &[KeyKind]) -> Vec<Pick> {
    let fits = |record: &&KeyRecord| kinds.contains(&record.key.kind);
    keys.iter().filter(fits).map(|record| Pick::new(record.key.id.to_string(), key_name(frame, record))).collect()
}

/// The page of an endpoint, with what was typed.
pub(super) fn page(it: &AppState, visit: &Visit, endpoint: Endpoint, keys: &[KeyRecord], fields: Fields) -> TestPage {
    let head = AppHead::of(&visit.app().app, visit.role());
    let path = format!("{}/test", head.path());
    // An answer to a form is no address to come back to, from the other language say.
    let frame = app_frame(it, visit, &head, &format!("{path}?api={}", endpoint.word()));
    let link = |known: Endpoint| ApiLink { method: method(known), endpoint: known, current: known == endpoint };
    TestPage {
        parameters: parameters::of(&frame, endpoint, keys),
        apis: Endpoint::ALL.map(link).into(),
        open: visit.form_to(path.as_str()),
        send: visit.form_to(format!("{path}/send")),
        frame,
        token: String::new(),
        issued: false,
        answer: None,
        link: None,
        curl: None,
        endpoint,
        fields,
        path,
    }
}

/// The page with what is known already: the first key, its redirect URI, the items that are on, the words that are
/// always the same.
async fn filled(page: TestPage, it: &AppState, visit: &Visit, keys: &[KeyRecord]) -> Result<TestPage, PageError> {
    let rest = keys.iter().find(|record| record.key.kind == KeyKind::RestApi && !record.key.disabled);
    let key = rest.map(|record| record.key.id.to_string()).unwrap_or_default();
    let uri = rest.and_then(|record| record.redirect_uris.first().cloned()).unwrap_or_default();
    let known = match page.endpoint {
        Endpoint::Authorize => {
            // What needs all of a group would need `resource_ids` too.
            let catalogue = it.store.catalogue().await?;
            let plain = |item: &ItemId| catalogue.item(&item.0).is_some_and(|item| !item.needs_all);
            let items = it.store.items_of(visit.app().app.id).await?.into_iter().map(|(item, _)| item);
            let scope = items.filter(plain).map(|item| item.0).collect::<Vec<_>>().join(",");
            vec![("key", key), ("response_type", "code".to_owned()), ("redirect_uri", uri), ("scope", scope)]
        }
        Endpoint::Token => {
            vec![("key", key), ("grant_type", "authorization_code".to_owned()), ("redirect_uri", uri)]
        }
        Endpoint::Ips => vec![("key", key)],
        Endpoint::Tokeninfo | Endpoint::Userinfo | Endpoint::Revoke => Vec::new(),
    };
    Ok(TestPage { fields: Fields::typed(known), ..page })
}

/// An answer, for people.
pub(super) fn shown(frame: &Frame, endpoint: Endpoint, answered: &Answered) -> AnswerView {
    let refusal = answered.code().and_then(|_| {
        let rows = errors::doors(frame, &answered.body);
        rows.into_iter().find(|it| it.door == endpoint.door().name())?.rows.into_iter().next()
    });
    AnswerView {
        status: format!("{} {}", answered.status.as_u16(), answered.status.canonical_reason().unwrap_or_default()),
        good: answered.status.is_success(),
        took: format!("{:.1}", answered.took.as_secs_f64() * 1000.0),
        headers: answered.headers.clone(),
        body: pretty(&answered.body),
        cut: answered.cut,
        refusal,
    }
}

/// 422 for a form that was refused; the page is the same.
pub(super) fn answer(page: &TestPage) -> Response {
    let status = if page.fields.is_fine() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    html(status, page, None)
}
