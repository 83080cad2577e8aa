//! What a user would pick instead: oidc-provider on Node, on the same job: of many tokens, each of a person's own consent,
//! which a restart does not lose, is this one alive?

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};

use super::child::{self, Running};
use super::load::{self, Script};

/// `client:secret` as HTTP Basic.
const BASIC: &str = "Basic Y2xpZW50OnNlY3JldA==";

/// A running peer, and the tokens that it issued.
pub(crate) struct Peer {
    pub(crate) running: Running,
    tokens: Vec<String>,
}

/// Where its records are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Records {
    /// In a file, as ours are: what it says itself is needed wherever they matter.
    Sqlite,
    /// In a Map, which ends with it.
    Memory,
}

/// Installs it beside the build, once, and starts it with so many tokens.
pub(crate) fn start(records: Records, count: usize) -> anyhow::Result<Peer> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("peer");
    let folder = installed(&source)?;
    for file in ["peer.db", "peer.db-wal", "peer.db-shm"] {
        let _ = std::fs::remove_file(folder.join(file));
    }
    let place = if records == Records::Sqlite { "sqlite" } else { "memory" };
    let running = child::other(&["node", "introspect.mjs", place, "tokens", &count.to_string()], &folder)?;
    let tokens: Vec<_> = std::fs::read_to_string(folder.join("tokens"))?.lines().map(str::to_owned).collect();
    ensure!(tokens.len() == count, "the peer issued {} tokens", tokens.len());
    Ok(Peer { running, tokens })
}

fn installed(source: &Path) -> anyhow::Result<PathBuf> {
    let folder = std::env::current_exe()?.parent().context("a folder")?.join("bench-peer");
    std::fs::create_dir_all(&folder)?;
    for file in ["package.json", "introspect.mjs"] {
        std::fs::copy(source.join(file), folder.join(file))?;
    }
    if !["oidc-provider", "better-sqlite3"].iter().all(|name| folder.join("node_modules").join(name).is_dir()) {
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund"]).current_dir(&folder).stdout(Stdio::null());
        ensure!(npm.status().context("npm is needed")?.success(), "npm could not install the peer");
    }
    Ok(folder)
}

fn post(address: SocketAddr, path: &str, form: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: {BASIC}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    )
    .into_bytes()
}

/// Introspections of living tokens, in no order.
pub(crate) struct Introspect<'p> {
    peer: &'p Peer,
    at: usize,
}

impl Script for Introspect<'_> {
    fn next(&mut self, _: usize, _: &[u8], out: &mut Vec<u8>) -> bool {
        self.at = (self.at + 7919) % self.peer.tokens.len();
        out.extend_from_slice(&self.peer.introspect(&self.peer.tokens[self.at]));
        true
    }
}

impl Peer {
    /// What is asked of it by turns.
    pub(crate) fn script(&self) -> anyhow::Result<Introspect<'_>> {
        let token = self.tokens.first().context("no token")?;
        let said = load::ask(self.running.address, &self.introspect(token))?;
        let said = String::from_utf8_lossy(&said).into_owned();
        ensure!(said.contains("\"active\":true"), "{said}");
        Ok(Introspect { peer: self, at: 0 })
    }

    /// With the hint that saves it looking among tokens of other kinds.
    fn introspect(&self, token: &str) -> Vec<u8> {
        let form = format!("token={token}&token_type_hint=access_token");
        post(self.running.address, "/token/introspection", &form)
    }
}
