//! Properties: the schedule and the cover against a naive reckoning over single addresses.
//!
//! The address space is 256 addresses, so that a set of them can be written out; the list lives in `10.0.0.0/24` or
//! in `2001:db8::/120`, with some entries wider than that.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::ops::Range;

use ipnet::IpNet;
use jiff::ToSpan;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// A family of 256 addresses.
#[derive(Clone, Copy, Debug)]
pub(super) enum Space {
    V4,
    V6,
}

impl Space {
    pub(super) fn address(self, host: u8) -> IpAddr {
        match self {
            Space::V4 => [10, 0, 0, host].into(),
            Space::V6 => [0x2001, 0xdb8, 0, 0, 0, 0, 0, u16::from(host)].into(),
        }
    }

    /// The block of `host` with all but `bits` bits fixed, spelled with its host bits.
    fn block(self, host: u8, bits: u8) -> Cidr {
        let width = if matches!(self, Space::V4) { 32 } else { 128 };
        format!("{}/{}", self.address(host), width - bits).parse().unwrap()
    }

    pub(super) fn held_by<'a>(self, networks: impl Iterator<Item = IpNet> + Clone + 'a) -> BTreeSet<u8> {
        (0..=u8::MAX).filter(|host| networks.clone().any(|net| net.contains(&self.address(*host)))).collect()
    }
}

pub(super) fn space() -> impl Strategy<Value = Space> {
    prop_oneof![Just(Space::V4), Just(Space::V6)]
}

/// Blocks with at most `bits` free bits.
fn blocks(space: Space, bits: u8, count: Range<usize>) -> impl Strategy<Value = Vec<Cidr>> {
    vec((any::<u8>(), 0..=bits).prop_map(move |(host, bits)| space.block(host, bits)), count)
}

/// Day `n` of the schedule.
pub(super) fn nth(n: i8) -> Date {
    date(2024, 2, 27) + n.days()
}

fn step(space: Space) -> impl Strategy<Value = Step> {
    let change = prop_oneof![Just(Change::Addition), Just(Change::Exclusion)];
    (change, 1..7_i8, blocks(space, 10, 1..4)).prop_map(|(change, n, ips)| Step::new(change, nth(n), ips))
}

pub(super) fn scheduled() -> impl Strategy<Value = (Space, Service)> {
    space().prop_flat_map(|space| {
        let parts = (blocks(space, 10, 1..6), vec(step(space), 0..8));
        parts.prop_map(move |(ips, steps)| {
            let service = Service { ips, steps, ..service("it", "", vec![]) };
            (space, Service { updated: nth(0), ..service })
        })
    })
}

pub(super) fn addresses(space: Space, ips: &[Cidr]) -> BTreeSet<u8> {
    space.held_by(ips.iter().map(Cidr::network))
}

proptest! {
    #[test]
    fn the_edition_of_a_day_is_what_a_day_by_day_reckoning_gives((space, service) in scheduled()) {
        let mut naive = addresses(space, &service.ips);
        let mut last = nth(0);
        for n in 0..8 {
            let today = nth(n);
            for change in [Change::Exclusion, Change::Addition] {
                for step in service.steps.iter().filter(|step| step.date == today && step.change == change) {
                    last = today;
                    let meant = addresses(space, &step.ips);
                    match change {
                        Change::Exclusion => naive.retain(|host| !meant.contains(host)),
                        Change::Addition => naive.extend(meant),
                    }
                }
            }
            let edition = service.on(today);
            prop_assert_eq!(&addresses(space, &edition.ips), &naive);
            prop_assert_eq!(edition.updated, last);
            prop_assert_eq!(edition.steps.len(), service.steps.iter().filter(|step| step.date > today).count());
        }
    }

    #[test]
    fn an_edition_taken_later_from_an_earlier_one_is_the_same((_, service) in scheduled(), a in 0..8_i8, b in 0..8_i8) {
        let (early, late) = (nth(a.min(b)), nth(a.max(b)));
        prop_assert_eq!(service.on(early).on(late), service.on(late));
    }

    #[test]
    fn nothing_changes_before_the_next_change((_, service) in scheduled(), n in 0..8_i8) {
        let list = list(vec![service]);
        let next = list.next_change(nth(n)).unwrap_or_else(|| nth(20));
        let asleep = |date| list.on(date).outbound;
        prop_assert!(next > nth(n));
        prop_assert_eq!(asleep(next.yesterday().unwrap()), asleep(nth(n)));
        if next < nth(20) {
            prop_assert_ne!(asleep(next), asleep(nth(n)));
        }
    }

    #[test]
    fn a_cover_holds_exactly_its_set_in_the_fewest_networks(space in space(), hosts in vec(any::<u8>(), 0..200)) {
        let set: BTreeSet<u8> = hosts.iter().copied().collect();
        let cover = Cover::of(hosts.iter().map(|host| space.block(*host, 0).network()));
        prop_assert_eq!(space.held_by(cover.networks().iter().copied()), set.clone());
        prop_assert_eq!(cover.networks().len(), fewest(&set));
        prop_assert!(cover.networks().is_sorted());
    }

    #[test]
    fn a_rest_holds_exactly_what_is_left_in_the_fewest_networks(
        (space, from, holes) in space().prop_flat_map(|it| (Just(it), blocks(it, 8, 0..6), blocks(it, 10, 0..6))),
    ) {
        let cover = |ips: &[Cidr]| Cover::of(ips.iter().map(Cidr::network));
        let left = cover(&from).without(&cover(&holes));
        let naive: BTreeSet<u8> = addresses(space, &from).difference(&addresses(space, &holes)).copied().collect();
        prop_assert_eq!(space.held_by(left.networks().iter().copied()), naive.clone());
        prop_assert_eq!(left.networks().len(), fewest(&naive));
        prop_assert!(left.networks().is_sorted());
        // No part reaches outside the 256 addresses that the reckoning can see.
        prop_assert!(left.networks().iter().all(|net| space.block(0, 8).network().contains(net)));
    }

    #[test]
    fn an_exclusion_leaves_no_entry_wider_than_before((_, service) in scheduled(), n in 0..8_i8) {
        let announced = service.steps.iter().flat_map(|step| &step.ips).chain(&service.ips);
        for cidr in service.on(nth(n)).ips {
            prop_assert!(announced.clone().any(|entry| entry.network().contains(&cidr.network())), "{cidr}");
            let typed = announced.clone().any(|entry| *entry == cidr);
            prop_assert!(typed || cidr == Cidr::canonical(cidr.network()), "{cidr} was neither typed nor is canonical");
        }
    }

    #[test]
    fn what_was_read_is_published_and_read_again(space in space(), host: u8, bits in 0..=32_u8) {
        let cidr = space.block(host, bits);
        prop_assert_eq!(cidr.as_published().parse::<Cidr>(), Ok(cidr.clone()));
        let canonical = Cidr::canonical(cidr.network());
        prop_assert_eq!(canonical.as_published().parse::<Cidr>(), Ok(canonical.clone()));
        prop_assert_eq!(canonical.network(), cidr.network());
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in any::<String>()) {
        if let Ok(cidr) = text.parse::<Cidr>() {
            prop_assert_eq!(cidr.as_published(), text);
        }
    }

    #[test]
    fn what_looks_like_a_block_is_read_or_refused(text in "[0-9a-f:.]{0,20}%?[+ ]?/[+-]?[0-9]{0,4}[ \n/]?") {
        if let Ok(cidr) = text.parse::<Cidr>() {
            prop_assert_eq!(cidr.network(), text.parse::<IpNet>().unwrap().trunc());
        }
    }
}

/// How many networks a set needs at least: by halving the space until a half is full or empty.
fn fewest(set: &BTreeSet<u8>) -> usize {
    fn of(set: &BTreeSet<u8>, low: usize, size: usize) -> usize {
        let held = (low..low + size).filter(|host| set.contains(&(*host as u8))).count();
        match held {
            0 => 0,
            all if all == size => 1,
            _ => of(set, low, size / 2) + of(set, low + size / 2, size / 2),
        }
    }
    of(set, 0, 256)
}
