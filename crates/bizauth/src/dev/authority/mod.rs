//! A certificate authority of this machine's own, for clients that insist on the platform's hosts: made on first use, kept
//! in its owner's home, good for the platform's two hosts and the names of this machine, and for nothing else. The
//! certificates themselves are made in memory, one for each name that is asked for.

mod files;
mod leaf;
mod validity;

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use bizauth_core::time::{DAY, Time};
use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;

use super::hosts;
use crate::clock::Clock;
use leaf::{Issuer, Names};

/// The authority's certificate, to be trusted by clients.
const CERTIFICATE: &str = "ca.pem";
/// Its key.
const KEY: &str = "ca-key.pem";
/// How long the authority's certificate is valid.
const VALID: Duration = Duration::from_secs(730 * 24 * 3600);
/// How long it must still be valid to be used.
const LEFT: Duration = Duration::from_secs(30 * 24 * 3600);
/// Certificates begin the day before, for clocks that are a little behind.
const EARLIER: Duration = DAY;
/// How many names have their certificate at a time; beyond that, all are made anew.
const NAMES: usize = 256;

/// Why there is no authority.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or the folder cannot be read or written.
    #[error("{} cannot be used", .0.display())]
    File(PathBuf, #[source] io::Error),
    /// Others could take the key, or put another one in its place.
    #[error("{} may be {what} by others than its owner", path.display())]
    Exposed {
        /// The file or folder.
        path: PathBuf,
        /// What others may do.
        what: &'static str,
    },
    /// A file is not what it should be.
    #[error("{} {what}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The cryptography refused.
    #[error("no certificate can be made: {0}")]
    Unmade(String),
}

/// What [`Authority::make`] found or did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// It was there.
    Found,
    /// There was none.
    New,
    /// Its time was running out; the new certificate is for the same key, so that whoever trusts the old one is served.
    Renewed,
}

/// A local certificate authority. It touches no file before it is needed.
pub struct Authority {
    folder: PathBuf,
    clock: Clock,
    opened: Mutex<Option<Opened>>,
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authority({})", self.folder.display())
    }
}

/// The authority as it was read, with the certificates made so far.
struct Opened {
    issuer: Issuer,
    /// When the file of the certificate was written: another time, another authority.
    written: Option<SystemTime>,
    leaves: HashMap<Names, Arc<CertifiedKey>>,
}

impl Authority {
    /// The authority that is kept in `folder`, or will be.
    pub fn at(folder: PathBuf) -> Self {
        Authority::with_clock(folder, Clock::System)
    }

    fn with_clock(folder: PathBuf, clock: Clock) -> Self {
        Authority { folder, clock, opened: Mutex::new(None) }
    }

    /// The folder below the home of the user who runs this: `$XDG_DATA_HOME/bizauth/dev-ca`, or in `~/.local/share`.
    /// None where there is no home.
    pub fn home(variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
        // A path that is not absolute is to be ignored, says the XDG specification.
        let absolute = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let share = absolute("XDG_DATA_HOME").or_else(|| absolute("HOME").map(|home| home.join(".local/share")));
        share.map(|share| share.join("bizauth/dev-ca"))
    }

    /// Where it is kept.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file that clients are told to trust.
    pub fn certificate(&self) -> PathBuf {
        self.folder.join(CERTIFICATE)
    }

    /// Sees that there is one, and that it is valid for another 30 days.
    ///
    /// # Errors
    /// The files cannot be used, or are not ours.
    pub fn make(&self) -> Result<Made, Error> {
        let now = self.clock.now();
        let lock = files::lock(&self.folder)?;
        let (key, new) = match files::key(&self.folder)? {
            Some(key) => (key, false),
            None if files::exists(&self.certificate())? => {
                return Err(Error::Foreign {
                    path: self.certificate(),
                    what: format!("is there without its key {KEY}"),
                });
            }
            None => (files::write_key(&self.folder)?, true),
        };
        let made = match files::certificate(&self.folder)? {
            Some(der) => {
                let issuer = Issuer::open(key, der, now, &self.certificate())?;
                if issuer.until().minus(LEFT) > now {
                    return Ok(Made::Found);
                }
                files::write_certificate(&self.folder, &leaf::root(issuer.key(), now, VALID)?)?;
                Made::Renewed
            }
            None => {
                files::write_certificate(&self.folder, &leaf::root(&key, now, VALID)?)?;
                if new { Made::New } else { Made::Renewed }
            }
        };
        drop(lock);
        Ok(made)
    }

    /// When its certificate ends.
    ///
    /// # Errors
    /// There is none, or it cannot be used.
    pub fn until(&self) -> Result<Time, Error> {
        Ok(self.open()?.issuer.until())
    }

    /// Accepts TLS as the platform's hosts, with HTTP/2 and HTTP/1.1.
    pub fn acceptor(self: &Arc<Self>) -> TlsAcceptor {
        let mut config = ServerConfig::builder_with_provider(leaf::provider())
            .with_safe_default_protocol_versions()
            .expect("aws-lc-rs has cipher suites for TLS 1.2 and 1.3")
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        TlsAcceptor::from(Arc::new(config))
    }

    fn open(&self) -> Result<Opened, Error> {
        let absent = |name: &str| {
            Error::File(self.folder.join(name), io::Error::new(io::ErrorKind::NotFound, "there is no authority yet"))
        };
        let written = files::written(&self.certificate());
        let key = files::key(&self.folder)?.ok_or_else(|| absent(KEY))?;
        let der = files::certificate(&self.folder)?.ok_or_else(|| absent(CERTIFICATE))?;
        let issuer = Issuer::open(key, der, self.clock.now(), &self.certificate())?;
        Ok(Opened { issuer, written, leaves: HashMap::new() })
    }

    /// The certificate for a name; it is made when it is first asked for.
    fn leaf(&self, names: Names) -> Result<Arc<CertifiedKey>, Error> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        // Somebody may have made the authority, or another one, since.
        let current = match opened.take() {
            Some(current) if current.written == files::written(&self.certificate()) => current,
            _ => self.open()?,
        };
        let current = opened.insert(current);
        if let Some(leaf) = current.leaves.get(&names) {
            return Ok(leaf.clone());
        }
        if current.leaves.len() >= NAMES {
            current.leaves.clear();
        }
        let leaf = current.issuer.issue(&names, self.clock.now())?;
        current.leaves.insert(names, leaf.clone());
        Ok(leaf)
    }
}

impl ResolvesServerCert for Authority {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let names = match hello.server_name().map(hosts::plain) {
            None => Names::Addresses,
            Some(host) if hosts::is_platform(&host) || hosts::is_localhost(&host) => Names::Host(host),
            Some(host) => {
                tracing::warn!(host, "a TLS connection for a host that is not ours");
                return None;
            }
        };
        self.leaf(names)
            .inspect_err(|error| {
                let error = error as &(dyn std::error::Error + 'static);
                tracing::warn!(
                    error,
                    "no certificate; `bizauth dev trust` makes what is missing, or says what is wrong"
                );
            })
            .ok()
    }
}

#[cfg(test)]
mod tests;
