//! The one place where the time comes from. Everything below the doors gets it as a value.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bizauth_core::time::Time;

/// The system's clock, or one that is set by hand.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The system's.
    System,
    /// Stands still at this many milliseconds since the Unix epoch until somebody moves it: for tests.
    Set(Arc<AtomicI64>),
    /// The system's, moved, or stopped: for `bizauth dev`.
    Steered(Arc<Steered>),
}

/// A clock that somebody steers. It never goes back.
#[derive(Debug)]
pub struct Steered(Mutex<Course>);

/// How a steered clock goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// So many milliseconds ahead of the system's.
    Running(i64),
    /// Stands at this moment.
    Frozen(Time),
}

impl Clock {
    /// A clock that stands still at `time`.
    pub fn set_to(time: Time) -> Self {
        Clock::Set(Arc::new(AtomicI64::new(time.millis())))
    }

    /// The time.
    pub fn now(&self) -> Time {
        match self {
            Clock::System => system(),
            Clock::Set(millis) => Time::from_millis(millis.load(Ordering::SeqCst)),
            Clock::Steered(steered) => steered.now(),
        }
    }

    /// A clock that is steered: from `course`.
    pub fn steered(course: Course) -> (Self, Arc<Steered>) {
        let steered = Arc::new(Steered(Mutex::new(course)));
        (Clock::Steered(steered.clone()), steered)
    }

    /// Moves a clock that is set by hand. The others stay as they are.
    pub fn advance(&self, span: Duration) {
        if let Clock::Set(millis) = self {
            millis.fetch_add(i64::try_from(span.as_millis()).unwrap_or(0), Ordering::SeqCst);
        }
    }
}

fn system() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

impl Steered {
    /// The time.
    pub fn now(&self) -> Time {
        self.course().now()
    }

    /// How it goes.
    pub fn how(&self) -> Course {
        *self.course()
    }

    /// Goes on from `time`, standing or running. From when to when it went; `None`: that would be back in time, and it
    /// stays as it was.
    pub fn go(&self, time: Time, frozen: bool) -> Option<(Time, Time)> {
        let mut course = self.course();
        let from = course.now();
        if time < from {
            return None;
        }
        *course = Course::at(time, frozen);
        Some((from, time))
    }

    /// Goes on from where another one was: back in time too, for a world that is put back whole.
    pub fn put_back(&self, course: Course) {
        *self.course() = course;
    }

    fn course(&self) -> MutexGuard<'_, Course> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Course {
    /// Stands at `time`, or runs from there.
    pub fn at(time: Time, frozen: bool) -> Self {
        match frozen {
            true => Course::Frozen(time),
            false => Course::Running(time.millis() - system().millis()),
        }
    }

    fn now(self) -> Time {
        match self {
            Course::Running(ahead) => Time::from_millis(system().millis().saturating_add(ahead)),
            Course::Frozen(time) => time,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steered_clock_goes_where_it_is_told_and_never_back() {
        let at = Time::from_millis;
        let (clock, steered) = Clock::steered(Course::Frozen(at(1000)));
        assert_eq!(clock.now(), at(1000));
        assert_eq!(steered.go(at(5000), true), Some((at(1000), at(5000))));
        assert_eq!((steered.go(at(4999), true), clock.now()), (None, at(5000)));
        steered.go(at(9000), false).unwrap();
        assert!(at(9000) <= clock.now(), "it runs on from there");
        steered.put_back(Course::Frozen(at(7)));
        assert_eq!(clock.now(), at(7));
    }
}
