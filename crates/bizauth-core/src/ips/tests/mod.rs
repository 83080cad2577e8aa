//! Tables for the list, its flaws and its schedule. The properties against brute force are in `brute.rs`.

use jiff::civil::{Date, date};

use super::*;

mod brute;
mod follow;
mod publish;

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn cidrs(text: &str) -> Vec<Cidr> {
    text.split_whitespace().map(|cidr| cidr.parse().unwrap()).collect()
}

fn spelled(ips: &[Cidr]) -> String {
    ips.iter().map(Cidr::as_published).collect::<Vec<_>>().join(" ")
}

fn plus(date: &str, ips: &str) -> Step {
    Step::new(Change::Addition, day(date), cidrs(ips))
}

fn minus(date: &str, ips: &str) -> Step {
    Step::new(Change::Exclusion, day(date), cidrs(ips))
}

fn service(name: &str, ips: &str, steps: Vec<Step>) -> Service {
    Service { name: name.into(), ips: cidrs(ips), ports: vec![443], updated: date(2023, 6, 28), steps }
}

fn list(outbound: Vec<Service>) -> IpList {
    IpList::new(vec![service("callback", "211.249.203.104/24", vec![])], outbound, date(2023, 6, 28)).unwrap()
}

/// The outbound service of the platform's sample that has both an addition and an exclusion.
fn kapi() -> Service {
    service(
        "https://kapi.kakao.com",
        "203.133.166.33/32 211.249.200.134/32",
        vec![
            plus("2023-06-30", "111.111.111.0/32 111.111.111.1/32"),
            minus("2023-07-01", "203.133.166.33/32 211.249.200.134/32"),
        ],
    )
}

#[test]
fn the_sample_changes_on_its_dates() {
    const OLD: &str = "203.133.166.33/32 211.249.200.134/32";
    const NEW: &str = "111.111.111.0/32 111.111.111.1/32";
    let list = list(vec![kapi()]);
    for (today, ips, updated, addition, exclusion, next) in [
        ("2023-06-28", OLD.to_owned(), "2023-06-28", Some("2023-06-30"), Some("2023-07-01"), Some("2023-06-30")),
        ("2023-06-29", OLD.to_owned(), "2023-06-28", Some("2023-06-30"), Some("2023-07-01"), Some("2023-06-30")),
        ("2023-06-30", format!("{OLD} {NEW}"), "2023-06-30", None, Some("2023-07-01"), Some("2023-07-01")),
        ("2023-07-01", NEW.to_owned(), "2023-07-01", None, None, None),
        ("2026-01-01", NEW.to_owned(), "2023-07-01", None, None, None),
    ] {
        let edition = list.on(day(today));
        let it = &edition.outbound.as_ref().unwrap()[0];
        assert_eq!(spelled(&it.ips), ips, "{today}");
        assert_eq!((it.updated, edition.updated), (day(updated), day(updated)), "{today}");
        assert_eq!(it.nearest_addition().map(|step| step.date), addition.map(day), "{today}");
        assert_eq!(it.nearest_exclusion().map(|step| step.date), exclusion.map(day), "{today}");
        assert_eq!(list.next_change(day(today)), next.map(day), "{today}");
        let other = &edition.inbound.as_ref().unwrap()[0];
        assert_eq!((spelled(&other.ips).as_str(), other.updated), ("211.249.203.104/24", date(2023, 6, 28)));
    }
}

#[test]
fn steps_take_effect_by_network_and_in_place() {
    let check = |ips: &str, steps: Vec<Step>, wanted: &str| {
        assert_eq!(spelled(&service("it", ips, steps).on(day("2024-01-10")).ips), wanted, "{ips}");
    };
    // Another spelling of the same network; a wider one; a disjoint one; the part of an entry.
    check("1.0.0.0/32 10.0.0.9/24 2.0.0.0/32", vec![minus("2024-01-02", "10.0.0.0/24")], "1.0.0.0/32 2.0.0.0/32");
    check("10.0.0.9/24 10.0.1.0/24", vec![minus("2024-01-02", "10.0.0.0/16")], "");
    check("10.0.0.9/24", vec![minus("2024-01-02", "10.0.1.0/24 2001:db8::/32")], "10.0.0.9/24");
    check(
        "1.0.0.1/8 10.0.0.9/24 ::/1",
        vec![minus("2024-01-02", "10.0.0.70/26")],
        "1.0.0.1/8 10.0.0.0/26 10.0.0.128/25 ::/1",
    );
    // An address that two entries hold leaves both.
    check("10.0.0.0/31 10.0.0.0/30", vec![minus("2024-01-02", "10.0.0.0/32")], "10.0.0.1/32 10.0.0.1/32 10.0.0.2/31");
    // A listed network is not listed twice, whatever the spelling; one inside another is an entry of its own.
    check("10.0.0.9/24", vec![plus("2024-01-02", "10.0.0.0/24 10.0.0.5/32 10.0.0.5/32")], "10.0.0.9/24 10.0.0.5/32");
    // One day: exclusion first, in whatever order they were announced. Dates count, not the order of announcing.
    check("10.0.0.9/24", vec![plus("2024-01-02", "10.0.0.1/24"), minus("2024-01-02", "10.0.0.0/24")], "10.0.0.1/24");
    check("", vec![minus("2024-01-03", "10.0.0.1/32"), plus("2024-01-02", "10.0.0.1/32")], "");
    check("", vec![minus("2024-01-02", "10.0.0.1/32"), plus("2024-01-03", "10.0.0.1/32")], "10.0.0.1/32");
    // What is dated later has not happened.
    check("10.0.0.1/32", vec![minus("2024-01-11", "10.0.0.1/32")], "10.0.0.1/32");
}

#[test]
fn an_edition_keeps_what_is_pending_and_never_turns_a_date_back() {
    let mut it =
        service("it", "10.0.0.0/24", vec![plus("2023-01-01", "10.0.1.0/24"), minus("2024-02-01", "10.0.0.0/24")]);
    it.steps.push(minus("2024-03-01", "10.0.1.0/24"));
    let edition = list(vec![it]).on(day("2024-01-01"));
    let it = &edition.outbound.unwrap()[0];
    // The step of January 2023 is older than the service's own date.
    assert_eq!((it.updated, edition.updated), (date(2023, 6, 28), date(2023, 6, 28)));
    assert_eq!(it.steps.iter().map(|step| step.date.to_string()).collect::<Vec<_>>(), ["2024-02-01", "2024-03-01"]);
    assert_eq!(it.nearest_addition(), None);
}

#[test]
fn steps_of_one_kind_and_day_are_shown_as_one() {
    let it = service(
        "it",
        "1.1.1.1/32",
        vec![
            plus("2024-02-02", "10.0.0.9/24 10.0.9.0/24"),
            plus("2024-02-03", "10.0.3.0/24"),
            minus("2024-02-02", "1.1.1.1/32"),
            plus("2024-02-02", "10.0.1.0/24 10.0.0.0/24"),
        ],
    );
    assert_eq!(it.nearest_addition(), Some(plus("2024-02-02", "10.0.0.9/24 10.0.9.0/24 10.0.1.0/24")));
    assert_eq!(it.nearest_exclusion(), Some(minus("2024-02-02", "1.1.1.1/32")));
}

#[test]
fn a_rule_type_leaves_the_other_list_out() {
    let edition = list(vec![kapi()]).on(day("2024-01-01"));
    for (text, inbound, outbound) in [("inbound", true, false), ("outbound", false, true)] {
        let rule = RuleType::read(text).unwrap();
        assert_eq!(rule.to_string(), text);
        let part = edition.clone().only(rule);
        assert_eq!((part.inbound.is_some(), part.outbound.is_some()), (inbound, outbound));
        // The list's own date is that of the whole list.
        assert_eq!(part.updated, day("2023-07-01"));
    }
    for text in ["", "Inbound", "inbound ", "both", "in"] {
        assert_eq!(RuleType::read(text), None, "{text:?}");
    }
}

#[test]
fn a_list_with_a_flaw_is_refused_with_its_place() {
    let check = |change: fn(&mut Service), wanted: &str| {
        let (first, mut second) = (service("one", "10.0.0.0/24", vec![]), kapi());
        change(&mut second);
        let found = IpList::new(vec![], vec![first, second], date(2023, 6, 28)).unwrap_err();
        assert_eq!(found.to_string(), wanted);
        assert_eq!((found.rule, found.index), (RuleType::Outbound, 1));
    };
    check(|it| it.name = " ".into(), "outbound[1] \" \": the service has no name");
    check(|it| it.name = "a\u{1b}[2J".into(), "outbound[1] \"a\\u{1b}[2J\": the name has a control character");
    check(|it| it.name = "one".into(), "outbound[1] \"one\": an earlier service of this list has the same name");
    check(|it| it.ports.clear(), "outbound[1] \"https://kapi.kakao.com\": there is no port");
    check(|it| it.ports.push(0), "outbound[1] \"https://kapi.kakao.com\": 0 is not a port");
    check(|it| it.steps[1].ips.clear(), "outbound[1] \"https://kapi.kakao.com\": step 1 has no addresses");
    let long = "긴".repeat(60) + "…";
    let wanted = format!("outbound[1] \"{long}\": the name has more than 200 characters");
    check(|it| it.name = "긴".repeat(201), &wanted);
    let empty = |it: &mut Service| {
        it.ips.clear();
        it.steps.remove(0);
    };
    check(empty, "outbound[1] \"https://kapi.kakao.com\": there is no address, and no addition is announced");

    // The same name on both sides, a name at the limit, and a service that is still to get its addresses are fine.
    let awaiting = service("one", "", vec![plus("2024-01-01", "10.0.0.0/24")]);
    let long = service(&"긴".repeat(200), "10.0.0.0/24", vec![]);
    assert!(IpList::new(vec![awaiting.clone(), long], vec![awaiting], date(2023, 6, 28)).is_ok());
    assert!(IpList::new(vec![], vec![], date(2023, 6, 28)).is_ok());
}

#[test]
fn a_day_begins_at_midnight_of_the_zone() {
    let seoul = seoul();
    let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_millisecond();
    for (now, wanted) in [
        ("2023-06-29T14:59:59.999Z", "2023-06-29"),
        ("2023-06-29T15:00:00Z", "2023-06-30"),
        ("2023-06-30T14:59:59.999Z", "2023-06-30"),
        ("1970-01-01T00:00:00Z", "1970-01-01"),
        // Korea had summer time in 1988: midnight was at 14:00 UTC.
        ("1988-07-01T14:00:00Z", "1988-07-02"),
    ] {
        assert_eq!(date_at(at(now), &seoul), day(wanted), "{now}");
    }
    assert_eq!(date_at(at("2023-06-29T23:59:59Z"), &jiff::tz::TimeZone::UTC), day("2023-06-29"));
    assert_eq!(date_at(i64::MAX, &seoul), date(9999, 12, 31));
    assert_eq!(date_at(i64::MIN, &seoul).year(), -9999);
}
