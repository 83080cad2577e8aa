//! `GET /language?to=en&next=…`: the language switch of every page.

use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::{local, login};
use crate::http::form::Form;
use crate::http::guard::Browser;
use crate::http::reply::see;
use crate::http::state::AppState;
use crate::view::Language;

/// A year, in seconds.
const REMEMBERED: i64 = 365 * 24 * 60 * 60;

/// Remembers the language and goes back. It changes nothing but how pages read, so it needs no form.
pub async fn get(State(_): State<AppState>, browser: Browser, RawQuery(query): RawQuery) -> Response {
    let form = Form::parse(query.as_deref().unwrap_or_default()).unwrap_or_default();
    let mut response = see(&local(form.get("next").unwrap_or("/")));
    if let Some(language) = form.get("to").and_then(Language::from_code) {
        login::set(&mut response, browser.cookie("language", language.code().to_owned(), Some(REMEMBERED)));
    }
    response
}
