//! Blocks of addresses: one entry of the IP list, and the addresses from which a key may be used.

use bizauth_core::ips::{Cidr, Cover};
use bizauth_core::key;
use ipnet::IpNet;

/// A block as numbers: IPv6 or not, the first address, the length of the prefix.
pub type Block = (bool, u128, u32);

/// The reader of one block, and that of callers, on every line; then arithmetic on all of them.
pub fn cidr(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut read = Vec::new();
    for line in text.split('\n').take(16) {
        let found = Cidr::parse(line).ok();
        assert_eq!(found.as_ref().map(|cidr| numbers(cidr.network())), block(line), "{line:?}");
        if let Some(cidr) = found {
            assert_eq!(cidr.as_published(), line, "nothing is mended");
            let canonical = Cidr::canonical(cidr.network());
            assert_eq!(block(canonical.as_published()), block(line), "{line:?} in canonical form");
            assert_eq!(Cidr::parse(canonical.as_published()).as_ref(), Ok(&canonical));
            read.push(cidr.network());
        }
        assert_eq!(key::caller(line).map(numbers), caller(line), "{line:?} as a caller");
    }
    let (left, right) = read.split_at(read.len() / 2);
    let rest = Cover::of(left.iter().copied()).without(&Cover::of(right.iter().copied()));
    // The ends of every block, and what lies beside them: where arithmetic goes wrong, if anywhere.
    for (six, first, length) in read.iter().copied().map(numbers) {
        let last = first + (size(six, length) - 1);
        for address in [first.checked_sub(1), Some(first), Some(last), last.checked_add(1)].into_iter().flatten() {
            let held = |nets: &[IpNet]| nets.iter().any(|net| within(six, address, numbers(*net)));
            if !six && address > 0xffff_ffff {
                continue;
            }
            let wanted = held(left) && !held(right);
            assert_eq!(held(rest.networks()), wanted, "{six} {address:x} of {left:?} without {right:?}");
        }
    }
}

/// How many addresses are in a block, but for `::/0`, whose number has no room: there it is one less.
fn size(six: bool, length: u32) -> u128 {
    let free = if six { 128 - length } else { 32 - length };
    1u128.checked_shl(free).unwrap_or(u128::MAX)
}

fn within(six: bool, address: u128, (of_six, first, length): Block) -> bool {
    six == of_six && address >= first && (address - first < size(six, length) || (six && length == 0))
}

/// A network as numbers.
pub fn numbers(net: IpNet) -> Block {
    match net {
        IpNet::V4(net) => (false, u32::from(net.network()).into(), net.prefix_len().into()),
        IpNet::V6(net) => (true, net.network().into(), net.prefix_len().into()),
    }
}

/// `address/prefix`, by the rules of RFC 4632 and RFC 4291, with nothing that two readers could take for two things.
pub fn block(text: &str) -> Option<Block> {
    let at = text.find('/')?;
    let (six, address) = address(&text[..at])?;
    let length = decimal(&text[at + 1..], if six { 128 } else { 32 })?;
    (text.len() <= 64).then(|| cut(six, address, length))
}

/// The block without its host bits.
fn cut(six: bool, address: u128, length: u32) -> Block {
    let size = size(six, length);
    let first = if length == 0 { 0 } else { address / size * size };
    (six, first, length)
}

/// A block or a single address; IPv4 inside IPv6 counts as IPv4.
pub fn caller(text: &str) -> Option<Block> {
    const MAPPED: u128 = 0xffff_0000_0000;
    let whole = |(six, address)| (six, address, if six { 128 } else { 32 });
    let (six, first, length) = address(text).map(whole).or_else(|| block(text))?;
    Some(match six && length >= 96 && first >> 32 << 32 == MAPPED {
        true => (false, first - MAPPED, length - 96),
        false => (six, first, length),
    })
}

/// An address of either family.
pub fn address(text: &str) -> Option<(bool, u128)> {
    four(text).map(|address| (false, address)).or_else(|| six(text).map(|address| (true, address)))
}

/// A number without a sign or a zero before it, up to `most`.
fn decimal(text: &str, most: u32) -> Option<u32> {
    text.parse().ok().filter(|number: &u32| *number <= most && number.to_string() == text)
}

fn four(text: &str) -> Option<u128> {
    let parts: Vec<&str> = text.split('.').collect();
    if parts.len() != 4 {
        return None;
    }
    parts.into_iter().try_fold(0, |value, part| Some(value * 256 + u128::from(decimal(part, 255)?)))
}

fn six(text: &str) -> Option<u128> {
    // An IPv4 address at the end is two groups.
    let (text, tail) = match text.rfind(':') {
        Some(at) if text.contains('.') => (&text[..=at], Some(four(&text[at + 1..])?)),
        _ => (text, None),
    };
    let tail: Vec<u128> = tail.map_or_else(Vec::new, |four| vec![four >> 16, four & 0xffff]);
    let group = |text: &str| {
        let plain = (1..=4).contains(&text.len()) && text.chars().all(|c| c.is_ascii_hexdigit());
        plain.then(|| u128::from_str_radix(text, 16).ok()).flatten()
    };
    let groups = |text: &str| text.split(':').map(group).collect::<Option<Vec<u128>>>();
    let some = |text: &str| if text.is_empty() { Some(Vec::new()) } else { groups(text) };
    let all = match text.split_once("::") {
        Some((left, right)) => {
            // The colon before an IPv4 address ends the last group.
            let right = match right {
                "" => Vec::new(),
                right if tail.is_empty() => groups(right)?,
                right => groups(right.strip_suffix(':')?)?,
            };
            let (left, right) = (some(left)?, [right, tail].concat());
            let missing = 8usize.checked_sub(left.len() + right.len()).filter(|missing| *missing > 0)?;
            [left, vec![0; missing], right].concat()
        }
        None if tail.is_empty() => groups(text)?,
        None => [groups(text.strip_suffix(':')?)?, tail].concat(),
    };
    (all.len() == 8).then(|| all.into_iter().fold(0, |value, group| value << 16 | group))
}
