//! App keys: four kinds, their form, the client secret, and from which addresses they may be used.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use subtle::ConstantTimeEq;

use crate::id::{AppId, KeyId};
use crate::ips::Cidr;
use crate::secret::Digest;
use crate::time::Time;

/// Keys of one kind that an app may have (documented).
pub const KEYS_PER_KIND: usize = 5;

/// A key's use is written down no more often than this: people want to know whether a key is in use, not each call.
pub const USE_NOTED_EVERY: Duration = Duration::from_secs(5 * 60);

/// Whether a use at `now` is worth writing down.
pub fn use_is_news(used_at: Option<Time>, now: Time) -> bool {
    used_at.is_none_or(|used_at| now.since(used_at) >= USE_NOTED_EVERY)
}

/// The kind of an app key. Native, REST API and JavaScript keys are the *platform keys*.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// For mobile apps.
    Native,
    /// For servers: the `client_id` of Business Authentication.
    RestApi,
    /// For web pages.
    JavaScript,
    /// For administration. It is a secret, and stored as its digest.
    Admin,
}

impl KeyKind {
    /// All four.
    pub const ALL: [KeyKind; 4] = [KeyKind::Native, KeyKind::RestApi, KeyKind::JavaScript, KeyKind::Admin];

    /// The word used in records and on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            KeyKind::Native => "native",
            KeyKind::RestApi => "rest_api",
            KeyKind::JavaScript => "javascript",
            KeyKind::Admin => "admin",
        }
    }

    /// Reads [`KeyKind::word`].
    pub fn read(word: &str) -> Option<Self> {
        KeyKind::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// The value of a key: 32 lowercase hexadecimal digits.
#[derive(Clone, PartialEq, Eq)]
pub struct AppKey(String);

/// Not shown whole: it may be an admin key.
impl fmt::Debug for AppKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AppKey({}…)", &self.0[..4])
    }
}

impl AppKey {
    /// A key of 16 random bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        AppKey(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The key in `text`, or `None` if it has not the form of one.
    pub fn read(text: &str) -> Option<Self> {
        let digits = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        (text.len() == 32 && digits).then(|| AppKey(text.to_owned()))
    }

    /// The key as its app sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// How the store finds it. An admin key is known by its digest only.
    pub fn lookup(&self, kind: KeyKind) -> String {
        match kind {
            KeyKind::Admin => self.hidden(),
            _ => self.0.clone(),
        }
    }

    /// How the store finds it if it is an admin key.
    pub fn hidden(&self) -> String {
        Digest::of(self.0.as_bytes()).0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// An address or a network, read strictly: `010.0.0.1/8` is 10 to one reader and 8 to another, so it is neither here.
pub fn network(text: &str) -> Option<IpNet> {
    let address = text.parse::<IpAddr>().ok().map(IpNet::from);
    address.or_else(|| Cidr::parse(text).ok().map(|cidr| cidr.network()))
}

/// An address or a network from which a key may be used. What is no network but an address in one stands for the network;
/// an IPv4 address inside an IPv6 one counts as itself, as it will when it calls.
pub fn caller(text: &str) -> Option<IpNet> {
    let net = network(text)?;
    match net {
        IpNet::V6(within) if within.prefix_len() >= 96 => match within.addr().to_ipv4_mapped() {
            Some(address) => IpNet::new(address.into(), within.prefix_len() - 96).ok(),
            None => Some(net),
        },
        _ => Some(net),
    }
}

/// A key, as far as rules ask about it.
#[derive(Clone, Debug)]
pub struct Key {
    /// Its id.
    pub id: KeyId,
    /// The app it belongs to.
    pub app: AppId,
    /// Its kind.
    pub kind: KeyKind,
    /// Switched off for now. A deleted key is no key at all.
    pub disabled: bool,
    /// Whether the token endpoint asks for the client secret: ON by default (documented).
    pub secret_on: bool,
    /// The digests of the client secrets that are valid now: the current one, and its predecessor during an overlap.
    pub secrets: Vec<Digest>,
    /// From where it may be used; empty is anywhere.
    pub callers: Vec<IpNet>,
    /// For an admin key: whether it may call `system/ips`.
    pub may_read_ips: bool,
    /// Whether an authorize request must send a PKCE challenge: not unless its app asks for that.
    pub pkce_required: bool,
}

impl Key {
    /// Whether a caller at `address` may use the key. An IPv4 address inside an IPv6 one counts as itself.
    pub fn admits_caller(&self, address: IpAddr) -> bool {
        self.callers.is_empty() || self.callers.iter().any(|net| net.contains(&address.to_canonical()))
    }

    /// Whether `secret` opens the token endpoint. Every valid secret is compared, in constant time.
    pub fn admits_secret(&self, secret: Option<&str>) -> bool {
        if !self.secret_on {
            return true;
        }
        let Some(secret) = secret else { return false };
        let sent = Digest::of(secret.as_bytes());
        self.secrets.iter().fold(0, |found, known| found | known.0.ct_eq(&sent.0).unwrap_u8()) == 1
    }
}

/// Letters and digits of a business client secret.
const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// A business client secret: 32 letters and digits, from random bytes. Bytes that would favour some letters are passed
/// over, so more are asked for than are used; `None` in the astronomically rare case that they do not suffice.
pub fn client_secret(random: &[u8; 64]) -> Option<String> {
    let fair = random.iter().filter(|byte| **byte < 248).take(32);
    let secret: String = fair.map(|byte| char::from(ALPHABET[usize::from(byte % 62)])).collect();
    (secret.len() == 32).then_some(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_32_lowercase_hexadecimal_digits() {
        let key = AppKey::from_bytes([0xa7; 16]);
        assert_eq!(AppKey::read(key.expose()), Some(key.clone()));
        for wrong in ["", "A7", &key.expose().to_uppercase(), &format!("{}0", key.expose()), &"g".repeat(32)] {
            assert_eq!(AppKey::read(wrong), None, "{wrong}");
        }
        assert_eq!(format!("{key:?}"), "AppKey(a7a7…)");
    }

    fn key(callers: &[&str], secret_on: bool, secrets: &[&str]) -> Key {
        Key {
            id: KeyId(1),
            app: AppId(1),
            kind: KeyKind::RestApi,
            disabled: false,
            secret_on,
            secrets: secrets.iter().map(|s| Digest::of(s.as_bytes())).collect(),
            callers: callers.iter().map(|c| c.parse().unwrap()).collect(),
            may_read_ips: true,
            pkce_required: false,
        }
    }

    #[test]
    fn a_secret_is_asked_for_while_it_is_on() {
        for (on, secrets, sent, admitted) in [
            (true, &["one"][..], Some("one"), true),
            (true, &["one", "two"], Some("two"), true),
            (true, &["one"], Some("One"), false),
            (true, &["one"], None, false),
            (true, &[], None, false),
            (true, &[], Some(""), false),
            (false, &["one"], None, true),
            (false, &["one"], Some("wrong"), true),
        ] {
            assert_eq!(key(&[], on, secrets).admits_secret(sent), admitted, "{on} {secrets:?} {sent:?}");
        }
    }

    #[test]
    fn a_caller_is_an_address_or_a_network() {
        for (text, read) in [
            ("203.0.113.9", Some("203.0.113.9/32")),
            ("203.0.113.9/24", Some("203.0.113.0/24")),
            ("2001:DB8::1", Some("2001:db8::1/128")),
            ("2001:db8::/32", Some("2001:db8::/32")),
            ("::ffff:203.0.113.9", Some("203.0.113.9/32")),
            ("::ffff:203.0.113.9/120", Some("203.0.113.0/24")),
            ("0.0.0.0/0", Some("0.0.0.0/0")),
            ("203.0.113.9/33", None),
            ("010.0.0.1/8", None),
            ("10.0.0.1/08", None),
            ("203.0.113", None),
            ("example.com", None),
            ("203.0.113.1-203.0.113.9", None),
            ("", None),
        ] {
            assert_eq!(caller(text).map(|net| net.to_string()).as_deref(), read, "{text}");
        }
    }

    #[test]
    fn callers_are_addresses_and_networks() {
        for (callers, from, admitted) in [
            (&[][..], "203.0.113.9", true),
            (&["203.0.113.9/32"], "203.0.113.9", true),
            (&["203.0.113.9/32"], "::ffff:203.0.113.9", true),
            (&["203.0.113.0/24", "2001:db8::/32"], "2001:db8::1", true),
            (&["203.0.113.0/24"], "203.0.114.1", false),
        ] {
            assert_eq!(key(callers, true, &[]).admits_caller(from.parse().unwrap()), admitted, "{callers:?} {from}");
        }
    }

    #[test]
    fn a_use_is_news_every_few_minutes() {
        let at = |minutes: i64| Time::from_millis(minutes * 60_000);
        for (used_at, now, news) in [(None, 0, true), (Some(0), 4, false), (Some(0), 5, true), (Some(9), 5, false)] {
            assert_eq!(use_is_news(used_at.map(at), at(now)), news, "{used_at:?} {now}");
        }
    }

    #[test]
    fn a_client_secret_has_32_letters_and_digits() {
        let secret = client_secret(&std::array::from_fn(|i| u8::try_from(i * 4).unwrap())).unwrap();
        assert_eq!(secret.len(), 32);
        assert!(secret.bytes().all(|b| b.is_ascii_alphanumeric()));
        assert_eq!(client_secret(&[250; 64]), None);
    }
}
