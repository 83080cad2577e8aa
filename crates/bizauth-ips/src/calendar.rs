//! Announced changes as a calendar (RFC 5545): an event for each service, kind and date, whose UID is always the same.

use std::collections::BTreeMap;

use bizauth_core::ips::{Change, Cidr, IpList, RuleType};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::state::digest_of;

/// The longest line of a calendar, in bytes, without its end.
const LINE: usize = 75;

/// The calendar of `list`. `stamp` is when the list was believed: with the same list it is the same calendar.
pub fn render(list: &IpList, zone: &TimeZone, stamp: Timestamp) -> String {
    let mut events = BTreeMap::<(Date, RuleType, &str, Change), Vec<&Cidr>>::new();
    for (rule, service) in list.services() {
        for step in &service.steps {
            events.entry((step.date, rule, &service.name, step.change)).or_default().extend(&step.ips);
        }
    }
    let mut text = String::new();
    let mut line = |content: &str| fold(&mut text, content);
    for content in ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//bizauth//ips//EN", "CALSCALE:GREGORIAN"] {
        line(content);
    }
    for ((date, rule, service, change), ips) in events {
        let Ok(start) = date.to_zoned(zone.clone()) else { continue };
        let word = if change == Change::Addition { "addition" } else { "exclusion" };
        // Of what the event is, not of which addresses: when those are corrected it is the same event.
        let uid = digest_of(format!("{rule}\n{service}\n{word}\n{date}").as_bytes());
        let count = ips.len();
        let networks = if count == 1 { "network" } else { "networks" };
        let verb = if change == Change::Addition { "join" } else { "leave" };
        let verb = if count == 1 { format!("{verb}s") } else { verb.to_owned() };
        let ips: Vec<&str> = ips.into_iter().map(Cidr::as_published).collect();
        line("BEGIN:VEVENT");
        line(&format!("UID:{}@bizauth-ips", &uid[..32]));
        line(&format!("DTSTAMP:{}", utc(stamp)));
        line(&format!("DTSTART:{}", utc(start.timestamp())));
        line(&format!("SUMMARY:{}", escaped(&format!("{count} {networks} {verb} {service} ({rule})"))));
        line(&format!("DESCRIPTION:{}", escaped(&ips.join("\n"))));
        line("TRANSP:TRANSPARENT");
        line("END:VEVENT");
    }
    line("END:VCALENDAR");
    text
}

fn utc(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// RFC 5545, section 3.3.11.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace('\n', "\\n")
}

/// RFC 5545, section 3.1: no line is longer than 75 bytes, and no character is torn.
fn fold(text: &mut String, content: &str) {
    let mut used = 0;
    for c in content.chars() {
        if used + c.len_utf8() > LINE {
            text.push_str("\r\n ");
            used = 1;
        }
        text.push(c);
        used += c.len_utf8();
    }
    text.push_str("\r\n");
}
