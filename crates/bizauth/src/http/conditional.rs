//! Answers that a caller may have already: a tag of the body, the time of its last change, and 304 (RFC 9110, 13).

use axum::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use bizauth_core::secret::Digest;
use bizauth_core::time::Time;
use jiff::Timestamp;
use jiff::fmt::rfc2822::{DateTimeParser, DateTimePrinter};

use crate::ip_list::hex;

/// A body that callers ask for again and again.
pub struct Body {
    /// Its content type.
    pub kind: HeaderValue,
    /// Its bytes.
    pub text: String,
    /// When it last changed, if that can be said.
    pub changed: Option<Time>,
    /// Whether anybody may keep a copy, or only whoever asked. Used it is by nobody unasked.
    pub public: bool,
}

impl Body {
    /// The body, or that the caller has it, to a request that came at `now`.
    pub fn answer(self, headers: &HeaderMap, now: Time) -> Response {
        let tag = format!("\"{}\"", hex(&Digest::of(self.text.as_bytes()).0[..12]));
        let changed = self.changed.and_then(|changed| http_date(changed, now));
        let is_known = if headers.contains_key(IF_NONE_MATCH) {
            let known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
            known.flat_map(|value| value.split(',')).any(|known| matches(known.trim(), &tag))
        } else {
            // Section 13.1.3: only where no tag was sent, which says it exactly.
            let since = headers.get(IF_MODIFIED_SINCE).and_then(|value| value.to_str().ok()).and_then(read_date);
            matches!((since, &changed), (Some(since), Some((at, _))) if *at <= since)
        };
        let mut response = match is_known {
            true => StatusCode::NOT_MODIFIED.into_response(),
            false => {
                let mut response = self.text.into_response();
                response.headers_mut().insert(CONTENT_TYPE, self.kind);
                response
            }
        };
        let headers = response.headers_mut();
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            headers.insert(ETAG, tag);
        }
        if let Some(changed) = changed.and_then(|(_, text)| HeaderValue::from_str(&text).ok()) {
            headers.insert(LAST_MODIFIED, changed);
        }
        // A copy may be kept, but not used unasked: at midnight it is another list.
        let keep = if self.public { "public, no-cache" } else { "private, no-cache" };
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(keep));
        response
    }
}

/// RFC 9110, section 13.1.2: weak comparison, and `*` for anything.
fn matches(known: &str, tag: &str) -> bool {
    known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag
}

/// A time in whole seconds, as seconds and as a header has it. Not for a change in this very second: there may be another
/// one yet, and nobody could tell the two apart.
fn http_date(at: Time, now: Time) -> Option<(i64, String)> {
    let second = at.millis().div_euclid(1000);
    if second >= now.millis().div_euclid(1000) {
        return None;
    }
    let stamp = Timestamp::from_second(second).ok()?;
    Some((second, DateTimePrinter::new().timestamp_to_rfc9110_string(&stamp).ok()?))
}

fn read_date(text: &str) -> Option<i64> {
    DateTimeParser::new().parse_timestamp(text.trim()).ok().map(Timestamp::as_second)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Time = Time::from_millis(1_795_230_000_500);

    fn ask(headers: &[(&str, &str)], changed: Option<Time>) -> u16 {
        let mut sent = HeaderMap::new();
        for (name, value) in headers {
            sent.append(axum::http::HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
        }
        let body =
            Body { kind: HeaderValue::from_static("text/plain"), text: "body".to_owned(), changed, public: true };
        body.answer(&sent, AT.plus(std::time::Duration::from_secs(60))).status().as_u16()
    }

    #[test]
    fn what_did_not_change_since_is_not_sent_again() {
        assert_eq!(http_date(AT, AT), None, "this second is not over");
        let (_, text) = http_date(AT, AT.plus(std::time::Duration::from_secs(1))).unwrap();
        assert_eq!(text, "Sat, 21 Nov 2026 03:00:00 GMT");
        assert_eq!(read_date(&text), Some(1_795_230_000));
        assert_eq!(ask(&[("if-modified-since", &text)], Some(AT)), 304);
        assert_eq!(ask(&[("if-modified-since", "Sat, 21 Nov 2026 03:00:01 GMT")], Some(AT)), 304);
        assert_eq!(ask(&[("if-modified-since", "Sat, 21 Nov 2026 02:59:59 GMT")], Some(AT)), 200);
        assert_eq!(ask(&[("if-modified-since", "yesterday")], Some(AT)), 200);
        assert_eq!(ask(&[("if-modified-since", &text)], None), 200);
        assert_eq!(ask(&[("if-modified-since", &text), ("if-none-match", "\"other\"")], Some(AT)), 200);
        assert_eq!(ask(&[("if-none-match", "*")], None), 304);
    }
}
