//! Tables for what is refused on publication, why an entry is in force, and what one version changes in another.

use super::*;
use crate::ips::{Revision, Terms, Why, revise};

fn terms(today: &str) -> Terms {
    Terms { today: day(today), allow_reserved: false }
}

fn one(ips: &str, steps: Vec<Step>) -> IpList {
    IpList::new(vec![service("callback", ips, steps)], vec![], date(2023, 6, 28)).unwrap()
}

#[track_caller]
fn refuses(list: &IpList, today: &str, wanted: &[&str]) {
    let verdict = list.verdict(None, &terms(today));
    let told: Vec<String> = verdict.refusals.iter().map(ToString::to_string).collect();
    assert_eq!(told, wanted);
}

#[test]
fn what_lint_refuses_is_refused_with_its_reason() {
    const ON: &str = "2026-01-01";
    refuses(&one("211.249.203.104/24", vec![]), ON, &[]);
    refuses(&one("1.2.3.4/0", vec![]), ON, &["inbound \"callback\": 1.2.3.4/0 is every address there is"]);
    refuses(&one("::/0", vec![]), ON, &["inbound \"callback\": ::/0 is every address there is"]);
    refuses(&one("10.1.0.0/16", vec![]), ON, &["inbound \"callback\": 10.1.0.0/16 is set aside (private)"]);
    let twice = one("211.249.203.104/24 211.249.203.0/24", vec![]);
    refuses(&twice, ON, &["inbound \"callback\": 211.249.203.0/24 is there twice"]);
    let nothing = one("1.1.1.0/24", vec![minus("2026-02-01", "1.1.2.0/24")]);
    refuses(&nothing, ON, &["inbound \"callback\": 1.1.2.0/24 is to leave on 2026-02-01, and will not be there"]);
    let empty = one("1.1.1.0/24", vec![minus("2026-02-01", "1.1.0.0/16"), plus("2026-03-01", "1.1.3.0/24")]);
    assert!(!empty.verdict(None, &terms(ON)).refusals.is_empty());
    let replaced = one("1.1.1.0/24", vec![minus("2026-02-01", "1.1.1.0/24"), plus("2026-02-01", "1.1.3.0/24")]);
    assert_eq!(replaced.verdict(None, &terms(ON)).refusals.len(), 1);
    let a_day = one("1.1.1.0/24", vec![minus("2026-02-02", "1.1.1.0/24"), plus("2026-02-01", "1.1.3.0/24")]);
    refuses(&a_day, ON, &[]);
    refuses(
        &a_day,
        "2023-06-27",
        &[
            "the day of the last change, 2023-06-28, lies ahead",
            "inbound \"callback\": the day of the last change, 2023-06-28, lies ahead",
        ],
    );
    let none = IpList::new(vec![], vec![], date(2023, 6, 28)).unwrap();
    refuses(&none, ON, &["the list has no service"]);
    let gone = one("1.1.1.0/24", vec![minus("2025-02-02", "1.1.1.0/24"), plus("2023-02-01", "1.1.1.0/25")]);
    assert!(gone.verdict(None, &terms(ON)).refusals.iter().any(|it| it.about == About::Empty(Some(day(ON)))));
}

#[test]
fn partly_there_and_what_is_past_is_a_warning_or_less() {
    let partly = one("1.1.1.0/25 1.2.0.0/16", vec![minus("2026-02-01", "1.1.1.0/24")]);
    let verdict = partly.verdict(None, &terms("2026-01-01"));
    assert_eq!(verdict.refusals, []);
    let excludes_part = About::ExcludesPart(day("2026-02-01"), "1.1.1.0/24".parse().unwrap());
    assert_eq!(verdict.others[0].about, excludes_part);
    // The day has come: it cannot be announced better any more.
    let past = one("1.1.1.0/24", vec![minus("2026-02-01", "1.1.1.0/24"), plus("2026-02-01", "1.1.3.0/24")]);
    let verdict = past.verdict(None, &terms("2026-02-01"));
    assert_eq!(verdict.refusals, []);
    assert_eq!(verdict.others.iter().filter(|it| matches!(it.about, About::Past(..))).count(), 2);
}

#[test]
fn private_ranges_are_published_where_that_is_allowed() {
    let list = one("10.1.0.0/16", vec![]);
    let allowed = Terms { allow_reserved: true, ..terms("2026-01-01") };
    assert_eq!(list.verdict(None, &allowed).refusals, []);
    assert_eq!(one("0.0.0.0/0", vec![]).verdict(None, &allowed).refusals.len(), 1);
}

#[test]
fn what_leaves_unannounced_is_told() {
    let before = one("1.1.1.0/24 1.1.2.0/24", vec![minus("2026-01-05", "1.1.2.0/24")]);
    let after = one("1.1.1.0/25", vec![]);
    let told = |today| {
        let verdict = after.verdict(Some(&before), &terms(today));
        let of =
            |it: &Remark| if let About::Unannounced(network) = it.about { Some(network.to_string()) } else { None };
        verdict.others.iter().filter_map(of).collect::<Vec<_>>()
    };
    assert_eq!(told("2026-01-04"), ["1.1.1.128/25", "1.1.2.0/24"]);
    assert_eq!(told("2026-01-05"), ["1.1.1.128/25"]);
}

#[test]
fn every_entry_has_its_reason_and_its_end() {
    let it = service(
        "callback",
        "1.1.0.1/16 2.2.2.0/24",
        vec![plus("2026-02-01", "3.3.3.0/24"), minus("2026-03-01", "1.1.0.0/17"), minus("2026-04-01", "2.2.2.2/32")],
    );
    let seen = |today: &str| {
        let word = |why: &Why| match why {
            Why::Listed => "listed".to_owned(),
            Why::Added(at) => format!("added {at}"),
            Why::Rest { of, step } => format!("rest of {of} {step}"),
        };
        let reasons = it.reasons(day(today));
        assert_eq!(reasons.iter().map(|it| it.cidr.clone()).collect::<Vec<_>>(), it.on(day(today)).ips);
        let line = |it: &crate::ips::Reasoned| {
            format!("{} {} {}", it.cidr, word(&it.why), it.until.map(|day| day.to_string()).unwrap_or_default())
        };
        reasons.iter().map(|it| line(it).trim().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(seen("2026-01-31"), ["1.1.0.1/16 listed 2026-03-01", "2.2.2.0/24 listed 2026-04-01"]);
    assert_eq!(
        seen("2026-03-01"),
        ["1.1.128.0/17 rest of 1.1.0.1/16 1", "2.2.2.0/24 listed 2026-04-01", "3.3.3.0/24 added 0"]
    );
    assert_eq!(it.left(day("2026-03-01")), [(1, cidrs("1.1.0.0/17"))]);
    assert_eq!(it.left(day("2026-02-28")), []);
}

#[test]
fn a_revision_is_what_a_publisher_changed() {
    let old = one("1.1.1.1/24 2.2.2.0/24", vec![plus("2026-02-01", "3.3.3.0/24")]);
    let mut noted = plus("2026-02-01", "3.3.3.0/24");
    noted.note = "new site".to_owned();
    let mut now = service("callback", "1.1.1.0/24 2.2.2.0/24", vec![noted.clone()]);
    now.ports = vec![443, 80];
    let new = IpList::new(vec![now], vec![service("kapi", "9.9.9.0/24", vec![])], date(2023, 6, 28)).unwrap();
    let (was, is) = (old.on(day("2026-01-01")), new.on(day("2026-01-01")));
    assert_eq!(revise(Some(&was), &was), []);
    let changes = revise(Some(&was), &is);
    let kinds: Vec<_> = changes.iter().map(|it| (it.service.as_str(), it.revision)).collect();
    assert_eq!(kinds, [("callback", Revision::Changed), ("kapi", Revision::Come)]);
    assert_eq!(changes[0].ports, Some((vec![443], vec![443, 80])));
    assert_eq!((spelled(&changes[0].gone), spelled(&changes[0].come)), ("1.1.1.1/24".into(), "1.1.1.0/24".into()));
    assert_eq!((changes[0].withdrawn.len(), &changes[0].announced), (1, &vec![noted]));
    assert_eq!(revise(Some(&is), &was)[1].revision, Revision::Gone);
    assert_eq!(revise(None, &is).len(), 2);
}

#[test]
fn another_list_is_another_text() {
    let list = list(vec![kapi()]);
    assert!(list.text().starts_with(
        "bizauth ip list 1\nupdated 2023-06-28\n\ninbound callback\nupdated 2023-06-28\nports 443\nip 211.249.203.104/24\n"
    ));
    assert!(list.text().contains("\naddition 2023-06-30\nip 111.111.111.0/32\n"));
    let mut noted = kapi();
    noted.steps[0].note = "why".to_owned();
    let mut named = kapi();
    named.steps[0].announced_by = "kim".to_owned();
    let other = |service| super::list(vec![service]).content();
    assert_ne!(other(noted), list.content());
    assert_eq!(other(named), list.content(), "who announced it is not published");
}
