//! Authorization codes and the tokens they buy: each code one token, whoever asks at the same time.

use std::sync::Arc;

use bizauth_core::code::{Challenge, Code};
use bizauth_core::fault::KauthFault;
use bizauth_core::id::{AppUserId, CodeId, KeyId, TokenId};
use bizauth_core::scope::{self, ItemId};
use bizauth_core::secret::Digest;
use bizauth_core::time::Time;

use crate::Store;
use crate::db::{Error, Result, Row, Tx, Value, Verdict, commit, roll_back};
use crate::limits::{self, Limit};
use crate::memory::Memory;

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
    /// Look, judge, claim: what is looked at of a code never changes but for its redemption, and of that the guarded
    /// statement is the verdict, on any isolation level. A right id with a wrong secret finds nothing and revokes nothing.
    pub async fn redeem_code(
        &self,
        code: (CodeId, Digest),
        key: KeyId,
        token: Digest,
        rate: Limit,
        judge: impl Fn(&Code) -> Result<(), KauthFault> + Send + Sync + 'static,
        now: Time,
    ) -> Result<Redemption> {
        let (ids, judge, memory) = (self.ids.clone(), Arc::new(judge), self.memory.clone());
        loop {
            let (ids, judge, memory) = (ids.clone(), judge.clone(), memory.clone());
            let redeem = async move |tx: &mut Tx<'_>| {
                let Some(row) = look(tx, memory.as_deref(), code, key).await? else {
                    return roll_back(Some(Redemption::NotFound));
                };
                let fresh = (TokenId(ids.next(now)), token);
                redeem(tx, (code, &row), key, fresh, rate, &*judge, now).await
            };
            // Nothing said: somebody else was faster, and what they left is there to be looked at now.
            if let Some(redeemed) = self.db.write(redeem).await? {
                return Ok(redeemed);
            }
        }
    }
}

/// The columns of a code that is looked at.
macro_rules! code_columns {
    () => {
        "SELECT o.consent_id, o.key_id, o.app_id, o.user_id, o.app_era, o.user_era, o.redirect_uri, o.challenge,
             o.expires_at, o.redeemed_at, o.token_id, c.items, c.app_user_id, "
    };
}

/// The code with this id and digest, and whether what it stands for is as it was when the person agreed: `stands`. What all
/// codes of the key have in common need not be read where it is remembered.
async fn look(tx: &mut Tx<'_>, memory: Option<&Memory>, code: (CodeId, Digest), key: KeyId) -> Result<Option<Row>> {
    const LOOK: &str = concat!(
        code_columns!(),
        "(a.id IS NOT NULL AND u.id IS NOT NULL AND k.id IS NOT NULL AND c.id IS NOT NULL) AS stands
         FROM codes o LEFT JOIN consents c ON c.id = o.consent_id AND c.withdrawn_at IS NULL
         LEFT JOIN apps a ON a.id = o.app_id AND a.deleted_at IS NULL AND a.era = o.app_era
         LEFT JOIN users u ON u.id = o.user_id AND u.era = o.user_era
         LEFT JOIN app_keys k ON k.id = o.key_id AND k.state <> 'deleted'
         WHERE o.id = $1 AND o.digest = $2"
    );
    const LOOK_OWN: &str = concat!(
        code_columns!(),
        "(u.id IS NOT NULL AND c.id IS NOT NULL AND o.app_era = $1) AS stands
         FROM codes o LEFT JOIN consents c ON c.id = o.consent_id AND c.withdrawn_at IS NULL
         LEFT JOIN users u ON u.id = o.user_id AND u.era = o.user_era
         WHERE o.id = $2 AND o.digest = $3 AND o.key_id = $4 AND o.app_id = $5"
    );
    let (id, digest) = (Value::from(code.0), Value::from(code.1));
    if let Some(memory) = memory
        && let Some(footing) = memory.footing(tx, key).await?
    {
        let its = [footing.era.into(), id.clone(), digest.clone(), key.into(), footing.app.into()];
        if let Some(row) = tx.row(LOOK_OWN, &its).await? {
            return Ok(Some(row));
        }
        // There is none, or it is another key's.
    }
    tx.row(LOOK, &[id, digest]).await
}

/// Trades the code that was looked at for a token.
async fn redeem(
    tx: &mut Tx<'_>,
    (code, row): ((CodeId, Digest), &Row),
    key: KeyId,
    token: (TokenId, Digest),
    rate: Limit,
    judge: &(impl Fn(&Code) -> Result<(), KauthFault> + ?Sized),
    now: Time,
) -> Result<Verdict<Option<Redemption>>> {
    const CLAIM: &str =
        "UPDATE codes SET redeemed_at = $1, token_id = $2 WHERE id = $3 AND digest = $4 AND redeemed_at IS NULL";
    const ISSUE: &str =
        "INSERT INTO tokens (id, digest, consent_id, key_id, app_id, user_id, app_era, user_era, used_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    if row.get::<Option<Time>>("redeemed_at")?.is_some() {
        return replayed(tx, row, key, now).await;
    }
    if let Err(fault) = judge(&read(row)?) {
        return roll_back(Some(Redemption::Refused(fault)));
    }
    if !row.get::<bool>("stands")? {
        return roll_back(Some(Redemption::NotFound));
    }
    let of = |name| row.get::<i64>(name).map(Value::from);
    let claim = [now.into(), token.0.into(), code.0.into(), code.1.into()];
    let issue = [
        token.0.into(),
        token.1.into(),
        of("consent_id")?,
        of("key_id")?,
        of("app_id")?,
        of("user_id")?,
        of("app_era")?,
        of("user_era")?,
        now.into(),
        now.into(),
    ];
    // The count of the key comes last: all who redeem codes of one key wait for each other from there to the end.
    let count = limits::Taking::new(rate, key.to_string(), now);
    let done = match &count {
        Some(count) => tx.each(&[(CLAIM, &claim), (ISSUE, &issue), count.statement()]).await?,
        None => tx.each(&[(CLAIM, &claim), (ISSUE, &issue)]).await?,
    };
    match done[..] {
        [0, ..] => roll_back(None),
        [_, _, 0] => roll_back(Some(Redemption::RateLimited)),
        _ => commit(Some(Redemption::Issued {
            token: token.0,
            app_user: row.get("app_user_id")?,
            items: scope::ids(&row.get::<String>("items")?),
        })),
    }
}

/// A code that was redeemed before: by the same key this is a replay, which ends the token the code bought. Another key's
/// replay ends nothing: a stranger must not be able to.
async fn replayed(tx: &mut Tx<'_>, row: &Row, key: KeyId, now: Time) -> Result<Verdict<Option<Redemption>>> {
    const REVOKE: &str = "UPDATE tokens SET revoked_at = $1, updated_at = $1 WHERE id = $2 AND revoked_at IS NULL";
    if row.get::<KeyId>("key_id")? != key {
        return roll_back(Some(Redemption::NotFound));
    }
    if let Some(token) = row.get::<Option<TokenId>>("token_id")? {
        tx.execute(REVOKE, &[now.into(), token.into()]).await?;
    }
    commit(Some(Redemption::Spent))
}

fn read(row: &Row) -> Result<Code> {
    // A challenge that cannot be read must not count as none.
    let unreadable = || Error::Column { table: "codes", column: "challenge", wanted: "a challenge", found: "text" };
    let read = |text: String| Challenge::read(&text).ok_or_else(unreadable);
    Ok(Code {
        key: row.get("key_id")?,
        redirect_uri: row.get("redirect_uri")?,
        challenge: row.get::<Option<String>>("challenge")?.map(read).transpose()?,
        expires_at: row.get("expires_at")?,
    })
}
