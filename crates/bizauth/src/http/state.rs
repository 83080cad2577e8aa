//! What every handler may ask: the store, the clock, chance, configuration, words. Nothing a request must survive by.

use std::sync::Arc;

use bizauth_core::time::DAY;
use bizauth_store::{Limit, Store};

use crate::clock::Clock;
use crate::config::Config;
use crate::entropy::Entropy;
use crate::http::kapi::ips::Editions;
use crate::http::limits::FullWindows;
use crate::icon::Painter;
use crate::metrics::Metrics;
use crate::password::Verifier;
use crate::request_lines::Lines;
use crate::usage::Counters;
use crate::view::Words;

/// Cheap to clone; every clone is the same.
#[derive(Clone)]
pub struct AppState {
    /// The records.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Chance.
    pub entropy: Entropy,
    /// The settings.
    pub config: Arc<Config>,
    /// The words of all pages.
    pub words: Arc<Words>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// The log's lines of requests, where they are gathered; else each is written by itself.
    pub lines: Option<Arc<Lines>>,
    /// How often each app is answered.
    pub usage: Arc<Counters>,
    /// The IP list's answers, as they were written last.
    pub editions: Arc<Editions>,
    /// Checks passwords, a few at a time.
    pub passwords: Verifier,
    /// Draws icons, a few at a time.
    pub painter: Painter,
    /// Limits that are known to be reached.
    pub full_windows: FullWindows,
    /// What `bizauth dev` shows; on any other server there is none, and no route that would need it.
    pub dev: Option<Arc<Demo>>,
}

/// The demo app of `bizauth dev`, for the page on which its flow ends.
#[derive(Clone, Debug)]
pub struct Demo {
    /// Where this server answers.
    pub base_url: String,
    /// The demo app's REST API key.
    pub rest_api_key: String,
    /// Its client secret: of a throwaway database, on loopback.
    pub client_secret: String,
    /// Its redirect URI, which is the page itself.
    pub redirect_uri: String,
    /// What a code that the request below brings is traded with, if the key requires PKCE.
    pub verifier: Option<&'static str>,
    /// An authorize request to begin with.
    pub authorize_url: String,
}

impl AppState {
    /// A state over `store` with the system's clock.
    pub fn new(store: Store, config: Config) -> Self {
        AppState {
            store,
            clock: Clock::System,
            entropy: Entropy::System,
            usage: Arc::new(Counters::new(config.ip_zone.clone())),
            config: Arc::new(config),
            words: Arc::new(Words::new()),
            metrics: Arc::new(Metrics::new()),
            lines: None,
            editions: Arc::default(),
            passwords: Verifier::new(),
            painter: Painter::default(),
            full_windows: FullWindows::default(),
            dev: None,
        }
    }

    /// How many codes one account may issue to one app a day (KOE236).
    pub fn issuance_limit(&self) -> Limit {
        Limit { kind: "issuance", most: self.config.issuance_limit.into(), window: DAY }
    }

    /// How many calls of kapi an app has a day, where it has a quota of `most`.
    pub fn quota(&self, most: i64) -> Limit {
        Limit { kind: "quota", most, window: DAY }
    }

    /// After how many days without use a token ends by itself; the last of them may be a part of one.
    pub fn idle_days(&self) -> usize {
        usize::try_from(self.config.token_idle_lifetime.as_secs().div_ceil(86_400)).unwrap_or(usize::MAX)
    }

    /// How many tokens a key may have a minute (KOE237).
    pub fn token_rate(&self) -> Limit {
        Limit { kind: "token", most: self.config.token_rate.into(), window: std::time::Duration::from_secs(60) }
    }
}
