//! Taking back from an app one asset or one token. What was taken back stays readable: rows are marked, never deleted.

use bizauth_core::asset::AssetId;
use bizauth_core::id::{AppId, ConsentId, TokenId, UserId};
use bizauth_core::scope::GroupId;

use crate::audit::{By, Change};
use crate::db::{Result, Tx, Value, commit, roll_back};

/// No code lives longer; the configuration sees to that.
const LONGEST_CODE: std::time::Duration = std::time::Duration::from_secs(60 * 60);

impl By {
    /// Takes one asset back from an app, in everything that was agreed to for it. Where all of the group was lent, the
    /// assets held now are lent one by one instead, and new ones are no more included. `false`: it is not lent.
    pub async fn withdraw_asset(&self, user: UserId, app: AppId, group: GroupId, asset: AssetId) -> Result<bool> {
        const HELD: &str =
            "SELECT id FROM holdings WHERE user_id = $1 AND group_id = $2 AND asset_id = $3 AND lendable = 1";
        const ONE: &str = "UPDATE lent_assets SET withdrawn_at = $1
             WHERE group_id = $2 AND holding_id = $3 AND withdrawn_at IS NULL
               AND consent_id IN (SELECT id FROM consents WHERE user_id = $4 AND app_id = $5 AND withdrawn_at IS NULL)";
        const ALL: &str = "UPDATE lent_assets SET withdrawn_at = $1
             WHERE group_id = $2 AND holding_id IS NULL AND withdrawn_at IS NULL
               AND consent_id IN (SELECT id FROM consents WHERE user_id = $3 AND app_id = $4 AND withdrawn_at IS NULL)
             RETURNING consent_id";
        // The one that is taken back stands first of them, and marked: the record can name it.
        const INSTEAD: &str =
            "INSERT INTO lent_assets (consent_id, position, group_id, holding_id, asset_id, withdrawn_at)
             SELECT CAST($1 AS BIGINT),
                 (SELECT MAX(l.position) FROM lent_assets l WHERE l.consent_id = $1)
                     + ROW_NUMBER() OVER (ORDER BY CASE WHEN h.id = $2 THEN 0 ELSE 1 END, h.asset_id),
                 h.group_id, h.id, h.asset_id, CASE WHEN h.id = $2 THEN CAST($3 AS BIGINT) ELSE NULL END
             FROM holdings h WHERE h.user_id = $4 AND h.group_id = $5 AND h.lendable = 1 AND (h.id = $2
                   OR EXISTS (SELECT 1 FROM tokens t WHERE t.consent_id = $1 AND t.revoked_at IS NULL)
                   OR EXISTS (SELECT 1 FROM consents c WHERE c.id = $1 AND c.agreed_at > $6))";
        const CHANGED: &str = "UPDATE tokens SET updated_at = $1 WHERE revoked_at IS NULL AND consent_id IN
             (SELECT l.consent_id FROM consents c JOIN lent_assets l ON l.consent_id = c.id AND l.withdrawn_at = $1
              WHERE c.user_id = $2 AND c.app_id = $3 AND c.withdrawn_at IS NULL)";
        const SEE: &str = "SELECT COUNT(l.holding_id) AS lent_assets, COUNT(*) - COUNT(l.holding_id) AS lent_groups
             FROM consents c
             JOIN lent_assets l ON l.consent_id = c.id AND l.withdrawn_at IS NULL
             WHERE c.user_id = $1 AND c.app_id = $2 AND c.withdrawn_at IS NULL";
        let actor = self.actor.clone();
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let change = Change::new("asset.withdraw", ("account", user), SEE, [user.into(), app.into()]);
                let change = change.about("app", app).about("asset", format!("{group}:{asset}"));
                let note = change.begin(tx, &actor).await?;
                let now: Value = actor.at.into();
                let codes_from: Value = actor.at.minus(LONGEST_CODE).into();
                let of_group = || -> Value { group.clone().into() };
                let Some(held) = tx.row(HELD, &[user.into(), of_group(), asset.0.clone().into()]).await? else {
                    return roll_back(false);
                };
                let held: Value = held.get::<i64>("id")?.into();
                let one = [now.clone(), of_group(), held.clone(), user.into(), app.into()];
                let mut taken = tx.execute(ONE, &one).await?;
                for row in tx.rows(ALL, &[now.clone(), of_group(), user.into(), app.into()]).await? {
                    let consent: ConsentId = row.get("consent_id")?;
                    // Where no token lives and no code can come any more, none of the others stands in its place: years
                    // of old consents times thousands of assets would keep everybody waiting.
                    let (held, at, codes_from) = (held.clone(), now.clone(), codes_from.clone());
                    let params = [consent.into(), held, at, user.into(), of_group(), codes_from];
                    tx.execute(INSTEAD, &params).await?;
                    taken += 1;
                }
                if taken == 0 {
                    return roll_back(false);
                }
                tx.execute(CHANGED, &[now, user.into(), app.into()]).await?;
                note.end(tx).await?;
                commit(true)
            })
            .await
    }

    /// Takes one token back from an app. `false`: this person lent the app no such live token.
    pub async fn withdraw_token(&self, user: UserId, app: AppId, token: TokenId) -> Result<bool> {
        const WITHDRAW: &str = "UPDATE tokens SET revoked_at = $1, updated_at = $1
             WHERE id = $2 AND user_id = $3 AND app_id = $4 AND revoked_at IS NULL";
        const SEE: &str = "SELECT revoked_at FROM tokens WHERE id = $1";
        let change = Change::new("token.withdraw", ("account", user), SEE, [token.into()]);
        let change = change.about("app", app).about("token", token);
        self.change(change, WITHDRAW, [self.actor.at.into(), token.into(), user.into(), app.into()]).await
    }
}
