//! The person behind a browser: session, known device, language, and the token that every form carries.
//!
//! A form token is a MAC over what the form is for, with the session's secret as its key (before sign-in: that of an
//! anonymous cookie). Nothing is stored for it, and it fits no other browser, session or purpose.

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT_LANGUAGE, COOKIE, USER_AGENT};
use axum::http::request::Parts;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bizauth_core::id::{DeviceId, LoginStepId, SessionId};
use bizauth_core::secret::{Credential, Digest, Secret};
use bizauth_store::SignedIn;
use cookie::{Cookie, SameSite};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::convert::Infallible;
use std::time::Duration;

use super::caller;
use crate::http::access::place_of;
use crate::http::listen::Peer;
use crate::http::reply::log_breakage;
use crate::http::state::AppState;
use crate::view::{Account, Frame, Language};

/// How long the anonymous form cookie lives, in seconds: as long as a person may leave a sign-in page open.
pub const FORM_COOKIE_SECONDS: i64 = 24 * 60 * 60;

/// How often it is noted that a session was seen.
const VISIT_NOTED_EVERY: Duration = Duration::from_secs(5 * 60);
/// How long a request waits for that.
const NOTING: Duration = Duration::from_millis(100);
/// What is kept of a browser's word about itself, in characters.
const LONGEST_AGENT: usize = 200;

/// What a browser brought along.
#[derive(Debug)]
pub struct Browser {
    /// The session, if it is alive.
    pub session: Option<SignedIn>,
    /// The store could not say whether there is a session.
    pub unavailable: bool,
    /// Proof of the session, whether or not it is alive.
    pub credential: Option<(SessionId, Secret)>,
    /// The mark of a browser that signed in before.
    pub device: Option<(DeviceId, Secret)>,
    /// Proof of a sign-in that waits for its second factor.
    pub step: Option<(LoginStepId, Secret)>,
    /// Where it comes from.
    pub address: String,
    /// What it says it is.
    pub agent: Option<String>,
    /// Which language to speak.
    pub language: Language,
    /// Whether cookies may only travel over TLS.
    secure: bool,
    /// The secret of the anonymous form cookie, fresh if there was none.
    anonymous: Secret,
    /// A secret on its way to a page.
    pub(super) sealed: Option<String>,
    /// A word about what was just done, on its way to the page that says it.
    pub(super) note: Option<String>,
    here: String,
}

impl FromRequestParts<AppState> for Browser {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, it: &AppState) -> Result<Self, Infallible> {
        let over_tls = parts.extensions.get::<Peer>().is_some_and(|peer| peer.tls);
        let secure = over_tls || it.config.origin.as_ref().is_some_and(crate::config::Origin::is_https);
        let sent = |name: &str| cookie_sent(&parts.headers, &cookie_name(secure, name));
        let read = |kind: Credential, name: &str| kind.read(&sent(name)?);
        let credential = read(Credential::Session, "session").map(|(id, secret)| (SessionId(id), secret));
        let device = read(Credential::Device, "device").map(|(id, secret)| (DeviceId(id), secret));
        let step = read(Credential::LoginStep, "step").map(|(id, secret)| (LoginStepId(id), secret));
        let address = caller(&parts.extensions, &parts.headers, &it.config.trusted_proxies).to_string();
        let agent = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
        let agent = agent.map(|text| text.chars().take(LONGEST_AGENT).collect());
        let (mut session, mut unavailable) = (None, false);
        if let Some((id, secret)) = &credential {
            match it.store.session(*id, secret, it.clock.now()).await {
                Ok(found) => session = found,
                Err(error) => {
                    log_breakage(&error);
                    unavailable = true;
                }
            }
        }
        if let Some(session) = &session {
            note_visit(it, session, &address).await;
        }
        let form = sent("form").and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
        let anonymous = form.and_then(|bytes| Some(Secret::from_bytes(bytes.try_into().ok()?)));
        Ok(Browser {
            session,
            unavailable,
            credential,
            device,
            step,
            address,
            agent,
            language: language(&parts.headers),
            secure,
            sealed: sent("once"),
            note: sent("done"),
            anonymous: anonymous.unwrap_or_else(|| it.entropy.secret()),
            here: parts.uri.path_and_query().map_or("/", |here| here.as_str()).to_owned(),
        })
    }
}

/// Writes down that the session was seen, now and then. What it asked for does not depend on the note, so a busy or
/// broken writer must not keep it waiting.
async fn note_visit(it: &AppState, session: &SignedIn, address: &str) {
    let now = it.clock.now();
    if now.since(session.used_at) < VISIT_NOTED_EVERY {
        return;
    }
    match tokio::time::timeout(NOTING, it.store.note_visit(session.id, address.to_owned(), now)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => log_breakage(&error),
        Err(_) => tracing::warn!("a visit was not noted in time"),
    }
}

/// The value of a cookie, if it was sent: of several, the first.
pub fn cookie_sent(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut cookies = lines.flat_map(Cookie::split_parse).filter_map(Result::ok);
    cookies.find(|cookie| cookie.name() == name).map(|cookie| cookie.value().to_owned())
}

/// `__Host-`: the browser itself then guards that no other host and no plain connection sets the cookie.
fn cookie_name(secure: bool, name: &str) -> String {
    if secure { format!("__Host-bizauth-{name}") } else { format!("bizauth-{name}") }
}

/// The token of a form with this purpose in the session with this secret.
pub fn form_token(session: &Secret, purpose: &str) -> String {
    URL_SAFE_NO_PAD.encode(keyed(session, "form", purpose).finalize().into_bytes())
}

pub(super) fn keyed(key: &Secret, kind: &str, purpose: &str) -> Hmac<Sha256> {
    let mac: Hmac<Sha256> = Hmac::new_from_slice(key.expose()).expect("a MAC takes a key of any length");
    mac.chain_update(format!("bizauth {kind} {purpose}"))
}

/// The language that was chosen, or else the one that the browser asks for. Asks no record and needs no connection.
pub fn language(headers: &HeaderMap) -> Language {
    let chosen = [true, false].into_iter().find_map(|secure| cookie_sent(headers, &cookie_name(secure, "language")));
    let header = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    chosen.and_then(|code| Language::from_code(&code)).unwrap_or_else(|| Language::from_header(header))
}

impl Browser {
    /// A browser that somebody plays for an account, with no cookie behind it: for `bizauth dev` alone. `here`: the path
    /// and query that it asks for.
    pub fn played(session: SignedIn, secret: Secret, address: String, here: String) -> Self {
        Browser {
            credential: Some((session.id, secret.clone())),
            session: Some(session),
            unavailable: false,
            device: None,
            step: None,
            address,
            agent: None,
            language: Language::from_header(None),
            secure: false,
            anonymous: secret,
            sealed: None,
            note: None,
            here,
        }
    }

    /// The frame of a page for this browser.
    pub fn frame(&self, it: &AppState) -> Frame {
        let mut frame = Frame::new(it.words.clone(), self.language, self.here.clone());
        frame.test = it.dev.is_some();
        frame.place = place_of(&self.here);
        frame.account = self
            .session
            .as_ref()
            .map(|session| Account { email: session.user.email.clone(), form_token: self.form_token("logout") });
        frame
    }

    /// The token of a form with this purpose.
    pub fn form_token(&self, purpose: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.mac(purpose).finalize().into_bytes())
    }

    /// Whether `sent` is the token of a form with this purpose, shown to this browser. Constant time.
    pub fn owns_form(&self, purpose: &str, sent: Option<&str>) -> bool {
        let sent = sent.and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
        sent.is_some_and(|sent| self.mac(purpose).verify_slice(&sent).is_ok())
    }

    /// Whether `sent` was the token of a form with this purpose in the session that this browser still has the cookie of,
    /// whether or not that is alive. It proves where the form came from, and opens nothing.
    pub fn owned_form(&self, purpose: &str, sent: Option<&str>) -> bool {
        let sent = sent.and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
        let Some(((_, secret), sent)) = self.credential.as_ref().zip(sent) else { return false };
        keyed(secret, "form", purpose).verify_slice(&sent).is_ok()
    }

    fn mac(&self, purpose: &str) -> Hmac<Sha256> {
        self.keyed("form", purpose)
    }

    /// A MAC with the secret of the session, or of the anonymous cookie, over what it is for.
    pub(super) fn keyed(&self, kind: &str, purpose: &str) -> Hmac<Sha256> {
        let key = match (&self.session, &self.credential) {
            (Some(_), Some((_, secret))) => secret,
            _ => &self.anonymous,
        };
        keyed(key, kind, purpose)
    }

    /// What proves the session in a guarded statement.
    pub fn session_digest(&self) -> Option<(SessionId, Digest)> {
        self.credential.as_ref().map(|(id, secret)| (*id, secret.digest()))
    }

    /// The cookie that remembers the form secret of a browser that has not signed in.
    pub fn form_cookie(&self) -> Cookie<'static> {
        let value = URL_SAFE_NO_PAD.encode(self.anonymous.expose());
        self.cookie("form", value, Some(FORM_COOKIE_SECONDS))
    }

    /// A cookie of ours: out of reach of scripts, sent along when a person comes from another site, never with a form
    /// that another site posts. `seconds`: how long it stays; without, until the browser closes.
    pub fn cookie(&self, name: &str, value: String, seconds: Option<i64>) -> Cookie<'static> {
        let mut cookie = Cookie::new(cookie_name(self.secure, name), value);
        cookie.set_path("/");
        cookie.set_http_only(true);
        cookie.set_secure(self.secure);
        cookie.set_same_site(SameSite::Lax);
        if let Some(seconds) = seconds {
            cookie.set_max_age(cookie::time::Duration::seconds(seconds));
        }
        cookie
    }

    /// The path and query of this request.
    pub fn here(&self) -> &str {
        &self.here
    }
}
