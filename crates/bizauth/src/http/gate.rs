//! What stands before every page and action of the console, of a person's own pages and of the operator: is somebody
//! signed in, in good standing, a member, an owner, an operator; and is a form theirs, and made for this very action.
//!
//! What a person may not see looks like what does not exist. Whatever is refused here, nothing was done.

use axum::body::Body;
use axum::extract::{FromRequestParts, RawPathParams, Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use bizauth_core::app::Role;
use bizauth_core::id::AppId;
use bizauth_core::user::UserState;
use bizauth_store::{AppRecord, Limit, SignedIn};

use super::LONGEST_BODY;
use super::access::{Who, home_of};
use super::form::{Form, Unread, whole};
use super::guard::{Browser, caller};
use super::limits::{ACTIONS, ACTIONS_ADDRESS, Until, neighbourhood, spend};
use super::pages::{html, login, say};
use super::reply::{Faulted, log_breakage, see};
use super::state::AppState;
use super::upload::{self, Upload};
use super::visit::{Admitted, Said, Visit};
use crate::view::{Frame, Notice, NoticePage, Place};

/// What the gate must know of the rule it keeps.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Who may come in.
    pub who: Who,
    /// The part of the product.
    pub place: Place,
    /// The longest body in bytes.
    pub body: usize,
    /// How often an account may do this, where that is less often than anything else.
    pub limit: Option<Limit>,
    /// Of how many pieces the address of the page is that the form was on, if there is such a page.
    pub page: Option<usize>,
    /// Whether the form holds secrets.
    pub secret: bool,
}

/// Why somebody does not come in.
enum Stop {
    /// Too often, until then.
    Later(Until),
    /// Nobody is signed in: first there, then back to this path.
    SignIn(String),
    /// Nobody is signed in any more who could send this form: the page it was on, and what was typed.
    Over(String, Vec<(String, String)>),
    /// Told by a page.
    Told(Notice),
}

impl From<Notice> for Stop {
    fn from(notice: Notice) -> Self {
        Stop::Told(notice)
    }
}

impl From<bizauth_store::Error> for Stop {
    fn from(error: bizauth_store::Error) -> Self {
        log_breakage(&error);
        Stop::Told(Notice::Unavailable)
    }
}

/// The purpose of a form that posts to `path`: its token fits no other action.
pub fn purpose(path: &str) -> String {
    format!("post {path}")
}

/// Lets a request in, or says why not; then turns what the handler could not do into a page.
pub async fn gate(State((it, terms)): State<(AppState, Terms)>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let Ok(browser) = Browser::from_request_parts(&mut parts, &it).await;
    let admitted = match admit(&it, terms, &mut parts, body, &browser).await {
        Ok(admitted) => admitted,
        Err(Stop::SignIn(next)) => return see(&login::address(&next)),
        Err(Stop::Over(page, kept)) => return session_over(&it, terms, &browser, &page, kept),
        Err(Stop::Told(notice)) => return refuse(&it, terms, &parts.method, &browser, notice),
        Err(Stop::Later(until)) => {
            let mut response = refuse(&it, terms, &parts.method, &browser, Notice::TooOften);
            response.extensions_mut().insert(until);
            return response;
        }
    };
    let visit = Visit::new(browser, admitted);
    parts.extensions.insert(visit.clone());
    let mut response = next.run(Request::from_parts(parts, Body::empty())).await;
    if let Some(Said(notice, next)) = response.extensions_mut().remove() {
        // A notice holds nothing that the language switch could lose, whatever was asked for.
        let frame = Frame { switches: true, ..visit.frame(&it) };
        response = say(frame, notice, next.or_else(|| Some(home_of(terms.place).to_owned())));
    }
    visit.forget_shown(&mut response);
    visit.say_until(&mut response);
    response
}

/// Nothing was done, and what was typed is not lost: it stands on this page until the person has signed in again.
fn session_over(it: &AppState, terms: Terms, browser: &Browser, page: &str, kept: Vec<(String, String)>) -> Response {
    let mut frame = browser.frame(it);
    home_of(terms.place).clone_into(&mut frame.here);
    // What was typed stands on this page alone.
    frame.switches = kept.is_empty();
    let notice = Notice::SessionOver;
    let page = NoticePage { frame, notice, next: Some(login::address(page)), kept };
    let mut response = html(StatusCode::FORBIDDEN, &page, None);
    response.extensions_mut().insert(Faulted(notice.key()));
    response
}

fn refuse(it: &AppState, terms: Terms, method: &Method, browser: &Browser, notice: Notice) -> Response {
    let home = home_of(terms.place);
    let mut frame = browser.frame(it);
    if method == Method::POST || is_callback(browser.here()) {
        // The language switch cannot come back to an action.
        frame.here = home.to_owned();
    }
    let next = match notice {
        Notice::OperatorsOnly | Notice::AccountClosed => None,
        Notice::AccountDormant | Notice::AccountBlocked if terms.place == Place::Operator => None,
        // What was lent can be taken back in any standing.
        Notice::AccountDormant | Notice::AccountBlocked => Some(home_of(Place::Me)),
        Notice::Unavailable if method != Method::POST => Some(browser.here()),
        _ => Some(home),
    };
    let mut response = say(frame, notice, next.map(str::to_owned));
    response.extensions_mut().insert(Faulted(notice.key()));
    response
}

async fn admit(
    it: &AppState,
    terms: Terms,
    parts: &mut Parts,
    body: Body,
    browser: &Browser,
) -> Result<Admitted, Stop> {
    let posted = parts.method == Method::POST;
    if browser.unavailable {
        return Err(Notice::Unavailable.into());
    }
    let Some(mut session) = browser.session.clone() else {
        return Err(match posted {
            true => Stop::Over(way_back(terms, parts, browser), kept_without(terms, parts, body, browser).await),
            false => Stop::SignIn(way_back(terms, parts, browser)),
        });
    };
    judge_standing(terms, &session)?;
    let params: Vec<_> = match RawPathParams::from_request_parts(parts, &()).await {
        Ok(params) => params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        Err(_) => return Err(Notice::NotFound.into()),
    };
    if params.iter().any(|(_, value): &(String, String)| value.contains(char::is_control)) {
        // Nothing is called so, and not every store could even be asked.
        return Err(Notice::NotFound.into());
    }
    let mut member = judge_membership(it, terms, &session, &params).await?;
    let (form, files) = match posted {
        true => read_body(&parts.headers, body, terms.body).await?,
        false => (Form::parse(parts.uri.query().unwrap_or_default()).map_err(|_| Notice::Malformed)?, Vec::new()),
    };
    let elsewhere = parts.headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site");
    let path = parts.uri.path().to_owned();
    if posted && (elsewhere || !browser.owns_form(&purpose(&path), form.get("form_token"))) {
        return Err(Notice::FormExpired.into());
    }
    if posted {
        // A body may take half a minute to come: whoever lost their rights meanwhile has lost them.
        let Some((id, secret)) = &browser.credential else { return Err(Notice::FormExpired.into()) };
        let Some(now) = it.store.session(*id, secret, it.clock.now()).await? else {
            return Err(Stop::Over(way_back(terms, parts, browser), kept(terms, &form)));
        };
        session = now;
        judge_standing(terms, &session)?;
        member = judge_membership(it, terms, &session, &params).await?;
    }
    let from = caller(&parts.extensions, &parts.headers, &it.config.trusted_proxies);
    if posted {
        // The last of all checks: only what the account itself meant to do counts against it.
        let user = session.user.id.to_string();
        let mut limits = vec![(ACTIONS_ADDRESS, neighbourhood(from)), (ACTIONS, user.clone())];
        limits.extend(terms.limit.map(|limit| (limit, user)));
        if let Some(until) = spend(it, &limits).await? {
            return Err(Stop::Later(until));
        }
    }
    let back = way_back(terms, parts, browser);
    Ok(Admitted { session, member, path, back, posted, params, form, files, from, at: it.clock.now() })
}

/// Where somebody goes after signing in: of a form the page above it. The address of a callback holds a code, which
/// belongs in no other address.
fn way_back(terms: Terms, parts: &Parts, browser: &Browser) -> String {
    let path = parts.uri.path();
    match (parts.method == Method::POST, terms.page) {
        (true, Some(pieces)) => path.split('/').take(pieces).collect::<Vec<_>>().join("/"),
        (true, None) => home_of(terms.place).to_owned(),
        (false, _) if is_callback(path) => home_of(terms.place).to_owned(),
        (false, _) => browser.here().to_owned(),
    }
}

/// Whether an address is one that a consent comes back to, with what is good for one use.
fn is_callback(address: &str) -> bool {
    address.split('?').next().is_some_and(|path| path.ends_with("/callback"))
}

/// How many fields of a form are shown again, and how much of each.
const MOST_KEPT: usize = 50;
const LONGEST_KEPT: usize = 4000;

/// What was typed into a form, to be shown once more. Nothing of a form that holds secrets.
fn kept(terms: Terms, form: &Form) -> Vec<(String, String)> {
    let typed = |(name, value): &(&str, &str)| !terms.secret && *name != "form_token" && !value.trim().is_empty();
    let short = |(name, value): (&str, &str)| (name.to_owned(), value.chars().take(LONGEST_KEPT).collect());
    form.pairs().filter(typed).take(MOST_KEPT).map(short).collect()
}

/// The same where the session had ended before the form came. Only what a page of ours showed to this very browser is
/// repeated: the cookie that is still there proves the form, though it opens nothing any more.
async fn kept_without(terms: Terms, parts: &Parts, body: Body, browser: &Browser) -> Vec<(String, String)> {
    let elsewhere = parts.headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site");
    if terms.secret || elsewhere || browser.credential.is_none() {
        return Vec::new();
    }
    let Ok((form, _)) = read_body(&parts.headers, body, terms.body.min(LONGEST_BODY)).await else { return Vec::new() };
    match browser.owned_form(&purpose(parts.uri.path()), form.get("form_token")) {
        true => kept(terms, &form),
        false => Vec::new(),
    }
}

/// Whoever takes back what they lent needs no good standing; whoever closed the account has left.
fn judge_standing(terms: Terms, session: &SignedIn) -> Result<(), Notice> {
    match (session.user.state, terms.place) {
        (UserState::Active, _) | (UserState::Dormant | UserState::Blocked, Place::Me) => {}
        (UserState::Dormant, _) => return Err(Notice::AccountDormant),
        (UserState::Blocked, _) => return Err(Notice::AccountBlocked),
        (UserState::Withdrawn, _) => return Err(Notice::AccountClosed),
    }
    match terms.who == Who::Operator || terms.place == Place::Operator {
        true if !session.is_operator => Err(Notice::OperatorsOnly),
        _ => Ok(()),
    }
}

/// The app in the path and the person's role in it. An id that is malformed, gone or another's: there is no such page.
async fn judge_membership(
    it: &AppState,
    terms: Terms,
    session: &SignedIn,
    params: &[(String, String)],
) -> Result<Option<(AppRecord, Role)>, Stop> {
    if !matches!(terms.who, Who::Editor | Who::Owner) {
        return Ok(None);
    }
    let text = params.iter().find(|(name, _)| name == "app").map(|(_, value)| value.as_str());
    let read = |text: &str| text.parse().ok().filter(|id: &AppId| id.to_string() == text);
    let id = text.and_then(read).ok_or(Notice::NotFound)?;
    let (app, role) = it.store.app_for_member(id, session.user.id).await?.ok_or(Notice::NotFound)?;
    if terms.who == Who::Owner && role != Role::Owner {
        return Err(Notice::OwnersOnly.into());
    }
    Ok(Some((app, role)))
}

async fn read_body(headers: &HeaderMap, body: Body, most: usize) -> Result<(Form, Vec<Upload>), Notice> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if text(CONTENT_LENGTH).parse().is_ok_and(|length: usize| length > most) {
        return Err(Notice::TooLarge);
    }
    let bytes = whole(body, most).await.map_err(|why| match why {
        Unread::TooLong => Notice::TooLarge,
        Unread::Broken => Notice::Malformed,
    })?;
    let kind = text(CONTENT_TYPE);
    let read = match kind.get(..19).is_some_and(|start| start.eq_ignore_ascii_case("multipart/form-data")) {
        true => upload::read(kind, bytes).await,
        false => Form::written(headers, &bytes).map(|form| (form, Vec::new())),
    };
    read.map_err(|why| {
        tracing::info!(why, "a form cannot be read");
        Notice::Malformed
    })
}
