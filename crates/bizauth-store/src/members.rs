//! Who may do what with an app: changing roles, leaving, handing an app on, and the apps of one person.
//!
//! An app always keeps an owner: whoever changes memberships claims the app's row first, so that two at once are judged
//! one after the other.

use bizauth_core::app::Role;
use bizauth_core::id::{AppId, UserId};

use crate::Store;
use crate::apps::{AppRecord, MemberRecord, SEE_MEMBER, app_columns, inherit_sanction, join, read_record};
use crate::audit::{By, Change};
use crate::db::{Result, Row, Tx, commit, roll_back};
use crate::leaf::{Leaf, Turn, behind};

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
             WHERE mine.user_id = $1 AND a.id = mine.app_id AND a.deleted_at IS NULL ",
            $rest
        )
    };
}

/// The members of an app, with their addresses.
macro_rules! members {
    ($rest:literal) => {
        concat!(
            "SELECT m.user_id, u.email, m.role FROM members m CROSS JOIN users u
             WHERE m.app_id = $1 AND u.id = m.user_id ",
            $rest
        )
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
        const ON: &str = apps_of!(
            "AND (mine.sort, mine.app_id) > ($2, $3) AND mine.sort < $4 ORDER BY mine.sort, mine.app_id LIMIT $5"
        );
        const BACK: &str = apps_of!(
            "AND (mine.sort, mine.app_id) < ($2, $3) AND mine.sort >= $4
             ORDER BY mine.sort DESC, mine.app_id DESC LIMIT $5"
        );
        const PLACE: &str = "SELECT sort, app_id FROM members WHERE user_id = $1 AND app_id = $2";
        let low = search.trim().to_lowercase();
        let named = match place {
            Some(Place::After(id) | Place::Before(id)) => self.db.row(PLACE, &[user.into(), id.into()]).await?,
            None => None,
        };
        let back = matches!(place, Some(Place::Before(_)));
        let (sort, id) = match (named, place) {
            (Some(row), _) => (row.get("sort")?, row.get::<i64>("app_id")?),
            // What lay beside an app that is no more the person's is nowhere.
            (None, Some(_)) => return Ok(Vec::new()),
            (None, None) => (low.clone(), i64::MIN),
        };
        let (sql, bound) = if back { (BACK, low) } else { (ON, behind(&low)) };
        let rows = self.db.rows(sql, &[user.into(), sort.into(), id.into(), bound.into(), most.into()]).await?;
        let mut apps: Vec<_> =
            rows.iter().map(|row| Ok((read_record(row)?, row.get("role")?))).collect::<Result<_>>()?;
        if back {
            apps.reverse();
        }
        Ok(apps)
    }

    /// The Biz apps that a person owns, by name, at most `most`: those that may have test apps made by them.
    pub async fn biz_apps_owned_by(&self, user: UserId, most: i64) -> Result<Vec<AppRecord>> {
        const ALL: &str =
            apps_of!("AND mine.role = 'owner' AND a.kind = 'biz' ORDER BY mine.sort, mine.app_id LIMIT $2");
        self.db.rows(ALL, &[user.into(), most.into()]).await?.iter().map(read_record).collect()
    }

    /// A page of the members of an app whose addresses begin with `prefix`, by address.
    pub async fn members_page(
        &self,
        app: AppId,
        prefix: &str,
        turn: &Turn<UserId>,
        most: i64,
    ) -> Result<Leaf<MemberRecord>> {
        const ON: &str =
            members!("AND (m.address, m.user_id) > ($2, $3) AND m.address < $4 ORDER BY m.address, m.user_id LIMIT $5");
        const BACK: &str = members!(
            "AND (m.address, m.user_id) < ($2, $3) AND m.address >= $4
             ORDER BY m.address DESC, m.user_id DESC LIMIT $5"
        );
        const PLACE: &str = "SELECT address, user_id FROM members WHERE app_id = $1 AND user_id = $2";
        let prefix = prefix.trim().to_lowercase();
        let place = match turn.key() {
            Some(user) => self.db.row(PLACE, &[app.into(), (*user).into()]).await?,
            None => None,
        };
        let turn = if place.is_some() { turn } else { &Turn::First };
        let (address, user) = match place {
            Some(row) => (row.get("address")?, row.get::<i64>("user_id")?),
            None => (prefix.clone(), i64::MIN),
        };
        let (sql, bound) = if turn.is_back() { (BACK, prefix) } else { (ON, behind(&prefix)) };
        let params = [app.into(), address.into(), user.into(), bound.into(), (most + 1).into()];
        let rows = self.db.rows(sql, &params).await?;
        Ok(Leaf::of(turn, rows.iter().map(read_member).collect::<Result<_>>()?, most))
    }

    /// One member of an app.
    pub async fn member(&self, app: AppId, user: UserId) -> Result<Option<MemberRecord>> {
        const FIND: &str = members!("AND m.user_id = $2");
        self.db.row(FIND, &[app.into(), user.into()]).await?.as_ref().map(read_member).transpose()
    }
}

fn read_member(row: &Row) -> Result<MemberRecord> {
    Ok(MemberRecord { user: row.get("user_id")?, email: row.get("email")?, role: row.get("role")? })
}
