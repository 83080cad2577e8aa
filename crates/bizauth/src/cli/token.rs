//! `bizauth token`: the business tokens of an app, by their ids; the tokens themselves are known to nobody but the app.

use bizauth_core::id::{AppId, TokenId};
use bizauth_core::scope::joined;
use bizauth_core::token::Standing;
use bizauth_store::TokenRecord;
use clap::Subcommand;
use serde_json::{Value, json};

use super::desk::{Desk, cut};
use super::noun;
use super::output::Rows;
use super::read;
use super::refusal::refuse;

/// What can be done with tokens.
#[derive(Subcommand)]
pub(super) enum Verb {
    /// List the tokens of an app, newest first
    List {
        /// The app
        #[arg(value_parser = read::app_id)]
        app: AppId,
        /// Only those that are older than this one
        #[arg(long, value_name = "ID", value_parser = read::token_id)]
        before: Option<TokenId>,
        /// How many at most
        #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=1_000_000))]
        limit: i64,
    },
    /// End a token
    Revoke {
        /// The app it was given to
        #[arg(value_parser = read::app_id)]
        app: AppId,
        /// The token
        #[arg(value_name = "TOKENID", value_parser = read::token_id)]
        token: TokenId,
    },
    /// Withdraw all that an account agreed to for an app
    Withdraw {
        /// The account
        #[arg(value_parser = read::email)]
        email: String,
        /// The app
        #[arg(value_parser = read::app_id)]
        app: AppId,
    },
}

impl noun::Verb for Verb {
    async fn run(self, desk: &mut Desk<'_>) -> anyhow::Result<()> {
        match self {
            Verb::List { app, before, limit } => list(desk, app, before, limit).await,
            Verb::Revoke { app, token } => revoke(desk, app, token).await,
            Verb::Withdraw { email, app } => withdraw(desk, email, app).await,
        }
    }
}

async fn list(desk: &mut Desk<'_>, app: AppId, before: Option<TokenId>, limit: i64) -> anyhow::Result<()> {
    desk.app(app).await?;
    let mut tokens = desk.store.tokens_of(app, before, limit + 1).await?;
    let more = cut(&mut tokens, limit);
    let (idle, now) = (desk.config.token_idle_lifetime, desk.now);
    let state = |it: &TokenRecord| match it.token.standing(idle, now) {
        Standing::Active => "active",
        _ => "ended",
    };
    let json = |it: &TokenRecord| {
        let token = &it.token;
        json!({
            "id": token.id.to_string(),
            "token_user_id": token.app_user.to_string(),
            "items": token.items.iter().map(|item| &item.0).collect::<Vec<_>>(),
            "agreed_at": it.agreed_at.to_utc(),
            "used_at": token.used_at.to_utc(),
            "state": state(it),
        })
    };
    let rows: Vec<Value> = tokens.iter().map(json).collect();
    desk.output.data(json!({ "tokens": rows, "more": more }), || {
        let row = |it: &TokenRecord| {
            let token = &it.token;
            let (agreed, used) = (it.agreed_at.to_utc(), token.used_at.to_utc());
            let items = joined(&token.items, " ");
            [token.id.to_string(), token.app_user.to_string(), state(it).to_owned(), agreed, used, items]
        };
        Rows::titled(["ID", "USER ID", "STATE", "AGREED", "USED", "ITEMS"], tokens.iter().map(row))
    })?;
    if let Some(last) = tokens.last().filter(|_| more) {
        desk.output.note(&format!("there are more: --before {}", last.token.id));
    }
    Ok(())
}

async fn revoke(desk: &mut Desk<'_>, app: AppId, token: TokenId) -> anyhow::Result<()> {
    if !desk.by().revoke_token_of(app, token).await? {
        let hint = format!("`bizauth token list {app}` shows its tokens");
        return Err(refuse(format!("app {app} has no live token {token}"), hint));
    }
    let json = json!({ "id": token.to_string(), "state": "ended" });
    Ok(desk.output.done(&format!("token {token} has ended"), json)?)
}

async fn withdraw(desk: &mut Desk<'_>, email: String, app: AppId) -> anyhow::Result<()> {
    desk.app(app).await?;
    let user = desk.user(&email).await?.user.id;
    let consents = desk.by().withdraw_consents(user, app).await?;
    if consents == 0 {
        let what = format!("{email} has agreed to nothing for app {app} that is still in force");
        return Err(refuse(what, "there is nothing left to do"));
    }
    let json = json!({ "email": email, "app": app.to_string(), "withdrawn": consents });
    let word = if consents == 1 { "consent" } else { "consents" };
    Ok(desk
        .output
        .done(&format!("{consents} {word} of {email} for app {app} withdrawn; the tokens have ended"), json)?)
}
