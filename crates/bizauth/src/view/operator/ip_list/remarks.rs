//! What lint says, in the words of the page.

use bizauth_core::ips::{About, Change, Remark, Weight};

use super::super::Desk;
use super::super::sheet::{Cell, Table, badge, text};
use super::{direction, kind};
use crate::view::Frame;
use crate::view::kit::{Badge, Tone};

/// So many are shown; whoever has more has one mistake many times.
const SHOWN: usize = 200;

/// Everything that is to be said, the graver first.
pub(super) fn table<'r>(desk: &Desk<'_>, remarks: impl Iterator<Item = &'r Remark>) -> Table {
    let frame = &desk.frame;
    let row = |it: &Remark| {
        let (tone, key) = match it.about.weight() {
            Weight::Refusal => (Tone::Bad, "ip-refusal"),
            Weight::Warning => (Tone::Warn, "ip-warning"),
            Weight::Note => (Tone::Plain, "ip-remark"),
        };
        // What is said of the whole list has no service.
        let whose = match it.service.is_empty() {
            true => frame.say("ip-whole-list"),
            false => format!("{} · {}", it.service, direction(frame, it.rule)),
        };
        vec![badge(Badge::new(tone, frame.say(key))), text(whose), vec![Cell::Text(sentence(frame, &it.about))]]
    };
    Table {
        columns: ["ip-weight", "ip-service", "ip-about"].map(|key| desk.say(key)).to_vec(),
        rows: remarks.take(SHOWN).map(row).collect(),
        empty: "ip-no-remarks",
        ..Table::default()
    }
}

fn sentence(frame: &Frame, about: &About) -> String {
    let of = |key, network: String| frame.fill(key, "network", network);
    let on = |key, network: String, date: &jiff::civil::Date| {
        frame.fill2(key, &("network", network), &("date", date.to_string()))
    };
    match about {
        About::Everything(cidr) => of("ip-about-everything", cidr.to_string()),
        About::TooWide(cidr) => of("ip-about-too-wide", cidr.to_string()),
        About::Reserved(cidr, _) => of("ip-about-reserved", cidr.to_string()),
        About::Repeated(cidr) => of("ip-about-repeated", cidr.to_string()),
        About::Inside(cidr, wide) => {
            frame.fill2("ip-about-inside", &("network", cidr.to_string()), &("other", wide.to_string()))
        }
        About::HostBits(cidr) => {
            frame.fill2("ip-about-host-bits", &("network", cidr.to_string()), &("other", cidr.network().to_string()))
        }
        About::ExcludesNothing(date, cidr) => on("ip-about-excludes-nothing", cidr.to_string(), date),
        About::ExcludesPart(date, cidr) => on("ip-about-excludes-part", cidr.to_string(), date),
        About::AddsListed(date, cidr) => on("ip-about-adds-listed", cidr.to_string(), date),
        About::Returns(date, network) => on("ip-about-returns", network.to_string(), date),
        About::NoOverlap(date) => frame.fill("ip-about-no-overlap", "date", date.to_string()),
        About::Gap(leave, come) => {
            frame.fill2("ip-about-gap", &("date", leave.to_string()), &("other", come.to_string()))
        }
        About::Empty(None) => frame.say("ip-about-empty-now"),
        About::Empty(Some(date)) => frame.fill("ip-about-empty", "date", date.to_string()),
        About::Past(date, change) => past(frame, date, *change),
        About::Shared(network, other) => {
            frame.fill2("ip-about-shared", &("network", network.to_string()), &("other", other.as_str()))
        }
        About::Ahead(date) => frame.fill("ip-about-ahead", "date", date.to_string()),
        About::NoService => frame.say("ip-about-no-service"),
        About::Unannounced(network) => of("ip-about-unannounced", network.to_string()),
        // Core may learn to say more; its own words are better than none.
        other => other.to_string(),
    }
}

fn past(frame: &Frame, date: &jiff::civil::Date, change: Change) -> String {
    frame.fill2("ip-about-past", &("date", date.to_string()), &("change", kind(frame, change).text))
}
