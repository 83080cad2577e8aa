//! The business token's life: traded for a code, asked about, given back. Four requests and their answers.

use reqwest::header::{CONTENT_TYPE, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::form_urlencoded::Serializer;

use crate::exchange::{Authorize, Door};
use crate::{Client, Error, Verifier};

/// What `POST /oauth/business/token` is asked with.
#[derive(Clone, Debug)]
pub struct CodeTrade {
    /// The app's REST API key.
    pub client_id: String,
    /// The key's business client secret; needed while it is switched on, which is the default.
    pub client_secret: Option<SecretString>,
    /// The redirect URI that the code was sent to.
    pub redirect_uri: String,
    /// The code, which works once.
    pub code: SecretString,
    /// The verifier, if the code was asked for with its challenge.
    pub verifier: Option<Verifier>,
}

/// A business token. It has no expiry and nothing to refresh it with: it lives until revoked or long unused.
#[derive(Clone, Debug)]
pub struct BusinessToken {
    /// The token itself.
    pub access_token: SecretString,
    /// `bearer`.
    pub token_type: String,
    /// The consent items that the token carries, separated by spaces.
    pub scope: String,
}

/// A token that the platform vouches for, as `GET /v1/business/tokeninfo` describes it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct LiveToken {
    /// The id of the token, which is no secret.
    pub id: String,
    /// The person's id towards this app.
    pub token_user_id: String,
    /// What the person agreed to, by group.
    pub biz_agreements: Vec<Agreement>,
    /// `ACTIVE` or `active`: the platform's table and sample disagree.
    pub status: String,
    /// The last change of the token, `YYYY-MM-DDThh:mm:ssZ`.
    pub updated_at: String,
}

/// What a person agreed to within one group of consent items.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Agreement {
    /// `personal`, `moment`, `keyword`, in either case: the platform's table and sample disagree.
    pub group: String,
    /// The consent items, by id.
    pub scope: Vec<String>,
    /// The ad accounts lent, `*` for all of them; `None` for a group without ad accounts.
    pub ad_account_ids: Option<Vec<String>>,
    /// The channel profiles lent, if any.
    pub channel_public_ids: Option<Vec<String>>,
}

/// The person behind a token, as `GET /v1/business/userinfo` describes them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct BusinessUser {
    /// The person's id towards this app.
    pub token_user_id: String,
    /// The account's e-mail address; `None` unless `biz_account_email` was agreed to.
    pub email: Option<String>,
    /// Whether that address is verified and valid; `None` unless `biz_account_email` was agreed to.
    pub email_verified: Option<bool>,
}

/// What `POST /v1/business/revoke` says of the token that is no more.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RevokedToken {
    /// The id of the token.
    pub id: String,
    /// The person's id towards this app.
    pub token_user_id: String,
}

#[derive(Deserialize)]
struct TokenReply {
    access_token: String,
    token_type: String,
    scope: String,
}

impl Client {
    /// Trades an authorization code for a business token.
    ///
    /// A refusal is [`Error::Kauth`]. After [`Error::Transport`] the code may be spent: ask for a new one, since a
    /// second try with a spent code kills the token that the first one bought (RFC 6749 §4.1.2).
    pub async fn trade_code(&self, trade: &CodeTrade) -> Result<BusinessToken, Error> {
        let verifier = trade.verifier.as_ref().map(Verifier::secret);
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code");
        form.append_pair("client_id", &trade.client_id);
        form.append_pair("redirect_uri", &trade.redirect_uri);
        form.append_pair("code", trade.code.expose_secret());
        // Only in the body: the contract knows no HTTP Basic.
        form.extend_pairs(trade.client_secret.iter().map(|it| ("client_secret", it.expose_secret())));
        form.extend_pairs(verifier.iter().map(|it| ("code_verifier", it.expose_secret())));

        let content_type = HeaderValue::from_static("application/x-www-form-urlencoded;charset=utf-8");
        let request = self.http.post(self.hosts.kauth("/oauth/business/token")).header(CONTENT_TYPE, content_type);
        let answer = self.send(request.body(form.finish())).await?;

        let secrets: Vec<_> =
            [Some(&trade.code), trade.client_secret.as_ref(), verifier].into_iter().flatten().collect();
        let reply: TokenReply = answer.result(Door::Kauth, &secrets)?;
        if reply.access_token.is_empty() || !reply.token_type.eq_ignore_ascii_case("bearer") {
            return Err(answer.unexpected("no bearer token"));
        }
        Ok(BusinessToken { access_token: reply.access_token.into(), token_type: reply.token_type, scope: reply.scope })
    }

    /// Asks what a token stands for. One that is unknown, revoked or expired is [`Error::Kapi`] with code -401.
    pub async fn token_info(&self, token: &SecretString) -> Result<LiveToken, Error> {
        let request = self.http.get(self.hosts.kapi("/v1/business/tokeninfo"));
        let answer = self.send(request.authorize("Bearer", token, "token")?).await?;
        answer.result(Door::Kapi, &[token])
    }

    /// Asks who lent the token.
    pub async fn user_info(&self, token: &SecretString) -> Result<BusinessUser, Error> {
        let request = self.http.get(self.hosts.kapi("/v1/business/userinfo"));
        let answer = self.send(request.authorize("Bearer", token, "token")?).await?;
        answer.result(Door::Kapi, &[token])
    }

    /// Gives a token back. After a success it is dead; a second time it is unknown, code -401.
    pub async fn revoke(&self, token: &SecretString) -> Result<RevokedToken, Error> {
        let request = self.http.post(self.hosts.kapi("/v1/business/revoke"));
        let answer = self.send(request.authorize("Bearer", token, "token")?).await?;
        answer.result(Door::Kapi, &[token])
    }
}
