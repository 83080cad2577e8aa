//! The one thing that is read out of a certificate: when it ends.

use bizauth_core::time::Time;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;

/// `notAfter` of an X.509 certificate in DER; nothing if it is none.
pub(super) fn not_after(certificate: &[u8]) -> Option<Time> {
    let (signed, _) = of(SEQUENCE, certificate)?;
    let (body, _) = of(SEQUENCE, signed)?;
    // Version (which old certificates lack), serial number, algorithm, issuer.
    let (tag, _, behind) = element(body)?;
    let mut rest = if tag == VERSION { behind } else { body };
    for _ in 0..3 {
        rest = element(rest)?.2;
    }
    let (validity, _) = of(SEQUENCE, rest)?;
    let (tag, text, _) = element(element(validity)?.2)?;
    moment(tag, std::str::from_utf8(text).ok()?)
}

/// RFC 5280, section 4.1.2.5: two digits of the year until 2049, four from then on; always UTC, to the second.
fn moment(tag: u8, text: &str) -> Option<Time> {
    let digits = text.strip_suffix('Z').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    let whole = match (tag == UTC_TIME, digits) {
        (true, digits) if digits < "50" => format!("20{digits}"),
        (true, digits) => format!("19{digits}"),
        (false, digits) => digits.to_owned(),
    };
    let at = DateTime::strptime("%Y%m%d%H%M%S", &whole).ok()?.to_zoned(TimeZone::UTC).ok()?;
    Some(Time::from_millis(at.timestamp().as_millisecond()))
}

fn of(wanted: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    element(bytes).filter(|(tag, ..)| *tag == wanted).map(|(_, content, rest)| (content, rest))
}

/// The tag and content of the first element, and what stands behind it.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, length], rest) = bytes.split_first_chunk::<2>()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        // A certificate is shorter than 2^24 bytes.
        0x81..=0x83 => {
            let (digits, rest) = rest.split_at_checked(usize::from(length - 0x80))?;
            (digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_certificate_is_read() {
        for (year, wanted) in [(2028, "2028-02-29T00:00:00Z"), (2052, "2052-02-29T00:00:00Z")] {
            let key = rcgen::KeyPair::generate().unwrap();
            let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
            params.not_after = rcgen::date_time_ymd(year, 2, 29);
            let made = params.self_signed(&key).unwrap();
            assert_eq!(not_after(made.der()).unwrap().to_utc(), wanted);
            for end in 0..made.der().len() {
                assert_eq!(not_after(&made.der()[..end]), None, "torn after {end} bytes");
            }
        }
        assert_eq!(moment(UTC_TIME, "491231235959Z").unwrap().to_utc(), "2049-12-31T23:59:59Z");
        assert_eq!(moment(UTC_TIME, "500101000000Z").unwrap().to_utc(), "1950-01-01T00:00:00Z");
        assert_eq!(moment(UTC_TIME, "501301000000Z"), None);
    }
}
