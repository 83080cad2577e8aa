//! Near misses, and how long ago: the words of an explanation.

/// How many places differ; everything, where the lengths do.
pub(super) fn differing(one: &str, other: &str) -> usize {
    match one.len() == other.len() {
        true => one.bytes().zip(other.bytes()).filter(|(a, b)| a != b).count(),
        false => usize::MAX,
    }
}

/// In what an address differs from a registered one, if it is nearly that.
pub(super) fn difference(registered: &str, sent: &str) -> Option<String> {
    let bare = |text: &str| text.trim_end_matches('/').to_owned();
    let rest = |text: &str| text.split_once("://").map(|(_, rest)| rest.to_owned());
    let path = |text: &str| text.split(['?', '#']).next().unwrap_or_default().to_owned();
    if registered == sent {
        return None;
    }
    if bare(registered) == bare(sent) {
        return Some("a slash at the end is a difference".to_owned());
    }
    if rest(registered) == rest(sent) {
        return Some("http and https are two addresses".to_owned());
    }
    if registered.eq_ignore_ascii_case(sent) {
        return Some("capital letters are a difference".to_owned());
    }
    if path(registered) == path(sent) {
        return Some("the query is a part of it".to_owned());
    }
    if bizauth_core::authorize::decode(sent).as_deref() == Some(registered) {
        return Some("it was escaped twice".to_owned());
    }
    let without_port = |text: &str| {
        url::Url::parse(text).ok().map(|mut url| {
            let _ = url.set_port(None);
            url.to_string()
        })
    };
    let ports = without_port(registered).is_some_and(|one| Some(one) == without_port(sent));
    ports.then(|| "the port is a part of it".to_owned())
}

/// A span of time for people.
pub(super) fn span(millis: u128) -> String {
    match millis {
        0..1000 => format!("{millis} ms"),
        1000..120_000 => format!("{} s", millis / 1000),
        120_000..7_200_000 => format!("{} min", millis / 60_000),
        7_200_000..172_800_000 => format!("{} h", millis / 3_600_000),
        _ => format!("{} days", millis / 86_400_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_miss_is_told() {
        let registered = "https://a.example/cb";
        for (sent, how) in [
            ("https://a.example/cb/", "slash"),
            ("http://a.example/cb", "https"),
            ("https://A.example/cb", "capital"),
            ("https://a.example/cb?x=1", "query"),
            ("https://a.example:8443/cb", "port"),
            ("https%3A%2F%2Fa.example%2Fcb", "twice"),
        ] {
            assert!(difference(registered, sent).is_some_and(|told| told.contains(how)), "{sent}");
        }
        assert_eq!(difference(registered, "https://b.example/"), None);
        assert_eq!(difference(registered, registered), None);
    }

    #[test]
    fn a_span_is_told_in_its_largest_unit() {
        let told: Vec<String> = [999, 3_000, 600_000, 10_800_000, 31_536_000_000].into_iter().map(span).collect();
        assert_eq!(told, ["999 ms", "3 s", "10 min", "3 h", "365 days"]);
    }
}
