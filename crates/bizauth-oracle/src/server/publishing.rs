//! What is typed around the published list: where webhooks go, and the ends of a difference.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bizauth::http::ip_list::diff::End;
use bizauth::ip_list::webhooks::address;
use url::{Host, Url};

/// The judge of webhook addresses: what it lets through leads to a public host over TLS, told naively.
pub fn webhook_address(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (outside, inside) = (address(text, false), address(text, true));
    assert!(outside.is_none() || inside.is_some(), "whoever may go anywhere may go outside: {text:?}");
    if let Some(url) = &inside {
        assert!(["http", "https"].contains(&url.scheme()), "{text:?}");
        assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none(), "{text:?}");
        // What was judged is what is asked: reading it again changes nothing.
        assert_eq!(Url::parse(url.as_str()).as_ref(), Ok(url));
        assert!(url.scheme() == "https" || is_private(url), "plain http goes nowhere else: {text:?}");
    }
    if let Some(url) = &outside {
        assert_eq!(url.scheme(), "https", "{text:?}");
        assert!(!is_private(url), "{text:?} leads inside");
    }
}

/// Whether it names this machine or a network of the inside, by its bytes.
fn is_private(url: &Url) -> bool {
    let v4 = |ip: Ipv4Addr| {
        let [a, b, ..] = ip.octets();
        matches!(a, 0 | 10 | 127 | 224..=255)
            || (a == 100 && (64..128).contains(&b))
            || (a == 169 && b == 254)
            || (a == 172 && (16..32).contains(&b))
            || (a == 192 && b == 168)
            || (a == 198 && (18..20).contains(&b))
    };
    let v6 = |ip: Ipv6Addr| {
        let first = ip.segments()[0];
        ip.is_loopback()
            || ip.is_unspecified()
            || first & 0xfe00 == 0xfc00
            || first & 0xffc0 == 0xfe80
            || first >= 0xff00
    };
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => v4(ip) || is_documentation(ip),
        Some(Host::Ipv6(ip)) => match IpAddr::V6(ip).to_canonical() {
            IpAddr::V4(ip) => v4(ip) || is_documentation(ip),
            IpAddr::V6(ip) => v6(ip) || bizauth_core::ips::reserved_for(IpAddr::V6(ip).into()).is_some(),
        },
        None => true,
    }
}

/// The rest of what is set aside for something else than hosts.
fn is_documentation(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    matches!([a, b, c], [192, 0, 0] | [192, 0, 2] | [192, 88, 99] | [198, 51, 100] | [203, 0, 113])
}

/// The reader of the ends of a difference: a serial, a day, or both, and nothing else.
pub fn list_ends(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    let day = |text: &str| bizauth::ip_document::strict_date(text).is_some();
    let naive = match text.split_once('@') {
        Some((serial, date)) => digits(serial) && day(date),
        None => digits(text) || day(text),
    };
    assert_eq!(End::read(text).is_some(), naive, "{text:?}");
}
