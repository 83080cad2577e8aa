//! `bizauth dev`: from the command to the first token, and a world made and dropped. Both are promises of docs/dev.md.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::{Value, json};

use crate::hot::server_program;

/// From the command to the first token, and a world made and dropped
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The program to measure; without, the one beside this
    #[arg(long)]
    program: Option<PathBuf>,
    /// How often it is started
    #[arg(long, default_value_t = 20)]
    starts: usize,
    /// How many worlds are made and dropped
    #[arg(long, default_value_t = 300)]
    worlds: usize,
    /// Also write the figures here
    #[arg(long)]
    json: Option<PathBuf>,
}

/// A platform that runs, ended when it is dropped.
struct Platform {
    child: Child,
    banner: Value,
}

impl Drop for Platform {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Platform {
    fn start(program: &Path) -> anyhow::Result<Self> {
        let mut child = Command::new(program)
            .args(["dev", "--listen", "127.0.0.1:0", "--json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("{} cannot be started", program.display()))?;
        let stdout = child.stdout.take().context("its output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let banner = serde_json::from_str(&line).context("the banner is no JSON")?;
        Ok(Platform { child, banner })
    }

    fn text(&self, name: &str) -> anyhow::Result<String> {
        Ok(self.banner[name].as_str().with_context(|| format!("no {name} in the banner"))?.to_owned())
    }

    /// One request on a connection of its own: status line and header, and the body.
    fn ask(&self, method: &str, path: &str, kind: &str, body: &str) -> anyhow::Result<(String, String)> {
        let base = self.text("base_url")?;
        let address = base.strip_prefix("http://").context("plain HTTP")?;
        let mut socket = TcpStream::connect(address)?;
        socket.set_read_timeout(Some(Duration::from_secs(20)))?;
        let length = body.len();
        write!(
            socket,
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: {kind}\r\n\
             content-length: {length}\r\n\r\n{body}"
        )?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").context("no end of the header")?;
        Ok((head.to_owned(), body.to_owned()))
    }

    /// The scripted consent and the redemption.
    fn token(&self) -> anyhow::Result<()> {
        const FORM: &str = "application/x-www-form-urlencoded";
        let authorize = self.text("authorize_url")?;
        let path = authorize.strip_prefix(&self.text("base_url")?).context("an address of its own")?;
        let (head, _) = self.ask("POST", path, FORM, "")?;
        let code = head.split(['?', '&', '\r']).find_map(|part| part.strip_prefix("code=")).context("no code")?;
        let escaped: String = self.text("redirect_uri")?.replace(':', "%3A").replace('/', "%2F");
        let form = format!(
            "grant_type=authorization_code&client_id={}&client_secret={}&redirect_uri={escaped}&code={code}",
            self.text("rest_api_key")?,
            self.text("client_secret")?
        );
        let (_, body) = self.ask("POST", "/oauth/business/token", FORM, &form)?;
        anyhow::ensure!(body.contains("access_token"), "no token: {body}");
        Ok(())
    }
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let program = match &options.program {
        Some(program) => program.clone(),
        None => server_program()?,
    };
    // The first start reads the program from the disk; it is not told.
    Platform::start(&program)?.token()?;
    let mut starts = Vec::new();
    for _ in 0..options.starts {
        let began = Instant::now();
        let platform = Platform::start(&program)?;
        platform.token()?;
        starts.push(began.elapsed());
    }
    let platform = Platform::start(&program)?;
    let mut worlds = Vec::new();
    for n in 0..options.worlds {
        let began = Instant::now();
        let (head, body) =
            platform.ask("POST", "/_dev/worlds", "application/json", &json!({ "id": format!("b{n}") }).to_string())?;
        anyhow::ensure!(head.starts_with("HTTP/1.1 201"), "{head} {body}");
        let (head, _) = platform.ask("DELETE", &format!("/_dev/worlds/b{n}"), "application/json", "")?;
        anyhow::ensure!(head.starts_with("HTTP/1.1 204"), "{head}");
        worlds.push(began.elapsed());
    }
    let figures = json!({ "first_token": told(&mut starts), "world": told(&mut worlds) });
    println!("from the command to the first token, of {} starts: {}", options.starts, figures["first_token"]);
    println!("a world with the demo's seed made and dropped, of {}: {}", options.worlds, figures["world"]);
    if let Some(path) = &options.json {
        std::fs::write(path, format!("{figures:#}\n"))?;
    }
    Ok(())
}

/// Median and 95th percentile, in milliseconds.
fn told(times: &mut [Duration]) -> Value {
    times.sort();
    let millis =
        |at: usize| times.get(at.min(times.len().saturating_sub(1))).map_or(0.0, |time| time.as_secs_f64() * 1000.0);
    let round = |value: f64| (value * 100.0).round() / 100.0;
    json!({ "median_ms": round(millis(times.len() / 2)), "p95_ms": round(millis(times.len() * 95 / 100)) })
}
