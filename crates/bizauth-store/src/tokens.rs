//! Business tokens: reading one with all it depends on, and ending it. Lists of them are in `token_lists.rs`.

use bizauth_core::asset::{AssetId, AssetKind};
use bizauth_core::id::{AppId, AppUserId, TokenId};
use bizauth_core::scope::{self, Catalogue};
use bizauth_core::secret::{Digest, Secret};
use bizauth_core::time::Time;
use bizauth_core::token::{Ending, Lent, LentAsset, Life, Standing, Token};

use crate::Store;
use crate::apps::read_app;
use crate::audit::{By, Change};
use crate::db::{Result, Row, Tx, commit, roll_back};
use crate::gather::Gathered;
use crate::memory::{Footing, Memory, Reading, Seen};
use crate::users::read_user;

/// What a look at the records found for a presented token.
#[derive(Clone, Debug)]
pub struct Found<T = Token> {
    /// The platform is in maintenance.
    pub maintenance: bool,
    /// The token, if the secret proved it. It may have ended: [`Token::admit`] says.
    pub token: Option<T>,
}

/// Of a token no more than what is asked of one that is to be ended.
#[derive(Clone, Copy, Debug)]
pub struct Vital {
    /// The app it was issued to.
    pub app: AppId,
    /// How many calls that app has a day.
    pub daily_quota: Option<i64>,
    /// The person, as the app knows them.
    pub app_user: AppUserId,
    /// Whether it lives.
    pub life: Life,
}

/// The same with what the door says of the token.
#[derive(Clone, Debug)]
pub enum Sight {
    /// It is alive as it was remembered, as far as only time can end it. There is no maintenance.
    Remembered(Seen),
    /// What was read.
    Read {
        /// The platform is in maintenance.
        maintenance: bool,
        /// The token, and what is said of it.
        token: Option<Box<(Token, Seen)>>,
    },
}

/// What became of a revocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// It is dead from now on, on every node.
    Revoked,
    /// It was dead before.
    AlreadyDead,
}

/// The columns of a token and of all that decides whether it is alive, wherever the tables of [`token_joins`] are joined.
macro_rules! token_columns {
    () => {
        concat!(
            "t.id AS token_id, t.consent_id, t.key_id, t.app_era AS token_app_era, t.user_era AS token_user_era, t.used_at, t.updated_at,
             t.revoked_at, c.items, c.app_user_id, c.withdrawn_at, k.state AS key_state, a.deleted_at, m.role, ",
            crate::users::user_columns!(),
            ", ",
            crate::apps::app_columns!()
        )
    };
}
pub(crate) use token_columns;

/// What a token depends on, behind `tokens t`.
macro_rules! token_joins {
    () => {
        " LEFT JOIN consents c ON c.id = t.consent_id LEFT JOIN app_keys k ON k.id = t.key_id
          LEFT JOIN users u ON u.id = t.user_id LEFT JOIN apps a ON a.id = t.app_id
          LEFT JOIN members m ON m.app_id = t.app_id AND m.user_id = t.user_id"
    };
}
pub(crate) use token_joins;

/// A token by its id with all that decides whether it is alive, and whether there is maintenance.
const FIND: &str = concat!(
    "SELECT s.maintenance, t.digest, ",
    token_columns!(),
    " FROM settings s LEFT JOIN tokens t ON t.id = $1",
    token_joins!(),
    " WHERE s.id = 1"
);

/// The same with no more than [`Vital`] needs.
const FIND_VITAL: &str = concat!(
    "SELECT s.maintenance, t.digest, t.app_era AS token_app_era, t.user_era AS token_user_era, t.used_at, t.revoked_at,
         c.app_user_id, c.withdrawn_at, k.state AS key_state, a.id AS app_id, a.kind AS app_kind, a.era AS app_era,
         a.daily_quota, a.deleted_at, m.role, u.state AS user_state, u.era AS user_era, ",
    crate::apps::app_sanctioned!(),
    " FROM settings s LEFT JOIN tokens t ON t.id = $1",
    token_joins!(),
    " WHERE s.id = 1"
);

/// The same of a token whose [`Footing`] is known.
const FIND_OWN: &str =
    "SELECT t.digest, t.app_id, t.key_id, t.app_era AS token_app_era, t.user_era AS token_user_era, t.used_at,
         t.revoked_at, c.app_user_id, c.withdrawn_at, u.state AS user_state, u.era AS user_era
     FROM tokens t JOIN consents c ON c.id = t.consent_id JOIN users u ON u.id = t.user_id WHERE t.id = $1";

/// Ends a token. The guard names id and digest: a right id alone ends nothing.
const REVOKE: &str =
    "UPDATE tokens SET revoked_at = $1, updated_at = $1 WHERE id = $2 AND digest = $3 AND revoked_at IS NULL";

impl Store {
    /// The token with this id, if `secret` proves it, with all that decides whether it is alive, read at one instant.
    pub async fn token(&self, id: TokenId, secret: &Secret) -> Result<Found> {
        let (maintenance, row) = self.token_row(id, &secret.digest()).await?;
        Ok(Found { maintenance, token: row.as_ref().map(read_token).transpose()? })
    }

    /// Whether there is maintenance, and the row of the token if the digest proves it.
    async fn token_row(&self, id: TokenId, digest: &Digest) -> Result<(bool, Option<Row>)> {
        proved(self.db.row(FIND, &[id.into()]).await?, digest)
    }

    /// The token with this id and digest, if this process remembers that it is alive, and nothing has changed since of
    /// what it read then. `None` says nothing.
    pub fn remembered(&self, id: TokenId, digest: &Digest) -> Option<Seen> {
        let memory = self.memory.as_deref()?;
        memory.tokens.find(&memory.watch, id, digest)
    }

    /// Reads the token with this id, if the digest proves it, and remembers it if it is alive. `say` is what the door says
    /// of it: a text with a NUL wherever one of the ids belongs that come with it.
    ///
    /// On PostgreSQL the token's row is read each time, and the rest only if something may have changed of it.
    pub async fn look_at(
        &self,
        id: TokenId,
        digest: &Digest,
        now: Time,
        say: impl Fn(&Token, &[Lent], &Catalogue) -> (String, Vec<String>),
    ) -> Result<Sight> {
        if self.db.is_shared() {
            let round = match self.gathered(id, digest).await? {
                Gathered::Remembered(seen) => return Ok(Sight::Remembered(*seen)),
                Gathered::Read(round) => round,
            };
            let maintenance = round.maintenance;
            let proves = |row: &&Row| row.get::<Digest>("digest").is_ok_and(|known| known == *digest);
            let Some(row) = round.tokens.get(&id.0).filter(proves) else {
                return Ok(Sight::Read { maintenance, token: None });
            };
            let lent = round.lent.get(&id.0).map_or(&[][..], Vec::as_slice);
            let (token, seen) = told(row, lent, &round.catalogue, say)?;
            if let Some(reading) = worth_keeping(round.turn, maintenance, row, &token, now)? {
                self.gather.keep(&seen, &reading);
            }
            return Ok(Sight::Read { maintenance, token: Some(Box::new((token, seen))) });
        }
        // Before anything is read: what changes meanwhile must not be remembered as it was.
        let reading = self.reading();
        let (maintenance, row) = self.token_row(id, digest).await?;
        let Some(row) = row else { return Ok(Sight::Read { maintenance, token: None }) };
        let (token, seen) = told(&row, &self.lent(id).await?, &*self.known_catalogue().await?, say)?;
        if let Some((memory, turn)) = reading
            && let Some(reading) = worth_keeping(Some(turn), maintenance, &row, &token, now)?
        {
            memory.tokens.keep(&seen, &reading);
        }
        Ok(Sight::Read { maintenance, token: Some(Box::new((token, seen))) })
    }

    /// The assets that a token speaks for, as far as the account still holds them and may lend them.
    pub async fn lent(&self, token: TokenId) -> Result<Vec<Lent>> {
        // CROSS: SQLite must not begin with what was lent, whatever its statistics say.
        const LENT: &str = "SELECT l.group_id, l.asset_id, l.holding_id, x.kind
             FROM tokens t CROSS JOIN lent_assets l
             LEFT JOIN holdings h ON h.id = l.holding_id AND h.user_id = t.user_id AND h.lendable = 1
             LEFT JOIN assets x ON x.group_id = h.group_id AND x.asset_id = h.asset_id
             WHERE t.id = $1 AND l.consent_id = t.consent_id AND l.withdrawn_at IS NULL
                 AND (l.holding_id IS NULL OR h.id IS NOT NULL) ORDER BY l.position";
        self.db.few(LENT, &[token.into()]).await?.iter().map(read_lent).collect()
    }

    /// Writes down that a token was used.
    pub async fn note_use(&self, token: TokenId, now: Time) -> Result<()> {
        const NOTE: &str = "UPDATE tokens SET used_at = $1 WHERE id = $2 AND used_at < $1 AND revoked_at IS NULL";
        self.change(NOTE, [now.into(), token.into()]).await?;
        Ok(())
    }

    /// Ends a token.
    pub async fn revoke_token(&self, token: (TokenId, Digest), now: Time) -> Result<Revocation> {
        match self.change(REVOKE, [now.into(), token.0.into(), token.1.into()]).await? {
            true => Ok(Revocation::Revoked),
            false => Ok(Revocation::AlreadyDead),
        }
    }

    /// Looks at a token, as [`Store::token`] does, and ends it in the same transaction if `may` says so of what was found.
    /// The writer of the embedded engine has at hand what a reader would have to fetch after every change.
    pub async fn revoke_found_token(
        &self,
        token: (TokenId, Digest),
        may: impl Fn(&Found<Vital>) -> bool + Send + Sync + 'static,
        now: Time,
    ) -> Result<(Found<Vital>, Option<Revocation>)> {
        let memory = self.memory.clone();
        self.db
            .write(async move |tx: &mut Tx<'_>| {
                let found = find_vital(tx, memory.as_deref(), token).await?;
                if !may(&found) {
                    return roll_back((found, None));
                }
                match tx.execute(REVOKE, &[now.into(), token.0.into(), token.1.into()]).await? {
                    0 => roll_back((found, Some(Revocation::AlreadyDead))),
                    _ => commit((found, Some(Revocation::Revoked))),
                }
            })
            .await
    }
}

/// What a token's life hangs on, within a sentence of the writer. What all tokens of its key have in common need not be
/// read where it is remembered.
async fn find_vital(tx: &mut Tx<'_>, memory: Option<&Memory>, token: (TokenId, Digest)) -> Result<Found<Vital>> {
    let id = [token.0.into()];
    // What cannot be remembered now need not be looked for.
    if let Some(memory) = memory.filter(|memory| memory.watch.is_alone())
        && let Some(row) = tx.row(FIND_OWN, &id).await?
        && row.get::<Digest>("digest")? == token.1
        && let app = row.get::<AppId>("app_id")?
        && let Some(footing) = memory.footing(tx, row.get("key_id")?).await?
        && footing.app == app
    {
        return Ok(Found { maintenance: false, token: Some(read_own(&row, footing)?) });
    }
    let (maintenance, row) = proved(tx.row(FIND_VITAL, &id).await?, &token.1)?;
    Ok(Found { maintenance, token: row.as_ref().map(read_vital).transpose()? })
}

/// The token of a row, and what is said of it.
fn told(
    row: &Row,
    lent: &[Lent],
    catalogue: &Catalogue,
    say: impl Fn(&Token, &[Lent], &Catalogue) -> (String, Vec<String>),
) -> Result<(Token, Seen)> {
    let token = read_token(row)?;
    let (text, blanks) = say(&token, lent, catalogue);
    let seen = Seen::new(&token, text, &blanks);
    Ok((token, seen))
}

/// What a token was read from, if it may be remembered: of what was refused nothing is; a lifetime without end, because
/// time is asked each time anyway.
fn worth_keeping(turn: Option<u64>, maintenance: bool, row: &Row, token: &Token, now: Time) -> Result<Option<Reading>> {
    match turn {
        Some(turn) if !maintenance && token.standing(std::time::Duration::MAX, now) == Standing::Active => {
            let (digest, consent, key) = (row.get("digest")?, row.get("consent_id")?, row.get("key_id")?);
            Ok(Some(Reading { turn, digest, consent, user: token.user.id.0, key }))
        }
        _ => Ok(None),
    }
}

/// The row of [`FIND`] taken apart: whether there is maintenance, and the token if the digest proves it.
fn proved(row: Option<Row>, digest: &Digest) -> Result<(bool, Option<Row>)> {
    let Some(row) = row else { return Ok((false, None)) };
    let maintenance = row.get("maintenance")?;
    let proved = row.get::<Option<Digest>>("digest")?.is_some_and(|known| known == *digest);
    Ok((maintenance, proved.then_some(row)))
}

impl By {
    /// Ends a token of an app by its business token ID: what its members may do. `false`: no such live token.
    pub async fn revoke_token_of(&self, app: AppId, token: TokenId) -> Result<bool> {
        const REVOKE: &str =
            "UPDATE tokens SET revoked_at = $1, updated_at = $1 WHERE id = $2 AND app_id = $3 AND revoked_at IS NULL";
        const SEE: &str = "SELECT revoked_at FROM tokens WHERE id = $1";
        let change = Change::new("token.revoke", ("app", app), SEE, [token.into()]).about("token", token);
        self.change(change, REVOKE, [self.actor.at.into(), token.into(), app.into()]).await
    }
}

/// Reads what a token speaks for: one asset, or all of a group.
pub(crate) fn read_lent(row: &Row) -> Result<Lent> {
    let what = match row.get::<Option<AssetKind>>("kind")? {
        Some(kind) => LentAsset::One(kind, AssetId(row.get("asset_id")?)),
        None => LentAsset::All,
    };
    Ok(Lent { group: row.get("group_id")?, what })
}

/// Reads [`token_columns`].
pub(crate) fn read_token(row: &Row) -> Result<Token> {
    Ok(Token {
        id: row.get("token_id")?,
        app_user: row.get("app_user_id")?,
        user: read_user(row)?,
        app: read_app(row)?,
        is_member: row.get::<Option<String>>("role")?.is_some(),
        items: scope::ids(&row.get::<String>("items")?),
        used_at: row.get("used_at")?,
        updated_at: row.get("updated_at")?,
        ended: read_ending(row)?,
        eras: (row.get("token_app_era")?, row.get("token_user_era")?),
    })
}

/// Reads [`FIND_VITAL`].
fn read_vital(row: &Row) -> Result<Vital> {
    let life = Life {
        eras: (row.get("token_app_era")?, row.get("token_user_era")?),
        used_at: row.get("used_at")?,
        ended: read_ending(row)?,
        kind: row.get("app_kind")?,
        is_member: row.get::<Option<String>>("role")?.is_some(),
        account: row.get("user_state")?,
        eras_now: (row.get("app_era")?, row.get("user_era")?),
        sanctioned: row.get("sanctioned")?,
    };
    let (app, daily_quota) = (row.get("app_id")?, row.get("daily_quota")?);
    Ok(Vital { app, daily_quota, app_user: row.get("app_user_id")?, life })
}

/// Reads [`FIND_OWN`].
fn read_own(row: &Row, footing: Footing) -> Result<Vital> {
    let revoked = row.get::<Option<Time>>("revoked_at")?.map(Ending::Revoked);
    let life = Life {
        eras: (row.get("token_app_era")?, row.get("token_user_era")?),
        used_at: row.get("used_at")?,
        ended: revoked.or(row.get::<Option<Time>>("withdrawn_at")?.map(Ending::Withdrawn)),
        kind: footing.kind,
        // Whether they are is asked of test apps only, which have no such footing.
        is_member: false,
        account: row.get("user_state")?,
        eras_now: (footing.era, row.get("user_era")?),
        sanctioned: false,
    };
    Ok(Vital { app: footing.app, daily_quota: footing.daily_quota, app_user: row.get("app_user_id")?, life })
}

/// What the records say that a token ended with.
fn read_ending(row: &Row) -> Result<Option<Ending>> {
    let revoked: Option<Time> = row.get("revoked_at")?;
    let withdrawn: Option<Time> = row.get("withdrawn_at")?;
    let deleted: Option<Time> = row.get("deleted_at")?;
    let key_deleted = row.get::<String>("key_state")? == "deleted";
    Ok((revoked.map(Ending::Revoked))
        .or(withdrawn.map(Ending::Withdrawn))
        .or(deleted.map(Ending::AppDeleted))
        .or(key_deleted.then_some(Ending::KeyDeleted)))
}
