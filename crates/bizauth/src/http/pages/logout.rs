//! `POST /logout`: ends the session in the store, then in the browser.

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::HeaderMap;
use axum::response::Response;

use super::{local, login, say};
use crate::http::form::Form;
use crate::http::guard::Browser;
use crate::http::reply::{log_breakage, see};
use crate::http::state::AppState;
use crate::view::Notice;

/// Signs out. With a `next` ("not you?") the person signs in again and comes back there.
pub async fn post(
    State(it): State<AppState>,
    headers: HeaderMap,
    browser: Browser,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let form = Form::read(&headers, &body.unwrap_or_default()).unwrap_or_default();
    if browser.unavailable {
        return say(at_home(&it, &browser), Notice::Unavailable, None);
    }
    if !browser.owns_form("logout", form.get("form_token")) {
        return say(at_home(&it, &browser), Notice::FormExpired, Some("/".to_owned()));
    }
    if let Some((id, digest)) = browser.session_digest()
        && let Err(error) = it.store.sign_out(id, digest).await
    {
        log_breakage(&error);
        return say(at_home(&it, &browser), Notice::Unavailable, None);
    }
    let mut response = match form.get("next").map(local).filter(|next| next != "/") {
        // A consent screen belongs to the session that just ended: the request itself must be made anew.
        Some(next) => see(&login::address(&next)),
        None => {
            let mut frame = at_home(&it, &browser);
            frame.account = None;
            say(frame, Notice::SignedOut, Some("/login".to_owned()))
        }
    };
    login::set(&mut response, browser.cookie("session", String::new(), Some(0)));
    response
}

fn at_home(it: &AppState, browser: &Browser) -> crate::view::Frame {
    let mut frame = browser.frame(it);
    frame.here = "/".to_owned();
    frame
}
