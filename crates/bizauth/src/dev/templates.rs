//! Seeds that were planted already. Planting says hundreds of sentences; a world is made of a copy of what came of them.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use bizauth_core::ips::{date_at, seoul};
use bizauth_core::time::Time;
use bizauth_store::Store;
use jiff::civil::Date;
use tempfile::TempDir;
use tokio::sync::OnceCell;

use super::Error;
use super::seed::{Hashes, Planted, plant};
use super::world::{Ground, folder_in, lock};
use super::worlds::Source;
use crate::serve::DATABASE_FILE;

/// So many are kept, those that were made last: of each there is a file.
const KEPT: usize = 32;

/// A seed, planted at the beginning of a day.
pub struct Template {
    /// What is in it, but for what a world makes its own.
    pub planted: Planted,
    /// Where its ids are.
    ids: i64,
    folder: TempDir,
}

/// A seed by name and text, and a day in Seoul: all that a template follows from.
type Of = (String, String, Date);

/// The templates of a process.
#[derive(Default)]
pub struct Templates(Mutex<VecDeque<(Of, Planting)>>);

/// One that is there, or is just being made by the first who asked.
type Planting = Arc<OnceCell<Arc<Template>>>;

impl Templates {
    /// The template of `source` for worlds that begin at `at`. What a seed brings has been there since that day began in
    /// Seoul, where lists of addresses change.
    ///
    /// # Errors
    /// The folder, the database, or the seed.
    pub async fn of(&self, ground: &Ground, source: &Arc<Source>, at: Time) -> Result<Arc<Template>, Error> {
        let day = date_at(at.millis(), &seoul());
        let of = (source.file.clone(), source.text.clone(), day);
        let planting = {
            let mut kept = lock(&self.0);
            match kept.iter().find(|(known, _)| *known == of) {
                Some((_, planting)) => planting.clone(),
                None => {
                    let planting = Planting::default();
                    kept.push_back((of, planting.clone()));
                    if kept.len() > KEPT {
                        kept.pop_front();
                    }
                    planting
                }
            }
        };
        // The calendar ends before the clock does; there a seed is as old as its world.
        let dawn = day.to_zoned(seoul()).map_or(at, |dawn| Time::from_millis(dawn.timestamp().as_millisecond()));
        let (folder, schema) = (ground.folder.path().to_owned(), ground.schema.clone());
        let (plot, source) = (Plot { folder, schema, hashes: ground.hashes.clone() }, source.clone());
        planting.get_or_try_init(move || Template::make(plot, source, dawn)).await.cloned()
    }
}

/// What of the [`Ground`] is planted on.
struct Plot {
    folder: PathBuf,
    schema: PathBuf,
    hashes: Hashes,
}

impl Template {
    async fn make(plot: Plot, source: Arc<Source>, now: Time) -> Result<Arc<Template>, Error> {
        let folder = folder_in(&plot.folder)?;
        let database = folder.path().join(DATABASE_FILE);
        std::fs::copy(&plot.schema, &database).map_err(Error::Folder)?;
        let store = Store::throwaway(&database, (0, 0))?;
        let planted = plant(&store, &source.seed, now, &plot.hashes).await?;
        let ids = store.ids();
        // All that was written is in the one file then.
        store.close().await;
        Ok(Arc::new(Template { planted, ids, folder }))
    }

    /// Copies the records into `folder`, and opens them there as the store of a node.
    ///
    /// # Errors
    /// The folder or the database.
    pub fn copy_to(&self, folder: &Path, node: u16) -> Result<Store, Error> {
        let database = folder.join(DATABASE_FILE);
        std::fs::copy(self.folder.path().join(DATABASE_FILE), &database).map_err(Error::Folder)?;
        Ok(Store::throwaway(&database, (node, self.ids))?)
    }
}
