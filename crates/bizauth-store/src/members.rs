//! Who may do what with an app: changing roles, leaving, handing an app on, and the apps of one person.
//!
//! An app always keeps an owner: whoever changes memberships claims the app's row first, so that two at once are judged
//! one after the other.

use bizauth_core::app::Role;
use bizauth_core::id::{AppId, UserId};

use crate::Store;
use crate::apps::{AppRecord, SEE_MEMBER, app_columns, inherit_sanction, join, read_record};
use crate::audit::{By, Change};
use crate::db::{Result, Tx, Value, commit, roll_back};

/// What became of a change to a membership.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membership {
    /// It is as it should be.
    Changed,
    /// There is no such member, or no such app.
    NotMember,
    /// Without this person the app would have no owner. Nothing was done.
    LastOwner,
}

/// Where a page of a list begins or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<Id> {
    /// What comes after this one.
    After(Id),
    /// What comes before this one.
    Before(Id),
}

/// Claims the app's row until the transaction ends.
pub(crate) const CLAIM: &str = "UPDATE apps SET era = era WHERE id = $1 AND deleted_at IS NULL";

/// Ends the invitations that this member of an app made: they spoke for an owner.
const UNINVITE: &str = "DELETE FROM invitations WHERE app_id = $1 AND invited_by = $2";

impl By {
    /// Gives a member another role. An owner who becomes an editor takes their invitations along.
    pub async fn change_role(&self, app: AppId, user: UserId, role: Role) -> Result<Membership> {
        const DEMOTE: &str = "UPDATE members SET role = 'editor' WHERE app_id = $1 AND user_id = $2
             AND (role <> 'owner' OR EXISTS (SELECT 1 FROM members o
                 WHERE o.app_id = $1 AND o.user_id <> $2 AND o.role = 'owner'))";
        let actor = self.actor.clone();
        let change = Change::new("member.role", ("app", app), SEE_MEMBER, [app.into(), user.into()]);
        let change = change.about("account", user);
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let note = change.begin(tx, &actor).await?;
                if tx.execute(CLAIM, &[app.into()]).await? == 0 || !is_member(tx, app, user).await? {
                    return roll_back(Membership::NotMember);
                }
                let leaves = role == Role::Editor && leaves_sanction(tx, app, user).await?;
                match role {
                    Role::Owner => {
                        join(tx, app, user, Role::Owner.word()).await?;
                    }
                    Role::Editor if tx.execute(DEMOTE, &[app.into(), user.into()]).await? == 0 => {
                        return roll_back(Membership::LastOwner);
                    }
                    Role::Editor => {
                        tx.execute(UNINVITE, &[app.into(), user.into()]).await?;
                    }
                }
                note.end(tx).await?;
                if leaves {
                    inherit_sanction(tx, &actor, app, user).await?;
                }
                commit(Membership::Changed)
            })
            .await
    }

    /// Ends a membership, unless it is the last owner's, and with it the invitations that the member made.
    pub async fn end_membership(&self, app: AppId, user: UserId) -> Result<Membership> {
        const END: &str = "DELETE FROM members WHERE app_id = $1 AND user_id = $2
             AND (role <> 'owner' OR EXISTS (SELECT 1 FROM members o
                 WHERE o.app_id = $1 AND o.user_id <> $2 AND o.role = 'owner'))";
        let actor = self.actor.clone();
        let change = Change::new("member.remove", ("app", app), SEE_MEMBER, [app.into(), user.into()]);
        let change = change.about("account", user);
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let note = change.begin(tx, &actor).await?;
                if tx.execute(CLAIM, &[app.into()]).await? == 0 || !is_member(tx, app, user).await? {
                    return roll_back(Membership::NotMember);
                }
                let leaves = leaves_sanction(tx, app, user).await?;
                if tx.execute(END, &[app.into(), user.into()]).await? == 0 {
                    return roll_back(Membership::LastOwner);
                }
                tx.execute(UNINVITE, &[app.into(), user.into()]).await?;
                note.end(tx).await?;
                if leaves {
                    inherit_sanction(tx, &actor, app, user).await?;
                }
                commit(Membership::Changed)
            })
            .await
    }

    /// Hands an app on: the member `to` becomes owner, the owner `from` an editor. `false`: `from` is no owner, or `to`
    /// no member beside them.
    pub async fn transfer_app(&self, app: AppId, from: UserId, to: UserId) -> Result<bool> {
        const STEP_DOWN: &str = "UPDATE members SET role = 'editor'
             WHERE app_id = $1 AND user_id = $2 AND role = 'owner' AND user_id <> $3
                 AND EXISTS (SELECT 1 FROM members m WHERE m.app_id = $1 AND m.user_id = $3)";
        const SEE: &str = "SELECT user_id, role FROM members WHERE app_id = $1 AND user_id IN ($2, $3)
             ORDER BY user_id";
        let actor = self.actor.clone();
        let key = [app.into(), from.into(), to.into()];
        let change = Change::new("app.transfer", ("app", app), SEE, key.clone());
        let change = change.about("from", from).about("to", to);
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let note = change.begin(tx, &actor).await?;
                if tx.execute(CLAIM, &[app.into()]).await? == 0 {
                    return roll_back(false);
                }
                let leaves = leaves_sanction(tx, app, from).await?;
                if tx.execute(STEP_DOWN, &key).await? == 0 {
                    return roll_back(false);
                }
                join(tx, app, to, Role::Owner.word()).await?;
                tx.execute(UNINVITE, &[app.into(), from.into()]).await?;
                note.end(tx).await?;
                if leaves {
                    inherit_sanction(tx, &actor, app, from).await?;
                }
                commit(true)
            })
            .await
    }
}

/// Whether this developer leaves a sanction with the app that they give up. Asked before the membership changes.
async fn leaves_sanction(tx: &mut Tx<'_>, app: AppId, user: UserId) -> Result<bool> {
    const LEAVES: &str = "SELECT a.id FROM apps a WHERE a.id = $1 AND a.sanctioned = 0
         AND EXISTS (SELECT 1 FROM members m JOIN users u ON u.id = m.user_id
             WHERE m.app_id = $1 AND m.user_id = $2 AND m.role = 'owner' AND u.developer_sanctioned = 1)";
    Ok(tx.row(LEAVES, &[app.into(), user.into()]).await?.is_some())
}

/// Whether this person is a member, within a transaction that claimed the app.
async fn is_member(tx: &mut Tx<'_>, app: AppId, user: UserId) -> Result<bool> {
    const FIND: &str = "SELECT role FROM members WHERE app_id = $1 AND user_id = $2";
    Ok(tx.row(FIND, &[app.into(), user.into()]).await?.is_some())
}

/// The apps of a person; the CROSS JOIN has SQLite begin with their memberships, not with everybody's apps.
macro_rules! apps_of {
    ($rest:literal) => {
        concat!(
            "SELECT ",
            app_columns!(),
            ", a.parent_id, a.created_at, mine.role FROM members mine CROSS JOIN apps a
             WHERE mine.user_id = $1 AND a.id = mine.app_id AND a.deleted_at IS NULL AND a.sort >= $2 AND a.sort < $3 ",
            $rest
        )
    };
}
/// Where the list has an app of this person.
macro_rules! cursor {
    () => {
        "((SELECT c.sort FROM members n JOIN apps c ON c.id = n.app_id WHERE n.user_id = $1 AND n.app_id = $4), $4)"
    };
}

impl Store {
    /// The apps of a person whose names begin with `search`, by name, with the person's role: at most `most` of them
    /// from a place on.
    pub async fn apps_of(
        &self,
        user: UserId,
        search: &str,
        place: Option<Place<AppId>>,
        most: i64,
    ) -> Result<Vec<(AppRecord, Role)>> {
        const FIRST: &str = apps_of!("ORDER BY a.sort, a.id LIMIT $4");
        const AFTER: &str = concat!(apps_of!("AND (a.sort, a.id) > "), cursor!(), " ORDER BY a.sort, a.id LIMIT $5");
        const BEFORE: &str =
            concat!(apps_of!("AND (a.sort, a.id) < "), cursor!(), " ORDER BY a.sort DESC, a.id DESC LIMIT $5");
        let low = search.trim().to_lowercase();
        let high = format!("{low}\u{10ffff}");
        let mut params: Vec<Value> = vec![user.into(), low.into(), high.into()];
        let sql = match place {
            None => FIRST,
            Some(Place::After(id)) => {
                params.push(id.into());
                AFTER
            }
            Some(Place::Before(id)) => {
                params.push(id.into());
                BEFORE
            }
        };
        params.push(most.into());
        let rows = self.db.rows(sql, &params).await?;
        let mut apps: Vec<_> =
            rows.iter().map(|row| Ok((read_record(row)?, row.get("role")?))).collect::<Result<_>>()?;
        if matches!(place, Some(Place::Before(_))) {
            apps.reverse();
        }
        Ok(apps)
    }

    /// The Biz apps that a person owns, by name, at most `most`: those that may have test apps made by them.
    pub async fn biz_apps_owned_by(&self, user: UserId, most: i64) -> Result<Vec<AppRecord>> {
        const ALL: &str = apps_of!("AND mine.role = 'owner' AND a.kind = 'biz' ORDER BY a.sort, a.id LIMIT $4");
        let params = [user.into(), "".into(), "\u{10ffff}".into(), most.into()];
        self.db.rows(ALL, &params).await?.iter().map(read_record).collect()
    }
}
