//! One kind of time: milliseconds since the Unix epoch, always handed in from a door.
//!
//! Nothing below the doors asks a clock; that is what lets the development clock move.

use std::time::Duration;

/// An instant, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

/// The length of a day on which limits are counted.
pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Time {
    /// The instant `millis` milliseconds after the Unix epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Time(millis)
    }

    /// Milliseconds since the Unix epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// The instant `span` later; the end of time if that is beyond it.
    pub fn plus(self, span: Duration) -> Self {
        Time(self.0.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }

    /// The instant `span` earlier.
    pub fn minus(self, span: Duration) -> Self {
        Time(self.0.saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }

    /// How long ago `earlier` was; nothing if it is still to come.
    pub fn since(self, earlier: Time) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// `YYYY-MM-DDThh:mm:ssZ`, UTC, whole seconds: the contract's form of `updated_at`.
    pub fn to_utc(self) -> String {
        let seconds = jiff::Timestamp::from_second(self.0.div_euclid(1000)).unwrap_or(jiff::Timestamp::MAX);
        seconds.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_in_whole_utc_seconds() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (999, "1970-01-01T00:00:00Z"),
            (1_724_205_419_999, "2024-08-21T01:56:59Z"),
            (-1, "1969-12-31T23:59:59Z"),
        ] {
            assert_eq!(Time::from_millis(millis).to_utc(), text);
        }
    }

    #[test]
    fn spans_never_overflow() {
        let end = Time::from_millis(i64::MAX);
        assert_eq!(end.plus(Duration::MAX), end);
        assert_eq!(Time::from_millis(5).since(end), Duration::ZERO);
    }
}
