//! `GET` and `POST /login`: e-mail and password, then back to the very same request.
//!
//! Tries are limited per account, per known browser and per address, see `trial.rs`. Where the account has a second
//! factor, `code.rs` goes on.

pub mod code;
pub mod trial;

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{RawQuery, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use bizauth_core::authorize::Query;
use bizauth_core::id::{DeviceId, SessionId};
use bizauth_core::secret::{Credential, Secret};
use bizauth_core::time::Time;
use bizauth_core::user::email;
use bizauth_store::{NewSession, SignedIn, UserRecord};
use cookie::Cookie;

use self::trial::{Trial, Verdict};
use super::{html, local};
use crate::http::form::Form;
use crate::http::guard::{Browser, find_client};
use crate::http::limits::Until;
use crate::http::reply::{escape, log_breakage, see};
use crate::http::state::AppState;
use crate::view::{LoginError, LoginPage};

/// How long a session lives.
const SESSION: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a session lives for someone who stays signed in.
const LONG_SESSION: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How long a browser is known after a sign-in.
const DEVICE: Duration = Duration::from_secs(180 * 24 * 60 * 60);

/// Whether whoever has this session stays signed in.
pub fn stays(session: &SignedIn) -> bool {
    session.life > SESSION
}

/// The address of the page that returns to `next`.
pub fn address(next: &str) -> String {
    format!("/login?next={}", escape(next))
}

/// The page; for someone who is signed in already, the way on.
pub async fn get(State(it): State<AppState>, browser: Browser, RawQuery(query): RawQuery) -> Response {
    let form = Form::parse(query.as_deref().unwrap_or_default()).unwrap_or_default();
    let next = local(form.get("next").unwrap_or("/"));
    if browser.session.is_some() {
        return see(&next);
    }
    let error = match browser.unavailable {
        true => Some(LoginError::Unavailable),
        false => form.get("over").map(|_| LoginError::StepOver),
    };
    page(&it, &browser, Typed { next, ..Typed::default() }, error).await
}

/// What the person typed, but for the password.
#[derive(Default)]
struct Typed {
    email: String,
    next: String,
    stay: bool,
}

/// One try.
pub async fn post(
    State(it): State<AppState>,
    headers: HeaderMap,
    browser: Browser,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let form = Form::read(&headers, &body.unwrap_or_default()).unwrap_or_default();
    let text = |name: &str| form.get(name).unwrap_or_default().to_owned();
    let typed = Typed { email: text("email"), next: local(&text("next")), stay: form.get("stay").is_some() };
    if browser.unavailable {
        return page(&it, &browser, typed, Some(LoginError::Unavailable)).await;
    }
    if !browser.owns_form("login", form.get("form_token")) {
        return page(&it, &browser, typed, Some(LoginError::FormExpired)).await;
    }
    let trial = Trial::of(&it, &browser, email(&typed.email), &text("password"));
    let error = match trial.judged().await {
        Ok(Verdict::Right(user)) => match let_in(&it, &browser, &user, typed.stay, &typed.next).await {
            Ok(Some(response)) => return response,
            // The password was changed while it was looked at.
            Ok(None) => LoginError::WrongCredentials,
            Err(error) => {
                log_breakage(&error);
                LoginError::Unavailable
            }
        },
        Ok(Verdict::Wrong) => LoginError::WrongCredentials,
        Ok(Verdict::TooMany(until)) => LoginError::TooManyTries { minutes: minutes_until(&it, until) },
        Err(error) => {
            log_breakage(&error);
            LoginError::Unavailable
        }
    };
    page(&it, &browser, typed, Some(error)).await
}

/// How long to wait, in whole minutes for people.
pub fn minutes_until(it: &AppState, until: Time) -> usize {
    let wait = until.since(it.clock.now()).as_millis().div_ceil(60_000).max(1);
    usize::try_from(wait).unwrap_or(15)
}

/// The password was right: signed in, or on to the second factor where the account has one. That this browser is known
/// makes no difference.
async fn let_in(
    it: &AppState,
    browser: &Browser,
    user: &UserRecord,
    stay: bool,
    next: &str,
) -> bizauth_store::Result<Option<Response>> {
    let now = it.clock.now();
    let second = it.store.second_factor(user.user.id).await?;
    if second.is_some_and(|second| second.confirmed_at.is_some()) {
        return code::begin(it, browser, user, stay, next).await;
    }
    let opening = Opening::of(it, browser, stay);
    let signed = it.store.sign_in(user.user.id, user.password.clone(), opening.new.clone(), now).await?;
    let Some(ids) = signed else { return Ok(None) };
    let mut response = see(next);
    opening.hand_over(browser, ids, &mut response);
    Ok(Some(response))
}

/// A session and the mark of a known browser on their way to the browser: new ids at every sign-in (CVE-2024-7341).
pub struct Opening {
    /// For the records.
    pub new: NewSession,
    session: Secret,
    device: Secret,
    stays_for: Option<Duration>,
}

impl Opening {
    /// For this browser, in the place of what it has.
    pub fn of(it: &AppState, browser: &Browser, stay: bool) -> Self {
        let now = it.clock.now();
        let (session, device) = (it.entropy.secret(), it.entropy.secret());
        let life = if stay { LONG_SESSION } else { SESSION };
        let new = NewSession {
            session: (session.digest(), now.plus(life)),
            device: (device.digest(), now.plus(DEVICE)),
            earlier: browser.session_digest(),
            known: browser.device.as_ref().map(|(id, secret)| (*id, secret.digest())),
            address: Some(browser.address.clone()),
            agent: browser.agent.clone(),
        };
        Opening { new, session, device, stays_for: stay.then_some(life) }
    }

    /// What will prove the session.
    pub fn secret(&self) -> &Secret {
        &self.session
    }

    /// Gives the browser what proves them.
    pub fn hand_over(self, browser: &Browser, (id, known): (SessionId, DeviceId), response: &mut Response) {
        let seconds = |span: Duration| i64::try_from(span.as_secs()).unwrap_or(i64::MAX);
        let session = Credential::Session.spell(id.0, &self.session);
        let device = Credential::Device.spell(known.0, &self.device);
        set(response, browser.cookie("session", session, self.stays_for.map(seconds)));
        set(response, browser.cookie("device", device, Some(seconds(DEVICE))));
    }
}

/// Adds a cookie to an answer.
pub fn set(response: &mut Response, cookie: Cookie<'static>) {
    if let Ok(value) = HeaderValue::from_str(&cookie.to_string()) {
        response.headers_mut().append(SET_COOKIE, value);
    }
}

/// The page, with what was typed kept. The address stays out of the URL, so a failed try answers with the page itself.
async fn page(it: &AppState, browser: &Browser, typed: Typed, error: Option<LoginError>) -> Response {
    let status = match error {
        None => StatusCode::OK,
        Some(LoginError::WrongCredentials) => StatusCode::UNAUTHORIZED,
        Some(LoginError::TooManyTries { .. }) => StatusCode::TOO_MANY_REQUESTS,
        Some(LoginError::FormExpired | LoginError::StepOver) => StatusCode::FORBIDDEN,
        Some(LoginError::Unavailable) => StatusCode::SERVICE_UNAVAILABLE,
    };
    let minutes = match error {
        Some(LoginError::TooManyTries { minutes }) => Some(minutes),
        _ => None,
    };
    let (app_name, app_host) = waiting_app(it, &typed.next).await.unzip();
    let mut frame = browser.frame(it);
    frame.here = address(&typed.next);
    let page = LoginPage {
        frame,
        form_token: browser.form_token("login"),
        next: typed.next,
        email: typed.email,
        stay: typed.stay,
        error,
        app_name,
        app_host: app_host.flatten(),
    };
    let mut response = html(status, &page, None);
    wait(it, minutes, &mut response);
    set(&mut response, browser.form_cookie());
    response
}

/// Lets an answer say how many minutes to wait.
fn wait(it: &AppState, minutes: Option<usize>, response: &mut Response) {
    if let Some(minutes) = minutes {
        let until = it.clock.now().plus(Duration::from_secs(60 * minutes as u64));
        response.extensions_mut().insert(Until(until));
    }
}

/// The app whose request waits behind the sign-in, and the host its answer goes to.
async fn waiting_app(it: &AppState, next: &str) -> Option<(String, Option<String>)> {
    let query = Query::read(next.strip_prefix("/oauth/business/authorize?")?);
    let client = find_client(it, &query).await.ok()??;
    let catalogue = it.store.catalogue().await.ok()?;
    let asked = query.judge(Some(&client), &catalogue, it.config.wildcard_redirects).ok()?;
    Some((client.app.name, Some(asked.destination.host().to_owned())))
}
