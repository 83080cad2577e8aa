//! Addresses that are nobody's on the public network, after the special-purpose registries of IANA (RFC 6890).

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

type Row = (IpNet, &'static str);

/// Network and what it is for.
#[rustfmt::skip]
const RESERVED: [Row; 33] = [
    v4([0, 0, 0, 0], 8, "this network"),
    v4([10, 0, 0, 0], 8, "private"),
    v4([100, 64, 0, 0], 10, "carrier-grade NAT"),
    v4([127, 0, 0, 0], 8, "loopback"),
    v4([169, 254, 0, 0], 16, "link-local"),
    v4([172, 16, 0, 0], 12, "private"),
    v4([192, 0, 0, 0], 24, "protocol assignments"),
    v4([192, 0, 2, 0], 24, "documentation"),
    v4([192, 88, 99, 0], 24, "retired 6to4 relays"),
    v4([192, 168, 0, 0], 16, "private"),
    v4([198, 18, 0, 0], 15, "benchmarks"),
    v4([198, 51, 100, 0], 24, "documentation"),
    v4([203, 0, 113, 0], 24, "documentation"),
    v4([224, 0, 0, 0], 4, "multicast"),
    v4([240, 0, 0, 0], 4, "reserved"),
    v6([0, 0, 0, 0, 0, 0, 0, 0], 96, "unspecified, loopback and retired forms"),
    v6([0, 0, 0, 0, 0, 0xffff, 0, 0], 96, "IPv4 in IPv6 clothing"),
    v6([0x64, 0xff9b, 0x1, 0, 0, 0, 0, 0], 48, "private translation"),
    v6([0x100, 0, 0, 0, 0, 0, 0, 0], 64, "discard"),
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32, "Teredo"),
    v6([0x2001, 0x2, 0, 0, 0, 0, 0, 0], 48, "benchmarks"),
    v6([0x2001, 0x10, 0, 0, 0, 0, 0, 0], 28, "retired identifiers"),
    v6([0x2001, 0x20, 0, 0, 0, 0, 0, 0], 28, "identifiers"),
    v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32, "documentation"),
    v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16, "6to4"),
    v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20, "documentation"),
    v6([0x5f00, 0, 0, 0, 0, 0, 0, 0], 16, "segment routing"),
    v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7, "private"),
    v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10, "link-local"),
    v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10, "retired site-local"),
    v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8, "multicast"),
    v6([0x400, 0, 0, 0, 0, 0, 0, 0], 6, "unassigned"),
    v6([0x8000, 0, 0, 0, 0, 0, 0, 0], 2, "unassigned"),
];

const fn v4(octets: [u8; 4], prefix: u8, what: &'static str) -> Row {
    let [a, b, c, d] = octets;
    (IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)), what)
}

const fn v6(segments: [u16; 8], prefix: u8, what: &'static str) -> Row {
    let [a, b, c, d, e, f, g, h] = segments;
    (IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), prefix)), what)
}

/// Where a network without IPv4 finds the addresses that have only that: behind these 96 bits (RFC 6052 §2.1).
const TRANSLATED: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

/// What a part of `network` is set aside for, if one is.
pub fn reserved_for(network: IpNet) -> Option<&'static str> {
    if matches!(network, IpNet::V6(six) if six.contains(&TRANSLATED)) {
        return Some("all of IPv4, translated");
    }
    let network = untranslated(network);
    let touched = RESERVED.iter().find(|(reserved, _)| reserved.contains(&network) || network.contains(reserved));
    touched.map(|(_, what)| *what)
}

/// The IPv4 network that a translator makes of it, which "MUST NOT" be one of nobody's there (RFC 6052 §3.1): whoever asks
/// it to reach one would go around the rows above.
pub(super) fn untranslated(network: IpNet) -> IpNet {
    match network {
        IpNet::V6(six) if TRANSLATED.contains(&six) => {
            let [.., a, b, c, d] = six.network().octets();
            let four = Ipv4Net::new(Ipv4Addr::new(a, b, c, d), six.prefix_len() - TRANSLATED.prefix_len());
            four.map_or(network, IpNet::V4)
        }
        _ => network,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_and_wide_networks_are_told_from_public_ones() {
        for (network, wanted) in [
            ("10.1.2.0/24", Some("private")),
            ("8.0.0.0/5", Some("private")),
            ("0.0.0.0/0", Some("this network")),
            ("211.249.203.0/24", None),
            ("111.111.111.1/32", None),
            ("::ffff:1.2.3.4/128", Some("IPv4 in IPv6 clothing")),
            ("2001:db8::/48", Some("documentation")),
            ("2404:4600::/32", None),
            ("fe80::/64", Some("link-local")),
            ("64:ff9b::a00:1/128", Some("private")),
            ("64:ff9b::7f00:1/128", Some("loopback")),
            ("64:ff9b::/96", Some("all of IPv4, translated")),
            ("64:ff9b::/64", Some("all of IPv4, translated")),
            ("64:ff9b::d3f9:cb01/128", None),
            ("64:ff9b:1::/48", Some("private translation")),
        ] {
            assert_eq!(reserved_for(network.parse().unwrap()), wanted, "{network}");
        }
    }
}
