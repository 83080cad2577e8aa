//! The IP list as a document.

use bizauth::ip_document::{list_from_document, strict_date};
use bizauth::ip_list::source::{document_of, to_text};
use bizauth_client::{IpChange, IpDocument, IpEntry};
use bizauth_core::ips::{Change, IpList, Service, Terms};

use crate::cidr::block;
use crate::plain::has_control;

/// The reader of documents, and the judge of lists.
pub fn ip_document(bytes: &[u8]) {
    let Ok(document) = IpDocument::from_json(bytes) else { return };
    let read = list_from_document(&document);
    let (inbound, outbound) = (document.inbound.as_deref(), document.outbound.as_deref());
    let good = match (inbound, outbound) {
        (Some(inbound), Some(outbound)) => {
            let some = !inbound.is_empty() || !outbound.is_empty();
            some && is_date(&document.updated_date) && fits(inbound) && fits(outbound)
        }
        _ => false,
    };
    let list = match read {
        Ok(list) => list,
        Err(flaws) => {
            assert!(!good, "{flaws}: {document:?}");
            let told = flaws.to_string();
            assert!(!told.chars().any(|c| c != '\n' && has_control(&c.to_string())), "{told:?}");
            return;
        }
    };
    assert!(good, "{document:?}");
    for (services, entries) in [(list.inbound(), inbound), (list.outbound(), outbound)] {
        let entries = entries.unwrap_or_default();
        assert_eq!(services.len(), entries.len());
        services.iter().zip(entries).for_each(|(service, entry)| same(service, entry));
    }
    // A draft is such a document, too; and what was published is the same text again, whoever announced it.
    assert_eq!(list_from_document(&document_of(&list)).as_ref(), Ok(&list));
    let text = to_text(&document_of(&list));
    let again = IpDocument::from_json(text.as_bytes()).expect("what was written can be read");
    assert_eq!(list_from_document(&again).map(|again| again.content()), Ok(list.content()));
    assert_eq!(list.text().lines().filter(|line| line.starts_with("ip ")).count(), entries_of(&list));
    for (_, service) in list.services() {
        for day in service.steps.iter().map(|step| step.date).chain([list.updated()]) {
            let reasons = service.reasons(day);
            assert_eq!(reasons.iter().map(|it| it.cidr.clone()).collect::<Vec<_>>(), service.on(day).ips);
            assert!(reasons.iter().all(|it| it.until.is_none_or(|until| until > day)));
        }
    }
    // Nothing that lint refuses is what a follower would take for too wide.
    let verdict = list.verdict(None, &Terms::of(list.updated(), false));
    let wide = list.services().flat_map(|(_, it)| it.on(list.updated()).ips).any(|ip| ip.network().prefix_len() == 0);
    assert!(!wide || !verdict.refusals.is_empty());
    // What is in force on any day comes from what was typed, and the schedule ends.
    let (mut day, mut changes) = (list.updated(), 0);
    while let Some(next) = list.next_change(day) {
        assert!(next > day && list.on(next).updated >= next);
        (day, changes) = (next, changes + 1);
    }
    let announced = list.services().map(|(_, service)| service.steps.len()).sum::<usize>();
    assert!(changes <= announced);
    assert!(list.on(day).inbound.iter().flatten().all(|service| service.steps.iter().all(|step| step.date > day)));
}

/// How many networks the list names, those of its steps among them.
fn entries_of(list: &IpList) -> usize {
    list.services().map(|(_, it)| it.ips.len() + it.steps.iter().map(|step| step.ips.len()).sum::<usize>()).sum()
}

/// Kept exactly as published.
fn same(service: &Service, entry: &IpEntry) {
    let texts = |ips: &[bizauth_core::ips::Cidr]| ips.iter().map(|ip| ip.as_published().to_owned()).collect::<Vec<_>>();
    assert_eq!((&service.name, &texts(&service.ips), &service.ports), (&entry.service, &entry.ips, &entry.ports));
    assert_eq!(service.updated.to_string(), entry.updated_date);
    for (change, wanted) in [(Change::Addition, &entry.addition), (Change::Exclusion, &entry.exclusion)] {
        let found = service.steps.iter().filter(|step| step.change == change);
        let found: Vec<IpChange> = found
            .map(|step| IpChange {
                ips: texts(&step.ips),
                date: step.date.to_string(),
                note: step.note.clone(),
                announced_by: step.announced_by.clone(),
            })
            .collect();
        assert_eq!(found, *wanted);
    }
}

/// Whether entries can be the services of one direction.
fn fits(entries: &[IpEntry]) -> bool {
    let blocks = |ips: &[String]| ips.iter().all(|ip| block(ip).is_some());
    let said = |text: &str| text.chars().count() <= 500 && !has_control(text);
    let step = |step: &IpChange| {
        let told = said(&step.note) && said(&step.announced_by);
        told && !step.ips.is_empty() && blocks(&step.ips) && is_date(&step.date)
    };
    entries.iter().enumerate().all(|(at, entry)| {
        let name = &entry.service;
        let named = !name.trim().is_empty() && name.chars().count() <= 200 && !has_control(name);
        let once = entries[..at].iter().all(|other| other.service != *name);
        let filled = !entry.ips.is_empty() || !entry.addition.is_empty();
        let ports = !entry.ports.is_empty() && !entry.ports.contains(&0);
        let steps = entry.addition.iter().chain(&entry.exclusion).all(step);
        named && once && filled && ports && steps && blocks(&entry.ips) && is_date(&entry.updated_date)
    })
}

/// `YYYY-MM-DD`, a day that there is; the server's reader says the same.
pub fn is_date(text: &str) -> bool {
    let naive = is_day(text);
    assert_eq!(strict_date(text).is_some(), naive, "{text:?}");
    naive
}

/// A day of a year of four digits.
fn is_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts[..] else { return false };
    let number = |text: &str, digits: usize| {
        let plain = text.len() == digits && text.chars().all(|c| c.is_ascii_digit());
        plain.then(|| text.parse::<u32>().ok()).flatten()
    };
    let (Some(year), Some(month), Some(day)) = (number(year, 4), number(month, 2), number(day, 2)) else {
        return false;
    };
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}
