//! Running the programs of others: a target's own tool, and the hooks. No shell, and an end to every wait.

use std::fmt;
use std::io::{self, Read, Write};
use std::process::{Command, Stdio};
use std::thread;

/// How a program ended that should have ended well, or that could not be run.
#[derive(Debug, thiserror::Error)]
#[error("`{program}` {why}")]
pub struct ToolError {
    /// The program and its arguments.
    pub program: String,
    /// How it ended, with the end of what it wrote to stderr.
    pub why: String,
    /// Whether it could not be run because it is not installed.
    pub missing: bool,
}

/// Runs a program with `input` on its stdin, and gives what it wrote to stdout.
pub fn run<S: AsRef<str>>(command: &[S], input: &str) -> Result<String, ToolError> {
    run_with(command, input, &[])
}

/// As [`run`], with more variables in the environment.
pub fn run_with<S: AsRef<str>>(command: &[S], input: &str, variables: &[(&str, &str)]) -> Result<String, ToolError> {
    let words: Vec<&str> = command.iter().map(AsRef::as_ref).collect();
    let fail = |why: String, missing| ToolError { program: words.join(" "), why, missing };
    let broken = |error: &io::Error| fail(format!("cannot be run: {error}"), error.kind() == io::ErrorKind::NotFound);
    let Some((program, arguments)) = words.split_first() else {
        return Err(fail("is no program".to_owned(), false));
    };
    let mut child = Command::new(program)
        .args(arguments)
        .envs(variables.iter().copied())
        // Messages are told to people as they are; in other languages they could not be searched for.
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| broken(&error))?;
    let (mut stdin, mut stderr) = (child.stdin.take().expect("piped"), child.stderr.take().expect("piped"));
    let ended = thread::scope(|scope| {
        // Threads, because a program may fill one pipe while it waits for the other.
        scope.spawn(move || {
            // A program may end without reading; how it ended says more than the broken pipe.
            let _ = stdin.write_all(input.as_bytes());
        });
        let told = scope.spawn(move || {
            let mut text = Vec::new();
            let _ = stderr.read_to_end(&mut text);
            text
        });
        let output = child.wait_with_output();
        output.map(|output| (output, told.join().unwrap_or_default()))
    });
    let (output, told) = ended.map_err(|error| broken(&error))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let told = String::from_utf8_lossy(&told).trim().to_owned();
    let told = if told.is_empty() { String::from_utf8_lossy(&output.stdout).trim().to_owned() } else { told };
    let end: Vec<&str> = told.lines().rev().take(8).collect();
    let end: Vec<&str> = end.into_iter().rev().collect();
    Err(fail(format!("failed ({}): {}", Ended(output.status), end.join("\n")), false))
}

struct Ended(std::process::ExitStatus);

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.code() {
            Some(code) => write!(f, "exit status {code}"),
            None => f.write_str("killed"),
        }
    }
}
