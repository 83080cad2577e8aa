//! What a follower of the list has in force: additions some days early, removals some days late, nothing forgotten.
//!
//! A [`Chronicle`] is all lists that were ever believed, each since a day. From it alone, and from today's date, comes
//! what a firewall should hold, so that nothing depends on having been awake on the day of a change: a removal that
//! was missed is made by the next run, whatever happened in between. When a list is to be believed is not judged here.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;
use jiff::ToSpan;
use jiff::civil::Date;

use super::{Cover, IpList, RuleType, Service, Stretch, Timeline};

/// How far a follower is ahead of the dates, and how far behind. Make before break.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// Days by which an addition is made early.
    pub early: u16,
    /// Days by which a removal is made late.
    pub late: u16,
}

/// The lists that were believed, ascending by the day on which each was first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chronicle {
    versions: Vec<Version>,
}

/// A list, and the day since which it was believed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Version {
    since: Date,
    list: IpList,
    timelines: BTreeMap<(RuleType, String), (Timeline, Vec<u16>)>,
}

/// What a follower lets through for one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// Which of the two lists.
    pub rule: RuleType,
    /// The service's name.
    pub service: String,
    /// TCP ports, ascending, each once.
    pub ports: Vec<u16>,
    /// The addresses; may be empty where a service waits for its first ones.
    pub cover: Cover,
}

/// What one address is to one service on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Which of the two lists.
    pub rule: RuleType,
    /// The service's name.
    pub service: String,
    /// The service's TCP ports, ascending.
    pub ports: Vec<u16>,
    /// Whether the list has the address on that day, since when and until when.
    pub stretch: Stretch,
    /// Whether a follower lets it through on that day, and why if the list does not have it.
    pub held: Held,
}

/// Whether, and why, a follower lets an address through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// The list has it on that day.
    Listed,
    /// It is announced, and made early.
    Early,
    /// It left the list, and is removed late.
    Late,
    /// It is not let through.
    No,
}

impl Chronicle {
    /// Begins with one list, believed since `since` and, for want of an older one, on all days before.
    pub fn new(since: Date, list: IpList) -> Chronicle {
        Chronicle { versions: vec![Version::new(since, list)] }
    }

    /// Believes `list` since `since`, which is taken for the day of the last version if it lies before that.
    pub fn believe(&mut self, since: Date, list: IpList) {
        let last = self.versions.last().expect("a chronicle has a version").since;
        self.versions.push(Version::new(since.max(last), list));
    }

    /// The list believed last.
    pub fn current(&self) -> &IpList {
        &self.versions.last().expect("a chronicle has a version").list
    }

    /// The list believed on `day`.
    pub fn believed_on(&self, day: Date) -> &IpList {
        &self.newest_on(day).list
    }

    /// What to let through on `today`, sorted by list and service.
    ///
    /// That is every address that is in force on some day from `late` days ago to `early` days ahead: days ahead and
    /// today by the list believed last, days past by every list that was believed on them. With `late` 0 nothing of
    /// an older list counts. A service that is in no list of these days is absent.
    pub fn wanted(&self, today: Date, window: Window) -> Vec<Allowed> {
        let mut wanted = BTreeMap::<(RuleType, String), (Vec<u16>, Cover)>::new();
        // The newest comes last and has the last word on ports, which bear no dates.
        for (version, first, last) in self.looks(today, window) {
            for (name, (timeline, ports)) in &version.timelines {
                let cover = timeline.between(first, last);
                match wanted.get_mut(name) {
                    Some(known) => *known = (ports.clone(), known.1.and(&cover)),
                    None => {
                        wanted.insert(name.clone(), (ports.clone(), cover));
                    }
                }
            }
        }
        let current = &self.newest_on(today).timelines;
        let allowed = wanted.into_iter().filter(|(name, (_, cover))| !cover.is_empty() || current.contains_key(name));
        allowed.map(|((rule, service), (ports, cover))| Allowed { rule, service, ports, cover }).collect()
    }

    /// The next day after `today` on which [`Chronicle::wanted`] differs, if no other list comes.
    pub fn next_turn(&self, today: Date, window: Window) -> Option<Date> {
        let mut days = BTreeSet::new();
        for version in &self.versions {
            for (timeline, _) in version.timelines.values() {
                for date in timeline.dates() {
                    days.extend([back(date, window.early), date, ahead(date, window.late)]);
                }
            }
            // The day after the last on which the list before this one was believed, and some days late.
            days.insert(ahead(version.since, window.late.saturating_add(1)));
        }
        let now = self.wanted(today, window);
        days.into_iter().filter(|day| *day > today).find(|day| self.wanted(*day, window) != now)
    }

    /// The next day after `today` on which the list believed last itself changes.
    pub fn next_change(&self, today: Date) -> Option<Date> {
        self.current().next_change(today)
    }

    /// What `address` is to every service that ever has it in the list believed last or lets it through on `day`.
    pub fn standings(&self, address: IpAddr, day: Date, window: Window) -> Vec<Standing> {
        let mut held = BTreeMap::<&(RuleType, String), (Vec<u16>, bool)>::new();
        for (version, first, last) in self.looks(day, window) {
            for (name, (timeline, ports)) in &version.timelines {
                let within = timeline.between(first, last).holder_of(address).is_some();
                let known = held.entry(name).or_default();
                *known = (ports.clone(), known.1 || within);
            }
        }
        let current = &self.newest_on(day).timelines;
        let mut standings = Vec::new();
        for (name, (ports, within)) in held {
            let ever = current.get(name).is_some_and(|(timeline, _)| timeline.ever_has(address));
            let mut standing = self.standing(name, &ports, address, day, window);
            if !within {
                standing.held = Held::No;
            }
            if ever || within {
                standings.push(standing);
            }
        }
        standings
    }

    /// What an address that is let through is to one service.
    fn standing(
        &self,
        (rule, service): &(RuleType, String),
        ports: &[u16],
        address: IpAddr,
        day: Date,
        window: Window,
    ) -> Standing {
        let timeline = self.newest_on(day).timelines.get(&(*rule, service.clone()));
        let stretch = match timeline {
            Some((timeline, _)) => timeline.stretch(address, day),
            None => Stretch { listed: false, since: None, until: None },
        };
        let held = match stretch.listed {
            true => Held::Listed,
            false if stretch.until.is_some_and(|date| date <= ahead(day, window.early)) => Held::Early,
            false => Held::Late,
        };
        Standing { rule: *rule, service: service.clone(), ports: ports.to_vec(), stretch, held }
    }

    /// What is let through on `day`, network by network, each with the stretch of days that its addresses share.
    ///
    /// A network of which a part is to leave on another day than the rest stands there in parts.
    pub fn networks(&self, day: Date, window: Window) -> Vec<(IpNet, Standing)> {
        let current = self.newest_on(day);
        let mut rows = Vec::new();
        for allowed in self.wanted(day, window) {
            let mut parts = vec![allowed.cover.clone()];
            let name = (allowed.rule, allowed.service.clone());
            if let Some((timeline, _)) = current.timelines.get(&name) {
                // Two addresses have the same days if every step takes both or neither.
                for cover in timeline.covers() {
                    parts = parts.iter().flat_map(|part| [part.shared_with(cover), part.without(cover)]).collect();
                }
            }
            let networks: BTreeSet<IpNet> = parts.iter().flat_map(|part| part.networks().iter().copied()).collect();
            for network in networks {
                let standing = self.standing(&name, &allowed.ports, network.network(), day, window);
                rows.push((network, standing));
            }
        }
        rows
    }

    /// Which versions count on `today`, oldest first, each with the first and last day that it is asked about.
    fn looks(&self, today: Date, window: Window) -> Vec<(&Version, Date, Date)> {
        let (first, last) = (back(today, window.late), ahead(today, window.early));
        let (versions, mut looks) = (self.until(today), Vec::new());
        for (at, version) in versions.iter().enumerate() {
            let from = if at == 0 { first } else { version.since.max(first) };
            match versions.get(at + 1) {
                None => looks.push((version, from, last)),
                // Of a list that was replaced in the course of a day, that whole day counts. Where removals are not
                // late, no older list counts at all.
                Some(next) if window.late > 0 && from <= next.since => looks.push((version, from, next.since)),
                Some(_) => {}
            }
        }
        looks
    }

    /// The versions that were believed by the end of `day`; the first one always is.
    fn until(&self, day: Date) -> &[Version] {
        &self.versions[..self.versions.partition_point(|version| version.since <= day).max(1)]
    }

    fn newest_on(&self, day: Date) -> &Version {
        self.until(day).last().expect("a chronicle has a version")
    }
}

impl Version {
    fn new(since: Date, list: IpList) -> Version {
        let read = |service: &Service| {
            let ports: BTreeSet<u16> = service.ports.iter().copied().collect();
            (Timeline::of(service), ports.into_iter().collect())
        };
        let timelines = list.services().map(|(rule, it)| ((rule, it.name.clone()), read(it))).collect();
        Version { since, list, timelines }
    }
}

/// `days` after `date`, or the last day there is.
fn ahead(date: Date, days: u16) -> Date {
    date.saturating_add(i32::from(days).days())
}

/// `days` before `date`, or the first day there is.
fn back(date: Date, days: u16) -> Date {
    date.saturating_sub(i32::from(days).days())
}
