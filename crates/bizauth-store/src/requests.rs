//! What apps ask the operator for: the feature permission of a group, or to become a Biz app.
//!
//! At most one request is open for an app and a group. A decided one stays, with its answer.

use bizauth_core::id::{AppId, RequestId, UserId};
use bizauth_core::scope::GroupId;
use bizauth_core::time::Time;

use crate::Store;
use crate::audit::{By, Change, Who};
use crate::db::{FromValue, Result, Row, Tx, Value, commit, roll_back};
use crate::leaf::{Leaf, Turn};

/// How far a request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestState {
    /// It waits for the operator.
    Open,
    /// The operator granted it.
    Granted,
    /// The operator refused it.
    Refused,
    /// The app took it back.
    Withdrawn,
}

impl RequestState {
    /// All of them.
    pub const ALL: [RequestState; 4] =
        [RequestState::Open, RequestState::Granted, RequestState::Refused, RequestState::Withdrawn];

    /// The word used in records.
    pub const fn word(self) -> &'static str {
        match self {
            RequestState::Open => "open",
            RequestState::Granted => "granted",
            RequestState::Refused => "refused",
            RequestState::Withdrawn => "withdrawn",
        }
    }

    /// Reads [`RequestState::word`].
    pub fn read(word: &str) -> Option<Self> {
        RequestState::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// A request of an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRecord {
    /// The request.
    pub id: RequestId,
    /// Whose it is.
    pub app: AppId,
    /// For which group; without one, to become a Biz app.
    pub group: Option<GroupId>,
    /// Why, in the developer's words.
    pub reason: String,
    /// The account that asked; 0 if it was no account.
    pub asked_by: UserId,
    /// When.
    pub asked_at: Time,
    /// How far it has come.
    pub state: RequestState,
    /// What the operator said to it; empty while it is open.
    pub answer: String,
    /// When the operator decided.
    pub decided_at: Option<Time>,
}

/// What became of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// It waits for the operator.
    Made(RequestId),
    /// The same was asked before, and waits.
    AlreadyOpen,
    /// The app has what it asks for.
    AlreadyGranted,
    /// No such app or group. A test app cannot ask to become Biz: it is what its parent is.
    NoSuchApp,
}

/// What the log may know of a request.
const SEE: &str = "SELECT group_id, reason, state, answer FROM permission_requests WHERE id = $1";

/// The columns of a request, wherever it is joined as `r`.
macro_rules! request_columns {
    () => {
        "r.id AS request_id, r.app_id, r.group_id, r.reason, r.asked_by, r.asked_at, r.state, r.answer, r.decided_at"
    };
}

impl By {
    /// Asks the operator for the feature permission of a group, or without one to make the app a Biz app.
    pub async fn ask_permission(&self, app: AppId, group: Option<GroupId>, reason: String) -> Result<Asked> {
        const KNOWN: &str = "SELECT CASE WHEN $1 = '' AND a.kind = 'biz' THEN 1
                 WHEN EXISTS (SELECT 1 FROM app_permissions p WHERE p.app_id = a.id AND p.group_id = $1) THEN 1
                 ELSE 0 END AS granted
             FROM apps a WHERE a.id = $2 AND a.deleted_at IS NULL
                 AND (($1 = '' AND a.kind <> 'test') OR EXISTS (SELECT 1 FROM asset_groups g WHERE g.id = $1))";
        const ASK: &str =
            "INSERT INTO permission_requests (id, app_id, group_id, reason, asked_by, asked_at, state, answer)
             VALUES ($1, $2, $3, $4, $5, $6, 'open', '') ON CONFLICT DO NOTHING";
        let (ids, actor) = (self.store.ids.clone(), self.actor.clone());
        let asked_by = match actor.who {
            Who::Account(id) => id,
            _ => UserId(0),
        };
        let change = Change::new("request.make", ("app", app), SEE, []);
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let id = RequestId(ids.next(actor.at));
                let note = change.begin_on(tx, &actor, app.to_string(), vec![id.into()]).await?;
                let name = group.as_ref().map_or(String::new(), |group| group.0.clone());
                let Some(row) = tx.row(KNOWN, &[name.into(), app.into()]).await? else {
                    return roll_back(Asked::NoSuchApp);
                };
                if row.get("granted")? {
                    return roll_back(Asked::AlreadyGranted);
                }
                let (group, reason) = (group.clone().into(), reason.clone().into());
                let row = [id.into(), app.into(), group, reason, asked_by.into(), actor.at.into()];
                if tx.execute(ASK, &row).await? == 0 {
                    return roll_back(Asked::AlreadyOpen);
                }
                note.end(tx).await?;
                commit(Asked::Made(id))
            })
            .await
    }

    /// Takes an app's open request for a feature permission back. `false`: there is none, or it is decided.
    pub async fn withdraw_request(&self, app: AppId, id: RequestId) -> Result<bool> {
        const WITHDRAW: &str = "UPDATE permission_requests SET state = 'withdrawn'
             WHERE id = $1 AND app_id = $2 AND state = 'open' AND group_id IS NOT NULL";
        let change = Change::new("request.withdraw", ("app", app), SEE, [id.into()]);
        self.change(change, WITHDRAW, [id.into(), app.into()]).await
    }

    /// Takes an app's open request to become a Biz app back. `false`: there is none, or it is decided.
    pub async fn withdraw_biz_request(&self, app: AppId, id: RequestId) -> Result<bool> {
        const WITHDRAW: &str = "UPDATE permission_requests SET state = 'withdrawn'
             WHERE id = $1 AND app_id = $2 AND state = 'open' AND group_id IS NULL";
        let change = Change::new("request.withdraw", ("app", app), SEE, [id.into()]);
        self.change(change, WITHDRAW, [id.into(), app.into()]).await
    }
}

impl Store {
    /// What an app asked for last, for each group that it ever asked for.
    pub async fn last_requests(&self, app: AppId) -> Result<Vec<RequestRecord>> {
        const LAST: &str = concat!(
            "SELECT ",
            request_columns!(),
            " FROM asset_groups g JOIN permission_requests r ON r.id =
                 (SELECT MAX(n.id) FROM permission_requests n WHERE n.app_id = $1 AND n.group_id = g.id)"
        );
        self.db.few(LAST, &[app.into()]).await?.iter().map(read).collect()
    }

    /// A page of an app's requests to become a Biz app, newest first.
    pub async fn biz_requests(&self, app: AppId, turn: &Turn<RequestId>, most: i64) -> Result<Leaf<RequestRecord>> {
        const ON: &str = concat!(
            "SELECT ",
            request_columns!(),
            " FROM permission_requests r WHERE (r.app_id, r.id) < ($1, $2) AND (r.app_id, r.id) > ($1, 0)
                 AND r.app_id IS NOT DISTINCT FROM $1 AND r.id < $2
                 AND r.group_id IS NULL ORDER BY r.app_id DESC, r.id DESC LIMIT $3"
        );
        const BACK: &str = concat!(
            "SELECT ",
            request_columns!(),
            " FROM permission_requests r WHERE (r.app_id, r.id) > ($1, $2)
                 AND (r.app_id, r.id) < ($1, 9223372036854775807)
                 AND r.app_id IS NOT DISTINCT FROM $1 AND r.id > $2 AND r.group_id IS NULL ORDER BY r.app_id, r.id LIMIT $3"
        );
        let sql = if turn.is_back() { BACK } else { ON };
        let from = turn.key().map_or(i64::MAX, |id| id.0);
        let rows = self.db.rows(sql, &[app.into(), from.into(), (most + 1).into()]).await?;
        Ok(Leaf::of(turn, rows.iter().map(read).collect::<Result<_>>()?, most))
    }

    /// One request of an app, whatever became of it.
    pub async fn request_of(&self, app: AppId, id: RequestId) -> Result<Option<RequestRecord>> {
        const FIND: &str =
            concat!("SELECT ", request_columns!(), " FROM permission_requests r WHERE r.id = $1 AND r.app_id = $2");
        self.db.row(FIND, &[id.into(), app.into()]).await?.as_ref().map(read).transpose()
    }
}

/// Reads [`request_columns`].
fn read(row: &Row) -> Result<RequestRecord> {
    Ok(RequestRecord {
        id: row.get("request_id")?,
        app: row.get("app_id")?,
        group: row.get("group_id")?,
        reason: row.get("reason")?,
        asked_by: row.get("asked_by")?,
        asked_at: row.get("asked_at")?,
        state: row.get("state")?,
        answer: row.get("answer")?,
        decided_at: row.get("decided_at")?,
    })
}

impl FromValue for RequestState {
    fn from_value(value: &Value) -> Option<Self> {
        RequestState::read(&String::from_value(value)?)
    }
}
