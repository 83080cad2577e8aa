//! The leak guard: where the proxy of `bizauth dev` may lead. By default nowhere but to ourselves and to what else runs
//! on this machine; whatever is asked for beyond is refused, counted and kept, so that a test can say "nothing left this
//! machine".

use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::hosts;
use crate::clock::Clock;

/// How many refusals are kept, the newest; all are counted.
const KEPT: usize = 1000;

/// What happens to destinations that no pattern names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Others {
    /// They are refused.
    #[default]
    Refuse,
    /// They are connected.
    Pass,
}

/// Destinations: `api.example.com`, `*.example.com` (what stands below it), `*`; each with `:443` for that port alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern {
    /// What the host ends with, from its dot on; or all of it.
    host: Host,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    Any,
    Below(String),
    Is(String),
}

/// A pattern that names no destination.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no destination; write a host, *.host or *, with a port or without: api.example.com:443")]
pub struct NoPattern(String);

impl FromStr for Pattern {
    type Err = NoPattern;

    fn from_str(text: &str) -> Result<Self, NoPattern> {
        let wrong = || NoPattern(text.to_owned());
        // More than one colon is an IPv6 address, which has its port behind brackets.
        let split = match text.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port)),
            _ => (text, None),
        };
        let port = split.1.map(|port| port.parse::<u16>().map_err(|_| wrong())).transpose()?;
        let host = hosts::plain(split.0);
        let fits = |name: &str| {
            !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':'))
        };
        let host = match host.strip_prefix("*.") {
            _ if host == "*" => Host::Any,
            Some(below) if fits(below) => Host::Below(format!(".{below}")),
            None if fits(&host) => Host::Is(host),
            _ => return Err(wrong()),
        };
        Ok(Pattern { host, port })
    }
}

impl TryFrom<String> for Pattern {
    type Error = NoPattern;

    fn try_from(text: String) -> Result<Self, NoPattern> {
        text.parse()
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> String {
        pattern.to_string()
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Any => f.write_str("*")?,
            Host::Below(end) => write!(f, "*{end}")?,
            Host::Is(host) if host.contains(':') => write!(f, "[{host}]")?,
            Host::Is(host) => f.write_str(host)?,
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl Pattern {
    fn fits(&self, host: &str, port: u16) -> bool {
        let named = match &self.host {
            Host::Any => true,
            Host::Below(end) => host.ends_with(end),
            Host::Is(name) => host == name,
        };
        named && self.port.is_none_or(|only| only == port)
    }
}

/// How a destination was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// By `CONNECT`.
    Connect,
    /// By a request that names a whole URL.
    Request,
}

/// An attempt to reach another destination, refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leak {
    /// Which one it was since the start or since the guard forgot, from 1.
    pub number: u64,
    /// When, by the system's clock: a destination knows nothing of the clock of a world.
    pub at: String,
    /// The host, in lower case.
    pub host: String,
    /// The port.
    pub port: u16,
    /// How.
    pub way: Way,
}

/// What the guard says of a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is connected.
    Pass,
    /// It is not, for this reason.
    Refuse(String),
}

/// Watches over the proxy.
#[derive(Debug, Default)]
pub struct Guard(Mutex<Watch>);

#[derive(Debug, Default)]
struct Watch {
    refuse: Vec<Pattern>,
    others: Others,
    leaks: VecDeque<Leak>,
    n_leaks: u64,
}

impl Guard {
    /// A guard that lets nothing through.
    pub fn new() -> Self {
        Guard::default()
    }

    /// From now on refuses what one of `refuse` names, and does with others as it is told.
    pub fn name(&self, refuse: Vec<Pattern>, others: Others) {
        let mut watch = self.watch();
        (watch.refuse, watch.others) = (refuse, others);
    }

    /// What it was told last.
    pub fn named(&self) -> (Vec<Pattern>, Others) {
        let watch = self.watch();
        (watch.refuse.clone(), watch.others)
    }

    /// What it refused, oldest first: the newest thousand.
    pub fn leaks(&self) -> Vec<Leak> {
        self.watch().leaks.iter().cloned().collect()
    }

    /// How often it refused since the start, or since it forgot.
    pub fn count(&self) -> u64 {
        self.watch().n_leaks
    }

    /// Forgets what it refused. What it was told stays.
    pub fn forget(&self) {
        let mut watch = self.watch();
        watch.leaks.clear();
        watch.n_leaks = 0;
    }

    /// Whether a destination that is not us may be reached; if not, that is noted. `stays` says that what is asked for
    /// never leaves the caller's machine: that is no leak, unless it is named.
    pub(super) fn judge(&self, host: &str, port: u16, way: Way, stays: bool) -> Verdict {
        let mut watch = self.watch();
        let named = watch.refuse.iter().find(|pattern| pattern.fits(host, port)).map(ToString::to_string);
        let because = match (named, watch.others) {
            (None, Others::Pass) => return Verdict::Pass,
            (None, Others::Refuse) if stays => return Verdict::Pass,
            (Some(pattern), _) => format!("it is on the list of what is refused, as {pattern}"),
            (None, Others::Refuse) => {
                let [kauth, kapi] = hosts::PLATFORM;
                format!("this proxy leads to {kauth} and {kapi} alone")
            }
        };
        let number = watch.n_leaks + 1;
        watch.n_leaks = number;
        if watch.leaks.len() == KEPT {
            watch.leaks.pop_front();
        }
        watch.leaks.push_back(Leak { number, at: Clock::System.now().to_utc(), host: host.to_owned(), port, way });
        let shown = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        Verdict::Refuse(format!("{shown}:{port} is refused and counted (refusal {number}): {because}"))
    }

    fn watch(&self) -> MutexGuard<'_, Watch> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        text.parse().unwrap()
    }

    #[test]
    fn a_pattern_names_a_host_what_is_below_it_or_all() {
        for (text, host, port, fits) in [
            ("api.example.com", "api.example.com", 1, true),
            ("API.example.com:443", "api.example.com", 443, true),
            ("api.example.com:443", "api.example.com", 80, false),
            ("*.example.com", "a.b.example.com", 80, true),
            ("*.example.com", "example.com", 80, false),
            ("*.example.com", "badexample.com", 80, false),
            ("*:25", "anything", 25, true),
            ("*", "::1", 80, true),
            ("[::1]:80", "::1", 80, true),
            ("::1", "::1", 81, true),
        ] {
            assert_eq!(pattern(text).fits(host, port), fits, "{text} {host}:{port}");
        }
        for text in ["*", "*:25", "*.example.com", "api.example.com:443", "[::1]:80"] {
            assert_eq!(pattern(text).to_string(), text);
        }
        for text in ["", ":80", "a:b", "a:70000", "*a.com", "a.*.com", "https://a.com", "a b"] {
            assert_eq!(text.parse::<Pattern>(), Err(NoPattern(text.to_owned())));
        }
    }

    #[test]
    fn what_is_refused_is_counted_until_it_is_forgotten() {
        let guard = Guard::new();
        let Verdict::Refuse(why) = guard.judge("api.example.com", 443, Way::Connect, false) else {
            panic!("it passed")
        };
        assert!(why.starts_with("api.example.com:443 is refused") && why.contains("kapi.kakao.com alone"), "{why}");
        assert_eq!(guard.judge("127.0.0.1", 5432, Way::Connect, true), Verdict::Pass, "it stays on the machine");
        guard.name(vec![pattern("127.0.0.1:5432")], Others::Refuse);
        let named = guard.judge("127.0.0.1", 5432, Way::Connect, true);
        assert!(matches!(&named, Verdict::Refuse(why) if why.contains("as 127.0.0.1:5432")), "{named:?}");
        guard.name(vec![pattern("*.example.com")], Others::Pass);
        assert_eq!(guard.judge("mock", 80, Way::Request, false), Verdict::Pass);
        let Verdict::Refuse(why) = guard.judge("api.example.com", 80, Way::Request, false) else { panic!("it passed") };
        assert!(why.contains("as *.example.com"), "{why}");
        let seen: Vec<_> = guard.leaks().into_iter().map(|leak| (leak.number, leak.host, leak.port)).collect();
        let host = || "api.example.com".to_owned();
        assert_eq!(seen, [(1, host(), 443), (2, "127.0.0.1".to_owned(), 5432), (3, host(), 80)]);
        guard.forget();
        assert_eq!((guard.count(), guard.leaks(), guard.named().1), (0, vec![], Others::Pass));
        for _ in 0..KEPT + 1 {
            guard.judge("a.example.com", 1, Way::Connect, false);
        }
        assert_eq!((guard.count(), guard.leaks().len(), guard.leaks()[0].number), (1001, 1000, 2));
    }
}
