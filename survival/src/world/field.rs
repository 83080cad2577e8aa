//! The servers of a program whose callers come all at once: two processes on PostgreSQL, one on the embedded engine.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Context;
use reqwest::Client;
use tokio::task::JoinSet;

use super::{App, Ask, Engine, Scene, Server, program, tokeninfo};

/// The servers and the scene that they serve.
pub(crate) struct Field {
    pub(crate) scene: Scene,
    pub(crate) servers: Vec<Server>,
    pub(crate) client: Client,
    flags: Vec<String>,
    addresses: AtomicU32,
}

impl Field {
    /// Over a scene, with these flags.
    pub(crate) async fn laid(scene: Scene, flags: Vec<String>) -> anyhow::Result<Field> {
        let mut servers = Vec::new();
        for _ in 0..if scene.engine == Engine::Postgres { 2 } else { 1 } {
            servers.push(Server::start(&flags).await?);
        }
        Ok(Field { scene, servers, client: program()?, flags, addresses: AtomicU32::new(0) })
    }

    /// An address that nobody has come from. One address may be wrong so many times a minute, and in the long form it would
    /// be; what is tried here is another rule.
    pub(crate) fn elsewhere(&self) -> String {
        Ipv4Addr::from_bits(0x0a00_0001 + self.addresses.fetch_add(1, Ordering::Relaxed)).to_string()
    }

    /// The server whose turn it is.
    pub(crate) fn base(&self, turn: usize) -> String {
        self.servers[turn % self.servers.len()].base.clone()
    }

    /// Whether every server says that a token is alive (200) or dead (401).
    pub(crate) async fn everywhere(&self, token: &str, status: u16) -> bool {
        for server in &self.servers {
            if tokeninfo(&self.client, &server.base, token).await.map(|said| said.status) != Ok(status) {
                return false;
            }
        }
        true
    }

    /// A server is started in the place of the one of this number, which is killed if it still runs.
    pub(crate) async fn start_anew(&mut self, number: usize) -> anyhow::Result<()> {
        let next = Server::start(&self.flags).await?;
        // The one before is killed as it is dropped.
        self.servers[number] = next;
        Ok(())
    }

    /// A key of its own for a trial that ends it, or uses up what it may do.
    pub(crate) async fn another_key(&self) -> anyhow::Result<App> {
        let (scene, like) = (&self.scene, &self.scene.app);
        let made = scene.tell(&["key", "create", &like.id.to_string(), "--kind", "rest_api", "--json"]).await?;
        let made: serde_json::Value = serde_json::from_str(&made)?;
        let text = |name: &str| made[name].as_str().map(str::to_owned).with_context(|| format!("no {name} in {made}"));
        let key = text("id")?;
        scene.tell(&["key", "redirect", "add", &key, &like.redirect_uri]).await?;
        let id = key.parse().ok().context("the id of a key is a number")?;
        let (client_id, client_secret) = (text("value")?, text("client_secret")?);
        Ok(App { id: like.id, key: id, client_id, client_secret, redirect_uri: like.redirect_uri.clone() })
    }
}

/// Runs `one` for each of a crowd at the same time: what each heard.
pub(crate) async fn at_once<T, F>(crowd: usize, one: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let mut all = JoinSet::new();
    for turn in 0..crowd {
        all.spawn(one(turn));
    }
    all.join_all().await
}

/// How often each status was seen; what got no answer is counted under its reason.
pub(crate) fn counted<'a>(said: impl IntoIterator<Item = &'a Ask>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for ask in said {
        let name = match ask {
            Ok(said) => said.status.to_string(),
            Err(lost) => format!("{lost:?}"),
        };
        *counts.entry(name).or_insert(0) += 1;
    }
    counts
}
