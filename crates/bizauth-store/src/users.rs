//! Accounts: making them, finding them, and the states that end everything they lent.

use bizauth_core::id::{IdSource, UserId};
use bizauth_core::time::Time;
use bizauth_core::user::{User, UserState};

use crate::Store;
use crate::account_changes::MadeAccount;
use crate::audit::{Acting, By, Change};
use crate::db::{Error, FromValue, Result, Row, Tx, Value, Verdict, commit, roll_back};
use crate::operator_keys::end_keys_of;
use crate::sessions::end_all;

/// An account to be made.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Its e-mail address, as [`bizauth_core::user::email`] gave it.
    pub email: String,
    /// Whether the address is verified.
    pub email_verified: bool,
    /// The argon2id hash of its password, in PHC form.
    pub password: String,
    /// Whether it has joined the business centre.
    pub in_business_centre: bool,
    /// Whether it operates this platform.
    pub is_operator: bool,
}

/// An account with what only its own door needs.
#[derive(Clone, Debug)]
pub struct UserRecord {
    /// The account.
    pub user: User,
    /// The argon2id hash of its password.
    pub password: String,
    /// Whether it operates this platform.
    pub is_operator: bool,
    /// Whether it is under sanction as a developer.
    pub developer_sanctioned: bool,
    /// When it was made.
    pub created_at: Time,
    /// What it is called elsewhere.
    pub external_id: Option<String>,
}

/// The columns of an account, wherever it is joined as `u`.
macro_rules! user_columns {
    () => {
        "u.id AS user_id, u.email, u.email_verified, u.state AS user_state, u.in_business_centre, u.era AS user_era"
    };
}
pub(crate) use user_columns;

/// What the log may know of an account.
const SEE: &str = "SELECT email, state, in_business_centre, developer_sanctioned, is_operator FROM users WHERE id = $1";
/// The same where it is called something elsewhere.
const SEE_CALLED: &str = "SELECT email, state, in_business_centre, developer_sanctioned, is_operator, external_id
     FROM users WHERE id = $1";

/// Inserts an account within a transaction, with its entry in the log. What is not [`MadeAccount::Done`] must roll the
/// transaction back.
pub(crate) async fn insert_user(
    tx: &mut Tx<'_>,
    ids: &IdSource,
    actor: &Acting,
    new: &NewUser,
    external_id: Option<&str>,
) -> Result<MadeAccount> {
    const TAKEN: &str = "SELECT id FROM users WHERE external_id = $1";
    const CREATE: &str = "INSERT INTO users (id, email, email_verified, password, state, in_business_centre,
                 developer_sanctioned, is_operator, era, created_at, sort, external_id)
             VALUES ($1, $2, $3, $4, 'active', $5, 0, $6, 0, $7, $8, $9) ON CONFLICT (email) DO NOTHING";
    let id = UserId(ids.next(actor.at));
    let change =
        Change::new("account.create", ("account", ""), if external_id.is_some() { SEE_CALLED } else { SEE }, []);
    let note = change.begin_on(tx, actor, id.to_string(), vec![id.into()]).await?;
    if let Some(external_id) = external_id
        && tx.row(TAKEN, &[external_id.into()]).await?.is_some()
    {
        return Ok(MadeAccount::ExternalIdTaken);
    }
    let row = [
        id.into(),
        new.email.clone().into(),
        new.email_verified.into(),
        new.password.clone().into(),
        new.in_business_centre.into(),
        new.is_operator.into(),
        actor.at.into(),
        new.email.clone().into(),
        external_id.map(str::to_owned).into(),
    ];
    if tx.execute(CREATE, &row).await? == 0 {
        return Ok(MadeAccount::EmailTaken);
    }
    note.end(tx).await?;
    Ok(MadeAccount::Done(id))
}

impl By {
    /// Makes an account. `None`: the address is taken.
    pub async fn create_user(&self, new: NewUser) -> Result<Option<UserId>> {
        let (ids, actor) = (self.store.ids.clone(), self.actor.clone());
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| match insert_user(tx, &ids, &actor, &new, None).await? {
                MadeAccount::Done(id) => commit(Some(id)),
                MadeAccount::EmailTaken | MadeAccount::ExternalIdTaken => roll_back(None),
            })
            .await
    }
}

impl Store {
    /// The account with this e-mail address.
    pub async fn user_by_email(&self, email: &str) -> Result<Option<UserRecord>> {
        const FIND: &str = concat!(
            "SELECT ",
            user_columns!(),
            ", u.password, u.developer_sanctioned, u.is_operator, u.created_at, u.external_id
             FROM users u WHERE u.email = $1"
        );
        self.db.row(FIND, &[email.into()]).await?.as_ref().map(read_record).transpose()
    }

    /// All accounts, newest first, at most `most`.
    pub async fn users(&self, most: i64) -> Result<Vec<UserRecord>> {
        const ALL: &str = concat!(
            "SELECT ",
            user_columns!(),
            ", u.password, u.developer_sanctioned, u.is_operator, u.created_at, u.external_id
             FROM users u ORDER BY u.id DESC LIMIT $1"
        );
        self.db.rows(ALL, &[most.into()]).await?.iter().map(read_record).collect()
    }
}

impl By {
    /// Puts an account into `state`. Blocked and withdrawn end all its tokens and codes for good: coming back does not
    /// revive them. `false`: no such account, or it is the last operator in good standing.
    pub async fn set_user_state(&self, id: UserId, state: UserState) -> Result<bool> {
        let actor = self.actor.clone();
        self.store.db.write(async move |tx: &mut Tx<'_>| told(put_state(tx, &actor, id, state).await?)).await
    }

    /// Lets an account join or leave the business centre. `false`: no such account.
    pub async fn set_business_centre(&self, id: UserId, joined: bool) -> Result<bool> {
        let actor = self.actor.clone();
        self.store.db.write(async move |tx: &mut Tx<'_>| told(put_centre(tx, &actor, id, joined).await?)).await
    }

    /// Gives an account another password, and signs it out everywhere. `false`: no such account.
    pub async fn set_password(&self, id: UserId, password: String) -> Result<bool> {
        let actor = self.actor.clone();
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let change = Change::new("account.password", ("account", id), SEE, [id.into()]);
                let note = change.begin(tx, &actor).await?;
                let set = "UPDATE users SET password = $1 WHERE id = $2";
                if tx.execute(set, &[password.clone().into(), id.into()]).await? == 0 {
                    return roll_back(false);
                }
                end_all(tx, id).await?;
                note.end(tx).await?;
                commit(true)
            })
            .await
    }

    /// Puts a developer under sanction, or lifts it. While it lasts none of the apps they own works, and their tokens
    /// have ended for good. `false`: no such account.
    pub async fn set_developer_sanction(&self, id: UserId, on: bool) -> Result<bool> {
        let actor = self.actor.clone();
        self.store.db.write(async move |tx: &mut Tx<'_>| told(put_sanction(tx, &actor, id, on).await?)).await
    }
}

/// What a change within a transaction found is what the transaction does.
pub(crate) fn told(found: bool) -> Result<Verdict<bool>> {
    if found { commit(true) } else { roll_back(false) }
}

/// [`By::set_user_state`] within a transaction, which `false` must roll back.
pub(crate) async fn put_state(tx: &mut Tx<'_>, actor: &Acting, id: UserId, state: UserState) -> Result<bool> {
    const SET: &str = "UPDATE users SET state = $1, era = era + $2 WHERE id = $3
         AND ($1 = 'active' OR is_operator = 0 OR state <> 'active' OR EXISTS
             (SELECT 1 FROM users o WHERE o.is_operator = 1 AND o.state = 'active' AND o.id <> $3))";
    let mut note = Change::new("account.state", ("account", id), SEE, [id.into()]).begin(tx, actor).await?;
    if tx.execute(SET, &[state.word().into(), state.ends_tokens().into(), id.into()]).await? == 0 {
        return Ok(false);
    }
    if state.ends_tokens() {
        let keys = end_keys_of(tx, id, actor.at).await?;
        if keys > 0 {
            note.fact("operator_keys_ended", i64::try_from(keys).unwrap_or(i64::MAX));
        }
    }
    note.end(tx).await?;
    Ok(true)
}

/// [`By::set_business_centre`] within a transaction, which `false` must roll back.
pub(crate) async fn put_centre(tx: &mut Tx<'_>, actor: &Acting, id: UserId, joined: bool) -> Result<bool> {
    let change = Change::new("account.business_centre", ("account", id), SEE, [id.into()]);
    change.make(tx, actor, "UPDATE users SET in_business_centre = $1 WHERE id = $2", &[joined.into(), id.into()]).await
}

/// [`By::set_developer_sanction`] within a transaction, which `false` must roll back.
pub(crate) async fn put_sanction(tx: &mut Tx<'_>, actor: &Acting, id: UserId, on: bool) -> Result<bool> {
    const APPS: &str = "UPDATE apps SET era = era + $1
         WHERE id IN (SELECT app_id FROM members WHERE user_id = $2 AND role = 'owner')";
    let act = if on { "account.sanction_developer" } else { "account.lift_developer_sanction" };
    let note = Change::new(act, ("account", id), SEE, [id.into()]).begin(tx, actor).await?;
    let set = "UPDATE users SET developer_sanctioned = $1 WHERE id = $2";
    if tx.execute(set, &[on.into(), id.into()]).await? == 0 {
        return Ok(false);
    }
    tx.execute(APPS, &[on.into(), id.into()]).await?;
    note.end(tx).await?;
    Ok(true)
}

/// Reads [`user_columns`].
pub(crate) fn read_user(row: &Row) -> Result<User> {
    Ok(User {
        id: row.get("user_id")?,
        email: row.get("email")?,
        email_verified: row.get("email_verified")?,
        state: row.get("user_state")?,
        in_business_centre: row.get("in_business_centre")?,
        era: row.get("user_era")?,
    })
}

/// Reads [`record_columns`].
pub(crate) fn read_record(row: &Row) -> Result<UserRecord> {
    Ok(UserRecord {
        user: read_user(row)?,
        password: row.get("password")?,
        is_operator: row.get("is_operator")?,
        developer_sanctioned: row.get("developer_sanctioned")?,
        created_at: row.get("created_at")?,
        external_id: row.get("external_id")?,
    })
}

impl FromValue for UserState {
    fn from_value(value: &Value) -> Option<Self> {
        UserState::read(&String::from_value(value)?)
    }
}

/// Words separated by spaces, as several short lists are kept.
pub(crate) fn words<T: std::str::FromStr>(text: &str, column: &'static str) -> Result<Vec<T>> {
    let wrong = |_| Error::Column { table: "?", column, wanted: std::any::type_name::<T>(), found: "other words" };
    text.split_whitespace().map(|word| word.parse().map_err(wrong)).collect()
}
