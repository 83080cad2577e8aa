//! Whether a list may be published: what lint refuses is refused, judged on the list as it is today.
//!
//! What was announced for a day that has come is a matter of the past, and nobody can announce it better now; so steps
//! that took effect are judged by what they left, and steps to come by what they will do.

use ipnet::IpNet;
use jiff::civil::Date;

use super::{About, Flaw, IpList, Remark, RuleType, Weight, compare};

/// What the publisher goes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// What day it is in the list's time zone.
    pub today: Date,
    /// Whether private and reserved ranges may be published, as for a platform of a company's own network.
    pub allow_reserved: bool,
}

/// What there is to say about a list that is to be published.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Why it is not published. Empty if it may be.
    pub refusals: Vec<Remark>,
    /// What else a careful publisher reads first, the graver ones first.
    pub others: Vec<Remark>,
}

impl IpList {
    /// The list with every step folded in that has taken effect: what a new version begins with.
    ///
    /// # Errors
    /// A service was left without an address, and awaits none.
    pub fn folded(&self, today: Date) -> Result<IpList, Flaw> {
        let edition = self.on(today);
        IpList::new(edition.inbound.unwrap_or_default(), edition.outbound.unwrap_or_default(), edition.updated)
    }

    /// Judges whether this list may follow `before`, the one published last.
    pub fn verdict(&self, before: Option<&IpList>, terms: &Terms) -> Verdict {
        let today = terms.today;
        let whole = |about| Remark { rule: RuleType::Inbound, service: String::new(), about };
        let mut remarks = Vec::new();
        if self.services().next().is_none() {
            remarks.push(whole(About::NoService));
        }
        if self.updated() > today {
            remarks.push(whole(About::Ahead(self.updated())));
        }
        for (rule, service) in self.services().filter(|(_, service)| service.updated > today) {
            remarks.push(Remark { rule, service: service.name.clone(), about: About::Ahead(service.updated) });
        }
        match self.folded(today) {
            Ok(list) => remarks.extend(list.lint(today)),
            Err(flaw) => {
                let name = self.services().filter(|(rule, _)| *rule == flaw.rule).nth(flaw.index);
                let service = name.map_or(flaw.name, |(_, service)| service.name.clone());
                remarks.push(Remark { rule: flaw.rule, service, about: About::Empty(Some(today)) });
            }
        }
        // Steps whose day has come are part of the list already; that they still stand there is worth a note.
        let past = |it: &Remark| matches!(it.about, About::Past(..));
        remarks.extend(self.lint(today).into_iter().filter(past));
        for it in before.into_iter().flat_map(|before| compare(before, today, self, today)) {
            let networks: Vec<IpNet> = it.gone.unannounced.and(&it.gone.too_soon).networks().to_vec();
            remarks.extend(networks.into_iter().map(|network| Remark {
                rule: it.rule,
                service: it.service.clone(),
                about: About::Unannounced(network),
            }));
        }
        let refused = |it: &Remark| {
            it.about.weight() == Weight::Refusal && !(terms.allow_reserved && matches!(it.about, About::Reserved(..)))
        };
        let (refusals, mut others): (Vec<Remark>, Vec<Remark>) = remarks.into_iter().partition(refused);
        others.sort_by_key(|it| std::cmp::Reverse(it.about.weight()));
        Verdict { refusals, others }
    }
}
