//! What people agreed to, with what they were shown.

use bizauth_core::code::Challenge;
use bizauth_core::consent::Grant;
use bizauth_core::id::{AppId, AppUserId, CodeId, ConsentId, IdSource, KeyId, PendingId, SessionId, UserId};
use bizauth_core::redirect::Destination;
use bizauth_core::scope::{self, GroupId, ItemId, joined};
use bizauth_core::secret::Digest;
use bizauth_core::time::Time;

use crate::Store;
use crate::audit::{Acting, By, Change};
use crate::db::{Error, Result, Tx, Value, commit, roll_back};
use crate::limits::{self, Limit};
use crate::pending::decide;

/// A consent to be kept, and the code that it buys.
#[derive(Clone, Debug)]
pub struct NewConsent {
    /// The screen that was answered, and what proves it.
    pub pending: (PendingId, Digest),
    /// The browser it was shown to.
    pub session: SessionId,
    /// The app and its era, as they were when the request was judged.
    pub app: (AppId, i64),
    /// The REST API key that asked.
    pub key: KeyId,
    /// The account and its era, as they were when the request was judged.
    pub user: (UserId, i64),
    /// All items of the request.
    pub items: Vec<ItemId>,
    /// What is lent, for each group that has assets.
    pub grants: Vec<(GroupId, Grant)>,
    /// What the person saw, for a dispute.
    pub shown: String,
    /// Where the code goes.
    pub destination: Destination,
    /// The PKCE challenge of the request.
    pub challenge: Option<Challenge>,
    /// The digest of the code.
    pub code: Digest,
    /// When the code ends.
    pub code_expires_at: Time,
    /// How many codes this account may issue to this app a day.
    pub limit: Limit,
}

/// What became of an agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approval {
    /// Kept; this is its code.
    Kept(CodeId),
    /// The screen was answered before, or is too old. Nothing was kept.
    Over,
    /// The issuance limit is reached. The screen can still be answered.
    LimitReached,
}

/// What this account agreed to last time for this app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// The items.
    pub items: Vec<ItemId>,
    /// The assets, by group; `*` is all.
    pub assets: Vec<(GroupId, String)>,
    /// When.
    pub agreed_at: Time,
}

/// The subject under which codes of an account for an app are counted.
fn issuance(user: UserId, app: AppId) -> String {
    format!("{user} {app}")
}

impl Store {
    /// How many codes this account issued to this app in the window of `limit`.
    pub async fn issued(&self, limit: Limit, user: UserId, app: AppId, now: Time) -> Result<i64> {
        self.taken(limit, &issuance(user, app), now).await
    }

    /// What the account agreed to last time for this app, if it ever did and did not take it back.
    pub async fn earlier_consent(&self, user: UserId, app: AppId) -> Result<Option<Earlier>> {
        const LAST: &str = "SELECT id, items, agreed_at, withdrawn_at FROM consents WHERE user_id = $1 AND app_id = $2 ORDER BY id DESC LIMIT 1";
        const LENT: &str = "SELECT group_id, asset_id FROM lent_assets WHERE consent_id = $1 AND withdrawn_at IS NULL ORDER BY position";
        let Some(row) = self.db.row(LAST, &[user.into(), app.into()]).await? else { return Ok(None) };
        if row.get::<Option<Time>>("withdrawn_at")?.is_some() {
            return Ok(None);
        }
        let mut assets = Vec::new();
        for lent in self.db.few(LENT, &[row.get::<ConsentId>("id")?.into()]).await? {
            assets.push((lent.get("group_id")?, lent.get("asset_id")?));
        }
        let items = scope::ids(&row.get::<String>("items")?);
        Ok(Some(Earlier { items, assets, agreed_at: row.get("agreed_at")? }))
    }
}

/// What a person agreed to, for an app.
pub(crate) struct Given<'g> {
    pub(crate) app: AppId,
    pub(crate) user: UserId,
    pub(crate) items: &'g [ItemId],
    pub(crate) grants: &'g [(GroupId, Grant)],
    pub(crate) shown: &'g str,
    pub(crate) agreed_at: Time,
}

impl Given<'_> {
    /// Writes it with its assets: its id, and how the app knows the person.
    pub(crate) async fn keep(&self, tx: &mut Tx<'_>, ids: &IdSource, now: Time) -> Result<(ConsentId, AppUserId)> {
        const CONSENT: &str = "INSERT INTO consents (id, app_id, user_id, app_user_id, items, shown, agreed_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let app_user = known_as(tx, ids, (self.app, self.user), now).await?;
        let consent = ConsentId(ids.next(now));
        let row = [
            consent.into(),
            self.app.into(),
            self.user.into(),
            app_user.into(),
            joined(self.items, ",").into(),
            self.shown.to_owned().into(),
            self.agreed_at.into(),
        ];
        tx.execute(CONSENT, &row).await?;
        lend(tx, consent, self.grants).await?;
        Ok((consent, app_user))
    }

    /// Writes it down in the log.
    pub(crate) async fn note(&self, tx: &mut Tx<'_>, consent: ConsentId, actor: &Acting) -> Result<()> {
        let change = Change::event("consent.give", ("account", self.user)).about("app", self.app);
        let change = change.about("consent", consent).about("items", joined(self.items, " "));
        let change = if self.grants.is_empty() { change } else { change.about("assets", lent(self.grants)) };
        change.begin(tx, actor).await?.end(tx).await
    }
}

impl By {
    /// The person agreed: takes the screen's one answer, keeps the consent with its assets, and the code, or nothing.
    pub async fn approve(&self, new: NewConsent) -> Result<Approval> {
        const CODE: &str =
            "INSERT INTO codes (id, digest, consent_id, key_id, app_id, user_id, app_era, user_era, redirect_uri,
                 challenge, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        let (ids, actor, now) = (self.store.ids.clone(), self.actor.clone(), self.actor.at);
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                if !decide(tx, new.pending, new.session, now).await? {
                    return roll_back(Approval::Over);
                }
                let ((app, app_era), (user, user_era)) = (new.app, new.user);
                if !limits::take(tx, new.limit, issuance(user, app), now).await? {
                    return roll_back(Approval::LimitReached);
                }
                let (items, grants) = (new.items.as_slice(), new.grants.as_slice());
                let given = Given { app, user, items, grants, shown: &new.shown, agreed_at: now };
                let (consent, _) = given.keep(tx, &ids, now).await?;
                let code = CodeId(ids.next(now));
                let row = [
                    code.into(),
                    new.code.into(),
                    consent.into(),
                    new.key.into(),
                    app.into(),
                    user.into(),
                    app_era.into(),
                    user_era.into(),
                    new.destination.uri().into(),
                    new.challenge.as_ref().map(|challenge| challenge.text().to_owned()).into(),
                    new.code_expires_at.into(),
                ];
                tx.execute(CODE, &row).await?;
                // The log is claimed last: one consent waits for another's commit alone, not for all that it writes.
                given.note(tx, consent, &actor).await?;
                commit(Approval::Kept(code))
            })
            .await
    }

    /// Withdraws everything an account agreed to for an app: its tokens and codes have ended. Says how many consents.
    pub async fn withdraw_consents(&self, user: UserId, app: AppId) -> Result<u64> {
        const WITHDRAW: &str =
            "UPDATE consents SET withdrawn_at = $1 WHERE user_id = $2 AND app_id = $3 AND withdrawn_at IS NULL";
        const SEE: &str =
            "SELECT COUNT(*) AS consents FROM consents WHERE user_id = $1 AND app_id = $2 AND withdrawn_at IS NULL";
        let actor = self.actor.clone();
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let change = Change::new("consent.withdraw", ("account", user), SEE, [user.into(), app.into()]);
                let note = change.about("app", app).begin(tx, &actor).await?;
                let withdrawn = tx.execute(WITHDRAW, &[actor.at.into(), user.into(), app.into()]).await?;
                if withdrawn == 0 {
                    return roll_back(0);
                }
                note.end(tx).await?;
                commit(withdrawn)
            })
            .await
    }
}

/// The id by which the app knows the person, drawn if they never met.
async fn known_as(tx: &mut Tx<'_>, ids: &IdSource, (app, user): (AppId, UserId), now: Time) -> Result<AppUserId> {
    const LINK: &str =
        "INSERT INTO app_users (id, app_id, user_id) VALUES ($1, $2, $3) ON CONFLICT (user_id, app_id) DO NOTHING";
    const LINKED: &str = "SELECT id FROM app_users WHERE user_id = $1 AND app_id = $2";
    let both = [user.into(), app.into()];
    if let Some(known) = tx.row(LINKED, &both).await? {
        return known.get("id");
    }
    tx.execute(LINK, &[AppUserId(ids.next(now)).into(), app.into(), user.into()]).await?;
    tx.row(LINKED, &both).await?.ok_or(Error::Swallowed)?.get("id")
}

/// So many assets are named in the log; the consent itself has all of them.
const NAMED: usize = 50;

/// What is lent, for the log: `group:asset` each, `group:*` for all.
fn lent(grants: &[(GroupId, Grant)]) -> String {
    let mut named: Vec<String> = Vec::new();
    for (group, grant) in grants {
        match grant {
            Grant::All => named.push(format!("{group}:*")),
            Grant::These(holdings) => named.extend(holdings.iter().map(|(_, asset)| format!("{group}:{asset}"))),
        }
    }
    let more = named.len().saturating_sub(NAMED);
    named.truncate(NAMED);
    if more > 0 {
        named.push(format!("+{more}"));
    }
    named.join(" ")
}

/// Writes down what is lent. "All" has no holding: it is whatever the account will hold.
async fn lend(tx: &mut Tx<'_>, consent: ConsentId, grants: &[(GroupId, Grant)]) -> Result<()> {
    const LEND: &str =
        "INSERT INTO lent_assets (consent_id, position, group_id, holding_id, asset_id) VALUES ($1, $2, $3, $4, $5)";
    let mut position = 0_i64;
    for (group, grant) in grants {
        let lent: Vec<(Value, Value)> = match grant {
            Grant::All => vec![(Value::Null, "*".into())],
            Grant::These(holdings) => {
                holdings.iter().map(|(holding, asset)| ((*holding).into(), asset.0.clone().into())).collect()
            }
        };
        for (holding, asset) in lent {
            position += 1;
            let row = [consent.into(), position.into(), group.clone().into(), holding, asset];
            tx.execute(LEND, &row).await?;
        }
    }
    Ok(())
}
