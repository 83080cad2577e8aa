//! The `Authorization` header of the kapi door.

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderValue};
use bizauth::http::guard::authorization as read;
use bizauth_core::fault::KapiFault;

/// Every line is a header.
pub fn authorization(bytes: &[u8]) {
    let (mut headers, mut lines) = (HeaderMap::new(), Vec::new());
    for line in bytes.split(|byte| *byte == b'\n').take(4) {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(AUTHORIZATION, value);
            lines.push(line);
        }
    }
    for scheme in ["Bearer", "KakaoAK"] {
        assert_eq!(read(&headers, scheme), naive(&lines, scheme), "{scheme} of {lines:?}");
    }
    let both = ["Bearer", "KakaoAK"].map(|scheme| matches!(read(&headers, scheme), Ok(Some(_))));
    assert_ne!(both, [true, true], "one header is never two credentials");
}

/// Nothing without a header; one header, in ASCII, of two words, the second at most 256 characters and without a comma.
fn naive<'l>(lines: &[&'l [u8]], scheme: &str) -> Result<Option<&'l str>, KapiFault> {
    let [line] = lines else { return if lines.is_empty() { Ok(None) } else { Err(KapiFault::BadHeader) } };
    if !line.iter().all(|byte| *byte == b'\t' || (0x20..0x7f).contains(byte)) {
        return Err(KapiFault::BadHeader);
    }
    let text = std::str::from_utf8(line).map_err(|_| KapiFault::BadHeader)?;
    let (first, rest) = text.split_once(' ').ok_or(KapiFault::BadHeader)?;
    let words: Vec<&str> = rest.split(' ').filter(|word| !word.is_empty()).collect();
    match words[..] {
        [value] if value.len() <= 256 && !value.contains([',', '\t']) => {
            Ok((first.to_lowercase() == scheme.to_lowercase()).then_some(value))
        }
        _ => Err(KapiFault::BadHeader),
    }
}
