//! The IP list of a seed: dates that count from the world's first day, and the checked list that comes of it.

use bizauth_core::ips::{self, Change, Cidr, IpList, RuleType};
use jiff::civil::Date;
use jiff::{Span, ToSpan};

use super::check::Wrong;
use super::decode::quoted;
use super::{Direction, Ips, Service, Step};
use crate::ip_document::strict_date;

/// So far from the first day a date may be counted.
const FARTHEST: i64 = 36_500;

/// A date, or one that is counted from `today`: `today`, `+7d`, `-3d`.
fn date(text: &str, today: Date) -> Option<Date> {
    if text == "today" {
        return Some(today);
    }
    let Some(days) = text.strip_suffix('d') else { return strict_date(text) };
    let (back, digits) = match (days.strip_prefix('+'), days.strip_prefix('-')) {
        (Some(digits), _) => (false, digits),
        (_, Some(digits)) => (true, digits),
        _ => return None,
    };
    let count: i64 = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
    let span: Span = (count <= FARTHEST).then(|| count.days())?;
    if back { today.checked_sub(span).ok() } else { today.checked_add(span).ok() }
}

/// The list on a world's first day.
pub(super) fn ip_list(ips: &Ips, today: Date) -> Result<IpList, Vec<Wrong>> {
    let mut wrong = Vec::new();
    let updated = read_date(&ips.updated, today, "ips.updated", &mut wrong).unwrap_or(today);
    let (mut inbound, mut outbound) = (Vec::new(), Vec::new());
    for (at, service) in ips.services.iter().enumerate() {
        let read = read_service(service, at, (today, updated), &mut wrong);
        match service.direction {
            Direction::Inbound => inbound.push((at, read)),
            Direction::Outbound => outbound.push((at, read)),
        }
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let places = |list: &[(usize, ips::Service)]| list.iter().map(|(at, _)| *at).collect::<Vec<_>>();
    let services = |list: Vec<(usize, ips::Service)>| list.into_iter().map(|(_, service)| service).collect();
    let (inbound_at, outbound_at) = (places(&inbound), places(&outbound));
    IpList::new(services(inbound), services(outbound), updated).map_err(|flaw| {
        let places = if flaw.rule == RuleType::Inbound { inbound_at } else { outbound_at };
        let at = places.get(flaw.index).copied().unwrap_or_default();
        vec![Wrong::new(format!("ips.services[{at}]"), flaw.wrong.to_string())]
    })
}

fn read_service(service: &Service, at: usize, (today, updated): (Date, Date), wrong: &mut Vec<Wrong>) -> ips::Service {
    let path = format!("ips.services[{at}]");
    let addresses = read_addresses(&service.addresses, &path, wrong);
    let own = service.updated.as_ref();
    let own = own.and_then(|text| read_date(text, today, &format!("{path}.updated"), wrong));
    let mut steps = Vec::new();
    let announced: [(Change, &str, &[Step]); 2] =
        [(Change::Addition, "additions", &service.additions), (Change::Exclusion, "exclusions", &service.exclusions)];
    for (change, word, listed) in announced {
        for (at, step) in listed.iter().enumerate() {
            let path = format!("{path}.{word}[{at}]");
            let ips = read_addresses(&step.addresses, &path, wrong);
            if let Some(date) = read_date(&step.date, today, &format!("{path}.date"), wrong) {
                steps.push(ips::Step { change, date, ips, note: String::new(), announced_by: String::new() });
            }
        }
    }
    let (name, ports) = (service.name.clone(), service.ports.clone());
    ips::Service { name, ips: addresses, ports, updated: own.unwrap_or(updated), steps }
}

fn read_addresses(texts: &[String], path: &str, wrong: &mut Vec<Wrong>) -> Vec<Cidr> {
    let mut read = Vec::new();
    for (at, text) in texts.iter().enumerate() {
        match Cidr::parse(text) {
            Ok(cidr) => read.push(cidr),
            Err(why) => {
                let what = format!("{} is no block of addresses: {why}", quoted(text));
                wrong.push(Wrong::of(format!("{path}.addresses[{at}]"), what, ["203.0.113.0/24", "2001:db8::/32"]));
            }
        }
    }
    read
}

fn read_date(text: &str, today: Date, path: &str, wrong: &mut Vec<Wrong>) -> Option<Date> {
    let read = date(text, today);
    if read.is_none() {
        let what = format!("{} is no date", quoted(text));
        wrong.push(Wrong::of(path.to_owned(), what, ["2026-12-01", "today", "+7d", "-3d"]));
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_may_be_counted_from_the_first_day() {
        let today: Date = "2026-11-21".parse().unwrap();
        for (text, read) in [
            ("today", Some("2026-11-21")),
            ("2026-12-01", Some("2026-12-01")),
            ("+7d", Some("2026-11-28")),
            ("-21d", Some("2026-10-31")),
            ("+0d", Some("2026-11-21")),
            ("7d", None),
            ("+d", None),
            ("++7d", None),
            ("+-7d", None),
            ("+99999999999999999999d", None),
            ("+36501d", None),
            ("2026-2-30", None),
            ("2026-02-30", None),
            ("2026-12-01T00:00:00Z", None),
            ("", None),
        ] {
            assert_eq!(date(text, today).map(|date| date.to_string()).as_deref(), read, "{text}");
        }
    }
}
