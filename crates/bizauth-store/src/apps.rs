//! Apps: making and ending them, their members, consent items and feature permissions.

use bizauth_core::app::{App, AppKind, Role};
use bizauth_core::id::{AppId, UserId};
use bizauth_core::scope::{GroupId, ItemId};
use bizauth_core::time::Time;

use crate::Store;
use crate::audit::{Acting, By, Change};
use crate::db::{FromValue, Result, Row, Tx, Value, commit, roll_back};
use crate::limits::made_before;
use crate::users::told;

/// An app to be made.
#[derive(Clone, Debug)]
pub struct NewApp {
    /// The name people see.
    pub name: String,
    /// The developer's company.
    pub company: String,
    /// Basic, Biz or test.
    pub kind: AppKind,
    /// For a test app: its parent.
    pub parent: Option<AppId>,
    /// Its first member, with the role of owner.
    pub owner: Option<UserId>,
}

/// An app, for lists and the console.
#[derive(Clone, Debug)]
pub struct AppRecord {
    /// The app.
    pub app: App,
    /// For a test app: its parent.
    pub parent: Option<AppId>,
    /// When it was made.
    pub created_at: Time,
}

/// How far an app has come on its way to a first token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// It has a REST API key that is not switched off.
    pub has_key: bool,
    /// Such a key has a business redirect URI.
    pub has_redirect_uri: bool,
    /// A consent item is switched on.
    pub has_item: bool,
    /// One of them may be asked for: its group needs no permission, or the app holds it.
    pub has_usable_item: bool,
    /// Somebody agreed, and the app was given a token.
    pub has_token: bool,
}

/// A member of an app.
#[derive(Clone, Debug)]
pub struct MemberRecord {
    /// The account.
    pub user: UserId,
    /// Its e-mail address.
    pub email: String,
    /// `owner` or `editor`.
    pub role: String,
}

/// The columns of an app, wherever it is joined as `a`. Sanctioned is what the app or any of its owners is. Parent and
/// owners are asked for their values: an EXISTS PostgreSQL may answer by reading all accounts and all owners.
macro_rules! app_columns {
    () => {
        concat!(
            "a.id AS app_id, a.name AS app_name, a.company, a.kind AS app_kind, a.era AS app_era, a.daily_quota, a.icon,
             CASE WHEN a.kind = 'test' AND (SELECT p.kind FROM apps p WHERE p.id = a.parent_id AND p.deleted_at IS NULL) = 'biz'
                 THEN 1 ELSE 0 END AS parent_is_biz, ",
            crate::apps::app_sanctioned!()
        )
    };
}
pub(crate) use app_columns;

/// Whether the app `a`, its parent or the developer who owns it is under sanction.
macro_rules! app_sanctioned {
    () => {
        "CASE WHEN a.sanctioned = 1 OR (SELECT p.sanctioned FROM apps p WHERE p.id = a.parent_id) = 1
             OR (SELECT MAX((SELECT o.developer_sanctioned FROM users o WHERE o.id = m.user_id)) FROM members m
                 WHERE m.app_id = a.id AND m.role = 'owner') = 1
             THEN 1 ELSE 0 END AS sanctioned"
    };
}
pub(crate) use app_sanctioned;

/// What the log may know of an app.
const SEE: &str = "SELECT name, company, kind, sanctioned, daily_quota, deleted_at FROM apps WHERE id = $1";
pub(crate) const SEE_MEMBER: &str = "SELECT role FROM members WHERE app_id = $1 AND user_id = $2";
pub(crate) const SEE_ITEM: &str = "SELECT item_id, purpose FROM app_items WHERE app_id = $1 AND item_id = $2";
const SEE_PERMISSION: &str = "SELECT group_id, granted_at FROM app_permissions WHERE app_id = $1 AND group_id = $2";

impl By {
    /// Makes an app. `None`: its owner does not exist, or its parent is no Biz app. Only a Biz app has test apps.
    pub async fn create_app(&self, new: NewApp) -> Result<Option<AppId>> {
        self.make_app(new, None).await
    }

    /// As [`By::create_app`], but once for each form: sent again, it finds the app that it made. `form` tells one form
    /// from all others, until then.
    pub async fn create_app_once(&self, new: NewApp, form: (String, Time)) -> Result<Option<AppId>> {
        self.make_app(new, Some(form)).await
    }

    async fn make_app(&self, new: NewApp, form: Option<(String, Time)>) -> Result<Option<AppId>> {
        const KNOWN: &str = "SELECT id FROM apps WHERE id = $1 AND deleted_at IS NULL AND kind = 'biz'";
        const CREATE: &str = "INSERT INTO apps (id, name, company, kind, parent_id, sanctioned, era, created_at, sort)
             VALUES ($1, $2, $3, $4, $5, 0, 0, $6, $7)";
        let (ids, actor, now) = (self.store.ids.clone(), self.actor.clone(), self.actor.at);
        let change = Change::new("app.create", ("app", ""), SEE, []);
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let id = AppId(ids.next(now));
                // Claims the log's head: a parent that is deleted at the same time is seen to be.
                let note = change.begin_on(tx, &actor, id.to_string(), vec![id.into()]).await?;
                if let Some((form, until)) = &form
                    && let Some(made) = made_before(tx, form, *until, id.0).await?
                {
                    return roll_back(Some(AppId(made)));
                }
                if let Some(parent) = new.parent
                    && tx.row(KNOWN, &[parent.into()]).await?.is_none()
                {
                    return roll_back(None);
                }
                let sort = new.name.to_lowercase().into();
                let (name, company) = (new.name.clone().into(), new.company.clone().into());
                let row = [id.into(), name, company, new.kind.word().into(), new.parent.into(), now.into(), sort];
                tx.execute(CREATE, &row).await?;
                if let Some(owner) = new.owner
                    && !join(tx, id, owner, "owner").await?
                {
                    return roll_back(None);
                }
                note.end(tx).await?;
                commit(Some(id))
            })
            .await
    }
}

impl Store {
    /// The app with this id, unless it was deleted.
    pub async fn app(&self, id: AppId) -> Result<Option<AppRecord>> {
        const FIND: &str = concat!(
            "SELECT ",
            app_columns!(),
            ", a.parent_id, a.created_at FROM apps a WHERE a.id = $1 AND a.deleted_at IS NULL"
        );
        self.db.row(FIND, &[id.into()]).await?.as_ref().map(read_record).transpose()
    }

    /// The app with this id, unless it was deleted, and what this account may do with it. `None`: it is no member.
    pub async fn app_for_member(&self, app: AppId, user: UserId) -> Result<Option<(AppRecord, Role)>> {
        const FIND: &str = concat!(
            "SELECT ",
            app_columns!(),
            ", a.parent_id, a.created_at, mine.role FROM members mine JOIN apps a ON a.id = mine.app_id
             WHERE mine.app_id = $1 AND mine.user_id = $2 AND a.deleted_at IS NULL"
        );
        let found = self.db.row(FIND, &[app.into(), user.into()]).await?;
        found.map(|row| Ok((read_record(&row)?, row.get("role")?))).transpose()
    }

    /// All apps, newest first, at most `most`.
    pub async fn apps(&self, most: i64) -> Result<Vec<AppRecord>> {
        const ALL: &str = concat!(
            "SELECT ",
            app_columns!(),
            ", a.parent_id, a.created_at FROM apps a WHERE a.deleted_at IS NULL ORDER BY a.id DESC LIMIT $1"
        );
        self.db.rows(ALL, &[most.into()]).await?.iter().map(read_record).collect()
    }

    /// The test apps of an app, by name, at most `most`; each with whether this account is a member of it.
    pub async fn test_apps_of(&self, parent: AppId, viewer: UserId, most: i64) -> Result<Vec<(AppRecord, bool)>> {
        const ALL: &str = concat!(
            "SELECT ",
            app_columns!(),
            ", a.parent_id, a.created_at, CASE WHEN EXISTS (SELECT 1 FROM members v WHERE v.app_id = a.id
                 AND v.user_id = $1) THEN 1 ELSE 0 END AS is_member
             FROM apps a WHERE a.parent_id = $2 AND a.deleted_at IS NULL ORDER BY a.sort, a.id LIMIT $3"
        );
        let rows = self.db.few(ALL, &[viewer.into(), parent.into(), most.into()]).await?;
        rows.iter().map(|row| Ok((read_record(row)?, row.get("is_member")?))).collect()
    }

    /// How many test apps an app has.
    pub async fn count_test_apps(&self, parent: AppId) -> Result<i64> {
        const COUNT: &str = "SELECT COUNT(*) AS children FROM apps WHERE parent_id = $1 AND deleted_at IS NULL";
        self.db.row(COUNT, &[parent.into()]).await?.map_or(Ok(0), |row| row.get("children"))
    }

    /// How far an app has come on its way to a first token.
    pub async fn app_progress(&self, app: AppId) -> Result<Progress> {
        const ASK: &str = "SELECT
             CASE WHEN EXISTS (SELECT 1 FROM app_keys k WHERE k.app_id = $1 AND k.kind = 'rest_api'
                 AND k.state = 'active') THEN 1 ELSE 0 END AS has_key,
             CASE WHEN EXISTS (SELECT 1 FROM app_keys k WHERE k.app_id = $1 AND k.kind = 'rest_api'
                 AND k.state = 'active' AND k.redirect_uris <> '') THEN 1 ELSE 0 END AS has_redirect_uri,
             CASE WHEN EXISTS (SELECT 1 FROM app_items i WHERE i.app_id = $1) THEN 1 ELSE 0 END AS has_item,
             CASE WHEN EXISTS (SELECT 1 FROM app_items i JOIN consent_items c ON c.id = i.item_id
                 JOIN asset_groups g ON g.id = c.group_id WHERE i.app_id = $1 AND (g.needs_permission = 0
                     OR EXISTS (SELECT 1 FROM app_permissions p WHERE p.app_id = $1 AND p.group_id = g.id)))
                 THEN 1 ELSE 0 END AS has_usable_item,
             CASE WHEN EXISTS (SELECT 1 FROM tokens t WHERE t.app_id = $1) THEN 1 ELSE 0 END AS has_token";
        let Some(row) = self.db.row(ASK, &[app.into()]).await? else { return Ok(Progress::default()) };
        Ok(Progress {
            has_key: row.get("has_key")?,
            has_redirect_uri: row.get("has_redirect_uri")?,
            has_item: row.get("has_item")?,
            has_usable_item: row.get("has_usable_item")?,
            has_token: row.get("has_token")?,
        })
    }

    /// The consent items that are on for an app, each with its purpose.
    pub async fn items_of(&self, app: AppId) -> Result<Vec<(ItemId, String)>> {
        const ALL: &str = "SELECT item_id, purpose FROM app_items WHERE app_id = $1 ORDER BY item_id";
        let read = |row: &Row| Ok((ItemId(row.get("item_id")?), row.get("purpose")?));
        self.db.few(ALL, &[app.into()]).await?.iter().map(read).collect()
    }

    /// The groups for which an app holds the feature permission.
    pub async fn permissions_of(&self, app: AppId) -> Result<Vec<GroupId>> {
        Ok(self.grants_of(app).await?.into_iter().map(|(group, _)| group).collect())
    }

    /// The same, each with when it was granted.
    pub async fn grants_of(&self, app: AppId) -> Result<Vec<(GroupId, Time)>> {
        const ALL: &str = "SELECT group_id, granted_at FROM app_permissions WHERE app_id = $1 ORDER BY group_id";
        let rows = self.db.few(ALL, &[app.into()]).await?;
        rows.iter().map(|row| Ok((row.get("group_id")?, row.get("granted_at")?))).collect()
    }
}

impl By {
    /// Makes an app basic or Biz. A test app stays one. `false`: no such app.
    pub async fn set_app_kind(&self, id: AppId, kind: AppKind) -> Result<bool> {
        let actor = self.actor.clone();
        self.store.db.write(async move |tx: &mut Tx<'_>| told(put_kind(tx, &actor, id, kind).await?)).await
    }

    /// Puts an app under sanction, or lifts it; its test apps share its fate, each with its entry in the log. A sanction
    /// ends all its tokens and codes for good: lifting it revives none. `false`: no such app.
    pub async fn set_sanction(&self, id: AppId, on: bool) -> Result<bool> {
        let actor = self.actor.clone();
        self.store.db.write(async move |tx: &mut Tx<'_>| told(put_app_sanction(tx, &actor, id, on).await?)).await
    }

    /// Sets how many kapi calls an app may make a day; `None` lifts the limit. `false`: no such app.
    pub async fn set_daily_quota(&self, id: AppId, most: Option<i64>) -> Result<bool> {
        let actor = self.actor.clone();
        self.store.db.write(async move |tx: &mut Tx<'_>| told(put_quota(tx, &actor, id, most).await?)).await
    }

    /// Renames an app, and says whose it is. `false`: no such app.
    pub async fn rename_app(&self, id: AppId, name: String, company: String) -> Result<bool> {
        const RENAME: &str = "UPDATE apps SET name = $1, sort = $2, company = $3 WHERE id = $4 AND deleted_at IS NULL";
        let sort = name.to_lowercase();
        let change = Change::new("app.rename", ("app", id), SEE, [id.into()]);
        let actor = self.actor.clone();
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let note = change.begin(tx, &actor).await?;
                let row = [name.clone().into(), sort.clone().into(), company.clone().into(), id.into()];
                if tx.execute(RENAME, &row).await? == 0 {
                    return roll_back(false);
                }
                // Its members find it by this name.
                tx.execute("UPDATE members SET sort = $1 WHERE app_id = $2", &[sort.clone().into(), id.into()]).await?;
                note.end(tx).await?;
                commit(true)
            })
            .await
    }

    /// Deletes an app, and its test apps with it: their keys never come back, their tokens and codes have ended, nobody
    /// is invited to them any more and they ask for nothing. `false`: no such app.
    pub async fn delete_app(&self, id: AppId) -> Result<bool> {
        const DELETE: &str = "UPDATE apps SET deleted_at = $1, era = era + 1 WHERE id = $2 AND deleted_at IS NULL";
        const OF_BOTH: [&str; 4] = [
            "UPDATE app_keys SET state = 'deleted' WHERE app_id IN (SELECT id FROM apps WHERE id = $1 OR parent_id = $1)",
            "UPDATE permission_requests SET state = 'withdrawn' WHERE state = 'open'
                 AND app_id IN (SELECT id FROM apps WHERE id = $1 OR parent_id = $1)",
            "DELETE FROM invitations WHERE app_id IN (SELECT id FROM apps WHERE id = $1 OR parent_id = $1)",
            "DELETE FROM app_icons WHERE app_id IN (SELECT id FROM apps WHERE id = $1 OR parent_id = $1)",
        ];
        let actor = self.actor.clone();
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let change = Change::new("app.delete", ("app", id), SEE, [id.into()]);
                let mut note = change.begin(tx, &actor).await?;
                if tx.execute(DELETE, &[actor.at.into(), id.into()]).await? == 0 {
                    return roll_back(false);
                }
                let children = test_apps(tx, id).await?;
                if !children.is_empty() {
                    note.fact("test_apps", i64::try_from(children.len()).unwrap_or(i64::MAX));
                }
                note.end(tx).await?;
                for child in children {
                    let change = Change::new("app.delete", ("app", child), SEE, [child.into()]).about("parent", id);
                    change.make(tx, &actor, DELETE, &[actor.at.into(), child.into()]).await?;
                }
                for sql in OF_BOTH {
                    tx.execute(sql, &[id.into()]).await?;
                }
                commit(true)
            })
            .await
    }

    /// Makes an account a member, or changes its role whatever becomes of the app: for an app that is being set up. For
    /// those that live there is [`By::change_role`]. `false`: no such app or account.
    pub async fn add_member(&self, app: AppId, user: UserId, role: &'static str) -> Result<bool> {
        let (actor, role) = (self.actor.clone(), role.to_owned());
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let change = Change::new("member.add", ("app", app), SEE_MEMBER, [app.into(), user.into()]);
                let note = change.about("account", user).begin(tx, &actor).await?;
                if !join(tx, app, user, &role).await? {
                    return roll_back(false);
                }
                note.end(tx).await?;
                commit(true)
            })
            .await
    }

    /// Switches a consent item on for an app, with the purpose people read. `false`: no such app or item.
    pub async fn switch_item_on(&self, app: AppId, item: ItemId, purpose: String) -> Result<bool> {
        const ON: &str = "INSERT INTO app_items (app_id, item_id, purpose)
             SELECT a.id, i.id, $1 FROM apps a, consent_items i WHERE a.id = $2 AND a.deleted_at IS NULL AND i.id = $3
             ON CONFLICT (app_id, item_id) DO UPDATE SET purpose = excluded.purpose";
        let see = [app.into(), item.0.clone().into()];
        let change = Change::new("item.on", ("app", app), SEE_ITEM, see);
        self.change(change, ON, [purpose.into(), app.into(), item.0.into()]).await
    }

    /// Switches a consent item off. `false`: it was not on.
    pub async fn switch_item_off(&self, app: AppId, item: ItemId) -> Result<bool> {
        let which: [Value; 2] = [app.into(), item.0.into()];
        let change = Change::new("item.off", ("app", app), SEE_ITEM, which.clone());
        self.change(change, "DELETE FROM app_items WHERE app_id = $1 AND item_id = $2", which).await
    }

    /// Grants an app the feature permission of a group. `false`: no such app or group.
    pub async fn grant_permission(&self, app: AppId, group: GroupId) -> Result<bool> {
        const GRANT: &str = "INSERT INTO app_permissions (app_id, group_id, granted_at)
             SELECT a.id, g.id, $1 FROM apps a, asset_groups g WHERE a.id = $2 AND a.deleted_at IS NULL AND g.id = $3
             ON CONFLICT (app_id, group_id) DO UPDATE SET granted_at = excluded.granted_at";
        let see = [app.into(), group.clone().into()];
        let change = Change::new("permission.grant", ("app", app), SEE_PERMISSION, see);
        self.change(change, GRANT, [self.actor.at.into(), app.into(), group.into()]).await
    }

    /// Takes a feature permission back. `false`: there was none.
    pub async fn take_permission(&self, app: AppId, group: GroupId) -> Result<bool> {
        let which: [Value; 2] = [app.into(), group.into()];
        let change = Change::new("permission.take", ("app", app), SEE_PERMISSION, which.clone());
        self.change(change, "DELETE FROM app_permissions WHERE app_id = $1 AND group_id = $2", which).await
    }
}

/// [`By::set_app_kind`] within a transaction, which `false` must roll back.
pub(crate) async fn put_kind(tx: &mut Tx<'_>, actor: &Acting, id: AppId, kind: AppKind) -> Result<bool> {
    const SET: &str = "UPDATE apps SET kind = $1 WHERE id = $2 AND deleted_at IS NULL AND kind <> 'test'";
    let change = Change::new("app.kind", ("app", id), SEE, [id.into()]);
    change.make(tx, actor, SET, &[kind.word().into(), id.into()]).await
}

/// [`By::set_sanction`] within a transaction, which `false` must roll back.
pub(crate) async fn put_app_sanction(tx: &mut Tx<'_>, actor: &Acting, id: AppId, on: bool) -> Result<bool> {
    const SET: &str = "UPDATE apps SET sanctioned = $1, era = era + $2 WHERE id = $3 AND deleted_at IS NULL";
    const SHARE: &str = "UPDATE apps SET era = era + $1 WHERE id = $2 AND deleted_at IS NULL";
    let act = if on { "app.sanction" } else { "app.lift_sanction" };
    let change = Change::new(act, ("app", id), SEE, [id.into()]);
    if !change.make(tx, actor, SET, &[on.into(), on.into(), id.into()]).await? {
        return Ok(false);
    }
    for child in test_apps(tx, id).await? {
        let change = Change::new(act, ("app", child), SEE, [child.into()]).about("parent", id);
        change.make(tx, actor, SHARE, &[on.into(), child.into()]).await?;
    }
    Ok(true)
}

/// [`By::set_daily_quota`] within a transaction, which `false` must roll back.
pub(crate) async fn put_quota(tx: &mut Tx<'_>, actor: &Acting, id: AppId, most: Option<i64>) -> Result<bool> {
    const SET: &str = "UPDATE apps SET daily_quota = $1 WHERE id = $2 AND deleted_at IS NULL";
    let change = Change::new("app.quota", ("app", id), SEE, [id.into()]);
    change.make(tx, actor, SET, &[most.into(), id.into()]).await
}

/// An app is put under sanction because the developer under sanction, who owned it, goes: the operator put the sanction
/// there, and the operator lifts it.
pub(crate) async fn inherit_sanction(tx: &mut Tx<'_>, actor: &Acting, app: AppId, left_by: UserId) -> Result<()> {
    const SET: &str = "UPDATE apps SET sanctioned = 1 WHERE id = $1";
    let change = Change::new("app.sanction", ("app", app), SEE, [app.into()]).about("left_by", left_by);
    change.make(tx, actor, SET, &[app.into()]).await?;
    Ok(())
}

/// The living test apps of an app.
async fn test_apps(tx: &mut Tx<'_>, parent: AppId) -> Result<Vec<AppId>> {
    const ALL: &str = "SELECT id FROM apps WHERE parent_id = $1 AND deleted_at IS NULL ORDER BY id";
    tx.rows(ALL, &[parent.into()]).await?.iter().map(|row| row.get("id")).collect()
}

pub(crate) async fn join(tx: &mut Tx<'_>, app: AppId, user: UserId, role: &str) -> Result<bool> {
    const JOIN: &str = "INSERT INTO members (app_id, user_id, role, sort, address)
         SELECT a.id, u.id, $1, a.sort, u.sort FROM apps a, users u WHERE a.id = $2 AND a.deleted_at IS NULL AND u.id = $3
         ON CONFLICT (app_id, user_id) DO UPDATE SET role = excluded.role";
    // An owner under sanction brings it along, and with it the end of the app's tokens.
    const END: &str = "UPDATE apps SET era = era + 1 WHERE id = $1
         AND EXISTS (SELECT 1 FROM users u WHERE u.id = $2 AND u.developer_sanctioned = 1)";
    let joined = tx.execute(JOIN, &[role.into(), app.into(), user.into()]).await? > 0;
    if joined && role == "owner" {
        tx.execute(END, &[app.into(), user.into()]).await?;
    }
    Ok(joined)
}

/// Reads [`app_columns`].
pub(crate) fn read_app(row: &Row) -> Result<App> {
    Ok(App {
        id: row.get("app_id")?,
        name: row.get("app_name")?,
        company: row.get("company")?,
        kind: row.get("app_kind")?,
        parent_is_biz: row.get("parent_is_biz")?,
        sanctioned: row.get("sanctioned")?,
        era: row.get("app_era")?,
        daily_quota: row.get("daily_quota")?,
        icon: row.get("icon")?,
    })
}

pub(crate) fn read_record(row: &Row) -> Result<AppRecord> {
    Ok(AppRecord { app: read_app(row)?, parent: row.get("parent_id")?, created_at: row.get("created_at")? })
}

impl FromValue for Role {
    fn from_value(value: &Value) -> Option<Self> {
        Role::read(&String::from_value(value)?)
    }
}

impl FromValue for AppKind {
    fn from_value(value: &Value) -> Option<Self> {
        AppKind::read(&String::from_value(value)?)
    }
}
