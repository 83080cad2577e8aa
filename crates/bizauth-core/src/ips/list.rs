//! The list as its publisher wrote it: services, addresses, ports, and every change announced for a later day.
//!
//! A value of [`IpList`] has passed [`IpList::new`]; nothing else makes one. What is in force on a given day is
//! worked out in `schedule.rs`; whether it is wise (reserved ranges, short notice, exclusions of what is not there) is
//! judged in `lint.rs`.

use std::collections::HashSet;
use std::error::Error;
use std::fmt;

use jiff::civil::Date;

use super::Cidr;

/// One of the two lists, by the name that the parameter `rule_type` gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RuleType {
    /// The addresses that the platform's requests come from.
    Inbound,
    /// The addresses that the platform's services answer on.
    Outbound,
}

impl RuleType {
    /// Reads the parameter: "One of `inbound` and `outbound`", in exactly this case. Anything else is `None`.
    pub fn read(text: &str) -> Option<RuleType> {
        match text {
            "inbound" => Some(RuleType::Inbound),
            "outbound" => Some(RuleType::Outbound),
            _ => None,
        }
    }

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            RuleType::Inbound => "inbound",
            RuleType::Outbound => "outbound",
        }
    }
}

impl fmt::Display for RuleType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Whether a step brings addresses or takes them away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Change {
    // The order is a rule: on one day exclusions come first. See `IpList::on`.
    /// The addresses leave the list.
    Exclusion,
    /// The addresses join the list.
    Addition,
}

impl Change {
    /// Reads [`Change::as_str`].
    pub fn read(text: &str) -> Option<Change> {
        [Change::Exclusion, Change::Addition].into_iter().find(|change| change.as_str() == text)
    }

    /// The name of the member on the wire, in files and in records.
    pub fn as_str(self) -> &'static str {
        match self {
            Change::Exclusion => "exclusion",
            Change::Addition => "addition",
        }
    }
}

/// One announced change of one service, in force from the first instant of its date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What happens to the addresses.
    pub change: Change,
    /// The day it happens, in the list's time zone.
    pub date: Date,
    /// The addresses it happens to, in the publisher's order; never empty in an [`IpList`].
    pub ips: Vec<Cidr>,
    /// What the publisher says about it, on one line; empty if nothing. Not on the wire, whose form is fixed.
    pub note: String,
    /// Who announced it; empty until it is published. For the operators alone: a list is read by strangers.
    pub announced_by: String,
}

impl Step {
    /// The longest note and the longest name of an announcer, in characters.
    pub const TEXT_MAX: usize = 500;

    /// A step without a note, which nobody has announced yet.
    pub fn new(change: Change, date: Date, ips: Vec<Cidr>) -> Step {
        Step { change, date, ips, note: String::new(), announced_by: String::new() }
    }
}

/// One service of the platform with the addresses and ports it uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// A service name (`callback`) or the URL of a service domain (`https://kapi.kakao.com`).
    pub name: String,
    /// The addresses before any of the steps, in the publisher's order.
    pub ips: Vec<Cidr>,
    /// TCP ports, in the publisher's order; never empty and never 0 in an [`IpList`].
    pub ports: Vec<u16>,
    /// When the publisher last changed this service.
    pub updated: Date,
    /// What is announced, in any order and number. The wire shows the nearest step of each kind only.
    pub steps: Vec<Step>,
}

impl Service {
    /// The longest name, in characters.
    pub const NAME_MAX: usize = 200;
}

/// A whole list with its whole schedule, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IpList {
    inbound: Vec<Service>,
    outbound: Vec<Service>,
    updated: Date,
}

impl IpList {
    /// Checks the parts and keeps them in the order given.
    ///
    /// Refuses, with the first flaw in reading order: a name that is empty, too long, unprintable or repeated within
    /// its direction; no port or port 0; a step without addresses; a service that has no address and awaits none.
    pub fn new(inbound: Vec<Service>, outbound: Vec<Service>, updated: Date) -> Result<IpList, Flaw> {
        check(RuleType::Inbound, &inbound)?;
        check(RuleType::Outbound, &outbound)?;
        Ok(IpList { inbound, outbound, updated })
    }

    /// The services that call, in the publisher's order.
    pub fn inbound(&self) -> &[Service] {
        &self.inbound
    }

    /// The services that are called, in the publisher's order.
    pub fn outbound(&self) -> &[Service] {
        &self.outbound
    }

    /// When the publisher last changed the list.
    pub fn updated(&self) -> Date {
        self.updated
    }

    /// Every service of both directions, inbound first.
    pub fn services(&self) -> impl Iterator<Item = (RuleType, &Service)> {
        let inbound = self.inbound.iter().map(|service| (RuleType::Inbound, service));
        inbound.chain(self.outbound.iter().map(|service| (RuleType::Outbound, service)))
    }
}

fn check(rule: RuleType, services: &[Service]) -> Result<(), Flaw> {
    let mut names = HashSet::new();
    for (index, service) in services.iter().enumerate() {
        let wrong = if names.insert(service.name.as_str()) { first_wrong(service) } else { Some(Wrong::RepeatedName) };
        if let Some(wrong) = wrong {
            return Err(Flaw { rule, index, name: presentable(&service.name), wrong });
        }
    }
    Ok(())
}

fn first_wrong(service: &Service) -> Option<Wrong> {
    if service.name.trim().is_empty() {
        return Some(Wrong::EmptyName);
    }
    if service.name.chars().count() > Service::NAME_MAX {
        return Some(Wrong::LongName);
    }
    if service.name.contains(char::is_control) {
        return Some(Wrong::ControlInName);
    }
    if service.ports.is_empty() {
        return Some(Wrong::NoPort);
    }
    if service.ports.contains(&0) {
        return Some(Wrong::PortZero);
    }
    if let Some(step) = service.steps.iter().position(|step| step.ips.is_empty()) {
        return Some(Wrong::EmptyStep { step });
    }
    let unfit = |text: &str| text.chars().count() > Step::TEXT_MAX || text.contains(char::is_control);
    if let Some(step) = service.steps.iter().position(|step| unfit(&step.note) || unfit(&step.announced_by)) {
        return Some(Wrong::Note { step });
    }
    // An empty entry that nothing will ever fill tells a firewall to drop everything.
    let awaits = service.steps.iter().any(|step| step.change == Change::Addition);
    if service.ips.is_empty() && !awaits {
        return Some(Wrong::NoAddress);
    }
    None
}

/// The name in a form that is safe in a terminal and a log, shortened.
fn presentable(name: &str) -> String {
    let mut text: String = name.chars().take(60).flat_map(char::escape_debug).collect();
    if name.chars().nth(60).is_some() {
        text.push('…');
    }
    text
}

/// The first thing that keeps parts from being an [`IpList`], and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// In which of the two lists.
    pub rule: RuleType,
    /// Which service of that list, counted from 0.
    pub index: usize,
    /// That service's name, escaped and shortened so that it can be shown.
    pub name: String,
    /// What is wrong with it.
    pub wrong: Wrong,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}] \"{}\": {}", self.rule, self.index, self.name, self.wrong)
    }
}

impl Error for Flaw {}

/// What is wrong with a service of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Wrong {
    /// The name is empty or blank.
    EmptyName,
    /// The name has more than [`Service::NAME_MAX`] characters.
    LongName,
    /// The name has a control character.
    ControlInName,
    /// Another service of the same direction bears this name.
    RepeatedName,
    /// There is no port.
    NoPort,
    /// Port 0 is among the ports.
    PortZero,
    /// A step names no address.
    EmptyStep {
        /// Which of the service's steps, counted from 0.
        step: usize,
    },
    /// What is said about a step is too long or more than a line.
    Note {
        /// Which of the service's steps, counted from 0.
        step: usize,
    },
    /// The service has no address and no addition is announced.
    NoAddress,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Wrong::EmptyName => f.write_str("the service has no name"),
            Wrong::LongName => write!(f, "the name has more than {} characters", Service::NAME_MAX),
            Wrong::ControlInName => f.write_str("the name has a control character"),
            Wrong::RepeatedName => f.write_str("an earlier service of this list has the same name"),
            Wrong::NoPort => f.write_str("there is no port"),
            Wrong::PortZero => f.write_str("0 is not a port"),
            Wrong::EmptyStep { step } => write!(f, "step {step} has no addresses"),
            Wrong::Note { step } => {
                write!(f, "what is said about step {step} is not one line of at most {} characters", Step::TEXT_MAX)
            }
            Wrong::NoAddress => f.write_str("there is no address, and no addition is announced"),
        }
    }
}
