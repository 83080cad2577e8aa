//! What is on its way to the next page: a secret, sealed with a key of the session's own, or a note on what was done,
//! signed with it; for one path, for a minute. No record holds it, and neither does an address; the browser carries it
//! and cannot alter it, and what is sealed it cannot read.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bizauth_core::secret::Secret;
use bizauth_core::time::Time;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use hmac::Mac;

use super::Browser;
use super::browser::keyed;

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

    /// Signs a note for the page at `path`, until then. `key`: the secret of the session that will open the page.
    pub fn sign_note(key: &Secret, path: &str, until: Time, word: &str) -> String {
        let note = format!("{word}.{}", until.millis());
        let mac = keyed(key, "done", &format!("{path} {note}")).finalize().into_bytes();
        format!("{note}.{}", URL_SAFE_NO_PAD.encode(mac))
    }

    /// The word of the note that was signed for the page at `path`, if it is not too late.
    pub fn note(&self, path: &str, now: Time) -> Option<&str> {
        let (note, mac) = self.note.as_ref()?.rsplit_once('.')?;
        let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
        self.keyed("done", &format!("{path} {note}")).verify_slice(&mac).ok()?;
        let (word, until) = note.rsplit_once('.')?;
        (now < Time::from_millis(until.parse().ok()?)).then_some(word)
    }

    fn cipher(&self) -> ChaCha20Poly1305 {
        let key: [u8; 32] = self.keyed("once", "").finalize().into_bytes().into();
        ChaCha20Poly1305::new(&key.into())
    }
}
