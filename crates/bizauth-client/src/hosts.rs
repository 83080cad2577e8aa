//! Where the platform is: the two hosts of the contract, or one that plays both.

use std::fmt;

use url::Url;

use crate::Error;

/// The base addresses of `kauth` (consent page and token endpoint) and `kapi` (everything with a token or a key).
#[derive(Clone, PartialEq, Eq)]
pub struct Hosts {
    kauth: String,
    kapi: String,
}

impl Hosts {
    /// One base address for both halves, which do not overlap: `http://127.0.0.1:8080`.
    ///
    /// An address is `http` or `https`, with a host and perhaps a path; anything more is [`Error::Address`].
    pub fn one(base: &str) -> Result<Hosts, Error> {
        Hosts::two(base, base)
    }

    /// A base address for each half, as the real platform has them.
    pub fn two(kauth: &str, kapi: &str) -> Result<Hosts, Error> {
        Ok(Hosts { kauth: read(kauth)?, kapi: read(kapi)? })
    }

    pub(crate) fn kauth(&self, path: &str) -> String {
        format!("{}{path}", self.kauth)
    }

    pub(crate) fn kapi(&self, path: &str) -> String {
        format!("{}{path}", self.kapi)
    }
}

impl fmt::Debug for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hosts({}, {})", self.kauth, self.kapi)
    }
}

/// The address without a closing slash, so that a path can follow it.
fn read(base: &str) -> Result<String, Error> {
    let url = Url::parse(base).map_err(|error| Error::Address(error.to_string()))?;
    let wrong = if !matches!(url.scheme(), "http" | "https") {
        "neither http nor https"
    } else if !url.username().is_empty() || url.password().is_some() {
        // It would end up in every error message.
        "a user name or password in the address"
    } else if url.query().is_some() || url.fragment().is_some() {
        "a query or fragment, where only a base is wanted"
    } else {
        return Ok(url.as_str().trim_end_matches('/').to_owned());
    };
    Err(Error::Address(wrong.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_address_is_scheme_host_and_path() {
        for (base, wanted) in [
            ("https://kapi.kakao.com", "https://kapi.kakao.com/v1/x"),
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080/v1/x"),
            ("http://[::1]:8080/biz/", "http://[::1]:8080/biz/v1/x"),
        ] {
            assert_eq!(Hosts::one(base).unwrap().kapi("/v1/x"), wanted);
        }
        for base in
            ["", "kapi.kakao.com", "ftp://a", "http://u:pw@a", "http://u@a", "http://a?b", "http://a#b", "http://"]
        {
            let error = Hosts::two("http://a", base).unwrap_err();
            assert!(matches!(error, Error::Address(_)), "{base}: {error}");
            assert!(!error.to_string().contains("pw"));
        }
    }
}
