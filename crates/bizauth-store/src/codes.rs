//! Authorization codes and the tokens they buy: each code one token, whoever asks at the same time.

use bizauth_core::code::{Challenge, Code};
use bizauth_core::fault::KauthFault;
use bizauth_core::id::{AppUserId, CodeId, ConsentId, KeyId, TokenId};
use bizauth_core::scope::{self, ItemId};
use bizauth_core::secret::Digest;
use bizauth_core::time::Time;

use crate::Store;
use crate::db::{Result, Row, Tx, commit, roll_back};
use crate::limits::{self, Limit};

/// What became of a redemption. The store says what it found; the door turns that into an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redemption {
    /// The code bought this token.
    Issued {
        /// The business token ID.
        token: TokenId,
        /// The person, as the app knows them.
        app_user: AppUserId,
        /// What was agreed to, in the order asked.
        items: Vec<ItemId>,
    },
    /// No such code, or what it stood for has ended.
    NotFound,
    /// It was redeemed before, by this very key: the token it bought is dead now (RFC 6749, section 4.1.2).
    Spent,
    /// The rule said no. The code is as it was.
    Refused(KauthFault),
    /// The key has had as many tokens as it may for now. The code is as it was.
    RateLimited,
}

impl Store {
    /// Turns a code into a token, once, if `judge` lets it.
    ///
    /// Claim, judge, write: the guarded statement is the verdict, on any isolation level. A right id with a wrong
    /// secret claims nothing and revokes nothing.
    pub async fn redeem_code(
        &self,
        code: (CodeId, Digest),
        key: KeyId,
        token: Digest,
        rate: Limit,
        judge: impl Fn(&Code) -> Result<(), KauthFault> + Send + Sync + 'static,
        now: Time,
    ) -> Result<Redemption> {
        const CLAIM: &str = "UPDATE codes SET redeemed_at = $1, token_id = $2
             WHERE id = $3 AND digest = $4 AND redeemed_at IS NULL
             RETURNING consent_id, key_id, app_id, user_id, app_era, user_era, redirect_uri, challenge, expires_at";
        // What the code stands for must be as it was when the person agreed.
        const STANDS: &str = "SELECT c.items, c.app_user_id FROM consents c, apps a, users u, app_keys k
             WHERE c.id = $1 AND c.withdrawn_at IS NULL AND a.id = $2 AND a.deleted_at IS NULL AND a.era = $3
               AND u.id = $4 AND u.era = $5 AND k.id = $6 AND k.state <> 'deleted'";
        const ISSUE: &str =
            "INSERT INTO tokens (id, digest, consent_id, key_id, app_id, user_id, app_era, user_era, used_at,
                 updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        let ids = self.ids.clone();
        self.db
            .write(async move |tx: &mut Tx<'_>| {
                let id = TokenId(ids.next(now));
                let claim = [now.into(), id.into(), code.0.into(), code.1.into()];
                let Some(row) = tx.row(CLAIM, &claim).await? else { return replayed(tx, code, key, now).await };
                if let Err(fault) = judge(&read(&row)?) {
                    return roll_back(Redemption::Refused(fault));
                }
                let (app, user) = (row.get::<i64>("app_id")?, row.get::<i64>("user_id")?);
                let (app_era, user_era) = (row.get::<i64>("app_era")?, row.get::<i64>("user_era")?);
                let consent: ConsentId = row.get("consent_id")?;
                let stands = [consent.into(), app.into(), app_era.into(), user.into(), user_era.into(), key.into()];
                let Some(stands) = tx.row(STANDS, &stands).await? else { return roll_back(Redemption::NotFound) };
                if !limits::take(tx, rate, key.to_string(), now).await? {
                    return roll_back(Redemption::RateLimited);
                }
                let row = [
                    id.into(),
                    token.into(),
                    consent.into(),
                    key.into(),
                    app.into(),
                    user.into(),
                    app_era.into(),
                    user_era.into(),
                    now.into(),
                    now.into(),
                ];
                tx.execute(ISSUE, &row).await?;
                commit(Redemption::Issued {
                    token: id,
                    app_user: stands.get("app_user_id")?,
                    items: scope::ids(&stands.get::<String>("items")?),
                })
            })
            .await
    }
}

/// Nothing was claimed: either there is no such code, or this is a replay, which ends the token the code bought.
/// Another key's replay ends nothing: a stranger must not be able to.
async fn replayed(
    tx: &mut Tx<'_>,
    code: (CodeId, Digest),
    key: KeyId,
    now: Time,
) -> Result<crate::db::Verdict<Redemption>> {
    const SPENT: &str =
        "SELECT token_id FROM codes WHERE id = $1 AND digest = $2 AND key_id = $3 AND redeemed_at IS NOT NULL";
    const REVOKE: &str = "UPDATE tokens SET revoked_at = $1, updated_at = $1 WHERE id = $2 AND revoked_at IS NULL";
    let Some(row) = tx.row(SPENT, &[code.0.into(), code.1.into(), key.into()]).await? else {
        return roll_back(Redemption::NotFound);
    };
    if let Some(token) = row.get::<Option<TokenId>>("token_id")? {
        tx.execute(REVOKE, &[now.into(), token.into()]).await?;
    }
    commit(Redemption::Spent)
}

fn read(row: &Row) -> Result<Code> {
    let challenge: Option<String> = row.get("challenge")?;
    Ok(Code {
        key: row.get("key_id")?,
        redirect_uri: row.get("redirect_uri")?,
        challenge: challenge.as_deref().and_then(Challenge::read),
        expires_at: row.get("expires_at")?,
    })
}
