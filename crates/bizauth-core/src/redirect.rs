//! Redirect URIs: what may be registered, what matches, and the one way to a redirect.
//!
//! Matching is equality of bytes. Nothing is parsed, decoded or normalised on the way (the advisories of the last
//! years are about little else). Only a [`Destination`] can be redirected to, and only a match makes one.

use std::fmt;

use url::Url;

/// Redirect URIs a REST API key may have (documented).
pub const URIS_PER_KEY: usize = 10;

const LONGEST: usize = 2000;

/// Why a redirect URI cannot be registered, each with its remedy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Empty.
    Empty,
    /// More than 2,000 characters.
    TooLong,
    /// Spaces, control characters, quotes, backslashes, or letters outside ASCII.
    Character,
    /// Neither `http` nor `https`.
    Scheme,
    /// No host after `//`.
    Host,
    /// `user@` before the host.
    UserInfo,
    /// `#…` at the end.
    Fragment,
    /// `.` or `..` as a part of the path, also in an encoded form.
    Dots,
    /// Not in normal form: capital letters in scheme or host, a default port, an unfinished escape.
    NotNormal,
    /// A `*` that is not the leftmost label, or wildcards are off, or the app is no Biz app.
    Wildcard,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Flaw::Empty => "the redirect URI is empty; give one such as https://app.example.com/callback",
            Flaw::TooLong => "the redirect URI is longer than 2,000 characters",
            Flaw::Character => {
                "the redirect URI holds a character that must be percent-encoded (space, quote, backslash, control or \
                 non-ASCII character)"
            }
            Flaw::Scheme => "a redirect URI begins with https:// or http://",
            Flaw::Host => "a redirect URI names a host after //",
            Flaw::UserInfo => "a redirect URI has no user name or password before the host",
            Flaw::Fragment => "a redirect URI has no fragment (nothing after #)",
            Flaw::Dots => "a redirect URI has no . or .. in its path, in no encoding",
            Flaw::NotNormal => {
                "the redirect URI is not in normal form: write scheme and host in lower case, leave out a default port"
            }
            Flaw::Wildcard => {
                "a * may only stand for the whole leftmost label of the host (https://*.example.com/…), for Biz apps, \
                 where the operator has switched wildcards on"
            }
        })
    }
}

impl std::error::Error for Flaw {}

/// Judges `uri` before it is registered. `wildcard`: whether a leftmost `*.` label is allowed here and for this app.
///
/// Nothing is mended: what is registered is what will be compared, byte for byte.
pub fn register(uri: &str, wildcard: bool) -> Result<(), Flaw> {
    let unfit = |b: u8| !b.is_ascii_graphic() || b"\"'<>\\^`{|}".contains(&b);
    if uri.is_empty() {
        return Err(Flaw::Empty);
    }
    if uri.len() > LONGEST {
        return Err(Flaw::TooLong);
    }
    if uri.bytes().any(unfit) {
        return Err(Flaw::Character);
    }
    let lower = uri.to_ascii_lowercase();
    if !lower.starts_with("https://") && !lower.starts_with("http://") {
        return Err(Flaw::Scheme);
    }
    if uri.contains('#') {
        return Err(Flaw::Fragment);
    }
    let after_scheme = uri.split_once("://").map_or("", |(_, rest)| rest);
    let (authority, path) = after_scheme.split_at(after_scheme.find(['/', '?']).unwrap_or(after_scheme.len()));
    if authority.contains('@') {
        return Err(Flaw::UserInfo);
    }
    if climbs(path.split('?').next().unwrap_or(path)) {
        return Err(Flaw::Dots);
    }
    if authority.is_empty() {
        return Err(Flaw::Host);
    }
    // The host goes into a content security policy: nothing but what a name, an address and a port are made of.
    if authority.bytes().any(|b| !b.is_ascii_alphanumeric() && !b"-.:[]*_".contains(&b)) {
        return Err(Flaw::Character);
    }
    let starred = authority.contains('*');
    let leftmost = authority.strip_prefix("*.").is_some_and(|rest| rest.contains('.') && !rest.contains('*'));
    if starred && !(wildcard && leftmost) {
        return Err(Flaw::Wildcard);
    }
    // What the parser would write: a label for the star, and a slash behind a bare host. Nothing else may differ.
    let mut normal = uri.replacen("://*.", "://x.", 1);
    if !path.starts_with('/') {
        normal.insert(normal.len() - path.len(), '/');
    }
    let parsed = Url::parse(&normal).map_err(|_| Flaw::Host)?;
    if parsed.as_str() == normal { Ok(()) } else { Err(Flaw::NotNormal) }
}

/// Whether a path has a part that leads up or nowhere for anybody who reads it after us: one who decodes it twice, takes
/// a backslash for a slash, or drops what stands behind a semicolon and then climbs (CVE-2026-3872).
fn climbs(path: &str) -> bool {
    let mut path = path.to_owned();
    loop {
        if path.split(['/', '\\']).any(|part| matches!(part.split(';').next(), Some("." | ".."))) {
            return true;
        }
        let decoded = percent_encoding::percent_decode_str(&path).decode_utf8_lossy().into_owned();
        if decoded == path {
            return false;
        }
        path = decoded;
    }
}

/// What somebody probably meant who wanted to register `uri`: the same without what is not allowed, as a browser would
/// write it. A proposal for people, never registered unasked; `None` if there is nothing to guess, or nothing wrong.
pub fn suggestion(uri: &str) -> Option<String> {
    let uri = uri.trim();
    let host = uri.split(['/', '?', '#']).next().unwrap_or_default();
    let scheme = if host.split(':').next() == Some("localhost") { "http" } else { "https" };
    // Without a scheme it must at least look like a host.
    let spelled =
        if uri.contains("://") { None } else { host.contains(['.', ':']).then(|| format!("{scheme}://{uri}")) };
    let mut url = [Some(uri.to_owned()), spelled].into_iter().flatten().find_map(|text| {
        let url = Url::parse(&text).ok()?;
        (matches!(url.scheme(), "http" | "https") && text.contains("://")).then_some(url)
    })?;
    url.set_fragment(None);
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    let meant = String::from(url);
    (meant != uri && register(&meant, false).is_ok()).then_some(meant)
}

/// Whether `sent` is `registered`, byte for byte; a registered leftmost `*` stands for exactly one label.
fn matches(registered: &str, sent: &str, wildcard: bool) -> bool {
    if registered == sent {
        // A wildcard is a pattern, never an address.
        return !registered.contains("://*.");
    }
    let Some((scheme, rest)) = registered.split_once("*.").filter(|(scheme, _)| wildcard && scheme.ends_with("://"))
    else {
        return false;
    };
    let Some((label, sent_rest)) = sent.strip_prefix(scheme).and_then(|after| after.split_once('.')) else {
        return false;
    };
    let is_label = !label.is_empty()
        && label.len() <= 63
        && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-');
    is_label && sent_rest == rest
}

/// A redirect URI that was proved to belong to the asking key. The only thing that can be redirected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination(String);

impl Destination {
    /// `sent`, if it is one of `registered`.
    pub fn prove(sent: &str, registered: &[String], wildcard: bool) -> Option<Self> {
        registered.iter().any(|uri| matches(uri, sent, wildcard)).then(|| Destination(sent.to_owned()))
    }

    /// A destination that was proved earlier and kept since by the store.
    pub fn recall(kept: String) -> Self {
        Destination(kept)
    }

    /// The URI, exactly as it was sent.
    pub fn uri(&self) -> &str {
        &self.0
    }

    /// `scheme://host[:port]`, for a content security policy. A policy knows no IPv6 addresses: for those it is the
    /// scheme alone.
    pub fn policy_source(&self) -> String {
        let (scheme, rest) = self.0.split_once("://").unwrap_or(("https", ""));
        match host_of(rest) {
            host if host.starts_with('[') => format!("{scheme}:"),
            host => format!("{scheme}://{host}"),
        }
    }

    /// Host and port, for the eyes of a person.
    pub fn host(&self) -> &str {
        host_of(self.0.split_once("://").map_or("", |(_, rest)| rest))
    }

    /// The URI with `query` added: the pairs are given as they go out, already encoded. A query it has is kept.
    pub fn with(&self, query: &str) -> String {
        let join = match self.0.split_once('?') {
            None => "?",
            Some((_, "")) => "",
            Some(_) => "&",
        };
        format!("{}{join}{query}", self.0)
    }
}

fn host_of(rest: &str) -> &str {
    &rest[..rest.find(['/', '?']).unwrap_or(rest.len())]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_plain_http_addresses_can_be_registered() {
        for (uri, verdict) in [
            ("https://app.example.com/callback", Ok(())),
            ("http://localhost:3000/cb", Ok(())),
            ("http://127.0.0.1:8080/dev/callback", Ok(())),
            ("http://[::1]:3000/cb", Ok(())),
            ("https://app.example.com", Ok(())),
            ("https://app.example.com/", Ok(())),
            ("https://app.example.com?tenant=7", Ok(())),
            ("https://app.example.com/cb?tenant=7&x=%ED%95%9C", Ok(())),
            ("https://xn--9n2bp8q.kr/cb", Ok(())),
            ("", Err(Flaw::Empty)),
            ("ftp://example.com/", Err(Flaw::Scheme)),
            ("JaVaScRiPt:alert(1)", Err(Flaw::Scheme)),
            ("data:text/html,x", Err(Flaw::Scheme)),
            ("//example.com/cb", Err(Flaw::Scheme)),
            ("myapp://cb", Err(Flaw::Scheme)),
            ("https://", Err(Flaw::Host)),
            ("https:///cb", Err(Flaw::Host)),
            ("https://user@example.com/", Err(Flaw::UserInfo)),
            ("https://a@b@example.com/", Err(Flaw::UserInfo)),
            ("https://example.com/cb#x", Err(Flaw::Fragment)),
            ("https://example.com/a/../b", Err(Flaw::Dots)),
            ("https://example.com/a/..;/b", Err(Flaw::Dots)),
            ("https://example.com/a/..%2fb", Err(Flaw::Dots)),
            ("https://example.com/a/%2e%2E/b", Err(Flaw::Dots)),
            ("https://example.com/./b", Err(Flaw::Dots)),
            ("https://example.com/a/%252e%252e/b", Err(Flaw::Dots)),
            ("https://example.com/a/..%25252fb", Err(Flaw::Dots)),
            ("https://example.com/a/..%5cb", Err(Flaw::Dots)),
            ("https://example.com/a/..%3bx/b", Err(Flaw::Dots)),
            ("https://example.com/a/%25/b..c/...", Ok(())),
            ("https://EXAMPLE.com/cb", Err(Flaw::NotNormal)),
            ("HTTPS://example.com/cb", Err(Flaw::NotNormal)),
            ("https://example.com:443/cb", Err(Flaw::NotNormal)),
            ("https://example.com/a b", Err(Flaw::Character)),
            ("https://a;sandbox/cb", Err(Flaw::Character)),
            ("https://a,b.example/cb", Err(Flaw::Character)),
            ("https://example.com/\\evil", Err(Flaw::Character)),
            ("https://example.com/\0", Err(Flaw::Character)),
            ("https://예시.한국/cb", Err(Flaw::Character)),
            ("https://*.example.com/cb", Err(Flaw::Wildcard)),
        ] {
            assert_eq!(register(uri, false), verdict, "{uri}");
        }
        for (uri, verdict) in [
            ("https://*.example.com/cb", Ok(())),
            ("https://*.com/cb", Err(Flaw::Wildcard)),
            ("https://a.*.example.com/cb", Err(Flaw::Wildcard)),
            ("https://*.*.example.com/cb", Err(Flaw::Wildcard)),
            ("https://*/cb", Err(Flaw::Wildcard)),
            ("https://*x.example.com/cb", Err(Flaw::Wildcard)),
        ] {
            assert_eq!(register(uri, true), verdict, "{uri}");
        }
        assert_eq!(register(&format!("https://example.com/{}", "a".repeat(2000)), false), Err(Flaw::TooLong));
    }

    #[test]
    fn what_was_meant_is_guessed_where_it_can_be() {
        for (uri, meant) in [
            ("https://app.example.com/cb#top", Some("https://app.example.com/cb")),
            ("https://kim:pw@app.example.com/cb", Some("https://app.example.com/cb")),
            ("HTTPS://App.Example.com:443/cb", Some("https://app.example.com/cb")),
            ("https://app.example.com/a/../cb", Some("https://app.example.com/cb")),
            ("https://app.example.com/my cb", Some("https://app.example.com/my%20cb")),
            ("app.example.com/cb", Some("https://app.example.com/cb")),
            ("localhost:3000/cb", Some("http://localhost:3000/cb")),
            ("https://app.example.com/cb", None),
            ("myapp://callback", None),
            ("javascript:alert(1)", None),
            ("https://*.example.com/cb", None),
            ("callback", None),
            ("https://", None),
            ("", None),
        ] {
            assert_eq!(suggestion(uri).as_deref(), meant, "{uri}");
        }
    }

    #[test]
    fn a_redirect_uri_matches_byte_for_byte() {
        let registered = ["https://app.example.com/cb".to_owned()];
        assert!(Destination::prove(&registered[0], &registered, false).is_some());
        for sent in [
            "https://app.example.com/cb/",
            "https://app.example.com/CB",
            "https://App.example.com/cb",
            "http://app.example.com/cb",
            "https://app.example.com:443/cb",
            "https://app.example.com/cb?x=1",
            "https://app.example.com/cb#",
            "https://app.example.com/cb/..;/cb",
            "https://app.example.com/x/..%2fcb",
            "https://app.example.com/%63b",
            "https://app.example.com/cb%252f",
            "https://app.example.com/./cb",
            "https://app.example.com//cb",
            "https://app.example.com\\cb",
            "https://app.example.com@evil.example/cb",
            "https://evil@app.example.com/cb",
            "https://a@b@app.example.com/cb",
            "https://app.example.com.evil.example/cb",
            "https://appXexample.com/cb",
            " https://app.example.com/cb",
            "",
        ] {
            assert_eq!(Destination::prove(sent, &registered, false), None, "{sent}");
            assert_eq!(Destination::prove(sent, &registered, true), None, "{sent}");
        }
    }

    #[test]
    fn a_wildcard_is_one_label_and_off_by_default() {
        let registered = ["https://*.example.com/cb".to_owned()];
        let proves = |sent: &str, on| Destination::prove(sent, &registered, on).is_some();
        assert!(proves("https://shop-1.example.com/cb", true));
        assert!(!proves("https://shop-1.example.com/cb", false));
        for sent in [
            "https://a.b.example.com/cb",
            "https://.example.com/cb",
            "https://example.com/cb",
            "https://*.example.com/cb",
            "https://evil.com/.example.com/cb",
            "https://evil.com?.example.com/cb",
            "https://x@y.example.com/cb",
            "https://-x.example.com/cb",
            "https://X.example.com/cb",
        ] {
            assert!(!proves(sent, true), "{sent}");
        }
    }

    #[test]
    fn a_query_is_kept() {
        for (uri, with) in [
            ("https://a.example/cb", "https://a.example/cb?code=1"),
            ("https://a.example/cb?x=1", "https://a.example/cb?x=1&code=1"),
            ("https://a.example/cb?", "https://a.example/cb?code=1"),
        ] {
            assert_eq!(Destination(uri.to_owned()).with("code=1"), with);
        }
        let there = Destination("https://a.example:8443/cb?x=/".to_owned());
        assert_eq!((there.policy_source().as_str(), there.host()), ("https://a.example:8443", "a.example:8443"));
    }

    proptest! {
        #[test]
        fn judging_never_panics(uri in "\\PC{0,60}", scheme in "https?://[*.@a-z:/?#%0-9]{0,30}") {
            for text in [&uri, &scheme] {
                let _ = register(text, true);
                let _ = suggestion(text);
                let _ = Destination::prove(text, std::slice::from_ref(&uri), true);
            }
        }

        /// Whatever was registered without a wildcard matches itself and nothing that differs in a byte.
        #[test]
        fn a_registered_address_matches_only_itself(
            path in "[a-z/]{0,12}", at in 0usize..40, byte in 33u8..127,
        ) {
            let uri = format!("https://app.example.com/{path}");
            prop_assume!(register(&uri, false).is_ok());
            let mut other = uri.clone().into_bytes();
            let at = at % other.len();
            other[at] = byte;
            let other = String::from_utf8(other).unwrap();
            let proved = Destination::prove(&other, std::slice::from_ref(&uri), false).is_some();
            prop_assert_eq!(proved, other == uri);
        }
    }
}
