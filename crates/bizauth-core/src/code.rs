//! The authorization code: what it is bound to, and when it may be traded.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;

use crate::fault::KauthFault;
use crate::id::KeyId;
use crate::secret::Digest;
use crate::time::Time;

/// How long a code lives unless configured otherwise (one observation on the live platform).
pub const LIFETIME: Duration = Duration::from_secs(600);

/// A PKCE challenge, S256 only (RFC 7636): base64url of the verifier's SHA-256.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge(String);

impl Challenge {
    /// Reads 43 characters of base64url.
    pub fn read(text: &str) -> Option<Self> {
        let alphabet = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        (text.len() == 43 && text.bytes().all(alphabet)).then(|| Challenge(text.to_owned()))
    }

    /// The challenge that `verifier` answers to (RFC 7636, section 4.2).
    pub fn of(verifier: &str) -> Self {
        Challenge(URL_SAFE_NO_PAD.encode(Digest::of(verifier.as_bytes()).0))
    }

    /// The challenge as it was sent.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Whether `verifier` is the one it was made of (RFC 7636, section 4.6), compared in constant time.
    pub fn answers_to(&self, verifier: &str) -> bool {
        let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
        let shaped = (43..=128).contains(&verifier.len()) && verifier.bytes().all(unreserved);
        shaped && bool::from(Challenge::of(verifier).0.as_bytes().ct_eq(self.0.as_bytes()))
    }
}

/// A code, as far as the rules ask about it.
#[derive(Clone, Debug)]
pub struct Code {
    /// The key it was issued to.
    pub key: KeyId,
    /// The `redirect_uri` of its authorize request.
    pub redirect_uri: String,
    /// The challenge of its authorize request.
    pub challenge: Option<Challenge>,
    /// When it ends.
    pub expires_at: Time,
}

/// What a token request says about the code it brings.
#[derive(Clone, Debug)]
pub struct Trade {
    /// The key that proved itself.
    pub key: KeyId,
    /// `redirect_uri`.
    pub redirect_uri: String,
    /// `code_verifier`.
    pub verifier: Option<String>,
}

impl Code {
    /// Checks 6 (as far as time goes) to 9 of the token request, in their order.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn admits(&self, trade: &Trade, now: Time) -> Result<(), KauthFault> {
        if now >= self.expires_at {
            return Err(KauthFault::CodeNotFound);
        }
        if trade.key != self.key {
            return Err(KauthFault::WrongApp);
        }
        if trade.redirect_uri != self.redirect_uri {
            return Err(KauthFault::RedirectUriMismatch);
        }
        // A missing verifier must not skip the check (CVE-2023-48228), nor may a stripped challenge (CVE-2024-23647).
        match (&self.challenge, &trade.verifier) {
            (None, None) => Ok(()),
            (Some(challenge), Some(verifier)) if challenge.answers_to(verifier) => Ok(()),
            _ => Err(KauthFault::BadVerifier),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pair of RFC 7636, appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn a_code_is_bound_to_time_key_address_and_verifier() {
        let code = |challenge: Option<&str>| Code {
            key: KeyId(1),
            redirect_uri: "https://a.example/cb".to_owned(),
            challenge: challenge.map(|text| Challenge::read(text).unwrap()),
            expires_at: Time::from_millis(1000),
        };
        let trade = |key, uri: &str, verifier: Option<&str>| Trade {
            key: KeyId(key),
            redirect_uri: uri.to_owned(),
            verifier: verifier.map(str::to_owned),
        };
        let good = "https://a.example/cb";
        for (challenge, trade, now, verdict) in [
            (None, trade(1, good, None), 999, Ok(())),
            (None, trade(1, good, None), 1000, Err(KauthFault::CodeNotFound)),
            (None, trade(2, "https://evil.example/", None), 1000, Err(KauthFault::CodeNotFound)),
            (None, trade(2, "https://evil.example/", None), 1, Err(KauthFault::WrongApp)),
            (None, trade(1, "https://a.example/cb/", Some("x")), 1, Err(KauthFault::RedirectUriMismatch)),
            (None, trade(1, good, Some(VERIFIER)), 1, Err(KauthFault::BadVerifier)),
            (Some(CHALLENGE), trade(1, good, None), 1, Err(KauthFault::BadVerifier)),
            (Some(CHALLENGE), trade(1, good, Some(CHALLENGE)), 1, Err(KauthFault::BadVerifier)),
            (Some(CHALLENGE), trade(1, good, Some("")), 1, Err(KauthFault::BadVerifier)),
            (Some(CHALLENGE), trade(1, good, Some(VERIFIER)), 1, Ok(())),
        ] {
            assert_eq!(code(challenge).admits(&trade, Time::from_millis(now)), verdict, "{challenge:?} {trade:?}");
        }
    }

    #[test]
    fn a_challenge_has_43_characters() {
        for (text, fits) in [(CHALLENGE, true), ("", false), ("a", false), (&CHALLENGE[1..], false)] {
            assert_eq!(Challenge::read(text).is_some(), fits, "{text}");
        }
        assert!(Challenge::read(&CHALLENGE.replace('-', "+")).is_none());
    }
}
