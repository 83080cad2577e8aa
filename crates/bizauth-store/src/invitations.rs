//! Invitations to become a member of an app. They are addressed to an e-mail address, whether or not anybody has an
//! account with it yet, and only the account that has verified it sees and answers them.

use bizauth_core::app::{App, Role};
use bizauth_core::id::{AppId, InvitationId, UserId};
use bizauth_core::time::Time;

use crate::Store;
use crate::apps::{SEE_MEMBER, app_columns, join, read_app};
use crate::audit::{By, Change, Who};
use crate::db::{Result, Row, Tx, commit, roll_back};
use crate::members::CLAIM;

/// An invitation to be made.
#[derive(Clone, Debug)]
pub struct NewInvitation {
    /// To which app.
    pub app: AppId,
    /// Whom: an address as [`bizauth_core::user::email`] gave it.
    pub email: String,
    /// As what.
    pub role: Role,
    /// Until when it can be accepted.
    pub expires_at: Time,
    /// How many an app may have open.
    pub most: i64,
}

/// What became of inviting. It says nothing about whether there is an account with this address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invited {
    /// The invitation is open. One that was open before says now what this one says.
    Made(InvitationId),
    /// Who is invited is a member of the app.
    AlreadyMember,
    /// The app has as many open as it may have.
    TooMany,
    /// No such app.
    NoSuchApp,
}

/// An invitation, for the members of its app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationRecord {
    /// The invitation.
    pub id: InvitationId,
    /// Whom.
    pub email: String,
    /// As what.
    pub role: Role,
    /// Until when it can be accepted.
    pub expires_at: Time,
}

/// An invitation, for the person it is addressed to.
#[derive(Clone, Debug)]
pub struct ReceivedInvitation {
    /// The invitation.
    pub id: InvitationId,
    /// To which app.
    pub app: App,
    /// The e-mail address of who made it; none if that account is gone or was no account.
    pub invited_by: Option<String>,
    /// As what.
    pub role: Role,
    /// Until when it can be accepted.
    pub expires_at: Time,
}

/// What the log may know of an invitation.
const SEE: &str = "SELECT role, expires_at FROM invitations WHERE app_id = $1 AND email = $2";
const SEE_BY_ID: &str = "SELECT email, role, expires_at FROM invitations WHERE id = $1";

impl By {
    /// Invites whoever has, or will have, the account of an address.
    pub async fn invite(&self, new: NewInvitation) -> Result<Invited> {
        const MEMBER: &str = "SELECT m.user_id FROM members m JOIN users u ON u.id = m.user_id
             WHERE m.app_id = $1 AND u.email = $2";
        const OTHERS: &str = "SELECT COUNT(*) AS others FROM invitations
             WHERE app_id = $1 AND email <> $2 AND expires_at > $3";
        const INVITE: &str = "INSERT INTO invitations (id, app_id, email, role, invited_by, invited_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (app_id, email) DO UPDATE SET role = excluded.role, invited_by = excluded.invited_by,
                 invited_at = excluded.invited_at, expires_at = excluded.expires_at
             RETURNING id";
        let (ids, actor, now) = (self.store.ids.clone(), self.actor.clone(), self.actor.at);
        let invited_by = match actor.who {
            Who::Account(id) => id,
            _ => UserId(0),
        };
        let see = [new.app.into(), new.email.clone().into()];
        let change = Change::new("invitation.make", ("app", new.app), SEE, see).about("email", new.email.clone());
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let note = change.begin(tx, &actor).await?;
                let (app, email) = (new.app, new.email.clone());
                if tx.execute(CLAIM, &[app.into()]).await? == 0 {
                    return roll_back(Invited::NoSuchApp);
                }
                if tx.row(MEMBER, &[app.into(), email.clone().into()]).await?.is_some() {
                    return roll_back(Invited::AlreadyMember);
                }
                let others = tx.row(OTHERS, &[app.into(), email.clone().into(), now.into()]).await?;
                if others.map_or(Ok(0), |row| row.get::<i64>("others"))? >= new.most {
                    return roll_back(Invited::TooMany);
                }
                let id = InvitationId(ids.next(now));
                let role = new.role.word().into();
                let row =
                    [id.into(), app.into(), email.into(), role, invited_by.into(), now.into(), new.expires_at.into()];
                let made = tx.row(INVITE, &row).await?;
                let id = made.map_or(Ok(id), |row| row.get("id"))?;
                note.end(tx).await?;
                commit(Invited::Made(id))
            })
            .await
    }

    /// Takes an invitation of an app back. `false`: there is none.
    pub async fn cancel_invitation(&self, app: AppId, id: InvitationId) -> Result<bool> {
        const CANCEL: &str = "DELETE FROM invitations WHERE id = $1 AND app_id = $2";
        let change = Change::new("invitation.cancel", ("app", app), SEE_BY_ID, [id.into()]);
        self.change(change, CANCEL, [id.into(), app.into()]).await
    }

    /// Makes the account that an invitation is addressed to a member. It loses no role it has. `None`: no such
    /// invitation for this account, or it is over.
    pub async fn accept_invitation(&self, id: InvitationId, user: UserId) -> Result<Option<AppId>> {
        const CLAIM_IT: &str = "DELETE FROM invitations WHERE id = $1 AND expires_at > $2
             AND email = (SELECT u.email FROM users u WHERE u.id = $3 AND u.email_verified = 1) RETURNING role";
        const ROLE: &str = "SELECT role FROM members WHERE app_id = $1 AND user_id = $2";
        let (actor, now) = (self.actor.clone(), self.actor.at);
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let Some(app) = app_of(tx, id).await? else { return roll_back(None) };
                let change = Change::new("member.join", ("app", app), SEE_MEMBER, [app.into(), user.into()]);
                let note = change.about("account", user).begin(tx, &actor).await?;
                if tx.execute(CLAIM, &[app.into()]).await? == 0 {
                    return roll_back(None);
                }
                let Some(row) = tx.row(CLAIM_IT, &[id.into(), now.into(), user.into()]).await? else {
                    return roll_back(None);
                };
                let now_is: Option<Role> =
                    tx.row(ROLE, &[app.into(), user.into()]).await?.map(|row| row.get("role")).transpose()?;
                let becomes: Role = row.get("role")?;
                if now_is != Some(Role::Owner) && !join(tx, app, user, becomes.word()).await? {
                    return roll_back(None);
                }
                note.end(tx).await?;
                commit(Some(app))
            })
            .await
    }

    /// Puts an invitation away that is addressed to this account. `false`: there is none.
    pub async fn decline_invitation(&self, id: InvitationId, user: UserId) -> Result<bool> {
        const DECLINE: &str = "DELETE FROM invitations WHERE id = $1
             AND email = (SELECT u.email FROM users u WHERE u.id = $2 AND u.email_verified = 1)";
        let actor = self.actor.clone();
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let Some(app) = app_of(tx, id).await? else { return roll_back(false) };
                let change = Change::new("invitation.decline", ("app", app), SEE_BY_ID, [id.into()]);
                let note = change.begin(tx, &actor).await?;
                if tx.execute(DECLINE, &[id.into(), user.into()]).await? == 0 {
                    return roll_back(false);
                }
                note.end(tx).await?;
                commit(true)
            })
            .await
    }
}

/// The app of an invitation; an invitation never changes it.
async fn app_of(tx: &mut Tx<'_>, id: InvitationId) -> Result<Option<AppId>> {
    let found = tx.row("SELECT app_id FROM invitations WHERE id = $1", &[id.into()]).await?;
    found.map(|row| row.get("app_id")).transpose()
}

impl Store {
    /// The open invitations of an app, by address, at most a hundred.
    pub async fn invitations_of(&self, app: AppId, now: Time) -> Result<Vec<InvitationRecord>> {
        const ALL: &str = "SELECT id, email, role, expires_at FROM invitations
             WHERE app_id = $1 AND expires_at > $2 ORDER BY email LIMIT 100";
        let read = |row: &Row| {
            Ok(InvitationRecord {
                id: row.get("id")?,
                email: row.get("email")?,
                role: row.get("role")?,
                expires_at: row.get("expires_at")?,
            })
        };
        self.db.few(ALL, &[app.into(), now.into()]).await?.iter().map(read).collect()
    }

    /// The open invitations addressed to an account, if its address is verified: oldest first, at most
    /// `most`.
    pub async fn invitations_for(&self, user: UserId, now: Time, most: u8) -> Result<Vec<ReceivedInvitation>> {
        const ALL: &str = concat!(
            "SELECT i.id AS invitation_id, i.role, i.expires_at, w.email AS invited_by, ",
            app_columns!(),
            " FROM users u JOIN invitations i ON i.email = u.email JOIN apps a ON a.id = i.app_id
                 LEFT JOIN users w ON w.id = i.invited_by
             WHERE u.id = $1 AND u.email_verified = 1 AND i.expires_at > $2 AND a.deleted_at IS NULL
             ORDER BY i.id LIMIT $3"
        );
        let read = |row: &Row| {
            Ok(ReceivedInvitation {
                id: row.get("invitation_id")?,
                app: read_app(row)?,
                invited_by: row.get("invited_by")?,
                role: row.get("role")?,
                expires_at: row.get("expires_at")?,
            })
        };
        self.db.few(ALL, &[user.into(), now.into(), i64::from(most).into()]).await?.iter().map(read).collect()
    }
}
