//! Asset directories that live elsewhere and are kept in step here: what they call our assets, and how far they told us.

use bizauth_core::asset::AssetId;
use bizauth_core::scope::GroupId;
use bizauth_core::time::Time;

use crate::Store;
use crate::audit::{Acting, By, Change};
use crate::db::{Result, Row, Tx, Value, commit, roll_back};
use crate::placing::{Effect, Fate, Misfit, Others, WantedAsset, alone, plan};

/// One thing that a directory tells.
#[derive(Clone, Debug)]
pub enum DirectoryChange {
    /// The asset is like this; whoever is not named does not hold it.
    Put {
        /// What the directory calls it.
        external_id: String,
        /// What it is.
        wanted: WantedAsset,
    },
    /// There is no such asset.
    Delete {
        /// What the directory called it.
        external_id: String,
    },
}

/// How far a directory has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Where it must stand before; not looked at if there is none.
    pub after: Option<String>,
    /// Where it stands now.
    pub cursor: String,
}

/// What became of a directory's changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Followed {
    /// All of them stand. What was so before has no effect.
    Done(Vec<Effect>),
    /// Nothing was changed: these, by their places, cannot be.
    Refused(Vec<(usize, Misfit)>),
    /// Nothing was changed: the directory stands elsewhere.
    OutOfStep(String),
}

/// A directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryRecord {
    /// Its name.
    pub source: String,
    /// How far it has come, in its own words; empty if it never said.
    pub cursor: String,
    /// When it last said something new.
    pub updated_at: Time,
}

/// What a directory calls an asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryAsset {
    /// What the directory calls it.
    pub external_id: String,
    /// Its group.
    pub group: GroupId,
    /// Its id.
    pub asset: AssetId,
}

const SEE: &str = "SELECT a.kind, a.name,
         (SELECT COUNT(*) FROM holdings h WHERE h.group_id = a.group_id AND h.asset_id = a.asset_id) AS holders
     FROM assets a WHERE a.group_id = $1 AND a.asset_id = $2";
const SEE_CURSOR: &str = "SELECT cursor FROM directories WHERE source = $1";
const MAPPED: &str = "SELECT group_id, asset_id FROM directory_assets WHERE source = $1 AND external_id = $2";

impl By {
    /// Makes assets and holders what a directory says, in its order, together with its cursor: all of it or nothing.
    /// Told again, it changes nothing, and a hold that is still there is still the same hold.
    pub async fn follow_directory(
        &self,
        source: String,
        changes: Vec<DirectoryChange>,
        step: Option<Step>,
    ) -> Result<Followed> {
        let (by, actor) = (self.clone(), self.actor.clone());
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                alone(tx).await?;
                let known = tx.row(SEE_CURSOR, &[source.as_str().into()]).await?;
                let known: Option<String> = known.map(|row| row.get("cursor")).transpose()?;
                let stands = known.clone().unwrap_or_default();
                if let Some(Step { after: Some(after), cursor }) = &step
                    && *after != stands
                    && *cursor != stands
                {
                    return roll_back(Followed::OutOfStep(stands));
                }
                let (mut effects, mut misfits) = (Vec::with_capacity(changes.len()), Vec::new());
                for (at, change) in changes.iter().enumerate() {
                    match by.follow(tx, &actor, &source, change).await? {
                        Ok(effect) => effects.push(effect),
                        Err(misfit) => misfits.push((at, misfit)),
                    }
                }
                if !misfits.is_empty() {
                    return roll_back(Followed::Refused(misfits));
                }
                let cursor = step.as_ref().map_or(&stands, |step| &step.cursor);
                if known.as_ref() != Some(cursor) {
                    tell(tx, &actor, &source, cursor, &effects).await?;
                }
                commit(Followed::Done(effects))
            })
            .await
    }

    async fn follow(
        &self,
        tx: &mut Tx<'_>,
        actor: &Acting,
        source: &str,
        change: &DirectoryChange,
    ) -> Result<std::result::Result<Effect, Misfit>> {
        match change {
            DirectoryChange::Put { external_id, wanted } => self.put(tx, actor, (source, external_id), wanted).await,
            DirectoryChange::Delete { external_id } => Ok(Ok(delete(tx, actor, (source, external_id)).await?)),
        }
    }

    async fn put(
        &self,
        tx: &mut Tx<'_>,
        actor: &Acting,
        (source, external_id): (&str, &str),
        wanted: &WantedAsset,
    ) -> Result<std::result::Result<Effect, Misfit>> {
        const KEEPER: &str = "SELECT source, external_id FROM directory_assets WHERE group_id = $1 AND asset_id = $2";
        const MAP: &str = "INSERT INTO directory_assets (source, external_id, group_id, asset_id)
             VALUES ($1, $2, $3, $4)";
        let key: [Value; 2] = [wanted.asset.group.clone().into(), wanted.asset.id.0.clone().into()];
        if let Some(row) = tx.row(MAPPED, &[source.into(), external_id.into()]).await? {
            let named = format!("{}:{}", row.get::<GroupId>("group_id")?, row.get::<String>("asset_id")?);
            if named != format!("{}:{}", wanted.asset.group, wanted.asset.id) {
                return Ok(Err(Misfit::NamesAnother(named)));
            }
        }
        let keeper = tx.row(KEEPER, &key).await?;
        if let Some(row) = &keeper {
            let (by, named): (String, String) = (row.get("source")?, row.get("external_id")?);
            if by != source || named != external_id {
                return Ok(Err(Misfit::KeptBy(by, named)));
            }
        }
        let plan = match plan(tx, wanted, Others::Lose).await? {
            Ok(plan) => plan,
            Err(misfit) => return Ok(Err(misfit)),
        };
        let effect = plan.effect();
        if effect.is_nothing() && keeper.is_some() {
            return Ok(Ok(effect));
        }
        let on = ("asset", format!("{}:{}", wanted.asset.group, wanted.asset.id));
        let change = Change::new("directory.put", on, SEE, key.clone()).about("source", source);
        let note = change.about("external_id", external_id).about("changes", plan.told().join("\n"));
        let note = note.begin(tx, actor).await?;
        plan.carry_out(tx, &self.store.ids, actor.at).await?;
        if keeper.is_none() {
            let [group, asset] = key;
            tx.execute(MAP, &[source.into(), external_id.into(), group, asset]).await?;
        }
        note.end(tx).await?;
        Ok(Ok(effect))
    }
}

async fn delete(tx: &mut Tx<'_>, actor: &Acting, (source, external_id): (&str, &str)) -> Result<Effect> {
    const UNMAP: &str = "DELETE FROM directory_assets WHERE source = $1 AND external_id = $2";
    let which: [Value; 2] = [source.into(), external_id.into()];
    let Some(row) = tx.row(MAPPED, &which).await? else { return Ok(Effect::default()) };
    let (group, asset): (GroupId, String) = (row.get("group_id")?, row.get("asset_id")?);
    let key: [Value; 2] = [group.clone().into(), asset.as_str().into()];
    let change = Change::new("directory.delete", ("asset", format!("{group}:{asset}")), SEE, key.clone());
    let note = change.about("source", source).about("external_id", external_id).begin(tx, actor).await?;
    let lost = tx.execute("DELETE FROM holdings WHERE group_id = $1 AND asset_id = $2", &key).await?;
    tx.execute("DELETE FROM assets WHERE group_id = $1 AND asset_id = $2", &key).await?;
    tx.execute(UNMAP, &which).await?;
    note.end(tx).await?;
    Ok(Effect { asset: Fate::Removed, lost: usize::try_from(lost).unwrap_or(usize::MAX), ..Effect::default() })
}

/// Notes how far the directory has come.
async fn tell(tx: &mut Tx<'_>, actor: &Acting, source: &str, cursor: &str, effects: &[Effect]) -> Result<()> {
    const TELL: &str = "INSERT INTO directories (source, cursor, updated_at) VALUES ($1, $2, $3)
         ON CONFLICT (source) DO UPDATE SET cursor = excluded.cursor, updated_at = excluded.updated_at";
    let changed = effects.iter().filter(|effect| !effect.is_nothing()).count();
    let change = Change::new("directory.cursor", ("directory", source), SEE_CURSOR, [source.into()]);
    let note = change.about("changed", i64::try_from(changed).unwrap_or(i64::MAX)).begin(tx, actor).await?;
    tx.execute(TELL, &[source.into(), cursor.into(), actor.at.into()]).await?;
    note.end(tx).await
}

impl Store {
    /// The directory of this name, if it ever told anything.
    pub async fn directory(&self, source: &str) -> Result<Option<DirectoryRecord>> {
        const FIND: &str = "SELECT source, cursor, updated_at FROM directories WHERE source = $1";
        self.db.row(FIND, &[source.into()]).await?.as_ref().map(read).transpose()
    }

    /// The directories after the one called `after`, by name, at most `most`.
    pub async fn directories(&self, after: &str, most: i64) -> Result<Vec<DirectoryRecord>> {
        const ALL: &str =
            "SELECT source, cursor, updated_at FROM directories WHERE source > $1 ORDER BY source LIMIT $2";
        self.db.rows(ALL, &[after.into(), most.into()]).await?.iter().map(read).collect()
    }

    /// What a directory calls our assets, by its names, after `after`, at most `most`.
    pub async fn directory_assets(&self, source: &str, after: &str, most: i64) -> Result<Vec<DirectoryAsset>> {
        const ALL: &str = "SELECT external_id, group_id, asset_id FROM directory_assets
             WHERE source = $1 AND external_id > $2 ORDER BY external_id LIMIT $3";
        self.db.rows(ALL, &[source.into(), after.into(), most.into()]).await?.iter().map(read_asset).collect()
    }
}

fn read(row: &Row) -> Result<DirectoryRecord> {
    Ok(DirectoryRecord { source: row.get("source")?, cursor: row.get("cursor")?, updated_at: row.get("updated_at")? })
}

fn read_asset(row: &Row) -> Result<DirectoryAsset> {
    Ok(DirectoryAsset {
        external_id: row.get("external_id")?,
        group: row.get("group_id")?,
        asset: AssetId(row.get("asset_id")?),
    })
}
