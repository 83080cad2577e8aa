//! The one place where the time comes from. Everything below the doors gets it as a value.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bizauth_core::time::Time;

/// The system's clock, or one that is set by hand.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The system's.
    System,
    /// Stands still at this many milliseconds since the Unix epoch until somebody moves it: for tests.
    Set(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands still at `time`.
    pub fn set_to(time: Time) -> Self {
        Clock::Set(Arc::new(AtomicI64::new(time.millis())))
    }

    /// The time.
    pub fn now(&self) -> Time {
        match self {
            Clock::System => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Time::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
            }
            Clock::Set(millis) => Time::from_millis(millis.load(Ordering::SeqCst)),
        }
    }

    /// Moves a clock that is set by hand. The system's stays as it is.
    pub fn advance(&self, span: Duration) {
        if let Clock::Set(millis) = self {
            millis.fetch_add(i64::try_from(span.as_millis()).unwrap_or(0), Ordering::SeqCst);
        }
    }
}
