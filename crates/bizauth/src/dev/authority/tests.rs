//! What the authority vouches for, and what it does with files that are not as they should be.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};

use super::leaf::Names;
use super::*;

const START: i64 = 1_800_000_000_000;

fn authority(folder: &Path, days: u64) -> Authority {
    let now = Time::from_millis(START).plus(DAY * u32::try_from(days).unwrap());
    Authority::with_clock(folder.to_owned(), Clock::set_to(now))
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Whether a client that trusts `root` alone takes `leaf` for `name`.
fn trusts(root: &[u8], leaf: &CertificateDer<'_>, name: &str) -> bool {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(root).unwrap()).unwrap();
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), leaf::provider()).build().unwrap();
    let at = UnixTime::since_unix_epoch(Duration::from_millis(START.unsigned_abs()));
    verifier.verify_server_cert(leaf, &[], &ServerName::try_from(name).unwrap(), &[], at).is_ok()
}

#[test]
fn it_is_made_once_for_its_owner_alone_and_renewed_for_the_same_key() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("share/bizauth/dev-ca");
    let here = authority(&folder, 0);
    assert!(here.until().is_err() && !folder.exists(), "asking makes nothing");
    assert_eq!(here.make().unwrap(), Made::New);
    assert_eq!((mode(&folder), mode(&folder.join(KEY)), mode(&folder.join(CERTIFICATE))), (0o700, 0o600, 0o644));
    assert_eq!(here.make().unwrap(), Made::Found);
    let first = fs::read(here.certificate()).unwrap();
    let leaf = here.leaf(Names::Host("kapi.kakao.com".to_owned())).unwrap();

    assert_eq!(authority(&folder, 699).make().unwrap(), Made::Found, "more than 30 days are left");
    assert_eq!(fs::read(here.certificate()).unwrap(), first);
    let late = authority(&folder, 701);
    assert_eq!(late.make().unwrap(), Made::Renewed);
    let second = fs::read(here.certificate()).unwrap();
    assert_ne!(second, first);
    assert!(late.until().unwrap() > Time::from_millis(START).plus(VALID));
    assert!(
        trusts(&second, &leaf.cert[0], "kapi.kakao.com"),
        "who trusts the new one believes what the old one signed"
    );
    assert_eq!(authority(&folder, 3000).make().unwrap(), Made::Renewed, "long after its end, too");
}

#[test]
fn it_vouches_for_its_names_and_a_stolen_key_for_no_other() {
    let home = tempfile::tempdir().unwrap();
    let here = authority(home.path(), 0);
    fs::set_permissions(home.path(), Permissions::from_mode(0o700)).unwrap();
    here.make().unwrap();
    let root = fs::read(here.certificate()).unwrap();
    let leaf = |name: &str| here.leaf(Names::Host(name.to_owned())).unwrap();
    for name in ["kauth.kakao.com", "kapi.kakao.com", "localhost", "w1.localhost"] {
        let made = leaf(name);
        assert!(trusts(&root, &made.cert[0], name), "{name}");
        assert!(!trusts(&root, &made.cert[0], "127.0.0.1"), "{name} is no address");
        assert!(Arc::ptr_eq(&made, &leaf(name)), "made once");
    }
    let addresses = here.leaf(Names::Addresses).unwrap();
    for name in ["127.0.0.1", "::1", "localhost"] {
        assert!(trusts(&root, &addresses.cert[0], name), "{name}");
    }
    // What the door never asks for, the certificate itself forbids.
    for name in ["accounts.kakao.com", "example.com", "kakao.com"] {
        assert!(!trusts(&root, &leaf(name).cert[0], name), "{name}");
    }
    let numbers: Vec<_> = ["kauth.kakao.com", "kapi.kakao.com"].map(|name| leaf(name).cert[0].to_vec()).into();
    assert_ne!(numbers[0][10..30], numbers[1][10..30], "no serial number twice");
}

#[test]
fn files_that_are_not_ours_are_left_alone_and_named() {
    let home = tempfile::tempdir().unwrap();
    let folder = |name: &str| {
        let folder = home.path().join(name);
        authority(&folder, 0).make().unwrap();
        folder
    };
    let refused = |folder: &Path, expected: &str| {
        let error = authority(folder, 0).make().unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    let (one, two) = (folder("one"), folder("two"));
    fs::copy(two.join(KEY), one.join(KEY)).unwrap();
    refused(&one, "ca.pem is not the certificate of the key beside it");
    fs::remove_file(one.join(KEY)).unwrap();
    refused(&one, "ca.pem is there without its key");
    fs::set_permissions(two.join(KEY), Permissions::from_mode(0o640)).unwrap();
    refused(&two, "ca-key.pem may be read by others");
    fs::set_permissions(two.join(KEY), Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(&two, Permissions::from_mode(0o770)).unwrap();
    refused(&two, "may be written by others");
    fs::set_permissions(&two, Permissions::from_mode(0o700)).unwrap();
    fs::write(two.join(CERTIFICATE), "nothing").unwrap();
    refused(&two, "ca.pem holds no certificate");
    let three = folder("three");
    let before = fs::read(three.join(KEY)).unwrap();
    fs::remove_file(three.join(CERTIFICATE)).unwrap();
    assert_eq!(authority(&three, 0).make().unwrap(), Made::Renewed, "a key without certificate gets one");
    assert_eq!(fs::read(three.join(KEY)).unwrap(), before);
    fs::write(three.join(KEY), "nothing").unwrap();
    refused(&three, "ca-key.pem holds no private key");
}

#[test]
fn an_authority_that_is_made_anew_is_taken_up_without_a_restart() {
    let home = tempfile::tempdir().unwrap();
    let here = authority(&home.path().join("ca"), 0);
    let host = || Names::Host("kauth.kakao.com".to_owned());
    assert!(here.leaf(host()).is_err(), "there is none yet");
    here.make().unwrap();
    here.leaf(host()).unwrap();
    fs::remove_dir_all(here.folder()).unwrap();
    assert!(here.leaf(host()).is_err());
    here.make().unwrap();
    let root = fs::read(here.certificate()).unwrap();
    assert!(trusts(&root, &here.leaf(host()).unwrap().cert[0], "kauth.kakao.com"));
}

#[test]
fn its_home_is_that_of_the_user() {
    let home = |variables: &[(&str, &str)]| {
        let find =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Authority::home(find)
    };
    assert_eq!(home(&[("HOME", "/u"), ("XDG_DATA_HOME", "/d")]), Some("/d/bizauth/dev-ca".into()));
    assert_eq!(home(&[("HOME", "/u"), ("XDG_DATA_HOME", "d")]), Some("/u/.local/share/bizauth/dev-ca".into()));
    assert_eq!(home(&[("HOME", ""), ("XDG_DATA_HOME", "")]), None);
}
