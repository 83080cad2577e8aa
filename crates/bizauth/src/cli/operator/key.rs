//! `bizauth operator key`: keys to the operator API. A key is printed by the command that makes it, once.

use std::time::Duration;

use bizauth_core::id::OperatorKeyId;
use bizauth_core::operator::Scope;
use bizauth_core::secret::Credential;
use bizauth_core::time::{DAY, Time};
use bizauth_store::OperatorKeyRecord;
use clap::Subcommand;
use serde_json::{Value, json};

use super::super::desk::{AT_A_TIME, Desk, every};
use super::super::output::Rows;
use super::super::read;
use super::super::refusal::refuse;

/// What can be done with operator keys.
#[derive(Subcommand)]
pub(in crate::cli) enum Verb {
    /// Make a key, and print it once
    #[command(after_help = "Example: a directory of assets that keeps this platform in step, for a year\n  \
                            bizauth operator key create 'CRM sync' --scope assets:write --days 365")]
    Create {
        /// A name for people; the audit log shows it
        #[arg(value_parser = read::words)]
        name: String,
        /// What it may do; may be given several times. Whoever may write may read
        #[arg(long, required = true, value_name = "SCOPE", value_parser = read::operator_scope())]
        scope: Vec<Scope>,
        /// After how many days it ends by itself; without, it does not
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=3650))]
        days: Option<u32>,
    },
    /// List the keys, newest first, the ended ones too
    List,
    /// End a key at once and for good
    Revoke {
        /// The key
        #[arg(value_parser = read::operator_key_id)]
        id: OperatorKeyId,
    },
}

impl Verb {
    /// Does it.
    pub(super) async fn run(self, desk: &mut Desk<'_>) -> anyhow::Result<()> {
        match self {
            Verb::Create { name, scope, days } => create(desk, name, scope, days.map(|days| DAY * days)).await,
            Verb::List => list(desk).await,
            Verb::Revoke { id } => revoke(desk, id).await,
        }
    }
}

fn words(scopes: &[Scope]) -> Vec<&'static str> {
    scopes.iter().map(|scope| scope.word()).collect()
}

async fn create(desk: &mut Desk<'_>, name: String, scopes: Vec<Scope>, life: Option<Duration>) -> anyhow::Result<()> {
    let (scopes, expires_at) = (Scope::tidy(scopes), life.map(|life| desk.now.plus(life)));
    let secret = desk.entropy.secret();
    let id = desk.by().create_operator_key(name.clone(), scopes.clone(), secret.digest(), expires_at).await?;
    let (key, ends) = (Credential::OperatorKey.spell(id.0, &secret), expires_at.map(Time::to_utc));
    let json = json!({ "id": id.to_string(), "name": name, "scopes": words(&scopes), "expires_at": ends, "key": key });
    desk.output.data(json, || {
        let ends = ends.unwrap_or_else(|| "never".to_owned());
        Rows::card([
            ("id", id.to_string()),
            ("name", name),
            ("scopes", words(&scopes).join(" ")),
            ("ends", ends),
            ("key", key),
        ])
    })?;
    desk.output.note("note: keep the key now, it is never shown again");
    Ok(())
}

async fn list(desk: &mut Desk<'_>) -> anyhow::Result<()> {
    let keys = every(async |turn| desk.store.operator_keys(&turn, AT_A_TIME).await, |key| key.id).await?;
    let now = desk.now;
    let state = |key: &OperatorKeyRecord| match key.revoked_at {
        Some(_) => "revoked",
        None if key.is_alive(now) => "alive",
        None => "expired",
    };
    let json = |key: &OperatorKeyRecord| {
        json!({
            "id": key.id.to_string(),
            "name": key.name,
            "scopes": words(&key.scopes),
            "state": state(key),
            "made_at": key.made_at.to_utc(),
            "expires_at": key.expires_at.map(Time::to_utc),
            "used_at": key.used_at.map(Time::to_utc),
        })
    };
    let documents: Vec<Value> = keys.iter().map(json).collect();
    let utc = |time: Option<Time>| time.map_or_else(|| "never".to_owned(), Time::to_utc);
    let row = |key: &OperatorKeyRecord| {
        let (id, scopes) = (key.id.to_string(), words(&key.scopes).join(" "));
        [id, key.name.clone(), state(key).to_owned(), scopes, utc(key.expires_at), utc(key.used_at)]
    };
    let titles = ["ID", "NAME", "STATE", "SCOPES", "ENDS", "LAST USED"];
    Ok(desk.output.data(json!({ "keys": documents }), || Rows::titled(titles, keys.iter().map(row)))?)
}

async fn revoke(desk: &mut Desk<'_>, id: OperatorKeyId) -> anyhow::Result<()> {
    if !desk.by().revoke_operator_key(id).await? {
        let hint = "`bizauth operator key list` shows the keys";
        return Err(refuse(format!("there is no operator key {id} that is not revoked"), hint));
    }
    Ok(desk.output.done(&format!("operator key {id} is revoked"), json!({ "id": id.to_string(), "revoked": true }))?)
}
