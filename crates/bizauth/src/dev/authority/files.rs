//! The files of an authority: its certificate, which anybody may have, and its key, which is its owner's alone.

use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::SystemTime;

use rcgen::KeyPair;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::{CERTIFICATE, Error, KEY};

/// Makes the folder, for its owner alone, and holds it for one who writes. Released when dropped.
pub(super) fn lock(folder: &Path) -> Result<File, Error> {
    let broken = |error| Error::File(folder.to_owned(), error);
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(broken)?;
    if fs::metadata(folder).map_err(broken)?.mode() & 0o022 != 0 {
        return Err(Error::Exposed { path: folder.to_owned(), what: "written" });
    }
    let held = File::open(folder).map_err(broken)?;
    held.lock().map_err(broken)?;
    Ok(held)
}

pub(super) fn exists(file: &Path) -> Result<bool, Error> {
    file.try_exists().map_err(|error| Error::File(file.to_owned(), error))
}

/// When a file was written last; nothing if it is not there.
pub(super) fn written(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).and_then(|found| found.modified()).ok()
}

/// The key, if there is one.
pub(super) fn key(folder: &Path) -> Result<Option<KeyPair>, Error> {
    let path = folder.join(KEY);
    let Some(text) = read(&path)? else { return Ok(None) };
    let mode = fs::metadata(&path).map_err(|error| Error::File(path.clone(), error))?.mode();
    if mode & 0o077 != 0 {
        return Err(Error::Exposed { path, what: "read" });
    }
    match KeyPair::from_pem(&text) {
        Ok(key) => Ok(Some(key)),
        Err(error) => Err(Error::Foreign { path, what: format!("holds no private key ({error})") }),
    }
}

/// The certificate, if there is one.
pub(super) fn certificate(folder: &Path) -> Result<Option<CertificateDer<'static>>, Error> {
    let path = folder.join(CERTIFICATE);
    let Some(text) = read(&path)? else { return Ok(None) };
    match CertificateDer::from_pem_slice(text.as_bytes()) {
        Ok(der) => Ok(Some(der)),
        Err(error) => Err(Error::Foreign { path, what: format!("holds no certificate ({error})") }),
    }
}

fn read(path: &Path) -> Result<Option<String>, Error> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::File(path.to_owned(), error)),
    }
}

/// Makes a key and keeps it.
pub(super) fn write_key(folder: &Path) -> Result<KeyPair, Error> {
    let key = KeyPair::generate().map_err(|error| Error::Unmade(error.to_string()))?;
    write(folder, KEY, &key.serialize_pem(), 0o600)?;
    Ok(key)
}

/// Keeps a certificate in the place of the one before.
pub(super) fn write_certificate(folder: &Path, pem: &str) -> Result<(), Error> {
    write(folder, CERTIFICATE, pem, 0o644)
}

/// Whole or not at all.
fn write(folder: &Path, name: &str, text: &str, mode: u32) -> Result<(), Error> {
    let path = folder.join(name);
    let write = || -> io::Result<()> {
        let mut file = tempfile::Builder::new().permissions(Permissions::from_mode(mode)).tempfile_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(&path).map_err(|lost| lost.error)?;
        Ok(())
    };
    write().map_err(|error| Error::File(path.clone(), error))
}
