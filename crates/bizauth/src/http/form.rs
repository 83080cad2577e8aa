//! Strict reading of `application/x-www-form-urlencoded`: UTF-8 or nothing, no control characters, no surprises.

use std::collections::HashSet;

use axum::body::{Body, Bytes};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use bizauth_core::authorize::decode;
use http_body_util::LengthLimitError;

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// It is longer than it may be.
    TooLong,
    /// It broke off, or is not what its framing says.
    Broken,
}

/// A body as a whole, of at most so many bytes.
///
/// # Errors
/// It cannot be had.
pub async fn whole(body: Body, most: usize) -> Result<Bytes, Unread> {
    let too_long =
        |error: &axum::Error| matches!(std::error::Error::source(error), Some(cause) if cause.is::<LengthLimitError>());
    axum::body::to_bytes(body, most).await.map_err(|error| match too_long(&error) {
        true => Unread::TooLong,
        false => Unread::Broken,
    })
}

/// The longest value of a field of the wire, in bytes. On pages the body's length is the only bound.
const LONGEST: usize = 8192;
/// The most fields: a page of assets of every group, with room to spare.
pub const MOST: usize = 1000;
/// Up to so many names are compared with each other: cheaper than a set.
const FEW: usize = 16;

/// What a value may be.
#[derive(Clone, Copy)]
enum Kind {
    /// As programs send it, and as it stands in an address: one line, not long.
    Wire,
    /// As people write it: also of several lines.
    Written,
}

/// The fields of a form, in the order sent.
#[derive(Clone, Debug, Default)]
pub struct Form {
    fields: Vec<(String, String)>,
}

impl Form {
    /// Reads a request's body.
    ///
    /// # Errors
    /// A sentence for the caller: another content type or character set, a field that is malformed or over-long.
    pub fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, String> {
        Form::read_as(Kind::Wire, headers, body)
    }

    /// Reads the body of a page's form: its values may be of several lines, for [`Form::text`] alone.
    ///
    /// # Errors
    /// As [`Form::read`].
    pub fn written(headers: &HeaderMap, body: &[u8]) -> Result<Self, String> {
        Form::read_as(Kind::Written, headers, body)
    }

    /// A page's form whose fields are decoded already.
    ///
    /// # Errors
    /// A field that is malformed.
    pub fn of(fields: Vec<(String, String)>) -> Result<Self, String> {
        let checked = fields.into_iter().map(|(name, value)| check(Kind::Written, name, value));
        Ok(Form { fields: checked.collect::<Result<_, _>>()? })
    }

    fn read_as(kind: Kind, headers: &HeaderMap, body: &[u8]) -> Result<Self, String> {
        let sent = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut parts = sent.split(';').map(str::trim);
        if !parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")) {
            return Err("Content-Type must be application/x-www-form-urlencoded".to_owned());
        }
        let charset = parts.find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.eq_ignore_ascii_case("charset").then(|| value.trim_matches('"').to_owned())
        });
        if charset.is_some_and(|charset| !charset.eq_ignore_ascii_case("utf-8")) {
            return Err("charset must be utf-8".to_owned());
        }
        Form::parse_as(kind, std::str::from_utf8(body).map_err(|_| "the body is not UTF-8")?)
    }

    /// Reads the query of an address.
    ///
    /// # Errors
    /// A field that is malformed or over-long.
    pub fn parse(text: &str) -> Result<Self, String> {
        Form::parse_as(Kind::Wire, text)
    }

    fn parse_as(kind: Kind, text: &str) -> Result<Self, String> {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        let count = pairs.clone().count();
        if count > MOST {
            return Err(format!("more than {MOST} fields"));
        }
        let mut fields = Vec::with_capacity(count);
        for pair in pairs {
            fields.push(field(kind, pair)?);
        }
        Ok(Form { fields })
    }

    /// The first name that was sent twice.
    pub fn repeated(&self) -> Option<&str> {
        if self.fields.len() <= FEW {
            let is_known = |at: usize| self.fields[..at].iter().any(|(name, _)| *name == self.fields[at].0);
            return (0..self.fields.len()).find(|at| is_known(*at)).map(|at| self.fields[at].0.as_str());
        }
        let mut seen = HashSet::new();
        self.names().find(|name| !seen.insert(*name))
    }

    /// The names of all fields, in the order sent.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|(name, _)| name.as_str())
    }

    /// All fields with their values, in the order sent.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The value of a field; an empty one counts as absent, and so does one of several lines.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next().filter(|value| !value.is_empty())
    }

    /// [`Form::get`], for who needs the value as their own; what stays is an empty field.
    pub fn take(&mut self, name: &str) -> Option<String> {
        let value =
            self.fields.iter_mut().find(|(n, value)| n == name && !has_controls(value)).map(|(_, value)| value)?;
        (!value.is_empty()).then(|| std::mem::take(value))
    }

    /// The value of a field of several lines, each ended by `\n`; an empty one counts as absent.
    pub fn text(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
        found.filter(|value| !value.is_empty())
    }

    /// All values of a field that are of one line.
    pub fn all<'f, 'n>(&'f self, name: &'n str) -> impl Iterator<Item = &'f str> + use<'f, 'n> {
        self.fields.iter().filter(move |(n, value)| n == name && !has_controls(value)).map(|(_, value)| value.as_str())
    }
}

/// Whether there is any control character. What is ASCII, as nearly all that is sent, is not read letter by letter.
fn has_controls(text: &str) -> bool {
    match text.is_ascii() {
        true => text.bytes().any(|byte| byte.is_ascii_control()),
        false => text.chars().any(char::is_control),
    }
}

fn field(kind: Kind, pair: &str) -> Result<(String, String), String> {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let name = decode(name).ok_or("a field name is not UTF-8")?;
    let value = decode(value).ok_or_else(|| format!("{name} is not UTF-8"))?;
    check(kind, name, value)
}

fn check(kind: Kind, name: String, value: String) -> Result<(String, String), String> {
    if name.len() > 100 || has_controls(&name) {
        return Err("a field name is malformed".to_owned());
    }
    let (value, longest) = match kind {
        Kind::Wire => (value, LONGEST),
        Kind::Written => (value.replace("\r\n", "\n"), usize::MAX),
    };
    if value.len() > longest {
        return Err(format!("{name} is longer than {LONGEST} bytes"));
    }
    let lines = |c: char| matches!(kind, Kind::Written) && matches!(c, '\n' | '\t');
    if has_controls(&value) && !value.chars().all(|c| !c.is_control() || lines(c)) {
        return Err(format!("{name} holds a control character"));
    }
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(content_type: &str, body: &[u8]) -> Result<Form, String> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, content_type.parse().unwrap());
        Form::read(&headers, body)
    }

    #[test]
    fn only_a_utf8_form_is_a_form() {
        let kind = "application/x-www-form-urlencoded";
        for (content_type, body, verdict) in [
            (kind, &b"a=1&b=%ED%95%9C+x"[..], true),
            ("Application/X-WWW-Form-URLEncoded; Charset=\"UTF-8\"", b"a=1", true),
            ("application/x-www-form-urlencoded;charset=utf-8", b"", true),
            ("application/x-www-form-urlencoded;charset=euc-kr", b"a=1", false),
            ("application/json", b"{}", false),
            ("", b"a=1", false),
            (kind, b"a=%ff", false),
            (kind, b"a=\xff", false),
            (kind, b"%ff=1", false),
            (kind, b"a=%00", false),
            (kind, b"a=%0d%0ab", false),
            (kind, b"a\n=1", false),
        ] {
            assert_eq!(read(content_type, body).is_ok(), verdict, "{content_type} {body:?}");
        }
        assert!(read(kind, format!("a={}", "x".repeat(LONGEST + 1)).as_bytes()).is_err());
        let many = |n: usize| (0..n).map(|n| format!("f{n}=")).collect::<Vec<_>>().join("&");
        assert!(read(kind, many(MOST).as_bytes()).is_ok() && read(kind, many(MOST + 1).as_bytes()).is_err());
        let form = read(kind, b"a=1&b=%ED%95%9C+x&a=2&c").unwrap();
        assert_eq!((form.get("b"), form.get("c"), form.repeated()), (Some("한 x"), None, Some("a")));
        assert_eq!(form.all("a").collect::<Vec<_>>(), ["1", "2"]);
        let mut form = form;
        assert_eq!(["b", "b", "c", "d"].map(|name| form.take(name)), [Some("한 x".to_owned()), None, None, None]);
        for count in [FEW, FEW + 1] {
            assert_eq!(read(kind, many(count).as_bytes()).unwrap().repeated(), None);
            let twice = format!("{}&f3=x", many(count - 1));
            assert_eq!(read(kind, twice.as_bytes()).unwrap().repeated(), Some("f3"));
            let two = format!("{}&f5&f3&f5", many(count - 3));
            assert_eq!(read(kind, two.as_bytes()).unwrap().repeated(), Some("f5"));
        }
    }

    #[test]
    fn what_people_write_may_have_lines_for_those_who_ask_for_them() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, "application/x-www-form-urlencoded".parse().unwrap());
        let form = Form::written(&headers, b"a=1%0D%0A%092&a=3&b=4").unwrap();
        assert_eq!((form.text("a"), form.get("a"), form.text("b")), (Some("1\n\t2"), Some("3"), Some("4")));
        assert_eq!(form.all("a").collect::<Vec<_>>(), ["3"]);
        assert!(Form::written(&headers, format!("a={}", "x".repeat(LONGEST + 1)).as_bytes()).is_ok());
        for body in [&b"a=%00"[..], b"a=%0d", b"a=%1b", b"a%0a=1"] {
            assert!(Form::written(&headers, body).is_err(), "{body:?}");
        }
        let of = |value: &str| Form::of(vec![("a".to_owned(), value.to_owned())]);
        assert!(of("x\ny").is_ok() && of("\0").is_err());
    }

    proptest! {
        #[test]
        fn reading_never_panics(body in any::<Vec<u8>>()) {
            let _ = read("application/x-www-form-urlencoded", &body);
        }
    }
}
