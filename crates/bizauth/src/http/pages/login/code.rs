//! `GET` and `POST /login/code`: the second factor, after a password that was right.
//!
//! What waits here is no session: a row that proves a right password for five minutes, once. Wrong codes are limited per
//! account (per known browser, where it is one) and per sign-in, with slots that are held before a code is looked at.

use std::net::IpAddr;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use bizauth_core::id::{DeviceId, UserId};
use bizauth_core::second_factor::{Given, Seed};
use bizauth_core::secret::Credential;
use bizauth_core::time::Time;
use bizauth_store::{Actor, Finish, Limit, LoginStep, NewLoginStep, Proof, SecondFactor, UserRecord, Who};
use cookie::SameSite;

use super::trial::{self, WINDOW, hold, settle, settled};
use super::{Opening, minutes_until, set, wait};
use crate::http::form::Form;
use crate::http::guard::Browser;
use crate::http::limits::neighbourhood;
use crate::http::pages::{html, local, say};
use crate::http::reply::{escape, log_breakage, see};
use crate::http::state::AppState;
use crate::seal::MasterKeys;
use crate::view::{CodeError, CodePage, Notice};

/// How long a sign-in waits for its second factor.
const STEP: Duration = Duration::from_secs(5 * 60);

/// Wrong codes for one account from browsers that are not known.
const PER_ACCOUNT: Limit = Limit { kind: "code account", most: 10, window: Duration::from_secs(60 * 60) };
/// Wrong codes for one account from one known browser.
const PER_DEVICE: Limit = Limit { kind: "code device", most: 10, window: Duration::from_secs(60 * 60) };
/// Wrong codes from one address, for whatever accounts.
const PER_ADDRESS: Limit = Limit { kind: "code address", most: 100, window: Duration::from_secs(60 * 60) };
/// Wrong codes in one sign-in.
const PER_STEP: Limit = Limit { kind: "code step", most: 5, window: WINDOW };

fn address(next: &str) -> String {
    format!("/login/code?next={}", escape(next))
}

/// What the form token is for.
const PURPOSE: &str = "login code";

/// Keeps the sign-in and asks for the second factor.
pub(super) async fn begin(
    it: &AppState,
    browser: &Browser,
    user: &UserRecord,
    stay: bool,
    next: &str,
) -> bizauth_store::Result<Option<Response>> {
    let (now, secret) = (it.clock.now(), it.entropy.secret());
    let (proved, user, expires_at) = (user.password.clone(), (user.user.id, user.user.era), now.plus(STEP));
    let new = NewLoginStep { digest: secret.digest(), user, proved, stay, next: next.to_owned(), expires_at };
    let Some(id) = it.store.begin_login_step(new, now).await? else { return Ok(None) };
    let mut response = see(&address(next));
    let mut cookie =
        browser.cookie("step", Credential::LoginStep.spell(id.0, &secret), i64::try_from(STEP.as_secs()).ok());
    cookie.set_same_site(SameSite::Strict);
    set(&mut response, cookie);
    Ok(Some(response))
}

/// The page; without a sign-in that waits, the way back to the password.
pub async fn get(State(it): State<AppState>, browser: Browser, RawQuery(query): RawQuery) -> Response {
    let query = Form::parse(query.as_deref().unwrap_or_default()).unwrap_or_default();
    let next = local(query.get("next").unwrap_or("/"));
    match waiting(&it, &browser).await {
        Ok(Some(_)) => page(&it, &browser, next, None),
        Ok(None) if browser.session.is_some() => see(&next),
        Ok(None) => over(&browser, &next),
        Err(error) => {
            log_breakage(&error);
            say(browser.frame(&it), Notice::Unavailable, Some(address(&next)))
        }
    }
}

/// One code.
pub async fn post(
    State(it): State<AppState>,
    headers: HeaderMap,
    browser: Browser,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let form = Form::read(&headers, &body.unwrap_or_default()).unwrap_or_default();
    let next = local(form.get("next").unwrap_or("/"));
    if !browser.unavailable && !browser.owns_form(PURPOSE, form.get("form_token")) {
        return page(&it, &browser, next, Some(CodeError::FormExpired));
    }
    let step = match waiting(&it, &browser).await {
        Ok(Some(step)) => step,
        Ok(None) => return over(&browser, &next),
        Err(error) => {
            log_breakage(&error);
            return page(&it, &browser, next, Some(CodeError::Unavailable));
        }
    };
    // What cannot be a code is no try.
    let Some(given) = Given::read(form.get("code").unwrap_or_default()) else {
        return page(&it, &browser, next, Some(CodeError::Malformed));
    };
    let Some((_, secret)) = &browser.step else { return over(&browser, &next) };
    let opening = Opening::of(&it, &browser, step.stay);
    let new = opening.new.clone();
    let proved = (step.id, secret.digest());
    let (state, at, next_step) = (it.clone(), it.clock.now(), step.next.clone());
    let finish = async move |proof: Proof| match state.store.finish_login_step(proved, proof, new, at).await? {
        Finish::In(session, device) => Ok(Used::Right((session, device))),
        Finish::Over => Ok(Used::Over),
        Finish::Spent => Ok(Used::Spent),
    };
    let trial = CodeTrial { it: it.clone(), user: step.user.id, given, step: Some(step.id.to_string()) };
    match trial.judged(&browser, finish).await {
        Ok(CodeVerdict::Right(ids)) => {
            let mut response = see(&next_step);
            opening.hand_over(&browser, ids, &mut response);
            forget(&browser, &mut response);
            response
        }
        Ok(CodeVerdict::Over) => over(&browser, &next),
        Ok(CodeVerdict::Wrong) => page(&it, &browser, next, Some(CodeError::Wrong)),
        Ok(CodeVerdict::TooMany(until)) => {
            let minutes = minutes_until(&it, until);
            page(&it, &browser, next, Some(CodeError::TooMany { minutes }))
        }
        Err(error) => {
            error.log();
            page(&it, &browser, next, Some(CodeError::Unavailable))
        }
    }
}

/// The sign-in that waits in this browser.
async fn waiting(it: &AppState, browser: &Browser) -> bizauth_store::Result<Option<LoginStep>> {
    match &browser.step {
        Some((id, secret)) => it.store.login_step(*id, secret, it.clock.now()).await,
        None => Ok(None),
    }
}

/// Back to the password.
fn over(browser: &Browser, next: &str) -> Response {
    let mut response = see(&format!("{}&over=1", super::address(next)));
    forget(browser, &mut response);
    response
}

fn forget(browser: &Browser, response: &mut Response) {
    let mut cookie = browser.cookie("step", String::new(), Some(0));
    cookie.set_same_site(SameSite::Strict);
    set(response, cookie);
}

fn page(it: &AppState, browser: &Browser, next: String, error: Option<CodeError>) -> Response {
    let status = match error {
        None => StatusCode::OK,
        Some(CodeError::Malformed) => StatusCode::UNPROCESSABLE_ENTITY,
        Some(CodeError::Wrong) => StatusCode::UNAUTHORIZED,
        Some(CodeError::TooMany { .. }) => StatusCode::TOO_MANY_REQUESTS,
        Some(CodeError::FormExpired) => StatusCode::FORBIDDEN,
        Some(CodeError::Unavailable) => StatusCode::SERVICE_UNAVAILABLE,
    };
    let mut frame = browser.frame(it);
    frame.here = address(&next);
    let minutes = error.as_ref().and_then(|error| match error {
        CodeError::TooMany { minutes } => Some(*minutes),
        _ => None,
    });
    let page = CodePage { frame, form_token: browser.form_token(PURPOSE), next, error };
    let mut response = html(status, &page, None);
    wait(it, minutes, &mut response);
    set(&mut response, browser.form_cookie());
    response
}

/// What the records made of a code that is right.
pub enum Used<T> {
    /// It counts.
    Right(T),
    /// It counted before.
    Spent,
    /// What it was to prove is no more.
    Over,
}

/// What became of a code.
pub enum CodeVerdict<T> {
    /// It was right, and counted.
    Right(T),
    /// It was wrong, or counted before.
    Wrong,
    /// What it was to prove is no more.
    Over,
    /// Nobody looked: too many were wrong before.
    TooMany(Time),
}

/// Why a code could not be judged.
#[derive(Debug, thiserror::Error)]
pub enum CodeBroken {
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] bizauth_store::Error),
    /// The seed does not open.
    #[error(transparent)]
    Seal(#[from] crate::seal::SealError),
}

impl CodeBroken {
    /// Tells the operator.
    pub fn log(&self) {
        match self {
            CodeBroken::Store(error) => log_breakage(error),
            CodeBroken::Seal(error) => tracing::error!(%error, "a second factor cannot be checked"),
        }
    }
}

/// One try of a code.
pub struct CodeTrial {
    /// The server.
    pub it: AppState,
    /// Whose code it should be.
    pub user: UserId,
    /// The code.
    pub given: Given,
    /// The sign-in that it should finish.
    pub step: Option<String>,
}

impl CodeTrial {
    /// Holds slots, looks at the code, and lets `count` count it if it is right.
    ///
    /// # Errors
    /// It cannot be judged now. Nothing counted.
    pub async fn judged<T, F>(
        self,
        browser: &Browser,
        count: impl FnOnce(Proof) -> F + Send + 'static,
    ) -> Result<CodeVerdict<T>, CodeBroken>
    where
        T: Send + 'static,
        F: Future<Output = bizauth_store::Result<Used<T>>> + Send + 'static,
    {
        let now = self.it.clock.now();
        let known = match &browser.device {
            Some((id, secret)) => self.it.store.knows_device(*id, secret, self.user, now).await?.then_some(*id),
            None => None,
        };
        let from = trial::from(browser);
        // A task of its own: a caller who hangs up must not leave a slot held.
        settled(async move { Ok(self.judge(known, from, count).await) }).await?
    }

    async fn judge<T, F>(
        self,
        known: Option<DeviceId>,
        from: IpAddr,
        count: impl FnOnce(Proof) -> F + Send,
    ) -> Result<CodeVerdict<T>, CodeBroken>
    where
        F: Future<Output = bizauth_store::Result<Used<T>>> + Send,
    {
        let it = &self.it;
        let by_account = match known {
            Some(id) => (PER_DEVICE, format!("{} {id}", self.user)),
            None => (PER_ACCOUNT, self.user.to_string()),
        };
        let by_step = self.step.clone().map(|step| (PER_STEP, step));
        let limits = [Some((PER_ADDRESS, neighbourhood(from))), Some(by_account), by_step];
        let held = match hold(it, limits.into_iter().flatten().collect()).await? {
            Ok(held) => held,
            Err(until) => return Ok(CodeVerdict::TooMany(until)),
        };
        let used = match self.proof().await {
            Ok(Some(proof)) => count(proof).await.map_err(CodeBroken::from),
            Ok(None) => Ok(Used::Spent),
            Err(error) => Err(error),
        };
        settle(it, held, matches!(used, Ok(Used::Spent))).await?;
        if matches!(used, Ok(Used::Spent)) {
            self.note_wrong(from.to_string()).await?;
        }
        Ok(match used? {
            Used::Right(value) => CodeVerdict::Right(value),
            Used::Spent => CodeVerdict::Wrong,
            Used::Over => CodeVerdict::Over,
        })
    }

    /// Notes the wrong code: whoever gave it knew the password. The limits on tries bound these entries, too.
    async fn note_wrong(&self, from: String) -> bizauth_store::Result<()> {
        let Some(account) = self.it.store.account(self.user).await? else { return Ok(()) };
        let (who, name, at) = (Who::Unproved(self.user), account.user.email, self.it.clock.now());
        let place = if self.step.is_some() { "sign-in" } else { "account page" };
        self.it.store.by(Actor { who, name, from: Some(from), at }).note_wrong_factor(self.user, place).await
    }

    /// What the code proves, if it is right.
    async fn proof(&self) -> Result<Option<Proof>, CodeBroken> {
        let code = match &self.given {
            Given::Recovery(digest) => return Ok(Some(Proof::Recovery(*digest))),
            Given::OneTime(code) => code,
        };
        let Some(second) = self.it.store.second_factor(self.user).await? else { return Ok(None) };
        let seed = open(&self.it, self.user, &second).await?;
        Ok(seed.step(code, self.it.clock.now()).map(Proof::Step))
    }
}

/// The seed of a second factor.
///
/// # Errors
/// The master key does not open it.
pub async fn open(it: &AppState, user: UserId, second: &SecondFactor) -> Result<Seed, CodeBroken> {
    let plain = MasterKeys::of(&it.config).await?.open(user, &second.sealed)?;
    let bytes = plain.try_into().map_err(|_| crate::seal::SealError::DoesNotOpen)?;
    Ok(Seed::from_bytes(bytes))
}
