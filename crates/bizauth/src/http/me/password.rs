//! `GET` and `POST /me/account/password`: another password. It signs out everywhere else, and this browser goes on with
//! a session of a new id, which lasts as the one before it did.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use bizauth_core::user::PASSWORD_LENGTH;

use crate::http::pages::html;
use crate::http::pages::login::trial::{Trial, Verdict};
use crate::http::pages::login::{Opening, minutes_until, stays};
use crate::http::state::AppState;
use crate::http::visit::{Page, PageError, Visit};
use crate::password;
use crate::view::kit::{Crumb, Fields};
use crate::view::me::{PasswordError, PasswordPage};
use crate::view::{Frame, Notice};

const HERE: &str = "/me/account/password";

/// The page.
pub async fn get(State(it): State<AppState>, visit: Visit) -> Page {
    Ok(page(&it, &visit, StatusCode::OK, Fields::new()))
}

/// The change. No password that was typed goes back into the page.
pub async fn post(State(it): State<AppState>, visit: Visit) -> Page {
    let (frame, form) = (visit.frame(&it), visit.form());
    let given = |name: &str| form.get(name).unwrap_or_default().to_owned();
    let (current, new, again) = (given("current"), given("new"), given("again"));
    let mut fields = Fields::new();
    if !PASSWORD_LENGTH.contains(&new.chars().count()) {
        fields.refuse("new", PasswordError::Length.text(&frame));
    } else if new == current {
        fields.refuse("new", PasswordError::Same.text(&frame));
    } else if new != again {
        fields.refuse("again", PasswordError::Differs.text(&frame));
    }
    if !fields.is_fine() {
        return Ok(page(&it, &visit, StatusCode::UNPROCESSABLE_ENTITY, fields));
    }
    let old = match proved(&it, &visit, &frame, &current, &mut fields).await? {
        Ok(hash) => hash,
        Err(status) => return Ok(page(&it, &visit, status, fields)),
    };
    let hash = password::hashed(new, &it.entropy).await.map_err(|_| PageError::Notice(Notice::Broken))?;
    let opening = Opening::of(&it, visit.browser(), stays(visit.session()));
    let opened = visit.by(&it).change_password(visit.user().id, (old, hash), opening.new.clone()).await?;
    let Some(ids) = opened else {
        fields.refuse("current", PasswordError::Wrong.text(&frame));
        return Ok(page(&it, &visit, StatusCode::UNPROCESSABLE_ENTITY, fields));
    };
    let mut response = visit.see_as("/me/account", "password-changed", opening.secret());
    opening.hand_over(visit.browser(), ids, &mut response);
    Ok(response)
}

/// The hash behind the person's password, if this is it: under the same limits as signing in. Otherwise the field
/// `current` is refused, and the status of the answer says how.
pub(super) async fn proved(
    it: &AppState,
    visit: &Visit,
    frame: &Frame,
    current: &str,
    fields: &mut Fields,
) -> Result<Result<String, StatusCode>, PageError> {
    let trial = Trial::of(it, visit.browser(), Some(visit.user().email.clone()), current);
    match trial.judged().await? {
        Verdict::Right(user) => Ok(Ok(user.password)),
        Verdict::Wrong => {
            fields.refuse("current", PasswordError::Wrong.text(frame));
            Ok(Err(StatusCode::UNPROCESSABLE_ENTITY))
        }
        Verdict::TooMany(until) => {
            visit.must_wait(until);
            fields.refuse("current", PasswordError::TooMany { minutes: minutes_until(it, until) }.text(frame));
            Ok(Err(StatusCode::TOO_MANY_REQUESTS))
        }
    }
}

fn page(it: &AppState, visit: &Visit, status: StatusCode, fields: Fields) -> Response {
    let frame = visit.frame(it);
    let frame = frame.clone().below([Crumb::new(frame.say("nav-account"), "/me/account")]);
    html(status, &PasswordPage { frame, fields, save: visit.form_to(HERE) }, None)
}
