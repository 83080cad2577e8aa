//! Codes, tokens, keys: who may look like what.

use bizauth_core::code::Challenge;
use bizauth_core::key::AppKey;
use bizauth_core::secret::{Credential, Digest, Secret};

const KINDS: [(Credential, &str); 7] = [
    (Credential::Code, "bzc_"),
    (Credential::Token, "bzt_"),
    (Credential::Session, "bzs_"),
    (Credential::Device, "bzd_"),
    (Credential::Pending, "bzp_"),
    (Credential::OperatorKey, "bzo_"),
    (Credential::LoginStep, "bzl_"),
];

const BASE64URL: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Every reader of credentials on the same text.
pub fn credential(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for (kind, prefix) in KINDS {
        let read = kind.read(text);
        let naive = text.strip_prefix(prefix).and_then(forty_bytes).and_then(|bytes| {
            let (mut id, mut secret) = (0i64, [0; 32]);
            for byte in &bytes[..8] {
                id = id.wrapping_shl(8) | i64::from(*byte);
            }
            secret.copy_from_slice(&bytes[8..]);
            (id > 0).then_some((id, secret))
        });
        let found = read.as_ref().map(|(id, secret)| (*id, *secret.expose()));
        assert_eq!(found, naive, "{kind:?} {text:?}");
        if let Some((id, secret)) = read {
            assert_eq!(kind.spell(id, &secret), text, "one spelling each");
        }
    }
    let accepted = KINDS.iter().filter(|(kind, _)| kind.read(text).is_some()).count();
    assert!(accepted <= 1, "{text:?} is {accepted} things at once");
    let hexadecimal = |length| text.len() == length && text.chars().all(|c| "0123456789abcdef".contains(c));
    assert_eq!(AppKey::read(text).is_some(), hexadecimal(32), "{text:?}");
    assert_eq!(Digest::read_hex(text).is_some(), hexadecimal(64), "{text:?}");
    let challenge = text.chars().count() == 43 && text.chars().all(|c| BASE64URL.contains(c));
    assert_eq!(Challenge::read(text).is_some(), challenge, "{text:?}");
    spelled(bytes);
}

/// What is spelled from these bytes is read as what it is, and as nothing else.
fn spelled(bytes: &[u8]) {
    let Some((id, rest)) = bytes.split_first_chunk::<8>() else { return };
    let Some((secret, _)) = rest.split_first_chunk::<32>() else { return };
    let id = i64::from_be_bytes(*id);
    for (kind, _) in KINDS {
        let text = kind.spell(id, &Secret::from_bytes(*secret));
        for (other, _) in KINDS {
            let read = other.read(&text).map(|(id, secret)| (id, *secret.expose()));
            assert_eq!(read, (other == kind && id > 0).then_some((id, *secret)), "{kind:?} as {other:?}");
        }
    }
}

/// 54 characters of six bits, of which the last four must be nothing.
fn forty_bytes(text: &str) -> Option<Vec<u8>> {
    let mut bits = Vec::new();
    for c in text.chars() {
        let value = BASE64URL.find(c)?;
        bits.extend((0..6).rev().map(|bit| u8::from(value >> bit & 1 == 1)));
    }
    if text.chars().count() != 54 || bits[320..].contains(&1) {
        return None;
    }
    Some(bits[..320].chunks(8).map(|byte| byte.iter().fold(0, |value, bit| value << 1 | bit)).collect())
}
