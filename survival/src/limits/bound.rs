//! So often within a window, and no oftener: what a crowd heard is held against that, and against the clock.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::report::Report;
use crate::world::{Ask, Said, counted};

/// A minute, in seconds.
pub(super) const MINUTE: u64 = 60;
/// A quarter of an hour, in seconds.
pub(super) const QUARTER: u64 = 15 * MINUTE;
/// An hour, in seconds.
pub(super) const HOUR: u64 = 60 * MINUTE;
/// A day, in seconds.
pub(super) const DAY: u64 = 24 * HOUR;

/// A limit, as a caller knows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound {
    /// What is counted.
    pub(super) what: &'static str,
    /// How many of them pass.
    pub(super) most: usize,
    /// The length of its windows in seconds. They lie on the clock, since 1970.
    pub(super) window: u64,
    /// By how many seconds more than is left it may tell a caller to wait: pages speak in whole minutes.
    pub(super) rounded: u64,
}

/// The account that is given, with how many passed of how many who wanted to, by what is counted.
pub(super) struct Account {
    pub(super) report: Report,
    tally: BTreeMap<&'static str, [usize; 2]>,
}

impl Account {
    pub(super) fn of(report: Report) -> Account {
        Account { report, tally: BTreeMap::new() }
    }

    /// See [`Report::promise`].
    pub(super) fn promise(&mut self, kept: bool, promise: impl FnOnce() -> String) {
        self.report.promise(kept, promise);
    }

    /// So many of so many passed.
    pub(super) fn count(&mut self, what: &'static str, passed: usize, asked: usize) {
        let entry = self.tally.entry(what).or_default();
        *entry = [entry[0] + passed, entry[1] + asked];
    }

    /// The account, with a line for all that was counted.
    pub(super) fn given(mut self) -> Report {
        for (what, [passed, asked]) in self.tally {
            self.report.say(format!("{what}: {passed} of {asked} passed"));
            self.report.figure(&format!("{what}: passed"), passed);
            self.report.figure(&format!("{what}: asked"), asked);
        }
        self.report
    }
}

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Became {
    /// It was within the limit.
    Passed,
    /// It was beyond it.
    Refused,
    /// A machine without time to spare says: come again. It may have been counted all the same.
    PutOff,
    /// Anything else.
    Strange,
}

impl Became {
    /// Passed with this status; refused where `refused`.
    pub(super) fn of(said: &Said, passed: u16, refused: bool) -> Became {
        match said.status {
            _ if refused => Became::Refused,
            status if status == passed => Became::Passed,
            503 => Became::PutOff,
            _ => Became::Strange,
        }
    }
}

/// What a caller heard, and between which moments since 1970.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) said: Ask,
    asked: Duration,
    answered: Duration,
}

/// The moment, since 1970.
fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Listens to an answer, with a look at the clock before and after.
pub(super) async fn heard(asking: impl Future<Output = Ask>) -> Heard {
    let asked = now();
    let said = asking.await;
    Heard { said, asked, answered: now() }
}

/// The window of this length that we are in.
pub(super) fn window(length: u64) -> u64 {
    now().as_secs() / length
}

/// Waits for the next window where less than `room` seconds of this one are left.
pub(super) async fn room(length: u64, room: u64) {
    let (here, left) = (window(length), || Duration::from_secs((window(length) + 1) * length).saturating_sub(now()));
    // Again and again: this clock may be set, and sleep goes by another.
    while window(length) == here && left() < Duration::from_secs(room) {
        tokio::time::sleep(left()).await;
    }
}

impl Bound {
    /// Holds what a crowd heard, who are the first of their kind in this window, against the limit: no more passed than
    /// may, whoever was refused was beaten by as many as may, and was told the truth of when to come again. How many passed.
    pub(super) fn holds<'a>(
        &self,
        heard: impl IntoIterator<Item = &'a Heard>,
        became: impl Fn(&Said) -> Became,
        report: &mut Account,
    ) -> usize {
        let (heard, Bound { what, most, window, .. }) = (heard.into_iter().collect::<Vec<_>>(), *self);
        let outcome = |one: &Heard| one.said.as_ref().map_or(Became::Strange, &became);
        let count = |wanted| heard.iter().filter(|one| outcome(one) == wanted).count();
        let (passed, refused, strange) = (count(Became::Passed), count(Became::Refused), count(Became::Strange));
        let perhaps = passed + count(Became::PutOff);
        let told = || format!("{:?}", counted(heard.iter().map(|one| &one.said)));
        report.promise(strange == 0, || format!("{what}: {strange} heard neither yes nor no: {}", told()));
        let (first, last) =
            (heard.iter().map(|one| one.asked).min(), heard.iter().map(|one| one.answered).max().unwrap_or_default());
        // Where the clock began another window meanwhile, that one has room of its own.
        let turned = last.as_secs() / window - first.unwrap_or_default().as_secs() / window;
        let windows = usize::try_from(turned).unwrap_or(0) + 1;
        report.promise(passed <= most * windows, || format!("{what}: {passed} of {most} passed: {}", told()));
        report
            .promise(refused == 0 || perhaps >= most, || format!("{what}: only {passed} of {most} passed: {}", told()));
        for one in heard.iter().filter(|one| outcome(one) == Became::Refused) {
            let wait = one.said.as_ref().ok().and_then(|said| said.retry_after);
            report.promise(wait.is_some_and(|wait| self.is_true(wait, one)), || {
                format!("{what}: whoever asked at {:?} is to come again in {wait:?} s", one.asked)
            });
        }
        report.count(what, passed, heard.len());
        passed
    }

    /// Whether so many seconds are what was left of the window at some moment between a question and its answer.
    fn is_true(&self, wait: u64, one: &Heard) -> bool {
        // In whole milliseconds, as the server's clock has them.
        let end = |at: Duration| u128::from((at.as_secs() / self.window + 1) * self.window) * 1000;
        let left = |at: Duration| u64::try_from((end(at) - at.as_millis()).div_ceil(1000)).unwrap_or(0).max(1);
        let (most, least) = (left(one.asked), left(one.answered));
        let turned = end(one.asked) != end(one.answered);
        match turned {
            true => (1..=self.window + self.rounded).contains(&wait),
            false => (least..=most + self.rounded).contains(&wait),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Lost;

    const BOUND: Bound = Bound { what: "calls", most: 2, window: MINUTE, rounded: 0 };

    fn heard_at(status: u16, wait: Option<u64>, asked: u64, answered: u64) -> Heard {
        let said = Said { status, location: None, retry_after: wait, kind: String::new(), body: String::new() };
        Heard { said: Ok(said), asked: Duration::from_millis(asked), answered: Duration::from_millis(answered) }
    }

    fn broken(bound: Bound, heard: &[Heard]) -> usize {
        let became = |said: &Said| Became::of(said, 200, said.status == 429);
        let mut account = Account::of(Report::of("a test"));
        bound.holds(heard, became, &mut account);
        account.given().broken().len()
    }

    #[test]
    fn a_crowd_is_held_against_number_and_clock() {
        let passed = |count: u64| (0..count).map(|at| heard_at(200, None, at, at + 1)).collect::<Vec<_>>();
        let with = |mut heard: Vec<Heard>, more: Heard| {
            heard.push(more);
            heard
        };
        assert_eq!(broken(BOUND, &with(passed(2), heard_at(429, Some(60), 0, 9))), 0);
        assert_eq!(broken(BOUND, &passed(3)), 1, "more than may");
        assert_eq!(broken(BOUND, &with(passed(1), heard_at(429, Some(60), 0, 9))), 1, "refused without a reason");
        assert_eq!(broken(BOUND, &with(passed(2), heard_at(429, None, 0, 9))), 1, "not told when");
        assert_eq!(broken(BOUND, &with(passed(2), heard_at(500, None, 0, 9))), 1, "a strange answer");
        assert_eq!(broken(BOUND, &with(passed(2), heard_at(503, None, 0, 9))), 0, "put off");
        let lost = Heard { said: Err(Lost::Silence), ..heard_at(0, None, 0, 9) };
        assert_eq!(broken(BOUND, &with(passed(2), lost)), 1, "no answer");
        // Over two windows there is room for twice as many.
        assert_eq!(broken(BOUND, &with(passed(3), heard_at(200, None, 59_000, 60_001))), 0);
        assert_eq!(broken(BOUND, &with(passed(4), heard_at(200, None, 59_000, 60_001))), 1);
    }

    #[test]
    fn a_wait_is_what_was_left_of_the_window() {
        let is_true = |bound: Bound, wait, asked, answered| bound.is_true(wait, &heard_at(429, None, asked, answered));
        // Asked 20.5 s, answered 22.2 s into a minute.
        for (wait, truth) in [(37, false), (38, true), (40, true), (41, false), (60, false)] {
            assert_eq!(is_true(BOUND, wait, 20_500, 22_200), truth, "{wait}");
        }
        let in_minutes = Bound { rounded: MINUTE, ..BOUND };
        assert!(is_true(in_minutes, 100, 20_500, 22_200) && !is_true(in_minutes, 101, 20_500, 22_200));
        assert!(is_true(BOUND, 1, 59_990, 60_010) && is_true(BOUND, 60, 59_990, 60_010));
        assert!(!is_true(BOUND, 61, 59_990, 60_010) && !is_true(BOUND, 0, 59_990, 60_010));
    }
}
