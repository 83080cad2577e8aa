//! The real program as a process: started on ports that it picks, killed when dropped.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};

/// How long a server may take to listen: a debug build on a busy machine.
const START: Duration = Duration::from_secs(60);
/// How much of a log is kept for the case that something goes wrong.
const LOG: usize = 200_000;

/// A running `bizauth serve`.
#[derive(Debug)]
pub struct Server {
    /// Where it answers.
    pub base: String,
    /// Where it answers its operator.
    pub operators: String,
    child: Child,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

/// The program to hurt: `BIZAUTH_BIN`, or `bizauth` in the target folder that this program lies in.
///
/// # Errors
/// It was not built.
pub fn find_bizauth() -> anyhow::Result<PathBuf> {
    if let Some(named) = std::env::var_os("BIZAUTH_BIN") {
        return Ok(named.into());
    }
    let here = std::env::current_exe().context("this program does not know where it is")?;
    let beside = here.ancestors().skip(1).take(2).map(|folder| folder.join("bizauth")).find(|path| path.is_file());
    beside.context(
        "there is no bizauth beside this program: build it with `cargo build -p bizauth` (the same profile), \
         run `cargo test --workspace`, or name it in BIZAUTH_BIN",
    )
}

/// The program with these arguments and nothing of the environment but what a program needs to run at all.
///
/// # Errors
/// It was not built.
pub fn command(arguments: &[String]) -> anyhow::Result<Command> {
    let mut command = Command::new(find_bizauth()?);
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).args(arguments);
    Ok(command)
}

/// Runs the program to its end.
///
/// # Errors
/// It cannot be started.
pub async fn run(arguments: Vec<String>) -> anyhow::Result<Output> {
    let mut command = command(&arguments)?;
    Ok(tokio::task::spawn_blocking(move || command.stdin(Stdio::null()).output()).await??)
}

impl Server {
    /// `bizauth serve` with these arguments, once it listens.
    ///
    /// # Errors
    /// It ended, or did not listen in time; with all that it said.
    pub async fn start(arguments: &[String]) -> anyhow::Result<Server> {
        Server::launch(served(arguments)?).await
    }

    /// A server whose start is prepared by hand: as another user, under a shell.
    ///
    /// # Errors
    /// It ended, or did not listen in time; with all that it said.
    pub async fn launch(command: Command) -> anyhow::Result<Server> {
        tokio::task::spawn_blocking(move || started(command)).await?
    }

    /// `bizauth serve` with these arguments as the user and group of this number, from a copy at `place`: the program itself
    /// may lie where nobody else may go.
    ///
    /// # Errors
    /// The program was not built, or cannot be copied.
    pub fn as_user(arguments: &[String], user: u32, place: &Path) -> anyhow::Result<Command> {
        let here = served(arguments)?;
        std::fs::copy(here.get_program(), place)?;
        let mut command = Command::new(place);
        command
            .env_clear()
            .envs(here.get_envs().filter_map(|(name, value)| Some((name, value?))))
            .args(here.get_args());
        command.uid(user).gid(user);
        Ok(command)
    }

    /// `bizauth serve` under a shell that first runs `prelude`.
    ///
    /// # Errors
    /// The program was not built.
    pub fn under_shell(prelude: &str, arguments: &[String]) -> anyhow::Result<Command> {
        let inner = served(arguments)?;
        let mut command = Command::new("sh");
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.arg("-c").arg(format!("{prelude}; exec \"$0\" \"$@\"")).arg(inner.get_program()).args(inner.get_args());
        Ok(command)
    }

    /// Its process.
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// SIGKILL, and waits until it is gone.
    ///
    /// # Errors
    /// It was gone already.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        if let Some(status) = self.child.try_wait()? {
            bail!("the server had ended by itself ({status}): {}", self.log());
        }
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// SIGTERM.
    ///
    /// # Errors
    /// It is gone.
    pub fn terminate(&self) -> anyhow::Result<()> {
        Ok(kill_process(self.pid(), Signal::TERM)?)
    }

    /// Waits for its end: its exit code.
    ///
    /// # Errors
    /// It did not end in time.
    pub async fn ended(&mut self, within: Duration) -> anyhow::Result<Option<i32>> {
        let since = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                // Its last words may still be in the pipe.
                if let Some(reader) = self.reader.take() {
                    tokio::task::spawn_blocking(|| reader.join()).await?.ok();
                }
                return Ok(status.code());
            }
            if since.elapsed() > within {
                bail!("the server did not end within {within:?}");
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// What it wrote to stderr so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Its resident memory now, in megabytes.
    pub fn memory(&self) -> f64 {
        self.status("VmRSS")
    }

    /// A figure that the kernel keeps of it, `VmRSS` or another of proc_pid_status(5), in megabytes.
    pub fn status(&self, field: &str) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':')).unwrap_or_default();
        line.split_whitespace().next().and_then(|kb| kb.parse::<f64>().ok()).unwrap_or_default() / 1024.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn served(arguments: &[String]) -> anyhow::Result<Command> {
    let fixed = ["serve", "--listen", "127.0.0.1:0", "--operator-listen", "127.0.0.1:0", "--log-format", "json"];
    let quiet = ["--log", "warn,bizauth::serve=info"];
    let all: Vec<String> =
        fixed.iter().chain(&quiet).map(|text| (*text).to_owned()).chain(arguments.iter().cloned()).collect();
    command(&all)
}

fn started(mut command: Command) -> anyhow::Result<Server> {
    let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    let log = Arc::new(Mutex::new(String::new()));
    let stderr = BufReader::new(child.stderr.take().context("stderr is piped")?);
    let (listens, listening) = mpsc::channel();
    let kept = log.clone();
    let reader = Some(std::thread::spawn(move || read_log(stderr, &kept, &listens)));
    let mut server = Server { base: String::new(), operators: String::new(), child, log, reader };
    let Ok((listen, operator)) = listening.recv_timeout(START) else {
        let _ = server.child.kill();
        bail!("the server ended before it listened: {}", server.log());
    };
    server.base = format!("http://{listen}");
    server.operators = format!("http://{operator}");
    Ok(server)
}

fn read_log(mut stderr: impl BufRead, kept: &Mutex<String>, listens: &mpsc::Sender<(String, String)>) {
    let mut line = String::new();
    while stderr.read_line(&mut line).is_ok_and(|n| n > 0) {
        let event: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
        let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        if event["message"] == "listening" {
            // Nobody waits any more: the start took too long, and that was said.
            let _ = listens.send((text("listen"), text("operator")));
        }
        let mut log = kept.lock().unwrap_or_else(PoisonError::into_inner);
        if log.len() < LOG {
            log.push_str(&line);
        }
        line.clear();
    }
}

/// Whether this process may mount file systems and be other users.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A mounted file system of a few megabytes, gone when dropped.
#[derive(Debug)]
pub(crate) struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts one at `folder`. `None`: this process may not.
    pub(crate) fn at(folder: &Path, megabytes: u32) -> Option<SmallDisk> {
        if !is_root() {
            return None;
        }
        let size = format!("size={megabytes}m,mode=0700");
        let mut mount = Command::new("mount");
        let done = mount.args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder).stderr(Stdio::null()).status();
        done.ok().filter(std::process::ExitStatus::success).map(|_| SmallDisk(folder.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a process that was killed may take a moment to let go.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Files that nobody may write, not even who has them open (`chattr +i`); as before when dropped.
#[derive(Debug)]
pub(crate) struct Immutable(Vec<PathBuf>);

impl Immutable {
    /// Makes these so. `None`: this process may not, or the file system knows no such thing.
    pub(crate) fn of(files: &[PathBuf]) -> Option<Immutable> {
        let held = Immutable(files.to_vec());
        // Dropped where it worked for some only: then they are as before.
        files.iter().all(|file| Immutable::set("+i", file)).then_some(held)
    }

    fn set(attribute: &str, file: &Path) -> bool {
        let mut change = Command::new("chattr");
        let done = change.arg(attribute).arg(file).stdin(Stdio::null()).stderr(Stdio::null()).status();
        done.is_ok_and(|status| status.success())
    }
}

impl Drop for Immutable {
    fn drop(&mut self) {
        for file in &self.0 {
            // Where it was not so there is nothing to take back.
            let _ = Immutable::set("-i", file);
        }
    }
}
