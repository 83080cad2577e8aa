//! Requests in an operator's hands: what is open, what was decided, and the one decision each of them gets.

use bizauth_core::app::AppKind;
use bizauth_core::id::{AppId, RequestId, UserId};
use bizauth_core::scope::GroupId;
use bizauth_core::time::Time;

use crate::Store;
use crate::audit::{By, Change};
use crate::db::{Result, Row, Tx, commit, roll_back};
use crate::leaf::{Leaf, Turn};

/// A request as an operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestSeen {
    /// The request.
    pub id: RequestId,
    /// Whose it is.
    pub app: AppId,
    /// That app's name.
    pub app_name: String,
    /// The company behind it.
    pub company: String,
    /// Its kind now.
    pub kind: AppKind,
    /// The group whose permission is asked for; without one the app asks to become a Biz app.
    pub group: Option<GroupId>,
    /// Why, in the developer's words.
    pub reason: String,
    /// Who asked.
    pub asked_by: UserId,
    /// That account's address; empty if it was no account.
    pub email: String,
    /// When.
    pub asked_at: Time,
    /// `open`, `granted`, `refused`, or what else became of it.
    pub state: String,
    /// What the operator answered.
    pub answer: String,
    /// When it was decided.
    pub decided_at: Option<Time>,
    /// By whom, by the name they had then.
    pub decided_by: Option<String>,
}

/// What an operator says to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Yes: the app has what it asked for.
    Grant,
    /// No.
    Refuse,
}

/// What became of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decided {
    /// It stands.
    Done,
    /// It was decided before, or taken back: this is how it stands.
    Before(Box<RequestSeen>),
    /// There is no such request.
    NotFound,
    /// The app was deleted, or cannot become what it asked for.
    Impossible,
}

const SEE: &str = "SELECT app_id, group_id, state, answer FROM permission_requests WHERE id = $1";
const SEE_KIND: &str = "SELECT kind FROM apps WHERE id = $1";
const SEE_PERMISSION: &str = "SELECT group_id, granted_at FROM app_permissions WHERE app_id = $1 AND group_id = $2";

macro_rules! seen {
    () => {
        "SELECT r.id, r.app_id, a.name, a.company, a.kind, r.group_id, r.reason, r.asked_by, COALESCE(u.email, '') AS email,
             r.asked_at,
             r.state, r.answer, r.decided_at, r.decided_by
         FROM permission_requests r JOIN apps a ON a.id = r.app_id LEFT JOIN users u ON u.id = r.asked_by"
    };
}

impl Store {
    /// A page of the requests that wait, the oldest first.
    pub async fn open_requests(&self, turn: &Turn<RequestId>, most: i64) -> Result<Leaf<RequestSeen>> {
        const ON: &str =
            concat!(seen!(), " WHERE r.state = 'open' AND r.id > $1 AND a.deleted_at IS NULL ORDER BY r.id LIMIT $2");
        const BACK: &str = concat!(
            seen!(),
            " WHERE r.state = 'open' AND r.id < $1 AND a.deleted_at IS NULL ORDER BY r.id DESC LIMIT $2"
        );
        let sql = if turn.is_back() { BACK } else { ON };
        let from = turn.key().map_or(i64::MIN, |id| id.0);
        let rows = self.db.rows(sql, &[from.into(), (most + 1).into()]).await?;
        Ok(Leaf::of(turn, rows.iter().map(read).collect::<Result<_>>()?, most))
    }

    /// A page of the requests that are over, the newest first.
    pub async fn decided_requests(&self, turn: &Turn<RequestId>, most: i64) -> Result<Leaf<RequestSeen>> {
        const ON: &str = concat!(seen!(), " WHERE r.state <> 'open' AND r.id < $1 ORDER BY r.id DESC LIMIT $2");
        const BACK: &str = concat!(seen!(), " WHERE r.state <> 'open' AND r.id > $1 ORDER BY r.id LIMIT $2");
        let sql = if turn.is_back() { BACK } else { ON };
        let from = turn.key().map_or(i64::MAX, |id| id.0);
        let rows = self.db.rows(sql, &[from.into(), (most + 1).into()]).await?;
        Ok(Leaf::of(turn, rows.iter().map(read).collect::<Result<_>>()?, most))
    }

    /// The request with this id.
    pub async fn request_seen(&self, id: RequestId) -> Result<Option<RequestSeen>> {
        const FIND: &str = concat!(seen!(), " WHERE r.id = $1");
        self.db.row(FIND, &[id.into()]).await?.as_ref().map(read).transpose()
    }
}

impl By {
    /// Decides a request, once: of two operators who do so at the same time the second is told what the first said.
    /// Granted, the app has what it asked for in the same transaction, and the log has an entry for each.
    pub async fn decide_request(&self, id: RequestId, decision: Decision, answer: String) -> Result<Decided> {
        const CLAIM: &str = "UPDATE permission_requests SET state = $1, answer = $2, decided_at = $3, decided_by = $4
             WHERE id = $5 AND state = 'open' RETURNING app_id, group_id";
        const KNOWN: &str = concat!(seen!(), " WHERE r.id = $1");
        let actor = self.actor.clone();
        let (act, state) = match decision {
            Decision::Grant => ("request.grant", "granted".to_owned()),
            Decision::Refuse => ("request.refuse", "refused".to_owned()),
        };
        let change = Change::new(act, ("request", id), SEE, [id.into()]);
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let mut note = change.begin(tx, &actor).await?;
                let row = [
                    state.clone().into(),
                    answer.clone().into(),
                    actor.at.into(),
                    actor.name.clone().into(),
                    id.into(),
                ];
                let Some(row) = tx.row(CLAIM, &row).await? else {
                    let known = tx.row(KNOWN, &[id.into()]).await?.as_ref().map(read).transpose()?;
                    return roll_back(known.map_or(Decided::NotFound, |it| Decided::Before(Box::new(it))));
                };
                let (app, group): (AppId, Option<GroupId>) = (row.get("app_id")?, row.get("group_id")?);
                note.fact("app", app);
                note.end(tx).await?;
                if decision == Decision::Grant && !give(tx, &actor, id, app, group).await? {
                    return roll_back(Decided::Impossible);
                }
                commit(Decided::Done)
            })
            .await
    }
}

/// What was asked for becomes so, with an entry of its own on the app.
async fn give(
    tx: &mut Tx<'_>,
    actor: &crate::audit::Acting,
    id: RequestId,
    app: AppId,
    group: Option<GroupId>,
) -> Result<bool> {
    const BIZ: &str = "UPDATE apps SET kind = 'biz' WHERE id = $1 AND deleted_at IS NULL AND kind <> 'test'";
    const GRANT: &str = "INSERT INTO app_permissions (app_id, group_id, granted_at)
         SELECT a.id, g.id, $1 FROM apps a, asset_groups g WHERE a.id = $2 AND a.deleted_at IS NULL AND g.id = $3
         ON CONFLICT (app_id, group_id) DO UPDATE SET granted_at = excluded.granted_at";
    let (change, given, row) = match group {
        None => (Change::new("app.kind", ("app", app), SEE_KIND, [app.into()]), BIZ, vec![app.into()]),
        Some(group) => {
            let see = [app.into(), group.clone().into()];
            let change = Change::new("permission.grant", ("app", app), SEE_PERMISSION, see);
            (change, GRANT, vec![actor.at.into(), app.into(), group.into()])
        }
    };
    let note = change.about("request", id).begin(tx, actor).await?;
    if tx.execute(given, &row).await? == 0 {
        return Ok(false);
    }
    note.end(tx).await?;
    Ok(true)
}

fn read(row: &Row) -> Result<RequestSeen> {
    Ok(RequestSeen {
        id: row.get("id")?,
        app: row.get("app_id")?,
        app_name: row.get("name")?,
        company: row.get("company")?,
        kind: row.get("kind")?,
        group: row.get("group_id")?,
        reason: row.get("reason")?,
        asked_by: row.get("asked_by")?,
        email: row.get("email")?,
        asked_at: row.get("asked_at")?,
        state: row.get("state")?,
        answer: row.get("answer")?,
        decided_at: row.get("decided_at")?,
        decided_by: row.get("decided_by")?,
    })
}
