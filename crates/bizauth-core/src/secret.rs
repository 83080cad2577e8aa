//! Secrets: how a credential is spelled, split, hashed and compared.
//!
//! A code, token or session is `<prefix><id><secret>`: the id finds the row, 256 random bits prove the right to it.
//! Only the SHA-256 of those bits is ever stored. Prefixes differ, so that none can be presented for another, and let
//! secret scanners find leaks.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

/// 256 random bits, drawn at a door.
#[derive(Clone)]
pub struct Secret([u8; 32]);

/// SHA-256 of a secret: all that a record knows of it.
#[derive(Clone, Copy, Debug)]
pub struct Digest(pub [u8; 32]);

/// What a credential is for. Each kind has its prefix, its table and its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// An authorization code.
    Code,
    /// A business token.
    Token,
    /// A signed-in browser's cookie.
    Session,
    /// The cookie of a browser that has signed in before.
    Device,
    /// The address of a consent screen.
    Pending,
    /// An operator's key to the operator API.
    OperatorKey,
    /// The cookie of a sign-in between its password and its one-time password.
    LoginStep,
}

impl Secret {
    /// Takes 32 bytes from the system's random source.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Secret(bytes)
    }

    /// What may be stored of it.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.0)
    }

    /// The bits themselves, as a key for a message authentication code.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Digest {
    /// The digest of any secret text or bits.
    pub fn of(bytes: &[u8]) -> Self {
        Digest(Sha256::digest(bytes).into())
    }

    /// 64 lowercase hexadecimal digits: the name of something whose bytes have this digest.
    pub fn hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Reads [`Digest::hex`], in this one spelling.
    pub fn read_hex(text: &str) -> Option<Self> {
        let digits = text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if text.len() != 64 || !digits {
            return None;
        }
        let mut bytes = [0; 32];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
        }
        Some(Digest(bytes))
    }
}

/// Constant time: a comparison tells nothing of where the difference lies.
impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Digest {}

impl Credential {
    fn prefix(self) -> &'static str {
        match self {
            Credential::Code => "bzc_",
            Credential::Token => "bzt_",
            Credential::Session => "bzs_",
            Credential::Device => "bzd_",
            Credential::Pending => "bzp_",
            Credential::OperatorKey => "bzo_",
            Credential::LoginStep => "bzl_",
        }
    }

    /// The credential as its holder gets it.
    pub fn spell(self, id: i64, secret: &Secret) -> String {
        let mut bytes = [0; 40];
        bytes[..8].copy_from_slice(&id.to_be_bytes());
        bytes[8..].copy_from_slice(&secret.0);
        format!("{}{}", self.prefix(), URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The id and the secret of a credential of this kind; `None` for anything else. Each has exactly one spelling.
    pub fn read(self, text: &str) -> Option<(i64, Secret)> {
        let encoded = text.strip_prefix(self.prefix())?;
        let mut bytes = [0; 40];
        // The length first: the decoder wants room for whole groups of four, and nothing longer can be ours.
        if encoded.len() != 54 || URL_SAFE_NO_PAD.decode_slice(encoded, &mut bytes).ok()? != 40 {
            return None;
        }
        let (id, secret) = bytes.split_at(8);
        let id = i64::from_be_bytes(id.try_into().ok()?);
        (id > 0).then_some(())?;
        Some((id, Secret(secret.try_into().ok()?)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KINDS: [Credential; 7] = [
        Credential::Code,
        Credential::Token,
        Credential::Session,
        Credential::Device,
        Credential::Pending,
        Credential::OperatorKey,
        Credential::LoginStep,
    ];

    #[test]
    fn a_credential_is_read_only_as_what_it_is() {
        let secret = Secret::from_bytes([7; 32]);
        for kind in KINDS {
            let text = kind.spell(42, &secret);
            for other in KINDS {
                let read = other.read(&text);
                assert_eq!(read.is_some(), other == kind, "{kind:?} presented as {other:?}");
                assert!(read.is_none_or(|(id, found)| id == 42 && found.digest() == secret.digest()));
            }
        }
    }

    #[test]
    fn a_credential_has_one_spelling() {
        let text = Credential::Token.spell(i64::MAX, &Secret::from_bytes([255; 32]));
        assert!(Credential::Token.read(&text).is_some());
        for wrong in [text.to_uppercase(), format!("{text}="), format!(" {text}"), text[..text.len() - 1].to_owned()] {
            assert!(Credential::Token.read(&wrong).is_none(), "{wrong}");
        }
        // The last character carries four bits only; another that differs in the two spare ones is no second spelling.
        let mut spare = text.clone();
        spare.pop();
        spare.push('9');
        assert!(Credential::Token.read(&spare).is_none());
        let negative = Credential::Token.spell(-1, &Secret::from_bytes([1; 32]));
        assert!(Credential::Token.read(&negative).is_none());
    }

    #[test]
    fn a_digest_has_one_spelling() {
        let digest = Digest::of(b"an icon");
        assert_eq!(Digest::read_hex(&digest.hex()), Some(digest));
        for wrong in [digest.hex().to_uppercase(), digest.hex()[1..].to_owned(), "é".repeat(32), String::new()] {
            assert_eq!(Digest::read_hex(&wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_secret_does_not_show_itself() {
        assert_eq!(format!("{:?}", Secret::from_bytes([65; 32])), "Secret(…)");
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "\\PC{0,80}") {
            for kind in KINDS {
                let _ = kind.read(&text);
            }
        }

        #[test]
        fn what_is_spelled_is_read(id in 1..i64::MAX, bits in any::<[u8; 32]>()) {
            let secret = Secret::from_bytes(bits);
            let (found, proof) = Credential::Code.read(&Credential::Code.spell(id, &secret)).unwrap();
            prop_assert_eq!(found, id);
            prop_assert!(proof.digest() == secret.digest());
        }
    }
}
