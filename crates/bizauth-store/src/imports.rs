//! Files of assets and holders that were handed in: looked at first, then applied in chunks, each with its progress.

use std::time::Duration;

use bizauth_core::id::ImportId;
use bizauth_core::time::Time;

use crate::Store;
use crate::audit::{By, Change};
use crate::db::{FromValue, Result, Row, Tx, Value, commit, roll_back};
use crate::leaf::{Leaf, Turn};
use crate::placing::{Effect, Fate, Misfit, Others, WantedAsset, alone, plan};

/// How long a file waits for its answer, and its result can be seen.
const STAYS: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Whoever has said nothing for so long is not at work any more.
const SILENCE: Duration = Duration::from_secs(30);

/// A file to be kept.
#[derive(Clone, Debug)]
pub struct NewImport {
    /// What the file was called.
    pub name: String,
    /// `csv` or `json`.
    pub format: String,
    /// What is in it.
    pub body: String,
    /// How many rows fit.
    pub total: i64,
    /// Those that do not, as the door writes them down.
    pub refused: String,
    /// How many those are.
    pub n_refused: i64,
    /// What applying it would do.
    pub counts: Counts,
}

/// Where an import stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportState {
    /// It was looked at and waits.
    Checked,
    /// It is being applied.
    Running,
    /// It was applied.
    Done,
}

/// What rows do, or would do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// New assets.
    pub added: i64,
    /// Assets with another name or kind.
    pub changed: i64,
    /// New holds.
    pub gained: i64,
    /// Holds in another role, or lendable now or no longer.
    pub altered: i64,
    /// Rows that say what is so already.
    pub same: i64,
    /// Rows that could not be applied any more.
    pub skipped: i64,
}

/// An import, without the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportRecord {
    /// Its id.
    pub id: ImportId,
    /// What the file was called.
    pub name: String,
    /// `csv` or `json`.
    pub format: String,
    /// Who handed it in, by the name they had then.
    pub maker: String,
    /// When.
    pub made_at: Time,
    /// When it is forgotten.
    pub expires_at: Time,
    /// Where it stands.
    pub state: ImportState,
    /// How many rows fit.
    pub total: i64,
    /// How many of them are applied.
    pub done: i64,
    /// How many rows do not fit.
    pub n_refused: i64,
    /// While it waits: what it would do. Afterwards: what it did.
    pub counts: Counts,
    /// When the last chunk was applied.
    pub beat_at: Option<Time>,
}

impl ImportRecord {
    /// Whether it is running and nobody seems to be at work on it.
    pub fn is_stuck(&self, now: Time) -> bool {
        let silent = self.beat_at.is_none_or(|beat| now.since(beat) > SILENCE);
        self.state == ImportState::Running && silent
    }
}

impl ImportState {
    /// The word used in records and in the API.
    pub const fn word(self) -> &'static str {
        match self {
            ImportState::Checked => "checked",
            ImportState::Running => "running",
            ImportState::Done => "done",
        }
    }

    fn read(word: &str) -> Option<Self> {
        [ImportState::Checked, ImportState::Running, ImportState::Done].into_iter().find(|it| it.word() == word)
    }
}

impl Counts {
    /// Counts what became of a row; of its asset only if the row is the first that names it.
    pub fn count(&mut self, effect: &Effect, first: bool) {
        match effect.asset {
            Fate::Added if first => self.added += 1,
            Fate::Changed if first => self.changed += 1,
            _ if effect.gained + effect.altered == 0 => self.same += 1,
            _ => {}
        }
        self.gained += i64::try_from(effect.gained).unwrap_or(0);
        self.altered += i64::try_from(effect.altered).unwrap_or(0);
    }

    /// These and those.
    pub fn plus(self, other: Counts) -> Counts {
        Counts {
            added: self.added + other.added,
            changed: self.changed + other.changed,
            gained: self.gained + other.gained,
            altered: self.altered + other.altered,
            same: self.same + other.same,
            skipped: self.skipped + other.skipped,
        }
    }

    fn words(self) -> String {
        let Counts { added, changed, gained, altered, same, skipped } = self;
        format!("{added} {changed} {gained} {altered} {same} {skipped}")
    }

    fn read(text: &str) -> Self {
        let mut counts = text.split(' ').map(|word| word.parse().unwrap_or(0)).chain(std::iter::repeat(0));
        let mut next = || counts.next().unwrap_or(0);
        Counts { added: next(), changed: next(), gained: next(), altered: next(), same: next(), skipped: next() }
    }
}

macro_rules! columns {
    () => {
        "SELECT id, name, format, maker, made_at, expires_at, state, total, done, n_refused, counts, beat_at FROM imports"
    };
}
const SEE: &str = "SELECT name, state, total, done, n_refused, counts FROM imports WHERE id = $1";

impl By {
    /// What applying these rows would do, row by row, without doing it.
    pub async fn weigh_rows(&self, rows: Vec<WantedAsset>) -> Result<Vec<std::result::Result<Effect, Misfit>>> {
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let mut effects = Vec::with_capacity(rows.len());
                for row in &rows {
                    effects.push(plan(tx, row, Others::Keep).await?.map(|plan| plan.effect()));
                }
                roll_back(effects)
            })
            .await
    }

    /// Keeps a file that was looked at.
    pub async fn keep_import(&self, new: NewImport) -> Result<ImportId> {
        const KEEP: &str =
            "INSERT INTO imports (id, name, format, body, made_at, expires_at, state, total, done, refused,
                 maker, n_refused, counts) VALUES ($1, $2, $3, $4, $5, $6, 'checked', $7, 0, $8, $9, $10, $11)";
        let (ids, actor, now) = (self.store.ids.clone(), self.actor.clone(), self.actor.at);
        let change = Change::new("import.check", ("import", ""), SEE, []);
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let id = ImportId(ids.next(now));
                let note = change.begin_on(tx, &actor, id.to_string(), vec![id.into()]).await?;
                let row: [Value; 11] = [
                    id.into(),
                    new.name.as_str().into(),
                    new.format.as_str().into(),
                    new.body.as_str().into(),
                    now.into(),
                    now.plus(STAYS).into(),
                    new.total.into(),
                    new.refused.as_str().into(),
                    actor.name.as_str().into(),
                    new.n_refused.into(),
                    new.counts.words().into(),
                ];
                tx.execute(KEEP, &row).await?;
                note.end(tx).await?;
                commit(id)
            })
            .await
    }

    /// Begins to apply an import, or goes on where somebody stopped. `false`: there is none that waits or is stuck.
    pub async fn start_import(&self, id: ImportId) -> Result<bool> {
        const START: &str = "UPDATE imports SET state = 'running', beat_at = $1,
                 counts = CASE WHEN state = 'checked' THEN '' ELSE counts END
             WHERE id = $2 AND expires_at > $1
                 AND (state = 'checked' OR (state = 'running' AND (beat_at IS NULL OR beat_at < $3)))";
        let now = self.actor.at;
        let change = Change::new("import.start", ("import", id), SEE, [id.into()]);
        self.change(change, START, [now.into(), id.into(), now.minus(SILENCE).into()]).await
    }

    /// Applies the next rows of an import that has come to `from`, and notes that it has come behind them.
    /// `None`: somebody else is at work on it, or it is over.
    pub async fn apply_rows(&self, id: ImportId, from: i64, rows: Vec<WantedAsset>) -> Result<Option<Counts>> {
        const CLAIM: &str = "UPDATE imports SET done = done + $1, beat_at = $2
             WHERE id = $3 AND done = $4 AND state = 'running' RETURNING counts";
        const COUNT: &str = "UPDATE imports SET counts = $1 WHERE id = $2";
        let (ids, actor) = (self.store.ids.clone(), self.actor.clone());
        let length = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                alone(tx).await?;
                let claim: [Value; 4] = [length.into(), actor.at.into(), id.into(), from.into()];
                let Some(row) = tx.row(CLAIM, &claim).await? else { return roll_back(None) };
                let before = Counts::read(&row.get::<String>("counts")?);
                let (mut counts, mut told) = (Counts::default(), Vec::new());
                for row in &rows {
                    match plan(tx, row, Others::Keep).await? {
                        Ok(plan) if plan.effect().is_nothing() => counts.same += 1,
                        Ok(plan) => {
                            // A row before it that names the same asset has changed that already.
                            counts.count(&plan.effect(), true);
                            told.extend(plan.told());
                            plan.carry_out(tx, &ids, actor.at).await?;
                        }
                        Err(_) => counts.skipped += 1,
                    }
                }
                tx.execute(COUNT, &[before.plus(counts).words().into(), id.into()]).await?;
                if !told.is_empty() {
                    let change =
                        Change::new("import.rows", ("import", id), "SELECT id FROM imports WHERE id = $1", [id.into()]);
                    let change = change.about("from", from + 1).about("to", from + length);
                    change.about("changes", told.join("\n")).begin(tx, &actor).await?.end(tx).await?;
                }
                commit(Some(before.plus(counts)))
            })
            .await
    }

    /// Ends an import whose rows are all applied; its file is forgotten. `false`: they are not.
    pub async fn finish_import(&self, id: ImportId) -> Result<bool> {
        const FINISH: &str = "UPDATE imports SET state = 'done', body = '', beat_at = $1
             WHERE id = $2 AND state = 'running' AND done >= total";
        let change = Change::new("import.finish", ("import", id), SEE, [id.into()]);
        self.change(change, FINISH, [self.actor.at.into(), id.into()]).await
    }
}

impl Store {
    /// The import with this id, unless it is forgotten.
    pub async fn import(&self, id: ImportId, now: Time) -> Result<Option<ImportRecord>> {
        const FIND: &str = concat!(columns!(), " WHERE id = $1 AND expires_at > $2");
        self.db.row(FIND, &[id.into(), now.into()]).await?.as_ref().map(read).transpose()
    }

    /// A page of the imports, newest first.
    pub async fn imports(&self, turn: &Turn<ImportId>, most: i64, now: Time) -> Result<Leaf<ImportRecord>> {
        const ON: &str = concat!(columns!(), " WHERE id < $1 AND expires_at > $2 ORDER BY id DESC LIMIT $3");
        const BACK: &str = concat!(columns!(), " WHERE id > $1 AND expires_at > $2 ORDER BY id LIMIT $3");
        let sql = if turn.is_back() { BACK } else { ON };
        let from = turn.key().map_or(i64::MAX, |id| id.0);
        let rows = self.db.rows(sql, &[from.into(), now.into(), (most + 1).into()]).await?;
        Ok(Leaf::of(turn, rows.iter().map(read).collect::<Result<_>>()?, most))
    }

    /// The file of an import, and which of its rows were refused.
    pub async fn import_file(&self, id: ImportId) -> Result<Option<(String, String)>> {
        const FIND: &str = "SELECT body, refused FROM imports WHERE id = $1";
        let row = self.db.rows(FIND, &[id.into()]).await?.into_iter().next();
        row.map(|row| Ok((row.get("body")?, row.get("refused")?))).transpose()
    }

    /// Which rows of an import were refused.
    pub async fn import_refusals(&self, id: ImportId) -> Result<String> {
        const FIND: &str = "SELECT refused FROM imports WHERE id = $1";
        let row = self.db.rows(FIND, &[id.into()]).await?.into_iter().next();
        row.map_or_else(|| Ok(String::new()), |row| row.get("refused"))
    }
}

fn read(row: &Row) -> Result<ImportRecord> {
    Ok(ImportRecord {
        id: row.get("id")?,
        name: row.get("name")?,
        format: row.get("format")?,
        maker: row.get("maker")?,
        made_at: row.get("made_at")?,
        expires_at: row.get("expires_at")?,
        state: row.get("state")?,
        total: row.get("total")?,
        done: row.get("done")?,
        n_refused: row.get("n_refused")?,
        counts: Counts::read(&row.get::<String>("counts")?),
        beat_at: row.get("beat_at")?,
    })
}

impl FromValue for ImportState {
    fn from_value(value: &Value) -> Option<Self> {
        ImportState::read(&String::from_value(value)?)
    }
}
