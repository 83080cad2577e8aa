//! Whether the database is the one that was served here last, or a copy of it. A restored copy knows nothing of what was
//! revoked after it was made, so nothing is served from it before somebody has said what shall become of its tokens.
//!
//! A copy by `bizauth backup` bears a mark. Beyond that PostgreSQL tells us where its tables are, and a restore makes them
//! anew. Beside the embedded database lies a file with a word that also stands in the database; it is another one after
//! every start and stop, so a file that was put back, or taken elsewhere alone, does not know it.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

use bizauth_core::secret::Secret;
use bizauth_core::time::Time;
use bizauth_store::Store;

use crate::config::{Config, Database};
use crate::dev::mark;
use crate::entropy::Entropy;
use crate::http::reply::log_breakage;

/// The file beside the embedded database.
const WORD_FILE: &str = "home";

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
pub enum Stranger {
    /// It bears the mark of a copy.
    #[error("this database is a copy made at {}: what was revoked since would live again", .0.to_utc())]
    Copy(Time),
    /// It was served last somewhere else, or something older was put in its place.
    #[error(
        "this is not the database that was served here last: restored, or moved; what was revoked since would live again"
    )]
    Elsewhere,
    /// It was made by `bizauth dev`, or its folder was.
    #[error("this is a database of `bizauth dev`: its keys and tokens are for tests, and known to everybody")]
    Dev,
    /// The file beside the database cannot be read or written.
    #[error("the file {} cannot be used", .0.display())]
    File(PathBuf, #[source] std::io::Error),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] bizauth_store::Error),
}

/// Judges the database before it is served, and notes that it is served here.
///
/// # Errors
/// It is a copy that nobody has accepted.
pub async fn enter(store: &Store, config: &Config, entropy: &Entropy) -> Result<(), Stranger> {
    not_dev(store, config).await?;
    match &config.database {
        Database::Sqlite => {
            let beside = Beside::of(config)?;
            beside.judge(store).await?;
            beside.renew(store, entropy).await
        }
        Database::Postgres(_) => look_around(store).await,
    }
}

/// Looks where PostgreSQL is, and notes it. A recovery to a point in time and a standby that takes over leave everything in
/// its place but the timeline. Either may have lost what was done last, a revocation too, or nothing: it is said, and
/// served.
///
/// # Errors
/// It is another database, or a copy that nobody has accepted.
async fn look_around(store: &Store) -> Result<(), Stranger> {
    let (last, Some(here)) = judge_place(store).await? else { return Ok(()) };
    let timeline = |place: &str| split(place).1.map(str::to_owned);
    let (before, now) = (last.as_deref().and_then(timeline), timeline(&here));
    if let (Some(before), Some(now)) = (&before, &now)
        && before != now
    {
        tracing::warn!(
            before,
            now,
            "PostgreSQL is on another timeline: it was recovered, or a standby took over. What was revoked last may live \
             again; `bizauth restore accept --end-tokens` ends every token"
        );
    }
    // A standby has no timeline of its own to note, and takes no notes.
    if now.is_some() && last.as_ref() != Some(&here) {
        store.serve_at(here).await?;
    }
    Ok(())
}

/// Looks around while the server runs: a standby may take over at any time.
pub async fn keep_watch(store: &Store, config: &Config) {
    let Database::Postgres(_) = config.database else { return };
    let seen = match not_dev(store, config).await {
        Ok(()) => look_around(store).await,
        error => error,
    };
    tell(seen);
}

/// Says in the log what was seen, where somebody should know.
fn tell(seen: Result<(), Stranger>) {
    match seen {
        // What `bizauth dev` serves is nobody's.
        Ok(()) | Err(Stranger::Dev) => {}
        Err(error @ (Stranger::Store(_) | Stranger::File(..))) => {
            tracing::warn!(%error, "it cannot be seen where the database is");
        }
        Err(error @ (Stranger::Copy(_) | Stranger::Elsewhere)) => {
            tracing::warn!(%error, "the database is not the one that this server began with");
        }
    }
}

/// What of a place a restore changes, and the timeline, where it is known.
fn split(place: &str) -> (&str, Option<&str>) {
    match place.splitn(4, '/').nth(3) {
        Some(timeline) => (&place[..place.len() - timeline.len() - 1], Some(timeline).filter(|text| !text.is_empty())),
        None => (place, None),
    }
}

/// Judges the database and notes nothing.
///
/// # Errors
/// It is a copy that nobody has accepted.
pub async fn judge(store: &Store, config: &Config) -> Result<(), Stranger> {
    not_dev(store, config).await?;
    match &config.database {
        Database::Sqlite => Beside::of(config)?.judge(store).await,
        Database::Postgres(_) => judge_place(store).await.map(drop),
    }
}

/// Neither the database nor its folder bears the mark of `bizauth dev`, which no acceptance takes away.
async fn not_dev(store: &Store, config: &Config) -> Result<(), Stranger> {
    let marked = match config.database {
        Database::Sqlite => {
            let told = |error| Stranger::File(config.data.join(mark::FILE), error);
            mark::is_on(&config.data).map_err(told)?
        }
        Database::Postgres(_) => false,
    };
    let (place, _) = store.served_at().await?;
    if marked || place.as_deref() == Some(mark::PLACE) { Err(Stranger::Dev) } else { Ok(()) }
}

/// Where it was served last, and where it is.
async fn judge_place(store: &Store) -> Result<(Option<String>, Option<String>), Stranger> {
    let last = unmarked(store).await?;
    let here = place_of(store).await?;
    match (&last, &here) {
        (Some(last), Some(here)) if split(last).0 != split(here).0 => Err(Stranger::Elsewhere),
        _ => Ok((last, here)),
    }
}

/// Where it was served last, if it bears no mark of a copy.
async fn unmarked(store: &Store) -> Result<Option<String>, Stranger> {
    match store.served_at().await? {
        (_, Some(at)) => Err(Stranger::Copy(at)),
        (place, None) => Ok(place),
    }
}

/// Notes that the server stops: what is put back from now on is older than this.
pub async fn leave(store: &Store, config: &Config, entropy: &Entropy) {
    let Database::Sqlite = config.database else { return };
    let left = match Beside::of(config) {
        Ok(beside) => beside.renew(store, entropy).await,
        Err(error) => Err(error),
    };
    if let Err(error) = left {
        tracing::warn!(%error, "what is restored next may not be known as a copy");
    }
}

/// Where the database is at home once it is accepted.
///
/// # Errors
/// The file beside it cannot be written.
pub async fn settle(store: &Store, config: &Config, entropy: &Entropy) -> Result<Option<String>, Stranger> {
    not_dev(store, config).await?;
    match &config.database {
        Database::Postgres(_) => place_of(store).await,
        Database::Sqlite => {
            let (beside, word) = (Beside::of(config)?, new_word(entropy));
            beside.write(&[&word])?;
            Ok(Some(word))
        }
    }
}

/// A role may be forbidden to ask; then only marked copies are known.
async fn place_of(store: &Store) -> Result<Option<String>, Stranger> {
    match store.place().await {
        Ok(place) => Ok(place),
        Err(error) if error.is_forbidden() => {
            log_breakage(&error);
            tracing::warn!("PostgreSQL does not say where it is: a restored database will not be known as one");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

fn new_word(entropy: &Entropy) -> String {
    Secret::from_bytes(entropy.bytes()).digest().0.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// The file beside the embedded database, while nobody else renews it.
struct Beside {
    path: PathBuf,
    /// The lock is the folder's: the file itself is replaced.
    _lock: File,
}

impl Beside {
    fn of(config: &Config) -> Result<Beside, Stranger> {
        let path = config.data.join(WORD_FILE);
        let lock = File::open(&config.data).and_then(|folder| folder.lock().map(|()| folder));
        let lock = lock.map_err(|error| Stranger::File(path.clone(), error))?;
        Ok(Beside { path, _lock: lock })
    }

    /// Whether the two know each other. Both know nothing where nothing was served yet.
    async fn judge(&self, store: &Store) -> Result<(), Stranger> {
        let (place, words) = (unmarked(store).await?, self.words()?);
        let known = match &place {
            Some(place) => words.contains(place),
            None => words.is_empty(),
        };
        if known { Ok(()) } else { Err(Stranger::Elsewhere) }
    }

    /// Another word, in both. Between the two writes the file has both words, so that a crash in the middle harms nothing.
    async fn renew(&self, store: &Store, entropy: &Entropy) -> Result<(), Stranger> {
        // Read under the lock: another server may just have renewed it.
        let (place, _) = store.served_at().await?;
        let word = new_word(entropy);
        let both: Vec<&str> = place.iter().map(String::as_str).chain([word.as_str()]).collect();
        self.write(&both)?;
        store.serve_at(word.clone()).await?;
        self.write(&[&word])
    }

    fn words(&self) -> Result<Vec<String>, Stranger> {
        match std::fs::read_to_string(&self.path) {
            Ok(text) => Ok(text.lines().map(str::to_owned).collect()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(Stranger::File(self.path.clone(), error)),
        }
    }

    /// Whole or not at all; its owner's alone.
    fn write(&self, words: &[&str]) -> Result<(), Stranger> {
        let folder = self.path.parent().unwrap_or(std::path::Path::new("."));
        let write = || {
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.write_all(format!("{}\n", words.join("\n")).as_bytes())?;
            file.as_file().sync_all()?;
            file.persist(&self.path).map_err(|lost| lost.error)?;
            File::open(folder)?.sync_all()
        };
        write().map_err(|error: std::io::Error| Stranger::File(self.path.clone(), error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::LogFormat;
    use crate::log::tests::logged;

    #[test]
    fn one_that_cannot_be_seen_is_not_called_another() {
        let told = |seen| logged("warn", LogFormat::Text, || tell(seen));
        let copy = Stranger::Copy(Time::from_millis(0));
        for (seen, says) in [
            (Ok(()), ""),
            (Err(Stranger::Dev), ""),
            (Err(Stranger::Store(bizauth_store::Error::Closed)), "cannot be seen"),
            (Err(Stranger::File("home".into(), ErrorKind::NotFound.into())), "cannot be seen"),
            (Err(Stranger::Elsewhere), "is not the one"),
            (Err(copy), "is not the one"),
        ] {
            let line = told(seen);
            assert!(line.is_empty() == says.is_empty() && line.contains(says), "{says:?}: {line}");
        }
    }

    #[test]
    fn a_place_is_where_it_was_on_another_timeline_too() {
        assert_eq!(split("7/5/16384"), ("7/5/16384", None), "as it was noted before there were timelines in it");
        assert_eq!(split("7/5/16384/"), ("7/5/16384", None), "a standby has none");
        assert_eq!(split("7/5/16384/0000000A"), ("7/5/16384", Some("0000000A")));
    }
}
