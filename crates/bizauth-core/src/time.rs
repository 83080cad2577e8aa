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
        let mut text = String::with_capacity(20);
        self.write_utc(&mut text);
        text
    }

    /// Writes [`Time::to_utc`]. By hand: it is in every answer about a token.
    pub fn write_utc(self, text: &mut String) {
        // From the days since 1970-01-01 to the civil date, by eras of 400 years that begin in March.
        let seconds = self.0.div_euclid(1000).clamp(-62_167_219_200, 253_402_300_799);
        let (day, second) = (seconds.div_euclid(86_400) + 719_468, seconds.rem_euclid(86_400));
        let (era, of_era) = (day.div_euclid(146_097), day.rem_euclid(146_097));
        let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let date = of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = era * 400 + year + i64::from(month <= 2);
        let mut digits = |number: i64, count: u32, end: char| {
            for place in (0..count).rev() {
                let digit = (number / 10_i64.pow(place)) % 10;
                text.push(char::from(b'0' + digit as u8));
            }
            text.push(end);
        };
        digits(year, 4, '-');
        digits(month, 2, '-');
        digits(date, 2, 'T');
        digits(second / 3600, 2, ':');
        digits(second / 60 % 60, 2, ':');
        digits(second % 60, 2, 'Z');
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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

    proptest! {
        #[test]
        fn a_time_is_written_as_the_calendar_has_it(millis in -62_167_219_200_000_i64..253_402_300_799_999) {
            let seconds = jiff::Timestamp::from_second(millis.div_euclid(1000)).unwrap();
            let text = seconds.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
            prop_assert_eq!(Time::from_millis(millis).to_utc(), text);
        }
    }

    #[test]
    fn spans_never_overflow() {
        let end = Time::from_millis(i64::MAX);
        assert_eq!(end.plus(Duration::MAX), end);
        assert_eq!(Time::from_millis(5).since(end), Duration::ZERO);
    }
}
