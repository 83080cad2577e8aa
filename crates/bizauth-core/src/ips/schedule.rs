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

use super::{Change, Cidr, Cover, IpList, Rest, RuleType, Service, Step, Why};

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
    /// Every service that is shown, inbound first.
    pub fn services(&self) -> impl Iterator<Item = (RuleType, &Service)> {
        let inbound = self.inbound.iter().flatten().map(|service| (RuleType::Inbound, service));
        inbound.chain(self.outbound.iter().flatten().map(|service| (RuleType::Outbound, service)))
    }

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
        let taken = self.steps.iter().map(|step| step.date).filter(|date| *date <= today);
        Service {
            name: self.name.clone(),
            ips: self.turned(today).into_iter().map(|(cidr, _)| cidr).collect(),
            ports: self.ports.clone(),
            updated: taken.fold(self.updated, Date::max),
            steps: self.steps.iter().filter(|step| step.date > today).cloned().collect(),
        }
    }

    /// The addresses after the steps that took effect by `today`, each with why it is there.
    pub(super) fn turned(&self, today: Date) -> Vec<(Cidr, Why)> {
        let mut taken: Vec<(usize, &Step)> =
            self.steps.iter().enumerate().filter(|(_, step)| step.date <= today).collect();
        // Stable, so that steps of one kind on one day keep the publisher's order.
        taken.sort_by_key(|(_, step)| (step.date, step.change));
        let mut ips: Vec<(Cidr, Why)> = self.ips.iter().map(|cidr| (cidr.clone(), Why::Listed)).collect();
        for (at, step) in taken {
            ips = match step.change {
                Change::Exclusion => exclude(ips, &step.ips, at),
                Change::Addition => add(ips, step.ips.iter().map(|cidr| (cidr.clone(), Why::Added(at)))),
            };
        }
        ips
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
        let of_day = || of_kind().filter(|step| step.date == date);
        let ips = add(Vec::new(), of_day().flat_map(|step| &step.ips).map(|cidr| (cidr.clone(), ())));
        Some(Step::new(change, date, ips.into_iter().map(|(cidr, ())| cidr).collect()))
    }
}

/// `ips` followed by those of `more` whose network is not there yet.
fn add<T>(mut ips: Vec<(Cidr, T)>, more: impl Iterator<Item = (Cidr, T)>) -> Vec<(Cidr, T)> {
    let mut listed: HashSet<IpNet> = ips.iter().map(|(cidr, _)| cidr.network()).collect();
    ips.extend(more.filter(|(cidr, _)| listed.insert(cidr.network())));
    ips
}

/// `ips` without the addresses of `gone`, which step `at` takes. An entry of which a part goes is replaced in its place
/// by the fewest networks that hold the rest, canonical, because no one ever typed them; an untouched entry keeps its
/// spelling.
fn exclude(ips: Vec<(Cidr, Why)>, gone: &[Cidr], at: usize) -> Vec<(Cidr, Why)> {
    let gone = Cover::of(gone.iter().map(Cidr::network));
    let mut kept = Vec::with_capacity(ips.len());
    for (cidr, why) in ips {
        match gone.taken_from(cidr.network()) {
            Rest::Whole => kept.push((cidr, why)),
            Rest::Gone => {}
            Rest::Parts(parts) => {
                // What was a rest before is a rest of what was typed, not of a rest.
                let of = if let Why::Rest { of, .. } = why { of } else { cidr };
                let rest = |part| (Cidr::canonical(part), Why::Rest { of: of.clone(), step: at });
                kept.extend(parts.into_iter().map(rest));
            }
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
