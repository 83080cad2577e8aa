//! What a follower has in force, and what it finds unannounced: tables, and properties against single addresses.

use std::collections::BTreeSet;

use jiff::ToSpan;
use proptest::collection::vec;
use proptest::prelude::*;

use super::brute::{Space, addresses, nth, scheduled, space};
use super::*;

fn nets(allowed: &[Allowed]) -> String {
    let nets = allowed.iter().flat_map(|it| it.cover.networks()).map(ToString::to_string);
    nets.collect::<Vec<_>>().join(" ")
}

fn outbound(ips: &str, steps: Vec<Step>) -> IpList {
    IpList::new(vec![], vec![service("it", ips, steps)], day("2024-01-01")).unwrap()
}

#[test]
fn additions_are_early_and_removals_late() {
    let steps = vec![plus("2024-01-10", "1.0.0.1/32"), minus("2024-01-20", "1.0.0.0/32")];
    let chronicle = Chronicle::new(day("2024-01-01"), outbound("1.0.0.0/32", steps));
    let window = Window { early: 2, late: 3 };
    for (today, wanted, next) in [
        ("2024-01-01", "1.0.0.0/32", Some("2024-01-08")),
        ("2024-01-07", "1.0.0.0/32", Some("2024-01-08")),
        ("2024-01-08", "1.0.0.0/31", Some("2024-01-23")),
        ("2024-01-22", "1.0.0.0/31", Some("2024-01-23")),
        ("2024-01-23", "1.0.0.1/32", None),
        ("2024-12-31", "1.0.0.1/32", None),
    ] {
        assert_eq!(nets(&chronicle.wanted(day(today), window)), wanted, "{today}");
        assert_eq!(chronicle.next_turn(day(today), window), next.map(day), "{today}");
    }
    let exact = Window::default();
    for (today, wanted) in [
        ("2024-01-09", "1.0.0.0/32"),
        ("2024-01-10", "1.0.0.0/31"),
        ("2024-01-19", "1.0.0.0/31"),
        ("2024-01-20", "1.0.0.1/32"),
    ] {
        assert_eq!(nets(&chronicle.wanted(day(today), exact)), wanted, "{today}");
    }
}

/// The platform's own list forgets an exclusion on its day; whoever removes late must remember it, and end it.
#[test]
fn a_removal_that_the_list_has_forgotten_is_neither_early_nor_forgotten() {
    let mut chronicle =
        Chronicle::new(day("2024-01-01"), outbound("1.0.0.0/32 2.0.0.0/32", vec![minus("2024-01-10", "1.0.0.0/32")]));
    chronicle.believe(day("2024-01-10"), outbound("2.0.0.0/32", vec![]));
    let window = Window { early: 0, late: 2 };
    for (today, wanted) in [
        ("2024-01-09", "1.0.0.0/32 2.0.0.0/32"),
        ("2024-01-10", "1.0.0.0/32 2.0.0.0/32"),
        ("2024-01-11", "1.0.0.0/32 2.0.0.0/32"),
        ("2024-01-12", "2.0.0.0/32"),
        ("2024-06-01", "2.0.0.0/32"),
    ] {
        assert_eq!(nets(&chronicle.wanted(day(today), window)), wanted, "{today}");
    }
    assert_eq!(nets(&chronicle.wanted(day("2024-01-10"), Window::default())), "2.0.0.0/32");
    assert_eq!(chronicle.next_turn(day("2024-01-10"), window), Some(day("2024-01-12")));
}

#[test]
fn an_address_has_its_dates_and_a_reason() {
    let steps = vec![plus("2024-01-10", "1.0.0.0/30"), minus("2024-01-20", "1.0.0.1/32")];
    let chronicle = Chronicle::new(day("2024-01-01"), outbound("9.0.0.0/24", steps));
    let window = Window { early: 1, late: 1 };
    let check = |address: &str, today: &str, listed, since: Option<&str>, until: Option<&str>, held| {
        let found = chronicle.standings(address.parse().unwrap(), day(today), window);
        let stretch = Stretch { listed, since: since.map(day), until: until.map(day) };
        assert_eq!(found.iter().map(|it| (it.stretch, it.held)).collect::<Vec<_>>(), [(stretch, held)], "{today}");
    };
    check("1.0.0.1", "2024-01-01", false, None, Some("2024-01-10"), Held::No);
    check("1.0.0.1", "2024-01-09", false, None, Some("2024-01-10"), Held::Early);
    check("1.0.0.1", "2024-01-10", true, Some("2024-01-10"), Some("2024-01-20"), Held::Listed);
    check("1.0.0.1", "2024-01-20", false, Some("2024-01-20"), None, Held::Late);
    check("1.0.0.1", "2024-01-21", false, Some("2024-01-20"), None, Held::No);
    check("1.0.0.2", "2024-02-01", true, Some("2024-01-10"), None, Held::Listed);
    check("9.0.0.9", "2024-02-01", true, None, None, Held::Listed);
    assert_eq!(chronicle.standings("8.8.8.8".parse().unwrap(), day("2024-01-10"), window), []);
}

#[test]
fn what_left_is_told_by_what_was_announced() {
    let steps =
        vec![minus("2024-01-10", "1.0.0.0/32"), minus("2024-02-01", "2.0.0.0/32"), plus("2024-01-10", "3.0.0.0/32")];
    let old = outbound("1.0.0.0/32 2.0.0.0/32 4.0.0.0/32 5.0.0.0/24", steps);
    let new = outbound("3.0.0.0/32 5.0.0.0/25 6.0.0.0/32", vec![]);
    let [it] = &compare(&old, day("2024-01-02"), &new, day("2024-01-12"))[..] else { panic!("one service differs") };
    let text = |cover: &Cover| cover.networks().iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    assert_eq!(text(&it.gone.on_time), "1.0.0.0/32");
    assert_eq!(text(&it.gone.too_soon), "2.0.0.0/32");
    assert_eq!(text(&it.gone.unannounced), "4.0.0.0/32 5.0.0.128/25");
    assert_eq!((text(&it.come.on_time), text(&it.come.unannounced)), ("3.0.0.0/32".into(), "6.0.0.0/32".into()));
    assert!(it.shrinks_beyond(49) && !it.shrinks_beyond(50), "two of four networks are broken");
    // Without a change nothing differs, and a list that keeps to its own schedule loses nothing unannounced.
    assert_eq!(compare(&old, day("2024-01-02"), &old, day("2024-01-02")), []);
    let kept = compare(&old, day("2024-01-02"), &old, day("2024-03-01"));
    assert!(kept.iter().all(|it| it.gone.unannounced.is_empty() && !it.shrinks_beyond(0)));
    // A service that is gone altogether has lost everything.
    let none = IpList::new(vec![], vec![], day("2024-01-01")).unwrap();
    assert!(compare(&old, day("2024-01-02"), &none, day("2024-01-02"))[0].shrinks_beyond(99));
}

#[test]
fn an_unwise_list_is_told_so() {
    let check = |ips: &str, steps: Vec<Step>, wanted: &[&str]| {
        let remarks = outbound(ips, steps).lint(day("2024-01-05"));
        assert_eq!(remarks.iter().map(|it| it.about.to_string()).collect::<Vec<_>>(), wanted, "{ips}");
    };
    check("1.0.0.0/24 2.0.0.0/24", vec![plus("2024-02-01", "3.0.0.0/24"), minus("2024-02-02", "1.0.0.0/24")], &[]);
    check("0.0.0.0/0", vec![], &["0.0.0.0/0 is every address there is"]);
    check("64.0.0.0/7", vec![], &["64.0.0.0/7 is wider than any one platform is"]);
    check("192.168.3.0/24", vec![], &["192.168.3.0/24 is set aside (private)"]);
    check("1.0.0.1/24", vec![], &["1.0.0.1/24 has host bits, and means 1.0.0.0/24"]);
    check("2404:4600:0:0::/64", vec![], &[]);
    check(
        "1.0.0.0/24 1.0.0.0/24 1.0.0.8/32",
        vec![],
        &["1.0.0.0/24 is there twice", "1.0.0.8/32 lies inside 1.0.0.0/24"],
    );
    check(
        "1.0.0.0/24 2.0.0.0/24",
        vec![minus("2024-02-01", "3.0.0.0/24 1.0.0.0/23")],
        &[
            "3.0.0.0/24 is to leave on 2024-02-01, and will not be there",
            "1.0.0.0/23 is to leave on 2024-02-01, and will be there in part only",
        ],
    );
    check(
        "1.0.0.0/24",
        vec![plus("2024-02-01", "1.0.0.0/25")],
        &["1.0.0.0/25 is to come on 2024-02-01, and will be there already"],
    );
    check("1.0.0.0/24", vec![minus("2024-02-01", "1.0.0.0/24")], &["there is no address from 2024-02-01 on"]);
    check(
        "1.0.0.0/24 9.0.0.0/24",
        vec![minus("2024-02-01", "1.0.0.0/24"), plus("2024-02-01", "2.0.0.0/24")],
        &["addresses are replaced on 2024-02-01 without a day that has both"],
    );
    check(
        "1.0.0.0/24 9.0.0.0/24",
        vec![minus("2024-02-01", "1.0.0.0/24"), plus("2024-02-03", "2.0.0.0/24"), plus("2024-02-04", "3.0.0.0/24")],
        &["addresses leave on 2024-02-01 and others come on 2024-02-03: no day has both, if they replace them"],
    );
    check("1.0.0.0/24 9.0.0.0/24", vec![minus("2024-02-01", "1.0.0.0/24"), plus("2024-04-03", "2.0.0.0/24")], &[]);
    check(
        "1.0.0.0/24 9.0.0.0/24",
        vec![plus("2024-01-30", "2.0.0.0/24"), minus("2024-02-01", "1.0.0.0/24"), plus("2024-02-03", "3.0.0.0/24")],
        &[],
    );
    check(
        "1.0.0.0/24",
        vec![minus("2024-01-05", "1.0.0.0/24"), plus("2024-01-05", "1.0.0.0/24")],
        &[
            "2024-01-05 has come, and its exclusion is still announced",
            "2024-01-05 has come, and its addition is still announced",
            "1.0.0.0/24 leaves and comes on 2024-01-05, and so stays",
        ],
    );
    let two = IpList::new(
        vec![],
        vec![service("a", "1.0.0.0/24", vec![]), service("b", "1.0.0.0/25", vec![])],
        day("2024-01-01"),
    );
    let remarks = two.unwrap().lint(day("2024-01-05"));
    assert_eq!(
        remarks.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["outbound \"b\": 1.0.0.0/25 is also in \"a\""]
    );
    assert!(remarks.iter().all(|it| it.about.weight() == Weight::Note && !it.about.opens_too_much()));
}

fn listed(space: Space, service: &Service, n: i8) -> BTreeSet<u8> {
    addresses(space, &service.on(nth(n)).ips)
}

/// Lists of one service that follow each other, each with the day on which it is first believed.
fn history() -> impl Strategy<Value = (Space, Vec<(i8, Service)>)> {
    (space(), vec((0..8_i8, scheduled()), 1..4)).prop_map(|(space, mut versions)| {
        versions.sort_by_key(|(since, _)| *since);
        // Every version was drawn in a space of its own; those of another family stand for a service that changed it.
        (space, versions.into_iter().map(|(since, (_, service))| (since, service)).collect())
    })
}

fn chronicle(versions: &[(i8, Service)]) -> Chronicle {
    let list = |service: &Service| IpList::new(vec![], vec![service.clone()], nth(0)).unwrap();
    let mut chronicle = Chronicle::new(nth(versions[0].0), list(&versions[0].1));
    for (since, service) in &versions[1..] {
        chronicle.believe(nth(*since), list(service));
    }
    chronicle
}

/// Day by day, address by address: is it in force on one of the days of the window?
fn naive(space: Space, versions: &[(i8, Service)], today: i8, window: Window) -> BTreeSet<u8> {
    let mut set = BTreeSet::new();
    let known: Vec<_> = versions.iter().enumerate().filter(|(at, (since, _))| *at == 0 || *since <= today).collect();
    let (early, late) = (window.early as i8, window.late as i8);
    for (at, (since, service)) in &known {
        let newest = at + 1 == known.len();
        let replaced = if newest { i8::MAX } else { known[at + 1].1.0 };
        for n in today - late..=today + early {
            let believed = (*at == 0 || *since <= n) && n <= replaced;
            let counts = if newest { believed } else { believed && late > 0 && n <= today };
            if counts {
                set.extend(listed(space, service, n));
            }
        }
    }
    set
}

proptest! {
    // Each case walks through days and addresses by hand; more of them tell no more and take minutes unoptimised.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_wanted_is_what_a_day_by_day_reckoning_gives(
        (space, versions) in history(), today in 0..12_i8, early in 0..4_u16, late in 0..4_u16,
    ) {
        let window = Window { early, late };
        let wanted = chronicle(&versions).wanted(nth(today), window);
        let cover = Cover::of(wanted.iter().flat_map(|it| it.cover.networks().iter().copied()));
        prop_assert_eq!(space.held_by(cover.networks().iter().copied()), naive(space, &versions, today, window));
    }

    /// However long nobody looks, and whatever list came in between, an address is let through for the days of the
    /// window and not for one more.
    #[test]
    fn no_removal_is_forgotten((space, versions) in history(), early in 0..4_u16, late in 0..4_u16) {
        let window = Window { early, late };
        let last = &versions.last().unwrap().1;
        let wanted = chronicle(&versions).wanted(nth(20), window);
        let cover = Cover::of(wanted.iter().flat_map(|it| it.cover.networks().iter().copied()));
        prop_assert_eq!(space.held_by(cover.networks().iter().copied()), listed(space, last, 20));
    }

    #[test]
    fn nothing_turns_before_the_next_turn(
        (_, versions) in history(), today in 0..12_i8, early in 0..4_u16, late in 0..4_u16,
    ) {
        let (window, chronicle) = (Window { early, late }, chronicle(&versions));
        // Versions that come later change what is wanted too: they are no part of this question.
        let today = today.max(versions.last().unwrap().0);
        let next = chronicle.next_turn(nth(today), window).unwrap_or_else(|| nth(30));
        let now = chronicle.wanted(nth(today), window);
        prop_assert!(next > nth(today));
        let mut day = nth(today);
        while day < next {
            prop_assert_eq!(&chronicle.wanted(day, window), &now);
            day = day.saturating_add(1.days());
        }
        if next < nth(30) {
            prop_assert_ne!(chronicle.wanted(next, window), now);
        }
    }

    #[test]
    fn an_address_is_let_through_exactly_when_its_standing_says_so(
        (space, versions) in history(), today in 0..12_i8, early in 0..4_u16, late in 0..4_u16, host: u8,
    ) {
        let (window, chronicle, address) = (Window { early, late }, chronicle(&versions), space.address(host));
        let wanted = chronicle.wanted(nth(today), window);
        let through = wanted.iter().any(|it| it.cover.holder_of(address).is_some());
        let standings = chronicle.standings(address, nth(today), window);
        prop_assert_eq!(standings.iter().any(|it| it.held != Held::No), through);
    }

    /// The rows of a day are disjoint, are what is let through, and every address has the days of its row.
    #[test]
    fn the_rows_of_a_day_tell_the_days_of_each_address(
        (space, versions) in history(), today in 0..12_i8, early in 0..4_u16, late in 0..4_u16,
    ) {
        let (window, chronicle) = (Window { early, late }, chronicle(&versions));
        let rows = chronicle.networks(nth(today), window);
        let wanted = chronicle.wanted(nth(today), window);
        let sizes = |cover: &Cover| { let (v4, v6) = cover.sizes(); u128::from(v4) + v6 };
        let single: u128 = rows.iter().map(|(net, _)| sizes(&Cover::of([*net]))).sum();
        prop_assert_eq!(single, wanted.iter().map(|it| sizes(&it.cover)).sum::<u128>());
        for host in 0..=u8::MAX {
            let address = space.address(host);
            for (_, row) in rows.iter().filter(|(net, _)| net.contains(&address)) {
                prop_assert_eq!(&chronicle.standings(address, nth(today), window)[0], row);
            }
        }
    }

    #[test]
    fn a_stretch_is_as_long_as_a_day_by_day_reckoning_finds_it((space, service) in scheduled(), n in 0..9_i8, host: u8) {
        let stretch = Timeline::of(&service).stretch(space.address(host), nth(n));
        let is = |n: i8| listed(space, &service, n).contains(&host);
        prop_assert_eq!(stretch.listed, is(n));
        prop_assert_eq!(stretch.until, (n..10).find(|day| is(*day) != is(n)).map(nth));
        prop_assert_eq!(stretch.since, (0..n).rev().find(|day| is(*day) != is(n)).map(|day| nth(day + 1)));
    }

    #[test]
    fn sets_meet_and_join_as_sets_of_addresses_do((space, one) in scheduled(), (_, two) in scheduled()) {
        let cover = |it: &Service| Cover::of(it.ips.iter().map(Cidr::network));
        let (a, b) = (cover(&one), cover(&two));
        let set = |it: &Cover| space.held_by(it.networks().iter().copied());
        let (left, right) = (set(&a), set(&b));
        let (both, any) = (a.shared_with(&b), a.and(&b));
        prop_assert_eq!(set(&both), left.intersection(&right).copied().collect::<BTreeSet<_>>());
        prop_assert_eq!(set(&any), left.union(&right).copied().collect::<BTreeSet<_>>());
        // The fewest networks: covering the result again changes nothing.
        prop_assert_eq!(&Cover::of(both.networks().to_vec()), &both);
        prop_assert_eq!(&Cover::of(any.networks().to_vec()), &any);
        for host in 0..=u8::MAX {
            let held = a.holder_of(space.address(host));
            prop_assert_eq!(held.is_some(), left.contains(&host));
        }
    }

    /// Every address that left is in one of the three heaps, and only what the older list said decides which.
    #[test]
    fn every_disappearance_is_told_once_and_rightly((space, old) in scheduled(), (_, new) in scheduled(), seen in 0..8_i8, away in 0..4_i8) {
        let today = seen + away;
        let list = |it: &Service| IpList::new(vec![], vec![it.clone()], nth(0)).unwrap();
        let found = compare(&list(&old), nth(seen), &list(&new), nth(today));
        let (before, foreseen, after) = (listed(space, &old, seen), listed(space, &old, today), listed(space, &new, today));
        let exclusions = old.steps.iter().filter(|it| it.change == Change::Exclusion && it.date > nth(today));
        let later: BTreeSet<u8> = exclusions.flat_map(|it| addresses(space, &it.ips)).collect();
        let heaps = |pick: fn(&Movement) -> &Cover| -> BTreeSet<u8> {
            found.iter().flat_map(|it| space.held_by(pick(&it.gone).networks().iter().copied())).collect()
        };
        for host in 0..=u8::MAX {
            let lost = before.contains(&host) && !after.contains(&host);
            let due = lost && !foreseen.contains(&host);
            let soon = lost && !due && later.contains(&host);
            prop_assert_eq!(heaps(|it| &it.on_time).contains(&host), due);
            prop_assert_eq!(heaps(|it| &it.too_soon).contains(&host), soon);
            prop_assert_eq!(heaps(|it| &it.unannounced).contains(&host), lost && !due && !soon);
        }
    }
}
