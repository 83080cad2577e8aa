//! Cookies as browsers send them, and as those send them who are none.

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use bizauth::http::guard::cookie_sent;

const NAMES: [&str; 4] = ["bizauth-session", "__Host-bizauth-session", "bizauth-form", "a"];

/// Every line is a header.
pub fn cookies(bytes: &[u8]) {
    let (mut headers, mut lines) = (HeaderMap::new(), Vec::new());
    for line in bytes.split(|byte| *byte == b'\n').take(4) {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(COOKIE, value);
            lines.push(line);
        }
    }
    for name in NAMES {
        assert_eq!(cookie_sent(&headers, name), naive(&lines, name), "{name} of {lines:?}");
    }
}

/// The first of this name; lines that are not ASCII are passed over.
fn naive(lines: &[&[u8]], name: &str) -> Option<String> {
    for line in lines {
        if !line.iter().all(|byte| *byte == b'\t' || (0x20..0x7f).contains(byte)) {
            continue;
        }
        for piece in String::from_utf8_lossy(line).split(';') {
            let Some(at) = piece.find('=') else { continue };
            if piece[..at].trim() == name {
                return Some(piece[at + 1..].trim().to_owned());
            }
        }
    }
    None
}
