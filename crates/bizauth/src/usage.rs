//! How often each app is answered, by endpoint and outcome: counted in memory, added to the records every few seconds.
//!
//! Counting is on the path of every call, so it is one short lock of a shard that the thread has nearly to itself, and
//! no text is made. What a crash takes is the last few seconds of a statistic; limits are counted elsewhere.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bizauth_core::id::AppId;
use bizauth_core::ips::date_at;
use bizauth_core::time::Time;
use bizauth_store::{Store, Usage};
use jiff::ToSpan;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::http::door::Door;
use crate::http::reply::log_breakage;

/// How often what was counted is added to the records.
pub const KEPT_EVERY: Duration = Duration::from_secs(5);
/// The outcome of a call that was not refused.
pub const OK: &str = "ok";
/// Day zero of [`day_of`].
const EPOCH: Date = date(1970, 1, 1);
/// More shards than most machines have cores.
const SHARDS: usize = 16;
/// Apps × endpoints × outcomes that a shard holds between two keepings. Beyond it calls go uncounted, and the log says
/// how many: memory must not grow with the number of apps that call at once, or while the store is down.
const ROOM: usize = 4096;
/// Rows added in one transaction: a few milliseconds of the writer's time.
const BUNDLE: usize = 500;

/// An endpoint of the contract: its calls are counted, and staged in the dev mode. Written as its [`Endpoint::word`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Endpoint {
    /// `GET /oauth/business/authorize`
    Authorize,
    /// `POST /oauth/business/token`
    Token,
    /// `GET /v1/business/tokeninfo`
    Tokeninfo,
    /// `GET /v1/business/userinfo`
    Userinfo,
    /// `POST /v1/business/revoke`
    Revoke,
    /// `GET /v1/system/ips`
    Ips,
}

impl Endpoint {
    /// All of them, in the order in which an app meets them.
    pub const ALL: [Endpoint; 6] = [
        Endpoint::Authorize,
        Endpoint::Token,
        Endpoint::Tokeninfo,
        Endpoint::Userinfo,
        Endpoint::Revoke,
        Endpoint::Ips,
    ];

    /// Its path.
    pub const fn path(self) -> &'static str {
        match self {
            Endpoint::Authorize => "/oauth/business/authorize",
            Endpoint::Token => "/oauth/business/token",
            Endpoint::Tokeninfo => "/v1/business/tokeninfo",
            Endpoint::Userinfo => "/v1/business/userinfo",
            Endpoint::Revoke => "/v1/business/revoke",
            Endpoint::Ips => "/v1/system/ips",
        }
    }

    /// The door that it is at.
    pub fn door(self) -> Door {
        Door::of(self.path())
    }

    /// Its name in the records, which is the last word of its path.
    pub fn word(self) -> &'static str {
        self.path().rsplit('/').next().unwrap_or_default()
    }

    /// The endpoint with this path.
    pub fn of(path: &str) -> Option<Self> {
        Endpoint::ALL.into_iter().find(|endpoint| endpoint.path() == path)
    }
}

/// What one shard counts under: day, app, endpoint, outcome.
type Key = (i64, AppId, Endpoint, &'static str);

/// A part of the counters.
#[derive(Default)]
struct Shard {
    /// From when until when (milliseconds) it is the day `day`, so that the calendar is asked once a day only.
    from: i64,
    until: i64,
    day: i64,
    counts: HashMap<Key, i64>,
    /// What was counted last, and how often since: apps call in bursts, and these need no looking up.
    last: Option<(Key, i64)>,
}

impl Shard {
    /// Adds calls; what has no room is told.
    fn add(&mut self, key: Key, calls: i64) -> u64 {
        if self.counts.len() < ROOM || self.counts.contains_key(&key) {
            *self.counts.entry(key).or_default() += calls;
            return 0;
        }
        calls.unsigned_abs()
    }

    /// All that was counted, and nothing since.
    fn take(&mut self) -> (HashMap<Key, i64>, u64) {
        let lost = self.last.take().map_or(0, |(key, calls)| self.add(key, calls));
        (std::mem::take(&mut self.counts), lost)
    }
}

/// The counters of this process.
pub struct Counters {
    shards: [Mutex<Shard>; SHARDS],
    zone: TimeZone,
    uncounted: AtomicU64,
    /// One keeping at a time: whoever reads the records afterwards finds all that was counted before.
    keeping: tokio::sync::Mutex<()>,
}

impl Counters {
    /// Nothing counted yet; days begin at midnight of `zone`.
    pub fn new(zone: TimeZone) -> Self {
        Counters {
            shards: Default::default(),
            zone,
            uncounted: AtomicU64::new(0),
            keeping: tokio::sync::Mutex::new(()),
        }
    }

    /// Counts one answer.
    pub fn count(&self, app: AppId, endpoint: Endpoint, outcome: &'static str, now: Time) {
        thread_local! {
            static OWN: usize = {
                static THREADS: AtomicUsize = AtomicUsize::new(0);
                THREADS.fetch_add(1, Ordering::Relaxed) % SHARDS
            };
        }
        let mut shard = lock(&self.shards[OWN.with(|own| *own)]);
        if now.millis() < shard.from || now.millis() >= shard.until {
            let (today, from, until) = day_at(now, &self.zone);
            (shard.day, shard.from, shard.until) = (number(today), from, until);
        }
        let key = (shard.day, app, endpoint, outcome);
        if let Some((last, calls)) = &mut shard.last
            && *last == key
        {
            *calls += 1;
            return;
        }
        let before = shard.last.replace((key, 1));
        let lost = before.map_or(0, |(key, calls)| shard.add(key, calls));
        self.uncounted.fetch_add(lost, Ordering::Relaxed);
    }

    /// Adds what was counted to the records.
    ///
    /// # Errors
    /// The store does not answer; the counts stay here.
    pub async fn keep(&self, store: &Store) -> bizauth_store::Result<()> {
        let _turn = self.keeping.lock().await;
        let uncounted = self.uncounted.swap(0, Ordering::Relaxed);
        if uncounted > 0 {
            tracing::warn!(uncounted, "more apps at once than usage can be counted for");
        }
        for shard in &self.shards {
            let (counted, lost) = lock(shard).take();
            self.uncounted.fetch_add(lost, Ordering::Relaxed);
            let mut taken = Taken { counters: self, shard, rows: counted.into_iter().collect() };
            while !taken.rows.is_empty() {
                let bundle = taken.rows.split_off(taken.rows.len().saturating_sub(BUNDLE));
                if let Err(error) = store.add_usage(bundle.iter().map(row).collect()).await {
                    taken.rows.extend(bundle);
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    fn put_back(&self, shard: &Mutex<Shard>, rows: &[(Key, i64)]) {
        let mut shard = lock(shard);
        for (key, calls) in rows {
            let lost = shard.add(*key, *calls);
            self.uncounted.fetch_add(lost, Ordering::Relaxed);
        }
    }

    /// Keeps what is counted every few seconds until `stop`, and once more then.
    pub async fn run(&self, store: &Store, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        loop {
            // Only the sleep is cut short: a keeping that was begun is ended, or its counts would be lost.
            let stopped = tokio::select! {
                () = tokio::time::sleep(KEPT_EVERY) => false,
                () = &mut stop => true,
            };
            let kept = match stopped {
                false => self.keep(store).await,
                // A store that is gone must not keep the server from stopping.
                true => tokio::time::timeout(KEPT_EVERY, self.keep(store)).await.unwrap_or(Ok(())),
            };
            if let Err(error) = kept {
                log_breakage(&error);
            }
            if stopped {
                return;
            }
        }
    }
}

/// Counts on their way to the records. Those that do not arrive go back, also when whoever keeps them is cut short; of
/// the bundle that was under way then nobody knows, and it is not counted twice.
struct Taken<'c> {
    counters: &'c Counters,
    shard: &'c Mutex<Shard>,
    rows: Vec<(Key, i64)>,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.counters.put_back(self.shard, &self.rows);
    }
}

fn row(counted: &(Key, i64)) -> Usage {
    let ((day, app, endpoint, outcome), calls) = *counted;
    Usage { app, day, endpoint: endpoint.word().to_owned(), outcome: outcome.to_owned(), calls }
}

/// A panic while a shard was locked leaves whole counts.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The day that `now` lies in, and from when until when it lasts.
pub fn day_at(now: Time, zone: &TimeZone) -> (Date, i64, i64) {
    let today = date_at(now.millis(), zone);
    let begins = |date: Date| Some(date.to_zoned(zone.clone()).ok()?.timestamp().as_millisecond());
    let from = begins(today).unwrap_or(now.millis());
    let until = today.tomorrow().ok().and_then(begins).unwrap_or(now.millis());
    (today, from, until)
}

/// The day on the calendar of `zone`, counted from 1970-01-01.
pub fn day_of(now: Time, zone: &TimeZone) -> i64 {
    number(date_at(now.millis(), zone))
}

fn number(date: Date) -> i64 {
    EPOCH.until(date).map_or(0, |span| i64::from(span.get_days()))
}

/// The date of a day that was counted.
pub fn date_of(day: i64) -> Date {
    EPOCH.saturating_add(day.clamp(-1_000_000, 1_000_000).days())
}

#[cfg(test)]
mod tests {
    use bizauth_core::ips::seoul;
    use bizauth_core::time::DAY;

    use super::*;

    /// 2026-11-21 00:00 in Seoul.
    const MIDNIGHT: Time = Time::from_millis(1_795_186_800_000);

    fn counted(counters: &Counters) -> Vec<(Key, i64)> {
        let counts = |shard: &Mutex<Shard>| {
            let (counts, lost) = lock(shard).take();
            counters.uncounted.fetch_add(lost, Ordering::Relaxed);
            lock(shard).counts = counts.clone();
            counts
        };
        let mut all: Vec<_> = counters.shards.iter().flat_map(counts).collect();
        all.sort_by_key(|((day, app, endpoint, outcome), _)| (*day, app.0, endpoint.word(), *outcome));
        all
    }

    #[test]
    fn a_day_begins_at_midnight_of_the_platform() {
        let counters = Counters::new(seoul());
        let today = day_of(MIDNIGHT, &seoul());
        assert_eq!(date_of(today).to_string(), "2026-11-21");
        let before = MIDNIGHT.minus(Duration::from_millis(1));
        for now in [before, MIDNIGHT, MIDNIGHT.plus(DAY - Duration::from_millis(1)), MIDNIGHT, before] {
            counters.count(AppId(1), Endpoint::Token, OK, now);
        }
        let token = |day| (day, AppId(1), Endpoint::Token, OK);
        assert_eq!(counted(&counters), [(token(today - 1), 2), (token(today), 3)]);
    }

    #[test]
    fn threads_lose_nothing_and_what_has_no_room_is_told() {
        let counters = Counters::new(seoul());
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    (0..1000).for_each(|n| counters.count(AppId(n % 7), Endpoint::Ips, OK, MIDNIGHT));
                });
            }
        });
        assert_eq!(counted(&counters).iter().map(|(_, calls)| calls).sum::<i64>(), 8000);
        let counters = Counters::new(seoul());
        for n in 0..ROOM as i64 + 5 {
            counters.count(AppId(n), Endpoint::Ips, OK, MIDNIGHT);
        }
        assert_eq!(counted(&counters).len(), ROOM);
        assert_eq!(counters.uncounted.load(Ordering::Relaxed), 5);
    }

    #[test]
    fn an_endpoint_is_known_by_its_path() {
        for endpoint in Endpoint::ALL {
            assert_eq!(Endpoint::of(endpoint.path()), Some(endpoint));
        }
        assert_eq!(Endpoint::of("/v1"), None);
        assert_eq!(Endpoint::Ips.word(), "ips");
    }
}
