//! Instants as people read them: in the words of the page, on the clock of Seoul, with the zone beside it.

use bizauth_core::time::Time;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

use crate::view::Frame;

/// Korea's clock. It has stood nine hours ahead of UTC, summer and winter, since 1988.
const SEOUL: Offset = Offset::constant(9);

/// An instant to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct When(Time);

impl From<Time> for When {
    fn from(time: Time) -> Self {
        Self(time)
    }
}

impl When {
    /// The machine's form, for `<time datetime>`.
    pub fn datetime(self) -> String {
        self.0.to_utc()
    }

    /// Day, hour and minute: `14 March 2026, 09:05 KST`.
    pub fn text(self, frame: &Frame) -> String {
        self.clock(frame, "%H:%M")
    }

    /// The same to the second, for records.
    pub fn exact(self, frame: &Frame) -> String {
        self.clock(frame, "%H:%M:%S")
    }

    /// The day alone, in Seoul.
    pub fn day(self, frame: &Frame) -> String {
        let at = self.in_seoul();
        let (year, month, day) = (at.year().to_string(), number(at.month()), number(at.day()));
        let args = [("year", year.as_str().into()), ("month", month.into()), ("day", day.into())];
        frame.words.say_with(frame.language, "day", &args)
    }

    fn clock(self, frame: &Frame, form: &str) -> String {
        let clock = self.in_seoul().strftime(form).to_string();
        frame.fill2("when", &("day", self.day(frame)), &("clock", clock))
    }

    fn in_seoul(self) -> DateTime {
        let at = Timestamp::from_millisecond(self.0.millis()).unwrap_or(Timestamp::MAX);
        at.to_zoned(TimeZone::fixed(SEOUL)).datetime()
    }
}

fn number(small: i8) -> usize {
    usize::try_from(small).unwrap_or_default()
}
