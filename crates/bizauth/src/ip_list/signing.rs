//! Detached signatures of the list, as minisign makes and reads them: Ed25519 over the BLAKE2b hash of the bytes, and
//! once more over signature and trusted comment, so that what the comment says is signed too.
//!
//! The private key is a file in minisign's own form without a password (`minisign -G -W`, or `bizauth ip-list new-key`).
//! It is read when something is to be signed, never kept in the records, and never written to a log.

use std::io::Write;
use std::path::{Path, PathBuf};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use blake2::digest::consts::U32;
use blake2::{Blake2b, Blake2b512, Digest};

use crate::entropy::Entropy;

/// `Ed`: a key; as a signature one over the bytes themselves.
const PLAIN: &[u8; 2] = b"Ed";
/// `ED`: a signature over the hash of the bytes.
const HASHED: &[u8; 2] = b"ED";
/// The length of a secret key: three algorithms, salt, limits, id, key pair, checksum.
const SECRET: usize = 2 + 2 + 2 + 32 + 8 + 8 + 8 + 64 + 32;

/// Why nothing can be signed.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// The file cannot be read or made.
    #[error("the signing key {0} cannot be read: {1}")]
    Unreadable(PathBuf, std::io::Error),
    /// It is none of minisign's.
    #[error("the signing key {0} is no secret key of minisign: {1}")]
    Malformed(PathBuf, &'static str),
}

/// A key that signs.
pub struct SigningKey {
    id: [u8; 8],
    pair: Ed25519KeyPair,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({})", self.name())
    }
}

impl SigningKey {
    /// Reads the key from its file.
    ///
    /// # Errors
    /// Why not, in a sentence for the operator that has nothing of the key.
    pub fn load(path: &Path) -> Result<Self, SigningError> {
        let text = std::fs::read_to_string(path).map_err(|error| SigningError::Unreadable(path.to_owned(), error))?;
        SigningKey::read(&text).map_err(|why| SigningError::Malformed(path.to_owned(), why))
    }

    fn read(text: &str) -> Result<Self, &'static str> {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let key = lines.find(|line| !line.starts_with("untrusted comment:")).ok_or("there is no key in it")?;
        let bytes = STANDARD.decode(key).map_err(|_| "it is not base64")?;
        let bytes: [u8; SECRET] = bytes.try_into().map_err(|_| "it is of another length")?;
        if bytes[..2] != *PLAIN {
            return Err("it is no Ed25519 key");
        }
        if bytes[2..4] != [0, 0] {
            return Err("it is locked with a password; make one without (minisign -G -W)");
        }
        let (id, seed, public) = (&bytes[54..62], &bytes[62..94], &bytes[94..126]);
        // minisign 0.11 leaves the checksum of such a key empty; its two halves vouch for each other anyway.
        if bytes[126..] != [0; 32] && checksum(id, &bytes[62..126]) != bytes[126..] {
            return Err("its checksum is wrong");
        }
        let pair = Ed25519KeyPair::from_seed_and_public_key(seed, public).map_err(|_| "its two halves do not fit")?;
        Ok(SigningKey { id: id.try_into().map_err(|_| "it has no id")?, pair })
    }

    /// The key's id, as minisign writes it.
    pub fn name(&self) -> String {
        format!("{:016X}", u64::from_le_bytes(self.id))
    }

    /// The text of the `.pub` file; its second line is what a follower is given.
    pub fn public(&self) -> String {
        format!("untrusted comment: minisign public key {}\n{}\n", self.name(), self.public_key())
    }

    /// The public key alone, as it stands in a follower's configuration.
    pub fn public_key(&self) -> String {
        STANDARD.encode([PLAIN, &self.id[..], self.pair.public_key().as_ref()].concat())
    }

    /// The text of the `.minisig` file of `bytes`. `comment` is trusted: it is signed.
    pub fn sign(&self, bytes: &[u8], comment: &str) -> String {
        // The comment is one line, whoever made it.
        let comment: String = comment.chars().filter(|c| !c.is_control()).collect();
        let hash = Blake2b512::digest(bytes);
        let signature = self.pair.sign(&hash);
        let both = [signature.as_ref(), comment.as_bytes()].concat();
        let whole = self.pair.sign(&both);
        format!(
            "untrusted comment: signature from bizauth, key {}\n{}\ntrusted comment: {comment}\n{}\n",
            self.name(),
            STANDARD.encode([HASHED, &self.id[..], signature.as_ref()].concat()),
            STANDARD.encode(whole.as_ref()),
        )
    }
}

/// Makes a key and puts it into a file for its owner alone, which must not be there yet.
///
/// # Errors
/// Why not. Nothing was written then.
pub fn make(path: &Path, entropy: &Entropy) -> Result<SigningKey, SigningError> {
    use std::os::unix::fs::OpenOptionsExt;
    let text = new_text(entropy);
    let unreadable = |error| SigningError::Unreadable(path.to_owned(), error);
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = file.map_err(unreadable)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(unreadable)?;
    SigningKey::load(path)
}

fn new_text(entropy: &Entropy) -> String {
    let (id, seed) = (entropy.bytes::<8>(), entropy.bytes::<32>());
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed).expect("32 bytes are a seed");
    let keys = [&seed[..], pair.public_key().as_ref()].concat();
    let mut bytes = [&PLAIN[..], &[0, 0], b"B2", &[0; 48], &id, &keys].concat();
    bytes.extend(checksum(&id, &keys));
    let name = u64::from_le_bytes(id);
    format!("untrusted comment: minisign secret key {name:016X}, without a password\n{}\n", STANDARD.encode(bytes))
}

fn checksum(id: &[u8], keys: &[u8]) -> [u8; 32] {
    let mut hash = Blake2b::<U32>::new();
    hash.update(PLAIN);
    hash.update(id);
    hash.update(keys);
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Runs minisign, which the tests need as they need PostgreSQL's programs.
    fn minisign(words: &[&str]) -> (bool, String) {
        let output = Command::new("minisign").args(words).output().expect("minisign is installed");
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    }

    #[test]
    fn minisign_accepts_what_is_signed_and_nothing_else() {
        let room = tempfile::TempDir::new().unwrap();
        let path = |name: &str| room.path().join(name).to_str().unwrap().to_owned();
        let key = make(Path::new(&path("key")), &Entropy::System).unwrap();
        assert!(make(Path::new(&path("key")), &Entropy::System).is_err(), "a key is never written over");
        std::fs::write(path("list"), "the list").unwrap();
        std::fs::write(path("list.minisig"), key.sign(b"the list", "serial:700001 date:2026-12-01\nserial:9")).unwrap();
        std::fs::write(path("key.pub"), key.public()).unwrap();
        let verify = || minisign(&["-V", "-p", &path("key.pub"), "-m", &path("list")]);
        let (accepted, told) = verify();
        assert!(accepted && told.contains("serial:700001 date:2026-12-01serial:9"), "{told}");
        std::fs::write(path("list"), "another").unwrap();
        assert!(!verify().0);
        std::fs::write(path("list"), "the list").unwrap();
        let forged = std::fs::read_to_string(path("list.minisig")).unwrap().replace("serial:700001", "serial:700002");
        std::fs::write(path("list.minisig"), forged).unwrap();
        assert!(!verify().0, "the comment is signed");
    }

    #[test]
    fn a_key_that_minisign_made_signs_too() {
        let room = tempfile::TempDir::new().unwrap();
        let path = |name: &str| room.path().join(name).to_str().unwrap().to_owned();
        assert!(minisign(&["-G", "-W", "-p", &path("pub"), "-s", &path("sec")]).0);
        let key = SigningKey::load(Path::new(&path("sec"))).unwrap();
        assert!(std::fs::read_to_string(path("pub")).unwrap().contains(&key.public_key()));
        std::fs::write(path("list"), "").unwrap();
        std::fs::write(path("list.minisig"), key.sign(b"", "serial:1")).unwrap();
        assert!(minisign(&["-V", "-p", &path("pub"), "-m", &path("list")]).0);
        assert!(!format!("{key:?}").contains(&key.public_key()[20..]));
    }

    #[test]
    fn what_is_no_key_is_told_without_its_text() {
        let whole = new_text(&Entropy::System);
        let line = whole.lines().nth(1).unwrap();
        assert!(SigningKey::read(line).is_ok(), "the comment may be missing");
        let mut bytes = STANDARD.decode(line).unwrap();
        let altered = |at: usize, bytes: &mut Vec<u8>| {
            let mut other = bytes.clone();
            other[at] ^= 1;
            SigningKey::read(&STANDARD.encode(other)).unwrap_err()
        };
        assert_eq!(altered(0, &mut bytes), "it is no Ed25519 key");
        assert_eq!(altered(2, &mut bytes), "it is locked with a password; make one without (minisign -G -W)");
        assert_eq!(altered(70, &mut bytes), "its checksum is wrong");
        assert_eq!(SigningKey::read("").unwrap_err(), "there is no key in it");
        assert_eq!(SigningKey::read("!").unwrap_err(), "it is not base64");
        assert_eq!(SigningKey::read("AAAA").unwrap_err(), "it is of another length");
    }
}
