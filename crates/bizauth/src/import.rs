//! Looking at a file of assets, and applying it: the same for the page, the API and the command line.
//!
//! What was looked at is kept, so that applying goes on where it stopped, whoever stopped it.

use std::collections::HashSet;

use bizauth_core::id::ImportId;
use bizauth_store::{Actor, Counts, NewImport, Store, WantedAsset};

use tokio::task::JoinHandle;

use crate::asset_file::{self, AssetFile, BadRow, Column, Format, GoodRow, Reason, Unreadable};
use crate::clock::Clock;
use crate::view::ROLES;

/// How many rows are one transaction.
const CHUNK: usize = 500;

/// Who works on an import, with what.
#[derive(Clone)]
pub struct Importer {
    /// The records.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// In whose name.
    pub actor: Actor,
}

/// A refused row, as it was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its place in the file.
    pub place: u64,
    /// Its column, or `row`.
    pub column: String,
    /// Why, in a word. `import-bad-<word>` are the words for people.
    pub word: String,
    /// What that speaks of.
    pub about: String,
}

/// The refused rows of an import, in the order of the file.
pub fn refused(kept: &str) -> impl Iterator<Item = Refused> {
    kept.lines().filter_map(|line| {
        let mut pieces = line.split('\t').map(str::to_owned);
        let place = pieces.next()?.parse().ok()?;
        Some(Refused { place, column: pieces.next()?, word: pieces.next()?, about: pieces.next()? })
    })
}

async fn read(format: Format, bytes: impl AsRef<[u8]> + Send + 'static) -> Result<AssetFile, Unreadable> {
    let read = tokio::task::spawn_blocking(move || asset_file::read(format, bytes.as_ref())).await;
    // The reader does not panic; if it did, the file would be as good as empty.
    read.unwrap_or(Err(Unreadable::NoRows))
}

fn unknown_role(row: &GoodRow) -> Option<BadRow> {
    let role = &row.wanted.holders.iter().find(|holder| !ROLES.contains(&holder.role.as_str()))?.role;
    let reason = Reason::BadRole(asset_file::short(role));
    Some(BadRow { place: row.place, column: Column::Role, reason })
}

impl Importer {
    fn by(&self) -> bizauth_store::By {
        self.store.by(Actor { at: self.clock.now(), ..self.actor.clone() })
    }

    /// Looks at a file and keeps it with what was found: which rows do not fit, and what the others would do.
    ///
    /// # Errors
    /// The store's. That the file cannot be read is an answer.
    pub async fn check(
        &self,
        name: &str,
        format: Format,
        bytes: Vec<u8>,
    ) -> bizauth_store::Result<Result<ImportId, Unreadable>> {
        let bytes = std::sync::Arc::<[u8]>::from(bytes);
        let mut file = match read(format, bytes.clone()).await {
            Ok(file) => file,
            Err(why) => return Ok(Err(why)),
        };
        // A directory may tell of other roles, which its system knows; in a file one is a slip of the pen, whoever brings it.
        // What was looked at before stays readable, so this is not the reader's to say.
        let unknown: Vec<BadRow> = file.rows.iter().filter_map(unknown_role).collect();
        file.rows.retain(|row| unknown_role(row).is_none());
        file.bad.extend(unknown);
        let (mut counts, mut fit) = (Counts::default(), 0);
        // Nothing is written yet, so of the rows that would add an asset only the first one counts.
        let mut named = HashSet::new();
        for rows in file.rows.chunks(CHUNK) {
            let wanted = rows.iter().map(|row| row.wanted.clone()).collect();
            for (row, weighed) in rows.iter().zip(self.by().weigh_rows(wanted).await?) {
                match weighed {
                    Ok(effect) => {
                        let asset = &row.wanted.asset;
                        counts.count(&effect, named.insert((asset.group.clone(), asset.id.clone())));
                        fit += 1;
                    }
                    Err(misfit) => file.bad.push(BadRow { place: row.place, ..misfit.into() }),
                }
            }
        }
        file.bad.sort_by_key(|bad| bad.place);
        let refused: Vec<String> = file.bad.iter().map(BadRow::to_line).collect();
        let new = NewImport {
            name: asset_file::short(name),
            format: format.word().to_owned(),
            // It was read, so it is UTF-8. PostgreSQL keeps no NUL; rows that hold one are refused, and rows that hold
            // its neighbour are, too.
            body: String::from_utf8_lossy(&bytes).replace('\0', "\u{1}"),
            total: fit,
            refused: refused.join("\n"),
            n_refused: i64::try_from(refused.len()).unwrap_or(i64::MAX),
            counts,
        };
        self.by().keep_import(new).await.map(Ok)
    }

    /// Begins an import, or goes on with one whose worker is gone. `false`: somebody is at work on it, or it is over.
    ///
    /// # Errors
    /// The store's.
    pub async fn start(&self, id: ImportId) -> bizauth_store::Result<bool> {
        self.by().start_import(id).await
    }

    /// Applies what is left of an import that has begun, chunk by chunk, and tells how far it has come. `false`:
    /// somebody else is at work on it.
    ///
    /// # Errors
    /// The store's. What was applied stays; it can go on later.
    pub async fn apply(&self, id: ImportId, mut told: impl FnMut(i64, i64)) -> bizauth_store::Result<bool> {
        let Some(import) = self.store.import(id, self.clock.now()).await? else { return Ok(false) };
        let Some((body, kept)) = self.store.import_file(id).await? else { return Ok(false) };
        let format = Format::read(&import.format).unwrap_or(Format::Csv);
        let rows = read(format, body).await.map(|file| file.rows).unwrap_or_default();
        let refused: HashSet<u64> = refused(&kept).map(|it| it.place).collect();
        let rows: Vec<WantedAsset> =
            rows.into_iter().filter(|row| !refused.contains(&row.place)).map(|row| row.wanted).collect();
        let mut done = import.done;
        for rows in rows.get(usize::try_from(done).unwrap_or(0)..).unwrap_or_default().chunks(CHUNK) {
            if self.by().apply_rows(id, done, rows.to_vec()).await?.is_none() {
                return Ok(false);
            }
            done += i64::try_from(rows.len()).unwrap_or(0);
            told(done, import.total);
        }
        self.by().finish_import(id).await
    }

    /// The same, behind the back of whoever asked for it. `true`: it is finished.
    pub fn apply_behind(self, id: ImportId) -> JoinHandle<bool> {
        tokio::spawn(async move {
            let applied = self.apply(id, |_, _| {}).await;
            match &applied {
                Ok(true) => tracing::info!(import = %id, "an import was applied"),
                Ok(false) => tracing::info!(import = %id, "an import is applied by somebody else"),
                Err(error) => crate::http::reply::log_breakage(error),
            }
            applied.unwrap_or(false)
        })
    }
}
