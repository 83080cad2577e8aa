//! The one place where chance comes from. Everything below the doors gets it as a value.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bizauth_core::key::{AppKey, client_secret};
use bizauth_core::secret::Secret;
use sha2::{Digest, Sha256};

/// The system's random source, or a sequence that comes out the same each time.
///
/// # Panics
/// All of its methods, if the system has no randomness to give: nothing safe can be done without.
#[derive(Clone, Debug, Default)]
pub enum Entropy {
    /// The system's.
    #[default]
    System,
    /// Follows from a number, so that a test can be repeated byte for byte. Whoever knows the number knows every secret:
    /// only `bizauth dev` makes one.
    Seeded(Arc<Sequence>),
}

/// SHA-256 over a number and a counter. Clones go on where the others are.
pub struct Sequence {
    number: u64,
    drawn: AtomicU64,
}

impl fmt::Debug for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sequence(…)")
    }
}

impl Entropy {
    /// The sequence of `number`, from the place after `drawn` draws.
    pub fn seeded(number: u64, drawn: u64) -> Self {
        Entropy::Seeded(Arc::new(Sequence { number, drawn: AtomicU64::new(drawn) }))
    }

    /// How often a sequence was drawn from; the system's source does not count.
    pub fn drawn(&self) -> u64 {
        match self {
            Entropy::System => 0,
            Entropy::Seeded(sequence) => sequence.drawn.load(Ordering::SeqCst),
        }
    }

    /// Random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match self {
            Entropy::System => getrandom::fill(&mut bytes).expect("the system's random source works"),
            Entropy::Seeded(sequence) => {
                for chunk in bytes.chunks_mut(32) {
                    chunk.copy_from_slice(&sequence.next()[..chunk.len()]);
                }
            }
        }
        bytes
    }

    /// 256 random bits: the secret part of a code, a token or a session.
    pub fn secret(&self) -> Secret {
        Secret::from_bytes(self.bytes())
    }

    /// An app key.
    pub fn app_key(&self) -> AppKey {
        AppKey::from_bytes(self.bytes())
    }

    /// A business client secret: 32 letters and digits.
    pub fn client_secret(&self) -> String {
        loop {
            if let Some(secret) = client_secret(&self.bytes()) {
                return secret;
            }
        }
    }

    /// A password to be typed once: sixteen letters and digits.
    pub fn temporary_password(&self) -> String {
        self.client_secret()[..16].to_owned()
    }

    /// What distinguishes this process's ids from those of other nodes.
    pub fn node(&self) -> u16 {
        u16::from_be_bytes(self.bytes())
    }
}

impl Sequence {
    fn next(&self) -> [u8; 32] {
        let place = self.drawn.fetch_add(1, Ordering::SeqCst);
        Sha256::new()
            .chain_update(b"bizauth dev")
            .chain_update(self.number.to_be_bytes())
            .chain_update(place.to_be_bytes())
            .finalize()
            .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_sequence_and_clones_share_it() {
        let (one, same, other) = (Entropy::seeded(7, 0), Entropy::seeded(7, 0), Entropy::seeded(8, 0));
        let drawn: [[u8; 40]; 2] = [one.bytes(), one.clone().bytes()];
        assert_eq!(drawn, [same.bytes(), same.bytes()]);
        assert_ne!(drawn[0], drawn[1]);
        assert_ne!(drawn[0], other.bytes::<40>());
        assert_eq!(Entropy::seeded(7, one.drawn()).bytes::<8>(), same.bytes::<8>(), "and goes on from any place");
    }
}
