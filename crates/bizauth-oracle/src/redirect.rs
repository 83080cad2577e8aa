//! Redirect URIs: what may be registered, and what matches.

use bizauth_core::redirect::{Destination, register, suggestion};
use url::Url;

use crate::plain::percent_decoded;

/// The first line is registered; it, the other lines, and what can be made of it are sent.
pub fn redirect_uri(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut lines = text.split('\n').take(12);
    let first = lines.next().unwrap_or_default();
    for wildcard in [false, true] {
        let verdict = register(first, wildcard);
        if verdict.is_ok() {
            harmless(first, wildcard);
        }
        if plainly_good(first, wildcard) {
            assert_eq!(verdict, Ok(()), "{first:?} is as good as an address can be");
        }
    }
    if let Some(meant) = suggestion(first) {
        assert_eq!(register(&meant, false), Ok(()), "a proposal can be registered");
        assert_ne!(meant, first);
    }
    let mut registered: Vec<String> = vec![first.to_owned()];
    registered.retain(|uri| register(uri, true).is_ok());
    let bent = [format!("{first}/"), format!("{first}?"), first.to_uppercase(), first.replacen("*.", "a.", 1)];
    for sent in lines.map(str::to_owned).chain(bent).chain([first.to_owned()]) {
        registered.extend((register(&sent, true).is_ok() && registered.len() < 3).then(|| sent.clone()));
        for wildcard in [false, true] {
            let proved = Destination::prove(&sent, &registered, wildcard);
            let naive = registered.iter().any(|uri| stands_for(uri, &sent, wildcard));
            assert_eq!(proved.is_some(), naive, "{sent:?} for {registered:?}, wildcards {wildcard}");
            if let Some(destination) = proved {
                leads_there(&destination, &sent);
            }
        }
    }
}

/// What must hold of whatever may be registered, however it was judged.
fn harmless(uri: &str, wildcard: bool) {
    assert!(uri.len() <= 2000 && uri.chars().all(|c| c.is_ascii_graphic()), "{uri:?}");
    assert!(!uri.contains(['#', '\\', '"', '<', '>', '\'']), "{uri:?}");
    let rest = uri.strip_prefix("https://").or_else(|| uri.strip_prefix("http://")).expect("one of two schemes");
    let host: String = rest.chars().take_while(|c| !"/?".contains(*c)).collect();
    assert!(!host.is_empty() && !host.contains(['@', '%', ';', ',']), "{uri:?}");
    assert!(wildcard || !host.contains('*'), "{uri:?}");
    let path = rest[host.len()..].split('?').next().unwrap_or_default();
    assert!(!climbs(path), "{uri:?}");
    let concrete = uri.replacen("://*.", "://x.", 1);
    let read = Url::parse(&concrete).unwrap_or_else(|error| panic!("{uri:?}: {error}"));
    let authority = concrete.split('/').nth(2).unwrap_or_default().split('?').next().unwrap_or_default();
    let port = read.port().map(|port| format!(":{port}")).unwrap_or_default();
    assert_eq!(format!("{}{port}", read.host_str().unwrap_or_default()), authority, "a browser goes where we read it");
}

/// Whether a path has a part that leads up or nowhere, for a reader that decodes it as often as it likes, takes a
/// backslash for a slash, and drops what stands behind a semicolon.
fn climbs(path: &str) -> bool {
    let mut path = path.as_bytes().to_vec();
    loop {
        let decoded = percent_decoded(&String::from_utf8_lossy(&path));
        let parts = decoded.split(|byte| matches!(byte, b'/' | b'\\'));
        let mut names = parts.map(|part| part.split(|byte| *byte == b';').next().unwrap_or_default());
        if names.any(|name| matches!(name, b"." | b"..")) {
            return true;
        }
        if decoded == path {
            return false;
        }
        path = decoded;
    }
}

/// Addresses that nobody can find fault with: the most common form, and no more.
pub fn plainly_good(uri: &str, wildcard: bool) -> bool {
    let Some(rest) = uri.strip_prefix("https://").or_else(|| uri.strip_prefix("http://")) else { return false };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (name, port) = host.split_once(':').unwrap_or((host, "8080"));
    let default = if uri.starts_with("https:") { "443" } else { "80" };
    let port = port.parse().is_ok_and(|number: u16| number >= 1024 && number.to_string() == port) && port != default;
    let starred = name.starts_with("*.");
    let name = name.strip_prefix("*.").unwrap_or(name);
    let labels: Vec<&str> = name.split('.').collect();
    let lower = |c: char| c.is_ascii_lowercase();
    // Letters only, so that no label is a number or an encoded name.
    let names = labels.iter().all(|label| (1..=20).contains(&label.len()) && label.chars().all(lower));
    let kind = if starred { wildcard && labels.len() >= 2 } else { !labels.is_empty() };
    let segment = |part: &str| part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    uri.len() < 200 && port && names && kind && path.split('/').all(segment)
}

/// Equality of characters; a registered leftmost `*` stands for one label of lower-case letters, digits and hyphens.
fn stands_for(registered: &str, sent: &str, wildcard: bool) -> bool {
    let Some(star) = registered.find("://*.").map(|at| at + 3) else { return registered == sent };
    if !wildcard {
        return false;
    }
    (0..=sent.len()).filter(|end| sent.is_char_boundary(*end)).any(|end| {
        let Some(label) = sent.get(star..end) else { return false };
        let letters = label.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        let label_is_one =
            (1..=63).contains(&label.len()) && letters && !label.starts_with('-') && !label.ends_with('-');
        label_is_one && format!("{}{label}{}", &registered[..star], &registered[star + 1..]) == sent
    })
}

/// What is redirected to is what was sent, with the answer behind it.
fn leads_there(destination: &Destination, sent: &str) {
    assert_eq!(destination.uri(), sent);
    let with = destination.with("code=1&state=2");
    assert!(with.starts_with(sent) && with.ends_with("code=1&state=2"), "{with:?}");
    // A star in the place of a label may make a name that no browser takes; it then goes nowhere.
    if let (Ok(before), Ok(after)) = (Url::parse(sent), Url::parse(&with)) {
        assert_eq!(before.origin(), after.origin(), "{with:?}");
        assert_eq!(before.path(), after.path(), "{with:?}");
        assert!(after.query().is_some_and(|query| query.ends_with("code=1&state=2")), "{with:?}");
    }
}
