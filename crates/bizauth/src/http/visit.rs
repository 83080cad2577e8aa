//! One request that the gate let in: who, where, with what. What a handler of a page is given, and what it gives back.

use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use bizauth_core::app::Role;
use bizauth_core::secret::Secret;
use bizauth_core::time::Time;
use bizauth_core::user::User;
use bizauth_store::{Actor, AppRecord, By, SignedIn, Who};
use cookie::SameSite;

use super::form::Form;
use super::gate::purpose;
use super::guard::Browser;
use super::limits::Until;
use super::pages::login::set;
use super::reply::{log_breakage, see};
use super::state::AppState;
use super::upload::Upload;
use crate::view::kit::Post;
use crate::view::{Frame, Notice};

/// How long a secret, or a note on what was done, waits for the page that shows it.
const SHOWN_WITHIN: Duration = Duration::from_secs(60);

/// What a handler of a page answers.
pub type Page = Result<Response, PageError>;

/// Why there is no page. The gate turns it into a notice, in the visitor's words.
#[derive(Debug)]
pub enum PageError {
    /// There is no such thing, or it is another's.
    NotFound,
    /// The store does not answer; nothing was done.
    Store(bizauth_store::Error),
    /// Anything else that a notice can say.
    Notice(Notice),
    /// The same, with the page of ours that it leads to.
    Leads(Notice, String),
}

impl From<bizauth_store::Error> for PageError {
    fn from(error: bizauth_store::Error) -> Self {
        PageError::Store(error)
    }
}

/// What the gate is to say in place of an empty answer, and where that leads, if not to where the place begins.
#[derive(Clone, Debug)]
pub struct Said(pub Notice, pub Option<String>);

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let said = match self {
            PageError::NotFound => Said(Notice::NotFound, None),
            PageError::Notice(notice) => Said(notice, None),
            PageError::Leads(notice, next) => Said(notice, Some(next)),
            PageError::Store(error) => {
                log_breakage(&error);
                Said(Notice::Unavailable, None)
            }
        };
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(said);
        response
    }
}

/// What the gate found.
#[derive(Debug)]
pub struct Admitted {
    /// The session.
    pub session: SignedIn,
    /// The app in the path, if the rule is about one, and the person's role in it.
    pub member: Option<(AppRecord, Role)>,
    /// The path of the request.
    pub path: String,
    /// The page that answers it, or that the form was on: what can be asked for once more.
    pub back: String,
    /// Whether it is an action.
    pub posted: bool,
    /// The named pieces of the path.
    pub params: Vec<(String, String)>,
    /// The form, its token proved; of a page its query.
    pub form: Form,
    /// The files that came with the form.
    pub files: Vec<Upload>,
    /// Where the request came from.
    pub from: IpAddr,
    /// When.
    pub at: Time,
}

/// One request that the gate let in. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Visit(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    browser: Browser,
    admitted: Admitted,
    /// Whether the handler took the secret that was to be shown once.
    shown: AtomicBool,
    /// Whether the page says what was just done.
    noted: AtomicBool,
    /// Until when the handler says that nothing is looked at, in milliseconds; 0 if it does not.
    until: AtomicI64,
}

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        // A route without the gate lets nobody in.
        parts.extensions.get().cloned().ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl Visit {
    pub(super) fn new(browser: Browser, admitted: Admitted) -> Self {
        Visit(Arc::new(Inner {
            browser,
            admitted,
            shown: AtomicBool::new(false),
            noted: AtomicBool::new(false),
            until: AtomicI64::new(0),
        }))
    }

    /// What the page has around it. What was just done is said on the page that the answer led to, and the answer takes
    /// it from the browser: no other page says it, and neither does this one when it is loaded again.
    pub fn frame(&self, it: &AppState) -> Frame {
        let mut frame = self.0.browser.frame(it);
        self.0.admitted.back.clone_into(&mut frame.here);
        // The language switch would ask for the page anew: what was typed, or is shown once, would be lost.
        frame.switches = !self.0.admitted.posted && self.0.browser.unseal(self.path(), self.at()).is_none();
        if let Some(word) = self.0.browser.note(self.path(), self.at()) {
            self.0.noted.store(true, Ordering::Relaxed);
            frame.done = Some(frame.say(&format!("done-{word}")));
        }
        frame
    }

    /// Who is signed in.
    pub fn user(&self) -> &User {
        &self.0.admitted.session.user
    }

    /// The session, for pages about sessions.
    pub fn session(&self) -> &SignedIn {
        &self.0.admitted.session
    }

    /// The browser, for what only it knows.
    pub fn browser(&self) -> &Browser {
        &self.0.browser
    }

    /// When the request came.
    pub fn at(&self) -> Time {
        self.0.admitted.at
    }

    /// The path of this request.
    pub fn path(&self) -> &str {
        &self.0.admitted.path
    }

    fn member(&self) -> &(AppRecord, Role) {
        self.0.admitted.member.as_ref().expect("only a page whose rule is about an app asks for it")
    }

    /// The app in the path.
    ///
    /// # Panics
    /// If the rule of the page is not about an app.
    pub fn app(&self) -> &AppRecord {
        &self.member().0
    }

    /// The person's role in it.
    ///
    /// # Panics
    /// If the rule of the page is not about an app.
    pub fn role(&self) -> Role {
        self.member().1
    }

    /// A named piece of the path.
    ///
    /// # Errors
    /// There is no such page, if it cannot be one.
    pub fn param<T: FromStr>(&self, name: &str) -> Result<T, PageError> {
        let found = self.0.admitted.params.iter().find(|(known, _)| known == name);
        found.and_then(|(_, value)| value.parse().ok()).ok_or(PageError::NotFound)
    }

    /// The fields that were posted; of a page those of its query.
    pub fn form(&self) -> &Form {
        &self.0.admitted.form
    }

    /// A file that was posted.
    pub fn file(&self, name: &str) -> Option<&Upload> {
        self.0.admitted.files.iter().find(|file| file.name == name)
    }

    /// The address it came from, for the audit.
    pub fn from_address(&self) -> String {
        self.0.admitted.from.to_string()
    }

    /// The store in this person's hands: whatever is changed through it is in the audit log under their name.
    pub fn by(&self, it: &AppState) -> By {
        let (who, name) = (Who::Account(self.user().id), self.user().email.clone());
        it.store.by(Actor { who, name, from: Some(self.from_address()), at: self.at() })
    }

    /// The token of a form that posts to `path`.
    pub fn form_token(&self, path: &str) -> String {
        self.0.browser.form_token(&purpose(path))
    }

    /// A form that posts to `path`.
    pub fn form_to(&self, path: impl Into<String>) -> Post {
        let path = path.into();
        let token = self.form_token(&path);
        Post::new(path, token)
    }

    /// On to `path`, which says once what was done: the words `done-<done>`. They are signed for that page and this
    /// session, and in no address: nobody can make a link that says something was done.
    pub fn see(&self, path: &str, done: &'static str) -> Response {
        match &self.0.browser.credential {
            Some((_, secret)) => self.see_as(path, done, secret),
            None => see(path),
        }
    }

    /// The same for a browser that goes on with another session, of this secret.
    pub fn see_as(&self, path: &str, done: &'static str, session: &Secret) -> Response {
        let mut response = see(path);
        let page = path.split(['?', '#']).next().unwrap_or_default();
        let note = Browser::sign_note(session, page, self.at().plus(SHOWN_WITHIN), done);
        self.carry(&mut response, "done", note, SHOWN_WITHIN);
        response
    }

    /// Has the browser bring something along to the next page, for that long; no other site's link brings it.
    fn carry(&self, response: &mut Response, name: &str, value: String, within: Duration) {
        let mut cookie = self.0.browser.cookie(name, value, i64::try_from(within.as_secs()).ok());
        cookie.set_same_site(SameSite::Strict);
        set(response, cookie);
    }

    /// Sends a secret along to the page that `response` leads to, sealed in a cookie for that page and this session. It
    /// is never in an address, and shown once.
    pub fn show_once(&self, mut response: Response, secret: &str) -> Response {
        let location = response.headers().get(LOCATION).and_then(|to| to.to_str().ok()).unwrap_or(self.path());
        let path = location.split(['?', '#']).next().unwrap_or_default();
        let sealed = self.0.browser.seal(path, self.at().plus(SHOWN_WITHIN), secret);
        self.carry(&mut response, "once", sealed, SHOWN_WITHIN);
        response
    }

    /// The secret that was sent along to this page. The answer takes it from the browser.
    pub fn shown_once(&self) -> Option<String> {
        self.0.shown.store(true, Ordering::Relaxed);
        self.0.browser.unseal(self.path(), self.at())
    }

    /// Nothing more is looked at until then: the answer says so to programs.
    pub fn must_wait(&self, until: Time) {
        self.0.until.store(until.millis(), Ordering::Relaxed);
    }

    pub(super) fn say_until(&self, response: &mut Response) {
        let until = Time::from_millis(self.0.until.load(Ordering::Relaxed));
        if until > self.at() {
            response.extensions_mut().insert(Until(until));
        }
    }

    pub(super) fn forget_shown(&self, response: &mut Response) {
        if self.0.shown.load(Ordering::Relaxed) && self.0.browser.holds_sealed() {
            self.carry(response, "once", String::new(), Duration::ZERO);
        }
        if self.0.noted.load(Ordering::Relaxed) && response.status().is_success() {
            self.carry(response, "done", String::new(), Duration::ZERO);
        }
    }
}
