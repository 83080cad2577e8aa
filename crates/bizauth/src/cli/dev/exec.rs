//! `bizauth dev exec`: a command with a platform of its own; the command's end is ours.

use std::ffi::OsString;
use std::io::{self, ErrorKind, IsTerminal};
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus};

use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use super::name::Name;
use super::platform::Platform;
use super::running::{Register, Running};
use super::variables::{self, OTHER_PROXIES};
use super::{process, up};
use crate::cli::output::Output;
use crate::cli::refusal::{Found, refuse, refuse_with};
use crate::dev::guard::Guard;

/// What shells say of a command that is not there, and of one that cannot be run.
const NOT_FOUND: u8 = 127;
const NOT_RUN: u8 = 126;
/// What shells add to the number of a signal that ended a command.
const BY_SIGNAL: i32 = 128;

/// Which command, over what.
#[derive(clap::Args)]
#[command(
    after_help = "Exit status: that of the command; 128 and the number of the signal that ended it; 126 or 127 where it could\nnot be run, as shells have it.\n\nExamples:\n  bizauth dev exec -- npm test\n  bizauth dev exec --intercept -- python report.py"
)]
pub(super) struct Command {
    /// The command and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
    command: Vec<OsString>,
    /// Lead the command's calls of the platform's hosts here: sets the proxy and the trust of common clients
    #[arg(long)]
    intercept: bool,
    /// Use the platform of this --name that runs already, instead of one of its own
    #[arg(long, conflicts_with_all = ["listen", "ca_dir", "others", "listen_beyond_loopback", "log"])]
    attach: bool,
    /// The name of the platform to use with --attach
    #[arg(long, value_name = "NAME", default_value_t, requires = "attach")]
    name: Name,
    /// Address and port of the platform; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0", value_parser = up::address)]
    listen: SocketAddr,
    #[command(flatten)]
    platform: Platform,
}

impl Command {
    pub(super) async fn run(self, output: &mut Output) -> anyhow::Result<()> {
        if self.attach {
            let running = Register::of_user()?.live(&self.name)?;
            return ended(self.child(&running, output).await?);
        }
        let log = self.platform.log("error")?;
        let started = self.platform.start(self.listen, (self.intercept, log), output).await?;
        let (running, guard) = (started.running(None)?, started.guard.clone());
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(started.dev.run(async { drop(stopped.await) }));
        let status = self.child(&running, output).await;
        drop(stop);
        serving.await?;
        tell_leaks(guard.as_deref(), output);
        ended(status?)
    }

    /// Runs the command to its end. Signals that are meant for it are passed on.
    async fn child(&self, running: &Running, output: &mut Output) -> anyhow::Result<ExitStatus> {
        let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let mut hangup = signal(SignalKind::hangup())?;
        let child = self.spawn(running, output)?;
        let pid = child.id();
        // At a terminal, Ctrl-C reaches the whole group; passed on, it would come twice.
        let at_terminal = io::stdin().is_terminal();
        let mut waiting = tokio::task::spawn_blocking(move || {
            let mut child = child;
            child.wait()
        });
        loop {
            tokio::select! {
                biased;
                status = &mut waiting => return Ok(status??),
                _ = term.recv() => { process::signal(pid, Signal::TERM); }
                _ = hangup.recv() => { process::signal(pid, Signal::HUP); }
                _ = int.recv() => if !at_terminal { process::signal(pid, Signal::INT); },
            }
        }
    }

    fn spawn(&self, running: &Running, output: &mut Output) -> anyhow::Result<Child> {
        let (program, arguments) =
            self.command.split_first().ok_or_else(|| refuse("there is no command", "name one behind --"))?;
        let mut command = std::process::Command::new(program);
        command.args(arguments).envs(variables::of(&running.banner));
        if self.intercept {
            command.envs(variables::intercepting(running, output)?);
            for name in OTHER_PROXIES {
                command.env_remove(name);
            }
        }
        command.spawn().map_err(|error| {
            let (status, hint) = match error.kind() {
                ErrorKind::NotFound => (NOT_FOUND, "see that it is installed and in PATH"),
                _ => (NOT_RUN, "see that it is a program that you may run"),
            };
            refuse_with(status, format!("{} cannot be run: {error}", program.display()), hint)
        })
    }
}

/// Ends as the command ended.
fn ended(status: ExitStatus) -> anyhow::Result<()> {
    let code = status.code().or_else(|| status.signal().map(|number| BY_SIGNAL + number)).unwrap_or(1);
    match u8::try_from(code).unwrap_or(1) {
        0 => Ok(()),
        code => Err(Found(code).into()),
    }
}

/// Says what the command tried to reach elsewhere.
fn tell_leaks(guard: Option<&Guard>, output: &mut Output) {
    let Some(guard) = guard.filter(|guard| guard.count() > 0) else { return };
    let mut seen: Vec<(String, usize)> = Vec::new();
    for leak in guard.leaks() {
        let to = format!("{}:{}", leak.host, leak.port);
        match seen.iter_mut().find(|(known, _)| *known == to) {
            Some((_, times)) => *times += 1,
            None => seen.push((to, 1)),
        }
    }
    let places: Vec<String> = seen.into_iter().map(|(to, times)| format!("{to} ({times})")).collect();
    output.note(&format!("bizauth dev: refused by the proxy: {}", places.join(", ")));
}
