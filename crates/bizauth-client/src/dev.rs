//! For tests (feature `dev`): steers `bizauth dev` over its control API, a few words for what tests do most.
//!
//! ```no_run
//! # async fn test() -> Result<(), Box<dyn std::error::Error>> {
//! use bizauth_client::dev::Platform;
//! use serde_json::json;
//!
//! let platform = Platform::from_env()?.expect("run this as `bizauth dev exec -- cargo test`");
//! let world = platform.world(json!({})).await?;
//! let token = world.token(json!({ "scope": ["moment_management"] })).await?;
//! world.advance("400 days").await?;
//! assert!(world.client()?.token_info(&token).await.is_err(), "it died of disuse");
//! world.drop().await?;
//! # Ok(()) }
//! ```
//!
//! What an object may hold, and whatever is not here, says `GET /_dev/openapi.json`; [`World::call`] reaches all of it.

use std::fmt;

use reqwest::Method;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::{Client, Hosts};

/// Why a call of the control API has no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An address cannot be used, or no client can be made of it.
    #[error(transparent)]
    Client(#[from] crate::Error),

    /// No whole answer came.
    #[error("no answer from the control API")]
    Transport(#[from] reqwest::Error),

    /// It refused; the problem document says why, and what would be allowed.
    #[error("{call}: {status} {problem}")]
    Refused {
        /// Method and path.
        call: String,
        /// The HTTP status.
        status: u16,
        /// What it answered.
        problem: String,
    },

    /// The answer lacks what this module looks for: the platform is of another version.
    #[error("the control API told no {0}")]
    Untold(&'static str),
}

/// A running `bizauth dev`, in which worlds are made.
#[derive(Clone, Debug)]
pub struct Platform {
    http: reqwest::Client,
    control: String,
}

/// A world of a test's own. Nothing ends it but [`World::drop`], or the end of the platform.
#[derive(Clone)]
pub struct World {
    platform: Platform,
    inside: Platform,
    told: Value,
}

impl Platform {
    /// The platform whose control API is here: the value of `BIZAUTH_CONTROL_URL`.
    pub fn new(control_url: &str) -> Result<Platform, Error> {
        // Without a proxy: it is on this machine.
        let http = reqwest::Client::builder().no_proxy().build()?;
        Ok(Platform { http, control: control_url.trim_end_matches('/').to_owned() })
    }

    /// The platform that `bizauth dev exec` tells its command of; none where nobody does.
    pub fn from_env() -> Result<Option<Platform>, Error> {
        std::env::var("BIZAUTH_CONTROL_URL").ok().map(|url| Platform::new(&url)).transpose()
    }

    /// Makes a world: `seed` or `seed_toml`, `random`, `clock`, `id`; of the demo's seed where neither is given.
    pub async fn world(&self, wish: Value) -> Result<World, Error> {
        let told = self.call(Method::POST, "/worlds", Some(wish)).await?;
        let base = told["base_url"].as_str().ok_or(Error::Untold("base_url"))?;
        let inside = Platform { http: self.http.clone(), control: format!("{base}/_dev") };
        Ok(World { platform: self.clone(), inside, told })
    }

    /// Any call of the control API, by its path below `/_dev`: its JSON, or null where it has none.
    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value, Error> {
        let call = format!("{method} {path}");
        let request = self.http.request(method, format!("{}{path}", self.control));
        let answer = match body {
            Some(body) => request.json(&body).send().await?,
            None => request.send().await?,
        };
        let (status, text) = (answer.status(), answer.text().await?);
        if !status.is_success() {
            return Err(Error::Refused { call, status: status.as_u16(), problem: text });
        }
        Ok(serde_json::from_str(&text).unwrap_or_default())
    }
}

impl fmt::Debug for World {
    // What it was made of holds secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "World({})", self.base_url())
    }
}

impl World {
    /// What it was made of: `id`, `base_url`, `apps` with their keys, `users`, `tokens`, `clock`.
    pub fn told(&self) -> &Value {
        &self.told
    }

    /// Its address: of kauth and kapi both.
    pub fn base_url(&self) -> &str {
        self.told["base_url"].as_str().unwrap_or_default()
    }

    /// A client of this world.
    pub fn client(&self) -> Result<Client, Error> {
        Ok(Client::new(Hosts::one(self.base_url())?)?)
    }

    /// The first key that has a redirect URI: its value, its secret, that URI.
    pub fn key(&self) -> Result<(String, SecretString, String), Error> {
        let apps = self.told["apps"].as_array().into_iter().flatten();
        let mut keys = apps.filter_map(|app| app["keys"].as_array()).flatten();
        let found = keys.find_map(|key| {
            let word = |value: &Value| value.as_str().map(str::to_owned);
            Some((word(&key["value"])?, word(&key["secret"])?.into(), word(&key["redirect_uris"][0])?))
        });
        found.ok_or(Error::Untold("key with a redirect URI"))
    }

    /// Any call of the control API in this world, as [`Platform::call`].
    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value, Error> {
        self.inside.call(method, path, body).await
    }

    /// Moves the clock by a span such as `400 days`: what fell in between, in order.
    pub async fn advance(&self, span: &str) -> Result<Vec<Value>, Error> {
        let moved = self.call(Method::POST, "/clock", Some(json!({ "advance": span }))).await?;
        moved["happenings"].as_array().cloned().ok_or(Error::Untold("happenings"))
    }

    /// Plans a fault: `{"endpoint": "tokeninfo", "code": "-9798", "times": 1}`.
    pub async fn fault(&self, plan: Value) -> Result<Value, Error> {
        self.call(Method::POST, "/faults", Some(plan)).await
    }

    /// A rule for consent screens, `{"action": "deny", "times": 1}`; with `times` it is an entry of a queue.
    pub async fn consent(&self, rule: Value) -> Result<Value, Error> {
        self.call(Method::POST, "/consents", Some(rule)).await
    }

    /// A business token, through consent and redemption: `{"scope": ["moment_management"]}`.
    pub async fn token(&self, wish: Value) -> Result<SecretString, Error> {
        let made = self.call(Method::POST, "/tokens", Some(wish)).await?;
        made["access_token"].as_str().map(SecretString::from).ok_or(Error::Untold("access_token"))
    }

    /// The log, by a query such as `endpoint=token&status=200`.
    pub async fn requests(&self, query: &str) -> Result<Vec<Value>, Error> {
        let log = self.call(Method::GET, &format!("/requests?{query}"), None).await?;
        log["requests"].as_array().cloned().ok_or(Error::Untold("requests"))
    }

    /// Ends the world with all that is in it.
    pub async fn drop(self) -> Result<(), Error> {
        let id = self.told["id"].as_str().ok_or(Error::Untold("id"))?;
        self.platform.call(Method::DELETE, &format!("/worlds/{id}"), None).await.map(drop)
    }
}
