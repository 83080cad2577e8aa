//! Beside `GET /v1/system/ips`: the list on any day with its reasons, its history, what changed, feed, calendar, exports
//! and signature. What is said here is what the documented endpoint says, in other forms; nothing of the operators.
//!
//! Open to everybody unless the settings ask for an app key: whoever may read the list may read all of it, and the
//! platform's JavaScript keys, which open the documented endpoint, are public anyway.

pub mod calendar;
pub mod diff;
pub mod exports;
pub mod feed;
pub mod history;
pub mod signature;
pub mod told;
pub mod view;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use bizauth_core::fault::KapiFault;
use bizauth_core::ips::RuleType;
use bizauth_core::time::Time;
use bizauth_store::Published;
use jiff::civil::Date;

use super::conditional::Body;
use super::form::Form;
use super::guard::{self, Asker, caller};
use super::reply::KapiError;
use super::state::AppState;
use crate::ip_document::strict_date;
use crate::ip_list::{today, version_on};

/// Answers, or why not, in the words of kapi.
pub type Answer = Result<Response, KapiError>;

/// A request that may be answered.
pub struct Asked {
    it: AppState,
    headers: HeaderMap,
    form: Form,
    path: Vec<(String, String)>,
    now: Time,
}

impl FromRequestParts<AppState> for Asked {
    type Rejection = KapiError;

    async fn from_request_parts(parts: &mut Parts, it: &AppState) -> Result<Self, KapiError> {
        if !it.config.ip_list_public {
            let from = caller(&parts.extensions, &parts.headers, &it.config.trusted_proxies);
            guard::app_key(it, &parts.headers, from, &Asker::default()).await?;
        }
        let form = Form::parse(parts.uri.query().unwrap_or_default()).map_err(bad)?;
        if let Some(name) = form.repeated() {
            return Err(bad(format!("{name} was sent twice")));
        }
        let path = RawPathParams::from_request_parts(parts, &()).await.map_err(|_| bad("the path is not UTF-8"))?;
        let path = path.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Ok(Asked { headers: parts.headers.clone(), form, path, now: it.clock.now(), it: it.clone() })
    }
}

/// A parameter that cannot be.
fn bad(why: impl Into<String>) -> KapiError {
    KapiFault::BadParameter.about(why.into()).into()
}

impl Asked {
    /// Refuses parameters that mean nothing here: a misspelled one would be answered with another list.
    fn only(&self, known: &[&str]) -> Result<(), KapiError> {
        match self.form.names().find(|name| !known.contains(name)) {
            Some(name) => Err(bad(format!("{name} is no parameter here"))),
            None => Ok(()),
        }
    }

    fn today(&self) -> Date {
        today(&self.it.config, self.now)
    }

    /// `at`: a day, today unless it is sent.
    fn day(&self) -> Result<Date, KapiError> {
        match self.form.get("at") {
            None => Ok(self.today()),
            Some(text) => strict_date(text).ok_or_else(|| bad("at must be a date written YYYY-MM-DD")),
        }
    }

    /// `rule_type`, as at the documented endpoint.
    fn rule(&self) -> Result<Option<RuleType>, KapiError> {
        match self.form.all("rule_type").next() {
            None => Ok(None),
            Some(text) => RuleType::read(text).map(Some).ok_or_else(|| bad("rule_type must be inbound or outbound")),
        }
    }

    /// The newest version. Nothing published is 503 here too: nobody should believe an empty list.
    async fn newest(&self) -> Result<Published, KapiError> {
        Ok(self.it.store.published_ips().await?.ok_or(KapiFault::StoreDown)?)
    }

    /// The version of this serial.
    async fn version(&self, serial: &str) -> Result<Published, KapiError> {
        let none = || bad(format!("there is no version {serial}"));
        let number: i64 = serial.parse().map_err(|_| none())?;
        self.it.store.ip_version(number).await?.ok_or_else(none)
    }

    /// The version that `serial` names, or the one that counts on `day`.
    async fn asked_for(&self, day: Date) -> Result<Published, KapiError> {
        match self.form.get("serial") {
            Some(serial) => self.version(serial).await,
            None => self.on(day).await,
        }
    }

    /// The version that counts on `day`.
    async fn on(&self, day: Date) -> Result<Published, KapiError> {
        self.newest().await?;
        let found = version_on(&self.it.store, &self.it.config, day, self.now).await?;
        found.ok_or_else(|| bad(format!("nothing was published by {day}")))
    }

    fn answer(&self, kind: &'static str, text: String, changed: Option<Time>) -> Response {
        let public = self.it.config.ip_list_public;
        Body { kind: HeaderValue::from_static(kind), text, changed, public }.answer(&self.headers, self.now)
    }
}

/// Where this server is, as others reach it: for links in what they read.
fn origin(it: &AppState, headers: &HeaderMap) -> String {
    match &it.config.origin {
        Some(origin) => origin.as_str().to_owned(),
        None => {
            let host = headers.get(axum::http::header::HOST).and_then(|host| host.to_str().ok());
            let scheme = if it.config.tls_certificate.is_some() { "https" } else { "http" };
            format!("{scheme}://{}", host.map_or_else(|| it.config.listen.to_string(), str::to_owned))
        }
    }
}
