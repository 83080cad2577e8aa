//! What may be tried, and how often: one row for each limit of the doors, and the one way to count against it.
//!
//! Two kinds of entry are bounded. Where something can be guessed (a key, a secret) only what was wrong counts,
//! so that nobody can lock the owner of the right one out. Whatever somebody signed in can do counts as it is done.
//! Passwords and codes, which people mistype, have slots of their own in `pages/login`.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::HeaderValue;
use axum::http::header::RETRY_AFTER;
use axum::response::Response;
use bizauth_core::fault::KauthFault;
use bizauth_core::time::Time;
use bizauth_store::Limit;

use super::reply::Faulted;
use super::state::AppState;

const MINUTE: Duration = Duration::from_secs(60);
const QUARTER: Duration = Duration::from_secs(15 * 60);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// Keys that no app has, and wrong client secrets, from one address at the token endpoint.
pub const CLIENT_ADDRESS: Limit = Limit { kind: "client address", most: 60, window: MINUTE };
/// Wrong secrets for one key, from whatever addresses.
pub const CLIENT_KEY: Limit = Limit { kind: "client key", most: 60, window: MINUTE };
/// Keys that no app has, from one address at the kapi door.
pub const KEY_ADDRESS: Limit = Limit { kind: "key address", most: 60, window: MINUTE };
/// Wrong keys of operators from one address.
pub const OPERATOR_KEY_ADDRESS: Limit = Limit { kind: "operator_key", most: 20, window: MINUTE };

/// Actions of one account on the pages of console, operator and the account itself.
pub const ACTIONS: Limit = Limit { kind: "actions", most: 300, window: MINUTE };
/// Actions from one address, for whatever accounts.
pub const ACTIONS_ADDRESS: Limit = Limit { kind: "actions address", most: 1200, window: MINUTE };
/// Invitations that one account sends out.
pub const INVITATIONS: Limit = Limit { kind: "invitations", most: 60, window: HOUR };
/// Calls of one account through the test tool.
pub const TEST_CALLS: Limit = Limit { kind: "test calls", most: 60, window: MINUTE };
/// First codes of an authenticator app that one account tries.
pub const FIRST_CODES: Limit = Limit { kind: "first codes", most: 10, window: QUARTER };

/// How many full windows a node remembers.
const REMEMBERED: usize = 10_000;

/// Until when nothing more is looked at, carried by an answer to where `Retry-After` is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Until(pub Time);

/// A window: the kind of its limit, how many fit, and whose it is.
type Window = (&'static str, i64, String);

/// Windows that are known to be full. What is full stays full to its end, so nothing here can be out of date; and a flood
/// of wrong tries no longer reaches the records.
#[derive(Clone, Debug, Default)]
pub struct FullWindows(Arc<Mutex<HashMap<Window, Time>>>);

impl FullWindows {
    fn until(&self, limit: Limit, subject: &str, now: Time) -> Option<Time> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (limit.kind, limit.most, subject.to_owned());
        known.get(&key).copied().filter(|until| *until > now && *until == limit.ends_at(now))
    }

    fn note(&self, limit: Limit, subject: String, now: Time) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.retain(|_, until| *until > now);
        }
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert((limit.kind, limit.most, subject), limit.ends_at(now));
    }
}

/// Counts one against each of these, or against none of them if one is used up: until when.
pub async fn spend(it: &AppState, limits: &[(Limit, String)]) -> bizauth_store::Result<Option<Until>> {
    let now = it.clock.now();
    for (limit, subject) in limits {
        if let Some(until) = it.full_windows.until(*limit, subject, now) {
            return Ok(Some(Until(until)));
        }
    }
    let Some(at) = it.store.take_all(limits.to_vec(), now).await? else { return Ok(None) };
    let (limit, subject) = &limits[at];
    it.full_windows.note(*limit, subject.clone(), now);
    Ok(Some(Until(limit.ends_at(now))))
}

/// What counts as one address: an IPv6 network of the size that one customer gets.
pub fn neighbourhood(from: IpAddr) -> String {
    match from.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

/// Says on an answer that a limit is reached when to come again. The one place: every answer of both listeners passes.
pub fn announce(it: &AppState, response: &mut Response) {
    let now = it.clock.now();
    let named = |fault: KauthFault| response.extensions().get::<Faulted>().is_some_and(|it| it.0 == fault.row().name);
    let until = match response.extensions().get::<Until>() {
        Some(Until(until)) => *until,
        None if named(KauthFault::IssuanceLimit) => it.issuance_limit().ends_at(now),
        None if named(KauthFault::TokenRateLimit) => it.token_rate().ends_at(now),
        None => return,
    };
    let seconds = until.since(now).as_millis().div_ceil(1000).max(1);
    if let Ok(value) = HeaderValue::from_str(&seconds.to_string()) {
        response.headers_mut().insert(RETRY_AFTER, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_the_new_kind_counts_with_its_network() {
        for (from, counted) in [
            ("203.0.113.9", "203.0.113.9"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ] {
            assert_eq!(neighbourhood(from.parse().unwrap()), counted);
        }
    }

    #[test]
    fn a_full_window_is_known_until_it_ends_and_no_longer() {
        let (full, at) = (FullWindows::default(), |seconds: i64| Time::from_millis(seconds * 1000));
        let kim = || "kim".to_owned();
        full.note(ACTIONS, kim(), at(61));
        assert_eq!(full.until(ACTIONS, "kim", at(62)), Some(at(120)));
        assert_eq!(full.until(ACTIONS, "kim", at(120)), None);
        assert_eq!(full.until(ACTIONS, "kim", at(59)), None, "a clock that was set back is in another window");
        assert_eq!(full.until(ACTIONS, "lee", at(62)), None);
        assert_eq!(full.until(TEST_CALLS, "kim", at(62)), None);
        assert_eq!(full.until(Limit { most: 301, ..ACTIONS }, "kim", at(62)), None, "a limit that was raised");
        for other in 0..2 * REMEMBERED {
            full.note(ACTIONS, other.to_string(), at(61));
        }
        assert!(full.0.lock().unwrap().len() <= REMEMBERED);
    }
}
