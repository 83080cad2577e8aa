//! What a user would pick instead: oidc-provider on Node, its records in memory, on the same job: is this token alive?

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};

use super::child::{self, Running};
use super::load;
use super::script::Same;

/// `client:secret` as HTTP Basic.
const BASIC: &str = "Basic Y2xpZW50OnNlY3JldA==";

/// A running peer.
pub(crate) struct Peer {
    pub(crate) running: Running,
}

/// Installs it beside the build, once, and starts it.
pub(crate) fn start() -> anyhow::Result<Peer> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("peer");
    let folder = installed(&source)?;
    Ok(Peer { running: child::other(&["node", "introspect.mjs"], &folder)? })
}

fn installed(source: &Path) -> anyhow::Result<PathBuf> {
    let folder = std::env::current_exe()?.parent().context("a folder")?.join("bench-peer");
    std::fs::create_dir_all(&folder)?;
    for file in ["package.json", "introspect.mjs"] {
        std::fs::copy(source.join(file), folder.join(file))?;
    }
    if !folder.join("node_modules/oidc-provider").is_dir() {
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

impl Peer {
    /// Introspections of a living token.
    pub(crate) fn script(&self) -> anyhow::Result<Same> {
        let address = self.running.address;
        let form = "grant_type=client_credentials&scope=api";
        let issued = load::ask(address, &post(address, "/token", form))?;
        let text = String::from_utf8_lossy(&issued).into_owned();
        let token = text.split("\"access_token\":\"").nth(1).and_then(|rest| rest.split('"').next());
        let token = token.with_context(|| text.clone())?;
        let request = post(address, "/token/introspection", &format!("token={token}"));
        let said = load::ask(address, &request)?;
        let said = String::from_utf8_lossy(&said).into_owned();
        ensure!(said.contains("\"active\":true"), "{said}");
        Ok(Same(request))
    }
}
