//! `GET /console/test/callback`: where a consent that the tool asked for comes back to, in the place of an app.

use axum::extract::State;
use axum::http::StatusCode;
use bizauth_core::app::Role;
use bizauth_store::{AppRecord, KeyRecord};

use super::super::page::app_frame;
use super::{issue, key_name};
use crate::http::pages::html;
use crate::http::state::AppState;
use crate::http::visit::{Page, PageError, Visit};
use crate::view::Notice;
use crate::view::console::{AppHead, RedeemPage};
use crate::view::kit::Fields;

/// Shows the code, or why there is none. A `state` that this browser session was not given shows nothing.
pub async fn get(State(it): State<AppState>, visit: Visit) -> Page {
    let field = |name: &str| visit.form().get(name).map(str::to_owned);
    let state = field("state").unwrap_or_default();
    let proven = issue::proven(&visit, &state).ok_or(PageError::Notice(Notice::FormExpired))?;
    // A member then may be none now.
    let member = it.store.app_for_member(proven.app, visit.user().id).await?.ok_or(PageError::NotFound)?;
    let keys = it.store.keys_of(proven.app, visit.at()).await?;
    let key = keys.iter().find(|record| record.key.id == proven.key).ok_or(PageError::NotFound)?;
    let (code, error) = (field("code"), field("error"));
    let mut page = page(&it, &visit, &member, key);
    page.error = error
        .or_else(|| code.is_none().then(String::new))
        .map(|error| (error, field("error_description").unwrap_or_default()));
    page.code = code.filter(|_| page.error.is_none());
    page.verifier = proven.verifier;
    Ok(html(StatusCode::OK, &page, None))
}

/// The page without a code.
pub(super) fn page(it: &AppState, visit: &Visit, (app, role): &(AppRecord, Role), key: &KeyRecord) -> RedeemPage {
    let head = AppHead::of(&app.app, *role);
    let again = format!("{}/test/issue", head.path());
    // The page stands among those of the app, and the code is in no link on it.
    let frame = app_frame(it, visit, &head, &again);
    RedeemPage {
        key_name: key_name(&frame, key),
        frame,
        code: None,
        verifier: None,
        error: None,
        key: key.key.id.to_string(),
        secret_on: key.key.secret_on,
        fields: Fields::new(),
        post: visit.form_to(format!("{}/test/redeem", head.path())),
        answer: None,
        again,
    }
}
