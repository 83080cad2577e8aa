//! What the follower keeps on disk: every list it believed, what it refused, what it put where.
//!
//! A list is kept as it came, in a file named by its digest; `journal.json` says which were believed when. Files are
//! written beside and renamed, so that whoever is killed leaves the old state or the new one. One agent at a time.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use bizauth_core::ips::{Chronicle, IpList};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::document;
use crate::settings::Settings;

/// How many lists are kept for a rollback, beyond those that still count.
const HISTORY: usize = 50;

/// How many refusals are kept in words; all are counted.
const REFUSALS: usize = 50;

/// The folder, read, and locked for as long as this lives.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// What is known; [`Folder::save`] writes it.
    pub journal: Journal,
    _lock: Option<Lock>,
}

/// What the follower knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Journal {
    /// The lists that were believed, oldest first.
    pub versions: Vec<Kept>,
    /// Digests of lists that an operator took back; they are not believed again unasked.
    #[serde(default)]
    pub taken_back: Vec<String>,
    /// The last refusals, oldest first.
    #[serde(default)]
    pub refusals: Vec<Refusal>,
    /// How often a list was refused, by reason.
    #[serde(default)]
    pub refused: BTreeMap<String, u64>,
    /// What was put where, by the place's id.
    #[serde(default)]
    pub applied: BTreeMap<String, Applied>,
    /// When a fetch last failed or was refused without a success since, in milliseconds.
    #[serde(default)]
    pub failing_since: Option<i64>,
}

/// A list that was believed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// SHA-256 of its bytes, which names its file.
    pub digest: String,
    /// When it was first believed, in milliseconds since the epoch.
    pub accepted: i64,
    /// When the publisher last said that it is this one.
    pub confirmed: i64,
    /// The tag to ask with.
    pub etag: Option<String>,
    /// The publisher's serial, if it was signed with one.
    pub serial: Option<u64>,
}

/// A list that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// When, in milliseconds since the epoch.
    pub at: i64,
    /// The reason, in one word.
    pub reason: String,
    /// The reason, in words.
    pub detail: String,
}

/// What was put into one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Applied {
    /// When, in milliseconds since the epoch.
    pub at: i64,
    /// SHA-256 of what was found there right after.
    pub found: String,
    /// Whether something else was begun to be put there, and not finished.
    #[serde(default)]
    pub begun: bool,
}

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Reading or writing failed.
    #[error("{} cannot be read or written: {}", .0.display(), .1)]
    Io(PathBuf, #[source] io::Error),
    /// Another agent is at work.
    #[error("another follower is at work in {}", .0.display())]
    Locked(PathBuf),
    /// A file is not what was written there.
    #[error("{} is damaged: {}", .0.display(), .1)]
    Damaged(PathBuf, String),
    /// No list was ever believed.
    #[error("no list was fetched yet")]
    NoList,
}

/// The lock of a folder, given back when this is dropped.
#[derive(Debug)]
struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing would not do it at once: a tool that is being started has the open file too, until it is another program.
        // What cannot be unlocked ends with the process.
        let _ = self.0.unlock();
    }
}

impl Folder {
    /// Opens the folder for changing it, and makes it if it is not there. One process at a time.
    pub fn open(path: &Path) -> Result<Folder, StateError> {
        for folder in [path.to_owned(), path.join("lists"), path.join("applied")] {
            fs::create_dir_all(&folder).map_err(|error| StateError::Io(folder, error))?;
        }
        let name = path.join("lock");
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&name);
        let lock = lock.map_err(|error| StateError::Io(name.clone(), error))?;
        // The kernel lets go of it when the process ends, however it ends.
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StateError::Locked(path.to_owned())),
            Err(TryLockError::Error(error)) => return Err(StateError::Io(name, error)),
        }
        Ok(Folder { journal: read_journal(path)?, path: path.to_owned(), _lock: Some(Lock(lock)) })
    }

    /// Opens the folder for looking only, whether an agent is at work or not.
    pub fn look(path: &Path) -> Result<Folder, StateError> {
        Ok(Folder { journal: read_journal(path)?, path: path.to_owned(), _lock: None })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes what is known.
    pub fn save(&self) -> Result<(), StateError> {
        let text = serde_json::to_vec_pretty(&self.journal).expect("a journal is plain data");
        self.write("journal.json", &text)
    }

    /// The list with this digest, read again.
    pub fn list(&self, digest: &str) -> Result<IpList, StateError> {
        let bytes = self.read(&list_name(digest))?;
        let damaged = |why: String| StateError::Damaged(self.path.join(list_name(digest)), why);
        if digest_of(&bytes) != digest {
            return Err(damaged("its digest is not its name".to_owned()));
        }
        document::read(&bytes).map_err(|error| damaged(error.to_string()))
    }

    /// The list that was believed last, with what is known of it.
    pub fn newest(&self) -> Result<(&Kept, IpList), StateError> {
        let kept = self.journal.versions.last().ok_or(StateError::NoList)?;
        Ok((kept, self.list(&kept.digest)?))
    }

    /// Everything that was believed, as far back as it counts on `day`. What an operator took back never counts.
    pub fn chronicle(&self, settings: &Settings, day: Date) -> Result<Chronicle, StateError> {
        let first = day.saturating_sub(i32::from(settings.window.late).days());
        let older = self.journal.versions.partition_point(|kept| settings.day(time(kept.accepted)) < first);
        let mut chronicle: Option<Chronicle> = None;
        let counts = |kept: &&Kept| !self.journal.taken_back.contains(&kept.digest);
        for kept in self.journal.versions[older.saturating_sub(1)..].iter().filter(counts) {
            let (since, list) = (settings.day(time(kept.accepted)), self.list(&kept.digest)?);
            match &mut chronicle {
                Some(chronicle) => chronicle.believe(since, list),
                None => chronicle = Some(Chronicle::new(since, list)),
            }
        }
        chronicle.ok_or(StateError::NoList)
    }

    /// Believes a list from `now` on. What is no longer of use to anybody is forgotten.
    pub fn believe(&mut self, bytes: &[u8], kept: Kept, settings: &Settings) -> Result<(), StateError> {
        self.write(&list_name(&kept.digest), bytes)?;
        let now = time(kept.accepted);
        self.journal.versions.push(kept);
        let first = settings.day(now).saturating_sub((i32::from(settings.window.late) + 1).days());
        let versions = &mut self.journal.versions;
        // A list counts until late days after it was replaced.
        let counts = versions.partition_point(|kept| settings.day(time(kept.accepted)) < first).saturating_sub(1);
        let forgotten: Vec<Kept> = versions.drain(..counts.min(versions.len().saturating_sub(HISTORY))).collect();
        self.save()?;
        for kept in forgotten {
            if !self.journal.versions.iter().any(|other| other.digest == kept.digest) {
                // Left over, it harms nobody.
                let _ = fs::remove_file(self.path.join(list_name(&kept.digest)));
            }
        }
        Ok(())
    }

    /// Notes a refusal, and saves it.
    pub fn refuse(&mut self, now: Timestamp, reason: &str, detail: &str) -> Result<(), StateError> {
        let at = now.as_millisecond();
        let detail: String = detail.chars().take(2000).collect();
        *self.journal.refused.entry(reason.to_owned()).or_default() += 1;
        self.journal.refusals.push(Refusal { at, reason: reason.to_owned(), detail });
        let old = self.journal.refusals.len().saturating_sub(REFUSALS);
        self.journal.refusals.drain(..old);
        self.journal.failing_since.get_or_insert(at);
        self.save()
    }

    /// What was last put into a place, as it was rendered.
    pub fn applied_text(&self, id: &str) -> Option<String> {
        fs::read_to_string(self.path.join("applied").join(id)).ok()
    }

    /// Keeps a text beside what was put into places.
    pub fn keep_text(&self, id: &str, text: &str) -> Result<(), StateError> {
        self.write(&format!("applied/{id}"), text.as_bytes())
    }

    /// Notes what was put into a place.
    pub fn note_applied(&mut self, id: &str, text: &str, applied: Applied) -> Result<(), StateError> {
        self.write(&format!("applied/{id}"), text.as_bytes())?;
        self.journal.applied.insert(id.to_owned(), applied);
        self.save()
    }

    fn read(&self, name: &str) -> Result<Vec<u8>, StateError> {
        let path = self.path.join(name);
        fs::read(&path).map_err(|error| StateError::Io(path, error))
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), StateError> {
        let path = self.path.join(name);
        replace(&path, bytes).map_err(|error| StateError::Io(path, error))
    }
}

fn list_name(digest: &str) -> String {
    format!("lists/{digest}.json")
}

fn read_journal(path: &Path) -> Result<Journal, StateError> {
    let path = path.join("journal.json");
    match fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| StateError::Damaged(path, error.to_string())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Journal::default()),
        Err(error) => Err(StateError::Io(path, error)),
    }
}

/// SHA-256, in hexadecimal.
pub fn digest_of(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The instant of milliseconds that were kept.
pub fn time(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or_default()
}

/// Puts `bytes` into the place of a file: whole or not at all, and for good before this returns.
///
/// The file keeps its mode; a new one gets 0644, because whoever reads a list of addresses may.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    // One name, so that a process that is killed leaves one stray file at most, and its successor takes it over.
    let beside = folder.join(format!(".{}.bizauth-new", name.to_string_lossy()));
    let mut file = File::create(&beside)?;
    if let Ok(known) = fs::metadata(path) {
        file.set_permissions(known.permissions())?;
    }
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    fs::rename(&beside, path)?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_is_given_back_although_a_program_that_is_being_started_has_its_file_too() {
        let room = tempfile::tempdir().unwrap();
        let folder = Folder::open(room.path()).unwrap();
        let inherited = folder._lock.as_ref().unwrap().0.try_clone().unwrap();
        assert!(matches!(Folder::open(room.path()), Err(StateError::Locked(_))));
        drop(folder);
        Folder::open(room.path()).unwrap();
        drop(inherited);
    }
}
