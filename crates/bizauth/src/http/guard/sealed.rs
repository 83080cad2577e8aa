//! A secret on its way to the next page: sealed with a key of the session's own, for one path, for a minute. No record
//! holds it, and neither does an address; the browser carries it and cannot read or alter it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bizauth_core::time::Time;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use hmac::Mac;

use super::Browser;

const NONCE: usize = 12;

impl Browser {
    /// Seals `text` for the page at `path`, until then.
    pub fn seal(&self, path: &str, until: Time, text: &str) -> String {
        let plain = [&until.millis().to_be_bytes(), text.as_bytes()].concat();
        // Follows from what is sealed (RFC 5297's idea): the same nonce only ever comes back with the same text.
        let mac = self.keyed("once-nonce", path).chain_update(&plain).finalize().into_bytes();
        let (nonce, _) = mac.split_first_chunk::<NONCE>().expect("a MAC is longer than a nonce");
        let payload = Payload { msg: &plain, aad: path.as_bytes() };
        let sealed = self.cipher().encrypt(&Nonce::from(*nonce), payload).expect("memory takes a short text");
        URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat())
    }

    /// What was sealed for the page at `path`, if it is not too late.
    pub fn unseal(&self, path: &str, now: Time) -> Option<String> {
        let bytes = URL_SAFE_NO_PAD.decode(self.sealed.as_ref()?).ok()?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE)?;
        let nonce: [u8; NONCE] = nonce.try_into().ok()?;
        let payload = Payload { msg: sealed, aad: path.as_bytes() };
        let plain = self.cipher().decrypt(&Nonce::from(nonce), payload).ok()?;
        let (until, text) = plain.split_first_chunk()?;
        (now < Time::from_millis(i64::from_be_bytes(*until))).then_some(())?;
        String::from_utf8(text.to_vec()).ok()
    }

    /// Whether the browser carries something sealed.
    pub fn holds_sealed(&self) -> bool {
        self.sealed.is_some()
    }

    fn cipher(&self) -> ChaCha20Poly1305 {
        let key: [u8; 32] = self.keyed("once", "").finalize().into_bytes().into();
        ChaCha20Poly1305::new(&key.into())
    }
}
