//! The list in force on a date: announced steps take effect, the rest stay pending.
//!
//! The contract's sample shows the rule: before its date an addition is not among the addresses and an exclusion
//! still is. A date begins at midnight of the list's time zone, Asia/Seoul unless the operator says otherwise; what
//! day it is, is the caller's business ([`date_at`] turns an instant into a day).

use std::collections::HashSet;

use ipnet::IpNet;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::{Change, Cidr, Cover, IpList, Rest, RuleType, Service, Step};

/// The list as it is in force on one day: what `GET /v1/system/ips` answers from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edition {
    /// The day.
    pub date: Date,
    /// The services that call, each with the steps still pending; `None` when only the other list was asked for.
    pub inbound: Option<Vec<Service>>,
    /// The services that are called, each with the steps still pending; `None` when only the other list was asked for.
    pub outbound: Option<Vec<Service>>,
    /// The day of the last change to the whole list, whichever part of it is shown.
    pub updated: Date,
}

impl IpList {
    /// The edition of `today`: every step dated `today` or earlier has taken effect, in the order of the dates.
    ///
    /// On one day exclusions go before additions, so that an address both excluded and added that day is listed: a
    /// follower that lists an address too many loses nothing, one that lacks an address in use drops its traffic.
    /// `updated` of a service, and of the list, becomes the date of the last step that took effect, if that is later.
    pub fn on(&self, today: Date) -> Edition {
        let turn = |services: &[Service]| -> Vec<Service> { services.iter().map(|it| it.on(today)).collect() };
        let (inbound, outbound) = (turn(self.inbound()), turn(self.outbound()));
        let taken = self.services().flat_map(|(_, it)| &it.steps).map(|step| step.date).filter(|date| *date <= today);
        let updated = taken.fold(self.updated(), Date::max);
        Edition { date: today, inbound: Some(inbound), outbound: Some(outbound), updated }
    }

    /// The next day after `today` whose edition differs, which is the date of the nearest pending step of any service.
    pub fn next_change(&self, today: Date) -> Option<Date> {
        self.services().flat_map(|(_, it)| &it.steps).map(|step| step.date).filter(|date| *date > today).min()
    }
}

impl Edition {
    /// This edition without the other list, as the parameter `rule_type` asks. The other list is absent, not empty.
    pub fn only(self, rule: RuleType) -> Edition {
        match rule {
            RuleType::Inbound => Edition { outbound: None, ..self },
            RuleType::Outbound => Edition { inbound: None, ..self },
        }
    }
}

impl Service {
    /// This service as it is on `today`: addresses after the steps that took effect, and the steps still pending.
    pub fn on(&self, today: Date) -> Service {
        let (mut taken, pending): (Vec<&Step>, Vec<&Step>) = self.steps.iter().partition(|step| step.date <= today);
        // Stable, so that steps of one kind on one day keep the publisher's order.
        taken.sort_by_key(|step| (step.date, step.change));
        let mut ips = self.ips.clone();
        for step in &taken {
            ips = match step.change {
                Change::Exclusion => exclude(ips, &step.ips),
                Change::Addition => add(ips, &step.ips),
            };
        }
        Service {
            name: self.name.clone(),
            ips,
            ports: self.ports.clone(),
            updated: taken.iter().map(|step| step.date).fold(self.updated, Date::max),
            steps: pending.into_iter().cloned().collect(),
        }
    }

    /// The nearest of this service's additions, which the wire shows as `addition`.
    ///
    /// Asked of a service of an [`Edition`], whose steps are all pending. Additions of one day are shown as one.
    pub fn nearest_addition(&self) -> Option<Step> {
        self.nearest(Change::Addition)
    }

    /// The nearest of this service's exclusions, which the wire shows as `exclusion`; see [`Service::nearest_addition`].
    pub fn nearest_exclusion(&self) -> Option<Step> {
        self.nearest(Change::Exclusion)
    }

    fn nearest(&self, change: Change) -> Option<Step> {
        let of_kind = || self.steps.iter().filter(|step| step.change == change);
        let date = of_kind().map(|step| step.date).min()?;
        // A network that two steps name is shown once, as the first of them spells it.
        let ips = of_kind().filter(|step| step.date == date).fold(Vec::new(), |ips, step| add(ips, &step.ips));
        Some(Step { change, date, ips })
    }
}

/// `ips` followed by those of `more` whose network is not there yet.
fn add(mut ips: Vec<Cidr>, more: &[Cidr]) -> Vec<Cidr> {
    let mut listed: HashSet<IpNet> = ips.iter().map(Cidr::network).collect();
    ips.extend(more.iter().filter(|cidr| listed.insert(cidr.network())).cloned());
    ips
}

/// `ips` without the addresses of `gone`. An entry of which a part goes is replaced in its place by the fewest
/// networks that hold the rest, canonical, because no one ever typed them; an untouched entry keeps its spelling.
fn exclude(ips: Vec<Cidr>, gone: &[Cidr]) -> Vec<Cidr> {
    let gone = Cover::of(gone.iter().map(Cidr::network));
    let mut kept = Vec::with_capacity(ips.len());
    for cidr in ips {
        match gone.taken_from(cidr.network()) {
            Rest::Whole => kept.push(cidr),
            Rest::Gone => {}
            Rest::Parts(parts) => kept.extend(parts.into_iter().map(Cidr::canonical)),
        }
    }
    kept
}

/// The day it is in `zone` at `now_ms`, milliseconds since the Unix epoch.
///
/// An instant outside the years -9999 to 9999 is taken for the nearest one inside.
pub fn date_at(now_ms: i64, zone: &TimeZone) -> Date {
    let limit = if now_ms < 0 { Timestamp::MIN } else { Timestamp::MAX };
    zone.to_datetime(Timestamp::from_millisecond(now_ms).unwrap_or(limit)).date()
}

/// The time zone of the platform, Asia/Seoul, from the database that is compiled in.
pub fn seoul() -> TimeZone {
    // Not a fixed offset of nine hours: that would be wrong for the summers of 1987 and 1988, and for any to come.
    TimeZoneDatabase::bundled().get("Asia/Seoul").expect("the time zone database is compiled in")
}
