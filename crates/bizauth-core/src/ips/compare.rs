//! One list against the next: what came and went, and which of it had been announced.
//!
//! That distinction is the point of reading the dates. A list that shrinks on the announced day did what it said; one
//! that shrinks on any other day may be broken, and whoever believes it locks somebody out.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::timeline::cover;
use super::{Change, Cover, IpList, Rest, RuleType, Service, Timeline};

/// What happened to one service between two lists. Only services of which something differs have one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which of the two lists.
    pub rule: RuleType,
    /// The service's name.
    pub service: String,
    /// What the older list had in force on the day it was last looked at.
    pub before: Cover,
    /// The addresses that left.
    pub gone: Movement,
    /// The addresses that came.
    pub come: Movement,
    /// The ports, before and after, if they differ; no list of ports means no such service.
    pub ports: Option<(Vec<u16>, Vec<u16>)>,
}

/// Addresses that left, or came, by what the older list had said about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Movement {
    /// Announced for a day that has come.
    pub on_time: Cover,
    /// Announced, but for a later day.
    pub too_soon: Cover,
    /// Never announced.
    pub unannounced: Cover,
}

impl Movement {
    fn of(moved: &Cover, due: &Cover, announced: &Cover) -> Movement {
        let on_time = moved.shared_with(due);
        let rest = moved.without(&on_time);
        let too_soon = rest.shared_with(announced);
        let unannounced = rest.without(&too_soon);
        Movement { on_time, too_soon, unannounced }
    }

    /// Everything that moved.
    pub fn all(&self) -> Cover {
        self.on_time.and(&self.too_soon).and(&self.unannounced)
    }

    fn is_empty(&self) -> bool {
        self.on_time.is_empty() && self.too_soon.is_empty() && self.unannounced.is_empty()
    }
}

impl Difference {
    /// Whether more than `percent` of the service left unannounced, in one of its families.
    ///
    /// Counted in addresses and in networks, and the greater share decides: a service with a `/20` and ten single
    /// addresses is as broken without the ten as without the `/20`.
    pub fn shrinks_beyond(&self, percent: u8) -> bool {
        let (lost, had) = (self.gone.unannounced.sizes(), self.before.sizes());
        let beyond =
            |lost: u128, had: u128| lost > had / 100 * u128::from(percent) + had % 100 * u128::from(percent) / 100;
        // A network that was lost in part is lost: what is counted is the networks that something is missing from.
        let broken = |v6: bool| {
            let of_family = self.before.networks().iter().filter(|net| net.addr().is_ipv6() == v6);
            let lost = of_family.clone().filter(|net| self.gone.unannounced.taken_from(**net) != Rest::Whole);
            (lost.count() as u128, of_family.count() as u128)
        };
        let (networks_v4, networks_v6) = (broken(false), broken(true));
        beyond(lost.0.into(), had.0.into())
            || beyond(lost.1, had.1)
            || beyond(networks_v4.0, networks_v4.1)
            || beyond(networks_v6.0, networks_v6.1)
    }
}

/// Compares what `old` had in force on `seen` with what `new` has in force on `today`, service by service.
///
/// `seen` is the day on which `old` was last known to be the publisher's list, so that a follower that was away for a
/// week still knows which of a week's changes had been announced. Sorted by list and name.
pub fn compare(old: &IpList, seen: Date, new: &IpList, today: Date) -> Vec<Difference> {
    let mut pairs = BTreeMap::<(RuleType, &str), (Option<&Service>, Option<&Service>)>::new();
    for (rule, service) in old.services() {
        pairs.entry((rule, &service.name)).or_default().0 = Some(service);
    }
    for (rule, service) in new.services() {
        pairs.entry((rule, &service.name)).or_default().1 = Some(service);
    }
    let mut differences = Vec::new();
    for ((rule, name), (old, new)) in pairs {
        let timeline = old.map(Timeline::of);
        let before = timeline.as_ref().map(|it| it.on(seen).clone()).unwrap_or_default();
        let foreseen = timeline.as_ref().map(|it| it.on(today).clone()).unwrap_or_default();
        let after = new.map(|it| Timeline::of(it).on(today).clone()).unwrap_or_default();
        let announced = |change: Change| {
            let steps = old.into_iter().flat_map(|it| &it.steps).filter(|it| it.change == change && it.date > today);
            steps.fold(Cover::default(), |sum, step| sum.and(&cover(&step.ips)))
        };
        let (lost, won) = (before.without(&after), after.without(&before));
        let gone = Movement::of(&lost, &before.without(&foreseen), &announced(Change::Exclusion));
        let come = Movement::of(&won, &foreseen.without(&before), &announced(Change::Addition));
        let ports = |it: Option<&Service>| {
            let mut ports = it.map(|it| it.ports.clone()).unwrap_or_default();
            ports.sort_unstable();
            ports.dedup();
            ports
        };
        let (old_ports, new_ports) = (ports(old), ports(new));
        let ports = (old_ports != new_ports).then_some((old_ports, new_ports));
        if !gone.is_empty() || !come.is_empty() || ports.is_some() {
            differences.push(Difference { rule, service: name.to_owned(), before, gone, come, ports });
        }
    }
    differences
}
