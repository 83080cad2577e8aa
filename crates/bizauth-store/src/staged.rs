//! What only a staged world needs: a past made to order. What is staged behaves as if it had happened.

use bizauth_core::asset::AssetId;
use bizauth_core::consent::Grant;
use bizauth_core::id::{AppId, AppUserId, HoldingId, KeyId, TokenId, UserId};
use bizauth_core::key::{AppKey, KeyKind};
use bizauth_core::scope::{GroupId, ItemId};
use bizauth_core::secret::Digest;
use bizauth_core::time::Time;

use crate::Store;
use crate::audit::By;
use crate::consents::Given;
use crate::db::{Result, Tx, commit, roll_back};

/// A token that somebody is to have been given, with the consent behind it.
#[derive(Clone, Debug)]
pub struct StagedToken {
    /// Its id, and the digest of its secret.
    pub token: (TokenId, Digest),
    /// The REST API key it was given to.
    pub key: KeyId,
    /// Who agreed.
    pub user: UserId,
    /// What was agreed to, in the order asked.
    pub items: Vec<ItemId>,
    /// What was lent; no asset is all of the group.
    pub lent: Vec<(GroupId, Option<AssetId>)>,
    /// What the person saw.
    pub shown: String,
    /// When they agreed, and the token was given.
    pub agreed_at: Time,
    /// When it was last used.
    pub used_at: Time,
}

/// A key that is to be another one.
#[derive(Clone, Debug)]
pub struct StagedKey {
    /// Its id.
    pub id: KeyId,
    /// Its kind.
    pub kind: KeyKind,
    /// Its value, if it is to have another.
    pub value: Option<AppKey>,
    /// The digest of its client secret, if it is to have another.
    pub secret: Option<Digest>,
}

/// What became of a token to be staged. Where it is not done, nothing is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Staged {
    /// It is there; so the app knows the person.
    Done(AppUserId),
    /// There is no such REST API key, or it was deleted.
    NoSuchKey,
    /// There is no such account.
    NoSuchAccount,
    /// The account does not hold this.
    NotHeld(GroupId, AssetId),
    /// There is a token of this id.
    TokenThere,
}

impl By {
    /// Makes a token as if this person had agreed and the app had redeemed the code: in the eras that app and account are
    /// in now.
    pub async fn stage_token(&self, staged: StagedToken) -> Result<Staged> {
        const KEY: &str = "SELECT a.id, a.era FROM app_keys k JOIN apps a ON a.id = k.app_id
             WHERE k.id = $1 AND k.kind = 'rest_api' AND k.state <> 'deleted' AND a.deleted_at IS NULL";
        const USER: &str = "SELECT era FROM users WHERE id = $1";
        const HELD: &str = "SELECT id FROM holdings WHERE user_id = $1 AND group_id = $2 AND asset_id = $3";
        const TOKEN: &str =
            "INSERT INTO tokens (id, digest, consent_id, key_id, app_id, user_id, app_era, user_era, used_at,
                 updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO NOTHING";
        let (ids, actor, now) = (self.store.ids.clone(), self.actor.clone(), self.actor.at);
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let Some(of_key) = tx.row(KEY, &[staged.key.into()]).await? else {
                    return roll_back(Staged::NoSuchKey);
                };
                let (app, app_era): (AppId, i64) = (of_key.get("id")?, of_key.get("era")?);
                let user = staged.user;
                let Some(account) = tx.row(USER, &[user.into()]).await? else {
                    return roll_back(Staged::NoSuchAccount);
                };
                let user_era: i64 = account.get("era")?;
                let mut grants: Vec<(GroupId, Grant)> = Vec::new();
                for (group, asset) in &staged.lent {
                    let Some(asset) = asset else {
                        grants.push((group.clone(), Grant::All));
                        continue;
                    };
                    let held = [user.into(), group.clone().into(), asset.0.clone().into()];
                    let Some(held) = tx.row(HELD, &held).await? else {
                        return roll_back(Staged::NotHeld(group.clone(), asset.clone()));
                    };
                    let one = (HoldingId(held.get("id")?), asset.clone());
                    grants.push((group.clone(), Grant::These(vec![one])));
                }
                let (items, shown, agreed_at) = (staged.items.as_slice(), staged.shown.as_str(), staged.agreed_at);
                let given = Given { app, user, items, grants: &grants, shown, agreed_at };
                let (consent, app_user) = given.keep(tx, &ids, now).await?;
                let row = [
                    staged.token.0.into(),
                    staged.token.1.into(),
                    consent.into(),
                    staged.key.into(),
                    app.into(),
                    user.into(),
                    app_era.into(),
                    user_era.into(),
                    staged.used_at.into(),
                    staged.agreed_at.into(),
                ];
                if tx.execute(TOKEN, &row).await? == 0 {
                    return roll_back(Staged::TokenThere);
                }
                given.note(tx, consent, &actor).await?;
                commit(Staged::Done(app_user))
            })
            .await
    }
}

impl Store {
    /// Gives keys other values and client secrets, as if they had been made with them. `false`, and nothing is done: one
    /// of them is not there.
    pub async fn stage_keys(&self, keys: Vec<StagedKey>) -> Result<bool> {
        const VALUE: &str = "UPDATE app_keys SET lookup = $1 WHERE id = $2";
        const SECRET: &str = "UPDATE app_keys SET secret = $1 WHERE id = $2";
        self.db
            .write(async move |tx: &mut Tx<'_>| {
                for key in &keys {
                    let lookup = key.value.as_ref().map(|value| value.lookup(key.kind).into());
                    let secret = key.secret.map(Into::into);
                    for (sql, new) in [(VALUE, lookup), (SECRET, secret)] {
                        let Some(new) = new else { continue };
                        if tx.execute(sql, &[new, key.id.into()]).await? == 0 {
                            return roll_back(false);
                        }
                    }
                }
                commit(true)
            })
            .await
    }

    /// Lets a token have lain unused since `used_at`. `false`: there is no live token of this id that was used later.
    pub async fn neglect_token(&self, token: TokenId, used_at: Time) -> Result<bool> {
        const NEGLECT: &str = "UPDATE tokens SET used_at = $1 WHERE id = $2 AND used_at > $1 AND revoked_at IS NULL";
        self.change(NEGLECT, [used_at.into(), token.into()]).await
    }
}
