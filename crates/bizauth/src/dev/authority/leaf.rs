//! Making certificates: the authority's own, which says what it may vouch for, and those of the names it vouches for.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bizauth_core::time::Time;
use jiff::tz::TimeZone;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, KeyPair, KeyUsagePurpose, NameConstraints, SanType, SerialNumber,
};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use sha2::{Digest, Sha256};

use super::{EARLIER, Error, validity};
use crate::dev::hosts;
use crate::entropy::Entropy;

/// The longest that a name's certificate is valid: clients balk at more than 398 days.
const VALID: Duration = Duration::from_secs(397 * 24 * 3600);

pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn unmade(error: impl std::fmt::Display) -> Error {
    Error::Unmade(error.to_string())
}

/// What a certificate is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Names {
    /// One host.
    Host(String),
    /// Callers who name none, because they were given an address: this machine's.
    Addresses,
}

impl Names {
    fn alternatives(&self) -> Result<Vec<SanType>, Error> {
        let host = |name: &str| Ok(SanType::DnsName(name.try_into().map_err(unmade)?));
        match self {
            Names::Host(name) => Ok(vec![host(name)?]),
            Names::Addresses => Ok(vec![
                SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)),
                SanType::IpAddress(IpAddr::V6(Ipv6Addr::LOCALHOST)),
                host("localhost")?,
            ]),
        }
    }
}

/// An authority at work.
pub(super) struct Issuer {
    issuer: rcgen::Issuer<'static, KeyPair>,
    until: Time,
    /// The key of all the names' certificates; it never leaves the process.
    own: KeyPair,
}

impl Issuer {
    /// Takes up a certificate and its key, if they belong together and are an authority of ours.
    pub(super) fn open(key: KeyPair, der: CertificateDer<'static>, now: Time, path: &Path) -> Result<Self, Error> {
        let foreign = |what: String| Error::Foreign { path: path.to_owned(), what };
        let until = validity::not_after(&der).ok_or_else(|| foreign("is no certificate".to_owned()))?;
        let params = params(&key);
        let it = Issuer { issuer: rcgen::Issuer::new(params, key), until, own: KeyPair::generate().map_err(unmade)? };
        // An end that is past is for the caller to judge; here it is asked whether the two fit.
        let then = if until > now { now } else { until.minus(EARLIER) };
        let probe = it.sign(&Names::Host(hosts::KAPI.to_owned()), then)?;
        verify(&probe, &der, then).map_err(|error| {
            foreign(format!("is not the certificate of the key beside it, as we make them ({error})"))
        })?;
        Ok(it)
    }

    pub(super) fn key(&self) -> &KeyPair {
        self.issuer.key()
    }

    pub(super) fn until(&self) -> Time {
        self.until
    }

    /// A certificate that can be served.
    pub(super) fn issue(&self, names: &Names, now: Time) -> Result<Arc<CertifiedKey>, Error> {
        let leaf = self.sign(names, now)?;
        let key = PrivatePkcs8KeyDer::from(self.own.serialize_der());
        CertifiedKey::from_der(vec![leaf], key.into(), &provider()).map(Arc::new).map_err(unmade)
    }

    fn sign(&self, names: &Names, now: Time) -> Result<CertificateDer<'static>, Error> {
        let mut params = CertificateParams::default();
        params.subject_alt_names = names.alternatives()?;
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "bizauth dev");
        valid(&mut params, now.minus(EARLIER), self.until.min(now.plus(VALID)));
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        // All share one key, from which rcgen would derive one number; browsers refuse to see a number twice.
        params.serial_number = Some(number());
        params.signed_by(&self.own, &self.issuer).map(|made| made.der().clone()).map_err(unmade)
    }
}

/// A certificate for an authority with this key, as PEM.
pub(super) fn root(key: &KeyPair, now: Time, lasting: Duration) -> Result<String, Error> {
    let mut params = params(key);
    valid(&mut params, now.minus(EARLIER), now.plus(lasting));
    params.serial_number = Some(number());
    params.self_signed(key).map(|made| made.pem()).map_err(unmade)
}

/// What follows from the key alone, so that an authority can be taken up again from its files.
fn params(key: &KeyPair) -> CertificateParams {
    let print: String = Sha256::digest(key.public_key_raw()).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, "bizauth dev (tests on one machine)");
    // Two machines' authorities may end in one store of trust; their names tell them apart.
    name.push(DnType::CommonName, format!("bizauth dev {print}"));
    let mut params = CertificateParams::default();
    params.distinguished_name = name;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let dns = |host: &str| GeneralSubtree::DnsName(host.to_owned());
    let permitted_subtrees = vec![
        dns(hosts::KAUTH),
        dns(hosts::KAPI),
        dns("localhost"),
        GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(Ipv4Addr::LOCALHOST.into(), 32)),
        GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(Ipv6Addr::LOCALHOST.into(), 128)),
    ];
    params.name_constraints = Some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() });
    params
}

/// Asks what a client would ask.
pub(super) fn verify(leaf: &CertificateDer<'_>, root: &CertificateDer<'_>, now: Time) -> Result<(), rustls::Error> {
    let mut roots = RootCertStore::empty();
    roots.add(root.clone().into_owned())?;
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider())
        .build()
        .map_err(|error| rustls::Error::General(error.to_string()))?;
    let name = ServerName::try_from(hosts::KAPI).map_err(|error| rustls::Error::General(error.to_string()))?;
    let at = UnixTime::since_unix_epoch(now.since(Time::from_millis(0)));
    verifier.verify_server_cert(leaf, &[], &name, &[], at).map(drop)
}

fn number() -> SerialNumber {
    let mut bytes: [u8; 16] = Entropy::System.bytes();
    // Positive, and not shortened by a leading zero.
    bytes[0] = bytes[0] & 0x7f | 0x40;
    SerialNumber::from_slice(&bytes)
}

/// From the first midnight (UTC) to the second: whole days are all that certificates need.
fn valid(params: &mut CertificateParams, from: Time, until: Time) {
    let midnight = |at: Time| {
        let date = jiff::Timestamp::from_millisecond(at.millis())
            .map_or(jiff::civil::Date::MAX, |moment| moment.to_zoned(TimeZone::UTC).date());
        let part = |number: i8| u8::try_from(number).unwrap_or(1);
        rcgen::date_time_ymd(date.year().into(), part(date.month()), part(date.day()))
    };
    (params.not_before, params.not_after) = (midnight(from), midnight(until));
}
