//! Seals what we must be able to read again, the seeds of one-time passwords and the secrets of webhooks, under the
//! master key.
//!
//! The master key is a file: 32 random bytes in base64 on each line. The first line seals, every line opens; a new first
//! line is a rotation, and lines that seal nothing any more may go. The file is read whenever it is needed, so neither
//! needs a restart. Sealed: four bytes that name the key, the nonce, the text under ChaCha20-Poly1305.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bizauth_core::id::{UserId, WebhookId};
use bizauth_core::secret::Digest;
use bizauth_store::{Actor, Store};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};

use crate::config::{Config, Database};
use crate::entropy::Entropy;

/// Seals that are read at a time.
const PAGE: i64 = 500;
const NAME: usize = 4;
const NONCE: usize = 12;

/// Why nothing can be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// Several nodes may share the database, so none may make a key of its own.
    #[error("the setting master_key is not given; with PostgreSQL every node needs the path of one and the same file")]
    NotSet,
    /// It is to be there, and no node makes it for the others.
    #[error("there is no master key {0}")]
    Missing(PathBuf),
    /// It was to be made, and there is one.
    #[error("there is a master key {0} already")]
    Exists(PathBuf),
    /// The file cannot be read or made.
    #[error("the master key {0} cannot be read: {1}")]
    Unreadable(PathBuf, std::io::Error),
    /// A line is no key.
    #[error("the master key {0}, line {1}: 32 bytes in base64 are wanted")]
    Malformed(PathBuf, usize),
    /// There is no line.
    #[error("the master key {0} holds no key")]
    Empty(PathBuf),
    /// It was sealed with a key that the file does not hold, or for somebody else, or was altered.
    #[error("the master key does not open what is sealed")]
    DoesNotOpen,
}

/// The keys of the file, the one that seals first.
#[derive(Clone)]
pub struct MasterKeys(Vec<[u8; 32]>);

impl std::fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MasterKeys({})", self.0.len())
    }
}

impl MasterKeys {
    /// Reads the file that the settings name. On the embedded database, which has one server, it is made at first need.
    ///
    /// # Errors
    /// Why not, in a sentence for the operator.
    pub async fn of(config: &Config) -> Result<Self, SealError> {
        let embedded = matches!(config.database, Database::Sqlite);
        let path = path_of(config)?;
        let told = path.clone();
        let read = move || match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound && embedded => make(&path, &Entropy::System),
            read => read,
        };
        let read = tokio::task::spawn_blocking(read).await.unwrap_or_else(|error| Err(std::io::Error::other(error)));
        let text = read.map_err(|error| match error.kind() {
            ErrorKind::NotFound => SealError::Missing(told.clone()),
            _ => SealError::Unreadable(told.clone(), error),
        })?;
        MasterKeys::read(&told, &text)
    }

    fn read(path: &Path, text: &str) -> Result<Self, SealError> {
        let mut keys = Vec::new();
        for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
            let bytes = STANDARD.decode(line.trim()).ok().and_then(|bytes| bytes.try_into().ok());
            keys.push(bytes.ok_or_else(|| SealError::Malformed(path.to_owned(), number))?);
        }
        match keys.is_empty() {
            true => Err(SealError::Empty(path.to_owned())),
            false => Ok(MasterKeys(keys)),
        }
    }

    /// Seals `plain` for its owner with the first key.
    pub fn seal(&self, owner: impl Into<Owner>, plain: &[u8], entropy: &Entropy) -> Vec<u8> {
        let (key, nonce) = (&self.0[0], entropy.bytes::<NONCE>());
        let payload = Payload { msg: plain, aad: &owner.into().0 };
        let sealed = cipher(key).encrypt(&Nonce::from(nonce), payload).expect("memory takes a short text");
        [&name(key)[..], &nonce, &sealed].concat()
    }

    /// Opens what was sealed for this owner, with whichever key it was.
    ///
    /// # Errors
    /// None of the keys does.
    pub fn open(&self, owner: impl Into<Owner>, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let owner = owner.into();
        let parts = sealed.split_at_checked(NAME).and_then(|(named, rest)| {
            let (nonce, sealed) = rest.split_first_chunk::<NONCE>()?;
            Some((named, *nonce, sealed))
        });
        let (named, nonce, sealed) = parts.ok_or(SealError::DoesNotOpen)?;
        let opened = self.0.iter().filter(|key| name(key) == named).find_map(|key| {
            let payload = Payload { msg: sealed, aad: &owner.0 };
            cipher(key).decrypt(&Nonce::from(nonce), payload).ok()
        });
        opened.ok_or(SealError::DoesNotOpen)
    }

    /// Whether the first key sealed it.
    pub fn is_current(&self, sealed: &[u8]) -> bool {
        sealed.starts_with(&name(&self.0[0]))
    }
}

/// Where the settings have the file.
///
/// # Errors
/// They do not say, and no node may choose for all.
pub fn path_of(config: &Config) -> Result<PathBuf, SealError> {
    match (&config.master_key, &config.database) {
        (Some(path), _) => Ok(path.clone()),
        (None, Database::Sqlite) => Ok(config.data.join("master.key")),
        (None, Database::Postgres(_)) => Err(SealError::NotSet),
    }
}

/// Makes the file, with one key, for its owner alone.
///
/// # Errors
/// There is one already, which stays as it is; or it cannot be made.
pub fn create(path: &Path, entropy: &Entropy) -> Result<(), SealError> {
    match make_new(path, entropy) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(SealError::Exists(path.to_owned())),
        made => made.map_err(|error| SealError::Unreadable(path.to_owned(), error)),
    }
}

/// Puts a new key before those of the file. It stays its owner's, and is never half written.
///
/// # Errors
/// Why not; the file is as it was.
pub fn put_first(path: &Path, entropy: &Entropy) -> std::io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let (old, about) = (std::fs::read_to_string(path)?, std::fs::metadata(path)?);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(format!("{}{old}", new_key(entropy)).as_bytes())?;
    file.as_file().set_permissions(about.permissions())?;
    // Whoever runs the command may be another user than the server.
    fchown(file.as_file(), Some(about.uid()), Some(about.gid()))?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|lost| lost.error)?;
    Ok(())
}

/// How a change of seals went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Seals that are of the first key now.
    pub changed: u64,
    /// Seals that no line of the file opens.
    pub closed: u64,
}

/// Puts seals of the first key on everything that bears another. Sign-ins go on meanwhile.
///
/// # Errors
/// The store does not answer. What was changed stays, and the rest can be done again.
pub async fn reseal(store: &Store, by: Actor, keys: &MasterKeys, entropy: &Entropy) -> bizauth_store::Result<Resealed> {
    let (mut done, mut last) = (Resealed::default(), UserId(0));
    let mut hooks = Vec::new();
    for hook in store.ip_webhooks().await?.into_iter().filter(|hook| !keys.is_current(&hook.sealed)) {
        match keys.open(hook.id, &hook.sealed) {
            Err(_) => done.closed += 1,
            Ok(plain) => hooks.push((hook.id, hook.sealed, keys.seal(hook.id, &plain, entropy))),
        }
    }
    if !hooks.is_empty() {
        done.changed += store.by(by.clone()).reseal_ip_webhooks(hooks).await?;
    }
    loop {
        let page = store.sealed_seeds(last, PAGE).await?;
        let Some((end, _)) = page.last() else { return Ok(done) };
        last = *end;
        let mut seals = Vec::new();
        for (user, sealed) in page.into_iter().filter(|(_, sealed)| !keys.is_current(sealed)) {
            match keys.open(user, &sealed) {
                Err(_) => done.closed += 1,
                Ok(plain) => seals.push((user, sealed, keys.seal(user, &plain, entropy))),
            }
        }
        if !seals.is_empty() {
            done.changed += store.by(by.clone()).reseal(seals).await?;
        }
    }
}

/// A new key on a line of its own.
pub fn new_key(entropy: &Entropy) -> String {
    format!("{}\n", STANDARD.encode(entropy.bytes::<32>()))
}

/// Makes the file where there is none. If another process was first, its key counts.
fn make(path: &Path, entropy: &Entropy) -> std::io::Result<String> {
    match make_new(path, entropy) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => std::fs::read_to_string(path),
    }
}

fn make_new(path: &Path, entropy: &Entropy) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    // Made beside it and moved there whole: nobody ever reads half a key. Such a file is its owner's alone (0600).
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(new_key(entropy).as_bytes())?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map_err(|lost| lost.error)?;
    Ok(())
}

fn cipher(key: &[u8; 32]) -> ChaCha20Poly1305 {
    ChaCha20Poly1305::new(key.into())
}

/// What names a key and tells nothing of it.
fn name(key: &[u8; 32]) -> [u8; NAME] {
    let [a, b, c, d, ..] = Digest::of(&[b"bizauth master key ", &key[..]].concat()).0;
    [a, b, c, d]
}

/// What a seal is bound to: another owner's row opens nothing.
pub struct Owner(Vec<u8>);

impl From<UserId> for Owner {
    fn from(user: UserId) -> Self {
        Owner([&b"second factor "[..], &user.0.to_be_bytes()].concat())
    }
}

impl From<WebhookId> for Owner {
    fn from(webhook: WebhookId) -> Self {
        Owner([&b"ip webhook "[..], &webhook.0.to_be_bytes()].concat())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn keys(lines: &[String]) -> MasterKeys {
        MasterKeys::read(Path::new("k"), &lines.concat()).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_for_its_account_with_its_key_alone() {
        let (old, new) = (new_key(&Entropy::System), new_key(&Entropy::System));
        let before = keys(std::slice::from_ref(&old));
        let sealed = before.seal(UserId(7), b"seed", &Entropy::System);
        assert_eq!(before.open(UserId(7), &sealed).unwrap(), b"seed");
        assert_ne!(before.seal(UserId(7), b"seed", &Entropy::System), sealed, "never the same twice");
        assert!(before.open(UserId(8), &sealed).is_err(), "another account");
        assert!(before.open(WebhookId(7), &sealed).is_err(), "another kind of owner");
        let rotated = keys(&[new.clone(), old]);
        assert_eq!(rotated.open(UserId(7), &sealed).unwrap(), b"seed", "an old line still opens");
        assert!(before.is_current(&sealed) && !rotated.is_current(&sealed));
        assert!(keys(&[new]).open(UserId(7), &sealed).is_err(), "another key");
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(before.open(UserId(7), &altered).is_err(), "byte {at}");
        }
        assert!(before.open(UserId(7), &sealed[..10]).is_err() && before.open(UserId(7), b"").is_err());
    }

    #[test]
    fn a_file_that_holds_no_key_says_which_line() {
        let read = |text: &str| MasterKeys::read(Path::new("k"), text).unwrap_err().to_string();
        assert_eq!(read("\n \n"), "the master key k holds no key");
        assert_eq!(
            read(&format!("{}\nabc\n", new_key(&Entropy::System))),
            "the master key k, line 3: 32 bytes in base64 are wanted"
        );
    }

    #[tokio::test]
    async fn the_embedded_server_makes_its_key_once_for_its_owner_alone() {
        let folder = tempfile::TempDir::new().unwrap();
        let mut config = Config::default();
        config.data = folder.path().join("deeper");
        let sealed = MasterKeys::of(&config).await.unwrap().seal(UserId(1), b"x", &Entropy::System);
        assert_eq!(MasterKeys::of(&config).await.unwrap().open(UserId(1), &sealed).unwrap(), b"x");
        let mode = std::fs::metadata(config.data.join("master.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
