//! What is typed around the published list: where webhooks go, and the ends of a difference.

use std::net::IpAddr;

use bizauth::http::ip_list::diff::End;
use bizauth::ip_list::webhooks::address;
use bizauth_core::ips::reserved_for;
use url::{Host, Url};

use super::ip_document::is_date;
use crate::cidr;

/// The longest address of a webhook.
const LONGEST: usize = 2000;

/// The first and the last address of what is no public host's: the special-purpose registries of IANA (RFC 6890), multicast
/// and the reserved class E (RFC 1112), site-local (RFC 3879), and what RFC 4291 no longer knows or leaves unassigned.
const NOBODYS: [(&str, &str); 33] = [
    ("0.0.0.0", "0.255.255.255"),
    ("10.0.0.0", "10.255.255.255"),
    ("100.64.0.0", "100.127.255.255"),
    ("127.0.0.0", "127.255.255.255"),
    ("169.254.0.0", "169.254.255.255"),
    ("172.16.0.0", "172.31.255.255"),
    ("192.0.0.0", "192.0.0.255"),
    ("192.0.2.0", "192.0.2.255"),
    ("192.88.99.0", "192.88.99.255"),
    ("192.168.0.0", "192.168.255.255"),
    ("198.18.0.0", "198.19.255.255"),
    ("198.51.100.0", "198.51.100.255"),
    ("203.0.113.0", "203.0.113.255"),
    ("224.0.0.0", "239.255.255.255"),
    ("240.0.0.0", "255.255.255.255"),
    ("::", "::ffff:ffff"),
    ("::ffff:0:0", "::ffff:ffff:ffff"),
    ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff"),
    ("100::", "100::ffff:ffff:ffff:ffff"),
    ("400::", "7ff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff"),
    ("2001:10::", "2001:1f:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("2001:20::", "2001:2f:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("8000::", "bfff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
];

/// The judge of webhook addresses: what it lets through leads to a public host over TLS, or anywhere if it may, told naively.
pub fn webhook_address(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (outside, inside) = (address(text, false), address(text, true));
    let naive = |anywhere: bool| {
        let url = Url::parse(text).ok().filter(|_| text.len() <= LONGEST)?;
        let bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        let private = is_private(url.host()?);
        let fits = match url.scheme() {
            "https" => anywhere || !private,
            "http" => anywhere && private,
            _ => false,
        };
        (bare && fits).then_some(url)
    };
    assert_eq!((&outside, &inside), (&naive(false), &naive(true)), "{text:?}");
    // What was judged is what is asked: reading it again changes nothing.
    for url in [outside, inside].into_iter().flatten() {
        assert_eq!(Url::parse(url.as_str()), Ok(url));
    }
    if let Some(host) = Url::parse(text).ok().as_ref().and_then(Url::host) {
        let ip: IpAddr = match host {
            Host::Ipv4(ip) => ip.into(),
            Host::Ipv6(ip) => ip.into(),
            Host::Domain(_) => return,
        };
        assert_eq!(reserved_for(ip.into()).is_some(), is_nobodys(ip), "{ip}");
    }
}

/// Whether it names this machine or a network that is not the public one.
fn is_private(host: Host<&str>) -> bool {
    match host {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(ip) => is_nobodys(ip.into()),
        // An IPv4 address in IPv6 clothing is what it is beneath.
        Host::Ipv6(ip) => is_nobodys(ip.to_ipv4_mapped().map_or(ip.into(), IpAddr::from)),
    }
}

/// Whether an address lies between the ends of a row, as a number.
fn is_nobodys(ip: IpAddr) -> bool {
    let (six, address) = match ip {
        IpAddr::V4(ip) => (false, u128::from(u32::from(ip))),
        // The well-known prefix of translators: the last 32 bits are an IPv4 address (RFC 6052).
        IpAddr::V6(ip) if u128::from(ip) >> 32 == 0x0064_ff9b << 64 => (false, u128::from(ip) & 0xffff_ffff),
        IpAddr::V6(ip) => (true, u128::from(ip)),
    };
    let end = |text| cidr::address(text).expect("the table has addresses only");
    NOBODYS.iter().any(|(first, last)| {
        let ((of_six, first), (_, last)) = (end(first), end(last));
        six == of_six && (first..=last).contains(&address)
    })
}

/// The reader of the ends of a difference: a serial, a day, or both, and nothing else.
pub fn list_ends(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    let naive = match text.split_once('@') {
        Some((serial, date)) => digits(serial) && is_date(date),
        None => digits(text) || is_date(text),
    };
    assert_eq!(End::read(text).is_some(), naive, "{text:?}");
}
