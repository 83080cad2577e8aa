//! `POST /console/apps/{app}/test/register`: makes the tool's own address a redirect URI of a REST API key.

use axum::extract::State;
use axum::http::{Extensions, HeaderMap};
use bizauth_core::redirect;
use bizauth_store::AddedUri;

use super::call::Caller;
use super::{issue, key, keys};
use crate::http::state::AppState;
use crate::http::visit::{Page, PageError, Visit};

/// Registers it, noted in the audit log like any other; it counts to the ten.
pub async fn post(State(it): State<AppState>, visit: Visit, extensions: Extensions, headers: HeaderMap) -> Page {
    let keys = keys(&it, &visit).await?;
    let key = key(&visit, &keys)?.ok_or(PageError::NotFound)?.key.id;
    let uri = issue::callback(&it, &Caller { extensions, headers });
    let back = format!("/console/apps/{}/test/issue?key={key}", visit.app().app.id);
    if let Err(flaw) = redirect::register(&uri, false) {
        return issue::refused(&it, &visit, &uri, issue::Why::Flaw(flaw)).await;
    }
    match visit.by(&it).add_redirect_uri(key, uri.clone()).await? {
        AddedUri::Added | AddedUri::AlreadyThere => Ok(visit.see(&back, "test-uri-added")),
        AddedUri::Full => issue::refused(&it, &visit, &uri, issue::Why::Full).await,
        AddedUri::Unfit(flaw) => issue::refused(&it, &visit, &uri, issue::Why::Flaw(flaw)).await,
        AddedUri::NoSuchKey => Err(PageError::NotFound),
    }
}
