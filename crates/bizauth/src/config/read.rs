//! Readers of single values: a text in, a typed value or nothing out. What a reader allows is said in words in the
//! table beside it, so that a refusal needs no words of its own. None of them may panic, whatever the text.

use std::{fmt, net::SocketAddr, path::PathBuf, time::Duration};

use bizauth_core::key::network;
use ipnet::IpNet;
use jiff::tz::TimeZone;
use secrecy::{ExposeSecret, SecretString};
use tracing_subscriber::EnvFilter;
use url::{Host, Url};

/// Where the records are kept.
#[derive(Clone, Debug)]
pub enum Database {
    /// A file in the data folder.
    Sqlite,
    /// A PostgreSQL server.
    Postgres(PostgresUrl),
}

/// The address of a PostgreSQL database. It may hold a password, so neither `Debug` nor `Display` shows that.
#[derive(Clone)]
pub struct PostgresUrl(SecretString);

impl PostgresUrl {
    /// The whole URL, password included: for the driver and nobody else.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&without_password(self.expose()))
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Scheme, host and port by which browsers know the server, as they write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// The origin without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether browsers reach the server over TLS, here or at a proxy.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https:")
    }
}

/// Which of the contract's two spellings tokeninfo uses for groups and states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokeninfoCase {
    /// `personal`, `moment`, `keyword`; `ACTIVE`.
    Sample,
    /// `PERSONAL`, `MOMENT`, `KEYWORD`; `active`.
    Table,
}

/// The shape of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

pub(super) fn address(text: &str) -> Option<SocketAddr> {
    text.parse().ok()
}

pub(super) fn path(text: &str) -> Option<PathBuf> {
    (!text.is_empty()).then(|| PathBuf::from(text))
}

pub(super) fn database(text: &str) -> Option<Database> {
    if text == "sqlite" {
        return Some(Database::Sqlite);
    }
    // The driver also reads `key=value` strings; a URL is the only form in which we know where the password stands.
    let url = Url::parse(text).ok()?;
    let known = text.starts_with("postgres://") || text.starts_with("postgresql://");
    // A host may also stand in the query (`?host=/run/postgresql`, a socket), hence no demand for one here.
    (known && url.fragment().is_none()).then(|| Database::Postgres(PostgresUrl(text.into())))
}

pub(super) fn connections(text: &str) -> Option<u32> {
    number(text).filter(|n| (1..=1000).contains(n))
}

pub(super) fn origin(text: &str) -> Option<Origin> {
    // `Url` mends what it reads (`https:host`, backslashes, tabs); an origin is short enough to be written right.
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    if rest.starts_with('/') || rest.contains(['\\', '@', '?', '#']) || rest.contains(char::is_whitespace) {
        return None;
    }
    let url = Url::parse(text).ok()?;
    if url.path() != "/" || matches!(url.host()?, Host::Domain("")) {
        return None;
    }
    Some(Origin(url.origin().ascii_serialization()))
}

pub(super) fn networks(text: &str) -> Option<Vec<IpNet>> {
    if text.trim().is_empty() {
        return Some(Vec::new());
    }
    text.split(',').map(|entry| network(entry.trim())).collect()
}

pub(super) fn code_lifetime(text: &str) -> Option<Duration> {
    between(text, 1, 3600)
}

pub(super) fn token_idle_lifetime(text: &str) -> Option<Duration> {
    between(text, 1, 3650 * 86_400)
}

pub(super) fn audit_retention(text: &str) -> Option<Duration> {
    between(text, 86_400, 36_500 * 86_400)
}

pub(super) fn request_timeout(text: &str) -> Option<Duration> {
    between(text, 1, 600)
}

pub(super) fn drain_timeout(text: &str) -> Option<Duration> {
    between(text, 0, 600)
}

fn between(text: &str, least: u64, most: u64) -> Option<Duration> {
    duration(text).filter(|d| (least..=most).contains(&d.as_secs()))
}

/// Reads `90s`, `10m`, `24h` or `365d`: digits and one unit, nothing else.
pub fn duration(text: &str) -> Option<Duration> {
    let unit = match text.chars().last()? {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return None,
    };
    digits(&text[..text.len() - 1])?.checked_mul(unit).map(Duration::from_secs)
}

pub(super) fn number(text: &str) -> Option<u32> {
    digits(text).filter(|n| *n <= 1_000_000_000).and_then(|n| n.try_into().ok())
}

/// `str::parse` alone would also take a plus sign.
fn digits(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

pub(super) fn tokeninfo_case(text: &str) -> Option<TokeninfoCase> {
    match text {
        "sample" => Some(TokeninfoCase::Sample),
        "table" => Some(TokeninfoCase::Table),
        _ => None,
    }
}

pub(super) fn zone(text: &str) -> Option<TimeZone> {
    // jiff also has a zone of its own called Etc/Unknown, for times that nobody can place.
    TimeZone::get(text).ok().filter(|zone| !zone.is_unknown())
}

pub(super) fn switch(text: &str) -> Option<bool> {
    text.parse().ok()
}

pub(super) fn filter(text: &str) -> Option<String> {
    (!text.trim().is_empty() && EnvFilter::try_new(text).is_ok()).then(|| text.to_owned())
}

pub(super) fn log_format(text: &str) -> Option<LogFormat> {
    match text {
        "text" => Some(LogFormat::Text),
        "json" => Some(LogFormat::Json),
        _ => None,
    }
}

/// The value as a person may see it: a URL loses the password before the host and any in its query.
pub(super) fn without_password(text: &str) -> String {
    let Ok(mut url) = Url::parse(text) else { return text.to_owned() };
    if url.password().is_some() && url.set_password(Some("***")).is_err() {
        return "(hidden)".to_owned();
    }
    if url.query_pairs().any(|(key, _)| key.contains("password")) {
        let pairs: Vec<_> = url.query_pairs().into_owned().collect();
        url.query_pairs_mut().clear().extend_pairs(
            pairs.iter().map(|(key, value)| (key, if key.contains("password") { "***" } else { value.as_str() })),
        );
    }
    url.into()
}

/// Whether a database URL carries a password.
pub(super) fn holds_password(text: &str) -> bool {
    without_password(text).contains("***")
}
