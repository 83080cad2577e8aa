//! The one place where chance comes from. Everything below the doors gets it as a value.

use bizauth_core::key::{AppKey, client_secret};
use bizauth_core::secret::Secret;

/// The system's random source.
///
/// # Panics
/// All of its methods, if the system has no randomness to give: nothing safe can be done without.
#[derive(Clone, Copy, Debug, Default)]
pub struct Entropy;

impl Entropy {
    /// Random bytes.
    pub fn bytes<const N: usize>(self) -> [u8; N] {
        let mut bytes = [0; N];
        getrandom::fill(&mut bytes).expect("the system's random source works");
        bytes
    }

    /// 256 random bits: the secret part of a code, a token or a session.
    pub fn secret(self) -> Secret {
        Secret::from_bytes(self.bytes())
    }

    /// An app key.
    pub fn app_key(self) -> AppKey {
        AppKey::from_bytes(self.bytes())
    }

    /// A business client secret: 32 letters and digits.
    pub fn client_secret(self) -> String {
        loop {
            if let Some(secret) = client_secret(&self.bytes()) {
                return secret;
            }
        }
    }

    /// What distinguishes this process's ids from those of other nodes.
    pub fn node(self) -> u16 {
        u16::from_be_bytes(self.bytes())
    }
}
