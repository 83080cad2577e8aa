//! `/console/apps/{app}/keys/{key}/redirect-uris/…`: the business redirect URIs of a REST API key. Each mistake is told in
//! its own words, with an address that would be right.

use axum::extract::State;
use bizauth_core::redirect::{self, Flaw, URIS_PER_KEY};
use bizauth_store::AddedUri;

use super::key::{Forms, done, find_rest, path, show};
use crate::http::state::AppState;
use crate::http::visit::{Page, PageError, Visit};
use crate::view::Frame;
use crate::view::kit::Fields;

/// Registers one more.
pub async fn add(State(it): State<AppState>, visit: Visit) -> Page {
    let record = find_rest(&it, &visit).await?;
    let frame = visit.frame(&it);
    let uri = visit.form().text("uri").unwrap_or_default().trim().to_owned();
    let mut forms = Forms::fresh(&record);
    forms.uri = Fields::typed([("uri", uri.as_str())]).for_form("redirect");
    let (offered, biz) = (it.config.wildcard_redirects, visit.app().app.counts_as_biz());
    let refusal = match redirect::register(&uri, offered && biz) {
        Err(flaw) => Some(told(&frame, &uri, flaw, (offered, biz))),
        Ok(()) => match visit.by(&it).add_redirect_uri(record.key.id, uri.clone()).await? {
            AddedUri::Added => return Ok(visit.see(&path(&visit, record.key.id), "uri-added")),
            AddedUri::AlreadyThere => Some(frame.say("uri-duplicate")),
            AddedUri::Full => Some(frame.fill("uri-full", "most", URIS_PER_KEY)),
            AddedUri::Unfit(flaw) => Some(told(&frame, &uri, flaw, (offered, biz))),
            AddedUri::NoSuchKey => None,
        },
    };
    forms.uri.refuse("uri", refusal.ok_or(PageError::NotFound)?);
    // As it is now: somebody else may have added the one that was too many.
    let record = find_rest(&it, &visit).await?;
    Ok(show(&it, &visit, record, forms, None))
}

/// What is wrong, what would be right, and where it can be guessed what was meant.
fn told(frame: &Frame, uri: &str, flaw: Flaw, (offered, biz): (bool, bool)) -> String {
    let key = match flaw {
        Flaw::Empty => "uri-empty",
        Flaw::TooLong => "uri-long",
        Flaw::Character if uri.contains(char::is_whitespace) => "uri-space",
        Flaw::Character => "uri-character",
        Flaw::Scheme => "uri-scheme",
        Flaw::Host => "uri-host",
        Flaw::UserInfo => "uri-user-info",
        Flaw::Fragment => "uri-fragment",
        Flaw::Dots => "uri-dots",
        Flaw::NotNormal => "uri-not-normal",
        Flaw::Wildcard if !offered => "uri-wildcard-off",
        Flaw::Wildcard if !biz => "uri-wildcard-biz",
        Flaw::Wildcard => "uri-wildcard-place",
    };
    match redirect::suggestion(uri) {
        Some(meant) => format!("{} {}", frame.say(key), frame.fill("uri-meant", "uri", meant)),
        None => format!("{} {}", frame.say(key), frame.part(key, "example")),
    }
}

/// Takes one away.
pub async fn remove(State(it): State<AppState>, visit: Visit) -> Page {
    let id = find_rest(&it, &visit).await?.key.id;
    let uri = visit.form().text("uri").unwrap_or_default().to_owned();
    // Somebody else may have been faster: it is gone either way.
    visit.by(&it).remove_redirect_uri(id, uri).await?;
    done(&visit, id, true, "uri-removed")
}
