//! Whom `bizauth dev` stands in for: the platform's two hosts, and the names of this machine.

use std::net::IpAddr;

/// Consent page and token endpoint.
pub const KAUTH: &str = "kauth.kakao.com";
/// Everything with a token or a key.
pub const KAPI: &str = "kapi.kakao.com";
/// The platform's two hosts.
pub const PLATFORM: [&str; 2] = [KAUTH, KAPI];

/// A host as it is compared: lower case, no brackets, no dot at its end.
pub(super) fn plain(host: &str) -> String {
    let host = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

/// Whether a plain host is one of the platform's two.
pub(super) fn is_platform(host: &str) -> bool {
    PLATFORM.contains(&host)
}

/// Whether a plain host names this machine to itself.
pub(super) fn is_local(host: &str) -> bool {
    is_localhost(host) || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// `localhost`, and what stands below it (RFC 6761, section 6.3).
pub(super) fn is_localhost(host: &str) -> bool {
    let below = |label: &str| {
        !label.is_empty()
            && label.split('.').all(|part| !part.is_empty())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    host == "localhost" || host.strip_suffix(".localhost").is_some_and(below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_compared_without_case_brackets_and_dot() {
        for (told, platform, local) in [
            ("KAPI.kakao.com.", true, false),
            ("kauth.kakao.com", true, false),
            ("accounts.kakao.com", false, false),
            ("kapi.kakao.com.example.com", false, false),
            ("localhost", false, true),
            ("w1.LocalHost", false, true),
            (".localhost", false, false),
            ("a..localhost", false, false),
            ("notlocalhost", false, false),
            ("127.0.0.1", false, true),
            ("127.1.2.3", false, true),
            ("[::1]", false, true),
            ("192.0.2.1", false, false),
        ] {
            let host = plain(told);
            assert_eq!((is_platform(&host), is_local(&host)), (platform, local), "{told}");
        }
    }
}
