//! `bizauth key redirect`: the business redirect URIs of a REST API key. Core judges what may be registered.

use bizauth_core::key::KeyKind;
use bizauth_core::redirect::{self, Flaw, URIS_PER_KEY};
use bizauth_store::AddedUri;
use clap::Subcommand;
use serde_json::json;

use super::super::desk::{Desk, no_key};
use super::super::output::Rows;
use super::super::read::{self, KeyName};
use super::super::refusal::refuse;

/// What can be done with redirect URIs.
#[derive(Subcommand)]
pub(in crate::cli) enum Verb {
    /// Register a redirect URI; it is compared byte for byte
    #[command(after_help = "Example:\n  bizauth key redirect add KEYID https://app.example.com/callback")]
    Add {
        /// The REST API key
        #[arg(value_name = "KEYID", value_parser = read::key_name)]
        key: KeyName,
        /// The redirect URI
        uri: String,
    },
    /// Take a redirect URI away
    Remove {
        /// The REST API key
        #[arg(value_name = "KEYID", value_parser = read::key_name)]
        key: KeyName,
        /// The redirect URI, exactly as it is registered
        uri: String,
    },
    /// List the redirect URIs
    List {
        /// The REST API key
        #[arg(value_name = "KEYID", value_parser = read::key_name)]
        key: KeyName,
    },
}

impl Verb {
    /// Does it.
    pub(super) async fn run(self, desk: &mut Desk<'_>) -> anyhow::Result<()> {
        match self {
            Verb::Add { key, uri } => add(desk, &key, uri).await,
            Verb::Remove { key, uri } => remove(desk, &key, uri).await,
            Verb::List { key } => list(desk, &key).await,
        }
    }
}

async fn add(desk: &mut Desk<'_>, name: &KeyName, uri: String) -> anyhow::Result<()> {
    let found = desk.key(name).await?;
    if found.key.kind != KeyKind::RestApi {
        return Err(no_key("REST API key", name));
    }
    let wildcard = desk.config.wildcard_redirects && found.app.counts_as_biz();
    redirect::register(&uri, wildcard).map_err(|flaw| refuse(flaw.to_string(), remedy(flaw)))?;
    let id = found.key.id;
    match desk.by().add_redirect_uri(id, uri.clone()).await? {
        AddedUri::Added | AddedUri::AlreadyThere => {
            let json = json!({ "key": id.to_string(), "redirect_uri": uri });
            Ok(desk.output.done(&format!("{uri} is registered for key {id}"), json)?)
        }
        AddedUri::Full => Err(refuse(
            format!("key {id} has {URIS_PER_KEY} redirect URIs, which is as many as it may have"),
            format!("remove one first: `bizauth key redirect list {id}` shows them"),
        )),
        AddedUri::Unfit(flaw) => Err(refuse(flaw.to_string(), remedy(flaw))),
        AddedUri::NoSuchKey => Err(no_key("REST API key", name)),
    }
}

fn remedy(flaw: Flaw) -> &'static str {
    match flaw {
        Flaw::Wildcard => {
            "register each host by itself, or set wildcard_redirects (BIZAUTH_WILDCARD_REDIRECTS=true) here and for \
             the server"
        }
        _ => "register it exactly as the app sends it, such as https://app.example.com/callback",
    }
}

async fn remove(desk: &mut Desk<'_>, name: &KeyName, uri: String) -> anyhow::Result<()> {
    let id = desk.key_id(name).await?;
    if !desk.by().remove_redirect_uri(id, uri.clone()).await? {
        let hint = format!("`bizauth key redirect list {id}` shows those that are");
        return Err(refuse(format!("{uri} is not registered for key {id}"), hint));
    }
    let json = json!({ "key": id.to_string(), "redirect_uri": uri });
    Ok(desk.output.done(&format!("{uri} is no longer registered for key {id}"), json)?)
}

async fn list(desk: &mut Desk<'_>, name: &KeyName) -> anyhow::Result<()> {
    let found = desk.key(name).await?;
    let json = json!({ "key": found.key.id.to_string(), "redirect_uris": found.redirect_uris });
    let rows = found.redirect_uris.into_iter().map(|uri| [uri]);
    Ok(desk.output.data(json, || Rows::titled(["REDIRECT URI"], rows))?)
}
