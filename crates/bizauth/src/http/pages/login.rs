//! `GET` and `POST /login`: e-mail and password, then back to the very same request.
//!
//! Tries are limited per account, per known browser and per address. A slot is held before the password is looked at
//! and given back if it was right, so that parallel tries cannot beat the limit and parallel good ones pass. A browser
//! that signed in before has slots of its own: a stranger's wrong tries never lock its owner out.

use std::net::IpAddr;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{RawQuery, State};
use axum::http::header::SET_COOKIE;
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use bizauth_core::authorize::Query;
use bizauth_core::secret::{Credential, Digest};
use bizauth_core::time::Time;
use bizauth_core::user::email;
use bizauth_store::{Limit, NewSession, Slot, UserRecord};
use cookie::Cookie;

use super::{html, local};
use crate::http::form::Form;
use crate::http::guard::{Browser, caller, find_client};
use crate::http::reply::{escape, log_breakage, see};
use crate::http::state::AppState;
use crate::view::{LoginError, LoginPage};

/// How long a session lives.
const SESSION: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a session lives for someone who stays signed in.
const LONG_SESSION: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How long a browser is known after a sign-in.
const DEVICE: Duration = Duration::from_secs(180 * 24 * 60 * 60);

const WINDOW: Duration = Duration::from_secs(15 * 60);
/// Wrong passwords for one account from browsers that are not known.
const PER_ACCOUNT: Limit = Limit { kind: "login account", most: 10, window: WINDOW };
/// Wrong passwords for one account from one known browser.
const PER_DEVICE: Limit = Limit { kind: "login device", most: 10, window: WINDOW };
/// Wrong passwords from one address, for whatever accounts.
const PER_ADDRESS: Limit = Limit { kind: "login address", most: 100, window: WINDOW };
/// How long a try waits for a slot that others hold.
const PATIENCE: Duration = Duration::from_secs(8);
const GLANCE: Duration = Duration::from_millis(40);

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
    let error = browser.unavailable.then_some(LoginError::Unavailable);
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
    extensions: Extensions,
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
    let from = caller(&extensions, &headers, &it.config.trusted_proxies);
    let device = browser.device.clone();
    let trial = Trial { it: it.clone(), from, device, email: email(&typed.email), password: text("password") };
    // A task of its own: a caller who hangs up must not leave a slot held.
    let verdict = tokio::spawn(trial.judge()).await;
    match verdict {
        Ok(Ok(Verdict::Right(user))) => match sign_in(&it, &browser, &user, typed.stay, &typed.next).await {
            Ok(response) => response,
            Err(error) => {
                log_breakage(&error);
                page(&it, &browser, typed, Some(LoginError::Unavailable)).await
            }
        },
        Ok(Ok(Verdict::Wrong)) => page(&it, &browser, typed, Some(LoginError::WrongCredentials)).await,
        Ok(Ok(Verdict::TooMany(until))) => {
            let wait = until.since(it.clock.now()).as_secs().div_ceil(60).max(1);
            let minutes = usize::try_from(wait).unwrap_or(15);
            page(&it, &browser, typed, Some(LoginError::TooManyTries { minutes })).await
        }
        Ok(Err(error)) => {
            log_breakage(&error);
            page(&it, &browser, typed, Some(LoginError::Unavailable)).await
        }
        Err(_) => page(&it, &browser, typed, Some(LoginError::Unavailable)).await,
    }
}

enum Verdict {
    Right(Box<UserRecord>),
    Wrong,
    TooMany(Time),
}

/// One try, with all it needs.
struct Trial {
    it: AppState,
    from: IpAddr,
    device: Option<(bizauth_core::id::DeviceId, bizauth_core::secret::Secret)>,
    email: Option<String>,
    password: String,
}

impl Trial {
    async fn judge(self) -> bizauth_store::Result<Verdict> {
        let Trial { it, from, device, email, password } = self;
        let user = match &email {
            Some(email) => it.store.user_by_email(email).await?,
            None => None,
        };
        // Whatever the account's state: it signs in to be told so (KOE026), and lends nothing.
        let known = match (&device, &user) {
            (Some((id, secret)), Some(user)) => {
                it.store.knows_device(*id, secret, user.user.id, it.clock.now()).await?
            }
            _ => false,
        };
        // Also counted where there is no such account: otherwise the limit would tell.
        let account = hex(Digest::of(email.unwrap_or_default().as_bytes()));
        let (limit, subject) = match &device {
            Some((id, _)) if known => (PER_DEVICE, format!("{account} {id}")),
            _ => (PER_ACCOUNT, account),
        };
        let by_address = match slot(&it, PER_ADDRESS, network(from)).await? {
            Ok(since) => since,
            Err(until) => return Ok(Verdict::TooMany(until)),
        };
        let by_account = match slot(&it, limit, subject.clone()).await? {
            Ok(since) => since,
            Err(until) => {
                it.store.settle_slot(PER_ADDRESS, network(from), by_address, false).await?;
                return Ok(Verdict::TooMany(until));
            }
        };
        let right = it.passwords.verify(user.as_ref().map(|user| user.password.clone()), password).await;
        it.store.settle_slot(limit, subject, by_account, !right).await?;
        it.store.settle_slot(PER_ADDRESS, network(from), by_address, !right).await?;
        Ok(match user {
            Some(user) if right => Verdict::Right(Box::new(user)),
            _ => Verdict::Wrong,
        })
    }
}

/// Holds a slot, waiting a little while others hold the last ones.
async fn slot(it: &AppState, limit: Limit, subject: String) -> bizauth_store::Result<Result<Time, Time>> {
    let mut waited = Duration::ZERO;
    loop {
        let now = it.clock.now();
        match it.store.hold_slot(limit, subject.clone(), now).await? {
            Slot::Held(since) => return Ok(Ok(since)),
            Slot::Full(until) => return Ok(Err(until)),
            Slot::Busy if waited >= PATIENCE => return Ok(Err(now.plus(Duration::from_secs(60)))),
            Slot::Busy => {
                tokio::time::sleep(GLANCE).await;
                waited += GLANCE;
            }
        }
    }
}

/// What counts as one address: an IPv6 network of the size that one customer gets.
fn network(from: IpAddr) -> String {
    match from.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

fn hex(digest: Digest) -> String {
    digest.0[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A new session id at every sign-in (CVE-2024-7341), and the mark of a known browser.
async fn sign_in(
    it: &AppState,
    browser: &Browser,
    user: &UserRecord,
    stay: bool,
    next: &str,
) -> bizauth_store::Result<Response> {
    let now = it.clock.now();
    let (session, device) = (it.entropy.secret(), it.entropy.secret());
    let life = if stay { LONG_SESSION } else { SESSION };
    let ends = |secret: &bizauth_core::secret::Secret, life| (secret.digest(), now.plus(life));
    let earlier = browser.session_digest();
    let new = NewSession {
        session: ends(&session, life),
        device: ends(&device, DEVICE),
        earlier,
        known: None,
        address: None,
        agent: None,
    };
    let (id, known) = it.store.sign_in(user.user.id, new, now).await?;
    let seconds = |span: Duration| i64::try_from(span.as_secs()).unwrap_or(i64::MAX);
    let session = Credential::Session.spell(id.0, &session);
    let device = Credential::Device.spell(known.0, &device);
    let mut response = see(next);
    set(&mut response, browser.cookie("session", session, stay.then(|| seconds(life))));
    set(&mut response, browser.cookie("device", device, Some(seconds(DEVICE))));
    Ok(response)
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
        Some(LoginError::FormExpired) => StatusCode::FORBIDDEN,
        Some(LoginError::Unavailable) => StatusCode::SERVICE_UNAVAILABLE,
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
    set(&mut response, browser.form_cookie());
    response
}

/// The app whose request waits behind the sign-in, and the host its answer goes to.
async fn waiting_app(it: &AppState, next: &str) -> Option<(String, Option<String>)> {
    let query = Query::read(next.strip_prefix("/oauth/business/authorize?")?);
    let client = find_client(it, &query).await.ok()??;
    let catalogue = it.store.catalogue().await.ok()?;
    let asked = query.judge(Some(&client), &catalogue, it.config.wildcard_redirects).ok()?;
    Some((client.app.name, Some(asked.destination.host().to_owned())))
}
