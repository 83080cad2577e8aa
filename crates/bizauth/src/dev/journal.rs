//! What was asked and answered in a world, in the order of arrival: for people, for tests, and to be repeated.
//!
//! It holds secrets: everything in it belongs to a platform that nobody else can reach. Where the platform listens is
//! written as `{base_url}`, so that two runs on two ports give the same bytes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};

use super::world::lock;
use crate::http::reply::escape;

/// The most entries that a world keeps; the oldest are forgotten first.
const MOST: usize = 10_000;
/// What is kept of a body, in bytes.
const LONGEST: usize = 64 * 1024;
/// What says nothing of the call: it is the connection's, or another one each time.
const UNTOLD: [&str; 4] = ["content-length", "connection", "transfer-encoding", "date"];

/// One call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number, in the order of arrival.
    pub n: u64,
    /// When it came, by the world's clock: milliseconds since the Unix epoch.
    pub at: i64,
    /// Which endpoint, if it is one of the six.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// A call that steers the world, not one to the platform.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub control: bool,
    /// The request.
    pub request: Half,
    /// The answer; absent while there is none, or when none was ever sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Half>,
    /// The row of the catalogue that it was refused with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// The code of that row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Which rule decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided: Option<String>,
    /// What would have passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Parameters that nobody read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<String>,
    /// What was staged: a fault by name, a consent rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staged: Option<String>,
}

/// A request or an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Half {
    /// Of a request: the method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Of a request: path and query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// Of an answer: the status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Its header, name by name; of several of one name the values in order.
    pub headers: BTreeMap<String, Vec<String>>,
    /// Its body, as text.
    pub body: String,
    /// Whether more of the body came than is kept.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
}

/// The log of a world.
#[derive(Debug, Default)]
pub struct Journal {
    entries: Mutex<BTreeMap<u64, Arc<Entry>>>,
    arrived: AtomicU64,
}

impl Journal {
    /// One that goes on behind these entries.
    pub fn with(entries: Vec<Arc<Entry>>) -> Self {
        let arrived = AtomicU64::new(entries.last().map_or(0, |entry| entry.n));
        Journal { entries: Mutex::new(entries.into_iter().map(|entry| (entry.n, entry)).collect()), arrived }
    }

    /// The number of a call that has just come.
    pub fn arrive(&self) -> u64 {
        self.arrived.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Writes a call down, or over what was written of it before.
    pub fn keep(&self, entry: Entry) {
        let mut entries = lock(&self.entries);
        entries.insert(entry.n, Arc::new(entry));
        while entries.len() > MOST {
            entries.pop_first();
        }
    }

    /// All entries, in the order of arrival.
    pub fn all(&self) -> Vec<Arc<Entry>> {
        lock(&self.entries).values().cloned().collect()
    }

    /// The entry of this number.
    pub fn entry(&self, n: u64) -> Option<Arc<Entry>> {
        lock(&self.entries).get(&n).cloned()
    }

    /// Forgets all entries; numbers go on.
    pub fn forget(&self) {
        lock(&self.entries).clear();
    }
}

impl Half {
    /// Takes a header and a body down. `base`: what is written as `{base_url}`.
    pub fn of(headers: &HeaderMap, body: &[u8], base: &Portable) -> Self {
        let mut told: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in headers.iter().filter(|(name, _)| !UNTOLD.contains(&name.as_str())) {
            let value = String::from_utf8_lossy(value.as_bytes());
            // Which host was called matters only where it says which half, or which world.
            if name == "host" && base.is_host(&value) {
                continue;
            }
            let value = base.hide(&value);
            told.entry(name.as_str().to_owned()).or_default().push(value);
        }
        let cut = body.len() > LONGEST;
        let body = base.hide(&String::from_utf8_lossy(&body[..body.len().min(LONGEST)]));
        Half { headers: told, body, cut, ..Half::default() }
    }

    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.first().map(String::as_str)
    }
}

/// Where the platform listens, and what is written in its place.
#[derive(Clone, Debug)]
pub struct Portable([(String, &'static str); 4]);

impl Portable {
    /// For a platform at `base_url`: a scheme, an address, a port.
    pub fn of(base_url: &str) -> Self {
        let host = base_url.split_once("://").map_or(base_url, |(_, host)| host);
        let twin = host.replace("127.0.0.1", "localhost");
        Portable([
            (base_url.to_owned(), "{base_url}"),
            (escape(base_url), "{base_url_escaped}"),
            (format!("http://{twin}"), "{localhost_url}"),
            (escape(&format!("http://{twin}")), "{localhost_url_escaped}"),
        ])
    }

    /// Whether this is the host of the platform's own address.
    pub fn is_host(&self, host: &str) -> bool {
        [&self.0[0], &self.0[2]].iter().any(|(is, _)| is.split_once("://").is_some_and(|(_, own)| own == host))
    }

    /// Writes the names in the place of the addresses.
    pub fn hide(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (is, name)| text.replace(is.as_str(), name))
    }

    /// Writes the addresses in the place of the names.
    pub fn show(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (is, name)| text.replace(name, is))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_hidden_and_comes_back() {
        let here = Portable::of("http://127.0.0.1:8080");
        for text in ["http://127.0.0.1:8080/cb", "a=http%3A%2F%2F127.0.0.1%3A8080%2Fcb", "http://localhost:8080/", "x"]
        {
            let hidden = here.hide(text);
            assert!(!hidden.contains("8080"), "{hidden}");
            assert_eq!(here.show(&hidden), text);
            let there = Portable::of("http://127.0.0.1:9");
            assert_eq!(there.hide(&there.show(&hidden)), hidden);
        }
    }

    #[test]
    fn a_journal_keeps_the_order_of_arrival_and_forgets_the_oldest() {
        let journal = Journal::default();
        let entry = |n| Entry {
            n,
            at: 0,
            endpoint: None,
            control: false,
            request: Half::default(),
            answer: None,
            fault: None,
            code: None,
            decided: None,
            why: None,
            unread: Vec::new(),
            staged: None,
        };
        let (first, second) = (journal.arrive(), journal.arrive());
        journal.keep(entry(second));
        journal.keep(entry(first));
        assert_eq!(journal.all().iter().map(|entry| entry.n).collect::<Vec<_>>(), [1, 2]);
        for _ in 0..MOST {
            journal.keep(entry(journal.arrive()));
        }
        assert_eq!(journal.all().len(), MOST);
        assert!(journal.entry(1).is_none());
    }
}
