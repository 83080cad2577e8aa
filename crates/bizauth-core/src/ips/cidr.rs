//! One block of addresses, kept exactly as its publisher typed it.
//!
//! The list goes out with host bits and all (`211.249.203.104/24` is in the platform's own sample), while a firewall
//! wants the canonical network (`211.249.203.0/24`). [`Cidr`] holds both, so that neither is ever made from the other
//! in the wrong place. Arithmetic on networks is in `cover.rs`.

use std::cmp::Ordering;
use std::error::Error;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// A block of IPv4 or IPv6 addresses in CIDR notation (RFC 4632 §3.1, which replaced RFC 1519; RFC 4291 §2.3).
///
/// Two values are equal when they are *spelled* alike: `10.0.0.1/24` and `10.0.0.0/24` are different entries of a
/// published list. To ask whether they mean the same addresses, compare [`Cidr::network`]. The order is that of the
/// networks (IPv4 first, by address, wider first) and, within one network, that of the spelling.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Cidr {
    text: Box<str>,
    network: IpNet,
}

impl Cidr {
    /// The longest spelling that is read, in bytes. The longest one that means anything has 49.
    pub const MAX_BYTES: usize = 64;

    /// Reads `address/prefix` strictly: nothing around it, no zone, no leading zero in a decimal, prefix in range.
    ///
    /// A bare address is refused, because the contract asks for "RFC1519 CIDR format"; [`Cidr::single`] is for
    /// callers that have one.
    pub fn parse(text: &str) -> Result<Cidr, ParseCidrError> {
        if text.is_empty() {
            return Err(ParseCidrError::Empty);
        }
        if text.len() > Cidr::MAX_BYTES {
            return Err(ParseCidrError::TooLong);
        }
        if text.contains('%') {
            return Err(ParseCidrError::Zone);
        }
        let (address, prefix) = text.split_once('/').ok_or(ParseCidrError::NoPrefix)?;
        // The standard library's readers are strict: no leading zeros in IPv4, no white space, no shortened form.
        let network = if address.contains(':') {
            let address = Ipv6Addr::from_str(address).map_err(|_| ParseCidrError::Address)?;
            let prefix = read_prefix(prefix, 128)?;
            IpNet::V6(Ipv6Net::new_assert(address, prefix).trunc())
        } else {
            let address = Ipv4Addr::from_str(address).map_err(|_| ParseCidrError::Address)?;
            let prefix = read_prefix(prefix, 32)?;
            IpNet::V4(Ipv4Net::new_assert(address, prefix).trunc())
        };
        Ok(Cidr { text: text.into(), network })
    }

    /// The canonical spelling of `network`: host bits cleared, IPv6 compressed (RFC 5952).
    pub fn canonical(network: IpNet) -> Cidr {
        let network = network.trunc();
        Cidr { text: network.to_string().into(), network }
    }

    /// The block that holds `address` and nothing else: a `/32` or a `/128`.
    pub fn single(address: std::net::IpAddr) -> Cidr {
        Cidr::canonical(address.into())
    }

    /// The spelling of the publisher, byte for byte. This is what goes on the wire.
    pub fn as_published(&self) -> &str {
        &self.text
    }

    /// The addresses meant, with the host bits cleared. This is what a machine is given, and what is compared.
    pub fn network(&self) -> IpNet {
        self.network
    }
}

/// The prefix length, which is one to three digits and no more than `max`.
fn read_prefix(text: &str, max: u8) -> Result<u8, ParseCidrError> {
    // `u8::from_str` would take "+8" and "008", which other readers of the list take for something else or refuse.
    let plain = !text.is_empty() && text.len() <= 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !plain || (text.len() > 1 && text.starts_with('0')) {
        return Err(ParseCidrError::Prefix);
    }
    match text.parse::<u8>() {
        Ok(prefix) if prefix <= max => Ok(prefix),
        _ => Err(ParseCidrError::PrefixRange { max }),
    }
}

impl FromStr for Cidr {
    type Err = ParseCidrError;

    fn from_str(text: &str) -> Result<Cidr, ParseCidrError> {
        Cidr::parse(text)
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Ord for Cidr {
    fn cmp(&self, other: &Cidr) -> Ordering {
        self.network.cmp(&other.network).then_with(|| self.text.cmp(&other.text))
    }
}

impl PartialOrd for Cidr {
    fn partial_cmp(&self, other: &Cidr) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Why a text is not a block of addresses. The sentence does not repeat the text; whoever has its place shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseCidrError {
    /// There is nothing to read.
    Empty,
    /// More than [`Cidr::MAX_BYTES`] bytes.
    TooLong,
    /// A zone (`fe80::1%eth0`), which means something on one machine only (RFC 4007 §11).
    Zone,
    /// No `/` and no prefix length.
    NoPrefix,
    /// What stands before the `/` is no IPv4 or IPv6 address.
    Address,
    /// What stands after the `/` is no plain decimal number.
    Prefix,
    /// The prefix is longer than the address: `max` is 32 or 128 bits.
    PrefixRange {
        /// The greatest prefix length of this address family.
        max: u8,
    },
}

impl fmt::Display for ParseCidrError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ParseCidrError::Empty => f.write_str("is empty"),
            ParseCidrError::TooLong => write!(f, "is longer than {} bytes", Cidr::MAX_BYTES),
            ParseCidrError::Zone => f.write_str("has a zone (%), which no other machine understands"),
            ParseCidrError::NoPrefix => {
                f.write_str("has no prefix length: a single address is written with /32 or /128")
            }
            ParseCidrError::Address => f.write_str("does not begin with an IPv4 or IPv6 address"),
            ParseCidrError::Prefix => f.write_str("does not end in a plain decimal prefix length"),
            ParseCidrError::PrefixRange { max } => write!(f, "has a prefix length above {max}"),
        }
    }
}

impl Error for ParseCidrError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, wanted: Result<&str, ParseCidrError>) {
        let found = Cidr::parse(text).map(|cidr| {
            assert_eq!(cidr.as_published(), text);
            cidr.network().to_string()
        });
        assert_eq!(found.as_deref(), wanted.as_ref().map(|text| *text), "{text:?}");
    }

    #[test]
    fn blocks_are_read_strictly_and_kept_as_typed() {
        use ParseCidrError::{Address, Empty, NoPrefix, Prefix, PrefixRange, TooLong, Zone};
        check("211.249.203.104/24", Ok("211.249.203.0/24"));
        check("220.64.109.84/31", Ok("220.64.109.84/31"));
        check("203.133.166.32/32", Ok("203.133.166.32/32"));
        check("1.2.3.4/0", Ok("0.0.0.0/0"));
        check("2001:DB8:0::1/32", Ok("2001:db8::/32"));
        check("::/0", Ok("::/0"));
        check("::ffff:1.2.3.4/128", Ok("::ffff:1.2.3.4/128"));
        check("", Err(Empty));
        check(&"1".repeat(65), Err(TooLong));
        check("fe80::1%eth0/64", Err(Zone));
        check("10.0.0.1", Err(NoPrefix));
        check("::1", Err(NoPrefix));
        for address in
            ["", "10.0.0", "10.0.0.01", "10.0.0.256", " 10.0.0.1", "10.0.0.1 ", "0x0a.0.0.1", "1::2::3", "g::"]
        {
            check(&format!("{address}/8"), Err(Address));
        }
        for prefix in ["", "+8", "-1", "08", "00", " 8", "8 ", "8\n", "x", "0008", "255.255.255.0", "8/8", "8"] {
            check(&format!("10.0.0.1/{prefix}"), if prefix == "8" { Ok("10.0.0.0/8") } else { Err(Prefix) });
        }
        check("10.0.0.1/33", Err(PrefixRange { max: 32 }));
        check("10.0.0.1/999", Err(PrefixRange { max: 32 }));
        check("::/129", Err(PrefixRange { max: 128 }));
    }

    #[test]
    fn equal_spelling_is_equality_and_order_follows_the_network() {
        let read = |text: &str| Cidr::parse(text).unwrap();
        assert_ne!(read("10.0.0.1/24"), read("10.0.0.0/24"));
        assert_eq!(read("10.0.0.1/24").network(), read("10.0.0.0/24").network());
        let mut blocks = ["::/0", "10.0.0.0/25", "9.0.0.0/8", "10.0.0.7/24", "10.0.0.0/24"].map(read);
        blocks.sort();
        assert_eq!(format!("{blocks:?}"), "[9.0.0.0/8, 10.0.0.0/24, 10.0.0.7/24, 10.0.0.0/25, ::/0]");
        assert_eq!(Cidr::single("10.0.0.7".parse().unwrap()).as_published(), "10.0.0.7/32");
    }
}
