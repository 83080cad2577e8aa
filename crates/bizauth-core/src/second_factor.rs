//! The second factor of a sign-in: one-time passwords over time (RFC 6238), and the recovery codes beside them.
//!
//! What an authenticator app computes is computed here again: HMAC-SHA-1, 6 digits, steps of 30 seconds, one step of
//! slack to either side. That a step counts once is the records' business.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use subtle::ConstantTimeEq;

use crate::secret::Digest;
use crate::time::Time;

/// The length of a step, in milliseconds (RFC 6238, section 4.1).
const STEP: i64 = 30_000;
/// How many steps a clock may be off (section 5.2 recommends at most one).
const SLACK: i64 = 1;
/// RFC 4648, section 6, in the small letters that people read best.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// Letters of a recovery code: 80 bits, so that a stolen digest gives nothing away.
const RECOVERY_LENGTH: usize = 16;

/// How many recovery codes are given out at a time.
pub const RECOVERY_CODES: usize = 10;

/// The secret that an authenticator app shares with us: 160 bits (RFC 4226, section 4, R6).
#[derive(Clone, PartialEq, Eq)]
pub struct Seed([u8; 20]);

/// What somebody gave as their second factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// Six digits.
    OneTime(String),
    /// A recovery code, as its digest.
    Recovery(Digest),
}

impl Given {
    /// Reads what was typed: spaces and hyphens do not matter, nor does the size of letters. `None`: neither of both.
    pub fn read(text: &str) -> Option<Self> {
        let plain: String = text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect::<String>().to_lowercase();
        if plain.len() == 6 && plain.bytes().all(|b| b.is_ascii_digit()) {
            return Some(Given::OneTime(plain));
        }
        let spelled = plain.len() == RECOVERY_LENGTH && plain.bytes().all(|b| ALPHABET.contains(&b));
        spelled.then(|| Given::Recovery(Digest::of(plain.as_bytes())))
    }
}

impl Seed {
    /// Takes 20 bytes from the system's random source.
    pub fn from_bytes(bytes: [u8; 20]) -> Self {
        Seed(bytes)
    }

    /// The bits themselves, to be sealed.
    pub fn expose(&self) -> &[u8; 20] {
        &self.0
    }

    /// The step whose code this is, if it is one of those that count now. Constant time.
    pub fn step(&self, code: &str, now: Time) -> Option<i64> {
        let current = now.millis().div_euclid(STEP);
        let mut found = None;
        for step in current - SLACK..=current + SLACK {
            if bool::from(self.code(step).as_bytes().ct_eq(code.as_bytes())) {
                found = Some(step);
            }
        }
        found
    }

    /// The code at a time.
    pub fn code_at(&self, now: Time) -> String {
        self.code(now.millis().div_euclid(STEP))
    }

    /// RFC 4226, section 5.3.
    fn code(&self, step: i64) -> String {
        let mac: Hmac<Sha1> = Hmac::new_from_slice(&self.0).expect("a MAC takes a key of any length");
        let mac = mac.chain_update(step.to_be_bytes()).finalize().into_bytes();
        let offset = usize::from(mac[19] & 0xf);
        let number = u32::from_be_bytes([mac[offset] & 0x7f, mac[offset + 1], mac[offset + 2], mac[offset + 3]]);
        format!("{:06}", number % 1_000_000)
    }

    /// The seed as it is typed into an authenticator app: base32 in groups of four.
    pub fn to_text(&self) -> String {
        grouped(&base32(&self.0).to_uppercase(), " ")
    }

    /// The address that an authenticator app reads from a QR code.
    pub fn to_uri(&self, issuer: &str, account: &str) -> String {
        let escape =
            |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
        let (issuer, account, secret) = (escape(issuer), escape(account), base32(&self.0).to_uppercase());
        format!("otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period=30")
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(…)")
    }
}

/// A recovery code as it is shown, made of random bytes: `abcd-efgh-ijkl-mnop`.
pub fn recovery_code(bytes: &[u8; 10]) -> String {
    grouped(&base32(bytes), "-")
}

fn base32(bytes: &[u8]) -> String {
    let (mut text, mut bits, mut held) = (String::new(), 0_u32, 0_u32);
    for byte in bytes {
        bits = bits << 8 | u32::from(*byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            text.push(char::from(ALPHABET[(bits >> held) as usize & 31]));
        }
        bits &= (1 << held) - 1;
    }
    text
}

fn grouped(text: &str, between: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(between)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seconds(n: i64) -> Time {
        Time::from_millis(n * 1000)
    }

    /// RFC 6238, appendix B (its last six digits), and RFC 4226, appendix D.
    #[test]
    fn codes_are_those_of_the_documents() {
        let seed = Seed::from_bytes(*b"12345678901234567890");
        for (at, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(seed.code_at(seconds(at)), code, "{at}");
        }
        for (step, code) in [(0, "755224"), (1, "287082"), (9, "520489")] {
            assert_eq!(seed.code(step), code);
        }
    }

    #[test]
    fn a_code_counts_one_step_before_and_after_its_own() {
        let seed = Seed::from_bytes(*b"12345678901234567890");
        let code = seed.code_at(seconds(3000));
        for (at, step) in
            [(2969, None), (2970, Some(100)), (3000, Some(100)), (3029, Some(100)), (3059, Some(100)), (3060, None)]
        {
            assert_eq!(seed.step(&code, seconds(at)), step, "{at}");
        }
        assert_eq!(seed.step("", seconds(3000)), None);
    }

    #[test]
    fn a_seed_is_told_as_authenticators_read_it() {
        let seed = Seed::from_bytes(*b"12345678901234567890");
        assert_eq!(seed.to_text(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        assert_eq!(
            seed.to_uri("bizauth", "kim@example.com"),
            "otpauth://totp/bizauth:kim%40example%2Ecom?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=bizauth\
             &algorithm=SHA1&digits=6&period=30"
        );
        assert_eq!(format!("{seed:?}"), "Seed(…)");
    }

    #[test]
    fn what_is_typed_is_a_code_or_a_recovery_code() {
        let recovery = recovery_code(&[255, 0, 17, 3, 9, 200, 100, 50, 25, 12]);
        assert_eq!((recovery.len(), recovery.matches('-').count()), (19, 3));
        let digest = Given::Recovery(Digest::of(recovery.replace('-', "").as_bytes()));
        for text in [recovery.clone(), recovery.to_uppercase(), recovery.replace('-', " "), format!(" {recovery}\t")] {
            assert_eq!(Given::read(&text), Some(digest.clone()), "{text}");
        }
        assert_eq!(Given::read(" 012 345 "), Some(Given::OneTime("012345".to_owned())));
        for text in ["", "12345", "1234567", "12345a", "abcd-efgh-ijkl-mno1", "１２３４５６", &recovery[1..]] {
            assert_eq!(Given::read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "\\PC{0,40}", at in any::<i64>()) {
            let _ = Given::read(&text);
            let _ = Seed::from_bytes([7; 20]).step(&text, Time::from_millis(at));
        }
    }
}
