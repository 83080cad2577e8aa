//! The processes that are measured: the server itself and the limits, pinned to the one core, and the core of the load.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};

use super::load;

/// The core of whatever is measured; the load has the other one.
const MEASURED: &str = "0";
/// The core of the load.
pub(crate) const LOADING: &str = "1";

/// A process that ends with its value.
pub(crate) struct Running {
    child: Child,
    pub(crate) address: SocketAddr,
    /// From the start of the process to its first answer on a connection.
    pub(crate) started: Duration,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    /// Its process id.
    fn id(&self) -> u32 {
        self.child.id()
    }

    /// Resident memory in bytes.
    pub(crate) fn memory(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        let kib: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kib * 1024)
    }
}

fn pinned(program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", MEASURED]).arg(program).stdin(Stdio::null());
    command
}

/// The server's program, beside this one.
pub(crate) fn server_program() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let program = own.parent().context("a folder")?.join("bizauth");
    ensure!(program.is_file(), "{} is not there: cargo build --release -p bizauth", program.display());
    Ok(program)
}

/// Starts the server with these settings. Its log goes to the file `server.log` in the data folder.
pub(crate) fn server(data: &Path, settings: &[(&str, &str)]) -> anyhow::Result<Running> {
    serving(pinned(&server_program()?), data, settings)
}

/// The server under valgrind, which counts what is called and writes it beside `counts` whenever it is asked to.
pub(crate) fn counted(data: &Path, counts: &Path) -> anyhow::Result<Running> {
    let mut command = Command::new("valgrind");
    command.args(["--quiet", "--tool=callgrind", "--demangle=no"]);
    command.arg(format!("--callgrind-out-file={}", counts.display())).arg(server_program()?);
    // As many codes as the callers like.
    serving(command, data, &[("token_rate", "1000000000")])
}

fn serving(mut command: Command, data: &Path, settings: &[(&str, &str)]) -> anyhow::Result<Running> {
    // A port that is free now; whoever takes it meanwhile makes the start fail, and loudly.
    let free = || anyhow::Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?);
    let (address, operator) = (free()?, free()?);
    let log = std::fs::File::create(data.join("server.log"))?;
    command.args(["serve", "--listen", &address.to_string(), "--operator-listen", &operator.to_string()]);
    command.stdin(Stdio::null()).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("BIZAUTH_DATA", data);
    for (name, value) in settings {
        command.env(format!("BIZAUTH_{}", name.to_ascii_uppercase()), value);
    }
    let begun = Instant::now();
    let mut child = command.stdout(Stdio::null()).stderr(log).spawn()?;
    loop {
        if std::net::TcpStream::connect(address).is_ok() {
            let started = begun.elapsed();
            return Ok(Running { child, address, started });
        }
        if let Some(status) = child.try_wait()? {
            bail!("the server ended with {status}: {}", std::fs::read_to_string(data.join("server.log"))?);
        }
        ensure!(begun.elapsed() < Duration::from_secs(60), "the server does not listen");
        std::thread::sleep(Duration::from_micros(200));
    }
}

/// Starts a limit that listens.
pub(crate) fn limit(arguments: &[&str]) -> anyhow::Result<Running> {
    let mut command = pinned(&std::env::current_exe()?);
    let begun = Instant::now();
    let mut child = command.arg("limit").args(arguments).stdout(Stdio::piped()).spawn()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().context("its output")?).read_line(&mut line)?;
    let address = line.trim().parse().with_context(|| format!("{arguments:?} said {line:?}"))?;
    Ok(Running { child, address, started: begun.elapsed() })
}

/// Runs a limit that measures itself, and gives the numbers that it prints.
pub(crate) fn measured(arguments: &[String]) -> anyhow::Result<Vec<f64>> {
    let mut command = pinned(&std::env::current_exe()?);
    let output = command.arg("limit").args(arguments).stdout(Stdio::piped()).spawn()?;
    let output = output.wait_with_output()?;
    ensure!(output.status.success(), "{arguments:?} ended with {}", output.status);
    let text = String::from_utf8(output.stdout)?;
    text.split_whitespace().map(|word| word.parse().map_err(Into::into)).collect()
}

/// Asks a server that is [`counted`] to write down what it counted since the last time.
pub(crate) fn dump(server: &Running) -> anyhow::Result<()> {
    let mut command = Command::new("callgrind_control");
    // The two find each other by names that they make of their environment.
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    let told = command.args(["--dump", &server.id().to_string()]).output().context("valgrind is needed")?;
    ensure!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    Ok(())
}

/// Another program that listens where it is told to, such as a peer.
pub(crate) fn other(command: &[&str], folder: &Path) -> anyhow::Result<Running> {
    let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let mut pinned = Command::new("taskset");
    pinned.args(["-c", MEASURED]).args(command).arg(address.port().to_string()).current_dir(folder);
    let begun = Instant::now();
    let mut child = pinned
        .env("NODE_ENV", "production")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    while std::net::TcpStream::connect(address).is_err() {
        if child.try_wait()?.is_some() || begun.elapsed() > Duration::from_secs(120) {
            let _ = child.kill();
            let mut said = String::new();
            child.stderr.take().context("its output")?.read_to_string(&mut said)?;
            bail!("{command:?} does not listen: {said}");
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(Running { child, address, started: begun.elapsed() })
}

/// What is answered to `request`, in a file that the bare limit can say again.
pub(crate) fn recorded(server: &Running, request: &[u8], file: &Path, status: u16) -> anyhow::Result<()> {
    let answer = load::ask(server.address, request)?;
    let shape = load::shape(&answer)?.context("no answer")?;
    ensure!(shape.0 == status, "{}", String::from_utf8_lossy(&answer));
    std::fs::write(file, answer)?;
    Ok(())
}
