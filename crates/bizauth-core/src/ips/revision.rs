//! What one version changes in another, as its publisher wrote it: entries, ports and steps, service by service.
//!
//! What that means for a firewall is said by `compare.rs`, on sets; here a spelling is a change too.

use std::collections::BTreeMap;

use super::{Cidr, Edition, RuleType, Service, Step};

/// Whether a service is in both editions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revision {
    /// It came.
    Come,
    /// It left.
    Gone,
    /// It stayed, and something of it changed.
    Changed,
}

/// What changed in one service. Only services of which something changed have one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revised {
    /// Which of the two lists.
    pub rule: RuleType,
    /// The service's name.
    pub service: String,
    /// Whether it is in both.
    pub revision: Revision,
    /// The ports, before and after, if they differ.
    pub ports: Option<(Vec<u16>, Vec<u16>)>,
    /// Entries that left, in their order.
    pub gone: Vec<Cidr>,
    /// Entries that came, in their order.
    pub come: Vec<Cidr>,
    /// Steps that are not announced any more, or not so.
    pub withdrawn: Vec<Step>,
    /// Steps that are announced now.
    pub announced: Vec<Step>,
}

/// What `new` changes in `old`, by list and name.
pub fn revise(old: Option<&Edition>, new: &Edition) -> Vec<Revised> {
    let mut pairs = BTreeMap::<(RuleType, &str), (Option<&Service>, Option<&Service>)>::new();
    for (rule, service) in old.into_iter().flat_map(Edition::services) {
        pairs.entry((rule, &service.name)).or_default().0 = Some(service);
    }
    for (rule, service) in new.services() {
        pairs.entry((rule, &service.name)).or_default().1 = Some(service);
    }
    pairs.into_iter().filter_map(|((rule, name), (old, new))| revised(rule, name, old, new)).collect()
}

fn revised(rule: RuleType, name: &str, old: Option<&Service>, new: Option<&Service>) -> Option<Revised> {
    let revision = match (old, new) {
        (None, _) => Revision::Come,
        (_, None) => Revision::Gone,
        _ => Revision::Changed,
    };
    let ports = |it: Option<&Service>| it.map(|it| it.ports.clone()).unwrap_or_default();
    let (before, after) = (ports(old), ports(new));
    let ips = |it: Option<&Service>| it.map(|it| it.ips.clone()).unwrap_or_default();
    let steps = |it: Option<&Service>| it.map(|it| it.steps.clone()).unwrap_or_default();
    let it = Revised {
        rule,
        service: name.to_owned(),
        revision,
        ports: (before != after).then_some((before, after)),
        gone: missing(&ips(old), &ips(new)),
        come: missing(&ips(new), &ips(old)),
        withdrawn: missing(&steps(old), &steps(new)),
        announced: missing(&steps(new), &steps(old)),
    };
    let same = it.ports.is_none() && it.gone.is_empty() && it.come.is_empty();
    let same = same && it.withdrawn.is_empty() && it.announced.is_empty();
    (!same || revision != Revision::Changed).then_some(it)
}

/// What is in `one` and not in `other`, counted: what is there twice must be there twice.
fn missing<T: Clone + PartialEq>(one: &[T], other: &[T]) -> Vec<T> {
    let mut left: Vec<&T> = other.iter().collect();
    let absent = |it: &&T| match left.iter().position(|known| known == it) {
        Some(at) => {
            left.swap_remove(at);
            false
        }
        None => true,
    };
    one.iter().filter(absent).cloned().collect()
}
