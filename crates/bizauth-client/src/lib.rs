//! The other side of the contract: a small typed client for Business Authentication and the IP list.
//!
//! It speaks to bizauth and to the real platform alike, so everything it believes about an answer is what the
//! documents promise, never what this project's server happens to do. It keeps no tokens, repeats no requests and
//! follows no redirects; secrets never appear in its `Debug` output or its errors.

mod authorize;
mod error;
mod exchange;
mod hosts;
mod ips;
mod token;

use std::time::Duration;

pub use authorize::{AuthorizeRequest, Verifier};
pub use error::Error;
pub use hosts::Hosts;
pub use ips::{Fetched, FetchedBytes, IpChange, IpDocument, IpEntry, RuleType};
/// The type of every secret here: wiped on drop, hidden from `Debug`.
pub use secrecy::SecretString;
pub use token::{Agreement, BusinessToken, BusinessUser, CodeTrade, LiveToken, RevokedToken};

/// A connection to one platform. Cheap to clone; clones share their connections.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    hosts: Hosts,
    body_bytes: usize,
}

/// How long and how much a [`Client`] puts up with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The time to connect, TLS included.
    pub connect: Duration,
    /// The time for a whole request, from its start to the last byte of the answer.
    pub whole: Duration,
    /// The greatest answer that is read, in bytes.
    pub body_bytes: usize,
}

impl Default for Limits {
    /// 10 seconds to connect, 30 seconds in all, 10 MiB.
    fn default() -> Limits {
        Limits { connect: Duration::from_secs(10), whole: Duration::from_secs(30), body_bytes: 10 << 20 }
    }
}

impl Client {
    /// A client with the default [`Limits`].
    pub fn new(hosts: Hosts) -> Result<Client, Error> {
        Client::with_limits(hosts, Limits::default())
    }

    /// A client with limits of the caller's. Fails only where TLS cannot be set up, as [`Error::Transport`].
    pub fn with_limits(hosts: Hosts, limits: Limits) -> Result<Client, Error> {
        let http = reqwest::Client::builder()
            // A redirect would carry a token or a secret to an address that no one configured.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(limits.connect)
            .timeout(limits.whole)
            .user_agent(concat!("bizauth-client/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Client { http, hosts, body_bytes: limits.body_bytes })
    }
}
