//! Arithmetic on sets of addresses: the fewest networks that hold a set, and what a network keeps when others leave it.
//!
//! Nothing here ever widens: the result holds exactly the addresses asked for, because one address too many in a
//! firewall is a hole and one too few is an outage. Spellings and dates are no concern of this file.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// A set of addresses as the fewest networks that hold exactly it: disjoint, canonical, ascending, IPv4 first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cover {
    networks: Vec<IpNet>,
}

/// What is left of one network after others were taken out of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rest {
    /// Nothing was taken.
    Whole,
    /// Everything was taken.
    Gone,
    /// A part was taken; these are the fewest networks that hold the rest, ascending.
    Parts(Vec<IpNet>),
}

impl Cover {
    /// The union of `networks`, which may overlap, repeat and have host bits.
    pub fn of(networks: impl IntoIterator<Item = IpNet>) -> Cover {
        let mut sorted: Vec<IpNet> = networks.into_iter().map(|network| network.trunc()).collect();
        // Sorted by address and then by prefix, a network comes before everything inside it.
        sorted.sort_unstable();
        let mut cover: Vec<IpNet> = Vec::new();
        for network in sorted {
            if cover.last().is_some_and(|last| last.contains(&network)) {
                continue;
            }
            let mut network = network;
            while let Some(union) = cover.last().and_then(|last| join(*last, network)) {
                cover.pop();
                network = union;
            }
            cover.push(network);
        }
        Cover { networks: cover }
    }

    /// The networks, ascending.
    pub fn networks(&self) -> &[IpNet] {
        &self.networks
    }

    /// Whether the set has no address.
    pub fn is_empty(&self) -> bool {
        self.networks.is_empty()
    }

    /// The IPv4 networks, ascending.
    pub fn v4(&self) -> impl Iterator<Item = Ipv4Net> {
        self.networks.iter().filter_map(|network| match network {
            IpNet::V4(network) => Some(*network),
            IpNet::V6(_) => None,
        })
    }

    /// The IPv6 networks, ascending.
    pub fn v6(&self) -> impl Iterator<Item = Ipv6Net> {
        self.networks.iter().filter_map(|network| match network {
            IpNet::V4(_) => None,
            IpNet::V6(network) => Some(*network),
        })
    }

    /// The network of the set that holds `address`, if there is one.
    pub fn holder_of(&self, address: IpAddr) -> Option<IpNet> {
        let end = self.networks.partition_point(|network| network.network() <= address);
        let candidate = *self.networks[..end].last()?;
        candidate.contains(&address).then_some(candidate)
    }

    /// How many IPv4 and how many IPv6 addresses the set has; all of IPv6 counts as one less than it is.
    pub fn sizes(&self) -> (u64, u128) {
        let v4 = self.v4().map(|network| 1_u64 << (32 - network.prefix_len())).sum();
        let v6 =
            self.v6().map(|network| 1_u128.checked_shl(u32::from(128 - network.prefix_len())).unwrap_or(u128::MAX));
        (v4, v6.fold(0, u128::saturating_add))
    }

    /// The addresses that are in this set, in the other, or in both.
    pub fn and(&self, other: &Cover) -> Cover {
        match (self.is_empty(), other.is_empty()) {
            (_, true) => self.clone(),
            (true, _) => other.clone(),
            _ => Cover::of(self.networks.iter().chain(&other.networks).copied()),
        }
    }

    /// The addresses that are in both sets.
    pub fn shared_with(&self, other: &Cover) -> Cover {
        // Two networks are disjoint or one holds the other, so what they share is a network of one of the two.
        let mut networks = Vec::new();
        let (mut left, mut right) = (self.networks.iter().peekable(), other.networks.iter().peekable());
        while let (Some(a), Some(b)) = (left.peek().copied(), right.peek().copied()) {
            if a.contains(b) {
                networks.push(*b);
                right.next();
            } else if b.contains(a) {
                networks.push(*a);
                left.next();
            } else if a < b {
                left.next();
            } else {
                right.next();
            }
        }
        // Two halves that one side holds as a whole may have come from the other as halves; then they are minimal
        // there already. So no pass to join them is needed.
        Cover { networks }
    }

    /// What `network` keeps when this set is taken out of it. A `/20` minus one address is twelve networks.
    pub fn taken_from(&self, network: IpNet) -> Rest {
        let network = network.trunc();
        // The set is disjoint and ascending, so that what touches `network` stands together.
        let start = self.networks.partition_point(|hole| is_below(*hole, network));
        let touching = self.networks[start..].partition_point(|hole| !is_below(network, *hole));
        let holes = &self.networks[start..start + touching];
        if holes.is_empty() {
            return Rest::Whole;
        }
        let mut parts = Vec::new();
        keep(network, holes, &mut parts);
        if parts.is_empty() { Rest::Gone } else { Rest::Parts(parts) }
    }

    /// This set without the addresses of `other`.
    pub fn without(&self, other: &Cover) -> Cover {
        // The parts of one network cannot be joined with those of its neighbour: their union would have been in
        // this cover already. So the result is minimal without another pass.
        let mut networks = Vec::new();
        for network in &self.networks {
            match other.taken_from(*network) {
                Rest::Whole => networks.push(*network),
                Rest::Gone => {}
                Rest::Parts(parts) => networks.extend(parts),
            }
        }
        Cover { networks }
    }
}

/// The network of which `low` and `high` are the two halves, if they are.
fn join(low: IpNet, high: IpNet) -> Option<IpNet> {
    if low.is_sibling(&high) { low.supernet() } else { None }
}

/// Whether every address of `one` lies below every address of `other`; IPv4 lies below IPv6.
fn is_below(one: IpNet, other: IpNet) -> bool {
    one.broadcast() < other.network()
}

/// Adds to `parts` the maximal networks inside `network` that none of `holes` touches. Each hole touches `network`.
fn keep(network: IpNet, holes: &[IpNet], parts: &mut Vec<IpNet>) {
    let Some(first) = holes.first() else {
        parts.push(network);
        return;
    };
    if first.contains(&network) {
        return;
    }
    // A hole that touches and does not hold the network lies inside it, so the network has two halves.
    let halves = network.subnets(network.prefix_len() + 1).expect("a hole inside leaves at least one bit to split on");
    for half in halves {
        let start = holes.partition_point(|hole| is_below(*hole, half));
        let touching = holes[start..].partition_point(|hole| !is_below(half, *hole));
        keep(half, &holes[start..start + touching], parts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nets(text: &str) -> Vec<IpNet> {
        text.split_whitespace().map(|net| net.parse().unwrap()).collect()
    }

    fn check(from: &str, holes: &str, wanted: &str) {
        let found = Cover::of(nets(from)).without(&Cover::of(nets(holes)));
        assert_eq!(found.networks(), nets(wanted), "{from} minus {holes}");
    }

    #[test]
    fn the_rest_is_exact_and_minimal() {
        check("10.0.0.0/24", "", "10.0.0.0/24");
        check("10.0.0.0/24", "10.0.1.0/24", "10.0.0.0/24");
        check("10.0.0.0/24", "10.0.0.0/24", "");
        check("10.0.0.0/24", "10.0.0.0/8", "");
        check("10.0.0.0/24", "10.0.0.77/25", "10.0.0.128/25");
        check("10.0.0.0/24", "10.0.0.0/26 10.0.0.192/26", "10.0.0.64/26 10.0.0.128/26");
        check("10.0.0.9/25 10.0.0.128/25 10.0.0.3/32", "", "10.0.0.0/24");
        check("0.0.0.0/1 128.0.0.0/1 ::/1 8000::/1", "", "0.0.0.0/0 ::/0");
        check("0.0.0.0/0", "::/0", "0.0.0.0/0");
        check("::/0", "::/0 0.0.0.0/0", "");
        check("255.255.255.254/31", "255.255.255.255/32", "255.255.255.254/32");
    }

    #[test]
    fn a_slash_20_minus_one_address_is_twelve_networks() {
        let Rest::Parts(parts) = Cover::of(nets("211.231.101.7/32")).taken_from(nets("211.231.96.0/20")[0]) else {
            panic!("a part remains")
        };
        assert_eq!(parts.len(), 12);
        let Rest::Parts(parts) = Cover::of(nets("2001:db8::1/128")).taken_from(nets("::/0")[0]) else {
            panic!("a part remains")
        };
        assert_eq!(parts.len(), 128);
    }
}
