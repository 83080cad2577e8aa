//! TLS by the server itself: certificate chain and key from PEM files, TLS 1.2 and 1.3, HTTP/2 by ALPN. The files
//! can be read again while the server runs, because certificates nowadays live for weeks.
//!
//! Client certificates are not asked for. How handshakes are bounded is the listener's business.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio_rustls::TlsAcceptor;

/// Why a certificate cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{} cannot be read: {reason}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system said.
        reason: io::Error,
    },
    /// A file holds no PEM of the kind that belongs there.
    #[error("{} holds no {wanted} in PEM form ({reason})", file.display())]
    NotPem {
        /// The file.
        file: PathBuf,
        /// What belongs there.
        wanted: &'static str,
        /// What the reader said.
        reason: rustls::pki_types::pem::Error,
    },
    /// Each file is sound, together they are not.
    #[error("{} and {} cannot be used together: {reason}", certificate.display(), key.display())]
    Unusable {
        /// The certificate chain.
        certificate: PathBuf,
        /// The private key.
        key: PathBuf,
        /// What rustls said, usually that the key belongs to another certificate.
        reason: rustls::Error,
    },
}

/// A certificate and its key, served to every caller, and the files they came from.
#[derive(Debug)]
pub struct Certificate {
    chain: PathBuf,
    key: PathBuf,
    current: RwLock<Arc<CertifiedKey>>,
}

impl Certificate {
    /// Reads both files. The chain begins with the server's own certificate.
    pub fn load(chain: &Path, key: &Path) -> Result<Arc<Certificate>, TlsError> {
        let current = RwLock::new(read(chain, key)?);
        Ok(Arc::new(Certificate { chain: chain.to_owned(), key: key.to_owned(), current }))
    }

    /// Reads the files again; connections that come from now on get the new certificate. On an error the old one
    /// stays: a half-written renewal must not take the server down.
    pub fn reload(&self) -> Result<(), TlsError> {
        let fresh = read(&self.chain, &self.key)?;
        // A poisoned lock holds a whole `Arc` all the same.
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// The acceptor for [`super::listen`].
    pub fn acceptor(self: &Arc<Certificate>) -> TlsAcceptor {
        // The provider is named rather than installed for the process: no globals.
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .expect("aws-lc-rs has cipher suites for TLS 1.2 and 1.3")
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        TlsAcceptor::from(Arc::new(config))
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn read(chain: &Path, key: &Path) -> Result<Arc<CertifiedKey>, TlsError> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&contents(chain)?).collect();
    let certificates = certificates
        .and_then(|all| if all.is_empty() { Err(rustls::pki_types::pem::Error::NoItemsFound) } else { Ok(all) })
        .map_err(|reason| TlsError::NotPem { file: chain.to_owned(), wanted: "certificate", reason })?;
    let private = PrivateKeyDer::from_pem_slice(&contents(key)?).map_err(|reason| TlsError::NotPem {
        file: key.to_owned(),
        wanted: "private key",
        reason,
    })?;
    if fs::metadata(key).is_ok_and(|found| found.mode() & 0o004 != 0) {
        tracing::warn!(file = %key.display(), "every user of this machine can read the private key of TLS");
    }
    CertifiedKey::from_der(certificates, private, &provider()).map(Arc::new).map_err(|reason| TlsError::Unusable {
        certificate: chain.to_owned(),
        key: key.to_owned(),
        reason,
    })
}

fn contents(file: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(file).map_err(|reason| TlsError::Unreadable { file: file.to_owned(), reason })
}

#[cfg(test)]
mod tests {
    use rcgen::generate_simple_self_signed;

    use super::*;

    #[test]
    fn files_that_cannot_serve_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let (one, two) = (pair(), pair());
        let chain = file("chain.pem", &one.0);
        let key = file("key.pem", &one.1);
        let other = file("other.pem", &two.1);
        let empty = file("empty.pem", "");
        let torn = file("torn.pem", &one.0[..one.0.len() / 2]);
        let missing = folder.path().join("missing.pem");
        for (chain, key, expected) in [
            (&missing, &key, "missing.pem cannot be read"),
            (&chain, &missing, "missing.pem cannot be read"),
            (&empty, &key, "empty.pem holds no certificate"),
            (&torn, &key, "torn.pem holds no certificate"),
            (&key, &key, "key.pem holds no certificate"),
            (&chain, &chain, "chain.pem holds no private key"),
            (&chain, &other, "cannot be used together"),
        ] {
            let said = Certificate::load(chain, key).unwrap_err().to_string();
            assert!(said.contains(expected), "{said}");
        }

        let certificate = Certificate::load(&chain, &key).unwrap();
        let served = || certificate.current.read().unwrap().cert[0].clone();
        let before = served();
        fs::write(&key, &two.1).unwrap();
        assert!(certificate.reload().is_err(), "half a renewal");
        assert_eq!(served(), before);
        fs::write(&chain, &two.0).unwrap();
        certificate.reload().unwrap();
        assert_ne!(served(), before);
    }

    fn pair() -> (String, String) {
        let made = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        (made.cert.pem(), made.signing_key.serialize_pem())
    }
}
