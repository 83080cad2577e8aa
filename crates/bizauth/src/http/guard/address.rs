//! The caller's address: the peer's, or what a listed proxy says of it.

use std::net::{IpAddr, Ipv4Addr};

use axum::http::{Extensions, HeaderMap};
use ipnet::IpNet;

use crate::http::listen::Peer;

/// The address that limits and allow-lists see, of a request that carries its peer with it.
pub fn caller(extensions: &Extensions, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let peer = extensions.get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.address.ip());
    caller_behind(peer, headers, trusted)
}

/// The address that limits and allow-lists see. `X-Forwarded-For` is believed only as far as it was written by listed
/// proxies: read from the right, the first address that is none of theirs.
pub fn caller_behind(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let mut caller = peer.to_canonical();
    let hops = headers.get_all("x-forwarded-for").iter().rev().filter_map(|value| value.to_str().ok());
    for hop in hops.flat_map(|value| value.rsplit(',')) {
        if !trusted.iter().any(|net| net.contains(&caller)) {
            break;
        }
        // A hop that is no address: a listed proxy wrote it, but nothing beyond it can be believed.
        let Ok(address) = hop.trim().parse::<IpAddr>() else { break };
        caller = address.to_canonical();
    }
    caller
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forwarded_addresses_are_believed_from_listed_proxies_only() {
        let proxies: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap()];
        for (peer, forwarded, caller_is) in [
            ("203.0.113.1", &["198.51.100.7"][..], "203.0.113.1"),
            ("10.0.0.1", &["198.51.100.7"], "198.51.100.7"),
            ("::ffff:10.0.0.1", &["198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["6.6.6.6, 198.51.100.7, 10.0.0.2"], "198.51.100.7"),
            ("10.0.0.1", &["6.6.6.6", "198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["unknown"], "10.0.0.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
        ] {
            let mut headers = HeaderMap::new();
            for value in forwarded {
                headers.append("x-forwarded-for", value.parse().unwrap());
            }
            let mut extensions = Extensions::new();
            extensions.insert(Peer { address: (peer.parse::<IpAddr>().unwrap(), 1).into(), tls: false });
            assert_eq!(caller(&extensions, &headers, &proxies).to_string(), caller_is, "{peer} {forwarded:?}");
        }
    }
}
