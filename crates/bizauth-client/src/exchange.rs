//! One request and its answer: send, read no more than the limit, and tell result, refusal and surprise apart.

use reqwest::header::{AUTHORIZATION, ETAG, HeaderValue};
use reqwest::{RequestBuilder, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::presentable;
use crate::{Client, Error};

/// An answer, read whole.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) etag: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// Which half of the platform a refusal comes from, and so which envelope it has.
#[derive(Clone, Copy)]
pub(crate) enum Door {
    Kauth,
    Kapi,
}

#[derive(Deserialize)]
struct KauthEnvelope {
    error: String,
    error_description: Option<String>,
    error_code: Option<String>,
}

#[derive(Deserialize)]
struct KapiEnvelope {
    msg: String,
    code: i64,
}

impl Client {
    pub(crate) async fn send(&self, request: RequestBuilder) -> Result<Answer, Error> {
        let mut response = request.send().await?;
        let too_long = Error::TooLong { limit: self.body_bytes };
        // The length is a promise that may be broken, so the pieces are counted as well.
        if response.content_length().is_some_and(|length| length > self.body_bytes as u64) {
            return Err(too_long);
        }
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await? {
            if piece.len() > self.body_bytes - body.len() {
                return Err(too_long);
            }
            body.extend_from_slice(&piece);
        }
        let etag = response.headers().get(ETAG).and_then(|etag| etag.to_str().ok()).map(str::to_owned);
        Ok(Answer { status: response.status(), etag, body })
    }
}

impl Answer {
    /// The result of a 200; a refusal of `door` for any other status. `secrets` are those that were sent.
    pub(crate) fn result<T: DeserializeOwned>(&self, door: Door, secrets: &[&SecretString]) -> Result<T, Error> {
        self.succeeded(door, secrets)?;
        serde_json::from_slice(&self.body).map_err(|error| {
            // Not the error's own words: they quote the value that was in the way, which may be a token.
            let (line, column) = (error.line(), error.column());
            let what = if error.is_data() { "not the promised fields" } else { "not JSON" };
            self.unexpected(format!("{what}, at line {line}, column {column} of the body"))
        })
    }

    /// Nothing for a 200; a refusal of `door` for any other status.
    pub(crate) fn succeeded(&self, door: Door, secrets: &[&SecretString]) -> Result<(), Error> {
        if self.status == StatusCode::OK { Ok(()) } else { Err(self.refusal(door, secrets)) }
    }

    /// A complaint about this answer.
    pub(crate) fn unexpected(&self, reason: impl Into<String>) -> Error {
        Error::Unexpected { status: self.status.as_u16(), reason: reason.into() }
    }

    fn refusal(&self, door: Door, secrets: &[&SecretString]) -> Error {
        if self.status.is_redirection() {
            return self.unexpected("a redirect, which is not followed");
        }
        if self.status.is_success() {
            return self.unexpected("another success than 200");
        }
        let status = self.status.as_u16();
        let shown = |text: String| presentable(&text, secrets);
        let refusal = match door {
            Door::Kauth => serde_json::from_slice(&self.body).map(|it: KauthEnvelope| Error::Kauth {
                status,
                error: shown(it.error),
                error_description: it.error_description.map(shown),
                error_code: it.error_code.map(shown),
            }),
            Door::Kapi => serde_json::from_slice(&self.body).map(|it: KapiEnvelope| Error::Kapi {
                status,
                code: it.code,
                msg: shown(it.msg),
            }),
        };
        refusal.unwrap_or_else(|_| self.unexpected("a failure without the platform's error envelope"))
    }
}

/// `Authorization: <scheme> <secret>`, marked so that no log prints it. `what` names the secret in the error.
pub(crate) trait Authorize: Sized {
    fn authorize(self, scheme: &str, secret: &SecretString, what: &'static str) -> Result<Self, Error>;
}

impl Authorize for RequestBuilder {
    fn authorize(self, scheme: &str, secret: &SecretString, what: &'static str) -> Result<RequestBuilder, Error> {
        let value = format!("{scheme} {}", secret.expose_secret());
        let mut value = HeaderValue::from_str(&value).map_err(|_| Error::Unsendable(what))?;
        value.set_sensitive(true);
        Ok(self.header(AUTHORIZATION, value))
    }
}
