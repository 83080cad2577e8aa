//! Whether a list is wise: what a careful publisher would not publish, and what a careful follower would ask about.
//!
//! A list that fails here can still be read and worked with. What to do about a remark is the caller's decision; each
//! has a weight that says how bad it is.

use std::collections::BTreeMap;
use std::fmt;

use ipnet::IpNet;
use jiff::ToSpan;
use jiff::civil::Date;

use super::reserved::untranslated;
use super::timeline::cover;
use super::{Change, Cidr, Cover, IpList, Rest, RuleType, Service, Timeline, reserved_for};

/// Within so many days an addition is taken for a replacement of what left or will leave.
const MONTH: i32 = 30;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Worth knowing; nothing is wrong.
    Note,
    /// Probably not what was meant.
    Warning,
    /// Not to be published.
    Refusal,
}

/// Something to say about one service of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// Which of the two lists.
    pub rule: RuleType,
    /// The service's name.
    pub service: String,
    /// What there is to say.
    pub about: About,
}

/// What there is to say about a service.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum About {
    /// An entry holds every address of its family.
    Everything(Cidr),
    /// An entry is wider than any one platform is: shorter than `/8`, or than `/19` in IPv6.
    TooWide(Cidr),
    /// A part of an entry is set aside for something, and reaches nobody on the public network.
    Reserved(Cidr, &'static str),
    /// Entry and step, or two entries, mean the same network.
    Repeated(Cidr),
    /// An entry lies inside another.
    Inside(Cidr, IpNet),
    /// An entry has host bits; the network is what it means.
    HostBits(Cidr),
    /// What is excluded that day is not there.
    ExcludesNothing(Date, Cidr),
    /// What is excluded that day is there in part only.
    ExcludesPart(Date, Cidr),
    /// What is added that day is there already.
    AddsListed(Date, Cidr),
    /// What is excluded that day is added the same day, and so stays.
    Returns(Date, IpNet),
    /// Addresses are replaced that day without a day on which old and new are both in force.
    NoOverlap(Date),
    /// Addresses leave on the first day, and others come within a month after, on the second: if those replace them,
    /// there is no day that has both.
    Gap(Date, Date),
    /// From that day on the service has no address; `None` if it has none to begin with.
    Empty(Option<Date>),
    /// The date has come, and the change is still announced.
    Past(Date, Change),
    /// Another service of the same list has this network, or a part of it, too.
    Shared(IpNet, String),
    /// Service or list is dated after today: the day of the last change lies ahead.
    Ahead(Date),
    /// The list has no service at all. Whoever believed it would lock everyone out.
    NoService,
    /// Addresses leave with this publication that no exclusion announced. A follower may refuse such a list.
    Unannounced(IpNet),
}

impl About {
    /// How bad it is.
    pub fn weight(&self) -> Weight {
        match self {
            About::Everything(_) | About::TooWide(_) | About::Reserved(..) => Weight::Refusal,
            About::Repeated(_) | About::ExcludesNothing(..) | About::NoOverlap(_) => Weight::Refusal,
            About::Empty(Some(_)) | About::Ahead(_) | About::NoService => Weight::Refusal,
            About::Empty(None) | About::ExcludesPart(..) | About::AddsListed(..) | About::Returns(..) => {
                Weight::Warning
            }
            About::Unannounced(_) | About::Gap(..) => Weight::Warning,
            About::Inside(..) | About::HostBits(_) | About::Past(..) | About::Shared(..) => Weight::Note,
        }
    }

    /// Whether a firewall that believed it would let in more than any platform can own.
    pub fn opens_too_much(&self) -> bool {
        matches!(self, About::Everything(_) | About::TooWide(_) | About::Reserved(..))
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What is said of the whole list has no service.
        match self.service.is_empty() {
            true => self.about.fmt(f),
            false => write!(f, "{} {:?}: {}", self.rule, self.service, self.about),
        }
    }
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            About::Everything(cidr) => write!(f, "{cidr} is every address there is"),
            About::TooWide(cidr) => write!(f, "{cidr} is wider than any one platform is"),
            About::Reserved(cidr, what) => write!(f, "{cidr} is set aside ({what})"),
            About::Repeated(cidr) => write!(f, "{cidr} is there twice"),
            About::Inside(cidr, wider) => write!(f, "{cidr} lies inside {wider}"),
            About::HostBits(cidr) => write!(f, "{cidr} has host bits, and means {}", cidr.network()),
            About::ExcludesNothing(date, cidr) => write!(f, "{cidr} is to leave on {date}, and will not be there"),
            About::ExcludesPart(date, cidr) => {
                write!(f, "{cidr} is to leave on {date}, and will be there in part only")
            }
            About::AddsListed(date, cidr) => write!(f, "{cidr} is to come on {date}, and will be there already"),
            About::Returns(date, network) => write!(f, "{network} leaves and comes on {date}, and so stays"),
            About::Gap(leave, come) => {
                write!(f, "addresses leave on {leave} and others come on {come}: no day has both, if they replace them")
            }
            About::NoOverlap(date) => write!(f, "addresses are replaced on {date} without a day that has both"),
            About::Empty(Some(date)) => write!(f, "there is no address from {date} on"),
            About::Empty(None) => f.write_str("there is no address yet"),
            About::Past(date, Change::Addition) => write!(f, "{date} has come, and its addition is still announced"),
            About::Past(date, Change::Exclusion) => write!(f, "{date} has come, and its exclusion is still announced"),
            About::Shared(network, other) => write!(f, "{network} is also in {other:?}"),
            About::Ahead(date) => write!(f, "the day of the last change, {date}, lies ahead"),
            About::NoService => f.write_str("the list has no service"),
            About::Unannounced(network) => write!(f, "{network} leaves at once, and no exclusion announced it"),
        }
    }
}

impl IpList {
    /// Everything there is to say about this list on `today`, service by service in the publisher's order.
    pub fn lint(&self, today: Date) -> Vec<Remark> {
        let mut remarks = Vec::new();
        for (rule, service) in self.services() {
            let mut about = Vec::new();
            entries(service, &mut about);
            schedule(service, today, &mut about);
            let remark = |about| Remark { rule, service: service.name.clone(), about };
            remarks.extend(about.into_iter().map(remark));
        }
        for services in [(RuleType::Inbound, self.inbound()), (RuleType::Outbound, self.outbound())] {
            shared(services.0, services.1, today, &mut remarks);
        }
        remarks
    }
}

/// What is to be said of single entries, those of the steps among them.
fn entries(service: &Service, about: &mut Vec<About>) {
    for cidr in service.steps.iter().flat_map(|step| &step.ips).chain(&service.ips) {
        let network = cidr.network();
        let reached = untranslated(network);
        let narrowest = if reached.addr().is_ipv4() { 8 } else { 19 };
        if reached.prefix_len() == 0 {
            about.push(About::Everything(cidr.clone()));
        } else if reached.prefix_len() < narrowest {
            about.push(About::TooWide(cidr.clone()));
        } else if let Some(what) = reserved_for(network) {
            about.push(About::Reserved(cidr.clone(), what));
        }
        if cidr.as_published().parse::<IpNet>().is_ok_and(|typed| typed.addr() != network.addr()) {
            about.push(About::HostBits(cidr.clone()));
        }
    }
    repeated(&service.ips, about);
    for step in &service.steps {
        repeated(&step.ips, about);
    }
}

/// Entries that mean one network twice, and entries inside others.
fn repeated(ips: &[Cidr], about: &mut Vec<About>) {
    let mut sorted: Vec<&Cidr> = ips.iter().collect();
    sorted.sort_by_key(|cidr| cidr.network());
    let mut widest: Option<IpNet> = None;
    for cidr in sorted {
        match widest {
            Some(wide) if wide == cidr.network() => about.push(About::Repeated(cidr.clone())),
            Some(wide) if wide.contains(&cidr.network()) => about.push(About::Inside(cidr.clone(), wide)),
            _ => widest = Some(cidr.network()),
        }
    }
}

/// What is to be said of the announced days.
fn schedule(service: &Service, today: Date, about: &mut Vec<About>) {
    let timeline = Timeline::of(service);
    if service.ips.is_empty() {
        about.push(About::Empty(None));
    }
    let mut steps = BTreeMap::<Date, (Vec<&Cidr>, Vec<&Cidr>)>::new();
    for step in &service.steps {
        let day = steps.entry(step.date).or_default();
        match step.change {
            Change::Exclusion => day.0.extend(&step.ips),
            Change::Addition => day.1.extend(&step.ips),
        }
        if step.date <= today {
            about.push(About::Past(step.date, step.change));
        }
    }
    let mut before = cover(&service.ips);
    let (mut lost, mut gained): (Option<Date>, Option<Date>) = (None, None);
    for (date, (gone, come)) in steps {
        for cidr in &gone {
            match before.taken_from(cidr.network()) {
                Rest::Whole => about.push(About::ExcludesNothing(date, (*cidr).clone())),
                Rest::Parts(_) => about.push(About::ExcludesPart(date, (*cidr).clone())),
                Rest::Gone => {}
            }
        }
        let leaves = Cover::of(gone.iter().map(|cidr| cidr.network()));
        let stays = before.without(&leaves);
        for cidr in &come {
            if stays.taken_from(cidr.network()) == Rest::Gone {
                about.push(About::AddsListed(date, (*cidr).clone()));
            }
        }
        let comes = Cover::of(come.iter().map(|cidr| cidr.network()));
        let returns = leaves.shared_with(&comes);
        about.extend(returns.networks().iter().map(|network| About::Returns(date, *network)));
        let (loses, gains) = (!leaves.without(&comes).is_empty(), !comes.without(&before).is_empty());
        if loses && gains {
            about.push(About::NoOverlap(date));
        } else if gains && let Some(loss) = lost.filter(|loss| date <= loss.saturating_add(MONTH.days())) {
            about.push(About::Gap(loss, date));
        }
        // What came before it left is what was announced to replace it.
        lost = match (loses, gains) {
            (true, false) if gained.is_none_or(|gain| date > gain.saturating_add(MONTH.days())) => Some(date),
            (false, false) => lost,
            _ => None,
        };
        gained = if gains { Some(date) } else { gained };
        let after = timeline.on(date);
        if after.is_empty() && !before.is_empty() {
            about.push(About::Empty(Some(date)));
        }
        before = after.clone();
    }
}

/// Networks that two services of one list have in force on `today`. Each pair is told once, at the later one.
fn shared(rule: RuleType, services: &[Service], today: Date, remarks: &mut Vec<Remark>) {
    let covers: Vec<Cover> = services.iter().map(|it| Timeline::of(it).on(today).clone()).collect();
    for (at, service) in services.iter().enumerate() {
        for (earlier, other) in services[..at].iter().zip(&covers) {
            for network in other.shared_with(&covers[at]).networks() {
                let about = About::Shared(*network, earlier.name.clone());
                remarks.push(Remark { rule, service: service.name.clone(), about });
            }
        }
    }
}
