//! `bizauth key`: app keys of all four kinds. Redirect URIs, client secrets and allowed callers have a file each.

mod callers;
mod redirect;
mod secret;

use bizauth_core::id::AppId;
use bizauth_core::key::{KEYS_PER_KIND, KeyKind};
use bizauth_core::secret::Digest;
use bizauth_core::time::Time;
use bizauth_store::{KeyRecord, NewKey};
use clap::Subcommand;
use serde_json::{Value, json};

use super::desk::{Desk, no_key};
use super::noun;
use super::output::{Rows, on_off};
use super::read::{self, KeyName, Switch};
use super::refusal::refuse;

/// What can be done with keys. A key is named by its id, or by its value unless it is an admin key.
#[derive(Subcommand)]
pub(super) enum Verb {
    /// Make a key; a REST API key comes with its client secret
    #[command(after_help = "Example:\n  bizauth key create APP --kind rest_api --name production\n\n\
                            A client secret and an admin key are printed once: only their digests are kept.")]
    Create {
        /// The app it belongs to
        #[arg(value_parser = read::app_id)]
        app: AppId,
        /// What it is for
        #[arg(long, value_parser = read::key_kind())]
        kind: KeyKind,
        /// A name for people
        #[arg(long, value_parser = read::words)]
        name: Option<String>,
    },
    /// List the keys of an app
    List {
        /// The app
        #[arg(value_parser = read::app_id)]
        app: AppId,
    },
    /// Switch a key off for now
    Disable {
        /// The key
        #[arg(value_name = "KEYID", value_parser = read::key_name)]
        key: KeyName,
    },
    /// Switch a disabled key on again
    Enable {
        /// The key
        #[arg(value_name = "KEYID", value_parser = read::key_name)]
        key: KeyName,
    },
    /// Delete a key for good; its tokens have ended
    Delete {
        /// The key
        #[arg(value_name = "KEYID", value_parser = read::key_name)]
        key: KeyName,
    },
    /// The business redirect URIs of a REST API key
    #[command(subcommand)]
    Redirect(redirect::Verb),
    /// The client secret of a REST API key
    #[command(subcommand)]
    Secret(secret::Verb),
    /// Show or set from which addresses a REST API key may be used
    Callers(callers::Callers),
    /// Whether authorize requests with a REST API key must send a PKCE challenge
    Pkce {
        /// The REST API key
        #[arg(value_name = "KEYID", value_parser = read::key_name)]
        key: KeyName,
        /// On or off
        state: Switch,
    },
    /// Whether an admin key may call system/ips
    Ips {
        /// The admin key, by its id
        #[arg(value_name = "KEYID", value_parser = read::key_name)]
        key: KeyName,
        /// On or off
        state: Switch,
    },
}

impl noun::Verb for Verb {
    async fn run(self, desk: &mut Desk<'_>) -> anyhow::Result<()> {
        match self {
            Verb::Create { app, kind, name } => create(desk, app, kind, name).await,
            Verb::List { app } => list(desk, app).await,
            Verb::Disable { key } => set_disabled(desk, &key, Switch::On).await,
            Verb::Enable { key } => set_disabled(desk, &key, Switch::Off).await,
            Verb::Delete { key } => delete(desk, &key).await,
            Verb::Redirect(verb) => verb.run(desk).await,
            Verb::Secret(verb) => verb.run(desk).await,
            Verb::Callers(callers) => callers.run(desk).await,
            Verb::Pkce { key, state } => set_pkce_required(desk, &key, state).await,
            Verb::Ips { key, state } => set_may_read_ips(desk, &key, state).await,
        }
    }
}

async fn create(desk: &mut Desk<'_>, app: AppId, kind: KeyKind, name: Option<String>) -> anyhow::Result<()> {
    desk.app(app).await?;
    let (value, name) = (desk.entropy.app_key(), name.unwrap_or_else(|| kind.word().to_owned()));
    let secret = (kind == KeyKind::RestApi).then(|| desk.entropy.client_secret());
    let digest = secret.as_ref().map(|secret| Digest::of(secret.as_bytes()));
    let new = NewKey { app, kind, value: value.clone(), name: name.clone(), secret: digest };
    let made = desk.by().create_key(new).await?;
    let id = made.ok_or_else(|| {
        let what =
            format!("app {app} has {KEYS_PER_KIND} keys of the kind {}, which is as many as it may have", kind.word());
        refuse(what, format!("delete one that is no longer used: `bizauth key list {app}` shows them"))
    })?;
    let mut json = json!({
        "id": id.to_string(),
        "app": app.to_string(),
        "kind": kind.word(),
        "name": name,
        "value": value.expose(),
    });
    if let Some(secret) = &secret {
        json["client_secret"] = json!(secret);
    }
    desk.output.data(json, || match &secret {
        Some(secret) => Rows::card([
            ("id", id.to_string()),
            ("name", name),
            ("rest_api_key", value.expose().to_owned()),
            ("client_secret", secret.clone()),
        ]),
        None => Rows::card([("id", id.to_string()), ("name", name), ("value", value.expose().to_owned())]),
    })?;
    match kind {
        KeyKind::RestApi => desk.output.note("note: keep the client secret now, it is never shown again"),
        KeyKind::Admin => desk.output.note("note: keep the admin key now, it is never shown again"),
        KeyKind::Native | KeyKind::JavaScript => {}
    }
    Ok(())
}

async fn list(desk: &mut Desk<'_>, app: AppId) -> anyhow::Result<()> {
    desk.app(app).await?;
    let keys = desk.store.keys_of(app, desk.now).await?;
    let rows: Vec<Value> = keys.iter().map(key_json).collect();
    desk.output.data(json!({ "keys": rows }), || {
        let row = |record: &KeyRecord| {
            let key = &record.key;
            let rest = key.kind == KeyKind::RestApi;
            let only_rest = |text: String| if rest { text } else { "-".to_owned() };
            [
                key.id.to_string(),
                key.kind.word().to_owned(),
                record.value.clone().unwrap_or_else(|| "(hidden)".to_owned()),
                record.name.clone(),
                if key.disabled { "disabled" } else { "active" }.to_owned(),
                only_rest(on_off(key.secret_on)),
                only_rest(if key.pkce_required { "required" } else { "optional" }.to_owned()),
                only_rest(record.redirect_uris.len().to_string()),
                only_rest(if key.callers.is_empty() { "anywhere".to_owned() } else { key.callers.len().to_string() }),
            ]
        };
        let titles = ["ID", "KIND", "VALUE", "NAME", "STATE", "SECRET", "PKCE", "REDIRECT URIS", "CALLERS"];
        Rows::titled(titles, keys.iter().map(row))
    })?;
    Ok(())
}

async fn set_disabled(desk: &mut Desk<'_>, name: &KeyName, disabled: Switch) -> anyhow::Result<()> {
    let id = desk.key_id(name).await?;
    if !desk.by().set_key_disabled(id, disabled.is_on()).await? {
        return Err(no_key("key", name));
    }
    let word = if disabled.is_on() { "disabled" } else { "active" };
    Ok(desk.output.done(&format!("key {id} is {word}"), json!({ "id": id.to_string(), "state": word }))?)
}

async fn delete(desk: &mut Desk<'_>, name: &KeyName) -> anyhow::Result<()> {
    let id = desk.key_id(name).await?;
    if !desk.by().delete_key(id).await? {
        return Err(no_key("key", name));
    }
    let json = json!({ "id": id.to_string(), "state": "deleted" });
    Ok(desk.output.done(&format!("key {id} is deleted; the tokens it was given have ended"), json)?)
}

async fn set_pkce_required(desk: &mut Desk<'_>, name: &KeyName, state: Switch) -> anyhow::Result<()> {
    let id = desk.key_id(name).await?;
    if !desk.by().set_pkce_required(id, state.is_on()).await? {
        return Err(no_key("REST API key", name));
    }
    let said = if state.is_on() { "requires PKCE" } else { "does not require PKCE" };
    let json = json!({ "id": id.to_string(), "pkce_required": state.is_on() });
    Ok(desk.output.done(&format!("key {id} {said}"), json)?)
}

async fn set_may_read_ips(desk: &mut Desk<'_>, name: &KeyName, state: Switch) -> anyhow::Result<()> {
    let id = desk.key_id(name).await?;
    if !desk.by().set_may_read_ips(id, state.is_on()).await? {
        return Err(no_key("admin key", name));
    }
    let said = if state.is_on() { "may call system/ips" } else { "may not call system/ips" };
    let json = json!({ "id": id.to_string(), "may_read_ips": state.is_on() });
    Ok(desk.output.done(&format!("admin key {id} {said}"), json)?)
}

/// A key for programs. What only some kinds have is null for the others.
pub(super) fn key_json(record: &KeyRecord) -> Value {
    let key = &record.key;
    let rest = key.kind == KeyKind::RestApi;
    let callers: Vec<String> = key.callers.iter().map(ToString::to_string).collect();
    json!({
        "id": key.id.to_string(),
        "kind": key.kind.word(),
        "value": record.value,
        "name": record.name,
        "state": if key.disabled { "disabled" } else { "active" },
        "secret_on": rest.then_some(key.secret_on),
        "old_secret_until": record.old_secret_until.map(Time::to_utc),
        "redirect_uris": rest.then_some(&record.redirect_uris),
        "pkce_required": rest.then_some(key.pkce_required),
        "callers": rest.then_some(callers),
        "may_read_ips": (key.kind == KeyKind::Admin).then_some(key.may_read_ips),
    })
}
