//! One service from day to day: its addresses in force as a set, and since and until when an address is among them.
//!
//! The rule of what takes effect when is that of `schedule.rs`; here it is worked out for every day at once, on sets
//! instead of entries, so that a list of many thousand networks can be asked about many days.

use std::net::IpAddr;

use jiff::civil::Date;

use super::{Change, Cidr, Cover, Service};

/// The addresses of one service on every day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline {
    /// What was in force before the first announced date.
    before: Cover,
    /// What is in force from each announced date on, ascending, each date once.
    after: Vec<(Date, Cover)>,
}

/// A stretch of days on which nothing changes for one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Whether the address is in force on these days.
    pub listed: bool,
    /// The first day; `None` if that lies before everything that was announced.
    pub since: Option<Date>,
    /// The first day on which it is otherwise; `None` if no change is announced.
    pub until: Option<Date>,
}

impl Timeline {
    /// Works out every day of `service`. On one day exclusions go before additions, as in [`Service::on`].
    pub fn of(service: &Service) -> Timeline {
        let mut steps: Vec<_> = service.steps.iter().collect();
        steps.sort_by_key(|step| (step.date, step.change));
        let before = cover(&service.ips);
        let (mut now, mut after) = (before.clone(), Vec::<(Date, Cover)>::new());
        for step in steps {
            now = match step.change {
                Change::Exclusion => now.without(&cover(&step.ips)),
                Change::Addition => now.and(&cover(&step.ips)),
            };
            match after.last_mut() {
                Some((date, cover)) if *date == step.date => *cover = now.clone(),
                _ => after.push((step.date, now.clone())),
            }
        }
        Timeline { before, after }
    }

    /// The addresses in force on `day`.
    pub fn on(&self, day: Date) -> &Cover {
        let taken = self.after.partition_point(|(date, _)| *date <= day);
        taken.checked_sub(1).map_or(&self.before, |last| &self.after[last].1)
    }

    /// The days on which something may change, ascending.
    pub fn dates(&self) -> impl DoubleEndedIterator<Item = Date> {
        self.after.iter().map(|(date, _)| *date)
    }

    /// The addresses of every stretch of days between two dates, in their order.
    pub(super) fn covers(&self) -> impl Iterator<Item = &Cover> {
        std::iter::once(&self.before).chain(self.after.iter().map(|(_, cover)| cover))
    }

    /// The addresses that are in force on some day from `first` to `last`, both included.
    pub fn between(&self, first: Date, last: Date) -> Cover {
        let turns = self.dates().filter(|date| *date > first && *date <= last);
        turns.fold(self.on(first).clone(), |sum, date| sum.and(self.on(date)))
    }

    /// Whether `address` is in force on any day at all.
    pub fn ever_has(&self, address: IpAddr) -> bool {
        self.covers().any(|cover| cover.holder_of(address).is_some())
    }

    /// The stretch of days around `day` on which it stays as it is for `address`.
    pub fn stretch(&self, address: IpAddr, day: Date) -> Stretch {
        let is_listed = |cover: &Cover| cover.holder_of(address).is_some();
        let listed = is_listed(self.on(day));
        let other = |cover: &Cover| is_listed(cover) != listed;
        let taken = self.after.partition_point(|(date, _)| *date <= day);
        // Backwards to the last day on which it was otherwise; the day after that is where the stretch begins.
        let since = match self.after[..taken].iter().rposition(|(_, cover)| other(cover)) {
            Some(last_other) => self.after[..taken].get(last_other + 1).map(|(date, _)| *date),
            None if other(&self.before) => self.after.first().map(|(date, _)| *date),
            None => None,
        };
        let until = self.after[taken..].iter().find(|(_, cover)| other(cover)).map(|(date, _)| *date);
        Stretch { listed, since, until }
    }
}

/// The set that these entries mean.
pub(super) fn cover(ips: &[Cidr]) -> Cover {
    Cover::of(ips.iter().map(Cidr::network))
}
