//! What comes to its end by itself in a span of time, and looks behind a credential: for a clock that is moved by hand
//! and for explaining a refusal. No door of `bizauth serve` asks these.

use std::time::Duration;

use bizauth_core::id::{AppId, CodeId, ConsentId, KeyId, TokenId, UserId};
use bizauth_core::secret::Digest;
use bizauth_core::time::Time;

use crate::Store;
use crate::db::{Result, Row, Value};

/// Something that ended by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// When.
    pub at: Time,
    /// What.
    pub what: Lapsed,
    /// Its id.
    pub id: i64,
}

/// What can end by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lapsed {
    /// An authorization code that nobody redeemed.
    Code,
    /// A business token that nobody used.
    Token,
    /// A signed-in browser's session.
    Session,
    /// A consent screen that nobody answered.
    Screen,
    /// The client secret of a key before its present one.
    OldSecret,
    /// An invitation that nobody answered.
    Invitation,
}

/// A code, as whoever explains a refusal needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeSeen {
    /// The digest of its secret.
    pub digest: Digest,
    /// The key it was issued to.
    pub key: KeyId,
    /// The redirect URI of its authorize request.
    pub redirect_uri: String,
    /// Whether a PKCE challenge was sent.
    pub has_challenge: bool,
    /// Until when it can be redeemed.
    pub expires_at: Time,
    /// When it was.
    pub redeemed_at: Option<Time>,
    /// The token that it bought.
    pub token: Option<TokenId>,
}

/// Whom a token hangs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bearer {
    /// The app it was issued to.
    pub app: AppId,
    /// The key it was issued to.
    pub key: KeyId,
    /// The account behind it.
    pub user: UserId,
    /// The consent that it stands on.
    pub consent: ConsentId,
}

impl Store {
    /// What ends by itself after `from` and no later than `to`, in order; at most `most` of each kind. A token dies of
    /// disuse when it has not been used for `idle`.
    pub async fn happenings(&self, from: Time, to: Time, idle: Duration, most: i64) -> Result<Vec<Happening>> {
        const CODES: &str = "SELECT id, expires_at AS at FROM codes
             WHERE expires_at > $1 AND expires_at <= $2 AND redeemed_at IS NULL ORDER BY expires_at, id LIMIT $3";
        const TOKENS: &str = "SELECT id, used_at AS at FROM tokens
             WHERE used_at > $1 AND used_at <= $2 AND revoked_at IS NULL ORDER BY used_at, id LIMIT $3";
        const SESSIONS: &str = "SELECT id, expires_at AS at FROM sessions
             WHERE expires_at > $1 AND expires_at <= $2 ORDER BY expires_at, id LIMIT $3";
        const SCREENS: &str = "SELECT id, expires_at AS at FROM pending
             WHERE expires_at > $1 AND expires_at <= $2 AND decided_at IS NULL ORDER BY expires_at, id LIMIT $3";
        const SECRETS: &str = "SELECT id, old_secret_until AS at FROM app_keys
             WHERE old_secret_until > $1 AND old_secret_until <= $2 ORDER BY old_secret_until, id LIMIT $3";
        const INVITATIONS: &str = "SELECT id, expires_at AS at FROM invitations
             WHERE expires_at > $1 AND expires_at <= $2 ORDER BY expires_at, id LIMIT $3";
        let none = Duration::ZERO;
        let mut all = Vec::new();
        for (what, sql, span) in [
            (Lapsed::Code, CODES, none),
            (Lapsed::Token, TOKENS, idle),
            (Lapsed::Session, SESSIONS, none),
            (Lapsed::Screen, SCREENS, none),
            (Lapsed::OldSecret, SECRETS, none),
            (Lapsed::Invitation, INVITATIONS, none),
        ] {
            let params: [Value; 3] = [from.minus(span).into(), to.minus(span).into(), most.into()];
            for row in self.db.few(sql, &params).await? {
                all.push(Happening { at: row.get::<Time>("at")?.plus(span), what, id: row.get("id")? });
            }
        }
        all.sort_by_key(|happening| (happening.at, happening.id));
        Ok(all)
    }

    /// The code of this id, whatever became of it.
    pub async fn code_seen(&self, id: CodeId) -> Result<Option<CodeSeen>> {
        const FIND: &str = "SELECT digest, key_id, redirect_uri, challenge, expires_at, redeemed_at, token_id
             FROM codes WHERE id = $1";
        let read = |row: Row| {
            Ok(CodeSeen {
                digest: row.get("digest")?,
                key: row.get("key_id")?,
                redirect_uri: row.get("redirect_uri")?,
                has_challenge: row.get::<Option<String>>("challenge")?.is_some(),
                expires_at: row.get("expires_at")?,
                redeemed_at: row.get("redeemed_at")?,
                token: row.get("token_id")?,
            })
        };
        self.db.row(FIND, &[id.into()]).await?.map(read).transpose()
    }

    /// Whom the token of this id hangs on.
    pub async fn bearer(&self, id: TokenId) -> Result<Option<Bearer>> {
        const FIND: &str = "SELECT app_id, key_id, user_id, consent_id FROM tokens WHERE id = $1";
        let read = |row: Row| {
            let (app, key) = (row.get("app_id")?, row.get("key_id")?);
            Ok(Bearer { app, key, user: row.get("user_id")?, consent: row.get("consent_id")? })
        };
        self.db.row(FIND, &[id.into()]).await?.map(read).transpose()
    }
}
