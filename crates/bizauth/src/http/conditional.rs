//! Answers that a caller may have already: a tag of the body, the time of its last change, and 304 (RFC 9110, 13).

use std::sync::Arc;

use axum::body::Bytes;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use bizauth_core::secret::Digest;
use bizauth_core::time::Time;
use jiff::Timestamp;
use jiff::fmt::rfc2822::{DateTimeParser, DateTimePrinter};

use super::given::{Given, Head};
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

/// The same with all that follows from it, to be answered with again and again.
pub struct Ready {
    bytes: Bytes,
    tag: String,
    /// When it changed, in whole seconds.
    changed: Option<i64>,
    /// Of the whole body, and for who has it.
    heads: [Arc<Head>; 2],
    /// The same without the time of the change.
    early: [Arc<Head>; 2],
}

impl Body {
    /// The body, or that the caller has it, to a request that came at `now`.
    pub fn answer(self, headers: &HeaderMap, now: Time) -> Response {
        self.ready().answer(headers, now).into_response()
    }

    /// The body with its tag.
    pub fn ready(self) -> Ready {
        let tag = format!("\"{}\"", hex(&Digest::of(self.text.as_bytes()).0[..12]));
        let changed = self.changed.and_then(http_date);
        let head = |status, changed: Option<&HeaderValue>| {
            let mut fields = HeaderMap::new();
            if status == StatusCode::OK {
                fields.insert(CONTENT_TYPE, self.kind.clone());
            }
            if let Ok(tag) = HeaderValue::from_str(&tag) {
                fields.insert(ETAG, tag);
            }
            if let Some(text) = changed {
                fields.insert(LAST_MODIFIED, text.clone());
            }
            // A copy may be kept, but not used unasked: at midnight it is another list.
            let keep = if self.public { "public, no-cache" } else { "private, no-cache" };
            fields.insert(CACHE_CONTROL, HeaderValue::from_static(keep));
            Head::new(status, fields)
        };
        let heads = |changed| [StatusCode::OK, StatusCode::NOT_MODIFIED].map(|status| head(status, changed));
        Ready {
            heads: heads(changed.as_ref().map(|(_, text)| text)),
            early: heads(None),
            bytes: self.text.into(),
            tag,
            changed: changed.map(|(second, _)| second),
        }
    }
}

impl Ready {
    /// [`Body::answer`].
    pub fn answer(&self, headers: &HeaderMap, now: Time) -> Given {
        // Not for a change in this very second: there may be another one yet, and nobody could tell the two apart.
        let changed = self.changed.filter(|second| *second < now.millis().div_euclid(1000));
        let is_known = if headers.contains_key(IF_NONE_MATCH) {
            let known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
            known.flat_map(|value| value.split(',')).any(|known| matches(known.trim(), &self.tag))
        } else {
            // Section 13.1.3: only where no tag was sent, which says it exactly.
            let since = headers.get(IF_MODIFIED_SINCE).and_then(|value| value.to_str().ok()).and_then(read_date);
            matches!((since, changed), (Some(since), Some(at)) if at <= since)
        };
        let heads = if changed.is_some() { &self.heads } else { &self.early };
        let body = if is_known { Bytes::new() } else { self.bytes.clone() };
        Given { head: heads[usize::from(is_known)].clone(), body }
    }
}

/// RFC 9110, section 13.1.2: weak comparison, and `*` for anything.
fn matches(known: &str, tag: &str) -> bool {
    known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag
}

/// A time in whole seconds, as seconds and as a header has it.
fn http_date(at: Time) -> Option<(i64, HeaderValue)> {
    let second = at.millis().div_euclid(1000);
    let stamp = Timestamp::from_second(second).ok()?;
    let text = DateTimePrinter::new().timestamp_to_rfc9110_string(&stamp).ok()?;
    Some((second, HeaderValue::from_str(&text).ok()?))
}

fn read_date(text: &str) -> Option<i64> {
    DateTimeParser::new().parse_timestamp(text.trim()).ok().map(Timestamp::as_second)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Time = Time::from_millis(1_795_230_000_500);

    fn ask(headers: &[(&str, &str)], changed: Option<Time>) -> u16 {
        ask_at(headers, changed, 60)
    }

    /// So many seconds after the change.
    fn ask_at(headers: &[(&str, &str)], changed: Option<Time>, later: u64) -> u16 {
        let mut sent = HeaderMap::new();
        for (name, value) in headers {
            sent.append(axum::http::HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
        }
        let body =
            Body { kind: HeaderValue::from_static("text/plain"), text: "body".to_owned(), changed, public: true };
        body.answer(&sent, AT.plus(std::time::Duration::from_secs(later))).status().as_u16()
    }

    #[test]
    fn what_did_not_change_since_is_not_sent_again() {
        let text = "Sat, 21 Nov 2026 03:00:00 GMT";
        assert_eq!(http_date(AT), Some((1_795_230_000, HeaderValue::from_static(text))));
        assert_eq!(read_date(text), Some(1_795_230_000));
        assert_eq!(ask_at(&[("if-modified-since", text)], Some(AT), 0), 200, "this second is not over");
        assert_eq!(ask_at(&[("if-modified-since", text)], Some(AT), 1), 304);
        assert_eq!(ask(&[("if-modified-since", text)], Some(AT)), 304);
        assert_eq!(ask(&[("if-modified-since", "Sat, 21 Nov 2026 03:00:01 GMT")], Some(AT)), 304);
        assert_eq!(ask(&[("if-modified-since", "Sat, 21 Nov 2026 02:59:59 GMT")], Some(AT)), 200);
        assert_eq!(ask(&[("if-modified-since", "yesterday")], Some(AT)), 200);
        assert_eq!(ask(&[("if-modified-since", text)], None), 200);
        assert_eq!(ask(&[("if-modified-since", text), ("if-none-match", "\"other\"")], Some(AT)), 200);
        assert_eq!(ask(&[("if-none-match", "*")], None), 304);
    }
}
