//! Why an address is on the list on a day, and until when: listed from the beginning, added by a step, or what was left
//! of an entry when a step took a part of it.

use jiff::civil::Date;

use super::timeline::cover;
use super::{Cidr, Rest, Service, Timeline};

/// Why an entry is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The version lists it.
    Listed,
    /// This step of the service added it, counted from 0.
    Added(usize),
    /// A step took a part of an entry, and this is of the rest.
    Rest {
        /// The entry, as typed.
        of: Cidr,
        /// The step that took the last part, counted from 0.
        step: usize,
    },
}

/// An entry that is in force on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reasoned {
    /// The entry, as it goes on the wire.
    pub cidr: Cidr,
    /// Why it is in force.
    pub why: Why,
    /// The first announced day on which it is no longer, or not wholly; `None` if there is none.
    pub until: Option<Date>,
}

impl Service {
    /// The addresses in force on `today` as in [`Service::on`], in the same order, each with its reason.
    pub fn reasons(&self, today: Date) -> Vec<Reasoned> {
        let timeline = Timeline::of(self);
        let turns: Vec<Date> = timeline.dates().filter(|date| *date > today).collect();
        let until = |cidr: &Cidr| {
            let leaves = |date: &&Date| timeline.on(**date).taken_from(cidr.network()) != Rest::Gone;
            turns.iter().find(leaves).copied()
        };
        self.turned(today).into_iter().map(|(cidr, why)| Reasoned { until: until(&cidr), cidr, why }).collect()
    }

    /// Whether a step of this service, dated `today` or earlier, took any of these addresses: what left, and when.
    pub fn left(&self, today: Date) -> Vec<(usize, Vec<Cidr>)> {
        let still = cover(&self.turned(today).into_iter().map(|(cidr, _)| cidr).collect::<Vec<_>>());
        let gone = |cidr: &&Cidr| still.taken_from(cidr.network()) != Rest::Gone;
        let taken = self.steps.iter().enumerate().filter(|(_, step)| step.date <= today);
        let taken = taken.filter(|(_, step)| step.change == super::Change::Exclusion);
        taken
            .map(|(at, step)| (at, step.ips.iter().filter(gone).cloned().collect::<Vec<_>>()))
            .filter(|(_, ips)| !ips.is_empty())
            .collect()
    }
}
