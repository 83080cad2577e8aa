//! `/me/account/two-factor`: setting up one-time passwords, recovery codes, and switching both off.
//!
//! Setting up asks for the password and ends with a code of the app; other recovery codes and switching off ask for the
//! password and a code. Recovery codes are shown once: sealed on their way to the page, kept as digests.

use axum::extract::State;
use axum::http::StatusCode;
use bizauth_core::second_factor::{Given, RECOVERY_CODES, Seed, recovery_code};
use bizauth_core::secret::Digest;
use bizauth_store::{Proof, SecondFactor};
use qrcode::QrCode;
use qrcode::render::svg;
use std::time::Duration;

use super::password::proved;
use crate::http::limits::{FIRST_CODES, Until, spend};
use crate::http::pages::html;
use crate::http::pages::login::code::{CodeBroken, CodeTrial, CodeVerdict, Used, open};
use crate::http::pages::login::minutes_until;
use crate::http::state::AppState;
use crate::http::visit::{Page, PageError, Visit};
use crate::seal::MasterKeys;
use crate::view::kit::{Crumb, Fields};
use crate::view::me::{ProofPage, ProofWish, Stage, TwoFactorPage, first_code_wrong};
use crate::view::{CodeError, Frame, Notice};

const HERE: &str = "/me/account/two-factor";
const BEGIN: &str = "/me/account/two-factor/begin";
const CONFIRM: &str = "/me/account/two-factor/confirm";
const CODES: &str = "/me/account/two-factor/codes";
const DISABLE: &str = "/me/account/two-factor/disable";

/// How long a seed waits for its first code.
const SET_UP_WITHIN: Duration = Duration::from_secs(15 * 60);

/// What the authenticator app calls us.
const ISSUER: &str = "bizauth";

impl From<CodeBroken> for PageError {
    fn from(broken: CodeBroken) -> Self {
        match broken {
            CodeBroken::Store(error) => PageError::Store(error),
            CodeBroken::Seal(_) => {
                broken.log();
                PageError::Notice(Notice::SealUnavailable)
            }
        }
    }
}

/// `GET /me/account/two-factor`.
pub async fn get(State(it): State<AppState>, visit: Visit) -> Page {
    page(&it, &visit, StatusCode::OK, Fields::new()).await
}

/// `POST …/begin`: a seed for the authenticator app. Whoever finds a browser signed in must not lock its owner out, so
/// this asks for the password.
pub async fn begin(State(it): State<AppState>, visit: Visit) -> Page {
    let mut fields = Fields::new();
    let current = visit.form().get("current").unwrap_or_default();
    if let Err(status) = proved(&it, &visit, &visit.frame(&it), current, &mut fields).await? {
        return page(&it, &visit, status, fields).await;
    }
    let user = visit.user().id;
    let keys = MasterKeys::of(&it.config).await.map_err(CodeBroken::from)?;
    let sealed = keys.seal(user, &it.entropy.bytes::<20>(), &it.entropy);
    visit.by(&it).begin_second_factor(user, sealed).await?;
    Ok(crate::http::reply::see(HERE))
}

/// `POST …/confirm`: the first code of the app switches the second factor on.
pub async fn confirm(State(it): State<AppState>, visit: Visit) -> Page {
    let user = visit.user().id;
    let Some(second) = begun(&it, &visit).await? else { return Ok(crate::http::reply::see(HERE)) };
    if let Some(Until(until)) = spend(&it, &[(FIRST_CODES, user.to_string())]).await? {
        visit.must_wait(until);
        let (mut fields, minutes) = (Fields::new(), minutes_until(&it, until));
        fields.refuse("code", CodeError::TooMany { minutes }.text(&visit.frame(&it)));
        return page(&it, &visit, StatusCode::TOO_MANY_REQUESTS, fields).await;
    }
    let seed = open(&it, user, &second).await?;
    let step = match Given::read(visit.form().get("code").unwrap_or_default()) {
        Some(Given::OneTime(code)) => seed.step(&code, visit.at()),
        _ => None,
    };
    let Some(step) = step else {
        let mut fields = Fields::new();
        fields.refuse("code", first_code_wrong(&visit.frame(&it)));
        return page(&it, &visit, StatusCode::UNPROCESSABLE_ENTITY, fields).await;
    };
    let (codes, digests) = recovery_codes(&it);
    match visit.by(&it).confirm_second_factor(user, second.sealed, step, digests).await? {
        true => Ok(visit.show_once(visit.see(HERE, "two-factor-on"), &codes)),
        false => Ok(crate::http::reply::see(HERE)),
    }
}

/// `GET …/codes`.
pub async fn codes(State(it): State<AppState>, visit: Visit) -> Page {
    proof_page(&it, &visit, ProofWish::Codes, StatusCode::OK, Fields::new()).await
}

/// `POST …/codes`: other recovery codes.
pub async fn codes_post(State(it): State<AppState>, visit: Visit) -> Page {
    let (codes, digests) = recovery_codes(&it);
    let (by, user) = (visit.by(&it), visit.user().id);
    let count = async move |proof: Proof| by.replace_recovery_codes(user, proof, digests).await.map(used);
    match judge(&it, &visit, count).await? {
        Ok(()) => Ok(visit.show_once(visit.see(HERE, "recovery-replaced"), &codes)),
        Err((status, fields)) => proof_page(&it, &visit, ProofWish::Codes, status, fields).await,
    }
}

/// `GET …/disable`.
pub async fn disable(State(it): State<AppState>, visit: Visit) -> Page {
    proof_page(&it, &visit, ProofWish::Disable, StatusCode::OK, Fields::new()).await
}

/// `POST …/disable`.
pub async fn disable_post(State(it): State<AppState>, visit: Visit) -> Page {
    let (by, user) = (visit.by(&it), visit.user().id);
    let count = async move |proof: Proof| by.disable_second_factor(user, proof).await.map(used);
    match judge(&it, &visit, count).await? {
        Ok(()) => Ok(visit.see("/me/account", "two-factor-off")),
        Err((status, fields)) => proof_page(&it, &visit, ProofWish::Disable, status, fields).await,
    }
}

fn used(counted: bool) -> Used<()> {
    if counted { Used::Right(()) } else { Used::Spent }
}

/// Password and code, each under its limits; then `count` does what was asked for.
async fn judge<F>(
    it: &AppState,
    visit: &Visit,
    count: impl FnOnce(Proof) -> F + Send + 'static,
) -> Result<Result<(), (StatusCode, Fields)>, PageError>
where
    F: Future<Output = bizauth_store::Result<Used<()>>> + Send + 'static,
{
    let (frame, mut fields) = (visit.frame(it), Fields::new());
    let Some(given) = Given::read(visit.form().get("code").unwrap_or_default()) else {
        fields.refuse("code", CodeError::Malformed.text(&frame));
        return Ok(Err((StatusCode::UNPROCESSABLE_ENTITY, fields)));
    };
    let current = visit.form().get("current").unwrap_or_default();
    if let Err(status) = proved(it, visit, &frame, current, &mut fields).await? {
        return Ok(Err((status, fields)));
    }
    let trial = CodeTrial { it: it.clone(), user: visit.user().id, given, step: None };
    let (status, error) = match trial.judged(visit.browser(), count).await? {
        CodeVerdict::Right(()) => return Ok(Ok(())),
        CodeVerdict::Wrong | CodeVerdict::Over => (StatusCode::UNPROCESSABLE_ENTITY, CodeError::Wrong),
        CodeVerdict::TooMany(until) => {
            visit.must_wait(until);
            (StatusCode::TOO_MANY_REQUESTS, CodeError::TooMany { minutes: minutes_until(it, until) })
        }
    };
    fields.refuse("code", error.text(&frame));
    Ok(Err((status, fields)))
}

/// Recovery codes, one on a line, and what is kept of them.
fn recovery_codes(it: &AppState) -> (String, Vec<Digest>) {
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| recovery_code(&it.entropy.bytes())).collect();
    let digests = codes.iter().map(|code| Digest::of(code.replace('-', "").as_bytes())).collect();
    (codes.join("\n"), digests)
}

/// The second factor that is being set up, if it is not too old.
async fn begun(it: &AppState, visit: &Visit) -> Result<Option<SecondFactor>, PageError> {
    let second = it.store.second_factor(visit.user().id).await?;
    Ok(second.filter(|it| it.confirmed_at.is_none() && visit.at() < it.made_at.plus(SET_UP_WITHIN)))
}

fn below(frame: Frame, here: &str) -> Frame {
    let mut crumbs = vec![Crumb::new(frame.say("nav-account"), "/me/account")];
    if here != HERE {
        crumbs.push(Crumb::new(frame.say("two-factor-title"), HERE));
    }
    frame.below(crumbs)
}

async fn page(it: &AppState, visit: &Visit, status: StatusCode, fields: Fields) -> Page {
    let post = |path: &str| visit.form_to(path);
    let found = it.store.second_factor(visit.user().id).await?;
    let stage = match found {
        Some(SecondFactor { confirmed_at: Some(since), recovery_left, .. }) => {
            let left = usize::try_from(recovery_left).unwrap_or(0);
            Stage::On { since: since.into(), left }
        }
        Some(second) if visit.at() < second.made_at.plus(SET_UP_WITHIN) => {
            let seed = open(it, visit.user().id, &second).await?;
            Stage::Begun { qr: qr(&seed, &visit.user().email), seed: seed.to_text(), confirm: post(CONFIRM) }
        }
        _ => Stage::Off,
    };
    let codes = visit.shown_once().map(|codes| codes.lines().map(str::to_owned).collect());
    let frame = below(visit.frame(it), HERE);
    Ok(html(
        status,
        &TwoFactorPage { frame, stage, fields, begin: post(BEGIN), codes: codes.unwrap_or_default() },
        None,
    ))
}

async fn proof_page(it: &AppState, visit: &Visit, wish: ProofWish, status: StatusCode, fields: Fields) -> Page {
    let found = it.store.second_factor(visit.user().id).await?;
    found.filter(|second| second.confirmed_at.is_some()).ok_or(PageError::NotFound)?;
    let here = match wish {
        ProofWish::Codes => CODES,
        ProofWish::Disable => DISABLE,
    };
    let frame = below(visit.frame(it), here);
    let send = visit.form_to(here);
    Ok(html(status, &ProofPage { frame, wish, fields, send, back: HERE.to_owned() }, None))
}

/// The QR code as an `<svg>` element: within the page, so that no address holds the seed. Black on white in either
/// theme, because that is what cameras read.
fn qr(seed: &Seed, email: &str) -> String {
    let Ok(code) = QrCode::new(seed.to_uri(ISSUER, email)) else { return String::new() };
    let image = code.render::<svg::Color<'_>>().min_dimensions(220, 220).quiet_zone(true).build();
    image.split_once("?>").map_or(image.clone(), |(_, element)| element.to_owned())
}
