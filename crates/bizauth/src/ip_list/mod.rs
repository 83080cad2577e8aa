//! Publishing the IP list: what the pages, the operator's API, the command line and the public endpoints share.
//!
//! What a list is and when it changes is for `bizauth_core::ips` to say; versions are kept by the store. Here is the
//! time zone, the form in which lists are handed in and shown, the signature, and telling others.

pub mod draft;
pub mod signing;
pub mod source;
pub mod webhooks;

use bizauth_core::ips::{Edition, Terms, date_at};
use bizauth_core::time::Time;
use bizauth_store::{Published, Store};
use jiff::civil::Date;

use crate::config::Config;

/// What day it is in the list's time zone.
pub fn today(config: &Config, now: Time) -> Date {
    date_at(now.millis(), &config.ip_zone)
}

/// What a publication is judged by.
pub fn terms(config: &Config, now: Time) -> Terms {
    Terms { today: today(config, now), allow_reserved: config.ip_list_reserved }
}

/// The first instant of a day in the list's time zone.
pub fn midnight(config: &Config, day: Date) -> Time {
    let start = day.to_zoned(config.ip_zone.clone()).map(|zoned| zoned.timestamp().as_millisecond());
    Time::from_millis(start.unwrap_or(i64::MAX))
}

/// The version that is asked about on a day: the newest one there was by the end of a day that is past, else the newest.
pub async fn version_on(
    store: &Store,
    config: &Config,
    day: Date,
    now: Time,
) -> bizauth_store::Result<Option<Published>> {
    if day >= today(config, now) {
        return store.published_ips().await;
    }
    store.ip_version_before(midnight(config, day.saturating_add(jiff::Span::new().days(1)))).await
}

/// Since when an edition is as it is: its publication, or the midnight of the last step that took effect.
pub fn in_force_since(published: &Published, edition: &Edition, config: &Config) -> Time {
    let steps = published.list.services().flat_map(|(_, service)| &service.steps).map(|step| step.date);
    let turn = steps.filter(|date| *date <= edition.date).max();
    turn.map_or(published.version.published_at, |day| published.version.published_at.max(midnight(config, day)))
}

/// The serial of a signature: of two editions the later one's is greater, of one version or of two. That is the version's
/// serial with the count of its days of change that have come behind it.
pub fn edition_serial(published: &Published, day: Date) -> i64 {
    const DAYS: i64 = 100_000;
    let steps = published.list.services().flat_map(|(_, service)| &service.steps).map(|step| step.date);
    let turns: std::collections::BTreeSet<Date> = steps.filter(|date| *date <= day).collect();
    published.serial.saturating_mul(DAYS).saturating_add(i64::try_from(turns.len()).unwrap_or(DAYS).min(DAYS - 1))
}

/// A digest in lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bizauth_store::Version;

    use super::*;
    use crate::ip_document::read;

    fn published(serial: i64) -> Published {
        let version = Version {
            serial,
            published_at: Time::from_millis(0),
            content: None,
            author: "a".into(),
            reason: "".into(),
        };
        let list = Arc::new(read(include_bytes!("ips.json")).unwrap());
        Published { serial, version, list }
    }

    #[test]
    fn of_two_editions_the_later_one_has_the_greater_serial() {
        let days = ["2023-06-29", "2023-06-30", "2023-07-01"].map(|day| day.parse().unwrap());
        let serials = days.map(|day| edition_serial(&published(7), day));
        assert_eq!(serials, [700_000, 700_001, 700_002]);
        assert!(edition_serial(&published(8), days[0]) > serials[2]);
    }

    #[test]
    fn an_edition_is_in_force_since_its_last_midnight() {
        let config = Config::default();
        let (it, since) = (published(1), |day: &str| {
            let it = published(1);
            in_force_since(&it, &it.list.on(day.parse().unwrap()), &config).to_utc()
        });
        assert_eq!(since("2023-06-29"), it.version.published_at.to_utc());
        assert_eq!(since("2023-06-30"), "2023-06-29T15:00:00Z");
        assert_eq!(since("2030-01-01"), "2023-06-30T15:00:00Z");
    }
}
