//! Passwords: argon2id, off the async threads, and never more at a time than there are cores.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use bizauth_core::user::PASSWORD_LENGTH;
use tokio::sync::Semaphore;

use crate::entropy::Entropy;

/// Why a password cannot be chosen.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// Too short or too long.
    #[error("a password has 8 to 256 characters")]
    Length,
    /// The hash could not be made.
    #[error("the password could not be hashed: {0}")]
    Hash(String),
}

/// The argon2id hash of a new password, in PHC form, with the parameters OWASP asks for (19 MiB, two passes).
///
/// # Errors
/// A password that cannot be chosen.
pub fn hash(password: &str, entropy: &Entropy) -> Result<String, Unfit> {
    if !PASSWORD_LENGTH.contains(&password.chars().count()) {
        return Err(Unfit::Length);
    }
    let salt: [u8; 16] = entropy.bytes();
    let hash: Result<PasswordHash, _> = Argon2::default().hash_password_with_salt(password.as_bytes(), &salt);
    hash.map(|hash| hash.to_string()).map_err(|e| Unfit::Hash(e.to_string()))
}

/// [`hash`], off the async threads.
///
/// # Errors
/// As [`hash`].
pub async fn hashed(password: String, entropy: &Entropy) -> Result<String, Unfit> {
    let entropy = entropy.clone();
    let made = tokio::task::spawn_blocking(move || hash(&password, &entropy)).await;
    made.unwrap_or_else(|error| Err(Unfit::Hash(error.to_string())))
}

/// Checks passwords, as many at a time as there are cores: each takes 19 MiB and some tens of milliseconds.
#[derive(Clone, Debug)]
pub struct Verifier {
    turns: Arc<Semaphore>,
    /// Checked when there is no such account, so that the answer takes as long.
    nobody: Arc<str>,
}

impl Verifier {
    /// A verifier with as many turns as there are cores.
    pub fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        // Well-formed, with the same parameters, and the hash of nothing that anyone could type.
        let nobody =
            "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        Verifier { turns: Arc::new(Semaphore::new(cores)), nobody: nobody.into() }
    }

    /// Whether `password` is the one behind `hash`. Without a hash it takes as long, and is not.
    pub async fn verify(&self, hash: Option<String>, password: String) -> bool {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobody.to_string());
        let Ok(_turn) = self.turns.acquire().await else { return false };
        let check = move || {
            let parsed = PasswordHash::new(&hash);
            parsed.is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok())
        };
        let same = tokio::task::spawn_blocking(check).await.unwrap_or(false);
        known && same
    }
}

impl Default for Verifier {
    fn default() -> Self {
        Verifier::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_opens_only_its_own_hash() {
        let hash = hash("correct horse", &Entropy::System).unwrap();
        let verifier = Verifier::new();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verifier.verify(Some(hash.clone()), "correct horse".to_owned()).await);
        assert!(!verifier.verify(Some(hash), "correct horsE".to_owned()).await);
        assert!(!verifier.verify(Some("rubbish".to_owned()), String::new()).await);
        assert!(!verifier.verify(None, String::new()).await);
        PasswordHash::new(&verifier.nobody).unwrap();
    }

    #[test]
    fn a_password_has_8_to_256_characters() {
        for (password, fits) in [("1234567", false), ("12345678", true), ("여덟글자비밀번호", true)] {
            assert_eq!(hash(password, &Entropy::System).is_ok(), fits, "{password}");
        }
        assert!(hash(&"x".repeat(257), &Entropy::System).is_err());
    }
}
