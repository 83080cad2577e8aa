//! The binary as a process of its own, on ports that it picks.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, ChildStdout, Command, Output, Stdio};
use std::thread::JoinHandle;

/// A running `bizauth serve` or `bizauth dev`, killed when dropped.
pub struct Process {
    /// Where it answers.
    pub base: String,
    /// Where it answers its operator.
    pub operator: String,
    child: Child,
    log: Option<JoinHandle<String>>,
    /// Kept open: a banner that nobody reads must not end the demo.
    _out: Option<BufReader<ChildStdout>>,
}

/// A finished run of the binary.
pub fn run(arguments: &[&str]) -> Output {
    binary(arguments).output().unwrap()
}

/// The binary with these arguments, and nothing of the environment but the way to programs.
pub fn binary(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bizauth"));
    // Nothing of the environment may leak in, but what a program needs to run at all.
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).args(arguments);
    command
}

impl Process {
    /// `bizauth serve` with these arguments, listening.
    pub fn serve(arguments: &[&str]) -> Self {
        let ports = ["serve", "--listen", "127.0.0.1:0", "--operator-listen", "127.0.0.1:0", "--log-format", "json"];
        let mut child = binary(&[&ports, arguments].concat()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let (mut read, mut line) = (String::new(), String::new());
        let listening = loop {
            line.clear();
            assert!(stderr.read_line(&mut line).unwrap() > 0, "it ended before it listened: {read}");
            read.push_str(&line);
            let event: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
            if event["message"] == "listening" {
                break event;
            }
        };
        let address = |name: &str| listening[name].as_str().unwrap().to_owned();
        let scheme = if listening["tls"] == true { "https" } else { "http" };
        let log = std::thread::spawn(move || rest(stderr, read));
        Process {
            base: format!("{scheme}://{}", address("listen")),
            operator: format!("http://{}", address("operator")),
            child,
            log: Some(log),
            _out: None,
        }
    }

    /// `bizauth dev --json`; its banner.
    pub fn dev() -> (Self, serde_json::Value) {
        Process::dev_with(&[])
    }

    /// The same with more flags.
    pub fn dev_with(flags: &[&str]) -> (Self, serde_json::Value) {
        let mut command = binary(&[&["dev", "--listen", "127.0.0.1:0", "--json"], flags].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let banner: serde_json::Value = serde_json::from_str(&line).unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let log = std::thread::spawn(move || rest(stderr, String::new()));
        let base = banner["base_url"].as_str().unwrap().to_owned();
        (Process { base, operator: String::new(), child, log: Some(log), _out: Some(out) }, banner)
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        let killed = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(killed.success());
    }

    /// Waits for its end: its exit code, and everything it wrote to stderr.
    pub fn ended(mut self) -> (Option<i32>, String) {
        let status = self.child.wait().unwrap();
        (status.code(), self.log.take().unwrap().join().unwrap())
    }
}

fn rest(mut stderr: BufReader<ChildStderr>, mut read: String) -> String {
    stderr.read_to_string(&mut read).unwrap();
    read
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
