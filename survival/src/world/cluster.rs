//! A PostgreSQL of a program's own, which it may stop, kill and set as it likes.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use tokio_postgres::NoTls;

use super::postgres;

/// A cluster in a folder of its own, gone with this process.
#[derive(Clone)]
pub struct Cluster {
    server: Arc<postgres::Server>,
    folder: PathBuf,
    superuser: String,
}

impl Cluster {
    /// Makes and starts one. Its commits are durable: what the tests' own cluster leaves out for speed is what is tried
    /// here.
    ///
    /// # Errors
    /// There is no PostgreSQL on this machine, or it does not start.
    pub async fn start() -> anyhow::Result<Cluster> {
        let server = tokio::task::spawn_blocking(postgres::Server::start).await?.map_err(|why| anyhow!("{why}"))?;
        let server = Arc::new(server);
        let url = made(&server).await?;
        let folder = host(&url).context("a connection string names its host")?;
        let cluster = Cluster { server, folder: folder.into(), superuser: url };
        cluster.set("synchronous_commit", "on").await?;
        cluster.set("fsync", "on").await?;
        Ok(cluster)
    }

    /// A database of one's own on a cluster that nobody harms.
    ///
    /// # Errors
    /// There is no PostgreSQL on this machine, or it does not start.
    pub async fn shared() -> anyhow::Result<String> {
        let made = tokio::task::spawn_blocking(|| std::panic::catch_unwind(postgres::database)).await?;
        made.map_err(|_| anyhow!("there is no PostgreSQL to be had; see above"))
    }

    /// An empty database: how to connect to it.
    ///
    /// # Errors
    /// The cluster does not answer.
    pub async fn database(&self) -> anyhow::Result<String> {
        made(&self.server).await
    }

    /// The socket on which it listens.
    pub fn socket(&self) -> PathBuf {
        self.folder.join(".s.PGSQL.5432")
    }

    /// `start`, `stop` or `promote`.
    ///
    /// # Errors
    /// What its control program says.
    pub async fn control(&self, what: &'static str) -> anyhow::Result<()> {
        let server = self.server.clone();
        tokio::task::spawn_blocking(move || server.control(what)).await?.map_err(|why| anyhow!("{why}"))
    }

    /// SIGKILL to the postmaster. Its children notice by themselves, a moment later.
    ///
    /// # Errors
    /// It is not running.
    pub fn kill(&self) -> anyhow::Result<()> {
        let file = std::fs::read_to_string(self.folder.join("data/postmaster.pid"))?;
        let pid = file.lines().next().and_then(|line| line.trim().parse().ok()).context("no process id")?;
        let pid = rustix::process::Pid::from_raw(pid).context("no process id")?;
        Ok(rustix::process::kill_process(pid, rustix::process::Signal::KILL)?)
    }

    /// Starts it after [`Cluster::kill`]: again and again until the orphans of the last one are gone.
    ///
    /// # Errors
    /// It does not start.
    pub async fn revive(&self) -> anyhow::Result<()> {
        let mut said = Ok(());
        for _ in 0..100 {
            said = self.control("start").await;
            if said.is_ok() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        said
    }

    /// A copy of the cluster beside it that hears nothing of what comes later.
    ///
    /// # Errors
    /// What `pg_basebackup` says.
    pub async fn standby(&self) -> anyhow::Result<()> {
        let (server, to) = (self.server.clone(), self.folder.join("standby").display().to_string());
        let from = self.folder.display().to_string();
        let copy = move || {
            let how = ["--username=postgres", "--checkpoint=fast", "--no-sync", "--host", &from, "--pgdata", &to];
            server.run("pg_basebackup", &how)
        };
        tokio::task::spawn_blocking(copy).await?.map_err(|why| anyhow!("{why}"))
    }

    /// The cluster dies for good, and the copy of [`Cluster::standby`] takes its place, as a standby that is promoted.
    ///
    /// # Errors
    /// There is no copy, or it does not start.
    pub async fn fail_over(&self) -> anyhow::Result<()> {
        std::fs::write(self.folder.join("standby/standby.signal"), "")?;
        self.kill()?;
        std::fs::rename(self.folder.join("data"), self.folder.join("lost"))?;
        std::fs::rename(self.folder.join("standby"), self.folder.join("data"))?;
        self.revive().await?;
        self.control("promote").await?;
        std::fs::remove_dir_all(self.folder.join("lost"))?;
        Ok(())
    }

    /// Sets a setting for everybody, at once.
    ///
    /// # Errors
    /// The cluster does not answer.
    pub async fn set(&self, name: &str, value: &str) -> anyhow::Result<()> {
        // It may have been told to be read-only; whoever sets it free is not.
        let script = [
            "SET default_transaction_read_only = off".to_owned(),
            format!("ALTER SYSTEM SET {name} = '{value}'"),
            "SELECT pg_reload_conf()".to_owned(),
        ];
        self.tell(&script).await
    }

    /// Statements by the cluster's owner, each by itself.
    ///
    /// # Errors
    /// What the cluster says.
    pub async fn tell(&self, script: &[String]) -> anyhow::Result<()> {
        let client = connect(&self.superuser).await?;
        for statement in script {
            client.batch_execute(statement).await.with_context(|| statement.clone())?;
        }
        Ok(())
    }

    /// Runs one of PostgreSQL's own programs, such as `pg_dump`, as the cluster's owner.
    ///
    /// # Errors
    /// What it says.
    pub async fn program(&self, name: &str, arguments: Vec<String>) -> anyhow::Result<()> {
        let program = programs().into_iter().map(|folder| folder.join(name)).find(|path| path.is_file());
        let mut command = Command::new(program.with_context(|| format!("{name} is not installed"))?);
        command.args(arguments).stdin(Stdio::null()).process_group(0);
        let ended = tokio::task::spawn_blocking(move || command.output()).await??;
        if !ended.status.success() {
            bail!("{name} failed: {}", String::from_utf8_lossy(&ended.stderr));
        }
        Ok(())
    }
}

/// A connection to the database at `url`.
///
/// # Errors
/// There is none to be had.
pub(crate) async fn connect(url: &str) -> anyhow::Result<tokio_postgres::Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

async fn made(server: &Arc<postgres::Server>) -> anyhow::Result<String> {
    let server = server.clone();
    tokio::task::spawn_blocking(move || server.database()).await?.map_err(|why| anyhow!("{why}"))
}

/// The folder of the socket in `postgres://postgres@%2Ftmp%2Fx/t1`.
fn host(url: &str) -> Option<String> {
    let host = url.split_once('@')?.1.rsplit_once('/')?.0;
    let mut bytes = Vec::new();
    let mut rest = host.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        match (first, after.get(..2)) {
            (b'%', Some(hex)) => {
                bytes.push(u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()?);
                rest = &after[2..];
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

/// Where PostgreSQL's programs may be, the newest first.
fn programs() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.flatten().map(|entry| entry.path().join("bin")).collect())
        .unwrap_or_default();
    folders.sort();
    folders.reverse();
    let named = std::env::var_os("PG_BIN").map(PathBuf::from);
    let path = std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    named.into_iter().chain(folders).chain(path.unwrap_or_default()).collect()
}
